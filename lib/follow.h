// SPDX-License-Identifier: MIT
/*
 * follow - having every reference follow its object.
 *
 * Three times, all roots and all live objects are traced, in address order,
 * each time by another visitor:
 *
 *     before   notes which objects are referred to in a way that cannot be
 *              rewritten: rh_visit_pinned().  They must stay, this time.
 *     after    rewrites each edge whose object has moved, and no other: the
 *              kernel copies a shared page when it is written
 *     again    when references are to be verified: finds edges that still lead
 *              to a slot that was left
 *
 * A trace function reads nothing but the object that it is passed, so it does
 * not matter that its neighbours have moved already.  Objects with a rewritten
 * edge are told at the end, when all of them are where they will stay: a hash
 * table whose order depends on addresses looks at its keys then.
 *
 * Two planes are borrowed, which are clear: `reached` for the pins, `next` for
 * objects with a rewritten edge.
 *
 * INVARIANTS
 *   K2  when all were told, no edge leads to a slot that was left
 *
 * Next: compact.h, all of it.
 */
#ifndef RHI_FOLLOW_H
#define RHI_FOLLOW_H

#include "finalize.h"
#include "forward.h"
#include "identity.h"
#include "roots.h"
#include "seal.h"
#include "weak.h"

struct rhi_follow {
    struct rhi_forward forward;
    struct rhi_region *region;
    struct rhi_roots *roots;
    const struct rhi_seal *seal;
    struct rhi_weak *weak; // these three know addresses
    struct rhi_finalizers *finalizers;
    struct rhi_identity *identity;
    const struct rh_model *model;
    struct rh_heap *heap; // passed to the model
    bool stale;           // an edge has not followed,
    const void *from;     // in this object; NULL: of a root
};

// Set pins that last until rhi_follow_unpin(), and flag their pages.
void rhi_follow_pin(struct rhi_follow *follow);
void rhi_follow_unpin(struct rhi_follow *follow);

// Rewrite, and tell.
void rhi_follow_update(struct rhi_follow *follow);

// Set `stale` and `from`.
void rhi_follow_look_back(struct rhi_follow *follow);

#endif
