// SPDX-License-Identifier: MIT
/*
 * seal - what is alive now, and will be as long as anybody forks.
 *
 *     | sealed: neither taken, swept, moved nor given back | nobody's | pages |
 *     0                                            region.sealed             top
 *
 * A forked child shares its parent's memory page by page of the system, until
 * one of them writes.  Collections write no body anyway; sealing does three
 * more things.  New objects stay out of the holes between old ones, of which
 * each costs a copied page.  Nothing of the sealed objects' bits is written,
 * either, and so the planes stay shared.  And they are not even read: they are
 * marked for good in both planes that take turns, so whatever refers to them
 * finds them reached already.
 *
 * A new page's line of bits must not lie in the same page of the system as that
 * of a sealed one.  Lines are 64 bytes, and planes begin in the midst of a page
 * of the system (see region.h), so up to twice (OS page / 64) numbers are left
 * out; they are address space only.  The dense arrays, with a byte or two for a
 * page, would need megabytes; there one page of the system is shared.
 *
 * What sealed objects refer to is sealed, too, except for what was stored into
 * them since: the barrier remembers these for good, and they are roots, like
 * those that have no barrier.  They are traced without a look at their bits.
 * Whatever they refer to is pinned while others move, for they may not be
 * written to.
 *
 * INVARIANTS
 *   Z1  `next` and `mark` are the same on a sealed page, and are what is
 *       allocated
 *   Z2  `slots` counts the objects of sealed pages
 *
 * Next: forward.h; how objects are moved together.
 */
#ifndef RHI_SEAL_H
#define RHI_SEAL_H

#include "barrier.h"
#include "space.h"

struct rhi_seal {
    struct rhi_region *region;
    struct rhi_space *space;
    struct rhi_barrier *barrier;
    const struct rh_model *model;
    size_t slots; // sealed objects
};

// Seal every page with memory.  None is empty or current, nothing is young, and
// no major collection is under way.  False: there is no room above.
bool rhi_seal_close(struct rhi_seal *seal);

// Make sealed objects ordinary old ones.
void rhi_seal_open(struct rhi_seal *seal);

// Visit all references of sealed objects that may lead to others; `pause` is
// called, with `context`, after those of each page and each card; NULL: nothing.
// How many objects that were.  O(pages), reading only.
size_t rhi_seal_visit(const struct rhi_seal *seal, struct rh_visitor *visitor,
                      void (*pause)(void *context), void *context);

// Free slots of sealed pages, which nobody gets.
RHI_INLINE size_t
rhi_seal_holes(const struct rhi_seal *seal)
{
    const struct rhi_space *space = seal->space;

    return space->count[RHI_SEALED] * space->shape.slots - seal->slots;
}

const char *rhi_seal_check(const struct rhi_seal *seal, size_t *page);

#endif
