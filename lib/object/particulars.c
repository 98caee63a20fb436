// SPDX-License-Identifier: MIT
/*
 * particulars - the fields of a dump that only some types have.
 *
 * In the order in which Ruby writes them.  Of an opaque object the layout
 * tells the number that it is known by; a name is beside the heap.
 *
 * Next: dump.c.
 */
#include "config.h"

#include "object/dump.h"
#include "object/file.h"
#include "object/string.h"

#include <rheap/rebuild.h>

#include <string.h>

#define REBASED UINT64_C(0x7f0000000000)

uintptr_t
rhi_dump_address(const struct rhi_dump *dump, const void *slot)
{
    struct rh_position at;

    if (!(dump->flags & RH_DUMP_REBASE))
        return (uintptr_t)slot;
    at = rh_heap_position(dump->heap, slot);
    return REBASED + at.page * RH_PAGE_BYTES + RH_PAGE_HEADER_BYTES +
           at.slot * rh_heap_slot_bytes(dump->heap);
}

// A pair whose value is an object, if it is one of this heap.
static void
dump_object_pair(struct rhi_dump *dump, const char *key, rh_value value)
{
    if (rh_heap_contains(dump->heap, value))
        rhi_json_address(&dump->json, key,
                         rhi_dump_address(dump, rh_value_slot(value)));
}

static void
dump_value(struct rhi_dump *dump, struct rhi_bytes text)
{
    if (!(dump->flags & RH_DUMP_NO_VALUES))
        rhi_json_text(&dump->json, "value", text.bytes, text.length);
}

// What is kept beside a rebuilt object.
static struct rhi_bytes
dump_rest(const struct rhi_object *object)
{
    struct rhi_bytes rest = { NULL, 0 };

    rest.bytes = rh_rebuild_name(rh_value_of_slot(object), &rest.length);
    return rest;
}

static void
dump_contents(struct rhi_dump *dump, const struct rhi_object *object)
{
    struct rhi_json *json = &dump->json;
    bool opaque = rhi_object_is_opaque(object);
    struct rhi_bytes text = opaque ? dump_rest(object) : rhi_string_of(object);
    size_t length = opaque ? object->as.opaque.word : text.length;
    size_t bytes = rhi_object_block(object).bytes;

    rhi_json_number(json, "bytesize", length);
    if (bytes && bytes - 1 != length)
        rhi_json_number(json, "capacity", bytes - 1);
    if (text.bytes && rhi_bytes_are_ascii(text))
        dump_value(dump, text);
}

static void
dump_string(struct rhi_dump *dump, const struct rhi_object *object)
{
    struct rhi_json *json = &dump->json;
    rh_value string = rh_value_of_slot(object);
    enum rh_string_encoding encoding = rh_string_encoding(string);
    const char *name = rh_string_encoding_name(encoding);
    bool embedded = rh_string_is_embedded(string);

    if (embedded)
        rhi_json_true(json, "embedded");
    if (rh_string_is_broken(string))
        rhi_json_true(json, "broken");
    if (rh_string_is_interned(string))
        rhi_json_true(json, "fstring");
    if (!embedded && rhi_object_has(object, RHI_SHARED))
        rhi_json_true(json, "shared");
    else
        dump_contents(dump, object);
    if (name && encoding != RH_STRING_BINARY)
        rhi_json_text(json, "encoding", name, strlen(name));
}

static void
dump_symbol(struct rhi_dump *dump, const struct rhi_object *object)
{
    rh_value name = rh_symbol_name(rh_value_of_slot(object));
    struct rhi_bytes text =
        rh_value_is_object(name) && rh_type_of(name) == RH_TYPE_STRING
            ? rhi_string_of(rh_value_slot(name))
            : dump_rest(object);

    if (!text.bytes)
        return;
    rhi_json_number(&dump->json, "bytesize", text.length);
    dump_value(dump, text);
}

static void
dump_array(struct rhi_dump *dump, struct rhi_object *object)
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
dump_hash(struct rhi_dump *dump, const struct rhi_object *object)
{
    rh_value hash = rh_value_of_slot(object);

    rhi_json_number(&dump->json, "size",
                    rhi_object_is_opaque(object) ? object->as.opaque.word
                                                 : rh_hash_size(hash));
    dump_object_pair(dump, "default", rh_hash_default(hash));
}

static void
dump_class(struct rhi_dump *dump, const struct rhi_object *object)
{
    rh_value class_of = rh_value_of_slot(object);
    bool singleton = rh_class_is_singleton(class_of);
    size_t length;
    const char *name = rh_class_name(class_of, &length);

    dump_object_pair(dump, "superclass", rh_class_superclass(class_of));
    if (name && rhi_object_type(object) != RH_TYPE_ICLASS)
        rhi_json_text(&dump->json, singleton ? "real_class_name" : "name", name,
                      length);
    if (singleton)
        rhi_json_true(&dump->json, "singleton");
}

// A name given by the layout or, of a rebuilt object, beside it.
static void
dump_kind(struct rhi_dump *dump, const struct rhi_object *object,
          const char *key, const char *kind)
{
    size_t length = kind ? strlen(kind) : 0;

    if (!kind)
        kind = rh_rebuild_name(rh_value_of_slot(object), &length);
    if (kind)
        rhi_json_text(&dump->json, key, kind, length);
}

static void
dump_float(struct rhi_dump *dump, const struct rhi_object *object)
{
    if (!(dump->flags & RH_DUMP_NO_VALUES))
        rhi_json_float(&dump->json, "value",
                       rh_float_value(rh_value_of_slot(object)));
}

void
rhi_dump_particulars(struct rhi_dump *dump, struct rhi_object *object)
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
