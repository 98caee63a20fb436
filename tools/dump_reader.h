// SPDX-License-Identifier: MIT
/*
 * dump_reader - a heap dump, line by line.
 *
 * Reads what ObjectSpace.dump_all of Ruby 2.1 and later writes, and rheap's
 * own dumps, in one pass and in constant memory: from a file or a pipe, plain
 * or gzip.  Empty lines are passed over.
 *
 * After a bad line the next call goes on with the line behind it, so it is the
 * caller who decides whether one bad line is the end.  A gzip file that breaks
 * off is reported once, as a bad line; then the end.
 */
#ifndef TOOLS_DUMP_READER_H
#define TOOLS_DUMP_READER_H

#include "dump_record.h"
#include "input.h"

enum dump_result {
    DUMP_LINE,     // a record
    DUMP_BAD_LINE, // see dump_reader_cause()
    DUMP_END,
    DUMP_FAILED // see dump_reader_cause(); there is no more to come
};

struct dump_reader;

// `input` is open and stays the caller's.  NULL: no memory.
struct dump_reader *dump_reader_new(struct input *input);

// On DUMP_LINE *record is good until the next call.
enum dump_result dump_reader_next(struct dump_reader *reader,
                                  const struct dump_record **record);

// The line that the last call read, from 1; 0 before the first.
unsigned long dump_reader_line(const struct dump_reader *reader);

// What was wrong with it.
const char *dump_reader_cause(const struct dump_reader *reader);

void dump_reader_free(struct dump_reader *reader);

#endif
