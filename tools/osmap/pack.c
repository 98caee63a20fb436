// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/pack.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

bool
pack_number(struct buffer *column, uint64_t number)
{
    unsigned char bytes[10];
    size_t count = 0;

    for (; number >= 128; number >>= 7)
        bytes[count++] = (unsigned char)(number | 128);
    bytes[count++] = (unsigned char)number;
    return buffer_append(column, bytes, count);
}

bool
pack_signed(struct buffer *column, int64_t number)
{
    uint64_t bits = (uint64_t)number << 1;

    return pack_number(column, number < 0 ? ~bits : bits);
}

// --- base64 ------------------------------------------------------------------

enum {
    CHUNK_BYTES = 3 * 4096 // whole groups of three, so that chunks fit together
};

static size_t
encode(const unsigned char *from, size_t count, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = 0;

    for (size_t i = 0; i < count; i += 3) {
        unsigned bits = (unsigned)from[i] << 16;

        bits |= i + 1 < count ? (unsigned)from[i + 1] << 8 : 0;
        bits |= i + 2 < count ? from[i + 2] : 0;
        to[length++] = digits[bits >> 18];
        to[length++] = digits[bits >> 12 & 63];
        to[length++] = i + 1 < count ? digits[bits >> 6 & 63] : '=';
        to[length++] = i + 2 < count ? digits[bits & 63] : '=';
    }
    return length;
}

// --- deflate -----------------------------------------------------------------

struct packer {
    z_stream stream;
    unsigned char packed[CHUNK_BYTES];
    char text[CHUNK_BYTES / 3 * 4];
};

// What is packed so far; only the last time it may be less than a chunk.
static void
put_chunk(struct packer *packer, struct output *output)
{
    size_t count = sizeof packer->packed - packer->stream.avail_out;

    output_write(output, packer->text,
                 encode(packer->packed, count, packer->text));
    packer->stream.next_out = packer->packed;
    packer->stream.avail_out = sizeof packer->packed;
}

static uInt
next_part(const struct buffer *column, size_t done)
{
    size_t left = column->used - done;

    return left > UINT_MAX / 2 ? UINT_MAX / 2 : (uInt)left;
}

static void
put_column(struct packer *packer, const struct buffer *column,
           struct output *output)
{
    z_stream *stream = &packer->stream;
    size_t done = 0;
    int status;

    stream->next_out = packer->packed;
    stream->avail_out = sizeof packer->packed;
    do {
        uInt part = next_part(column, done);

        if (part > 0) // an empty column may have no memory at all
            stream->next_in = (Bytef *)column->bytes + done;
        stream->avail_in = part;
        status = deflate(stream,
                         done + part == column->used ? Z_FINISH : Z_NO_FLUSH);
        done += part - stream->avail_in;
        if (stream->avail_out == 0 || status == Z_STREAM_END)
            put_chunk(packer, output);
    } while (status == Z_OK || status == Z_BUF_ERROR);
}

bool
pack_write(struct buffer *column, struct output *output, const char *prefix,
           const char *name)
{
    struct packer *packer = calloc(1, sizeof *packer);

    if (!packer ||
        deflateInit2(&packer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                     -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(packer);
        return output_fail(output, "not enough memory to write it");
    }
    output_print(output,
                 "<script type=\"application/octet-stream\" id=\"%s-%s\">",
                 prefix, name);
    put_column(packer, column, output);
    deflateEnd(&packer->stream);
    free(packer);
    column->used = 0;
    return output_print(output, "</script>\n");
}
