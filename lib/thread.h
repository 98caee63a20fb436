// SPDX-License-Identifier: MIT
/*
 * thread - whose stacks there are, and how far each reaches.
 *
 *     high   base  +---------------------+   given, or asked of the system
 *                  | first function      |
 *                  | ...                 |   what a scan reads: all of it
 *                  | caller of the heap  |
 *            top   +---------------------+   where it stood when it left, or
 *                  | ...                 |   the frame of the scan itself
 *     low    low   +---------------------+   as far as it may grow
 *
 * One thread at a time uses a heap, under a lock of the embedder's.  It runs;
 * every other registered thread has left, which means: its stack is at rest,
 * as far as the heap is concerned, from `top` upwards.  A thread that nobody
 * registered runs under the record `stranger`.
 *
 *                 rh_thread_leave
 *     RUNNING  --------------------->  AWAY
 *              <---------------------
 *                 rh_thread_enter
 *
 * The compiler may keep a reference in a callee-saved register over any number
 * of calls.  When a function saves such a register it does so in its own
 * frame, so the registers of the thread that collects are found by having them
 * all pushed and scanning from that frame on.  For a thread that leaves this
 * does not do: after rh_thread_leave() has returned, its registers are what
 * they were, and the next function may push them below `top`, where nobody
 * looks.  They must be copied to the record by the first instructions of
 * rh_thread_leave(), before its own prologue can move one of them: no C
 * function can promise that, so it is one in assembly, that goes on in C.
 * Where we know no assembly, the copy is of the stack's lowest bytes instead,
 * after everything was pushed there.
 *
 * (A jmp_buf would not do: the C library scrambles the stack pointer, the frame
 * pointer and the return address in it.)
 *
 * INVARIANTS
 *   Q1  `running` is not away; every other registered thread is
 *   Q2  low <= top < base of a thread that is away
 *
 * Next: stack.h, reading them.
 */
#ifndef RHI_THREAD_H
#define RHI_THREAD_H

#include "meter.h"
#include "ring.h"

// The tiny library takes the road of systems without assembly here, so that it
// is tested.
#if defined(__ELF__) && !defined(RH_TINY_PAGES)
#if defined(__x86_64__)
#define RHI_LEAVE_X86_64 1
#elif defined(__aarch64__)
#define RHI_LEAVE_AARCH64 1
#endif
#endif

enum {
#if defined(RHI_LEAVE_X86_64)
    RHI_SAVED_WORDS = 6 // rbx, rbp, r12 to r15
#elif defined(RHI_LEAVE_AARCH64)
    RHI_SAVED_WORDS = 20 // x19 to x30, d8 to d15
#else
    RHI_SAVED_WORDS = 128 // 1 KB of stack: three small frames, and more
#endif
};

struct rh_thread {
    uintptr_t saved[RHI_SAVED_WORDS]; // registers, when it left
    uintptr_t top;                    // of its stack, when it left
    uintptr_t low, base;     // the bounds of its stack; base 0: not known
    uintptr_t owner;         // thread of the system on which it ran last
    void *fake_stack;        // AddressSanitizer's, when it left
    struct rhi_ring link;    // on rhi_threads.registered
    struct rhi_threads *all; // to which it belongs
    bool given;              // base is the embedder's word
    bool away;
};

struct rhi_threads {
    struct rh_heap *heap; // to be compared, no more
    struct rhi_meter *meter;
    struct rh_thread *running;
    struct rh_thread stranger;  // the record of all unregistered threads
    struct rhi_ring registered; // in the order of their coming
};

void rhi_threads_init(struct rhi_threads *threads, struct rh_heap *heap,
                      struct rhi_meter *meter);

// Frees what is still registered.
void rhi_threads_fini(struct rhi_threads *threads);

// Whether the end of the stack on which the frame `here` stands is known, or
// is made known by asking the system.
bool rhi_threads_locate(struct rhi_threads *threads, uintptr_t here);

// The end of that stack; panics when it is not to be known, or when the running
// thread is not the one that entered.
uintptr_t rhi_threads_base(struct rhi_threads *threads, uintptr_t here);

// See rh_stack_set_base().
void rhi_threads_set_base(struct rhi_threads *threads, uintptr_t base,
                          size_t bytes);

// See rheap/stack.h: rh_thread_new(), and so on.
struct rh_thread *rhi_threads_add(struct rhi_threads *threads);
void rhi_threads_remove(struct rhi_threads *threads, struct rh_thread *thread);
void rhi_threads_enter(struct rhi_threads *threads, struct rh_thread *thread);

// What rh_thread_leave() does when the registers are in the record.
void rhi_threads_left(struct rh_heap *heap, struct rh_thread *thread);

// In a child after fork, where only the calling thread goes on: forget the
// others.  Its own coroutines stay.
void rhi_threads_forked(struct rhi_threads *threads);

const char *rhi_threads_check(const struct rhi_threads *threads);

// The thread of a link of the ring.
RHI_INLINE struct rh_thread *
rhi_thread_of(struct rhi_ring *link)
{
    uintptr_t address = (uintptr_t)link - offsetof(struct rh_thread, link);

    return (struct rh_thread *)address;
}

#endif
