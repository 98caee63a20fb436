// SPDX-License-Identifier: MIT
/*
 * finalize - a last word about an object, when nobody needs it any more.
 *
 *     registered --collection: not reached--> queued --run--> gone
 *         ^                                              |
 *         +--------------- registered again -------------+
 *
 * A finalizer is an object, a function and a context.  A collection that finds
 * the object dead queues its finalizers, all of them at once, and reaches the
 * object with all that it leads to: it lives until they have run, and longer
 * when they store it somewhere.  What is queued is a root, so the next
 * collections keep it, too.  Running is the program's affair: nothing runs
 * inside an allocation or a collection.
 *
 * All that are dead when finalizers are queued are queued, whoever leads to
 * whom, so cycles are no obstacle.
 *
 * There is no queue apart from the roster.  An entry is queued where it is, by
 * a flag, and so needs no more memory, is found by its object as before, and is
 * run in the order of registration:
 *
 *     |gap|reg.|queued|reg.|queued, last|reg.|queued, last|reg.| room |
 *               ^ head        of A                of B     ^ tail
 *
 * It is taken out before it is called.  So it may leave by longjmp, or have
 * others run, and none is ever run twice.
 *
 * An object has entries that are queued and others that are not only after it
 * was registered again while the first wait; these then come first.
 *
 * INVARIANTS
 *   F1  `pending` counts the queued entries, which are at head..tail-1
 *   F2  whatever is before a queued entry of its object is queued; the last
 *       queued one of each object, and no other, says so; `finals` counts
 *       these objects
 *
 * Next: identity.h.
 */
#ifndef RHI_FINALIZE_H
#define RHI_FINALIZE_H

#include "roster.h"

#include <rheap/finalizer.h>

struct rhi_finalizer {
    struct rhi_entry entry; // its code: queued, last queued of its object
    rh_finalizer_fn fn;
    void *context;
};

struct rhi_finalizers {
    struct rhi_roster roster; // by address, chained
    uint32_t head, tail;      // what is queued is between them
    size_t pending;           // queued
    size_t finals;            // distinct objects of these
    uint64_t gone;            // ever run, or removed when queued
    bool rooted;              // the roots know of what is queued
    bool ending;              // all were queued, young objects', too
    bool minor;               // the roots are read for a minor collection
    uint64_t seen;            // entries that collections have looked at
};

// Needs no memory.
void rhi_finalizers_init(struct rhi_finalizers *finalizers,
                         struct rhi_region *region, struct rhi_meter *meter);
void rhi_finalizers_fini(struct rhi_finalizers *finalizers);

// Register; false: no memory.
bool rhi_finalizers_add(struct rhi_finalizers *finalizers, void *object,
                        rh_finalizer_fn fn, void *context);

// Register for `to` what is registered for `from` and not queued; false: no
// memory, nothing has changed.
bool rhi_finalizers_copy(struct rhi_finalizers *finalizers, void *from,
                         void *to);

// Take back the latest with just this function and context, be it queued or
// not; false: there is none.  O(finalizers of the object).
bool rhi_finalizers_remove(struct rhi_finalizers *finalizers, void *object,
                           rh_finalizer_fn fn, void *context);

// Take back all of an object; how many.
size_t rhi_finalizers_remove_all(struct rhi_finalizers *finalizers,
                                 void *object);

// Queue the finalizers of all objects that `marker` has not reached, and reach
// these.  Whether there were any.  All entries are old from now on.
bool rhi_finalizers_queue(struct rhi_finalizers *finalizers,
                          struct rh_marker *marker, bool minor);

// Queue all that are registered: the heap is going to end.
void rhi_finalizers_queue_all(struct rhi_finalizers *finalizers);

// The first that is queued, or NULL; and take it out.
const struct rhi_finalizer *
rhi_finalizers_next(struct rhi_finalizers *finalizers);
void rhi_finalizers_take(struct rhi_finalizers *finalizers);

// Report the objects that wait for their finalizers: a root callback.  To a
// minor collection none, for what waits has been reached by the one that queued
// it, and is old.
void rhi_finalizers_visit(struct rh_visitor *visitor, void *context);

// Objects have moved; special bits have gone with them.
void rhi_finalizers_moved(struct rhi_finalizers *finalizers,
                          rhi_forward_fn forward, void *context);

const char *rhi_finalizers_check(const struct rhi_finalizers *finalizers);

#endif
