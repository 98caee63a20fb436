// SPDX-License-Identifier: MIT
/*
 * capture - what the parts of a snapshot in the making share.
 *
 *     capture_base    words and files, without malloc or stdio
 *     capture_areas   which memory is malloc's, by arena
 *     capture_blocks  what the program has asked for, and glibc's free chunks
 *     capture_pages   which pages the kernel holds; where blocks came from
 *     capture         all of it, and the file
 *
 * All run with signals blocked and the table locked: see capture.c.
 */
#ifndef TOOLS_OSMAP_CAPTURE_H
#define TOOLS_OSMAP_CAPTURE_H

#include "osmap/arenas.h"
#include "osmap/maps.h"
#include "osmap/recording.h"
#include "osmap/write.h"

enum {
    MAX_AREAS = 1 << 17,
    MAX_MAPPED = 1 << 17,
    MAX_ARENAS = 1 << 12,
    BATCH = 128,          // blocks written together
    PAGEMAP_ITEMS = 1024, // read together
    COMMAND_BYTES = 4096
};

struct range {
    uint64_t start;
    uint64_t end;
};

// All that a snapshot needs, in pages of its own.
struct capture {
    struct recording *recording;
    enum rh_osmap_reason reason;
    int descriptor;      // of the snapshot
    int error;           // the first errno
    const char *stage;   // what was being done then
    uint64_t page_bytes; // of the system
    uint32_t now_ms;
    uint32_t strays;       // blocks that lie in no area
    struct arenas *arenas; // NULL: they were not walked
    size_t area_count;
    size_t mapped_count;
    size_t mapped_at; // while areas are made
    size_t arena_count;
    size_t mapping_number; // for names
    size_t batch_used;
    struct maps maps;
    struct osmap_writer writer;
    uint64_t states[MAX_ARENAS]; // their addresses
    uint32_t heaps[MAX_ARENAS];  // how many were seen of each
    struct rh_osmap_block batch[BATCH];
    uint64_t pagemap[PAGEMAP_ITEMS];
    unsigned char residence[PAGEMAP_ITEMS];
    char temporary[DIRECTORY_BYTES + 64];
    char path[DIRECTORY_BYTES + 64];
    char command[COMMAND_BYTES];
    uint32_t site_numbers[SITE_COUNT]; // of those in use
    struct range mapped[MAX_MAPPED];   // blocks with their own mapping
    struct rh_osmap_area areas[MAX_AREAS];
};

// Append to a text; the end of it.
char *capture_put(char *to, const char *text);
char *capture_put_number(char *to, uint64_t number);

// A name among the others; 0 when there is no room.
uint32_t capture_keep_text(struct capture *capture, const char *text);

// Note the first errno and what was being done; false.
bool capture_fail(struct capture *capture, const char *stage);

// A descriptor above those that a program counts on, or -1.
int capture_open(const char *path, int flags);

// Fill `areas`, when `mapped` is there.
void capture_make_areas(struct capture *capture);

// Fill `mapped`: the blocks with a mapping of their own, by address.
void capture_find_mapped(struct capture *capture);

// Sections of the snapshot.  Sites before blocks, which tell their numbers.
bool capture_write_pages(struct capture *capture);
void capture_write_sites(struct capture *capture);
void capture_write_blocks(struct capture *capture);

#endif
