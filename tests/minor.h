// SPDX-License-Identifier: MIT
// What tests of the tables beside the heap share: a generational world with
// rooted places, in which stores run no barrier (so nothing old may hold the
// only reference to something young).
#ifndef MINOR_H
#define MINOR_H

#include "check.h"

#include "afterlife.h"

enum {
    PLACES = 64
};

struct keeper {
    struct check_world world;
    struct rh_heap *heap;
    struct node *kept[PLACES]; // roots
};

static inline void
keeper_open(struct keeper *keeper)
{
    memset(keeper, 0, sizeof *keeper);
    check_prepare(&keeper->world);
    keeper->world.config.generational = true;
    check_make(&keeper->world);
    keeper->heap = keeper->world.heap;
    assert_int_equal(
        rh_root_add_range(keeper->heap, NULL, keeper->kept, PLACES), RH_OK);
}

static inline void
keeper_close(struct keeper *keeper)
{
    check_heap(keeper->heap);
    check_close(&keeper->world);
}

// A new node, kept at a place.
static inline struct node *
keep(struct keeper *keeper, size_t place)
{
    assert_true(place < PLACES);
    return keeper->kept[place] = check_node(keeper->heap, NULL, NULL);
}

static inline void
collect(struct keeper *keeper)
{
    rh_heap_collect(keeper->heap);
    check_heap(keeper->heap);
}

static inline void
minor(struct keeper *keeper)
{
    rh_heap_minor(keeper->heap);
    check_heap(keeper->heap);
}

static inline uint64_t
entries_seen(struct keeper *keeper)
{
    return check_stat(keeper->heap, "x_entries_seen");
}

static inline bool
is_alive(struct keeper *keeper, const void *object)
{
    return rh_heap_is_live(keeper->heap, (uintptr_t)object);
}

#endif
