/* SPDX-License-Identifier: MIT */
/* rheap/collection.h - why a heap collects, and what its last collection was.
 *
 * The names are those of GC.latest_gc_info in CRuby. */
#ifndef RHEAP_COLLECTION_H
#define RHEAP_COLLECTION_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

/* What made a collection begin: gc_by. */
enum rh_cause {
    RH_CAUSE_NEWOBJ,   /* as many slots were handed out as the policy allows */
    RH_CAUSE_MALLOC,   /* external data has grown past its limit */
    RH_CAUSE_METHOD,   /* the program asked for it by name */
    RH_CAUSE_STRESS,   /* rh_heap_stress() */
    RH_CAUSE_EMERGENCY /* memory for a slot had run out */
};

/* Why everything is looked at, and not the young alone: major_by. */
enum rh_major_reason {
    RH_MAJOR_NONE,     /* a minor collection; or a major one for no other
                           reason than that the heap has no generations */
    RH_MAJOR_NOFREE,   /* too few slots are free */
    RH_MAJOR_OLDGEN,   /* too many objects are old */
    RH_MAJOR_SHADY,    /* too many old objects are unprotected */
    RH_MAJOR_FORCE,    /* the program wants a major one */
    RH_MAJOR_OLDMALLOC /* external data of old objects has grown past its
                           limit */
};

enum rh_collection_kind {
    RH_COLLECTION_NONE,  /* this heap has never collected */
    RH_COLLECTION_MINOR, /* of young objects */
    RH_COLLECTION_MAJOR  /* of all */
};

enum rh_collection_state {
    RH_STATE_NONE, /* no collection is under way */
    RH_STATE_MARKING,
    RH_STATE_SWEEPING
};

/* The latest collection: the one under way, or the last that was. */
struct rh_collection {
    size_t struct_bytes; /* set to sizeof(struct rh_collection) before asking */
    enum rh_collection_kind kind;
    enum rh_cause cause;
    enum rh_major_reason major_reason;
    bool immediate_sweep;               /* swept in one go, not in steps */
    enum rh_collection_state state;     /* of the heap, now */
    enum rh_major_reason need_major_by; /* why the next collection will be a
                                            major one, as far as is known */
};

/* Fill at most latest->struct_bytes bytes.  Writes nothing to the heap. */
RH_API void rh_heap_latest(const struct rh_heap *heap,
                           struct rh_collection *latest);

/* "newobj", "malloc", ...; static storage, never NULL ("unknown" for a number
 * that is none). */
RH_API const char *rh_cause_name(enum rh_cause cause);

/* "none", "nofree", "oldgen", ...; likewise. */
RH_API const char *rh_major_reason_name(enum rh_major_reason reason);

/* "none", "minor", "major"; likewise. */
RH_API const char *rh_collection_kind_name(enum rh_collection_kind kind);

/* "none", "marking", "sweeping"; likewise. */
RH_API const char *rh_collection_state_name(enum rh_collection_state state);

RH_END_DECLARATIONS

#endif
