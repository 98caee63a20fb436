// SPDX-License-Identifier: MIT
/*
 * Draws snapshots for tests/osmap_page.sh, and says what is in them.
 *
 *     osmap_draw [--before WHAT] [--html OUT] [--png OUT] [--edge N] WHAT
 *
 * WHAT is a snapshot file; "=NAME", a sample; or "@N", a map of about N blocks.
 * Prints one line: state names and bytes, and the number of gray pages.
 */
#include "config.h"

#include "osmap/draw.h"
#include "osmap/paint.h"
#include "osmap/snapshot.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *what;
    const char *before;
    const char *html;
    const char *png;
    struct osmap_draw_options options;
};

static int
complain(const char *what, const struct osmap_error *error)
{
    fprintf(stderr, "osmap_draw: %s: %s\n", what, error->text);
    return EXIT_FAILURE;
}

// --- a large map -------------------------------------------------------------

enum {
    PAGE_BYTES = 4096,
    BLOCKS_PER_PAGE = 16, // roughly
    PAGES_PER_AREA = 16384,
    SITES = 100
};

static uint64_t seed = 1;

static uint32_t
below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (uint32_t)(seed >> 33) % limit;
}

static void
make_areas(struct osmap *map, size_t pages)
{
    static char names[64][32];
    size_t done = 0;

    map->area_count = (pages + PAGES_PER_AREA - 1) / PAGES_PER_AREA;
    map->areas = calloc(map->area_count, sizeof *map->areas);
    for (size_t i = 0; i < map->area_count; i++) {
        struct osmap_area *area = &map->areas[i];
        size_t count =
            pages - done < PAGES_PER_AREA ? pages - done : PAGES_PER_AREA;

        snprintf(names[i & 63], sizeof names[0], "arena %zu", i + 1);
        area->name = names[i & 63];
        area->kind = RH_OSMAP_ARENA;
        area->start = UINT64_C(0x7f0000000000) + (uint64_t)i * 0x8000000;
        area->end = area->start + (uint64_t)count * PAGE_BYTES;
        area->first_page = done;
        area->page_count = count;
        done += count;
    }
}

static uint8_t
make_residence(size_t page)
{
    return page / 50 % 7 == 0 && below(3) ? 0 : RH_OSMAP_PRESENT;
}

// Blocks of all sizes, with holes; every fourth stretch is nearly empty.
static void
make_blocks(struct osmap *map, const struct osmap_area *area, size_t most)
{
    uint64_t at = area->start;

    while (map->block_count < most && at + 8192 < area->end) {
        struct osmap_block *block = &map->blocks[map->block_count];
        uint32_t size = 24 + 16 * below(below(40) ? 30 : 300);
        bool is_sparse = (at >> 18) % 4 == 0;

        at += is_sparse ? 16 * (uint64_t)below(4000) : 16 * below(8);
        if (at + size + 8 >= area->end)
            break;
        block->start = at;
        block->address = at + 8;
        block->size = size;
        block->end = at + 8 + size;
        block->state = below(12) ? RH_OSMAP_BLOCK_USED : RH_OSMAP_BLOCK_CACHED;
        block->age_ms = below(100000);
        block->thread = 1 + below(16);
        block->site = below(SITES);
        at = block->end;
        map->block_count++;
    }
}

static void
make_map(struct osmap *map, size_t blocks)
{
    memset(map, 0, sizeof *map);
    map->page_bytes = PAGE_BYTES;
    map->page_units = PAGE_BYTES / RH_OSMAP_UNIT;
    map->program = "a large program";
    map->allocator = map->note = "";
    map->page_count = blocks / BLOCKS_PER_PAGE * 4 + 3;
    make_areas(map, map->page_count);
    map->pages = calloc(map->page_count, sizeof *map->pages);
    for (size_t i = 0; i < map->page_count; i++)
        map->pages[i].residence = make_residence(i);
    map->blocks = calloc(blocks, sizeof *map->blocks);
    for (size_t i = 0; i < map->area_count; i++)
        make_blocks(map, &map->areas[i], blocks);
    map->site_count = SITES;
    map->sites = calloc(SITES, sizeof *map->sites);
    for (size_t i = 0; i < SITES; i++)
        map->sites[i] = (struct osmap_site){ .address = 4096 * i,
                                             .function = "",
                                             .module = "" };
    osmap_count(map);
}

// --- what is asked for -------------------------------------------------------

static bool
load(const char *what, struct osmap *map, struct osmap_error *error)
{
    static char scratch[64];
    bool is_good;

    if (*what == '@') {
        make_map(map, strtoul(what + 1, NULL, 10));
        return true;
    }
    if (*what != '=')
        return osmap_read(what, map, error);
    snprintf(scratch, sizeof scratch, "%.50s.sample", what + 1);
    is_good = osmap_sample(what + 1, scratch, error) &&
              osmap_read(scratch, map, error);
    remove(scratch);
    return is_good;
}

static void
print_totals(const struct osmap *map)
{
    for (int state = 0; state < OSMAP_STATES; state++)
        printf("%s %" PRIu64 " ", osmap_state_name((enum osmap_state)state),
               map->totals.bytes[state]);
    printf("gray %zu blocks %zu\n", map->totals.gray_pages, map->block_count);
}

static int
draw(const struct arguments *arguments, const struct osmap *map,
     const struct osmap *before)
{
    const struct osmap_draw_options *options = &arguments->options;
    struct osmap_error error;

    print_totals(map);
    if (arguments->html &&
        !osmap_write_html(arguments->html, map, before, options, &error))
        return complain(arguments->html, &error);
    if (arguments->png &&
        !osmap_write_png(arguments->png, map, before, options, &error))
        return complain(arguments->png, &error);
    return EXIT_SUCCESS;
}

static int
load_and_draw(const struct arguments *arguments)
{
    struct osmap map, before = { 0 };
    struct osmap_error error;
    int status;

    if (!load(arguments->what, &map, &error))
        return complain(arguments->what, &error);
    if (!arguments->before)
        status = draw(arguments, &map, NULL);
    else if (load(arguments->before, &before, &error))
        status = draw(arguments, &map, &before);
    else
        status = complain(arguments->before, &error);
    osmap_free(&map);
    osmap_free(&before);
    return status;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        { "before", required_argument, NULL, 'b' },
        { "html", required_argument, NULL, 'h' },
        { "png", required_argument, NULL, 'p' },
        { "edge", required_argument, NULL, 'e' },
        { "title", required_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    struct arguments arguments = { 0 };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'b':
            arguments.before = optarg;
            break;
        case 'h':
            arguments.html = optarg;
            break;
        case 'p':
            arguments.png = optarg;
            break;
        case 'e':
            arguments.options.page_edge = strtoul(optarg, NULL, 10);
            break;
        case 't':
            arguments.options.title = optarg;
            break;
        default:
            return EXIT_FAILURE;
        }
    if (optind + 1 != argc)
        return EXIT_FAILURE;
    arguments.what = argv[optind];
    return load_and_draw(&arguments);
}
