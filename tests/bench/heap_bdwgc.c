// SPDX-License-Identifier: MIT
// The Boehm-Demers-Weiser collector: conservative, with one marking thread
// (GC_MARKERS=1), since the others have none to spare either.
#include "bench.h"

#include <gc.h>

enum { COLLECTS = true, EXACT = false, MANY = false };

struct node {
    uint64_t flags, class_of;
    struct node *left, *right;
    uint64_t unused;
};

typedef struct node *ref;
#define NONE NULL

struct vm {
    ref root;
};

static struct vm *
vm_new(enum vm_config config)
{
    (void)config;
    return GC_MALLOC_UNCOLLECTABLE(sizeof(struct vm));
}

static void
vm_free(struct vm *vm)
{
    GC_FREE(vm);
}

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    ref node = GC_MALLOC(sizeof *node);

    (void)vm;
    if (!node)
        die("no memory");
    *node = (struct node){ 7, 0, left, right, 0 };
    return node;
}

#define node_free(node) ((void)(node))

static inline ref
node_left(ref node)
{
    return node->left;
}

static inline ref
node_right(ref node)
{
    return node->right;
}

static inline void
node_set_left(struct vm *vm, ref node, ref left)
{
    (void)vm;
    node->left = left;
}

static inline void
node_set_right(struct vm *vm, ref node, ref right)
{
    (void)vm;
    node->right = right;
}

static inline ref
root_get(struct vm *vm)
{
    return vm->root;
}

static inline void
root_set(struct vm *vm, ref node)
{
    vm->root = node;
}

#include "plain_scopes.h"

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

#include "workloads.h"

int
main(int argc, char **argv)
{
    GC_INIT();
    return bench_main(argc, argv);
}
