/* SPDX-License-Identifier: MIT */
/* rheap/status.h - what a call that can fail answers. */
#ifndef RHEAP_STATUS_H
#define RHEAP_STATUS_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

enum rh_status {
    RH_OK = 0,
    RH_NO_MEMORY,    /* the system, the allocator or the region is exhausted */
    RH_BAD_ARGUMENT, /* a value outside its documented range */
    RH_OCCUPIED,     /* the position or the name is already taken */
    RH_NOT_FOUND,    /* nothing of that name or address */
    RH_BUSY,         /* not now: a collection or a walk is under way */
    RH_UNSUPPORTED,  /* this system, build or model cannot do it */
    RH_BROKEN,       /* rh_heap_verify() found a violated invariant */
    RH_STOPPED       /* a callback asked to stop; not a failure */
};

/* A short English sentence for a status, without a full stop.  Never NULL; for
 * a number that is no status, "unknown status".  Static storage. */
RH_API const char *rh_status_string(enum rh_status status);

RH_END_DECLARATIONS

#endif
