// SPDX-License-Identifier: MIT
// The cursor: in which order slots are handed out, and how they are counted.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "poison.h"

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

// Take `page` with the given slots allocated; they are plain garbage.
static void
take_page_with(struct check_world *world, size_t page,
               bool (*is_allocated)(uint32_t slot))
{
    struct rh_heap *heap = world->heap;
    uint32_t slots = heap->space.shape.slots;

    rhi_mutator_flush(&heap->mutator);
    for (uint32_t slot = 0; slot < slots; slot++)
        if (is_allocated(slot)) {
            char *object = rhi_page_slot(&heap->region, page, slot);

            rhi_poison_undefined(object, 40);
            memset(object, 0, 40);
            rhi_bit_set(heap->region.plane[RHI_ALLOCATED][page], slot);
            heap->region.live[page]++;
            heap->mutator.handed_out++;
        }
    rhi_space_file(&heap->space, page);
    check_heap(heap);
    rhi_mutator_take(&heap->mutator, page);
    check_heap(heap);
}

static bool
none(uint32_t slot)
{
    (void)slot;
    return false;
}

static bool
every_second(uint32_t slot)
{
    return slot % 2 == 0;
}

static bool
all_but_some(uint32_t slot)
{
    return slot % 7 != 3 && slot % 7 != 4;
}

// Allocate until the page is used up: just the free slots, in address order.
static void
expect_free_slots_in_order(struct check_world *world, size_t page,
                           bool (*is_allocated)(uint32_t slot))
{
    struct rh_heap *heap = world->heap;

    for (uint32_t slot = 0; slot < heap->space.shape.slots; slot++) {
        if (is_allocated(slot))
            continue;
        assert_ptr_equal(rh_heap_alloc(heap),
                         rhi_page_slot(&heap->region, page, slot));
        check_heap(heap);
    }
    assert_null(rhi_mutator_bump(&heap->mutator));
    rhi_mutator_arm(&heap->mutator);
}

static void
a_fresh_page_is_handed_out_from_its_first_slot_to_its_last(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    take_page_with(&world, 2, none);

    assert_null(world.heap->mutator.next_run);
    expect_free_slots_in_order(&world, 2, none);
    check_close(&world);
}

static void
runs_of_one_are_handed_out_in_order(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    take_page_with(&world, 1, every_second);

    expect_free_slots_in_order(&world, 1, every_second);
    check_close(&world);
}

static void
runs_between_objects_are_handed_out_in_order(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    take_page_with(&world, 0, all_but_some);

    expect_free_slots_in_order(&world, 0, all_but_some);
    check_close(&world);
}

static void
taking_a_page_sets_all_its_bits_at_once(void **state)
{
    struct check_world world;
    struct rh_heap *heap;

    (void)state;
    check_open(&world);
    heap = world.heap;

    take_page_with(&world, 0, every_second);

    assert_int_equal(rhi_line_count(heap->region.plane[RHI_ALLOCATED][0]),
                     slots_per_page(&world));
    assert_int_equal(heap->region.live[0], slots_per_page(&world));
    assert_int_equal(rhi_mutator_unused(&heap->mutator),
                     slots_per_page(&world) / 2);
    check_close(&world);
}

static void
flushing_gives_back_what_was_not_used(void **state)
{
    struct check_world world;
    struct rh_heap *heap;

    (void)state;
    check_open(&world);
    heap = world.heap;
    for (size_t used = 0; used <= slots_per_page(&world); used++) {
        take_page_with(&world, 0, none);
        check_waste(heap, used);
        assert_int_equal(rhi_mutator_unused(&heap->mutator),
                         slots_per_page(&world) - used);
        assert_int_equal(
            rhi_mutator_total(&heap->mutator) - heap->sweep.freed_total, used);

        rhi_mutator_flush(&heap->mutator);

        check_heap(heap);
        assert_int_equal(heap->region.live[0], used);
        assert_int_equal(rhi_line_count(heap->region.plane[RHI_ALLOCATED][0]),
                         used);
        assert_int_equal(rhi_mutator_unused(&heap->mutator), 0);
        assert_int_equal(rhi_heap_live(heap), used);
        rh_heap_collect(heap);
    }
    check_close(&world);
}

static void
flushing_twice_is_flushing_once(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 3);

    rhi_mutator_flush(&world.heap->mutator);
    rhi_mutator_flush(&world.heap->mutator);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    check_close(&world);
}

static void
a_slot_is_unused_until_the_cursor_has_passed_it(void **state)
{
    struct check_world world;
    struct rh_heap *heap;

    (void)state;
    check_open(&world);
    heap = world.heap;
    take_page_with(&world, 0, every_second);
    check_waste(heap, 3); // slots 1, 3 and 5

    for (uint32_t slot = 0; slot < heap->space.shape.slots; slot++) {
        uintptr_t address = (uintptr_t)rhi_page_slot(&heap->region, 0, slot);

        assert_int_equal(rhi_mutator_is_unused(&heap->mutator, address),
                         slot > 5 && slot % 2 == 1);
        assert_int_equal(rh_heap_is_live(heap, address),
                         slot <= 5 || slot % 2 == 0);
        assert_true(rh_heap_contains(heap, address));
    }
    check_close(&world);
}

static void
a_trap_sends_the_next_allocation_down_the_slow_road(void **state)
{
    struct check_world world;
    struct rh_fast *fast;

    (void)state;
    check_open(&world);
    fast = rh_heap_fast(world.heap);
    check_waste(world.heap, 1);

    rhi_mutator_set_trap(&world.heap->mutator, RHI_TRAP_EVENT);

    assert_ptr_equal(fast->limit, fast->next);
    check_waste(world.heap, 1);
    assert_ptr_equal(fast->limit, fast->next);
    rhi_mutator_clear_trap(&world.heap->mutator, RHI_TRAP_EVENT);
    if (!rhi_poison_is_on())
        assert_ptr_equal(fast->limit, world.heap->mutator.run_end);
    check_heap(world.heap);
    check_close(&world);
}

static void
traps_do_not_clear_each_other(void **state)
{
    struct check_world world;
    struct rh_mutator *mutator;

    (void)state;
    check_open(&world);
    mutator = &world.heap->mutator;
    check_waste(world.heap, 1);
    rhi_mutator_set_trap(mutator, RHI_TRAP_EVENT);
    rhi_mutator_set_trap(mutator, RHI_TRAP_DEBT);

    rhi_mutator_clear_trap(mutator, RHI_TRAP_EVENT);

    assert_ptr_equal(mutator->fast.limit, mutator->fast.next);
    assert_true(mutator->traps & RHI_TRAP_DEBT);
    rhi_mutator_clear_trap(mutator, RHI_TRAP_DEBT);
    check_close(&world);
}

static void
the_inline_road_and_the_slow_one_hand_out_the_same_slots(void **state)
{
    struct check_world world;
    struct rh_fast *fast;
    ptrdiff_t slots[2][50]; // distances from the region's base

    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        check_open(&world);
        fast = rh_heap_fast(world.heap);
        for (size_t i = 0; i < CHECK_COUNT(slots[0]); i++) {
            char *slot = slow ? rh_heap_alloc_slow(world.heap)
                              : rh_fast_alloc(world.heap, fast, 40);

            assert_non_null(slot);
            memset(slot, 0, 40);
            slots[slow][i] = slot - (char *)world.heap->region.base;
        }
        assert_int_equal(rhi_heap_live(world.heap), CHECK_COUNT(slots[0]));
        check_heap(world.heap);
        check_close(&world);
    }
    assert_memory_equal(slots[0], slots[1], sizeof slots[0]);
}

static void
only_one_page_may_be_taken(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 1);

    check_panics("SIZE_MAX", rhi_mutator_take(&world.heap->mutator, 5));

    check_heap(world.heap);
    check_close(&world);
}

static void
counting_is_exact_at_every_allocation(void **state)
{
    struct check_world world;
    size_t count = 0;

    (void)state;
    check_open(&world);
    while (count < 3 * slots_per_page(&world) + 5) {
        check_waste(world.heap, 1);
        count++;
        assert_int_equal(check_stat(world.heap, "total_allocated_objects"),
                         count);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), count);
    }
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_fresh_page_is_handed_out_from_its_first_slot_to_its_last),
        cmocka_unit_test(runs_of_one_are_handed_out_in_order),
        cmocka_unit_test(runs_between_objects_are_handed_out_in_order),
        cmocka_unit_test(taking_a_page_sets_all_its_bits_at_once),
        cmocka_unit_test(flushing_gives_back_what_was_not_used),
        cmocka_unit_test(flushing_twice_is_flushing_once),
        cmocka_unit_test(a_slot_is_unused_until_the_cursor_has_passed_it),
        cmocka_unit_test(a_trap_sends_the_next_allocation_down_the_slow_road),
        cmocka_unit_test(traps_do_not_clear_each_other),
        cmocka_unit_test(
            the_inline_road_and_the_slow_one_hand_out_the_same_slots),
        cmocka_unit_test(only_one_page_may_be_taken),
        cmocka_unit_test(counting_is_exact_at_every_allocation),
    };

    return cmocka_run_group_tests_name("mutator", tests, NULL, NULL);
}
