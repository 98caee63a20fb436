// SPDX-License-Identifier: MIT
/*
 * index - from a hash code to positions in an array.
 *
 *     code 0x2f81d3a0  -->  cells  | code, position + 1 | 0 | code, ... |
 *
 * Open addressing with linear probing.  A cell holds the whole code beside the
 * position, so an index can grow, lose a cell and change one without looking
 * at the array: it knows nothing of what lies there, and what it answers are
 * candidates.  Several positions may have one code.
 *
 * The first cell to look at is in the high bits of a product: neighbouring
 * codes, such as those of neighbouring slots, are strewn, and growing keeps
 * cells in order, so that the new ones are written from front to back.
 *
 * Taking a cell away moves those behind it that could no longer be found
 * across the gap; there are no tombstones.  Only rhi_index_reserve()
 * allocates.
 *
 * INVARIANTS
 *   I1  between the first cell of a code and each cell that holds it none is
 *       free; `used` counts those that are not; at least a quarter is
 *
 * Next: word.h.
 */
#ifndef RHI_INDEX_H
#define RHI_INDEX_H

#include "meter.h"

#define RHI_NOWHERE UINT32_MAX // no position

struct rhi_cell {
    uint32_t code;
    uint32_t number; // the position + 1; 0: free
};

struct rhi_index {
    struct rhi_meter *meter;
    struct rhi_cell *cells;
    size_t capacity; // 0 or a power of two
    size_t used;
};

// Needs no memory.
void rhi_index_init(struct rhi_index *index, struct rhi_meter *meter);
void rhi_index_fini(struct rhi_index *index);

// Make room for `count` positions in all; false: no memory.
bool rhi_index_reserve(struct rhi_index *index, size_t count);

// There must be room.
void rhi_index_add(struct rhi_index *index, uint32_t code, uint32_t position);

// Take away, or change, the cell with this code and position, which is there.
void rhi_index_remove(struct rhi_index *index, uint32_t code,
                      uint32_t position);
void rhi_index_move(struct rhi_index *index, uint32_t code, uint32_t from,
                    uint32_t to);

// Forget all positions, and keep the memory.
void rhi_index_clear(struct rhi_index *index);

// Positions with a code, one after the other, RHI_NOWHERE at the end.  What
// changes the index ends the search.
struct rhi_search {
    uint32_t code;
    size_t cell; // to look at next
};

uint32_t rhi_search_first(struct rhi_search *search,
                          const struct rhi_index *index, uint32_t code);
uint32_t rhi_search_next(struct rhi_search *search,
                         const struct rhi_index *index);

const char *rhi_index_check(const struct rhi_index *index);

#endif
