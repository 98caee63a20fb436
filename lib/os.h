// SPDX-License-Identifier: MIT
/*
 * os - what the library asks of the operating system.
 *
 * The only chapter that knows mmap, /proc and clocks.  Memory for a heap comes
 * through struct rh_memory (rheap/config.h), so that a test can make every
 * call fail and an embedder can bring memory of its own; this chapter is its
 * default.
 *
 * Two traps that shaped the calls: MADV_DONTNEED rounds its end up to an OS
 * page, so releasing 1 KB would zero the neighbours; and with huge pages on, a
 * small heap is megabytes resident and khugepaged refills what was released,
 * so ranges are advised against them unless the embedder wants them.
 *
 * Next: meter, the same for malloc.
 */
#ifndef RHI_OS_H
#define RHI_OS_H

#include "base.h"

// Bytes of an OS page: 4,096 on most systems, 16,384 or 65,536 on some.
size_t rhi_os_page_bytes(void);

// Address space to reserve for the objects of a heap when nobody says how
// much: min(64 GiB, twice the RAM, a quarter of what RLIMIT_AS leaves), and
// 1 GiB under valgrind, which pays for address space.
size_t rhi_os_default_region_bytes(void);

// Nanoseconds of a clock that never goes back.
uint64_t rhi_os_now(void);

// The calling thread, as a number that no other living thread has; not 0.
uintptr_t rhi_os_thread(void);

// The stack of the calling thread: the lowest address that it may grow down to,
// and the first one behind its end.  False: the system does not tell.  May take
// a few bytes from malloc, and read a file on the first thread of a process.
bool rhi_os_stack_bounds(uintptr_t *low, uintptr_t *end);

// Resident bytes of this process, or 0 when the system does not tell.  Reads
// a file: some ten microseconds.
size_t rhi_os_resident_bytes(void);

// Page faults of this process so far that needed no input; 0 when the system
// does not tell.  About a microsecond.
uint64_t rhi_os_faults(void);

// What one of them takes, tried out on a few pages: tens of microseconds in
// all.  0: there is no memory to try it with.
uint64_t rhi_os_fault_ns(void);

#endif
