// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/table.h"

#include <string.h>

size_t
rhi_table_bytes(uint32_t capacity)
{
    size_t cells = capacity > RHI_TABLE_LINEAR ? (size_t)capacity * 2 : 0;

    return sizeof(struct rhi_table) +
           capacity * (sizeof(struct rhi_pair_entry) + 2 * sizeof(uint32_t)) +
           cells * sizeof(uint32_t);
}

uint32_t
rhi_table_capacity_for(size_t count)
{
    size_t capacity = RHI_TABLE_LINEAR;

    if (count > RHI_TABLE_MAX / 4 * 3)
        return 0;
    if (count > RHI_TABLE_LINEAR)
        while (capacity / 4 * 3 < count)
            capacity *= 2;
    return (uint32_t)capacity;
}

static void
table_clear_cells(struct rhi_table *table)
{
    memset(rhi_table_cells(table), 0,
           rhi_table_cell_count(table) * sizeof(uint32_t));
}

void
rhi_table_init(struct rhi_table *table, uint32_t capacity, uint64_t epoch,
               uint64_t serial)
{
    *table = (struct rhi_table){
        .capacity = capacity,
        .epoch = epoch,
        .serial = serial,
    };
    table_clear_cells(table);
}

// The cell at which a code is looked for first: the high bits of a product,
// since the low bits of an embedder's hashes may be poor.
static uint32_t
table_home(const struct rhi_table *table, uint32_t code)
{
    return (uint32_t)((code * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
           (rhi_table_cell_count(table) - 1);
}

static void
table_index(struct rhi_table *table, uint32_t position)
{
    uint32_t *cells = rhi_table_cells(table);
    uint32_t mask = rhi_table_cell_count(table) - 1;
    uint32_t cell = table_home(table, rhi_table_codes(table)[position]);

    while (cells[cell])
        cell = (cell + 1) & mask;
    cells[cell] = position + 1;
}

void
rhi_table_add(struct rhi_table *table, uint32_t code, uint32_t number,
              rh_value key, rh_value value)
{
    uint32_t position = table->bound++;

    table->pairs[position] = (struct rhi_pair_entry){ key, value };
    rhi_table_codes(table)[position] = code;
    rhi_table_numbers(table)[position] = number;
    table->next = number + 1;
    table->size++;
    table->changes++;
    if (rhi_table_cell_count(table))
        table_index(table, position);
}

void
rhi_table_reindex(struct rhi_table *table)
{
    if (!rhi_table_cell_count(table))
        return;
    table_clear_cells(table);
    for (uint32_t i = 0; i < table->bound; i++)
        if (table->pairs[i].key != RH_UNDEF)
            table_index(table, i);
}

void
rhi_table_cut(struct rhi_table *table, uint32_t position)
{
    table->pairs[position] = (struct rhi_pair_entry){ RH_UNDEF, RH_UNDEF };
    table->size--;
    table->changes++;
}

void
rhi_table_copy(struct rhi_table *to, struct rhi_table *from)
{
    const uint32_t *codes = rhi_table_codes(from);
    const uint32_t *numbers = rhi_table_numbers(from);
    bool same_epoch = from->next < UINT32_MAX - 1;

    for (uint32_t i = 0; i < from->bound; i++)
        if (from->pairs[i].key != RH_UNDEF)
            rhi_table_add(to, codes[i], same_epoch ? numbers[i] : to->next,
                          from->pairs[i].key, from->pairs[i].value);
    if (same_epoch) {
        to->epoch = from->epoch;
        to->next = from->next;
    }
    to->changes = from->changes;
}

uint32_t
rhi_table_seek(struct rhi_table *table, uint32_t number)
{
    const uint32_t *numbers = rhi_table_numbers(table);
    uint32_t low = 0;
    uint32_t high = table->bound;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
rhi_probe_begin(struct rhi_probe *probe, uint32_t code)
{
    *probe = (struct rhi_probe){ .code = code };
}

static bool
probe_has(struct rhi_probe *probe, struct rhi_table *table, uint32_t position)
{
    if (rhi_table_codes(table)[position] != probe->code ||
        table->pairs[position].key == RH_UNDEF)
        return false;
    probe->position = position;
    return true;
}

static bool
probe_next_entry(struct rhi_probe *probe, struct rhi_table *table)
{
    while (probe->step < table->bound)
        if (probe_has(probe, table, probe->step++))
            return true;
    return false;
}

bool
rhi_probe_next(struct rhi_probe *probe, struct rhi_table *table)
{
    const uint32_t *cells = rhi_table_cells(table);
    uint32_t mask = rhi_table_cell_count(table) - 1;
    uint32_t home;

    if (!rhi_table_cell_count(table))
        return probe_next_entry(probe, table);
    home = table_home(table, probe->code);
    for (;;) {
        uint32_t position = cells[(home + probe->step) & mask];

        if (!position)
            return false;
        probe->step++;
        if (probe_has(probe, table, position - 1))
            return true;
    }
}

// Whether an entry can be found from its code.
static bool
table_finds(struct rhi_table *table, uint32_t position)
{
    struct rhi_probe probe;

    rhi_probe_begin(&probe, rhi_table_codes(table)[position]);
    while (rhi_probe_next(&probe, table))
        if (probe.position == position)
            return true;
    return false;
}

rhi_finding
rhi_table_check(struct rhi_table *table)
{
    const uint32_t *numbers = rhi_table_numbers(table);
    uint32_t size = 0;

    if (table->bound > table->capacity)
        return "Y2: a hash table has more entries than room";
    for (uint32_t i = 0; i < table->bound; i++) {
        if (i > 0 && numbers[i] <= numbers[i - 1])
            return "Y6: entries of a hash table are out of order";
        if (table->pairs[i].key == RH_UNDEF)
            continue;
        size++;
        if (!table_finds(table, i))
            return "Y6: an entry of a hash table cannot be found";
    }
    if (table->bound && table->next <= numbers[table->bound - 1])
        return "Y6: a number of a hash table was given twice";
    return size == table->size ? NULL : "Y6: a hash table miscounts";
}
