// SPDX-License-Identifier: MIT
/*
 * heap - all parts together.
 *
 * Composition and nothing else.  The parts do not know each other but through
 * the pointers that each was made with; only cycle, alloc and what stands
 * behind them in the book see the whole.
 *
 *     mutator --> space --> region          where slots come from
 *     roots, stack, barrier, markers, sweep what a collection is made of
 *     external, trim, growth                what it decides about memory
 *     profile, sites                        what is noted for the program
 *
 * Two things that are easily confused: the collector is *inside* while it is
 * on the C stack, and then nobody may allocate or collect; a major collection
 * is at a *stage* while it goes on in steps, between which the program runs.
 *
 * INVARIANTS
 *   H1  objects ever made - ever freed = live bits of all pages, less the
 *       unused slots of the current page
 *   H2  the young marker is empty unless the collector is inside; the major
 *       one is, too, unless the stage is marking, and counts the gray pages
 *   H3  pages wait to be swept only while the stage is sweeping; the last of
 *       them may go in an allocation, before the step that ends it
 *
 * Next: reach.h, following everything.
 */
#ifndef RHI_HEAP_H
#define RHI_HEAP_H

#include "barrier.h"
#include "compact.h"
#include "external.h"
#include "finalize.h"
#include "growth.h"
#include "identity.h"
#include "mutator.h"
#include "profile.h"
#include "roots.h"
#include "seal.h"
#include "sharing.h"
#include "site.h"
#include "stack.h"
#include "sweep.h"
#include "trim.h"
#include "weak.h"

#include <rheap/heap.h>

// Of a major collection, between two steps.
enum rhi_stage {
    RHI_IDLE,
    RHI_MARKING,
    RHI_SWEEPING
};

// What the collector has done so far.
struct rhi_history {
    uint64_t minor_count;
    uint64_t major_count; // begun, also if cancelled
    uint64_t emergency;   // because memory had run out
    uint64_t steps;       // of major collections
    size_t marked_slots;  // found alive by the last major collection
    size_t old_slots;     // objects that are old; neither counts sealed ones
    size_t unprotected;   // of these, without barriers
    size_t visited;       // objects followed by the last collection or step
    size_t cards_visited; // by the last minor one
    size_t remembered;    // old objects followed again, likewise
    struct rh_collection latest; // but for its state and what comes next
};

struct rhi_major_state {
    enum rhi_stage stage;
    bool releasing; // all pages are swept, empty ones go back to the system
};

// Later chapters that want to look on, when somebody has asked them to.
struct rhi_watch {
    // Before a collection of the young marks; after a major one has marked.
    void (*before_minor)(struct rh_heap *heap);
    void (*major_marked)(struct rh_heap *heap);
    // At the end of a phase: between two things that change the heap.
    void (*phase)(struct rh_heap *heap, const char *phase);
    // Wherever another one has the pages to write to: what the last one was.
    void (*wrote)(struct rh_heap *heap, enum rh_sharing_phase phase);
    rh_missed_fn missed; // for the first two
    void *context;       // passed to it
};

// What fork() itself is to call, see atfork.c.
struct rhi_atfork {
    struct rhi_ring link;                 // if `forget` is set
    void (*forget)(struct rh_heap *heap); // to be called before the heap ends
    bool begun;                           // by the fork that is under way
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
    struct rhi_barrier barrier;
    struct rhi_weak weak;
    struct rhi_finalizers finalizers;
    struct rhi_identity identity;
    struct rhi_threads threads;
    struct rhi_stack stack;
    struct rhi_sweep sweep;
    struct rhi_seal seal;
    struct rhi_compact compact;
    struct rhi_trim trim;
    struct rhi_growth growth;
    struct rhi_history history;
    struct rhi_sites sites;
    struct rhi_major_state major;
    bool inside;         // the collector is on the C stack
    bool placing;        // an image is being built
    bool reaching;       // a walk has bits in the plane `reached`
    bool disabled;       // no automatic collections
    bool majors_refused; // no automatic major ones
    unsigned walks;      // under way; collections wait
    unsigned stress;     // enum rh_stress
    rhi_line looked_at;  // for rh_page_look() to point to
    struct rhi_watch watch;
    struct rhi_atfork atfork;
    struct rh_marker marker; // of major collections
    struct rh_marker young;  // of minor ones, and whoever asks between steps
    struct rhi_profile profile;
    struct rhi_sharing sharing;
};

RHI_INLINE size_t
rhi_heap_slot_bytes(const struct rh_heap *heap)
{
    return heap->space.shape.slot_bytes;
}

// Whether a callback of a collection is running, or of the heap's end.
RHI_INLINE bool
rhi_heap_is_collecting(const struct rh_heap *heap)
{
    return heap->inside;
}

// Collections so far: GC.count.
RHI_INLINE uint64_t
rhi_heap_collections(const struct rh_heap *heap)
{
    return heap->history.minor_count + heap->history.major_count;
}

// Objects that exist: made, and not found dead.
RHI_INLINE size_t
rhi_heap_live(const struct rh_heap *heap)
{
    return (size_t)(rhi_mutator_total(&heap->mutator) -
                    heap->sweep.freed_total);
}

// The live objects of a page, by the bits; the unused slots of the current page
// count as live (see rhi_mutator_is_unused()).
RHI_INLINE void
rhi_heap_live_bits(const struct rh_heap *heap, size_t page, uint64_t *line)
{
    rhi_sweep_live_bits(&heap->sweep, page, line);
}

// Whether stores of old objects into old ones matter to anybody.
RHI_INLINE void
rhi_heap_set_strict(struct rh_heap *heap)
{
    heap->mutator.fast.strict =
        heap->major.stage == RHI_MARKING || heap->region.sealed > 0;
}

RHI_INLINE void
rhi_heap_phase(struct rh_heap *heap, const char *phase)
{
    if (RHI_UNLIKELY(heap->watch.phase))
        heap->watch.phase(heap, phase);
}

// What page bodies were written to for, since this was called last.
RHI_INLINE void
rhi_heap_wrote(struct rh_heap *heap, enum rh_sharing_phase phase)
{
    if (RHI_UNLIKELY(heap->watch.wrote))
        heap->watch.wrote(heap, phase);
}

#endif
