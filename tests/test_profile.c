// SPDX-License-Identifier: MIT
// How long the program waited, and for what.
#include "check.h"

#include "cycle.h"
#include "os.h"

#include <rheap/profile.h>

static struct rh_pause records[1000];

static size_t
read_all(const struct rh_heap *heap)
{
    return rh_profile_read(heap, 0, records, CHECK_COUNT(records));
}

static void
enable(struct rh_heap *heap, size_t capacity)
{
    assert_int_equal(rh_profile_enable(heap, capacity), RH_OK);
}

static void
open_enabled(struct check_world *world, size_t capacity)
{
    check_open(world);
    enable(world->heap, capacity);
}

static void
collect(struct rh_heap *heap, size_t times)
{
    while (times-- > 0)
        rh_heap_collect(heap);
    check_heap(heap);
}

static uint64_t
pauses_of(const struct rh_heap *heap, enum rh_pauses_of which)
{
    struct rh_pauses pauses;

    rh_profile_pauses(heap, which, &pauses);
    return pauses.count;
}

// Let the clock go on.
static void
spend(uint64_t ns)
{
    uint64_t start = rhi_os_now();

    while (rhi_os_now() - start < ns)
        ;
}

// Records.

static void
a_new_heap_measures_but_records_nothing(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_false(rh_profile_is_enabled(world.heap));
    assert_int_equal(rh_profile_total_ns(world.heap), 0);

    collect(world.heap, 3);

    assert_int_equal(read_all(world.heap), 0);
    assert_true(rh_profile_total_ns(world.heap) > 0);
    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 3);
    check_close(&world);
}

static void
every_pause_is_recorded_once_and_in_order(void **state)
{
    struct check_world world;
    size_t count;

    (void)state;
    check_open(&world);
    collect(world.heap, 2);
    enable(world.heap, 0);
    assert_true(rh_profile_is_enabled(world.heap));
    collect(world.heap, 20);

    count = read_all(world.heap);

    assert_int_equal(count, 20);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(records[i].number, 3 + i);
        assert_int_equal(records[i].kind, RH_PAUSE_MAJOR);
        assert_true(records[i].begins && records[i].ends);
        assert_true(records[i].total_ns > 0);
        if (i > 0)
            assert_true(records[i].at_ns >=
                        records[i - 1].at_ns + records[i - 1].total_ns);
    }
    check_close(&world);
}

static void
a_ring_keeps_the_last_records(void **state)
{
    struct check_world world;

    (void)state;
    open_enabled(&world, 5);
    for (size_t n = 1; n <= 12; n++) {
        size_t kept = n < 5 ? n : 5;

        collect(world.heap, 1);
        assert_int_equal(read_all(world.heap), kept);
        assert_int_equal(records[0].number, n - kept + 1);
        assert_int_equal(records[kept - 1].number, n);
    }
    check_close(&world);
}

static void
a_ring_has_128_records_if_nobody_says_another_number(void **state)
{
    struct check_world world;

    (void)state;
    open_enabled(&world, 0);
    collect(world.heap, 130);
    assert_int_equal(read_all(world.heap), 128);
    assert_int_equal(records[0].number, 3);
    check_close(&world);
}

static void
reading_goes_on_where_it_was_left(void **state)
{
    struct check_world world;
    uint64_t since = 0;
    size_t seen = 0;
    size_t count;

    (void)state;
    open_enabled(&world, 10);
    collect(world.heap, 7);
    while ((count = rh_profile_read(world.heap, since, records, 3)) > 0) {
        assert_int_equal(records[0].number, since + 1);
        since = records[count - 1].number;
        seen += count;
    }
    assert_int_equal(seen, 7);
    assert_int_equal(rh_profile_read(world.heap, 7, records, 9), 0);
    assert_int_equal(rh_profile_read(world.heap, 99, records, 9), 0);
    assert_int_equal(rh_profile_read(world.heap, 0, records, 0), 0);

    collect(world.heap, 20); // more than the ring can hold for a slow reader

    assert_int_equal(rh_profile_read(world.heap, since, records, 99), 10);
    assert_int_equal(records[0].number, 18);
    check_close(&world);
}

static void
clearing_forgets_records_and_pauses_but_not_the_total(void **state)
{
    struct check_world world;
    uint64_t total;

    (void)state;
    open_enabled(&world, 4);
    collect(world.heap, 9);
    total = rh_profile_total_ns(world.heap);

    rh_profile_clear(world.heap);

    assert_int_equal(read_all(world.heap), 0);
    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 0);
    assert_true(rh_profile_is_enabled(world.heap));
    assert_int_equal(rh_profile_total_ns(world.heap), total);
    collect(world.heap, 2);
    assert_int_equal(read_all(world.heap), 2);
    assert_int_equal(records[0].number, 10);
    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 2);
    check_close(&world);
}

static void
disabling_keeps_the_records(void **state)
{
    struct check_world world;
    size_t calls;

    (void)state;
    open_enabled(&world, 8);
    collect(world.heap, 3);
    calls = world.faults.calls;

    rh_profile_disable(world.heap);

    assert_int_equal(world.faults.calls, calls);
    assert_false(rh_profile_is_enabled(world.heap));
    collect(world.heap, 4);
    assert_int_equal(read_all(world.heap), 3);
    enable(world.heap, 8);
    assert_int_equal(world.faults.calls, calls);
    collect(world.heap, 1);
    assert_int_equal(read_all(world.heap), 4);
    assert_int_equal(records[2].number, 3);
    assert_int_equal(records[3].number, 8);
    check_close(&world);
}

static void
another_ring_gets_the_newest_records_of_the_old_one(void **state)
{
    struct check_world world;
    size_t blocks;

    (void)state;
    open_enabled(&world, 6);
    collect(world.heap, 9);
    blocks = world.allocator.blocks;

    enable(world.heap, 100);
    check_heap(world.heap);
    assert_int_equal(read_all(world.heap), 6);
    assert_int_equal(records[0].number, 4);
    enable(world.heap, 2);
    check_heap(world.heap);
    assert_int_equal(read_all(world.heap), 2);
    assert_int_equal(records[0].number, 8);
    collect(world.heap, 1);
    assert_int_equal(read_all(world.heap), 2);
    assert_int_equal(records[1].number, 10);

    assert_int_equal(world.allocator.blocks, blocks);
    check_close(&world);
}

static void
without_memory_for_a_ring_all_is_as_it_was(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_profile_enable(world.heap, 0), RH_NO_MEMORY);
    assert_false(rh_profile_is_enabled(world.heap));
    assert_int_equal(rh_profile_enable(world.heap, SIZE_MAX / 2), RH_NO_MEMORY);
    collect(world.heap, 1);

    enable(world.heap, 3);
    collect(world.heap, 2);
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_profile_enable(world.heap, 4), RH_NO_MEMORY);
    check_fail_at(&world.faults, 0);
    assert_true(rh_profile_is_enabled(world.heap));
    collect(world.heap, 2);
    assert_int_equal(read_all(world.heap), 3);
    assert_int_equal(records[2].number, 5);
    check_close(&world);
}

static void
recording_takes_no_memory(void **state)
{
    struct check_world world;
    size_t calls;

    (void)state;
    open_enabled(&world, 3);
    collect(world.heap, 1); // releases pages
    calls = world.faults.calls;

    collect(world.heap, 50);

    assert_int_equal(world.faults.calls, calls);
    check_close(&world);
}

static void
a_record_agrees_with_the_statistics(void **state)
{
    struct check_world world;
    struct node *keep;
    uint64_t freed_objects;
    uint64_t freed_pages;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    enable(world.heap, 4);
    rh_heap_disable(world.heap);
    keep = check_list(world.heap, 100);
    check_root(world.heap, &keep);
    check_waste(world.heap, 40 * rh_heap_slots_per_page(world.heap));
    keep->left = check_buffer(world.heap, 1000);
    rh_external_adjust(world.heap, NULL, 77);
    rh_heap_collect(world.heap); // frees, and releases pages above 24
    freed_objects = check_stat(world.heap, "total_freed_objects");
    freed_pages = check_stat(world.heap, "total_freed_pages");
    assert_true(freed_objects > 0 && freed_pages > 0);

    assert_int_equal(read_all(world.heap), 1);

    assert_int_equal(records[0].traced, 101);
    assert_int_equal(records[0].freed, freed_objects);
    assert_int_equal(records[0].released_pages, freed_pages);
    assert_int_equal(records[0].live_slots,
                     check_stat(world.heap, "heap_live_slots"));
    assert_int_equal(records[0].old_objects,
                     check_stat(world.heap, "old_objects"));
    assert_int_equal(records[0].eden_pages,
                     check_stat(world.heap, "heap_eden_pages"));
    assert_int_equal(records[0].tomb_pages,
                     check_stat(world.heap, "heap_tomb_pages"));
    assert_int_equal(records[0].external_bytes, 1077);

    rh_trim_now(world.heap, RH_TRIM_PAGES); // in no pause
    check_waste(world.heap, 5);
    rh_heap_collect(world.heap);
    assert_int_equal(read_all(world.heap), 2);
    assert_int_equal(records[1].freed, 5);
    assert_int_equal(records[1].released_pages, 0);
    rh_external_adjust(world.heap, NULL, -77);
    check_close(&world);
}

// Where the time goes.

enum {
    A_WHILE = 2000000 // ns
};

static void
slow_trace(void *object, struct rh_visitor *visitor)
{
    (void)object, (void)visitor;
    spend(A_WHILE);
}

static void
slow_release(struct rh_heap *heap, void *object)
{
    (void)heap, (void)object;
    spend(A_WHILE);
}

static void
slow_root(struct rh_visitor *visitor, void *context)
{
    (void)visitor, (void)context;
    spend(A_WHILE);
}

static unsigned
slow_policy(const struct rh_trim_view *view, void *context)
{
    (void)view, (void)context;
    spend(A_WHILE);
    return RH_TRIM_NOTHING;
}

static const struct rh_model slow_model = {
    .name = "slow",
    .trace = slow_trace,
    .release = slow_release,
    .flags = RH_MODEL_RELEASE_ALL,
};

static void
with_an_object(struct rh_heap *heap)
{
    void **handle = rh_scope_hold(heap, NULL);

    assert_non_null(handle);
    *handle = rh_heap_alloc(heap);
}

static void
with_a_dead_object(struct rh_heap *heap)
{
    assert_non_null(rh_heap_alloc(heap));
}

static void
with_a_root(struct rh_heap *heap)
{
    assert_int_equal(rh_root_add_callback(heap, NULL, slow_root, NULL), RH_OK);
}

static void
with_a_policy(struct rh_heap *heap)
{
    rh_trim_set_policy(heap, slow_policy, NULL);
}

// Whether the time of the one record went into this phase, and less into any
// other: unless the system has other things to do just then.
static bool
phase_stands_out(const struct rh_heap *heap, enum rh_phase phase)
{
    uint64_t sum = 0;
    bool is_longest = true;

    assert_int_equal(read_all(heap), 1);
    assert_true(records[0].phase_ns[phase] >= A_WHILE);
    assert_int_equal(records[0].phase_ns[RH_PHASE_COMPACT], 0);
    assert_int_equal(records[0].total_ns, rh_profile_total_ns(heap));
    for (int i = 0; i < RH_PHASES; i++) {
        sum += records[0].phase_ns[i];
        if (i != (int)phase && records[0].phase_ns[i] >= A_WHILE)
            is_longest = false;
    }
    assert_true(sum <= records[0].total_ns);
    return is_longest;
}

static void
expect_phase(void (*prepare)(struct rh_heap *heap), enum rh_phase phase)
{
    bool is_longest = false;

    for (int attempt = 0; attempt < 10 && !is_longest; attempt++) {
        struct check_world world;

        check_prepare(&world);
        world.config.model = &slow_model;
        check_make(&world);
        enable(world.heap, 4);
        prepare(world.heap);
        rh_heap_collect(world.heap);
        is_longest = phase_stands_out(world.heap, phase);
        check_close(&world);
    }
    assert_true(is_longest);
}

static void
each_phase_has_its_time(void **state)
{
    (void)state;
    expect_phase(with_a_root, RH_PHASE_ROOTS);
    expect_phase(with_an_object, RH_PHASE_MARK);
    expect_phase(with_a_dead_object, RH_PHASE_SWEEP);
    expect_phase(with_a_policy, RH_PHASE_RELEASE);
}

// The protocol, as any collector may use it.
static void
expect_groups(const struct rh_heap *heap, uint64_t minors, uint64_t majors,
              uint64_t all)
{
    assert_int_equal(pauses_of(heap, RH_PAUSES_MINOR), minors);
    assert_int_equal(pauses_of(heap, RH_PAUSES_MAJOR), majors);
    assert_int_equal(pauses_of(heap, RH_PAUSES_ALL), all);
}

static void
pause(struct rh_heap *heap, enum rh_pause_kind kind)
{
    rhi_profile_begin(&heap->profile, kind, RH_CAUSE_NEWOBJ, RH_MAJOR_OLDGEN);
    rhi_profile_end(&heap->profile,
                    &(struct rhi_pause_facts){ .traced = 7, .old = 5 });
}

static void
pauses_are_counted_by_kind(void **state)
{
    struct check_world world;

    (void)state;
    open_enabled(&world, 0);
    pause(world.heap, RH_PAUSE_MINOR);
    expect_groups(world.heap, 1, 0, 1);
    pause(world.heap, RH_PAUSE_STEP);
    pause(world.heap, RH_PAUSE_SWEEP);
    pause(world.heap, RH_PAUSE_MAJOR);
    expect_groups(world.heap, 1, 3, 4);
    pause(world.heap, RH_PAUSE_COMPACTION);
    expect_groups(world.heap, 1, 3, 5);

    assert_int_equal(read_all(world.heap), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(records[i].cause, RH_CAUSE_NEWOBJ);
        assert_int_equal(records[i].major_reason, RH_MAJOR_OLDGEN);
        assert_int_equal(records[i].traced, 7);
        assert_int_equal(records[i].old_objects, 5);
        assert_false(records[i].begins || records[i].ends);
    }
    assert_int_equal(records[4].kind, RH_PAUSE_COMPACTION);
    check_close(&world);
}

static void
a_compaction_asked_for_is_a_pause_of_its_kind(void **state)
{
    struct check_world world;

    (void)state;
    open_enabled(&world, 0);
    assert_int_equal(rh_heap_compact(world.heap, NULL), RH_OK);
    expect_groups(world.heap, 0, 0, 1);
    collect(world.heap, 1);
    expect_groups(world.heap, 0, 1, 2);

    assert_int_equal(read_all(world.heap), 2);
    assert_int_equal(records[0].kind, RH_PAUSE_COMPACTION);
    assert_int_equal(records[0].cause, RH_CAUSE_METHOD);
    assert_true(records[0].begins && records[0].ends);
    assert_int_equal(records[1].kind, RH_PAUSE_MAJOR);
    check_close(&world);
}

static void
a_compaction_has_a_pause_and_a_phase_of_its_own(void **state)
{
    struct check_world world;
    struct rhi_profile *profile;

    (void)state;
    open_enabled(&world, 0);
    profile = &world.heap->profile;
    rhi_profile_begin(profile, RH_PAUSE_COMPACTION, RH_CAUSE_METHOD,
                      RH_MAJOR_NONE);
    spend(A_WHILE / 4); // in no phase
    rhi_profile_phase(profile, RH_PHASE_SWEEP);
    spend(A_WHILE / 2);
    rhi_profile_phase(profile, RH_PHASE_COMPACT);
    spend(A_WHILE);
    rhi_profile_phase(profile, RH_PHASE_SWEEP); // once more
    spend(A_WHILE / 2);
    rhi_profile_phase(profile, RH_PHASES);
    spend(A_WHILE / 4);
    rhi_profile_end(profile, &(struct rhi_pause_facts){ .traced = 0 });

    assert_int_equal(read_all(world.heap), 1);
    assert_true(records[0].phase_ns[RH_PHASE_SWEEP] >= A_WHILE);
    assert_true(records[0].phase_ns[RH_PHASE_COMPACT] >= A_WHILE);
    assert_true(records[0].phase_ns[RH_PHASE_SWEEP] +
                    records[0].phase_ns[RH_PHASE_COMPACT] + A_WHILE / 2 <=
                records[0].total_ns);
    assert_int_equal(records[0].phase_ns[RH_PHASE_MARK], 0);
    check_close(&world);
}

static void
a_phase_without_a_pause_is_nobodys(void **state)
{
    struct check_world world;

    (void)state;
    open_enabled(&world, 0);
    rhi_profile_phase(&world.heap->profile, RH_PHASE_MARK);
    assert_int_equal(world.heap->profile.phase, RH_PHASES);
    spend(A_WHILE);
    collect(world.heap, 1);

    assert_int_equal(read_all(world.heap), 1);
    assert_true(records[0].phase_ns[RH_PHASE_MARK] <= records[0].total_ns);
    check_close(&world);
}

static void
one_pause_inside_another_panics(void **state)
{
    static struct check_world world;

    (void)state;
    check_open(&world);
    rhi_profile_begin(&world.heap->profile, RH_PAUSE_MINOR, RH_CAUSE_NEWOBJ,
                      RH_MAJOR_NONE);
#ifndef RH_DISABLE_ASSERT
    check_panics("!profile->open", pause(world.heap, RH_PAUSE_MINOR)); // N1
    world.heap->profile.open = false;
    check_panics("profile->open",
                 rhi_profile_end(&world.heap->profile,
                                 &(struct rhi_pause_facts){ .traced = 0 }));
#endif
    check_abandon(&world);
}

// Not measuring.

static void
what_is_not_measured_has_no_time(void **state)
{
    struct check_world world;
    uint64_t total;

    (void)state;
    open_enabled(&world, 0);
    collect(world.heap, 2);
    total = rh_profile_total_ns(world.heap);
    assert_true(total > 0);

    assert_true(rh_profile_measure(world.heap, false));
    assert_false(rh_profile_measure(world.heap, false));
    collect(world.heap, 3);

    assert_int_equal(rh_profile_total_ns(world.heap), total);
    assert_int_equal(check_stat(world.heap, "x_collection_ns"), total);
    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 2);
    assert_int_equal(read_all(world.heap), 5);
    assert_int_equal(records[4].total_ns, 0);
    assert_int_equal(records[4].at_ns, 0);
    for (int i = 0; i < RH_PHASES; i++)
        assert_int_equal(records[4].phase_ns[i], 0);

    assert_false(rh_profile_measure(world.heap, true));
    collect(world.heap, 1);
    assert_true(rh_profile_total_ns(world.heap) > total);
    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 3);
    check_close(&world);
}

static void
stop_measuring(struct rh_heap *heap, const struct rh_event *event,
               void *context)
{
    (void)event;
    rh_profile_measure(heap, *(bool *)context);
}

static void
measuring_may_change_in_the_middle_of_a_pause(void **state)
{
    struct check_world world;
    bool on = false;

    (void)state;
    open_enabled(&world, 0);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_MARK_END, stop_measuring, &on),
        RH_OK);
    collect(world.heap, 1); // was measured when it began
    on = true;
    collect(world.heap, 2); // was not; was

    assert_int_equal(pauses_of(world.heap, RH_PAUSES_ALL), 2);
    assert_int_equal(read_all(world.heap), 3);
    assert_true(records[0].total_ns > 0);
    assert_int_equal(records[1].total_ns, 0);
    assert_true(records[2].total_ns > 0);
    check_close(&world);
}

static void
enable_and_clear(struct rh_heap *heap, const struct rh_event *event,
                 void *context)
{
    size_t *capacity = context;

    (void)event;
    enable(heap, ++*capacity);
    rh_profile_clear(heap);
    (void)read_all(heap);
}

static void
a_listener_may_change_the_ring(void **state)
{
    struct check_world world;
    size_t capacity = 1;

    (void)state;
    check_open(&world);
    assert_int_equal(
        rh_event_listen(world.heap,
                        RH_EVENT_COLLECTION_START | RH_EVENT_SWEEP_END,
                        enable_and_clear, &capacity),
        RH_OK);
    collect(world.heap, 5);

    assert_int_equal(capacity, 11);
    assert_int_equal(read_all(world.heap), 1);
    assert_int_equal(records[0].number, 5);
    check_close(&world);
}

// The histogram.

static void
buckets_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    assert_int_equal(rh_profile_bucket_ns(0), 0);
    assert_int_equal(rh_profile_bucket_ns(1), 64);
    assert_int_equal(rh_profile_bucket_ns(16), 1024);
    assert_int_equal(rh_profile_bucket_ns(17), 1024 + 64);
    assert_int_equal(rh_profile_bucket_ns(32), 2048);
    assert_int_equal(rh_profile_bucket_ns(33), 2048 + 128);
    assert_int_equal(rh_profile_bucket_ns(RH_PAUSE_BUCKETS), UINT64_C(1) << 37);
    assert_int_equal(rh_profile_bucket_ns(RH_PAUSE_BUCKETS + 5), UINT64_C(1)
                                                                     << 37);
    for (size_t n = 0; n < RH_PAUSE_BUCKETS; n++) {
        uint64_t low = rh_profile_bucket_ns(n);
        uint64_t width = rh_profile_bucket_ns(n + 1) - low;

        assert_true(width > 0);
        if (n >= 16)
            assert_true(width * 16 <= low);
    }
}

// A pause that seems to have begun so long ago.
static uint64_t
pretend(struct rh_heap *heap, uint64_t ns)
{
    struct rhi_profile *profile = &heap->profile;

    rhi_profile_begin(profile, RH_PAUSE_MINOR, RH_CAUSE_NEWOBJ, RH_MAJOR_NONE);
    profile->begun_ns -= ns;
    rhi_profile_end(profile, &(struct rhi_pause_facts){ .traced = 0 });
    return profile->pause.total_ns;
}

static void
a_pause_is_in_the_bucket_of_its_length(void **state)
{
    struct check_world world;
    struct rh_pauses pauses;
    uint64_t seed = check_seed();

    (void)state;
    check_open(&world);
    for (int i = 0; i < 2000; i++) {
        uint64_t ns =
            check_random(&seed) >> (24 + check_random_below(&seed, 40));
        size_t n = 0;

        rh_profile_clear(world.heap);
        ns = pretend(world.heap, ns);
        rh_profile_pauses(world.heap, RH_PAUSES_MINOR, &pauses);
        while (n + 1 < RH_PAUSE_BUCKETS && rh_profile_bucket_ns(n + 1) <= ns)
            n++;

        assert_int_equal(pauses.counts[n], 1);
        assert_int_equal(pauses.count, 1);
        assert_int_equal(pauses.total_ns, ns);
        assert_int_equal(pauses.min_ns, ns);
        assert_int_equal(pauses.max_ns, ns);
        assert_int_equal(rh_profile_percentile(&pauses, 0.5), ns);
    }
    check_close(&world);
}

static void
extremes_and_sums_are_exact(void **state)
{
    struct check_world world;
    struct rh_pauses pauses;
    uint64_t first, second, third;

    (void)state;
    check_open(&world);
    first = pretend(world.heap, 5000000);
    second = pretend(world.heap, 9000000);
    third = pretend(world.heap, 1000000);
    rh_profile_pauses(world.heap, RH_PAUSES_ALL, &pauses);
    assert_int_equal(pauses.total_ns, first + second + third);
    assert_int_equal(pauses.max_ns, second);
    assert_int_equal(pauses.min_ns, third);
    rh_profile_pauses(world.heap, RH_PAUSES_MAJOR, &pauses);
    assert_int_equal(pauses.count, 0);
    assert_int_equal(pauses.min_ns, 0);
    assert_int_equal(pauses.max_ns, 0);
    check_close(&world);
}

static void
percentiles_are_bounds_from_above(void **state)
{
    struct rh_pauses pauses = { .count = 0 };

    (void)state;
    assert_int_equal(rh_profile_percentile(&pauses, 0.5), 0);
    pauses.counts[16] = 90; // 1,024 to 1,087 ns
    pauses.counts[32] = 9;  // 2,048 to 2,175
    pauses.counts[48] = 1;  // 4,096 to 4,351
    pauses.count = 100;
    pauses.min_ns = 1030;
    pauses.max_ns = 4100;

    assert_int_equal(rh_profile_percentile(&pauses, -1), 1030);
    assert_int_equal(rh_profile_percentile(&pauses, 0), 1030);
    assert_int_equal(rh_profile_percentile(&pauses, 0.0001), 1087);
    assert_int_equal(rh_profile_percentile(&pauses, 0.5), 1087);
    assert_int_equal(rh_profile_percentile(&pauses, 0.9), 1087);
    assert_int_equal(rh_profile_percentile(&pauses, 0.901), 2175);
    assert_int_equal(rh_profile_percentile(&pauses, 0.99), 2175);
    assert_int_equal(rh_profile_percentile(&pauses, 0.991), 4100);
    assert_int_equal(rh_profile_percentile(&pauses, 1), 4100);
    assert_int_equal(rh_profile_percentile(&pauses, 2), 4100);
    assert_int_equal(rh_profile_percentile(&pauses, 0.0 / 0.0), 1030);
}

// Checking.

static void
broken_records_are_found(void **state)
{
    struct check_world world;
    struct rhi_profile *profile;

    (void)state;
    open_enabled(&world, 4);
    profile = &world.heap->profile;
    collect(world.heap, 6);

    profile->ring[0].number = 2;
    check_broken(world.heap, "O2");
    profile->ring[0].number = 7;
    check_broken(world.heap, "O2");
    profile->ring[0].number = 5;
    check_heap(world.heap);
    profile->ring[1].number = 7;
    check_broken(world.heap, "O2");
    profile->ring[1].number = 6;
    check_heap(world.heap);
    check_close(&world);

    check_open(&world);
    world.heap->profile.enabled = true;
    check_broken(world.heap, "O2");
    world.heap->profile.enabled = false;
    check_close(&world);
}

static void
kinds_and_phases_have_names(void **state)
{
    static const char *const kinds[] = { "minor", "major", "step", "sweep",
                                         "compaction" };
    static const char *const phases[] = { "roots", "mark",    "weak",
                                          "sweep", "compact", "release" };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(kinds); i++)
        assert_string_equal(rh_pause_kind_name((enum rh_pause_kind)i),
                            kinds[i]);
    assert_string_equal(rh_pause_kind_name((enum rh_pause_kind)5), "unknown");
    for (size_t i = 0; i < RH_PHASES; i++)
        assert_string_equal(rh_phase_name((enum rh_phase)i), phases[i]);
    assert_string_equal(rh_phase_name(RH_PHASES), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_heap_measures_but_records_nothing),
        cmocka_unit_test(every_pause_is_recorded_once_and_in_order),
        cmocka_unit_test(a_ring_keeps_the_last_records),
        cmocka_unit_test(a_ring_has_128_records_if_nobody_says_another_number),
        cmocka_unit_test(reading_goes_on_where_it_was_left),
        cmocka_unit_test(clearing_forgets_records_and_pauses_but_not_the_total),
        cmocka_unit_test(disabling_keeps_the_records),
        cmocka_unit_test(another_ring_gets_the_newest_records_of_the_old_one),
        cmocka_unit_test(without_memory_for_a_ring_all_is_as_it_was),
        cmocka_unit_test(recording_takes_no_memory),
        cmocka_unit_test(a_record_agrees_with_the_statistics),
        cmocka_unit_test(each_phase_has_its_time),
        cmocka_unit_test(pauses_are_counted_by_kind),
        cmocka_unit_test(a_compaction_asked_for_is_a_pause_of_its_kind),
        cmocka_unit_test(a_compaction_has_a_pause_and_a_phase_of_its_own),
        cmocka_unit_test(a_phase_without_a_pause_is_nobodys),
        cmocka_unit_test(one_pause_inside_another_panics),
        cmocka_unit_test(what_is_not_measured_has_no_time),
        cmocka_unit_test(measuring_may_change_in_the_middle_of_a_pause),
        cmocka_unit_test(a_listener_may_change_the_ring),
        cmocka_unit_test(buckets_follow_each_other_without_a_gap),
        cmocka_unit_test(a_pause_is_in_the_bucket_of_its_length),
        cmocka_unit_test(extremes_and_sums_are_exact),
        cmocka_unit_test(percentiles_are_bounds_from_above),
        cmocka_unit_test(broken_records_are_found),
        cmocka_unit_test(kinds_and_phases_have_names),
    };

    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
