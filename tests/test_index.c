// SPDX-License-Identifier: MIT
// An index from codes to positions: against a plain list of pairs.
#include "config.h"

#include "check.h"

#include "index.h"

struct bench {
    struct check_faults faults;
    struct check_allocator allocator;
    struct rhi_meter meter;
    struct rhi_index index;
};

static void
bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    check_allocator_init(&bench->allocator, &bench->faults,
                         &bench->meter.allocator);
    rhi_index_init(&bench->index, &bench->meter);
}

static void
bench_close(struct bench *bench)
{
    rhi_index_fini(&bench->index);
    assert_int_equal(bench->allocator.blocks, 0);
    assert_int_equal(bench->meter.blocks, 0);
}

static void
sound(const struct rhi_index *index)
{
    const char *broken = rhi_index_check(index);

    if (broken)
        fail_msg("%s", broken);
}

// How often a search finds a position.
static size_t
times_found(const struct rhi_index *index, uint32_t code, uint32_t position)
{
    struct rhi_search search;
    size_t times = 0;

    for (uint32_t found = rhi_search_first(&search, index, code);
         found != RHI_NOWHERE; found = rhi_search_next(&search, index))
        times += found == position;
    return times;
}

static void
an_empty_index_has_no_memory_and_finds_nothing(void **state)
{
    struct bench bench;
    struct rhi_search search;

    (void)state;
    bench_open(&bench);

    assert_int_equal(rhi_search_first(&search, &bench.index, 7), RHI_NOWHERE);
    rhi_index_clear(&bench.index);

    assert_int_equal(bench.allocator.blocks, 0);
    sound(&bench.index);
    bench_close(&bench);
}

static void
several_positions_may_have_one_code(void **state)
{
    struct bench bench;
    struct rhi_search search;

    (void)state;
    bench_open(&bench);
    assert_true(rhi_index_reserve(&bench.index, 12));
    for (uint32_t position = 0; position < 12; position++)
        rhi_index_add(&bench.index, 5, position);
    sound(&bench.index);

    rhi_index_remove(&bench.index, 5, 3);
    rhi_index_move(&bench.index, 5, 4, 40);

    sound(&bench.index);
    assert_int_equal(times_found(&bench.index, 5, 3), 0);
    assert_int_equal(times_found(&bench.index, 5, 4), 0);
    assert_int_equal(times_found(&bench.index, 5, 40), 1);
    assert_int_equal(times_found(&bench.index, 5, 11), 1);
    assert_int_equal(rhi_search_first(&search, &bench.index, 6), RHI_NOWHERE);
    bench_close(&bench);
}

static void
reserving_keeps_what_is_there_and_may_fail(void **state)
{
    struct bench bench;
    size_t capacity;

    (void)state;
    bench_open(&bench);
    assert_true(rhi_index_reserve(&bench.index, 3));
    capacity = bench.index.capacity;
    for (uint32_t position = 0; position < 3; position++)
        rhi_index_add(&bench.index, position * 77, position);

    check_fail_at(&bench.faults, 1);
    assert_false(rhi_index_reserve(&bench.index, 1000));
    assert_int_equal(bench.index.capacity, capacity);
    sound(&bench.index);
    check_fail_at(&bench.faults, 0);
    assert_true(rhi_index_reserve(&bench.index, 1000));

    sound(&bench.index);
    assert_true(bench.index.capacity * 3 >= 4000);
    for (uint32_t position = 0; position < 3; position++)
        assert_int_equal(times_found(&bench.index, position * 77, position), 1);
    bench_close(&bench);
}

// Few codes and few cells, so that clusters run into each other and around the
// end.
enum {
    PAIRS = 24,
    CODES = 9
};

static void
random_changes_leave_what_a_list_would(void **state)
{
    struct bench bench;
    uint64_t seed = check_seed();
    uint32_t codes[PAIRS]; // of each position; CODES: not there
    static const uint32_t spread[CODES] = { 0,          1,          2,
                                            3,          0x80000000, 0xffffffff,
                                            0x13579bdf, 12345,      54321 };

    (void)state;
    bench_open(&bench);
    assert_true(rhi_index_reserve(&bench.index, PAIRS));
    for (size_t i = 0; i < PAIRS; i++)
        codes[i] = CODES;
    for (size_t step = 0; step < 20000; step++) {
        uint32_t position = (uint32_t)check_random_below(&seed, PAIRS);
        uint32_t other = (uint32_t)check_random_below(&seed, PAIRS);
        uint32_t code = (uint32_t)check_random_below(&seed, CODES);

        if (codes[position] == CODES) {
            rhi_index_add(&bench.index, spread[code], position);
            codes[position] = code;
        } else if (codes[other] == CODES && code < 4) {
            rhi_index_move(&bench.index, spread[codes[position]], position,
                           other);
            codes[other] = codes[position];
            codes[position] = CODES;
        } else {
            rhi_index_remove(&bench.index, spread[codes[position]], position);
            codes[position] = CODES;
        }
        sound(&bench.index);
        for (uint32_t i = 0; i < PAIRS; i++)
            for (uint32_t c = 0; c < CODES; c++)
                assert_int_equal(times_found(&bench.index, spread[c], i),
                                 codes[i] == c);
    }
    rhi_index_clear(&bench.index);
    sound(&bench.index);
    assert_int_equal(bench.index.used, 0);
    bench_close(&bench);
}

static void
a_lost_cell_is_noticed(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    assert_true(rhi_index_reserve(&bench.index, 4));
    rhi_index_add(&bench.index, 1, 0);
    rhi_index_add(&bench.index, 1, 1);
    sound(&bench.index);

    for (size_t i = 0; i < bench.index.capacity; i++)
        if (bench.index.cells[i].number == 1)
            bench.index.cells[i].number = 0;
    assert_string_equal(rhi_index_check(&bench.index), "I1");

    bench.index.used = 1; // and the second cannot be found
    assert_string_equal(rhi_index_check(&bench.index), "I1");
    bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_index_has_no_memory_and_finds_nothing),
        cmocka_unit_test(several_positions_may_have_one_code),
        cmocka_unit_test(reserving_keeps_what_is_there_and_may_fail),
        cmocka_unit_test(random_changes_leave_what_a_list_would),
        cmocka_unit_test(a_lost_cell_is_noticed),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
