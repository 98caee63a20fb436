// SPDX-License-Identifier: MIT
/*
 * stress - looking for trouble on purpose.
 *
 * Chapters above offer places where somebody may look on (struct rhi_watch);
 * here is who does, when a program asks for it.
 */
#include "config.h"

#include "alloc.h"

#include <rheap/verify.h>
#include <stdio.h>

// The collector is inside, and says that the heap is whole here.
static void
verify_phase(struct rh_heap *heap, const char *phase)
{
    struct rh_violation violation;
    char message[256];
    enum rh_status status;

    heap->inside = false;
    status = rh_heap_verify(heap, &violation);
    heap->inside = true;
    if (status != RH_BROKEN)
        return;
    (void)snprintf(message, sizeof message, "after %s: %s is broken: %s", phase,
                   violation.invariant, violation.meaning);
    rhi_panic(&heap->panic, message);
}

unsigned
rh_heap_stress(struct rh_heap *heap, unsigned stress)
{
    unsigned before = heap->stress;

    heap->stress = stress;
    rhi_compact_stress(&heap->compact, stress & RH_STRESS_COMPACT);
    heap->watch.phase = stress & RH_STRESS_VERIFY ? verify_phase : NULL;
    if (stress & RH_STRESS_ALLOC)
        rhi_mutator_set_trap(&heap->mutator, RHI_TRAP_STRESS);
    else
        rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_STRESS);
    return before;
}
