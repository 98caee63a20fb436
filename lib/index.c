// SPDX-License-Identifier: MIT
#include "config.h"

#include "index.h"

#include <string.h>

enum {
    LEAST_CELLS = 16
};

void
rhi_index_init(struct rhi_index *index, struct rhi_meter *meter)
{
    *index = (struct rhi_index){ .meter = meter };
}

void
rhi_index_fini(struct rhi_index *index)
{
    rhi_meter_free(index->meter, index->cells, index->capacity,
                   sizeof *index->cells);
    rhi_index_init(index, index->meter);
}

static size_t
index_home(const struct rhi_index *index, uint32_t code)
{
    uint64_t mixed = code * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(mixed >> (__builtin_clzll(index->capacity) + 1));
}

static size_t
index_after(const struct rhi_index *index, size_t cell)
{
    return (cell + 1) & (index->capacity - 1);
}

void
rhi_index_add(struct rhi_index *index, uint32_t code, uint32_t position)
{
    size_t cell = index_home(index, code);

    while (index->cells[cell].number)
        cell = index_after(index, cell);
    index->cells[cell] = (struct rhi_cell){ code, position + 1 };
    index->used++;
}

bool
rhi_index_reserve(struct rhi_index *index, size_t count)
{
    struct rhi_index larger = { .meter = index->meter,
                                .capacity =
                                    rhi_max(index->capacity, LEAST_CELLS) };

    while (larger.capacity / 4 * 3 < count)
        larger.capacity *= 2;
    if (larger.capacity == index->capacity)
        return true;
    larger.cells =
        rhi_meter_new(index->meter, larger.capacity, sizeof *larger.cells);
    if (!larger.cells)
        return false;
    for (size_t i = 0; index->used > 0 && i < index->capacity; i++)
        if (index->cells[i].number)
            rhi_index_add(&larger, index->cells[i].code,
                          index->cells[i].number - 1);
    rhi_index_fini(index);
    *index = larger;
    return true;
}

static size_t
index_cell(const struct rhi_index *index, uint32_t code, uint32_t position)
{
    size_t cell = index_home(index, code);

    while (index->cells[cell].code != code ||
           index->cells[cell].number != position + 1) {
        RHI_ASSERT(index->meter->panic, index->cells[cell].number); // I1
        cell = index_after(index, cell);
    }
    return cell;
}

void
rhi_index_remove(struct rhi_index *index, uint32_t code, uint32_t position)
{
    size_t mask = index->capacity - 1;
    size_t gap = index_cell(index, code, position);

    for (size_t i = index_after(index, gap); index->cells[i].number;
         i = index_after(index, i)) {
        size_t home = index_home(index, index->cells[i].code);

        if (((i - home) & mask) >= ((i - gap) & mask)) {
            index->cells[gap] = index->cells[i];
            gap = i;
        }
    }
    index->cells[gap] = (struct rhi_cell){ 0, 0 };
    index->used--;
}

void
rhi_index_move(struct rhi_index *index, uint32_t code, uint32_t from,
               uint32_t to)
{
    index->cells[index_cell(index, code, from)].number = to + 1;
}

void
rhi_index_clear(struct rhi_index *index)
{
    if (index->used)
        memset(index->cells, 0, index->capacity * sizeof *index->cells);
    index->used = 0;
}

uint32_t
rhi_search_first(struct rhi_search *search, const struct rhi_index *index,
                 uint32_t code)
{
    if (index->used == 0)
        return RHI_NOWHERE;
    *search = (struct rhi_search){ code, index_home(index, code) };
    return rhi_search_next(search, index);
}

uint32_t
rhi_search_next(struct rhi_search *search, const struct rhi_index *index)
{
    for (;;) {
        struct rhi_cell cell = index->cells[search->cell];

        if (!cell.number)
            return RHI_NOWHERE;
        search->cell = index_after(index, search->cell);
        if (cell.code == search->code)
            return cell.number - 1;
    }
}

static bool
index_is_found(const struct rhi_index *index, size_t cell)
{
    size_t i = index_home(index, index->cells[cell].code);

    while (i != cell && index->cells[i].number)
        i = index_after(index, i);
    return i == cell;
}

const char *
rhi_index_check(const struct rhi_index *index)
{
    size_t used = 0;

    if (index->used > index->capacity / 4 * 3)
        return "I1";
    for (size_t i = 0; i < index->capacity; i++) {
        if (!index->cells[i].number)
            continue;
        used++;
        if (used > index->used || !index_is_found(index, i))
            return "I1";
    }
    return used == index->used ? NULL : "I1";
}
