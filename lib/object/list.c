// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/list.h"

#include <string.h>

static bool
list_is_owner(const struct rhi_object *object)
{
    return !rhi_object_has(object, RHI_EMBED | RHI_SHARED | RHI_OPAQUE);
}

size_t
rhi_list_room(const struct rhi_object *object)
{
    if (rhi_object_has(object, RHI_SHARED | RHI_OPAQUE))
        return 0;
    if (rhi_object_has(object, RHI_EMBED))
        return RHI_WORDS;
    return object->as.array.as.room - rhi_list_shifted(object);
}

// To where the block begins.
static void
list_move_back(struct rh_heap *heap, struct rhi_object *object)
{
    struct rhi_array *list = &object->as.array;
    rh_value *block = list->values - rhi_list_shifted(object);

    memmove(block, list->values, list->length * sizeof *block);
    list->values = block;
    object->flags &= ~RHI_SHIFTED;
    rhi_object_rewritten(heap, object);
}

// To a block for exactly `room` values.  An owner is not shifted.
static enum rh_status
list_move_out(struct rh_heap *heap, struct rhi_object *object, size_t room)
{
    struct rhi_values old = rhi_list_of(object);
    bool owner = list_is_owner(object);
    rh_value *values;

    if (!rhi_values_fit(room))
        return RH_NO_MEMORY;
    if (owner)
        values = rh_external_realloc(heap, old.values,
                                     object->as.array.as.room * sizeof *values,
                                     room * sizeof *values);
    else
        values = rh_external_malloc(heap, room * sizeof *values);
    if (!values)
        return RH_NO_MEMORY;
    if (!owner)
        rhi_values_fill(values, old.values, old.count, RH_NIL);
    object->flags &= ~(uint64_t)(RHI_EMBED | RHI_SHARED | RHI_LENGTH_MASK);
    object->as.array.length = old.count;
    object->as.array.as.room = room;
    object->as.array.values = values;
    rh_external_attach(heap, object);
    if (!owner)
        rhi_object_rewritten(heap, object);
    return RH_OK;
}

// Into the slot, with the first `count` values.
static void
list_move_in(struct rh_heap *heap, struct rhi_object *object, size_t count)
{
    struct rhi_array old = object->as.array;
    size_t shifted = rhi_list_shifted(object);
    bool owner = list_is_owner(object);

    rhi_values_fill(object->as.words, old.values, count, RH_NIL);
    object->flags &= ~(RHI_SHIFTED | RHI_SHARED);
    object->flags |= RHI_EMBED;
    rhi_object_set_field(object, RHI_LENGTH_MASK, RHI_LENGTH_SHIFT, count);
    rhi_object_rewritten(heap, object);
    if (!owner)
        return;
    rh_external_free(heap, old.values - shifted,
                     old.as.room * sizeof *old.values);
    rhi_object_disown(heap, object);
}

enum rh_status
rhi_list_reserve(struct rh_heap *heap, struct rhi_object *object, size_t room)
{
    size_t count = rhi_list_of(object).count;

    if (room <= rhi_list_room(object))
        return RH_OK;
    if (rhi_object_has(object, RHI_SHIFTED)) {
        list_move_back(heap, object);
        if (room <= rhi_list_room(object))
            return RH_OK;
    }
    return list_move_out(heap, object, rhi_max(room, count));
}

rh_value
rhi_list_shift(struct rhi_object *object)
{
    struct rhi_values list = rhi_list_of(object);
    rh_value first = list.values[0];

    if (rhi_object_has(object, RHI_EMBED)) {
        memmove(list.values, list.values + 1,
                (list.count - 1) * sizeof *list.values);
    } else {
        if (list_is_owner(object)) {
            list.values[0] = rhi_list_shifted(object) + 1;
            object->flags |= RHI_SHIFTED;
        }
        object->as.array.values++;
    }
    rhi_list_set_length(object, list.count - 1);
    return first;
}

void
rhi_list_cut(struct rh_heap *heap, struct rhi_object *object, size_t count)
{
    rhi_list_set_length(object, count);
    // What comes behind the values where slices count has moved up.
    if (rhi_object_has(object, RH_OBJECT_IVARS))
        rhi_object_rewritten(heap, object);
}

enum rh_status
rhi_list_resize(struct rh_heap *heap, struct rhi_object *object, size_t count,
                rh_value filler)
{
    size_t old_count = rhi_list_of(object).count;
    struct rhi_values list;

    if (count <= old_count && count <= RHI_WORDS &&
        !rhi_object_has(object, RHI_EMBED)) {
        list_move_in(heap, object, count);
        return RH_OK;
    }
    if (count <= old_count) {
        rhi_list_cut(heap, object, count);
        return RH_OK;
    }
    if (rhi_list_reserve(heap, object, count))
        return RH_NO_MEMORY;
    rhi_list_set_length(object, count);
    list = rhi_list_of(object);
    rhi_values_fill(list.values + old_count, NULL, count - old_count, filler);
    return RH_OK;
}

rhi_finding
rhi_list_check(const struct rhi_object *object)
{
    const struct rhi_array *list = &object->as.array;

    if (rhi_object_has(object, RHI_EMBED))
        return rhi_object_has(object, RHI_SHARED)
                   ? "Y1: an embedded list says that it shares a block"
                   : NULL;
    if (rhi_object_has(object, RHI_SHARED))
        return NULL;
    if (list->as.room && !list->values)
        return "Y2: a list has lost its block";
    return rhi_list_shifted(object) > list->as.room ||
                   list->length > rhi_list_room(object)
               ? "Y2: a list is longer than its block"
               : NULL;
}
