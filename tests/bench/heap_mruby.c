// SPDX-License-Identifier: MIT
// mruby: a node is an array of two, which fit into the object.  What C code has
// made is kept in the arena, a stack much like a handle scope.
#include "bench.h"
#include "pauses.h"

#include <mruby.h>
#include <mruby/array.h>
#include <mruby/gc.h>
#include <mruby/variable.h>
#include <mruby/version.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = true,
    OLD_AFTER = 1
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

// A step, when it is not the turn of the old ones: a minor collection.
#define HAS_YOUNG

static void
collect_young(struct vm *vm)
{
    mrb_incremental_gc(vm->mrb);
}

#define HAS_ARRAYS

static ref
array_new(struct vm *vm, size_t length, ref node)
{
    int arena = mrb_gc_arena_save(vm->mrb);
    mrb_value array = mrb_ary_new_capa(vm->mrb, (mrb_int)length);

    mrb_ary_set(vm->mrb, array, 0, value_of(node));
    mrb_ary_set(vm->mrb, array, (mrb_int)length - 1, mrb_nil_value());
    mrb_gc_arena_restore(vm->mrb, arena);
    return ref_of(array);
}

static ref
array_get(struct vm *vm, ref array, size_t index)
{
    return ref_of(mrb_ary_ref(vm->mrb, mrb_obj_value(array), (mrb_int)index));
}

static void
array_set(struct vm *vm, ref array, size_t index, ref node)
{
    mrb_ary_set(vm->mrb, mrb_obj_value(array), (mrb_int)index, value_of(node));
}

#define HAS_PAUSES

static struct pauses *watching;

static void
pauses_watch(struct vm *vm, struct pauses *pauses)
{
    (void)vm;
    watching = pauses;
}

static NEVER_INLINE ref
node_new_timed(struct vm *vm, ref left, ref right)
{
    static const char *const kinds[] = { "step: roots", "step: marking",
                                         "step: sweeping" };
    const char *kind = kinds[vm->mrb->gc.state];
    struct pause_clock start = pause_begin();
    ref node = node_new(vm, left, right);

    if (vm->mrb->gc.generational && !vm->mrb->gc.full)
        kind = "minor";
    pauses_note(watching, start, pause_end(), kind);
    return node;
}

static inline ref
node_new_watched(struct vm *vm, ref left, ref right)
{
    // The test that mruby itself makes when an object is allocated.
    if (watching && vm->mrb->gc.threshold < vm->mrb->gc.live)
        return node_new_timed(vm, left, right);
    return node_new(vm, left, right);
}

#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
