// SPDX-License-Identifier: MIT
/*
 * atfork - the three calls around a fork, made by fork() itself.
 *
 * pthread_atfork() knows no arguments and cannot be undone, so the process has
 * one list of heaps: the only state that heaps share, and it is here only if
 * somebody calls rh_heap_atfork().
 */
#include "config.h"

#include "cycle.h"

#include <rheap/fork.h>

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct rhi_ring heaps = { &heaps, &heaps };
static bool registered; // with pthread_atfork()

static struct rh_heap *
heap_of_link(struct rhi_ring *link)
{
    return (struct rh_heap *)(void *)((char *)link -
                                      offsetof(struct rh_heap, atfork.link));
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
    pthread_mutex_lock(&lock);
    for (struct rhi_ring *link = heaps.next; link != &heaps; link = link->next)
        before_one(heap_of_link(link));
}

static void
after(void (*one)(struct rh_heap *heap))
{
    for (struct rhi_ring *link = heaps.next; link != &heaps; link = link->next)
        if (heap_of_link(link)->atfork.begun)
            one(heap_of_link(link));
    pthread_mutex_unlock(&lock);
}

static void
after_in_parent(void)
{
    after(rh_heap_after_fork_parent);
}

static void
after_in_child(void)
{
    after(rh_heap_after_fork_child);
}

static void
register_once(void)
{
    registered = pthread_atfork(before, after_in_parent, after_in_child) == 0;
}

static void
forget(struct rh_heap *heap)
{
    pthread_mutex_lock(&lock);
    rhi_ring_remove(&heap->atfork.link);
    heap->atfork.forget = NULL;
    pthread_mutex_unlock(&lock);
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
    pthread_once(&once, register_once);
    if (!registered)
        return RH_NO_MEMORY;
    pthread_mutex_lock(&lock);
    rhi_ring_append(&heaps, &heap->atfork.link);
    heap->atfork.forget = forget;
    pthread_mutex_unlock(&lock);
    return RH_OK;
}
