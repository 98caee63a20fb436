// SPDX-License-Identifier: MIT
/*
 * print - a snapshot, or two, on the terminal, or as JSON.
 */
#ifndef TOOLS_OSMAP_PRINT_H
#define TOOLS_OSMAP_PRINT_H

#include "osmap/snapshot.h"

// `before` may be NULL, as may `text`: a sentence about what is shown.
void osmap_print(const struct osmap *map, const struct osmap *before,
                 const char *text);

// One line of a table of snapshots; the first has the heading above it.
void osmap_print_moment(const struct osmap *map, bool is_first);

// One JSON object.  `status`: of the program, below 0: not known.  False: no
// memory.
bool osmap_print_json(const struct osmap *map, const struct osmap *before,
                      int status);

#endif
