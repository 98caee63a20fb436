/* SPDX-License-Identifier: MIT */
/* rheap/finalizer.h - a last word about an object that nobody needs any more.
 *
 * Register a function for an object.  A collection that finds the object dead
 * queues the function, and the object lives on, with all it leads to, until it
 * has run.  The program runs the queue when it likes, by rh_finalizer_run():
 * nothing runs inside an allocation or a collection.
 *
 * (For memory that belongs to an object, the model's release function is
 * simpler and costs less; but it sees the object alone, and may not allocate.)
 *
 * Of what is queued, the one that was registered first runs first, whichever
 * objects are concerned.  Objects that are found dead together are queued
 * together, whoever leads to whom: no cycle stays behind.
 *
 * Weak references and maps have lost the object before its finalizers are
 * queued.  Its id stays until it is really gone. */
#ifndef RHEAP_FINALIZER_H
#define RHEAP_FINALIZER_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* `object` is alive during the call (hold it if you allocate and objects may
 * move).  May allocate, collect, store the object where it can be reached,
 * register and remove finalizers, also for this object, have the queue run,
 * and leave by longjmp.  May not free the heap. */
typedef void (*rh_finalizer_fn)(struct rh_heap *heap, void *object,
                                void *context);

/* Register.  `context` is passed on and never looked at: it keeps no object
 * alive.  The same again is a second one.  Being queued takes no more memory.
 * RH_BAD_ARGUMENT: `fn` is NULL.  Does not collect.  O(1) amortised. */
RH_API enum rh_status rh_finalizer_add(struct rh_heap *heap, void *object,
                                       rh_finalizer_fn fn,
                                       void *context) RH_MUST_USE;

/* Take back the latest that was registered for the object with this function
 * and context, even if it is queued; RH_NOT_FOUND when there is none.
 * O(finalizers of the object). */
RH_API enum rh_status rh_finalizer_remove(struct rh_heap *heap, void *object,
                                          rh_finalizer_fn fn, void *context);

/* Take back all of an object, queued ones, too; how many. */
RH_API size_t rh_finalizer_remove_all(struct rh_heap *heap, void *object);

/* Register for `to`, which may be a copy of `from`, what is registered for
 * `from`, in the same order.  On RH_NO_MEMORY nothing has changed.
 * O(finalizers of `from`). */
RH_API enum rh_status rh_finalizer_copy(struct rh_heap *heap, void *from,
                                        void *to) RH_MUST_USE;

/* How many are queued.  O(1). */
RH_API size_t rh_finalizer_pending(const struct rh_heap *heap);

/* Run `max` that are queued, or with 0 as many as are queued now; how many ran.
 * Each is taken off the queue before it is called.  Those that a finalizer has
 * run by calling this count for the outer call, too, so that it comes to its
 * end whatever is queued meanwhile.  Runs fewer when there is no memory for a
 * handle.  Panics in a callback of a collection. */
RH_API size_t rh_finalizer_run(struct rh_heap *heap, size_t max) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
