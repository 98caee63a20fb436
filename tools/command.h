// SPDX-License-Identifier: MIT
/*
 * command - what rheap.c has to know of each command, and what commands share.
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include "attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct command {
    const char *name;
    const char *summary; // for the list in `rheap help'
    const char *help;    // for `rheap help NAME'
    // Gets its own name as argv[0]; answers an exit status.
    int (*run)(int argc, char **argv);
};

extern const struct command constants_command;
extern const struct command fork_command;
extern const struct command map_command;
extern const struct command osmap_command;
extern const struct command replay_command;
extern const struct command trim_command;
extern const struct command tune_command;

struct option;

enum {
    COMMAND_HELPED = -1 // no exit status: the help was asked for and printed
};

// Take all options, by getopt_long(); operands follow at argv[optind].  `take`
// is called for each but --help, with `context`; it answers EXIT_DONE, or the
// exit status when it has said what is wrong.  Answers EXIT_DONE: go on; or
// COMMAND_HELPED; or an exit status.
int command_parse(int argc, char **argv, const struct option *options,
                  const char *help, int (*take)(void *context, int option),
                  void *context);

// A whole number that an option was given; false: not one, or above `max`.
bool command_number(const char *text, size_t max, size_t *number);

// The operand that must be there, once: argv[optind].  NULL: it is not, or
// there are more, and that has been said.
const char *command_operand(int argc, char **argv, const char *what);

#endif
