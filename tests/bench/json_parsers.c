// SPDX-License-Identifier: MIT
/*
 * json_parsers - the candidates for reading dumps, measured.
 *
 * Each reads a dump line by line (zlib unpacks) and takes from every line what
 * a heap is made of: address, class, references and memsize.  All must agree
 * on the sums.  doc/design/json.md has the figures.
 *
 *     cc -O2 -DYAJL json_parsers.c -lyajl -lz
 *     cc -O2 -DJANSSON json_parsers.c -ljansson -lz
 *     cc -O2 -DJSON_C json_parsers.c -ljson-c -lz
 *     c++ -O2 -x c++ -DSIMDJSON json_parsers.c -lsimdjson -lz
 *     c++ -O2 -x c++ -DSIMDJSON_DOM json_parsers.c -lsimdjson -lz
 *     cc -O2 json_parsers.c -lz                       (reads lines only)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zlib.h>

static struct {
    unsigned long lines, bad, references;
    uint64_t memsize, addresses;
} sums;

static void
add_address(const char *text, size_t length)
{
    uint64_t address = 0;

    for (size_t i = 2; i < length; i++)
        address = address << 4 |
                  (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'W');
    sums.addresses += address;
}

// Every parser has parse_line(), which answers whether the line is good.

#if defined(YAJL)
#include <yajl/yajl_parse.h>

static char key[16];
static int depth;

static int
on_key(void *context, const unsigned char *text, size_t length)
{
    (void)context;
    if (depth == 1) {
        length = length < sizeof key ? length : 0;
        memcpy(key, text, length);
        key[length] = '\0';
    }
    return 1;
}

static int
on_string(void *context, const unsigned char *text, size_t length)
{
    int is_reference = strcmp(key, "references") == 0;

    (void)context;
    sums.references += is_reference;
    if (is_reference || !strcmp(key, "address") || !strcmp(key, "class"))
        add_address((const char *)text, length);
    return 1;
}

static int
on_number(void *context, const char *text, size_t length)
{
    (void)context;
    (void)length;
    if (strcmp(key, "memsize") == 0)
        sums.memsize += strtoull(text, NULL, 10);
    return 1;
}

static int
on_open(void *context)
{
    (void)context;
    depth++;
    return 1;
}

static int
on_close(void *context)
{
    (void)context;
    depth--;
    return 1;
}

static int
parse_line(char *line, size_t length)
{
    static const yajl_callbacks callbacks = {
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_open,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
    };
    yajl_handle parser = yajl_alloc(&callbacks, NULL, NULL);
    int is_good;

    depth = 0;
    is_good =
        yajl_parse(parser, (unsigned char *)line, length) == yajl_status_ok &&
        yajl_complete_parse(parser) == yajl_status_ok;
    yajl_free(parser);
    return is_good;
}

#elif defined(JANSSON)
#include <jansson.h>

static void
add_text(json_t *text)
{
    if (text)
        add_address(json_string_value(text), json_string_length(text));
}

static int
parse_line(char *line, size_t length)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    json_t *reference;
    size_t i;

    if (!object)
        return 0;
    add_text(json_object_get(object, "address"));
    add_text(json_object_get(object, "class"));
    sums.memsize +=
        (uint64_t)json_integer_value(json_object_get(object, "memsize"));
    json_array_foreach(json_object_get(object, "references"), i, reference)
    {
        sums.references++;
        add_text(reference);
    }
    json_decref(object);
    return 1;
}

#elif defined(JSON_C)
#include <json-c/json.h>

static void
add_text(json_object *text)
{
    if (text)
        add_address(json_object_get_string(text),
                    (size_t)json_object_get_string_len(text));
}

static int
parse_line(char *line, size_t length)
{
    static json_tokener *tokener;
    json_object *object, *references;

    if (!tokener)
        tokener = json_tokener_new();
    json_tokener_reset(tokener);
    object = json_tokener_parse_ex(tokener, line, (int)length);
    if (!object)
        return 0;
    add_text(json_object_object_get(object, "address"));
    add_text(json_object_object_get(object, "class"));
    sums.memsize +=
        json_object_get_uint64(json_object_object_get(object, "memsize"));
    references = json_object_object_get(object, "references");
    for (size_t i = 0; references && i < json_object_array_length(references);
         i++, sums.references++)
        add_text(json_object_array_get_idx(references, i));
    json_object_put(object);
    return 1;
}

#elif defined(SIMDJSON) || defined(SIMDJSON_DOM)
#include <simdjson.h>

static size_t line_room;

// The two interfaces differ in names and in how keys and values are reached.
#ifdef SIMDJSON
namespace json = simdjson::ondemand;
static json::parser parser;
typedef json::raw_json_string key_text;
#define PARSE(line, length) parser.iterate(line, length, line_room)
#define BAD_KEY(field, name) field.key().get(name)
#define VALUE(field) field.value()
#else
namespace json = simdjson::dom;
static json::parser parser;
typedef std::string_view key_text;
#define PARSE(line, length) parser.parse(line, length, false)
#define BAD_KEY(field, name) (name = field.key, false)
#define VALUE(field) field.value
#endif

template <class T>
static bool
add_text(T text)
{
    std::string_view view;

    if (text.get_string().get(view))
        return false;
    add_address(view.data(), view.size());
    return true;
}

static int
parse_line(char *line, size_t length)
{
    json::object object;
    json::array references;

    auto document = PARSE(line, length);
    if (document.get_object().get(object))
        return 0;
    for (auto field : object) {
        key_text name;

        if (BAD_KEY(field, name))
            return 0;
        if (name == "memsize") {
            uint64_t memsize;
            if (VALUE(field).get_uint64().get(memsize))
                return 0;
            sums.memsize += memsize;
        } else if (name == "address" || name == "class") {
            if (!add_text(VALUE(field)))
                return 0;
        } else if (name == "references") {
            if (VALUE(field).get_array().get(references))
                return 0;
            for (auto reference : references) {
                sums.references++;
                if (!add_text(reference))
                    return 0;
            }
        }
    }
    return 1;
}

#else
static int
parse_line(char *line, size_t length)
{
    (void)line;
    (void)length;
    return 1;
}
#endif

// --- lines -------------------------------------------------------------------

static char *line_text;
static size_t line_length;

// simdjson reads up to 32 bytes behind the end of a line.
static void
add_piece(const char *piece, size_t length)
{
    static size_t room;

    if (line_length + length + 64 > room) {
        room = (line_length + length + 64) * 2;
        line_text = (char *)realloc(line_text, room);
#if defined(SIMDJSON) || defined(SIMDJSON_DOM)
        line_room = room;
#endif
    }
    memcpy(line_text + line_length, piece, length);
    line_length += length;
}

static void
end_line(void)
{
    sums.lines++;
    sums.bad += !parse_line(line_text, line_length);
    line_length = 0;
}

static void
read_lines(gzFile file)
{
    static char buffer[256 * 1024];
    int count;

    while ((count = gzread(file, buffer, sizeof buffer)) > 0) {
        const char *next = buffer;
        const char *end = buffer + count;
        const char *newline;

        while ((newline =
                    (const char *)memchr(next, '\n', (size_t)(end - next)))) {
            add_piece(next, (size_t)(newline - next));
            end_line();
            next = newline + 1;
        }
        add_piece(next, (size_t)(end - next));
    }
    if (line_length)
        end_line();
}

int
main(int argc, char **argv)
{
    struct timespec start, end;
    struct rusage usage;
    gzFile file = argc == 2 ? gzopen(argv[1], "rb") : NULL;

    if (!file)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &start);
    read_lines(file);
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &usage);
    printf("%.2f s, %ld MB, %lu lines, %lu bad, %lu references, "
           "memsize %llu, addresses %llx\n",
           (double)(end.tv_sec - start.tv_sec) +
               (double)(end.tv_nsec - start.tv_nsec) / 1e9,
           usage.ru_maxrss / 1024, sums.lines, sums.bad, sums.references,
           (unsigned long long)sums.memsize,
           (unsigned long long)sums.addresses);
    gzclose(file);
    return 0;
}
