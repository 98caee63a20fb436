// SPDX-License-Identifier: MIT
/*
 * fork_report - the rows of `rheap fork' for people: a table in which the idle
 * child's figures are taken off, and how children mature.
 */
#ifndef TOOLS_FORK_REPORT_H
#define TOOLS_FORK_REPORT_H

#include "chart.h"
#include "fork_live.h"
#include "fork_row.h"

struct fork_report {
    const struct fork_plan *plan;
    const struct fork_live *live;
    const struct fork_row *rows;
    size_t count;
};

void fork_report_print(const struct fork_report *report);

// The curves of all rows that served.  False: there are none.
bool fork_report_chart(const struct fork_report *report, struct chart *chart);

#endif
