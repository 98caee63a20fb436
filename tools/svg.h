// SPDX-License-Identifier: MIT
/*
 * svg - the parts that all our pictures are made of.
 *
 * Plain text, no scripts, no fonts but the reader's; the same heap gives the
 * same file, byte for byte.  Colours come from one palette, measured for
 * contrast (also for readers who cannot tell red from green), and a letter,
 * a hatching or a number stands beside every colour.
 */
#ifndef TOOLS_SVG_H
#define TOOLS_SVG_H

#include "output.h"

// `summary` is for who cannot see the picture.
void svg_begin(struct output *output, int width, int height, const char *title,
               const char *summary);
void svg_end(struct output *output);

// A rectangle with its own style class of the style sheet.
void svg_box(struct output *output, double x, double y, double width,
             double height, const char *style);

// Text, its base line starting at x, y.
void svg_text(struct output *output, double x, double y, const char *style,
              const char *text);

// What <, > and & need, done.
void svg_escape(struct output *output, const char *text);

#endif
