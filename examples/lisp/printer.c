/* SPDX-License-Identifier: MIT */
/* printer.c - from values to text.
 *
 * All text goes to the end of a string.  rh_string_append() needs memory
 * outside the slots only, and never collects: nothing here has to be held.  */
#include "lisp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct printer {
    struct lisp *l;
    rh_value string;
    enum lisp_style style;
};

static void print(struct printer *p, rh_value value);

static void
add_bytes(struct printer *p, const char *bytes, size_t length)
{
    lisp_check(p->l, rh_string_append(p->l->heap, p->string, bytes, length));
}

static void
add(struct printer *p, const char *text)
{
    add_bytes(p, text, strlen(text));
}

static void
add_string(struct printer *p, rh_value string)
{
    add_bytes(p, rh_string_bytes(string), rh_string_length(string));
}

static void
print_string(struct printer *p, rh_value string)
{
    const char *bytes = rh_string_bytes(string);

    add(p, "\"");
    for (size_t i = 0; i < rh_string_length(string); i++) {
        const char *special =
            bytes[i] ? strchr(lisp_escapes[0], bytes[i]) : NULL;
        char text[3] = { '\\', bytes[i], '\0' };

        if (special)
            text[1] = lisp_escapes[1][special - lisp_escapes[0]];
        add_bytes(p, special ? text : text + 1, special ? 2 : 1);
    }
    add(p, "\"");
}

/* The shortest spelling that is read back as the same number. */
static void
print_real(struct printer *p, double number)
{
    char text[40];

    if (isnan(number) || isinf(number)) {
        add(p, isnan(number) ? "+nan.0" : number > 0 ? "+inf.0" : "-inf.0");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
            break;
    }
    add(p, text);
    if (!text[strcspn(text, ".e")])
        add(p, ".0");
}

static void
print_integer(struct printer *p, int64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, number);
    add(p, text);
}

/* A list that runs in a circle ends with three dots. */
static void
print_list(struct printer *p, rh_value list)
{
    rh_value half = list;
    size_t count = 0;

    add(p, "(");
    print(p, lisp_car(list));
    for (list = lisp_cdr(list); lisp_is_pair(list); list = lisp_cdr(list)) {
        if (++count % 2 == 0)
            half = lisp_cdr(half);
        if (half == list) {
            add(p, " ...");
            list = RH_NIL;
            break;
        }
        add(p, " ");
        print(p, lisp_car(list));
    }
    if (list != RH_NIL) {
        add(p, " . ");
        print(p, list);
    }
    add(p, ")");
}

static void
print_vector(struct printer *p, rh_value vector)
{
    add(p, "#(");
    for (size_t i = 0; i < rh_array_length(vector); i++) {
        if (i)
            add(p, " ");
        print(p, rh_array_get(vector, i));
    }
    add(p, ")");
}

/* What has no spelling: #<kind name> */
static void
print_opaque(struct printer *p, const char *kind, const char *name)
{
    add(p, "#<");
    add(p, kind);
    if (*name)
        add(p, " ");
    add(p, name);
    add(p, ">");
}

static void
print_imemo(struct printer *p, rh_value value)
{
    rh_value name;

    switch (rh_imemo_kind(value)) {
    case RH_IMEMO_IFUNC:
        name = rh_node_get(rh_imemo_get(value, 0), 2);
        print_opaque(p, "procedure",
                     name ? rh_string_bytes(rh_symbol_name(name)) : "");
        break;
    case RH_IMEMO_MEMO:
        print_opaque(p, "error", "");
        break;
    case RH_IMEMO_MENT:
        print_opaque(p, "macro", "");
        break;
    default:
        print_opaque(p, "escape", "");
    }
}

/* A symbol, or an immediate of ours. */
static void
print_symbol(struct printer *p, rh_value value)
{
    if (rh_value_is_object(value))
        add_string(p, rh_symbol_name(value));
    else if (lisp_is_builtin(p->l, value))
        print_opaque(p, "builtin",
                     p->l->builtins[rh_symbol_static_id(value)]->name);
    else
        print_opaque(p, value == LISP_NOTHING ? "nothing" : "end of file", "");
}

static void
print(struct printer *p, rh_value value)
{
    lisp_check_stack(p->l);
    switch (rh_type_of(value)) {
    case RH_TYPE_NIL:
        add(p, "()");
        break;
    case RH_TYPE_TRUE:
        add(p, "#t");
        break;
    case RH_TYPE_FALSE:
        add(p, "#f");
        break;
    case RH_TYPE_FIXNUM:
        print_integer(p, rh_fixnum_value(value));
        break;
    case RH_TYPE_FLOAT:
        print_real(p, rh_float_value(value));
        break;
    case RH_TYPE_STRING:
        if (p->style == LISP_WRITE)
            print_string(p, value);
        else
            add_string(p, value);
        break;
    case RH_TYPE_SYMBOL:
        print_symbol(p, value);
        break;
    case RH_TYPE_NODE:
        print_list(p, value);
        break;
    case RH_TYPE_ARRAY:
        print_vector(p, value);
        break;
    case RH_TYPE_IMEMO:
        print_imemo(p, value);
        break;
    default:
        print_opaque(p, "file", "");
    }
}

void
lisp_print_to(struct lisp *l, rh_value string, rh_value value,
              enum lisp_style style)
{
    print(&(struct printer){ l, string, style }, value);
}

rh_value
lisp_print(struct lisp *l, rh_value value, enum lisp_style style)
{
    size_t height = save(l);
    lisp_ref held = hold(l, value);
    rh_value string = lisp_text(l, "");

    lisp_print_to(l, string, at(held), style);
    return leave(l, height, string);
}
