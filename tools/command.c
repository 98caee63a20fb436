// SPDX-License-Identifier: MIT
#include "config.h"

#include "command.h"

#include "say.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

// The next option; what is wrong has been said when it is '?'.
static int
next_option(int argc, char **argv, const struct option *options)
{
    int option;

    opterr = 0;
    option = getopt_long(argc, argv, ":h", options, NULL);
    if (option == ':')
        say_usage("the option '%s' wants a value", argv[optind - 1]);
    else if (option == '?')
        say_usage("there is no option '%s'", argv[optind - 1]);
    return option == ':' ? '?' : option;
}

int
command_parse(int argc, char **argv, const struct option *options,
              const char *help, int (*take)(void *context, int option),
              void *context)
{
    int status = EXIT_DONE;
    int option;

    while (status == EXIT_DONE &&
           (option = next_option(argc, argv, options)) != -1) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'h') {
            fputs(help, stdout);
            return COMMAND_HELPED;
        }
        status = take(context, option);
    }
    return status;
}

bool
command_number(const char *text, size_t max, size_t *number)
{
    unsigned long long value;
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || *end || value > max)
        return false;
    *number = (size_t)value;
    return true;
}

const char *
command_operand(int argc, char **argv, const char *what)
{
    if (optind == argc) {
        say_usage("%s is missing", what);
        return NULL;
    }
    if (optind + 1 < argc) {
        say_usage("one %s only, but there is also '%s'", what,
                  argv[optind + 1]);
        return NULL;
    }
    return argv[optind];
}
