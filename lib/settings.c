// SPDX-License-Identifier: MIT
#include "config.h"

#include "settings.h"

#include "geometry.h"

#include <string.h>

#define MIB 1048576.0
#define FIELD(name, text)                                                      \
    .field = #name, .offset = offsetof(struct rh_config, name),                \
    .range = #name " must be " text
#define SIZE(name) FIELD(name, "0 to 10^18"), .kind = RHI_SIZE, .high = 1e18
#define SHARE(name) FIELD(name, "0 to 1"), .kind = RHI_RATIO, .high = 1
#define FACTOR(name)                                                           \
    FIELD(name, "above 1, to 1000"), .kind = RHI_RATIO, .low = 1.0001,         \
                                     .high = 1000

static const struct rhi_setting settings[] = {
    { SIZE(initial_slots), .standard = 10000,
      .variable = "RUBY_GC_HEAP_INIT_SLOTS",
      .old_names = { "RUBY_HEAP_MIN_SLOTS" } },
    { SIZE(free_slots), .standard = 4096, .variable = "RUBY_GC_HEAP_FREE_SLOTS",
      .old_names = { "RUBY_HEAP_FREE_MIN", "RUBY_FREE_MIN" } },
    { SIZE(slots_increment), .standard = 10000,
      .old_names = { "RUBY_HEAP_SLOTS_INCREMENT" } },
    { FIELD(growth_factor, "1 to 1000"), .kind = RHI_RATIO, .low = 1,
      .high = 1000, .standard = 1.8, .variable = "RUBY_GC_HEAP_GROWTH_FACTOR",
      .old_names = { "RUBY_HEAP_SLOTS_GROWTH_FACTOR" } },
    { SIZE(growth_max_slots), .standard = 0,
      .variable = "RUBY_GC_HEAP_GROWTH_MAX_SLOTS" },
    { SHARE(free_slots_min_ratio), .standard = 0.20,
      .variable = "RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO" },
    { SHARE(free_slots_goal_ratio), .standard = 0.40,
      .variable = "RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO" },
    { SHARE(free_slots_max_ratio), .standard = 0.65,
      .variable = "RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO" },
    { FIELD(oldobject_limit_factor, "0 to 1000"), .kind = RHI_RATIO,
      .high = 1000, .standard = 2.0,
      .variable = "RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR" },
    { FACTOR(live_ratio), .standard = 2.0, .variable = "RHEAP_LIVE_RATIO" },
    { SHARE(growth_decay), .standard = 0.5, .variable = "RHEAP_GROWTH_DECAY" },
    { SIZE(max_slots), .standard = 0, .variable = "RHEAP_MAX_SLOTS" },
    { SHARE(auto_compact), .standard = 0 },
    { SIZE(malloc_limit), .standard = 16 * MIB,
      .variable = "RUBY_GC_MALLOC_LIMIT" },
    { SIZE(malloc_limit_max), .standard = 32 * MIB,
      .variable = "RUBY_GC_MALLOC_LIMIT_MAX" },
    { FACTOR(malloc_limit_growth_factor), .standard = 1.4,
      .variable = "RUBY_GC_MALLOC_LIMIT_GROWTH_FACTOR" },
    { SIZE(oldmalloc_limit), .standard = 16 * MIB,
      .variable = "RUBY_GC_OLDMALLOC_LIMIT" },
    { SIZE(oldmalloc_limit_max), .standard = 128 * MIB,
      .variable = "RUBY_GC_OLDMALLOC_LIMIT_MAX" },
    { FACTOR(oldmalloc_limit_growth_factor), .standard = 1.2,
      .variable = "RUBY_GC_OLDMALLOC_LIMIT_GROWTH_FACTOR" },
};

enum {
    SETTING_COUNT = sizeof settings / sizeof settings[0]
};

const struct rhi_setting *
rhi_setting(size_t n)
{
    return n < SETTING_COUNT ? &settings[n] : NULL;
}

double
rhi_setting_get(const struct rhi_setting *setting,
                const struct rh_config *config)
{
    const char *field = (const char *)config + setting->offset;
    size_t size;
    double ratio;

    if (setting->kind == RHI_RATIO) {
        memcpy(&ratio, field, sizeof ratio);
        return ratio;
    }
    memcpy(&size, field, sizeof size);
    return (double)size;
}

void
rhi_setting_put(const struct rhi_setting *setting, struct rh_config *config,
                double value)
{
    char *field = (char *)config + setting->offset;
    size_t size = (size_t)value;

    if (setting->kind == RHI_RATIO)
        memcpy(field, &value, sizeof value);
    else
        memcpy(field, &size, sizeof size);
}

void
rhi_settings_init(struct rh_config *config)
{
    *config = (struct rh_config){
        .struct_bytes = sizeof *config,
        .slot_bytes = RHI_DEFAULT_SLOT_BYTES,
        .handle_bytes = (size_t)64 << 20,
        .step_us = 500,
        .growth = rh_growth_default,
        .trim = rh_trim_never,
    };
    rh_allocator_init(&config->allocator);
    rh_memory_init(&config->memory);
    for (size_t n = 0; n < SETTING_COUNT; n++)
        rhi_setting_put(&settings[n], config, settings[n].standard);
}

// ---- growth policies by name ----

// What a Ruby of that time did, beyond the policy.  0: as by default.
struct policy {
    const char *name;
    rh_growth_fn growth;
    double min_ratio, max_ratio;
    size_t malloc_limit; // which does not move
};

static const struct policy policies[] = {
    { "default", rh_growth_default, 0, 0, 0 },
    { "cruby31", rh_growth_cruby31, 0, 0, 0 },
    { "cruby21", rh_growth_cruby21, 0.30, 0.80, 0 },
    { "ree", rh_growth_ree, 0, 0, 8000000 },
    { "mri18", rh_growth_mri18, 0, 0, 8000000 },
    { "ratio", rh_growth_ratio, 0, 0, 0 },
};

enum {
    POLICY_COUNT = sizeof policies / sizeof policies[0]
};

const char *
rh_growth_name(size_t n)
{
    return n < POLICY_COUNT ? policies[n].name : NULL;
}

// The tunables that policies and their Rubies' habits are made of.
static bool
is_of_growth(const struct rhi_setting *setting)
{
    return setting->offset >= offsetof(struct rh_config, initial_slots) &&
           setting->offset <= offsetof(struct rh_config, malloc_limit_max) &&
           setting->offset != offsetof(struct rh_config, max_slots);
}

enum rh_status
rh_config_use_growth(struct rh_config *config, const char *name)
{
    const struct policy *policy = policies;

    while (policy < policies + POLICY_COUNT && strcmp(policy->name, name) != 0)
        policy++;
    if (policy == policies + POLICY_COUNT)
        return RH_NOT_FOUND;
    config->growth = policy->growth;
    if (policy->growth == rh_growth_default ||
        policy->growth == rh_growth_ratio)
        return RH_OK;
    for (size_t n = 0; n < SETTING_COUNT; n++)
        if (is_of_growth(&settings[n]))
            rhi_setting_put(&settings[n], config, settings[n].standard);
    if (policy->max_ratio > 0) {
        config->free_slots_min_ratio = policy->min_ratio;
        config->free_slots_max_ratio = policy->max_ratio;
    }
    if (policy->malloc_limit)
        config->malloc_limit = config->malloc_limit_max = policy->malloc_limit;
    return RH_OK;
}

static bool
exceeds(size_t limit, size_t max)
{
    return max != 0 && limit > max;
}

const char *
rhi_settings_conflict(const struct rh_config *config)
{
    double goal = config->free_slots_goal_ratio;

    if (config->free_slots_min_ratio > config->free_slots_max_ratio)
        return "free_slots_min_ratio is above free_slots_max_ratio";
    if (goal != 0 && (goal < config->free_slots_min_ratio ||
                      goal > config->free_slots_max_ratio))
        return "free_slots_goal_ratio is not between the minimum and the "
               "maximum";
    if (exceeds(config->malloc_limit, config->malloc_limit_max))
        return "malloc_limit is above malloc_limit_max";
    if (exceeds(config->oldmalloc_limit, config->oldmalloc_limit_max))
        return "oldmalloc_limit is above oldmalloc_limit_max";
    return NULL;
}

static const char *
model_error(const struct rh_config *config)
{
    const struct rh_model *model = config->model;

    if (!model)
        return "model is missing";
    if (model->run_offset % 8 != 0 ||
        model->run_offset > config->slot_bytes - 24)
        return "run_offset of the model must be a multiple of 8, and at most "
               "slot_bytes - 24";
    if (config->auto_compact != 0 && !(model->flags & RH_MODEL_MOVABLE))
        return "auto_compact needs a model with RH_MODEL_MOVABLE";
    return NULL;
}

static const char *
functions_error(const struct rh_config *config)
{
    const struct rh_allocator *allocator = &config->allocator;
    const struct rh_memory *memory = &config->memory;

    if (!allocator->alloc || !allocator->resize || !allocator->free)
        return "allocator needs alloc, resize and free";
    if (!memory->reserve || !memory->commit || !memory->release ||
        !memory->unreserve)
        return "memory needs reserve, commit, release and unreserve";
    if (memory->page_bytes & (memory->page_bytes - 1) ||
        (memory->page_bytes && memory->page_bytes < 4096) ||
        memory->page_bytes > (size_t)1 << 21)
        return "page_bytes of memory must be a power of two from 4 KiB to "
               "2 MiB, or 0";
    return config->growth ? NULL : "growth is missing";
}

static const char *
generations_error(const struct rh_config *config)
{
    if (config->generational && !(config->model->flags & RH_MODEL_BARRIERED))
        return "generational needs a model with RH_MODEL_BARRIERED";
    if (config->incremental && !config->generational)
        return "incremental needs generational";
    if (config->step_us < 1 || config->step_us > 1000000)
        return "step_us must be 1 to 1000000";
    if (config->nursery_slots > (size_t)1 << 40)
        return "nursery_slots must be at most 2^40";
    return NULL;
}

static const char *
ranges_error(const struct rh_config *config)
{
    for (size_t n = 0; n < SETTING_COUNT; n++) {
        double value = rhi_setting_get(&settings[n], config);

        if (!(value >= settings[n].low && value <= settings[n].high))
            return settings[n].range;
    }
    return NULL;
}

static const char *
config_error(const struct rh_config *config)
{
    const char *error;

    if (config->struct_bytes != sizeof *config)
        return "struct_bytes is wrong: fill the config with rh_config_init()";
    if (config->slot_bytes < RHI_MIN_SLOT_BYTES ||
        config->slot_bytes > RHI_MAX_SLOT_BYTES || config->slot_bytes % 8 != 0)
        return "slot_bytes must be a multiple of 8 from 32 to 1024";
    if (config->region_bytes > (size_t)1 << 46)
        return "region_bytes must be at most 64 TiB";
    if (config->handle_bytes > (size_t)1 << 40)
        return "handle_bytes must be at most 1 TiB";
    if ((error = model_error(config)) || (error = functions_error(config)) ||
        (error = generations_error(config)) || (error = ranges_error(config)))
        return error;
    return rhi_settings_conflict(config);
}

enum rh_status
rh_config_check(const struct rh_config *config, const char **why)
{
    const char *error = config_error(config);

    if (why)
        *why = error;
    return error ? RH_BAD_ARGUMENT : RH_OK;
}
