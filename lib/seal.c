// SPDX-License-Identifier: MIT
#include "config.h"

#include "seal.h"

#include <string.h>

// ---- closing and opening ----

// The lowest page of which no line shares a page of the system with any line of
// those with memory.  Not of those below the top, which never falls: whoever
// unseals, compacts and seals again would come to the end of the region.
static size_t
seal_end(const struct rhi_seal *seal)
{
    const struct rhi_region *region = seal->region;
    size_t step =
        rhi_max(region->granule_pages, region->os_page / sizeof(rhi_line));
    size_t end = region->top;

    while (end > region->sealed && !rhi_space_has_memory(seal->space, end - 1))
        end--;
    return rhi_round_up(end, step) + step;
}

bool
rhi_seal_close(struct rhi_seal *seal)
{
    struct rhi_region *region = seal->region;
    size_t first = region->sealed;
    size_t end = seal_end(seal);

    if (rhi_space_eden_pages(seal->space) == 0)
        return true;
    if (!rhi_space_extend(seal->space, end - 1))
        return false;
    rhi_barrier_forget_all(seal->barrier);
    rhi_space_seal(seal->space, end);
    for (size_t page = first; page < end; page++) {
        seal->slots += region->live[page];
        if (region->live[page])
            memcpy(region->plane[RHI_NEXT][page], region->plane[RHI_MARK][page],
                   sizeof(rhi_line));
    }
    return true;
}

void
rhi_seal_open(struct rhi_seal *seal)
{
    struct rhi_region *region = seal->region;

    for (size_t page = 0; page < region->sealed; page++)
        rhi_line_clear(region->plane[RHI_NEXT][page]);
    rhi_space_unseal(seal->space);
    seal->slots = 0;
}

// ---- what is a root meanwhile ----

// The sealed objects of a page that may refer to others.
static void
page_altered(const struct rhi_region *region, size_t page, uint64_t *line)
{
    const uint64_t *remembered = region->plane[RHI_REMEMBERED][page];
    const uint64_t *unprotected = region->plane[RHI_UNPROTECTED][page];

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        line[word] = remembered[word] | unprotected[word];
}

static size_t
page_visit(const struct rhi_seal *seal, size_t page, struct rh_visitor *visitor)
{
    const struct rhi_region *region = seal->region;
    uint32_t slots = seal->space->shape.slots;
    rhi_line line;

    page_altered(region, page, line);
    for (uint32_t index = rhi_line_next_set(line, 0, slots); index < slots;
         index = rhi_line_next_set(line, index + 1, slots))
        seal->model->trace(rhi_page_slot(region, page, index), visitor);
    return rhi_line_count(line);
}

static void
visit_cards(const struct rhi_seal *seal, struct rh_visitor *visitor,
            void (*pause)(void *context), void *context)
{
    const struct rhi_barrier *barrier = seal->barrier;

    for (size_t i = 0; i < barrier->card_count; i++) {
        struct rhi_slice card = barrier->table->cards[i];

        if (!rhi_region_is_sealed(seal->region, card.object))
            continue;
        (void)seal->model->trace_range(card.object, card.first,
                                       card.first + RHI_SLICE_REFERENCES,
                                       visitor);
        if (pause)
            pause(context);
    }
}

size_t
rhi_seal_visit(const struct rhi_seal *seal, struct rh_visitor *visitor,
               void (*pause)(void *context), void *context)
{
    const struct rhi_region *region = seal->region;
    unsigned flags = RHI_FLAG_REMEMBERED | RHI_FLAG_UNPROTECTED;
    size_t count = 0;

    if (region->sealed == 0 || !seal->model->trace)
        return 0;
    for (size_t page = rhi_region_next_flagged(region, 0, flags);
         page < region->sealed;
         page = rhi_region_next_flagged(region, page + 1, flags)) {
        count += page_visit(seal, page, visitor);
        if (pause)
            pause(context);
    }
    visit_cards(seal, visitor, pause, context);
    return count;
}

// ---- checking ----

const char *
rhi_seal_check(const struct rhi_seal *seal, size_t *page)
{
    const struct rhi_region *region = seal->region;
    size_t slots = 0;

    for (*page = 0; *page < region->sealed; ++*page) {
        const uint64_t *mark = region->plane[RHI_MARK][*page];

        slots += region->live[*page];
        if (memcmp(mark, region->plane[RHI_NEXT][*page], sizeof(rhi_line)) ||
            memcmp(mark, region->plane[RHI_ALLOCATED][*page], sizeof(rhi_line)))
            return "Z1";
    }
    *page = SIZE_MAX;
    return slots == seal->slots ? NULL : "Z2";
}
