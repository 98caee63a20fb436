// SPDX-License-Identifier: MIT
// Finalizers: queued by the collection that finds the object dead, run when
// the program says so, in the order of registration.
#include "config.h"

#include "minor.h"

#include <rheap/finalizer.h>
#include <rheap/identity.h>
#include <rheap/weak.h>

// What ran: the contexts are numbers.
enum {
    LOG = 4096
};
static struct {
    uintptr_t context[LOG];
    void *object[LOG];
    size_t count;
} ran;

static void *
number(size_t n)
{
    return (void *)(uintptr_t)n;
}

static void
note(struct rh_heap *heap, void *object, void *context)
{
    (void)heap;
    assert_true(ran.count < LOG);
    assert_int_equal(((struct node *)object)->tag, NODE);
    ran.object[ran.count] = object;
    ran.context[ran.count++] = (uintptr_t)context;
}

static void
world_open(struct keeper *keeper)
{
    ran.count = 0;
    keeper_open(keeper);
}

static void
add(struct keeper *keeper, void *object, rh_finalizer_fn fn, void *context)
{
    assert_int_equal(rh_finalizer_add(keeper->heap, object, fn, context),
                     RH_OK);
    check_heap(keeper->heap);
}

static size_t
run(struct keeper *keeper, size_t max)
{
    size_t count = rh_finalizer_run(keeper->heap, max);

    check_heap(keeper->heap);
    return count;
}

#define expect_ran(...)                                                        \
    do {                                                                       \
        const uintptr_t numbers_[] = { __VA_ARGS__ };                          \
        assert_int_equal(ran.count, CHECK_COUNT(numbers_));                    \
        for (size_t i_ = 0; i_ < CHECK_COUNT(numbers_); i_++)                  \
            assert_int_equal(ran.context[i_], numbers_[i_]);                   \
    } while (0)

static struct node *
garbage(struct keeper *keeper)
{
    return check_node(keeper->heap, NULL, NULL);
}

// ---- life and death ----

static void
a_finalizer_runs_after_its_object_died_and_not_before(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = keep(&keeper, 0);
    add(&keeper, node, note, number(7));
    collect(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 0);
    assert_int_equal(run(&keeper, 0), 0);

    keeper.kept[0] = NULL;
    assert_int_equal(run(&keeper, 0), 0);
    collect(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    assert_int_equal(ran.count, 0); // never inside a collection
    assert_int_equal(run(&keeper, 0), 1);

    expect_ran(7);
    assert_ptr_equal(ran.object[0], node);
    assert_int_equal(run(&keeper, 0), 0);
    collect(&keeper);
    assert_false(is_alive(&keeper, node));
    assert_int_equal(run(&keeper, 0), 0);
    keeper_close(&keeper);
    expect_ran(7);
}

static void
allocation_queues_and_does_not_run(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, garbage(&keeper), note, NULL);
    while (rh_finalizer_pending(keeper.heap) == 0)
        check_waste(keeper.heap, 100);
    check_waste(keeper.heap, 50000);
    assert_int_equal(ran.count, 0);
    assert_int_equal(run(&keeper, 0), 1);
    keeper_close(&keeper);
}

static void
what_waits_is_alive_with_all_that_it_leads_to(void **state)
{
    struct keeper keeper;
    struct node *list;

    (void)state;
    world_open(&keeper);
    list = check_list(keeper.heap, 500);
    add(&keeper, list, note, NULL);
    for (size_t i = 0; i < 3; i++) {
        collect(&keeper);
        assert_int_equal(check_list_length(list), 500);
        assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
        assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 499);
    }

    run(&keeper, 0);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 0);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 500);
    collect(&keeper);

    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
objects_that_lead_to_each_other_are_all_finalized(void **state)
{
    struct keeper keeper;
    struct node *first;
    struct node *second;

    (void)state;
    world_open(&keeper);
    first = keep(&keeper, 0);
    second = keep(&keeper, 1);
    first->left = second;
    second->left = first;
    add(&keeper, second, note, number(1));
    add(&keeper, first, note, number(2));
    keeper.kept[0] = keeper.kept[1] = NULL;

    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 2);
    assert_int_equal(run(&keeper, 0), 2);

    expect_ran(1, 2);
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
release_functions_run_when_the_object_is_really_gone(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = check_buffer(keeper.heap, 1000);
    add(&keeper, node, note, NULL);
    collect(&keeper);
    assert_int_equal(keeper.world.released, 0);
    assert_non_null(node->buffer);

    run(&keeper, 0);
    collect(&keeper);

    assert_int_equal(keeper.world.released, 1);
    keeper_close(&keeper);
}

// ---- order ----

static void
finalizers_run_in_the_order_of_registration(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 4; i++)
        keep(&keeper, i);
    add(&keeper, keeper.kept[2], note, number(1));
    add(&keeper, keeper.kept[0], note, number(2));
    add(&keeper, keeper.kept[2], note, number(3));
    add(&keeper, keeper.kept[3], note, number(4));
    add(&keeper, keeper.kept[1], note, number(5));
    add(&keeper, keeper.kept[2], note, number(6));
    add(&keeper, keeper.kept[0], note, number(7));
    keeper.kept[0] = keeper.kept[1] = keeper.kept[2] = NULL;
    collect(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 6);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 3);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers_queued"), 6);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers"), 1);

    // An object is final until the last of its finalizers has run.
    assert_int_equal(run(&keeper, 4), 4);
    expect_ran(1, 2, 3, 5);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 2);
    assert_int_equal(run(&keeper, 1), 1);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
    assert_int_equal(run(&keeper, 100), 1);

    expect_ran(1, 2, 3, 5, 6, 7);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 0);
    keeper_close(&keeper);
    expect_ran(1, 2, 3, 5, 6, 7, 4);
}

static void
what_is_queued_later_but_registered_earlier_runs_first(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, keep(&keeper, 0), note, number(1));
    add(&keeper, keep(&keeper, 1), note, number(2));
    add(&keeper, keep(&keeper, 2), note, number(3));
    keeper.kept[2] = NULL;
    collect(&keeper);
    keeper.kept[0] = NULL;
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 2);

    expect_ran(1, 3);
    keeper_close(&keeper);
}

static void
one_object_may_have_thousands(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = keep(&keeper, 0);
    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(rh_finalizer_add(keeper.heap, node, note, number(i)),
                         RH_OK);
    keeper.kept[0] = NULL;
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);

    assert_int_equal(run(&keeper, 0), 4000);

    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(ran.context[i], i);
    keeper_close(&keeper);
}

// ---- taking back, and copying ----

static void
the_latest_of_equal_ones_is_removed(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = keep(&keeper, 0);
    add(&keeper, node, note, number(1));
    add(&keeper, node, note, number(2));
    add(&keeper, node, note, number(1));
    assert_int_equal(rh_finalizer_remove(keeper.heap, node, note, number(1)),
                     RH_OK);
    check_heap(keeper.heap);
    assert_int_equal(rh_finalizer_remove(keeper.heap, node, note, number(3)),
                     RH_NOT_FOUND);
    assert_int_equal(
        rh_finalizer_remove(keeper.heap, keep(&keeper, 1), note, number(1)),
        RH_NOT_FOUND);
    check_heap(keeper.heap);

    keeper.kept[0] = NULL;
    collect(&keeper);
    run(&keeper, 0);

    expect_ran(1, 2);
    keeper_close(&keeper);
}

static void
all_of_an_object_are_removed_and_no_others(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 20; i++)
        keep(&keeper, i);
    for (size_t i = 0; i < 60; i++)
        add(&keeper, keeper.kept[i % 20], note, number(i));

    assert_int_equal(rh_finalizer_remove_all(keeper.heap, keeper.kept[5]), 3);
    check_heap(keeper.heap);
    assert_int_equal(rh_finalizer_remove_all(keeper.heap, keeper.kept[5]), 0);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers"), 57);
    memset(keeper.kept, 0, sizeof keeper.kept);
    collect(&keeper);
    assert_int_equal(run(&keeper, 0), 57);

    for (size_t i = 0; i < ran.count; i++)
        assert_int_not_equal(ran.context[i] % 20, 5);
    keeper_close(&keeper);
}

static void
a_finalizer_that_waits_can_still_be_removed(void **state)
{
    struct keeper keeper;
    struct node *node;
    struct node *other;

    (void)state;
    world_open(&keeper);
    node = garbage(&keeper);
    other = garbage(&keeper);
    add(&keeper, node, note, number(1));
    add(&keeper, node, note, number(2));
    add(&keeper, node, note, number(3));
    add(&keeper, other, note, number(4));
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 2);

    assert_int_equal(rh_finalizer_remove(keeper.heap, node, note, number(3)),
                     RH_OK);
    check_heap(keeper.heap);
    assert_int_equal(rh_finalizer_remove(keeper.heap, node, note, number(1)),
                     RH_OK);
    check_heap(keeper.heap);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 2);
    assert_int_equal(rh_finalizer_remove_all(keeper.heap, other), 1);
    check_heap(keeper.heap);

    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    assert_int_equal(run(&keeper, 0), 1);
    expect_ran(2);
    keeper_close(&keeper);
}

static void
a_copy_gets_all_in_the_same_order(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    keep(&keeper, 0);
    keep(&keeper, 1);
    keep(&keeper, 2);
    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[0], keeper.kept[1]), RH_OK);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers"), 0);
    for (size_t i = 1; i <= 5; i++)
        add(&keeper, keeper.kept[0], note, number(i));
    add(&keeper, keeper.kept[1], note, number(9));

    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[0], keeper.kept[1]), RH_OK);
    check_heap(keeper.heap);
    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[1], keeper.kept[1]), RH_OK);
    check_heap(keeper.heap);
    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[0], keeper.kept[2]), RH_OK);
    check_heap(keeper.heap);

    keeper.kept[0] = keeper.kept[2] = NULL;
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 2);
    run(&keeper, 5);
    expect_ran(1, 2, 3, 4, 5);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
    run(&keeper, 0);
    expect_ran(1, 2, 3, 4, 5, 1, 2, 3, 4, 5);
    ran.count = 0;
    keeper.kept[1] = NULL;
    collect(&keeper);
    run(&keeper, 0);
    expect_ran(9, 1, 2, 3, 4, 5, 9, 1, 2, 3, 4, 5);
    keeper_close(&keeper);
}

static void
a_copy_of_a_single_one_works_too(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, keep(&keeper, 0), note, number(1));
    keep(&keeper, 1);

    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[0], keeper.kept[1]), RH_OK);
    check_heap(keeper.heap);
    add(&keeper, keeper.kept[1], note, number(2));

    keeper.kept[1] = NULL;
    collect(&keeper);
    run(&keeper, 0);
    expect_ran(1, 2);
    keeper_close(&keeper);
    expect_ran(1, 2, 1);
}

// ---- what finalizers may do ----

static struct keeper *now; // of the test that is running

static void
allocate(struct rh_heap *heap, void *object, void *context)
{
    struct node *node = object;

    check_waste(heap, 20000);
    assert_int_equal(node->tag, NODE);
    note(heap, object, context);
}

static void
collect_twice(struct rh_heap *heap, void *object, void *context)
{
    struct node *node = object;

    rh_heap_collect(heap);
    check_heap(heap);
    rh_heap_collect(heap);
    check_heap(heap);
    assert_int_equal(node->tag, NODE);
    assert_true(is_alive(now, node));
    note(heap, object, context);
}

static void
a_finalizer_may_allocate_and_collect(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    now = &keeper;
    for (size_t i = 0; i < 10; i++)
        add(&keeper, garbage(&keeper), i % 2 ? allocate : collect_twice,
            number(i));
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 10);

    expect_ran(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
resurrect(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    now->kept[1] = object;
}

static void
an_object_can_come_back_to_life_and_be_registered_again(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    now = &keeper;
    node = garbage(&keeper);
    for (size_t round = 1; round <= 3; round++) {
        add(&keeper, node, resurrect, number(round));
        keeper.kept[1] = NULL;
        collect(&keeper);
        assert_int_equal(run(&keeper, 0), 1);
        collect(&keeper);
        assert_ptr_equal(keeper.kept[1], node);
        assert_true(is_alive(&keeper, node));
        assert_int_equal(rh_finalizer_pending(keeper.heap), 0);
    }

    keeper.kept[1] = NULL;
    collect(&keeper);
    assert_false(is_alive(&keeper, node));
    expect_ran(1, 2, 3);
    keeper_close(&keeper);
}

static void
register_again(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    assert_int_equal(rh_finalizer_add(heap, object, register_again,
                                      number((uintptr_t)context + 1)),
                     RH_OK);
    check_heap(heap);
}

static void
a_finalizer_may_register_itself_again(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, garbage(&keeper), register_again, number(1));
    for (size_t round = 1; round <= 4; round++) {
        collect(&keeper);
        assert_int_equal(run(&keeper, 0), 1);
        assert_int_equal(ran.count, round);
    }
    expect_ran(1, 2, 3, 4);
    keeper_close(&keeper); // once more, and not for ever
    expect_ran(1, 2, 3, 4, 5);
}

static void
register_while_others_wait(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    assert_int_equal(rh_finalizer_add(heap, object, note, number(100)), RH_OK);
    rh_heap_collect(heap);
    check_heap(heap);
}

static void
what_is_registered_while_others_wait_waits_for_the_next_death(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = garbage(&keeper);
    add(&keeper, node, register_while_others_wait, number(1));
    add(&keeper, node, note, number(2));
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 2);
    expect_ran(1, 2);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 0);
    collect(&keeper);
    assert_int_equal(run(&keeper, 0), 1);

    expect_ran(1, 2, 100);
    keeper_close(&keeper);
}

static void
run_others(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    assert_int_equal(rh_finalizer_run(heap, (uintptr_t)context),
                     (uintptr_t)context ? (uintptr_t)context : 3);
    check_heap(heap);
}

static void
a_finalizer_may_have_others_run(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, garbage(&keeper), run_others, number(2));
    for (size_t i = 10; i < 13; i++)
        add(&keeper, garbage(&keeper), note, number(i));
    add(&keeper, garbage(&keeper), run_others, number(0));
    for (size_t i = 20; i < 23; i++)
        add(&keeper, garbage(&keeper), note, number(i));
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 3); // by its own hand

    expect_ran(2, 10, 11, 12, 0, 20, 21, 22);
    keeper_close(&keeper);
}

static void
make_more_work(struct rh_heap *heap, void *object, void *context)
{
    (void)object;
    note(heap, object, context);
    assert_int_equal(rh_finalizer_add(heap, check_node(heap, NULL, NULL),
                                      make_more_work, context),
                     RH_OK);
    rh_heap_collect(heap);
}

static void
running_all_ends_even_if_there_is_always_more(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 5; i++)
        add(&keeper, garbage(&keeper), make_more_work, number(i));
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 5);

    assert_int_equal(rh_finalizer_pending(keeper.heap), 5);
    expect_ran(0, 1, 2, 3, 4);
    keeper_close(&keeper);
    assert_int_equal(ran.count, 10);
}

static jmp_buf escape;

static void
leave(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    longjmp(escape, 1);
}

static void
a_finalizer_may_leave_by_longjmp(void **state)
{
    struct keeper keeper;
    size_t scope;

    (void)state;
    world_open(&keeper);
    scope = rh_scope_save(keeper.heap);
    add(&keeper, garbage(&keeper), note, number(1));
    add(&keeper, garbage(&keeper), leave, number(2));
    add(&keeper, garbage(&keeper), note, number(3));
    collect(&keeper);

    if (setjmp(escape) == 0) {
        run(&keeper, 0);
        fail();
    }
    rh_scope_restore(keeper.heap, scope);
    check_heap(keeper.heap);
    expect_ran(1, 2);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
    collect(&keeper);
    assert_int_equal(run(&keeper, 0), 1);

    expect_ran(1, 2, 3);
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
remove_the_rest(struct rh_heap *heap, void *object, void *context)
{
    struct node *other = check_node(heap, NULL, NULL);

    note(heap, object, context);
    assert_int_equal(rh_finalizer_add(heap, other, note, number(9)), RH_OK);
    rh_heap_collect(heap); // one more is queued
    assert_int_equal(rh_finalizer_remove_all(heap, object), 2);
    check_heap(heap);
}

static void
a_finalizer_may_remove_those_that_wait_with_it(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = garbage(&keeper);
    add(&keeper, node, remove_the_rest, number(1));
    add(&keeper, node, note, number(2));
    add(&keeper, garbage(&keeper), note, number(3));
    add(&keeper, node, note, number(4));
    collect(&keeper);

    assert_int_equal(run(&keeper, 0), 2); // those removed count as run

    expect_ran(1, 3);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    assert_int_equal(check_stat(keeper.heap, "heap_final_slots"), 1);
    keeper_close(&keeper);
    expect_ran(1, 3, 9);
}

// ---- with weak things ----

static struct rh_weak_ref *seen_ref;
static struct rh_weak_map *seen_map;

static void
look_for_it(struct rh_heap *heap, void *object, void *context)
{
    note(heap, object, context);
    assert_null(rh_weak_ref_get(seen_ref));
    assert_int_equal(rh_weak_map_get(heap, seen_map, object, NULL),
                     RH_NOT_FOUND);
    assert_int_equal(rh_weak_map_size(seen_map), 0);
}

static void
weak_things_are_cleared_before_finalizers_are_queued(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = garbage(&keeper);
    seen_ref = rh_weak_ref_new(keeper.heap, node);
    seen_map = rh_weak_map_new(keeper.heap, RH_WEAK_KEY, NULL, NULL);
    assert_int_equal(rh_weak_map_set(keeper.heap, seen_map, node, node), RH_OK);
    add(&keeper, node, look_for_it, NULL);

    collect(&keeper);
    assert_null(rh_weak_ref_get(seen_ref));
    assert_int_equal(run(&keeper, 0), 1);

    keeper_close(&keeper);
}

// ---- the end ----

static void
those_that_are_left_run_when_the_heap_is_freed(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    now = &keeper;
    add(&keeper, keep(&keeper, 0), note, number(1));
    add(&keeper, garbage(&keeper), note, number(2));
    add(&keeper, keep(&keeper, 2), allocate, number(3));
    add(&keeper, keeper.kept[0], collect_twice, number(4));
    add(&keeper, keeper.kept[2], make_more_work, number(5));
    collect(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);

    keeper_close(&keeper);

    expect_ran(1, 2, 3, 4, 5);
}

static void
release_functions_run_after_all_finalizers(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    keeper.kept[0] = check_buffer(keeper.heap, 10);
    add(&keeper, keeper.kept[0], note, number(1));

    rh_heap_free(keeper.heap); // note() looks at the object
    keeper.world.heap = NULL;

    expect_ran(1);
    assert_int_equal(keeper.world.released, 1);
    check_close(&keeper.world);
}

static void
freeing_a_heap_can_be_left_and_done_again(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, keep(&keeper, 0), note, number(1));
    add(&keeper, keeper.kept[0], leave, number(2));
    add(&keeper, keeper.kept[0], note, number(3));

    if (setjmp(escape) == 0) {
        rh_heap_free(keeper.heap);
        fail();
    }
    check_heap(keeper.heap);
    expect_ran(1, 2);

    keeper_close(&keeper);
    expect_ran(1, 2, 3);
}

// ---- seeing them ----

struct meeting {
    const void *object;
    size_t times;
};

static bool
meet(struct rh_heap *heap, const char *category, void *object, void *context)
{
    struct meeting *meeting = context;

    (void)heap;
    if (strcmp(category, "finalizers") == 0) {
        assert_ptr_equal(object, meeting->object);
        meeting->times++;
    }
    return true;
}

static bool
count_objects(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    ++*(size_t *)context;
    return true;
}

static void
what_waits_is_a_root_of_its_own_category(void **state)
{
    struct keeper keeper;
    struct meeting meeting = { NULL, 0 };
    size_t count = 0;

    (void)state;
    world_open(&keeper);
    meeting.object = check_list(keeper.heap, 10);
    add(&keeper, keep(&keeper, 0), note, NULL);
    add(&keeper, garbage(&keeper), note, NULL);
    assert_int_equal(rh_walk_roots(keeper.heap, meet, &meeting), RH_OK);
    assert_int_equal(meeting.times, 0);
    assert_int_equal(rh_finalizer_remove_all(keeper.heap, keeper.kept[0]), 1);
    meeting.object = check_list(keeper.heap, 10);
    add(&keeper, (void *)(uintptr_t)meeting.object, note, NULL);
    collect(&keeper);
    assert_int_equal(run(&keeper, 1), 1);

    assert_int_equal(rh_walk_roots(keeper.heap, meet, &meeting), RH_OK);
    assert_int_equal(
        rh_walk_reachable(keeper.heap, NULL, count_objects, &count), RH_OK);

    assert_int_equal(meeting.times, 1);
    assert_int_equal(count, 1 + 10);
    check_heap(keeper.heap);
    keeper_close(&keeper);
}

static void
a_minor_collection_looks_at_young_entries_only(void **state)
{
    struct keeper keeper;
    uint64_t seen;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 50; i++)
        add(&keeper, keep(&keeper, i), note, number(i));
    collect(&keeper);
    seen = entries_seen(&keeper);
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen);

    add(&keeper, garbage(&keeper), note, number(100));
    add(&keeper, keeper.kept[3], note, number(101));
    keeper.kept[4] = NULL; // old: not for a minor collection
    minor(&keeper);
    // Both, and once more the one that is queued.
    assert_int_equal(entries_seen(&keeper), seen + 3);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen + 3);

    run(&keeper, 0);
    expect_ran(100);
    collect(&keeper);
    run(&keeper, 0);
    expect_ran(100, 4);
    keeper_close(&keeper);
}

static void
a_minor_collection_does_not_look_at_what_waits(void **state)
{
    struct keeper keeper;
    uint64_t seen;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 50; i++)
        add(&keeper, garbage(&keeper), note, number(i));
    minor(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 50);
    seen = entries_seen(&keeper);

    add(&keeper, garbage(&keeper), note, number(50));
    minor(&keeper);

    assert_int_equal(rh_finalizer_pending(keeper.heap), 51);
    assert_in_range(entries_seen(&keeper) - seen, 1, 2);
    keeper_close(&keeper);
}

static struct node *moved_from, *moved_to;

static void *
forward(void *context, void *object)
{
    (void)context;
    return object == moved_from ? moved_to : object;
}

static void
finalizers_follow_objects_that_move(void **state)
{
    struct keeper keeper;

    (void)state;
    world_open(&keeper);
    add(&keeper, garbage(&keeper), note, number(0));
    moved_from = garbage(&keeper);
    add(&keeper, moved_from, note, number(1));
    add(&keeper, moved_from, note, number(2));
    for (size_t i = 10; i < 15; i++)
        add(&keeper, keep(&keeper, i), note, number(i));
    collect(&keeper);
    moved_to = keep(&keeper, 0);
    (void)rhi_word_set_special(&keeper.heap->region, moved_to);

    rhi_finalizers_moved(&keeper.heap->finalizers, forward, NULL);
    check_heap(keeper.heap);
    collect(&keeper);

    assert_int_equal(
        rh_finalizer_remove(keeper.heap, moved_to, note, number(1)), RH_OK);
    assert_int_equal(run(&keeper, 0), 2);
    expect_ran(0, 2);
    assert_ptr_equal(ran.object[1], moved_to);
    keeper_close(&keeper);
    expect_ran(0, 2, 10, 11, 12, 13, 14);
}

// ---- failures and mistakes ----

static void
without_memory_nothing_is_registered(void **state)
{
    struct keeper keeper;
    size_t n = 0;
    size_t added = 0;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < PLACES; i++)
        keep(&keeper, i);
    // Fail once before each registration succeeds.
    while (added < PLACES) {
        enum rh_status status;

        check_fail_at(&keeper.world.faults, 1);
        status = rh_finalizer_add(keeper.heap, keeper.kept[added], note, NULL);
        check_heap(keeper.heap);
        if (status != RH_OK) {
            assert_int_equal(status, RH_NO_MEMORY);
            assert_true(keeper.world.faults.failed);
            check_fail_at(&keeper.world.faults, 0);
            add(&keeper, keeper.kept[added], note, NULL);
            n++;
        }
        check_fail_at(&keeper.world.faults, 0);
        added++;
    }
    assert_true(n > 1);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers"), PLACES);

    // The second of an object needs an index.
    keeper.world.faults.for_good = true;
    check_fail_at(&keeper.world.faults, 1);
    assert_int_equal(rh_finalizer_add(keeper.heap, keeper.kept[1], note, NULL),
                     RH_NO_MEMORY);
    check_heap(keeper.heap);
    check_fail_at(&keeper.world.faults, 1);
    assert_int_equal(
        rh_finalizer_copy(keeper.heap, keeper.kept[1], keeper.kept[2]),
        RH_NO_MEMORY);
    check_heap(keeper.heap);

    // Removing needs none.
    check_fail_at(&keeper.world.faults, 1);
    assert_int_equal(
        rh_finalizer_remove(keeper.heap, keeper.kept[1], note, NULL), RH_OK);
    check_heap(keeper.heap);
    check_fail_at(&keeper.world.faults, 1);
    assert_int_equal(
        rh_finalizer_remove(keeper.heap, keeper.kept[1], note, NULL),
        RH_NOT_FOUND);
    check_fail_at(&keeper.world.faults, 0);
    assert_int_equal(check_stat(keeper.heap, "x_finalizers"), PLACES - 1);
    keeper_close(&keeper);
}

static void
a_collection_allocates_nothing(void **state)
{
    struct keeper keeper;
    size_t blocks;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 1000; i++)
        add(&keeper, garbage(&keeper), note, number(i));
    add(&keeper, keep(&keeper, 0), note, NULL);
    add(&keeper, keeper.kept[0], note, NULL);
    keeper.world.faults.for_good = true;
    check_fail_at(&keeper.world.faults, 1);
    blocks = keeper.world.allocator.blocks;

    collect(&keeper);

    assert_int_equal(keeper.world.allocator.blocks, blocks);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1000);
    check_fail_at(&keeper.world.faults, 0);
    assert_int_equal(run(&keeper, 0), 1000);
    keeper_close(&keeper);
}

// The handle stack is full, and cannot grow.
static void
without_a_handle_what_waits_goes_on_waiting(void **state)
{
    struct keeper keeper;
    struct rh_fast *fast;
    void **end;

    (void)state;
    world_open(&keeper);
    add(&keeper, garbage(&keeper), note, number(1));
    collect(&keeper);
    fast = &keeper.heap->mutator.fast;
    end = fast->handle_end;
    fast->handle_end = fast->handle_top;
    keeper.world.memory.refuse_commit = true;

    assert_int_equal(run(&keeper, 0), 0);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);

    keeper.world.memory.refuse_commit = false;
    fast->handle_end = end;
    assert_int_equal(run(&keeper, 0), 1);
    keeper_close(&keeper);
}

static void
trace_that_registers(struct rh_visitor *visitor, void *context)
{
    struct keeper *keeper = context;

    (void)visitor;
    (void)rh_finalizer_run(keeper->heap, 0);
}

static void
mistakes_panic(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    world_open(&keeper);
    node = keep(&keeper, 0);
    assert_int_equal(rh_finalizer_add(keeper.heap, node, NULL, NULL),
                     RH_BAD_ARGUMENT);
    check_panics(
        "no object",
        assert_int_equal(rh_finalizer_add(keeper.heap, &keeper, note, NULL),
                         RH_OK));
    check_panics("no object", (void)rh_finalizer_remove(
                                  keeper.heap, (char *)node + 8, note, NULL));
    check_heap(keeper.heap);
    assert_int_equal(
        rh_root_add_callback(keeper.heap, NULL, trace_that_registers, &keeper),
        RH_OK);
    check_panics("callback of a collection", rh_heap_collect(keeper.heap));
    check_abandon(&keeper.world);
}

static void
verify_notices_damage(void **state)
{
    struct keeper keeper;
    struct rhi_finalizers *finalizers;
    struct rhi_entry *entry;

    (void)state;
    world_open(&keeper);
    for (size_t i = 0; i < 10; i++) {
        add(&keeper, keep(&keeper, i), note, number(i));
        add(&keeper, keeper.kept[i], note, number(i));
    }
    keeper.kept[4] = keeper.kept[7] = NULL;
    collect(&keeper);
    finalizers = &keeper.heap->finalizers;

    finalizers->pending++;
    check_broken(keeper.heap, "F1");
    finalizers->pending--;
    finalizers->tail--;
    check_broken(keeper.heap, "F1");
    finalizers->tail++;
    finalizers->head++;
    check_broken(keeper.heap, "F1");
    finalizers->head--;
    finalizers->finals++;
    check_broken(keeper.heap, "F2");
    finalizers->finals--;
    entry = rhi_roster_at(&finalizers->roster, 8);
    assert_int_equal(entry->code, 1); // queued, and not the last
    entry->code = 3;
    check_broken(keeper.heap, "F2");
    entry->code = 1;
    entry = rhi_roster_at(&finalizers->roster, 9);
    entry->link = 3;
    check_broken(keeper.heap, "L2");
    entry->link = 20;
    check_broken(keeper.heap, "L2");
    entry->link = 9;
    keeper_close(&keeper);
}

// ---- against a list ----

struct expectation {
    size_t place;
    uintptr_t number;
    bool dead; // its object was given up
};

static void
random_finalizers_run_as_a_list_says(void **state)
{
    struct keeper keeper;
    uint64_t seed = check_seed();
    struct expectation list[LOG];
    size_t count = 0;
    uintptr_t given = 0;

    (void)state;
    world_open(&keeper);
    for (size_t step = 0; step < 6000 && count < LOG - 1; step++) {
        size_t place = check_random_below(&seed, 16);
        size_t kept = 0;
        size_t dead = 0;

        switch (check_random_below(&seed, 9)) {
        case 0: // give up an object
            keep(&keeper, place);
            for (size_t i = 0; i < count; i++)
                list[i].dead = list[i].dead || list[i].place == place;
            break;
        case 1: // collect, run some
            if (check_random_below(&seed, 2) == 0)
                minor(&keeper);
            collect(&keeper);
            for (size_t i = 0; i < count; i++)
                dead += list[i].dead;
            assert_int_equal(rh_finalizer_pending(keeper.heap), dead);
            ran.count = 0;
            run(&keeper, 1 + check_random_below(&seed, 40));
            assert_true(ran.count > 0 || dead == 0);
            for (size_t i = 0, n = 0; i < count; i++)
                if (list[i].dead && n < ran.count)
                    assert_int_equal(list[i].number, ran.context[n++]);
                else
                    list[kept++] = list[i];
            count = kept;
            break;
        case 2: // remove, the latest or another
            for (size_t i = count; keeper.kept[place] && i-- > 0;)
                if (list[i].place == place && !list[i].dead &&
                    check_random_below(&seed, 3)) {
                    assert_int_equal(
                        rh_finalizer_remove(keeper.heap, keeper.kept[place],
                                            note, number(list[i].number)),
                        RH_OK);
                    count--;
                    memmove(&list[i], &list[i + 1],
                            (count - i) * sizeof list[0]);
                    break;
                }
            break;
        default:
            if (!keeper.kept[place])
                break;
            add(&keeper, keeper.kept[place], note, number(++given));
            list[count++] = (struct expectation){ place, given, false };
        }
        check_heap(keeper.heap);
    }
    ran.count = 0;
    keeper_close(&keeper);
    assert_int_equal(ran.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i].number, ran.context[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finalizer_runs_after_its_object_died_and_not_before),
        cmocka_unit_test(allocation_queues_and_does_not_run),
        cmocka_unit_test(what_waits_is_alive_with_all_that_it_leads_to),
        cmocka_unit_test(objects_that_lead_to_each_other_are_all_finalized),
        cmocka_unit_test(release_functions_run_when_the_object_is_really_gone),
        cmocka_unit_test(finalizers_run_in_the_order_of_registration),
        cmocka_unit_test(
            what_is_queued_later_but_registered_earlier_runs_first),
        cmocka_unit_test(one_object_may_have_thousands),
        cmocka_unit_test(the_latest_of_equal_ones_is_removed),
        cmocka_unit_test(all_of_an_object_are_removed_and_no_others),
        cmocka_unit_test(a_finalizer_that_waits_can_still_be_removed),
        cmocka_unit_test(a_copy_gets_all_in_the_same_order),
        cmocka_unit_test(a_copy_of_a_single_one_works_too),
        cmocka_unit_test(a_finalizer_may_allocate_and_collect),
        cmocka_unit_test(
            an_object_can_come_back_to_life_and_be_registered_again),
        cmocka_unit_test(a_finalizer_may_register_itself_again),
        cmocka_unit_test(
            what_is_registered_while_others_wait_waits_for_the_next_death),
        cmocka_unit_test(a_finalizer_may_have_others_run),
        cmocka_unit_test(running_all_ends_even_if_there_is_always_more),
        cmocka_unit_test(a_finalizer_may_leave_by_longjmp),
        cmocka_unit_test(a_finalizer_may_remove_those_that_wait_with_it),
        cmocka_unit_test(weak_things_are_cleared_before_finalizers_are_queued),
        cmocka_unit_test(those_that_are_left_run_when_the_heap_is_freed),
        cmocka_unit_test(release_functions_run_after_all_finalizers),
        cmocka_unit_test(freeing_a_heap_can_be_left_and_done_again),
        cmocka_unit_test(what_waits_is_a_root_of_its_own_category),
        cmocka_unit_test(a_minor_collection_looks_at_young_entries_only),
        cmocka_unit_test(a_minor_collection_does_not_look_at_what_waits),
        cmocka_unit_test(finalizers_follow_objects_that_move),
        cmocka_unit_test(without_memory_nothing_is_registered),
        cmocka_unit_test(a_collection_allocates_nothing),
        cmocka_unit_test(without_a_handle_what_waits_goes_on_waiting),
        cmocka_unit_test(mistakes_panic),
        cmocka_unit_test(verify_notices_damage),
        cmocka_unit_test(random_finalizers_run_as_a_list_says),
    };

    return cmocka_run_group_tests_name("finalizer", tests, NULL, NULL);
}
