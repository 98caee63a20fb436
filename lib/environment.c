// SPDX-License-Identifier: MIT
/*
 * environment - tunables from variables, when the embedder asks for it.
 *
 * The library never looks at the environment by itself: the caller passes it.
 * A value that cannot be used is reported and ignored; each tunable is taken
 * from its present name, or else from an older one (Ruby Enterprise Edition's
 * and Ruby 1.9's), and the reporter hears when both are set.
 */
#include "config.h"

#include "settings.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct rh_config *config;
    char *const *envp;
    rh_reporter_fn reporter;
    void *context;
    size_t used;
};

static __attribute__((format(printf, 2, 3))) void
report(const struct reading *reading, const char *format, ...)
{
    char message[256];
    va_list arguments;

    if (!reading->reporter)
        return;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    reading->reporter(message, reading->context);
}

static const char *
value_of(const struct reading *reading, const char *name)
{
    size_t length = name ? strlen(name) : 0;

    if (!name || !reading->envp)
        return NULL;
    for (char *const *entry = reading->envp; *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

// A power of two for k, M, G; 0 for anything else.
static double
suffix_factor(const char *suffix)
{
    static const char letters[] = "kKmMgG";
    const char *found;

    if (*suffix == '\0')
        return 1;
    found = strchr(letters, *suffix);
    if (!found || suffix[1] != '\0')
        return 0;
    return (double)(UINT64_C(1) << 10 * ((found - letters) / 2 + 1));
}

static bool
starts_with_digit(const char *text)
{
    return *text >= '0' && *text <= '9';
}

static bool
parse_size(const char *text, double *value)
{
    char *rest;
    unsigned long long number;

    if (!starts_with_digit(text))
        return false;
    number = strtoull(text, &rest, 0);
    *value = (double)number * suffix_factor(rest);
    return number == 0 ? *rest == '\0' || suffix_factor(rest) != 0
                       : *value != 0;
}

// In the C locale, whatever the program's is: 1.8, never 1,8.
static bool
parse_ratio(const char *text, double *value)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before;
    char *rest;

    if (!c)
        return false;
    before = uselocale(c);
    *value = strtod(text, &rest);
    uselocale(before);
    freelocale(c);
    return starts_with_digit(text) && *rest == '\0';
}

static bool
parse(const struct rhi_setting *setting, const char *text, double *value)
{
    return setting->kind == RHI_SIZE ? parse_size(text, value)
                                     : parse_ratio(text, value);
}

static void
read_value(struct reading *reading, const struct rhi_setting *setting,
           const char *name, const char *text)
{
    double value;

    if (!parse(setting, text, &value)) {
        report(reading, "%s=%.60s is not a %s; not used", name, text,
               setting->kind == RHI_SIZE ? "size" : "number");
    } else if (!(value >= setting->low && value <= setting->high)) {
        report(reading, "%s=%.60s is out of range: %s; not used", name, text,
               setting->range);
    } else {
        rhi_setting_put(setting, reading->config, value);
        reading->used++;
    }
}

// The present name, if it is set, hides the old ones.
static void
read_setting(struct reading *reading, const struct rhi_setting *setting)
{
    const char *name = setting->variable;
    const char *text = value_of(reading, name);

    for (int n = 0; n < 2; n++) {
        const char *old_name = setting->old_names[n];
        const char *old_text = value_of(reading, old_name);

        if (!old_text)
            continue;
        if (text) {
            report(reading, "%s is set, so %s is not used", name, old_name);
        } else {
            name = old_name;
            text = old_text;
        }
    }
    if (text)
        read_value(reading, setting, name, text);
}

static void
read_growth(struct reading *reading)
{
    const char *name = value_of(reading, "RHEAP_GROWTH");

    if (!name)
        return;
    if (rh_config_use_growth(reading->config, name) == RH_OK)
        reading->used++;
    else
        report(reading, "RHEAP_GROWTH=%.60s is not a growth policy; not used",
               name);
}

size_t
rh_config_from_environment(struct rh_config *config, char *const *envp,
                           rh_reporter_fn reporter, void *context)
{
    struct rh_config before = *config;
    struct reading reading = { config, envp, reporter, context, 0 };
    const struct rhi_setting *setting;
    const char *conflict;

    read_growth(&reading);
    for (size_t n = 0; (setting = rhi_setting(n)); n++)
        read_setting(&reading, setting);
    conflict = rhi_settings_conflict(config);
    if (conflict) {
        report(&reading, "%s: no variable is used", conflict);
        *config = before;
        return 0;
    }
    return reading.used;
}
