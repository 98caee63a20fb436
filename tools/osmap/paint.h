// SPDX-License-Identifier: MIT
/*
 * paint - which unit of a page is in which state, and how many there are.
 */
#ifndef TOOLS_OSMAP_PAINT_H
#define TOOLS_OSMAP_PAINT_H

#include "osmap/snapshot.h"

// The area that an address lies in, or NULL.  Areas must be sorted.
const struct osmap_area *osmap_area_at(const struct osmap *map,
                                       uint64_t address);

// Count the units of all pages, and add up: pages, areas, sites, the map.
void osmap_count(struct osmap *map);

#endif
