/* SPDX-License-Identifier: MIT */
/* rheap/sharing.h - how much of a forked child's memory is still shared.
 *
 * The kernel knows which pages of the system a process shares; this reads it
 * from /proc/self/pagemap, for the pages of this heap, and from
 * /proc/self/smaps for everything else.  No privilege is needed.
 *
 * Who is not root is told only whether a page is mapped by this process alone.
 * So ask while the parent and the other children are there, and have not
 * written to what was shared: when the parent stores into an object, or ends,
 * its page is the child's own, though the child did nothing.  As root the frames
 * themselves are compared with those of the time of the fork, and this does not
 * matter (RH_SHARING_FRAMES). */
#ifndef RHEAP_SHARING_H
#define RHEAP_SHARING_H

#include <rheap/fork.h>

RH_BEGIN_DECLARATIONS

/* What a heap notes about its pages. */
enum rh_sharing_watch {
    RH_SHARING_NOTHING = 0,
    RH_SHARING_PAGES = 1, /* which pages of the system there were at the fork */
    RH_SHARING_PHASES = 2 /* these, and after each phase of the collector, which
                             pages of objects were written to in it; O(pages of
                             the system) each */
};

/* From the next rh_heap_after_fork_child() on, note this.  Takes the memory for
 * it from the memory of the heap (struct rh_memory): address space in the
 * parent, of which a child then uses a word for each page of the system.
 *
 * Nothing is watched after RH_NO_MEMORY; RH_UNSUPPORTED: this system does not
 * tell, or the memory is shared with other processes; RH_BAD_ARGUMENT: there
 * is no such bit, and all stays as it was. */
RH_API enum rh_status rh_sharing_watch(struct rh_heap *heap, unsigned what);

/* Bytes of one kind of memory, in whole pages of the system that are there now.
 * All parts together are what is resident. */
struct rh_sharing_part {
    size_t shared_bytes;  /* inherited, and still shared */
    size_t private_bytes; /* inherited, and this process's own copy now */
    size_t own_bytes;     /* not there at the fork: made by this process */
};

/* What objects were written to for. */
enum rh_sharing_phase {
    RH_SHARING_PROGRAM, /* allocating and storing, between collections */
    RH_SHARING_MINOR,   /* collections of the young */
    RH_SHARING_MARK,    /* marking of full ones */
    RH_SHARING_SWEEP,   /* sweeping, and giving pages back */
    RH_SHARING_COMPACT, /* moving objects */
    RH_SHARING_PHASE_COUNT
};

struct rh_sharing {
    size_t struct_bytes; /* set to sizeof(struct rh_sharing) before the call */
    struct rh_sharing_part body;     /* pages with objects */
    struct rh_sharing_part table;    /* bits and tables beside them, and the
                                        pages that the heap's own state is on */
    struct rh_sharing_part external; /* malloc's memory: buffers of objects, and
                                        everything else the program asked for,
                                        other heaps and stacks of threads
                                        included; what was made since counts as
                                        private */
    struct rh_sharing_part other;    /* the stack, files, data of programs and
                                        libraries; likewise; own_bytes are what
                                        this report needs */
    size_t heap_bytes;               /* of page bodies, inherited */
    size_t swapped_bytes; /* of bodies and tables, now in swap and in no part */
    size_t resident_bytes;     /* of the process */
    size_t proportional_bytes; /* the same, each page divided by its users */
    size_t huge_bytes;         /* of it in huge pages, where these figures are
                                  less exact */
    bool frames;               /* frames could be compared (root) */
    size_t caused_bytes[RH_SHARING_PHASE_COUNT]; /* body.private_bytes by phase,
                                                    if these are watched */
};

/* What is shared now; struct_bytes tells afterwards how much was filled in.
 * Allocates nothing.  RH_NOT_FOUND: not watched, or no
 * rh_heap_after_fork_child() since.  RH_UNSUPPORTED: the system does not tell,
 * or did not at the fork; RH_NO_MEMORY: there was none then, for the heap had
 * grown.  O(pages of the system), and a read of smaps. */
RH_API enum rh_status rh_sharing_read(struct rh_heap *heap,
                                      struct rh_sharing *sharing);

/* "program", "minor", "mark", "sweep", "compact"; for others "unknown". */
RH_API const char *rh_sharing_phase_name(enum rh_sharing_phase phase);

RH_END_DECLARATIONS

#endif
