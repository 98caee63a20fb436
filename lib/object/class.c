// SPDX-License-Identifier: MIT
/*
 * class - CLASS, MODULE and ICLASS: one layout, three types.
 *
 * The name is in a block of its own.  An opaque class came from a dump; its
 * superclass is the opaque layout's reference, and its name is in the generic
 * table.
 *
 * Next: array.c.
 */
#include "config.h"

#include "object/object.h"

#include <rheap/rebuild.h>

#include <string.h>

static size_t
name_bytes(size_t length)
{
    return sizeof(struct rhi_class_name) + length + 1;
}

// A block with a copy of the name, or NULL: no memory.
static struct rhi_class_name *
name_new(struct rh_heap *heap, const char *bytes, size_t length)
{
    struct rhi_class_name *name = NULL;

    if (length < PTRDIFF_MAX)
        name = rh_external_malloc(heap, name_bytes(length));
    if (!name)
        return NULL;
    name->length = length;
    memcpy(name->bytes, bytes, length);
    name->bytes[length] = '\0';
    return name;
}

static rh_value
class_make(struct rh_heap *heap, uint64_t flags, rh_value class_of,
           rh_value superclass)
{
    rh_value held[] = { class_of, superclass };
    struct rhi_object *object =
        rhi_object_take(heap, flags | RH_OBJECT_WB_PROTECTED, held, 2);

    if (object)
        object->as.klass.superclass = held[1];
    return rhi_object_value(object);
}

static rh_value
class_make_named(struct rh_heap *heap, rh_value value, const char *name,
                 size_t length)
{
    if (value == RH_UNDEF || !name)
        return value;
    return rh_class_set_name(heap, value, name, length) ? RH_UNDEF : value;
}

rh_value
rh_class_new(struct rh_heap *heap, rh_value class_of, rh_value superclass,
             const char *name, size_t length)
{
    rh_value value = class_make(heap, RH_TYPE_CLASS, class_of, superclass);

    return class_make_named(heap, value, name, length);
}

rh_value
rh_module_new(struct rh_heap *heap, rh_value class_of, const char *name,
              size_t length)
{
    rh_value value = class_make(heap, RH_TYPE_MODULE, class_of, RH_NIL);

    return class_make_named(heap, value, name, length);
}

rh_value
rh_class_new_singleton(struct rh_heap *heap, rh_value class_of,
                       rh_value superclass)
{
    return class_make(heap, RH_TYPE_CLASS | RHI_SINGLETON, class_of,
                      superclass);
}

rh_value
rh_iclass_new(struct rh_heap *heap, rh_value module, rh_value superclass)
{
    return class_make(heap, RH_TYPE_ICLASS, module, superclass);
}

static struct rhi_object *
class_object(rh_value value)
{
    enum rh_type type = rh_type_of(value);

    if (type != RH_TYPE_CLASS && type != RH_TYPE_MODULE &&
        type != RH_TYPE_ICLASS)
        rhi_object_panic(value, "not a class, module or iclass");
    return rh_value_slot(value);
}

static rh_value *
class_superclass_edge(struct rhi_object *object)
{
    return rhi_object_is_opaque(object) ? &object->as.opaque.word
                                        : &object->as.klass.superclass;
}

rh_value
rh_class_superclass(rh_value class_of)
{
    rh_value superclass = *class_superclass_edge(class_object(class_of));

    return superclass ? superclass : RH_NIL;
}

void
rh_class_set_superclass(struct rh_heap *heap, rh_value class_of,
                        rh_value superclass)
{
    struct rhi_object *object = class_object(class_of);

    rhi_object_write(heap, object, class_superclass_edge(object), superclass);
}

const char *
rh_class_name(rh_value class_of, size_t *length)
{
    struct rhi_object *object = class_object(class_of);
    const struct rhi_class_name *name = object->as.klass.name;

    if (rhi_object_is_opaque(object) || !name)
        return rh_rebuild_name(class_of, length);
    if (length)
        *length = name->length;
    return name->bytes;
}

enum rh_status
rh_class_set_name(struct rh_heap *heap, rh_value class_of, const char *name,
                  size_t length)
{
    struct rhi_object *object = class_object(class_of);
    struct rhi_class_name *old = object->as.klass.name;
    struct rhi_class_name *fresh = NULL;

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (name && !(fresh = name_new(heap, name, length)))
        return RH_NO_MEMORY;
    object->as.klass.name = fresh;
    if (fresh)
        rh_external_attach(heap, object);
    else
        rhi_object_disown(heap, object);
    if (old)
        rh_external_free(heap, old, name_bytes(old->length));
    return RH_OK;
}

bool
rh_class_is_singleton(rh_value class_of)
{
    return rhi_object_has(class_object(class_of), RHI_SINGLETON);
}

uint64_t
rh_class_serial(rh_value class_of)
{
    struct rhi_object *object = class_object(class_of);

    return rhi_object_is_opaque(object) ? 0 : object->as.klass.serial;
}

void
rh_class_set_serial(rh_value class_of, uint64_t serial)
{
    struct rhi_object *object = class_object(class_of);

    if (!rhi_object_is_opaque(object))
        object->as.klass.serial = serial;
}
