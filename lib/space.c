// SPDX-License-Identifier: MIT
#include "config.h"

#include "space.h"

void
rhi_space_init(struct rhi_space *space, struct rhi_region *region,
               struct rhi_events *events, struct rh_heap *heap,
               size_t slot_bytes)
{
    *space = (struct rhi_space){
        .region = region,
        .events = events,
        .heap = heap,
        .shape = rhi_shape_of(slot_bytes),
    };
    for (int list = 0; list < RHI_LISTS; list++)
        rhi_ring_init(&space->list[list]);
}

static struct rhi_page *
page_of_link(struct rhi_ring *link)
{
    return (struct rhi_page *)(void *)((char *)link -
                                       offsetof(struct rhi_page, link));
}

static size_t
list_first(const struct rhi_space *space, enum rhi_list list)
{
    if (rhi_ring_is_empty(&space->list[list]))
        return SIZE_MAX;
    return rhi_region_number(space->region,
                             page_of_link(space->list[list].next));
}

void
rhi_space_move(struct rhi_space *space, size_t number, enum rhi_list list)
{
    struct rhi_page *page = &space->region->pages[number];

    if (page->list == list)
        return;
    rhi_ring_remove(&page->link);
    space->count[page->list]--;
    rhi_ring_append(&space->list[list], &page->link);
    space->count[list]++;
    page->list = (uint8_t)list;
    page->since = space->collection;
}

static enum rhi_list
list_for(const struct rhi_space *space, size_t live)
{
    size_t slots = space->shape.slots;
    size_t free = slots - live;

    if (free == 0)
        return RHI_FULL;
    if (4 * free < slots)
        return RHI_TIGHT;
    if (2 * free < slots)
        return RHI_ROOMY_1;
    return 4 * free < 3 * slots ? RHI_ROOMY_2 : RHI_ROOMY_3;
}

void
rhi_space_file(struct rhi_space *space, size_t page)
{
    rhi_space_move(space, page, list_for(space, space->region->live[page]));
}

void
rhi_space_file_swept(struct rhi_space *space, size_t page)
{
    if (space->region->live[page]) {
        rhi_space_file(space, page);
    } else if (space->region->pages[page].list != RHI_TOMB) {
        rhi_space_move(space, page, RHI_TOMB);
        rhi_event_page(space->events, RH_EVENT_PAGE_TOMB, page);
    }
}

static void
space_tell_span(struct rhi_space *space)
{
    if (space->span)
        *space->span = space->region->committed << (RHI_PAGE_LOG - 3);
}

void
rhi_space_keep_span(struct rhi_space *space, size_t *span)
{
    space->span = span;
    space_tell_span(space);
}

bool
rhi_space_extend(struct rhi_space *space, size_t number)
{
    struct rhi_region *region = space->region;

    if (number >= region->max_pages || !rhi_region_commit(region, number + 1))
        return false;
    space_tell_span(space);
    for (; region->top <= number; region->top++) {
        struct rhi_page *page = &region->pages[region->top];

        *page = (struct rhi_page){ .list = RHI_RELEASED };
        rhi_ring_append(&space->list[RHI_RELEASED], &page->link);
        space->count[RHI_RELEASED]++;
    }
    return true;
}

// A page of the tomb will be allocated from again.
static void
page_revive(struct rhi_space *space, size_t number)
{
    rhi_space_move(space, number, RHI_ROOMY_3);
    rhi_event_page(space->events, RH_EVENT_PAGE_REVIVED, number);
}

bool
rhi_space_populate(struct rhi_space *space, size_t number)
{
    struct rhi_region *region = space->region;

    if (number < region->sealed ||
        (number >= region->top && !rhi_space_extend(space, number)))
        return false;
    if (region->pages[number].list == RHI_TOMB)
        page_revive(space, number);
    if (region->pages[number].list != RHI_RELEASED)
        return true;
    rhi_page_format(region, number, space->heap, &space->shape);
    rhi_space_move(space, number, RHI_ROOMY_3);
    space->allocated_total++;
    rhi_event_page(space->events,
                   region->pages[number].was_used ? RH_EVENT_PAGE_REVIVED
                                                  : RH_EVENT_PAGE_NEW,
                   number);
    region->pages[number].was_used = true;
    return true;
}

size_t
rhi_space_grow(struct rhi_space *space)
{
    const struct rhi_region *region = space->region;
    size_t number = space->first_released;

    while (number < region->top && region->pages[number].list != RHI_RELEASED)
        number++;
    space->first_released = number;
    return rhi_space_populate(space, number) ? number : SIZE_MAX;
}

size_t
rhi_space_find(struct rhi_space *space)
{
    size_t page;

    for (int list = RHI_ROOMY_3; list <= RHI_ROOMY_1; list++) {
        page = list_first(space, (enum rhi_list)list);
        if (page != SIZE_MAX)
            return page;
    }
    page = list_first(space, RHI_TOMB);
    if (page != SIZE_MAX)
        page_revive(space, page);
    return page;
}

size_t
rhi_space_find_tight(struct rhi_space *space)
{
    return list_first(space, RHI_TIGHT);
}

// Releasing.  A granule goes when all its pages are empty, and neighbouring
// granules go together: one call for a run costs less than half of one for
// each page (doc/design/03-release.md).

static bool
page_is_idle(const struct rhi_space *space, size_t number)
{
    const struct rhi_region *region = space->region;

    return number >= region->top || region->pages[number].list <= RHI_TOMB;
}

static size_t
granule_tombs(const struct rhi_space *space, size_t first)
{
    const struct rhi_region *region = space->region;
    size_t tombs = 0;

    for (size_t page = first; page < first + region->granule_pages; page++) {
        if (!page_is_idle(space, page))
            return 0;
        tombs += page < region->top && region->pages[page].list == RHI_TOMB;
    }
    return tombs;
}

static void
page_released(struct rhi_space *space, size_t number)
{
    if (number >= space->region->top ||
        space->region->pages[number].list != RHI_TOMB)
        return;
    rhi_page_clear(space->region, number);
    rhi_space_move(space, number, RHI_RELEASED);
    space->freed_total++;
    space->first_released = rhi_min(space->first_released, number);
    rhi_event_page(space->events, RH_EVENT_PAGE_RELEASED, number);
}

static void
run_release(struct rhi_space *space, size_t first, size_t count)
{
    if (count == 0 || !rhi_region_release(space->region, first, count))
        return;
    for (size_t page = first; page < first + count; page++)
        page_released(space, page);
}

void
rhi_space_release_begin(struct rhi_space *space)
{
    space->release_cursor =
        rhi_round_up(space->region->top, space->region->granule_pages);
}

bool
rhi_space_release_some(struct rhi_space *space, size_t keep, size_t pages)
{
    size_t granule = space->region->granule_pages;
    size_t tomb = space->count[RHI_TOMB];
    size_t surplus = tomb > keep ? tomb - keep : 0;
    size_t start = space->release_cursor;
    size_t count = 0; // pages of the run that begins at `start`

    for (size_t seen = 0;
         seen < pages && start > space->region->sealed && surplus > 0;
         seen += granule) {
        size_t tombs = granule_tombs(space, start - granule);

        if (tombs == 0 || tombs > surplus) {
            run_release(space, start, count);
            count = 0;
        } else {
            surplus -= tombs;
            count += granule;
        }
        start -= granule;
    }
    run_release(space, start, count);
    space->release_cursor = start;
    return start <= space->region->sealed || surplus == 0;
}

size_t
rhi_space_release(struct rhi_space *space, size_t keep)
{
    size_t before = space->freed_total;

    rhi_space_release_begin(space);
    (void)rhi_space_release_some(space, keep, SIZE_MAX);
    return space->freed_total - before;
}

void
rhi_space_seal(struct rhi_space *space, size_t end)
{
    struct rhi_region *region = space->region;

    for (size_t page = region->sealed; page < end; page++)
        if (rhi_space_has_memory(space, page))
            rhi_space_move(space, page, RHI_SEALED);
    region->sealed = end;
    space->first_released = end;
}

void
rhi_space_unseal(struct rhi_space *space)
{
    struct rhi_region *region = space->region;
    size_t end = region->sealed;

    region->sealed = 0;
    space->first_released = 0;
    for (size_t page = 0; page < end; page++)
        if (rhi_space_has_memory(space, page))
            rhi_space_file(space, page);
}

size_t
rhi_space_tomb_age(const struct rhi_space *space)
{
    const struct rhi_ring *tomb = &space->list[RHI_TOMB];
    uint64_t oldest = space->collection;

    for (struct rhi_ring *link = tomb->next; link != tomb; link = link->next)
        if (page_of_link(link)->since < oldest)
            oldest = page_of_link(link)->since;
    return (size_t)(space->collection - oldest);
}

size_t
rhi_space_span(const struct rhi_space *space)
{
    size_t low = 0;
    size_t high = space->region->top;

    while (high > 0 && !rhi_space_has_memory(space, high - 1))
        high--;
    while (low < high && !rhi_space_has_memory(space, low))
        low++;
    return high - low;
}

bool
rhi_space_is_slot(const struct rhi_space *space, uintptr_t word)
{
    const struct rhi_region *region = space->region;

    return rhi_region_covers(region, word) &&
           rhi_space_has_memory(space, rhi_region_page(region, word)) &&
           rhi_page_is_slot(region, word);
}

const char *
rhi_list_name(enum rhi_list list)
{
    static const char *const names[RHI_LISTS] = {
        "released", "tomb", "roomy-3", "roomy-2", "roomy-1",
        "tight",    "full", "current", "sealed",
    };

    return names[list];
}

// Whether a link leads to a page or a list, so that it may be followed.
static bool
link_is_known(const struct rhi_space *space, const struct rhi_ring *link)
{
    const struct rhi_page *pages = space->region->pages;
    uintptr_t distance = (uintptr_t)link - (uintptr_t)&pages[0].link;

    for (int list = 0; list < RHI_LISTS; list++)
        if (link == &space->list[list])
            return true;
    return distance % sizeof *pages == 0 &&
           distance / sizeof *pages < space->region->top;
}

static bool
links_are_right(const struct rhi_space *space, const struct rhi_ring *link)
{
    return link_is_known(space, link->next) &&
           link_is_known(space, link->previous) &&
           link->next->previous == link && link->previous->next == link;
}

static bool
page_is_blank(const struct rhi_region *region, size_t number)
{
    for (int plane = 0; plane < RHI_PLANES; plane++)
        if (!rhi_line_is_empty(region->plane[plane][number]))
            return false;
    return true;
}

static const char *
page_check_list(const struct rhi_space *space, size_t number)
{
    const struct rhi_page *page = &space->region->pages[number];
    size_t live = space->region->live[number];

    if (page->list >= RHI_LISTS || !links_are_right(space, &page->link))
        return "S1";
    if (live > space->shape.slots)
        return "S3";
    if (page->list == RHI_RELEASED && number >= space->region->sealed &&
        number < space->first_released)
        return "S5";
    if (page->list == RHI_RELEASED)
        return live || !page_is_blank(space->region, number) ? "S2" : NULL;
    if (page->shape != &space->shape)
        return "S6";
    if ((page->list == RHI_SEALED) != (number < space->region->sealed))
        return "S7";
    if (page->list == RHI_TOMB)
        return live ? "S2" : NULL;
    if (page->list == RHI_CURRENT || page->list == RHI_SEALED)
        return NULL;
    return list_for(space, live) == page->list ? NULL : "S3";
}

// Walks a list, the links of whose pages page_check_list() has found sound.
static bool
list_is_right(const struct rhi_space *space, enum rhi_list list)
{
    const struct rhi_ring *ring = &space->list[list];
    size_t count = 0;

    if (!links_are_right(space, ring))
        return false;
    for (struct rhi_ring *link = ring->next; link != ring; link = link->next)
        if (page_of_link(link)->list != list || ++count > space->count[list])
            return false;
    return count == space->count[list];
}

const char *
rhi_space_check(const struct rhi_space *space, size_t *page)
{
    size_t all = 0;

    for (*page = 0; *page < space->region->top; ++*page) {
        const char *broken = page_check_list(space, *page);

        if (broken)
            return broken;
    }
    *page = SIZE_MAX;
    for (int list = 0; list < RHI_LISTS; list++) {
        if (!list_is_right(space, (enum rhi_list)list))
            return "S1";
        all += space->count[list];
    }
    if (all != space->region->top)
        return "S1";
    if (space->allocated_total != rhi_space_pages(space) + space->freed_total)
        return "S4";
    return NULL;
}
