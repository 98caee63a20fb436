// SPDX-License-Identifier: MIT
/*
 * policy - when it is worth while to trim: the policies that the library has.
 *
 * Each is a function of what it is shown, and keeps nothing: see rheap/trim.h
 * for what they do, doc/design/trim.md for what they cost.
 */
#include "config.h"

#include "base.h"

enum {
    DEFAULT_THRESHOLD = 32 << 20, // freed
    DEFAULT_LEAST = 1 << 20,      // freed, for what has a cap
    LEAST_PART = 8,               // of what lives, likewise
    PAGE_BYTES = 4096,
    FIRST_NS_PER_KB = 100, // of resident memory: a guess, before there was one
    DEFAULT_FAULT_NS = 1000
};

static const double default_share = 0.02;

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

unsigned
rh_trim_threshold(const struct rh_trim_view *view, void *context)
{
    const struct rh_trim_threshold_options *options = context;
    size_t freed = options && options->freed_bytes ? options->freed_bytes
                                                   : DEFAULT_THRESHOLD;
    uint64_t interval = options ? options->interval_ns : 0;

    return view->freed_bytes >= freed && view->since_trim_ns >= interval
               ? RH_TRIM_ALLOCATOR
               : RH_TRIM_NOTHING;
}

unsigned
rh_trim_when_idle(const struct rh_trim_view *view, void *context)
{
    (void)context;
    return view->reason == RH_TRIM_IDLE ? RH_TRIM_PAGES | RH_TRIM_ALLOCATOR
                                        : RH_TRIM_NOTHING;
}

unsigned
rh_trim_before_fork(const struct rh_trim_view *view, void *context)
{
    (void)context;
    return view->reason == RH_TRIM_FORK ? RH_TRIM_PAGES | RH_TRIM_ALLOCATOR
                                        : RH_TRIM_NOTHING;
}

// ---- under a cap ----

static struct rh_trim_adaptive_options
adaptive_options(const struct rh_trim_adaptive_options *given,
                 const struct rh_trim_view *view)
{
    struct rh_trim_adaptive_options options = { .max_share = 0 };

    if (given)
        options = *given;
    if (!(options.max_share > 0))
        options.max_share = default_share;
    if (!options.freed_bytes)
        options.freed_bytes = DEFAULT_LEAST;
    if (!options.fault_ns)
        options.fault_ns = view->fault_ns;
    if (!options.fault_ns)
        options.fault_ns = DEFAULT_FAULT_NS;
    return options;
}

static double
faults_ns(size_t bytes, const struct rh_trim_adaptive_options *options)
{
    return (double)bytes / PAGE_BYTES * (double)options->fault_ns;
}

// The next trim takes as long as the last one did.
static double
next_trim_ns(const struct rh_trim_view *view)
{
    return view->trims ? (double)view->last_trim_ns
                       : (double)view->resident_bytes / 1024 * FIRST_NS_PER_KB;
}

// What the program waits for: trims while it is busy, and what comes back.
static double
waited_ns(const struct rh_trim_view *view,
          const struct rh_trim_adaptive_options *options)
{
    return (double)(view->window_trim_ns - view->window_idle_ns) +
           faults_ns(view->window_refault_bytes, options);
}

// The window has room for another one: for what the program will wait for, and
// for what is done while it is idle.  One that is dearer than any window can pay
// would never come: it waits until the time since the last one pays for it.
static bool
is_affordable(const struct rh_trim_view *view,
              const struct rh_trim_adaptive_options *options)
{
    bool is_idle = view->reason == RH_TRIM_IDLE;
    double share = view->reason == RH_TRIM_COLLECTION ? options->max_share / 2
                                                      : options->max_share;
    double budget = share * (double)view->window_ns;
    double trim = next_trim_ns(view);
    double back = faults_ns(view->last_refault_bytes, options);
    double wait = is_idle ? back : trim + back;
    double idle = (double)view->window_idle_ns + (is_idle ? trim : 0);

    if (trim + back > budget)
        return trim + back <= share * (double)view->since_trim_ns;
    return waited_ns(view, options) + wait <= budget &&
           (!is_idle || idle <= budget);
}

unsigned
rh_trim_adaptive(const struct rh_trim_view *view, void *context)
{
    struct rh_trim_adaptive_options options = adaptive_options(context, view);

    if (view->freed_bytes < options.freed_bytes ||
        view->freed_bytes < view->external_bytes / LEAST_PART ||
        !is_affordable(view, &options))
        return RH_TRIM_NOTHING;
    return view->reason == RH_TRIM_COLLECTION
               ? RH_TRIM_ALLOCATOR
               : RH_TRIM_PAGES | RH_TRIM_ALLOCATOR;
}
