// SPDX-License-Identifier: MIT
#include "config.h"

#include "chart.h"

#include "svg.h"
#include "text.h"

enum {
    LEFT = 60,
    TOP = 70,
    WIDTH = 640, // of the curves
    HEIGHT = 300,
    LEGEND = 18 // a line
};

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
draw_line(struct output *output, double x, double y, double dx, double dy)
{
    output_print(output, "<path d=\"M%g %gl%g %g\" class=\"axis\"/>\n", x, y,
                 dx, dy);
}

static void
draw_axes(const struct chart *chart, struct output *output)
{
    size_t end = chart_end(chart);

    for (int percent = 0; percent <= 100; percent += 25) {
        char label[16];

        snprintf(label, sizeof label, "%d%%", percent);
        svg_text(output, LEFT - 8, y_of(percent / 100.0) + 4, "number", label);
        draw_line(output, LEFT, y_of(percent / 100.0), WIDTH, 0);
    }
    svg_text(output, LEFT - 3, TOP + HEIGHT + 16, "small", "0");
    for (size_t count = 1; count <= end; count *= 10) {
        svg_text(output, x_of(chart, count) - 3, TOP + HEIGHT + 16, "small",
                 text_count(count).text);
        draw_line(output, x_of(chart, count), TOP, 0, HEIGHT);
    }
    svg_text(output, LEFT, TOP + HEIGHT + 34, "plain", chart->across);
}

static void
draw_curve(const struct chart *chart, struct output *output, size_t n)
{
    const struct chart_curve *curve = &chart->curves[n];
    char letter[2] = { chart_letter(n), '\0' };
    const struct chart_point *last;

    if (!curve->point_count)
        return;
    output_print(output, "<polyline class=\"curve c%zu\" points=\"", n % 6);
    for (size_t i = 0; i < curve->point_count; i++)
        output_print(output, "%s%.1f,%.1f", i ? " " : "",
                     x_of(chart, curve->points[i].count),
                     y_of(curve->points[i].share));
    output_print(output, "\"/>\n");
    last = &curve->points[curve->point_count - 1];
    svg_text(output, x_of(chart, last->count) + 6, y_of(last->share) + 4,
             "plain", letter);
}

static void
draw_legend(const struct chart *chart, struct output *output)
{
    double y = TOP + HEIGHT + 60;

    for (size_t n = 0; n < chart->curve_count; n++, y += LEGEND) {
        char letter[2] = { chart_letter(n), '\0' };

        output_print(output, "<path class=\"curve c%zu\" d=\"M%d %gh24\"/>\n",
                     n % 6, LEFT, y - 4);
        svg_text(output, LEFT + 30, y, "plain", letter);
        svg_text(output, LEFT + 46, y, "plain", chart->curves[n].name);
    }
}

void
chart_svg(const struct chart *chart, struct output *output)
{
    int height = TOP + HEIGHT + 70 + (int)chart->curve_count * LEGEND;

    svg_begin(output, LEFT + WIDTH + 40, height, chart->title, chart->subtitle);
    svg_text(output, LEFT, 28, "title", chart->title);
    svg_text(output, LEFT, 50, "plain", chart->subtitle);
    draw_axes(chart, output);
    for (size_t n = 0; n < chart->curve_count; n++)
        draw_curve(chart, output, n);
    draw_legend(chart, output);
    svg_end(output);
}
