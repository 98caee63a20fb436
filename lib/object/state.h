// SPDX-License-Identifier: MIT
/*
 * state - what one heap keeps for all its Ruby-style objects.
 *
 * Made when the model is attached, found by rh_heap_model_state().  Its memory
 * comes from the heap's allocator but is no external data: no object owns it.
 *
 * Next: generic.h, the table of variables that have no other place.
 */
#ifndef RHI_OBJECT_STATE_H
#define RHI_OBJECT_STATE_H

#include "object/layout.h"

struct rhi_extra;

// From objects to their extra block; open addressing, linear probing.
struct rhi_generic_entry {
    const struct rhi_object *object; // NULL: free
    struct rhi_extra *extra;
};

struct rhi_generic {
    struct rhi_generic_entry *entries;
    size_t capacity; // 0 or a power of two
    size_t count;
};

struct rhi_object_state {
    rh_value classes[RH_IMMEDIATE_COUNT]; // of immediates; a root range
    bool classes_are_roots;               // ... once one has been set
    struct rhi_generic generic;
    const struct rh_hash_type *hash_type; // of hashes made with type NULL
    uint64_t serial; // the last number given to a hash table; never repeats
};

RHI_INLINE struct rhi_object_state *
rhi_object_state(const struct rh_heap *heap)
{
    return rh_heap_model_state(heap);
}

#endif
