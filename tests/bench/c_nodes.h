// SPDX-License-Identifier: MIT
// Nodes for heaps whose objects are C structures: five words, as many as an
// object has elsewhere, all of them written.  Needs node_alloc(vm), and a field
// `root` in struct vm.
#ifndef BENCH_C_NODES_H
#define BENCH_C_NODES_H

struct node {
    uint64_t flags, class_of;
    struct node *left, *right;
    uint64_t unused;
};

typedef struct node *ref;
#define NONE NULL

#ifndef NODE_STORED
#define NODE_STORED(vm, node, child) ((void)(vm))
#endif

static inline struct node *node_alloc(struct vm *vm);

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    ref node = node_alloc(vm);

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

static inline void
node_set_left(struct vm *vm, ref node, ref left)
{
    node->left = left;
    NODE_STORED(vm, node, left);
}

static inline void
node_set_right(struct vm *vm, ref node, ref right)
{
    node->right = right;
    NODE_STORED(vm, node, right);
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

#endif
