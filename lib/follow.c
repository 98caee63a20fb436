// SPDX-License-Identifier: MIT
#include "config.h"

#include "follow.h"

struct tracer {
    struct rh_visitor visitor;
    struct rhi_follow *follow;
    const void *object; // being traced; NULL: a root is
    bool changed;       // an edge of it was rewritten
};

static void
tracer_slices(struct rh_visitor *visitor, void *object)
{
    const struct rh_model *model = ((struct tracer *)visitor)->follow->model;

    if (model->trace_range)
        model->trace_range(object, 0, SIZE_MAX, visitor);
}

static void
tracer_init(struct tracer *tracer, struct rhi_follow *follow,
            void (*edge)(struct rh_visitor *visitor, void *edge,
                         uintptr_t mask),
            void (*pinned)(struct rh_visitor *visitor, void *object))
{
    *tracer = (struct tracer){ .follow = follow };
    rhi_visitor_init(&tracer->visitor, follow->region, follow->model);
    tracer->visitor.edge = edge;
    tracer->visitor.slices = tracer_slices;
    tracer->visitor.pinned = pinned;
}

static void
trace_page(struct tracer *tracer, size_t page)
{
    const struct rhi_region *region = tracer->follow->region;
    const struct rh_model *model = tracer->follow->model;
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    uint32_t slots = region->pages[page].shape->slots;

    for (uint32_t index = rhi_line_next_set(allocated, 0, slots); index < slots;
         index = rhi_line_next_set(allocated, index + 1, slots)) {
        char *object = rhi_page_slot(region, page, index);

        tracer->object = object;
        tracer->changed = false;
        model->trace(object, &tracer->visitor);
        if (tracer->changed)
            rhi_bit_set(region->plane[RHI_NEXT][page], index);
    }
}

static void
trace_everything(struct tracer *tracer)
{
    const struct rhi_region *region = tracer->follow->region;

    tracer->object = NULL;
    rhi_roots_visit(tracer->follow->roots, &tracer->visitor,
                    &(struct rhi_root_observer){ NULL, NULL, NULL });
    if (!tracer->follow->model->trace)
        return;
    for (size_t page = region->sealed; page < region->top; page++)
        if (region->live[page])
            trace_page(tracer, page);
}

static void
ignore_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    (void)visitor, (void)edge, (void)mask;
}

// ---- pins ----

static void
pin_object(struct rh_visitor *visitor, void *object)
{
    struct rhi_region *region = ((struct tracer *)visitor)->follow->region;
    uintptr_t address = (uintptr_t)object;
    size_t page = rhi_region_page(region, address);

    if (!rhi_page_is_object(region, address) || page < region->sealed)
        return;
    region->flags[page] |= RHI_FLAG_PINNED;
    rhi_bit_set(region->plane[RHI_REACHED][page],
                rhi_page_index(region, address));
}

static void
pin_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    pin_object(visitor, (void *)(rh_visitor_word(edge) & mask));
}

void
rhi_follow_pin(struct rhi_follow *follow)
{
    struct tracer tracer;

    tracer_init(&tracer, follow, ignore_edge, pin_object);
    trace_everything(&tracer);
    tracer_init(&tracer, follow, pin_edge, pin_object);
    (void)rhi_seal_visit(follow->seal, &tracer.visitor, NULL, NULL);
}

void
rhi_follow_unpin(struct rhi_follow *follow)
{
    struct rhi_region *region = follow->region;

    for (size_t page = region->sealed; page < region->top; page++) {
        if (!(region->flags[page] & RHI_FLAG_PINNED))
            continue;
        rhi_line_clear(region->plane[RHI_REACHED][page]);
        if (rhi_line_is_empty(region->plane[RHI_PINNED][page]))
            region->flags[page] &= (uint8_t)~RHI_FLAG_PINNED;
    }
}

// ---- updating ----

static void
update_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct tracer *tracer = (struct tracer *)visitor;
    const struct rhi_forward *forward = &tracer->follow->forward;
    uintptr_t word = rh_visitor_word(edge);

    if (!rhi_forward_is_set(forward, word & mask))
        return;
    word = (word & ~mask) |
           (uintptr_t)rhi_forward(forward, (const void *)(word & mask));
    memcpy(edge, &word, sizeof word);
    tracer->changed = true;
}

static void
ignore_pinned(struct rh_visitor *visitor, void *object)
{
    (void)visitor, (void)object;
}

static void
tell_page(struct rhi_follow *follow, size_t page)
{
    struct rhi_region *region = follow->region;
    const uint64_t *changed = region->plane[RHI_NEXT][page];
    uint32_t slots = region->pages[page].shape->slots;

    for (uint32_t index = rhi_line_next_set(changed, 0, slots); index < slots;
         index = rhi_line_next_set(changed, index + 1, slots))
        follow->model->updated(follow->heap,
                               rhi_page_slot(region, page, index));
}

// Objects whose edges were rewritten hear of it.
static void
tell_everybody(struct rhi_follow *follow)
{
    struct rhi_region *region = follow->region;

    for (size_t page = region->sealed; page < region->top; page++) {
        if (!region->live[page])
            continue;
        if (follow->model->updated)
            tell_page(follow, page);
        rhi_line_clear(region->plane[RHI_NEXT][page]);
    }
}

// Words in tables may lead anywhere.
static void *
forward_word(void *context, void *object)
{
    const struct rhi_forward *forward = context;

    return rhi_region_covers(forward->region, (uintptr_t)object)
               ? rhi_forward(forward, object)
               : object;
}

// Whatever is kept beside the heap by address.
static void
tables_follow(struct rhi_follow *follow)
{
    rhi_weak_moved(follow->weak, forward_word, &follow->forward);
    rhi_finalizers_moved(follow->finalizers, forward_word, &follow->forward);
    rhi_identity_moved(follow->identity, forward_word, &follow->forward);
}

void
rhi_follow_update(struct rhi_follow *follow)
{
    struct tracer tracer;

    tracer_init(&tracer, follow, update_edge, ignore_pinned);
    trace_everything(&tracer);
    tables_follow(follow);
    tell_everybody(follow);
}

// ---- looking for edges that did not follow ----

static void
check_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    const struct tracer *tracer = (const struct tracer *)visitor;
    struct rhi_follow *follow = tracer->follow;
    uintptr_t word = rh_visitor_word(edge);

    if (follow->stale || !rhi_forward_is_set(&follow->forward, word & mask))
        return;
    follow->stale = true; // K2
    follow->from = tracer->object;
}

static void
check_pinned(struct rh_visitor *visitor, void *object)
{
    check_edge(visitor, &object, ~(uintptr_t)0);
}

void
rhi_follow_look_back(struct rhi_follow *follow)
{
    struct tracer tracer;

    tracer_init(&tracer, follow, check_edge, check_pinned);
    trace_everything(&tracer);
}
