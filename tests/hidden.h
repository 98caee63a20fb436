// SPDX-License-Identifier: MIT
/*
 * hidden - objects that are held by one word, and no more.
 *
 * Tests of conservative scanning want to know which word has kept an object.
 * So its address is complemented everywhere else, the compiler gets no occasion
 * to compute it, and the part of the stack where older calls have left it is
 * scrubbed.
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include "check.h"

// Of a function that no optimizer may look into.
#define HIDDEN_NOINLINE __attribute__((noinline))

// Overwrite what earlier calls have left below the caller's frame.
void hidden_scrub(void);

// A case whose frame has no words of earlier cases in its gaps: another heap
// may have its objects at the same addresses.
#define hidden_test(name) cmocka_unit_test_setup(name, hidden_setup)
int hidden_setup(void **state);

// A new node's address, complemented.
uintptr_t hidden_node(struct rh_heap *heap);

// Put a new node's address at `where`; complemented, it is the answer.
uintptr_t hidden_put(struct rh_heap *heap, struct node *volatile *where);

bool hidden_is_alive(const struct rh_heap *heap, uintptr_t hidden);

// Whether it is dead, as far as can be told: AddressSanitizer's fake frames are
// used again uncleaned, and no scrubbing reaches them.
bool hidden_is_dead(const struct rh_heap *heap, uintptr_t hidden);

// Write the address itself.
void hidden_reveal(uintptr_t *where, uintptr_t hidden);

// Scrub, collect, check.  Inline, so that the gaps of its frame are not what
// earlier calls have left.
static inline __attribute__((always_inline)) void
hidden_collect(struct rh_heap *heap)
{
    hidden_scrub();
    rh_heap_collect(heap);
    check_heap(heap);
}

// Call first(heap, thread), then then(context), with the address in one
// callee-saved register and nowhere else.  There is one function for each
// register; none where we know no assembly.
struct rh_thread;
typedef void (*hidden_hold)(void (*first)(struct rh_heap *heap,
                                          struct rh_thread *thread),
                            struct rh_heap *heap, struct rh_thread *thread,
                            void (*then)(void *context), void *context,
                            uintptr_t hidden);
extern const hidden_hold hidden_holds[];
extern const size_t hidden_hold_count;

#endif
