// SPDX-License-Identifier: MIT
#include "config.h"

#include "heap_picture.h"

#include "json.h"

#include <rheap/walk.h>

#include <stdlib.h>
#include <string.h>

static const char *const names[SHARE_COUNT] = {
    [SHARE_ABSENT] = "no memory",
    [SHARE_EMPTY] = "empty",
    [SHARE_QUARTER] = "up to a quarter live",
    [SHARE_HALF] = "up to a half",
    [SHARE_THREE_QUARTERS] = "up to 3 quarters",
    [SHARE_MOST] = "more",
    [SHARE_FULL] = "full",
    [SHARE_OURS] = "ours, for 409th slots",
};

const char *
share_name(enum share share)
{
    return names[share];
}

static enum share
share_of(size_t live, size_t slots)
{
    if (live == 0)
        return SHARE_EMPTY;
    if (live == slots)
        return SHARE_FULL;
    if (4 * live <= slots)
        return SHARE_QUARTER;
    if (2 * live <= slots)
        return SHARE_HALF;
    return 4 * live <= 3 * slots ? SHARE_THREE_QUARTERS : SHARE_MOST;
}

static bool
make_room(struct heap_picture *picture)
{
    size_t room = picture->room ? picture->room * 2 : 64;
    struct heap_cell *cells;

    if (picture->cell_count < picture->room)
        return true;
    cells = realloc(picture->cells, room * sizeof *cells);
    if (!cells)
        return false;
    picture->cells = cells;
    picture->room = room;
    return true;
}

static void
count_cell(struct heap_picture *picture, const struct heap_cell *cell)
{
    picture->count[cell->share]++;
    picture->live += cell->live;
    if (cell->share == SHARE_OURS)
        return;
    picture->pages++;
    picture->free += cell->slots - cell->live;
}

static bool
add_page(struct rh_heap *heap, const struct rh_page_view *page, void *context)
{
    struct heap_picture *picture = context;
    struct heap_cell *cell;

    (void)heap;
    if (page->state == RH_PAGE_RELEASED)
        return true;
    if (!make_room(picture))
        return false;
    cell = &picture->cells[picture->cell_count++];
    cell->page = page->page;
    cell->live = page->live_slots;
    cell->slots = page->slots;
    cell->share = share_of(page->live_slots, page->slots);
    if (picture->facts && dump_page_is_ours(picture->facts, page->page))
        cell->share = SHARE_OURS;
    count_cell(picture, cell);
    return true;
}

bool
heap_picture_take(struct heap_picture *picture, struct rh_heap *heap,
                  const struct dump_facts *facts, const char *title)
{
    memset(picture, 0, sizeof *picture);
    picture->title = title;
    picture->facts = facts;
    return rh_walk_pages(heap, add_page, picture) == RH_OK;
}

static const char *
share_state(enum share share)
{
    if (share == SHARE_OURS)
        return "overflow";
    return share == SHARE_EMPTY ? "tomb" : "eden";
}

static void
put_cell(struct json *json, const struct heap_cell *cell)
{
    json_open_object(json, NULL);
    json_number(json, "page", cell->page);
    json_text(json, "state", share_state(cell->share));
    json_number(json, "live", cell->live);
    json_number(json, "free", cell->slots - cell->live);
    json_close_object(json);
    json_flush(json);
}

bool
heap_picture_json(const struct heap_picture *picture)
{
    struct json *json = json_begin();

    if (!json)
        return false;
    for (size_t i = 0; i < picture->cell_count; i++)
        put_cell(json, &picture->cells[i]);
    json_end(json);
    return true;
}

void
heap_picture_free(struct heap_picture *picture)
{
    free(picture->cells);
    memset(picture, 0, sizeof *picture);
}
