// SPDX-License-Identifier: MIT
// Collections of the young: who dies, who grows old, what is looked at on the
// way, and when a major one is wanted instead.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/data.h>
#include <rheap/string.h>

// What is looked at costs, so it is counted.  Tiny pages make it slow to make
// a million objects, and no different.
#ifdef RH_TINY_PAGES
enum {
    MANY = 50000
};
#else
enum {
    MANY = 1000000
};
#endif

static bool
is_old(const struct rh_heap *heap, const void *object)
{
    return rhi_bit_test(
        heap->region
            .plane[RHI_MARK][rhi_region_page(&heap->region, (uintptr_t)object)],
        rhi_page_index(&heap->region, (uintptr_t)object));
}

static bool
is_live(const struct rh_heap *heap, const void *object)
{
    return rh_heap_is_live(heap, (uintptr_t)object);
}

// All marks, counted.
static size_t
count_old(const struct rh_heap *heap)
{
    size_t count = 0;

    for (size_t page = 0; page < heap->region.top; page++)
        count += rhi_line_count(heap->region.plane[RHI_MARK][page]);
    return count;
}

// A minor collection after which all must be as it should be.
static void
minor(struct rh_heap *heap)
{
    check_heap(heap);
    rh_heap_minor(heap);
    check_heap(heap);
    assert_int_equal(count_old(heap), check_stat(heap, "old_objects"));
    assert_int_equal(count_old(heap), check_stat(heap, "heap_live_slots"));
}

// A node that is old, held by `*root`.
static struct node *
make_old(struct rh_heap *heap, struct node **root)
{
    *root = check_node(heap, NULL, NULL);
    minor(heap);
    assert_true(is_old(heap, *root));
    return *root;
}

static struct rh_heap *
open_objects(struct check_world *world)
{
    check_prepare(world);
    world->config.model = rh_object_model();
    world->config.generational = true;
    check_make(world);
    return world->heap;
}

static rh_value
an_old_array(struct rh_heap *heap, size_t length)
{
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, length));

    minor(heap);
    assert_true(is_old(heap, rh_value_slot(array)));
    return array;
}

// ---- who dies ----

static void
the_young_that_nobody_holds_die(void **state)
{
    struct check_world world;

    (void)state;
    check_open_generational(&world);
    check_waste(world.heap, 1000);
    check_buffer(world.heap, 100);

    minor(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    assert_int_equal(check_stat(world.heap, "minor_gc_count"), 1);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 0);
    assert_int_equal(world.released, 1);
    check_close(&world);
}

static void
the_young_that_roots_hold_live_and_are_old(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    void **handle;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_node(world.heap, NULL, check_node(world.heap, NULL, NULL));
    handle = rh_scope_hold(world.heap, check_node(world.heap, NULL, NULL));
    assert_false(is_old(world.heap, root));

    minor(world.heap);

    assert_true(is_old(world.heap, root));
    assert_true(is_old(world.heap, root->right));
    assert_true(is_old(world.heap, *handle));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    check_close(&world);
}

static void
the_old_stay_until_a_major_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *old;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    old = make_old(world.heap, &root);
    root = NULL;

    minor(world.heap);
    minor(world.heap);

    assert_true(is_live(world.heap, old));
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_false(is_live(world.heap, old));
    assert_int_equal(check_stat(world.heap, "old_objects"), 0);
    check_close(&world);
}

static void
a_major_collection_makes_the_young_old_too(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 100);

    rh_heap_collect(world.heap);
    check_heap(world.heap);

    assert_true(is_old(world.heap, root));
    assert_int_equal(count_old(world.heap), 100);
    assert_int_equal(check_stat(world.heap, "old_objects"), 100);
    check_close(&world);
}

static void
without_generations_a_minor_collection_is_a_full_one(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 100);
    rh_heap_minor(world.heap);
    check_heap(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    assert_int_equal(check_stat(world.heap, "minor_gc_count"), 0);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    check_close(&world);
}

// ---- what is remembered ----

static void
expect_nothing_remembered(const struct rh_heap *heap)
{
    const struct rhi_region *region = &heap->region;

    assert_int_equal(heap->barrier.card_count, 0);
    for (size_t page = 0; page < region->top; page++) {
        assert_int_equal(rhi_line_count(region->plane[RHI_REMEMBERED][page]),
                         0);
        assert_int_equal(region->flags[page] &
                             (RHI_FLAG_REMEMBERED | RHI_FLAG_YOUNG_GRAY),
                         0);
    }
}

static void
a_young_child_of_an_old_parent_lives(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *child;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    child = check_node(world.heap, NULL, NULL);
    check_set_left(world.heap, root, child);
    assert_true(rhi_barrier_has(&world.heap->barrier, root));

    minor(world.heap);

    assert_true(is_old(world.heap, child));
    assert_int_equal(check_stat(world.heap, "x_remembered_visited"), 1);
    assert_int_equal(check_stat(world.heap, "x_visited"), 2);
    expect_nothing_remembered(world.heap);
    check_close(&world);
}

static void
what_was_remembered_is_forgotten_by_the_next_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
    minor(world.heap);

    minor(world.heap);

    assert_int_equal(check_stat(world.heap, "x_remembered_visited"), 0);
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);
    check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    expect_nothing_remembered(world.heap);
    check_close(&world);
}

static void
a_child_taken_away_again_dies(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *child;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    child = check_node(world.heap, NULL, NULL);
    check_set_left(world.heap, root, child);
    check_set_left(world.heap, root, NULL);

    minor(world.heap);

    assert_false(is_live(world.heap, child));
    check_close(&world);
}

// An old object that nobody holds any more counts as alive until a major one.
static void
the_children_of_a_dead_old_parent_live_as_long_as_it(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *parent;
    struct node *child;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    parent = make_old(world.heap, &root);
    child = check_node(world.heap, NULL, NULL);
    check_set_left(world.heap, parent, child);
    root = NULL;

    minor(world.heap);

    assert_true(is_live(world.heap, child));
    rh_heap_collect(world.heap);
    assert_false(is_live(world.heap, parent));
    assert_false(is_live(world.heap, child));
    check_close(&world);
}

static void
only_stores_of_the_young_into_the_old_are_remembered(void **state)
{
    struct check_world world;
    struct node *old[2] = { NULL, NULL };
    struct node *young;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &old[0]);
    check_root(world.heap, &old[1]);
    make_old(world.heap, &old[0]);
    make_old(world.heap, &old[1]);
    young = check_node(world.heap, NULL, NULL);

    check_set_left(world.heap, old[0], old[1]);
    check_set_left(world.heap, old[0], NULL);
    check_set_left(world.heap, young, old[0]);
    check_set_left(world.heap, young, young);

    assert_int_equal(check_stat(world.heap, "x_remembered_stores"), 0);
    check_set_left(world.heap, old[0], young);
    check_set_left(world.heap, old[0], young);
    check_set_right(world.heap, old[0], young);
    assert_int_equal(check_stat(world.heap, "x_remembered_stores"), 1);
    check_close(&world);
}

static void
nothing_is_remembered_without_generations(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open(&world);
    check_root(world.heap, &root);
    root = check_node(world.heap, NULL, NULL);
    rh_heap_collect(world.heap);

    check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
    rh_barrier_all(world.heap, root);
    rh_barrier_write_at(world.heap, root, 5, root->left);
    check_heap(world.heap);

    assert_int_equal(check_stat(world.heap, "x_remembered_stores"), 0);
    expect_nothing_remembered(world.heap);
    rh_heap_collect(world.heap);
    assert_true(is_live(world.heap, root->left));
    check_close(&world);
}

static void
many_stores_moved_about_are_told_at_once(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    root->left = check_node(world.heap, NULL, NULL);
    root->right = check_node(world.heap, NULL, NULL);
    rh_barrier_all(world.heap, root);
    rh_barrier_all(world.heap, root->left); // young: nothing to do

    minor(world.heap);

    assert_true(is_live(world.heap, root->left));
    assert_true(is_live(world.heap, root->right));
    assert_int_equal(check_stat(world.heap, "x_remembered_visited"), 1);
    check_close(&world);
}

// Long enough for the work list to overflow, from one remembered parent.
static void
all_that_a_remembered_parent_leads_to_lives(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    rh_heap_disable(world.heap);
    make_old(world.heap, &root);
    check_set_left(world.heap, root, check_list(world.heap, 20000));
    for (struct node *node = root->left; node; node = node->right)
        node->left = check_node(world.heap, NULL, NULL);

    minor(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 40001);
    assert_int_equal(check_list_length(root->left), 20000);
    check_close(&world);
}

static void
every_old_parent_of_many_keeps_its_child(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    rh_heap_disable(world.heap);
    root = check_list(world.heap, 20000);
    minor(world.heap);
    for (struct node *node = root; node; node = node->right)
        check_set_left(world.heap, node, check_node(world.heap, NULL, NULL));

    minor(world.heap);

    assert_int_equal(check_stat(world.heap, "x_remembered_visited"), 20000);
    assert_int_equal(check_stat(world.heap, "x_visited"), 40000);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 40000);
    check_close(&world);
}

// ---- what is not looked at ----

static void
old_objects_cost_a_minor_collection_nothing(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, MANY);
    rh_heap_collect(world.heap);
    check_waste(world.heap, 10);

    rh_heap_minor(world.heap);

    assert_int_equal(check_stat(world.heap, "old_objects"), MANY);
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);
    assert_int_equal(check_stat(world.heap, "x_remembered_visited"), 0);
    assert_int_equal(check_stat(world.heap, "x_cards_visited"), 0);
    check_heap(world.heap);
    check_close(&world);
}

// Stolen marks stay unnoticed on pages that are not swept.
static void
only_pages_that_were_allocated_from_are_swept(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *last;
    size_t page;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 1000);
    rh_heap_collect(world.heap);
    for (last = root; last->right; last = last->right)
        ;
    page = rhi_region_page(&world.heap->region, (uintptr_t)last);
    check_waste(world.heap, 1);
    assert_int_not_equal(world.heap->mutator.page, page);
    rhi_bit_clear(world.heap->region.plane[RHI_MARK][page],
                  rhi_page_index(&world.heap->region, (uintptr_t)last));

    rh_heap_minor(world.heap);

    assert_true(is_live(world.heap, last));
    rhi_bit_set(world.heap->region.plane[RHI_MARK][page],
                rhi_page_index(&world.heap->region, (uintptr_t)last));
    check_heap(world.heap);
    check_close(&world);
}

// ---- cards ----

static void
one_store_into_a_long_old_array_visits_one_card(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = an_old_array(heap, 3000000);
    rh_value child;

    (void)state;
    child = rh_string_new(heap, 0, "child", 5);
    assert_int_equal(rh_array_set(heap, array, 1234567, child), RH_OK);

    minor(heap);

    objects_expect_text(rh_array_get(array, 1234567), "child");
    assert_true(is_old(heap, rh_value_slot(child)));
    assert_int_equal(check_stat(heap, "x_cards_visited"), 1);
    assert_int_equal(check_stat(heap, "x_remembered_visited"), 0);
    assert_int_equal(check_stat(heap, "x_visited"), 1);
    expect_nothing_remembered(heap);
    check_close(&world);
}

static void
a_card_is_visited_once_for_all_its_places(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = an_old_array(heap, 10000);

    (void)state;
    for (size_t i = 1280; i < 1280 + 128; i++)
        assert_int_equal(
            rh_array_set(heap, array, i, rh_string_new(heap, 0, "child", 5)),
            RH_OK);

    assert_int_equal(check_stat(heap, "x_remembered_stores"), 1);
    minor(heap);

    assert_int_equal(check_stat(heap, "x_cards_visited"), 1);
    assert_int_equal(check_stat(heap, "x_visited"), 128);
    for (size_t i = 1280; i < 1280 + 128; i++)
        objects_expect_text(rh_array_get(array, i), "child");
    check_close(&world);
}

static void
set_children(struct rh_heap *heap, rh_value array, size_t length, size_t step)
{
    for (size_t i = 0; i < length; i += step)
        assert_int_equal(
            rh_array_set(heap, array, i, rh_string_new(heap, 0, "child", 5)),
            RH_OK);
}

static void
expect_children(rh_value array, size_t length, size_t step)
{
    for (size_t i = 0; i < length; i += step)
        objects_expect_text(rh_array_get(array, i), "child");
}

static void
more_cards_than_there_is_room_for_lose_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    size_t length = 128 * 2000;
    rh_value array = an_old_array(heap, length);

    (void)state;
    rh_heap_disable(heap);
    for (int round = 0; round < 3; round++) {
        set_children(heap, array, length, 128);
        assert_int_equal(heap->barrier.card_count, RHI_CARDS);
        minor(heap);

        assert_int_equal(check_stat(heap, "x_cards_visited"), RHI_CARDS);
        assert_int_equal(check_stat(heap, "x_remembered_visited"), 1);
        expect_children(array, length, 128);
        expect_nothing_remembered(heap);
    }
    check_close(&world);
}

// As many as there is room for, in many containers: the table is full, and
// each card is found in it.
static void
a_full_table_of_cards_finds_each(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value arrays[64];

    (void)state;
    rh_heap_disable(heap);
    for (size_t i = 0; i < 64; i++)
        arrays[i] = an_old_array(heap, 2048);
    for (size_t i = 0; i < 64; i++)
        set_children(heap, arrays[i], 2048, 128);

    assert_int_equal(heap->barrier.card_count, RHI_CARDS);
    for (size_t i = 0; i < 64; i++)
        for (size_t place = 0; place < 2048; place += 64)
            assert_true(rhi_barrier_has_card(&heap->barrier,
                                             rh_value_slot(arrays[i]), place));
    minor(heap);

    assert_int_equal(check_stat(heap, "x_remembered_visited"), 0);
    for (size_t i = 0; i < 64; i++)
        expect_children(arrays[i], 2048, 128);
    check_close(&world);
}

static void
without_memory_for_cards_the_whole_array_is_remembered(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = an_old_array(heap, 10000);
    rh_value child = rh_string_new(heap, 0, "child", 5);

    (void)state;
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_array_set(heap, array, 5000, child), RH_OK);
    assert_true(world.faults.failed);
    check_fail_at(&world.faults, 0);
    assert_null(heap->barrier.table);

    minor(heap);

    objects_expect_text(rh_array_get(array, 5000), "child");
    assert_int_equal(check_stat(heap, "x_remembered_visited"), 1);
    child = rh_string_new(heap, 0, "child", 5);
    assert_int_equal(rh_array_set(heap, array, 6000, child), RH_OK);
    assert_non_null(heap->barrier.table); // asked again
    minor(heap);
    objects_expect_text(rh_array_get(array, 6000), "child");
    check_close(&world);
}

// The place that a card knows must be the place of the element, whatever was
// done to the array since.
static void
a_card_finds_its_element_wherever_it_went(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);

    (void)state;
    for (size_t shifts = 0; shifts < 300; shifts += 7) {
        rh_value array = an_old_array(heap, 600);
        rh_value child = rh_string_new(heap, 0, "child", 5);

        assert_int_equal(rh_array_set(heap, array, 384, child), RH_OK);
        for (size_t i = 0; i < shifts; i++)
            assert_int_equal(rh_array_shift(heap, array), RH_NIL);
        if (shifts % 2) // until it has moved back to where the block begins
            for (size_t i = 0; i < shifts; i++)
                assert_int_equal(rh_array_push(heap, array, RH_NIL), RH_OK);

        minor(heap);

        objects_expect_text(rh_array_get(array, 384 - shifts), "child");
    }
    check_close(&world);
}

static void
a_card_stays_right_when_the_array_shrinks(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);

    (void)state;
    for (size_t length = 11; length < 400; length += 13) {
        rh_value array = an_old_array(heap, 600);
        rh_value child = rh_string_new(heap, 0, "child", 5);

        assert_int_equal(rh_array_set(heap, array, 10, child), RH_OK);
        assert_int_equal(rh_array_resize(heap, array, length), RH_OK);
        minor(heap);

        objects_expect_text(rh_array_get(array, 10), "child");
    }
    check_close(&world);
}

// A slice takes the block away to a root that is young itself.
static void
a_card_stays_right_when_the_block_is_shared(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = an_old_array(heap, 600);
    rh_value child = rh_string_new(heap, 0, "child", 5);

    (void)state;
    assert_int_equal(rh_array_set(heap, array, 384, child), RH_OK);
    assert_true(rh_array_slice(heap, array, 300, 200) != RH_UNDEF); // garbage

    minor(heap);

    objects_expect_text(rh_array_get(array, 384), "child");
    check_close(&world);
}

// A model without containers is told of elements all the same.
static void
an_element_of_an_object_without_slices_remembers_it_whole(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    root->right = check_node(world.heap, NULL, NULL);
    rh_barrier_write_at(world.heap, root, 1, root->right);

    minor(world.heap);

    assert_true(is_old(world.heap, root->right));
    assert_int_equal(check_stat(world.heap, "x_cards_visited"), 0);
    check_close(&world);
}

// ---- unprotected objects ----

static void
an_unprotected_object_may_be_stored_into_without_a_word(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_node(world.heap, NULL, NULL);
    assert_true(rh_barrier_is_protected(world.heap, root));
    rh_barrier_unprotect(world.heap, root);
    assert_false(rh_barrier_is_protected(world.heap, root));

    for (int round = 0; round < 4; round++) {
        root->left = check_node(world.heap, root->left, NULL);
        minor(world.heap);
        assert_true(is_old(world.heap, root->left));
        assert_int_equal(check_stat(world.heap, "x_remembered_visited"),
                         round > 0); // it was young the first time
    }
    check_close(&world);
}

static void
what_was_stored_before_an_object_was_unprotected_counts(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    make_old(world.heap, &root);
    root->left = check_node(world.heap, NULL, NULL);
    rh_barrier_unprotect(world.heap, root);

    minor(world.heap);

    assert_true(is_old(world.heap, root->left));
    root->right = check_node(world.heap, NULL, NULL);
    minor(world.heap);
    assert_true(is_old(world.heap, root->right));
    check_close(&world);
}

static void
a_new_object_is_protected_whatever_died_in_its_slot(void **state)
{
    struct check_world world;
    struct node *dead;
    struct node *node;

    (void)state;
    check_open_generational(&world);
    dead = check_node(world.heap, NULL, NULL);
    rh_barrier_unprotect(world.heap, dead);
    minor(world.heap);

    do
        node = check_node(world.heap, NULL, NULL);
    while (node != dead);

    assert_true(rh_barrier_is_protected(world.heap, node));
    check_heap(world.heap);
    check_close(&world);
}

static void
unprotected_old_objects_are_counted(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 10);
    for (struct node *node = root; node; node = node->right)
        rh_barrier_unprotect(world.heap, node);
    rh_barrier_unprotect(world.heap, check_node(world.heap, NULL, NULL));

    minor(world.heap);
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 10);
    root = root->right;
    rh_heap_collect(world.heap);
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 9);
    check_close(&world);
}

struct pair {
    rh_value left;
    rh_value right;
};

static void
pair_trace(void *data, struct rh_visitor *visitor)
{
    struct pair *pair = data;

    rh_visit(visitor, &pair->left);
    rh_visit(visitor, &pair->right);
}

static const struct rh_data_type shy_pair = { .name = "shy pair",
                                              .trace = pair_trace };
static const struct rh_data_type safe_pair = { .name = "safe pair",
                                               .trace = pair_trace,
                                               .flags = RH_DATA_WB_PROTECTED };
static const struct rh_data_type empty_kind = { .name = "empty" };

static void
data_is_unprotected_unless_its_kind_promises(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    struct pair pairs[3] = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
    rh_value shy =
        objects_keep(heap, rh_typed_data_new(heap, 0, &shy_pair, &pairs[0]));
    rh_value safe =
        objects_keep(heap, rh_typed_data_new(heap, 0, &safe_pair, &pairs[1]));
    rh_value plain =
        objects_keep(heap, rh_data_new(heap, 0, pair_trace, NULL, &pairs[2]));
    rh_value empty =
        objects_keep(heap, rh_typed_data_new(heap, 0, &empty_kind, &pairs));

    (void)state;
    assert_false(rh_barrier_is_protected(heap, rh_value_slot(shy)));
    assert_false(rh_barrier_is_protected(heap, rh_value_slot(plain)));
    assert_true(rh_barrier_is_protected(heap, rh_value_slot(safe)));
    assert_true(rh_barrier_is_protected(heap, rh_value_slot(empty)));
    minor(heap);

    pairs[0].left = rh_string_new(heap, 0, "shy", 3);
    pairs[2].right = rh_string_new(heap, 0, "plain", 5);
    pairs[1].left = rh_string_new(heap, 0, "safe", 4);
    check_broken(heap, "B3"); // it has promised, and not kept it
    rh_barrier_write(heap, rh_value_slot(safe), rh_value_slot(pairs[1].left));
    minor(heap);

    objects_expect_text(pairs[0].left, "shy");
    objects_expect_text(pairs[2].right, "plain");
    objects_expect_text(pairs[1].left, "safe");
    check_close(&world);
}

// The new pointer may lead to anything.
static void
data_with_another_pointer_is_looked_at_again(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    struct pair pairs[2] = { { 0, 0 }, { 0, 0 } };
    rh_value safe =
        objects_keep(heap, rh_typed_data_new(heap, 0, &safe_pair, &pairs[0]));

    (void)state;
    minor(heap);
    pairs[1].left = rh_string_new(heap, 0, "other", 5);
    rh_data_set_pointer(safe, &pairs[1]);

    minor(heap);

    objects_expect_text(pairs[1].left, "other");
    check_close(&world);
}

// ---- pages that come and go ----

static void
tomb_pages_are_filled_again_with_the_young(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t slots;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    slots = rh_heap_slots_per_page(world.heap);
    check_waste(world.heap, 20 * slots);
    minor(world.heap);
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);

    for (int round = 0; round < 4; round++) {
        size_t pages = check_stat(world.heap, "heap_allocated_pages");

        check_waste(world.heap, 10 * slots);
        root = check_node(world.heap, NULL, root);
        minor(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), pages);
        assert_int_equal(check_list_length(root), round + 1);
    }
    check_close(&world);
}

static void
released_pages_come_back_with_the_young(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t slots;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    slots = rh_heap_slots_per_page(world.heap);
    for (int round = 0; round < 4; round++) {
        check_waste(world.heap, 40 * slots);
        root = check_node(world.heap, NULL, root);
        rh_barrier_unprotect(world.heap, root);
        minor(world.heap);
        rh_trim_now(world.heap, RH_TRIM_PAGES);
        check_heap(world.heap);
        assert_int_equal(check_list_length(root), round + 1);
        check_set_left(world.heap, root, check_node(world.heap, NULL, NULL));
        minor(world.heap);
        assert_true(is_old(world.heap, root->left));
    }
    assert_true(check_stat(world.heap, "total_freed_pages") > 0);
    check_close(&world);
}

static void
an_image_is_young(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct node *dead;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = NULL;
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    root = rh_image_place(world.heap, (struct rh_position){ 3, 5 }, NULL);
    root->tag = NODE;
    root->left =
        rh_image_place(world.heap, (struct rh_position){ 60, 7 }, NULL);
    root->left->tag = NODE;
    dead = rh_image_place(world.heap, (struct rh_position){ 60, 8 }, NULL);
    rh_image_end(world.heap);
    check_heap(world.heap);
    assert_false(is_old(world.heap, root));

    minor(world.heap);

    assert_true(is_old(world.heap, root));
    assert_true(is_old(world.heap, root->left));
    assert_false(is_live(world.heap, dead));
    check_set_right(world.heap, root, check_node(world.heap, NULL, NULL));
    minor(world.heap);
    assert_true(is_old(world.heap, root->right));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    check_close(&world);
}

// ---- growing ----

static void
expect_no_thrashing(size_t nursery)
{
    struct check_world world;
    struct node *root = NULL;
    size_t before, freed;

    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = nursery;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 5000);
    check_waste(world.heap, 400000); // to warm up
    rh_heap_collect(world.heap);
    before = check_stat(world.heap, "heap_allocated_pages");
    freed = check_stat(world.heap, "total_freed_pages");

    check_waste(world.heap, 1000000);

    assert_in_range(check_stat(world.heap, "heap_allocated_pages"), before / 2,
                    before * 3 / 2);
    assert_int_equal(check_stat(world.heap, "total_freed_pages"), freed);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "total_freed_pages"), freed);
    check_heap(world.heap);
    check_close(&world);
}

static void
short_lived_objects_do_not_make_pages_come_and_go(void **state)
{
    (void)state;
    expect_no_thrashing(0);
}

static void
not_even_when_the_nursery_is_large(void **state)
{
    (void)state;
    expect_no_thrashing(150000);
}

static void
what_is_kept_makes_the_heap_grow(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t before;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    before = check_stat(world.heap, "heap_eden_pages");

    root = check_list(world.heap, 100000);

    assert_true(check_stat(world.heap, "heap_eden_pages") > 5 * before);
    assert_true(check_stat(world.heap, "major_gc_count") > 0);
    assert_true(check_stat(world.heap, "minor_gc_count") > 0);
    assert_int_equal(check_list_length(root), 100000);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_minor_collection_comes_with_each_nursery(void **state)
{
    struct check_world world;
    size_t nursery;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 2000;
    check_make(&world);
    nursery = 2000 / rh_heap_slots_per_page(world.heap) *
              rh_heap_slots_per_page(world.heap);

    check_waste(world.heap, 50 * nursery + 1);

    assert_int_equal(check_stat(world.heap, "minor_gc_count"), 50);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 0);
    check_close(&world);
}

// ---- when a major one is wanted ----

// What a heap does at its next safe point once a nursery is used up.
static void
expect_due(struct rh_heap *heap, enum rh_work work, enum rh_major_reason reason)
{
    struct rh_due due;

    rh_heap_disable(heap);
    check_waste(heap, heap->growth.nursery);
    rh_heap_enable(heap);
    due = rh_heap_due(heap);
    assert_int_equal(due.work, work);
    assert_int_equal(due.major, reason);
    assert_true(rh_heap_is_due(heap));
}

static void
expect_major(struct rh_heap *heap, enum rh_major_reason reason)
{
    uint64_t majors = check_stat(heap, "major_gc_count");

    expect_due(heap, RH_WORK_MAJOR, reason);
    rh_heap_safepoint(heap);
    check_heap(heap);
    assert_int_equal(check_stat(heap, "major_gc_count"), majors + 1);
    expect_due(heap, RH_WORK_MINOR, RH_MAJOR_NONE);
    rh_heap_safepoint(heap);
    assert_int_equal(check_stat(heap, "major_gc_count"), majors + 1);
}

static void
add_old(struct rh_heap *heap, struct node **root, size_t count)
{
    rh_heap_disable(heap);
    while (count-- > 0)
        *root = check_node(heap, NULL, *root);
    rh_heap_enable(heap);
    minor(heap);
}

static void
twice_as_many_old_objects_want_a_major_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 500;
    check_make(&world);
    check_root(world.heap, &root);
    add_old(world.heap, &root, 20000);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "old_objects_limit"), 40000);
    add_old(world.heap, &root, 19000);
    expect_due(world.heap, RH_WORK_MINOR, RH_MAJOR_NONE);
    rh_heap_safepoint(world.heap);

    add_old(world.heap, &root, 1001);

    expect_major(world.heap, RH_MAJOR_OLDGEN);
    check_close(&world);
}

static void
a_heap_full_of_old_objects_wants_a_major_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 500;
    world.config.oldobject_limit_factor = 9;
    check_make(&world);
    check_root(world.heap, &root);
    add_old(world.heap, &root, 20000);
    rh_heap_collect(world.heap);
    add_old(world.heap, &root, 19000);
    expect_due(world.heap, RH_WORK_MINOR, RH_MAJOR_NONE);
    rh_heap_safepoint(world.heap);

    add_old(world.heap, &root, 1000);

    expect_major(world.heap, RH_MAJOR_NOFREE);
    check_close(&world);
}

static void
many_unprotected_objects_want_a_major_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 500;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 3000);
    rh_heap_collect(world.heap);
    for (struct node *node = root; node; node = node->right)
        rh_barrier_unprotect(world.heap, node);

    minor(world.heap);

    expect_major(world.heap, RH_MAJOR_SHADY);
    check_close(&world);
}

static void
external_data_of_the_old_wants_a_major_collection(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 500;
    world.config.oldmalloc_limit = 100000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_buffer(world.heap, 50000);
    minor(world.heap);
    expect_due(world.heap, RH_WORK_MINOR, RH_MAJOR_NONE);
    rh_heap_safepoint(world.heap);

    root->left = check_buffer(world.heap, 50001);
    rh_barrier_write(world.heap, root, root->left);
    minor(world.heap);

    expect_major(world.heap, RH_MAJOR_OLDMALLOC);
    check_close(&world);
}

static void
external_data_alone_makes_the_young_be_collected(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.malloc_limit = 100000;
    check_make(&world);
    check_buffer(world.heap, 60000);
    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_NONE);
    check_buffer(world.heap, 60000);

    assert_int_equal(rh_heap_due(world.heap).work, RH_WORK_MINOR);
    assert_int_equal(rh_heap_due(world.heap).cause, RH_CAUSE_MALLOC);
    check_waste(world.heap, 1);

    assert_int_equal(check_stat(world.heap, "minor_gc_count"), 1);
    assert_int_equal(world.released, 2);
    check_close(&world);
}

// CRuby: RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=0.9.
static void
a_limit_factor_below_one_makes_more_majors_than_minors(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.oldobject_limit_factor = 0.9;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 30000);

    check_waste(world.heap, 300000);

    assert_true(check_stat(world.heap, "major_gc_count") >
                check_stat(world.heap, "minor_gc_count"));
    check_close(&world);
}

static void
refused_majors_do_not_happen_while_the_heap_doubles(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t majors;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    root = check_list(world.heap, 20000);
    rh_heap_collect(world.heap);
    majors = check_stat(world.heap, "major_gc_count");
    assert_true(rh_heap_allow_major(world.heap, false));
    assert_false(rh_heap_allow_major(world.heap, false));

    for (size_t i = 0; i < 60000; i++)
        root = check_node(world.heap, NULL, root);

    assert_int_equal(check_stat(world.heap, "major_gc_count"), majors);
    assert_true(check_stat(world.heap, "minor_gc_count") > 3);
    assert_int_equal(rh_heap_due(world.heap).major, RH_MAJOR_OLDGEN);
    expect_due(world.heap, RH_WORK_MINOR, RH_MAJOR_OLDGEN);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), majors + 1);
    assert_int_equal(rh_heap_due(world.heap).major, RH_MAJOR_NONE);
    check_close(&world);
}

static void
majors_allowed_again_happen(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open_generational(&world);
    check_root(world.heap, &root);
    rh_heap_allow_major(world.heap, false);
    root = check_list(world.heap, 60000);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 0);
    assert_false(rh_heap_allow_major(world.heap, true));

    check_waste(world.heap, 20000);

    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    check_close(&world);
}

// Once the limit of old data is passed, each page, and each buffer, would ask
// for a collection that may not come.
static void
refused_majors_do_not_make_more_minors(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.oldmalloc_limit = 100000;
    check_make(&world);
    check_root(world.heap, &root);
    root = check_buffer(world.heap, 200000);
    rh_heap_allow_major(world.heap, false);

    check_waste(world.heap, 100000);
    for (int i = 0; i < 100; i++)
        check_buffer(world.heap, 1);

    assert_in_range(check_stat(world.heap, "minor_gc_count"), 9, 13);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 0);
    assert_int_equal(rh_heap_due(world.heap).major, RH_MAJOR_OLDMALLOC);
    check_close(&world);
}

// ---- what may not change ----

static void
disabling_writes_one_flag(void **state)
{
    struct check_world world;
    static unsigned char before[sizeof(struct rh_heap)];
    static unsigned char after[sizeof(struct rh_heap)];
    size_t different = 0;

    (void)state;
    check_open_generational(&world);
    check_waste(world.heap, 100);
    memcpy(before, world.heap, sizeof before);
    assert_false(rh_heap_disable(world.heap));
    memcpy(after, world.heap, sizeof after);

    for (size_t i = 0; i < sizeof before; i++)
        if (before[i] != after[i] && i != offsetof(struct rh_heap, disabled))
            different++;

    assert_int_equal(different, 0);
    assert_true(rh_heap_disable(world.heap));
    check_waste(world.heap, 50000);
    assert_int_equal(check_stat(world.heap, "count"), 0);
    assert_true(rh_heap_enable(world.heap));
    check_close(&world);
}

static void
expect_identities(struct rh_heap *heap, const struct rh_event *event,
                  void *context)
{
    size_t *events = context;

    (void)event;
    assert_true(check_identities(heap));
    ++*events;
}

static void
the_statistics_add_up_at_every_instant(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    size_t events = 0;

    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.nursery_slots = 200;
    world.config.initial_slots = 400;
    check_make(&world);
    check_root(world.heap, &root);
    assert_int_equal(
        rh_event_listen(world.heap, ~0u, expect_identities, &events), RH_OK);

    for (size_t i = 0; i < 3000; i++) {
        root = check_node(world.heap, NULL, i % 3 ? root : NULL);
        root->left = check_buffer(world.heap, 10);
        rh_barrier_write(world.heap, root, root->left);
    }
    rh_heap_collect(world.heap);

    assert_true(events > 6000);
    assert_true(check_stat(world.heap, "minor_gc_count") > 5);
    check_close(&world);
}

static void
every_kind_of_root_keeps_the_young(void **state)
{
    struct check_world world;
    struct node *range[3] = { NULL, NULL, NULL };

    (void)state;
    check_open_generational(&world);
    assert_int_equal(rh_root_add_range(world.heap, NULL, range, 3), RH_OK);
    for (size_t i = 0; i < 3; i++)
        range[i] = check_list(world.heap, 10 + i);
    for (size_t i = 0; i < 1000; i++) // more than the work list holds
        assert_non_null(
            rh_scope_hold(world.heap, check_node(world.heap, NULL, NULL)));

    minor(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1033);
    minor(world.heap);
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_young_that_nobody_holds_die),
        cmocka_unit_test(the_young_that_roots_hold_live_and_are_old),
        cmocka_unit_test(the_old_stay_until_a_major_collection),
        cmocka_unit_test(a_major_collection_makes_the_young_old_too),
        cmocka_unit_test(without_generations_a_minor_collection_is_a_full_one),
        cmocka_unit_test(a_young_child_of_an_old_parent_lives),
        cmocka_unit_test(
            what_was_remembered_is_forgotten_by_the_next_collection),
        cmocka_unit_test(a_child_taken_away_again_dies),
        cmocka_unit_test(the_children_of_a_dead_old_parent_live_as_long_as_it),
        cmocka_unit_test(only_stores_of_the_young_into_the_old_are_remembered),
        cmocka_unit_test(nothing_is_remembered_without_generations),
        cmocka_unit_test(many_stores_moved_about_are_told_at_once),
        cmocka_unit_test(all_that_a_remembered_parent_leads_to_lives),
        cmocka_unit_test(every_old_parent_of_many_keeps_its_child),
        cmocka_unit_test(old_objects_cost_a_minor_collection_nothing),
        cmocka_unit_test(only_pages_that_were_allocated_from_are_swept),
        cmocka_unit_test(one_store_into_a_long_old_array_visits_one_card),
        cmocka_unit_test(a_card_is_visited_once_for_all_its_places),
        cmocka_unit_test(more_cards_than_there_is_room_for_lose_nothing),
        cmocka_unit_test(a_full_table_of_cards_finds_each),
        cmocka_unit_test(
            without_memory_for_cards_the_whole_array_is_remembered),
        cmocka_unit_test(a_card_finds_its_element_wherever_it_went),
        cmocka_unit_test(a_card_stays_right_when_the_array_shrinks),
        cmocka_unit_test(a_card_stays_right_when_the_block_is_shared),
        cmocka_unit_test(
            an_element_of_an_object_without_slices_remembers_it_whole),
        cmocka_unit_test(
            an_unprotected_object_may_be_stored_into_without_a_word),
        cmocka_unit_test(
            what_was_stored_before_an_object_was_unprotected_counts),
        cmocka_unit_test(a_new_object_is_protected_whatever_died_in_its_slot),
        cmocka_unit_test(unprotected_old_objects_are_counted),
        cmocka_unit_test(data_is_unprotected_unless_its_kind_promises),
        cmocka_unit_test(data_with_another_pointer_is_looked_at_again),
        cmocka_unit_test(tomb_pages_are_filled_again_with_the_young),
        cmocka_unit_test(released_pages_come_back_with_the_young),
        cmocka_unit_test(an_image_is_young),
        cmocka_unit_test(short_lived_objects_do_not_make_pages_come_and_go),
        cmocka_unit_test(not_even_when_the_nursery_is_large),
        cmocka_unit_test(what_is_kept_makes_the_heap_grow),
        cmocka_unit_test(a_minor_collection_comes_with_each_nursery),
        cmocka_unit_test(twice_as_many_old_objects_want_a_major_collection),
        cmocka_unit_test(a_heap_full_of_old_objects_wants_a_major_collection),
        cmocka_unit_test(many_unprotected_objects_want_a_major_collection),
        cmocka_unit_test(external_data_of_the_old_wants_a_major_collection),
        cmocka_unit_test(external_data_alone_makes_the_young_be_collected),
        cmocka_unit_test(
            a_limit_factor_below_one_makes_more_majors_than_minors),
        cmocka_unit_test(refused_majors_do_not_happen_while_the_heap_doubles),
        cmocka_unit_test(majors_allowed_again_happen),
        cmocka_unit_test(refused_majors_do_not_make_more_minors),
        cmocka_unit_test(disabling_writes_one_flag),
        cmocka_unit_test(the_statistics_add_up_at_every_instant),
        cmocka_unit_test(every_kind_of_root_keeps_the_young),
    };

    return cmocka_run_group_tests_name("minor", tests, NULL, NULL);
}
