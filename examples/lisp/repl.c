/* SPDX-License-Identifier: MIT */
/* repl.c - the interpreter and its user: read, evaluate, print, again.
 *
 * On a terminal there are prompts, colours (unless NO_COLOR is set), and, if
 * the program was built with it, libedit: editing, and a history that is kept
 * in ~/.rheap-lisp-history.  From a pipe, only what is asked for is printed.
 *
 * An entry may have several lines: it is complete when its parentheses are.
 * Each is read and evaluated under a trap of its own, so that an error comes
 * back to the prompt, with all handles let go of. */
#include "lisp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBEDIT
#include <histedit.h>
#include <locale.h>
#endif

static const char *const prompts[] = { "lisp>", "  ..." };

struct repl {
    bool terminal;
    bool ended;
    bool inside; /* of an entry: the second prompt is due */
    uint32_t position;
    char *line; /* of getline() */
    size_t room;
#ifdef HAVE_LIBEDIT
    EditLine *editor;
    History *history;
    HistEvent event;
    char file[4096];
#endif
};

/* ---- messages ---- */

static bool
has_colour(FILE *file)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");

    return isatty(fileno(file)) && !(no_colour && *no_colour) && kind &&
           strcmp(kind, "dumb") != 0;
}

static void
say(FILE *file, const char *colour, const char *text)
{
    bool coloured = has_colour(file);

    fprintf(file, "%s%s%s%s%s\n", coloured ? "\033[" : "",
            coloured ? colour : "", coloured ? "m" : "", text,
            coloured ? "\033[0m" : "");
}

static rh_value
say_error(struct lisp *l, void *context)
{
    rh_value report = lisp_report(l, *(rh_value *)context);

    say(stderr, "31", rh_string_bytes(report));
    return RH_NIL;
}

void
lisp_guard(struct lisp *l, lisp_body body, void *context)
{
    struct lisp_trap trap = { .serial = 0 };
    rh_value thrown = lisp_protect(l, &trap, body, context);

    if (!trap.sprung)
        return;
    fflush(stdout);
    l->status = 1;
    (void)lisp_protect(l, &trap, say_error, &thrown);
    if (trap.sprung) /* no memory even for that */
        say(stderr, "31", "out of memory");
}

/* ---- lines ---- */

static struct lisp *interruptible;

static void
interrupt(int signal)
{
    (void)signal;
    interruptible->interrupted = 1;
}

static const char *
plain_line(struct repl *r)
{
    if (r->terminal)
        printf("%s ", prompts[r->inside]);
    fflush(stdout);
    errno = 0;
    if (getline(&r->line, &r->room, stdin) >= 0)
        return r->line;
    r->ended = errno != EINTR;
    clearerr(stdin);
    return NULL;
}

#ifdef HAVE_LIBEDIT
static char *
prompt(EditLine *editor)
{
    static char text[32]; /* libedit wants a char * */
    struct repl *r;
    bool coloured = has_colour(stdout);

    el_get(editor, EL_CLIENTDATA, &r);
    snprintf(text, sizeof text, "%s%s%s ", coloured ? "\1\033[1m\1" : "",
             prompts[r->inside], coloured ? "\1\033[0m\1" : "");
    return text;
}

/* Without an editor lines are read plainly. */
static void
open_editor(struct repl *r)
{
    const char *home = getenv("HOME");

    setlocale(LC_CTYPE, "");
    r->editor = el_init("07-lisp", stdin, stdout, stderr);
    r->history = history_init();
    if (!r->editor || !r->history)
        return;
    if (home)
        snprintf(r->file, sizeof r->file, "%s/.rheap-lisp-history", home);
    history(r->history, &r->event, H_SETSIZE, 1000);
    history(r->history, &r->event, H_SETUNIQUE, 1);
    if (home)
        history(r->history, &r->event, H_LOAD, r->file);
    el_set(r->editor, EL_CLIENTDATA, r);
    el_set(r->editor, EL_PROMPT_ESC, prompt, '\1');
    el_set(r->editor, EL_EDITOR, "emacs");
    el_set(r->editor, EL_HIST, history, r->history);
    el_set(r->editor, EL_SIGNAL, 1);
    el_set(r->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(r->editor, NULL);
}

static void
close_editor(struct repl *r)
{
    if (r->history && *r->file)
        history(r->history, &r->event, H_SAVE, r->file);
    if (r->history)
        history_end(r->history);
    if (r->editor)
        el_end(r->editor);
}

static const char *
next_line(struct repl *r)
{
    const char *line;
    int length = 0;

    if (!r->editor || !r->history)
        return plain_line(r);
    line = el_gets(r->editor, &length);
    if (line && length > 0 && strspn(line, " \t\n") < (size_t)length)
        history(r->history, &r->event, H_ENTER, line);
    r->ended = !line && length == 0;
    return line && length > 0 ? line : NULL;
}
#else
static void
open_editor(struct repl *r)
{
    (void)r;
}

static void
close_editor(struct repl *r)
{
    (void)r;
}

static const char *
next_line(struct repl *r)
{
    return plain_line(r);
}
#endif

/* ---- entries ---- */

/* Read lines to the end of `text` until it is complete; false: it was broken
 * off, by Ctrl-C or by the end of the input. */
static bool
read_entry(struct lisp *l, struct repl *r, rh_value text)
{
    const char *line;

    r->inside = false;
    while ((line = next_line(r))) {
        lisp_check(l, rh_string_append(l->heap, text, line, strlen(line)));
        r->position++;
        if (lisp_is_complete(rh_string_bytes(text), rh_string_length(text)))
            return true;
        r->inside = true;
    }
    if (r->terminal)
        putchar('\n');
    l->interrupted = 0;
    return r->ended && r->inside; /* the reader will complain */
}

/* One round: an entry, and the value of each form in it. */
static rh_value
round_trip(struct lisp *l, void *context)
{
    struct repl *r = context;
    struct lisp_reader reader = { .position = r->position };
    rh_value form;

    reader.text = hold(l, lisp_text(l, ""));
    if (!read_entry(l, r, at(reader.text)))
        return RH_NIL;
    while ((form = lisp_read(l, &reader)) != LISP_END_OF_FILE) {
        rh_value value = lisp_run(l, form);

        fflush(stdout);
        if (value != LISP_NOTHING)
            say(stdout, "36",
                rh_string_bytes(lisp_print(l, value, LISP_WRITE)));
    }
    return RH_NIL;
}

static rh_value
start(struct lisp *l, void *context)
{
    struct repl *r = context;

    r->position = lisp_add_file(l, lisp_text(l, "standard input"));
    return RH_NIL;
}

/* Until the input ends, or (exit). */
static rh_value
talk(struct lisp *l, void *context)
{
    struct repl *r = context;

    while (!r->ended)
        lisp_guard(l, round_trip, r);
    return RH_NIL;
}

void
lisp_repl(struct lisp *l)
{
    struct repl r = { .terminal = isatty(STDIN_FILENO) };
    struct lisp_trap end = { .serial = -1 };
    struct sigaction action = { .sa_handler = interrupt }, before;

    lisp_guard(l, start, &r);
    interruptible = l;
    if (r.terminal) {
        puts("A small Scheme on rheap.  Ctrl-D leaves, Ctrl-C interrupts.");
        sigaction(SIGINT, &action, &before);
        open_editor(&r);
    }
    (void)lisp_protect(l, &end, talk, &r);
    if (r.terminal) {
        close_editor(&r);
        sigaction(SIGINT, &before, NULL);
        l->status = end.sprung ? l->status : 0;
    }
    free(r.line);
}
