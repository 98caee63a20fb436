// SPDX-License-Identifier: MIT
// The Boehm-Demers-Weiser collector, conservative.  Run with GC_MARKERS=1: the
// others have no second thread to mark with either.
#include "bench.h"
#include "pauses.h"

#include <gc.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = false,
    OLD_AFTER = 1
};

struct vm {
    void *root;
};

#include "c_nodes.h"
#include "plain_scopes.h"

static const char *
heap_version(void)
{
    static char text[64];

    snprintf(text, sizeof text, "bdwgc %d.%d.%d", GC_VERSION_MAJOR,
             GC_VERSION_MINOR, GC_VERSION_MICRO);
    return text;
}

static struct vm *
vm_new(enum vm_config config)
{
    struct vm *vm = GC_MALLOC_UNCOLLECTABLE(sizeof *vm);

    (void)config;
    expect(vm != NULL, "a new heap");
    return vm;
}

static void
vm_free(struct vm *vm)
{
    GC_FREE(vm);
}

static inline struct node *
node_alloc(struct vm *vm)
{
    (void)vm;
    return GC_MALLOC(sizeof(struct node));
}

#define node_free(node) ((void)(node))

static void
collect(struct vm *vm)
{
    (void)vm;
    GC_gcollect();
}

static void
release(struct vm *vm)
{
    (void)vm;
    GC_gcollect_and_unmap();
}

static size_t
live(struct vm *vm)
{
    (void)vm;
    return LIVE_UNKNOWN;
}

// It stops the program from the start of a collection to its end.
#define HAS_PAUSES
#define node_new_watched node_new

static struct pauses *watching;

static void GC_CALLBACK
on_event(GC_EventType event)
{
    static struct pause_clock start;

    if (event == GC_EVENT_START)
        start = pause_begin();
    else if (event == GC_EVENT_END && watching)
        pauses_note(watching, start, pause_end(), "collection");
}

static void
pauses_watch(struct vm *vm, struct pauses *pauses)
{
    (void)vm;
    watching = pauses;
    GC_set_on_collection_event(on_event);
}

#define HAS_FINALIZERS

static void GC_CALLBACK
on_death(void *node, void *count)
{
    (void)node;
    ++*(size_t *)count;
}

static void
finalizer_add(struct vm *vm, ref node, size_t *count)
{
    (void)vm;
    GC_register_finalizer_no_order(node, on_death, count, NULL, NULL);
}

static void
finalizers_run(struct vm *vm)
{
    (void)vm;
    GC_invoke_finalizers();
}

#include "workloads.h"

int
main(int argc, char **argv)
{
    GC_INIT();
    GC_set_finalize_on_demand(1);
    return bench_main(argc, argv);
}
