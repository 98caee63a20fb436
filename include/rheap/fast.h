/* SPDX-License-Identifier: MIT */
/* rheap/fast.h - the two operations that must cost a few instructions.
 *
 * Taking a slot bumps a cursor inside a run of free slots; holding a handle
 * bumps the top of a stack.  `limit` is the only trap: whatever the heap wants
 * to hear of (a collection that is due, an event, a debugging tool) makes it
 * equal to `next`, and the next allocation takes the slow road. */
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
    uint64_t (*mark)[8]; /* the mark plane, one line per page: old objects */
    uint32_t marking;    /* whether a major collection is under way */
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

RH_END_DECLARATIONS

#endif
