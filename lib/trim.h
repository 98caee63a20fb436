// SPDX-License-Identifier: MIT
/*
 * trim - giving memory back to the system.
 *
 * Freeing is not giving back: malloc keeps what is freed in the middle of its
 * heap, and the article "What causes Ruby memory bloat?" found 230 MB resident
 * where Ruby knew of 7.  One call, malloc_trim(0), cures it, at a price that
 * grows with the heap.  When to pay is a policy: a function that looks at a
 * snapshot and answers what to do.  It is asked after each full collection,
 * when the last buffer is really freed, when the program says that it is idle,
 * before a fork, and on request.  Every trim is logged, with what it cost and
 * what it gave; the books are the trimmer's.
 *
 * Next: growth.h, the other policy.
 */
#ifndef RHI_TRIM_H
#define RHI_TRIM_H

#include "external.h"
#include "space.h"
#include "trimmer.h"

struct rhi_trim {
    struct rhi_space *space;
    struct rhi_external *external; // counts what is freed
    struct rh_trimmer trimmer;
};

void rhi_trim_init(struct rhi_trim *trim, struct rhi_space *space,
                   struct rhi_external *external,
                   const struct rh_config *config);

// Ask the policy and do what it answers; the actions done.
unsigned rhi_trim_consult(struct rhi_trim *trim, enum rh_trim_reason reason);

// This is a forked child.  Trimming writes to what is shared, so no collection
// asks the policy before this process has freed 1 MB itself.
void rhi_trim_forked(struct rhi_trim *trim);

// Do the actions and log them.
void rhi_trim_act(struct rhi_trim *trim, enum rh_trim_reason reason,
                  unsigned actions);

#endif
