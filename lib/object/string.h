// SPDX-License-Identifier: MIT
/*
 * string - where the bytes of a string are.  The layouts are in string.c.
 *
 * Next: string.c.
 */
#ifndef RHI_OBJECT_STRING_H
#define RHI_OBJECT_STRING_H

#include "object/object.h"

enum {
    RHI_STRING_FLAGS = RH_TYPE_STRING | RH_OBJECT_WB_PROTECTED
};

struct rhi_bytes {
    const char *bytes;
    size_t length;
};

// Whether the string has a block of its own.
RHI_INLINE bool
rhi_string_is_owner(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_STRING_NOEMBED) &&
           !rhi_object_has(object, RHI_SHARED | RHI_OPAQUE);
}

RHI_INLINE bool
rhi_string_is_shared(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_STRING_NOEMBED) &&
           rhi_object_has(object, RHI_SHARED) && !rhi_object_is_opaque(object);
}

// The bytes; none of an opaque string.
struct rhi_bytes rhi_string_of(const struct rhi_object *object);

// The same bytes for writing; not of an opaque string.
RHI_INLINE char *
rhi_string_buffer(struct rhi_object *object)
{
    return rhi_object_has(object, RHI_STRING_NOEMBED) ? object->as.string.bytes
                                                      : object->as.bytes;
}

// Say that there are so many bytes, which fit, and put a NUL behind them
// unless the block is another's.
void rhi_string_set_length(struct rhi_object *object, size_t length);

// Whether all bytes are below 0x80.
bool rhi_bytes_are_ascii(struct rhi_bytes text);

// Whether bytes are not UTF-8.
bool rhi_utf_8_is_broken(const char *bytes, size_t length);

rhi_finding rhi_string_check(const struct rhi_object *object);

#endif
