// SPDX-License-Identifier: MIT
/*
 * heap - all parts together.
 *
 * Composition and nothing else.  The parts do not know each other but through
 * the pointers that each was made with; only cycle, alloc and what stands
 * behind them in the book see the whole.
 *
 *     mutator --> space --> region          where slots come from
 *     roots, stack, marker, sweep           what a collection is made of
 *     external, trim, growth                what it decides about memory
 *
 * INVARIANTS
 *   H1  objects ever made - ever freed = live bits of all pages, less the
 *       unused slots of the current page
 *   H2  between collections the heap is idle and the marker empty
 *
 * Next: cycle.h, where everything moves.
 */
#ifndef RHI_HEAP_H
#define RHI_HEAP_H

#include "drain.h"
#include "external.h"
#include "growth.h"
#include "mutator.h"
#include "roots.h"
#include "stack.h"
#include "sweep.h"
#include "trim.h"

#include <rheap/heap.h>

enum rhi_phase {
    RHI_IDLE,
    RHI_MARKING,
    RHI_SWEEPING,
    RHI_PLACING
};

// What the collector has done so far.
struct rhi_history {
    uint64_t count;      // collections, all of them major
    uint64_t emergency;  // because memory had run out
    uint64_t total_ns;   // in collections
    size_t marked_slots; // found alive by the last one
};

struct rh_heap {
    struct rh_mutator mutator; // its fast part comes first
    struct rh_config config;
    const struct rh_model *model;
    void *model_state;
    struct rhi_panic panic;
    struct rhi_meter meter;
    struct rhi_events events;
    struct rhi_region region;
    struct rhi_space space;
    struct rhi_external external;
    struct rhi_roots roots;
    struct rhi_threads threads;
    struct rhi_stack stack;
    struct rhi_sweep sweep;
    struct rhi_trim trim;
    struct rhi_growth growth;
    struct rhi_history history;
    enum rhi_phase phase;
    unsigned walks; // under way; collections wait
    bool reaching;  // a walk has bits in the plane `next`
    bool disabled;  // no automatic collections
    struct rh_marker marker;
};

RHI_INLINE size_t
rhi_heap_slot_bytes(const struct rh_heap *heap)
{
    return heap->space.shape.slot_bytes;
}

// Objects that exist: made, and not found dead.
RHI_INLINE size_t
rhi_heap_live(const struct rh_heap *heap)
{
    return (size_t)(rhi_mutator_total(&heap->mutator) -
                    heap->sweep.freed_total);
}

#endif
