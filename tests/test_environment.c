// SPDX-License-Identifier: MIT
// Tunables from variables.
#include "check.h"

struct reading {
    struct rh_config config;
    size_t used;
    size_t reports;
    char last[300];
};

static void
note_report(const char *message, void *context)
{
    struct reading *reading = context;

    assert_int_equal(strchr(message, '\n') == NULL, 1);
    reading->reports++;
    snprintf(reading->last, sizeof reading->last, "%s", message);
}

// Read an environment of at most three entries.
static struct reading
read_three(const char *a, const char *b, const char *c)
{
    char copies[3][200];
    char *envp[4] = { NULL };
    const char *given[] = { a, b, c };
    struct reading reading = { .reports = 0 };

    for (size_t i = 0; i < 3 && given[i]; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", given[i]);
        envp[i] = copies[i];
    }
    rh_config_init(&reading.config);
    reading.used = rh_config_from_environment(&reading.config, envp,
                                              note_report, &reading);
    return reading;
}

static struct reading
read_one(const char *entry)
{
    return read_three(entry, NULL, NULL);
}

#define expect_size(entry, field, value)                                       \
    do {                                                                       \
        struct reading reading_ = read_one(entry);                             \
        assert_int_equal(reading_.reports, 0);                                 \
        assert_int_equal(reading_.used, 1);                                    \
        assert_int_equal(reading_.config.field, value);                        \
    } while (0)

#define expect_ratio(entry, field, value)                                      \
    do {                                                                       \
        struct reading reading_ = read_one(entry);                             \
        assert_int_equal(reading_.reports, 0);                                 \
        assert_int_equal(reading_.used, 1);                                    \
        assert_true(reading_.config.field == (value));                         \
    } while (0)

// Reported with the variable's name, and not used.
static void
expect_unused(const char *entry)
{
    struct reading reading = read_one(entry);
    struct rh_config before;
    char name[100];

    rh_config_init(&before);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(entry, "="), entry);
    if (reading.used != 0 || reading.reports != 1)
        fail_msg("\"%s\": %zu used, %zu reports", entry, reading.used,
                 reading.reports);
    assert_non_null(strstr(reading.last, name));
    assert_memory_equal(&reading.config, &before, sizeof before);
}

static void
every_tunable_of_cruby_is_read(void **state)
{
    (void)state;
    expect_size("RUBY_GC_HEAP_INIT_SLOTS=123", initial_slots, 123);
    expect_size("RUBY_GC_HEAP_FREE_SLOTS=124", free_slots, 124);
    expect_ratio("RUBY_GC_HEAP_GROWTH_FACTOR=1.25", growth_factor, 1.25);
    expect_size("RUBY_GC_HEAP_GROWTH_MAX_SLOTS=125", growth_max_slots, 125);
    expect_ratio("RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=0.25", free_slots_min_ratio,
                 0.25);
    expect_ratio("RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO=0.5",
                 free_slots_goal_ratio, 0.5);
    expect_ratio("RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=0.75", free_slots_max_ratio,
                 0.75);
    expect_ratio("RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=3.5",
                 oldobject_limit_factor, 3.5);
    expect_size("RUBY_GC_MALLOC_LIMIT=126", malloc_limit, 126);
    expect_size("RUBY_GC_MALLOC_LIMIT_MAX=100000000", malloc_limit_max,
                100000000);
    expect_ratio("RUBY_GC_MALLOC_LIMIT_GROWTH_FACTOR=1.5",
                 malloc_limit_growth_factor, 1.5);
    expect_size("RUBY_GC_OLDMALLOC_LIMIT=127", oldmalloc_limit, 127);
    expect_size("RUBY_GC_OLDMALLOC_LIMIT_MAX=200000000", oldmalloc_limit_max,
                200000000);
    expect_ratio("RUBY_GC_OLDMALLOC_LIMIT_GROWTH_FACTOR=1.75",
                 oldmalloc_limit_growth_factor, 1.75);
}

static void
older_names_are_read(void **state)
{
    (void)state;
    expect_size("RUBY_HEAP_MIN_SLOTS=500000", initial_slots, 500000);
    expect_size("RUBY_HEAP_SLOTS_INCREMENT=250000", slots_increment, 250000);
    expect_ratio("RUBY_HEAP_SLOTS_GROWTH_FACTOR=1.5", growth_factor, 1.5);
    expect_size("RUBY_HEAP_FREE_MIN=4097", free_slots, 4097);
    expect_size("RUBY_FREE_MIN=4098", free_slots, 4098);
}

static void
sizes_take_suffixes(void **state)
{
    (void)state;
    expect_size("RUBY_GC_MALLOC_LIMIT=2k", malloc_limit, 2048);
    expect_size("RUBY_GC_MALLOC_LIMIT=2K", malloc_limit, 2048);
    expect_size("RUBY_GC_MALLOC_LIMIT=3m", malloc_limit, 3145728);
    expect_size("RUBY_GC_MALLOC_LIMIT=3M", malloc_limit, 3145728);
    expect_size("RUBY_GC_HEAP_INIT_SLOTS=1g", initial_slots, 1073741824);
    expect_size("RUBY_GC_HEAP_INIT_SLOTS=1G", initial_slots, 1073741824);
    expect_size("RUBY_GC_HEAP_INIT_SLOTS=0", initial_slots, 0);
    expect_size("RUBY_GC_HEAP_INIT_SLOTS=0k", initial_slots, 0);
}

static void
sizes_that_are_none_are_reported_and_not_used(void **state)
{
    static const char *const values[] = { "",
                                          " ",
                                          "x",
                                          "-1",
                                          "+1",
                                          "1x",
                                          "1kk",
                                          "1k ",
                                          " 1",
                                          "k",
                                          "0x",
                                          "1.5",
                                          "1e3",
                                          "99999999999999999999",
                                          "999999999999999999999999999999",
                                          "10000000000G",
                                          "0kk",
                                          "1,000",
                                          "ten" };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(values); i++) {
        char entry[100];

        snprintf(entry, sizeof entry, "RUBY_GC_HEAP_INIT_SLOTS=%s", values[i]);
        expect_unused(entry);
    }
}

static void
ratios_that_are_none_are_reported_and_not_used(void **state)
{
    static const char *const values[] = { "",       " ",     "x",    "-1.8",
                                          "+1.8",   "1.8x",  "1,8",  "nan",
                                          "inf",    "1e999", "0.9",  "0",
                                          "1000.1", " 1.8",  "1.8 ", "1.8k" };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(values); i++) {
        char entry[100];

        snprintf(entry, sizeof entry, "RUBY_GC_HEAP_GROWTH_FACTOR=%s",
                 values[i]);
        expect_unused(entry);
    }
    expect_unused("RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=1.01");
    expect_unused("RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=2");
}

static void
a_growth_policy_comes_before_its_tunables(void **state)
{
    struct reading reading =
        read_three("RUBY_HEAP_SLOTS_GROWTH_FACTOR=1", "RHEAP_GROWTH=ree", NULL);

    (void)state;
    assert_int_equal(reading.used, 2);
    assert_int_equal(reading.reports, 0);
    assert_ptr_equal(reading.config.growth, rh_growth_ree);
    assert_true(reading.config.growth_factor == 1);
    assert_int_equal(reading.config.malloc_limit, 8000000);
    expect_unused("RHEAP_GROWTH=reee");
    expect_ratio("RHEAP_LIVE_RATIO=1.5", live_ratio, 1.5);
    expect_ratio("RHEAP_GROWTH_DECAY=0", growth_decay, 0);
    expect_size("RHEAP_MAX_SLOTS=1M", max_slots, 1 << 20);
}

static void
ratios_are_read_as_c_writes_them(void **state)
{
    (void)state;
    expect_ratio("RUBY_GC_HEAP_GROWTH_FACTOR=2", growth_factor, 2.0);
    expect_ratio("RUBY_GC_HEAP_GROWTH_FACTOR=1.5e1", growth_factor, 15.0);
    expect_ratio("RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=0", free_slots_min_ratio,
                 0.0);
    expect_ratio("RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=1", free_slots_max_ratio,
                 1.0);
}

static void
a_bad_value_does_not_spoil_the_others(void **state)
{
    struct reading reading =
        read_three("RUBY_GC_HEAP_INIT_SLOTS=many", "RUBY_GC_HEAP_FREE_SLOTS=99",
                   "RUBY_GC_MALLOC_LIMIT=1M");

    (void)state;
    assert_int_equal(reading.used, 2);
    assert_int_equal(reading.reports, 1);
    assert_int_equal(reading.config.initial_slots, 10000);
    assert_int_equal(reading.config.free_slots, 99);
    assert_int_equal(reading.config.malloc_limit, 1048576);
}

static void
the_new_name_wins_over_the_old_one_and_this_is_reported(void **state)
{
    struct reading reading = read_three("RUBY_HEAP_MIN_SLOTS=111",
                                        "RUBY_GC_HEAP_INIT_SLOTS=222", NULL);

    (void)state;
    assert_int_equal(reading.used, 1);
    assert_int_equal(reading.config.initial_slots, 222);
    assert_int_equal(reading.reports, 1);
    assert_non_null(strstr(reading.last, "RUBY_HEAP_MIN_SLOTS"));
    assert_non_null(strstr(reading.last, "RUBY_GC_HEAP_INIT_SLOTS"));
}

static void
the_first_of_two_old_names_wins(void **state)
{
    struct reading reading =
        read_three("RUBY_FREE_MIN=111", "RUBY_HEAP_FREE_MIN=222", NULL);

    (void)state;
    assert_int_equal(reading.used, 1);
    assert_int_equal(reading.config.free_slots, 222);
    assert_int_equal(reading.reports, 1);
    assert_non_null(strstr(reading.last, "RUBY_FREE_MIN"));
}

static void
all_names_of_one_field_at_once_are_sorted_out(void **state)
{
    struct reading reading = read_three(
        "RUBY_FREE_MIN=1", "RUBY_HEAP_FREE_MIN=2", "RUBY_GC_HEAP_FREE_SLOTS=3");

    (void)state;
    assert_int_equal(reading.used, 1);
    assert_int_equal(reading.config.free_slots, 3);
    assert_int_equal(reading.reports, 2);
}

static void
a_new_name_hides_the_old_one_even_when_it_is_bad(void **state)
{
    struct reading reading = read_three("RUBY_HEAP_MIN_SLOTS=111",
                                        "RUBY_GC_HEAP_INIT_SLOTS=x", NULL);

    (void)state;
    assert_int_equal(reading.used, 0);
    assert_int_equal(reading.config.initial_slots, 10000);
    assert_int_equal(reading.reports, 2);
}

static void
values_that_contradict_each_other_are_reported_and_not_used(void **state)
{
    struct reading reading =
        read_three("RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=0.9",
                   "RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=0.5", NULL);

    (void)state;
    assert_int_equal(reading.used, 0);
    assert_int_equal(reading.reports, 1);
    assert_non_null(strstr(reading.last, "free_slots_min_ratio"));
    assert_true(reading.config.free_slots_min_ratio == 0.20);
    assert_true(reading.config.free_slots_max_ratio == 0.65);
    assert_int_equal(rh_config_check(&reading.config, NULL), RH_OK);
}

static void
values_may_be_good_only_together(void **state)
{
    struct reading reading =
        read_three("RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=0.7",
                   "RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=0.9",
                   "RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO=0.8");

    (void)state;
    assert_int_equal(reading.used, 3);
    assert_int_equal(reading.reports, 0);
    assert_true(reading.config.free_slots_goal_ratio == 0.8);
}

static void
names_must_match_to_the_last_letter(void **state)
{
    struct reading reading =
        read_three("RUBY_GC_HEAP_INIT_SLOTSX=1", "XRUBY_GC_HEAP_INIT_SLOTS=1",
                   "RUBY_GC_HEAP_INIT_SLOT=1");

    (void)state;
    assert_int_equal(reading.used, 0);
    assert_int_equal(reading.reports, 0);
    assert_int_equal(reading.config.initial_slots, 10000);
    reading = read_three("RUBY_GC_HEAP_INIT_SLOTS", "=", "");
    assert_int_equal(reading.used, 0);
    assert_int_equal(reading.reports, 0);
}

static void
the_first_of_two_equal_names_counts(void **state)
{
    struct reading reading = read_three("RUBY_GC_HEAP_INIT_SLOTS=1",
                                        "RUBY_GC_HEAP_INIT_SLOTS=2", NULL);

    (void)state;
    assert_int_equal(reading.config.initial_slots, 1);
}

static void
no_environment_and_no_reporter_are_fine(void **state)
{
    char entry[] = "RUBY_GC_HEAP_INIT_SLOTS=x";
    char *envp[] = { entry, NULL };
    struct rh_config config;

    (void)state;
    rh_config_init(&config);

    assert_int_equal(rh_config_from_environment(&config, NULL, NULL, NULL), 0);
    assert_int_equal(rh_config_from_environment(&config, envp, NULL, NULL), 0);
    assert_int_equal(
        rh_config_from_environment(&config, envp + 1, note_report, NULL), 0);
    assert_int_equal(config.initial_slots, 10000);
}

static void
a_long_value_makes_a_short_report(void **state)
{
    static char entry[100000];
    char *envp[] = { entry, NULL };
    struct reading reading = { .reports = 0 };

    (void)state;
    memset(entry, '7', sizeof entry - 1);
    memcpy(entry, "RUBY_GC_MALLOC_LIMIT=x", 22);
    rh_config_init(&reading.config);

    assert_int_equal(rh_config_from_environment(&reading.config, envp,
                                                note_report, &reading),
                     0);

    assert_int_equal(reading.reports, 1);
    assert_true(strlen(reading.last) < 256);
}

static void
the_environment_of_the_process_is_not_looked_at(void **state)
{
    struct rh_config config;

    (void)state;
    assert_int_equal(setenv("RUBY_GC_HEAP_INIT_SLOTS", "77", 1), 0);

    rh_config_init(&config);
    assert_int_equal(rh_config_from_environment(&config, NULL, NULL, NULL), 0);

    assert_int_equal(config.initial_slots, 10000);
    unsetenv("RUBY_GC_HEAP_INIT_SLOTS");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tunable_of_cruby_is_read),
        cmocka_unit_test(older_names_are_read),
        cmocka_unit_test(sizes_take_suffixes),
        cmocka_unit_test(sizes_that_are_none_are_reported_and_not_used),
        cmocka_unit_test(ratios_that_are_none_are_reported_and_not_used),
        cmocka_unit_test(a_growth_policy_comes_before_its_tunables),
        cmocka_unit_test(ratios_are_read_as_c_writes_them),
        cmocka_unit_test(a_bad_value_does_not_spoil_the_others),
        cmocka_unit_test(
            the_new_name_wins_over_the_old_one_and_this_is_reported),
        cmocka_unit_test(the_first_of_two_old_names_wins),
        cmocka_unit_test(all_names_of_one_field_at_once_are_sorted_out),
        cmocka_unit_test(a_new_name_hides_the_old_one_even_when_it_is_bad),
        cmocka_unit_test(
            values_that_contradict_each_other_are_reported_and_not_used),
        cmocka_unit_test(values_may_be_good_only_together),
        cmocka_unit_test(names_must_match_to_the_last_letter),
        cmocka_unit_test(the_first_of_two_equal_names_counts),
        cmocka_unit_test(no_environment_and_no_reporter_are_fine),
        cmocka_unit_test(a_long_value_makes_a_short_report),
        cmocka_unit_test(the_environment_of_the_process_is_not_looked_at),
    };

    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
