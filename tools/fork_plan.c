// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_plan.h"

#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_OBJECTS = 600000,
    MAX_COUNT = 1000 * 1000 * 1000
};

static const char default_steps[] =
    "idle,read,minor,full,allocate:6000,mutate:1,serve:1000";

// What stands behind the colon.
enum operand {
    OPERAND_NONE,
    OPERAND_COUNT,
    OPERAND_PERCENT
};

static const struct {
    const char *name;
    enum operand operand;
} actions[] = {
    [FORK_IDLE] = { "idle", OPERAND_NONE },
    [FORK_READ] = { "read", OPERAND_NONE },
    [FORK_MINOR] = { "minor", OPERAND_NONE },
    [FORK_FULL] = { "full", OPERAND_NONE },
    [FORK_ALLOCATE] = { "allocate", OPERAND_COUNT },
    [FORK_MUTATE] = { "mutate", OPERAND_PERCENT },
    [FORK_SERVE] = { "serve", OPERAND_COUNT },
};

void
fork_plan_init(struct fork_plan *plan)
{
    const char *wrong;

    memset(plan, 0, sizeof *plan);
    plan->objects = DEFAULT_OBJECTS;
    plan->workers = 1;
    plan->collections_before = 1;
    plan->marks = "table";
    (void)fork_plan_set_steps(plan, default_steps, &wrong);
}

// --- steps -------------------------------------------------------------------

bool
fork_percent(const char *text, double *percent)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *percent = strtod(text, &end);
    return !errno && !*end && *percent <= 100;
}

static bool
parse_operand(struct fork_step *step, enum operand operand, const char *text)
{
    switch (operand) {
    case OPERAND_COUNT:
        return text && command_number(text, MAX_COUNT, &step->count) &&
               step->count > 0;
    case OPERAND_PERCENT:
        return text && fork_percent(text, &step->percent);
    default:
        return !text;
    }
}

static bool
parse_step(struct fork_step *step)
{
    const char *colon = strchr(step->name, ':');
    size_t length = colon ? (size_t)(colon - step->name) : strlen(step->name);

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strlen(actions[i].name) == length &&
            strncmp(actions[i].name, step->name, length) == 0) {
            step->action = (enum fork_action)i;
            return parse_operand(step, actions[i].operand,
                                 colon ? colon + 1 : NULL);
        }
    return false;
}

static bool
has_idle(const struct fork_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].action == FORK_IDLE)
            return true;
    return false;
}

// Every other figure is read against it.
static void
put_idle_first(struct fork_plan *plan)
{
    struct fork_step idle = { .action = FORK_IDLE, .name = "idle" };
    size_t count = 1;

    if (has_idle(plan)) {
        struct fork_step kept[FORK_MAX_STEPS];

        memcpy(kept, plan->steps, sizeof kept);
        for (size_t i = 0; i < plan->step_count; i++)
            if (kept[i].action != FORK_IDLE)
                plan->steps[count++] = kept[i];
        plan->step_count = count;
    } else {
        memmove(plan->steps + 1, plan->steps,
                plan->step_count * sizeof plan->steps[0]);
        plan->step_count++;
    }
    plan->steps[0] = idle;
}

bool
fork_plan_set_steps(struct fork_plan *plan, const char *list,
                    const char **wrong)
{
    static char fault[sizeof plan->steps[0].name];

    plan->step_count = 0;
    for (;;) {
        size_t length = strcspn(list, ",");
        struct fork_step step = { .count = 0 };

        snprintf(step.name, sizeof step.name, "%.*s", (int)length, list);
        snprintf(fault, sizeof fault, "%s", step.name);
        *wrong = fault;
        if (length >= sizeof step.name || !parse_step(&step))
            return false;
        *wrong = "more than 31 steps";
        if (plan->step_count == FORK_MAX_STEPS - 1)
            return false;
        plan->steps[plan->step_count++] = step;
        if (!list[length])
            break;
        list += length + 1;
    }
    put_idle_first(plan);
    return true;
}

// --- before the fork ---------------------------------------------------------

bool
fork_warmup_named(const char *name, enum fork_warmup *warmup)
{
    static const char *const names[] = {
        [FORK_WARMUP_NONE] = "none",
        [FORK_WARMUP_COLLECT] = "collect",
        [FORK_WARMUP_COMPACT] = "compact",
        [FORK_WARMUP_FULL] = "full",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *warmup = (enum fork_warmup)i;
            return true;
        }
    return false;
}

bool
fork_plan_seals(const struct fork_plan *plan)
{
    return plan->wants_seal || plan->warmup == FORK_WARMUP_FULL;
}

const char *
fork_plan_mode(const struct fork_plan *plan)
{
    return fork_plan_seals(plan) ? "sealed" : "unsealed";
}
