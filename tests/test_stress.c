// SPDX-License-Identifier: MIT
// Stress: each bit does what it says, and nothing when it is taken away.
#include "config.h"

#include "check.h"

#include "heap.h"

#include <rheap/barrier.h>

// A heap with a list of 20 old nodes.
static struct rh_heap *
open_stressed(struct check_world *world, struct node **root, unsigned stress)
{
    check_open_generational(world);
    check_root(world->heap, root);
    *root = check_list(world->heap, 20);
    rh_heap_minor(world->heap);
    assert_int_equal(rh_heap_stress(world->heap, stress), RH_STRESS_NONE);
    assert_int_equal(rh_heap_stress(world->heap, stress), stress);
    return world->heap;
}

static void
close_relaxed(struct check_world *world)
{
    uint64_t count;

    rh_heap_stress(world->heap, RH_STRESS_NONE);
    rh_heap_finish(world->heap);
    count = check_stat(world->heap, "count");
    check_waste(world->heap, 100);
    check_buffer(world->heap, 10);
    check_waste(world->heap, 100);
    assert_int_equal(check_stat(world->heap, "count"), count);
    check_close(world);
}

static void
each_allocation_collects_everything(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(&world, &root, RH_STRESS_ALLOC);

    (void)state;
    for (uint64_t n = 1; n <= 10; n++) {
        check_waste(heap, 1);
        assert_int_equal(check_stat(heap, "major_gc_count"), n);
        assert_int_equal(check_stat(heap, "heap_live_slots"), 21);
        check_heap(heap);
    }
    assert_int_equal(check_stat(heap, "minor_gc_count"), 1);
    close_relaxed(&world);
}

static void
each_allocation_collects_the_young(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap =
        open_stressed(&world, &root, RH_STRESS_ALLOC | RH_STRESS_MINOR);

    (void)state;
    root = root->right; // an old one dies
    for (uint64_t n = 1; n <= 10; n++) {
        check_waste(heap, 1);
        assert_int_equal(check_stat(heap, "minor_gc_count"), n + 1);
        assert_int_equal(check_stat(heap, "heap_live_slots"), 21);
        check_heap(heap);
    }
    assert_int_equal(check_stat(heap, "major_gc_count"), 0);
    close_relaxed(&world);
}

static void
each_allocation_marks_and_leaves_the_sweeping(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap =
        open_stressed(&world, &root, RH_STRESS_ALLOC | RH_STRESS_LAZY);

    (void)state;
    for (uint64_t n = 1; n <= 10; n++) {
        check_waste(heap, 1);
        assert_int_equal(check_stat(heap, "major_gc_count"), n);
        assert_string_equal(rh_heap_stage(heap), "sweeping");
        assert_false(rhi_sweep_is_done(&heap->sweep));
        check_heap(heap);
    }
    assert_int_equal(check_list_length(root), 20);
    close_relaxed(&world);
}

static void
external_memory_makes_the_next_allocation_collect(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(&world, &root, RH_STRESS_MALLOC);
    struct node *node;

    (void)state;
    check_waste(heap, 10);
    assert_int_equal(check_stat(heap, "major_gc_count"), 0);

    node = check_buffer(heap, 10); // the memory comes after the slot
    root->left = node;
    rh_barrier_write(heap, root, node);
    assert_int_equal(check_stat(heap, "major_gc_count"), 0);
    check_waste(heap, 1);
    assert_int_equal(check_stat(heap, "major_gc_count"), 1);
    check_waste(heap, 10);
    assert_int_equal(check_stat(heap, "major_gc_count"), 1);

    node->buffer = rh_external_realloc(heap, node->buffer, 10, 20);
    assert_non_null(node->buffer);
    node->bytes = 20;
    check_waste(heap, 3);
    assert_int_equal(check_stat(heap, "major_gc_count"), 2);
    assert_int_equal(check_stat(heap, "minor_gc_count"), 1);
    check_heap(heap);
    close_relaxed(&world);
}

static void
each_allocation_does_a_step_of_three_objects(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap =
        open_stressed(&world, &root, RH_STRESS_ALLOC | RH_STRESS_STEPS);
    uint64_t most = 0;

    (void)state;
    for (uint64_t n = 1; n <= 6; n++) {
        check_waste(heap, 1); // the first begins
        assert_int_equal(check_stat(heap, "x_steps"), n - 1);
        assert_int_equal(check_stat(heap, "major_gc_count"), 1);
        assert_string_equal(rh_heap_stage(heap), "marking");
        if (n > 1 && check_stat(heap, "x_visited") > most)
            most = check_stat(heap, "x_visited");
        check_heap(heap);
    }
    assert_int_equal(most, 3);

    for (int n = 0; n < 2000; n++) // and begins again
        check_waste(heap, 1);
    check_heap(heap);
    assert_true(check_stat(heap, "major_gc_count") > 3);
    assert_int_equal(check_list_length(root), 20);
    close_relaxed(&world);
}

static void
steps_and_the_young_go_together(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(
        &world, &root, RH_STRESS_ALLOC | RH_STRESS_MINOR | RH_STRESS_STEPS);

    (void)state;
    for (uint64_t n = 1; n <= 6; n++) {
        check_waste(heap, 1);
        assert_int_equal(check_stat(heap, "x_steps"), n - 1);
        assert_int_equal(check_stat(heap, "minor_gc_count"), n + 1);
        check_heap(heap);
    }
    for (int n = 0; n < 2000; n++)
        check_waste(heap, 1);
    check_heap(heap);
    assert_int_equal(check_list_length(root), 20);
    close_relaxed(&world);
}

// By something that every phase would notice.
static void
each_phase_is_verified(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(&world, &root, RH_STRESS_VERIFY);

    (void)state;
    rh_heap_collect(heap);
    rh_heap_minor(heap);
    heap->mutator.handed_out++;
    check_panics("after minor mark: H1 is broken", rh_heap_minor(heap));
    check_abandon(&world);

    heap = open_stressed(&world, &root, RH_STRESS_VERIFY);
    heap->mutator.handed_out++;
    check_panics("after major mark: H1 is broken", rh_heap_collect(heap));
    check_abandon(&world);

    heap = open_stressed(&world, &root, RH_STRESS_VERIFY);
    root->left = check_node(heap, NULL, NULL); // without a word
    check_panics("B3 is broken", rh_heap_minor(heap));
    check_abandon(&world);
}

static void
miscount(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    heap->sweep.freed_total++;
}

// What is broken between two phases is found after the second one.
static void
the_phase_that_broke_something_is_named(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(&world, &root, RH_STRESS_VERIFY);

    (void)state;
    assert_int_equal(rh_event_listen(heap, RH_EVENT_SWEEP_END, miscount, NULL),
                     RH_OK);
    check_panics("after minor sweep: H1", rh_heap_minor(heap));
    check_abandon(&world);

    heap = open_stressed(&world, &root, RH_STRESS_VERIFY);
    assert_int_equal(rh_event_listen(heap, RH_EVENT_SWEEP_END, miscount, NULL),
                     RH_OK);
    check_panics("after major sweep: H1", rh_heap_collect(heap));
    check_abandon(&world);
}

static void
without_generations_every_bit_means_everything(void **state)
{
    static const unsigned bits[] = { RH_STRESS_NONE, RH_STRESS_MINOR,
                                     RH_STRESS_LAZY, RH_STRESS_STEPS };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(bits); i++) {
        struct check_world world;

        check_open(&world);
        rh_heap_stress(world.heap, RH_STRESS_ALLOC | bits[i]);
        check_waste(world.heap, 10);
        check_heap(world.heap);
        assert_int_equal(check_stat(world.heap, "major_gc_count"), 10);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
        close_relaxed(&world);
    }
}

static void
a_disabled_heap_is_not_stressed_in_any_way(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap = open_stressed(
        &world, &root,
        RH_STRESS_ALLOC | RH_STRESS_MINOR | RH_STRESS_STEPS | RH_STRESS_MALLOC);

    (void)state;
    rh_heap_disable(heap);
    check_waste(heap, 100);
    check_buffer(heap, 10);
    check_waste(heap, 100);
    assert_int_equal(check_stat(heap, "count"), 1);
    assert_int_equal(check_stat(heap, "x_steps"), 0);
    rh_heap_enable(heap);
    check_waste(heap, 1);
    assert_int_equal(check_stat(heap, "minor_gc_count"), 2);
    close_relaxed(&world);
}

static bool
allocate_one(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    check_waste(heap, 1);
    return true;
}

static void
stress_waits_for_walks(void **state)
{
    struct check_world world;
    struct node *root = NULL;
    struct rh_heap *heap =
        open_stressed(&world, &root, RH_STRESS_ALLOC | RH_STRESS_STEPS);

    (void)state;
    assert_int_equal(rh_walk_objects(heap, allocate_one, NULL), RH_OK);
    assert_int_equal(check_stat(heap, "major_gc_count"), 0);
    check_waste(heap, 1);
    assert_int_equal(check_stat(heap, "major_gc_count"), 1);
    check_heap(heap);
    close_relaxed(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_collects_everything),
        cmocka_unit_test(each_allocation_collects_the_young),
        cmocka_unit_test(each_allocation_marks_and_leaves_the_sweeping),
        cmocka_unit_test(external_memory_makes_the_next_allocation_collect),
        cmocka_unit_test(each_allocation_does_a_step_of_three_objects),
        cmocka_unit_test(steps_and_the_young_go_together),
        cmocka_unit_test(each_phase_is_verified),
        cmocka_unit_test(the_phase_that_broke_something_is_named),
        cmocka_unit_test(without_generations_every_bit_means_everything),
        cmocka_unit_test(a_disabled_heap_is_not_stressed_in_any_way),
        cmocka_unit_test(stress_waits_for_walks),
    };

    return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
