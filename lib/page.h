// SPDX-License-Identifier: MIT
/*
 * page - 16 KB with a header and 408 slots.
 *
 * The header is written when a page gets memory, and read by no hot path: it
 * tells a debugger what it looks at, and rh_heap_of() the heap of an object.
 *
 * The freelist of a page is a list of free runs.  The first slot of a run
 * holds three words, at the model's run offset; the others hold nothing:
 *
 *     slot:   5      6      7      8      9      10     11     12
 *          +------+------+------+------+------+------+------+------+
 *          | free | free | live | free | free | free | live | free |
 *          +------+------+------+------+------+------+------+------+
 *            |             ^ ^    |                   ^ ^      |
 *            | end --------+ |    | end --------------+ |      end, next = 0
 *            +-- next -------|->  +-- next -------------+->
 *
 * A fresh page is one run of 408; the worst page has 204 runs of one.  The
 * first word of a run is 0, which is type NONE to the Ruby-style objects, as
 * in CRuby's freelist.  Runs are threaded when a page is taken for allocation,
 * never when it is swept: a dead slot keeps its old words until then, and
 * sweeping writes no body.
 *
 * INVARIANTS
 *   P1  no bit of any plane is set for a slot that the page does not have
 *   P2  live[page] is the number of allocated bits
 *   P3  mark is a subset of allocated
 *   P4  external and special are subsets of allocated
 *   P5  outside collections the planes that they borrow are clear: next, unless
 *       a major one is marking or the page waits to be swept; gray and sliced,
 *       unless a major one is marking; those of the young; reached
 *   P6  the header of a page with memory names its heap, number and slot size
 *
 * Next: contrast.h, where marks are not.
 */
#ifndef RHI_PAGE_H
#define RHI_PAGE_H

#include "region.h"

struct rhi_header {
    uint64_t magic; // RHI_MAGIC
    struct rh_heap *heap;
    uint64_t number; // of the page; 0 is the lowest
    uint32_t slot_bytes;
    uint32_t version; // of this layout
};

_Static_assert(sizeof(struct rhi_header) <= RHI_HEADER_BYTES,
               "the header has 64 bytes");

#define RHI_MAGIC UINT64_C(0x7061656870616772) // "rgapheap"
enum {
    RHI_LAYOUT_VERSION = 1
};

// The words in the first slot of a free run.
struct rhi_run {
    uintptr_t zero;
    char *end;  // the first byte behind the run
    char *next; // the first slot of the next run, or NULL
};

_Static_assert(sizeof(struct rhi_run) <= RHI_MIN_SLOT_BYTES,
               "a run header fits the smallest slot");

// Write the header of a page that has just got memory.
void rhi_page_format(const struct rhi_region *region, size_t page,
                     struct rh_heap *heap, const struct rhi_shape *shape);

RHI_INLINE const struct rhi_header *
rhi_page_header(const struct rhi_region *region, size_t page)
{
    return (const struct rhi_header *)(const void *)rhi_region_body(region,
                                                                    page);
}

RHI_INLINE char *
rhi_page_slot(const struct rhi_region *region, size_t page, uint32_t index)
{
    const struct rhi_shape *shape = region->pages[page].shape;

    return rhi_region_body(region, page) + rhi_shape_offset(shape, index);
}

// Whether a page is still to be swept: what is not marked is dead there.
RHI_INLINE bool
rhi_page_awaits_sweep(const struct rhi_region *region, size_t page)
{
    return page >= region->unswept && page < region->unswept_end &&
           !(region->flags[page] & RHI_FLAG_SWEPT);
}

// The index of an address in a page.
RHI_INLINE uint32_t
rhi_page_index(const struct rhi_region *region, uintptr_t address)
{
    size_t page = rhi_region_page(region, address);

    return rhi_shape_index(region->pages[page].shape, rhi_page_offset(address));
}

// Whether an address that the region covers is the first byte of a slot.
bool rhi_page_is_slot(const struct rhi_region *region, uintptr_t address);

// Whether an address that the region covers is that of an object: the first
// byte of an allocated slot, and not found dead.
bool rhi_page_is_object(const struct rhi_region *region, uintptr_t address);

// The slots of a page that have no object.
void rhi_page_free_bits(const struct rhi_region *region, size_t page,
                        uint64_t *line);

// Link the free slots in `free` to runs; the first run, or NULL.
// O(words + runs).
char *rhi_page_thread(const struct rhi_region *region, size_t page,
                      const uint64_t *free, size_t run_offset);

// The words of a run, wherever the model keeps them.
RHI_INLINE struct rhi_run *
rhi_run_of(char *slot, size_t run_offset)
{
    return (struct rhi_run *)(void *)(slot + run_offset);
}

// Forget everything about the slots of a page.
void rhi_page_clear(struct rhi_region *region, size_t page);

// What a major collection under way is doing with a page.
struct rhi_page_use {
    bool marked; // `next` may have bits
    bool gray;   // `gray` and `sliced` may have bits
};

// The first broken invariant of this page, or NULL; `slot` is set when one
// slot is to blame.
const char *rhi_page_check(const struct rhi_region *region, size_t page,
                           const struct rh_heap *heap, struct rhi_page_use use,
                           size_t *slot);

#endif
