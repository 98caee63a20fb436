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
 * Next: the front door, api.c.
 */
#include "config.h"

#include "object/file.h"
#include "object/inside.h"
#include "object/json.h"
#include "object/string.h"

#include <rheap/rebuild.h>
#include <rheap/stat.h>
#include <rheap/walk.h>

#include <string.h>

enum { DUMP_MAX_SLOTS = 512 }; // bits in a line

#define DUMP_REBASED UINT64_C(0x7f0000000000)

struct dump {
    struct rh_heap *heap;
    unsigned flags;
    bool ruby;              // the objects are ours
    const void *class_of;   // of the object being written; NULL: was skipped
    bool list_open;         // references have been begun
    const char *category;   // of the roots being written
    size_t run_next;        // first slot of the run before, while linking
    uint16_t after[DUMP_MAX_SLOTS]; // free slots: who is next; or no slot
    struct rhi_json json;
};

static uintptr_t
dump_address(const struct dump *dump, const void *slot)
{
    struct rh_position at;

    if (!(dump->flags & RH_DUMP_REBASE))
        return (uintptr_t)slot;
    at = rh_heap_position(dump->heap, slot);
    return DUMP_REBASED + at.page * RH_PAGE_BYTES + RH_PAGE_HEADER_BYTES +
           at.slot * rh_heap_slot_bytes(dump->heap);
}

// A pair whose value is an object, if it is one of this heap.
static void
dump_object_pair(struct dump *dump, const char *key, rh_value value)
{
    if (rh_heap_contains(dump->heap, value))
        rhi_json_address(&dump->json, key,
                         dump_address(dump, rh_value_slot(value)));
}

// ---- what is particular to a type ----

static void
dump_bytes(struct dump *dump, struct rhi_bytes text, bool with_value)
{
    struct rhi_json *json = &dump->json;

    if (!with_value || dump->flags & RH_DUMP_NO_VALUES)
        return;
    rhi_json_text(json, "value", text.bytes, text.length);
}

static void
dump_string(struct dump *dump, struct rhi_object *object)
{
    struct rhi_json *json = &dump->json;
    rh_value string = rh_value_of_slot(object);
    struct rhi_bytes text = rhi_string_of(object);
    bool opaque = rhi_object_is_opaque(object);
    size_t length = opaque ? object->as.opaque.word : text.length;
    size_t bytes = rhi_object_block(object).bytes;
    const char *encoding =
        rh_string_encoding_name(rh_string_encoding(string));

    if (rh_string_is_embedded(string))
        rhi_json_true(json, "embedded");
    if (rh_string_is_broken(string))
        rhi_json_true(json, "broken");
    if (rh_string_is_interned(string))
        rhi_json_true(json, "fstring");
    if (!rh_string_is_embedded(string) &&
        rhi_object_has(object, RHI_SHARED)) {
        rhi_json_true(json, "shared");
    } else {
        rhi_json_number(json, "bytesize", length);
        if (bytes && bytes - 1 != length)
            rhi_json_number(json, "capacity", bytes - 1);
        dump_bytes(dump, text, !opaque && rh_string_is_ascii(string));
    }
    if (encoding && rh_string_encoding(string) != RH_STRING_BINARY)
        rhi_json_text(json, "encoding", encoding, strlen(encoding));
}

static void
dump_symbol(struct dump *dump, const struct rhi_object *object)
{
    rh_value symbol = rh_value_of_slot(object);
    rh_value name = rh_symbol_name(symbol);
    struct rhi_bytes text = { NULL, 0 };

    if (rh_value_is_object(name) && rh_type_of(name) == RH_TYPE_STRING)
        text = rhi_string_of(rh_value_slot(name));
    else
        text.bytes = (char *)(uintptr_t)rh_rebuild_name(symbol, &text.length);
    if (!text.bytes)
        return;
    rhi_json_number(&dump->json, "bytesize", text.length);
    dump_bytes(dump, text, true);
}

static void
dump_array(struct dump *dump, struct rhi_object *object)
{
    struct rhi_json *json = &dump->json;
    bool embedded = rhi_object_has(object, RHI_EMBED);

    rhi_json_number(json, "length",
                    rhi_object_is_opaque(object) ? object->as.opaque.word
                                                 : rhi_list_of(object).count);
    if (!embedded && rhi_object_has(object, RHI_SHARED))
        rhi_json_true(json, "shared");
    if (embedded)
        rhi_json_true(json, "embedded");
}

static void
dump_hash(struct dump *dump, const struct rhi_object *object)
{
    rh_value hash = rh_value_of_slot(object);

    rhi_json_number(&dump->json, "size",
                    rhi_object_is_opaque(object) ? object->as.opaque.word
                                                 : rh_hash_size(hash));
    dump_object_pair(dump, "default", rh_hash_default(hash));
}

static void
dump_class(struct dump *dump, const struct rhi_object *object)
{
    rh_value class_of = rh_value_of_slot(object);
    bool singleton = rh_class_is_singleton(class_of);
    size_t length;
    const char *name = rh_class_name(class_of, &length);

    dump_object_pair(dump, "superclass", rh_class_superclass(class_of));
    if (name && rhi_object_type(object) != RH_TYPE_ICLASS)
        rhi_json_text(&dump->json, singleton ? "real_class_name" : "name",
                      name, length);
    if (singleton)
        rhi_json_true(&dump->json, "singleton");
}

// A name given by the layout or, of a rebuilt object, beside it.
static void
dump_kind(struct dump *dump, const struct rhi_object *object, const char *key,
          const char *kind)
{
    size_t length = kind ? strlen(kind) : 0;

    if (!kind)
        kind = rh_rebuild_name(rh_value_of_slot(object), &length);
    if (kind)
        rhi_json_text(&dump->json, key, kind, length);
}

static void
dump_float(struct dump *dump, const struct rhi_object *object)
{
    if (!(dump->flags & RH_DUMP_NO_VALUES))
        rhi_json_float(&dump->json, "value",
                       rh_float_value(rh_value_of_slot(object)));
}

static void
dump_particulars(struct dump *dump, struct rhi_object *object)
{
    switch (rhi_object_type(object)) {
    case RH_TYPE_STRING:
        dump_string(dump, object);
        break;
    case RH_TYPE_SYMBOL:
        dump_symbol(dump, object);
        break;
    case RH_TYPE_HASH:
        dump_hash(dump, object);
        break;
    case RH_TYPE_ARRAY:
        dump_array(dump, object);
        break;
    case RH_TYPE_OBJECT:
        rhi_json_number(&dump->json, "ivars",
                        rhi_object_is_opaque(object)
                            ? object->as.opaque.word
                            : rhi_list_of(object).count);
        break;
    case RH_TYPE_CLASS:
    case RH_TYPE_MODULE:
    case RH_TYPE_ICLASS:
        dump_class(dump, object);
        break;
    case RH_TYPE_DATA: {
        const struct rh_data_type *type = rhi_data_type(object);

        dump_kind(dump, object, "struct", type ? type->name : NULL);
        break;
    }
    case RH_TYPE_FLOAT:
        dump_float(dump, object);
        break;
    case RH_TYPE_FILE:
        rhi_json_integer(&dump->json, "fd", rhi_file_number(object));
        break;
    case RH_TYPE_IMEMO:
        dump_kind(dump, object, "imemo_type",
                  rh_imemo_kind_name(rh_imemo_kind(rh_value_of_slot(object))));
        break;
    default:
        break;
    }
}

// ---- one object ----

static bool
dump_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct dump *dump = context;

    (void)heap, (void)from;
    if (to == dump->class_of) {
        dump->class_of = NULL; // only once: the other edges are references
        return true;
    }
    if (!dump->list_open)
        rhi_json_list(&dump->json, "references");
    dump->list_open = true;
    rhi_json_item(&dump->json, dump_address(dump, to));
    return !dump->json.stopped;
}

static void
dump_references(struct dump *dump, void *object, const void *class_of)
{
    dump->class_of = class_of;
    dump->list_open = false;
    rh_walk_references(dump->heap, object, dump_reference, dump);
    if (dump->list_open)
        rhi_json_list_end(&dump->json);
}

static void
dump_flags(struct dump *dump, bool wb_protected, bool marked)
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
dump_place(struct dump *dump, const void *slot)
{
    struct rh_position at = rh_heap_position(dump->heap, slot);

    rhi_json_number(&dump->json, "x_page", at.page);
    rhi_json_number(&dump->json, "x_slot", at.slot);
}

static void
dump_begin(struct dump *dump, const void *slot, const char *type,
           const void *class_of)
{
    struct rhi_json *json = &dump->json;

    rhi_json_open(json);
    rhi_json_address(json, "address", dump_address(dump, slot));
    rhi_json_text(json, "type", type, strlen(type));
    if (class_of)
        rhi_json_address(json, "class", dump_address(dump, class_of));
}

static void
dump_end(struct dump *dump, const void *slot)
{
    dump_place(dump, slot);
    rhi_json_close(&dump->json);
}

static void
dump_object(struct dump *dump, void *slot, bool marked)
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
        dump_particulars(dump, object);
    }
    dump_references(dump, slot, about.class_of);
    rhi_json_number(&dump->json, "memsize",
                    rh_heap_memsize(dump->heap, slot));
    dump_flags(dump, wb_protected, marked);
    dump_end(dump, slot);
}

// ---- pages ----

// Runs come in the order in which they will be handed out.
static bool
dump_link_run(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    struct dump *dump = context;

    (void)heap;
    if (dump->run_next < DUMP_MAX_SLOTS)
        dump->after[dump->run_next] = (uint16_t)first;
    for (size_t i = first; i + 1 < first + count; i++)
        dump->after[i] = (uint16_t)(i + 1);
    dump->run_next = first + count - 1;
    dump->after[dump->run_next] = DUMP_MAX_SLOTS;
    return true;
}

static void
dump_free_slot(struct dump *dump, size_t page, size_t slot)
{
    struct rh_position at = { page, slot };
    const void *free_slot = rh_heap_slot(dump->heap, at);
    const void *next = NULL;

    at.slot = dump->after[slot];
    if (at.slot < DUMP_MAX_SLOTS)
        next = rh_heap_slot(dump->heap, at);
    dump_begin(dump, free_slot, "NONE", next);
    dump_end(dump, free_slot);
}

static bool
dump_page(struct rh_heap *heap, const struct rh_page_view *page, void *context)
{
    struct dump *dump = context;
    bool full = dump->flags & RH_DUMP_FULL;

    if (page->state == RH_PAGE_RELEASED || (!full && !page->live_slots))
        return true;
    if (full) {
        for (size_t slot = 0; slot < DUMP_MAX_SLOTS; slot++)
            dump->after[slot] = DUMP_MAX_SLOTS;
        dump->run_next = DUMP_MAX_SLOTS;
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
dump_category(struct dump *dump, const char *category)
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
dump_root_end(struct dump *dump)
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
    struct dump *dump = context;

    (void)heap;
    if (!dump->category || strcmp(dump->category, category) != 0) {
        dump_root_end(dump);
        dump->category = category;
        rhi_json_open(&dump->json);
        rhi_json_text(&dump->json, "type", "ROOT", 4);
        dump_category(dump, category);
        rhi_json_list(&dump->json, "references");
    }
    rhi_json_item(&dump->json, dump_address(dump, object));
    return !dump->json.stopped;
}

enum rh_status
rh_heap_dump(struct rh_heap *heap, unsigned flags, rh_dump_write_fn write,
             void *context)
{
    struct dump dump;

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
