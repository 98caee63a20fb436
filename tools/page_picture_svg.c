// SPDX-License-Identifier: MIT
#include "config.h"

#include "page_picture.h"

#include "svg.h"
#include "text.h"

#include <rheap/value.h>

enum {
    ROW_BYTES = 1024, // of the page, in one row of the picture
    ROWS = RH_PAGE_BYTES / ROW_BYTES,
    ROW_STEP = 34, // pixels from row to row
    ROW_HEIGHT = 24,
    PATH_HEIGHT = 18, // of the free path in its row, below the letters
    LEFT = 70,
    TOP = 70,
    LEGEND = 150, // height below the last row
    RIGHT = 90
};

static const char *const styles[PAGE_KINDS + 1] = { "s0", "s1", "s2",  "s3",
                                                    "s4", "s5", "free" };

// One byte is one pixel wide.
static double
x_of(size_t offset)
{
    return LEFT + (double)(offset % ROW_BYTES);
}

static double
y_of(size_t offset)
{
    return TOP + (double)(offset / ROW_BYTES) * ROW_STEP;
}

// Bytes from..to-1 as one box, or as two when they go over the end of a row.
static void
draw_bytes(struct output *output, size_t from, size_t to, const char *style)
{
    size_t row_end = (from / ROW_BYTES + 1) * ROW_BYTES;
    size_t end = to < row_end ? to : row_end;

    svg_box(output, x_of(from), y_of(from), (double)(end - from), ROW_HEIGHT,
            style);
    if (to > row_end)
        svg_box(output, x_of(row_end), y_of(row_end), (double)(to - row_end),
                ROW_HEIGHT, style);
}

// The middle of a slot, or of its part in the first of two rows.
static double
middle_of(size_t slot)
{
    size_t offset = page_slot_offset(slot);
    size_t left = ROW_BYTES - offset % ROW_BYTES;

    return x_of(offset) +
           (left < RH_SLOT_BYTES ? (double)left : RH_SLOT_BYTES) / 2;
}

static void
draw_slot(const struct page_picture *picture, struct output *output,
          size_t slot)
{
    const struct page_slot *what = &picture->slots[slot];
    size_t offset = page_slot_offset(slot);
    const char *name =
        what->type ? rh_type_name((enum rh_type)what->type) : "free";
    char letter[2] = { page_letter(what->type), '\0' };

    output_print(output, "<g><title>slot %zu: %s%s</title>\n", slot, name,
                 what->is_marked ? ", marked" : "");
    draw_bytes(output, offset, offset + RH_SLOT_BYTES,
               styles[page_kind(what->type)]);
    if (what->type)
        svg_text(output, middle_of(slot), y_of(offset) + 12, "letter", letter);
    if (what->is_marked)
        output_print(output,
                     "<circle cx=\"%g\" cy=\"%g\" r=\"2.5\" class=\"mark\"/>\n",
                     x_of(offset) + 4, y_of(offset) + 4);
    output_print(output, "</g>\n");
}

static void
draw_rows(const struct page_picture *picture, struct output *output)
{
    char label[32];

    for (size_t row = 0; row < ROWS; row++) {
        snprintf(label, sizeof label, "%zu", row * ROW_BYTES);
        svg_text(output, LEFT - 8, y_of(row * ROW_BYTES) + 16, "number", label);
    }
    draw_bytes(output, 0, RH_PAGE_HEADER_BYTES, "head");
    svg_text(output, LEFT + 8, TOP + 16, "small", "header");
    for (size_t slot = 0; slot < RH_SLOTS_PER_PAGE; slot++)
        draw_slot(picture, output, slot);
}

static void
draw_borders(struct output *output)
{
    char label[32];

    for (size_t os_page = 0; os_page < OS_PAGES; os_page++) {
        double y =
            y_of(os_page * OS_PAGE_BYTES) - (ROW_STEP - ROW_HEIGHT) / 2.0;

        output_print(output, "<path class=\"border\" d=\"M%d %gh%d\"/>\n",
                     LEFT - 60, y, ROW_BYTES + 60 + RIGHT - 10);
        snprintf(label, sizeof label, "OS page %zu", os_page);
        svg_text(output, LEFT + ROW_BYTES + 10, y + 18, "small", label);
    }
}

// A line through the first slots of the free runs.
static void
draw_path(const struct page_picture *picture, struct output *output)
{
    if (picture->run_count < 2)
        return;
    output_print(output, "<path class=\"path\" d=\"");
    for (size_t i = 0; i < picture->run_count; i++) {
        const struct page_run *run = &picture->runs[i];

        output_print(output, "%c%g %g", i ? 'L' : 'M', middle_of(run->first),
                     y_of(page_slot_offset(run->first)) + PATH_HEIGHT);
    }
    output_print(output, "\"/>\n");
}

static void
draw_legend(const struct page_picture *picture, struct output *output)
{
    size_t count[PAGE_KINDS + 1] = { 0 };
    double y = TOP + ROWS * ROW_STEP + 10;
    char line[120];

    for (size_t slot = 0; slot < RH_SLOTS_PER_PAGE; slot++)
        count[page_kind(picture->slots[slot].type)]++;
    for (unsigned kind = 0; kind <= PAGE_KINDS; kind++, y += 16) {
        svg_box(output, LEFT, y, 24, 12, styles[kind]);
        snprintf(line, sizeof line, "%s: %zu", page_kind_name(kind),
                 count[kind]);
        svg_text(output, LEFT + 32, y + 10, "plain", line);
    }
    y = TOP + ROWS * ROW_STEP + 20;
    snprintf(line, sizeof line, "white dot: marked by the last collection: %zu",
             picture->marked);
    svg_text(output, LEFT + 500, y, "plain", line);
    svg_text(output, LEFT + 500, y + 16, "plain",
             "line: free runs, in the order in which they will be handed out");
    svg_text(output, LEFT + 500, y + 32, "plain",
             "dashes: where the four OS pages of 4 KB begin");
}

void
page_picture_svg(const struct page_picture *picture, struct output *output)
{
    char title[160];
    char line[200];

    snprintf(title, sizeof title, "%s, page %zu", picture->title,
             picture->page);
    snprintf(line, sizeof line, "%s page: %s, %s in %s", picture->state,
             text_of(picture->live, "object").text,
             text_of(RH_SLOTS_PER_PAGE - picture->live, "free slot").text,
             text_of(picture->run_count, "run").text);
    svg_begin(output, LEFT + ROW_BYTES + RIGHT, TOP + ROWS * ROW_STEP + LEGEND,
              title, line);
    svg_text(output, LEFT, 28, "title", title);
    svg_text(output, LEFT, 48, "plain", line);
    draw_rows(picture, output);
    draw_borders(output);
    draw_path(picture, output);
    draw_legend(picture, output);
    svg_end(output);
}
