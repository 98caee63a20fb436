// SPDX-License-Identifier: MIT
/*
 * dump_line - from the text of a line to a record: the one file that knows the
 * JSON parser.
 *
 * The text comes in pieces, so a line need never be in memory as a whole: an
 * array of a million references costs its eight million bytes, no more.
 */
#ifndef TOOLS_DUMP_LINE_H
#define TOOLS_DUMP_LINE_H

#include "dump_record.h"

struct dump_line;

// NULL: no memory.
struct dump_line *dump_line_new(void);

// Throw away what has been fed and begin with an empty record; false: no
// memory.
bool dump_line_begin(struct dump_line *line);

// The next bytes of the line.  False: the line is wrong, see
// dump_line_cause().
bool dump_line_feed(struct dump_line *line, const char *bytes, size_t count);

// The line ends here.  NULL: it is wrong.  The record is good until the next
// dump_line_begin().
struct dump_record *dump_line_end(struct dump_line *line);

// A sentence about what is wrong.
const char *dump_line_cause(const struct dump_line *line);

void dump_line_free(struct dump_line *line);

#endif
