// SPDX-License-Identifier: MIT
/*
 * terminal - what the place we write to can show.
 */
#ifndef TOOLS_TERMINAL_H
#define TOOLS_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

bool terminal_is(FILE *file);

// Whether to use colour there: a terminal that is not "dumb", and the user has
// not set NO_COLOR.
bool terminal_has_colour(FILE *file);

// Columns: of the terminal, of COLUMNS, or 80.
int terminal_width(FILE *file);

#endif
