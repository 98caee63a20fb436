/* SPDX-License-Identifier: MIT */
/* rheap/walk.h - looking at everything in a heap.
 *
 * A callback answers true to go on and false to stop; the walk then answers
 * RH_STOPPED.  During a walk collections wait: allocation is allowed (new
 * objects may or may not be seen, but those on new pages are not, so that a
 * walk comes to its end), a collection asked for by name panics.
 * Walks may nest.  A callback may leave by longjmp if the program then calls
 * rh_walk_abandon(). */
#ifndef RHEAP_WALK_H
#define RHEAP_WALK_H

#include <rheap/heap.h>

RH_BEGIN_DECLARATIONS

/* Every object, in address order. */
typedef bool (*rh_object_fn)(struct rh_heap *heap, void *object, void *context);
RH_API enum rh_status rh_walk_objects(struct rh_heap *heap, rh_object_fn fn,
                                      void *context);

enum rh_page_state {
    RH_PAGE_RELEASED, /* no memory: never used, or given back */
    RH_PAGE_TOMB,     /* memory, and no object */
    RH_PAGE_EDEN      /* has objects, or is being allocated from */
};

struct rh_page_view {
    size_t page;         /* its number; 0 is the lowest */
    const void *address; /* of its 64-byte header */
    enum rh_page_state state;
    size_t slots; /* that it has */
    size_t live_slots;
    size_t age;                /* full collections seen in this state (tomb) */
    bool current;              /* it was being allocated from */
    const char *list;          /* which list it is on; static storage */
    const uint64_t *allocated; /* 8 words: bit n set, slot n has an object.
                                  Valid during the call, or until the next
                                  page is looked at. */
    const uint64_t *mark;      /* 8 words: found alive by the last collection */
    const uint64_t *remembered;  /* 8 words: old, and may refer to young ones */
    const uint64_t *unprotected; /* 8 words: stores into it run no barrier */
    const uint64_t *pinned;      /* 8 words: the program forbids to move it */
};

/* Every page up to the highest ever used, in address order. */
typedef bool (*rh_page_fn)(struct rh_heap *heap,
                           const struct rh_page_view *page, void *context);
RH_API enum rh_status rh_walk_pages(struct rh_heap *heap, rh_page_fn fn,
                                    void *context);

/* One page; RH_NOT_FOUND when the number is too high. */
RH_API enum rh_status rh_page_look(struct rh_heap *heap, size_t page,
                                   struct rh_page_view *view);

/* The free runs of a page in the order in which they will be handed out:
 * `count` slots from index `first`. */
typedef bool (*rh_run_fn)(struct rh_heap *heap, size_t first, size_t count,
                          void *context);
RH_API enum rh_status rh_walk_runs(struct rh_heap *heap, size_t page,
                                   rh_run_fn fn, void *context);

/* The objects that `object` refers to, in the model's order, repeated as
 * often as it does.  The callback may not change `from`: its buffer is being
 * read. */
typedef bool (*rh_reference_fn)(struct rh_heap *heap, void *from, void *to,
                                void *context);
RH_API enum rh_status rh_walk_references(struct rh_heap *heap, void *object,
                                         rh_reference_fn fn, void *context);

/* The objects that roots refer to.  Categories: "addresses", "handles",
 * "machine_context" (what a scan of stacks finds), "finalizers" (objects that
 * wait for theirs), and the names given to ranges and callbacks. */
typedef bool (*rh_root_walk_fn)(struct rh_heap *heap, const char *category,
                                void *object, void *context);
RH_API enum rh_status rh_walk_roots(struct rh_heap *heap, rh_root_walk_fn fn,
                                    void *context);

/* Every object that can be reached from `object`, itself included; or, when it
 * is NULL, from all roots, and through ephemerons whose keys are reached: what
 * a collection would keep, but for objects that it would queue for their
 * finalizers.  Each once, in address order.  Costs as much as the marking of a
 * collection.  RH_BUSY inside another walk of this kind, or during a
 * collection. */
RH_API enum rh_status rh_walk_reachable(struct rh_heap *heap, void *object,
                                        rh_object_fn fn, void *context);

/* Forget all walks under way, after a callback has left by longjmp: of the
 * outermost walk, too.  One that goes on all the same, because a callback left
 * only an inner one, shows what is alive then, but collections do not wait for
 * it: do not go on with one of references or roots. */
RH_API void rh_walk_abandon(struct rh_heap *heap);

RH_END_DECLARATIONS

#endif
