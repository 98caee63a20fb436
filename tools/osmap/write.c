// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/write.h"

#include <string.h>

uint64_t
osmap_checksum(uint64_t sum, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
        uint64_t number;

        memcpy(&number, from + i, sizeof number);
        sum = (sum ^ number) * UINT64_C(0x100000001b3);
    }
    return sum;
}

static void
writer_flush(struct osmap_writer *writer)
{
    writer->sum = osmap_checksum(writer->sum, writer->buffer, writer->used);
    if (!writer->has_failed &&
        !writer->sink(writer->context, writer->buffer, writer->used))
        writer->has_failed = true;
    writer->used = 0;
}

static void
writer_put(struct osmap_writer *writer, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    while (count) {
        size_t room = OSMAP_WRITE_BYTES - writer->used;
        size_t part = count < room ? count : room;

        memcpy(writer->buffer + writer->used, from, part);
        writer->used += part;
        from += part;
        count -= part;
        if (writer->used == OSMAP_WRITE_BYTES)
            writer_flush(writer);
    }
}

// Up to a multiple of 8.
static void
writer_pad(struct osmap_writer *writer)
{
    static const unsigned char zeros[8];

    writer_put(writer, zeros, -writer->used & 7);
}

void
osmap_write_begin(struct osmap_writer *writer,
                  bool (*sink)(void *, const void *, size_t), void *context,
                  uint32_t page_bytes)
{
    struct rh_osmap_header header = {
        .version = RH_OSMAP_VERSION,
        .order = RH_OSMAP_ORDER,
        .page_bytes = page_bytes,
        .unit_bytes = RH_OSMAP_UNIT,
    };

    memcpy(header.magic, RH_OSMAP_MAGIC, sizeof header.magic);
    writer->sink = sink;
    writer->context = context;
    writer->sum = OSMAP_CHECKSUM_START;
    writer->left = 0;
    writer->item_bytes = 0;
    writer->has_failed = false;
    writer->used = 0;
    writer_put(writer, &header, sizeof header);
}

void
osmap_write_section(struct osmap_writer *writer, enum rh_osmap_kind kind,
                    uint32_t item_bytes, uint64_t count)
{
    struct rh_osmap_section section = { kind, item_bytes, count };

    writer_pad(writer);
    if (writer->left) // fewer items than promised
        writer->has_failed = true;
    writer_put(writer, &section, sizeof section);
    writer->left = count;
    writer->item_bytes = item_bytes;
}

void
osmap_write_items(struct osmap_writer *writer, const void *items, size_t count)
{
    if (count > writer->left) {
        writer->has_failed = true;
        return;
    }
    writer->left -= count;
    writer_put(writer, items, count * writer->item_bytes);
}

bool
osmap_write_end(struct osmap_writer *writer)
{
    struct rh_osmap_section section = { RH_OSMAP_END, sizeof(uint64_t), 1 };
    uint64_t sum;

    writer_pad(writer);
    if (writer->left)
        writer->has_failed = true;
    writer_flush(writer);
    sum = writer->sum;
    writer_put(writer, &section, sizeof section);
    writer_put(writer, &sum, sizeof sum);
    writer_flush(writer);
    return !writer->has_failed;
}
