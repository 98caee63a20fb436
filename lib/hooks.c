// SPDX-License-Identifier: MIT
/*
 * hooks - listeners and the trim policy, as programs use them.
 *
 * One call down each: see event.h and trim.h.
 */
#include "config.h"

#include "heap.h"

enum rh_status
rh_event_listen(struct rh_heap *heap, unsigned kinds, rh_event_fn fn,
                void *context)
{
    enum rh_status status = rhi_events_add(&heap->events, kinds, fn, context);

    if (rhi_events_wanted(&heap->events, RH_EVENT_OBJECT_NEW))
        rhi_mutator_set_trap(&heap->mutator, RHI_TRAP_EVENT);
    return status;
}

enum rh_status
rh_event_ignore(struct rh_heap *heap, rh_event_fn fn, void *context)
{
    enum rh_status status = rhi_events_remove(&heap->events, fn, context);

    if (!rhi_events_wanted(&heap->events, RH_EVENT_OBJECT_NEW))
        rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_EVENT);
    return status;
}

void
rh_trim_set_policy(struct rh_heap *heap, rh_trim_fn policy, void *context)
{
    rhi_trimmer_set_policy(&heap->trim.trimmer, policy, context);
}

unsigned
rh_trim_request(struct rh_heap *heap)
{
    return rhi_trim_consult(&heap->trim, RH_TRIM_REQUEST);
}

unsigned
rh_trim_idle(struct rh_heap *heap)
{
    return rhi_trim_consult(&heap->trim, RH_TRIM_IDLE);
}

void
rh_trim_now(struct rh_heap *heap, unsigned actions)
{
    rhi_trim_act(&heap->trim, RH_TRIM_REQUEST, actions);
}

size_t
rh_trim_log(const struct rh_heap *heap, struct rh_trim_record *records,
            size_t max)
{
    return rh_trimmer_log(&heap->trim.trimmer, records, max);
}

void
rh_trim_totals(const struct rh_heap *heap, struct rh_trim_totals *totals)
{
    rh_trimmer_totals(&heap->trim.trimmer, totals);
}
