// SPDX-License-Identifier: MIT
/*
 * sample - snapshots that are made up, to learn from and to test with.
 *
 * The first two are the examples of "What causes Ruby memory bloat?": blocks of
 * 3 KB and 2 KB over two pages, of which none can be released when the first is
 * freed; and many holes, none of them big enough.  They lie as glibc would put
 * them, with 16 bytes for each block's header.
 */
#include "config.h"

#include "osmap/snapshot.h"
#include "osmap/write.h"

#include "buffer.h"
#include "output.h"

#include <rheap/walk.h>

#include <stdio.h>
#include <string.h>

enum {
    PAGE_BYTES = 4096,
    HEADER_BYTES = 16, // in front of a block
    TAIL_BYTES = 8,    // of the next block's header are lent to this one
    HEAP_PAGE_BYTES = 16384,
    HEAP_PAGE_HEADER = 64,
    SLOT_BYTES = 40,
    SLOTS = 408
};

#define MAIN_START UINT64_C(0x555555560000)
#define ARENA_START UINT64_C(0x7ffff0000000)
#define MAPPED_START UINT64_C(0x7ffff4400000)
#define ANONYMOUS_START UINT64_C(0x7ffff4800000)
#define BODIES_START UINT64_C(0x7ffff5000000)
#define TABLES_START UINT64_C(0x7ffff5800000)

struct sample {
    struct buffer text;
    struct buffer areas;
    struct buffer residence;
    struct buffer blocks;
    struct buffer sites;
    struct buffer heap_pages;
    bool has_failed; // no memory
    uint64_t at;     // where the next block goes
    uint32_t thread; // that allocates it
    uint32_t site;
};

// --- building ----------------------------------------------------------------

static void
add(struct sample *sample, struct buffer *list, const void *item, size_t bytes)
{
    if (!buffer_append(list, item, bytes))
        sample->has_failed = true;
}

static uint32_t
add_text(struct sample *sample, const char *text)
{
    uint32_t position;

    if (!sample->text.used)
        add(sample, &sample->text, "", 1);
    position = (uint32_t)sample->text.used;
    add(sample, &sample->text, text, strlen(text) + 1);
    return position;
}

static void
add_site(struct sample *sample, const char *module, const char *function)
{
    uint64_t number = sample->sites.used / sizeof(struct rh_osmap_site) + 1;
    struct rh_osmap_site site = {
        .address = UINT64_C(0x7ffff7000000) + number * 0x1234,
        .offset = number * 0x1234,
        .module = add_text(sample, module),
        .function = add_text(sample, function),
    };

    add(sample, &sample->sites, &site, sizeof site);
}

// An area whose pages are given by letters: 'P' present, 's' in swap space, '.'
// released.
static void
add_area(struct sample *sample, const struct rh_osmap_area *model,
         const char *name, const char *pages)
{
    struct rh_osmap_area area = *model;
    uint64_t present = 0;

    area.end = area.start;
    area.name = add_text(sample, name);
    for (; *pages; pages++, area.end += PAGE_BYTES) {
        unsigned char residence = *pages == 'P'   ? RH_OSMAP_PRESENT
                                  : *pages == 's' ? RH_OSMAP_SWAPPED
                                                  : 0;

        present += *pages == 'P';
        add(sample, &sample->residence, &residence, 1);
    }
    area.resident_kb = present * PAGE_BYTES / 1024;
    add(sample, &sample->areas, &area, sizeof area);
    sample->at = area.start;
}

static uint64_t
span_of(uint64_t bytes)
{
    uint64_t span = (bytes + HEADER_BYTES - TAIL_BYTES + 15) & ~UINT64_C(15);

    return span < 32 ? 32 : span;
}

static void
add_block(struct sample *sample, uint64_t bytes,
          enum rh_osmap_block_state state)
{
    struct rh_osmap_block block = {
        .address = sample->at + HEADER_BYTES,
        .size = bytes,
        .span = span_of(bytes),
        .before = HEADER_BYTES,
        .state = state,
        .age_ms = (uint32_t)(1000 - sample->blocks.used /
                                        sizeof(struct rh_osmap_block) % 1000),
        .thread = sample->thread,
        .site = sample->site,
    };

    add(sample, &sample->blocks, &block, sizeof block);
    sample->at += block.span;
}

static void
add_used(struct sample *sample, uint64_t bytes)
{
    add_block(sample, bytes, RH_OSMAP_BLOCK_USED);
}

static void
skip(struct sample *sample, uint64_t bytes)
{
    sample->at += span_of(bytes);
}

// --- two pages, and holes ----------------------------------------------------

static const struct rh_osmap_area main_arena = {
    .start = MAIN_START,
    .kind = RH_OSMAP_MAIN,
};

static void
fill_two_pages(struct sample *sample, bool is_later)
{
    add_area(sample, &main_arena, "main arena", "PP");
    add_site(sample, "/usr/bin/example", "read_article");
    add_site(sample, "/usr/bin/example", "remember_title");
    sample->site = 1;
    if (is_later)
        skip(sample, 3 * 1024);
    else
        add_used(sample, 3 * 1024);
    sample->site = 2;
    add_used(sample, 2 * 1024);
}

static void
fill_holes(struct sample *sample, bool is_later)
{
    add_area(sample, &main_arena, "main arena",
             is_later ? "PPPPPPPPPP" : "PPPPPPPP");
    add_site(sample, "/usr/bin/example", "keep");
    add_site(sample, "/usr/bin/example", "ask_for_more");
    sample->site = 1;
    while (sample->at < MAIN_START + 8 * PAGE_BYTES - 512) {
        add_used(sample, 136); // with its header 144 bytes
        skip(sample, 360);     // a hole of 368 bytes
    }
    add_used(sample, 504); // so that no hole lies at the end, where it can grow
    sample->site = 2;
    if (is_later)
        add_used(sample, 6000);
}

// --- everything --------------------------------------------------------------

// A third of blocks is free, and small ones wait in caches.
static void
fill_arena(struct sample *sample, uint64_t end, unsigned seed)
{
    while (sample->at + 4096 < end) {
        unsigned size = 24 + (seed >> 8) % 900;

        sample->site = 1 + seed / 7 % 3;
        if (seed % 3 == 0)
            add_block(sample, size, RH_OSMAP_BLOCK_FREE);
        else if (seed % 17 == 0)
            add_block(sample, 40, RH_OSMAP_BLOCK_CACHED);
        else if (seed % 23 == 0)
            add_block(sample, size, RH_OSMAP_BLOCK_NOT_OURS);
        else
            add_used(sample, size);
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    }
}

static void
add_heap_page(struct sample *sample, uint64_t number, uint64_t bits,
              enum rh_page_state state)
{
    struct rh_osmap_heap_page page = {
        .address = BODIES_START + number * HEAP_PAGE_BYTES,
        .number = number,
        .bytes = HEAP_PAGE_BYTES,
        .first_slot = HEAP_PAGE_HEADER,
        .slot_bytes = SLOT_BYTES,
        .slots = SLOTS,
        .state = state,
    };

    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (bits >> (slot * 7 & 63) & 1) {
            page.slot_bits[slot >> 6] |= UINT64_C(1) << (slot & 63);
            page.live++;
        }
    add(sample, &sample->heap_pages, &page, sizeof page);
}

static void
fill_mapped(struct sample *sample, bool is_later)
{
    add_area(sample,
             &(struct rh_osmap_area){ .start = MAPPED_START,
                                      .kind = RH_OSMAP_MAPPED },
             "mapped blocks", is_later ? "PPPP........" : "PPPPPPPP....");
    sample->site = 3;
    add_used(sample, 12 * PAGE_BYTES - 24);
    add_area(sample,
             &(struct rh_osmap_area){ .start = ANONYMOUS_START,
                                      .kind = RH_OSMAP_ANONYMOUS,
                                      .flags = RH_OSMAP_PARTIAL },
             "mapping 1", "PPss..PP");
    sample->at += 2000;
    add_used(sample, 9000);
}

static void
fill_heap(struct sample *sample)
{
    add_area(sample,
             &(struct rh_osmap_area){ .start = BODIES_START,
                                      .kind = RH_OSMAP_BODIES },
             "heap pages", "PPPPPPPPPPPP....");
    add_heap_page(sample, 0, ~UINT64_C(0), RH_PAGE_EDEN);
    add_heap_page(sample, 1, UINT64_C(0x00ff0f0103000081), RH_PAGE_EDEN);
    add_heap_page(sample, 2, 0, RH_PAGE_TOMB);
    add_heap_page(sample, 3, 0, RH_PAGE_RELEASED);
    add_area(sample,
             &(struct rh_osmap_area){ .start = TABLES_START,
                                      .kind = RH_OSMAP_TABLES },
             "heap tables", "PP.P....");
}

static void
fill_all(struct sample *sample, bool is_later)
{
    add_site(sample, "/usr/lib/libruby-3.1.so.3.1", "ruby_xmalloc");
    add_site(sample, "/usr/lib/libruby-3.1.so.3.1", "ruby_xrealloc2");
    add_site(sample, "/usr/lib/libc.so.6", "");
    sample->thread = 1;
    add_area(sample, &main_arena, "main arena",
             is_later ? "PPPPPPPPPPPP........" : "PPPPPPPPPPPPPPPPPPPP");
    fill_arena(sample, MAIN_START + 12 * PAGE_BYTES, 4711);
    sample->thread = 2;
    add_area(sample,
             &(struct rh_osmap_area){ .start = ARENA_START,
                                      .kind = RH_OSMAP_ARENA,
                                      .arena = 1,
                                      .reserved_bytes =
                                          (64 << 20) - 24 * PAGE_BYTES },
             "arena 1",
             is_later ? "PPPPPP.PPPP..P.........."
                      : "PPPPPPPPPPPPPPPPPPPPPPPP");
    sample->site = 0;
    add_block(sample, 2280, RH_OSMAP_BLOCK_CACHED); // the arena's own table
    fill_arena(sample, ARENA_START + 6 * PAGE_BYTES, 42);
    sample->at = ARENA_START + 7 * PAGE_BYTES;
    fill_arena(sample, ARENA_START + 11 * PAGE_BYTES, 815);
    sample->at = ARENA_START + 13 * PAGE_BYTES;
    add_used(sample, 500);
    fill_mapped(sample, is_later);
    fill_heap(sample);
}

// --- writing -----------------------------------------------------------------

static bool
write_piece(void *output, const void *bytes, size_t count)
{
    return output_write(output, bytes, count);
}

static void
write_list(struct osmap_writer *writer, enum rh_osmap_kind kind,
           const struct buffer *list, uint32_t item_bytes)
{
    osmap_write_section(writer, kind, item_bytes, list->used / item_bytes);
    osmap_write_items(writer, list->bytes, list->used / item_bytes);
}

static void
write_sample(struct sample *sample, const char *name, struct output *output)
{
    static struct osmap_writer writer; // large
    struct rh_osmap_process process = {
        .source = RH_OSMAP_MADE_UP,
        .reason = RH_OSMAP_BY_CALL,
        .number = 1,
        .age_ms = 1000,
        .virtual_kb = RH_OSMAP_UNKNOWN,
        .resident_kb = RH_OSMAP_UNKNOWN,
        .allocated = sample->blocks.used / sizeof(struct rh_osmap_block),
        .program = add_text(sample, name),
    };

    osmap_write_begin(&writer, write_piece, output, PAGE_BYTES);
    osmap_write_section(&writer, RH_OSMAP_PROCESS, sizeof process, 1);
    osmap_write_items(&writer, &process, 1);
    write_list(&writer, RH_OSMAP_TEXT, &sample->text, 1);
    write_list(&writer, RH_OSMAP_AREA, &sample->areas,
               sizeof(struct rh_osmap_area));
    write_list(&writer, RH_OSMAP_RESIDENCE, &sample->residence, 1);
    write_list(&writer, RH_OSMAP_BLOCK, &sample->blocks,
               sizeof(struct rh_osmap_block));
    write_list(&writer, RH_OSMAP_SITE, &sample->sites,
               sizeof(struct rh_osmap_site));
    write_list(&writer, RH_OSMAP_HEAP_PAGE, &sample->heap_pages,
               sizeof(struct rh_osmap_heap_page));
    osmap_write_end(&writer);
}

static void
sample_free(struct sample *sample)
{
    buffer_free(&sample->text);
    buffer_free(&sample->areas);
    buffer_free(&sample->residence);
    buffer_free(&sample->blocks);
    buffer_free(&sample->sites);
    buffer_free(&sample->heap_pages);
}

static const struct osmap_sample_name samples[] = {
    { "two-pages", "3 KB and 2 KB lie on two pages" },
    { "two-pages-freed", "the 3 KB are freed: neither page can be released" },
    { "holes", "many holes, none of them big enough for 6,000 bytes" },
    { "holes-grown", "so these took new pages from the system" },
    { "all", "every kind of area, and every state" },
    { "all-trimmed", "the same after malloc_trim()" },
    { NULL, NULL },
};

static void (*const fills[])(struct sample *, bool) = {
    fill_two_pages,
    fill_holes,
    fill_all,
};

const struct osmap_sample_name *
osmap_samples(void)
{
    return samples;
}

static bool
write_file(struct sample *sample, const char *name, const char *path,
           struct osmap_error *error)
{
    struct output output;

    if (sample->has_failed) {
        snprintf(error->text, sizeof error->text, "not enough memory");
        return false;
    }
    if (output_open(&output, path))
        write_sample(sample, name, &output);
    if (output_commit(&output))
        return true;
    snprintf(error->text, sizeof error->text, "%s", output.cause);
    return false;
}

bool
osmap_sample(const char *name, const char *path, struct osmap_error *error)
{
    for (size_t i = 0; samples[i].name; i++) {
        struct sample sample = { .thread = 1 };
        bool is_good;

        if (strcmp(samples[i].name, name) != 0)
            continue;
        fills[i / 2](&sample, i % 2);
        is_good = write_file(&sample, name, path, error);
        sample_free(&sample);
        return is_good;
    }
    snprintf(error->text, sizeof error->text, "there is no sample '%s'", name);
    return false;
}
