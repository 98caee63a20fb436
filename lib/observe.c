// SPDX-License-Identifier: MIT
/*
 * observe - what the heap has noted, for programs that ask.
 *
 * One call down each: see profile.h and site.h.
 */
#include "config.h"

#include "heap.h"

#include "cycle.h"

#include <string.h>

// ---- names ----

static const char *
name_of(const char *const *names, size_t count, size_t n)
{
    return n < count ? names[n] : "unknown";
}

const char *
rh_cause_name(enum rh_cause cause)
{
    static const char *const names[] = { "none",   "newobj", "malloc",
                                         "method", "stress", "emergency" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)cause);
}

const char *
rh_major_reason_name(enum rh_major_reason reason)
{
    static const char *const names[] = { "none",  "nofree", "oldgen",
                                         "shady", "force",  "oldmalloc" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)reason);
}

const char *
rh_collection_kind_name(enum rh_collection_kind kind)
{
    static const char *const names[] = { "none", "minor", "major" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)kind);
}

const char *
rh_collection_state_name(enum rh_collection_state state)
{
    static const char *const names[] = { "none", "marking", "sweeping" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)state);
}

const char *
rh_pause_kind_name(enum rh_pause_kind kind)
{
    static const char *const names[] = { "minor", "major", "step", "sweep",
                                         "compaction" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)kind);
}

const char *
rh_phase_name(enum rh_phase phase)
{
    static const char *const names[] = { "roots", "mark",    "weak",
                                         "sweep", "compact", "release" };

    return name_of(names, sizeof names / sizeof names[0], (size_t)phase);
}

// ---- the latest collection ----

static enum rh_collection_state
state_of(const struct rh_heap *heap)
{
    static const enum rh_collection_state states[] = {
        [RHI_IDLE] = RH_STATE_NONE,
        [RHI_MARKING] = RH_STATE_MARKING,
        [RHI_SWEEPING] = RH_STATE_SWEEPING,
    };

    // One that stops the program passes through no stages.
    return heap->inside && !heap->reaching && heap->major.stage == RHI_IDLE
               ? RH_STATE_MARKING
               : states[heap->major.stage];
}

void
rh_heap_latest(const struct rh_heap *heap, struct rh_collection *latest)
{
    struct rh_collection now = heap->history.latest;

    now.struct_bytes = rhi_min(latest->struct_bytes, sizeof now);
    now.state = state_of(heap);
    now.need_major_by = rhi_cycle_due(heap).major;
    memcpy(latest, &now, now.struct_bytes);
}

// ---- the profiler ----

enum rh_status
rh_profile_enable(struct rh_heap *heap, size_t capacity)
{
    return rhi_profile_enable(&heap->profile, capacity);
}

void
rh_profile_disable(struct rh_heap *heap)
{
    heap->profile.enabled = false;
}

bool
rh_profile_is_enabled(const struct rh_heap *heap)
{
    return heap->profile.enabled;
}

void
rh_profile_clear(struct rh_heap *heap)
{
    rhi_profile_clear(&heap->profile);
}

size_t
rh_profile_read(const struct rh_heap *heap, uint64_t since,
                struct rh_pause *records, size_t max)
{
    return rhi_profile_read(&heap->profile, since, records, max);
}

uint64_t
rh_profile_total_ns(const struct rh_heap *heap)
{
    return heap->profile.total_ns;
}

bool
rh_profile_measure(struct rh_heap *heap, bool on)
{
    bool before = heap->profile.measuring;

    heap->profile.measuring = on;
    return before;
}

void
rh_profile_pauses(const struct rh_heap *heap, enum rh_pauses_of which,
                  struct rh_pauses *pauses)
{
    rhi_profile_pauses(&heap->profile, which, pauses);
}

// ---- sites of allocation ----

bool
rh_site_trace(struct rh_heap *heap, bool on)
{
    struct rhi_sites *sites = &heap->sites;
    bool before = rhi_sites_are_traced(sites);

    if (on)
        sites->starts++;
    else if (before)
        sites->starts--;
    if (rhi_sites_are_traced(sites))
        rhi_mutator_set_trap(&heap->mutator, RHI_TRAP_SITE);
    else
        rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_SITE);
    return before;
}

void
rh_site_clear(struct rh_heap *heap)
{
    rhi_sites_clear(&heap->sites);
}

struct rh_site *
rh_site_present(struct rh_heap *heap)
{
    return &heap->sites.present;
}

void
rh_site_at(struct rh_heap *heap, const char *file, unsigned line)
{
    heap->sites.present.file = file;
    heap->sites.present.line = line;
}

void
rh_site_ask(struct rh_heap *heap, rh_site_fn fn, void *context)
{
    heap->sites.ask = fn;
    heap->sites.context = context;
}

enum rh_status
rh_site_of(const struct rh_heap *heap, const void *object, struct rh_site *site)
{
    return rh_heap_is_live(heap, (uintptr_t)object) &&
                   rhi_sites_find(&heap->sites, object, site)
               ? RH_OK
               : RH_NOT_FOUND;
}

enum rh_status
rh_site_set(struct rh_heap *heap, const void *object,
            const struct rh_site *site)
{
    if (!rh_heap_is_live(heap, (uintptr_t)object))
        return RH_NOT_FOUND;
    return rhi_sites_set(&heap->sites, object, site) ? RH_OK : RH_NO_MEMORY;
}

size_t
rh_site_count(const struct rh_heap *heap)
{
    return heap->sites.count;
}

uint64_t
rh_site_lost(const struct rh_heap *heap)
{
    return heap->sites.lost;
}
