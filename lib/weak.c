// SPDX-License-Identifier: MIT
#include "config.h"

#include "weak.h"

enum {
    PLAIN_ROUNDS = 2 // of converging, before waiting pays
};

// What waits at a place.
enum place {
    AT_KEY,
    AT_OWNER
};

void
rhi_weak_init(struct rhi_weak *weak, struct rhi_region *region,
              struct rhi_meter *meter)
{
    *weak = (struct rhi_weak){ .region = region, .meter = meter };
    rhi_refs_init(&weak->refs, region, meter);
    rhi_ring_init(&weak->maps);
    rhi_ring_init(&weak->young_maps);
    rhi_waiting_init(&weak->waiting, meter);
}

static struct rh_weak_map *
map_of_link(const struct rhi_ring *link)
{
    return (struct rh_weak_map *)((uintptr_t)link -
                                  offsetof(struct rh_weak_map, link));
}

static struct rh_weak_map *
map_of_young(const struct rhi_ring *young)
{
    return (struct rh_weak_map *)((uintptr_t)young -
                                  offsetof(struct rh_weak_map, young));
}

static struct rh_weak_map *
map_of_owner(void **owner)
{
    return (struct rh_weak_map *)((uintptr_t)owner -
                                  offsetof(struct rh_weak_map, owner));
}

void
rhi_weak_fini(struct rhi_weak *weak)
{
    while (!rhi_ring_is_empty(&weak->maps))
        rhi_weak_map_free(weak, map_of_link(weak->maps.next));
    rhi_refs_fini(&weak->refs);
    rhi_waiting_fini(&weak->waiting);
}

// ---- maps come and go ----

// A minor collection must look at this map.
static void
map_touch(struct rhi_weak *weak, struct rh_weak_map *map)
{
    if (rhi_ring_is_empty(&map->young))
        rhi_ring_append(&weak->young_maps, &map->young);
}

struct rh_weak_map *
rhi_weak_map_new(struct rhi_weak *weak, enum rh_weak_kind kind,
                 const struct rh_weak_type *type, void *owner)
{
    struct rh_weak_map *map = rhi_meter_new(weak->meter, 1, sizeof *map);

    if (!map)
        return NULL;
    if (owner && !rhi_waiting_register(&weak->waiting)) {
        rhi_meter_free(weak->meter, map, 1, sizeof *map);
        return NULL;
    }
    map->kind = kind;
    map->type = type;
    map->owner = owner;
    rhi_pairs_init(map, weak->region, weak->meter, &weak->waiting);
    rhi_ring_append(&weak->maps, &map->link);
    if (owner) {
        rhi_word_set_special(weak->region, owner);
        map_touch(weak, map);
    }
    return map;
}

void
rhi_weak_map_free(struct rhi_weak *weak, struct rh_weak_map *map)
{
    rhi_ring_remove(&map->link);
    rhi_ring_remove(&map->young);
    if (map->owner)
        rhi_waiting_unregister(&weak->waiting, 1);
    rhi_pairs_fini(map);
    rhi_meter_free(weak->meter, map, 1, sizeof *map);
}

bool
rhi_weak_map_add(struct rhi_weak *weak, struct rh_weak_map *map, void *key,
                 void *value, uint32_t code)
{
    if (!rhi_pairs_add(map, key, value, code))
        return false;
    map_touch(weak, map);
    return true;
}

void
rhi_weak_map_set_value(struct rhi_weak *weak, struct rh_weak_map *map,
                       uint32_t position, void *value)
{
    rhi_pairs_set_value(map, position, value);
    if (map->touched_count)
        map_touch(weak, map);
}

// Numbers go on: iterations that are under way must not see what comes.
void
rhi_weak_map_clear(struct rhi_weak *weak, struct rh_weak_map *map)
{
    (void)weak;
    rhi_pairs_fini(map);
}

// ---- the maps that a collection looks at ----

static struct rh_weak_map *
maps_at(struct rhi_weak *weak, struct rhi_ring *ring, bool minor)
{
    if (minor)
        return ring == &weak->young_maps ? NULL : map_of_young(ring);
    return ring == &weak->maps ? NULL : map_of_link(ring);
}

static struct rh_weak_map *
maps_first(struct rhi_weak *weak, bool minor)
{
    return maps_at(weak, minor ? weak->young_maps.next : weak->maps.next,
                   minor);
}

static struct rh_weak_map *
maps_next(struct rhi_weak *weak, const struct rh_weak_map *map, bool minor)
{
    return maps_at(weak, minor ? map->young.next : map->link.next, minor);
}

// ---- converging ----

struct converging {
    struct rhi_weak *weak;
    struct rh_marker *marker;
    bool minor;
    bool wait; // for what is not reached
    bool any;  // value was pushed
};

static void
push_value(struct converging *now, void *value)
{
    if (rhi_marker_has_reached(now->marker, value))
        return;
    rhi_marker_push(now->marker, value);
    now->any = true;
}

// Whether the object in a place is reached; if not, it may wait.
static bool
is_reached(struct converging *now, void **place, enum place kind)
{
    if (rhi_marker_has_reached(now->marker, *place))
        return true;
    if (now->wait)
        rhi_waiting_add(&now->weak->waiting, place, kind);
    return false;
}

static void
pair_offer(struct rh_weak_map *map, uint32_t position, void *context)
{
    struct converging *now = context;
    struct rhi_weak_pair *pair = rhi_pairs_at(map, position);

    if (is_reached(now, &pair->key.entry.object, AT_KEY))
        push_value(now, pair->value);
}

static void
map_offer(struct converging *now, struct rh_weak_map *map)
{
    if (map->settled || map->kind != RH_WEAK_KEY)
        return;
    if (is_reached(now, &map->owner, AT_OWNER)) // NULL always is
        now->weak->seen += rhi_pairs_visit(map, now->minor, pair_offer, now);
}

// Whether any value was not reached yet.
static bool
maps_offer(struct converging *now)
{
    struct rhi_weak *weak = now->weak;
    struct rh_weak_map *map;

    now->any = false;
    for (map = maps_first(weak, now->minor); map;
         map = maps_next(weak, map, now->minor))
        map_offer(now, map);
    return now->any;
}

_Static_assert(offsetof(struct rhi_weak_pair, key.entry.object) == 0,
               "the place of a key is that of its pair");

static void
arrived(void **place, unsigned kind, void *context)
{
    struct converging *now = context;

    if (kind == AT_KEY)
        push_value(now, ((struct rhi_weak_pair *)(void *)place)->value);
    else
        map_offer(now, map_of_owner(place));
}

static void
found(struct rh_marker *marker, void *object, void *context)
{
    struct converging *now = context;

    (void)marker;
    rhi_waiting_tell(&now->weak->waiting, object, arrived, now);
}

void
rhi_weak_converge(struct rhi_weak *weak, struct rh_marker *marker, bool minor)
{
    struct converging now = { weak, marker, minor, false, false };

    for (int round = 0; round < PLAIN_ROUNDS; round++) {
        if (!maps_offer(&now))
            return;
        rhi_marker_drain(marker);
    }
    now.wait = true;
    maps_offer(&now);
    rhi_marker_drain_watched(marker, found, &now);
    rhi_waiting_clear(&weak->waiting);
}

// ---- clearing and ending ----

static void
pair_clear(struct rh_weak_map *map, uint32_t position, void *context)
{
    const struct rh_marker *const *marker = context;
    const struct rhi_weak_pair *pair = rhi_pairs_at(map, position);

    if (!rhi_marker_has_reached(*marker, pair->key.entry.object) ||
        (map->kind == RH_WEAK_BOTH &&
         !rhi_marker_has_reached(*marker, pair->value)))
        rhi_pairs_cut(map, position);
}

void
rhi_weak_clear(struct rhi_weak *weak, const struct rh_marker *marker,
               bool minor)
{
    struct rh_weak_map *map;

    rhi_refs_clear(&weak->refs, marker, minor);
    for (map = maps_first(weak, minor); map;
         map = maps_next(weak, map, minor)) {
        weak->seen += rhi_pairs_visit(map, minor, pair_clear, &marker);
        map->settled = rhi_marker_has_reached(marker, map->owner);
    }
}

static void
map_end(struct rhi_weak *weak, struct rh_weak_map *map,
        const struct rh_marker *marker, bool minor)
{
    map->settled = false;
    rhi_ring_remove(&map->young);
    if (rhi_marker_has_reached(marker, map->owner))
        rhi_pairs_grow_old(map, minor);
    else
        rhi_weak_map_free(weak, map);
}

void
rhi_weak_end(struct rhi_weak *weak, const struct rh_marker *marker, bool minor)
{
    struct rh_weak_map *map = maps_first(weak, minor);

    while (map) {
        struct rh_weak_map *next = maps_next(weak, map, minor);

        map_end(weak, map, marker, minor);
        map = next;
    }
}

// ---- moving and checking ----

void
rhi_weak_moved(struct rhi_weak *weak, rhi_forward_fn forward, void *context)
{
    struct rh_weak_map *map;

    rhi_refs_moved(&weak->refs, forward, context);
    for (map = maps_first(weak, false); map;
         map = maps_next(weak, map, false)) {
        if (map->owner)
            map->owner = forward(context, map->owner);
        rhi_pairs_moved(map, forward, context);
    }
}

// What a minor must look at is on its list; owners are alive.
static const char *
map_check(const struct rhi_weak *weak, const struct rh_weak_map *map)
{
    const struct rhi_roster *roster = &map->roster;
    bool listed = !rhi_ring_is_empty(&map->young);

    if (map->settled)
        return "W4";
    if (!listed && (map->touched_count || roster->old_count < roster->count ||
                    (map->owner && !rhi_word_is_old(weak->region, map->owner))))
        return "W4";
    if (!rhi_word_is_sound(weak->region, map->owner))
        return "W4";
    return rhi_pairs_check(map);
}

// The places that may wait in a map.
static size_t
map_places(const struct rh_weak_map *map)
{
    return (map->owner ? 1 : 0) +
           (map->kind == RH_WEAK_KEY ? rhi_roster_size(&map->roster) : 0);
}

const char *
rhi_weak_check(const struct rhi_weak *weak)
{
    const char *broken = rhi_refs_check(&weak->refs);
    const struct rhi_ring *link = weak->maps.next;
    size_t places = 0;

    if (!broken)
        broken = rhi_waiting_check(&weak->waiting);
    for (; !broken && link != &weak->maps; link = link->next) {
        const struct rh_weak_map *map = map_of_link(link);

        places += map_places(map);
        broken = map_check(weak, map);
    }
    if (!broken && places != weak->waiting.places)
        broken = "L4";
    return broken;
}
