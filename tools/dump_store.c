// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_store.h"

#include <rheap/constants.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ENTRIES = 4096,
    FIRST_TABLE = 8192
};

static const char no_memory[] = "not enough memory for so many objects";

// --- finding -----------------------------------------------------------------

// Where an address belongs in the table: its place, or the gap for it.
static size_t
table_index(const struct dump_store *store, uint64_t address)
{
    size_t mask = store->table_size - 1;
    size_t i = (size_t)(address * 0x9e3779b97f4a7c15 >> 32) & mask;

    while (store->table[i] &&
           store->entries[store->table[i] - 1].address != address)
        i = (i + 1) & mask;
    return i;
}

ptrdiff_t
dump_store_find(const struct dump_store *store, uint64_t address)
{
    if (!store->table)
        return DUMP_NOBODY;
    return (ptrdiff_t)store->table[table_index(store, address)] - 1;
}

static bool
table_grow(struct dump_store *store)
{
    size_t size = store->table_size ? store->table_size * 2 : FIRST_TABLE;
    uint32_t *table = calloc(size, sizeof *table);

    if (!table)
        return false;
    free(store->table);
    store->table = table;
    store->table_size = size;
    for (size_t i = 0; i < store->count; i++)
        table[table_index(store, store->entries[i].address)] =
            (uint32_t)(i + 1);
    return true;
}

// --- adding ------------------------------------------------------------------

static bool
make_room(struct dump_store *store)
{
    size_t room = store->room ? store->room * 2 : FIRST_ENTRIES;
    struct dump_entry *entries;

    if (store->count == UINT32_MAX - 1)
        return false;
    if (store->count * 2 >= store->table_size && !table_grow(store))
        return false;
    if (store->count < store->room)
        return true;
    entries = realloc(store->entries, room * sizeof *entries);
    if (!entries)
        return false;
    store->entries = entries;
    store->room = room;
    return true;
}

static const char *
refuse_twin(const struct dump_store *store, ptrdiff_t twin)
{
    static char cause[80];

    snprintf(cause, sizeof cause, "the address 0x%llx is on line %lu already",
             (unsigned long long)store->entries[twin].address,
             (unsigned long)store->entries[twin].line);
    return cause;
}

// All lines with an address have a position, or none has.
static const char *
add_position(struct dump_store *store, const struct dump_record *record)
{
    struct dump_position *positions = store->positions;

    if (!dump_has(record, DUMP_KEY_x_page))
        return positions ? "no \"x_page\", which earlier lines have" : NULL;
    if (store->count > 0 && !positions)
        return "\"x_page\", which earlier lines do not have";
    if (store->count == store->position_room) {
        positions = realloc(positions, store->room * sizeof *positions);
        if (!positions)
            return no_memory;
        store->positions = positions;
        store->position_room = store->room;
    }
    positions[store->count].page = record->x_page;
    positions[store->count].slot = record->x_slot;
    return NULL;
}

static void
count_line(struct dump_store *store, const struct dump_record *record)
{
    bool is_object = dump_type_is_object(record->type);

    store->objects += is_object;
    store->free_lines += !is_object;
    store->memsize += is_object ? record->memsize : 0;
    if (record->slot_size && record->slot_size != RH_SLOT_BYTES)
        store->has_other_slots = true;
    if (is_object && record->memsize && record->memsize < RH_SLOT_BYTES)
        store->has_bare_memsizes = true;
}

static const char *
add_entry(struct dump_store *store, const struct dump_record *record)
{
    struct dump_entry *entry;
    const char *wrong;
    ptrdiff_t twin = dump_store_find(store, record->address);

    if (twin != DUMP_NOBODY)
        return refuse_twin(store, twin);
    if (!make_room(store))
        return no_memory;
    wrong = add_position(store, record);
    if (wrong)
        return wrong;
    if (dump_type_is_object(record->type) && !tape_write(&store->tape, record))
        return no_memory;
    entry = &store->entries[store->count];
    entry->address = record->address;
    entry->line = (uint32_t)record->line;
    entry->type = (uint8_t)record->type;
    entry->is_dropped = false;
    store->count++;
    store->table[table_index(store, record->address)] = (uint32_t)store->count;
    count_line(store, record);
    return NULL;
}

static bool
copy_root(struct dump_root *root, const struct dump_record *record)
{
    size_t bytes = record->reference_count * sizeof *root->words;

    root->line = record->line;
    root->count = record->reference_count;
    root->category =
        strndup(record->text + record->root.at, record->root.length);
    root->words = malloc(bytes + !bytes);
    if (!root->category || !root->words) {
        free(root->category);
        free(root->words);
        return false;
    }
    if (bytes)
        memcpy(root->words, record->references, bytes);
    return true;
}

static const char *
add_root(struct dump_store *store, const struct dump_record *record)
{
    size_t bytes = (store->root_count + 1) * sizeof *store->roots;
    struct dump_root *roots = realloc(store->roots, bytes);

    if (!roots)
        return no_memory;
    store->roots = roots;
    if (!copy_root(&roots[store->root_count], record))
        return no_memory;
    store->root_count++;
    return NULL;
}

const char *
dump_store_add(struct dump_store *store, const struct dump_record *record)
{
    if (record->type == DUMP_ROOT)
        return add_root(store, record);
    if (record->type == DUMP_SHAPE) {
        store->shape_lines++;
        return NULL;
    }
    return add_entry(store, record);
}

void
dump_store_drop(struct dump_store *store, size_t i)
{
    struct dump_entry *entry = &store->entries[i];

    if (dump_entry_is_object(entry))
        store->objects--;
    entry->is_dropped = true;
}

// --- giving back -------------------------------------------------------------

void
dump_store_free(struct dump_store *store)
{
    free(store->entries);
    free(store->positions);
    free(store->table);
    tape_free(&store->tape);
    store->entries = NULL;
    store->positions = NULL;
    store->table = NULL;
}

void
dump_roots_free(struct dump_root *roots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(roots[i].category);
        free(roots[i].words);
    }
    free(roots);
}
