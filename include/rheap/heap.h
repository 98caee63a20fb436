/* SPDX-License-Identifier: MIT */
/* rheap/heap.h - making a heap, taking slots from it, collecting it.
 *
 * One thread at a time may use a heap, any thread, under the embedder's lock.
 * Different heaps have nothing to do with each other. */
#ifndef RHEAP_HEAP_H
#define RHEAP_HEAP_H

#include <rheap/config.h>
#include <rheap/fast.h>
#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* A new heap with its initial pages.  `config` is copied; NULL means the
 * defaults.  NULL: no memory or address space, or a config that
 * rh_config_check() refuses.  The caller owns the heap. */
RH_API struct rh_heap *rh_heap_new(const struct rh_config *config);

/* Run the finalizers that are queued, then those of all other objects in the
 * order of registration; then release every object, then every byte.  `heap`
 * may be NULL.  Until the last finalizer has run the heap is whole: they may do
 * what they always may, except free it; what they register is not run.  Panics
 * during a collection or a walk. */
RH_API void rh_heap_free(struct rh_heap *heap) RH_MAY_COLLECT;

/* A slot filled with zeros, or NULL when there is no memory, after an
 * emergency collection and the out-of-memory hook.  A zeroed slot is safe to
 * trace if the model says so of zeros (the Ruby-style objects do). */
RH_API void *rh_heap_alloc(struct rh_heap *heap) RH_MAY_COLLECT;

/* A full collection, now, even when collections are disabled.  Never fails:
 * it needs no memory.  O(live objects + pages). */
RH_API void rh_heap_collect(struct rh_heap *heap) RH_MAY_COLLECT;

/* Collect if a collection is due. */
RH_API void rh_heap_safepoint(struct rh_heap *heap) RH_MAY_COLLECT;

/* Whether a collection is due and allowed: a safe point would run it, an
 * allocation at the end of its page at the latest.  Stress does not count. */
RH_API bool rh_heap_is_due(const struct rh_heap *heap);

/* No automatic collections until enabled again; the heap grows instead.
 * Answers whether they were disabled before.  Writes one flag. */
RH_API bool rh_heap_disable(struct rh_heap *heap);
RH_API bool rh_heap_enable(struct rh_heap *heap);

/* Stress: collect at every slot allocation, to find references that nobody
 * holds.  Answers whether it was on before. */
RH_API bool rh_heap_stress(struct rh_heap *heap, bool on);

/* Whether `word` is the address of a slot of this heap, live or free.  Any
 * word may be asked for. */
RH_API bool rh_heap_contains(const struct rh_heap *heap, uintptr_t word);

/* Whether `word` is the address of an object of this heap: a slot that has
 * been handed out and not been found dead since.  Any word may be asked
 * for. */
RH_API bool rh_heap_is_live(const struct rh_heap *heap, uintptr_t word);

/* The heap of an object, read from the header of its page.  `object` must be
 * an object of some heap of this process. */
RH_API struct rh_heap *rh_heap_of(const void *object);

/* Where an object is.  Page 0 is the lowest; the slot is an index. */
struct rh_position {
    size_t page;
    size_t slot;
};
RH_API struct rh_position rh_heap_position(const struct rh_heap *heap,
                                           const void *object);

/* The slot at a position, or NULL when there is no page with memory. */
RH_API void *rh_heap_slot(const struct rh_heap *heap,
                          struct rh_position position);

RH_API size_t rh_heap_slot_bytes(const struct rh_heap *heap);
RH_API size_t rh_heap_slots_per_page(const struct rh_heap *heap);
RH_API const struct rh_model *rh_heap_model(const struct rh_heap *heap);
RH_API void *rh_heap_model_state(const struct rh_heap *heap);
RH_API void *rh_heap_user_data(const struct rh_heap *heap);
RH_API const struct rh_config *rh_heap_config(const struct rh_heap *heap);

RH_END_DECLARATIONS

#endif
