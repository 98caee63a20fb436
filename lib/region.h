// SPDX-License-Identifier: MIT
/*
 * region - one reserved range of addresses, and the tables beside it.
 *
 *     bodies:  [ page 0 | page 1 | page 2 | ...                         ]
 *     planes:  mark next allocated gray ...   one 64-byte line per page each
 *     dense:   a flag byte and a 2-byte live count per page
 *     cold:    struct rhi_page: list links, state, history
 *
 * All of a heap's pages lie in one range, so the page number of an address is
 * a subtraction and a shift, whether a word can be a reference is one compare,
 * and every fact about a page is found by arithmetic, without touching the
 * page.  That is the point: a page body holds objects and nothing else, so
 * that a collection in a forked child writes into planes only, and the kernel
 * goes on sharing the bodies.
 *
 * Planes are dense: the lines of 64 neighbouring pages, 1 MB of objects, share
 * one 4 KB OS page.  A plane that nobody writes is address space and costs
 * nothing.  Planes are reserved with the bodies and never move, so inline code
 * may keep their addresses.  Their bases are staggered by a few lines, for the
 * lines of one page not to compete for one set of the cache.
 *
 * Memory is committed from the bottom up, in growing steps.  It is returned by
 * the granule: the larger of a heap page and an OS page.  Releasing changes no
 * mapping, and what the memory holds afterwards is undefined.
 *
 * INVARIANTS
 *   R1  bodies and tables of all pages below `committed` are readable and
 *       writable, unless the body was released
 *   R2  top <= committed <= max_pages; no page at or above top was ever used
 *   R3  committed is a multiple of granule_pages
 *   R4  sealed <= top, and is a multiple of granule_pages
 *
 * Next: page.h, what is inside.
 */
#ifndef RHI_REGION_H
#define RHI_REGION_H

#include "bits.h"
#include "meter.h"
#include "ring.h"

// One bit per slot each.  The order is that of the addresses.
enum rhi_plane {
    RHI_MARK,         // found alive by the last completed collection: old
    RHI_NEXT,         // the major collection being built; all clear otherwise
    RHI_ALLOCATED,    // handed out, and not found dead since
    RHI_GRAY,         // waiting to be marked, when the work list was full
    RHI_SLICED,       // marked, its container waiting to be followed, likewise
    RHI_EXTERNAL,     // the model's release wants to hear of its death
    RHI_SPECIAL,      // something is kept about it in a table beside the heap
    RHI_REMEMBERED,   // old, and may refer to young objects
    RHI_UNPROTECTED,  // stores into it run no barrier
    RHI_YOUNG_GRAY,   // what `gray` and `sliced` are, for minor collections and
    RHI_YOUNG_SLICED, // walks: a major one may be under way
    RHI_REACHED,      // borrowed by whoever asks what can be reached
    RHI_PINNED,       // the embedder forbids to move it
    RHI_MOVED,        // evacuated by the compaction under way
    RHI_PLANES
};

// What flags[] says about a page.
enum rhi_page_flag {
    RHI_FLAG_GRAY = 1,         // has gray or sliced bits
    RHI_FLAG_YOUNG_GRAY = 2,   // has young_gray or young_sliced bits
    RHI_FLAG_YOUNG = 4,        // may have objects younger than a collection
    RHI_FLAG_REMEMBERED = 8,   // has remembered bits
    RHI_FLAG_UNPROTECTED = 16, // has unprotected bits
    RHI_FLAG_SWEPT = 32,       // swept before its turn came
    RHI_FLAG_PINNED = 64,      // may have pinned bits
    RHI_FLAG_EVACUATED = 128   // to be emptied by the compaction under way
};

// What the library keeps about a page where no hot path looks.
struct rhi_page {
    struct rhi_ring link; // on the list named by `list`
    const struct rhi_shape *shape;
    uint64_t since; // the collection in which it came to this list
    uint8_t list;   // enum rhi_list, see space.h
    bool was_used;  // it has had memory before
};

struct rhi_region {
    uintptr_t base;              // of page 0
    rhi_line *plane[RHI_PLANES]; // [page number]
    uint8_t *flags;              // [page number], enum rhi_page_flag
    uint16_t *live;              // [page number], objects on the page
    struct rhi_page *pages;      // [page number]
    size_t unswept;              // pages from here to `unswept_end` may have
    size_t unswept_end;          // dead objects, see page.h
    size_t sealed;               // pages below are sealed, see seal.h
    size_t top;                  // 1 + the highest page ever used
    size_t committed;            // pages with committed body and tables
    size_t max_pages;
    size_t granule_pages; // pages that are released together
    size_t os_page;       // bytes
    bool watched;         // a debugging tool looks at slots
    struct rh_memory memory;
    const struct rhi_panic *panic;
    void *mapping; // all of it
    size_t mapping_bytes;
    void *tables; // where the planes begin
};

struct rhi_region_options {
    size_t bytes; // of bodies; 0: as the system allows
    bool huge_pages;
};

// Reserve; halves the size as long as the system refuses, down to 16 MB.
// False: no address space.  Commits nothing.
bool rhi_region_init(struct rhi_region *region, const struct rh_memory *memory,
                     const struct rhi_panic *panic,
                     struct rhi_region_options options);
void rhi_region_fini(struct rhi_region *region);

// Make at least `pages` pages usable; false: no memory, or beyond max_pages.
bool rhi_region_commit(struct rhi_region *region, size_t pages);

// Return the memory of `count` pages from `first`, both multiples of
// granule_pages.  False: the system would not; nothing has changed.
bool rhi_region_release(struct rhi_region *region, size_t first, size_t count);

// Bytes committed for tables.
size_t rhi_region_table_bytes(const struct rhi_region *region);

struct rhi_range {
    void *start;
    size_t bytes;
};

// What the first `pages` pages need of table number n, from its first byte on,
// in whole pages of the system.  False: there are not so many tables.
bool rhi_region_table(const struct rhi_region *region, int n, size_t pages,
                      struct rhi_range *range);

// The first broken invariant, or NULL.
const char *rhi_region_check(const struct rhi_region *region);

// The first page from `page` on that has any of the flags, or top.  64 pages
// are looked at together: a gigabyte takes some microseconds.
size_t rhi_region_next_flagged(const struct rhi_region *region, size_t page,
                               unsigned flags);

RHI_INLINE char *
rhi_region_body(const struct rhi_region *region, size_t page)
{
    return (char *)region->base + (page << RHI_PAGE_LOG);
}

// The page of an address in the region.
RHI_INLINE size_t
rhi_region_page(const struct rhi_region *region, uintptr_t address)
{
    return (address - region->base) >> RHI_PAGE_LOG;
}

// Whether a word is an address in a page that has been used: range and
// alignment by one compare.
RHI_INLINE bool
rhi_region_covers(const struct rhi_region *region, uintptr_t word)
{
    uintptr_t distance = word - region->base;

    return (distance >> 3 | distance << 61) < region->top << (RHI_PAGE_LOG - 3);
}

// Whether an address in the region is in a sealed page.
RHI_INLINE bool
rhi_region_is_sealed(const struct rhi_region *region, const void *object)
{
    return rhi_region_page(region, (uintptr_t)object) < region->sealed;
}

RHI_INLINE size_t
rhi_region_number(const struct rhi_region *region, const struct rhi_page *page)
{
    return (size_t)(page - region->pages);
}

#endif
