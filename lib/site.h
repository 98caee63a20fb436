// SPDX-License-Identifier: MIT
/*
 * site - where each object was allocated, if somebody wants to know.
 *
 * What is kept for an object is the number of its place and a generation, 8
 * bytes.  They lie in an array for each page, made when the first object of the
 * page is traced and given back when the last has died, with a line of bits
 * that says which slots have a record:
 *
 *     arrays[page] --> | known: 64 bytes of bits | record 0 | record 1 | ...
 *
 * A record is found by arithmetic, and the dead are forgotten by arithmetic,
 * too: known &= mark, a line at a time, before the sweep.  So a slot that is
 * handed out again never shows the site of its former object.
 *
 * Memory is taken by allocations only.  Where it is refused the object has no
 * site, and that is counted.  A compaction, which may not take any, has arrays
 * made for all pages before it begins: before the collection that it follows,
 * so empty ones are kept until all is over.
 *
 * INVARIANTS
 *   D1  a slot with a record has an object
 *   D2  the place of a record is one of those that are known
 *   D3  count is the number of known bits
 *
 * Next: sweep.h, burying what was not found.
 */
#ifndef RHI_SITE_H
#define RHI_SITE_H

#include "mark.h"
#include "place.h"
#include "space.h"

#include <rheap/site.h>

struct rhi_site_record {
    uint32_t place; // its index, see place.h
    uint32_t generation;
};

struct rhi_site_array {
    rhi_line known; // slots with a record
    struct rhi_site_record records[];
};

struct rhi_sites {
    const struct rhi_space *space;
    struct rhi_meter *meter;
    struct rh_site present;         // the program writes it
    rh_site_fn ask;                 // NULL: nobody
    void *context;                  // passed to it
    unsigned starts;                // not yet stopped
    bool prepared;                  // for objects to move: keep empty arrays
    struct rhi_site_array **arrays; // [page number], or NULL
    size_t array_room;              // pages that `arrays` has room for
    size_t count;                   // objects with a record
    uint64_t lost;                  // objects without one, for want of memory
    struct rhi_places places;
};

void rhi_sites_init(struct rhi_sites *sites, const struct rhi_space *space,
                    struct rhi_meter *meter);

// Forget everything and give all memory back.  The present site stays.
void rhi_sites_clear(struct rhi_sites *sites);

RHI_INLINE bool
rhi_sites_are_traced(const struct rhi_sites *sites)
{
    return sites->starts != 0;
}

// A slot was just handed out: record the present site.
void rhi_sites_note(struct rhi_sites *sites, void *slot, uint64_t generation);

// The same for an object that may have one, and any site; false: no memory.
bool rhi_sites_set(struct rhi_sites *sites, const void *object,
                   const struct rh_site *site);

// The site of an object, or false.
bool rhi_sites_find(const struct rhi_sites *sites, const void *object,
                    struct rh_site *site);

// Marking is over: forget objects without a bit in the marker's plane.  When
// only young ones can have died (`minor`), other pages are not looked at.
// O(pages), or pages allocated from.
void rhi_sites_forget(struct rhi_sites *sites, const struct rh_marker *marker,
                      bool minor);

// Objects are about to move: if there are any records, make arrays for all pages
// with memory and for the first `more` without.  False: not for all.
bool rhi_sites_prepare(struct rhi_sites *sites, size_t more);

// They have moved, or will not: empty arrays may go again.  O(pages), once after
// rhi_sites_prepare().
void rhi_sites_settle(struct rhi_sites *sites);

// An object has moved.  O(1).  Without an array at its new place it loses its
// site.
void rhi_sites_moved(struct rhi_sites *sites, const void *from, const void *to);

const char *rhi_sites_check(const struct rhi_sites *sites);

#endif
