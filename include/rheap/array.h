/* SPDX-License-Identifier: MIT */
/* rheap/array.h - arrays of values.
 *
 * Up to RH_ARRAY_EMBED_LENGTH elements are in the slot, more are in a buffer.
 * A slice of more than that shares its root's buffer, as strings do.  The
 * rules at the head of object.h apply. */
#ifndef RHEAP_ARRAY_H
#define RHEAP_ARRAY_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_ARRAY_EMBED_LENGTH = 3
};

/* An array with a copy of `length` values at `values` (which the caller keeps
 * rooted); NULL there means nils. */
RH_API rh_value rh_array_new(struct rh_heap *heap, rh_value class_of,
                             const rh_value *values,
                             size_t length) RH_MAY_COLLECT;

/* An empty array with room for `capacity` elements. */
RH_API rh_value rh_array_new_capacity(struct rh_heap *heap, rh_value class_of,
                                      size_t capacity) RH_MAY_COLLECT;

/* `length` elements from `start`, in the same class; nil when `start` is
 * behind the end; a length that reaches too far is cut.  Short slices are
 * copies, long ones share: O(1). */
RH_API rh_value rh_array_slice(struct rh_heap *heap, rh_value array,
                               size_t start, size_t length) RH_MAY_COLLECT;

RH_API size_t rh_array_length(rh_value array);

/* Elements that fit without another buffer, behind those that were shifted
 * away; 0 for arrays that share one. */
RH_API size_t rh_array_capacity(rh_value array);

/* The element, or nil when `index` is too high. */
RH_API rh_value rh_array_get(rh_value array, size_t index);

/* Set an element; an index behind the end lengthens the array with nils. */
RH_API enum rh_status rh_array_set(struct rh_heap *heap, rh_value array,
                                   size_t index, rh_value value) RH_MUST_USE;

/* Add behind the last, O(1) amortised: capacity grows by half. */
RH_API enum rh_status rh_array_push(struct rh_heap *heap, rh_value array,
                                    rh_value value) RH_MUST_USE;

/* Take the last away and answer it; RH_UNDEF: empty or frozen.  The buffer is
 * kept until the array is empty. */
RH_API rh_value rh_array_pop(struct rh_heap *heap, rh_value array);

/* Take the first away and answer it, O(1); RH_UNDEF: empty or frozen.  Pushes
 * use its place again, so that a queue, too, costs O(1) amortised. */
RH_API rh_value rh_array_shift(struct rh_heap *heap, rh_value array);

/* Cut, or lengthen with nils.  Gives the buffer back when what is left fits
 * into the slot. */
RH_API enum rh_status rh_array_resize(struct rh_heap *heap, rh_value array,
                                      size_t length) RH_MUST_USE;

RH_API bool rh_array_is_embedded(rh_value array);

/* The array whose buffer this one uses, or nil. */
RH_API rh_value rh_array_root(rh_value array);

RH_END_DECLARATIONS

#endif
