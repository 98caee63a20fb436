// SPDX-License-Identifier: MIT
/*
 * afterlife - what is done when it is known who is dead.
 *
 * Next: minor.h.
 */
#ifndef RHI_AFTERLIFE_H
#define RHI_AFTERLIFE_H

#include "heap.h"

// `marker` has marked all that can be reached; only the young can be dead if
// `minor`.
void rhi_afterlife(struct rh_heap *heap, struct rh_marker *marker, bool minor);

#endif
