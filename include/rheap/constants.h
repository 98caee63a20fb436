/* SPDX-License-Identifier: MIT */
/* rheap/constants.h - the numbers of the layout, by name. */
#ifndef RHEAP_CONSTANTS_H
#define RHEAP_CONSTANTS_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_PAGE_BYTES = 16384,     /* a heap page */
    RH_PAGE_HEADER_BYTES = 64, /* 64 + 408 * 40 = 16384 */
    RH_SLOT_BYTES = 40,        /* an RVALUE */
    RH_SLOTS_PER_PAGE = 408
};

struct rh_constant {
    const char *name;
    int64_t value;
};

/* The n-th constant, or NULL behind the last.  Static storage. */
RH_API const struct rh_constant *rh_constant(size_t n);

RH_END_DECLARATIONS

#endif
