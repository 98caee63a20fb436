/* SPDX-License-Identifier: MIT */
/* compiler.c - from lists to code.
 *
 * Code is a tree of nodes (enum lisp_node).  What can be known before the
 * program runs is found out here, once: which of the eight keywords it is, what
 * a macro stands for, how many steps away a variable is.  All other keywords
 * are macros of the prelude; `let' is a call of a lambda, of which no procedure
 * needs to be made.
 *
 * A scope is a frame with names in place of values (see lisp_extend()); nil is
 * the outermost, where variables are global. */
#include "lisp.h"

typedef rh_value (*compile_function)(struct lisp *l, lisp_ref form,
                                     lisp_ref scope);

const char *const lisp_keywords[] = { "quote",  "if",           "or",
                                      "define", "set!",         "lambda",
                                      "begin",  "define-macro", NULL };

static rh_value compile(struct lisp *l, rh_value form,
                        lisp_ref scope) RH_MAY_COLLECT;

/* ---- looking at forms; nothing here allocates ---- */

static bool
is_keyword(const struct lisp *l, rh_value value, enum lisp_keyword keyword)
{
    return lisp_is(l, 'y', value) && rh_symbol_id(value) == keyword;
}

/* Whether the form is a list that begins with that keyword. */
static bool
begins(const struct lisp *l, rh_value form, enum lisp_keyword keyword)
{
    return lisp_is_pair(form) && is_keyword(l, lisp_car(form), keyword);
}

static rh_value
after(lisp_ref list, size_t count)
{
    rh_value rest = at(list);

    while (count--)
        rest = lisp_cdr(rest);
    return rest;
}

static rh_value
nth(lisp_ref list, size_t index)
{
    return lisp_car(after(list, index));
}

static void
check_form(struct lisp *l, lisp_ref form, int64_t least, int64_t most)
{
    int64_t length = lisp_length(at(form));

    if (length < least || length > most)
        lisp_fail(l, at(form), "bad syntax");
}

static void
check_name(struct lisp *l, rh_value name)
{
    if (!lisp_is(l, 'y', name))
        lisp_fail(l, name, "a name is wanted here");
    if (rh_symbol_id(name) < LISP_KEYWORDS)
        lisp_fail(l, name, "a keyword cannot be a variable");
}

/* ---- scopes ---- */

/* The address of a variable, or -1: it is global. */
static int64_t
find(rh_value scope, rh_value name)
{
    for (int64_t steps = 0; scope != RH_NIL; steps += 2) {
        if (rh_imemo_get(scope, 0) == name)
            return steps;
        if (rh_imemo_get(scope, 1) == name)
            return steps + 1;
        scope = rh_imemo_get(scope, 2);
    }
    return -1;
}

/* The scope of parameters inside `scope`; *shape says what a call must bring:
 * twice their number, and 1 if there is one more for a list of the rest. */
static rh_value
parameter_scope(struct lisp *l, rh_value names, lisp_ref scope, int64_t *shape)
{
    size_t height = save(l);
    lisp_ref first = top(l);

    for (*shape = 0; lisp_is_pair(names); names = lisp_cdr(names)) {
        check_name(l, lisp_car(names));
        (void)hold(l, lisp_car(names));
        *shape += 2;
    }
    if (names != RH_NIL) {
        check_name(l, names);
        (void)hold(l, names);
        ++*shape;
    }
    return leave(l, height,
                 lisp_extend(l, first, (size_t)(top(l) - first), at(scope)));
}

/* ---- macros ---- */

/* The procedure of the macro that the form is a use of, or RH_UNDEF. */
static rh_value
macro_of(const struct lisp *l, rh_value form, rh_value scope)
{
    rh_value head = lisp_is_pair(form) ? lisp_car(form) : RH_NIL;
    rh_value value = RH_UNDEF;

    if (lisp_is(l, 'y', head) && find(scope, head) < 0)
        value = lisp_global(l, head);
    if (rh_type_of(value) != RH_TYPE_IMEMO ||
        rh_imemo_kind(value) != RH_IMEMO_MENT)
        return RH_UNDEF;
    return rh_imemo_get(value, 0);
}

/* What the form stands for when it is the use of a macro; else itself. */
static rh_value
expand(struct lisp *l, rh_value form, lisp_ref scope)
{
    size_t height = save(l);
    uint32_t position = l->position;
    lisp_ref result = hold(l, form);
    rh_value macro;

    while ((macro = macro_of(l, at(result), at(scope))) != RH_UNDEF) {
        size_t inside = save(l), count = 0;
        lisp_ref call = hold(l, macro);
        rh_value rest = lisp_cdr(at(result));

        for (; lisp_is_pair(rest); rest = lisp_cdr(rest), count++)
            (void)hold(l, lisp_car(rest));
        put(result, lisp_apply(l, call, count));
        rh_scope_restore(l->heap, inside);
        l->position = position;
    }
    return leave(l, height, at(result));
}

/* ---- bodies ---- */

/* An array with the code of each form. */
static rh_value
compile_each(struct lisp *l, rh_value forms, lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref rest = hold(l, forms);
    lisp_ref codes = hold(l, lisp_vector(l, 0, RH_NIL));
    rh_value code;

    for (; lisp_is_pair(at(rest)); put(rest, lisp_cdr(at(rest)))) {
        code = compile(l, lisp_car(at(rest)), scope);
        lisp_check(l, rh_array_push(l->heap, at(codes), code));
    }
    return leave(l, height, at(codes));
}

static rh_value
compile_sequence(struct lisp *l, rh_value forms, lisp_ref scope)
{
    if (!lisp_is_pair(forms))
        lisp_fail(l, RH_UNDEF, "bad syntax: nothing is done here");
    if (lisp_cdr(forms) == RH_NIL)
        return compile(l, lisp_car(forms), scope);
    return lisp_node(l, CODE_SEQUENCE, compile_each(l, forms, scope), RH_NIL,
                     RH_NIL);
}

/* Copy forms to the end of a list, with macros expanded and `begin' undone. */
static void
flatten(struct lisp *l, rh_value forms, lisp_ref scope, lisp_ref first,
        lisp_ref last)
{
    size_t height = save(l);
    lisp_ref rest = hold(l, forms), form = hold(l, RH_NIL);

    lisp_check_stack(l);
    for (; lisp_is_pair(at(rest)); put(rest, lisp_cdr(at(rest)))) {
        put(form, expand(l, lisp_car(at(rest)), scope));
        if (begins(l, at(form), LISP_BEGIN))
            flatten(l, lisp_cdr(at(form)), scope, first, last);
        else
            lisp_append_pair(l, first, last, lisp_cons(l, at(form), RH_NIL));
    }
    rh_scope_restore(l->heap, height);
}

/* The name in (define name value) or (define (name ...) body ...). */
static rh_value
defined_name(struct lisp *l, lisp_ref form)
{
    rh_value name;

    check_form(l, form, 3, INT64_MAX);
    name = nth(form, 1);
    name = lisp_is_pair(name) ? lisp_car(name) : name;
    check_name(l, name);
    return name;
}

/* The forms of a lambda.  What they define are variables of a scope of their
 * own, and a definition is then an assignment. */
static rh_value
compile_body(struct lisp *l, rh_value forms, lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref inner = hold(l, forms), form = hold(l, RH_NIL);
    lisp_ref body = hold(l, RH_NIL), last = hold(l, RH_NIL), names;
    int64_t count;

    flatten(l, at(inner), scope, body, last);
    names = top(l);
    for (put(last, at(body)); at(last) != RH_NIL; put(last, after(last, 1))) {
        put(form, lisp_car(at(last)));
        if (begins(l, at(form), LISP_DEFINE))
            (void)hold(l, defined_name(l, form));
    }
    count = top(l) - names;
    put(inner, lisp_extend(l, names, (size_t)count, at(scope)));
    put(body, compile_sequence(l, at(body), inner));
    if (count)
        put(body,
            lisp_node(l, CODE_SCOPE, rh_fixnum_from(count), at(body), RH_NIL));
    return leave(l, height, at(body));
}

/* ---- the keywords ---- */

static rh_value
compile_quote(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    (void)scope;
    check_form(l, form, 2, 2);
    return lisp_node(l, CODE_CONSTANT, nth(form, 1), RH_NIL, RH_NIL);
}

static rh_value
compile_if(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref test, then, otherwise;

    check_form(l, form, 3, 4);
    test = hold(l, compile(l, nth(form, 1), scope));
    then = hold(l, compile(l, nth(form, 2), scope));
    otherwise = hold(l, LISP_NOTHING);
    if (after(form, 3) != RH_NIL)
        put(otherwise, nth(form, 3));
    put(otherwise, compile(l, at(otherwise), scope));
    return leave(l, height,
                 lisp_node(l, CODE_IF, at(test), at(then), at(otherwise)));
}

/* (or a b ...) is a, or if that is false, (or b ...) */
static rh_value
compile_or(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref rest = hold(l, lisp_cdr(at(form))), first;

    lisp_check_stack(l);
    if (at(rest) == RH_NIL)
        return leave(l, height, compile(l, RH_FALSE, scope));
    first = hold(l, compile(l, nth(rest, 0), scope));
    if (after(rest, 1) == RH_NIL)
        return leave(l, height, at(first));
    put(rest, compile_or(l, rest, scope));
    return leave(l, height, lisp_node(l, CODE_OR, at(first), at(rest), RH_NIL));
}

/* `kind` is for a global variable. */
static rh_value
assignment(struct lisp *l, enum lisp_node kind, rh_value name, rh_value code,
           lisp_ref scope)
{
    int64_t address = find(at(scope), name);

    if (address >= 0)
        kind = CODE_SET_LOCAL;
    return lisp_node(l, kind, rh_fixnum_from(address), name, code);
}

static rh_value
compile_set(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    rh_value code;

    check_form(l, form, 3, 3);
    check_name(l, nth(form, 1));
    code = compile(l, nth(form, 2), scope);
    return assignment(l, CODE_SET_GLOBAL, nth(form, 1), code, scope);
}

static rh_value
procedure(struct lisp *l, rh_value name, rh_value parameters, rh_value body,
          lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref called = hold(l, name), code = hold(l, body), inner;
    int64_t shape;

    inner = hold(l, parameter_scope(l, parameters, scope, &shape));
    put(code, compile_body(l, at(code), inner));
    return leave(
        l, height,
        lisp_node(l, CODE_LAMBDA, rh_fixnum_from(shape), at(code), at(called)));
}

static rh_value
compile_lambda(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    check_form(l, form, 3, INT64_MAX);
    return procedure(l, RH_FALSE, nth(form, 1), after(form, 2), scope);
}

static rh_value
compile_define(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    rh_value name = defined_name(l, form), target = nth(form, 1), code;

    if (lisp_is_pair(target)) {
        code = procedure(l, name, lisp_cdr(target), after(form, 2), scope);
    } else {
        check_form(l, form, 3, 3);
        code = compile(l, nth(form, 2), scope);
        if (rh_node_kind(code) == CODE_LAMBDA)
            rh_node_set(l->heap, code, 2, nth(form, 1));
    }
    return assignment(l, CODE_DEFINE, defined_name(l, form), code, scope);
}

static rh_value
compile_begin(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    return compile_sequence(l, lisp_cdr(at(form)), scope);
}

/* (define-macro (name . parameters) body ...) is done at once. */
static rh_value
compile_macro(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    size_t height = save(l);
    rh_value name = defined_name(l, form), target = nth(form, 1);
    lisp_ref macro;

    if (at(scope) != RH_NIL || !lisp_is_pair(target))
        lisp_fail(l, at(form), "bad syntax");
    macro =
        hold(l, procedure(l, name, lisp_cdr(target), after(form, 2), scope));
    put(macro, lisp_evaluate(l, at(macro), RH_NIL));
    put(macro, lisp_imemo(l, RH_IMEMO_MENT, at(macro), RH_NIL, RH_NIL));
    lisp_set_global(l, defined_name(l, form), at(macro));
    return leave(l, height, compile(l, LISP_NOTHING, scope));
}

/* ---- other forms ---- */

static rh_value
compile_name(struct lisp *l, rh_value name, lisp_ref scope)
{
    int64_t address = find(at(scope), name);

    if (address >= 0)
        return lisp_node(l, CODE_LOCAL, rh_fixnum_from(address), name, RH_NIL);
    check_name(l, name);
    return lisp_node(l, CODE_GLOBAL, name, RH_NIL, RH_NIL);
}

/* ((lambda (variable ...) body ...) value ...), with as many of both */
static rh_value
compile_let(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    size_t height = save(l);
    lisp_ref lambda = hold(l, nth(form, 0)), values, inner;
    int64_t shape;

    inner = hold(l, parameter_scope(l, nth(lambda, 1), scope, &shape));
    values = hold(l, compile_each(l, after(form, 1), scope));
    put(inner, compile_body(l, after(lambda, 2), inner));
    if (shape > 0)
        put(inner, lisp_node(l, CODE_LET, at(values), at(inner), RH_NIL));
    return leave(l, height, at(inner));
}

static rh_value
compile_call(struct lisp *l, lisp_ref form, lisp_ref scope)
{
    rh_value head = nth(form, 0);

    if (begins(l, head, LISP_LAMBDA) && lisp_length(head) > 2 &&
        lisp_length(lisp_car(lisp_cdr(head))) == lisp_length(at(form)) - 1)
        return compile_let(l, form, scope);
    return lisp_node(l, CODE_CALL, compile_each(l, at(form), scope), RH_NIL,
                     RH_NIL);
}

static compile_function
compiler_of(const struct lisp *l, rh_value head, lisp_ref scope)
{
    static const compile_function compilers[LISP_KEYWORDS] = {
        [LISP_QUOTE] = compile_quote, [LISP_IF] = compile_if,
        [LISP_OR] = compile_or,       [LISP_DEFINE] = compile_define,
        [LISP_SET] = compile_set,     [LISP_LAMBDA] = compile_lambda,
        [LISP_BEGIN] = compile_begin, [LISP_MACRO] = compile_macro,
    };

    if (lisp_is(l, 'y', head) && rh_symbol_id(head) < LISP_KEYWORDS &&
        find(at(scope), head) < 0)
        return compilers[rh_symbol_id(head)];
    return compile_call;
}

static rh_value
compile(struct lisp *l, rh_value form, lisp_ref scope)
{
    size_t height = save(l);
    uint32_t outside = l->position;
    lisp_ref held = hold(l, form);
    rh_value code;

    lisp_check_stack(l);
    if (lisp_is_pair(form) && rh_node_line(form))
        l->position = rh_node_line(form);
    put(held, expand(l, at(held), scope));
    if (lisp_is(l, 'p', at(held))) {
        check_form(l, held, 1, INT64_MAX);
        code = compiler_of(l, nth(held, 0), scope)(l, held, scope);
    } else if (lisp_is(l, 'y', at(held))) {
        code = compile_name(l, at(held), scope);
    } else if (at(held) == RH_NIL) {
        lisp_fail(l, RH_UNDEF, "() is no expression; '() is");
    } else {
        code = lisp_node(l, CODE_CONSTANT, at(held), RH_NIL, RH_NIL);
    }
    l->position = outside;
    return leave(l, height, code);
}

rh_value
lisp_compile(struct lisp *l, rh_value form)
{
    size_t height = save(l);
    lisp_ref held = hold(l, form), outermost = hold(l, RH_NIL);

    return leave(l, height, compile(l, at(held), outermost));
}
