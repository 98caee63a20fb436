// SPDX-License-Identifier: MIT
/*
 * atfork - the three calls around a fork, made by fork() itself.
 *
 * pthread_atfork() knows no arguments and cannot be undone, so the process has
 * one list of heaps: the only state that heaps share, and it is here only if
 * somebody calls rh_heap_atfork().
 *
 * The list is locked from before a fork until after it.  Preparing a heap calls
 * listeners and the trim policy, and one of them may fork in turn: a thread that
 * has the lock does not ask for it again, and leaves the heaps as they are.
 */
#include "config.h"

#include "cycle.h"
#include "os.h"

#include <rheap/fork.h>

#include <pthread.h>
#include <stdatomic.h>

static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    struct rhi_ring heaps;
    bool registered;            // with pthread_atfork()
    _Atomic(uintptr_t) forking; // the thread that has the lock to fork; 0: none
    size_t inner;               // forks that it has begun meanwhile
} rhi_fork_registry = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .once = PTHREAD_ONCE_INIT,
    .heaps = { &rhi_fork_registry.heaps, &rhi_fork_registry.heaps },
};

static struct rh_heap *
heap_of_link(struct rhi_ring *link)
{
    return (struct rh_heap *)(void *)((char *)link -
                                      offsetof(struct rh_heap, atfork.link));
}

// Call `visit` for each heap.
static void
registry_each(void (*visit)(struct rh_heap *heap))
{
    struct rhi_ring *heaps = &rhi_fork_registry.heaps;

    for (struct rhi_ring *link = heaps->next; link != heaps; link = link->next)
        visit(heap_of_link(link));
}

// A callback of a collection, or of a walk, that forks has what it has.
static void
before_one(struct rh_heap *heap)
{
    heap->atfork.begun = !heap->inside && !heap->placing && !heap->walks &&
                         !heap->events.sending;
    if (heap->atfork.begun)
        rh_heap_before_fork(heap);
}

static void
before(void)
{
    // Whoever finds itself there has written it.
    if (atomic_load(&rhi_fork_registry.forking) == rhi_os_thread()) {
        rhi_fork_registry.inner++;
        return;
    }
    pthread_mutex_lock(&rhi_fork_registry.lock);
    atomic_store(&rhi_fork_registry.forking, rhi_os_thread());
    registry_each(before_one);
}

static void
after(void (*visit)(struct rh_heap *heap))
{
    if (rhi_fork_registry.inner > 0) {
        rhi_fork_registry.inner--;
        return;
    }
    registry_each(visit);
    atomic_store(&rhi_fork_registry.forking, 0);
    pthread_mutex_unlock(&rhi_fork_registry.lock);
}

static void
parent_one(struct rh_heap *heap)
{
    if (heap->atfork.begun)
        rh_heap_after_fork_parent(heap);
}

static void
after_in_parent(void)
{
    after(parent_one);
}

static void
child_one(struct rh_heap *heap)
{
    if (heap->atfork.begun)
        rh_heap_after_fork_child(heap);
}

static void
after_in_child(void)
{
    after(child_one);
}

static void
registry_announce(void)
{
    rhi_fork_registry.registered =
        pthread_atfork(before, after_in_parent, after_in_child) == 0;
}

static void
forget(struct rh_heap *heap)
{
    pthread_mutex_lock(&rhi_fork_registry.lock);
    rhi_ring_remove(&heap->atfork.link);
    heap->atfork.forget = NULL;
    pthread_mutex_unlock(&rhi_fork_registry.lock);
}

enum rh_status
rh_heap_atfork(struct rh_heap *heap, bool on)
{
    bool is_on = heap->atfork.forget != NULL;

    if (is_on == on)
        return RH_OK;
    if (!on) {
        forget(heap);
        return RH_OK;
    }
    pthread_once(&rhi_fork_registry.once, registry_announce);
    if (!rhi_fork_registry.registered)
        return RH_NO_MEMORY;
    pthread_mutex_lock(&rhi_fork_registry.lock);
    rhi_ring_append(&rhi_fork_registry.heaps, &heap->atfork.link);
    heap->atfork.forget = forget;
    pthread_mutex_unlock(&rhi_fork_registry.lock);
    return RH_OK;
}
