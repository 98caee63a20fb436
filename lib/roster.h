// SPDX-License-Identifier: MIT
/*
 * roster - what is kept about some few objects, beside the heap.
 *
 * Most objects never have a finalizer, an id or a weak reference, so nothing
 * about these is in the slot.  It is in a roster: an array of entries in order
 * of arrival, each beginning with the object that it is about, and an index
 * that finds it.  One bit in the plane `special` says whether any roster knows
 * an object; those without it cost nothing.
 *
 *     | old entries, and gaps          | young entries  | room |
 *     0                        old_count            count   capacity
 *
 * After a collection all that is alive is old, and so are the entries about
 * it.  New ones go behind, so a minor collection looks only at entries from
 * old_count on.
 *
 * An entry that is cut leaves a gap.  Gaps are closed, in place, when room is
 * wanted; entries keep their order.  Collecting never allocates: cutting
 * entries and closing gaps need no memory.
 *
 * Entries are indexed late: those from `indexed` on are not in the index yet,
 * and rhi_roster_find() puts them there first.  Whoever registers a million
 * finalizers and never asks for one pays for no index.  If there is no memory
 * for it, looking through those entries does as well.
 *
 * A *chained* roster may have several entries about one object: the index
 * leads to the latest, and `link` from each to the one before.  Entries that
 * are not indexed have no links, so each of them must be alone.  The earliest
 * entry of a chain may go without the next one being told: a link that leads
 * to a gap is the end, like no link.  In other rosters `link` is for their
 * owner's use.
 *
 * INVARIANTS
 *   L1  gaps and indexed are at most count, which is at most capacity, and so
 *       is old_count; `gaps` counts the gaps
 *   L2  the index finds every entry below `indexed`, and has no other cells;
 *       links of a chain lead down, to a gap or to an entry about the same
 *       object
 *   L3  the object of every entry is alive and has its special bit, or lies
 *       outside the region
 *
 * Next: waiting.h.
 */
#ifndef RHI_ROSTER_H
#define RHI_ROSTER_H

#include "index.h"
#include "mark.h"
#include "word.h"

// Every entry begins with this.
struct rhi_entry {
    void *object;
    uint32_t code; // in the index; by address, this is for the owner's use
    uint32_t link; // RHI_GAP: this is a gap; 0: none; else a position + 1
};

// Entries that are numbered when they arrive.  A gap keeps its number, so that
// numbers ascend with positions.
struct rhi_numbered {
    struct rhi_entry entry;
    uint64_t number;
};

#define RHI_GAP UINT32_MAX
#define RHI_ROSTER_MAX (UINT32_MAX / 2) // entries

enum rhi_roster_kind {
    RHI_ROSTER_BY_ADDRESS = 1, // codes are those of addresses
    RHI_ROSTER_CHAINED = 2
};

struct rhi_roster {
    struct rhi_region *region;
    struct rhi_meter *meter;
    char *entries;
    size_t entry_bytes;
    unsigned kind;      // enum rhi_roster_kind
    uint32_t capacity;  // entries there is memory for
    uint32_t count;     // entries and gaps
    uint32_t gaps;      // of these
    uint32_t old_count; // entries and gaps a collection has looked at
    uint32_t indexed;   // entries and gaps the index knows
    uint32_t closings;  // how often positions have changed
    struct rhi_index index;
};

// Where an object is now, for those who follow after objects have moved.
typedef void *(*rhi_forward_fn)(void *context, void *object);

// Needs no memory.
void rhi_roster_init(struct rhi_roster *roster, struct rhi_region *region,
                     struct rhi_meter *meter, size_t entry_bytes,
                     unsigned kind);
void rhi_roster_fini(struct rhi_roster *roster);

// Make room for `more` entries; false: no memory.  May close gaps.
bool rhi_roster_reserve(struct rhi_roster *roster, size_t more);

// Append an entry, zero but for its head, where there is room; its position.
uint32_t rhi_roster_add(struct rhi_roster *roster, void *object, uint32_t code);

// Index all entries, and have room in the index for `more`; false: no memory.
bool rhi_roster_index(struct rhi_roster *roster, size_t more);

// The latest entry about an object, or RHI_NOWHERE.  Of rosters by address.
uint32_t rhi_roster_find(struct rhi_roster *roster, const void *object);

// The entry before that one about the same object, or RHI_NOWHERE.
uint32_t rhi_roster_before(const struct rhi_roster *roster, uint32_t position);

// Make an entry a gap.  O(chain).
void rhi_roster_cut(struct rhi_roster *roster, uint32_t position);

// The same for the earliest entry about its object.  O(1).
void rhi_roster_drop(struct rhi_roster *roster, uint32_t position);

// Move the entries together.
void rhi_roster_close(struct rhi_roster *roster);

// A collection has looked at all entries that it had to: those left are old.
// Closes gaps if there are many, but then only when `minor` is false.
void rhi_roster_grow_old(struct rhi_roster *roster, bool minor);

// The first position whose number is at least `number`, or count.  Of rosters
// with numbered entries.
uint32_t rhi_roster_seek(const struct rhi_roster *roster, uint64_t number);

// Objects have moved.
void rhi_roster_moved(struct rhi_roster *roster, rhi_forward_fn forward,
                      void *context);

const char *rhi_roster_check(const struct rhi_roster *roster);

RHI_INLINE struct rhi_entry *
rhi_roster_at(const struct rhi_roster *roster, uint32_t position)
{
    return (struct rhi_entry *)(void *)(roster->entries +
                                        position * roster->entry_bytes);
}

// Entries that are no gaps.
RHI_INLINE size_t
rhi_roster_size(const struct rhi_roster *roster)
{
    return roster->count - roster->gaps;
}

// The code of an address: slots are multiples of 8.
RHI_INLINE uint32_t
rhi_roster_code(const void *object)
{
    return (uint32_t)((uintptr_t)object >> 3);
}

#endif
