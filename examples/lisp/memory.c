/* SPDX-License-Identifier: MIT */
/* memory.c - the heap of an interpreter, and making objects.
 *
 * The only place where a constructor's "no memory" is looked at: from here up
 * an object is made, or an error is on its way.
 *
 * What the interpreter itself refers to is in one struct of values, registered
 * as one range of roots.  The C code may then assign to its fields at will. */
#include "lisp.h"

#include <string.h>
#include <sys/resource.h>

enum {
    STACK_DEFAULT = 64 << 20, /* of a C stack without a limit */
    STACK_MAX = 1 << 30,
    ROOT_COUNT = sizeof(struct lisp_roots) / sizeof(rh_value)
};

/* Three quarters of the C stack are for Lisp, the rest for what it calls. */
static uintptr_t
find_stack_end(void)
{
    struct rlimit limit;
    size_t bytes = STACK_DEFAULT;

    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < STACK_MAX)
        bytes = (size_t)limit.rlim_cur;
    return LISP_FRAME - bytes / 4 * 3;
}

static void
add_builtins(struct lisp *l, const struct lisp_builtin *builtin)
{
    for (; builtin->name && l->builtin_count < LISP_MAX_BUILTINS; builtin++) {
        rh_value symbol = lisp_symbol(l, builtin->name);

        lisp_set_global(l, symbol, rh_symbol_from_id(l->builtin_count));
        l->builtins[l->builtin_count++] = builtin;
    }
}

bool
lisp_open(struct lisp *l, const struct rh_config *config)
{
    *l = (struct lisp){ .stack_end = find_stack_end() };
    for (size_t i = 0; i < ROOT_COUNT; i++)
        ((rh_value *)&l->roots)[i] = RH_NIL;
    l->heap = rh_heap_new(config);
    if (!l->heap)
        return false;
    l->fast = rh_heap_fast(l->heap);
    if (rh_root_add_range(l->heap, "interpreter", &l->roots, ROOT_COUNT) ==
        RH_OK)
        return true;
    lisp_close(l);
    return false;
}

rh_value
lisp_start(struct lisp *l, void *context)
{
    (void)context;
    l->roots.symbols = lisp_made(l, rh_hash_new(l->heap, 0, NULL));
    l->roots.globals = lisp_vector(l, 0, RH_NIL);
    l->roots.files = lisp_vector(l, 1, RH_NIL);
    l->roots.no_memory = lisp_error(l, lisp_text(l, "out of memory"), RH_NIL);
    for (size_t i = 0; lisp_keywords[i]; i++)
        (void)lisp_symbol(l, lisp_keywords[i]);
    add_builtins(l, lisp_core);
    add_builtins(l, lisp_numbers);
    add_builtins(l, lisp_files);
    return lisp_run_text(l, lisp_text(l, lisp_prelude), 0);
}

void
lisp_close(struct lisp *l)
{
    rh_heap_free(l->heap);
}

rh_value
lisp_made(struct lisp *l, rh_value value)
{
    if (value == RH_UNDEF)
        lisp_no_memory(l);
    return value;
}

void
lisp_check(struct lisp *l, enum rh_status status)
{
    if (status == RH_NO_MEMORY)
        lisp_no_memory(l);
    if (status != RH_OK)
        lisp_fail(l, RH_UNDEF, "%s", rh_status_string(status));
}

rh_value
lisp_cons(struct lisp *l, rh_value car, rh_value cdr)
{
    return lisp_made(l, rh_node_new(l->heap, LISP_PAIR, 0, car, cdr, RH_NIL));
}

rh_value
lisp_node(struct lisp *l, enum lisp_node kind, rh_value a, rh_value b,
          rh_value c)
{
    return lisp_made(l, rh_node_new(l->heap, kind, l->position, a, b, c));
}

rh_value
lisp_imemo(struct lisp *l, enum rh_imemo_kind kind, rh_value a, rh_value b,
           rh_value c)
{
    return lisp_made(l, rh_imemo_new(l->heap, kind, a, b, c));
}

rh_value
lisp_text(struct lisp *l, const char *c_string)
{
    return lisp_made(l, rh_string_new(l->heap, 0, c_string, strlen(c_string)));
}

rh_value
lisp_vector(struct lisp *l, size_t length, rh_value fill)
{
    size_t height = save(l);
    lisp_ref filler = hold(l, fill);
    rh_value vector = lisp_made(l, rh_array_new(l->heap, 0, NULL, length));

    for (size_t i = 0; i < length; i++)
        lisp_check(l, rh_array_set(l->heap, vector, i, at(filler)));
    return leave(l, height, vector);
}

rh_value
lisp_real(struct lisp *l, double number)
{
    return lisp_made(l, rh_float_new(l->heap, 0, number));
}

rh_value
lisp_integer(struct lisp *l, int64_t number)
{
    if (rh_fixnum_fits(number))
        return rh_fixnum_from(number);
    return lisp_real(l, (double)number);
}

/* ---- symbols and global variables ---- */

rh_value
lisp_new_symbol(struct lisp *l, rh_value name)
{
    size_t id = rh_array_length(l->roots.globals);

    rh_object_freeze(l->heap, name);
    lisp_check(l, rh_array_push(l->heap, l->roots.globals, RH_UNDEF));
    return lisp_made(l, rh_symbol_new(l->heap, 0, name, id, id));
}

rh_value
lisp_intern(struct lisp *l, rh_value name)
{
    size_t height = save(l);
    lisp_ref string = hold(l, name), symbol;
    rh_value known = rh_hash_get(l->heap, l->roots.symbols, name);

    if (known != RH_UNDEF)
        return leave(l, height, known);
    symbol = hold(l, lisp_new_symbol(l, at(string)));
    lisp_check(l,
               rh_hash_set(l->heap, l->roots.symbols, at(string), at(symbol)));
    return leave(l, height, at(symbol));
}

rh_value
lisp_symbol(struct lisp *l, const char *name)
{
    return lisp_intern(l, lisp_text(l, name));
}

rh_value
lisp_global(const struct lisp *l, rh_value symbol)
{
    return rh_array_get(l->roots.globals, rh_symbol_id(symbol));
}

void
lisp_set_global(struct lisp *l, rh_value symbol, rh_value value)
{
    lisp_check(l, rh_array_set(l->heap, l->roots.globals, rh_symbol_id(symbol),
                               value));
}

uint32_t
lisp_add_file(struct lisp *l, rh_value name)
{
    size_t index = rh_array_length(l->roots.files);

    if (index >= 1 << (30 - LISP_LINE_BITS))
        return 0; /* a place without a name */
    lisp_check(l, rh_array_push(l->heap, l->roots.files, name));
    return (uint32_t)(index << LISP_LINE_BITS | 1);
}

/* ---- lists ---- */

/* Code is made of nodes, too, but never becomes a value. */
bool
lisp_is_pair(rh_value value)
{
    return rh_type_of(value) == RH_TYPE_NODE;
}

rh_value
lisp_car(rh_value pair)
{
    return rh_node_get(pair, 0);
}

rh_value
lisp_cdr(rh_value pair)
{
    return rh_node_get(pair, 1);
}

int64_t
lisp_length(rh_value list)
{
    int64_t length = 0;
    rh_value half = list; /* comes half as far: is met again in a circle */

    while (lisp_is_pair(list)) {
        list = lisp_cdr(list);
        if (++length % 2 == 0) {
            half = lisp_cdr(half);
            if (half == list)
                return -1;
        }
    }
    return list == RH_NIL ? length : -1;
}

rh_value
lisp_list_to_vector(struct lisp *l, rh_value list)
{
    size_t height = save(l);
    lisp_ref held = hold(l, list);
    rh_value vector = lisp_vector(l, (size_t)lisp_length(list), RH_NIL);

    list = at(held);
    for (size_t i = 0; list != RH_NIL; i++, list = lisp_cdr(list))
        lisp_check(l, rh_array_set(l->heap, vector, i, lisp_car(list)));
    return leave(l, height, vector);
}

/* A list under construction: `first` and `last` are held, and nil at first. */
void
lisp_append_pair(struct lisp *l, lisp_ref first, lisp_ref last, rh_value pair)
{
    if (at(first) == RH_NIL)
        put(first, pair);
    else
        rh_node_set(l->heap, at(last), 1, pair);
    put(last, pair);
}

/* ---- environments ----
 *
 * A frame is a chain of cells with two variables each; the last leads on to
 * the frame outside.  So a variable's address is a number of steps along one
 * chain, and a place in the cell:
 *
 *     (lambda (a b c) ...)    | a | b | *-|--> | c |   | *-|--> frame outside
 *         addresses             0   1            2
 *
 * The compiler makes frames of names with the same function, and finds the
 * addresses by walking them. */
rh_value
lisp_extend(struct lisp *l, lisp_ref values, size_t count, rh_value outer)
{
    rh_value frame = outer;

    if (count % 2) {
        count--;
        frame =
            lisp_imemo(l, RH_IMEMO_ENV, at(values + count), RH_UNDEF, frame);
    }
    for (; count; count -= 2)
        frame = lisp_imemo(l, RH_IMEMO_ENV, at(values + count - 2),
                           at(values + count - 1), frame);
    return frame;
}
