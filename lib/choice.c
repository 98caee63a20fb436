// SPDX-License-Identifier: MIT
#include "config.h"

#include "choice.h"

void
rhi_choice_pins(const struct rhi_region *region, size_t page, uint64_t *line)
{
    const uint64_t *pinned = region->plane[RHI_PINNED][page];
    const uint64_t *reached = region->plane[RHI_REACHED][page];
    uint64_t any = region->flags[page] & RHI_FLAG_PINNED ? ~UINT64_C(0) : 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        line[word] = any ? pinned[word] | reached[word] : 0;
}

bool
rhi_choice_has_pins(const struct rhi_region *region, size_t page)
{
    rhi_line pins;

    if (!(region->flags[page] & RHI_FLAG_PINNED))
        return false;
    rhi_choice_pins(region, page, pins);
    return !rhi_line_is_empty(pins);
}

static size_t
choice_live(const struct rhi_space *space)
{
    const struct rhi_region *region = space->region;
    size_t live = 0;

    for (size_t page = region->sealed; page < region->top; page++)
        live += region->live[page];
    return live;
}

size_t
rhi_choice_needed(const struct rhi_space *space)
{
    size_t slots = space->shape.slots;

    return (choice_live(space) + slots - 1) / slots;
}

// The classes of pages, the first to stay last: by the live objects of their
// granule, an average; then those of which it cannot be released.
enum {
    CLASS_BLOCKED = RHI_MAX_SLOTS + 1, // a neighbour has pins
    CLASS_PINNED,
    CLASSES
};

struct choice {
    struct rhi_space *space;
    size_t count[CLASSES]; // pages with memory
    size_t line;           // the class that stays in part; those above stay
    size_t keep;           // pages of it that stay
};

static size_t
granule_class(const struct rhi_region *region, size_t first)
{
    size_t end = rhi_min(first + region->granule_pages, region->top);
    size_t live = 0;

    for (size_t page = first; page < end; page++) {
        if (rhi_choice_has_pins(region, page))
            return CLASS_BLOCKED;
        live += region->live[page];
    }
    return (live + region->granule_pages - 1) / region->granule_pages;
}

// Call `visit` for each page with memory and its class.
static void
choice_each(struct choice *choice,
            void (*visit)(struct choice *choice, size_t page, size_t class))
{
    const struct rhi_region *region = choice->space->region;
    size_t class = 0;

    for (size_t page = region->sealed; page < region->top; page++) {
        if (page % region->granule_pages == 0)
            class = granule_class(region, page);
        if (rhi_space_has_memory(choice->space, page))
            visit(choice, page,
                  rhi_choice_has_pins(region, page) ? CLASS_PINNED : class);
    }
}

static void
choice_count(struct choice *choice, size_t page, size_t class)
{
    (void)page;
    choice->count[class]++;
}

static void
choice_draw_line(struct choice *choice)
{
    size_t needed = rhi_choice_needed(choice->space);
    size_t pinned = choice->count[CLASS_PINNED];

    choice->line = CLASS_BLOCKED;
    choice->keep = needed > pinned ? needed - pinned : 0;
    while (choice->keep > choice->count[choice->line])
        choice->keep -= choice->count[choice->line--];
}

static bool
choice_takes(struct choice *choice, size_t class)
{
    if (class != choice->line || choice->keep == 0)
        return class > choice->line;
    choice->keep--;
    return true;
}

static void
choice_flag(struct choice *choice, size_t page, size_t class)
{
    struct rhi_region *region = choice->space->region;

    if (choice_takes(choice, class))
        (void)rhi_space_populate(choice->space, page); // it has memory
    else if (region->live[page])
        region->flags[page] |= RHI_FLAG_EVACUATED;
}

void
rhi_choice_densest(struct rhi_space *space)
{
    struct choice choice = { .space = space };

    choice_each(&choice, choice_count);
    choice_draw_line(&choice);
    choice_each(&choice, choice_flag);
}

void
rhi_choice_scatter(struct rhi_space *space)
{
    struct rhi_region *region = space->region;
    size_t wanted = rhi_choice_needed(space);

    for (size_t page = region->sealed; page < region->top; page++)
        if (region->live[page])
            region->flags[page] |= RHI_FLAG_EVACUATED;
    for (size_t page = region->sealed; page < region->top && wanted > 0; page++)
        if (region->pages[page].list == RHI_TOMB) {
            (void)rhi_space_populate(space, page);
            wanted--;
        }
    while (wanted > 0 && rhi_space_grow(space) != SIZE_MAX)
        wanted--;
}

bool
rhi_choice_is_target(const struct rhi_space *space, size_t page)
{
    const struct rhi_region *region = space->region;

    return region->pages[page].list > RHI_TOMB &&
           !(region->flags[page] & RHI_FLAG_EVACUATED);
}

size_t
rhi_choice_room(const struct rhi_space *space)
{
    const struct rhi_region *region = space->region;
    size_t room = 0;

    for (size_t page = region->sealed; page < region->top; page++)
        if (rhi_choice_is_target(space, page))
            room += space->shape.slots - region->live[page];
    return room;
}
