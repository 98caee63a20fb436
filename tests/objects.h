// SPDX-License-Identifier: MIT
/*
 * objects - what the tests of the Ruby-style objects share.
 *
 * A case gets its heap from objects_open() and gives it back with
 * objects_close(), which drops all handles, collects, and insists that nothing
 * is alive, no external byte is left, and every byte came back.  The state that
 * cmocka passes says how: each case is listed four times, as it is, with a
 * full collection at every allocation, with one of the young, and with both one
 * of the young and a step of a major one; in the last two every reference is
 * looked at for a barrier that was forgotten.
 *
 *     const struct CMUnitTest tests[] = {
 *         objects_test(a_sentence),
 *     };
 */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "check.h"

#include <rheap/object.h>

// Only their addresses count.
extern int objects_relaxed, objects_stressed, objects_young, objects_steps;

#define objects_case(name, suffix, mode)                                       \
    {                                                                          \
#name suffix, name, NULL, NULL, &mode                                  \
    }
// Where objects are must not depend on what was collected.
#define objects_test_in_place(name)                                            \
    objects_case(name, "", objects_relaxed),                                   \
        objects_case(name, "_while_every_allocation_collects",                 \
                     objects_stressed)
#define objects_test(name)                                                     \
    objects_test_in_place(name),                                               \
        objects_case(name, "_while_every_allocation_collects_the_young",       \
                     objects_young),                                           \
        objects_case(name, "_in_the_middle_of_a_major_collection",             \
                     objects_steps)

// A heap of Ruby-style objects in a new world.
struct rh_heap *objects_open(struct check_world *world, void **state);
void objects_close(struct check_world *world);

// Verify the heap, and every object in it by rh_object_check().
#define objects_check(heap) objects_check_at(heap, __FILE__, __LINE__)
void objects_check_at(struct rh_heap *heap, const char *file, int line);

// The value, which must be one, held until the heap is closed.
rh_value objects_keep(struct rh_heap *heap, rh_value value);

// A string without a class, kept.
rh_value objects_text(struct rh_heap *heap, const char *text);

// Expect the bytes of a string.
#define objects_expect_text(string, text)                                      \
    objects_expect_text_at(string, text, __FILE__, __LINE__)
void objects_expect_text_at(rh_value string, const char *text, const char *file,
                            int line);

size_t objects_memsize(struct rh_heap *heap, rh_value object);

// How often a walk of the references of `from` meets `to`.
size_t objects_edges(struct rh_heap *heap, rh_value from, rh_value to);

// How many edges there are in all.
size_t objects_edge_count(struct rh_heap *heap, rh_value from);

size_t objects_alive(struct rh_heap *heap);

// One object of every type and layout.  `make` answers an object that refers
// to `a` once and to `b` once (or fewer times: `edges`), or RH_UNDEF when there
// was no memory.  `a` and `b` must be held.
struct objects_sample {
    const char *name;
    enum rh_type type;
    size_t edges;    // to a and b, in all
    size_t external; // bytes outside the slot; SIZE_MAX: not fixed
    rh_value (*make)(struct rh_heap *heap, rh_value a, rh_value b);
};

extern const struct objects_sample objects_samples[];
extern const size_t objects_sample_count;

#endif
