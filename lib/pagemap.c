// SPDX-License-Identifier: MIT
#include "config.h"

#include "pagemap.h"

#ifdef __linux__

#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    ENTRIES = 256, // read at a time
    TEXT_BYTES = 2048,
    LINE_BYTES = 160, // of a line, the rest of which is the name of a file
    PATH_BYTES = 256
};

static int
file_open(const char *directory, const char *name)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);

    if (length < 0 || length >= (int)sizeof path)
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC);
}

int
rhi_pagemap_open(const char *directory)
{
    return file_open(directory, "pagemap");
}

void
rhi_pagemap_close(int file)
{
    close(file);
}

// All of it, or false.
static bool
file_read_at(int file, void *buffer, size_t bytes, off_t offset)
{
    char *to = buffer;

    while (bytes > 0) {
        ssize_t got = pread(file, to, bytes, offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        offset += got;
        bytes -= (size_t)got;
    }
    return true;
}

bool
rhi_pagemap_read(int file, uintptr_t address, size_t count, rhi_pagemap_fn see,
                 void *context)
{
    size_t first = address / rhi_os_page_bytes();
    uint64_t entries[ENTRIES];

    for (size_t done = 0; done < count; done += ENTRIES) {
        size_t some = rhi_min(count - done, ENTRIES);

        if (!file_read_at(file, entries, some * sizeof entries[0],
                          (off_t)((first + done) * sizeof entries[0])))
            return false;
        for (size_t n = 0; n < some; n++)
            see(done + n, entries[n], context);
    }
    return true;
}

// ---- smaps ----

// The file, as far as it was understood.
struct parser {
    rhi_mapping_fn see;
    void *context;
    struct rhi_mapping mapping; // being read
    bool open;                  // there is one
    char line[LINE_BYTES];
    size_t length; // of the line, what does not fit included
    bool broken;
};

static void
parser_tell(struct parser *parser)
{
    if (parser->open)
        parser->see(&parser->mapping, parser->context);
    parser->open = false;
}

// Whether a mapping is what mmap, brk or malloc gave to the program.  Data that
// a program has not initialised lies behind the file that it is from.
static bool
mapping_is_plain(const struct rhi_mapping *before, uintptr_t start,
                 const char *inode, const char *name)
{
    if (strtoull(inode, NULL, 10) != 0)
        return false;
    if (strncmp(name, "[heap]", 6) == 0 || strncmp(name, "[anon", 5) == 0)
        return true;
    return *name == '\0' && (before->plain || before->end != start);
}

// The n-th word from here on, or the end of the line.
static const char *
word_at(const char *text, int n)
{
    while (n-- > 0) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return text;
}

// "7f0012340000-7f0012350000 rw-p 00000000 00:00 0     [heap]"
static void
parser_begin(struct parser *parser)
{
    struct rhi_mapping before = parser->mapping;
    char *rest;
    uintptr_t start = (uintptr_t)strtoull(parser->line, &rest, 16);
    uintptr_t end = *rest == '-' ? (uintptr_t)strtoull(rest + 1, &rest, 16) : 0;

    if (end < start || strlen(rest) < sizeof " rw-p" - 1) {
        parser->broken = true;
        return;
    }
    parser->mapping = (struct rhi_mapping){
        .start = start,
        .end = end,
        .plain = mapping_is_plain(&before, start, word_at(rest, 4),
                                  word_at(rest, 5)),
        .common = rest[4] == 's',
    };
    parser->open = true;
}

// "Shared_Clean:         12 kB"
static void
parser_add(struct parser *parser)
{
    struct rhi_mapping *mapping = &parser->mapping;
    const struct {
        const char *name;
        size_t *sum;
    } fields[] = {
        { "Rss:", &mapping->resident },
        { "Pss:", &mapping->proportional },
        { "Shared_Clean:", &mapping->shared },
        { "Shared_Dirty:", &mapping->shared },
        { "Private_Clean:", &mapping->clean_alone },
        { "Private_Dirty:", &mapping->dirty_alone },
        { "AnonHugePages:", &mapping->huge },
    };

    for (size_t n = 0; n < sizeof fields / sizeof fields[0]; n++) {
        size_t length = strlen(fields[n].name);

        if (strncmp(parser->line, fields[n].name, length) == 0)
            *fields[n].sum +=
                (size_t)strtoull(parser->line + length, NULL, 10) * 1024;
    }
}

static bool
is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The names of sums begin with a capital.
static void
parser_line(struct parser *parser)
{
    parser->line[rhi_min(parser->length, LINE_BYTES - 1)] = '\0';
    parser->length = 0;
    if (is_hexadecimal(parser->line[0])) {
        parser_tell(parser);
        parser_begin(parser);
    } else if (parser->open) {
        parser_add(parser);
    } else {
        parser->broken = true;
    }
}

static void
parser_take(struct parser *parser, const char *text, size_t bytes)
{
    for (size_t n = 0; n < bytes; n++) {
        if (text[n] == '\n') {
            parser_line(parser);
            continue;
        }
        if (parser->length < LINE_BYTES - 1)
            parser->line[parser->length] = text[n];
        parser->length++;
    }
}

static bool
parser_read(struct parser *parser, int file)
{
    char text[TEXT_BYTES];
    ssize_t got;

    do {
        got = read(file, text, sizeof text);
        if (got > 0)
            parser_take(parser, text, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    parser_tell(parser);
    return got == 0 && parser->length == 0 && !parser->broken;
}

bool
rhi_pagemap_mappings(const char *directory, const char *name,
                     rhi_mapping_fn see, void *context)
{
    struct parser parser = { .see = see, .context = context };
    int file = file_open(directory, name);
    bool done;

    if (file < 0)
        return false;
    done = parser_read(&parser, file) && parser.mapping.end != 0;
    close(file);
    return done;
}

#else

int
rhi_pagemap_open(const char *directory)
{
    (void)directory;
    return -1;
}

void
rhi_pagemap_close(int file)
{
    (void)file;
}

bool
rhi_pagemap_read(int file, uintptr_t address, size_t count, rhi_pagemap_fn see,
                 void *context)
{
    (void)file, (void)address, (void)count, (void)see, (void)context;
    return false;
}

bool
rhi_pagemap_mappings(const char *directory, const char *name,
                     rhi_mapping_fn see, void *context)
{
    (void)directory, (void)name, (void)see, (void)context;
    return false;
}

#endif
