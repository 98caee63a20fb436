// SPDX-License-Identifier: MIT
/*
 * trimmer - who is asked whether to trim, what trims have cost, and the log.
 *
 * The keeping of books, without a heap: a program that only uses malloc may
 * have it (rh_trimmer_new), and every heap does.
 *
 * What a trim costs is more than the time it takes.  Pages that it gave back
 * and that are needed again are faulted in, one by one, by whoever touches
 * them.  They are counted in the interval until the next trim: as many page
 * faults as the process had, and at most as many as were given back.
 *
 *     trim ------ page faults ------ trim ------ page faults ------ now
 *      `- gave back 300 pages         `- 40 pages
 *         500 faults: 300 came back      25 faults: 25 came back
 *
 * A policy that limits its cost should not save up a budget in a quiet hour and
 * spend it at once.  So what was spent is also kept for a window: when it is
 * WINDOW_NS long, half of it is forgotten, time and cost alike.
 *
 * Next: trim.h, how a heap uses it.
 */
#ifndef RHI_TRIMMER_H
#define RHI_TRIMMER_H

#include "base.h"

#include <rheap/trim.h>

struct rh_trimmer {
    rh_trim_fn policy;
    void *context;              // passed to the policy
    size_t freed_bytes;         // since the last trim; its owner counts
    size_t external_bytes;      // live; its owner counts
    size_t silent_bytes;        // to be freed before the policy is asked
    uint64_t started_ns;        // when it was made
    uint64_t last_ns;           // end of the last trim, or the start
    uint64_t trim_ns;           // spent in trims
    uint64_t window_started_ns; // see above
    uint64_t window_trim_ns;    // spent in the window
    uint64_t window_idle_ns;    // of that, while idle
    size_t window_refault_bytes;
    size_t refault_bytes; // of all intervals that are over
    uint64_t faults;      // of the process, at the end of the last trim
    uint64_t fault_ns;    // see rh_trim_view
    size_t count;         // trims ever done
    struct rh_trim_record log[RH_TRIM_LOG_LENGTH]; // [count % length]
};

// `policy` NULL: rh_trim_never.
void rhi_trimmer_init(struct rh_trimmer *trimmer, rh_trim_fn policy,
                      void *context);

void rhi_trimmer_set_policy(struct rh_trimmer *trimmer, rh_trim_fn policy,
                            void *context);

// Whether the policy wants to be asked: it is not rh_trim_never, and a forked
// child has freed enough.
bool rhi_trimmer_is_asked(struct rh_trimmer *trimmer,
                          enum rh_trim_reason reason);

// What the policy is shown; nothing of pages.
struct rh_trim_view rhi_trimmer_view(struct rh_trimmer *trimmer,
                                     enum rh_trim_reason reason);

// Around a trim.  The record is the trimmer's.
struct rh_trim_record *rhi_trimmer_begin(struct rh_trimmer *trimmer,
                                         enum rh_trim_reason reason,
                                         unsigned actions);
void rhi_trimmer_end(struct rh_trimmer *trimmer, struct rh_trim_record *record);

// This is a forked child: trimming writes to what is shared, so nobody is asked
// before it has freed 1 MB itself.
void rhi_trimmer_forked(struct rh_trimmer *trimmer);

#endif
