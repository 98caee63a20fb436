// SPDX-License-Identifier: MIT
/*
 * read - a snapshot file, checked and put in order.
 *
 * A file may come from another program, be cut off or changed: nothing in it is
 * believed before it was compared with what it must fit into.  What is read is
 * collected in one buffer per kind, then built into the arrays of struct osmap.
 */
#include "config.h"

#include "osmap/paint.h"
#include "osmap/snapshot.h"
#include "osmap/write.h"

#include "buffer.h"
#include "input.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"

enum {
    READ_BYTES = 1 << 20,
    MIN_PAGE_BYTES = 4096,
    MAX_HEAP_PAGE_BYTES = 1 << 20
};

struct reading {
    struct osmap_error *error;
    struct osmap *map;
    struct buffer file;
    size_t at;                                   // of the file
    struct buffer items[RH_OSMAP_HEAP_PAGE + 1]; // [kind], as they are known
};

static const size_t known_bytes[RH_OSMAP_HEAP_PAGE + 1] = {
    [RH_OSMAP_PROCESS] = sizeof(struct rh_osmap_process),
    [RH_OSMAP_TEXT] = 1,
    [RH_OSMAP_AREA] = sizeof(struct rh_osmap_area),
    [RH_OSMAP_RESIDENCE] = 1,
    [RH_OSMAP_BLOCK] = sizeof(struct rh_osmap_block),
    [RH_OSMAP_SITE] = sizeof(struct rh_osmap_site),
    [RH_OSMAP_HEAP_PAGE] = sizeof(struct rh_osmap_heap_page),
};

FORMATS(2, 3)
static bool
refuse(struct reading *reading, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->error->text, sizeof reading->error->text, format,
              arguments);
    va_end(arguments);
    return false;
}

static bool
no_memory(struct reading *reading)
{
    return refuse(reading, "not enough memory to read it");
}

// --- the bytes ---------------------------------------------------------------

static bool
read_all(struct reading *reading, struct input *input)
{
    for (;;) {
        size_t count;

        if (!buffer_reserve(&reading->file, READ_BYTES))
            return no_memory(reading);
        count = input_read(input, reading->file.bytes + reading->file.used,
                           READ_BYTES);
        reading->file.used += count;
        if (input->fault != INPUT_FINE)
            return refuse(reading, "%s", input->cause);
        if (!count)
            return true;
    }
}

static bool
read_file(struct reading *reading, const char *path)
{
    struct input input;
    bool is_good;

    if (!input_open(&input, path))
        return refuse(reading, "%s", input.cause);
    is_good = read_all(reading, &input);
    input_close(&input);
    return is_good;
}

static bool
is_power_of_two(uint32_t number)
{
    return number && !(number & (number - 1));
}

static bool
read_header(struct reading *reading)
{
    struct rh_osmap_header header;

    if (reading->file.used < sizeof header ||
        memcmp(reading->file.bytes, RH_OSMAP_MAGIC, sizeof header.magic) != 0)
        return refuse(reading, "is no snapshot of 'rheap osmap'");
    memcpy(&header, reading->file.bytes, sizeof header);
    if (header.order != RH_OSMAP_ORDER)
        return refuse(reading, "has the byte order of another machine");
    if (header.version != RH_OSMAP_VERSION)
        return refuse(reading,
                      "is a snapshot of version %u; this program reads "
                      "version %d",
                      header.version, RH_OSMAP_VERSION);
    if (!is_power_of_two(header.page_bytes) ||
        header.page_bytes < MIN_PAGE_BYTES ||
        header.page_bytes > OSMAP_MAX_PAGE_BYTES ||
        header.unit_bytes != RH_OSMAP_UNIT)
        return refuse(reading, "is damaged: pages of %u bytes, units of %u",
                      header.page_bytes, header.unit_bytes);
    reading->map->page_bytes = header.page_bytes;
    reading->map->page_units = header.page_bytes / RH_OSMAP_UNIT;
    reading->at = sizeof header;
    return true;
}

static bool
cut_off(struct reading *reading)
{
    return refuse(reading, "breaks off after %zu bytes", reading->file.used);
}

// The items of a section of a kind that we know.
static bool
keep_items(struct reading *reading, const struct rh_osmap_section *section)
{
    struct buffer *items = &reading->items[section->kind];
    size_t bytes = known_bytes[section->kind];
    const char *from = reading->file.bytes + reading->at;

    if (section->item_bytes < bytes)
        return refuse(reading, "is damaged: items of kind %u have %u bytes",
                      section->kind, section->item_bytes);
    if (section->item_bytes == bytes)
        return buffer_append(items, from, section->count * bytes) ||
               no_memory(reading);
    for (uint64_t i = 0; i < section->count; i++)
        if (!buffer_append(items, from + i * section->item_bytes, bytes))
            return no_memory(reading);
    return true;
}

static bool
check_end(struct reading *reading, size_t start)
{
    uint64_t sum;

    memcpy(&sum, reading->file.bytes + reading->at, sizeof sum);
    if (osmap_checksum(OSMAP_CHECKSUM_START, reading->file.bytes, start) != sum)
        return refuse(reading, "is damaged: its checksum is wrong");
    if (reading->at + sizeof sum != reading->file.used)
        return refuse(reading, "is damaged: something follows its end");
    return true;
}

// The next section; true, and *ended, at the end.
static bool
read_section(struct reading *reading, bool *ended)
{
    struct rh_osmap_section section;
    size_t start = reading->at;
    size_t left = reading->file.used - start;
    size_t bytes;

    if (left < sizeof section)
        return cut_off(reading);
    memcpy(&section, reading->file.bytes + start, sizeof section);
    reading->at += sizeof section;
    left -= sizeof section;
    if (section.count &&
        (!section.item_bytes || section.count > left / section.item_bytes))
        return cut_off(reading);
    *ended = section.kind == RH_OSMAP_END;
    if (*ended && (section.count != 1 || section.item_bytes != 8))
        return refuse(reading, "is damaged: its end");
    if (*ended)
        return check_end(reading, start);
    bytes = (size_t)section.count * section.item_bytes;
    if (left - bytes < (-bytes & 7))
        return cut_off(reading);
    if (section.kind && section.kind <= RH_OSMAP_HEAP_PAGE &&
        !keep_items(reading, &section))
        return false;
    reading->at += bytes + (-bytes & 7);
    return true;
}

static bool
read_sections(struct reading *reading)
{
    bool ended = false;

    while (!ended)
        if (!read_section(reading, &ended))
            return false;
    return true;
}

// --- names -------------------------------------------------------------------

static size_t
item_count(const struct reading *reading, enum rh_osmap_kind kind)
{
    return reading->items[kind].used / known_bytes[kind];
}

static bool
build_text(struct reading *reading)
{
    struct buffer *text = &reading->items[RH_OSMAP_TEXT];

    if (!buffer_append(text, "", 1)) // its end, if it has none
        return no_memory(reading);
    reading->map->text = text->bytes;
    text->bytes = NULL;
    return true;
}

// "" for 0 and for what is no name.
static const char *
text_at(const struct reading *reading, uint32_t position)
{
    if (!position || position >= reading->items[RH_OSMAP_TEXT].used)
        return "";
    return reading->map->text + position;
}

static bool
build_process(struct reading *reading)
{
    struct osmap *map = reading->map;

    if (item_count(reading, RH_OSMAP_PROCESS) != 1)
        return refuse(reading, "is damaged: it speaks of %zu processes",
                      item_count(reading, RH_OSMAP_PROCESS));
    memcpy(&map->process, reading->items[RH_OSMAP_PROCESS].bytes,
           sizeof map->process);
    map->program = text_at(reading, map->process.program);
    map->allocator = text_at(reading, map->process.allocator);
    map->note = text_at(reading, map->process.note);
    return true;
}

// --- areas and pages ---------------------------------------------------------

static int
compare_addresses(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_areas(const void *a, const void *b)
{
    return compare_addresses(((const struct osmap_area *)a)->start,
                             ((const struct osmap_area *)b)->start);
}

static bool
build_area(struct reading *reading, const struct rh_osmap_area *from,
           struct osmap_area *area)
{
    uint64_t mask = reading->map->page_bytes - 1;

    if (from->start >= from->end || ((from->start | from->end) & mask) ||
        from->kind < RH_OSMAP_MAIN || from->kind > RH_OSMAP_TABLES)
        return refuse(reading, "is damaged: an area of kind %u at 0x%llx",
                      from->kind, (unsigned long long)from->start);
    *area = (struct osmap_area){
        .start = from->start,
        .end = from->end,
        .kind = (enum rh_osmap_area_kind)from->kind,
        .name = text_at(reading, from->name),
        .arena = from->arena == UINT32_MAX ? OSMAP_NONE : (int64_t)from->arena,
        .is_partial = from->flags & RH_OSMAP_PARTIAL,
        .reserved_bytes = from->reserved_bytes,
        .smaps_kb = from->resident_kb,
        .first_page = reading->map->page_count,
        .page_count = (from->end - from->start) / reading->map->page_bytes,
    };
    if (area->page_count >
        item_count(reading, RH_OSMAP_RESIDENCE) - reading->map->page_count)
        return refuse(reading, "is damaged: it tells of too few pages");
    reading->map->page_count += area->page_count;
    return true;
}

// The pages, which came in the order of the file, in that of the areas.
static bool
build_pages(struct reading *reading)
{
    struct osmap *map = reading->map;
    const unsigned char *residence =
        (const unsigned char *)reading->items[RH_OSMAP_RESIDENCE].bytes;
    size_t next = 0;

    map->pages = calloc(map->page_count + 1, sizeof *map->pages);
    if (!map->pages)
        return no_memory(reading);
    for (size_t i = 0; i < map->area_count; i++) {
        struct osmap_area *area = &map->areas[i];

        if (i && area->start < area[-1].end)
            return refuse(reading, "is damaged: two areas at 0x%llx",
                          (unsigned long long)area->start);
        for (size_t page = 0; page < area->page_count; page++)
            map->pages[next + page].residence =
                residence[area->first_page + page];
        area->first_page = next;
        next += area->page_count;
    }
    return true;
}

static bool
build_areas(struct reading *reading)
{
    struct osmap *map = reading->map;
    const struct rh_osmap_area *from =
        (const void *)reading->items[RH_OSMAP_AREA].bytes;
    size_t count = item_count(reading, RH_OSMAP_AREA);

    map->areas = calloc(count + 1, sizeof *map->areas);
    if (!map->areas)
        return no_memory(reading);
    for (map->area_count = 0; map->area_count < count; map->area_count++)
        if (!build_area(reading, &from[map->area_count],
                        &map->areas[map->area_count]))
            return false;
    if (map->page_count != item_count(reading, RH_OSMAP_RESIDENCE))
        return refuse(reading, "is damaged: it tells of too many pages");
    if (count)
        qsort(map->areas, count, sizeof *map->areas, compare_areas);
    return build_pages(reading);
}

// --- sites and blocks --------------------------------------------------------

static bool
build_sites(struct reading *reading)
{
    struct osmap *map = reading->map;
    const struct rh_osmap_site *from =
        (const void *)reading->items[RH_OSMAP_SITE].bytes;
    size_t count = item_count(reading, RH_OSMAP_SITE);

    map->sites = calloc(count + 1, sizeof *map->sites);
    if (!map->sites)
        return no_memory(reading);
    map->site_count = count + 1;
    map->sites[0].module = map->sites[0].function = "";
    for (size_t i = 0; i < count; i++) {
        map->sites[i + 1].address = from[i].address;
        map->sites[i + 1].offset = from[i].offset;
        map->sites[i + 1].module = text_at(reading, from[i].module);
        map->sites[i + 1].function = text_at(reading, from[i].function);
    }
    return true;
}

static bool
build_block(struct reading *reading, const struct rh_osmap_block *from,
            struct osmap_block *block)
{
    const struct osmap *map = reading->map;
    uint64_t start = from->address - from->before;
    const struct osmap_area *area = osmap_area_at(map, start);

    if (from->before > from->address || !area || !from->span ||
        from->span > area->end - start || from->state < RH_OSMAP_BLOCK_USED ||
        from->state > RH_OSMAP_BLOCK_NOT_OURS || from->site >= map->site_count)
        return refuse(reading, "is damaged: a block at 0x%llx",
                      (unsigned long long)from->address);
    *block = (struct osmap_block){
        .address = from->address,
        .size = from->size,
        .start = start,
        .end = start + from->span,
        .state = (enum rh_osmap_block_state)from->state,
        .age_ms = from->age_ms,
        .thread = from->thread,
        .site = from->site,
    };
    return true;
}

static int
compare_blocks(const void *a, const void *b)
{
    return compare_addresses(((const struct osmap_block *)a)->start,
                             ((const struct osmap_block *)b)->start);
}

// A block that reaches into the next one was given up unseen, in part at least.
static void
part_blocks(struct osmap *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < map->block_count; i++) {
        struct osmap_block block = map->blocks[i];

        if (i + 1 < map->block_count && map->blocks[i + 1].start < block.end)
            block.end = map->blocks[i + 1].start;
        if (block.start < block.end)
            map->blocks[kept++] = block;
    }
    map->block_count = kept;
}

static bool
build_blocks(struct reading *reading)
{
    struct osmap *map = reading->map;
    const struct rh_osmap_block *from =
        (const void *)reading->items[RH_OSMAP_BLOCK].bytes;
    size_t count = item_count(reading, RH_OSMAP_BLOCK);

    map->blocks = calloc(count + 1, sizeof *map->blocks);
    if (!map->blocks)
        return no_memory(reading);
    for (map->block_count = 0; map->block_count < count; map->block_count++)
        if (!build_block(reading, &from[map->block_count],
                         &map->blocks[map->block_count]))
            return false;
    if (count)
        qsort(map->blocks, count, sizeof *map->blocks, compare_blocks);
    part_blocks(map);
    return true;
}

// --- pages of rheap ----------------------------------------------------------

static int
compare_heap_pages(const void *a, const void *b)
{
    return compare_addresses(((const struct rh_osmap_heap_page *)a)->address,
                             ((const struct rh_osmap_heap_page *)b)->address);
}

static bool
is_sound_heap_page(const struct osmap *map,
                   const struct rh_osmap_heap_page *page)
{
    const struct osmap_area *area = osmap_area_at(map, page->address);

    return area && area->kind == RH_OSMAP_BODIES && page->bytes &&
           page->bytes <= MAX_HEAP_PAGE_BYTES &&
           page->bytes <= area->end - page->address && page->slot_bytes &&
           page->slots <= RH_OSMAP_SLOT_WORDS * 64 &&
           page->slot_bytes <= page->bytes && page->first_slot <= page->bytes &&
           page->slots <= (page->bytes - page->first_slot) / page->slot_bytes;
}

static bool
build_heap_pages(struct reading *reading)
{
    struct osmap *map = reading->map;
    size_t count = item_count(reading, RH_OSMAP_HEAP_PAGE);

    map->heap_pages = calloc(count + 1, sizeof *map->heap_pages);
    if (!map->heap_pages)
        return no_memory(reading);
    map->heap_page_count = count;
    if (!count)
        return true;
    memcpy(map->heap_pages, reading->items[RH_OSMAP_HEAP_PAGE].bytes,
           count * sizeof *map->heap_pages);
    qsort(map->heap_pages, count, sizeof *map->heap_pages, compare_heap_pages);
    for (size_t i = 0; i < count; i++) {
        const struct rh_osmap_heap_page *page = &map->heap_pages[i];

        if (!is_sound_heap_page(map, page) ||
            (i && page->address - page[-1].address < page[-1].bytes))
            return refuse(reading, "is damaged: a heap page at 0x%llx",
                          (unsigned long long)page->address);
    }
    return true;
}

// --- all of it ---------------------------------------------------------------

static bool
build(struct reading *reading)
{
    return build_text(reading) && build_process(reading) &&
           build_areas(reading) && build_sites(reading) &&
           build_blocks(reading) && build_heap_pages(reading);
}

bool
osmap_read(const char *path, struct osmap *map, struct osmap_error *error)
{
    struct reading reading = { .error = error, .map = map };
    bool is_good;

    memset(map, 0, sizeof *map);
    is_good = read_file(&reading, path) && read_header(&reading) &&
              read_sections(&reading) && build(&reading);
    buffer_free(&reading.file);
    for (size_t kind = 0; kind <= RH_OSMAP_HEAP_PAGE; kind++)
        buffer_free(&reading.items[kind]);
    if (is_good)
        osmap_count(map);
    else
        osmap_free(map);
    return is_good;
}

void
osmap_free(struct osmap *map)
{
    free(map->areas);
    free(map->pages);
    free(map->blocks);
    free(map->sites);
    free(map->heap_pages);
    free(map->text);
    memset(map, 0, sizeof *map);
}
