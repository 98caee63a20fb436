// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim.h"

void
rhi_trim_init(struct rhi_trim *trim, struct rhi_space *space,
              struct rhi_external *external, const struct rh_config *config)
{
    trim->space = space;
    trim->external = external;
    rhi_trimmer_init(&trim->trimmer, config->trim, config->trim_context);
}

static struct rh_trim_view
trim_view(struct rhi_trim *trim, enum rh_trim_reason reason)
{
    struct rh_trim_view view = rhi_trimmer_view(&trim->trimmer, reason);

    view.tomb_pages = trim->space->count[RHI_TOMB];
    view.tomb_age = rhi_space_tomb_age(trim->space);
    return view;
}

unsigned
rhi_trim_consult(struct rhi_trim *trim, enum rh_trim_reason reason)
{
    struct rh_trimmer *trimmer = &trim->trimmer;
    struct rh_trim_view view;
    unsigned actions;

    trimmer->freed_bytes = trim->external->freed;
    trimmer->external_bytes = trim->external->bytes + trim->external->adjusted;
    if (!rhi_trimmer_is_asked(trimmer, reason))
        return RH_TRIM_NOTHING; // spares the snapshot
    view = trim_view(trim, reason);
    actions = trimmer->policy(&view, trimmer->context);
    if (actions != RH_TRIM_NOTHING)
        rhi_trim_act(trim, reason, actions);
    return actions;
}

void
rhi_trim_forked(struct rhi_trim *trim)
{
    trim->external->freed = 0;
    rhi_trimmer_forked(&trim->trimmer);
}

static bool
trim_allocator(struct rhi_trim *trim)
{
    const struct rh_allocator *allocator = &trim->external->allocator;

    return allocator->trim && allocator->trim(allocator->context);
}

void
rhi_trim_act(struct rhi_trim *trim, enum rh_trim_reason reason,
             unsigned actions)
{
    struct rh_trim_record *record =
        rhi_trimmer_begin(&trim->trimmer, reason, actions);

    if (actions & RH_TRIM_PAGES)
        record->pages = rhi_space_release(trim->space, 0);
    if (actions & RH_TRIM_ALLOCATOR)
        record->allocator_freed = trim_allocator(trim);
    trim->external->freed = 0;
    rhi_trimmer_end(&trim->trimmer, record);
}
