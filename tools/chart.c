// SPDX-License-Identifier: MIT
#include "config.h"

#include "chart.h"

#include "terminal.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum {
    ROWS = 12,
    LABEL_COLUMNS = 7, // "  100% |"
    MAX_COLUMNS = 72
};

char
chart_letter(size_t curve)
{
    return (char)('A' + (int)curve);
}

size_t
chart_end(const struct chart *chart)
{
    size_t end = 1;

    for (size_t n = 0; n < chart->curve_count; n++) {
        const struct chart_curve *curve = &chart->curves[n];

        if (curve->point_count &&
            curve->points[curve->point_count - 1].count > end)
            end = curve->points[curve->point_count - 1].count;
    }
    return end;
}

// 0 has a place of its own, as wide as half a power of ten.
double
chart_place(const struct chart *chart, size_t count)
{
    double width = log10((double)chart_end(chart)) + 0.5;

    return count ? (log10((double)count) + 0.5) / width : 0;
}

// --- on a terminal -----------------------------------------------------------

struct grid {
    char cells[ROWS + 1][MAX_COLUMNS];
    size_t columns;
};

static void
put_mark(struct grid *grid, double place, double share, char mark)
{
    size_t column = (size_t)lround(place * (double)(grid->columns - 1));
    size_t row = (size_t)lround((1 - share) * ROWS);

    if (row <= ROWS && column < grid->columns &&
        grid->cells[row][column] == ' ')
        grid->cells[row][column] = mark;
}

// From point to point in a straight line.
static void
put_curve(const struct chart *chart, struct grid *grid, size_t n)
{
    const struct chart_curve *curve = &chart->curves[n];

    for (size_t i = 1; i < curve->point_count; i++) {
        const struct chart_point *from = &curve->points[i - 1];
        const struct chart_point *to = &curve->points[i];
        double start = chart_place(chart, from->count);
        double end = chart_place(chart, to->count);

        for (size_t k = 0; k <= grid->columns; k++) {
            double part = (double)k / (double)grid->columns;

            put_mark(grid, start + part * (end - start),
                     from->share + part * (to->share - from->share),
                     chart_letter(n));
        }
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

static size_t
row_end(const struct grid *grid, size_t row)
{
    size_t end = grid->columns;

    while (end && grid->cells[row][end - 1] == ' ')
        end--;
    return end;
}

static void
print_grid(const struct grid *grid, bool in_colour)
{
    for (size_t row = 0; row <= ROWS; row++) {
        if (row % (ROWS / 4) == 0)
            printf("%*d%% |", LABEL_COLUMNS - 2, (int)(100 - 100 * row / ROWS));
        else
            printf("%*s|", LABEL_COLUMNS, "");
        for (size_t column = 0; column < row_end(grid, row); column++)
            print_mark(grid->cells[row][column], in_colour);
        putchar('\n');
    }
}

static void
print_axis(const struct chart *chart, const struct grid *grid)
{
    char line[MAX_COLUMNS + 32];
    size_t end = chart_end(chart);

    memset(line, ' ', sizeof line);
    line[0] = '0';
    for (size_t count = 1; count <= end; count *= 10) {
        size_t at = (size_t)lround(chart_place(chart, count) *
                                   (double)(grid->columns - 1));
        struct text text = text_count(count);

        memcpy(line + at, text.text, strlen(text.text));
    }
    line[MAX_COLUMNS + 12] = '\0';
    for (size_t i = strlen(line); i && line[i - 1] == ' '; i--)
        line[i - 1] = '\0';
    printf("%*s+", LABEL_COLUMNS, "");
    for (size_t i = 0; i < grid->columns; i++)
        putchar('-');
    printf("\n%*s%s  %s\n", LABEL_COLUMNS + 1, "", line, chart->across);
}

void
chart_print(const struct chart *chart)
{
    bool in_colour = terminal_has_colour(stdout);
    struct grid grid;
    int width = terminal_width(stdout) - LABEL_COLUMNS - 2;

    memset(grid.cells, ' ', sizeof grid.cells);
    grid.columns = width > MAX_COLUMNS ? MAX_COLUMNS
                   : width < 10        ? 10
                                       : (size_t)width;
    for (size_t n = 0; n < chart->curve_count; n++)
        put_curve(chart, &grid, n);
    printf("%s\n%s\n\n", chart->title, chart->subtitle);
    print_grid(&grid, in_colour);
    print_axis(chart, &grid);
    for (size_t n = 0; n < chart->curve_count; n++) {
        printf("%*s", LABEL_COLUMNS + 1, "");
        print_mark(chart_letter(n), in_colour);
        printf("  %s\n", chart->curves[n].name);
    }
}
