// SPDX-License-Identifier: MIT
#include "config.h"

#include "roots.h"

#include "os.h"

enum {
    HANDLE_STEP_BYTES = 64 << 10, // least commit of the handle stack
    PIECE = 256                   // words between two pauses
};

bool
rhi_roots_init(struct rhi_roots *roots, struct rh_fast *fast,
               struct rhi_meter *meter, const struct rh_config *config)
{
    const struct rh_memory *memory = &config->memory;
    size_t os_page =
        memory->page_bytes ? memory->page_bytes : rhi_os_page_bytes();
    size_t step = rhi_round_up(HANDLE_STEP_BYTES, os_page);
    size_t bytes = rhi_round_up(rhi_max(config->handle_bytes, step), step);

    *roots = (struct rhi_roots){
        .fast = fast,
        .meter = meter,
        .memory = *memory,
        .handle_step = step,
    };
    // As large as the system allows, under a tight limit of address space.
    while (
        !(roots->handles = memory->reserve(memory->context, bytes, os_page))) {
        if (bytes == step)
            return false;
        bytes = rhi_round_up(bytes / 2, step);
    }
    roots->max_handles = bytes / sizeof(void *);
    fast->handle_top = fast->handle_end = roots->handles;
    return true;
}

void
rhi_roots_fini(struct rhi_roots *roots)
{
    rhi_meter_free(roots->meter, roots->addresses, roots->address_capacity,
                   sizeof *roots->addresses);
    rhi_meter_free(roots->meter, roots->ranges, roots->range_capacity,
                   sizeof *roots->ranges);
    rhi_meter_free(roots->meter, roots->callbacks, roots->callback_capacity,
                   sizeof *roots->callbacks);
    if (roots->handles)
        roots->memory.unreserve(roots->memory.context, roots->handles,
                                roots->max_handles * sizeof(void *));
    roots->handles = NULL;
}

// Room for one more item in a table that doubles.
static void *
table_make_room(struct rhi_meter *meter, void *table, size_t count,
                size_t *capacity, size_t item_bytes)
{
    size_t larger = *capacity ? 2 * *capacity : 8;

    if (count < *capacity)
        return table;
    table = rhi_meter_grow(meter, table, *capacity, larger, item_bytes);
    if (table)
        *capacity = larger;
    return table;
}

static enum rh_status
ranges_push(struct rhi_meter *meter, struct rhi_root_range **table,
            size_t *count, size_t *capacity, struct rhi_root_range range)
{
    struct rhi_root_range *room =
        table_make_room(meter, *table, *count, capacity, sizeof **table);

    if (!room)
        return RH_NO_MEMORY;
    *table = room;
    room[(*count)++] = range;
    return RH_OK;
}

// The latest first: roots come and go like a stack more often than not.
static enum rh_status
ranges_take(struct rhi_root_range *table, size_t *count, const void *first)
{
    for (size_t i = *count; i-- > 0;) {
        if (table[i].first != first)
            continue;
        for (--*count; i < *count; i++)
            table[i] = table[i + 1];
        return RH_OK;
    }
    return RH_NOT_FOUND;
}

enum rh_status
rhi_roots_add(struct rhi_roots *roots, void *address)
{
    return ranges_push(roots->meter, &roots->addresses, &roots->address_count,
                       &roots->address_capacity,
                       (struct rhi_root_range){ "addresses", address, 1 });
}

enum rh_status
rhi_roots_remove(struct rhi_roots *roots, void *address)
{
    return ranges_take(roots->addresses, &roots->address_count, address);
}

enum rh_status
rhi_roots_add_range(struct rhi_roots *roots, struct rhi_root_range range)
{
    return ranges_push(roots->meter, &roots->ranges, &roots->range_count,
                       &roots->range_capacity, range);
}

enum rh_status
rhi_roots_remove_range(struct rhi_roots *roots, void *first)
{
    return ranges_take(roots->ranges, &roots->range_count, first);
}

enum rh_status
rhi_roots_add_callback(struct rhi_roots *roots,
                       struct rhi_root_callback callback)
{
    struct rhi_root_callback *room =
        table_make_room(roots->meter, roots->callbacks, roots->callback_count,
                        &roots->callback_capacity, sizeof *roots->callbacks);

    if (!room)
        return RH_NO_MEMORY;
    roots->callbacks = room;
    room[roots->callback_count++] = callback;
    return RH_OK;
}

enum rh_status
rhi_roots_remove_callback(struct rhi_roots *roots, rh_root_fn trace,
                          void *context)
{
    struct rhi_root_callback *callbacks = roots->callbacks;

    for (size_t i = roots->callback_count; i-- > 0;) {
        if (callbacks[i].trace != trace || callbacks[i].context != context)
            continue;
        for (roots->callback_count--; i < roots->callback_count; i++)
            callbacks[i] = callbacks[i + 1];
        return RH_OK;
    }
    return RH_NOT_FOUND;
}

bool
rhi_roots_grow_handles(struct rhi_roots *roots)
{
    struct rh_memory *memory = &roots->memory;
    struct rh_fast *fast = roots->fast;
    size_t now = (size_t)(fast->handle_end - roots->handles) * sizeof(void *);
    size_t max = roots->max_handles * sizeof(void *);
    size_t step = rhi_min(rhi_max(now, roots->handle_step), max - now);

    if (step == 0 || !memory->commit(memory->context, fast->handle_end, step))
        return false;
    fast->handle_end += step / sizeof(void *);
    return true;
}

// A visit under way.
struct root_visit {
    struct rh_visitor *visitor;
    const struct rhi_root_observer *observer;
    size_t since_pause; // words visited
};

static void
visit_enter(struct root_visit *visit, const char *category)
{
    if (visit->observer->enter)
        visit->observer->enter(category, visit->observer->context);
}

static void
visit_pause(struct root_visit *visit)
{
    visit->since_pause = 0;
    if (visit->observer->pause)
        visit->observer->pause(visit->observer->context);
}

static void
visit_range(struct root_visit *visit, const struct rhi_root_range *range)
{
    void **word = range->first;

    visit_enter(visit, range->category);
    for (size_t i = 0; i < range->count; i++) {
        rh_visit(visit->visitor, &word[i]);
        if (++visit->since_pause == PIECE)
            visit_pause(visit);
    }
}

// Handles hold plain addresses of slots, whatever the model's encoding is.
static void
visit_handles(struct root_visit *visit, void **handles, size_t count)
{
    visit_enter(visit, "handles");
    for (size_t i = 0; i < count; i++) {
        rh_visit_pointer(visit->visitor, &handles[i]);
        if (++visit->since_pause == PIECE)
            visit_pause(visit);
    }
}

static void
visit_callback(struct root_visit *visit,
               const struct rhi_root_callback *callback)
{
    visit_enter(visit, callback->category);
    callback->trace(visit->visitor, callback->context);
    visit_pause(visit);
}

void
rhi_roots_visit(struct rhi_roots *roots, struct rh_visitor *visitor,
                const struct rhi_root_observer *observer)
{
    struct root_visit visit = { visitor, observer, 0 };
    size_t handle_count = rhi_roots_handle_count(roots);

    if (handle_count > roots->handle_peak)
        roots->handle_peak = handle_count;
    for (size_t i = 0; i < roots->address_count; i++)
        visit_range(&visit, &roots->addresses[i]);
    for (size_t i = 0; i < roots->range_count; i++)
        visit_range(&visit, &roots->ranges[i]);
    visit_handles(&visit, roots->handles, handle_count);
    for (size_t i = 0; i < roots->callback_count; i++)
        visit_callback(&visit, &roots->callbacks[i]);
}

const char *
rhi_roots_check(const struct rhi_roots *roots)
{
    const struct rh_fast *fast = roots->fast;

    if (!roots->handles) // of a heap that did not come about
        return fast->handle_top ? "T1" : NULL;
    if (fast->handle_top < roots->handles ||
        fast->handle_top > fast->handle_end ||
        fast->handle_end > roots->handles + roots->max_handles)
        return "T1";
    return NULL;
}
