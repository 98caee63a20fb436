// SPDX-License-Identifier: MIT
#include "config.h"

#include "refs.h"

enum {
    FIRST_CAPACITY = 8
};

void
rhi_refs_init(struct rhi_refs *refs, struct rhi_region *region,
              struct rhi_meter *meter)
{
    *refs = (struct rhi_refs){ .region = region, .meter = meter };
}

void
rhi_refs_fini(struct rhi_refs *refs)
{
    for (uint32_t i = 0; i < refs->count; i++)
        rhi_meter_free(refs->meter, refs->refs[i], 1, sizeof **refs->refs);
    rhi_meter_free(refs->meter, refs->refs, refs->capacity, sizeof *refs->refs);
    rhi_refs_init(refs, refs->region, refs->meter);
}

static bool
refs_make_room(struct rhi_refs *refs)
{
    size_t capacity = rhi_max(2 * (size_t)refs->capacity, FIRST_CAPACITY);
    struct rh_weak_ref **larger;

    if (refs->count < refs->capacity)
        return true;
    if (capacity > UINT32_MAX)
        return false;
    larger = rhi_meter_grow(refs->meter, refs->refs, refs->capacity, capacity,
                            sizeof *refs->refs);
    if (!larger)
        return false;
    refs->refs = larger;
    refs->capacity = (uint32_t)capacity;
    return true;
}

static void
refs_put(struct rhi_refs *refs, struct rh_weak_ref *ref, uint32_t position)
{
    refs->refs[position] = ref;
    ref->position = position;
}

static void
refs_swap(struct rhi_refs *refs, struct rh_weak_ref *ref, uint32_t position)
{
    struct rh_weak_ref *other = refs->refs[position];
    uint32_t from = ref->position;

    refs_put(refs, ref, position);
    refs_put(refs, other, from);
}

// To the part of the cleared ones.
static void
refs_retire(struct rhi_refs *refs, struct rh_weak_ref *ref)
{
    if (ref->position < refs->old_count)
        refs_swap(refs, ref, --refs->old_count);
    if (ref->position < refs->live_count)
        refs_swap(refs, ref, --refs->live_count);
}

void
rhi_refs_set(struct rhi_refs *refs, struct rh_weak_ref *ref, void *object)
{
    refs_retire(refs, ref);
    ref->object = object;
    if (!rhi_region_covers(refs->region, (uintptr_t)object))
        return;
    rhi_word_set_special(refs->region, object);
    refs_swap(refs, ref, refs->live_count++);
}

struct rh_weak_ref *
rhi_refs_new(struct rhi_refs *refs, void *object)
{
    struct rh_weak_ref *ref;

    if (!refs_make_room(refs))
        return NULL;
    ref = rhi_meter_new(refs->meter, 1, sizeof *ref);
    if (!ref)
        return NULL;
    refs_put(refs, ref, refs->count++);
    rhi_refs_set(refs, ref, object);
    return ref;
}

void
rhi_refs_free(struct rhi_refs *refs, struct rh_weak_ref *ref)
{
    refs_retire(refs, ref);
    refs_swap(refs, ref, --refs->count);
    rhi_meter_free(refs->meter, ref, 1, sizeof *ref);
}

void
rhi_refs_clear(struct rhi_refs *refs, const struct rh_marker *marker,
               bool minor)
{
    uint32_t i = minor ? refs->old_count : 0;

    refs->seen += refs->live_count - i;
    while (i < refs->live_count) {
        struct rh_weak_ref *ref = refs->refs[i];

        if (rhi_marker_has_reached(marker, ref->object)) {
            i++;
            continue;
        }
        ref->object = NULL;
        refs_swap(refs, ref, --refs->live_count);
    }
    refs->old_count = refs->live_count;
}

void
rhi_refs_moved(struct rhi_refs *refs, rhi_forward_fn forward, void *context)
{
    for (uint32_t i = 0; i < refs->live_count; i++)
        refs->refs[i]->object = forward(context, refs->refs[i]->object);
}

static bool
ref_is_right(const struct rhi_refs *refs, uint32_t position)
{
    const struct rh_weak_ref *ref = refs->refs[position];
    bool covered = rhi_region_covers(refs->region, (uintptr_t)ref->object);

    return ref->position == position &&
           covered == (position < refs->live_count) &&
           rhi_word_is_sound(refs->region, ref->object) &&
           (position >= refs->old_count ||
            rhi_word_is_old(refs->region, ref->object));
}

const char *
rhi_refs_check(const struct rhi_refs *refs)
{
    if (refs->old_count > refs->live_count || refs->live_count > refs->count ||
        refs->count > refs->capacity)
        return "W1";
    for (uint32_t i = 0; i < refs->count; i++)
        if (!ref_is_right(refs, i))
            return "W1";
    return NULL;
}
