// SPDX-License-Identifier: MIT
// The numbers of the layout, by name.
#include "check.h"

static int64_t
constant(const char *name)
{
    const struct rh_constant *constant;

    for (size_t n = 0; (constant = rh_constant(n)); n++)
        if (strcmp(constant->name, name) == 0)
            return constant->value;
    fail_msg("no constant is named %s", name);
    return 0;
}

static void
a_page_is_a_header_and_408_slots(void **state)
{
    (void)state;
    assert_int_equal(constant("page_bytes"), 16384);
    assert_int_equal(constant("page_header_bytes"), 64);
    assert_int_equal(constant("slot_bytes"), 40);
    assert_int_equal(constant("slots_per_page"), 408);
    assert_int_equal(constant("page_header_bytes") +
                         constant("slots_per_page") * constant("slot_bytes"),
                     constant("page_bytes"));
    assert_int_equal(constant("bitmap_bytes"), 64);
}

static void
a_first_heap_of_10000_slots_is_24_pages(void **state)
{
    struct check_world world;

    (void)state;
    assert_int_equal(constant("initial_pages"), 24);
    assert_int_equal(constant("initial_slots"), 9792);
    check_open(&world);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"),
                     constant("initial_pages"));
    assert_int_equal(check_stat(world.heap, "heap_available_slots"),
                     constant("initial_slots"));
    check_close(&world);
}

static void
what_fits_a_slot_is_three_words(void **state)
{
    (void)state;
    assert_int_equal(constant("string_embed_bytes"), 23);
    assert_int_equal(constant("array_embed_length"), 3);
    assert_int_equal(constant("object_embed_ivars"), 3);
    assert_int_equal(constant("struct_embed_length"), 3);
    assert_int_equal(constant("bignum_embed_bytes"), 24);
}

static void
immediates_are_those_of_ruby_2_and_3(void **state)
{
    (void)state;
    assert_int_equal(constant("qfalse"), 0x00);
    assert_int_equal(constant("qnil"), 0x08);
    assert_int_equal(constant("qtrue"), 0x14);
    assert_int_equal(constant("qundef"), 0x34);
    assert_true(constant("fixnum_max") == INT64_MAX / 2);
    assert_true(constant("fixnum_min") == INT64_MIN / 2);
}

static void
rubys_own_names_mean_the_same(void **state)
{
    (void)state;
    assert_int_equal(constant("RVALUE_SIZE"), constant("slot_bytes"));
    assert_int_equal(constant("HEAP_PAGE_OBJ_LIMIT"),
                     constant("slots_per_page"));
    assert_int_equal(constant("HEAP_PAGE_BITMAP_SIZE"),
                     constant("bitmap_bytes"));
    assert_int_equal(constant("HEAP_PAGE_SIZE"), constant("page_bytes"));
}

static void
every_name_is_there_once(void **state)
{
    size_t count = 0;

    (void)state;
    while (rh_constant(count))
        count++;
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(rh_constant(a)->name, rh_constant(b)->name);
    assert_null(rh_constant(SIZE_MAX));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_a_header_and_408_slots),
        cmocka_unit_test(a_first_heap_of_10000_slots_is_24_pages),
        cmocka_unit_test(what_fits_a_slot_is_three_words),
        cmocka_unit_test(immediates_are_those_of_ruby_2_and_3),
        cmocka_unit_test(rubys_own_names_mean_the_same),
        cmocka_unit_test(every_name_is_there_once),
    };

    return cmocka_run_group_tests_name("constants", tests, NULL, NULL);
}
