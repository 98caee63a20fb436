// SPDX-License-Identifier: MIT
#include "config.h"

#include "chart.h"

#include "raster.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum {
    LEFT = 60,
    TOP = 70,
    WIDTH = 720, // of the curves
    HEIGHT = 340,
    LEGEND = 16, // a line
    INK = 0x1a1a1a,
    GRID = 0xd0d0d0
};

static const uint32_t colours[] = { 0xb2182b, 0x2166ac, 0x1b7837,
                                    0x762a83, 0x8c510a, 0x4d4d4d };

static double
x_of(const struct chart *chart, size_t count)
{
    return LEFT + chart_place(chart, count) * WIDTH;
}

static double
y_of(double share)
{
    return TOP + (1 - share) * HEIGHT;
}

static void
draw_axes(const struct chart *chart, struct raster *raster)
{
    size_t end = chart_end(chart);

    for (int percent = 0; percent <= 100; percent += 25) {
        int y = (int)lround(y_of(percent / 100.0));
        char label[16];

        snprintf(label, sizeof label, "%3d%%", percent);
        raster_text(raster, LEFT - 34, y - 3, 1, INK, label);
        raster_box(raster, LEFT, y, WIDTH, 1, GRID);
    }
    raster_text(raster, LEFT - 2, TOP + HEIGHT + 8, 1, INK, "0");
    for (size_t count = 1; count <= end; count *= 10) {
        int x = (int)lround(x_of(chart, count));

        raster_box(raster, x, TOP, 1, HEIGHT, GRID);
        raster_text(raster, x - 2, TOP + HEIGHT + 8, 1, INK,
                    text_count(count).text);
    }
    raster_text(raster, LEFT, TOP + HEIGHT + 26, 1, INK, chart->across);
}

static void
draw_curve(const struct chart *chart, struct raster *raster, size_t n)
{
    const struct chart_curve *curve = &chart->curves[n];
    char letter[2] = { chart_letter(n), '\0' };
    double x = 0;
    double y = 0;

    for (size_t i = 0; i < curve->point_count; i++) {
        double next_x = x_of(chart, curve->points[i].count);
        double next_y = y_of(curve->points[i].share);

        if (i)
            raster_line(raster, x, y, next_x, next_y, 2, colours[n % 6]);
        x = next_x;
        y = next_y;
    }
    raster_text(raster, (int)x + 6, (int)y - 3, 1, INK, letter);
}

static void
draw_legend(const struct chart *chart, struct raster *raster)
{
    int y = TOP + HEIGHT + 50;

    for (size_t n = 0; n < chart->curve_count; n++, y += LEGEND) {
        char letter[2] = { chart_letter(n), '\0' };

        raster_box(raster, LEFT, y + 3, 24, 2, colours[n % 6]);
        raster_text(raster, LEFT + 30, y, 1, INK, letter);
        raster_text(raster, LEFT + 46, y, 1, INK, chart->curves[n].name);
    }
}

bool
chart_png(const struct chart *chart, struct output *output)
{
    struct raster raster;
    bool is_good;

    if (!raster_make(&raster, LEFT + WIDTH + 40,
                     TOP + HEIGHT + 60 + (int)chart->curve_count * LEGEND))
        return false;
    raster_text(&raster, LEFT, 16, 2, INK, chart->title);
    raster_text(&raster, LEFT, 44, 1, INK, chart->subtitle);
    draw_axes(chart, &raster);
    for (size_t n = 0; n < chart->curve_count; n++)
        draw_curve(chart, &raster, n);
    draw_legend(chart, &raster);
    is_good = raster_png(&raster, output);
    raster_free(&raster);
    return is_good;
}
