// SPDX-License-Identifier: MIT
/*
 * sharing - which pages a forked child has made its own.
 *
 * At the fork the child notes what the kernel says about each page of the
 * system that the heap has: a word each, in a mapping of its own, which the
 * parent reserved.  Asked later, it compares:
 *
 *     noted        now                         then it is
 *     no page      a page                      own: made since
 *     a page       mapped by others, too       shared
 *     a page       here alone, same frame      shared: another has copied
 *     a page       here alone                  private: copied here
 *     a page       none                        given back; the note is dropped
 *
 * Frames are for root; without them the third line reads like the
 * fourth.  That a frame is another one proves nothing alone, for the kernel
 * moves pages that are shared, too.
 *
 * If causes are wanted, this is asked after each phase of the collector, and
 * what has become private since is written into the note: which phase it was.
 *
 *     bit   63        62        59 .. 57        54 .. 0
 *        present | swapped | 1 + the phase |    frame
 *
 * INVARIANTS
 *   SH1  a note has a phase only if its page was there at the fork
 *
 * Next: heap.h, all parts together.
 */
#ifndef RHI_SHARING_H
#define RHI_SHARING_H

#include "base.h"

#include <rheap/sharing.h>

struct rhi_sharing {
    const char *directory; // of the kernel's files
    unsigned what;         // enum rh_sharing_watch
    bool forked;           // there was a fork since
    enum rh_status status; // of what was noted then
    uint64_t *notes;       // [page of the system], see sharing.c
    size_t notes_bytes;    // reserved
    size_t os_page;        // bytes
    size_t committed;      // heap pages that have notes
    size_t heap_bytes;     // of bodies noted
    bool frames;           // these have their frames
};

// In a forked child, before it does anything else with its heap: note what
// there is, if somebody has asked for that.  O(pages of the system).
void rhi_sharing_forked(struct rh_heap *heap);

void rhi_sharing_fini(struct rh_heap *heap);

#endif
