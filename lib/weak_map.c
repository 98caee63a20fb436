// SPDX-License-Identifier: MIT
/*
 * weak_map - weak maps, as programs use them.
 *
 * The embedder's hash and equality functions, and what he does for each entry,
 * may do anything: allocate, collect, change this very map, leave by longjmp.
 * So while they run
 *   - the owner of the map, the key, the value, and the key that is compared
 *     with are held by handles, and read through these afterwards;
 *   - nothing is half done;
 *   - a place in the map is the number of an entry, never a position.  Keys
 *     with one code are tried in the order of their numbers; so a search goes
 *     on after such a call, whatever has happened, and ends.
 * By identity nobody is called, so nothing is held.
 */
#include "config.h"

#include "know.h"

#include <rheap/roots.h>

// ---- operands that stay alive ----

enum {
    OWNER,
    KEY,
    VALUE,
    THERE, // the key that is compared with
    OPERANDS
};

struct operands {
    struct rh_heap *heap;
    struct rh_weak_map *map;
    size_t scope;
    void *local[OPERANDS];
    void **at[OPERANDS]; // into `local`, or handles
};

static bool
operands_hold(struct operands *operands)
{
    for (int i = 0; i < OPERANDS; i++) {
        operands->at[i] = rh_scope_hold(operands->heap, operands->local[i]);
        if (!operands->at[i]) {
            rh_scope_restore(operands->heap, operands->scope);
            return false;
        }
    }
    return true;
}

static bool
operands_begin(struct operands *operands, struct rh_heap *heap,
               struct rh_weak_map *map, void *key, void *value)
{
    rhi_know_object(heap, key);
    rhi_know_object(heap, value);
    operands->heap = heap;
    operands->map = map;
    operands->scope = rh_scope_save(heap);
    operands->local[OWNER] = map->owner;
    operands->local[KEY] = key;
    operands->local[VALUE] = value;
    operands->local[THERE] = NULL;
    for (int i = 0; i < OPERANDS; i++)
        operands->at[i] = &operands->local[i];
    return !map->type || operands_hold(operands);
}

static void
operands_end(struct operands *operands)
{
    rh_scope_restore(operands->heap, operands->scope);
}

// ---- searching ----

static uint32_t
search_code(const struct operands *operands)
{
    const struct rh_weak_type *type = operands->map->type;
    uint64_t code;

    if (!type)
        return rhi_roster_code(*operands->at[KEY]);
    code = type->hash(operands->heap, *operands->at[KEY]);
    return (uint32_t)(code ^ code >> 32);
}

static bool
search_compare(const struct operands *operands, uint32_t position)
{
    const struct rh_weak_map *map = operands->map;

    *operands->at[THERE] = rhi_pairs_at(map, position)->key.entry.object;
    if (*operands->at[THERE] == *operands->at[KEY])
        return true;
    return map->type && map->type->equal(operands->heap, *operands->at[THERE],
                                         *operands->at[KEY]);
}

// The position of the key, or RHI_NOWHERE.
static uint32_t
search(const struct operands *operands, uint32_t code)
{
    struct rh_weak_map *map = operands->map;
    uint64_t number = 0;
    uint32_t position;

    while ((position = rhi_pairs_candidate(map, code, number)) != RHI_NOWHERE) {
        number = rhi_pairs_at(map, position)->key.number;
        if (search_compare(operands, position)) {
            position = rhi_pairs_again(map, position, number);
            if (position != RHI_NOWHERE)
                return position;
        }
        number++;
    }
    return RHI_NOWHERE;
}

// Find the key among the pairs; its position in *position.
static enum rh_status
find(struct operands *operands, uint32_t *position)
{
    *position = search(operands, search_code(operands));
    return *position == RHI_NOWHERE ? RH_NOT_FOUND : RH_OK;
}

// ---- what programs call ----

struct rh_weak_map *
rh_weak_map_new(struct rh_heap *heap, enum rh_weak_kind kind,
                const struct rh_weak_type *type, void *owner)
{
    rhi_know_object(heap, owner);
    if (!rhi_region_covers(&heap->region, (uintptr_t)owner))
        owner = NULL;
    return rhi_weak_map_new(&heap->weak, kind, type, owner);
}

void
rh_weak_map_free(struct rh_heap *heap, struct rh_weak_map *map)
{
    if (map)
        rhi_weak_map_free(&heap->weak, map);
}

size_t
rh_weak_map_size(const struct rh_weak_map *map)
{
    return rhi_roster_size(&map->roster);
}

void *
rh_weak_map_owner(const struct rh_weak_map *map)
{
    return map->owner;
}

enum rh_status
rh_weak_map_get(struct rh_heap *heap, struct rh_weak_map *map, void *key,
                void **value)
{
    struct operands operands;
    enum rh_status status;
    uint32_t position;

    if (!operands_begin(&operands, heap, map, key, NULL))
        return RH_NO_MEMORY;
    status = find(&operands, &position);
    if (status == RH_OK && value)
        *value = rhi_pairs_at(map, position)->value;
    operands_end(&operands);
    return status;
}

enum rh_status
rh_weak_map_key(struct rh_heap *heap, struct rh_weak_map *map, void *key,
                void **found)
{
    struct operands operands;
    enum rh_status status;
    uint32_t position;

    if (!operands_begin(&operands, heap, map, key, NULL))
        return RH_NO_MEMORY;
    status = find(&operands, &position);
    if (status == RH_OK && found)
        *found = rhi_pairs_at(map, position)->key.entry.object;
    operands_end(&operands);
    return status;
}

static enum rh_status
put(struct operands *operands)
{
    struct rh_heap *heap = operands->heap;
    struct rh_weak_map *map = operands->map;
    uint32_t code = search_code(operands);
    uint32_t position = search(operands, code);
    void *value = *operands->at[VALUE];

    if (position != RHI_NOWHERE)
        rhi_weak_map_set_value(&heap->weak, map, position, value);
    else if (!rhi_weak_map_add(&heap->weak, map, *operands->at[KEY], value,
                               code))
        return RH_NO_MEMORY;
    return RH_OK;
}

enum rh_status
rh_weak_map_set(struct rh_heap *heap, struct rh_weak_map *map, void *key,
                void *value)
{
    struct operands operands;
    enum rh_status status;

    if (!operands_begin(&operands, heap, map, key, value))
        return RH_NO_MEMORY;
    status = put(&operands);
    operands_end(&operands);
    return status;
}

enum rh_status
rh_weak_map_delete(struct rh_heap *heap, struct rh_weak_map *map, void *key,
                   void **value)
{
    struct operands operands;
    enum rh_status status;
    uint32_t position;

    if (!operands_begin(&operands, heap, map, key, NULL))
        return RH_NO_MEMORY;
    status = find(&operands, &position);
    if (status == RH_OK) {
        if (value)
            *value = rhi_pairs_at(map, position)->value;
        rhi_pairs_cut(map, position);
    }
    operands_end(&operands);
    return status;
}

void
rh_weak_map_clear(struct rh_heap *heap, struct rh_weak_map *map)
{
    rhi_know_time(heap);
    rhi_weak_map_clear(&heap->weak, map);
}

// Entries come with ascending numbers; those from `end` on are new.
static enum rh_status
each(struct operands *operands, rh_weak_each_fn fn, void *context)
{
    struct rh_weak_map *map = operands->map;
    uint64_t end = map->next_number;
    uint64_t number = 0;
    uint32_t position;

    while ((position = rhi_pairs_from(map, number)) != RHI_NOWHERE) {
        const struct rhi_weak_pair *pair = rhi_pairs_at(map, position);

        number = pair->key.number + 1;
        if (number > end)
            break;
        *operands->at[KEY] = pair->key.entry.object;
        *operands->at[VALUE] = pair->value;
        if (!fn(operands->heap, *operands->at[KEY], *operands->at[VALUE],
                context))
            return RH_STOPPED;
    }
    return RH_OK;
}

enum rh_status
rh_weak_map_each(struct rh_heap *heap, struct rh_weak_map *map,
                 rh_weak_each_fn fn, void *context)
{
    struct operands operands;
    enum rh_status status;

    if (!operands_begin(&operands, heap, map, NULL, NULL) ||
        (!map->type && !operands_hold(&operands)))
        return RH_NO_MEMORY;
    status = each(&operands, fn, context);
    operands_end(&operands);
    return status;
}
