/* SPDX-License-Identifier: MIT */
/* numbers.c - integers of 63 bits, and reals.
 *
 * Small numbers are immediates and cost no memory.  An integer that outgrows
 * its 63 bits becomes a real: no exact answer, but the right magnitude. */
#include "lisp.h"

#include <math.h>

static double
real_of(rh_value number)
{
    if (rh_value_is_fixnum(number))
        return (double)rh_fixnum_value(number);
    return rh_float_value(number);
}

static bool
are_integers(rh_value a, rh_value b)
{
    return rh_value_is_fixnum(a) && rh_value_is_fixnum(b);
}

/* a + b and so on; exact when it can be */
static rh_value
combine(struct lisp *l, char how, rh_value a, rh_value b)
{
    int64_t x = rh_fixnum_value(a), y = rh_fixnum_value(b), product;
    bool exact = are_integers(a, b);

    switch (how) {
    case '+': /* numbers of 63 bits: the sum fits into 64 */
        return exact ? lisp_integer(l, x + y)
                     : lisp_real(l, real_of(a) + real_of(b));
    case '-':
        return exact ? lisp_integer(l, x - y)
                     : lisp_real(l, real_of(a) - real_of(b));
    case '*':
        if (exact && !__builtin_mul_overflow(x, y, &product))
            return lisp_integer(l, product);
        return lisp_real(l, real_of(a) * real_of(b));
    default:
        if (exact && y == 0)
            lisp_fail(l, a, "division by zero");
        return exact && x % y == 0 ? lisp_integer(l, x / y)
                                   : lisp_real(l, real_of(a) / real_of(b));
    }
}

/* + - * /: `which` is the sign */
LISP_BUILTIN(arithmetic)
{
    char how = l->running->which;
    bool product = how == '*' || how == '/';
    rh_value result = count > 1 ? at(args) : rh_fixnum_from(product);

    for (size_t i = count > 1; i < count; i++)
        result = combine(l, how, result, at(args + i));
    return result;
}

/* quotient, remainder, modulo: `which` is their first letter */
LISP_BUILTIN(whole)
{
    int64_t x = rh_fixnum_value(at(args)), y = rh_fixnum_value(at(args + 1));
    int64_t remainder;

    if (y == 0)
        lisp_fail(l, at(args), "%s: division by zero", l->running->name);
    if (l->running->which == 'q')
        return lisp_integer(l, x / y);
    remainder = x % y;
    if (l->running->which == 'm' && remainder && (remainder < 0) != (y < 0))
        remainder += y;
    return rh_fixnum_from(remainder);
}

static bool
in_order(char order, rh_value a, rh_value b)
{
    bool exact = are_integers(a, b);
    int64_t x = (int64_t)a, y = (int64_t)b; /* fixnums are in order as words */
    double p = exact ? 0 : real_of(a), q = exact ? 0 : real_of(b);

    switch (order) {
    case '<':
        return exact ? x < y : p < q;
    case '>':
        return exact ? x > y : p > q;
    case 'l':
        return exact ? x <= y : p <= q;
    case 'g':
        return exact ? x >= y : p >= q;
    default:
        return exact ? x == y : p <= q && p >= q;
    }
}

LISP_BUILTIN(compare)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (!in_order(l->running->which, at(args + i), at(args + i + 1)))
            return RH_FALSE;
    return RH_TRUE;
}

/* `which` is a letter of the name; integers are round already. */
LISP_BUILTIN(function)
{
    double x = real_of(at(args));
    char which = l->running->which;

    if (rh_value_is_fixnum(at(args)) && which < 'a')
        return at(args);
    switch (which) {
    case 'F':
        return lisp_real(l, floor(x));
    case 'C':
        return lisp_real(l, ceil(x));
    case 'R':
        return lisp_real(l, nearbyint(x));
    case 's':
        return lisp_real(l, sqrt(x));
    case 'e':
        return lisp_real(l, exp(x));
    case 'l':
        return lisp_real(l, log(x));
    default: /* inexact */
        return lisp_real(l, x);
    }
}

LISP_BUILTIN(exact)
{
    double x = real_of(at(args));

    if (rh_value_is_fixnum(at(args)))
        return at(args);
    if (!(fabs(x) < (double)RH_FIXNUM_MAX) || trunc(x) < x || trunc(x) > x)
        lisp_fail(l, at(args), "exact: no integer that fits");
    return rh_fixnum_from((int64_t)x);
}

LISP_BUILTIN(number_to_string)
{
    return lisp_print(l, at(args), LISP_DISPLAY);
}

/* #f when it is the spelling of no number */
LISP_BUILTIN(string_to_number)
{
    const char *spelling = rh_string_c_string(l->heap, at(args));
    rh_value number;

    if (!spelling)
        lisp_no_memory(l);
    number = lisp_parse_number(l, spelling);
    return number == RH_UNDEF ? RH_FALSE : number;
}

const struct lisp_builtin lisp_numbers[] = {
    { "+", "n*", builtin_arithmetic, '+' },
    { "*", "n*", builtin_arithmetic, '*' },
    { "-", "nn*", builtin_arithmetic, '-' },
    { "/", "nn*", builtin_arithmetic, '/' },
    { "quotient", "ii", builtin_whole, 'q' },
    { "remainder", "ii", builtin_whole, 'r' },
    { "modulo", "ii", builtin_whole, 'm' },
    { "=", "nn*", builtin_compare, '=' },
    { "<", "nn*", builtin_compare, '<' },
    { ">", "nn*", builtin_compare, '>' },
    { "<=", "nn*", builtin_compare, 'l' },
    { ">=", "nn*", builtin_compare, 'g' },
    { "floor", "n", builtin_function, 'F' },
    { "ceiling", "n", builtin_function, 'C' },
    { "round", "n", builtin_function, 'R' },
    { "sqrt", "n", builtin_function, 's' },
    { "exp", "n", builtin_function, 'e' },
    { "log", "n", builtin_function, 'l' },
    { "inexact", "n", builtin_function, 'i' },
    { "exact", "n", builtin_exact, 0 },
    { "number->string", "n", builtin_number_to_string, 0 },
    { "string->number", "s", builtin_string_to_number, 0 },
    { NULL, NULL, NULL, 0 },
};
