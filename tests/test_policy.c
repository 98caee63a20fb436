// SPDX-License-Identifier: MIT
// What the policies answer to what they are shown; no heap, no clock.
#include "check.h"

enum {
    MB = 1 << 20,
    MS = 1000000
};

// A busy program that has just freed 10 MB after an hour without a trim.
static struct rh_trim_view
hour(void)
{
    return (struct rh_trim_view){
        .reason = RH_TRIM_COLLECTION,
        .freed_bytes = 10 * MB,
        .external_bytes = 20 * MB,
        .resident_bytes = (size_t)50 * MB,
        .elapsed_ns = UINT64_C(3600000) * MS,
        .since_trim_ns = UINT64_C(3600000) * MS,
        .window_ns = UINT64_C(60000) * MS,
    };
}

static void
threshold_waits_for_32_mb(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    view.freed_bytes = 32 * MB - 1;
    assert_int_equal(rh_trim_threshold(&view, NULL), RH_TRIM_NOTHING);
    view.freed_bytes = 32 * MB;
    assert_int_equal(rh_trim_threshold(&view, NULL), RH_TRIM_ALLOCATOR);
}

static void
threshold_waits_for_its_own_number_and_interval(void **state)
{
    struct rh_trim_view view = hour();
    struct rh_trim_threshold_options options = { .freed_bytes = 1000,
                                                 .interval_ns = 5 * MS };

    (void)state;
    view.freed_bytes = 1000;
    view.since_trim_ns = 5 * MS;
    assert_int_equal(rh_trim_threshold(&view, &options), RH_TRIM_ALLOCATOR);
    view.since_trim_ns--;
    assert_int_equal(rh_trim_threshold(&view, &options), RH_TRIM_NOTHING);
    view.since_trim_ns++;
    view.freed_bytes--;
    assert_int_equal(rh_trim_threshold(&view, &options), RH_TRIM_NOTHING);
}

static void
idle_and_fork_wait_for_their_reason(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    for (int reason = RH_TRIM_COLLECTION; reason <= RH_TRIM_IDLE; reason++) {
        unsigned all = RH_TRIM_PAGES | RH_TRIM_ALLOCATOR;

        view.reason = (enum rh_trim_reason)reason;
        assert_int_equal(rh_trim_when_idle(&view, NULL),
                         reason == RH_TRIM_IDLE ? all : 0);
        assert_int_equal(rh_trim_before_fork(&view, NULL),
                         reason == RH_TRIM_FORK ? all : 0);
    }
}

static void
adaptive_trims_what_it_can_afford(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_ALLOCATOR);
    view.reason = RH_TRIM_IDLE;
    assert_int_equal(rh_trim_adaptive(&view, NULL),
                     RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
}

static void
adaptive_wants_something_to_gain(void **state)
{
    struct rh_trim_view view = hour();
    struct rh_trim_adaptive_options options = { .freed_bytes = 11 * MB };

    (void)state;
    assert_int_equal(rh_trim_adaptive(&view, &options), RH_TRIM_NOTHING);
    view.freed_bytes = MB - 1;
    view.external_bytes = 0;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.freed_bytes = MB;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_ALLOCATOR);
    view.external_bytes = 9 * MB; // an eighth of it is more than was freed
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
}

// 2% of a minute is 1.2 s; half of it while the program is busy.
static void
adaptive_keeps_half_of_its_budget_for_idle_times(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    view.trims = 1;
    view.since_trim_ns = MS;
    view.last_trim_ns = 1 * MS;
    view.window_trim_ns = 599 * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_ALLOCATOR);
    view.window_trim_ns = 600 * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.reason = RH_TRIM_IDLE;
    assert_int_not_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.window_trim_ns = 1201 * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.window_idle_ns = 1199 * MS; // nobody has waited for these
    assert_int_not_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.window_idle_ns = 1200 * MS; // but they have a cap, too
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
}

static void
adaptive_counts_what_came_back(void **state)
{
    struct rh_trim_view view = hour();
    struct rh_trim_adaptive_options free_faults = { .fault_ns = 1 };

    (void)state;
    view.trims = 1;
    view.since_trim_ns = MS;
    view.last_trim_ns = 1 * MS;
    view.window_refault_bytes = (size_t)4096 * 600000; // at 1,000 ns each
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    assert_int_equal(rh_trim_adaptive(&view, &free_faults), RH_TRIM_ALLOCATOR);
}

static void
adaptive_takes_another_share(void **state)
{
    struct rh_trim_view view = hour();
    struct rh_trim_adaptive_options options = { .max_share = 0.5 };

    (void)state;
    view.trims = 1;
    view.since_trim_ns = MS;
    view.last_trim_ns = 1 * MS;
    view.window_trim_ns = UINT64_C(14999) * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    assert_int_equal(rh_trim_adaptive(&view, &options), RH_TRIM_ALLOCATOR);
}

// A trim of 10 s is more than 2% of any window.
static void
adaptive_does_a_dear_trim_when_it_has_waited_long_enough(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    view.trims = 1;
    view.last_trim_ns = UINT64_C(10000) * MS;
    view.since_trim_ns = UINT64_C(999000) * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.since_trim_ns = UINT64_C(1000000) * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_ALLOCATOR);
}

static void
adaptive_guesses_before_the_first_trim(void **state)
{
    struct rh_trim_view view = hour();

    (void)state;
    view.elapsed_ns = view.since_trim_ns = view.window_ns = 10 * MS;
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_NOTHING);
    view.resident_bytes = 100; // nearly nothing to walk through
    assert_int_equal(rh_trim_adaptive(&view, NULL), RH_TRIM_ALLOCATOR);
}

// Whatever a trim costs and how often it is asked, in a minute it spends no
// more than its share while busy, and while idle; or a single trim.
static void
adaptive_never_spends_more_than_its_cap(void **state)
{
    uint64_t seed = check_seed();

    (void)state;
    for (int run = 0; run < 200; run++) {
        uint64_t cost = 1 + check_random_below(&seed, 50 * MS);
        uint64_t now = 0;
        uint64_t last = 0;
        uint64_t spent = 0;
        uint64_t idle = 0;
        size_t trims = 0;

        while (now < UINT64_C(59000) * MS) {
            struct rh_trim_view view = hour();

            now += 1 + check_random_below(&seed, 100 * MS);
            view.reason = check_random_below(&seed, 2) ? RH_TRIM_IDLE
                                                       : RH_TRIM_COLLECTION;
            view.trims = trims;
            view.last_trim_ns = trims ? cost : 0;
            view.trim_ns = view.window_trim_ns = spent;
            view.window_idle_ns = idle;
            view.elapsed_ns = view.window_ns = now;
            view.since_trim_ns = now - last;
            if (!rh_trim_adaptive(&view, NULL))
                continue;
            trims++;
            spent += cost;
            idle += view.reason == RH_TRIM_IDLE ? cost : 0;
            now += cost;
            last = now;
            assert_true(trims == 1 || idle <= cost || idle <= now / 50);
            assert_true(trims == 1 || spent - idle <= cost ||
                        spent - idle <= now / 50);
        }
        assert_true(trims > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold_waits_for_32_mb),
        cmocka_unit_test(threshold_waits_for_its_own_number_and_interval),
        cmocka_unit_test(idle_and_fork_wait_for_their_reason),
        cmocka_unit_test(adaptive_trims_what_it_can_afford),
        cmocka_unit_test(adaptive_wants_something_to_gain),
        cmocka_unit_test(adaptive_keeps_half_of_its_budget_for_idle_times),
        cmocka_unit_test(adaptive_counts_what_came_back),
        cmocka_unit_test(adaptive_takes_another_share),
        cmocka_unit_test(
            adaptive_does_a_dear_trim_when_it_has_waited_long_enough),
        cmocka_unit_test(adaptive_guesses_before_the_first_trim),
        cmocka_unit_test(adaptive_never_spends_more_than_its_cap),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
