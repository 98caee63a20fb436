// SPDX-License-Identifier: MIT
// A program may use a locale in which 1.8 is written 1,8.  The environment is
// read in the C locale all the same.  Without such a locale, and without
// localedef to make one, there is nothing to test here.
#include "check.h"

#include <locale.h>

static bool
writes_commas(const char *name)
{
    return setlocale(LC_ALL, name) &&
           strcmp(localeconv()->decimal_point, ",") == 0;
}

static bool
find_comma_locale(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
                                         "de_DE",       "fr_FR",
                                         "pt_BR.UTF-8", "ru_RU.UTF-8" };

    for (size_t i = 0; i < CHECK_COUNT(names); i++)
        if (writes_commas(names[i]))
            return true;
    return false;
}

// In a directory of its own, below the working directory.
static char directory[] = "locale.XXXXXX";

static bool
make_comma_locale(void)
{
    char command[200];

    if (!mkdtemp(directory))
        return false;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 ./%s/de_DE.UTF-8 >/dev/null 2>&1",
             directory);
    return system(command) == 0 && setenv("LOCPATH", directory, 1) == 0 &&
           writes_commas("de_DE.UTF-8");
}

static void
remove_comma_locale(void)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf ./%s", directory);
    if (system(command) != 0)
        print_message("# %s stays behind\n", directory);
}

static size_t
read_factor(struct rh_config *config, const char *value)
{
    char entry[100];
    char *envp[] = { entry, NULL };

    snprintf(entry, sizeof entry, "RUBY_GC_HEAP_GROWTH_FACTOR=%s", value);
    rh_config_init(config);
    return rh_config_from_environment(config, envp, NULL, NULL);
}

static void
a_comma_locale_does_not_matter(void **state)
{
    struct rh_config config;

    (void)state;
    assert_string_equal(localeconv()->decimal_point, ",");

    assert_int_equal(read_factor(&config, "1.25"), 1);
    assert_true(config.growth_factor == 1.25);
    assert_int_equal(read_factor(&config, "1,25"), 0);

    assert_string_equal(localeconv()->decimal_point, ",");
    assert_true(strtod("2,5", NULL) == 2.5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_locale_does_not_matter),
    };
    bool found = find_comma_locale();
    bool made = !found && make_comma_locale();
    int result = 0;

    if (found || made)
        result = cmocka_run_group_tests_name("locale", tests, NULL, NULL);
    else
        puts("1..0 # SKIP no locale writes commas here");
    if (!found)
        remove_comma_locale();
    return result;
}
