// SPDX-License-Identifier: MIT
// Choices: their defaults, and what is refused.
#include "check.h"

static struct rh_config
defaults(void)
{
    struct rh_config config;

    rh_config_init(&config);
    config.model = &check_node_model;
    return config;
}

static void
defaults_are_those_of_cruby(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(config.initial_slots, 10000);
    assert_int_equal(config.free_slots, 4096);
    assert_int_equal(config.slots_increment, 10000);
    assert_true(config.growth_factor == 1.8);
    assert_int_equal(config.growth_max_slots, 0);
    assert_true(config.free_slots_min_ratio == 0.20);
    assert_true(config.free_slots_goal_ratio == 0.40);
    assert_true(config.free_slots_max_ratio == 0.65);
    assert_true(config.oldobject_limit_factor == 2.0);
    assert_int_equal(config.malloc_limit, 16 * 1024 * 1024);
    assert_int_equal(config.malloc_limit_max, 32 * 1024 * 1024);
    assert_true(config.malloc_limit_growth_factor == 1.4);
    assert_int_equal(config.oldmalloc_limit, 16 * 1024 * 1024);
    assert_int_equal(config.oldmalloc_limit_max, 128 * 1024 * 1024);
    assert_true(config.oldmalloc_limit_growth_factor == 1.2);
}

static void
defaults_of_the_library_are_complete(void **state)
{
    struct rh_config config;

    (void)state;
    rh_config_init(&config);

    assert_int_equal(config.struct_bytes, sizeof config);
    assert_non_null(config.model);
    assert_int_equal(config.slot_bytes, 40);
    assert_int_equal(config.region_bytes, 0);
    assert_int_equal(config.handle_bytes, 64 << 20);
    assert_false(config.huge_pages);
    assert_ptr_equal(config.growth, rh_growth_default);
    assert_ptr_equal(config.trim, rh_trim_never);
    assert_null(config.panic);
    assert_null(config.out_of_memory);
    assert_null(config.user_data);
    assert_int_equal(rh_config_check(&config, NULL), RH_OK);
}

static void
a_good_config_has_no_complaint(void **state)
{
    struct rh_config config = defaults();
    const char *why = "untouched";

    (void)state;
    assert_int_equal(rh_config_check(&config, &why), RH_OK);
    assert_null(why);
}

// A complaint names the field; without a place for it, it is refused as well.
static void
expect_refused(const struct rh_config *config, const char *field)
{
    const char *why = NULL;

    assert_int_equal(rh_config_check(config, &why), RH_BAD_ARGUMENT);
    assert_non_null(why);
    if (!strstr(why, field))
        fail_msg("\"%s\" does not name %s", why, field);
    assert_int_equal(rh_config_check(config, NULL), RH_BAD_ARGUMENT);
    assert_null(rh_heap_new(config));
}

#define expect_field_refused(field, value)                                     \
    do {                                                                       \
        struct rh_config config_ = defaults();                                 \
        config_.field = value;                                                 \
        expect_refused(&config_, #field);                                      \
    } while (0)

#define expect_field_taken(field, value)                                       \
    do {                                                                       \
        struct rh_config config_ = defaults();                                 \
        config_.field = value;                                                 \
        assert_int_equal(rh_config_check(&config_, NULL), RH_OK);              \
    } while (0)

// A function of a group; the complaint names both.
#define expect_needed(group, function)                                         \
    do {                                                                       \
        struct rh_config config_ = defaults();                                 \
        config_.group.function = NULL;                                         \
        expect_refused(&config_, #group);                                      \
        expect_refused(&config_, #function);                                   \
    } while (0)

static void
a_config_that_was_not_filled_is_refused(void **state)
{
    struct rh_config config;

    (void)state;
    memset(&config, 0, sizeof config);
    expect_refused(&config, "struct_bytes");
    expect_field_refused(struct_bytes, sizeof config - 8);
}

static void
slot_sizes_are_multiples_of_8_from_32(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 257; bytes++)
        if (bytes >= 32 && bytes % 8 == 0)
            expect_field_taken(slot_bytes, bytes);
        else
            expect_field_refused(slot_bytes, bytes);
    expect_field_refused(slot_bytes, 1032);
    expect_field_refused(slot_bytes, SIZE_MAX - 7);
}

static void
absurd_ranges_of_addresses_are_refused(void **state)
{
    (void)state;
    expect_field_taken(region_bytes, (size_t)1 << 46);
    expect_field_refused(region_bytes, ((size_t)1 << 46) + 1);
    expect_field_refused(region_bytes, SIZE_MAX);
    expect_field_taken(handle_bytes, 0);
    expect_field_taken(handle_bytes, (size_t)1 << 40);
    expect_field_refused(handle_bytes, SIZE_MAX);
}

static void
counts_have_an_upper_end(void **state)
{
    size_t most = 1000000000000000000;

    (void)state;
    expect_field_taken(free_slots, most);
    expect_field_refused(initial_slots, most + 1000);
    expect_field_refused(free_slots, SIZE_MAX);
    expect_field_refused(slots_increment, SIZE_MAX);
    expect_field_refused(growth_max_slots, SIZE_MAX);
    expect_field_refused(malloc_limit, SIZE_MAX);
    expect_field_refused(malloc_limit_max, SIZE_MAX);
    expect_field_refused(oldmalloc_limit, SIZE_MAX);
    expect_field_refused(oldmalloc_limit_max, SIZE_MAX);
}

static void
factors_are_above_one(void **state)
{
    static const double bad[] = { 0.999, 0, -1.8, 1000.5, 1e300 };
    double not_a_number = strtod("nan", NULL);
    double infinite = strtod("inf", NULL);

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(bad); i++) {
        expect_field_refused(growth_factor, bad[i]);
        expect_field_refused(malloc_limit_growth_factor, bad[i]);
        expect_field_refused(oldmalloc_limit_growth_factor, bad[i]);
    }
    // A growth factor of 1 makes each heap as large as the one before.
    expect_field_taken(growth_factor, 1);
    expect_field_refused(live_ratio, 1);
    expect_field_refused(malloc_limit_growth_factor, 1);
    expect_field_refused(oldmalloc_limit_growth_factor, 1);
    expect_field_refused(growth_factor, not_a_number);
    expect_field_refused(growth_factor, infinite);
    expect_field_taken(growth_factor, 1.001);
    expect_field_taken(growth_factor, 1000);
}

static void
ratios_are_shares(void **state)
{
    double not_a_number = strtod("nan", NULL);

    (void)state;
    expect_field_refused(free_slots_min_ratio, -0.1);
    expect_field_refused(free_slots_goal_ratio, 1.1);
    expect_field_refused(free_slots_max_ratio, 1.1);
    expect_field_refused(free_slots_max_ratio, not_a_number);
    expect_field_refused(oldobject_limit_factor, -1);
    expect_field_taken(free_slots_min_ratio, 0);
    expect_field_taken(free_slots_max_ratio, 1);
    expect_field_taken(oldobject_limit_factor, 0.5);
}

static void
fields_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    expect_field_refused(free_slots_min_ratio, 0.66); // above the maximum
    expect_field_refused(free_slots_goal_ratio, 0.19);
    expect_field_refused(free_slots_goal_ratio, 0.66);
    expect_field_taken(free_slots_goal_ratio, 0); // no goal
    expect_field_refused(malloc_limit, 33 * 1024 * 1024);
    expect_field_refused(oldmalloc_limit_max, 1);
    expect_field_taken(malloc_limit_max, 0); // no maximum
    expect_field_taken(oldmalloc_limit_max, 0);
}

static void
functions_that_are_needed_must_be_there(void **state)
{
    (void)state;
    expect_field_refused(model, NULL);
    expect_field_refused(growth, NULL);
    expect_needed(allocator, alloc);
    expect_needed(allocator, resize);
    expect_needed(allocator, free);
    expect_field_taken(allocator.trim, NULL);
    expect_field_taken(allocator.usable, NULL);
    expect_needed(memory, reserve);
    expect_needed(memory, commit);
    expect_needed(memory, release);
    expect_needed(memory, unreserve);
    expect_field_taken(memory.huge_pages, NULL);
    expect_field_taken(trim, NULL);
}

static void
a_page_size_of_the_system_is_a_power_of_two(void **state)
{
    (void)state;
    for (size_t bytes = 4096; bytes <= 2 << 20; bytes *= 2)
        expect_field_taken(memory.page_bytes, bytes);
}

static void
other_page_sizes_are_refused(void **state)
{
    static const size_t bad[] = { 1, 2048, 4097, 12288, 4 << 20 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(bad); i++) {
        struct rh_config config = defaults();

        config.memory.page_bytes = bad[i];
        expect_refused(&config, "page_bytes");
    }
}

static void
the_words_of_a_run_must_fit_the_slot(void **state)
{
    struct rh_config config = defaults();
    struct rh_model model = check_node_model;

    (void)state;
    config.model = &model;
    for (uint32_t offset = 0; offset <= 16; offset += 8) {
        model.run_offset = offset;
        assert_int_equal(rh_config_check(&config, NULL), RH_OK);
    }
    model.run_offset = 24;
    expect_refused(&config, "run_offset");
    expect_refused(&config, "slot_bytes - 24");
    config.slot_bytes = 48;
    assert_int_equal(rh_config_check(&config, NULL), RH_OK);
    model.run_offset = 4;
    expect_refused(&config, "run_offset");
    model.run_offset = UINT32_MAX - 7;
    expect_refused(&config, "run_offset");
}

static void
every_status_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (int a = RH_OK; a <= RH_STOPPED; a++) {
        assert_string_not_equal(rh_status_string((enum rh_status)a),
                                "unknown status");
        for (int b = RH_OK; b < a; b++)
            assert_string_not_equal(rh_status_string((enum rh_status)a),
                                    rh_status_string((enum rh_status)b));
    }
    assert_string_equal(rh_status_string((enum rh_status)(RH_STOPPED + 1)),
                        "unknown status");
    assert_string_equal(rh_status_string((enum rh_status)1000000),
                        "unknown status");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_cruby),
        cmocka_unit_test(defaults_of_the_library_are_complete),
        cmocka_unit_test(a_good_config_has_no_complaint),
        cmocka_unit_test(a_config_that_was_not_filled_is_refused),
        cmocka_unit_test(slot_sizes_are_multiples_of_8_from_32),
        cmocka_unit_test(absurd_ranges_of_addresses_are_refused),
        cmocka_unit_test(counts_have_an_upper_end),
        cmocka_unit_test(factors_are_above_one),
        cmocka_unit_test(ratios_are_shares),
        cmocka_unit_test(fields_that_contradict_each_other_are_refused),
        cmocka_unit_test(functions_that_are_needed_must_be_there),
        cmocka_unit_test(a_page_size_of_the_system_is_a_power_of_two),
        cmocka_unit_test(other_page_sizes_are_refused),
        cmocka_unit_test(the_words_of_a_run_must_fit_the_slot),
        cmocka_unit_test(every_status_has_a_sentence_of_its_own),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
