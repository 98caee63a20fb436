// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_layout.h"

#include <rheap/constants.h>

#include <stdlib.h>
#include <string.h>

enum {
    RUBY_HEADER_BYTES = 8, // of a page of Ruby 2.1 to 3.1
    LAST_RUBY_SLOT = 408   // the 409th, which three pages of five have
};

bool
dump_layout_named(const char *name, enum dump_layout_kind *kind)
{
    if (strcmp(name, "original") == 0)
        *kind = DUMP_LAYOUT_ORIGINAL;
    else if (strcmp(name, "fresh") == 0)
        *kind = DUMP_LAYOUT_FRESH;
    else
        return false;
    return true;
}

static uint64_t
ruby_page(uint64_t address)
{
    return address / RH_PAGE_BYTES;
}

static uint64_t
ruby_first_slot(uint64_t page)
{
    uint64_t start = page * RH_PAGE_BYTES + RUBY_HEADER_BYTES;

    return (start + RH_SLOT_BYTES - 1) / RH_SLOT_BYTES * RH_SLOT_BYTES;
}

static uint64_t
ruby_slot(uint64_t address)
{
    return (address - ruby_first_slot(ruby_page(address))) / RH_SLOT_BYTES;
}

// Why an address is none of Ruby's slots, or NULL.
static const char *
address_fault(uint64_t address)
{
    uint64_t page = ruby_page(address);

    if (address < ruby_first_slot(page))
        return "bad address: inside the header of its page";
    if (address % RH_SLOT_BYTES)
        return "bad address: not a multiple of 40, so not a slot of 40 bytes";
    if (address + RH_SLOT_BYTES > (page + 1) * RH_PAGE_BYTES)
        return "bad address: the slot would reach into the next page";
    return NULL;
}

static uint64_t
entry_page(const struct dump_store *store, size_t i)
{
    if (store->positions)
        return store->positions[i].page;
    return ruby_page(store->entries[i].address);
}

static uint64_t
entry_slot(const struct dump_store *store, size_t i)
{
    if (store->positions)
        return store->positions[i].slot;
    return ruby_slot(store->entries[i].address);
}

const char *
dump_layout_fault(const struct dump_layout *layout,
                  const struct dump_store *store, size_t i)
{
    if (layout->kind == DUMP_LAYOUT_FRESH)
        return NULL;
    if (!store->positions)
        return address_fault(store->entries[i].address);
    if (store->positions[i].slot >= RH_SLOTS_PER_PAGE)
        return "impossible \"x_slot\": a page has 408 slots";
    if (store->positions[i].page > UINT64_MAX / RH_PAGE_BYTES)
        return "impossible \"x_page\": beyond the end of memory";
    return NULL;
}

// --- planning ----------------------------------------------------------------

static int
compare_pages(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

// Note a page unless it is the one noted last: most lines follow each other.
static bool
note_page(struct dump_layout *layout, uint64_t page, size_t *room)
{
    uint64_t *pages = layout->pages;

    if (layout->page_count && pages[layout->page_count - 1] == page)
        return true;
    if (layout->page_count == *room) {
        *room = *room ? *room * 2 : 64;
        pages = realloc(pages, *room * sizeof *pages);
        if (!pages)
            return false;
        layout->pages = pages;
    }
    pages[layout->page_count++] = page;
    return true;
}

static void
sort_pages(struct dump_layout *layout)
{
    uint64_t *pages = layout->pages;
    size_t kept = 0;

    if (!layout->page_count)
        return;
    qsort(pages, layout->page_count, sizeof *pages, compare_pages);
    for (size_t i = 1; i < layout->page_count; i++)
        if (pages[i] != pages[kept])
            pages[++kept] = pages[i];
    layout->page_count = kept + 1;
}

static bool
collect_pages(struct dump_layout *layout, const struct dump_store *store)
{
    size_t room = 0;

    for (size_t i = 0; i < store->count; i++)
        if (!store->entries[i].is_dropped &&
            !note_page(layout, entry_page(store, i), &room))
            return false;
    sort_pages(layout);
    return true;
}

static size_t
count_overflow(const struct dump_store *store)
{
    size_t count = 0;

    for (size_t i = 0; i < store->count; i++)
        count += dump_entry_is_object(&store->entries[i]) &&
                 entry_slot(store, i) == LAST_RUBY_SLOT;
    return count;
}

static size_t
count_gaps(const struct dump_layout *layout)
{
    size_t count = 0;

    for (size_t i = 1; i < layout->page_count; i++)
        count += layout->pages[i] != layout->pages[i - 1] + 1;
    return count;
}

static const char no_room[] = "more pages than the address space has room for";

// Page numbers of the heap for the dump's pages, and where overflow begins.
static const char *
fit_pages(struct dump_layout *layout, size_t overflow, size_t max_pages)
{
    size_t spare = (overflow + RH_SLOTS_PER_PAGE - 1) / RH_SLOTS_PER_PAGE;
    uint64_t last = layout->pages[layout->page_count - 1];

    if (max_pages < spare || layout->page_count > max_pages - spare)
        return no_room;
    if (last - layout->base >= max_pages - spare) {
        layout->is_closed = true;
        layout->gaps_closed = count_gaps(layout);
    }
    layout->overflow_page =
        dump_layout_page(layout, layout->page_count - 1) + 1;
    return NULL;
}

const char *
dump_layout_choose(struct dump_layout *layout, const struct dump_store *store,
                   enum dump_layout_kind wanted)
{
    layout->kind = wanted;
    if (wanted == DUMP_LAYOUT_DEFAULT)
        layout->kind =
            store->has_other_slots ? DUMP_LAYOUT_FRESH : DUMP_LAYOUT_ORIGINAL;
    if (wanted == DUMP_LAYOUT_ORIGINAL && store->has_other_slots)
        return "has slots of other sizes than 40 bytes (Ruby 3.2 and later), "
               "which have no original place in pages of 40-byte slots; use "
               "--layout=fresh";
    return NULL;
}

const char *
dump_layout_plan(struct dump_layout *layout, const struct dump_store *store,
                 size_t max_pages)
{
    if (layout->kind == DUMP_LAYOUT_FRESH) {
        layout->page_count =
            (store->objects + RH_SLOTS_PER_PAGE - 1) / RH_SLOTS_PER_PAGE;
        return layout->page_count > max_pages ? no_room : NULL;
    }
    if (!collect_pages(layout, store))
        return "not enough memory for the pages";
    if (!layout->page_count)
        return NULL;
    layout->base = store->positions ? 0 : layout->pages[0];
    return fit_pages(layout, count_overflow(store), max_pages);
}

// --- placing -----------------------------------------------------------------

static struct rh_position
position_of(size_t first_page, size_t n)
{
    struct rh_position position = { first_page + n / RH_SLOTS_PER_PAGE,
                                    n % RH_SLOTS_PER_PAGE };

    return position;
}

// The place of a page among the dump's, by bisection.
static size_t
page_rank(const struct dump_layout *layout, uint64_t page)
{
    size_t low = 0;
    size_t high = layout->page_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (layout->pages[middle] < page)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct rh_position
dump_layout_next(struct dump_layout *layout, const struct dump_store *store,
                 size_t i)
{
    struct rh_position position;
    uint64_t page;

    if (layout->kind == DUMP_LAYOUT_FRESH)
        return position_of(0, layout->placed++);
    page = entry_page(store, i);
    position.slot = (size_t)entry_slot(store, i);
    if (position.slot == LAST_RUBY_SLOT)
        return position_of(layout->overflow_page, layout->overflow++);
    position.page = layout->is_closed ? page_rank(layout, page)
                                      : (size_t)(page - layout->base);
    return position;
}

size_t
dump_layout_page(const struct dump_layout *layout, size_t n)
{
    if (layout->kind == DUMP_LAYOUT_FRESH || layout->is_closed)
        return n;
    return (size_t)(layout->pages[n] - layout->base);
}

size_t
dump_layout_span(const struct dump_layout *layout)
{
    size_t count = layout->page_count;

    if (layout->kind == DUMP_LAYOUT_FRESH || !count)
        return count;
    return (size_t)(layout->pages[count - 1] - layout->pages[0] + 1);
}

bool
dump_layout_covers(const struct dump_layout *layout, uint64_t address)
{
    uint64_t page = ruby_page(address);
    size_t rank;

    if (layout->kind != DUMP_LAYOUT_ORIGINAL || address_fault(address))
        return false;
    rank = page_rank(layout, page);
    return rank < layout->page_count && layout->pages[rank] == page;
}

void
dump_layout_free(struct dump_layout *layout)
{
    free(layout->pages);
    layout->pages = NULL;
}
