/* SPDX-License-Identifier: MIT */
/* builtins.c - procedures in C: pairs, strings, vectors, tables, control.
 *
 * Arguments have been checked, and are handles as long as the call lasts.  So
 * most builtins hold nothing themselves: what they make last, they answer.
 * What they do hold, their caller lets go of. */
#include "lisp.h"

#include <rheap/stat.h>

#include <string.h>
#include <time.h>

static rh_value
truth(bool is)
{
    return is ? RH_TRUE : RH_FALSE;
}

/* ---- what is it? ---- */

bool
lisp_is_builtin(const struct lisp *l, rh_value value)
{
    return rh_value_is_static_symbol(value) &&
           rh_symbol_static_id(value) < l->builtin_count;
}

static bool
is_procedure(const struct lisp *l, rh_value value)
{
    return lisp_is_builtin(l, value) ||
           (rh_type_of(value) == RH_TYPE_IMEMO &&
            (rh_imemo_kind(value) == RH_IMEMO_IFUNC ||
             rh_imemo_kind(value) == RH_IMEMO_THROW_DATA));
}

bool
lisp_is(const struct lisp *l, char want, rh_value value)
{
    switch (want) {
    case '0':
        return value == RH_NIL;
    case '-':
        return value == RH_FALSE;
    case '$':
        return value == LISP_END_OF_FILE;
    case 'b':
        return value == RH_TRUE || value == RH_FALSE;
    case 'e':
        return lisp_is_error(value);
    case 'f':
        return is_procedure(l, value);
    case 'i':
        return rh_value_is_fixnum(value);
    case 'l':
        return value == RH_NIL || lisp_is_pair(value);
    case 'n':
        return rh_value_is_fixnum(value) || rh_type_of(value) == RH_TYPE_FLOAT;
    case 'o':
        return rh_type_of(value) == RH_TYPE_FILE;
    case 'p':
        return lisp_is_pair(value);
    case 's':
        return rh_type_of(value) == RH_TYPE_STRING;
    case 'v':
        return rh_type_of(value) == RH_TYPE_ARRAY;
    case 'y':
        return rh_value_is_object(value) && rh_type_of(value) == RH_TYPE_SYMBOL;
    default:
        return true;
    }
}

/* null? pair? and so on: `which` is the letter */
LISP_BUILTIN(is)
{
    return truth(lisp_is(l, l->running->which, at(args)));
}

bool
lisp_same(rh_value a, rh_value b)
{
    return a == b || (rh_value_is_object(a) && rh_type_of(a) == RH_TYPE_FLOAT &&
                      rh_type_of(b) == RH_TYPE_FLOAT &&
                      !(rh_float_value(a) < rh_float_value(b)) &&
                      !(rh_float_value(a) > rh_float_value(b)));
}

static bool
equal(struct lisp *l, rh_value a, rh_value b)
{
    lisp_check_stack(l);
    for (; lisp_is_pair(a) && lisp_is_pair(b); a = lisp_cdr(a), b = lisp_cdr(b))
        if (!equal(l, lisp_car(a), lisp_car(b)))
            return false;
    if (lisp_same(a, b))
        return true;
    if (lisp_is(l, 's', a) && lisp_is(l, 's', b))
        return rh_string_equal(a, b);
    if (!lisp_is(l, 'v', a) || !lisp_is(l, 'v', b) ||
        rh_array_length(a) != rh_array_length(b))
        return false;
    for (size_t i = 0; i < rh_array_length(a); i++)
        if (!equal(l, rh_array_get(a, i), rh_array_get(b, i)))
            return false;
    return true;
}

LISP_BUILTIN(eq)
{
    return truth(lisp_same(at(args), at(args + 1)));
}

LISP_BUILTIN(equal)
{
    return truth(equal(l, at(args), at(args + 1)));
}

/* ---- pairs and lists ---- */

LISP_BUILTIN(cons)
{
    return lisp_cons(l, at(args), at(args + 1));
}

LISP_BUILTIN(car)
{
    return lisp_car(at(args));
}

LISP_BUILTIN(cdr)
{
    return lisp_cdr(at(args));
}

/* set-car! and set-cdr!: `which` is the index, as a digit */
LISP_BUILTIN(set_part)
{
    rh_node_set(l->heap, at(args), l->running->which == '1', at(args + 1));
    return LISP_NOTHING;
}

static rh_value
list_of(struct lisp *l, size_t count, lisp_ref args)
{
    rh_value list = RH_NIL;

    while (count--)
        list = lisp_cons(l, at(args + count), list);
    return list;
}

LISP_BUILTIN(list)
{
    return list_of(l, count, args);
}

static int64_t
list_length(struct lisp *l, rh_value list)
{
    int64_t length = lisp_length(list);

    if (length < 0)
        lisp_fail(l, list, "%s: not a proper list", l->running->name);
    return length;
}

LISP_BUILTIN(length)
{
    return rh_fixnum_from(list_length(l, at(args)));
}

LISP_BUILTIN(reverse)
{
    lisp_ref result = hold(l, RH_NIL);

    (void)list_length(l, at(args));
    for (; at(args) != RH_NIL; put(args, lisp_cdr(at(args))))
        put(result, lisp_cons(l, lisp_car(at(args)), at(result)));
    return at(result);
}

/* The last argument becomes the tail; the others are copied. */
LISP_BUILTIN(append)
{
    lisp_ref first = hold(l, RH_NIL), last = hold(l, RH_NIL);

    for (size_t i = 0; i + 1 < count; i++) {
        (void)list_length(l, at(args + i));
        for (; at(args + i) != RH_NIL; put(args + i, lisp_cdr(at(args + i))))
            lisp_append_pair(l, first, last,
                             lisp_cons(l, lisp_car(at(args + i)), RH_NIL));
    }
    if (count == 0 || at(first) == RH_NIL)
        return count ? at(args + count - 1) : RH_NIL;
    rh_node_set(l->heap, at(last), 1, at(args + count - 1));
    return at(first);
}

/* memq, member, assq, assoc: `which` is m or a; M or A with equal? */
LISP_BUILTIN(find)
{
    rh_value list = at(args + 1);
    char which = l->running->which;

    for (; lisp_is_pair(list); list = lisp_cdr(list)) {
        rh_value item = lisp_car(list);
        bool association = which == 'a' || which == 'A';

        if (association && !lisp_is_pair(item))
            continue;
        if (association)
            item = lisp_car(item);
        if (which == 'm' || which == 'a' ? lisp_same(at(args), item)
                                         : equal(l, at(args), item))
            return association ? lisp_car(list) : list;
    }
    return RH_FALSE;
}

/* An argument that is an index below `limit`. */
static size_t
index_below(struct lisp *l, lisp_ref arg, size_t limit)
{
    int64_t index = rh_fixnum_value(at(arg));

    if (index < 0 || (uint64_t)index >= limit)
        lisp_fail(l, at(arg), "%s: out of range, below %zu is wanted",
                  l->running->name, limit);
    return (size_t)index;
}

/* ---- strings and symbols ---- */

LISP_BUILTIN(string_length)
{
    return rh_fixnum_from((int64_t)rh_string_length(at(args)));
}

LISP_BUILTIN(string_append)
{
    rh_value string = lisp_text(l, "");

    for (size_t i = 0; i < count; i++)
        lisp_check(l, rh_string_append(l->heap, string,
                                       rh_string_bytes(at(args + i)),
                                       rh_string_length(at(args + i))));
    return string;
}

/* (substring string from [to]), in bytes */
LISP_BUILTIN(substring)
{
    size_t length = rh_string_length(at(args));
    size_t from = index_below(l, args + 1, length + 1);
    size_t to = count > 2 ? index_below(l, args + 2, length + 1) : length;

    if (to < from)
        lisp_fail(l, at(args + 2), "substring: ends before it begins");
    return lisp_made(l, rh_string_slice(l->heap, at(args), from, to - from));
}

LISP_BUILTIN(string_less)
{
    size_t a = rh_string_length(at(args)), b = rh_string_length(at(args + 1));
    int order = memcmp(rh_string_bytes(at(args)), rh_string_bytes(at(args + 1)),
                       a < b ? a : b);

    return truth(order < 0 || (order == 0 && a < b));
}

LISP_BUILTIN(string_to_symbol)
{
    return lisp_intern(l, at(args));
}

LISP_BUILTIN(symbol_to_string)
{
    return rh_symbol_name(at(args));
}

/* Of no table, so no program can name it. */
LISP_BUILTIN(gensym)
{
    return lisp_new_symbol(l, lisp_text(l, "#:g"));
}

/* ---- vectors ---- */

LISP_BUILTIN(make_vector)
{
    size_t length = index_below(l, args, (size_t)1 << 40);

    return lisp_vector(l, length, count > 1 ? at(args + 1) : LISP_NOTHING);
}

LISP_BUILTIN(vector_length)
{
    return rh_fixnum_from((int64_t)rh_array_length(at(args)));
}

LISP_BUILTIN(vector_ref)
{
    return rh_array_get(at(args),
                        index_below(l, args + 1, rh_array_length(at(args))));
}

LISP_BUILTIN(vector_set)
{
    size_t index = index_below(l, args + 1, rh_array_length(at(args)));

    lisp_check(l, rh_array_set(l->heap, at(args), index, at(args + 2)));
    return LISP_NOTHING;
}

LISP_BUILTIN(list_to_vector)
{
    (void)list_length(l, at(args));
    return lisp_list_to_vector(l, at(args));
}

LISP_BUILTIN(vector_to_list)
{
    rh_value list = RH_NIL;

    for (size_t i = rh_array_length(at(args)); i-- > 0;)
        list = lisp_cons(l, rh_array_get(at(args), i), list);
    return list;
}

/* ---- control ---- */

static rh_value
call_without_arguments(struct lisp *l, void *call)
{
    return lisp_apply(l, call, 0);
}

/* (try thunk handler): errors, and what raise throws, go to the handler */
LISP_BUILTIN(try)
{
    struct lisp_trap trap = { .serial = 0 };
    rh_value value = lisp_protect(l, &trap, call_without_arguments, args);

    if (!trap.sprung)
        return value;
    put(args, at(args + 1));
    put(args + 1, value);
    return lisp_apply(l, args, 1);
}

static rh_value
call_with_escape(struct lisp *l, void *call)
{
    return lisp_apply(l, call, 1);
}

/* (call/ec procedure): its argument, called, is the end of this call */
LISP_BUILTIN(call_ec)
{
    struct lisp_trap trap = { .serial = ++l->serial };
    lisp_ref call = hold(l, at(args));

    (void)hold(l, lisp_imemo(l, RH_IMEMO_THROW_DATA,
                             rh_fixnum_from(trap.serial), RH_NIL, RH_NIL));
    return lisp_protect(l, &trap, call_with_escape, call);
}

LISP_BUILTIN(error)
{
    rh_value irritants = list_of(l, count - 1, args + 1);

    lisp_throw(l, 0, lisp_error(l, at(args), irritants));
}

LISP_BUILTIN(raise)
{
    lisp_throw(l, 0, at(args));
}

/* error-message and error-irritants: `which` is the index, as a digit */
LISP_BUILTIN(error_part)
{
    return rh_imemo_get(at(args), l->running->which == '1');
}

LISP_BUILTIN(eval)
{
    return lisp_run(l, at(args));
}

LISP_BUILTIN(read_from_string)
{
    struct lisp_reader reader = { .text = args };

    return lisp_read(l, &reader);
}

LISP_BUILTIN(exit)
{
    l->status = count ? (int)(rh_fixnum_value(at(args)) & 255) : 0;
    lisp_throw(l, -1, RH_NIL);
}

/* ---- the heap, seen from inside ---- */

LISP_BUILTIN(collect)
{
    rh_heap_collect(l->heap);
    return LISP_NOTHING;
}

LISP_BUILTIN(heap_stat)
{
    const char *name = rh_string_c_string(l->heap, at(args));
    uint64_t value;

    if (!name)
        lisp_no_memory(l);
    if (rh_stat_get(l->heap, name, &value) != RH_OK)
        lisp_fail(l, at(args), "heap-stat: no such number");
    return lisp_integer(l, (int64_t)value);
}

/* Seconds, from some point in time on. */
LISP_BUILTIN(runtime)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return lisp_real(l, (double)now.tv_sec + (double)now.tv_nsec / 1e9);
}

LISP_BUILTIN(arguments)
{
    return l->roots.arguments;
}

const struct lisp_builtin lisp_core[] = {
    { "null?", ".", builtin_is, '0' },
    { "boolean?", ".", builtin_is, 'b' },
    { "error?", ".", builtin_is, 'e' },
    { "procedure?", ".", builtin_is, 'f' },
    { "integer?", ".", builtin_is, 'i' },
    { "number?", ".", builtin_is, 'n' },
    { "file?", ".", builtin_is, 'o' },
    { "pair?", ".", builtin_is, 'p' },
    { "string?", ".", builtin_is, 's' },
    { "vector?", ".", builtin_is, 'v' },
    { "symbol?", ".", builtin_is, 'y' },
    { "eof-object?", ".", builtin_is, '$' },
    { "not", ".", builtin_is, '-' },
    { "eq?", "..", builtin_eq, 0 },
    { "eqv?", "..", builtin_eq, 0 },
    { "equal?", "..", builtin_equal, 0 },
    { "cons", "..", builtin_cons, 0 },
    { "car", "p", builtin_car, 0 },
    { "cdr", "p", builtin_cdr, 0 },
    { "set-car!", "p.", builtin_set_part, '0' },
    { "set-cdr!", "p.", builtin_set_part, '1' },
    { "list", ".*", builtin_list, 0 },
    { "length", "l", builtin_length, 0 },
    { "reverse", "l", builtin_reverse, 0 },
    { "append", ".*", builtin_append, 0 },
    { "memq", ".l", builtin_find, 'm' },
    { "memv", ".l", builtin_find, 'm' },
    { "member", ".l", builtin_find, 'M' },
    { "assq", ".l", builtin_find, 'a' },
    { "assv", ".l", builtin_find, 'a' },
    { "assoc", ".l", builtin_find, 'A' },
    { "string-length", "s", builtin_string_length, 0 },
    { "string-append", "s*", builtin_string_append, 0 },
    { "substring", "si|i", builtin_substring, 0 },
    { "string=?", "ss", builtin_equal, 0 },
    { "string<?", "ss", builtin_string_less, 0 },
    { "string->symbol", "s", builtin_string_to_symbol, 0 },
    { "symbol->string", "y", builtin_symbol_to_string, 0 },
    { "gensym", "", builtin_gensym, 0 },
    { "make-vector", "i|.", builtin_make_vector, 0 },
    { "vector-length", "v", builtin_vector_length, 0 },
    { "vector-ref", "vi", builtin_vector_ref, 0 },
    { "vector-set!", "vi.", builtin_vector_set, 0 },
    { "list->vector", "l", builtin_list_to_vector, 0 },
    { "vector->list", "v", builtin_vector_to_list, 0 },
    { "apply", "f..*", NULL, 0 }, /* see evaluator.c */
    { "try", "ff", builtin_try, 0 },
    { "call/ec", "f", builtin_call_ec, 0 },
    { "error", "..*", builtin_error, 0 },
    { "raise", ".", builtin_raise, 0 },
    { "error-message", "e", builtin_error_part, '0' },
    { "error-irritants", "e", builtin_error_part, '1' },
    { "eval", ".", builtin_eval, 0 },
    { "read-from-string", "s", builtin_read_from_string, 0 },
    { "exit", "|i", builtin_exit, 0 },
    { "collect", "", builtin_collect, 0 },
    { "heap-stat", "s", builtin_heap_stat, 0 },
    { "runtime", "", builtin_runtime, 0 },
    { "arguments", "", builtin_arguments, 0 },
    { NULL, NULL, NULL, 0 },
};
