// SPDX-License-Identifier: MIT
/*
 * synthetic - a heap made up, for when there is no dump at hand.
 *
 * A program that makes objects in phases: of each phase's objects another
 * share survives, as in a program that loads things, works with them and lets
 * most of them go.  The same seed makes the same heap.
 */
#ifndef TOOLS_SYNTHETIC_H
#define TOOLS_SYNTHETIC_H

#include <rheap/heap.h>
#include <rheap/value.h>

#include <stdint.h>

struct synthetic {
    struct rh_heap *heap;
    rh_value survivors; // an array; a root
};

// Make `objects` objects and collect.  False: no memory; nothing is left.
bool synthetic_make(struct synthetic *synthetic, size_t objects, uint64_t seed);

void synthetic_free(struct synthetic *synthetic);

#endif
