// SPDX-License-Identifier: MIT
#include "config.h"

#include "heap_picture.h"

#include "terminal.h"
#include "text.h"

enum {
    WIDE_COLUMNS = 64,
    NARROW_COLUMNS = 32,
    LABEL_COLUMNS = 10
};

// A character and, on a terminal, a colour of the 256: colour is never alone.
static const struct look {
    char mark;
    int background;
    int foreground;
} looks[SHARE_COUNT] = {
    [SHARE_ABSENT] = { ' ', 0, 0 },
    [SHARE_EMPTY] = { '.', 250, 16 },
    [SHARE_QUARTER] = { ':', 224, 16 },
    [SHARE_HALF] = { '-', 217, 16 },
    [SHARE_THREE_QUARTERS] = { '+', 174, 16 },
    [SHARE_MOST] = { '*', 124, 231 },
    [SHARE_FULL] = { '#', 52, 231 },
    [SHARE_OURS] = { 'o', 31, 231 },
};

static void
print_mark(enum share share, bool in_colour)
{
    const struct look *look = &looks[share];

    if (in_colour && share != SHARE_ABSENT)
        printf("\033[48;5;%d;38;5;%dm%c\033[0m", look->background,
               look->foreground, look->mark);
    else
        putchar(look->mark);
}

// The row of the cell at *next, which is moved behind it.
static void
print_row(const struct heap_picture *picture, size_t *next, size_t columns,
          bool in_colour)
{
    const struct heap_cell *cell = &picture->cells[*next];
    size_t first = cell->page / columns * columns;
    size_t column = 0;

    printf("%*s  ", LABEL_COLUMNS - 2, text_count(first).text);
    for (; *next < picture->cell_count; ++*next, ++cell) {
        if (cell->page >= first + columns)
            break;
        for (; column < cell->page - first; column++)
            print_mark(SHARE_ABSENT, in_colour);
        print_mark(cell->share, in_colour);
        column++;
    }
    putchar('\n');
}

static void
print_rows(const struct heap_picture *picture, size_t columns, bool in_colour)
{
    size_t row_after_last = 0;

    for (size_t next = 0; next < picture->cell_count;) {
        size_t row = picture->cells[next].page / columns;

        if (row > row_after_last)
            printf("%*s  (%s without memory)\n", LABEL_COLUMNS - 2, "...",
                   text_of((row - row_after_last) * columns, "page").text);
        row_after_last = row + 1;
        print_row(picture, &next, columns, in_colour);
    }
}

static void
print_legend(const struct heap_picture *picture, bool in_colour)
{
    putchar('\n');
    for (int n = SHARE_EMPTY; n < SHARE_COUNT; n++) {
        enum share share = (enum share)n;

        if (share == SHARE_OURS && !picture->count[share])
            continue;
        printf("%*s", LABEL_COLUMNS, "");
        print_mark(share, in_colour);
        printf("  %-24s%10s\n", share_name(share),
               text_of(picture->count[share], "page").text);
    }
}

void
heap_picture_print(const struct heap_picture *picture)
{
    bool in_colour = terminal_has_colour(stdout);
    size_t columns = terminal_width(stdout) < WIDE_COLUMNS + LABEL_COLUMNS
                         ? NARROW_COLUMNS
                         : WIDE_COLUMNS;

    printf("%s: %s, %s, %s\n", picture->title,
           text_of(picture->pages, "page").text,
           text_of(picture->live, "live object").text,
           text_of(picture->free, "free slot").text);
    printf("One character is one page, by address; each row begins with the "
           "number of its\nfirst page.\n\n");
    print_rows(picture, columns, in_colour);
    print_legend(picture, in_colour);
}
