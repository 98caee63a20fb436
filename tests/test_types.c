// SPDX-License-Identifier: MIT
// The smaller types: classes, structs, numbers, symbols, data, text, files,
// nodes.  What all types have in common is in test_model.c.
#include "objects.h"

#include <rheap/class.h>
#include <rheap/data.h>
#include <rheap/file.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

// Classes.

static void
a_class_has_a_name_and_a_superclass(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value meta = rh_class_new(heap, 0, RH_NIL, "Class", 5);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, meta, meta, "Foo::Bar", 8));
    size_t length;

    assert_int_equal(rh_type_of(class_of), RH_TYPE_CLASS);
    assert_int_equal(rh_class_superclass(class_of), meta);
    assert_int_equal(rh_object_class(class_of), meta);
    assert_string_equal(rh_class_name(class_of, &length), "Foo::Bar");
    assert_int_equal(length, 8);
    assert_false(rh_class_is_singleton(class_of));
    assert_int_equal(rh_class_serial(class_of), 0);
    rh_class_set_serial(class_of, 77);
    assert_int_equal(rh_class_serial(class_of), 77);
    rh_heap_collect(heap);
    assert_string_equal(rh_class_name(meta, NULL), "Class");
    assert_int_equal(rh_class_superclass(meta), RH_NIL);

    objects_close(&world);
}

static void
a_class_can_be_renamed(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));

    assert_null(rh_class_name(class_of, NULL));
    assert_int_equal(objects_memsize(heap, class_of), 40);
    assert_int_equal(rh_class_set_name(heap, class_of, "Late", 4), RH_OK);
    assert_string_equal(rh_class_name(class_of, NULL), "Late");
    assert_int_equal(rh_class_set_name(heap, class_of, "", 0), RH_OK);
    assert_string_equal(rh_class_name(class_of, NULL), "");
    assert_int_equal(rh_class_set_name(heap, class_of, NULL, 0), RH_OK);
    assert_null(rh_class_name(class_of, NULL));
    assert_int_equal(rh_class_set_name(heap, class_of, "x", SIZE_MAX),
                     RH_NO_MEMORY);
    rh_object_freeze(heap, class_of);
    assert_int_equal(rh_class_set_name(heap, class_of, "x", 1),
                     RH_BAD_ARGUMENT);

    objects_close(&world);
}

static void
modules_stand_in_chains_by_iclasses(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value base =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "Base", 4));
    rh_value module = rh_module_new(heap, 0, "Comparable", 10);
    rh_value included = objects_keep(heap, rh_iclass_new(heap, module, base));
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, base, "Sub", 3));

    rh_class_set_superclass(heap, class_of, included);
    rh_heap_collect(heap);
    assert_int_equal(rh_type_of(module), RH_TYPE_MODULE);
    assert_int_equal(rh_type_of(included), RH_TYPE_ICLASS);
    assert_int_equal(rh_object_class(included), module);
    assert_int_equal(rh_class_superclass(class_of), included);
    assert_int_equal(rh_class_superclass(included), base);
    assert_string_equal(rh_class_name(module, NULL), "Comparable");

    objects_close(&world);
}

static void
a_singleton_class_stands_before_the_class(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of = rh_class_new(heap, 0, RH_NIL, "String", 6);
    rh_value string = objects_keep(heap, rh_string_new(heap, class_of, "", 0));
    rh_value own = rh_class_new_singleton(heap, 0, class_of);

    rh_object_set_class(heap, string, own);
    rh_heap_collect(heap);
    assert_true(rh_class_is_singleton(own));
    assert_int_equal(rh_class_of(heap, string), own);
    assert_int_equal(rh_class_superclass(own), class_of);

    objects_close(&world);
}

// Structs.

static void
up_to_three_members_are_in_the_slot(void **state)
{
    const rh_value values[] = { RH_TRUE, RH_FALSE, RH_NIL, RH_TRUE, RH_TRUE };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 0; length <= 5; length++) {
        rh_value structure =
            objects_keep(heap, rh_struct_new(heap, 0, values, length));

        assert_int_equal(rh_type_of(structure), RH_TYPE_STRUCT);
        assert_int_equal(rh_struct_length(structure), length);
        for (size_t i = 0; i < length; i++)
            assert_int_equal(rh_struct_get(structure, i), values[i]);
        assert_int_equal(rh_struct_get(structure, length), RH_UNDEF);
        assert_int_equal(objects_memsize(heap, structure),
                         length <= 3 ? 40 : 40 + length * 8);
    }

    objects_close(&world);
}

static void
members_can_be_set_but_not_added(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 2; length <= 80; length += 39) {
        rh_value structure =
            objects_keep(heap, rh_struct_new(heap, 0, NULL, length));

        for (size_t i = 0; i < length; i++) {
            assert_int_equal(rh_struct_get(structure, i), RH_NIL);
            assert_int_equal(rh_struct_set(heap, structure, i,
                                           rh_string_new(heap, 0, "m", 1)),
                             RH_OK);
        }
        assert_int_equal(rh_struct_set(heap, structure, length, RH_NIL),
                         RH_NOT_FOUND);
        rh_heap_collect(heap);
        for (size_t i = 0; i < length; i++)
            objects_expect_text(rh_struct_get(structure, i), "m");
        rh_object_freeze(heap, structure);
        assert_int_equal(rh_struct_set(heap, structure, 0, RH_NIL),
                         RH_BAD_ARGUMENT);
    }
    assert_int_equal(rh_struct_new(heap, 0, NULL, SIZE_MAX), RH_UNDEF);

    objects_close(&world);
}

// Numbers.

static void
a_float_needs_a_slot_only_when_it_is_no_flonum(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value pi = rh_float_new(heap, 0, 3.14159);
    rh_value huge = objects_keep(heap, rh_float_new(heap, 0, 1e300));
    rh_value zero = objects_keep(heap, rh_float_new(heap, 0, -0.0));

    assert_true(rh_value_is_flonum(pi));
    assert_true(rh_float_value(pi) == 3.14159);
    assert_int_equal(rh_type_of(huge), RH_TYPE_FLOAT);
    assert_true(rh_value_is_object(huge));
    assert_true(rh_float_value(huge) == 1e300);
    assert_true(signbit(rh_float_value(zero)));
    assert_true(rh_object_is_frozen(huge));

    objects_close(&world);
}

static void
an_integer_needs_a_slot_only_when_it_is_no_fixnum(void **state)
{
    const int64_t big[] = { RH_FIXNUM_MAX + 1, RH_FIXNUM_MIN - 1, INT64_MAX,
                            INT64_MIN };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    assert_int_equal(rh_integer_new(heap, 0, RH_FIXNUM_MAX),
                     rh_fixnum_from(RH_FIXNUM_MAX));
    assert_int_equal(rh_integer_new(heap, 0, RH_FIXNUM_MIN),
                     rh_fixnum_from(RH_FIXNUM_MIN));
    for (size_t i = 0; i < CHECK_COUNT(big); i++) {
        rh_value value = objects_keep(heap, rh_integer_new(heap, 0, big[i]));
        const uint32_t *digits = rh_bignum_digits(value);
        uint64_t size = digits[0] | (uint64_t)digits[1] << 32;

        assert_int_equal(rh_type_of(value), RH_TYPE_BIGNUM);
        assert_int_equal(rh_bignum_length(value), 2);
        assert_int_equal(rh_bignum_is_negative(value), big[i] < 0);
        assert_true(size ==
                    (big[i] < 0 ? 0 - (uint64_t)big[i] : (uint64_t)big[i]));
    }

    objects_close(&world);
}

static void
up_to_24_bytes_of_digits_are_in_the_slot(void **state)
{
    const uint32_t digits[] = { 7, 6, 5, 4, 3, 2, 1, 9 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t count = 0; count <= 8; count++) {
        rh_value value = objects_keep(
            heap, rh_bignum_new(heap, 0, count % 2, digits, count));

        assert_int_equal(rh_bignum_length(value), count);
        assert_int_equal(rh_bignum_is_negative(value), count % 2);
        assert_memory_equal(rh_bignum_digits(value), digits, count * 4);
        // As in Ruby: 2**191 is 40 bytes, 2**192 is 68.
        assert_int_equal(objects_memsize(heap, value),
                         count <= 6 ? 40 : 40 + count * 4);
    }
    assert_int_equal(rh_bignum_new(heap, 0, false, digits, SIZE_MAX), RH_UNDEF);

    objects_close(&world);
}

static void
pairs_of_numbers_keep_their_parts_alive(void **state)
{
    const uint32_t digits[] = { 1, 1, 1 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value part = rh_bignum_new(heap, 0, false, digits, 3);
    rh_value rational =
        objects_keep(heap, rh_rational_new(heap, 0, part, rh_fixnum_from(3)));
    rh_value complex = objects_keep(
        heap, rh_complex_new(heap, 0, rh_fixnum_from(4), rational));

    rh_heap_collect(heap);
    assert_int_equal(rh_type_of(rational), RH_TYPE_RATIONAL);
    assert_int_equal(rh_type_of(complex), RH_TYPE_COMPLEX);
    assert_int_equal(rh_rational_numerator(rational), part);
    assert_int_equal(rh_rational_denominator(rational), rh_fixnum_from(3));
    assert_int_equal(rh_complex_real(complex), rh_fixnum_from(4));
    assert_int_equal(rh_complex_imaginary(complex), rational);
    assert_true(rh_object_is_frozen(rational));

    objects_close(&world);
}

static void
a_dynamic_symbol_keeps_its_name_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value name = rh_string_new(heap, 0, "to_s", 4);
    rh_value symbol =
        objects_keep(heap, rh_symbol_new(heap, 0, name, 42, 4711));

    rh_heap_collect(heap);
    assert_int_equal(rh_type_of(symbol), RH_TYPE_SYMBOL);
    assert_false(rh_value_is_static_symbol(symbol));
    objects_expect_text(rh_symbol_name(symbol), "to_s");
    assert_int_equal(rh_symbol_id(symbol), 42);
    assert_int_equal(rh_symbol_hash(symbol), 4711);
    assert_int_equal(rh_symbol_id(rh_symbol_from_id(5)), 5);

    objects_close(&world);
}

// Data.

struct thing {
    rh_value child;
    rh_value *many; // of a table
    size_t count;
    int *freed;
};

static void
thing_trace(void *data, struct rh_visitor *visitor)
{
    rh_visit(visitor, &((struct thing *)data)->child);
}

static void
thing_free(struct rh_heap *heap, void *data)
{
    (void)heap;
    ++*((struct thing *)data)->freed;
}

static size_t
thing_size(const void *data)
{
    return sizeof(struct thing) +
           ((const struct thing *)data)->count * sizeof(rh_value);
}

static bool
thing_range(void *data, size_t from, size_t to, struct rh_visitor *visitor)
{
    struct thing *thing = data;

    for (size_t i = from; i < to && i < thing->count; i++)
        rh_visit(visitor, &thing->many[i]);
    return to < thing->count;
}

static const struct rh_data_type plain_type = { .name = "plain" };
static const struct rh_data_type thing_type = {
    .name = "thing",
    .trace = thing_trace,
    .free = thing_free,
    .size = thing_size,
    .parent = &plain_type,
    .flags = RH_DATA_WB_PROTECTED,
};
static const struct rh_data_type table_type = {
    .name = "table",
    .free = thing_free,
    .size = thing_size,
    .trace_range = thing_range,
    .parent = &thing_type,
};

static void
data_is_freed_once(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    struct thing thing = { .freed = &freed };
    size_t scope = rh_scope_save(heap);
    rh_value data = objects_keep(
        heap, rh_data_new(heap, 0, thing_trace, thing_free, &thing));

    thing.child = rh_string_new(heap, 0, "child", 5);
    rh_heap_collect(heap);
    objects_expect_text(thing.child, "child");
    assert_int_equal(rh_type_of(data), RH_TYPE_DATA);
    assert_ptr_equal(rh_data_pointer(data), &thing);
    assert_null(rh_data_type(data));
    assert_int_equal(freed, 0);
    rh_scope_restore(heap, scope);
    objects_close(&world);
    assert_int_equal(freed, 1);
}

static void
data_of_a_heap_that_ends_is_freed_once(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    struct thing thing = { .freed = &freed };

    objects_keep(heap, rh_data_new(heap, 0, NULL, thing_free, &thing));
    objects_keep(heap, rh_typed_data_new(heap, 0, &thing_type, &thing));
    check_close(&world);
    assert_int_equal(freed, 2);
}

static void
data_without_a_pointer_is_not_freed(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    struct thing thing = { .freed = &freed };
    rh_value data =
        objects_keep(heap, rh_typed_data_new(heap, 0, &thing_type, &thing));

    rh_data_set_pointer(data, NULL);
    rh_heap_collect(heap);
    assert_int_equal(objects_memsize(heap, data), 40);
    objects_close(&world);
    assert_int_equal(freed, 0);
}

static void
typed_data_is_known_by_its_kind(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    struct thing thing = { .freed = &freed };
    rh_value data =
        objects_keep(heap, rh_typed_data_new(heap, 0, &thing_type, &thing));
    rh_value plain =
        objects_keep(heap, rh_data_new(heap, 0, thing_trace, NULL, &thing));

    assert_ptr_equal(rh_data_type(data), &thing_type);
    assert_ptr_equal(rh_typed_data_pointer(data, &thing_type), &thing);
    assert_ptr_equal(rh_typed_data_pointer(data, &plain_type), &thing);
    assert_null(rh_typed_data_pointer(data, &table_type));
    assert_null(rh_typed_data_pointer(plain, &thing_type));
    assert_null(rh_typed_data_pointer(RH_NIL, &thing_type));
    assert_null(rh_typed_data_pointer(objects_text(heap, "s"), &thing_type));
    assert_int_equal(objects_memsize(heap, data), 40 + sizeof thing);
    assert_true(rh_object_flags(data) & RH_OBJECT_WB_PROTECTED);
    assert_false(rh_object_flags(plain) & RH_OBJECT_WB_PROTECTED);

    objects_close(&world);
}

static void
a_kind_with_many_references_is_followed_in_ranges(void **state)
{
    enum {
        MANY = 1000
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    rh_value many[MANY];
    struct thing thing = { .many = many, .freed = &freed };
    rh_value data =
        objects_keep(heap, rh_typed_data_new(heap, 0, &table_type, &thing));

    for (; thing.count < MANY; thing.count++)
        many[thing.count] = rh_string_new(heap, 0, "t", 1);
    for (size_t i = 0; i < 70; i++)
        assert_int_equal(
            rh_ivar_set(heap, data, i, rh_string_new(heap, 0, "v", 1)), RH_OK);
    rh_heap_collect(heap);
    for (size_t i = 0; i < MANY; i++)
        objects_expect_text(many[i], "t");
    for (size_t i = 0; i < 70; i++)
        objects_expect_text(rh_ivar_get(data, i), "v");
    assert_int_equal(objects_edge_count(heap, data), MANY + 70);
    assert_int_equal(objects_alive(heap), 1 + MANY + 70);

    objects_close(&world);
}

// Text.

static void
a_regexp_has_a_source_and_a_pattern(void **state)
{
    const char program[] = "compiled";
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value regexp = objects_keep(
        heap, rh_regexp_new(heap, 0, rh_string_new(heap, 0, "a+", 2), program,
                            sizeof program));
    rh_value none = objects_keep(heap, rh_regexp_new(heap, 0, RH_NIL, NULL, 0));
    rh_value zeros =
        objects_keep(heap, rh_regexp_new(heap, 0, RH_NIL, NULL, 64));
    size_t bytes;

    rh_heap_collect(heap);
    objects_expect_text(rh_regexp_source(regexp), "a+");
    assert_string_equal(rh_regexp_pattern(regexp, &bytes), program);
    assert_int_equal(bytes, sizeof program);
    assert_int_equal(objects_memsize(heap, regexp), 40 + sizeof program);
    assert_null(rh_regexp_pattern(none, &bytes));
    assert_int_equal(bytes, 0);
    assert_int_equal(((char *)rh_regexp_pattern(zeros, NULL))[63], 0);

    objects_close(&world);
}

static void
a_match_knows_where_groups_were_found(void **state)
{
    const struct rh_match_region regions[] = { { 1, 4 }, { -1, -1 }, { 2, 3 } };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "abcde");
    rh_value regexp =
        objects_keep(heap, rh_regexp_new(heap, 0, string, NULL, 0));
    rh_value match =
        objects_keep(heap, rh_match_new(heap, 0, string, regexp, regions, 3));

    assert_int_equal(rh_type_of(match), RH_TYPE_MATCH);
    assert_int_equal(rh_match_string(match), string);
    assert_int_equal(rh_match_regexp(match), regexp);
    assert_int_equal(rh_match_length(match), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rh_match_region(match, i).start, regions[i].start);
        assert_int_equal(rh_match_region(match, i).end, regions[i].end);
    }
    assert_int_equal(rh_match_region(match, 3).start, -1);
    assert_int_equal(objects_memsize(heap, match), 40 + 8 + 3 * 16);
    assert_int_equal(rh_match_new(heap, 0, string, regexp, regions, SIZE_MAX),
                     RH_UNDEF);

    objects_close(&world);
}

// Files.

static int
open_something(void)
{
    int fd = open("/dev/null", O_RDONLY);

    assert_true(fd >= 0);
    return fd;
}

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void
a_collected_file_closes_its_descriptor(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    size_t scope = rh_scope_save(heap);
    int fd = open_something();
    rh_value file = objects_keep(heap, rh_file_new(heap, 0, fd, 8192));
    size_t bytes;

    assert_int_equal(rh_type_of(file), RH_TYPE_FILE);
    assert_int_equal(rh_file_descriptor(file), fd);
    assert_non_null(rh_file_buffer(file, &bytes));
    assert_int_equal(bytes, 8192);
    assert_int_equal(objects_memsize(heap, file), 40 + 8192);
    rh_heap_collect(heap);
    assert_true(is_open(fd));
    rh_scope_restore(heap, scope);
    objects_close(&world);
    assert_false(is_open(fd));
}

static void
a_descriptor_can_be_closed_or_taken_away(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int first = open_something();
    int second = open_something();
    rh_value file = objects_keep(heap, rh_file_new(heap, 0, first, 0));

    assert_int_equal(rh_file_set_descriptor(heap, file, second), first);
    assert_true(is_open(first));
    assert_int_equal(close(first), 0);
    assert_int_equal(rh_file_close(heap, file), RH_OK);
    assert_false(is_open(second));
    assert_int_equal(rh_file_close(heap, file), RH_NOT_FOUND);
    assert_int_equal(rh_file_descriptor(file), -1);
    assert_null(rh_file_buffer(file, NULL));
    assert_int_equal(rh_file_set_descriptor(heap, file, second), -1);
    assert_int_equal(rh_file_close(heap, file), RH_BAD_ARGUMENT);

    objects_close(&world);
}

static void
a_file_that_cannot_be_made_leaves_the_descriptor_open(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int fd = open_something();

    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;
    assert_int_equal(rh_file_new(heap, 0, fd, 100), RH_UNDEF);
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);
    objects_close(&world);
    assert_true(is_open(fd));
    assert_int_equal(close(fd), 0);
}

// The interpreter's own.

static void
a_node_has_a_kind_a_line_and_three_values(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value leaf = rh_node_new(heap, 255, (1u << 30) - 1, RH_NIL, RH_TRUE, 0);
    rh_value node = objects_keep(
        heap, rh_node_new(heap, 7, 12, leaf, RH_NIL, rh_fixnum_from(3)));

    rh_heap_collect(heap);
    assert_int_equal(rh_type_of(node), RH_TYPE_NODE);
    assert_int_equal(rh_node_kind(node), 7);
    assert_int_equal(rh_node_line(node), 12);
    assert_int_equal(rh_node_get(node, 0), leaf);
    assert_int_equal(rh_node_get(node, 2), rh_fixnum_from(3));
    assert_int_equal(rh_node_get(node, 3), RH_UNDEF);
    assert_int_equal(rh_node_kind(leaf), 255);
    assert_int_equal(rh_node_line(leaf), (1u << 30) - 1);
    rh_node_set(heap, node, 0, RH_FALSE);
    assert_int_equal(rh_node_get(node, 0), RH_FALSE);
    check_panics("three values", rh_node_set(heap, node, 3, RH_NIL));

    objects_close(&world);
}

static void
an_internal_object_has_a_kind_and_three_values(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (unsigned kind = 0; kind <= RH_IMEMO_OTHER; kind++) {
        rh_value inner = rh_string_new(heap, 0, "i", 1);
        rh_value imemo =
            objects_keep(heap, rh_imemo_new(heap, (enum rh_imemo_kind)kind,
                                            RH_NIL, inner, RH_TRUE));
        const char *name = rh_imemo_kind_name((enum rh_imemo_kind)kind);

        assert_int_equal(rh_type_of(imemo), RH_TYPE_IMEMO);
        assert_int_equal(rh_imemo_kind(imemo), kind);
        assert_int_equal(rh_imemo_get(imemo, 1), inner);
        rh_imemo_set(heap, imemo, 2, inner);
        assert_int_equal(rh_imemo_get(imemo, 2), inner);
        assert_int_equal(objects_edges(heap, imemo, inner), 2);
        if (name)
            assert_int_equal(rh_imemo_kind_named(name, strlen(name)), kind);
    }
    assert_int_equal(rh_imemo_kind_named("fields", 6), RH_IMEMO_OTHER);
    assert_null(rh_imemo_kind_name((enum rh_imemo_kind)99));

    objects_close(&world);
}

static void
a_zombie_runs_its_destructor(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    int freed = 0;
    struct thing thing = { .freed = &freed };
    rh_value zombie = rh_zombie_new(heap, thing_free, &thing);

    assert_int_equal(rh_type_of(zombie), RH_TYPE_ZOMBIE);
    assert_int_equal(objects_edge_count(heap, zombie), 0);
    assert_int_equal(freed, 0);
    objects_close(&world);
    assert_int_equal(freed, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(a_class_has_a_name_and_a_superclass),
        objects_test(a_class_can_be_renamed),
        objects_test(modules_stand_in_chains_by_iclasses),
        objects_test(a_singleton_class_stands_before_the_class),
        objects_test(up_to_three_members_are_in_the_slot),
        objects_test(members_can_be_set_but_not_added),
        objects_test(a_float_needs_a_slot_only_when_it_is_no_flonum),
        objects_test(an_integer_needs_a_slot_only_when_it_is_no_fixnum),
        objects_test(up_to_24_bytes_of_digits_are_in_the_slot),
        objects_test(pairs_of_numbers_keep_their_parts_alive),
        objects_test(a_dynamic_symbol_keeps_its_name_alive),
        objects_test(data_is_freed_once),
        objects_test(data_of_a_heap_that_ends_is_freed_once),
        objects_test(data_without_a_pointer_is_not_freed),
        objects_test(typed_data_is_known_by_its_kind),
        objects_test(a_kind_with_many_references_is_followed_in_ranges),
        objects_test(a_regexp_has_a_source_and_a_pattern),
        objects_test(a_match_knows_where_groups_were_found),
        objects_test(a_collected_file_closes_its_descriptor),
        objects_test(a_descriptor_can_be_closed_or_taken_away),
        objects_test(a_file_that_cannot_be_made_leaves_the_descriptor_open),
        objects_test(a_node_has_a_kind_a_line_and_three_values),
        objects_test(an_internal_object_has_a_kind_and_three_values),
        objects_test(a_zombie_runs_its_destructor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
