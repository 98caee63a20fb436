// SPDX-License-Identifier: MIT
/*
 * query - what a word is, and where.
 */
#include "config.h"

#include "heap.h"

#include <rheap/image.h>

bool
rh_heap_contains(const struct rh_heap *heap, uintptr_t word)
{
    return rhi_space_is_slot(&heap->space, word);
}

bool
rh_heap_is_live(const struct rh_heap *heap, uintptr_t word)
{
    return rhi_mutator_is_object(&heap->mutator, word);
}

struct rh_heap *
rh_heap_of(const void *object)
{
    uintptr_t page = rhi_round_down((uintptr_t)object, RHI_PAGE_BYTES);
    const struct rhi_header *header = (const struct rhi_header *)page;

    return header->magic == RHI_MAGIC ? header->heap : NULL;
}

struct rh_position
rh_heap_position(const struct rh_heap *heap, const void *object)
{
    uintptr_t address = (uintptr_t)object;

    if (!rhi_space_is_slot(&heap->space, address))
        rhi_panic(&heap->panic, "not a slot of this heap");
    return (struct rh_position){
        .page = rhi_region_page(&heap->region, address),
        .slot = rhi_page_index(&heap->region, address),
    };
}

void *
rh_heap_slot(const struct rh_heap *heap, struct rh_position position)
{
    if (!rhi_space_has_memory(&heap->space, position.page) ||
        position.slot >= heap->space.shape.slots)
        return NULL;
    return rhi_page_slot(&heap->region, position.page, (uint32_t)position.slot);
}

size_t
rh_heap_slot_bytes(const struct rh_heap *heap)
{
    return rhi_heap_slot_bytes(heap);
}

size_t
rh_heap_slots_per_page(const struct rh_heap *heap)
{
    return heap->space.shape.slots;
}

size_t
rh_heap_max_pages(const struct rh_heap *heap)
{
    return heap->region.max_pages;
}

const struct rh_model *
rh_heap_model(const struct rh_heap *heap)
{
    return heap->model;
}

void *
rh_heap_model_state(const struct rh_heap *heap)
{
    return heap->model_state;
}

void *
rh_heap_user_data(const struct rh_heap *heap)
{
    return heap->config.user_data;
}

const struct rh_config *
rh_heap_config(const struct rh_heap *heap)
{
    return &heap->config;
}

struct rh_fast *
rh_heap_fast(struct rh_heap *heap)
{
    return &heap->mutator.fast;
}
