// SPDX-License-Identifier: MIT
/*
 * fork - `rheap fork': what stays shared of a heap after fork().
 */
#include "config.h"

#include "command.h"
#include "fork_lab.h"
#include "fork_marks.h"
#include "fork_peer.h"
#include "fork_report.h"
#include "say.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: rheap fork [options]\n"
    "\n"
    "Load a heap, fork, let the children do something, and count the pages of "
    "the\n"
    "system that each of them no longer shares with its parent, in the "
    "kernel's own\n"
    "tables.\n"
    "\n"
    "After fork() a child has all memory of its parent without a copy. When "
    "either of\n"
    "them writes to a page, it gets a copy of that page: copy-on-write. A "
    "server that\n"
    "loads its program and then forks workers has it in memory once, as long "
    "as\n"
    "nobody writes. Ruby's workers did not stay that way, because its "
    "collector wrote\n"
    "to every object that it looked at. Here collections write to a few tables "
    "beside\n"
    "the objects; and a sealed heap (--seal) keeps even these shared, and the "
    "holes\n"
    "between its objects empty.\n"
    "\n"
    "steps, each done by new children of the same parent:\n"
    "  idle              nothing: what forking and measuring cost; always "
    "done, first\n"
    "  read              look at every inherited object\n"
    "  minor, full       a collection of the young, of all\n"
    "  allocate:K        make K objects and keep them\n"
    "  mutate:PCT        store into PCT% of the inherited objects\n"
    "  serve:N           N requests: each reads 100 objects, makes 100 that "
    "are\n"
    "                    garbage at its end, and leaves one behind for a "
    "while; five\n"
    "                    full collections in all\n"
    "\n"
    "how to read it:\n"
    "  objects' pages    inherited pages with objects that are the child's own "
    "now;\n"
    "                    the share is that of all it inherited\n"
    "  tables            mark bits and the like, of inherited and of new "
    "pages\n"
    "  outside, other    malloc's memory; the stack, data of libraries\n"
    "  new pages         that the child made for objects of its own\n"
    "  per byte stored   bytes of objects' pages written to, old and new, for "
    "each\n"
    "                    that the program stored into objects: 85 where every "
    "new\n"
    "                    object falls into a hole on a page of its own\n"
    "  fork us           how long fork() itself took in the parent\n"
    "  half-life         requests until half of what was shared is shared no "
    "more\n"
    "\n"
    "options:\n"
    "  --objects N       strings, objects and arrays, a third each (600,000: "
    "31 MB)\n"
    "  --dump FILE       the heap of a dump instead, as 'rheap replay' "
    "rebuilds it\n"
    "  --workers N       so many children at once (1)\n"
    "  --steps LIST      such as idle,full,serve:10000 (one of each kind)\n"
    "  --collections-before N\n"
    "                    full ones, before the fork (1)\n"
    "  --holes PCT       first drop PCT% of the objects, evenly over the heap\n"
    "  --warmup none|collect|compact|full\n"
    "                    before the fork, too; full: compact and seal\n"
    "  --seal            seal the heap before the fork\n"
    "  --refork          then again: the first child serves 200 requests, is "
    "prepared\n"
    "                    as its parent was, and forks\n"
    "  --huge            let the system use huge pages (Linux before 5.8 then "
    "copies\n"
    "                    2 MB for a byte)\n"
    "  --marks=table|page|slot\n"
    "                    where mark bits are: in tables, as here and in Ruby "
    "since\n"
    "                    2.0; at the head of each page; or in each object, as "
    "before\n"
    "                    Ruby 2.0, where one collection in a child copies the "
    "whole\n"
    "                    heap. That is why they were moved.\n"
    "  --compare         the same in 'ruby' and 'python3', where installed\n"
    "  --json            one JSON object a row, nothing taken off\n"
    "  --svg OUT, --png OUT\n"
    "                    how the children of serve:N mature, as a chart\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done, 1 a row could not be measured, 2 wrong usage.\n";

enum {
    MAX_OBJECTS = 100 * 1000 * 1000,
    MAX_COLLECTIONS = 1000
};

struct experiment {
    struct fork_plan plan;
    const char *marks; // asked for
    const char *svg_file;
    const char *png_file;
    bool wants_json;
    bool wants_comparison;
    bool has_objects;

    struct fork_live live;
    struct json *json; // NULL: for people
    struct fork_row *rows;
    size_t count;
    size_t room;
    bool has_failed;
};

// --- options -----------------------------------------------------------------

enum {
    OPTION_OBJECTS = 256,
    OPTION_DUMP,
    OPTION_WORKERS,
    OPTION_SEAL,
    OPTION_COLLECTIONS,
    OPTION_HOLES,
    OPTION_WARMUP,
    OPTION_STEPS,
    OPTION_MARKS,
    OPTION_REFORK,
    OPTION_HUGE,
    OPTION_COMPARE,
    OPTION_JSON,
    OPTION_SVG,
    OPTION_PNG
};

static const struct option options[] = {
    { "objects", required_argument, NULL, OPTION_OBJECTS },
    { "dump", required_argument, NULL, OPTION_DUMP },
    { "workers", required_argument, NULL, OPTION_WORKERS },
    { "seal", no_argument, NULL, OPTION_SEAL },
    { "collections-before", required_argument, NULL, OPTION_COLLECTIONS },
    { "holes", required_argument, NULL, OPTION_HOLES },
    { "warmup", required_argument, NULL, OPTION_WARMUP },
    { "steps", required_argument, NULL, OPTION_STEPS },
    { "marks", required_argument, NULL, OPTION_MARKS },
    { "refork", no_argument, NULL, OPTION_REFORK },
    { "huge", no_argument, NULL, OPTION_HUGE },
    { "compare", no_argument, NULL, OPTION_COMPARE },
    { "json", no_argument, NULL, OPTION_JSON },
    { "svg", required_argument, NULL, OPTION_SVG },
    { "png", required_argument, NULL, OPTION_PNG },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int
set_number(const char *name, size_t min, size_t max, size_t *number)
{
    if (command_number(optarg, max, number) && *number >= min)
        return EXIT_DONE;
    return say_usage("%s is a whole number from %zu to %zu, not '%s'", name,
                     min, max, optarg);
}

static int
set_steps(struct experiment *experiment)
{
    const char *wrong;

    if (fork_plan_set_steps(&experiment->plan, optarg, &wrong))
        return EXIT_DONE;
    return say_usage("--steps is a list of idle, read, minor, full, "
                     "allocate:K, mutate:PCT, serve:N: what is '%s'?",
                     wrong);
}

static int
set_words(struct experiment *experiment, int option)
{
    struct fork_plan *plan = &experiment->plan;

    if (option == OPTION_WARMUP && !fork_warmup_named(optarg, &plan->warmup))
        return say_usage("--warmup is 'none', 'collect', 'compact' or 'full', "
                         "not '%s'",
                         optarg);
    if (option == OPTION_HOLES && !fork_percent(optarg, &plan->holes))
        return say_usage("--holes is a number from 0 to 100, not '%s'", optarg);
    if (option == OPTION_MARKS) {
        if (!fork_marks_known(optarg))
            return say_usage("--marks is 'table', 'page' or 'slot', not '%s'",
                             optarg);
        experiment->marks = optarg;
    }
    return EXIT_DONE;
}

static void
set_flag(struct experiment *experiment, int option)
{
    struct fork_plan *plan = &experiment->plan;

    plan->wants_seal |= option == OPTION_SEAL;
    plan->wants_refork |= option == OPTION_REFORK;
    plan->wants_huge |= option == OPTION_HUGE;
    experiment->wants_comparison |= option == OPTION_COMPARE;
    experiment->wants_json |= option == OPTION_JSON;
    experiment->has_objects |= option == OPTION_OBJECTS;
    if (option == OPTION_DUMP)
        plan->dump_file = optarg;
    if (option == OPTION_SVG)
        experiment->svg_file = optarg;
    if (option == OPTION_PNG)
        experiment->png_file = optarg;
}

static int
set_option(void *context, int option)
{
    struct experiment *experiment = context;
    struct fork_plan *plan = &experiment->plan;

    set_flag(experiment, option);
    switch (option) {
    case OPTION_OBJECTS:
        return set_number("--objects", 1, MAX_OBJECTS, &plan->objects);
    case OPTION_WORKERS:
        return set_number("--workers", 1, FORK_MAX_WORKERS, &plan->workers);
    case OPTION_COLLECTIONS:
        return set_number("--collections-before", 0, MAX_COLLECTIONS,
                          &plan->collections_before);
    case OPTION_STEPS:
        return set_steps(experiment);
    default:
        return set_words(experiment, option);
    }
}

static int
parse(struct experiment *experiment, int argc, char **argv)
{
    int status =
        command_parse(argc, argv, options, help, set_option, experiment);

    if (status != EXIT_DONE)
        return status;
    if (optind < argc)
        return say_usage("what is '%s'? A dump is given with --dump",
                         argv[optind]);
    if (experiment->has_objects && experiment->plan.dump_file)
        return say_usage("--objects and --dump exclude each other");
    return EXIT_DONE;
}

// --- rows --------------------------------------------------------------------

static bool
keep_row(struct experiment *experiment, const struct fork_row *row)
{
    if (experiment->count == experiment->room) {
        size_t room = experiment->room ? experiment->room * 2 : 16;
        struct fork_row *rows = realloc(experiment->rows, room * sizeof *rows);

        if (!rows)
            return false;
        experiment->rows = rows;
        experiment->room = room;
    }
    experiment->rows[experiment->count++] = *row;
    return true;
}

static void
take_row(const struct fork_row *row, void *context)
{
    struct experiment *experiment = context;

    if (*row->error && !row->is_foreign)
        experiment->has_failed = true;
    if (experiment->json)
        fork_row_print(row, experiment->json);
    if (!keep_row(experiment, row)) {
        say("not enough memory for the row of step %s", row->step);
        experiment->has_failed = true;
    }
}

// --- files -------------------------------------------------------------------

static bool
commit(struct output *output)
{
    if (output_commit(output))
        return true;
    say_about(output->path, 0, output->cause);
    return false;
}

static bool
write_svg(const struct chart *chart, const char *path)
{
    struct output output;

    if (output_open(&output, path))
        chart_svg(chart, &output);
    return commit(&output);
}

static bool
write_png(const struct chart *chart, const char *path)
{
    struct output output;

    if (output_open(&output, path) && !chart_png(chart, &output)) {
        output_abandon(&output);
        say("not enough memory for the chart");
        return false;
    }
    return commit(&output);
}

static bool
write_charts(const struct experiment *experiment,
             const struct fork_report *report)
{
    static struct chart chart;

    if (!experiment->svg_file && !experiment->png_file)
        return true;
    if (!fork_report_chart(report, &chart)) {
        say("there is nothing to draw: no step serve:N was measured");
        return false;
    }
    return (!experiment->svg_file || write_svg(&chart, experiment->svg_file)) &&
           (!experiment->png_file || write_png(&chart, experiment->png_file));
}

// --- the experiment ----------------------------------------------------------

static void
fork_children(struct experiment *experiment)
{
    size_t objects = experiment->plan.dump_file ? experiment->live.count
                                                : experiment->plan.objects;
    struct fork_lab lab = {
        .plan = &experiment->plan,
        .live = &experiment->live,
        .take = take_row,
        .context = experiment,
    };

    fork_lab_run(&lab);
    if (!experiment->wants_comparison)
        return;
    if (experiment->plan.dump_file)
        say("note: other systems get as many objects, but not those of the "
            "dump");
    fork_peers_run(&experiment->plan, objects, take_row, experiment);
}

static bool
run_experiment(struct experiment *experiment)
{
    struct fork_report report = {
        .plan = &experiment->plan,
        .live = &experiment->live,
    };

    if (!fork_live_prepare(&experiment->live, &experiment->plan))
        return false;
    fork_children(experiment);
    report.rows = experiment->rows;
    report.count = experiment->count;
    if (!experiment->json)
        fork_report_print(&report);
    return write_charts(experiment, &report) && !experiment->has_failed;
}

static bool
begin(struct experiment *experiment)
{
    if (experiment->wants_json) {
        experiment->json = json_begin();
        if (!experiment->json) {
            say("not enough memory");
            return false;
        }
    }
    return fork_live_make(&experiment->live, &experiment->plan);
}

static void
end(struct experiment *experiment)
{
    if (experiment->json)
        json_end(experiment->json);
    free(experiment->rows);
}

static int
run(int argc, char **argv)
{
    struct experiment experiment = { .marks = fork_marks() };
    bool is_good = false;
    int status;

    fork_plan_init(&experiment.plan);
    experiment.plan.marks = fork_marks();
    status = parse(&experiment, argc, argv);
    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (strcmp(experiment.marks, fork_marks()) != 0) {
        fork_marks_become(experiment.marks, argc, argv);
        return EXIT_BAD_INPUT;
    }
    if (begin(&experiment)) {
        is_good = run_experiment(&experiment);
        fork_live_free(&experiment.live);
    }
    end(&experiment);
    return is_good ? EXIT_DONE : EXIT_BAD_INPUT;
}

const struct command fork_command = {
    .name = "fork",
    .summary = "what stays shared of a heap after fork()",
    .help = help,
    .run = run,
};
