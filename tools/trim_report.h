// SPDX-License-Identifier: MIT
/*
 * trim_report - what `rheap trim' tells people: tables, a bar, a chart.
 */
#ifndef TOOLS_TRIM_REPORT_H
#define TOOLS_TRIM_REPORT_H

#include "output.h"
#include "trim_row.h"

// Headline, table, the article's ratios, where the waste is, the chart.
void trim_report_rows(const struct trim_row *rows, size_t count);

// The chart as PNG.  False: no memory.
bool trim_report_png(const struct trim_row *rows, size_t count,
                     struct output *output);

// What a trim takes, by the size of the heap.
void trim_report_costs(const struct trim_row *rows, size_t count);

// Strings under the lock, and malloc without one, by the number of arenas:
// `loads` and `races` have the same settings.
void trim_report_speeds(const struct trim_row *loads,
                        const struct trim_row *races, size_t count);

#endif
