// SPDX-License-Identifier: MIT
/*
 * say - messages for the person at the terminal, all on standard error.
 *
 * A message begins with the command that speaks ("rheap replay: "); one about
 * a file goes on with the file, the line where it knows one, and the cause.
 * Results never come this way: they go to standard output.
 */
#ifndef TOOLS_SAY_H
#define TOOLS_SAY_H

#include "attributes.h"

// What a command answers to the shell.
enum exit_status {
    EXIT_DONE = 0,
    EXIT_BAD_INPUT = 1, // or the experiment could not be run
    EXIT_USAGE = 2
};

// From now on messages are those of `command`; NULL: of rheap itself.
// Static storage.
void say_as(const char *command);

void say(const char *format, ...) FORMATS(1, 2);

// About a place in a file; line 0 means the file as a whole.
void say_about(const char *file, unsigned long line, const char *cause);

// How the command was called is wrong: the message, where to read more, and
// EXIT_USAGE.
int say_usage(const char *format, ...) FORMATS(1, 2);

#endif
