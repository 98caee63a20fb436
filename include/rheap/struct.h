/* SPDX-License-Identifier: MIT */
/* rheap/struct.h - a fixed number of members, known by position.
 *
 * Up to RH_STRUCT_EMBED_LENGTH members are in the slot, more are in a buffer.
 * The rules at the head of object.h apply. */
#ifndef RHEAP_STRUCT_H
#define RHEAP_STRUCT_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_STRUCT_EMBED_LENGTH = 3
};

/* A struct with a copy of `length` values at `values` (which the caller keeps
 * rooted); NULL there means nils. */
RH_API rh_value rh_struct_new(struct rh_heap *heap, rh_value class_of,
                              const rh_value *values,
                              size_t length) RH_MAY_COLLECT;

RH_API size_t rh_struct_length(rh_value structure);

/* The member, or RH_UNDEF when `index` is too high. */
RH_API rh_value rh_struct_get(rh_value structure, size_t index);

/* RH_NOT_FOUND when `index` is too high. */
RH_API enum rh_status rh_struct_set(struct rh_heap *heap, rh_value structure,
                                    size_t index, rh_value value) RH_MUST_USE;

RH_END_DECLARATIONS

#endif
