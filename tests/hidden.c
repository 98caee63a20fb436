// SPDX-License-Identifier: MIT
#include "hidden.h"

#include "poison.h"

int
hidden_setup(void **state)
{
    (void)state;
    hidden_scrub();
    return 0;
}

HIDDEN_NOINLINE uintptr_t
hidden_node(struct rh_heap *heap)
{
    return ~(uintptr_t)check_node(heap, NULL, NULL);
}

HIDDEN_NOINLINE uintptr_t
hidden_put(struct rh_heap *heap, struct node *volatile *where)
{
    *where = check_node(heap, NULL, NULL);
    return ~(uintptr_t)*where;
}

HIDDEN_NOINLINE bool
hidden_is_alive(const struct rh_heap *heap, uintptr_t hidden)
{
    return rh_heap_is_live(heap, ~hidden);
}

bool
hidden_is_dead(const struct rh_heap *heap, uintptr_t hidden)
{
    return rhi_poison_fake_stack() || !hidden_is_alive(heap, hidden);
}

HIDDEN_NOINLINE void
hidden_reveal(uintptr_t *where, uintptr_t hidden)
{
    *where = ~hidden;
}

// Scrubbing in assembly leaves no gap of its own frame out.
//
// A function that holds keeps the address in `reg`, and what it needs for its
// second call in two others, which it saves as a good function does.
#if defined(__x86_64__) && defined(__ELF__)
__asm__(".pushsection .text\n"
        "    .globl hidden_scrub\n"
        "hidden_scrub:\n"
        "    endbr64\n"
        "    subq $24576, %rsp\n"
        "    movq %rsp, %rdi\n"
        "    movl $3072, %ecx\n"
        "    xorl %eax, %eax\n"
        "    rep stosq\n"
        "    addq $24576, %rsp\n"
        "    retq\n"
        ".popsection\n");

#define HOLD(reg, spare, other)                                                \
    __asm__(".pushsection .text\n"                                             \
            "hold_in_" #reg ":\n"                                              \
            "    endbr64\n"                                                    \
            "    pushq %" #reg "\n"                                            \
            "    pushq %" #spare "\n"                                          \
            "    pushq %" #other "\n"                                          \
            "    movq %r9, %" #reg "\n"                                        \
            "    notq %" #reg "\n"                                             \
            "    movq %rcx, %" #spare "\n"                                     \
            "    movq %r8, %" #other "\n"                                      \
            "    movq %rdi, %rax\n"                                            \
            "    movq %rsi, %rdi\n"                                            \
            "    movq %rdx, %rsi\n"                                            \
            "    xorl %edx, %edx\n"                                            \
            "    callq *%rax\n"                                                \
            "    movq %" #other ", %rdi\n"                                     \
            "    callq *%" #spare "\n"                                         \
            "    popq %" #other "\n"                                           \
            "    popq %" #spare "\n"                                           \
            "    popq %" #reg "\n"                                             \
            "    retq\n"                                                       \
            ".popsection\n");                                                  \
    void hold_in_##reg(void (*first)(struct rh_heap *, struct rh_thread *),    \
                       struct rh_heap *, struct rh_thread *,                   \
                       void (*then)(void *), void *, uintptr_t)

HOLD(rbx, r12, r13);
HOLD(rbp, r12, r13);
HOLD(r12, rbx, rbp);
HOLD(r13, rbx, rbp);
HOLD(r14, rbx, rbp);
HOLD(r15, rbx, rbp);

const hidden_hold hidden_holds[] = { hold_in_rbx, hold_in_rbp, hold_in_r12,
                                     hold_in_r13, hold_in_r14, hold_in_r15 };
const size_t hidden_hold_count = CHECK_COUNT(hidden_holds);

#elif defined(__aarch64__) && defined(__ELF__)
__asm__(".pushsection .text\n"
        "    .globl hidden_scrub\n"
        "hidden_scrub:\n"
        "    hint #34\n"
        "    mov x10, sp\n"
        "    sub sp, sp, #24576\n"
        "    mov x9, sp\n"
        "1:  stp xzr, xzr, [x9], #16\n"
        "    cmp x9, x10\n"
        "    b.ne 1b\n"
        "    mov sp, x10\n"
        "    ret\n"
        ".popsection\n");

#define HOLD(reg, move, spare, other)                                          \
    __asm__(".pushsection .text\n"                                             \
            "hold_in_" #reg ":\n"                                              \
            "    hint #34\n"                                                   \
            "    stp x29, x30, [sp, #-48]!\n"                                  \
            "    stp " #spare ", " #other ", [sp, #16]\n"                      \
            "    str " #reg ", [sp, #32]\n"                                    \
            "    mvn x9, x5\n"                                                 \
            "    " #move " " #reg ", x9\n"                                     \
            "    mov " #spare ", x3\n"                                         \
            "    mov " #other ", x4\n"                                         \
            "    mov x9, x0\n"                                                 \
            "    mov x0, x1\n"                                                 \
            "    mov x1, x2\n"                                                 \
            "    blr x9\n"                                                     \
            "    mov x0, " #other "\n"                                         \
            "    blr " #spare "\n"                                             \
            "    ldr " #reg ", [sp, #32]\n"                                    \
            "    ldp " #spare ", " #other ", [sp, #16]\n"                      \
            "    ldp x29, x30, [sp], #48\n"                                    \
            "    ret\n"                                                        \
            ".popsection\n");                                                  \
    void hold_in_##reg(void (*first)(struct rh_heap *, struct rh_thread *),    \
                       struct rh_heap *, struct rh_thread *,                   \
                       void (*then)(void *), void *, uintptr_t)

HOLD(x19, mov, x27, x28);
HOLD(x20, mov, x27, x28);
HOLD(x21, mov, x27, x28);
HOLD(x22, mov, x27, x28);
HOLD(x23, mov, x27, x28);
HOLD(x24, mov, x27, x28);
HOLD(x25, mov, x27, x28);
HOLD(x26, mov, x27, x28);
HOLD(x27, mov, x19, x20);
HOLD(x28, mov, x19, x20);
HOLD(x29, mov, x19, x20);
HOLD(d8, fmov, x19, x20);
HOLD(d9, fmov, x19, x20);
HOLD(d14, fmov, x19, x20);
HOLD(d15, fmov, x19, x20);

const hidden_hold hidden_holds[] = { hold_in_x19, hold_in_x20, hold_in_x21,
                                     hold_in_x22, hold_in_x23, hold_in_x24,
                                     hold_in_x25, hold_in_x26, hold_in_x27,
                                     hold_in_x28, hold_in_x29, hold_in_d8,
                                     hold_in_d9,  hold_in_d14, hold_in_d15 };
const size_t hidden_hold_count = CHECK_COUNT(hidden_holds);

#else
HIDDEN_NOINLINE void
hidden_scrub(void)
{
    volatile char junk[24 << 10];

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = 0;
}

const hidden_hold hidden_holds[] = { NULL };
const size_t hidden_hold_count = 0;
#endif
