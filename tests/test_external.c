// SPDX-License-Identifier: MIT
// Data outside the slots: the account, the limits, and what happens when
// there is no memory.
#include "check.h"

enum {
    MIB = 1 << 20
};

static void
expect_account(const struct check_world *world, size_t blocks, size_t bytes)
{
    assert_int_equal(check_stat(world->heap, "x_external_blocks"), blocks);
    assert_int_equal(check_stat(world->heap, "x_external_bytes"), bytes);
    assert_true(check_stat(world->heap, "x_external_usable") >= bytes);
    check_heap(world->heap);
}

// The account.

static void
every_byte_is_accounted_for(void **state)
{
    struct check_world world;
    char *a, *b, *c;

    (void)state;
    check_open(&world);
    expect_account(&world, 0, 0);

    a = rh_external_malloc(world.heap, 100);
    expect_account(&world, 1, 100);
    b = rh_external_calloc(world.heap, 10, 7);
    expect_account(&world, 2, 170);
    for (size_t i = 0; i < 70; i++)
        assert_int_equal(b[i], 0);
    c = rh_external_realloc(world.heap, NULL, 0, 30);
    expect_account(&world, 3, 200);
    a = rh_external_realloc(world.heap, a, 100, 1000);
    expect_account(&world, 3, 1100);
    a = rh_external_realloc(world.heap, a, 1000, 1);
    expect_account(&world, 3, 101);
    rh_external_free(world.heap, b, 70);
    expect_account(&world, 2, 31);
    rh_external_free(world.heap, a, 1);
    rh_external_free(world.heap, c, 30);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
resizing_keeps_the_contents(void **state)
{
    struct check_world world;
    char *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 10);
    memcpy(block, "0123456789", 10);

    block = rh_external_realloc(world.heap, block, 10, 10000);
    assert_memory_equal(block, "0123456789", 10);
    block = rh_external_realloc(world.heap, block, 10000, 4);
    assert_memory_equal(block, "0123", 4);

    rh_external_free(world.heap, block, 4);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
a_block_of_no_size_is_a_block_of_its_own(void **state)
{
    struct check_world world;
    void *a, *b;

    (void)state;
    check_open(&world);

    a = rh_external_malloc(world.heap, 0);
    b = rh_external_malloc(world.heap, 0);

    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    expect_account(&world, 2, 0);
    a = rh_external_realloc(world.heap, a, 0, 8);
    expect_account(&world, 2, 8);
    a = rh_external_realloc(world.heap, a, 8, 0);
    assert_non_null(a);
    rh_external_free(world.heap, a, 0);
    rh_external_free(world.heap, b, 0);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
freeing_no_block_does_nothing(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    rh_external_free(world.heap, NULL, 0);

    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
absurd_sizes_are_refused_without_trying(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 1);
    check_fail_at(&world.faults, 0);

    assert_null(rh_external_malloc(world.heap, SIZE_MAX));
    assert_null(rh_external_malloc(world.heap, (size_t)PTRDIFF_MAX + 1));
    assert_null(rh_external_calloc(world.heap, SIZE_MAX / 2, 3));
    assert_null(rh_external_calloc(world.heap, 3, SIZE_MAX / 2));
    assert_null(rh_external_realloc(world.heap, block, 1, SIZE_MAX - 7));

    assert_int_equal(world.faults.calls, 0);
    assert_int_equal(world.allocator.trims, 0);
    expect_account(&world, 1, 1);
    rh_external_free(world.heap, block, 1);
    check_close(&world);
}

static void
a_collection_frees_the_buffers_of_the_dead(void **state)
{
    struct check_world world;
    struct node *keep;

    (void)state;
    check_open(&world);
    keep = check_buffer(world.heap, 1000);
    check_root(world.heap, &keep);
    for (size_t i = 1; i <= 100; i++)
        check_buffer(world.heap, i);
    expect_account(&world, 101, 1000 + 5050);

    rh_heap_collect(world.heap);

    expect_account(&world, 1, 1000);
    assert_int_equal(world.released, 100);
    check_close(&world);
}

static void
a_block_freed_twice_panics(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 10);
    rh_external_free(world.heap, block, 10);

    check_panics("freed twice", rh_external_free(world.heap, block, 10));
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
a_block_freed_with_another_size_panics(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 10);

    check_panics("another size", rh_external_free(world.heap, block, 11));

    rh_external_free(world.heap, block, 10);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
a_block_resized_from_another_size_panics(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 10);

    check_panics("another size",
                 (void)rh_external_realloc(world.heap, block, 11, 20));

    rh_external_free(world.heap, block, 10);
    expect_account(&world, 0, 0);
    check_close(&world);
}

// Foreign memory.

static void
adjusting_counts_what_others_allocate(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);

    rh_external_adjust(world.heap, node, 500);
    rh_external_adjust(world.heap, NULL, 70);
    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), 570);
    rh_external_adjust(world.heap, node, -120);
    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), 450);
    rh_external_adjust(world.heap, NULL, 0);
    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), 450);
    rh_external_adjust(world.heap, NULL, -450);

    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), 0);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
growing_attaches_the_object(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    rh_external_adjust(world.heap, check_node(world.heap, NULL, NULL), 5);
    rh_external_adjust(world.heap, check_node(world.heap, NULL, NULL), -5);

    rh_heap_collect(world.heap);

    assert_int_equal(world.released, 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
growing_beyond_all_memory_panics(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    rh_external_adjust(world.heap, NULL, PTRDIFF_MAX);

    check_panics("beyond all memory", rh_external_adjust(world.heap, NULL, 1));
    check_panics("beyond all memory",
                 rh_external_adjust(world.heap, NULL, PTRDIFF_MAX));

    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), PTRDIFF_MAX);
    rh_external_adjust(world.heap, NULL, -PTRDIFF_MAX);
    check_heap(world.heap);
    check_close(&world);
}

static void
shrinking_below_zero_panics(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    rh_external_adjust(world.heap, NULL, 100);

    check_panics("below zero", rh_external_adjust(world.heap, NULL, -101));
    check_panics("below zero",
                 rh_external_adjust(world.heap, NULL, PTRDIFF_MIN));

    assert_int_equal(check_stat(world.heap, "x_adjusted_bytes"), 100);
    check_heap(world.heap);
    check_close(&world);
}

static void
only_live_objects_of_the_heap_can_be_attached(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);

    check_panics("not an object", rh_external_attach(world.heap, &world));
    check_panics("not an object", rh_external_attach(world.heap, node + 1));
    check_panics("not an object", rh_external_detach(world.heap, NULL));
    check_panics("not an object", rh_external_adjust(world.heap, node + 1, 1));
    rh_heap_collect(world.heap);
    check_panics("not an object", rh_external_attach(world.heap, node));

    check_heap(world.heap);
    check_close(&world);
}

// Limits.

static void
open_limited(struct check_world *world, size_t limit, size_t max)
{
    check_prepare(world);
    world->config.malloc_limit = limit;
    world->config.malloc_limit_max = max;
    check_make(world);
}

static void
grow(struct check_world *world, size_t bytes)
{
    rh_external_adjust(world->heap, NULL, (ptrdiff_t)bytes);
}

static uint64_t
count(const struct check_world *world)
{
    return check_stat(world->heap, "count");
}

static uint64_t
limit(const struct check_world *world)
{
    return check_stat(world->heap, "malloc_increase_bytes_limit");
}

static uint64_t
old_limit(const struct check_world *world)
{
    return check_stat(world->heap, "oldmalloc_increase_bytes_limit");
}

static void
what_is_added_counts_until_the_next_collection(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_open(&world);
    block = rh_external_malloc(world.heap, 1000);
    grow(&world, 500);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 1500);
    assert_int_equal(check_stat(world.heap, "oldmalloc_increase_bytes"), 1500);
    block = rh_external_realloc(world.heap, block, 1000, 1600);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 2100);
    block = rh_external_realloc(world.heap, block, 1600, 600);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 1100);

    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 0);
    assert_int_equal(check_stat(world.heap, "oldmalloc_increase_bytes"), 0);
    rh_external_free(world.heap, block, 600); // never below zero
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_debt_is_acted_on_at_the_next_slot(void **state)
{
    struct check_world world;

    (void)state;
    open_limited(&world, 1000, 1000);
    check_waste(world.heap, 3);
    grow(&world, 1000);
    check_waste(world.heap, 1);
    assert_int_equal(count(&world), 0); // reached, not exceeded

    grow(&world, 1);
    assert_int_equal(count(&world), 0); // never inside an external call
    assert_true(rh_heap_is_due(world.heap));
    check_waste(world.heap, 1);

    assert_int_equal(count(&world), 1);
    assert_false(rh_heap_is_due(world.heap));
    check_waste(world.heap, 10);
    assert_int_equal(count(&world), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_debt_stops_the_inline_road_too(void **state)
{
    struct check_world world;
    struct rh_fast *fast;

    (void)state;
    open_limited(&world, 1000, 1000);
    fast = rh_heap_fast(world.heap);
    memset(rh_fast_alloc(world.heap, fast, 40), 0, 40);
    grow(&world, 1001);

    memset(rh_fast_alloc(world.heap, fast, 40), 0, 40);

    assert_int_equal(count(&world), 1);
    check_close(&world);
}

static void
a_debt_is_acted_on_at_a_safe_point(void **state)
{
    struct check_world world;

    (void)state;
    open_limited(&world, 1000, 1000);
    grow(&world, 1001);

    rh_heap_safepoint(world.heap);

    assert_int_equal(count(&world), 1);
    rh_heap_safepoint(world.heap);
    assert_int_equal(count(&world), 1);
    check_close(&world);
}

static void
external_calls_never_collect(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    open_limited(&world, 1, 1);
    block = rh_external_malloc(world.heap, 1000);
    block = rh_external_realloc(world.heap, block, 1000, 5000);
    rh_external_adjust(world.heap, NULL, 1000);
    assert_non_null(rh_external_calloc(world.heap, 0, 10));
    rh_external_free(world.heap, block, 5000);

    assert_int_equal(count(&world), 0);
    check_heap(world.heap);
    check_abandon(&world);
}

static void
a_disabled_heap_lets_its_debt_wait(void **state)
{
    struct check_world world;

    (void)state;
    open_limited(&world, 1000, 1000);
    rh_heap_disable(world.heap);
    grow(&world, 1001);
    check_waste(world.heap, 10);
    assert_int_equal(count(&world), 0);

    rh_heap_enable(world.heap);

    assert_true(rh_heap_is_due(world.heap));
    rh_heap_safepoint(world.heap);
    assert_int_equal(count(&world), 1);
    check_close(&world);
}

static void
a_debt_paid_back_in_time_is_none(void **state)
{
    struct check_world world;

    (void)state;
    open_limited(&world, 1000, 1000);
    grow(&world, 1001);
    rh_external_adjust(world.heap, NULL, -500);

    check_waste(world.heap, 1);

    assert_int_equal(count(&world), 0);
    check_close(&world);
}

static void
an_exceeded_limit_grows_by_a_factor_up_to_its_maximum(void **state)
{
    struct check_world world;
    // 16 MiB, each 1.4 times the one before, cut off; at most 32 MiB.
    static const uint64_t limits[] = { 16777216, 23488102, 32883342, 33554432,
                                       33554432 };

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < CHECK_COUNT(limits); i++) {
        assert_int_equal(limit(&world), limits[i]);
        grow(&world, limits[i] + 1);
        check_waste(world.heap, 1);
        assert_int_equal(count(&world), i + 1);
        check_heap(world.heap);
    }
    check_close(&world);
}

static void
a_limit_that_garbage_exceeded_grows_too(void **state)
{
    struct check_world world;

    (void)state;
    open_limited(&world, 10000, 20000);
    for (size_t i = 0; i < 11; i++)
        check_buffer(world.heap, 1000);
    assert_true(rh_heap_is_due(world.heap));

    rh_heap_safepoint(world.heap); // frees all eleven

    assert_int_equal(check_stat(world.heap, "x_external_bytes"), 0);
    assert_int_equal(limit(&world), 14000);
    assert_int_equal(check_stat(world.heap, "malloc_increase_bytes"), 0);
    check_close(&world);
}

static void
a_limit_that_was_not_reached_decays_to_its_start(void **state)
{
    struct check_world world;
    double expected;

    (void)state;
    open_limited(&world, 100000, 200000);
    grow(&world, 100001);
    rh_heap_collect(world.heap);
    assert_int_equal(limit(&world), 140000);

    expected = 140000;
    for (int n = 0; n < 16; n++) {
        expected = (double)(size_t)(expected * 0.98);
        rh_heap_collect(world.heap);
        assert_int_equal(limit(&world), (size_t)expected);
    }
    for (int n = 0; n < 16; n++)
        rh_heap_collect(world.heap);
    assert_int_equal(limit(&world), 100000);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_maximum_of_zero_is_no_maximum(void **state)
{
    struct check_world world;
    uint64_t before;

    (void)state;
    open_limited(&world, 1000, 0);
    for (int n = 0; n < 30; n++) {
        before = limit(&world);
        grow(&world, before + 1);
        rh_heap_collect(world.heap);
        assert_int_equal(limit(&world), (size_t)((double)before * 1.4));
    }
    check_close(&world);
}

static void
the_limit_for_old_data_has_numbers_of_its_own(void **state)
{
    struct check_world world;
    uint64_t expected = 16 * MIB;

    (void)state;
    check_open(&world);
    for (int n = 0; n < 15; n++) {
        assert_int_equal(old_limit(&world), expected);
        grow(&world, expected + 1);
        rh_heap_collect(world.heap);
        expected = (uint64_t)((double)expected * 1.2);
        if (expected > 128 * MIB)
            expected = 128 * MIB;
    }
    assert_int_equal(old_limit(&world), 128 * MIB);
    rh_heap_collect(world.heap);
    assert_int_equal(old_limit(&world), (uint64_t)((double)(128 * MIB) / 1.02));
    for (int n = 0; n < 200; n++)
        rh_heap_collect(world.heap);
    assert_int_equal(old_limit(&world), 16 * MIB);
    check_close(&world);
}

static void
old_data_alone_can_make_a_collection_due(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.malloc_limit = 1000000;
    world.config.oldmalloc_limit = 1000;
    check_make(&world);
    grow(&world, 1001);

    check_waste(world.heap, 1);

    assert_int_equal(count(&world), 1);
    check_close(&world);
}

// No memory.

struct rescue {
    size_t calls;
    size_t bytes;
    size_t helps; // so many times
    struct check_faults *faults;
};

static bool
rescue(struct rh_heap *heap, size_t bytes, void *context)
{
    struct rescue *plan = context;

    (void)heap;
    plan->calls++;
    plan->bytes = bytes;
    if (plan->calls == plan->helps)
        check_fail_at(plan->faults, 0);
    return plan->calls <= plan->helps;
}

static void
open_with_rescue(struct check_world *world, struct rescue *plan)
{
    check_prepare(world);
    *plan = (struct rescue){ .faults = &world->faults };
    world->config.out_of_memory = rescue;
    world->config.hook_context = plan;
    check_make(world);
    world->faults.for_good = true;
}

static void
a_failing_malloc_trims_asks_and_answers_null_and_never_collects(void **state)
{
    struct check_world world;
    struct rescue plan;

    (void)state;
    open_with_rescue(&world, &plan);
    check_waste(world.heap, 100);
    check_fail_at(&world.faults, 1);

    assert_null(rh_external_malloc(world.heap, 123));

    check_fail_at(&world.faults, 0);
    assert_int_equal(world.allocator.trims, 1);
    assert_int_equal(plan.calls, 1);
    assert_int_equal(plan.bytes, 123);
    assert_int_equal(count(&world), 0);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
a_failing_malloc_returns_the_tomb_pages(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 5000);
    rh_heap_collect(world.heap);
    assert_true(check_stat(world.heap, "heap_tomb_pages") > 0);
    check_fail_at(&world.faults, 1); // only the first call fails

    assert_non_null(rh_external_malloc(world.heap, 10));

    assert_true(world.memory.release_calls > 0);
    assert_int_equal(check_stat(world.heap, "heap_tomb_pages"), 0);
    assert_int_equal(check_stat(world.heap, "x_trim_count"), 1);
    expect_account(&world, 1, 10);
    check_abandon(&world);
}

static void
a_hook_that_frees_something_gets_another_try(void **state)
{
    struct check_world world;
    struct rescue plan;
    void *block;

    (void)state;
    open_with_rescue(&world, &plan);
    plan.helps = 1;
    check_fail_at(&world.faults, 1);

    block = rh_external_calloc(world.heap, 5, 5);

    assert_non_null(block);
    assert_int_equal(plan.calls, 1);
    expect_account(&world, 1, 25);
    rh_external_free(world.heap, block, 25);
    check_close(&world);
}

static void
a_failing_realloc_leaves_the_block_as_it_was(void **state)
{
    struct check_world world;
    struct rescue plan;
    char *block;

    (void)state;
    open_with_rescue(&world, &plan);
    block = rh_external_malloc(world.heap, 8);
    memcpy(block, "contents", 8);
    check_fail_at(&world.faults, 1);

    assert_null(rh_external_realloc(world.heap, block, 8, 800));

    check_fail_at(&world.faults, 0);
    assert_memory_equal(block, "contents", 8);
    assert_int_equal(plan.bytes, 800);
    expect_account(&world, 1, 8);
    rh_external_free(world.heap, block, 8);
    check_close(&world);
}

static void
an_allocator_without_usable_and_trim_will_do(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_prepare(&world);
    world.config.allocator.usable = NULL;
    world.config.allocator.trim = NULL;
    check_make(&world);
    block = rh_external_malloc(world.heap, 77);
    assert_int_equal(check_stat(world.heap, "x_external_usable"), 77);
    block = rh_external_realloc(world.heap, block, 77, 33);
    assert_int_equal(check_stat(world.heap, "x_external_usable"), 33);
    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;

    assert_null(rh_external_malloc(world.heap, 1));

    check_fail_at(&world.faults, 0);
    expect_account(&world, 1, 33);
    rh_external_free(world.heap, block, 33);
    expect_account(&world, 0, 0);
    check_close(&world);
}

static void
the_default_allocator_knows_what_it_sets_aside(void **state)
{
    struct check_world world;
    void *block;

    (void)state;
    check_prepare(&world);
    rh_allocator_init(&world.config.allocator);
    check_make(&world);

    block = rh_external_malloc(world.heap, 100);
    assert_in_range(check_stat(world.heap, "x_external_usable"), 100, 200);
    block = rh_external_realloc(world.heap, block, 100, 100000);
    assert_in_range(check_stat(world.heap, "x_external_usable"), 100000,
                    200000);
    rh_external_free(world.heap, block, 100000);
    assert_int_equal(check_stat(world.heap, "x_external_usable"), 0);
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_accounted_for),
        cmocka_unit_test(resizing_keeps_the_contents),
        cmocka_unit_test(a_block_of_no_size_is_a_block_of_its_own),
        cmocka_unit_test(freeing_no_block_does_nothing),
        cmocka_unit_test(absurd_sizes_are_refused_without_trying),
        cmocka_unit_test(a_collection_frees_the_buffers_of_the_dead),
        cmocka_unit_test(a_block_freed_twice_panics),
        cmocka_unit_test(a_block_freed_with_another_size_panics),
        cmocka_unit_test(a_block_resized_from_another_size_panics),
        cmocka_unit_test(adjusting_counts_what_others_allocate),
        cmocka_unit_test(growing_attaches_the_object),
        cmocka_unit_test(growing_beyond_all_memory_panics),
        cmocka_unit_test(shrinking_below_zero_panics),
        cmocka_unit_test(only_live_objects_of_the_heap_can_be_attached),
        cmocka_unit_test(what_is_added_counts_until_the_next_collection),
        cmocka_unit_test(a_debt_is_acted_on_at_the_next_slot),
        cmocka_unit_test(a_debt_stops_the_inline_road_too),
        cmocka_unit_test(a_debt_is_acted_on_at_a_safe_point),
        cmocka_unit_test(external_calls_never_collect),
        cmocka_unit_test(a_disabled_heap_lets_its_debt_wait),
        cmocka_unit_test(a_debt_paid_back_in_time_is_none),
        cmocka_unit_test(an_exceeded_limit_grows_by_a_factor_up_to_its_maximum),
        cmocka_unit_test(a_limit_that_garbage_exceeded_grows_too),
        cmocka_unit_test(a_limit_that_was_not_reached_decays_to_its_start),
        cmocka_unit_test(a_maximum_of_zero_is_no_maximum),
        cmocka_unit_test(the_limit_for_old_data_has_numbers_of_its_own),
        cmocka_unit_test(old_data_alone_can_make_a_collection_due),
        cmocka_unit_test(
            a_failing_malloc_trims_asks_and_answers_null_and_never_collects),
        cmocka_unit_test(a_failing_malloc_returns_the_tomb_pages),
        cmocka_unit_test(a_hook_that_frees_something_gets_another_try),
        cmocka_unit_test(a_failing_realloc_leaves_the_block_as_it_was),
        cmocka_unit_test(an_allocator_without_usable_and_trim_will_do),
        cmocka_unit_test(the_default_allocator_knows_what_it_sets_aside),
    };

    return cmocka_run_group_tests_name("external", tests, NULL, NULL);
}
