// SPDX-License-Identifier: MIT
/*
 * choice - which pages are emptied, and which are filled.
 *
 *     before   |####   #| #      | ##  ###|   #    |#### ###|
 *                stays    leaves   stays    leaves   stays
 *     after    |########|        |## #####|        |#### ###|
 *
 * All objects fill so many pages: their number, divided by the slots of a page.
 * Any so many pages have room for all of them; the fullest ones stay, for then
 * the fewest objects move.  A histogram of live counts, one class for each
 * number of slots, tells where the line is drawn; no list of pages is made, and
 * nothing is sorted.  Of the pages just on the line the lowest stay.
 *
 * Memory is returned by the granule.  Where that is several pages, a page ranks
 * by the average of its granule: whole granules become empty, and an empty page
 * of a full one may be filled.
 *
 * A page with an object that must not move stays in any case.  So it is the
 * first to stay, and is filled like the others: what is pinned costs a page,
 * but not an empty one.
 *
 * Scattering, to find out whether all references follow, is the opposite: every
 * page with objects is emptied, and those filled were empty; the heap grows for
 * that, if it can.
 *
 * The choice is kept in the flags of pages and their lists: pages to be emptied
 * are flagged, pages to be filled are the others of eden.
 *
 * Next: evacuate.h, who moves.
 */
#ifndef RHI_CHOICE_H
#define RHI_CHOICE_H

#include "space.h"

// All of these want a heap whose empty pages are in the tomb, and no current
// page.

// Pages that all objects fill.  O(pages).
size_t rhi_choice_needed(const struct rhi_space *space);

// Choose for the fewest pages.  O(pages).
void rhi_choice_densest(struct rhi_space *space);

// Choose for scattering.  Takes memory if there is any.
void rhi_choice_scatter(struct rhi_space *space);

// Whether a page is to be filled.
bool rhi_choice_is_target(const struct rhi_space *space, size_t page);

// The objects that pages to be filled have room for.  O(pages).
size_t rhi_choice_room(const struct rhi_space *space);

// The slots of a page that must not be left: in the planes pinned (the
// embedder's) or reached (pins that last as long as this compaction).
void rhi_choice_pins(const struct rhi_region *region, size_t page,
                     uint64_t *line);

// Whether there are any.
bool rhi_choice_has_pins(const struct rhi_region *region, size_t page);

#endif
