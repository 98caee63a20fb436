// SPDX-License-Identifier: MIT
/*
 * trim_run - a run in a process of its own, watched from outside.
 */
#ifndef TOOLS_TRIM_RUN_H
#define TOOLS_TRIM_RUN_H

#include "trim_plan.h"

// What is started: this program again, or another interpreter.
struct trim_start {
    char *const *argv;
    const char *preload;   // a shared library, or NULL: the C library's malloc
    const char *arena_max; // MALLOC_ARENA_MAX, or NULL: not set
};

// Start it, look at its resident memory every few milliseconds between "begin"
// and "end", and take what it tells.  False: it could not be started, or said
// something else, or ended badly.
bool trim_run(struct trim_run *run, const struct trim_start *start);

void trim_run_free(struct trim_run *run);

#endif
