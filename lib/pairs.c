// SPDX-License-Identifier: MIT
#include "config.h"

#include "pairs.h"

enum {
    TOUCHED = 1 // link of an entry
};

void
rhi_pairs_init(struct rh_weak_map *map, struct rhi_region *region,
               struct rhi_meter *meter, struct rhi_waiting *waiting)
{
    rhi_ring_init(&map->link);
    rhi_ring_init(&map->young);
    map->region = region;
    map->waiting = waiting;
    rhi_roster_init(&map->roster, region, meter, sizeof(struct rhi_weak_pair),
                    map->type ? 0 : RHI_ROSTER_BY_ADDRESS);
}

// The places that wait in an ephemeron map: one for each entry.
static void
pairs_unregister(struct rh_weak_map *map, size_t count)
{
    if (map->kind == RH_WEAK_KEY)
        rhi_waiting_unregister(map->waiting, count);
}

void
rhi_pairs_fini(struct rh_weak_map *map)
{
    pairs_unregister(map, rhi_roster_size(&map->roster));
    rhi_meter_free(map->roster.meter, map->touched, map->touched_capacity,
                   sizeof *map->touched);
    rhi_roster_fini(&map->roster);
    map->touched = NULL;
    map->touched_count = map->touched_capacity = 0;
}

// ---- coming ----

// After gaps were closed the list has the wrong positions.
static void
touched_find_again(struct rh_weak_map *map)
{
    map->touched_count = 0;
    for (uint32_t i = 0; i < map->roster.old_count; i++)
        if (rhi_roster_at(&map->roster, i)->link == TOUCHED)
            map->touched[map->touched_count++] = i;
}

static bool
touched_make_room(struct rh_weak_map *map)
{
    uint32_t capacity = map->roster.capacity;
    uint32_t *larger;

    if (capacity <= map->touched_capacity)
        return true;
    larger =
        rhi_meter_grow(map->roster.meter, map->touched, map->touched_capacity,
                       capacity, sizeof *map->touched);
    if (!larger)
        return false;
    map->touched = larger;
    map->touched_capacity = capacity;
    return true;
}

static bool
pairs_make_room(struct rh_weak_map *map)
{
    uint32_t closings = map->roster.closings;
    bool room = rhi_roster_reserve(&map->roster, 1);

    if (map->roster.closings != closings)
        touched_find_again(map);
    return room && touched_make_room(map) && rhi_roster_index(&map->roster, 1);
}

bool
rhi_pairs_add(struct rh_weak_map *map, void *key, void *value, uint32_t code)
{
    struct rhi_weak_pair *pair;

    if (!pairs_make_room(map) ||
        (map->kind == RH_WEAK_KEY && !rhi_waiting_register(map->waiting)))
        return false;
    pair = rhi_pairs_at(map, rhi_roster_add(&map->roster, key, code));
    pair->key.number = map->next_number++;
    pair->value = value;
    rhi_word_set_special(map->region, key);
    rhi_word_set_special(map->region, value);
    return rhi_roster_index(&map->roster, 0); // there is room
}

void
rhi_pairs_set_value(struct rh_weak_map *map, uint32_t position, void *value)
{
    struct rhi_weak_pair *pair = rhi_pairs_at(map, position);

    pair->value = value;
    rhi_word_set_special(map->region, value);
    if (position >= map->roster.old_count || pair->key.entry.link == TOUCHED ||
        rhi_word_is_old(map->region, value))
        return;
    pair->key.entry.link = TOUCHED;
    map->touched[map->touched_count++] = position;
}

void
rhi_pairs_cut(struct rh_weak_map *map, uint32_t position)
{
    rhi_roster_cut(&map->roster, position);
    pairs_unregister(map, 1);
}

// ---- searching ----

uint32_t
rhi_pairs_from(const struct rh_weak_map *map, uint64_t number)
{
    const struct rhi_roster *roster = &map->roster;
    uint32_t i = rhi_roster_seek(roster, number);

    while (i < roster->count && rhi_roster_at(roster, i)->link == RHI_GAP)
        i++;
    return i < roster->count ? i : RHI_NOWHERE;
}

static bool
pair_is_at(const struct rh_weak_map *map, uint32_t position, uint64_t number)
{
    return position < map->roster.count &&
           rhi_pairs_at(map, position)->key.number == number &&
           rhi_roster_at(&map->roster, position)->link != RHI_GAP;
}

uint32_t
rhi_pairs_again(const struct rh_weak_map *map, uint32_t position,
                uint64_t number)
{
    if (pair_is_at(map, position, number)) // it has not moved
        return position;
    position = rhi_roster_seek(&map->roster, number);
    return pair_is_at(map, position, number) ? position : RHI_NOWHERE;
}

uint32_t
rhi_pairs_candidate(const struct rh_weak_map *map, uint32_t code,
                    uint64_t number)
{
    struct rhi_search search;
    uint32_t best = RHI_NOWHERE;
    uint32_t i;

    for (i = rhi_search_first(&search, &map->roster.index, code);
         i != RHI_NOWHERE; i = rhi_search_next(&search, &map->roster.index))
        if (i < best && rhi_pairs_at(map, i)->key.number >= number)
            best = i;
    return best;
}

// ---- collecting ----

static size_t
visit_range(struct rh_weak_map *map, uint32_t first, rhi_pair_fn fn,
            void *context)
{
    size_t seen = 0;

    for (uint32_t i = first; i < map->roster.count; i++) {
        if (rhi_roster_at(&map->roster, i)->link == RHI_GAP)
            continue;
        fn(map, i, context);
        seen++;
    }
    return seen;
}

static size_t
visit_touched(struct rh_weak_map *map, rhi_pair_fn fn, void *context)
{
    size_t seen = 0;

    for (uint32_t i = 0; i < map->touched_count; i++) {
        uint32_t position = map->touched[i];

        if (rhi_roster_at(&map->roster, position)->link == RHI_GAP)
            continue;
        fn(map, position, context);
        seen++;
    }
    return seen;
}

size_t
rhi_pairs_visit(struct rh_weak_map *map, bool minor, rhi_pair_fn fn,
                void *context)
{
    if (!minor)
        return visit_range(map, 0, fn, context);
    return visit_touched(map, fn, context) +
           visit_range(map, map->roster.old_count, fn, context);
}

void
rhi_pairs_grow_old(struct rh_weak_map *map, bool minor)
{
    for (uint32_t i = 0; i < map->touched_count; i++) {
        struct rhi_entry *entry = rhi_roster_at(&map->roster, map->touched[i]);

        if (entry->link == TOUCHED)
            entry->link = 0;
    }
    map->touched_count = 0;
    rhi_roster_grow_old(&map->roster, minor);
}

void
rhi_pairs_moved(struct rh_weak_map *map, rhi_forward_fn forward, void *context)
{
    rhi_roster_moved(&map->roster, forward, context);
    for (uint32_t i = 0; i < map->roster.count; i++) {
        struct rhi_weak_pair *pair = rhi_pairs_at(map, i);

        if (pair->key.entry.link != RHI_GAP &&
            rhi_region_covers(map->region, (uintptr_t)pair->value))
            pair->value = forward(context, pair->value);
    }
}

// ---- checking ----

static const char *
pair_check(const struct rh_weak_map *map, uint32_t position)
{
    const struct rhi_weak_pair *pair = rhi_pairs_at(map, position);
    const struct rhi_region *region = map->region;
    bool gap = pair->key.entry.link == RHI_GAP;

    if (pair->key.number >= map->next_number ||
        (position > 0 &&
         rhi_pairs_at(map, position - 1)->key.number >= pair->key.number))
        return "W2";
    if (gap)
        return NULL;
    if (!rhi_word_is_sound(region, pair->value))
        return "W2";
    if (position < map->roster.old_count && pair->key.entry.link != TOUCHED &&
        (!rhi_word_is_old(region, pair->key.entry.object) ||
         !rhi_word_is_old(region, pair->value)))
        return "W3";
    return NULL;
}

const char *
rhi_pairs_check(const struct rh_weak_map *map)
{
    const char *broken = rhi_roster_check(&map->roster);

    if (!broken && (map->touched_count > map->touched_capacity ||
                    map->touched_capacity < map->roster.count))
        broken = "W3";
    for (uint32_t i = 0; !broken && i < map->roster.count; i++)
        broken = pair_check(map, i);
    return broken;
}
