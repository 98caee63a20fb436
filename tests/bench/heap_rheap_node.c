// SPDX-License-Identifier: MIT
// rheap with objects of the embedder's own and the simplest model that can be.
// A heap has no generations yet, so a store needs no barrier.
#include "bench.h"

#include "rheap_vm.h"

#include "c_nodes.h"

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

static inline struct node *
node_alloc(struct vm *vm)
{
    return rh_fast_alloc(vm->heap, vm->fast, sizeof(struct node));
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
