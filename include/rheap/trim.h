/* SPDX-License-Identifier: MIT */
/* rheap/trim.h - giving memory back: the policy hook, its view, its log.
 *
 * The last two parts of this file need no heap: rh_malloc_trim() for any program
 * that uses malloc, and struct rh_trimmer for one that wants policies and a log,
 * too. */
#ifndef RHEAP_TRIM_H
#define RHEAP_TRIM_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

enum rh_trim_reason {
    RH_TRIM_COLLECTION, /* a full collection has freed its last buffer */
    RH_TRIM_REQUEST,    /* rh_trim_request() or rh_trim_now() */
    RH_TRIM_NO_MEMORY,  /* the allocator refused a buffer; no policy asked */
    RH_TRIM_FORK,       /* rh_heap_before_fork() */
    RH_TRIM_IDLE        /* rh_trim_idle(): the program has nothing to do */
};

/* What a policy may look at; a snapshot, valid during the call. */
struct rh_trim_view {
    enum rh_trim_reason reason;
    size_t freed_bytes;     /* external bytes freed since the last trim */
    size_t external_bytes;  /* external bytes live now */
    size_t resident_bytes;  /* of the process; 0 when it cannot be known */
    size_t tomb_pages;      /* empty heap pages that still have memory */
    size_t tomb_age;        /* full collections that the oldest has seen */
    uint64_t trim_ns;       /* spent trimming so far */
    uint64_t elapsed_ns;    /* since the heap was made */
    uint64_t since_trim_ns; /* since the last trim, or since the start */
    size_t trims;           /* done so far */
    /* Of the last trim; 0 before there was one. */
    uint64_t last_trim_ns;      /* it took */
    size_t last_returned_bytes; /* resident, that it gave back */
    size_t last_refault_bytes;  /* of these, needed again since */
    /* Of all trims: what was given back and needed again: as many page faults
     * as the process had until the next trim, at most what that one returned.
     * Each is time that a trim costs later. */
    size_t refault_bytes;
    uint64_t fault_ns; /* that one of them takes, tried out at the first trim;
                           0 before */
    /* The recent past, a minute at most, and what was spent in it. */
    uint64_t window_ns;
    uint64_t window_trim_ns;
    size_t window_refault_bytes;
    uint64_t window_idle_ns; /* of window_trim_ns, while the program was idle */
};

/* What a policy answers: any of these together, or 0 for nothing. */
enum rh_trim_action {
    RH_TRIM_NOTHING = 0,
    RH_TRIM_PAGES = 1,    /* give all tomb pages back to the system */
    RH_TRIM_ALLOCATOR = 2 /* have the allocator return its free memory */
};

/* A policy.  May not call into the heap. */
typedef unsigned (*rh_trim_fn)(const struct rh_trim_view *view, void *context);

/* Never trim: what CRuby does.  The default. */
RH_API unsigned rh_trim_never(const struct rh_trim_view *view, void *context);

/* Trim the allocator after every full collection: the patch of the article
 * "What causes Ruby memory bloat?". */
RH_API unsigned rh_trim_always(const struct rh_trim_view *view, void *context);

/* When so much was freed since the last trim, and so much time has passed.
 * `context`: a struct rh_trim_threshold_options; NULL, or 0 in it, means the
 * defaults. */
struct rh_trim_threshold_options {
    size_t freed_bytes;   /* 0: 32 MB */
    uint64_t interval_ns; /* 0: none */
};
RH_API unsigned rh_trim_threshold(const struct rh_trim_view *view,
                                  void *context);

/* As often as a cap on the cost allows: the time spent in trims, and an estimate
 * of the page faults of what came back, stay below a share of all time.  After a
 * collection half of it may be used up, the other half is for when the program
 * is idle; and the time that trims take when
 * it is idle, when nobody waits, has the same cap once more.  Only when something can be gained: at least freed_bytes, and an
 * eighth of what lives.  `context`: a struct rh_trim_adaptive_options; NULL, or
 * 0 in it, means the defaults. */
struct rh_trim_adaptive_options {
    double max_share;   /* 0: 0.02, two percent */
    size_t freed_bytes; /* 0: 1 MB */
    uint64_t fault_ns;  /* for one page fault; 0: as the view says */
};
RH_API unsigned rh_trim_adaptive(const struct rh_trim_view *view,
                                 void *context);

/* Pages and allocator, when the program says that it is idle. */
RH_API unsigned rh_trim_when_idle(const struct rh_trim_view *view,
                                  void *context);

/* Pages and allocator, before a fork: what is given back is not copied. */
RH_API unsigned rh_trim_before_fork(const struct rh_trim_view *view,
                                    void *context);

/* From now on ask `policy` (NULL: rh_trim_never). */
RH_API void rh_trim_set_policy(struct rh_heap *heap, rh_trim_fn policy,
                               void *context);

/* Ask the policy now, and do what it answers.  Answers the actions done. */
RH_API unsigned rh_trim_request(struct rh_heap *heap);

/* The program has nothing to do for a while: a good moment.  Asks the policy,
 * and does what it answers.  Answers the actions done. */
RH_API unsigned rh_trim_idle(struct rh_heap *heap);

/* Do the given actions now, whatever the policy is, and log them. */
RH_API void rh_trim_now(struct rh_heap *heap, unsigned actions);

/* One trim that was done. */
struct rh_trim_record {
    enum rh_trim_reason reason;
    unsigned actions;
    size_t resident_before; /* bytes; 0 when it cannot be known */
    size_t resident_after;
    size_t pages;         /* heap pages given back */
    bool allocator_freed; /* the allocator says that it gave something back */
    uint64_t at_ns;       /* since the heap was made */
    uint64_t duration_ns;
    size_t faults;        /* page faults of the process, from the end of this
                              trim to the next one, or until now */
    size_t refault_bytes; /* as many pages, at most what was given back */
};

enum {
    RH_TRIM_LOG_LENGTH = 32
};

/* Copy the newest records, oldest first, at most `max`; answers how many. The
 * heap keeps the last RH_TRIM_LOG_LENGTH. */
RH_API size_t rh_trim_log(const struct rh_heap *heap,
                          struct rh_trim_record *records, size_t max);

/* All trims together. */
struct rh_trim_totals {
    size_t trims;
    uint64_t trim_ns;
    size_t refault_bytes;
    uint64_t elapsed_ns; /* since the heap was made */
};
RH_API void rh_trim_totals(const struct rh_heap *heap,
                           struct rh_trim_totals *totals);

/* ---- malloc, whichever it is ---- */

enum rh_malloc {
    RH_MALLOC_OTHER, /* one that cannot be told, or cannot trim */
    RH_MALLOC_GLIBC,
    RH_MALLOC_JEMALLOC,
    RH_MALLOC_MIMALLOC,
    RH_MALLOC_TCMALLOC
};

/* Which one this process really uses: found by where malloc is, because the C
 * library's malloc_trim() is there also when another allocator was put in front
 * of it, and does nothing then.  Some microseconds. */
RH_API enum rh_malloc rh_malloc_which(void);

/* "glibc", "jemalloc", "mimalloc", "tcmalloc", "other"; static storage. */
RH_API const char *rh_malloc_name(enum rh_malloc kind);

/* Have it give back all free memory that it can: malloc_trim(0); jemalloc's purge
 * of all arenas, with the cache of this thread; mi_collect(true), which sees the
 * memory of the calling thread alone, so that every thread should call this;
 * ReleaseFreeMemory.  True: it says that something went back, or (all but glibc)
 * that it has tried. */
RH_API bool rh_malloc_trim(void);

/* ---- policies and a log without a heap ----
 *
 * One thread at a time may use a trimmer. */

struct rh_trimmer;

/* `policy` NULL: rh_trim_never.  NULL: no memory. */
RH_API struct rh_trimmer *rh_trimmer_new(rh_trim_fn policy, void *context);

/* `trimmer` may be NULL. */
RH_API void rh_trimmer_free(struct rh_trimmer *trimmer);

/* So many bytes more were freed; so many live now (0 if that is not known). */
RH_API void rh_trimmer_count(struct rh_trimmer *trimmer, size_t freed_bytes,
                             size_t live_bytes);

/* Ask the policy, and do what it answers of RH_TRIM_ALLOCATOR, there being no
 * pages.  Answers the actions done. */
RH_API unsigned rh_trimmer_request(struct rh_trimmer *trimmer,
                                   enum rh_trim_reason reason);

/* In a forked child: policies are not asked after collections and when idle
 * before it has freed 1 MB, since trimming writes to memory that is shared. */
RH_API void rh_trimmer_after_fork_child(struct rh_trimmer *trimmer);

/* As rh_trim_log() and rh_trim_totals(). */
RH_API size_t rh_trimmer_log(const struct rh_trimmer *trimmer,
                             struct rh_trim_record *records, size_t max);
RH_API void rh_trimmer_totals(const struct rh_trimmer *trimmer,
                              struct rh_trim_totals *totals);

RH_END_DECLARATIONS

#endif
