// SPDX-License-Identifier: MIT
#include "config.h"

#include "raster.h"

#include "raster_letters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum {
    MAX_SIDE = 8192,
    BYTES = 3 // a point
};

bool
raster_make(struct raster *raster, int width, int height)
{
    size_t bytes;

    memset(raster, 0, sizeof *raster);
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
        return false;
    bytes = (size_t)width * (size_t)height * BYTES;
    raster->points = malloc(bytes);
    if (!raster->points)
        return false;
    raster->width = width;
    raster->height = height;
    memset(raster->points, 0xff, bytes);
    return true;
}

void
raster_free(struct raster *raster)
{
    free(raster->points);
    raster->points = NULL;
}

// --- drawing -----------------------------------------------------------------

static void
set_point(struct raster *raster, int x, int y, uint32_t colour)
{
    uint8_t *point;

    if (x < 0 || y < 0 || x >= raster->width || y >= raster->height)
        return;
    point = raster->points +
            ((size_t)y * (size_t)raster->width + (size_t)x) * BYTES;
    point[0] = (uint8_t)(colour >> 16);
    point[1] = (uint8_t)(colour >> 8);
    point[2] = (uint8_t)colour;
}

void
raster_box(struct raster *raster, int x, int y, int width, int height,
           uint32_t colour)
{
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++)
            set_point(raster, x + i, y + j, colour);
}

void
raster_line(struct raster *raster, double x0, double y0, double x1, double y1,
            int thickness, uint32_t colour)
{
    double length = fmax(fabs(x1 - x0), fabs(y1 - y0));
    int steps = (int)ceil(length);

    for (int i = 0; i <= steps; i++) {
        double part = steps ? (double)i / steps : 0;

        raster_box(raster, (int)lround(x0 + part * (x1 - x0)) - thickness / 2,
                   (int)lround(y0 + part * (y1 - y0)) - thickness / 2,
                   thickness, thickness, colour);
    }
}

static void
draw_letter(struct raster *raster, int x, int y, int scale, uint32_t colour,
            char letter)
{
    unsigned char code = (unsigned char)letter;
    const uint8_t *rows;

    if (code < RASTER_FIRST_LETTER || code > RASTER_LAST_LETTER)
        code = '?';
    rows = raster_letters[code - RASTER_FIRST_LETTER];
    for (int j = 0; j < RASTER_LETTER_HEIGHT; j++)
        for (int i = 0; i < RASTER_LETTER_WIDTH; i++)
            if (rows[j] >> (RASTER_LETTER_WIDTH - 1 - i) & 1)
                raster_box(raster, x + i * scale, y + j * scale, scale, scale,
                           colour);
}

void
raster_text(struct raster *raster, int x, int y, int scale, uint32_t colour,
            const char *text)
{
    for (; *text; text++, x += (RASTER_LETTER_WIDTH + 1) * scale)
        draw_letter(raster, x, y, scale, colour, *text);
}

// --- PNG ---------------------------------------------------------------------

static void
put_word(uint8_t *to, uint32_t word)
{
    to[0] = (uint8_t)(word >> 24);
    to[1] = (uint8_t)(word >> 16);
    to[2] = (uint8_t)(word >> 8);
    to[3] = (uint8_t)word;
}

// A chunk: length, name, data, and a checksum of name and data.
static void
write_chunk(struct output *output, const char *name, const uint8_t *data,
            size_t length)
{
    uint8_t head[8];
    uint8_t tail[4];
    uLong sum;

    put_word(head, (uint32_t)length);
    memcpy(head + 4, name, 4);
    sum = crc32(crc32(0, NULL, 0), head + 4, 4);
    if (length)
        sum = crc32(sum, data, (uInt)length);
    put_word(tail, (uint32_t)sum);
    output_write(output, (const char *)head, sizeof head);
    if (length)
        output_write(output, (const char *)data, length);
    output_write(output, (const char *)tail, sizeof tail);
}

// Every row with a byte in front that says: not filtered.
static uint8_t *
pack_rows(const struct raster *raster, uLongf *packed_bytes)
{
    size_t row_bytes = (size_t)raster->width * BYTES;
    size_t bytes = (row_bytes + 1) * (size_t)raster->height;
    uint8_t *rows = malloc(bytes);
    uint8_t *packed;

    *packed_bytes = compressBound(bytes);
    packed = malloc(*packed_bytes);
    for (int y = 0; rows && y < raster->height; y++) {
        uint8_t *row = rows + (size_t)y * (row_bytes + 1);

        row[0] = 0;
        memcpy(row + 1, raster->points + (size_t)y * row_bytes, row_bytes);
    }
    if (!rows || !packed ||
        compress2(packed, packed_bytes, rows, bytes, 9) != Z_OK) {
        free(packed);
        packed = NULL;
    }
    free(rows);
    return packed;
}

bool
raster_png(const struct raster *raster, struct output *output)
{
    static const char signature[] = "\x89PNG\r\n\x1a\n";
    uint8_t head[13] = { [8] = 8 /* bits */, [9] = 2 /* red, green, blue */ };
    uLongf packed_bytes;
    uint8_t *packed = pack_rows(raster, &packed_bytes);

    if (!packed)
        return false;
    put_word(head, (uint32_t)raster->width);
    put_word(head + 4, (uint32_t)raster->height);
    output_write(output, signature, sizeof signature - 1);
    write_chunk(output, "IHDR", head, sizeof head);
    write_chunk(output, "IDAT", packed, packed_bytes);
    write_chunk(output, "IEND", NULL, 0);
    free(packed);
    return true;
}
