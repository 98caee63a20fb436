// SPDX-License-Identifier: MIT
// What the operating system is asked for, and the default struct rh_memory.
#include "config.h"

#include "check.h"

#include "os.h"
#include "poison.h"

#include <sys/resource.h>

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

static void
a_page_of_the_system_is_a_power_of_two(void **state)
{
    size_t bytes = rhi_os_page_bytes();

    (void)state;
    assert_true(bytes >= 4096);
    assert_int_equal(bytes & (bytes - 1), 0);
}

static void
the_clock_never_goes_back(void **state)
{
    uint64_t before = rhi_os_now();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t now = rhi_os_now();

        assert_true(now >= before);
        before = now;
    }
    assert_true(before > 0);
}

static void
resident_bytes_grow_with_what_is_touched(void **state)
{
    size_t before = rhi_os_resident_bytes();
    volatile char *block = malloc(64 * MIB);

    (void)state;
    assert_true(before > 0);
    assert_non_null(block);
    for (size_t i = 0; i < 64 * MIB; i += 4096)
        block[i] = 1;

    assert_true(rhi_os_resident_bytes() >= before + 60 * MIB);
    free((void *)(uintptr_t)block);
}

// The soft limit of address space, changed and put back.
static rlim_t
set_limit(rlim_t bytes)
{
    struct rlimit limit;
    rlim_t before;

    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    return before;
}

static void
a_region_takes_a_quarter_of_a_limited_address_space(void **state)
{
    rlim_t before = set_limit(2 * GIB);
    size_t limited = rhi_os_default_region_bytes();

    (void)state;
    set_limit(before);

    // A quarter of what is left: this process uses some of it already.
    assert_true(limited <= GIB / 2);
    if (!rhi_poison_is_on())
        assert_true(limited >= GIB / 3);
    assert_true(rhi_os_default_region_bytes() <= 64 * GIB);
    assert_true(rhi_os_default_region_bytes() >= 16 * MIB);
    if (rhi_poison_is_valgrind())
        assert_true(rhi_os_default_region_bytes() <= GIB);
}

static void
a_heap_can_be_had_in_a_narrow_address_space(void **state)
{
    struct check_world world;
    rlim_t before;

    (void)state;
    if (rhi_poison_is_on())
        return; // the tool itself needs more
    before = set_limit(200 * MIB);
    check_prepare(&world);
    world.heap = rh_heap_new(&world.config);
    set_limit(before);

    assert_non_null(world.heap);
    check_waste(world.heap, 100000);
    assert_non_null(rh_scope_hold(world.heap, NULL));
    check_heap(world.heap);
    check_close(&world);
}

static void
reserved_ranges_are_aligned_and_can_be_committed(void **state)
{
    struct rh_memory memory;

    (void)state;
    rh_memory_init(&memory);
    for (size_t alignment = rhi_os_page_bytes(); alignment <= 8 * MIB;
         alignment *= 2) {
        char *range = memory.reserve(memory.context, 4 * MIB, alignment);

        assert_non_null(range);
        assert_int_equal((uintptr_t)range % alignment, 0);
        assert_true(memory.commit(memory.context, range + MIB, MIB));
        for (size_t i = 0; i < MIB; i += 512)
            assert_int_equal(range[MIB + i], 0);
        memset(range + MIB, 1, MIB);
        assert_true(memory.release(memory.context, range + MIB, MIB));
        memset(range + MIB, 2, MIB);
        memory.unreserve(memory.context, range, 4 * MIB);
    }
}

static void
more_than_there_is_cannot_be_reserved(void **state)
{
    struct rh_memory memory;

    (void)state;
    rh_memory_init(&memory);

    assert_null(memory.reserve(memory.context, SIZE_MAX - 4095, 4096));
    assert_null(memory.reserve(memory.context, (size_t)1 << 62, 4096));
}

static void
advice_about_huge_pages_harms_nobody(void **state)
{
    struct rh_memory memory;
    char *range;

    (void)state;
    rh_memory_init(&memory);
    range = memory.reserve(memory.context, 4 * MIB, 2 * MIB);
    assert_non_null(range);

    memory.huge_pages(memory.context, range, 4 * MIB, true);
    memory.huge_pages(memory.context, range, 4 * MIB, false);

    assert_true(memory.commit(memory.context, range, 4 * MIB));
    memory.unreserve(memory.context, range, 4 * MIB);
}

static void
the_default_allocator_is_that_of_the_c_library(void **state)
{
    struct rh_allocator allocator;
    char *block, *empty;

    (void)state;
    rh_allocator_init(&allocator);
    block = allocator.alloc(allocator.context, 100, true);
    empty = allocator.alloc(allocator.context, 0, false);
    assert_non_null(block);
    assert_non_null(empty);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(block[i], 0);
    assert_true(allocator.usable(allocator.context, block, 100) >= 100);

    memset(block, 7, 100);
    block = allocator.resize(allocator.context, block, 100, 10000);
    assert_non_null(block);
    assert_int_equal(block[99], 7);
    block = allocator.resize(allocator.context, block, 10000, 0);
    assert_non_null(block);

    allocator.free(allocator.context, block, 0);
    allocator.free(allocator.context, empty, 0);
    (void)allocator.trim(allocator.context);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_the_system_is_a_power_of_two),
        cmocka_unit_test(the_clock_never_goes_back),
        cmocka_unit_test(resident_bytes_grow_with_what_is_touched),
        cmocka_unit_test(a_region_takes_a_quarter_of_a_limited_address_space),
        cmocka_unit_test(a_heap_can_be_had_in_a_narrow_address_space),
        cmocka_unit_test(reserved_ranges_are_aligned_and_can_be_committed),
        cmocka_unit_test(more_than_there_is_cannot_be_reserved),
        cmocka_unit_test(advice_about_huge_pages_harms_nobody),
        cmocka_unit_test(the_default_allocator_is_that_of_the_c_library),
    };

    return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
