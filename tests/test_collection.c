// SPDX-License-Identifier: MIT
// Why a heap collects, and what its latest collection was.
#include "check.h"

#include <rheap/collection.h>
#include <rheap/profile.h>

static struct rh_collection
latest_of(const struct rh_heap *heap)
{
    struct rh_collection latest = { .struct_bytes = sizeof latest };

    rh_heap_latest(heap, &latest);
    return latest;
}

// The latest collection, and the last record of the profiler, were so.
static void
expect(struct rh_heap *heap, enum rh_cause cause, enum rh_major_reason reason)
{
    struct rh_collection latest = latest_of(heap);
    struct rh_pause records[200];
    size_t count = rh_profile_read(heap, 0, records, CHECK_COUNT(records));

    assert_int_equal(latest.kind, RH_COLLECTION_MAJOR);
    assert_int_equal(latest.cause, cause);
    assert_int_equal(latest.major_reason, reason);
    assert_int_equal(latest.state, RH_STATE_NONE);
    assert_true(latest.immediate_sweep);
    assert_true(count > 0);
    assert_int_equal(records[count - 1].cause, cause);
    assert_int_equal(records[count - 1].major_reason, reason);
    check_heap(heap);
}

static void
open_with(struct check_world *world, size_t malloc_limit,
          size_t oldmalloc_limit)
{
    check_prepare(world);
    world->config.initial_slots = 2000;
    world->config.malloc_limit = malloc_limit;
    world->config.oldmalloc_limit = oldmalloc_limit;
    check_make(world);
    assert_int_equal(rh_profile_enable(world->heap, 0), RH_OK);
}

static void
before_the_first_collection_there_is_none(void **state)
{
    struct check_world world;
    struct rh_collection latest;

    (void)state;
    check_open(&world);
    latest = latest_of(world.heap);
    assert_int_equal(latest.struct_bytes, sizeof latest);
    assert_int_equal(latest.kind, RH_COLLECTION_NONE);
    assert_int_equal(latest.state, RH_STATE_NONE);
    assert_int_equal(latest.need_major_by, RH_MAJOR_NONE);
    check_close(&world);
}

static void
a_collection_asked_for_is_forced(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, 1 << 20, 1 << 20);
    rh_heap_collect(world.heap);
    expect(world.heap, RH_CAUSE_METHOD, RH_MAJOR_FORCE);
    rh_heap_disable(world.heap);
    rh_heap_collect(world.heap);
    expect(world.heap, RH_CAUSE_METHOD, RH_MAJOR_FORCE);
    check_close(&world);
}

static void
handing_out_slots_makes_a_collection_come(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, 1 << 20, 1 << 20);
    while (check_stat(world.heap, "count") == 0)
        check_waste(world.heap, 1);
    expect(world.heap, RH_CAUSE_NEWOBJ, RH_MAJOR_NOFREE);

    rh_heap_disable(world.heap);
    check_waste(world.heap, 5000);
    rh_heap_collect(world.heap);
    check_waste(world.heap, 5000);
    rh_heap_enable(world.heap);
    assert_int_equal(latest_of(world.heap).need_major_by, RH_MAJOR_NOFREE);
    rh_heap_safepoint(world.heap);
    expect(world.heap, RH_CAUSE_NEWOBJ, RH_MAJOR_NOFREE);
    assert_int_equal(latest_of(world.heap).need_major_by, RH_MAJOR_NONE);
    check_close(&world);
}

static void
external_data_makes_a_collection_come(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, 1000, 1 << 20);
    check_buffer(world.heap, 2000);
    assert_int_equal(latest_of(world.heap).need_major_by, RH_MAJOR_NONE);
    check_waste(world.heap, 1);
    expect(world.heap, RH_CAUSE_MALLOC, RH_MAJOR_NONE);
    check_close(&world);

    open_with(&world, 1 << 20, 1000);
    check_buffer(world.heap, 2000);
    assert_int_equal(latest_of(world.heap).need_major_by, RH_MAJOR_OLDMALLOC);
    rh_heap_safepoint(world.heap);
    expect(world.heap, RH_CAUSE_MALLOC, RH_MAJOR_OLDMALLOC);
    check_close(&world);
}

static void
stress_is_told(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, 1 << 20, 1 << 20);
    rh_heap_stress(world.heap, true);
    check_waste(world.heap, 1);
    expect(world.heap, RH_CAUSE_STRESS, RH_MAJOR_FORCE);
    rh_heap_stress(world.heap, false);
    check_close(&world);
}

static void
never_due(const struct rh_growth_view *view, struct rh_growth_answer *answer)
{
    (void)view;
    answer->capacity_slots = SIZE_MAX / 2;
}

static void
an_emergency_is_told(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.growth = never_due;
    check_make(&world);
    assert_int_equal(rh_profile_enable(world.heap, 0), RH_OK);
    rh_heap_collect(world.heap);
    world.memory.refuse_commit = true;
    while (check_stat(world.heap, "x_emergency_count") == 0)
        check_waste(world.heap, 1);
    expect(world.heap, RH_CAUSE_EMERGENCY, RH_MAJOR_NOFREE);
    check_close(&world);
}

static enum rh_collection_state seen[3];

static void
see_state(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct rh_collection latest = latest_of(heap);

    (void)context;
    assert_int_equal(latest.kind, RH_COLLECTION_MAJOR);
    assert_int_equal(latest.cause, RH_CAUSE_METHOD);
    if (event->kind == RH_EVENT_COLLECTION_START)
        seen[0] = latest.state;
    else if (event->kind == RH_EVENT_OBJECT_FREE)
        seen[1] = latest.state;
    else
        seen[2] = latest.state;
}

static void
the_state_can_be_asked_for_in_the_middle(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_int_equal(rh_event_listen(world.heap,
                                     RH_EVENT_COLLECTION_START |
                                         RH_EVENT_OBJECT_FREE |
                                         RH_EVENT_SWEEP_END,
                                     see_state, NULL),
                     RH_OK);
    check_waste(world.heap, 1);
    rh_heap_collect(world.heap);
    assert_int_equal(seen[0], RH_STATE_MARKING);
    assert_int_equal(seen[1], RH_STATE_SWEEPING);
    assert_int_equal(seen[2], RH_STATE_SWEEPING);
    assert_int_equal(latest_of(world.heap).state, RH_STATE_NONE);
    check_close(&world);
}

static void
an_older_program_gets_the_fields_it_knows(void **state)
{
    struct check_world world;
    struct rh_collection latest;

    (void)state;
    check_open(&world);
    rh_heap_collect(world.heap);
    memset(&latest, 0xee, sizeof latest);
    latest.struct_bytes = offsetof(struct rh_collection, cause);
    rh_heap_latest(world.heap, &latest);
    assert_int_equal(latest.struct_bytes,
                     offsetof(struct rh_collection, cause));
    assert_int_equal(latest.kind, RH_COLLECTION_MAJOR);
    assert_int_equal((unsigned)latest.cause, 0xeeeeeeee);
    check_close(&world);
}

static void
all_have_names(void **state)
{
    static const char *const causes[] = { "none",   "newobj", "malloc",
                                          "method", "stress", "emergency",
                                          "unknown" };
    static const char *const reasons[] = { "none",   "nofree", "oldgen",
                                           "shady",  "force",  "oldmalloc",
                                           "unknown" };
    static const char *const kinds[] = { "none", "minor", "major", "unknown" };
    static const char *const states[] = { "none", "marking", "sweeping",
                                          "unknown" };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(causes); i++)
        assert_string_equal(rh_cause_name((enum rh_cause)i), causes[i]);
    for (size_t i = 0; i < CHECK_COUNT(reasons); i++)
        assert_string_equal(rh_major_reason_name((enum rh_major_reason)i),
                            reasons[i]);
    for (size_t i = 0; i < CHECK_COUNT(kinds); i++)
        assert_string_equal(rh_collection_kind_name((enum rh_collection_kind)i),
                            kinds[i]);
    for (size_t i = 0; i < CHECK_COUNT(states); i++)
        assert_string_equal(
            rh_collection_state_name((enum rh_collection_state)i), states[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_collection_there_is_none),
        cmocka_unit_test(a_collection_asked_for_is_forced),
        cmocka_unit_test(handing_out_slots_makes_a_collection_come),
        cmocka_unit_test(external_data_makes_a_collection_come),
        cmocka_unit_test(stress_is_told),
        cmocka_unit_test(an_emergency_is_told),
        cmocka_unit_test(the_state_can_be_asked_for_in_the_middle),
        cmocka_unit_test(an_older_program_gets_the_fields_it_knows),
        cmocka_unit_test(all_have_names),
    };

    return cmocka_run_group_tests_name("collection", tests, NULL, NULL);
}
