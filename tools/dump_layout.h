// SPDX-License-Identifier: MIT
/*
 * dump_layout - at which page and slot each object of a dump goes.
 *
 * ORIGINAL: where it was.  Ruby 2.1 to 3.1 cut pages of 16 KB into slots of 40
 * bytes and began with the first multiple of 40 behind the page's own 8 bytes.
 * 16,384 is no multiple of 40, so that first slot lies 8 to 40 bytes into the
 * page, and three pages of five have 409 slots where ours have 408:
 *
 *     page number mod 5      0    1    2    3    4
 *     first slot, offset    40   16   32    8   24
 *     slots                408  409  408  409  409
 *
 * An object in slot 408, the last of those pages, goes to an overflow page
 * behind all others.  Pages keep their distances; when the distance from the
 * lowest to the highest is more than the region can hold, all gaps are closed.
 * A dump of rheap's own says page and slot, and these rule.
 *
 * FRESH: one behind the other, in the order of the file, without the free
 * slots; for slots of other sizes (Ruby 3.2 and later), which have no place in
 * pages of 40-byte slots.
 */
#ifndef TOOLS_DUMP_LAYOUT_H
#define TOOLS_DUMP_LAYOUT_H

#include "dump_store.h"

#include <rheap/heap.h>

enum dump_layout_kind {
    DUMP_LAYOUT_DEFAULT, // original where that is possible
    DUMP_LAYOUT_ORIGINAL,
    DUMP_LAYOUT_FRESH
};

// False: there is no layout "original" or "fresh" of that name.
bool dump_layout_named(const char *name, enum dump_layout_kind *kind);

struct dump_layout {
    enum dump_layout_kind kind; // what it came to: never the default
    uint64_t *pages;            // ORIGINAL: the dump's pages, ascending
    size_t page_count;          // its pages, overflow left out
    size_t gaps_closed;
    bool is_closed;       // pages[n] is page n of the heap
    uint64_t base;        // else it is page pages[n] - base
    size_t placed;        // FRESH: objects so far
    size_t overflow;      // objects on overflow pages so far
    size_t overflow_page; // the first of them
};

// What it comes to for this dump.  NULL: done; otherwise what stands in the way.
const char *dump_layout_choose(struct dump_layout *layout,
                               const struct dump_store *store,
                               enum dump_layout_kind wanted);

// Why entry `i` can have no place in the layout chosen, or NULL.
const char *dump_layout_fault(const struct dump_layout *layout,
                              const struct dump_store *store, size_t i);

// Plan the places of all entries that are not dropped, in a region of
// `max_pages`.  NULL: done; otherwise what stands in the way.
const char *dump_layout_plan(struct dump_layout *layout,
                             const struct dump_store *store, size_t max_pages);

// Where entry `i`, an object, goes.  To be asked once for each object, in
// order.
struct rh_position dump_layout_next(struct dump_layout *layout,
                                    const struct dump_store *store, size_t i);

// The number in the heap of the dump's n-th page.
size_t dump_layout_page(const struct dump_layout *layout, size_t n);

// Pages from the dump's lowest to its highest, both included.
size_t dump_layout_span(const struct dump_layout *layout);

// Whether an address is that of a slot on a page of this dump (ORIGINAL, by
// address).
bool dump_layout_covers(const struct dump_layout *layout, uint64_t address);

void dump_layout_free(struct dump_layout *layout);

#endif
