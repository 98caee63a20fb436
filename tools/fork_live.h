// SPDX-License-Identifier: MIT
/*
 * fork_live - the heap that is forked: what a program has loaded when it begins
 * to fork workers.
 *
 * Made up, it is one array of strings, objects and arrays, a third of each; one
 * string of ten has its bytes outside.  Or it is the heap of a dump.
 */
#ifndef TOOLS_FORK_LIVE_H
#define TOOLS_FORK_LIVE_H

#include "dump_load.h"
#include "fork_plan.h"

#include <rheap/value.h>

struct fork_live {
    struct rh_heap *heap;
    struct dump_heap dump; // if it came from one
    bool is_dumped;
    rh_value root;     // the array of all objects, if made up
    rh_value class;    // of the objects
    rh_value kept;     // a root for what children make
    rh_value *objects; // all that are alive, in the order of their addresses
    size_t count;
    size_t room;
};

// Build it, with holes, and nothing else done to it.  False: what is wrong has
// been said, and there is nothing to free.
bool fork_live_make(struct fork_live *live, const struct fork_plan *plan);

// Collections, warming up and sealing, as planned; then find what is alive.
// False: what is wrong has been said.
bool fork_live_prepare(struct fork_live *live, const struct fork_plan *plan);

// Make the `number`th object of the kinds that the live set is made of, not
// held by anything; RH_UNDEF: no memory.
rh_value fork_live_object(struct fork_live *live, size_t number);

void fork_live_free(struct fork_live *live);

#endif
