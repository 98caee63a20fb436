// SPDX-License-Identifier: MIT
/*
 * trim_load - the program that is measured: a run, in a process of its own.
 *
 * Threads under one lock make strings with data outside, in rounds:
 *
 *     fill     each thread makes its strings and keeps them all
 *     churn    and replaces them, here and there, again and again
 *     drop     then lets go of them but the survivors; a full collection
 *     idle     nothing, for half as long as all the rest of the round
 *     refill   half as many strings
 */
#ifndef TOOLS_TRIM_LOAD_H
#define TOOLS_TRIM_LOAD_H

#include "trim_plan.h"

// Run it, and tell on standard output: "begin" when nothing is allocated yet,
// "end" when it is over, then the facts.  False: no memory, or no threads.
bool trim_load_run(const struct trim_plan *plan);

#endif
