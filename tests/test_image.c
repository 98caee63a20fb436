// SPDX-License-Identifier: MIT
// Building a heap with every object where it is said to be.
#include "check.h"

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

static void
open_empty(struct check_world *world)
{
    check_prepare(world);
    world->config.initial_slots = 0;
    world->config.region_bytes = 16 << 20;
    check_make(world);
}

static struct node *
place(struct check_world *world, size_t page, size_t slot)
{
    struct rh_position position = { page, slot };
    enum rh_status status = RH_BROKEN;
    struct node *node = rh_image_place(world->heap, position, &status);

    assert_int_equal(status, RH_OK);
    assert_non_null(node);
    assert_int_equal(rh_heap_position(world->heap, node).page, page);
    assert_int_equal(rh_heap_position(world->heap, node).slot, slot);
    node->tag = NODE;
    return node;
}

static enum rh_status
refused(struct check_world *world, size_t page, size_t slot)
{
    struct rh_position position = { page, slot };
    enum rh_status status = RH_OK;

    assert_null(rh_image_place(world->heap, position, &status));
    assert_null(rh_image_place(world->heap, position, NULL));
    return status;
}

static void
objects_stand_where_they_were_placed(void **state)
{
    struct check_world world;
    struct node *a, *b, *c;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    a = place(&world, 3, 7);
    b = place(&world, 0, 0);
    c = place(&world, 3, slots_per_page(&world) - 1);
    a->left = b;
    a->right = c;
    rh_image_end(world.heap);
    check_heap(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 2);
    assert_int_equal(check_stat(world.heap, "x_page_span"), 4);
    check_root(world.heap, &a);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    check_close(&world);
}

static void
a_placed_slot_is_filled_with_zeros(void **state)
{
    struct check_world world;
    static const char zeros[40];
    struct rh_position position = { 0, 5 };

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 3 * slots_per_page(&world); i++)
        memset(rh_heap_alloc(world.heap), 0xff, 40);
    rh_heap_collect(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);

    assert_memory_equal(rh_image_place(world.heap, position, NULL), zeros, 40);

    rh_image_end(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_place_is_taken_once(void **state)
{
    struct check_world world;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    place(&world, 1, 1);

    assert_int_equal(refused(&world, 1, 1), RH_OCCUPIED);
    place(&world, 1, 2);

    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 2);
    check_close(&world);
}

static void
places_outside_are_refused(void **state)
{
    struct check_world world;
    size_t pages;

    (void)state;
    open_empty(&world);
    pages = rh_heap_max_pages(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);

    assert_int_equal(refused(&world, 0, slots_per_page(&world)),
                     RH_BAD_ARGUMENT);
    assert_int_equal(refused(&world, 0, SIZE_MAX), RH_BAD_ARGUMENT);
    assert_int_equal(refused(&world, pages, 0), RH_BAD_ARGUMENT);
    assert_int_equal(refused(&world, SIZE_MAX, 0), RH_BAD_ARGUMENT);
    assert_int_equal(rh_image_page(world.heap, pages), RH_BAD_ARGUMENT);
    assert_int_equal(rh_image_page(world.heap, SIZE_MAX), RH_BAD_ARGUMENT);

    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 0);
    check_close(&world);
}

static void
the_highest_page_can_be_placed_on(void **state)
{
    struct check_world world;
    size_t pages;

    (void)state;
    open_empty(&world);
    pages = rh_heap_max_pages(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);

    place(&world, pages - 1, 0);

    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_sorted_length"), pages);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 1);
    check_waste(world.heap, 2 * slots_per_page(&world));
    check_heap(world.heap);
    check_close(&world);
}

static void
a_place_without_memory_is_refused(void **state)
{
    struct check_world world;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    world.memory.refuse_commit = true;
    assert_int_equal(refused(&world, 10, 0), RH_NO_MEMORY);
    assert_int_equal(rh_image_page(world.heap, 10), RH_NO_MEMORY);

    world.memory.refuse_commit = false;
    place(&world, 10, 0);

    rh_image_end(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
an_image_begins_in_an_empty_heap_only(void **state)
{
    struct check_world world;

    (void)state;
    open_empty(&world);
    check_waste(world.heap, 1);
    assert_int_equal(rh_image_begin(world.heap), RH_BUSY);
    rh_heap_collect(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    assert_int_equal(rh_image_begin(world.heap), RH_BUSY);

    rh_image_end(world.heap);

    check_heap(world.heap);
    check_close(&world);
}

static enum rh_status begun;

static bool
begin_inside(struct rh_heap *heap, const struct rh_page_view *view,
             void *context)
{
    (void)view, (void)context;
    begun = rh_image_begin(heap);
    return true;
}

static void
an_image_does_not_begin_during_a_walk(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_walk_pages(world.heap, begin_inside, NULL), RH_OK);

    assert_int_equal(begun, RH_BUSY);
    check_heap(world.heap);
    check_close(&world);
}

static void
while_an_image_is_built_nothing_else_goes(void **state)
{
    struct check_world world;
    struct rh_fast *fast;

    (void)state;
    check_open(&world);
    fast = rh_heap_fast(world.heap);
    check_waste(world.heap, 5);
    rh_heap_collect(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);

    check_panics("rh_image_begin", (void)rh_heap_alloc(world.heap));
    check_panics("rh_image_begin", (void)rh_fast_alloc(world.heap, fast, 40));
    check_panics("image", rh_heap_collect(world.heap));
    rh_heap_safepoint(world.heap);
    assert_false(rh_heap_is_due(world.heap));
    assert_int_equal(rh_heap_verify(world.heap, NULL), RH_BUSY);

    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "count"), 1);
    check_close(&world);
}

static void
placing_outside_of_an_image_panics(void **state)
{
    struct check_world world;
    struct rh_position position = { 0, 0 };

    (void)state;
    open_empty(&world);

    check_panics("no image", (void)rh_image_place(world.heap, position, NULL));
    check_panics("no image",
                 assert_int_equal(rh_image_page(world.heap, 0), RH_OK));
    check_panics("no image", rh_image_end(world.heap));
    check_heap(world.heap);
    check_close(&world);
}

static void
a_page_without_objects_holds_free_slots(void **state)
{
    struct check_world world;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    assert_int_equal(rh_image_page(world.heap, 2), RH_OK);
    assert_int_equal(rh_image_page(world.heap, 2), RH_OK);
    rh_image_end(world.heap);
    check_heap(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 1);
    assert_int_equal(check_stat(world.heap, "heap_free_slots"),
                     slots_per_page(&world));
    assert_int_equal(
        rh_heap_position(world.heap, check_node(world.heap, NULL, NULL)).page,
        2);
    check_close(&world);
}

static void
an_image_in_a_heap_that_has_pages_uses_them(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 100);
    rh_heap_collect(world.heap); // all pages are in the tomb
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    node = place(&world, 3, 3);
    node->bytes = 12345;

    // Nobody may mistake its page for an empty one.
    rh_trim_now(world.heap, RH_TRIM_PAGES);

    assert_int_equal(node->bytes, 12345);
    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)node));
    check_close(&world);
}

static void
a_built_heap_goes_on_as_any_other(void **state)
{
    struct check_world world;
    struct node *list = NULL;
    uint64_t seed = check_seed();
    size_t placed = 0;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    for (size_t i = 0; i < 5000; i++) {
        struct rh_position position = { check_random_below(&seed, 40),
                                        check_random_below(
                                            &seed, slots_per_page(&world)) };
        struct node *node = rh_image_place(world.heap, position, NULL);

        if (!node)
            continue;
        node->tag = NODE;
        node->right = list;
        list = node;
        placed++;
    }
    rh_image_end(world.heap);
    check_heap(world.heap);
    check_root(world.heap, &list);

    for (int round = 0; round < 5; round++) {
        check_waste(world.heap, 3000);
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(check_list_length(list), placed);
    }
    list = NULL;
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_collection_is_not_due_because_an_image_was_loaded(void **state)
{
    struct check_world world;
    size_t pages = 5;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    for (size_t page = 0; page < pages; page++)
        for (size_t slot = 0; slot < slots_per_page(&world); slot++)
            place(&world, page, slot);
    rh_image_end(world.heap);
    assert_false(rh_heap_is_due(world.heap));

    check_waste(world.heap, pages * slots_per_page(&world));

    assert_int_equal(check_stat(world.heap, "count"), 0);
    check_waste(world.heap, 1);
    assert_int_equal(check_stat(world.heap, "count"), 1);
    check_close(&world);
}

static void
a_heap_may_be_freed_while_an_image_is_built(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    open_empty(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    node = place(&world, 1, 1);
    node->buffer = rh_external_malloc(world.heap, 10);
    node->bytes = 10;
    rh_external_attach(world.heap, node);

    check_close(&world);

    assert_int_equal(world.released, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_stand_where_they_were_placed),
        cmocka_unit_test(a_placed_slot_is_filled_with_zeros),
        cmocka_unit_test(a_place_is_taken_once),
        cmocka_unit_test(places_outside_are_refused),
        cmocka_unit_test(the_highest_page_can_be_placed_on),
        cmocka_unit_test(a_place_without_memory_is_refused),
        cmocka_unit_test(an_image_begins_in_an_empty_heap_only),
        cmocka_unit_test(an_image_does_not_begin_during_a_walk),
        cmocka_unit_test(while_an_image_is_built_nothing_else_goes),
        cmocka_unit_test(placing_outside_of_an_image_panics),
        cmocka_unit_test(a_page_without_objects_holds_free_slots),
        cmocka_unit_test(an_image_in_a_heap_that_has_pages_uses_them),
        cmocka_unit_test(a_built_heap_goes_on_as_any_other),
        cmocka_unit_test(a_collection_is_not_due_because_an_image_was_loaded),
        cmocka_unit_test(a_heap_may_be_freed_while_an_image_is_built),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
