// SPDX-License-Identifier: MIT
// CRuby, embedded: a node is an array of two, which fit into the slot.  Made
// through the C API, so that no interpreter loop is measured.
#include "bench.h"

#include <ruby.h>
#include <ruby/version.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = false,
    FINALIZES = true
};

typedef VALUE ref;
#define NONE Qnil

struct vm {
    VALUE root;
    size_t own; // live slots before the workload begins
};

static const char *
heap_version(void)
{
    static char text[64];

    snprintf(text, sizeof text, "CRuby %s", ruby_version);
    return text;
}

static size_t
live_slots(void)
{
    return rb_gc_stat(ID2SYM(rb_intern("heap_live_slots")));
}

static struct vm *
vm_new(enum vm_config config)
{
    static struct vm vm = { .root = Qnil };

    (void)config; // CRuby keeps the pages that it thinks it needs
    rb_gc_register_address(&vm.root);
    rb_gc_start();
    vm.own = live_slots();
    return &vm;
}

static void
vm_free(struct vm *vm)
{
    rb_gc_unregister_address(&vm->root);
}

static inline ref
node_new(struct vm *vm, ref left, ref right)
{
    (void)vm;
    return rb_assoc_new(left, right);
}

#define node_free(node) ((void)(node))

static inline ref
node_left(ref node)
{
    return RARRAY_AREF(node, 0);
}

static inline ref
node_right(ref node)
{
    return RARRAY_AREF(node, 1);
}

static inline void
node_set_left(struct vm *vm, ref node, ref left)
{
    (void)vm;
    RARRAY_ASET(node, 0, left);
}

static inline void
node_set_right(struct vm *vm, ref node, ref right)
{
    (void)vm;
    RARRAY_ASET(node, 1, right);
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
    rb_gc_start();
}

static void
release(struct vm *vm)
{
    (void)vm;
}

// A method in C is the cheapest callable.
static VALUE
count_finalized(VALUE self, VALUE id)
{
    (void)self, (void)id;
    finalized++;
    return Qnil;
}

static void
finalizer_set(struct vm *vm, ref node)
{
    static VALUE callable;

    (void)vm;
    if (!callable) {
        rb_gc_register_address(&callable);
        callable = rb_obj_alloc(rb_cObject);
        rb_define_singleton_method(callable, "call", count_finalized, 1);
    }
    rb_define_finalizer(node, callable);
}

// They run at the next check for interrupts.
static void
finalizers_run(struct vm *vm)
{
    (void)vm;
    rb_thread_check_ints();
}

static size_t
live(struct vm *vm)
{
    size_t now = live_slots();

    return now < vm->own ? 0 : now - vm->own;
}

#include "workloads.h"

// The C stack is scanned from here on: in no frame below may be a reference.
int
main(int argc, char **argv)
{
    // Finalizers need a program to run in.
    static char name[] = "bench", plain[] = "--disable=gems", option[] = "-e",
                program[] = "nil";
    char *options[] = { name, plain, option, program };
    int status;
    RUBY_INIT_STACK;

    ruby_init();
    ruby_executable_node(ruby_options(4, options), &status);
    status = bench_main(argc, argv);
    ruby_finalize();
    return status;
}
