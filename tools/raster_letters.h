// SPDX-License-Identifier: MIT
/*
 * raster_letters - letters of 5 by 7 points, from space to tilde.
 *
 * Eight rows from the top, the last of which is below the line: for the tails of
 * letters such as g.  Of each row the lowest five bits, from left to right.
 */
#ifndef TOOLS_RASTER_LETTERS_H
#define TOOLS_RASTER_LETTERS_H

#include <stdint.h>

enum {
    RASTER_LETTER_WIDTH = 5,
    RASTER_LETTER_HEIGHT = 8,
    RASTER_FIRST_LETTER = ' ',
    RASTER_LAST_LETTER = '~'
};

extern const uint8_t raster_letters[RASTER_LAST_LETTER - RASTER_FIRST_LETTER +
                                    1][RASTER_LETTER_HEIGHT];

#endif
