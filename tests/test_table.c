// SPDX-License-Identifier: MIT
// The ordered hash table under hashes, and the numbers of its entries.
#include "objects.h"

#include "object/hash.h"

static struct rhi_table *
new_table(uint32_t capacity)
{
    struct rhi_table *table = malloc(rhi_table_bytes(capacity));

    assert_non_null(table);
    rhi_table_init(table, capacity, 1, 1);
    return table;
}

static void
add(struct rhi_table *table, uint32_t code, rh_value key)
{
    rhi_table_add(table, code, table->next, key, key);
}

static void
capacity_leaves_room_for_the_index_to_work(void **state)
{
    (void)state;
    assert_int_equal(rhi_table_capacity_for(0), 8);
    assert_int_equal(rhi_table_capacity_for(1), 8);
    assert_int_equal(rhi_table_capacity_for(8), 8);
    assert_int_equal(rhi_table_capacity_for(9), 16);
    assert_int_equal(rhi_table_capacity_for(12), 16);
    assert_int_equal(rhi_table_capacity_for(13), 32);
    assert_int_equal(rhi_table_capacity_for(24), 32);
    assert_int_equal(rhi_table_capacity_for(25), 64);
    assert_int_equal(rhi_table_capacity_for(RHI_TABLE_MAX / 4 * 3),
                     RHI_TABLE_MAX);
    assert_int_equal(rhi_table_capacity_for(RHI_TABLE_MAX), 0);
    assert_int_equal(rhi_table_capacity_for(SIZE_MAX), 0);
}

static void
a_probe_finds_every_entry_with_its_code(void **state)
{
    (void)state;
    for (uint32_t capacity = 8; capacity <= 64; capacity *= 2) {
        struct rhi_table *table = new_table(capacity);

        for (uint32_t i = 0; i < capacity; i++)
            add(table, i % 3, rh_fixnum_from(i));
        for (uint32_t code = 0; code < 4; code++) {
            struct rhi_probe probe;
            uint32_t found = 0;

            rhi_probe_begin(&probe, code);
            for (; rhi_probe_next(&probe, table); found++)
                assert_int_equal(probe.position % 3, code);
            assert_int_equal(found, code > 2 ? 0 : (capacity + 2 - code) / 3);
        }
        assert_null(rhi_table_check(table));
        free(table);
    }
}

static void
a_gap_is_passed_over_and_closed_by_copying(void **state)
{
    struct rhi_table *table = new_table(16);
    struct rhi_table *copy = new_table(16);

    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        add(table, i, rh_fixnum_from(i));
    rhi_table_cut(table, 3);
    rhi_table_cut(table, 9);
    assert_int_equal(table->bound, 10);
    assert_int_equal(table->size, 8);
    assert_int_equal(rhi_table_seek(table, 3), 3);
    rhi_table_copy(copy, table);
    assert_int_equal(copy->bound, 8);
    assert_int_equal(copy->next, 10);
    assert_int_equal(rhi_table_seek(copy, 3), 3); // number 4 is there now
    assert_int_equal(rhi_table_numbers(copy)[3], 4);
    assert_int_equal(rhi_table_seek(copy, 9), 8);
    assert_null(rhi_table_check(copy));
    free(table);
    free(copy);
}

// Where the index says that an entry is.
static uint32_t *
cell_of(struct rhi_table *table, uint32_t position)
{
    uint32_t *cell = rhi_table_cells(table);

    while (*cell != position + 1)
        cell++;
    return cell;
}

static void
the_check_sees_what_is_wrong(void **state)
{
    struct rhi_table *table = new_table(16);
    uint32_t *cell;

    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        add(table, i, rh_fixnum_from(i));
    table->size--;
    assert_non_null(strstr(rhi_table_check(table), "miscounts"));
    table->size++;
    cell = cell_of(table, 4);
    *cell = 0;
    assert_non_null(strstr(rhi_table_check(table), "cannot be found"));
    *cell = 5;
    rhi_table_numbers(table)[4] = 9;
    assert_non_null(strstr(rhi_table_check(table), "out of order"));
    rhi_table_numbers(table)[4] = 4;
    table->next = 9;
    assert_non_null(strstr(rhi_table_check(table), "twice"));
    table->next = 10;
    table->bound = 17;
    assert_non_null(strstr(rhi_table_check(table), "more entries than room"));
    table->bound = 10;
    assert_null(rhi_table_check(table));
    free(table);
}

// After 2^32 - 1 insertions.

struct counting {
    rh_value hash;
    size_t calls;
    bool add;
};

static bool
count(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    struct counting *counting = context;

    (void)key, (void)value;
    counting->calls++;
    if (counting->add) {
        int64_t fresh = 1000 + (int64_t)counting->calls;

        assert_int_equal(
            rh_hash_set(heap, counting->hash, rh_fixnum_from(fresh), RH_NIL),
            RH_OK);
    }
    return true;
}

static void
numbers_begin_again_when_they_run_out(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    struct rhi_object *object = rh_value_slot(hash);
    struct counting counting = { hash, 0, false };

    for (int i = 0; i < 5; i++)
        assert_int_equal(rh_hash_set(heap, hash, rh_fixnum_from(i), RH_NIL),
                         RH_OK);
    object->as.hash.table->next = UINT32_MAX - 2;
    objects_check(heap);
    for (int i = 5; i < 60; i++)
        assert_int_equal(rh_hash_set(heap, hash, rh_fixnum_from(i), RH_NIL),
                         RH_OK);
    objects_check(heap);
    assert_true(object->as.hash.table->next < 100);
    assert_int_equal(rh_hash_each(heap, hash, count, &counting), RH_OK);
    assert_int_equal(counting.calls, 60);

    objects_close(&world);
}

static void
an_iteration_of_the_old_numbers_says_that_it_lost_its_place(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    struct rhi_object *object = rh_value_slot(hash);
    struct counting counting = { hash, 0, true };

    for (int i = 0; i < 5; i++)
        assert_int_equal(rh_hash_set(heap, hash, rh_fixnum_from(i), RH_NIL),
                         RH_OK);
    object->as.hash.table->next = UINT32_MAX - 2;
    assert_int_equal(rh_hash_each(heap, hash, count, &counting), RH_BUSY);
    assert_int_equal(counting.calls, 2);
    objects_check(heap);

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_leaves_room_for_the_index_to_work),
        cmocka_unit_test(a_probe_finds_every_entry_with_its_code),
        cmocka_unit_test(a_gap_is_passed_over_and_closed_by_copying),
        cmocka_unit_test(the_check_sees_what_is_wrong),
        objects_test(numbers_begin_again_when_they_run_out),
        objects_test(
            an_iteration_of_the_old_numbers_says_that_it_lost_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
