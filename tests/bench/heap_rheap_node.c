// SPDX-License-Identifier: MIT
// rheap with objects of the embedder's own: five words, two of them references,
// and the simplest model that can be.
#include "bench.h"

#include "rheap_vm.h"

struct node {
    uint64_t flags, class_of;
    struct node *left, *right;
    uint64_t unused;
};

typedef struct node *ref;
#define NONE NULL

static void
node_trace(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static const struct rh_model node_model = { .name = "node",
                                            .trace = node_trace };

static struct vm *
vm_new(enum vm_config config)
{
    return rheap_vm_new(config, &node_model);
}

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    ref node = rh_fast_alloc(vm->heap, vm->fast, sizeof *node);

    if (!node)
        die("no memory");
    *node = (struct node){ 7, 0, left, right, 0 };
    return node;
}

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

// A heap has no generations yet, so a store needs no barrier.
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

typedef void **held;

static inline held
hold(struct vm *vm, ref node)
{
    return rheap_hold(vm, node);
}

static inline ref
held_get(held handle)
{
    return *handle;
}

#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
