// SPDX-License-Identifier: MIT
/*
 * file - the end of a file object.
 *
 * Next: file.c.
 */
#ifndef RHI_OBJECT_FILE_H
#define RHI_OBJECT_FILE_H

#include "object/object.h"

// The descriptor, or the number that an opaque file is known by.
RHI_INLINE int
rhi_file_number(const struct rhi_object *object)
{
    return rhi_object_is_opaque(object) ? (int)object->as.opaque.word
                                        : object->as.file.fd;
}

// Close the descriptor of a dead object that is not opaque.
void rhi_file_release(const struct rhi_object *object);

#endif
