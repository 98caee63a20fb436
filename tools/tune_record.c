// SPDX-License-Identifier: MIT
#include "config.h"

#include "tune_record.h"

#include "buffer.h"
#include "input.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_tree.h>

enum {
    MAX_RECORD_BYTES = 64 << 20
};

#define MAX_OBJECTS 1e10 // that a run could make again

// The whole file, with a NUL behind it.
static bool
read_all(struct buffer *text, const char *path)
{
    struct input input;
    char piece[8192];
    size_t got;

    if (!input_open(&input, path)) {
        say_about(path, 0, input.cause);
        return false;
    }
    while ((got = input_read(&input, piece, sizeof piece)) > 0)
        if (text->used > MAX_RECORD_BYTES || !buffer_append(text, piece, got))
            break;
    if (input.fault != INPUT_FINE || got > 0) {
        say_about(path, 0, got > 0 ? "too large for a record" : input.cause);
        input_close(&input);
        return false;
    }
    input_close(&input);
    return buffer_append(text, "", 1);
}

// A number from 0 to 10^13 under a key; -1: there is none.
static double
number_at(yajl_val line, const char *key)
{
    const char *path[] = { key, NULL };
    yajl_val value = yajl_tree_get(line, path, yajl_t_number);
    double number = value ? strtod(YAJL_GET_NUMBER(value), NULL) : -1;

    return number >= 0 && number <= 1e13 ? number : -1;
}

static const char *
text_at(yajl_val line, const char *key)
{
    const char *path[] = { key, NULL };
    yajl_val value = yajl_tree_get(line, path, yajl_t_string);

    return value ? YAJL_GET_STRING(value) : "";
}

struct reading {
    struct tune_record *record;
    double objects; // ever made, when the last span ended
    bool ended;
};

static const char *
add_span(struct reading *reading, double objects, double live, double external)
{
    struct tune_load *load = &reading->record->load;
    struct tune_span *spans =
        realloc(load->spans, (load->count + 1) * sizeof *spans);

    if (!spans)
        return "no memory";
    load->spans = spans;
    spans[load->count++] = (struct tune_span){
        .made = (size_t)(objects - reading->objects),
        .live = (size_t)live,
        .object_bytes = live > 0 ? (size_t)(external / live) : 0,
    };
    reading->objects = objects;
    return NULL;
}

// What is wrong with a line, or NULL.
static const char *
read_event(struct reading *reading, yajl_val line)
{
    struct tune_record *record = reading->record;
    const char *event = text_at(line, "event");
    double objects = number_at(line, "objects");
    double live = number_at(line, "live");
    double external = number_at(line, "external_bytes");
    double ms = number_at(line, "ms");
    double slots = number_at(line, "slots");

    if (!*event)
        return "no \"event\"";
    if (objects < 0 || live < 0 || objects > MAX_OBJECTS)
        return "an event wants \"objects\" and \"live\", from 0 to 10^10";
    if (objects < reading->objects || live > objects)
        return "\"objects\" may not fall, nor \"live\" exceed it";
    if ((size_t)live > record->peak)
        record->peak = (size_t)live;
    if (slots >= 0)
        record->slots = (size_t)slots;
    record->grown += strcmp(event, "grow") == 0;
    reading->ended = strcmp(event, "end") == 0;
    if (strcmp(event, "collection") == 0) {
        record->collections++;
        record->ms += ms > 0 ? ms : 0;
    } else if (!reading->ended) {
        return NULL;
    }
    return add_span(reading, objects, live, external > 0 ? external : 0);
}

static const char *
read_first(yajl_val line)
{
    if (strcmp(text_at(line, "record"), "rheap") != 0)
        return "not a record: the first line wants \"record\":\"rheap\"";
    return number_at(line, "version") == 1 ? NULL
                                           : "a record of another version";
}

static bool
read_lines(struct reading *reading, char *text, const char *path)
{
    unsigned long number = 0;

    for (char *line = text, *end; line; line = end) {
        char ignored[200];
        const char *cause = "not JSON";
        yajl_val tree;

        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        number++;
        if (!*line && number > 1)
            continue;
        tree = yajl_tree_parse(line, ignored, sizeof ignored);
        if (tree)
            cause = number == 1 ? read_first(tree) : read_event(reading, tree);
        yajl_tree_free(tree);
        if (cause) {
            say_about(path, number, cause);
            return false;
        }
    }
    if (reading->ended)
        return true;
    say_about(path, number, "the record breaks off: its last event is no end");
    return false;
}

bool
tune_record_read(struct tune_record *record, const char *path)
{
    struct reading reading = { .record = record };
    struct buffer text = { NULL, 0, 0 };
    bool is_good;

    *record = (struct tune_record){ .peak = 0 };
    is_good = read_all(&text, path) && read_lines(&reading, text.bytes, path);
    buffer_free(&text);
    if (!is_good)
        tune_record_free(record);
    return is_good;
}

void
tune_record_free(struct tune_record *record)
{
    free(record->load.spans);
    record->load.spans = NULL;
}

void
tune_advise(struct rh_config *config, size_t peak, bool adds_heaps)
{
    size_t slots = peak + (peak + 9) / 10;
    size_t unit = 1;

    while (unit <= slots / 200)
        unit *= 10;
    unit = unit > 1 ? unit * 5 : 1; // 1,210,000: 10,000, then 50,000
    config->initial_slots = (slots + unit - 1) / unit * unit;
    config->free_slots = config->initial_slots / 100;
    if (!adds_heaps)
        return;
    config->slots_increment = config->initial_slots * 8 / 100;
    config->growth_factor = 1;
}
