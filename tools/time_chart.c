// SPDX-License-Identifier: MIT
#include "config.h"

#include "time_chart.h"

#include "raster.h"
#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS = 14,
    LABEL_COLUMNS = 9, // "  100 MB |"
    MAX_COLUMNS = 100
};

struct frame {
    double end_ms;
    double top_kb;
};

static struct frame
frame_of(const struct time_chart *chart)
{
    struct frame frame = { 1, 1024 };
    double step = 1024;

    for (size_t n = 0; n < chart->count; n++)
        for (size_t i = 0; i < chart->curves[n].count; i++) {
            frame.end_ms = fmax(frame.end_ms, chart->curves[n].points[i].ms);
            frame.top_kb = fmax(frame.top_kb, chart->curves[n].points[i].kb);
        }
    // A number of MB of which a quarter is whole, too.
    while (step * 4 * 8 < frame.top_kb)
        step *= 2;
    frame.top_kb = ceil(frame.top_kb / (4 * step)) * 4 * step;
    return frame;
}

// The size of a curve at a moment, between its points; below 0: it is over.
static double
size_at(const struct time_curve *curve, double ms)
{
    size_t low = 0;
    size_t high = curve->count;
    const struct time_point *next;

    if (!curve->count || ms > curve->points[curve->count - 1].ms)
        return -1;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (curve->points[middle].ms < ms)
            low = middle + 1;
        else
            high = middle;
    }
    next = &curve->points[low];
    if (low == 0 || next->ms <= next[-1].ms)
        return next->kb;
    return next[-1].kb + (next->kb - next[-1].kb) * (ms - next[-1].ms) /
                             (next->ms - next[-1].ms);
}

// --- on a terminal -----------------------------------------------------------

struct grid {
    char cells[ROWS + 1][MAX_COLUMNS + 1];
    int columns;
};

static void
put_curve(const struct time_chart *chart, struct grid *grid, size_t n)
{
    struct frame frame = frame_of(chart);

    for (int x = 0; x < grid->columns; x++) {
        double ms = frame.end_ms * x / (grid->columns - 1);
        double kb = size_at(&chart->curves[n], ms);
        long row = lround((1 - kb / frame.top_kb) * ROWS);

        if (kb >= 0 && row >= 0 && row <= ROWS && grid->cells[row][x] == ' ')
            grid->cells[row][x] = (char)('A' + (int)n);
    }
}

static void
print_mark(char mark, bool in_colour)
{
    static const int colours[] = { 124, 26, 28, 90, 130, 240 };

    if (in_colour && mark != ' ')
        printf("\033[38;5;%dm%c\033[0m", colours[(mark - 'A') % 6], mark);
    else
        putchar(mark);
}

static void
print_grid(const struct grid *grid, double top_kb, bool in_colour)
{
    for (int row = 0; row <= ROWS; row++) {
        int end = grid->columns;

        if (row % (ROWS / 2) == 0)
            printf("%6.0f MB |", top_kb / 1024 * (ROWS - row) / ROWS);
        else
            printf("%*s|", LABEL_COLUMNS + 1, "");
        while (end && grid->cells[row][end - 1] == ' ')
            end--;
        for (int x = 0; x < end; x++)
            print_mark(grid->cells[row][x], in_colour);
        putchar('\n');
    }
}

void
time_chart_print(const struct time_chart *chart)
{
    bool in_colour = terminal_has_colour(stdout);
    struct frame frame = frame_of(chart);
    struct grid grid;
    int width = terminal_width(stdout) - LABEL_COLUMNS - 3;

    memset(grid.cells, ' ', sizeof grid.cells);
    grid.columns = width > MAX_COLUMNS ? MAX_COLUMNS : width < 20 ? 20 : width;
    for (size_t n = 0; n < chart->count; n++)
        put_curve(chart, &grid, n);
    printf("%s\n\n", chart->title);
    print_grid(&grid, frame.top_kb, in_colour);
    printf("%*s+", LABEL_COLUMNS + 1, "");
    for (int x = 0; x < grid.columns; x++)
        putchar('-');
    printf("\n%*s0%*.0f ms\n", LABEL_COLUMNS + 2, "", grid.columns - 4,
           frame.end_ms);
    for (size_t n = 0; n < chart->count; n++) {
        printf("%*s", LABEL_COLUMNS + 2, "");
        print_mark((char)('A' + (int)n), in_colour);
        printf("  %s\n", chart->curves[n].name);
    }
}

// --- as PNG ------------------------------------------------------------------

enum {
    LEFT = 80,
    TOP = 60,
    WIDTH = 800, // of the curves
    HEIGHT = 340,
    LEGEND = 16, // a line
    INK = 0x1a1a1a,
    GRID = 0xd0d0d0
};

static const uint32_t colours[] = { 0xb2182b, 0x2166ac, 0x1b7837,
                                    0x762a83, 0x8c510a, 0x4d4d4d };

static void
draw_axes(const struct frame *frame, struct raster *raster)
{
    char label[40];

    for (int n = 0; n <= 4; n++) {
        int y = TOP + HEIGHT - n * HEIGHT / 4;
        int x = LEFT + n * WIDTH / 4;

        snprintf(label, sizeof label, "%6.0f MB", frame->top_kb / 1024 * n / 4);
        raster_text(raster, LEFT - 66, y - 3, 1, INK, label);
        raster_box(raster, LEFT, y, WIDTH, 1, GRID);
        snprintf(label, sizeof label, "%.0f ms", frame->end_ms * n / 4);
        raster_text(raster, x - 2, TOP + HEIGHT + 8, 1, INK, label);
        raster_box(raster, x, TOP, 1, HEIGHT, GRID);
    }
}

static void
draw_curve(const struct time_curve *curve, const struct frame *frame,
           struct raster *raster, size_t n)
{
    double last_x = 0;
    double last_y = 0;
    char letter[2] = { (char)('A' + (int)n), '\0' };

    for (size_t i = 0; i < curve->count; i++) {
        double x = LEFT + curve->points[i].ms / frame->end_ms * WIDTH;
        double y = TOP + (1 - curve->points[i].kb / frame->top_kb) * HEIGHT;

        if (i)
            raster_line(raster, last_x, last_y, x, y, 2, colours[n % 6]);
        last_x = x;
        last_y = y;
    }
    if (curve->count)
        raster_text(raster, (int)last_x + 6, (int)last_y - 3, 1, INK, letter);
}

bool
time_chart_png(const struct time_chart *chart, struct output *output)
{
    struct frame frame = frame_of(chart);
    struct raster raster;
    bool is_good;

    if (!raster_make(&raster, LEFT + WIDTH + 40,
                     TOP + HEIGHT + 50 + (int)chart->count * LEGEND))
        return false;
    raster_text(&raster, LEFT, 16, 2, INK, chart->title);
    draw_axes(&frame, &raster);
    for (size_t n = chart->count; n > 0; n--)
        draw_curve(&chart->curves[n - 1], &frame, &raster, n - 1);
    for (size_t n = 0; n < chart->count; n++) {
        int y = TOP + HEIGHT + 36 + (int)n * LEGEND;
        char letter[2] = { (char)('A' + (int)n), '\0' };

        raster_box(&raster, LEFT, y + 3, 24, 2, colours[n % 6]);
        raster_text(&raster, LEFT + 30, y, 1, INK, letter);
        raster_text(&raster, LEFT + 46, y, 1, INK, chart->curves[n].name);
    }
    is_good = raster_png(&raster, output);
    raster_free(&raster);
    return is_good;
}
