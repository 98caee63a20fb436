// SPDX-License-Identifier: MIT
#include "config.h"

#include "compact.h"

#include "os.h"

static struct rh_compaction_type *
count_type(struct rhi_compact *compact, const void *object)
{
    const struct rhi_evacuation *evacuation = &compact->evacuation;
    struct rh_description description = { .type = NULL };
    struct rh_compaction_type *type;

    if (evacuation->model->describe)
        evacuation->model->describe(evacuation->heap, object, &description);
    type = &compact->last
                .types[rhi_min(description.type_code, RH_COMPACTION_TYPES - 1)];
    type->type = description.type;
    return type;
}

// `room` is what is left for objects that move.
static void
count_page(struct rhi_compact *compact, size_t page, size_t *room)
{
    const struct rhi_region *region = compact->follow.region;
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    bool leaves = region->flags[page] & RHI_FLAG_EVACUATED;
    uint32_t slots = region->pages[page].shape->slots;
    rhi_line pins;

    rhi_choice_pins(region, page, pins);
    for (uint32_t index = rhi_line_next_set(allocated, 0, slots); index < slots;
         index = rhi_line_next_set(allocated, index + 1, slots)) {
        struct rh_compaction_type *type =
            count_type(compact, rhi_page_slot(region, page, index));

        type->considered++;
        if (rhi_bit_test(pins, index)) {
            type->pinned++;
        } else if (leaves && *room > 0) {
            --*room;
            type->moved++;
        }
    }
}

static void
compact_count(struct rhi_compact *compact)
{
    const struct rhi_region *region = compact->follow.region;
    struct rh_compaction *last = &compact->last;
    size_t room = rhi_choice_room(compact->evacuation.space);

    *last = (struct rh_compaction){ .struct_bytes = sizeof *last };
    for (size_t page = region->sealed; page < region->top; page++) {
        if (!region->live[page])
            continue;
        last->pages++;
        count_page(compact, page, &room);
    }
    for (int code = 0; code < RH_COMPACTION_TYPES; code++) {
        last->considered += last->types[code].considered;
        last->moved += last->types[code].moved;
        last->pinned += last->types[code].pinned;
    }
}

static void
compact_choose(struct rhi_compact *compact, enum rhi_compact_kind kind)
{
    struct rhi_space *space = compact->evacuation.space;

    rhi_follow_pin(&compact->follow);
    if (kind == RHI_COMPACT_SCATTER)
        rhi_choice_scatter(space);
    else
        rhi_choice_densest(space);
    compact_count(compact);
}

static void
compact_run(struct rhi_compact *compact, enum rhi_compact_kind kind)
{
    struct rhi_evacuation *evacuation = &compact->evacuation;
    struct rhi_follow *follow = &compact->follow;
    struct rh_compaction *last = &compact->last;
    uint64_t start = rhi_os_now();

    follow->stale = false;
    compact_choose(compact, kind);
    rhi_evacuate_run(evacuation);
    RHI_ASSERT(follow->region->panic, evacuation->moved == last->moved);
    if (evacuation->moved)
        rhi_follow_update(follow);
    if (kind == RHI_COMPACT_SCATTER)
        rhi_follow_look_back(follow);
    last->emptied_pages = rhi_evacuate_end(evacuation);
    rhi_follow_unpin(follow);
    if (kind == RHI_COMPACT_DENSEST)
        compact->blocked = rhi_space_eden_pages(evacuation->space) -
                           rhi_choice_needed(evacuation->space);
    compact->count++;
    compact->moved_total += evacuation->moved;
    last->ns = rhi_os_now() - start;
}

bool
rhi_compact_is_possible(const struct rhi_compact *compact)
{
    return compact->evacuation.model->flags & RH_MODEL_MOVABLE;
}

// Whether so many of the pages in use would be emptied that auto_compact wants
// it, and at least a nursery's.  Pages that pins have kept from it the last time
// do not count; they are forgotten by halves, for pins go, too.
static bool
compact_is_due(const struct rhi_compact *compact)
{
    const struct rhi_space *space = compact->evacuation.space;
    const struct rh_config *config = compact->config;
    size_t eden = rhi_space_eden_pages(space);
    size_t stay;
    size_t gain;

    if (config->auto_compact == 0)
        return false;
    stay = rhi_choice_needed(space) + compact->blocked;
    gain = eden > stay ? eden - stay : 0;
    return gain >= config->initial_slots / space->shape.slots &&
           (double)gain > config->auto_compact * (double)eden;
}

static enum rhi_compact_kind
compact_kind_due(const struct rhi_compact *compact)
{
    if (!rhi_compact_is_possible(compact))
        return RHI_COMPACT_NONE;
    if (compact->wanted != RHI_COMPACT_NONE)
        return compact->wanted;
    if (compact->stress)
        return RHI_COMPACT_SCATTER;
    return compact_is_due(compact) ? RHI_COMPACT_DENSEST : RHI_COMPACT_NONE;
}

bool
rhi_compact_may_come(const struct rhi_compact *compact)
{
    return rhi_compact_is_possible(compact) &&
           (compact->wanted != RHI_COMPACT_NONE || compact->stress ||
            compact->config->auto_compact != 0);
}

// Those that are being allocated from are counted too low.
size_t
rhi_compact_may_grow(const struct rhi_compact *compact)
{
    bool scatter = compact->wanted == RHI_COMPACT_NONE
                       ? compact->stress
                       : compact->wanted == RHI_COMPACT_SCATTER;

    return scatter ? rhi_choice_needed(compact->evacuation.space) + 1 : 0;
}

bool
rhi_compact_is_due(const struct rhi_compact *compact)
{
    return compact_kind_due(compact) != RHI_COMPACT_NONE;
}

void
rhi_compact_if_due(struct rhi_compact *compact)
{
    enum rhi_compact_kind kind = compact_kind_due(compact);

    compact->wanted = RHI_COMPACT_NONE;
    compact->blocked /= 2;
    if (kind == RHI_COMPACT_NONE)
        return;
    compact_run(compact, kind);
    if (compact->stress && compact->follow.stale)
        rhi_panic(compact->follow.region->panic,
                  "a reference to an object that has moved did not follow: "
                  "trace must report where it is kept");
}

void
rhi_compact_stress(struct rhi_compact *compact, bool on)
{
    compact->stress = on;
}

static const char *
check_page(const struct rhi_region *region, size_t page, size_t *slot)
{
    const uint64_t *pinned = region->plane[RHI_PINNED][page];
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    bool flagged = region->flags[page] & RHI_FLAG_PINNED;

    if (region->flags[page] & RHI_FLAG_EVACUATED ||
        !rhi_line_is_empty(region->plane[RHI_MOVED][page]))
        return "K1";
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t wrong =
            flagged ? pinned[word] & ~allocated[word] : pinned[word];

        if (wrong) {
            *slot = word * 64 + (size_t)__builtin_ctzll(wrong);
            return "K3";
        }
    }
    return NULL;
}

const char *
rhi_compact_check(const struct rhi_compact *compact, size_t *page, size_t *slot)
{
    const struct rhi_region *region = compact->follow.region;
    const char *broken = NULL;

    *slot = SIZE_MAX;
    for (*page = 0; !broken && *page < region->top; ++*page)
        broken = check_page(region, *page, slot);
    *page = broken ? *page - 1 : SIZE_MAX;
    return broken;
}
