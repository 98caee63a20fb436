// SPDX-License-Identifier: MIT
/*
 * growth - how large the heap may become before the next collection.
 *
 * After each full collection a policy answers two numbers: the live slots at
 * which the next one is due, and how many empty pages may keep their memory.
 * The policies are public functions (rheap/config.h); this chapter keeps what
 * they answered.
 *
 * A generational heap fills that capacity nursery by nursery, with a minor
 * collection after each.
 *
 * Next: settings.h, everything that can be chosen.
 */
#ifndef RHI_GROWTH_H
#define RHI_GROWTH_H

#include "base.h"

struct rhi_growth {
    const struct rh_config *config;
    size_t capacity_slots;    // the last answer; at first initial_slots
    size_t max_empty_pages;   // the last answer
    size_t heaps_added;       // how often the capacity has grown
    size_t nursery;           // slots between two minor collections
    size_t old_limit;         // old objects beyond which a major one is due
    size_t unprotected_limit; // the same for those without barriers
    uint64_t due;             // objects ever made, at which to collect
    uint64_t step_due;        // the same for a step of a major collection
};

struct rhi_growth_facts {
    size_t live_slots;
    size_t total_slots;
    size_t slots_per_page;
    size_t pages;        // with live objects
    uint64_t made_total; // objects ever made
    size_t unprotected;  // objects without barriers
};

void rhi_growth_init(struct rhi_growth *growth, const struct rh_config *config,
                     size_t slots_per_page);

// After a major collection: ask the policy; sets capacity, empty pages, limits,
// and when to collect.
void rhi_growth_collected(struct rhi_growth *growth,
                          const struct rhi_growth_facts *facts);

// After a minor one: when to collect.
void rhi_growth_minor(struct rhi_growth *growth, uint64_t made_total);

// After a step: when the next one is due, if there are `steps` to a nursery.
void rhi_growth_step(struct rhi_growth *growth, uint64_t made_total,
                     size_t steps);

#endif
