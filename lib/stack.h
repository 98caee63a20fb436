// SPDX-License-Identifier: MIT
/*
 * stack - references in C variables, found by reading whole stacks.
 *
 * Nobody tells where in a C stack the references are, so every word at a
 * multiple of eight is looked at: in registers, in stacks, in ranges that the
 * embedder names.  A word counts if it is the address of an object:
 *
 *     in the region?  -->  page with memory?  -->  first byte of a slot?  -->
 *     handed out, and not found dead since?
 *
 * The first question is one compare, and most words end there.  What ends later
 * is a header, a page without memory, a free slot, or an address inside a slot,
 * which is led back to its beginning if the embedder wants that.  Nothing of
 * this touches a page: the answers are in tables.
 *
 * What counts may be a number that looks like an address, so nobody could
 * rewrite it: the object is kept, and pinned, so that a compaction leaves it
 * where it is.  What one has moved all the same, no word of the program refers
 * to; a word that does so was left in a frame by the compaction.
 *
 * A scan is a root callback like any other, registered when scanning is asked
 * for: whoever visits the roots scans, and a heap that never asked has nothing
 * to do.  It must see the frames of everybody who called, and the registers:
 *
 *     | caller of the heap     |   registers that functions below have changed
 *     | rh_heap_alloc_slow     |   were saved in their frames,
 *     | rhi_roots_visit        |
 *     | stack_visit            |   and all others are pushed here
 *     +- - - - - - - - - - - - +
 *     | scan_running           |   from its frame upwards everything is read
 *
 * So a compiler that keeps a reference anywhere at all keeps it where we look,
 * as long as it keeps it whole: it may not keep the address of a field instead
 * (that is what RH_STACK_INTERIOR is for).
 *
 * INVARIANTS
 *   J1  while scanning is on, and only then, it is one of the root callbacks
 *   J2  a range ends where it begins or later
 *
 * Next: barrier.h, what was stored since.
 */
#ifndef RHI_STACK_H
#define RHI_STACK_H

#include "mutator.h"
#include "roots.h"
#include "thread.h"

#include <rheap/stack.h>

// Words read like those of a stack.
struct rhi_stack_range {
    struct rhi_ring link;
    uintptr_t first, end; // bytes
};

struct rhi_stack {
    const struct rh_mutator *mutator; // knows what an object is
    struct rhi_roots *roots;          // among which the scan is, when it is on
    struct rhi_threads *threads;
    struct rhi_meter *meter;
    struct rh_encoding encoding; // of the model
    struct rhi_ring ranges;
    bool on;
    bool interior; // addresses inside a slot count
};

void rhi_stack_init(struct rhi_stack *stack, const struct rh_mutator *mutator,
                    struct rhi_roots *roots, struct rhi_threads *threads,
                    const struct rh_model *model);
void rhi_stack_fini(struct rhi_stack *stack);

// See rheap/stack.h: rh_stack_scan(), and so on.
enum rh_status rhi_stack_scan(struct rhi_stack *stack, unsigned flags);
void rhi_stack_ignore(struct rhi_stack *stack);
enum rh_status rhi_stack_add_range(struct rhi_stack *stack, uintptr_t first,
                                   size_t bytes);
enum rh_status rhi_stack_remove_range(struct rhi_stack *stack, uintptr_t first);

// The object that a word keeps alive, or 0.  Any word at all.
uintptr_t rhi_stack_object(const struct rhi_stack *stack, uintptr_t word);

const char *rhi_stack_check(const struct rhi_stack *stack);

#endif
