// SPDX-License-Identifier: MIT
/*
 * trim - `rheap trim': what trimming gives, and what it costs.
 */
#include "config.h"

#include "command.h"
#include "output.h"
#include "place.h"
#include "progress.h"
#include "say.h"
#include "trim_load.h"
#include "trim_report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: rheap trim [options]\n"
    "\n"
    "Why does a process have so much more memory than its objects fill? "
    "Threads "
    "under\n"
    "one lock, as Ruby's are, make strings whose bytes malloc keeps: fill, "
    "churn, drop\n"
    "nearly all, be idle, refill. What was freed stays resident, because "
    "malloc "
    "gives\n"
    "back what is free at the end of its heaps, and nothing else; "
    "malloc_trim(0) gives\n"
    "back the rest, for a price. When to pay it is a policy.\n"
    "\n"
    "policies:\n"
    "  never             what Ruby does\n"
    "  always            after every full collection\n"
    "  threshold         when 32 MB were freed\n"
    "  adaptive          as long as it costs no more than 2% of the time\n"
    "  idle              when the program has nothing to do\n"
    "  fork              before each fork (here once in each round)\n"
    "\n"
    "allocators: glibc, and what is installed of jemalloc, mimalloc, "
    "tcmalloc.\n"
    "Without --policy and --allocator: never, always and adaptive under glibc, "
    "and\n"
    "never with MALLOC_ARENA_MAX=2; then what a trim takes in heaps of four "
    "sizes,\n"
    "and what the arenas are worth.\n"
    "\n"
    "options:\n"
    "  --policy LIST     of the above\n"
    "  --allocator LIST  of the above\n"
    "  --arena-max N     with MALLOC_ARENA_MAX=N\n"
    "  --threads T       (16)\n"
    "  --rounds N        (4)\n"
    "  --strings N       of each thread in each round (500)\n"
    "  --churn N         how often each is replaced before it is dropped (50)\n"
    "  --sizes ruby|lognormal|bimodal|large\n"
    "                    ruby: 24 to 4,023 bytes\n"
    "  --survivors none|scattered|clustered\n"
    "                    which one of 500 strings stays\n"
    "  --cap PERCENT     of adaptive (2)\n"
    "  --repeat N        medians of N runs (3)\n"
    "  --seed N          another sequence of sizes\n"
    "  --compare         the same in 'ruby', never and always\n"
    "  --cost            only what a trim takes; --arenas: only what arenas "
    "are worth\n"
    "  --png OUT         resident memory against time as a picture\n"
    "  --json            one JSON object a row\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done, 1 a row could not be measured, 2 wrong usage.\n";

enum {
    MAX_ROWS = 64,
    MAX_NUMBER = 1000 * 1000
};

struct experiment {
    struct trim_plan plan; // of all rows
    unsigned policies[TRIM_POLICIES];
    size_t policy_count;
    const char *allocators[8];
    size_t allocator_count;
    size_t arena_max; // 0: as it is
    size_t repeat;
    size_t cap_percent;
    bool wants_comparison;
    bool wants_costs;
    bool wants_arenas;
    bool wants_json;
    const char *png_file;
    const char *run; // a plan: be that run

    struct trim_row rows[MAX_ROWS];
    size_t count;
    bool has_failed;
    char *script;
};

static const struct allocator {
    const char *name;
    const char *library; // to be put in front
} allocators[] = {
    { "glibc", NULL },
    { "jemalloc", "libjemalloc.so.2" },
    { "mimalloc", "libmimalloc.so.2" },
    { "tcmalloc", "libtcmalloc_minimal.so.4" },
};

enum {
    ALLOCATORS = sizeof allocators / sizeof allocators[0]
};

// --- options -----------------------------------------------------------------

enum {
    OPTION_POLICY = 256,
    OPTION_ALLOCATOR,
    OPTION_ARENA_MAX,
    OPTION_THREADS,
    OPTION_ROUNDS,
    OPTION_STRINGS,
    OPTION_CHURN,
    OPTION_SIZES,
    OPTION_SURVIVORS,
    OPTION_CAP,
    OPTION_REPEAT,
    OPTION_SEED,
    OPTION_COMPARE,
    OPTION_COST,
    OPTION_ARENAS,
    OPTION_PNG,
    OPTION_JSON,
    OPTION_RUN
};

static const struct option options[] = {
    { "policy", required_argument, NULL, OPTION_POLICY },
    { "allocator", required_argument, NULL, OPTION_ALLOCATOR },
    { "arena-max", required_argument, NULL, OPTION_ARENA_MAX },
    { "threads", required_argument, NULL, OPTION_THREADS },
    { "rounds", required_argument, NULL, OPTION_ROUNDS },
    { "strings", required_argument, NULL, OPTION_STRINGS },
    { "churn", required_argument, NULL, OPTION_CHURN },
    { "sizes", required_argument, NULL, OPTION_SIZES },
    { "survivors", required_argument, NULL, OPTION_SURVIVORS },
    { "cap", required_argument, NULL, OPTION_CAP },
    { "repeat", required_argument, NULL, OPTION_REPEAT },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "compare", no_argument, NULL, OPTION_COMPARE },
    { "cost", no_argument, NULL, OPTION_COST },
    { "arenas", no_argument, NULL, OPTION_ARENAS },
    { "png", required_argument, NULL, OPTION_PNG },
    { "json", no_argument, NULL, OPTION_JSON },
    { "run", required_argument, NULL, OPTION_RUN }, // how we start ourselves
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

static bool
is_named(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static bool
add_policy(struct experiment *experiment, const char *text, size_t length)
{
    return experiment->policy_count < TRIM_POLICIES &&
           trim_named(trim_policy_names, text, length,
                      &experiment->policies[experiment->policy_count++]);
}

static bool
add_allocator(struct experiment *experiment, const char *text, size_t length)
{
    for (size_t n = 0; n < ALLOCATORS; n++) {
        if (!is_named(allocators[n].name, text, length) ||
            experiment->allocator_count == ALLOCATORS)
            continue;
        experiment->allocators[experiment->allocator_count++] =
            allocators[n].name;
        return true;
    }
    return false;
}

static int
set_list(struct experiment *experiment, const char *name, const char *which,
         bool (*add)(struct experiment *, const char *, size_t))
{
    const char *at = optarg;

    for (;;) {
        size_t length = strcspn(at, ",");

        if (!add(experiment, at, length))
            return say_usage("%s is a list of %s: what is '%.*s'?", name, which,
                             (int)length, at);
        if (at[length] == '\0')
            return EXIT_DONE;
        at += length + 1;
    }
}

static int
set_word(const char *name, const char *which, const char *const *names,
         unsigned *number)
{
    if (trim_named(names, optarg, strlen(optarg), number))
        return EXIT_DONE;
    return say_usage("%s is one of %s, not '%s'", name, which, optarg);
}

static int
set_kind(struct experiment *experiment, int option)
{
    unsigned number = 0;
    int status;

    switch (option) {
    case OPTION_POLICY:
        return set_list(experiment, "--policy",
                        "never, always, threshold, adaptive, idle, fork",
                        add_policy);
    case OPTION_ALLOCATOR:
        return set_list(experiment, "--allocator",
                        "glibc, jemalloc, mimalloc, tcmalloc", add_allocator);
    case OPTION_SIZES:
        status = set_word("--sizes", "ruby, lognormal, bimodal, large",
                          trim_size_names, &number);
        experiment->plan.sizes = (enum trim_sizes)number;
        return status;
    default:
        status = set_word("--survivors", "none, scattered, clustered",
                          trim_survivor_names, &number);
        experiment->plan.survivors = (enum trim_survivors)number;
        return status;
    }
}

static int
set_option(void *context, int option)
{
    struct experiment *experiment = context;
    struct trim_plan *plan = &experiment->plan;

    switch (option) {
    case OPTION_ARENA_MAX:
        return set_number("--arena-max", 1, 10000, &experiment->arena_max);
    case OPTION_THREADS:
        return set_number("--threads", 1, TRIM_MAX_THREADS, &plan->threads);
    case OPTION_ROUNDS:
        return set_number("--rounds", 1, 1000, &plan->rounds);
    case OPTION_STRINGS:
        return set_number("--strings", 1, MAX_NUMBER, &plan->strings);
    case OPTION_CHURN:
        return set_number("--churn", 0, 10000, &plan->churn);
    case OPTION_CAP:
        return set_number("--cap", 1, 100, &experiment->cap_percent);
    case OPTION_REPEAT:
        return set_number("--repeat", 1, TRIM_MAX_RUNS, &experiment->repeat);
    case OPTION_SEED:
        return set_number("--seed", 0, MAX_NUMBER, &plan->seed);
    case OPTION_PNG:
        experiment->png_file = optarg;
        break;
    case OPTION_RUN:
        experiment->run = optarg;
        break;
    case OPTION_COMPARE:
    case OPTION_COST:
    case OPTION_ARENAS:
    case OPTION_JSON:
        experiment->wants_comparison |= option == OPTION_COMPARE;
        experiment->wants_costs |= option == OPTION_COST;
        experiment->wants_arenas |= option == OPTION_ARENAS;
        experiment->wants_json |= option == OPTION_JSON;
        break;
    default:
        return set_kind(experiment, option);
    }
    return EXIT_DONE;
}

static int
parse(struct experiment *experiment, int argc, char **argv)
{
    int status =
        command_parse(argc, argv, options, help, set_option, experiment);

    if (status != EXIT_DONE)
        return status;
    experiment->plan.cap = experiment->cap_percent * 10;
    if (optind < argc)
        return say_usage("what is '%s'?", argv[optind]);
    return EXIT_DONE;
}

// --- rows --------------------------------------------------------------------

static struct trim_row *
add_row(struct experiment *experiment, enum trim_policy policy,
        const char *allocator, size_t arena_max)
{
    struct trim_row *row = &experiment->rows[experiment->count++];

    *row = (struct trim_row){ .plan = experiment->plan };
    row->plan.policy = policy;
    snprintf(row->policy, sizeof row->policy, "%s", trim_policy_names[policy]);
    snprintf(row->allocator, sizeof row->allocator, "%s", allocator);
    snprintf(row->setting, sizeof row->setting, "default");
    for (size_t n = 0; n < ALLOCATORS; n++)
        if (strcmp(allocators[n].name, allocator) == 0)
            row->preload = allocators[n].library;
    if (!arena_max || row->preload)
        return row;
    snprintf(row->arena_max, sizeof row->arena_max, "%zu", arena_max);
    snprintf(row->setting, sizeof row->setting, "MALLOC_ARENA_MAX=%zu",
             arena_max);
    return row;
}

static void
add_rows(struct experiment *experiment)
{
    bool is_plain = !experiment->policy_count && !experiment->allocator_count &&
                    !experiment->arena_max;

    if (!experiment->policy_count) {
        static const unsigned usual[] = { TRIM_NEVER, TRIM_ALWAYS,
                                          TRIM_ADAPTIVE };

        memcpy(experiment->policies, usual, sizeof usual);
        experiment->policy_count = 3;
    }
    if (!experiment->allocator_count)
        experiment->allocators[experiment->allocator_count++] = "glibc";
    for (size_t a = 0; a < experiment->allocator_count; a++)
        for (size_t p = 0; p < experiment->policy_count; p++)
            add_row(experiment, (enum trim_policy)experiment->policies[p],
                    experiment->allocators[a], experiment->arena_max);
    if (is_plain)
        add_row(experiment, TRIM_NEVER, "glibc", 2);
}

static bool
add_comparison(struct experiment *experiment)
{
    experiment->script = place_of_data("trim_compare.rb");
    if (!experiment->script) {
        say("trim_compare.rb is not where it should be");
        return false;
    }
    for (int policy = TRIM_NEVER; policy <= TRIM_ALWAYS; policy++) {
        struct trim_row *row = add_row(experiment, (enum trim_policy)policy,
                                       "glibc", experiment->arena_max);

        row->script = experiment->script;
        snprintf(row->policy, sizeof row->policy, "ruby-%s",
                 trim_policy_names[policy]);
    }
    return true;
}

// Each row once, then each again: what changes on the machine meanwhile meets
// all of them.
static void
run_rows(struct experiment *experiment, size_t first, size_t repeat)
{
    struct progress progress;
    size_t rows = experiment->count - first;
    bool is_out[MAX_ROWS] = { false };

    progress_begin(&progress, "running");
    for (size_t n = 0; n < repeat * rows; n++) {
        size_t at = first + n % rows;

        if (!is_out[at] && !trim_row_run(&experiment->rows[at])) {
            is_out[at] = true;
            // An allocator that is not there was left out, and that is all.
            experiment->has_failed |= !experiment->rows[at].preload;
        }
        progress_move(&progress, n + 1, repeat * rows);
    }
    progress_end(&progress);
}

// --- what is shown -----------------------------------------------------------

static void
show_json(const struct trim_row *rows, size_t count, struct json *json)
{
    for (size_t n = 0; n < count; n++)
        if (rows[n].runs)
            trim_row_json(&rows[n], json);
}

static bool
write_png(const struct trim_row *rows, size_t count, const char *path)
{
    struct output output;

    if (output_open(&output, path) && !trim_report_png(rows, count, &output))
        say("not enough memory for the picture");
    if (output_commit(&output))
        return true;
    say_about(path, 0, output.cause);
    return false;
}

static void
measure_policies(struct experiment *experiment, struct json *json)
{
    size_t first = experiment->count;

    add_rows(experiment);
    if (experiment->wants_comparison)
        experiment->has_failed |= !add_comparison(experiment);
    run_rows(experiment, first, experiment->repeat);
    if (json)
        show_json(experiment->rows, experiment->count, json);
    else
        trim_report_rows(experiment->rows, experiment->count);
    if (experiment->png_file)
        experiment->has_failed |= !write_png(
            experiment->rows, experiment->count, experiment->png_file);
}

static void
cost_json(const struct trim_row *row, struct json *json)
{
    json_open_object(json, NULL);
    json_number(json, "heap_mb", row->plan.mb);
    json_real(json, "before_kb", trim_row_median(row, TRIM_FACT_before_kb));
    json_real(json, "after_kb", trim_row_median(row, TRIM_FACT_after_kb));
    json_real(json, "trim_ms", trim_row_median(row, TRIM_FACT_trim_ms));
    json_real(json, "again_ms", trim_row_median(row, TRIM_FACT_again_ms));
    json_close_object(json);
    json_flush(json);
}

static void
measure_costs(struct experiment *experiment, struct json *json)
{
    static const size_t sizes[] = { 16, 64, 256, 1024 };
    size_t first = experiment->count;

    for (size_t n = 0; n < 4; n++) {
        struct trim_row *row =
            add_row(experiment, TRIM_NEVER, "glibc", experiment->arena_max);

        row->plan.job = TRIM_COST;
        row->plan.mb = sizes[n];
    }
    run_rows(experiment, first, experiment->repeat);
    if (!json)
        trim_report_costs(&experiment->rows[first], 4);
    for (size_t n = first; json && n < experiment->count; n++)
        if (experiment->rows[n].runs)
            cost_json(&experiment->rows[n], json);
}

static void
speed_json(const struct trim_row *load, const struct trim_row *race,
           struct json *json)
{
    json_open_object(json, NULL);
    json_text(json, "setting", load->setting);
    json_real(json, "strings_per_s",
              trim_row_median(load, TRIM_FACT_strings_per_s));
    json_real(json, "pairs_per_s",
              trim_row_median(race, TRIM_FACT_pairs_per_s));
    json_close_object(json);
    json_flush(json);
}

static void
measure_arenas(struct experiment *experiment, struct json *json)
{
    static const size_t arenas[] = { 1, 2, 0 };
    size_t first = experiment->count;

    for (size_t n = 0; n < 3; n++)
        add_row(experiment, TRIM_NEVER, "glibc", arenas[n]);
    for (size_t n = 0; n < 3; n++) {
        struct trim_row *row =
            add_row(experiment, TRIM_NEVER, "glibc", arenas[n]);

        row->plan.job = TRIM_RACE;
        row->plan.strings = 20 * experiment->plan.strings;
    }
    run_rows(experiment, first, experiment->repeat);
    if (!json)
        trim_report_speeds(&experiment->rows[first],
                           &experiment->rows[first + 3], 3);
    for (size_t n = first; json && n < first + 3; n++)
        if (experiment->rows[n].runs && experiment->rows[n + 3].runs)
            speed_json(&experiment->rows[n], &experiment->rows[n + 3], json);
}

static void
measure(struct experiment *experiment, struct json *json)
{
    bool wants_all = !experiment->wants_json && !experiment->policy_count &&
                     !experiment->allocator_count && !experiment->arena_max;
    bool is_one = experiment->wants_costs || experiment->wants_arenas;

    if (!is_one)
        measure_policies(experiment, json);
    if (experiment->wants_costs || (wants_all && !is_one))
        measure_costs(experiment, json);
    if (experiment->wants_arenas || (wants_all && !is_one))
        measure_arenas(experiment, json);
}

// --- the command -------------------------------------------------------------

static int
be_a_run(const char *word)
{
    struct trim_plan plan;

    if (!trim_plan_read(&plan, word))
        return say_usage("--run is for 'rheap trim' itself");
    return trim_load_run(&plan) ? EXIT_DONE : EXIT_BAD_INPUT;
}

static void
free_rows(struct experiment *experiment)
{
    for (size_t n = 0; n < experiment->count; n++) {
        trim_row_free(&experiment->rows[n]);
        free(experiment->rows[n].facts);
    }
    free(experiment->script);
}

static int
run(int argc, char **argv)
{
    static struct experiment experiment = {
        .plan = { .survivors = TRIM_SCATTERED,
                  .threads = 16,
                  .rounds = 4,
                  .strings = 500,
                  .churn = 50,
                  .seed = 1 },
        .repeat = 3,
        .cap_percent = 2,
    };
    int status = parse(&experiment, argc, argv);
    struct json *json = NULL;

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (experiment.run)
        return be_a_run(experiment.run);
    if (experiment.wants_json && !(json = json_begin())) {
        say("not enough memory");
        return EXIT_BAD_INPUT;
    }
    measure(&experiment, json);
    if (json)
        json_end(json);
    free_rows(&experiment);
    return experiment.has_failed ? EXIT_BAD_INPUT : EXIT_DONE;
}

const struct command trim_command = {
    .name = "trim",
    .summary = "what trimming malloc gives, and what it costs",
    .help = help,
    .run = run,
};
