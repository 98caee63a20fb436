// SPDX-License-Identifier: MIT
/*
 * waiting - who must be told when an object is reached?
 *
 * An ephemeron says: if the key is reached, so is the value.  While a
 * collection marks, what depends on an object that is not reached yet waits
 * here, found by that object's address: each cell is the address of a word that
 * holds it.  So a chain of ephemerons, in which each value leads to the next
 * key, costs one look at each, in whatever order they were registered; going
 * through all of them again and again would cost the square.
 *
 *     cells:   | 0 | place | 0 | 0 | place | place | 0 | ...
 *                      |
 *                      +--> entry { key, ... }    waits for its key
 *
 * Places are registered when what they belong to is made, which is when memory
 * is taken: cells for twice as many.  These are touched only while something
 * waits, and are all free between collections.
 *
 * INVARIANTS
 *   L4  there are at least twice as many cells as registered places, and that
 *       is one for each owner and each entry of an ephemeron map; between
 *       collections all cells are free
 *
 * Next: refs.h.
 */
#ifndef RHI_WAITING_H
#define RHI_WAITING_H

#include "meter.h"

struct rhi_waiting {
    struct rhi_meter *meter;
    uintptr_t *cells; // 0, or a place with its kind in the lowest bit
    size_t capacity;  // 0 or a power of two
    size_t places;    // registered
    size_t count;     // cells in use
};

// Needs no memory.
void rhi_waiting_init(struct rhi_waiting *waiting, struct rhi_meter *meter);
void rhi_waiting_fini(struct rhi_waiting *waiting);

// One more place may have to wait; false: no memory.
bool rhi_waiting_register(struct rhi_waiting *waiting);
void rhi_waiting_unregister(struct rhi_waiting *waiting, size_t places);

// Wait at `place` for the object in it; `kind` is 0 or 1, for the caller.
void rhi_waiting_add(struct rhi_waiting *waiting, void **place, unsigned kind);

// Call `fn` for each place that waits for `object`.  It may add others.
typedef void (*rhi_arrival_fn)(void **place, unsigned kind, void *context);
void rhi_waiting_tell(const struct rhi_waiting *waiting, const void *object,
                      rhi_arrival_fn fn, void *context);

// Nobody waits any more.
void rhi_waiting_clear(struct rhi_waiting *waiting);

const char *rhi_waiting_check(const struct rhi_waiting *waiting);

#endif
