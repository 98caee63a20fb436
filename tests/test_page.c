// SPDX-License-Identifier: MIT
// One page: its header, its slots, and the runs of free ones.
#include "config.h"

#include "check.h"

#include "page.h"
#include "poison.h"

enum {
    PAGE = 3,
    PAGES = 8
};

struct world {
    struct check_faults faults;
    struct check_memory memory;
    struct rhi_panic panic;
    struct rhi_region region;
    struct rhi_shape shape;
};

static void
world_open(struct world *world, size_t slot_bytes)
{
    struct rh_memory interface;

    *world = (struct world){ .panic = { .hook = check_panic } };
    check_memory_init(&world->memory, &world->faults, &interface, 0);
    assert_true(rhi_region_init(&world->region, &interface, &world->panic,
                                (struct rhi_region_options){ 1, false }));
    assert_true(rhi_region_commit(&world->region, PAGES));
    world->region.top = PAGES;
    world->shape = rhi_shape_of(slot_bytes);
    for (size_t page = 0; page < PAGES; page++)
        rhi_page_format(&world->region, page, NULL, &world->shape);
}

static void
world_close(struct world *world)
{
    rhi_region_fini(&world->region);
    assert_int_equal(world->memory.reserved_bytes, 0);
}

// The words of a run, made readable for us.
static struct rhi_run
run_at(char *slot, size_t run_offset)
{
    struct rhi_run *run = rhi_run_of(slot, run_offset);

    rhi_poison_defined(run, sizeof *run);
    return *run;
}

// Follow the runs from `first`: they are just the slots in `free`, in order,
// and no two of them touch.  Answers how many there are.
static size_t
expect_runs(struct world *world, char *first, const uint64_t *free,
            size_t run_offset)
{
    uint32_t slots = world->shape.slots;
    uint32_t next = 0;
    size_t runs = 0;
    char *slot = first;

    while (slot) {
        struct rhi_run run = run_at(slot, run_offset);
        uint32_t start = rhi_page_index(&world->region, (uintptr_t)slot);
        uint32_t end = rhi_shape_index(
            &world->shape,
            (uint32_t)(run.end - rhi_region_body(&world->region, PAGE)));

        assert_int_equal(run.zero, 0);
        assert_true(start < end && end <= slots);
        assert_true(runs == 0 || start > next);
        for (; next < start; next++)
            assert_false(rhi_bit_test(free, next));
        for (; next < end; next++)
            assert_true(rhi_bit_test(free, next));
        runs++;
        slot = run.next;
    }
    for (; next < slots; next++)
        assert_false(rhi_bit_test(free, next));
    return runs;
}

static void
a_fresh_page_is_one_run(void **state)
{
    struct world world;
    rhi_line free;
    char *first;

    (void)state;
    world_open(&world, 40);
    rhi_page_free_bits(&world.region, PAGE, free);
    assert_int_equal(rhi_line_count(free), world.shape.slots);

    first = rhi_page_thread(&world.region, PAGE, free, 0);

    assert_ptr_equal(first, rhi_page_slot(&world.region, PAGE, 0));
    assert_int_equal(expect_runs(&world, first, free, 0), 1);
    world_close(&world);
}

static void
the_worst_page_has_runs_of_one(void **state)
{
    struct world world;
    rhi_line free;
    char *first;

    (void)state;
    world_open(&world, 40);
    for (uint32_t slot = 0; slot < world.shape.slots; slot += 2)
        rhi_bit_set(world.region.plane[RHI_ALLOCATED][PAGE], slot);
    rhi_page_free_bits(&world.region, PAGE, free);

    first = rhi_page_thread(&world.region, PAGE, free, 0);

    assert_int_equal(expect_runs(&world, first, free, 0),
                     world.shape.slots / 2);
#ifndef RH_TINY_PAGES
    assert_int_equal(world.shape.slots / 2, 204);
#endif
    world_close(&world);
}

static void
a_full_page_has_no_run(void **state)
{
    struct world world;
    rhi_line free;

    (void)state;
    world_open(&world, 40);
    for (uint32_t slot = 0; slot < world.shape.slots; slot++)
        rhi_bit_set(world.region.plane[RHI_ALLOCATED][PAGE], slot);
    rhi_page_free_bits(&world.region, PAGE, free);

    assert_true(rhi_line_is_empty(free));
    assert_null(rhi_page_thread(&world.region, PAGE, free, 0));
    world_close(&world);
}

// Any pattern of free slots, any slot size, any offset of the run's words.
static void
runs_are_the_free_slots_whatever_the_pattern(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (size_t bytes = 32; bytes <= RHI_MAX_SLOT_BYTES; bytes += 8) {
        struct world world;
        rhi_line free;

        world_open(&world, bytes);
        for (size_t offset = 0; offset + 24 <= bytes && offset <= 48;
             offset += 8) {
            size_t odds = 1 + check_random_below(&seed, 9);
            uint64_t *allocated = world.region.plane[RHI_ALLOCATED][PAGE];

            for (uint32_t slot = 0; slot < world.shape.slots; slot++)
                if (check_random_below(&seed, odds) == 0)
                    rhi_bit_set(allocated, slot);
                else
                    rhi_bit_clear(allocated, slot);
            rhi_page_free_bits(&world.region, PAGE, free);

            (void)expect_runs(
                &world, rhi_page_thread(&world.region, PAGE, free, offset),
                free, offset);
        }
        world_close(&world);
    }
}

static void
threading_writes_nothing_but_the_words_of_runs(void **state)
{
    struct world world;
    rhi_line free;
    char *slot;

    (void)state;
    world_open(&world, 48);
    slot = rhi_page_slot(&world.region, PAGE, 0);
    rhi_poison_undefined(slot, world.shape.slots * 48);
    memset(slot, 0x5a, world.shape.slots * 48);
    rhi_page_free_bits(&world.region, PAGE, free);

    (void)rhi_page_thread(&world.region, PAGE, free, 24);

    for (size_t byte = 0; byte < 24; byte++)
        assert_int_equal(slot[byte], 0x5a);
    for (size_t byte = 48; byte < world.shape.slots * 48; byte++)
        assert_int_equal(slot[byte], 0x5a);
    world_close(&world);
}

static void
free_bits_are_those_of_the_pages_slots_alone(void **state)
{
    (void)state;
    for (size_t bytes = 32; bytes <= RHI_MAX_SLOT_BYTES; bytes += 8) {
        struct world world;
        rhi_line free;

        world_open(&world, bytes);
        rhi_bit_set(world.region.plane[RHI_ALLOCATED][PAGE], 0);

        rhi_page_free_bits(&world.region, PAGE, free);

        assert_int_equal(rhi_line_count(free), world.shape.slots - 1);
        assert_false(rhi_bit_test(free, 0));
        assert_int_equal(
            rhi_line_next_set(free, world.shape.slots, RHI_LINE_WORDS * 64),
            RHI_LINE_WORDS * 64);
        world_close(&world);
    }
}

static void
only_the_first_byte_of_a_slot_is_a_slot(void **state)
{
    (void)state;
    for (size_t bytes = 32; bytes <= RHI_MAX_SLOT_BYTES; bytes += 8) {
        struct world world;
        uintptr_t body;
        uint32_t slots = 0;

        world_open(&world, bytes);
        body = (uintptr_t)rhi_region_body(&world.region, PAGE);
        for (uint32_t offset = 0; offset < RHI_PAGE_BYTES; offset += 8) {
            bool wanted = slots < world.shape.slots &&
                          offset == rhi_shape_offset(&world.shape, slots);

            assert_int_equal(rhi_page_is_slot(&world.region, body + offset),
                             wanted);
            slots += wanted;
        }
        assert_int_equal(slots, world.shape.slots);
        world_close(&world);
    }
}

static void
a_page_that_never_had_memory_has_no_slots(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 40);
    world.region.pages[PAGE].shape = NULL;

    assert_false(rhi_page_is_slot(
        &world.region,
        (uintptr_t)rhi_region_body(&world.region, PAGE) + RHI_HEADER_BYTES));
    world_close(&world);
}

static void
a_header_names_heap_page_and_slot_size(void **state)
{
    struct world world;
    const struct rhi_header *header;

    (void)state;
    world_open(&world, 48);
    rhi_page_format(&world.region, PAGE, (struct rh_heap *)(uintptr_t)8,
                    &world.shape);

    header = rhi_page_header(&world.region, PAGE);

    assert_true(header->magic == RHI_MAGIC);
    assert_int_equal((uintptr_t)header->heap, 8);
    assert_int_equal(header->number, PAGE);
    assert_int_equal(header->slot_bytes, 48);
    assert_int_equal(header->version, RHI_LAYOUT_VERSION);
    world_close(&world);
}

static void
clearing_a_page_forgets_its_slots_and_no_others(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 40);
    for (size_t page = PAGE - 1; page <= PAGE + 1; page++) {
        for (int plane = 0; plane < RHI_PLANES; plane++)
            rhi_bit_set(world.region.plane[plane][page], 5);
        world.region.live[page] = 7;
        world.region.flags[page] = RHI_FLAG_GRAY;
    }

    rhi_page_clear(&world.region, PAGE);

    for (int plane = 0; plane < RHI_PLANES; plane++) {
        assert_int_equal(rhi_line_count(world.region.plane[plane][PAGE]), 0);
        assert_int_equal(rhi_line_count(world.region.plane[plane][PAGE - 1]),
                         1);
        assert_int_equal(rhi_line_count(world.region.plane[plane][PAGE + 1]),
                         1);
    }
    assert_int_equal(world.region.live[PAGE], 0);
    assert_int_equal(world.region.flags[PAGE], 0);
    assert_int_equal(world.region.live[PAGE + 1], 7);
    assert_int_equal(world.region.flags[PAGE - 1], RHI_FLAG_GRAY);
    world_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_page_is_one_run),
        cmocka_unit_test(the_worst_page_has_runs_of_one),
        cmocka_unit_test(a_full_page_has_no_run),
        cmocka_unit_test(runs_are_the_free_slots_whatever_the_pattern),
        cmocka_unit_test(threading_writes_nothing_but_the_words_of_runs),
        cmocka_unit_test(free_bits_are_those_of_the_pages_slots_alone),
        cmocka_unit_test(only_the_first_byte_of_a_slot_is_a_slot),
        cmocka_unit_test(a_page_that_never_had_memory_has_no_slots),
        cmocka_unit_test(a_header_names_heap_page_and_slot_size),
        cmocka_unit_test(clearing_a_page_forgets_its_slots_and_no_others),
    };

    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
