// SPDX-License-Identifier: MIT
/*
 * tune - `rheap tune': how a heap grows by a rule, and what to set instead.
 */
#include "config.h"

#include "command.h"
#include "json.h"
#include "say.h"
#include "text.h"
#include "tune_plan.h"
#include "tune_record.h"
#include "tune_rule.h"
#include "tune_run.h"

#include <rheap/constants.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: rheap tune --need N [--rule RULE] [knobs]\n"
    "       rheap tune --from RECORD [--rule RULE] [knobs]\n"
    "       rheap tune --need N --sweep NAME=A,B,C [--rule RULE] [knobs]\n"
    "\n"
    "A heap that is full grows by a rule. With --need: which heaps a program\n"
    "gets until it has N objects, how many slots are unused then, and how "
    "many\n"
    "collections there were on the way, each of them for nothing.\n"
    "\n"
    "With --from: what to set instead, by the way of the article \"Fine "
    "tuning\n"
    "your garbage collector\": the peak of objects and 10% more, rounded up, "
    "as\n"
    "the first heap; 1% of it free; a second heap of 8%, and others as large.\n"
    "The record is run again with the rule's values and with these.\n"
    "'rheap replay --record FILE' writes a record; a program can write its "
    "own\n"
    "(doc/tuning.md).\n"
    "\n"
    "With --sweep: the same run on a real heap with each value of a knob. "
    "With\n"
    "--need it loads N objects, then makes a tenth as many 200 times, which "
    "die\n"
    "at once.\n"
    "\n"
    "rules:\n"
    "  ree       Ruby Enterprise Edition: increment, then growth times the "
    "heap\n"
    "            before (the default)\n"
    "  article   the article's arithmetic: from the fourth heap on growth "
    "times\n"
    "            all slots; no Ruby does that\n"
    "  mri18     Ruby 1.8: growth times the heap before, from the first on\n"
    "  cruby21   growth times all, when less than 30% is free\n"
    "  cruby31   towards a goal of 40% free, when less than 20% is\n"
    "  ratio     live-ratio times the live, up to max-slots\n"
    "  default   rheap's own\n"
    "\n"
    "knobs (sizes take k, M, G, powers of 1,024):\n"
    "  --min-slots --increment --growth --growth-max --free-min --min-ratio\n"
    "  --goal-ratio --max-ratio --live-ratio --decay --max-slots "
    "--malloc-limit\n"
    "\n"
    "options:\n"
    "  --object-bytes N  outside the slot, of each that dies at once (2,500)\n"
    "  --emit-env        print the script that starts Ruby with these values\n"
    "  --json            one JSON object; with --sweep one a line\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done, 1 bad input, or the objects do not fit, 2 wrong "
    "usage.\n";

enum {
    OPTION_RULE = 256,
    OPTION_NEED,
    OPTION_FROM,
    OPTION_SWEEP,
    OPTION_BYTES,
    OPTION_EMIT,
    OPTION_JSON,
    OPTION_KNOB, // and as many more as there are knobs
    MAX_VALUES = 32,
    UNITS = 200 // of a load made up
};

#define KNOB(name, n)                                                          \
    {                                                                          \
        name, required_argument, NULL, OPTION_KNOB + (n)                       \
    }

static const struct option options[] = {
    { "rule", required_argument, NULL, OPTION_RULE },
    { "need", required_argument, NULL, OPTION_NEED },
    { "from", required_argument, NULL, OPTION_FROM },
    { "sweep", required_argument, NULL, OPTION_SWEEP },
    { "object-bytes", required_argument, NULL, OPTION_BYTES },
    { "emit-env", no_argument, NULL, OPTION_EMIT },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, 'h' },
    KNOB("min-slots", 0),
    KNOB("increment", 1),
    KNOB("growth", 2),
    KNOB("growth-max", 3),
    KNOB("free-min", 4),
    KNOB("min-ratio", 5),
    KNOB("goal-ratio", 6),
    KNOB("max-ratio", 7),
    KNOB("live-ratio", 8),
    KNOB("decay", 9),
    KNOB("max-slots", 10),
    KNOB("malloc-limit", 11),
    { NULL, 0, NULL, 0 },
};

struct tune {
    const char *rule;
    const char *from;
    char *sweep;
    size_t need;
    size_t object_bytes;
    bool emits;
    bool wants_json;
    const char *given[16]; // values of knobs
    struct rh_config config;
    struct tune_record record;
    const struct tune_knob *swept;
    const char *values[MAX_VALUES];
    size_t value_count;
};

// --- options -----------------------------------------------------------------

static int
take_option(void *context, int option)
{
    struct tune *tune = context;

    if (option >= OPTION_KNOB)
        tune->given[option - OPTION_KNOB] = optarg;
    else if (option == OPTION_RULE)
        tune->rule = optarg;
    else if (option == OPTION_FROM)
        tune->from = optarg;
    else if (option == OPTION_SWEEP)
        tune->sweep = optarg;
    else if (option == OPTION_NEED) {
        if (!command_number(optarg, 1000000000, &tune->need) || !tune->need)
            return say_usage("--need wants a number up to 10^9, not '%s'",
                             optarg);
    } else if (option == OPTION_BYTES) {
        if (!command_number(optarg, 1 << 20, &tune->object_bytes))
            return say_usage("--object-bytes wants a number up to 2^20, not "
                             "'%s'",
                             optarg);
    }
    tune->emits |= option == OPTION_EMIT;
    tune->wants_json |= option == OPTION_JSON;
    return EXIT_DONE;
}

static int
split_sweep(struct tune *tune)
{
    char *values = strchr(tune->sweep, '=');
    char *rest = NULL;

    if (values)
        *values++ = '\0';
    tune->swept = tune_knob_named(tune->sweep);
    if (!tune->swept || !values)
        return say_usage("--sweep wants a knob and values, such as "
                         "malloc-limit=8M,30M");
    for (char *value = strtok_r(values, ",", &rest); value;
         value = strtok_r(NULL, ",", &rest)) {
        struct rh_config scratch = tune->config;
        char cause[200] = "";

        if (tune->value_count == MAX_VALUES)
            return say_usage("--sweep takes %d values at most", MAX_VALUES);
        if (!tune_knob_set(tune->swept, &scratch, value, cause))
            return say_usage("--sweep %s: %s", tune->swept->option, cause);
        tune->values[tune->value_count++] = value;
    }
    return tune->value_count ? EXIT_DONE : say_usage("--sweep wants values");
}

static int
apply_knobs(struct tune *tune)
{
    const struct tune_knob *knob;

    for (size_t n = 0; (knob = tune_knob(n)); n++) {
        char cause[200] = "";

        if (!tune->given[n])
            continue;
        if (!tune_knob_is_of(knob, tune->rule))
            return say_usage("--%s means nothing to the rule '%s'",
                             knob->option, tune->rule);
        if (!tune_knob_set(knob, &tune->config, tune->given[n], cause))
            return say_usage("--%s: %s", knob->option, cause);
    }
    return EXIT_DONE;
}

static int
check_usage(struct tune *tune, int argc, char **argv)
{
    int status;

    if (optind < argc)
        return say_usage("'%s' is too much", argv[optind]);
    if (!tune->need == !tune->from)
        return say_usage("one of --need and --from is wanted");
    if (tune->emits && (tune->wants_json || tune->sweep))
        return say_usage("--emit-env goes with neither --json nor --sweep");
    if (!tune_rule_init(&tune->config, tune->rule))
        return say_usage("there is no rule '%s'", tune->rule);
    status = apply_knobs(tune);
    if (status == EXIT_DONE && tune->sweep)
        status = split_sweep(tune);
    return status;
}

static int
parse(struct tune *tune, int argc, char **argv)
{
    int status = command_parse(argc, argv, options, help, take_option, tune);

    if (status != EXIT_DONE)
        return status;
    return check_usage(tune, argc, argv);
}

// --- the script --------------------------------------------------------------

static int
emit(const struct tune *tune)
{
    if (strcmp(tune->rule, "mri18") == 0) {
        say("Ruby 1.8 has its values compiled in: there is nothing to export");
        return EXIT_BAD_INPUT;
    }
    printf("#!/bin/sh\n# Start Ruby with these values: rheap tune --rule %s\n",
           tune->rule);
    (void)tune_rule_export(tune->rule, &tune->config);
    printf("exec \"${RUBY:-ruby}\" \"$@\"\n");
    return EXIT_DONE;
}

// --- by arithmetic -----------------------------------------------------------

// The other of the article and the rule that it departs from.
static const char *
counterpart(const char *rule)
{
    if (strcmp(rule, "ree") == 0)
        return "article";
    return strcmp(rule, "article") == 0 ? "ree" : NULL;
}

static double
percent(size_t part, size_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static size_t
unused_of(const struct tune *tune, const struct tune_plan *plan)
{
    return plan->total > tune->need ? plan->total - tune->need : 0;
}

// The plan of the counterpart, if it differs, and where.
static size_t
departure(const struct tune *tune, const struct tune_plan *plan,
          struct tune_plan *other)
{
    struct rh_config config = tune->config;
    const char *rule = counterpart(tune->rule);

    if (!rule)
        return SIZE_MAX;
    config.growth =
        strcmp(rule, "ree") == 0 ? rh_growth_ree : tune_article_policy;
    tune_plan(other, &config, tune->need);
    return tune_plan_departs(plan, other);
}

static void
print_departure(const struct tune *tune, const struct tune_plan *plan)
{
    static struct tune_plan other;
    size_t heap = departure(tune, plan, &other);
    bool is_ree = strcmp(tune->rule, "ree") == 0;
    const struct tune_plan *article = is_ree ? &other : plan;
    const struct tune_plan *ree = is_ree ? plan : &other;
    size_t before = 0;

    if (heap == SIZE_MAX)
        return;
    for (size_t n = 0; n < heap; n++)
        before += plan->heap[n];
    printf(
        "\nThe article departs from the rule in heap %zu: it has %s slots,\n",
        heap + 1, text_count(article->heap[heap]).text);
    printf("%g times the %s there are, and %s in all;\n",
           tune->config.growth_factor, text_count(before).text,
           text_count(article->total).text);
    printf("the rule is %g times the heap before, ",
           tune->config.growth_factor);
    printf("%s, and %s in all.\n", text_count(ree->heap[heap]).text,
           text_count(ree->total).text);
}

static void
print_plan(const struct tune *tune, const struct tune_plan *plan)
{
    size_t total = 0;
    size_t unused = unused_of(tune, plan);

    printf("%s by the rule '%s':\n\n", text_of(tune->need, "object").text,
           tune->rule);
    printf("  %4s %16s %16s\n", "heap", "slots", "in all");
    for (size_t n = 0; n < plan->heaps; n++) {
        total += plan->heap[n];
        printf("  %4zu %16s", n + 1, text_count(plan->heap[n]).text);
        printf(" %16s\n", text_count(total).text);
    }
    printf("\n%s, ", text_of(plan->heaps, "heap").text);
    printf("%s; ", text_of(plan->total, "slot").text);
    printf("%s on the way\n", text_of(plan->collections, "collection").text);
    if (!plan->fits) {
        printf("The objects do not fit: the rule adds no more.\n");
        return;
    }
    printf("%s slots are unused: %.1f%% unused, %.1f%% more than needed\n",
           text_count(unused).text, percent(unused, plan->total),
           percent(unused, tune->need));
    printf("as Scrap prints it: Total size of heaps  : %.2f KB (%.2f KB = "
           "%.2f%% unused)\n",
           (double)plan->total * RH_SLOT_BYTES / 1024,
           (double)unused * RH_SLOT_BYTES / 1024, percent(unused, plan->total));
    if (plan->next_heap)
        printf("The next collection adds %s slots: too few are free.\n",
               text_count(plan->next_heap).text);
    print_departure(tune, plan);
}

static bool
json_plan(const struct tune *tune, const struct tune_plan *plan)
{
    static struct tune_plan other;
    struct json *json = json_begin();
    size_t unused = unused_of(tune, plan);
    size_t heap = departure(tune, plan, &other);

    if (!json)
        return false;
    json_open_object(json, NULL);
    json_text(json, "rule", tune->rule);
    json_number(json, "need", tune->need);
    json_open_array(json, "heaps");
    for (size_t n = 0; n < plan->heaps; n++)
        json_number(json, NULL, plan->heap[n]);
    json_close_array(json);
    json_number(json, "slots", plan->total);
    json_number(json, "unused", unused);
    json_real(json, "unused_percent", percent(unused, plan->total));
    json_real(json, "more_percent", percent(unused, tune->need));
    json_number(json, "collections", plan->collections);
    json_number(json, "next_heap", plan->next_heap);
    json_truth(json, "fits", plan->fits);
    if (heap == SIZE_MAX)
        json_null(json, "departs_in_heap");
    else
        json_number(json, "departs_in_heap", heap + 1);
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return true;
}

static int
plan_need(const struct tune *tune)
{
    static struct tune_plan plan;

    tune_plan(&plan, &tune->config, tune->need);
    if (!tune->wants_json)
        print_plan(tune, &plan);
    else if (!json_plan(tune, &plan))
        return EXIT_BAD_INPUT;
    return plan.fits ? EXIT_DONE : EXIT_BAD_INPUT;
}

// --- on a heap ---------------------------------------------------------------

static void
print_head(const char *what)
{
    printf("%-16s %6s %12s %11s %9s %10s %10s %10s\n", what, "heaps", "slots",
           "collections", "by malloc", "pauses ms", "longest ms", "peak");
}

static void
print_row(const char *name, const struct tune_result *row)
{
    printf("%-16s %6zu %12s %11zu %9zu %10.2f %10.2f %10s%s\n", name,
           row->heaps, text_count(row->slots).text, row->collections,
           row->by_malloc, row->pause_ms, row->pause_max_ms,
           text_size((double)row->peak_bytes).text,
           row->failed ? "  does not fit" : "");
}

static void
json_row(struct json *json, const struct tune_result *row)
{
    json_number(json, "heaps", row->heaps);
    json_number(json, "slots", row->slots);
    json_number(json, "collections", row->collections);
    json_number(json, "by_malloc", row->by_malloc);
    json_real(json, "pause_ms", row->pause_ms);
    json_real(json, "pause_max_ms", row->pause_max_ms);
    json_number(json, "peak_bytes", row->peak_bytes);
    json_number(json, "live", row->live);
    json_truth(json, "fits", !row->failed);
}

static bool
run_load(struct tune_result *result, const struct rh_config *config,
         const struct tune_load *load)
{
    if (tune_run(result, config, load))
        return true;
    say("there is no memory for the heap");
    return false;
}

static bool
sweep_value(const struct tune *tune, const struct tune_load *load, size_t n)
{
    struct rh_config config = tune->config;
    struct tune_result result;
    struct json *json;
    char cause[200];

    (void)tune_knob_set(tune->swept, &config, tune->values[n], cause);
    if (!run_load(&result, &config, load))
        return false;
    if (!tune->wants_json) {
        print_row(tune->values[n], &result);
        return true;
    }
    json = json_begin();
    if (!json)
        return false;
    json_open_object(json, NULL);
    json_text(json, "knob", tune->swept->option);
    json_text(json, "value", tune->values[n]);
    json_row(json, &result);
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return true;
}

static int
sweep(const struct tune *tune)
{
    static struct tune_span spans[UNITS + 1];
    struct tune_load made_up = { spans, UNITS + 1 };
    const struct tune_load *load = tune->from ? &tune->record.load : &made_up;

    for (size_t n = 0; n <= UNITS; n++)
        spans[n] =
            (struct tune_span){ n ? tune->need / 10 : tune->need, tune->need,
                                n ? tune->object_bytes : 100 };
    if (!tune->wants_json)
        print_head(tune->swept->option);
    for (size_t n = 0; n < tune->value_count; n++)
        if (!sweep_value(tune, load, n))
            return EXIT_BAD_INPUT;
    return EXIT_DONE;
}

// --- advice ------------------------------------------------------------------

// Whether the rule adds one heap after the other, so that the second and the
// factor are to be advised, too.
static bool
adds_heaps(const struct tune *tune)
{
    return tune_knob_is_of(tune_knob_named("increment"), tune->rule);
}

static void
print_advice(const struct tune *tune, const struct rh_config *advised,
             const struct tune_result *before, const struct tune_result *after)
{
    const struct tune_record *record = &tune->record;

    printf("%s: at most %s objects;\n", tune->from,
           text_count(record->peak).text);
    printf("its own heap: %s at the end, grown %s, %s.\n\n",
           text_of(record->slots, "slot").text,
           text_of(record->grown, "time").text,
           text_of(record->collections, "collection").text);
    printf("Advice, by the article's way:\n");
    printf("  --min-slots %zu   the peak and 10%%, rounded up\n",
           advised->initial_slots);
    printf("  --free-min %zu   1%% of it\n", advised->free_slots);
    if (adds_heaps(tune)) {
        printf("  --increment %zu   8%% of it: the second heap\n",
               advised->slots_increment);
        printf("  --growth 1   all others as large\n");
    }
    putchar('\n');
    print_head("the record again");
    print_row("as it was", before);
    print_row("as advised", after);
    printf("\nGain: %lld heaps, %lld collections, %.2f ms of pauses fewer.\n",
           (long long)before->heaps - (long long)after->heaps,
           (long long)before->collections - (long long)after->collections,
           before->pause_ms - after->pause_ms);
    printf("The malloc limit is for trying out: --sweep "
           "malloc-limit=8M,30M,50M\n");
}

static bool
json_advice(const struct tune *tune, const struct rh_config *advised,
            const struct tune_result *before, const struct tune_result *after)
{
    struct json *json = json_begin();

    if (!json)
        return false;
    json_open_object(json, NULL);
    json_text(json, "rule", tune->rule);
    json_number(json, "peak", tune->record.peak);
    json_open_object(json, "advice");
    json_number(json, "min-slots", advised->initial_slots);
    json_number(json, "free-min", advised->free_slots);
    if (adds_heaps(tune)) {
        json_number(json, "increment", advised->slots_increment);
        json_real(json, "growth", advised->growth_factor);
    }
    json_close_object(json);
    json_open_object(json, "before");
    json_row(json, before);
    json_close_object(json);
    json_open_object(json, "after");
    json_row(json, after);
    json_close_object(json);
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return true;
}

static int
advise(struct tune *tune)
{
    struct rh_config advised = tune->config;
    struct tune_result before, after;

    tune_advise(&advised, tune->record.peak, adds_heaps(tune));
    if (tune->emits) {
        tune->config = advised;
        return emit(tune);
    }
    if (!run_load(&before, &tune->config, &tune->record.load) ||
        !run_load(&after, &advised, &tune->record.load))
        return EXIT_BAD_INPUT;
    if (!tune->wants_json)
        print_advice(tune, &advised, &before, &after);
    else if (!json_advice(tune, &advised, &before, &after))
        return EXIT_BAD_INPUT;
    return EXIT_DONE;
}

static int
run(int argc, char **argv)
{
    struct tune tune = { .rule = "ree", .object_bytes = 2500 };
    int status = parse(&tune, argc, argv);

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (tune.from && !tune_record_read(&tune.record, tune.from))
        return EXIT_BAD_INPUT;
    if (tune.sweep)
        status = sweep(&tune);
    else if (tune.from)
        status = advise(&tune);
    else if (tune.emits)
        status = emit(&tune);
    else
        status = plan_need(&tune);
    tune_record_free(&tune.record);
    return status;
}

const struct command tune_command = {
    .name = "tune",
    .summary = "how a heap grows by a rule, and what to set instead",
    .help = help,
    .run = run,
};
