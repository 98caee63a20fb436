// SPDX-License-Identifier: MIT
/*
 * rheap - experiments with a Ruby-style heap, from the command line.
 *
 * This file finds the command and lets it run.  A command is one file with a
 * `struct command`, and an entry in the table below.
 */
#include "config.h"

#include "command.h"
#include "fork_marks.h"
#include "say.h"

#include <rheap/version.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &constants_command, &fork_command, &map_command,  &osmap_command,
    &replay_command,    &trim_command, &tune_command,
};

enum {
    COMMAND_COUNT = sizeof commands / sizeof commands[0]
};

static const char intro[] =
    "usage: rheap COMMAND [options] [FILE]\n"
    "\n"
    "A miniature of CRuby's object heap (pages of 16 KB, slots of 40 bytes),\n"
    "to look at, to measure and to take apart.\n"
    "\n";

static const char outro[] =
    "\n"
    "'rheap help COMMAND' teaches the command; the manual is rheap(1).\n"
    "\n"
    "A first look at the heap of a real Ruby process:\n"
    "    ruby -robjspace -e 'ObjectSpace.dump_all(output: $stdout)' "
    ">heap.json\n"
    "    rheap replay heap.json\n"
    "    rheap map heap.json\n";

static void
print_help(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-12s%s\n", commands[i]->name, commands[i]->summary);
    fputs(outro, stdout);
}

static const struct command *
command_named(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int
refuse_command(const char *name)
{
    return say_usage("there is no command '%s'", name);
}

static int
run_help(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        print_help();
        return EXIT_DONE;
    }
    command = command_named(argv[1]);
    if (!command)
        return refuse_command(argv[1]);
    fputs(command->help, stdout);
    return EXIT_DONE;
}

static bool
is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int
run_command(int argc, char **argv)
{
    const struct command *command;

    if (argc == 0)
        return say_usage("a command is missing");
    if (is_one_of(argv[0], "help", "--help") || strcmp(argv[0], "-h") == 0)
        return run_help(argc, argv);
    if (is_one_of(argv[0], "version", "--version")) {
        puts("rheap " RH_VERSION_STRING);
        return EXIT_DONE;
    }
    command = command_named(argv[0]);
    if (!command)
        return refuse_command(argv[0]);
    if (argc > 1 && is_one_of(argv[1], "--help", "-h")) {
        fputs(command->help, stdout);
        return EXIT_DONE;
    }
    say_as(command->name);
    return command->run(argc, argv);
}

int
main(int argc, char **argv)
{
    int status;

#ifdef RHEAP_MARKS // a variant of the library, for `rheap fork --marks'
    fork_marks_are(RHEAP_MARKS);
#endif
    status = run_command(argc - 1, argv + 1);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say("standard output: %s", errno ? strerror(errno) : "write error");
        return status ? status : EXIT_BAD_INPUT;
    }
    return status;
}
