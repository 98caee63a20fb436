// SPDX-License-Identifier: MIT
// Write barriers: every function that stores a reference runs one, into an old
// object and into one that a major collection has followed already; and those
// that were forgotten are found.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "object/layout.h"
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/class.h>
#include <rheap/data.h>
#include <rheap/fork.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/text.h>

static bool
is_live(const struct rh_heap *heap, rh_value value)
{
    return rh_heap_is_live(heap, value);
}

static bool
has_bit(const struct rh_heap *heap, enum rhi_plane plane, const void *object)
{
    size_t page = rhi_region_page(&heap->region, (uintptr_t)object);

    return rhi_bit_test(heap->region.plane[plane][page],
                        rhi_page_index(&heap->region, (uintptr_t)object));
}

static bool
is_old(const struct rh_heap *heap, rh_value value)
{
    return has_bit(heap, RHI_MARK, rh_value_slot(value));
}

static void
ok(enum rh_status status)
{
    assert_int_equal(status, RH_OK);
}

static struct rh_heap *
open_objects(struct check_world *world)
{
    check_prepare(world);
    world->config.model = rh_object_model();
    world->config.generational = true;
    check_make(world);
    rh_heap_disable(world->heap);
    return world->heap;
}

static void
minor(struct rh_heap *heap)
{
    objects_check(heap);
    rh_heap_minor(heap);
    objects_check(heap);
}

static rh_value
text(struct rh_heap *heap)
{
    rh_value string = rh_string_new(heap, 0, "child", 5);

    assert_true(string != RH_UNDEF);
    return string;
}

// ---- all stores ----

// How a parent is made, and how a child is stored into it later.
struct store {
    const char *name;
    rh_value (*make)(struct rh_heap *heap);
    void (*store)(struct rh_heap *heap, rh_value parent, rh_value child);
};

// Parents.

static rh_value
a_string(struct rh_heap *heap)
{
    return text(heap);
}

static rh_value
a_class(struct rh_heap *heap)
{
    return rh_class_new(heap, 0, RH_NIL, "Parent", 6);
}

static rh_value
array_of(struct rh_heap *heap, size_t length)
{
    return rh_array_new(heap, 0, NULL, length);
}

static rh_value
an_embedded_array(struct rh_heap *heap)
{
    return array_of(heap, 3);
}

static rh_value
an_array_of_two(struct rh_heap *heap)
{
    return array_of(heap, 2);
}

static rh_value
an_array_in_a_block(struct rh_heap *heap)
{
    return array_of(heap, 20);
}

static rh_value
a_long_array(struct rh_heap *heap)
{
    return array_of(heap, 1000);
}

static rh_value
a_shifted_array(struct rh_heap *heap)
{
    rh_value array = array_of(heap, 1000);

    for (size_t i = 0; i < 200; i++)
        assert_int_equal(rh_array_shift(heap, array), RH_NIL);
    return array;
}

// An array that shares the block of a root.
static rh_value
a_shared_array(struct rh_heap *heap)
{
    rh_value array = objects_keep(heap, array_of(heap, 300));

    assert_true(rh_array_slice(heap, array, 10, 200) != RH_UNDEF);
    assert_true(rh_array_root(array) != RH_NIL);
    return array;
}

static rh_value
a_hash(struct rh_heap *heap)
{
    return rh_hash_new(heap, 0, rh_hash_type_identity());
}

static rh_value
hash_of(struct rh_heap *heap, int64_t entries)
{
    rh_value hash = objects_keep(heap, a_hash(heap));

    for (int64_t i = 0; i < entries; i++)
        ok(rh_hash_set(heap, hash, rh_fixnum_from(i), RH_NIL));
    return hash;
}

static rh_value
a_small_hash(struct rh_heap *heap)
{
    return hash_of(heap, 3);
}

static rh_value
a_full_small_hash(struct rh_heap *heap)
{
    return hash_of(heap, 8);
}

static rh_value
a_hash_with_an_index(struct rh_heap *heap)
{
    return hash_of(heap, 20);
}

static rh_value
a_large_hash(struct rh_heap *heap)
{
    return hash_of(heap, 700);
}

static rh_value
a_full_large_hash(struct rh_heap *heap)
{
    return hash_of(heap, 768); // three quarters of 1,024
}

static rh_value
an_embedded_struct(struct rh_heap *heap)
{
    return rh_struct_new(heap, 0, NULL, 3);
}

static rh_value
a_struct_in_a_block(struct rh_heap *heap)
{
    return rh_struct_new(heap, 0, NULL, 9);
}

static rh_value
a_long_struct(struct rh_heap *heap)
{
    return rh_struct_new(heap, 0, NULL, 900);
}

static rh_value
an_embedded_object(struct rh_heap *heap)
{
    return rh_object_new(heap, 0, 3);
}

static rh_value
an_object_in_a_block(struct rh_heap *heap)
{
    return rh_object_new(heap, 0, 20);
}

static rh_value
a_large_object(struct rh_heap *heap)
{
    return rh_object_new(heap, 0, 500);
}

static rh_value
a_string_with_variables(struct rh_heap *heap)
{
    rh_value string = objects_keep(heap, text(heap));

    ok(rh_ivar_resize(heap, string, 5));
    return string;
}

static rh_value
a_string_with_many_variables(struct rh_heap *heap)
{
    rh_value string = objects_keep(heap, text(heap));

    ok(rh_ivar_resize(heap, string, 500));
    return string;
}

static rh_value
a_long_array_with_variables(struct rh_heap *heap)
{
    rh_value array = objects_keep(heap, array_of(heap, 300));

    ok(rh_ivar_resize(heap, array, 300));
    return array;
}

static rh_value
a_node(struct rh_heap *heap)
{
    return rh_node_new(heap, 1, 2, RH_NIL, RH_NIL, RH_NIL);
}

static rh_value
an_imemo(struct rh_heap *heap)
{
    return rh_imemo_new(heap, RH_IMEMO_MEMO, RH_NIL, RH_NIL, RH_NIL);
}

static rh_value
a_regexp(struct rh_heap *heap)
{
    return rh_regexp_new(heap, 0, RH_NIL, NULL, 10);
}

static rh_value
a_match(struct rh_heap *heap)
{
    return rh_match_new(heap, 0, RH_NIL, RH_NIL, NULL, 0);
}

// What an embedder stores behind a pointer.
struct things {
    rh_value one;
    rh_value many[600];
};

static struct things things, other_things;

static void
things_trace(void *data, struct rh_visitor *visitor)
{
    rh_visit(visitor, &((struct things *)data)->one);
}

static bool
things_trace_range(void *data, size_t from, size_t to,
                   struct rh_visitor *visitor)
{
    struct things *all = data;

    for (size_t i = from; i < to && i < 600; i++)
        rh_visit(visitor, &all->many[i]);
    return to < 600;
}

static const struct rh_data_type safe_things = {
    .name = "safe things",
    .trace = things_trace,
    .trace_range = things_trace_range,
    .flags = RH_DATA_WB_PROTECTED,
};
static const struct rh_data_type shy_things = {
    .name = "shy things",
    .trace = things_trace,
    .trace_range = things_trace_range,
};

static rh_value
data_of(struct rh_heap *heap, const struct rh_data_type *type)
{
    memset(&things, 0, sizeof things);
    memset(&other_things, 0, sizeof other_things);
    return rh_typed_data_new(heap, 0, type, &things);
}

static rh_value
safe_data(struct rh_heap *heap)
{
    return data_of(heap, &safe_things);
}

static rh_value
safe_data_with_variables(struct rh_heap *heap)
{
    rh_value data = objects_keep(heap, safe_data(heap));

    ok(rh_ivar_resize(heap, data, 100));
    return data;
}

static rh_value
shy_data(struct rh_heap *heap)
{
    return data_of(heap, &shy_things);
}

static rh_value
plain_data(struct rh_heap *heap)
{
    memset(&things, 0, sizeof things);
    return rh_data_new(heap, 0, things_trace, NULL, &things);
}

static rh_value
an_empty_slot(struct rh_heap *heap)
{
    return rh_value_of_slot(rh_heap_alloc(heap));
}

// Stores.

static void
as_class(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rh_object_set_class(heap, parent, child);
}

static void
as_superclass(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rh_class_set_superclass(heap, parent, child);
}

static void
as_first_element(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 0, child));
}

static void
as_last_element(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, rh_array_length(parent) - 1, child));
}

static void
as_another_element(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_push(heap, parent, child));
}

static void
as_element_128(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 128, child));
}

static void
as_element_and_shift(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 128, child));
    for (int i = 0; i < 100; i++)
        (void)rh_array_shift(heap, parent);
}

static void
as_element_far_behind(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 500, child));
}

static void
as_element_moved_back(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, rh_array_length(parent) - 1, child));
    do
        ok(rh_array_push(heap, parent, RH_NIL));
    while (rhi_object_has(rh_value_slot(parent), RHI_SHIFTED));
}

static void
as_element_moved_in(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 1, child));
    ok(rh_array_resize(heap, parent, 2));
}

static void
as_element_that_is_shared(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_array_set(heap, parent, 128, child));
    assert_true(rh_array_slice(heap, parent, 100, 100) != RH_UNDEF);
}

static void
as_key(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set(heap, parent, child, RH_NIL));
}

static void
as_value_of_a_new_key(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set(heap, parent, rh_fixnum_from(-1), child));
}

static void
as_value_of_an_old_key(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set(heap, parent, rh_fixnum_from(2), child));
}

static void
as_value_far_behind(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set(heap, parent, rh_fixnum_from(690), child));
}

static void
as_value_whose_gaps_are_closed(struct rh_heap *heap, rh_value parent,
                               rh_value child)
{
    ok(rh_hash_set(heap, parent, rh_fixnum_from(690), child));
    for (int64_t i = 0; i < 600; i++)
        (void)rh_hash_delete(heap, parent, rh_fixnum_from(i));
    for (int64_t i = 0; i < 700; i++)
        ok(rh_hash_set(heap, parent, rh_fixnum_from(1000 + i), RH_NIL));
}

static void
as_value_hashed_again(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set(heap, parent, rh_fixnum_from(690), child));
    for (int64_t i = 0; i < 600; i++)
        (void)rh_hash_delete(heap, parent, rh_fixnum_from(i));
    ok(rh_hash_rehash(heap, parent));
}

static void
as_default(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_hash_set_default(heap, parent, child));
}

static void
as_second_member(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_struct_set(heap, parent, 1, child));
}

static void
as_last_member(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_struct_set(heap, parent, rh_struct_length(parent) - 1, child));
}

static void
as_first_variable(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_ivar_set(heap, parent, 0, child));
}

static void
as_last_variable(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_ivar_set(heap, parent, rh_ivar_count(parent) - 1, child));
}

static void
as_another_variable(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_ivar_set(heap, parent, rh_ivar_count(parent), child));
}

static void
as_variable_far_behind(struct rh_heap *heap, rh_value parent, rh_value child)
{
    ok(rh_ivar_set(heap, parent, 700, child));
}

// What comes behind the elements where slices count moves.
static void
as_variable_of_a_shorter_array(struct rh_heap *heap, rh_value parent,
                               rh_value child)
{
    ok(rh_ivar_set(heap, parent, 290, child));
    for (int i = 0; i < 290; i++)
        (void)rh_array_pop(heap, parent);
}

static void
as_element_with_fewer_variables(struct rh_heap *heap, rh_value parent,
                                rh_value child)
{
    ok(rh_array_set(heap, parent, 290, child));
    ok(rh_ivar_resize(heap, parent, 1));
    ok(rh_ivar_resize(heap, parent, 0));
}

static void
as_first_word(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rh_node_set(heap, parent, 0, child);
}

static void
as_third_word(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rh_node_set(heap, parent, 2, child);
}

static void
as_second_imemo_word(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rh_imemo_set(heap, parent, 1, child);
}

static void
behind_a_pointer(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.one = child;
    rh_barrier_write(heap, rh_value_slot(parent), rh_value_slot(child));
}

static void
behind_a_pointer_inline(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.one = child;
    rh_fast_barrier(heap, rh_heap_fast(heap), rh_value_slot(parent),
                    rh_value_slot(child));
}

static void
in_a_range(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.many[511] = child;
    rh_barrier_write_at(heap, rh_value_slot(parent), 511, rh_value_slot(child));
}

static void
in_a_range_inline(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.many[127] = child;
    rh_fast_barrier_at(heap, rh_heap_fast(heap), rh_value_slot(parent), 127,
                       rh_value_slot(child));
}

static void
in_bulk(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.many[400] = child;
    rh_barrier_all(heap, rh_value_slot(parent));
}

static void
by_another_pointer(struct rh_heap *heap, rh_value parent, rh_value child)
{
    (void)heap;
    other_things.many[300] = child;
    rh_data_set_pointer(parent, &other_things);
}

static void
without_a_word(struct rh_heap *heap, rh_value parent, rh_value child)
{
    (void)heap, (void)parent;
    things.one = child;
}

static void
in_a_range_without_a_word(struct rh_heap *heap, rh_value parent, rh_value child)
{
    (void)heap, (void)parent;
    things.many[555] = child;
}

static void
by_unprotecting(struct rh_heap *heap, rh_value parent, rh_value child)
{
    things.many[555] = child;
    rh_barrier_unprotect(heap, rh_value_slot(parent));
}

static void
rebuilt(struct rh_heap *heap, rh_value parent, rh_value child,
        enum rh_type type, bool as_a_class)
{
    struct rh_rebuild rebuild;

    rh_rebuild_init(&rebuild);
    rebuild.type = type;
    rebuild.class_of = as_a_class ? child : 0;
    rebuild.references = &child;
    rebuild.reference_count = !as_a_class;
    rebuild.external_bytes = type == RH_TYPE_ARRAY ? 100 : 0;
    ok(rh_object_rebuild(heap, rh_value_slot(parent), &rebuild));
}

static void
by_rebuilding_an_array(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rebuilt(heap, parent, child, RH_TYPE_ARRAY, false);
}

static void
by_rebuilding_a_string(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rebuilt(heap, parent, child, RH_TYPE_STRING, false);
}

static void
by_rebuilding_its_class(struct rh_heap *heap, rh_value parent, rh_value child)
{
    rebuilt(heap, parent, child, RH_TYPE_OBJECT, true);
}

#define STORE(make, store)                                                     \
    {                                                                          \
#make ", " #store, make, store                                         \
    }

static const struct store stores[] = {
    STORE(a_string, as_class),
    STORE(a_hash, as_class),
    STORE(a_long_array, as_class),
    STORE(a_class, as_class),
    STORE(a_regexp, as_class),
    STORE(a_match, as_class),
    STORE(a_class, as_superclass),
    STORE(an_embedded_array, as_first_element),
    STORE(an_embedded_array, as_last_element),
    STORE(an_array_of_two, as_another_element),
    STORE(an_embedded_array, as_another_element),
    STORE(an_embedded_array, as_element_far_behind),
    STORE(an_array_in_a_block, as_first_element),
    STORE(an_array_in_a_block, as_last_element),
    STORE(an_array_in_a_block, as_another_element),
    STORE(an_array_in_a_block, as_element_far_behind),
    STORE(an_array_in_a_block, as_element_moved_in),
    STORE(a_long_array, as_first_element),
    STORE(a_long_array, as_last_element),
    STORE(a_long_array, as_another_element),
    STORE(a_long_array, as_element_128),
    STORE(a_long_array, as_element_and_shift),
    STORE(a_long_array, as_element_moved_in),
    STORE(a_long_array, as_element_that_is_shared),
    STORE(a_shifted_array, as_first_element),
    STORE(a_shifted_array, as_last_element),
    STORE(a_shifted_array, as_another_element),
    STORE(a_shifted_array, as_element_128),
    STORE(a_shifted_array, as_element_moved_back),
    STORE(a_shifted_array, as_element_that_is_shared),
    STORE(a_shared_array, as_first_element),
    STORE(a_shared_array, as_last_element),
    STORE(a_shared_array, as_another_element),
    STORE(a_hash, as_key),
    STORE(a_hash, as_value_of_a_new_key),
    STORE(a_small_hash, as_key),
    STORE(a_small_hash, as_value_of_a_new_key),
    STORE(a_small_hash, as_value_of_an_old_key),
    STORE(a_full_small_hash, as_key),
    STORE(a_full_small_hash, as_value_of_a_new_key),
    STORE(a_hash_with_an_index, as_key),
    STORE(a_hash_with_an_index, as_value_of_a_new_key),
    STORE(a_hash_with_an_index, as_value_of_an_old_key),
    STORE(a_large_hash, as_key),
    STORE(a_large_hash, as_value_of_a_new_key),
    STORE(a_large_hash, as_value_of_an_old_key),
    STORE(a_large_hash, as_value_far_behind),
    STORE(a_large_hash, as_value_whose_gaps_are_closed),
    STORE(a_large_hash, as_value_hashed_again),
    STORE(a_full_large_hash, as_key),
    STORE(a_full_large_hash, as_value_of_a_new_key),
    STORE(a_hash, as_default),
    STORE(a_large_hash, as_default),
    STORE(an_embedded_struct, as_second_member),
    STORE(an_embedded_struct, as_last_member),
    STORE(a_struct_in_a_block, as_second_member),
    STORE(a_struct_in_a_block, as_last_member),
    STORE(a_long_struct, as_second_member),
    STORE(a_long_struct, as_last_member),
    STORE(an_embedded_object, as_first_variable),
    STORE(an_embedded_object, as_last_variable),
    STORE(an_embedded_object, as_another_variable),
    STORE(an_embedded_object, as_variable_far_behind),
    STORE(an_object_in_a_block, as_first_variable),
    STORE(an_object_in_a_block, as_last_variable),
    STORE(an_object_in_a_block, as_another_variable),
    STORE(a_large_object, as_first_variable),
    STORE(a_large_object, as_last_variable),
    STORE(a_large_object, as_another_variable),
    STORE(a_large_object, as_variable_far_behind),
    STORE(a_string, as_first_variable),
    STORE(a_string, as_variable_far_behind),
    STORE(a_string_with_variables, as_first_variable),
    STORE(a_string_with_variables, as_last_variable),
    STORE(a_string_with_variables, as_another_variable),
    STORE(a_string_with_variables, as_variable_far_behind),
    STORE(a_string_with_many_variables, as_first_variable),
    STORE(a_string_with_many_variables, as_last_variable),
    STORE(a_string_with_many_variables, as_another_variable),
    STORE(a_long_array_with_variables, as_first_element),
    STORE(a_long_array_with_variables, as_last_element),
    STORE(a_long_array_with_variables, as_another_element),
    STORE(a_long_array_with_variables, as_first_variable),
    STORE(a_long_array_with_variables, as_last_variable),
    STORE(a_long_array_with_variables, as_variable_of_a_shorter_array),
    STORE(a_long_array_with_variables, as_element_with_fewer_variables),
    STORE(a_long_array_with_variables, as_element_that_is_shared),
    STORE(a_hash, as_first_variable),
    STORE(a_large_hash, as_variable_far_behind),
    STORE(a_class, as_first_variable),
    STORE(a_node, as_first_word),
    STORE(a_node, as_third_word),
    STORE(an_imemo, as_second_imemo_word),
    STORE(safe_data, behind_a_pointer),
    STORE(safe_data, behind_a_pointer_inline),
    STORE(safe_data, in_a_range),
    STORE(safe_data, in_a_range_inline),
    STORE(safe_data, in_bulk),
    STORE(safe_data, by_another_pointer),
    STORE(safe_data, by_unprotecting),
    STORE(safe_data, as_first_variable),
    STORE(safe_data, as_variable_far_behind),
    STORE(safe_data_with_variables, behind_a_pointer),
    STORE(safe_data_with_variables, in_a_range),
    STORE(safe_data_with_variables, in_a_range_inline),
    STORE(safe_data_with_variables, as_last_variable),
    STORE(safe_data_with_variables, as_another_variable),
    STORE(shy_data, without_a_word),
    STORE(shy_data, in_a_range_without_a_word),
    STORE(plain_data, without_a_word),
    STORE(an_empty_slot, by_rebuilding_an_array),
    STORE(an_empty_slot, by_rebuilding_a_string),
    STORE(an_empty_slot, by_rebuilding_its_class),
};

// Who refers to the elements: the array, or the root whose block it uses.
static rh_value
holder_of(rh_value parent)
{
    if (rh_type_of(parent) != RH_TYPE_ARRAY || rh_array_root(parent) == RH_NIL)
        return parent;
    return rh_array_root(parent);
}

static void
expect_child(struct rh_heap *heap, const struct store *store, rh_value parent,
             rh_value child)
{
    if (!is_live(heap, child) ||
        objects_edges(heap, holder_of(parent), child) +
                objects_edges(heap, parent, child) ==
            0 ||
        rh_type_of(child) != RH_TYPE_STRING ||
        memcmp(rh_string_bytes(child), "child", 5) != 0)
        fail_msg("the child is gone: %s", store->name);
}

static void
store_the_young(struct rh_heap *heap, const struct store *store)
{
    rh_value parent = objects_keep(heap, store->make(heap));
    rh_value child;

    minor(heap);
    assert_true(is_old(heap, parent));
    child = text(heap);
    store->store(heap, parent, child);
    rh_heap_minor(heap);

    expect_child(heap, store, parent, child);
    objects_check(heap);
    minor(heap);
    expect_child(heap, store, parent, child);
}

static void
a_young_child_stored_into_an_old_parent_lives(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(stores); i++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);

        store_the_young(heap, &stores[i]);
        check_close(&world);
    }
}

// Until nothing is gray, but before the last step.
static void
mark_all_but_the_last(struct rh_heap *heap)
{
    ok(rh_heap_start(heap));
    while (!rhi_marker_is_done(&heap->marker))
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = 1 });
    assert_string_equal(rh_heap_stage(heap), "marking");
}

// An old string that nobody holds.
static rh_value
an_old_child(struct rh_heap *heap)
{
    size_t scope = rh_scope_save(heap);
    rh_value child = objects_keep(heap, text(heap));

    minor(heap);
    rh_scope_restore(heap, scope);
    return child;
}

static void
store_the_white(struct rh_heap *heap, const struct store *store)
{
    rh_value parent = objects_keep(heap, store->make(heap));
    rh_value child = an_old_child(heap);

    mark_all_but_the_last(heap);
    assert_true(has_bit(heap, RHI_NEXT, rh_value_slot(parent)));
    assert_false(has_bit(heap, RHI_NEXT, rh_value_slot(child)));
    store->store(heap, parent, child);
    objects_check(heap);
    rh_heap_finish(heap);

    expect_child(heap, store, parent, child);
    objects_check(heap);
}

static void
a_white_child_stored_into_a_black_parent_lives(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(stores); i++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);

        store_the_white(heap, &stores[i]);
        check_close(&world);
    }
}

static void
a_young_child_stored_into_a_black_parent_lives(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(stores); i++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);
        rh_value parent = objects_keep(heap, stores[i].make(heap));
        rh_value child;

        minor(heap);
        mark_all_but_the_last(heap);
        child = text(heap);
        stores[i].store(heap, parent, child);
        objects_check(heap);
        rh_heap_finish(heap);

        expect_child(heap, &stores[i], parent, child);
        objects_check(heap);
        check_close(&world);
    }
}

// Nobody may look for barriers where none is missed.
static void
no_store_is_missed(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(stores); i++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);

        rh_barrier_check(heap, true, NULL, NULL); // panics
        store_the_young(heap, &stores[i]);
        rh_scope_restore(heap, 0);
        store_the_white(heap, &stores[i]);
        check_close(&world);
    }
}

// ---- blocks that are shared ----

static void
the_root_of_a_shared_array_lives(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = objects_keep(heap, array_of(heap, 300));
    rh_value root;

    (void)state;
    for (size_t i = 0; i < 300; i++)
        ok(rh_array_set(heap, array, i, text(heap)));
    minor(heap);
    assert_true(rh_array_slice(heap, array, 10, 200) != RH_UNDEF);
    root = rh_array_root(array);

    minor(heap);

    assert_true(is_old(heap, root));
    objects_expect_text(rh_array_get(array, 299), "child");
    check_close(&world);
}

static void
the_root_of_a_shared_string_lives(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value string = objects_keep(heap, rh_string_new(heap, 0, NULL, 100));
    rh_value root;

    (void)state;
    minor(heap);
    assert_true(rh_string_slice(heap, string, 10, 50) != RH_UNDEF);
    root = rh_string_root(string);
    assert_false(is_old(heap, root));

    minor(heap);

    assert_true(is_old(heap, root));
    assert_int_equal(rh_string_length(string), 100);
    mark_all_but_the_last(heap);
    assert_true(rh_string_slice(heap, string, 20, 50) != RH_UNDEF);
    rh_heap_finish(heap);
    objects_check(heap);
    check_close(&world);
}

static void
a_block_shared_in_the_middle_of_marking_lives(void **state)
{
    (void)state;
    for (int strings = 0; strings < 2; strings++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);
        rh_value whole =
            objects_keep(heap, strings ? rh_string_new(heap, 0, NULL, 100)
                                       : array_of(heap, 300));

        if (!strings)
            ok(rh_array_set(heap, whole, 250, text(heap)));
        minor(heap);
        mark_all_but_the_last(heap);
        assert_true((strings
                         ? rh_string_slice(heap, whole, 10, 50)
                         : rh_array_slice(heap, whole, 10, 50)) != RH_UNDEF);
        rh_heap_finish(heap);
        objects_check(heap);

        if (strings)
            assert_true(is_live(heap, rh_string_root(whole)));
        else
            objects_expect_text(rh_array_get(whole, 250), "child");
        check_close(&world);
    }
}

static void
classes_of_immediates_are_roots(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value klass = a_class(heap);

    (void)state;
    ok(rh_class_set_immediate(heap, RH_IMMEDIATE_NIL, klass));
    minor(heap);
    assert_true(is_old(heap, klass));
    mark_all_but_the_last(heap);
    klass = a_class(heap);
    ok(rh_class_set_immediate(heap, RH_IMMEDIATE_TRUE, klass));
    rh_heap_finish(heap);
    objects_check(heap);
    assert_true(is_live(heap, klass));
    check_close(&world);
}

// ---- barriers that were forgotten ----

struct report {
    struct rh_missed_barrier missed[10];
    size_t count;
};

static void
note_missed(struct rh_heap *heap, const struct rh_missed_barrier *missed,
            void *context)
{
    struct report *report = context;

    (void)heap;
    assert_true(report->count < CHECK_COUNT(report->missed));
    report->missed[report->count++] = *missed;
}

static void
expect_missed(const struct report *report, size_t n, rh_value parent,
              rh_value child, size_t index)
{
    const struct rh_missed_barrier *missed = &report->missed[n];

    assert_true(n < report->count);
    assert_ptr_equal(missed->parent, rh_value_slot(parent));
    assert_ptr_equal(missed->child, rh_value_slot(child));
    assert_int_equal(missed->index, index);
    assert_string_equal(missed->child_type, "STRING");
    assert_null(missed->parent_file);
    assert_null(missed->child_file);
}

static rh_value
an_old_node(struct rh_heap *heap)
{
    rh_value node =
        objects_keep(heap, rh_node_new(heap, 1, 2, text(heap), RH_NIL, RH_NIL));

    minor(heap);
    return node;
}

// As a careless embedder would.
static rh_value
store_raw(struct rh_heap *heap, rh_value node, size_t word)
{
    rh_value child = text(heap);

    ((struct rhi_object *)rh_value_slot(node))->as.words[word] = child;
    return child;
}

static void
a_raw_store_into_an_old_object_is_found_and_repaired(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value node = an_old_node(heap);
    struct report report = { .count = 0 };
    rh_value child;

    (void)state;
    rh_barrier_check(heap, true, note_missed, &report);
    rh_heap_minor(heap);
    assert_int_equal(report.count, 0);
    child = store_raw(heap, node, 2);
    check_broken(heap, "B3");

    rh_heap_minor(heap);

    assert_int_equal(report.count, 1);
    expect_missed(&report, 0, node, child, 1); // nil is no reference
    assert_string_equal(report.missed[0].parent_type, "NODE");
    assert_false(report.missed[0].marking);
    assert_true(is_old(heap, child));
    objects_check(heap);
    rh_heap_minor(heap);
    assert_int_equal(report.count, 1);
    check_close(&world);
}

static void
each_parent_is_reported(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value nodes[3];
    struct report report = { .count = 0 };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        nodes[i] = an_old_node(heap);
    rh_barrier_check(heap, true, note_missed, &report);
    for (size_t i = 0; i < 3; i++) {
        (void)store_raw(heap, nodes[i], 1);
        (void)store_raw(heap, nodes[i], 2);
    }

    rh_heap_minor(heap);
    objects_check(heap);

    assert_int_equal(report.count, 3); // once each: it is looked at whole
    assert_int_equal(check_stat(heap, "heap_live_slots"), 12);
    check_close(&world);
}

static void
a_raw_store_into_an_old_container_is_found(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = objects_keep(heap, array_of(heap, 1000));
    struct report report = { .count = 0 };
    rh_value child;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        ok(rh_array_set(heap, array, i, text(heap)));
    minor(heap);
    rh_barrier_check(heap, true, note_missed, &report);
    child = text(heap);
    ((struct rhi_object *)rh_value_slot(array))->as.array.values[700] = child;

    rh_heap_minor(heap);
    objects_check(heap);

    assert_int_equal(report.count, 1);
    expect_missed(&report, 0, array, child, 700);
    assert_string_equal(report.missed[0].parent_type, "ARRAY");
    assert_true(is_live(heap, child));
    check_close(&world);
}

// A card stands for places in the container, and for nothing else.
static void
a_card_does_not_cover_the_class(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = objects_keep(heap, array_of(heap, 1000));
    struct report report = { .count = 0 };
    rh_value klass;

    (void)state;
    minor(heap);
    rh_barrier_check(heap, true, note_missed, &report);
    klass = text(heap);
    ok(rh_array_set(heap, array, 0, text(heap)));
    ((struct rhi_object *)rh_value_slot(array))->class_of = klass;
    check_broken(heap, "B3");

    rh_heap_minor(heap);
    objects_check(heap);

    assert_int_equal(report.count, 1);
    expect_missed(&report, 0, array, klass, 0);
    assert_true(is_live(heap, klass));
    check_close(&world);
}

static void
a_store_missed_by_a_major_collection_is_found(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value node = an_old_node(heap);
    rh_value child = an_old_child(heap);
    struct report report = { .count = 0 };

    (void)state;
    rh_barrier_check(heap, true, note_missed, &report);
    mark_all_but_the_last(heap);
    ((struct rhi_object *)rh_value_slot(node))->as.words[1] = child;

    rh_heap_finish(heap);
    objects_check(heap);

    assert_int_equal(report.count, 1);
    expect_missed(&report, 0, node, child, 1);
    assert_true(report.missed[0].marking);
    assert_true(is_live(heap, child));
    check_close(&world);
}

static void
without_a_reporter_a_missed_store_panics(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value node = an_old_node(heap);

    (void)state;
    rh_barrier_check(heap, true, NULL, NULL);
    (void)store_raw(heap, node, 2);

    check_panics("a store without its write barrier: NODE 0x",
                 rh_heap_minor(heap));
    check_abandon(&world);
    heap = open_objects(&world);
    node = an_old_node(heap);
    rh_barrier_check(heap, true, NULL, NULL);
    (void)store_raw(heap, node, 2);
    check_panics("refers to STRING 0x", rh_heap_minor(heap));
    check_abandon(&world);
}

// Switched off again it sees nothing, and has left nothing behind.
static void
nobody_looks_once_that_is_switched_off(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value node = an_old_node(heap);
    struct report report = { .count = 0 };
    rh_value child;

    (void)state;
    rh_barrier_check(heap, true, note_missed, &report);
    rh_barrier_check(heap, false, NULL, NULL);
    assert_null(heap->watch.before_minor);
    assert_null(heap->watch.major_marked);
    child = store_raw(heap, node, 2);

    rh_heap_minor(heap);

    assert_int_equal(report.count, 0);
    assert_false(is_live(heap, child));
    rh_node_set(heap, node, 2, RH_NIL);
    objects_check(heap);
    check_close(&world);
}

// Looking writes nothing when nothing is missed.
static void
looking_changes_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    struct report report = { .count = 0 };
    rh_value array = objects_keep(heap, array_of(heap, 1000));
    uint64_t before;

    (void)state;
    minor(heap);
    ok(rh_array_set(heap, array, 500, text(heap)));
    before = check_stat(heap, "x_remembered_stores");
    rh_barrier_check(heap, true, note_missed, &report);

    rh_heap_minor(heap);

    assert_int_equal(check_stat(heap, "x_remembered_stores"), before);
    assert_int_equal(check_stat(heap, "x_cards_visited"), 1);
    assert_int_equal(check_stat(heap, "x_remembered_visited"), 0);
    assert_int_equal(report.count, 0);
    check_close(&world);
}

static void
unprotected_objects_miss_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value node = an_old_node(heap);
    struct report report = { .count = 0 };
    rh_value child;

    (void)state;
    rh_barrier_check(heap, true, note_missed, &report);
    rh_barrier_unprotect(heap, rh_value_slot(node));
    rh_heap_minor(heap);
    child = store_raw(heap, node, 2);
    objects_check(heap);

    rh_heap_minor(heap);

    assert_int_equal(report.count, 0);
    assert_true(is_live(heap, child));
    check_close(&world);
}

// ---- strangers ----

static void
a_stranger_has_no_protection(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    int stranger = 0;

    (void)state;
    check_panics("no object of this heap",
                 rh_barrier_unprotect(heap, &stranger));
    check_panics("no object of this heap",
                 rh_barrier_is_protected(heap, &stranger));
    check_close(&world);
}

static void
a_child_that_is_no_address_of_the_heap_is_ignored(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    void *node = rh_value_slot(an_old_node(heap));
    int stranger = 0;

    (void)state;
    rh_barrier_write(heap, node, NULL);
    rh_barrier_write(heap, node, &stranger);
    // Of the address space that is reserved, but where no page has been yet.
    rh_barrier_write(
        heap, node,
        (void *)(rhi_region_body(&heap->region, heap->region.max_pages - 1) +
                 RHI_HEADER_BYTES));
    rh_barrier_write(heap, node, (void *)~(uintptr_t)0);
    rh_barrier_write_at(heap, node, 3, NULL);
    rh_barrier_write(heap, node, (char *)node + 4); // within an object

    assert_int_equal(check_stat(heap, "x_remembered_stores"), 0);
    check_close(&world);
}

// ---- sealed containers ----

enum {
    FAR = 500 // an index that the first card does not cover
};

// A long array, sealed.
static rh_value
a_sealed_array(struct rh_heap *heap)
{
    rh_value array = objects_keep(heap, a_long_array(heap));

    ok(rh_heap_seal(heap));
    assert_true(rh_heap_is_sealed(heap, (uintptr_t)rh_value_slot(array)));
    return array;
}

static void
expect_far(struct rh_heap *heap, rh_value array)
{
    objects_check(heap);
    objects_expect_text(rh_array_get(array, FAR), "child");
}

static void
collect_in_steps(struct rh_heap *heap)
{
    ok(rh_heap_start(heap));
    while (!rh_heap_step(heap, (struct rh_budget){ .objects = 1 }))
        objects_check(heap);
}

// The card is all that leads to the child, young or old.
static void
elements_stored_into_a_sealed_array_live(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        struct check_world world;
        struct rh_heap *heap = open_objects(&world);
        rh_value array = a_sealed_array(heap);
        size_t scope = rh_scope_save(heap);
        rh_value child = objects_keep(heap, text(heap));

        if (old)
            minor(heap);
        ok(rh_array_set(heap, array, FAR, child));
        rh_scope_restore(heap, scope);
        minor(heap);
        expect_far(heap, array);
        rh_heap_collect(heap);
        expect_far(heap, array);
        collect_in_steps(heap);
        expect_far(heap, array);
        minor(heap);
        assert_int_equal(check_stat(heap, "x_cards_visited"), 1);
        expect_far(heap, array);
        check_close(&world);
    }
}

static void
a_card_of_a_sealed_array_outlives_those_of_others(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = a_sealed_array(heap);
    rh_value other = objects_keep(heap, a_long_array(heap));

    (void)state;
    minor(heap);
    ok(rh_array_set(heap, array, FAR, text(heap)));
    ok(rh_array_set(heap, other, FAR, text(heap)));
    minor(heap);
    rh_heap_collect(heap);
    expect_far(heap, array);
    expect_far(heap, other);
    minor(heap);
    assert_int_equal(check_stat(heap, "x_cards_visited"), 1);
    check_close(&world);
}

// What a sealed object's card led to is sealed with it.
static void
cards_of_sealed_arrays_end_with_the_next_seal(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    rh_value array = a_sealed_array(heap);

    (void)state;
    ok(rh_array_set(heap, array, FAR, text(heap)));
    ok(rh_heap_seal(heap));
    objects_check(heap);
    minor(heap);
    assert_int_equal(check_stat(heap, "x_cards_visited"), 0);
    expect_far(heap, array);
    check_close(&world);
}

// A dead array that was stored into is no root, with a seal or without.
static void
cards_of_what_is_not_sealed_lead_nowhere_in_a_full_collection(void **state)
{
    struct check_world world;
    struct rh_heap *heap = open_objects(&world);
    size_t scope, live;
    rh_value array;

    (void)state;
    a_sealed_array(heap);
    live = objects_alive(heap);
    scope = rh_scope_save(heap);
    array = objects_keep(heap, a_long_array(heap));
    minor(heap);
    ok(rh_array_set(heap, array, FAR, text(heap)));
    rh_scope_restore(heap, scope);
    rh_heap_collect(heap);
    objects_check(heap);
    assert_int_equal(objects_alive(heap), live);
    check_close(&world);
}

#ifdef RH_DEBUG_CHECKS
static void
checked_builds_refuse_strangers(void **state)
{
    struct check_world world, other;
    struct rh_heap *heap = open_objects(&world);
    struct rh_heap *second = open_objects(&other);
    void *node = rh_value_slot(an_old_node(heap));
    void *foreign = rh_value_slot(an_old_node(second));
    void *child = rh_value_slot(text(heap));
    void *freed = rh_value_slot(text(heap));

    (void)state;
    rh_heap_minor(heap); // both are dead
    child = rh_value_slot(text(heap));
    check_panics("barrier for a parent",
                 rh_barrier_write(heap, foreign, child));
    check_panics("barrier for a parent",
                 rh_barrier_write_at(heap, foreign, 1, child));
    check_panics("barrier for a parent", rh_barrier_all(heap, foreign));
    check_panics("barrier for a parent", rh_barrier_write(heap, freed, child));
    check_panics("barrier for a child", rh_barrier_write(heap, node, freed));
    check_panics("barrier for a child",
                 rh_barrier_write_at(heap, node, 0, freed));
    check_close(&world);
    check_close(&other);
}
#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_young_child_stored_into_an_old_parent_lives),
        cmocka_unit_test(a_white_child_stored_into_a_black_parent_lives),
        cmocka_unit_test(a_young_child_stored_into_a_black_parent_lives),
        cmocka_unit_test(no_store_is_missed),
        cmocka_unit_test(the_root_of_a_shared_array_lives),
        cmocka_unit_test(the_root_of_a_shared_string_lives),
        cmocka_unit_test(a_block_shared_in_the_middle_of_marking_lives),
        cmocka_unit_test(classes_of_immediates_are_roots),
        cmocka_unit_test(a_raw_store_into_an_old_object_is_found_and_repaired),
        cmocka_unit_test(each_parent_is_reported),
        cmocka_unit_test(a_raw_store_into_an_old_container_is_found),
        cmocka_unit_test(a_card_does_not_cover_the_class),
        cmocka_unit_test(a_store_missed_by_a_major_collection_is_found),
        cmocka_unit_test(without_a_reporter_a_missed_store_panics),
        cmocka_unit_test(nobody_looks_once_that_is_switched_off),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(unprotected_objects_miss_nothing),
        cmocka_unit_test(a_stranger_has_no_protection),
        cmocka_unit_test(a_child_that_is_no_address_of_the_heap_is_ignored),
        cmocka_unit_test(elements_stored_into_a_sealed_array_live),
        cmocka_unit_test(a_card_of_a_sealed_array_outlives_those_of_others),
        cmocka_unit_test(cards_of_sealed_arrays_end_with_the_next_seal),
        cmocka_unit_test(
            cards_of_what_is_not_sealed_lead_nowhere_in_a_full_collection),
#ifdef RH_DEBUG_CHECKS
        cmocka_unit_test(checked_builds_refuse_strangers),
#endif
    };

    return cmocka_run_group_tests_name("barrier", tests, NULL, NULL);
}
