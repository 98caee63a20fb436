// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/inside.h"
#include "object/string.h"

static struct rhi_block
block_of_string(const struct rhi_object *object)
{
    const struct rhi_string *string = &object->as.string;

    if (!rhi_string_is_owner(object))
        return (struct rhi_block){ NULL, 0 };
    return (struct rhi_block){ string->bytes, string->as.room + 1 };
}

static struct rhi_block
block_of_list(const struct rhi_object *object)
{
    const struct rhi_array *list = &object->as.array;

    if (rhi_object_has(object, RHI_EMBED | RHI_SHARED))
        return (struct rhi_block){ NULL, 0 };
    return (struct rhi_block){ list->values - rhi_list_shifted(object),
                               list->as.room * sizeof(rh_value) };
}

static struct rhi_block
block_of_struct(const struct rhi_object *object)
{
    const struct rhi_struct *members = &object->as.structure;

    if (rhi_object_has(object, RHI_STRUCT_LENGTH_MASK))
        return (struct rhi_block){ NULL, 0 };
    return (struct rhi_block){ members->values,
                               members->length * sizeof(rh_value) };
}

static struct rhi_block
block_of_bignum(const struct rhi_object *object)
{
    if (rhi_object_has(object, RHI_BIGNUM_EMBED))
        return (struct rhi_block){ NULL, 0 };
    return (struct rhi_block){ object->as.bignum.digits,
                               object->as.bignum.length * sizeof(uint32_t) };
}

static struct rhi_block
block_of_class(const struct rhi_object *object)
{
    struct rhi_class_name *name = object->as.klass.name;

    if (!name)
        return (struct rhi_block){ NULL, 0 };
    return (struct rhi_block){ name, sizeof *name + name->length + 1 };
}

static struct rhi_block
block_of_match(const struct rhi_object *object)
{
    struct rhi_match_regions *regions = object->as.match.regions;

    return (struct rhi_block){ regions, regions ? regions->bytes : 0 };
}

static struct rhi_block
block_of_hash(const struct rhi_object *object)
{
    struct rhi_table *table = object->as.hash.table;

    return (struct rhi_block){ table,
                               table ? rhi_table_bytes(table->capacity) : 0 };
}

struct rhi_block
rhi_object_block(const struct rhi_object *object)
{
    if (rhi_object_is_opaque(object))
        return (struct rhi_block){ object->as.opaque.block,
                                   object->as.opaque.bytes };
    switch (rhi_object_type(object)) {
    case RH_TYPE_STRING:
        return block_of_string(object);
    case RH_TYPE_OBJECT:
    case RH_TYPE_ARRAY:
        return block_of_list(object);
    case RH_TYPE_STRUCT:
        return block_of_struct(object);
    case RH_TYPE_BIGNUM:
        return block_of_bignum(object);
    case RH_TYPE_CLASS:
    case RH_TYPE_MODULE:
    case RH_TYPE_ICLASS:
        return block_of_class(object);
    case RH_TYPE_MATCH:
        return block_of_match(object);
    case RH_TYPE_HASH:
        return block_of_hash(object);
    case RH_TYPE_REGEXP:
        return (struct rhi_block){ object->as.regexp.pattern,
                                   object->as.regexp.bytes };
    case RH_TYPE_FILE:
        return (struct rhi_block){ object->as.file.buffer,
                                   object->as.file.bytes };
    default:
        return (struct rhi_block){ NULL, 0 };
    }
}

size_t
rhi_object_size(const struct rhi_object *object)
{
    size_t bytes = rhi_object_block(object).bytes;

    if (rhi_object_type(object) == RH_TYPE_DATA) {
        const struct rh_data_type *type = rhi_data_type(object);

        if (type && type->size && object->as.typed.pointer)
            bytes += type->size(object->as.typed.pointer);
    }
    return bytes;
}
