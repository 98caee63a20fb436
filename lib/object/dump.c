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
 * The flags are those of CRuby 3.1.  What is old there is a protected object
 * that has survived; an unprotected one can only be uncollectible.  Marking is
 * the bit that CRuby uses for two things, the gray of an incremental collection
 * and, between collections, the remembered set; here it is the latter.
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

#include <rheap/site.h>
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

// A set of flags, and their names in the order of Ruby.
enum dump_flag {
    DUMP_PROTECTED,
    DUMP_OLD,
    DUMP_UNCOLLECTIBLE,
    DUMP_MARKING,
    DUMP_MARKED,
    DUMP_PINNED,
    DUMP_FLAGS
};

static void
dump_flags(struct rhi_dump *dump, unsigned flags)
{
    static const char *const names[DUMP_FLAGS] = {
        "wb_protected", "old", "uncollectible", "marking", "marked", "pinned",
    };

    if (!flags)
        return;
    rhi_json_group(&dump->json, "flags");
    for (int flag = 0; flag < DUMP_FLAGS; flag++)
        if (flags >> flag & 1)
            rhi_json_true(&dump->json, names[flag]);
    rhi_json_group_end(&dump->json);
}

static bool
line_has(const uint64_t *line, size_t slot)
{
    return line[slot >> 6] >> (slot & 63) & 1;
}

// Whether every store into the object runs a barrier.
static bool
dump_is_protected(const struct rhi_dump *dump, const struct rhi_object *object)
{
    return dump->ruby ? rhi_object_has(object, RH_OBJECT_WB_PROTECTED)
                      : rh_heap_model(dump->heap)->flags & RH_MODEL_BARRIERED;
}

static unsigned
dump_flags_of(const struct rhi_dump *dump, const struct rh_page_view *page,
              size_t slot, const struct rhi_object *object)
{
    bool waived = line_has(page->unprotected, slot);
    unsigned protected = !waived && dump_is_protected(dump, object);
    unsigned marked = line_has(page->mark, slot);
    unsigned old = marked && (dump->ruby ? protected : !waived);
    unsigned remembered = line_has(page->remembered, slot);
    unsigned pinned = line_has(page->pinned, slot);

    return protected << DUMP_PROTECTED | old << DUMP_OLD |
           marked << DUMP_UNCOLLECTIBLE | remembered << DUMP_MARKING |
           marked << DUMP_MARKED | pinned << DUMP_PINNED;
}

// A name that may not be known.
static void
dump_word(struct rhi_dump *dump, const char *key, const char *word)
{
    if (word)
        rhi_json_text(&dump->json, key, word, strlen(word));
}

static void
dump_site(struct rhi_dump *dump, const struct rh_site *site)
{
    dump_word(dump, "file", site->file);
    if (site->line)
        rhi_json_number(&dump->json, "line", site->line);
    dump_word(dump, "method", site->method);
    rhi_json_number(&dump->json, "generation", site->generation);
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

// Of these there is nothing to tell but that they are there.
static bool
dump_is_zombie(const struct rhi_dump *dump, const struct rhi_object *object)
{
    return dump->ruby && rhi_object_type(object) == RH_TYPE_ZOMBIE;
}

// Type, class, and what only this type has.
static void
dump_contents(struct rhi_dump *dump, struct rhi_object *object)
{
    const struct rh_model *model = rh_heap_model(dump->heap);
    struct rh_description about = { NULL, NULL, 0, NULL };

    if (model->describe)
        model->describe(dump->heap, object, &about);
    dump_begin(dump, object, about.type ? about.type : "DATA", about.class_of);
    if (dump_is_zombie(dump, object))
        return;
    if (dump->ruby && rhi_object_is_frozen(object))
        rhi_json_true(&dump->json, "frozen");
    if (dump->ruby)
        rhi_dump_particulars(dump, object);
    dump_references(dump, object, about.class_of);
}

// What the heap knows of any object.
static void
dump_object(struct rhi_dump *dump, const struct rh_page_view *page, size_t slot)
{
    struct rh_position at = { page->page, slot };
    struct rhi_object *object = rh_heap_slot(dump->heap, at);
    struct rh_site site = { .generation = 0 };
    bool traced = rh_site_of(dump->heap, object, &site) == RH_OK;

    if (dump->flags & RH_DUMP_SINCE &&
        (!traced || site.generation < dump->since))
        return;
    dump_contents(dump, object);
    if (!dump_is_zombie(dump, object)) {
        if (traced)
            dump_site(dump, &site);
        rhi_json_number(&dump->json, "memsize",
                        rh_heap_memsize(dump->heap, object));
        dump_flags(dump, dump_flags_of(dump, page, slot, object));
    }
    dump_place(dump, object);
    dump_word(dump, "x_class_path", site.class_path);
    rhi_json_close(&dump->json);
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
    dump_place(dump, free_slot);
    rhi_json_close(&dump->json);
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
        if (line_has(page->allocated, slot))
            dump_object(dump, page, slot);
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
rh_heap_dump(struct rh_heap *heap, const struct rh_dump_options *options,
             rh_dump_write_fn write, void *context)
{
    struct rhi_dump dump;

    dump.heap = heap;
    dump.flags = options ? options->flags : 0;
    dump.since = options ? options->since : 0;
    if (dump.flags & RH_DUMP_SINCE)
        dump.flags &= ~(unsigned)RH_DUMP_FULL;
    dump.ruby = rh_heap_model(heap) == rh_object_model();
    dump.category = NULL;
    rhi_json_begin(&dump.json, write, context);
    if (!(dump.flags & RH_DUMP_SINCE) || dump.since == 0)
        rh_walk_roots(heap, dump_root, &dump);
    dump_root_end(&dump);
    if (!dump.json.stopped)
        rh_walk_pages(heap, dump_page, &dump);
    return rhi_json_end(&dump.json) ? RH_OK : RH_STOPPED;
}
