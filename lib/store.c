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

// Words that are no addresses of this heap are ignored, as a child.
static void
check_store(const struct rh_heap *heap, const void *parent, const void *child)
{
    RHI_CHECK_USE(&heap->panic, rh_heap_is_live(heap, (uintptr_t)parent),
                  "barrier for a parent that is no object of this heap");
    RHI_CHECK_USE(&heap->panic,
                  !rh_fast_covers(&heap->mutator.fast, (uintptr_t)child) ||
                      rh_heap_is_live(heap, (uintptr_t)child),
                  "barrier for a child that is dead, or was never an object");
    (void)heap, (void)parent, (void)child;
}

static void
refuse_stranger(const struct rh_heap *heap, const void *object)
{
    if (!rh_heap_is_live(heap, (uintptr_t)object))
        rhi_panic(&heap->panic, "barrier for something that is no object of "
                                "this heap");
}

// Whether a major collection under way has followed an object already, and so
// will not see by itself what it refers to now.
static bool
is_black(const struct rh_heap *heap, const void *object)
{
    return heap->major.stage == RHI_MARKING &&
           rhi_marker_has(&heap->marker, object);
}

static bool
is_sealed(const struct rh_heap *heap, const void *object)
{
    return rhi_region_is_sealed(&heap->region, object);
}

// A black object refers to `child`: it must not stay white.
static void
keep_from_major(struct rh_heap *heap, void *parent, void *child)
{
    if (is_black(heap, parent))
        rhi_marker_shade(&heap->marker, child);
}

void
rh_barrier_slow(struct rh_heap *heap, void *parent, void *child)
{
    check_store(heap, parent, child);
    if (is_sealed(heap, parent) ? !is_sealed(heap, child)
                                : !is_old(heap, child))
        rhi_barrier_remember(&heap->barrier, parent);
    else
        keep_from_major(heap, parent, child);
}

void
rh_barrier_slow_at(struct rh_heap *heap, void *parent, size_t index,
                   void *child)
{
    check_store(heap, parent, child);
    if (is_sealed(heap, parent) ? is_sealed(heap, child) : is_old(heap, child))
        keep_from_major(heap, parent, child);
    else if (heap->model->trace_range)
        rhi_barrier_card(&heap->barrier, parent, index);
    else
        rhi_barrier_remember(&heap->barrier, parent);
}

void
rh_barrier_write(struct rh_heap *heap, void *parent, void *child)
{
    check_store(heap, parent, child);
    rh_fast_barrier(heap, &heap->mutator.fast, parent, child);
}

void
rh_barrier_write_at(struct rh_heap *heap, void *parent, size_t index,
                    void *child)
{
    check_store(heap, parent, child);
    rh_fast_barrier_at(heap, &heap->mutator.fast, parent, index, child);
}

void
rh_barrier_all(struct rh_heap *heap, void *object)
{
    check_store(heap, object, NULL);
    if (!is_old(heap, object))
        return;
    rhi_barrier_remember(&heap->barrier, object);
    if (is_black(heap, object) && !is_sealed(heap, object))
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
