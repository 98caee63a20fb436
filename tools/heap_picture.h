// SPDX-License-Identifier: MIT
/*
 * heap_picture - all pages of a heap by the share of their slots that is live.
 *
 * One cell a page, in address order, in rows of a fixed number of cells: the
 * cell in column c of row r is page r * columns + c, so equal places are equal
 * addresses.  Rows without any page are left out.  Drawn as text or as SVG.
 */
#ifndef TOOLS_HEAP_PICTURE_H
#define TOOLS_HEAP_PICTURE_H

#include "dump_load.h"
#include "output.h"

#include <stdint.h>

enum share {
    SHARE_ABSENT, // no memory: never used, or given back
    SHARE_EMPTY,
    SHARE_QUARTER, // live slots, up to this part of the page
    SHARE_HALF,
    SHARE_THREE_QUARTERS,
    SHARE_MOST, // all but some
    SHARE_FULL,
    SHARE_OURS, // an overflow page, which the dumped heap did not have
    SHARE_COUNT
};

struct heap_cell {
    size_t page;
    size_t live;
    size_t slots;
    enum share share;
};

struct heap_picture {
    const char *title;       // what heap this is
    struct heap_cell *cells; // of the pages with memory, ascending
    size_t cell_count;
    size_t room;
    const struct dump_facts *facts; // NULL: the heap is made up
    size_t pages;                   // in all, ours left out
    size_t live;
    size_t free;
    size_t count[SHARE_COUNT]; // of cells
};

// For legends: "up to a half".
const char *share_name(enum share share);

// `facts` are those of the dump that the heap came from, NULL if none.  False:
// no memory.
bool heap_picture_take(struct heap_picture *picture, struct rh_heap *heap,
                       const struct dump_facts *facts, const char *title);

void heap_picture_print(const struct heap_picture *picture);
void heap_picture_svg(const struct heap_picture *picture,
                      struct output *output);

// One JSON object a page.  False: no memory.
bool heap_picture_json(const struct heap_picture *picture);

void heap_picture_free(struct heap_picture *picture);

#endif
