// SPDX-License-Identifier: MIT
/*
 * compact - moving objects together, so that pages become empty.
 *
 * A live slot keeps its whole page.  In a heap that has shrunk there may be one
 * on every page, and none can be given back.  Compaction cures that, where
 * objects may move: where every reference can be rewritten.
 *
 *     pins      who must stay, because somebody cannot rewrite a reference
 *     choice    which pages are emptied, and which are filled
 *     count     by type, while every object is whole
 *     evacuate  each object of these to another page
 *     update    every edge that leads to one of them; who has such an edge is
 *               told
 *     end       the slots left are free, the pages empty
 *
 * It runs at the end of a major collection, when the dead are
 * buried: every allocated slot is alive, nothing is young, the planes that it
 * borrows are clear.  It needs no memory, and cannot fail.
 *
 * INVARIANTS
 *   K3  what is pinned is an object, on a page that is flagged
 *
 * Next: trimmer.h, the books of giving memory back.
 */
#ifndef RHI_COMPACT_H
#define RHI_COMPACT_H

#include "evacuate.h"
#include "follow.h"

#include <rheap/compact.h>

enum rhi_compact_kind {
    RHI_COMPACT_NONE,
    RHI_COMPACT_DENSEST, // as few pages as can be
    RHI_COMPACT_SCATTER  // as many moves as can be
};

struct rhi_compact {
    struct rhi_evacuation evacuation;
    struct rhi_follow follow;
    const struct rh_config *config;
    enum rhi_compact_kind wanted; // of the next collection that can
    bool stress;                  // scatter in each of them
    uint64_t count;               // compactions ever
    uint64_t moved_total;         // objects ever moved
    size_t blocked;               // pages that pins kept in use, the last time
    struct rh_compaction last;    // what the last one did
};

// Whether objects may move at all.
bool rhi_compact_is_possible(const struct rhi_compact *compact);

// Whether the collection that begins may turn out to compact.
bool rhi_compact_may_come(const struct rhi_compact *compact);

// How many pages it may then add, at most.  O(pages).
size_t rhi_compact_may_grow(const struct rhi_compact *compact);

// Whether somebody wants it, or stress, or so many pages can be emptied as
// auto_compact says.  O(pages).
bool rhi_compact_is_due(const struct rhi_compact *compact);

// For whoever has just swept a heap, in which nothing is young or waits for a
// collection, and before the growth policy is asked: compact, if it is due.
void rhi_compact_if_due(struct rhi_compact *compact);

// Stress: scatter in each collection that can, and panic when a reference has
// not followed.
void rhi_compact_stress(struct rhi_compact *compact, bool on);

// K1 and K3; NULL: they hold.
const char *rhi_compact_check(const struct rhi_compact *compact, size_t *page,
                              size_t *slot);

#endif
