// SPDX-License-Identifier: MIT
/*
 * number - FLOAT, BIGNUM, RATIONAL, COMPLEX: the numbers that need a slot.
 *
 * Numbers never change, so they are frozen from birth and only read later.
 * Digits of a BIGNUM are 32 bits wide, six to a slot: 2**191 is embedded,
 * 2**192 has a block of 28 bytes, as in CRuby 3.1.
 *
 * Next: symbol.c.
 */
#include "config.h"

#include "object/object.h"

#include <string.h>

enum {
    NUMBER_FLAGS = RH_OBJECT_WB_PROTECTED | RH_OBJECT_FROZEN,
    BIGNUM_EMBED_DIGITS = RH_BIGNUM_EMBED_BYTES / 4
};

rh_value
rh_float_new(struct rh_heap *heap, rh_value class_of, double number)
{
    struct rhi_object *object;

    if (rh_flonum_fits(number))
        return rh_flonum_from(number);
    object = rhi_object_new(heap, RH_TYPE_FLOAT | NUMBER_FLAGS, class_of);
    if (object)
        object->as.flonum.number = number;
    return rhi_object_value(object);
}

double
rh_float_value(rh_value value)
{
    const struct rhi_object *object;
    union rh_double word;

    if (rh_value_is_flonum(value))
        return rh_flonum_value(value);
    object = rhi_object_of(value, RH_TYPE_FLOAT);
    if (!rhi_object_is_opaque(object))
        return object->as.flonum.number;
    word.bits = object->as.opaque.word;
    return word.number;
}

rh_value
rh_integer_new(struct rh_heap *heap, rh_value class_of, int64_t number)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint32_t digits[] = { (uint32_t)size, (uint32_t)(size >> 32) };

    if (rh_fixnum_fits(number))
        return rh_fixnum_from(number);
    return rh_bignum_new(heap, class_of, number < 0, digits, 2);
}

rh_value
rh_bignum_new(struct rh_heap *heap, rh_value class_of, bool negative,
              const uint32_t *digits, size_t count)
{
    struct rhi_object *object =
        rhi_object_new(heap,
                       RH_TYPE_BIGNUM | NUMBER_FLAGS | RHI_BIGNUM_EMBED |
                           (negative ? 0u : RHI_BIGNUM_POSITIVE),
                       class_of);
    uint32_t *block = NULL;

    if (!object)
        return RH_UNDEF;
    if (count <= BIGNUM_EMBED_DIGITS) {
        memcpy(object->as.digits, digits, count * sizeof *digits);
        rhi_object_set_field(object, RHI_BIGNUM_LENGTH_MASK,
                             RHI_BIGNUM_LENGTH_SHIFT, count);
        return rhi_object_value(object);
    }
    if (rhi_values_fit(count))
        block = rh_external_malloc(heap, count * sizeof *digits);
    if (!block)
        return RH_UNDEF;
    memcpy(block, digits, count * sizeof *digits);
    object->flags &= ~(uint64_t)RHI_BIGNUM_EMBED;
    object->as.bignum = (struct rhi_bignum){ count, block };
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}

bool
rh_bignum_is_negative(rh_value bignum)
{
    return !rhi_object_has(rhi_object_of(bignum, RH_TYPE_BIGNUM),
                           RHI_BIGNUM_POSITIVE);
}

size_t
rh_bignum_length(rh_value bignum)
{
    const struct rhi_object *object = rhi_object_of(bignum, RH_TYPE_BIGNUM);

    if (rhi_object_is_opaque(object))
        return 0;
    if (rhi_object_has(object, RHI_BIGNUM_EMBED))
        return rhi_object_field(object, RHI_BIGNUM_LENGTH_MASK,
                                RHI_BIGNUM_LENGTH_SHIFT);
    return object->as.bignum.length;
}

const uint32_t *
rh_bignum_digits(rh_value bignum)
{
    const struct rhi_object *object = rhi_object_of(bignum, RH_TYPE_BIGNUM);

    if (rhi_object_has(object, RHI_BIGNUM_EMBED) ||
        rhi_object_is_opaque(object))
        return object->as.digits;
    return object->as.bignum.digits;
}

// RATIONAL and COMPLEX: two values.

static rh_value
pair_new(struct rh_heap *heap, uint64_t type, rh_value class_of, rh_value first,
         rh_value second)
{
    rh_value held[] = { class_of, first, second };
    struct rhi_object *object =
        rhi_object_take(heap, type | NUMBER_FLAGS, held, 3);

    if (object)
        object->as.pair = (struct rhi_pair){ held[1], held[2] };
    return rhi_object_value(object);
}

static struct rhi_pair
pair_of(rh_value value, enum rh_type type)
{
    const struct rhi_object *object = rhi_object_of(value, type);

    if (rhi_object_is_opaque(object))
        return (struct rhi_pair){ RH_NIL, RH_NIL };
    return object->as.pair;
}

rh_value
rh_rational_new(struct rh_heap *heap, rh_value class_of, rh_value numerator,
                rh_value denominator)
{
    return pair_new(heap, RH_TYPE_RATIONAL, class_of, numerator, denominator);
}

rh_value
rh_rational_numerator(rh_value rational)
{
    return pair_of(rational, RH_TYPE_RATIONAL).first;
}

rh_value
rh_rational_denominator(rh_value rational)
{
    return pair_of(rational, RH_TYPE_RATIONAL).second;
}

rh_value
rh_complex_new(struct rh_heap *heap, rh_value class_of, rh_value real,
               rh_value imaginary)
{
    return pair_new(heap, RH_TYPE_COMPLEX, class_of, real, imaginary);
}

rh_value
rh_complex_real(rh_value complex)
{
    return pair_of(complex, RH_TYPE_COMPLEX).first;
}

rh_value
rh_complex_imaginary(rh_value complex)
{
    return pair_of(complex, RH_TYPE_COMPLEX).second;
}
