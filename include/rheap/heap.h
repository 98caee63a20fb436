/* SPDX-License-Identifier: MIT */
/* rheap/heap.h - making a heap, taking slots from it, collecting it.
 *
 * One thread at a time may use a heap, any thread, under the embedder's lock.
 * Different heaps have nothing to do with each other. */
#ifndef RHEAP_HEAP_H
#define RHEAP_HEAP_H

#include <rheap/collection.h>
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

/* The most slots that pages may have while objects are made; 0: no limit.  It
 * begins as max_slots of the config and counts whole pages, at least one.
 * When they are full there is an emergency collection, then the out-of-memory
 * hook is asked; it may raise the limit by this function and answer true, else
 * the allocation fails.  A heap that is larger already stays so. */
RH_API void rh_heap_set_max_slots(struct rh_heap *heap, size_t slots);
RH_API size_t rh_heap_max_slots(const struct rh_heap *heap);

/* A full (major) collection, now, even when collections are disabled: what
 * cannot be reached is gone afterwards.  One that is under way in steps is
 * cancelled.  Never fails: it needs no memory.  O(live objects + pages). */
RH_API void rh_heap_collect(struct rh_heap *heap) RH_MAY_COLLECT;

/* Collect the young: objects made since the last collection.  What lives is
 * old afterwards, and not looked at again before a major collection.
 * O(young objects alive + what was stored into old ones).  In a heap that is
 * not generational this is rh_heap_collect(). */
RH_API void rh_heap_minor(struct rh_heap *heap) RH_MAY_COLLECT;

/* Do what is due. */
RH_API void rh_heap_safepoint(struct rh_heap *heap) RH_MAY_COLLECT;

/* What a safe point would do. */
enum rh_work {
    RH_WORK_NONE,
    RH_WORK_STEP,  /* one step of the major collection that is under way */
    RH_WORK_MINOR, /* a collection of the young */
    RH_WORK_MAJOR  /* a major collection, or the beginning of one in steps */
};

struct rh_due {
    enum rh_work work;
    enum rh_cause cause;
    enum rh_major_reason major; /* why a major one is wanted; also when it
                                   would not run, because nothing is due yet
                                   or automatic majors are refused */
};

/* What is due, without doing it: for programs that collect between requests.
 * Does not ask whether collections are disabled.  Stress does not count. */
RH_API struct rh_due rh_heap_due(const struct rh_heap *heap);

/* Whether anything is due and allowed: a safe point would do it, an allocation
 * at the end of its page at the latest. */
RH_API bool rh_heap_is_due(const struct rh_heap *heap);

/* No automatic collections until enabled again; the heap grows instead.
 * Answers whether they were disabled before.  Writes one flag. */
RH_API bool rh_heap_disable(struct rh_heap *heap);
RH_API bool rh_heap_enable(struct rh_heap *heap);

/* Whether major collections may begin by themselves (at first: yes).  When
 * not, rh_heap_due() tells that one is wanted, and the program has it when it
 * suits (CRuby: GC.config(rgengc_allow_full_mark: false)).  Answers what it was
 * before. */
RH_API bool rh_heap_allow_major(struct rh_heap *heap, bool allowed);

/* ---- a major collection in steps ----
 *
 * Wants a generational heap.  start; step until it answers true; meanwhile the
 * program runs, and the young are collected as usual.  With
 * rh_config.incremental the heap does all this by itself. */

/* Begin one.  What was old and could not be reached then is gone when it is
 * done, unless something that has grown old meanwhile leads there; what dies
 * later may stay until the next.  RH_BUSY: one is under way; RH_BAD_ARGUMENT:
 * the heap is not generational.  O(roots). */
RH_API enum rh_status rh_heap_start(struct rh_heap *heap) RH_MAY_COLLECT;

/* How long a step may be; 0: no limit. */
struct rh_budget {
    size_t objects;        /* to be followed; a slice of a long container, 128
                              references, counts as one */
    uint64_t microseconds; /* looked at after every hundred objects or so */
};

/* Do a step of the collection under way: follow objects, or collect the young
 * a last time and decide who is dead, or sweep pages and release what they
 * held, or give empty pages back to the system.  True: nothing is left to do,
 * or was.  Two steps do not mind the budget: the one that decides takes as long
 * as a minor collection, and another look at roots, unprotected objects, and
 * all that is weak or has finalizers; the one that sweeps the last page takes a
 * minor collection and a compaction, if one is due. */
RH_API bool rh_heap_step(struct rh_heap *heap,
                         struct rh_budget budget) RH_MAY_COLLECT;

/* Do all of it now. */
RH_API void rh_heap_finish(struct rh_heap *heap) RH_MAY_COLLECT;

/* Forget what was marked, as if it had never begun (but it stays counted: counts
 * never fall); when the dead are known already, finish sweeping.  O(pages). */
RH_API void rh_heap_cancel(struct rh_heap *heap) RH_MAY_COLLECT;

/* Where it is: "none", "marking" or "sweeping" (state, there). */
RH_API const char *rh_heap_stage(const struct rh_heap *heap);

/* ---- stress ---- */

enum rh_stress {
    RH_STRESS_NONE = 0,
    RH_STRESS_ALLOC = 1,    /* collect at every slot allocation, to find
                               references that nobody holds (GC.stress = true) */
    RH_STRESS_MINOR = 2,    /* collections of the young, where these are full
                               ones (CRuby's bit 1) */
    RH_STRESS_LAZY = 4,     /* and leave sweeping to later steps (bit 2) */
    RH_STRESS_MALLOC = 8,   /* a full one at the first slot allocation after
                               external memory was asked for (bit 4) */
    RH_STRESS_COMPACT = 16, /* compact after each full collection */
    RH_STRESS_VERIFY = 32,  /* rh_heap_verify() after every phase of every
                               collection; what is broken panics */
    RH_STRESS_STEPS = 64    /* a step of three objects; begins again when
                               done.  With RH_STRESS_MINOR: both */
};

/* Set these together; answers what was set before.  At run time, in the normal
 * library. */
RH_API unsigned rh_heap_stress(struct rh_heap *heap, unsigned stress);

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
