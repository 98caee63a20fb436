// SPDX-License-Identifier: MIT
/*
 * object - taking a slot, and what every type does the same way.
 *
 * A constructor takes its slot first and its block afterwards.  The slot is
 * made a valid, empty object at once, because the block may be refused, or the
 * embedder's out-of-memory hook may leave by longjmp: the half-made object is
 * then garbage like any other.  Only taking the slot can collect, so only for
 * that long are the constructor's own arguments put on the handle stack, and
 * only when the slot is not to be had by bumping the cursor.
 *
 * Every store of a reference into an object that may be older than it goes
 * through rhi_object_write(), which runs the write barrier, or one of its
 * sisters.  The heap's fast half is looked at directly: it is the one thing in
 * this part that an embedder would reach by rh_heap_fast().
 *
 * Next: string.h; then the other types, one by one.
 */
#ifndef RHI_OBJECT_OBJECT_H
#define RHI_OBJECT_OBJECT_H

#include "heap.h"
#include "object/generic.h"

#include <rheap/barrier.h>
#include <rheap/external.h>

enum {
    RHI_DIRECT = 64 // references that are followed with their object
};

// What a check answers: NULL, or the violated invariant as a sentence.
typedef const char *rhi_finding;

// The slow road of rhi_object_take(): a slot with undefined contents.
void *rhi_object_take_slow(struct rh_heap *heap, rh_value *held, size_t count);

// A slot with these flags, words of zeros, and class `held[0]`.  `held` are
// the values that the caller still needs: they stay alive, and are read back
// in case they moved.  NULL: no memory.
RHI_INLINE struct rhi_object *
rhi_object_take(struct rh_heap *heap, uint64_t flags, rh_value *held,
                size_t count)
{
    struct rh_fast *fast = &heap->mutator.fast;
    bool bump = (size_t)(fast->limit - fast->next) >= RH_SLOT_BYTES;
    struct rhi_object *object = RH_LIKELY(bump)
                                    ? rh_fast_alloc(heap, fast, RH_SLOT_BYTES)
                                    : rhi_object_take_slow(heap, held, count);

    if (RH_LIKELY(object != NULL))
        *object = (struct rhi_object){ .flags = flags, .class_of = held[0] };
    return object;
}

// The same for a constructor that needs nothing but the class.
RHI_INLINE struct rhi_object *
rhi_object_new(struct rh_heap *heap, uint64_t flags, rh_value class_of)
{
    return rhi_object_take(heap, flags, &class_of, 1);
}

RHI_COLD _Noreturn void rhi_object_panic(rh_value value, const char *message);

// In checked builds: panic unless the value is immediate or alive.
#ifdef RH_DEBUG_CHECKS
void rhi_object_check_alive(rh_value value);
void rhi_object_check_store(struct rh_heap *heap, rh_value value);
#else
RHI_INLINE void
rhi_object_check_alive(rh_value value)
{
    (void)value;
}

RHI_INLINE void
rhi_object_check_store(struct rh_heap *heap, rh_value value)
{
    (void)heap, (void)value;
}
#endif

// The object of a value that must be of a type.
RHI_INLINE struct rhi_object *
rhi_object_of(rh_value value, enum rh_type type)
{
    struct rhi_object *object = rh_value_slot(value);

    rhi_object_check_alive(value);
    if (RHI_UNLIKELY(rh_value_is_immediate(value) ||
                     rhi_object_type(object) != type))
        rhi_object_panic(value, "object of another type than asked for");
    return object;
}

RHI_INLINE rh_value
rhi_object_value(const struct rhi_object *object)
{
    return object ? rh_value_of_slot(object) : RH_UNDEF;
}

// Store a reference, and say so.
RHI_INLINE void
rhi_object_write(struct rh_heap *heap, struct rhi_object *object,
                 rh_value *edge, rh_value value)
{
    rhi_object_check_store(heap, value);
    *edge = value;
    rh_fast_barrier(heap, &heap->mutator.fast, object, rh_value_slot(value));
}

// The same for a container of `count` references, of which this one is number
// `index`: see inside.h for how they are counted.  Few are followed with the
// object, many by the slice.
RHI_INLINE void
rhi_object_write_at(struct rh_heap *heap, struct rhi_object *object,
                    rh_value *edge, size_t index, size_t count, rh_value value)
{
    const struct rh_fast *fast = &heap->mutator.fast;

    rhi_object_check_store(heap, value);
    *edge = value;
    if (count > RHI_DIRECT)
        rh_fast_barrier_at(heap, fast, object, index, rh_value_slot(value));
    else
        rh_fast_barrier(heap, fast, object, rh_value_slot(value));
}

// References of the object have changed places, or come in numbers.
RHI_INLINE void
rhi_object_rewritten(struct rh_heap *heap, struct rhi_object *object)
{
    if (rh_fast_is_old(&heap->mutator.fast, (uintptr_t)object))
        rh_barrier_all(heap, object);
}

// The object gave its block away or back: unless something else is to be
// released with it, it need not be visited when it dies.
void rhi_object_disown(struct rh_heap *heap, struct rhi_object *object);

RHI_INLINE bool
rhi_object_is_opaque(const struct rhi_object *object)
{
    return rhi_object_has(object, RHI_OPAQUE);
}

RHI_INLINE bool
rhi_object_is_frozen(const struct rhi_object *object)
{
    return rhi_object_has(object, RH_OBJECT_FROZEN);
}

// Whether mutators have to refuse.
RHI_INLINE bool
rhi_object_is_fixed(const struct rhi_object *object)
{
    return rhi_object_has(object, RH_OBJECT_FROZEN | RHI_OPAQUE);
}

// `count` values to `to`, from `from` or, if that is NULL, all `filler`.
void rhi_values_fill(rh_value *to, const rh_value *from, size_t count,
                     rh_value filler);

// The bytes of `count` values; false when that overflows.
RHI_INLINE bool
rhi_values_fit(size_t count)
{
    return count <= PTRDIFF_MAX / sizeof(rh_value);
}

#endif
