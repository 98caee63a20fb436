// SPDX-License-Identifier: MIT
/*
 * weak - all weak references and maps of a heap, and what a collection does
 * with them.
 *
 * When a collection has marked what the roots reach (afterlife.h has the whole):
 *
 *     converge   an ephemeron whose key is reached reaches its value, and what
 *                that reaches may be a key.  Two rounds over all of them decide
 *                most cases; then what is not decided waits for its key, or for
 *                the owner of its map (waiting.h)
 *     clear      what leads to an object that is not reached, leads nowhere.
 *                A map is settled then, unless its owner is not reached: that
 *                one may come back to life, when finalizers are queued
 *     converge   for the maps that are not settled
 *     end        those whose owner is still not reached go, all others grow old
 *
 * A minor collection does the same with the maps on the list of young ones:
 * those that are new, or have got anything since the last collection.
 *
 * Maps with an owner are freed while the collector is at work: freeing is
 * allowed then, allocating is not.
 *
 * INVARIANTS
 *   W4  between collections every map is on the list of young ones that has
 *       entries behind old_count, touched ones, or a young owner; owners are
 *       alive; no map is settled
 *
 * Next: finalize.h.
 */
#ifndef RHI_WEAK_H
#define RHI_WEAK_H

#include "pairs.h"
#include "refs.h"

struct rhi_weak {
    struct rhi_region *region;
    struct rhi_meter *meter;
    struct rhi_refs refs;
    struct rhi_ring maps;       // all of them
    struct rhi_ring young_maps; // those a minor looks at
    struct rhi_waiting waiting;
    uint64_t seen; // entries of maps that collections have looked at
};

// Needs no memory.
void rhi_weak_init(struct rhi_weak *weak, struct rhi_region *region,
                   struct rhi_meter *meter);
void rhi_weak_fini(struct rhi_weak *weak);

// NULL: no memory.
struct rh_weak_map *rhi_weak_map_new(struct rhi_weak *weak,
                                     enum rh_weak_kind kind,
                                     const struct rh_weak_type *type,
                                     void *owner);
void rhi_weak_map_free(struct rhi_weak *weak, struct rh_weak_map *map);

// Put a pair into a map, or a value into a pair; false: no memory.
bool rhi_weak_map_add(struct rhi_weak *weak, struct rh_weak_map *map, void *key,
                      void *value, uint32_t code);
void rhi_weak_map_set_value(struct rhi_weak *weak, struct rh_weak_map *map,
                            uint32_t position, void *value);
void rhi_weak_map_clear(struct rhi_weak *weak, struct rh_weak_map *map);

// What a collection does: see above.  `marker` has nothing left to do, before
// and after; `minor` says that only young objects can have died.
void rhi_weak_converge(struct rhi_weak *weak, struct rh_marker *marker,
                       bool minor);
void rhi_weak_clear(struct rhi_weak *weak, const struct rh_marker *marker,
                    bool minor);
void rhi_weak_end(struct rhi_weak *weak, const struct rh_marker *marker,
                  bool minor);

// Objects have moved; special bits have gone with them.
void rhi_weak_moved(struct rhi_weak *weak, rhi_forward_fn forward,
                    void *context);

const char *rhi_weak_check(const struct rhi_weak *weak);

#endif
