// SPDX-License-Identifier: MIT
/*
 * walk - looking at everything.
 *
 * A walk flushes the current page first, so that the allocated bits tell the
 * truth, and holds collections off while it lasts.  The callback may allocate:
 * that takes pages, whose free slots then count as allocated for a moment, so
 * every step of a walk asks the cursor whether a slot is still unused.  A page
 * is looked at as it was when its turn came.  Pages that did not exist when a
 * walk began are not visited: a callback that allocates for each object would
 * never see the end.
 */
#include "config.h"

#include "reach.h"

#include <rheap/walk.h>

static void
walk_begin(struct rh_heap *heap)
{
    rhi_mutator_flush(&heap->mutator);
    heap->walks++;
}

static enum rh_status
walk_end(struct rh_heap *heap, bool finished)
{
    if (heap->walks) // else the callback has abandoned us
        heap->walks--;
    return finished ? RH_OK : RH_STOPPED;
}

// Whether a slot has an object, of those that had one when the turn of their
// page came.  Collections wait, unless a callback has abandoned all walks and
// goes on with this one.
static bool
is_still_there(const struct rh_heap *heap, uintptr_t slot)
{
    return heap->walks ? !rhi_mutator_is_unused(&heap->mutator, slot)
                       : rh_heap_is_live(heap, slot);
}

// Call `fn` for the slots of a page whose bits are set in `bits`.
static bool
page_each(struct rh_heap *heap, size_t page, const uint64_t *bits,
          rh_object_fn fn, void *context)
{
    const struct rhi_region *region = &heap->region;
    uint32_t slots = heap->space.shape.slots;

    for (uint32_t index = rhi_line_next_set(bits, 0, slots); index < slots;
         index = rhi_line_next_set(bits, index + 1, slots)) {
        char *slot = rhi_page_slot(region, page, index);

        if (is_still_there(heap, (uintptr_t)slot) && !fn(heap, slot, context))
            return false;
    }
    return true;
}

// Every live object, or those that have a bit in REACHED, too.
static bool
each_object(struct rh_heap *heap, bool reached, rh_object_fn fn, void *context)
{
    const struct rhi_region *region = &heap->region;
    size_t top = region->top; // the callback may raise it
    rhi_line bits;

    for (size_t page = 0; page < top; page++) {
        if (!rhi_space_has_memory(&heap->space, page))
            continue;
        rhi_heap_live_bits(heap, page, bits);
        for (int word = 0; reached && word < RHI_LINE_WORDS; word++)
            bits[word] &= region->plane[RHI_REACHED][page][word];
        if (!page_each(heap, page, bits, fn, context))
            return false;
    }
    return true;
}

enum rh_status
rh_walk_objects(struct rh_heap *heap, rh_object_fn fn, void *context)
{
    walk_begin(heap);
    return walk_end(heap, each_object(heap, false, fn, context));
}

static enum rh_page_state
page_state(enum rhi_list list)
{
    if (list == RHI_RELEASED)
        return RH_PAGE_RELEASED;
    return list == RHI_TOMB ? RH_PAGE_TOMB : RH_PAGE_EDEN;
}

// `live` is there for a page on which the dead are still to be swept.
static struct rh_page_view
page_view(const struct rh_heap *heap, size_t number, uint64_t *live)
{
    const struct rhi_region *region = &heap->region;
    const struct rhi_page *page = &region->pages[number];
    bool unswept = rhi_page_awaits_sweep(region, number);

    rhi_heap_live_bits(heap, number, live);
    return (struct rh_page_view){
        .page = number,
        .address = rhi_region_body(region, number),
        .state = page_state((enum rhi_list)page->list),
        .slots = heap->space.shape.slots,
        .live_slots = unswept ? rhi_line_count(live) : region->live[number],
        .age = (size_t)(heap->space.collection - page->since),
        .list = rhi_list_name((enum rhi_list)page->list),
        .allocated = unswept ? live : region->plane[RHI_ALLOCATED][number],
        .mark = region->plane[RHI_MARK][number],
        .remembered = region->plane[RHI_REMEMBERED][number],
        .unprotected = region->plane[RHI_UNPROTECTED][number],
        .pinned = region->plane[RHI_PINNED][number],
    };
}

// Flush, so that the bits tell the truth; the page that was being allocated
// from, or `before` when there was none.
static size_t
flush_page(struct rh_heap *heap, size_t before)
{
    size_t page = heap->mutator.page;

    rhi_mutator_flush(&heap->mutator);
    return page == SIZE_MAX ? before : page;
}

enum rh_status
rh_walk_pages(struct rh_heap *heap, rh_page_fn fn, void *context)
{
    size_t current = flush_page(heap, SIZE_MAX);
    size_t top = heap->region.top;
    bool going = true;

    walk_begin(heap);
    for (size_t page = 0; going && page < top; page++) {
        struct rh_page_view view;
        rhi_line live;

        current = flush_page(heap, current); // the callback may allocate
        view = page_view(heap, page, live);
        view.current = page == current;
        going = fn(heap, &view, context);
    }
    return walk_end(heap, going);
}

enum rh_status
rh_page_look(struct rh_heap *heap, size_t page, struct rh_page_view *view)
{
    size_t current;

    if (page >= heap->region.top)
        return RH_NOT_FOUND;
    current = flush_page(heap, SIZE_MAX);
    *view = page_view(heap, page, heap->looked_at);
    view->current = page == current;
    return RH_OK;
}

enum rh_status
rh_walk_runs(struct rh_heap *heap, size_t page, rh_run_fn fn, void *context)
{
    uint32_t slots = heap->space.shape.slots;
    uint32_t first, end = 0;
    rhi_line free;
    bool going = true;

    if (!rhi_space_has_memory(&heap->space, page))
        return RH_NOT_FOUND;
    walk_begin(heap);
    rhi_heap_live_bits(heap, page, free);
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
        free[word] = ~free[word] & rhi_word_range(word, 0, slots);
    for (first = rhi_line_next_set(free, 0, slots); going && first < slots;
         first = rhi_line_next_set(free, end, slots)) {
        end = rhi_line_next_clear(free, first, slots);
        going = fn(heap, first, end - first, context);
    }
    return walk_end(heap, going);
}

// References of one object: a visitor that calls back.
struct reference_walk {
    struct rh_visitor visitor;
    struct rh_heap *heap;
    void *from;
    rh_reference_fn fn;
    rh_root_walk_fn root_fn;
    const char *category;
    void *context;
    bool going;
};

static void
reference_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct reference_walk *walk = (struct reference_walk *)visitor;
    uintptr_t address = rh_visitor_word(edge) & mask;
    void *to = (void *)address;

    if (!walk->going ||
        !rhi_visitor_accepts(&walk->heap->region, address, mask))
        return;
    walk->going =
        walk->fn ? walk->fn(walk->heap, walk->from, to, walk->context)
                 : walk->root_fn(walk->heap, walk->category, to, walk->context);
}

static void
reference_pinned(struct rh_visitor *visitor, void *object)
{
    reference_edge(visitor, &object, ~(uintptr_t)0);
}

static void
reference_slices(struct rh_visitor *visitor, void *object)
{
    const struct rh_model *model =
        ((struct reference_walk *)visitor)->heap->model;

    if (model->trace_range)
        model->trace_range(object, 0, SIZE_MAX, visitor);
}

static void
reference_walk_init(struct reference_walk *walk, struct rh_heap *heap)
{
    *walk = (struct reference_walk){ .heap = heap, .going = true };
    rhi_visitor_init(&walk->visitor, &heap->region, heap->model);
    walk->visitor.edge = reference_edge;
    walk->visitor.slices = reference_slices;
    walk->visitor.pinned = reference_pinned;
}

enum rh_status
rh_walk_references(struct rh_heap *heap, void *object, rh_reference_fn fn,
                   void *context)
{
    struct reference_walk walk;

    if (!heap->model->trace)
        return RH_OK;
    walk_begin(heap);
    reference_walk_init(&walk, heap);
    walk.from = object;
    walk.fn = fn;
    walk.context = context;
    heap->model->trace(object, &walk.visitor);
    return walk_end(heap, walk.going);
}

static void
reference_category(const char *category, void *context)
{
    ((struct reference_walk *)context)->category = category;
}

enum rh_status
rh_walk_roots(struct rh_heap *heap, rh_root_walk_fn fn, void *context)
{
    struct reference_walk walk;

    walk_begin(heap);
    reference_walk_init(&walk, heap);
    walk.root_fn = fn;
    walk.context = context;
    rhi_roots_visit(
        &heap->roots, &walk.visitor,
        &(struct rhi_root_observer){ reference_category, NULL, &walk });
    return walk_end(heap, walk.going);
}

// Reachability borrows the plane `reached`, and the marker of the young.
static void
reachable_forget(struct rh_heap *heap)
{
    for (size_t page = 0; page < heap->region.top; page++)
        rhi_line_clear(heap->region.plane[RHI_REACHED][page]);
    heap->reaching = false;
}

enum rh_status
rh_walk_reachable(struct rh_heap *heap, void *object, rh_object_fn fn,
                  void *context)
{
    bool going;

    if (heap->inside || heap->placing || heap->reaching)
        return RH_BUSY;
    walk_begin(heap);
    heap->reaching = true;
    heap->inside = true; // trace functions may not allocate here, too
    rhi_reach(heap, RHI_REACHED, object);
    if (!object)
        rhi_weak_converge(&heap->weak, &heap->young, false);
    heap->inside = false;
    going = each_object(heap, true, fn, context);
    reachable_forget(heap);
    return walk_end(heap, going);
}

void
rh_walk_abandon(struct rh_heap *heap)
{
    heap->walks = 0;
    if (heap->reaching)
        reachable_forget(heap);
}
