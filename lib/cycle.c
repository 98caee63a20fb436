// SPDX-License-Identifier: MIT
#include "config.h"

#include "cycle.h"

bool
rhi_cycle_is_due(const struct rh_heap *heap)
{
    const struct rh_mutator *mutator = &heap->mutator;
    uint64_t due = heap->growth.due;

    // handed_out is never below the total, and costs no counting of bits.
    return (mutator->handed_out >= due && rhi_mutator_total(mutator) >= due) ||
           rhi_external_is_due(&heap->external);
}

enum rh_cause
rhi_cycle_due_cause(const struct rh_heap *heap)
{
    return rhi_external_is_due(&heap->external) ? RH_CAUSE_MALLOC
                                                : RH_CAUSE_NEWOBJ;
}

enum rh_major_reason
rhi_cycle_major_reason(const struct rh_heap *heap, enum rh_cause cause)
{
    const struct rhi_external *external = &heap->external;

    switch (cause) {
    case RH_CAUSE_METHOD:
    case RH_CAUSE_STRESS:
        return RH_MAJOR_FORCE;
    case RH_CAUSE_MALLOC:
        return external->old_increase > external->old_limit ? RH_MAJOR_OLDMALLOC
                                                            : RH_MAJOR_NONE;
    default:
        return RH_MAJOR_NOFREE;
    }
}

bool
rhi_cycle_is_allowed(const struct rh_heap *heap)
{
    return !heap->disabled && heap->phase == RHI_IDLE && heap->walks == 0 &&
           heap->events.sending == 0;
}

// Follow what was found so far, so that many roots do not flood the deque.
static void
drain_between_roots(void *context)
{
    struct rh_heap *heap = context;

    rhi_profile_phase(&heap->profile, RH_PHASE_MARK);
    rhi_marker_drain(&heap->marker);
    rhi_profile_phase(&heap->profile, RH_PHASE_ROOTS);
}

void
rhi_cycle_mark_reachable(struct rh_heap *heap, void *object)
{
    struct rh_marker *marker = &heap->marker;
    struct rhi_root_observer observer = { NULL, drain_between_roots, heap };

    rhi_marker_begin(marker, RHI_NEXT);
    rhi_profile_phase(&heap->profile, RH_PHASE_ROOTS);
    if (object)
        rhi_marker_push(marker, object);
    else
        rhi_roots_visit(&heap->roots, &marker->visitor, &observer);
    rhi_profile_phase(&heap->profile, RH_PHASE_MARK);
    rhi_marker_drain(marker);
}

static void
cycle_mark(struct rh_heap *heap)
{
    rhi_line **plane = heap->region.plane;
    rhi_line *old = plane[RHI_MARK];

    rhi_cycle_mark_reachable(heap, NULL);
    rhi_profile_phase(&heap->profile, RH_PHASE_WEAK);
    rhi_sites_forget(&heap->sites, &heap->marker, false);
    plane[RHI_MARK] = plane[RHI_NEXT];
    plane[RHI_NEXT] = old; // cleared by the sweep, page by page
    heap->mutator.fast.mark = plane[RHI_MARK];
    rhi_event(&heap->events, RH_EVENT_MARK_END);
}

static void
cycle_sweep(struct rh_heap *heap)
{
    heap->phase = RHI_SWEEPING;
    rhi_profile_phase(&heap->profile, RH_PHASE_SWEEP);
    heap->history.marked_slots = rhi_sweep_all(&heap->sweep);
    rhi_event(&heap->events, RH_EVENT_SWEEP_END);
}

static void
cycle_decide(struct rh_heap *heap)
{
    struct rhi_space *space = &heap->space;

    rhi_profile_phase(&heap->profile, RH_PHASE_RELEASE);
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

static void
cycle_begin(struct rh_heap *heap, enum rh_cause cause)
{
    struct rh_collection *latest = &heap->history.latest;

    *latest = (struct rh_collection){
        .kind = RH_COLLECTION_MAJOR,
        .cause = cause,
        .major_reason = rhi_cycle_major_reason(heap, cause),
        .immediate_sweep = true,
    };
    rhi_profile_begin(&heap->profile, RH_PAUSE_MAJOR, cause,
                      latest->major_reason);
    heap->history.count++;
    heap->space.collection++;
    heap->phase = RHI_MARKING; // from here on nobody may allocate or collect
}

static void
cycle_end(struct rh_heap *heap)
{
    heap->phase = RHI_IDLE;
    rhi_profile_end(&heap->profile, &(struct rhi_pause_facts){
                                        .traced = heap->history.marked_slots,
                                        .old = heap->history.marked_slots,
                                        .begins = true,
                                        .ends = true,
                                    });
}

void
rhi_cycle_collect(struct rh_heap *heap, enum rh_cause cause)
{
    cycle_begin(heap, cause);
    rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_DEBT);
    rhi_mutator_flush(&heap->mutator); // so that no listener finds a slot
    rhi_event(&heap->events, RH_EVENT_COLLECTION_START);
    rhi_external_collecting(&heap->external);
    cycle_mark(heap);
    cycle_sweep(heap);
    cycle_decide(heap);
    cycle_end(heap);
}
