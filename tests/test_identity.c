// SPDX-License-Identifier: MIT
// Ids: given in sequence, kept by moves, never given again; and the roster that
// they are kept in.
#include "config.h"

#include "minor.h"

#include <rheap/finalizer.h>
#include <rheap/identity.h>

static void
an_id_stands_for_an_object_as_long_as_it_lives(void **state)
{
    struct keeper keeper;
    uint64_t ids[3];

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 3; i++)
        ids[i] = rh_identity_of(keeper.heap, keep(&keeper, i));
    check_heap(keeper.heap);

    collect(&keeper);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ids[i], i + 1);
        assert_int_equal(rh_identity_of(keeper.heap, keeper.kept[i]), ids[i]);
        assert_ptr_equal(rh_identity_object(keeper.heap, ids[i]),
                         keeper.kept[i]);
    }
    keeper.kept[1] = NULL;
    assert_non_null(rh_identity_object(keeper.heap, ids[1])); // not found yet
    collect(&keeper);

    assert_null(rh_identity_object(keeper.heap, ids[1]));
    assert_ptr_equal(rh_identity_object(keeper.heap, ids[0]), keeper.kept[0]);
    assert_ptr_equal(rh_identity_object(keeper.heap, ids[2]), keeper.kept[2]);
    assert_int_equal(check_stat(keeper.heap, "x_ids"), 2);
    keeper_close(&keeper);
}

static void
ids_that_were_never_given_lead_nowhere(void **state)
{
    struct keeper keeper;

    (void)state;
    keeper_open(&keeper);
    assert_null(rh_identity_object(keeper.heap, 0));
    assert_null(rh_identity_object(keeper.heap, 1));

    (void)rh_identity_of(keeper.heap, keep(&keeper, 0));

    assert_null(rh_identity_object(keeper.heap, 0));
    assert_null(rh_identity_object(keeper.heap, 2));
    assert_null(rh_identity_object(keeper.heap, UINT64_MAX));
    keeper_close(&keeper);
}

static void
ids_never_repeat(void **state)
{
    enum {
        ROUNDS = 20,
        COUNT = 1000
    };
    struct keeper keeper;
    uint64_t last = 0;

    (void)state;
    keeper_open(&keeper);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            uint64_t id = rh_identity_of(keeper.heap,
                                         check_node(keeper.heap, NULL, NULL));

            assert_true(id > last);
            last = id;
        }
        collect(&keeper);
        assert_null(rh_identity_object(keeper.heap, last));
    }
    assert_int_equal(last, ROUNDS * COUNT);
    keeper_close(&keeper);
}

// A slot is used again: its new object must not have the id of the old one.
static void
a_new_object_in_an_old_slot_has_no_id(void **state)
{
    struct keeper keeper;
    struct node *before = NULL;
    bool reused = false;

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 2 * rh_heap_slots_per_page(keeper.heap); i++) {
        struct node *node = check_node(keeper.heap, NULL, NULL);

        before = i == 0 ? node : before;
        (void)rh_identity_of(keeper.heap, node);
    }
    collect(&keeper);

    for (size_t i = 0; i < 20 * rh_heap_slots_per_page(keeper.heap); i++) {
        struct node *node = check_node(keeper.heap, NULL, NULL);
        uint64_t last = keeper.heap->identity.last;

        reused = reused || node == before;
        assert_int_equal(rh_identity_of(keeper.heap, node), last + 1);
    }
    assert_true(reused);
    check_heap(keeper.heap);
    keeper_close(&keeper);
}

static void
no_table_exists_until_an_id_is_asked_for(void **state)
{
    struct keeper keeper;
    size_t blocks;
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    blocks = keeper.world.allocator.blocks;
    seen = entries_seen(&keeper);

    for (size_t i = 0; i < 30; i++)
        keep(&keeper, i);
    assert_null(rh_identity_object(keeper.heap, 1));
    collect(&keeper);

    assert_int_equal(keeper.world.allocator.blocks, blocks);
    assert_int_equal(entries_seen(&keeper), seen);
    keeper_close(&keeper);
}

static void
without_memory_there_is_no_id_and_then_there_is(void **state)
{
    struct keeper keeper;
    struct node *node;

    (void)state;
    keeper_open(&keeper);
    node = keep(&keeper, 0);
    check_fail_at(&keeper.world.faults, 1);
    assert_int_equal(rh_identity_of(keeper.heap, node), 0);
    assert_true(keeper.world.faults.failed);
    check_fail_at(&keeper.world.faults, 0);
    check_heap(keeper.heap);

    assert_int_equal(rh_identity_of(keeper.heap, node), 1);
    keeper_close(&keeper);
}

// The index is made when somebody looks for an id.  Without memory for it the
// entries do.
static void
an_id_is_found_even_if_there_is_no_memory_for_an_index(void **state)
{
    struct keeper keeper;

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(rh_identity_of(keeper.heap, keep(&keeper, i)), i + 1);
    assert_int_equal(keeper.heap->identity.roster.indexed, 0);

    keeper.world.faults.for_good = true;
    check_fail_at(&keeper.world.faults, 1);
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(rh_identity_of(keeper.heap, keeper.kept[i]), i + 1);
    assert_true(keeper.world.faults.failed);
    assert_int_equal(keeper.heap->identity.roster.indexed, 0);
    check_heap(keeper.heap);

    check_fail_at(&keeper.world.faults, 0);
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(rh_identity_of(keeper.heap, keeper.kept[i]), i + 1);
    assert_int_equal(keeper.heap->identity.roster.indexed, PLACES);
    keeper_close(&keeper);
}

static void
a_minor_collection_looks_at_young_entries_only(void **state)
{
    struct keeper keeper;
    uint64_t seen;
    uint64_t id;

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 50; i++)
        (void)rh_identity_of(keeper.heap, keep(&keeper, i));
    collect(&keeper);

    seen = entries_seen(&keeper);
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen);

    (void)rh_identity_of(keeper.heap, keep(&keeper, 50));
    id = rh_identity_of(keeper.heap, check_node(keeper.heap, NULL, NULL));
    keeper.kept[3] = NULL; // old: not for a minor collection
    minor(&keeper);

    assert_int_equal(entries_seen(&keeper), seen + 2);
    assert_null(rh_identity_object(keeper.heap, id));
    assert_non_null(rh_identity_object(keeper.heap, 4));
    assert_ptr_equal(rh_identity_object(keeper.heap, 51), keeper.kept[50]);
    collect(&keeper);
    assert_null(rh_identity_object(keeper.heap, 4));
    keeper_close(&keeper);
}

static void
keep_object(struct rh_heap *heap, void *object, void *context)
{
    (void)heap;
    *(struct node **)context = object;
}

static void
an_object_that_waits_for_its_finalizer_keeps_its_id(void **state)
{
    struct keeper keeper;
    struct node *node;
    uint64_t id;

    (void)state;
    keeper_open(&keeper);
    node = check_node(keeper.heap, NULL, NULL);
    id = rh_identity_of(keeper.heap, node);
    assert_int_equal(
        rh_finalizer_add(keeper.heap, node, keep_object, &keeper.kept[0]),
        RH_OK);
    collect(&keeper);
    collect(&keeper);
    assert_ptr_equal(rh_identity_object(keeper.heap, id), node);

    assert_int_equal(rh_finalizer_run(keeper.heap, 0), 1);
    collect(&keeper);
    assert_ptr_equal(rh_identity_object(keeper.heap, id), keeper.kept[0]);

    keeper.kept[0] = NULL;
    collect(&keeper);
    assert_null(rh_identity_object(keeper.heap, id));
    keeper_close(&keeper);
}

// Pretend that all that is kept has moved to the places behind.
struct move {
    struct keeper *keeper;
    size_t distance;
};

static void *
move_forward(void *context, void *object)
{
    const struct move *move = context;

    for (size_t i = 0; i < move->distance; i++)
        if (move->keeper->kept[i] == object)
            return move->keeper->kept[i + move->distance];
    return object;
}

static void
ids_follow_objects_that_move(void **state)
{
    struct keeper keeper;
    struct move move = { &keeper, 20 };

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 40; i++)
        keep(&keeper, i);
    for (size_t i = 0; i < 20; i++)
        (void)rh_identity_of(keeper.heap, keeper.kept[i]);
    (void)rh_identity_of(keeper.heap, keeper.kept[7]); // they are indexed now

    for (size_t i = 20; i < 40; i++)
        (void)rhi_word_set_special(&keeper.heap->region, keeper.kept[i]);
    rhi_identity_moved(&keeper.heap->identity, move_forward, &move);
    memset(keeper.kept, 0, 20 * sizeof keeper.kept[0]);
    check_heap(keeper.heap);

    for (size_t i = 0; i < 20; i++) {
        assert_ptr_equal(rh_identity_object(keeper.heap, i + 1),
                         keeper.kept[i + 20]);
        assert_int_equal(rh_identity_of(keeper.heap, keeper.kept[i + 20]),
                         i + 1);
    }
    keeper_close(&keeper);
}

static void
ids_of_things_that_are_no_objects_panic(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    check_panics("no object", (void)rh_identity_of(world.heap, &world));
    check_panics("no object",
                 (void)rh_identity_of(world.heap, (char *)node + 8));
    check_panics("no object", (void)rh_identity_of(world.heap, NULL));
    check_close(&world);
}

static void
verify_notices_damage(void **state)
{
    struct keeper keeper;
    struct rhi_roster *roster;
    struct rhi_numbered *entry;

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 10; i++)
        (void)rh_identity_of(keeper.heap, keep(&keeper, i));
    (void)rh_identity_of(keeper.heap, keeper.kept[0]);
    collect(&keeper);
    roster = &keeper.heap->identity.roster;
    entry = (struct rhi_numbered *)rhi_roster_at(roster, 4);

    entry->number = 2;
    check_broken(keeper.heap, "N1");
    entry->number = 5;
    keeper.heap->identity.last = 9;
    check_broken(keeper.heap, "N1");
    keeper.heap->identity.last = 10;

    entry->entry.object = keeper.kept[5];
    check_broken(keeper.heap, "L2");
    entry->entry.object = keeper.kept[4];
    roster->gaps++;
    check_broken(keeper.heap, "L1");
    roster->gaps--;
    roster->old_count++;
    check_broken(keeper.heap, "L1");
    roster->old_count--;
    rhi_index_add(&roster->index, 1234, 3);
    check_broken(keeper.heap, "L2");
    rhi_index_remove(&roster->index, 1234, 3);
    roster->index.used--;
    check_broken(keeper.heap, "I1");
    roster->index.used++;

    rhi_bit_clear(
        keeper.heap->region.plane[RHI_SPECIAL][rhi_region_page(
            &keeper.heap->region, (uintptr_t)keeper.kept[4])],
        rhi_page_index(&keeper.heap->region, (uintptr_t)keeper.kept[4]));
    check_broken(keeper.heap, "L3");
    (void)rhi_word_set_special(&keeper.heap->region, keeper.kept[4]);
    keeper_close(&keeper);
}

// Against a list: which objects have which id.
static void
random_ids_are_those_of_a_list(void **state)
{
    struct keeper keeper;
    uint64_t seed = check_seed();
    uint64_t ids[PLACES] = { 0 };
    uint64_t last = 0;

    (void)state;
    keeper_open(&keeper);
    for (size_t step = 0; step < 4000; step++) {
        size_t place = check_random_below(&seed, PLACES);

        switch (check_random_below(&seed, 8)) {
        case 0:
            keep(&keeper, place);
            ids[place] = 0;
            break;
        case 1:
            if (check_random_below(&seed, 4) == 0)
                collect(&keeper);
            else
                minor(&keeper);
            break;
        default:
            if (!keeper.kept[place])
                break;
            if (!ids[place])
                ids[place] = ++last;
            assert_int_equal(rh_identity_of(keeper.heap, keeper.kept[place]),
                             ids[place]);
        }
        if (ids[place])
            assert_ptr_equal(rh_identity_object(keeper.heap, ids[place]),
                             keeper.kept[place]);
    }
    keeper_close(&keeper);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_stands_for_an_object_as_long_as_it_lives),
        cmocka_unit_test(ids_that_were_never_given_lead_nowhere),
        cmocka_unit_test(ids_never_repeat),
        cmocka_unit_test(a_new_object_in_an_old_slot_has_no_id),
        cmocka_unit_test(no_table_exists_until_an_id_is_asked_for),
        cmocka_unit_test(without_memory_there_is_no_id_and_then_there_is),
        cmocka_unit_test(
            an_id_is_found_even_if_there_is_no_memory_for_an_index),
        cmocka_unit_test(a_minor_collection_looks_at_young_entries_only),
        cmocka_unit_test(an_object_that_waits_for_its_finalizer_keeps_its_id),
        cmocka_unit_test(ids_follow_objects_that_move),
        cmocka_unit_test(ids_of_things_that_are_no_objects_panic),
        cmocka_unit_test(verify_notices_damage),
        cmocka_unit_test(random_ids_are_those_of_a_list),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
