// SPDX-License-Identifier: MIT
/*
 * reach - following everything that the roots lead to.
 *
 * Both kinds of collection begin like this, and so does whoever only asks.
 * Roots are followed by the hundred: so many of them would flood the deque.
 *
 * Next: afterlife.h, what is done about those that were not reached.
 */
#ifndef RHI_REACH_H
#define RHI_REACH_H

#include "heap.h"

// Follow what the roots lead to, to the end.
void rhi_reach_roots(struct rh_heap *heap, struct rh_marker *marker);

// Follow what sealed objects lead to that is not sealed; how many may lead
// there.  Whoever only asks follows sealed objects themselves.
size_t rhi_reach_sealed(struct rh_heap *heap, struct rh_marker *marker);

// Set the bits of `plane` for what `object` leads to, itself included, or for
// what the roots lead to when it is NULL.  Uses the young marker; the caller
// clears the plane.
void rhi_reach(struct rh_heap *heap, enum rhi_plane plane, void *object);

#endif
