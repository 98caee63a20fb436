// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim.h"

#include "os.h"

enum {
    SILENT_BYTES = 1 << 20 // freed in a forked child before it may trim
};

unsigned
rh_trim_never(const struct rh_trim_view *view, void *context)
{
    (void)view, (void)context;
    return RH_TRIM_NOTHING;
}

unsigned
rh_trim_always(const struct rh_trim_view *view, void *context)
{
    (void)view, (void)context;
    return RH_TRIM_ALLOCATOR;
}

void
rhi_trim_init(struct rhi_trim *trim, struct rhi_space *space,
              struct rhi_external *external, const struct rh_config *config)
{
    uint64_t now = rhi_os_now();

    *trim = (struct rhi_trim){
        .space = space,
        .external = external,
        .policy = config->trim ? config->trim : rh_trim_never,
        .context = config->trim_context,
        .started_ns = now,
        .last_ns = now,
    };
}

static struct rh_trim_view
trim_view(const struct rhi_trim *trim, enum rh_trim_reason reason)
{
    uint64_t now = rhi_os_now();

    return (struct rh_trim_view){
        .reason = reason,
        .freed_bytes = trim->external->freed,
        .external_bytes = trim->external->bytes + trim->external->adjusted,
        .resident_bytes = rhi_os_resident_bytes(),
        .tomb_pages = trim->space->count[RHI_TOMB],
        .tomb_age = rhi_space_tomb_age(trim->space),
        .trim_ns = trim->trim_ns,
        .elapsed_ns = now - trim->started_ns,
        .since_trim_ns = now - trim->last_ns,
    };
}

unsigned
rhi_trim_consult(struct rhi_trim *trim, enum rh_trim_reason reason)
{
    struct rh_trim_view view;
    unsigned actions;

    if (trim->policy == rh_trim_never ||
        (reason == RH_TRIM_COLLECTION &&
         trim->external->freed < trim->silent_until))
        return RH_TRIM_NOTHING; // spares the snapshot
    trim->silent_until = 0;
    view = trim_view(trim, reason);
    actions = trim->policy(&view, trim->context);
    if (actions != RH_TRIM_NOTHING)
        rhi_trim_act(trim, reason, actions);
    return actions;
}

void
rhi_trim_forked(struct rhi_trim *trim)
{
    trim->external->freed = 0;
    trim->silent_until = SILENT_BYTES;
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
        &trim->log[trim->count++ % RH_TRIM_LOG_LENGTH];
    uint64_t start = rhi_os_now();

    *record = (struct rh_trim_record){
        .reason = reason,
        .actions = actions,
        .resident_before = rhi_os_resident_bytes(),
        .at_ns = start - trim->started_ns,
    };
    if (actions & RH_TRIM_PAGES)
        record->pages = rhi_space_release(trim->space, 0);
    if (actions & RH_TRIM_ALLOCATOR)
        record->allocator_freed = trim_allocator(trim);
    trim->external->freed = 0;
    trim->last_ns = rhi_os_now();
    record->duration_ns = trim->last_ns - start;
    trim->trim_ns += record->duration_ns;
    record->resident_after = rhi_os_resident_bytes();
}
