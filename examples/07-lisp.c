/* SPDX-License-Identifier: MIT */
/* 07-lisp - a whole interpreter: a small Scheme.
 *
 * Its parts are in lisp/.  Begin with lisp/lisp.h: what the values are, and how
 * they are kept alive.  Here is only the command line.  To try it:
 *
 *     07-lisp lisp/gcbench.lisp 14           run a program with an argument
 *     07-lisp --stress lisp/tak.lisp 6 4 2   collect at every allocation
 *     07-lisp                                type, and see what it answers
 *
 * The program lisp/language.lisp tries out the language.
 *
 * Prints exactly:
 *
 *     numbers
 *     integers that outgrow a word become reals
 *     lists
 *     strings, symbols, vectors
 *     choices
 *     variables and scopes
 *     closures: let over lambda
 *     tail calls take no room
 *     macros and quasiquotation
 *     errors
 *     escapes
 *     files
 *     what is printed is read again as the same
 *     memory
 *     156 checks passed, 0 failed
 */
#include "lisp/lisp.h"

#include <rheap/barrier.h>
#include <rheap/stat.h>
#include <rheap/verify.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    int stats, verify, stop_the_world; /* set by getopt_long() */
    unsigned stress;                   /* enum rh_stress */
    size_t heap_slots, max_heap;       /* 0: not given */
    char **expressions;                /* of -e */
    int expression_count;
    char **words; /* the program and its arguments; ends with NULL */
};

static const char usage[] =
    "Usage: 07-lisp [OPTION]... [PROGRAM [ARGUMENT]...]\n"
    "A small Scheme on rheap.  Without a program it answers what you type; - "
    "is\n"
    "a program on standard input.\n"
    "\n"
    "  -e, --eval FORM       evaluate the form and print its value; several "
    "-e are\n"
    "                        evaluated in order, up to the first error, and "
    "words\n"
    "                        that follow are (arguments)\n"
    "      --stress[=KIND]   collect at every allocation: finds references "
    "that\n"
    "                        nobody holds; slow.  KIND: full, or young (in the "
    "middle\n"
    "                        of a major collection; finds forgotten barriers), "
    "or\n"
    "                        moves (finds copies of references that do not "
    "follow)\n"
    "      --verify          check every invariant of the heap at the end\n"
    "      --stats           say at the end what the collector did\n"
    "      --heap-slots N    the size of the heap at first (10000)\n"
    "      --max-heap MB     the most that slots may take (16 at least)\n"
    "      --stop-the-world  all collections are full ones, in one go\n"
    "  -h, --help            this\n"
    "\n"
    "The language in a few lines:\n"
    "  (define (square x) (* x x))                      a procedure\n"
    "  (map square '(1 2 3))                            is (1 4 9)\n"
    "  (let loop ((i 0)) (if (< i 9) (loop (+ i 1)) i)) a loop\n"
    "  (define-macro (twice form) `(begin ,form ,form)) a keyword\n"
    "  (try (lambda () (car 1)) (lambda (e) (error-message e)))\n"
    "  (load \"file.lisp\") (arguments) (exit)\n"
    "  (collect) (heap-stat \"heap_live_slots\")          the heap itself\n"
    "lisp/language.lisp uses all there is.\n";

static size_t
parse_count(const char *option, const char *text)
{
    char *end;
    unsigned long long count;

    errno = 0;
    count = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || count > SIZE_MAX >> 20) {
        fprintf(stderr, "07-lisp: --%s wants a number, not %s\n", option, text);
        exit(2);
    }
    return (size_t)count;
}

static unsigned
parse_stress(const char *kind)
{
    if (!kind || strcmp(kind, "full") == 0)
        return RH_STRESS_ALLOC;
    if (strcmp(kind, "young") == 0)
        return RH_STRESS_ALLOC | RH_STRESS_MINOR | RH_STRESS_STEPS;
    if (strcmp(kind, "moves") == 0)
        return RH_STRESS_ALLOC | RH_STRESS_COMPACT;
    fprintf(stderr, "07-lisp: --stress=%s: full, young or moves\n", kind);
    exit(2);
}

static void
parse_options(struct options *o, int argc, char **argv)
{
    const struct option known[] = {
        { "eval", required_argument, NULL, 'e' },
        { "heap-slots", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },
        { "max-heap", required_argument, NULL, 'm' },
        { "stats", no_argument, &o->stats, 1 },
        { "stop-the-world", no_argument, &o->stop_the_world, 1 },
        { "stress", optional_argument, NULL, 'S' },
        { "verify", no_argument, &o->verify, 1 },
        { NULL, 0, NULL, 0 },
    };

    o->expressions = argv + 1; /* words that are parsed are free */
    for (int c; (c = getopt_long(argc, argv, "+e:h", known, NULL)) != -1;)
        switch (c) {
        case 0:
            break;
        case 'e':
            o->expressions[o->expression_count++] = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        case 'm':
            o->max_heap = parse_count("max-heap", optarg) << 20;
            break;
        case 'S':
            o->stress = parse_stress(optarg);
            break;
        case 's':
            o->heap_slots = parse_count("heap-slots", optarg);
            break;
        default:
            fputs("Try 07-lisp --help.\n", stderr);
            exit(2);
        }
    o->words = argv + optind;
}

/* ---- what is to be done ---- */

static rh_value
run_program(struct lisp *l, void *name)
{
    return lisp_load(l, lisp_text(l, name));
}

static rh_value
run_expressions(struct lisp *l, void *context)
{
    const struct options *o = context;

    for (int i = 0; i < o->expression_count; i++) {
        rh_value text = lisp_text(l, o->expressions[i]);
        rh_value value = lisp_run_text(l, text, 0);

        puts(rh_string_bytes(lisp_print(l, value, LISP_WRITE)));
    }
    return RH_NIL;
}

static rh_value
keep_arguments(struct lisp *l, void *context)
{
    const struct options *o = context;
    char **word = o->words;
    lisp_ref first = hold(l, RH_NIL), last = hold(l, RH_NIL);

    if (!o->expression_count && *word)
        word++; /* the program */
    for (; *word; word++) {
        rh_value text = lisp_text(l, *word);

        lisp_append_pair(l, first, last, lisp_cons(l, text, RH_NIL));
    }
    return l->roots.arguments = at(first);
}

static rh_value
run(struct lisp *l, void *context)
{
    const struct options *o = context;

    lisp_guard(l, lisp_start, NULL);
    lisp_guard(l, keep_arguments, context);
    if (l->status)
        return RH_NIL;
    if (o->expression_count)
        lisp_guard(l, run_expressions, context);
    else if (*o->words)
        lisp_guard(l, run_program, *o->words);
    else
        lisp_repl(l);
    return RH_NIL;
}

/* ---- what is said at the end ---- */

static void
print_stats(const struct lisp *l)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(l->heap, &stat);
    fprintf(stderr, "objects      %12" PRIu64 " made, %" PRIu64 " alive\n",
            stat.total_allocated_objects, stat.heap_live_slots);
    fprintf(stderr,
            "collections  %12" PRIu64 ", %" PRIu64 " of them minor; %.3f ms\n",
            stat.count, stat.minor_gc_count,
            (double)stat.x_collection_ns / 1e6);
    fprintf(stderr, "pages        %12" PRIu64 " in use, %" PRIu64 " empty\n",
            stat.heap_eden_pages, stat.heap_tomb_pages);
    fprintf(stderr, "outside      %12" PRIu64 " bytes in %" PRIu64 " blocks\n",
            stat.x_external_bytes, stat.x_external_blocks);
    fprintf(stderr, "handles      %12" PRIu64 " at most\n", stat.x_handle_peak);
}

static void
verify(struct lisp *l)
{
    struct rh_violation violation;

    if (rh_heap_verify(l->heap, &violation) == RH_OK)
        return;
    fprintf(stderr, "07-lisp: the heap is broken: %s, %s\n",
            violation.invariant, violation.meaning);
    l->status = 1;
}

/* A heap that finds itself misused says why, and will not go on. */
static void
panic(struct rh_heap *heap, const char *message, void *context)
{
    (void)heap, (void)context;
    fprintf(stderr, "07-lisp: %s\n", message);
    abort();
}

static bool
open_lisp(struct lisp *l, const struct options *o)
{
    struct rh_config config;

    rh_config_init(&config);
    config.generational = config.incremental = !o->stop_the_world;
    if (o->heap_slots)
        config.initial_slots = o->heap_slots;
    config.region_bytes = o->max_heap;
    config.panic = panic;
    if (!lisp_open(l, &config))
        return false;
    rh_heap_stress(l->heap, o->stress);
    if (o->stress & RH_STRESS_MINOR)
        rh_barrier_check(l->heap, true, NULL, NULL);
    return true;
}

int
main(int argc, char **argv)
{
    struct options options = { 0 };
    struct lisp_trap end = { .serial = -1 }; /* where (exit) leads */
    struct lisp l;

    parse_options(&options, argc, argv);
    if (!open_lisp(&l, &options)) {
        fputs("07-lisp: there is not enough memory for a heap\n", stderr);
        return 1;
    }
    (void)lisp_protect(&l, &end, run, &options);
    fflush(stdout);
    if (options.verify)
        verify(&l);
    if (options.stats)
        print_stats(&l);
    lisp_close(&l);
    if (ferror(stdout)) {
        fputs("07-lisp: standard output: cannot write\n", stderr);
        return 1;
    }
    return l.status;
}
