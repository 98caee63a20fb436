// SPDX-License-Identifier: MIT
#include "config.h"

#include "place.h"

enum {
    MIN_ROOM = 64 // a power of two, as every room is
};

static bool
place_is(const struct rhi_place *place, const struct rh_site *site)
{
    return place->line == site->line && place->file == site->file &&
           place->method == site->method &&
           place->class_path == site->class_path;
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

// The entry of a place in the table, or the empty one where it belongs.
static uint32_t *
table_entry(const struct rhi_places *places, const struct rh_site *site)
{
    uint64_t hash = mix(mix(mix(mix(0, site->line), (uintptr_t)site->file),
                            (uintptr_t)site->method),
                        (uintptr_t)site->class_path);
    size_t mask = 2 * places->room - 1;
    size_t i = hash & mask;

    while (places->table[i] &&
           !place_is(&places->list[places->table[i] - 1], site))
        i = (i + 1) & mask;
    return &places->table[i];
}

struct rh_site
rhi_places_site(const struct rhi_places *places, size_t n)
{
    const struct rhi_place *place = &places->list[n];

    return (struct rh_site){
        .file = place->file,
        .class_path = place->class_path,
        .method = place->method,
        .line = place->line,
    };
}

static void
table_enter(struct rhi_places *places, size_t n)
{
    struct rh_site site = rhi_places_site(places, n);

    *table_entry(places, &site) = (uint32_t)(n + 1);
}

// Twice the room, and a new table.
static bool
places_grow(struct rhi_places *places)
{
    struct rhi_meter *meter = places->meter;
    size_t room = places->room ? 2 * places->room : MIN_ROOM;
    uint32_t *table = NULL;
    struct rhi_place *list = NULL;

    if (room <= UINT32_MAX)
        table = rhi_meter_new(meter, 2 * room, sizeof *table);
    if (table)
        list = rhi_meter_grow(meter, places->list, places->room, room,
                              sizeof *list);
    if (!list) {
        rhi_meter_free(meter, table, 2 * room, sizeof *table);
        return false;
    }
    rhi_meter_free(meter, places->table, 2 * places->room, sizeof *table);
    places->list = list;
    places->table = table;
    places->room = room;
    for (size_t n = 0; n < places->count; n++)
        table_enter(places, n);
    return true;
}

static bool
places_add(struct rhi_places *places, const struct rh_site *site)
{
    if (places->count == places->room && !places_grow(places))
        return false;
    places->list[places->count] =
        (struct rhi_place){ site->file, site->class_path, site->method,
                            site->line };
    table_enter(places, places->count++);
    return true;
}

size_t
rhi_places_find(struct rhi_places *places, const struct rh_site *site)
{
    uint32_t known;

    if (places->last < places->count &&
        place_is(&places->list[places->last], site))
        return places->last;
    known = places->room ? *table_entry(places, site) : 0;
    if (!known && !places_add(places, site))
        return SIZE_MAX;
    return places->last = known ? known - 1 : places->count - 1;
}

void
rhi_places_clear(struct rhi_places *places)
{
    struct rhi_meter *meter = places->meter;

    rhi_meter_free(meter, places->list, places->room, sizeof *places->list);
    rhi_meter_free(meter, places->table, 2 * places->room,
                   sizeof *places->table);
    *places = (struct rhi_places){ .meter = meter };
}
