// SPDX-License-Identifier: MIT
// A heap as its user sees it: made, allocated from, collected, asked, freed.
#include "check.h"

#include <rheap/object.h>

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

static size_t
first_heap_pages(const struct check_world *world)
{
    return world->config.initial_slots / slots_per_page(world);
}

// Making one.

static void
a_first_heap_of_10000_slots_has_whole_pages_only(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"),
                     10000 / slots_per_page(&world));
    assert_int_equal(check_stat(world.heap, "heap_available_slots"),
                     10000 / slots_per_page(&world) * slots_per_page(&world));
    if (slots_per_page(&world) == 408) {
        assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 24);
        assert_int_equal(check_stat(world.heap, "heap_free_slots"), 9792);
    }
    check_close(&world);
}

static void
a_heap_asked_for_no_slots_has_no_page(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 0);
    rh_heap_collect(world.heap);
    check_heap(world.heap);

    check_waste(world.heap, 1);

    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
the_config_is_copied(void **state)
{
    struct check_world world;
    struct rh_config before;

    (void)state;
    check_open(&world);
    before = world.config;
    memset(&world.config, 0xff, sizeof world.config);

    check_waste(world.heap, 5 * slots_per_page(&world));
    rh_heap_collect(world.heap);
    check_heap(world.heap);

    assert_memory_equal(rh_heap_config(world.heap), &before, sizeof before);
    check_close(&world);
}

static void
a_heap_answers_what_it_was_made_with(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_ptr_equal(rh_heap_model(world.heap), &check_node_model);
    assert_ptr_equal(rh_heap_user_data(world.heap), &world);
    assert_null(rh_heap_model_state(world.heap));
    assert_int_equal(rh_heap_slot_bytes(world.heap), 40);
    assert_int_equal(rh_heap_fast(world.heap)->slot_bytes, 40);
    check_close(&world);
}

static void
a_config_that_is_refused_makes_no_heap(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.slot_bytes = 41;

    assert_null(rh_heap_new(&world.config));

    assert_int_equal(world.faults.calls, 0);
}

static void
a_heap_that_wants_too_many_pages_is_not_made(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.region_bytes = 16 << 20;
    world.config.initial_slots = 10000000;

    assert_null(rh_heap_new(&world.config));

    assert_int_equal(world.allocator.blocks, 0);
    assert_int_equal(world.memory.reserved_bytes, 0);
}

static void
without_a_config_a_heap_gets_the_defaults(void **state)
{
    struct rh_heap *heap = rh_heap_new(NULL);

    (void)state;
    assert_non_null(heap);
    assert_int_equal(rh_heap_config(heap)->initial_slots, 10000);
    assert_int_equal(rh_heap_verify(heap, NULL), RH_OK);
    rh_heap_free(heap);
}

static void
freeing_no_heap_does_nothing(void **state)
{
    (void)state;
    rh_heap_free(NULL);
}

static void
two_heaps_have_nothing_to_do_with_each_other(void **state)
{
    struct check_world a, b;
    struct node *stranger, *own;

    (void)state;
    check_open(&a);
    check_open(&b);
    stranger = check_node(b.heap, NULL, NULL);
    own = check_node(a.heap, stranger, NULL);
    check_root(a.heap, &own);
    assert_false(rh_heap_contains(a.heap, (uintptr_t)stranger));
    assert_ptr_equal(rh_heap_of(own), a.heap);
    assert_ptr_equal(rh_heap_of(stranger), b.heap);

    rh_heap_collect(a.heap);
    check_heap(a.heap);
    check_heap(b.heap);

    assert_int_equal(check_stat(a.heap, "heap_live_slots"), 1);
    assert_int_equal(check_stat(b.heap, "heap_live_slots"), 1);
    assert_int_equal(check_stat(b.heap, "count"), 0);
    check_close(&b);
    check_close(&a);
}

static void
four_hundred_heaps_live_in_one_process(void **state)
{
    enum {
        HEAPS = 400
    };
    static struct check_world worlds[HEAPS];
    static struct node *roots[HEAPS];

    (void)state;
    for (size_t i = 0; i < HEAPS; i++) {
        check_prepare(&worlds[i]);
        worlds[i].config.region_bytes = 16 << 20;
        worlds[i].config.initial_slots = 1000;
        check_make(&worlds[i]);
        roots[i] = check_list(worlds[i].heap, i);
        check_root(worlds[i].heap, &roots[i]);
    }
    for (size_t i = 0; i < HEAPS; i++) {
        check_waste(worlds[i].heap, 100);
        rh_heap_collect(worlds[i].heap);
        check_heap(worlds[i].heap);
        assert_int_equal(check_list_length(roots[i]), i);
        assert_int_equal(check_stat(worlds[i].heap, "heap_live_slots"), i);
    }
    for (size_t i = 0; i < HEAPS; i++)
        check_close(&worlds[i]);
}

// Allocating.

static void
a_slot_is_filled_with_zeros(void **state)
{
    struct check_world world;
    static const char zeros[40];

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 2 * slots_per_page(&world); i++)
        memset(rh_heap_alloc(world.heap), 0xff, 40);
    rh_heap_collect(world.heap);

    for (size_t i = 0; i < 2 * slots_per_page(&world); i++)
        assert_memory_equal(rh_heap_alloc(world.heap), zeros, 40);
    check_close(&world);
}

static void
no_slot_is_handed_out_twice(void **state)
{
    struct check_world world;
    struct node *list = NULL;
    size_t count;

    (void)state;
    check_open(&world);
    check_root(world.heap, &list);
    count = 10 * slots_per_page(&world);
    for (size_t i = 0; i < count; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        node->bytes = i;
        node->right = list;
        list = node;
        check_waste(world.heap, i % 3);
    }
    rh_heap_collect(world.heap);
    check_heap(world.heap);

    for (const struct node *node = list; node; node = node->right)
        assert_int_equal(node->bytes, --count);
    assert_int_equal(count, 0);
    list = NULL;
    check_close(&world);
}

static void
a_new_object_is_live_at_once(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);

    node = check_node(world.heap, NULL, NULL);

    assert_true(rh_heap_is_live(world.heap, (uintptr_t)node));
    assert_false(rh_heap_is_live(world.heap, (uintptr_t)node + 40));
    assert_true(rh_heap_contains(world.heap, (uintptr_t)node + 40));
    check_close(&world);
}

// Collecting.

static void
what_no_root_reaches_goes_and_the_rest_stays(void **state)
{
    struct check_world world;
    struct node *list;

    (void)state;
    check_open(&world);
    list = check_list(world.heap, 1000);
    check_root(world.heap, &list);
    check_waste(world.heap, 500);

    rh_heap_collect(world.heap);
    check_heap(world.heap);

    assert_int_equal(check_list_length(list), 1000);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1000);
    assert_int_equal(check_stat(world.heap, "total_freed_objects"), 500);
    assert_int_equal(check_stat(world.heap, "heap_marked_slots"), 1000);
    list = NULL;
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static void
cycles_are_no_reason_to_live(void **state)
{
    struct check_world world;
    struct node *a, *b;

    (void)state;
    check_open(&world);
    a = check_node(world.heap, NULL, NULL);
    b = check_node(world.heap, a, NULL);
    a->left = b;
    a->right = a;
    check_root(world.heap, &a);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 2);

    check_unroot(world.heap, &a);
    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static void
the_first_collection_comes_when_the_first_heap_is_used_up(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    check_open(&world);
    slots = first_heap_pages(&world) * slots_per_page(&world);

    check_waste(world.heap, slots);
    assert_int_equal(check_stat(world.heap, "count"), 0);
    assert_true(rh_heap_is_due(world.heap));
    check_waste(world.heap, 1);

    assert_int_equal(check_stat(world.heap, "count"), 1);
    assert_int_equal(check_stat(world.heap, "total_freed_objects"), slots);
    assert_int_equal(check_stat(world.heap, "total_allocated_pages"),
                     first_heap_pages(&world));
    check_heap(world.heap);
    check_close(&world);
}

static void
the_next_collection_comes_when_as_many_were_made_as_are_alive(void **state)
{
    struct check_world world;
    struct node *list;
    size_t pages, slots;

    (void)state;
    check_open(&world);
    pages = 3 * first_heap_pages(&world);
    slots = pages * slots_per_page(&world);
    list = check_list(world.heap, slots);
    check_root(world.heap, &list);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), slots);
    assert_false(rh_heap_is_due(world.heap));

    check_waste(world.heap, slots);

    assert_true(rh_heap_is_due(world.heap));
    rh_heap_safepoint(world.heap);
    assert_false(rh_heap_is_due(world.heap));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), slots);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_safe_point_collects_only_when_that_is_due(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 10);
    assert_false(rh_heap_is_due(world.heap));

    rh_heap_safepoint(world.heap);
    assert_int_equal(check_stat(world.heap, "count"), 0);

    check_waste(world.heap,
                first_heap_pages(&world) * slots_per_page(&world) - 10);
    assert_true(rh_heap_is_due(world.heap));
    rh_heap_safepoint(world.heap);
    assert_int_equal(check_stat(world.heap, "count"), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_disabled_heap_grows_instead_of_collecting(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    check_open(&world);
    slots = 3 * first_heap_pages(&world) * slots_per_page(&world);
    assert_false(rh_heap_disable(world.heap));
    assert_true(rh_heap_disable(world.heap));

    check_waste(world.heap, slots);
    rh_heap_safepoint(world.heap);

    assert_int_equal(check_stat(world.heap, "count"), 0);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), slots);
    assert_false(rh_heap_is_due(world.heap));
    check_heap(world.heap);

    assert_true(rh_heap_enable(world.heap));
    assert_false(rh_heap_enable(world.heap));
    assert_true(rh_heap_is_due(world.heap));
    check_waste(world.heap, 1);
    assert_int_equal(check_stat(world.heap, "count"), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_disabled_heap_collects_when_told_to(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 10);
    rh_heap_disable(world.heap);

    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "count"), 1);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static void
stress_collects_at_every_allocation(void **state)
{
    struct check_world world;
    struct rh_fast *fast;

    (void)state;
    check_open(&world);
    fast = rh_heap_fast(world.heap);
    assert_false(rh_heap_stress(world.heap, true));
    assert_true(rh_heap_stress(world.heap, true));

    for (size_t n = 1; n <= 100; n++) {
        void *slot = n % 2 ? rh_fast_alloc(world.heap, fast, 40)
                           : rh_heap_alloc(world.heap);

        memset(slot, 0, 40);
        assert_int_equal(check_stat(world.heap, "count"), n);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
        check_heap(world.heap);
    }

    assert_true(rh_heap_stress(world.heap, false));
    check_waste(world.heap, 10);
    assert_int_equal(check_stat(world.heap, "count"), 100);
    check_close(&world);
}

static void
stress_respects_what_is_held(void **state)
{
    struct check_world world;
    struct node *list;

    (void)state;
    check_open(&world);
    rh_heap_stress(world.heap, true);

    list = check_list(world.heap, 200);
    check_root(world.heap, &list);
    check_waste(world.heap, 1);

    assert_int_equal(check_list_length(list), 200);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 201);
    check_close(&world);
}

static void
a_disabled_heap_is_not_stressed(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    rh_heap_stress(world.heap, true);
    rh_heap_disable(world.heap);

    check_waste(world.heap, 10);

    assert_int_equal(check_stat(world.heap, "count"), 0);
    check_heap(world.heap);
    check_close(&world);
}

static bool
is_old(const struct check_world *world, const void *object)
{
    struct rh_fast *fast = rh_heap_fast(world->heap);
    struct rh_position position = rh_heap_position(world->heap, object);

    return fast->old[position.page][position.slot / 64] >> position.slot % 64 &
           1;
}

static void
the_inline_part_knows_who_is_old(void **state)
{
    struct check_world world;
    struct node *old, *young;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    check_make(&world);
    old = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &old);
    assert_false(is_old(&world, old));
    for (int round = 0; round < 3; round++) {
        rh_heap_collect(world.heap);
        young = check_node(world.heap, NULL, NULL);

        assert_true(is_old(&world, old));
        assert_false(is_old(&world, young));
        assert_int_equal(rh_heap_fast(world.heap)->strict, 0);
        assert_int_equal(
            rh_heap_fast(world.heap)->base,
            (uintptr_t)rh_heap_slot(world.heap, (struct rh_position){ 0, 0 }) -
                RH_PAGE_HEADER_BYTES);
    }
    check_close(&world);
}

// Pages.

static struct rh_page_view
page_of(const struct check_world *world, const void *object)
{
    struct rh_page_view view;
    size_t page = rh_heap_position(world->heap, object).page;

    assert_int_equal(rh_page_look(world->heap, page, &view), RH_OK);
    return view;
}

static void
freeing_the_last_object_moves_a_page_to_the_tomb(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &node);
    rh_heap_collect(world.heap);
    assert_int_equal(page_of(&world, node).state, RH_PAGE_EDEN);
    assert_int_equal(page_of(&world, node).live_slots, 1);

    check_unroot(world.heap, &node);
    rh_heap_collect(world.heap);

    assert_int_equal(page_of(&world, node).state, RH_PAGE_TOMB);
    assert_int_equal(page_of(&world, node).live_slots, 0);
    assert_int_equal(check_stat(world.heap, "heap_eden_pages"), 0);
    check_heap(world.heap);
    check_close(&world);
}

// Keep `live` objects of the first page and look at its list.
static void
expect_list(struct check_world *world, size_t live, const char *list)
{
    struct node *first, *keep = NULL;

    first = check_node(world->heap, NULL, NULL);
    check_root(world->heap, &keep);
    check_root(world->heap, &first);
    for (size_t i = 1; i < slots_per_page(world); i++) {
        struct node *node = check_node(world->heap, keep, NULL);

        if (i < live)
            keep = node;
    }
    rh_heap_collect(world->heap);
    check_heap(world->heap);
    assert_string_equal(page_of(world, first).list, list);
    assert_int_equal(page_of(world, first).live_slots, live);
    check_unroot(world->heap, &first);
    check_unroot(world->heap, &keep);
    rh_heap_collect(world->heap);
    assert_string_equal(page_of(world, first).list, "tomb");
    check_heap(world->heap);
}

static void
a_collection_files_a_page_by_what_is_left(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    slots = slots_per_page(&world);

    expect_list(&world, 1, "roomy-3");
    expect_list(&world, slots / 4, "roomy-3");
    expect_list(&world, slots / 4 + 1, "roomy-2");
    expect_list(&world, slots / 2, "roomy-2");
    expect_list(&world, slots / 2 + 1, "roomy-1");
    expect_list(&world, slots * 3 / 4, "roomy-1");
    expect_list(&world, slots * 3 / 4 + 1, "tight");
    expect_list(&world, slots - 1, "tight");
    expect_list(&world, slots, "full");
    check_close(&world);
}

static void
a_tomb_page_is_used_before_a_new_one(void **state)
{
    struct check_world world;
    size_t pages;

    (void)state;
    check_open(&world);
    pages = first_heap_pages(&world);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"),
                     pages < 24 ? pages
                                : check_stat(world.heap, "heap_tomb_pages"));

    check_waste(world.heap, 1);

    assert_int_equal(check_stat(world.heap, "heap_eden_pages"), 1);
    assert_int_equal(check_stat(world.heap, "total_allocated_pages"), pages);
    check_heap(world.heap);
    check_close(&world);
}

// After a collection at most max(24, half of the pages in use) stay empty.
static void
expect_empty_pages_kept(size_t live_pages)
{
    struct check_world world;
    struct node *list;
    size_t kept = live_pages / 2 > 24 ? live_pages / 2 : 24;

    check_prepare(&world);
    world.config.memory.page_bytes = 4096;
    check_make(&world);
    list = check_list(world.heap, live_pages * slots_per_page(&world));
    check_root(world.heap, &list);
    rh_heap_disable(world.heap);
    check_waste(world.heap, 400 * slots_per_page(&world));

    rh_heap_collect(world.heap);
    check_heap(world.heap);

    assert_in_range(check_stat(world.heap, "heap_eden_pages"), live_pages,
                    live_pages + 1);
    // Whole granules go, so with small pages a few more may stay.
    assert_in_range(check_stat(world.heap, "heap_tomb_pages"), kept, kept + 4);
    if (slots_per_page(&world) == 408)
        assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), kept);
    check_close(&world);
}

static void
half_of_the_pages_in_use_or_24_stay_empty(void **state)
{
    (void)state;
    expect_empty_pages_kept(0);
    expect_empty_pages_kept(10);
    expect_empty_pages_kept(48);
    expect_empty_pages_kept(60);
    expect_empty_pages_kept(200);
}

// Make garbage and let a major collection find it, up to where its pages begin
// to go back.
static void
open_swept(struct check_world *world, size_t pages)
{
    check_prepare(world);
    world->config.model = rh_object_model();
    world->config.generational = true;
    world->config.memory.page_bytes = 4096;
    world->config.nursery_slots = 1; // no empty pages are kept for it
    check_make(world);
    rh_heap_disable(world->heap);
    for (size_t n = 0; n < pages * slots_per_page(world); n++)
        assert_non_null(rh_heap_alloc(world->heap));
    assert_int_equal(rh_heap_start(world->heap), RH_OK);
    while (check_stat(world->heap, "total_freed_pages") == 0)
        assert_false(rh_heap_step(world->heap, (struct rh_budget){ 1, 0 }));
}

static void
pages_go_back_in_steps(void **state)
{
    struct rh_budget budget = { .objects = 1 };
    struct check_world world;
    size_t steps = 0;

    (void)state;
    open_swept(&world, 200);

    for (bool done = false; !done; steps++) {
        size_t before = check_stat(world.heap, "heap_tomb_pages");

        done = rh_heap_step(world.heap, budget);
        assert_in_range(before - check_stat(world.heap, "heap_tomb_pages"), 0,
                        4); // pages of a granule
        check_heap(world.heap);
    }

    assert_in_range(steps, (200 - 24) / 4 - 1, 200);
    assert_in_range(check_stat(world.heap, "heap_tomb_pages"), 24, 24 + 4);
    check_close(&world);
}

static void
pages_go_back_at_once_when_told_to_finish(void **state)
{
    static void (*const finish[])(struct rh_heap * heap) = { rh_heap_finish,
                                                             rh_heap_cancel,
                                                             rh_heap_collect };

    (void)state;
    for (size_t how = 0; how < 3; how++) {
        struct check_world world;

        open_swept(&world, 200);
        assert_false(rh_heap_step(world.heap, (struct rh_budget){ 1, 0 }));

        finish[how](world.heap);

        assert_string_equal(rh_heap_stage(world.heap), "none");
        assert_in_range(check_stat(world.heap, "heap_tomb_pages"), 24, 24 + 4);
        check_heap(world.heap);
        check_close(&world);
    }
}

static void
the_program_goes_on_while_pages_go_back(void **state)
{
    struct check_world world;

    (void)state;
    open_swept(&world, 200);

    for (bool done = false; !done;) {
        for (size_t n = 0; n < slots_per_page(&world); n++)
            assert_non_null(rh_heap_alloc(world.heap));
        rh_heap_minor(world.heap);
        check_heap(world.heap);
        done = rh_heap_step(world.heap, (struct rh_budget){ 1, 0 });
        check_heap(world.heap);
    }

    assert_in_range(check_stat(world.heap, "heap_tomb_pages"), 24, 24 + 4);
    check_close(&world);
}

static void
one_survivor_keeps_its_whole_page(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    size_t pages = 100;

    (void)state;
    check_open(&world);
    check_root(world.heap, &keep);
    rh_heap_disable(world.heap);
    for (size_t page = 0; page < pages; page++) {
        keep = check_node(world.heap, keep, NULL);
        check_waste(world.heap, slots_per_page(&world) - 1);
    }

    rh_heap_collect(world.heap);
    check_heap(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), pages);
    assert_int_equal(check_stat(world.heap, "heap_eden_pages"), pages);
    check_close(&world);
}

static void
the_holes_of_sparse_pages_are_filled_before_new_pages_are_made(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    size_t pages = 100, before;

    (void)state;
    check_open(&world);
    check_root(world.heap, &keep);
    rh_heap_disable(world.heap);
    for (size_t page = 0; page < pages; page++) {
        keep = check_node(world.heap, keep, NULL);
        check_waste(world.heap, slots_per_page(&world) - 1);
    }
    rh_heap_collect(world.heap);
    before = check_stat(world.heap, "total_allocated_pages");

    check_waste(world.heap, pages * (slots_per_page(&world) - 1));

    assert_int_equal(check_stat(world.heap, "total_allocated_pages"), before);
    check_heap(world.heap);
    check_close(&world);
}

// Words.

static void
expect_no_slot(const struct check_world *world, uintptr_t word)
{
    assert_false(rh_heap_contains(world->heap, word));
    assert_false(rh_heap_is_live(world->heap, word));
}

static void
headers_interiors_and_strangers_are_no_slots(void **state)
{
    struct check_world world;
    struct node *node;
    uintptr_t page, top;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    page = (uintptr_t)node - RH_PAGE_HEADER_BYTES;

    for (uintptr_t offset = 0; offset < RH_PAGE_HEADER_BYTES; offset++)
        expect_no_slot(&world, page + offset);
    for (uintptr_t offset = 1; offset < 40; offset++)
        expect_no_slot(&world, (uintptr_t)node + offset);
    expect_no_slot(&world, page - 8);
    expect_no_slot(&world, 0);
    expect_no_slot(&world, 8);
    expect_no_slot(&world, UINTPTR_MAX);
    expect_no_slot(&world, (uintptr_t)&world);
    top = (uintptr_t)rh_heap_slot(
        world.heap, (struct rh_position){ first_heap_pages(&world) - 1,
                                          slots_per_page(&world) - 1 });
    assert_true(rh_heap_contains(world.heap, top));
    assert_false(rh_heap_is_live(world.heap, top));
    for (uintptr_t offset = 1; offset < 1000; offset++)
        expect_no_slot(&world, top + offset);
    check_close(&world);
}

static void
random_words_are_hardly_ever_slots(void **state)
{
    struct check_world world;
    uint64_t seed = 7;
    uintptr_t base;
    size_t slots = 0;

    (void)state;
    check_open(&world);
    base = (uintptr_t)rh_heap_slot(world.heap, (struct rh_position){ 0, 0 });
    for (size_t i = 0; i < 100000; i++) {
        uintptr_t near = base + check_random_below(&seed, 1 << 22);
        uintptr_t far = check_random(&seed);

        expect_no_slot(&world, far);
        assert_false(rh_heap_is_live(world.heap, near));
        if (rh_heap_contains(world.heap, near)) {
            struct rh_position position =
                rh_heap_position(world.heap, (void *)near);

            assert_ptr_equal(rh_heap_slot(world.heap, position), near);
            slots++;
        }
    }
    assert_true(slots > 0);
    check_close(&world);
}

static void
slots_of_dead_tomb_and_released_pages_are_not_live(void **state)
{
    struct check_world world;
    struct node *node;
    size_t far;
    uintptr_t high;

    (void)state;
    check_open(&world);
    rh_heap_disable(world.heap);
    node = check_node(world.heap, NULL, NULL);
    check_waste(world.heap,
                (first_heap_pages(&world) + 200) * slots_per_page(&world));
    far = check_stat(world.heap, "heap_sorted_length") - 1;
    high = (uintptr_t)rh_heap_slot(world.heap, (struct rh_position){ far, 0 });
    assert_true(rh_heap_is_live(world.heap, high));

    rh_heap_collect(world.heap);

    // The lowest page is in the tomb, the highest was released.
    assert_true(rh_heap_contains(world.heap, (uintptr_t)node));
    assert_false(rh_heap_is_live(world.heap, (uintptr_t)node));
    expect_no_slot(&world, high);
    assert_null(rh_heap_slot(world.heap, (struct rh_position){ far, 0 }));
    check_heap(world.heap);
    check_close(&world);
}

static void
position_and_slot_are_inverse(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    for (size_t page = 0; page < first_heap_pages(&world); page += 7)
        for (size_t slot = 0; slot < slots_per_page(&world); slot++) {
            struct rh_position position = { page, slot };
            void *address = rh_heap_slot(world.heap, position);

            assert_non_null(address);
            assert_int_equal(rh_heap_position(world.heap, address).page, page);
            assert_int_equal(rh_heap_position(world.heap, address).slot, slot);
        }
    check_close(&world);
}

static void
a_position_outside_has_no_slot(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_null(rh_heap_slot(
        world.heap, (struct rh_position){ 0, slots_per_page(&world) }));
    assert_null(rh_heap_slot(world.heap, (struct rh_position){ 0, SIZE_MAX }));
    assert_null(rh_heap_slot(
        world.heap, (struct rh_position){ first_heap_pages(&world), 0 }));
    assert_null(rh_heap_slot(world.heap, (struct rh_position){ SIZE_MAX, 0 }));
    check_close(&world);
}

static void
the_position_of_something_else_panics(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);

    check_panics("not a slot", rh_heap_position(world.heap, (char *)node + 8));
    check_panics("not a slot", rh_heap_position(world.heap, &world));
    check_close(&world);
}

// Running out.

static struct node *keep_all;

// Allocate and keep until there is no memory; how many.
static size_t
fill(struct check_world *world)
{
    size_t count = 0;

    for (;;) {
        struct node *node = rh_heap_alloc(world->heap);

        if (!node)
            return count;
        node->tag = NODE;
        node->right = keep_all;
        keep_all = node;
        count++;
    }
}

static void
open_small(struct check_world *world)
{
    check_prepare(world);
    world->config.region_bytes = 16 << 20;
    check_make(world);
    keep_all = NULL;
    check_root(world->heap, &keep_all);
}

static void
a_full_region_gives_no_more_slots(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    open_small(&world);
    slots = rh_heap_max_pages(world.heap) * slots_per_page(&world);

    assert_int_equal(fill(&world), slots);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), slots);
    assert_int_equal(check_stat(world.heap, "heap_free_slots"), 0);
    assert_true(check_stat(world.heap, "x_emergency_count") > 0);
    assert_int_equal(check_list_length(keep_all), slots);
    check_close(&world);
}

static void
an_emergency_collection_finds_what_is_left(void **state)
{
    struct check_world world;
    size_t slots, emergencies;

    (void)state;
    open_small(&world);
    slots = fill(&world);
    emergencies = check_stat(world.heap, "x_emergency_count");
    for (size_t i = 0; i < 10; i++)
        keep_all = keep_all->right;

    assert_int_equal(fill(&world), 10);

    assert_true(check_stat(world.heap, "x_emergency_count") > emergencies);
    assert_int_equal(check_list_length(keep_all), slots);
    check_heap(world.heap);
    keep_all = NULL;
    check_waste(world.heap, 10);
    check_heap(world.heap);
    check_close(&world);
}

static void
no_emergency_collection_in_a_disabled_heap(void **state)
{
    struct check_world world;

    (void)state;
    open_small(&world);
    fill(&world);
    keep_all = NULL;
    rh_heap_disable(world.heap);
    rh_heap_collect(world.heap);
    fill(&world);
    keep_all = NULL;

    assert_null(rh_heap_alloc(world.heap));
    rh_heap_enable(world.heap);
    assert_non_null(rh_heap_alloc(world.heap));
    check_heap(world.heap);
    check_close(&world);
}

struct rescue {
    size_t calls;
    size_t bytes;
    struct check_memory *helps; // has memory again
    bool leaves;
    jmp_buf exit;
};

static bool
rescue(struct rh_heap *heap, size_t bytes, void *context)
{
    struct rescue *plan = context;

    (void)heap;
    plan->calls++;
    plan->bytes = bytes;
    if (plan->leaves)
        longjmp(plan->exit, 1);
    if (plan->helps)
        plan->helps->refuse_commit = false;
    return plan->helps;
}

static void
open_with_rescue(struct check_world *world, struct rescue *plan)
{
    *plan = (struct rescue){ .calls = 0 };
    check_prepare(world);
    world->config.region_bytes = 16 << 20;
    world->config.out_of_memory = rescue;
    world->config.hook_context = plan;
    check_make(world);
    keep_all = NULL;
    check_root(world->heap, &keep_all);
}

static void
the_out_of_memory_hook_is_the_last_resort(void **state)
{
    struct check_world world;
    struct rescue plan;

    (void)state;
    open_with_rescue(&world, &plan);

    fill(&world);

    assert_int_equal(plan.calls, 1);
    assert_true(plan.bytes > 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_hook_that_frees_something_gets_another_try(void **state)
{
    struct check_world world;
    struct rescue plan;
    size_t before, after;

    (void)state;
    open_with_rescue(&world, &plan);
    world.memory.refuse_commit = true;
    before = fill(&world);
    assert_int_equal(plan.calls, 1);
    plan = (struct rescue){ .helps = &world.memory };

    after = fill(&world);

    assert_true(after > 0);
    assert_int_equal(plan.calls, 2); // helped once, and then no more
    assert_int_equal(check_list_length(keep_all), before + after);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_hook_may_leave_by_longjmp(void **state)
{
    struct check_world world;
    static struct rescue plan;
    volatile bool left = false;

    (void)state;
    open_with_rescue(&world, &plan);
    fill(&world);
    plan.leaves = true;

    if (setjmp(plan.exit) == 0)
        (void)rh_heap_alloc(world.heap);
    else
        left = true;

    assert_true(left);
    check_heap(world.heap);
    keep_all = NULL;
    plan.leaves = false;
    assert_non_null(rh_heap_alloc(world.heap));
    check_heap(world.heap);
    check_close(&world);
}

// What callbacks may not do.

static void (*in_trace)(struct rh_heap *heap);
static void (*in_release)(struct rh_heap *heap);

static void
bad_trace(void *object, struct rh_visitor *visitor)
{
    (void)visitor;
    if (in_trace)
        in_trace(rh_heap_of(object));
}

static void
bad_release(struct rh_heap *heap, void *object)
{
    (void)object;
    if (in_release)
        in_release(heap);
}

static const struct rh_model bad_model = {
    .name = "bad",
    .trace = bad_trace,
    .release = bad_release,
    .flags = RH_MODEL_RELEASE_ALL,
};

static void
allocate(struct rh_heap *heap)
{
    (void)rh_heap_alloc(heap);
}

static void
allocate_inline(struct rh_heap *heap)
{
    (void)rh_fast_alloc(heap, rh_heap_fast(heap), 40);
}

static void
collect(struct rh_heap *heap)
{
    rh_heap_collect(heap);
}

static void
end(struct rh_heap *heap)
{
    rh_heap_free(heap);
}

static void
expect_refusal(void (**where)(struct rh_heap *heap),
               void (*what)(struct rh_heap *heap), const char *text)
{
    struct check_world world;
    void *object;

    check_prepare(&world);
    world.config.model = &bad_model;
    check_make(&world);
    object = rh_heap_alloc(world.heap);
    check_root(world.heap, &object);
    (void)rh_heap_alloc(world.heap); // to be released

    *where = what;
    check_panics(text, rh_heap_collect(world.heap));
    *where = NULL;
    check_abandon(&world);
}

static void
a_trace_function_may_not_allocate_collect_or_free(void **state)
{
    (void)state;
    expect_refusal(&in_trace, allocate, "slot allocation during a collection");
    expect_refusal(&in_trace, allocate_inline,
                   "slot allocation during a collection");
    expect_refusal(&in_trace, collect, "collection asked for by a callback");
    expect_refusal(&in_trace, end, "heap freed during a collection");
}

static void
a_release_function_may_not_allocate_collect_or_free(void **state)
{
    (void)state;
    expect_refusal(&in_release, allocate,
                   "slot allocation during a collection");
    expect_refusal(&in_release, allocate_inline,
                   "slot allocation during a collection");
    expect_refusal(&in_release, collect, "collection asked for by a callback");
    expect_refusal(&in_release, end, "heap freed during a collection");
}

static void
a_release_function_may_not_allocate_while_its_heap_is_freed(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.model = &bad_model;
    check_make(&world);
    (void)rh_heap_alloc(world.heap);

    in_release = allocate;
    check_panics("slot allocation", rh_heap_free(world.heap));
    in_release = NULL;
    check_abandon(&world);
}

// The simulated systems.

static void
expect_work(size_t page_bytes, bool huge_pages)
{
    struct check_world world;
    struct node *list;

    check_prepare(&world);
    check_memory_init(&world.memory, &world.faults, &world.config.memory,
                      page_bytes);
    world.config.huge_pages = huge_pages;
    check_make(&world);
    list = check_list(world.heap, 20000);
    check_root(world.heap, &list);
    for (int round = 0; round < 3; round++) {
        rh_heap_disable(world.heap);
        check_waste(world.heap, 300000);
        rh_heap_enable(world.heap);
        check_heap(world.heap);
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(check_list_length(list), 20000);
        rh_trim_now(world.heap, RH_TRIM_PAGES);
        check_heap(world.heap);
    }
    assert_true(check_stat(world.heap, "total_freed_pages") > 0);
    list = NULL;
    rh_heap_collect(world.heap);
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 0);
    check_waste(world.heap, 1000);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_heap_works_whatever_the_page_size_of_the_system(void **state)
{
    (void)state;
    expect_work(4096, false);
    expect_work(16384, false);
    expect_work(65536, false);
    expect_work(2 << 20, false);
}

static void
a_heap_works_on_huge_pages(void **state)
{
    (void)state;
    expect_work(0, true);
    expect_work(65536, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_heap_of_10000_slots_has_whole_pages_only),
        cmocka_unit_test(a_heap_asked_for_no_slots_has_no_page),
        cmocka_unit_test(the_config_is_copied),
        cmocka_unit_test(a_heap_answers_what_it_was_made_with),
        cmocka_unit_test(a_config_that_is_refused_makes_no_heap),
        cmocka_unit_test(a_heap_that_wants_too_many_pages_is_not_made),
        cmocka_unit_test(without_a_config_a_heap_gets_the_defaults),
        cmocka_unit_test(freeing_no_heap_does_nothing),
        cmocka_unit_test(two_heaps_have_nothing_to_do_with_each_other),
        cmocka_unit_test(four_hundred_heaps_live_in_one_process),
        cmocka_unit_test(a_slot_is_filled_with_zeros),
        cmocka_unit_test(no_slot_is_handed_out_twice),
        cmocka_unit_test(a_new_object_is_live_at_once),
        cmocka_unit_test(what_no_root_reaches_goes_and_the_rest_stays),
        cmocka_unit_test(cycles_are_no_reason_to_live),
        cmocka_unit_test(
            the_first_collection_comes_when_the_first_heap_is_used_up),
        cmocka_unit_test(
            the_next_collection_comes_when_as_many_were_made_as_are_alive),
        cmocka_unit_test(a_safe_point_collects_only_when_that_is_due),
        cmocka_unit_test(a_disabled_heap_grows_instead_of_collecting),
        cmocka_unit_test(a_disabled_heap_collects_when_told_to),
        cmocka_unit_test(stress_collects_at_every_allocation),
        cmocka_unit_test(stress_respects_what_is_held),
        cmocka_unit_test(a_disabled_heap_is_not_stressed),
        cmocka_unit_test(the_inline_part_knows_who_is_old),
        cmocka_unit_test(freeing_the_last_object_moves_a_page_to_the_tomb),
        cmocka_unit_test(a_collection_files_a_page_by_what_is_left),
        cmocka_unit_test(a_tomb_page_is_used_before_a_new_one),
        cmocka_unit_test(half_of_the_pages_in_use_or_24_stay_empty),
        cmocka_unit_test(pages_go_back_in_steps),
        cmocka_unit_test(pages_go_back_at_once_when_told_to_finish),
        cmocka_unit_test(the_program_goes_on_while_pages_go_back),
        cmocka_unit_test(one_survivor_keeps_its_whole_page),
        cmocka_unit_test(
            the_holes_of_sparse_pages_are_filled_before_new_pages_are_made),
        cmocka_unit_test(headers_interiors_and_strangers_are_no_slots),
        cmocka_unit_test(random_words_are_hardly_ever_slots),
        cmocka_unit_test(slots_of_dead_tomb_and_released_pages_are_not_live),
        cmocka_unit_test(position_and_slot_are_inverse),
        cmocka_unit_test(a_position_outside_has_no_slot),
        cmocka_unit_test(the_position_of_something_else_panics),
        cmocka_unit_test(a_full_region_gives_no_more_slots),
        cmocka_unit_test(an_emergency_collection_finds_what_is_left),
        cmocka_unit_test(no_emergency_collection_in_a_disabled_heap),
        cmocka_unit_test(the_out_of_memory_hook_is_the_last_resort),
        cmocka_unit_test(a_hook_that_frees_something_gets_another_try),
        cmocka_unit_test(a_hook_may_leave_by_longjmp),
        cmocka_unit_test(a_trace_function_may_not_allocate_collect_or_free),
        cmocka_unit_test(a_release_function_may_not_allocate_collect_or_free),
        cmocka_unit_test(
            a_release_function_may_not_allocate_while_its_heap_is_freed),
        cmocka_unit_test(a_heap_works_whatever_the_page_size_of_the_system),
        cmocka_unit_test(a_heap_works_on_huge_pages),
    };

    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
