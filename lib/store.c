// SPDX-License-Identifier: MIT
/*
 * store - the slow roads of the write barrier, as programs reach them.
 *
 * The inline half (rheap/fast.h) has found an old parent, and a child that is
 * young, or a major collection under way.
 */
#include "config.h"

#include "missed.h"

static bool
is_old(const struct rh_heap *heap, const void *object)
{
    return rh_fast_is_old(&heap->mutator.fast, (uintptr_t)object);
}

// What the checked builds ask of every object that is named.
static void
refuse_stranger(const struct rh_heap *heap, const void *object)
{
    if (!rh_heap_is_live(heap, (uintptr_t)object))
        rhi_panic(&heap->panic, "barrier for something that is no object of "
                                "this heap");
}

// A black object refers to `child`: it must not stay white.
static void
keep_from_major(struct rh_heap *heap, void *parent, void *child)
{
    struct rh_marker *marker = &heap->marker;

    if (heap->major.stage == RHI_MARKING && rhi_marker_has(marker, parent))
        rhi_marker_shade(marker, child);
}

// Said by whoever comes by a function: the inline half looks up a bit of the
// parent before anybody can look at the parent.
static void
check_parent(const struct rh_heap *heap, const void *parent)
{
    RHI_CHECK(&heap->panic, rh_heap_is_live(heap, (uintptr_t)parent));
}

void
rh_barrier_slow(struct rh_heap *heap, void *parent, void *child)
{
    check_parent(heap, parent);
    RHI_CHECK(&heap->panic, rh_heap_is_live(heap, (uintptr_t)child));
    if (!is_old(heap, child))
        rhi_barrier_remember(&heap->barrier, parent);
    else
        keep_from_major(heap, parent, child);
}

void
rh_barrier_slow_at(struct rh_heap *heap, void *parent, size_t index,
                   void *child)
{
    check_parent(heap, parent);
    RHI_CHECK(&heap->panic, rh_heap_is_live(heap, (uintptr_t)child));
    if (is_old(heap, child))
        keep_from_major(heap, parent, child);
    else if (heap->model->trace_range)
        rhi_barrier_card(&heap->barrier, parent, index);
    else
        rhi_barrier_remember(&heap->barrier, parent);
}

void
rh_barrier_write(struct rh_heap *heap, void *parent, void *child)
{
    check_parent(heap, parent);
    rh_fast_barrier(heap, &heap->mutator.fast, parent, child);
}

void
rh_barrier_write_at(struct rh_heap *heap, void *parent, size_t index,
                    void *child)
{
    check_parent(heap, parent);
    rh_fast_barrier_at(heap, &heap->mutator.fast, parent, index, child);
}

void
rh_barrier_all(struct rh_heap *heap, void *object)
{
    check_parent(heap, object);
    if (!is_old(heap, object))
        return;
    rhi_barrier_remember(&heap->barrier, object);
    if (heap->major.stage == RHI_MARKING)
        rhi_marker_regray(&heap->marker, object);
}

void
rh_barrier_unprotect(struct rh_heap *heap, void *object)
{
    refuse_stranger(heap, object);
    rhi_barrier_unprotect(&heap->barrier, object);
    // What it refers to already may have been stored unseen.
    rh_barrier_all(heap, object);
}

bool
rh_barrier_is_protected(struct rh_heap *heap, const void *object)
{
    const struct rhi_region *region = &heap->region;

    refuse_stranger(heap, object);
    return !rhi_bit_test(region->plane[RHI_UNPROTECTED][rhi_region_page(
                             region, (uintptr_t)object)],
                         rhi_page_index(region, (uintptr_t)object));
}

void
rh_barrier_check(struct rh_heap *heap, bool on, rh_missed_fn report,
                 void *context)
{
    rhi_missed_watch(heap, on, report, context);
}
