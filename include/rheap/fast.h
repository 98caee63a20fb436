/* SPDX-License-Identifier: MIT */
/* rheap/fast.h - the three operations that must cost a few instructions.
 *
 * Taking a slot bumps a cursor inside a run of free slots; holding a handle
 * bumps the top of a stack.  `limit` is the only trap: whatever the heap wants
 * to hear of (a collection that is due, an event, a debugging tool) makes it
 * equal to `next`, and the next allocation takes the slow road.  Storing a
 * reference tests a bit of the object stored into, and of what is stored. */
#ifndef RHEAP_FAST_H
#define RHEAP_FAST_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

/* One per heap, at a fixed address while the heap lives.  Read and written by
 * the functions below, on the thread that holds the heap. */
struct rh_fast {
    char *next;          /* the next free slot */
    char *limit;         /* the end of its run, or `next`: the trap */
    void **handle_top;   /* the first unused handle */
    void **handle_end;   /* the end of the committed handles */
    uintptr_t base;      /* first address of the region */
    size_t span;         /* its bytes that are ready, divided by 8; grows */
    uint64_t (*old)[8];  /* a bit for each slot, 8 words a page: old objects.
                            All zero when the heap is not generational. */
    uint64_t reciprocal; /* of the slot size: ceil(2^32 / slot_bytes) */
    uint32_t strict;     /* whether stores of old objects into old ones matter:
                            a major collection pauses between steps, or
                            something is sealed */
    uint32_t slot_bytes;
};

RH_API struct rh_fast *rh_heap_fast(struct rh_heap *heap);

/* The slow road of rh_fast_alloc(). */
RH_API void *rh_heap_alloc_slow(struct rh_heap *heap) RH_MAY_COLLECT;

/* A slot whose contents are undefined: the caller fills it before the next
 * call that may collect.  `slot_bytes` is the heap's slot size, best a
 * constant.  NULL: no memory. */
static inline void *
rh_fast_alloc(struct rh_heap *heap, struct rh_fast *fast,
              size_t slot_bytes) RH_MAY_COLLECT
{
    char *slot = fast->next;

    if (RH_LIKELY((size_t)(fast->limit - slot) >= slot_bytes)) {
        fast->next = slot + slot_bytes;
        return slot;
    }
    return rh_heap_alloc_slow(heap);
}

/* The slow road of rh_fast_hold(). */
RH_API void **rh_scope_hold_slow(struct rh_heap *heap, void *word);

/* Put `word` on the handle stack; answers the address of the handle, which is
 * a root until its scope is restored, or NULL when there is no memory. */
static inline void **
rh_fast_hold(struct rh_heap *heap, struct rh_fast *fast, void *word)
{
    void **handle = fast->handle_top;

    if (RH_LIKELY(handle < fast->handle_end)) {
        *handle = word;
        fast->handle_top = handle + 1;
        return handle;
    }
    return rh_scope_hold_slow(heap, word);
}

/* Whether a word can be the address of a slot of the heap. */
static inline bool
rh_fast_covers(const struct rh_fast *fast, uintptr_t word)
{
    uintptr_t distance = word - fast->base;

    return (distance >> 3 | distance << (sizeof distance * 8 - 3)) < fast->span;
}

/* Whether an object has lived through a collection (see `old` above). */
static inline bool
rh_fast_is_old(const struct rh_fast *fast, uintptr_t object)
{
    uintptr_t distance = object - fast->base;
    uint64_t offset = (distance & (((uintptr_t)1 << RH_PAGE_LOG) - 1)) - 64;
    uint64_t index = offset * fast->reciprocal >> 32;

    return fast->old[distance >> RH_PAGE_LOG][index >> 6] >> (index & 63) & 1;
}

/* Whether storing `child` into `parent` must be remembered. */
static inline bool
rh_fast_wants_barrier(const struct rh_fast *fast, const void *parent,
                      const void *child)
{
    return rh_fast_covers(fast, (uintptr_t)child) &&
           rh_fast_is_old(fast, (uintptr_t)parent) &&
           (fast->strict || !rh_fast_is_old(fast, (uintptr_t)child));
}

/* The slow roads of the two below. */
RH_API void rh_barrier_slow(struct rh_heap *heap, void *parent, void *child);
RH_API void rh_barrier_slow_at(struct rh_heap *heap, void *parent, size_t index,
                               void *child);

/* The write barrier: call it after a reference to the object `child` was
 * stored into the object `parent` (plain addresses of slots; a `child` that is
 * no address of this heap is ignored, and so is one that still has its tag: take
 * it off first), and before anything that may collect.
 * Not needed while a heap is not generational, nor for stores into an object
 * that was taken since the last call that may collect.  Cannot fail. */
static inline void
rh_fast_barrier(struct rh_heap *heap, const struct rh_fast *fast, void *parent,
                void *child)
{
    if (rh_fast_wants_barrier(fast, parent, child))
        rh_barrier_slow(heap, parent, child);
}

/* The same for element `index` of a long container, as the model's
 * trace_range counts: only the 128 references around it are looked at by the
 * next collection, not all of them. */
static inline void
rh_fast_barrier_at(struct rh_heap *heap, const struct rh_fast *fast,
                   void *parent, size_t index, void *child)
{
    if (rh_fast_wants_barrier(fast, parent, child))
        rh_barrier_slow_at(heap, parent, index, child);
}

RH_END_DECLARATIONS

#endif
