// SPDX-License-Identifier: MIT
// How many objects there are of each type.
#include "objects.h"

#include <rheap/array.h>
#include <rheap/count.h>
#include <rheap/string.h>

static struct rh_object_counts counts;

// Count, and expect what the statistics say.
static void
count(struct rh_heap *heap)
{
    size_t objects = 0;
    size_t memsize = 0;

    memset(&counts, 0xee, sizeof counts);
    rh_count_objects(heap, &counts);
    for (size_t i = 0; i < RH_TYPE_CODES; i++) {
        objects += counts.types[i].count;
        memsize += counts.types[i].memsize;
        assert_int_equal(counts.types[i].type != NULL,
                         counts.types[i].count != 0);
    }
    assert_int_equal(memsize, counts.memsize);
    assert_int_equal(objects, counts.total_slots - counts.free_slots);
    assert_int_equal(objects, check_stat(heap, "heap_live_slots"));
    assert_int_equal(counts.total_slots,
                     check_stat(heap, "heap_available_slots"));
    assert_int_equal(counts.free_slots, check_stat(heap, "heap_free_slots"));
    check_heap(heap);
}

static void
every_type_is_counted_under_its_name(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    size_t expected[RH_TYPE_CODES] = { 0 };
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");

    expected[RH_TYPE_STRING] = 2;
    for (size_t i = 0; i < objects_sample_count; i++) {
        const struct objects_sample *sample = &objects_samples[i];
        size_t before = objects_alive(heap);

        objects_keep(heap, sample->make(heap, a, b));
        if (objects_alive(heap) - before == 1)
            expected[sample->type]++;
    }
    rh_heap_collect(heap);
    count(heap);
    for (int type = 0; type < RH_TYPE_CODES; type++) {
        if (!counts.types[type].count)
            continue;
        assert_string_equal(counts.types[type].type,
                            rh_type_name((enum rh_type)type));
        assert_true(counts.types[type].count >= expected[type]);
    }
    assert_true(counts.types[RH_TYPE_BIGNUM].count > 0);
    assert_true(counts.types[RH_TYPE_IMEMO].count > 0);
    objects_close(&world);
}

static void
memory_outside_the_slots_belongs_to_the_type(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    objects_keep(heap, rh_string_new(heap, 0, NULL, 23));
    objects_keep(heap, rh_string_new(heap, 0, NULL, 100));
    objects_keep(heap, rh_array_new_capacity(heap, 0, 10));
    rh_heap_collect(heap);
    count(heap);
    assert_int_equal(counts.types[RH_TYPE_STRING].count, 2);
    assert_int_equal(counts.types[RH_TYPE_STRING].memsize, 40 + 40 + 101);
    assert_int_equal(counts.types[RH_TYPE_ARRAY].count, 1);
    assert_int_equal(counts.types[RH_TYPE_ARRAY].memsize, 40 + 80);
    assert_int_equal(counts.memsize, 80 + 101 + 120);
    objects_close(&world);
}

static void
an_empty_heap_has_nothing_to_count(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    count(world.heap);
    assert_int_equal(counts.total_slots, 0);
    assert_int_equal(counts.memsize, 0);
    check_close(&world);
}

static void
counts_follow_the_heap(void **state)
{
    struct check_world world;
    struct node *keep;

    (void)state;
    check_open(&world);
    keep = check_list(world.heap, 30);
    check_root(world.heap, &keep);
    check_waste(world.heap, 5000);
    check_buffer(world.heap, 600);
    count(world.heap);
    rh_heap_collect(world.heap);
    count(world.heap);
    assert_string_equal(counts.types[0].type, "NODE");
    assert_int_equal(counts.types[0].count, 30);
    assert_int_equal(counts.types[0].memsize, 30 * 40);
    check_waste(world.heap, 1);
    count(world.heap);
    assert_int_equal(counts.types[0].count, 31);
    check_close(&world);
}

static const struct rh_model silent_model = { .name = "silent" };

static void
objects_that_nobody_describes_are_data(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.model = &silent_model;
    check_make(&world);
    for (int i = 0; i < 7; i++)
        assert_non_null(rh_heap_alloc(world.heap));
    count(world.heap);
    assert_string_equal(counts.types[0].type, "DATA");
    assert_int_equal(counts.types[0].count, 7);
    assert_int_equal(counts.memsize, 7 * 40);
    check_close(&world);
}

static void
describe_wildly(struct rh_heap *heap, const void *object,
                struct rh_description *description)
{
    (void)heap, (void)object;
    description->type_code = 64;
}

static const struct rh_model wild_model = {
    .name = "wild",
    .describe = describe_wildly,
};

static void
a_type_code_that_is_too_high_panics(void **state)
{
    static struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.model = &wild_model;
    check_make(&world);
    assert_non_null(rh_heap_alloc(world.heap));
    check_panics("type code above 63", rh_count_objects(world.heap, &counts));
    check_abandon(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(every_type_is_counted_under_its_name),
        objects_test(memory_outside_the_slots_belongs_to_the_type),
        cmocka_unit_test(an_empty_heap_has_nothing_to_count),
        cmocka_unit_test(counts_follow_the_heap),
        cmocka_unit_test(objects_that_nobody_describes_are_data),
        cmocka_unit_test(a_type_code_that_is_too_high_panics),
    };

    return cmocka_run_group_tests_name("count", tests, NULL, NULL);
}
