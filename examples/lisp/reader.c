/* SPDX-License-Identifier: MIT */
/* reader.c - from text to lists.
 *
 * The text is a string on the heap, held by a handle.  Its bytes are asked for
 * again each time, for a string may move when something is allocated; names
 * are slices of it, made by rheap. */
#include "lisp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    END = -1,
    LINE_MASK = (1 << LISP_LINE_BITS) - 1
};

static int
peek(const struct lisp_reader *r)
{
    rh_value text = at(r->text);

    if (r->next >= rh_string_length(text))
        return END;
    return (unsigned char)rh_string_bytes(text)[r->next];
}

static int
take(struct lisp_reader *r)
{
    int c = peek(r);

    if (c != END)
        r->next++;
    if (c == '\n' && r->position && (r->position & LINE_MASK) != LINE_MASK)
        r->position++;
    return c;
}

static bool
is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static bool
ends_word(int c)
{
    return c == END || is_blank(c) || strchr("()\";'`,", c);
}

/* Pass over blanks and comments; the character that follows. */
static int
skip(struct lisp_reader *r)
{
    int c;

    while (is_blank(c = peek(r)) || c == ';')
        if (c != ';')
            take(r);
        else
            while (peek(r) != '\n' && peek(r) != END)
                take(r);
    return c;
}

/* Blame the place `position`. */
static _Noreturn void
fail_at(struct lisp *l, uint32_t position, const char *what)
{
    l->position = position;
    lisp_fail(l, RH_UNDEF, "%s", what);
}

/* ---- words ---- */

rh_value
lisp_parse_number(struct lisp *l, const char *spelling)
{
    char *end;
    long long integer;
    double real;

    if (!*spelling || spelling[strspn(spelling, "0123456789+-.eE")] ||
        !strpbrk(spelling, "0123456789"))
        return RH_UNDEF;
    errno = 0;
    integer = strtoll(spelling, &end, 10);
    if (!*end && errno == 0)
        return lisp_integer(l, integer);
    real = strtod(spelling, &end);
    return *end ? RH_UNDEF : lisp_real(l, real);
}

/* The word that begins at `from` and ends here. */
static rh_value
make_word(struct lisp *l, struct lisp_reader *r, size_t from)
{
    size_t height = save(l);
    size_t length = r->next - from;
    lisp_ref word = hold(
        l, lisp_made(l, rh_string_slice(l->heap, at(r->text), from, length)));
    const char *spelling = rh_string_c_string(l->heap, at(word));
    rh_value number;

    if (!spelling)
        lisp_no_memory(l);
    number = lisp_parse_number(l, spelling);
    if (number != RH_UNDEF)
        return leave(l, height, number);
    return leave(l, height, lisp_intern(l, at(word)));
}

static rh_value
read_word(struct lisp *l, struct lisp_reader *r)
{
    size_t from = r->next;

    while (!ends_word(peek(r)))
        take(r);
    return make_word(l, r, from);
}

const char *const lisp_escapes[2] = { "\n\t\r\"\\", "ntr\"\\" };

/* The character that is written so behind a backslash. */
static int
escaped(int c)
{
    const char *letter = c > 0 ? strchr(lisp_escapes[1], c) : NULL;

    return letter ? lisp_escapes[0][letter - lisp_escapes[1]] : c;
}

static rh_value
read_string(struct lisp *l, struct lisp_reader *r)
{
    size_t height = save(l);
    uint32_t opened = r->position;
    lisp_ref string = hold(l, lisp_text(l, ""));
    int c;

    while ((c = take(r)) != '"') {
        char byte;

        if (c == '\\')
            c = escaped(take(r));
        if (c == END)
            fail_at(l, opened, "this string is never closed");
        byte = (char)c;
        lisp_check(l, rh_string_append(l->heap, at(string), &byte, 1));
    }
    return leave(l, height, at(string));
}

/* ---- lists ---- */

static rh_value read_datum(struct lisp *l,
                           struct lisp_reader *r) RH_MAY_COLLECT;

/* A datum must come. */
static rh_value
read_more(struct lisp *l, struct lisp_reader *r, const char *complaint)
{
    uint32_t opened = r->position;

    if (skip(r) == END)
        fail_at(l, opened, complaint);
    return read_datum(l, r);
}

static rh_value
pair_at(struct lisp *l, uint32_t position, rh_value car)
{
    return lisp_made(
        l, rh_node_new(l->heap, LISP_PAIR, position, car, RH_NIL, RH_NIL));
}

/* (quote datum), (unquote datum), ... */
static rh_value
read_quoted(struct lisp *l, struct lisp_reader *r, const char *keyword)
{
    size_t height = save(l);
    uint32_t position = r->position;
    lisp_ref rest = hold(l, read_more(l, r, "nothing is quoted here"));
    rh_value quoted;

    put(rest, lisp_cons(l, at(rest), RH_NIL));
    quoted = pair_at(l, position, lisp_symbol(l, keyword));
    rh_node_set(l->heap, quoted, 1, at(rest));
    return leave(l, height, quoted);
}

/* A dot on its own, not the beginning of a word. */
static bool
is_dot(const struct lisp_reader *r)
{
    struct lisp_reader after = *r;

    after.next++;
    return peek(r) == '.' && ends_word(peek(&after));
}

/* Behind the opening parenthesis. */
static rh_value
read_list(struct lisp *l, struct lisp_reader *r)
{
    size_t height = save(l);
    uint32_t opened = r->position;
    lisp_ref first = hold(l, RH_NIL), last = hold(l, RH_NIL);
    rh_value tail;
    int c;

    while ((c = skip(r)) != ')' && c != END && !is_dot(r)) {
        uint32_t position = r->position;
        rh_value datum = read_datum(l, r);

        lisp_append_pair(l, first, last, pair_at(l, position, datum));
    }
    if (c == '.') {
        take(r);
        if (at(first) == RH_NIL || skip(r) == ')')
            fail_at(l, r->position, "a dot has a datum on either side");
        tail = read_more(l, r, "nothing follows the dot");
        rh_node_set(l->heap, at(last), 1, tail);
        c = skip(r);
    }
    if (c == END)
        fail_at(l, opened, "( is never closed");
    if (take(r) != ')')
        fail_at(l, r->position, "one datum follows a dot, and no more");
    return leave(l, height, at(first));
}

static rh_value
read_vector(struct lisp *l, struct lisp_reader *r)
{
    rh_value list = read_list(l, r);

    if (lisp_length(list) < 0)
        fail_at(l, r->position, "a vector has no dot");
    return lisp_list_to_vector(l, list);
}

static rh_value
read_hash(struct lisp *l, struct lisp_reader *r)
{
    size_t from = r->next - 1;

    if (peek(r) == '(') {
        take(r);
        return read_vector(l, r);
    }
    while (!ends_word(peek(r)))
        take(r);
    if (r->next - from == 2)
        switch (rh_string_bytes(at(r->text))[from + 1]) {
        case 't':
            return RH_TRUE;
        case 'f':
            return RH_FALSE;
        }
    fail_at(l, r->position, "# is followed by t, f or (");
}

/* Whether `mark` comes next; if so, it is passed over. */
static bool
passes(struct lisp_reader *r, const char *mark)
{
    struct lisp_reader after = *r;

    for (; *mark; mark++)
        if (take(&after) != *mark)
            return false;
    *r = after;
    return true;
}

/* One datum; there is something to read. */
static rh_value
read_datum(struct lisp *l, struct lisp_reader *r)
{
    static const char *const quotes[][2] = { { "'", "quote" },
                                             { "`", "quasiquote" },
                                             { ",@", "unquote-splicing" },
                                             { ",", "unquote" } };

    lisp_check_stack(l);
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
        if (passes(r, quotes[i][0]))
            return read_quoted(l, r, quotes[i][1]);
    switch (peek(r)) {
    case '(':
        take(r);
        return read_list(l, r);
    case ')':
        fail_at(l, r->position, ") closes nothing");
    case '"':
        take(r);
        return read_string(l, r);
    case '#':
        take(r);
        return read_hash(l, r);
    default:
        return read_word(l, r);
    }
}

rh_value
lisp_read(struct lisp *l, struct lisp_reader *reader)
{
    if (skip(reader) == END)
        return LISP_END_OF_FILE;
    l->position = reader->position;
    return read_datum(l, reader);
}

bool
lisp_is_complete(const char *text, size_t length)
{
    long depth = 0;
    bool string = false, comment = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (comment)
            comment = c != '\n';
        else if (string && c == '\\')
            i++;
        else if (c == '"')
            string = !string;
        else if (!string && c == ';')
            comment = true;
        else if (!string)
            depth += (c == '(') - (c == ')');
    }
    return depth <= 0 && !string;
}
