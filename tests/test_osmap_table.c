// SPDX-License-Identifier: MIT
// The recorder's table of blocks, against a list.
#include "check.h"

#include "osmap/table.h"

#include <pthread.h>

enum {
    BLOCKS = 300 * 1000,
    STEPS = 200 * 1000,
    SLOTS = 3000,
    THREADS = 4
};

static uint64_t seed = 1;

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct table_cell
cell_at(uintptr_t address, uint32_t time)
{
    struct table_entry entry = {
        .address = address,
        .time = time,
        .thread = (uint16_t)time,
        .site = (uint16_t)(time * 7),
        .low_size = (uint16_t)(time * 3),
        .kind = TABLE_ARENA,
    };

    return table_cell_of(&entry);
}

// Addresses as malloc's: neighbours, multiples of 16.
static uintptr_t
address_of(size_t number)
{
    return (uintptr_t)UINT64_C(0x7f0000000010) + number * 48;
}

static void
a_cell_keeps_all_that_it_was_told(void **state)
{
    struct table_entry in = {
        .address = (uintptr_t)UINT64_C(0xfffffffffff0),
        .time = 0xfedcba98,
        .thread = 0xffff,
        .site = 0xabcd,
        .low_size = 0x1234,
        .kind = TABLE_OTHER,
    };
    struct table_entry out = table_entry_of(table_cell_of(&in));
    (void)state;

    assert_int_equal(out.address, in.address);
    assert_int_equal(out.time, in.time);
    assert_int_equal(out.thread, in.thread);
    assert_int_equal(out.site, in.site);
    assert_int_equal(out.low_size, in.low_size);
    assert_int_equal(out.kind, in.kind);
}

static void
a_block_takes_at_most_24_bytes(void **state)
{
    struct table table;
    (void)state;

    assert_true(table_init(&table));
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_true(
            table_add(&table, cell_at(address_of(i), (uint32_t)i), false));
        if (i > BLOCKS / 3 && i % 10000 == 0)
            assert_true(table_bytes(&table) <= 24 * (i + 1));
    }
    assert_int_equal(table_count(&table), BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++)
        assert_true(table_has(&table, address_of(i)));
    assert_false(table_has(&table, address_of(BLOCKS)));
    table_fini(&table);
}

static void
a_table_of_few_blocks_becomes_small_again(void **state)
{
    struct table table;
    uint64_t least;
    (void)state;

    assert_true(table_init(&table));
    least = table_bytes(&table);
    for (size_t i = 0; i < BLOCKS; i++)
        assert_true(table_add(&table, cell_at(address_of(i), 1), false));
    for (size_t i = 0; i < BLOCKS; i++)
        assert_true(table_remove(&table, address_of(i), false).first != 0);
    assert_int_equal(table_count(&table), 0);
    assert_int_equal(table_added(&table), BLOCKS);
    assert_int_equal(table_bytes(&table), least);
    table_fini(&table);
}

static void
it_holds_what_a_list_holds(void **state)
{
    static uint32_t list[SLOTS]; // 0: not there
    struct table table;
    uint64_t random = seed, count = 0;
    (void)state;

    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(table_init(&table));
    for (uint32_t step = 1; step < STEPS; step++) {
        size_t slot = next_random(&random) % SLOTS;
        uintptr_t address = address_of(slot);

        if (list[slot]) {
            struct table_cell cell = table_remove(&table, address, true);

            assert_int_equal(table_entry_of(cell).time, list[slot]);
            list[slot] = 0;
            count--;
        } else {
            assert_int_equal(table_remove(&table, address, true).first, 0);
            assert_true(table_add(&table, cell_at(address, step), true));
            list[slot] = step;
            count++;
        }
        assert_int_equal(table_count(&table), count);
    }
    for (size_t slot = 0; slot < SLOTS; slot++)
        assert_int_equal(table_has(&table, address_of(slot)), list[slot] != 0);
    table_fini(&table);
}

static struct table shared_table;

static void *
work(void *number)
{
    size_t first = (size_t)(uintptr_t)number * BLOCKS;

    for (size_t round = 0; round < 3; round++)
        for (size_t i = first; i < first + 20000; i++) {
            if (!table_add(&shared_table, cell_at(address_of(i), 1), true))
                return NULL;
            if (i % 4 &&
                !table_remove(&shared_table, address_of(i), true).first)
                return NULL;
            if (i % 4 == 0 && round < 2 &&
                !table_remove(&shared_table, address_of(i), true).first)
                return NULL;
        }
    return number;
}

static void
threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[THREADS];
    (void)state;

    assert_true(table_init(&shared_table));
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        assert_int_equal((uintptr_t)result, i + 1);
    }
    table_lock(&shared_table);
    assert_int_equal(table_count(&shared_table), THREADS * 20000 / 4);
    table_unlock(&shared_table);
    table_fini(&shared_table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_keeps_all_that_it_was_told),
        cmocka_unit_test(a_block_takes_at_most_24_bytes),
        cmocka_unit_test(a_table_of_few_blocks_becomes_small_again),
        cmocka_unit_test(it_holds_what_a_list_holds),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };
    const char *given = getenv("RH_SEED");

    if (given && strtoull(given, NULL, 10))
        seed = strtoull(given, NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
