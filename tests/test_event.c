// SPDX-License-Identifier: MIT
// Being told what a heap does.
#include "check.h"

enum {
    LOG_LENGTH = 20000
};

struct log {
    struct rh_event events[LOG_LENGTH];
    size_t length;
};

static struct log the_log;

static void
note(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct log *log = context;

    (void)heap;
    assert_true(log->length < LOG_LENGTH);
    log->events[log->length++] = *event;
}

static size_t
count_kind(enum rh_event_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < the_log.length; i++)
        count += the_log.events[i].kind == kind;
    return count;
}

static void
open_listening(struct check_world *world, unsigned kinds)
{
    check_prepare(world);
    world->config.initial_slots = 0;
    check_make(world);
    the_log.length = 0;
    assert_int_equal(rh_event_listen(world->heap, kinds, note, &the_log),
                     RH_OK);
}

static void
every_new_object_is_told(void **state)
{
    struct check_world world;
    struct rh_fast *fast;
    void *slots[100];

    (void)state;
    open_listening(&world, RH_EVENT_OBJECT_NEW);
    fast = rh_heap_fast(world.heap);

    for (size_t i = 0; i < CHECK_COUNT(slots); i++) {
        slots[i] = i % 2 ? rh_heap_alloc(world.heap)
                         : rh_fast_alloc(world.heap, fast, 40);
        memset(slots[i], 0, 40);
    }

    assert_int_equal(the_log.length, CHECK_COUNT(slots));
    for (size_t i = 0; i < CHECK_COUNT(slots); i++) {
        assert_int_equal(the_log.events[i].kind, RH_EVENT_OBJECT_NEW);
        assert_ptr_equal(the_log.events[i].object, slots[i]);
        assert_int_equal(the_log.events[i].page, SIZE_MAX);
    }
    check_heap(world.heap);
    check_close(&world);
}

static void
every_dead_object_is_told_once(void **state)
{
    struct check_world world;
    struct node *keep;
    void *dead[50];

    (void)state;
    open_listening(&world, RH_EVENT_OBJECT_FREE);
    keep = check_list(world.heap, 10);
    check_root(world.heap, &keep);
    for (size_t i = 0; i < CHECK_COUNT(dead); i++)
        dead[i] = i % 2 ? check_node(world.heap, NULL, NULL)
                        : check_buffer(world.heap, i);

    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);

    assert_int_equal(the_log.length, CHECK_COUNT(dead));
    for (size_t i = 0; i < CHECK_COUNT(dead); i++) {
        assert_int_equal(the_log.events[i].kind, RH_EVENT_OBJECT_FREE);
        assert_ptr_equal(the_log.events[i].object, dead[i]);
    }
    check_heap(world.heap);
    check_close(&world);
}

static void
a_collection_is_told_in_order(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, RH_EVENT_COLLECTION_START | RH_EVENT_MARK_END |
                               RH_EVENT_SWEEP_END | RH_EVENT_OBJECT_FREE);
    check_waste(world.heap, 2);

    rh_heap_collect(world.heap);

    assert_int_equal(the_log.length, 5);
    assert_int_equal(the_log.events[0].kind, RH_EVENT_COLLECTION_START);
    assert_int_equal(the_log.events[1].kind, RH_EVENT_MARK_END);
    assert_int_equal(the_log.events[2].kind, RH_EVENT_OBJECT_FREE);
    assert_int_equal(the_log.events[3].kind, RH_EVENT_OBJECT_FREE);
    assert_int_equal(the_log.events[4].kind, RH_EVENT_SWEEP_END);
    for (size_t i = 0; i < 5; i += i ? 3 : 1) {
        assert_null(the_log.events[i].object);
        assert_int_equal(the_log.events[i].page, SIZE_MAX);
    }
    check_close(&world);
}

static void
the_life_of_a_page_is_told(void **state)
{
    struct check_world world;
    unsigned kinds = RH_EVENT_PAGE_NEW | RH_EVENT_PAGE_TOMB |
                     RH_EVENT_PAGE_REVIVED | RH_EVENT_PAGE_RELEASED;
    static const enum rh_event_kind expected[] = {
        RH_EVENT_PAGE_NEW,  RH_EVENT_PAGE_TOMB,     RH_EVENT_PAGE_REVIVED,
        RH_EVENT_PAGE_TOMB, RH_EVENT_PAGE_RELEASED, RH_EVENT_PAGE_REVIVED,
    };

    (void)state;
    open_listening(&world, kinds);

    check_waste(world.heap, 1);             // new
    rh_heap_collect(world.heap);            // tomb
    rh_heap_collect(world.heap);            // nothing new
    check_waste(world.heap, 1);             // revived
    rh_heap_collect(world.heap);            // tomb
    rh_trim_now(world.heap, RH_TRIM_PAGES); // released
    check_waste(world.heap, 1);             // back

    assert_int_equal(the_log.length, CHECK_COUNT(expected));
    for (size_t i = 0; i < CHECK_COUNT(expected); i++) {
        assert_int_equal(the_log.events[i].kind, expected[i]);
        assert_int_equal(the_log.events[i].page, 0);
        assert_null(the_log.events[i].object);
    }
    check_close(&world);
}

static void
only_what_is_listened_to_is_told(void **state)
{
    struct check_world world;

    (void)state;
    for (unsigned kind = 1; kind <= RH_EVENT_PAGE_RELEASED; kind *= 2) {
        open_listening(&world, kind);

        check_waste(world.heap, 10);
        rh_heap_collect(world.heap);
        rh_trim_now(world.heap, RH_TRIM_PAGES);
        check_waste(world.heap, 10);

        assert_true(the_log.length > 0);
        assert_int_equal(count_kind((enum rh_event_kind)kind), the_log.length);
        check_close(&world);
    }
}

static void
nobody_is_told_after_ignoring(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, ~0u);
    check_waste(world.heap, 1);
    assert_true(the_log.length > 0);

    assert_int_equal(rh_event_ignore(world.heap, note, &the_log), RH_OK);
    the_log.length = 0;
    check_waste(world.heap, 100);
    rh_heap_collect(world.heap);

    assert_int_equal(the_log.length, 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
who_does_not_listen_cannot_stop(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, ~0u);

    assert_int_equal(rh_event_ignore(world.heap, note, &world), RH_NOT_FOUND);
    assert_int_equal(rh_event_ignore(world.heap, note, &the_log), RH_OK);
    assert_int_equal(rh_event_ignore(world.heap, note, &the_log), RH_NOT_FOUND);
    check_close(&world);
}

static void
every_listener_gets_its_own_kinds(void **state)
{
    struct check_world world;
    static struct log logs[12];

    (void)state;
    open_listening(&world, RH_EVENT_SWEEP_END);
    for (size_t i = 0; i < CHECK_COUNT(logs); i++) {
        logs[i].length = 0;
        assert_int_equal(rh_event_listen(world.heap,
                                         i % 2 ? RH_EVENT_OBJECT_NEW
                                               : RH_EVENT_COLLECTION_START,
                                         note, &logs[i]),
                         RH_OK);
    }
    check_waste(world.heap, 3);
    rh_heap_collect(world.heap);
    for (size_t i = 0; i < CHECK_COUNT(logs); i++)
        assert_int_equal(logs[i].length, i % 2 ? 3 : 1);

    for (size_t i = 1; i < CHECK_COUNT(logs); i += 2)
        assert_int_equal(rh_event_ignore(world.heap, note, &logs[i]), RH_OK);
    check_waste(world.heap, 5);
    rh_heap_collect(world.heap);

    for (size_t i = 0; i < CHECK_COUNT(logs); i++)
        assert_int_equal(logs[i].length, i % 2 ? 3 : 2);
    assert_int_equal(the_log.length, 2);
    check_close(&world);
}

static void
one_of_two_listeners_to_new_objects_may_stop(void **state)
{
    struct check_world world;
    static struct log other;
    struct rh_fast *fast;

    (void)state;
    open_listening(&world, RH_EVENT_OBJECT_NEW);
    other.length = 0;
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW, note, &other), RH_OK);
    fast = rh_heap_fast(world.heap);

    assert_int_equal(rh_event_ignore(world.heap, note, &other), RH_OK);
    for (int i = 0; i < 5; i++)
        memset(rh_fast_alloc(world.heap, fast, 40), 0, 40);

    assert_int_equal(the_log.length, 5);
    assert_int_equal(other.length, 0);
    check_close(&world);
}

static void
stop_listening(struct rh_heap *heap, const struct rh_event *event,
               void *context)
{
    (void)event;
    ++*(size_t *)context;
    assert_int_equal(rh_event_ignore(heap, stop_listening, context), RH_OK);
}

static void
a_listener_may_stop_while_it_listens(void **state)
{
    struct check_world world;
    size_t heard[3] = { 0 };

    (void)state;
    open_listening(&world, RH_EVENT_OBJECT_NEW);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW,
                                         stop_listening, &heard[i]),
                         RH_OK);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_COLLECTION_START, note, &the_log),
        RH_OK);

    check_waste(world.heap, 2);
    rh_heap_collect(world.heap);

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(heard[i], 1);
    assert_int_equal(the_log.length, 3); // two new ones and the collection
    check_heap(world.heap);
    check_close(&world);
}

static void
listen_more(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event;
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(
            rh_event_listen(heap, RH_EVENT_OBJECT_NEW, note, context), RH_OK);
    assert_int_equal(rh_event_ignore(heap, listen_more, context), RH_OK);
}

static void
listeners_that_join_hear_of_the_next_event(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, RH_EVENT_SWEEP_END);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW, listen_more, &the_log),
        RH_OK);

    check_waste(world.heap, 1);
    assert_int_equal(the_log.length, 0);
    check_waste(world.heap, 1);

    assert_int_equal(the_log.length, 10);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_listener_without_room_is_refused(void **state)
{
    struct check_world world;
    size_t listeners = 0;

    (void)state;
    check_open(&world);
    the_log.length = 0;
    world.faults.for_good = true;
    check_fail_at(&world.faults, 2);
    while (rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW, note, &the_log) ==
           RH_OK)
        listeners++;
    assert_true(listeners > 0);
    check_fail_at(&world.faults, 0);

    check_waste(world.heap, 1);

    assert_int_equal(the_log.length, listeners);
    for (; listeners > 0; listeners--)
        assert_int_equal(rh_event_ignore(world.heap, note, &the_log), RH_OK);
    check_heap(world.heap);
    check_close(&world);
}

static void
freeing_a_heap_tells_nobody(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, ~0u);
    check_buffer(world.heap, 10);
    the_log.length = 0;

    check_close(&world);

    assert_int_equal(the_log.length, 0);
    assert_int_equal(world.released, 1);
}

static void
events_count_what_the_statistics_count(void **state)
{
    struct check_world world;

    (void)state;
    open_listening(&world, ~0u);
    check_waste(world.heap, 2000);
    rh_heap_collect(world.heap);
    check_waste(world.heap, 500);
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    rh_heap_collect(world.heap);
    rh_trim_now(world.heap, RH_TRIM_PAGES);

    assert_int_equal(count_kind(RH_EVENT_OBJECT_NEW),
                     check_stat(world.heap, "total_allocated_objects"));
    assert_int_equal(count_kind(RH_EVENT_OBJECT_FREE),
                     check_stat(world.heap, "total_freed_objects"));
    assert_int_equal(count_kind(RH_EVENT_COLLECTION_START),
                     check_stat(world.heap, "count"));
    assert_int_equal(count_kind(RH_EVENT_PAGE_RELEASED),
                     check_stat(world.heap, "total_freed_pages"));
    check_close(&world);
}

// Many objects.

struct tally {
    uint64_t made, freed, starts, marks, sweeps;
};

static void
tally_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct tally *tally = context;

    tally->made += event->kind == RH_EVENT_OBJECT_NEW;
    tally->freed += event->kind == RH_EVENT_OBJECT_FREE;
    tally->starts += event->kind == RH_EVENT_COLLECTION_START;
    tally->marks += event->kind == RH_EVENT_MARK_END;
    tally->sweeps += event->kind == RH_EVENT_SWEEP_END;
    if (event->object)
        assert_true(rh_heap_is_live(heap, (uintptr_t)event->object));
    assert_true(tally->starts >= tally->marks);
    assert_true(tally->marks >= tally->sweeps);
}

static void
events_keep_up_with_the_statistics_over_many_objects(void **state)
{
    struct check_world world;
    struct tally tally = { 0 };
    struct node *keep;
    uint64_t made, freed, count;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 1000;
    check_make(&world);
    check_waste(world.heap, 5000); // before anybody listens
    keep = check_list(world.heap, 100);
    check_root(world.heap, &keep);
    made = check_stat(world.heap, "total_allocated_objects");
    freed = check_stat(world.heap, "total_freed_objects");
    count = check_stat(world.heap, "count");
    assert_int_equal(rh_event_listen(world.heap,
                                     RH_EVENT_OBJECT_NEW |
                                         RH_EVENT_OBJECT_FREE |
                                         RH_EVENT_COLLECTION_START |
                                         RH_EVENT_MARK_END | RH_EVENT_SWEEP_END,
                                     tally_event, &tally),
                     RH_OK);
    for (int round = 0; round < 50; round++) {
        check_waste(world.heap, 2000);
        assert_int_equal(tally.made,
                         check_stat(world.heap, "total_allocated_objects") -
                             made);
        assert_int_equal(tally.freed,
                         check_stat(world.heap, "total_freed_objects") - freed);
        assert_int_equal(tally.starts, check_stat(world.heap, "count") - count);
        assert_int_equal(tally.starts, tally.marks);
        assert_int_equal(tally.starts, tally.sweeps);
    }
    assert_int_equal(tally.made, 100000);
    assert_true(tally.starts > 10);
    check_heap(world.heap);
    check_close(&world);
}

// What a listener may not do.

static void
allocate_now(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    (void)rh_fast_alloc(heap, rh_heap_fast(heap), 40);
}

static void
collect_now(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    rh_heap_collect(heap);
}

static void
free_now(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)event, (void)context;
    rh_heap_free(heap);
}

static void
look_for_a_safe_point(struct rh_heap *heap, const struct rh_event *event,
                      void *context)
{
    uint64_t before = check_stat(heap, "count");

    (void)event, (void)context;
    rh_heap_safepoint(heap);
    assert_int_equal(check_stat(heap, "count"), before);
}

static void
expect_panic_in(rh_event_fn listener, unsigned kind)
{
    struct check_world world;

    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    if (kind != RH_EVENT_PAGE_NEW)
        check_waste(world.heap, 1);
    assert_int_equal(rh_event_listen(world.heap, kind, listener, NULL), RH_OK);
    check_panics("", {
        check_waste(world.heap, 1);
        rh_heap_collect(world.heap);
    });
    check_abandon(&world);
}

static void
a_listener_that_allocates_collects_or_frees_panics(void **state)
{
    static const rh_event_fn listeners[] = { allocate_now, collect_now,
                                             free_now };
    static const unsigned kinds[] = {
        RH_EVENT_OBJECT_NEW, RH_EVENT_OBJECT_FREE, RH_EVENT_COLLECTION_START,
        RH_EVENT_MARK_END,   RH_EVENT_SWEEP_END,   RH_EVENT_PAGE_NEW,
        RH_EVENT_PAGE_TOMB,
    };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(listeners); i++)
        for (size_t k = 0; k < CHECK_COUNT(kinds); k++)
            expect_panic_in(listeners[i], kinds[k]);
}

static void
a_safe_point_in_a_listener_does_nothing(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    assert_int_equal(
        rh_event_listen(world.heap, ~0u, look_for_a_safe_point, NULL), RH_OK);
    check_waste(world.heap, 5000);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_listener_is_told_once_under_stress(void **state)
{
    struct check_world world;
    struct tally tally = { 0 };

    (void)state;
    check_open(&world);
    rh_heap_stress(world.heap, true);
    assert_int_equal(rh_event_listen(world.heap, ~0u, tally_event, &tally),
                     RH_OK);
    check_waste(world.heap, 10);
    assert_int_equal(tally.made, 10);
    assert_int_equal(tally.starts, 10);
    assert_int_equal(tally.sweeps, 10);
    assert_int_equal(tally.freed, 9);
    rh_heap_stress(world.heap, false);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_new_object_is_told),
        cmocka_unit_test(every_dead_object_is_told_once),
        cmocka_unit_test(a_collection_is_told_in_order),
        cmocka_unit_test(the_life_of_a_page_is_told),
        cmocka_unit_test(only_what_is_listened_to_is_told),
        cmocka_unit_test(nobody_is_told_after_ignoring),
        cmocka_unit_test(who_does_not_listen_cannot_stop),
        cmocka_unit_test(every_listener_gets_its_own_kinds),
        cmocka_unit_test(one_of_two_listeners_to_new_objects_may_stop),
        cmocka_unit_test(a_listener_may_stop_while_it_listens),
        cmocka_unit_test(listeners_that_join_hear_of_the_next_event),
        cmocka_unit_test(a_listener_without_room_is_refused),
        cmocka_unit_test(freeing_a_heap_tells_nobody),
        cmocka_unit_test(events_count_what_the_statistics_count),
        cmocka_unit_test(events_keep_up_with_the_statistics_over_many_objects),
        cmocka_unit_test(a_listener_that_allocates_collects_or_frees_panics),
        cmocka_unit_test(a_safe_point_in_a_listener_does_nothing),
        cmocka_unit_test(a_listener_is_told_once_under_stress),
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
