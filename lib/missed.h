// SPDX-License-Identifier: MIT
/*
 * missed - finding stores without their barrier.
 *
 * A forgotten barrier shows late and elsewhere: a child is freed while its
 * parent lives, and somebody reads a slot that is something else by then.  So
 * there is a mode in which every reference is looked at just before it would
 * matter:
 *
 *     before a minor collection    old parent, young child: the parent must be
 *                                  remembered, by bit or card, or unprotected
 *     after a major one in steps   black parent: no child may be white
 *     between two of its steps     black and old parent with barriers: no old
 *                                  child may be white, unless it is gray
 *
 * What is found is told to the embedder, by name, type, and the place where
 * both were made, and then repaired, so that one run shows them all.  Between
 * steps only rh_heap_verify() looks.
 *
 * Next: store.c, the slow roads of the barrier.
 */
#ifndef RHI_MISSED_H
#define RHI_MISSED_H

#include "major.h"

// Look before each collection from now on, or no longer.
void rhi_missed_watch(struct rh_heap *heap, bool on, rh_missed_fn report,
                      void *context);

// Whether an old object refers to a young one and is not known to; fills
// `missed` with parent, child and index of the first one.
bool rhi_missed_first(struct rh_heap *heap, struct rh_missed_barrier *missed);

// The same for a black object that refers to a white one, while a major
// collection pauses between two steps of marking.
bool rhi_missed_white(struct rh_heap *heap, struct rh_missed_barrier *missed);

#endif
