/* SPDX-License-Identifier: MIT */
/* rheap/trim.h - giving memory back: the policy hook, its view, its log. */
#ifndef RHEAP_TRIM_H
#define RHEAP_TRIM_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

enum rh_trim_reason {
    RH_TRIM_COLLECTION, /* a full collection has freed its last buffer */
    RH_TRIM_REQUEST,    /* rh_trim_request() or rh_trim_now() */
    RH_TRIM_NO_MEMORY,  /* the allocator refused a buffer; no policy asked */
    RH_TRIM_FORK        /* rh_heap_before_fork() */
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

/* From now on ask `policy` (NULL: rh_trim_never). */
RH_API void rh_trim_set_policy(struct rh_heap *heap, rh_trim_fn policy,
                               void *context);

/* Ask the policy now, and do what it answers.  Answers the actions done. */
RH_API unsigned rh_trim_request(struct rh_heap *heap);

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
};

enum {
    RH_TRIM_LOG_LENGTH = 32
};

/* Copy the newest records, oldest first, at most `max`; answers how many. The
 * heap keeps the last RH_TRIM_LOG_LENGTH. */
RH_API size_t rh_trim_log(const struct rh_heap *heap,
                          struct rh_trim_record *records, size_t max);

RH_END_DECLARATIONS

#endif
