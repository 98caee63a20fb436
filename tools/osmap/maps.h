// SPDX-License-Identifier: MIT
/*
 * maps - the mappings of this process, from /proc/self/smaps, without malloc.
 *
 * Lines longer than a path may be are cut.  What is read is in the order of the
 * addresses.
 */
#ifndef TOOLS_OSMAP_MAPS_H
#define TOOLS_OSMAP_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maps_entry {
    uint64_t start;
    uint64_t end;
    uint64_t file_offset;
    uint64_t resident_kb;
    uint32_t name;    // in maps.names; 0: none
    bool is_writable; // readable and writable, private, of no file
    bool is_executable;
    bool is_brk;     // [heap]
    bool has_blocks; // for whoever looks
};

enum {
    MAPS_READ_BYTES = 16384,
    MAPS_NAMES_BYTES = 1 << 20,
    MAPS_MAX_ENTRIES = 1 << 17
};

// Give it zeroed pages of its size: memory that is not touched costs nothing.
struct maps {
    size_t count;
    uint64_t virtual_kb; // of all
    uint64_t resident_kb;
    size_t names_used;
    bool is_cut; // there were more than fit
    char names[MAPS_NAMES_BYTES];
    char buffer[MAPS_READ_BYTES];
    struct maps_entry entries[MAPS_MAX_ENTRIES];
};

// Read from a descriptor of /proc/.../smaps.  False: it cannot be read.
bool maps_read(struct maps *maps, int descriptor);

// The entry that an address lies in, or NULL.
struct maps_entry *maps_at(struct maps *maps, uint64_t address);

const char *maps_name(const struct maps *maps, const struct maps_entry *entry);

#endif
