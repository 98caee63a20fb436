// SPDX-License-Identifier: MIT
/*
 * ring - an intrusive circular list: moving a page between lists is O(1).
 *
 * A ring is a node that stands for the list; an element has a node of its own.
 * A node that is on no list points to itself.
 *
 * Next: poison.h, eyes for debugging tools.
 */
#ifndef RHI_RING_H
#define RHI_RING_H

#include "base.h"

struct rhi_ring {
    struct rhi_ring *next;
    struct rhi_ring *previous;
};

RHI_INLINE void
rhi_ring_init(struct rhi_ring *ring)
{
    ring->next = ring->previous = ring;
}

RHI_INLINE bool
rhi_ring_is_empty(const struct rhi_ring *ring)
{
    return ring->next == ring;
}

RHI_INLINE void
rhi_ring_remove(struct rhi_ring *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    rhi_ring_init(node);
}

RHI_INLINE void
rhi_ring_append(struct rhi_ring *ring, struct rhi_ring *node)
{
    node->next = ring;
    node->previous = ring->previous;
    ring->previous->next = node;
    ring->previous = node;
}

#endif
