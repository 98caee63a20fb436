// SPDX-License-Identifier: MIT
/*
 * The page is written in tools/osmap/page.html, which includes style and
 * script; the build makes two lists of lines of it, those in front of the data
 * and those behind.  Data are JSON where they are few, packed columns where
 * there may be millions; snapshot.js reads them in the order of this file.
 */
#include "config.h"

#include "osmap/draw.h"

#include "osmap/pack.h"
#include "osmap/page_text.h"

#include "buffer.h"
#include "output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct html {
    struct output *output;
    const struct osmap *map;
    const char *prefix; // of the elements of this snapshot
    const char *title;
};

static bool
out_of_memory(struct output *output)
{
    return output_fail(output, "not enough memory to write it");
}

// --- facts -------------------------------------------------------------------

// In JSON inside HTML: without what would end the string, or the element.
static void
put_escaped(struct output *output, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < ' ' || byte == '"' || byte == '\\' || byte == '<' ||
            byte == '>' || byte == '&' || byte == 127)
            output_print(output, "\\u%04x", (unsigned)byte);
        else
            output_write(output, text, 1);
    }
}

static void
put_text(struct output *output, const char *key, const char *text)
{
    output_print(output, "\"%s\":\"", key);
    put_escaped(output, text);
    output_print(output, "\",\n");
}

static void
put_area(struct output *output, const struct osmap_area *area)
{
    output_print(output, "{");
    put_text(output, "name", area->name);
    output_print(output,
                 "\"kind\":\"%s\",\"start\":\"0x%" PRIx64
                 "\",\"end\":\"0x%" PRIx64 "\",\"firstPage\":%zu}",
                 osmap_kind_name(area->kind), area->start, area->end,
                 area->first_page);
}

static void
put_areas(const struct html *html)
{
    output_print(html->output, "\"areas\":[\n");
    for (size_t i = 0; i < html->map->area_count; i++) {
        if (i)
            output_print(html->output, ",\n");
        put_area(html->output, &html->map->areas[i]);
    }
    output_print(html->output, "],\n");
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

// "function in module", or as much of it as is known.
static void
put_site(struct output *output, const struct osmap_site *site)
{
    output_print(output, "\"");
    if (*site->function) {
        put_escaped(output, site->function);
        output_print(output, *site->module ? " in " : "");
        put_escaped(output, base_name(site->module));
    } else if (*site->module) {
        put_escaped(output, base_name(site->module));
        output_print(output, "+0x%" PRIx64, site->offset);
    } else if (site->address) {
        output_print(output, "0x%" PRIx64, site->address);
    }
    output_print(output, "\"");
}

static void
put_sites(const struct html *html)
{
    output_print(html->output, "\"sites\":[\n");
    for (size_t i = 0; i < html->map->site_count; i++) {
        if (i)
            output_print(html->output, ",\n");
        put_site(html->output, &html->map->sites[i]);
    }
    output_print(html->output, "],\n");
}

static void
put_facts(const struct html *html, size_t run_count)
{
    struct output *output = html->output;
    const struct osmap *map = html->map;

    output_print(output, "<script type=\"application/json\" id=\"%s\">{\n",
                 html->prefix);
    put_text(output, "program", html->title);
    put_text(output, "allocator", map->allocator);
    put_text(output, "note", map->note);
    put_areas(html);
    put_sites(html);
    output_print(output, "\"process\":%" PRIu64 ",\"number\":%" PRIu64 ",\n",
                 map->process.process, map->process.number);
    output_print(output, "\"ageMs\":%" PRIu64 ",\"pageBytes\":%" PRIu32 ",\n",
                 map->process.age_ms, map->page_bytes);
    output_print(output, "\"runs\":%zu,\"blocks\":%zu}</script>\n", run_count,
                 map->block_count);
}

// --- runs --------------------------------------------------------------------

enum {
    RUN_HAS_BLOCK = 8, // beside the state
    RUN_HAS_SLOT = 16
};

struct runs {
    struct buffer length; // in units
    struct buffer kind;
    struct buffer block; // each of these against the one before
    struct buffer heap;
    struct buffer slot;
    struct osmap_unit unit; // what the last run is made of
    uint64_t units;         // of it; 0: there is none yet
    int64_t last_block;
    int32_t last_heap;
    int16_t last_slot;
    size_t count;
    bool has_failed; // no memory
};

static bool
is_alike(const struct osmap_unit *a, const struct osmap_unit *b)
{
    return a->state == b->state && a->block == b->block &&
           a->heap_page == b->heap_page && a->slot == b->slot;
}

static void
end_run(struct runs *runs)
{
    const struct osmap_unit *unit = &runs->unit;
    unsigned kind = unit->state;
    bool is_good;

    if (runs->units == 0)
        return;
    kind |= unit->block != OSMAP_NONE ? RUN_HAS_BLOCK : 0;
    kind |= unit->heap_page != OSMAP_NONE ? RUN_HAS_SLOT : 0;
    is_good = pack_number(&runs->length, runs->units) &&
              pack_number(&runs->kind, kind);
    if (kind & RUN_HAS_BLOCK) {
        is_good &= pack_signed(&runs->block, unit->block - runs->last_block);
        runs->last_block = unit->block;
    }
    if (kind & RUN_HAS_SLOT) {
        is_good &=
            pack_signed(&runs->heap, unit->heap_page - runs->last_heap) &&
            pack_signed(&runs->slot, unit->slot - runs->last_slot);
        runs->last_heap = unit->heap_page;
        runs->last_slot = unit->slot;
    }
    runs->has_failed |= !is_good;
    runs->units = 0;
    runs->count++;
}

static void
add_unit(struct runs *runs, const struct osmap_unit *unit)
{
    if (runs->units && !is_alike(&runs->unit, unit))
        end_run(runs);
    runs->unit = *unit;
    runs->units++;
}

// A run may go on over the end of a page, or of an area.
static void
collect_runs(struct runs *runs, const struct osmap *map)
{
    struct osmap_unit *units = calloc(map->page_units, sizeof *units);

    runs->has_failed = !units;
    for (size_t page = 0; page < map->page_count && !runs->has_failed; page++) {
        osmap_units(map, page, units);
        for (size_t i = 0; i < map->page_units; i++)
            add_unit(runs, &units[i]);
    }
    end_run(runs);
    free(units);
}

static bool
put_runs(const struct html *html, struct runs *runs)
{
    struct output *output = html->output;

    return pack_write(&runs->length, output, html->prefix, "run-length") &&
           pack_write(&runs->kind, output, html->prefix, "run-kind") &&
           pack_write(&runs->block, output, html->prefix, "run-block") &&
           pack_write(&runs->heap, output, html->prefix, "run-heap") &&
           pack_write(&runs->slot, output, html->prefix, "run-slot");
}

static void
free_runs(struct runs *runs)
{
    buffer_free(&runs->length);
    buffer_free(&runs->kind);
    buffer_free(&runs->block);
    buffer_free(&runs->heap);
    buffer_free(&runs->slot);
}

// --- blocks ------------------------------------------------------------------

// What one column says of a block; the sign matters in signed columns only.
static int64_t
block_gap(const struct osmap *map, size_t i)
{
    return (int64_t)(map->blocks[i].start - (i ? map->blocks[i - 1].end : 0));
}

static int64_t
block_span(const struct osmap *map, size_t i)
{
    return (int64_t)(map->blocks[i].end - map->blocks[i].start);
}

static int64_t
block_before(const struct osmap *map, size_t i)
{
    return (int64_t)(map->blocks[i].address - map->blocks[i].start);
}

static int64_t
block_spare(const struct osmap *map, size_t i)
{
    return block_span(map, i) - (int64_t)map->blocks[i].size;
}

static int64_t
block_state(const struct osmap *map, size_t i)
{
    return map->blocks[i].state;
}

static int64_t
block_age(const struct osmap *map, size_t i)
{
    return map->blocks[i].age_ms;
}

static int64_t
block_thread(const struct osmap *map, size_t i)
{
    return map->blocks[i].thread;
}

static int64_t
block_site(const struct osmap *map, size_t i)
{
    return map->blocks[i].site;
}

static const struct block_column {
    const char *name;
    int64_t (*value)(const struct osmap *map, size_t block);
    bool is_signed;
} block_columns[] = {
    { "block-gap", block_gap, true },
    { "block-span", block_span, false },
    { "block-before", block_before, false },
    { "block-spare", block_spare, true },
    { "block-state", block_state, false },
    { "block-age", block_age, false },
    { "block-thread", block_thread, false },
    { "block-site", block_site, false },
};

static bool
put_block_column(const struct html *html, const struct block_column *column,
                 struct buffer *buffer)
{
    for (size_t i = 0; i < html->map->block_count; i++) {
        int64_t value = column->value(html->map, i);

        if (!(column->is_signed ? pack_signed(buffer, value)
                                : pack_number(buffer, (uint64_t)value)))
            return out_of_memory(html->output);
    }
    return pack_write(buffer, html->output, html->prefix, column->name);
}

static bool
put_blocks(const struct html *html, struct buffer *buffer)
{
    size_t count = sizeof block_columns / sizeof block_columns[0];

    for (size_t i = 0; i < count; i++)
        if (!put_block_column(html, &block_columns[i], buffer))
            return false;
    return true;
}

// --- pages -------------------------------------------------------------------

static bool
put_residence(const struct html *html, struct buffer *buffer)
{
    for (size_t i = 0; i < html->map->page_count; i++)
        if (!buffer_append(buffer, &html->map->pages[i].residence, 1))
            return out_of_memory(html->output);
    return pack_write(buffer, html->output, html->prefix, "residence");
}

static bool
pack_heap_page(struct buffer *buffer, const struct rh_osmap_heap_page *page,
               uint64_t last)
{
    return pack_signed(buffer, (int64_t)(page->address - last)) &&
           pack_number(buffer, page->number) &&
           pack_number(buffer, page->bytes) &&
           pack_number(buffer, page->first_slot) &&
           pack_number(buffer, page->slot_bytes) &&
           pack_number(buffer, page->slots) && pack_number(buffer, page->live);
}

static bool
put_heap_pages(const struct html *html, struct buffer *buffer)
{
    const struct rh_osmap_heap_page *pages = html->map->heap_pages;
    uint64_t last = 0;

    for (size_t i = 0; i < html->map->heap_page_count; i++) {
        if (!pack_heap_page(buffer, &pages[i], last))
            return out_of_memory(html->output);
        last = pages[i].address;
    }
    return pack_write(buffer, html->output, html->prefix, "heap-pages");
}

// A byte for eight slots, the first in its lowest bit.
static bool
put_heap_bits(const struct html *html, struct buffer *buffer)
{
    for (size_t i = 0; i < html->map->heap_page_count; i++)
        for (size_t byte = 0; byte < 8 * RH_OSMAP_SLOT_WORDS; byte++) {
            uint64_t word = html->map->heap_pages[i].slot_bits[byte / 8];
            unsigned char bits = (unsigned char)(word >> byte % 8 * 8);

            if (!buffer_append(buffer, &bits, 1))
                return out_of_memory(html->output);
        }
    return pack_write(buffer, html->output, html->prefix, "heap-bits");
}

// --- the page ----------------------------------------------------------------

static bool
put_columns(const struct html *html, struct runs *runs)
{
    struct buffer buffer = { 0 };
    bool is_good = put_residence(html, &buffer) && put_runs(html, runs) &&
                   put_blocks(html, &buffer) && put_heap_pages(html, &buffer) &&
                   put_heap_bits(html, &buffer);

    buffer_free(&buffer);
    return is_good;
}

static bool
put_snapshot(const struct html *html)
{
    struct runs runs = { 0 };
    bool is_good;

    collect_runs(&runs, html->map);
    if (runs.has_failed) {
        is_good = out_of_memory(html->output);
    } else {
        put_facts(html, runs.count);
        is_good = put_columns(html, &runs);
    }
    free_runs(&runs);
    return is_good;
}

static void
put_lines(struct output *output, const char *const *lines)
{
    for (; *lines; lines++)
        output_write(output, *lines, strlen(*lines));
}

static void
put_page(struct html *html, const struct osmap *map, const struct osmap *before)
{
    put_lines(html->output, osmap_page_head);
    html->prefix = "before";
    html->map = before;
    if (before)
        put_snapshot(html);
    html->prefix = "after";
    html->map = map;
    put_snapshot(html);
    put_lines(html->output, osmap_page_tail);
}

bool
osmap_can_compare(const struct osmap *map, const struct osmap *before,
                  struct osmap_error *error)
{
    if (!before || before->page_bytes == map->page_bytes)
        return true;
    snprintf(error->text, sizeof error->text,
             "pages of %" PRIu32 " and of %" PRIu32
             " bytes cannot be drawn together",
             before->page_bytes, map->page_bytes);
    return false;
}

bool
osmap_write_html(const char *path, const struct osmap *map,
                 const struct osmap *before,
                 const struct osmap_draw_options *options,
                 struct osmap_error *error)
{
    struct output output;
    struct html html = { .output = &output };

    html.title = options && options->title ? options->title : map->program;
    if (!osmap_can_compare(map, before, error))
        return false;
    if (output_open(&output, path)) {
        put_page(&html, map, before);
        if (output_commit(&output))
            return true;
    }
    snprintf(error->text, sizeof error->text, "%s", output.cause);
    return false;
}
