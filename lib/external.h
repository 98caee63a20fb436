// SPDX-License-Identifier: MIT
/*
 * external - the account of data outside the slots, and its limits.
 *
 * Ruby keeps big strings, long arrays and tables in malloc's memory, and
 * watches how much was allocated since the last collection: past a limit, a
 * collection is due, because every dead object may hold a buffer.  The limit
 * follows the program: exceeded, it grows by a factor up to a maximum, else it
 * shrinks by two percent down to its start (CRuby 3.1, gc.c: gc_reset_malloc_
 * info; 16 MiB to 32 MiB by 1.4).  A second counter does the same for what has
 * lived long (oldmalloc, 16 MiB to 128 MiB by 1.2).
 *
 * Unlike Ruby's, the account is exact, because sizes are known when a block is
 * freed.  And nothing here collects: an embedder's table may be half built
 * when it asks for memory (mruby's iv_rehash is).  Exceeding a limit sets a
 * trap, and the next slot allocation acts on it.
 *
 * INVARIANTS
 *   E1  bytes and blocks are the sums over all blocks that are out
 *   E2  usable >= bytes
 *
 * Next: roots.h, what a program holds on to.
 */
#ifndef RHI_EXTERNAL_H
#define RHI_EXTERNAL_H

#include "base.h"

#include <rheap/external.h>

struct rhi_external {
    struct rh_allocator allocator;
    const struct rh_config *config;
    const struct rhi_panic *panic;
    size_t bytes;        // of blocks that are out, as asked for
    size_t usable;       // the same, as the allocator set it aside
    size_t blocks;       // that are out
    size_t adjusted;     // bytes that others allocate for objects
    size_t increase;     // bytes added since the last collection
    size_t limit;        // of increase
    size_t old_increase; // bytes added since the last major collection
    size_t old_limit;    // of old_increase
    size_t freed;        // bytes freed since the last trim
};

void rhi_external_init(struct rhi_external *external,
                       const struct rh_config *config,
                       const struct rhi_panic *panic);

// Blocks with exact accounting; NULL: the allocator has no memory.
void *rhi_external_new(struct rhi_external *external, size_t bytes,
                       bool zeroed);
void *rhi_external_resize(struct rhi_external *external, void *block,
                          size_t old_bytes, size_t new_bytes);
void rhi_external_free(struct rhi_external *external, void *block,
                       size_t bytes);

// Memory that others allocate.
void rhi_external_adjust(struct rhi_external *external, ptrdiff_t delta);

// Whether so much was added since the last major collection that one is due.
RHI_INLINE bool
rhi_external_is_old_due(const struct rhi_external *external)
{
    return external->old_increase > external->old_limit;
}

// Whether so much was added since the last collection that one is due.
RHI_INLINE bool
rhi_external_is_due(const struct rhi_external *external)
{
    return external->increase > external->limit;
}

// The young are about to be collected: move the limit, start counting anew.
// (Not at the end: what the sweep frees would hide what was allocated.)
void rhi_external_collecting_young(struct rhi_external *external);

// Likewise for what has lived long: a major collection begins.
void rhi_external_collecting_old(struct rhi_external *external);

const char *rhi_external_check(const struct rhi_external *external);

#endif
