// SPDX-License-Identifier: MIT
// The numbers of a page, tried one by one.
#include "check.h"

#include "geometry.h"

// Calls `expect` with the shape of every slot size that a heap may have.
static void
for_every_shape(void (*expect)(const struct rhi_shape *shape))
{
    for (size_t bytes = RHI_MIN_SLOT_BYTES; bytes <= RHI_MAX_SLOT_BYTES;
         bytes += 8) {
        struct rhi_shape shape = rhi_shape_of(bytes);

        assert_int_equal(shape.slot_bytes, bytes);
        expect(&shape);
    }
}

static void
expect_exact_division(const struct rhi_shape *shape)
{
    // The end of the page is an offset, too: the cursor may stand there.
    for (uint32_t offset = RHI_HEADER_BYTES; offset <= RHI_PAGE_BYTES;
         offset++) {
        uint32_t index = (offset - RHI_HEADER_BYTES) / shape->slot_bytes;

        if (rhi_shape_index(shape, offset) != index)
            fail_msg("slots of %u bytes: offset %u", shape->slot_bytes, offset);
    }
}

static void
the_reciprocal_is_exact_for_every_slot_size_and_offset(void **state)
{
    (void)state;
    for_every_shape(expect_exact_division);
}

static void
expect_inverse(const struct rhi_shape *shape)
{
    for (uint32_t slot = 0; slot <= shape->slots; slot++)
        assert_int_equal(rhi_shape_index(shape, rhi_shape_offset(shape, slot)),
                         slot);
}

static void
the_index_of_a_slots_offset_is_the_slot(void **state)
{
    (void)state;
    for_every_shape(expect_inverse);
}

static void
expect_full_page(const struct rhi_shape *shape)
{
    size_t used = RHI_HEADER_BYTES + (size_t)shape->slots * shape->slot_bytes;

    assert_true(used <= RHI_PAGE_BYTES);
    assert_true(used + shape->slot_bytes > RHI_PAGE_BYTES);
    assert_true(shape->slots <= RHI_MAX_SLOTS);
    assert_true(shape->slots <= RHI_LINE_WORDS * 64);
}

static void
a_page_has_as_many_slots_as_fit(void **state)
{
    (void)state;
    for_every_shape(expect_full_page);
}

static void
slots_of_40_bytes_fill_the_page_to_the_last_byte(void **state)
{
    struct rhi_shape shape = rhi_shape_of(RHI_DEFAULT_SLOT_BYTES);

    (void)state;
    assert_int_equal(rhi_shape_offset(&shape, 0), 64);
    assert_int_equal(rhi_shape_offset(&shape, shape.slots), RHI_PAGE_BYTES);
#ifndef RH_TINY_PAGES
    assert_int_equal(shape.slots, 408);
    assert_int_equal(64 + 408 * 40, 16384);
#endif
}

static void
the_smallest_slots_fill_one_line_of_bits(void **state)
{
    struct rhi_shape shape = rhi_shape_of(RHI_MIN_SLOT_BYTES);

    (void)state;
    assert_true(shape.slots <= RHI_LINE_WORDS * 64);
#ifndef RH_TINY_PAGES
    assert_int_equal(shape.slots, 510);
    assert_true(shape.slots > (RHI_LINE_WORDS - 1) * 64);
#endif
}

static void
an_offset_in_a_page_does_not_depend_on_the_page(void **state)
{
    (void)state;
    for (uintptr_t page = 0; page < 4; page++)
        for (uint32_t offset = 0; offset < RHI_PAGE_BYTES; offset += 8)
            assert_int_equal(rhi_page_offset(page * RHI_PAGE_BYTES + offset),
                             offset);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_reciprocal_is_exact_for_every_slot_size_and_offset),
        cmocka_unit_test(the_index_of_a_slots_offset_is_the_slot),
        cmocka_unit_test(a_page_has_as_many_slots_as_fit),
        cmocka_unit_test(slots_of_40_bytes_fill_the_page_to_the_last_byte),
        cmocka_unit_test(the_smallest_slots_fill_one_line_of_bits),
        cmocka_unit_test(an_offset_in_a_page_does_not_depend_on_the_page),
    };

    return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
