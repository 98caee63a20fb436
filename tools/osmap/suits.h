// SPDX-License-Identifier: MIT
/*
 * suits - whether a program can be recorded, told from its file.
 */
#ifndef TOOLS_OSMAP_SUITS_H
#define TOOLS_OSMAP_SUITS_H

#include <stdbool.h>

// What stands in the way: "static", say, as a sentence that goes on behind the
// program's name.  NULL: nothing that can be seen from outside; also for what
// execvp() will complain of itself.
const char *suits_why_not(const char *program);

#endif
