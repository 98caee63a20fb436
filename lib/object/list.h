// SPDX-License-Identifier: MIT
/*
 * list - values in a slot or in a block: what OBJECT and ARRAY have in common.
 *
 *     embedded    flag RHI_EMBED, length in the flags, up to three words
 *     owner       length, room, and a block of `room` values
 *     shared      length, root, and a place in the root's block
 *
 * A list leaves the slot when it outgrows it, and comes back when it is cut to
 * what the slot holds.  A shared list that is to be written first gets a block
 * of its own; one that is only cut stays shared while it is longer than what
 * the slot holds.  Cutting never fails.
 *
 * Shifting takes the first value away by moving `values` on.  An owner must
 * still find its block: RHI_SHIFTED says that the place before the first value,
 * which nobody looks at any more, holds the number of places given up.
 *
 *     block                    values
 *     |  -      -      -      3  |  d      e      f  |  -      -  |
 *     |<------ given up: 3 ----->|<--- length: 3 --->|            |
 *     |<------------------------ room: 8 ------------------------>|
 *
 * When the end is reached, the values move back to where the block begins, and
 * only then to a longer block, if that is not enough.
 *
 * Whoever follows a long list in slices, or remembers a place of it, counts from
 * where the block begins, so shifting does not concern them; moving back does.
 *
 * Next: ivar.c.
 */
#ifndef RHI_OBJECT_LIST_H
#define RHI_OBJECT_LIST_H

#include "object/object.h"

struct rhi_values {
    rh_value *values;
    size_t count;
};

// The values of a list; none of an opaque object.
RHI_INLINE struct rhi_values
rhi_list_of(struct rhi_object *object)
{
    if (rhi_object_is_opaque(object))
        return (struct rhi_values){ object->as.words, 0 };
    if (rhi_object_has(object, RHI_EMBED))
        return (struct rhi_values){ object->as.words,
                                    rhi_object_field(object, RHI_LENGTH_MASK,
                                                     RHI_LENGTH_SHIFT) };
    return (struct rhi_values){ object->as.array.values,
                                object->as.array.length };
}

// How many places before the first value an owner has given up.
RHI_INLINE size_t
rhi_list_shifted(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_SHIFTED)
               ? (size_t)object->as.array.values[-1]
               : 0;
}

// The same for any object that may or may not be an owner's list.
RHI_INLINE size_t
rhi_list_given_up(const struct rhi_object *object)
{
    enum rh_type type = rhi_object_type(object);

    if ((type != RH_TYPE_ARRAY && type != RH_TYPE_OBJECT) ||
        rhi_object_has(object, RHI_EMBED | RHI_SHARED | RHI_OPAQUE))
        return 0;
    return rhi_list_shifted(object);
}

// Store a value that the list has room for.
RHI_INLINE void
rhi_list_write(struct rh_heap *heap, struct rhi_object *object, size_t index,
               rh_value value)
{
    struct rhi_values list = rhi_list_of(object);
    size_t before = rhi_list_given_up(object);

    rhi_object_write_at(heap, object, &list.values[index], before + index,
                        list.count, value);
}

// Say that there are so many values, which fit.
RHI_INLINE void
rhi_list_set_length(struct rhi_object *object, size_t count)
{
    if (rhi_object_has(object, RHI_EMBED))
        rhi_object_set_field(object, RHI_LENGTH_MASK, RHI_LENGTH_SHIFT, count);
    else
        object->as.array.length = count;
}

// How many values fit from the first to the end of the block.
size_t rhi_list_room(const struct rhi_object *object);

// Have room for `room` values that belong to the list alone.
enum rh_status rhi_list_reserve(struct rh_heap *heap, struct rhi_object *object,
                                size_t room);

// Take the first value away; there is one.  O(1), never fails, and stays
// where the list is.
rh_value rhi_list_shift(struct rhi_object *object);

// Keep the first `count` values, where they are; there are more.
void rhi_list_cut(struct rh_heap *heap, struct rhi_object *object,
                  size_t count);

// Cut or lengthen; new values are `filler`.  Cutting never fails.
enum rh_status rhi_list_resize(struct rh_heap *heap, struct rhi_object *object,
                               size_t count, rh_value filler);

rhi_finding rhi_list_check(const struct rhi_object *object);

#endif
