/* SPDX-License-Identifier: MIT */
/* rheap/object.h - what all Ruby-style objects have in common.
 *
 * Rules that hold in every header of this layer:
 *
 * Classes.  `class_of` arguments are values: an object of type CLASS, or 0
 * (RH_FALSE) for an object that the language never sees.
 *
 * Safety of arguments.  A function with RH_MAY_COLLECT keeps the values that
 * it was passed *by value* alive until it returns; the caller need not root
 * them for that call.  Values and bytes passed *by pointer* are read after
 * the slot has been allocated: what the pointer leads to must still be there
 * (so no bytes of an unrooted string), and the values in it must be rooted.
 * The answer is not rooted.
 *
 * Memory.  A constructor answers RH_UNDEF when there is no memory; whatever
 * it had made by then is garbage that the next collection takes.  A mutator
 * answers RH_NO_MEMORY and has changed nothing.
 *
 * Frozen objects.  Mutators answer RH_BAD_ARGUMENT and change nothing.
 *
 * Wrong types.  Asking a question of an object of another type is a caller's
 * bug: it panics.  Arguments named after a type must be objects of it.
 *
 * Leaving by longjmp.  Callbacks that may do so say it.  Handles that the
 * function held are then given back by restoring a scope that was saved
 * before the call. */
#ifndef RHEAP_OBJECT_H
#define RHEAP_OBJECT_H

#include <rheap/heap.h>
#include <rheap/value.h>

RH_BEGIN_DECLARATIONS

/* The model of this layer, for rh_config.model; the default there.  Slots
 * must be RH_SLOT_BYTES (40) bytes. */
RH_API const struct rh_model *rh_object_model(void);

/* Bits of an object's first word that mean the same for every type; the low
 * five are its type, 12 to 31 belong to the type. */
enum rh_object_flags {
    RH_OBJECT_WB_PROTECTED = 1 << 5, /* every store into it runs a barrier */
    RH_OBJECT_IVARS = 1 << 10,       /* has generic instance variables */
    RH_OBJECT_FROZEN = 1 << 11
};

/* The low 32 bits of an object's first word. */
RH_API uint32_t rh_object_flags(rh_value object);

/* The word in an object's class field: a class, or 0.  (rh_class_of() also
 * answers for immediates.)  It is the first edge that a walk of the object's
 * references sees, unless it is 0. */
RH_API rh_value rh_object_class(rh_value object);

/* Put the object into another class (or a singleton class of its own). */
RH_API void rh_object_set_class(struct rh_heap *heap, rh_value object,
                                rh_value class_of);

/* No more changes.  Immediates are always frozen. */
RH_API void rh_object_freeze(struct rh_heap *heap, rh_value object);
RH_API bool rh_object_is_frozen(rh_value value);

/* An object that was rebuilt from a dump and has bytes where a living one has
 * tables: its accessors answer as if it were empty. */
RH_API bool rh_object_is_opaque(rh_value object);

/* Whether what the object says about itself agrees: flags, lengths, buffers.
 * RH_OK, or RH_BROKEN with a sentence in *why (static storage; `why` may be
 * NULL).  Changes nothing. */
RH_API enum rh_status rh_object_check(struct rh_heap *heap, rh_value object,
                                      const char **why);

/* The classes of values that have no object to keep one in. */
enum rh_immediate {
    RH_IMMEDIATE_FALSE,
    RH_IMMEDIATE_NIL,
    RH_IMMEDIATE_TRUE,
    RH_IMMEDIATE_FIXNUM,
    RH_IMMEDIATE_FLONUM,
    RH_IMMEDIATE_SYMBOL,
    RH_IMMEDIATE_COUNT
};

/* From now on `class_of` is the class of that kind of immediate in this heap,
 * and a root (category "immediate_classes").  Until set it is nil.
 * RH_NO_MEMORY: the root could not be registered. */
RH_API enum rh_status rh_class_set_immediate(struct rh_heap *heap,
                                             enum rh_immediate immediate,
                                             rh_value class_of) RH_MUST_USE;

/* The class of any value; nil for undef, and for immediates whose class has
 * not been set. */
RH_API rh_value rh_class_of(struct rh_heap *heap, rh_value value);

/* ---- OBJECT: an instance of a class written in the language ---- */

enum {
    RH_OBJECT_EMBED_IVARS = 3
};

/* An object with room for `ivar_count` instance variables, all undef.  Up to
 * RH_OBJECT_EMBED_IVARS are in the slot, more are in a buffer. */
RH_API rh_value rh_object_new(struct rh_heap *heap, rh_value class_of,
                              size_t ivar_count) RH_MAY_COLLECT;

/* Instance variables by number; which name has which number is the
 * embedder's affair.  An OBJECT keeps them in itself; an object of any other
 * type keeps them in a table beside the heap (CRuby's generic_iv_tbl), whose
 * memory counts neither in memsize nor as external bytes. */

/* How many there is room for. */
RH_API size_t rh_ivar_count(rh_value object);

/* The value, or RH_UNDEF: not set, or `index` is too high. */
RH_API rh_value rh_ivar_get(rh_value object, size_t index);

/* Set it, making room first if there is too little; RH_UNDEF removes it. */
RH_API enum rh_status rh_ivar_set(struct rh_heap *heap, rh_value object,
                                  size_t index, rh_value value) RH_MUST_USE;

/* Make room for exactly `count`; those above are dropped. */
RH_API enum rh_status rh_ivar_resize(struct rh_heap *heap, rh_value object,
                                     size_t count) RH_MUST_USE;

RH_END_DECLARATIONS

#endif
