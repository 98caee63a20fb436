// SPDX-License-Identifier: MIT
#include "config.h"

#include "page_picture.h"

#include "json.h"

#include <rheap/value.h>
#include <rheap/walk.h>

#include <string.h>

// Text, containers, things, classes, numbers, and what belongs to the
// interpreter.
static const struct type_look {
    char letter;
    unsigned char kind;
} looks[RH_TYPE_MASK + 1] = {
    [RH_TYPE_NONE] = { '.', PAGE_KINDS }, [RH_TYPE_STRING] = { 'S', 0 },
    [RH_TYPE_SYMBOL] = { 'Y', 0 },        [RH_TYPE_REGEXP] = { 'R', 0 },
    [RH_TYPE_MATCH] = { 'X', 0 },         [RH_TYPE_ARRAY] = { 'A', 1 },
    [RH_TYPE_HASH] = { 'H', 1 },          [RH_TYPE_STRUCT] = { 'T', 1 },
    [RH_TYPE_OBJECT] = { 'O', 2 },        [RH_TYPE_DATA] = { 'D', 2 },
    [RH_TYPE_FILE] = { 'L', 2 },          [RH_TYPE_CLASS] = { 'C', 3 },
    [RH_TYPE_MODULE] = { 'M', 3 },        [RH_TYPE_ICLASS] = { 'K', 3 },
    [RH_TYPE_FLOAT] = { 'F', 4 },         [RH_TYPE_BIGNUM] = { 'B', 4 },
    [RH_TYPE_RATIONAL] = { 'Q', 4 },      [RH_TYPE_COMPLEX] = { 'Z', 4 },
    [RH_TYPE_IMEMO] = { 'I', 5 },         [RH_TYPE_NODE] = { 'N', 5 },
    [RH_TYPE_ZOMBIE] = { 'W', 5 },
};

static const char *const kind_names[PAGE_KINDS + 1] = {
    "text (S string, Y symbol, R regexp, X match)",
    "containers (A array, H hash, T struct)",
    "things (O object, D data, L file)",
    "classes (C class, M module, K iclass)",
    "numbers (F float, B bignum, Q rational, Z complex)",
    "the interpreter's own (I imemo, N node, W zombie)",
    "free",
};

char
page_letter(unsigned char type)
{
    char letter = looks[type & RH_TYPE_MASK].letter;

    return letter ? letter : '?';
}

unsigned
page_kind(unsigned char type)
{
    return looks[type & RH_TYPE_MASK].kind;
}

const char *
page_kind_name(unsigned kind)
{
    return kind_names[kind];
}

// --- taking ------------------------------------------------------------------

static bool
test_bit(const uint64_t *words, size_t bit)
{
    return words[bit / 64] >> bit % 64 & 1;
}

static void
take_slots(struct page_picture *picture, const struct rh_page_view *view)
{
    for (size_t slot = 0; slot < view->slots; slot++) {
        const char *address =
            (const char *)view->address + page_slot_offset(slot);

        if (!test_bit(view->allocated, slot))
            continue;
        picture->slots[slot].type =
            (unsigned char)rh_type_of(rh_value_of_slot(address));
        picture->slots[slot].is_marked = test_bit(view->mark, slot);
        picture->marked += picture->slots[slot].is_marked;
    }
}

static bool
take_run(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    struct page_picture *picture = context;
    struct page_run *run = &picture->runs[picture->run_count++];

    (void)heap;
    run->first = first;
    run->count = count;
    return picture->run_count < RH_SLOTS_PER_PAGE / 2;
}

enum rh_status
page_picture_take(struct page_picture *picture, struct rh_heap *heap,
                  const char *title, size_t page)
{
    struct rh_page_view view;
    enum rh_status status = rh_page_look(heap, page, &view);

    if (status != RH_OK)
        return status;
    if (view.state == RH_PAGE_RELEASED)
        return RH_NOT_FOUND;
    memset(picture, 0, sizeof *picture);
    picture->title = title;
    picture->page = page;
    picture->address = view.address;
    picture->state = view.state == RH_PAGE_EDEN ? "eden" : "tomb";
    picture->live = view.live_slots;
    take_slots(picture, &view);
    (void)rh_walk_runs(heap, page, take_run, picture);
    return RH_OK;
}

// --- for programs ------------------------------------------------------------

static void
put_slots(struct json *json, const struct page_picture *picture)
{
    json_open_array(json, "slots");
    for (size_t slot = 0; slot < RH_SLOTS_PER_PAGE; slot++) {
        unsigned char type = picture->slots[slot].type;

        json_text(json, NULL, rh_type_name((enum rh_type)type));
    }
    json_close_array(json);
    json_open_array(json, "marked");
    for (size_t slot = 0; slot < RH_SLOTS_PER_PAGE; slot++)
        if (picture->slots[slot].is_marked)
            json_number(json, NULL, slot);
    json_close_array(json);
}

static void
put_runs(struct json *json, const struct page_picture *picture)
{
    json_open_array(json, "free_runs");
    for (size_t i = 0; i < picture->run_count; i++) {
        json_open_object(json, NULL);
        json_number(json, "first", picture->runs[i].first);
        json_number(json, "count", picture->runs[i].count);
        json_close_object(json);
    }
    json_close_array(json);
}

bool
page_picture_json(const struct page_picture *picture)
{
    struct json *json = json_begin();

    if (!json)
        return false;
    json_open_object(json, NULL);
    json_number(json, "page", picture->page);
    json_text(json, "state", picture->state);
    json_number(json, "live", picture->live);
    json_number(json, "free", RH_SLOTS_PER_PAGE - picture->live);
    put_slots(json, picture);
    put_runs(json, picture);
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return true;
}
