// SPDX-License-Identifier: MIT
/*
 * data - telling typed data from plain.
 *
 * Plain data has a free function where typed data has the number 1, which is
 * no address of a function (CRuby's trick, too).
 *
 * Next: data.c.
 */
#ifndef RHI_OBJECT_DATA_H
#define RHI_OBJECT_DATA_H

#include "object/object.h"

// The descriptor of typed data, else NULL.
RHI_INLINE const struct rh_data_type *
rhi_data_type(const struct rhi_object *object)
{
    if (rhi_object_is_opaque(object) || object->as.words[1] != 1)
        return NULL;
    return object->as.typed.type;
}

#endif
