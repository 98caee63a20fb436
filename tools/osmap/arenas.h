// SPDX-License-Identifier: MIT
/*
 * arenas - what glibc itself says of the memory between the blocks.
 *
 * The recorder knows what the program has.  Of the rest glibc knows more: what
 * lies in its bins, free; what was freed but is kept at hand in a tcache or a
 * fastbin; its own tables.  That stands in structures which are nobody's
 * business and change from release to release.  So this is done only when asked
 * for, only for a release whose layout is known, in a copy of the process,
 * which may crash or hang without harm, and what was found is used only if it
 * agrees with itself:
 *
 *     the arenas make a ring
 *     each heap's chunks reach from its start to its top, none smaller than
 *     32 bytes or unaligned
 *     the heaps of an arena are as long together as the arena says
 *     the free chunks are as many, and as long, as those in the bins
 *
 *     heap of an arena:  | heap_info | malloc_state | chunk | chunk | ... top |
 *     chunk:             | size of the one before | size, flags | ...
 */
#ifndef TOOLS_OSMAP_ARENAS_H
#define TOOLS_OSMAP_ARENAS_H

#include "osmap/maps.h"
#include "osmap/recording.h"

#include <rheap/osmap.h>

enum {
    ARENAS_MAX_CHUNKS = 1 << 26,
    ARENAS_REASON_BYTES = 120
};

struct arenas_chunk {
    uint64_t start;
    uint64_t size_and_state; // sizes are multiples of 16: state below
};

// Filled by the copy, in memory that both processes share.
struct arenas {
    bool is_good;
    char reason[ARENAS_REASON_BYTES]; // why not
    uint64_t count;
    struct arenas_chunk chunks[ARENAS_MAX_CHUNKS]; // none that is recorded
};

// What must be known from the time before the program ran: note it, by making
// and freeing two blocks.
void arenas_prepare(struct recording *recording, void *(*allocate)(size_t),
                    void (*give_back)(void *));

// NULL: there is no memory for it.  Otherwise look at is_good.
struct arenas *arenas_walk(const struct recording *recording,
                           struct maps *maps);
void arenas_free(struct arenas *arenas);

#endif
