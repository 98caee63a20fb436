// SPDX-License-Identifier: MIT
/*
 * sweep - what was not found is free: arithmetic on lines.
 *
 *     dead      = allocated & ~mark
 *     allocated = allocated & mark       (stored only where something died)
 *
 * No slot is read, except those of dead objects that hold something outside,
 * whose release function wants to see them: a bit in `external` says which.  A
 * page costs one line of each plane, some 10 ns; a gigabyte about a
 * millisecond.
 *
 * After a collection that stopped the program all pages are swept at once.
 * After one that went in steps they are swept in steps, too, from the lowest
 * page up, since releasing what the dead hold may take long:
 *
 *     | swept                    | swept early    | not swept yet            |
 *     0                       unswept            (flag)             unswept_end
 *
 * A page that is wanted for allocation is swept first, out of turn, and
 * flagged.  On a page not yet swept, alive is what is allocated *and* marked;
 * its live count still has the dead.
 *
 * After a collection of the young only pages that were allocated from are
 * swept; they are flagged, too.
 *
 * INVARIANTS
 *   U1  unswept <= unswept_end <= top; when they are equal, no page is flagged
 *       as swept early
 *
 * Next: seal.h, what is left in peace.
 */
#ifndef RHI_SWEEP_H
#define RHI_SWEEP_H

#include "event.h"
#include "mark.h"
#include "space.h"

struct rhi_sweep {
    struct rhi_space *space;
    struct rhi_events *events;
    const struct rh_model *model;
    struct rh_heap *heap; // passed to the model and to listeners
    uint64_t freed_total; // objects ever found dead
};

// All pages with memory are to be swept: a new `mark` plane is complete, the
// old one is `next` and will be cleared on the way.
void rhi_sweep_begin(struct rhi_sweep *sweep);

// Sweep up to `pages` pages; whether there are none left.  Never collects, may
// call the model's release.
bool rhi_sweep_some(struct rhi_sweep *sweep, size_t pages);

// Sweep a page that is going to be allocated from, if its turn has not come.
void rhi_sweep_early(struct rhi_sweep *sweep, size_t page);

// Sweep the pages that were allocated from since the last collection.  A major
// one that is under way with `major` forgets what died; NULL: there is none.
void rhi_sweep_young(struct rhi_sweep *sweep, struct rh_marker *major);

// Release every object that has anything outside: the heap is going away.
void rhi_sweep_release_all(struct rhi_sweep *sweep);

// Whether a page is still to be swept.
RHI_INLINE bool
rhi_sweep_awaits(const struct rhi_sweep *sweep, size_t page)
{
    return rhi_page_awaits_sweep(sweep->space->region, page);
}

RHI_INLINE bool
rhi_sweep_is_done(const struct rhi_sweep *sweep)
{
    const struct rhi_region *region = sweep->space->region;

    return region->unswept == region->unswept_end;
}

// The live objects of a page, slots of the cursor included.
void rhi_sweep_live_bits(const struct rhi_sweep *sweep, size_t page,
                         uint64_t *line);

const char *rhi_sweep_check(const struct rhi_sweep *sweep, size_t *page);

#endif
