// SPDX-License-Identifier: MIT
/*
 * raster - a picture of points, for where SVG is not read: lines, boxes, text,
 * and a PNG of it.
 *
 * The letters are of 5 by 7 points, drawn at any whole multiple; bytes outside
 * ASCII come out as '?'.
 */
#ifndef TOOLS_RASTER_H
#define TOOLS_RASTER_H

#include "output.h"

#include <stdint.h>

struct raster {
    int width;
    int height;
    uint8_t *points; // three bytes each: red, green, blue; row by row
};

// White.  False: no memory.
bool raster_make(struct raster *raster, int width, int height);

// Colours are 0xrrggbb.  What lies outside is cut off.
void raster_box(struct raster *raster, int x, int y, int width, int height,
                uint32_t colour);
void raster_line(struct raster *raster, double x0, double y0, double x1,
                 double y1, int thickness, uint32_t colour);

// Text whose upper left corner is at x, y; a letter is 6 * scale wide.
void raster_text(struct raster *raster, int x, int y, int scale,
                 uint32_t colour, const char *text);

// False: no memory for it; failures of writing are the output's.
bool raster_png(const struct raster *raster, struct output *output);

void raster_free(struct raster *raster);

#endif
