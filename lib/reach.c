// SPDX-License-Identifier: MIT
#include "config.h"

#include "reach.h"

struct reaching {
    struct rh_marker *marker;
    struct rhi_profile *profile;
};

static void
drain_between_roots(void *context)
{
    struct reaching *reaching = context;

    rhi_profile_phase(reaching->profile, RH_PHASE_MARK);
    rhi_marker_drain(reaching->marker);
    rhi_profile_phase(reaching->profile, RH_PHASE_ROOTS);
}

void
rhi_reach_roots(struct rh_heap *heap, struct rh_marker *marker)
{
    struct reaching reaching = { marker, &heap->profile };

    rhi_profile_phase(&heap->profile, RH_PHASE_ROOTS);
    rhi_roots_visit(
        &heap->roots, &marker->visitor,
        &(struct rhi_root_observer){ NULL, drain_between_roots, &reaching });
    rhi_profile_phase(&heap->profile, RH_PHASE_MARK);
    rhi_marker_drain(marker);
}

static void
drain_between_pages(void *marker)
{
    rhi_marker_drain(marker);
}

size_t
rhi_reach_sealed(struct rh_heap *heap, struct rh_marker *marker)
{
    return rhi_seal_visit(&heap->seal, &marker->visitor, drain_between_pages,
                          marker);
}

void
rhi_reach(struct rh_heap *heap, enum rhi_plane plane, void *object)
{
    struct rh_marker *marker = &heap->young;

    rhi_marker_begin(marker, RHI_MARKER_YOUNG, plane);
    if (object) {
        rhi_marker_push(marker, object);
        rhi_marker_drain(marker);
    } else {
        rhi_reach_roots(heap, marker);
    }
}
