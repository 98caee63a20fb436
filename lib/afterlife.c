// SPDX-License-Identifier: MIT
#include "config.h"

#include "afterlife.h"

void
rhi_afterlife(struct rh_heap *heap, struct rh_marker *marker, bool minor)
{
    struct rhi_weak *weak = &heap->weak;

    rhi_profile_phase(&heap->profile, RH_PHASE_WEAK);
    rhi_weak_converge(weak, marker, minor);
    rhi_weak_clear(weak, marker, minor);
    if (rhi_finalizers_queue(&heap->finalizers, marker, minor))
        rhi_weak_converge(weak, marker, minor);
    rhi_identity_forget(&heap->identity, marker, minor);
    rhi_weak_end(weak, marker, minor);
    rhi_sites_forget(&heap->sites, marker, minor);
}
