// SPDX-License-Identifier: MIT
/*
 * trim_row - the runs of one set-up, and what is in the middle of them.
 */
#ifndef TOOLS_TRIM_ROW_H
#define TOOLS_TRIM_ROW_H

#include "json.h"
#include "trim_run.h"

struct trim_row {
    char policy[24];
    char allocator[24];
    char setting[40]; // "default", "MALLOC_ARENA_MAX=2"
    struct trim_plan plan;
    const char *script;  // of another interpreter, or NULL: a run of ours
    const char *preload; // see trim_run.h
    char arena_max[24];  // "": not set
    double (*facts)[TRIM_FACT_COUNT]; // of each run
    size_t runs;
    struct trim_series series; // of the last run
};

// One run more.  False: that has been said.
bool trim_row_run(struct trim_row *row);

// Of the runs; below 0: not known.
double trim_row_median(const struct trim_row *row, enum trim_fact fact);
double trim_row_least(const struct trim_row *row, enum trim_fact fact);
double trim_row_most(const struct trim_row *row, enum trim_fact fact);

void trim_row_json(const struct trim_row *row, struct json *json);

void trim_row_free(struct trim_row *row);

#endif
