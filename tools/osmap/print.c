// SPDX-License-Identifier: MIT
/*
 * On a terminal a character stands for a page of the system, or, where the heap
 * is large, for a number of pages that are neighbours: a power of two, so that
 * rows begin at round addresses.
 */
#include "config.h"

#include "osmap/compare.h"
#include "osmap/print.h"

#include "terminal.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDE_COLUMNS = 64,
    NARROW_COLUMNS = 32,
    LABEL_COLUMNS = 14,
    MAX_ROWS = 120, // of all areas; then a character stands for more pages
    TOP_SITES = 10,
    NAME_COLUMNS = 20
};

enum look {
    LOOK_MOST,    // more than half is used
    LOOK_SOME,    // some of it is
    LOOK_GRAY,    // nothing is used, and it is resident
    LOOK_CACHED,  // likewise, but kept by the allocator
    LOOK_FOREIGN, // nothing of ours
    LOOK_SWAPPED,
    LOOK_RELEASED,
    LOOK_COUNT
};

static const struct {
    char mark;
    int background;
    int foreground;
    const char *name;
} looks[LOOK_COUNT] = {
    [LOOK_MOST] = { '#', 124, 231, "more than half used" },
    [LOOK_SOME] = { '+', 174, 16, "used in part" },
    [LOOK_GRAY] = { '-', 250, 16, "free but resident" },
    [LOOK_CACHED] = { 'c', 180, 16, "allocator's own" },
    [LOOK_FOREIGN] = { 'o', 31, 231, "not ours, or not known" },
    [LOOK_SWAPPED] = { 's', 97, 231, "in swap space" },
    [LOOK_RELEASED] = { '.', 231, 243, "released" },
};

struct picture {
    const struct osmap *map;
    bool in_colour;
    size_t columns;
    size_t pages_a_mark;
    size_t counts[LOOK_COUNT]; // of marks
};

// --- the map -----------------------------------------------------------------

static enum look
look_of(const struct picture *picture, size_t first, size_t count)
{
    size_t units[OSMAP_STATES] = { 0 };
    size_t swapped = 0;

    for (size_t i = first; i < first + count; i++) {
        const struct osmap_page *page = &picture->map->pages[i];

        swapped += page->residence == RH_OSMAP_SWAPPED;
        for (int state = 0; state < OSMAP_STATES; state++)
            units[state] += page->units[state];
    }
    if (swapped == count)
        return LOOK_SWAPPED;
    if (units[OSMAP_USED])
        return units[OSMAP_USED] * 2 > count * picture->map->page_units
                   ? LOOK_MOST
                   : LOOK_SOME;
    if (units[OSMAP_NOT_OURS])
        return LOOK_FOREIGN;
    if (units[OSMAP_CACHED])
        return LOOK_CACHED;
    return units[OSMAP_FREE_RESIDENT] ? LOOK_GRAY : LOOK_RELEASED;
}

static void
print_mark(const struct picture *picture, enum look look)
{
    if (picture->in_colour)
        printf("\033[48;5;%d;38;5;%dm%c\033[0m", looks[look].background,
               looks[look].foreground, looks[look].mark);
    else
        putchar(looks[look].mark);
}

static void
print_row(struct picture *picture, const struct osmap_area *area, size_t from,
          size_t to)
{
    printf("%*" PRIx64 "  ", LABEL_COLUMNS - 2,
           area->start + (uint64_t)from * picture->map->page_bytes);
    while (from < to) {
        size_t count = to - from < picture->pages_a_mark
                           ? to - from
                           : picture->pages_a_mark;
        enum look look = look_of(picture, area->first_page + from, count);

        print_mark(picture, look);
        picture->counts[look]++;
        from += count;
    }
    putchar('\n');
}

// Whether a row has no memory at all.
static bool
is_released(const struct osmap *map, const struct osmap_area *area, size_t from,
            size_t to)
{
    for (size_t i = from; i < to; i++)
        if (map->pages[area->first_page + i].residence)
            return false;
    return true;
}

static void
print_released(struct picture *picture, size_t count)
{
    printf("%*s  (%s released)\n", LABEL_COLUMNS - 2, "...",
           text_of(count, "page").text);
    picture->counts[LOOK_RELEASED] +=
        (count + picture->pages_a_mark - 1) / picture->pages_a_mark;
}

// Rows; several ones without memory become one line.
static void
print_rows(struct picture *picture, const struct osmap_area *area)
{
    size_t step = picture->columns * picture->pages_a_mark;
    size_t skipped = 0;

    for (size_t from = 0; from < area->page_count; from += step) {
        size_t to =
            from + step < area->page_count ? from + step : area->page_count;

        if (is_released(picture->map, area, from, to) &&
            area->page_count > step) {
            skipped += to - from;
            continue;
        }
        if (skipped)
            print_released(picture, skipped);
        skipped = 0;
        print_row(picture, area, from, to);
    }
    if (skipped)
        print_released(picture, skipped);
}

static void
print_legend(const struct picture *picture)
{
    for (int look = 0; look < LOOK_COUNT; look++) {
        if (!picture->counts[look])
            continue;
        printf("%*s", LABEL_COLUMNS, "");
        print_mark(picture, (enum look)look);
        printf("  %-24s%10s\n", looks[look].name,
               text_count(picture->counts[look]).text);
    }
}

static size_t
rows_of(const struct osmap *map, size_t pages_a_row)
{
    size_t rows = 0;

    for (size_t i = 0; i < map->area_count; i++)
        rows += (map->areas[i].page_count + pages_a_row - 1) / pages_a_row;
    return rows;
}

static void
print_map(const struct osmap *map)
{
    struct picture picture = {
        .map = map,
        .in_colour = terminal_has_colour(stdout),
        .columns = terminal_width(stdout) < WIDE_COLUMNS + LABEL_COLUMNS
                       ? NARROW_COLUMNS
                       : WIDE_COLUMNS,
        .pages_a_mark = 1,
    };

    while (rows_of(map, picture.columns * picture.pages_a_mark) >
               MAX_ROWS + map->area_count &&
           picture.pages_a_mark < 1 << 20)
        picture.pages_a_mark *= 2;
    printf("\nOne character is %s of %s; each row begins with its address.\n",
           text_of(picture.pages_a_mark, "OS page").text,
           text_size(map->page_bytes).text);
    for (size_t i = 0; i < map->area_count; i++) {
        printf("\n%s\n", map->areas[i].name);
        print_rows(&picture, &map->areas[i]);
    }
    putchar('\n');
    print_legend(&picture);
}

// --- tables ------------------------------------------------------------------

static void
print_size(uint64_t kb)
{
    printf(" %9s", text_size((double)kb * 1024).text);
}

static void
print_totals(const char *name, const struct osmap_totals *totals)
{
    printf("%-*.*s", NAME_COLUMNS, NAME_COLUMNS, name);
    print_size(totals->virtual_kb);
    print_size(totals->resident_kb);
    print_size(totals->used_kb);
    print_size(totals->free_resident_kb);
    print_size(totals->released_kb);
    if (totals->cached_kb || totals->not_ours_kb) {
        print_size(totals->cached_kb);
        print_size(totals->not_ours_kb);
    }
    putchar('\n');
}

static void
print_table(const struct osmap *map)
{
    printf("%-*s%10s%10s%10s%10s%10s", NAME_COLUMNS, "", "virtual", "resident",
           "used", "free", "released");
    if (map->totals.cached_kb || map->totals.not_ours_kb)
        printf("%10s%10s", "cached", "not ours");
    putchar('\n');
    for (size_t i = 0; i < map->area_count; i++)
        print_totals(map->areas[i].name, &map->areas[i].totals);
    print_totals("all", &map->totals);
}

static void
print_findings(const struct osmap *map)
{
    const struct osmap_totals *totals = &map->totals;
    uint64_t gray_kb = totals->gray_pages * (map->page_bytes / 1024);

    printf("\n%s of %s resident is free (%s); %s of it lies on %s\n"
           "with nothing else on them, which the allocator could give back.\n",
           text_size((double)totals->free_resident_kb * 1024).text,
           text_size((double)totals->resident_kb * 1024).text,
           text_share(totals->free_resident_kb, totals->resident_kb).text,
           text_size((double)gray_kb * 1024).text,
           text_of(totals->gray_pages, "page").text);
    if (map->process.resident_kb != RH_OSMAP_UNKNOWN)
        printf("The whole process has %s resident.\n",
               text_size((double)map->process.resident_kb * 1024).text);
    if (*map->note)
        printf("Note: %s.\n", map->note);
}

static int
compare_sites(const void *a, const void *b)
{
    const struct osmap_site *const *left = a, *const *right = b;

    if ((*left)->bytes != (*right)->bytes)
        return (*left)->bytes > (*right)->bytes ? -1 : 1;
    return *left < *right ? -1 : *left > *right;
}

static void
print_site(const struct osmap_site *site)
{
    const char *slash = strrchr(site->module, '/');
    const char *module = slash ? slash + 1 : site->module;

    printf("%10s %12s  ", text_size((double)site->bytes).text,
           text_count(site->blocks).text);
    if (*site->function)
        printf("%s, ", site->function);
    if (*module)
        printf("%s+0x%" PRIx64 "\n", module, site->offset);
    else
        printf("not known\n");
}

static void
print_sites(const struct osmap *map)
{
    const struct osmap_site **list =
        calloc(map->site_count, sizeof(const struct osmap_site *));

    if (!list)
        return;
    for (size_t i = 0; i < map->site_count; i++)
        list[i] = &map->sites[i];
    qsort(list, map->site_count, sizeof *list, compare_sites);
    printf("\n%10s %12s  %s\n", "used by", "blocks", "allocated at");
    for (size_t i = 0; i < map->site_count && i < TOP_SITES; i++)
        if (list[i]->blocks)
            print_site(list[i]);
    free(list);
}

static void
print_change(const struct osmap *before, const struct osmap *map)
{
    static const char *const names[OSMAP_STATES] = {
        "used", "free", "released", "cached", "not ours",
    };
    struct osmap_change change;

    osmap_compare(before, map, &change);
    printf("\nWhat became of it:\n");
    for (int from = 0; from < OSMAP_STATES; from++)
        for (int to = 0; to < OSMAP_STATES; to++)
            if (from != to && change.bytes[from][to])
                printf("%10s  %s -> %s\n",
                       text_size((double)change.bytes[from][to]).text,
                       names[from], names[to]);
    if (change.new_bytes)
        printf("%10s  new\n", text_size((double)change.new_bytes).text);
    if (change.gone_bytes)
        printf("%10s  gone\n", text_size((double)change.gone_bytes).text);
}

void
osmap_print(const struct osmap *map, const struct osmap *before,
            const char *text)
{
    if (text)
        printf("%s\n\n", text);
    if (before) {
        printf("Before: %s\n", before->program);
        print_table(before);
        print_map(before);
        printf("\nAfter: ");
    }
    printf("%s\n", map->program);
    print_table(map);
    print_map(map);
    print_findings(map);
    if (before)
        print_change(before, map);
    print_sites(map);
}

void
osmap_print_moment(const struct osmap *map, bool is_first)
{
    if (is_first)
        printf("%9s%10s%10s%10s%10s%10s%12s\n", "after", "virtual", "resident",
               "used", "free", "released", "gray pages");
    printf("%7.1f s", (double)map->process.age_ms / 1000);
    print_size(map->totals.virtual_kb);
    print_size(map->totals.resident_kb);
    print_size(map->totals.used_kb);
    print_size(map->totals.free_resident_kb);
    print_size(map->totals.released_kb);
    printf("%12s\n", text_count(map->totals.gray_pages).text);
}
