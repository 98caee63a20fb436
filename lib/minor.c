// SPDX-License-Identifier: MIT
#include "config.h"

#include "minor.h"

// Trace old objects, without a look at their bits: they have them, and a major
// collection under way need not follow them once more.
static void
page_trace(struct rh_heap *heap, size_t page, const uint64_t *slots)
{
    struct rh_marker *marker = &heap->young;
    uint32_t count = heap->space.shape.slots;

    for (uint32_t index = rhi_line_next_set(slots, 0, count); index < count;
         index = rhi_line_next_set(slots, index + 1, count))
        heap->model->trace(rhi_page_slot(&heap->region, page, index),
                           &marker->visitor);
    rhi_marker_drain(marker);
}

// Follow what is remembered on a page, and what has no barriers.
static void
page_follow(struct rh_heap *heap, size_t page)
{
    struct rhi_region *region = &heap->region;
    uint64_t *remembered = region->plane[RHI_REMEMBERED][page];
    const uint64_t *unprotected = region->plane[RHI_UNPROTECTED][page];
    const uint64_t *old = region->plane[RHI_MARK][page];
    rhi_line again;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        again[word] = remembered[word] | (unprotected[word] & old[word]);
    if (region->flags[page] & RHI_FLAG_REMEMBERED) {
        region->flags[page] &= (uint8_t)~RHI_FLAG_REMEMBERED;
        rhi_line_clear(remembered);
    }
    heap->history.remembered += rhi_line_count(again);
    if (heap->model->trace)
        page_trace(heap, page, again);
}

static void
minor_follow_pages(struct rh_heap *heap)
{
    const struct rhi_region *region = &heap->region;
    unsigned flags = RHI_FLAG_REMEMBERED | RHI_FLAG_UNPROTECTED;

    for (size_t page = rhi_region_next_flagged(region, region->sealed, flags);
         page < region->top;
         page = rhi_region_next_flagged(region, page + 1, flags))
        page_follow(heap, page);
}

static void
minor_follow_cards(struct rh_heap *heap)
{
    struct rhi_barrier *barrier = &heap->barrier;
    struct rh_marker *marker = &heap->young;

    heap->history.cards_visited = barrier->card_count;
    for (size_t i = 0; i < barrier->card_count; i++) {
        struct rhi_slice card = barrier->table->cards[i];

        (void)heap->model->trace_range(card.object, card.first,
                                       card.first + RHI_SLICE_REFERENCES,
                                       &marker->visitor);
        rhi_marker_drain(marker);
    }
    rhi_barrier_forget_cards(barrier);
}

static void
minor_mark(struct rh_heap *heap)
{
    struct rh_marker *marker = &heap->young;
    bool marking = heap->major.stage == RHI_MARKING;

    rhi_marker_begin(marker, RHI_MARKER_YOUNG, RHI_MARK);
    if (marking) {
        rhi_marker_drop_young(&heap->marker, heap->region.plane[RHI_MARK]);
        marker->promote = &heap->marker;
    }
    heap->history.remembered = 0;
    rhi_profile_phase(&heap->profile, RH_PHASE_MARK);
    heap->history.remembered += rhi_reach_sealed(heap, marker);
    minor_follow_pages(heap);
    minor_follow_cards(heap);
    heap->finalizers.minor = true;
    rhi_reach_roots(heap, marker);
    heap->finalizers.minor = false;
    rhi_afterlife(heap, marker, true);
}

void
rhi_minor_collect(struct rh_heap *heap)
{
    struct rh_marker *marker = &heap->young;
    struct rhi_history *history = &heap->history;

    history->minor_count++;
    rhi_external_collecting_young(&heap->external);
    rhi_event(&heap->events, RH_EVENT_COLLECTION_START);
    if (heap->watch.before_minor)
        heap->watch.before_minor(heap);
    minor_mark(heap);
    rhi_event(&heap->events, RH_EVENT_MARK_END);
    rhi_heap_phase(heap, "minor mark");
    rhi_profile_phase(&heap->profile, RH_PHASE_SWEEP);
    rhi_sweep_young(&heap->sweep, marker->promote ? &heap->marker : NULL);
    history->old_slots += rhi_marker_marked(marker);
    history->unprotected =
        rhi_barrier_unprotected(&heap->barrier, heap->region.plane[RHI_MARK]);
    history->visited = marker->traced + history->remembered;
    rhi_event(&heap->events, RH_EVENT_SWEEP_END);
    rhi_heap_phase(heap, "minor sweep");
    rhi_heap_wrote(heap, RH_SHARING_MINOR);
}
