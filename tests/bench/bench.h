// SPDX-License-Identifier: MIT
/*
 * bench - what every benchmark program shares, and the interface that a heap
 * gives to the workloads.
 *
 * One program per heap: heap_foo.c defines the interface below as inline
 * functions and then includes workloads.h, so that a workload is compiled
 * anew for each heap and calls nothing indirectly.  A program runs one workload
 * and prints one line:
 *
 *     ns_per_op ops peak_rss_kb end_rss_kb
 *
 * or, asked with --version, what it measures.
 *
 * Exit status: 0; 1 a result was wrong; 2 wrong usage; 77 this heap does not
 * do this workload.
 *
 * The interface.  A node is an object of 40 bytes with two references, made
 * the way a program in that heap's world would make it.
 *
 *     heap_version()                for people
 *     struct vm                     one heap, and one root
 *     ref, NONE                     a reference to a node, and to nothing
 *     held                          a reference that is a root until its scope
 *                                   is closed
 *     vm_new(config), vm_free(vm)
 *     node_new(vm, left, right)     what it is passed is held or in the root
 *     node_left(node), node_right(node), node_set_left(vm, node, left)
 *     node_free(node)               by hand; a collector does nothing
 *     root_get(vm), root_set(vm, node)
 *     scope_open(vm), scope_close(vm, scope), hold(vm, node), held_get(held)
 *     collect(vm)                   a full collection; does nothing by hand
 *     release(vm)                   give free memory back, if one has to ask
 *     live(vm)                      nodes alive, or LIVE_UNKNOWN; checks the
 *                                   heap where it can
 *     finalizer_set(vm, node)       have `finalized` counted up when the node
 *                                   has died
 *     finalizers_run(vm)            run those that wait, if one has to ask
 *     COLLECTS, EXACT, MANY         has a collector; which knows precisely what
 *                                   is alive; can be made more than once
 *     FINALIZES                     has finalizers; no_finalizers.h is for those
 *                                   without
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // for sched_setaffinity
#endif

#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NEVER_INLINE __attribute__((noinline))
#define LIVE_UNKNOWN SIZE_MAX

enum vm_config {
    VM_DEFAULT,
    VM_KEEPING, // never gives empty pages back, where one can choose
};

_Noreturn static inline void
die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static inline void
expect(bool right, const char *what)
{
    if (!right)
        die("wrong result: %s", what);
}

// The time that this process, all its threads and the kernel on its behalf have
// spent on processors: other programs disturb it less than they do a clock.
static inline double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

// Finalizers that have run.
static size_t finalized;

// The compiler must believe that somebody reads the object.
static inline void
use(const void *object)
{
    __asm__ volatile("" : : "r"(object) : "memory");
}

// The same numbers for every heap (xorshift64).
static inline uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Stay on the last processor that we may use; the first one has more to do
// with interrupts.  Where this is forbidden, times are a little noisier.
static inline void
pin_to_one_processor(void)
{
    cpu_set_t allowed, one;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    for (size_t cpu = CPU_SETSIZE; cpu-- > 0;) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

static inline long
peak_rss_kb(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

static inline long
rss_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif
