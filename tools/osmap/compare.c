// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/compare.h"
#include "osmap/paint.h"

#include <string.h>

enum {
    MAX_UNITS = OSMAP_MAX_PAGE_BYTES / RH_OSMAP_UNIT
};

// The page of a snapshot at an address; OSMAP_NONE: it has none.
static int64_t
page_at(const struct osmap *map, uint64_t address)
{
    const struct osmap_area *area = osmap_area_at(map, address);

    if (!area)
        return OSMAP_NONE;
    return (int64_t)(area->first_page +
                     (address - area->start) / map->page_bytes);
}

static void
compare_pages(const struct osmap *before, size_t old, const struct osmap *now,
              size_t new, struct osmap_change *change)
{
    struct osmap_unit old_units[MAX_UNITS], new_units[MAX_UNITS];

    if (!before->pages[old].residence && !now->pages[new].residence) {
        change->bytes[OSMAP_RELEASED][OSMAP_RELEASED] += now->page_bytes;
        return;
    }
    osmap_units(before, old, old_units);
    osmap_units(now, new, new_units);
    for (size_t i = 0; i < now->page_units; i++)
        change->bytes[old_units[i].state][new_units[i].state] += RH_OSMAP_UNIT;
}

void
osmap_compare(const struct osmap *before, const struct osmap *now,
              struct osmap_change *change)
{
    size_t matched = 0;

    memset(change, 0, sizeof *change);
    for (size_t page = 0; page < now->page_count; page++) {
        int64_t old = page_at(before, osmap_page_address(now, page));

        if (old == OSMAP_NONE) {
            change->new_bytes += now->page_bytes;
            continue;
        }
        matched++;
        compare_pages(before, (size_t)old, now, page, change);
    }
    change->gone_bytes =
        (uint64_t)(before->page_count - matched) * before->page_bytes;
}
