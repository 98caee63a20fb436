// SPDX-License-Identifier: MIT
// The reserved range, its tables, and how both get memory and lose it.
#include "config.h"

#include "check.h"

#include "poison.h"
#include "region.h"

enum {
    MIB = 1 << 20
};

struct world {
    struct check_faults faults;
    struct check_memory memory;
    struct rh_memory interface;
    struct rhi_panic panic;
    struct rhi_region region;
};

static void
world_prepare(struct world *world, size_t page_bytes)
{
    *world = (struct world){ .panic = { .hook = check_panic } };
    check_memory_init(&world->memory, &world->faults, &world->interface,
                      page_bytes);
}

static bool
world_reserve(struct world *world, size_t bytes, bool huge_pages)
{
    return rhi_region_init(&world->region, &world->interface, &world->panic,
                           (struct rhi_region_options){ bytes, huge_pages });
}

static void
world_open(struct world *world, size_t page_bytes, size_t bytes)
{
    world_prepare(world, page_bytes);
    assert_true(world_reserve(world, bytes, false));
}

static void
world_close(struct world *world)
{
    rhi_region_fini(&world->region);
    assert_int_equal(world->memory.reserved_bytes, 0);
}

static size_t
body_bytes(const struct world *world)
{
    return world->region.max_pages << RHI_PAGE_LOG;
}

// Reserving.

// Bodies of `bytes`, and what tables may take beside them.
static void
reserve_at_most(struct world *world, size_t bytes)
{
    world->memory.max_reserve = bytes + bytes;
}

static void
a_refused_region_is_halved_until_the_system_agrees(void **state)
{
    struct world world;

    (void)state;
    world_prepare(&world, 0);
    reserve_at_most(&world, 64 * MIB);

    assert_true(world_reserve(&world, (size_t)1024 * MIB, false));

    assert_int_equal(body_bytes(&world) % (64 * MIB), 0);
    assert_in_range(body_bytes(&world), 64 * MIB, 128 * MIB);
    assert_in_range(world.memory.reserve_calls, 4, 5);
    world_close(&world);
}

static void
sixteen_megabytes_are_the_least_that_is_tried(void **state)
{
    struct world world;

    (void)state;
    world_prepare(&world, 0);
    check_fail_at(&world.faults, 1);
    world.faults.for_good = true;

    assert_false(world_reserve(&world, 128 * MIB, false));

    // 128, 64, 32, 16.
    assert_int_equal(world.memory.reserve_calls, 4);
    assert_int_equal(world.memory.reserved_bytes, 0);
}

static void
a_size_that_halves_past_sixteen_megabytes_ends_there(void **state)
{
    struct world world;
    size_t least;

    (void)state;
    world_open(&world, 0, 16 * MIB);
    least = world.memory.reserved_bytes;
    world_close(&world);
    world_prepare(&world, 0);
    world.memory.max_reserve = least;

    assert_true(world_reserve(&world, 40 * MIB, false));

    // 40, 20, 16.
    assert_int_equal(world.memory.reserve_calls, 3);
    assert_int_equal(body_bytes(&world), 16 * MIB);
    world_close(&world);
}

static void
less_than_sixteen_megabytes_are_rounded_up(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 1);

    assert_int_equal(body_bytes(&world), 16 * MIB);
    world_close(&world);
}

static void
nothing_is_committed_by_reserving(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 64 * MIB);

    assert_int_equal(world.memory.commit_calls, 0);
    assert_int_equal(world.region.committed, 0);
    assert_int_equal(world.region.top, 0);
    assert_int_equal(rhi_region_table_bytes(&world.region), 0);
    assert_null(rhi_region_check(&world.region));
    world_close(&world);
}

static void
bodies_are_aligned_to_granules(void **state)
{
    static const size_t pages[] = { 4096, 16384, 65536, 2 * MIB };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(pages); i++) {
        struct world world;
        size_t granule = pages[i] > RHI_PAGE_BYTES ? pages[i] : RHI_PAGE_BYTES;

        world_open(&world, pages[i], 64 * MIB);

        assert_int_equal(world.region.base % granule, 0);
        assert_int_equal(world.region.granule_pages << RHI_PAGE_LOG, granule);
        assert_int_equal(world.region.max_pages % world.region.granule_pages,
                         0);
        world_close(&world);
    }
}

// Committing.

static void
the_first_commit_takes_a_step_of_64_pages(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 64 * MIB);

    assert_true(rhi_region_commit(&world.region, 1));

    assert_int_equal(world.region.committed, 64);
    assert_true(rhi_region_commit(&world.region, 64));
    assert_int_equal(world.region.committed, 64);
    world_close(&world);
}

static void
steps_grow_by_a_quarter(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0, 64 * MIB);
    granule = world.region.granule_pages;
    assert_true(rhi_region_commit(&world.region, 1000));
    assert_int_equal(world.region.committed, 1000);

    assert_true(rhi_region_commit(&world.region, 1001));

    assert_int_equal(world.region.committed, rhi_round_up(1250, granule));
    world_close(&world);
}

static void
many_pages_cost_few_commits(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 256 * MIB);

    for (size_t page = 1; page <= world.region.max_pages; page++)
        assert_true(rhi_region_commit(&world.region, page));

    // Nine tables and the bodies, at each of some ln(16384/64)/ln(1.25) steps
    // and the first ones of 64 pages.
    assert_true(world.memory.commit_calls < 10 * 64);
    assert_int_equal(world.region.committed, world.region.max_pages);
    world_close(&world);
}

static void
a_refused_step_is_tried_again_as_small_as_needed(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0, 64 * MIB);
    granule = world.region.granule_pages;
    world.memory.max_commit = granule << RHI_PAGE_LOG;

    assert_true(rhi_region_commit(&world.region, granule));

    assert_int_equal(world.region.committed, granule);
    world_close(&world);
}

static void
a_failed_commit_changes_nothing_and_can_be_repeated(void **state)
{
    struct world world;
    size_t n = 1;

    (void)state;
    do {
        world_open(&world, 0, 64 * MIB);
        assert_true(rhi_region_commit(&world.region, 64));
        check_fail_at(&world.faults, n++);
        world.faults.for_good = true;

        if (!rhi_region_commit(&world.region, 1000)) {
            assert_int_equal(world.region.committed, 64);
            assert_null(rhi_region_check(&world.region));
            check_fail_at(&world.faults, 0);
            assert_true(rhi_region_commit(&world.region, 1000));
        }
        assert_true(world.region.committed >= 1000);
        rhi_poison_undefined((void *)world.region.base, 1000 << RHI_PAGE_LOG);
        memset((void *)world.region.base, 1, 1000 << RHI_PAGE_LOG);
        world_close(&world);
    } while (world.faults.failed || world.faults.fail_at == 0);
    assert_true(n > 5);
}

static void
more_than_the_region_holds_cannot_be_committed(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 16 * MIB);

    assert_false(rhi_region_commit(&world.region, world.region.max_pages + 1));
    assert_int_equal(world.region.committed, 0);
    assert_true(rhi_region_commit(&world.region, world.region.max_pages));
    assert_int_equal(world.region.committed, world.region.max_pages);
    world_close(&world);
}

// Write a pattern of its own into each table, then read all of them.
static void
tables_fill(const struct rhi_region *region, size_t pages)
{
    for (int plane = 0; plane < RHI_PLANES; plane++)
        memset(region->plane[plane], plane + 1, pages * sizeof(rhi_line));
    memset(region->flags, 0x40, pages);
    memset(region->live, 0x41, pages * sizeof *region->live);
    memset(region->pages, 0x42, pages * sizeof *region->pages);
    memset((void *)region->base, 0x43, pages << RHI_PAGE_LOG);
}

static bool
filled_with(const void *start, int byte, size_t bytes)
{
    const char *at = start;

    return bytes == 0 || (at[0] == byte && memcmp(at, at + 1, bytes - 1) == 0);
}

static void
expect_tables(const struct rhi_region *region, size_t pages)
{
    for (int plane = 0; plane < RHI_PLANES; plane++)
        assert_true(filled_with(region->plane[plane], plane + 1,
                                pages * sizeof(rhi_line)));
    assert_true(filled_with(region->flags, 0x40, pages));
    assert_true(filled_with(region->live, 0x41, pages * sizeof *region->live));
    assert_true(
        filled_with(region->pages, 0x42, pages * sizeof *region->pages));
    assert_true(filled_with((void *)region->base, 0x43, pages << RHI_PAGE_LOG));
}

static void
tables_and_bodies_of_committed_pages_do_not_overlap(void **state)
{
    static const size_t os_pages[] = { 4096, 16384, 65536 };
    static const size_t counts[] = { 1, 64, 65, 300, 1000 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(os_pages); i++) {
        struct world world;

        world_open(&world, os_pages[i], 16 * MIB);
        for (size_t n = 0; n < CHECK_COUNT(counts); n++) {
            assert_true(rhi_region_commit(&world.region, counts[n]));
            rhi_poison_undefined((void *)world.region.base,
                                 world.region.committed << RHI_PAGE_LOG);
            tables_fill(&world.region, world.region.committed);
            expect_tables(&world.region, world.region.committed);
        }
        world_close(&world);
    }
}

static void
the_lines_of_one_page_lie_in_different_cache_sets(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 64 * MIB);
    for (int a = 0; a < RHI_PLANES; a++) {
        uintptr_t line = (uintptr_t)world.region.plane[a];

        assert_int_equal(line % sizeof(rhi_line), 0);
        for (int b = 0; b < a; b++)
            assert_int_not_equal(
                (line - (uintptr_t)world.region.plane[b]) % 4096, 0);
    }
    world_close(&world);
}

static void
table_bytes_are_what_was_committed_beside_the_bodies(void **state)
{
    static const size_t counts[] = { 1, 65, 300, 1000 };
    struct world world;

    (void)state;
    world_open(&world, 0, 64 * MIB);
    for (size_t n = 0; n < CHECK_COUNT(counts); n++) {
        assert_true(rhi_region_commit(&world.region, counts[n]));
        assert_int_equal(rhi_region_table_bytes(&world.region),
                         world.memory.committed -
                             (world.region.committed << RHI_PAGE_LOG));
    }
    world_close(&world);
}

// Releasing.

static void
released_pages_keep_their_addresses(void **state)
{
    struct world world;
    char *body;

    (void)state;
    world_open(&world, 0, 16 * MIB);
    assert_true(rhi_region_commit(&world.region, 64));
    body = rhi_region_body(&world.region, 0);
    rhi_poison_undefined(body, 64 << RHI_PAGE_LOG);
    memset(body, 1, 64 << RHI_PAGE_LOG);

    assert_true(rhi_region_release(&world.region, 8, 8));

    assert_int_equal(world.memory.release_calls, 1);
    assert_ptr_equal(world.memory.released[0].address,
                     body + (8 << RHI_PAGE_LOG));
    assert_int_equal(world.memory.released[0].bytes, 8 << RHI_PAGE_LOG);
    assert_int_equal(world.region.committed, 64);
    rhi_poison_undefined(body + (8 << RHI_PAGE_LOG), 8 << RHI_PAGE_LOG);
    memset(body + (8 << RHI_PAGE_LOG), 2, 8 << RHI_PAGE_LOG);
    assert_true(filled_with(body, 1, 8 << RHI_PAGE_LOG));
    assert_true(
        filled_with(body + (16 << RHI_PAGE_LOG), 1, 48 << RHI_PAGE_LOG));
    world_close(&world);
}

static void
a_refused_release_says_so(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 16 * MIB);
    assert_true(rhi_region_commit(&world.region, 64));
    world.memory.refuse_release = true;

    assert_false(rhi_region_release(&world.region, 0, 64));
    world_close(&world);
}

static void
releasing_a_part_of_a_granule_panics(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 65536, 16 * MIB);
    assert_true(rhi_region_commit(&world.region, 64));

    check_panics("granule_pages",
                 (void)rhi_region_release(&world.region,
                                          world.region.granule_pages / 2,
                                          world.region.granule_pages));
    check_panics("granule_pages",
                 (void)rhi_region_release(&world.region, 0,
                                          world.region.granule_pages / 2));
    world_close(&world);
}

// Huge pages.

static size_t advice_for, advice_against;

static void
note_advice(void *context, void *address, size_t bytes, bool wanted)
{
    (void)context, (void)address;
    *(wanted ? &advice_for : &advice_against) += bytes;
}

static void
huge_pages_are_advised_against_unless_wanted(void **state)
{
    struct world world;

    (void)state;
    world_prepare(&world, 0);
    world.interface.huge_pages = note_advice;
    advice_for = advice_against = 0;

    assert_true(world_reserve(&world, 64 * MIB, false));

    assert_int_equal(advice_for, 0);
    assert_int_equal(advice_against, world.memory.reserved_bytes);
    world_close(&world);
}

static void
huge_pages_are_for_bodies_alone(void **state)
{
    struct world world;

    (void)state;
    world_prepare(&world, 0);
    world.interface.huge_pages = note_advice;
    advice_for = advice_against = 0;

    assert_true(world_reserve(&world, 64 * MIB, true));

    assert_int_equal(advice_for, 64 * MIB);
    assert_int_equal(advice_for + advice_against, world.memory.reserved_bytes);
    assert_int_equal(world.region.granule_pages << RHI_PAGE_LOG, 2 * MIB);
    world_close(&world);
}

// Words.

static void
covers_takes_aligned_words_below_the_top(void **state)
{
    struct world world;
    uintptr_t base, end;

    (void)state;
    world_open(&world, 0, 16 * MIB);
    assert_true(rhi_region_commit(&world.region, 10));
    world.region.top = 10;
    base = world.region.base;
    end = base + 10 * RHI_PAGE_BYTES;

    assert_true(rhi_region_covers(&world.region, base));
    assert_true(rhi_region_covers(&world.region, end - 8));
    assert_false(rhi_region_covers(&world.region, end));
    assert_false(rhi_region_covers(&world.region, base - 8));
    assert_false(rhi_region_covers(&world.region, 0));
    assert_false(rhi_region_covers(&world.region, UINTPTR_MAX));
    for (uintptr_t low = 1; low < 8; low++) {
        assert_false(rhi_region_covers(&world.region, base + low));
        assert_false(rhi_region_covers(&world.region, base + low + 640));
        assert_false(rhi_region_covers(&world.region, base - low));
    }
    world_close(&world);
}

static void
nothing_is_covered_before_a_page_was_used(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 16 * MIB);

    assert_false(rhi_region_covers(&world.region, world.region.base));
    world_close(&world);
}

static void
a_region_may_be_ended_twice(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0, 16 * MIB);

    rhi_region_fini(&world.region);
    rhi_region_fini(&world.region);

    assert_int_equal(world.memory.unreserve_calls, 1);
}

// Flags.

// Ask from every page on; `flagged` are in order and end with SIZE_MAX.
static void
expect_flagged(const struct world *world, const size_t *flagged)
{
    size_t top = world->region.top;

    for (size_t page = 0; page < top; page++) {
        while (*flagged < page)
            flagged++;
        assert_int_equal(
            rhi_region_next_flagged(&world->region, page, RHI_FLAG_YOUNG),
            *flagged < top ? *flagged : top);
    }
}

static void
flagged_pages_are_found_wherever_they_are(void **state)
{
    static const size_t none[] = { SIZE_MAX };
    // The last of 64, of eight, and their neighbours.
    static const size_t flagged[] = { 0,   1,   63,  127, 128,     135,
                                      140, 191, 199, 255, SIZE_MAX };
    struct world world;

    (void)state;
    world_open(&world, 4096, 16 * MIB);
    assert_true(rhi_region_commit(&world.region, 256));
    for (size_t top = 190; top < 258; top++) {
        world.region.top = top < 256 ? top : 256;
        expect_flagged(&world, none);
        for (size_t i = 0; flagged[i] != SIZE_MAX; i++)
            world.region.flags[flagged[i]] = RHI_FLAG_YOUNG | RHI_FLAG_GRAY;
        world.region.flags[70] = RHI_FLAG_GRAY;
        expect_flagged(&world, flagged);
        memset(world.region.flags, 0, 256);
    }
    world_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_region_is_halved_until_the_system_agrees),
        cmocka_unit_test(sixteen_megabytes_are_the_least_that_is_tried),
        cmocka_unit_test(a_size_that_halves_past_sixteen_megabytes_ends_there),
        cmocka_unit_test(less_than_sixteen_megabytes_are_rounded_up),
        cmocka_unit_test(nothing_is_committed_by_reserving),
        cmocka_unit_test(bodies_are_aligned_to_granules),
        cmocka_unit_test(the_first_commit_takes_a_step_of_64_pages),
        cmocka_unit_test(steps_grow_by_a_quarter),
        cmocka_unit_test(many_pages_cost_few_commits),
        cmocka_unit_test(a_refused_step_is_tried_again_as_small_as_needed),
        cmocka_unit_test(a_failed_commit_changes_nothing_and_can_be_repeated),
        cmocka_unit_test(more_than_the_region_holds_cannot_be_committed),
        cmocka_unit_test(tables_and_bodies_of_committed_pages_do_not_overlap),
        cmocka_unit_test(the_lines_of_one_page_lie_in_different_cache_sets),
        cmocka_unit_test(table_bytes_are_what_was_committed_beside_the_bodies),
        cmocka_unit_test(released_pages_keep_their_addresses),
        cmocka_unit_test(a_refused_release_says_so),
        cmocka_unit_test(releasing_a_part_of_a_granule_panics),
        cmocka_unit_test(huge_pages_are_advised_against_unless_wanted),
        cmocka_unit_test(huge_pages_are_for_bodies_alone),
        cmocka_unit_test(covers_takes_aligned_words_below_the_top),
        cmocka_unit_test(nothing_is_covered_before_a_page_was_used),
        cmocka_unit_test(a_region_may_be_ended_twice),
        cmocka_unit_test(flagged_pages_are_found_wherever_they_are),
    };

    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
