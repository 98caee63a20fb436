// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/maps.h"

#include <string.h>
#include <unistd.h>

struct line {
    const char *at;
    const char *end;
};

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static uint64_t
take_hex(struct line *line)
{
    uint64_t number = 0;

    for (; line->at < line->end && is_hex(*line->at); line->at++)
        number =
            number * 16 + (uint64_t)(*line->at <= '9' ? *line->at - '0'
                                                      : *line->at - 'a' + 10);
    return number;
}

static void
skip_word(struct line *line)
{
    while (line->at < line->end && *line->at != ' ')
        line->at++;
    while (line->at < line->end && *line->at == ' ')
        line->at++;
}

static uint32_t
keep_name(struct maps *maps, struct line line)
{
    size_t length = (size_t)(line.end - line.at);
    uint32_t position;

    if (maps->names_used == 0)
        maps->names_used = 1; // 0 is no name
    if (!length || maps->names_used + length + 1 > MAPS_NAMES_BYTES)
        return 0;
    position = (uint32_t)maps->names_used;
    memcpy(maps->names + position, line.at, length);
    maps->names_used += length + 1;
    return position;
}

// 7f0000000000-7f0000021000 rw-p 00000000 00:00 0     [heap]
static void
take_mapping(struct maps *maps, struct line line)
{
    struct maps_entry *entry;
    const char *flags;
    uint64_t inode;

    if (maps->count == MAPS_MAX_ENTRIES) {
        maps->is_cut = true;
        return;
    }
    entry = &maps->entries[maps->count++];
    entry->start = take_hex(&line);
    line.at++;
    entry->end = take_hex(&line);
    line.at++;
    flags = line.at;
    skip_word(&line);
    entry->file_offset = take_hex(&line);
    skip_word(&line);
    skip_word(&line); // the device
    inode = take_hex(&line);
    skip_word(&line);
    entry->name = keep_name(maps, line);
    entry->is_executable = flags[2] == 'x';
    entry->is_writable =
        flags[0] == 'r' && flags[1] == 'w' && flags[3] == 'p' && inode == 0;
    entry->is_brk = strcmp(maps_name(maps, entry), "[heap]") == 0;
    maps->virtual_kb += (entry->end - entry->start) / 1024;
}

// Rss:                 132 kB
static void
take_resident(struct maps *maps, struct line line)
{
    uint64_t number = 0;

    if (!maps->count)
        return;
    for (; line.at < line.end; line.at++)
        if (*line.at >= '0' && *line.at <= '9')
            number = number * 10 + (uint64_t)(*line.at - '0');
    maps->entries[maps->count - 1].resident_kb = number;
    maps->resident_kb += number;
}

// Fields begin with a capital, mappings with a digit of their address.
static void
take_line(struct maps *maps, struct line line)
{
    size_t length = (size_t)(line.end - line.at);

    if (length > 20 && is_hex(*line.at))
        take_mapping(maps, line);
    else if (length > 4 && memcmp(line.at, "Rss:", 4) == 0)
        take_resident(maps, line);
}

// All lines that are whole; the rest moves to the front.
static size_t
take_lines(struct maps *maps, size_t used)
{
    const char *from = maps->buffer;
    const char *end = maps->buffer + used;
    const char *stop;

    while ((stop = memchr(from, '\n', (size_t)(end - from)))) {
        take_line(maps, (struct line){ from, stop });
        from = stop + 1;
    }
    used = (size_t)(end - from);
    memmove(maps->buffer, from, used);
    return used == MAPS_READ_BYTES ? 0 : used;
}

bool
maps_read(struct maps *maps, int descriptor)
{
    size_t used = 0;

    for (;;) {
        ssize_t count =
            read(descriptor, maps->buffer + used, MAPS_READ_BYTES - used);

        if (count < 0)
            return false;
        if (count == 0)
            return maps->count > 0;
        used = take_lines(maps, used + (size_t)count);
    }
}

struct maps_entry *
maps_at(struct maps *maps, uint64_t address)
{
    size_t low = 0, high = maps->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (maps->entries[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == maps->count || maps->entries[low].start > address)
        return NULL;
    return &maps->entries[low];
}

const char *
maps_name(const struct maps *maps, const struct maps_entry *entry)
{
    return maps->names + entry->name;
}
