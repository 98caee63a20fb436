// SPDX-License-Identifier: MIT
/*
 * stat - counting, without walking and without writing.
 *
 * Nothing is counted twice: how many objects were made is read off the cursor
 * (see mutator.h), how many died is added up by the sweep, page by page, and
 * everything else follows.  So allocation increments no counter, and the
 * identities hold at every instant because each side is computed from the
 * same few numbers.
 */
#include "config.h"

#include "heap.h"

#include <rheap/stat.h>

#include <string.h>

static void
stat_slots(const struct rh_heap *heap, struct rh_stat *stat)
{
    const struct rhi_space *space = &heap->space;

    stat->total_allocated_objects = rhi_mutator_total(&heap->mutator);
    stat->total_freed_objects = heap->sweep.freed_total;
    stat->heap_final_slots = heap->finalizers.finals;
    stat->heap_live_slots = rhi_heap_live(heap) - stat->heap_final_slots;
    stat->x_sealed_slots = heap->seal.slots;
    stat->x_sealed_free_slots = rhi_seal_holes(&heap->seal);
    stat->heap_available_slots =
        rhi_space_pages(space) * space->shape.slots - stat->x_sealed_free_slots;
    stat->heap_free_slots = stat->heap_available_slots - rhi_heap_live(heap);
    stat->heap_marked_slots = heap->history.marked_slots + heap->seal.slots;
    stat->old_objects = heap->history.old_slots + heap->seal.slots;
    stat->old_objects_limit = heap->growth.old_limit;
    stat->remembered_wb_unprotected_objects = heap->history.unprotected;
    stat->remembered_wb_unprotected_objects_limit =
        heap->growth.unprotected_limit;
}

static void
stat_pages(const struct rh_heap *heap, struct rh_stat *stat)
{
    const struct rhi_space *space = &heap->space;
    size_t pages = rhi_space_pages(space);
    size_t sealed = space->count[RHI_SEALED];
    size_t unsealed = pages - sealed; // the capacity is theirs
    size_t capacity = heap->growth.capacity_slots / space->shape.slots;

    stat->heap_allocated_pages = pages;
    stat->heap_sorted_length = heap->region.top;
    stat->heap_allocatable_pages =
        capacity > unsealed ? capacity - unsealed : 0;
    stat->x_sealed_pages = sealed;
    stat->heap_eden_pages = rhi_space_eden_pages(space) + sealed;
    stat->heap_tomb_pages = space->count[RHI_TOMB];
    stat->total_allocated_pages = space->allocated_total;
    stat->total_freed_pages = space->freed_total;
    stat->x_page_span = rhi_space_span(space);
    stat->x_body_bytes = pages * RHI_PAGE_BYTES;
    stat->x_table_bytes = rhi_region_table_bytes(&heap->region);
}

static void
stat_external(const struct rh_heap *heap, struct rh_stat *stat)
{
    const struct rhi_external *external = &heap->external;

    stat->malloc_increase_bytes = external->increase;
    stat->malloc_increase_bytes_limit = external->limit;
    stat->oldmalloc_increase_bytes = external->old_increase;
    stat->oldmalloc_increase_bytes_limit = external->old_limit;
    stat->x_external_bytes = external->bytes;
    stat->x_external_usable = external->usable;
    stat->x_external_blocks = external->blocks;
    stat->x_adjusted_bytes = external->adjusted;
}

static void
stat_collections(const struct rh_heap *heap, struct rh_stat *stat)
{
    stat->minor_gc_count = heap->history.minor_count;
    stat->major_gc_count = heap->history.major_count;
    stat->count = stat->minor_gc_count + stat->major_gc_count;
    stat->x_steps = heap->history.steps;
    stat->x_visited = heap->history.visited;
    stat->x_remembered_visited = heap->history.remembered;
    stat->x_cards_visited = heap->history.cards_visited;
    stat->x_remembered_stores = heap->barrier.stores;
    stat->compact_count = heap->compact.count;
    stat->total_moved_objects = heap->compact.moved_total;
    stat->time = heap->profile.total_ns / 1000000;
    stat->x_collection_ns = heap->profile.total_ns;
    stat->x_emergency_count = heap->history.emergency;
    stat->x_mark_peak_bytes = heap->marker.peak_bytes;
    stat->x_trim_count = heap->trim.trimmer.count;
    stat->x_trim_ns = heap->trim.trimmer.trim_ns;
    stat->x_handle_count = rhi_roots_handle_count(&heap->roots);
    stat->x_handle_peak =
        rhi_max(heap->roots.handle_peak, (size_t)stat->x_handle_count);
}

static void
stat_beside(const struct rh_heap *heap, struct rh_stat *stat)
{
    const struct rhi_weak *weak = &heap->weak;
    const struct rhi_finalizers *finalizers = &heap->finalizers;
    const struct rhi_identity *identity = &heap->identity;

    stat->x_weak_refs = weak->refs.count;
    stat->x_finalizers =
        rhi_roster_size(&finalizers->roster) - finalizers->pending;
    stat->x_finalizers_queued = finalizers->pending;
    stat->x_ids = rhi_roster_size(&identity->roster);
    stat->x_entries_seen =
        weak->refs.seen + weak->seen + finalizers->seen + identity->seen;
}

void
rh_heap_stat(const struct rh_heap *heap, struct rh_stat *stat)
{
    struct rh_stat now;
    size_t bytes = rhi_min(stat->struct_bytes, sizeof now);

    memset(&now, 0, sizeof now);
    stat_slots(heap, &now);
    stat_pages(heap, &now);
    stat_external(heap, &now);
    stat_collections(heap, &now);
    stat_beside(heap, &now);
    now.struct_bytes = bytes;
    memcpy(stat, &now, bytes);
}

struct key {
    const char *name;
    size_t offset;
};

#define KEY(name) { #name, offsetof(struct rh_stat, name) },
static const struct key keys[] = { RH_STAT_CRUBY_KEYS(KEY)
                                       RH_STAT_OWN_KEYS(KEY) };
#undef KEY

enum {
    KEY_COUNT = sizeof keys / sizeof keys[0]
};

const char *
rh_stat_name(size_t n)
{
    return n < KEY_COUNT ? keys[n].name : NULL;
}

enum rh_status
rh_stat_get(const struct rh_heap *heap, const char *name, uint64_t *value)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    for (size_t n = 0; n < KEY_COUNT; n++) {
        if (strcmp(name, keys[n].name) != 0)
            continue;
        rh_heap_stat(heap, &stat);
        memcpy(value, (const char *)&stat + keys[n].offset, sizeof *value);
        return RH_OK;
    }
    return RH_NOT_FOUND;
}

// The shape of the heap.

static const char *const histogram_names[RH_HISTOGRAM_CLASSES] = {
    "0", "1", "2", "3-8", "1/4", "1/2", "3/4", "<full", "full",
};

const char *
rh_histogram_name(size_t n)
{
    return n < RH_HISTOGRAM_CLASSES ? histogram_names[n] : NULL;
}

size_t
rh_histogram_class(size_t live, size_t slots)
{
    if (live <= 2)
        return live;
    if (live == slots)
        return 8;
    if (live <= 8)
        return 3;
    if (4 * live <= slots)
        return 4;
    if (2 * live <= slots)
        return 5;
    return 4 * live <= 3 * slots ? 6 : 7;
}

// Live objects of a page; the current one counts what was handed out.
static size_t
page_live(const struct rh_heap *heap, size_t page)
{
    size_t live = heap->region.live[page];

    return page == heap->mutator.page
               ? live - rhi_mutator_unused(&heap->mutator)
               : live;
}

// Of what is not sealed.
static double
slot_fragmentation(const struct rh_heap *heap)
{
    const struct rhi_space *space = &heap->space;
    size_t slots = rhi_space_eden_pages(space) * space->shape.slots;
    size_t live = rhi_heap_live(heap) - heap->seal.slots;

    return slots ? 1 - (double)live / (double)slots : 0;
}

void
rh_heap_shape(const struct rh_heap *heap, struct rh_shape *shape)
{
    const struct rhi_external *external = &heap->external;
    struct rh_shape now = { .struct_bytes =
                                rhi_min(shape->struct_bytes, sizeof now) };
    size_t slots = heap->space.shape.slots;

    now.slot = slot_fragmentation(heap);
    now.internal = (double)(external->usable - external->bytes);
    now.external = -1; // needs a walk of the allocator
    now.span = rhi_space_span(&heap->space);
    for (size_t page = 0; page < heap->region.top; page++)
        if (rhi_space_has_memory(&heap->space, page))
            now.histogram[rh_histogram_class(page_live(heap, page), slots)]++;
    memcpy(shape, &now, now.struct_bytes);
}

size_t
rh_heap_known_bytes(const struct rh_heap *heap)
{
    const struct rhi_space *space = &heap->space;
    size_t slots = rhi_space_pages(space) * space->shape.slots -
                   rhi_seal_holes(&heap->seal);

    return slots * rhi_heap_slot_bytes(heap) + heap->external.bytes +
           heap->external.adjusted;
}

size_t
rh_heap_memsize(struct rh_heap *heap, const void *object)
{
    const struct rh_model *model = heap->model;

    return rhi_heap_slot_bytes(heap) +
           (model->size ? model->size(heap, object) : 0);
}
