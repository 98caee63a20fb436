// SPDX-License-Identifier: MIT
/*
 * settings - the tunables: names, defaults and ranges, in one table.
 *
 * The same table sets the defaults, checks a config, and reads an environment,
 * so a tunable is described once.
 *
 * Next: environment.c, which reads it; then profile.h, how long it took.
 */
#ifndef RHI_SETTINGS_H
#define RHI_SETTINGS_H

#include "base.h"

enum rhi_setting_kind {
    RHI_SIZE,
    RHI_RATIO
};

struct rhi_setting {
    const char *field;        // its name in struct rh_config
    const char *variable;     // CRuby 3.1's name, or NULL
    const char *old_names[2]; // earlier names of the same thing, or NULL
    size_t offset;            // in struct rh_config
    enum rhi_setting_kind kind;
    double standard;   // the default
    double low, high;  // the range, ends included
    const char *range; // the same as a sentence
};

// The n-th setting, or NULL behind the last.
const struct rhi_setting *rhi_setting(size_t n);

double rhi_setting_get(const struct rhi_setting *setting,
                       const struct rh_config *config);
void rhi_setting_put(const struct rhi_setting *setting,
                     struct rh_config *config, double value);

// Everything but the model, which only the last chapter knows.
void rhi_settings_init(struct rh_config *config);

// What is wrong between several tunables, or NULL.
const char *rhi_settings_conflict(const struct rh_config *config);

#endif
