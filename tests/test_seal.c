// SPDX-License-Identifier: MIT
// Sealing: what is sealed stays, is neither written nor read, and still leads
// to what was stored into it; and what a heap does around a fork.
#include "config.h"

#include "check.h"

#include "heap.h"

#include <rheap/barrier.h>
#include <rheap/compact.h>
#include <rheap/finalizer.h>
#include <rheap/fork.h>
#include <rheap/identity.h>
#include <rheap/profile.h>
#include <rheap/stack.h>
#include <rheap/weak.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct check_world world;
static struct rh_model unmovable;
static struct node *first, *second, *third;

static void
open_world(bool incremental)
{
    check_prepare(&world);
    world.config.generational = true;
    world.config.incremental = incremental;
    check_make(&world);
    first = second = third = NULL;
    check_root(world.heap, &first);
    check_root(world.heap, &second);
    check_root(world.heap, &third);
}

static void
seal(void)
{
    assert_int_equal(rh_heap_seal(world.heap), RH_OK);
    check_heap(world.heap);
}

// A list of this many pages is sealed, with a hole after each node.
static void
open_sealed(size_t pages)
{
    size_t slots;

    open_world(false);
    slots = rh_heap_slots_per_page(world.heap);
    for (size_t n = 0; n < pages * slots / 2; n++) {
        first = check_node(world.heap, NULL, first);
        check_waste(world.heap, 1);
    }
    seal();
}

static bool
is_sealed(const void *object)
{
    return rh_heap_is_sealed(world.heap, (uintptr_t)object);
}

static bool
is_live(const void *object)
{
    return rh_heap_is_live(world.heap, (uintptr_t)object);
}

static struct node *
make(void)
{
    struct node *node = check_node(world.heap, NULL, NULL);

    assert_false(is_sealed(node));
    return node;
}

static void
collect(void)
{
    rh_heap_collect(world.heap);
    check_heap(world.heap);
}

static void
minor(void)
{
    rh_heap_minor(world.heap);
    check_heap(world.heap);
}

static void
in_steps(void)
{
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    while (!rh_heap_step(world.heap, (struct rh_budget){ 1, 0 }))
        check_heap(world.heap);
    check_heap(world.heap);
}

static size_t
sealed_pages(void)
{
    return check_stat(world.heap, "x_sealed_pages");
}

// ---- what is sealed, and what is not ----

static void
what_is_alive_is_sealed_and_what_comes_later_is_not(void **state)
{
    size_t live;

    (void)state;
    open_sealed(5);
    live = check_list_length(first);

    for (struct node *node = first; node; node = node->right)
        assert_true(is_sealed(node));
    assert_int_equal(check_stat(world.heap, "x_sealed_slots"), live);
    assert_int_equal(check_stat(world.heap, "x_sealed_free_slots"),
                     sealed_pages() * rh_heap_slots_per_page(world.heap) -
                         live);
    assert_int_equal(check_stat(world.heap, "heap_available_slots") +
                         check_stat(world.heap, "x_sealed_free_slots"),
                     check_stat(world.heap, "heap_allocated_pages") *
                         rh_heap_slots_per_page(world.heap));
    assert_false(is_sealed(make()));
    assert_false(is_sealed((char *)first + sizeof *first)); // a hole
    assert_false(is_sealed(&first->left));
    assert_false(rh_heap_is_sealed(world.heap, 0));
    assert_false(rh_heap_is_sealed(world.heap, UINTPTR_MAX));
    check_close(&world);
}

static void
sealed_holes_are_not_filled(void **state)
{
    size_t sealed;

    (void)state;
    open_sealed(5);
    sealed = sealed_pages();

    for (size_t n = 0; n < 20 * rh_heap_slots_per_page(world.heap); n++)
        second = check_node(world.heap, NULL, n % 100 ? second : NULL);
    check_heap(world.heap);

    for (struct node *node = second; node; node = node->right)
        assert_false(is_sealed(node));
    assert_int_equal(sealed_pages(), sealed);
    check_close(&world);
}

static void
planes_of_new_pages_share_no_page_of_the_system_with_sealed_ones(void **state)
{
    const struct rhi_region *region;
    size_t last = 0;
    struct node *node;

    (void)state;
    open_sealed(5);
    region = &world.heap->region;
    for (node = first; node; node = node->right)
        last = rhi_max(last, rhi_region_page(region, (uintptr_t)node));
    node = make();

    for (int plane = 0; plane < RHI_PLANES; plane++)
        assert_true(
            (uintptr_t)(&region->plane[plane][last + 1]) - 1 <
            rhi_round_down((uintptr_t)&region->plane[plane][rhi_region_page(
                               region, (uintptr_t)node)],
                           region->os_page));
    check_close(&world);
}

static void
sealed_garbage_stays_until_it_is_unsealed(void **state)
{
    struct node *dead;

    (void)state;
    open_sealed(2);
    dead = first;

    first = NULL;
    collect();
    assert_true(is_live(dead));

    rh_heap_unseal(world.heap);
    check_heap(world.heap);
    assert_true(is_live(dead));
    assert_false(is_sealed(dead));
    collect();
    assert_false(is_live(dead));
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static void
holes_are_filled_again_when_unsealed(void **state)
{
    size_t before;

    (void)state;
    open_sealed(10);
    assert_int_equal(check_stat(world.heap, "heap_eden_pages"), sealed_pages());
    rh_heap_unseal(world.heap);
    check_heap(world.heap);
    before = check_stat(world.heap, "heap_allocated_pages");

    assert_int_equal(check_stat(world.heap, "x_sealed_slots"), 0);
    assert_int_equal(sealed_pages(), 0);
    check_waste(world.heap, 4 * rh_heap_slots_per_page(world.heap));
    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), before);
    rh_heap_unseal(world.heap); // nothing is sealed: nothing happens
    check_heap(world.heap);
    check_close(&world);
}

static void
what_was_made_since_is_sealed_by_the_next_seal(void **state)
{
    size_t pages;

    (void)state;
    open_sealed(3);
    pages = sealed_pages();
    second = make();
    check_set_right(world.heap, first, second);
    first->left = NULL;

    seal();

    assert_true(is_sealed(second));
    assert_true(sealed_pages() > pages);
    pages = sealed_pages();
    seal(); // nothing is new
    assert_int_equal(sealed_pages(), pages);
    collect();
    assert_ptr_equal(first->right, second);
    check_close(&world);
}

static void
an_empty_heap_can_be_sealed(void **state)
{
    (void)state;
    open_world(false);
    seal();
    assert_int_equal(sealed_pages(), 0);
    first = make();
    seal();
    assert_true(is_sealed(first));
    check_close(&world);
}

static void
sealing_when_nothing_is_new_takes_no_room(void **state)
{
    size_t top;

    (void)state;
    open_sealed(2);
    top = world.heap->region.top;
    for (int n = 0; n < 10; n++)
        seal();
    assert_int_equal(world.heap->region.top, top);
    check_close(&world);
}

static void
compacting_before_sealing_again_gets_room_back(void **state)
{
    size_t top;

    (void)state;
    open_sealed(5);
    top = world.heap->region.top;
    for (int n = 0; n < 10; n++) {
        rh_heap_unseal(world.heap);
        second = check_list(world.heap, 10);
        assert_int_equal(
            rh_heap_warmup(world.heap, RH_WARMUP_COMPACT | RH_WARMUP_SEAL),
            RH_OK);
        assert_true(is_sealed(second));
        assert_false(is_sealed(make()));
        check_heap(world.heap);
    }
    assert_true(world.heap->region.top <= top + 1 + // of the latest
                                              world.heap->region.granule_pages);
    check_close(&world);
}

static void
a_heap_without_generations_cannot_be_sealed(void **state)
{
    (void)state;
    check_open(&world);
    assert_int_equal(rh_heap_seal(world.heap), RH_BAD_ARGUMENT);
    assert_int_equal(rh_heap_warmup(world.heap, RH_WARMUP_SEAL),
                     RH_BAD_ARGUMENT);
    rh_heap_unseal(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
without_room_above_nothing_is_sealed(void **state)
{
    (void)state;
    check_prepare(&world);
    world.config.generational = true;
    world.config.region_bytes = 16 << 20; // 1,024 pages
    check_make(&world);
    first = NULL;
    check_root(world.heap, &first);
    rh_heap_disable(world.heap);
    while (world.heap->region.top < world.heap->region.max_pages - 20) {
        first = check_node(world.heap, NULL, first);
        assert_non_null(first);
    }

    assert_int_equal(rh_heap_seal(world.heap), RH_NO_MEMORY);
    check_heap(world.heap);
    assert_int_equal(sealed_pages(), 0);
    check_close(&world);
}

static void
sealing_does_not_mind_a_full_address_range(void **state)
{
    (void)state;
    open_sealed(2);
    for (size_t n = 1; n < 4; n++) {
        check_fail_at(&world.faults, n);
        second = check_node(world.heap, NULL, NULL);
        check_fail_at(&world.faults, 0);
        check_heap(world.heap);
        check_fail_at(&world.faults, n);
        (void)rh_heap_seal(world.heap);
        check_fail_at(&world.faults, 0);
        check_heap(world.heap);
    }
    check_close(&world);
}

static void
sealed_objects_do_not_hasten_a_collection(void **state)
{
    size_t nursery, count;

    (void)state;
    open_sealed(60);
    nursery = world.config.initial_slots;
    count = check_stat(world.heap, "count");

    check_waste(world.heap, nursery - 2 * rh_heap_slots_per_page(world.heap));
    assert_int_equal(check_stat(world.heap, "count"), count);
    for (int n = 0; n < 50; n++)
        check_waste(world.heap, nursery);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), 1);
    check_close(&world);
}

// What the statistics and the next decision know of old objects.
static void
expect_old(size_t marked_and_old, size_t deciding)
{
    assert_int_equal(check_stat(world.heap, "old_objects"), marked_and_old);
    assert_int_equal(check_stat(world.heap, "heap_marked_slots"),
                     marked_and_old);
    assert_int_equal(
        check_stat(world.heap, "old_objects_limit"),
        rhi_max(
            (size_t)((double)deciding * world.config.oldobject_limit_factor),
            world.config.initial_slots / rh_heap_slots_per_page(world.heap) *
                rh_heap_slots_per_page(world.heap)));
}

static void
old_objects_are_counted_once_and_limited_when_not_sealed(void **state)
{
    (void)state;
    open_world(false);
    first = check_list(world.heap, 20000);
    seal();
    expect_old(20000, 0);
    second = check_list(world.heap, 9000);
    collect();
    expect_old(29000, 9000);
    rh_heap_unseal(world.heap);
    check_heap(world.heap);
    expect_old(29000, 29000);
    check_close(&world);
}

// In every stage of it: what only followed objects lead to must not die.
static void
unsealing_ends_a_collection_under_way(void **state)
{
    (void)state;
    for (size_t steps = 0; steps < 12; steps++) {
        open_world(false);
        first = check_list(world.heap, 1000);
        seal();
        second = check_node(world.heap, NULL, first);
        first = NULL;
        check_waste(world.heap, 2000);
        assert_int_equal(rh_heap_start(world.heap), RH_OK);
        for (size_t n = 0; n < steps; n++)
            (void)rh_heap_step(world.heap, (struct rh_budget){ 1, 0 });

        rh_heap_unseal(world.heap);

        assert_string_equal(rh_heap_stage(world.heap), "none");
        check_heap(world.heap);
        collect();
        assert_int_equal(check_list_length(second), 1001);
        check_close(&world);
    }
}

static struct rh_growth_view seen;

static void
keep_no_empty_pages(const struct rh_growth_view *view,
                    struct rh_growth_answer *answer)
{
    seen = *view;
    rh_growth_default(view, answer);
    answer->max_empty_pages = 0;
}

// On pages of the system that hold several: one object on each of these keeps
// its neighbours, though they are empty, and nothing more can be given back.
static void
a_growth_policy_sees_what_is_not_sealed(void **state)
{
    size_t slots;

    (void)state;
    check_prepare(&world);
    check_memory_init(&world.memory, &world.faults, &world.config.memory,
                      4 * RHI_PAGE_BYTES < 65536 ? 65536 : 4 * RHI_PAGE_BYTES);
    world.config.generational = true;
    world.config.growth = keep_no_empty_pages;
    check_make(&world);
    first = second = NULL;
    check_root(world.heap, &first);
    check_root(world.heap, &second);
    slots = rh_heap_slots_per_page(world.heap);
    first = check_list(world.heap, 50 * slots);
    seal();
    rh_heap_disable(world.heap);
    for (size_t n = 0; n < 20 * 65536 / RHI_PAGE_BYTES; n++) {
        second = n % (65536 / RHI_PAGE_BYTES)
                     ? second
                     : check_node(world.heap, NULL, second);
        check_waste(world.heap, slots);
    }
    (void)alarm(20);
    in_steps();
    (void)alarm(0);
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);
    assert_int_equal(seen.live_slots, check_list_length(second));
    assert_true(seen.total_slots <=
                (world.heap->region.top - world.heap->region.sealed) * slots);
    check_close(&world);
}

static void
sealed_objects_without_barriers_do_not_count_as_such(void **state)
{
    (void)state;
    open_world(false);
    first = make();
    rh_barrier_unprotect(world.heap, first);
    collect();
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 1);
    seal();
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 0);
    minor();
    collect();
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 0);
    rh_heap_unseal(world.heap);
    assert_int_equal(
        check_stat(world.heap, "remembered_wb_unprotected_objects"), 1);
    check_close(&world);
}

// ---- what sealed objects lead to ----

static void
a_child_stored_into_a_sealed_object_lives(void (*collection)(void), bool old)
{
    struct node *child;

    open_sealed(3);
    second = make();
    if (old)
        minor();
    check_set_left(world.heap, first->right, second);
    child = second;
    second = NULL;

    for (int n = 0; n < 3; n++) {
        collection();
        assert_true(is_live(child));
        assert_int_equal(child->tag, NODE);
    }

    check_set_left(world.heap, first->right, NULL);
    collect();
    assert_false(is_live(child));
    check_close(&world);
}

static void
figures_of_the_heap_are_not_confused_by_what_is_sealed(void **state)
{
    struct rh_shape shape = { .struct_bytes = sizeof shape };
    struct rh_pause pause;
    size_t slots;

    (void)state;
    open_sealed(40);
    slots = rh_heap_slots_per_page(world.heap);
    assert_int_equal(rh_profile_enable(world.heap, 1), RH_OK);
    second = make();
    collect();

    rh_heap_shape(world.heap, &shape);
    assert_true(shape.slot == 1 - 1 / (double)slots);
    assert_true(check_stat(world.heap, "heap_allocatable_pages") > 0);
    assert_int_equal(rh_profile_read(world.heap, 0, &pause, 1), 1);
    assert_int_equal(pause.eden_pages,
                     check_stat(world.heap, "heap_eden_pages"));
    assert_int_equal(pause.old_objects, check_stat(world.heap, "old_objects"));
    check_close(&world);
}

static void
a_young_child_of_a_sealed_object_lives(void **state)
{
    (void)state;
    a_child_stored_into_a_sealed_object_lives(minor, false);
    a_child_stored_into_a_sealed_object_lives(collect, false);
    a_child_stored_into_a_sealed_object_lives(in_steps, false);
}

static void
an_old_child_of_a_sealed_object_lives(void **state)
{
    (void)state;
    a_child_stored_into_a_sealed_object_lives(minor, true);
    a_child_stored_into_a_sealed_object_lives(collect, true);
    a_child_stored_into_a_sealed_object_lives(in_steps, true);
}

static void
a_child_stored_between_steps_lives(void **state)
{
    struct node *child;

    (void)state;
    open_sealed(3);
    second = check_list(world.heap, 500);
    collect();
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    child = second->right;
    check_set_left(world.heap, first, child);
    check_set_right(world.heap, second, NULL);

    while (!rh_heap_step(world.heap, (struct rh_budget){ 10, 0 }))
        check_heap(world.heap);

    assert_int_equal(check_list_length(child), 499);
    check_close(&world);
}

static void
unprotected_sealed_objects_are_read_again(void **state)
{
    (void)state;
    open_world(false);
    first = make();
    rh_barrier_unprotect(world.heap, first);
    seal();

    first->right = make(); // without a barrier
    minor();
    assert_true(is_live(first->right));
    collect();
    in_steps();
    assert_true(is_live(first->right));
    assert_int_equal(first->right->tag, NODE);
    check_close(&world);
}

static void
a_store_into_a_sealed_object_without_its_barrier_is_found(void **state)
{
    struct rh_violation violation;

    (void)state;
    open_sealed(1);
    second = make();
    minor();
    first->left = second;
    assert_int_equal(rh_heap_verify(world.heap, &violation), RH_BROKEN);
    assert_string_equal(violation.invariant, "B5");
    assert_ptr_equal(violation.object, first);
    first->left = NULL;
    check_heap(world.heap);
    check_close(&world);
}

static void
count_missed(struct rh_heap *heap, const struct rh_missed_barrier *missed,
             void *context)
{
    (void)heap;
    assert_ptr_equal(missed->parent, first);
    ++*(int *)context;
}

// A full collection finds by itself whatever is stored where, but here.
static void
a_full_collection_looks_for_barriers_that_sealed_objects_want(void **state)
{
    struct node *child;
    int missed = 0;

    (void)state;
    open_sealed(1);
    rh_barrier_check(world.heap, true, count_missed, &missed);
    child = make();
    first->left = child; // without a barrier
    collect();

    assert_int_equal(missed, 1);
    assert_true(is_live(child));
    collect();
    assert_int_equal(missed, 1);
    check_close(&world);
}

static void
what_a_collection_follows_is_what_was_stored_into(void **state)
{
    (void)state;
    open_sealed(20);
    collect();
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);
    minor();
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);

    check_set_left(world.heap, first, make());
    minor();
    assert_int_equal(check_stat(world.heap, "x_visited"), 2);
    minor();
    assert_int_equal(check_stat(world.heap, "x_visited"), 1);
    check_close(&world);
}

static void
what_was_stored_into_is_not_followed_once_it_is_sealed_with_its_child(
    void **state)
{
    (void)state;
    open_sealed(3);
    check_set_left(world.heap, first, make());
    seal();
    assert_true(is_sealed(first->left));
    minor();
    assert_int_equal(check_stat(world.heap, "x_visited"), 0);
    check_close(&world);
}

// ---- what is kept beside the heap ----

static void
weak_references_to_sealed_objects_stay(void **state)
{
    struct rh_weak_ref *ref, *gone;

    (void)state;
    open_sealed(1);
    ref = rh_weak_ref_new(world.heap, first);
    gone = rh_weak_ref_new(world.heap, make());
    collect();
    minor();
    assert_ptr_equal(rh_weak_ref_get(ref), first);
    assert_null(rh_weak_ref_get(gone));
    first = NULL;
    collect();
    assert_non_null(rh_weak_ref_get(ref)); // until it is unsealed
    rh_heap_unseal(world.heap);
    collect();
    assert_null(rh_weak_ref_get(ref));
    rh_weak_ref_free(world.heap, ref);
    rh_weak_ref_free(world.heap, gone);
    check_close(&world);
}

static void
ephemerons_with_sealed_keys_keep_their_values(void **state)
{
    struct rh_weak_map *map;
    struct node *value;
    void *found = NULL;

    (void)state;
    open_sealed(1);
    map = rh_weak_map_new(world.heap, RH_WEAK_KEY, NULL, NULL);
    assert_non_null(map);
    value = make();
    assert_int_equal(rh_weak_map_set(world.heap, map, first, value), RH_OK);
    minor();
    collect();
    in_steps();
    assert_int_equal(rh_weak_map_get(world.heap, map, first, &found), RH_OK);
    assert_ptr_equal(found, value);
    assert_true(is_live(value));
    rh_weak_map_free(world.heap, map);
    check_close(&world);
}

static size_t last_words;

static void
count_last_word(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object, (void)context;
    last_words++;
}

static void
finalizers_of_sealed_objects_wait_until_they_are_unsealed(void **state)
{
    uint64_t id;

    (void)state;
    last_words = 0;
    open_sealed(1);
    assert_int_equal(rh_finalizer_add(world.heap, first, count_last_word, NULL),
                     RH_OK);
    assert_int_equal(
        rh_finalizer_add(world.heap, make(), count_last_word, NULL), RH_OK);
    id = rh_identity_of(world.heap, first);
    first = NULL;
    collect();
    rh_finalizer_run(world.heap, 0);
    assert_int_equal(last_words, 1);
    assert_true(id != 0);
    rh_heap_unseal(world.heap);
    collect();
    rh_finalizer_run(world.heap, 0);
    assert_int_equal(last_words, 2);
    check_close(&world);
}

// ---- compaction ----

static void
compaction_moves_others_and_leaves_what_sealed_ones_refer_to(void **state)
{
    struct node *pinned, *moves;

    (void)state;
    open_sealed(10);
    third = NULL;
    for (size_t n = 0; n < 20 * rh_heap_slots_per_page(world.heap); n++)
        third = n % 40 ? (check_waste(world.heap, 1), third)
                       : check_node(world.heap, NULL, third);
    pinned = third->right->right;
    moves = third;
    check_set_left(world.heap, first, pinned);
    minor();

    assert_int_equal(rh_compact_verify(world.heap, NULL), RH_OK);
    check_heap(world.heap);

    assert_ptr_equal(first->left, pinned);
    assert_ptr_equal(third->right->right, pinned);
    assert_ptr_not_equal(third, moves);
    assert_int_equal(rh_heap_compact(world.heap, NULL), RH_OK);
    check_heap(world.heap);
    assert_ptr_equal(first->left, pinned);
    assert_true(is_sealed(first));
    check_close(&world);
}

static size_t traced;

static void
count_trace(void *object, struct rh_visitor *visitor)
{
    traced++;
    check_node_model.trace(object, visitor);
}

// Neither what lives there nor the holes are of any concern.
static void
compaction_counts_and_reads_nothing_sealed(void **state)
{
    static struct rh_model counting;
    size_t slots, sealed;

    (void)state;
    counting = check_node_model;
    counting.trace = count_trace;
    check_prepare(&world);
    world.config.model = &counting;
    world.config.generational = true;
    check_make(&world);
    first = second = third = NULL;
    check_root(world.heap, &first);
    check_root(world.heap, &second);
    slots = rh_heap_slots_per_page(world.heap);
    for (size_t n = 0; n < 5 * slots; n++) {
        first = check_node(world.heap, NULL, first);
        check_waste(world.heap, 1);
    }
    seal();
    sealed = check_stat(world.heap, "x_sealed_slots");
    for (size_t n = 0; n < 40 * slots; n++)
        second = n % 40 ? (check_waste(world.heap, 1), second)
                        : check_node(world.heap, NULL, second);
    traced = 0;

    assert_int_equal(rh_heap_compact(world.heap, NULL), RH_OK);

    assert_true(traced < sealed);
    check_heap(world.heap);
    rh_heap_before_fork(world.heap);
    assert_true(check_stat(world.heap, "heap_eden_pages") <=
                sealed_pages() + 2 + world.heap->region.granule_pages);
    check_close(&world);
}

// ---- nothing is written ----

// Have any write to a page of the system that holds nothing but sealed bodies,
// or lines of sealed pages, be a fault.
static void
protect(int protection)
{
    const struct rhi_region *region = &world.heap->region;
    size_t top = 0;

    for (size_t page = 0; page < region->sealed; page++)
        if (region->pages[page].list == RHI_SEALED)
            top = page + 1;
    assert_int_equal(
        mprotect(rhi_region_body(region, 0), top << RHI_PAGE_LOG, protection),
        0);
    for (int plane = 0; plane < RHI_PLANES; plane++) {
        uintptr_t start =
            rhi_round_down((uintptr_t)region->plane[plane], region->os_page);
        uintptr_t end =
            rhi_round_up((uintptr_t)region->plane[plane][top], region->os_page);

        if (plane != RHI_REACHED) // walks borrow it
            assert_int_equal(mprotect((void *)start, end - start, protection),
                             0);
    }
}

static void
use_everything(void)
{
    struct rh_heap *heap = world.heap;

    minor();
    collect();
    in_steps();
    for (size_t n = 0; n < 3000; n++)
        second = check_node(heap, n % 50 ? second : NULL, n % 3 ? first : NULL);
    minor();
    collect();
    assert_int_equal(rh_heap_start(heap), RH_OK);
    (void)rh_heap_step(heap, (struct rh_budget){ 5, 0 });
    rh_heap_cancel(heap);
    check_heap(heap);
    assert_int_equal(rh_heap_compact(heap, NULL), RH_OK);
    assert_int_equal(rh_compact_verify(heap, NULL), RH_OK);
    check_heap(heap);
    rh_heap_before_fork(heap);
    rh_heap_after_fork_child(heap);
    check_heap(heap);
    second = NULL;
    collect();
    rh_trim_now(heap, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    check_heap(heap);
}

static void
no_phase_writes_to_what_is_sealed(void **state)
{
    struct rh_weak_ref *ref;

    (void)state;
    open_sealed(80);
    ref = rh_weak_ref_new(world.heap, first);
    assert_int_equal(rh_finalizer_add(world.heap, first, count_last_word, NULL),
                     RH_OK);
    assert_true(rh_identity_of(world.heap, first) != 0);
    protect(PROT_READ);

    use_everything();

    assert_ptr_equal(rh_weak_ref_get(ref), first);
    rh_weak_ref_free(world.heap, ref);
    protect(PROT_READ | PROT_WRITE);
    check_close(&world);
}

// The child of a fork writes to a sealed object, and must be killed for it: else
// the test above proves nothing.
static void
a_write_to_what_is_sealed_would_be_a_fault(void **state)
{
    int status;
    pid_t child;

    (void)state;
    open_sealed(2);
    protect(PROT_READ);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        first->tag = 0;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
#ifndef RH_SANITIZED
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
#endif
    protect(PROT_READ | PROT_WRITE);
    check_close(&world);
}

// ---- damage ----

static size_t
sealed_page(void)
{
    return rhi_region_page(&world.heap->region, (uintptr_t)first);
}

static void
damage_to_sealed_pages_is_found(void **state)
{
    struct rhi_region *region;
    uint32_t index;

    (void)state;
    open_sealed(3);
    region = &world.heap->region;
    index = rhi_page_index(region, (uintptr_t)first);

    region->sealed += region->top;
    check_broken(world.heap, "R4");
    region->sealed -= region->top;
    rhi_space_move(&world.heap->space, sealed_page(), RHI_FULL);
    check_broken(world.heap, "S7");
    rhi_space_move(&world.heap->space, sealed_page(), RHI_SEALED);
    rhi_bit_clear(region->plane[RHI_NEXT][sealed_page()], index);
    check_broken(world.heap, "Z1");
    rhi_bit_set(region->plane[RHI_NEXT][sealed_page()], index);
    world.heap->seal.slots++;
    check_broken(world.heap, "Z2");
    world.heap->seal.slots--;
    check_heap(world.heap);
    check_close(&world);
}

// ---- around a fork ----

// An empty page stays only beside one in use, when both are in one page of the
// system.
static void
expect_no_empty_granules(void)
{
    assert_true(check_stat(world.heap, "heap_tomb_pages") <=
                (world.heap->region.granule_pages - 1) *
                    check_stat(world.heap, "heap_eden_pages"));
}

static void
a_fork_finds_no_collection_half_way(void **state)
{
    (void)state;
    open_world(true);
    first = check_list(world.heap, 2000);
    collect();
    check_waste(world.heap, 3000);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    (void)rh_heap_step(world.heap, (struct rh_budget){ 10, 0 });
    assert_string_equal(rh_heap_stage(world.heap), "marking");

    rh_heap_before_fork(world.heap);

    check_heap(world.heap);
    assert_string_equal(rh_heap_stage(world.heap), "none");
    expect_no_empty_granules();
    assert_int_equal(check_list_length(first), 2000);
    rh_heap_before_fork(world.heap); // once more does no harm
    rh_heap_after_fork_parent(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_child_goes_on_with_the_heap_that_it_has(void **state)
{
    int status;
    pid_t child;

    (void)state;
    open_sealed(3);
    rh_heap_before_fork(world.heap);
    child = fork();
    if (child == 0) {
        rh_heap_after_fork_child(world.heap);
        second = check_list(world.heap, 5000);
        collect();
        seal(); // a second generation
        _exit(is_sealed(second) && check_list_length(second) == 5000 ? 0 : 1);
    }
    rh_heap_after_fork_parent(world.heap);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    check_heap(world.heap);
    check_close(&world);
}

static unsigned
always(const struct rh_trim_view *view, void *context)
{
    (void)view;
    ++*(size_t *)context;
    return RH_TRIM_ALLOCATOR;
}

static void
a_child_does_not_trim_before_it_has_freed_a_megabyte(void **state)
{
    size_t asked = 0;

    (void)state;
    open_world(false);
    rh_trim_set_policy(world.heap, always, &asked);
    collect();
    assert_int_equal(asked, 1);
    rh_heap_before_fork(world.heap);
    assert_int_equal(asked, 2);
    rh_heap_after_fork_child(world.heap);

    (void)check_buffer(world.heap, 1000000);
    collect();
    assert_int_equal(asked, 2);
    (void)check_buffer(world.heap, 1000000);
    collect();
    assert_int_equal(asked, 3);
    check_waste(world.heap, 1);
    collect();
    assert_int_equal(asked, 4);
    check_close(&world);
}

static void
fork_itself_makes_the_calls_when_it_is_asked_to(void **state)
{
    int status;
    pid_t child;

    (void)state;
    open_world(false);
    first = check_list(world.heap, 300);
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);

    child = fork();
    if (child == 0)
        _exit(strcmp(rh_heap_stage(world.heap), "none") == 0 &&
                      world.heap->trim.trimmer.silent_bytes > 0
                  ? 0
                  : 1);
    assert_string_equal(rh_heap_stage(world.heap), "none");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

    assert_int_equal(rh_heap_atfork(world.heap, false), RH_OK);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(rh_heap_stage(world.heap), "marking");
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    check_close(&world); // which ends it
    child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void
fork_prepares_every_heap(void **state)
{
    struct check_world other;
    pid_t child;
    int status;

    (void)state;
    check_open_generational(&other);
    open_world(false);
    assert_int_equal(rh_heap_atfork(other.heap, true), RH_OK);
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    assert_int_equal(rh_heap_start(other.heap), RH_OK);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    child = fork();
    if (child == 0)
        _exit(other.heap->trim.trimmer.silent_bytes == 0 ||
              world.heap->trim.trimmer.silent_bytes == 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(rh_heap_stage(other.heap), "none");
    assert_string_equal(rh_heap_stage(world.heap), "none");
    check_close(&world);
    check_close(&other);
}

// Fork, in a callback: the child has what it has, and whoever asks for a lock
// that nobody will give back is killed.
static void
fork_now(struct rh_heap *heap)
{
    pid_t child;
    int status;

    (void)fflush(stdout);
    (void)alarm(20);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        if (heap->trim.trimmer.silent_bytes > 0)
            _exit(1);
        child = fork();
        if (child == 0)
            _exit(0);
        (void)waitpid(child, &status, 0);
        _exit(rh_heap_atfork(heap, false) || status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)alarm(0);
}

static bool
walk_fork(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    fork_now(heap);
    return false;
}

static void
root_fork(struct rh_visitor *visitor, void *context)
{
    (void)visitor;
    if (world.heap->inside)
        fork_now(context);
}

static void
event_fork(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    size_t *left = context;

    (void)event;
    if (*left > 0) {
        --*left;
        fork_now(heap);
    }
}

static void
a_callback_may_fork(void **state)
{
    size_t left = 1;

    (void)state;
    open_world(false);
    first = make();
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    (void)rh_walk_objects(world.heap, walk_fork, NULL);
    check_heap(world.heap);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW, event_fork, &left),
        RH_OK);
    (void)make();
    assert_int_equal(left, 0);
    check_heap(world.heap);
    assert_int_equal(
        rh_root_add_callback(world.heap, NULL, root_fork, world.heap), RH_OK);
    collect();
    check_close(&world);
}

static void
a_program_that_builds_an_image_may_fork(void **state)
{
    (void)state;
    open_world(false);
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
    fork_now(world.heap);
    rh_image_end(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

// A listener hears of the pages that go before a fork, and forks, as its child
// does.
static void
released_fork(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    size_t *left = context;

    (void)heap, (void)event;
    if (*left > 0) {
        pid_t child;
        int status;

        --*left;
        child = fork();
        if (child == 0)
            released_fork(heap, event, context);
        if (child == 0)
            _exit(0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void
what_is_done_before_a_fork_may_fork(void **state)
{
    size_t left = 2;
    int status;

    (void)state;
    open_world(false);
    check_waste(world.heap, 20 * rh_heap_slots_per_page(world.heap));
    collect();
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);
    assert_int_equal(rh_heap_atfork(world.heap, true), RH_OK);
    assert_int_equal(rh_event_listen(world.heap, RH_EVENT_PAGE_RELEASED,
                                     released_fork, &left),
                     RH_OK);
    (void)alarm(20);
    for (int n = 0; n < 2; n++) { // the second finds nothing amiss
        pid_t child = fork();

        if (child == 0)
            _exit(world.heap->trim.trimmer.silent_bytes == 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    (void)alarm(0);
    assert_int_equal(left, 0);
    check_heap(world.heap);
    check_close(&world);
}

static void *
register_and_leave(void *context)
{
    struct rh_thread *thread = rh_thread_new(context);

    if (thread)
        rh_thread_leave(context, thread);
    return thread;
}

static void
a_child_forgets_the_threads_of_its_parent(void **state)
{
    pthread_t thread;
    void *registered;
    int status;
    pid_t child;

    (void)state;
    open_world(false);
    assert_int_equal(
        pthread_create(&thread, NULL, register_and_leave, world.heap), 0);
    assert_int_equal(pthread_join(thread, &registered), 0);
    assert_non_null(registered);
    rh_heap_before_fork(world.heap);
    child = fork();
    if (child == 0) {
        rh_heap_after_fork_child(world.heap);
        _exit(!rhi_ring_is_empty(&world.heap->threads.registered));
    }
    rh_heap_after_fork_parent(world.heap);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(rhi_ring_is_empty(&world.heap->threads.registered));
    rh_thread_free(world.heap, registered);
    check_close(&world);
}

// ---- warming up ----

static void
warming_up_leaves_old_objects_on_few_pages(void **state)
{
    size_t pages;

    (void)state;
    open_world(false);
    for (size_t n = 0; n < 40 * rh_heap_slots_per_page(world.heap); n++)
        first = n % 20 ? (check_waste(world.heap, 1), first)
                       : check_node(world.heap, NULL, first);

    assert_int_equal(rh_heap_warmup(world.heap, RH_WARMUP_COLLECT), RH_OK);
    check_heap(world.heap);
    pages = check_stat(world.heap, "heap_allocated_pages");
    expect_no_empty_granules();
    assert_int_equal(check_stat(world.heap, "old_objects"),
                     check_stat(world.heap, "heap_live_slots"));
    assert_true(world.allocator.trims > 0);

    assert_int_equal(
        rh_heap_warmup(world.heap, RH_WARMUP_COMPACT | RH_WARMUP_SEAL), RH_OK);
    check_heap(world.heap);
    assert_true(check_stat(world.heap, "heap_allocated_pages") <= pages / 5);
    assert_true(is_sealed(first));
    check_close(&world);
}

static void
warming_up_says_what_it_could_not_do(void **state)
{
    size_t count;

    (void)state;
    check_prepare(&world);
    unmovable = check_node_model;
    unmovable.flags &= ~(unsigned)RH_MODEL_MOVABLE;
    world.config.model = &unmovable;
    world.config.generational = true;
    check_make(&world);
    first = NULL;
    check_root(world.heap, &first);
    first = check_node(world.heap, NULL, NULL);
    assert_int_equal(
        rh_heap_warmup(world.heap, RH_WARMUP_COMPACT | RH_WARMUP_SEAL),
        RH_UNSUPPORTED);
    assert_true(is_sealed(first)); // the rest is done
    count = check_stat(world.heap, "major_gc_count");
    assert_int_equal(rh_heap_warmup(world.heap, RH_WARMUP_COMPACT),
                     RH_UNSUPPORTED);
    assert_int_equal(check_stat(world.heap, "major_gc_count"), count + 1);
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_alive_is_sealed_and_what_comes_later_is_not),
        cmocka_unit_test(sealed_holes_are_not_filled),
        cmocka_unit_test(
            planes_of_new_pages_share_no_page_of_the_system_with_sealed_ones),
        cmocka_unit_test(sealed_garbage_stays_until_it_is_unsealed),
        cmocka_unit_test(holes_are_filled_again_when_unsealed),
        cmocka_unit_test(what_was_made_since_is_sealed_by_the_next_seal),
        cmocka_unit_test(an_empty_heap_can_be_sealed),
        cmocka_unit_test(sealing_when_nothing_is_new_takes_no_room),
        cmocka_unit_test(compacting_before_sealing_again_gets_room_back),
        cmocka_unit_test(a_heap_without_generations_cannot_be_sealed),
        cmocka_unit_test(without_room_above_nothing_is_sealed),
        cmocka_unit_test(sealing_does_not_mind_a_full_address_range),
        cmocka_unit_test(sealed_objects_do_not_hasten_a_collection),
        cmocka_unit_test(
            figures_of_the_heap_are_not_confused_by_what_is_sealed),
        cmocka_unit_test(
            old_objects_are_counted_once_and_limited_when_not_sealed),
        cmocka_unit_test(unsealing_ends_a_collection_under_way),
        cmocka_unit_test(a_growth_policy_sees_what_is_not_sealed),
        cmocka_unit_test(sealed_objects_without_barriers_do_not_count_as_such),
        cmocka_unit_test(a_young_child_of_a_sealed_object_lives),
        cmocka_unit_test(an_old_child_of_a_sealed_object_lives),
        cmocka_unit_test(a_child_stored_between_steps_lives),
        cmocka_unit_test(unprotected_sealed_objects_are_read_again),
        cmocka_unit_test(
            a_store_into_a_sealed_object_without_its_barrier_is_found),
        cmocka_unit_test(
            a_full_collection_looks_for_barriers_that_sealed_objects_want),
        cmocka_unit_test(what_a_collection_follows_is_what_was_stored_into),
        cmocka_unit_test(
            what_was_stored_into_is_not_followed_once_it_is_sealed_with_its_child),
        cmocka_unit_test(weak_references_to_sealed_objects_stay),
        cmocka_unit_test(ephemerons_with_sealed_keys_keep_their_values),
        cmocka_unit_test(
            finalizers_of_sealed_objects_wait_until_they_are_unsealed),
        cmocka_unit_test(
            compaction_moves_others_and_leaves_what_sealed_ones_refer_to),
        cmocka_unit_test(compaction_counts_and_reads_nothing_sealed),
        cmocka_unit_test(damage_to_sealed_pages_is_found),
        cmocka_unit_test(no_phase_writes_to_what_is_sealed),
        cmocka_unit_test(a_write_to_what_is_sealed_would_be_a_fault),
        cmocka_unit_test(a_fork_finds_no_collection_half_way),
        cmocka_unit_test(a_child_goes_on_with_the_heap_that_it_has),
        cmocka_unit_test(a_child_does_not_trim_before_it_has_freed_a_megabyte),
        cmocka_unit_test(fork_itself_makes_the_calls_when_it_is_asked_to),
        cmocka_unit_test(fork_prepares_every_heap),
        cmocka_unit_test(a_callback_may_fork),
        cmocka_unit_test(a_program_that_builds_an_image_may_fork),
        cmocka_unit_test(what_is_done_before_a_fork_may_fork),
        cmocka_unit_test(a_child_forgets_the_threads_of_its_parent),
        cmocka_unit_test(warming_up_leaves_old_objects_on_few_pages),
        cmocka_unit_test(warming_up_says_what_it_could_not_do),
    };

    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
