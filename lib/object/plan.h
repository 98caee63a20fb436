// SPDX-License-Identifier: MIT
/*
 * plan - which layout agrees with a description.
 *
 * A dump tells an object's type, its references, its size, and little of what
 * is in it.  For every type there is a plan: where the real layout can hold
 * what the dump tells (a string of that many bytes in a block of that size),
 * it is used; else the object becomes opaque: right type, right size, no
 * contents.  A plan is a draft of the slot, still without its block, and says
 * which of the references it takes.
 *
 * Next: plan.c.
 */
#ifndef RHI_OBJECT_PLAN_H
#define RHI_OBJECT_PLAN_H

#include "object/inside.h"

#include <rheap/rebuild.h>

struct rhi_plan {
    const struct rh_rebuild *wish;
    struct rhi_object draft;
    size_t first; // references first..first+count-1 are in the layout
    size_t count;
    bool in_block; // ... namely in the block
};

void rhi_plan_make(struct rh_heap *heap, struct rhi_plan *plan,
                   const struct rh_rebuild *wish);

// The wished bytes of a string, or some that stand for them, to `to`.
void rhi_plan_text(char *to, const struct rh_rebuild *wish);

#endif
