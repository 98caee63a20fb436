// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/capture.h"

#include <string.h>

#define REGION_BYTES (UINT64_C(1) << REGION_BITS)

static void
add_area(struct capture *capture, const struct maps_entry *mapping,
         const struct rh_osmap_area *area, const char *name)
{
    struct rh_osmap_area *to;

    if (capture->area_count == MAX_AREAS)
        return;
    to = &capture->areas[capture->area_count++];
    *to = *area;
    to->name = capture_keep_text(capture, name);
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

    capture_put_number(capture_put(name, kind == RH_OSMAP_MAPPED
                                             ? "mapped blocks "
                                             : "mapping "),
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
    char *end = capture_put_number(capture_put(name, "arena "), number);

    if (number && ++capture->heaps[number - 1] > 1)
        capture_put_number(capture_put(end, ", heap "),
                           capture->heaps[number - 1]);
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

void
capture_make_areas(struct capture *capture)
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
