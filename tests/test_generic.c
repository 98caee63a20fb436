// SPDX-License-Identifier: MIT
// Instance variables: an OBJECT's own, and those of everything else.
#include "objects.h"

#include "object/generic.h"

#include <rheap/array.h>
#include <rheap/number.h>
#include <rheap/string.h>

static rh_value
number(size_t n)
{
    return rh_fixnum_from((int64_t)n);
}

// OBJECT.

static void
up_to_three_variables_are_in_the_slot(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t count = 0; count <= 6; count++) {
        rh_value object = objects_keep(heap, rh_object_new(heap, 0, count));

        assert_int_equal(rh_type_of(object), RH_TYPE_OBJECT);
        assert_int_equal(rh_ivar_count(object), count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(rh_ivar_get(object, i), RH_UNDEF);
        assert_int_equal(objects_memsize(heap, object),
                         count <= 3 ? 40 : 40 + count * 8);
    }

    objects_close(&world);
}

static void
an_object_grows_with_its_variables(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value object = objects_keep(heap, rh_object_new(heap, 0, 0));

    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rh_ivar_set(heap, object, i, number(i)), RH_OK);
        assert_int_equal(rh_ivar_count(object), i + 1);
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(rh_ivar_get(object, i), number(i));
    assert_int_equal(rh_ivar_get(object, 100), RH_UNDEF);
    assert_int_equal(rh_ivar_resize(heap, object, 2), RH_OK);
    assert_int_equal(objects_memsize(heap, object), 40);
    assert_int_equal(rh_ivar_get(object, 1), number(1));
    assert_int_equal(rh_ivar_get(object, 2), RH_UNDEF);

    objects_close(&world);
}

static void
variables_keep_objects_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hosts[] = {
        objects_keep(heap, rh_object_new(heap, 0, 2)),
        objects_keep(heap, rh_object_new(heap, 0, 200)),
        objects_text(heap, "host"),
        objects_keep(heap, rh_array_new(heap, 0, NULL, 100)),
    };

    for (size_t host = 0; host < CHECK_COUNT(hosts); host++)
        for (size_t i = 0; i < 150; i++) {
            rh_value string = rh_string_new(heap, 0, "i", 1);

            assert_int_equal(rh_ivar_set(heap, hosts[host], i, string), RH_OK);
        }
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 4 + 4 * 150);
    for (size_t host = 0; host < CHECK_COUNT(hosts); host++) {
        assert_int_equal(objects_edge_count(heap, hosts[host]), 150);
        for (size_t i = 0; i < 150; i++)
            objects_expect_text(rh_ivar_get(hosts[host], i), "i");
    }

    objects_close(&world);
}

// Everything else.

static void
any_object_can_have_variables(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "a string");
    rh_value value = rh_string_new(heap, 0, "v", 1);

    assert_int_equal(rh_ivar_count(string), 0);
    assert_int_equal(rh_ivar_get(string, 0), RH_UNDEF);
    assert_int_equal(rh_ivar_set(heap, string, 2, value), RH_OK);
    assert_int_equal(rh_ivar_count(string), 3);
    assert_int_equal(rh_ivar_get(string, 0), RH_UNDEF);
    assert_int_equal(rh_ivar_get(string, 2), value);
    assert_true(rh_object_flags(string) & RH_OBJECT_IVARS);
    objects_expect_text(string, "a string");
    assert_int_equal(objects_memsize(heap, string), 40);
    assert_int_equal(check_stat(heap, "x_external_bytes"), 0);

    objects_close(&world);
}

static void
without_variables_there_is_no_entry(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "s");

    assert_int_equal(rh_ivar_resize(heap, string, 0), RH_OK);
    assert_int_equal(rh_ivar_set(heap, string, 0, RH_TRUE), RH_OK);
    assert_int_equal(rh_ivar_resize(heap, string, 0), RH_OK);
    assert_false(rh_object_flags(string) & RH_OBJECT_IVARS);
    assert_int_equal(rhi_object_state(heap)->generic.count, 0);

    objects_close(&world);
}

static void
the_entry_dies_with_its_object(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    size_t scope = rh_scope_save(heap);

    for (size_t i = 0; i < 500; i++)
        assert_int_equal(
            rh_ivar_set(heap, objects_text(heap, "s"), 0, number(i)), RH_OK);
    assert_int_equal(rhi_object_state(heap)->generic.count, 500);
    rh_scope_restore(heap, scope);
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 0);
    // Dead is not yet swept: the entry goes when the page is looked at.
    for (size_t i = 0; i < 2000; i++)
        assert_true(rh_string_new(heap, 0, "", 0) != RH_UNDEF);
    assert_int_equal(rhi_object_state(heap)->generic.count, 0);

    objects_close(&world);
}

static void
a_string_that_loses_its_block_keeps_its_variables(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    size_t scope = rh_scope_save(heap);
    rh_value string = objects_keep(heap, rh_string_new(heap, 0, NULL, 100));

    assert_int_equal(rh_ivar_set(heap, string, 0, RH_TRUE), RH_OK);
    assert_int_equal(rh_string_resize(heap, string, 3), RH_OK);
    assert_int_equal(rh_ivar_get(string, 0), RH_TRUE);
    rh_scope_restore(heap, scope);
    rh_heap_collect(heap);
    for (size_t i = 0; i < 500; i++)
        assert_true(rh_string_new(heap, 0, "", 0) != RH_UNDEF);
    assert_int_equal(rhi_object_state(heap)->generic.count, 0);

    objects_close(&world);
}

static void
frozen_objects_refuse_variables(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "s");
    rh_value object = objects_keep(heap, rh_object_new(heap, 0, 2));

    rh_object_freeze(heap, string);
    rh_object_freeze(heap, object);
    assert_int_equal(rh_ivar_set(heap, string, 0, RH_NIL), RH_BAD_ARGUMENT);
    assert_int_equal(rh_ivar_set(heap, object, 0, RH_NIL), RH_BAD_ARGUMENT);
    assert_int_equal(rh_ivar_resize(heap, object, 9), RH_BAD_ARGUMENT);
    assert_int_equal(
        rh_ivar_set(heap, objects_text(heap, "t"), SIZE_MAX, RH_NIL),
        RH_NO_MEMORY);

    objects_close(&world);
}

static void
a_moved_object_takes_its_entry_along(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value from = objects_text(heap, "from");
    rh_value to = objects_text(heap, "to");
    struct rhi_object *there = rh_value_slot(to);

    assert_int_equal(rh_ivar_set(heap, from, 0, RH_TRUE), RH_OK);
    rhi_generic_move(heap, rh_value_slot(from), there);
    *there = *(struct rhi_object *)rh_value_slot(from);
    assert_int_equal(rh_ivar_get(to, 0), RH_TRUE);
    // A test's move is half of one: end it by hand.
    ((struct rhi_object *)rh_value_slot(from))->flags &=
        ~(uint64_t)RH_OBJECT_IVARS;
    rhi_generic_move(heap, rh_value_slot(from), there); // nothing to move
    assert_int_equal(rh_ivar_get(to, 0), RH_TRUE);
    rhi_generic_drop(heap, there);
    there->flags &= ~(uint64_t)RH_OBJECT_IVARS;

    objects_close(&world);
}

// Chance: entries come and go.

enum {
    HOSTS = 300
};

static void
random_entries_are_found(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    uint64_t random = check_seed();
    rh_value hosts[HOSTS];
    size_t values[HOSTS] = { 0 }; // 0: no entry

    for (size_t i = 0; i < HOSTS; i++)
        hosts[i] = objects_text(heap, "h");
    for (size_t step = 1; step < 20000; step++) {
        size_t i = check_random_below(&random, HOSTS);

        if (values[i]) {
            assert_int_equal(rh_ivar_get(hosts[i], 0), number(values[i]));
            assert_int_equal(rh_ivar_resize(heap, hosts[i], 0), RH_OK);
            values[i] = 0;
        } else {
            assert_int_equal(rh_ivar_get(hosts[i], 0), RH_UNDEF);
            assert_int_equal(rh_ivar_set(heap, hosts[i], 0, number(step)),
                             RH_OK);
            values[i] = step;
        }
    }
    for (size_t i = 0; i < HOSTS; i++)
        assert_int_equal(rh_ivar_get(hosts[i], 0),
                         values[i] ? number(values[i]) : RH_UNDEF);

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(up_to_three_variables_are_in_the_slot),
        objects_test(an_object_grows_with_its_variables),
        objects_test(variables_keep_objects_alive),
        objects_test(any_object_can_have_variables),
        objects_test(without_variables_there_is_no_entry),
        objects_test(the_entry_dies_with_its_object),
        objects_test(a_string_that_loses_its_block_keeps_its_variables),
        objects_test(frozen_objects_refuse_variables),
        objects_test(a_moved_object_takes_its_entry_along),
        objects_test(random_entries_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
