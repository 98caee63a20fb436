// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/strip.h"

#include "raster_letters.h"

#include <stdlib.h>
#include <string.h>

// The same as in paint.js, for light paper.
const uint8_t strip_colors[INKS][3] = {
    [INK_PAPER] = { 0xff, 0xff, 0xff },
    [INK_TEXT] = { 0x1a, 0x1a, 0x1a },
    [INK_SOFT] = { 0x59, 0x59, 0x59 },
    [INK_USED] = { 0xb2, 0x18, 0x2b },
    [INK_USED_TOO] = { 0x8c, 0x10, 0x20 },
    [INK_FREE] = { 0xc4, 0xc4, 0xc4 },
    [INK_FREE_LINE] = { 0x8f, 0x8f, 0x8f },
    [INK_RELEASED_EDGE] = { 0xb8, 0xb8, 0xb8 },
    [INK_CACHED] = { 0xf0, 0xd9, 0xa0 },
    [INK_CACHED_LINE] = { 0x7a, 0x5c, 0x00 },
    [INK_NOT_OURS] = { 0xd3, 0xe3, 0xf3 },
    [INK_NOT_OURS_LINE] = { 0x5b, 0x85, 0xb3 },
    [INK_SLOT] = { 0x21, 0x66, 0xac },
    [INK_SLOT_TOO] = { 0x17, 0x4a, 0x80 },
    [INK_ABSENT] = { 0xed, 0xed, 0xed },
};

bool
strip_new(struct strip *strip, size_t width, size_t room)
{
    strip->width = width;
    strip->room = room;
    strip->height = 0;
    strip->top = 0;
    strip->pixels = calloc(width, room);
    return strip->pixels != NULL;
}

void
strip_free(struct strip *strip)
{
    free(strip->pixels);
    strip->pixels = NULL;
}

void
strip_begin(struct strip *strip, size_t height)
{
    strip->top += strip->height;
    strip->height = height;
    memset(strip->pixels, INK_PAPER, strip->width * height);
}

static void
set_pixel(struct strip *strip, size_t x, size_t y, enum strip_ink ink)
{
    if (x < strip->width && y < strip->height)
        strip->pixels[y * strip->width + x] = (uint8_t)ink;
}

// --- patterns ----------------------------------------------------------------

static bool
is_free_line(uint64_t x, uint64_t y)
{
    return (x + y) % 4 == 0;
}

static bool
is_cached_line(uint64_t x, uint64_t y)
{
    return x % 3 == 0 && y % 3 == 0;
}

static bool
is_not_ours_line(uint64_t x, uint64_t y)
{
    return (x + y) % 6 == 0 || (x + 5 * y) % 6 == 0;
}

// `y` is that of the picture.
static enum strip_ink
ink_at(unsigned tint, uint64_t x, uint64_t y)
{
    switch (tint & ~(unsigned)TINT_TOO) {
    case OSMAP_USED:
        return tint & TINT_TOO ? INK_USED_TOO : INK_USED;
    case OSMAP_FREE_RESIDENT:
        return is_free_line(x, y) ? INK_FREE_LINE : INK_FREE;
    case OSMAP_CACHED:
        return is_cached_line(x, y) ? INK_CACHED_LINE : INK_CACHED;
    case OSMAP_NOT_OURS:
        return is_not_ours_line(x, y) ? INK_NOT_OURS_LINE : INK_NOT_OURS;
    case TINT_SLOT:
        return tint & TINT_TOO ? INK_SLOT_TOO : INK_SLOT;
    default:
        return INK_PAPER;
    }
}

// --- boxes -------------------------------------------------------------------

void
strip_fill(struct strip *strip, struct strip_box box, unsigned tint)
{
    for (size_t y = box.y; y < box.y + box.height; y++)
        for (size_t x = box.x; x < box.x + box.width; x++)
            set_pixel(strip, x, y, ink_at(tint, x, strip->top + y));
}

void
strip_frame(struct strip *strip, struct strip_box box, enum strip_ink ink)
{
    for (size_t x = box.x; x < box.x + box.width; x++) {
        set_pixel(strip, x, box.y, ink);
        set_pixel(strip, x, box.y + box.height - 1, ink);
    }
    for (size_t y = box.y; y < box.y + box.height; y++) {
        set_pixel(strip, box.x, y, ink);
        set_pixel(strip, box.x + box.width - 1, y, ink);
    }
}

// --- text --------------------------------------------------------------------

static const uint8_t *
rows_of(char letter)
{
    unsigned char code = (unsigned char)letter;

    if (code < RASTER_FIRST_LETTER || code > RASTER_LAST_LETTER)
        code = '?';
    return raster_letters[code - RASTER_FIRST_LETTER];
}

static void
draw_letter(struct strip *strip, size_t left, size_t top, enum strip_ink ink,
            char letter)
{
    const uint8_t *rows = rows_of(letter);

    for (size_t y = 0; y < RASTER_LETTER_HEIGHT * STRIP_TEXT_SCALE; y++)
        for (size_t x = 0; x < RASTER_LETTER_WIDTH * STRIP_TEXT_SCALE; x++) {
            size_t bit = RASTER_LETTER_WIDTH - 1 - x / STRIP_TEXT_SCALE;

            if (rows[y / STRIP_TEXT_SCALE] >> bit & 1)
                set_pixel(strip, left + x, top + y, ink);
        }
}

void
strip_text(struct strip *strip, size_t x, size_t y, enum strip_ink ink,
           const char *text)
{
    for (; *text; text++) {
        draw_letter(strip, x, y, ink, *text);
        x += (RASTER_LETTER_WIDTH + 1) * STRIP_TEXT_SCALE;
    }
}

// --- pages -------------------------------------------------------------------

static int
rank(unsigned tint)
{
    static const int ranks[TINTS] = {
        [OSMAP_USED] = 4,   [OSMAP_FREE_RESIDENT] = 1, [OSMAP_RELEASED] = 0,
        [OSMAP_CACHED] = 2, [OSMAP_NOT_OURS] = 3,      [TINT_SLOT] = 4,
        [TINT_ABSENT] = 0,
    };

    return ranks[tint & ~(unsigned)TINT_TOO];
}

// The units that pixel n of `edge` stands for: from *first, before the result.
static size_t
units_of(size_t n, size_t edge, size_t side, size_t *first)
{
    size_t end = (n + 1) * side / edge;

    *first = n * side / edge;
    return end > *first ? end : *first + 1;
}

static unsigned
strongest(const uint8_t *tints, size_t side, size_t edge, size_t x, size_t y)
{
    size_t left, top;
    size_t right = units_of(x, edge, side, &left);
    size_t bottom = units_of(y, edge, side, &top);
    unsigned best = tints[top * side + left];

    for (size_t row = top; row < bottom; row++)
        for (size_t column = left; column < right; column++)
            if (rank(tints[row * side + column]) > rank(best))
                best = tints[row * side + column];
    return best;
}

void
strip_page(struct strip *strip, size_t x, size_t y, size_t edge,
           const uint8_t *tints, size_t side)
{
    unsigned first = tints[0];

    for (size_t row = 0; row < edge; row++)
        for (size_t column = 0; column < edge; column++) {
            unsigned tint = strongest(tints, side, edge, column, row);

            set_pixel(strip, x + column, y + row,
                      ink_at(tint, x + column, strip->top + y + row));
        }
    if (edge >= 4 && (first == OSMAP_RELEASED || first == TINT_ABSENT))
        strip_frame(strip, (struct strip_box){ x, y, edge, edge },
                    first == TINT_ABSENT ? INK_ABSENT : INK_RELEASED_EDGE);
}
