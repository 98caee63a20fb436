// SPDX-License-Identifier: MIT
// A heap is damaged in one place after the other: verify must name just the
// invariant that is broken, and never fall over what it finds.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "poison.h"

#include <rheap/barrier.h>

// A heap with a page on each list, and what a case needs to know of it.
struct sick {
    struct check_world world;
    struct rh_heap *heap;
    struct rhi_region *region;
    struct rhi_space *space;
    struct rh_mutator *mutator;
    struct node *roots[4];
    size_t page[RHI_LISTS]; // one of each list
    uint32_t slots;
    bool generational; // asked for
};

// Keep the first `live` of a page full of new objects.
static struct node *
fill_page(struct sick *sick, size_t live)
{
    struct node *list = NULL;

    check_root(sick->heap, &list);
    rhi_mutator_flush(&sick->heap->mutator);
    assert_int_not_equal(rhi_space_grow(sick->space), SIZE_MAX);
    for (size_t i = 0; i < sick->slots; i++) {
        struct node *node = check_node(sick->heap, NULL, NULL);

        if (i < live) {
            node->right = list;
            list = node;
        }
    }
    check_unroot(sick->heap, &list);
    return list;
}

static void
find_pages(struct sick *sick)
{
    for (size_t page = 0; page < sick->region->top; page++)
        sick->page[sick->region->pages[page].list] = page;
    for (int list = 0; list < RHI_SEALED; list++) // for these see test_seal.c
        assert_true(sick->space->count[list] > 0);
}

static void
sick_open(struct sick *sick, size_t os_page)
{
    size_t granule;
    size_t last;

    bool generational = sick->generational;

    memset(sick, 0, sizeof *sick);
    sick->generational = generational;
    check_prepare(&sick->world);
    sick->world.config.generational = generational;
    check_memory_init(&sick->world.memory, &sick->world.faults,
                      &sick->world.config.memory, os_page);
    sick->world.config.initial_slots = 0;
    check_make(&sick->world);
    sick->heap = sick->world.heap;
    sick->region = &sick->heap->region;
    sick->space = &sick->heap->space;
    sick->mutator = &sick->heap->mutator;
    sick->slots = sick->space->shape.slots;
    rh_heap_disable(sick->heap);
    assert_int_equal(rh_root_add_range(sick->heap, NULL, sick->roots, 4),
                     RH_OK);
    granule = sick->region->granule_pages;

    sick->roots[0] = fill_page(sick, sick->slots);
    sick->roots[1] = fill_page(sick, sick->slots - 1);
    sick->roots[2] = fill_page(sick, sick->slots * 5 / 8);
    sick->roots[3] = fill_page(sick, sick->slots * 3 / 8);
    check_buffer(sick->heap, 10)->left = NULL;
    sick->roots[3]->left = check_buffer(sick->heap, 10);
    for (size_t n = 0; n < 2 * granule; n++)
        (void)fill_page(sick, 0);
    last = sick->region->top - 1;
    assert_true(rhi_space_populate(sick->space, last + 2 * granule));
    sick->roots[0]->left = check_node(sick->heap, NULL, NULL);
    rh_heap_collect(sick->heap);
    assert_true(rhi_space_populate(sick->space, last + 4 * granule));
    rhi_mutator_take(sick->mutator, last + 4 * granule);
    check_waste(sick->heap, 3);
    check_heap(sick->heap);
    find_pages(sick);
}

typedef void (*damage_fn)(struct sick *sick);

static void
expect_found_at(const char *invariant, size_t os_page, damage_fn damage)
{
    static struct sick sick;

    sick.generational = false;
    sick_open(&sick, os_page);
    damage(&sick);
    check_broken(sick.heap, invariant);
    check_abandon(&sick.world);
    sick.generational = true;
    sick_open(&sick, os_page);
    damage(&sick);
    check_broken(sick.heap, invariant);
    check_abandon(&sick.world);
}

static void
expect_found(const char *invariant, damage_fn damage)
{
    expect_found_at(invariant, 0, damage);
}

// The links of a page.

static struct rhi_ring *
link_of(struct sick *sick, enum rhi_list list)
{
    return &sick->region->pages[sick->page[list]].link;
}

static uint64_t *
line_of(struct sick *sick, enum rhi_plane plane, enum rhi_list list)
{
    return sick->region->plane[plane][sick->page[list]];
}

// Region.

static void
top_above_committed(struct sick *sick)
{
    sick->region->top = sick->region->committed + 1;
}

static void
committed_above_the_end(struct sick *sick)
{
    sick->region->committed =
        sick->region->max_pages + sick->region->granule_pages;
}

static void
half_a_granule_committed(struct sick *sick)
{
    sick->region->committed--;
}

static void
region_damage_is_found(void **state)
{
    (void)state;
    expect_found("R2", top_above_committed);
    expect_found("R2", committed_above_the_end);
    expect_found_at("R3", 65536, half_a_granule_committed);
}

// Lists.

static void
null_link(struct sick *sick)
{
    link_of(sick, RHI_FULL)->next = NULL;
}

static void
null_back_link(struct sick *sick)
{
    link_of(sick, RHI_TOMB)->previous = NULL;
}

static void
crooked_link(struct sick *sick)
{
    struct rhi_ring *link = link_of(sick, RHI_TIGHT);

    link->next = (struct rhi_ring *)((uintptr_t)link->next + 1);
}

static void
link_to_a_stranger(struct sick *sick)
{
    link_of(sick, RHI_TIGHT)->next = (struct rhi_ring *)(uintptr_t)8;
}

static void
link_behind_the_top(struct sick *sick)
{
    link_of(sick, RHI_TIGHT)->next =
        &sick->region->pages[sick->region->top].link;
}

static void
page_on_no_list(struct sick *sick)
{
    rhi_ring_remove(link_of(sick, RHI_ROOMY_1));
}

static void
page_on_another_list(struct sick *sick)
{
    struct rhi_ring *link = link_of(sick, RHI_ROOMY_1);

    rhi_ring_remove(link);
    rhi_ring_append(&sick->space->list[RHI_ROOMY_2], link);
}

static void
list_that_bites_its_tail(struct sick *sick)
{
    struct rhi_ring *link = link_of(sick, RHI_TOMB);

    link->next = link->previous = link;
}

static void
unknown_list(struct sick *sick)
{
    sick->region->pages[sick->page[RHI_FULL]].list = RHI_LISTS;
}

static void
wrong_count(struct sick *sick)
{
    sick->space->count[RHI_FULL]++;
}

static void
low_count(struct sick *sick)
{
    sick->space->count[RHI_TOMB]--;
}

static void
head_without_a_list(struct sick *sick)
{
    sick->space->list[RHI_FULL].next = NULL;
}

static void
empty_list_without_a_head(struct sick *sick)
{
    size_t page = sick->page[RHI_TIGHT];

    // The only tight page dies; its list is empty, and damaged.
    sick->roots[1] = NULL;
    rh_heap_collect(sick->heap);
    assert_int_equal(sick->region->pages[page].list, RHI_TOMB);
    assert_int_equal(sick->space->count[RHI_TIGHT], 0);
    sick->space->list[RHI_TIGHT].next = NULL;
}

static void
empty_list_that_leads_astray(struct sick *sick)
{
    empty_list_without_a_head(sick);
    sick->space->list[RHI_TIGHT].next = (struct rhi_ring *)(uintptr_t)16;
}

static void
list_damage_is_found(void **state)
{
    (void)state;
    expect_found("S1", null_link);
    expect_found("S1", null_back_link);
    expect_found("S1", crooked_link);
    expect_found("S1", link_to_a_stranger);
    expect_found("S1", link_behind_the_top);
    expect_found("S1", page_on_no_list);
    expect_found("S1", page_on_another_list);
    expect_found("S1", list_that_bites_its_tail);
    expect_found("S1", unknown_list);
    expect_found("S1", wrong_count);
    expect_found("S1", low_count);
    expect_found("S1", head_without_a_list);
    expect_found("S1", empty_list_without_a_head);
    expect_found("S1", empty_list_that_leads_astray);
}

static void
object_in_the_tomb(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_ALLOCATED, RHI_TOMB), 0);
    sick->region->live[sick->page[RHI_TOMB]] = 1;
}

static void
bit_on_a_released_page(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_MARK, RHI_RELEASED), 0);
}

static void
object_on_a_released_page(struct sick *sick)
{
    sick->region->live[sick->page[RHI_RELEASED]] = 1;
}

static void
more_objects_than_slots(struct sick *sick)
{
    sick->region->live[sick->page[RHI_FULL]] = (uint16_t)(sick->slots + 1);
}

static void
full_page_among_the_roomy(struct sick *sick)
{
    rhi_space_move(sick->space, sick->page[RHI_FULL], RHI_ROOMY_3);
}

static void
roomy_page_among_the_full(struct sick *sick)
{
    rhi_space_move(sick->space, sick->page[RHI_ROOMY_2], RHI_FULL);
}

static void
page_that_was_never_made(struct sick *sick)
{
    sick->space->allocated_total++;
}

static void
page_that_was_never_freed(struct sick *sick)
{
    sick->space->freed_total--;
}

static void
search_above_a_released_page(struct sick *sick)
{
    sick->space->first_released = sick->region->top;
}

static void
page_without_a_shape(struct sick *sick)
{
    sick->region->pages[sick->page[RHI_FULL]].shape = NULL;
}

static void
page_of_another_shape(struct sick *sick)
{
    static struct rhi_shape other;

    other = rhi_shape_of(48);
    sick->region->pages[sick->page[RHI_FULL]].shape = &other;
}

static void
space_damage_is_found(void **state)
{
    (void)state;
    expect_found("S2", object_in_the_tomb);
    expect_found("S2", bit_on_a_released_page);
    expect_found("S2", object_on_a_released_page);
    expect_found("S3", more_objects_than_slots);
    expect_found("S3", full_page_among_the_roomy);
    expect_found("S3", roomy_page_among_the_full);
    expect_found("S4", page_that_was_never_made);
    expect_found("S4", page_that_was_never_freed);
    expect_found("S5", search_above_a_released_page);
    expect_found("S6", page_without_a_shape);
    expect_found("S6", page_of_another_shape);
}

// Bits.

static void
object_behind_the_last_slot(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_ALLOCATED, RHI_ROOMY_2), sick->slots);
}

static void
mark_behind_the_last_slot(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_MARK, RHI_FULL), 511);
}

static void
one_live_too_many(struct sick *sick)
{
    sick->region->live[sick->page[RHI_ROOMY_2]]++;
}

static void
lost_allocated_bit(struct sick *sick)
{
    rhi_bit_clear(line_of(sick, RHI_ALLOCATED, RHI_ROOMY_2), 0);
}

static void
marked_free_slot(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_MARK, RHI_ROOMY_2), sick->slots - 1);
}

static void
attached_free_slot(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_EXTERNAL, RHI_ROOMY_2), sick->slots - 1);
}

static void
special_free_slot(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_SPECIAL, RHI_TOMB), 1);
}

static void
left_over_next_bit(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_NEXT, RHI_FULL), 1);
}

static void
left_over_gray_bit(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_GRAY, RHI_FULL), 1);
}

static void
left_over_sliced_bit(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_SLICED, RHI_FULL), 1);
}

static void
left_over_gray_flag(struct sick *sick)
{
    sick->region->flags[sick->page[RHI_FULL]] |= RHI_FLAG_GRAY;
}

static struct rhi_header *
header_of(struct sick *sick)
{
    return (struct rhi_header *)(void *)rhi_region_body(
        sick->region, sick->page[RHI_ROOMY_1]);
}

static void
header_without_magic(struct sick *sick)
{
    header_of(sick)->magic ^= 1;
}

static void
header_of_another_heap(struct sick *sick)
{
    header_of(sick)->heap = NULL;
}

static void
header_of_another_page(struct sick *sick)
{
    header_of(sick)->number++;
}

static void
header_of_other_slots(struct sick *sick)
{
    header_of(sick)->slot_bytes = 48;
}

static void
page_damage_is_found(void **state)
{
    (void)state;
    expect_found("P1", object_behind_the_last_slot);
    expect_found("P1", mark_behind_the_last_slot);
    expect_found("P2", one_live_too_many);
    expect_found("P2", lost_allocated_bit);
    expect_found("P3", marked_free_slot);
    expect_found("P4", attached_free_slot);
    expect_found("P4", special_free_slot);
    expect_found("P5", left_over_next_bit);
    expect_found("P5", left_over_gray_bit);
    expect_found("P5", left_over_sliced_bit);
    expect_found("P5", left_over_gray_flag);
    expect_found("P6", header_without_magic);
    expect_found("P6", header_of_another_heap);
    expect_found("P6", header_of_another_page);
    expect_found("P6", header_of_other_slots);
}

// The cursor.

static void
cursor_in_the_header(struct sick *sick)
{
    sick->mutator->fast.next =
        rhi_region_body(sick->region, sick->mutator->page);
    sick->mutator->fast.limit = sick->mutator->fast.next;
}

static void
cursor_behind_its_run(struct sick *sick)
{
    sick->mutator->fast.next = sick->mutator->run_end + 40;
    sick->mutator->fast.limit = sick->mutator->fast.next;
}

static void
cursor_inside_a_slot(struct sick *sick)
{
    sick->mutator->fast.next += 8;
    rhi_mutator_arm(sick->mutator);
}

static void
cursor_far_away(struct sick *sick)
{
    sick->mutator->fast.next = sick->mutator->fast.limit = (char *)sick;
}

static void
run_behind_the_page(struct sick *sick)
{
    sick->mutator->run_end += RHI_PAGE_BYTES;
    rhi_mutator_arm(sick->mutator);
}

static void
limit_of_nobody(struct sick *sick)
{
    sick->mutator->fast.limit = sick->mutator->fast.next + 8;
}

static void
next_run_on_another_page(struct sick *sick)
{
    sick->mutator->next_run =
        rhi_page_slot(sick->region, sick->page[RHI_FULL], 0);
}

static void
next_run_inside_a_slot(struct sick *sick)
{
    sick->mutator->next_run = sick->mutator->run_end - 8;
}

static void
cursor_without_a_page(struct sick *sick)
{
    rhi_mutator_flush(sick->mutator);
    sick->mutator->fast.limit = (char *)(uintptr_t)40;
}

static void
current_page_of_another_list(struct sick *sick)
{
    sick->mutator->page = sick->page[RHI_FULL];
}

static void
current_page_behind_the_top(struct sick *sick)
{
    sick->mutator->page = sick->region->top;
}

static void
current_list_without_a_cursor(struct sick *sick)
{
    size_t page = sick->mutator->page;

    rhi_mutator_flush(sick->mutator);
    rhi_space_move(sick->space, page, RHI_CURRENT);
}

static void
two_current_pages(struct sick *sick)
{
    rhi_space_move(sick->space, sick->page[RHI_FULL], RHI_CURRENT);
}

static void
free_slot_that_is_not_allocated(struct sick *sick)
{
    rhi_bit_clear(line_of(sick, RHI_ALLOCATED, RHI_CURRENT), sick->slots - 1);
}

static void
cursor_damage_is_found(void **state)
{
    (void)state;
    expect_found("C1", cursor_in_the_header);
    expect_found("C1", cursor_behind_its_run);
    expect_found("C1", cursor_inside_a_slot);
    expect_found("C1", cursor_far_away);
    expect_found("C1", run_behind_the_page);
    expect_found("C1", limit_of_nobody);
    expect_found("C1", next_run_on_another_page);
    expect_found("C1", next_run_inside_a_slot);
    expect_found("C1", cursor_without_a_page);
    expect_found("C2", current_page_of_another_list);
    expect_found("C2", current_page_behind_the_top);
    expect_found("C2", current_list_without_a_cursor);
    expect_found("C2", two_current_pages);
    expect_found("C2", free_slot_that_is_not_allocated);
}

// Handles, external data, counts, the marker.

static void
handles_above_their_end(struct sick *sick)
{
    sick->mutator->fast.handle_top = sick->mutator->fast.handle_end + 1;
}

static void
handles_below_their_start(struct sick *sick)
{
    sick->mutator->fast.handle_top = sick->heap->roots.handles - 1;
}

static void
handles_beyond_the_reserve(struct sick *sick)
{
    sick->mutator->fast.handle_end =
        sick->heap->roots.handles + sick->heap->roots.max_handles + 1;
}

static void
bytes_without_a_block(struct sick *sick)
{
    sick->heap->external.blocks = 0;
}

static void
less_usable_than_asked_for(struct sick *sick)
{
    sick->heap->external.bytes = sick->heap->external.usable + 1;
}

static void
object_that_was_never_made(struct sick *sick)
{
    sick->mutator->handed_out++;
}

static void
object_that_never_died(struct sick *sick)
{
    sick->heap->sweep.freed_total--;
}

static void
something_in_the_deque(struct sick *sick)
{
    sick->heap->marker.top++;
}

static void
something_to_slice(struct sick *sick)
{
    sick->heap->marker.slice_count = 1;
}

static void
gray_pages_left(struct sick *sick)
{
    sick->heap->marker.gray_pages = 1;
}

static void
other_damage_is_found(void **state)
{
    (void)state;
    expect_found("T1", handles_above_their_end);
    expect_found("T1", handles_below_their_start);
    expect_found("T1", handles_beyond_the_reserve);
    expect_found("E1", bytes_without_a_block);
    expect_found("E2", less_usable_than_asked_for);
    expect_found("H1", object_that_was_never_made);
    expect_found("H1", object_that_never_died);
    expect_found("H2", something_in_the_deque);
    expect_found("H2", something_to_slice);
    expect_found("H2", gray_pages_left);
}

// What was remembered, and what is to be swept.

static void
remember(struct sick *sick, const struct node *node)
{
    rhi_barrier_remember(&sick->heap->barrier, node);
}

static void
young_object_remembered(struct sick *sick)
{
    remember(sick, check_node(sick->heap, NULL, NULL));
}

static void
free_slot_remembered(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_REMEMBERED, RHI_ROOMY_2), sick->slots - 1);
    sick->region->flags[sick->page[RHI_ROOMY_2]] |= RHI_FLAG_REMEMBERED;
}

static void
remembered_on_a_page_without_a_flag(struct sick *sick)
{
    remember(sick, sick->roots[0]);
    sick->region->flags[sick->page[RHI_FULL]] &= (uint8_t)~RHI_FLAG_REMEMBERED;
}

static void
free_slot_unprotected(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_UNPROTECTED, RHI_ROOMY_2), sick->slots - 1);
    sick->region->flags[sick->page[RHI_ROOMY_2]] |= RHI_FLAG_UNPROTECTED;
}

static void
unprotected_on_a_page_without_a_flag(struct sick *sick)
{
    rhi_bit_set(line_of(sick, RHI_UNPROTECTED, RHI_FULL), 0);
}

static void
take_cards(struct sick *sick, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rhi_barrier_card(&sick->heap->barrier, sick->roots[0],
                         i * RHI_SLICE_REFERENCES);
    assert_int_equal(sick->heap->barrier.card_count, count);
    check_heap(sick->heap);
}

// The cell of the first card.
static uint16_t *
first_cell(struct sick *sick)
{
    uint16_t *cell = sick->heap->barrier.table->cells;

    while (*cell != 1)
        cell++;
    return cell;
}

static void
card_without_a_cell(struct sick *sick)
{
    take_cards(sick, 10);
    *first_cell(sick) = 0;
}

static void
cell_of_another_card(struct sick *sick)
{
    take_cards(sick, 10);
    *first_cell(sick) = 2;
}

static void
cell_of_no_card(struct sick *sick)
{
    take_cards(sick, 10);
    *first_cell(sick) = 11;
}

static void
cell_far_outside(struct sick *sick)
{
    take_cards(sick, 10);
    *first_cell(sick) = UINT16_MAX;
}

static void
cells_without_end(struct sick *sick)
{
    take_cards(sick, 10);
    memset(sick->heap->barrier.table->cells, 1,
           sizeof sick->heap->barrier.table->cells);
}

static void
card_that_cannot_be_found(struct sick *sick)
{
    take_cards(sick, 10);
    sick->heap->barrier.table->cards[4].first += 50 * RHI_SLICE_REFERENCES;
}

static void
card_taken_twice(struct sick *sick)
{
    take_cards(sick, 10);
    sick->heap->barrier.table->cards[4] = sick->heap->barrier.table->cards[5];
}

static void
more_cards_than_cells(struct sick *sick)
{
    take_cards(sick, 10);
    sick->heap->barrier.card_count++;
}

static void
more_cards_than_room(struct sick *sick)
{
    take_cards(sick, 10);
    sick->heap->barrier.card_count = SIZE_MAX;
}

static void
cards_without_a_table(struct sick *sick)
{
    sick->heap->barrier.card_count = 1;
}

static void
remembered_damage_is_found(void **state)
{
    (void)state;
    expect_found("B1", young_object_remembered);
    expect_found("B1", free_slot_remembered);
    expect_found("B1", remembered_on_a_page_without_a_flag);
    expect_found("B2", free_slot_unprotected);
    expect_found("B2", unprotected_on_a_page_without_a_flag);
    expect_found("B4", card_without_a_cell);
    expect_found("B4", cell_of_another_card);
    expect_found("B4", cell_of_no_card);
    expect_found("B4", cell_far_outside);
    expect_found("B4", cells_without_end);
    expect_found("B4", card_that_cannot_be_found);
    expect_found("B4", card_taken_twice);
    expect_found("B4", more_cards_than_cells);
    expect_found("B4", more_cards_than_room);
    expect_found("B4", cards_without_a_table);
}

static void
an_old_parent_of_a_young_child_has_to_be_remembered(void **state)
{
    static struct sick sick;
    struct rh_violation found;

    (void)state;
    sick.generational = true;
    sick_open(&sick, 0);
    sick.roots[0]->left = check_node(sick.heap, NULL, NULL);
    check_broken(sick.heap, "B3");
    (void)rh_heap_verify(sick.heap, &found);
    assert_ptr_equal(found.object, sick.roots[0]);
    assert_int_equal(found.page, sick.page[RHI_FULL]);

    remember(&sick, sick.roots[0]);
    check_heap(sick.heap);
    rhi_barrier_forget(&sick.heap->barrier);
    check_broken(sick.heap, "B3");
    rh_barrier_unprotect(sick.heap, sick.roots[0]);
    rhi_barrier_forget(&sick.heap->barrier);
    check_heap(sick.heap);
    check_close(&sick.world);
}

static void
sweeping_behind_its_end(struct sick *sick)
{
    sick->region->unswept = 1;
    sick->region->unswept_end = 0;
}

static void
sweeping_above_the_top(struct sick *sick)
{
    sick->region->unswept = sick->region->unswept_end = sick->region->top + 1;
}

static void
page_swept_early_by_nobody(struct sick *sick)
{
    sick->region->flags[sick->page[RHI_FULL]] |= RHI_FLAG_SWEPT;
}

static void
pages_to_sweep_at_no_stage(struct sick *sick)
{
    sick->region->unswept = 0;
    sick->region->unswept_end = sick->region->top;
}

static void
sweeping_damage_is_found(void **state)
{
    (void)state;
    expect_found("U1", sweeping_behind_its_end);
    expect_found("U1", sweeping_above_the_top);
    expect_found("U1", page_swept_early_by_nobody);
    expect_found("H3", pages_to_sweep_at_no_stage);
}

// A collection in steps: what it borrows is right now, and nothing else.
static void
begin_marking(struct sick *sick)
{
    if (!sick->generational)
        sick->heap->major.stage = RHI_MARKING;
    else
        assert_int_equal(rh_heap_start(sick->heap), RH_OK);
    check_heap(sick->heap);
}

static void
lost_gray_page(struct sick *sick)
{
    begin_marking(sick);
    rhi_marker_begin(&sick->heap->marker, RHI_MARKER_MAJOR, RHI_NEXT);
    rhi_marker_shade(&sick->heap->marker, sick->roots[3]->right);
    check_heap(sick->heap);
    sick->heap->marker.gray_pages--;
}

static void
young_gray_bit_while_marking(struct sick *sick)
{
    begin_marking(sick);
    rhi_bit_set(line_of(sick, RHI_YOUNG_GRAY, RHI_FULL), 0);
}

static void
reached_bit_while_marking(struct sick *sick)
{
    begin_marking(sick);
    rhi_bit_set(line_of(sick, RHI_REACHED, RHI_FULL), 0);
}

static void
something_in_the_young_deque(struct sick *sick)
{
    begin_marking(sick);
    sick->heap->young.top++;
}

static void
dead_object_in_the_deque(struct sick *sick)
{
    begin_marking(sick);
    rhi_marker_begin(&sick->heap->marker, RHI_MARKER_MAJOR, RHI_NEXT);
    rhi_marker_push(
        &sick->heap->marker,
        rhi_page_slot(sick->region, sick->page[RHI_ROOMY_2], sick->slots - 1));
}

static void
dead_container_among_the_slices(struct sick *sick)
{
    begin_marking(sick);
    rhi_marker_begin(&sick->heap->marker, RHI_MARKER_MAJOR, RHI_NEXT);
    rhi_marker_add_slices(&sick->heap->marker, sick);
}

static void
gray_free_slot(struct sick *sick)
{
    begin_marking(sick);
    rhi_marker_begin(&sick->heap->marker, RHI_MARKER_MAJOR, RHI_NEXT);
    rhi_marker_shade(
        &sick->heap->marker,
        rhi_page_slot(sick->region, sick->page[RHI_ROOMY_2], sick->slots - 1));
}

static void
deque_longer_than_it_is(struct sick *sick)
{
    begin_marking(sick);
    sick->heap->marker.top += 10000;
}

static void
more_slices_than_room(struct sick *sick)
{
    begin_marking(sick);
    sick->heap->marker.slice_count = SIZE_MAX;
}

static void
next_bit_on_a_swept_page(struct sick *sick)
{
    sick->heap->major.stage = RHI_SWEEPING;
    check_heap(sick->heap);
    left_over_next_bit(sick);
}

static void
damage_between_steps_is_found(void **state)
{
    (void)state;
    expect_found("H2", lost_gray_page);
    expect_found("P5", young_gray_bit_while_marking);
    expect_found("P5", reached_bit_while_marking);
    expect_found("H2", something_in_the_young_deque);
    expect_found("P5", next_bit_on_a_swept_page);
    expect_found("M3", dead_object_in_the_deque);
    expect_found("M3", dead_container_among_the_slices);
    expect_found("M3", gray_free_slot);
    expect_found("M3", deque_longer_than_it_is);
    expect_found("M3", more_slices_than_room);
}

// An old object that nobody led to is stored into one that has been followed.
static void
a_store_missed_between_steps_is_found(void **state)
{
    struct sick sick = { .generational = true };
    struct rh_violation found;
    struct node *stray;

    (void)state;
    sick_open(&sick, 0);
    stray = sick.roots[0]->left;
    sick.roots[0]->left = NULL;
    begin_marking(&sick);
    (void)rh_heap_step(sick.heap, (struct rh_budget){ 0, 0 });
    assert_string_equal(rh_heap_stage(sick.heap), "marking");
    check_heap(sick.heap);

    sick.roots[0]->left = stray;
    assert_int_equal(rh_heap_verify(sick.heap, &found), RH_BROKEN);
    assert_string_equal(found.invariant, "M2");
    assert_ptr_equal(found.object, sick.roots[0]);
    assert_int_equal(found.page, sick.page[RHI_FULL]);

    rh_barrier_write(sick.heap, sick.roots[0], stray);
    check_heap(sick.heap);
    rh_heap_finish(sick.heap);
    check_heap(sick.heap);
    assert_true(rh_heap_is_live(sick.heap, (uintptr_t)stray));
    check_close(&sick.world);
}

// References.

static void *
slot_of(struct sick *sick, enum rhi_list list, uint32_t slot)
{
    return rhi_page_slot(sick->region, sick->page[list], slot);
}

static void
reference_to_a_dead_slot(struct sick *sick)
{
    sick->roots[0]->left = slot_of(sick, RHI_ROOMY_2, sick->slots - 1);
}

static void
reference_into_the_tomb(struct sick *sick)
{
    sick->roots[0]->left = slot_of(sick, RHI_TOMB, 0);
}

static void
reference_to_a_released_page(struct sick *sick)
{
    sick->roots[0]->left =
        (struct node *)(void *)(rhi_region_body(sick->region,
                                                sick->page[RHI_RELEASED]) +
                                RHI_HEADER_BYTES);
}

static void
reference_to_an_unused_slot(struct sick *sick)
{
    sick->roots[0]->left = (struct node *)(void *)sick->mutator->fast.next;
}

static void
reference_into_an_object(struct sick *sick)
{
    sick->roots[0]->left = (struct node *)((uintptr_t)sick->roots[1] + 8);
}

static void
reference_to_a_header(struct sick *sick)
{
    sick->roots[0]->left = (struct node *)(void *)header_of(sick);
}

static void
root_of_a_dead_slot(struct sick *sick)
{
    sick->roots[0] = slot_of(sick, RHI_ROOMY_2, sick->slots - 1);
}

static void
handle_into_an_object(struct sick *sick)
{
    assert_non_null(rh_scope_hold(sick->heap, (char *)sick->roots[0] + 16));
}

static void
dangling_references_are_found(void **state)
{
    (void)state;
    expect_found("V1", reference_to_a_dead_slot);
    expect_found("V1", reference_into_the_tomb);
    expect_found("V1", reference_to_a_released_page);
    expect_found("V1", reference_to_an_unused_slot);
    expect_found("V1", reference_into_an_object);
    expect_found("V1", reference_to_a_header);
    expect_found("V2", root_of_a_dead_slot);
    expect_found("V2", handle_into_an_object);
}

static void
a_violation_says_where(void **state)
{
    static struct sick sick;
    struct rh_violation found;

    (void)state;
    sick_open(&sick, 0);
    marked_free_slot(&sick);
    assert_int_equal(rh_heap_verify(sick.heap, &found), RH_BROKEN);
    assert_int_equal(found.page, sick.page[RHI_ROOMY_2]);
    assert_int_equal(found.slot, sick.slots - 1);
    check_abandon(&sick.world);

    sick_open(&sick, 0);
    reference_to_a_dead_slot(&sick);
    assert_int_equal(rh_heap_verify(sick.heap, &found), RH_BROKEN);
    assert_ptr_equal(found.object, sick.roots[0]);
    assert_int_equal(found.page, sick.page[RHI_FULL]);
    assert_int_equal(found.slot,
                     rhi_page_index(sick.region, (uintptr_t)sick.roots[0]));
    check_abandon(&sick.world);
}

static void
a_sound_heap_has_no_violation(void **state)
{
    static struct sick sick;
    struct rh_violation found = { .invariant = "untouched" };

    (void)state;
    sick_open(&sick, 0);

    assert_int_equal(rh_heap_verify(sick.heap, &found), RH_OK);

    assert_null(found.invariant);
    assert_null(found.meaning);
    assert_null(found.object);
    assert_int_equal(found.page, SIZE_MAX);
    assert_int_equal(found.slot, SIZE_MAX);
    check_close(&sick.world);
}

// Any word of any table, changed to anything.

static void *
random_table(struct sick *sick, uint64_t *seed, size_t *bytes)
{
    struct rhi_region *region = sick->region;
    size_t page = check_random_below(seed, region->top);
    enum rhi_plane plane = (enum rhi_plane)check_random_below(seed, RHI_PLANES);

    switch (check_random_below(seed, 12)) {
    case 11:
        *bytes = sizeof sick->heap->marker - offsetof(struct rh_marker, top);
        return &sick->heap->marker.top;
    case 8:
        *bytes = sizeof *sick->heap->barrier.table;
        return sick->heap->barrier.table;
    case 9:
        *bytes = sizeof sick->heap->barrier.card_count;
        return &sick->heap->barrier.card_count;
    case 10:
        *bytes = offsetof(struct rhi_region, top) -
                 offsetof(struct rhi_region, unswept);
        return &region->unswept;
    case 0:
        *bytes = sizeof region->live[0];
        return &region->live[page];
    case 1:
        *bytes = 1;
        return &region->flags[page];
    case 2:
    case 3:
        *bytes = sizeof region->pages[0];
        return &region->pages[page];
    case 4:
        *bytes = sizeof sick->space->list;
        return sick->space->list;
    case 5:
        *bytes = sizeof sick->space->count;
        return sick->space->count;
    case 6:
        *bytes = offsetof(struct rh_mutator, run_offset);
        return sick->mutator;
    default:
        *bytes = sizeof(rhi_line);
        return region->plane[plane][page];
    }
}

static void
damage_anything(struct sick *sick, uint64_t *seed)
{
    size_t bytes;
    unsigned char *table = random_table(sick, seed, &bytes);
    size_t at = check_random_below(seed, bytes);

    switch (check_random_below(seed, 4)) {
    case 0:
        table[at] ^= (unsigned char)(1u << check_random_below(seed, 8));
        break;
    case 1:
        table[at] = (unsigned char)check_random(seed);
        break;
    case 2:
        at &= ~(size_t)7;
        for (size_t i = 0; i < 8 && at + i < bytes; i++)
            table[at + i] = 0;
        break;
    default:
        at &= ~(size_t)7;
        for (size_t i = 0; i < 8 && at + i < bytes; i++)
            table[at + i] = (unsigned char)check_random(seed);
    }
}

static void
no_damage_to_tables_makes_verify_fall_over(void **state)
{
    static struct sick sick;
    uint64_t seed = check_seed();
    size_t found = 0;

    (void)state;
    for (int round = 0; round < 600; round++) {
        sick.generational = true;
        sick_open(&sick, 0);
        take_cards(&sick, 300);
        if (round % 3 > 0)
            begin_marking(&sick);
        if (round % 3 > 1)
            (void)rh_heap_step(sick.heap, (struct rh_budget){ 5, 0 });
        damage_anything(&sick, &seed);
        // A cursor that went too far makes objects of slots that tools watch.
        rhi_poison_defined((void *)sick.region->base,
                           sick.region->top << RHI_PAGE_LOG);

        found += rh_heap_verify(sick.heap, NULL) == RH_BROKEN;

        check_abandon(&sick.world);
    }
    assert_true(found > 300);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(region_damage_is_found),
        cmocka_unit_test(list_damage_is_found),
        cmocka_unit_test(space_damage_is_found),
        cmocka_unit_test(page_damage_is_found),
        cmocka_unit_test(cursor_damage_is_found),
        cmocka_unit_test(other_damage_is_found),
        cmocka_unit_test(remembered_damage_is_found),
        cmocka_unit_test(an_old_parent_of_a_young_child_has_to_be_remembered),
        cmocka_unit_test(sweeping_damage_is_found),
        cmocka_unit_test(damage_between_steps_is_found),
        cmocka_unit_test(a_store_missed_between_steps_is_found),
        cmocka_unit_test(dangling_references_are_found),
        cmocka_unit_test(a_violation_says_where),
        cmocka_unit_test(a_sound_heap_has_no_violation),
        cmocka_unit_test(no_damage_to_tables_makes_verify_fall_over),
    };

    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
