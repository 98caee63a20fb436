// SPDX-License-Identifier: MIT
/*
 * font - letters of 5 by 8 dots, for pictures without a text of their own.
 */
#ifndef TOOLS_OSMAP_FONT_H
#define TOOLS_OSMAP_FONT_H

#include <stdint.h>

enum {
    FONT_FIRST = ' ',
    FONT_LAST = '~',
    FONT_COLUMNS = 5,
    FONT_ROWS = 8
};

// FONT_ROWS bytes, of which the five low bits count; '?' for what is not ASCII.
const uint8_t *font_glyph(char character);

#endif
