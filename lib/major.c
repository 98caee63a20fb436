// SPDX-License-Identifier: MIT
#include "config.h"

#include "major.h"

#include "os.h"

enum {
    BREATH_OBJECTS = 128, // followed between two looks at the clock
    BREATH_PAGES = 16     // swept, likewise
};

// ---- how it begins, and how it ends ----

static void
major_begin(struct rh_heap *heap)
{
    heap->history.major_count++;
    heap->space.collection++;
    rhi_event(&heap->events, RH_EVENT_COLLECTION_START);
    rhi_marker_begin(&heap->marker, RHI_MARKER_MAJOR, RHI_NEXT);
}

// `next` is complete: it becomes `mark`.
static void
major_swap(struct rh_heap *heap)
{
    rhi_line **plane = heap->region.plane;
    rhi_line *old = plane[RHI_MARK];

    plane[RHI_MARK] = plane[RHI_NEXT];
    plane[RHI_NEXT] = old; // cleared by the sweep, page by page
    if (heap->config.generational)
        heap->mutator.fast.old = plane[RHI_MARK];
    heap->mutator.fast.marking = 0;
    heap->history.marked_slots = rhi_marker_marked(&heap->marker);
    heap->history.old_slots = heap->history.marked_slots;
    heap->history.unprotected =
        rhi_barrier_unprotected(&heap->barrier, plane[RHI_MARK]);
    rhi_profile_phase(&heap->profile, RH_PHASE_SWEEP);
    rhi_sweep_begin(&heap->sweep);
    heap->major.stage = RHI_SWEEPING;
    rhi_event(&heap->events, RH_EVENT_MARK_END);
    rhi_heap_phase(heap, "major mark");
}

static void
major_decide(struct rh_heap *heap)
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
            .unprotected = heap->history.unprotected,
        });
    rhi_space_release(space, heap->growth.max_empty_pages);
    rhi_trim_consult(&heap->trim, RH_TRIM_COLLECTION);
}

static void
major_compact(struct rh_heap *heap)
{
    if (rhi_compact_is_due(&heap->compact))
        rhi_profile_phase(&heap->profile, RH_PHASE_COMPACT);
    rhi_compact_if_due(&heap->compact);
}

// All pages are swept.
static void
major_end(struct rh_heap *heap)
{
    rhi_event(&heap->events, RH_EVENT_SWEEP_END);
    heap->major.stage = RHI_IDLE;
    major_decide(heap);
    rhi_heap_phase(heap, "major sweep");
}

// ---- at once ----

void
rhi_major_collect(struct rh_heap *heap)
{
    rhi_major_cancel(heap);
    major_begin(heap);
    rhi_reach_roots(heap, &heap->marker);
    rhi_afterlife(heap, &heap->marker, false);
    rhi_barrier_forget(&heap->barrier); // nothing is young from here on
    major_swap(heap);
    (void)rhi_sweep_some(&heap->sweep, SIZE_MAX);
    major_compact(heap);
    major_end(heap);
    heap->history.visited = heap->marker.traced;
}

// ---- in steps ----

void
rhi_major_start(struct rh_heap *heap)
{
    major_begin(heap);
    rhi_profile_phase(&heap->profile, RH_PHASE_ROOTS);
    // The roots only; whatever does not fit the work list turns gray.
    rhi_roots_visit(&heap->roots, &heap->marker.visitor,
                    &(struct rhi_root_observer){ NULL, NULL, NULL });
    heap->major.stage = RHI_MARKING;
    heap->mutator.fast.marking = 1;
}

static bool
budget_is_spent(struct rh_budget budget, uint64_t start, size_t done)
{
    return (budget.objects && done >= budget.objects) ||
           (budget.microseconds &&
            rhi_os_now() - start >= budget.microseconds * 1000);
}

static void
step_mark(struct rh_heap *heap, struct rh_budget budget)
{
    uint64_t start = budget.microseconds ? rhi_os_now() : 0;
    size_t before = heap->marker.traced;
    size_t done = 0;
    bool finished;

    do {
        size_t breath = budget.objects && !budget.microseconds ? budget.objects
                                                               : BREATH_OBJECTS;

        if (budget.objects)
            breath = rhi_min(breath, budget.objects - done);
        finished = rhi_marker_drain_some(
            &heap->marker,
            budget.objects || budget.microseconds ? breath : SIZE_MAX);
        done += breath;
    } while (!finished && !budget_is_spent(budget, start, done));
    heap->history.visited = heap->marker.traced - before;
}

// The last step of marking.
static void
step_last(struct rh_heap *heap)
{
    struct rh_marker *marker = &heap->marker;
    size_t before = marker->traced;

    rhi_minor_collect(heap);
    rhi_reach_roots(heap, marker);
    rhi_minor_push_unprotected(heap, marker);
    rhi_afterlife(heap, marker, false);
    if (heap->watch.major_marked)
        heap->watch.major_marked(heap);
    major_swap(heap);
    heap->history.visited += marker->traced - before;
}

// Nobody may be young while objects move, and the program has run since the
// last step of marking.
static void
compact_after_steps(struct rh_heap *heap)
{
    if (rhi_compact_is_due(&heap->compact)) {
        rhi_minor_collect(heap);
        major_compact(heap);
    }
}

static void
step_sweep(struct rh_heap *heap, struct rh_budget budget)
{
    uint64_t start = budget.microseconds ? rhi_os_now() : 0;
    size_t slots = heap->space.shape.slots;
    size_t done = 0;
    bool finished;

    do {
        size_t pages = budget.microseconds ? BREATH_PAGES
                       : budget.objects    ? rhi_max(budget.objects / slots, 1)
                                           : SIZE_MAX;

        finished = rhi_sweep_some(&heap->sweep, pages);
        done += pages == SIZE_MAX ? 0 : pages * slots;
    } while (!finished && !budget_is_spent(budget, start, done));
    heap->history.visited = 0;
    if (!finished)
        return;
    compact_after_steps(heap);
    major_end(heap);
}

void
rhi_major_step(struct rh_heap *heap, struct rh_budget budget)
{
    heap->history.steps++;
    rhi_profile_phase(&heap->profile, heap->major.stage == RHI_SWEEPING
                                          ? RH_PHASE_SWEEP
                                          : RH_PHASE_MARK);
    if (heap->major.stage == RHI_SWEEPING)
        step_sweep(heap, budget);
    else if (rhi_marker_is_done(&heap->marker))
        step_last(heap);
    else
        step_mark(heap, budget);
}

void
rhi_major_cancel(struct rh_heap *heap)
{
    struct rhi_region *region = &heap->region;

    if (heap->major.stage == RHI_SWEEPING) {
        (void)rhi_sweep_some(&heap->sweep, SIZE_MAX);
        major_end(heap);
    }
    if (heap->major.stage != RHI_MARKING)
        return;
    rhi_marker_forget(&heap->marker);
    for (size_t page = 0; page < region->top; page++)
        rhi_line_clear(region->plane[RHI_NEXT][page]);
    heap->mutator.fast.marking = 0;
    heap->major.stage = RHI_IDLE;
}
