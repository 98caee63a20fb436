// SPDX-License-Identifier: MIT
// Growth policies, against numbers worked out by hand.
#include "check.h"

enum {
    PAGE = 408
}; // slots per page, in the views made up here

static struct rh_growth_answer
ask(rh_growth_fn policy, const struct rh_config *config, size_t live,
    size_t total, size_t capacity)
{
    struct rh_growth_view view = {
        .config = config,
        .live_slots = live,
        .total_slots = total,
        .capacity_slots = capacity,
        .slots_per_page = PAGE,
        .pages = (live + PAGE - 1) / PAGE,
    };
    struct rh_growth_answer answer = { 0, 0 };

    policy(&view, &answer);
    return answer;
}

static struct rh_config
defaults(void)
{
    struct rh_config config;

    rh_config_init(&config);
    return config;
}

// The default.

static void
by_default_as_much_is_handed_out_as_is_alive(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(
        ask(rh_growth_default, &config, 50000, 60000, 0).capacity_slots,
        100000);
    assert_int_equal(
        ask(rh_growth_default, &config, 9792, 10000, 0).capacity_slots, 19584);
}

static void
by_default_at_least_the_first_heap_is_handed_out(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 10,000 slots are 24 whole pages of 408.
    assert_int_equal(ask(rh_growth_default, &config, 0, 0, 0).capacity_slots,
                     9792);
    assert_int_equal(
        ask(rh_growth_default, &config, 100, 9792, 9792).capacity_slots, 9892);
    config.initial_slots = 100000; // 245 pages
    assert_int_equal(ask(rh_growth_default, &config, 0, 0, 0).capacity_slots,
                     245 * PAGE);
}

static void
by_default_24_pages_or_half_of_those_in_use_stay_empty(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(ask(rh_growth_default, &config, 0, 0, 0).max_empty_pages,
                     24);
    assert_int_equal(
        ask(rh_growth_default, &config, 48 * PAGE, 0, 0).max_empty_pages, 24);
    assert_int_equal(
        ask(rh_growth_default, &config, 50 * PAGE, 0, 0).max_empty_pages, 25);
    assert_int_equal(
        ask(rh_growth_default, &config, 1000 * PAGE, 0, 0).max_empty_pages,
        500);
}

// CRuby 3.1.  With its defaults: minimum 20% or 4,096 free, maximum 65% or
// 10,000, goal 40%, at most 1.8 times as many.

static void
cruby_stays_between_minimum_and_maximum(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_answer answer;

    (void)state;
    // 100 pages: 40,800 slots, of which 8,160 must and 26,520 may be free.
    answer = ask(rh_growth_cruby31, &config, 32640, 40800, 40800);
    assert_int_equal(answer.capacity_slots, 40800);
    assert_int_equal(answer.max_empty_pages, SIZE_MAX);
    answer = ask(rh_growth_cruby31, &config, 14280, 40800, 40800);
    assert_int_equal(answer.capacity_slots, 40800);
    assert_int_equal(answer.max_empty_pages, SIZE_MAX);
}

static void
cruby_grows_until_the_goal_would_be_free(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 32,641 of 40,800 are alive: f = 32,641 / (0.6 * 40,800) = 1.33337...;
    // f * 40,800 = 54,401.67.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 32641, 40800, 40800).capacity_slots,
        54401);
    // All alive: f = 1 / 0.6 = 1.667, 68,000 slots.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 40800, 40800, 40800).capacity_slots,
        68000);
}

static void
cruby_grows_by_no_more_than_its_factor(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    config.growth_factor = 1.5; // below 1 / 0.6
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 40800, 40800, 40800).capacity_slots,
        61200);
}

static void
cruby_grows_by_a_tenth_when_the_goal_is_met_already(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 10 pages, 4,080 slots: 4,096 free are impossible, so it grows though
    // almost all is free; f = 408 / (0.6 * 4,080) = 0.17, below 1: 1.1.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 408, 4080, 4080).capacity_slots, 4488);
}

static void
cruby_takes_a_factor_between_1_and_a_tenth_more_as_it_is(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 9,792 slots, of which 6,120 are alive and 3,672 free: less than 4,096;
    // f = 6,120 / (0.6 * 9,792) = 1.0417, 10,200 slots, just one page more.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 6120, 9792, 9792).capacity_slots,
        10200);
}

static void
cruby_grows_by_a_page_at_least(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // f = 5,876 / (0.6 * 9,792) = 1.00014: not even two slots.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 5876, 9792, 9792).capacity_slots,
        9792 + PAGE);
    config.growth_max_slots = 10; // nor does a maximum prevent it
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 9792, 9792, 9792).capacity_slots,
        9792 + PAGE);
}

static void
cruby_without_a_goal_grows_by_its_factor(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    config.free_slots_goal_ratio = 0;
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 40800, 40800, 40800).capacity_slots,
        73440);
}

static void
cruby_can_be_told_to_grow_slowly(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    config.growth_max_slots = 8160; // 20 pages
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 40800, 40800, 40800).capacity_slots,
        48960);
}

static void
cruby_gives_back_what_exceeds_the_maximum(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_answer answer;

    (void)state;
    // 40,800 slots, all free: 26,520 may be, 14,280 are 35 pages too many.
    answer = ask(rh_growth_cruby31, &config, 0, 40800, 40800);
    assert_int_equal(answer.capacity_slots, 65 * PAGE);
    assert_int_equal(answer.max_empty_pages, 65);
    // 10,000 alive: 30,800 free, 4,280 too many, 10 pages.
    answer = ask(rh_growth_cruby31, &config, 10000, 40800, 40800);
    assert_int_equal(answer.capacity_slots, 90 * PAGE);
    assert_int_equal(answer.max_empty_pages, 30800 / PAGE - 10);
}

static void
cruby_counts_pages_that_it_may_still_make(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 9,792 slots with memory, but 40,800 are allowed: 31,008 are free, 4,488
    // more than may be, 11 pages.
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 9792, 9792, 40800).capacity_slots,
        89 * PAGE);
    assert_int_equal(
        ask(rh_growth_cruby31, &config, 9792, 9792, 9792).capacity_slots,
        16320); // 1 / 0.6 times as many
}

static void
cruby_keeps_a_small_heap(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_answer answer;

    (void)state;
    // 9,792 slots, all free: no more than the 10,000 that always may be.
    answer = ask(rh_growth_cruby31, &config, 0, 9792, 9792);
    assert_int_equal(answer.capacity_slots, 9792);
    assert_int_equal(answer.max_empty_pages, SIZE_MAX);
}

// Ruby Enterprise Edition: heaps of 10,000, 10,000, 18,000, 32,400.

static void
ree_adds_larger_and_larger_heaps(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_view view = { .config = &config,
                                   .capacity_slots = 10000,
                                   .slots_per_page = PAGE };
    static const size_t heaps[] = { 10000, 18000, 32400, 58320 };
    struct rh_growth_answer answer;

    (void)state;
    for (size_t n = 0; n < CHECK_COUNT(heaps); n++) {
        view.live_slots = view.capacity_slots - 4095; // 4,096 must be free
        view.heaps_added = n;

        rh_growth_ree(&view, &answer);

        assert_int_equal(answer.capacity_slots, view.capacity_slots + heaps[n]);
        assert_int_equal(answer.max_empty_pages, SIZE_MAX);
        view.capacity_slots = answer.capacity_slots;
    }
}

static void
ree_is_content_with_4096_free_slots(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(
        ask(rh_growth_ree, &config, 10000 - 4096, 0, 10000).capacity_slots,
        10000);
    assert_int_equal(
        ask(rh_growth_ree, &config, 10000 - 4095, 0, 10000).capacity_slots,
        20000);
}

static void
ree_survives_absurd_numbers(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_view view = { .config = &config,
                                   .live_slots = 1000000,
                                   .capacity_slots = 10000,
                                   .slots_per_page = PAGE,
                                   .heaps_added = 100000 };
    struct rh_growth_answer answer;

    (void)state;
    config.growth_factor = 1000;

    rh_growth_ree(&view, &answer);

    assert_true(answer.capacity_slots > 10000);
}

// Ruby 1.8: heaps of 10,000, 18,000, 32,400.

static void
mri18_multiplies_from_the_first_heap_on(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_view view = { .config = &config,
                                   .capacity_slots = 10000,
                                   .slots_per_page = PAGE };
    static const size_t heaps[] = { 18000, 32400, 58320 };
    struct rh_growth_answer answer;

    (void)state;
    for (size_t n = 0; n < CHECK_COUNT(heaps); n++) {
        view.live_slots = view.capacity_slots;
        view.heaps_added = n;

        rh_growth_mri18(&view, &answer);

        assert_int_equal(answer.capacity_slots, view.capacity_slots + heaps[n]);
        view.capacity_slots = answer.capacity_slots;
    }
}

static void
mri18_wants_a_fifth_of_the_slots_free(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(
        ask(rh_growth_mri18, &config, 80000, 0, 100000).capacity_slots, 100000);
    assert_int_equal(
        ask(rh_growth_mri18, &config, 80001, 0, 100000).capacity_slots, 118000);
    assert_int_equal( // 4,096 at least
        ask(rh_growth_mri18, &config, 5905, 0, 10000).capacity_slots, 28000);
}

// CRuby 2.1: a factor, when less than 30% is free.

static void
cruby21_grows_by_its_factor_whatever_the_goal(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    assert_int_equal(rh_config_use_growth(&config, "cruby21"), RH_OK);
    assert_int_equal(
        ask(config.growth, &config, 28560, 40800, 40800).capacity_slots, 40800);
    assert_int_equal(
        ask(config.growth, &config, 28561, 40800, 40800).capacity_slots, 73440);
}

// A ratio, a maximum, decay.

static void
a_ratio_keeps_as_many_slots_for_each_live_one(void **state)
{
    struct rh_config config = defaults();
    struct rh_growth_answer answer;

    (void)state;
    config.live_ratio = 3;
    answer = ask(rh_growth_ratio, &config, 50000, 60000, 60000);
    assert_int_equal(answer.capacity_slots, 150000);
    assert_int_equal(answer.max_empty_pages, 100000 / PAGE);
    assert_int_equal(ask(rh_growth_ratio, &config, 10, 0, 0).capacity_slots,
                     10000);
}

static void
a_ratio_gives_a_share_of_the_surplus_up_each_time(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    // 20,000 are wanted; 80,000 too many, of which 20,000 go.
    config.growth_decay = 0.25;
    assert_int_equal(
        ask(rh_growth_ratio, &config, 10000, 0, 100000).capacity_slots, 80000);
    config.growth_decay = 1;
    assert_int_equal(
        ask(rh_growth_ratio, &config, 10000, 0, 100000).capacity_slots, 20000);
    config.growth_decay = 0;
    assert_int_equal(
        ask(rh_growth_ratio, &config, 10000, 0, 100000).capacity_slots, 100000);
}

static void
a_ratio_stops_at_the_maximum(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    config.max_slots = 70000;
    assert_int_equal(
        ask(rh_growth_ratio, &config, 50000, 60000, 60000).capacity_slots,
        70000);
}

// By name.

static void
a_policy_by_name_brings_what_its_ruby_had(void **state)
{
    struct rh_config config = defaults();

    (void)state;
    config.growth_factor = 3;
    assert_int_equal(rh_config_use_growth(&config, "ree"), RH_OK);
    assert_ptr_equal(config.growth, rh_growth_ree);
    assert_true(config.growth_factor == 1.8);
    assert_int_equal(config.malloc_limit, 8000000);
    assert_int_equal(config.malloc_limit_max, 8000000);
    assert_int_equal(rh_config_use_growth(&config, "cruby31"), RH_OK);
    assert_int_equal(config.malloc_limit, 16 << 20);
    assert_int_equal(config.malloc_limit_max, 32 << 20);
}

static void
every_name_is_that_of_a_policy(void **state)
{
    struct rh_config config = defaults();
    size_t n = 0;

    (void)state;
    for (; rh_growth_name(n); n++) {
        assert_int_equal(rh_config_use_growth(&config, rh_growth_name(n)),
                         RH_OK);
        assert_int_equal(rh_config_check(&config, NULL), RH_OK);
    }
    assert_int_equal(n, 6);
    assert_int_equal(rh_config_use_growth(&config, "mri"), RH_NOT_FOUND);
    assert_ptr_equal(config.growth, rh_growth_ratio);
}

// In a heap.

static void
open_with(struct check_world *world, rh_growth_fn policy)
{
    check_prepare(world);
    world->config.growth = policy;
    check_make(world);
}

static void
expect_policy_works(rh_growth_fn policy)
{
    struct check_world world;
    struct node *keep;

    open_with(&world, policy);
    keep = check_list(world.heap, 30000);
    check_root(world.heap, &keep);
    for (int round = 0; round < 5; round++) {
        check_waste(world.heap, 40000);
        check_heap(world.heap);
    }
    assert_true(check_stat(world.heap, "count") > 0);
    assert_int_equal(check_list_length(keep), 30000);
    keep = NULL;
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_heap_works_under_every_policy(void **state)
{
    (void)state;
    expect_policy_works(rh_growth_default);
    expect_policy_works(rh_growth_cruby31);
    expect_policy_works(rh_growth_ree);
    expect_policy_works(rh_growth_cruby21);
    expect_policy_works(rh_growth_mri18);
    expect_policy_works(rh_growth_ratio);
}

struct asked {
    size_t times;
    size_t raise_to; // 0: refuse
};

static bool
be_asked(struct rh_heap *heap, size_t bytes, void *context)
{
    struct asked *asked = context;

    (void)bytes;
    asked->times++;
    if (asked->raise_to)
        rh_heap_set_max_slots(heap, asked->raise_to);
    return asked->raise_to != 0;
}

// Nodes until no more are to be had, at most `max`.
static size_t
fill_up(struct check_world *world, struct node **keep, size_t max)
{
    size_t n = 0;

    for (; n < max; n++) {
        struct node *node = rh_heap_alloc(world->heap);

        if (!node)
            break;
        node->left = *keep;
        *keep = node;
    }
    return n;
}

static void
at_the_hard_maximum_the_hook_is_asked_before_failure(void **state)
{
    struct check_world world;
    struct asked asked = { 0, 0 };
    struct node *keep = NULL;
    size_t slots;

    (void)state;
    check_prepare(&world);
    world.config.growth = rh_growth_ratio;
    world.config.out_of_memory = be_asked;
    world.config.hook_context = &asked;
    world.config.initial_slots = 0;
    check_make(&world);
    check_root(world.heap, &keep);
    slots = rh_heap_slots_per_page(world.heap);
    rh_heap_set_max_slots(world.heap, 30 * slots + 1);
    assert_int_equal(rh_heap_max_slots(world.heap), 30 * slots + 1);

    assert_int_equal(fill_up(&world, &keep, SIZE_MAX), 30 * slots);
    assert_int_equal(asked.times, 1);
    check_heap(world.heap);
    asked.raise_to = 40 * slots;
    assert_int_equal(fill_up(&world, &keep, 10 * slots), 10 * slots);
    assert_int_equal(asked.times, 2);
    keep = NULL; // garbage makes room without a question
    check_waste(world.heap, 100 * slots);
    assert_int_equal(asked.times, 2);
    check_heap(world.heap);
    check_close(&world);
}

static struct rh_growth_view last_view;
static struct rh_growth_answer next_answer;

static void
obey(const struct rh_growth_view *view, struct rh_growth_answer *answer)
{
    last_view = *view;
    *answer = next_answer;
}

static void
a_policy_sees_what_the_collection_has_found(void **state)
{
    struct check_world world;
    struct node *keep;
    size_t slots;

    (void)state;
    open_with(&world, obey);
    slots = rh_heap_slots_per_page(world.heap);
    keep = check_list(world.heap, 3 * slots);
    check_root(world.heap, &keep);
    next_answer = (struct rh_growth_answer){ 50000, SIZE_MAX };

    rh_heap_collect(world.heap);

    assert_int_equal(last_view.live_slots, 3 * slots);
    assert_int_equal(last_view.pages, 3);
    assert_int_equal(last_view.slots_per_page, slots);
    assert_int_equal(last_view.capacity_slots, 10000 / slots * slots);
    assert_int_equal(last_view.total_slots,
                     check_stat(world.heap, "heap_available_slots"));
    assert_int_equal(last_view.heaps_added, 0);
    assert_int_equal(last_view.config->initial_slots, 10000);
    rh_heap_collect(world.heap);
    assert_int_equal(last_view.capacity_slots, 50000);
    assert_int_equal(last_view.heaps_added, 1);
    rh_heap_collect(world.heap);
    assert_int_equal(last_view.heaps_added, 1);
    check_close(&world);
}

static void
the_capacity_says_when_the_next_collection_is_due(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    open_with(&world, obey);
    slots = rh_heap_slots_per_page(world.heap);
    next_answer = (struct rh_growth_answer){ 50 * slots, SIZE_MAX };
    rh_heap_collect(world.heap);

    check_waste(world.heap, 50 * slots);
    assert_int_equal(check_stat(world.heap, "count"), 1);
    check_waste(world.heap, 1);

    assert_int_equal(check_stat(world.heap, "count"), 2);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_page_is_handed_out_between_two_collections_at_least(void **state)
{
    struct check_world world;
    size_t slots;

    (void)state;
    open_with(&world, obey);
    slots = rh_heap_slots_per_page(world.heap);
    next_answer = (struct rh_growth_answer){ 0, 0 };
    rh_heap_collect(world.heap);

    for (uint64_t n = 2; n < 6; n++) {
        check_waste(world.heap, slots - 1);
        assert_int_equal(check_stat(world.heap, "count"), n - 1);
        check_waste(world.heap, n == 2 ? 2 : 1);
        assert_int_equal(check_stat(world.heap, "count"), n);
    }
    check_heap(world.heap);
    check_close(&world);
}

static void
a_capacity_without_end_means_no_more_collections(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, obey);
    next_answer = (struct rh_growth_answer){ SIZE_MAX, SIZE_MAX };
    check_waste(world.heap, 1000);
    rh_heap_collect(world.heap);

    check_waste(world.heap, 50000);

    assert_int_equal(check_stat(world.heap, "count"), 1);
    assert_false(rh_heap_is_due(world.heap));
    check_heap(world.heap);
    check_close(&world);
}

static void
a_policy_that_keeps_nothing_empties_the_tomb(void **state)
{
    struct check_world world;

    (void)state;
    open_with(&world, obey);
    next_answer = (struct rh_growth_answer){ 10000, 0 };
    check_waste(world.heap, 1000);

    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), 0);
    check_heap(world.heap);
    check_waste(world.heap, 1000);
    check_heap(world.heap);
    check_close(&world);
}

static void
ree_gives_nothing_back(void **state)
{
    struct check_world world;
    uint64_t pages;

    (void)state;
    open_with(&world, rh_growth_ree);
    rh_heap_disable(world.heap);
    check_waste(world.heap, 100000);
    rh_heap_enable(world.heap);
    pages = check_stat(world.heap, "heap_allocated_pages");

    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_allocated_pages"), pages);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_as_much_is_handed_out_as_is_alive),
        cmocka_unit_test(by_default_at_least_the_first_heap_is_handed_out),
        cmocka_unit_test(
            by_default_24_pages_or_half_of_those_in_use_stay_empty),
        cmocka_unit_test(cruby_stays_between_minimum_and_maximum),
        cmocka_unit_test(cruby_grows_until_the_goal_would_be_free),
        cmocka_unit_test(cruby_grows_by_no_more_than_its_factor),
        cmocka_unit_test(cruby_grows_by_a_tenth_when_the_goal_is_met_already),
        cmocka_unit_test(
            cruby_takes_a_factor_between_1_and_a_tenth_more_as_it_is),
        cmocka_unit_test(cruby_grows_by_a_page_at_least),
        cmocka_unit_test(cruby_without_a_goal_grows_by_its_factor),
        cmocka_unit_test(cruby_can_be_told_to_grow_slowly),
        cmocka_unit_test(cruby_gives_back_what_exceeds_the_maximum),
        cmocka_unit_test(cruby_counts_pages_that_it_may_still_make),
        cmocka_unit_test(cruby_keeps_a_small_heap),
        cmocka_unit_test(ree_adds_larger_and_larger_heaps),
        cmocka_unit_test(ree_is_content_with_4096_free_slots),
        cmocka_unit_test(ree_survives_absurd_numbers),
        cmocka_unit_test(mri18_multiplies_from_the_first_heap_on),
        cmocka_unit_test(mri18_wants_a_fifth_of_the_slots_free),
        cmocka_unit_test(cruby21_grows_by_its_factor_whatever_the_goal),
        cmocka_unit_test(a_ratio_keeps_as_many_slots_for_each_live_one),
        cmocka_unit_test(a_ratio_gives_a_share_of_the_surplus_up_each_time),
        cmocka_unit_test(a_ratio_stops_at_the_maximum),
        cmocka_unit_test(a_policy_by_name_brings_what_its_ruby_had),
        cmocka_unit_test(every_name_is_that_of_a_policy),
        cmocka_unit_test(at_the_hard_maximum_the_hook_is_asked_before_failure),
        cmocka_unit_test(a_heap_works_under_every_policy),
        cmocka_unit_test(a_policy_sees_what_the_collection_has_found),
        cmocka_unit_test(the_capacity_says_when_the_next_collection_is_due),
        cmocka_unit_test(a_page_is_handed_out_between_two_collections_at_least),
        cmocka_unit_test(a_capacity_without_end_means_no_more_collections),
        cmocka_unit_test(a_policy_that_keeps_nothing_empties_the_tomb),
        cmocka_unit_test(ree_gives_nothing_back),
    };

    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
