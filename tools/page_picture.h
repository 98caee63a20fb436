// SPDX-License-Identifier: MIT
/*
 * page_picture - one heap page with all that is on it.
 *
 *     0    64                                                        16384
 *     +----+------+------+------+-----       -----+------+------+------+
 *     |head|slot 0|slot 1|slot 2|  ...        ... |      |      | 407  |
 *     +----+------+------+------+-----       -----+------+------+------+
 *     |  OS page 0         |  OS page 1  |  OS page 2  |  OS page 3    |
 *
 * The system shares and returns memory by OS pages of 4 KB, four to a heap
 * page, and a slot of 40 bytes may lie on the border of two.  Slots are drawn
 * by the type of their object, with the mark bit of the last collection; free
 * runs as a path in the order in which they will be handed out.
 */
#ifndef TOOLS_PAGE_PICTURE_H
#define TOOLS_PAGE_PICTURE_H

#include "output.h"

#include <rheap/constants.h>
#include <rheap/heap.h>

enum {
    OS_PAGE_BYTES = 4096,
    OS_PAGES = RH_PAGE_BYTES / OS_PAGE_BYTES
};

struct page_slot {
    unsigned char type; // enum rh_type; RH_TYPE_NONE: free
    bool is_marked;
};

struct page_run {
    size_t first;
    size_t count;
};

struct page_picture {
    const char *title; // what heap it is from
    size_t page;
    const void *address;
    const char *state; // "eden", "tomb"
    size_t live;
    size_t marked;
    struct page_slot slots[RH_SLOTS_PER_PAGE];
    struct page_run runs[RH_SLOTS_PER_PAGE / 2];
    size_t run_count;
};

// RH_NOT_FOUND: there is no such page, or it has no memory.
enum rh_status page_picture_take(struct page_picture *picture,
                                 struct rh_heap *heap, const char *title,
                                 size_t page);

// Where a slot begins, in bytes from the start of the page.
static inline size_t
page_slot_offset(size_t slot)
{
    return RH_PAGE_HEADER_BYTES + slot * RH_SLOT_BYTES;
}

// The letter of a type, '.' for a free slot.
char page_letter(unsigned char type);

// A number from 0 to PAGE_KINDS - 1 for what sort of thing a type is, or
// PAGE_KINDS for a free slot; and what the sort is called.
enum {
    PAGE_KINDS = 6
};
unsigned page_kind(unsigned char type);
const char *page_kind_name(unsigned kind);

void page_picture_print(const struct page_picture *picture);
void page_picture_svg(const struct page_picture *picture,
                      struct output *output);

// One JSON object.  False: no memory.
bool page_picture_json(const struct page_picture *picture);

#endif
