// SPDX-License-Identifier: MIT
/*
 * struct - where the members of a struct are.
 *
 * Next: struct.c.
 */
#ifndef RHI_OBJECT_STRUCT_H
#define RHI_OBJECT_STRUCT_H

#include "object/list.h"

RHI_INLINE struct rhi_values
rhi_struct_members(struct rhi_object *object)
{
    size_t embedded = rhi_object_field(object, RHI_STRUCT_LENGTH_MASK,
                                       RHI_STRUCT_LENGTH_SHIFT);

    if (rhi_object_is_opaque(object))
        return (struct rhi_values){ NULL, 0 };
    if (embedded)
        return (struct rhi_values){ object->as.words, embedded };
    return (struct rhi_values){ object->as.structure.values,
                                object->as.structure.length };
}

#endif
