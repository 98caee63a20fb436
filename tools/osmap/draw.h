// SPDX-License-Identifier: MIT
/*
 * draw - a snapshot, or two of them, as a file to look at.
 *
 * Both pictures have the layout of the snapshots: all areas by address, a
 * square for each page of the system, in it a dot for each unit of 16 bytes.
 * With two snapshots the layout is common, so equal places are equal
 * addresses; `before` is NULL if there is one only.
 *
 * The same snapshots give the same file, byte for byte.  As all outputs, it
 * appears under its name when it is whole; see output.h.
 */
#ifndef TOOLS_OSMAP_DRAW_H
#define TOOLS_OSMAP_DRAW_H

#include "osmap/snapshot.h"

struct osmap_draw_options {
    const char *title; // NULL: the command line of the program
    size_t page_edge;  // of a page in the PNG, in pixels; 0: as fits
};

// One HTML page that needs nothing else: no network, no fonts, no other files.
// Takes, beside the snapshots, a few bytes for each run of units that are
// alike.  `options` may be NULL.  False: error->text says why, and there is no
// new file.
bool osmap_write_html(const char *path, const struct osmap *map,
                      const struct osmap *before,
                      const struct osmap_draw_options *options,
                      struct osmap_error *error);

// A PNG, written row by row; two snapshots stand side by side.  Needs memory
// for one row of pages, whatever the size of the picture.  False: likewise.
bool osmap_write_png(const char *path, const struct osmap *map,
                     const struct osmap *before,
                     const struct osmap_draw_options *options,
                     struct osmap_error *error);

// Whether two snapshots can be drawn together; false: error->text says why not.
bool osmap_can_compare(const struct osmap *map, const struct osmap *before,
                       struct osmap_error *error);

#endif
