// SPDX-License-Identifier: MIT
#include "config.h"

#include "alloc.h"

#include "poison.h"

#include <string.h>

enum {
    SWEPT_FOR_ONE = 64 // pages swept in search of one with room
};

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

// What release functions and listeners may not do in a collection they may not
// do here.
static void
sweep_one(struct rh_heap *heap)
{
    heap->inside = true;
    (void)rhi_sweep_some(&heap->sweep, 1);
    heap->inside = false;
}

static void
sweep_early(struct rh_heap *heap, size_t page)
{
    heap->inside = true;
    rhi_sweep_early(&heap->sweep, page);
    heap->inside = false;
}

// Whether max_slots forbids a new page.
static bool
is_at_maximum(const struct rh_heap *heap)
{
    size_t slots = heap->config.max_slots;

    return slots && rhi_space_pages(&heap->space) >=
                        rhi_max(slots / heap->space.shape.slots, 1);
}

// Steps 3 and 4.  Pages that wait to be swept may have room: a few of them are
// looked at before a new one is taken.
static size_t
find_page(struct rh_heap *heap)
{
    size_t page = rhi_space_find(&heap->space);

    for (int n = 0; page == SIZE_MAX && n < SWEPT_FOR_ONE; n++) {
        if (rhi_sweep_is_done(&heap->sweep))
            break;
        sweep_one(heap);
        page = rhi_space_find(&heap->space);
    }
    if (page != SIZE_MAX || is_at_maximum(heap))
        return page;
    return rhi_space_grow(&heap->space);
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
    sweep_early(heap, page);
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

// ---- when something is due ----

static void
step_for_stress(struct rh_heap *heap)
{
    if (heap->major.stage == RHI_IDLE)
        rhi_cycle_start(heap, RH_CAUSE_STRESS);
    else
        rhi_cycle_step(heap, (struct rh_budget){ .objects = 3 });
}

static void
collect_for_stress(struct rh_heap *heap)
{
    unsigned stress = heap->config.generational ? heap->stress : 0;

    if (stress & RH_STRESS_STEPS)
        step_for_stress(heap);
    if (stress & RH_STRESS_MINOR)
        rhi_cycle_run(heap, (struct rh_due){ RH_WORK_MINOR, RH_CAUSE_STRESS,
                                             RH_MAJOR_NONE });
    else if (stress & RH_STRESS_STEPS)
        return;
    else if (stress & RH_STRESS_LAZY)
        rhi_cycle_mark_at_once(heap, RH_CAUSE_STRESS);
    else
        rhi_cycle_collect(heap, RH_CAUSE_STRESS);
}

// Step 1, for those who set the trap.  When collections must wait, the trap is
// dropped: the next page asks again.
static void
attend_traps(struct rh_heap *heap)
{
    struct rh_mutator *mutator = &heap->mutator;
    bool stressed =
        mutator->traps & RHI_TRAP_STRESS ||
        (heap->stress & RH_STRESS_MALLOC && mutator->traps & RHI_TRAP_DEBT);

    if (rhi_cycle_is_allowed(heap)) {
        if (stressed)
            collect_for_stress(heap);
        else
            rhi_cycle_run(heap, rhi_cycle_due(heap));
    }
    rhi_mutator_clear_trap(mutator, RHI_TRAP_DEBT);
}

void
rh_heap_safepoint(struct rh_heap *heap)
{
    if (rhi_cycle_is_due(heap) && rhi_cycle_is_allowed(heap))
        rhi_cycle_run(heap, rhi_cycle_due(heap));
}

static void
refuse_while_inside(const struct rh_heap *heap, const char *what,
                    const char *listener)
{
    if (RHI_UNLIKELY(heap->inside || heap->placing))
        rhi_panic(&heap->panic, what);
    if (RHI_UNLIKELY(heap->events.sending))
        rhi_panic(&heap->panic, listener);
}

void *
rh_heap_alloc_slow(struct rh_heap *heap)
{
    struct rh_mutator *mutator = &heap->mutator;
    char *slot = NULL;

    refuse_while_inside(heap,
                        "slot allocation during a collection, or "
                        "between rh_image_begin and rh_image_end",
                        "slot allocation by a listener");
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
        rhi_sites_note(&heap->sites, slot, rhi_heap_collections(heap));
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

// ---- collecting on request ----

static void
refuse_collection(const struct rh_heap *heap)
{
    refuse_while_inside(heap,
                        "collection asked for by a callback of a "
                        "collection, or while an image is built",
                        "collection asked for by a listener");
    if (heap->walks)
        rhi_panic(&heap->panic, "collection asked for during a walk");
}

void
rh_heap_collect(struct rh_heap *heap)
{
    refuse_collection(heap);
    rhi_cycle_collect(heap, RH_CAUSE_METHOD);
}

void
rh_heap_minor(struct rh_heap *heap)
{
    refuse_collection(heap);
    if (heap->config.generational)
        rhi_cycle_run(heap, (struct rh_due){ RH_WORK_MINOR, RH_CAUSE_METHOD,
                                             RH_MAJOR_NONE });
    else
        rhi_cycle_collect(heap, RH_CAUSE_METHOD);
}

enum rh_status
rh_heap_start(struct rh_heap *heap)
{
    refuse_collection(heap);
    if (!heap->config.generational)
        return RH_BAD_ARGUMENT;
    if (heap->major.stage != RHI_IDLE)
        return RH_BUSY;
    rhi_cycle_start(heap, RH_CAUSE_METHOD);
    return RH_OK;
}

bool
rh_heap_step(struct rh_heap *heap, struct rh_budget budget)
{
    refuse_collection(heap);
    if (heap->major.stage != RHI_IDLE)
        rhi_cycle_step(heap, budget);
    return heap->major.stage == RHI_IDLE;
}

void
rh_heap_finish(struct rh_heap *heap)
{
    while (!rh_heap_step(heap, (struct rh_budget){ 0, 0 }))
        ;
}

void
rh_heap_cancel(struct rh_heap *heap)
{
    refuse_collection(heap);
    if (heap->major.stage != RHI_IDLE)
        rhi_cycle_cancel(heap);
}

const char *
rh_heap_stage(const struct rh_heap *heap)
{
    static const char *const names[] = {
        [RHI_IDLE] = "none",
        [RHI_MARKING] = "marking",
        [RHI_SWEEPING] = "sweeping",
    };

    return names[heap->major.stage];
}

struct rh_due
rh_heap_due(const struct rh_heap *heap)
{
    return rhi_cycle_due(heap);
}

bool
rh_heap_is_due(const struct rh_heap *heap)
{
    return rhi_cycle_is_due(heap) && rhi_cycle_is_allowed(heap);
}

// ---- what is allowed, and what is forced ----

void
rh_heap_set_max_slots(struct rh_heap *heap, size_t slots)
{
    heap->config.max_slots = slots;
}

size_t
rh_heap_max_slots(const struct rh_heap *heap)
{
    return heap->config.max_slots;
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
rh_heap_allow_major(struct rh_heap *heap, bool allowed)
{
    bool before = !heap->majors_refused;

    heap->majors_refused = !allowed;
    return before;
}
