// SPDX-License-Identifier: MIT
/*
 * know - what functions about objects that are known outside the heap begin
 * with.
 *
 * Next: weak_map.c.
 */
#ifndef RHI_KNOW_H
#define RHI_KNOW_H

#include "alloc.h"

// Panic if a collection is under way.
void rhi_know_time(struct rh_heap *heap);

// The same, and if `word` is in the heap and leads to no object.
void rhi_know_object(struct rh_heap *heap, const void *word);

#endif
