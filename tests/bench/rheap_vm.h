// SPDX-License-Identifier: MIT
/*
 * rheap_vm - what both programs that measure rheap have in common.
 *
 * Everything is on: precise roots, handle scopes, statistics, assertions as
 * the library was configured.  After each measurement the heap is verified.
 */
#ifndef BENCH_RHEAP_VM_H
#define BENCH_RHEAP_VM_H

#include <rheap/finalizer.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/verify.h>
#include <rheap/version.h>

enum {
    COLLECTS = true,
    EXACT = true,
    MANY = true,
    FINALIZES = true
};

struct vm {
    struct rh_heap *heap;
    struct rh_fast *fast;
    void *root;
    uintptr_t class_of;
    size_t own; // live slots before the workload begins
};

static const char *
heap_version(void)
{
    return "rheap " RH_VERSION_STRING;
}

// Empty pages keep their memory.
static void
grow_and_keep(const struct rh_growth_view *view,
              struct rh_growth_answer *answer)
{
    rh_growth_default(view, answer);
    answer->max_empty_pages = SIZE_MAX;
}

static size_t
live(struct vm *vm)
{
    struct rh_violation violation;
    uint64_t slots = 0;

    if (rh_heap_verify(vm->heap, &violation) != RH_OK)
        die("broken heap: %s: %s", violation.invariant, violation.meaning);
    expect(rh_stat_get(vm->heap, "heap_live_slots", &slots) == RH_OK,
           "statistics");
    return slots - vm->own;
}

static struct vm *
rheap_vm_new(enum vm_config wanted, const struct rh_model *model)
{
    struct vm *vm = calloc(1, sizeof *vm);
    struct rh_config config;

    rh_config_init(&config);
    if (model)
        config.model = model;
    if (wanted == VM_KEEPING)
        config.growth = grow_and_keep;
    expect(vm && (vm->heap = rh_heap_new(&config)), "a new heap");
    vm->fast = rh_heap_fast(vm->heap);
    expect(rh_root_add(vm->heap, &vm->root) == RH_OK, "a root");
    return vm;
}

static void
vm_free(struct vm *vm)
{
    rh_heap_free(vm->heap);
    free(vm);
}

static inline size_t
scope_open(struct vm *vm)
{
    return rh_scope_save(vm->heap);
}

static inline void
scope_close(struct vm *vm, size_t scope)
{
    rh_scope_restore(vm->heap, scope);
}

static inline void **
rheap_hold(struct vm *vm, void *object)
{
    void **handle = rh_fast_hold(vm->heap, vm->fast, object);

    if (!handle)
        die("no memory for handles");
    return handle;
}

static void
collect(struct vm *vm)
{
    rh_heap_collect(vm->heap);
}

// The default growth policy has given pages back during the collection.
static void
release(struct vm *vm)
{
    (void)vm;
}

static void
rheap_count_finalized(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object, (void)context;
    finalized++;
}

static inline void
rheap_finalizer_set(struct vm *vm, void *object)
{
    if (rh_finalizer_add(vm->heap, object, rheap_count_finalized, NULL) !=
        RH_OK)
        die("no memory for a finalizer");
}

#define finalizer_set(vm, node) rheap_finalizer_set(vm, (void *)(node))

static void
finalizers_run(struct vm *vm)
{
    rh_finalizer_run(vm->heap, 0);
}

// The collector finds what is dead.
#define node_free(node) ((void)(node))

#endif
