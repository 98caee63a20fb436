// SPDX-License-Identifier: MIT
/*
 * evacuate - moving objects from the pages to be emptied to those to be filled.
 *
 * Objects leave in address order and arrive in address order: those that were
 * neighbours stay so.  Moving one is
 *
 *     its bytes     copied to the lowest free slot of the pages to be filled
 *     its bits      set there, in all planes that say something about it
 *     its old slot  gets the new address and a bit in `moved`
 *     the model     is told, and so are listeners
 *
 * References to it are left as they are; see compact.h.  No slot is left and
 * taken in the same compaction, so the way from old to new is one step.
 *
 * Next: follow.h, having references follow.
 */
#ifndef RHI_EVACUATE_H
#define RHI_EVACUATE_H

#include "choice.h"
#include "event.h"
#include "forward.h"
#include "site.h"

struct rhi_evacuation {
    struct rhi_space *space;
    struct rhi_events *events;
    const struct rh_model *model;
    struct rh_heap *heap; // passed to the model and to listeners
    struct rhi_sites *sites;
    struct rhi_forward forward;
    size_t to_page; // where the next object goes, or higher
    size_t moved;   // objects, so far
};

// Move the objects of the pages to be emptied that may move, in address order,
// as far as there is room.
void rhi_evacuate_run(struct rhi_evacuation *evacuation);

// What was left is free now; put all pages on their lists.  Answers how many
// pages were emptied.
size_t rhi_evacuate_end(struct rhi_evacuation *evacuation);

#endif
