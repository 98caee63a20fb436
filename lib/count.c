// SPDX-License-Identifier: MIT
/*
 * count - how many objects of which type.
 *
 * A walk that asks the model of each object what it is.
 */
#include "config.h"

#include "heap.h"

#include <rheap/count.h>
#include <rheap/stat.h>
#include <rheap/walk.h>

#include <string.h>

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    struct rh_object_counts *counts = context;
    struct rh_description about = { NULL, NULL, 0, NULL };
    size_t memsize = rh_heap_memsize(heap, object);
    struct rh_object_count *type;

    if (heap->model->describe)
        heap->model->describe(heap, object, &about);
    if (about.type_code >= RH_TYPE_CODES)
        rhi_panic(&heap->panic, "the model describes a type code above 63");
    type = &counts->types[about.type_code];
    type->type = about.type ? about.type : "DATA";
    type->count++;
    type->memsize += memsize;
    counts->memsize += memsize;
    return true;
}

// The statistics still count the dead whose page has not been swept yet.
static size_t
count_of(const struct rh_object_counts *counts)
{
    size_t count = 0;

    for (size_t i = 0; i < RH_TYPE_CODES; i++)
        count += counts->types[i].count;
    return count;
}

void
rh_count_objects(struct rh_heap *heap, struct rh_object_counts *counts)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    memset(counts, 0, sizeof *counts);
    (void)rh_walk_objects(heap, count_object, counts);
    rh_heap_stat(heap, &stat);
    counts->total_slots = (size_t)stat.heap_available_slots;
    counts->free_slots = counts->total_slots - count_of(counts);
}
