// SPDX-License-Identifier: MIT
/*
 * model - the Ruby-style objects as the heap sees them.
 *
 * One template follows the references of an object (inside.h).  It is made
 * into code twice: for visitors, which verify, dump, compact and count by the
 * address of each edge; and for the marker, where queuing a reference is a few
 * inlined instructions and the slot size is a constant.
 *
 * An object that moves takes its bytes along.  Nothing points into a slot, so
 * what is left is the table of generic instance variables, which knows objects
 * by address, and hashes whose keys are known by theirs.
 *
 * What an object needs when it dies is its block and, for files, data and
 * zombies, a last call.  Only objects with something to give back are attached
 * for release, so that the sweep never looks at the others.
 *
 * Next: plan.h.
 */
#include "config.h"

#include "drain.h"
#include "object/file.h"
#include "object/hash.h"
#include "object/inside.h"
#include "object/string.h"

#include <rheap/model.h>

// ---- instance 1: by visitor ----

static void
visitor_edge(void *to, rh_value *edge)
{
    rh_visit(to, edge);
}

static void
visitor_slices(void *to, void *object)
{
    rh_visit_slices(to, object);
}

RHI_INLINE struct rhi_sink
visitor_sink(struct rh_visitor *visitor)
{
    return (struct rhi_sink){ .to = visitor,
                              .edge = visitor_edge,
                              .class_edge = visitor_edge,
                              .slices = visitor_slices,
                              .visitor = visitor };
}

static void
model_trace(void *object, struct rh_visitor *visitor)
{
    rhi_trace_object(object, visitor_sink(visitor));
}

static bool
model_trace_range(void *object, size_t from, size_t to,
                  struct rh_visitor *visitor)
{
    return rhi_trace_slice(object, from, to, visitor_sink(visitor));
}

// ---- instance 2: by marker ----

RHI_INLINE void
marker_edge(void *to, rh_value *edge)
{
    rhi_mark_edge(to, *edge);
}

RHI_INLINE void
marker_class_edge(void *to, rh_value *edge)
{
    rhi_mark_popular(to, RH_SLOT_BYTES, *edge);
}

RHI_INLINE void
marker_slices(void *to, void *object)
{
    rhi_mark_slices(to, object);
}

RHI_INLINE struct rhi_sink
marker_sink(struct rh_marker *marker)
{
    return (struct rhi_sink){ .to = marker,
                              .edge = marker_edge,
                              .class_edge = marker_class_edge,
                              .slices = marker_slices,
                              .visitor = &marker->visitor };
}

RHI_INLINE void
marker_trace(struct rh_marker *marker, void *object)
{
    rhi_trace_object(object, marker_sink(marker));
}

RHI_INLINE bool
marker_trace_range(struct rh_marker *marker, void *object, size_t from,
                   size_t to)
{
    return rhi_trace_slice(object, from, to, marker_sink(marker));
}

static void
model_drain(struct rh_marker *marker)
{
    rhi_drain_loop(marker, RH_SLOT_BYTES, marker_trace, marker_trace_range);
}

// ---- the end of an object ----

static void
release_data(struct rh_heap *heap, const struct rhi_object *object)
{
    const struct rh_data_type *type = rhi_data_type(object);
    rh_data_free_fn free_data = type ? type->free : object->as.data.free;

    if (free_data && object->as.data.pointer)
        free_data(heap, object->as.data.pointer);
}

static void
release_block(struct rh_heap *heap, struct rhi_object *object)
{
    struct rhi_block block = rhi_object_block(object);

    if (block.address)
        rh_external_free(heap, block.address, block.bytes);
    else if (rhi_object_has(object, RHI_ACCOUNT_ONLY))
        rh_external_adjust(heap, object, -(ptrdiff_t)block.bytes);
}

static void
model_release(struct rh_heap *heap, void *slot)
{
    struct rhi_object *object = slot;

    if (rhi_object_has(object, RH_OBJECT_IVARS))
        rhi_generic_drop(heap, object);
    release_block(heap, object);
    if (rhi_object_is_opaque(object))
        return;
    switch (rhi_object_type(object)) {
    case RH_TYPE_DATA:
        release_data(heap, object);
        break;
    case RH_TYPE_FILE:
        rhi_file_release(object);
        break;
    case RH_TYPE_ZOMBIE:
        if (object->as.zombie.free)
            object->as.zombie.free(heap, object->as.zombie.pointer);
        break;
    default:
        break;
    }
}

// ---- objects that move ----

static void
model_moved(struct rh_heap *heap, const void *from, void *to)
{
    if (rhi_object_has(to, RH_OBJECT_IVARS))
        rhi_generic_move(heap, from, to);
}

static void
model_updated(struct rh_heap *heap, void *object)
{
    (void)heap;
    if (rhi_object_type(object) == RH_TYPE_HASH &&
        !rhi_object_is_opaque(object))
        rhi_hash_moved(object);
}

// ---- questions ----

static size_t
model_size(struct rh_heap *heap, const void *object)
{
    (void)heap;
    return rhi_object_size(object);
}

static void
model_describe(struct rh_heap *heap, const void *slot,
               struct rh_description *description)
{
    const struct rhi_object *object = slot;
    enum rh_type type = rhi_object_type(object);

    (void)heap;
    description->type = rh_type_name(type);
    description->type_code = (uint32_t)type;
    description->class_of =
        object->class_of ? rh_value_slot(object->class_of) : NULL;
    if (type == RH_TYPE_IMEMO)
        description->subtype =
            rh_imemo_kind_name(rh_imemo_kind(rh_value_of_slot(slot)));
    else if (type == RH_TYPE_DATA && rhi_data_type(object))
        description->subtype = rhi_data_type(object)->name;
}

// ---- in one heap ----

static void *
model_attach(struct rh_heap *heap)
{
    const struct rh_allocator *allocator = &rh_heap_config(heap)->allocator;
    struct rhi_object_state *state;

    if (rh_heap_slot_bytes(heap) != RH_SLOT_BYTES)
        return NULL;
    state = allocator->alloc(allocator->context, sizeof *state, true);
    if (!state)
        return NULL;
    for (int i = 0; i < RH_IMMEDIATE_COUNT; i++)
        state->classes[i] = RH_NIL;
    state->hash_type = rh_hash_type_default();
    return state;
}

static void
model_detach(struct rh_heap *heap, void *state)
{
    const struct rh_allocator *allocator = &rh_heap_config(heap)->allocator;
    struct rhi_object_state *own = state;

    rhi_generic_end(heap, &own->generic);
    allocator->free(allocator->context, own, sizeof *own);
}

const struct rh_model *
rh_object_model(void)
{
    static const struct rh_model model = {
        .name = "ruby",
        .trace = model_trace,
        .trace_range = model_trace_range,
        .release = model_release,
        .size = model_size,
        .describe = model_describe,
        .attach = model_attach,
        .detach = model_detach,
        .flags = RH_MODEL_MOVABLE | RH_MODEL_BARRIERED,
        .moved = model_moved,
        .updated = model_updated,
        .drain = model_drain,
    };

    return &model;
}
