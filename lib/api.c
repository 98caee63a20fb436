// SPDX-License-Identifier: MIT
/*
 * api - the front door: making a heap, and ending it.
 *
 * The last chapter, because a new heap gets the Ruby-style objects unless the
 * embedder brings a model of his own, and these stand above everything else.
 */
#include "config.h"

#include "alloc.h"
#include "os.h"
#include "poison.h"
#include "settings.h"

#include <rheap/finalizer.h>
#include <rheap/object.h>

void
rh_config_init(struct rh_config *config)
{
    rhi_settings_init(config);
    config->model = rh_object_model();
}

// Undo what heap_build() did, as far as it came.
static void
heap_dismantle(struct rh_heap *heap)
{
    const struct rh_model *model = heap->model;

    if (heap->model_state && model->detach)
        model->detach(heap, heap->model_state);
    rhi_barrier_fini(&heap->barrier);
    rhi_identity_fini(&heap->identity);
    rhi_finalizers_fini(&heap->finalizers);
    rhi_weak_fini(&heap->weak);
    rhi_sites_clear(&heap->sites);
    rhi_profile_fini(&heap->profile);
    rhi_events_fini(&heap->events);
    rhi_stack_fini(&heap->stack);
    rhi_threads_fini(&heap->threads);
    rhi_roots_fini(&heap->roots);
    rhi_sharing_fini(heap);
    rhi_region_fini(&heap->region);
}

static bool
heap_build_region(struct rh_heap *heap)
{
    const struct rh_config *config = &heap->config;

    if (!rhi_region_init(&heap->region, &config->memory, &heap->panic,
                         (struct rhi_region_options){ config->region_bytes,
                                                      config->huge_pages }))
        return false;
    rhi_space_init(&heap->space, &heap->region, &heap->events, heap,
                   config->slot_bytes);
    rhi_mutator_init(&heap->mutator, &heap->space, heap->model->run_offset);
    if (config->generational)
        heap->mutator.fast.old = heap->region.plane[RHI_MARK];
    return true;
}

static void
heap_build_compact(struct rh_heap *heap)
{
    struct rhi_forward forward = { &heap->region, heap->model->run_offset };

    heap->compact = (struct rhi_compact){
        .evacuation = { .space = &heap->space,
                        .events = &heap->events,
                        .model = heap->model,
                        .heap = heap,
                        .sites = &heap->sites,
                        .forward = forward },
        .follow = { .forward = forward,
                    .region = &heap->region,
                    .roots = &heap->roots,
                    .seal = &heap->seal,
                    .weak = &heap->weak,
                    .finalizers = &heap->finalizers,
                    .identity = &heap->identity,
                    .model = heap->model,
                    .heap = heap },
        .config = &heap->config,
    };
}

static void
heap_build_collector(struct rh_heap *heap)
{
    const struct rh_config *config = &heap->config;

    rhi_external_init(&heap->external, config, &heap->panic);
    rhi_barrier_init(&heap->barrier, &heap->region, &heap->meter,
                     &heap->space.shape);
    rhi_marker_init(&heap->marker, &heap->region, heap->model,
                    &heap->space.shape);
    rhi_marker_init(&heap->young, &heap->region, heap->model,
                    &heap->space.shape);
    heap->sweep = (struct rhi_sweep){
        .space = &heap->space,
        .events = &heap->events,
        .model = heap->model,
        .heap = heap,
    };
    heap->seal = (struct rhi_seal){
        .region = &heap->region,
        .space = &heap->space,
        .barrier = &heap->barrier,
        .model = heap->model,
    };
    heap_build_compact(heap);
    rhi_trim_init(&heap->trim, &heap->space, &heap->external, config);
    rhi_growth_init(&heap->growth, config, heap->space.shape.slots);
}

static bool
heap_build(struct rh_heap *heap)
{
    const struct rh_config *config = &heap->config;
    const struct rh_model *model = heap->model;

    if (!heap_build_region(heap))
        return false;
    heap_build_collector(heap);
    if (!rhi_roots_init(&heap->roots, &heap->mutator.fast, &heap->meter,
                        config))
        return false;
    if (model->attach && !(heap->model_state = model->attach(heap)))
        return false;
    return rhi_alloc_populate(heap,
                              config->initial_slots / heap->space.shape.slots);
}

static size_t
heap_page_bytes(const struct rh_memory *memory)
{
    return memory->page_bytes ? memory->page_bytes : rhi_os_page_bytes();
}

static size_t
heap_bytes(const struct rh_memory *memory)
{
    return rhi_round_up(sizeof(struct rh_heap), heap_page_bytes(memory));
}

// Pages of its own: a collection in a forked child writes to it, and should not
// make private what the program keeps beside it.
static struct rh_heap *
heap_reserve(const struct rh_memory *memory)
{
    size_t bytes = heap_bytes(memory);
    void *block =
        memory->reserve(memory->context, bytes, heap_page_bytes(memory));

    if (!block)
        return NULL;
    if (!memory->commit(memory->context, block, bytes)) {
        memory->unreserve(memory->context, block, bytes);
        return NULL;
    }
    rhi_poison_add_leak_roots(block, bytes);
    return memset(block, 0, sizeof(struct rh_heap));
}

static struct rh_heap *
heap_allocate(const struct rh_config *config)
{
    const struct rh_allocator *allocator = &config->allocator;
    struct rh_heap *heap = heap_reserve(&config->memory);

    if (!heap)
        return NULL;
    heap->config = *config;
    heap->model = config->model;
    heap->panic =
        (struct rhi_panic){ config->panic, heap, config->hook_context };
    heap->meter =
        (struct rhi_meter){ .allocator = *allocator, .panic = &heap->panic };
    heap->events = (struct rhi_events){ .heap = heap, .meter = &heap->meter };
    heap->roots.meter = &heap->meter;
    rhi_weak_init(&heap->weak, &heap->region, &heap->meter);
    rhi_finalizers_init(&heap->finalizers, &heap->region, &heap->meter);
    rhi_identity_init(&heap->identity, &heap->region, &heap->meter);
    rhi_profile_init(&heap->profile, &heap->mutator, &heap->sweep,
                     &heap->external, &heap->meter);
    rhi_sites_init(&heap->sites, &heap->space, &heap->meter);
    rhi_threads_init(&heap->threads, heap, &heap->meter);
    rhi_stack_init(&heap->stack, &heap->mutator, &heap->roots, &heap->threads,
                   heap->model);
    return heap;
}

static void
heap_deallocate(struct rh_heap *heap)
{
    struct rh_memory memory = heap->config.memory;
    size_t bytes = heap_bytes(&memory);

    rhi_poison_remove_leak_roots(heap, bytes);
    memory.unreserve(memory.context, heap, bytes);
}

struct rh_heap *
rh_heap_new(const struct rh_config *config)
{
    struct rh_config standard;
    struct rh_heap *heap;

    if (!config) {
        rh_config_init(&standard);
        config = &standard;
    }
    if (rh_config_check(config, NULL) != RH_OK)
        return NULL;
    heap = heap_allocate(config);
    if (heap && !heap_build(heap)) {
        heap_dismantle(heap);
        heap_deallocate(heap);
        return NULL;
    }
    return heap;
}

void
rh_heap_free(struct rh_heap *heap)
{
    if (!heap)
        return;
    if (heap->inside || heap->walks || heap->events.sending)
        rhi_panic(&heap->panic, "heap freed during a collection or a walk, or "
                                "by a listener");
    if (heap->atfork.forget)
        heap->atfork.forget(heap);
    rhi_finalizers_queue_all(&heap->finalizers);
    rh_finalizer_run(heap, 0);
    rhi_mutator_flush(&heap->mutator);
    heap->inside = true;
    // Those on pages not yet swept are allocated, too: all are released once.
    rhi_sweep_release_all(&heap->sweep);
    heap_dismantle(heap);
    RHI_ASSERT(&heap->panic, heap->meter.blocks == 0); // A1
    heap_deallocate(heap);
}
