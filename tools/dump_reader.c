// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_reader.h"

#include "dump_line.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 64 * 1024
};

struct dump_reader {
    struct input *input;
    struct dump_line *line;
    unsigned long number; // of the line at hand
    bool is_over;
    size_t next; // the first byte of `piece` not yet looked at
    size_t count;
    const char *cause;
    char piece[PIECE_BYTES];
};

struct dump_reader *
dump_reader_new(struct input *input)
{
    struct dump_reader *reader = malloc(sizeof *reader);

    if (!reader)
        return NULL;
    memset(reader, 0, offsetof(struct dump_reader, piece));
    reader->input = input;
    reader->line = dump_line_new();
    if (!reader->line) {
        free(reader);
        return NULL;
    }
    return reader;
}

// Whether there are bytes left, after reading more of them if need be.
static bool
reader_has_bytes(struct dump_reader *reader)
{
    if (reader->next == reader->count) {
        reader->next = 0;
        reader->count =
            input_read(reader->input, reader->piece, sizeof reader->piece);
    }
    return reader->count > 0;
}

// Up to where the line goes on in this piece; *is_last: it ends there.
static size_t
reader_take(struct dump_reader *reader, const char **bytes, bool *is_last)
{
    const char *start = reader->piece + reader->next;
    size_t left = reader->count - reader->next;
    const char *end = memchr(start, '\n', left);
    size_t count = end ? (size_t)(end - start) : left;

    *bytes = start;
    *is_last = end != NULL;
    reader->next += count + (end != NULL);
    return count;
}

static void
reader_skip_line(struct dump_reader *reader)
{
    const char *bytes;
    bool is_last = false;

    while (!is_last && reader_has_bytes(reader))
        reader_take(reader, &bytes, &is_last);
}

// Pass over line ends, so that an empty line is no line.
static bool
reader_find_line(struct dump_reader *reader)
{
    reader->number++;
    while (reader_has_bytes(reader)) {
        char byte = reader->piece[reader->next];

        if (byte != '\n' && byte != '\r')
            return true;
        reader->number += byte == '\n';
        reader->next++;
    }
    return false;
}

// Nothing can be read any more: the end, or a fault.
static enum dump_result
reader_finish(struct dump_reader *reader)
{
    enum input_fault fault = reader->input->fault;

    if (reader->is_over || fault == INPUT_FINE)
        return DUMP_END;
    reader->is_over = true;
    reader->cause = reader->input->cause;
    return fault == INPUT_DAMAGED ? DUMP_BAD_LINE : DUMP_FAILED;
}

static enum dump_result
reader_refuse(struct dump_reader *reader)
{
    reader->cause = dump_line_cause(reader->line);
    return DUMP_BAD_LINE;
}

// Feed the parser up to the end of the line.
static enum dump_result
reader_parse(struct dump_reader *reader)
{
    const char *bytes;
    bool is_last = false;

    if (!dump_line_begin(reader->line)) {
        reader->cause = dump_line_cause(reader->line);
        return DUMP_FAILED;
    }
    while (!is_last && reader_has_bytes(reader)) {
        size_t count = reader_take(reader, &bytes, &is_last);

        if (!dump_line_feed(reader->line, bytes, count)) {
            if (!is_last)
                reader_skip_line(reader);
            return reader_refuse(reader);
        }
    }
    return is_last || !reader->input->fault ? DUMP_LINE : reader_finish(reader);
}

enum dump_result
dump_reader_next(struct dump_reader *reader, const struct dump_record **record)
{
    struct dump_record *found;
    enum dump_result result;

    if (!reader_find_line(reader))
        return reader_finish(reader);
    result = reader_parse(reader);
    if (result != DUMP_LINE)
        return result;
    found = dump_line_end(reader->line);
    if (!found)
        return reader_refuse(reader);
    found->line = reader->number;
    *record = found;
    return DUMP_LINE;
}

unsigned long
dump_reader_line(const struct dump_reader *reader)
{
    return reader->number;
}

const char *
dump_reader_cause(const struct dump_reader *reader)
{
    return reader->cause;
}

void
dump_reader_free(struct dump_reader *reader)
{
    if (!reader)
        return;
    dump_line_free(reader->line);
    free(reader);
}
