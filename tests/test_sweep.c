// SPDX-License-Identifier: MIT
// Burying what was not found: by bits, without looking at it.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "poison.h"

#include <sys/mman.h>

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

// Bodies from a whole OS page above `object` to the top.
static struct check_range
bodies_above(const struct check_world *world, const void *object)
{
    const struct rhi_region *region = &world->heap->region;
    uintptr_t first = rhi_round_up((uintptr_t)object, 65536);
    uintptr_t end = region->base + (region->top << RHI_PAGE_LOG);

    first = rhi_round_up(first, region->os_page);
    end = rhi_round_down(end, region->os_page);
    assert_true(first < end);
    return (struct check_range){ (char *)first, end - first };
}

static void
forbid(struct check_range range)
{
    assert_int_equal(mprotect(range.address, range.bytes, PROT_NONE), 0);
}

static void
permit(struct check_range range)
{
    assert_int_equal(
        mprotect(range.address, range.bytes, PROT_READ | PROT_WRITE), 0);
    rhi_poison_defined(range.address, range.bytes);
}

static void
a_collection_touches_no_page_of_plain_dead_objects(void **state)
{
    struct check_world world;
    struct check_range dead;
    struct node *keep;

    (void)state;
    check_open(&world);
    rh_heap_disable(world.heap);
    keep = check_list(world.heap, 100);
    check_root(world.heap, &keep);
    check_waste(world.heap, 100000);
    rhi_mutator_flush(&world.heap->mutator);
    dead = bodies_above(&world, keep);

    forbid(dead); // any touch would be fatal
    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);
    permit(dead);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 100);
    assert_int_equal(check_stat(world.heap, "total_freed_objects"), 100000);
    check_heap(world.heap);
    check_close(&world);
}

static void
counting_and_looking_touch_no_body(void **state)
{
    struct check_world world;
    struct check_range bodies;
    struct rh_shape shape = { .struct_bytes = sizeof shape };
    struct rh_page_view view;
    struct node *node;

    (void)state;
    check_open(&world);
    rh_heap_disable(world.heap);
    node = check_node(world.heap, NULL, NULL);
    check_waste(world.heap, 100000);
    rhi_mutator_flush(&world.heap->mutator);
    bodies = bodies_above(&world, node);

    forbid(bodies);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 100001);
    rh_heap_shape(world.heap, &shape);
    for (size_t page = 0; page < world.heap->region.top; page++)
        assert_int_equal(rh_page_look(world.heap, page, &view), RH_OK);
    assert_true(rh_heap_is_live(world.heap,
                                (uintptr_t)bodies.address + RHI_HEADER_BYTES));
    permit(bodies);

    check_close(&world);
}

// Only slots with something to release are visited.

static size_t visits;
static uintptr_t visited[8];

static void
note_release(struct rh_heap *heap, void *object)
{
    (void)heap;
    assert_true(visits < CHECK_COUNT(visited));
    visited[visits++] = (uintptr_t)object;
}

static void
release_is_called_in_address_order_and_for_nobody_else(void **state)
{
    struct check_world world;
    struct rh_model model = check_node_model;
    uintptr_t attached[5];

    (void)state;
    check_prepare(&world);
    model.release = note_release;
    world.config.model = &model;
    check_make(&world);
    visits = 0;
    for (size_t i = 0; i < CHECK_COUNT(attached); i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        attached[i] = (uintptr_t)node;
        rh_external_attach(world.heap, node);
        check_waste(world.heap, slots_per_page(&world) / 2 + 3);
    }

    rh_heap_collect(world.heap);

    assert_int_equal(visits, CHECK_COUNT(attached));
    assert_memory_equal(visited, attached, sizeof attached);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_dead_object_can_be_read_while_it_is_released(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 1000; i++)
        check_buffer(world.heap, i);

    rh_heap_collect(world.heap); // node_release reads buffer and size

    assert_int_equal(world.released, 1000);
    assert_int_equal(check_stat(world.heap, "x_external_blocks"), 0);
    check_heap(world.heap);
    check_close(&world);
}

// Lines that need no change are not written: the kernel would copy them in a
// forked child.
static void
a_collection_of_survivors_writes_no_allocated_bits(void **state)
{
    struct check_world world;
    struct node *keep;
    struct rhi_region *region;
    char *line;
    size_t bytes;

    (void)state;
    check_open(&world);
    region = &world.heap->region;
    keep = check_list(world.heap, 200 * slots_per_page(&world));
    check_root(world.heap, &keep);
    rh_heap_collect(world.heap);
    rhi_mutator_flush(&world.heap->mutator);
    // Whole OS pages of the plane, of pages that are full of survivors.
    line = (char *)rhi_round_up((uintptr_t)region->plane[RHI_ALLOCATED],
                                region->os_page);
    bytes = rhi_round_down(150 * sizeof(rhi_line), region->os_page);
    assert_true(bytes > 0);

    assert_int_equal(mprotect(line, bytes, PROT_READ), 0);
    rh_heap_collect(world.heap);
    assert_int_equal(mprotect(line, bytes, PROT_READ | PROT_WRITE), 0);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"),
                     200 * slots_per_page(&world));
    check_close(&world);
}

static void
bodies_of_survivors_are_not_written(void **state)
{
    struct check_world world;
    struct node *keep;
    struct check_range bodies;

    (void)state;
    check_open(&world);
    keep = check_list(world.heap, 100 * slots_per_page(&world));
    check_root(world.heap, &keep);
    rhi_mutator_flush(&world.heap->mutator);
    bodies = bodies_above(&world, (void *)world.heap->region.base);

    assert_int_equal(mprotect(bodies.address, bodies.bytes, PROT_READ), 0);
    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);
    assert_int_equal(
        mprotect(bodies.address, bodies.bytes, PROT_READ | PROT_WRITE), 0);

    assert_int_equal(check_list_length(keep), 100 * slots_per_page(&world));
    check_close(&world);
}

static void
live_counts_are_exact_after_a_sweep(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    uint64_t seed = 4;
    size_t kept = 0, counted = 0;

    (void)state;
    check_open(&world);
    check_root(world.heap, &keep);
    for (size_t i = 0; i < 20000; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        if (check_random_below(&seed, 5) == 0) {
            node->right = keep;
            keep = node;
            kept++;
        }
    }

    rh_heap_collect(world.heap);

    for (size_t page = 0; page < world.heap->region.top; page++)
        counted += world.heap->region.live[page];
    assert_int_equal(counted, kept);
    assert_int_equal(world.heap->sweep.freed_total, 20000 - kept);
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_touches_no_page_of_plain_dead_objects),
        cmocka_unit_test(counting_and_looking_touch_no_body),
        cmocka_unit_test(
            release_is_called_in_address_order_and_for_nobody_else),
        cmocka_unit_test(a_dead_object_can_be_read_while_it_is_released),
        cmocka_unit_test(a_collection_of_survivors_writes_no_allocated_bits),
        cmocka_unit_test(bodies_of_survivors_are_not_written),
        cmocka_unit_test(live_counts_are_exact_after_a_sweep),
    };

    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
