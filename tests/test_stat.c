// SPDX-License-Identifier: MIT
// Numbers about a heap.
#include "check.h"

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

// Every key of GC.stat in CRuby 3.1, in its order.
static const char *const cruby_keys[] = {
    "count",
    "time",
    "heap_allocated_pages",
    "heap_sorted_length",
    "heap_allocatable_pages",
    "heap_available_slots",
    "heap_live_slots",
    "heap_free_slots",
    "heap_final_slots",
    "heap_marked_slots",
    "heap_eden_pages",
    "heap_tomb_pages",
    "total_allocated_pages",
    "total_freed_pages",
    "total_allocated_objects",
    "total_freed_objects",
    "malloc_increase_bytes",
    "malloc_increase_bytes_limit",
    "minor_gc_count",
    "major_gc_count",
    "compact_count",
    "read_barrier_faults",
    "total_moved_objects",
    "remembered_wb_unprotected_objects",
    "remembered_wb_unprotected_objects_limit",
    "old_objects",
    "old_objects_limit",
    "oldmalloc_increase_bytes",
    "oldmalloc_increase_bytes_limit",
};

static void
every_key_of_cruby_can_be_asked_for(void **state)
{
    struct check_world world;
    uint64_t value;

    (void)state;
    check_open(&world);
    for (size_t n = 0; n < CHECK_COUNT(cruby_keys); n++) {
        assert_string_equal(rh_stat_name(n), cruby_keys[n]);
        assert_int_equal(rh_stat_get(world.heap, cruby_keys[n], &value), RH_OK);
    }
    check_close(&world);
}

static void
own_keys_begin_with_x(void **state)
{
    size_t n = CHECK_COUNT(cruby_keys);

    (void)state;
    for (; rh_stat_name(n); n++)
        assert_memory_equal(rh_stat_name(n), "x_", 2);
    assert_int_equal(sizeof(struct rh_stat),
                     sizeof(size_t) + n * sizeof(uint64_t));
    assert_null(rh_stat_name(n));
    assert_null(rh_stat_name(SIZE_MAX));
}

static void
names_and_fields_are_the_same_numbers(void **state)
{
    struct check_world world;
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    uint64_t fields[sizeof stat / sizeof(uint64_t)];

    (void)state;
    check_open(&world);
    check_buffer(world.heap, 1000);
    rh_heap_collect(world.heap);
    check_waste(world.heap, 10);

    rh_heap_stat(world.heap, &stat);

    memcpy(fields, (char *)&stat + sizeof(size_t),
           sizeof stat - sizeof(size_t));
    for (size_t n = 0; rh_stat_name(n); n++)
        assert_int_equal(check_stat(world.heap, rh_stat_name(n)), fields[n]);
    check_close(&world);
}

static void
an_unknown_name_is_not_found(void **state)
{
    struct check_world world;
    uint64_t value = 42;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_stat_get(world.heap, "counts", &value), RH_NOT_FOUND);
    assert_int_equal(rh_stat_get(world.heap, "", &value), RH_NOT_FOUND);
    assert_int_equal(rh_stat_get(world.heap, "struct_bytes", &value),
                     RH_NOT_FOUND);
    assert_int_equal(value, 42);
    check_close(&world);
}

static void
an_older_program_gets_the_fields_it_knows(void **state)
{
    struct check_world world;
    union {
        struct rh_stat stat;
        unsigned char bytes[sizeof(struct rh_stat)];
    } older;
    size_t known = offsetof(struct rh_stat, heap_live_slots) + 8;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 7);
    memset(&older, 0xee, sizeof older);
    older.stat.struct_bytes = known;

    rh_heap_stat(world.heap, &older.stat);

    assert_int_equal(older.stat.struct_bytes, known);
    assert_int_equal(older.stat.heap_live_slots, 7);
    for (size_t i = known; i < sizeof older; i++)
        assert_int_equal(older.bytes[i], 0xee);
    check_close(&world);
}

static void
a_newer_program_learns_what_the_library_knows(void **state)
{
    struct check_world world;
    struct {
        struct rh_stat stat;
        uint64_t future[4];
    } newer;

    (void)state;
    check_open(&world);
    memset(&newer, 0xee, sizeof newer);
    newer.stat.struct_bytes = sizeof newer;

    rh_heap_stat(world.heap, &newer.stat);

    assert_int_equal(newer.stat.struct_bytes, sizeof newer.stat);
    for (size_t i = 0; i < CHECK_COUNT(newer.future); i++)
        assert_true(newer.future[i] == UINT64_C(0xeeeeeeeeeeeeeeee));
    check_close(&world);
}

static void
asking_changes_nothing(void **state)
{
    struct check_world world;
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    struct rh_shape shape = { .struct_bytes = sizeof shape };
    struct rh_fast before;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 7);
    before = *rh_heap_fast(world.heap);
    check_fail_at(&world.faults, 0);

    rh_heap_stat(world.heap, &stat);
    rh_heap_shape(world.heap, &shape);
    (void)rh_heap_is_due(world.heap);

    assert_memory_equal(rh_heap_fast(world.heap), &before, sizeof before);
    assert_int_equal(world.faults.calls, 0);
    check_close(&world);
}

static void
a_verified_heap_is_as_it_was(void **state)
{
    struct check_world world;
    struct rh_fast before;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 7);
    before = *rh_heap_fast(world.heap);
    check_fail_at(&world.faults, 0);

    assert_int_equal(rh_heap_verify(world.heap, NULL), RH_OK);

    assert_memory_equal(rh_heap_fast(world.heap), &before, sizeof before);
    assert_int_equal(world.faults.calls, 0);
    check_close(&world);
}

// The numbers themselves.

static void
collections_are_all_major_ones(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    for (uint64_t n = 1; n <= 4; n++) {
        rh_heap_collect(world.heap);
        assert_int_equal(check_stat(world.heap, "count"), n);
        assert_int_equal(check_stat(world.heap, "major_gc_count"), n);
        assert_int_equal(check_stat(world.heap, "minor_gc_count"), 0);
    }
    while (check_stat(world.heap, "x_collection_ns") < 2000000)
        rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "time"),
                     check_stat(world.heap, "x_collection_ns") / 1000000);
    assert_int_equal(check_stat(world.heap, "x_emergency_count"), 0);
    check_close(&world);
}

static void
survivors_are_old(void **state)
{
    struct check_world world;
    struct node *keep;

    (void)state;
    check_open(&world);
    keep = check_list(world.heap, 33);
    check_root(world.heap, &keep);
    assert_int_equal(check_stat(world.heap, "old_objects"), 0);

    rh_heap_collect(world.heap);
    check_waste(world.heap, 5);

    assert_int_equal(check_stat(world.heap, "old_objects"), 33);
    assert_int_equal(check_stat(world.heap, "heap_marked_slots"), 33);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 38);
    check_close(&world);
}

static void
bytes_of_pages_and_tables_are_told(void **state)
{
    struct check_world world;
    uint64_t pages;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 100);
    pages = check_stat(world.heap, "heap_allocated_pages");

    assert_int_equal(check_stat(world.heap, "x_page_span"), pages);
    assert_int_equal(check_stat(world.heap, "x_body_bytes") % pages, 0);
    assert_in_range(check_stat(world.heap, "x_body_bytes") / pages,
                    slots_per_page(&world) * 40,
                    slots_per_page(&world) * 40 + 1024);
    assert_in_range(check_stat(world.heap, "x_table_bytes"), 1,
                    world.memory.committed);
    check_close(&world);
}

// What CRuby tests of its own: pages that may still be made.
static void
allocatable_pages_are_those_below_the_capacity(void **state)
{
    struct check_world world;
    struct node *keep;
    uint64_t pages;

    (void)state;
    check_open(&world);
    assert_int_equal(check_stat(world.heap, "heap_allocatable_pages"), 0);
    keep = check_list(world.heap, 3 * 10000);
    check_root(world.heap, &keep);

    rh_heap_collect(world.heap);

    // Twice what is alive, less what is there.
    pages = check_stat(world.heap, "heap_allocated_pages");
    assert_int_equal(check_stat(world.heap, "heap_allocatable_pages"),
                     60000 / slots_per_page(&world) - pages);
    check_close(&world);
}

// Identities, after every operation of a random run; check_heap() has them.
static void
the_identities_hold_after_every_operation(void **state)
{
    enum {
        ROOTS = 16,
        STEPS = 3000
    };
    struct check_world world;
    struct node *roots[ROOTS] = { NULL };
    uint64_t seed = check_seed();

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 500;
    check_make(&world);
    assert_int_equal(rh_root_add_range(world.heap, NULL, roots, ROOTS), RH_OK);
    for (int step = 0; step < STEPS; step++) {
        struct node **root = &roots[check_random_below(&seed, ROOTS)];

        switch (check_random_below(&seed, 12)) {
        case 0:
            *root = NULL;
            break;
        case 1:
            rh_heap_collect(world.heap);
            break;
        case 2:
            rh_trim_now(world.heap, RH_TRIM_PAGES);
            break;
        case 3:
            check_waste(world.heap, check_random_below(&seed, 1000));
            break;
        case 4:
            *root = check_buffer(world.heap, check_random_below(&seed, 5000));
            break;
        default:
            *root = check_list(world.heap, check_random_below(&seed, 100));
        }
        check_heap(world.heap);
    }
    check_close(&world);
}

static size_t heard;

static void
check_identities_inside(struct rh_heap *heap, const struct rh_event *event,
                        void *context)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    (void)event, (void)context;
    rh_heap_stat(heap, &stat);
    assert_int_equal(stat.heap_available_slots, stat.heap_live_slots +
                                                    stat.heap_free_slots +
                                                    stat.heap_final_slots);
    assert_int_equal(stat.heap_live_slots, stat.total_allocated_objects -
                                               stat.total_freed_objects -
                                               stat.heap_final_slots);
    assert_int_equal(stat.heap_allocated_pages,
                     stat.heap_eden_pages + stat.heap_tomb_pages);
    assert_int_equal(stat.total_allocated_pages,
                     stat.heap_allocated_pages + stat.total_freed_pages);
    assert_true(stat.heap_live_slots <= stat.heap_available_slots);
    heard++;
}

static void
the_identities_hold_in_the_middle_of_everything(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    heard = 0;
    assert_int_equal(
        rh_event_listen(world.heap, ~0u, check_identities_inside, NULL), RH_OK);

    check_waste(world.heap, 3000);
    rh_heap_collect(world.heap);
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    check_waste(world.heap, 1000);

    assert_true(heard > 7000);
    check_close(&world);
}

// The shape.

static struct rh_shape
shape_of(const struct check_world *world)
{
    struct rh_shape shape = { .struct_bytes = sizeof shape };

    rh_heap_shape(world->heap, &shape);
    assert_int_equal(shape.struct_bytes, sizeof shape);
    return shape;
}

static size_t
pages_in(const struct rh_shape *shape)
{
    size_t pages = 0;

    for (size_t n = 0; n < RH_HISTOGRAM_CLASSES; n++)
        pages += shape->histogram[n];
    return pages;
}

static void
the_histogram_counts_every_page_once(void **state)
{
    struct check_world world;
    size_t slots;
    struct rh_shape shape;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    slots = slots_per_page(&world);
    for (size_t live = 1; live <= slots; live++) {
        size_t wanted = live == 1               ? 1
                        : live == 2             ? 2
                        : live == slots         ? 8
                        : live <= 8             ? 3
                        : live * 4 <= slots     ? 4
                        : live * 2 <= slots     ? 5
                        : live * 4 <= slots * 3 ? 6
                                                : 7;

        check_waste(world.heap, 1);
        shape = shape_of(&world);
        assert_int_equal(pages_in(&shape), 1);
        assert_int_equal(shape.histogram[wanted], 1);
    }
    rh_heap_collect(world.heap);
    shape = shape_of(&world);
    assert_int_equal(shape.histogram[0], 1);
    check_close(&world);
}

static void
slot_fragmentation_is_the_free_share_of_eden(void **state)
{
    struct check_world world;
    size_t slots;
    struct rh_shape shape;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    assert_true(shape_of(&world).slot == 0);
    slots = slots_per_page(&world);

    check_waste(world.heap, slots / 4);

    shape = shape_of(&world);
    assert_true(shape.slot > 0.749 && shape.slot < 0.751);
    check_waste(world.heap, slots - slots / 4);
    assert_true(shape_of(&world).slot == 0);
    assert_int_equal(shape_of(&world).span, 1);
    check_close(&world);
}

static size_t
rounded_usable(void *context, const void *block, size_t bytes)
{
    (void)context, (void)block;
    return (bytes + 15) & ~(size_t)15;
}

static void
internal_fragmentation_is_what_the_allocator_rounds_up(void **state)
{
    struct check_world world;
    struct rh_shape shape;

    (void)state;
    check_prepare(&world);
    world.config.allocator.usable = rounded_usable;
    check_make(&world);
    check_buffer(world.heap, 1);
    check_buffer(world.heap, 32);
    check_buffer(world.heap, 45);

    shape = shape_of(&world);

    assert_true(shape.internal == 15 + 0 + 3);
    assert_true(shape.external < 0); // cannot be measured
    check_close(&world);
}

static void
an_older_program_gets_the_shape_it_knows(void **state)
{
    struct check_world world;
    struct rh_shape shape;

    (void)state;
    check_open(&world);
    memset(&shape, 0xee, sizeof shape);
    shape.struct_bytes = offsetof(struct rh_shape, span);

    rh_heap_shape(world.heap, &shape);

    assert_int_equal(shape.struct_bytes, offsetof(struct rh_shape, span));
    assert_true(shape.span == (size_t)UINT64_C(0xeeeeeeeeeeeeeeee));
    check_close(&world);
}

static void
every_class_of_the_histogram_has_a_name(void **state)
{
    static const char *const names[] = { "0",   "1",   "2",     "3-8", "1/4",
                                         "1/2", "3/4", "<full", "full" };

    (void)state;
    for (size_t n = 0; n < RH_HISTOGRAM_CLASSES; n++)
        assert_string_equal(rh_histogram_name(n), names[n]);
    assert_null(rh_histogram_name(RH_HISTOGRAM_CLASSES));
}

static void
an_object_is_as_large_as_slot_and_buffer(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_int_equal(
        rh_heap_memsize(world.heap, check_node(world.heap, NULL, NULL)), 40);
    assert_int_equal(
        rh_heap_memsize(world.heap, check_buffer(world.heap, 1000)), 1040);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_cruby_can_be_asked_for),
        cmocka_unit_test(own_keys_begin_with_x),
        cmocka_unit_test(names_and_fields_are_the_same_numbers),
        cmocka_unit_test(an_unknown_name_is_not_found),
        cmocka_unit_test(an_older_program_gets_the_fields_it_knows),
        cmocka_unit_test(a_newer_program_learns_what_the_library_knows),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(a_verified_heap_is_as_it_was),
        cmocka_unit_test(collections_are_all_major_ones),
        cmocka_unit_test(survivors_are_old),
        cmocka_unit_test(bytes_of_pages_and_tables_are_told),
        cmocka_unit_test(allocatable_pages_are_those_below_the_capacity),
        cmocka_unit_test(the_identities_hold_after_every_operation),
        cmocka_unit_test(the_identities_hold_in_the_middle_of_everything),
        cmocka_unit_test(the_histogram_counts_every_page_once),
        cmocka_unit_test(slot_fragmentation_is_the_free_share_of_eden),
        cmocka_unit_test(
            internal_fragmentation_is_what_the_allocator_rounds_up),
        cmocka_unit_test(an_older_program_gets_the_shape_it_knows),
        cmocka_unit_test(every_class_of_the_histogram_has_a_name),
        cmocka_unit_test(an_object_is_as_large_as_slot_and_buffer),
    };

    return cmocka_run_group_tests_name("stat", tests, NULL, NULL);
}
