/* SPDX-License-Identifier: MIT */
/* rheap/number.h - numbers that do not fit into a value.
 *
 * Numbers are frozen from birth.  The rules at the head of object.h apply. */
#ifndef RHEAP_NUMBER_H
#define RHEAP_NUMBER_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A flonum if the number fits, else an object of type FLOAT. */
RH_API rh_value rh_float_new(struct rh_heap *heap, rh_value class_of,
                             double number) RH_MAY_COLLECT;

/* The number of a flonum or of a FLOAT. */
RH_API double rh_float_value(rh_value value);

/* A fixnum if the number fits, else an object of type BIGNUM. */
RH_API rh_value rh_integer_new(struct rh_heap *heap, rh_value class_of,
                               int64_t number) RH_MAY_COLLECT;

enum {
    RH_BIGNUM_EMBED_BYTES = 24
};

/* A BIGNUM: `count` digits to the base 2^32, the least first, and a sign.
 * Six digits are in the slot, more are in a buffer.  Zeros in front are
 * kept: the digits are the embedder's. */
RH_API rh_value rh_bignum_new(struct rh_heap *heap, rh_value class_of,
                              bool negative, const uint32_t *digits,
                              size_t count) RH_MAY_COLLECT;

RH_API bool rh_bignum_is_negative(rh_value bignum);
RH_API size_t rh_bignum_length(rh_value bignum);

/* The digits; valid until the object dies or (embedded) moves. */
RH_API const uint32_t *rh_bignum_digits(rh_value bignum);

RH_API rh_value rh_rational_new(struct rh_heap *heap, rh_value class_of,
                                rh_value numerator,
                                rh_value denominator) RH_MAY_COLLECT;
RH_API rh_value rh_rational_numerator(rh_value rational);
RH_API rh_value rh_rational_denominator(rh_value rational);

RH_API rh_value rh_complex_new(struct rh_heap *heap, rh_value class_of,
                               rh_value real,
                               rh_value imaginary) RH_MAY_COLLECT;
RH_API rh_value rh_complex_real(rh_value complex);
RH_API rh_value rh_complex_imaginary(rh_value complex);

RH_END_DECLARATIONS

#endif
