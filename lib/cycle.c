// SPDX-License-Identifier: MIT
#include "config.h"

#include "cycle.h"

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
           heap->walks == 0 && heap->events.sending == 0;
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

struct work {
    void (*run)(struct rh_heap *heap, const struct work *work);
    enum rh_pause_kind pause;
    enum rh_collection_kind begins; // or none
    struct rh_due due;              // why
    struct rh_budget budget;        // of a step
};

// Pauses that ran to the end of something, or began something.
struct progress {
    uint64_t minors, majors;
    enum rhi_stage stage;
};

static struct progress
progress_of(const struct rh_heap *heap)
{
    return (struct progress){ heap->history.minor_count,
                              heap->history.major_count, heap->major.stage };
}

static void
work_end(struct rh_heap *heap, const struct work *work, struct progress before)
{
    struct progress now = progress_of(heap);
    bool minor = now.minors != before.minors;
    bool major = now.majors != before.majors;
    uint64_t made = rhi_mutator_total(&heap->mutator);

    if (minor)
        rhi_growth_minor(&heap->growth, made);
    // A step is not put off because the young were collected; they may be so
    // often, if much is allocated outside, that none would ever come.
    if (work->pause == RH_PAUSE_MINOR && !major)
        heap->growth.step_due = 0;
    else
        rhi_growth_step(&heap->growth, made, STEPS_PER_NURSERY);
    rhi_profile_end(&heap->profile,
                    &(struct rhi_pause_facts){
                        .traced = heap->history.visited,
                        .old = heap->history.old_slots,
                        .begins = minor || major,
                        .ends = minor || (now.stage == RHI_IDLE &&
                                          (major || before.stage != RHI_IDLE)),
                    });
}

// What it is that begins; a major one makes all pages older.
static void
note_latest(struct rh_heap *heap, enum rh_collection_kind kind,
            struct rh_due due, bool immediate_sweep)
{
    heap->space.collection += kind == RH_COLLECTION_MAJOR;
    heap->history.latest = (struct rh_collection){
        .kind = kind,
        .cause = due.cause,
        .major_reason = kind == RH_COLLECTION_MAJOR ? due.major : RH_MAJOR_NONE,
        .immediate_sweep = immediate_sweep,
    };
}

// Objects that move take their sites along, if there is room for these.
static void
prepare_sites(struct rh_heap *heap, enum rh_pause_kind pause)
{
    bool ends_major = pause == RH_PAUSE_MAJOR || pause == RH_PAUSE_SWEEP ||
                      pause == RH_PAUSE_COMPACTION;

    if (ends_major && rhi_compact_may_come(&heap->compact))
        (void)rhi_sites_prepare(&heap->sites,
                                rhi_compact_may_grow(&heap->compact));
}

// Keep everybody out, and do it.
static void
work_do(struct rh_heap *heap, struct work work)
{
    struct progress before = progress_of(heap);

    prepare_sites(heap, work.pause);
    rhi_profile_begin(&heap->profile, work.pause, work.due.cause,
                      work.due.major);
    heap->history.visited = 0;
    heap->inside = true; // from here on nobody may allocate or collect
    if (work.begins != RH_COLLECTION_NONE)
        note_latest(heap, work.begins, work.due, work.pause != RH_PAUSE_STEP);
    rhi_mutator_clear_trap(&heap->mutator, RHI_TRAP_DEBT);
    rhi_mutator_flush(&heap->mutator); // so that no listener finds a slot
    rhi_heap_wrote(heap, RH_SHARING_PROGRAM);
    work.run(heap, &work);
    heap->inside = false;
    if (heap->major.stage == RHI_IDLE)
        rhi_sites_settle(&heap->sites);
    work_end(heap, &work, before);
}

static void
run_start(struct rh_heap *heap, const struct work *work)
{
    (void)work;
    rhi_external_collecting_old(&heap->external);
    rhi_major_start(heap);
}

static void
run_minor(struct rh_heap *heap, const struct work *work)
{
    (void)work;
    rhi_minor_collect(heap);
}

// Collect the young, and begin.
static void
run_minor_and_start(struct rh_heap *heap, const struct work *work)
{
    run_minor(heap, work);
    note_latest(heap, RH_COLLECTION_MAJOR, work->due, false);
    run_start(heap, work);
}

static void
run_collect(struct rh_heap *heap, const struct work *work)
{
    (void)work;
    rhi_external_collecting_young(&heap->external);
    rhi_external_collecting_old(&heap->external);
    rhi_major_collect(heap);
}

static void
run_step(struct rh_heap *heap, const struct work *work)
{
    rhi_major_step(heap, work->budget);
}

static void
run_finish(struct rh_heap *heap, const struct work *work)
{
    (void)work;
    if (heap->major.stage == RHI_MARKING)
        rhi_external_collecting_old(&heap->external);
    while (heap->major.stage != RHI_IDLE)
        rhi_major_step(heap, (struct rh_budget){ 0, 0 });
}

static void
run_mark_at_once(struct rh_heap *heap, const struct work *work)
{
    rhi_major_cancel(heap);
    run_start(heap, work);
    while (heap->major.stage == RHI_MARKING)
        rhi_major_step(heap, (struct rh_budget){ 0, 0 });
}

static void
run_cancel(struct rh_heap *heap, const struct work *work)
{
    (void)work;
    rhi_major_cancel(heap);
}

static struct rh_due
forced(enum rh_cause cause)
{
    return (struct rh_due){ RH_WORK_MAJOR, cause,
                            cause == RH_CAUSE_EMERGENCY ? RH_MAJOR_NOFREE
                                                        : RH_MAJOR_FORCE };
}

void
rhi_cycle_collect(struct rh_heap *heap, enum rh_cause cause)
{
    bool compact = heap->compact.wanted != RHI_COMPACT_NONE;

    work_do(heap, (struct work){ .run = run_collect,
                                 .pause = compact ? RH_PAUSE_COMPACTION
                                                  : RH_PAUSE_MAJOR,
                                 .begins = RH_COLLECTION_MAJOR,
                                 .due = forced(cause) });
}

void
rhi_cycle_mark_at_once(struct rh_heap *heap, enum rh_cause cause)
{
    work_do(heap, (struct work){ .run = run_mark_at_once,
                                 .pause = RH_PAUSE_STEP,
                                 .begins = RH_COLLECTION_MAJOR,
                                 .due = forced(cause) });
}

void
rhi_cycle_start(struct rh_heap *heap, enum rh_cause cause)
{
    work_do(heap, (struct work){ .run = run_start,
                                 .pause = RH_PAUSE_STEP,
                                 .begins = RH_COLLECTION_MAJOR,
                                 .due = forced(cause) });
}

// What goes on was begun for the latest reason that there was.
static struct rh_due
due_before(const struct rh_heap *heap)
{
    const struct rh_collection *latest = &heap->history.latest;

    return (struct rh_due){ RH_WORK_STEP, latest->cause, latest->major_reason };
}

void
rhi_cycle_step(struct rh_heap *heap, struct rh_budget budget)
{
    bool sweeping = heap->major.stage == RHI_SWEEPING;

    work_do(heap,
            (struct work){ .run = run_step,
                           .pause = sweeping ? RH_PAUSE_SWEEP : RH_PAUSE_STEP,
                           .due = due_before(heap),
                           .budget = budget });
}

void
rhi_cycle_cancel(struct rh_heap *heap)
{
    work_do(heap, (struct work){ .run = run_cancel,
                                 .pause = RH_PAUSE_STEP,
                                 .due = due_before(heap) });
}

static void
cycle_run_major(struct rh_heap *heap, struct rh_due due)
{
    struct work work = { .run = run_collect,
                         .pause = RH_PAUSE_MAJOR,
                         .begins = RH_COLLECTION_MAJOR,
                         .due = due };

    if (heap->major.stage != RHI_IDLE) {
        work.run = run_finish;
        work.begins = RH_COLLECTION_NONE;
    } else if (heap->config.incremental) {
        work.run = run_minor_and_start;
        work.pause = RH_PAUSE_MINOR;
        work.begins = RH_COLLECTION_MINOR;
    }
    work_do(heap, work);
}

void
rhi_cycle_run(struct rh_heap *heap, struct rh_due due)
{
    switch (due.work) {
    case RH_WORK_NONE:
        break;
    case RH_WORK_STEP:
        rhi_cycle_step(
            heap, (struct rh_budget){ .microseconds = heap->config.step_us });
        break;
    case RH_WORK_MINOR:
        due.major = RH_MAJOR_NONE;
        work_do(heap, (struct work){ .run = run_minor,
                                     .pause = RH_PAUSE_MINOR,
                                     .begins = RH_COLLECTION_MINOR,
                                     .due = due });
        break;
    case RH_WORK_MAJOR:
        cycle_run_major(heap, due);
        break;
    }
}
