// SPDX-License-Identifier: MIT
#include "config.h"

#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_FIRST_ROOM = 256
};

bool
buffer_reserve(struct buffer *buffer, size_t count)
{
    size_t room = buffer->room ? buffer->room : BUFFER_FIRST_ROOM;
    char *bytes;

    if (buffer->room - buffer->used >= count)
        return true;
    if (count > SIZE_MAX / 4 - buffer->used)
        return false;
    while (room - buffer->used < count)
        room *= 2;
    bytes = realloc(buffer->bytes, room);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

bool
buffer_append(struct buffer *buffer, const void *bytes, size_t count)
{
    if (!buffer_reserve(buffer, count))
        return false;
    if (count)
        memcpy(buffer->bytes + buffer->used, bytes, count);
    buffer->used += count;
    return true;
}

void
buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}
