// SPDX-License-Identifier: MIT
/*
 * table - the blocks that are out, by address, in 16 bytes each.
 *
 *     first    | address / 16: 44 bits | site: 16 | kind: 4 |
 *     second   | time in ms: 32 | thread: 16 | low 16 bits of the size |
 *
 * The recorder asks for nothing else while the program runs; the rest of a
 * block's size is in the allocator's own header when a snapshot is taken.
 *
 * There are 64 shards, each with a lock and an array of buckets: four cells in a
 * cache line.  A block has two buckets where it may be, by two hash codes.  It
 * goes into the first that has room; when neither has, a cell moves to its
 * other bucket to make some.  So finding a block is one or two cache lines,
 * taking it out clears a cell, and the buckets can be 88% full; then they grow
 * by a fifth, which makes 18 to 22 bytes a block.
 *
 * Memory comes from mmap(), between two pages that nobody may touch, lest the
 * kernel joins it to the mapping of one of malloc's arenas.  Nothing here calls
 * malloc, and errno stays as it was.
 */
#ifndef TOOLS_OSMAP_TABLE_H
#define TOOLS_OSMAP_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TABLE_SHARDS = 64,
    TABLE_SHARD_BITS = 6
};

// What a block lies in, as the allocator's header said when it was made.
enum table_kind {
    TABLE_MAIN = 1, // main arena
    TABLE_ARENA,    // another arena
    TABLE_MAPPED,   // a mapping of its own
    TABLE_OTHER     // another allocator's
};

struct table_cell {
    uint64_t first; // 0: free
    uint64_t second;
};

enum {
    TABLE_BUCKET_CELLS = 4
};

struct table_bucket {
    struct table_cell cells[TABLE_BUCKET_CELLS];
};

struct table_shard {
    atomic_uint lock;
    uint32_t turn; // which cell of a full bucket moves next
    struct table_bucket *buckets;
    uint64_t bucket_count;
    uint64_t used;
    uint64_t limit; // of `used`; then it is time to grow
    uint64_t least; // of `used`; then it is time to shrink
    uint64_t added; // ever
    char pad[8];    // a cache line each
};

struct table {
    struct table_shard shards[TABLE_SHARDS];
};

struct table_entry {
    uintptr_t address;
    uint32_t time;
    uint16_t thread;
    uint16_t site;
    uint16_t low_size; // of the size that was asked for
    uint8_t kind;      // enum table_kind
};

// False: no memory.  A table needs no end: it lives as long as the process.
bool table_init(struct table *table);

// Give back the memory all the same.
void table_fini(struct table *table);

// Add a block; its address must not be there.  False: no memory, and it was not
// added.  `shared`: other threads may be about.
bool table_add(struct table *table, struct table_cell cell, bool shared);

// Take a block out; the cell, with 0 as first if it was not there.
struct table_cell table_remove(struct table *table, uintptr_t address,
                               bool shared);

// Whether it is there, with the table locked.
bool table_has(const struct table *table, uintptr_t address);

// All shards at once, for a moment in which nothing changes.
void table_lock(struct table *table);
void table_unlock(struct table *table);

struct table_entry table_entry_of(struct table_cell cell);

enum {
    TABLE_KIND_BITS = 4,
    TABLE_SITE_BITS = 16
};

static inline struct table_cell
table_cell_of(const struct table_entry *entry)
{
    uint64_t key = (uint64_t)entry->address >> 4;

    return (struct table_cell){
        .first = key << (TABLE_KIND_BITS + TABLE_SITE_BITS) |
                 (uint64_t)entry->site << TABLE_KIND_BITS | entry->kind,
        .second = (uint64_t)entry->time << 32 | (uint64_t)entry->thread << 16 |
                  entry->low_size,
    };
}

uint64_t table_count(const struct table *table);
uint64_t table_added(const struct table *table); // ever
uint64_t table_bytes(const struct table *table);

// `bytes` of zeros between two forbidden pages, or NULL.
void *table_pages_new(size_t bytes);
void table_pages_free(void *pages, size_t bytes);

#endif
