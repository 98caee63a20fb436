// SPDX-License-Identifier: MIT
/*
 * event - telling others what the heap does.
 *
 * A part that has something to tell asks first whether anybody listens to
 * that kind: one test of a word, so unused events cost nothing.
 *
 * Next: region.h, where pages live.
 */
#ifndef RHI_EVENT_H
#define RHI_EVENT_H

#include "meter.h"

#include <rheap/event.h>

struct rhi_listener {
    rh_event_fn fn; // NULL: removed while an event was being sent
    void *context;
    unsigned kinds;
};

struct rhi_events {
    struct rh_heap *heap; // passed to listeners
    struct rhi_meter *meter;
    struct rhi_listener *listeners;
    size_t count;
    size_t capacity;
    unsigned kinds;   // the union of all listeners' kinds
    unsigned sending; // events being sent: a listener may cause another
};

enum rh_status rhi_events_add(struct rhi_events *events, unsigned kinds,
                              rh_event_fn fn, void *context);
enum rh_status rhi_events_remove(struct rhi_events *events, rh_event_fn fn,
                                 void *context);
void rhi_events_fini(struct rhi_events *events);

// The slow half of the two below.
void rhi_events_send(struct rhi_events *events, struct rh_event event);

RHI_INLINE bool
rhi_events_wanted(const struct rhi_events *events, unsigned kinds)
{
    return (events->kinds & kinds) != 0;
}

RHI_INLINE void
rhi_event(struct rhi_events *events, enum rh_event_kind kind)
{
    if (rhi_events_wanted(events, kind))
        rhi_events_send(events,
                        (struct rh_event){ kind, NULL, SIZE_MAX, NULL });
}

RHI_INLINE void
rhi_event_moved(struct rhi_events *events, void *from, void *to)
{
    if (rhi_events_wanted(events, RH_EVENT_OBJECT_MOVED))
        rhi_events_send(events,
                        (struct rh_event){ .kind = RH_EVENT_OBJECT_MOVED,
                                           .object = to,
                                           .page = SIZE_MAX,
                                           .from = from });
}

RHI_INLINE void
rhi_event_page(struct rhi_events *events, enum rh_event_kind kind, size_t page)
{
    if (rhi_events_wanted(events, kind))
        rhi_events_send(events, (struct rh_event){ kind, NULL, page, NULL });
}

RHI_INLINE void
rhi_event_object(struct rhi_events *events, enum rh_event_kind kind,
                 void *object)
{
    if (rhi_events_wanted(events, kind))
        rhi_events_send(events,
                        (struct rh_event){ kind, object, SIZE_MAX, NULL });
}

#endif
