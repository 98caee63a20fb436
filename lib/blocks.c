// SPDX-License-Identifier: MIT
#include "config.h"

#include "blocks.h"

#include "os.h"

#include <rheap/config.h>

enum {
    FIRST_CAPACITY = 256
};

// --- the table ---------------------------------------------------------------

static size_t
home_of(const struct rh_osmap *blocks, uintptr_t address)
{
    uint64_t hash = (uint64_t)(address >> 3) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 32) & (blocks->capacity - 1);
}

// The entry of an address, or the free one where it would be.
static size_t
entry_find(const struct rh_osmap *blocks, uintptr_t address)
{
    size_t at = home_of(blocks, address);

    while (blocks->entries[at].address &&
           blocks->entries[at].address != address)
        at = (at + 1) & (blocks->capacity - 1);
    return at;
}

static bool
table_resize(struct rh_osmap *blocks, size_t capacity)
{
    struct rh_allocator *allocator = &blocks->allocator;
    struct rhi_block *old = blocks->entries;
    size_t old_capacity = blocks->capacity;
    struct rhi_block *entries =
        allocator->alloc(allocator->context, capacity * sizeof *entries, true);

    if (!entries)
        return false;
    blocks->entries = entries;
    blocks->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].address)
            entries[entry_find(blocks, old[i].address)] = old[i];
    if (old)
        allocator->free(allocator->context, old, old_capacity * sizeof *old);
    return true;
}

static void
note(struct rh_osmap *blocks, const void *block, size_t bytes)
{
    struct rhi_block *entry;

    blocks->made++;
    if ((blocks->used + 1) * 4 > blocks->capacity * 3 && // O1
        !table_resize(blocks, blocks->capacity * 2)) {
        blocks->lost++;
        return;
    }
    entry = &blocks->entries[entry_find(blocks, (uintptr_t)block)];
    blocks->used += !entry->address;
    *entry = (struct rhi_block){
        .address = (uintptr_t)block,
        .bytes = bytes,
        .made_ns = rhi_os_now(),
    };
}

// Fill the gap with the next entry that could otherwise not be found.
static void
close_gap(struct rh_osmap *blocks, size_t gap)
{
    size_t mask = blocks->capacity - 1;

    for (size_t at = (gap + 1) & mask; blocks->entries[at].address;
         at = (at + 1) & mask) {
        size_t home = home_of(blocks, blocks->entries[at].address);

        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        blocks->entries[gap] = blocks->entries[at];
        gap = at;
    }
    blocks->entries[gap].address = 0;
}

static void
forget(struct rh_osmap *blocks, const void *block)
{
    size_t at = entry_find(blocks, (uintptr_t)block);

    if (!blocks->entries[at].address)
        return; // lost, or from before
    close_gap(blocks, at);
    blocks->used--;
}

// --- the allocator in front --------------------------------------------------

static void *
noted_alloc(void *context, size_t bytes, bool zeroed)
{
    struct rh_osmap *blocks = context;
    struct rh_allocator *behind = &blocks->allocator;
    void *block = behind->alloc(behind->context, bytes, zeroed);

    if (block)
        note(blocks, block, bytes);
    return block;
}

static void *
noted_resize(void *context, void *block, size_t old_bytes, size_t new_bytes)
{
    struct rh_osmap *blocks = context;
    struct rh_allocator *behind = &blocks->allocator;
    void *resized =
        behind->resize(behind->context, block, old_bytes, new_bytes);

    if (!resized)
        return NULL;
    forget(blocks, block);
    note(blocks, resized, new_bytes);
    return resized;
}

static void
noted_free(void *context, void *block, size_t bytes)
{
    struct rh_osmap *blocks = context;
    struct rh_allocator *behind = &blocks->allocator;

    forget(blocks, block);
    behind->free(behind->context, block, bytes);
}

static bool
noted_trim(void *context)
{
    struct rh_allocator *behind = &((struct rh_osmap *)context)->allocator;

    return behind->trim(behind->context);
}

static size_t
noted_usable(void *context, const void *block, size_t bytes)
{
    struct rh_allocator *behind = &((struct rh_osmap *)context)->allocator;

    return behind->usable(behind->context, block, bytes);
}

// --- for the program ---------------------------------------------------------

static bool
is_default(const struct rh_allocator *allocator)
{
    struct rh_allocator ours;

    rh_allocator_init(&ours);
    return allocator->alloc == ours.alloc;
}

struct rh_osmap *
rh_osmap_new(struct rh_config *config)
{
    struct rh_allocator behind = config->allocator;
    struct rh_osmap *blocks =
        behind.alloc(behind.context, sizeof *blocks, true);

    if (!blocks)
        return NULL;
    blocks->allocator = behind;
    if (!table_resize(blocks, FIRST_CAPACITY)) {
        behind.free(behind.context, blocks, sizeof *blocks);
        return NULL;
    }
    blocks->is_default = is_default(&behind);
    blocks->start_ns = rhi_os_now();
    config->allocator = (struct rh_allocator){
        .alloc = noted_alloc,
        .resize = noted_resize,
        .free = noted_free,
        .trim = behind.trim ? noted_trim : NULL,
        .usable = behind.usable ? noted_usable : NULL,
        .context = blocks,
    };
    return blocks;
}

void
rh_osmap_free(struct rh_osmap *osmap)
{
    struct rh_allocator behind;

    if (!osmap)
        return;
    behind = osmap->allocator;
    behind.free(behind.context, osmap->entries,
                osmap->capacity * sizeof *osmap->entries);
    behind.free(behind.context, osmap, sizeof *osmap);
}

const char *
rhi_blocks_check(const struct rh_osmap *blocks)
{
    size_t used = 0;

    for (size_t i = 0; i < blocks->capacity; i++)
        used += blocks->entries[i].address != 0;
    return used == blocks->used && used * 4 <= blocks->capacity * 3 ? NULL
                                                                    : "O1";
}
