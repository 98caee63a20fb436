// SPDX-License-Identifier: MIT
// Tagged values: which words are what, and at which numbers that changes.
#include "objects.h"

#include <rheap/class.h>
#include <rheap/number.h>
#include <rheap/string.h>
#include <rheap/symbol.h>

#include <float.h>
#include <math.h>

static void
special_values_have_the_tags_of_ruby(void **state)
{
    (void)state;
    assert_int_equal(RH_FALSE, 0x00);
    assert_int_equal(RH_NIL, 0x08);
    assert_int_equal(RH_TRUE, 0x14);
    assert_int_equal(RH_UNDEF, 0x34);
    assert_int_equal(rh_type_of(RH_FALSE), RH_TYPE_FALSE);
    assert_int_equal(rh_type_of(RH_NIL), RH_TYPE_NIL);
    assert_int_equal(rh_type_of(RH_TRUE), RH_TYPE_TRUE);
    assert_int_equal(rh_type_of(RH_UNDEF), RH_TYPE_UNDEF);
}

static void
only_false_and_nil_are_not_true(void **state)
{
    (void)state;
    assert_false(rh_value_is_true(RH_FALSE));
    assert_false(rh_value_is_true(RH_NIL));
    assert_true(rh_value_is_true(RH_TRUE));
    assert_true(rh_value_is_true(rh_fixnum_from(0)));
    assert_true(rh_value_is_true(rh_flonum_from(0.0)));
    assert_true(rh_value_is_true(rh_symbol_from_id(0)));
}

static void
expect_fixnum(int64_t number)
{
    rh_value value = rh_fixnum_from(number);

    assert_true(rh_fixnum_fits(number));
    assert_true(rh_value_is_fixnum(value));
    assert_true(rh_value_is_immediate(value));
    assert_false(rh_value_is_flonum(value));
    assert_int_equal(rh_type_of(value), RH_TYPE_FIXNUM);
    assert_true(rh_fixnum_value(value) == number);
}

static void
fixnums_have_63_bits(void **state)
{
    (void)state;
    expect_fixnum(0);
    expect_fixnum(1);
    expect_fixnum(-1);
    expect_fixnum(INT32_MIN);
    expect_fixnum(RH_FIXNUM_MAX);
    expect_fixnum(RH_FIXNUM_MIN);
    assert_true(RH_FIXNUM_MAX == INT64_C(4611686018427387903));
    assert_true(RH_FIXNUM_MIN == INT64_C(-4611686018427387904));
    assert_false(rh_fixnum_fits(RH_FIXNUM_MAX + 1));
    assert_false(rh_fixnum_fits(RH_FIXNUM_MIN - 1));
    assert_int_equal(rh_fixnum_from(1), 3);
    assert_int_equal(rh_fixnum_from(-1), UINTPTR_MAX);
}

static double
double_of(uint64_t bits)
{
    union rh_double word;

    word.bits = bits;
    return word.number;
}

static uint64_t
bits_of(double number)
{
    union rh_double word;

    word.number = number;
    return word.bits;
}

static void
expect_flonum(double number)
{
    rh_value value;

    assert_true(rh_flonum_fits(number));
    value = rh_flonum_from(number);
    assert_true(rh_value_is_flonum(value));
    assert_true(rh_value_is_immediate(value));
    assert_int_equal(value & 3, 2);
    assert_int_equal(rh_type_of(value), RH_TYPE_FLOAT);
    assert_true(bits_of(rh_flonum_value(value)) == bits_of(number));
}

static void
expect_no_flonum(double number)
{
    assert_false(rh_flonum_fits(number));
}

static void
a_flonum_gives_back_every_bit(void **state)
{
    (void)state;
    expect_flonum(0.0);
    expect_flonum(1.0);
    expect_flonum(-1.0);
    expect_flonum(0.1);
    expect_flonum(3.141592653589793);
    expect_flonum(1e77);
    expect_flonum(-1e-76);
    assert_int_equal(rh_flonum_from(0.0), UINT64_C(0x8000000000000002));
}

static void
flonums_end_where_two_exponent_bits_are_needed(void **state)
{
    (void)state;
    // Smallest: 2^-255 has its code taken by +0.0; its negative has not.
    expect_no_flonum(double_of(0x3000000000000000));
    expect_no_flonum(0x1p-255);
    expect_flonum(double_of(0x3000000000000001));
    expect_flonum(double_of(0xb000000000000000));
    expect_flonum(-0x1p-255);
    expect_no_flonum(double_of(0x2fffffffffffffff));
    expect_no_flonum(double_of(0xafffffffffffffff));
    // Largest: just below 2^257.
    expect_flonum(double_of(0x4fffffffffffffff));
    expect_flonum(double_of(0xcfffffffffffffff));
    expect_no_flonum(0x1p257);
    expect_no_flonum(-0x1p257);
    // The seam between the two patterns, at 2.
    expect_flonum(double_of(0x3fffffffffffffff));
    expect_flonum(double_of(0x4000000000000000));
}

static void
odd_numbers_are_no_flonums(void **state)
{
    (void)state;
    expect_no_flonum(-0.0);
    expect_no_flonum((double)INFINITY);
    expect_no_flonum(-(double)INFINITY);
    expect_no_flonum((double)NAN);
    expect_no_flonum(DBL_MIN);
    expect_no_flonum(DBL_MAX);
    expect_no_flonum(DBL_TRUE_MIN);
}

static void
random_doubles_survive_encoding_when_they_fit(void **state)
{
    uint64_t random = check_seed();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double number = double_of(check_random(&random));

        if (rh_flonum_fits(number))
            expect_flonum(number);
    }
}

static void
different_flonums_have_different_words(void **state)
{
    uint64_t random = check_seed();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = check_random(&random);
        double a = double_of(bits);
        double b = double_of(bits ^ UINT64_C(1) << i % 64);

        if (rh_flonum_fits(a) && rh_flonum_fits(b))
            assert_true(rh_flonum_from(a) != rh_flonum_from(b));
    }
}

static void
static_symbols_carry_56_bits(void **state)
{
    const uint64_t ids[] = { 0, 1, 1000, (UINT64_C(1) << 56) - 1 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(ids); i++) {
        rh_value symbol = rh_symbol_from_id(ids[i]);

        assert_int_equal(symbol & 0xff, 0x0c);
        assert_true(rh_value_is_static_symbol(symbol));
        assert_true(rh_value_is_immediate(symbol));
        assert_int_equal(rh_type_of(symbol), RH_TYPE_SYMBOL);
        assert_true(rh_symbol_id(symbol) == ids[i]);
        assert_int_equal(rh_symbol_name(symbol), RH_NIL);
    }
}

static void
types_have_the_names_that_dumps_spell(void **state)
{
    (void)state;
    assert_string_equal(rh_type_name(RH_TYPE_STRING), "STRING");
    assert_string_equal(rh_type_name(RH_TYPE_ICLASS), "ICLASS");
    assert_string_equal(rh_type_name(RH_TYPE_NONE), "NONE");
    assert_null(rh_type_name((enum rh_type)0x10));
    assert_null(rh_type_name((enum rh_type)1000));
    for (unsigned i = 0; i <= RH_TYPE_MASK; i++) {
        const char *name = rh_type_name((enum rh_type)i);

        if (name)
            assert_int_equal(rh_type_named(name, strlen(name)), i);
    }
    assert_int_equal(rh_type_named("STRIN", 5), RH_TYPE_NONE);
    assert_int_equal(rh_type_named("", 0), RH_TYPE_NONE);
}

static void
every_immediate_has_the_class_that_the_embedder_gave_it(void **state)
{
    const rh_value samples[RH_IMMEDIATE_COUNT] = {
        [RH_IMMEDIATE_FALSE] = RH_FALSE,
        [RH_IMMEDIATE_NIL] = RH_NIL,
        [RH_IMMEDIATE_TRUE] = RH_TRUE,
        [RH_IMMEDIATE_FIXNUM] = rh_fixnum_from(-7),
        [RH_IMMEDIATE_FLONUM] = rh_flonum_from(0.5),
        [RH_IMMEDIATE_SYMBOL] = rh_symbol_from_id(9),
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value classes[RH_IMMEDIATE_COUNT];

    for (int i = 0; i < RH_IMMEDIATE_COUNT; i++) {
        assert_int_equal(rh_class_of(heap, samples[i]), RH_NIL);
        classes[i] = rh_class_new(heap, 0, RH_NIL, NULL, 0);
        assert_int_equal(
            rh_class_set_immediate(heap, (enum rh_immediate)i, classes[i]),
            RH_OK);
    }
    rh_heap_collect(heap); // the classes are roots now
    for (int i = 0; i < RH_IMMEDIATE_COUNT; i++) {
        assert_true(rh_heap_is_live(heap, classes[i]));
        assert_int_equal(rh_class_of(heap, samples[i]), classes[i]);
        assert_int_equal(
            rh_class_set_immediate(heap, (enum rh_immediate)i, RH_NIL), RH_OK);
    }
    assert_int_equal(rh_class_of(heap, RH_UNDEF), RH_NIL);
    assert_int_equal(rh_class_set_immediate(heap, RH_IMMEDIATE_COUNT, RH_NIL),
                     RH_BAD_ARGUMENT);

    objects_close(&world);
}

static void
an_object_names_its_own_class(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "String", 6));
    rh_value string = objects_keep(heap, rh_string_new(heap, class_of, "a", 1));

    assert_int_equal(rh_class_of(heap, string), class_of);
    assert_int_equal(rh_object_class(string), class_of);
    assert_int_equal(rh_class_of(heap, class_of), 0);

    objects_close(&world);
}

static void
two_heaps_have_classes_of_their_own(void **state)
{
    struct check_world first, second;
    struct rh_heap *one = objects_open(&first, state);
    struct rh_heap *two = objects_open(&second, state);
    rh_value class_of = rh_class_new(one, 0, RH_NIL, "Integer", 7);

    assert_int_equal(rh_class_set_immediate(one, RH_IMMEDIATE_FIXNUM, class_of),
                     RH_OK);
    assert_int_equal(rh_class_of(one, rh_fixnum_from(1)), class_of);
    assert_int_equal(rh_class_of(two, rh_fixnum_from(1)), RH_NIL);

    assert_int_equal(rh_class_set_immediate(one, RH_IMMEDIATE_FIXNUM, 0),
                     RH_OK);
    objects_close(&first);
    objects_close(&second);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_values_have_the_tags_of_ruby),
        cmocka_unit_test(only_false_and_nil_are_not_true),
        cmocka_unit_test(fixnums_have_63_bits),
        cmocka_unit_test(a_flonum_gives_back_every_bit),
        cmocka_unit_test(flonums_end_where_two_exponent_bits_are_needed),
        cmocka_unit_test(odd_numbers_are_no_flonums),
        cmocka_unit_test(random_doubles_survive_encoding_when_they_fit),
        cmocka_unit_test(different_flonums_have_different_words),
        cmocka_unit_test(static_symbols_carry_56_bits),
        cmocka_unit_test(types_have_the_names_that_dumps_spell),
        objects_test(every_immediate_has_the_class_that_the_embedder_gave_it),
        objects_test(an_object_names_its_own_class),
        objects_test(two_heaps_have_classes_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
