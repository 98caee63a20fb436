// SPDX-License-Identifier: MIT
#include "objects.h"

#include <rheap/barrier.h>

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/data.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

int objects_relaxed, objects_stressed, objects_young, objects_steps;

struct rh_heap *
objects_open(struct check_world *world, void **state)
{
    const void *mode = state ? *state : NULL;
    unsigned stress = RH_STRESS_NONE;

    if (mode == &objects_stressed)
        stress = RH_STRESS_ALLOC;
    if (mode == &objects_young)
        stress = RH_STRESS_ALLOC | RH_STRESS_MINOR;
    if (mode == &objects_steps)
        stress = RH_STRESS_ALLOC | RH_STRESS_MINOR | RH_STRESS_STEPS;
    check_prepare(world);
    world->config.model = rh_object_model();
    world->config.generational = stress & RH_STRESS_MINOR;
    check_make(world);
    rh_heap_stress(world->heap, stress);
    if (world->config.generational)
        rh_barrier_check(world->heap, true, NULL, NULL);
    return world->heap;
}

void
objects_close(struct check_world *world)
{
    struct rh_heap *heap = world->heap;

    objects_check(heap);
    rh_heap_stress(heap, false);
    rh_scope_restore(heap, 0);
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 0);
    assert_int_equal(check_stat(heap, "x_external_bytes"), 0);
    assert_int_equal(check_stat(heap, "x_external_blocks"), 0);
    assert_int_equal(check_stat(heap, "x_adjusted_bytes"), 0);
    check_close(world);
}

struct place {
    const char *file;
    int line;
};

static bool
check_object(struct rh_heap *heap, void *object, void *context)
{
    const struct place *place = context;
    const char *why = NULL;

    if (rh_object_check(heap, rh_value_of_slot(object), &why) != RH_OK) {
        print_error("%s\n", why ? why : "broken, but not said why");
        _fail(place->file, place->line);
    }
    return true;
}

void
objects_check_at(struct rh_heap *heap, const char *file, int line)
{
    struct place place = { file, line };

    check_heap_at(heap, file, line);
    rh_walk_objects(heap, check_object, &place);
}

rh_value
objects_keep(struct rh_heap *heap, rh_value value)
{
    assert_true(value != RH_UNDEF);
    if (rh_value_is_object(value))
        assert_non_null(rh_scope_hold(heap, rh_value_slot(value)));
    return value;
}

rh_value
objects_text(struct rh_heap *heap, const char *text)
{
    return objects_keep(heap, rh_string_new(heap, 0, text, strlen(text)));
}

void
objects_expect_text_at(rh_value string, const char *text, const char *file,
                       int line)
{
    _assert_int_equal(rh_string_length(string), strlen(text), file, line);
    _assert_memory_equal(rh_string_bytes(string), text, strlen(text), file,
                         line);
}

size_t
objects_memsize(struct rh_heap *heap, rh_value object)
{
    return rh_heap_memsize(heap, rh_value_slot(object));
}

struct edges {
    const void *to;
    size_t found;
    size_t all;
};

static bool
count_edge(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct edges *edges = context;

    (void)heap, (void)from;
    edges->all++;
    if (to == edges->to)
        edges->found++;
    return true;
}

static struct edges
edges_of(struct rh_heap *heap, rh_value from, const void *to)
{
    struct edges edges = { to, 0, 0 };

    rh_walk_references(heap, rh_value_slot(from), count_edge, &edges);
    return edges;
}

size_t
objects_edges(struct rh_heap *heap, rh_value from, rh_value to)
{
    return edges_of(heap, from, rh_value_slot(to)).found;
}

size_t
objects_edge_count(struct rh_heap *heap, rh_value from)
{
    return edges_of(heap, from, NULL).all;
}

size_t
objects_alive(struct rh_heap *heap)
{
    return check_stat(heap, "heap_live_slots");
}

// Samples.

static rh_value
sample_object(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value object = rh_object_new(heap, 0, 3);

    if (object != RH_UNDEF &&
        (rh_ivar_set(heap, object, 0, a) || rh_ivar_set(heap, object, 2, b)))
        return RH_UNDEF;
    return object;
}

static rh_value
sample_object_in_block(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value object = rh_object_new(heap, 0, 7);

    if (object != RH_UNDEF &&
        (rh_ivar_set(heap, object, 0, a) || rh_ivar_set(heap, object, 6, b)))
        return RH_UNDEF;
    return object;
}

static rh_value
sample_class(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_class_new(heap, a, b, "Sample", 6);
}

static rh_value
sample_nameless_class(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_class_new(heap, a, b, NULL, 0);
}

static rh_value
sample_singleton(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_class_new_singleton(heap, a, b);
}

static rh_value
sample_module(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)b;
    return rh_module_new(heap, a, "Sample::Module", 14);
}

static rh_value
sample_iclass(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_iclass_new(heap, a, b);
}

static rh_value
sample_float(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)b;
    return rh_float_new(heap, a, 1e-300);
}

static rh_value
sample_string(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)b;
    return rh_string_new(heap, a, "short", 5);
}

static rh_value
sample_string_in_block(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value string = rh_string_new(heap, a, NULL, 99);

    if (string != RH_UNDEF && rh_ivar_set(heap, string, 4, b))
        return RH_UNDEF;
    return string;
}

static rh_value
sample_string_slice(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value string = rh_string_new(heap, a, NULL, 100);

    (void)b;
    return string == RH_UNDEF ? RH_UNDEF
                              : rh_string_slice(heap, string, 10, 50);
}

static rh_value
sample_regexp(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_regexp_new(heap, a, b, NULL, 300);
}

static rh_value
sample_array(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value values[] = { a, RH_NIL, b };

    return rh_array_new(heap, 0, values, 3);
}

static rh_value
sample_array_in_block(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value values[] = { a, RH_NIL, RH_TRUE, b };

    return rh_array_new(heap, 0, values, 4);
}

static rh_value
sample_array_grown(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value array = rh_array_new(heap, b, NULL, 0);

    for (int i = 0; i < 200 && array != RH_UNDEF; i++)
        if (rh_array_push(heap, array, i == 150 ? a : RH_NIL))
            return RH_UNDEF;
    return array;
}

static rh_value
sample_array_slice(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value array = rh_array_new(heap, a, NULL, 10);

    (void)b;
    return array == RH_UNDEF ? RH_UNDEF : rh_array_slice(heap, array, 1, 8);
}

static rh_value
sample_hash(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_hash_new(heap, a, NULL) == RH_UNDEF ? RH_UNDEF
                                                  : rh_hash_new(heap, b, NULL);
}

static rh_value
sample_hash_filled(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value hash = rh_hash_new(heap, 0, NULL);

    for (int i = 0; i < 40 && hash != RH_UNDEF; i++)
        if (rh_hash_set(heap, hash, rh_fixnum_from(i), i == 33 ? a : RH_NIL))
            return RH_UNDEF;
    if (hash != RH_UNDEF && rh_hash_set_default(heap, hash, b))
        return RH_UNDEF;
    return hash;
}

static int sample_freed;

static void
sample_free(struct rh_heap *heap, void *data)
{
    (void)heap, (void)data;
    sample_freed++;
}

static rh_value
sample_data(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)b;
    return rh_data_new(heap, a, NULL, sample_free, &sample_freed);
}

static size_t
sample_size(const void *data)
{
    (void)data;
    return 1000;
}

static rh_value
sample_typed_data(struct rh_heap *heap, rh_value a, rh_value b)
{
    static const struct rh_data_type type = {
        .name = "sample/\"typed\"",
        .free = sample_free,
        .size = sample_size,
    };

    (void)b;
    return rh_typed_data_new(heap, a, &type, &sample_freed);
}

static rh_value
sample_struct(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value values[] = { a, b };

    return rh_struct_new(heap, 0, values, 2);
}

static rh_value
sample_struct_in_block(struct rh_heap *heap, rh_value a, rh_value b)
{
    rh_value values[] = { a, RH_NIL, RH_NIL, RH_NIL, RH_NIL, b };

    return rh_struct_new(heap, 0, values, 6);
}

static rh_value
sample_bignum(struct rh_heap *heap, rh_value a, rh_value b)
{
    const uint32_t digits[] = { 1, 2, 3, 4, 5, 6 };

    (void)b;
    return rh_bignum_new(heap, a, true, digits, 6);
}

static rh_value
sample_bignum_in_block(struct rh_heap *heap, rh_value a, rh_value b)
{
    const uint32_t digits[] = { 1, 2, 3, 4, 5, 6, 7 };

    (void)b;
    return rh_bignum_new(heap, a, false, digits, 7);
}

static rh_value
sample_file(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)b;
    return rh_file_new(heap, a, -1, 512);
}

static rh_value
sample_node(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_node_new(heap, 3, 4, a, RH_NIL, b);
}

static rh_value
sample_match(struct rh_heap *heap, rh_value a, rh_value b)
{
    const struct rh_match_region regions[] = { { 0, 1 }, { 0, 0 } };

    return rh_match_new(heap, 0, a, b, regions, 2);
}

static rh_value
sample_rational(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_rational_new(heap, 0, a, b);
}

static rh_value
sample_complex(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_complex_new(heap, 0, a, b);
}

static rh_value
sample_symbol(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_symbol_new(heap, a, b, 1, 2);
}

static rh_value
sample_imemo(struct rh_heap *heap, rh_value a, rh_value b)
{
    return rh_imemo_new(heap, RH_IMEMO_MENT, a, b, RH_NIL);
}

static rh_value
sample_zombie(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)a, (void)b;
    return rh_zombie_new(heap, sample_free, &sample_freed);
}

const struct objects_sample objects_samples[] = {
    { "object", RH_TYPE_OBJECT, 2, 0, sample_object },
    { "object, block", RH_TYPE_OBJECT, 2, 56, sample_object_in_block },
    { "class", RH_TYPE_CLASS, 2, 15, sample_class },
    { "class, no name", RH_TYPE_CLASS, 2, 0, sample_nameless_class },
    { "singleton class", RH_TYPE_CLASS, 2, 0, sample_singleton },
    { "module", RH_TYPE_MODULE, 1, 23, sample_module },
    { "iclass", RH_TYPE_ICLASS, 2, 0, sample_iclass },
    { "float", RH_TYPE_FLOAT, 1, 0, sample_float },
    { "string", RH_TYPE_STRING, 1, 0, sample_string },
    { "string, block", RH_TYPE_STRING, 2, 100, sample_string_in_block },
    { "string, slice", RH_TYPE_STRING, 1, 0, sample_string_slice },
    { "regexp", RH_TYPE_REGEXP, 2, 300, sample_regexp },
    { "array", RH_TYPE_ARRAY, 2, 0, sample_array },
    { "array, block", RH_TYPE_ARRAY, 2, 32, sample_array_in_block },
    { "array, sliced", RH_TYPE_ARRAY, 2, SIZE_MAX, sample_array_grown },
    { "array, slice", RH_TYPE_ARRAY, 1, 0, sample_array_slice },
    { "hash", RH_TYPE_HASH, 1, 0, sample_hash },
    { "hash, block", RH_TYPE_HASH, 2, SIZE_MAX, sample_hash_filled },
    { "data", RH_TYPE_DATA, 1, 0, sample_data },
    { "typed data", RH_TYPE_DATA, 1, 1000, sample_typed_data },
    { "struct", RH_TYPE_STRUCT, 2, 0, sample_struct },
    { "struct, block", RH_TYPE_STRUCT, 2, 48, sample_struct_in_block },
    { "bignum", RH_TYPE_BIGNUM, 1, 0, sample_bignum },
    { "bignum, block", RH_TYPE_BIGNUM, 1, 28, sample_bignum_in_block },
    { "file", RH_TYPE_FILE, 1, 512, sample_file },
    { "node", RH_TYPE_NODE, 2, 0, sample_node },
    { "match", RH_TYPE_MATCH, 2, 40, sample_match },
    { "rational", RH_TYPE_RATIONAL, 2, 0, sample_rational },
    { "complex", RH_TYPE_COMPLEX, 2, 0, sample_complex },
    { "symbol", RH_TYPE_SYMBOL, 2, 0, sample_symbol },
    { "imemo", RH_TYPE_IMEMO, 2, 0, sample_imemo },
    { "zombie", RH_TYPE_ZOMBIE, 0, 0, sample_zombie },
};

const size_t objects_sample_count = CHECK_COUNT(objects_samples);
