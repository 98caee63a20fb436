/* SPDX-License-Identifier: MIT */
/* rheap/identity.h - numbers that stand for objects.
 *
 * Ids are given in sequence from 1, when they are asked for, and never again.
 * They outlive moves, and cost nothing until the first is given. */
#ifndef RHEAP_IDENTITY_H
#define RHEAP_IDENTITY_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* The id of an object, always the same as long as it lives; 0: no memory to
 * give it one.  Does not collect.  O(1) amortised. */
RH_API uint64_t rh_identity_of(struct rh_heap *heap, void *object);

/* The object with that id, or NULL: it has been found dead, or no object ever
 * had it.  The answer is a reference like any other: hold it.
 * O(log(objects with ids)). */
RH_API void *rh_identity_object(const struct rh_heap *heap, uint64_t id);

RH_END_DECLARATIONS

#endif
