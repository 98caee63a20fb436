// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/table.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

enum {
    FIRST_BUCKETS = 64, // of a shard
    FULL_PERCENT = 88,  // when to grow
    EMPTY_PERCENT = 25, // when to shrink
    MAX_MOVES = 100,    // before a place is given up
    SPINS = 64
};

__extension__ typedef unsigned __int128 wide;

// --- memory ------------------------------------------------------------------

static size_t
page_bytes(void)
{
    static size_t bytes;

    if (!bytes)
        bytes = (size_t)sysconf(_SC_PAGESIZE);
    return bytes;
}

static size_t
round_to_pages(size_t bytes)
{
    return (bytes + page_bytes() - 1) & ~(page_bytes() - 1);
}

void *
table_pages_new(size_t bytes)
{
    size_t inner = round_to_pages(bytes);
    size_t guard = page_bytes();
    int error = errno;
    char *all = mmap(NULL, inner + 2 * guard, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all != MAP_FAILED &&
        mprotect(all + guard, inner, PROT_READ | PROT_WRITE) != 0) {
        munmap(all, inner + 2 * guard);
        all = MAP_FAILED;
    }
    errno = error;
    return all == MAP_FAILED ? NULL : all + guard;
}

void
table_pages_free(void *pages, size_t bytes)
{
    int error = errno;

    if (pages)
        munmap((char *)pages - page_bytes(),
               round_to_pages(bytes) + 2 * page_bytes());
    errno = error;
}

// --- cells -------------------------------------------------------------------

static inline uint64_t
hash_of(uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t
key_of(struct table_cell cell)
{
    return cell.first >> (TABLE_KIND_BITS + TABLE_SITE_BITS);
}

static inline struct table_shard *
shard_of(struct table *table, uint64_t hash)
{
    return &table->shards[hash >> (64 - TABLE_SHARD_BITS)];
}

static inline uint64_t
scale(uint64_t hash, uint64_t count)
{
    return (uint64_t)(((wide)hash * count) >> 64);
}

// The two buckets of a hash code, whose upper bits have chosen the shard.
static inline struct table_bucket *
first_bucket(const struct table_shard *shard, uint64_t hash)
{
    return &shard
                ->buckets[scale(hash << TABLE_SHARD_BITS, shard->bucket_count)];
}

static inline struct table_bucket *
second_bucket(const struct table_shard *shard, uint64_t hash)
{
    return &shard->buckets[scale((hash ^ hash >> 32) *
                                     UINT64_C(0xd6e8feb86659fd93),
                                 shard->bucket_count)];
}

static inline unsigned
has_key(const struct table_bucket *bucket, unsigned cell, uint64_t key)
{
    return (unsigned)(key_of(bucket->cells[cell]) == key) << cell;
}

// The cell of a bucket with this key; NULL: none.  All four are compared
// without a jump, and without the loop that compilers leave.
static inline struct table_cell *
bucket_find(struct table_bucket *bucket, uint64_t key)
{
    unsigned found = has_key(bucket, 0, key) | has_key(bucket, 1, key) |
                     has_key(bucket, 2, key) | has_key(bucket, 3, key);

    return found ? &bucket->cells[__builtin_ctz(found)] : NULL;
}

struct table_entry
table_entry_of(struct table_cell cell)
{
    return (struct table_entry){
        .address = (uintptr_t)(key_of(cell) << 4),
        .site = (uint16_t)(cell.first >> TABLE_KIND_BITS),
        .kind = (uint8_t)(cell.first & ((1 << TABLE_KIND_BITS) - 1)),
        .time = (uint32_t)(cell.second >> 32),
        .thread = (uint16_t)(cell.second >> 16),
        .low_size = (uint16_t)cell.second,
    };
}

// --- locks -------------------------------------------------------------------

static void
shard_wait(struct table_shard *shard)
{
    int error = errno;

    do {
        for (int i = 0; i < SPINS; i++)
            if (!atomic_load_explicit(&shard->lock, memory_order_relaxed))
                break;
        if (atomic_load_explicit(&shard->lock, memory_order_relaxed))
            sched_yield();
    } while (atomic_exchange_explicit(&shard->lock, 1, memory_order_acquire) !=
             0);
    errno = error;
}

static inline void
shard_lock(struct table_shard *shard, bool shared)
{
    if (!shared)
        atomic_store_explicit(&shard->lock, 1, memory_order_relaxed);
    else if (atomic_exchange_explicit(&shard->lock, 1, memory_order_acquire))
        shard_wait(shard);
}

static inline void
shard_unlock(struct table_shard *shard)
{
    atomic_store_explicit(&shard->lock, 0, memory_order_release);
}

void
table_lock(struct table *table)
{
    for (int i = 0; i < TABLE_SHARDS; i++)
        shard_lock(&table->shards[i], true);
}

void
table_unlock(struct table *table)
{
    for (int i = 0; i < TABLE_SHARDS; i++)
        shard_unlock(&table->shards[i]);
}

// --- one shard ---------------------------------------------------------------

// Both buckets are full: swap with a cell of one, which goes to its other one,
// and so on.  The cell that has no place in the end; first is 0: all have one.
static struct table_cell
shard_push(struct table_shard *shard, struct table_cell cell)
{
    struct table_bucket *bucket = second_bucket(shard, hash_of(key_of(cell)));

    for (int moves = 0; moves < MAX_MOVES; moves++) {
        struct table_cell *there =
            &bucket->cells[shard->turn++ % TABLE_BUCKET_CELLS];
        struct table_cell moved = *there;
        uint64_t hash = hash_of(key_of(moved));
        struct table_cell *free;

        *there = cell;
        cell = moved;
        bucket = bucket == first_bucket(shard, hash)
                     ? second_bucket(shard, hash)
                     : first_bucket(shard, hash);
        free = bucket_find(bucket, 0);
        if (free) {
            *free = cell;
            cell.first = 0;
            break;
        }
    }
    return cell;
}

static inline struct table_cell
shard_place(struct table_shard *shard, struct table_cell cell, uint64_t hash)
{
    struct table_cell *free = bucket_find(first_bucket(shard, hash), 0);

    if (!free)
        free = bucket_find(second_bucket(shard, hash), 0);
    if (!free)
        return shard_push(shard, cell);
    *free = cell;
    cell.first = 0;
    return cell;
}

static void
shard_free(struct table_shard *shard)
{
    table_pages_free(shard->buckets,
                     shard->bucket_count * sizeof *shard->buckets);
    shard->buckets = NULL;
}

static bool
shard_init(struct table_shard *shard, uint64_t bucket_count)
{
    shard->buckets = table_pages_new(bucket_count * sizeof *shard->buckets);
    shard->bucket_count = bucket_count;
    shard->limit = bucket_count * TABLE_BUCKET_CELLS * FULL_PERCENT / 100;
    shard->least = bucket_count > FIRST_BUCKETS
                       ? bucket_count * TABLE_BUCKET_CELLS * EMPTY_PERCENT / 100
                       : 0;
    return shard->buckets != NULL;
}

// Copy all cells; false: one found no place.
static bool
shard_copy(struct table_shard *to, const struct table_shard *from)
{
    for (uint64_t i = 0; i < from->bucket_count; i++)
        for (int j = 0; j < TABLE_BUCKET_CELLS; j++) {
            struct table_cell cell = from->buckets[i].cells[j];

            if (cell.first &&
                shard_place(to, cell, hash_of(key_of(cell))).first)
                return false;
        }
    return true;
}

static bool
shard_resize(struct table_shard *shard, uint64_t bucket_count)
{
    struct table_shard new = { .turn = shard->turn };

    if (!shard_init(&new, bucket_count))
        return false;
    if (!shard_copy(&new, shard)) {
        shard_free(&new);
        return false;
    }
    shard_free(shard);
    shard->buckets = new.buckets;
    shard->bucket_count = new.bucket_count;
    shard->limit = new.limit;
    shard->least = new.least;
    return true;
}

static bool
shard_grow(struct table_shard *shard)
{
    return shard_resize(shard, shard->bucket_count + shard->bucket_count / 5) ||
           shard_resize(shard, shard->bucket_count * 3 / 2);
}

// A large table of few blocks; failing to make it small is no failure.
static __attribute__((noinline)) void
shard_shrink(struct table_shard *shard)
{
    uint64_t count = shard->bucket_count / 2;

    (void)shard_resize(shard, count > FIRST_BUCKETS ? count : FIRST_BUCKETS);
}

// Place a cell, whatever must grow for it.  False: no memory; the cell that was
// left without a place is lost.
static __attribute__((noinline)) bool
shard_insist(struct table_shard *shard, struct table_cell cell)
{
    if (shard->used >= shard->limit)
        (void)shard_grow(shard); // perhaps it fits all the same
    for (int i = 0; i < 4; i++) {
        cell = shard_place(shard, cell, hash_of(key_of(cell)));
        if (!cell.first)
            return true;
        if (!shard_grow(shard))
            break;
    }
    return false;
}

// --- all of them -------------------------------------------------------------

bool
table_init(struct table *table)
{
    for (int i = 0; i < TABLE_SHARDS; i++) {
        struct table_shard *shard = &table->shards[i];

        *shard = (struct table_shard){ .turn = 0 };
        if (!shard_init(shard, FIRST_BUCKETS))
            return false;
    }
    return true;
}

void
table_fini(struct table *table)
{
    for (int i = 0; i < TABLE_SHARDS; i++)
        shard_free(&table->shards[i]);
}

bool
table_add(struct table *table, struct table_cell cell, bool shared)
{
    uint64_t hash = hash_of(key_of(cell));
    struct table_shard *shard = shard_of(table, hash);
    struct table_cell *free;
    bool has_place = true;

    shard_lock(shard, shared);
    free = bucket_find(first_bucket(shard, hash), 0);
    if (free && shard->used < shard->limit)
        *free = cell;
    else
        has_place = shard_insist(shard, cell);
    shard->used += has_place;
    shard->added++;
    shard_unlock(shard);
    return has_place;
}

struct table_cell
table_remove(struct table *table, uintptr_t address, bool shared)
{
    uint64_t key = (uint64_t)address >> 4;
    uint64_t hash = hash_of(key);
    struct table_shard *shard = shard_of(table, hash);
    struct table_cell *found, cell = { 0, 0 };

    shard_lock(shard, shared);
    found = bucket_find(first_bucket(shard, hash), key);
    if (!found)
        found = bucket_find(second_bucket(shard, hash), key);
    if (found) {
        cell = *found;
        found->first = 0;
        if (--shard->used < shard->least)
            shard_shrink(shard);
    }
    shard_unlock(shard);
    return cell;
}

bool
table_has(const struct table *table, uintptr_t address)
{
    uint64_t key = (uint64_t)address >> 4;
    uint64_t hash = hash_of(key);
    const struct table_shard *shard =
        &table->shards[hash >> (64 - TABLE_SHARD_BITS)];

    return bucket_find(first_bucket(shard, hash), key) ||
           bucket_find(second_bucket(shard, hash), key);
}

uint64_t
table_count(const struct table *table)
{
    uint64_t count = 0;

    for (int i = 0; i < TABLE_SHARDS; i++)
        count += table->shards[i].used;
    return count;
}

uint64_t
table_added(const struct table *table)
{
    uint64_t count = 0;

    for (int i = 0; i < TABLE_SHARDS; i++)
        count += table->shards[i].added;
    return count;
}

uint64_t
table_bytes(const struct table *table)
{
    uint64_t bytes = sizeof *table;

    for (int i = 0; i < TABLE_SHARDS; i++)
        bytes += round_to_pages(table->shards[i].bucket_count *
                                sizeof(struct table_bucket));
    return bytes;
}
