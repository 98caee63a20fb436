// SPDX-License-Identifier: MIT
/*
 * lender - which malloc lends the memory, and how to make it give back.
 *
 * A process may run with another malloc than that of its C library: linked in,
 * or put in front by LD_PRELOAD.  The C library's malloc_trim() is still there
 * then, and does nothing: so that a function is found says little.  What counts
 * is where the malloc is that everybody calls:
 *
 *     malloc, calloc, ...  --dlsym-->  an address  --dladdr-->  an object file
 *     mallctl              --dlsym-->  an address  --dladdr-->  the same one?
 *                                                               It is jemalloc.
 *
 * Four names of malloc's family are asked about, one after the other: in a
 * program without position-independent code the address of a function may be
 * that of a stub in the program itself, but hardly of all four.
 *
 * Nothing is linked and nothing is kept, since the library has no state of its
 * own; with the C library's malloc, finding out takes a microsecond or two.
 *
 * Next: os.h, the only other chapter that talks to the system.
 */
#ifndef RHI_LENDER_H
#define RHI_LENDER_H

#include <rheap/trim.h>

// How an allocator is known, by a function that only it has, and what it is
// called.
struct rhi_lender {
    enum rh_malloc kind;
    const char *name;
    const char *mark; // a function of its own
};

// The allocator whose `mark` is in the object file where malloc is.
const struct rhi_lender *rhi_lender_find(void);

#endif
