// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

char *
capture_put(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = '\0';
    return to;
}

char *
capture_put_number(char *to, uint64_t number)
{
    char digits[24];
    int count = 0;

    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        *to++ = digits[--count];
    *to = '\0';
    return to;
}

uint32_t
capture_keep_text(struct capture *capture, const char *text)
{
    struct maps *maps = &capture->maps;
    size_t length = strlen(text);
    uint32_t position = (uint32_t)maps->names_used;

    if (!length || maps->names_used + length + 1 > MAPS_NAMES_BYTES)
        return 0;
    memcpy(maps->names + position, text, length + 1);
    maps->names_used += length + 1;
    return position;
}

bool
capture_fail(struct capture *capture, const char *stage)
{
    if (!capture->error) {
        capture->error = errno ? errno : EIO;
        capture->stage = stage;
    }
    return false;
}

// Out of the way of a program that closed its standard ones, or counts.
static int
move_up(int descriptor)
{
    int higher = fcntl(descriptor, F_DUPFD_CLOEXEC, 200);

    if (higher < 0)
        higher = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (higher < 0)
        return descriptor;
    close(descriptor);
    return higher;
}

int
capture_open(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC, 0666);

    return descriptor < 0 ? -1 : move_up(descriptor);
}
