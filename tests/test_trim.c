// SPDX-License-Identifier: MIT
// Giving memory back: who is asked, what he sees, and what is done.
#include "check.h"

#include <rheap/array.h>
#include <rheap/fork.h>
#include <rheap/hash.h>
#include <rheap/string.h>

// A policy that answers what it is told and notes what it saw.
struct advisor {
    unsigned answer;
    size_t calls;
    struct rh_trim_view view;
    const struct check_world *world;
    size_t released; // nodes released by the time it was asked
};

static unsigned
advise(const struct rh_trim_view *view, void *context)
{
    struct advisor *advisor = context;

    advisor->calls++;
    advisor->view = *view;
    advisor->released = advisor->world->released;
    return advisor->answer;
}

static void
open_with_advisor(struct check_world *world, struct advisor *advisor,
                  unsigned answer)
{
    *advisor = (struct advisor){ .answer = answer, .world = world };
    check_prepare(world);
    world->config.trim = advise;
    world->config.trim_context = advisor;
    check_make(world);
}

static uint64_t
trims(const struct check_world *world)
{
    return check_stat(world->heap, "x_trim_count");
}

// Policies.

static void
never_trims_nothing(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 100; i++)
        check_buffer(world.heap, 1000);

    rh_heap_collect(world.heap);

    assert_int_equal(rh_trim_request(world.heap), RH_TRIM_NOTHING);
    assert_int_equal(trims(&world), 0);
    assert_int_equal(world.allocator.trims, 0);
    assert_int_equal(rh_trim_never(NULL, NULL), RH_TRIM_NOTHING);
    check_heap(world.heap);
    check_close(&world);
}

static void
always_trims_the_allocator_after_every_collection(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.trim = rh_trim_always;
    check_make(&world);
    check_waste(world.heap, 100);
    for (size_t n = 1; n <= 5; n++) {
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(world.allocator.trims, n);
        assert_int_equal(trims(&world), n);
    }
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);
    assert_int_equal(rh_trim_request(world.heap), RH_TRIM_ALLOCATOR);
    assert_int_equal(world.allocator.trims, 6);
    check_close(&world);
}

static void
a_policy_is_asked_when_the_last_buffer_was_freed(void **state)
{
    struct check_world world;
    struct advisor advisor;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    for (size_t i = 0; i < 500; i++)
        check_buffer(world.heap, 10);

    rh_heap_collect(world.heap);

    assert_int_equal(advisor.calls, 1);
    assert_int_equal(advisor.released, 500);
    assert_int_equal(advisor.view.reason, RH_TRIM_COLLECTION);
    assert_int_equal(advisor.view.freed_bytes, 5000);
    assert_int_equal(advisor.view.external_bytes, 0);
    assert_int_equal(trims(&world), 0);
    check_close(&world);
}

static void
another_policy_can_be_set(void **state)
{
    struct check_world world;
    struct advisor advisor = { .answer = RH_TRIM_PAGES, .world = &world };

    (void)state;
    check_open(&world);
    check_waste(world.heap, 100);
    rh_trim_set_policy(world.heap, advise, &advisor);
    rh_heap_collect(world.heap);
    assert_int_equal(advisor.calls, 1);
    assert_int_equal(trims(&world), 1);

    rh_trim_set_policy(world.heap, NULL, NULL);
    rh_heap_collect(world.heap);

    assert_int_equal(advisor.calls, 1);
    assert_int_equal(trims(&world), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_request_asks_the_policy_and_says_what_was_done(void **state)
{
    struct check_world world;
    struct advisor advisor;
    struct rh_trim_record record;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);

    assert_int_equal(rh_trim_request(world.heap),
                     RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);

    assert_int_equal(advisor.calls, 1);
    assert_int_equal(advisor.view.reason, RH_TRIM_REQUEST);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.reason, RH_TRIM_REQUEST);
    assert_int_equal(record.actions, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    check_heap(world.heap);
    check_close(&world);
}

static void
an_idle_program_has_its_policy_asked(void **state)
{
    struct check_world world;
    struct advisor advisor;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_PAGES);

    assert_int_equal(rh_trim_idle(world.heap), RH_TRIM_PAGES);

    assert_int_equal(advisor.calls, 1);
    assert_int_equal(advisor.view.reason, RH_TRIM_IDLE);
    assert_int_equal(trims(&world), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
idle_policies_leave_collections_alone(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.trim = rh_trim_when_idle;
    check_make(&world);
    check_waste(world.heap, 1000);
    rh_heap_collect(world.heap);
    rh_trim_request(world.heap);
    assert_int_equal(trims(&world), 0);

    assert_int_equal(rh_trim_idle(world.heap),
                     RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);

    assert_int_equal(world.allocator.trims, 1);
    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), 0);
    check_close(&world);
}

static void
fork_policies_trim_before_a_fork(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.trim = rh_trim_before_fork;
    check_make(&world);
    rh_heap_collect(world.heap);
    rh_trim_idle(world.heap);
    assert_int_equal(trims(&world), 0);

    rh_heap_before_fork(world.heap);

    assert_int_equal(world.allocator.trims, 1);
    check_close(&world);
}

static void
a_forked_child_is_silent_when_idle(void **state)
{
    struct check_world world;
    struct advisor advisor;
    void *block;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    rh_heap_after_fork_child(world.heap);
    rh_trim_idle(world.heap);
    assert_int_equal(advisor.calls, 0);
    block = rh_external_malloc(world.heap, 1 << 20);
    rh_external_free(world.heap, block, 1 << 20);

    rh_trim_idle(world.heap);

    assert_int_equal(advisor.calls, 1);
    check_close(&world);
}

static void
adaptive_spends_no_more_than_its_cap_on_a_heap(void **state)
{
    struct check_world world;
    struct rh_trim_totals totals;

    (void)state;
    check_prepare(&world);
    world.config.trim = rh_trim_adaptive;
    check_make(&world);
    for (size_t n = 0; n < 50; n++) {
        check_buffer(world.heap, 2 << 20);
        rh_heap_collect(world.heap);
    }
    rh_trim_totals(world.heap, &totals);
    assert_int_equal(totals.trims, trims(&world));
    assert_true(totals.trims <= 1 || totals.trim_ns * 50 <= totals.elapsed_ns);
    check_close(&world);
}

// What the heap knows of.

static bool
add_memsize(struct rh_heap *heap, void *object, void *context)
{
    size_t *sum = context;

    *sum += rh_heap_memsize(heap, object);
    return true;
}

static void
check_known(struct rh_heap *heap)
{
    size_t known = check_stat(heap, "heap_free_slots") * 40;

    assert_int_equal(rh_walk_objects(heap, add_memsize, &known), RH_OK);
    assert_int_equal(rh_heap_known_bytes(heap), known);
}

static void
the_heap_knows_its_objects_and_its_free_slots(void **state)
{
    struct rh_heap *heap = rh_heap_new(NULL);
    rh_value all = rh_array_new(heap, 0, NULL, 0);
    rh_value hash;

    (void)state;
    assert_int_equal(rh_root_add(heap, &all), RH_OK);
    check_known(heap);
    for (size_t n = 0; n < 3000; n++) {
        rh_value string = rh_string_new(heap, 0, NULL, n * 37 % 4000);

        assert_int_equal(rh_array_push(heap, all, string), RH_OK);
    }
    hash = rh_hash_new(heap, 0, NULL);
    assert_int_equal(rh_array_push(heap, all, hash), RH_OK);
    for (size_t n = 0; n < 100; n++)
        assert_int_equal(rh_hash_set(heap, hash, rh_array_get(all, n), all),
                         RH_OK);
    check_known(heap);
    assert_int_equal(rh_array_resize(heap, all, 10), RH_OK);
    check_known(heap);
    rh_heap_collect(heap);
    check_known(heap);
    rh_trim_now(heap, RH_TRIM_PAGES);
    check_known(heap);
    rh_heap_free(heap);
}

// The view.

static void
the_view_tells_what_is_there(void **state)
{
    struct check_world world;
    struct advisor advisor;
    struct node *keep;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    keep = check_buffer(world.heap, 7000);
    check_root(world.heap, &keep);
    rh_external_adjust(world.heap, NULL, 500);
    check_waste(world.heap, 3000);

    rh_heap_collect(world.heap);

    assert_int_equal(advisor.view.external_bytes, 7500);
    assert_int_equal(advisor.view.freed_bytes, 0);
    assert_int_equal(advisor.view.tomb_pages,
                     check_stat(world.heap, "heap_tomb_pages"));
    assert_true(advisor.view.tomb_pages > 0);
    assert_int_equal(advisor.view.tomb_age, 0);
    assert_true(advisor.view.resident_bytes > 0);
    assert_int_equal(advisor.view.trim_ns, 0);
    assert_true(advisor.view.elapsed_ns >= advisor.view.since_trim_ns);
    check_close(&world);
}

static void
the_tomb_ages_with_every_collection(void **state)
{
    struct check_world world;
    struct advisor advisor;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    for (size_t age = 0; age < 5; age++) {
        rh_heap_collect(world.heap);
        assert_int_equal(advisor.view.tomb_age, age);
    }
    advisor.answer = RH_TRIM_PAGES;
    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);
    assert_int_equal(advisor.view.tomb_pages, 0);
    assert_int_equal(advisor.view.tomb_age, 0);
    check_close(&world);
}

static void
freed_bytes_count_since_the_last_trim(void **state)
{
    struct check_world world;
    struct advisor advisor;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    for (size_t n = 1; n <= 3; n++) {
        check_buffer(world.heap, 1000);
        rh_heap_collect(world.heap);
        assert_int_equal(advisor.view.freed_bytes, n * 1000);
    }
    advisor.answer = RH_TRIM_ALLOCATOR;
    rh_heap_collect(world.heap);
    assert_int_equal(advisor.view.freed_bytes, 3000);
    rh_heap_collect(world.heap);
    assert_int_equal(advisor.view.freed_bytes, 0);
    assert_true(advisor.view.since_trim_ns <= advisor.view.elapsed_ns);
    check_close(&world);
}

// Actions.

static void
trimming_pages_returns_the_whole_tomb(void **state)
{
    struct check_world world;
    struct rh_trim_record record;
    uint64_t tomb;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 1000);
    rh_heap_collect(world.heap);
    tomb = check_stat(world.heap, "heap_tomb_pages");
    assert_true(tomb > 0);

    rh_trim_now(world.heap, RH_TRIM_PAGES);

    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), 0);
    assert_int_equal(check_stat(world.heap, "total_freed_pages"),
                     check_stat(world.heap, "total_allocated_pages"));
    assert_int_equal(world.allocator.trims, 0);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.pages, tomb);
    check_heap(world.heap);
    check_waste(world.heap, 1000);
    check_heap(world.heap);
    check_close(&world);
}

static void
trimming_the_allocator_leaves_the_tomb_alone(void **state)
{
    struct check_world world;
    struct rh_trim_record record;
    uint64_t tomb;

    (void)state;
    check_open(&world);
    rh_heap_collect(world.heap);
    tomb = check_stat(world.heap, "heap_tomb_pages");
    world.allocator.trim_finds = true;

    rh_trim_now(world.heap, RH_TRIM_ALLOCATOR);

    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), tomb);
    assert_int_equal(world.allocator.trims, 1);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.pages, 0);
    assert_true(record.allocator_freed);
    world.allocator.trim_finds = false;
    rh_trim_now(world.heap, RH_TRIM_ALLOCATOR);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_false(record.allocator_freed);
    check_close(&world);
}

static void
an_allocator_that_cannot_trim_is_not_asked(void **state)
{
    struct check_world world;
    struct rh_trim_record record;

    (void)state;
    check_prepare(&world);
    world.config.allocator.trim = NULL;
    check_make(&world);

    rh_trim_now(world.heap, RH_TRIM_ALLOCATOR);

    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_false(record.allocator_freed);
    check_close(&world);
}

static void
a_system_that_takes_nothing_back_leaves_the_tomb(void **state)
{
    struct check_world world;
    struct rh_trim_record record;
    uint64_t tomb;

    (void)state;
    check_open(&world);
    rh_heap_collect(world.heap);
    tomb = check_stat(world.heap, "heap_tomb_pages");
    world.memory.refuse_release = true;

    rh_trim_now(world.heap, RH_TRIM_PAGES);

    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), tomb);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.pages, 0);
    check_heap(world.heap);
    check_waste(world.heap, 100);
    check_heap(world.heap);
    check_close(&world);
}

static void
the_default_allocator_can_trim(void **state)
{
    struct check_world world;
    struct rh_trim_record record;

    (void)state;
    check_prepare(&world);
    rh_allocator_init(&world.config.allocator);
    world.config.trim = rh_trim_always;
    check_make(&world);

    rh_heap_collect(world.heap);

    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.actions, RH_TRIM_ALLOCATOR);
    check_close(&world);
}

static void
a_trim_for_want_of_memory_is_logged_as_such(void **state)
{
    struct check_world world;
    struct rh_trim_record record;
    struct advisor advisor;
    void *block;

    (void)state;
    open_with_advisor(&world, &advisor, RH_TRIM_NOTHING);
    check_fail_at(&world.faults, 1);

    block = rh_external_malloc(world.heap, 1);

    assert_non_null(block);
    assert_int_equal(advisor.calls, 0);
    assert_int_equal(rh_trim_log(world.heap, &record, 1), 1);
    assert_int_equal(record.reason, RH_TRIM_NO_MEMORY);
    assert_int_equal(record.actions, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    rh_external_free(world.heap, block, 1);
    check_close(&world);
}

// The log.

static void
the_log_keeps_the_last_32_oldest_first(void **state)
{
    struct check_world world;
    struct rh_trim_record records[RH_TRIM_LOG_LENGTH + 8];

    (void)state;
    check_open(&world);
    assert_int_equal(rh_trim_log(world.heap, records, 8), 0);
    for (size_t n = 1; n <= 100; n++) {
        size_t kept = n < RH_TRIM_LOG_LENGTH ? n : RH_TRIM_LOG_LENGTH;

        rh_trim_now(world.heap, n % 2 ? RH_TRIM_PAGES : RH_TRIM_ALLOCATOR);
        assert_int_equal(rh_trim_log(world.heap, records, CHECK_COUNT(records)),
                         kept);
        for (size_t i = 0; i < kept; i++)
            assert_int_equal(records[i].actions, (n - kept + 1 + i) % 2
                                                     ? RH_TRIM_PAGES
                                                     : RH_TRIM_ALLOCATOR);
        for (size_t i = 1; i < kept; i++)
            assert_true(records[i].at_ns >= records[i - 1].at_ns);
    }
    assert_int_equal(trims(&world), 100);
    check_close(&world);
}

static void
the_newest_records_are_the_ones_copied(void **state)
{
    struct check_world world;
    struct rh_trim_record records[2];

    (void)state;
    check_open(&world);
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    rh_trim_now(world.heap, RH_TRIM_ALLOCATOR);
    rh_trim_now(world.heap, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);

    assert_int_equal(rh_trim_log(world.heap, records, 2), 2);

    assert_int_equal(records[0].actions, RH_TRIM_ALLOCATOR);
    assert_int_equal(records[1].actions, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    assert_int_equal(rh_trim_log(world.heap, records, 0), 0);
    check_close(&world);
}

static void
the_time_spent_trimming_is_added_up(void **state)
{
    struct check_world world;
    struct rh_trim_record records[10];
    uint64_t sum = 0;

    (void)state;
    check_open(&world);
    for (size_t n = 0; n < 10; n++)
        rh_trim_now(world.heap, RH_TRIM_PAGES);
    assert_int_equal(rh_trim_log(world.heap, records, 10), 10);
    for (size_t n = 0; n < 10; n++)
        sum += records[n].duration_ns;

    assert_int_equal(check_stat(world.heap, "x_trim_ns"), sum);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_trims_nothing),
        cmocka_unit_test(always_trims_the_allocator_after_every_collection),
        cmocka_unit_test(a_policy_is_asked_when_the_last_buffer_was_freed),
        cmocka_unit_test(another_policy_can_be_set),
        cmocka_unit_test(a_request_asks_the_policy_and_says_what_was_done),
        cmocka_unit_test(an_idle_program_has_its_policy_asked),
        cmocka_unit_test(idle_policies_leave_collections_alone),
        cmocka_unit_test(fork_policies_trim_before_a_fork),
        cmocka_unit_test(a_forked_child_is_silent_when_idle),
        cmocka_unit_test(adaptive_spends_no_more_than_its_cap_on_a_heap),
        cmocka_unit_test(the_heap_knows_its_objects_and_its_free_slots),
        cmocka_unit_test(the_view_tells_what_is_there),
        cmocka_unit_test(the_tomb_ages_with_every_collection),
        cmocka_unit_test(freed_bytes_count_since_the_last_trim),
        cmocka_unit_test(trimming_pages_returns_the_whole_tomb),
        cmocka_unit_test(trimming_the_allocator_leaves_the_tomb_alone),
        cmocka_unit_test(an_allocator_that_cannot_trim_is_not_asked),
        cmocka_unit_test(a_system_that_takes_nothing_back_leaves_the_tomb),
        cmocka_unit_test(the_default_allocator_can_trim),
        cmocka_unit_test(a_trim_for_want_of_memory_is_logged_as_such),
        cmocka_unit_test(the_log_keeps_the_last_32_oldest_first),
        cmocka_unit_test(the_newest_records_are_the_ones_copied),
        cmocka_unit_test(the_time_spent_trimming_is_added_up),
    };

    return cmocka_run_group_tests_name("trim", tests, NULL, NULL);
}
