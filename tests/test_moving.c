// SPDX-License-Identifier: MIT
// The Ruby-style objects while they move: what they refer to, what they share,
// what is kept by their address, and hashes that find keys by it.
#include "config.h"

#include "objects.h"

#include "heap.h"
#include "object/table.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/compact.h>
#include <rheap/data.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

// Values of the test: a range of roots, so that they follow.  v[0] and v[1] are
// held before everything else.
enum {
    MOST = 2000
};

static struct check_world world;
static struct rh_heap *heap;
static rh_value v[MOST];

static void
open_moving(void)
{
    heap = objects_open(&world, NULL);
    for (size_t i = 0; i < MOST; i++)
        v[i] = RH_NIL;
    assert_int_equal(rh_root_add_range(heap, NULL, v, MOST), RH_OK);
}

static void
close_moving(void)
{
    rhi_compact_stress(&heap->compact, false);
    objects_check(heap);
    assert_int_equal(rh_root_remove_range(heap, v), RH_OK);
    objects_close(&world);
}

// Garbage, so that there is something to compact.
static void
waste(void)
{
    for (size_t i = 0; i < 3 * rh_heap_slots_per_page(heap); i++)
        assert_true(rh_string_new(heap, 0, "garbage", 7) != RH_UNDEF);
}

// Everything moves.
static void
move(void)
{
    struct rh_violation violation = { .invariant = NULL };

    if (rh_compact_verify(heap, &violation) != RH_OK)
        fail_msg("%s: %s", violation.invariant, violation.meaning);
    objects_check(heap);
}

static void
compact(void)
{
    assert_int_equal(rh_heap_compact(heap, NULL), RH_OK);
    objects_check(heap);
}

static rh_value
text(const char *bytes)
{
    rh_value string = rh_string_new(heap, 0, bytes, strlen(bytes));

    assert_true(string != RH_UNDEF);
    return string;
}

static rh_value
some(rh_value value)
{
    assert_true(value != RH_UNDEF);
    return value;
}

// ---- every type ----

static void
objects_of_every_type_survive(void **state)
{
    size_t external, memsize[64], alive;

    (void)state;
    open_moving();
    v[0] = text("a");
    v[1] = text("b");
    for (size_t i = 0; i < objects_sample_count; i++) {
        v[2 + i] = some(objects_samples[i].make(heap, v[0], v[1]));
        memsize[i] = objects_memsize(heap, v[2 + i]);
        waste();
    }
    rh_heap_collect(heap);
    alive = objects_alive(heap);
    external = check_stat(heap, "x_external_bytes");

    for (int round = 0; round < 4; round++) {
        rh_value old = v[2];

        if (round % 2)
            move();
        else
            compact();
        assert_true(round % 2 == 0 || v[2] != old);
        assert_int_equal(objects_alive(heap), alive);
        assert_int_equal(check_stat(heap, "x_external_bytes"), external);
        objects_expect_text(v[0], "a");
        objects_expect_text(v[1], "b");
        for (size_t i = 0; i < objects_sample_count; i++) {
            const struct objects_sample *sample = &objects_samples[i];

            assert_int_equal(rh_type_of(v[2 + i]), sample->type);
            assert_int_equal(objects_edges(heap, v[2 + i], v[0]) +
                                 objects_edges(heap, v[2 + i], v[1]),
                             sample->edges);
            assert_int_equal(objects_memsize(heap, v[2 + i]), memsize[i]);
        }
    }
    close_moving();
}

static void
considered_and_moved_are_told_by_type(void **state)
{
    struct rh_compaction result = { .struct_bytes = sizeof result };

    (void)state;
    open_moving();
    for (size_t i = 0; i < 30; i++) {
        v[3 * i] = text("a string");
        v[3 * i + 1] = some(rh_array_new(heap, 0, &v[3 * i], 1));
        v[3 * i + 2] = some(rh_hash_new(heap, 0, NULL));
        waste();
    }

    assert_int_equal(rh_heap_compact(heap, &result), RH_OK);

    assert_int_equal(result.considered, 90);
    assert_true(result.moved > 30);
    assert_int_equal(result.types[RH_TYPE_STRING].considered, 30);
    assert_int_equal(result.types[RH_TYPE_ARRAY].considered, 30);
    assert_int_equal(result.types[RH_TYPE_HASH].considered, 30);
    assert_string_equal(result.types[RH_TYPE_HASH].type, "HASH");
    assert_int_equal(result.types[RH_TYPE_STRING].moved +
                         result.types[RH_TYPE_ARRAY].moved +
                         result.types[RH_TYPE_HASH].moved,
                     result.moved);
    close_moving();
}

// ---- what is shared ----

static void
shared_blocks_stay_with_their_roots(void **state)
{
    static const char long_text[] =
        "It was the best of times, it was the worst of times, it was the age";

    (void)state;
    open_moving();
    v[0] = text(long_text);
    v[1] = some(rh_string_slice(heap, v[0], 4, 40));
    v[2] = some(rh_string_slice(heap, v[1], 3, 30));
    for (int i = 0; i < 10; i++)
        v[10 + i] = rh_fixnum_from(i);
    v[3] = some(rh_array_new(heap, 0, &v[10], 10));
    v[4] = some(rh_array_slice(heap, v[3], 2, 6));
    waste();

    for (int i = 0; i < 3; i++) {
        move();
        objects_expect_text(v[0], long_text);
        assert_memory_equal(rh_string_bytes(v[1]), long_text + 4, 40);
        assert_memory_equal(rh_string_bytes(v[2]), long_text + 7, 30);
        assert_int_equal(rh_string_root(v[0]), rh_string_root(v[2]));
        assert_int_equal(rh_array_root(v[3]), rh_array_root(v[4]));
        assert_int_equal(rh_array_get(v[4], 5), rh_fixnum_from(7));
    }
    v[0] = v[3] = RH_NIL; // the slices keep the roots
    move();
    assert_memory_equal(rh_string_bytes(v[2]), long_text + 7, 30);
    assert_int_equal(rh_array_set(heap, v[4], 0, RH_TRUE), RH_OK);
    assert_int_equal(rh_array_root(v[4]), RH_NIL);
    move();
    assert_int_equal(rh_array_get(v[4], 0), RH_TRUE);
    close_moving();
}

static void
long_containers_follow(void **state)
{
    (void)state;
    open_moving();
    v[0] = some(rh_array_new(heap, 0, NULL, 0));
    v[1] = some(rh_hash_new(heap, 0, NULL));
    for (int i = 0; i < 1000; i++) {
        v[2] = some(rh_string_new(heap, 0, (const char *)&i, sizeof i));
        assert_int_equal(rh_array_push(heap, v[0], v[2]), RH_OK);
        assert_int_equal(rh_hash_set(heap, v[1], rh_fixnum_from(i), v[2]),
                         RH_OK);
    }
    for (int i = 0; i < 10; i++)
        (void)rh_array_shift(heap, v[0]);

    move();

    for (int i = 10; i < 1000; i++) {
        v[2] = rh_array_get(v[0], (size_t)i - 10);
        assert_int_equal(rh_hash_get(heap, v[1], rh_fixnum_from(i)), v[2]);
        assert_memory_equal(rh_string_bytes(v[2]), &i, sizeof i);
    }
    close_moving();
}

// ---- what is kept by address ----

// A string with variables that all refer to v[n / 2].
static void
make_variables(size_t n)
{
    v[n] = text("with variables");
    for (size_t i = 0; i <= n % 4; i++)
        assert_int_equal(rh_ivar_set(heap, v[n], i, v[n / 2]), RH_OK);
}

static void
expect_variables(size_t n)
{
    assert_int_equal(rh_ivar_count(v[n]), n % 4 + 1);
    for (size_t i = 0; i <= n % 4; i++)
        assert_int_equal(rh_ivar_get(v[n], i), v[n / 2]);
}

static void
generic_instance_variables_follow(void **state)
{
    (void)state;
    open_moving();
    for (size_t n = 0; n < 500; n++)
        make_variables(n);
    waste();

    for (size_t round = 0; round < 6; round++) {
        if (round % 2)
            compact();
        else
            move();
        for (size_t n = 0; n < 500; n++)
            expect_variables(n);
        for (size_t n = 250; n < 500; n += 2 + round)
            make_variables(n); // the old one's are dropped
    }
    close_moving();
}

static void
names_of_rebuilt_objects_follow(void **state)
{
    struct rh_rebuild wish;

    (void)state;
    open_moving();
    rh_rebuild_init(&wish);
    wish.type = RH_TYPE_CLASS;
    wish.name = "Rebuilt";
    wish.name_length = 7;
    wish.external_bytes = 500;
    v[0] = rh_value_of_slot(rh_heap_alloc(heap));
    assert_int_equal(rh_object_rebuild(heap, rh_value_slot(v[0]), &wish),
                     RH_OK);
    v[1] = text("instance");
    wish.class_of = v[0];
    wish.type = RH_TYPE_HASH;
    wish.references = &v[1];
    wish.reference_count = 1;
    v[2] = rh_value_of_slot(rh_heap_alloc(heap));
    assert_int_equal(rh_object_rebuild(heap, rh_value_slot(v[2]), &wish),
                     RH_OK);

    move();

    assert_string_equal(rh_rebuild_name(v[0], NULL), "Rebuilt");
    assert_string_equal(rh_class_name(v[0], NULL), "Rebuilt");
    assert_int_equal(rh_object_class(v[2]), v[0]);
    assert_int_equal(objects_edges(heap, v[2], v[1]), 1);
    close_moving();
}

static void
classes_of_immediates_follow(void **state)
{
    (void)state;
    open_moving();
    v[0] = some(rh_class_new(heap, 0, RH_NIL, "Integer", 7));
    v[1] = some(rh_class_new(heap, 0, RH_NIL, "NilClass", 8));
    assert_int_equal(rh_class_set_immediate(heap, RH_IMMEDIATE_FIXNUM, v[0]),
                     RH_OK);
    assert_int_equal(rh_class_set_immediate(heap, RH_IMMEDIATE_NIL, v[1]),
                     RH_OK);

    move();

    assert_int_equal(rh_class_of(heap, rh_fixnum_from(1)), v[0]);
    assert_int_equal(rh_class_of(heap, RH_NIL), v[1]);
    assert_string_equal(rh_class_name(rh_class_of(heap, RH_NIL), NULL),
                        "NilClass");
    for (int i = 0; i < RH_IMMEDIATE_COUNT; i++)
        assert_int_equal(
            rh_class_set_immediate(heap, (enum rh_immediate)i, RH_NIL), RH_OK);
    close_moving();
}

// ---- data ----

struct box {
    rh_value followed;
    rh_value copied;
    rh_value many[200];
};

static void
box_trace(void *data, struct rh_visitor *visitor)
{
    struct box *box = data;

    rh_visit(visitor, &box->followed);
    if (box->copied)
        rh_visit_pinned(visitor, rh_value_slot(box->copied));
}

static bool
box_trace_range(void *data, size_t from, size_t to, struct rh_visitor *visitor)
{
    struct box *box = data;

    for (; from < to && from < 200; from++)
        rh_visit(visitor, &box->many[from]);
    return from < 200;
}

static const struct rh_data_type box_type = {
    .name = "box",
    .trace = box_trace,
    .trace_range = box_trace_range,
};

static void
data_is_updated_and_may_pin(void **state)
{
    struct box plain = { .followed = RH_NIL };
    struct box typed = { .followed = RH_NIL };
    rh_value pinned;

    (void)state;
    open_moving();
    v[0] = some(rh_data_new(heap, 0, box_trace, NULL, &plain));
    v[1] = some(rh_typed_data_new(heap, 0, &box_type, &typed));
    plain.followed = v[2] = text("followed");
    typed.followed = v[2];
    typed.copied = pinned = text("pinned");
    v[3] = typed.copied;
    for (size_t i = 0; i < 200; i++)
        typed.many[i] = v[4 + i] = text("one of many");

    move();

    assert_int_equal(plain.followed, v[2]);
    assert_int_equal(typed.followed, v[2]);
    assert_int_equal(v[3], pinned);
    objects_expect_text(pinned, "pinned");
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(typed.many[i], v[4 + i]);
    close_moving();
}

// ---- hashes ----

// Keys are v[first...], values their numbers.
static void
fill_hash(rh_value *hash, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            rh_hash_set(heap, *hash, v[first + i], rh_fixnum_from((int64_t)i)),
            RH_OK);
}

struct order {
    size_t seen;
    size_t first;
    size_t step;
};

static bool
expect_next(struct rh_heap *of, rh_value key, rh_value value, void *context)
{
    struct order *order = context;
    size_t i = order->seen++ * order->step;

    (void)of;
    assert_int_equal(key, v[order->first + i]);
    assert_int_equal(value, rh_fixnum_from((int64_t)i));
    return true;
}

// Every `step`-th of `count` keys is there, in this order, and no other.
static void
expect_hash(rh_value hash, size_t first, size_t count, size_t step)
{
    struct order order = { 0, first, step };

    for (size_t i = 0; i < count; i++)
        assert_int_equal(rh_hash_get(heap, hash, v[first + i]),
                         i % step ? RH_UNDEF : rh_fixnum_from((int64_t)i));
    assert_int_equal(rh_hash_each(heap, hash, expect_next, &order), RH_OK);
    assert_int_equal(order.seen, (count + step - 1) / step);
}

// Objects of all sorts, alike in content.
static void
make_keys(size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        switch (i % 5) {
        case 0:
            v[first + i] = some(rh_object_new(heap, 0, 0));
            break;
        case 1:
            v[first + i] = some(rh_array_new(heap, 0, NULL, 2));
            break;
        case 2:
            v[first + i] =
                some(rh_string_new(heap, 0, (const char *)&i, sizeof i));
            break;
        case 3:
            v[first + i] =
                some(rh_float_new(heap, 0, 1e300 + (double)i * 1e290));
            break;
        default:
            v[first + i] = some(rh_rational_new(heap, 0, RH_NIL, RH_NIL));
        }
    waste();
}

static void
expect_hash_moves(const struct rh_hash_type *type, size_t count)
{
    open_moving();
    make_keys(10, count);
    v[0] = some(rh_hash_new(heap, 0, type));
    fill_hash(&v[0], 10, count);

    for (int i = 0; i < 3; i++) {
        compact();
        expect_hash(v[0], 10, count, 1);
        move();
        expect_hash(v[0], 10, count, 1);
    }
    for (size_t i = 0; i < count; i++) // gaps
        if (i % 3)
            assert_true(rh_hash_delete(heap, v[0], v[10 + i]) != RH_UNDEF);
    move();
    expect_hash(v[0], 10, count, 3);
    assert_int_equal(rh_hash_rehash(heap, v[0]), RH_OK);
    move();
    expect_hash(v[0], 10, count, 3);
    close_moving();
}

static void
a_hash_by_identity_finds_every_key(void **state)
{
    (void)state;
    expect_hash_moves(rh_hash_type_identity(), 6);
    expect_hash_moves(rh_hash_type_identity(), 700);
}

static void
a_hash_of_the_default_type_finds_every_key(void **state)
{
    (void)state;
    expect_hash_moves(rh_hash_type_default(), 6);
    expect_hash_moves(rh_hash_type_default(), 700);
}

static void
a_hash_whose_keys_stay_is_not_written(void **state)
{
    const struct rhi_table *table;
    char *copy;
    size_t bytes;

    (void)state;
    open_moving();
    v[0] = some(rh_hash_new(heap, 0, rh_hash_type_identity()));
    make_keys(10, 100);
    fill_hash(&v[0], 10, 100);
    for (size_t i = 0; i < 100; i++)
        rh_heap_pin(heap, rh_value_slot(v[10 + i]));
    table = ((struct rhi_object *)rh_value_slot(v[0]))->as.hash.table;
    bytes = rhi_table_bytes(table->capacity);
    copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, table, bytes);

    move(); // the hash itself goes

    assert_ptr_equal(table,
                     ((struct rhi_object *)rh_value_slot(v[0]))->as.hash.table);
    // Codes, numbers and cells of free entries have no value.
    assert_memory_equal(copy, table, offsetof(struct rhi_table, pairs));
    expect_hash(v[0], 10, 100, 1);
    free(copy);
    close_moving();
}

static bool
move_in_each(struct rh_heap *of, rh_value key, rh_value value, void *context)
{
    size_t *seen = context;

    (void)of;
    assert_int_equal(key, v[10 + *seen]);
    assert_int_equal(value, rh_fixnum_from((int64_t)*seen));
    ++*seen;
    if (*seen % 20 == 0)
        move();
    return true;
}

static void
an_iteration_goes_on_while_everything_moves(void **state)
{
    size_t seen = 0;

    (void)state;
    open_moving();
    make_keys(10, 200);
    v[0] = some(rh_hash_new(heap, 0, rh_hash_type_identity()));
    fill_hash(&v[0], 10, 200);

    assert_int_equal(rh_hash_each(heap, v[0], move_in_each, &seen), RH_OK);

    assert_int_equal(seen, 200);
    close_moving();
}

// A type that knows keys by content, and moves everything when it is asked.

static bool unruly;

static uint64_t
content_hash(struct rh_heap *of, rh_value key)
{
    uint64_t hash = (unsigned char)rh_string_bytes(key)[0] % 3;

    (void)of;
    if (unruly)
        move();
    return hash;
}

static bool
content_equal(struct rh_heap *of, rh_value a, rh_value b)
{
    bool equal = rh_string_equal(a, b);

    (void)of;
    if (unruly)
        move();
    return equal;
}

static const struct rh_hash_type by_content = { content_hash, content_equal };

// A type that knows objects by a number in them.

static uint64_t
number_hash(struct rh_heap *of, rh_value key)
{
    (void)of;
    return (uint64_t)rh_ivar_get(key, 0);
}

static bool
number_equal(struct rh_heap *of, rh_value a, rh_value b)
{
    (void)of;
    return rh_ivar_get(a, 0) == rh_ivar_get(b, 0);
}

static const struct rh_hash_type by_number = { number_hash, number_equal };

static void
hashes_of_the_embedders_types_are_left_alone(void **state)
{
    (void)state;
    open_moving();
    v[0] = some(rh_hash_new(heap, 0, &by_number));
    for (size_t i = 0; i < 100; i++) {
        v[10 + i] = some(rh_object_new(heap, 0, 1));
        assert_int_equal(
            rh_ivar_set(heap, v[10 + i], 0, rh_fixnum_from((int64_t)i)), RH_OK);
    }
    fill_hash(&v[0], 10, 100);

    move();

    expect_hash(v[0], 10, 100, 1);
    v[1] = some(rh_object_new(heap, 0, 1)); // another one alike
    assert_int_equal(rh_ivar_set(heap, v[1], 0, rh_fixnum_from(77)), RH_OK);
    assert_int_equal(rh_hash_get(heap, v[0], v[1]), rh_fixnum_from(77));
    close_moving();
}

static void
searches_survive_while_everything_moves(void **state)
{
    char name[] = "a";

    (void)state;
    open_moving();
    v[0] = some(rh_hash_new(heap, 0, &by_content));
    unruly = true;
    for (int i = 0; i < 15; i++, name[0]++) {
        v[10 + i] = text(name);
        v[1] = text(name);
        assert_int_equal(rh_hash_set(heap, v[0], v[10 + i], rh_fixnum_from(i)),
                         RH_OK);
        assert_int_equal(rh_hash_get(heap, v[0], v[1]), rh_fixnum_from(i));
    }
    unruly = false;
    expect_hash(v[0], 10, 15, 1);
    unruly = true;
    assert_int_equal(rh_hash_delete(heap, v[0], v[11]), rh_fixnum_from(1));
    assert_int_equal(rh_hash_fetch(heap, v[0], v[11]), RH_NIL);
    assert_int_equal(rh_hash_rehash(heap, v[0]), RH_OK);
    unruly = false;
    assert_int_equal(rh_hash_get(heap, v[0], v[24]), rh_fixnum_from(14));
    close_moving();
}

// ---- constructors, while every allocation moves everything ----

static void
open_restless(void)
{
    open_moving();
    for (size_t i = 0; i < 8; i++)
        v[i] = some(rh_string_new(heap, 0, NULL, 10 * i));
    rh_heap_stress(heap, true);
    rhi_compact_stress(&heap->compact, true);
}

// `made` refers to each of v[0..count-1].
static void
expect_references(rh_value made, size_t count)
{
    some(made);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(objects_edges(heap, made, v[i]), 1);
}

static void
constructors_keep_their_arguments(void **state)
{
    const struct rh_match_region region = { 0, 1 };
    const uint32_t digits[] = { 1, 2, 3 };

    (void)state;
    open_restless();
    expect_references(rh_class_new(heap, v[0], v[1], "Moved", 5), 2);
    expect_references(rh_class_new_singleton(heap, v[0], v[1]), 2);
    expect_references(rh_module_new(heap, v[0], "Moved", 5), 1);
    expect_references(rh_iclass_new(heap, v[0], v[1]), 2);
    expect_references(rh_object_new(heap, v[0], 5), 1);
    expect_references(rh_string_new(heap, v[0], "moved", 5), 1);
    expect_references(rh_struct_new(heap, v[0], &v[1], 2), 3);
    expect_references(rh_struct_new(heap, v[0], &v[1], 6), 7);
    expect_references(rh_array_new(heap, v[0], &v[1], 3), 4);
    expect_references(rh_array_new(heap, v[0], &v[1], 7), 8);
    expect_references(rh_hash_new(heap, v[0], NULL), 1);
    expect_references(rh_bignum_new(heap, v[0], false, digits, 3), 1);
    expect_references(rh_float_new(heap, v[0], 1e-300), 1);
    expect_references(rh_rational_new(heap, v[0], v[1], v[2]), 3);
    expect_references(rh_complex_new(heap, v[0], v[1], v[2]), 3);
    expect_references(rh_symbol_new(heap, v[0], v[1], 1, 2), 2);
    expect_references(rh_regexp_new(heap, v[0], v[1], "pattern", 7), 2);
    expect_references(rh_match_new(heap, v[0], v[1], v[2], &region, 1), 3);
    expect_references(rh_node_new(heap, 1, 2, v[0], v[1], v[2]), 3);
    expect_references(rh_imemo_new(heap, RH_IMEMO_ENV, v[0], v[1], v[2]), 3);
    expect_references(rh_data_new(heap, v[0], NULL, NULL, NULL), 1);
    close_moving();
}

static void
slices_keep_what_they_share(void **state)
{
    (void)state;
    open_restless();
    rh_object_set_class(heap, v[7], v[0]);
    v[10] = some(rh_string_slice(heap, v[7], 5, 10));
    assert_int_equal(rh_string_length(v[10]), 10);
    assert_int_equal(rh_object_class(v[10]), v[0]);
    v[11] = some(rh_string_slice(heap, v[7], 5, 40));
    assert_int_equal(rh_string_length(v[11]), 40);
    assert_int_equal(rh_string_root(v[11]), rh_string_root(v[7]));
    v[12] = some(rh_array_new(heap, v[0], v, 8));
    v[13] = some(rh_array_slice(heap, v[12], 1, 2));
    assert_int_equal(rh_array_get(v[13], 1), v[2]);
    v[14] = some(rh_array_slice(heap, v[12], 1, 5));
    assert_int_equal(rh_array_get(v[14], 4), v[5]);
    assert_int_equal(rh_array_root(v[14]), rh_array_root(v[12]));
    assert_int_equal(rh_object_class(v[14]), v[0]);
    close_moving();
}

static void
hashes_work_while_everything_moves(void **state)
{
    (void)state;
    open_restless();
    v[20] = some(rh_hash_new(heap, 0, rh_hash_type_identity()));
    for (size_t i = 0; i < 40; i++) {
        v[100 + i] = text("key"); // everything moves
        assert_int_equal(
            rh_hash_set(heap, v[20], v[100 + i], rh_fixnum_from((int64_t)i)),
            RH_OK);
    }
    expect_hash(v[20], 100, 40, 1);
    assert_int_equal(rh_hash_rehash(heap, v[20]), RH_OK);
    expect_hash(v[20], 100, 40, 1);
    close_moving();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_every_type_survive),
        cmocka_unit_test(considered_and_moved_are_told_by_type),
        cmocka_unit_test(shared_blocks_stay_with_their_roots),
        cmocka_unit_test(long_containers_follow),
        cmocka_unit_test(generic_instance_variables_follow),
        cmocka_unit_test(names_of_rebuilt_objects_follow),
        cmocka_unit_test(classes_of_immediates_follow),
        cmocka_unit_test(data_is_updated_and_may_pin),
        cmocka_unit_test(a_hash_by_identity_finds_every_key),
        cmocka_unit_test(a_hash_of_the_default_type_finds_every_key),
        cmocka_unit_test(a_hash_whose_keys_stay_is_not_written),
        cmocka_unit_test(an_iteration_goes_on_while_everything_moves),
        cmocka_unit_test(hashes_of_the_embedders_types_are_left_alone),
        cmocka_unit_test(searches_survive_while_everything_moves),
        cmocka_unit_test(constructors_keep_their_arguments),
        cmocka_unit_test(slices_keep_what_they_share),
        cmocka_unit_test(hashes_work_while_everything_moves),
    };

    return cmocka_run_group_tests_name("moving", tests, NULL, NULL);
}
