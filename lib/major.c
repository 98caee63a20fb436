// SPDX-License-Identifier: MIT
#include "config.h"

#include "major.h"

#include "os.h"

enum {
    BREATH_OBJECTS = 128, // followed between two looks at the clock
    BREATH_PAGES = 16     // swept, or given back, likewise
};

// ---- how it begins, and how it ends ----

static void
major_begin(struct rh_heap *heap)
{
    heap->history.major_count++;
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
    heap->history.marked_slots = rhi_marker_marked(&heap->marker);
    heap->history.old_slots = heap->history.marked_slots;
    heap->history.unprotected =
        rhi_barrier_unprotected(&heap->barrier, plane[RHI_MARK]);
    rhi_profile_phase(&heap->profile, RH_PHASE_SWEEP);
    rhi_sweep_begin(&heap->sweep);
    heap->major.stage = RHI_SWEEPING;
    rhi_heap_set_strict(heap);
    rhi_event(&heap->events, RH_EVENT_MARK_END);
    rhi_heap_phase(heap, "major mark");
    rhi_heap_wrote(heap, RH_SHARING_MARK);
}

void
rhi_major_decide(struct rh_heap *heap)
{
    struct rhi_space *space = &heap->space;

    rhi_profile_phase(&heap->profile, RH_PHASE_RELEASE);
    rhi_growth_collected(&heap->growth,
                         &(struct rhi_growth_facts){
                             .live_slots = heap->history.marked_slots,
                             .total_slots = (rhi_space_eden_pages(space) +
                                             space->count[RHI_TOMB]) *
                                            space->shape.slots,
                             .slots_per_page = space->shape.slots,
                             .pages = rhi_space_eden_pages(space),
                             .made_total = rhi_mutator_total(&heap->mutator),
                             .unprotected = heap->history.unprotected,
                         });
}

static void
major_compact(struct rh_heap *heap)
{
    if (rhi_compact_is_due(&heap->compact))
        rhi_profile_phase(&heap->profile, RH_PHASE_COMPACT);
    rhi_heap_wrote(heap, RH_SHARING_SWEEP);
    rhi_compact_if_due(&heap->compact);
    rhi_heap_wrote(heap, RH_SHARING_COMPACT);
}

// All pages are swept: how large may the heap become, and how many empty pages
// may it keep?
static void
major_swept(struct rh_heap *heap)
{
    rhi_event(&heap->events, RH_EVENT_SWEEP_END);
    rhi_major_decide(heap);
    rhi_space_release_begin(&heap->space);
    heap->major.releasing = true;
}

// The others go back to the system; `pages` are looked at.  Whether no more
// are to go.
static bool
major_release(struct rh_heap *heap, size_t pages)
{
    return rhi_space_release_some(&heap->space, heap->growth.max_empty_pages,
                                  pages);
}

// They have gone.
static void
major_end(struct rh_heap *heap)
{
    heap->major.releasing = false;
    heap->major.stage = RHI_IDLE;
    rhi_trim_consult(&heap->trim, RH_TRIM_COLLECTION);
    rhi_heap_phase(heap, "major sweep");
    rhi_heap_wrote(heap, RH_SHARING_SWEEP);
}

static void
release_rest(struct rh_heap *heap)
{
    (void)major_release(heap, SIZE_MAX);
    major_end(heap);
}

// ---- at once ----

void
rhi_major_collect(struct rh_heap *heap)
{
    rhi_major_cancel(heap);
    major_begin(heap);
    rhi_reach_roots(heap, &heap->marker);
    (void)rhi_reach_sealed(heap, &heap->marker);
    rhi_afterlife(heap, &heap->marker, false);
    rhi_barrier_forget(&heap->barrier); // nothing is young from here on
    major_swap(heap);
    (void)rhi_sweep_some(&heap->sweep, SIZE_MAX);
    major_compact(heap);
    major_swept(heap);
    release_rest(heap);
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
    rhi_heap_set_strict(heap);
    rhi_heap_wrote(heap, RH_SHARING_MARK);
}

static bool
budget_is_spent(struct rh_budget budget, uint64_t start, size_t done)
{
    return (budget.objects && done >= budget.objects) ||
           (budget.microseconds &&
            (rhi_os_now() - start) / 1000 >= budget.microseconds);
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

// Follow once more the objects without barriers that were followed.
static void
step_follow_unprotected(struct rh_heap *heap, struct rh_marker *marker)
{
    const struct rhi_region *region = &heap->region;

    for (size_t page = rhi_region_next_flagged(region, region->sealed,
                                               RHI_FLAG_UNPROTECTED);
         page < region->top; page = rhi_region_next_flagged(
                                 region, page + 1, RHI_FLAG_UNPROTECTED)) {
        const uint64_t *unprotected = region->plane[RHI_UNPROTECTED][page];
        rhi_line again;

        for (int word = 0; word < RHI_LINE_WORDS; word++)
            again[word] = unprotected[word] & marker->plane[page][word];
        rhi_marker_push_again(marker, page, again);
        rhi_marker_drain(marker);
    }
}

// The last step of marking.
static void
step_last(struct rh_heap *heap)
{
    struct rh_marker *marker = &heap->marker;
    size_t before = marker->traced;

    rhi_minor_collect(heap);
    rhi_reach_roots(heap, marker);
    (void)rhi_reach_sealed(heap, marker);
    step_follow_unprotected(heap, marker);
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
        rhi_heap_wrote(heap, RH_SHARING_SWEEP);
        rhi_minor_collect(heap);
        major_compact(heap);
    }
}

// Sweep up to `pages` pages, or look at as many to give them back; whether
// nothing is left to do.
static bool
sweep_breath(struct rh_heap *heap, size_t pages)
{
    if (heap->major.releasing)
        return major_release(heap, pages);
    if (rhi_sweep_some(&heap->sweep, pages)) {
        compact_after_steps(heap);
        major_swept(heap);
    }
    return false;
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

        finished = sweep_breath(heap, pages);
        done += pages == SIZE_MAX ? 0 : pages * slots;
    } while (!finished && !budget_is_spent(budget, start, done));
    heap->history.visited = 0;
    if (finished)
        major_end(heap);
}

void
rhi_major_step(struct rh_heap *heap, struct rh_budget budget)
{
    heap->history.steps++;
    rhi_profile_phase(&heap->profile, heap->major.releasing ? RH_PHASE_RELEASE
                                      : heap->major.stage == RHI_SWEEPING
                                          ? RH_PHASE_SWEEP
                                          : RH_PHASE_MARK);
    if (heap->major.stage == RHI_SWEEPING)
        step_sweep(heap, budget);
    else if (rhi_marker_is_done(&heap->marker))
        step_last(heap);
    else
        step_mark(heap, budget);
    rhi_heap_wrote(heap, heap->major.stage == RHI_MARKING ? RH_SHARING_MARK
                                                          : RH_SHARING_SWEEP);
}

void
rhi_major_cancel(struct rh_heap *heap)
{
    struct rhi_region *region = &heap->region;

    if (heap->major.stage == RHI_SWEEPING) {
        if (rhi_sweep_some(&heap->sweep, SIZE_MAX) && !heap->major.releasing)
            major_swept(heap);
        release_rest(heap);
    }
    if (heap->major.stage != RHI_MARKING)
        return;
    rhi_marker_forget(&heap->marker);
    for (size_t page = region->sealed; page < region->top; page++)
        rhi_line_clear(region->plane[RHI_NEXT][page]);
    heap->major.stage = RHI_IDLE;
    rhi_heap_set_strict(heap);
}
