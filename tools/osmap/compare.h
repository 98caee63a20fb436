// SPDX-License-Identifier: MIT
/*
 * compare - what became of each unit between two snapshots of a process.
 */
#ifndef TOOLS_OSMAP_COMPARE_H
#define TOOLS_OSMAP_COMPARE_H

#include "osmap/snapshot.h"

struct osmap_change {
    uint64_t bytes[OSMAP_STATES][OSMAP_STATES]; // [before][now]
    uint64_t gone_bytes; // of pages that are in no area any more
    uint64_t new_bytes;  // of pages that were in none
};

// Pages are matched by address.  Both must have pages of the same size.
void osmap_compare(const struct osmap *before, const struct osmap *now,
                   struct osmap_change *change);

#endif
