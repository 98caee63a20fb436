// SPDX-License-Identifier: MIT
// Lines of the program, each kept once.
#include "check.h"

#include "place.h"

struct stock {
    struct check_world world; // its allocator is used, no heap is made
    struct rhi_panic panic;
    struct rhi_meter meter;
    struct rhi_places places;
};

static void
stock_open(struct stock *stock)
{
    check_prepare(&stock->world);
    stock->panic = (struct rhi_panic){ check_panic, NULL, NULL };
    stock->meter = (struct rhi_meter){
        .allocator = stock->world.config.allocator,
        .panic = &stock->panic,
    };
    stock->places = (struct rhi_places){ .meter = &stock->meter };
}

static void
stock_close(struct stock *stock)
{
    rhi_places_clear(&stock->places);
    assert_int_equal(stock->meter.blocks, 0);
    assert_int_equal(stock->world.allocator.blocks, 0);
}

static const char *const words[] = { NULL, "a", "b", "c", "d", "e", "f", "g" };

// One of many sites that differ in one part or more.
static struct rh_site
site_number(size_t n)
{
    return (struct rh_site){
        .file = words[n % 8],
        .class_path = words[n / 8 % 8],
        .method = words[n / 64 % 8],
        .line = (unsigned)(n / 512),
        .generation = n,
    };
}

static void
expect_site(const struct stock *stock, size_t index, size_t n)
{
    struct rh_site site = rhi_places_site(&stock->places, index);
    struct rh_site wanted = site_number(n);

    assert_ptr_equal(site.file, wanted.file);
    assert_ptr_equal(site.class_path, wanted.class_path);
    assert_ptr_equal(site.method, wanted.method);
    assert_int_equal(site.line, wanted.line);
    assert_int_equal(site.generation, 0);
}

static void
each_place_has_one_number(void **state)
{
    struct stock stock;
    enum {
        PLACES = 5000
    };

    (void)state;
    stock_open(&stock);
    for (size_t n = 0; n < PLACES; n++) {
        struct rh_site site = site_number(n);

        assert_int_equal(rhi_places_find(&stock.places, &site), n);
        assert_int_equal(rhi_places_find(&stock.places, &site), n);
    }
    for (size_t n = PLACES; n-- > 0;) {
        struct rh_site site = site_number(n);

        site.generation = 99; // is no part of it
        assert_int_equal(rhi_places_find(&stock.places, &site), n);
        expect_site(&stock, n, n);
    }
    assert_int_equal(stock.places.count, PLACES);
    stock_close(&stock);
}

static void
places_that_are_forgotten_come_back_with_new_numbers(void **state)
{
    struct stock stock;
    struct rh_site first = site_number(1);
    struct rh_site second = site_number(2);

    (void)state;
    stock_open(&stock);
    assert_int_equal(rhi_places_find(&stock.places, &first), 0);
    assert_int_equal(rhi_places_find(&stock.places, &second), 1);

    rhi_places_clear(&stock.places);

    assert_int_equal(stock.world.allocator.blocks, 0);
    assert_int_equal(rhi_places_find(&stock.places, &second), 0);
    assert_int_equal(rhi_places_find(&stock.places, &first), 1);
    stock_close(&stock);
}

static void
without_memory_a_place_has_no_number_and_the_others_keep_theirs(void **state)
{
    struct stock stock;
    size_t refused = 0;

    (void)state;
    stock_open(&stock);
    for (size_t n = 0; n < 2000; n++) {
        struct rh_site site = site_number(n);

        for (size_t call = 1; call <= 2; call++) {
            check_fail_at(&stock.world.faults, call);
            if (rhi_places_find(&stock.places, &site) == SIZE_MAX)
                refused++;
            check_fail_at(&stock.world.faults, 0);
        }
        assert_int_equal(rhi_places_find(&stock.places, &site), n);
        for (size_t old = 0; old <= n; old += 1 + n / 16)
            expect_site(&stock, old, old);
    }
    assert_true(refused >= 2 * 5); // table and list, each time they grow
    stock_close(&stock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_has_one_number),
        cmocka_unit_test(places_that_are_forgotten_come_back_with_new_numbers),
        cmocka_unit_test(
            without_memory_a_place_has_no_number_and_the_others_keep_theirs),
    };

    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
