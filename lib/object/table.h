// SPDX-License-Identifier: MIT
/*
 * table - a hash table that keeps insertion order, in one block.
 *
 *     | header | pairs: key, value | codes | numbers | cells |
 *                `capacity` of each                    2 * capacity, or none
 *
 * Entries are added behind the last one: the arrays are the insertion order.
 * A deleted entry stays as a gap (its key is undef) until the table is rebuilt,
 * which happens when it is full.  Up to eight entries are searched one by one,
 * comparing 32-bit codes; more have an index, open addressing in cells that
 * hold the entry's position + 1.
 *
 * Every entry has a *number*, one higher than that of the entry added before
 * it, and keeps it when gaps are closed.  So a place in an iteration is a
 * number, not a position: whatever happens to the table, the next entry is the
 * first with a number that is at least as high, and entries that came later
 * than the iteration have numbers above its limit.  Iterating writes nothing.
 * After 2^32 - 1 insertions numbers begin again at 0, in a new *epoch*;
 * iterations of the old epoch have lost their place and end.
 *
 * A table that is rebuilt gets a new *serial*, which no other table of the
 * heap ever has: by this a search notices that the embedder's equality
 * function changed the table under it.
 *
 * The table knows no keys: who compares and who allocates is hash.c.
 *
 * Next: hash.h.
 */
#ifndef RHI_OBJECT_TABLE_H
#define RHI_OBJECT_TABLE_H

#include "object/object.h"

enum {
    RHI_TABLE_LINEAR = 8, // entries without an index
    RHI_TABLE_MAX = 1 << 29
};

struct rhi_pair_entry {
    rh_value key; // RH_UNDEF: a gap
    rh_value value;
};

struct rhi_table {
    uint32_t capacity; // entries there is room for, a power of two
    uint32_t bound;    // entries and gaps
    uint32_t size;     // entries
    uint32_t changes;  // counts entries added, changed, taken away
    uint32_t next;     // number of the next entry
    uint32_t unused;
    uint64_t epoch;  // of the numbers
    uint64_t serial; // of this table
    struct rhi_pair_entry pairs[];
};

_Static_assert(sizeof(struct rhi_table) == 40, "pairs are aligned");

RHI_INLINE uint32_t
rhi_table_cell_count(const struct rhi_table *table)
{
    return table->capacity > RHI_TABLE_LINEAR ? table->capacity * 2 : 0;
}

RHI_INLINE uint32_t *
rhi_table_codes(struct rhi_table *table)
{
    return (uint32_t *)(table->pairs + table->capacity);
}

RHI_INLINE uint32_t *
rhi_table_numbers(struct rhi_table *table)
{
    return rhi_table_codes(table) + table->capacity;
}

RHI_INLINE uint32_t *
rhi_table_cells(struct rhi_table *table)
{
    return rhi_table_numbers(table) + table->capacity;
}

// Bytes of a table's block.
size_t rhi_table_bytes(uint32_t capacity);

// The least capacity for `count` entries: with an index, a quarter is left, so
// that the next rebuilding is a while away.  0: too many.
uint32_t rhi_table_capacity_for(size_t count);

// Begin an empty table in a block of rhi_table_bytes(capacity).
void rhi_table_init(struct rhi_table *table, uint32_t capacity, uint64_t epoch,
                    uint64_t serial);

// Add an entry that is not there; there is room.  Its number is `number`,
// which is at least `next`.
void rhi_table_add(struct rhi_table *table, uint32_t code, uint32_t number,
                   rh_value key, rh_value value);

// Codes have changed: make the index again, in place.
void rhi_table_reindex(struct rhi_table *table);

// Make the entry at a position a gap.
void rhi_table_cut(struct rhi_table *table, uint32_t position);

// All entries of `from` to the empty table `to`, in order, without gaps.  When
// the numbers of `from` run out, `to` begins new ones.
void rhi_table_copy(struct rhi_table *to, struct rhi_table *from);

// The first position of an entry whose number is at least `number`, or bound.
uint32_t rhi_table_seek(struct rhi_table *table, uint32_t number);

// Positions whose entries have `code`, one after the other.  Begin with
// rhi_probe_begin(); rhi_probe_next() answers whether there was one more, in
// `position`.
struct rhi_probe {
    uint32_t code;
    uint32_t step;     // cells or entries looked at
    uint32_t position; // found
};

void rhi_probe_begin(struct rhi_probe *probe, uint32_t code);
bool rhi_probe_next(struct rhi_probe *probe, struct rhi_table *table);

rhi_finding rhi_table_check(struct rhi_table *table);

#endif
