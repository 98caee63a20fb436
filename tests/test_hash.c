// SPDX-License-Identifier: MIT
// Hashes: insertion order, iteration that anything may happen to, and
// functions of the embedder's that misbehave.
#include "objects.h"

#include <rheap/array.h>
#include <rheap/hash.h>
#include <rheap/number.h>
#include <rheap/string.h>

static rh_value
number(size_t n)
{
    return rh_fixnum_from((int64_t)n);
}

static rh_value
new_hash(struct rh_heap *heap)
{
    return objects_keep(heap, rh_hash_new(heap, 0, NULL));
}

static void
put(struct rh_heap *heap, rh_value hash, size_t key, size_t value)
{
    assert_int_equal(rh_hash_set(heap, hash, number(key), number(value)),
                     RH_OK);
}

// A hash with the keys first..first+count-1, each with 10 times itself.
static rh_value
counting(struct rh_heap *heap, size_t first, size_t count)
{
    rh_value hash = new_hash(heap);

    for (size_t i = first; i < first + count; i++)
        put(heap, hash, i, i * 10);
    return hash;
}

// What an iteration saw.
enum {
    SEEN = 4096
};
struct seen {
    size_t keys[SEEN];
    size_t values[SEEN];
    size_t count;
};

static bool
see(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    struct seen *seen = context;

    (void)heap;
    assert_true(seen->count < SEEN);
    seen->keys[seen->count] = (size_t)rh_fixnum_value(key);
    seen->values[seen->count] = (size_t)rh_fixnum_value(value);
    seen->count++;
    return true;
}

#define expect_keys(heap, hash, ...)                                           \
    do {                                                                       \
        const size_t keys_[] = { __VA_ARGS__ };                                \
        struct seen seen_ = { .count = 0 };                                    \
        assert_int_equal(rh_hash_each(heap, hash, see, &seen_), RH_OK);        \
        assert_int_equal(seen_.count, CHECK_COUNT(keys_));                     \
        for (size_t i_ = 0; i_ < CHECK_COUNT(keys_); i_++)                     \
            assert_int_equal(seen_.keys[i_], keys_[i_]);                       \
        assert_int_equal(rh_hash_size(hash), CHECK_COUNT(keys_));              \
    } while (0)

static void
a_new_hash_is_empty(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);
    struct seen seen = { .count = 0 };

    assert_int_equal(rh_type_of(hash), RH_TYPE_HASH);
    assert_int_equal(rh_hash_size(hash), 0);
    assert_int_equal(objects_memsize(heap, hash), 40);
    assert_int_equal(rh_hash_get(heap, hash, number(1)), RH_UNDEF);
    assert_int_equal(rh_hash_delete(heap, hash, number(1)), RH_UNDEF);
    assert_int_equal(rh_hash_fetch(heap, hash, number(1)), RH_NIL);
    assert_int_equal(rh_hash_each(heap, hash, see, &seen), RH_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(rh_hash_clear(heap, hash), RH_OK);
    assert_int_equal(rh_hash_rehash(heap, hash), RH_OK);

    objects_close(&world);
}

static void
what_was_set_is_found(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);

    for (size_t i = 0; i < 1000; i++) {
        put(heap, hash, i * 7, i);
        assert_int_equal(rh_hash_size(hash), i + 1);
        assert_int_equal(rh_hash_get(heap, hash, number(i * 7)), number(i));
        assert_int_equal(rh_hash_get(heap, hash, number(i * 7 + 1)), RH_UNDEF);
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(rh_hash_get(heap, hash, number(i * 7)), number(i));

    objects_close(&world);
}

static void
order_is_that_of_insertion(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);

    put(heap, hash, 3, 0);
    put(heap, hash, 1, 0);
    put(heap, hash, 2, 0);
    put(heap, hash, 1, 9); // keeps its place
    expect_keys(heap, hash, 3, 1, 2);
    assert_int_equal(rh_hash_delete(heap, hash, number(3)), number(0));
    put(heap, hash, 3, 0); // a new entry
    expect_keys(heap, hash, 1, 2, 3);

    objects_close(&world);
}

static void
deleting_and_setting_many_times_stays_small(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 20);

    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(rh_hash_delete(heap, hash, number(i)), number(i * 10));
        put(heap, hash, i + 20, (i + 20) * 10);
    }
    assert_int_equal(rh_hash_size(hash), 20);
    assert_true(objects_memsize(heap, hash) < 2000);
    for (size_t i = 10000; i < 10020; i++)
        assert_int_equal(rh_hash_get(heap, hash, number(i)), number(i * 10));

    objects_close(&world);
}

static void
clearing_takes_everything(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 500);

    assert_int_equal(rh_hash_clear(heap, hash), RH_OK);
    assert_int_equal(rh_hash_size(hash), 0);
    assert_int_equal(rh_hash_get(heap, hash, number(3)), RH_UNDEF);
    assert_true(objects_memsize(heap, hash) < 300);
    put(heap, hash, 7, 70);
    expect_keys(heap, hash, 7);

    objects_close(&world);
}

static void
keys_and_values_are_kept_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);
    char name[16];

    for (int i = 0; i < 300; i++) {
        size_t scope = rh_scope_save(heap);

        snprintf(name, sizeof name, "key %d", i);
        rh_value key = objects_text(heap, name);
        snprintf(name, sizeof name, "value %d", i);
        assert_int_equal(
            rh_hash_set(heap, hash, key,
                        rh_string_new(heap, 0, name, strlen(name))),
            RH_OK);
        rh_scope_restore(heap, scope);
    }
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 601);
    for (int i = 0; i < 300; i++) {
        size_t scope = rh_scope_save(heap);

        snprintf(name, sizeof name, "key %d", i);
        rh_value found = rh_hash_get(heap, hash, objects_text(heap, name));
        snprintf(name, sizeof name, "value %d", i);
        objects_expect_text(found, name);
        rh_scope_restore(heap, scope);
    }
    assert_int_equal(objects_edge_count(heap, hash), 600);

    objects_close(&world);
}

static void
deleted_entries_are_not_kept_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);
    rh_value value = rh_string_new(heap, 0, "v", 1);

    assert_int_equal(rh_hash_set(heap, hash, number(1), value), RH_OK);
    assert_int_equal(rh_hash_delete(heap, hash, number(1)), value);
    rh_heap_collect(heap);
    assert_false(rh_heap_is_live(heap, value));

    objects_close(&world);
}

static void
a_default_stands_in_for_what_is_not_there(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 3);
    rh_value fallback = rh_string_new(heap, 0, "none", 4);

    assert_int_equal(rh_hash_set_default(heap, hash, fallback), RH_OK);
    rh_heap_collect(heap);
    assert_int_equal(rh_hash_default(hash), fallback);
    assert_int_equal(rh_hash_fetch(heap, hash, number(9)), fallback);
    assert_int_equal(rh_hash_fetch(heap, hash, number(2)), number(20));
    assert_int_equal(rh_hash_get(heap, hash, number(9)), RH_UNDEF);

    objects_close(&world);
}

static void
the_default_type_compares_contents(void **state)
{
    const uint32_t digits[] = { 1, 2, 3 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);
    rh_value keys[8];

    for (int i = 0; i < 2; i++) {
        keys[4 * i] = objects_text(heap, "a string that is in a block");
        keys[4 * i + 1] = objects_keep(heap, rh_float_new(heap, 0, 1e300));
        keys[4 * i + 2] =
            objects_keep(heap, rh_bignum_new(heap, 0, false, digits, 3));
        keys[4 * i + 3] =
            objects_keep(heap, rh_bignum_new(heap, 0, true, digits, 3));
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rh_hash_set(heap, hash, keys[i], number(i)), RH_OK);
    assert_int_equal(rh_hash_size(hash), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(keys[i] != keys[4 + i]);
        assert_int_equal(rh_hash_get(heap, hash, keys[4 + i]), number(i));
    }

    objects_close(&world);
}

static void
the_identity_type_compares_words(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash =
        objects_keep(heap, rh_hash_new(heap, 0, rh_hash_type_identity()));
    rh_value one = objects_text(heap, "same");
    rh_value two = objects_text(heap, "same");

    assert_int_equal(rh_hash_set(heap, hash, one, number(1)), RH_OK);
    assert_int_equal(rh_hash_get(heap, hash, one), number(1));
    assert_int_equal(rh_hash_get(heap, hash, two), RH_UNDEF);

    objects_close(&world);
}

static void
undef_is_no_key_and_no_value(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 2);

    assert_int_equal(rh_hash_set(heap, hash, RH_UNDEF, RH_NIL),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_hash_set(heap, hash, RH_NIL, RH_UNDEF),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_hash_get(heap, hash, RH_UNDEF), RH_UNDEF);
    assert_int_equal(rh_hash_set(heap, hash, RH_NIL, RH_FALSE), RH_OK);
    assert_int_equal(rh_hash_get(heap, hash, RH_NIL), RH_FALSE);

    objects_close(&world);
}

static void
frozen_hashes_refuse_changes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 3);

    rh_object_freeze(heap, hash);
    assert_int_equal(rh_hash_set(heap, hash, number(0), RH_NIL),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_hash_delete(heap, hash, number(0)), RH_UNDEF);
    assert_int_equal(rh_hash_clear(heap, hash), RH_BAD_ARGUMENT);
    assert_int_equal(rh_hash_rehash(heap, hash), RH_BAD_ARGUMENT);
    assert_int_equal(rh_hash_set_default(heap, hash, RH_TRUE), RH_BAD_ARGUMENT);
    expect_keys(heap, hash, 0, 1, 2);

    objects_close(&world);
}

// Iteration.

struct editing {
    rh_value hash;
    struct seen seen;
    void (*edit)(struct rh_heap *heap, struct editing *editing, size_t key);
};

static bool
see_and_edit(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    struct editing *editing = context;

    see(heap, key, value, &editing->seen);
    editing->edit(heap, editing, (size_t)rh_fixnum_value(key));
    return true;
}

#define expect_seen(editing, ...)                                              \
    do {                                                                       \
        const size_t keys_[] = { __VA_ARGS__ };                                \
        assert_int_equal((editing).seen.count, CHECK_COUNT(keys_));            \
        for (size_t i_ = 0; i_ < CHECK_COUNT(keys_); i_++)                     \
            assert_int_equal((editing).seen.keys[i_], keys_[i_]);              \
    } while (0)

static void
edit_each(struct rh_heap *heap, struct editing *editing)
{
    assert_int_equal(rh_hash_each(heap, editing->hash, see_and_edit, editing),
                     RH_OK);
}

static void
delete_self(struct rh_heap *heap, struct editing *editing, size_t key)
{
    assert_int_not_equal(rh_hash_delete(heap, editing->hash, number(key)),
                         RH_UNDEF);
}

static void
entries_may_delete_themselves(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 5),
                               { .count = 0 },
                               delete_self };

    edit_each(heap, &editing);
    expect_seen(editing, 0, 1, 2, 3, 4);
    assert_int_equal(rh_hash_size(editing.hash), 0);

    objects_close(&world);
}

static void
delete_next(struct rh_heap *heap, struct editing *editing, size_t key)
{
    rh_hash_delete(heap, editing->hash, number(key + 1));
}

static void
entries_deleted_before_their_turn_are_not_seen(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 6),
                               { .count = 0 },
                               delete_next };

    edit_each(heap, &editing);
    expect_seen(editing, 0, 2, 4);

    objects_close(&world);
}

static void
add_another(struct rh_heap *heap, struct editing *editing, size_t key)
{
    put(heap, editing->hash, key + 1000, 0);
}

static void
entries_added_meanwhile_are_not_seen(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 100),
                               { .count = 0 },
                               add_another };

    edit_each(heap, &editing); // grows several times on the way
    assert_int_equal(editing.seen.count, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(editing.seen.keys[i], i);
    assert_int_equal(rh_hash_size(editing.hash), 200);

    objects_close(&world);
}

static void
move_to_the_end(struct rh_heap *heap, struct editing *editing, size_t key)
{
    delete_self(heap, editing, key);
    put(heap, editing->hash, key, 0);
}

static void
an_entry_set_again_is_seen_once(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 50),
                               { .count = 0 },
                               move_to_the_end };

    edit_each(heap, &editing); // closes gaps several times on the way
    assert_int_equal(editing.seen.count, 50);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(editing.seen.keys[i], i);

    objects_close(&world);
}

static void
change_next(struct rh_heap *heap, struct editing *editing, size_t key)
{
    put(heap, editing->hash, key + 1, 77);
}

static void
values_changed_before_their_turn_are_seen_changed(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 3),
                               { .count = 0 },
                               change_next };

    edit_each(heap, &editing);
    expect_seen(editing, 0, 1, 2);
    assert_int_equal(editing.seen.values[1], 77);
    assert_int_equal(editing.seen.values[2], 77);

    objects_close(&world);
}

static void
clear_at_two(struct rh_heap *heap, struct editing *editing, size_t key)
{
    if (key != 2)
        return;
    assert_int_equal(rh_hash_clear(heap, editing->hash), RH_OK);
    put(heap, editing->hash, 4, 0);
}

static void
clearing_ends_an_iteration(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t count = 5; count < 100; count *= 4) {
        struct editing editing = { counting(heap, 0, count),
                                   { .count = 0 },
                                   clear_at_two };

        edit_each(heap, &editing);
        expect_seen(editing, 0, 1, 2);
        assert_int_equal(rh_hash_size(editing.hash), 1);
    }

    objects_close(&world);
}

static void
rehash_now(struct rh_heap *heap, struct editing *editing, size_t key)
{
    rh_hash_delete(heap, editing->hash, number(key / 2));
    assert_int_equal(rh_hash_rehash(heap, editing->hash), RH_OK);
}

static void
an_iteration_survives_rehashing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 40),
                               { .count = 0 },
                               rehash_now };

    edit_each(heap, &editing);
    assert_int_equal(editing.seen.count, 40);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(editing.seen.keys[i], i);
    assert_int_equal(rh_hash_size(editing.hash), 20);

    objects_close(&world);
}

static void
replace_last(struct rh_heap *heap, struct editing *editing, size_t key)
{
    if (key != 0)
        return;
    rh_hash_delete(heap, editing->hash, number(9));
    assert_int_equal(rh_hash_rehash(heap, editing->hash), RH_OK);
    put(heap, editing->hash, 9, 0);
}

static void
entries_added_after_rehashing_are_not_seen(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 10),
                               { .count = 0 },
                               replace_last };

    edit_each(heap, &editing);
    expect_seen(editing, 0, 1, 2, 3, 4, 5, 6, 7, 8);

    objects_close(&world);
}

static bool
see_and_collect(struct rh_heap *heap, rh_value key, rh_value value,
                void *context)
{
    rh_heap_collect(heap);
    for (int i = 0; i < 500; i++)
        assert_true(rh_array_new(heap, 0, NULL, 2) != RH_UNDEF);
    return see(heap, key, value, context);
}

static void
the_hash_stays_alive_while_it_is_iterated(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct seen seen = { .count = 0 };
    size_t scope = rh_scope_save(heap);
    rh_value hash = counting(heap, 0, 5);

    rh_scope_restore(heap, scope); // nobody holds it
    assert_int_equal(rh_hash_each(heap, hash, see_and_collect, &seen), RH_OK);
    assert_int_equal(seen.count, 5);

    objects_close(&world);
}

static void
iterate_inside(struct rh_heap *heap, struct editing *editing, size_t key)
{
    struct seen inner = { .count = 0 };

    (void)key;
    assert_int_equal(rh_hash_each(heap, editing->hash, see, &inner), RH_OK);
    assert_int_equal(inner.count, rh_hash_size(editing->hash));
    delete_self(heap, editing, key);
}

static void
iterations_nest(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct editing editing = { counting(heap, 0, 12),
                               { .count = 0 },
                               iterate_inside };

    edit_each(heap, &editing);
    assert_int_equal(editing.seen.count, 12);

    objects_close(&world);
}

static bool
stop_at_three(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    see(heap, key, value, context);
    return key != number(3);
}

static void
an_iteration_can_be_stopped(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 10);
    struct seen seen = { .count = 0 };

    assert_int_equal(rh_hash_each(heap, hash, stop_at_three, &seen),
                     RH_STOPPED);
    assert_int_equal(seen.count, 4);
    put(heap, hash, 99, 0);
    assert_int_equal(rh_hash_size(hash), 11);

    objects_close(&world);
}

static jmp_buf away;

static bool
leave(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    see(heap, key, value, context);
    longjmp(away, 1);
}

static void
an_iteration_can_be_left_by_longjmp(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 10);
    size_t scope = rh_scope_save(heap);
    static struct seen seen;

    seen.count = 0;
    if (setjmp(away) == 0) {
        (void)rh_hash_each(heap, hash, leave, &seen);
        fail();
    }
    rh_scope_restore(heap, scope);
    assert_int_equal(seen.count, 1);
    assert_int_equal(rh_hash_delete(heap, hash, number(0)), number(0));
    put(heap, hash, 10, 0);
    expect_keys(heap, hash, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    objects_close(&world);
}

// Functions of the embedder's.

static void
waste(struct rh_heap *heap, int count)
{
    while (count-- > 0)
        assert_true(rh_array_new(heap, 0, NULL, 2) != RH_UNDEF);
}

// What the functions below do when they are called.
static struct {
    size_t hashed;
    size_t compared;
    bool collide;   // every key has the same hash
    bool collect;   // in every call
    bool escape;    // by longjmp, out of the next comparison
    rh_value poke;  // change this hash in a comparison:
    size_t poke_at; // ... the next but so many
    void (*how)(struct rh_heap *heap, rh_value hash);
    bool fold; // 100 and more are equal to what they are modulo 100
} rude;

static uint64_t
rude_hash(struct rh_heap *heap, rh_value key)
{
    rude.hashed++;
    if (rude.collect) {
        waste(heap, 10);
        rh_heap_collect(heap);
    }
    if (rude.collide)
        return 1;
    return (uint64_t)rh_fixnum_value(key) % (rude.fold ? 100 : UINT64_MAX);
}

static bool
rude_equal(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value poke = rude.poke;

    rude.compared++;
    assert_true(a != b && a != RH_UNDEF && b != RH_UNDEF);
    if (rude.collect) {
        waste(heap, 10);
        rh_heap_collect(heap);
    }
    if (rude.escape)
        longjmp(away, 1);
    if (poke && rude.poke_at-- == 0) {
        rude.poke = 0;
        rude.how(heap, poke);
    }
    return rude.fold && rh_fixnum_value(a) % 100 == rh_fixnum_value(b) % 100;
}

static const struct rh_hash_type rude_type = { rude_hash, rude_equal };

static rh_value
rude_new(struct rh_heap *heap)
{
    memset(&rude, 0, sizeof rude);
    return objects_keep(heap, rh_hash_new(heap, 0, &rude_type));
}

static void
the_embedder_says_what_is_equal(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.fold = true;
    for (size_t i = 0; i < 50; i++)
        put(heap, hash, i, i);
    assert_int_equal(rh_hash_get(heap, hash, number(312)), number(12));
    put(heap, hash, 312, 99);
    assert_int_equal(rh_hash_size(hash), 50);
    assert_int_equal(rh_hash_get(heap, hash, number(12)), number(99));
    assert_int_equal(rh_hash_delete(heap, hash, number(112)), number(99));
    assert_int_equal(rh_hash_size(hash), 49);

    objects_close(&world);
}

static void
the_heap_has_a_type_for_new_hashes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash;

    memset(&rude, 0, sizeof rude);
    rh_hash_set_type(heap, &rude_type);
    hash = counting(heap, 0, 3);
    assert_int_equal(rude.hashed, 3);
    rh_hash_set_type(heap, NULL);
    put(heap, new_hash(heap), 1, 1);
    assert_int_equal(rude.hashed, 3);
    expect_keys(heap, hash, 0, 1, 2);

    objects_close(&world);
}

static void
a_key_is_never_compared_with_itself(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    put(heap, hash, 5, 5);
    assert_int_equal(rh_hash_get(heap, hash, number(5)), number(5));
    assert_int_equal(rude.compared, 0);

    objects_close(&world);
}

static void
keys_that_collide_are_told_apart(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.collide = true;
    for (size_t i = 0; i < 100; i++)
        put(heap, hash, i, i + 1);
    for (size_t i = 0; i < 100; i += 2)
        assert_int_equal(rh_hash_delete(heap, hash, number(i)), number(i + 1));
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(rh_hash_get(heap, hash, number(i)),
                         i % 2 ? number(i + 1) : RH_UNDEF);

    objects_close(&world);
}

static uint64_t
string_hash(struct rh_heap *heap, rh_value key)
{
    waste(heap, 3);
    rh_heap_collect(heap);
    return rh_hash_type_default()->hash(heap, key) % 4;
}

static bool
string_equal(struct rh_heap *heap, rh_value a, rh_value b)
{
    waste(heap, 3);
    rh_heap_collect(heap);
    return rh_string_equal(a, b);
}

static const struct rh_hash_type collecting_type = { string_hash,
                                                     string_equal };

static void
operands_stay_alive_while_the_embedder_collects(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = objects_keep(heap, rh_hash_new(heap, 0, &collecting_type));
    char name[16];

    // Neither keys nor values are held here.
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(rh_hash_set(heap, hash,
                                     rh_string_new(heap, 0, name, strlen(name)),
                                     number((size_t)i)),
                         RH_OK);
    }
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(
            rh_hash_get(heap, hash, rh_string_new(heap, 0, name, strlen(name))),
            number((size_t)i));
    }
    assert_int_equal(rh_hash_rehash(heap, hash), RH_OK);
    assert_int_equal(rh_hash_size(hash), 40);

    objects_close(&world);
}

static void
a_comparison_may_leave_by_longjmp(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);
    size_t scope;

    rude.collide = true;
    put(heap, hash, 1, 10);
    put(heap, hash, 2, 20);
    scope = rh_scope_save(heap);
    for (volatile int way = 0; way < 4; way++) {
        rude.escape = true;
        if (setjmp(away) == 0) {
            if (way == 0)
                (void)rh_hash_get(heap, hash, number(3));
            else if (way == 1)
                (void)!rh_hash_set(heap, hash, number(3), RH_NIL);
            else if (way == 2)
                (void)rh_hash_delete(heap, hash, number(2));
            else
                (void)!rh_hash_rehash(heap, hash);
            fail();
        }
        rh_scope_restore(heap, scope);
        rude.escape = false;
        objects_check(heap);
        expect_keys(heap, hash, 1, 2);
    }
    rh_heap_collect(heap); // what the rehash had begun
    assert_int_equal(objects_alive(heap), 1);

    objects_close(&world);
}

static void
poke_grow(struct rh_heap *heap, rh_value hash)
{
    for (size_t i = 100; i < 200; i++)
        put(heap, hash, i, 1);
}

static void
poke_clear(struct rh_heap *heap, rh_value hash)
{
    assert_int_equal(rh_hash_clear(heap, hash), RH_OK);
}

static void
poke_delete(struct rh_heap *heap, rh_value hash)
{
    for (size_t i = 0; i < 10; i++)
        rh_hash_delete(heap, hash, number(i));
}

static void
poke_freeze(struct rh_heap *heap, rh_value hash)
{
    rh_object_freeze(heap, hash);
}

static void
poke_next(rh_value hash, size_t at,
          void (*how)(struct rh_heap *heap, rh_value hash))
{
    rude.poke = hash;
    rude.poke_at = at;
    rude.how = how;
}

static void
a_comparison_may_change_the_table(void **state)
{
    void (*const ways[])(struct rh_heap *, rh_value) = { poke_grow, poke_clear,
                                                         poke_delete };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t count = 4; count <= 16; count *= 4)
        for (size_t way = 0; way < CHECK_COUNT(ways); way++) {
            rh_value hash = rude_new(heap);

            rude.collide = true;
            for (size_t i = 0; i < count; i++)
                put(heap, hash, i, i);
            poke_next(hash, 0, ways[way]);
            (void)rh_hash_get(heap, hash, number(50));
            objects_check(heap);
            poke_next(hash, 1, ways[way]);
            put(heap, hash, 51, 5);
            assert_int_equal(rh_hash_get(heap, hash, number(51)), number(5));
            poke_next(hash, 2, ways[way]);
            (void)rh_hash_delete(heap, hash, number(51));
            objects_check(heap);
        }

    objects_close(&world);
}

// Make the entries before the third give way to the third.
static void
poke_close_up(struct rh_heap *heap, rh_value hash)
{
    rh_hash_delete(heap, hash, number(0));
    rh_hash_delete(heap, hash, number(1));
    poke_grow(heap, hash);
}

static void
a_search_in_a_rebuilt_table_begins_again(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.collide = true;
    for (size_t i = 0; i < 4; i++)
        put(heap, hash, i, i);
    poke_next(hash, 2, poke_close_up);
    assert_int_equal(rh_hash_get(heap, hash, number(3)), number(3));
    assert_int_equal(rude.poke, 0);

    objects_close(&world);
}

static void
poke_delete_one(struct rh_heap *heap, rh_value hash)
{
    assert_int_equal(rh_hash_delete(heap, hash, number(1)), number(10));
}

static void
an_entry_that_goes_while_it_is_compared_is_not_found(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.fold = true;
    put(heap, hash, 1, 10);
    poke_next(hash, 0, poke_delete_one);
    put(heap, hash, 101, 20); // equal to 1, which is gone
    expect_keys(heap, hash, 101);

    objects_close(&world);
}

static void
poke_change_value(struct rh_heap *heap, rh_value hash)
{
    put(heap, hash, 1, 99);
}

static void
a_value_changed_while_rehashing_is_not_lost(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.collide = true;
    put(heap, hash, 1, 10);
    put(heap, hash, 2, 20);
    poke_next(hash, 0, poke_change_value);
    assert_int_equal(rh_hash_rehash(heap, hash), RH_BUSY);
    assert_int_equal(rh_hash_get(heap, hash, number(1)), number(99));

    objects_close(&world);
}

static void
a_comparison_may_freeze_the_hash(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.collide = true;
    put(heap, hash, 1, 10);
    poke_next(hash, 0, poke_freeze);
    assert_int_equal(rh_hash_set(heap, hash, number(2), RH_NIL),
                     RH_BAD_ARGUMENT);
    expect_keys(heap, hash, 1);

    objects_close(&world);
}

static void
rehashing_finds_keys_that_have_changed(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = new_hash(heap);
    rh_value key = objects_text(heap, "before");
    rh_value other = objects_text(heap, "after");

    for (size_t i = 0; i < 30; i++)
        put(heap, hash, i, i);
    assert_int_equal(rh_hash_set(heap, hash, key, number(1)), RH_OK);
    assert_int_equal(rh_hash_set(heap, hash, other, number(2)), RH_OK);
    assert_int_equal(rh_string_resize(heap, key, 0), RH_OK);
    assert_int_equal(rh_string_append(heap, key, "after", 5), RH_OK);
    assert_int_equal(rh_hash_get(heap, hash, objects_text(heap, "before")),
                     RH_UNDEF);

    assert_int_equal(rh_hash_rehash(heap, hash), RH_OK);
    assert_int_equal(rh_hash_size(hash), 31);
    assert_int_equal(rh_hash_get(heap, hash, objects_text(heap, "after")),
                     number(2));
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(rh_hash_get(heap, hash, number(i)), number(i));

    objects_close(&world);
}

static void
a_rehash_that_is_disturbed_says_so(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = rude_new(heap);

    rude.collide = true;
    put(heap, hash, 1, 10);
    put(heap, hash, 2, 20);
    poke_next(hash, 0, poke_grow);
    assert_int_equal(rh_hash_rehash(heap, hash), RH_BUSY);
    assert_int_equal(rh_hash_size(hash), 102);
    assert_int_equal(rh_hash_get(heap, hash, number(150)), number(1));

    objects_close(&world);
}

static void
refused_memory_changes_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash = counting(heap, 0, 8); // the first block is full

    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;
    assert_int_equal(rh_hash_set(heap, hash, number(8), RH_NIL), RH_NO_MEMORY);
    assert_int_equal(rh_hash_set(heap, hash, number(3), number(33)), RH_OK);
    assert_int_equal(rh_hash_clear(heap, hash), RH_OK);
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);
    objects_check(heap);
    assert_int_equal(rh_hash_size(hash), 0);

    objects_close(&world);
}

// Chance against a plain list.

enum {
    SHADOW = 200
};

struct shadow {
    size_t keys[SHADOW];
    size_t values[SHADOW];
    size_t count;
};

static size_t
shadow_find(const struct shadow *shadow, size_t key)
{
    size_t i = 0;

    while (i < shadow->count && shadow->keys[i] != key)
        i++;
    return i;
}

static void
shadow_delete(struct shadow *shadow, size_t i)
{
    shadow->count--;
    memmove(shadow->keys + i, shadow->keys + i + 1,
            (shadow->count - i) * sizeof shadow->keys[0]);
    memmove(shadow->values + i, shadow->values + i + 1,
            (shadow->count - i) * sizeof shadow->values[0]);
}

static void
shadow_compare(struct rh_heap *heap, rh_value hash, const struct shadow *shadow)
{
    struct seen seen = { .count = 0 };

    objects_check(heap);
    assert_int_equal(rh_hash_each(heap, hash, see, &seen), RH_OK);
    assert_int_equal(seen.count, shadow->count);
    assert_memory_equal(seen.keys, shadow->keys,
                        shadow->count * sizeof shadow->keys[0]);
    assert_memory_equal(seen.values, shadow->values,
                        shadow->count * sizeof shadow->values[0]);
}

static void
random_changes_agree_with_a_plain_list(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    uint64_t random = check_seed();
    rh_value hash = rude_new(heap);
    struct shadow shadow = { .count = 0 };

    for (int step = 0; step < 10000; step++) {
        size_t key = check_random_below(&random, SHADOW);
        size_t i = shadow_find(&shadow, key);

        // Phases of growing and of shrinking.
        if (check_random_below(&random, 10) < (step / 1000 % 2 ? 3 : 7)) {
            put(heap, hash, key, (size_t)step);
            shadow.keys[i] = key;
            shadow.values[i] = (size_t)step;
            shadow.count += i == shadow.count;
        } else {
            rh_value gone = rh_hash_delete(heap, hash, number(key));

            assert_int_equal(gone, i < shadow.count ? number(shadow.values[i])
                                                    : RH_UNDEF);
            if (i < shadow.count)
                shadow_delete(&shadow, i);
        }
        if (step % 100 == 0)
            shadow_compare(heap, hash, &shadow);
    }
    shadow_compare(heap, hash, &shadow);

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(a_new_hash_is_empty),
        objects_test(what_was_set_is_found),
        objects_test(order_is_that_of_insertion),
        objects_test(deleting_and_setting_many_times_stays_small),
        objects_test(clearing_takes_everything),
        objects_test(keys_and_values_are_kept_alive),
        objects_test(deleted_entries_are_not_kept_alive),
        objects_test(a_default_stands_in_for_what_is_not_there),
        objects_test(the_default_type_compares_contents),
        objects_test(the_identity_type_compares_words),
        objects_test(undef_is_no_key_and_no_value),
        objects_test(frozen_hashes_refuse_changes),
        objects_test(entries_may_delete_themselves),
        objects_test(entries_deleted_before_their_turn_are_not_seen),
        objects_test(entries_added_meanwhile_are_not_seen),
        objects_test(an_entry_set_again_is_seen_once),
        objects_test(values_changed_before_their_turn_are_seen_changed),
        objects_test(clearing_ends_an_iteration),
        objects_test(an_iteration_survives_rehashing),
        objects_test(entries_added_after_rehashing_are_not_seen),
        objects_test(the_hash_stays_alive_while_it_is_iterated),
        objects_test(iterations_nest),
        objects_test(an_iteration_can_be_stopped),
        objects_test(an_iteration_can_be_left_by_longjmp),
        objects_test(the_embedder_says_what_is_equal),
        objects_test(the_heap_has_a_type_for_new_hashes),
        objects_test(a_key_is_never_compared_with_itself),
        objects_test(keys_that_collide_are_told_apart),
        objects_test(operands_stay_alive_while_the_embedder_collects),
        objects_test(a_comparison_may_leave_by_longjmp),
        objects_test(a_comparison_may_change_the_table),
        objects_test(a_search_in_a_rebuilt_table_begins_again),
        objects_test(an_entry_that_goes_while_it_is_compared_is_not_found),
        objects_test(a_value_changed_while_rehashing_is_not_lost),
        objects_test(a_comparison_may_freeze_the_hash),
        objects_test(rehashing_finds_keys_that_have_changed),
        objects_test(a_rehash_that_is_disturbed_says_so),
        objects_test(refused_memory_changes_nothing),
        objects_test(random_changes_agree_with_a_plain_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
