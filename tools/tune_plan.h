// SPDX-License-Identifier: MIT
/*
 * tune_plan - what a rule does to a program that makes so many objects and
 * drops none, by arithmetic.
 *
 * The heap begins with its minimum.  When it is full there is a collection,
 * which finds nothing to free, and the rule is asked.
 */
#ifndef TOOLS_TUNE_PLAN_H
#define TOOLS_TUNE_PLAN_H

#include <rheap/config.h>

enum {
    TUNE_MAX_HEAPS = 4096
};

struct tune_plan {
    size_t heap[TUNE_MAX_HEAPS]; // slots of each
    size_t heaps;
    size_t total;       // slots of all
    size_t collections; // on the way
    size_t next_heap;   // that a collection at the end would add; 0: none
    bool fits;          // else the rule, or the room here, ended
};

void tune_plan(struct tune_plan *plan, const struct rh_config *config,
               size_t need);

// The first heap, from 0, in which two plans differ; SIZE_MAX: they do not.
size_t tune_plan_departs(const struct tune_plan *a, const struct tune_plan *b);

#endif
