// SPDX-License-Identifier: MIT
/*
 * recording - what the recorder knows of the program that it lies in.
 *
 * recorder.c stands in front of malloc and fills this; capture.c makes a
 * snapshot of it.  Both run inside a program that knows nothing of them: they
 * print nothing, keep no descriptor open, start no thread and leave errno
 * alone.
 */
#ifndef TOOLS_OSMAP_RECORDING_H
#define TOOLS_OSMAP_RECORDING_H

#include "osmap/table.h"

#include <rheap/osmap.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SITE_COUNT = 1 << 16,
    REGION_BITS = 26, // a heap of an arena of glibc has 64 MB at most
    REGION_COUNT = 1 << (48 - REGION_BITS),
    DIRECTORY_BYTES = 4096
};

struct recording {
    struct table table;
    bool is_on;
    bool is_glibc; // the malloc behind us is the C library's
    bool captures_children;
    bool walks;               // glibc's arenas, too, see arenas.h
    const char *walk_refused; // why not; "": nothing is against it
    uint64_t main_arena;      // its address
    uint64_t tcache_key;      // in blocks that are in a tcache
    int signal;               // that asks for a snapshot; 0: none
    uint32_t every_ms;        // 0: not
    uint32_t now_ms;          // the clock, as it was looked at last
    uint32_t last_ms;         // when the last snapshot was made
    pid_t process;            // whose recording this is
    uint64_t start_ms;        // of the clock
    uint64_t number;          // of snapshots so far
    atomic_uint threads;      // numbers given out
    atomic_uint is_taken;     // a snapshot is being made
    atomic_bool is_done;      // the last snapshot was made
    atomic_uint lost;         // blocks that found no memory in the table
    atomic_uint unknown;      // blocks freed that were never seen
    size_t (*usable)(void *block);
    const char *allocator;           // what the malloc behind us is
    char directory[DIRECTORY_BYTES]; // where snapshots go
    // A place that called malloc is the position at which it is kept.
    _Atomic uintptr_t sites[SITE_COUNT];
    // Kinds of blocks (1 << enum table_kind) that ever lay in 64 MB.
    unsigned char regions[REGION_COUNT];
};

// Milliseconds since recording began.
uint32_t recording_now_ms(const struct recording *recording);

// Make a snapshot, unless one is being made.  Async-signal-safe if the thread
// holds no lock of the table.
void capture(struct recording *recording, enum rh_osmap_reason reason);

#endif
