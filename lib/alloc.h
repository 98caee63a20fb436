// SPDX-License-Identifier: MIT
/*
 * alloc - the slow road to a slot, and to a buffer.
 *
 * A slot is supplied in this order:
 *   1  a collection, if one is due
 *   2  the current page: its next run
 *   3  an eden page with at least a quarter free, else a tomb page, revived
 *   4  a new page
 * and when memory runs out:
 *   5  an eden page with any free slot
 *   6  an emergency collection, once; then 3 to 5 again
 *   7  the embedder's out-of-memory hook; then 3 to 5 again
 *   8  NULL
 *
 * A buffer that malloc refuses: return tomb pages, trim the allocator, ask the
 * hook, then NULL.  Never a collection: the caller may be in the middle of
 * changing the object that wants the buffer.
 *
 * Below this chapter nothing tries again: each failure comes up to here.
 *
 * Next: query.c, what a word is.
 */
#ifndef RHI_ALLOC_H
#define RHI_ALLOC_H

#include "cycle.h"

// Give `pages` fresh pages memory; false: no memory.
bool rhi_alloc_populate(struct rh_heap *heap, size_t pages);

#endif
