// SPDX-License-Identifier: MIT
// The Boehm-Demers-Weiser collector, conservative.  Run with GC_MARKERS=1: the
// others have no second thread to mark with either.
#include "bench.h"

#include <gc.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = false,
    FINALIZES = true
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

static void
count_finalized(void *object, void *context)
{
    (void)object, (void)context;
    finalized++;
}

// Without an order, as others do: by default those of a list would run one a
// collection.
static void
finalizer_set(struct vm *vm, ref node)
{
    (void)vm;
    GC_REGISTER_FINALIZER_NO_ORDER(node, count_finalized, NULL, NULL, NULL);
}

static void
finalizers_run(struct vm *vm)
{
    (void)vm;
    GC_invoke_finalizers();
}

static size_t
live(struct vm *vm)
{
    (void)vm;
    return LIVE_UNKNOWN;
}

#include "workloads.h"

int
main(int argc, char **argv)
{
    GC_INIT();
    return bench_main(argc, argv);
}
