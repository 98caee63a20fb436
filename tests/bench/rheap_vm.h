// SPDX-License-Identifier: MIT
/*
 * rheap_vm - what both programs that measure rheap have in common.
 *
 * Everything is on: precise roots, handle scopes, statistics, assertions as
 * the library was configured.  After each measurement the heap is verified.
 *
 * Each program is built up to three times: as it is, collections are full and
 * stop the program; with GENERATIONAL, the young are collected apart; with
 * INCREMENTAL, too, full collections go in steps of half a millisecond.
 */
#ifndef BENCH_RHEAP_VM_H
#define BENCH_RHEAP_VM_H

#include "pauses.h"

#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/verify.h>
#include <rheap/version.h>

enum {
    COLLECTS = true,
    EXACT = true,
    MANY = true,
    OLD_AFTER = 1
};

#ifdef INCREMENTAL
#define GENERATIONAL
#endif

struct vm {
    struct rh_heap *heap;
    struct rh_fast *fast;
    struct pauses *pauses; // to be noted, or NULL
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
#ifdef GENERATIONAL
    config.generational = true;
#endif
#ifdef INCREMENTAL
    config.incremental = true;
#endif
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

// --- old and young ----------------------------------------------------------

#ifdef GENERATIONAL
#define HAS_YOUNG
#endif

static inline void
collect_young(struct vm *vm)
{
    rh_heap_minor(vm->heap);
}

// --- pauses -----------------------------------------------------------------

#define HAS_PAUSES

static void
pauses_watch(struct vm *vm, struct pauses *pauses)
{
    vm->pauses = pauses;
}

// How far the collector has come.
struct progress {
    uint64_t minors, majors, steps;
    const char *stage;
};

static inline struct progress
progress_of(struct vm *vm)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(vm->heap, &stat);
    return (struct progress){ stat.minor_gc_count, stat.major_gc_count,
                              stat.x_steps, rh_heap_stage(vm->heap) };
}

// What it has done between two looks; NULL: nothing.
static inline const char *
progress_name(struct progress before, struct progress after)
{
    bool idle = strcmp(after.stage, "none") == 0;
    bool minor = before.minors != after.minors;

    if (strcmp(before.stage, "none") == 0) {
        if (before.majors == after.majors)
            return minor ? "minor" : NULL;
        return idle ? "major at once" : "minor, major begins";
    }
    if (strcmp(before.stage, after.stage) != 0)
        return idle ? "last sweeping step" : "last marking step";
    if (before.steps != after.steps)
        return strcmp(after.stage, "marking") == 0 ? "marking step"
                                                   : "sweeping step";
    return minor ? "minor" : NULL;
}

// Whether the next slot takes the slow road, and may have to wait.
static inline bool
may_pause(const struct vm *vm)
{
    return vm->fast->limit == vm->fast->next && vm->pauses;
}

// Evaluate `expression`, which allocates on the slow road, and note a pause if
// it has collected.
#define RHEAP_TIMED(vm, expression)                                            \
    do {                                                                       \
        struct progress before = progress_of(vm);                              \
        struct pause_clock start = pause_begin(), end;                         \
        const char *kind;                                                      \
                                                                               \
        (expression);                                                          \
        end = pause_end();                                                     \
        kind = progress_name(before, progress_of(vm));                         \
        if (kind)                                                              \
            pauses_note((vm)->pauses, start, end, kind);                       \
    } while (0)

// --- finalizers -------------------------------------------------------------

// As soon as the library has them.
#if __has_include(<rheap/finalizer.h>)
#include <rheap/finalizer.h>

#define HAS_FINALIZERS

static void
on_death(struct rh_heap *heap, void *object, void *count)
{
    (void)heap, (void)object;
    ++*(size_t *)count;
}

static inline void
rheap_finalizer_add(struct vm *vm, void *object, size_t *count)
{
    if (rh_finalizer_add(vm->heap, object, on_death, count) != RH_OK)
        die("no memory for a finalizer");
}

static inline void
finalizers_run(struct vm *vm)
{
    (void)rh_finalizer_run(vm->heap, 0);
}
#endif

// The default growth policy has given pages back during the collection.
static void
release(struct vm *vm)
{
    (void)vm;
}

// The collector finds what is dead.
#define node_free(node) ((void)(node))

#endif
