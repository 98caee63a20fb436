// SPDX-License-Identifier: MIT
/*
 * fork - what a heap does around a fork, as programs use it.
 *
 * Before: whatever would be done twice, once in each process, is done, or given
 * up.  After, in the child: whatever belongs to the parent alone is forgotten.
 * Sealing is in seal.h; here it is put between two collections.
 */
#include "config.h"

#include "alloc.h"

#include <rheap/compact.h>
#include <rheap/fork.h>

// ---- around a fork ----

void
rh_heap_before_fork(struct rh_heap *heap)
{
    rh_heap_cancel(heap);
    rhi_mutator_flush(&heap->mutator);
    (void)rhi_space_release(&heap->space, 0);
    (void)rhi_trim_consult(&heap->trim, RH_TRIM_FORK);
}

void
rh_heap_after_fork_parent(struct rh_heap *heap)
{
    (void)heap; // nothing was put off
}

void
rh_heap_after_fork_child(struct rh_heap *heap)
{
    rhi_sharing_forked(heap);
    rhi_threads_forked(&heap->threads);
    rhi_trim_forked(&heap->trim);
}

// ---- sealing ----

// What a collection decides, when all objects that are not sealed were marked.
static void
decide_again(struct rh_heap *heap, size_t marked)
{
    struct rhi_history *history = &heap->history;

    history->marked_slots = history->old_slots = marked;
    history->unprotected =
        rhi_barrier_unprotected(&heap->barrier, heap->region.plane[RHI_MARK]);
    rhi_major_decide(heap);
    rhi_heap_set_strict(heap);
}

enum rh_status
rh_heap_seal(struct rh_heap *heap)
{
    if (!heap->config.generational)
        return RH_BAD_ARGUMENT;
    rh_heap_collect(heap);
    (void)rhi_space_release(&heap->space, 0);
    if (!rhi_seal_close(&heap->seal))
        return RH_NO_MEMORY;
    decide_again(heap, 0);
    return RH_OK;
}

void
rh_heap_unseal(struct rh_heap *heap)
{
    size_t slots = heap->seal.slots;

    rh_heap_cancel(heap);
    if (heap->region.sealed == 0)
        return;
    rhi_mutator_flush(&heap->mutator);
    rhi_seal_open(&heap->seal);
    decide_again(heap, heap->history.old_slots + slots);
}

bool
rh_heap_is_sealed(const struct rh_heap *heap, uintptr_t word)
{
    return rh_heap_is_live(heap, word) &&
           rhi_region_is_sealed(&heap->region, (const void *)word);
}

// ---- warming up ----

enum rh_status
rh_heap_warmup(struct rh_heap *heap, unsigned what)
{
    enum rh_status compacted = RH_OK;
    enum rh_status sealed = RH_OK;

    if (what & RH_WARMUP_COMPACT)
        compacted = rh_heap_compact(heap, NULL);
    if (what & RH_WARMUP_SEAL)
        sealed = rh_heap_seal(heap);
    if (!(what & (RH_WARMUP_COMPACT | RH_WARMUP_SEAL)) || compacted || sealed)
        rh_heap_collect(heap);
    rh_trim_now(heap, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    return compacted ? compacted : sealed;
}
