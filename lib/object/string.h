// SPDX-License-Identifier: MIT
/*
 * string - where the bytes of a string are.
 *
 * Next: string.c.
 */
#ifndef RHI_OBJECT_STRING_H
#define RHI_OBJECT_STRING_H

#include "object/object.h"

struct rhi_bytes {
    char *bytes;
    size_t length;
};

// Whether the string has a block of its own.
RHI_INLINE bool
rhi_string_is_owner(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_STRING_NOEMBED) &&
           !rhi_object_has(object, RHI_SHARED | RHI_OPAQUE);
}

// The bytes; none of an opaque string.
struct rhi_bytes rhi_string_of(struct rhi_object *object);

// Whether bytes are not UTF-8.
bool rhi_utf_8_is_broken(const char *bytes, size_t length);

rhi_finding rhi_string_check(struct rhi_object *object);

#endif
