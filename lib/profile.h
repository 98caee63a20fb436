// SPDX-License-Identifier: MIT
/*
 * profile - how long each pause was, and what it was spent on.
 *
 * The collector says when a pause begins, when it turns to another phase, and
 * when it is over:
 *
 *     rhi_profile_begin(kind, cause, reason)
 *         rhi_profile_phase(ROOTS)  rhi_profile_phase(MARK)  ...
 *     rhi_profile_end(facts)
 *
 * and this chapter reads the clock at each of these.  What it learns goes to
 * three places: the total; a histogram for each group of pauses, always on,
 * an increment a pause; and, if the program wants records, a ring.
 *
 *     ns       0 . 64 .. 1,024 . 1,088 .. 2,048 . 2,176 .. 4,096 ... 2^37
 *     bucket   0   1  .. 16      17    .. 32      33    .. 48    ... 448
 *
 * The buckets are those of HdrHistogram: linear inside a power of two, so that
 * any pause is known to a sixteenth of its length, from a microsecond to two
 * minutes, in a fixed array and with a shift and two additions.
 *
 * The ring has its memory from the start, because a collection may not ask for
 * any.  A record is written in one piece at the end of its pause, so readers
 * never see half of one.
 *
 * INVARIANTS
 *   O1  at most one pause is open; the phases of a pause share its time
 *   O2  the ring has the last min(written, capacity) records, their numbers
 *       ascend, and none is above the number of pauses
 *
 * Next: sharing.h; what a forked child still shares.
 */
#ifndef RHI_PROFILE_H
#define RHI_PROFILE_H

#include "external.h"
#include "mutator.h"
#include "sweep.h"

#include <rheap/profile.h>

// Pauses of a kind are counted together with those of others.
enum rhi_pause_group {
    RHI_PAUSES_MINOR,
    RHI_PAUSES_MAJOR,
    RHI_PAUSES_OTHER,
    RHI_PAUSE_GROUPS
};

struct rhi_pauses {
    uint32_t counts[RH_PAUSE_BUCKETS];
    uint64_t total_ns; // of all of them
    uint64_t min_ns;   // means nothing while all counts are 0
    uint64_t max_ns;
};

// What the collector knows at the end of a pause, and this chapter does not.
struct rhi_pause_facts {
    uint64_t traced; // objects followed in it
    size_t old;      // objects that are old now
    bool begins;     // a collection began in it
    bool ends;       // one ended in it
};

struct rhi_profile {
    const struct rh_mutator *mutator;
    const struct rhi_sweep *sweep;
    const struct rhi_external *external;
    struct rhi_meter *meter; // of the ring
    uint64_t started_ns;     // when the heap was made
    uint64_t total_ns;       // of all pauses measured
    uint64_t number;         // of the present or last pause
    bool measuring;          // the clock is read
    bool enabled;            // records are written
    bool open;               // a pause is under way
    uint64_t begun_ns;       // when; 0: it is not measured
    uint64_t phase_ns;       // when its present phase began
    enum rh_phase phase;     // RH_PHASES: none
    struct rh_pause pause;   // the record of it, in the making
    struct rh_pause *ring;   // [written % capacity] is written next
    size_t capacity;         // 0: there was never a ring
    uint64_t written;        // records, since the ring was made or cleared
    struct rhi_pauses groups[RHI_PAUSE_GROUPS];
};

void rhi_profile_init(struct rhi_profile *profile,
                      const struct rh_mutator *mutator,
                      const struct rhi_sweep *sweep,
                      const struct rhi_external *external,
                      struct rhi_meter *meter);
void rhi_profile_fini(struct rhi_profile *profile);

// A pause begins; none may be open.
void rhi_profile_begin(struct rhi_profile *profile, enum rh_pause_kind kind,
                       enum rh_cause cause, enum rh_major_reason reason);

// From here to the next call the time of the open pause goes to `phase`;
// RH_PHASES: to none.  Does nothing while no pause is open.
void rhi_profile_phase(struct rhi_profile *profile, enum rh_phase phase);

// The open pause is over; counts and, perhaps, records it.
void rhi_profile_end(struct rhi_profile *profile,
                     const struct rhi_pause_facts *facts);

// See rh_profile_enable() and so on.
enum rh_status rhi_profile_enable(struct rhi_profile *profile, size_t capacity);
void rhi_profile_clear(struct rhi_profile *profile);
size_t rhi_profile_read(const struct rhi_profile *profile, uint64_t since,
                        struct rh_pause *records, size_t max);
void rhi_profile_pauses(const struct rhi_profile *profile,
                        enum rh_pauses_of which, struct rh_pauses *pauses);

const char *rhi_profile_check(const struct rhi_profile *profile);

#endif
