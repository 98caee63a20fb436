// SPDX-License-Identifier: MIT
#include "config.h"

#include "missed.h"

#include <stdio.h>

struct missed_walk {
    struct rh_visitor visitor;
    struct rh_heap *heap;
    void *parent;
    size_t slice; // the first index of the slice being looked at, or SIZE_MAX
    size_t index; // of the next reference
    bool marking; // look for white children of black parents
    bool pausing; // of these, for such as marking will not come back to
    bool (*found)(struct missed_walk *walk, void *child); // whether to go on
    void *context;
    bool going;
};

// Looks for one reference among others.
struct search {
    struct rh_visitor visitor;
    uintptr_t child;
    bool found;
};

static void
search_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct search *search = (struct search *)visitor;

    search->found |= (rh_visitor_word(edge) & mask) == search->child;
}

static void
search_pinned(struct rh_visitor *visitor, void *object)
{
    search_edge(visitor, &object, ~(uintptr_t)0);
}

// A container that was long when a card was made of it, and is short now, is
// followed with its object.  The card leads there all the same.
static bool
cards_lead_to(const struct missed_walk *walk, uintptr_t child)
{
    const struct rhi_barrier *barrier = &walk->heap->barrier;
    const struct rh_model *model = walk->heap->model;
    struct search search = { .visitor = walk->visitor, .child = child };

    search.visitor.edge = search_edge;
    search.visitor.pinned = search_pinned;
    for (size_t i = 0;
         i < barrier->card_count && model->trace_range && !search.found; i++) {
        struct rhi_slice card = barrier->table->cards[i];

        if (card.object == walk->parent)
            (void)model->trace_range(card.object, card.first,
                                     card.first + RHI_SLICE_REFERENCES,
                                     &search.visitor);
    }
    return search.found;
}

static bool
place_has_card(const struct missed_walk *walk, uintptr_t child)
{
    if (walk->slice == SIZE_MAX)
        return cards_lead_to(walk, child);
    return rhi_barrier_has_card(&walk->heap->barrier, walk->parent,
                                walk->slice);
}

// Whether the next collection of the young will look at the place.
static bool
place_is_known(const struct missed_walk *walk, uintptr_t child)
{
    const struct rh_heap *heap = walk->heap;
    const struct rhi_barrier *barrier = &heap->barrier;
    size_t page = rhi_region_page(&heap->region, (uintptr_t)walk->parent);

    return rhi_barrier_has(barrier, walk->parent) ||
           rhi_bit_test(
               heap->region.plane[RHI_UNPROTECTED][page],
               rhi_page_index(&heap->region, (uintptr_t)walk->parent)) ||
           place_has_card(walk, child);
}

static bool
has_bit(const struct rhi_region *region, enum rhi_plane plane, uintptr_t object)
{
    return rhi_bit_test(region->plane[plane][rhi_region_page(region, object)],
                        rhi_page_index(region, object));
}

// Whether a collection of the young, or any where the parent is sealed, would
// not find the child by itself.
static bool
wants_barrier(const struct missed_walk *walk, uintptr_t child)
{
    const struct rhi_region *region = &walk->heap->region;

    return rhi_region_is_sealed(region, walk->parent)
               ? !rhi_region_is_sealed(region, (void *)child)
               : !has_bit(region, RHI_MARK, child);
}

// M2.  The young turn gray when they are promoted.
static bool
is_white_for_good(const struct missed_walk *walk, uintptr_t child)
{
    const struct rh_heap *heap = walk->heap;

    return !has_bit(&heap->region, RHI_NEXT, child) &&
           (!walk->pausing ||
            (has_bit(&heap->region, RHI_MARK, child) &&
             !rhi_marker_is_gray(&heap->marker, (void *)child)));
}

static bool
is_missed(const struct missed_walk *walk, uintptr_t child)
{
    if (!rh_heap_is_live(walk->heap, child))
        return false;
    if (walk->marking)
        return is_white_for_good(walk, child);
    return wants_barrier(walk, child) && !place_is_known(walk, child);
}

static void
missed_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct missed_walk *walk = (struct missed_walk *)visitor;
    uintptr_t child = rh_visitor_word(edge) & mask;

    if (walk->going && is_missed(walk, child))
        walk->going = walk->found(walk, (void *)child);
    walk->index++;
}

static void
missed_pinned(struct rh_visitor *visitor, void *object)
{
    missed_edge(visitor, &object, ~(uintptr_t)0);
}

static void
missed_slices(struct rh_visitor *visitor, void *object)
{
    struct missed_walk *walk = (struct missed_walk *)visitor;
    const struct rh_model *model = walk->heap->model;
    size_t from = 0;
    bool more = model->trace_range != NULL;

    for (; more && walk->going; from += RHI_SLICE_REFERENCES) {
        walk->slice = from;
        more = model->trace_range(object, from, from + RHI_SLICE_REFERENCES,
                                  visitor);
    }
    walk->slice = SIZE_MAX;
}

static void
missed_look_at(struct missed_walk *walk, void *parent)
{
    walk->parent = parent;
    walk->slice = SIZE_MAX;
    walk->index = 0;
    walk->heap->model->trace(parent, &walk->visitor);
}

// The objects of a page that are old, or black; or both, if marking comes back
// to them for nothing but a missed store.
static void
page_parents(const struct missed_walk *walk, size_t page, uint64_t *bits)
{
    rhi_line *const *plane = walk->heap->region.plane;
    const uint64_t *old = plane[RHI_MARK][page];
    const uint64_t *black = plane[RHI_NEXT][page];
    const uint64_t *unprotected = plane[RHI_UNPROTECTED][page];

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        bits[word] = walk->pausing
                         ? old[word] & black[word] & ~unprotected[word]
                     : walk->marking ? black[word]
                                     : old[word];
}

// A container half followed is looked at when it has been followed; what was
// stored into a sealed object is, in the last step of marking (B5).
static bool
parent_is_to_come(const struct missed_walk *walk, const void *parent)
{
    const struct rh_heap *heap = walk->heap;

    return walk->pausing && (rhi_marker_has_slices(&heap->marker, parent) ||
                             rhi_region_is_sealed(&heap->region, parent));
}

static void
page_look(struct missed_walk *walk, size_t page)
{
    const struct rh_heap *heap = walk->heap;
    uint32_t slots = heap->space.shape.slots;
    rhi_line bits;

    page_parents(walk, page, bits);
    for (uint32_t index = rhi_line_next_set(bits, 0, slots);
         walk->going && index < slots;
         index = rhi_line_next_set(bits, index + 1, slots)) {
        char *parent = rhi_page_slot(&heap->region, page, index);

        if (!parent_is_to_come(walk, parent))
            missed_look_at(walk, parent);
    }
}

static void
missed_look(struct missed_walk *walk)
{
    struct rh_heap *heap = walk->heap;
    const struct rhi_region *region = &heap->region;

    rhi_visitor_init(&walk->visitor, region, heap->model);
    walk->visitor.edge = missed_edge;
    walk->visitor.slices = missed_slices;
    walk->visitor.pinned = missed_pinned;
    walk->going = heap->model->trace != NULL;
    for (size_t page = 0; walk->going && page < region->top; page++)
        page_look(walk, page);
}

static const char *
type_of(struct rh_heap *heap, const void *object)
{
    struct rh_description description = { .type = "object" };

    if (heap->model->describe)
        heap->model->describe(heap, object, &description);
    return description.type;
}

static struct rh_missed_barrier
missed_describe(const struct missed_walk *walk, void *child)
{
    struct rh_site from = { .file = NULL };
    struct rh_site to = { .file = NULL };

    (void)rhi_sites_find(&walk->heap->sites, walk->parent, &from);
    (void)rhi_sites_find(&walk->heap->sites, child, &to);
    return (struct rh_missed_barrier){
        .parent = walk->parent,
        .child = child,
        .index = walk->index,
        .parent_type = type_of(walk->heap, walk->parent),
        .child_type = type_of(walk->heap, child),
        .parent_file = from.file,
        .parent_line = from.line,
        .child_file = to.file,
        .child_line = to.line,
        .marking = walk->marking,
    };
}

static void
missed_panic(struct rh_heap *heap, const struct rh_missed_barrier *missed)
{
    char message[512];

    (void)snprintf(message, sizeof message,
                   "a store without its write barrier: %s %p (%s:%u) refers "
                   "to %s %p (%s:%u) by its reference %zu",
                   missed->parent_type, missed->parent,
                   missed->parent_file ? missed->parent_file : "?",
                   missed->parent_line, missed->child_type, missed->child,
                   missed->child_file ? missed->child_file : "?",
                   missed->child_line, missed->index);
    rhi_panic(&heap->panic, message);
}

static void
missed_report(struct missed_walk *walk, void *child)
{
    struct rh_heap *heap = walk->heap;
    struct rh_missed_barrier missed = missed_describe(walk, child);

    if (!heap->watch.missed)
        missed_panic(heap, &missed);
    heap->watch.missed(heap, &missed, heap->watch.context);
}

static bool
report_and_remember(struct missed_walk *walk, void *child)
{
    missed_report(walk, child);
    rhi_barrier_remember(&walk->heap->barrier, walk->parent);
    return true;
}

static bool
report_and_mark(struct missed_walk *walk, void *child)
{
    missed_report(walk, child);
    rhi_marker_push(&walk->heap->marker, child);
    rhi_marker_drain(&walk->heap->marker);
    return true;
}

static void
look_before_minor(struct rh_heap *heap)
{
    struct missed_walk walk = { .heap = heap, .found = report_and_remember };

    missed_look(&walk);
}

static void
look_when_marked(struct rh_heap *heap)
{
    struct missed_walk walk = { .heap = heap,
                                .marking = true,
                                .found = report_and_mark };

    missed_look(&walk);
}

void
rhi_missed_watch(struct rh_heap *heap, bool on, rh_missed_fn report,
                 void *context)
{
    heap->watch.before_minor = on ? look_before_minor : NULL;
    heap->watch.major_marked = on ? look_when_marked : NULL;
    heap->watch.missed = report;
    heap->watch.context = context;
}

static bool
remember_first(struct missed_walk *walk, void *child)
{
    *(struct rh_missed_barrier *)walk->context = missed_describe(walk, child);
    return false;
}

bool
rhi_missed_first(struct rh_heap *heap, struct rh_missed_barrier *missed)
{
    struct missed_walk walk = { .heap = heap,
                                .found = remember_first,
                                .context = missed };

    missed->parent = NULL;
    if (heap->config.generational)
        missed_look(&walk);
    return missed->parent != NULL;
}

bool
rhi_missed_white(struct rh_heap *heap, struct rh_missed_barrier *missed)
{
    struct missed_walk walk = { .heap = heap,
                                .marking = true,
                                .pausing = true,
                                .found = remember_first,
                                .context = missed };

    missed->parent = NULL;
    if (heap->config.generational && heap->major.stage == RHI_MARKING)
        missed_look(&walk);
    return missed->parent != NULL;
}
