// SPDX-License-Identifier: MIT
/*
 * fuzz_environment - bytes as an environment, one entry per line.
 *
 * Whatever the variables say, what comes of the defaults is a config that
 * rh_config_check() accepts, and each report is one line of text.
 */
#include <rheap/config.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST_ENTRIES = 64
};

static void
must(bool is_true)
{
    if (!is_true)
        abort();
}

static void
look_at(const char *message, void *context)
{
    must(strchr(message, '\n') == NULL);
    must(strlen(message) > 0 && strlen(message) < 1000);
    ++*(size_t *)context;
}

// Cut `text` at its line ends.
static void
split(char *text, char **entries)
{
    size_t count = 0;

    while (text && count < MOST_ENTRIES) {
        char *end = strchr(text, '\n');

        entries[count++] = text;
        if (end)
            *end++ = '\0';
        text = end;
    }
    entries[count] = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *entries[MOST_ENTRIES + 1];
    char *text = malloc(size + 1);
    struct rh_config config;
    size_t reports = 0;
    size_t used, silently_used;

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    split(text, entries);

    rh_config_init(&config);
    used = rh_config_from_environment(&config, entries, look_at, &reports);
    must(rh_config_check(&config, NULL) == RH_OK);
    must(used <= MOST_ENTRIES);

    rh_config_init(&config);
    silently_used = rh_config_from_environment(&config, entries, NULL, NULL);
    must(used == silently_used);
    free(text);
    return 0;
}
