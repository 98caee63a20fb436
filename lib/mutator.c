// SPDX-License-Identifier: MIT
#include "config.h"

#include "mutator.h"

#include "poison.h"

#include <string.h>

void
rhi_mutator_init(struct rh_mutator *mutator, struct rhi_space *space,
                 size_t run_offset)
{
    *mutator = (struct rh_mutator){
        .page = SIZE_MAX,
        .run_offset = run_offset,
        .space = space,
        .traps = space->region->watched ? RHI_TRAP_TOOL : 0,
    };
    mutator->fast.base = space->region->base;
    // Beyond, there are no bits to look at.
    rhi_space_keep_span(space, &mutator->fast.span);
    mutator->fast.slot_bytes = space->shape.slot_bytes;
    mutator->fast.reciprocal = space->shape.reciprocal;
    // No barrier has anything to do until somebody says who is old: there
    // are no remembered bits then.
    mutator->fast.old = space->region->plane[RHI_REMEMBERED];
}

// Begin with the run at `slot`, or with none.
static void
mutator_enter_run(struct rh_mutator *mutator, char *slot)
{
    bool watched = mutator->space->region->watched;
    struct rhi_run *run;

    mutator->fast.next = mutator->run_end = slot;
    mutator->next_run = NULL;
    if (slot) {
        run = rhi_run_of(slot, mutator->run_offset);
        if (watched)
            rhi_poison_defined(run, sizeof *run);
        mutator->run_end = run->end;
        mutator->next_run = run->next;
        if (watched)
            rhi_poison_free(run, sizeof *run);
    }
    rhi_mutator_arm(mutator);
}

void
rhi_mutator_take(struct rh_mutator *mutator, size_t page)
{
    struct rhi_space *space = mutator->space;
    struct rhi_region *region = space->region;
    uint64_t *allocated = region->plane[RHI_ALLOCATED][page];

    RHI_ASSERT(region->panic, mutator->page == SIZE_MAX); // C2
    rhi_page_free_bits(region, page, mutator->free);
    mutator->handed_out += space->shape.slots - region->live[page];
    mutator->page = page;
    rhi_space_move(space, page, RHI_CURRENT);
    mutator_enter_run(mutator, rhi_page_thread(region, page, mutator->free,
                                               mutator->run_offset));
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
        allocated[word] |= mutator->free[word];
    region->live[page] = (uint16_t)space->shape.slots;
    region->flags[page] |= RHI_FLAG_YOUNG;
}

char *
rhi_mutator_bump(struct rh_mutator *mutator)
{
    struct rh_fast *fast = &mutator->fast;
    char *slot;

    if (fast->next == mutator->run_end) {
        if (!mutator->next_run)
            return NULL;
        mutator_enter_run(mutator, mutator->next_run);
    }
    slot = fast->next;
    fast->next = slot + fast->slot_bytes;
    return slot;
}

// The index of the first slot that has not been passed by the cursor.
static uint32_t
mutator_position(const struct rh_mutator *mutator)
{
    const struct rhi_region *region = mutator->space->region;
    const char *body = rhi_region_body(region, mutator->page);

    return rhi_shape_index(&mutator->space->shape,
                           (uint32_t)(mutator->fast.next - body));
}

// The bits of `free` that are still unused, in one word.
static uint64_t
mutator_unused_word(const struct rh_mutator *mutator, uint32_t word,
                    uint32_t position)
{
    return mutator->free[word] &
           rhi_word_range(word, position, mutator->space->shape.slots);
}

size_t
rhi_mutator_unused(const struct rh_mutator *mutator)
{
    uint32_t position;
    size_t count = 0;

    if (mutator->page == SIZE_MAX)
        return 0;
    position = mutator_position(mutator);
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
        count += rhi_word_count(mutator_unused_word(mutator, word, position));
    return count;
}

bool
rhi_mutator_is_unused(const struct rh_mutator *mutator, uintptr_t slot)
{
    const struct rhi_region *region = mutator->space->region;

    return mutator->page != SIZE_MAX &&
           rhi_region_page(region, slot) == mutator->page &&
           slot >= (uintptr_t)mutator->fast.next &&
           rhi_bit_test(mutator->free, rhi_page_index(region, slot));
}

bool
rhi_mutator_is_object(const struct rh_mutator *mutator, uintptr_t word)
{
    return rhi_space_is_slot(mutator->space, word) &&
           rhi_page_is_object(mutator->space->region, word) &&
           !rhi_mutator_is_unused(mutator, word);
}

void
rhi_mutator_flush(struct rh_mutator *mutator)
{
    struct rhi_region *region = mutator->space->region;
    size_t page = mutator->page;
    size_t unused = rhi_mutator_unused(mutator);

    if (page == SIZE_MAX)
        return;
    RHI_ASSERT(region->panic, mutator->handed_out >= unused); // C3
    if (unused) {
        uint64_t *allocated = region->plane[RHI_ALLOCATED][page];
        uint32_t position = mutator_position(mutator);

        for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
            allocated[word] &= ~mutator_unused_word(mutator, word, position);
        region->live[page] = (uint16_t)(region->live[page] - unused);
        mutator->handed_out -= unused;
    }
    mutator->page = SIZE_MAX;
    memset(mutator->free, 0, sizeof mutator->free);
    mutator_enter_run(mutator, NULL);
    rhi_space_file(mutator->space, page);
}

// Where in the current page an address is, in slots; SIZE_MAX unless a slot
// begins there, or the last one ends.
static size_t
mutator_border(const struct rh_mutator *mutator, const char *address)
{
    const struct rhi_shape *shape = &mutator->space->shape;
    const char *body = rhi_region_body(mutator->space->region, mutator->page);
    uintptr_t distance = (uintptr_t)address - (uintptr_t)body;
    uint32_t index;

    if (distance < RHI_HEADER_BYTES || distance > RHI_PAGE_BYTES)
        return SIZE_MAX;
    index = rhi_shape_index(shape, (uint32_t)distance);
    return index <= shape->slots && rhi_shape_offset(shape, index) == distance
               ? index
               : SIZE_MAX;
}

static bool
mutator_run_is_right(const struct rh_mutator *mutator)
{
    const struct rh_fast *fast = &mutator->fast;
    size_t end = mutator_border(mutator, mutator->run_end);
    size_t next_run = mutator_border(mutator, mutator->next_run);

    if (end == SIZE_MAX || mutator_border(mutator, fast->next) > end)
        return false;
    if (fast->limit != fast->next && fast->limit != mutator->run_end)
        return false;
    return !mutator->next_run ||
           (next_run != SIZE_MAX && next_run > end &&
            rhi_bit_test(mutator->free, (uint32_t)next_run));
}

const char *
rhi_mutator_check(const struct rh_mutator *mutator)
{
    const struct rhi_space *space = mutator->space;
    const struct rhi_region *region = space->region;
    const struct rh_fast *fast = &mutator->fast;
    const uint64_t *allocated;

    if (space->count[RHI_CURRENT] != (mutator->page != SIZE_MAX))
        return "C2";
    if (mutator->page == SIZE_MAX)
        return fast->next || fast->limit || mutator->run_end ? "C1" : NULL;
    if (mutator->page >= region->top ||
        region->pages[mutator->page].list != RHI_CURRENT)
        return "C2";
    if (!mutator_run_is_right(mutator))
        return "C1";
    allocated = region->plane[RHI_ALLOCATED][mutator->page];
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
        if (mutator->free[word] & ~allocated[word])
            return "C2";
    return NULL;
}
