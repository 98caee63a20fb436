// SPDX-License-Identifier: MIT
// Weak references, maps with weak sides, ephemerons.
#include "config.h"

#include "minor.h"

#include <rheap/finalizer.h>
#include <rheap/object.h>
#include <rheap/string.h>
#include <rheap/weak.h>

static struct node *
garbage(struct keeper *keeper)
{
    return check_node(keeper->heap, NULL, NULL);
}

static void *
immediate(size_t n)
{
    return (void *)(uintptr_t)(2 * n + 1);
}

// ---- weak references ----

static void
a_weak_reference_leads_to_its_object_until_it_dies(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *ref;

    (void)state;
    keeper_open(&keeper);
    ref = rh_weak_ref_new(keeper.heap, keep(&keeper, 0));
    check_heap(keeper.heap);
    collect(&keeper);
    assert_ptr_equal(rh_weak_ref_get(ref), keeper.kept[0]);

    keeper.kept[0] = NULL;
    assert_non_null(rh_weak_ref_get(ref));
    collect(&keeper);

    assert_null(rh_weak_ref_get(ref));
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    rh_weak_ref_free(keeper.heap, ref);
    rh_weak_ref_free(keeper.heap, NULL);
    keeper_close(&keeper);
}

// The slot gets a new object; the reference stays empty.
static void
a_weak_reference_never_leads_to_another_object(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *refs[100];
    struct node *before;
    bool reused = false;

    (void)state;
    keeper_open(&keeper);
    before = garbage(&keeper);
    for (size_t i = 0; i < 100; i++)
        refs[i] = rh_weak_ref_new(keeper.heap, i ? garbage(&keeper) : before);
    collect(&keeper);
    for (size_t i = 0; i < 20000; i++)
        reused = garbage(&keeper) == before || reused;

    assert_true(reused);
    for (size_t i = 0; i < 100; i++)
        assert_null(rh_weak_ref_get(refs[i]));
    keeper_close(&keeper); // frees the references
}

static void
a_weak_reference_may_be_set_again(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *ref;

    (void)state;
    keeper_open(&keeper);
    ref = rh_weak_ref_new(keeper.heap, garbage(&keeper));
    collect(&keeper);
    assert_null(rh_weak_ref_get(ref));

    rh_weak_ref_set(keeper.heap, ref, keep(&keeper, 0));
    check_heap(keeper.heap);
    collect(&keeper);
    assert_ptr_equal(rh_weak_ref_get(ref), keeper.kept[0]);

    rh_weak_ref_set(keeper.heap, ref, garbage(&keeper));
    check_heap(keeper.heap);
    collect(&keeper);
    assert_null(rh_weak_ref_get(ref));
    rh_weak_ref_set(keeper.heap, ref, NULL);
    check_heap(keeper.heap);
    keeper_close(&keeper);
}

static void
what_is_not_in_the_heap_is_referred_to_for_ever(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *ref;

    (void)state;
    keeper_open(&keeper);
    ref = rh_weak_ref_new(keeper.heap, immediate(42));
    collect(&keeper);
    assert_ptr_equal(rh_weak_ref_get(ref), immediate(42));
    rh_weak_ref_set(keeper.heap, ref, &keeper);
    collect(&keeper);
    assert_ptr_equal(rh_weak_ref_get(ref), &keeper);
    keeper_close(&keeper);
}

static void
references_to_one_object_are_cleared_together(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *refs[10];

    (void)state;
    keeper_open(&keeper);
    keep(&keeper, 0);
    for (size_t i = 0; i < 10; i++)
        refs[i] = rh_weak_ref_new(keeper.heap, keeper.kept[0]);
    rh_weak_ref_free(keeper.heap, refs[3]);
    check_heap(keeper.heap);
    keeper.kept[0] = NULL;

    collect(&keeper);

    for (size_t i = 0; i < 10; i++)
        if (i != 3)
            assert_null(rh_weak_ref_get(refs[i]));
    assert_int_equal(check_stat(keeper.heap, "x_weak_refs"), 9);
    keeper_close(&keeper);
}

// Against a list: what each refers to.
static void
random_references_are_those_of_a_list(void **state)
{
    enum {
        REFS = 40
    };
    struct keeper keeper;
    uint64_t seed = check_seed();
    struct rh_weak_ref *refs[REFS] = { NULL };
    struct node *to[REFS] = { NULL };
    bool gone[REFS] = { false }; // dead, perhaps not found yet

    (void)state;
    keeper_open(&keeper);
    for (size_t step = 0; step < 5000; step++) {
        size_t i = check_random_below(&seed, REFS);
        size_t place = check_random_below(&seed, 16);
        struct node *node = keeper.kept[place];

        switch (check_random_below(&seed, 8)) {
        case 0:
            for (size_t r = 0; r < REFS; r++)
                gone[r] = gone[r] || (to[r] && to[r] == node);
            keep(&keeper, place);
            break;
        case 1:
            if (check_random_below(&seed, 2)) {
                minor(&keeper);
                break;
            }
            collect(&keeper);
            for (size_t r = 0; r < REFS; r++)
                if (gone[r]) {
                    to[r] = NULL;
                    gone[r] = false;
                }
            break;
        case 2:
            rh_weak_ref_free(keeper.heap, refs[i]);
            refs[i] = NULL;
            to[i] = NULL;
            gone[i] = false;
            break;
        default:
            if (refs[i])
                rh_weak_ref_set(keeper.heap, refs[i], node);
            else
                refs[i] = rh_weak_ref_new(keeper.heap, node);
            to[i] = node;
            gone[i] = false;
        }
        check_heap(keeper.heap);
        for (size_t r = 0; r < REFS; r++)
            if (refs[r] && !gone[r])
                assert_ptr_equal(rh_weak_ref_get(refs[r]), to[r]);
    }
    keeper_close(&keeper);
}

static struct rh_weak_ref *own_ref;

static void
release_ref(struct rh_heap *heap, void *object)
{
    (void)object;
    rh_weak_ref_free(heap, own_ref);
    own_ref = NULL;
}

static void
a_release_function_may_free_a_weak_reference(void **state)
{
    static const struct rh_model model = { .name = "with a reference",
                                           .release = release_ref };
    struct check_world world;
    void *node;

    (void)state;
    check_prepare(&world);
    world.config.model = &model;
    check_make(&world);
    node = rh_heap_alloc(world.heap);
    assert_non_null(node);
    rh_external_attach(world.heap, node);
    own_ref = rh_weak_ref_new(world.heap, node);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_null(own_ref);
    assert_int_equal(check_stat(world.heap, "x_weak_refs"), 0);

    node = rh_heap_alloc(world.heap);
    rh_external_attach(world.heap, node);
    own_ref = rh_weak_ref_new(world.heap, node);
    check_close(&world); // at the end of the heap, too
    assert_null(own_ref);
}

static void
a_minor_collection_looks_at_young_references_only(void **state)
{
    struct keeper keeper;
    struct rh_weak_ref *old[20];
    struct rh_weak_ref *young;
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    for (size_t i = 0; i < 20; i++)
        old[i] = rh_weak_ref_new(keeper.heap, keep(&keeper, i));
    collect(&keeper);
    seen = entries_seen(&keeper);

    keeper.kept[4] = NULL; // old: not for a minor collection
    young = rh_weak_ref_new(keeper.heap, garbage(&keeper));
    rh_weak_ref_set(keeper.heap, old[5], garbage(&keeper));
    rh_weak_ref_set(keeper.heap, old[6], keep(&keeper, 30));
    check_heap(keeper.heap);
    minor(&keeper);

    assert_int_equal(entries_seen(&keeper), seen + 3);
    assert_null(rh_weak_ref_get(young));
    assert_null(rh_weak_ref_get(old[5]));
    assert_ptr_equal(rh_weak_ref_get(old[6]), keeper.kept[30]);
    assert_non_null(rh_weak_ref_get(old[4]));
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen + 3);
    collect(&keeper);
    assert_null(rh_weak_ref_get(old[4]));
    keeper_close(&keeper);
}

// ---- maps by identity ----

static struct rh_weak_map *
new_map(struct keeper *keeper, enum rh_weak_kind kind, void *owner)
{
    struct rh_weak_map *map = rh_weak_map_new(keeper->heap, kind, NULL, owner);

    assert_non_null(map);
    check_heap(keeper->heap);
    return map;
}

static void
put(struct keeper *keeper, struct rh_weak_map *map, void *key, void *value)
{
    assert_int_equal(rh_weak_map_set(keeper->heap, map, key, value), RH_OK);
    check_heap(keeper->heap);
}

// The value, or NULL when there is no such key.
static void *
get(struct keeper *keeper, struct rh_weak_map *map, void *key)
{
    void *value = &keeper;

    if (rh_weak_map_get(keeper->heap, map, key, &value) == RH_OK)
        return value;
    assert_ptr_equal(value, &keeper);
    return NULL;
}

static void
what_was_put_in_is_found_and_what_was_not_is_not(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    void *found = NULL;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_BOTH, NULL);
    for (size_t i = 0; i < 30; i++)
        put(&keeper, map, keep(&keeper, i), keep(&keeper, 30 + i));
    assert_int_equal(rh_weak_map_size(map), 30);
    collect(&keeper);

    for (size_t i = 0; i < 30; i++) {
        assert_ptr_equal(get(&keeper, map, keeper.kept[i]),
                         keeper.kept[30 + i]);
        assert_null(get(&keeper, map, keeper.kept[30 + i]));
    }
    assert_int_equal(rh_weak_map_key(keeper.heap, map, keeper.kept[3], &found),
                     RH_OK);
    assert_ptr_equal(found, keeper.kept[3]);

    put(&keeper, map, keeper.kept[3], keeper.kept[50]);
    assert_int_equal(rh_weak_map_size(map), 30);
    assert_ptr_equal(get(&keeper, map, keeper.kept[3]), keeper.kept[50]);
    assert_int_equal(
        rh_weak_map_delete(keeper.heap, map, keeper.kept[3], &found), RH_OK);
    assert_ptr_equal(found, keeper.kept[50]);
    check_heap(keeper.heap);
    assert_int_equal(
        rh_weak_map_delete(keeper.heap, map, keeper.kept[3], &found),
        RH_NOT_FOUND);
    assert_null(get(&keeper, map, keeper.kept[3]));
    assert_int_equal(rh_weak_map_size(map), 29);

    rh_weak_map_clear(keeper.heap, map);
    check_heap(keeper.heap);
    assert_int_equal(rh_weak_map_size(map), 0);
    assert_null(get(&keeper, map, keeper.kept[4]));
    put(&keeper, map, keeper.kept[4], keeper.kept[5]);
    assert_ptr_equal(get(&keeper, map, keeper.kept[4]), keeper.kept[5]);
    rh_weak_map_free(keeper.heap, map);
    rh_weak_map_free(keeper.heap, NULL);
    keeper_close(&keeper);
}

static void
an_entry_goes_when_its_key_dies_or_its_value(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_BOTH, NULL);
    for (size_t i = 0; i < 3; i++)
        put(&keeper, map, keep(&keeper, i), keep(&keeper, 10 + i));
    keeper.kept[0] = NULL;
    keeper.kept[11] = NULL;

    collect(&keeper);

    assert_int_equal(rh_weak_map_size(map), 1);
    assert_null(get(&keeper, map, keeper.kept[1]));
    assert_ptr_equal(get(&keeper, map, keeper.kept[2]), keeper.kept[12]);
    keeper_close(&keeper);
}

static void
only_the_present_value_counts(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_BOTH, NULL);
    for (size_t round = 0; round < 3; round++) {
        put(&keeper, map, keep(&keeper, 0), garbage(&keeper));
        put(&keeper, map, keeper.kept[0], keep(&keeper, 1));
        collect(&keeper);
        assert_ptr_equal(get(&keeper, map, keeper.kept[0]), keeper.kept[1]);

        put(&keeper, map, keeper.kept[0], garbage(&keeper));
        collect(&keeper);
        assert_null(get(&keeper, map, keeper.kept[0]));
        assert_int_equal(rh_weak_map_size(map), 0);
    }
    keeper_close(&keeper);
}

static void
immediates_are_keys_and_values_that_never_die(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *both;
    struct rh_weak_map *held;
    struct node *value;

    (void)state;
    keeper_open(&keeper);
    both = new_map(&keeper, RH_WEAK_BOTH, NULL);
    held = new_map(&keeper, RH_WEAK_KEY, NULL);
    value = garbage(&keeper);
    put(&keeper, held, immediate(1), value);
    put(&keeper, held, keep(&keeper, 0), immediate(2));
    put(&keeper, both, immediate(3), immediate(4));
    put(&keeper, both, NULL, immediate(5));
    put(&keeper, both, immediate(6), NULL);
    put(&keeper, both, immediate(7), garbage(&keeper));
    put(&keeper, both, garbage(&keeper), immediate(8));

    collect(&keeper);

    assert_ptr_equal(get(&keeper, held, immediate(1)), value);
    assert_true(is_alive(&keeper, value));
    assert_ptr_equal(get(&keeper, held, keeper.kept[0]), immediate(2));
    assert_ptr_equal(get(&keeper, both, immediate(3)), immediate(4));
    assert_ptr_equal(get(&keeper, both, NULL), immediate(5));
    assert_int_equal(rh_weak_map_get(keeper.heap, both, immediate(6), NULL),
                     RH_OK);
    assert_int_equal(rh_weak_map_size(both), 3);
    keeper_close(&keeper);
}

// What an iteration saw.
enum {
    SEEN = 4096
};
struct seen {
    struct keeper *keeper;
    struct rh_weak_map *map;
    void *keys[SEEN];
    void *values[SEEN];
    size_t count;
    size_t limit; // answer false at this one
    void (*then)(struct seen *seen);
};

static bool
see(struct rh_heap *heap, void *key, void *value, void *context)
{
    struct seen *seen = context;

    (void)heap;
    assert_true(seen->count < SEEN);
    seen->keys[seen->count] = key;
    seen->values[seen->count++] = value;
    if (seen->then)
        seen->then(seen);
    return seen->count != seen->limit;
}

static void
entries_come_in_the_order_of_insertion(void **state)
{
    struct keeper keeper;
    struct seen seen = { .count = 0 };
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 60; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    for (size_t i = 0; i < 60; i += 3)
        keeper.kept[i] = NULL;
    collect(&keeper);
    put(&keeper, map, keeper.kept[1], immediate(101)); // stays where it is
    assert_int_equal(rh_weak_map_delete(keeper.heap, map, keeper.kept[2], NULL),
                     RH_OK);
    put(&keeper, map, keeper.kept[2], immediate(102)); // goes to the end

    assert_int_equal(rh_weak_map_each(keeper.heap, map, see, &seen), RH_OK);

    assert_int_equal(seen.count, 40);
    assert_ptr_equal(seen.values[0], immediate(101));
    assert_ptr_equal(seen.values[1], immediate(4));
    assert_ptr_equal(seen.values[38], immediate(59));
    assert_ptr_equal(seen.values[39], immediate(102));
    assert_ptr_equal(seen.keys[39], keeper.kept[2]);
    seen = (struct seen){ .limit = 5 };
    assert_int_equal(rh_weak_map_each(keeper.heap, map, see, &seen),
                     RH_STOPPED);
    assert_int_equal(seen.count, 5);
    keeper_close(&keeper);
}

// ---- ephemerons ----

static void
a_value_lives_as_long_as_its_key(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *value;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    keep(&keeper, 0);
    value = check_list(keeper.heap, 100);
    put(&keeper, map, keeper.kept[0], value);
    for (size_t i = 0; i < 3; i++) {
        collect(&keeper);
        assert_int_equal(check_list_length(value), 100);
    }

    keeper.kept[0] = NULL;
    collect(&keeper);

    assert_int_equal(rh_weak_map_size(map), 0);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
a_value_that_leads_to_its_own_key_does_not_keep_it(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct rh_weak_map *other;
    struct node *key;
    struct node *value;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    other = new_map(&keeper, RH_WEAK_KEY, NULL);
    keep(&keeper, 0);
    put(&keeper, map, keeper.kept[0], keeper.kept[0]);
    key = keep(&keeper, 1);
    value = keep(&keeper, 2);
    value->left = key;
    put(&keeper, map, key, value);
    put(&keeper, map, value, key); // and around
    put(&keeper, other, value, key);
    collect(&keeper);
    assert_int_equal(rh_weak_map_size(map), 3);

    memset(keeper.kept, 0, sizeof keeper.kept);
    collect(&keeper);

    assert_int_equal(rh_weak_map_size(map), 0);
    assert_int_equal(rh_weak_map_size(other), 0);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

// key 0 -> value 0 -> key 1 -> value 1 ...: links of a chain, put in by turns
// into two maps, in the order of `order`.
enum {
    LINKS = 5
};

static void
make_chain(struct keeper *keeper, const size_t *order, size_t count,
           struct rh_weak_map **maps)
{
    for (size_t i = 0; i < count; i++)
        keep(keeper, i);
    for (size_t i = 0; i + 1 < count; i++) {
        struct node *value = keep(keeper, PLACES - 1);

        value->left = keeper->kept[i + 1];
        keeper->kept[10 + i] = value;
    }
    for (size_t i = 0; i < count; i++)
        if (order[i] + 1 < count)
            put(keeper, maps[order[i] % 2], keeper->kept[order[i]],
                keeper->kept[10 + order[i]]);
    memset(&keeper->kept[1], 0, sizeof keeper->kept - sizeof keeper->kept[0]);
}

// The next permutation in lexical order; false behind the last.
static bool
permute(size_t *order, size_t count)
{
    size_t i = count - 1;
    size_t j = count - 1;

    while (i > 0 && order[i - 1] > order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] < order[i - 1])
        j--;
    for (size_t swap = order[i - 1];; swap = order[i]) {
        order[i - 1] = order[j];
        order[j] = swap;
        break;
    }
    for (j = count - 1; i < j; i++, j--) {
        size_t swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
    return true;
}

static void
a_chain_holds_together_in_whatever_order_it_was_made(void **state)
{
    size_t order[LINKS] = { 0, 1, 2, 3, 4 };
    size_t orders = 0;

    (void)state;
    do {
        struct keeper keeper;
        struct rh_weak_map *maps[2];

        keeper_open(&keeper);
        maps[0] = new_map(&keeper, RH_WEAK_KEY, NULL);
        maps[1] = new_map(&keeper, RH_WEAK_KEY, NULL);
        make_chain(&keeper, order, LINKS, maps);
        minor(&keeper);
        assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 9);
        collect(&keeper);
        assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 9);
        assert_int_equal(rh_weak_map_size(maps[0]), 2);

        keeper.kept[0] = NULL;
        collect(&keeper);
        assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
        assert_int_equal(rh_weak_map_size(maps[0]), 0);
        assert_int_equal(rh_weak_map_size(maps[1]), 0);
        keeper_close(&keeper);
        orders++;
    } while (permute(order, LINKS));
    assert_int_equal(orders, 120);
}

// Each entry is looked at three times for converging and once for clearing,
// although each key is found only after the entry behind it.
static void
a_long_chain_costs_four_looks_at_each_link(void **state)
{
    enum {
        LENGTH = 20000
    };
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *last;
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    last = keep(&keeper, 0);
    for (size_t i = 0; i < LENGTH; i++) { // the last link goes in first
        struct node *value = keep(&keeper, 1);

        value->left = last;
        last = keep(&keeper, 0);
        assert_int_equal(rh_weak_map_set(keeper.heap, map, last, value), RH_OK);
    }
    keeper.kept[1] = NULL;
    seen = entries_seen(&keeper);

    collect(&keeper);

    assert_int_equal(rh_weak_map_size(map), LENGTH);
    assert_int_equal(entries_seen(&keeper), seen + 4 * LENGTH);
    keeper.kept[0] = NULL;
    collect(&keeper);
    assert_int_equal(rh_weak_map_size(map), 0);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
big_containers_are_followed_from_values_too(void **state)
{
    struct check_world world;
    struct rh_weak_map *map;
    size_t scope;
    rh_value key;
    rh_value far;

    (void)state;
    check_prepare(&world);
    world.config.model = rh_object_model();
    check_make(&world);
    scope = rh_scope_save(world.heap);
    map = rh_weak_map_new(world.heap, RH_WEAK_KEY, NULL, NULL);
    key = rh_object_new(world.heap, 0, 0);
    assert_non_null(rh_scope_hold(world.heap, rh_value_slot(key)));
    far = key; // a chain through objects with long lists of variables
    for (size_t i = 0; i < 20; i++) {
        rh_value value = rh_object_new(world.heap, 0, 1000);
        rh_value next;

        assert_int_equal(rh_weak_map_set(world.heap, map, rh_value_slot(far),
                                         rh_value_slot(value)),
                         RH_OK);
        next = rh_string_new(world.heap, 0, "the next key", 12);
        assert_int_equal(rh_ivar_set(world.heap, value, 900, next), RH_OK);
        far = next;
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(rh_weak_map_size(map), i + 1);
    }
    assert_int_equal(rh_string_length(far), 12);

    rh_scope_restore(world.heap, scope);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static size_t
count_reachable(struct keeper *keeper)
{
    struct seen seen = { .count = 0 };
    size_t count = 0;

    (void)seen;
    for (size_t page = 0; page < keeper->heap->region.top; page++)
        count += rhi_line_count(keeper->heap->region.plane[RHI_NEXT][page]);
    return count;
}

static bool
count_one(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    ++*(size_t *)context;
    return true;
}

static void
walks_reach_what_ephemerons_hold(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t count = 0;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    put(&keeper, map, keep(&keeper, 0), check_list(keeper.heap, 10));
    put(&keeper, map, garbage(&keeper), check_list(keeper.heap, 10));

    assert_int_equal(rh_walk_reachable(keeper.heap, NULL, count_one, &count),
                     RH_OK);

    assert_int_equal(count, 11);
    assert_int_equal(rh_weak_map_size(map), 2); // a walk changes nothing
    assert_int_equal(count_reachable(&keeper), 0);
    check_heap(keeper.heap);
    keeper_close(&keeper);
}

// ---- owners ----

static void
a_map_goes_with_its_owner(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t blocks;

    (void)state;
    keeper_open(&keeper);
    blocks = keeper.world.allocator.blocks;
    map = new_map(&keeper, RH_WEAK_KEY, keep(&keeper, 0));
    assert_ptr_equal(rh_weak_map_owner(map), keeper.kept[0]);
    put(&keeper, map, keep(&keeper, 1), garbage(&keeper));
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 3);
    assert_true(keeper.world.allocator.blocks > blocks + 1);

    keeper.kept[0] = NULL;
    collect(&keeper); // the key is still there; nothing holds the value

    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 1);
    assert_true(keeper.world.allocator.blocks <= blocks + 1); // for waiting
    keeper_close(&keeper);
}

static void
a_value_that_leads_to_the_owner_keeps_nothing(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *value;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, keep(&keeper, 0));
    value = keep(&keeper, 1);
    value->left = keeper.kept[0];
    put(&keeper, map, immediate(1), value); // a key that lives for ever
    put(&keeper, map, keeper.kept[0], value);
    keeper.kept[1] = NULL;
    collect(&keeper);
    assert_ptr_equal(get(&keeper, map, immediate(1)), value);

    keeper.kept[0] = NULL;
    collect(&keeper);

    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

// The owner of each map is the value of an entry of the one before: found one
// after the other, the last map first in the list.
static void
owners_are_found_through_other_maps(void **state)
{
    enum {
        MAPS = 30
    };
    struct keeper keeper;
    struct rh_weak_map *maps[MAPS];
    struct node *owners[MAPS];

    (void)state;
    keeper_open(&keeper);
    for (size_t i = MAPS; i-- > 0;) {
        owners[i] = keep(&keeper, i);
        maps[i] = new_map(&keeper, RH_WEAK_KEY, owners[i]);
        if (i + 1 < MAPS)
            put(&keeper, maps[i], immediate(i), owners[i + 1]);
    }
    for (size_t i = 1; i < MAPS; i++)
        keeper.kept[i] = NULL;

    minor(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), MAPS);
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), MAPS);
    assert_int_equal(rh_weak_map_size(maps[MAPS / 2]), 1);
    rh_weak_map_clear(keeper.heap, maps[MAPS / 2]);
    check_heap(keeper.heap);
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), MAPS / 2 + 1);
    keeper.kept[0] = NULL;
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static struct keeper *now;

static void
bring_back(struct rh_heap *heap, void *object, void *context)
{
    (void)heap;
    now->kept[(uintptr_t)context] = object;
}

// The owner dies with a finalizer: it comes back, and its map was never away.
// Keys that came back with it are gone from the map, other keys are not.
static void
an_owner_that_comes_back_keeps_its_map(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct rh_weak_map *second;
    struct node *owner;
    struct node *value;
    struct node *inner;

    (void)state;
    keeper_open(&keeper);
    now = &keeper;
    owner = keep(&keeper, 0);
    map = new_map(&keeper, RH_WEAK_KEY, owner);
    inner = garbage(&keeper); // owner of a second map, value of the first
    put(&keeper, map, immediate(1), inner);
    second = new_map(&keeper, RH_WEAK_KEY, inner);
    owner->left = garbage(&keeper);
    put(&keeper, map, owner->left, immediate(2));
    value = check_list(keeper.heap, 10);
    put(&keeper, second, keep(&keeper, 1), value);
    assert_int_equal(rh_finalizer_add(keeper.heap, owner, bring_back, NULL),
                     RH_OK);
    keeper.kept[0] = NULL;

    collect(&keeper);
    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    collect(&keeper);
    assert_int_equal(rh_finalizer_run(keeper.heap, 0), 1);
    collect(&keeper);

    assert_ptr_equal(keeper.kept[0], owner);
    assert_ptr_equal(get(&keeper, map, immediate(1)), inner);
    assert_null(get(&keeper, map, owner->left));
    assert_true(is_alive(&keeper, owner->left));
    assert_ptr_equal(get(&keeper, second, keeper.kept[1]), value);
    assert_int_equal(check_list_length(value), 10);
    keeper.kept[0] = NULL;
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 1);
    keeper_close(&keeper);
}

// ---- minor collections ----

static void
a_minor_collection_looks_at_young_and_touched_entries_only(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *held;
    struct node *dying;
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 50; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    collect(&keeper);
    seen = entries_seen(&keeper);
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen);
    put(&keeper, map, keeper.kept[7], keeper.kept[8]); // nothing young
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen);

    held = garbage(&keeper);
    put(&keeper, map, keeper.kept[9], garbage(&keeper));
    put(&keeper, map, keeper.kept[9], held); // touched once
    put(&keeper, map, keep(&keeper, 50), garbage(&keeper));
    dying = garbage(&keeper);
    put(&keeper, map, dying, dying);
    put(&keeper, map, keeper.kept[10], garbage(&keeper)); // touched, then cut
    assert_int_equal(
        rh_weak_map_delete(keeper.heap, map, keeper.kept[10], NULL), RH_OK);
    check_heap(keeper.heap);
    minor(&keeper);

    assert_int_equal(entries_seen(&keeper), seen + 3 * 3);
    assert_ptr_equal(get(&keeper, map, keeper.kept[9]), held);
    assert_true(is_alive(&keeper, held));
    assert_non_null(get(&keeper, map, keeper.kept[50]));
    assert_int_equal(rh_weak_map_size(map), 50);
    minor(&keeper);
    assert_int_equal(entries_seen(&keeper), seen + 3 * 3);
    assert_true(rhi_ring_is_empty(&keeper.heap->weak.young_maps));

    // It can be touched again.
    held = garbage(&keeper);
    put(&keeper, map, keeper.kept[9], held);
    minor(&keeper);
    assert_true(is_alive(&keeper, held));
    assert_int_equal(entries_seen(&keeper), seen + 3 * 4);
    keeper_close(&keeper);
}

static void
gaps_among_old_entries_wait_for_a_major_collection(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    uint32_t closings;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 50; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    collect(&keeper);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(
            rh_weak_map_delete(keeper.heap, map, keeper.kept[i], NULL), RH_OK);
    put(&keeper, map, garbage(&keeper), NULL);
    closings = map->roster.closings;

    minor(&keeper);
    assert_int_equal(map->roster.closings, closings);
    assert_int_equal(map->roster.gaps, 40);
    collect(&keeper);

    assert_int_equal(map->roster.closings, closings + 1);
    assert_int_equal(map->roster.gaps, 0);
    assert_int_equal(rh_weak_map_size(map), 10);
    keeper_close(&keeper);
}

// When finalizers were queued, maps that are settled are not looked at again.
static void
a_finalizer_does_not_cost_another_look(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    now = &keeper;
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 1; i < 50; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    assert_int_equal(
        rh_finalizer_add(keeper.heap, garbage(&keeper), bring_back, NULL),
        RH_OK);
    seen = entries_seen(&keeper);

    collect(&keeper);

    assert_int_equal(rh_finalizer_pending(keeper.heap), 1);
    // The finalizer twice: when it was queued, and to reach its object.
    assert_int_equal(entries_seen(&keeper), seen + 2 * 49 + 2);
    keeper_close(&keeper);
}

static void
an_old_map_loses_young_keys_and_values_in_a_minor_collection(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_BOTH, keep(&keeper, 0));
    for (size_t i = 1; i < 20; i++) {
        keep(&keeper, i);
        put(&keeper, map, keeper.kept[i], keeper.kept[i]);
    }
    collect(&keeper);

    put(&keeper, map, garbage(&keeper), keeper.kept[1]);
    put(&keeper, map, keeper.kept[0], garbage(&keeper));
    put(&keeper, map, keeper.kept[5], garbage(&keeper));
    keep(&keeper, 20);
    put(&keeper, map, keeper.kept[20], keeper.kept[20]);
    assert_int_equal(rh_weak_map_size(map), 22);
    minor(&keeper);

    assert_int_equal(rh_weak_map_size(map), 19);
    assert_null(get(&keeper, map, keeper.kept[0]));
    assert_null(get(&keeper, map, keeper.kept[5]));
    assert_ptr_equal(get(&keeper, map, keeper.kept[20]), keeper.kept[20]);
    keeper_close(&keeper);
}

static void
a_young_owner_dies_with_its_map_in_a_minor_collection(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t blocks;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, garbage(&keeper));
    collect(&keeper);
    blocks = keeper.world.allocator.blocks;
    keep(&keeper, 1);
    map = new_map(&keeper, RH_WEAK_KEY, garbage(&keeper));
    put(&keeper, map, keeper.kept[1], garbage(&keeper));
    map = new_map(&keeper, RH_WEAK_KEY, keep(&keeper, 2));
    put(&keeper, map, keeper.kept[1], immediate(1));

    minor(&keeper);

    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 2);
    assert_ptr_equal(get(&keeper, map, keeper.kept[1]), immediate(1));
    rh_weak_map_free(keeper.heap, map);
    assert_int_equal(keeper.world.allocator.blocks, blocks);
    keeper_close(&keeper);
}

// Closing gaps changes positions while entries are touched.
static void
touched_entries_are_found_after_gaps_were_closed(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *held[10];
    uint64_t seen;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 40; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    collect(&keeper);
    for (size_t i = 0; i < 10; i++) {
        held[i] = garbage(&keeper);
        put(&keeper, map, keeper.kept[3 * i], held[i]);
    }
    for (size_t i = 0; i < 40; i++)
        if (i % 3 == 1)
            assert_int_equal(
                rh_weak_map_delete(keeper.heap, map, keeper.kept[i], NULL),
                RH_OK);
    for (size_t i = 40; i < 50; i++)
        put(&keeper, map, keep(&keeper, i), immediate(i));
    for (size_t i = 0; map->roster.gaps > 0; i++)
        put(&keeper, map, immediate(i), NULL);
    check_heap(keeper.heap);
    seen = entries_seen(&keeper);

    minor(&keeper);

    for (size_t i = 0; i < 10; i++) {
        assert_true(is_alive(&keeper, held[i]));
        assert_ptr_equal(get(&keeper, map, keeper.kept[3 * i]), held[i]);
    }
    assert_true(entries_seen(&keeper) - seen < 3 * rh_weak_map_size(map));
    keeper_close(&keeper);
}

// ---- maps by equality ----

// Nodes with equal tags are equal.  What else the functions do, a case says.
static struct {
    size_t hashes;
    size_t equals;
    void (*then)(struct rh_heap *heap); // in each of them
    jmp_buf escape;
} calls;

static uint64_t
tag_hash(struct rh_heap *heap, void *key)
{
    uint64_t tag = ((struct node *)key)->tag;

    calls.hashes++;
    if (calls.then)
        calls.then(heap);
    return tag % 7; // collisions
}

static bool
tag_equal(struct rh_heap *heap, void *there, void *key)
{
    bool equal;

    calls.equals++;
    if (calls.then)
        calls.then(heap);
    assert_true(rh_heap_is_live(heap, (uintptr_t)there));
    assert_true(rh_heap_is_live(heap, (uintptr_t)key));
    equal = ((struct node *)there)->tag == ((struct node *)key)->tag;
    return equal;
}

static const struct rh_weak_type by_tag = { tag_hash, tag_equal };

static struct rh_weak_map *
new_tag_map(struct keeper *keeper, enum rh_weak_kind kind, void *owner)
{
    struct rh_weak_map *map =
        rh_weak_map_new(keeper->heap, kind, &by_tag, owner);

    memset(&calls, 0, sizeof calls);
    assert_non_null(map);
    return map;
}

static struct node *
tagged(struct keeper *keeper, size_t place, uint64_t tag)
{
    struct node *node = keep(keeper, place);

    node->tag = tag;
    return node;
}

static void
equal_keys_are_one_and_the_first_stays(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *first;
    void *found = NULL;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 20; i++)
        put(&keeper, map, tagged(&keeper, i, 100 + i), immediate(i));
    first = keeper.kept[5];
    put(&keeper, map, tagged(&keeper, 30, 105), immediate(55));
    assert_int_equal(rh_weak_map_size(map), 20);

    assert_int_equal(rh_weak_map_key(keeper.heap, map, keeper.kept[30], &found),
                     RH_OK);
    assert_ptr_equal(found, first);
    assert_ptr_equal(get(&keeper, map, tagged(&keeper, 31, 105)),
                     immediate(55));
    assert_null(get(&keeper, map, tagged(&keeper, 31, 99)));

    // The key in the map counts, not those that equal it.
    keeper.kept[5] = NULL;
    collect(&keeper);
    assert_null(get(&keeper, map, keeper.kept[30]));
    assert_int_equal(rh_weak_map_size(map), 19);

    assert_int_equal(
        rh_weak_map_delete(keeper.heap, map, tagged(&keeper, 31, 106), &found),
        RH_OK);
    assert_ptr_equal(found, immediate(6));
    assert_int_equal(rh_weak_map_size(map), 18);
    rh_weak_map_clear(keeper.heap, map);
    assert_int_equal(rh_weak_map_size(map), 0);
    assert_null(get(&keeper, map, keeper.kept[7]));
    keeper_close(&keeper);
}

static void
values_of_equal_keys_are_held_by_the_key_in_the_map(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct node *value;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    tagged(&keeper, 0, 1);
    value = keep(&keeper, 1);
    value->left = tagged(&keeper, 2, 2);
    put(&keeper, map, keeper.kept[0], value);
    put(&keeper, map, value->left, check_list(keeper.heap, 5));
    keeper.kept[1] = keeper.kept[2] = NULL;
    collect(&keeper);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 3 + 5);

    keeper.kept[0] = NULL;
    collect(&keeper);

    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void *
stay(void *context, void *object)
{
    (void)context;
    return object;
}

static void
collecting_closing_and_moving_call_no_function_of_the_program(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t hashes;
    size_t equals;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 50; i++)
        put(&keeper, map, tagged(&keeper, i, i), immediate(i));
    for (size_t i = 0; i < 40; i++)
        keeper.kept[i] = NULL;
    hashes = calls.hashes;
    equals = calls.equals;

    collect(&keeper); // closes gaps, too
    assert_int_equal(map->roster.gaps, 0);
    minor(&keeper);
    rhi_weak_moved(&keeper.heap->weak, stay, NULL);
    check_heap(keeper.heap);

    assert_int_equal(calls.hashes, hashes);
    assert_int_equal(calls.equals, equals);
    assert_int_equal(rh_weak_map_size(map), 10);
    assert_ptr_equal(get(&keeper, map, keeper.kept[45]), immediate(45));
    keeper_close(&keeper);
}

// A key that was changed after it was put in is never found again; but it goes
// when it dies.
static void
a_key_whose_hash_changes_leaves_no_trace_when_it_dies(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 50; i++) {
        put(&keeper, map, tagged(&keeper, i, i), garbage(&keeper));
        keeper.kept[i]->tag += 1000;
    }
    collect(&keeper);
    assert_int_equal(rh_weak_map_size(map), 50);

    memset(keeper.kept, 0, sizeof keeper.kept);
    collect(&keeper);

    assert_int_equal(rh_weak_map_size(map), 0);
    assert_int_equal(map->roster.index.used, 0);
    assert_int_equal(check_stat(keeper.heap, "heap_live_slots"), 0);
    keeper_close(&keeper);
}

static void
collect_now(struct rh_heap *heap)
{
    rh_heap_collect(heap);
    check_heap(heap);
}

// Nobody but the call holds the key and the value; nobody but the map the keys
// it is compared with; nobody the owner.
static void
functions_may_collect(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    void *value = NULL;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, keep(&keeper, PLACES - 1));
    for (size_t i = 0; i < 10; i++)
        put(&keeper, map, tagged(&keeper, i, i), immediate(i));
    put(&keeper, map, tagged(&keeper, 10, 7 + 3), immediate(10));
    calls.then = collect_now;
    keeper.kept[3] = NULL; // is compared with 10 all the same

    put(&keeper, map, tagged(&keeper, 20, 7 + 3), garbage(&keeper));
    assert_int_equal(rh_weak_map_get(keeper.heap, map, keeper.kept[10], &value),
                     RH_OK);
    assert_true(is_alive(&keeper, value));
    keeper.kept[20] = NULL;

    keeper.kept[PLACES - 1] = NULL; // the owner
    tagged(&keeper, 21, 4);
    assert_int_equal(rh_weak_map_get(keeper.heap, map, keeper.kept[21], &value),
                     RH_OK);
    assert_ptr_equal(value, immediate(4));
    assert_true(calls.hashes > 13 && calls.equals > 2);
    collect(&keeper); // now the map is gone
    keeper_close(&keeper);
}

static struct rh_weak_map *changing;
static size_t change_at; // the call in which something happens
static size_t change_calls;
static void (*changer)(struct rh_heap *heap);

static void
clear_it(struct rh_heap *heap)
{
    rh_weak_map_clear(heap, changing);
}

static void
delete_from_it(struct rh_heap *heap)
{
    for (size_t i = 6; i < 20; i++)
        assert_int_equal(rh_weak_map_delete(heap, changing, now->kept[i], NULL),
                         RH_OK);
}

// Closes gaps, so that positions change.
static void
add_to_it(struct rh_heap *heap)
{
    for (size_t i = 20; i < 60; i++)
        assert_int_equal(
            rh_weak_map_set(heap, changing, now->kept[i], immediate(i)), RH_OK);
}

static void
change_it(struct rh_heap *heap)
{
    if (change_calls++ == change_at)
        changer(heap);
}

// The functions are called for the hash, and to compare with the keys 5, 12 and
// 19, which is equal.
static void
functions_may_change_the_map(void **state)
{
    static const struct {
        void (*changer)(struct rh_heap *heap);
        size_t size; // of the map afterwards
    } ways[] = {
        { clear_it, 1 },
        { delete_from_it, 2 },
        { add_to_it, 15 + 40 },
        { collect_now, 15 },
    };

    (void)state;
    for (size_t way = 0; way < CHECK_COUNT(ways); way++)
        for (change_at = 0; change_at < 4; change_at++) {
            struct keeper keeper;

            keeper_open(&keeper);
            now = &keeper;
            changing = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
            for (size_t i = 0; i < 60; i++)
                tagged(&keeper, i, i);
            for (size_t i = 0; i < 20; i++)
                put(&keeper, changing, keeper.kept[i], immediate(i));
            for (size_t i = 0; i < 4; i++)
                assert_int_equal(rh_weak_map_delete(keeper.heap, changing,
                                                    keeper.kept[i], NULL),
                                 RH_OK);
            keeper.kept[4] = NULL;
            tagged(&keeper, PLACES - 1, 19);

            change_calls = 0;
            changer = ways[way].changer;
            calls.then = change_it;
            put(&keeper, changing, keeper.kept[PLACES - 1], immediate(77));
            calls.then = NULL;
            assert_true(change_calls > change_at);
            assert_ptr_equal(get(&keeper, changing, keeper.kept[PLACES - 1]),
                             immediate(77));
            collect(&keeper);

            assert_int_equal(rh_weak_map_size(changing), ways[way].size);
            assert_ptr_equal(get(&keeper, changing, keeper.kept[PLACES - 1]),
                             immediate(77));
            keeper_close(&keeper);
        }
}

static void
leave(struct rh_heap *heap)
{
    (void)heap;
    longjmp(calls.escape, 1);
}

static void
functions_may_leave_by_longjmp(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t scope;

    (void)state;
    keeper_open(&keeper);
    scope = rh_scope_save(keeper.heap);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    put(&keeper, map, tagged(&keeper, 0, 1), immediate(1));
    tagged(&keeper, 1, 1);
    calls.then = leave;
    if (setjmp(calls.escape) == 0) {
        (void)rh_weak_map_delete(keeper.heap, map, keeper.kept[1], NULL);
        fail();
    }
    rh_scope_restore(keeper.heap, scope);
    check_heap(keeper.heap);
    calls.then = NULL;

    assert_ptr_equal(get(&keeper, map, keeper.kept[1]), immediate(1));
    assert_int_equal(rh_scope_save(keeper.heap), scope);
    keeper_close(&keeper);
}

static void
without_handles_nothing_happens(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct rh_fast *fast;
    void **top;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    put(&keeper, map, tagged(&keeper, 0, 1), immediate(1));
    fast = &keeper.heap->mutator.fast;
    while (fast->handle_top + 2 < fast->handle_end)
        assert_non_null(rh_scope_hold(keeper.heap, NULL));
    top = fast->handle_top;
    keeper.world.memory.refuse_commit = true;

    assert_int_equal(rh_weak_map_get(keeper.heap, map, keeper.kept[0], NULL),
                     RH_NO_MEMORY);
    assert_int_equal(
        rh_weak_map_set(keeper.heap, map, keeper.kept[0], immediate(2)),
        RH_NO_MEMORY);
    assert_int_equal(rh_weak_map_delete(keeper.heap, map, keeper.kept[0], NULL),
                     RH_NO_MEMORY);
    assert_int_equal(rh_weak_map_each(keeper.heap, map, see, NULL),
                     RH_NO_MEMORY);
    assert_ptr_equal(fast->handle_top, top);

    keeper.world.memory.refuse_commit = false;
    assert_ptr_equal(get(&keeper, map, keeper.kept[0]), immediate(1));
    keeper_close(&keeper);
}

// ---- iterating while things change ----

static void
delete_the_present_one(struct seen *seen)
{
    assert_int_equal(rh_weak_map_delete(seen->keeper->heap, seen->map,
                                        seen->keys[seen->count - 1], NULL),
                     RH_OK);
    check_heap(seen->keeper->heap);
}

static void
add_others(struct seen *seen)
{
    for (size_t i = 0; i < 5; i++)
        put(seen->keeper, seen->map, immediate(1000 * seen->count + i), NULL);
}

static void
waste_and_collect(struct seen *seen)
{
    check_waste(seen->keeper->heap, 100);
    seen->keeper->kept[39 - seen->count / 2] = NULL;
    seen->keeper->kept[seen->count - 1] = NULL; // the present one
    collect(seen->keeper);
    assert_true(is_alive(seen->keeper, seen->keys[seen->count - 1]));
}

static void
delete_every_other(struct seen *seen)
{
    if (seen->count == 1)
        for (size_t i = 0; i < 40; i += 2)
            (void)rh_weak_map_delete(seen->keeper->heap, seen->map,
                                     seen->keeper->kept[i], NULL);
    put(seen->keeper, seen->map, immediate(seen->count), NULL);
}

static void
clear_all(struct seen *seen)
{
    if (seen->count == 3) {
        rh_weak_map_clear(seen->keeper->heap, seen->map);
        put(seen->keeper, seen->map, seen->keeper->kept[30], NULL);
    }
}

static void
iterate_inside(struct seen *seen)
{
    static struct seen inner;

    inner = (struct seen){ .keeper = seen->keeper, .map = seen->map };
    assert_int_equal(
        rh_weak_map_each(seen->keeper->heap, seen->map, see, &inner), RH_OK);
    assert_int_equal(inner.count, 40);
}

static void
whatever_happens_each_entry_is_seen_once(void **state)
{
    static const struct {
        void (*then)(struct seen *seen);
        size_t count;
    } ways[] = {
        { NULL, 40 },       { delete_the_present_one, 40 },
        { add_others, 40 }, { delete_every_other, 21 },
        { clear_all, 3 },   { iterate_inside, 40 },
    };

    (void)state;
    for (size_t way = 0; way < CHECK_COUNT(ways); way++) {
        struct keeper keeper;
        struct seen seen = { .keeper = &keeper, .then = ways[way].then };

        keeper_open(&keeper);
        seen.map = new_map(&keeper, RH_WEAK_KEY, NULL);
        for (size_t i = 0; i < 40; i++)
            put(&keeper, seen.map, keep(&keeper, i), immediate(i));
        assert_int_equal(rh_weak_map_each(keeper.heap, seen.map, see, &seen),
                         RH_OK);
        check_heap(keeper.heap);
        assert_int_equal(seen.count, ways[way].count);
        for (size_t i = 0; i + 1 < seen.count; i++)
            assert_true((uintptr_t)seen.values[i] <
                        (uintptr_t)seen.values[i + 1]);
        assert_int_equal(rh_scope_save(keeper.heap), 0);
        keeper_close(&keeper);
    }
}

static void
an_iteration_goes_on_while_entries_die(void **state)
{
    struct keeper keeper;
    struct seen seen = { .keeper = &keeper, .then = waste_and_collect };

    (void)state;
    keeper_open(&keeper);
    seen.map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 40; i++)
        put(&keeper, seen.map, keep(&keeper, i), immediate(i));

    assert_int_equal(rh_weak_map_each(keeper.heap, seen.map, see, &seen),
                     RH_OK);

    assert_true(seen.count >= 24 && seen.count <= 28);
    for (size_t i = 0; i < seen.count; i++)
        assert_ptr_equal(seen.values[i], immediate(i));
    keeper_close(&keeper);
}

// ---- moving ----

static struct node *moved[PLACES];

static void *
forward(void *context, void *object)
{
    struct keeper *keeper = context;

    for (size_t i = 0; i < PLACES; i++)
        if (keeper->kept[i] && keeper->kept[i] == object)
            return moved[i];
    return object;
}

static void
everything_follows_objects_that_move(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *maps[4];
    struct rh_weak_ref *refs[10];

    (void)state;
    keeper_open(&keeper);
    maps[0] = new_map(&keeper, RH_WEAK_BOTH, NULL);
    maps[1] = new_map(&keeper, RH_WEAK_KEY, keep(&keeper, 50));
    maps[2] = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    maps[3] = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < 10; i++)
        tagged(&keeper, i, 300 + i);
    for (size_t i = 0; i < 10; i++) {
        for (size_t m = 0; m < 4; m++)
            put(&keeper, maps[m], keeper.kept[i],
                m == 3 ? immediate(i) : (void *)keeper.kept[(i + 1) % 10]);
        refs[i] = rh_weak_ref_new(keeper.heap, keeper.kept[i]);
    }
    collect(&keeper);
    for (size_t i = 0; i < PLACES; i++) {
        struct node *node = garbage(&keeper);

        moved[i] = node;
        (void)rhi_word_set_special(&keeper.heap->region, node);
        if (keeper.kept[i])
            node->tag = keeper.kept[i]->tag;
        rhi_bit_set(keeper.heap->region.plane[RHI_MARK][rhi_region_page(
                        &keeper.heap->region, (uintptr_t)node)],
                    rhi_page_index(&keeper.heap->region, (uintptr_t)node));
    }

    rhi_weak_moved(&keeper.heap->weak, forward, &keeper);
    for (size_t i = 0; i < PLACES; i++)
        if (keeper.kept[i])
            keeper.kept[i] = moved[i];
    collect(&keeper);

    assert_ptr_equal(rh_weak_map_owner(maps[1]), moved[50]);
    for (size_t i = 0; i < 10; i++) {
        assert_ptr_equal(rh_weak_ref_get(refs[i]), moved[i]);
        for (size_t m = 0; m < 3; m++)
            assert_ptr_equal(get(&keeper, maps[m], moved[i]),
                             moved[(i + 1) % 10]);
        assert_ptr_equal(get(&keeper, maps[3], moved[i]), immediate(i));
    }
    keeper_close(&keeper);
}

// ---- failures, mistakes, damage ----

static void
mistakes_panic(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    char *inside;

    (void)state;
    keeper_open(&keeper);
    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    inside = (char *)keep(&keeper, 0) + 8;
    check_panics("no object", (void)rh_weak_ref_new(keeper.heap, inside));
    check_panics("no object",
                 (void)rh_weak_map_new(keeper.heap, RH_WEAK_KEY, NULL, inside));
    check_panics("no object",
                 (void)rh_weak_map_get(keeper.heap, map, inside, NULL));
    keeper_close(&keeper);
}

static void
a_failure_leaves_the_map_as_it_was(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    size_t failures = 0;

    (void)state;
    keeper_open(&keeper);
    check_fail_at(&keeper.world.faults, 1);
    assert_null(rh_weak_map_new(keeper.heap, RH_WEAK_KEY, NULL, NULL));
    check_fail_at(&keeper.world.faults, 2); // to wait for the owner
    assert_null(
        rh_weak_map_new(keeper.heap, RH_WEAK_KEY, NULL, keep(&keeper, 0)));
    check_fail_at(&keeper.world.faults, 1);
    assert_null(rh_weak_ref_new(keeper.heap, keeper.kept[0]));
    check_fail_at(&keeper.world.faults, 2);
    assert_null(rh_weak_ref_new(keeper.heap, keeper.kept[0]));
    check_fail_at(&keeper.world.faults, 0);
    check_heap(keeper.heap);

    map = new_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t i = 0; i < PLACES; i++) {
        keep(&keeper, i);
        // The second call fails when the first did not: each fails once.
        for (size_t n = 1;; n = 2) {
            enum rh_status status;

            check_fail_at(&keeper.world.faults, n);
            status =
                rh_weak_map_set(keeper.heap, map, keeper.kept[i], immediate(i));
            check_fail_at(&keeper.world.faults, 0);
            check_heap(keeper.heap);
            if (status == RH_OK)
                break;
            failures++;
            assert_int_equal(rh_weak_map_size(map), i);
            assert_null(get(&keeper, map, keeper.kept[i]));
        }
    }
    assert_true(failures > 12); // entries, touched, index, waiting; 4 times
    collect(&keeper);
    assert_int_equal(rh_weak_map_size(map), PLACES);
    keeper_close(&keeper);
}

static void
verify_notices_damage(void **state)
{
    struct keeper keeper;
    struct rh_weak_map *map;
    struct rh_weak_ref *ref;
    struct rhi_weak *weak;
    struct rhi_weak_pair *pair;
    uint32_t young;

    (void)state;
    keeper_open(&keeper);
    weak = &keeper.heap->weak;
    map = new_map(&keeper, RH_WEAK_KEY, keep(&keeper, 0));
    for (size_t i = 1; i < 10; i++)
        put(&keeper, map, keep(&keeper, i), keep(&keeper, 20 + i));
    ref = rh_weak_ref_new(keeper.heap, keeper.kept[1]);
    collect(&keeper);
    young = map->roster.count;
    put(&keeper, map, keep(&keeper, 10), keep(&keeper, 30));

    ref->position = 1;
    check_broken(keeper.heap, "W1");
    ref->position = 0;
    ref->object = keep(&keeper, 40); // young, and not special
    check_broken(keeper.heap, "W1");
    ref->object = keeper.kept[1];
    weak->refs.live_count = 2;
    check_broken(keeper.heap, "W1");
    weak->refs.live_count = 1;

    weak->waiting.places *= 100;
    check_broken(keeper.heap, "L4");
    weak->waiting.places /= 100;
    weak->waiting.cells[3] = 1;
    check_broken(keeper.heap, "L4");
    weak->waiting.cells[3] = 0;

    pair = rhi_pairs_at(map, 3);
    pair->value = (char *)keeper.kept[1] + 8;
    check_broken(keeper.heap, "W2");
    pair->value = keeper.kept[30];
    check_broken(keeper.heap, "W3");
    pair->value = keeper.kept[24];
    pair->key.number += 10;
    check_broken(keeper.heap, "W2");
    pair->key.number -= 10;
    pair->key.entry.object = keeper.kept[40];
    check_broken(keeper.heap, "L2");
    pair->key.entry.object = keeper.kept[4];

    map->settled = true;
    check_broken(keeper.heap, "W4");
    map->settled = false;
    rhi_ring_remove(&map->young);
    check_broken(keeper.heap, "W4");
    rhi_ring_append(&weak->young_maps, &map->young);
    map->owner = (char *)keeper.kept[0] + 8;
    check_broken(keeper.heap, "W4");
    map->owner = keeper.kept[0];
    map->roster.old_count = young + 1; // a young one among the old
    check_broken(keeper.heap, "W3");
    map->roster.old_count = young;
    keeper_close(&keeper);
}

// ---- against a list ----

// Keys are nodes with a tag below TAGS, at places; the list says which is in
// the map, and with what number as its value.
enum {
    TAGS = 24
};

struct model {
    size_t place[TAGS]; // of the key in the map, or PLACES
    size_t value[TAGS];
    bool dead[TAGS]; // the key was given up, but may still be there
    size_t order[TAGS];
    size_t count; // in `order`
};

static void
model_remove(struct model *model, size_t tag)
{
    size_t i = 0;

    model->place[tag] = PLACES;
    model->dead[tag] = false;
    while (model->order[i] != tag)
        i++;
    for (model->count--; i < model->count; i++)
        model->order[i] = model->order[i + 1];
}

static bool
compare_each(struct rh_heap *heap, void *key, void *value, void *context)
{
    struct seen *seen = context;
    const struct model *model = (const struct model *)(const void *)seen->map;
    size_t tag = model->order[seen->count++];

    (void)heap;
    assert_int_equal(((struct node *)key)->tag, tag);
    assert_ptr_equal(value, immediate(model->value[tag]));
    return true;
}

static void
model_compare(struct keeper *keeper, struct rh_weak_map *map,
              const struct model *model)
{
    struct seen seen = { .map = (struct rh_weak_map *)(uintptr_t)model };

    assert_int_equal(rh_weak_map_each(keeper->heap, map, compare_each, &seen),
                     RH_OK);
    assert_int_equal(seen.count, model->count);
    assert_int_equal(rh_weak_map_size(map), model->count);
}

static void
random_changes_leave_what_a_list_would(void **state)
{
    struct keeper keeper;
    struct model model = { .count = 0 };
    uint64_t seed = check_seed();
    struct rh_weak_map *map;

    (void)state;
    keeper_open(&keeper);
    map = new_tag_map(&keeper, RH_WEAK_KEY, NULL);
    for (size_t tag = 0; tag < TAGS; tag++)
        model.place[tag] = PLACES;
    for (size_t step = 0; step < 6000; step++) {
        size_t tag = check_random_below(&seed, TAGS);
        size_t place = check_random_below(&seed, 40);
        size_t value = check_random_below(&seed, 1000);
        struct node *node = keeper.kept[place];

        switch (check_random_below(&seed, 8)) {
        case 0: // give up a key, or have a new one
            for (size_t t = 0; t < TAGS; t++)
                model.dead[t] = model.dead[t] || model.place[t] == place;
            tagged(&keeper, place, tag);
            break;
        case 1:
            if (check_random_below(&seed, 3))
                minor(&keeper);
            collect(&keeper);
            for (size_t t = 0; t < TAGS; t++)
                if (model.dead[t])
                    model_remove(&model, t);
            break;
        case 2:
            if (!node)
                break;
            tag = node->tag;
            assert_int_equal(rh_weak_map_delete(keeper.heap, map, node, NULL),
                             model.place[tag] == PLACES ? RH_NOT_FOUND : RH_OK);
            if (model.place[tag] != PLACES)
                model_remove(&model, tag);
            break;
        case 3: {
            void *found = NULL;

            if (!node)
                break;
            tag = node->tag;
            assert_int_equal(rh_weak_map_key(keeper.heap, map, node, &found),
                             model.place[tag] == PLACES ? RH_NOT_FOUND : RH_OK);
            if (model.place[tag] != PLACES && !model.dead[tag])
                assert_ptr_equal(found, keeper.kept[model.place[tag]]);
            break;
        }
        default:
            if (!node)
                break;
            tag = node->tag;
            put(&keeper, map, node, immediate(value));
            if (model.place[tag] == PLACES) {
                model.place[tag] = place;
                model.order[model.count++] = tag;
            }
            model.value[tag] = value;
        }
        check_heap(keeper.heap);
        model_compare(&keeper, map, &model);
    }
    keeper_close(&keeper);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weak_reference_leads_to_its_object_until_it_dies),
        cmocka_unit_test(a_weak_reference_never_leads_to_another_object),
        cmocka_unit_test(a_weak_reference_may_be_set_again),
        cmocka_unit_test(what_is_not_in_the_heap_is_referred_to_for_ever),
        cmocka_unit_test(references_to_one_object_are_cleared_together),
        cmocka_unit_test(random_references_are_those_of_a_list),
        cmocka_unit_test(a_release_function_may_free_a_weak_reference),
        cmocka_unit_test(a_minor_collection_looks_at_young_references_only),
        cmocka_unit_test(what_was_put_in_is_found_and_what_was_not_is_not),
        cmocka_unit_test(an_entry_goes_when_its_key_dies_or_its_value),
        cmocka_unit_test(only_the_present_value_counts),
        cmocka_unit_test(immediates_are_keys_and_values_that_never_die),
        cmocka_unit_test(entries_come_in_the_order_of_insertion),
        cmocka_unit_test(a_value_lives_as_long_as_its_key),
        cmocka_unit_test(a_value_that_leads_to_its_own_key_does_not_keep_it),
        cmocka_unit_test(a_chain_holds_together_in_whatever_order_it_was_made),
        cmocka_unit_test(a_long_chain_costs_four_looks_at_each_link),
        cmocka_unit_test(big_containers_are_followed_from_values_too),
        cmocka_unit_test(walks_reach_what_ephemerons_hold),
        cmocka_unit_test(a_map_goes_with_its_owner),
        cmocka_unit_test(a_value_that_leads_to_the_owner_keeps_nothing),
        cmocka_unit_test(owners_are_found_through_other_maps),
        cmocka_unit_test(an_owner_that_comes_back_keeps_its_map),
        cmocka_unit_test(
            a_minor_collection_looks_at_young_and_touched_entries_only),
        cmocka_unit_test(gaps_among_old_entries_wait_for_a_major_collection),
        cmocka_unit_test(a_finalizer_does_not_cost_another_look),
        cmocka_unit_test(
            an_old_map_loses_young_keys_and_values_in_a_minor_collection),
        cmocka_unit_test(a_young_owner_dies_with_its_map_in_a_minor_collection),
        cmocka_unit_test(touched_entries_are_found_after_gaps_were_closed),
        cmocka_unit_test(equal_keys_are_one_and_the_first_stays),
        cmocka_unit_test(values_of_equal_keys_are_held_by_the_key_in_the_map),
        cmocka_unit_test(
            collecting_closing_and_moving_call_no_function_of_the_program),
        cmocka_unit_test(a_key_whose_hash_changes_leaves_no_trace_when_it_dies),
        cmocka_unit_test(functions_may_collect),
        cmocka_unit_test(functions_may_change_the_map),
        cmocka_unit_test(functions_may_leave_by_longjmp),
        cmocka_unit_test(without_handles_nothing_happens),
        cmocka_unit_test(whatever_happens_each_entry_is_seen_once),
        cmocka_unit_test(an_iteration_goes_on_while_entries_die),
        cmocka_unit_test(everything_follows_objects_that_move),
        cmocka_unit_test(mistakes_panic),
        cmocka_unit_test(a_failure_leaves_the_map_as_it_was),
        cmocka_unit_test(verify_notices_damage),
        cmocka_unit_test(random_changes_leave_what_a_list_would),
    };

    return cmocka_run_group_tests_name("weak", tests, NULL, NULL);
}
