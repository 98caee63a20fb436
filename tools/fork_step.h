// SPDX-License-Identifier: MIT
/*
 * fork_step - what a child does between the fork and the look at its memory.
 *
 * A request of `serve' is what a web worker does, in small: it reads a hundred
 * inherited objects, makes a hundred of its own that are garbage when it is
 * done, and leaves one behind, which is kept until a thousand requests later.
 * It stores into nothing that was inherited.  Collections of the young come as
 * they are due, and five full ones are spread over all requests.
 */
#ifndef TOOLS_FORK_STEP_H
#define TOOLS_FORK_STEP_H

#include "fork_live.h"

// Told at a handful of moments, ever farther apart; the last is the end.
typedef void (*fork_sample_fn)(size_t requests, void *context);

struct fork_work {
    struct fork_live *live;
    const struct fork_step *step;
    fork_sample_fn sample;
    void *context;
    double written_bytes; // answer: stored into objects by the step itself
};

// False: there is no memory for it.
bool fork_step_run(struct fork_work *work);

#endif
