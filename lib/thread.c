// SPDX-License-Identifier: MIT
#include "config.h"

#include "thread.h"

#include "os.h"
#include "poison.h"

#include <rheap/stack.h>

void
rhi_threads_init(struct rhi_threads *threads, struct rh_heap *heap,
                 struct rhi_meter *meter)
{
    *threads = (struct rhi_threads){ .heap = heap, .meter = meter };
    threads->running = &threads->stranger;
    rhi_ring_init(&threads->registered);
}

static void
thread_forget(struct rhi_threads *threads, struct rh_thread *thread)
{
    if (threads->running == thread)
        threads->running = &threads->stranger;
    rhi_ring_remove(&thread->link);
    rhi_meter_free(threads->meter, thread, 1, sizeof *thread);
}

void
rhi_threads_fini(struct rhi_threads *threads)
{
    while (!rhi_ring_is_empty(&threads->registered))
        thread_forget(threads, rhi_thread_of(threads->registered.next));
}

static _Noreturn void
threads_panic(const struct rhi_threads *threads, const char *message)
{
    rhi_panic(threads->meter->panic, message);
}

static bool
threads_are_away(const struct rhi_threads *threads)
{
    return threads->running == &threads->stranger;
}

// Where stacks are.

static bool
thread_holds(const struct rh_thread *thread, uintptr_t address)
{
    return thread->low <= address && address < thread->base;
}

static void
thread_set_bounds(struct rh_thread *thread, uintptr_t low, uintptr_t base)
{
    thread->low = low;
    thread->base = base;
    thread->given = base != 0;
}

// What is known of another thread's stack says nothing about this one's.
static void
thread_own(struct rh_thread *thread, uintptr_t owner)
{
    if (thread->owner != owner)
        thread_set_bounds(thread, 0, 0);
    thread->owner = owner;
}

// Ask the system only when the frame lies elsewhere than it said last time: for
// the first thread of a process glibc reads a file to answer.
static bool
thread_locate(struct rh_thread *thread, uintptr_t here)
{
    return thread_holds(thread, here) ||
           (!thread->given &&
            rhi_os_stack_bounds(&thread->low, &thread->base) &&
            thread_holds(thread, here));
}

static void
threads_insist_owner(const struct rhi_threads *threads)
{
    if (threads->running->owner != rhi_os_thread())
        threads_panic(threads,
                      "a registered thread has given up the lock without "
                      "rh_thread_leave(), or another one took it");
}

// The record of the thread that calls.
static struct rh_thread *
threads_caller(struct rhi_threads *threads)
{
    if (threads_are_away(threads))
        thread_own(&threads->stranger, rhi_os_thread());
    else
        threads_insist_owner(threads);
    return threads->running;
}

bool
rhi_threads_locate(struct rhi_threads *threads, uintptr_t here)
{
    return thread_locate(threads_caller(threads), here);
}

uintptr_t
rhi_threads_base(struct rhi_threads *threads, uintptr_t here)
{
    if (!rhi_threads_locate(threads, here))
        threads_panic(threads, "the end of the running stack is not known: "
                               "rh_stack_set_base()");
    return threads->running->base;
}

void
rhi_threads_set_base(struct rhi_threads *threads, uintptr_t base, size_t bytes)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t low = bytes ? base - bytes : 0;

    if (base && (here < low || here >= base))
        threads_panic(threads, "rh_stack_set_base() of a stack on which the "
                               "caller does not run");
    thread_set_bounds(threads_caller(threads), base ? low : 0, base);
}

// Coming and going.

struct rh_thread *
rhi_threads_add(struct rhi_threads *threads)
{
    struct rh_thread *stranger = &threads->stranger;
    struct rh_thread *thread;

    if (!threads_are_away(threads))
        threads_panic(threads,
                      "rh_thread_new() before the running thread has left");
    if (!rhi_threads_locate(threads, (uintptr_t)__builtin_frame_address(0)))
        return NULL;
    thread = rhi_meter_new(threads->meter, 1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->owner = stranger->owner;
    thread->low = stranger->low;
    thread->base = stranger->base;
    thread->given = stranger->given;
    thread->all = threads;
    rhi_ring_append(&threads->registered, &thread->link);
    threads->running = thread;
    if (stranger->given) // the base of this coroutine, not of the thread
        thread_set_bounds(stranger, 0, 0);
    return thread;
}

static void
threads_insist_own(const struct rhi_threads *threads,
                   const struct rh_thread *thread)
{
    if (thread->all != threads)
        threads_panic(threads, "a thread registered with another heap");
}

void
rhi_threads_remove(struct rhi_threads *threads, struct rh_thread *thread)
{
    if (!thread)
        return;
    threads_insist_own(threads, thread);
    if (thread == threads->running)
        threads_insist_owner(threads);
    thread_forget(threads, thread);
}

// Not called by name: the road from rh_thread_leave() may be one in assembly.
__attribute__((used)) void
rhi_threads_left(struct rh_heap *heap, struct rh_thread *thread)
{
    struct rhi_threads *threads = thread->all;

    if (threads->heap != heap)
        threads_panic(threads, "a thread registered with another heap");
    if (thread != threads->running)
        threads_panic(threads,
                      "rh_thread_leave() of a thread that does not run");
    threads_insist_owner(threads);
    if (!thread_locate(thread, thread->top))
        threads_panic(threads,
                      "rh_thread_leave() on another stack than its own");
    thread->fake_stack = rhi_poison_fake_stack();
    thread->away = true;
    threads->running = &threads->stranger;
}

void
rhi_threads_enter(struct rhi_threads *threads, struct rh_thread *thread)
{
    threads_insist_own(threads, thread);
    if (!thread->away)
        threads_panic(threads,
                      "rh_thread_enter() of a thread that has not left");
    if (!threads_are_away(threads))
        threads_panic(threads,
                      "rh_thread_enter() before the running thread has left");
    thread->owner = rhi_os_thread();
    thread->away = false;
    threads->running = thread;
}

void
rhi_threads_forked(struct rhi_threads *threads)
{
    struct rhi_ring *link = threads->registered.next;

    thread_own(&threads->stranger, rhi_os_thread());
    while (link != &threads->registered) {
        struct rh_thread *thread = rhi_thread_of(link);

        link = link->next;
        if (thread->owner != rhi_os_thread())
            thread_forget(threads, thread);
    }
}

const char *
rhi_threads_check(const struct rhi_threads *threads)
{
    struct rhi_ring *link;

    if (threads->running->away)
        return "Q1";
    for (link = threads->registered.next; link != &threads->registered;
         link = link->next) {
        const struct rh_thread *thread = rhi_thread_of(link);

        if (thread->away == (thread == threads->running))
            return "Q1";
        if (thread->away && !thread_holds(thread, thread->top))
            return "Q2";
    }
    return NULL;
}

// Leaving.  Registers first, in the order of RHI_SAVED_WORDS, then the caller's
// stack pointer, then on to rhi_threads_left() with the arguments as they came.

_Static_assert(offsetof(struct rh_thread, saved) == 0 &&
                   offsetof(struct rh_thread, top) ==
                       RHI_SAVED_WORDS * sizeof(uintptr_t),
               "assembly knows where the words are");

#if defined(RHI_LEAVE_X86_64)
__asm__(".pushsection .text\n"
        "    .p2align 4\n"
        "    .globl rh_thread_leave\n"
        "    .type rh_thread_leave, @function\n"
        "rh_thread_leave:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    movq %rbx, 0(%rsi)\n"
        "    movq %rbp, 8(%rsi)\n"
        "    movq %r12, 16(%rsi)\n"
        "    movq %r13, 24(%rsi)\n"
        "    movq %r14, 32(%rsi)\n"
        "    movq %r15, 40(%rsi)\n"
        "    leaq 8(%rsp), %rax\n" // behind the return address
        "    movq %rax, 48(%rsi)\n"
        "    jmp rhi_threads_left\n"
        "    .cfi_endproc\n"
        "    .size rh_thread_leave, . - rh_thread_leave\n"
        ".popsection\n");

#elif defined(RHI_LEAVE_AARCH64)
__asm__(
    ".pushsection .text\n"
    "    .p2align 4\n"
    "    .globl rh_thread_leave\n"
    "    .type rh_thread_leave, %function\n"
    "rh_thread_leave:\n"
    "    .cfi_startproc\n"
    "    hint #34\n" // bti c, where that is known
    "    stp x19, x20, [x1]\n"
    "    stp x21, x22, [x1, #16]\n"
    "    stp x23, x24, [x1, #32]\n"
    "    stp x25, x26, [x1, #48]\n"
    "    stp x27, x28, [x1, #64]\n"
    "    stp x29, x30, [x1, #80]\n"
    "    stp d8, d9, [x1, #96]\n"    // GCC moves integers here when it is short
    "    stp d10, d11, [x1, #112]\n" // of registers
    "    stp d12, d13, [x1, #128]\n"
    "    stp d14, d15, [x1, #144]\n"
    "    mov x9, sp\n"
    "    str x9, [x1, #160]\n"
    "    b rhi_threads_left\n"
    "    .cfi_endproc\n"
    "    .size rh_thread_leave, . - rh_thread_leave\n"
    ".popsection\n");

#else
// Copy the stack from this frame on, and so the frame of the caller, in which
// all registers lie.
RHI_NOINLINE RHI_UNCHECKED static void
thread_save_frames(struct rh_thread *thread)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t end = here + sizeof thread->saved;

    RHI_ASSERT(thread->all->meter->panic, thread->top <= end);
    for (size_t n = 0; n < RHI_SAVED_WORDS; n++, here += sizeof(uintptr_t))
        thread->saved[n] = here < thread->base ? rhi_poison_peek(here) : 0;
}

RHI_NOINLINE RHI_UNCHECKED void
rh_thread_leave(struct rh_heap *heap, struct rh_thread *thread)
{
    __builtin_unwind_init(); // pushes all registers in this frame
    thread->top = (uintptr_t)__builtin_frame_address(0);
    thread_save_frames(thread);
    rhi_threads_left(heap, thread);
}
#endif
