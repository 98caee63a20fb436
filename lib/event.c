// SPDX-License-Identifier: MIT
#include "config.h"

#include "event.h"

static void
events_recount(struct rhi_events *events)
{
    events->kinds = 0;
    for (size_t i = 0; i < events->count; i++)
        events->kinds |= events->listeners[i].kinds;
}

static bool
events_make_room(struct rhi_events *events)
{
    size_t capacity = events->capacity ? 2 * events->capacity : 4;
    struct rhi_listener *listeners;

    if (events->count < events->capacity)
        return true;
    listeners = rhi_meter_grow(events->meter, events->listeners,
                               events->capacity, capacity, sizeof *listeners);
    if (!listeners)
        return false;
    events->listeners = listeners;
    events->capacity = capacity;
    return true;
}

enum rh_status
rhi_events_add(struct rhi_events *events, unsigned kinds, rh_event_fn fn,
               void *context)
{
    if (!events_make_room(events))
        return RH_NO_MEMORY;
    events->listeners[events->count++] =
        (struct rhi_listener){ fn, context, kinds };
    events_recount(events);
    return RH_OK;
}

// Close the gaps that removed listeners left.
static void
events_compact(struct rhi_events *events)
{
    size_t kept = 0;

    for (size_t i = 0; i < events->count; i++)
        if (events->listeners[i].fn)
            events->listeners[kept++] = events->listeners[i];
    events->count = kept;
}

enum rh_status
rhi_events_remove(struct rhi_events *events, rh_event_fn fn, void *context)
{
    struct rhi_listener *listeners = events->listeners;

    for (size_t i = 0; i < events->count; i++) {
        if (listeners[i].fn != fn || listeners[i].context != context)
            continue;
        listeners[i] = (struct rhi_listener){ NULL, NULL, 0 };
        if (!events->sending)
            events_compact(events);
        events_recount(events);
        return RH_OK;
    }
    return RH_NOT_FOUND;
}

void
rhi_events_fini(struct rhi_events *events)
{
    rhi_meter_free(events->meter, events->listeners, events->capacity,
                   sizeof *events->listeners);
    events->listeners = NULL;
    events->count = events->capacity = 0;
    events->kinds = 0;
}

// A listener may remove itself or others, and add new ones, which hear of the
// next event.
void
rhi_events_send(struct rhi_events *events, struct rh_event event)
{
    size_t count = events->count;

    events->sending++;
    for (size_t i = 0; i < count; i++) {
        struct rhi_listener listener = events->listeners[i];

        if (listener.kinds & event.kind)
            listener.fn(events->heap, &event, listener.context);
    }
    if (--events->sending == 0)
        events_compact(events);
}
