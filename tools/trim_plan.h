// SPDX-License-Identifier: MIT
/*
 * trim_plan - what `rheap trim' is to measure, and what it has measured.
 *
 * Each run is a process of its own, begun anew with its allocator and its
 * environment, because none of both can be changed later.  It gets its plan as
 * one word of text, and tells what it found in lines of a name and a number.
 */
#ifndef TOOLS_TRIM_PLAN_H
#define TOOLS_TRIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trim_job {
    TRIM_LOAD, // phases, under a policy
    TRIM_COST, // what one trim takes after so many MB
    TRIM_RACE, // malloc and free without a lock
    TRIM_JOBS
};

enum trim_policy {
    TRIM_NEVER,
    TRIM_ALWAYS,
    TRIM_THRESHOLD,
    TRIM_ADAPTIVE,
    TRIM_IDLE,
    TRIM_FORK,
    TRIM_POLICIES
};

enum trim_sizes {
    TRIM_RUBY,      // 24 to 4,023 bytes, all alike
    TRIM_LOGNORMAL, // most are small, some are long
    TRIM_BIMODAL,   // nine of ten below 100, one of ten above 4,000
    TRIM_LARGE,     // as ruby, and one of a hundred is above 128 KB
    TRIM_SIZES
};

enum trim_survivors {
    TRIM_NONE,
    TRIM_SCATTERED, // one of 500, here and there
    TRIM_CLUSTERED, // as many, all made together
    TRIM_SURVIVORS
};

enum {
    TRIM_MAX_THREADS = 256,
    TRIM_MAX_RUNS = 99
};

struct trim_plan {
    enum trim_job job;
    enum trim_policy policy;
    enum trim_sizes sizes;
    enum trim_survivors survivors;
    size_t threads;
    size_t rounds;
    size_t strings; // a thread and round
    size_t churn;   // how often each of them is replaced
    size_t cap;     // of adaptive, in thousandths of all time
    size_t mb;      // of a cost
    size_t seed;
};

// Names, NULL behind the last.
extern const char *const trim_policy_names[];
extern const char *const trim_size_names[];
extern const char *const trim_survivor_names[];

// The number of a name of `length` bytes; false: there is none.
bool trim_named(const char *const *names, const char *name, size_t length,
                unsigned *number);

// A plan as a word, and back; false: it is none.
void trim_plan_write(const struct trim_plan *plan, char *word, size_t room);
bool trim_plan_read(struct trim_plan *plan, const char *word);

// What a run tells.  Those up to TRIM_SHOWN are keys of the JSON rows.
#define TRIM_FACTS(X)                                                          \
    X(arenas)                                                                  \
    X(base_kb)                                                                 \
    X(rss_peak_kb)                                                             \
    X(rss_mean_kb)                                                             \
    X(rss_drop_kb)                                                             \
    X(rss_end_kb)                                                              \
    X(known_bytes)                                                             \
    X(known_drop_bytes)                                                        \
    X(gap_drop_kb)                                                             \
    X(free_drop_bytes)                                                         \
    X(trims)                                                                   \
    X(trim_ms)                                                                 \
    X(refault_kb)                                                              \
    X(wall_ms)                                                                 \
    X(busy_ms)                                                                 \
    X(strings_per_s)                                                           \
    X(full_collections)                                                        \
    X(alloc_p99_ns)                                                            \
    X(malloc)                                                                  \
    X(before_kb)                                                               \
    X(after_kb)                                                                \
    X(again_ms)                                                                \
    X(pairs_per_s)

#define TRIM_FACT(name) TRIM_FACT_##name,
enum trim_fact {
    TRIM_FACTS(TRIM_FACT) TRIM_FACT_COUNT
};
#undef TRIM_FACT

enum {
    TRIM_SHOWN = TRIM_FACT_alloc_p99_ns
};

extern const char *const trim_fact_names[TRIM_FACT_COUNT];

// Resident memory of a run against time.
struct trim_series {
    struct trim_moment {
        double ms;
        double kb;
    } * moments;
    size_t count;
    size_t room;
};

struct trim_run {
    double facts[TRIM_FACT_COUNT]; // below 0: not known
    struct trim_series series;
};

#endif
