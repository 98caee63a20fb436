// SPDX-License-Identifier: MIT
/*
 * mutator - the cursor: where the next slot comes from.
 *
 *     current page:  |live|used|used|free|free|live|free|free|free|
 *                                   ^next     ^end |    ^ next run
 *
 * Allocation bumps `next` inside a run of free slots; at its end the next run
 * of the page follows, and then another page.  struct rh_fast, the part that
 * inline code sees, knows one trap: `limit`.  It is the end of the run, unless
 * somebody wants to be asked before the next slot is handed out; then it
 * equals `next`, and the true end stays in `run_end`.
 *
 * Taking a page sets the allocated bits of all its free slots at once, so that
 * handing one out writes nothing but the slot.  `free` remembers which slots
 * these were: with the cursor they tell exactly how many are still unused, and
 * which allocated bits are ahead of the truth.  Flushing gives these back;
 * everything that reads allocated bits for their own sake flushes first.
 *
 * INVARIANTS
 *   C1  next and run_end are borders of slots in the current page, and
 *       next <= run_end; limit is next or run_end; next_run is a free slot
 *       behind run_end, or NULL
 *   C2  every slot in `free` is allocated in the plane; the page is on the
 *       list CURRENT, alone
 *   C3  handed_out counts all slots of pages taken, less those flushed; with
 *       rhi_mutator_unused() subtracted it is the number of objects ever made
 *
 * Next: external.h, the account of what lies outside.
 */
#ifndef RHI_MUTATOR_H
#define RHI_MUTATOR_H

#include "space.h"

#include <rheap/fast.h>

// Why allocations take the slow road.
enum rhi_trap {
    RHI_TRAP_TOOL = 1,   // a debugging tool watches the slots
    RHI_TRAP_EVENT = 2,  // somebody listens to new objects
    RHI_TRAP_STRESS = 4, // collect at every allocation
    RHI_TRAP_DEBT = 8,   // external data has grown past its limit
    RHI_TRAP_SITE = 16   // sites of allocation are traced
};

struct rh_mutator {
    struct rh_fast fast;
    char *run_end;       // the true end of the present run
    char *next_run;      // the run behind it, or NULL
    size_t page;         // the current page, or SIZE_MAX
    rhi_line free;       // the slots that were free when it was taken
    unsigned traps;      // enum rhi_trap
    size_t run_offset;   // the model's
    uint64_t handed_out; // see C3
    struct rhi_space *space;
};

void rhi_mutator_init(struct rh_mutator *mutator, struct rhi_space *space,
                      size_t run_offset);

// Make `page`, which is in eden and swept, the current one.  There must be no
// current page.
void rhi_mutator_take(struct rh_mutator *mutator, size_t page);

// Give the unused slots of the current page back and put it on its list.
void rhi_mutator_flush(struct rh_mutator *mutator);

// The next slot of the current page, or NULL: used up, or no page.  Ignores
// traps; rhi_mutator_arm() is due afterwards.
char *rhi_mutator_bump(struct rh_mutator *mutator);

// Free slots of the current page that have not been handed out.  O(words).
size_t rhi_mutator_unused(const struct rh_mutator *mutator);

// Whether a slot of the current page is one of them.
bool rhi_mutator_is_unused(const struct rh_mutator *mutator, uintptr_t slot);

// Whether a word is the address of an object: of a slot in a page with memory
// that was handed out and has not been found dead since.  Any word at all.
bool rhi_mutator_is_object(const struct rh_mutator *mutator, uintptr_t word);

const char *rhi_mutator_check(const struct rh_mutator *mutator);

// Make `limit` what the traps want.
RHI_INLINE void
rhi_mutator_arm(struct rh_mutator *mutator)
{
    struct rh_fast *fast = &mutator->fast;

    fast->limit = mutator->traps ? fast->next : mutator->run_end;
}

RHI_INLINE void
rhi_mutator_set_trap(struct rh_mutator *mutator, enum rhi_trap trap)
{
    mutator->traps |= (unsigned)trap;
    rhi_mutator_arm(mutator);
}

RHI_INLINE void
rhi_mutator_clear_trap(struct rh_mutator *mutator, enum rhi_trap trap)
{
    mutator->traps &= ~(unsigned)trap;
    rhi_mutator_arm(mutator);
}

// Objects ever made.
RHI_INLINE uint64_t
rhi_mutator_total(const struct rh_mutator *mutator)
{
    return mutator->handed_out - rhi_mutator_unused(mutator);
}

#endif
