// SPDX-License-Identifier: MIT
// Finding everything that can be reached, and nothing else, in fixed memory.
#include "check.h"

#include "heap.h"

// A bag has two plain references and any number of items in a buffer.  It is
// traced in one go, or, as a container, slice by slice.

enum {
    BAG = 0x626167
};

struct bag {
    uint32_t tag;
    bool sliced;
    bool marked; // what a test's own walk has found
    struct bag *left;
    struct bag *right;
    struct bag **items;
    size_t length;
};

_Static_assert(sizeof(struct bag) == 40, "fits a slot");

static size_t traces, slices, seen;
static size_t misguided; // slices asked of something that is no container

static void
items_visit(struct bag *bag, size_t from, size_t to, struct rh_visitor *visitor)
{
    for (; from < to && from < bag->length; from++)
        rh_visit(visitor, &bag->items[from]);
}

static void
bag_trace(void *object, struct rh_visitor *visitor)
{
    struct bag *bag = object;

    traces++;
    rh_visit(visitor, &bag->left);
    rh_visit(visitor, &bag->right);
    if (bag->sliced)
        rh_visit_slices(visitor, bag);
    else
        items_visit(bag, 0, bag->length, visitor);
}

static bool
bag_trace_range(void *object, size_t from, size_t to,
                struct rh_visitor *visitor)
{
    struct bag *bag = object;

    slices++;
    if (!bag->sliced)
        misguided++;
    items_visit(bag, from, to, visitor);
    return to < bag->length;
}

static void
bag_release(struct rh_heap *heap, void *object)
{
    struct bag *bag = object;

    rh_external_free(heap, bag->items, bag->length * sizeof *bag->items);
}

static const struct rh_model bag_model = {
    .name = "bags",
    .trace = bag_trace,
    .trace_range = bag_trace_range,
    .release = bag_release,
};

static struct bag *
bag_new(struct rh_heap *heap, size_t length, bool sliced)
{
    struct bag *bag = rh_heap_alloc(heap);

    assert_non_null(bag);
    bag->tag = BAG;
    bag->sliced = sliced;
    bag->length = length;
    if (length) {
        bag->items = rh_external_calloc(heap, length, sizeof *bag->items);
        assert_non_null(bag->items);
        rh_external_attach(heap, bag);
    }
    return bag;
}

static void
open_bags(struct check_world *world)
{
    check_prepare(world);
    world->config.model = &bag_model;
    check_make(world);
    rh_heap_disable(world->heap); // unless a test says so
    traces = slices = seen = misguided = 0;
}

static void
collect(struct check_world *world)
{
    rh_heap_collect(world->heap);
    check_heap(world->heap);
    assert_int_equal(misguided, 0);
}

static uint64_t
live(const struct check_world *world)
{
    return check_stat(world->heap, "heap_live_slots");
}

// Each object is traced once.

static void
an_object_is_traced_once_however_often_it_is_referred_to(void **state)
{
    struct check_world world;
    struct bag *root, *popular;

    (void)state;
    open_bags(&world);
    root = bag_new(world.heap, 100, false);
    check_root(world.heap, &root);
    popular = bag_new(world.heap, 0, false);
    popular->left = popular->right = popular;
    for (size_t i = 0; i < root->length; i++) {
        root->items[i] = bag_new(world.heap, 0, false);
        root->items[i]->left = root->items[i]->right = popular;
    }

    rh_heap_collect(world.heap);

    assert_int_equal(traces, 102);
    assert_int_equal(slices, 0);
    assert_int_equal(live(&world), 102);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_long_list_needs_no_recursion_and_no_gray_page(void **state)
{
    struct check_world world;
    struct bag *list = NULL;
    size_t length = 100000;

    (void)state;
    open_bags(&world);
    check_root(world.heap, &list);
    for (size_t i = 0; i < length; i++) {
        struct bag *bag = bag_new(world.heap, 0, false);

        bag->left = list;
        list = bag;
    }

    rh_heap_collect(world.heap);

    assert_int_equal(traces, length);
    assert_int_equal(live(&world), length);
    assert_int_equal(world.heap->marker.gray_peak, 0);
    check_heap(world.heap);
    check_close(&world);
}

// A tree in which each inner node has `fan` children.
static struct bag *
tree_new(struct check_world *world, size_t fan, size_t depth)
{
    struct bag *bag = bag_new(world->heap, depth ? fan : 0, false);

    for (size_t i = 0; i < bag->length; i++)
        bag->items[i] = tree_new(world, fan, depth - 1);
    return bag;
}

static void
a_wide_tree_spills_into_the_gray_plane_and_is_marked_whole(void **state)
{
    struct check_world world;
    struct bag *root;
    size_t nodes = 1 + 90 + 90 * 90;

    (void)state;
    open_bags(&world);
    root = tree_new(&world, 90, 2);
    check_root(world.heap, &root);
    for (size_t i = 0; i < 1000; i++)
        (void)bag_new(world.heap, 0, false);

    // A chain of wide nodes: 90 wait at each of 12 levels.
    for (size_t level = 0; level < 12; level++) {
        struct bag *bag = bag_new(world.heap, 90, false);

        for (size_t i = 0; i < 89; i++)
            bag->items[i] = bag_new(world.heap, 0, false);
        bag->items[89] = root; // visited last, followed first
        root = bag;
        nodes += 90;
    }
    collect(&world);

    assert_true(world.heap->marker.gray_peak > 0);
    assert_int_equal(live(&world), nodes);
    check_close(&world);
}

static void
many_roots_do_not_flood_the_deque(void **state)
{
    struct check_world world;
    static struct bag *roots[5000];

    (void)state;
    open_bags(&world);
    for (size_t i = 0; i < CHECK_COUNT(roots); i++) {
        roots[i] = bag_new(world.heap, 0, false);
        roots[i]->left = bag_new(world.heap, 0, false);
    }
    assert_int_equal(
        rh_root_add_range(world.heap, NULL, roots, CHECK_COUNT(roots)), RH_OK);

    collect(&world);

    assert_int_equal(world.heap->marker.gray_peak, 0);
    assert_int_equal(live(&world), 2 * CHECK_COUNT(roots));
    check_close(&world);
}

// Slices.

static void
a_container_is_sliced_once(void **state)
{
    struct check_world world;
    struct bag *root;

    (void)state;
    open_bags(&world);
    root = bag_new(world.heap, 1000, true);
    check_root(world.heap, &root);
    for (size_t i = 0; i < root->length; i++)
        root->items[i] = i % 3 ? root : bag_new(world.heap, 0, false);

    rh_heap_collect(world.heap);

    assert_int_equal(traces, 1 + 334);
    assert_int_equal(slices, 8); // of 128
    assert_int_equal(live(&world), 1 + 334);
    check_heap(world.heap);
    check_close(&world);
}

// Containers inside containers, each with more to come behind the next.
static struct bag *
nested_containers(struct check_world *world, size_t depth, size_t length)
{
    struct bag *outer = NULL;

    for (size_t level = 0; level < depth; level++) {
        struct bag *bag = bag_new(world->heap, length, true);

        for (size_t i = 0; i < length; i++)
            bag->items[i] = i == 5 ? outer : bag_new(world->heap, 0, false);
        outer = bag;
    }
    return outer;
}

static void
more_nested_containers_than_slices_are_followed_all(void **state)
{
    static const size_t depths[] = { 1, 63, 64, 65, 66, 200, 1000 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(depths); i++) {
        struct check_world world;
        struct bag *root;

        open_bags(&world);
        root = nested_containers(&world, depths[i], 300);
        check_root(world.heap, &root);
        (void)bag_new(world.heap, 200, true);

        collect(&world);

        assert_int_equal(live(&world), 300 * depths[i]);
        check_close(&world);
    }
}

static void
a_container_waiting_in_the_gray_plane_is_sliced_once(void **state)
{
    struct check_world world;
    struct bag *root;

    (void)state;
    open_bags(&world);
    root = nested_containers(&world, 200, 200);
    check_root(world.heap, &root);

    rh_heap_collect(world.heap);

    assert_true(world.heap->marker.gray_peak > 0);
    assert_int_equal(slices, 2 * 200);
    assert_int_equal(traces, check_stat(world.heap, "heap_live_slots"));
    check_heap(world.heap);
    check_close(&world);
}

// The oldest reference is spilled after its object was reached another way:
// that object is no container, and must not be asked for slices.  Both ways of
// filling the gray plane are used at once.
static void
what_spills_after_it_was_reached_is_no_container(void **state)
{
    struct check_world world;
    struct bag *root, *shared[80], *chain, *containers;

    (void)state;
    open_bags(&world);
    root = bag_new(world.heap, 90, false);
    check_root(world.heap, &root);
    for (size_t i = 0; i < CHECK_COUNT(shared); i++)
        shared[i] = bag_new(world.heap, 0, false);

    // Deep below, a list of the shared ones; on the way, wide nodes that make
    // the deque overflow, so that the first references to them spill.
    chain = bag_new(world.heap, 0, false);
    for (size_t i = 0; i < CHECK_COUNT(shared); i++) {
        struct bag *bag = bag_new(world.heap, 0, false);

        bag->left = chain;
        bag->right = shared[i];
        chain = bag;
    }
    containers = nested_containers(&world, 100, 200);
    for (size_t level = 0; level < 12; level++) {
        struct bag *bag = bag_new(world.heap, 90, false);

        for (size_t i = 0; i < 88; i++)
            bag->items[i] = bag_new(world.heap, 0, false);
        bag->items[88] = level == 0 ? containers : NULL;
        bag->items[89] = chain;
        chain = bag;
    }
    for (size_t i = 0; i < CHECK_COUNT(shared); i++)
        root->items[i] = shared[i];
    root->items[89] = chain;

    collect(&world); // expects that nothing was misguided

    check_close(&world);
}

// A container that has another length each time it is asked.

static size_t lengths[4];
static size_t asked;

static bool
moody_trace_range(void *object, size_t from, size_t to,
                  struct rh_visitor *visitor)
{
    struct bag *bag = object;
    size_t length = lengths[asked < 3 ? asked : 3];

    asked++;
    for (; from < to && from < length; from++)
        rh_visit(visitor, &bag->items[from]);
    return to < length;
}

static const struct rh_model moody_model = {
    .name = "moody",
    .trace = bag_trace,
    .trace_range = moody_trace_range,
    .release = bag_release,
};

static void
expect_moody(size_t a, size_t b, size_t c, size_t d, size_t survivors)
{
    struct check_world world;
    struct bag *root;

    check_prepare(&world);
    world.config.model = &moody_model;
    check_make(&world);
    rh_heap_disable(world.heap);
    root = bag_new(world.heap, 1000, true);
    check_root(world.heap, &root);
    for (size_t i = 0; i < root->length; i++)
        root->items[i] = bag_new(world.heap, 0, false);
    memcpy(lengths, (const size_t[]){ a, b, c, d }, sizeof lengths);
    asked = 0;

    rh_heap_collect(world.heap);

    assert_int_equal(live(&world), 1 + survivors);
    lengths[0] = lengths[1] = lengths[2] = lengths[3] = 0;
    check_heap(world.heap);
    check_close(&world);
}

static void
a_container_is_asked_anew_for_each_slice(void **state)
{
    (void)state;
    expect_moody(1000, 1000, 1000, 1000, 1000);
    expect_moody(1000, 10, 10, 10, 128);    // shrinks below the slice
    expect_moody(1000, 130, 130, 130, 130); // shrinks inside it
    expect_moody(200, 500, 500, 500, 500);  // grows
    expect_moody(0, 1000, 1000, 1000, 0);   // grows too late
    expect_moody(129, 0, 0, 0, 128);
}

// Random graphs, against reachability computed here.

static void
reach(struct bag *bag, struct bag **stack, size_t *height)
{
    if (bag && !bag->marked) {
        bag->marked = true;
        stack[(*height)++] = bag;
    }
}

static size_t
count_reachable(struct bag *const *roots, size_t root_count, size_t total)
{
    struct bag **stack = calloc(total + 1, sizeof *stack);
    size_t height = 0, count = 0;

    assert_non_null(stack);
    for (size_t i = 0; i < root_count; i++)
        reach(roots[i], stack, &height);
    while (height > 0) {
        struct bag *bag = stack[--height];

        count++;
        reach(bag->left, stack, &height);
        reach(bag->right, stack, &height);
        for (size_t i = 0; i < bag->length; i++)
            reach(bag->items[i], stack, &height);
    }
    free(stack);
    return count;
}

static bool
expect_same(struct rh_heap *heap, void *object, void *context)
{
    struct bag *bag = object;

    (void)heap, (void)context;
    assert_int_equal(bag->tag, BAG);
    assert_true(bag->marked);
    bag->marked = false;
    return true;
}

static size_t
random_length(uint64_t *seed, bool *sliced)
{
    size_t kind = check_random_below(seed, 40);

    *sliced = kind < 8;
    if (kind == 0)
        return check_random_below(seed, 2000);
    if (kind < 8)
        return check_random_below(seed, 300);
    return kind < 12 ? check_random_below(seed, 100) : 0;
}

static void
expect_random_graph(uint64_t seed, size_t count)
{
    enum {
        ROOTS = 3
    };
    struct check_world world;
    struct bag **all = calloc(count, sizeof *all);
    struct bag *roots[ROOTS];
    size_t reachable;

    assert_non_null(all);
    open_bags(&world);
    for (size_t i = 0; i < count; i++) {
        bool sliced;
        size_t length = random_length(&seed, &sliced);

        all[i] = bag_new(world.heap, length, sliced);
    }
    for (size_t i = 0; i < count; i++) {
        if (check_random_below(&seed, 3))
            all[i]->left = all[check_random_below(&seed, count)];
        if (check_random_below(&seed, 5) == 0)
            all[i]->right = all[check_random_below(&seed, count)];
        for (size_t item = 0; item < all[i]->length; item++)
            if (check_random_below(&seed, 8) == 0)
                all[i]->items[item] = all[check_random_below(&seed, count)];
    }
    for (size_t i = 0; i < ROOTS; i++)
        roots[i] = all[check_random_below(&seed, count)];
    assert_int_equal(rh_root_add_range(world.heap, NULL, roots, ROOTS), RH_OK);
    reachable = count_reachable(roots, ROOTS, count);

    collect(&world);

    assert_int_equal(live(&world), reachable);
    assert_int_equal(rh_walk_objects(world.heap, expect_same, NULL), RH_OK);
    check_close(&world);
    free(all);
}

static void
random_graphs_are_marked_as_a_naive_walk_marks_them(void **state)
{
    uint64_t seed = check_seed();

    (void)state;
    for (size_t round = 0; round < 60; round++)
        expect_random_graph(check_random(&seed), 10 + round * round);
}

// Memory.

static void
the_peak_of_marking_is_the_marker_and_its_gray_lines(void **state)
{
    struct check_world world;
    struct bag *root;

    (void)state;
    open_bags(&world);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "x_mark_peak_bytes"),
                     sizeof(struct rh_marker));
    root = nested_containers(&world, 100, 200);
    check_root(world.heap, &root);

    collect(&world);

    assert_int_equal(check_stat(world.heap, "x_mark_peak_bytes"),
                     sizeof(struct rh_marker) +
                         world.heap->marker.gray_peak * sizeof(rhi_line));
    check_close(&world);
}

static void
marking_asks_for_no_memory(void **state)
{
    struct check_world world;
    struct bag *root;
    size_t commits;

    (void)state;
    open_bags(&world);
    root = nested_containers(&world, 100, 200);
    check_root(world.heap, &root);
    commits = world.memory.commit_calls;
    world.faults.for_good = true;
    check_fail_at(&world.faults, 1);

    collect(&world);

    assert_false(world.faults.failed);
    assert_int_equal(world.memory.commit_calls, commits);
    assert_int_equal(live(&world), 100 * 200);
    check_fail_at(&world.faults, 0);
    check_close(&world);
}

static void
objects_above_a_hole_are_marked_too(void **state)
{
    struct check_world world;
    struct bag *bag;

    (void)state;
    check_prepare(&world);
    world.config.model = &bag_model;
    world.config.initial_slots = 0;
    check_make(&world);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    bag = rh_image_place(world.heap, (struct rh_position){ 5, 3 }, NULL);
    assert_non_null(bag);
    bag->left = rh_image_place(world.heap, (struct rh_position){ 7, 1 }, NULL);
    rh_image_end(world.heap);
    check_root(world.heap, &bag);

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(live(&world), 2);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_object_is_traced_once_however_often_it_is_referred_to),
        cmocka_unit_test(a_long_list_needs_no_recursion_and_no_gray_page),
        cmocka_unit_test(
            a_wide_tree_spills_into_the_gray_plane_and_is_marked_whole),
        cmocka_unit_test(many_roots_do_not_flood_the_deque),
        cmocka_unit_test(a_container_is_sliced_once),
        cmocka_unit_test(more_nested_containers_than_slices_are_followed_all),
        cmocka_unit_test(a_container_waiting_in_the_gray_plane_is_sliced_once),
        cmocka_unit_test(what_spills_after_it_was_reached_is_no_container),
        cmocka_unit_test(a_container_is_asked_anew_for_each_slice),
        cmocka_unit_test(random_graphs_are_marked_as_a_naive_walk_marks_them),
        cmocka_unit_test(the_peak_of_marking_is_the_marker_and_its_gray_lines),
        cmocka_unit_test(marking_asks_for_no_memory),
        cmocka_unit_test(objects_above_a_hole_are_marked_too),
    };

    return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
