// SPDX-License-Identifier: MIT
#include "config.h"

#include "say.h"

#include <stdarg.h>
#include <stdio.h>

static const char *speaker; // the command, or NULL

static void
say_who(void)
{
    fprintf(stderr, "rheap%s%s: ", speaker ? " " : "", speaker ? speaker : "");
}

void
say_as(const char *command)
{
    speaker = command;
}

void
say(const char *format, ...)
{
    va_list arguments;

    say_who();
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}

void
say_about(const char *file, unsigned long line, const char *cause)
{
    if (line)
        say("%s:%lu: %s", file, line, cause);
    else
        say("%s: %s", file, cause);
}

int
say_usage(const char *format, ...)
{
    va_list arguments;

    say_who();
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry 'rheap help%s%s'.\n", speaker ? " " : "",
            speaker ? speaker : "");
    return EXIT_USAGE;
}
