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
 * LeakSanitizer does not look for pointers in mapped memory unless it is told
 * where; valgrind does by itself.
 *
 * Next: os.h, the only chapter that talks to the system.
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
#elif defined(HAVE_VALGRIND_MEMCHECK_H)
#include <valgrind/memcheck.h>
#define RHI_VALGRIND 1
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
