// SPDX-License-Identifier: MIT
// Arrays: in the slot, in a block, in another array's block.
#include "objects.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/string.h>

static rh_value
number(size_t n)
{
    return rh_fixnum_from((int64_t)n);
}

// An array of the fixnums first..first+length-1, kept.
static rh_value
numbers(struct rh_heap *heap, size_t first, size_t length)
{
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, length));

    for (size_t i = 0; i < length; i++)
        assert_int_equal(rh_array_set(heap, array, i, number(first + i)),
                         RH_OK);
    return array;
}

#define expect_numbers(array, first, length)                                   \
    expect_numbers_at(array, first, length, __FILE__, __LINE__)
static void
expect_numbers_at(rh_value array, size_t first, size_t length, const char *file,
                  int line)
{
    _assert_int_equal(rh_array_length(array), length, file, line);
    for (size_t i = 0; i < length; i++)
        _assert_int_equal(rh_array_get(array, i), number(first + i), file,
                          line);
}

static void
up_to_three_elements_are_in_the_slot(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    const rh_value values[] = { number(0), number(1), number(2), number(3),
                                number(4) };

    for (size_t length = 0; length <= 5; length++) {
        rh_value array =
            objects_keep(heap, rh_array_new(heap, 0, values, length));

        assert_int_equal(rh_type_of(array), RH_TYPE_ARRAY);
        expect_numbers(array, 0, length);
        assert_int_equal(rh_array_get(array, length), RH_NIL);
        assert_int_equal(rh_array_is_embedded(array), length <= 3);
        assert_int_equal(objects_memsize(heap, array),
                         length <= 3 ? 40 : 40 + length * 8);
        assert_int_equal(rh_array_capacity(array), length <= 3 ? 3 : length);
    }

    objects_close(&world);
}

static void
no_values_given_means_nils(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 0; length < 10; length++) {
        rh_value array =
            objects_keep(heap, rh_array_new(heap, 0, NULL, length));

        for (size_t i = 0; i < length; i++)
            assert_int_equal(rh_array_get(array, i), RH_NIL);
    }

    objects_close(&world);
}

static void
elements_are_kept_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 1; length <= 200; length += 66) {
        rh_value array =
            objects_keep(heap, rh_array_new(heap, 0, NULL, length));

        for (size_t i = 0; i < length; i++) {
            rh_value string = rh_string_new(heap, 0, "x", 1);

            assert_int_equal(rh_array_set(heap, array, i, string), RH_OK);
        }
        rh_heap_collect(heap);
        for (size_t i = 0; i < length; i++)
            objects_expect_text(rh_array_get(array, i), "x");
        assert_int_equal(objects_edge_count(heap, array), length);
    }

    objects_close(&world);
}

static void
pushing_leaves_the_slot_when_it_is_full(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));

    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rh_array_push(heap, array, number(i)), RH_OK);
        assert_int_equal(rh_array_is_embedded(array), i < 3);
        expect_numbers(array, 0, i + 1);
    }

    objects_close(&world);
}

static void
pushing_many_moves_the_block_few_times(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));
    size_t calls = world.faults.calls;

    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(rh_array_push(heap, array, number(i)), RH_OK);

    assert_true(world.faults.calls - calls < 25);
    expect_numbers(array, 0, 10000);

    objects_close(&world);
}

static void
setting_behind_the_end_fills_with_nils(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));

    assert_int_equal(rh_array_set(heap, array, 1, number(1)), RH_OK);
    assert_true(rh_array_is_embedded(array));
    assert_int_equal(rh_array_get(array, 0), RH_NIL);
    assert_int_equal(rh_array_set(heap, array, 9, number(9)), RH_OK);
    assert_int_equal(rh_array_length(array), 10);
    assert_int_equal(rh_array_get(array, 1), number(1));
    for (size_t i = 2; i < 9; i++)
        assert_int_equal(rh_array_get(array, i), RH_NIL);
    assert_int_equal(rh_array_get(array, 9), number(9));

    objects_close(&world);
}

static void
popping_all_comes_back_into_the_slot(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);

    for (size_t i = 10; i-- > 0;) {
        assert_int_equal(rh_array_pop(heap, array), number(i));
        assert_int_equal(rh_array_is_embedded(array), i == 0);
        expect_numbers(array, 0, i);
    }
    assert_int_equal(rh_array_pop(heap, array), RH_UNDEF);
    assert_int_equal(check_stat(heap, "x_external_bytes"), 0);

    objects_close(&world);
}

static void
resizing_cuts_and_fills_with_nils(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);

    assert_int_equal(rh_array_resize(heap, array, 4), RH_OK);
    assert_false(rh_array_is_embedded(array));
    assert_int_equal(rh_array_resize(heap, array, 2), RH_OK);
    assert_true(rh_array_is_embedded(array));
    expect_numbers(array, 0, 2);
    assert_int_equal(rh_array_resize(heap, array, 3), RH_OK);
    assert_int_equal(rh_array_get(array, 2), RH_NIL);
    assert_int_equal(rh_array_resize(heap, array, 20), RH_OK);
    assert_int_equal(rh_array_get(array, 1), number(1));
    assert_int_equal(rh_array_get(array, 19), RH_NIL);

    objects_close(&world);
}

static void
a_short_slice_is_a_copy(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 4, 3));

    expect_numbers(slice, 4, 3);
    assert_true(rh_array_is_embedded(slice));
    assert_int_equal(rh_array_root(slice), RH_NIL);
    assert_int_equal(rh_array_root(array), RH_NIL);

    objects_close(&world);
}

static void
a_long_slice_shares_the_block(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 4, 4));
    rh_value root = rh_array_root(slice);

    expect_numbers(slice, 4, 4);
    expect_numbers(array, 0, 10);
    assert_int_equal(rh_array_root(array), root);
    assert_true(rh_object_is_frozen(root));
    assert_int_equal(objects_memsize(heap, array), 40);
    assert_int_equal(objects_memsize(heap, slice), 40);
    assert_int_equal(objects_memsize(heap, root), 40 + 80);
    assert_int_equal(objects_edges(heap, slice, root), 1);
    assert_int_equal(objects_edge_count(heap, slice), 1);

    objects_close(&world);
}

static void
the_root_keeps_the_elements_alive(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = rh_array_new(heap, 0, NULL, 0);
    size_t scope = rh_scope_save(heap);
    rh_value slice;

    objects_keep(heap, array);
    for (int i = 0; i < 8; i++)
        assert_int_equal(
            rh_array_push(heap, array, rh_string_new(heap, 0, "e", 1)), RH_OK);
    slice = rh_array_slice(heap, array, 2, 5);
    rh_scope_restore(heap, scope);
    objects_keep(heap, slice);
    rh_heap_collect(heap);

    assert_false(rh_heap_is_live(heap, array));
    for (size_t i = 0; i < 5; i++)
        objects_expect_text(rh_array_get(slice, i), "e");
    assert_int_equal(objects_alive(heap), 2 + 8);

    objects_close(&world);
}

static void
changing_one_leaves_the_others_alone(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 2, 6));
    rh_value other = objects_keep(heap, rh_array_slice(heap, array, 5, 5));

    assert_int_equal(rh_array_set(heap, slice, 0, RH_TRUE), RH_OK);
    assert_int_equal(rh_array_root(slice), RH_NIL);
    assert_int_equal(rh_array_get(slice, 0), RH_TRUE);
    assert_int_equal(rh_array_get(slice, 1), number(3));
    assert_int_equal(rh_array_length(slice), 6);
    expect_numbers(array, 0, 10);
    assert_int_equal(rh_array_push(heap, array, number(10)), RH_OK);
    assert_int_equal(rh_array_root(array), RH_NIL);
    expect_numbers(array, 0, 11);
    expect_numbers(other, 5, 5);

    objects_close(&world);
}

static void
cutting_a_slice_needs_no_block(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 2, 6));

    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;
    assert_int_equal(rh_array_pop(heap, slice), number(7));
    assert_int_not_equal(rh_array_root(slice), RH_NIL);
    expect_numbers(slice, 2, 5);
    assert_int_equal(rh_array_resize(heap, slice, 2), RH_OK);
    assert_true(rh_array_is_embedded(slice));
    expect_numbers(slice, 2, 2);
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);

    objects_close(&world);
}

static void
shifting_takes_the_first(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 40);

    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(rh_array_shift(heap, array), number(i));
        expect_numbers(array, i + 1, 39 - i);
        objects_check(heap);
    }
    assert_int_equal(rh_array_shift(heap, array), RH_UNDEF);
    assert_true(rh_array_is_embedded(array));

    objects_close(&world);
}

static void
a_queue_stays_small(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value queue = numbers(heap, 0, 100);

    for (size_t i = 0; i < 20000; i++) {
        assert_int_equal(rh_array_shift(heap, queue), number(i));
        assert_int_equal(rh_array_push(heap, queue, number(i + 100)), RH_OK);
    }
    expect_numbers(queue, 20000, 100);
    rh_heap_collect(heap);
    assert_true(check_stat(heap, "x_external_bytes") < 4000);

    objects_close(&world);
}

// Steps of one push and one shift; the blocks asked for must not grow with the
// length.
static void
expect_cheap_queue(struct check_world *world, size_t length)
{
    struct rh_heap *heap = world->heap;
    rh_value queue = numbers(heap, 0, length);
    size_t slots = objects_alive(heap);
    size_t calls = world->faults.calls;

    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(rh_array_push(heap, queue, number(length + i)), RH_OK);
        assert_int_equal(rh_array_shift(heap, queue), number(i));
    }
    assert_in_range(world->faults.calls - calls, 0, 2);
    assert_int_equal(objects_alive(heap), slots);
    assert_in_range(objects_memsize(heap, queue), 0, 40 + 2 * 8 * length);
    expect_numbers(queue, 100000, length);
}

static void
a_queue_of_any_length_is_cheap(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t length = 10; length <= 10000; length *= 10) {
        expect_cheap_queue(&world, length);
        objects_check(heap);
    }

    objects_close(&world);
}

static void
what_left_a_queue_is_let_go(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value queue = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));

    for (int i = 0; i < 200; i++) {
        rh_value string = rh_string_new(heap, 0, "q", 1);

        assert_int_equal(rh_array_push(heap, queue, string), RH_OK);
        if (i >= 30)
            objects_expect_text(rh_array_shift(heap, queue), "q");
    }
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 1 + 30);
    assert_int_equal(objects_edge_count(heap, queue), 30);

    objects_close(&world);
}

// Shifting needs no memory, whatever the array is.
static void
shifting_cannot_fail(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 40);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 10, 30));
    rh_value owner = numbers(heap, 10, 30);

    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;
    for (size_t i = 10; i < 40; i++) {
        assert_int_equal(rh_array_shift(heap, slice), number(i));
        assert_int_equal(rh_array_shift(heap, owner), number(i));
        expect_numbers(slice, i + 1, 39 - i);
        expect_numbers(owner, i + 1, 39 - i);
    }
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);
    expect_numbers(array, 0, 40);

    objects_close(&world);
}

static void
slices_of_a_queue_stay_as_they_were(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value queue = numbers(heap, 0, 50);
    rh_value slices[10];

    for (size_t i = 0; i < 1000; i++) {
        if (i % 100 == 70)
            slices[i / 100] =
                objects_keep(heap, rh_array_slice(heap, queue, 10, 30));
        assert_int_equal(rh_array_shift(heap, queue), number(i));
        assert_int_equal(rh_array_push(heap, queue, number(i + 50)), RH_OK);
        if (i % 10 == 0)
            objects_check(heap);
    }
    for (size_t i = 0; i < 10; i++)
        expect_numbers(slices[i], i * 100 + 80, 30);
    expect_numbers(queue, 1000, 50);

    objects_close(&world);
}

static void
a_frozen_queue_is_a_root(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value queue = numbers(heap, 0, 20);
    rh_value slice;

    for (size_t i = 0; i < 5; i++)
        assert_int_equal(rh_array_shift(heap, queue), number(i));
    assert_int_equal(objects_memsize(heap, queue), 40 + 20 * 8);
    assert_int_equal(rh_array_capacity(queue), 15);
    rh_object_freeze(heap, queue);
    slice = objects_keep(heap, rh_array_slice(heap, queue, 0, 15));
    assert_int_equal(rh_array_root(slice), queue);
    assert_int_equal(rh_array_shift(heap, slice), number(5));
    expect_numbers(slice, 6, 14);
    expect_numbers(queue, 5, 15);

    objects_close(&world);
}

// A push on a block that is full at its end.
static void
a_refused_push_changes_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value queue = numbers(heap, 0, 20);

    assert_int_equal(rh_array_shift(heap, queue), number(0));
    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;
    assert_int_equal(rh_array_push(heap, queue, RH_NIL), RH_NO_MEMORY);
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);
    expect_numbers(queue, 1, 19);
    objects_check(heap);
    assert_int_equal(rh_array_push(heap, queue, number(20)), RH_OK);
    expect_numbers(queue, 1, 20);

    objects_close(&world);
}

static void
three_or_four_elements_keep_their_block(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value stack = numbers(heap, 0, 4);
    size_t calls = world.faults.calls;

    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rh_array_pop(heap, stack), number(3));
        assert_int_equal(rh_array_push(heap, stack, number(3)), RH_OK);
    }
    assert_int_equal(world.faults.calls, calls);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rh_array_shift(heap, stack), number(i));
        assert_int_equal(rh_array_push(heap, stack, number(i + 4)), RH_OK);
    }
    assert_in_range(world.faults.calls - calls, 0, 2);
    assert_int_equal(rh_array_resize(heap, stack, 3), RH_OK);
    assert_true(rh_array_is_embedded(stack));
    expect_numbers(stack, 100, 3);

    objects_close(&world);
}

static void
a_slice_grows_by_half_as_well(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 120);
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 0, 100));

    assert_int_equal(rh_array_push(heap, slice, number(100)), RH_OK);
    assert_int_equal(rh_array_capacity(slice), 150);
    expect_numbers(slice, 0, 101);
    assert_int_equal(rh_array_set(heap, array, 0, number(0)), RH_OK);
    assert_int_equal(rh_array_capacity(array), 120);
    expect_numbers(array, 0, 120);

    objects_close(&world);
}

static void
slices_outside_are_cut_or_nil(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 10);
    rh_value rest =
        objects_keep(heap, rh_array_slice(heap, array, 5, SIZE_MAX));
    rh_value nothing = objects_keep(heap, rh_array_slice(heap, array, 10, 4));

    expect_numbers(rest, 5, 5);
    assert_int_equal(rh_array_length(nothing), 0);
    assert_int_equal(rh_array_slice(heap, array, 11, 0), RH_NIL);

    objects_close(&world);
}

static void
a_slice_has_the_class_of_its_array(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "Array", 5));
    rh_value array = objects_keep(heap, rh_array_new(heap, class_of, NULL, 9));
    rh_value two = objects_keep(heap, rh_array_slice(heap, array, 0, 2));
    rh_value eight = objects_keep(heap, rh_array_slice(heap, array, 0, 8));

    assert_int_equal(rh_object_class(two), class_of);
    assert_int_equal(rh_object_class(eight), class_of);
    assert_int_equal(rh_object_class(rh_array_root(eight)), 0);

    objects_close(&world);
}

static void
frozen_arrays_refuse_changes(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 5);

    rh_object_freeze(heap, array);
    assert_int_equal(rh_array_set(heap, array, 0, RH_NIL), RH_BAD_ARGUMENT);
    assert_int_equal(rh_array_push(heap, array, RH_NIL), RH_BAD_ARGUMENT);
    assert_int_equal(rh_array_pop(heap, array), RH_UNDEF);
    assert_int_equal(rh_array_shift(heap, array), RH_UNDEF);
    assert_int_equal(rh_array_resize(heap, array, 0), RH_BAD_ARGUMENT);
    expect_numbers(array, 0, 5);

    objects_close(&world);
}

static void
lengths_beyond_the_address_space_are_refused(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = numbers(heap, 0, 5);

    assert_int_equal(rh_array_new(heap, 0, NULL, SIZE_MAX), RH_UNDEF);
    assert_int_equal(rh_array_new(heap, 0, NULL, SIZE_MAX / 8 + 1), RH_UNDEF);
    assert_int_equal(rh_array_set(heap, array, SIZE_MAX, RH_NIL), RH_NO_MEMORY);
    assert_int_equal(rh_array_resize(heap, array, SIZE_MAX), RH_NO_MEMORY);
    expect_numbers(array, 0, 5);

    objects_close(&world);
}

// Chance against plain memory.

enum {
    SHADOW_ARRAYS = 6,
    SHADOW_LENGTH = 60
};

struct shadow {
    rh_value array;
    rh_value values[SHADOW_LENGTH];
    size_t length;
};

static void
shadow_push(struct rh_heap *heap, struct shadow *to, uint64_t *random)
{
    rh_value value = number(check_random_below(random, 1000));

    if (to->length == SHADOW_LENGTH)
        return;
    assert_int_equal(rh_array_push(heap, to->array, value), RH_OK);
    to->values[to->length++] = value;
}

static void
shadow_set(struct rh_heap *heap, struct shadow *to, uint64_t *random)
{
    size_t at = check_random_below(random, SHADOW_LENGTH);

    assert_int_equal(rh_array_set(heap, to->array, at, RH_TRUE), RH_OK);
    while (to->length <= at)
        to->values[to->length++] = RH_NIL;
    to->values[at] = RH_TRUE;
}

static void
shadow_take(struct rh_heap *heap, struct shadow *to, bool first)
{
    rh_value value =
        first ? rh_array_shift(heap, to->array) : rh_array_pop(heap, to->array);

    if (to->length == 0) {
        assert_int_equal(value, RH_UNDEF);
        return;
    }
    to->length--;
    assert_int_equal(value, first ? to->values[0] : to->values[to->length]);
    if (first)
        memmove(to->values, to->values + 1, to->length * sizeof value);
}

static void
shadow_slice(struct rh_heap *heap, struct shadow *to, const struct shadow *from,
             uint64_t *random)
{
    size_t start = check_random_below(random, from->length + 1);
    size_t length = check_random_below(random, SHADOW_LENGTH);

    to->array = rh_array_slice(heap, from->array, start, length);
    assert_true(rh_value_is_object(to->array));
    to->length = length < from->length - start ? length : from->length - start;
    memmove(to->values, from->values + start, to->length * sizeof(rh_value));
}

static void
random_changes_agree_with_plain_memory(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    uint64_t random = check_seed();
    struct shadow shadows[SHADOW_ARRAYS];

    for (int i = 0; i < SHADOW_ARRAYS; i++) {
        shadows[i].array = rh_array_new(heap, 0, NULL, 0);
        shadows[i].length = 0;
        check_root(heap, &shadows[i].array);
    }
    for (int step = 0; step < 4000; step++) {
        struct shadow *to =
            &shadows[check_random_below(&random, SHADOW_ARRAYS)];
        struct shadow *from =
            &shadows[check_random_below(&random, SHADOW_ARRAYS)];

        switch (check_random_below(&random, 8)) {
        case 0:
            shadow_set(heap, to, &random);
            break;
        case 1:
            shadow_slice(heap, to, from, &random);
            break;
        case 2:
        case 3:
            shadow_take(heap, to, check_random_below(&random, 2));
            break;
        default:
            shadow_push(heap, to, &random);
            break;
        }
        assert_int_equal(rh_array_length(to->array), to->length);
        for (size_t i = 0; i < to->length; i++)
            assert_int_equal(rh_array_get(to->array, i), to->values[i]);
        if (step % 50 == 0)
            objects_check(heap);
    }
    for (int i = SHADOW_ARRAYS; i-- > 0;)
        check_unroot(heap, &shadows[i].array);

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test(up_to_three_elements_are_in_the_slot),
        objects_test(no_values_given_means_nils),
        objects_test(elements_are_kept_alive),
        objects_test(pushing_leaves_the_slot_when_it_is_full),
        objects_test(pushing_many_moves_the_block_few_times),
        objects_test(setting_behind_the_end_fills_with_nils),
        objects_test(popping_all_comes_back_into_the_slot),
        objects_test(resizing_cuts_and_fills_with_nils),
        objects_test(a_short_slice_is_a_copy),
        objects_test(a_long_slice_shares_the_block),
        objects_test(the_root_keeps_the_elements_alive),
        objects_test(changing_one_leaves_the_others_alone),
        objects_test(cutting_a_slice_needs_no_block),
        objects_test(shifting_takes_the_first),
        objects_test(a_queue_stays_small),
        objects_test(a_queue_of_any_length_is_cheap),
        objects_test(what_left_a_queue_is_let_go),
        objects_test(shifting_cannot_fail),
        objects_test(slices_of_a_queue_stay_as_they_were),
        objects_test(a_frozen_queue_is_a_root),
        objects_test(a_refused_push_changes_nothing),
        objects_test(three_or_four_elements_keep_their_block),
        objects_test(a_slice_grows_by_half_as_well),
        objects_test(slices_outside_are_cut_or_nil),
        objects_test(a_slice_has_the_class_of_its_array),
        objects_test(frozen_arrays_refuse_changes),
        objects_test(lengths_beyond_the_address_space_are_refused),
        objects_test(random_changes_agree_with_plain_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
