// SPDX-License-Identifier: MIT
/*
 * major - collecting everything, at once or in steps.
 *
 *            start                 the last step           swept
 *     IDLE --------->  MARKING  ---------------> SWEEPING -------> IDLE
 *       ^                 |
 *       +---- cancel -----+
 *
 * Two planes: `mark` is what the last completed collection found, and stays
 * true while `next` is being built.  So between the steps of a major collection
 * the young are collected as if there were none, and it can be cancelled by
 * forgetting `next`.
 *
 * Marking begins with the roots, as they are then.  What the program changes
 * meanwhile is heard of in three ways:
 *     - stores into black objects turn gray what they store (barrier.h);
 *     - objects made meanwhile are young; those that live are promoted by a
 *       minor collection, and turn gray;
 *     - roots, and objects without barriers, are looked at once more in the
 *       last step, which is atomic: a minor collection, after which nothing is
 *       young, then these, then what is still gray.
 * Then the planes change places.  What died after it had been marked is found
 * by the next collection; a collection that stops the program (at once) has no
 * such leftovers.
 *
 * Sweeping goes page by page, in steps too (sweep.h).  So does what follows:
 * empty pages that are not needed go back to the system, which takes longer
 * than to find them.
 *
 * Next: cycle.h, which of all this is due.
 */
#ifndef RHI_MAJOR_H
#define RHI_MAJOR_H

#include "minor.h"

// All of it, at once.  Whatever is under way is cancelled.  Like all of these:
// the cursor has been flushed, the collector is inside.
void rhi_major_collect(struct rh_heap *heap);

// Begin, at stage idle.
void rhi_major_start(struct rh_heap *heap);

// One step of the stage it is at.
void rhi_major_step(struct rh_heap *heap, struct rh_budget budget);

// Ask the growth policy, and keep to what it answers.
void rhi_major_decide(struct rh_heap *heap);

// Forget `next`, or finish sweeping.
void rhi_major_cancel(struct rh_heap *heap);

#endif
