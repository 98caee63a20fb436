// SPDX-License-Identifier: MIT
// No collector: malloc and free, of glibc or of what is preloaded in its place.
// A node has the same five words, so that the same memory is written.
#include "bench.h"

#include <malloc.h>

enum { COLLECTS = false, EXACT = true, MANY = true };

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
    struct vm *vm = calloc(1, sizeof *vm);

    (void)config;
    expect(vm != NULL, "a new heap");
    return vm;
}

static void
vm_free(struct vm *vm)
{
    free(vm);
}

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    ref node = malloc(sizeof *node);

    (void)vm;
    if (!node)
        die("no memory");
    *node = (struct node){ 7, 0, left, right, 0 };
    return node;
}

static inline void
node_free(ref node)
{
    free(node);
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
}

// Each allocator's own call; those of the others are not there.
void mi_collect(bool force) __attribute__((weak));
int mallctl(const char *name, void *old, size_t *old_bytes, void *new,
            size_t new_bytes) __attribute__((weak));

static void
release(struct vm *vm)
{
    (void)vm;
    if (mi_collect)
        mi_collect(true);
    else if (mallctl)
        mallctl("arena.4096.purge", NULL, NULL, NULL, 0); // all arenas
    else
        malloc_trim(0);
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
    return bench_main(argc, argv);
}
