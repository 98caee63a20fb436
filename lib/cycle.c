// SPDX-License-Identifier: MIT
#include "config.h"

#include "cycle.h"

#include "afterlife.h"
#include "os.h"

bool
rhi_cycle_is_due(const struct rh_heap *heap)
{
    const struct rh_mutator *mutator = &heap->mutator;
    uint64_t due = heap->growth.due;

    // handed_out is never below the total, and costs no counting of bits.
    return (mutator->handed_out >= due && rhi_mutator_total(mutator) >= due) ||
           rhi_external_is_due(&heap->external);
}

bool
rhi_cycle_is_allowed(const struct rh_heap *heap)
{
    return !heap->disabled && heap->phase == RHI_IDLE && heap->walks == 0;
}

// Follow what was found so far, so that many roots do not flood the deque.
static void
drain_between_roots(void *context)
{
    rhi_marker_drain(context);
}

void
rhi_cycle_mark_reachable(struct rh_heap *heap, void *object)
{
    struct rh_marker *marker = &heap->marker;
    struct rhi_root_observer observer = { NULL, drain_between_roots, marker };

    rhi_marker_begin(marker, RHI_NEXT);
    if (object)
        rhi_marker_push(marker, object);
    else
        rhi_roots_visit(&heap->roots, &marker->visitor, &observer);
    rhi_marker_drain(marker);
}

static void
cycle_mark(struct rh_heap *heap)
{
    rhi_line **plane = heap->region.plane;
    rhi_line *old = plane[RHI_MARK];

    rhi_cycle_mark_reachable(heap, NULL);
    rhi_afterlife(heap, &heap->marker, false);
    plane[RHI_MARK] = plane[RHI_NEXT];
    plane[RHI_NEXT] = old; // cleared by the sweep, page by page
    heap->mutator.fast.mark = plane[RHI_MARK];
    rhi_event(&heap->events, RH_EVENT_MARK_END);
}

static void
cycle_sweep(struct rh_heap *heap)
{
    heap->phase = RHI_SWEEPING;
    heap->history.marked_slots = rhi_sweep_all(&heap->sweep);
    rhi_event(&heap->events, RH_EVENT_SWEEP_END);
}

static void
cycle_decide(struct rh_heap *heap)
{
    struct rhi_space *space = &heap->space;

    rhi_growth_collected(
        &heap->growth,
        &(struct rhi_growth_facts){
            .live_slots = heap->history.marked_slots,
            .total_slots = rhi_space_pages(space) * space->shape.slots,
            .slots_per_page = space->shape.slots,
            .pages = rhi_space_eden_pages(space),
            .made_total = rhi_mutator_total(&heap->mutator),
        });
    rhi_space_release(space, heap->growth.max_empty_pages);
    rhi_trim_consult(&heap->trim, RH_TRIM_COLLECTION);
}

void
rhi_cycle_collect(struct rh_heap *heap)
{
    uint64_t start = rhi_os_now();

    heap->history.count++;
    heap->space.collection++;
    heap->phase = RHI_MARKING; // from here on nobody may allocate or collect
    rhi_event(&heap->events, RH_EVENT_COLLECTION_START);
    rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_DEBT);
    rhi_mutator_flush(&heap->mutator);
    rhi_external_collecting(&heap->external);
    cycle_mark(heap);
    cycle_sweep(heap);
    cycle_decide(heap);
    heap->phase = RHI_IDLE;
    heap->history.total_ns += rhi_os_now() - start;
}
