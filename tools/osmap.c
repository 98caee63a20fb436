// SPDX-License-Identifier: MIT
/*
 * osmap - `rheap osmap': all of a program's malloc memory as a map.
 */
#include "config.h"

#include "command.h"
#include "output.h"
#include "say.h"

#include "osmap/draw.h"
#include "osmap/print.h"
#include "osmap/run.h"
#include "osmap/snapshot.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: rheap osmap [options] -- PROGRAM ARGS\n"
    "       rheap osmap [options] --snapshot FILE [--before FILE]\n"
    "       rheap osmap [options] --sample NAME\n"
    "\n"
    "Run a program, record every block that it has from malloc, and draw a map "
    "of\n"
    "where they lie, page by page of the system. Memory is used ('#' and '+', "
    "red),\n"
    "free but still resident ('-', gray), or released ('.', white). Gray pages "
    "are\n"
    "what malloc_trim(3) would give back; where free memory lies beside used, "
    "on\n"
    "one page, nothing can.\n"
    "\n"
    "The program runs as always, with its own input, output and signals. The "
    "map is\n"
    "that of the moment when it ends; --every and --on-signal take more.\n"
    "\n"
    "options:\n"
    "  --every S          a snapshot every S seconds, too\n"
    "  --on-signal[=N]    and one when the program gets signal N (60)\n"
    "  --children         also of the processes that it forks\n"
    "  --walk             tell free blocks from those that glibc keeps at "
    "hand, by\n"
    "                     its own structures (glibc 2.36 only)\n"
    "  --save FILE        keep the snapshot; of several FILE.1, FILE.2, ...\n"
    "  --snapshot FILE    draw one that was kept; '-' is standard input\n"
    "  --before FILE      and what changed since that one\n"
    "  --html OUT         write the map as an HTML page to OUT\n"
    "  --png OUT          write it as a picture to OUT\n"
    "  --json             figures as JSON, one object a snapshot\n"
    "  --sample NAME      two-pages, holes or all: snapshots that are made "
    "up\n"
    "  --help             this text\n"
    "\n"
    "Exit status: 0 done, 1 bad input or no snapshot, 2 wrong usage; that of "
    "the\n"
    "program is said, and in the JSON.\n";

enum {
    MAX_SECONDS = 1000 * 1000,
    MAX_SIGNAL = 64,
    DEFAULT_SIGNAL = 60 // of the real-time ones: programs seldom use them
};

struct osmap_command {
    const char *snapshot;
    const char *before;
    const char *sample;
    const char *save;
    const char *html;
    const char *png;
    bool wants_json;
    char **program;
    struct run_options run;

    struct osmap map; // what is drawn
    struct osmap earlier;
    bool has_earlier;
    const char *text; // about it
    int status;       // of the program; -1: none was run
};

// --- options -----------------------------------------------------------------

enum {
    OPTION_EVERY = 256,
    OPTION_ON_SIGNAL,
    OPTION_CHILDREN,
    OPTION_WALK,
    OPTION_SAVE,
    OPTION_SNAPSHOT,
    OPTION_BEFORE,
    OPTION_HTML,
    OPTION_PNG,
    OPTION_JSON,
    OPTION_SAMPLE
};

static const struct option options[] = {
    { "every", required_argument, NULL, OPTION_EVERY },
    { "on-signal", optional_argument, NULL, OPTION_ON_SIGNAL },
    { "children", no_argument, NULL, OPTION_CHILDREN },
    { "walk", no_argument, NULL, OPTION_WALK },
    { "save", required_argument, NULL, OPTION_SAVE },
    { "snapshot", required_argument, NULL, OPTION_SNAPSHOT },
    { "before", required_argument, NULL, OPTION_BEFORE },
    { "html", required_argument, NULL, OPTION_HTML },
    { "png", required_argument, NULL, OPTION_PNG },
    { "json", no_argument, NULL, OPTION_JSON },
    { "sample", required_argument, NULL, OPTION_SAMPLE },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int
set_every(struct osmap_command *command)
{
    char *end;
    double seconds = strtod(optarg, &end);

    if (end == optarg || *end || !(seconds >= 0.001 && seconds <= MAX_SECONDS))
        return say_usage("--every is a number of seconds, not '%s'", optarg);
    command->run.every_ms = (unsigned)(seconds * 1000 + 0.5);
    return EXIT_DONE;
}

static int
set_signal(struct osmap_command *command)
{
    size_t number = DEFAULT_SIGNAL;

    if (optarg && (!command_number(optarg, MAX_SIGNAL, &number) || !number ||
                   number == SIGKILL || number == SIGSTOP))
        return say_usage("--on-signal is the number of a signal, not '%s'",
                         optarg);
    command->run.signal = (int)number;
    return EXIT_DONE;
}

static int
set_option(void *context, int option)
{
    struct osmap_command *command = context;

    switch (option) {
    case OPTION_EVERY:
        return set_every(command);
    case OPTION_ON_SIGNAL:
        return set_signal(command);
    case OPTION_SAVE:
        command->save = optarg;
        break;
    case OPTION_SNAPSHOT:
        command->snapshot = optarg;
        break;
    case OPTION_BEFORE:
        command->before = optarg;
        break;
    case OPTION_SAMPLE:
        command->sample = optarg;
        break;
    case OPTION_HTML:
        command->html = optarg;
        break;
    case OPTION_PNG:
        command->png = optarg;
        break;
    default:
        command->wants_json |= option == OPTION_JSON;
        command->run.with_children |= option == OPTION_CHILDREN;
        command->run.walk |= option == OPTION_WALK;
    }
    return EXIT_DONE;
}

// What there is to show is given in one way.
static int
check_source(struct osmap_command *command, int argc, char **argv)
{
    int count = (command->snapshot != NULL) + (command->sample != NULL) +
                (optind < argc);

    if (count == 0)
        return say_usage("a program is missing: rheap osmap -- PROGRAM ARGS");
    if (count > 1)
        return say_usage("a program, --snapshot or --sample: one of them");
    if (command->before && !command->snapshot)
        return say_usage("--before goes with --snapshot");
    if (optind == argc &&
        (command->run.every_ms || command->run.signal ||
         command->run.with_children || command->run.walk || command->save))
        return say_usage("--every, --on-signal, --children, --walk and --save "
                         "are for a program that is run");
    command->program = optind < argc ? argv + optind : NULL;
    return EXIT_DONE;
}

static int
parse(struct osmap_command *command, int argc, char **argv)
{
    int status = command_parse(argc, argv, options, help, set_option, command);

    if (status != EXIT_DONE)
        return status;
    return check_source(command, argc, argv);
}

// --- reading -----------------------------------------------------------------

static bool
read_map(const char *path, struct osmap *map)
{
    struct osmap_error error;

    if (osmap_read(path, map, &error))
        return true;
    say_about(path, 0, error.text);
    return false;
}

static bool
read_earlier(struct osmap_command *command, const char *path)
{
    struct osmap_error error;

    if (!read_map(path, &command->earlier))
        return false;
    command->has_earlier = true;
    if (osmap_can_compare(&command->map, &command->earlier, &error))
        return true;
    say_about(path, 0, error.text);
    return false;
}

// --- showing -----------------------------------------------------------------

static bool
drawn(bool is_good, const char *path, const struct osmap_error *error)
{
    if (!is_good)
        say_about(path, 0, error->text);
    return is_good;
}

static bool
show(const struct osmap_command *command)
{
    const struct osmap *before =
        command->has_earlier ? &command->earlier : NULL;
    struct osmap_error error;

    if (command->html && !drawn(osmap_write_html(command->html, &command->map,
                                                 before, NULL, &error),
                                command->html, &error))
        return false;
    if (command->png && !drawn(osmap_write_png(command->png, &command->map,
                                               before, NULL, &error),
                               command->png, &error))
        return false;
    if (command->wants_json) {
        if (osmap_print_json(&command->map, before, command->status))
            return true;
        say("not enough memory");
        return false;
    }
    if (!command->html && !command->png)
        osmap_print(&command->map, before, command->text);
    return true;
}

static bool
show_snapshot(struct osmap_command *command)
{
    return read_map(command->snapshot, &command->map) &&
           (!command->before || read_earlier(command, command->before)) &&
           show(command);
}

// --- samples -----------------------------------------------------------------

// Through a file, as all snapshots go.
static bool
read_sample(const char *name, struct osmap *map)
{
    char path[] = "/tmp/rheap-sample.XXXXXX";
    int descriptor = mkstemp(path);
    struct osmap_error error;
    bool is_good;

    if (descriptor < 0) {
        say_about(path, 0, "cannot be made");
        return false;
    }
    close(descriptor);
    is_good = osmap_sample(name, path, &error);
    if (!is_good)
        say_about(path, 0, error.text);
    is_good = is_good && read_map(path, map);
    unlink(path);
    return is_good;
}

static int
show_sample(struct osmap_command *command)
{
    const struct osmap_sample_name *sample = osmap_samples();
    char text[200];

    while (sample->name && strcmp(sample->name, command->sample) != 0)
        sample += 2; // before and after
    if (!sample->name)
        return say_usage("--sample is 'two-pages', 'holes' or 'all', not '%s'",
                         command->sample);
    snprintf(text, sizeof text, "Before: %s.\nAfter: %s.", sample[0].text,
             sample[1].text);
    command->text = text;
    if (!read_sample(sample[0].name, &command->earlier))
        return EXIT_BAD_INPUT;
    command->has_earlier = true;
    if (!read_sample(sample[1].name, &command->map) || !show(command))
        return EXIT_BAD_INPUT;
    return EXIT_DONE;
}

// --- running -----------------------------------------------------------------

static bool
copy_file(FILE *from, struct output *output)
{
    char bytes[65536];
    size_t count;

    while ((count = fread(bytes, 1, sizeof bytes, from)) > 0)
        output_write(output, bytes, count);
    return !ferror(from);
}

static bool
save_one(const char *from, const char *to)
{
    struct output output;
    FILE *file = fopen(from, "rbe");

    if (!file) {
        say_about(from, 0, "cannot be read");
        return false;
    }
    if (output_open(&output, to))
        (void)copy_file(file, &output);
    fclose(file);
    if (output_commit(&output))
        return true;
    say_about(to, 0, output.cause);
    return false;
}

static bool
save(const struct osmap_command *command, const struct run *run)
{
    if (run->count == 1)
        return save_one(run->snapshots[0], command->save);
    for (size_t i = 0; i < run->count; i++) {
        char name[4096];

        snprintf(name, sizeof name, "%s.%zu", command->save, i + 1);
        if (!save_one(run->snapshots[i], name))
            return false;
    }
    return true;
}

// The snapshots on the way: a line for each.
static bool
show_moment(struct osmap_command *command, const char *path, bool is_first)
{
    if (!read_map(path, &command->map))
        return false;
    if (command->wants_json)
        (void)osmap_print_json(&command->map, NULL, -1);
    else
        osmap_print_moment(&command->map, is_first);
    osmap_free(&command->map);
    return true;
}

// Those of the program itself; if there are none, of its children.
static bool
show_run(struct osmap_command *command, const struct run *run)
{
    size_t last = run->own ? run->own - 1 : run->count - 1;

    for (size_t i = 0; i < last; i++)
        if (!show_moment(command, run->snapshots[i], i == 0))
            return false;
    if (!read_map(run->snapshots[last], &command->map))
        return false;
    if (last && !command->wants_json) {
        osmap_print_moment(&command->map, false);
        putchar('\n');
    }
    command->status = run->status;
    if (!show(command))
        return false;
    osmap_free(&command->map);
    command->status = -1;
    for (size_t i = last + 1; i < run->count; i++)
        if (!show_moment(command, run->snapshots[i], i == last + 1))
            return false;
    return true;
}

static bool
show_program(struct osmap_command *command)
{
    struct run run;
    bool is_good;

    if (!run_program(&run, command->program, &command->run))
        return false;
    is_good =
        (!command->save || save(command, &run)) && show_run(command, &run);
    run_forget(&run);
    return is_good;
}

static int
run(int argc, char **argv)
{
    struct osmap_command command = { .status = -1 };
    int status = parse(&command, argc, argv);

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (command.sample)
        status = show_sample(&command);
    else if (!(command.snapshot ? show_snapshot(&command)
                                : show_program(&command)))
        status = EXIT_BAD_INPUT;
    osmap_free(&command.map);
    osmap_free(&command.earlier);
    return status;
}

const struct command osmap_command = {
    .name = "osmap",
    .summary = "record a program and draw all of its malloc memory",
    .help = help,
    .run = run,
};
