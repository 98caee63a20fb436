// SPDX-License-Identifier: MIT
#include "config.h"

#include "tune_run.h"

#include <rheap/event.h>
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/profile.h>
#include <rheap/roots.h>
#include <rheap/stat.h>

struct object {
    struct object *next;
    void *block;
    size_t bytes; // of it
};

struct run {
    struct tune_result *result;
    rh_growth_fn rule;
    struct object *alive; // a list, newest first
    size_t live;
};

static void
trace(void *object, struct rh_visitor *visitor)
{
    struct object *it = object;

    rh_visit(visitor, &it->next);
}

static void
release(struct rh_heap *heap, void *object)
{
    struct object *it = object;

    rh_external_free(heap, it->block, it->bytes);
}

static size_t
size(struct rh_heap *heap, const void *object)
{
    const struct object *it = object;

    (void)heap;
    return it->bytes;
}

static const struct rh_model model = {
    .struct_bytes = sizeof model,
    .name = "tune",
    .trace = trace,
    .release = release,
    .size = size,
};

// The rule, and a note of what it did.
static void
grow(const struct rh_growth_view *view, struct rh_growth_answer *answer)
{
    struct run *run = view->config->user_data;

    run->rule(view, answer);
    if (answer->capacity_slots > view->capacity_slots)
        run->result->heaps++;
    run->result->slots = answer->capacity_slots;
}

static void
note_peak(struct tune_result *result, const struct rh_heap *heap)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    size_t bytes;

    rh_heap_stat(heap, &stat);
    bytes = (size_t)(stat.x_body_bytes + stat.x_external_bytes);
    if (bytes > result->peak_bytes)
        result->peak_bytes = bytes;
}

static void
hear(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct run *run = context;
    struct rh_collection latest = { .struct_bytes = sizeof latest };

    (void)event;
    rh_heap_latest(heap, &latest);
    run->result->by_malloc += latest.cause == RH_CAUSE_MALLOC;
    note_peak(run->result, heap);
}

static bool
make(struct run *run, struct rh_heap *heap, size_t bytes, bool lives)
{
    struct object *object = rh_heap_alloc(heap);

    if (!object)
        return false;
    if (bytes) {
        object->block = rh_external_malloc(heap, bytes);
        if (!object->block)
            return false;
        object->bytes = bytes;
        rh_external_attach(heap, object);
    }
    if (lives) {
        object->next = run->alive;
        run->alive = object;
        run->live++;
    }
    return true;
}

static bool
run_span(struct run *run, struct rh_heap *heap, const struct tune_span *span)
{
    size_t more = span->live > run->live ? span->live - run->live : 0;
    size_t made = span->made > more ? span->made : more;

    for (size_t n = 0, share = 0; n < made; n++) {
        share += more;
        if (!make(run, heap, span->object_bytes, share >= made))
            return false;
        if (share >= made)
            share -= made;
    }
    for (; run->live > span->live; run->live--)
        run->alive = run->alive->next;
    return true;
}

static void
take_figures(struct tune_result *result, const struct rh_heap *heap)
{
    struct rh_pauses pauses;
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    note_peak(result, heap);
    rh_profile_pauses(heap, RH_PAUSES_ALL, &pauses);
    rh_heap_stat(heap, &stat);
    result->collections = (size_t)stat.count;
    result->pause_ms = (double)pauses.total_ns / 1e6;
    result->pause_max_ms = (double)pauses.max_ns / 1e6;
}

bool
tune_run(struct tune_result *result, const struct rh_config *config,
         const struct tune_load *load)
{
    struct run run = { .result = result, .rule = config->growth };
    struct rh_config ours = *config;
    struct rh_heap *heap;
    bool goes_on = true;

    *result =
        (struct tune_result){ .heaps = 1, .slots = config->initial_slots };
    ours.model = &model;
    ours.growth = grow;
    ours.user_data = &run;
    heap = rh_heap_new(&ours);
    if (!heap)
        return false;
    if (rh_root_add(heap, &run.alive) != RH_OK ||
        rh_event_listen(heap, RH_EVENT_COLLECTION_START, hear, &run) != RH_OK) {
        rh_heap_free(heap);
        return false;
    }
    for (size_t n = 0; goes_on && n < load->count; n++)
        goes_on = run_span(&run, heap, &load->spans[n]);
    result->failed = !goes_on;
    result->live = run.live;
    take_figures(result, heap);
    rh_heap_free(heap);
    return true;
}
