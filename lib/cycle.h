// SPDX-License-Identifier: MIT
/*
 * cycle - one collection, from the roots to the returned pages.
 *
 *     IDLE --> MARKING --> SWEEPING --> IDLE
 *
 *     flush    the current page goes back to its list: bits tell the truth;
 *              the limits of external data move
 *     mark     the roots, then everything that they reach, into the plane
 *              `next`; then `next` becomes `mark`
 *     sweep    free what is not marked, release what dead objects held
 *     decide   the growth policy says when to collect again and how many empty
 *              pages stay, the trim policy is asked
 *
 * Two planes: `mark` is what the last completed collection found, and stays
 * true while `next` is being built.
 *
 * Next: alloc.h, the mutator's door.
 */
#ifndef RHI_CYCLE_H
#define RHI_CYCLE_H

#include "heap.h"

// Collect.  The heap must be idle, and no walk under way.
void rhi_cycle_collect(struct rh_heap *heap, enum rh_cause cause);

// Whether so many slots were handed out, or so much external data added, that
// a collection is due.
bool rhi_cycle_is_due(const struct rh_heap *heap);

// Which of the two it is, when one is due.
enum rh_cause rhi_cycle_due_cause(const struct rh_heap *heap);

// Why a collection for this cause looks at everything.
enum rh_major_reason rhi_cycle_major_reason(const struct rh_heap *heap,
                                            enum rh_cause cause);

// Whether one may run now: enabled, idle, nobody walks or listens.
bool rhi_cycle_is_allowed(const struct rh_heap *heap);

// Mark into `next` what the roots reach, or what `object` reaches when it is
// not NULL.  The caller clears `next` again.
void rhi_cycle_mark_reachable(struct rh_heap *heap, void *object);

#endif
