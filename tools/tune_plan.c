// SPDX-License-Identifier: MIT
#include "config.h"

#include "tune_plan.h"

#include "tune_rule.h"

#include <rheap/constants.h>

// Rubies without pages have a first heap of just as many slots as asked for.
static size_t
first_heap(const struct rh_config *config)
{
    size_t pages = config->initial_slots / RH_SLOTS_PER_PAGE;

    if (config->growth == rh_growth_ree || config->growth == rh_growth_mri18 ||
        config->growth == tune_article_policy)
        return config->initial_slots;
    return (pages ? pages : 1) * RH_SLOTS_PER_PAGE;
}

// Slots that the rule adds when so many are live; 0: none.
static size_t
added(const struct tune_plan *plan, const struct rh_config *config, size_t live)
{
    struct rh_growth_view view = {
        .config = config,
        .live_slots = live,
        .total_slots = plan->total,
        .capacity_slots = plan->total,
        .slots_per_page = RH_SLOTS_PER_PAGE,
        .pages = live / RH_SLOTS_PER_PAGE,
        .heaps_added = plan->heaps - 1,
    };
    struct rh_growth_answer answer = { plan->total, 0 };

    config->growth(&view, &answer);
    return answer.capacity_slots > plan->total
               ? answer.capacity_slots - plan->total
               : 0;
}

void
tune_plan(struct tune_plan *plan, const struct rh_config *config, size_t need)
{
    *plan = (struct tune_plan){ .heaps = 1, .fits = true };
    plan->heap[0] = plan->total = first_heap(config);
    while (plan->total < need) {
        size_t slots = added(plan, config, plan->total);

        plan->collections++;
        if (slots == 0 || plan->heaps == TUNE_MAX_HEAPS) {
            plan->fits = false;
            return;
        }
        plan->heap[plan->heaps++] = slots;
        plan->total += slots;
    }
    plan->next_heap = added(plan, config, need);
}

size_t
tune_plan_departs(const struct tune_plan *a, const struct tune_plan *b)
{
    for (size_t n = 0; n < a->heaps && n < b->heaps; n++)
        if (a->heap[n] != b->heap[n])
            return n;
    return SIZE_MAX;
}
