/* SPDX-License-Identifier: MIT */
/* rheap/barrier.h - telling the heap what was stored into which object.
 *
 * A generational heap (rh_config.generational) collects young objects without
 * looking at old ones, so it must be told when an old object comes to refer to
 * a young one.  The rule: after each store of a reference into an object, one
 * of these is called, or one of the inline ones of rheap/fast.h.  They decide
 * themselves whether anything is to be done; most often not.
 *
 * The Ruby-style objects run their barriers themselves.
 *
 * None of these collects or fails.  Objects are plain addresses of slots. */
#ifndef RHEAP_BARRIER_H
#define RHEAP_BARRIER_H

#include <rheap/fast.h>
#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* A reference to `child` was stored into `parent`; see rh_fast_barrier(). */
RH_API void rh_barrier_write(struct rh_heap *heap, void *parent, void *child);

/* The same for an element of a long container; see rh_fast_barrier_at(). */
RH_API void rh_barrier_write_at(struct rh_heap *heap, void *parent,
                                size_t index, void *child);

/* Many references of `object` were stored, or moved about in its container: it
 * will be followed again, whole.  O(1). */
RH_API void rh_barrier_all(struct rh_heap *heap, void *object);

/* From now on stores into `object` run no barrier: for objects whose insides
 * are handed to code that knows of none (Ruby calls them unprotected, or
 * shady).  Every collection follows it again, so many of them cost time; past
 * a limit, twice as many as the last major collection left, one is due.
 * There is no way back. */
RH_API void rh_barrier_unprotect(struct rh_heap *heap, void *object);

/* Whether stores into `object` are trusted to run the barrier. */
RH_API bool rh_barrier_is_protected(struct rh_heap *heap, const void *object);

/* ---- finding a barrier that was forgotten ---- */

/* A store without its barrier: `parent` is old, refers to `child`, and the
 * heap was not told.  The next collection would have freed the child. */
struct rh_missed_barrier {
    void *parent;
    void *child;
    size_t index;            /* of the reference, from 0, among those that
                                `trace` reports and that lead into the heap */
    const char *parent_type; /* as the model describes them; static storage */
    const char *child_type;
    const char *parent_file; /* where it was made, if allocations are traced */
    const char *child_file;  /* (rheap/site.h); else NULL */
    unsigned parent_line;
    unsigned child_line;
    bool marking; /* the child is not young: the store was missed by a major
                     collection under way, which has finished without it */
};

/* Called for each; may not call into the heap but for queries. */
typedef void (*rh_missed_fn)(struct rh_heap *heap,
                             const struct rh_missed_barrier *missed,
                             void *context);

/* From now on look at all references before each collection of the young, after
 * each major one in steps, and before each one at once while something is sealed
 * (rheap/fork.h), and report missed barriers to `report`; NULL: the first one
 * panics with a message that names parent and child.  The object
 * concerned is then remembered, so that the program goes on as if it were
 * right.  Costs as much as a full collection each time. */
RH_API void rh_barrier_check(struct rh_heap *heap, bool on, rh_missed_fn report,
                             void *context);

RH_END_DECLARATIONS

#endif
