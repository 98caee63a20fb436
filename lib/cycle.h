// SPDX-License-Identifier: MIT
/*
 * cycle - which collection is due, and how one is run.
 *
 *     slots handed out:  nursery used up ---> minor; or major, if one is due
 *     external data:     past malloc_limit -> likewise
 *     a major one goes on in steps: a quarter of the nursery -> a step,
 *     and one after each minor collection
 *
 * A major one is due, as in CRuby, when the capacity that the growth policy
 * allows is full of old objects (nofree), when there are many times more of
 * them than the last one left (oldgen), or of those without barriers (shady),
 * and when external data has piled up over several minor ones (oldmalloc).  In
 * a heap that is not generational every collection is a major one.  When the
 * reasons for one come together again while it is under way, it is finished.
 *
 * Every collection goes through rhi_cycle_run(): flush the cursor, so that bits
 * tell the truth; keep everybody out; measure.
 *
 * Next: alloc.h, the mutator's door.
 */
#ifndef RHI_CYCLE_H
#define RHI_CYCLE_H

#include "major.h"

// What is due, whether or not it is allowed.
struct rh_due rhi_cycle_due(const struct rh_heap *heap);

// Whether anything is due; cheaper.
bool rhi_cycle_is_due(const struct rh_heap *heap);

// Whether external data asks for something.
bool rhi_cycle_external_is_due(const struct rh_heap *heap);

// Whether it may be done now: enabled, nobody inside, walks or listens.
bool rhi_cycle_is_allowed(const struct rh_heap *heap);

// Do it.
void rhi_cycle_run(struct rh_heap *heap, struct rh_due due);

// A full collection at once.
void rhi_cycle_collect(struct rh_heap *heap, enum rh_cause cause);

// Mark everything at once and leave the sweeping to later steps.
void rhi_cycle_mark_at_once(struct rh_heap *heap, enum rh_cause cause);

// What the program asks of a collection in steps.
void rhi_cycle_start(struct rh_heap *heap, enum rh_cause cause);
void rhi_cycle_step(struct rh_heap *heap, struct rh_budget budget);
void rhi_cycle_cancel(struct rh_heap *heap);

#endif
