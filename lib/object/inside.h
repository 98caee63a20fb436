// SPDX-License-Identifier: MIT
/*
 * inside - what an object holds, in four answers for every type.
 *
 *     words       which of its three words are references (bits 0 to 2)
 *     container   a list of references that is not in the slot
 *     extra       references in the table of generic instance variables
 *     block       the one piece of external memory that it owns
 *
 * Marking, dumping, checking and releasing all rest on these.  The functions
 * for tracing are templates: always inlined, with the function that takes an
 * edge as a constant, so that each instance is one straight piece of code (see
 * model.c).
 *
 * Up to RHI_DIRECT references in container and extra are followed with the
 * object; more are sliced.  In the index space of slices come the container's
 * first, then the extra ones.  A list counts from where its block begins,
 * places that were given up included: so shifting moves nothing that a slice or
 * a card knows by its index.  Typed data that has a range is counted as the
 * embedder does, who tells barriers the index; extra references are followed
 * with the object then.
 *
 * Next: check.c.
 */
#ifndef RHI_OBJECT_INSIDE_H
#define RHI_OBJECT_INSIDE_H

#include "object/data.h"
#include "object/list.h"
#include "object/struct.h"
#include "object/table.h"

struct rhi_block {
    void *address; // NULL: none, or only accounted for
    size_t bytes;
};

struct rhi_block rhi_object_block(const struct rhi_object *object);

// Everything the object holds outside, in bytes.
size_t rhi_object_size(const struct rhi_object *object);

// The words that are references.
RHI_INLINE unsigned
rhi_object_words(const struct rhi_object *object)
{
    enum rh_type type = rhi_object_type(object);
    bool block = rhi_object_has(object, RHI_STRING_NOEMBED);

    if (RHI_UNLIKELY(rhi_object_is_opaque(object)))
        return rhi_opaque_refers(type) ? 4 : 0;
    switch (type) {
    case RH_TYPE_OBJECT:
    case RH_TYPE_ARRAY:
        if (rhi_object_has(object, RHI_EMBED))
            return (1u << rhi_object_field(object, RHI_LENGTH_MASK,
                                           RHI_LENGTH_SHIFT)) -
                   1;
        return rhi_object_has(object, RHI_SHARED) ? 2 : 0;
    case RH_TYPE_STRUCT:
        return (1u << rhi_object_field(object, RHI_STRUCT_LENGTH_MASK,
                                       RHI_STRUCT_LENGTH_SHIFT)) -
               1;
    case RH_TYPE_STRING:
        return block && rhi_object_has(object, RHI_SHARED) ? 4 : 0;
    case RH_TYPE_IMEMO:
    case RH_TYPE_NODE:
        return 7;
    case RH_TYPE_MATCH:
        return 5;
    case RH_TYPE_RATIONAL:
    case RH_TYPE_COMPLEX:
        return 3;
    case RH_TYPE_HASH:
    case RH_TYPE_REGEXP:
    case RH_TYPE_SYMBOL:
        return 2;
    case RH_TYPE_CLASS:
    case RH_TYPE_MODULE:
    case RH_TYPE_ICLASS:
        return 1;
    default: // numbers, files, data, zombies
        return 0;
    }
}

// The references outside the slot, as one list.
RHI_INLINE struct rhi_values
rhi_object_container(struct rhi_object *object)
{
    struct rhi_values none = { NULL, 0 };

    if (RHI_UNLIKELY(rhi_object_is_opaque(object)))
        return none;
    switch (rhi_object_type(object)) {
    case RH_TYPE_OBJECT:
    case RH_TYPE_ARRAY:
        return rhi_object_has(object, RHI_EMBED | RHI_SHARED)
                   ? none
                   : rhi_list_of(object);
    case RH_TYPE_STRUCT:
        return rhi_object_has(object, RHI_STRUCT_LENGTH_MASK)
                   ? none
                   : rhi_struct_members(object);
    case RH_TYPE_HASH:
        if (!object->as.hash.table)
            return none;
        return (struct rhi_values){ &object->as.hash.table->pairs[0].key,
                                    (size_t)object->as.hash.table->bound * 2 };
    default:
        return none;
    }
}

RHI_INLINE struct rhi_values
rhi_object_extra(const struct rhi_object *object)
{
    struct rhi_extra *extra = NULL;

    if (RHI_UNLIKELY(rhi_object_has(object, RH_OBJECT_IVARS)))
        extra = rhi_generic_find(rh_heap_of(object), object);
    if (!extra)
        return (struct rhi_values){ NULL, 0 };
    return (struct rhi_values){ extra->values, extra->count };
}

// Where the template sends what it finds: a struct rh_visitor or rh_marker.
struct rhi_sink {
    void *to;
    void (*edge)(void *to, rh_value *edge);
    void (*class_edge)(void *to, rh_value *edge); // most often seen before
    void (*slices)(void *to, void *object);
    struct rh_visitor *visitor; // the same sink, for the embedder's functions
};

RHI_INLINE void
rhi_trace_values(struct rhi_values list, size_t from, size_t end,
                 struct rhi_sink sink)
{
    for (size_t i = from; i < rhi_min(end, list.count); i++)
        sink.edge(sink.to, &list.values[i]);
}

// The embedder's function for a range of typed data, or NULL.
RHI_INLINE const struct rh_data_type *
rhi_data_with_range(const struct rhi_object *object)
{
    const struct rh_data_type *type;

    if (rhi_object_type(object) != RH_TYPE_DATA)
        return NULL;
    type = rhi_data_type(object);
    return type && type->trace_range && object->as.typed.pointer ? type : NULL;
}

// Typed or plain data: the embedder's function.
RHI_INLINE void
rhi_trace_data(const struct rhi_object *object, struct rhi_sink sink)
{
    const struct rh_data_type *type = rhi_data_type(object);
    rh_data_trace_fn trace = type ? type->trace : object->as.data.trace;

    if (!rhi_object_is_opaque(object) && object->as.data.pointer && trace)
        trace(object->as.data.pointer, sink.visitor);
}

// OBJECT and ARRAY with up to three values: most objects of most programs.
RHI_INLINE bool
rhi_object_is_compact(const struct rhi_object *object)
{
    uint64_t shape = object->flags &
                     (RH_TYPE_MASK | RHI_EMBED | RHI_OPAQUE | RH_OBJECT_IVARS);

    return shape == (RH_TYPE_ARRAY | RHI_EMBED) ||
           shape == (RH_TYPE_OBJECT | RHI_EMBED);
}

RHI_INLINE void
rhi_trace_compact(struct rhi_object *object, struct rhi_sink sink)
{
    size_t length = rhi_object_field(object, RHI_LENGTH_MASK, RHI_LENGTH_SHIFT);

    if (object->class_of)
        sink.class_edge(sink.to, &object->class_of);
    for (size_t i = 0; i < length; i++)
        sink.edge(sink.to, &object->as.words[i]);
}

RHI_INLINE void
rhi_trace_any(struct rhi_object *object, struct rhi_sink sink)
{
    unsigned words = rhi_object_words(object);
    struct rhi_values container = rhi_object_container(object);
    struct rhi_values extra = rhi_object_extra(object);
    bool sliced = container.count + extra.count > RHI_DIRECT;
    bool range = false;

    if (object->class_of)
        sink.class_edge(sink.to, &object->class_of);
    for (unsigned i = 0; i < RHI_WORDS; i++)
        if (words >> i & 1)
            sink.edge(sink.to, &object->as.words[i]);
    if (RHI_UNLIKELY(rhi_object_type(object) == RH_TYPE_DATA)) {
        rhi_trace_data(object, sink);
        range = rhi_data_with_range(object);
    }
    if (!sliced || range) {
        rhi_trace_values(container, 0, container.count, sink);
        rhi_trace_values(extra, 0, extra.count, sink);
    }
    if (sliced || range)
        sink.slices(sink.to, object);
}

RHI_INLINE void
rhi_trace_object(struct rhi_object *object, struct rhi_sink sink)
{
    if (rhi_object_is_compact(object))
        rhi_trace_compact(object, sink);
    else
        rhi_trace_any(object, sink);
}

// Slices: see the head of this file.
RHI_INLINE bool
rhi_trace_slice(struct rhi_object *object, size_t from, size_t end,
                struct rhi_sink sink)
{
    struct rhi_values container = rhi_object_container(object);
    struct rhi_values extra = rhi_object_extra(object);
    size_t before = rhi_list_given_up(object);
    size_t behind = before + container.count;
    const struct rh_data_type *type = rhi_data_with_range(object);

    if (RHI_UNLIKELY(type))
        return type->trace_range(object->as.typed.pointer, from, end,
                                 sink.visitor);
    if (end > before)
        rhi_trace_values(container, rhi_max(from, before) - before,
                         end - before, sink);
    if (end > behind)
        rhi_trace_values(extra, rhi_max(from, behind) - behind, end - behind,
                         sink);
    return behind + extra.count > end;
}

#endif
