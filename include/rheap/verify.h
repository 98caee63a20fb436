/* SPDX-License-Identifier: MIT */
/* rheap/verify.h - is this heap what it should be? */
#ifndef RHEAP_VERIFY_H
#define RHEAP_VERIFY_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* The first broken invariant.  Numbers such as "P3" stand at the head of the
 * chapters of lib/. */
struct rh_violation {
    const char *invariant; /* its number; NULL when all hold */
    const char *meaning;   /* a sentence; static storage */
    size_t page;           /* where, or SIZE_MAX */
    size_t slot;           /* where, or SIZE_MAX */
    const void *object;    /* the object concerned, or NULL */
};

/* Check every invariant of every chapter, in every build; RH_OK, or RH_BROKEN
 * with `*violation` filled (it may be NULL); RH_BUSY during a collection, inside
 * rh_walk_reachable(), and while an image is built.  Never crashes on a heap
 * whose tables are wrong, changes nothing.  O(heap). */
RH_API enum rh_status rh_heap_verify(struct rh_heap *heap,
                                     struct rh_violation *violation);

RH_END_DECLARATIONS

#endif
