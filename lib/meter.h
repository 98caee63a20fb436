// SPDX-License-Identifier: MIT
/*
 * meter - the pluggable allocator, with every byte accounted for.
 *
 * What the heap needs for itself outside its region (tables of roots, lists
 * of listeners, side tables of the object layer) comes through a meter, which
 * knows how much is out.  A heap that is freed must leave it at zero.  Sizes
 * are known on both sides, and a multiplication that sizes memory is checked
 * here, once.
 *
 * INVARIANTS
 *   A1  bytes and blocks are the sums over all blocks that are out
 *
 * Next: event.h, telling others what happens.
 */
#ifndef RHI_METER_H
#define RHI_METER_H

#include "base.h"

struct rhi_meter {
    struct rh_allocator allocator;
    const struct rhi_panic *panic;
    size_t bytes;  // out now
    size_t blocks; // out now
};

// Zero-filled room for `count` items, or NULL.
void *rhi_meter_new(struct rhi_meter *meter, size_t count, size_t item_bytes);

// Make room for `new_count` items; new ones are not initialised.  On NULL the
// old block is as it was.
void *rhi_meter_grow(struct rhi_meter *meter, void *block, size_t old_count,
                     size_t new_count, size_t item_bytes);

// `block` may be NULL.
void rhi_meter_free(struct rhi_meter *meter, void *block, size_t count,
                    size_t item_bytes);

#endif
