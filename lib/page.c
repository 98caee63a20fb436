// SPDX-License-Identifier: MIT
#include "config.h"

#include "page.h"

#include "poison.h"

void
rhi_page_format(const struct rhi_region *region, size_t page,
                struct rh_heap *heap, const struct rhi_shape *shape)
{
    char *body = rhi_region_body(region, page);

    rhi_poison_undefined(body, RHI_HEADER_BYTES);
    *(struct rhi_header *)(void *)body = (struct rhi_header){
        .magic = RHI_MAGIC,
        .heap = heap,
        .number = page,
        .slot_bytes = shape->slot_bytes,
        .version = RHI_LAYOUT_VERSION,
    };
    region->pages[page].shape = shape;
}

bool
rhi_page_is_slot(const struct rhi_region *region, uintptr_t address)
{
    size_t page = rhi_region_page(region, address);
    const struct rhi_shape *shape = region->pages[page].shape;
    uint32_t offset = rhi_page_offset(address);
    uint32_t index;

    if (!shape || offset < RHI_HEADER_BYTES)
        return false;
    index = rhi_shape_index(shape, offset);
    return index < shape->slots && rhi_shape_offset(shape, index) == offset;
}

bool
rhi_page_is_object(const struct rhi_region *region, uintptr_t address)
{
    size_t page = rhi_region_page(region, address);
    enum rhi_plane plane =
        rhi_page_awaits_sweep(region, page) ? RHI_MARK : RHI_ALLOCATED;

    return rhi_page_is_slot(region, address) &&
           rhi_bit_test(region->plane[plane][page],
                        rhi_page_index(region, address));
}

void
rhi_page_free_bits(const struct rhi_region *region, size_t page, uint64_t *line)
{
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    uint32_t slots = region->pages[page].shape->slots;

    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
        line[word] = ~allocated[word] & rhi_word_range(word, 0, slots);
}

static void
run_write(const struct rhi_region *region, char *slot, size_t run_offset,
          char *end)
{
    struct rhi_run *run = rhi_run_of(slot, run_offset);

    if (region->watched)
        rhi_poison_undefined(run, sizeof *run);
    *run = (struct rhi_run){ 0, end, NULL };
}

static void
run_link(const struct rhi_region *region, char *slot, size_t run_offset,
         char *next)
{
    struct rhi_run *run = rhi_run_of(slot, run_offset);

    run->next = next;
    if (region->watched)
        rhi_poison_free(run, sizeof *run);
}

char *
rhi_page_thread(const struct rhi_region *region, size_t page,
                const uint64_t *free, size_t run_offset)
{
    uint32_t slots = region->pages[page].shape->slots;
    uint32_t start = rhi_line_next_set(free, 0, slots);
    char *first = NULL;
    char *last = NULL;

    while (start < slots) {
        uint32_t end = rhi_line_next_clear(free, start, slots);
        char *slot = rhi_page_slot(region, page, start);

        run_write(region, slot, run_offset, rhi_page_slot(region, page, end));
        if (last)
            run_link(region, last, run_offset, slot);
        else
            first = slot;
        last = slot;
        start = rhi_line_next_set(free, end, slots);
    }
    if (last)
        run_link(region, last, run_offset, NULL);
    return first;
}

void
rhi_page_clear(struct rhi_region *region, size_t page)
{
    for (int plane = 0; plane < RHI_PLANES; plane++)
        rhi_line_clear(region->plane[plane][page]);
    if (region->live[page])
        region->live[page] = 0;
    if (region->flags[page])
        region->flags[page] = 0;
}

static bool
line_has_others(const uint64_t *line, uint32_t slots, size_t *slot)
{
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t others = line[word] & ~rhi_word_range(word, 0, slots);

        if (others) {
            *slot = word * 64 + (size_t)__builtin_ctzll(others);
            return true;
        }
    }
    return false;
}

static bool
line_is_subset(const uint64_t *line, const uint64_t *of, size_t *slot)
{
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t others = line[word] & ~of[word];

        if (others) {
            *slot = word * 64 + (size_t)__builtin_ctzll(others);
            return false;
        }
    }
    return true;
}

static bool
header_is_right(const struct rhi_region *region, size_t page,
                const struct rh_heap *heap, const struct rhi_shape *shape)
{
    const struct rhi_header *header = rhi_page_header(region, page);

    return header->magic == RHI_MAGIC && header->heap == heap &&
           header->number == page && header->slot_bytes == shape->slot_bytes;
}

static bool
borrowed_is_clear(const struct rhi_region *region, size_t page,
                  struct rhi_page_use use)
{
    static const enum rhi_plane always[] = { RHI_YOUNG_GRAY, RHI_YOUNG_SLICED,
                                             RHI_REACHED };
    rhi_line *const *plane = region->plane;
    bool clear = !(region->flags[page] & RHI_FLAG_YOUNG_GRAY);

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        clear = clear && rhi_line_is_empty(plane[always[i]][page]);
    if (!use.marked)
        clear = clear && rhi_line_is_empty(plane[RHI_NEXT][page]);
    if (!use.gray)
        clear = clear && rhi_line_is_empty(plane[RHI_GRAY][page]) &&
                rhi_line_is_empty(plane[RHI_SLICED][page]) &&
                !(region->flags[page] & RHI_FLAG_GRAY);
    return clear;
}

const char *
rhi_page_check(const struct rhi_region *region, size_t page,
               const struct rh_heap *heap, struct rhi_page_use use,
               size_t *slot)
{
    const struct rhi_shape *shape = region->pages[page].shape;
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];

    *slot = SIZE_MAX;
    for (int plane = 0; plane < RHI_PLANES; plane++)
        if (line_has_others(region->plane[plane][page], shape->slots, slot))
            return "P1";
    if (region->live[page] != rhi_line_count(allocated))
        return "P2";
    if (!line_is_subset(region->plane[RHI_MARK][page], allocated, slot))
        return "P3";
    if (!line_is_subset(region->plane[RHI_EXTERNAL][page], allocated, slot) ||
        !line_is_subset(region->plane[RHI_SPECIAL][page], allocated, slot))
        return "P4";
    if (!borrowed_is_clear(region, page, use))
        return "P5";
    if (!line_is_subset(region->plane[RHI_GRAY][page], allocated, slot) ||
        !line_is_subset(region->plane[RHI_SLICED][page], allocated, slot))
        return "M3";
    if (!header_is_right(region, page, heap, shape))
        return "P6";
    return NULL;
}
