/* SPDX-License-Identifier: MIT */
/* rheap/value.h - one word for any value of a Ruby-like language.
 *
 * A value is either the address of a slot (a multiple of 8, outside the first
 * page of memory) or an immediate: everything is in the word, nothing in the
 * heap.  The lowest bits tell which:
 *
 *     0000...0000 0000  false           xxxx...xxxx xxx1  fixnum, 63 bits
 *     0000...0000 1000  nil             xxxx...xxxx xx10  flonum
 *     0000...0001 0100  true            xxxx...0000 1100  static symbol
 *     0000...0011 0100  undef           xxxx...xxxx x000  object, otherwise
 *
 * These are the tags of CRuby 2.0 to 3.1 on 64-bit machines (ruby.h,
 * enum ruby_special_consts).  Nothing here looks at memory. */
#ifndef RHEAP_VALUE_H
#define RHEAP_VALUE_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

typedef uintptr_t rh_value;

#define RH_FALSE ((rh_value)0x00)
#define RH_NIL ((rh_value)0x08)
#define RH_TRUE ((rh_value)0x14)

/* Not a value of the language: "no such thing".  Constructors answer it when
 * there is no memory, look-ups when there is nothing to be found. */
#define RH_UNDEF ((rh_value)0x34)

#define RH_FIXNUM_MAX (INT64_MAX >> 1)
#define RH_FIXNUM_MIN (-RH_FIXNUM_MAX - 1)

/* What a value is.  The numbers below 0x20 are the low five bits of an
 * object's first word, as in CRuby 3.1. */
enum rh_type {
    RH_TYPE_NONE = 0x00, /* a slot that has no object */
    RH_TYPE_OBJECT = 0x01,
    RH_TYPE_CLASS = 0x02,
    RH_TYPE_MODULE = 0x03,
    RH_TYPE_FLOAT = 0x04,
    RH_TYPE_STRING = 0x05,
    RH_TYPE_REGEXP = 0x06,
    RH_TYPE_ARRAY = 0x07,
    RH_TYPE_HASH = 0x08,
    RH_TYPE_STRUCT = 0x09,
    RH_TYPE_BIGNUM = 0x0a,
    RH_TYPE_FILE = 0x0b,
    RH_TYPE_DATA = 0x0c, /* typed data, too */
    RH_TYPE_MATCH = 0x0d,
    RH_TYPE_COMPLEX = 0x0e,
    RH_TYPE_RATIONAL = 0x0f,
    RH_TYPE_NIL = 0x11,
    RH_TYPE_TRUE = 0x12,
    RH_TYPE_FALSE = 0x13,
    RH_TYPE_SYMBOL = 0x14, /* static or dynamic */
    RH_TYPE_FIXNUM = 0x15,
    RH_TYPE_UNDEF = 0x16,
    RH_TYPE_IMEMO = 0x1a, /* internal: of the interpreter, not the language */
    RH_TYPE_NODE = 0x1b,
    RH_TYPE_ICLASS = 0x1c, /* a module's place in a chain of superclasses */
    RH_TYPE_ZOMBIE = 0x1d, /* dead but for a destructor still to run */
    RH_TYPE_MASK = 0x1f
};

/* The upper-case name of a type, as Ruby's heap dumps spell it ("STRING").
 * NULL for a number that is no type.  Static storage. */
RH_API const char *rh_type_name(enum rh_type type);

/* The type with that name (`length` bytes at `name`), or RH_TYPE_NONE. */
RH_API enum rh_type rh_type_named(const char *name, size_t length);

/* The type of any value; of an object, from its first word. */
RH_API enum rh_type rh_type_of(rh_value value);

static inline bool
rh_value_is_fixnum(rh_value value)
{
    return (value & 1) != 0;
}

static inline bool
rh_value_is_flonum(rh_value value)
{
    return (value & 3) == 2;
}

static inline bool
rh_value_is_static_symbol(rh_value value)
{
    return (value & 0xff) == 0x0c;
}

/* Whether everything about the value is in the word itself. */
static inline bool
rh_value_is_immediate(rh_value value)
{
    return (value & 7) != 0 || value == RH_FALSE || value == RH_NIL;
}

/* Whether the value is the address of a slot. */
static inline bool
rh_value_is_object(rh_value value)
{
    return !rh_value_is_immediate(value);
}

/* Everything but false and nil counts as true. */
static inline bool
rh_value_is_true(rh_value value)
{
    return (value & ~RH_NIL) != 0;
}

/* The slot of an object, for functions of the heap layer (rh_scope_hold(),
 * rh_heap_memsize(), ...).  Only for objects. */
static inline void *
rh_value_slot(rh_value value)
{
    return (void *)value;
}

/* The value whose object is in that slot. */
static inline rh_value
rh_value_of_slot(const void *slot)
{
    return (rh_value)slot;
}

/* Whether `number` is within RH_FIXNUM_MIN..RH_FIXNUM_MAX. */
static inline bool
rh_fixnum_fits(int64_t number)
{
    return number >= RH_FIXNUM_MIN && number <= RH_FIXNUM_MAX;
}

/* The fixnum of a number that fits; bit 63 of others is lost. */
static inline rh_value
rh_fixnum_from(int64_t number)
{
    return (rh_value)((uint64_t)number << 1 | 1);
}

static inline int64_t
rh_fixnum_value(rh_value fixnum)
{
    return (int64_t)fixnum >> 1;
}

/* A static symbol is a number of the embedder's, below 2^56. */
static inline rh_value
rh_symbol_from_id(uint64_t id)
{
    return (rh_value)(id << 8 | 0x0c);
}

/* The number of a static symbol. */
static inline uint64_t
rh_symbol_static_id(rh_value symbol)
{
    return (uint64_t)symbol >> 8;
}

/* Flonums: a double whose exponent is not extreme, rotated left by three bits
 * so that two bits become free for the tag.  Of the four top patterns of an
 * exponent (bits 62 to 60: 000, 011, 100, 111 and between) only 011 and 100
 * are encoded, that is magnitudes from 2^-255 up to just below 2^257; +0.0 has
 * a code of its own, for the pattern whose code would be that one is left out
 * (2^-255 exactly, positive).  Everything else is an object of type FLOAT. */
union rh_double {
    double number;
    uint64_t bits;
};

#define RH_FLONUM_ZERO ((rh_value)0x8000000000000002)

/* Whether `number` can be a flonum. */
static inline bool
rh_flonum_fits(double number)
{
    union rh_double word;
    uint64_t top;

    word.number = number;
    top = word.bits >> 60 & 7;
    return word.bits == 0 ||
           ((top == 3 || top == 4) && word.bits != 0x3000000000000000);
}

/* The flonum of a number that fits. */
static inline rh_value
rh_flonum_from(double number)
{
    union rh_double word;

    word.number = number;
    if (word.bits == 0)
        return RH_FLONUM_ZERO;
    return (rh_value)(((word.bits << 3 | word.bits >> 61) & ~(uint64_t)1) | 2);
}

static inline double
rh_flonum_value(rh_value flonum)
{
    union rh_double word;
    uint64_t code;

    if (flonum == RH_FLONUM_ZERO)
        return 0.0;
    code = (2 - ((uint64_t)flonum >> 63)) | ((uint64_t)flonum & ~(uint64_t)3);
    word.bits = code >> 3 | code << 61;
    return word.number;
}

RH_END_DECLARATIONS

#endif
