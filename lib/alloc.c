// SPDX-License-Identifier: MIT
#include "config.h"

#include "alloc.h"

#include "poison.h"

#include <string.h>

bool
rhi_alloc_populate(struct rh_heap *heap, size_t pages)
{
    if (pages > heap->region.max_pages)
        return false; // before a single page is touched
    for (size_t n = 0; n < pages; n++)
        if (rhi_space_grow(&heap->space) == SIZE_MAX)
            return false;
    return true;
}

// Steps 3 and 4.
static size_t
find_page(struct rh_heap *heap)
{
    size_t page = rhi_space_find(&heap->space);

    return page != SIZE_MAX ? page : rhi_space_grow(&heap->space);
}

// Steps 3 to 5.
static bool
take_page(struct rh_heap *heap)
{
    size_t page = find_page(heap);

    if (page == SIZE_MAX)
        page = rhi_space_find_tight(&heap->space);
    if (page == SIZE_MAX)
        return false;
    rhi_mutator_take(&heap->mutator, page);
    return true;
}

static bool
ask_hook(struct rh_heap *heap, size_t bytes)
{
    const struct rh_config *config = &heap->config;

    return config->out_of_memory &&
           config->out_of_memory(heap, bytes, config->hook_context);
}

static bool
collect_in_emergency(struct rh_heap *heap)
{
    if (!rhi_cycle_is_allowed(heap))
        return false;
    heap->history.emergency++;
    rhi_cycle_collect(heap, RH_CAUSE_EMERGENCY);
    return true;
}

// Steps 3 to 7: there is a current page afterwards, or no memory.
static bool
supply(struct rh_heap *heap)
{
    rhi_mutator_flush(&heap->mutator);
    if (take_page(heap))
        return true;
    if (collect_in_emergency(heap) && take_page(heap))
        return true;
    return ask_hook(heap, RHI_PAGE_BYTES) && take_page(heap);
}

// Step 1, for those who set the trap.  When collections must wait, the trap is
// dropped: the next page asks again.
static void
attend_traps(struct rh_heap *heap)
{
    struct rh_mutator *mutator = &heap->mutator;
    bool stress = mutator->traps & RHI_TRAP_STRESS;

    if ((stress || rhi_cycle_is_due(heap)) && rhi_cycle_is_allowed(heap))
        rhi_cycle_collect(heap,
                          stress ? RH_CAUSE_STRESS : rhi_cycle_due_cause(heap));
    rhi_mutator_clear_trap(mutator, RHI_TRAP_DEBT);
}

static void
refuse_while_collecting(struct rh_heap *heap)
{
    if (heap->phase != RHI_IDLE)
        rhi_panic(&heap->panic, "slot allocation during a collection, or "
                                "between rh_image_begin and rh_image_end");
    if (heap->events.sending)
        rhi_panic(&heap->panic, "slot allocation by a listener");
}

void
rh_heap_safepoint(struct rh_heap *heap)
{
    if (rhi_cycle_is_due(heap) && rhi_cycle_is_allowed(heap))
        rhi_cycle_collect(heap, rhi_cycle_due_cause(heap));
}

void *
rh_heap_alloc_slow(struct rh_heap *heap)
{
    struct rh_mutator *mutator = &heap->mutator;
    char *slot = NULL;

    refuse_while_collecting(heap);
    if (mutator->traps & (RHI_TRAP_STRESS | RHI_TRAP_DEBT))
        attend_traps(heap);
    while (!(slot = rhi_mutator_bump(mutator))) {
        rh_heap_safepoint(heap);
        if (!supply(heap))
            return NULL;
    }
    rhi_mutator_arm(mutator);
    if (heap->region.watched)
        rhi_poison_undefined(slot, rhi_heap_slot_bytes(heap));
    if (RHI_UNLIKELY(rhi_sites_are_traced(&heap->sites)))
        rhi_sites_note(&heap->sites, slot, heap->history.count);
    rhi_event_object(&heap->events, RH_EVENT_OBJECT_NEW, slot);
    return slot;
}

void *
rh_heap_alloc(struct rh_heap *heap)
{
    void *slot =
        rh_fast_alloc(heap, &heap->mutator.fast, rhi_heap_slot_bytes(heap));

    return slot ? memset(slot, 0, rhi_heap_slot_bytes(heap)) : NULL;
}

void
rh_heap_collect(struct rh_heap *heap)
{
    if (heap->phase != RHI_IDLE)
        rhi_panic(&heap->panic, "collection asked for by a callback of a "
                                "collection, or while an image is built");
    if (heap->walks)
        rhi_panic(&heap->panic, "collection asked for during a walk");
    if (heap->events.sending)
        rhi_panic(&heap->panic, "collection asked for by a listener");
    rhi_cycle_collect(heap, RH_CAUSE_METHOD);
}

bool
rh_heap_is_due(const struct rh_heap *heap)
{
    return rhi_cycle_is_due(heap) && rhi_cycle_is_allowed(heap);
}

bool
rh_heap_disable(struct rh_heap *heap)
{
    bool before = heap->disabled;

    heap->disabled = true;
    return before;
}

bool
rh_heap_enable(struct rh_heap *heap)
{
    bool before = heap->disabled;

    heap->disabled = false;
    return before;
}

bool
rh_heap_stress(struct rh_heap *heap, bool on)
{
    bool before = heap->mutator.traps & RHI_TRAP_STRESS;

    if (on)
        rhi_mutator_set_trap(&heap->mutator, RHI_TRAP_STRESS);
    else
        rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_STRESS);
    return before;
}
