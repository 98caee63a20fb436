// SPDX-License-Identifier: MIT
/*
 * dump - the whole heap as text, in the format of Ruby's dump_all.
 *
 * Ruby's tools search dumps with regular expressions, so the order of the
 * fields is part of the format, and so is what stands behind them: one reader
 * wants a comma after memsize, which x_page gives even when there are no
 * flags.  Addresses are the true ones, because readers find an object's page
 * by its upper bits.
 *
 * Free slots, if asked for, name the slot that is handed out after them as
 * their class: in Ruby's dumps that is an accident of the union in which the
 * freelist's link lies where an object has its class, and shows the freelist.
 *
 * Nothing is allocated: the state of a dump is on the C stack.
 *
 * Next: constants.c, and the front door.
 */
#include "config.h"

#include "object/dump.h"

#include <rheap/stat.h>
#include <rheap/walk.h>

#include <string.h>

static bool
dump_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct rhi_dump *dump = context;

    (void)heap, (void)from;
    if (to == dump->class_of) {
        dump->class_of = NULL; // only once: the other edges are references
        return true;
    }
    if (!dump->list_open)
        rhi_json_list(&dump->json, "references");
    dump->list_open = true;
    rhi_json_item(&dump->json, rhi_dump_address(dump, to));
    return !dump->json.stopped;
}

static void
dump_references(struct rhi_dump *dump, void *object, const void *class_of)
{
    dump->class_of = class_of;
    dump->list_open = false;
    rh_walk_references(dump->heap, object, dump_reference, dump);
    if (dump->list_open)
        rhi_json_list_end(&dump->json);
}

static void
dump_flags(struct rhi_dump *dump, bool wb_protected, bool marked)
{
    struct rhi_json *json = &dump->json;

    if (!wb_protected && !marked)
        return;
    rhi_json_group(json, "flags");
    if (wb_protected)
        rhi_json_true(json, "wb_protected");
    if (marked) {
        rhi_json_true(json, "old");
        rhi_json_true(json, "uncollectible");
        rhi_json_true(json, "marked");
    }
    rhi_json_group_end(json);
}

static void
dump_place(struct rhi_dump *dump, const void *slot)
{
    struct rh_position at = rh_heap_position(dump->heap, slot);

    rhi_json_number(&dump->json, "x_page", at.page);
    rhi_json_number(&dump->json, "x_slot", at.slot);
}

static void
dump_begin(struct rhi_dump *dump, const void *slot, const char *type,
           const void *class_of)
{
    struct rhi_json *json = &dump->json;

    rhi_json_open(json);
    rhi_json_address(json, "address", rhi_dump_address(dump, slot));
    rhi_json_text(json, "type", type, strlen(type));
    if (class_of)
        rhi_json_address(json, "class", rhi_dump_address(dump, class_of));
}

static void
dump_end(struct rhi_dump *dump, const void *slot)
{
    dump_place(dump, slot);
    rhi_json_close(&dump->json);
}

static void
dump_object(struct rhi_dump *dump, void *slot, bool marked)
{
    const struct rh_model *model = rh_heap_model(dump->heap);
    struct rhi_object *object = slot;
    struct rh_description about = { NULL, NULL, 0, NULL };
    bool wb_protected = false;

    if (model->describe)
        model->describe(dump->heap, slot, &about);
    dump_begin(dump, slot, about.type ? about.type : "DATA", about.class_of);
    if (dump->ruby && rhi_object_type(object) == RH_TYPE_ZOMBIE) {
        dump_end(dump, slot);
        return;
    }
    if (dump->ruby) {
        wb_protected = rhi_object_has(object, RH_OBJECT_WB_PROTECTED);
        if (rhi_object_is_frozen(object))
            rhi_json_true(&dump->json, "frozen");
        rhi_dump_particulars(dump, object);
    }
    dump_references(dump, slot, about.class_of);
    rhi_json_number(&dump->json, "memsize", rh_heap_memsize(dump->heap, slot));
    dump_flags(dump, wb_protected, marked);
    dump_end(dump, slot);
}

// ---- pages ----

// Runs come in the order in which they will be handed out.
static bool
dump_link_run(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    struct rhi_dump *dump = context;

    (void)heap;
    if (dump->run_last < RHI_DUMP_MAX_SLOTS)
        dump->after[dump->run_last] = (uint16_t)first;
    for (size_t i = first; i + 1 < first + count; i++)
        dump->after[i] = (uint16_t)(i + 1);
    dump->run_last = first + count - 1;
    dump->after[dump->run_last] = RHI_DUMP_MAX_SLOTS;
    return true;
}

static void
dump_free_slot(struct rhi_dump *dump, size_t page, size_t slot)
{
    struct rh_position at = { page, slot };
    const void *free_slot = rh_heap_slot(dump->heap, at);
    const void *next = NULL;

    at.slot = dump->after[slot];
    if (at.slot < RHI_DUMP_MAX_SLOTS)
        next = rh_heap_slot(dump->heap, at);
    dump_begin(dump, free_slot, "NONE", next);
    dump_end(dump, free_slot);
}

static bool
dump_page(struct rh_heap *heap, const struct rh_page_view *page, void *context)
{
    struct rhi_dump *dump = context;
    bool full = dump->flags & RH_DUMP_FULL;

    if (page->state == RH_PAGE_RELEASED || (!full && !page->live_slots))
        return true;
    if (full) {
        for (size_t slot = 0; slot < RHI_DUMP_MAX_SLOTS; slot++)
            dump->after[slot] = RHI_DUMP_MAX_SLOTS;
        dump->run_last = RHI_DUMP_MAX_SLOTS;
        rh_walk_runs(heap, page->page, dump_link_run, dump);
    }
    for (size_t slot = 0; slot < page->slots; slot++) {
        bool live = page->allocated[slot >> 6] >> (slot & 63) & 1;
        bool marked = page->mark[slot >> 6] >> (slot & 63) & 1;
        struct rh_position at = { page->page, slot };

        if (live)
            dump_object(dump, rh_heap_slot(heap, at), marked);
        else if (full)
            dump_free_slot(dump, page->page, slot);
    }
    return !dump->json.stopped;
}

// ---- roots ----

// Readers match [a-z_]+ only.
static void
dump_category(struct rhi_dump *dump, const char *category)
{
    char word[64];
    size_t i;

    for (i = 0; category[i] && i < sizeof word - 1; i++) {
        char c = category[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        word[i] = c >= 'a' && c <= 'z' ? c : '_';
    }
    rhi_json_text(&dump->json, "root", word, i);
}

static void
dump_root_end(struct rhi_dump *dump)
{
    if (!dump->category)
        return;
    rhi_json_list_end(&dump->json);
    rhi_json_close(&dump->json);
}

static bool
dump_root(struct rh_heap *heap, const char *category, void *object,
          void *context)
{
    struct rhi_dump *dump = context;

    (void)heap;
    if (!dump->category || strcmp(dump->category, category) != 0) {
        dump_root_end(dump);
        dump->category = category;
        rhi_json_open(&dump->json);
        rhi_json_text(&dump->json, "type", "ROOT", 4);
        dump_category(dump, category);
        rhi_json_list(&dump->json, "references");
    }
    rhi_json_item(&dump->json, rhi_dump_address(dump, object));
    return !dump->json.stopped;
}

enum rh_status
rh_heap_dump(struct rh_heap *heap, unsigned flags, rh_dump_write_fn write,
             void *context)
{
    struct rhi_dump dump;

    dump.heap = heap;
    dump.flags = flags;
    dump.ruby = rh_heap_model(heap) == rh_object_model();
    dump.category = NULL;
    rhi_json_begin(&dump.json, write, context);
    rh_walk_roots(heap, dump_root, &dump);
    dump_root_end(&dump);
    if (!dump.json.stopped)
        rh_walk_pages(heap, dump_page, &dump);
    return rhi_json_end(&dump.json) ? RH_OK : RH_STOPPED;
}
