// SPDX-License-Identifier: MIT
/*
 * data - objects around a pointer of the embedder's.
 *
 * What the embedder stores behind the pointer, the heap does not see.  Unless
 * the kind promises barriers, its objects are unprotected.
 *
 * Next: text.c.
 */
#include "config.h"

#include "object/data.h"

// References are stored behind its pointer without a word.
static void
data_unprotect(struct rh_heap *heap, struct rhi_object *object)
{
    if (heap->config.generational)
        rh_barrier_unprotect(heap, object);
}

rh_value
rh_data_new(struct rh_heap *heap, rh_value class_of, rh_data_trace_fn trace,
            rh_data_free_fn free_data, void *data)
{
    struct rhi_object *object = rhi_object_new(heap, RH_TYPE_DATA, class_of);

    if (!object)
        return RH_UNDEF;
    object->as.data = (struct rhi_data){ trace, free_data, data };
    if (trace)
        data_unprotect(heap, object);
    if (free_data)
        rh_external_attach(heap, object);
    return rhi_object_value(object);
}

rh_value
rh_typed_data_new(struct rh_heap *heap, rh_value class_of,
                  const struct rh_data_type *type, void *data)
{
    uint64_t protection =
        type->flags & RH_DATA_WB_PROTECTED ? RH_OBJECT_WB_PROTECTED : 0;
    struct rhi_object *object =
        rhi_object_new(heap, RH_TYPE_DATA | protection, class_of);

    if (!object)
        return RH_UNDEF;
    object->as.typed = (struct rhi_typed_data){ type, 1, data };
    if (!protection && (type->trace || type->trace_range))
        data_unprotect(heap, object);
    if (type->free)
        rh_external_attach(heap, object);
    return rhi_object_value(object);
}

void *
rh_data_pointer(rh_value data)
{
    const struct rhi_object *object = rhi_object_of(data, RH_TYPE_DATA);

    return rhi_object_is_opaque(object) ? NULL : object->as.data.pointer;
}

void
rh_data_set_pointer(rh_value data, void *pointer)
{
    struct rhi_object *object = rhi_object_of(data, RH_TYPE_DATA);

    if (rhi_object_is_opaque(object))
        return;
    object->as.data.pointer = pointer;
    rhi_object_rewritten(rh_heap_of(object), object);
}

const struct rh_data_type *
rh_data_type(rh_value data)
{
    return rhi_data_type(rhi_object_of(data, RH_TYPE_DATA));
}

void *
rh_typed_data_pointer(rh_value value, const struct rh_data_type *type)
{
    const struct rh_data_type *kind;

    if (rh_type_of(value) != RH_TYPE_DATA)
        return NULL;
    for (kind = rh_data_type(value); kind; kind = kind->parent)
        if (kind == type)
            return rh_data_pointer(value);
    return NULL;
}
