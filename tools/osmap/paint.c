// SPDX-License-Identifier: MIT
/*
 * Blocks have any length, and slots of 40 bytes do not begin where units do.  A
 * unit that belongs to two of them is used if one of them is.
 */
#include "config.h"

#include "osmap/paint.h"

#include <string.h>

// --- finding things ----------------------------------------------------------

const struct osmap_area *
osmap_area_at(const struct osmap *map, uint64_t address)
{
    size_t low = 0, high = map->area_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (map->areas[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == map->area_count || map->areas[low].start > address)
        return NULL;
    return &map->areas[low];
}

const struct osmap_area *
osmap_page_area(const struct osmap *map, size_t page)
{
    size_t low = 0, high = map->area_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (map->areas[middle].first_page <= page)
            low = middle;
        else
            high = middle;
    }
    return &map->areas[low];
}

uint64_t
osmap_page_address(const struct osmap *map, size_t page)
{
    const struct osmap_area *area = osmap_page_area(map, page);

    return area->start + (uint64_t)(page - area->first_page) * map->page_bytes;
}

// The first block that ends behind an address.
static size_t
block_behind(const struct osmap *map, uint64_t address)
{
    size_t low = 0, high = map->block_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (map->blocks[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The first heap page that ends behind an address.
static size_t
heap_page_behind(const struct osmap *map, uint64_t address)
{
    size_t low = 0, high = map->heap_page_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct rh_osmap_heap_page *page = &map->heap_pages[middle];

        if (page->address + page->bytes <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// --- painting ----------------------------------------------------------------

struct canvas {
    uint64_t start; // address of the page
    uint64_t end;
    struct osmap_unit *units;
};

// The units that a range shares with the page: from *first, before *end.
static void
canvas_clip(const struct canvas *canvas, uint64_t start, uint64_t end,
            size_t *first, size_t *last)
{
    start = start < canvas->start ? canvas->start : start;
    end = end > canvas->end ? canvas->end : end;
    if (start >= end) {
        *first = *last = 0;
        return;
    }
    *first = (size_t)(start - canvas->start) / RH_OSMAP_UNIT;
    *last = (size_t)(end - canvas->start + RH_OSMAP_UNIT - 1) / RH_OSMAP_UNIT;
}

static enum osmap_state
block_state(const struct osmap_block *block)
{
    switch (block->state) {
    case RH_OSMAP_BLOCK_USED:
        return OSMAP_USED;
    case RH_OSMAP_BLOCK_CACHED:
        return OSMAP_CACHED;
    case RH_OSMAP_BLOCK_FREE:
        return OSMAP_FREE_RESIDENT;
    default:
        return OSMAP_NOT_OURS;
    }
}

static void
paint_block(const struct canvas *canvas, const struct osmap_block *block,
            size_t number)
{
    enum osmap_state state = block_state(block);
    size_t first, last;

    canvas_clip(canvas, block->start, block->end, &first, &last);
    for (size_t i = first; i < last; i++) {
        struct osmap_unit *unit = &canvas->units[i];

        if (unit->block != OSMAP_NONE && state != OSMAP_USED)
            continue;
        unit->state = (uint8_t)state;
        unit->block = (int64_t)number;
    }
}

static void
paint_slot(const struct canvas *canvas, const struct rh_osmap_heap_page *page,
           uint32_t slot)
{
    uint64_t start =
        page->address + page->first_slot + (uint64_t)slot * page->slot_bytes;
    bool is_live = page->slot_bits[slot >> 6] >> (slot & 63) & 1;
    size_t first, last;

    canvas_clip(canvas, start, start + page->slot_bytes, &first, &last);
    for (size_t i = first; i < last; i++) {
        struct osmap_unit *unit = &canvas->units[i];

        if (unit->slot != OSMAP_NONE && unit->state == OSMAP_USED)
            continue;
        unit->state = is_live ? OSMAP_USED : OSMAP_FREE_RESIDENT;
        unit->slot = (int16_t)slot;
    }
}

static void
paint_heap_page(const struct canvas *canvas,
                const struct rh_osmap_heap_page *page, size_t number)
{
    size_t first, last;

    canvas_clip(canvas, page->address, page->address + page->bytes, &first,
                &last);
    for (size_t i = first; i < last; i++) {
        canvas->units[i].heap_page = (int32_t)number;
        canvas->units[i].state = OSMAP_FREE_RESIDENT;
    }
    if (page->live == 0)
        return; // the header, too, is free
    canvas_clip(canvas, page->address, page->address + page->first_slot, &first,
                &last);
    for (size_t i = first; i < last; i++)
        canvas->units[i].state = OSMAP_CACHED;
    for (uint32_t slot = 0; slot < page->slots; slot++)
        paint_slot(canvas, page, slot);
}

static enum osmap_state
ground_of(const struct osmap_area *area)
{
    if (area->kind == RH_OSMAP_TABLES)
        return OSMAP_CACHED;
    return area->is_partial ? OSMAP_NOT_OURS : OSMAP_FREE_RESIDENT;
}

static void
paint_ground(const struct osmap *map, struct osmap_unit *units,
             enum osmap_state state)
{
    for (size_t i = 0; i < map->page_units; i++)
        units[i] = (struct osmap_unit){
            .state = (uint8_t)state,
            .slot = OSMAP_NONE,
            .heap_page = OSMAP_NONE,
            .block = OSMAP_NONE,
        };
}

static void
paint_contents(const struct osmap *map, const struct canvas *canvas)
{
    for (size_t i = block_behind(map, canvas->start);
         i < map->block_count && map->blocks[i].start < canvas->end; i++)
        paint_block(canvas, &map->blocks[i], i);
    for (size_t i = heap_page_behind(map, canvas->start);
         i < map->heap_page_count && map->heap_pages[i].address < canvas->end;
         i++)
        paint_heap_page(canvas, &map->heap_pages[i], i);
}

void
osmap_units(const struct osmap *map, size_t page, struct osmap_unit *units)
{
    uint64_t start = osmap_page_address(map, page);
    struct canvas canvas = { start, start + map->page_bytes, units };

    paint_ground(map, units, ground_of(osmap_page_area(map, page)));
    paint_contents(map, &canvas);
    if (!map->pages[page].residence)
        for (size_t i = 0; i < map->page_units; i++)
            units[i].state = OSMAP_RELEASED;
}

// --- counting ----------------------------------------------------------------

// Whether one block takes all of a page, which then need not be painted.
static const struct osmap_block *
only_block(const struct osmap *map, uint64_t start)
{
    size_t number = block_behind(map, start);

    if (number == map->block_count || map->blocks[number].start > start ||
        map->blocks[number].end < start + map->page_bytes)
        return NULL;
    return &map->blocks[number];
}

static void
count_painted(const struct osmap *map, size_t number, struct osmap_page *page)
{
    struct osmap_unit units[OSMAP_MAX_PAGE_BYTES / RH_OSMAP_UNIT];

    osmap_units(map, number, units);
    for (size_t i = 0; i < map->page_units; i++)
        page->units[units[i].state]++;
}

// What there is first in this order gives the page its state.
static enum osmap_state
page_state(const struct osmap_page *page)
{
    static const enum osmap_state order[] = {
        OSMAP_USED,
        OSMAP_NOT_OURS,
        OSMAP_CACHED,
        OSMAP_FREE_RESIDENT,
    };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (page->units[order[i]])
            return order[i];
    return OSMAP_RELEASED;
}

static void
count_page(struct osmap *map, size_t number, uint64_t start)
{
    struct osmap_page *page = &map->pages[number];
    const struct osmap_block *block;

    memset(page->units, 0, sizeof page->units);
    if (!page->residence)
        page->units[OSMAP_RELEASED] = (uint16_t)map->page_units;
    else if ((block = only_block(map, start)))
        page->units[block_state(block)] = (uint16_t)map->page_units;
    else
        count_painted(map, number, page);
    page->state = (uint8_t)page_state(page);
}

static void
add_page(struct osmap_totals *totals, const struct osmap *map,
         const struct osmap_page *page)
{
    for (int state = 0; state < OSMAP_STATES; state++)
        totals->bytes[state] += (uint64_t)page->units[state] * RH_OSMAP_UNIT;
    totals->pages++;
    if (page->residence == RH_OSMAP_SWAPPED)
        totals->swapped_bytes += map->page_bytes;
    else if (page->units[OSMAP_FREE_RESIDENT] == map->page_units)
        totals->gray_pages++;
}

static void
add_totals(struct osmap_totals *sum, const struct osmap_totals *part)
{
    for (int state = 0; state < OSMAP_STATES; state++)
        sum->bytes[state] += part->bytes[state];
    sum->swapped_bytes += part->swapped_bytes;
    sum->pages += part->pages;
    sum->gray_pages += part->gray_pages;
    sum->blocks += part->blocks;
}

static uint64_t
to_kb(uint64_t bytes)
{
    return (bytes + 512) / 1024;
}

// Pages are whole KB, but their parts are not: the largest part takes what
// rounding the others has left.
static void
round_totals(struct osmap_totals *totals)
{
    uint64_t *const parts[] = {
        &totals->used_kb,
        &totals->free_resident_kb,
        &totals->cached_kb,
        &totals->not_ours_kb,
    };
    uint64_t left, *largest = parts[0];

    totals->used_kb = to_kb(totals->bytes[OSMAP_USED]);
    totals->free_resident_kb = to_kb(totals->bytes[OSMAP_FREE_RESIDENT]);
    totals->cached_kb = to_kb(totals->bytes[OSMAP_CACHED]);
    totals->not_ours_kb = to_kb(totals->bytes[OSMAP_NOT_OURS]);
    totals->released_kb = to_kb(totals->bytes[OSMAP_RELEASED]);
    totals->swapped_kb = to_kb(totals->swapped_bytes);
    left =
        to_kb(totals->bytes[OSMAP_USED] + totals->bytes[OSMAP_FREE_RESIDENT] +
              totals->bytes[OSMAP_CACHED] + totals->bytes[OSMAP_NOT_OURS]);
    totals->virtual_kb = left + totals->released_kb;
    totals->resident_kb = left - totals->swapped_kb;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        left -= *parts[i];
        if (*parts[i] > *largest)
            largest = parts[i];
    }
    *largest += left; // may be "negative": unsigned numbers wrap back
}

static void
count_area(struct osmap *map, struct osmap_area *area)
{
    uint64_t start = area->start;

    memset(&area->totals, 0, sizeof area->totals);
    for (size_t i = 0; i < area->page_count; i++, start += map->page_bytes) {
        count_page(map, area->first_page + i, start);
        add_page(&area->totals, map, &map->pages[area->first_page + i]);
    }
    area->first_block = block_behind(map, area->start);
    area->block_count = block_behind(map, area->end - 1) - area->first_block;
    if (area->first_block + area->block_count < map->block_count &&
        map->blocks[area->first_block + area->block_count].start < area->end)
        area->block_count++; // the one that ends where the area ends
    for (size_t i = 0; i < area->block_count; i++)
        area->totals.blocks +=
            map->blocks[area->first_block + i].state == RH_OSMAP_BLOCK_USED;
    round_totals(&area->totals);
}

static void
count_sites(struct osmap *map)
{
    for (size_t i = 0; i < map->block_count; i++) {
        const struct osmap_block *block = &map->blocks[i];

        if (block->state != RH_OSMAP_BLOCK_USED)
            continue;
        map->sites[block->site].blocks++;
        map->sites[block->site].bytes += block->end - block->start;
    }
}

void
osmap_count(struct osmap *map)
{
    memset(&map->totals, 0, sizeof map->totals);
    for (size_t i = 0; i < map->area_count; i++) {
        count_area(map, &map->areas[i]);
        add_totals(&map->totals, &map->areas[i].totals);
    }
    round_totals(&map->totals);
    count_sites(map);
}

const char *
osmap_state_name(enum osmap_state state)
{
    static const char *const names[OSMAP_STATES] = {
        "used", "free_resident", "released", "cached", "not_ours",
    };

    return names[state];
}

const char *
osmap_kind_name(enum rh_osmap_area_kind kind)
{
    static const char *const names[] = {
        "", "main", "arena", "mapped", "anonymous", "bodies", "tables",
    };

    return names[kind];
}
