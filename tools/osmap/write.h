// SPDX-License-Identifier: MIT
/*
 * write - a snapshot file, from front to back, through a buffer of its own.
 *
 * Calls nothing but memcpy() and the sink, so that the recorder can use it
 * inside a signal handler, with malloc locked.
 */
#ifndef TOOLS_OSMAP_WRITE_H
#define TOOLS_OSMAP_WRITE_H

#include <rheap/osmap.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OSMAP_WRITE_BYTES = 32768 // a multiple of 8
};

struct osmap_writer {
    // Takes what there is; false: it could not.
    bool (*sink)(void *context, const void *bytes, size_t count);
    void *context;
    uint64_t sum;  // of all that went to the sink
    uint64_t left; // items of the section that are to come
    uint32_t item_bytes;
    bool has_failed;
    size_t used; // of the buffer
    unsigned char buffer[OSMAP_WRITE_BYTES];
};

// With the header.
void osmap_write_begin(struct osmap_writer *writer,
                       bool (*sink)(void *, const void *, size_t),
                       void *context, uint32_t page_bytes);

// A section, and then exactly its items, in as many calls as it takes.
void osmap_write_section(struct osmap_writer *writer, enum rh_osmap_kind kind,
                         uint32_t item_bytes, uint64_t count);
void osmap_write_items(struct osmap_writer *writer, const void *items,
                       size_t count);

// False: something could not be written.
bool osmap_write_end(struct osmap_writer *writer);

// The checksum goes on over `count` bytes, a multiple of 8.
uint64_t osmap_checksum(uint64_t sum, const void *bytes, size_t count);

#define OSMAP_CHECKSUM_START UINT64_C(0xcbf29ce484222325)

#endif
