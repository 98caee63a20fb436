// SPDX-License-Identifier: MIT
#include "config.h"

#include "sweep.h"

#include "poison.h"

// Call `visit` for each slot of a page whose bit is in `bits`.
static void
each_slot(struct rhi_sweep *sweep, size_t page, const uint64_t *bits,
          void (*visit)(struct rhi_sweep *sweep, char *slot))
{
    uint32_t slots = sweep->space->shape.slots;

    for (uint32_t index = rhi_line_next_set(bits, 0, slots); index < slots;
         index = rhi_line_next_set(bits, index + 1, slots))
        visit(sweep, rhi_page_slot(sweep->space->region, page, index));
}

static void
slot_release(struct rhi_sweep *sweep, char *slot)
{
    sweep->model->release(sweep->heap, slot);
}

static void
slot_tell(struct rhi_sweep *sweep, char *slot)
{
    rhi_event_object(sweep->events, RH_EVENT_OBJECT_FREE, slot);
}

static void
slot_poison(struct rhi_sweep *sweep, char *slot)
{
    rhi_poison_free(slot, sweep->space->shape.slot_bytes);
}

// Release the slots in `dead` that hold something, then forget that they did:
// a release function may adjust, which attaches its object again.
static void
page_release(struct rhi_sweep *sweep, size_t page, const uint64_t *dead)
{
    struct rhi_region *region = sweep->space->region;
    uint64_t *external = region->plane[RHI_EXTERNAL][page];
    bool all = sweep->model->flags & RH_MODEL_RELEASE_ALL;
    rhi_line bits;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        bits[word] = dead[word] & (all ? ~UINT64_C(0) : external[word]);
    if (sweep->model->release && !rhi_line_is_empty(bits))
        each_slot(sweep, page, bits, slot_release);
    rhi_line_forget(external, dead);
    rhi_line_forget(region->plane[RHI_SPECIAL][page], dead);
    if (region->flags[page] & RHI_FLAG_PINNED)
        rhi_line_forget(region->plane[RHI_PINNED][page], dead);
}

static void
page_bury(struct rhi_sweep *sweep, size_t page, const uint64_t *dead)
{
    struct rhi_region *region = sweep->space->region;
    uint32_t count = rhi_line_count(dead);

    if (rhi_events_wanted(sweep->events, RH_EVENT_OBJECT_FREE))
        each_slot(sweep, page, dead, slot_tell);
    page_release(sweep, page, dead);
    rhi_line_forget(region->plane[RHI_ALLOCATED][page], dead);
    if (region->flags[page] & RHI_FLAG_UNPROTECTED)
        rhi_line_forget(region->plane[RHI_UNPROTECTED][page], dead);
    if (region->watched)
        each_slot(sweep, page, dead, slot_poison);
    sweep->freed_total += count;
    region->live[page] = (uint16_t)(region->live[page] - count);
}

// The dead slots of a page; whether there are any.
static bool
page_find_dead(const struct rhi_region *region, size_t page, uint64_t *dead)
{
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    const uint64_t *mark = region->plane[RHI_MARK][page];
    uint64_t any = 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        any |= dead[word] = allocated[word] & ~mark[word];
    return any != 0;
}

// Free what is dead; nothing on the page is young afterwards.
static void
page_sweep(struct rhi_sweep *sweep, size_t page)
{
    struct rhi_region *region = sweep->space->region;
    rhi_line dead;

    if (page_find_dead(region, page, dead))
        page_bury(sweep, page, dead);
    if (region->flags[page] & RHI_FLAG_YOUNG)
        region->flags[page] &= (uint8_t)~RHI_FLAG_YOUNG;
}

void
rhi_sweep_begin(struct rhi_sweep *sweep)
{
    struct rhi_region *region = sweep->space->region;

    region->unswept = region->sealed;
    region->unswept_end = region->top;
}

static void
sweep_in_turn(struct rhi_sweep *sweep, size_t page)
{
    struct rhi_region *region = sweep->space->region;

    if (region->flags[page] & RHI_FLAG_SWEPT) {
        region->flags[page] &= (uint8_t)~RHI_FLAG_SWEPT;
    } else if (rhi_space_has_memory(sweep->space, page)) {
        page_sweep(sweep, page);
        rhi_contrast_clear(region, page);
        rhi_line_clear(region->plane[RHI_NEXT][page]);
        rhi_space_file_swept(sweep->space, page);
    }
}

bool
rhi_sweep_some(struct rhi_sweep *sweep, size_t pages)
{
    struct rhi_region *region = sweep->space->region;
    size_t rest = region->unswept_end - region->unswept;
    size_t end = region->unswept + rhi_min(rest, pages);

    // It goes on first: a release may ask what is alive.
    while (region->unswept < end)
        sweep_in_turn(sweep, region->unswept++);
    return rhi_sweep_is_done(sweep);
}

void
rhi_sweep_early(struct rhi_sweep *sweep, size_t page)
{
    struct rhi_region *region = sweep->space->region;

    if (!rhi_sweep_awaits(sweep, page))
        return;
    region->flags[page] |= RHI_FLAG_SWEPT;
    page_sweep(sweep, page);
    rhi_contrast_clear(region, page);
    rhi_line_clear(region->plane[RHI_NEXT][page]);
}

// A major collection may have reached what has died since.
static void
page_forget_major(const struct rhi_region *region, size_t page,
                  struct rh_marker *major)
{
    rhi_line dead;

    if (page_find_dead(region, page, dead))
        rhi_marker_forget_dead(major, page, dead);
}

void
rhi_sweep_young(struct rhi_sweep *sweep, struct rh_marker *major)
{
    struct rhi_region *region = sweep->space->region;

    for (size_t page =
             rhi_region_next_flagged(region, region->sealed, RHI_FLAG_YOUNG);
         page < region->top;
         page = rhi_region_next_flagged(region, page + 1, RHI_FLAG_YOUNG)) {
        if (major)
            page_forget_major(region, page, major);
        page_sweep(sweep, page);
        rhi_space_file_swept(sweep->space, page);
    }
}

void
rhi_sweep_release_all(struct rhi_sweep *sweep)
{
    struct rhi_region *region = sweep->space->region;

    for (size_t page = 0; page < region->top; page++)
        if (rhi_space_has_memory(sweep->space, page))
            page_release(sweep, page, region->plane[RHI_ALLOCATED][page]);
}

void
rhi_sweep_live_bits(const struct rhi_sweep *sweep, size_t page, uint64_t *line)
{
    const struct rhi_region *region = sweep->space->region;
    const uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
    const uint64_t *mark = region->plane[RHI_MARK][page];
    uint64_t dead = rhi_sweep_awaits(sweep, page) ? ~UINT64_C(0) : 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        line[word] = allocated[word] & ~(dead & ~mark[word]);
}

const char *
rhi_sweep_check(const struct rhi_sweep *sweep, size_t *page)
{
    const struct rhi_region *region = sweep->space->region;

    *page = SIZE_MAX;
    if (region->unswept > region->unswept_end ||
        region->unswept_end > region->top)
        return "U1";
    if (!rhi_sweep_is_done(sweep))
        return NULL;
    for (*page = 0; *page < region->top; ++*page)
        if (region->flags[*page] & RHI_FLAG_SWEPT)
            return "U1";
    *page = SIZE_MAX;
    return NULL;
}
