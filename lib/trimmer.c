// SPDX-License-Identifier: MIT
#include "config.h"

#include "trimmer.h"

#include "os.h"

#include <stdlib.h>

enum {
    SILENT_BYTES = 1 << 20 // freed in a forked child before it may trim
};

#define WINDOW_NS UINT64_C(60000000000)

// ---- the books ----

void
rhi_trimmer_init(struct rh_trimmer *trimmer, rh_trim_fn policy, void *context)
{
    uint64_t now = rhi_os_now();

    *trimmer = (struct rh_trimmer){
        .started_ns = now,
        .last_ns = now,
        .window_started_ns = now,
    };
    rhi_trimmer_set_policy(trimmer, policy, context);
}

void
rhi_trimmer_set_policy(struct rh_trimmer *trimmer, rh_trim_fn policy,
                       void *context)
{
    trimmer->policy = policy ? policy : rh_trim_never;
    trimmer->context = context;
}

bool
rhi_trimmer_is_asked(struct rh_trimmer *trimmer, enum rh_trim_reason reason)
{
    bool may_wait = reason == RH_TRIM_COLLECTION || reason == RH_TRIM_IDLE;

    if (trimmer->policy == rh_trim_never ||
        (may_wait && trimmer->freed_bytes < trimmer->silent_bytes))
        return false;
    trimmer->silent_bytes = 0;
    return true;
}

void
rhi_trimmer_forked(struct rh_trimmer *trimmer)
{
    trimmer->freed_bytes = 0;
    trimmer->silent_bytes = SILENT_BYTES;
}

static struct rh_trim_record *
newest(struct rh_trimmer *trimmer)
{
    return &trimmer->log[(trimmer->count - 1) % RH_TRIM_LOG_LENGTH];
}

static size_t
returned_by(const struct rh_trim_record *record)
{
    return record->resident_before > record->resident_after
               ? record->resident_before - record->resident_after
               : 0;
}

// What became of a trim so far.
static void
look_back(const struct rh_trimmer *trimmer, struct rh_trim_record *record)
{
    uint64_t now = rhi_os_faults();

    // A forked child begins to count at 0.
    record->faults =
        (size_t)(now > trimmer->faults ? now - trimmer->faults : 0);
    record->refault_bytes =
        rhi_min(record->faults * rhi_os_page_bytes(), returned_by(record));
}

static void
age_window(struct rh_trimmer *trimmer, uint64_t now)
{
    uint64_t window = now - trimmer->window_started_ns;

    while (window > WINDOW_NS) {
        window /= 2;
        trimmer->window_trim_ns /= 2;
        trimmer->window_idle_ns /= 2;
        trimmer->window_refault_bytes /= 2;
    }
    trimmer->window_started_ns = now - window;
}

struct rh_trim_view
rhi_trimmer_view(struct rh_trimmer *trimmer, enum rh_trim_reason reason)
{
    uint64_t now = rhi_os_now();
    struct rh_trim_record last = { .reason = reason };

    age_window(trimmer, now);
    if (trimmer->count) {
        last = *newest(trimmer);
        look_back(trimmer, &last);
    }
    return (struct rh_trim_view){
        .reason = reason,
        .freed_bytes = trimmer->freed_bytes,
        .external_bytes = trimmer->external_bytes,
        .resident_bytes = rhi_os_resident_bytes(),
        .trim_ns = trimmer->trim_ns,
        .elapsed_ns = now - trimmer->started_ns,
        .since_trim_ns = now - trimmer->last_ns,
        .trims = trimmer->count,
        .last_trim_ns = last.duration_ns,
        .last_returned_bytes = returned_by(&last),
        .last_refault_bytes = last.refault_bytes,
        .refault_bytes = trimmer->refault_bytes + last.refault_bytes,
        .fault_ns = trimmer->fault_ns,
        .window_ns = now - trimmer->window_started_ns,
        .window_trim_ns = trimmer->window_trim_ns,
        .window_idle_ns = trimmer->window_idle_ns,
        .window_refault_bytes =
            trimmer->window_refault_bytes + last.refault_bytes,
    };
}

// The interval behind the last trim is over.
static void
close_interval(struct rh_trimmer *trimmer)
{
    struct rh_trim_record *last;

    if (!trimmer->count)
        return;
    last = newest(trimmer);
    look_back(trimmer, last);
    trimmer->refault_bytes += last->refault_bytes;
    trimmer->window_refault_bytes += last->refault_bytes;
}

struct rh_trim_record *
rhi_trimmer_begin(struct rh_trimmer *trimmer, enum rh_trim_reason reason,
                  unsigned actions)
{
    struct rh_trim_record *record;
    uint64_t now = rhi_os_now();

    close_interval(trimmer);
    age_window(trimmer, now);
    trimmer->count++;
    record = newest(trimmer);
    *record = (struct rh_trim_record){
        .reason = reason,
        .actions = actions,
        .resident_before = rhi_os_resident_bytes(),
        .at_ns = now - trimmer->started_ns,
    };
    return record;
}

void
rhi_trimmer_end(struct rh_trimmer *trimmer, struct rh_trim_record *record)
{
    trimmer->last_ns = rhi_os_now();
    record->duration_ns =
        trimmer->last_ns - trimmer->started_ns - record->at_ns;
    record->resident_after = rhi_os_resident_bytes();
    trimmer->trim_ns += record->duration_ns;
    trimmer->window_trim_ns += record->duration_ns;
    if (record->reason == RH_TRIM_IDLE)
        trimmer->window_idle_ns += record->duration_ns;
    trimmer->freed_bytes = 0;
    if (!trimmer->fault_ns)
        trimmer->fault_ns = rhi_os_fault_ns();
    trimmer->faults = rhi_os_faults();
}

// ---- for programs without a heap ----

struct rh_trimmer *
rh_trimmer_new(rh_trim_fn policy, void *context)
{
    struct rh_trimmer *trimmer = malloc(sizeof *trimmer);

    if (trimmer)
        rhi_trimmer_init(trimmer, policy, context);
    return trimmer;
}

void
rh_trimmer_free(struct rh_trimmer *trimmer)
{
    free(trimmer);
}

void
rh_trimmer_count(struct rh_trimmer *trimmer, size_t freed_bytes,
                 size_t live_bytes)
{
    trimmer->freed_bytes += freed_bytes;
    trimmer->external_bytes = live_bytes;
}

unsigned
rh_trimmer_request(struct rh_trimmer *trimmer, enum rh_trim_reason reason)
{
    struct rh_trim_view view;
    struct rh_trim_record *record;
    unsigned actions;

    if (!rhi_trimmer_is_asked(trimmer, reason))
        return RH_TRIM_NOTHING;
    view = rhi_trimmer_view(trimmer, reason);
    // There are no pages here.
    actions = trimmer->policy(&view, trimmer->context) & RH_TRIM_ALLOCATOR;
    if (!actions)
        return RH_TRIM_NOTHING;
    record = rhi_trimmer_begin(trimmer, reason, actions);
    record->allocator_freed = rh_malloc_trim();
    rhi_trimmer_end(trimmer, record);
    return actions;
}

void
rh_trimmer_after_fork_child(struct rh_trimmer *trimmer)
{
    rhi_trimmer_forked(trimmer);
}

size_t
rh_trimmer_log(const struct rh_trimmer *trimmer, struct rh_trim_record *records,
               size_t max)
{
    size_t kept = rhi_min(trimmer->count, RH_TRIM_LOG_LENGTH);
    size_t count = rhi_min(kept, max);

    for (size_t n = 0; n < count; n++)
        records[n] =
            trimmer->log[(trimmer->count - count + n) % RH_TRIM_LOG_LENGTH];
    if (count)
        look_back(trimmer, &records[count - 1]);
    return count;
}

void
rh_trimmer_totals(const struct rh_trimmer *trimmer,
                  struct rh_trim_totals *totals)
{
    struct rh_trim_record last;
    size_t count = rh_trimmer_log(trimmer, &last, 1);

    *totals = (struct rh_trim_totals){
        .trims = trimmer->count,
        .trim_ns = trimmer->trim_ns,
        .refault_bytes =
            trimmer->refault_bytes + (count ? last.refault_bytes : 0),
        .elapsed_ns = rhi_os_now() - trimmer->started_ns,
    };
}
