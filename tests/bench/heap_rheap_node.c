// SPDX-License-Identifier: MIT
// rheap with objects of the embedder's own and the simplest model that can be.
// A heap without generations needs no barriers.
#include "bench.h"

#include "rheap_vm.h"

#ifdef GENERATIONAL
#define MODEL_FLAGS RH_MODEL_BARRIERED
#define NODE_STORED(vm, node, child)                                           \
    rh_fast_barrier((vm)->heap, (vm)->fast, node, child)
#else
#define MODEL_FLAGS 0
#endif

#include "c_nodes.h"

static void
node_trace(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static const struct rh_model node_model = { .name = "node",
                                            .flags = MODEL_FLAGS,
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

static NEVER_INLINE ref
node_new_timed(struct vm *vm, ref left, ref right)
{
    ref node;

    RHEAP_TIMED(vm, node = node_new(vm, left, right));
    return node;
}

static inline ref
node_new_watched(struct vm *vm, ref left, ref right)
{
    return may_pause(vm) ? node_new_timed(vm, left, right)
                         : node_new(vm, left, right);
}

#ifdef HAS_FINALIZERS
static inline void
finalizer_add(struct vm *vm, ref node, size_t *count)
{
    rheap_finalizer_add(vm, node, count);
}
#endif

#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
