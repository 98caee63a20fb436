// SPDX-License-Identifier: MIT
// Major collections in steps: begun, gone on with, finished and cancelled at
// every state, while the program changes whatever it can between two steps.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/data.h>
#include <rheap/dump.h>
#include <rheap/hash.h>
#include <rheap/string.h>
#include <rheap/struct.h>

static bool
is_live(const struct rh_heap *heap, const void *object)
{
    return rh_heap_is_live(heap, (uintptr_t)object);
}

static void
ok(enum rh_status status)
{
    assert_int_equal(status, RH_OK);
}

static bool
is_at(const struct rh_heap *heap, const char *stage)
{
    return strcmp(rh_heap_stage(heap), stage) == 0;
}

static size_t
count_plane(const struct rh_heap *heap, enum rhi_plane plane)
{
    size_t count = 0;

    for (size_t page = 0; page < heap->region.top; page++)
        count += rhi_line_count(heap->region.plane[plane][page]);
    return count;
}

static bool
has_bit(const struct rh_heap *heap, enum rhi_plane plane, const void *object)
{
    size_t page = rhi_region_page(&heap->region, (uintptr_t)object);

    return rhi_bit_test(heap->region.plane[plane][page],
                        rhi_page_index(&heap->region, (uintptr_t)object));
}

// What has to hold whenever the collector is not inside.
static void
check(struct rh_heap *heap)
{
    check_heap(heap);
    assert_int_equal(count_plane(heap, RHI_MARK),
                     check_stat(heap, "old_objects"));
}

static void
start(struct rh_heap *heap)
{
    assert_int_equal(rh_heap_start(heap), RH_OK);
    assert_true(is_at(heap, "marking"));
    check(heap);
}

// Whether it is done.
static bool
step(struct rh_heap *heap, size_t objects)
{
    bool done = rh_heap_step(heap, (struct rh_budget){ .objects = objects });

    check(heap);
    assert_int_equal(done, is_at(heap, "none"));
    return done;
}

static void
step_until(struct rh_heap *heap, const char *stage, size_t objects)
{
    while (!is_at(heap, stage))
        (void)step(heap, objects);
}

static void
finish(struct rh_heap *heap)
{
    rh_heap_finish(heap);
    assert_true(is_at(heap, "none"));
    check(heap);
}

// A heap with a list of `count` old nodes.
static struct node *
open_list(struct check_world *world, struct node **root, size_t count)
{
    check_prepare(world);
    world->config.generational = true;
    // Few empty pages at first: each step sweeps one, and is verified.
    world->config.nursery_slots = world->config.initial_slots;
    world->config.initial_slots = 1000;
    check_make(world);
    rh_heap_disable(world->heap);
    check_root(world->heap, root);
    *root = check_list(world->heap, count);
    rh_heap_minor(world->heap);
    check(world->heap);
    return *root;
}

static struct rh_heap *
open_objects(struct check_world *world)
{
    check_prepare(world);
    world->config.model = rh_object_model();
    world->config.generational = true;
    check_make(world);
    rh_heap_disable(world->heap);
    rh_barrier_check(world->heap, true, NULL, NULL);
    return world->heap;
}

// ---- from state to state ----

static void
it_goes_from_marking_to_sweeping_to_none(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 100);
    check_waste(world.heap, 50);
    assert_true(is_at(world.heap, "none"));
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 0);
    start(world.heap);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);

    step_until(world.heap, "sweeping", 10);
    step_until(world.heap, "none", 10);

    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    assert_int_equal(check_stat(world.heap, "minor_gc_count"), 2);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 100);
    assert_int_equal(check_stat(world.heap, "heap_marked_slots"), 100);
    assert_true(check_stat(world.heap, "x_steps") > 11);
    check_close(&world);
}

static void
without_generations_none_begins(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_heap_start(world.heap), RH_BAD_ARGUMENT);
    assert_true(rh_heap_step(world.heap, (struct rh_budget){ 0, 0 }));
    rh_heap_finish(world.heap);
    rh_heap_cancel(world.heap);

    assert_int_equal(check_stat(world.heap, "count"), 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_second_one_does_not_begin(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 100);
    start(world.heap);

    assert_int_equal(rh_heap_start(world.heap), RH_BUSY);
    step_until(world.heap, "sweeping", 0);
    assert_int_equal(rh_heap_start(world.heap), RH_BUSY);

    finish(world.heap);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    start(world.heap);
    check_close(&world);
}

static void
when_none_is_under_way_there_is_nothing_to_do(void **state)
{
    struct check_world world;

    (void)state;
    check_open_generational(&world);

    assert_true(step(world.heap, 1));
    finish(world.heap);
    rh_heap_cancel(world.heap);
    check(world.heap);

    assert_int_equal(check_stat(world.heap, "count"), 0);
    assert_int_equal(check_stat(world.heap, "x_steps"), 0);
    check_close(&world);
}

// Does something at every moment of a collection of `count` old nodes, of
// which half are garbage, and of as many young ones.
static void
at_every_moment(size_t count, void (*act)(struct check_world *world))
{
    bool done = false;

    for (size_t moment = 0; !done; moment++) {
        struct check_world world;
        struct node *root = NULL;

        open_list(&world, &root, 2 * count);
        for (size_t i = 0; i < count; i++)
            root = root->right;
        root->left = check_buffer(world.heap, 10);
        rh_barrier_write(world.heap, root, root->left);
        check_waste(world.heap, count);
        start(world.heap);
        for (size_t i = 0; i < moment && !done; i++)
            done = step(world.heap, 1);
        act(&world);
        check(world.heap);
        assert_int_equal(check_list_length(root), count);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), count + 1);
        assert_int_equal(world.released, 0);
        check_close(&world);
        assert_int_equal(world.released, 1);
    }
}

static void
act_finish(struct check_world *world)
{
    finish(world->heap);
    assert_int_equal(check_stat(world->heap, "major_gc_count"), 1);
}

static void
act_collect(struct check_world *world)
{
    rh_heap_collect(world->heap);
    assert_true(is_at(world->heap, "none"));
}

static void
act_minor_and_finish(struct check_world *world)
{
    rh_heap_minor(world->heap);
    check(world->heap);
    finish(world->heap);
}

static void
act_cancel_and_collect(struct check_world *world)
{
    bool marking = is_at(world->heap, "marking");
    uint64_t live = check_stat(world->heap, "heap_live_slots");

    rh_heap_cancel(world->heap);
    check(world->heap);
    assert_true(is_at(world->heap, "none"));
    assert_int_equal(count_plane(world->heap, RHI_NEXT), 0);
    assert_int_equal(count_plane(world->heap, RHI_GRAY), 0);
    assert_int_equal(count_plane(world->heap, RHI_SLICED), 0);
    assert_int_equal(world->heap->mutator.fast.strict, 0);
    assert_int_equal(check_stat(world->heap, "major_gc_count"), 1);
    if (marking)
        assert_int_equal(check_stat(world->heap, "heap_live_slots"), live);
    rh_heap_collect(world->heap);
}

static void
act_cancel_and_begin_again(struct check_world *world)
{
    rh_heap_cancel(world->heap);
    check(world->heap);
    start(world->heap);
    step_until(world->heap, "none", 3);
}

static void
it_can_be_finished_at_every_moment(void **state)
{
    (void)state;
    at_every_moment(30, act_finish);
}

static void
a_collection_at_once_may_come_at_every_moment(void **state)
{
    (void)state;
    at_every_moment(30, act_collect);
}

static void
a_minor_one_may_come_at_every_moment(void **state)
{
    (void)state;
    at_every_moment(30, act_minor_and_finish);
}

static void
it_can_be_cancelled_at_every_moment(void **state)
{
    (void)state;
    at_every_moment(30, act_cancel_and_collect);
    at_every_moment(30, act_cancel_and_begin_again);
}

// What is told while a heap is freed.
static void
expect_silence(struct rh_heap *heap, const struct rh_event *event,
               void *context)
{
    (void)heap, (void)event, (void)context;
    fail_msg("a heap that is freed says something");
}

static unsigned
refuse_to_trim(const struct rh_trim_view *view, void *context)
{
    (void)view, (void)context;
    fail_msg("a heap that is freed asks whether to trim");
    return 0;
}

static void
a_heap_can_be_freed_at_every_moment(void **state)
{
    bool done = false;

    (void)state;
    for (size_t moment = 0; !done; moment++) {
        struct check_world world;
        struct node *root = NULL;

        open_list(&world, &root, 20);
        for (size_t i = 0; i < 100; i++) {
            struct node *node = check_buffer(world.heap, 10);

            check_set_left(world.heap, root, i % 2 ? node : NULL);
            rh_heap_minor(world.heap);
        }
        root = NULL;
        start(world.heap);
        for (size_t i = 0; i < moment && !done; i++)
            done = step(world.heap, 1);
        assert_int_equal(rh_event_listen(world.heap, ~0u, expect_silence, NULL),
                         RH_OK);
        rh_trim_set_policy(world.heap, refuse_to_trim, NULL);
        check_close(&world);
        assert_int_equal(world.released, 100);
    }
}

// ---- budgets ----

// An object with as many references as it likes, and who looked at them.
struct bag {
    uint64_t tag;
    struct bag **items;
    size_t count;
    struct bag *link;
    uint64_t unused;
};

static size_t bags_traced, bag_slices;

static void
bag_trace(void *object, struct rh_visitor *visitor)
{
    struct bag *bag = object;

    bags_traced++;
    rh_visit(visitor, &bag->link);
    if (bag->count)
        rh_visit_slices(visitor, bag);
}

static bool
bag_trace_range(void *object, size_t from, size_t to,
                struct rh_visitor *visitor)
{
    struct bag *bag = object;

    bag_slices++;
    for (size_t i = from; i < to && i < bag->count; i++)
        rh_visit(visitor, &bag->items[i]);
    return bag->count > to;
}

static const struct rh_model bag_model = {
    .name = "bags",
    .trace = bag_trace,
    .trace_range = bag_trace_range,
    .flags = RH_MODEL_BARRIERED,
};

static struct rh_heap *
open_bags(struct check_world *world)
{
    check_prepare(world);
    world->config.model = &bag_model;
    world->config.generational = true;
    check_make(world);
    rh_heap_disable(world->heap);
    return world->heap;
}

static struct bag *
make_bag(struct rh_heap *heap, struct bag **items, size_t count)
{
    struct bag *bag = rh_heap_alloc(heap);

    assert_non_null(bag);
    bag->items = items;
    bag->count = count;
    return bag;
}

static void
expect_within_budget(struct rh_heap *heap, size_t budget)
{
    size_t steps = 0;

    rh_heap_minor(heap);
    assert_int_equal(rh_heap_start(heap), RH_OK);
    do {
        bags_traced = bag_slices = 0;
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = budget });
        assert_true(bags_traced + bag_slices <= budget);
        assert_int_equal(check_stat(heap, "x_visited"), bags_traced);
        if (steps++ % 1000 == 0)
            check(heap);
    } while (is_at(heap, "marking"));
    check(heap);
    finish(heap);
}

static void
no_step_follows_more_than_its_budget_of_a_list(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_bags(&world);
    struct bag *root = NULL;

    (void)state;
    check_root(heap, &root);
    for (size_t i = 0; i < 5000; i++) {
        struct bag *bag = make_bag(heap, NULL, 0);

        bag->link = root;
        root = bag;
    }
    expect_within_budget(heap, 1);
    expect_within_budget(heap, 7);
    expect_within_budget(heap, 100);
    check_close(&world);
}

static void
no_step_follows_more_than_its_budget_of_a_long_array(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_bags(&world);
    size_t length = 3000000;
    struct bag **items = calloc(length, sizeof *items);
    struct bag *root = NULL;

    (void)state;
    assert_non_null(items);
    check_root(heap, &root);
    root = make_bag(heap, items, length);
    for (size_t i = 0; i < 3000; i++)
        items[i * 1000] = make_bag(heap, NULL, 0);
    expect_within_budget(heap, 1);
    expect_within_budget(heap, 7);
    expect_within_budget(heap, 100);
    check_close(&world);
    free(items);
}

// More containers at a time than there are slices, and more objects than the
// work list has room for.
static void
no_step_follows_more_than_its_budget_of_arrays_of_arrays(void **state)
{
    enum {
        OUTER = 1000,
        INNER = 300
    };
    struct check_world world;
    struct rh_heap *heap = open_bags(&world);
    struct bag **items = calloc(OUTER * (INNER + 1), sizeof *items);
    struct bag *root = NULL;

    (void)state;
    assert_non_null(items);
    check_root(heap, &root);
    root = make_bag(heap, items, OUTER);
    for (size_t i = 0; i < OUTER; i++) {
        struct bag **inner = items + OUTER + i * INNER;

        items[i] = make_bag(heap, inner, INNER);
        for (size_t j = 0; j < INNER; j += 20)
            inner[j] = make_bag(heap, NULL, 0);
    }
    expect_within_budget(heap, 1);
    expect_within_budget(heap, 7);
    expect_within_budget(heap, 100);
    check_close(&world);
    free(items);
}

static void
the_shortest_step_gets_on(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t steps = 0;

    (void)state;
    open_list(&world, &root, 20000);
    start(world.heap);

    while (is_at(world.heap, "marking")) {
        (void)rh_heap_step(world.heap, (struct rh_budget){ .microseconds = 1 });
        assert_true(check_stat(world.heap, "x_visited") <= 20000);
        steps++;
    }

    assert_in_range(steps, 2, 20000 / 100);
    finish(world.heap);
    assert_int_equal(check_list_length(root), 20000);
    check_close(&world);
}

static void
a_budget_of_objects_holds_beside_one_of_time(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 20000);
    start(world.heap);
    while (is_at(world.heap, "marking")) {
        (void)rh_heap_step(world.heap,
                           (struct rh_budget){ 300, 10 * 1000 * 1000 });
        assert_true(check_stat(world.heap, "x_visited") <= 300);
    }
    finish(world.heap);
    check_close(&world);
}

static void
sweeping_goes_page_by_page(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t pages = 0;

    (void)state;
    open_list(&world, &root, 40 * 408);
    root = NULL;
    start(world.heap);
    step_until(world.heap, "sweeping", 0);
    assert_true(check_stat(world.heap, "heap_live_slots") > 0);

    while (!world.heap->major.releasing) {
        uint64_t live = check_stat(world.heap, "heap_live_slots");

        (void)step(world.heap, 1);
        assert_true(live - check_stat(world.heap, "heap_live_slots") <=
                    rh_heap_slots_per_page(world.heap));
        pages++;
    }

    assert_int_equal(pages, world.heap->region.unswept_end);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    finish(world.heap);
    check_close(&world);
}

// ---- the young, meanwhile ----

static void
the_young_are_collected_meanwhile(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 200);
    start(world.heap);
    while (is_at(world.heap, "marking")) {
        size_t live = check_stat(world.heap, "heap_live_slots");

        check_waste(world.heap, 30);
        (void)step(world.heap, 3);
        rh_heap_minor(world.heap);
        check(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), live);
    }
    finish(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 200);
    check_close(&world);
}

// The major collection has marked it already, or wants to look at it still.
static void
expect_young_may_die(size_t steps)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *young;

    open_list(&world, &root, 20);
    young = check_node(world.heap, NULL, NULL);
    young->left = check_node(world.heap, NULL, NULL);
    check_set_left(world.heap, root, young);
    start(world.heap);
    for (size_t i = 0; i < steps; i++)
        (void)step(world.heap, 1);
    assert_true(is_at(world.heap, "marking"));
    check_set_left(world.heap, root, NULL);

    rh_heap_minor(world.heap);
    check(world.heap);

    assert_false(is_live(world.heap, young));
    assert_false(has_bit(world.heap, RHI_NEXT, young));
    assert_false(has_bit(world.heap, RHI_GRAY, young));
    check_waste(world.heap, 3 * rh_heap_slots_per_page(world.heap));
    finish(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 20);
    check_close(&world);
}

static void
the_young_that_were_reached_may_die(void **state)
{
    (void)state;
    for (size_t steps = 0; steps <= 22; steps++)
        expect_young_may_die(steps);
}

static void
those_that_live_are_promoted_and_followed(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    for (size_t moment = 0; moment < 24; moment++) {
        open_list(&world, &root, 20);
        start(world.heap);
        for (size_t i = 0; i < moment && is_at(world.heap, "marking"); i++)
            (void)step(world.heap, 1);
        root = check_node(world.heap, NULL, root);
        root->left = check_node(world.heap, NULL, NULL);
        rh_heap_minor(world.heap);
        check(world.heap);
        root->left->left = check_node(world.heap, NULL, NULL);
        rh_barrier_write(world.heap, root->left, root->left->left);
        finish(world.heap);

        assert_int_equal(check_list_length(root), 21);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 23);
        check_close(&world);
    }
}

// So many young ones wait that some overflow to the gray plane; then they die,
// and their pages go back to the system.
static void
pages_of_gray_young_objects_may_be_given_back(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_bags(&world);
    static struct bag *items[20000];
    struct bag *root = NULL;

    (void)state;
    check_root(heap, &root);
    root = make_bag(heap, NULL, 0);
    rh_heap_minor(heap);
    for (size_t i = 0; i < CHECK_COUNT(items); i++)
        items[i] = make_bag(heap, NULL, 0);
    root->items = items;
    root->count = CHECK_COUNT(items);
    rh_barrier_all(heap, root);
    start(heap);
    for (size_t i = 0; i < CHECK_COUNT(items) / 2; i++)
        rhi_marker_shade(&heap->marker, items[i]);
    check(heap);
    root->count = 0;

    rh_heap_minor(heap);
    check(heap);
    assert_int_equal(check_stat(heap, "heap_live_slots"), 1);
    rh_trim_now(heap, RH_TRIM_PAGES);
    check(heap);
    assert_true(check_stat(heap, "total_freed_pages") > 0);

    step_until(heap, "none", 5);
    start(heap);
    rh_heap_cancel(heap);
    check(heap);
    check_close(&world);
}

// So many roots, all of them containers, that the planes have to be used.
static struct rh_heap *
open_wide(struct check_world *world, struct bag **items)
{
    struct rh_heap *heap = open_bags(world);

    for (size_t i = 0; i < 1000; i++)
        assert_non_null(rh_scope_hold(heap, make_bag(heap, items, 300)));
    for (size_t i = 0; i < 300; i++)
        items[i] = make_bag(heap, NULL, 0);
    return heap;
}

static void
step_until_planes_are_used(struct rh_heap *heap)
{
    ok(rh_heap_start(heap));
    while (heap->marker.slice_count < RHI_SLICES_LENGTH ||
           count_plane(heap, RHI_GRAY) == 0 ||
           count_plane(heap, RHI_SLICED) == 0)
        assert_false(step(heap, 1));
    assert_true(is_at(heap, "marking"));
}

static void
the_young_that_wait_anywhere_may_die(void **state)
{
    struct check_world world;
    struct bag *items[300];
    struct rh_heap *heap = open_wide(&world, items);

    (void)state;
    step_until_planes_are_used(heap);
    rh_scope_restore(heap, 0);

    rh_heap_minor(heap);
    check(heap);

    assert_int_equal(check_stat(heap, "heap_live_slots"), 0);
    assert_int_equal(count_plane(heap, RHI_GRAY), 0);
    assert_int_equal(count_plane(heap, RHI_SLICED), 0);
    assert_int_equal(heap->marker.slice_count, 0);
    finish(heap);
    check_close(&world);
}

static void
nothing_waits_when_it_was_cancelled(void **state)
{
    struct check_world world;
    struct bag *items[300];
    struct rh_heap *heap = open_wide(&world, items);

    (void)state;
    rh_heap_minor(heap);
    step_until_planes_are_used(heap);

    rh_heap_cancel(heap);
    check(heap);

    assert_int_equal(count_plane(heap, RHI_GRAY), 0);
    assert_int_equal(count_plane(heap, RHI_SLICED), 0);
    step_until_planes_are_used(heap);
    rh_heap_collect(heap);
    check(heap);
    assert_int_equal(check_stat(heap, "heap_live_slots"), 1300);
    check_close(&world);
}

static void
what_is_made_while_sweeping_lives(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t slots;

    (void)state;
    open_list(&world, &root, 20000);
    slots = rh_heap_slots_per_page(world.heap);
    for (size_t i = 0; i < 10000; i++) // every other one dies
        check_set_right(world.heap, root, root->right->right),
            root = root->right;
    start(world.heap);
    step_until(world.heap, "sweeping", 0);

    for (int round = 0; !step(world.heap, 1); round++) {
        struct node *old = root;

        root = check_node(world.heap, NULL, NULL);
        root->left = check_buffer(world.heap, 5);
        root->right = old;
        check_waste(world.heap, slots / 3);
        check(world.heap);
        if (round % 3 == 0)
            rh_heap_minor(world.heap);
        check(world.heap);
        if (round > 200)
            finish(world.heap);
    }

    rh_heap_minor(world.heap);
    for (struct node *node = root; node; node = node->right) {
        assert_int_equal(node->tag, NODE);
        assert_true(!node->left || is_live(world.heap, node->left));
    }
    assert_int_equal(world.released, 0);
    check_close(&world);
}

// ---- stores, meanwhile ----

// The only reference to the last node moves from where marking has not been to
// where it has.
// All unprotected ones are followed again by each collection of the young, also
// those of pages that wait to be swept; whoever comes first meets the others.
static void
unprotected_objects_that_wait_for_the_sweep_may_meet(void **state)
{
    struct check_world world;
    struct node *first = NULL;
    struct node *second;

    (void)state;
    open_list(&world, &first, 2);
    second = first->right;
    check_set_left(world.heap, second, first); // both ways
    rh_barrier_unprotect(world.heap, first);
    rh_barrier_unprotect(world.heap, second);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    step_until(world.heap, "sweeping", 0);

    rh_heap_minor(world.heap);

    check(world.heap);
    assert_true(is_at(world.heap, "sweeping"));
    assert_ptr_equal(first->right, second);
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)second));
    finish(world.heap);
    check_close(&world);
}

static void
what_moves_from_white_to_black_is_not_lost(void **state)
{
    (void)state;
    for (size_t moment = 0; moment < 50; moment++) {
        struct check_world world;
        struct node *root = NULL;
        struct node *last;
        struct node *before;

        open_list(&world, &root, 40);
        for (before = root; before->right->right; before = before->right)
            ;
        last = before->right;
        start(world.heap);
        for (size_t i = 0; i < moment && is_at(world.heap, "marking"); i++)
            (void)step(world.heap, 1);
        check_set_left(world.heap, root, last);
        check_set_right(world.heap, before, NULL);
        finish(world.heap);

        assert_true(is_live(world.heap, last));
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 40);
        check_close(&world);
    }
}

struct holder {
    struct node *address;
    struct node *range[2];
    struct node *reported;
    void **handle;
};

static void
report_one(struct rh_visitor *visitor, void *context)
{
    rh_visit(visitor, &((struct holder *)context)->reported);
}

// The rest of the list, from the tenth on, moves to a root.
static void
expect_root_is_seen(size_t moment, int kind)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *tenth;
    struct node *rest;
    struct holder holder = { NULL, { NULL, NULL }, NULL, NULL };

    open_list(&world, &root, 40);
    check_root(world.heap, &holder.address);
    assert_int_equal(rh_root_add_range(world.heap, NULL, holder.range, 2),
                     RH_OK);
    assert_int_equal(
        rh_root_add_callback(world.heap, NULL, report_one, &holder), RH_OK);
    holder.handle = rh_scope_hold(world.heap, NULL);
    tenth = root;
    for (size_t i = 0; i < 10; i++)
        tenth = tenth->right;
    rest = tenth->right;
    start(world.heap);
    for (size_t i = 0; i < moment && is_at(world.heap, "marking"); i++)
        (void)step(world.heap, 1);
    check_set_right(world.heap, tenth, NULL);
    if (kind == 0)
        holder.address = rest;
    else if (kind == 1)
        holder.range[1] = rest;
    else if (kind == 2)
        holder.reported = rest;
    else if (kind == 3)
        *holder.handle = rest;
    else
        assert_non_null(rh_scope_hold(world.heap, rest));
    finish(world.heap);

    assert_int_equal(check_list_length(rest), 29);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 40);
    check_close(&world);
}

static void
roots_that_change_meanwhile_are_seen(void **state)
{
    (void)state;
    for (size_t moment = 0; moment < 45; moment += 4)
        for (int kind = 0; kind < 5; kind++)
            expect_root_is_seen(moment, kind);
}

static void
unprotected_objects_that_change_meanwhile_are_seen(void **state)
{
    (void)state;
    for (size_t moment = 0; moment < 45; moment++) {
        struct check_world world;
        struct node *root = NULL;
        struct node *tenth;
        struct node *rest;

        open_list(&world, &root, 40);
        for (tenth = root; tenth->right && !tenth->left; tenth = tenth->right)
            if (check_list_length(tenth) == 30)
                break;
        rest = tenth->right;
        if (moment % 2)
            rh_barrier_unprotect(world.heap, root);
        start(world.heap);
        for (size_t i = 0; i < moment && is_at(world.heap, "marking"); i++)
            (void)step(world.heap, 1);
        root->left = rest; // without a word
        rh_barrier_unprotect(world.heap, root);
        check_set_right(world.heap, tenth, NULL);
        finish(world.heap);

        assert_int_equal(check_list_length(rest), 29);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 40);
        check_close(&world);
    }
}

// What was marked before it died stays for once.
static void
what_dies_after_it_was_marked_is_found_by_the_next(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *rest;

    (void)state;
    open_list(&world, &root, 40);
    start(world.heap);
    for (size_t i = 0; i < 30; i++)
        (void)step(world.heap, 1);
    rest = root->right;
    check_set_right(world.heap, root, NULL);
    finish(world.heap);
    assert_true(is_live(world.heap, rest));

    start(world.heap);
    finish(world.heap);

    assert_false(is_live(world.heap, rest));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
    check_close(&world);
}

// Collections of the young follow it again, dead or not.
static void
what_is_dead_does_not_live_on_because_it_is_unprotected(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *dead;

    (void)state;
    open_list(&world, &root, 10);
    dead = root->right;
    rh_barrier_unprotect(world.heap, dead);
    check_set_right(world.heap, root, NULL);
    rh_heap_minor(world.heap);
    assert_true(is_live(world.heap, dead));

    start(world.heap);
    rh_heap_minor(world.heap);
    (void)step(world.heap, 1);
    rh_heap_minor(world.heap);
    finish(world.heap);

    assert_false(is_live(world.heap, dead));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
    check_close(&world);
}

static void
what_is_dead_does_not_live_on_because_it_was_remembered(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *dead;
    struct node *child;

    (void)state;
    open_list(&world, &root, 10);
    dead = root->right;
    child = check_node(world.heap, NULL, NULL);
    check_set_left(world.heap, dead, child);
    check_set_right(world.heap, root, NULL);
    start(world.heap);
    finish(world.heap);

    assert_false(is_live(world.heap, dead));
    assert_true(is_live(world.heap, child)); // it was promoted meanwhile
    start(world.heap);
    finish(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
    check_close(&world);
}

// ---- containers, meanwhile ----

// Two objects, both old and held: `subject` is full of old strings that nobody
// else refers to, and `other` is empty.
struct scene {
    struct rh_heap *heap;
    rh_value subject;
    rh_value other;
};

enum {
    LENGTH = 600
};

static rh_value
new_text(struct rh_heap *heap)
{
    rh_value text = rh_string_new(heap, 0, "text", 4);

    assert_true(text != RH_UNDEF);
    return text;
}

static void
array_fill(struct scene *scene)
{
    struct rh_heap *heap = scene->heap;

    scene->subject = objects_keep(heap, rh_array_new(heap, 0, NULL, LENGTH));
    scene->other = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));
    for (size_t i = 0; i < LENGTH; i++)
        ok(rh_array_set(heap, scene->subject, i, new_text(heap)));
}

static void
array_push_new(struct scene *scene)
{
    for (size_t i = 0; i < 100; i++)
        ok(rh_array_push(scene->heap, scene->subject, new_text(scene->heap)));
}

static void
array_reverse(struct scene *scene)
{
    size_t last = rh_array_length(scene->subject) - 1;

    for (size_t i = 0; i < last - i; i++) {
        rh_value a = rh_array_get(scene->subject, i);
        rh_value b = rh_array_get(scene->subject, last - i);

        ok(rh_array_set(scene->heap, scene->subject, i, b));
        ok(rh_array_set(scene->heap, scene->subject, last - i, a));
    }
}

static void
array_pop_to_other(struct scene *scene)
{
    while (rh_array_length(scene->subject) > 0)
        ok(rh_array_push(scene->heap, scene->other,
                         rh_array_pop(scene->heap, scene->subject)));
}

static void
array_shift_to_other(struct scene *scene)
{
    while (rh_array_length(scene->subject) > 0)
        ok(rh_array_push(scene->heap, scene->other,
                         rh_array_shift(scene->heap, scene->subject)));
}

// The elements wander through the block, and back to its beginning.
static void
array_rotate(struct scene *scene)
{
    for (size_t i = 0; i < LENGTH + LENGTH / 2; i++)
        ok(rh_array_push(scene->heap, scene->subject,
                         rh_array_shift(scene->heap, scene->subject)));
}

static void
array_shift_some(struct scene *scene)
{
    for (size_t i = 0; i < 150; i++)
        (void)rh_array_shift(scene->heap, scene->subject);
}

static void
array_shift_and_grow(struct scene *scene)
{
    array_shift_some(scene);
    array_push_new(scene);
}

static void
array_shorten(struct scene *scene)
{
    ok(rh_array_resize(scene->heap, scene->subject, LENGTH / 3));
    array_push_new(scene);
}

static void
array_move_in(struct scene *scene)
{
    ok(rh_array_resize(scene->heap, scene->subject, 3));
}

static void
array_lengthen(struct scene *scene)
{
    ok(rh_array_resize(scene->heap, scene->subject, 3 * LENGTH));
    ok(rh_array_set(scene->heap, scene->subject, 3 * LENGTH - 1,
                    rh_array_get(scene->subject, 0)));
    ok(rh_array_set(scene->heap, scene->subject, 0, RH_NIL));
}

static void
array_slice(struct scene *scene)
{
    rh_value slice = rh_array_slice(scene->heap, scene->subject, 100, 400);

    ok(rh_array_push(scene->heap, scene->other, slice));
}

static void
array_slice_and_write(struct scene *scene)
{
    array_slice(scene);
    ok(rh_array_set(scene->heap, scene->subject, 5, RH_NIL));
    array_reverse(scene);
}

static void
array_slice_and_shift(struct scene *scene)
{
    array_slice(scene);
    array_shift_some(scene);
    ok(rh_array_resize(scene->heap, scene->subject, 2));
}

static void
step_some(struct scene *scene)
{
    for (int i = 0; i < 3 && is_at(scene->heap, "marking"); i++)
        (void)rh_heap_step(scene->heap, (struct rh_budget){ .objects = 1 });
}

// While the block is the root's, the array has nothing to follow; the root
// dies young.
static void
array_share_for_a_while(struct scene *scene)
{
    assert_true(rh_array_slice(scene->heap, scene->subject, 9, 99) != RH_UNDEF);
    step_some(scene);
    ok(rh_array_set(scene->heap, scene->subject, 5, RH_NIL));
}

static void
array_give_ivars(struct scene *scene)
{
    for (size_t i = 0; i < 100; i++) {
        ok(rh_ivar_set(scene->heap, scene->subject, i,
                       rh_array_pop(scene->heap, scene->subject)));
    }
    array_shift_some(scene);
    for (size_t i = 0; i < 300; i++)
        (void)rh_array_pop(scene->heap, scene->subject);
}

// The variables move to where marking has been, as slices count.
static void
array_slice_with_ivars(struct scene *scene)
{
    rh_value slice;

    for (size_t i = 0; i < 100; i++)
        ok(rh_ivar_set(scene->heap, scene->subject, i,
                       rh_array_pop(scene->heap, scene->subject)));
    rh_heap_minor(scene->heap);
    step_some(scene);
    slice = rh_array_slice(scene->heap, scene->subject, 100, 400);
    ok(rh_array_push(scene->heap, scene->other, slice));
}

static void
array_give_to_a_new_one(struct scene *scene)
{
    rh_value made = rh_array_new(scene->heap, 0, NULL, 0);

    ok(rh_array_push(scene->heap, scene->other, made));
    while (rh_array_length(scene->subject) > 0)
        ok(rh_array_push(scene->heap, made,
                         rh_array_pop(scene->heap, scene->subject)));
}

// Variables come behind the elements, as slices count.
static void
array_fill_with_ivars(struct scene *scene)
{
    array_fill(scene);
    for (size_t i = 0; i < 300; i++)
        ok(rh_ivar_set(scene->heap, scene->subject, 299 - i,
                       rh_array_pop(scene->heap, scene->subject)));
}

static void
array_pop_some(struct scene *scene)
{
    for (size_t i = 0; i < 290; i++)
        (void)rh_array_pop(scene->heap, scene->subject);
}

static void
array_resize_to_one(struct scene *scene)
{
    ok(rh_array_resize(scene->heap, scene->subject, 1));
}

static void
array_cut_ivars(struct scene *scene)
{
    ok(rh_ivar_resize(scene->heap, scene->subject, 200));
    ok(rh_ivar_resize(scene->heap, scene->subject, 400));
}

static void
hash_fill(struct scene *scene)
{
    struct rh_heap *heap = scene->heap;

    scene->subject =
        objects_keep(heap, rh_hash_new(heap, 0, rh_hash_type_identity()));
    scene->other =
        objects_keep(heap, rh_hash_new(heap, 0, rh_hash_type_identity()));
    for (size_t i = 0; i < LENGTH / 2; i++) {
        rh_value key = objects_keep(heap, new_text(heap));

        ok(rh_hash_set(heap, scene->subject, key, new_text(heap)));
    }
    rh_scope_restore(heap, 2);
}

struct entries {
    rh_value pairs[LENGTH * 2];
    size_t count;
};

static bool
note_entry(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    struct entries *entries = context;

    (void)heap;
    entries->pairs[entries->count++] = key;
    entries->pairs[entries->count++] = value;
    return true;
}

static struct entries *
hash_entries(struct scene *scene)
{
    static struct entries entries;

    entries.count = 0;
    ok(rh_hash_each(scene->heap, scene->subject, note_entry, &entries));
    return &entries;
}

static void
hash_move(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);

    for (size_t i = 0; i < entries->count; i += 2) {
        (void)rh_hash_delete(scene->heap, scene->subject, entries->pairs[i]);
        ok(rh_hash_set(scene->heap, scene->other, entries->pairs[i + 1],
                       entries->pairs[i]));
    }
}

static void
hash_swap_values(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);
    rh_value *pairs = entries->pairs;

    for (size_t i = 0; i < entries->count; i += 2)
        ok(rh_hash_set(scene->heap, scene->subject, pairs[i],
                       pairs[entries->count - 1 - i]));
}

static void
hash_delete_and_close_the_gaps(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);

    for (size_t i = 0; i < entries->count / 2; i += 2)
        (void)rh_hash_delete(scene->heap, scene->subject, entries->pairs[i]);
    for (int64_t i = 0; i < 400; i++)
        ok(rh_hash_set(scene->heap, scene->subject, rh_fixnum_from(i),
                       new_text(scene->heap)));
}

static void
hash_again(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);

    for (size_t i = 0; i < entries->count / 2; i += 2)
        (void)rh_hash_delete(scene->heap, scene->subject, entries->pairs[i]);
    ok(rh_hash_rehash(scene->heap, scene->subject));
}

static void
hash_clear_and_fill_again(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);

    ok(rh_hash_clear(scene->heap, scene->subject));
    for (size_t i = entries->count; i > 0; i -= 2)
        ok(rh_hash_set(scene->heap, scene->subject, entries->pairs[i - 2],
                       entries->pairs[i - 1]));
}

static void
hash_give_default_and_ivars(struct scene *scene)
{
    struct entries *entries = hash_entries(scene);

    ok(rh_hash_set_default(scene->heap, scene->other,
                           entries->pairs[entries->count - 1]));
    for (size_t i = 0; i < 100; i++)
        ok(rh_ivar_set(scene->heap, scene->other, i,
                       entries->pairs[entries->count - 2 - i]));
    for (size_t i = 0; i < 100; i++)
        ok(rh_ivar_set(scene->heap, scene->subject, i, entries->pairs[i]));
    hash_again(scene);
    ok(rh_hash_clear(scene->heap, scene->subject));
}

static void
object_fill(struct scene *scene)
{
    struct rh_heap *heap = scene->heap;

    scene->subject = objects_keep(heap, rh_object_new(heap, 0, LENGTH));
    scene->other = objects_keep(heap, rh_string_new(heap, 0, "other", 5));
    for (size_t i = 0; i < LENGTH; i++)
        ok(rh_ivar_set(heap, scene->subject, i, new_text(heap)));
}

static void
object_cut(struct scene *scene)
{
    ok(rh_ivar_resize(scene->heap, scene->subject, 200));
    ok(rh_ivar_resize(scene->heap, scene->subject, 2));
    ok(rh_ivar_resize(scene->heap, scene->subject, 300));
    for (size_t i = 2; i < 300; i++)
        ok(rh_ivar_set(scene->heap, scene->subject, i, new_text(scene->heap)));
}

// From its own list to the table beside the heap, and back.
static void
object_give_all(struct scene *scene)
{
    for (size_t i = LENGTH; i-- > 0;) {
        ok(rh_ivar_set(scene->heap, scene->other, i,
                       rh_ivar_get(scene->subject, i)));
        ok(rh_ivar_set(scene->heap, scene->subject, i, RH_UNDEF));
    }
}

static void
object_give_and_take_back(struct scene *scene)
{
    object_give_all(scene);
    for (size_t i = 0; i < LENGTH; i++) {
        ok(rh_ivar_set(scene->heap, scene->subject, LENGTH - 1 - i,
                       rh_ivar_get(scene->other, i)));
        ok(rh_ivar_set(scene->heap, scene->other, i, RH_UNDEF));
    }
    ok(rh_ivar_resize(scene->heap, scene->other, 0));
}

static void
struct_fill(struct scene *scene)
{
    struct rh_heap *heap = scene->heap;

    scene->subject = objects_keep(heap, rh_struct_new(heap, 0, NULL, LENGTH));
    scene->other = objects_keep(heap, rh_struct_new(heap, 0, NULL, LENGTH));
    for (size_t i = 0; i < LENGTH; i++)
        ok(rh_struct_set(heap, scene->subject, i, new_text(heap)));
}

static void
struct_give_all(struct scene *scene)
{
    for (size_t i = 0; i < LENGTH; i++) {
        ok(rh_struct_set(scene->heap, scene->other, LENGTH - 1 - i,
                         rh_struct_get(scene->subject, i)));
        ok(rh_struct_set(scene->heap, scene->subject, i, RH_NIL));
    }
}

static void
nothing(struct scene *scene)
{
    (void)scene;
}

static const struct change {
    void (*fill)(struct scene *scene);
    void (*change)(struct scene *scene);
} changes[] = {
    { array_fill, nothing },
    { array_fill, array_push_new },
    { array_fill, array_reverse },
    { array_fill, array_pop_to_other },
    { array_fill, array_shift_to_other },
    { array_fill, array_rotate },
    { array_fill, array_shift_some },
    { array_fill, array_shift_and_grow },
    { array_fill, array_shorten },
    { array_fill, array_move_in },
    { array_fill, array_lengthen },
    { array_fill, array_slice },
    { array_fill, array_slice_and_write },
    { array_fill, array_slice_and_shift },
    { array_fill, array_give_ivars },
    { array_fill, array_slice_with_ivars },
    { array_fill, array_share_for_a_while },
    { array_fill_with_ivars, array_pop_some },
    { array_fill_with_ivars, array_shift_some },
    { array_fill_with_ivars, array_resize_to_one },
    { array_fill_with_ivars, array_push_new },
    { array_fill_with_ivars, array_slice },
    { array_fill_with_ivars, array_share_for_a_while },
    { array_fill_with_ivars, array_cut_ivars },
    { array_fill, array_give_to_a_new_one },
    { hash_fill, hash_move },
    { hash_fill, hash_swap_values },
    { hash_fill, hash_delete_and_close_the_gaps },
    { hash_fill, hash_again },
    { hash_fill, hash_clear_and_fill_again },
    { hash_fill, hash_give_default_and_ivars },
    { object_fill, object_cut },
    { object_fill, object_give_all },
    { object_fill, object_give_and_take_back },
    { struct_fill, struct_give_all },
};

// Everything that can be reached, as a walk finds it.
struct reachable {
    void *objects[4 * LENGTH];
    size_t count;
};

static bool
note_object(struct rh_heap *heap, void *object, void *context)
{
    struct reachable *reachable = context;

    (void)heap;
    assert_true(reachable->count < CHECK_COUNT(reachable->objects));
    reachable->objects[reachable->count++] = object;
    return true;
}

static void
expect_scene_lives(struct rh_heap *heap, const struct reachable *reachable)
{
    check(heap);
    for (size_t i = 0; i < reachable->count; i++)
        assert_true(is_live(heap, reachable->objects[i]));
}

static void
change_at(struct rh_heap *heap, const struct change *change, size_t moment,
          bool young_first)
{
    static struct reachable reachable;
    struct scene scene = { heap, RH_NIL, RH_NIL };

    change->fill(&scene);
    rh_heap_minor(heap);
    assert_int_equal(rh_heap_start(heap), RH_OK);
    for (size_t i = 0; i < moment && is_at(heap, "marking"); i++)
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = 1 });
    change->change(&scene);
    reachable.count = 0;
    ok(rh_walk_reachable(heap, NULL, note_object, &reachable));
    if (young_first) {
        rh_heap_minor(heap);
        expect_scene_lives(heap, &reachable);
    }
    rh_heap_finish(heap);
    expect_scene_lives(heap, &reachable);
    objects_check(heap);
    rh_scope_restore(heap, 0);
    rh_heap_collect(heap);
    assert_int_equal(check_stat(heap, "heap_live_slots"), 0);
}

static void
containers_half_followed_may_change_in_every_way(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(changes); i++)
        for (size_t moment = 0; moment < 660; moment += moment < 20 ? 1 : 31)
            change_at(heap, &changes[i], moment, (moment + i) % 2);
    check_close(&world);
}

// ---- sweeping ----

static bool
count_live(struct rh_heap *heap, void *object, void *context)
{
    assert_true(is_live(heap, object));
    ++*(size_t *)context;
    return true;
}

static size_t
count_walked(struct rh_heap *heap)
{
    size_t count = 0;

    ok(rh_walk_objects(heap, count_live, &count));
    return count;
}

// One line a piece or more, or less.
static bool
count_lines(const char *text, size_t length, void *context)
{
    for (size_t i = 0; i < length; i++)
        *(size_t *)context += text[i] == '\n';
    return true;
}

static size_t
count_pages(struct rh_heap *heap)
{
    size_t pages = check_stat(heap, "heap_sorted_length");
    size_t count = 0;

    for (size_t page = 0; page < pages; page++) {
        struct rh_page_view view;

        ok(rh_page_look(heap, page, &view));
        count += view.live_slots;
    }
    return count;
}

// Old garbage: what was held when it was young.
static size_t
open_sweeping(struct check_world *world, struct node **root)
{
    struct node *keep = NULL;
    size_t kept = 0;

    check_open_generational(world);
    rh_heap_disable(world->heap);
    check_root(world->heap, root);
    check_root(world->heap, &keep);
    for (size_t i = 0; i < 3000; i++) {
        struct node *node = check_buffer(world->heap, 10);

        if (i % 2) {
            node->right = *root;
            *root = node;
            kept++;
        } else {
            node->right = keep;
            keep = node;
        }
    }
    rh_heap_minor(world->heap);
    check(world->heap);
    keep = NULL;
    start(world->heap);
    step_until(world->heap, "sweeping", 0);
    check_unroot(world->heap, &keep);
    return kept;
}

static void
what_is_dead_is_dead_before_it_is_swept(void **state)
{
    const struct rh_dump_options full = { .flags = RH_DUMP_FULL };
    struct check_world world;
    struct node *root = NULL;
    size_t kept = open_sweeping(&world, &root);

    (void)state;
    do {
        size_t dumped = 0;

        assert_int_equal(count_walked(world.heap), kept);
        ok(rh_heap_dump(world.heap, NULL, count_lines, &dumped));
        assert_int_equal(dumped, kept + 1); // and the root
        dumped = 0;
        ok(rh_heap_dump(world.heap, &full, count_lines, &dumped));
        assert_int_equal(dumped,
                         check_stat(world.heap, "heap_available_slots") + 1);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"),
                         3000 - world.released);
        assert_int_equal(count_pages(world.heap), kept);
        assert_int_equal(check_list_length(root), kept);
    } while (!step(world.heap, 1));

    assert_int_equal(world.released, 3000 - kept);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), kept);
    check_close(&world);
    assert_int_equal(world.released, 3000);
}

static void
a_page_is_swept_before_it_is_allocated_from(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t kept = open_sweeping(&world, &root);
    size_t made = 0;

    (void)state;
    while (!is_at(world.heap, "none")) {
        struct node *node = check_node(world.heap, NULL, NULL);

        assert_false(
            rhi_sweep_awaits(&world.heap->sweep, world.heap->mutator.page));
        node->right = root;
        root = node;
        if (++made % 500 == 0)
            (void)step(world.heap, 1);
    }

    assert_int_equal(check_list_length(root), kept + made);
    assert_int_equal(world.released, 3000 - kept);
    assert_int_equal(count_walked(world.heap), kept + made);
    check_close(&world);
}

// What the dead hold is given back without a word: in the middle of sweeping,
// too, nobody may allocate then.
static void
allocating_release(struct rh_heap *heap, void *object)
{
    (void)object;
    (void)rh_heap_alloc(heap);
}

static void
a_release_function_may_not_allocate_when_its_page_is_swept_early(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_model model;

    (void)state;
    open_sweeping(&world, &root);
    model = check_node_model;
    model.release = allocating_release;
    world.heap->model = world.heap->sweep.model = &model;

    check_panics("during a collection", check_waste(world.heap, 20000));
    check_abandon(&world);
}

static void
collecting_listener(struct rh_heap *heap, const struct rh_event *event,
                    void *context)
{
    (void)event;
    ++*(size_t *)context;
    rh_heap_collect(heap);
}

static void
a_listener_may_not_collect_when_a_page_is_swept_early(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t calls = 0;

    (void)state;
    open_sweeping(&world, &root);
    ok(rh_event_listen(world.heap, RH_EVENT_OBJECT_FREE, collecting_listener,
                       &calls));

    check_panics("by a callback of a collection",
                 check_waste(world.heap, 20000));
    assert_int_equal(calls, 1);
    check_abandon(&world);
}

// ---- with models that tag their references ----

static struct node *
tagged(struct node *node)
{
    return (struct node *)((uintptr_t)node | 1);
}

// A number can look like a reference, to an object that has died and is not
// swept yet: it must not raise the dead.
static void
numbers_that_look_like_the_dead_do_not_raise_them(void **state)
{
    struct check_world world;
    struct rh_model model = check_node_model;
    struct node *roots[3] = { NULL, NULL, NULL };
    struct node *dead = NULL;

    (void)state;
    model.encoding = (struct rh_encoding){ ~(uintptr_t)7, 7, 1 };
    check_prepare(&world);
    world.config.model = &model;
    world.config.generational = true;
    check_make(&world);
    rh_heap_disable(world.heap);
    ok(rh_root_add_range(world.heap, NULL, roots, 3));
    for (size_t i = 0; i < 5 * rh_heap_slots_per_page(world.heap); i++) {
        roots[1] = tagged(check_node(world.heap, NULL, roots[1]));
        if (i == 3 * rh_heap_slots_per_page(world.heap)) {
            dead = check_buffer(world.heap, 10);
            dead->left = tagged(check_node(world.heap, NULL, NULL));
            roots[0] = tagged(dead);
        }
    }
    rh_heap_minor(world.heap);
    check(world.heap);
    dead = (struct node *)((uintptr_t)roots[0] - 1);
    roots[0] = NULL;
    start(world.heap);
    step_until(world.heap, "sweeping", 0);

    roots[0] = tagged(check_node(world.heap, tagged(dead), NULL));
    roots[2] = tagged(dead);
    assert_true(rhi_sweep_awaits(
        &world.heap->sweep,
        rhi_region_page(&world.heap->region, (uintptr_t)dead)));
    rh_heap_minor(world.heap);
    check(world.heap);

    assert_false(is_live(world.heap, dead));
    finish(world.heap);
    assert_int_equal(world.released, 1);
    check_close(&world);
}

// ---- when memory runs out, and when time does ----

static void
an_emergency_in_the_middle_collects_at_once(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *node;

    (void)state;
    for (int sweeping = 0; sweeping < 2; sweeping++) {
        check_prepare(&world);
        world.config.generational = true;
        world.config.region_bytes = 16 << 20;
        world.config.initial_slots = 100;
        check_make(&world);
        check_root(world.heap, &root);
        root = check_list(world.heap, 200);
        rh_heap_minor(world.heap);
        world.memory.refuse_commit = true;
        start(world.heap);
        (void)step(world.heap, 3);
        if (sweeping)
            step_until(world.heap, "sweeping", 0);

        while ((node = rh_heap_alloc(world.heap))) {
            node->right = root;
            node->tag = NODE;
            root = node;
            if (check_stat(world.heap, "x_emergency_count") > 0)
                break;
        }
        check(world.heap);
        assert_int_equal(check_stat(world.heap, "x_emergency_count"), 1);
        assert_true(is_at(world.heap, "none"));
        assert_true(check_list_length(root) >= 200);
        check_close(&world);
        root = NULL;
    }
}

static void
a_heap_goes_through_steps_by_itself(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *old[4] = { NULL, NULL, NULL, NULL };

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    world.config.step_us = 50;
    check_make(&world);
    check_root(world.heap, &root);
    ok(rh_root_add_range(world.heap, NULL, old, 4));
    rh_heap_stress(world.heap, RH_STRESS_VERIFY);
    for (size_t i = 0; i < 12; i++) {
        old[i % 4] = check_list(world.heap, 10000 + 1000 * i);
        root = check_node(world.heap, NULL, root);
        check_set_left(world.heap, root, old[i % 4]);
        check_set_left(world.heap, root, NULL);
    }
    check(world.heap);

    assert_true(check_stat(world.heap, "major_gc_count") > 1);
    assert_true(check_stat(world.heap, "x_steps") >
                2 * check_stat(world.heap, "major_gc_count"));
    assert_int_equal(check_list_length(root), 12);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(check_list_length(old[i]), 18000 + 1000 * i);
    assert_true(check_stat(world.heap, "heap_live_slots") < 250000);
    check_close(&world);
}

// Each step marks some hundred objects, and thousands are made meanwhile.
static void
a_program_that_is_faster_than_steps_is_caught_up_with(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    world.config.step_us = 1;
    check_make(&world);
    check_root(world.heap, &root);

    for (size_t i = 0; i < 400000; i++)
        root = check_node(world.heap, NULL, root);
    check(world.heap);

    assert_true(check_stat(world.heap, "major_gc_count") > 2);
    assert_true(check_stat(world.heap, "heap_marked_slots") > 100000);
    check_close(&world);
}

static void
big_buffers_do_not_starve_the_steps(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    uint64_t steps;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    world.config.step_us = 1;
    world.config.malloc_limit = 10000;
    world.config.malloc_limit_max = 10000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 9000);
    rh_heap_minor(world.heap);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    steps = check_stat(world.heap, "x_steps");

    for (int i = 0; i < 400; i++) // not a quarter of a nursery
        check_buffer(world.heap, 6000);

    assert_true(check_stat(world.heap, "x_steps") > steps);
    assert_true(is_at(world.heap, "none"));
    check(world.heap);
    check_close(&world);
}

static void
old_external_data_is_counted_anew_by_each_major_one(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    world.config.oldmalloc_limit = 100000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_buffer(world.heap, 200000);

    check_waste(world.heap, 200000);

    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    assert_true(is_at(world.heap, "none"));
    check(world.heap);
    check_close(&world);
}

static void
more_old_external_data_meanwhile_finishes_it(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.oldmalloc_limit = 100000;
    world.config.oldmalloc_limit_max = 100000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 1000);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    root->left = check_buffer(world.heap, 100001);
    rh_barrier_write(world.heap, root, root->left);

    assert_int_equal(rh_heap_due(world.heap).major, RH_MAJOR_OLDMALLOC);
    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_MAJOR);
    rh_heap_safepoint(world.heap);

    assert_true(is_at(world.heap, "none"));
    check(world.heap);
    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_NONE);
    check_close(&world);
}

// The last step collects the young, and what they held.
static void
young_external_data_is_counted_anew_by_the_last_step(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.malloc_limit = 100000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 1000);
    rh_heap_minor(world.heap);
    check_buffer(world.heap, 60000);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 60000);

    rh_heap_finish(world.heap);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 0);
    check_buffer(world.heap, 60000);

    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_NONE);
    check(world.heap);
    check_close(&world);
}

// The limit moves once: it is not lowered right after it was raised.
static void
a_major_collection_that_begins_with_a_minor_one_moves_the_limit_once(
    void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    world.config.malloc_limit = 10000;
    world.config.malloc_limit_max = 100000;
    world.config.oldmalloc_limit = 10000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_buffer(world.heap, 10001);
    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_MAJOR);

    rh_heap_safepoint(world.heap);

    assert_true(is_at(world.heap, "marking"));
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes_limit"),
                     14000);
    check(world.heap);
    check_close(&world);
}

// ---- others who look on ----

static bool
step_in_a_walk(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    (void)rh_heap_step(heap, (struct rh_budget){ 1, 0 });
    return true;
}

static bool
start_in_a_walk(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    (void)rh_heap_start(heap);
    return true;
}

static void
walks_refuse_steps(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 10);
    start(world.heap);
    check_panics("during a walk",
                 rh_walk_objects(world.heap, step_in_a_walk, NULL));
    rh_walk_abandon(world.heap);
    check_panics("during a walk",
                 rh_walk_objects(world.heap, start_in_a_walk, NULL));
    rh_walk_abandon(world.heap);
    finish(world.heap);
    check_close(&world);
}

static bool
allocate_in_a_walk(struct rh_heap *heap, void *object, void *context)
{
    (void)object;
    check_waste(heap, 10);
    ++*(size_t *)context;
    return true;
}

static void
automatic_steps_wait_for_walks(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t seen = 0;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = true;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 3000);
    rh_heap_minor(world.heap);
    start(world.heap);

    ok(rh_walk_objects(world.heap, allocate_in_a_walk, &seen));

    assert_true(seen >= 3000);
    assert_int_equal(check_stat(world.heap, "x_steps"), 0);
    assert_true(is_at(world.heap, "marking"));
    check(world.heap);
    check_waste(world.heap, 1000);
    assert_true(check_stat(world.heap, "x_steps") > 0);
    check_close(&world);
}

static void
a_walk_that_allocates_goes_on_while_pages_are_swept(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t kept = open_sweeping(&world, &root);
    size_t seen = 0;

    (void)state;
    ok(rh_walk_objects(world.heap, allocate_in_a_walk, &seen));
    check(world.heap);

    assert_true(seen >= kept);
    assert_int_equal(check_list_length(root), kept);
    finish(world.heap);
    assert_int_equal(world.released, 3000 - kept);
    check_close(&world);
}

static void
what_can_be_reached_is_told_at_every_moment(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    bool done = false;

    (void)state;
    open_list(&world, &root, 100);
    for (size_t i = 0; i < 50; i++)
        root = root->right;
    start(world.heap);
    while (!done) {
        size_t count = 0;

        ok(rh_walk_reachable(world.heap, NULL, count_live, &count));
        assert_int_equal(count, 50);
        count = 0;
        ok(rh_walk_reachable(world.heap, root->right, count_live, &count));
        assert_int_equal(count, 49);
        check(world.heap);
        done = step(world.heap, 1);
    }
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 50);
    check_close(&world);
}

struct heard {
    size_t starts, marked, swept;
};

static void
hear(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct heard *heard = context;

    (void)heap;
    heard->starts += event->kind == RH_EVENT_COLLECTION_START;
    heard->marked += event->kind == RH_EVENT_MARK_END;
    heard->swept += event->kind == RH_EVENT_SWEEP_END;
    assert_true(heard->marked <= heard->starts);
    assert_true(heard->swept <= heard->marked);
}

static void
each_collection_begins_and_ends_once(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct heard heard = { 0, 0, 0 };
    uint64_t before;

    (void)state;
    open_list(&world, &root, 1000);
    before = check_stat(world.heap, "count");
    ok(rh_event_listen(world.heap,
                       RH_EVENT_COLLECTION_START | RH_EVENT_MARK_END |
                           RH_EVENT_SWEEP_END,
                       hear, &heard));
    rh_heap_minor(world.heap);
    rh_heap_collect(world.heap);
    for (int round = 0; round < 3; round++) {
        start(world.heap);
        for (int i = 0; i < 20; i++) {
            check_waste(world.heap, 10);
            (void)step(world.heap, 5);
        }
        rh_heap_minor(world.heap);
        step_until(world.heap, "none", 100);
    }

    assert_int_equal(heard.starts, check_stat(world.heap, "count") - before);
    assert_int_equal(heard.marked, heard.starts);
    assert_int_equal(heard.swept, heard.starts);
    check_close(&world);
}

static void
a_cancelled_one_begins_and_does_not_end(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct heard heard = { 0, 0, 0 };

    (void)state;
    open_list(&world, &root, 1000);
    ok(rh_event_listen(world.heap, ~0u, hear, &heard));
    start(world.heap);
    (void)step(world.heap, 5);
    rh_heap_cancel(world.heap);

    assert_int_equal(heard.starts, 1);
    assert_int_equal(heard.marked, 0);
    assert_int_equal(heard.swept, 0);
    check_close(&world);
}

// The age of an empty page is counted in major collections.
static void
minors_and_steps_do_not_age_empty_pages(void **state)
{
    struct check_world world;
    struct rh_page_view view;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 1000);
    check_waste(world.heap, 5 * rh_heap_slots_per_page(world.heap));
    rh_heap_collect(world.heap);
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);

    rh_heap_minor(world.heap);
    start(world.heap);
    for (int i = 0; i < 5; i++)
        (void)step(world.heap, 5);
    finish(world.heap);

    for (size_t page = 0;; page++) {
        ok(rh_page_look(world.heap, page, &view));
        if (view.state == RH_PAGE_TOMB)
            break;
    }
    assert_int_equal(view.age, 1);
    check_close(&world);
}

// All objects are dead, and some pages have not been swept yet.
static void
an_image_waits_for_the_end_of_a_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *placed;
    size_t pages;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_node(world.heap, NULL, NULL);
    rh_heap_minor(world.heap);
    root = NULL;
    pages = check_stat(world.heap, "heap_sorted_length");
    start(world.heap);
    step_until(world.heap, "sweeping", 0);
    while (check_stat(world.heap, "heap_live_slots") > 0)
        (void)step(world.heap, 1);
    assert_true(is_at(world.heap, "sweeping"));

    assert_int_equal(rh_image_begin(world.heap), RH_BUSY);
    rh_heap_finish(world.heap);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    placed =
        rh_image_place(world.heap, (struct rh_position){ pages - 1, 3 }, NULL);
    rh_image_end(world.heap);
    root = placed;
    rh_heap_minor(world.heap);
    check(world.heap);

    assert_true(is_live(world.heap, placed));
    check_close(&world);
}

static void
every_phase_of_every_collection_verifies(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    open_list(&world, &root, 500);
    rh_heap_stress(world.heap, RH_STRESS_VERIFY);

    rh_heap_collect(world.heap);
    check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
    rh_heap_minor(world.heap);
    start(world.heap);
    (void)step(world.heap, 10);
    check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
    check_waste(world.heap, 10);
    rh_heap_minor(world.heap);
    step_until(world.heap, "none", 10);
    start(world.heap);
    (void)step(world.heap, 10);
    rh_heap_collect(world.heap);

    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_from_marking_to_sweeping_to_none),
        cmocka_unit_test(without_generations_none_begins),
        cmocka_unit_test(a_second_one_does_not_begin),
        cmocka_unit_test(when_none_is_under_way_there_is_nothing_to_do),
        cmocka_unit_test(it_can_be_finished_at_every_moment),
        cmocka_unit_test(a_collection_at_once_may_come_at_every_moment),
        cmocka_unit_test(a_minor_one_may_come_at_every_moment),
        cmocka_unit_test(it_can_be_cancelled_at_every_moment),
        cmocka_unit_test(a_heap_can_be_freed_at_every_moment),
        cmocka_unit_test(no_step_follows_more_than_its_budget_of_a_list),
        cmocka_unit_test(no_step_follows_more_than_its_budget_of_a_long_array),
        cmocka_unit_test(
            no_step_follows_more_than_its_budget_of_arrays_of_arrays),
        cmocka_unit_test(the_shortest_step_gets_on),
        cmocka_unit_test(a_budget_of_objects_holds_beside_one_of_time),
        cmocka_unit_test(sweeping_goes_page_by_page),
        cmocka_unit_test(the_young_are_collected_meanwhile),
        cmocka_unit_test(the_young_that_were_reached_may_die),
        cmocka_unit_test(those_that_live_are_promoted_and_followed),
        cmocka_unit_test(pages_of_gray_young_objects_may_be_given_back),
        cmocka_unit_test(the_young_that_wait_anywhere_may_die),
        cmocka_unit_test(nothing_waits_when_it_was_cancelled),
        cmocka_unit_test(what_is_made_while_sweeping_lives),
        cmocka_unit_test(unprotected_objects_that_wait_for_the_sweep_may_meet),
        cmocka_unit_test(what_moves_from_white_to_black_is_not_lost),
        cmocka_unit_test(roots_that_change_meanwhile_are_seen),
        cmocka_unit_test(unprotected_objects_that_change_meanwhile_are_seen),
        cmocka_unit_test(what_dies_after_it_was_marked_is_found_by_the_next),
        cmocka_unit_test(
            what_is_dead_does_not_live_on_because_it_is_unprotected),
        cmocka_unit_test(
            what_is_dead_does_not_live_on_because_it_was_remembered),
        cmocka_unit_test(containers_half_followed_may_change_in_every_way),
        cmocka_unit_test(what_is_dead_is_dead_before_it_is_swept),
        cmocka_unit_test(a_page_is_swept_before_it_is_allocated_from),
        cmocka_unit_test(
            a_release_function_may_not_allocate_when_its_page_is_swept_early),
        cmocka_unit_test(a_listener_may_not_collect_when_a_page_is_swept_early),
        cmocka_unit_test(numbers_that_look_like_the_dead_do_not_raise_them),
        cmocka_unit_test(an_emergency_in_the_middle_collects_at_once),
        cmocka_unit_test(a_heap_goes_through_steps_by_itself),
        cmocka_unit_test(a_program_that_is_faster_than_steps_is_caught_up_with),
        cmocka_unit_test(big_buffers_do_not_starve_the_steps),
        cmocka_unit_test(old_external_data_is_counted_anew_by_each_major_one),
        cmocka_unit_test(more_old_external_data_meanwhile_finishes_it),
        cmocka_unit_test(young_external_data_is_counted_anew_by_the_last_step),
        cmocka_unit_test(
            a_major_collection_that_begins_with_a_minor_one_moves_the_limit_once),
        cmocka_unit_test(walks_refuse_steps),
        cmocka_unit_test(automatic_steps_wait_for_walks),
        cmocka_unit_test(a_walk_that_allocates_goes_on_while_pages_are_swept),
        cmocka_unit_test(what_can_be_reached_is_told_at_every_moment),
        cmocka_unit_test(each_collection_begins_and_ends_once),
        cmocka_unit_test(a_cancelled_one_begins_and_does_not_end),
        cmocka_unit_test(minors_and_steps_do_not_age_empty_pages),
        cmocka_unit_test(an_image_waits_for_the_end_of_a_collection),
        cmocka_unit_test(every_phase_of_every_collection_verifies),
    };

    return cmocka_run_group_tests_name("major", tests, NULL, NULL);
}
