/* SPDX-License-Identifier: MIT */
/* rheap/stack.h - references in C variables, found by reading the C stack.
 *
 * Precise roots (rheap/roots.h) are the rule, and cost nothing to scan.  Where
 * registering every variable is too much to ask, a heap can be told to read
 * registers and stacks itself: each word that is the address of an object
 * keeps that object alive, and in its place.  A word that only happens to look
 * like an address does so, too: scanning is conservative, it never frees too
 * much, but may free too little.
 *
 * Read are, at every collection of a heap for which scanning is on:
 *   - the registers and the stack of the thread on which it runs
 *   - those of registered threads that have given up the embedder's lock
 *   - ranges of words that the embedder names
 * Words count when they lie at multiples of 8.  Besides plain addresses, words
 * in the model's encoding of a reference are understood. */
#ifndef RHEAP_STACK_H
#define RHEAP_STACK_H

#include <rheap/declare.h>
#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

enum rh_stack_flags {
    RH_STACK_INTERIOR = 1 /* accept addresses inside a slot, too: of a field of
                             an object, say.  An address one past the end
                             belongs to the next slot. */
};

/* Scan from now on; `flags` of enum rh_stack_flags replace those of an earlier
 * call.  RH_UNSUPPORTED: the system does not tell where the caller's stack
 * ends, or the caller runs on another one: rh_stack_set_base() first.
 * RH_BAD_ARGUMENT: an unknown flag.  RH_NO_MEMORY.  Costs each collection some
 * 0.1 microseconds per KB of stack, and 16 nanoseconds for each reference in
 * it; off, it costs nothing. */
RH_API enum rh_status rh_stack_scan(struct rh_heap *heap,
                                    unsigned flags) RH_MUST_USE;

/* Scan no longer.  Threads and ranges stay registered. */
RH_API void rh_stack_ignore(struct rh_heap *heap);

/* The stack on which the caller runs is the `bytes` below `base`, the first
 * byte behind it; 0: as far down as need be, which spares a check.  NULL for
 * `base`: ask the system again.  For coroutines, whose stacks the system does
 * not know: call it when one begins, before rh_thread_new(), which takes it
 * over.  Without rh_thread_new(), call it after each switch to another stack;
 * it holds until an unregistered thread other than the caller uses the heap.
 * Panics when the caller's frame is not there. */
RH_API void rh_stack_set_base(struct rh_heap *heap, const void *base,
                              size_t bytes);

/* Words in the `bytes` from `first` are read as those of a stack are: saved
 * contexts, buffers of C code that nobody traces.  They must stay readable
 * until removed, and need not be initialised.  The same range may be added
 * again; each add wants its own remove.  RH_NO_MEMORY; RH_BAD_ARGUMENT when the
 * range passes the end of the address space.  O(1). */
RH_API enum rh_status rh_stack_add_range(struct rh_heap *heap,
                                         const void *first,
                                         size_t bytes) RH_MUST_USE;

/* Take back the latest range that begins at `first`.  RH_NOT_FOUND if there is
 * none.  O(ranges), fast when the latest go first. */
RH_API enum rh_status rh_stack_remove_range(struct rh_heap *heap,
                                            const void *first);

/* Threads.  One at a time uses a heap, under a lock of the embedder's; what the
 * others hold on their stacks is found if they say when they leave:
 *
 *     rh_thread_leave(heap, self);
 *     unlock();
 *     ... wait, read, compute; touch nothing of the heap ...
 *     lock();
 *     rh_thread_enter(heap, self);
 *
 * A thread that is the only one to use a heap, or that keeps nothing on its
 * stack while it is without the lock, need not be registered: if it collects,
 * its stack is scanned from there to its end.  Coroutines are threads in this
 * sense, too.  Registering is possible whether scanning is on or off. */
struct rh_thread;

/* Register the calling thread or coroutine, which has the lock.  NULL: no
 * memory, or the end of its stack is not known (as for rh_stack_scan()).
 * The heap owns the record until rh_thread_free() or rh_heap_free().  Panics
 * when another registered thread has not left. */
RH_API struct rh_thread *rh_thread_new(struct rh_heap *heap);

/* Forget a thread: the caller itself, or one that has left.  To be called, with
 * the lock held, before the thread's stack ceases to exist.  NULL does
 * nothing. */
RH_API void rh_thread_free(struct rh_heap *heap, struct rh_thread *thread);

/* The calling thread is about to give up the lock: its callee-saved registers
 * and its stack pointer are kept in the record.  Panics unless it runs.  O(1),
 * some nanoseconds. */
RH_API void rh_thread_leave(struct rh_heap *heap, struct rh_thread *thread);

/* The calling thread has the lock again and is the mutator now.  After a
 * longjmp out of what came between, it is due all the same.  A coroutine may
 * come back on another thread than the one it left on.  Panics when it has not
 * left, or when another registered thread has not. */
RH_API void rh_thread_enter(struct rh_heap *heap, struct rh_thread *thread);

RH_END_DECLARATIONS

#endif
