// SPDX-License-Identifier: MIT
#include "config.h"

#include "heap_picture.h"

#include "svg.h"
#include "text.h"

enum {
    COLUMNS = 64,
    CELL = 12,  // pixels
    STEP = 14,  // from cell to cell
    LEFT = 70,  // of the first column
    TOP = 70,   // of the first row
    BOTTOM = 60 // below the last row, for the legend
};

static const char *const styles[SHARE_COUNT] = {
    [SHARE_ABSENT] = "absent",
    [SHARE_EMPTY] = "empty",
    [SHARE_QUARTER] = "quarter",
    [SHARE_HALF] = "half",
    [SHARE_THREE_QUARTERS] = "three",
    [SHARE_MOST] = "most",
    [SHARE_FULL] = "full",
    [SHARE_OURS] = "ours",
};

// The number of rows that have a page.
static int
count_rows(const struct heap_picture *picture)
{
    int count = 0;

    for (size_t i = 0; i < picture->cell_count; i++)
        count += i == 0 || picture->cells[i].page / COLUMNS !=
                               picture->cells[i - 1].page / COLUMNS;
    return count;
}

static void
draw_cells(const struct heap_picture *picture, struct output *output)
{
    size_t row = SIZE_MAX;
    int y = TOP - STEP;

    for (size_t i = 0; i < picture->cell_count; i++) {
        const struct heap_cell *cell = &picture->cells[i];

        if (cell->page / COLUMNS != row) {
            row = cell->page / COLUMNS;
            y += STEP;
            svg_text(output, LEFT - 8, y + CELL - 2, "number",
                     text_count(row * COLUMNS).text);
        }
        output_print(output,
                     "<g><title>page %zu: %zu of %zu slots live"
                     "</title>",
                     cell->page, cell->live, cell->slots);
        svg_box(output, LEFT + (double)(cell->page % COLUMNS) * STEP, y, CELL,
                CELL, styles[cell->share]);
        output_print(output, "</g>\n");
    }
}

static void
draw_legend(const struct heap_picture *picture, struct output *output, int y)
{
    char line[96];
    double x = LEFT;

    for (int n = SHARE_EMPTY; n < SHARE_COUNT; n++) {
        enum share share = (enum share)n;

        if (share == SHARE_OURS && !picture->count[share])
            continue;
        svg_box(output, x, y, CELL, CELL, styles[share]);
        snprintf(line, sizeof line, "%s: %s", share_name(share),
                 text_count(picture->count[share]).text);
        svg_text(output, x + STEP + 4, y + CELL - 2, "small", line);
        x += 150;
    }
}

void
heap_picture_svg(const struct heap_picture *picture, struct output *output)
{
    int height = TOP + count_rows(picture) * STEP + BOTTOM;
    char line[200];

    snprintf(line, sizeof line, "%s, %s, %s",
             text_of(picture->pages, "page").text,
             text_of(picture->live, "live object").text,
             text_of(picture->free, "free slot").text);
    svg_begin(output, LEFT + COLUMNS * STEP + 20, height, picture->title, line);
    svg_text(output, LEFT, 28, "title", picture->title);
    svg_text(output, LEFT, 48, "plain", line);
    svg_text(output, LEFT, 62, "small",
             "One square is one page of 16 KB, by address; the number is that "
             "of the first in its row. Rows without a page are left out.");
    draw_cells(picture, output);
    draw_legend(picture, output, height - BOTTOM + 20);
    svg_end(output);
}
