// SPDX-License-Identifier: MIT
/*
 * blocks - every block that the heaps of a program have from malloc.
 *
 * The account of external data knows sums: that is all that a heap needs.  A
 * map needs addresses.  So this is an allocator in front of the allocator: it
 * passes everything on and notes what comes back, in a table of its own.
 *
 *     config.allocator  -->  blocks  -->  what was there before
 *
 * Open addressing with linear probing, a quarter of the table free at least;
 * what is taken away is filled from behind.  When the table cannot grow, blocks
 * are handed out all the same, and counted as lost.
 *
 * INVARIANTS
 *   O1  used counts the entries that are not free; at most three quarters are
 *       used
 */
#ifndef RHI_BLOCKS_H
#define RHI_BLOCKS_H

#include "base.h"

#include <rheap/osmap.h>

struct rhi_block {
    uintptr_t address; // 0: free
    size_t bytes;      // as asked for
    uint64_t made_ns;  // of the clock
};

struct rh_osmap {
    struct rh_allocator allocator; // the one behind
    bool is_default;               // which is the library's own
    struct rhi_block *entries;
    size_t capacity; // a power of two
    size_t used;
    size_t lost;   // blocks that were not noted
    uint64_t made; // blocks ever
    uint64_t start_ns;
};

// The first broken invariant, or NULL.
const char *rhi_blocks_check(const struct rh_osmap *blocks);

#endif
