// SPDX-License-Identifier: MIT
/*
 * fork_plan - what `rheap fork' is to do: the live set, what happens to it
 * before the fork, and the steps that children do after it.
 */
#ifndef TOOLS_FORK_PLAN_H
#define TOOLS_FORK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum fork_action {
    FORK_IDLE,     // nothing: the floor
    FORK_READ,     // look at every inherited object
    FORK_MINOR,    // a collection of the young
    FORK_FULL,     // a full collection
    FORK_ALLOCATE, // make so many objects, and keep them
    FORK_MUTATE,   // store into so many of a hundred inherited objects
    FORK_SERVE     // so many requests
};

enum {
    FORK_MAX_STEPS = 32,
    FORK_MAX_WORKERS = 256,
    FORK_SERVE_OBJECTS = 100,  // made, and read, by a request
    FORK_SERVE_RECENT = 1000,  // requests whose result is kept
    FORK_SERVE_COLLECTIONS = 5 // full ones, spread over the requests
};

struct fork_step {
    enum fork_action action;
    size_t count;   // of objects or requests
    double percent; // of objects
    char name[40];  // as it was asked for: "allocate:6000"
};

enum fork_warmup {
    FORK_WARMUP_NONE,
    FORK_WARMUP_COLLECT,
    FORK_WARMUP_COMPACT,
    FORK_WARMUP_FULL // compact and seal
};

struct fork_plan {
    size_t objects;
    const char *dump_file; // NULL: made up
    size_t workers;
    size_t collections_before;
    double holes; // of a hundred objects
    enum fork_warmup warmup;
    bool wants_seal;
    bool wants_refork;
    bool wants_huge;
    struct fork_step steps[FORK_MAX_STEPS];
    size_t step_count; // the first is idle
    const char *marks; // of the library that this program has
};

// Everything as without options.
void fork_plan_init(struct fork_plan *plan);

// The steps of a list with commas; FORK_IDLE is put in front if it is missing.
// False: *wrong is the step that is none (static storage).
bool fork_plan_set_steps(struct fork_plan *plan, const char *list,
                         const char **wrong);

// "none", "collect", "compact", "full"; false: another name.
bool fork_warmup_named(const char *name, enum fork_warmup *warmup);

// A number from 0 to 100.
bool fork_percent(const char *text, double *percent);

// "sealed" or "unsealed".
bool fork_plan_seals(const struct fork_plan *plan);
const char *fork_plan_mode(const struct fork_plan *plan);

#endif
