// SPDX-License-Identifier: MIT
// Looking at everything in a heap.
#include "check.h"

static size_t
slots_per_page(const struct check_world *world)
{
    return rh_heap_slots_per_page(world->heap);
}

// Objects.

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    assert_int_equal(((struct node *)object)->tag, NODE);
    ++*(size_t *)context;
    return true;
}

static size_t
count_objects(struct rh_heap *heap)
{
    size_t count = 0;

    assert_int_equal(rh_walk_objects(heap, count_object, &count), RH_OK);
    return count;
}

static void
every_object_is_walked_and_nothing_else(void **state)
{
    struct check_world world;
    struct node *keep;

    (void)state;
    check_open(&world);
    assert_int_equal(count_objects(world.heap), 0);
    keep = check_list(world.heap, 50);
    check_root(world.heap, &keep);
    check_waste(world.heap, 3 * slots_per_page(&world));
    assert_int_equal(count_objects(world.heap),
                     50 + 3 * slots_per_page(&world));
    check_heap(world.heap);

    rh_heap_collect(world.heap);

    assert_int_equal(count_objects(world.heap), 50);
    check_heap(world.heap);
    check_close(&world);
}

static bool
expect_ascending(struct rh_heap *heap, void *object, void *context)
{
    void **last = context;

    (void)heap;
    assert_true((uintptr_t)object > (uintptr_t)*last);
    *last = object;
    return true;
}

static void
objects_are_walked_in_address_order(void **state)
{
    struct check_world world;
    void *last = NULL;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 5 * slots_per_page(&world));

    assert_int_equal(rh_walk_objects(world.heap, expect_ascending, &last),
                     RH_OK);
    check_close(&world);
}

static bool
stop_at_three(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    return ++*(size_t *)context < 3;
}

static void
a_walk_stops_when_told_to(void **state)
{
    struct check_world world;
    size_t count = 0;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 10);

    assert_int_equal(rh_walk_objects(world.heap, stop_at_three, &count),
                     RH_STOPPED);

    assert_int_equal(count, 3);
    rh_heap_collect(world.heap); // the walk is over
    check_heap(world.heap);
    check_close(&world);
}

static bool
allocate_some(struct rh_heap *heap, void *object, void *context)
{
    size_t *count = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    assert_int_equal(((struct node *)object)->tag, NODE);
    if (++*count <= 200)
        check_waste(heap, 10);
    return true;
}

static void
a_callback_may_allocate(void **state)
{
    struct check_world world;
    size_t count = 0;
    size_t made;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 100;
    check_make(&world);
    rh_heap_disable(world.heap);
    made = 2 * slots_per_page(&world) + 200;
    check_waste(world.heap, made);

    assert_int_equal(rh_walk_objects(world.heap, allocate_some, &count), RH_OK);

    assert_true(count >= made);
    made += 2000;
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), made);
    check_heap(world.heap);
    assert_int_equal(count_objects(world.heap), made);
    check_close(&world);
}

static bool
allocate_under_pressure(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    rh_external_adjust(heap, NULL, 1 << 20);
    check_waste(heap, 100);
    rh_heap_safepoint(heap);
    return true;
}

static void
collections_wait_until_a_walk_is_over(void **state)
{
    struct check_world world;
    uint64_t before;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 100;
    world.config.malloc_limit = 1000;
    world.config.malloc_limit_max = 1000;
    check_make(&world);
    check_waste(world.heap, 20);
    before = check_stat(world.heap, "count");

    assert_int_equal(rh_walk_objects(world.heap, allocate_under_pressure, NULL),
                     RH_OK);

    assert_int_equal(check_stat(world.heap, "count"), before);
    assert_true(rh_heap_is_due(world.heap));
    rh_heap_safepoint(world.heap);
    assert_int_equal(check_stat(world.heap, "count"), before + 1);
    check_heap(world.heap);
    check_close(&world);
}

static bool
allocate_for_each(struct rh_heap *heap, void *object, void *context)
{
    (void)object;
    ++*(size_t *)context;
    check_waste(heap, 1);
    return true;
}

static void
a_callback_may_allocate_for_every_object_and_comes_to_an_end(void **state)
{
    struct check_world world;
    size_t count = 0;
    size_t slots;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    rh_heap_disable(world.heap);
    slots = slots_per_page(&world);
    check_waste(world.heap, 3 * slots + 1);

    assert_int_equal(rh_walk_objects(world.heap, allocate_for_each, &count),
                     RH_OK);

    // Those of the four pages that there were, at most.
    assert_in_range(count, 3 * slots + 1, 4 * slots);
    check_heap(world.heap);
    check_close(&world);
}

static bool
collect_now(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    rh_heap_collect(heap);
    return true;
}

static bool
free_now(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    rh_heap_free(heap);
    return true;
}

static void
collecting_or_freeing_during_a_walk_panics(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 1);

    check_panics("during a walk",
                 (void)rh_walk_objects(world.heap, collect_now, NULL));
    rh_walk_abandon(world.heap);
    check_panics("or a walk",
                 (void)rh_walk_objects(world.heap, free_now, NULL));
    rh_walk_abandon(world.heap);

    check_heap(world.heap);
    rh_heap_collect(world.heap);
    check_close(&world);
}

static bool
walk_inside(struct rh_heap *heap, void *object, void *context)
{
    size_t *sum = context;

    (void)object;
    *sum += count_objects(heap);
    return true;
}

static void
walks_may_nest(void **state)
{
    struct check_world world;
    size_t sum = 0;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 20);

    assert_int_equal(rh_walk_objects(world.heap, walk_inside, &sum), RH_OK);

    assert_int_equal(sum, 400);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    check_close(&world);
}

static jmp_buf walk_exit;

static bool
leave(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object, (void)context;
    longjmp(walk_exit, 1);
}

static void
a_callback_may_leave_by_longjmp(void **state)
{
    static struct check_world world;
    static struct node *keep;

    (void)state;
    check_open(&world);
    keep = check_list(world.heap, 10);
    check_root(world.heap, &keep);
    if (setjmp(walk_exit) == 0)
        (void)rh_walk_objects(world.heap, leave, NULL);
    rh_walk_abandon(world.heap);
    check_heap(world.heap);
    if (setjmp(walk_exit) == 0)
        (void)rh_walk_reachable(world.heap, NULL, leave, NULL);
    rh_walk_abandon(world.heap);
    check_heap(world.heap);

    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 10);
    check_close(&world);
}

// Everything at once: the callback of the outer walk allocates, walks inside,
// and the inner walk's callback leaves.
struct mixture {
    size_t outer, inner, left;
};

static jmp_buf inner_exit;

static bool
leave_at_third(struct rh_heap *heap, void *object, void *context)
{
    struct mixture *mixture = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    check_waste(heap, 1);
    if (++mixture->inner % 3 == 0)
        longjmp(inner_exit, 1);
    return true;
}

static bool
mix(struct rh_heap *heap, void *object, void *context)
{
    struct mixture *volatile mixture = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    assert_int_equal(((struct node *)object)->tag, NODE);
    check_waste(heap, 1);
    if (++mixture->outer % 2 == 0)
        return true;
    if (setjmp(inner_exit) == 0) {
        (void)rh_walk_objects(heap, leave_at_third, mixture);
        fail_msg("nobody has left");
    }
    mixture->left++;
    rh_walk_abandon(heap); // the outer walk, too: collections may come again
    check_waste(heap, 3);
    return true;
}

static void
walks_may_nest_allocate_and_be_left_all_at_once(void **state)
{
    struct check_world world;
    struct mixture mixture = { 0 };
    struct node *keep;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 100;
    check_make(&world);
    keep = check_list(world.heap, 100);
    check_root(world.heap, &keep);

    assert_int_equal(rh_walk_objects(world.heap, mix, &mixture), RH_OK);

    assert_true(mixture.outer >= 100);
    assert_int_equal(mixture.left, (mixture.outer + 1) / 2);
    check_heap(world.heap);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(check_list_length(keep), 100);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 100);
    check_close(&world);
}

static bool
collect_when_left(struct rh_heap *heap, void *object, void *context)
{
    size_t *seen = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    if ((*seen)++)
        return true;
    if (setjmp(walk_exit) == 0)
        (void)rh_walk_objects(heap, leave, NULL);
    rh_walk_abandon(heap);
    rh_heap_collect(heap);
    return true;
}

static void
an_abandoned_walk_that_goes_on_shows_no_dead(void **state)
{
    struct check_world world;
    struct node *keep;
    size_t seen = 0;

    (void)state;
    check_open(&world);
    keep = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &keep);
    check_waste(world.heap, 20);
    keep->right = check_node(world.heap, NULL, NULL);

    assert_int_equal(rh_walk_objects(world.heap, collect_when_left, &seen),
                     RH_OK);

    assert_int_equal(seen, 2);
    check_heap(world.heap);
    check_close(&world);
}

// Objects that a walk shows, among others that have died.

enum {
    LIVING = 500
};

static struct node *living[LIVING];

static bool
expect_living(struct rh_heap *heap, void *object, void *context)
{
    const struct node *node = object;

    (void)context;
    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    assert_int_equal(node->tag, NODE);
    assert_true(node->bytes < LIVING);
    assert_ptr_equal(living[node->bytes], node);
    return true;
}

static void
no_dead_object_is_shown(void **state)
{
    struct check_world world;
    uint64_t seed = check_seed();

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 200;
    check_make(&world);
    memset(living, 0, sizeof living);
    assert_int_equal(rh_root_add_range(world.heap, NULL, living, LIVING),
                     RH_OK);
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 50; i++) {
            size_t n = check_random_below(&seed, LIVING);

            living[n] = NULL;
            if (check_random_below(&seed, 3) == 0)
                continue;
            living[n] = check_node(world.heap, NULL, NULL);
            living[n]->bytes = n; // of no buffer
        }
        rh_heap_collect(world.heap);
        assert_int_equal(rh_walk_objects(world.heap, expect_living, NULL),
                         RH_OK);
    }
    check_heap(world.heap);
    check_close(&world);
}

static bool
become_due(struct rh_heap *heap, void *object, void *context)
{
    size_t *dead = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    assert_int_equal(((struct node *)object)->tag, NODE);
    check_waste(heap, 5);
    assert_false(rh_heap_is_due(heap)); // due, but not allowed
    *dead += ((struct node *)object)->left == object;
    return true;
}

static void
garbage_stays_while_a_collection_waits(void **state)
{
    struct check_world world;
    size_t dead = 0;
    uint64_t before;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    for (int i = 0; i < 20; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        node->left = node; // reached by itself alone
    }
    before = check_stat(world.heap, "count");

    assert_int_equal(rh_walk_objects(world.heap, become_due, &dead), RH_OK);

    assert_int_equal(check_stat(world.heap, "count"), before);
    assert_int_equal(dead, 20);
    while (check_stat(world.heap, "count") == before)
        check_waste(world.heap, 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
abandoning_no_walk_does_nothing(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    rh_walk_abandon(world.heap);

    check_heap(world.heap);
    check_close(&world);
}

// Pages.

struct page_tally {
    size_t pages, released, tomb, eden, live, current;
};

static bool
tally_page(struct rh_heap *heap, const struct rh_page_view *view, void *context)
{
    struct page_tally *tally = context;
    size_t bits = 0;

    assert_int_equal(view->page, tally->pages);
    assert_int_equal(view->slots, rh_heap_slots_per_page(heap));
    for (size_t word = 0; word < 8; word++)
        bits += (size_t)__builtin_popcountll(view->allocated[word]);
    assert_int_equal(bits, view->live_slots);
    if (view->state == RH_PAGE_TOMB)
        assert_string_equal(view->list, "tomb");
    if (view->state == RH_PAGE_RELEASED)
        assert_string_equal(view->list, "released");
    tally->pages++;
    tally->released += view->state == RH_PAGE_RELEASED;
    tally->tomb += view->state == RH_PAGE_TOMB;
    tally->eden += view->state == RH_PAGE_EDEN;
    tally->live += view->live_slots;
    tally->current += view->current;
    return true;
}

static void
pages_are_walked_with_what_the_statistics_say(void **state)
{
    struct check_world world;
    struct page_tally tally = { .pages = 0 };
    struct node *keep = NULL;

    (void)state;
    check_open(&world);
    check_root(world.heap, &keep);
    rh_heap_disable(world.heap);
    for (size_t page = 0; page < 100; page++) {
        if (page % 3 == 0)
            keep = check_node(world.heap, keep, NULL);
        else
            check_waste(world.heap, 1);
        check_waste(world.heap, slots_per_page(&world) - 1);
    }
    rh_heap_collect(world.heap);
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    rh_heap_collect(world.heap);
    check_waste(world.heap, 3);

    assert_int_equal(rh_walk_pages(world.heap, tally_page, &tally), RH_OK);

    assert_int_equal(tally.pages, check_stat(world.heap, "heap_sorted_length"));
    assert_int_equal(tally.eden, check_stat(world.heap, "heap_eden_pages"));
    assert_int_equal(tally.tomb, check_stat(world.heap, "heap_tomb_pages"));
    assert_int_equal(tally.live, check_stat(world.heap, "heap_live_slots"));
    assert_true(tally.released > 0 || slots_per_page(&world) < 408);
    check_heap(world.heap);
    check_close(&world);
}

static void
one_page_is_the_one_allocated_from(void **state)
{
    struct check_world world;
    struct page_tally tally = { .pages = 0 };
    struct rh_page_view view;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_page_look(world.heap,
                                  rh_heap_position(world.heap, node).page,
                                  &view),
                     RH_OK);
    assert_true(view.current);

    node = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_walk_pages(world.heap, tally_page, &tally), RH_OK);
    assert_int_equal(tally.current, 1);
    check_close(&world);
}

static bool
allocate_on_page(struct rh_heap *heap, const struct rh_page_view *view,
                 void *context)
{
    size_t bits = 0;

    (void)context;
    for (size_t word = 0; word < 8; word++)
        bits += (size_t)__builtin_popcountll(view->allocated[word]);
    assert_int_equal(bits, view->live_slots);
    assert_true(view->live_slots <= 3 * (view->page + 1));
    check_waste(heap, 3);
    return true;
}

static void
pages_are_shown_as_they_are_while_a_callback_allocates(void **state)
{
    struct check_world world;
    size_t pages;

    (void)state;
    check_prepare(&world);
    world.config.initial_slots = 5 * 510; // a few pages of any size
    check_make(&world);
    pages = check_stat(world.heap, "heap_sorted_length");

    assert_int_equal(rh_walk_pages(world.heap, allocate_on_page, NULL), RH_OK);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3 * pages);
    check_heap(world.heap);
    check_close(&world);
}

static bool
stop_at_once(struct rh_heap *heap, const struct rh_page_view *view,
             void *context)
{
    (void)heap, (void)view;
    ++*(size_t *)context;
    return false;
}

static void
a_walk_over_pages_stops_when_told_to(void **state)
{
    struct check_world world;
    size_t count = 0;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_walk_pages(world.heap, stop_at_once, &count),
                     RH_STOPPED);

    assert_int_equal(count, 1);
    check_close(&world);
}

static void
one_page_can_be_looked_at(void **state)
{
    struct check_world world;
    struct rh_page_view view;
    struct node *keep;
    struct rh_position position;

    (void)state;
    check_open(&world);
    keep = check_list(world.heap, 3);
    check_root(world.heap, &keep);
    position = rh_heap_position(world.heap, keep);
    check_waste(world.heap, 2);
    rh_heap_collect(world.heap);

    assert_int_equal(rh_page_look(world.heap, position.page, &view), RH_OK);

    assert_int_equal(view.page, position.page);
    assert_int_equal(view.state, RH_PAGE_EDEN);
    assert_int_equal(view.live_slots, 3);
    assert_int_equal(view.age, 0);
    assert_ptr_equal(
        (const char *)view.address + RH_PAGE_HEADER_BYTES,
        rh_heap_slot(world.heap, (struct rh_position){ position.page, 0 }));
    assert_true(view.allocated[0] == 7);
    assert_true(view.mark[0] == 7);
    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);
    assert_int_equal(rh_page_look(world.heap, position.page + 1, &view), RH_OK);
    assert_int_equal(view.state, RH_PAGE_TOMB);
    assert_int_equal(view.age, 2);
    check_close(&world);
}

static void
a_page_too_high_is_not_found(void **state)
{
    struct check_world world;
    struct rh_page_view view;
    size_t pages;
    size_t count = 0;

    (void)state;
    check_open(&world);
    pages = check_stat(world.heap, "heap_sorted_length");

    assert_int_equal(rh_page_look(world.heap, pages, &view), RH_NOT_FOUND);
    assert_int_equal(rh_page_look(world.heap, SIZE_MAX, &view), RH_NOT_FOUND);
    assert_int_equal(rh_walk_runs(world.heap, pages, NULL, &count),
                     RH_NOT_FOUND);
    check_close(&world);
}

// Runs.

struct runs {
    size_t count;
    size_t slots;
    size_t end; // of the last one
};

static bool
tally_run(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    struct runs *runs = context;

    (void)heap;
    assert_true(count > 0);
    assert_true(runs->count == 0 || first > runs->end);
    runs->count++;
    runs->slots += count;
    runs->end = first + count;
    return true;
}

static struct runs
runs_of(struct rh_heap *heap, size_t page)
{
    struct runs runs = { .count = 0 };

    assert_int_equal(rh_walk_runs(heap, page, tally_run, &runs), RH_OK);
    return runs;
}

static void
a_fresh_page_has_one_run_of_all_slots(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(runs_of(world.heap, 0).count, 1);
    assert_int_equal(runs_of(world.heap, 0).slots, slots_per_page(&world));
    check_close(&world);
}

// Every second object of the first page.
static void
keep_every_second(struct check_world *world, struct node **keep)
{
    check_root(world->heap, keep);
    for (size_t i = 0; i < slots_per_page(world); i++)
        if (i % 2)
            check_waste(world->heap, 1);
        else
            *keep = check_node(world->heap, *keep, NULL);
    rh_heap_collect(world->heap);
    check_heap(world->heap);
}

static void
the_worst_page_has_a_run_for_every_second_slot(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    size_t page;

    (void)state;
    check_open(&world);
    keep_every_second(&world, &keep);
    page = rh_heap_position(world.heap, keep).page;

    assert_int_equal(runs_of(world.heap, page).count,
                     slots_per_page(&world) / 2);
    assert_int_equal(runs_of(world.heap, page).slots,
                     slots_per_page(&world) / 2);
    if (slots_per_page(&world) == 408)
        assert_int_equal(runs_of(world.heap, page).count, 204);
    check_close(&world);
}

struct prediction {
    size_t slots[512];
    size_t length;
};

static bool
predict(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    struct prediction *prediction = context;

    (void)heap;
    for (size_t i = 0; i < count; i++)
        prediction->slots[prediction->length++] = first + i;
    return true;
}

static void
runs_tell_in_which_order_slots_will_be_handed_out(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    static struct prediction prediction;
    size_t page;

    (void)state;
    prediction.length = 0;
    check_prepare(&world);
    world.config.initial_slots = 0;
    check_make(&world);
    keep_every_second(&world, &keep);
    page = rh_heap_position(world.heap, keep).page;
    check_waste(world.heap, 5);

    assert_int_equal(rh_walk_runs(world.heap, page, predict, &prediction),
                     RH_OK);

    assert_int_equal(prediction.length, slots_per_page(&world) / 2 - 5);
    for (size_t i = 0; i < prediction.length; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        assert_int_equal(rh_heap_position(world.heap, node).page, page);
        assert_int_equal(rh_heap_position(world.heap, node).slot,
                         prediction.slots[i]);
    }
    check_heap(world.heap);
    check_close(&world);
}

static bool
stop_at_run(struct rh_heap *heap, size_t first, size_t count, void *context)
{
    (void)heap, (void)first, (void)count;
    ++*(size_t *)context;
    return false;
}

static void
a_walk_over_runs_stops_when_told_to(void **state)
{
    struct check_world world;
    struct node *keep = NULL;
    size_t count = 0;

    (void)state;
    check_open(&world);
    keep_every_second(&world, &keep);

    assert_int_equal(rh_walk_runs(world.heap,
                                  rh_heap_position(world.heap, keep).page,
                                  stop_at_run, &count),
                     RH_STOPPED);
    assert_int_equal(count, 1);
    check_close(&world);
}

// References.

struct list {
    void *items[16];
    size_t length;
};

static bool
list_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct list *list = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)from));
    assert_true(list->length < CHECK_COUNT(list->items));
    list->items[list->length++] = to;
    return true;
}

static void
references_come_in_the_models_order_and_as_often_as_they_are(void **state)
{
    struct check_world world;
    struct list list = { .length = 0 };
    struct node *a, *b, *c;

    (void)state;
    check_open(&world);
    a = check_node(world.heap, NULL, NULL);
    b = check_node(world.heap, a, NULL);
    c = check_node(world.heap, b, b);

    assert_int_equal(rh_walk_references(world.heap, a, list_reference, &list),
                     RH_OK);
    assert_int_equal(list.length, 0);
    assert_int_equal(rh_walk_references(world.heap, b, list_reference, &list),
                     RH_OK);
    assert_int_equal(list.length, 1);
    assert_int_equal(rh_walk_references(world.heap, c, list_reference, &list),
                     RH_OK);

    assert_int_equal(list.length, 3);
    assert_ptr_equal(list.items[0], a);
    assert_ptr_equal(list.items[1], b);
    assert_ptr_equal(list.items[2], b);
    check_heap(world.heap);
    check_close(&world);
}

static bool
stop_at_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    (void)heap, (void)from, (void)to;
    ++*(size_t *)context;
    return false;
}

static void
a_walk_over_references_stops_when_told_to(void **state)
{
    struct check_world world;
    struct node *node;
    size_t count = 0;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    node->left = node->right = node;

    assert_int_equal(
        rh_walk_references(world.heap, node, stop_at_reference, &count),
        RH_STOPPED);

    assert_int_equal(count, 1);
    rh_heap_collect(world.heap);
    check_close(&world);
}

static bool
stop_at_root(struct rh_heap *heap, const char *category, void *object,
             void *context)
{
    (void)heap, (void)category, (void)object;
    ++*(size_t *)context;
    return false;
}

static void
a_walk_over_roots_stops_when_told_to(void **state)
{
    struct check_world world;
    struct node *nodes[10];
    size_t count = 0;

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 10; i++)
        nodes[i] = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_root_add_range(world.heap, NULL, nodes, 10), RH_OK);

    assert_int_equal(rh_walk_roots(world.heap, stop_at_root, &count),
                     RH_STOPPED);

    assert_int_equal(count, 1);
    check_close(&world);
}

// Reachability.

static size_t
count_reachable(struct rh_heap *heap, void *from)
{
    size_t count = 0;

    assert_int_equal(rh_walk_reachable(heap, from, count_object, &count),
                     RH_OK);
    return count;
}

static void
what_an_object_reaches_is_walked_once_each(void **state)
{
    struct check_world world;
    struct node *a, *b, *list;
    void *last = NULL;

    (void)state;
    check_open(&world);
    list = check_list(world.heap, 100);
    a = check_node(world.heap, list, list);
    b = check_node(world.heap, a, a);
    a->left = b; // a circle

    assert_int_equal(count_reachable(world.heap, b), 102);
    assert_int_equal(count_reachable(world.heap, a), 102);
    assert_int_equal(count_reachable(world.heap, list), 100);
    assert_int_equal(count_reachable(world.heap, list->right), 99);
    assert_int_equal(rh_walk_reachable(world.heap, b, expect_ascending, &last),
                     RH_OK);
    check_heap(world.heap);
    check_close(&world);
}

static void
what_the_roots_reach_is_what_a_collection_keeps(void **state)
{
    struct check_world world;
    struct node *list, *other;

    (void)state;
    check_open(&world);
    assert_int_equal(count_reachable(world.heap, NULL), 0);
    list = check_list(world.heap, 100);
    other = list->right->right;
    check_root(world.heap, &list);
    check_root(world.heap, &other);
    check_waste(world.heap, 1000);

    assert_int_equal(count_reachable(world.heap, NULL), 100);
    check_heap(world.heap);
    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 100);
    assert_int_equal(count_reachable(world.heap, NULL), 100);
    check_heap(world.heap);
    check_close(&world);
}

static enum rh_status inner_status;

static bool
reach_inside(struct rh_heap *heap, void *object, void *context)
{
    inner_status = rh_walk_reachable(heap, object, count_object, context);
    return true;
}

static void
reachability_inside_reachability_is_busy(void **state)
{
    struct check_world world;
    size_t count = 0;
    struct node *list;

    (void)state;
    check_open(&world);
    list = check_list(world.heap, 3);

    assert_int_equal(rh_walk_reachable(world.heap, list, reach_inside, &count),
                     RH_OK);
    assert_int_equal(inner_status, RH_BUSY);
    assert_int_equal(count, 0);

    // But it may be asked inside another walk.
    assert_int_equal(rh_walk_objects(world.heap, reach_inside, &count), RH_OK);
    assert_int_equal(inner_status, RH_OK);
    assert_int_equal(count, 3 + 2 + 1);
    check_heap(world.heap);
    check_close(&world);
}

static bool
verify_inside(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    inner_status = rh_heap_verify(heap, NULL);
    return true;
}

static void
verifying_inside_reachability_is_busy_and_inside_other_walks_fine(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);

    assert_int_equal(rh_walk_reachable(world.heap, node, verify_inside, NULL),
                     RH_OK);
    assert_int_equal(inner_status, RH_BUSY);
    assert_int_equal(rh_walk_objects(world.heap, verify_inside, NULL), RH_OK);
    assert_int_equal(inner_status, RH_OK);
    check_close(&world);
}

static void
a_reachability_walk_may_allocate_and_stop(void **state)
{
    struct check_world world;
    struct node *list;
    size_t count = 0;

    (void)state;
    check_open(&world);
    list = check_list(world.heap, 250);
    check_root(world.heap, &list);

    assert_int_equal(rh_walk_reachable(world.heap, list, allocate_some, &count),
                     RH_OK);
    assert_int_equal(count, 250);
    check_heap(world.heap);
    count = 0;
    assert_int_equal(rh_walk_reachable(world.heap, list, stop_at_three, &count),
                     RH_STOPPED);
    assert_int_equal(count, 3);
    check_heap(world.heap);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 250);
    check_close(&world);
}

static void
allocating_trace(void *object, struct rh_visitor *visitor)
{
    (void)visitor;
    (void)rh_heap_alloc(rh_heap_of(object));
}

static void
a_trace_function_may_not_allocate_in_a_walk_either(void **state)
{
    struct check_world world;
    struct rh_model model = check_node_model;
    struct node *node;

    (void)state;
    check_prepare(&world);
    model.trace = allocating_trace;
    world.config.model = &model;
    check_make(&world);
    node = rh_heap_alloc(world.heap);
    check_root(world.heap, &node);

    check_panics("slot allocation",
                 (void)rh_walk_reachable(world.heap, NULL, count_object, NULL));
    check_abandon(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_is_walked_and_nothing_else),
        cmocka_unit_test(objects_are_walked_in_address_order),
        cmocka_unit_test(a_walk_stops_when_told_to),
        cmocka_unit_test(a_callback_may_allocate),
        cmocka_unit_test(collections_wait_until_a_walk_is_over),
        cmocka_unit_test(
            a_callback_may_allocate_for_every_object_and_comes_to_an_end),
        cmocka_unit_test(collecting_or_freeing_during_a_walk_panics),
        cmocka_unit_test(walks_may_nest),
        cmocka_unit_test(a_callback_may_leave_by_longjmp),
        cmocka_unit_test(walks_may_nest_allocate_and_be_left_all_at_once),
        cmocka_unit_test(an_abandoned_walk_that_goes_on_shows_no_dead),
        cmocka_unit_test(no_dead_object_is_shown),
        cmocka_unit_test(garbage_stays_while_a_collection_waits),
        cmocka_unit_test(abandoning_no_walk_does_nothing),
        cmocka_unit_test(pages_are_walked_with_what_the_statistics_say),
        cmocka_unit_test(one_page_is_the_one_allocated_from),
        cmocka_unit_test(
            pages_are_shown_as_they_are_while_a_callback_allocates),
        cmocka_unit_test(a_walk_over_pages_stops_when_told_to),
        cmocka_unit_test(one_page_can_be_looked_at),
        cmocka_unit_test(a_page_too_high_is_not_found),
        cmocka_unit_test(a_fresh_page_has_one_run_of_all_slots),
        cmocka_unit_test(the_worst_page_has_a_run_for_every_second_slot),
        cmocka_unit_test(runs_tell_in_which_order_slots_will_be_handed_out),
        cmocka_unit_test(a_walk_over_runs_stops_when_told_to),
        cmocka_unit_test(
            references_come_in_the_models_order_and_as_often_as_they_are),
        cmocka_unit_test(a_walk_over_references_stops_when_told_to),
        cmocka_unit_test(a_walk_over_roots_stops_when_told_to),
        cmocka_unit_test(what_an_object_reaches_is_walked_once_each),
        cmocka_unit_test(what_the_roots_reach_is_what_a_collection_keeps),
        cmocka_unit_test(reachability_inside_reachability_is_busy),
        cmocka_unit_test(
            verifying_inside_reachability_is_busy_and_inside_other_walks_fine),
        cmocka_unit_test(a_reachability_walk_may_allocate_and_stop),
        cmocka_unit_test(a_trace_function_may_not_allocate_in_a_walk_either),
    };

    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
