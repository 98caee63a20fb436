/* SPDX-License-Identifier: MIT */
/* rheap/compact.h - moving objects together, so that pages become empty.
 *
 * A page with one live object keeps its 16 KB.  Compaction moves the objects
 * of sparse pages to the free slots of fuller ones, rewrites every reference to
 * them, and gives the emptied pages back.  It wants a model with
 * RH_MODEL_MOVABLE: see there what that promises.
 *
 * After it, addresses of objects that the program has in C variables are wrong
 * unless these are roots.  Handles, registered addresses and ranges, and what
 * callbacks report by address are rewritten.  What cannot be: pin the object,
 * or report it with rh_visit_pinned(). */
#ifndef RHEAP_COMPACT_H
#define RHEAP_COMPACT_H

#include <rheap/heap.h>
#include <rheap/verify.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_COMPACTION_TYPES = 64
};

/* Objects of one type. */
struct rh_compaction_type {
    const char *type;  /* its name; NULL: there were none, or it has no name */
    size_t considered; /* alive */
    size_t moved;      /* of these */
    size_t pinned;     /* of these: would not have been moved */
};

/* What a compaction did. */
struct rh_compaction {
    size_t struct_bytes; /* set to sizeof(struct rh_compaction) before a call */
    size_t considered;   /* live objects */
    size_t moved;
    size_t pinned;
    size_t pages;         /* with objects, before */
    size_t emptied_pages; /* of these */
    uint64_t ns;          /* without the collection that comes first */
    /* The same by the type_code that the model's `describe` tells; all in the
     * first when there is no such function. */
    struct rh_compaction_type types[RH_COMPACTION_TYPES];
};

/* Collect all garbage, then move as few objects as will leave as few pages as
 * can be: the objects, divided by the slots of a page, or the pages with pinned
 * objects if these are more.  Emptied pages go to the tomb, and from there back
 * to the system as the growth policy says.  Needs no memory, so it never fails
 * for want of it.  A heap that is dense already is not written to.
 *
 * `result` may be NULL.  RH_UNSUPPORTED: objects of this model cannot move;
 * nothing was done.  Panics when rh_heap_collect() would.
 * O(live objects + pages): some four times what marking costs. */
RH_API enum rh_status
rh_heap_compact(struct rh_heap *heap,
                struct rh_compaction *result) RH_MAY_COLLECT;

/* What the last compaction did, asked for or automatic (auto_compact in struct
 * rh_config).  RH_NOT_FOUND, and all zeros: there was none. */
RH_API enum rh_status rh_compaction_last(const struct rh_heap *heap,
                                         struct rh_compaction *result);

/* Have an object stay where it is until it is unpinned or dies; a pin keeps
 * nothing alive.  Pins are not counted; the answer is whether it was pinned
 * before, so that users can nest: who got true leaves it pinned.  Panics when
 * it is no object of this heap. */
RH_API bool rh_heap_pin(struct rh_heap *heap, void *object);
RH_API bool rh_heap_unpin(struct rh_heap *heap, void *object);
RH_API bool rh_heap_is_pinned(const struct rh_heap *heap, const void *object);

/* Find references that do not follow (CRuby: GC.verify_compaction_references).
 * Collects, moves every object that is not pinned to another page (as far as
 * there is memory: the heap may double for a while), and looks for references
 * that still lead to where an object was; then everything is checked as by
 * rh_heap_verify().  Objects that move to new pages lose their sites.  RH_OK;
 * RH_BROKEN with `*violation` filled, "K2" for such a reference: a trace
 * function or a root callback reports a copy of it.
 * RH_UNSUPPORTED: objects of this model cannot move. */
RH_API enum rh_status
rh_compact_verify(struct rh_heap *heap,
                  struct rh_violation *violation) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
