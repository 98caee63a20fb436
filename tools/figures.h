// SPDX-License-Identifier: MIT
/*
 * figures - a loaded heap in numbers.
 *
 * They describe the heap that the dump came from.  An overflow page
 * (dump_layout.h) is no page of that heap: it counts neither as a page nor for
 * free slots, while its objects count like all others.  The numbers of GC.stat
 * are corrected in the same way, so that its identities hold.  A page without
 * objects is an eden page as loaded, since a dump does not say more; a
 * collection then makes it a tomb page.
 */
#ifndef TOOLS_FIGURES_H
#define TOOLS_FIGURES_H

#include "dump_load.h"

#include <rheap/stat.h>

struct figures {
    size_t objects;
    size_t count[DUMP_TYPE_COUNT]; // objects by type
    size_t bytes[DUMP_TYPE_COUNT]; // their memsize
    size_t memsize;                // of all objects
    size_t external_bytes;
    size_t reachable;
    size_t overflow; // objects on overflow pages
    size_t eden_pages;
    size_t tomb_pages;
    size_t page_span;
    size_t free_slots;
    size_t slots_per_page;
    double slot_fragmentation;
    double internal_bytes;
    double external_free_bytes; // below 0: not known
    size_t histogram[RH_HISTOGRAM_CLASSES];
    struct rh_stat stat;
};

enum figures_moment {
    FIGURES_LOADED,
    FIGURES_COLLECTED
};

// RH_NO_MEMORY: what can be reached could not be found out.
enum rh_status figures_take(struct figures *figures,
                            const struct dump_heap *dump,
                            enum figures_moment moment);

// 1 - live / (eden pages * slots per page), at least 0.
double figures_slot_fragmentation(size_t live, size_t eden_pages,
                                  size_t slots_per_page);

#endif
