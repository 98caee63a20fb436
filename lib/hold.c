// SPDX-License-Identifier: MIT
/*
 * hold - roots, scopes and stacks, as programs use them.
 *
 * One call down each: see roots.h, stack.h, thread.h.
 */
#include "config.h"

#include "heap.h"

enum rh_status
rh_root_add(struct rh_heap *heap, void *address)
{
    return rhi_roots_add(&heap->roots, address);
}

enum rh_status
rh_root_remove(struct rh_heap *heap, void *address)
{
    return rhi_roots_remove(&heap->roots, address);
}

enum rh_status
rh_root_add_range(struct rh_heap *heap, const char *category, void *first,
                  size_t count)
{
    return rhi_roots_add_range(
        &heap->roots, (struct rhi_root_range){ category ? category : "ranges",
                                               first, count });
}

enum rh_status
rh_root_remove_range(struct rh_heap *heap, void *first)
{
    return rhi_roots_remove_range(&heap->roots, first);
}

enum rh_status
rh_root_add_callback(struct rh_heap *heap, const char *category,
                     rh_root_fn trace, void *context)
{
    return rhi_roots_add_callback(
        &heap->roots, (struct rhi_root_callback){
                          category ? category : "callbacks", trace, context });
}

enum rh_status
rh_root_remove_callback(struct rh_heap *heap, rh_root_fn trace, void *context)
{
    return rhi_roots_remove_callback(&heap->roots, trace, context);
}

size_t
rh_scope_save(const struct rh_heap *heap)
{
    return rhi_roots_handle_count(&heap->roots);
}

void
rh_scope_restore(struct rh_heap *heap, size_t scope)
{
    struct rhi_roots *roots = &heap->roots;
    size_t height = rhi_roots_handle_count(roots);

    if (scope > height)
        rhi_panic(&heap->panic, "scope restored after an outer one was");
    if (height > roots->handle_peak)
        roots->handle_peak = height;
    roots->fast->handle_top = roots->handles + scope;
}

// Anything may be held, but not what once was an object.
static void
check_held(const struct rh_heap *heap, const void *word)
{
    RHI_CHECK_USE(&heap->panic,
                  !rh_heap_contains(heap, (uintptr_t)word) ||
                      rh_heap_is_live(heap, (uintptr_t)word),
                  "a dead object is to be held");
    (void)heap, (void)word;
}

void **
rh_scope_hold_slow(struct rh_heap *heap, void *word)
{
    struct rh_fast *fast = &heap->mutator.fast;

    check_held(heap, word);
    if (fast->handle_top == fast->handle_end &&
        !rhi_roots_grow_handles(&heap->roots))
        return NULL;
    *fast->handle_top = word;
    return fast->handle_top++;
}

void **
rh_scope_hold(struct rh_heap *heap, void *word)
{
    check_held(heap, word);
    return rh_fast_hold(heap, &heap->mutator.fast, word);
}

enum rh_status
rh_stack_scan(struct rh_heap *heap, unsigned flags)
{
    return rhi_stack_scan(&heap->stack, flags);
}

void
rh_stack_ignore(struct rh_heap *heap)
{
    rhi_stack_ignore(&heap->stack);
}

void
rh_stack_set_base(struct rh_heap *heap, const void *base, size_t bytes)
{
    rhi_threads_set_base(&heap->threads, (uintptr_t)base, bytes);
}

enum rh_status
rh_stack_add_range(struct rh_heap *heap, const void *first, size_t bytes)
{
    return rhi_stack_add_range(&heap->stack, (uintptr_t)first, bytes);
}

enum rh_status
rh_stack_remove_range(struct rh_heap *heap, const void *first)
{
    return rhi_stack_remove_range(&heap->stack, (uintptr_t)first);
}

struct rh_thread *
rh_thread_new(struct rh_heap *heap)
{
    return rhi_threads_add(&heap->threads);
}

void
rh_thread_free(struct rh_heap *heap, struct rh_thread *thread)
{
    rhi_threads_remove(&heap->threads, thread);
}

void
rh_thread_enter(struct rh_heap *heap, struct rh_thread *thread)
{
    rhi_threads_enter(&heap->threads, thread);
}
