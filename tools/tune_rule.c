// SPDX-License-Identifier: MIT
#include "config.h"

#include "tune_rule.h"

#include <stdio.h>
#include <string.h>

#define FIELD(name) offsetof(struct rh_config, name)

static const struct tune_knob knobs[] = {
    { "min-slots", "RUBY_GC_HEAP_INIT_SLOTS", "RUBY_HEAP_MIN_SLOTS",
      FIELD(initial_slots), false, "*" },
    { "increment", "RUBY_HEAP_SLOTS_INCREMENT", "RUBY_HEAP_SLOTS_INCREMENT",
      FIELD(slots_increment), false, "ree article" },
    { "growth", "RUBY_GC_HEAP_GROWTH_FACTOR", "RUBY_HEAP_SLOTS_GROWTH_FACTOR",
      FIELD(growth_factor), true, "ree article mri18 cruby21 cruby31" },
    { "growth-max", "RUBY_GC_HEAP_GROWTH_MAX_SLOTS", NULL,
      FIELD(growth_max_slots), false, "cruby21 cruby31" },
    { "free-min", "RUBY_GC_HEAP_FREE_SLOTS", "RUBY_HEAP_FREE_MIN",
      FIELD(free_slots), false, "ree article mri18 cruby21 cruby31" },
    { "min-ratio", "RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO", NULL,
      FIELD(free_slots_min_ratio), true, "mri18 cruby21 cruby31" },
    { "goal-ratio", "RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO", NULL,
      FIELD(free_slots_goal_ratio), true, "cruby31" },
    { "max-ratio", "RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO", NULL,
      FIELD(free_slots_max_ratio), true, "cruby21 cruby31" },
    { "live-ratio", "RHEAP_LIVE_RATIO", NULL, FIELD(live_ratio), true,
      "ratio" },
    { "decay", "RHEAP_GROWTH_DECAY", NULL, FIELD(growth_decay), true, "ratio" },
    { "max-slots", "RHEAP_MAX_SLOTS", NULL, FIELD(max_slots), false, "ratio" },
    { "malloc-limit", "RUBY_GC_MALLOC_LIMIT", "RUBY_GC_MALLOC_LIMIT",
      FIELD(malloc_limit), false, "*" },
};

enum {
    KNOB_COUNT = sizeof knobs / sizeof knobs[0]
};

void
tune_article_policy(const struct rh_growth_view *view,
                    struct rh_growth_answer *answer)
{
    rh_growth_ree(view, answer);
    if (view->heaps_added >= 2 && answer->capacity_slots > view->capacity_slots)
        answer->capacity_slots =
            view->capacity_slots + (size_t)((double)view->capacity_slots *
                                            view->config->growth_factor);
}

bool
tune_rule_init(struct rh_config *config, const char *rule)
{
    bool is_article = strcmp(rule, "article") == 0;

    rh_config_init(config);
    if (rh_config_use_growth(config, is_article ? "ree" : rule) != RH_OK)
        return false;
    if (is_article)
        config->growth = tune_article_policy;
    return true;
}

const struct tune_knob *
tune_knob(size_t n)
{
    return n < KNOB_COUNT ? &knobs[n] : NULL;
}

const struct tune_knob *
tune_knob_named(const char *option)
{
    for (size_t n = 0; n < KNOB_COUNT; n++)
        if (strcmp(knobs[n].option, option) == 0)
            return &knobs[n];
    return NULL;
}

bool
tune_knob_is_of(const struct tune_knob *knob, const char *rule)
{
    size_t length = strlen(rule);

    for (const char *at = knob->rules; (at = strstr(at, rule)); at += length)
        if (at[length] == '\0' || at[length] == ' ')
            return true;
    return *knob->rules == '*';
}

double
tune_knob_get(const struct tune_knob *knob, const struct rh_config *config)
{
    const char *field = (const char *)config + knob->offset;
    double ratio;
    size_t size;

    if (knob->is_ratio) {
        memcpy(&ratio, field, sizeof ratio);
        return ratio;
    }
    memcpy(&size, field, sizeof size);
    return (double)size;
}

static void
note_cause(const char *message, void *context)
{
    snprintf(context, 200, "%s", message);
}

// A malloc limit moves its maximum along where it lay on it, or would pass it.
static bool
moves_maximum(const struct tune_knob *knob, const struct rh_config *config)
{
    return knob->offset == FIELD(malloc_limit) &&
           config->malloc_limit == config->malloc_limit_max;
}

bool
tune_knob_set(const struct tune_knob *knob, struct rh_config *config,
              const char *value, char cause[200])
{
    struct rh_config before = *config;
    char entry[200];
    char *envp[] = { entry, NULL };

    snprintf(entry, sizeof entry, "%s=%s", knob->variable, value);
    if (knob->offset == FIELD(malloc_limit))
        config->malloc_limit_max = 0;
    if (rh_config_from_environment(config, envp, note_cause, cause) != 1) {
        *config = before;
        return false;
    }
    if (knob->offset != FIELD(malloc_limit))
        return true;
    config->malloc_limit_max = before.malloc_limit_max;
    if (moves_maximum(knob, &before) ||
        config->malloc_limit > before.malloc_limit_max)
        config->malloc_limit_max = config->malloc_limit;
    return true;
}

static const char *
variable_for(const struct tune_knob *knob, const char *rule)
{
    bool is_ree = strcmp(rule, "ree") == 0 || strcmp(rule, "article") == 0;

    if (!tune_knob_is_of(knob, rule))
        return NULL;
    return is_ree ? knob->old_name : knob->variable;
}

bool
tune_rule_export(const char *rule, const struct rh_config *config)
{
    if (strcmp(rule, "mri18") == 0)
        return false;
    if (strcmp(rule, "ratio") == 0)
        puts("export RHEAP_GROWTH=ratio");
    for (size_t n = 0; n < KNOB_COUNT; n++) {
        const char *variable = variable_for(&knobs[n], rule);

        if (variable)
            printf(knobs[n].is_ratio ? "export %s=%g\n" : "export %s=%.0f\n",
                   variable, tune_knob_get(&knobs[n], config));
    }
    return true;
}
