// SPDX-License-Identifier: MIT
/*
 * check - does what an object says about itself agree?
 *
 * Own fields first, then what is outside; the root of a shared block by
 * identity only.  Numbers such as Y2 stand at the head of layout.h.
 *
 * Next: model.c.
 */
#include "config.h"

#include "object/hash.h"
#include "object/inside.h"
#include "object/string.h"

static rhi_finding
check_opaque(const struct rhi_object *object)
{
    const struct rhi_opaque *opaque = &object->as.opaque;
    bool account_only = rhi_object_has(object, RHI_ACCOUNT_ONLY);

    if (opaque->bytes == 0)
        return opaque->block ? "Y4: a block without bytes" : NULL;
    if ((opaque->block == NULL) != account_only)
        return "Y4: an opaque object has lost its block";
    return NULL;
}

// Whether the root of a shared string or array can be one.
static rhi_finding
check_root(struct rh_heap *heap, const struct rhi_object *object,
           rh_value root_value)
{
    const struct rhi_object *root;

    if (!rh_heap_is_live(heap, root_value))
        return "Y3: the root of a shared block is no object";
    root = rh_value_slot(root_value);
    if (rhi_object_type(root) != rhi_object_type(object) ||
        !rhi_object_is_frozen(root) || rhi_object_is_opaque(root) ||
        !rhi_object_block(root).address)
        return "Y3: the root of a shared block cannot be one";
    return NULL;
}

static rhi_finding
check_within(const struct rhi_object *root_object, const void *from,
             size_t bytes)
{
    struct rhi_block block = rhi_object_block(root_object);
    uintptr_t offset = (uintptr_t)from - (uintptr_t)block.address;

    return offset > block.bytes || bytes > block.bytes - offset
               ? "Y3: a shared object reaches beyond its root's block"
               : NULL;
}

static rhi_finding
check_shared(struct rh_heap *heap, struct rhi_object *object)
{
    bool is_string = rhi_object_type(object) == RH_TYPE_STRING;
    rh_value root =
        is_string ? object->as.string.as.root : object->as.array.as.root;
    const void *from = is_string ? (const void *)object->as.string.bytes
                                 : (const void *)object->as.array.values;
    size_t bytes = is_string ? object->as.string.length
                             : object->as.array.length * sizeof(rh_value);
    rhi_finding finding = check_root(heap, object, root);

    return finding ? finding : check_within(rh_value_slot(root), from, bytes);
}

static bool
check_is_shared(const struct rhi_object *object)
{
    enum rh_type type = rhi_object_type(object);

    if (!rhi_object_has(object, RHI_SHARED))
        return false;
    return (type == RH_TYPE_ARRAY && !rhi_object_has(object, RHI_EMBED)) ||
           (type == RH_TYPE_STRING &&
            rhi_object_has(object, RHI_STRING_NOEMBED));
}

static rhi_finding
check_bignum(const struct rhi_object *object)
{
    size_t digits = rhi_object_field(object, RHI_BIGNUM_LENGTH_MASK,
                                     RHI_BIGNUM_LENGTH_SHIFT);

    if (rhi_object_has(object, RHI_BIGNUM_EMBED))
        return digits > RH_BIGNUM_EMBED_BYTES / sizeof(uint32_t)
                   ? "Y1: a bignum is longer than its slot"
                   : NULL;
    return object->as.bignum.length && !object->as.bignum.digits
               ? "Y2: a bignum has lost its digits"
               : NULL;
}

static rhi_finding
check_typed(struct rh_heap *heap, struct rhi_object *object)
{
    if (rhi_object_is_opaque(object))
        return check_opaque(object);
    if (check_is_shared(object))
        return check_shared(heap, object);
    switch (rhi_object_type(object)) {
    case RH_TYPE_STRING:
        return rhi_string_check(object);
    case RH_TYPE_OBJECT:
    case RH_TYPE_ARRAY:
        return rhi_list_check(object);
    case RH_TYPE_STRUCT:
        return rhi_struct_members(object).count &&
                       !rhi_struct_members(object).values
                   ? "Y2: a struct has lost its members"
                   : NULL;
    case RH_TYPE_BIGNUM:
        return check_bignum(object);
    case RH_TYPE_HASH:
        return rhi_hash_check(object);
    default:
        return NULL;
    }
}

enum rh_status
rh_object_check(struct rh_heap *heap, rh_value object, const char **why)
{
    struct rhi_object *o = rh_value_slot(object);
    rhi_finding finding;

    if (rh_value_is_immediate(object) || !rh_heap_is_live(heap, object))
        finding = "not an object of this heap";
    else if (rhi_object_has(o, RH_OBJECT_IVARS) && !rhi_generic_find(heap, o))
        finding = "Y5: the instance variables of an object are gone";
    else
        finding = check_typed(heap, o);
    if (why)
        *why = finding;
    return finding ? RH_BROKEN : RH_OK;
}
