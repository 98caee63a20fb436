// SPDX-License-Identifier: MIT
/*
 * hash - what each.c needs of hash.c, and places in an iteration.
 *
 * Next: hash_type.c.
 */
#ifndef RHI_OBJECT_HASH_H
#define RHI_OBJECT_HASH_H

#include "object/table.h"

rhi_finding rhi_hash_check(const struct rhi_object *object);

// Whether the functions of a type do nothing but answer.
bool rhi_hash_type_is_tame(const struct rh_hash_type *type);

// The code that a table keeps of a hash.
RHI_INLINE uint32_t
rhi_hash_code(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

// Keys may have moved: those that a tame type knows by their addresses get new
// codes.  Order, numbers and serial stay.
void rhi_hash_moved(struct rhi_object *object);

// To a table for `count` entries, without gaps; false: no memory.
bool rhi_hash_rebuild(struct rh_heap *heap, struct rhi_object *object,
                      size_t count);

// Set the value of a key; a new entry gets the number that is given, or the
// next one.  What may happen meanwhile is said at the head of hash.c.
#define RHI_NEXT_NUMBER UINT32_MAX
enum rh_status rhi_hash_put(struct rh_heap *heap, rh_value hash, rh_value key,
                            rh_value value, uint32_t number);

// A place in an iteration over a hash: see table.h.
struct rhi_cursor {
    uint64_t epoch;
    uint32_t number; // of the next entry to see, or a higher one
    uint32_t limit;  // numbers from here on came later
};

void rhi_cursor_begin(struct rhi_cursor *cursor, const struct rhi_object *hash);

enum rhi_cursor_answer {
    RHI_CURSOR_ENTRY,
    RHI_CURSOR_END,
    RHI_CURSOR_LOST
};

// The next entry, in *position.
enum rhi_cursor_answer rhi_cursor_next(struct rhi_cursor *cursor,
                                       const struct rhi_object *hash,
                                       uint32_t *position);

#endif
