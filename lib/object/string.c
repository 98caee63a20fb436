// SPDX-License-Identifier: MIT
/*
 * string - bytes in the slot, in a block, or in another string's block.
 *
 *     embedded    up to 23 bytes and a NUL; the length is in the flags
 *     owner       length, room, and a block of room + 1 bytes
 *     shared      length, root, and a place in the root's block
 *
 * A string moves out of the slot when it outgrows it, and comes back when it
 * is cut to what the slot holds.  How blocks come to be shared is told in
 * slice.c; here, whoever is written first copies its part.
 *
 * Next: slice.c.
 */
#include "config.h"

#include "object/string.h"

#include <string.h>

static struct rhi_object *
string_of(rh_value string)
{
    return rhi_object_of(string, RH_TYPE_STRING);
}

struct rhi_bytes
rhi_string_of(const struct rhi_object *object)
{
    if (rhi_object_is_opaque(object))
        return (struct rhi_bytes){ "", 0 };
    if (!rhi_object_has(object, RHI_STRING_NOEMBED))
        return (struct rhi_bytes){
            object->as.bytes, rhi_object_field(object, RHI_STRING_LENGTH_MASK,
                                               RHI_STRING_LENGTH_SHIFT)
        };
    return (struct rhi_bytes){ object->as.string.bytes,
                               object->as.string.length };
}

static size_t
string_room(const struct rhi_object *object)
{
    if (rhi_string_is_owner(object))
        return object->as.string.as.room;
    return rhi_object_has(object, RHI_STRING_NOEMBED | RHI_OPAQUE)
               ? 0
               : RH_STRING_EMBED_BYTES;
}

void
rhi_string_set_length(struct rhi_object *object, size_t length)
{
    if (rhi_object_has(object, RHI_STRING_NOEMBED)) {
        object->as.string.length = length;
        if (rhi_object_has(object, RHI_SHARED))
            return;
    } else {
        rhi_object_set_field(object, RHI_STRING_LENGTH_MASK,
                             RHI_STRING_LENGTH_SHIFT, length);
    }
    rhi_string_buffer(object)[length] = '\0';
}

// To a block for exactly `room` bytes.
static bool
string_move_out(struct rh_heap *heap, struct rhi_object *object, size_t room)
{
    struct rhi_bytes old = rhi_string_of(object);
    bool owner = rhi_string_is_owner(object);
    char *bytes = NULL;

    if (room >= PTRDIFF_MAX)
        return false;
    if (owner)
        bytes = rh_external_realloc(heap, object->as.string.bytes,
                                    object->as.string.as.room + 1, room + 1);
    else
        bytes = rh_external_malloc(heap, room + 1);
    if (!bytes)
        return false;
    if (!owner)
        memcpy(bytes, old.bytes, old.length);
    object->flags &= ~(uint64_t)RHI_STRING_LENGTH_MASK; // and RHI_SHARED
    object->flags |= RHI_STRING_NOEMBED;
    object->as.string.bytes = bytes;
    object->as.string.as.room = room;
    rhi_string_set_length(object, old.length);
    rh_external_attach(heap, object);
    return true;
}

// Into the slot, with the first `length` bytes.
static void
string_move_in(struct rh_heap *heap, struct rhi_object *object, size_t length)
{
    struct rhi_string old = object->as.string;
    bool owner = rhi_string_is_owner(object);

    if (length)
        memcpy(object->as.bytes, old.bytes, length);
    object->flags &= ~(uint64_t)(RHI_STRING_NOEMBED | RHI_SHARED);
    rhi_string_set_length(object, length);
    if (!owner)
        return;
    rh_external_free(heap, old.bytes, old.as.room + 1);
    rhi_object_disown(heap, object);
}

// Have room for `room` bytes that belong to the string alone.  (What does not
// has more bytes than the slot holds, or it would have been cut into it.)
static bool
string_reserve(struct rh_heap *heap, struct rhi_object *object, size_t room)
{
    size_t length = rhi_string_of(object).length;

    return room <= string_room(object) ||
           string_move_out(heap, object, rhi_max(room, length));
}

rh_value
rh_string_new_capacity(struct rh_heap *heap, rh_value class_of, size_t capacity)
{
    struct rhi_object *string =
        rhi_object_new(heap, RHI_STRING_FLAGS, class_of);

    if (string && !string_reserve(heap, string, capacity))
        return RH_UNDEF;
    return rhi_object_value(string);
}

rh_value
rh_string_new(struct rh_heap *heap, rh_value class_of, const char *bytes,
              size_t length)
{
    rh_value value = rh_string_new_capacity(heap, class_of, length);
    struct rhi_object *string;

    if (value == RH_UNDEF)
        return value;
    string = rh_value_slot(value);
    rhi_string_set_length(string, length);
    if (bytes)
        memcpy(rhi_string_buffer(string), bytes, length);
    else
        memset(rhi_string_buffer(string), 0, length);
    return value;
}

const char *
rh_string_bytes(rh_value string)
{
    return rhi_string_of(string_of(string)).bytes;
}

size_t
rh_string_length(rh_value string)
{
    return rhi_string_of(string_of(string)).length;
}

size_t
rh_string_capacity(rh_value string)
{
    return string_room(string_of(string));
}

const char *
rh_string_c_string(struct rh_heap *heap, rh_value string)
{
    struct rhi_object *object = string_of(string);
    struct rhi_bytes bytes = rhi_string_of(object);

    if (rhi_string_is_shared(object)) {
        struct rhi_bytes whole =
            rhi_string_of(string_of(object->as.string.as.root));
        bool ends_with_root =
            bytes.bytes + bytes.length == whole.bytes + whole.length;

        if (!ends_with_root && !string_reserve(heap, object, bytes.length + 1))
            return NULL;
    }
    return rhi_string_of(object).bytes;
}

char *
rh_string_modify(struct rh_heap *heap, rh_value string)
{
    struct rhi_object *object = string_of(string);

    if (rhi_object_is_fixed(object) ||
        !string_reserve(heap, object, rhi_string_of(object).length))
        return NULL;
    return rhi_string_buffer(object);
}

enum rh_status
rh_string_append(struct rh_heap *heap, rh_value string, const char *bytes,
                 size_t length)
{
    struct rhi_object *object = string_of(string);
    struct rhi_bytes old = rhi_string_of(object);
    size_t offset = (size_t)((uintptr_t)bytes - (uintptr_t)old.bytes);
    // The bytes are the string's.  (Those that only begin in it are another's
    // that shares the root: they stay where they are.)
    bool own = offset <= old.length && length <= old.length - offset;
    size_t needed = old.length + length;

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (needed < length)
        return RH_NO_MEMORY;
    if (needed > string_room(object) &&
        !string_reserve(heap, object, rhi_max(needed, old.length * 2)))
        return RH_NO_MEMORY;
    rhi_string_set_length(object, needed);
    if (own)
        bytes = rhi_string_of(object).bytes + offset;
    if (length)
        memmove(rhi_string_buffer(object) + old.length, bytes, length);
    return RH_OK;
}

enum rh_status
rh_string_resize(struct rh_heap *heap, rh_value string, size_t length)
{
    struct rhi_object *object = string_of(string);
    size_t old = rhi_string_of(object).length;

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (length < old && length <= RH_STRING_EMBED_BYTES &&
        rhi_object_has(object, RHI_STRING_NOEMBED)) {
        string_move_in(heap, object, length);
        return RH_OK;
    }
    if (length > old && !string_reserve(heap, object, length))
        return RH_NO_MEMORY;
    rhi_string_set_length(object, length);
    if (length > old)
        memset(rhi_string_buffer(object) + old, 0, length - old);
    return RH_OK;
}

bool
rh_string_is_embedded(rh_value string)
{
    const struct rhi_object *object = string_of(string);

    return !rhi_object_has(object, RHI_STRING_NOEMBED);
}

bool
rh_string_equal(rh_value a, rh_value b)
{
    struct rhi_bytes left = rhi_string_of(string_of(a));
    struct rhi_bytes right = rhi_string_of(string_of(b));

    return left.length == right.length &&
           memcmp(left.bytes, right.bytes, left.length) == 0;
}

bool
rh_string_is_interned(rh_value string)
{
    return rhi_object_has(string_of(string), RHI_STRING_INTERNED);
}

void
rh_string_set_interned(rh_value string)
{
    string_of(string)->flags |= RHI_STRING_INTERNED;
}

rhi_finding
rhi_string_check(const struct rhi_object *object)
{
    const struct rhi_string *string = &object->as.string;

    if (!rhi_object_has(object, RHI_STRING_NOEMBED))
        return rhi_string_of(object).length > RH_STRING_EMBED_BYTES
                   ? "Y1: an embedded string is longer than its slot"
                   : NULL;
    if (rhi_object_has(object, RHI_SHARED))
        return NULL;
    if (string->length > string->as.room)
        return "Y2: a string is longer than its block";
    if (!string->bytes)
        return "Y2: a string has lost its block";
    return string->bytes[string->length] ? "Y2: no NUL behind a string" : NULL;
}
