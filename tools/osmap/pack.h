// SPDX-License-Identifier: MIT
/*
 * pack - a column of numbers as an element of an HTML page.
 *
 * Numbers are written in seven bits to a byte, the low ones first, the high bit
 * set in all bytes but the last (LEB128); the bytes are deflated, and the
 * result is base64.  decode.js undoes it.  Memory is that of the columns that
 * are being filled: each lies in a buffer until it is written.
 */
#ifndef TOOLS_OSMAP_PACK_H
#define TOOLS_OSMAP_PACK_H

#include "buffer.h"
#include "output.h"

#include <stdint.h>

// False: no memory.
bool pack_number(struct buffer *column, uint64_t number);

// 0, -1, 1, -2, 2 ... as 0, 1, 2, 3, 4.
bool pack_signed(struct buffer *column, int64_t number);

// The element with the id "PREFIX-NAME", and the column is empty again.  False:
// output->cause says why.
bool pack_write(struct buffer *column, struct output *output,
                const char *prefix, const char *name);

#endif
