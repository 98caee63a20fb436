// SPDX-License-Identifier: MIT
/*
 * pagemap - what the kernel knows about the pages of this process.
 *
 * Two files of /proc/self.  `pagemap` has a word for each page of the address
 * space:
 *
 *     bit   63        62        61            56               54 .. 0
 *        present | swapped | of a file | mapped here alone |   frame
 *
 * and is open to everybody, only that the frame is 0 for who is not root.
 * `smaps` has some lines of text for each mapping, with sums over its pages.
 *
 * What is measured may not change by measuring: nothing here allocates, files
 * are open during a call only, and buffers are a few kilobytes of the stack.
 * `directory` is "/proc/self"; tests have others.
 *
 * Linux alone.  Elsewhere all calls answer false.
 */
#ifndef RHI_PAGEMAP_H
#define RHI_PAGEMAP_H

#include "base.h"

#define RHI_PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define RHI_PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define RHI_PAGEMAP_FILE (UINT64_C(1) << 61)
#define RHI_PAGEMAP_ALONE (UINT64_C(1) << 56)
#define RHI_PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

// Told of the n-th page of a range.
typedef void (*rhi_pagemap_fn)(size_t n, uint64_t entry, void *context);

// A descriptor to read page words from, or -1.
int rhi_pagemap_open(const char *directory);
void rhi_pagemap_close(int file);

// Call `see` for `count` pages of the system from `address` on, a multiple of
// their size.  False: they could not be read, or not all.
bool rhi_pagemap_read(int file, uintptr_t address, size_t count,
                      rhi_pagemap_fn see, void *context);

// What smaps tells of a mapping; bytes.
struct rhi_mapping {
    uintptr_t start, end;
    bool plain;         // of no file, nor what follows one, nor the stack
    bool common;        // writing to it copies nothing
    size_t resident;    // the sum of the next three
    size_t shared;      // with other processes
    size_t clean_alone; // this one's alone, and as in the file, if it has one
    size_t dirty_alone; // this one's alone
    size_t proportional;
    size_t huge;
};

typedef void (*rhi_mapping_fn)(const struct rhi_mapping *mapping,
                               void *context);

// Call `see` for each mapping in the file `name`: "smaps", or "smaps_rollup",
// which has the sums over all of them.  False: it could not be read, or made no
// sense.
bool rhi_pagemap_mappings(const char *directory, const char *name,
                          rhi_mapping_fn see, void *context);

#endif
