// SPDX-License-Identifier: MIT
/*
 * string - bytes in the slot, in a block, or in another string's block.
 *
 *     embedded    up to 23 bytes and a NUL; the length is in the flags
 *     owner       length, room, and a block of room + 1 bytes
 *     shared      length, root, and a place in the root's block
 *
 * Sharing works as for arrays: the block passes to a frozen root without a
 * class, and whoever is changed first copies its part.  (CRuby shares only
 * slices that reach to the end, so that every string ends with a NUL; here any
 * slice is shared, and rh_string_c_string() makes the copy when the NUL is
 * wanted.)
 *
 * Next: list.h.
 */
#include "config.h"

#include "object/string.h"

#include <string.h>

enum { STRING_FLAGS = RH_TYPE_STRING | RH_OBJECT_WB_PROTECTED };

static struct rhi_object *
string_of(rh_value string)
{
    return rhi_object_of(string, RH_TYPE_STRING);
}

struct rhi_bytes
rhi_string_of(struct rhi_object *object)
{
    static char nothing[1];

    if (rhi_object_is_opaque(object))
        return (struct rhi_bytes){ nothing, 0 };
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

static void
string_set_length(struct rhi_object *object, size_t length)
{
    if (rhi_object_has(object, RHI_STRING_NOEMBED)) {
        object->as.string.length = length;
        if (rhi_object_has(object, RHI_SHARED))
            return;
    } else {
        rhi_object_set_field(object, RHI_STRING_LENGTH_MASK,
                             RHI_STRING_LENGTH_SHIFT, length);
    }
    rhi_string_of(object).bytes[length] = '\0';
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
        bytes = rh_external_realloc(heap, old.bytes,
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
    string_set_length(object, old.length);
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
    string_set_length(object, length);
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
rh_string_new_capacity(struct rh_heap *heap, rh_value class_of,
                       size_t capacity)
{
    struct rhi_object *string = rhi_object_new(heap, STRING_FLAGS, class_of);

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
    string_set_length(string, length);
    if (bytes)
        memcpy(rhi_string_of(string).bytes, bytes, length);
    else
        memset(rhi_string_of(string).bytes, 0, length);
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

static bool
string_is_shared(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_STRING_NOEMBED) &&
           rhi_object_has(object, RHI_SHARED);
}

const char *
rh_string_c_string(struct rh_heap *heap, rh_value string)
{
    struct rhi_object *object = string_of(string);
    struct rhi_bytes bytes = rhi_string_of(object);
    rh_value root = rh_string_root(string);

    if (root != RH_NIL) {
        struct rhi_bytes whole = rhi_string_of(string_of(root));
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
    return rhi_string_of(object).bytes;
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
    string_set_length(object, needed);
    if (own)
        bytes = rhi_string_of(object).bytes + offset;
    if (length)
        memmove(rhi_string_of(object).bytes + old.length, bytes, length);
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
    string_set_length(object, length);
    if (length > old)
        memset(rhi_string_of(object).bytes + old, 0, length - old);
    return RH_OK;
}

// The root whose block `*string` uses, made if there is none; RH_UNDEF: no
// memory.  May collect; `*string` is kept alive and read back.
static rh_value
string_share(struct rh_heap *heap, rh_value *string)
{
    rh_value held[] = { RH_FALSE, *string };
    struct rhi_object *object = string_of(*string);
    uint64_t encoding = object->flags & RHI_STRING_ENCODING_MASK;
    struct rhi_object *root;

    if (string_is_shared(object))
        return object->as.string.as.root;
    if (rhi_object_is_frozen(object))
        return *string;
    root = rhi_object_take(heap, STRING_FLAGS, held, 2);
    if (!root)
        return RH_UNDEF;
    *string = held[1];
    object = rh_value_slot(held[1]);
    root->flags |= RHI_STRING_NOEMBED | RH_OBJECT_FROZEN | encoding;
    root->as.string = object->as.string;
    rh_external_attach(heap, root);
    object->flags |= RHI_SHARED;
    rhi_object_write(heap, object, &object->as.string.as.root,
                     rhi_object_value(root));
    rhi_object_disown(heap, object);
    return rhi_object_value(root);
}

// An empty string of the class and encoding of `held[1]`.
static struct rhi_object *
string_alike(struct rh_heap *heap, rh_value *held, size_t count)
{
    struct rhi_object *object = rh_value_slot(held[1]);
    uint64_t encoding = object->flags & RHI_STRING_ENCODING_MASK;

    held[0] = object->class_of;
    return rhi_object_take(heap, STRING_FLAGS | encoding, held, count);
}

static rh_value
string_slice_copy(struct rh_heap *heap, rh_value string, size_t start,
                  size_t length)
{
    rh_value held[] = { RH_FALSE, string };
    struct rhi_object *slice = string_alike(heap, held, 2);

    if (!slice)
        return RH_UNDEF;
    memcpy(slice->as.bytes,
           rhi_string_of(rh_value_slot(held[1])).bytes + start, length);
    string_set_length(slice, length);
    return rhi_object_value(slice);
}

static rh_value
string_slice_share(struct rh_heap *heap, rh_value string, size_t start,
                   size_t length)
{
    rh_value root = string_share(heap, &string);
    rh_value held[] = { RH_FALSE, string, root };
    struct rhi_object *slice;

    if (root == RH_UNDEF)
        return RH_UNDEF;
    slice = string_alike(heap, held, 3);
    if (!slice)
        return RH_UNDEF;
    slice->flags |= RHI_STRING_NOEMBED | RHI_SHARED;
    slice->as.string.bytes =
        rhi_string_of(rh_value_slot(held[1])).bytes + start;
    slice->as.string.length = length;
    slice->as.string.as.root = held[2];
    return rhi_object_value(slice);
}

rh_value
rh_string_slice(struct rh_heap *heap, rh_value string, size_t start,
                size_t length)
{
    size_t whole = rh_string_length(string);

    if (start > whole)
        return RH_NIL;
    length = rhi_min(length, whole - start);
    if (length <= RH_STRING_EMBED_BYTES)
        return string_slice_copy(heap, string, start, length);
    return string_slice_share(heap, string, start, length);
}

bool
rh_string_is_embedded(rh_value string)
{
    const struct rhi_object *object = string_of(string);

    return !rhi_object_has(object, RHI_STRING_NOEMBED);
}

rh_value
rh_string_root(rh_value string)
{
    const struct rhi_object *object = string_of(string);

    if (!string_is_shared(object) || rhi_object_is_opaque(object))
        return RH_NIL;
    return object->as.string.as.root;
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
rhi_string_check(struct rhi_object *object)
{
    struct rhi_string *string = &object->as.string;

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
