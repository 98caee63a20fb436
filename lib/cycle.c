// SPDX-License-Identifier: MIT
#include "config.h"

#include "cycle.h"

#include "os.h"

enum {
    STEPS_PER_NURSERY = 4
};

// ---- what is due ----

// Whether as many slots were handed out as `due` says.
static bool
has_made(const struct rh_heap *heap, uint64_t due)
{
    const struct rh_mutator *mutator = &heap->mutator;

    // handed_out is never below the total, and costs no counting of bits.
    return mutator->handed_out >= due && rhi_mutator_total(mutator) >= due;
}

static bool
step_is_due(const struct rh_heap *heap)
{
    return heap->config.incremental && heap->major.stage != RHI_IDLE &&
           has_made(heap, heap->growth.step_due);
}

// Whether a major collection may begin by itself, or go on.
static bool
major_is_allowed(const struct rh_heap *heap)
{
    return !heap->majors_refused || heap->major.stage != RHI_IDLE ||
           !heap->config.generational;
}

// What old objects hold is no reason for a collection of the young.
bool
rhi_cycle_external_is_due(const struct rh_heap *heap)
{
    const struct rhi_external *external = &heap->external;

    return rhi_external_is_due(external) ||
           (rhi_external_is_old_due(external) && major_is_allowed(heap));
}

bool
rhi_cycle_is_due(const struct rh_heap *heap)
{
    return has_made(heap, heap->growth.due) || step_is_due(heap) ||
           rhi_cycle_external_is_due(heap);
}

bool
rhi_cycle_is_allowed(const struct rh_heap *heap)
{
    return !heap->disabled && !heap->inside && !heap->placing &&
           heap->walks == 0;
}

static enum rh_major_reason
major_reason(const struct rh_heap *heap)
{
    const struct rhi_growth *growth = &heap->growth;
    const struct rhi_history *history = &heap->history;

    if (!heap->config.generational) {
        if (has_made(heap, growth->due))
            return RH_MAJOR_NOFREE;
    } else if (history->old_slots > growth->old_limit) {
        return RH_MAJOR_OLDGEN;
    } else if (history->old_slots >= growth->capacity_slots) {
        return RH_MAJOR_NOFREE;
    } else if (history->unprotected > growth->unprotected_limit) {
        return RH_MAJOR_SHADY;
    }
    return rhi_external_is_old_due(&heap->external) ? RH_MAJOR_OLDMALLOC
                                                    : RH_MAJOR_NONE;
}

// One is under way: it must not be outrun.
static enum rh_major_reason
overdue_reason(const struct rh_heap *heap)
{
    if (heap->history.old_slots / 2 >= heap->growth.capacity_slots)
        return RH_MAJOR_NOFREE;
    return rhi_external_is_old_due(&heap->external) ? RH_MAJOR_OLDMALLOC
                                                    : RH_MAJOR_NONE;
}

// What slots and external data ask for, if majors are not asked about.
static struct rh_due
work_due(const struct rh_heap *heap)
{
    if (has_made(heap, heap->growth.due))
        return (struct rh_due){ RH_WORK_MINOR, RH_CAUSE_NEWOBJ, RH_MAJOR_NONE };
    if (rhi_cycle_external_is_due(heap))
        return (struct rh_due){ RH_WORK_MINOR, RH_CAUSE_MALLOC, RH_MAJOR_NONE };
    if (step_is_due(heap))
        return (struct rh_due){ RH_WORK_STEP, RH_CAUSE_NEWOBJ, RH_MAJOR_NONE };
    return (struct rh_due){ RH_WORK_NONE, RH_CAUSE_NONE, RH_MAJOR_NONE };
}

struct rh_due
rhi_cycle_due(const struct rh_heap *heap)
{
    struct rh_due due = work_due(heap);

    due.major = heap->major.stage == RHI_IDLE ? major_reason(heap)
                                              : overdue_reason(heap);
    if (due.work == RH_WORK_MINOR &&
        (!heap->config.generational ||
         (due.major != RH_MAJOR_NONE && major_is_allowed(heap))))
        due.work = RH_WORK_MAJOR;
    return due;
}

// ---- running it ----

// Keep everybody out, and do `work`.
static void
cycle_bracket(struct rh_heap *heap,
              void (*work)(struct rh_heap *heap, const void *what),
              const void *what)
{
    uint64_t start = rhi_os_now();

    heap->inside = true; // from here on nobody may allocate or collect
    rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_DEBT);
    rhi_mutator_flush(&heap->mutator);
    work(heap, what);
    heap->inside = false;
    heap->history.total_ns += rhi_os_now() - start;
}

static void
expect_step(struct rh_heap *heap)
{
    rhi_growth_step(&heap->growth, rhi_mutator_total(&heap->mutator),
                    STEPS_PER_NURSERY);
}

static void
expect_minor(struct rh_heap *heap)
{
    rhi_growth_minor(&heap->growth, rhi_mutator_total(&heap->mutator));
}

static void
work_minor(struct rh_heap *heap, const void *what)
{
    const struct rh_due *due = what;

    rhi_external_collecting(&heap->external, due->work == RH_WORK_MINOR);
    rhi_minor_collect(heap);
    expect_minor(heap);
    if (due->work == RH_WORK_MAJOR) {
        rhi_major_start(heap);
        expect_step(heap);
    } else {
        heap->growth.step_due = 0; // none is put off, if one is under way
    }
}

static void
work_collect(struct rh_heap *heap, const void *what)
{
    (void)what;
    rhi_external_collecting(&heap->external, false);
    rhi_major_collect(heap);
}

static void
work_start(struct rh_heap *heap, const void *what)
{
    (void)what;
    rhi_external_collecting(&heap->external, false);
    rhi_major_start(heap);
    expect_step(heap);
}

static void
work_step(struct rh_heap *heap, const void *what)
{
    const struct rh_budget *budget = what;
    uint64_t minors = heap->history.minor_count;

    rhi_major_step(heap, *budget);
    if (heap->history.minor_count != minors)
        expect_minor(heap);
    expect_step(heap);
}

static void
work_finish(struct rh_heap *heap, const void *what)
{
    (void)what;
    if (heap->major.stage == RHI_MARKING)
        rhi_external_collecting(&heap->external, false);
    while (heap->major.stage != RHI_IDLE)
        rhi_major_step(heap, (struct rh_budget){ 0, 0 });
}

static void
work_mark_at_once(struct rh_heap *heap, const void *what)
{
    rhi_major_cancel(heap);
    work_start(heap, what);
    while (heap->major.stage == RHI_MARKING)
        rhi_major_step(heap, (struct rh_budget){ 0, 0 });
}

static void
work_cancel(struct rh_heap *heap, const void *what)
{
    (void)what;
    rhi_major_cancel(heap);
}

// A major collection is going to begin, and everything gets older.
static void
announce_major(struct rh_heap *heap, struct rh_due due)
{
    heap->major.due = due;
    heap->space.collection++;
}

void
rhi_cycle_collect(struct rh_heap *heap, enum rh_cause cause)
{
    announce_major(heap,
                   (struct rh_due){ RH_WORK_MAJOR, cause, RH_MAJOR_FORCE });
    cycle_bracket(heap, work_collect, NULL);
}

void
rhi_cycle_mark_at_once(struct rh_heap *heap, enum rh_cause cause)
{
    announce_major(heap,
                   (struct rh_due){ RH_WORK_MAJOR, cause, RH_MAJOR_FORCE });
    cycle_bracket(heap, work_mark_at_once, NULL);
}

void
rhi_cycle_start(struct rh_heap *heap, struct rh_due due)
{
    announce_major(heap, due);
    cycle_bracket(heap, work_start, NULL);
}

void
rhi_cycle_step(struct rh_heap *heap, struct rh_budget budget)
{
    cycle_bracket(heap, work_step, &budget);
}

void
rhi_cycle_cancel(struct rh_heap *heap)
{
    cycle_bracket(heap, work_cancel, NULL);
}

void
rhi_cycle_run(struct rh_heap *heap, struct rh_due due)
{
    switch (due.work) {
    case RH_WORK_NONE:
        return;
    case RH_WORK_STEP:
        rhi_cycle_step(
            heap, (struct rh_budget){ .microseconds = heap->config.step_us });
        return;
    case RH_WORK_MAJOR:
        if (heap->major.stage != RHI_IDLE) {
            cycle_bracket(heap, work_finish, NULL);
            return;
        }
        announce_major(heap, due);
        if (!heap->config.incremental) {
            cycle_bracket(heap, work_collect, NULL);
            return;
        }
        break; // collect the young, and begin
    case RH_WORK_MINOR:
        break;
    }
    cycle_bracket(heap, work_minor, &due);
}
