// SPDX-License-Identifier: MIT
/*
 * dump_value - the values in a dump: addresses and numbers, and how to quote
 * what is neither.
 */
#ifndef TOOLS_DUMP_VALUE_H
#define TOOLS_DUMP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// "0x" and 1 to 16 hexadecimal digits.  False: something else.
bool dump_parse_address(const unsigned char *text, size_t length,
                        uint64_t *address);

// Decimal digits, behind a minus or not.  False: something else, or a number
// that does not fit.
bool dump_parse_number(const char *text, size_t length, int64_t *number);

// A word of the file for a message: what cannot be printed becomes a question
// mark, what is long is cut.
struct dump_quoted {
    char text[40];
};
struct dump_quoted dump_quote(const unsigned char *text, size_t length);

#endif
