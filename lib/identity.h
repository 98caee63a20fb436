// SPDX-License-Identifier: MIT
/*
 * identity - numbers that stand for objects.
 *
 * An address names an object only as long as it lives and stays where it is.
 * An id names it for good: ids are given in sequence, when somebody asks, and
 * never again.  The entries of the roster are in the order of their ids, so the
 * object of an id is found by halving, and the id of an object by the index.
 *
 * An object without an id has no entry, and a heap without ids no table.  A
 * collection forgets the ids of dead objects; one whose finalizer is still to
 * run keeps it.
 *
 * INVARIANTS
 *   N1  ids ascend with positions, and none is above the last given
 *
 * Next: place.h, lines of the program.
 */
#ifndef RHI_IDENTITY_H
#define RHI_IDENTITY_H

#include "roster.h"

struct rhi_identity {
    struct rhi_roster roster;
    uint64_t last; // id given
    uint64_t seen; // entries that collections have looked at
};

// Needs no memory.
void rhi_identity_init(struct rhi_identity *identity, struct rhi_region *region,
                       struct rhi_meter *meter);
void rhi_identity_fini(struct rhi_identity *identity);

// The id of an object, given now if it has none; 0: no memory.
uint64_t rhi_identity_of(struct rhi_identity *identity, void *object);

// The object, or NULL: dead, or the id was never given.
void *rhi_identity_object(const struct rhi_identity *identity, uint64_t id);

// Forget the ids of what `marker` has not reached.
void rhi_identity_forget(struct rhi_identity *identity,
                         const struct rh_marker *marker, bool minor);

void rhi_identity_moved(struct rhi_identity *identity, rhi_forward_fn forward,
                        void *context);

const char *rhi_identity_check(const struct rhi_identity *identity);

#endif
