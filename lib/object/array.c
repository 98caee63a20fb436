// SPDX-License-Identifier: MIT
/*
 * array - lists that can share a block.
 *
 * A slice of more than three elements does not copy them.  The block passes to
 * a root: a frozen array without a class that nobody else can name.  The array
 * and its slices point into the root's block and keep the root alive by
 * reference; whoever is written first copies its part.  A frozen array that
 * owns its block serves as root itself.
 *
 *     array  --root-->  [ a b c d e f ]  <--root--  slice
 *       length 6          frozen, owner               length 3
 *       values ----------> ^   ^ <-------------------- values
 *
 * Taking the first element away moves `values` on, in a root's block as in its
 * own (see list.h), so a shift needs no memory, and what was taken is not kept
 * alive by an array that owns its block.
 *
 * A queue is pushed and shifted by turns.  Its elements wander through the
 * block; at the end they move back to the beginning, or to a block half as long
 * again as they are, unless there is room for that many.  So at least half as
 * many pushes as elements were moved come before the next move: O(1) each,
 * whatever the length.
 *
 * Elements that are taken one by one leave the block only when none is left,
 * lest an array of three or four allocates it again and again.
 *
 * Next: struct.h.
 */
#include "config.h"

#include "object/list.h"

enum {
    ARRAY_FLAGS = RH_TYPE_ARRAY | RH_OBJECT_WB_PROTECTED,
    ARRAY_MIN_ROOM = 8 // of the first block that pushing asks for
};

static struct rhi_object *
array_of(rh_value array)
{
    return rhi_object_of(array, RH_TYPE_ARRAY);
}

rh_value
rh_array_new_capacity(struct rh_heap *heap, rh_value class_of, size_t capacity)
{
    struct rhi_object *array =
        rhi_object_new(heap, ARRAY_FLAGS | RHI_EMBED, class_of);

    if (array && rhi_list_reserve(heap, array, capacity))
        return RH_UNDEF;
    return rhi_object_value(array);
}

// The values fit into the slot.
static rh_value
array_new_embedded(struct rh_heap *heap, rh_value class_of,
                   const rh_value *values, size_t length)
{
    uint64_t field = (uint64_t)length << RHI_LENGTH_SHIFT;
    struct rhi_object *array =
        rhi_object_new(heap, ARRAY_FLAGS | RHI_EMBED | field, class_of);

    if (array)
        for (size_t i = 0; i < length; i++)
            array->as.words[i] = values ? values[i] : RH_NIL;
    return rhi_object_value(array);
}

rh_value
rh_array_new(struct rh_heap *heap, rh_value class_of, const rh_value *values,
             size_t length)
{
    struct rhi_object *array;

    if (RH_LIKELY(length <= RHI_WORDS))
        return array_new_embedded(heap, class_of, values, length);
    array = rhi_object_new(heap, ARRAY_FLAGS | RHI_EMBED, class_of);
    if (!array || rhi_list_reserve(heap, array, length))
        return RH_UNDEF;
    rhi_list_set_length(array, length);
    rhi_values_fill(rhi_list_of(array).values, values, length, RH_NIL);
    return rhi_object_value(array);
}

size_t
rh_array_length(rh_value array)
{
    return rhi_list_of(array_of(array)).count;
}

size_t
rh_array_capacity(rh_value array)
{
    return rhi_list_room(array_of(array));
}

rh_value
rh_array_get(rh_value array, size_t index)
{
    struct rhi_values list = rhi_list_of(array_of(array));

    return index < list.count ? list.values[index] : RH_NIL;
}

// Room for `count` elements, with some more for those to come if these are
// more than there were.
static enum rh_status
array_grow(struct rh_heap *heap, struct rhi_object *array, size_t count)
{
    size_t length = rhi_list_of(array).count;
    size_t ample = rhi_max(length + length / 2, ARRAY_MIN_ROOM);

    if (count <= rhi_list_room(array))
        return RH_OK;
    if (count <= RHI_WORDS || count == length)
        return rhi_list_reserve(heap, array, count);
    return rhi_list_reserve(heap, array, rhi_max(count, ample));
}

// Whether its elements may be stored to where they are.
static bool
array_is_writable(const struct rhi_object *array)
{
    return !rhi_object_has(array, RH_OBJECT_FROZEN | RHI_OPAQUE | RHI_SHARED);
}

// Where there is no such element yet, or the block is not the array's own.
static RHI_COLD enum rh_status
array_set_elsewhere(struct rh_heap *heap, struct rhi_object *array,
                    size_t index, rh_value value)
{
    size_t count = rhi_list_of(array).count;

    if (rhi_object_is_fixed(array))
        return RH_BAD_ARGUMENT;
    if (index >= PTRDIFF_MAX)
        return RH_NO_MEMORY;
    if (array_grow(heap, array, rhi_max(count, index + 1)))
        return RH_NO_MEMORY;
    if (index >= count)
        (void)rhi_list_resize(heap, array, index + 1, RH_NIL);
    rhi_list_write(heap, array, index, value);
    return RH_OK;
}

enum rh_status
rh_array_set(struct rh_heap *heap, rh_value array, size_t index, rh_value value)
{
    struct rhi_object *object = array_of(array);

    if (RHI_UNLIKELY(index >= rhi_list_of(object).count ||
                     !array_is_writable(object)))
        return array_set_elsewhere(heap, object, index, value);
    rhi_list_write(heap, object, index, value);
    return RH_OK;
}

enum rh_status
rh_array_push(struct rh_heap *heap, rh_value array, rh_value value)
{
    return rh_array_set(heap, array, rh_array_length(array), value);
}

// An element was or is to be taken: cut to those that are left.
static void
array_cut(struct rh_heap *heap, struct rhi_object *array, size_t count)
{
    if (count == 0 || rhi_object_has(array, RHI_SHARED))
        (void)rhi_list_resize(heap, array, count, RH_NIL);
    else
        rhi_list_cut(heap, array, count);
}

rh_value
rh_array_pop(struct rh_heap *heap, rh_value array)
{
    struct rhi_object *object = array_of(array);
    struct rhi_values list = rhi_list_of(object);
    rh_value last;

    if (rhi_object_is_fixed(object) || list.count == 0)
        return RH_UNDEF;
    last = list.values[list.count - 1];
    array_cut(heap, object, list.count - 1);
    return last;
}

enum rh_status
rh_array_resize(struct rh_heap *heap, rh_value array, size_t length)
{
    struct rhi_object *object = array_of(array);

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    return rhi_list_resize(heap, object, length, RH_NIL);
}

// The root whose block `*array` uses, made if there is none; RH_UNDEF: no
// memory.  May collect; `*array` is kept alive and read back.
static rh_value
array_share(struct rh_heap *heap, rh_value *array)
{
    rh_value held[] = { RH_FALSE, *array };
    struct rhi_object *object = array_of(*array);
    struct rhi_object *root;

    if (rhi_object_has(object, RHI_SHARED))
        return object->as.array.as.root;
    if (rhi_object_is_frozen(object))
        return *array;
    root = rhi_object_take(heap, ARRAY_FLAGS | RHI_EMBED, held, 2);
    if (!root)
        return RH_UNDEF;
    *array = held[1];
    object = rh_value_slot(held[1]);
    root->flags = ARRAY_FLAGS | RH_OBJECT_FROZEN;
    root->flags |= object->flags & RHI_SHIFTED;
    root->as.array = object->as.array;
    rh_external_attach(heap, root);
    object->flags &= ~RHI_SHIFTED;
    object->flags |= RHI_SHARED;
    rhi_object_write(heap, object, &object->as.array.as.root,
                     rhi_object_value(root));
    if (rhi_object_has(object, RH_OBJECT_IVARS))
        rhi_object_rewritten(heap, object); // they came behind the elements
    rhi_object_disown(heap, object);
    return rhi_object_value(root);
}

static rh_value
array_slice_copy(struct rh_heap *heap, rh_value array, size_t start,
                 size_t length)
{
    rh_value held[] = { rh_object_class(array), array };
    struct rhi_object *slice =
        rhi_object_take(heap, ARRAY_FLAGS | RHI_EMBED, held, 2);

    if (!slice)
        return RH_UNDEF;
    rhi_values_fill(slice->as.words,
                    rhi_list_of(rh_value_slot(held[1])).values + start, length,
                    RH_NIL);
    rhi_object_set_field(slice, RHI_LENGTH_MASK, RHI_LENGTH_SHIFT, length);
    return rhi_object_value(slice);
}

static rh_value
array_slice_share(struct rh_heap *heap, rh_value array, size_t start,
                  size_t length)
{
    rh_value root = array_share(heap, &array);
    rh_value held[] = { RH_FALSE, root, array };
    struct rhi_object *slice;

    if (root == RH_UNDEF)
        return RH_UNDEF;
    held[0] = rh_object_class(array);
    slice = rhi_object_take(heap, ARRAY_FLAGS | RHI_EMBED, held, 3);
    if (!slice)
        return RH_UNDEF;
    slice->flags = ARRAY_FLAGS | RHI_SHARED;
    slice->as.array.length = length;
    slice->as.array.as.root = held[1];
    slice->as.array.values = rhi_list_of(rh_value_slot(held[2])).values + start;
    return rhi_object_value(slice);
}

rh_value
rh_array_slice(struct rh_heap *heap, rh_value array, size_t start,
               size_t length)
{
    size_t count = rh_array_length(array);

    if (start > count)
        return RH_NIL;
    length = rhi_min(length, count - start);
    if (length <= RHI_WORDS)
        return array_slice_copy(heap, array, start, length);
    return array_slice_share(heap, array, start, length);
}

rh_value
rh_array_shift(struct rh_heap *heap, rh_value array)
{
    struct rhi_object *object = array_of(array);
    size_t count = rhi_list_of(object).count;
    rh_value first;

    if (rhi_object_is_fixed(object) || count == 0)
        return RH_UNDEF;
    first = rhi_list_shift(object);
    array_cut(heap, object, count - 1);
    return first;
}

bool
rh_array_is_embedded(rh_value array)
{
    return rhi_object_has(array_of(array), RHI_EMBED);
}

rh_value
rh_array_root(rh_value array)
{
    const struct rhi_object *object = array_of(array);

    return rhi_object_has(object, RHI_SHARED) && !rhi_object_is_opaque(object)
               ? object->as.array.as.root
               : RH_NIL;
}
