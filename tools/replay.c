// SPDX-License-Identifier: MIT
/*
 * replay - `rheap replay': the heap of a real Ruby process, rebuilt.
 *
 * Loads a dump, looks at the heap, collects it, looks again.
 */
#include "config.h"

#include "clock.h"
#include "command.h"
#include "output.h"
#include "record.h"
#include "report.h"
#include "say.h"
#include "scrap.h"

#include <rheap/dump.h>
#include <rheap/verify.h>

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: rheap replay [options] FILE\n"
    "\n"
    "Rebuild the heap of a Ruby process from FILE, what ObjectSpace.dump_all "
    "of\n"
    "Ruby 2.1 or later wrote, plain or gzip ('-' is standard input): every "
    "object\n"
    "on the page and in the slot where it was, with its references and the "
    "memory\n"
    "that it held outside. Then run a full collection, and compare.\n"
    "\n"
    "To get a dump:\n"
    "    ruby -robjspace -e '...; GC.start\n"
    "        ObjectSpace.dump_all(output: File.open(\"heap.json\", \"w\"))'\n"
    "With 'full: true' it has the free slots, too, and pages without objects.\n"
    "With 'since: N' it has no roots: then every object counts as a root.\n"
    "\n"
    "how to read it:\n"
    "  slot fragmentation  the share of slots on pages in use that hold "
    "nothing:\n"
    "                      1 - live / (eden pages * slots per page)\n"
    "  eden page           has objects; a tomb page has none and can go back\n"
    "  memsize             a slot and what the object holds outside it\n"
    "\n"
    "options:\n"
    "  --layout=original|fresh  keep every object's place (the default), or "
    "put\n"
    "                    them one behind the other (the default from Ruby 3.2 "
    "on,\n"
    "                    whose slots have several sizes)\n"
    "  --no-collect      only load\n"
    "  --no-external     count the memory outside the slots, allocate none\n"
    "  --skip-bad-lines  count lines that are wrong, and go on\n"
    "  --verify          check every invariant of the heap, too\n"
    "  --json            one JSON object\n"
    "  --report          the block of statistics that Scrap printed\n"
    "  --dump FILE       write the result as a dump ('.gz': gzip)\n"
    "  --record FILE     write what happened, one JSON object a line\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done, 1 bad input, 2 wrong usage.\n";

struct replay {
    const char *file;
    struct dump_options load;
    const char *dump_file;   // NULL: none
    const char *record_file; // NULL: none
    bool no_collect;
    bool wants_json;
    bool wants_scrap;
    bool wants_verify;

    struct dump_heap dump;
    struct figures loaded;
    struct figures collected;
    struct scrap loaded_scrap;
    struct scrap collected_scrap;
    double collection_ms;
};

// --- options -----------------------------------------------------------------

enum {
    OPTION_LAYOUT = 256,
    OPTION_NO_COLLECT,
    OPTION_NO_EXTERNAL,
    OPTION_SKIP,
    OPTION_VERIFY,
    OPTION_JSON,
    OPTION_REPORT,
    OPTION_DUMP,
    OPTION_RECORD
};

static const struct option options[] = {
    { "layout", required_argument, NULL, OPTION_LAYOUT },
    { "no-collect", no_argument, NULL, OPTION_NO_COLLECT },
    { "no-external", no_argument, NULL, OPTION_NO_EXTERNAL },
    { "skip-bad-lines", no_argument, NULL, OPTION_SKIP },
    { "verify", no_argument, NULL, OPTION_VERIFY },
    { "json", no_argument, NULL, OPTION_JSON },
    { "report", no_argument, NULL, OPTION_REPORT },
    { "dump", required_argument, NULL, OPTION_DUMP },
    { "record", required_argument, NULL, OPTION_RECORD },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static void
set_flag(struct replay *replay, int option)
{
    replay->no_collect |= option == OPTION_NO_COLLECT;
    replay->load.no_external |= option == OPTION_NO_EXTERNAL;
    replay->load.skip_bad_lines |= option == OPTION_SKIP;
    replay->wants_verify |= option == OPTION_VERIFY;
    replay->wants_json |= option == OPTION_JSON;
    replay->wants_scrap |= option == OPTION_REPORT;
    if (option == OPTION_DUMP)
        replay->dump_file = optarg;
    if (option == OPTION_RECORD)
        replay->record_file = optarg;
}

static int
take_option(void *context, int option)
{
    struct replay *replay = context;

    if (option == OPTION_LAYOUT &&
        !dump_layout_named(optarg, &replay->load.layout))
        return say_usage("--layout is 'original' or 'fresh', not '%s'", optarg);
    set_flag(replay, option);
    return EXIT_DONE;
}

static int
parse(struct replay *replay, int argc, char **argv)
{
    int status = command_parse(argc, argv, options, help, take_option, replay);

    if (status != EXIT_DONE)
        return status;
    if (replay->wants_json && replay->wants_scrap)
        return say_usage("--json and --report exclude each other");
    replay->file = command_operand(argc, argv, "FILE");
    return replay->file ? EXIT_DONE : EXIT_USAGE;
}

// --- the experiment ----------------------------------------------------------

static bool
verify(struct replay *replay, const char *when)
{
    struct rh_violation violation;

    if (!replay->wants_verify ||
        rh_heap_verify(replay->dump.heap, &violation) == RH_OK)
        return true;
    say("the heap is broken %s: %s, %s (page %zu, slot %zu)", when,
        violation.invariant, violation.meaning, violation.page, violation.slot);
    return false;
}

static bool
look(struct replay *replay, struct figures *figures, enum figures_moment moment)
{
    enum rh_status status = figures_take(figures, &replay->dump, moment);

    if (status == RH_OK)
        return true;
    say("what the roots reach cannot be found out: %s",
        rh_status_string(status));
    return false;
}

static bool
collect(struct replay *replay)
{
    double start = clock_ms();

    rh_heap_collect(replay->dump.heap);
    replay->collection_ms = clock_ms() - start;
    if (!verify(replay, "after the collection") ||
        !look(replay, &replay->collected, FIGURES_COLLECTED))
        return false;
    scrap_take(&replay->collected_scrap, &replay->dump);
    return true;
}

static bool
experiment(struct replay *replay)
{
    if (!verify(replay, "as loaded") ||
        !look(replay, &replay->loaded, FIGURES_LOADED))
        return false;
    scrap_take(&replay->loaded_scrap, &replay->dump);
    return replay->no_collect || collect(replay);
}

// --- files -------------------------------------------------------------------

static bool
write_piece(const char *text, size_t length, void *context)
{
    return output_write(context, text, length);
}

// With free slots if the dump that came in had them.
static void
write_dump(struct replay *replay, struct output *output)
{
    struct rh_dump_options wanted = {
        .flags = replay->dump.facts.free_lines ? RH_DUMP_FULL : 0,
    };

    (void)rh_heap_dump(replay->dump.heap, &wanted, write_piece, output);
}

static void
write_record(struct replay *replay, struct output *output)
{
    const struct figures *now = &replay->loaded;

    record_begin(output, replay->file);
    record_growth(output, now);
    if (!replay->no_collect) {
        now = &replay->collected;
        record_collection(output, &replay->loaded, now, replay->collection_ms);
    }
    record_end(output, now);
}

static bool
write_file(struct replay *replay, const char *path,
           void (*write)(struct replay *replay, struct output *output))
{
    struct output output;

    if (!path)
        return true;
    if (output_open(&output, path)) {
        write(replay, &output);
        if (output_commit(&output))
            return true;
    }
    say_about(path, 0, output.cause);
    return false;
}

// --- results -----------------------------------------------------------------

static void
print_scrap(const struct replay *replay)
{
    char what[256];

    snprintf(what, sizeof what, "LOAD %s", replay->file);
    scrap_print(&replay->loaded_scrap, what);
    if (replay->no_collect)
        return;
    putchar('\n');
    snprintf(what, sizeof what, "COLLECT %s", replay->file);
    scrap_print(&replay->collected_scrap, what);
}

static bool
print_result(const struct replay *replay)
{
    struct report report = {
        .file = replay->file,
        .facts = &replay->dump.facts,
        .loaded = &replay->loaded,
        .collected = replay->no_collect ? NULL : &replay->collected,
        .collection_ms = replay->collection_ms,
    };

    if (replay->wants_scrap)
        print_scrap(replay);
    else if (!replay->wants_json)
        report_print(&report);
    else if (!report_json(&report)) {
        say("not enough memory for the result");
        return false;
    }
    return true;
}

static bool
replay_file(struct replay *replay)
{
    return experiment(replay) &&
           write_file(replay, replay->dump_file, write_dump) &&
           write_file(replay, replay->record_file, write_record) &&
           print_result(replay);
}

static int
run(int argc, char **argv)
{
    struct replay replay = { 0 };
    int status = parse(&replay, argc, argv);
    bool is_good;

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (!dump_load(&replay.dump, replay.file, &replay.load))
        return EXIT_BAD_INPUT;
    is_good = replay_file(&replay);
    dump_unload(&replay.dump);
    return is_good ? EXIT_DONE : EXIT_BAD_INPUT;
}

const struct command replay_command = {
    .name = "replay",
    .summary = "rebuild the heap of a Ruby process from its dump",
    .help = help,
    .run = run,
};
