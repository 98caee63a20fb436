// SPDX-License-Identifier: MIT
/*
 * place - a line of the program, kept once and known by a number.
 *
 * Millions of objects come from a few hundred places.  A place (file, class,
 * method, line) is put into a list when it is first seen, and its index there
 * is what is kept for an object.  A hash table finds it again:
 *
 *     list     { file, class path, method, line } ...
 *     table    1 + index in the list, by hash; 0: empty; open addressing,
 *              twice as long as the list has room
 *
 * A program that allocates in a loop stays at its place, so the place found
 * last is looked at before the table.  Strings are compared by address; that
 * two addresses may spell the same costs an entry and nothing else.
 *
 * Next: site.h, which place each object comes from.
 */
#ifndef RHI_PLACE_H
#define RHI_PLACE_H

#include "meter.h"

#include <rheap/site.h>

struct rhi_place {
    const char *file;
    const char *class_path;
    const char *method;
    unsigned line;
};

struct rhi_places {
    struct rhi_meter *meter;
    struct rhi_place *list;
    size_t count;
    size_t room;     // of the list
    uint32_t *table; // 2 * room entries
    size_t last;     // found last
};

// Forget all, and give the memory back.
void rhi_places_clear(struct rhi_places *places);

// The index of the place of a site, put into the list if need be; or SIZE_MAX:
// no memory.
size_t rhi_places_find(struct rhi_places *places, const struct rh_site *site);

// The place with an index, as a site of generation 0.
struct rh_site rhi_places_site(const struct rhi_places *places, size_t n);

#endif
