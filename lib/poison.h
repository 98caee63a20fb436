// SPDX-License-Identifier: MIT
/*
 * poison - letting valgrind and AddressSanitizer see into pages.
 *
 * To such a tool a page is one big valid block: reading a freed slot, or
 * writing past an object into the next free slot, goes unnoticed.  So free
 * slots are marked unaddressable, and a slot handed out addressable but
 * undefined.  This is the only chapter that knows the tools.
 *
 * While a tool watches, every allocation must take the slow road, because the
 * inline one is compiled into programs that know nothing of it: see
 * rhi_poison_is_on().  Both mprotect and release wipe the marks, so whoever
 * commits or brings back a page poisons it again.
 *
 * A scan of C stacks reads words that nobody promised to have written, between
 * variables that nobody shares: it says so with RHI_UNCHECKED and
 * rhi_poison_peek().  AddressSanitizer can keep the variables of a function in
 * a fake frame, away from the stack, which has no more than its address then.
 *
 * LeakSanitizer does not look for pointers in mapped memory unless it is told
 * where; valgrind does by itself.
 *
 * Next: lender.h, the malloc that a process really has.
 */
#ifndef RHI_POISON_H
#define RHI_POISON_H

#include "base.h"

#if defined(__SANITIZE_ADDRESS__)
#define RHI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RHI_ASAN 1
#endif
#endif

#ifdef RHI_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
// A function that may read what is forbidden to others.
#define RHI_UNCHECKED __attribute__((no_sanitize("address")))
#else
#define RHI_UNCHECKED
#ifdef HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#define RHI_VALGRIND 1
#endif
#endif

static inline bool
rhi_poison_is_valgrind(void)
{
#ifdef RHI_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

// Whether a tool watches this process.
static inline bool
rhi_poison_is_on(void)
{
#ifdef RHI_ASAN
    return true;
#else
    return rhi_poison_is_valgrind();
#endif
}

// Nobody may read or write it: a free slot.
static inline void
rhi_poison_free(const void *address, size_t bytes)
{
#if defined(RHI_ASAN)
    __asan_poison_memory_region(address, bytes);
#elif defined(RHI_VALGRIND)
    (void)VALGRIND_MAKE_MEM_NOACCESS(address, bytes);
#else
    (void)address, (void)bytes;
#endif
}

// It may be written, but has no value yet: a slot just handed out.
static inline void
rhi_poison_undefined(const void *address, size_t bytes)
{
#if defined(RHI_ASAN)
    __asan_unpoison_memory_region(address, bytes);
#elif defined(RHI_VALGRIND)
    (void)VALGRIND_MAKE_MEM_UNDEFINED(address, bytes);
#else
    (void)address, (void)bytes;
#endif
}

// The library itself is about to look at it.
static inline void
rhi_poison_defined(const void *address, size_t bytes)
{
#if defined(RHI_ASAN)
    __asan_unpoison_memory_region(address, bytes);
#elif defined(RHI_VALGRIND)
    (void)VALGRIND_MAKE_MEM_DEFINED(address, bytes);
#else
    (void)address, (void)bytes;
#endif
}

// A word of memory that may be undefined, of any type, or not the library's to
// read.  Valgrind's opinion comes with it: see rhi_poison_defined().
RHI_UNCHECKED static inline uintptr_t
rhi_poison_peek(uintptr_t address)
{
    typedef uintptr_t __attribute__((may_alias)) any_word;

    return *(const volatile any_word *)address;
}

// The fake frames of the calling thread, or NULL: it has none.
static inline void *
rhi_poison_fake_stack(void)
{
#ifdef RHI_ASAN
    return __asan_get_current_fake_stack();
#else
    return NULL;
#endif
}

// Whether `word` leads into a fake frame in use, from `first` to `end`.
static inline bool
rhi_poison_fake_frame(void *fake_stack, uintptr_t word, uintptr_t *first,
                      uintptr_t *end)
{
#ifdef RHI_ASAN
    void *low = NULL, *high = NULL;

    if (!fake_stack ||
        !__asan_addr_is_in_fake_stack(fake_stack, (void *)word, &low, &high))
        return false;
    *first = (uintptr_t)low;
    *end = (uintptr_t)high;
    return true;
#else
    (void)fake_stack, (void)word, (void)first, (void)end;
    return false;
#endif
}

// Leak checkers find pointers to external data in here.
static inline void
rhi_poison_add_leak_roots(const void *address, size_t bytes)
{
#ifdef RHI_ASAN
    __lsan_register_root_region(address, bytes);
#else
    (void)address, (void)bytes;
#endif
}

static inline void
rhi_poison_remove_leak_roots(const void *address, size_t bytes)
{
#ifdef RHI_ASAN
    __lsan_unregister_root_region(address, bytes);
#else
    (void)address, (void)bytes;
#endif
}

#endif
