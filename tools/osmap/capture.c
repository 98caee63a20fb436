// SPDX-License-Identifier: MIT
/*
 * capture - a snapshot of the program that we are in.
 *
 * Runs with all signals blocked, the table locked, and possibly with malloc
 * locked by the very thread that we interrupted: it calls the system and
 * nothing else.  Its own memory is mapped for the occasion, so that what the
 * snapshot shows of malloc is what the program did.
 *
 * What cannot be written is told in the file "status" beside the snapshots,
 * which whoever started the program has made, with room in it, in advance.
 */
#include "config.h"

#include "osmap/arenas.h"
#include "osmap/maps.h"
#include "osmap/recording.h"
#include "osmap/write.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h> // rename() only
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_AREAS = 1 << 17,
    MAX_MAPPED = 1 << 17,
    MAX_ARENAS = 1 << 12,
    BATCH = 128,          // blocks written together
    PAGEMAP_ITEMS = 1024, // read together
    STATUS_BYTES = 512,
    HEADER_BYTES = 16, // of a block of glibc
    COMMAND_BYTES = 4096
};

#define REGION_BYTES (UINT64_C(1) << REGION_BITS)
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

struct range {
    uint64_t start;
    uint64_t end;
};

// All that a snapshot needs, in pages of its own.
struct capture {
    struct recording *recording;
    enum rh_osmap_reason reason;
    int descriptor;      // of the snapshot
    int error;           // the first errno
    const char *stage;   // what was being done then
    uint64_t page_bytes; // of the system
    uint32_t now_ms;
    uint32_t strays;       // blocks that lie in no area
    struct arenas *arenas; // NULL: they were not walked
    size_t area_count;
    size_t mapped_count;
    size_t mapped_at; // while areas are made
    size_t arena_count;
    size_t mapping_number; // for names
    size_t batch_used;
    struct maps maps;
    struct osmap_writer writer;
    uint64_t states[MAX_ARENAS]; // their addresses
    uint32_t heaps[MAX_ARENAS];  // how many were seen of each
    struct rh_osmap_block batch[BATCH];
    uint64_t pagemap[PAGEMAP_ITEMS];
    unsigned char residence[PAGEMAP_ITEMS];
    char temporary[DIRECTORY_BYTES + 64];
    char path[DIRECTORY_BYTES + 64];
    char command[COMMAND_BYTES];
    uint32_t site_numbers[SITE_COUNT]; // of those in use
    struct range mapped[MAX_MAPPED];   // blocks with their own mapping
    struct rh_osmap_area areas[MAX_AREAS];
};

// --- texts -------------------------------------------------------------------

static char *
put(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = '\0';
    return to;
}

static char *
put_number(char *to, uint64_t number)
{
    char digits[24];
    int count = 0;

    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        *to++ = digits[--count];
    *to = '\0';
    return to;
}

// A name among the others; 0 when there is no room.
static uint32_t
keep_text(struct capture *capture, const char *text)
{
    struct maps *maps = &capture->maps;
    size_t length = strlen(text);
    uint32_t position = (uint32_t)maps->names_used;

    if (!length || maps->names_used + length + 1 > MAPS_NAMES_BYTES)
        return 0;
    memcpy(maps->names + position, text, length + 1);
    maps->names_used += length + 1;
    return position;
}

// --- files -------------------------------------------------------------------

static bool
fail(struct capture *capture, const char *stage)
{
    if (!capture->error) {
        capture->error = errno ? errno : EIO;
        capture->stage = stage;
    }
    return false;
}

// Out of the way of a program that closed its standard ones, or counts.
static int
move_up(int descriptor)
{
    int higher = fcntl(descriptor, F_DUPFD_CLOEXEC, 200);

    if (higher < 0)
        higher = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (higher < 0)
        return descriptor;
    close(descriptor);
    return higher;
}

static int
open_up(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC, 0666);

    return descriptor < 0 ? -1 : move_up(descriptor);
}

static bool
write_all(void *context, const void *bytes, size_t count)
{
    struct capture *capture = context;
    const char *from = bytes;

    while (count) {
        ssize_t written = write(capture->descriptor, from, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail(capture, "it could not be written");
        from += written;
        count -= (size_t)written;
    }
    return true;
}

static void
report_failure(const struct recording *recording, int error, const char *stage)
{
    char path[DIRECTORY_BYTES + 64];
    char text[STATUS_BYTES];
    char *end = text;
    int descriptor;

    put(put(path, recording->directory), "/status");
    end = put_number(end, (uint64_t)error);
    end = put(end, " ");
    end = put(end, stage);
    end = put(end, "\n");
    descriptor = open_up(path, O_WRONLY | O_CREAT);
    if (descriptor < 0)
        return;
    (void)!pwrite(descriptor, text, (size_t)(end - text), 0);
    close(descriptor);
}

static void
name_files(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    char *end = put(put(capture->path, recording->directory), "/");

    end = put(put_number(end, (uint64_t)recording->process), ".");
    end = put_number(end, recording->number);
    put(put(capture->temporary, capture->path), ".part");
    put(end, ".osmap");
}

// --- areas -------------------------------------------------------------------

static void
add_area(struct capture *capture, const struct maps_entry *mapping,
         const struct rh_osmap_area *area, const char *name)
{
    struct rh_osmap_area *to;

    if (capture->area_count == MAX_AREAS)
        return;
    to = &capture->areas[capture->area_count++];
    *to = *area;
    to->name = keep_text(capture, name);
    to->resident_kb = to->start == mapping->start && to->end == mapping->end
                          ? mapping->resident_kb
                          : RH_OSMAP_UNKNOWN;
}

// "mapping 3", "mapping 4": names that say no more than that.
static void
add_numbered(struct capture *capture, const struct maps_entry *mapping,
             struct range range, enum rh_osmap_area_kind kind)
{
    char name[64];

    put_number(
        put(name, kind == RH_OSMAP_MAPPED ? "mapped blocks " : "mapping "),
        ++capture->mapping_number);
    add_area(capture, mapping,
             &(struct rh_osmap_area){ .start = range.start,
                                      .end = range.end,
                                      .kind = kind,
                                      .arena = UINT32_MAX },
             name);
}

// The number of an arena, given the first word of a heap of it.  0: there are
// too many.
static size_t
arena_number(struct capture *capture, uint64_t arena)
{
    for (size_t i = 0; i < capture->arena_count; i++)
        if (capture->states[i] == arena)
            return i + 1;
    if (capture->arena_count == MAX_ARENAS)
        return 0;
    capture->states[capture->arena_count++] = arena;
    return capture->arena_count;
}

static void
add_arena(struct capture *capture, const struct maps_entry *mapping,
          struct range range)
{
    uint64_t arena = *(const uint64_t *)(uintptr_t)range.start;
    size_t number = arena_number(capture, arena);
    uint64_t limit = range.start + REGION_BYTES;
    char name[64];
    char *end = put_number(put(name, "arena "), number);

    if (number && ++capture->heaps[number - 1] > 1)
        put_number(put(end, ", heap "), capture->heaps[number - 1]);
    add_area(capture, mapping,
             &(struct rh_osmap_area){ .start = range.start,
                                      .end = range.end,
                                      .kind = RH_OSMAP_ARENA,
                                      .arena = number ? (uint32_t)number
                                                      : UINT32_MAX,
                                      .reserved_bytes = limit - range.end },
             name);
}

// Whether a heap of an arena begins at a multiple of 64 MB inside a mapping: a
// block of one was seen there, and the first word is what such a heap has.
static bool
is_arena_heap(const struct capture *capture, uint64_t start)
{
    const unsigned char *regions = capture->recording->regions;
    uint64_t arena;

    if (!(regions[start >> REGION_BITS] & 1 << TABLE_ARENA))
        return false;
    arena = *(const uint64_t *)(uintptr_t)start;
    return arena && (arena & 15) == 0 && arena >> 48 == 0 &&
           regions[arena >> REGION_BITS] & 1 << TABLE_ARENA;
}

// The next heap of an arena from `from` on, in a mapping; false: none.
static bool
next_arena_heap(const struct capture *capture, const struct maps_entry *mapping,
                uint64_t from, struct range *range)
{
    uint64_t start = (from + REGION_BYTES - 1) & ~(REGION_BYTES - 1);

    for (; start < mapping->end; start += REGION_BYTES)
        if (is_arena_heap(capture, start)) {
            range->start = start;
            range->end = start + REGION_BYTES < mapping->end
                             ? start + REGION_BYTES
                             : mapping->end;
            return true;
        }
    return false;
}

// Blocks with their own mappings from `from` on that touch each other.
static bool
next_mapped(struct capture *capture, const struct maps_entry *mapping,
            uint64_t from, struct range *range)
{
    size_t at = capture->mapped_at;

    while (at < capture->mapped_count && capture->mapped[at].start < from)
        at++;
    capture->mapped_at = at;
    if (at == capture->mapped_count ||
        capture->mapped[at].start >= mapping->end)
        return false;
    *range = capture->mapped[at];
    while (++at < capture->mapped_count &&
           capture->mapped[at].start == range->end)
        range->end = capture->mapped[at].end;
    if (range->end > mapping->end)
        range->end = mapping->end;
    return true;
}

static void
add_gap(struct capture *capture, const struct maps_entry *mapping,
        uint64_t from, uint64_t to)
{
    if (from < to && mapping->has_blocks)
        add_numbered(capture, mapping, (struct range){ from, to },
                     RH_OSMAP_ANONYMOUS);
}

// What malloc has in one mapping, from the front to the back.
static void
divide_mapping(struct capture *capture, const struct maps_entry *mapping)
{
    uint64_t at = mapping->start;

    while (at < mapping->end) {
        struct range heap, mapped;
        bool has_heap = next_arena_heap(capture, mapping, at, &heap);
        bool has_mapped = next_mapped(capture, mapping, at, &mapped);

        if (has_heap && has_mapped)
            has_heap = heap.start < mapped.start;
        if (has_heap) {
            add_gap(capture, mapping, at, heap.start);
            add_arena(capture, mapping, heap);
            at = heap.end;
        } else if (has_mapped) {
            add_gap(capture, mapping, at, mapped.start);
            add_numbered(capture, mapping, mapped, RH_OSMAP_MAPPED);
            at = mapped.end;
        } else {
            add_gap(capture, mapping, at, mapping->end);
            break;
        }
    }
}

static void
make_areas(struct capture *capture)
{
    bool has_main = false;

    for (size_t i = 0; i < capture->maps.count; i++) {
        const struct maps_entry *mapping = &capture->maps.entries[i];

        if (!mapping->is_writable)
            continue;
        if (mapping->is_brk && capture->recording->is_glibc) {
            add_area(capture, mapping,
                     &(struct rh_osmap_area){ .start = mapping->start,
                                              .end = mapping->end,
                                              .kind = RH_OSMAP_MAIN },
                     has_main ? "main arena, continued" : "main arena");
            has_main = true;
        } else {
            divide_mapping(capture, mapping);
        }
    }
}

// --- blocks ------------------------------------------------------------------

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

// --- pages -------------------------------------------------------------------

static unsigned char
residence_of(uint64_t item)
{
    return (unsigned char)((item & PAGEMAP_PRESENT ? RH_OSMAP_PRESENT : 0) |
                           (item & PAGEMAP_SWAPPED ? RH_OSMAP_SWAPPED : 0));
}

static bool
read_pagemap(struct capture *capture, int pagemap, uint64_t start, size_t count)
{
    size_t bytes = count * sizeof capture->pagemap[0];

    if (pread(pagemap, capture->pagemap, bytes,
              (off_t)(start / capture->page_bytes * 8)) != (ssize_t)bytes)
        return false;
    for (size_t i = 0; i < count; i++)
        capture->residence[i] = residence_of(capture->pagemap[i]);
    return true;
}

// Where the pagemap is withheld: pages in swap space look released.
static bool
ask_mincore(struct capture *capture, uint64_t start, size_t count)
{
    if (mincore((void *)(uintptr_t)start, count * capture->page_bytes,
                capture->residence) != 0)
        return fail(capture, "the kernel does not tell which pages it holds");
    for (size_t i = 0; i < count; i++)
        capture->residence[i] &= RH_OSMAP_PRESENT;
    return true;
}

static bool
write_residence(struct capture *capture, int pagemap, struct range range)
{
    while (range.start < range.end) {
        size_t count =
            (size_t)((range.end - range.start) / capture->page_bytes);

        if (count > PAGEMAP_ITEMS)
            count = PAGEMAP_ITEMS;
        if (!(pagemap >= 0 &&
              read_pagemap(capture, pagemap, range.start, count)) &&
            !ask_mincore(capture, range.start, count))
            return false;
        osmap_write_items(&capture->writer, capture->residence, count);
        range.start += count * capture->page_bytes;
    }
    return true;
}

static bool
write_pages(struct capture *capture)
{
    int pagemap = open_up("/proc/self/pagemap", O_RDONLY);
    uint64_t pages = 0;
    bool is_good = true;

    for (size_t i = 0; i < capture->area_count; i++)
        pages += (capture->areas[i].end - capture->areas[i].start) /
                 capture->page_bytes;
    osmap_write_section(&capture->writer, RH_OSMAP_RESIDENCE, 1, pages);
    for (size_t i = 0; is_good && i < capture->area_count; i++)
        is_good = write_residence(
            capture, pagemap,
            (struct range){ capture->areas[i].start, capture->areas[i].end });
    if (pagemap >= 0)
        close(pagemap);
    return is_good;
}

// --- sites -------------------------------------------------------------------

static void
write_site(struct capture *capture, uintptr_t address)
{
    const struct maps_entry *mapping = maps_at(&capture->maps, address);
    struct rh_osmap_site site = { .address = address };

    if (mapping) {
        site.offset = address - mapping->start + mapping->file_offset;
        site.module = mapping->name;
    }
    osmap_write_items(&capture->writer, &site, 1);
}

static void
write_sites(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    uint32_t count = 0;

    for (size_t i = 1; i < SITE_COUNT; i++)
        if (recording->sites[i])
            capture->site_numbers[i] = ++count;
    osmap_write_section(&capture->writer, RH_OSMAP_SITE,
                        sizeof(struct rh_osmap_site), count);
    for (size_t i = 1; i < SITE_COUNT; i++)
        if (capture->site_numbers[i])
            write_site(capture, recording->sites[i]);
}

// --- all of it ---------------------------------------------------------------

// The command line, with blanks between its words.
static uint32_t
command_line(struct capture *capture)
{
    int descriptor = open_up("/proc/self/cmdline", O_RDONLY);
    ssize_t count = -1;

    if (descriptor >= 0) {
        count = read(descriptor, capture->command, COMMAND_BYTES - 1);
        close(descriptor);
    }
    while (count > 0 && !capture->command[count - 1])
        count--;
    for (ssize_t i = 0; i < count; i++)
        if (!capture->command[i])
            capture->command[i] = ' ';
    return keep_text(capture, capture->command);
}

static uint32_t
note(struct capture *capture)
{
    struct recording *recording = capture->recording;
    char text[STATUS_BYTES];
    char *end = text;

    *end = '\0';
    if (recording->lost)
        end = put(put_number(end, recording->lost),
                  " blocks found no memory to be recorded in; ");
    if (recording->unknown)
        end = put(put_number(end, recording->unknown),
                  " blocks were freed that had not been seen; ");
    if (capture->strays)
        end = put(put_number(end, capture->strays),
                  " blocks lie in no mapping that is malloc's; ");
    if (capture->maps.is_cut || capture->area_count == MAX_AREAS)
        end = put(end, "there are more mappings than could be looked at; ");
    if (recording->walks && !(capture->arenas && capture->arenas->is_good)) {
        end = put(end, "the arenas were not walked: ");
        end = put(put(end, capture->arenas ? capture->arenas->reason
                                           : "there is no memory for it"),
                  "; ");
    }
    if (end > text)
        end[-2] = '\0';
    return keep_text(capture, text);
}

static void
write_process(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    uint64_t allocated = table_added(&recording->table);
    struct rh_osmap_process process = {
        .source = RH_OSMAP_RECORDED,
        .reason = capture->reason,
        .process = (uint64_t)recording->process,
        .number = recording->number,
        .age_ms = capture->now_ms,
        .virtual_kb = capture->maps.virtual_kb,
        .resident_kb = capture->maps.resident_kb,
        .allocated = allocated,
        .freed = allocated - table_count(&recording->table),
        .recorder_bytes = table_bytes(&recording->table) + sizeof *recording,
        .program = command_line(capture),
        .allocator = keep_text(capture, recording->allocator),
        .note = note(capture),
        .walked = capture->arenas && capture->arenas->is_good,
    };

    osmap_write_section(&capture->writer, RH_OSMAP_PROCESS, sizeof process, 1);
    osmap_write_items(&capture->writer, &process, 1);
}

static bool
write_snapshot(struct capture *capture)
{
    struct osmap_writer *writer = &capture->writer;
    const struct maps *maps = &capture->maps;

    osmap_write_begin(writer, write_all, capture,
                      (uint32_t)capture->page_bytes);
    osmap_write_section(writer, RH_OSMAP_AREA, sizeof capture->areas[0],
                        capture->area_count);
    osmap_write_items(writer, capture->areas, capture->area_count);
    if (!write_pages(capture))
        return false;
    write_sites(capture);
    each_block(capture, write_block);
    write_chunks(capture);
    flush_blocks(capture);
    write_process(capture);
    osmap_write_section(writer, RH_OSMAP_TEXT, 1, maps->names_used);
    osmap_write_items(writer, maps->names, maps->names_used);
    return osmap_write_end(writer);
}

static bool
read_mappings(struct capture *capture)
{
    int descriptor = open_up("/proc/self/smaps", O_RDONLY);
    bool is_good;

    if (descriptor < 0)
        return fail(capture, "/proc/self/smaps could not be opened");
    is_good = maps_read(&capture->maps, descriptor);
    if (!is_good)
        fail(capture, "/proc/self/smaps could not be read");
    close(descriptor);
    return is_good;
}

static bool
write_file(struct capture *capture)
{
    bool is_good;

    name_files(capture);
    capture->descriptor =
        open_up(capture->temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (capture->descriptor < 0)
        return fail(capture, "its file could not be made");
    is_good = write_snapshot(capture);
    if (close(capture->descriptor) != 0)
        is_good = fail(capture, "it could not be written");
    if (is_good && rename(capture->temporary, capture->path) != 0)
        is_good = fail(capture, "its file could not get its name");
    if (!is_good)
        unlink(capture->temporary);
    return is_good;
}

static bool
take(struct capture *capture)
{
    bool is_good;

    if (!read_mappings(capture))
        return false;
    each_block(capture, look_at);
    sort_ranges(capture->mapped, capture->mapped_count);
    make_areas(capture);
    if (capture->recording->walks)
        capture->arenas = arenas_walk(capture->recording, &capture->maps);
    is_good = write_file(capture);
    arenas_free(capture->arenas);
    return is_good;
}

static void
take_in_pages(struct recording *recording, enum rh_osmap_reason reason)
{
    struct capture *capture = table_pages_new(sizeof *capture);

    recording->number++;
    if (!capture) {
        report_failure(recording, ENOMEM, "there is no memory for it");
        return;
    }
    capture->recording = recording;
    capture->reason = reason;
    capture->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    capture->now_ms = recording_now_ms(recording);
    if (!take(capture))
        report_failure(recording, capture->error, capture->stage);
    table_pages_free(capture, sizeof *capture);
}

uint32_t
recording_now_ms(const struct recording *recording)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 +
                      (uint64_t)now.tv_nsec / 1000000 - recording->start_ms);
}

// A file that grows beyond RLIMIT_FSIZE sends a signal, which must not reach
// the program.
static void
forget_file_size_signal(const sigset_t *before)
{
    struct timespec now = { 0, 0 };
    sigset_t set;

    if (sigismember(before, SIGXFSZ))
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    sigtimedwait(&set, NULL, &now);
}

void
capture(struct recording *recording, enum rh_osmap_reason reason)
{
    sigset_t all, before;
    int error = errno;

    if (recording->process != getpid() ||
        atomic_exchange(&recording->is_taken, 1))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    table_lock(&recording->table);
    take_in_pages(recording, reason);
    recording->last_ms = recording_now_ms(recording);
    table_unlock(&recording->table);
    forget_file_size_signal(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    atomic_store(&recording->is_taken, 0);
    errno = error;
}
