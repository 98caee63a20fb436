// SPDX-License-Identifier: MIT
/*
 * forward - where an object went.
 *
 * While objects move, the slot that one has left holds its new address, at the
 * place where a free run keeps its words, and its bit in the plane `moved` is
 * set.  A page that is emptied is flagged, so that nearly always one
 * byte tells that an object is where it was.
 *
 *     old slot   |  ...  | new address |  ...  |       new slot | object |
 *                        ^ run offset   |                       ^
 *                                       +-----------------------+
 *
 * Whoever keeps addresses of objects in a table of his own goes through it
 * once, when all objects have moved, and asks rhi_forward() for each.  New
 * slots were free before the move, so asking twice does no harm.
 *
 * INVARIANTS
 *   K1  unless a compaction runs, no slot is in `moved`, and no page is flagged
 *       as one to be emptied
 *
 * Next: choice.h, which pages these are.
 */
#ifndef RHI_FORWARD_H
#define RHI_FORWARD_H

#include "page.h"

#include <string.h>

struct rhi_forward {
    const struct rhi_region *region;
    size_t run_offset; // the model's
};

// Whether the object at an address that the region covers has left it; false
// for an address where no object was.
RHI_INLINE bool
rhi_forward_is_set(const struct rhi_forward *forward, uintptr_t address)
{
    const struct rhi_region *region = forward->region;
    size_t page = rhi_region_page(region, address);

    return region->flags[page] & RHI_FLAG_EVACUATED &&
           rhi_page_is_slot(region, address) &&
           rhi_bit_test(region->plane[RHI_MOVED][page],
                        rhi_page_index(region, address));
}

// Where the object that was at `object` is now.
RHI_INLINE void *
rhi_forward(const struct rhi_forward *forward, const void *object)
{
    uintptr_t address = (uintptr_t)object;

    if (rhi_forward_is_set(forward, address))
        memcpy(&address, (const char *)object + forward->run_offset,
               sizeof address);
    return (void *)address;
}

RHI_INLINE void
rhi_forward_set(const struct rhi_forward *forward, char *from, const char *to)
{
    memcpy(from + forward->run_offset, &to, sizeof to);
}

#endif
