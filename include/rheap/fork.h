/* SPDX-License-Identifier: MIT */
/* rheap/fork.h - a heap that stays shared after fork().
 *
 * After fork() parent and child share all memory until one of them writes to a
 * page (copy-on-write).  Collections write no page of objects, so a child that
 * collects goes on sharing them; what it writes are a few tables beside the
 * objects, 0.4% of the heap each.  A sealed heap is not even read by a child's
 * collections, and keeps the holes between its objects empty, which a few
 * hundred new objects would otherwise scatter themselves over.
 *
 *     rh_heap_warmup(heap, RH_WARMUP_SEAL);      once, before the first fork
 *     rh_heap_before_fork(heap);
 *     pid = fork();
 *     if (pid == 0) rh_heap_after_fork_child(heap);
 *     else rh_heap_after_fork_parent(heap);
 *
 * A fork without these calls is not wrong: the child has the heap as it was.
 * But a collection that was under way goes on in both processes and is paid for
 * twice, empty pages are inherited, threads that exist in the parent only stay
 * registered, and rheap/sharing.h knows nothing of the fork. */
#ifndef RHEAP_FORK_H
#define RHEAP_FORK_H

#include <rheap/heap.h>

RH_BEGIN_DECLARATIONS

/* Before a fork: cancel a major collection that is marking, finish one that is
 * sweeping, so that no child does it again; return all empty pages to the
 * system; ask the trim policy (RH_TRIM_FORK).  Collects nothing.  May be called
 * again before the other two.  Panics when rh_heap_collect() would.  O(pages),
 * and what sweeping is left. */
RH_API void rh_heap_before_fork(struct rh_heap *heap) RH_MAY_COLLECT;

/* After it, in the parent, also when fork() failed.  O(1). */
RH_API void rh_heap_after_fork_parent(struct rh_heap *heap);

/* After it, in the child: forget the threads that are not here, and keep the
 * trim policy silent until this process has freed 1 MB outside, since trimming
 * writes to memory that is shared.  O(threads), and O(pages) if the heap is
 * watched (rheap/sharing.h). */
RH_API void rh_heap_after_fork_child(struct rh_heap *heap);

/* Have the three called by every fork() of the process, through
 * pthread_atfork(), while `on`.  The thread that forks must be the one that
 * holds the heap, and what is called meanwhile (a trim policy) may not fork.
 * Registered once however often it is asked for; ends with the
 * heap.  RH_NO_MEMORY: not registered. */
RH_API enum rh_status rh_heap_atfork(struct rh_heap *heap, bool on);

/* ---- sealing ---- */

/* Make everything that is alive permanent, until rh_heap_unseal(): a full
 * collection; then all pages with objects are sealed, and what is made from now
 * on comes to new pages, which share no page of the system with sealed ones, nor
 * do their tables.  From then on collections neither read nor write sealed
 * objects, except those that were stored into since, and unprotected ones, which
 * are read.  They do not die, do not move, and are not counted by what decides
 * when to collect; their free slots stay empty (x_sealed_free_slots in
 * rheap/stat.h).
 *
 * May be called again, before or after a fork, in any process: what has been
 * made since is sealed, too.
 *
 * RH_BAD_ARGUMENT: the heap is not generational (sealing needs barriers);
 * RH_NO_MEMORY: no room is left above.  Nothing is sealed then, but there was a
 * collection.  O(live objects + pages). */
RH_API enum rh_status rh_heap_seal(struct rh_heap *heap) RH_MAY_COLLECT;

/* Make sealed objects ordinary old ones again.  The next full collection finds
 * those that have died.  In a forked child this ends what sealing was for.
 * Nothing happens when nothing is sealed.  O(pages), and what is left of a
 * collection under way. */
RH_API void rh_heap_unseal(struct rh_heap *heap) RH_MAY_COLLECT;

/* Whether an object is sealed.  Any word may be asked for. */
RH_API bool rh_heap_is_sealed(const struct rh_heap *heap, uintptr_t word);

/* ---- warming up ---- */

enum rh_warmup {
    RH_WARMUP_COLLECT = 0, /* the least that is done */
    RH_WARMUP_COMPACT = 1, /* compact, where objects can move */
    RH_WARMUP_SEAL = 2     /* seal */
};

/* What a program does when it has loaded and before it forks (CRuby:
 * Process.warmup): a full collection, after which everything is old; compaction
 * and sealing as asked for; all empty pages and the allocator's free memory go
 * back to the system, whatever the trim policy says.  RH_UNSUPPORTED: objects of
 * this model cannot move, or as rh_heap_seal(); the rest was done. */
RH_API enum rh_status rh_heap_warmup(struct rh_heap *heap,
                                     unsigned what) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
