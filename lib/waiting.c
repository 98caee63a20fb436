// SPDX-License-Identifier: MIT
#include "config.h"

#include "waiting.h"

#include <string.h>

enum {
    LEAST_CELLS = 16
};

void
rhi_waiting_init(struct rhi_waiting *waiting, struct rhi_meter *meter)
{
    *waiting = (struct rhi_waiting){ .meter = meter };
}

static void
waiting_free(struct rhi_waiting *waiting)
{
    rhi_meter_free(waiting->meter, waiting->cells, waiting->capacity,
                   sizeof *waiting->cells);
}

void
rhi_waiting_fini(struct rhi_waiting *waiting)
{
    waiting_free(waiting);
    rhi_waiting_init(waiting, waiting->meter);
}

// Nobody waits now, so there is nothing to carry over.
static bool
waiting_grow(struct rhi_waiting *waiting)
{
    size_t capacity = rhi_max(2 * waiting->capacity, LEAST_CELLS);
    uintptr_t *cells = rhi_meter_new(waiting->meter, capacity, sizeof *cells);

    if (!cells)
        return false;
    waiting_free(waiting);
    waiting->cells = cells;
    waiting->capacity = capacity;
    return true;
}

bool
rhi_waiting_register(struct rhi_waiting *waiting)
{
    if (2 * (waiting->places + 1) > waiting->capacity && !waiting_grow(waiting))
        return false;
    waiting->places++;
    return true;
}

void
rhi_waiting_unregister(struct rhi_waiting *waiting, size_t places)
{
    waiting->places -= places;
}

static size_t
waiting_home(const struct rhi_waiting *waiting, const void *object)
{
    uint64_t mixed = (uint64_t)(uintptr_t)object * 0x9e3779b97f4a7c15;

    return (size_t)(mixed >> 32) & (waiting->capacity - 1);
}

void
rhi_waiting_add(struct rhi_waiting *waiting, void **place, unsigned kind)
{
    size_t cell = waiting_home(waiting, *place);

    RHI_ASSERT(waiting->meter->panic, waiting->count < waiting->places); // L4
    while (waiting->cells[cell])
        cell = (cell + 1) & (waiting->capacity - 1);
    waiting->cells[cell] = (uintptr_t)place | kind;
    waiting->count++;
}

void
rhi_waiting_tell(const struct rhi_waiting *waiting, const void *object,
                 rhi_arrival_fn fn, void *context)
{
    size_t cell;

    if (waiting->count == 0)
        return;
    for (cell = waiting_home(waiting, object); waiting->cells[cell];
         cell = (cell + 1) & (waiting->capacity - 1)) {
        uintptr_t word = waiting->cells[cell];
        void **place = (void **)(word & ~(uintptr_t)1);

        if (*place == object)
            fn(place, word & 1, context);
    }
}

void
rhi_waiting_clear(struct rhi_waiting *waiting)
{
    if (waiting->count)
        memset(waiting->cells, 0, waiting->capacity * sizeof *waiting->cells);
    waiting->count = 0;
}

const char *
rhi_waiting_check(const struct rhi_waiting *waiting)
{
    if (waiting->count || 2 * waiting->places > waiting->capacity)
        return "L4";
    for (size_t cell = 0; cell < waiting->capacity; cell++)
        if (waiting->cells[cell])
            return "L4";
    return NULL;
}
