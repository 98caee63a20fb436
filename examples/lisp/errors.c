/* SPDX-License-Identifier: MIT */
/* errors.c - leaving by longjmp, and what is said about it.
 *
 * A trap is a place to come back to, and the height that the handle stack had
 * there: restoring it lets go of everything that was held since, by whomever.
 * Errors go to the nearest trap that wants errors; a call of an escape
 * procedure goes to the trap of its call/ec; (exit) goes to the outermost. */
#include "lisp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rh_value
lisp_protect(struct lisp *l, struct lisp_trap *trap, lisp_body body,
             void *context)
{
    rh_value result;

    trap->outer = l->trap;
    trap->height = save(l);
    trap->sprung = false;
    l->trap = trap;
    if (setjmp(trap->jump) == 0)
        result = body(l, context);
    else
        result = l->roots.thrown;
    l->roots.thrown = RH_NIL;
    l->trap = trap->outer;
    return leave(l, trap->height, result);
}

bool
lisp_has_trap(const struct lisp *l, int64_t serial)
{
    const struct lisp_trap *trap = l->trap;

    while (trap && trap->serial != serial)
        trap = trap->outer;
    return trap != NULL;
}

void
lisp_throw(struct lisp *l, int64_t serial, rh_value value)
{
    while (l->trap->serial != serial)
        l->trap = l->trap->outer;
    l->trap->sprung = true;
    l->roots.thrown = value;
    longjmp(l->trap->jump, 1);
}

void
lisp_fail(struct lisp *l, rh_value culprit, const char *format, ...)
{
    char sentence[256];
    lisp_ref irritants = hold(l, culprit);
    rh_value message;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (culprit == RH_UNDEF)
        put(irritants, RH_NIL);
    else
        put(irritants, lisp_cons(l, at(irritants), RH_NIL));
    message = lisp_text(l, sentence);
    lisp_throw(l, 0, lisp_error(l, message, at(irritants)));
}

void
lisp_no_memory(struct lisp *l)
{
    if (lisp_is_error(l->roots.no_memory))
        rh_imemo_set(l->heap, l->roots.no_memory, 2,
                     rh_fixnum_from(l->position));
    lisp_throw(l, 0, l->roots.no_memory);
}

void
lisp_check_stack(struct lisp *l)
{
    if (LISP_FRAME < l->stack_end)
        lisp_fail(l, RH_UNDEF, "recursion is too deep");
    if (l->interrupted) {
        l->interrupted = 0;
        lisp_fail(l, RH_UNDEF, "interrupted");
    }
}

rh_value
lisp_error(struct lisp *l, rh_value message, rh_value irritants)
{
    return lisp_imemo(l, RH_IMEMO_MEMO, message, irritants,
                      rh_fixnum_from(l->position));
}

bool
lisp_is_error(rh_value value)
{
    return rh_type_of(value) == RH_TYPE_IMEMO &&
           rh_imemo_kind(value) == RH_IMEMO_MEMO;
}

/* "file:line: ", or nothing when the place is not known. */
static void
print_position(struct lisp *l, rh_value string, uint32_t position)
{
    rh_value file = rh_array_get(l->roots.files, position >> LISP_LINE_BITS);
    char line[32];

    if (file == RH_NIL)
        return;
    lisp_print_to(l, string, file, LISP_DISPLAY);
    snprintf(line, sizeof line,
             ":%u: ", (unsigned)(position & ((1u << LISP_LINE_BITS) - 1)));
    lisp_check(l, rh_string_append(l->heap, string, line, strlen(line)));
}

rh_value
lisp_report(struct lisp *l, rh_value thrown)
{
    size_t height = save(l);
    lisp_ref error = hold(l, thrown);
    rh_value string = lisp_text(l, "");
    rh_value list;

    if (!lisp_is_error(at(error))) {
        lisp_check(l, rh_string_append(l->heap, string, "nobody caught ", 14));
        lisp_print_to(l, string, at(error), LISP_WRITE);
        return leave(l, height, string);
    }
    print_position(l, string,
                   (uint32_t)rh_fixnum_value(rh_imemo_get(at(error), 2)));
    lisp_print_to(l, string, rh_imemo_get(at(error), 0), LISP_DISPLAY);
    for (list = rh_imemo_get(at(error), 1); lisp_is_pair(list);
         list = lisp_cdr(list)) {
        const char *between = list == rh_imemo_get(at(error), 1) ? ": " : " ";

        lisp_check(l,
                   rh_string_append(l->heap, string, between, strlen(between)));
        lisp_print_to(l, string, lisp_car(list), LISP_WRITE);
    }
    return leave(l, height, string);
}
