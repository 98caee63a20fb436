// SPDX-License-Identifier: MIT
/*
 * place - where the files are that belong to the command: beside it in a tree
 * where it was built, and where it was installed, also when the whole
 * installation has moved since.
 */
#ifndef TOOLS_PLACE_H
#define TOOLS_PLACE_H

// The path of a data file, or of another program of ours; the caller frees it.
// NULL: there is none, or no memory.
char *place_of_data(const char *name);
char *place_of_program(const char *name);

#endif
