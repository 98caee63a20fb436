// SPDX-License-Identifier: MIT
#include "config.h"

#include "region.h"

#include "os.h"
#include "poison.h"

#include <string.h>

enum {
    MIN_REGION_BYTES = 16 << 20,
    HUGE_PAGE_BYTES = 2 << 20,
    PLANE_STAGGER = 3 * 64, // bytes between the bases of two planes, mod 4096
    FIRST_STEP = 64         // pages; one OS page of each plane
};

// The tables in the order of their addresses.
enum table {
    FLAGS = RHI_PLANES,
    LIVE,
    PAGES,
    TABLES
};

static size_t
table_item_bytes(int table)
{
    switch (table) {
    case FLAGS:
        return sizeof(uint8_t);
    case LIVE:
        return sizeof(uint16_t);
    case PAGES:
        return sizeof(struct rhi_page);
    default:
        return sizeof(rhi_line);
    }
}

// How far the first item of a table is from the table's first OS page.
static size_t
table_stagger(int table)
{
    return table < RHI_PLANES ? (size_t)table * PLANE_STAGGER : 0;
}

static size_t
table_bytes(const struct rhi_region *region, int table)
{
    return rhi_round_up(table_stagger(table) +
                            region->max_pages * table_item_bytes(table),
                        region->os_page);
}

static char *
table_start(const struct rhi_region *region, int table)
{
    char *address = region->tables;

    for (int before = 0; before < table; before++)
        address += table_bytes(region, before);
    return address;
}

static size_t
all_table_bytes(const struct rhi_region *region)
{
    size_t bytes = 0;

    for (int table = 0; table < TABLES; table++)
        bytes += table_bytes(region, table);
    return bytes;
}

// Bytes from the start of a table that its first `pages` items need.
static size_t
table_extent(const struct rhi_region *region, int table, size_t pages)
{
    if (pages == 0)
        return 0;
    return rhi_round_up(table_stagger(table) + pages * table_item_bytes(table),
                        region->os_page);
}

static void
region_lay_out(struct rhi_region *region)
{
    size_t body_bytes = region->max_pages << RHI_PAGE_LOG;

    region->base = (uintptr_t)region->mapping;
    region->tables = (char *)region->mapping + body_bytes;
    for (int plane = 0; plane < RHI_PLANES; plane++)
        region->plane[plane] = (rhi_line *)(void *)(table_start(region, plane) +
                                                    table_stagger(plane));
    region->flags = (uint8_t *)table_start(region, FLAGS);
    region->live = (uint16_t *)(void *)table_start(region, LIVE);
    region->pages = (struct rhi_page *)(void *)table_start(region, PAGES);
}

static bool
region_reserve(struct rhi_region *region, size_t body_bytes, size_t alignment)
{
    const struct rh_memory *memory = &region->memory;

    region->max_pages = body_bytes >> RHI_PAGE_LOG;
    region->mapping_bytes = body_bytes + all_table_bytes(region);
    region->mapping =
        memory->reserve(memory->context, region->mapping_bytes, alignment);
    return region->mapping != NULL;
}

bool
rhi_region_init(struct rhi_region *region, const struct rh_memory *memory,
                const struct rhi_panic *panic,
                struct rhi_region_options options)
{
    size_t os_page =
        memory->page_bytes ? memory->page_bytes : rhi_os_page_bytes();
    size_t granule =
        options.huge_pages ? HUGE_PAGE_BYTES : rhi_max(os_page, RHI_PAGE_BYTES);
    size_t least = rhi_max(MIN_REGION_BYTES, granule);
    size_t bytes =
        options.bytes ? options.bytes : rhi_os_default_region_bytes();

    *region = (struct rhi_region){
        .granule_pages = granule >> RHI_PAGE_LOG,
        .os_page = os_page,
        .watched = rhi_poison_is_on(),
        .memory = *memory,
        .panic = panic,
    };
    bytes = rhi_round_down(rhi_max(bytes, least), granule);
    while (!region_reserve(region, bytes, granule)) {
        if (bytes == least)
            return false;
        bytes = rhi_max(rhi_round_down(bytes / 2, granule), least);
    }
    region_lay_out(region);
    if (memory->huge_pages) {
        memory->huge_pages(memory->context, region->mapping,
                           region->max_pages << RHI_PAGE_LOG,
                           options.huge_pages);
        memory->huge_pages(memory->context, region->tables,
                           all_table_bytes(region), false);
    }
    return true;
}

void
rhi_region_fini(struct rhi_region *region)
{
    if (!region->mapping)
        return;
    if (region->committed) {
        size_t bytes = region->committed << RHI_PAGE_LOG;

        rhi_poison_remove_leak_roots(region->mapping, bytes);
        rhi_poison_undefined(region->mapping, bytes);
    }
    region->memory.unreserve(region->memory.context, region->mapping,
                             region->mapping_bytes);
    region->mapping = NULL;
}

// Commit what the tables need for `pages` pages, beyond what they have.
static bool
region_commit_tables(struct rhi_region *region, size_t pages)
{
    const struct rh_memory *memory = &region->memory;

    for (int table = 0; table < TABLES; table++) {
        size_t old = table_extent(region, table, region->committed);
        size_t new = table_extent(region, table, pages);
        char *start = table_start(region, table);

        if (new > old &&
            !memory->commit(memory->context, start + old, new - old))
            return false;
    }
    return true;
}

static bool
region_commit_bodies(struct rhi_region *region, size_t pages)
{
    const struct rh_memory *memory = &region->memory;
    char *start = rhi_region_body(region, region->committed);
    size_t bytes = (pages - region->committed) << RHI_PAGE_LOG;

    if (!memory->commit(memory->context, start, bytes))
        return false;
    if (region->committed)
        rhi_poison_remove_leak_roots(region->mapping,
                                     region->committed << RHI_PAGE_LOG);
    rhi_poison_add_leak_roots(region->mapping, pages << RHI_PAGE_LOG);
    rhi_poison_free(start, bytes);
    return true;
}

static bool
region_commit_exactly(struct rhi_region *region, size_t pages)
{
    // R1: only when all of it is there, the count moves.  A second try commits
    // again what a failed one had; that is harmless.
    if (!region_commit_tables(region, pages) ||
        !region_commit_bodies(region, pages))
        return false;
    region->committed = pages;
    return true;
}

bool
rhi_region_commit(struct rhi_region *region, size_t pages)
{
    size_t need = rhi_round_up(pages, region->granule_pages);
    size_t step = rhi_max(region->committed / 4,
                          rhi_max(FIRST_STEP, region->granule_pages));
    size_t want = rhi_round_up(rhi_max(need, region->committed + step),
                               region->granule_pages);

    if (pages <= region->committed)
        return true;
    if (need > region->max_pages)
        return false;
    if (want > region->max_pages)
        want = region->max_pages;
    return region_commit_exactly(region, want) ||
           (need < want && region_commit_exactly(region, need));
}

bool
rhi_region_release(struct rhi_region *region, size_t first, size_t count)
{
    const struct rh_memory *memory = &region->memory;
    char *start = rhi_region_body(region, first);
    size_t bytes = count << RHI_PAGE_LOG;

    RHI_ASSERT(region->panic, first % region->granule_pages == 0 &&
                                  count % region->granule_pages == 0);
    if (!memory->release(memory->context, start, bytes))
        return false;
    rhi_poison_free(start, bytes);
    return true;
}

enum {
    EIGHT = sizeof(uint64_t) // pages whose flags fit a word
};

// Whether no page has a flag, of which `wanted` holds eight copies, among those
// of `words` words of flags from `page` on.  False if there are not so many.
static bool
none_is_flagged(const struct rhi_region *region, size_t page, size_t words,
                uint64_t wanted)
{
    uint64_t flags[EIGHT];
    uint64_t any = 0;

    if (page % (words * EIGHT) != 0 || page + words * EIGHT > region->top)
        return false;
    memcpy(flags, &region->flags[page], words * EIGHT);
    for (size_t word = 0; word < words; word++)
        any |= flags[word];
    return (any & wanted) == 0;
}

size_t
rhi_region_next_flagged(const struct rhi_region *region, size_t page,
                        unsigned flags)
{
    uint64_t wanted = flags * UINT64_C(0x0101010101010101);

    while (page < region->top) {
        if (none_is_flagged(region, page, EIGHT, wanted))
            page += EIGHT * EIGHT;
        else if (none_is_flagged(region, page, 1, wanted))
            page += EIGHT;
        else if (region->flags[page] & flags)
            return page;
        else
            page++;
    }
    return region->top;
}

size_t
rhi_region_table_bytes(const struct rhi_region *region)
{
    size_t bytes = 0;

    for (int table = 0; table < TABLES; table++)
        bytes += table_extent(region, table, region->committed);
    return bytes;
}

bool
rhi_region_table(const struct rhi_region *region, int n, size_t pages,
                 struct rhi_range *range)
{
    if (n >= TABLES)
        return false;
    *range = (struct rhi_range){ table_start(region, n),
                                 table_extent(region, n, pages) };
    return true;
}

const char *
rhi_region_check(const struct rhi_region *region)
{
    if (region->top > region->committed ||
        region->committed > region->max_pages)
        return "R2";
    if (region->committed % region->granule_pages != 0)
        return "R3";
    if (region->sealed > region->top ||
        region->sealed % region->granule_pages != 0)
        return "R4";
    return NULL;
}
