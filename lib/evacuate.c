// SPDX-License-Identifier: MIT
#include "config.h"

#include "evacuate.h"

#include "poison.h"

// What moves with an object.  (Remembered it is not: nothing is young.)
static const enum rhi_plane planes[] = { RHI_ALLOCATED, RHI_MARK, RHI_EXTERNAL,
                                         RHI_SPECIAL, RHI_UNPROTECTED };

enum {
    PLANES = sizeof planes / sizeof planes[0]
};

// The next free slot on a page to be filled, taken; NULL: all are full.
static char *
evacuation_next(struct rhi_evacuation *evacuation)
{
    struct rhi_space *space = evacuation->space;
    struct rhi_region *region = space->region;
    size_t page = evacuation->to_page;
    uint32_t slots = space->shape.slots;

    while (page < region->top &&
           (!rhi_choice_is_target(space, page) || region->live[page] == slots))
        page++;
    evacuation->to_page = page;
    if (page == region->top)
        return NULL;
    region->live[page]++;
    return rhi_page_slot(
        region, page,
        rhi_line_next_clear(region->plane[RHI_ALLOCATED][page], 0, slots));
}

// Set the bits of a slot that are set for another.
static void
bits_follow(struct rhi_region *region, const char *from, const char *to)
{
    size_t from_page = rhi_region_page(region, (uintptr_t)from);
    size_t to_page = rhi_region_page(region, (uintptr_t)to);
    uint32_t from_index = rhi_page_index(region, (uintptr_t)from);
    uint32_t to_index = rhi_page_index(region, (uintptr_t)to);

    for (int n = 0; n < PLANES; n++) {
        rhi_line *plane = region->plane[planes[n]];

        if (!rhi_bit_test(plane[from_page], from_index))
            continue;
        rhi_bit_set(plane[to_page], to_index);
        if (planes[n] == RHI_UNPROTECTED)
            region->flags[to_page] |= RHI_FLAG_UNPROTECTED;
    }
    rhi_bit_set(region->plane[RHI_MOVED][from_page], from_index);
}

static void
object_move(struct rhi_evacuation *evacuation, char *from, char *to)
{
    struct rhi_region *region = evacuation->space->region;
    size_t bytes = evacuation->space->shape.slot_bytes;

    if (region->watched)
        rhi_poison_undefined(to, bytes);
    memcpy(to, from, bytes);
    bits_follow(region, from, to);
    rhi_forward_set(&evacuation->forward, from, to);
    if (evacuation->model->moved)
        evacuation->model->moved(evacuation->heap, from, to);
    rhi_sites_moved(evacuation->sites, from, to);
    rhi_event_moved(evacuation->events, from, to);
    evacuation->moved++;
}

// Nothing is known any more about the slots that objects have left.
static void
page_forget_moved(struct rhi_region *region, size_t page)
{
    const uint64_t *moved = region->plane[RHI_MOVED][page];

    for (int n = 0; n < PLANES; n++) {
        uint64_t *line = region->plane[planes[n]][page];

        for (int word = 0; word < RHI_LINE_WORDS; word++)
            if (line[word] & moved[word])
                line[word] &= ~moved[word];
    }
    region->live[page] = (uint16_t)(region->live[page] - rhi_line_count(moved));
}

static void
page_evacuate(struct rhi_evacuation *evacuation, size_t page)
{
    struct rhi_region *region = evacuation->space->region;
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    uint32_t slots = evacuation->space->shape.slots;
    rhi_line movable;
    char *to;

    rhi_choice_pins(region, page, movable);
    for (int word = 0; word < RHI_LINE_WORDS; word++)
        movable[word] = allocated[word] & ~movable[word];
    for (uint32_t index = rhi_line_next_set(movable, 0, slots);
         index < slots && (to = evacuation_next(evacuation));
         index = rhi_line_next_set(movable, index + 1, slots))
        object_move(evacuation, rhi_page_slot(region, page, index), to);
    page_forget_moved(region, page);
}

void
rhi_evacuate_run(struct rhi_evacuation *evacuation)
{
    const struct rhi_region *region = evacuation->space->region;

    evacuation->to_page = region->sealed;
    evacuation->moved = 0;
    for (size_t page = region->sealed; page < region->top; page++)
        if (region->flags[page] & RHI_FLAG_EVACUATED)
            page_evacuate(evacuation, page);
}

static void
page_poison_moved(const struct rhi_space *space, size_t page)
{
    const struct rhi_region *region = space->region;
    const uint64_t *moved = region->plane[RHI_MOVED][page];
    uint32_t slots = space->shape.slots;

    for (uint32_t index = rhi_line_next_set(moved, 0, slots); index < slots;
         index = rhi_line_next_set(moved, index + 1, slots))
        rhi_poison_free(rhi_page_slot(region, page, index),
                        space->shape.slot_bytes);
}

static void
page_end(struct rhi_space *space, size_t page)
{
    struct rhi_region *region = space->region;

    if (region->watched)
        page_poison_moved(space, page);
    rhi_line_clear(region->plane[RHI_MOVED][page]);
    region->flags[page] &= (uint8_t)~RHI_FLAG_EVACUATED;
    if (region->flags[page] & RHI_FLAG_UNPROTECTED &&
        rhi_line_is_empty(region->plane[RHI_UNPROTECTED][page]))
        region->flags[page] &= (uint8_t)~RHI_FLAG_UNPROTECTED;
}

size_t
rhi_evacuate_end(struct rhi_evacuation *evacuation)
{
    struct rhi_space *space = evacuation->space;
    struct rhi_region *region = space->region;
    size_t emptied = 0;

    for (size_t page = region->sealed; page < region->top; page++) {
        if (region->flags[page] & RHI_FLAG_EVACUATED) {
            page_end(space, page);
            emptied += region->live[page] == 0;
        }
        if (rhi_space_has_memory(space, page))
            rhi_space_file_swept(space, page);
    }
    return emptied;
}
