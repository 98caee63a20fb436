// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/capture.h"

#include <string.h>

enum {
    HEADER_BYTES = 16 // of a block of glibc
};

// What glibc keeps in front of a block: the size of the one before, or for
// blocks with their own mapping the bytes in front, and its own size.
static uint64_t
header_word(uintptr_t address, int which)
{
    return ((const uint64_t *)address)[which - 2];
}

static void
measure_glibc(const struct capture *capture, const struct table_entry *entry,
              struct rh_osmap_block *block)
{
    uint64_t size = header_word(entry->address, 1) & ~UINT64_C(7);
    uint64_t before = HEADER_BYTES;

    if (entry->kind == TABLE_MAPPED)
        before += header_word(entry->address, 0);
    if (((entry->address - before) & (capture->page_bytes - 1)) &&
        entry->kind == TABLE_MAPPED)
        before = HEADER_BYTES; // overwritten
    block->before = (uint32_t)before;
    block->span = size + before - HEADER_BYTES;
    block->size = size - (entry->kind == TABLE_MAPPED ? 16 : 8);
}

// Where a block lies, and how long it is.
static void
measure(const struct capture *capture, const struct table_entry *entry,
        struct rh_osmap_block *block)
{
    block->address = entry->address;
    if (entry->kind != TABLE_OTHER) {
        measure_glibc(capture, entry, block);
    } else {
        block->before = 0;
        block->size = capture->recording->usable((void *)entry->address);
        block->span = block->size ? block->size : 1;
    }
    block->size -= (block->size - entry->low_size) & UINT16_MAX;
}

// Note where blocks lie, and which have mappings of their own.
static void
look_at(struct capture *capture, const struct table_entry *entry)
{
    struct maps_entry *mapping = maps_at(&capture->maps, entry->address);
    struct rh_osmap_block block;
    struct range *range;

    if (!mapping)
        return;
    if (entry->kind != TABLE_MAPPED) {
        mapping->has_blocks |= entry->kind != TABLE_ARENA;
        return;
    }
    measure(capture, entry, &block);
    if (capture->mapped_count == MAX_MAPPED ||
        block.span > mapping->end - mapping->start)
        return;
    range = &capture->mapped[capture->mapped_count++];
    range->start = block.address - block.before;
    range->end = range->start + block.span;
}

static const struct rh_osmap_area *
area_at(const struct capture *capture, uint64_t address)
{
    size_t low = 0, high = capture->area_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (capture->areas[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == capture->area_count || capture->areas[low].start > address)
        return NULL;
    return &capture->areas[low];
}

static void
flush_blocks(struct capture *capture)
{
    if (!capture->batch_used)
        return;
    osmap_write_section(&capture->writer, RH_OSMAP_BLOCK,
                        sizeof(struct rh_osmap_block), capture->batch_used);
    osmap_write_items(&capture->writer, capture->batch, capture->batch_used);
    capture->batch_used = 0;
}

static void
add_block(struct capture *capture, const struct rh_osmap_block *block)
{
    capture->batch[capture->batch_used++] = *block;
    if (capture->batch_used == BATCH)
        flush_blocks(capture);
}

static void
write_block(struct capture *capture, const struct table_entry *entry)
{
    struct rh_osmap_block block = {
        .state = RH_OSMAP_BLOCK_USED,
        .age_ms = capture->now_ms - entry->time,
        .thread = entry->thread,
        .site = capture->site_numbers[entry->site],
    };
    const struct rh_osmap_area *area = area_at(capture, entry->address);

    if (!area) {
        capture->strays++;
        return;
    }
    measure(capture, entry, &block);
    if (block.before > block.address - area->start)
        block.before = (uint32_t)(block.address - area->start);
    if (block.span > area->end - (block.address - block.before) || !block.span)
        block.span = RH_OSMAP_UNIT * 2; // its header was overwritten
    add_block(capture, &block);
}

// What glibc says of the rest, if it was asked.
static void
write_chunks(struct capture *capture)
{
    const struct arenas *arenas = capture->arenas;

    for (uint64_t i = 0; arenas && arenas->is_good && i < arenas->count; i++) {
        const struct arenas_chunk *chunk = &arenas->chunks[i];
        uint64_t span = chunk->size_and_state & ~UINT64_C(15);
        const struct rh_osmap_area *area = area_at(capture, chunk->start);

        if (!area || span <= HEADER_BYTES || span > area->end - chunk->start)
            continue;
        add_block(capture, &(struct rh_osmap_block){
                               .address = chunk->start + HEADER_BYTES,
                               .size = span - 8,
                               .span = span,
                               .before = HEADER_BYTES,
                               .state = chunk->size_and_state & 15,
                           });
    }
}

static void
each_in_bucket(struct capture *capture, const struct table_bucket *bucket,
               void (*fn)(struct capture *, const struct table_entry *))
{
    for (int i = 0; i < TABLE_BUCKET_CELLS; i++)
        if (bucket->cells[i].first) {
            struct table_entry entry = table_entry_of(bucket->cells[i]);

            fn(capture, &entry);
        }
}

static void
each_block(struct capture *capture,
           void (*fn)(struct capture *, const struct table_entry *))
{
    const struct table *table = &capture->recording->table;

    for (int i = 0; i < TABLE_SHARDS; i++)
        for (uint64_t at = 0; at < table->shards[i].bucket_count; at++)
            each_in_bucket(capture, &table->shards[i].buckets[at], fn);
}

// Heap sort: qsort() may call malloc.
static void
sift(struct range *ranges, size_t root, size_t count)
{
    size_t child;

    while ((child = 2 * root + 1) < count) {
        struct range lower = ranges[root];

        if (child + 1 < count && ranges[child + 1].start > ranges[child].start)
            child++;
        if (lower.start >= ranges[child].start)
            return;
        ranges[root] = ranges[child];
        ranges[child] = lower;
        root = child;
    }
}

static void
sort_ranges(struct range *ranges, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(ranges, i, count);
    for (size_t i = count; i-- > 1;) {
        struct range last = ranges[i];

        ranges[i] = ranges[0];
        ranges[0] = last;
        sift(ranges, 0, i);
    }
}

void
capture_find_mapped(struct capture *capture)
{
    each_block(capture, look_at);
    sort_ranges(capture->mapped, capture->mapped_count);
}

void
capture_write_blocks(struct capture *capture)
{
    each_block(capture, write_block);
    write_chunks(capture);
    flush_blocks(capture);
}
