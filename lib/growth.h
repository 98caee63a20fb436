// SPDX-License-Identifier: MIT
/*
 * growth - how large the heap may become before the next collection.
 *
 * After each full collection a policy answers two numbers: the live slots at
 * which the next collection is due, and how many empty pages may keep their
 * memory.  The policies are public functions (rheap/config.h); this chapter
 * keeps what they answered.
 *
 * Next: settings.h, everything that can be chosen.
 */
#ifndef RHI_GROWTH_H
#define RHI_GROWTH_H

#include "base.h"

struct rhi_growth {
    const struct rh_config *config;
    size_t capacity_slots;  // the last answer; at first initial_slots
    size_t max_empty_pages; // the last answer
    size_t heaps_added;     // how often the capacity has grown
    uint64_t due;           // objects ever made, at which to collect
};

struct rhi_growth_facts {
    size_t live_slots;
    size_t total_slots;
    size_t slots_per_page;
    size_t pages;        // with live objects
    uint64_t made_total; // objects ever made
};

void rhi_growth_init(struct rhi_growth *growth, const struct rh_config *config,
                     size_t slots_per_page);

// Ask the policy; sets capacity, empty pages and when to collect.
void rhi_growth_collected(struct rhi_growth *growth,
                          const struct rhi_growth_facts *facts);

#endif
