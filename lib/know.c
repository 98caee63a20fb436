// SPDX-License-Identifier: MIT
/*
 * know - weak references, ids and finalizers, as programs use them.
 *
 * One call down each: see refs.h, identity.h and finalize.h.  Only running the
 * queue does more: the object is held by a handle while its finalizer runs,
 * because it is on the queue no longer.
 */
#include "config.h"

#include "know.h"

#include <rheap/identity.h>

void
rhi_know_object(struct rh_heap *heap, const void *word)
{
    rhi_know_time(heap);
    if (rhi_region_covers(&heap->region, (uintptr_t)word) &&
        !rh_heap_is_live(heap, (uintptr_t)word))
        rhi_panic(&heap->panic, "weak reference, key, value or owner is in the "
                                "heap and no object");
}

void
rhi_know_time(struct rh_heap *heap)
{
    if (rhi_heap_is_collecting(heap))
        rhi_panic(&heap->panic, "weak reference, finalizer or id touched by a "
                                "callback of a collection");
}

// Finalizers and ids are for objects of this heap alone.
static void
require_object(struct rh_heap *heap, const void *object)
{
    rhi_know_time(heap);
    if (!rh_heap_is_live(heap, (uintptr_t)object))
        rhi_panic(&heap->panic,
                  "finalizer or id for something that is no object");
}

// ---- weak references ----

struct rh_weak_ref *
rh_weak_ref_new(struct rh_heap *heap, void *object)
{
    rhi_know_object(heap, object);
    return rhi_refs_new(&heap->weak.refs, object);
}

void *
rh_weak_ref_get(const struct rh_weak_ref *ref)
{
    return ref->object;
}

void
rh_weak_ref_set(struct rh_heap *heap, struct rh_weak_ref *ref, void *object)
{
    rhi_know_object(heap, object);
    rhi_refs_set(&heap->weak.refs, ref, object);
}

void
rh_weak_ref_free(struct rh_heap *heap, struct rh_weak_ref *ref)
{
    if (ref)
        rhi_refs_free(&heap->weak.refs, ref);
}

// ---- ids ----

uint64_t
rh_identity_of(struct rh_heap *heap, void *object)
{
    require_object(heap, object);
    return rhi_identity_of(&heap->identity, object);
}

void *
rh_identity_object(const struct rh_heap *heap, uint64_t id)
{
    return rhi_identity_object(&heap->identity, id);
}

// ---- finalizers ----

// The queue becomes a root when the first finalizer is registered.
static bool
queue_is_rooted(struct rh_heap *heap)
{
    struct rhi_finalizers *finalizers = &heap->finalizers;
    struct rhi_root_callback callback = { "finalizers", rhi_finalizers_visit,
                                          finalizers };

    if (!finalizers->rooted)
        finalizers->rooted =
            rhi_roots_add_callback(&heap->roots, callback) == RH_OK;
    return finalizers->rooted;
}

enum rh_status
rh_finalizer_add(struct rh_heap *heap, void *object, rh_finalizer_fn fn,
                 void *context)
{
    require_object(heap, object);
    if (!fn)
        return RH_BAD_ARGUMENT;
    return queue_is_rooted(heap) &&
                   rhi_finalizers_add(&heap->finalizers, object, fn, context)
               ? RH_OK
               : RH_NO_MEMORY;
}

enum rh_status
rh_finalizer_remove(struct rh_heap *heap, void *object, rh_finalizer_fn fn,
                    void *context)
{
    require_object(heap, object);
    return rhi_finalizers_remove(&heap->finalizers, object, fn, context)
               ? RH_OK
               : RH_NOT_FOUND;
}

size_t
rh_finalizer_remove_all(struct rh_heap *heap, void *object)
{
    require_object(heap, object);
    return rhi_finalizers_remove_all(&heap->finalizers, object);
}

enum rh_status
rh_finalizer_copy(struct rh_heap *heap, void *from, void *to)
{
    require_object(heap, from);
    require_object(heap, to);
    return rhi_finalizers_copy(&heap->finalizers, from, to) ? RH_OK
                                                            : RH_NO_MEMORY;
}

size_t
rh_finalizer_pending(const struct rh_heap *heap)
{
    return heap->finalizers.pending;
}

static bool
run_one(struct rh_heap *heap)
{
    const struct rhi_finalizer *next = rhi_finalizers_next(&heap->finalizers);
    size_t scope = rh_scope_save(heap);
    struct rhi_finalizer now;

    if (!next || !rh_scope_hold(heap, next->entry.object))
        return false;
    now = *next;
    rhi_finalizers_take(&heap->finalizers);
    now.fn(heap, now.entry.object, now.context);
    rh_scope_restore(heap, scope);
    return true;
}

// Those that finalizers run in their turn count, too: the end does not move.
size_t
rh_finalizer_run(struct rh_heap *heap, size_t max)
{
    const struct rhi_finalizers *finalizers = &heap->finalizers;
    uint64_t end = finalizers->gone + finalizers->pending;
    size_t ran = 0;

    rhi_know_time(heap);
    while (finalizers->gone < end && (max == 0 || ran < max) && run_one(heap))
        ran++;
    return ran;
}
