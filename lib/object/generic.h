// SPDX-License-Identifier: MIT
/*
 * generic - instance variables of objects that have no room for any.
 *
 * Only the type OBJECT has instance variables in its layout.  A string or an
 * array that is given one gets a block in a table beside the heap, keyed by
 * its address (CRuby: generic_iv_tbl, flag EXIVAR).  The flag in the object
 * says whether to look, so objects without pay one test.
 *
 * The same block keeps what an object rebuilt from a dump knows about itself
 * and has no place for: references beyond its layout, and a name.
 *
 *     extra:  | count | name_length | count values | name and a NUL |
 *
 * The memory counts neither as external nor in memsize.  An object with an
 * entry is attached for release, which drops the entry.  When an object moves,
 * its entry has to follow: rhi_generic_move().
 *
 * Next: object.h, taking a slot.
 */
#ifndef RHI_OBJECT_GENERIC_H
#define RHI_OBJECT_GENERIC_H

#include "object/state.h"

struct rhi_extra {
    size_t count;       // of values
    size_t name_length; // of the name; NO_NAME: there is none
    rh_value values[];  // then the name and a NUL
};

#define RHI_NO_NAME SIZE_MAX

// The block of an object, or NULL.  O(1).
struct rhi_extra *rhi_generic_find(const struct rh_heap *heap,
                                   const struct rhi_object *object);

// Give `object` a block of `count` values (what it had is kept, cut to fit;
// new ones are undef) and keep its name.  0 values and no name: drop it.
// NULL only when there is no memory, or the block was dropped.
struct rhi_extra *rhi_generic_resize(struct rh_heap *heap,
                                     struct rhi_object *object, size_t count);

// The same for an object without a block, with a name (may be NULL).
struct rhi_extra *rhi_generic_add(struct rh_heap *heap,
                                  struct rhi_object *object, size_t count,
                                  const char *name, size_t name_length);

// Drop the entry of an object, if it has one.  Leaves the object's flag alone:
// a dead object is not written.
void rhi_generic_drop(struct rh_heap *heap, const struct rhi_object *object);

// The object is at `to` now.
void rhi_generic_move(struct rh_heap *heap, const struct rhi_object *from,
                      const struct rhi_object *to);

// The name in a block, or NULL.
const char *rhi_extra_name(const struct rhi_extra *extra);

// All blocks and the table, when the heap ends.
void rhi_generic_end(struct rh_heap *heap, struct rhi_generic *generic);

#endif
