/* SPDX-License-Identifier: MIT */
/* options.c - the command line. */
#include "prefork.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: 08-prefork-server [OPTION]... [DUMP]\n"
    "Serve the objects of a heap dump (- is standard input), or made-up ones,\n"
    "from several processes, and show what they share.\n"
    "\n"
    "  --workers N    how many processes, 1 to 64 (4)\n"
    "  --port P       on 127.0.0.1 (0: any that is free)\n"
    "  --objects N    how many to make up (200000)\n"
    "  --no-seal      fork an ordinary heap, to see the difference\n"
    "  --private-buffers  keep new buffers away from inherited ones "
    "(mimalloc)\n"
    "  --requests N   end after so many\n"
    "  --help         this\n"
    "\n"
    "Paths: / is a page, /sharing.json its figures, /work makes objects.\n";

static unsigned long long
parse_number(const char *option, const char *text, unsigned long long least,
             unsigned long long most)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || number < least ||
        number > most) {
        fprintf(stderr, "08-prefork-server: --%s: %llu to %llu, not %s\n",
                option, least, most, text);
        exit(2);
    }
    return number;
}

void
parse_options(struct options *options, int argc, char **argv)
{
    const struct option known[] = {
        { "help", no_argument, NULL, 'h' },
        { "no-seal", no_argument, &options->no_seal, 1 },
        { "objects", required_argument, NULL, 'o' },
        { "port", required_argument, NULL, 'p' },
        { "private-buffers", no_argument, &options->private_buffers, 1 },
        { "requests", required_argument, NULL, 'r' },
        { "workers", required_argument, NULL, 'w' },
        { NULL, 0, NULL, 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;)
        switch (c) {
        case 0:
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        case 'o':
            options->made_up =
                (size_t)parse_number("objects", optarg, 1, 100000000);
            break;
        case 'p':
            options->port = (uint16_t)parse_number("port", optarg, 0, 65535);
            break;
        case 'r':
            options->requests = parse_number("requests", optarg, 1, UINT32_MAX);
            break;
        case 'w':
            options->workers =
                (unsigned)parse_number("workers", optarg, 1, MOST_WORKERS);
            break;
        default:
            fputs("Try 08-prefork-server --help.\n", stderr);
            exit(2);
        }
    options->dump = argv[optind];
}
