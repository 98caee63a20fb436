// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/object.h"

#include <rheap/roots.h>

#include <string.h>

void
rhi_object_panic(rh_value value, const char *message)
{
    struct rhi_panic panic = { NULL, NULL, NULL };

    if (rh_value_is_object(value)) {
        struct rh_heap *heap = rh_heap_of(rh_value_slot(value));
        const struct rh_config *config = rh_heap_config(heap);

        panic.hook = config->panic;
        panic.heap = heap;
        panic.context = config->hook_context;
    }
    rhi_panic(&panic, message);
}

#ifdef RH_DEBUG_CHECKS
void
rhi_object_check_alive(rh_value value)
{
    uintptr_t word = (uintptr_t)rh_value_slot(value);
    struct rh_heap *heap;

    if (rh_value_is_immediate(value))
        return;
    heap = rh_heap_of((const void *)word);
    if (!heap)
        rhi_object_panic(RH_NIL, "what is used is no object of any heap");
    if (!rh_heap_is_live(heap, word))
        rhi_panic(&heap->panic, "a dead object is used");
}

void
rhi_object_check_store(struct rh_heap *heap, rh_value value)
{
    uintptr_t word = (uintptr_t)rh_value_slot(value);

    if (rh_value_is_immediate(value) || rh_heap_is_live(heap, word))
        return;
    rhi_panic(&heap->panic, rh_heap_contains(heap, word)
                                ? "a dead object is stored into another"
                                : "an object of another heap is stored");
}
#endif

// `held` are roots while the heap may collect.
void *
rhi_object_take_slow(struct rh_heap *heap, rh_value *held, size_t count)
{
    size_t scope = rh_scope_save(heap);
    void **handles[4];
    void *slot = NULL;
    size_t i;

    for (i = 0; i < count; i++) {
        handles[i] = rh_scope_hold(heap, rh_value_slot(held[i]));
        if (!handles[i])
            break;
    }
    if (i == count) {
        slot = rh_heap_alloc_slow(heap);
        for (i = 0; i < count; i++)
            held[i] = rh_value_of_slot(*handles[i]);
    }
    rh_scope_restore(heap, scope);
    return slot;
}

void
rhi_object_disown(struct rh_heap *heap, struct rhi_object *object)
{
    if (!rhi_object_has(object, RH_OBJECT_IVARS))
        rh_external_detach(heap, object);
}

void
rhi_values_fill(rh_value *to, const rh_value *from, size_t count,
                rh_value filler)
{
    if (count && from)
        memcpy(to, from, count * sizeof *to);
    else
        for (size_t i = 0; i < count; i++)
            to[i] = filler;
}

static struct rhi_object *
object_any(rh_value value)
{
    if (rh_value_is_immediate(value))
        rhi_object_panic(value, "an immediate where an object was asked for");
    return rh_value_slot(value);
}

uint32_t
rh_object_flags(rh_value object)
{
    return (uint32_t)object_any(object)->flags;
}

rh_value
rh_object_class(rh_value object)
{
    return object_any(object)->class_of;
}

void
rh_object_set_class(struct rh_heap *heap, rh_value object, rh_value class_of)
{
    struct rhi_object *o = object_any(object);

    rhi_object_write(heap, o, &o->class_of, class_of);
}

void
rh_object_freeze(struct rh_heap *heap, rh_value object)
{
    (void)heap;
    if (rh_value_is_object(object) && !rh_object_is_frozen(object))
        object_any(object)->flags |= RH_OBJECT_FROZEN;
}

bool
rh_object_is_frozen(rh_value value)
{
    return rh_value_is_immediate(value) ||
           rhi_object_is_frozen(object_any(value));
}

bool
rh_object_is_opaque(rh_value object)
{
    return rhi_object_is_opaque(object_any(object));
}

// ---- classes of immediates ----

enum rh_status
rh_class_set_immediate(struct rh_heap *heap, enum rh_immediate immediate,
                       rh_value class_of)
{
    struct rhi_object_state *state = rhi_object_state(heap);

    if ((unsigned)immediate >= RH_IMMEDIATE_COUNT)
        return RH_BAD_ARGUMENT;
    if (!state->classes_are_roots) {
        enum rh_status status = rh_root_add_range(
            heap, "immediate_classes", state->classes, RH_IMMEDIATE_COUNT);

        if (status)
            return status;
        state->classes_are_roots = true;
    }
    state->classes[immediate] = class_of;
    return RH_OK;
}

rh_value
rh_class_of(struct rh_heap *heap, rh_value value)
{
    static const int8_t immediates[] = {
        [RH_TYPE_FALSE] = RH_IMMEDIATE_FALSE + 1,
        [RH_TYPE_NIL] = RH_IMMEDIATE_NIL + 1,
        [RH_TYPE_TRUE] = RH_IMMEDIATE_TRUE + 1,
        [RH_TYPE_FIXNUM] = RH_IMMEDIATE_FIXNUM + 1,
        [RH_TYPE_FLOAT] = RH_IMMEDIATE_FLONUM + 1,
        [RH_TYPE_SYMBOL] = RH_IMMEDIATE_SYMBOL + 1,
        [RH_TYPE_MASK] = 0,
    };
    int which;

    if (rh_value_is_object(value))
        return rh_object_class(value);
    which = immediates[rh_type_of(value)];
    return which ? rhi_object_state(heap)->classes[which - 1] : RH_NIL;
}
