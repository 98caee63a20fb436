// SPDX-License-Identifier: MIT
#include "config.h"

#include "growth.h"

enum {
    MIN_EMPTY_PAGES = 24,
    MIN_UNPROTECTED = 1000 // of which nobody need mind the cost
};

// Whole pages, and at least one.
static size_t
growth_nursery(const struct rh_config *config, size_t slots_per_page)
{
    size_t slots =
        config->nursery_slots ? config->nursery_slots : config->initial_slots;

    return rhi_max(slots / slots_per_page, 1) * slots_per_page;
}

void
rhi_growth_init(struct rhi_growth *growth, const struct rh_config *config,
                size_t slots_per_page)
{
    // The article's arithmetic: 10,000 slots asked are 24 whole pages.
    size_t pages = config->initial_slots / slots_per_page;

    *growth = (struct rhi_growth){
        .config = config,
        .capacity_slots = rhi_max(pages, 1) * slots_per_page,
        .max_empty_pages = MIN_EMPTY_PAGES,
        .nursery = growth_nursery(config, slots_per_page),
        .old_limit = rhi_max(pages, 1) * slots_per_page,
        .unprotected_limit = MIN_UNPROTECTED,
    };
    growth->due = config->generational
                      ? rhi_min(growth->nursery, growth->capacity_slots)
                      : growth->capacity_slots;
}

static uint64_t
add_saturated(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

void
rhi_growth_minor(struct rhi_growth *growth, uint64_t made_total)
{
    growth->due = add_saturated(made_total, growth->nursery);
}

void
rhi_growth_step(struct rhi_growth *growth, uint64_t made_total, size_t steps)
{
    growth->step_due = add_saturated(made_total, growth->nursery / steps);
}

// CRuby 3.1, gc.c: gc_marks_finish.  A factor below 1 makes every collection
// of the old due at once; else a nursery is the least that there may be.
static size_t
limit_of(const struct rhi_growth *growth, size_t old, size_t least)
{
    double factor = growth->config->oldobject_limit_factor;
    size_t limit = (size_t)((double)old * factor);

    return factor < 1 ? limit : rhi_max(limit, least);
}

void
rhi_growth_collected(struct rhi_growth *growth,
                     const struct rhi_growth_facts *facts)
{
    struct rh_growth_view view = {
        .config = growth->config,
        .live_slots = facts->live_slots,
        .total_slots = facts->total_slots,
        .capacity_slots = growth->capacity_slots,
        .slots_per_page = facts->slots_per_page,
        .pages = facts->pages,
        .heaps_added = growth->heaps_added,
    };
    struct rh_growth_answer answer = { growth->capacity_slots, SIZE_MAX };
    size_t budget;

    growth->config->growth(&view, &answer);
    if (answer.capacity_slots > growth->capacity_slots)
        growth->heaps_added++;
    growth->capacity_slots = answer.capacity_slots;
    growth->max_empty_pages = answer.max_empty_pages;
    growth->old_limit = limit_of(growth, facts->live_slots, growth->nursery);
    growth->unprotected_limit =
        limit_of(growth, facts->unprotected, MIN_UNPROTECTED);
    budget = answer.capacity_slots > facts->live_slots
                 ? answer.capacity_slots - facts->live_slots
                 : 0;
    // At least a page between two collections, whatever the policy says.
    budget = rhi_max(budget, facts->slots_per_page);
    if (growth->config->generational)
        budget = rhi_min(budget, growth->nursery);
    growth->due = add_saturated(facts->made_total, budget);
}

void
rh_growth_default(const struct rh_growth_view *view,
                  struct rh_growth_answer *answer)
{
    size_t nursery = view->config->initial_slots / view->slots_per_page *
                     view->slots_per_page;

    answer->capacity_slots =
        view->live_slots + rhi_max(view->live_slots, nursery);
    answer->max_empty_pages = rhi_max(MIN_EMPTY_PAGES, view->pages / 2);
    // The next nursery will want its pages back.
    if (view->config->generational)
        answer->max_empty_pages =
            rhi_max(answer->max_empty_pages,
                    growth_nursery(view->config, view->slots_per_page) /
                        view->slots_per_page);
}

// How many slots CRuby would have when too few are free: so many that the goal
// ratio would be free, but at most growth_factor times as many, and a tenth
// more when the goal is met already; and at least one page more.  Without a
// goal: growth_factor times as many.
static size_t
cruby_larger(const struct rh_growth_view *view, size_t total, double goal)
{
    const struct rh_config *config = view->config;
    double factor = config->growth_factor;
    size_t larger;

    if (goal > 0) {
        factor = (double)view->live_slots / ((1 - goal) * (double)total);
        if (factor > config->growth_factor)
            factor = config->growth_factor;
        else if (!(factor >= 1)) // or not a number: 0 / 0
            factor = 1.1;
    }
    larger = (size_t)((double)total * factor);
    if (config->growth_max_slots)
        larger = rhi_min(larger, total + config->growth_max_slots);
    return rhi_max(larger, total + view->slots_per_page);
}

static void
cruby_decide(const struct rh_growth_view *view, struct rh_growth_answer *answer,
             double goal)
{
    const struct rh_config *config = view->config;
    size_t total = rhi_max(view->capacity_slots, view->total_slots);
    size_t sweepable = total > view->live_slots ? total - view->live_slots : 0;
    size_t min_free =
        rhi_max((size_t)((double)total * config->free_slots_min_ratio),
                config->free_slots);
    size_t max_free =
        rhi_max((size_t)((double)total * config->free_slots_max_ratio),
                config->initial_slots);

    answer->capacity_slots = total;
    answer->max_empty_pages = SIZE_MAX;
    if (sweepable < min_free) {
        answer->capacity_slots = cruby_larger(view, total, goal);
    } else if (sweepable > max_free) {
        size_t surplus = (sweepable - max_free) / view->slots_per_page;
        size_t empty = sweepable / view->slots_per_page;

        answer->capacity_slots = total - surplus * view->slots_per_page;
        answer->max_empty_pages = empty - surplus;
    }
}

void
rh_growth_cruby31(const struct rh_growth_view *view,
                  struct rh_growth_answer *answer)
{
    cruby_decide(view, answer, view->config->free_slots_goal_ratio);
}

// CRuby 2.1, gc.c: gc_before_sweep, heap_set_increment.
void
rh_growth_cruby21(const struct rh_growth_view *view,
                  struct rh_growth_answer *answer)
{
    cruby_decide(view, answer, 0);
}

// Add a heap when fewer than `min_free` slots are free: `first` slots, after
// `n` others each of which was growth_factor times as large as the one before.
static void
add_heap(const struct rh_growth_view *view, struct rh_growth_answer *answer,
         size_t min_free, double first, size_t n)
{
    double heap = first;

    answer->capacity_slots = view->capacity_slots;
    answer->max_empty_pages = SIZE_MAX;
    if (view->live_slots + min_free <= view->capacity_slots)
        return;
    for (; n > 0 && heap < 1e15; n--)
        heap = (double)(size_t)(heap * view->config->growth_factor);
    answer->capacity_slots += (size_t)heap;
}

void
rh_growth_ree(const struct rh_growth_view *view,
              struct rh_growth_answer *answer)
{
    add_heap(view, answer, view->config->free_slots,
             (double)view->config->slots_increment, view->heaps_added);
}

// Ruby 1.8.7, gc.c: gc_sweep, add_heap.
void
rh_growth_mri18(const struct rh_growth_view *view,
                struct rh_growth_answer *answer)
{
    const struct rh_config *config = view->config;
    double share = (double)view->capacity_slots * config->free_slots_min_ratio;

    add_heap(view, answer, rhi_max((size_t)share, config->free_slots),
             (double)config->initial_slots, view->heaps_added + 1);
}

void
rh_growth_ratio(const struct rh_growth_view *view,
                struct rh_growth_answer *answer)
{
    const struct rh_config *config = view->config;
    size_t live = view->live_slots;
    double slots = (double)view->capacity_slots;
    double wanted = (double)live * config->live_ratio;

    if (wanted < (double)config->initial_slots)
        wanted = (double)config->initial_slots;
    if (wanted < slots)
        wanted = slots - (slots - wanted) * config->growth_decay;
    if (config->max_slots && wanted > (double)config->max_slots)
        wanted = (double)config->max_slots;
    answer->capacity_slots = wanted < 1e18 ? (size_t)wanted : SIZE_MAX;
    answer->max_empty_pages =
        answer->capacity_slots > live
            ? (answer->capacity_slots - live) / view->slots_per_page
            : 0;
}
