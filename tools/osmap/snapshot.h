// SPDX-License-Identifier: MIT
/*
 * snapshot - all of malloc's memory in a process at one moment, in memory.
 *
 * The file is described in <rheap/osmap.h>; this is what the tool makes of it.
 * An area is a range of addresses, its pages are pages of the system, a page
 * has units of 16 bytes, and every unit is in one of five states:
 *
 *     used           in a block that the program has, or in a live slot
 *     free_resident  free, but the system has not got the memory back: "gray"
 *     released       the page has no memory: never touched, or given back
 *     cached         kept by an allocator for itself: tcache, fastbins, tables
 *     not_ours       in use by somebody else, or not known
 *
 * A page that is not present is released from end to end, whatever lies there;
 * one that is swapped out keeps its states, but is not resident.  So
 *
 *     virtual  = used + free_resident + released + cached + not_ours
 *     resident = virtual - released - swapped
 *
 * Everything is sorted by address.  Areas, pages, blocks are plain arrays; the
 * units of a page are painted on request by osmap_units(), since all of them
 * would be a sixteenth as many as there are bytes.
 */
#ifndef TOOLS_OSMAP_SNAPSHOT_H
#define TOOLS_OSMAP_SNAPSHOT_H

#include <rheap/osmap.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum osmap_state {
    OSMAP_USED,
    OSMAP_FREE_RESIDENT,
    OSMAP_RELEASED,
    OSMAP_CACHED,
    OSMAP_NOT_OURS,
    OSMAP_STATES
};

enum {
    OSMAP_NONE = -1,             // no block, no heap page, no slot
    OSMAP_MAX_PAGE_BYTES = 65536 // of a page of the system
};

struct osmap_totals {
    uint64_t bytes[OSMAP_STATES];
    uint64_t swapped_bytes; // of those that are not released
    // The same in KB, rounded so that the equations above hold.
    uint64_t virtual_kb;
    uint64_t resident_kb;
    uint64_t used_kb;
    uint64_t cached_kb;
    uint64_t free_resident_kb;
    uint64_t released_kb;
    uint64_t not_ours_kb;
    uint64_t swapped_kb;
    size_t pages;      // of the system
    size_t gray_pages; // resident, and with nothing but free_resident in them
    size_t blocks;     // that begin there and are used
};

// A page of the system.
struct osmap_page {
    uint8_t residence; // of enum rh_osmap_residence
    uint8_t state;     // enum osmap_state: the first of used, not_ours,
                       // cached, free_resident that is there; or released
    uint16_t units[OSMAP_STATES]; // how many of its units are in each state
};

struct osmap_area {
    uint64_t start;
    uint64_t end;
    enum rh_osmap_area_kind kind;
    const char *name;        // never NULL, unique in a snapshot
    int64_t arena;           // its number; OSMAP_NONE: not known
    bool is_partial;         // what is in no block is not_ours
    uint64_t reserved_bytes; // that it may still grow by
    uint64_t smaps_kb;       // resident by smaps; RH_OSMAP_UNKNOWN
    size_t first_page;       // in osmap.pages
    size_t page_count;
    size_t first_block; // in osmap.blocks
    size_t block_count;
    struct osmap_totals totals;
};

struct osmap_block {
    uint64_t address; // that the program knows
    uint64_t size;    // that it asked for
    uint64_t start;   // what the block takes in all, headers included
    uint64_t end;
    enum rh_osmap_block_state state;
    uint32_t age_ms;
    uint32_t thread; // 0: not known
    uint32_t site;   // in osmap.sites; 0: not known
};

struct osmap_site {
    uint64_t address;
    uint64_t offset;
    const char *module;   // never NULL; "": not known
    const char *function; // likewise
    uint64_t blocks;      // used ones that were allocated there
    uint64_t bytes;       // that these take
};

struct osmap {
    uint32_t page_bytes; // of a page of the system
    uint32_t page_units; // page_bytes / RH_OSMAP_UNIT
    struct rh_osmap_process process;
    const char *program;   // never NULL, as are the next two
    const char *allocator; // "": not known
    const char *note;
    struct osmap_area *areas;
    size_t area_count;
    struct osmap_page *pages;
    size_t page_count;
    struct osmap_block *blocks;
    size_t block_count;
    struct osmap_site *sites; // [0] is "not known"
    size_t site_count;
    struct rh_osmap_heap_page *heap_pages; // of rheap
    size_t heap_page_count;
    struct osmap_totals totals;
    char *text; // all names
};

// One unit of a page.
struct osmap_unit {
    uint8_t state;     // enum osmap_state
    int16_t slot;      // of the heap page; OSMAP_NONE
    int32_t heap_page; // in osmap.heap_pages; OSMAP_NONE
    int64_t block;     // in osmap.blocks, of any state; OSMAP_NONE
};

struct osmap_error {
    char text[200]; // a sentence for say_about()
};

// Read a snapshot, plain or gzip; "-": standard input.  False: error->text says
// why, and there is nothing to free.
bool osmap_read(const char *path, struct osmap *map, struct osmap_error *error);
void osmap_free(struct osmap *map);

// Paint page `page` of osmap.pages: page_units units.
void osmap_units(const struct osmap *map, size_t page,
                 struct osmap_unit *units);

// The address of a page of osmap.pages.
uint64_t osmap_page_address(const struct osmap *map, size_t page);

// The area of a page.
const struct osmap_area *osmap_page_area(const struct osmap *map, size_t page);

// "used", "free_resident", "released", "cached", "not_ours".
const char *osmap_state_name(enum osmap_state state);

// "main", "arena", "mapped", "anonymous", "bodies", "tables".
const char *osmap_kind_name(enum rh_osmap_area_kind kind);

// Built-in samples, written as a snapshot file to `path`.  Names:
//     two-pages         3 KB and 2 KB over two pages, both alive
//     two-pages-freed   the 3 KB freed: no page can be released
//     holes             many holes; one request does not fit into any of them
//     holes-grown       and so the arena has grown
//     all               every kind of area, state and field that there is
//     all-trimmed       the same after the free pages were released
// False: error->text says why.
bool osmap_sample(const char *name, const char *path,
                  struct osmap_error *error);

// Names of the samples and what they show, in order; NULL behind the last.
struct osmap_sample_name {
    const char *name;
    const char *text;
};
const struct osmap_sample_name *osmap_samples(void);

#endif
