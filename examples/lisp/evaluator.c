/* SPDX-License-Identifier: MIT */
/* evaluator.c - from code to a value.
 *
 * An activation is a piece of code and the frame that its variables are in.
 * Both are handles, so a collection finds them; a tail call overwrites them,
 * so it takes no room, neither on the handle stack nor on C's.
 *
 * The function and the arguments of a call are put on the handle stack one
 * after the other, as they are computed.  There they are roots, side by side,
 * while the next ones are computed; a builtin finds them there; and for a
 * procedure they are copied into a new frame. */
#include "lisp.h"

struct activation {
    size_t height; /* of the handle stack before it */
    size_t inside; /* and behind it */
    lisp_ref code;
    lisp_ref frame;
};

static struct activation
begin(struct lisp *l, rh_value code, rh_value frame)
{
    struct activation a;

    lisp_check_stack(l);
    a.height = save(l);
    a.code = hold(l, code);
    a.frame = hold(l, frame);
    a.inside = a.height + 2;
    return a;
}

static rh_value
part(const struct activation *a, size_t index)
{
    return rh_node_get(at(a->code), index);
}

static int64_t
fixnum_part(const struct activation *a, size_t index)
{
    return rh_fixnum_value(part(a, index));
}

/* Errors will be where this code is.  What has no place is the prelude's; the
 * caller is to blame then. */
static void
note_position(struct lisp *l, rh_value code)
{
    if (rh_node_line(code))
        l->position = rh_node_line(code);
}

/* ---- variables ---- */

/* The cell of an address in a frame; *address becomes the place in it. */
static rh_value
find_cell(rh_value frame, int64_t *address)
{
    for (; *address > 1; *address -= 2)
        frame = rh_imemo_get(frame, 2);
    return frame;
}

static _Noreturn void
fail_unknown(struct lisp *l, rh_value code, rh_value name, const char *what)
{
    note_position(l, code);
    lisp_fail(l, name, "%s", what);
}

static rh_value
local_value(struct lisp *l, rh_value code, rh_value frame)
{
    int64_t address = rh_fixnum_value(rh_node_get(code, 0));
    rh_value cell = find_cell(frame, &address);
    rh_value value = rh_imemo_get(cell, (size_t)address);

    if (value == RH_UNDEF)
        fail_unknown(l, code, rh_node_get(code, 1),
                     "variable used before its definition");
    return value;
}

static rh_value
global_value(struct lisp *l, rh_value code)
{
    rh_value value = lisp_global(l, rh_node_get(code, 0));

    if (value == RH_UNDEF)
        fail_unknown(l, code, rh_node_get(code, 0), "unknown variable");
    return value;
}

static rh_value
set_local(struct lisp *l, struct activation *a)
{
    rh_value value = lisp_evaluate(l, part(a, 2), at(a->frame));
    int64_t address = fixnum_part(a, 0);
    rh_value cell = find_cell(at(a->frame), &address);

    rh_imemo_set(l->heap, cell, (size_t)address, value);
    return LISP_NOTHING;
}

static rh_value
set_global(struct lisp *l, struct activation *a, bool define)
{
    rh_value value = lisp_evaluate(l, part(a, 2), at(a->frame));
    rh_value name = part(a, 1);

    if (!define && lisp_global(l, name) == RH_UNDEF)
        fail_unknown(l, at(a->code), name, "unknown variable");
    lisp_set_global(l, name, value);
    return LISP_NOTHING;
}

/* ---- calls ---- */

static _Noreturn void
fail_count(struct lisp *l, rh_value function, size_t count)
{
    lisp_fail(l, function, "wrong number of arguments (%zu)", count);
}

/* The last arguments become one list, in the place of the first of them; which
 * is where `list' is anyway if there are none. */
static void
gather(struct lisp *l, lisp_ref values, size_t count)
{
    lisp_ref list = hold(l, RH_NIL);

    while (count)
        put(list, lisp_cons(l, at(values + --count), at(list)));
    put(values, at(list));
}

static void
call_procedure(struct lisp *l, struct activation *a, lisp_ref call,
               size_t count)
{
    rh_value lambda = rh_imemo_get(at(call), 0);
    int64_t shape = rh_fixnum_value(rh_node_get(lambda, 0));
    size_t wanted = (size_t)shape / 2;

    lisp_check_stack(l); /* in loops, too, for Ctrl-C */
    if (count < wanted || (count > wanted && shape % 2 == 0))
        fail_count(l, at(call), count);
    if (shape % 2) {
        gather(l, call + 1 + wanted, count - wanted);
        count = wanted + 1;
    }
    put(a->frame, lisp_extend(l, call + 1, count, rh_imemo_get(at(call), 1)));
    put(a->code, rh_node_get(rh_imemo_get(at(call), 0), 1));
    rh_scope_restore(l->heap, a->inside);
}

/* Small integers are looked at here: most arguments are. */
static bool
fits(const struct lisp *l, char want, rh_value value)
{
    if (want == '.' || (want == 'n' && rh_value_is_fixnum(value)))
        return true;
    return lisp_is(l, want, value);
}

/* Whether all arguments are what the builtin wants. */
static void
check_arguments(struct lisp *l, lisp_ref call, size_t count)
{
    const char *want = l->running->wants;

    for (size_t i = 1; i <= count; i++) {
        want += *want == '|';
        if (!*want)
            fail_count(l, at(call), count);
        if (!fits(l, *want, at(call + i)))
            lisp_fail(l, at(call + i), "%s: wrong type of argument %zu",
                      l->running->name, i);
        want += want[1] != '*';
    }
    if (*want && *want != '|' && want[1] != '*')
        fail_count(l, at(call), count);
}

/* (apply function value ... list) is no function of C: it replaces itself by
 * the call that it stands for, and so keeps tail calls what they are. */
static size_t
spread(struct lisp *l, lisp_ref call, size_t count)
{
    rh_value list = at(call + count);

    if (lisp_length(list) < 0)
        lisp_fail(l, list, "apply: the last argument is not a list");
    for (size_t i = 0; i + 1 < count; i++)
        call[i] = call[i + 1];
    rh_scope_restore(l->heap, save(l) - 2);
    for (count -= 2; list != RH_NIL; list = lisp_cdr(list), count++)
        (void)hold(l, lisp_car(list));
    return count;
}

/* Call what is at `call`, with the `count` values behind it; they are the
 * topmost handles.  Answers the value, or RH_UNDEF: the activation goes on with
 * the procedure's code. */
static rh_value
enter(struct lisp *l, struct activation *a, lisp_ref call, size_t count)
{
    rh_value function = at(call);

    if (lisp_is_builtin(l, function)) {
        l->running = l->builtins[rh_symbol_static_id(function)];
        check_arguments(l, call, count);
        if (l->running->function)
            return l->running->function(l, count, call + 1);
        return enter(l, a, call, spread(l, call, count));
    }
    if (!lisp_is(l, 'f', function))
        lisp_fail(l, function, "not a procedure");
    if (rh_imemo_kind(function) == RH_IMEMO_IFUNC) {
        call_procedure(l, a, call, count);
        return RH_UNDEF;
    }
    if (count != 1)
        fail_count(l, function, count);
    if (!lisp_has_trap(l, rh_fixnum_value(rh_imemo_get(function, 0))))
        lisp_fail(l, function, "too late: its call/ec has ended");
    lisp_throw(l, rh_fixnum_value(rh_imemo_get(function, 0)), at(call + 1));
}

/* ---- code ---- */

/* Evaluate each code of the array, and hold the values side by side. */
static lisp_ref
hold_values(struct lisp *l, struct activation *a)
{
    size_t count = rh_array_length(part(a, 0));
    lisp_ref first = top(l);

    for (size_t i = 0; i < count; i++)
        (void)hold(l,
                   lisp_evaluate(l, rh_array_get(part(a, 0), i), at(a->frame)));
    return first;
}

static rh_value
call(struct lisp *l, struct activation *a)
{
    lisp_ref function = hold_values(l, a);

    note_position(l, at(a->code));
    return enter(l, a, function, (size_t)(top(l) - function) - 1);
}

static void
choose(struct lisp *l, struct activation *a)
{
    rh_value test = lisp_evaluate(l, part(a, 0), at(a->frame));

    put(a->code, part(a, test == RH_FALSE ? 2 : 1));
}

static void
run_sequence(struct lisp *l, struct activation *a)
{
    size_t last = rh_array_length(part(a, 0)) - 1;

    for (size_t i = 0; i < last; i++)
        (void)lisp_evaluate(l, rh_array_get(part(a, 0), i), at(a->frame));
    put(a->code, rh_array_get(part(a, 0), last));
}

/* Go on with the body, in a frame of `values` and the handles above it. */
static void
enter_scope(struct lisp *l, struct activation *a, lisp_ref values)
{
    size_t count = (size_t)(top(l) - values);

    put(a->frame, lisp_extend(l, values, count, at(a->frame)));
    put(a->code, part(a, 1));
    rh_scope_restore(l->heap, a->inside);
}

static void
enter_undefined(struct lisp *l, struct activation *a)
{
    lisp_ref values = top(l);

    for (int64_t count = fixnum_part(a, 0); count > 0; count--)
        (void)hold(l, RH_UNDEF);
    enter_scope(l, a, values);
}

/* One step: the value of the activation, or RH_UNDEF when it goes on. */
static rh_value
step(struct lisp *l, struct activation *a)
{
    rh_value value = RH_UNDEF;

    switch ((enum lisp_node)rh_node_kind(at(a->code))) {
    case CODE_CALL:
        return call(l, a);
    case CODE_IF:
        choose(l, a);
        return RH_UNDEF;
    case CODE_OR:
        value = lisp_evaluate(l, part(a, 0), at(a->frame));
        if (value != RH_FALSE)
            return value;
        put(a->code, part(a, 1));
        return RH_UNDEF;
    case CODE_SEQUENCE:
        run_sequence(l, a);
        return RH_UNDEF;
    case CODE_LET:
        enter_scope(l, a, hold_values(l, a));
        return RH_UNDEF;
    case CODE_SCOPE:
        enter_undefined(l, a);
        return RH_UNDEF;
    case CODE_LAMBDA:
        return lisp_imemo(l, RH_IMEMO_IFUNC, at(a->code), at(a->frame), RH_NIL);
    case CODE_SET_LOCAL:
        return set_local(l, a);
    case CODE_SET_GLOBAL:
        return set_global(l, a, false);
    case CODE_DEFINE:
        return set_global(l, a, true);
    case CODE_LOCAL:
        return local_value(l, at(a->code), at(a->frame));
    case CODE_GLOBAL:
        return global_value(l, at(a->code));
    case CODE_CONSTANT:
        return part(a, 0);
    case LISP_PAIR:
        break;
    }
    lisp_fail(l, RH_UNDEF, "no code"); /* cannot happen */
}

static rh_value
finish(struct lisp *l, struct activation *a, rh_value value)
{
    while (value == RH_UNDEF)
        value = step(l, a);
    return leave(l, a->height, value);
}

rh_value
lisp_evaluate(struct lisp *l, rh_value code, rh_value environment)
{
    struct activation a;

    switch ((enum lisp_node)rh_node_kind(code)) {
    case CODE_CONSTANT:
        return rh_node_get(code, 0);
    case CODE_LOCAL:
        return local_value(l, code, environment);
    case CODE_GLOBAL:
        return global_value(l, code);
    default:
        a = begin(l, code, environment);
        return finish(l, &a, RH_UNDEF);
    }
}

rh_value
lisp_apply(struct lisp *l, lisp_ref call, size_t count)
{
    struct activation a = begin(l, RH_NIL, RH_NIL);
    lisp_ref again = hold(l, at(call));

    for (size_t i = 1; i <= count; i++)
        (void)hold(l, at(call + i));
    return finish(l, &a, enter(l, &a, again, count));
}

rh_value
lisp_run(struct lisp *l, rh_value form)
{
    return lisp_evaluate(l, lisp_compile(l, form), RH_NIL);
}
