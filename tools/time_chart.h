// SPDX-License-Identifier: MIT
/*
 * time_chart - sizes against time, as curves: on a terminal and as PNG.
 *
 * Both axes begin at 0 and are straight.  Each curve has a letter, and where
 * there is colour a colour, too; where curves meet, the first one is seen.
 */
#ifndef TOOLS_TIME_CHART_H
#define TOOLS_TIME_CHART_H

#include "output.h"

#include <stddef.h>

enum {
    TIME_CHART_CURVES = 12
};

struct time_point {
    double ms;
    double kb;
};

struct time_curve {
    char name[96];
    const struct time_point *points; // by time
    size_t count;
};

struct time_chart {
    const char *title;
    struct time_curve curves[TIME_CHART_CURVES];
    size_t count;
};

void time_chart_print(const struct time_chart *chart);

// False: no memory.
bool time_chart_png(const struct time_chart *chart, struct output *output);

#endif
