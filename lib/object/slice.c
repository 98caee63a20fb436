// SPDX-License-Identifier: MIT
/*
 * slice - parts of strings that share the whole's block.
 *
 * A slice of more than 23 bytes does not copy them.  The block passes to a
 * root: a frozen string without a class that nobody else can name.  The string
 * and its slices point into the root's block and keep the root alive by
 * reference.  A frozen string that owns its block serves as root itself.
 *
 *     string  --root-->  "the quick brown fox ..."  <--root--  slice
 *       length 80          frozen, owner                         length 30
 *       bytes -----------> ^   ^ <------------------------------- bytes
 *
 * CRuby shares only slices that reach to the end, so that every string ends
 * with a NUL; here any slice is shared, and rh_string_c_string() makes the
 * copy when the NUL is wanted.
 *
 * Next: encoding.c.
 */
#include "config.h"

#include "object/string.h"

#include <string.h>

static struct rhi_object *
string_of(rh_value string)
{
    return rhi_object_of(string, RH_TYPE_STRING);
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

    if (rhi_string_is_shared(object))
        return object->as.string.as.root;
    if (rhi_object_is_frozen(object))
        return *string;
    root = rhi_object_take(heap, RHI_STRING_FLAGS, held, 2);
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
    return rhi_object_take(heap, RHI_STRING_FLAGS | encoding, held, count);
}

static rh_value
string_slice_copy(struct rh_heap *heap, rh_value string, size_t start,
                  size_t length)
{
    rh_value held[] = { RH_FALSE, string };
    struct rhi_object *slice = string_alike(heap, held, 2);

    if (!slice)
        return RH_UNDEF;
    memcpy(slice->as.bytes, rhi_string_of(rh_value_slot(held[1])).bytes + start,
           length);
    rhi_string_set_length(slice, length);
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
    slice->as.string.bytes = rhi_string_buffer(rh_value_slot(held[1])) + start;
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

rh_value
rh_string_root(rh_value string)
{
    const struct rhi_object *object = string_of(string);

    return rhi_string_is_shared(object) ? object->as.string.as.root : RH_NIL;
}
