// SPDX-License-Identifier: MIT
/*
 * contrast - marks where they would not be shared.
 *
 * Mark bits are in planes, so that a collection in a forked child writes to no
 * object.  A test that says so has to be able to say otherwise, too.  Here are
 * the two places where Ruby, and others, had them:
 *
 *     RHI_MARKS_IN_SLOT   a flag in each object, as up to Ruby 1.9
 *     RHI_MARKS_IN_PAGE   a bitmap at the beginning of the page
 *
 * The library is built once more with each of these macros, for tests only.
 * Wherever a mark is set or cleared, a byte is then also stored there, which it
 * had before: the kernel copies a page that is written to, not one that
 * changes.  In the library that is installed, nothing of this is left.
 *
 * Next: space.h, which page is on which list.
 */
#ifndef RHI_CONTRAST_H
#define RHI_CONTRAST_H

#include "page.h"

#if defined RHI_MARKS_IN_SLOT || defined RHI_MARKS_IN_PAGE

RHI_INLINE void
rhi_contrast_mark(void *object)
{
#ifdef RHI_MARKS_IN_SLOT
    volatile char *byte = object;
#else
    volatile char *byte =
        (volatile char *)rhi_round_down((uintptr_t)object, RHI_PAGE_BYTES);
#endif

    *byte = *byte;
}

// The marks of an earlier collection are going to be cleared: those in `next`.
RHI_INLINE void
rhi_contrast_clear(const struct rhi_region *region, size_t page)
{
    const uint64_t *line = region->plane[RHI_NEXT][page];
    const uint64_t *live = region->plane[RHI_ALLOCATED][page];
    uint32_t slots = region->pages[page].shape->slots;

    for (uint32_t index = rhi_line_next_set(line, 0, slots); index < slots;
         index = rhi_line_next_set(line, index + 1, slots))
        if (rhi_bit_test(live, index))
            rhi_contrast_mark(rhi_page_slot(region, page, index));
}

#else

RHI_INLINE void
rhi_contrast_mark(void *object)
{
    (void)object;
}

RHI_INLINE void
rhi_contrast_clear(const struct rhi_region *region, size_t page)
{
    (void)region, (void)page;
}

#endif

#endif
