// SPDX-License-Identifier: MIT
/*
 * osmap - a snapshot of where a heap lies, and what of it is resident.
 *
 * The format is described in <rheap/osmap.h>.  A snapshot shows memory, so it
 * takes none from where it looks: the table of areas and a sorted copy of the
 * blocks are in pages of their own for as long as it takes.  Bodies and tables
 * are known from the region; mappings of malloc's are those in which a block
 * lies that was noted (blocks.h), and of these the kernel tells the ends.
 */
#include "config.h"

#include "alloc.h"
#include "blocks.h"
#include "os.h"
#include "pagemap.h"

#include <rheap/walk.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_AREAS = 4096,
    TEXT_BYTES = 1 << 17,
    BUFFER_BYTES = 8192,
    PATH_BYTES = 4096,
    MALLOC_HEADER = 16, // of a block of glibc's, in front
    MALLOC_LENT = 8,    // of the next one's that belong to it
    ARENA_ALIGNMENT = 64 << 20
};

#define CHECKSUM_START UINT64_C(0xcbf29ce484222325)
#define CHECKSUM_PRIME UINT64_C(0x100000001b3)

struct snapshot {
    struct rh_heap *heap;
    const struct rh_osmap *osmap; // may be NULL
    size_t bytes;                 // of all of this
    size_t os_page;
    int file;
    int pagemap;
    bool failed; // to write
    uint64_t sum;
    size_t buffered;
    size_t area_count;
    size_t text_used;
    size_t virtual_bytes; // of the process
    size_t resident_bytes;
    uintptr_t brk_end; // where the segment of brk() ends
    _Alignas(8) unsigned char buffer[BUFFER_BYTES];
    struct rh_osmap_area areas[MAX_AREAS];
    char text[TEXT_BYTES];
    char temporary[PATH_BYTES];
    size_t block_count;
    struct rhi_block blocks[]; // by address
};

// --- the file ----------------------------------------------------------------

static void
write_out(struct snapshot *snapshot)
{
    const unsigned char *from = snapshot->buffer;
    size_t left = snapshot->buffered;

    for (size_t i = 0; i < left; i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, from + i, sizeof word);
        snapshot->sum = (snapshot->sum ^ word) * CHECKSUM_PRIME;
    }
    while (left > 0 && !snapshot->failed) {
        ssize_t written = write(snapshot->file, from, left);

        snapshot->failed = written <= 0;
        from += written;
        left -= (size_t)written;
    }
    snapshot->buffered = 0;
}

static void
put(struct snapshot *snapshot, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    while (count > 0) {
        size_t part = rhi_min(count, BUFFER_BYTES - snapshot->buffered);

        memcpy(snapshot->buffer + snapshot->buffered, from, part);
        snapshot->buffered += part;
        from += part;
        count -= part;
        if (snapshot->buffered == BUFFER_BYTES)
            write_out(snapshot);
    }
}

static void
put_padding(struct snapshot *snapshot)
{
    static const unsigned char zeros[8];

    put(snapshot, zeros, -snapshot->buffered & 7);
}

static void
put_section(struct snapshot *snapshot, enum rh_osmap_kind kind,
            size_t item_bytes, size_t count)
{
    struct rh_osmap_section section = { kind, (uint32_t)item_bytes, count };

    put_padding(snapshot);
    put(snapshot, &section, sizeof section);
}

static void
put_header(struct snapshot *snapshot)
{
    struct rh_osmap_header header = {
        .version = RH_OSMAP_VERSION,
        .order = RH_OSMAP_ORDER,
        .page_bytes = (uint32_t)snapshot->os_page,
        .unit_bytes = RH_OSMAP_UNIT,
    };

    memcpy(header.magic, RH_OSMAP_MAGIC, sizeof header.magic);
    put(snapshot, &header, sizeof header);
}

static void
put_end(struct snapshot *snapshot)
{
    uint64_t sum;

    put_padding(snapshot);
    write_out(snapshot);
    sum = snapshot->sum;
    put_section(snapshot, RH_OSMAP_END, sizeof sum, 1);
    put(snapshot, &sum, sizeof sum);
    write_out(snapshot);
}

// --- names -------------------------------------------------------------------

static uint32_t
keep_text(struct snapshot *snapshot, const char *text)
{
    size_t length = strlen(text) + 1;
    size_t position = rhi_max(snapshot->text_used, 1); // 0 is no name

    if (length > TEXT_BYTES - position)
        return 0;
    memcpy(snapshot->text + position, text, length);
    snapshot->text_used = position + length;
    return (uint32_t)position;
}

static uint32_t
keep_numbered(struct snapshot *snapshot, const char *word, size_t number)
{
    char text[64];

    snprintf(text, sizeof text, "%s %zu", word, number);
    return keep_text(snapshot, text);
}

static uint32_t
keep_command(struct snapshot *snapshot)
{
    char text[512];
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;

    if (file >= 0) {
        length = read(file, text, sizeof text - 1);
        close(file);
    }
    if (length <= 0)
        return 0;
    text[length] = '\0';
    for (ssize_t i = 0; i + 1 < length; i++)
        if (!text[i])
            text[i] = ' ';
    return keep_text(snapshot, text);
}

// --- blocks, sorted ----------------------------------------------------------

static int
compare_blocks(const void *a, const void *b)
{
    uintptr_t left = ((const struct rhi_block *)a)->address;
    uintptr_t right = ((const struct rhi_block *)b)->address;

    return left < right ? -1 : left > right;
}

// qsort() would take memory from malloc for a long list.
static void
sift(struct rhi_block *blocks, size_t root, size_t count)
{
    size_t child;

    while ((child = 2 * root + 1) < count) {
        struct rhi_block lower = blocks[root];

        if (child + 1 < count &&
            compare_blocks(&blocks[child + 1], &blocks[child]) > 0)
            child++;
        if (compare_blocks(&lower, &blocks[child]) >= 0)
            return;
        blocks[root] = blocks[child];
        blocks[child] = lower;
        root = child;
    }
}

static void
sort_blocks(struct rhi_block *blocks, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(blocks, i, count);
    for (size_t i = count; i-- > 1;) {
        struct rhi_block last = blocks[i];

        blocks[i] = blocks[0];
        blocks[0] = last;
        sift(blocks, 0, i);
    }
}

static void
copy_blocks(struct snapshot *snapshot)
{
    const struct rh_osmap *osmap = snapshot->osmap;

    for (size_t i = 0; osmap && i < osmap->capacity; i++)
        if (osmap->entries[i].address)
            snapshot->blocks[snapshot->block_count++] = osmap->entries[i];
    sort_blocks(snapshot->blocks, snapshot->block_count);
}

// The first block at or behind an address.
static size_t
block_from(const struct snapshot *snapshot, uintptr_t address)
{
    size_t low = 0, high = snapshot->block_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (snapshot->blocks[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// --- areas -------------------------------------------------------------------

static void
add_area(struct snapshot *snapshot, const struct rh_osmap_area *area)
{
    if (snapshot->area_count < MAX_AREAS && area->start < area->end)
        snapshot->areas[snapshot->area_count++] = *area;
}

static void
add_range(struct snapshot *snapshot, enum rh_osmap_area_kind kind,
          uint32_t name, uintptr_t start, uintptr_t end)
{
    add_area(snapshot, &(struct rh_osmap_area){
                           .start = start,
                           .end = end,
                           .kind = kind,
                           .name = name,
                           .arena = UINT32_MAX,
                           .resident_kb = RH_OSMAP_UNKNOWN,
                       });
}

// Tables begin where they like, and may share a page of the system with the end
// of the one before.
static void
add_tables(struct snapshot *snapshot)
{
    const struct rh_heap *heap = snapshot->heap;
    uintptr_t behind = 0;
    struct rhi_range table;

    for (int n = 0;
         rhi_region_table(&heap->region, n, heap->region.committed, &table);
         n++) {
        uintptr_t start =
            rhi_round_down((uintptr_t)table.start, snapshot->os_page);
        uintptr_t end = rhi_round_up((uintptr_t)table.start + table.bytes,
                                     snapshot->os_page);

        add_range(snapshot, RH_OSMAP_TABLES,
                  keep_numbered(snapshot, "heap table", (size_t)n + 1),
                  rhi_max(start, behind), end);
        behind = rhi_max(end, behind);
    }
}

static void
add_heap(struct snapshot *snapshot)
{
    const struct rh_heap *heap = snapshot->heap;
    uintptr_t base = heap->region.base;
    uintptr_t state = rhi_round_down((uintptr_t)heap, snapshot->os_page);

    add_range(snapshot, RH_OSMAP_BODIES, keep_text(snapshot, "heap pages"),
              base,
              rhi_round_up(base + (heap->region.committed << RHI_PAGE_LOG),
                           snapshot->os_page));
    add_tables(snapshot);
    add_range(snapshot, RH_OSMAP_TABLES, keep_text(snapshot, "heap state"),
              state,
              rhi_round_up((uintptr_t)heap + sizeof *heap, snapshot->os_page));
}

static bool
has_block(const struct snapshot *snapshot, const struct rhi_mapping *mapping)
{
    size_t first = block_from(snapshot, mapping->start);

    return first < snapshot->block_count &&
           snapshot->blocks[first].address < mapping->end;
}

static void
see_mapping(const struct rhi_mapping *mapping, void *context)
{
    struct snapshot *snapshot = context;
    bool is_brk =
        snapshot->brk_end > mapping->start && snapshot->brk_end <= mapping->end;
    bool is_arena = mapping->start % ARENA_ALIGNMENT == 0;

    snapshot->virtual_bytes += mapping->end - mapping->start;
    snapshot->resident_bytes += mapping->resident;
    if (!mapping->plain || !has_block(snapshot, mapping))
        return;
    add_area(snapshot, &(struct rh_osmap_area){
                           .start = mapping->start,
                           .end = mapping->end,
                           .kind = is_brk     ? RH_OSMAP_MAIN
                                   : is_arena ? RH_OSMAP_ARENA
                                              : RH_OSMAP_ANONYMOUS,
                           .flags = RH_OSMAP_PARTIAL,
                           .name = is_brk ? keep_text(snapshot, "main arena")
                                          : keep_numbered(snapshot, "mapping",
                                                          snapshot->area_count),
                           .arena = is_brk ? 0 : UINT32_MAX,
                           .resident_kb = mapping->resident / 1024,
                       });
}

static void
put_areas(struct snapshot *snapshot)
{
    put_section(snapshot, RH_OSMAP_AREA, sizeof snapshot->areas[0],
                snapshot->area_count);
    put(snapshot, snapshot->areas,
        snapshot->area_count * sizeof snapshot->areas[0]);
}

// --- what is resident --------------------------------------------------------

static void
see_page(size_t n, uint64_t entry, void *context)
{
    unsigned char residence = 0;

    (void)n;
    if (entry & RHI_PAGEMAP_PRESENT)
        residence |= RH_OSMAP_PRESENT;
    if (entry & RHI_PAGEMAP_SWAPPED)
        residence |= RH_OSMAP_SWAPPED;
    put(context, &residence, 1);
}

static size_t
pages_of(const struct snapshot *snapshot, const struct rh_osmap_area *area)
{
    return (size_t)(area->end - area->start) / snapshot->os_page;
}

static bool
put_residence(struct snapshot *snapshot)
{
    size_t count = 0;

    for (size_t i = 0; i < snapshot->area_count; i++)
        count += pages_of(snapshot, &snapshot->areas[i]);
    put_section(snapshot, RH_OSMAP_RESIDENCE, 1, count);
    for (size_t i = 0; i < snapshot->area_count; i++)
        if (!rhi_pagemap_read(
                snapshot->pagemap, (uintptr_t)snapshot->areas[i].start,
                pages_of(snapshot, &snapshot->areas[i]), see_page, snapshot))
            return false;
    return true;
}

// --- pages of the heap -------------------------------------------------------

static bool
put_page(struct rh_heap *heap, const struct rh_page_view *view, void *context)
{
    struct rh_osmap_heap_page page = {
        .address = (uintptr_t)view->address,
        .number = view->page,
        .bytes = RHI_PAGE_BYTES,
        .first_slot = RHI_HEADER_BYTES,
        .slot_bytes = (uint32_t)rhi_heap_slot_bytes(heap),
        .slots = (uint32_t)view->slots,
        .live = (uint32_t)view->live_slots,
        .state = view->state,
    };

    if (view->live_slots)
        memcpy(page.slot_bits, view->allocated, sizeof page.slot_bits);
    put(context, &page, sizeof page);
    return true;
}

static void
put_heap_pages(struct snapshot *snapshot)
{
    put_section(snapshot, RH_OSMAP_HEAP_PAGE, sizeof(struct rh_osmap_heap_page),
                snapshot->heap->region.top);
    (void)rh_walk_pages(snapshot->heap, put_page, snapshot);
}

// --- blocks ------------------------------------------------------------------

static size_t
usable_of(const struct snapshot *snapshot, const struct rhi_block *block)
{
    const struct rh_allocator *behind = &snapshot->osmap->allocator;

    if (!behind->usable)
        return block->bytes;
    return behind->usable(behind->context, (const void *)block->address,
                          block->bytes);
}

// A block with a mapping of its own begins behind its header on a page.
static bool
is_mapped(const struct snapshot *snapshot, uintptr_t address, size_t usable)
{
    return address % snapshot->os_page == MALLOC_HEADER &&
           (usable + MALLOC_HEADER) % snapshot->os_page == 0;
}

static void
put_block(struct snapshot *snapshot, const struct rhi_block *block)
{
    size_t usable = usable_of(snapshot, block);
    struct rh_osmap_block out = {
        .address = block->address,
        .size = block->bytes,
        .span = rhi_max(usable, 1),
        .state = RH_OSMAP_BLOCK_USED,
        .age_ms = (uint32_t)((rhi_os_now() - block->made_ns) / 1000000),
    };

#ifdef __GLIBC__
    if (snapshot->osmap->is_default) {
        out.before = MALLOC_HEADER;
        out.span = usable + (is_mapped(snapshot, block->address, usable)
                                 ? MALLOC_HEADER
                                 : MALLOC_LENT);
    }
#else
    (void)is_mapped;
#endif
    put(snapshot, &out, sizeof out);
}

// Those in areas: the table of these may be full.
static void
put_blocks(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->area_count; i++) {
        const struct rh_osmap_area *area = &snapshot->areas[i];
        size_t first = block_from(snapshot, (uintptr_t)area->start);
        size_t end = block_from(snapshot, (uintptr_t)area->end);

        put_section(snapshot, RH_OSMAP_BLOCK, sizeof(struct rh_osmap_block),
                    end - first);
        for (; first < end; first++)
            put_block(snapshot, &snapshot->blocks[first]);
    }
}

// --- all of it ---------------------------------------------------------------

static void
put_process(struct snapshot *snapshot)
{
    const struct rh_osmap *osmap = snapshot->osmap;
    struct rh_osmap_process process = {
        .source = RH_OSMAP_CALLED,
        .reason = RH_OSMAP_BY_CALL,
        .process = (uint64_t)getpid(),
        .number = 1,
        .age_ms = osmap ? (rhi_os_now() - osmap->start_ns) / 1000000 : 0,
        .virtual_kb = snapshot->virtual_bytes / 1024,
        .resident_kb = snapshot->resident_bytes / 1024,
        .allocated = osmap ? osmap->made : 0,
        .freed = osmap ? osmap->made - osmap->used - osmap->lost : 0,
        .program = keep_command(snapshot),
    };

    put_section(snapshot, RH_OSMAP_PROCESS, sizeof process, 1);
    put(snapshot, &process, sizeof process);
    put_section(snapshot, RH_OSMAP_TEXT, 1, snapshot->text_used);
    put(snapshot, snapshot->text, snapshot->text_used);
}

static enum rh_status
put_all(struct snapshot *snapshot)
{
    put_header(snapshot);
    put_areas(snapshot);
    if (!put_residence(snapshot))
        return RH_UNSUPPORTED;
    put_heap_pages(snapshot);
    put_blocks(snapshot);
    put_process(snapshot);
    put_end(snapshot);
    return snapshot->failed ? RH_BAD_ARGUMENT : RH_OK;
}

// Beside the final name, to which it is moved when it is whole.
static enum rh_status
write_file(struct snapshot *snapshot, const char *path)
{
    enum rh_status status;

    if (snprintf(snapshot->temporary, PATH_BYTES, "%s.XXXXXX", path) >=
        PATH_BYTES)
        return RH_BAD_ARGUMENT;
    snapshot->file = mkstemp(snapshot->temporary);
    if (snapshot->file < 0)
        return RH_BAD_ARGUMENT;
    (void)fchmod(snapshot->file, 0644);
    status = put_all(snapshot);
    if (close(snapshot->file) != 0 && status == RH_OK)
        status = RH_BAD_ARGUMENT;
    if (status == RH_OK && rename(snapshot->temporary, path) != 0)
        status = RH_BAD_ARGUMENT;
    if (status != RH_OK)
        unlink(snapshot->temporary);
    return status;
}

static enum rh_status
take(struct snapshot *snapshot, const char *path)
{
    enum rh_status status = RH_UNSUPPORTED;

    copy_blocks(snapshot);
    add_heap(snapshot);
    snapshot->pagemap = rhi_pagemap_open("/proc/self");
    if (snapshot->pagemap < 0)
        return RH_UNSUPPORTED;
    if (rhi_pagemap_mappings("/proc/self", "smaps", see_mapping, snapshot))
        status = write_file(snapshot, path);
    rhi_pagemap_close(snapshot->pagemap);
    return status;
}

// Pages from the system, not from malloc.
static struct snapshot *
snapshot_new(struct rh_heap *heap, const struct rh_osmap *osmap)
{
    const struct rh_memory *memory = &heap->region.memory;
    size_t os_page = rhi_os_page_bytes();
    size_t blocks = osmap ? osmap->used : 0;
    size_t bytes = rhi_round_up(sizeof(struct snapshot) +
                                    blocks * sizeof(struct rhi_block),
                                rhi_max(os_page, memory->page_bytes));
    struct snapshot *snapshot =
        memory->reserve(memory->context, bytes, os_page);

    if (!snapshot)
        return NULL;
    if (!memory->commit(memory->context, snapshot, bytes)) {
        memory->unreserve(memory->context, snapshot, bytes);
        return NULL;
    }
    snapshot->heap = heap;
    snapshot->osmap = osmap;
    snapshot->bytes = bytes;
    snapshot->os_page = os_page;
    snapshot->sum = CHECKSUM_START;
    snapshot->brk_end = (uintptr_t)sbrk(0);
    return snapshot;
}

enum rh_status
rh_osmap_snapshot(struct rh_heap *heap, const struct rh_osmap *osmap,
                  const char *path)
{
    const struct rh_memory *memory = &heap->region.memory;
    struct snapshot *snapshot;
    enum rh_status status;

    if (heap->inside || heap->placing)
        return RH_BUSY;
    snapshot = snapshot_new(heap, osmap);
    if (!snapshot)
        return RH_NO_MEMORY;
    status = take(snapshot, path);
    memory->unreserve(memory->context, snapshot, snapshot->bytes);
    return status;
}
