// SPDX-License-Identifier: MIT
/*
 * geometry - the numbers of a page, and how an address becomes a slot.
 *
 *     0        64       104      144                                16384
 *     +--------+--------+--------+---- ... ----+--------+--------+
 *     | header | slot 0 | slot 1 |             |slot 406|slot 407|
 *     +--------+--------+--------+---- ... ----+--------+--------+
 *
 * A heap page is 16,384 bytes at a multiple of 16,384.  Its header takes 64,
 * and 64 + 408 * 40 = 16,384 exactly: every page has 408 slots.  (CRuby 3.1
 * has an 8-byte header and aligns the first slot so that its absolute address
 * is a multiple of 40; its pages have 408 or 409, by the page.  Counting from
 * the header is simpler, and one multiplication finds the index.)
 *
 * Pages of a heap lie side by side in one region, so
 *     page number = distance from the region's base / 16,384
 *     slot index  = (distance in the page - 64) / slot size
 * and the division is a multiplication by ceil(2^32 / slot size), which is
 * exact for every size and offset here (tests/test_geometry.c tries them all).
 *
 * A line is what one page has in a plane of bits: 64 bytes, one cache line,
 * 512 bits, enough for the 510 slots of 32 bytes.
 *
 * With RH_TINY_PAGES a page is 1 KiB, for tests: the same code then fills
 * pages and changes lists within tens of allocations.
 *
 * Next: bits.h, what can be done with a line.
 */
#ifndef RHI_GEOMETRY_H
#define RHI_GEOMETRY_H

#include "base.h"

enum {
    RHI_PAGE_LOG = RH_PAGE_LOG,
    RHI_MAX_SLOT_BYTES = 1 << (RHI_PAGE_LOG < 14 ? 8 : 10),
    RHI_PAGE_BYTES = 1 << RHI_PAGE_LOG,
    RHI_HEADER_BYTES = 64,
    RHI_MIN_SLOT_BYTES = 32,
    RHI_DEFAULT_SLOT_BYTES = 40,
    RHI_LINE_WORDS = 8,
    RHI_MAX_SLOTS = (RHI_PAGE_BYTES - RHI_HEADER_BYTES) / RHI_MIN_SLOT_BYTES
};

_Static_assert(RHI_MAX_SLOTS <= RHI_LINE_WORDS * 64,
               "the smallest slots fill at most one line");
#ifndef RH_TINY_PAGES
_Static_assert(RHI_HEADER_BYTES + 408 * RHI_DEFAULT_SLOT_BYTES ==
                   RHI_PAGE_BYTES,
               "408 slots of 40 bytes fill a page exactly");
#endif

// One page's bits in a plane.
typedef uint64_t rhi_line[RHI_LINE_WORDS];

// How a page is divided.  Reached through the page, so that one heap could
// have several.
struct rhi_shape {
    uint32_t slot_bytes;
    uint32_t slots;      // per page
    uint64_t reciprocal; // ceil(2^32 / slot_bytes)
};

RHI_INLINE struct rhi_shape
rhi_shape_of(size_t slot_bytes)
{
    uint32_t bytes = (uint32_t)slot_bytes;
    uint32_t slots = (RHI_PAGE_BYTES - RHI_HEADER_BYTES) / bytes;

    return (struct rhi_shape){
        .slot_bytes = bytes,
        .slots = slots,
        .reciprocal = ((UINT64_C(1) << 32) + bytes - 1) / bytes,
    };
}

// The index of the slot that contains `offset`, a distance from the page.
RHI_INLINE uint32_t
rhi_shape_index(const struct rhi_shape *shape, uint32_t offset)
{
    return (uint32_t)((offset - RHI_HEADER_BYTES) * shape->reciprocal >> 32);
}

RHI_INLINE uint32_t
rhi_shape_offset(const struct rhi_shape *shape, uint32_t index)
{
    return RHI_HEADER_BYTES + index * shape->slot_bytes;
}

RHI_INLINE uint32_t
rhi_page_offset(uintptr_t address)
{
    return (uint32_t)(address & (RHI_PAGE_BYTES - 1));
}

#endif
