/* SPDX-License-Identifier: MIT */
/* rheap/count.h - how many objects of which type: ObjectSpace.count_objects.
 */
#ifndef RHEAP_COUNT_H
#define RHEAP_COUNT_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_TYPE_CODES = 64 /* of rh_description.type_code */
};

struct rh_object_count {
    const char *type; /* as the model calls it; NULL: there are none */
    size_t count;
    size_t memsize; /* bytes, slots included */
};

struct rh_object_counts {
    size_t total_slots;                          /* TOTAL: on pages in memory */
    size_t free_slots;                           /* FREE */
    size_t memsize;                              /* of all objects */
    struct rh_object_count types[RH_TYPE_CODES]; /* [the model's type code] */
};

/* Count all objects; what `counts` held before is gone.  Together the types
 * have total_slots - free_slots objects, which is heap_live_slots of
 * rh_heap_stat() (and heap_final_slots); while a collection sweeps in steps it
 * is less, because what that has found dead is free here at once.  Objects of a
 * model that describes none are all "DATA", code 0.  A type code that is too
 * high panics.  O(heap). */
RH_API void rh_count_objects(struct rh_heap *heap,
                             struct rh_object_counts *counts);

RH_END_DECLARATIONS

#endif
