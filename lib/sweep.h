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
 * millisecond.  That is why pages are swept at once, at the end of the
 * collection, and the live count of every page is known from then on.
 *
 * Next: forward.h; how objects are moved together.
 */
#ifndef RHI_SWEEP_H
#define RHI_SWEEP_H

#include "event.h"
#include "space.h"

struct rhi_sweep {
    struct rhi_space *space;
    struct rhi_events *events;
    const struct rh_model *model;
    struct rh_heap *heap; // passed to the model and to listeners
    uint64_t freed_total; // objects ever found dead
};

// Free what is allocated and not marked on every page, clear the old marks in
// `next`, and put each page on its list.  The live objects.
size_t rhi_sweep_all(struct rhi_sweep *sweep);

// Release every object that has anything outside: the heap is going away.
void rhi_sweep_release_all(struct rhi_sweep *sweep);

#endif
