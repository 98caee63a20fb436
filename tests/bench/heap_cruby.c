// SPDX-License-Identifier: MIT
// CRuby, embedded: a node is an array of two, which fit into the slot.  Made
// through the C API, so that no interpreter loop is measured.
#include "bench.h"
#include "pauses.h"

#include <ruby.h>
#include <ruby/debug.h>
#include <ruby/version.h>

enum {
    COLLECTS = true,
    EXACT = false,
    MANY = false,
    OLD_AFTER = 4 // three survivals make an object old
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

static size_t
live(struct vm *vm)
{
    size_t now = live_slots();

    return now < vm->own ? 0 : now - vm->own;
}

#define HAS_YOUNG

// What takes keywords is written in Ruby, and so is the call.
static void
collect_young(struct vm *vm)
{
    static VALUE proc = Qfalse;

    (void)vm;
    if (!proc) {
        rb_gc_register_address(&proc);
        proc = rb_eval_string("proc { GC.start(full_mark: false, "
                              "immediate_mark: true, immediate_sweep: true) }");
    }
    rb_proc_call_with_block(proc, 0, NULL, Qnil);
}

#define HAS_ARRAYS

static ref
array_new(struct vm *vm, size_t length, ref node)
{
    VALUE array = rb_ary_new_capa((long)length);

    (void)vm;
    rb_ary_store(array, 0, node);
    rb_ary_store(array, (long)length - 1, Qnil);
    return array;
}

static ref
array_get(struct vm *vm, ref array, size_t index)
{
    (void)vm;
    return RARRAY_AREF(array, (long)index);
}

static void
array_set(struct vm *vm, ref array, size_t index, ref node)
{
    (void)vm;
    RARRAY_ASET(array, (long)index, node);
}

#define HAS_PAUSES
#define node_new_watched node_new

static struct pauses *watching;
static VALUE state_name, marking_name, sweeping_name;

static void
on_event(VALUE tracepoint, void *start)
{
    rb_trace_arg_t *event = rb_tracearg_from_tracepoint(tracepoint);
    VALUE state = rb_gc_latest_gc_info(state_name);

    if (rb_tracearg_event_flag(event) == RUBY_INTERNAL_EVENT_GC_ENTER)
        *(struct pause_clock *)start = pause_begin();
    else if (watching)
        pauses_note(watching, *(struct pause_clock *)start, pause_end(),
                    state == marking_name    ? "until marking"
                    : state == sweeping_name ? "until sweeping"
                                             : "until the end");
}

static void
pauses_watch(struct vm *vm, struct pauses *pauses)
{
    static VALUE tracepoint = Qfalse;
    static struct pause_clock start;

    (void)vm;
    if (!tracepoint) {
        state_name = ID2SYM(rb_intern("state"));
        marking_name = ID2SYM(rb_intern("marking"));
        sweeping_name = ID2SYM(rb_intern("sweeping"));
        rb_gc_latest_gc_info(state_name); // the first call makes symbols
        rb_gc_register_address(&tracepoint);
        tracepoint = rb_tracepoint_new(
            Qfalse, RUBY_INTERNAL_EVENT_GC_ENTER | RUBY_INTERNAL_EVENT_GC_EXIT,
            on_event, &start);
        rb_tracepoint_enable(tracepoint);
    }
    watching = pauses;
}

#define HAS_FINALIZERS

static VALUE
on_death(RB_BLOCK_CALL_FUNC_ARGLIST(id, count))
{
    ++*(size_t *)count;
    return Qnil;
}

static void
finalizer_add(struct vm *vm, ref node, size_t *count)
{
    static VALUE block = Qfalse;

    (void)vm;
    if (!block) {
        rb_gc_register_address(&block);
        block = rb_proc_new(on_death, (VALUE)count);
    }
    rb_define_finalizer(node, block);
    rb_thread_check_ints(); // as the interpreter does between two calls
}

// Collections post them for the next time that it is safe.
static void
finalizers_run(struct vm *vm)
{
    (void)vm;
    rb_thread_check_ints();
}

#include "workloads.h"

// The C stack is scanned from here on: in no frame below may be a reference.
int
main(int argc, char **argv)
{
    char *options[] = { "ruby", "--disable=gems", "-e", "" };
    int status;
    RUBY_INIT_STACK;

    ruby_init();
    ruby_options(4, options);
    status = bench_main(argc, argv);
    ruby_finalize();
    return status;
}
