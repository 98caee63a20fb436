// SPDX-License-Identifier: MIT
#include "config.h"

#include "profile.h"

#include "os.h"

#include <string.h>

// ---- the histogram ----

enum {
    SUB_BUCKETS_LOG = 4, // linear buckets in a power of two
    SUB_BUCKETS = 1 << SUB_BUCKETS_LOG,
    FIRST_POWER = 10, // shorter pauses share the buckets of one
    END_POWER = 37    // longer ones share the last bucket
};

_Static_assert(SUB_BUCKETS *(1 + END_POWER - FIRST_POWER) == RH_PAUSE_BUCKETS,
               "a group of buckets for each power of two, and one below");

static size_t
bucket_of(uint64_t ns)
{
    unsigned power;

    if (ns < 1u << FIRST_POWER)
        return ns >> (FIRST_POWER - SUB_BUCKETS_LOG);
    power = 63 - (unsigned)__builtin_clzll(ns);
    if (power >= END_POWER)
        return RH_PAUSE_BUCKETS - 1;
    return SUB_BUCKETS * (1 + power - FIRST_POWER) +
           (ns >> (power - SUB_BUCKETS_LOG)) % SUB_BUCKETS;
}

uint64_t
rh_profile_bucket_ns(size_t n)
{
    uint64_t sub = n % SUB_BUCKETS;
    size_t group = rhi_min(n, RH_PAUSE_BUCKETS) / SUB_BUCKETS;

    if (n >= RH_PAUSE_BUCKETS)
        sub = 0;
    if (group == 0)
        return sub << (FIRST_POWER - SUB_BUCKETS_LOG);
    return (SUB_BUCKETS + sub) << (group - 1 + FIRST_POWER - SUB_BUCKETS_LOG);
}

static void
pauses_clear(struct rhi_pauses *pauses)
{
    memset(pauses, 0, sizeof *pauses);
    pauses->min_ns = UINT64_MAX;
}

static void
pauses_count(struct rhi_pauses *pauses, uint64_t ns)
{
    pauses->counts[bucket_of(ns)]++;
    pauses->total_ns += ns;
    if (ns < pauses->min_ns)
        pauses->min_ns = ns;
    if (ns > pauses->max_ns)
        pauses->max_ns = ns;
}

static enum rhi_pause_group
group_of(enum rh_pause_kind kind)
{
    switch (kind) {
    case RH_PAUSE_MINOR:
        return RHI_PAUSES_MINOR;
    case RH_PAUSE_MAJOR:
    case RH_PAUSE_STEP:
    case RH_PAUSE_SWEEP:
        return RHI_PAUSES_MAJOR;
    default:
        return RHI_PAUSES_OTHER;
    }
}

// Whether the pauses of a group are among those asked for.
static bool
group_belongs(enum rhi_pause_group group, enum rh_pauses_of which)
{
    return which == RH_PAUSES_ALL ||
           (which == RH_PAUSES_MINOR && group == RHI_PAUSES_MINOR) ||
           (which == RH_PAUSES_MAJOR && group == RHI_PAUSES_MAJOR);
}

static void
pauses_add(struct rh_pauses *sum, const struct rhi_pauses *pauses)
{
    for (size_t n = 0; n < RH_PAUSE_BUCKETS; n++) {
        sum->counts[n] += pauses->counts[n];
        sum->count += pauses->counts[n];
    }
    sum->total_ns += pauses->total_ns;
    if (pauses->min_ns < sum->min_ns)
        sum->min_ns = pauses->min_ns;
    if (pauses->max_ns > sum->max_ns)
        sum->max_ns = pauses->max_ns;
}

void
rhi_profile_pauses(const struct rhi_profile *profile, enum rh_pauses_of which,
                   struct rh_pauses *pauses)
{
    memset(pauses, 0, sizeof *pauses);
    pauses->min_ns = UINT64_MAX;
    for (int group = 0; group < RHI_PAUSE_GROUPS; group++)
        if (group_belongs((enum rhi_pause_group)group, which))
            pauses_add(pauses, &profile->groups[group]);
    if (pauses->count == 0)
        pauses->min_ns = 0;
}

// The first bucket up to which there are `rank` pauses.
static size_t
bucket_of_rank(const struct rh_pauses *pauses, uint64_t rank)
{
    uint64_t passed = 0;
    size_t n = 0;

    while (n + 1 < RH_PAUSE_BUCKETS && (passed += pauses->counts[n]) < rank)
        n++;
    return n;
}

uint64_t
rh_profile_percentile(const struct rh_pauses *pauses, double share)
{
    uint64_t rank;
    uint64_t bound;
    size_t n;

    if (pauses->count == 0)
        return 0;
    if (!(share > 0))
        return pauses->min_ns;
    if (share >= 1)
        return pauses->max_ns;
    rank = (uint64_t)((double)pauses->count * share);
    if ((double)rank < (double)pauses->count * share)
        rank++;
    n = bucket_of_rank(pauses, rank);
    bound = n + 1 < RH_PAUSE_BUCKETS ? rh_profile_bucket_ns(n + 1) - 1
                                     : pauses->max_ns;
    return bound < pauses->max_ns ? bound : pauses->max_ns;
}

// ---- a pause ----

void
rhi_profile_init(struct rhi_profile *profile, const struct rh_mutator *mutator,
                 const struct rhi_sweep *sweep,
                 const struct rhi_external *external, struct rhi_meter *meter)
{
    *profile = (struct rhi_profile){
        .mutator = mutator,
        .sweep = sweep,
        .external = external,
        .meter = meter,
        .started_ns = rhi_os_now(),
        .measuring = true,
        .phase = RH_PHASES,
    };
    for (int group = 0; group < RHI_PAUSE_GROUPS; group++)
        pauses_clear(&profile->groups[group]);
}

void
rhi_profile_fini(struct rhi_profile *profile)
{
    rhi_meter_free(profile->meter, profile->ring, profile->capacity,
                   sizeof *profile->ring);
    profile->ring = NULL;
    profile->capacity = 0;
}

void
rhi_profile_begin(struct rhi_profile *profile, enum rh_pause_kind kind,
                  enum rh_cause cause, enum rh_major_reason reason)
{
    const struct rhi_sweep *sweep = profile->sweep;

    RHI_ASSERT(sweep->space->region->panic, !profile->open); // O1
    profile->open = true;
    profile->phase = RH_PHASES;
    profile->begun_ns = profile->measuring ? rhi_os_now() : 0;
    profile->pause = (struct rh_pause){
        .number = ++profile->number,
        .kind = kind,
        .cause = cause,
        .major_reason = reason,
        .freed = sweep->freed_total,
        .released_pages = sweep->space->freed_total,
    };
    if (profile->begun_ns)
        profile->pause.at_ns = profile->begun_ns - profile->started_ns;
}

// What has passed of the present phase is its own.
static void
phase_close(struct rhi_profile *profile, uint64_t now)
{
    if (profile->phase != RH_PHASES)
        profile->pause.phase_ns[profile->phase] += now - profile->phase_ns;
    profile->phase_ns = now;
}

void
rhi_profile_phase(struct rhi_profile *profile, enum rh_phase phase)
{
    if (!profile->open)
        return;
    if (profile->begun_ns)
        phase_close(profile, rhi_os_now());
    profile->phase = phase;
}

static void
pause_measure(struct rhi_profile *profile)
{
    uint64_t now = rhi_os_now();
    struct rh_pause *pause = &profile->pause;

    phase_close(profile, now);
    pause->total_ns = now - profile->begun_ns;
    profile->total_ns += pause->total_ns;
    pauses_count(&profile->groups[group_of(pause->kind)], pause->total_ns);
}

static void
pause_describe(const struct rhi_profile *profile, struct rh_pause *pause,
               const struct rhi_pause_facts *facts)
{
    const struct rhi_sweep *sweep = profile->sweep;
    const struct rhi_space *space = sweep->space;
    const struct rhi_external *external = profile->external;

    pause->begins = facts->begins;
    pause->ends = facts->ends;
    pause->traced = facts->traced;
    pause->old_objects = facts->old;
    pause->freed = sweep->freed_total - pause->freed;
    pause->released_pages = space->freed_total - pause->released_pages;
    pause->live_slots =
        (size_t)(rhi_mutator_total(profile->mutator) - sweep->freed_total);
    pause->eden_pages = rhi_space_eden_pages(space) + space->count[RHI_SEALED];
    pause->tomb_pages = space->count[RHI_TOMB];
    pause->external_bytes = external->bytes + external->adjusted;
}

void
rhi_profile_end(struct rhi_profile *profile,
                const struct rhi_pause_facts *facts)
{
    RHI_ASSERT(profile->sweep->space->region->panic, profile->open); // O1
    if (profile->begun_ns)
        pause_measure(profile);
    profile->open = false;
    if (!profile->enabled)
        return;
    pause_describe(profile, &profile->pause, facts);
    profile->ring[profile->written++ % profile->capacity] = profile->pause;
}

// ---- records ----

// How many records the ring has.
static size_t
ring_length(const struct rhi_profile *profile)
{
    return profile->written < profile->capacity ? (size_t)profile->written
                                                : profile->capacity;
}

// The n-th of these, the oldest first.
static const struct rh_pause *
ring_record(const struct rhi_profile *profile, size_t n)
{
    uint64_t first = profile->written - ring_length(profile);

    return &profile->ring[(first + n) % profile->capacity];
}

size_t
rhi_profile_read(const struct rhi_profile *profile, uint64_t since,
                 struct rh_pause *records, size_t max)
{
    size_t length = ring_length(profile);
    size_t copied = 0;

    for (size_t n = 0; n < length && copied < max; n++) {
        const struct rh_pause *record = ring_record(profile, n);

        if (record->number > since)
            records[copied++] = *record;
    }
    return copied;
}

// Another ring, with the newest records of the old one.
static bool
ring_replace(struct rhi_profile *profile, size_t capacity)
{
    struct rh_pause *ring =
        rhi_meter_new(profile->meter, capacity, sizeof *ring);
    size_t length = ring_length(profile);
    size_t kept = rhi_min(length, capacity);

    if (!ring)
        return false;
    for (size_t n = 0; n < kept; n++)
        ring[n] = *ring_record(profile, length - kept + n);
    rhi_profile_fini(profile);
    profile->ring = ring;
    profile->capacity = capacity;
    profile->written = kept;
    return true;
}

enum rh_status
rhi_profile_enable(struct rhi_profile *profile, size_t capacity)
{
    if (capacity == 0)
        capacity = RH_PROFILE_CAPACITY;
    if (capacity != profile->capacity && !ring_replace(profile, capacity))
        return RH_NO_MEMORY;
    profile->enabled = true;
    return RH_OK;
}

void
rhi_profile_clear(struct rhi_profile *profile)
{
    profile->written = 0;
    for (int group = 0; group < RHI_PAUSE_GROUPS; group++)
        pauses_clear(&profile->groups[group]);
}

const char *
rhi_profile_check(const struct rhi_profile *profile)
{
    uint64_t above = 0;

    if (profile->enabled && profile->capacity == 0)
        return "O2";
    for (size_t n = 0; n < ring_length(profile); n++) {
        const struct rh_pause *record = ring_record(profile, n);

        if (record->number <= above || record->number > profile->number)
            return "O2";
        above = record->number;
    }
    return NULL;
}
