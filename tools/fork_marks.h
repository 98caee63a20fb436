// SPDX-License-Identifier: MIT
/*
 * fork_marks - where the mark bits are, which is a matter of the library: for
 * bits in the page or in the slot there are two more programs, of the same
 * sources, with variants of it.
 */
#ifndef TOOLS_FORK_MARKS_H
#define TOOLS_FORK_MARKS_H

#include <stdbool.h>

// Where this program has them: "table", unless main() has said otherwise.
const char *fork_marks(void);
void fork_marks_are(const char *marks);

// "table", "page" or "slot".
bool fork_marks_known(const char *marks);

// Become the program with `marks`, with the same arguments.  Answers only if
// that fails, and why has been said.
void fork_marks_become(const char *marks, int argc, char **argv);

#endif
