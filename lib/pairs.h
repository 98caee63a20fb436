// SPDX-License-Identifier: MIT
/*
 * pairs - the entries of a weak map.
 *
 * A map is a roster whose entries are about keys, and a list of the old ones
 * into which something young has been put since:
 *
 *     entries:  | key, value | key, value' | gap | key, value | key, value |
 *               0                  ^               ^ old_count            count
 *     touched:  | 1 |              |
 *                 +----------------+
 *
 * Replacing the value of an old entry by a young object *touches* it: it stays
 * where it is, since positions are the order of insertion, and is put on the
 * list.  A minor collection looks at the touched entries and at those from
 * old_count on.
 *
 * Two kinds.  Where both sides are weak, an entry goes when either dies.  Where
 * the key is weak, the entry is an ephemeron: it holds its value as long as the
 * key is reached by other ways, and goes when the key dies.
 *
 * How keys are compared is not known here: the code is given with the key, and
 * kept, and never asked for again.
 *
 * INVARIANTS
 *   W2  keys and values are alive, or outside the region; numbers ascend and
 *       stay below next_number
 *   W3  the keys and values of old entries that are not touched are old
 *
 * Next: weak.h.
 */
#ifndef RHI_PAIRS_H
#define RHI_PAIRS_H

#include "ring.h"
#include "roster.h"
#include "waiting.h"

#include <rheap/weak.h>

struct rhi_weak_pair {
    struct rhi_numbered key; // its link: 1 for a touched one
    void *value;
};

struct rh_weak_map {
    struct rhi_ring link;  // among all maps
    struct rhi_ring young; // among those that a minor looks at, or alone
    struct rhi_region *region;
    struct rhi_waiting *waiting;
    void *owner;                     // NULL: none
    const struct rh_weak_type *type; // NULL: by identity
    enum rh_weak_kind kind;
    bool settled;         // by the collection under way: all that may be
                          // reached through it has been
    uint64_t next_number; // of the next entry
    uint32_t *touched;    // positions of touched entries, and of gaps that were
    uint32_t touched_count;
    uint32_t touched_capacity; // at least the entries and gaps
    struct rhi_roster roster;
};

// Of a map that knows its kind, type and owner, and has zeros elsewhere.
// Needs no memory.
void rhi_pairs_init(struct rh_weak_map *map, struct rhi_region *region,
                    struct rhi_meter *meter, struct rhi_waiting *waiting);
void rhi_pairs_fini(struct rh_weak_map *map);

RHI_INLINE struct rhi_weak_pair *
rhi_pairs_at(const struct rh_weak_map *map, uint32_t position)
{
    return (struct rhi_weak_pair *)rhi_roster_at(&map->roster, position);
}

// Add a pair that is not there; false: no memory.
bool rhi_pairs_add(struct rh_weak_map *map, void *key, void *value,
                   uint32_t code);

void rhi_pairs_set_value(struct rh_weak_map *map, uint32_t position,
                         void *value);
void rhi_pairs_cut(struct rh_weak_map *map, uint32_t position);

// Where the pair with a number is now, which was at `position`; RHI_NOWHERE: it
// has gone.
uint32_t rhi_pairs_again(const struct rh_weak_map *map, uint32_t position,
                         uint64_t number);

// The position of the first pair whose number is at least `number`, or
// RHI_NOWHERE.
uint32_t rhi_pairs_from(const struct rh_weak_map *map, uint64_t number);

// Among pairs with a code the first whose number is at least `number`, or
// RHI_NOWHERE.
uint32_t rhi_pairs_candidate(const struct rh_weak_map *map, uint32_t code,
                             uint64_t number);

// Call `fn` for every pair, or for those that a minor has to look at; `fn` may
// cut the one it is called for.  How many there were.
typedef void (*rhi_pair_fn)(struct rh_weak_map *map, uint32_t position,
                            void *context);
size_t rhi_pairs_visit(struct rh_weak_map *map, bool minor, rhi_pair_fn fn,
                       void *context);

// A collection has looked at all pairs that it had to.
void rhi_pairs_grow_old(struct rh_weak_map *map, bool minor);

void rhi_pairs_moved(struct rh_weak_map *map, rhi_forward_fn forward,
                     void *context);

const char *rhi_pairs_check(const struct rh_weak_map *map);

#endif
