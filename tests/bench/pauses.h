// SPDX-License-Identifier: MIT
/*
 * pauses - how long a program had to wait for its collector.
 *
 * A pause is one stay inside the collector, whatever it does there: a
 * collection, or one step of one.  How it is caught depends on the heap: by
 * the clock around an allocation that will not be served from free memory, or
 * by the heap's own events.
 *
 * What counts is the time by the wall; but when the scheduler gave our
 * processor to another program meanwhile, which is nobody's fault here, it is
 * the time that the thread had it.
 */
#ifndef BENCH_PAUSES_H
#define BENCH_PAUSES_H

#include "bench.h"

enum {
    PAUSE_KINDS = 8
};

struct pause {
    double ns;
    unsigned kind; // position in pauses.kinds
};

struct pauses {
    struct pause *all;
    size_t count, capacity;
    size_t preempted;               // how many of them
    const char *kinds[PAUSE_KINDS]; // in the order in which they came
};

struct pause_clock {
    double wall_ns;
    double cpu_ns;
    long preemptions;
};

static inline double
pause_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline long
pause_preemptions(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

// Preemptions are read before the first clock and after the second, so that
// none that falls between the clocks is missed.
static inline struct pause_clock
pause_begin(void)
{
    struct pause_clock now;

    now.preemptions = pause_preemptions();
    now.cpu_ns = pause_ns(CLOCK_THREAD_CPUTIME_ID);
    now.wall_ns = pause_ns(CLOCK_MONOTONIC);
    return now;
}

static inline struct pause_clock
pause_end(void)
{
    struct pause_clock now;

    now.wall_ns = pause_ns(CLOCK_MONOTONIC);
    now.cpu_ns = pause_ns(CLOCK_THREAD_CPUTIME_ID);
    now.preemptions = pause_preemptions();
    return now;
}

static inline unsigned
pause_kind(struct pauses *pauses, const char *name)
{
    unsigned kind = 0;

    while (kind < PAUSE_KINDS - 1 && pauses->kinds[kind] &&
           strcmp(pauses->kinds[kind], name) != 0)
        kind++;
    if (!pauses->kinds[kind])
        pauses->kinds[kind] = name;
    return kind;
}

// A pause that began at `start` has ended at `end`.  `kind` is static storage.
static inline void
pauses_note(struct pauses *pauses, struct pause_clock start,
            struct pause_clock end, const char *kind)
{
    bool preempted = end.preemptions != start.preemptions;

    if (pauses->count == pauses->capacity) {
        pauses->capacity = pauses->capacity ? 2 * pauses->capacity : 65536;
        pauses->all =
            realloc(pauses->all, pauses->capacity * sizeof *pauses->all);
        expect(pauses->all != NULL, "memory for pauses");
    }
    pauses->preempted += preempted;
    pauses->all[pauses->count++] = (struct pause){
        .ns =
            preempted ? end.cpu_ns - start.cpu_ns : end.wall_ns - start.wall_ns,
        .kind = pause_kind(pauses, kind),
    };
}

static inline int
pause_compare(const void *a, const void *b)
{
    const struct pause *x = a;
    const struct pause *y = b;

    return (x->ns > y->ns) - (x->ns < y->ns);
}

// `share` of the pauses are shorter.  They must be sorted.
static inline double
pauses_percentile(const struct pauses *pauses, double share)
{
    size_t at = (size_t)((double)pauses->count * share);

    return pauses->all[at < pauses->count ? at : pauses->count - 1].ns;
}

// One kind: how many, the middle one, the longest.
static inline void
pauses_explain_kind(const struct pauses *pauses, unsigned kind)
{
    size_t count = 0, seen = 0;
    double middle = 0, longest = 0;

    for (size_t n = 0; n < pauses->count; n++)
        count += pauses->all[n].kind == kind;
    for (size_t n = 0; n < pauses->count; n++) {
        if (pauses->all[n].kind != kind)
            continue;
        if (seen++ == count / 2)
            middle = pauses->all[n].ns;
        longest = pauses->all[n].ns;
    }
    fprintf(stderr, "# %7zu pauses, %-20s median %9.1f us, max %9.1f us%s\n",
            count, pauses->kinds[kind], middle / 1e3, longest / 1e3,
            pauses->all[pauses->count - 1].kind == kind ? "  <- the longest"
                                                        : "");
}

// To standard error.  They must be sorted.
static inline void
pauses_explain(const struct pauses *pauses)
{
    for (unsigned kind = 0; kind < PAUSE_KINDS && pauses->kinds[kind]; kind++)
        pauses_explain_kind(pauses, kind);
    fprintf(stderr, "# %7zu of them were preempted\n", pauses->preempted);
}

#endif
