// SPDX-License-Identifier: MIT
/*
 * Using the library wrongly: it panics with a sentence, it does not go on.
 *
 * What costs nothing to see is seen in every build; the rest in checked builds
 * (--enable-debug-checks), whose cases are listed only there.
 */
#include "config.h"

#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/string.h>

static void
open_generational(struct check_world *world)
{
    check_prepare(world);
    world->config.generational = true;
    check_make(world);
}

static void
unprotecting_what_is_no_object_panics(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    open_generational(&world);
    node = check_node(world.heap, NULL, NULL);

    check_panics("no object", rh_barrier_unprotect(world.heap, &world));
    check_panics("no object", rh_barrier_unprotect(world.heap, node + 1));
    check_panics("no object",
                 (void)rh_barrier_is_protected(world.heap, node + 1));
    check_close(&world);
}

static void
collect_minor(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    rh_heap_minor(heap);
}

static void
start_major(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    (void)rh_heap_start(heap);
}

static void
step_major(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    (void)rh_heap_step(heap, (struct rh_budget){ 0, 0 });
}

static void
cancel_major(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    rh_heap_cancel(heap);
}

static void
expect_panic_in(rh_event_fn listener)
{
    struct check_world world;

    open_generational(&world);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_MARK_END, listener, NULL), RH_OK);
    check_panics("a callback of a collection", rh_heap_minor(world.heap));
    check_abandon(&world);
}

static void
collecting_in_a_callback_of_a_collection_panics(void **state)
{
    static const rh_event_fn listeners[] = { collect_minor, start_major,
                                             step_major, cancel_major };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(listeners); i++)
        expect_panic_in(listeners[i]);
}

#ifdef RH_DEBUG_CHECKS

// Two heaps of Ruby-style objects, with an array in each.
struct two {
    struct check_world here, there;
    rh_value mine, foreign;
};

static void
two_open(struct two *two)
{
    rh_value *arrays[] = { &two->mine, &two->foreign };
    struct check_world *worlds[] = { &two->here, &two->there };

    for (int i = 0; i < 2; i++) {
        check_prepare(worlds[i]);
        worlds[i]->config.model = rh_object_model();
        worlds[i]->config.generational = true;
        check_make(worlds[i]);
        *arrays[i] = objects_keep(worlds[i]->heap,
                                  rh_array_new(worlds[i]->heap, 0, NULL, 1));
    }
}

static void
two_close(struct two *two)
{
    check_close(&two->here);
    check_close(&two->there);
}

static void
storing_an_object_of_another_heap_panics(void **state)
{
    struct two two;
    rh_value hash, node;
    volatile enum rh_status status = RH_OK;

    (void)state;
    two_open(&two);
    hash = objects_keep(two.here.heap, rh_hash_new(two.here.heap, 0, NULL));
    node = objects_keep(two.here.heap, rh_node_new(two.here.heap, 1, 1, RH_NIL,
                                                   RH_NIL, RH_NIL));

    check_panics("another heap", status = rh_array_set(two.here.heap, two.mine,
                                                       0, two.foreign));
    check_panics("another heap",
                 status = rh_array_push(two.here.heap, two.mine, two.foreign));
    check_panics("another heap", status = rh_hash_set(two.here.heap, hash,
                                                      RH_TRUE, two.foreign));
    check_panics("another heap",
                 rh_node_set(two.here.heap, node, 0, two.foreign));
    check_panics("another heap",
                 rh_object_set_class(two.here.heap, two.mine, two.foreign));
    assert_int_equal(status, RH_OK); // not one has come back
    rh_scope_restore(two.here.heap, 0);
    rh_heap_collect(two.here.heap);
    two_close(&two);
}

static void
using_a_dead_object_panics(void **state)
{
    struct two two;
    rh_value dead;
    volatile enum rh_status status = RH_OK;

    (void)state;
    two_open(&two);
    dead = rh_string_new(two.here.heap, 0, "gone", 4);
    rh_heap_collect(two.here.heap);

    check_panics("dead object", (void)rh_string_length(dead));
    check_panics("dead object",
                 status = rh_array_set(two.here.heap, two.mine, 0, dead));
    check_panics("dead object",
                 (void)rh_scope_hold(two.here.heap, rh_value_slot(dead)));
    assert_int_equal(status, RH_OK); // it has not come back
    two_close(&two);
}

static void
a_barrier_for_strangers_panics(void **state)
{
    struct check_world world;
    struct node *node, *dead;

    (void)state;
    open_generational(&world);
    node = check_node(world.heap, NULL, NULL);
    dead = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &node);
    rh_heap_minor(world.heap);

    check_panics("a parent that is no object",
                 rh_barrier_write(world.heap, &world, node));
    check_panics("a parent that is no object",
                 rh_barrier_write(world.heap, dead, node));
    check_panics("a child that is dead",
                 rh_barrier_write(world.heap, node, dead));
    check_panics("a child that is dead",
                 rh_barrier_write_at(world.heap, node, 7, dead));
    check_unroot(world.heap, &node);
    check_close(&world);
}

#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unprotecting_what_is_no_object_panics),
        cmocka_unit_test(collecting_in_a_callback_of_a_collection_panics),
#ifdef RH_DEBUG_CHECKS
        cmocka_unit_test(storing_an_object_of_another_heap_panics),
        cmocka_unit_test(using_a_dead_object_panics),
        cmocka_unit_test(a_barrier_for_strangers_panics),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
