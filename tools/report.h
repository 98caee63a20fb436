// SPDX-License-Identifier: MIT
/*
 * report - what `rheap replay` has found, for people and for programs.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include "figures.h"

struct report {
    const char *file;
    const struct dump_facts *facts;
    const struct figures *loaded;
    const struct figures *collected; // NULL: there was no collection
    double collection_ms;
};

// A page or two of text on standard output.
void report_print(const struct report *report);

// One JSON object in one line.  False: no memory.
bool report_json(const struct report *report);

#endif
