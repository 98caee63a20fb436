// SPDX-License-Identifier: MIT
/*
 * constants - `rheap constants`: the numbers of the layout, by name.
 */
#include "config.h"

#include "command.h"
#include "json.h"
#include "say.h"

#include <rheap/constants.h>

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: rheap constants [--json]\n"
    "\n"
    "Print the numbers that the layout of the heap is made of, one 'name "
    "value'\n"
    "a line: first rheap's names, then the names that Ruby has for the same\n"
    "things in GC::INTERNAL_CONSTANTS.\n"
    "\n"
    "  page_bytes = page_header_bytes + slots_per_page * slot_bytes\n"
    "       16384 =                64 +            408 * 40\n"
    "\n"
    "options:\n"
    "  --json    one JSON object instead\n"
    "  --help    this text\n";

static void
print_plain(void)
{
    const struct rh_constant *constant;

    for (size_t n = 0; (constant = rh_constant(n)); n++)
        printf("%s %lld\n", constant->name, (long long)constant->value);
}

static int
print_json(void)
{
    const struct rh_constant *constant;
    struct json *json = json_begin();

    if (!json) {
        say("not enough memory");
        return EXIT_BAD_INPUT;
    }
    json_open_object(json, NULL);
    for (size_t n = 0; (constant = rh_constant(n)); n++)
        json_integer(json, constant->name, constant->value);
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return EXIT_DONE;
}

static int
take_json(void *wants_json, int option)
{
    (void)option; // there is no other
    *(bool *)wants_json = true;
    return EXIT_DONE;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool wants_json = false;
    int status =
        command_parse(argc, argv, options, help, take_json, &wants_json);

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (optind < argc)
        return say_usage("'%s' is too much", argv[optind]);
    if (wants_json)
        return print_json();
    print_plain();
    return EXIT_DONE;
}

const struct command constants_command = {
    .name = "constants",
    .summary = "the numbers of the layout, by name",
    .help = help,
    .run = run,
};
