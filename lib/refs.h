// SPDX-License-Identifier: MIT
/*
 * refs - weak references: words that are cleared when their object dies.
 *
 *     refs:   | old | old | young | cleared | cleared | room
 *             0           old     live                count
 *
 * A reference is a block of two words of its own, so that programs may keep
 * its address; the array knows them all, in three parts, and each knows its
 * place.  Going from one part to another is a swap.  A collection looks at
 * those that lead to objects, a minor one at those that were set since the
 * last; one that has been cleared is looked at no more.
 *
 * INVARIANTS
 *   W1  old_count <= live_count <= count <= capacity; each reference knows its
 *       position; below live_count are those that lead to objects, and these
 *       are special; old ones lead to old objects
 *
 * Next: pairs.h.
 */
#ifndef RHI_REFS_H
#define RHI_REFS_H

#include "roster.h"

struct rh_weak_ref {
    void *object;
    uint32_t position; // in the array
};

struct rhi_refs {
    struct rhi_region *region;
    struct rhi_meter *meter;
    struct rh_weak_ref **refs;
    uint32_t old_count;  // lead to old objects
    uint32_t live_count; // lead to objects
    uint32_t count;
    uint32_t capacity;
    uint64_t seen; // references that collections have looked at
};

// Needs no memory.
void rhi_refs_init(struct rhi_refs *refs, struct rhi_region *region,
                   struct rhi_meter *meter);
void rhi_refs_fini(struct rhi_refs *refs);

// A reference to an object; NULL: no memory.
struct rh_weak_ref *rhi_refs_new(struct rhi_refs *refs, void *object);
void rhi_refs_set(struct rhi_refs *refs, struct rh_weak_ref *ref, void *object);
void rhi_refs_free(struct rhi_refs *refs, struct rh_weak_ref *ref);

// Clear those whose object is not reached; the others are old from now on.
void rhi_refs_clear(struct rhi_refs *refs, const struct rh_marker *marker,
                    bool minor);

void rhi_refs_moved(struct rhi_refs *refs, rhi_forward_fn forward,
                    void *context);

const char *rhi_refs_check(const struct rhi_refs *refs);

#endif
