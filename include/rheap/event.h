/* SPDX-License-Identifier: MIT */
/* rheap/event.h - being told what the heap does.  Costs nothing unused. */
#ifndef RHEAP_EVENT_H
#define RHEAP_EVENT_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

enum rh_event_kind {
    RH_EVENT_OBJECT_NEW = 1,  /* a slot was handed out, not yet filled */
    RH_EVENT_OBJECT_FREE = 2, /* an object was found dead */
    /* Each once for every collection, minor or major, in this order.  Minor
     * ones begin and end while a major one goes on in steps, the last when its
     * marking ends.  One that is cancelled while it marks has only begun. */
    RH_EVENT_COLLECTION_START = 4,
    RH_EVENT_MARK_END = 8,
    RH_EVENT_SWEEP_END = 16,
    RH_EVENT_PAGE_NEW = 32,       /* a page got memory for the first time */
    RH_EVENT_PAGE_TOMB = 64,      /* a collection found it empty */
    RH_EVENT_PAGE_REVIVED = 128,  /* a tomb page is allocated from again */
    RH_EVENT_PAGE_RELEASED = 256, /* its memory went back to the system */
    RH_EVENT_OBJECT_MOVED = 512 /* a compaction has moved an object; references
                                     to it are not rewritten yet */
};

struct rh_event {
    enum rh_event_kind kind;
    void *object; /* of the object events, else NULL */
    size_t page;  /* of the page events, else SIZE_MAX */
    void *from; /* of OBJECT_MOVED: where it was, a free slot now; else NULL */
};

/* May not call into the heap, except for queries and to listen or ignore
 * (allocating and collecting panic); may not leave by longjmp. */
typedef void (*rh_event_fn)(struct rh_heap *heap, const struct rh_event *event,
                            void *context);

/* Have `fn` called for each event whose kind is in `kinds` (or-ed).  While
 * anybody listens to OBJECT_NEW, every allocation takes the slow road; while
 * anybody listens to OBJECT_FREE, sweeping looks at every dead slot. */
RH_API enum rh_status rh_event_listen(struct rh_heap *heap, unsigned kinds,
                                      rh_event_fn fn,
                                      void *context) RH_MUST_USE;

/* Stop it; RH_NOT_FOUND when that pair does not listen. */
RH_API enum rh_status rh_event_ignore(struct rh_heap *heap, rh_event_fn fn,
                                      void *context);

RH_END_DECLARATIONS

#endif
