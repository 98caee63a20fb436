// SPDX-License-Identifier: MIT
/*
 * barrier - what was stored into old objects since the last collection.
 *
 * A minor collection follows the young only, so it must know which old objects
 * refer to any.  Whoever stores a reference into an object says so; nearly
 * always a test of two bits, inline in the program, finds that nothing is to
 * be done (rheap/fast.h).  What is left comes here and is remembered:
 *
 *     the object    a bit in `remembered` and a flag for its page: it is
 *                   followed again, whole
 *     a card        for a place in a long container: (object, first index) of
 *                   the 128 references around it.  An array of 3 million
 *                   elements in which one was stored costs 128 visits.
 *
 * Cards are kept in a table of fixed size, taken when the first one is needed.
 * When it is full, or was not to be had, the whole object is remembered: a
 * barrier cannot fail.
 *
 * Objects whose owner cannot promise barriers are unprotected, as in Ruby: a
 * bit says so for good, and they are followed again by every collection.
 *
 * Sealed objects are never followed by themselves.  One into which a reference
 * to anything not sealed was stored is remembered in the same way, but for good:
 * its bit, or its card, stays until it is unsealed, and it is a root meanwhile.
 *
 * While a major collection pauses between two steps, the same stores are what
 * it must hear of: a black object must not be left referring to a white one
 * that nobody else leads to.  So the child turns gray (Dijkstra's barrier), or,
 * when references were moved about in bulk, the parent does.
 *
 * INVARIANTS
 *   B1  a remembered bit is that of an old object, on a page flagged
 *   B2  an unprotected bit is that of an object, on a page flagged
 *   B3  an old object that refers to a young one is remembered, has a card
 *       for the place, or is unprotected (rh_heap_verify() looks)
 *   B4  each card is in the table once, and found from its hash
 *   B5  a sealed object that refers to one that is not sealed is remembered, has
 *       a card for the place, or is unprotected (rh_heap_verify() looks)
 *
 * Next: index.h, and what is kept about objects beside the heap.
 */
#ifndef RHI_BARRIER_H
#define RHI_BARRIER_H

#include "mark.h"

#include <rheap/barrier.h>

enum {
    RHI_CARDS = 1024,
    RHI_CARD_CELLS = 2 * RHI_CARDS // a power of two
};

struct rhi_card_table {
    struct rhi_slice cards[RHI_CARDS];
    uint16_t cells[RHI_CARD_CELLS]; // position in cards + 1; 0: none
};

struct rhi_barrier {
    struct rhi_region *region;
    struct rhi_meter *meter;
    const struct rhi_shape *shape;
    struct rhi_card_table *table; // NULL: not needed yet
    size_t card_count;
    size_t stores; // remembered ever: objects and cards
};

void rhi_barrier_init(struct rhi_barrier *barrier, struct rhi_region *region,
                      struct rhi_meter *meter, const struct rhi_shape *shape);
void rhi_barrier_fini(struct rhi_barrier *barrier);

// Remember a whole old object.
void rhi_barrier_remember(struct rhi_barrier *barrier, const void *object);

// Remember the card of an old object's container around a place.
void rhi_barrier_card(struct rhi_barrier *barrier, void *object, size_t index);

// Whether the barrier knows of an object; of a place in its container.
bool rhi_barrier_has(const struct rhi_barrier *barrier, const void *object);
bool rhi_barrier_has_card(const struct rhi_barrier *barrier, const void *object,
                          size_t index);

// Stores into the object run no barrier from now on.
void rhi_barrier_unprotect(struct rhi_barrier *barrier, const void *object);

// Forget all cards, but those of sealed objects.
void rhi_barrier_forget_cards(struct rhi_barrier *barrier);

// Forget everything that is remembered, but of sealed objects.  O(pages).
void rhi_barrier_forget(struct rhi_barrier *barrier);

// The same, theirs too: what they refer to is being sealed.  O(pages).
void rhi_barrier_forget_all(struct rhi_barrier *barrier);

// Old objects that are unprotected and not sealed, by the marks in `old`.  O(pages).
size_t rhi_barrier_unprotected(const struct rhi_barrier *barrier,
                               const rhi_line *old);

const char *rhi_barrier_check(const struct rhi_barrier *barrier, size_t *page);

#endif
