// SPDX-License-Identifier: MIT
// mruby: a node is an array of two, which fit into the object.  What C code has
// made is kept in the arena, a stack much like a handle scope.
#include "bench.h"

#include <mruby.h>
#include <mruby/array.h>
#include <mruby/gc.h>
#include <mruby/variable.h>
#include <mruby/version.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = true
};

// An mrb_value may be a structure, which cannot be compared.
typedef struct RArray *ref;
#define NONE NULL

struct vm {
    mrb_state *mrb;
    mrb_sym root_name;
    ref root;
};

static const char *
heap_version(void)
{
    return MRUBY_DESCRIPTION;
}

static struct vm *
vm_new(enum vm_config config)
{
    struct vm *vm = calloc(1, sizeof *vm);

    (void)config;
    expect(vm && (vm->mrb = mrb_open_core(mrb_default_allocf, NULL)),
           "a new heap");
    vm->root_name = mrb_intern_lit(vm->mrb, "$root");
    return vm;
}

static void
vm_free(struct vm *vm)
{
    mrb_close(vm->mrb);
    free(vm);
}

static inline mrb_value
value_of(ref node)
{
    return node ? mrb_obj_value(node) : mrb_nil_value();
}

static inline ref
ref_of(mrb_value value)
{
    return mrb_nil_p(value) ? NONE : mrb_ary_ptr(value);
}

// The arena must not keep it: the caller holds it if need be.
static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    int arena = mrb_gc_arena_save(vm->mrb);
    mrb_value node = mrb_assoc_new(vm->mrb, value_of(left), value_of(right));

    mrb_gc_arena_restore(vm->mrb, arena);
    return ref_of(node);
}

#define node_free(node) ((void)(node))

static inline ref
node_left(ref node)
{
    return ref_of(ARY_PTR(node)[0]);
}

static inline ref
node_right(ref node)
{
    return ref_of(ARY_PTR(node)[1]);
}

static inline void
node_set_left(struct vm *vm, ref node, ref left)
{
    mrb_ary_set(vm->mrb, value_of(node), 0, value_of(left));
}

static inline void
node_set_right(struct vm *vm, ref node, ref right)
{
    mrb_ary_set(vm->mrb, value_of(node), 1, value_of(right));
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
    mrb_gv_set(vm->mrb, vm->root_name, value_of(node));
}

static inline size_t
scope_open(struct vm *vm)
{
    return (size_t)mrb_gc_arena_save(vm->mrb);
}

static inline void
scope_close(struct vm *vm, size_t scope)
{
    mrb_gc_arena_restore(vm->mrb, (int)scope);
}

typedef ref held;

static inline held
hold(struct vm *vm, ref node)
{
    mrb_gc_protect(vm->mrb, value_of(node));
    return node;
}

static inline ref
held_get(held node)
{
    return node;
}

static void
collect(struct vm *vm)
{
    mrb_full_gc(vm->mrb);
}

static void
release(struct vm *vm)
{
    (void)vm;
}

static size_t
live(struct vm *vm)
{
    return vm->mrb->gc.live;
}

#include "no_finalizers.h"
#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
