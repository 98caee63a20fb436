// SPDX-License-Identifier: MIT
/*
 * chart - shares over a count, as curves: on a terminal, as SVG, as PNG.
 *
 *     100% |AAAAAAAAA
 *          |   BB    AAAAAAAAA
 *      50% |     BB
 *          |       BBBBBBBBBBB
 *       0% +------------------
 *           0  1  10  100  1000
 *
 * The count runs from 0 and, from 1 on, in powers of ten, since what happens
 * first matters most.  Each curve has a letter, and on a terminal a colour.
 */
#ifndef TOOLS_CHART_H
#define TOOLS_CHART_H

#include "output.h"

#include <stddef.h>

enum {
    CHART_MAX_CURVES = 12,
    CHART_MAX_POINTS = 64
};

struct chart_point {
    size_t count;
    double share; // 0 to 1
};

struct chart_curve {
    char name[136];
    struct chart_point points[CHART_MAX_POINTS]; // ascending
    size_t point_count;
};

struct chart {
    const char *title;
    const char *subtitle;
    const char *across; // what is counted
    struct chart_curve curves[CHART_MAX_CURVES];
    size_t curve_count;
};

// The letter of a curve.
char chart_letter(size_t curve);

// Where a count lies between left and right, 0 to 1.
double chart_place(const struct chart *chart, size_t count);

// The highest count of all curves.
size_t chart_end(const struct chart *chart);

void chart_print(const struct chart *chart);
void chart_svg(const struct chart *chart, struct output *output);

// False: no memory.
bool chart_png(const struct chart *chart, struct output *output);

#endif
