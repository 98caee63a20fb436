// SPDX-License-Identifier: MIT
/*
 * image - objects at given places, for loading a saved heap.
 *
 * While an image is built, pages are on the list of empty ones whatever is on
 * them, and nobody allocates; at the end each goes to the list that its live
 * count says, and the growth policy is told what there is.
 */
#include "config.h"

#include "alloc.h"
#include "poison.h"

#include <rheap/image.h>
#include <string.h>

enum rh_status
rh_image_begin(struct rh_heap *heap)
{
    // A major collection under way would take what is placed for dead.
    if (heap->inside || heap->placing || heap->walks ||
        heap->major.stage != RHI_IDLE || rhi_heap_live(heap) != 0)
        return RH_BUSY;
    rhi_mutator_flush(&heap->mutator);
    heap->placing = true;
    return RH_OK;
}

static void
refuse_outside(const struct rh_heap *heap)
{
    if (!heap->placing)
        rhi_panic(&heap->panic, "no image is being built");
}

enum rh_status
rh_image_page(struct rh_heap *heap, size_t page)
{
    refuse_outside(heap);
    if (page >= heap->region.max_pages)
        return RH_BAD_ARGUMENT;
    return rhi_space_populate(&heap->space, page) ? RH_OK : RH_NO_MEMORY;
}

static enum rh_status
place_check(struct rh_heap *heap, struct rh_position position)
{
    enum rh_status status;

    if (position.slot >= heap->space.shape.slots)
        return RH_BAD_ARGUMENT;
    status = rh_image_page(heap, position.page);
    if (status == RH_OK &&
        rhi_bit_test(heap->region.plane[RHI_ALLOCATED][position.page],
                     (uint32_t)position.slot))
        return RH_OCCUPIED;
    return status;
}

void *
rh_image_place(struct rh_heap *heap, struct rh_position position,
               enum rh_status *status)
{
    struct rhi_region *region = &heap->region;
    enum rh_status result = place_check(heap, position);
    uint32_t index = (uint32_t)position.slot;
    char *slot;

    if (status)
        *status = result;
    if (result != RH_OK)
        return NULL;
    rhi_bit_set(region->plane[RHI_ALLOCATED][position.page], index);
    region->live[position.page]++;
    region->flags[position.page] |= RHI_FLAG_YOUNG;
    heap->mutator.handed_out++;
    slot = rhi_page_slot(region, position.page, index);
    rhi_poison_undefined(slot, rhi_heap_slot_bytes(heap));
    return memset(slot, 0, rhi_heap_slot_bytes(heap));
}

void
rh_image_end(struct rh_heap *heap)
{
    struct rhi_space *space = &heap->space;

    refuse_outside(heap);
    for (size_t page = heap->region.sealed; page < heap->region.top; page++)
        if (rhi_space_has_memory(space, page))
            rhi_space_file(space, page);
    rhi_growth_collected(
        &heap->growth,
        &(struct rhi_growth_facts){
            .live_slots = rhi_heap_live(heap),
            .total_slots = rhi_space_pages(space) * space->shape.slots,
            .slots_per_page = space->shape.slots,
            .pages = rhi_space_eden_pages(space),
            .made_total = rhi_mutator_total(&heap->mutator),
        });
    heap->placing = false;
}
