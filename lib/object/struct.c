// SPDX-License-Identifier: MIT
/*
 * struct - a fixed number of members.
 *
 * One to three members are in the slot, their number in the flags; 0 there
 * means that length and members are outside (a struct without members too,
 * which has no block).
 *
 * Next: number.c.
 */
#include "config.h"

#include "object/struct.h"

static struct rhi_object *
struct_of(rh_value value)
{
    return rhi_object_of(value, RH_TYPE_STRUCT);
}

rh_value
rh_struct_new(struct rh_heap *heap, rh_value class_of, const rh_value *values,
              size_t length)
{
    struct rhi_object *object =
        rhi_object_new(heap, RH_TYPE_STRUCT | RH_OBJECT_WB_PROTECTED, class_of);

    if (!object)
        return RH_UNDEF;
    if (length <= RHI_WORDS) {
        rhi_object_set_field(object, RHI_STRUCT_LENGTH_MASK,
                             RHI_STRUCT_LENGTH_SHIFT, length);
        rhi_values_fill(object->as.words, values, length, RH_NIL);
        return rhi_object_value(object);
    }
    if (rhi_values_fit(length))
        object->as.structure.values =
            rh_external_malloc(heap, length * sizeof *values);
    if (!object->as.structure.values)
        return RH_UNDEF;
    object->as.structure.length = length;
    rhi_values_fill(object->as.structure.values, values, length, RH_NIL);
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}

size_t
rh_struct_length(rh_value structure)
{
    return rhi_struct_members(struct_of(structure)).count;
}

rh_value
rh_struct_get(rh_value structure, size_t index)
{
    struct rhi_values members = rhi_struct_members(struct_of(structure));

    return index < members.count ? members.values[index] : RH_UNDEF;
}

enum rh_status
rh_struct_set(struct rh_heap *heap, rh_value structure, size_t index,
              rh_value value)
{
    struct rhi_object *object = struct_of(structure);
    struct rhi_values members = rhi_struct_members(object);

    if (rhi_object_is_frozen(object))
        return RH_BAD_ARGUMENT;
    if (index >= members.count)
        return RH_NOT_FOUND;
    rhi_object_write_at(heap, object, &members.values[index], index,
                        members.count, value);
    return RH_OK;
}
