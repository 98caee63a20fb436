// SPDX-License-Identifier: MIT
// The account of the heap's own blocks.
#include "check.h"

#include "meter.h"

struct metered {
    struct check_faults faults;
    struct check_allocator allocator;
    struct rhi_panic panic;
    struct rhi_meter meter;
};

static void
metered_init(struct metered *metered)
{
    *metered = (struct metered){ .panic = { .hook = check_panic } };
    check_allocator_init(&metered->allocator, &metered->faults,
                         &metered->meter.allocator);
    metered->meter.panic = &metered->panic;
}

static void
expect_account(const struct metered *metered, size_t blocks, size_t bytes)
{
    assert_int_equal(metered->meter.blocks, blocks);
    assert_int_equal(metered->meter.bytes, bytes);
    assert_int_equal(metered->allocator.blocks, blocks);
    assert_int_equal(metered->allocator.bytes, bytes);
}

static void
new_blocks_are_counted_and_zero(void **state)
{
    struct metered metered;
    char *block;

    (void)state;
    metered_init(&metered);

    block = rhi_meter_new(&metered.meter, 10, 3);

    assert_non_null(block);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(block[i], 0);
    expect_account(&metered, 1, 30);
    rhi_meter_free(&metered.meter, block, 10, 3);
    expect_account(&metered, 0, 0);
}

static void
growing_keeps_the_contents_and_the_count(void **state)
{
    struct metered metered;
    char *block;

    (void)state;
    metered_init(&metered);
    block = rhi_meter_grow(&metered.meter, NULL, 0, 2, 8);
    assert_non_null(block);
    memcpy(block, "0123456789abcdef", 16);

    block = rhi_meter_grow(&metered.meter, block, 2, 9, 8);

    assert_non_null(block);
    assert_memory_equal(block, "0123456789abcdef", 16);
    expect_account(&metered, 1, 72);
    rhi_meter_free(&metered.meter, block, 9, 8);
    expect_account(&metered, 0, 0);
}

static void
a_size_that_overflows_is_refused(void **state)
{
    struct metered metered;
    char *block;

    (void)state;
    metered_init(&metered);
    block = rhi_meter_new(&metered.meter, 1, 8);

    assert_null(rhi_meter_new(&metered.meter, SIZE_MAX / 4, 5));
    assert_null(rhi_meter_grow(&metered.meter, block, 1, SIZE_MAX / 4, 8));
    expect_account(&metered, 1, 8);
    rhi_meter_free(&metered.meter, block, 1, 8);
}

static void
a_refusal_leaves_block_and_account_alone(void **state)
{
    struct metered metered;
    char *block;

    (void)state;
    metered_init(&metered);
    block = rhi_meter_new(&metered.meter, 4, 1);
    block[0] = 'x';
    metered.faults.for_good = true;
    check_fail_at(&metered.faults, 1);

    assert_null(rhi_meter_new(&metered.meter, 1, 1));
    assert_null(rhi_meter_grow(&metered.meter, block, 4, 8, 1));
    expect_account(&metered, 1, 4);
    assert_int_equal(block[0], 'x');
    rhi_meter_free(&metered.meter, block, 4, 1);
}

static void
freeing_nothing_is_fine(void **state)
{
    struct metered metered;

    (void)state;
    metered_init(&metered);

    rhi_meter_free(&metered.meter, NULL, 100, 100);

    expect_account(&metered, 0, 0);
}

static void
freeing_more_than_is_out_panics(void **state)
{
    struct metered metered;
    void *block;

    (void)state;
    metered_init(&metered);
    block = rhi_meter_new(&metered.meter, 1, 16);

    check_panics("blocks > 0", rhi_meter_free(&metered.meter, block, 17, 1));
    rhi_meter_free(&metered.meter, block, 1, 16);
    check_panics("blocks > 0", rhi_meter_free(&metered.meter, &block, 1, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_blocks_are_counted_and_zero),
        cmocka_unit_test(growing_keeps_the_contents_and_the_count),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(a_refusal_leaves_block_and_account_alone),
        cmocka_unit_test(freeing_nothing_is_fine),
        cmocka_unit_test(freeing_more_than_is_out_panics),
    };

    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
