// SPDX-License-Identifier: MIT
// Which page is on which list, and how pages come and go.
#include "check.h"

#include "space.h"

enum {
    LOG_LENGTH = 4096
};

struct world {
    struct check_faults faults;
    struct check_memory memory;
    struct rhi_panic panic;
    struct rhi_region region;
    struct rhi_meter meter;
    struct rhi_events events;
    struct rhi_space space;
    struct rh_event log[LOG_LENGTH];
    size_t logged;
};

static void
world_open(struct world *world, size_t os_page)
{
    struct rh_memory interface;

    memset(world, 0, sizeof *world);
    world->panic.hook = check_panic;
    check_memory_init(&world->memory, &world->faults, &interface, os_page);
    rh_allocator_init(&world->meter.allocator);
    world->meter.panic = &world->panic;
    world->events.meter = &world->meter;
    assert_true(rhi_region_init(&world->region, &interface, &world->panic,
                                (struct rhi_region_options){ 1, false }));
    rhi_space_init(&world->space, &world->region, &world->events, NULL, 40);
}

static void
world_close(struct world *world)
{
    rhi_events_fini(&world->events);
    rhi_region_fini(&world->region);
    assert_int_equal(world->memory.reserved_bytes, 0);
}

static void
expect_sound(const struct world *world)
{
    size_t page;
    const char *broken = rhi_space_check(&world->space, &page);

    if (broken)
        fail_msg("%s, page %zu", broken, page);
}

// `count` pages with memory, all fresh.
static void
make_pages(struct world *world, size_t count)
{
    for (size_t page = 0; page < count; page++)
        assert_int_equal(rhi_space_grow(&world->space), page);
    expect_sound(world);
}

static void
set_live(struct world *world, size_t page, size_t live)
{
    world->region.live[page] = (uint16_t)live;
    rhi_space_file_swept(&world->space, page);
    expect_sound(world);
}

static void
bury(struct world *world, size_t first, size_t end)
{
    for (size_t page = first; page < end; page++)
        set_live(world, page, 0);
}

static enum rhi_list
list_of(const struct world *world, size_t page)
{
    return (enum rhi_list)world->region.pages[page].list;
}

static void
log_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct world *world = context;

    (void)heap;
    assert_true(world->logged < LOG_LENGTH);
    world->log[world->logged++] = *event;
}

static void
log_events(struct world *world)
{
    assert_int_equal(rhi_events_add(&world->events, ~0u, log_event, world),
                     RH_OK);
}

// Filing.

static void
a_page_is_filed_by_its_share_of_free_slots(void **state)
{
    struct world world;
    size_t slots;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 1);
    slots = world.space.shape.slots;

    for (size_t live = 1; live <= slots; live++) {
        size_t free = slots - live;
        enum rhi_list wanted = free == 0              ? RHI_FULL
                               : free * 4 < slots     ? RHI_TIGHT
                               : free * 4 < slots * 2 ? RHI_ROOMY_1
                               : free * 4 < slots * 3 ? RHI_ROOMY_2
                                                      : RHI_ROOMY_3;

        set_live(&world, 0, live);
        assert_int_equal(list_of(&world, 0), wanted);
    }
    world_close(&world);
}

static void
every_list_leads_to_every_other(void **state)
{
    struct world world;
    size_t slots, live[5];

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 1);
    slots = world.space.shape.slots;
    live[0] = 1;             // roomy 3
    live[1] = slots * 3 / 8; // roomy 2
    live[2] = slots * 5 / 8; // roomy 1
    live[3] = slots - 1;     // tight
    live[4] = slots;         // full
    for (size_t from = 0; from < 5; from++)
        for (size_t to = 0; to < 5; to++) {
            set_live(&world, 0, live[from]);
            assert_int_equal(list_of(&world, 0), RHI_ROOMY_3 + from);

            set_live(&world, 0, live[to]);

            assert_int_equal(list_of(&world, 0), RHI_ROOMY_3 + to);
            assert_int_equal(world.space.count[RHI_ROOMY_3 + to], 1);
            assert_int_equal(rhi_space_eden_pages(&world.space), 1);
        }
    world_close(&world);
}

static void
a_page_swept_empty_goes_to_the_tomb(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 2);
    set_live(&world, 0, 1);

    set_live(&world, 0, 0);

    assert_int_equal(list_of(&world, 0), RHI_TOMB);
    assert_int_equal(list_of(&world, 1), RHI_ROOMY_3);
    assert_int_equal(rhi_space_eden_pages(&world.space), 1);
    assert_int_equal(rhi_space_pages(&world.space), 2);
    world_close(&world);
}

static void
a_page_given_back_unused_stays_in_eden(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 1);
    rhi_space_move(&world.space, 0, RHI_CURRENT);

    rhi_space_file(&world.space, 0);

    assert_int_equal(list_of(&world, 0), RHI_ROOMY_3);
    expect_sound(&world);
    world_close(&world);
}

// Supply.

static void
the_emptiest_pages_are_supplied_first_then_the_tomb(void **state)
{
    struct world world;
    size_t slots;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 6);
    slots = world.space.shape.slots;
    set_live(&world, 0, slots);
    set_live(&world, 1, slots - 1);
    set_live(&world, 2, slots * 5 / 8);
    set_live(&world, 3, slots * 3 / 8);
    set_live(&world, 4, 1);
    set_live(&world, 5, 0);

    for (size_t page = 4; page >= 2; page--) {
        assert_int_equal(rhi_space_find(&world.space), page);
        set_live(&world, page, slots);
    }
    assert_int_equal(list_of(&world, 5), RHI_TOMB);
    assert_int_equal(rhi_space_find(&world.space), 5);
    assert_int_equal(list_of(&world, 5), RHI_ROOMY_3);
    set_live(&world, 5, slots);
    assert_int_equal(rhi_space_find(&world.space), SIZE_MAX);
    assert_int_equal(rhi_space_find_tight(&world.space), 1);
    world_close(&world);
}

static void
pages_of_one_list_are_supplied_in_the_order_they_came(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 4);
    set_live(&world, 2, 0);
    set_live(&world, 0, 0);
    set_live(&world, 2, 1);
    set_live(&world, 0, 1);

    assert_int_equal(rhi_space_find(&world.space), 1);
    rhi_space_move(&world.space, 1, RHI_CURRENT);
    assert_int_equal(rhi_space_find(&world.space), 3);
    rhi_space_move(&world.space, 3, RHI_FULL);
    assert_int_equal(rhi_space_find(&world.space), 2);
    world_close(&world);
}

static void
an_empty_space_supplies_nothing(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);

    assert_int_equal(rhi_space_find(&world.space), SIZE_MAX);
    assert_int_equal(rhi_space_find_tight(&world.space), SIZE_MAX);
    assert_int_equal(rhi_space_span(&world.space), 0);
    assert_int_equal(rhi_space_tomb_age(&world.space), 0);
    assert_int_equal(rhi_space_release(&world.space, 0), 0);
    expect_sound(&world);
    world_close(&world);
}

static void
growing_stops_at_the_end_of_the_region(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, world.region.max_pages);

    assert_int_equal(rhi_space_grow(&world.space), SIZE_MAX);
    assert_false(rhi_space_populate(&world.space, world.region.max_pages));
    assert_false(rhi_space_populate(&world.space, SIZE_MAX));
    expect_sound(&world);
    world_close(&world);
}

static void
growing_without_memory_changes_nothing(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 64);
    world.memory.refuse_commit = true;

    assert_int_equal(rhi_space_grow(&world.space), SIZE_MAX);
    assert_int_equal(world.region.top, 64);
    expect_sound(&world);

    world.memory.refuse_commit = false;
    assert_int_equal(rhi_space_grow(&world.space), 64);
    expect_sound(&world);
    world_close(&world);
}

static void
a_page_far_up_leaves_released_ones_below(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);

    assert_true(rhi_space_populate(&world.space, 100));

    expect_sound(&world);
    assert_int_equal(world.region.top, 101);
    assert_int_equal(world.space.count[RHI_RELEASED], 100);
    assert_int_equal(rhi_space_pages(&world.space), 1);
    assert_int_equal(rhi_space_span(&world.space), 1);
    assert_int_equal(rhi_space_grow(&world.space), 0);
    assert_int_equal(rhi_space_span(&world.space), 101);
    world_close(&world);
}

static void
populating_a_page_with_memory_is_no_work(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 3);
    set_live(&world, 1, world.space.shape.slots);

    assert_true(rhi_space_populate(&world.space, 1));

    assert_int_equal(list_of(&world, 1), RHI_FULL);
    assert_int_equal(world.space.allocated_total, 3);
    world_close(&world);
}

static void
populating_a_tomb_page_revives_it(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 3);
    set_live(&world, 1, 0);

    assert_true(rhi_space_populate(&world.space, 1));

    assert_int_equal(list_of(&world, 1), RHI_ROOMY_3);
    expect_sound(&world);
    world_close(&world);
}

// Releasing.

static void
releasing_keeps_as_many_as_it_is_told(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 16 * granule);
    bury(&world, 0, 16 * granule);

    assert_int_equal(rhi_space_release(&world.space, 16 * granule), 0);
    assert_int_equal(rhi_space_release(&world.space, 100 * granule), 0);
    assert_int_equal(rhi_space_release(&world.space, 5 * granule),
                     11 * granule);

    expect_sound(&world);
    assert_int_equal(world.space.count[RHI_TOMB], 5 * granule);
    assert_int_equal(world.space.count[RHI_RELEASED], 11 * granule);
    assert_int_equal(world.space.freed_total, 11 * granule);
    world_close(&world);
}

static void
the_highest_pages_go_first(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 8 * granule);
    bury(&world, 0, 8 * granule);

    assert_int_equal(rhi_space_release(&world.space, 5 * granule), 3 * granule);

    for (size_t page = 0; page < 8 * granule; page++)
        assert_int_equal(list_of(&world, page),
                         page < 5 * granule ? RHI_TOMB : RHI_RELEASED);
    world_close(&world);
}

static void
neighbours_are_released_by_one_call(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 40 * granule);
    bury(&world, 0, 40 * granule);
    set_live(&world, 10 * granule, 1);
    set_live(&world, 30 * granule, 1);

    assert_int_equal(rhi_space_release(&world.space, 0), 38 * granule);

    assert_int_equal(world.memory.release_calls, 3);
    assert_int_equal(world.memory.released[0].bytes,
                     9 * granule << RHI_PAGE_LOG);
    assert_int_equal(world.memory.released[1].bytes,
                     19 * granule << RHI_PAGE_LOG);
    assert_int_equal(world.memory.released[2].bytes,
                     10 * granule << RHI_PAGE_LOG);
    expect_sound(&world);
    world_close(&world);
}

static void
the_lowest_page_can_be_released(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, world.region.granule_pages);
    bury(&world, 0, world.region.granule_pages);

    assert_int_equal(rhi_space_release(&world.space, 0),
                     world.region.granule_pages);

    assert_int_equal(list_of(&world, 0), RHI_RELEASED);
    assert_ptr_equal(world.memory.released[0].address, world.region.base);
    assert_int_equal(rhi_space_pages(&world.space), 0);
    assert_int_equal(rhi_space_span(&world.space), 0);
    expect_sound(&world);
    world_close(&world);
}

static void
a_granule_waits_for_all_its_pages(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 65536);
    granule = world.region.granule_pages;
    assert_true(granule > 1);
    make_pages(&world, 4 * granule);
    bury(&world, 0, 4 * granule);
    set_live(&world, granule + granule / 2, 1);

    assert_int_equal(rhi_space_release(&world.space, 0), 3 * granule);

    assert_int_equal(world.space.count[RHI_TOMB], granule - 1);
    assert_int_equal(rhi_space_release(&world.space, 0), 0);
    set_live(&world, granule + granule / 2, 0);
    assert_int_equal(rhi_space_release(&world.space, 0), granule);
    expect_sound(&world);
    world_close(&world);
}

static void
a_granule_with_pages_that_were_never_used_can_go(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 65536);
    make_pages(&world, 2);
    bury(&world, 0, 2);

    assert_int_equal(rhi_space_release(&world.space, 0), 2);

    assert_int_equal(world.memory.released[0].bytes, 65536);
    expect_sound(&world);
    world_close(&world);
}

static void
a_granule_larger_than_the_surplus_stays(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 65536);
    granule = world.region.granule_pages;
    make_pages(&world, 2 * granule);
    bury(&world, 0, 2 * granule);

    assert_int_equal(rhi_space_release(&world.space, granule + 1), 0);
    assert_int_equal(world.space.count[RHI_TOMB], 2 * granule);
    assert_int_equal(rhi_space_release(&world.space, granule), granule);
    world_close(&world);
}

static void
releasing_can_go_in_pieces(void **state)
{
    struct world world;
    size_t granule, pieces = 0;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 10 * granule);
    bury(&world, 0, 10 * granule);
    set_live(&world, 8 * granule, 1);

    rhi_space_release_begin(&world.space);
    while (!rhi_space_release_some(&world.space, 4 * granule, 1)) {
        // Highest first, none where an object is, a granule at a time.
        size_t done = pieces++ < 1 ? 1 : pieces - 1;

        assert_int_equal(world.space.freed_total,
                         (done < 5 ? done : 5) * granule);
        expect_sound(&world);
    }

    // The last ones are a part of a granule, if these have several pages.
    assert_int_equal(pieces, granule == 1 ? 5 : 9);
    assert_int_equal(world.space.count[RHI_TOMB], 5 * granule - 1);
    assert_int_equal(world.memory.release_calls, 5);
    expect_sound(&world);
    world_close(&world);
}

static void
what_is_taken_meanwhile_is_not_released(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 10 * granule);
    bury(&world, 0, 10 * granule);

    rhi_space_release_begin(&world.space);
    assert_false(rhi_space_release_some(&world.space, 4 * granule, granule));
    for (size_t page = 4 * granule; page < 9 * granule; page++)
        assert_true(rhi_space_populate(&world.space, page));
    assert_true(rhi_space_release_some(&world.space, 4 * granule, granule));

    assert_int_equal(world.space.freed_total, granule);
    expect_sound(&world);
    world_close(&world);
}

static void
a_refused_release_leaves_the_tomb_as_it_was(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 8 * granule);
    bury(&world, 0, 8 * granule);
    world.memory.refuse_release = true;

    assert_int_equal(rhi_space_release(&world.space, 0), 0);

    assert_int_equal(world.space.count[RHI_TOMB], 8 * granule);
    assert_int_equal(world.space.freed_total, 0);
    expect_sound(&world);
    world.memory.refuse_release = false;
    assert_int_equal(rhi_space_release(&world.space, 0), 8 * granule);
    world_close(&world);
}

static void
one_refused_run_does_not_stop_the_others(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 9 * granule);
    bury(&world, 0, 9 * granule);
    set_live(&world, 4 * granule, 1);
    check_fail_at(&world.faults, 1);

    assert_int_equal(rhi_space_release(&world.space, 0), 4 * granule);

    assert_int_equal(list_of(&world, 0), RHI_RELEASED);
    assert_int_equal(list_of(&world, 8 * granule), RHI_TOMB);
    expect_sound(&world);
    world_close(&world);
}

static void
released_pages_come_back_lowest_first(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 9 * granule);
    bury(&world, 0, 9 * granule);
    set_live(&world, 4 * granule, 1);
    assert_int_equal(rhi_space_release(&world.space, 0), 8 * granule);

    for (size_t page = 0; page < 9 * granule; page++) {
        if (list_of(&world, page) != RHI_RELEASED)
            continue;
        assert_int_equal(rhi_space_grow(&world.space), page);
        expect_sound(&world);
    }
    assert_int_equal(rhi_space_grow(&world.space), 9 * granule);
    world_close(&world);
}

static void
a_released_page_has_no_bits(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, granule);
    rhi_bit_set(world.region.plane[RHI_MARK][0], 3);
    rhi_bit_set(world.region.plane[RHI_EXTERNAL][0], 4);
    bury(&world, 0, granule);

    rhi_space_release(&world.space, 0);

    expect_sound(&world);
    assert_true(rhi_line_is_empty(world.region.plane[RHI_MARK][0]));
    assert_true(rhi_line_is_empty(world.region.plane[RHI_EXTERNAL][0]));
    world_close(&world);
}

// Numbers.

static void
the_age_of_the_tomb_is_that_of_its_oldest_page(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 0);
    make_pages(&world, 3);
    world.space.collection = 5;
    set_live(&world, 1, 0);
    assert_int_equal(rhi_space_tomb_age(&world.space), 0);
    world.space.collection = 7;
    set_live(&world, 2, 0);
    world.space.collection = 9;

    assert_int_equal(rhi_space_tomb_age(&world.space), 4);
    set_live(&world, 1, 1);
    assert_int_equal(rhi_space_tomb_age(&world.space), 2);
    world_close(&world);
}

static void
the_span_reaches_from_the_lowest_page_to_the_highest(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 10 * granule);
    assert_int_equal(rhi_space_span(&world.space), 10 * granule);
    bury(&world, 0, 2 * granule);
    bury(&world, 4 * granule, 5 * granule);
    bury(&world, 9 * granule, 10 * granule);

    rhi_space_release(&world.space, 0);

    assert_int_equal(rhi_space_span(&world.space), 7 * granule);
    world_close(&world);
}

static void
pages_allocated_are_pages_there_and_pages_freed(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    make_pages(&world, 4 * granule);
    bury(&world, 0, 4 * granule);
    rhi_space_release(&world.space, granule);
    rhi_space_grow(&world.space);

    assert_int_equal(world.space.allocated_total, 4 * granule + 1);
    assert_int_equal(world.space.freed_total, 3 * granule);
    assert_int_equal(rhi_space_pages(&world.space), granule + 1);
    expect_sound(&world);
    world_close(&world);
}

static void
each_transition_of_a_page_is_told(void **state)
{
    struct world world;
    size_t granule;

    (void)state;
    world_open(&world, 0);
    granule = world.region.granule_pages;
    log_events(&world);
    make_pages(&world, granule);
    assert_int_equal(world.logged, granule);
    assert_int_equal(world.log[0].kind, RH_EVENT_PAGE_NEW);
    assert_int_equal(world.log[0].page, 0);
    assert_null(world.log[0].object);

    world.logged = 0;
    bury(&world, 0, granule);
    bury(&world, 0, granule);
    assert_int_equal(world.logged, granule);
    assert_int_equal(world.log[0].kind, RH_EVENT_PAGE_TOMB);

    world.logged = 0;
    assert_int_equal(rhi_space_find(&world.space), 0);
    assert_int_equal(world.logged, 1);
    assert_int_equal(world.log[0].kind, RH_EVENT_PAGE_REVIVED);

    world.logged = 0;
    bury(&world, 0, 1);
    rhi_space_release(&world.space, 0);
    assert_int_equal(world.logged, 1 + granule);
    assert_int_equal(world.log[granule].kind, RH_EVENT_PAGE_RELEASED);

    world.logged = 0;
    assert_int_equal(rhi_space_grow(&world.space), 0);
    assert_int_equal(world.logged, 1);
    assert_int_equal(world.log[0].kind, RH_EVENT_PAGE_REVIVED);
    world_close(&world);
}

static void
every_list_has_a_name(void **state)
{
    (void)state;
    for (int a = 0; a < RHI_LISTS; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(rhi_list_name((enum rhi_list)a),
                                    rhi_list_name((enum rhi_list)b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_filed_by_its_share_of_free_slots),
        cmocka_unit_test(every_list_leads_to_every_other),
        cmocka_unit_test(a_page_swept_empty_goes_to_the_tomb),
        cmocka_unit_test(a_page_given_back_unused_stays_in_eden),
        cmocka_unit_test(the_emptiest_pages_are_supplied_first_then_the_tomb),
        cmocka_unit_test(pages_of_one_list_are_supplied_in_the_order_they_came),
        cmocka_unit_test(an_empty_space_supplies_nothing),
        cmocka_unit_test(growing_stops_at_the_end_of_the_region),
        cmocka_unit_test(growing_without_memory_changes_nothing),
        cmocka_unit_test(a_page_far_up_leaves_released_ones_below),
        cmocka_unit_test(populating_a_page_with_memory_is_no_work),
        cmocka_unit_test(populating_a_tomb_page_revives_it),
        cmocka_unit_test(releasing_keeps_as_many_as_it_is_told),
        cmocka_unit_test(the_highest_pages_go_first),
        cmocka_unit_test(neighbours_are_released_by_one_call),
        cmocka_unit_test(the_lowest_page_can_be_released),
        cmocka_unit_test(a_granule_waits_for_all_its_pages),
        cmocka_unit_test(a_granule_with_pages_that_were_never_used_can_go),
        cmocka_unit_test(a_granule_larger_than_the_surplus_stays),
        cmocka_unit_test(releasing_can_go_in_pieces),
        cmocka_unit_test(what_is_taken_meanwhile_is_not_released),
        cmocka_unit_test(a_refused_release_leaves_the_tomb_as_it_was),
        cmocka_unit_test(one_refused_run_does_not_stop_the_others),
        cmocka_unit_test(released_pages_come_back_lowest_first),
        cmocka_unit_test(a_released_page_has_no_bits),
        cmocka_unit_test(the_age_of_the_tomb_is_that_of_its_oldest_page),
        cmocka_unit_test(the_span_reaches_from_the_lowest_page_to_the_highest),
        cmocka_unit_test(pages_allocated_are_pages_there_and_pages_freed),
        cmocka_unit_test(each_transition_of_a_page_is_told),
        cmocka_unit_test(every_list_has_a_name),
    };

    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
