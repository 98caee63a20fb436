// SPDX-License-Identifier: MIT
#include "config.h"

#include "afterlife.h"

void
rhi_afterlife(struct rh_heap *heap, struct rh_marker *marker, bool minor)
{
    (void)heap, (void)marker, (void)minor;
}
