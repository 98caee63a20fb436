// SPDX-License-Identifier: MIT
// Strings: in the slot, in a block, in another string's block.
#include "objects.h"

#include <rheap/class.h>
#include <rheap/string.h>

// 100 bytes, all different from their neighbours.
static const char long_text[] =
    "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "0123456789abcdefghijklmnopqr";

static void
up_to_23_bytes_are_in_the_slot(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 0; length <= 30; length++) {
        rh_value string =
            objects_keep(heap, rh_string_new(heap, 0, long_text, length));

        assert_int_equal(rh_type_of(string), RH_TYPE_STRING);
        assert_int_equal(rh_string_length(string), length);
        assert_memory_equal(rh_string_bytes(string), long_text, length);
        assert_int_equal(rh_string_bytes(string)[length], 0);
        assert_int_equal(rh_string_is_embedded(string), length <= 23);
        assert_int_equal(objects_memsize(heap, string),
                         length <= 23 ? 40 : 40 + length + 1);
        assert_int_equal(rh_string_capacity(string),
                         length <= 23 ? 23 : length);
    }

    objects_close(&world);
}

static void
no_bytes_given_means_zeros(void **state)
{
    const char zeros[40] = { 0 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value short_one = objects_keep(heap, rh_string_new(heap, 0, NULL, 5));
    rh_value long_one = objects_keep(heap, rh_string_new(heap, 0, NULL, 40));

    assert_memory_equal(rh_string_bytes(short_one), zeros, 5);
    assert_memory_equal(rh_string_bytes(long_one), zeros, 40);

    objects_close(&world);
}

static void
a_capacity_is_there_before_the_bytes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_keep(heap, rh_string_new_capacity(heap, 0, 100));
    const char *before = rh_string_bytes(string);

    assert_int_equal(rh_string_length(string), 0);
    assert_int_equal(rh_string_capacity(string), 100);
    assert_int_equal(rh_string_append(heap, string, long_text, 100), RH_OK);
    assert_ptr_equal(rh_string_bytes(string), before);
    objects_expect_text(string, long_text);

    objects_close(&world);
}

static void
appending_leaves_the_slot_when_it_is_full(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "");

    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rh_string_append(heap, string, long_text + i, 1),
                         RH_OK);
        assert_int_equal(rh_string_is_embedded(string), i < 23);
        assert_int_equal(rh_string_bytes(string)[i + 1], 0);
    }
    objects_expect_text(string, long_text);

    objects_close(&world);
}

static void
appending_many_bytes_moves_the_block_few_times(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    size_t calls = world.faults.calls;

    for (int i = 0; i < 10000; i++)
        assert_int_equal(rh_string_append(heap, string, "x", 1), RH_OK);

    assert_true(world.faults.calls - calls < 12);
    assert_int_equal(rh_string_length(string), 10100);

    objects_close(&world);
}

static void
a_string_can_be_appended_to_itself(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "0123456789");

    assert_int_equal(
        rh_string_append(heap, string, rh_string_bytes(string), 10), RH_OK);
    objects_expect_text(string, "01234567890123456789");
    assert_int_equal(
        rh_string_append(heap, string, rh_string_bytes(string) + 5, 10), RH_OK);
    objects_expect_text(string, "012345678901234567895678901234");
    assert_int_equal(
        rh_string_append(heap, string, rh_string_bytes(string), 30), RH_OK);
    assert_int_equal(rh_string_length(string), 60);
    assert_memory_equal(rh_string_bytes(string) + 30,
                        "012345678901234567895678901234", 30);

    objects_close(&world);
}

static void
a_slice_can_be_appended_to_one_that_overlaps_it(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value one = objects_keep(heap, rh_string_slice(heap, string, 10, 30));
    rh_value two = objects_keep(heap, rh_string_slice(heap, string, 30, 40));

    // The bytes of two begin inside of one, and end behind it.
    assert_int_equal(rh_string_append(heap, one, rh_string_bytes(two), 40),
                     RH_OK);
    assert_int_equal(rh_string_length(one), 70);
    assert_memory_equal(rh_string_bytes(one), long_text + 10, 30);
    assert_memory_equal(rh_string_bytes(one) + 30, long_text + 30, 40);

    objects_close(&world);
}

static void
resizing_cuts_and_fills_with_zeros(void **state)
{
    const char zeros[30] = { 0 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);

    assert_int_equal(rh_string_resize(heap, string, 50), RH_OK);
    assert_int_equal(rh_string_length(string), 50);
    assert_int_equal(rh_string_bytes(string)[50], 0);
    assert_int_equal(rh_string_resize(heap, string, 80), RH_OK);
    assert_memory_equal(rh_string_bytes(string), long_text, 50);
    assert_memory_equal(rh_string_bytes(string) + 50, zeros, 30);
    assert_int_equal(rh_string_resize(heap, string, 24), RH_OK);
    assert_false(rh_string_is_embedded(string));
    assert_int_equal(rh_string_resize(heap, string, 23), RH_OK);
    assert_true(rh_string_is_embedded(string));
    assert_int_equal(objects_memsize(heap, string), 40);
    assert_memory_equal(rh_string_bytes(string), long_text, 24 - 1);
    assert_int_equal(rh_string_resize(heap, string, 2), RH_OK);
    objects_expect_text(string, "01");
    assert_int_equal(rh_string_resize(heap, string, 4), RH_OK);
    assert_memory_equal(rh_string_bytes(string), "01\0\0", 5);

    objects_close(&world);
}

static void
a_short_slice_is_a_copy(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 10, 23));

    assert_true(rh_string_is_embedded(slice));
    assert_memory_equal(rh_string_bytes(slice), long_text + 10, 23);
    assert_int_equal(rh_string_root(slice), RH_NIL);
    assert_int_equal(rh_string_root(string), RH_NIL);

    objects_close(&world);
}

static void
a_long_slice_shares_the_block(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    const char *bytes = rh_string_bytes(string);
    size_t external = check_stat(heap, "x_external_bytes");
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 10, 24));
    rh_value root = rh_string_root(slice);

    assert_ptr_equal(rh_string_bytes(slice), bytes + 10);
    assert_ptr_equal(rh_string_bytes(string), bytes);
    assert_int_equal(rh_string_length(slice), 24);
    assert_int_equal(rh_string_root(string), root);
    assert_true(rh_object_is_frozen(root));
    assert_int_equal(rh_object_class(root), 0);
    assert_int_equal(check_stat(heap, "x_external_bytes"), external);
    // As Ruby counts them: the root has the block.
    assert_int_equal(objects_memsize(heap, string), 40);
    assert_int_equal(objects_memsize(heap, slice), 40);
    assert_int_equal(objects_memsize(heap, root), 40 + 101);

    objects_close(&world);
}

static void
a_slice_of_a_slice_has_the_same_root(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 10, 60));
    rh_value inner = objects_keep(heap, rh_string_slice(heap, slice, 5, 30));

    assert_int_equal(rh_string_root(inner), rh_string_root(string));
    assert_memory_equal(rh_string_bytes(inner), long_text + 15, 30);

    objects_close(&world);
}

static void
a_frozen_string_is_its_own_root(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value slice;

    rh_object_freeze(heap, string);
    slice = objects_keep(heap, rh_string_slice(heap, string, 0, 50));

    assert_int_equal(rh_string_root(slice), string);
    assert_false(rh_object_is_frozen(slice));

    objects_close(&world);
}

static void
slices_keep_the_root_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = rh_string_new(heap, 0, long_text, 100);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 20, 40));

    rh_heap_collect(heap); // the string dies, its root does not

    assert_false(rh_heap_is_live(heap, string));
    assert_true(rh_heap_is_live(heap, rh_string_root(slice)));
    assert_memory_equal(rh_string_bytes(slice), long_text + 20, 40);
    assert_int_equal(objects_alive(heap), 2);

    objects_close(&world);
}

static void
changing_a_slice_leaves_the_others_alone(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 10, 50));
    char *bytes = rh_string_modify(heap, slice);

    assert_non_null(bytes);
    bytes[0] = '!';

    assert_int_equal(rh_string_root(slice), RH_NIL);
    assert_int_equal(rh_string_bytes(slice)[0], '!');
    objects_expect_text(string, long_text);
    assert_int_equal(objects_memsize(heap, slice), 40 + 51);

    objects_close(&world);
}

static void
changing_the_string_leaves_its_slices_alone(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 10, 50));

    assert_int_equal(rh_string_append(heap, string, "!", 1), RH_OK);
    assert_int_equal(rh_string_root(string), RH_NIL);
    assert_int_equal(rh_string_length(string), 101);
    assert_int_equal(rh_string_bytes(string)[100], '!');
    assert_memory_equal(rh_string_bytes(slice), long_text + 10, 50);

    objects_close(&world);
}

static void
cutting_a_slice_to_the_slot_drops_the_root(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = rh_string_new(heap, 0, long_text, 100);
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 20, 40));

    assert_int_equal(rh_string_resize(heap, slice, 30), RH_OK);
    assert_int_not_equal(rh_string_root(slice), RH_NIL);
    assert_int_equal(rh_string_resize(heap, slice, 10), RH_OK);
    assert_true(rh_string_is_embedded(slice));
    assert_memory_equal(rh_string_bytes(slice), long_text + 20, 10);
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 1);

    objects_close(&world);
}

static void
a_slice_gets_its_nul_when_it_is_asked_for(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value middle = objects_keep(heap, rh_string_slice(heap, string, 10, 30));
    rh_value end = objects_keep(heap, rh_string_slice(heap, string, 60, 40));

    assert_int_not_equal(rh_string_bytes(middle)[30], 0);
    assert_int_equal(strlen(rh_string_c_string(heap, middle)), 30);
    assert_int_equal(rh_string_root(middle), RH_NIL);
    assert_string_equal(rh_string_c_string(heap, end), long_text + 60);
    assert_int_not_equal(rh_string_root(end), RH_NIL);
    assert_string_equal(rh_string_c_string(heap, string), long_text);

    objects_close(&world);
}

static void
slices_outside_are_cut_or_nil(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value rest =
        objects_keep(heap, rh_string_slice(heap, string, 90, SIZE_MAX));
    rh_value nothing =
        objects_keep(heap, rh_string_slice(heap, string, 100, 1));

    objects_expect_text(rest, long_text + 90);
    assert_int_equal(rh_string_length(nothing), 0);
    assert_int_equal(rh_string_slice(heap, string, 101, 0), RH_NIL);

    objects_close(&world);
}

static void
a_slice_has_the_class_and_the_encoding_of_its_string(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "String", 6));
    rh_value string =
        objects_keep(heap, rh_string_new(heap, class_of, long_text, 100));
    rh_value slices[2];

    rh_string_set_encoding(string, RH_STRING_UTF_8);
    slices[0] = objects_keep(heap, rh_string_slice(heap, string, 1, 3));
    slices[1] = objects_keep(heap, rh_string_slice(heap, string, 1, 80));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rh_object_class(slices[i]), class_of);
        assert_int_equal(rh_string_encoding(slices[i]), RH_STRING_UTF_8);
    }
    assert_int_equal(rh_string_encoding(rh_string_root(slices[1])),
                     RH_STRING_UTF_8);

    objects_close(&world);
}

static void
frozen_strings_refuse_changes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "abc");

    rh_object_freeze(heap, string);
    assert_int_equal(rh_string_append(heap, string, "d", 1), RH_BAD_ARGUMENT);
    assert_int_equal(rh_string_resize(heap, string, 1), RH_BAD_ARGUMENT);
    assert_null(rh_string_modify(heap, string));
    objects_expect_text(string, "abc");

    objects_close(&world);
}

static void
sizes_beyond_the_address_space_are_refused(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "abc");

    assert_int_equal(rh_string_new(heap, 0, NULL, SIZE_MAX), RH_UNDEF);
    assert_int_equal(rh_string_new_capacity(heap, 0, SIZE_MAX - 1), RH_UNDEF);
    assert_int_equal(rh_string_resize(heap, string, SIZE_MAX), RH_NO_MEMORY);
    assert_int_equal(rh_string_append(heap, string, "", SIZE_MAX),
                     RH_NO_MEMORY);
    objects_expect_text(string, "abc");

    objects_close(&world);
}

static void
equality_is_of_bytes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, long_text);
    rh_value same = objects_keep(heap, rh_string_slice(heap, string, 0, 100));
    rh_value shorter = objects_keep(heap, rh_string_slice(heap, string, 0, 99));

    assert_true(rh_string_equal(string, same));
    assert_false(rh_string_equal(string, shorter));
    assert_false(
        rh_string_equal(objects_text(heap, "ab"), objects_text(heap, "aB")));

    objects_close(&world);
}

static bool
is_broken(struct rh_heap *heap, const char *bytes)
{
    rh_value string = objects_text(heap, bytes);

    rh_string_set_encoding(string, RH_STRING_UTF_8);
    return rh_string_is_broken(string);
}

static void
broken_utf_8_is_recognised(void **state)
{
    static const char *const good[] = {
        "",
        "abc",
        "\xc3\xa4",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",      "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xc3(",     "\xe0\x9f\xbf",     "\xed\xa0\x80",     "\xe2\x82",
        "\xe2\x82(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",      "ab\xfe",
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t i = 0; i < CHECK_COUNT(good); i++)
        assert_false(is_broken(heap, good[i]));
    for (size_t i = 0; i < CHECK_COUNT(bad); i++)
        assert_true(is_broken(heap, bad[i]));

    objects_close(&world);
}

static void
encodings_are_labels(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "\xc3\xa4");

    assert_int_equal(rh_string_encoding(string), RH_STRING_BINARY);
    assert_false(rh_string_is_ascii(string));
    assert_false(rh_string_is_broken(string));
    rh_string_set_encoding(string, RH_STRING_US_ASCII);
    assert_true(rh_string_is_broken(string));
    rh_string_set_encoding(string, RH_STRING_WINDOWS_31J);
    assert_int_equal(rh_string_encoding(string), RH_STRING_WINDOWS_31J);
    rh_string_set_encoding(string, RH_STRING_ENCODING_OTHER);
    assert_int_equal(rh_string_encoding(string), RH_STRING_ENCODING_OTHER);
    objects_expect_text(string, "\xc3\xa4");
    assert_string_equal(rh_string_encoding_name(RH_STRING_UTF_8), "UTF-8");
    assert_null(rh_string_encoding_name(RH_STRING_ENCODING_OTHER));
    assert_int_equal(rh_string_encoding_named("US-ASCII", 8),
                     RH_STRING_US_ASCII);
    assert_int_equal(rh_string_encoding_named("KOI8-R", 6),
                     RH_STRING_ENCODING_OTHER);

    objects_close(&world);
}

static void
being_interned_is_a_mark(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "abc");

    assert_false(rh_string_is_interned(string));
    rh_string_set_interned(string);
    assert_true(rh_string_is_interned(string));
    objects_expect_text(string, "abc");

    objects_close(&world);
}

static void
asking_another_type_for_bytes_panics(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));

    check_panics("another type", (void)rh_string_length(class_of));

    objects_close(&world);
}

// Chance against a plain buffer.

enum {
    SHADOW_STRINGS = 6,
    SHADOW_BYTES = 400
};

struct shadow {
    rh_value string;
    char bytes[SHADOW_BYTES];
    size_t length;
};

static void
shadow_slice(struct rh_heap *heap, struct shadow *to, const struct shadow *from,
             uint64_t *random)
{
    size_t start = check_random_below(random, from->length + 1);
    size_t length = check_random_below(random, SHADOW_BYTES);

    to->string = rh_string_slice(heap, from->string, start, length);
    assert_true(rh_value_is_object(to->string));
    to->length = length < from->length - start ? length : from->length - start;
    memmove(to->bytes, from->bytes + start, to->length);
}

static void
shadow_append(struct rh_heap *heap, struct shadow *to,
              const struct shadow *from)
{
    size_t length = from->length;

    if (to->length + length > SHADOW_BYTES)
        return;
    assert_int_equal(rh_string_append(heap, to->string,
                                      rh_string_bytes(from->string), length),
                     RH_OK);
    memmove(to->bytes + to->length, from->bytes, length);
    to->length += length;
}

static void
shadow_resize(struct rh_heap *heap, struct shadow *to, uint64_t *random)
{
    size_t length = check_random_below(random, SHADOW_BYTES);

    assert_int_equal(rh_string_resize(heap, to->string, length), RH_OK);
    if (length > to->length)
        memset(to->bytes + to->length, 0, length - to->length);
    to->length = length;
}

static void
shadow_write(struct rh_heap *heap, struct shadow *to, uint64_t *random)
{
    char *bytes = rh_string_modify(heap, to->string);
    size_t at;

    assert_non_null(bytes);
    if (to->length == 0)
        return;
    at = check_random_below(random, to->length);
    bytes[at] = to->bytes[at] = (char)check_random(random);
}

static void
random_changes_agree_with_a_plain_buffer(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    uint64_t random = check_seed();
    struct shadow shadows[SHADOW_STRINGS];

    for (int i = 0; i < SHADOW_STRINGS; i++) {
        shadows[i].string = rh_string_new(heap, 0, NULL, 0);
        shadows[i].length = 0;
        check_root(heap, &shadows[i].string);
    }
    for (int step = 0; step < 4000; step++) {
        struct shadow *to =
            &shadows[check_random_below(&random, SHADOW_STRINGS)];
        struct shadow *from =
            &shadows[check_random_below(&random, SHADOW_STRINGS)];

        switch (check_random_below(&random, 5)) {
        case 0:
            shadow_append(heap, to, from);
            break;
        case 1:
            shadow_resize(heap, to, &random);
            break;
        case 2:
            shadow_write(heap, to, &random);
            break;
        default:
            shadow_slice(heap, to, from, &random);
            break;
        }
        assert_int_equal(rh_string_length(to->string), to->length);
        assert_memory_equal(rh_string_bytes(to->string), to->bytes, to->length);
        if (step % 50 == 0)
            objects_check(heap);
    }
    for (int i = SHADOW_STRINGS; i-- > 0;) {
        assert_memory_equal(rh_string_bytes(shadows[i].string),
                            shadows[i].bytes, shadows[i].length);
        check_unroot(heap, &shadows[i].string);
    }

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(up_to_23_bytes_are_in_the_slot),
        objects_test(no_bytes_given_means_zeros),
        objects_test(a_capacity_is_there_before_the_bytes),
        objects_test(appending_leaves_the_slot_when_it_is_full),
        objects_test(appending_many_bytes_moves_the_block_few_times),
        objects_test(a_string_can_be_appended_to_itself),
        objects_test(a_slice_can_be_appended_to_one_that_overlaps_it),
        objects_test(resizing_cuts_and_fills_with_zeros),
        objects_test(a_short_slice_is_a_copy),
        objects_test(a_long_slice_shares_the_block),
        objects_test(a_slice_of_a_slice_has_the_same_root),
        objects_test(a_frozen_string_is_its_own_root),
        objects_test(slices_keep_the_root_alive),
        objects_test(changing_a_slice_leaves_the_others_alone),
        objects_test(changing_the_string_leaves_its_slices_alone),
        objects_test(cutting_a_slice_to_the_slot_drops_the_root),
        objects_test(a_slice_gets_its_nul_when_it_is_asked_for),
        objects_test(slices_outside_are_cut_or_nil),
        objects_test(a_slice_has_the_class_and_the_encoding_of_its_string),
        objects_test(frozen_strings_refuse_changes),
        objects_test(sizes_beyond_the_address_space_are_refused),
        objects_test(equality_is_of_bytes),
        objects_test(broken_utf_8_is_recognised),
        objects_test(encodings_are_labels),
        objects_test(being_interned_is_a_mark),
        objects_test(asking_another_type_for_bytes_panics),
        objects_test(random_changes_agree_with_a_plain_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
