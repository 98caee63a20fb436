/* SPDX-License-Identifier: MIT */
/* rheap/profile.h - how long the program had to wait, and for what.
 *
 * Two instruments.  A histogram of pauses is always on: two readings of the
 * clock a pause, and six more for its phases.  Records, one for each pause, are
 * kept when asked for, in a ring of fixed size: what GC::Profiler is in Ruby.
 */
#ifndef RHEAP_PROFILE_H
#define RHEAP_PROFILE_H

#include <rheap/collection.h>
#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* A pause is the time in which a collector has the heap for itself.  A
 * collection is one of them, or many. */
enum rh_pause_kind {
    RH_PAUSE_MINOR,     /* a collection of the young */
    RH_PAUSE_MAJOR,     /* a collection of everything, in one go */
    RH_PAUSE_STEP,      /* a step of an incremental one, marking */
    RH_PAUSE_SWEEP,     /* a step of an incremental one, sweeping */
    RH_PAUSE_COMPACTION /* such a collection for the sake of moving objects:
                           rh_heap_compact() */
};

/* What the time of a pause went into. */
enum rh_phase {
    RH_PHASE_ROOTS,   /* reading the roots */
    RH_PHASE_MARK,    /* following references */
    RH_PHASE_WEAK,    /* weak references, finalizers, tables beside the heap */
    RH_PHASE_SWEEP,   /* finding what is free; releasing what the dead held */
    RH_PHASE_COMPACT, /* moving objects, updating references */
    RH_PHASE_RELEASE, /* deciding on growth; giving memory back to the system */
    RH_PHASES
};

struct rh_pause {
    uint64_t number; /* 1 is the first of this heap; counts while nobody
                         records, too */
    enum rh_pause_kind kind;
    enum rh_cause cause;
    enum rh_major_reason major_reason;
    bool begins;                  /* a collection began in this pause */
    bool ends;                    /* one ended in it */
    uint64_t at_ns;               /* its start, since the heap was made */
    uint64_t total_ns;            /* all of it */
    uint64_t phase_ns[RH_PHASES]; /* the sum is at most total_ns */
    uint64_t traced;              /* objects followed in it */
    uint64_t freed;               /* objects found dead in it */
    uint64_t released_pages;      /* given back to the system in it */
    size_t live_slots;            /* at its end, as are all that follow */
    size_t old_objects; /* these and eden pages: sealed ones included */
    size_t eden_pages;
    size_t tomb_pages;
    size_t external_bytes; /* blocks and what was adjusted */
};

enum {
    RH_PROFILE_CAPACITY = 128 /* of a ring, if nobody says another */
};

/* Record pauses from now on, the last `capacity` of them; 0 stands for
 * RH_PROFILE_CAPACITY.  Takes the memory now and none later: 152 bytes a
 * record, until the heap is freed.  Called again with another capacity it keeps
 * the newest records that fit.  RH_NO_MEMORY: all is as it was. */
RH_API enum rh_status rh_profile_enable(struct rh_heap *heap,
                                        size_t capacity) RH_MUST_USE;

/* Record no more.  Writes one flag: records can still be read. */
RH_API void rh_profile_disable(struct rh_heap *heap);

RH_API bool rh_profile_is_enabled(const struct rh_heap *heap);

/* Forget the records, and the pauses counted by rh_profile_pauses(). */
RH_API void rh_profile_clear(struct rh_heap *heap);

/* Copy the records whose number is above `since`, oldest first, at most `max`;
 * answers how many.  0 begins with the oldest; the number of the last one
 * copied goes on behind it.  O(records). */
RH_API size_t rh_profile_read(const struct rh_heap *heap, uint64_t since,
                              struct rh_pause *records, size_t max);

/* Nanoseconds in all pauses since the heap was made, as far as they were
 * measured: GC.total_time. */
RH_API uint64_t rh_profile_total_ns(const struct rh_heap *heap);

/* Whether time is measured; it is, in a new heap.  Without it no clock is read:
 * the total and the histogram stay as they are, and records have no times.
 * Answers whether it was on before. */
RH_API bool rh_profile_measure(struct rh_heap *heap, bool on);

/* A histogram of pauses.  Buckets are linear inside a power of two, 16 to each
 * (so a bound is at most 1/16 off), from 1,024 ns to 2^37 ns (137 s); below it
 * there are 16 of 64 ns each, and the last one has all that is longer. */
enum {
    RH_PAUSE_BUCKETS = 448
};

struct rh_pauses {
    uint64_t counts[RH_PAUSE_BUCKETS];
    uint64_t count;    /* all of them */
    uint64_t total_ns; /* of all together */
    uint64_t min_ns;
    uint64_t max_ns;
};

enum rh_pauses_of {
    RH_PAUSES_ALL,   /* these and RH_PAUSE_COMPACTION */
    RH_PAUSES_MINOR, /* RH_PAUSE_MINOR */
    RH_PAUSES_MAJOR  /* RH_PAUSE_MAJOR, RH_PAUSE_STEP, RH_PAUSE_SWEEP */
};

/* The pauses measured since the heap was made, or since rh_profile_clear(). */
RH_API void rh_profile_pauses(const struct rh_heap *heap,
                              enum rh_pauses_of which,
                              struct rh_pauses *pauses);

/* The least ns that a share of the pauses (0.5: half of them) did not exceed,
 * to the precision of the buckets, from above, and never above max_ns; 0 for
 * no pauses.  Shares outside 0 to 1 mean the nearer end. */
RH_API uint64_t rh_profile_percentile(const struct rh_pauses *pauses,
                                      double share);

/* The least ns of bucket `n`; for RH_PAUSE_BUCKETS, where the last one would
 * end. */
RH_API uint64_t rh_profile_bucket_ns(size_t n);

/* "minor", "major", "step", "sweep", "compaction"; static storage, never NULL
 * ("unknown" for a number that is none). */
RH_API const char *rh_pause_kind_name(enum rh_pause_kind kind);

/* "roots", "mark", "weak", "sweep", "compact", "release"; likewise. */
RH_API const char *rh_phase_name(enum rh_phase phase);

RH_END_DECLARATIONS

#endif
