// SPDX-License-Identifier: MIT
/*
 * base - the few words that every chapter uses.
 *
 * Linkage can be read from a name: rh_ is public, rhi_ is shared by chapters
 * and hidden from programs, anything else is private to its file.
 *
 * A mistake of the caller, or a heap that contradicts itself, is a panic, not
 * a status: going on would corrupt data.  A panic calls the hook that the
 * embedder chose.  Every part of a heap can reach it through a pointer to one
 * struct rhi_panic, so no part needs to know the whole heap for it.
 *
 * Asserts come in three tiers, by cost:
 *   _Static_assert   whatever the compiler can see
 *   RHI_ASSERT       O(1), on unless --disable-assert
 *   RHI_CHECK        walks whole structures, only with --enable-debug-checks
 *   RHI_CHECK_USE    what the caller did, looked at closely: likewise; its
 *                    message is for the caller
 * A disabled assert still compiles its expression.
 *
 * Next: geometry.h, the numbers.
 */
#ifndef RHI_BASE_H
#define RHI_BASE_H

#include <rheap/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// For loops that are instantiated with constants, and for fast halves.
#define RHI_INLINE static inline __attribute__((always_inline))
#define RHI_COLD __attribute__((cold, noinline))
#define RHI_NOINLINE __attribute__((noinline)) // its frame means something
#define RHI_UNLIKELY(e) __builtin_expect(!!(e), 0)

struct rhi_panic {
    rh_panic_fn hook;
    struct rh_heap *heap; // passed to the hook
    void *context;        // passed to the hook
};

// Call the hook; if it returns all the same, trap.
_Noreturn RHI_COLD void rhi_panic(const struct rhi_panic *panic,
                                  const char *message);

#define RHI_STRINGIFY_(x) #x
#define RHI_STRINGIFY(x) RHI_STRINGIFY_(x)

#ifdef RH_DISABLE_ASSERT
#define RHI_ASSERT(panic, e) ((void)sizeof(!(e)), (void)(panic))
#else
#define RHI_ASSERT(panic, e)                                                   \
    ((e) ? (void)0                                                             \
         : rhi_panic(panic, __FILE__ ":" RHI_STRINGIFY(__LINE__) ": " #e))
#endif

#ifdef RH_DEBUG_CHECKS
#define RHI_CHECK(panic, e) RHI_ASSERT(panic, e)
#define RHI_CHECK_USE(panic, e, message)                                       \
    ((e) ? (void)0 : rhi_panic(panic, message))
#else
#define RHI_CHECK(panic, e) ((void)sizeof(!(e)), (void)(panic))
#define RHI_CHECK_USE(panic, e, message)                                       \
    ((void)sizeof(!(e)), (void)(panic), (void)(message))
#endif

// Sizes: `unit` is a power of two.
RHI_INLINE size_t
rhi_round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

RHI_INLINE size_t
rhi_round_down(size_t bytes, size_t unit)
{
    return bytes & ~(unit - 1);
}

RHI_INLINE size_t
rhi_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

RHI_INLINE size_t
rhi_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
