// SPDX-License-Identifier: MIT
/*
 * dump_store - a dump in memory, between reading it and building its heap.
 *
 * One entry of 16 bytes for each line with an address, in the order of the
 * file; four to eight bytes in a table that finds an entry by its address; and
 * the tape, which has the rest.  Roots are kept as they came: their words
 * become the roots of the heap in the end.
 */
#ifndef TOOLS_DUMP_STORE_H
#define TOOLS_DUMP_STORE_H

#include "dump_record.h"
#include "tape.h"

struct dump_entry {
    uint64_t address;
    uint32_t line;
    uint8_t type;    // enum dump_type; DUMP_NONE for a free slot
    bool is_dropped; // there was no place for it
};

// Whether an entry is to become an object.
static inline bool
dump_entry_is_object(const struct dump_entry *entry)
{
    return dump_type_is_object((enum dump_type)entry->type) &&
           !entry->is_dropped;
}

// Where rheap's own dumps say that an object was.
struct dump_position {
    uint64_t page;
    uint64_t slot;
};

// The references of one ROOT line.
struct dump_root {
    char *category;
    uint64_t *words; // addresses, later slots
    size_t count;
    unsigned long line;
};

struct dump_store {
    struct dump_entry *entries;
    size_t count;
    size_t room;
    struct dump_position *positions; // as many as entries, or NULL
    size_t position_room;

    uint32_t *table; // entry numbers + 1, hashed by address; 0: nobody
    size_t table_size;

    struct tape tape;

    struct dump_root *roots;
    size_t root_count;

    size_t objects; // entries that are not DUMP_NONE
    size_t free_lines;
    size_t shape_lines;
    uint64_t memsize;       // of all objects
    bool has_other_slots;   // a slot_size that is not 40
    bool has_bare_memsizes; // a memsize that leaves out the slot (Ruby 2.1)
};

enum {
    DUMP_NOBODY = -1
};

// Add a line.  NULL: done; otherwise what is wrong with it, good until the
// next call.
const char *dump_store_add(struct dump_store *store,
                           const struct dump_record *record);

// Entry `i` is not wanted after all.
void dump_store_drop(struct dump_store *store, size_t i);

// The number of the entry with this address, or DUMP_NOBODY.
ptrdiff_t dump_store_find(const struct dump_store *store, uint64_t address);

// Everything but the roots.
void dump_store_free(struct dump_store *store);

void dump_roots_free(struct dump_root *roots, size_t count);

#endif
