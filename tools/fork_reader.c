// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ENTRIES = 512 // of a page map, read at once
};

// Bits of /proc/PID/pagemap: proc(5).
static const uint64_t is_present = (uint64_t)1 << 63;
static const uint64_t is_swapped = (uint64_t)1 << 62;
static const uint64_t is_exclusive = (uint64_t)1 << 56;

enum part {
    PART_BODY,
    PART_EXTERNAL,
    PART_OTHER,
    PART_COUNT
};

struct mapping {
    unsigned long long start;
    unsigned long long end;
    enum part part;
};

struct reader {
    FILE *smaps;
    int map;        // of the process
    int parent_map; // or -1: all counts as inherited
    size_t page_kb;
    size_t private_kb[PART_COUNT]; // inherited, and its own copy now
    size_t own_kb[PART_COUNT];     // not there at the fork
    size_t shared_kb[PART_COUNT];
    size_t rss_kb;
    size_t pss_kb;
    size_t huge_kb;
};

// --- mappings ----------------------------------------------------------------

static enum part
part_named(const char *name)
{
    if (!*name || strncmp(name, "[anon", 5) == 0)
        return PART_BODY;
    return strcmp(name, "[heap]") == 0 ? PART_EXTERNAL : PART_OTHER;
}

// The head of a mapping: addresses, rights, offset, device, inode, name.
static bool
is_head(const char *line, struct mapping *mapping)
{
    char name[64] = "";

    if (sscanf(line, "%llx-%llx %*s %*s %*s %*s %63s", &mapping->start,
               &mapping->end, name) < 2)
        return false;
    mapping->part = part_named(name);
    return true;
}

static void
add_pages(struct reader *reader, enum part part, const uint64_t *mine,
          const uint64_t *parents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!(mine[i] & is_present))
            continue;
        if (!(mine[i] & is_exclusive))
            reader->shared_kb[part] += reader->page_kb;
        else if (parents[i] & (is_present | is_swapped))
            reader->private_kb[part] += reader->page_kb;
        else
            reader->own_kb[part] += reader->page_kb;
    }
}

static bool
read_entries(int map, uint64_t first_page, uint64_t *entries, size_t count)
{
    ssize_t wanted = (ssize_t)(count * sizeof *entries);

    return pread(map, entries, (size_t)wanted,
                 (off_t)(first_page * sizeof *entries)) == wanted;
}

static void
read_mapping(struct reader *reader, const struct mapping *mapping)
{
    uint64_t page = mapping->start / (reader->page_kb * 1024);
    uint64_t end = mapping->end / (reader->page_kb * 1024);
    uint64_t mine[ENTRIES];
    uint64_t parents[ENTRIES];

    while (page < end) {
        size_t count = end - page < ENTRIES ? (size_t)(end - page) : ENTRIES;

        if (!read_entries(reader->map, page, mine, count))
            return; // addresses beyond what has a page map: the vsyscall page
        if (!read_entries(reader->parent_map, page, parents, count))
            memset(parents, 0, sizeof parents);
        add_pages(reader, mapping->part, mine, parents, count);
        page += count;
    }
}

// Pages of files are shared with whoever uses these, and are no copies.
static void
read_line(struct reader *reader, const struct mapping *mapping,
          const char *line)
{
    size_t kb;

    if (sscanf(line, "Rss: %zu", &kb) == 1)
        reader->rss_kb += kb;
    else if (sscanf(line, "Pss: %zu", &kb) == 1)
        reader->pss_kb += kb;
    else if (sscanf(line, "AnonHugePages: %zu", &kb) == 1)
        reader->huge_kb += kb;
    else if (sscanf(line, "Private_Dirty: %zu", &kb) == 1 &&
             mapping->part == PART_OTHER)
        reader->private_kb[PART_OTHER] += kb;
}

static void
read_all(struct reader *reader)
{
    struct mapping mapping = { .part = PART_OTHER };
    char line[512];

    while (fgets(line, sizeof line, reader->smaps)) {
        if (!is_head(line, &mapping))
            read_line(reader, &mapping, line);
        else if (mapping.part != PART_OTHER)
            read_mapping(reader, &mapping);
    }
}

// --- a process ---------------------------------------------------------------

static int
open_map(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%ld/pagemap", (long)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool
open_all(struct reader *reader, struct fork_row *row, pid_t pid, pid_t parent)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%ld/smaps", (long)pid);
    reader->smaps = fopen(path, "re");
    if (!reader->smaps) {
        snprintf(row->error, sizeof row->error, "%s: %s", path,
                 strerror(errno));
        return false;
    }
    reader->map = open_map(pid);
    reader->parent_map = open_map(parent);
    if (reader->map >= 0 && reader->parent_map >= 0)
        return true;
    snprintf(row->error, sizeof row->error, "/proc/%ld/pagemap: %s",
             (long)(reader->map < 0 ? pid : parent), strerror(errno));
    return false;
}

static void
close_all(struct reader *reader)
{
    if (reader->smaps)
        fclose(reader->smaps);
    if (reader->map >= 0)
        close(reader->map);
    if (reader->parent_map >= 0)
        close(reader->parent_map);
}

static void
set_figures(struct fork_row *row, const struct reader *reader)
{
    row->body_private_kb = reader->private_kb[PART_BODY];
    row->own_kb = reader->own_kb[PART_BODY];
    row->body_shared_kb = reader->shared_kb[PART_BODY];
    row->heap_kb = row->body_private_kb + row->body_shared_kb;
    row->external_private_kb =
        reader->private_kb[PART_EXTERNAL] + reader->own_kb[PART_EXTERNAL];
    row->other_private_kb = reader->private_kb[PART_OTHER];
    row->rss_kb = reader->rss_kb;
    row->pss_kb = reader->pss_kb;
    row->huge_kb = reader->huge_kb;
    row->has_frames = false;
}

size_t
fork_reader_read(struct fork_row *row, pid_t pid, pid_t parent)
{
    struct reader reader = {
        .map = -1,
        .parent_map = -1,
        .page_kb = (size_t)sysconf(_SC_PAGESIZE) / 1024,
    };

    if (open_all(&reader, row, pid, parent)) {
        read_all(&reader);
        set_figures(row, &reader);
    }
    close_all(&reader);
    return reader.shared_kb[PART_BODY] + reader.shared_kb[PART_EXTERNAL];
}

// --- huge pages --------------------------------------------------------------

void
fork_reader_huge_policy(char *text, size_t room)
{
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");

    *text = '\0';
    if (!file)
        return;
    if (!fgets(text, (int)room, file))
        *text = '\0';
    text[strcspn(text, "\n")] = '\0';
    fclose(file);
}
