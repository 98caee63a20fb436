// SPDX-License-Identifier: MIT
#include "config.h"

#include "barrier.h"

void
rhi_barrier_init(struct rhi_barrier *barrier, struct rhi_region *region,
                 struct rhi_meter *meter, const struct rhi_shape *shape)
{
    *barrier = (struct rhi_barrier){
        .region = region,
        .meter = meter,
        .shape = shape,
    };
}

void
rhi_barrier_fini(struct rhi_barrier *barrier)
{
    if (barrier->table)
        rhi_meter_free(barrier->meter, barrier->table, 1,
                       sizeof *barrier->table);
    barrier->table = NULL;
}

static size_t
barrier_page(const struct rhi_barrier *barrier, const void *object)
{
    return rhi_region_page(barrier->region, (uintptr_t)object);
}

static uint32_t
barrier_index(const struct rhi_barrier *barrier, const void *object)
{
    return rhi_shape_index(barrier->shape, rhi_page_offset((uintptr_t)object));
}

// Set a bit and the flag that says that the page has some; whether it was not
// set before.
static bool
barrier_set(struct rhi_barrier *barrier, enum rhi_plane plane,
            enum rhi_page_flag flag, const void *object)
{
    struct rhi_region *region = barrier->region;
    size_t page = barrier_page(barrier, object);
    uint32_t index = barrier_index(barrier, object);

    if (rhi_bit_test(region->plane[plane][page], index))
        return false;
    rhi_bit_set(region->plane[plane][page], index);
    if (!(region->flags[page] & flag))
        region->flags[page] |= (uint8_t)flag;
    return true;
}

bool
rhi_barrier_has(const struct rhi_barrier *barrier, const void *object)
{
    return rhi_bit_test(
        barrier->region->plane[RHI_REMEMBERED][barrier_page(barrier, object)],
        barrier_index(barrier, object));
}

void
rhi_barrier_remember(struct rhi_barrier *barrier, const void *object)
{
    if (barrier_set(barrier, RHI_REMEMBERED, RHI_FLAG_REMEMBERED, object))
        barrier->stores++;
}

void
rhi_barrier_unprotect(struct rhi_barrier *barrier, const void *object)
{
    (void)barrier_set(barrier, RHI_UNPROTECTED, RHI_FLAG_UNPROTECTED, object);
}

// ---- cards ----

static struct rhi_slice
card_of(const void *object, size_t index)
{
    return (struct rhi_slice){ (void *)(uintptr_t)object,
                               index - index % RHI_SLICE_REFERENCES };
}

static uint32_t
card_home(struct rhi_slice card)
{
    uint64_t mixed =
        ((uint64_t)(uintptr_t)card.object + card.first / RHI_SLICE_REFERENCES) *
        UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(mixed >> 32) % RHI_CARD_CELLS;
}

// The cell of a card, or the empty one where it would be.
static uint32_t
card_probe(const struct rhi_card_table *table, struct rhi_slice card)
{
    uint32_t cell = card_home(card);

    while (table->cells[cell]) {
        const struct rhi_slice *there = &table->cards[table->cells[cell] - 1];

        if (there->object == card.object && there->first == card.first)
            break;
        cell = (cell + 1) % RHI_CARD_CELLS;
    }
    return cell;
}

bool
rhi_barrier_has_card(const struct rhi_barrier *barrier, const void *object,
                     size_t index)
{
    const struct rhi_card_table *table = barrier->table;

    return table && table->cells[card_probe(table, card_of(object, index))];
}

static bool
cards_have_room(struct rhi_barrier *barrier)
{
    if (!barrier->table) {
        barrier->table =
            rhi_meter_new(barrier->meter, 1, sizeof *barrier->table);
        barrier->card_count = 0;
    }
    return barrier->table && barrier->card_count < RHI_CARDS;
}

// Enter a card that is not there.
static void
card_put(struct rhi_barrier *barrier, struct rhi_slice card)
{
    uint32_t cell = card_probe(barrier->table, card);

    barrier->table->cards[barrier->card_count++] = card;
    barrier->table->cells[cell] = (uint16_t)barrier->card_count;
}

void
rhi_barrier_card(struct rhi_barrier *barrier, void *object, size_t index)
{
    struct rhi_slice card = card_of(object, index);

    if (rhi_barrier_has(barrier, object) ||
        rhi_barrier_has_card(barrier, object, index))
        return;
    if (!cards_have_room(barrier)) {
        rhi_barrier_remember(barrier, object);
        return;
    }
    card_put(barrier, card);
    barrier->stores++;
}

static size_t
cards_sealed(const struct rhi_barrier *barrier)
{
    const struct rhi_card_table *table = barrier->table;
    size_t count = 0;

    if (barrier->region->sealed == 0)
        return 0;
    for (size_t i = 0; i < barrier->card_count; i++)
        count += rhi_region_is_sealed(barrier->region, table->cards[i].object);
    return count;
}

static void
cards_forget(struct rhi_barrier *barrier, bool sealed)
{
    struct rhi_card_table *table = barrier->table;
    size_t count = barrier->card_count;

    // The latest first: each is then the end of its chain of cells.
    for (size_t i = count; i-- > 0;)
        table->cells[card_probe(table, table->cards[i])] = 0;
    barrier->card_count = 0;
    for (size_t i = 0; i < count && !sealed; i++)
        if (rhi_region_is_sealed(barrier->region, table->cards[i].object))
            card_put(barrier, table->cards[i]);
}

void
rhi_barrier_forget_cards(struct rhi_barrier *barrier)
{
    if (barrier->card_count > cards_sealed(barrier))
        cards_forget(barrier, false);
}

// ---- all of it ----

static void
barrier_forget_from(struct rhi_barrier *barrier, size_t page)
{
    struct rhi_region *region = barrier->region;

    for (page = rhi_region_next_flagged(region, page, RHI_FLAG_REMEMBERED);
         page < region->top; page = rhi_region_next_flagged(
                                 region, page + 1, RHI_FLAG_REMEMBERED)) {
        region->flags[page] &= (uint8_t)~RHI_FLAG_REMEMBERED;
        rhi_line_clear(region->plane[RHI_REMEMBERED][page]);
    }
}

void
rhi_barrier_forget(struct rhi_barrier *barrier)
{
    rhi_barrier_forget_cards(barrier);
    barrier_forget_from(barrier, barrier->region->sealed);
}

void
rhi_barrier_forget_all(struct rhi_barrier *barrier)
{
    if (barrier->card_count > 0)
        cards_forget(barrier, true);
    barrier_forget_from(barrier, 0);
}

static size_t
line_count_both(const uint64_t *a, const uint64_t *b)
{
    size_t count = 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        count += rhi_word_count(a[word] & b[word]);
    return count;
}

size_t
rhi_barrier_unprotected(const struct rhi_barrier *barrier, const rhi_line *old)
{
    const struct rhi_region *region = barrier->region;
    size_t count = 0;

    for (size_t page = rhi_region_next_flagged(region, region->sealed,
                                               RHI_FLAG_UNPROTECTED);
         page < region->top;
         page = rhi_region_next_flagged(region, page + 1, RHI_FLAG_UNPROTECTED))
        count +=
            line_count_both(region->plane[RHI_UNPROTECTED][page], old[page]);
    return count;
}

static bool
line_is_within(const uint64_t *line, const uint64_t *of)
{
    for (int word = 0; word < RHI_LINE_WORDS; word++)
        if (line[word] & ~of[word])
            return false;
    return true;
}

// Cells that lead to cards, as many as there are cards.  That is less than all,
// so probing comes to an end.
static bool
cells_are_right(const struct rhi_barrier *barrier)
{
    const struct rhi_card_table *table = barrier->table;
    size_t used = 0;

    if (barrier->card_count > RHI_CARDS)
        return false;
    for (size_t cell = 0; cell < RHI_CARD_CELLS; cell++) {
        if (table->cells[cell] > barrier->card_count)
            return false;
        used += table->cells[cell] != 0;
    }
    return used == barrier->card_count;
}

static bool
cards_are_right(const struct rhi_barrier *barrier)
{
    const struct rhi_card_table *table = barrier->table;

    if (!table)
        return barrier->card_count == 0;
    if (!cells_are_right(barrier))
        return false;
    for (size_t i = 0; i < barrier->card_count; i++)
        if (table->cells[card_probe(table, table->cards[i])] != i + 1)
            return false;
    return true;
}

const char *
rhi_barrier_check(const struct rhi_barrier *barrier, size_t *page)
{
    const struct rhi_region *region = barrier->region;

    for (*page = 0; *page < region->top; ++*page) {
        const uint64_t *remembered = region->plane[RHI_REMEMBERED][*page];
        const uint64_t *unprotected = region->plane[RHI_UNPROTECTED][*page];
        unsigned flags = region->flags[*page];

        if (!line_is_within(remembered, region->plane[RHI_MARK][*page]) ||
            (!(flags & RHI_FLAG_REMEMBERED) && !rhi_line_is_empty(remembered)))
            return "B1";
        if (!line_is_within(unprotected, region->plane[RHI_ALLOCATED][*page]) ||
            (!(flags & RHI_FLAG_UNPROTECTED) &&
             !rhi_line_is_empty(unprotected)))
            return "B2";
    }
    *page = SIZE_MAX;
    return cards_are_right(barrier) ? NULL : "B4";
}
