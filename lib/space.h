// SPDX-License-Identifier: MIT
/*
 * space - all pages, and the list that each is on.
 *
 *                    first use, or back after release
 *     RELEASED  ------------------------------------------>  ROOMY_3
 *        ^                                                      |
 *        | released                        ROOMY_3  3/4 free    | taken
 *        |                       filed     ROOMY_2  1/2 free    v
 *      TOMB   <--- swept, none alive ---   ROOMY_1  1/4 free <- CURRENT
 *        |                                 TIGHT    less        ^
 *        |                                 FULL     none        |
 *        +------------------ revived ---------------------------+
 *
 * Eden is every list from ROOMY_3 to CURRENT: pages with objects, and fresh
 * ones.  The tomb holds pages that a collection found empty; they keep their
 * memory for a while, as a reserve.  A released page is an address range: its
 * memory went back to the system.
 *
 * Pages to allocate from are supplied in this order: at least a quarter free
 * (most free first), a tomb page, a new page; tight ones only when memory runs
 * out.  Filling the fullest pages first was measured at 15-19 ns an object
 * against 5.6: short runs, and a cache line of bits for every few objects.
 *
 * Pages below region.sealed are SEALED, or released: they have left the cycle
 * above, and none is taken, filed or given back (seal.h).
 *
 * A live slot keeps its whole page: it cannot be returned while its object is
 * there.  That is the slot fragmentation that the articles describe; what can be
 * done about it where objects may move is told in compact.h.
 *
 * INVARIANTS
 *   S1  every page below region.top is on exactly the list it names, and the
 *       lists hold no others; counts are the lengths of the lists
 *   S2  a page of the tomb has no object; a released one has no bit at all
 *   S3  the roomy, tight and full lists agree with the live count
 *   S4  allocated pages = eden + tomb + sealed;
 *       pages ever allocated = allocated + pages ever freed
 *   S5  no page from region.sealed up to first_released is released
 *   S6  a page with memory has the shape of the space
 *   S7  a page with memory is on the list of the sealed if it lies below
 *       region.sealed, and else not
 *
 * Next: mutator.h, the cursor in the current page.
 */
#ifndef RHI_SPACE_H
#define RHI_SPACE_H

#include "event.h"
#include "page.h"

enum rhi_list {
    RHI_RELEASED,
    RHI_TOMB,
    RHI_ROOMY_3, // at least three quarters free
    RHI_ROOMY_2, // at least half
    RHI_ROOMY_1, // at least a quarter
    RHI_TIGHT,   // some, but less
    RHI_FULL,
    RHI_CURRENT, // being allocated from
    RHI_SEALED,
    RHI_LISTS
};

struct rhi_space {
    struct rhi_region *region;
    struct rhi_events *events;
    struct rh_heap *heap; // for page headers
    struct rhi_shape shape;
    struct rhi_ring list[RHI_LISTS];
    size_t count[RHI_LISTS]; // pages on each list
    size_t allocated_total;  // pages that ever got memory
    size_t freed_total;      // pages whose memory went back
    size_t first_released;   // where to look for one, see S5
    size_t release_cursor;   // pages below it may still be given back
    size_t *span;            // of inline code, kept true; or NULL
    uint64_t collection;     // number of the present or last major one
};

void rhi_space_init(struct rhi_space *space, struct rhi_region *region,
                    struct rhi_events *events, struct rh_heap *heap,
                    size_t slot_bytes);

// Keep `span` at the bytes of all pages with committed tables, divided by 8.
void rhi_space_keep_span(struct rhi_space *space, size_t *span);

// Give page `number` memory; true if it has it now, false: no memory.  Pages
// below it that were never used become released ones; a tomb page is revived.
bool rhi_space_populate(struct rhi_space *space, size_t number);

// Give one page memory: the lowest released one, or the next above the top.
// Its number, or SIZE_MAX: no memory.  O(1) amortised.
size_t rhi_space_grow(struct rhi_space *space);

// A page to allocate from that needs no new memory, or SIZE_MAX: at least a
// quarter free, or from the tomb, which revives it.
size_t rhi_space_find(struct rhi_space *space);

// A page with any free slot at all, or SIZE_MAX.
size_t rhi_space_find_tight(struct rhi_space *space);

// Put a page on a list; no-op when it is there.
void rhi_space_move(struct rhi_space *space, size_t page, enum rhi_list list);

// Put a page on the list that its live count says.
void rhi_space_file(struct rhi_space *space, size_t page);

// The same after a sweep: an empty page goes to the tomb.
void rhi_space_file_swept(struct rhi_space *space, size_t page);

// Return tomb pages to the system, highest first, until at most `keep` are
// left; the number returned.  O(pages) when there is anything to do.
size_t rhi_space_release(struct rhi_space *space, size_t keep);

// The same in pieces: begin; then look at `pages` pages at a time, or at a
// granule, until it answers that no more are to be returned.
void rhi_space_release_begin(struct rhi_space *space);
bool rhi_space_release_some(struct rhi_space *space, size_t keep, size_t pages);

// Bring pages up to `number` into the books, as released ones; false: no
// memory.
bool rhi_space_extend(struct rhi_space *space, size_t number);

// Seal all pages with memory below page `end`, which becomes region.sealed.
// None of them may be empty, current, or wait to be swept.
void rhi_space_seal(struct rhi_space *space, size_t end);

// File all sealed pages by their live counts; region.sealed becomes 0.
void rhi_space_unseal(struct rhi_space *space);

// Collections that the oldest tomb page has seen.  O(tomb).
size_t rhi_space_tomb_age(const struct rhi_space *space);

// Pages from the lowest to the highest with memory.  O(pages).
size_t rhi_space_span(const struct rhi_space *space);

// Whether a word is the address of a slot in a page with memory.  Any word.
bool rhi_space_is_slot(const struct rhi_space *space, uintptr_t word);

const char *rhi_list_name(enum rhi_list list);

const char *rhi_space_check(const struct rhi_space *space, size_t *page);

RHI_INLINE size_t
rhi_space_eden_pages(const struct rhi_space *space)
{
    return space->count[RHI_ROOMY_3] + space->count[RHI_ROOMY_2] +
           space->count[RHI_ROOMY_1] + space->count[RHI_TIGHT] +
           space->count[RHI_FULL] + space->count[RHI_CURRENT];
}

RHI_INLINE size_t
rhi_space_pages(const struct rhi_space *space)
{
    return rhi_space_eden_pages(space) + space->count[RHI_TOMB] +
           space->count[RHI_SEALED];
}

RHI_INLINE bool
rhi_space_has_memory(const struct rhi_space *space, size_t page)
{
    return page < space->region->top &&
           space->region->pages[page].list != RHI_RELEASED;
}

#endif
