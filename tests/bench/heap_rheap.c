// SPDX-License-Identifier: MIT
// rheap with Ruby-style objects: a node is an array of two, which fit into the
// slot, and has a class.
#include "bench.h"

#include "rheap_vm.h"

#include <rheap/array.h>
#include <rheap/class.h>

typedef rh_value ref;
#define NONE RH_NIL

static struct vm *
vm_new(enum vm_config config)
{
    struct vm *vm = rheap_vm_new(config, NULL);

    vm->class_of = rh_class_new(vm->heap, RH_FALSE, RH_NIL, "Node", 4);
    expect(vm->class_of != RH_UNDEF, "a class");
    expect(rh_root_add(vm->heap, &vm->class_of) == RH_OK, "a second root");
    vm->root = rh_value_slot(NONE);
    rh_heap_collect(vm->heap);
    vm->own = live(vm);
    return vm;
}

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    rh_value values[] = { left, right }; // both are held
    ref node = rh_array_new(vm->heap, vm->class_of, values, 2);

    if (node == RH_UNDEF)
        die("no memory");
    return node;
}

static inline ref
node_left(ref node)
{
    return rh_array_get(node, 0);
}

static inline ref
node_right(ref node)
{
    return rh_array_get(node, 1);
}

static inline void
node_set(struct vm *vm, ref node, size_t index, ref value)
{
    if (rh_array_set(vm->heap, node, index, value) != RH_OK)
        die("array refuses a value");
}

static inline void
node_set_left(struct vm *vm, ref node, ref left)
{
    node_set(vm, node, 0, left);
}

static inline void
node_set_right(struct vm *vm, ref node, ref right)
{
    node_set(vm, node, 1, right);
}

static inline ref
root_get(struct vm *vm)
{
    return rh_value_of_slot(vm->root);
}

static inline void
root_set(struct vm *vm, ref node)
{
    vm->root = rh_value_slot(node);
}

typedef void **held;

static inline held
hold(struct vm *vm, ref node)
{
    return rheap_hold(vm, rh_value_slot(node));
}

static inline ref
held_get(held handle)
{
    return rh_value_of_slot(*handle);
}

#ifdef GENERATIONAL
#define HAS_ARRAYS

static ref
array_new(struct vm *vm, size_t length, ref node)
{
    size_t scope = scope_open(vm);
    held first = hold(vm, node);
    ref array = rh_array_new(vm->heap, vm->class_of, NULL, length);

    if (array == RH_UNDEF)
        die("no memory");
    node_set(vm, array, 0, held_get(first));
    scope_close(vm, scope);
    return array;
}

static inline ref
array_get(struct vm *vm, ref array, size_t index)
{
    (void)vm;
    return rh_array_get(array, index);
}

static inline void
array_set(struct vm *vm, ref array, size_t index, ref node)
{
    node_set(vm, array, index, node);
}
#endif

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
    rheap_finalizer_add(vm, rh_value_slot(node), count);
}
#endif

#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
