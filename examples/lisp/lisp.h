/* SPDX-License-Identifier: MIT */
/* lisp.h - a small Scheme on rheap's Ruby-style objects.
 *
 *     text --read--> lists --compile--> code --evaluate--> a value --print-->
 *
 * Everything between the two ends of that line is an object on the heap: the
 * text of a file, the lists that the reader makes of it, the code that the
 * compiler makes of those, the variables of the running program.  So nothing
 * is ever freed here, and an error may leave by longjmp from anywhere.
 *
 * What a value is
 *     () #t #f      immediates
 *     1 -3          fixnum
 *     1.5           flonum, or FLOAT
 *     "text"        STRING
 *     name          SYMBOL, one for each name; its id is the place of its global
 *                   value in an array
 *     (a . b)       NODE: car, cdr, and the line it was read from
 *     #(a b c)      ARRAY
 *     procedure     IMEMO ifunc: a lambda, and the environment it was made in
 *     builtin       immediate (a static symbol): its place in a table
 *     escape        IMEMO throw_data: which call/ec it leaves
 *     error         IMEMO memo: message, what it is about, where it was
 *     file          FILE, which closes itself when nobody can reach it
 * and what the language never sees
 *     code          NODE, of other kinds
 *     environment   IMEMO env
 *     macro         IMEMO ment: its procedure
 *
 * THE DISCIPLINE.  A collection can happen in functions that are marked
 * RH_MAY_COLLECT, rheap's and ours.  There everything dies that no root leads
 * to, and what survives may move.  Hence four rules:
 *
 *   1. An rh_value in a C variable is good until the next call of a function
 *      that is marked.  To have it longer, hold it: hold() puts it on the
 *      heap's handle stack, and at() reads it there.
 *   2. A marked function keeps the values that it is passed alive for itself;
 *      the one it answers is again in nobody's care.
 *   3. A function that holds something begins with `height = save(l)` and ends
 *      with `return leave(l, height, value)`, which lets go of all.
 *   4. No marked call stands among the arguments of another one that takes
 *      values: C may read those first, and they would be old by then.
 *
 * A mistake is found by --stress, which collects at every allocation.
 *
 * Errors leave by longjmp to the nearest lisp_protect(), which restores the
 * height that it began with; handles above it are gone, and need no clean-up.
 *
 * Stores into objects go through rheap's functions (rh_array_set() and so on):
 * these run the write barrier, by which the collector learns that an old
 * object now leads to a young one. */
#ifndef LISP_H
#define LISP_H

#include <rheap/array.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/roots.h>
#include <rheap/string.h>
#include <rheap/symbol.h>

#include <setjmp.h>

/* For gcc and clang. */
#define LISP_PRINTF(which, first) __attribute__((format(printf, which, first)))
#define LISP_UNUSED __attribute__((unused))
#define LISP_FRAME ((uintptr_t)__builtin_frame_address(0))

/* Kinds of NODE, and what their three values are. */
enum lisp_node {
    LISP_PAIR,       /* car, cdr */
    CODE_CONSTANT,   /* value */
    CODE_LOCAL,      /* address, name */
    CODE_GLOBAL,     /* name */
    CODE_SET_LOCAL,  /* address, name, code */
    CODE_SET_GLOBAL, /* -, name, code */
    CODE_DEFINE,     /* -, name, code */
    CODE_IF,         /* test, then, else */
    CODE_OR,         /* code, and if that is false: code */
    CODE_SEQUENCE,   /* array of code */
    CODE_LAMBDA,     /* parameters: 2 * count + whether more go into a list;
                        body, name */
    CODE_LET,        /* array of code for the new variables, body */
    CODE_SCOPE,      /* how many new variables, body */
    CODE_CALL        /* array of code: function and arguments */
};

/* Immediates of ours, beside the builtins. */
#define LISP_NOTHING rh_symbol_from_id(1 << 20)
#define LISP_END_OF_FILE rh_symbol_from_id((1 << 20) + 1)

struct lisp;

/* A handle: a place on the handle stack, a root.  Arguments of a call lie side
 * by side, so that args + 1 is the handle of the second. */
typedef void **lisp_ref;

typedef rh_value (*lisp_function)(struct lisp *l, size_t count, lisp_ref args);

/* A procedure written in C.  `wants` has a letter for each argument: . any,
 * b boolean, e error, f procedure, i integer, l list, n number, o file, p pair,
 * s string, v vector, y symbol, 0 empty list, - false, $ end of file.  After |
 * they may be missing; * repeats.  `which` is for functions with several
 * names. */
struct lisp_builtin {
    const char *name;
    const char *wants;
    lisp_function function;
    char which;
};

/* Where errors, escapes, or the end of the program go to. */
struct lisp_trap {
    struct lisp_trap *outer;
    size_t height;
    int64_t serial; /* of call/ec; 0: for errors; -1: for the end */
    bool sprung;
    jmp_buf jump;
};

/* The head of a builtin's function. */
#define LISP_BUILTIN(name)                                                     \
    static rh_value builtin_##name(LISP_UNUSED struct lisp *l,                 \
                                   LISP_UNUSED size_t count,                   \
                                   LISP_UNUSED lisp_ref args)

enum {
    LISP_MAX_BUILTINS = 256,
    LISP_LINE_BITS = 20 /* of a position; the rest is the number of a file */
};

struct lisp {
    struct rh_heap *heap;
    struct rh_fast *fast;

    struct lisp_roots {     /* one range of roots; all of them rh_value */
        rh_value symbols;   /* hash: name to symbol */
        rh_value globals;   /* array: values by id of symbol */
        rh_value files;     /* array: names of files that were read */
        rh_value arguments; /* list, of the command line */
        rh_value thrown;    /* on its way to a trap */
        rh_value no_memory; /* the error, made in good time */
    } roots;

    const struct lisp_builtin *builtins[LISP_MAX_BUILTINS];
    size_t builtin_count;
    const struct lisp_builtin *running;

    struct lisp_trap *trap;   /* the innermost */
    int64_t serial;           /* of the last call/ec */
    uint32_t position;        /* file and line of what is being done */
    uintptr_t stack_end;      /* the C stack may grow down to here */
    volatile int interrupted; /* by Ctrl-C */
    int status;               /* of the process */
};

/* ---- the discipline ---- */

_Noreturn void lisp_no_memory(struct lisp *l);

static inline size_t
save(const struct lisp *l)
{
    return rh_scope_save(l->heap);
}

static inline lisp_ref
hold(struct lisp *l, rh_value value)
{
    lisp_ref ref = rh_fast_hold(l->heap, l->fast, rh_value_slot(value));

    if (!ref)
        lisp_no_memory(l);
    return ref;
}

/* The handle that the next hold() will answer. */
static inline lisp_ref
top(const struct lisp *l)
{
    return l->fast->handle_top;
}

static inline rh_value
at(lisp_ref ref)
{
    return rh_value_of_slot(*ref);
}

static inline void
put(lisp_ref ref, rh_value value)
{
    *ref = rh_value_slot(value);
}

static inline rh_value
leave(const struct lisp *l, size_t height, rh_value value)
{
    rh_scope_restore(l->heap, height);
    return value;
}

/* ---- memory.c: the heap, and making objects ---- */

/* Make a heap; false: no memory.  Then, under a trap for errors, what is in it
 * before any program. */
bool lisp_open(struct lisp *l, const struct rh_config *config);
rh_value lisp_start(struct lisp *l, void *ignored) RH_MAY_COLLECT;

/* Give all memory back. */
void lisp_close(struct lisp *l) RH_MAY_COLLECT;

/* Each either makes the object or does not return. */
rh_value lisp_cons(struct lisp *l, rh_value car, rh_value cdr) RH_MAY_COLLECT;
rh_value lisp_node(struct lisp *l, enum lisp_node kind, rh_value a, rh_value b,
                   rh_value c) RH_MAY_COLLECT;
rh_value lisp_imemo(struct lisp *l, enum rh_imemo_kind kind, rh_value a,
                    rh_value b, rh_value c) RH_MAY_COLLECT;
rh_value lisp_text(struct lisp *l, const char *c_string) RH_MAY_COLLECT;
rh_value lisp_vector(struct lisp *l, size_t length,
                     rh_value fill) RH_MAY_COLLECT;
rh_value lisp_real(struct lisp *l, double number) RH_MAY_COLLECT;

/* An integer that does not fit becomes a real. */
rh_value lisp_integer(struct lisp *l, int64_t number) RH_MAY_COLLECT;

/* What a constructor answered, unless that was "no memory". */
rh_value lisp_made(struct lisp *l, rh_value value);

/* For mutators: RH_OK, or there was no memory. */
void lisp_check(struct lisp *l, enum rh_status status);

/* The symbol of that name, a string; or one that is in no table. */
rh_value lisp_new_symbol(struct lisp *l, rh_value name) RH_MAY_COLLECT;
rh_value lisp_intern(struct lisp *l, rh_value name) RH_MAY_COLLECT;
rh_value lisp_symbol(struct lisp *l, const char *name) RH_MAY_COLLECT;

/* The value of a global variable; RH_UNDEF: it has none. */
rh_value lisp_global(const struct lisp *l, rh_value symbol);
void lisp_set_global(struct lisp *l, rh_value symbol, rh_value value);

/* Remember the name of a file; answers the position of its line 1. */
uint32_t lisp_add_file(struct lisp *l, rh_value name);

/* Lists.  lisp_length() is -1 for what is no list, or has no end. */
bool lisp_is_pair(rh_value value);
rh_value lisp_car(rh_value pair);
rh_value lisp_cdr(rh_value pair);
int64_t lisp_length(rh_value list);
rh_value lisp_list_to_vector(struct lisp *l, rh_value list) RH_MAY_COLLECT;
void lisp_append_pair(struct lisp *l, lisp_ref first, lisp_ref last,
                      rh_value pair);

/* The frame of `count` variables at `values`, inside the frame `outer`. */
rh_value lisp_extend(struct lisp *l, lisp_ref values, size_t count,
                     rh_value outer) RH_MAY_COLLECT;

/* ---- errors.c ---- */

typedef rh_value (*lisp_body)(struct lisp *l, void *context);

/* What `body` answers or, with trap->sprung, what was thrown to the trap; the
 * caller sets trap->serial. */
rh_value lisp_protect(struct lisp *l, struct lisp_trap *trap, lisp_body body,
                      void *context) RH_MAY_COLLECT;

/* Leave to the trap with that serial, which must be there. */
_Noreturn void lisp_throw(struct lisp *l, int64_t serial, rh_value value);
bool lisp_has_trap(const struct lisp *l, int64_t serial);

/* An error: a sentence in printf's manner, and the value at fault, unless that
 * is RH_UNDEF. */
_Noreturn void lisp_fail(struct lisp *l, rh_value culprit, const char *format,
                         ...) LISP_PRINTF(3, 4);

/* Fail when the C stack is nearly used up, or somebody pressed Ctrl-C.  To be
 * called by everything that calls itself. */
void lisp_check_stack(struct lisp *l);

/* Errors as objects. */
rh_value lisp_error(struct lisp *l, rh_value message,
                    rh_value irritants) RH_MAY_COLLECT;
bool lisp_is_error(rh_value value);

/* What an uncaught error has to say: a string "file:line: message: value". */
rh_value lisp_report(struct lisp *l, rh_value thrown) RH_MAY_COLLECT;

/* ---- reader.c ---- */

struct lisp_reader {
    lisp_ref text; /* a string, read through the handle */
    size_t next;
    uint32_t position;
};

/* The next datum, or LISP_END_OF_FILE. */
rh_value lisp_read(struct lisp *l, struct lisp_reader *reader) RH_MAY_COLLECT;

/* Whether all that `text` opens is closed in it, too. */
bool lisp_is_complete(const char *text, size_t length);

/* Characters, and the letters that stand for them behind a backslash. */
extern const char *const lisp_escapes[2];

/* The number that is spelled so, or RH_UNDEF. */
rh_value lisp_parse_number(struct lisp *l, const char *spelling) RH_MAY_COLLECT;

/* ---- printer.c ---- */

enum lisp_style {
    LISP_WRITE,  /* as the reader would take it: "a\nb" */
    LISP_DISPLAY /* as people would: the bytes of a string */
};

/* A string. */
rh_value lisp_print(struct lisp *l, rh_value value,
                    enum lisp_style style) RH_MAY_COLLECT;

/* Add to a string; no slot is allocated, so nothing is collected. */
void lisp_print_to(struct lisp *l, rh_value string, rh_value value,
                   enum lisp_style style);

/* ---- compiler.c ---- */

/* The keywords; their symbols come first, so that these are their ids. */
enum lisp_keyword {
    LISP_QUOTE,
    LISP_IF,
    LISP_OR,
    LISP_DEFINE,
    LISP_SET,
    LISP_LAMBDA,
    LISP_BEGIN,
    LISP_MACRO,
    LISP_KEYWORDS
};
extern const char *const lisp_keywords[]; /* ends with NULL */

rh_value lisp_compile(struct lisp *l, rh_value form) RH_MAY_COLLECT;

/* ---- evaluator.c ---- */

rh_value lisp_evaluate(struct lisp *l, rh_value code,
                       rh_value environment) RH_MAY_COLLECT;

/* Call the function at `call` with the `count` values that follow it. */
rh_value lisp_apply(struct lisp *l, lisp_ref call, size_t count) RH_MAY_COLLECT;

/* Compile a datum and evaluate it outside of all scopes. */
rh_value lisp_run(struct lisp *l, rh_value form) RH_MAY_COLLECT;

/* ---- builtins.c, numbers.c, files.c, prelude.c ---- */

extern const struct lisp_builtin lisp_core[], lisp_numbers[], lisp_files[];
extern const char lisp_prelude[];

/* Whether the value is what that letter of `wants` says. */
bool lisp_is(const struct lisp *l, char want, rh_value value);
bool lisp_is_builtin(const struct lisp *l, rh_value value);

/* The same number, or the same word. */
bool lisp_same(rh_value a, rh_value b);

/* Read and run a text; `position` is its first line's, or 0: it has none. */
rh_value lisp_run_text(struct lisp *l, rh_value text,
                       uint32_t position) RH_MAY_COLLECT;

/* Read and run a file.  "-" is standard input. */
rh_value lisp_load(struct lisp *l, rh_value name) RH_MAY_COLLECT;

/* ---- repl.c: the interpreter and its user ---- */

/* Run `body`; an error that nobody catches is printed, and l->status is 1. */
void lisp_guard(struct lisp *l, lisp_body body, void *context) RH_MAY_COLLECT;

/* Read, evaluate, print, until the input ends. */
void lisp_repl(struct lisp *l) RH_MAY_COLLECT;

#endif
