// SPDX-License-Identifier: MIT
#include "config.h"

#include "site.h"

enum {
    MIN_ROOM = 64 // pages
};

void
rhi_sites_init(struct rhi_sites *sites, const struct rhi_space *space,
               struct rhi_meter *meter)
{
    *sites = (struct rhi_sites){
        .space = space,
        .meter = meter,
        .places = { .meter = meter },
    };
}

// ---- arrays ----

static size_t
array_bytes(const struct rhi_sites *sites)
{
    return sizeof(struct rhi_site_array) +
           sites->space->shape.slots * sizeof(struct rhi_site_record);
}

static struct rhi_site_array *
array_of(const struct rhi_sites *sites, size_t page)
{
    return page < sites->array_room ? sites->arrays[page] : NULL;
}

static bool
arrays_grow(struct rhi_sites *sites, size_t page)
{
    size_t room = rhi_max(page + 1, rhi_max(MIN_ROOM, 2 * sites->array_room));
    struct rhi_site_array **arrays = rhi_meter_grow(
        sites->meter, sites->arrays, sites->array_room, room, sizeof *arrays);

    if (!arrays)
        return false;
    for (size_t n = sites->array_room; n < room; n++)
        arrays[n] = NULL;
    sites->arrays = arrays;
    sites->array_room = room;
    return true;
}

// The array of a page, made if there is none; or NULL.
static struct rhi_site_array *
array_make(struct rhi_sites *sites, size_t page)
{
    if (page >= sites->array_room && !arrays_grow(sites, page))
        return NULL;
    if (!sites->arrays[page])
        sites->arrays[page] =
            rhi_meter_new(sites->meter, 1, array_bytes(sites));
    return sites->arrays[page];
}

static void
array_drop(struct rhi_sites *sites, size_t page)
{
    rhi_meter_free(sites->meter, sites->arrays[page], 1, array_bytes(sites));
    sites->arrays[page] = NULL;
}

void
rhi_sites_clear(struct rhi_sites *sites)
{
    for (size_t page = 0; page < sites->array_room; page++)
        array_drop(sites, page);
    rhi_meter_free(sites->meter, sites->arrays, sites->array_room,
                   sizeof *sites->arrays);
    sites->arrays = NULL;
    sites->array_room = 0;
    sites->count = 0;
    rhi_places_clear(&sites->places);
}

// ---- records ----

// An object as page and index.
struct spot {
    size_t page;
    uint32_t slot;
};

static struct spot
spot_of(const struct rhi_sites *sites, const void *object)
{
    const struct rhi_region *region = sites->space->region;

    return (struct spot){ rhi_region_page(region, (uintptr_t)object),
                          rhi_page_index(region, (uintptr_t)object) };
}

static void
record_put(struct rhi_sites *sites, struct rhi_site_array *array, uint32_t slot,
           struct rhi_site_record record)
{
    sites->count += !rhi_bit_test(array->known, slot);
    rhi_bit_set(array->known, slot);
    array->records[slot] = record;
}

static void
record_drop(struct rhi_sites *sites, struct rhi_site_array *array,
            uint32_t slot)
{
    sites->count -= rhi_bit_test(array->known, slot);
    rhi_bit_clear(array->known, slot);
}

bool
rhi_sites_set(struct rhi_sites *sites, const void *object,
              const struct rh_site *site)
{
    struct spot at = spot_of(sites, object);
    struct rhi_site_array *array = array_make(sites, at.page);
    size_t place = array ? rhi_places_find(&sites->places, site) : SIZE_MAX;

    if (place != SIZE_MAX) {
        record_put(sites, array, at.slot,
                   (struct rhi_site_record){ (uint32_t)place,
                                             (uint32_t)site->generation });
        return true;
    }
    if (array)
        record_drop(sites, array, at.slot);
    sites->lost++;
    return false;
}

void
rhi_sites_note(struct rhi_sites *sites, void *slot, uint64_t generation)
{
    struct rh_site site = sites->present;

    if (sites->ask)
        sites->ask(sites->space->heap, &site, sites->context);
    site.generation = generation;
    (void)rhi_sites_set(sites, slot, &site);
}

bool
rhi_sites_find(const struct rhi_sites *sites, const void *object,
               struct rh_site *site)
{
    struct spot at = spot_of(sites, object);
    const struct rhi_site_array *array = array_of(sites, at.page);
    const struct rhi_site_record *record;

    if (!array || !rhi_bit_test(array->known, at.slot))
        return false;
    record = &array->records[at.slot];
    *site = rhi_places_site(&sites->places, record->place);
    site->generation = record->generation;
    return true;
}

// Keep the records of slots in `marked`.
static void
array_forget(struct rhi_sites *sites, size_t page, const uint64_t *marked)
{
    struct rhi_site_array *array = sites->arrays[page];

    for (int word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t dead = array->known[word] & ~marked[word];

        if (dead == 0)
            continue; // nothing that has not changed is written: see seal.h
        sites->count -= rhi_word_count(dead);
        array->known[word] ^= dead;
    }
    if (!sites->prepared && rhi_line_is_empty(array->known))
        array_drop(sites, page);
}

// The first page from `page` on that has been allocated from, or any.
static size_t
page_to_look_at(const struct rhi_region *region, size_t page, bool young)
{
    return young ? rhi_region_next_flagged(region, page, RHI_FLAG_YOUNG) : page;
}

void
rhi_sites_forget(struct rhi_sites *sites, const struct rh_marker *marker,
                 bool minor)
{
    const struct rhi_region *region = sites->space->region;
    size_t end = rhi_min(sites->array_room, region->top); // planes end there

    for (size_t page = page_to_look_at(region, region->sealed, minor);
         page < end; page = page_to_look_at(region, page + 1, minor))
        if (sites->arrays[page])
            array_forget(sites, page, marker->plane[page]);
}

// ---- moving ----

bool
rhi_sites_prepare(struct rhi_sites *sites, size_t more)
{
    bool all = true;

    if (sites->count == 0)
        return true;
    sites->prepared = true;
    for (size_t page = sites->space->region->sealed;
         page < sites->space->region->top || more > 0; page++) {
        if (!rhi_space_has_memory(sites->space, page)) {
            if (more == 0)
                continue;
            more--;
        }
        if (!array_make(sites, page))
            all = false;
    }
    return all;
}

void
rhi_sites_settle(struct rhi_sites *sites)
{
    if (!sites->prepared)
        return;
    sites->prepared = false;
    for (size_t page = 0; page < sites->array_room; page++)
        if (sites->arrays[page] &&
            rhi_line_is_empty(sites->arrays[page]->known))
            array_drop(sites, page);
}

void
rhi_sites_moved(struct rhi_sites *sites, const void *from, const void *to)
{
    struct spot old = spot_of(sites, from);
    struct spot new = spot_of(sites, to);
    struct rhi_site_array *source = array_of(sites, old.page);
    struct rhi_site_array *target = array_of(sites, new.page);

    if (!source || !rhi_bit_test(source->known, old.slot))
        return;
    record_drop(sites, source, old.slot);
    if (target)
        record_put(sites, target, new.slot, source->records[old.slot]);
    else
        sites->lost++;
}

// ---- checking ----

static const char *
array_check(const struct rhi_sites *sites, size_t page)
{
    const struct rhi_site_array *array = sites->arrays[page];
    const struct rhi_region *region = sites->space->region;
    uint32_t slots = sites->space->shape.slots;

    for (uint32_t slot = rhi_line_next_set(array->known, 0, slots);
         slot < slots;
         slot = rhi_line_next_set(array->known, slot + 1, slots)) {
        if (!rhi_bit_test(region->plane[RHI_ALLOCATED][page], slot))
            return "D1";
        if (array->records[slot].place >= sites->places.count)
            return "D2";
    }
    return NULL;
}

const char *
rhi_sites_check(const struct rhi_sites *sites)
{
    size_t count = 0;

    for (size_t page = 0; page < sites->array_room; page++) {
        const char *broken = NULL;

        if (!sites->arrays[page])
            continue;
        count += rhi_line_count(sites->arrays[page]->known);
        if (page < sites->space->region->top)
            broken = array_check(sites, page);
        else if (!rhi_line_is_empty(sites->arrays[page]->known))
            broken = "D1";
        if (broken)
            return broken;
    }
    return count == sites->count ? NULL : "D3";
}
