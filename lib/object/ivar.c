// SPDX-License-Identifier: MIT
/*
 * ivar - objects of the type OBJECT, and instance variables of all types.
 *
 * To whom the variables belong is decided here and nowhere else: an OBJECT has
 * them in its own list, everything else in the generic table.  An opaque
 * OBJECT lost its list; what the dump said of it is in the table.
 *
 * Next: class.c.
 */
#include "config.h"

#include "object/list.h"

rh_value
rh_object_new(struct rh_heap *heap, rh_value class_of, size_t ivar_count)
{
    struct rhi_object *object = rhi_object_new(
        heap, RH_TYPE_OBJECT | RH_OBJECT_WB_PROTECTED | RHI_EMBED, class_of);

    if (object && rhi_list_resize(heap, object, ivar_count, RH_UNDEF))
        return RH_UNDEF;
    return rhi_object_value(object);
}

static struct rhi_object *
ivar_owner(rh_value value)
{
    if (rh_value_is_immediate(value))
        rhi_object_panic(value, "an immediate has no instance variables");
    return rh_value_slot(value);
}

static bool
ivar_is_own(const struct rhi_object *object)
{
    return rhi_object_type(object) == RH_TYPE_OBJECT &&
           !rhi_object_is_opaque(object);
}

static struct rhi_values
ivar_values(struct rhi_object *object)
{
    struct rhi_extra *extra;

    if (ivar_is_own(object))
        return rhi_list_of(object);
    extra = rhi_generic_find(rh_heap_of(object), object);
    if (!extra)
        return (struct rhi_values){ NULL, 0 };
    return (struct rhi_values){ extra->values, extra->count };
}

size_t
rh_ivar_count(rh_value object)
{
    return ivar_values(ivar_owner(object)).count;
}

rh_value
rh_ivar_get(rh_value object, size_t index)
{
    struct rhi_values ivars = ivar_values(ivar_owner(object));

    return index < ivars.count ? ivars.values[index] : RH_UNDEF;
}

static enum rh_status
ivar_resize(struct rh_heap *heap, struct rhi_object *object, size_t count)
{
    if (ivar_is_own(object))
        return rhi_list_resize(heap, object, count, RH_UNDEF);
    if (!rhi_generic_resize(heap, object, count) && count)
        return RH_NO_MEMORY;
    return RH_OK;
}

enum rh_status
rh_ivar_resize(struct rh_heap *heap, rh_value object, size_t count)
{
    struct rhi_object *o = ivar_owner(object);

    return rhi_object_is_frozen(o) ? RH_BAD_ARGUMENT
                                   : ivar_resize(heap, o, count);
}

enum rh_status
rh_ivar_set(struct rh_heap *heap, rh_value object, size_t index, rh_value value)
{
    struct rhi_object *o = ivar_owner(object);

    if (rhi_object_is_frozen(o))
        return RH_BAD_ARGUMENT;
    if (index >= ivar_values(o).count) {
        enum rh_status status =
            index == SIZE_MAX ? RH_NO_MEMORY : ivar_resize(heap, o, index + 1);

        if (status)
            return status;
    }
    if (rhi_object_type(o) == RH_TYPE_OBJECT && !rhi_object_is_opaque(o))
        rhi_list_write(heap, o, index, value);
    else
        rhi_object_write(heap, o, &ivar_values(o).values[index], value);
    return RH_OK;
}
