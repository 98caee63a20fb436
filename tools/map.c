// SPDX-License-Identifier: MIT
/*
 * map - `rheap map': a heap, or one page of it, as a picture.
 */
#include "config.h"

#include "command.h"
#include "dump_load.h"
#include "heap_picture.h"
#include "output.h"
#include "page_picture.h"
#include "say.h"
#include "synthetic.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: rheap map [options] FILE\n"
    "       rheap map [options] --objects N\n"
    "\n"
    "Draw the heap of a dump: one character for each page of 16 KB, by the "
    "share\n"
    "of its 408 slots that is live. A page goes back to the system only when\n"
    "nothing is live on it, so a heap full of ':' holds memory that few "
    "objects\n"
    "keep it from returning.\n"
    "\n"
    "With --page N draw that page: its slots by the type of their objects "
    "(small\n"
    "letters are not marked), the four OS pages of 4 KB that it lies on, and "
    "its\n"
    "free runs in the order in which they will be handed out.\n"
    "\n"
    "FILE is a heap dump as for 'rheap replay'; '-' is standard input. Without "
    "a\n"
    "dump at hand, --objects N makes up a program that has made N objects.\n"
    "\n"
    "options:\n"
    "  --page N          one page; the numbers stand in the picture of the "
    "heap\n"
    "  --svg OUT         write the picture to OUT instead of printing it\n"
    "  --json            one JSON object a page, or one for --page\n"
    "  --collect         after a full collection\n"
    "  --objects N       a made-up heap; --seed N makes another one\n"
    "  --layout=original|fresh, --skip-bad-lines   as for 'rheap replay'\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 done, 1 bad input, 2 wrong usage.\n";

enum {
    MAX_OBJECTS = 1000 * 1000 * 1000
};

struct map {
    const char *file; // NULL: made up
    size_t objects;   // 0: from the file
    size_t seed;
    size_t page;
    bool has_page;
    bool wants_collection;
    bool wants_json;
    const char *svg_file; // NULL: print
    struct dump_options load;

    struct rh_heap *heap; // one of the two below
    struct dump_heap dump;
    struct synthetic synthetic;
    char title[200];
};

// --- options -----------------------------------------------------------------

enum {
    OPTION_PAGE = 256,
    OPTION_SVG,
    OPTION_JSON,
    OPTION_COLLECT,
    OPTION_OBJECTS,
    OPTION_SEED,
    OPTION_LAYOUT,
    OPTION_SKIP
};

static const struct option options[] = {
    { "page", required_argument, NULL, OPTION_PAGE },
    { "svg", required_argument, NULL, OPTION_SVG },
    { "json", no_argument, NULL, OPTION_JSON },
    { "collect", no_argument, NULL, OPTION_COLLECT },
    { "objects", required_argument, NULL, OPTION_OBJECTS },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "layout", required_argument, NULL, OPTION_LAYOUT },
    { "skip-bad-lines", no_argument, NULL, OPTION_SKIP },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int
set_number(const char *name, size_t max, size_t *number)
{
    if (command_number(optarg, max, number))
        return EXIT_DONE;
    return say_usage("%s is a whole number up to %zu, not '%s'", name, max,
                     optarg);
}

static int
set_option(void *context, int option)
{
    struct map *map = context;

    switch (option) {
    case OPTION_PAGE:
        map->has_page = true;
        return set_number("--page", SIZE_MAX / 2, &map->page);
    case OPTION_OBJECTS:
        return set_number("--objects", MAX_OBJECTS, &map->objects);
    case OPTION_SEED:
        return set_number("--seed", SIZE_MAX / 2, &map->seed);
    case OPTION_LAYOUT:
        if (!dump_layout_named(optarg, &map->load.layout))
            return say_usage("--layout is 'original' or 'fresh', not '%s'",
                             optarg);
        break;
    case OPTION_SVG:
        map->svg_file = optarg;
        break;
    default:
        map->wants_json |= option == OPTION_JSON;
        map->wants_collection |= option == OPTION_COLLECT;
        map->load.skip_bad_lines |= option == OPTION_SKIP;
    }
    return EXIT_DONE;
}

static int
check_operands(struct map *map, int argc, char **argv)
{
    if (map->wants_json && map->svg_file)
        return say_usage("--json and --svg exclude each other");
    if (map->objects && optind == argc)
        return EXIT_DONE;
    if (map->objects)
        return say_usage("a dump or --objects, not both");
    map->file = command_operand(argc, argv, "FILE");
    return map->file ? EXIT_DONE : EXIT_USAGE;
}

static int
parse(struct map *map, int argc, char **argv)
{
    int status = command_parse(argc, argv, options, help, set_option, map);

    if (status != EXIT_DONE)
        return status;
    return check_operands(map, argc, argv);
}

// --- the heap ----------------------------------------------------------------

static bool
make_up(struct map *map)
{
    if (!synthetic_make(&map->synthetic, map->objects, map->seed)) {
        say("not enough memory for %zu objects", map->objects);
        return false;
    }
    map->heap = map->synthetic.heap;
    snprintf(map->title, sizeof map->title,
             "a made-up heap after %zu objects (seed %zu)", map->objects,
             map->seed);
    return true;
}

static bool
load(struct map *map)
{
    map->load.no_external = true; // the picture does not show it
    if (!dump_load(&map->dump, map->file, &map->load))
        return false;
    map->heap = map->dump.heap;
    snprintf(map->title, sizeof map->title, "%s", map->file);
    return true;
}

static void
unload(struct map *map)
{
    if (map->file)
        dump_unload(&map->dump);
    else
        synthetic_free(&map->synthetic);
}

// --- the picture -------------------------------------------------------------

static bool
no_memory(void)
{
    say("not enough memory for the picture");
    return false;
}

static bool
commit(struct output *output)
{
    if (output_commit(output))
        return true;
    say_about(output->path, 0, output->cause);
    return false;
}

static bool
show_page(const struct map *map, const struct page_picture *picture)
{
    struct output output;

    if (map->wants_json)
        return page_picture_json(picture) || no_memory();
    if (!map->svg_file) {
        page_picture_print(picture);
        return true;
    }
    if (output_open(&output, map->svg_file))
        page_picture_svg(picture, &output);
    return commit(&output);
}

static bool
draw_page(const struct map *map)
{
    struct page_picture picture;
    enum rh_status status =
        page_picture_take(&picture, map->heap, map->title, map->page);

    if (status == RH_OK)
        return show_page(map, &picture);
    say("there is no page %zu; 'rheap map' without --page shows which there "
        "are",
        map->page);
    return false;
}

static bool
show_heap(const struct map *map, const struct heap_picture *picture)
{
    struct output output;

    if (map->wants_json)
        return heap_picture_json(picture) || no_memory();
    if (!map->svg_file) {
        heap_picture_print(picture);
        return true;
    }
    if (output_open(&output, map->svg_file))
        heap_picture_svg(picture, &output);
    return commit(&output);
}

static bool
draw_heap(const struct map *map)
{
    struct heap_picture picture;
    bool is_good;

    if (heap_picture_take(&picture, map->heap,
                          map->file ? &map->dump.facts : NULL, map->title))
        is_good = show_heap(map, &picture);
    else
        is_good = no_memory();
    heap_picture_free(&picture);
    return is_good;
}

static int
run(int argc, char **argv)
{
    struct map map = { .seed = 1 };
    int status = parse(&map, argc, argv);
    bool is_good;

    if (status != EXIT_DONE)
        return status == COMMAND_HELPED ? EXIT_DONE : status;
    if (!(map.file ? load(&map) : make_up(&map)))
        return EXIT_BAD_INPUT;
    if (map.wants_collection)
        rh_heap_collect(map.heap);
    is_good = map.has_page ? draw_page(&map) : draw_heap(&map);
    unload(&map);
    return is_good ? EXIT_DONE : EXIT_BAD_INPUT;
}

const struct command map_command = {
    .name = "map",
    .summary = "draw a heap by its pages, or a page by its slots",
    .help = help,
    .run = run,
};
