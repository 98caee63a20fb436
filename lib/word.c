// SPDX-License-Identifier: MIT
#include "config.h"

#include "word.h"

static bool
has_bit(const struct rhi_region *region, enum rhi_plane plane, const void *word)
{
    uintptr_t address = (uintptr_t)word;

    return !rhi_region_covers(region, address) ||
           rhi_bit_test(region->plane[plane][rhi_region_page(region, address)],
                        rhi_page_index(region, address));
}

bool
rhi_word_is_special(const struct rhi_region *region, const void *word)
{
    return has_bit(region, RHI_SPECIAL, word);
}

bool
rhi_word_set_special(struct rhi_region *region, const void *word)
{
    uintptr_t address = (uintptr_t)word;

    if (has_bit(region, RHI_SPECIAL, word))
        return true;
    rhi_bit_set(region->plane[RHI_SPECIAL][rhi_region_page(region, address)],
                rhi_page_index(region, address));
    return false;
}

bool
rhi_word_is_old(const struct rhi_region *region, const void *word)
{
    return has_bit(region, RHI_MARK, word);
}

bool
rhi_word_is_sound(const struct rhi_region *region, const void *word)
{
    uintptr_t address = (uintptr_t)word;

    return !rhi_region_covers(region, address) ||
           (rhi_page_is_object(region, address) &&
            has_bit(region, RHI_SPECIAL, word));
}
