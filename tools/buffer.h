// SPDX-License-Identifier: MIT
/*
 * buffer - bytes in a row that grow at the end.
 *
 * A buffer of zeros is empty and ready.  It doubles as it grows, so that what
 * lies in it may move: keep offsets, not pointers.
 */
#ifndef TOOLS_BUFFER_H
#define TOOLS_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;
    size_t used;
    size_t room;
};

// Room for `count` more bytes at bytes + used; false: no memory, nothing
// changed.
bool buffer_reserve(struct buffer *buffer, size_t count);

bool buffer_append(struct buffer *buffer, const void *bytes, size_t count);

void buffer_free(struct buffer *buffer);

#endif
