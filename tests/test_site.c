// SPDX-License-Identifier: MIT
// Where objects were allocated.
#include "objects.h"

#include "heap.h"

#include <rheap/compact.h>
#include <rheap/hash.h>
#include <rheap/site.h>
#include <rheap/string.h>

static const char file[] = "app.rb";

static void
expect_none(const struct rh_heap *heap, const void *object)
{
    struct rh_site site;

    assert_int_equal(rh_site_of(heap, object, &site), RH_NOT_FOUND);
}

static void
expect_line(const struct rh_heap *heap, const void *object, unsigned line)
{
    struct rh_site site;

    assert_int_equal(rh_site_of(heap, object, &site), RH_OK);
    assert_ptr_equal(site.file, file);
    assert_int_equal(site.line, line);
}

// A node allocated at this line of the file.
static struct node *
node_at(struct rh_heap *heap, unsigned line)
{
    rh_site_at(heap, file, line);
    return check_node(heap, NULL, NULL);
}

// A heap with one page and no automatic collections.
static void
open_site(struct check_world *world)
{
    check_prepare(world);
    world->config.initial_slots = 0;
    check_make(world);
    rh_heap_disable(world->heap);
}

// A list of nodes, each from a line that is its place in the list.
static struct node *
list_of_lines(struct rh_heap *heap, unsigned count)
{
    struct node *list = NULL;

    for (unsigned line = count; line > 0; line--) {
        struct node *node = node_at(heap, line);

        node->right = list;
        list = node;
    }
    return list;
}

static void
expect_lines(const struct rh_heap *heap, const struct node *list)
{
    for (unsigned line = 1; list; list = list->right, line++)
        expect_line(heap, list, line);
}

// Tracing.

static void
what_is_allocated_while_tracing_has_a_site(void **state)
{
    struct check_world world;
    struct rh_site site;
    struct node *before, *meanwhile, *after;

    (void)state;
    open_site(&world);
    before = node_at(world.heap, 1);
    rh_heap_collect(world.heap);
    rh_heap_collect(world.heap);
    before = node_at(world.heap, 2);
    assert_false(rh_site_trace(world.heap, true));
    *rh_site_present(world.heap) = (struct rh_site){
        .file = file,
        .class_path = "Shop::Cart",
        .method = "add",
        .line = 12,
        .generation = 77,
    };
    meanwhile = check_node(world.heap, NULL, NULL);
    assert_true(rh_site_trace(world.heap, false));
    after = check_node(world.heap, NULL, NULL);
    check_heap(world.heap);

    expect_none(world.heap, before);
    expect_none(world.heap, after);
    assert_int_equal(rh_site_of(world.heap, meanwhile, &site), RH_OK);
    assert_ptr_equal(site.file, file);
    assert_string_equal(site.class_path, "Shop::Cart");
    assert_string_equal(site.method, "add");
    assert_int_equal(site.line, 12);
    assert_int_equal(site.generation, 2);
    assert_int_equal(rh_site_count(world.heap), 1);
    assert_int_equal(rh_site_lost(world.heap), 0);
    check_close(&world);
}

static void
a_line_of_c_can_be_the_site(void **state)
{
    struct check_world world;
    struct rh_site site;
    unsigned line;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    line = __LINE__ + 1;
    RH_SITE(world.heap);
    assert_int_equal(
        rh_site_of(world.heap, check_node(world.heap, NULL, NULL), &site),
        RH_OK);
    assert_non_null(strstr(site.file, "test_site.c"));
    assert_int_equal(site.line, line);
    assert_null(site.method);
    assert_null(site.class_path);
    check_close(&world);
}

static void
starts_and_stops_nest(void **state)
{
    struct check_world world;

    (void)state;
    open_site(&world);
    assert_false(rh_site_trace(world.heap, false)); // stopped first: nothing
    expect_none(world.heap, node_at(world.heap, 1));
    assert_false(rh_site_trace(world.heap, true));
    assert_true(rh_site_trace(world.heap, true));
    expect_line(world.heap, node_at(world.heap, 2), 2);
    assert_true(rh_site_trace(world.heap, false));
    expect_line(world.heap, node_at(world.heap, 3), 3);
    assert_true(rh_site_trace(world.heap, false));
    expect_none(world.heap, node_at(world.heap, 4));
    assert_false(rh_site_trace(world.heap, false));
    assert_false(rh_site_trace(world.heap, true));
    expect_line(world.heap, node_at(world.heap, 5), 5);
    check_heap(world.heap);
    check_close(&world);
}

static void
sites_stay_after_a_stop_until_they_are_cleared(void **state)
{
    struct check_world world;
    struct node *list;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    list = list_of_lines(world.heap, 100);
    rh_site_trace(world.heap, false);
    check_root(world.heap, &list);
    rh_heap_collect(world.heap);
    expect_lines(world.heap, list);
    assert_int_equal(rh_site_count(world.heap), 100);

    rh_site_clear(world.heap);

    check_heap(world.heap);
    assert_int_equal(rh_site_count(world.heap), 0);
    for (const struct node *node = list; node; node = node->right)
        expect_none(world.heap, node);
    check_close(&world);
}

static void
clearing_while_tracing_forgets_and_goes_on(void **state)
{
    struct check_world world;
    struct node *old, *new;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    old = node_at(world.heap, 1);
    rh_site_clear(world.heap);
    new = check_node(world.heap, NULL, NULL); // the present site stays
    expect_none(world.heap, old);
    expect_line(world.heap, new, 1);
    check_close(&world);
}

static void
a_heap_that_never_traced_has_taken_no_memory_for_it(void **state)
{
    struct check_world world;
    size_t blocks;

    (void)state;
    open_site(&world);
    blocks = world.allocator.blocks;
    rh_site_trace(world.heap, true);
    assert_int_equal(world.allocator.blocks, blocks);
    list_of_lines(world.heap, 1000);
    assert_true(world.allocator.blocks > blocks);
    rh_site_trace(world.heap, false);
    rh_site_clear(world.heap);
    assert_int_equal(world.allocator.blocks, blocks);
    list_of_lines(world.heap, 1000);
    rh_heap_collect(world.heap);
    assert_int_equal(world.allocator.blocks, blocks);
    check_close(&world);
}

static void
the_inline_road_is_traced_and_is_free_again_afterwards(void **state)
{
    struct check_world world;
    struct rh_fast *fast;
    void *slot;

    (void)state;
    open_site(&world);
    fast = rh_heap_fast(world.heap);
    check_waste(world.heap, 1);
    rh_site_trace(world.heap, true);
    rh_site_at(world.heap, file, 3);
    assert_ptr_equal(fast->limit, fast->next);
    slot = memset(rh_fast_alloc(world.heap, fast, 40), 0, 40);
    expect_line(world.heap, slot, 3);
    rh_site_trace(world.heap, false);
    if (!world.heap->region.watched)
        assert_ptr_not_equal(fast->limit, fast->next);
    slot = memset(rh_fast_alloc(world.heap, fast, 40), 0, 40);
    expect_none(world.heap, slot);
    check_close(&world);
}

static void
answer_site(struct rh_heap *heap, struct rh_site *site, void *context)
{
    unsigned *asked = context;

    (void)heap;
    assert_ptr_equal(site->file, file); // of the present site
    site->line = 100 + ++*asked;
}

static void
somebody_may_be_asked_where_the_program_is(void **state)
{
    struct check_world world;
    unsigned asked = 0;

    (void)state;
    open_site(&world);
    rh_site_ask(world.heap, answer_site, &asked);
    node_at(world.heap, 1);
    assert_int_equal(asked, 0);
    rh_site_trace(world.heap, true);
    expect_line(world.heap, node_at(world.heap, 2), 101);
    expect_line(world.heap, node_at(world.heap, 3), 102);
    assert_int_equal(rh_site_present(world.heap)->line, 3);
    rh_site_ask(world.heap, NULL, NULL);
    expect_line(world.heap, node_at(world.heap, 4), 4);
    assert_int_equal(asked, 2);
    check_close(&world);
}

static void
hear_of_new(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    ++*(unsigned *)context;
    if (rh_site_count(heap))
        expect_line(heap, event->object, *(unsigned *)context);
}

static void
tracing_and_listening_do_not_stop_each_other(void **state)
{
    struct check_world world;
    unsigned heard = 0;

    (void)state;
    open_site(&world);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_OBJECT_NEW, hear_of_new, &heard),
        RH_OK);
    rh_site_trace(world.heap, true);
    node_at(world.heap, 1); // its listener finds the site
    node_at(world.heap, 2);
    assert_int_equal(heard, 2);
    rh_site_trace(world.heap, false);
    rh_site_clear(world.heap);
    node_at(world.heap, 3);
    assert_int_equal(heard, 3);
    rh_site_trace(world.heap, true);
    assert_int_equal(rh_event_ignore(world.heap, hear_of_new, &heard), RH_OK);
    expect_line(world.heap, node_at(world.heap, 4), 4);
    assert_int_equal(heard, 3);
    check_close(&world);
}

static void
heaps_trace_each_for_itself(void **state)
{
    struct check_world one, other;
    struct node *here, *there;

    (void)state;
    open_site(&one);
    open_site(&other);
    rh_site_trace(one.heap, true);
    here = node_at(one.heap, 1);
    there = node_at(other.heap, 2);
    expect_line(one.heap, here, 1);
    expect_none(other.heap, there);
    expect_none(one.heap, there);
    expect_none(other.heap, here);
    check_close(&one);
    check_close(&other);
}

static void
any_address_may_be_asked_for(void **state)
{
    struct check_world world;
    uint64_t seed = check_seed();
    char *node;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    node = (char *)node_at(world.heap, 1);
    expect_none(world.heap, NULL);
    expect_none(world.heap, node + 8);
    expect_none(world.heap, node + 40); // not handed out
    expect_none(world.heap, node - 64); // the header
    expect_none(world.heap, &node);
    for (int i = 0; i < 10000; i++) {
        uintptr_t word = check_random(&seed);

        if (word != (uintptr_t)node)
            expect_none(world.heap, (const void *)word);
    }
    check_close(&world);
}

static void
a_site_can_be_set(void **state)
{
    struct check_world world;
    struct rh_site site = { .file = file, .line = 8, .generation = 5 };
    struct node *node;

    (void)state;
    open_site(&world);
    node = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_site_set(world.heap, &site, &site), RH_NOT_FOUND);
    assert_int_equal(rh_site_set(world.heap, node, &site), RH_OK);
    expect_line(world.heap, node, 8);
    site.line = 9;
    assert_int_equal(rh_site_set(world.heap, node, &site), RH_OK);
    expect_line(world.heap, node, 9);
    assert_int_equal(rh_site_of(world.heap, node, &site), RH_OK);
    assert_int_equal(site.generation, 5);
    assert_int_equal(rh_site_count(world.heap), 1);
    check_heap(world.heap);
    check_close(&world);
}

// Death.

static void
the_dead_take_their_sites_with_them(void **state)
{
    struct check_world world;
    struct node *list;
    size_t blocks;

    (void)state;
    open_site(&world);
    blocks = world.allocator.blocks;
    rh_site_trace(world.heap, true);
    list = list_of_lines(world.heap, 20);
    check_root(world.heap, &list);
    for (int round = 0; round < 5; round++) {
        check_waste(world.heap, 3000);
        assert_int_equal(rh_site_count(world.heap), 3020);
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(rh_site_count(world.heap), 20);
        expect_lines(world.heap, list);
    }
    list = NULL;
    rh_heap_collect(world.heap);
    assert_int_equal(rh_site_count(world.heap), 0);
    // Left are the pointers to arrays, and the places.
    assert_true(world.allocator.blocks <= blocks + 4);
    rh_site_clear(world.heap);
    assert_true(world.allocator.blocks <= blocks + 1);
    check_close(&world);
}

static void
a_slot_used_again_never_shows_the_site_of_its_former_object(void **state)
{
    struct check_world world;
    struct node *keep;
    uintptr_t reused = 0;

    (void)state;
    open_site(&world);
    keep = node_at(world.heap, 1);
    check_root(world.heap, &keep);
    rh_site_trace(world.heap, true);
    list_of_lines(world.heap, 1000);
    rh_site_trace(world.heap, false);
    rh_heap_collect(world.heap);
    for (int i = 0; i < 1000; i++) {
        struct node *node = node_at(world.heap, 5);

        reused += (uintptr_t)node < (uintptr_t)keep + 1000 * 40;
        expect_none(world.heap, node);
    }
    assert_true(reused > 0);
    check_heap(world.heap);

    rh_site_trace(world.heap, true);
    rh_heap_collect(world.heap);
    for (unsigned i = 0; i < 1000; i++)
        expect_line(world.heap, node_at(world.heap, 7 + i), 7 + i);
    check_heap(world.heap);
    check_close(&world);
}

static void
sites_survive_stress(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value hash;

    rh_site_trace(heap, true);
    rh_site_at(heap, file, 1);
    hash = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    for (unsigned line = 2; line < 60; line++) {
        rh_value text;

        rh_site_at(heap, file, line);
        text = objects_keep(heap, rh_string_new(heap, 0, "text", 4));
        rh_string_new(heap, 0, NULL, 50);
        assert_int_equal(rh_hash_set(heap, hash, text, text), RH_OK);
        expect_line(heap, rh_value_slot(text), line);
    }
    expect_line(heap, rh_value_slot(hash), 1);
    rh_heap_collect(heap);
    objects_check(heap);
    assert_int_equal(rh_site_count(heap), objects_alive(heap));
    objects_close(&world);
}

// Two hundred rounds against a list that a test keeps itself.
enum {
    HELD = 200
};

struct held {
    struct node *node;
    unsigned line; // 0: not traced
};

static struct held held[HELD];

static void
held_roots(struct rh_visitor *visitor, void *context)
{
    (void)context;
    for (size_t i = 0; i < HELD; i++)
        rh_visit(visitor, &held[i].node);
}

static void
sites_are_those_that_a_shadow_knows(void **state)
{
    struct check_world world;
    uint64_t seed = check_seed();
    unsigned line = 0;

    (void)state;
    open_site(&world);
    memset(held, 0, sizeof held);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, held_roots, NULL),
                     RH_OK);
    for (int round = 0; round < 20000; round++) {
        struct held *one = &held[check_random_below(&seed, HELD)];
        bool tracing = world.heap->sites.starts != 0;

        switch (check_random_below(&seed, 40)) {
        case 0:
            rh_heap_collect(world.heap);
            check_heap(world.heap);
            break;
        case 1:
            rh_site_trace(world.heap, !tracing);
            break;
        case 2:
            check_waste(world.heap, check_random_below(&seed, 100));
            break;
        default:
            one->node = node_at(world.heap, ++line);
            one->line = tracing ? line : 0;
        }
        one = &held[check_random_below(&seed, HELD)];
        if (one->node && one->line)
            expect_line(world.heap, one->node, one->line);
        else if (one->node)
            expect_none(world.heap, one->node);
    }
    check_heap(world.heap);
    check_close(&world);
}

// Young objects: a minor collection marks in place, in the plane of the old.

static void
the_young_dead_take_their_sites_with_them(void **state)
{
    struct check_world world;
    struct node *list;

    (void)state;
    check_open_generational(&world);
    rh_heap_disable(world.heap);
    rh_site_trace(world.heap, true);
    list = list_of_lines(world.heap, 20);
    check_root(world.heap, &list);
    check_waste(world.heap, 100);

    rh_heap_minor(world.heap);

    check_heap(world.heap);
    assert_int_equal(rh_site_count(world.heap), 20);
    expect_lines(world.heap, list);
    check_close(&world);
}

static void
only_pages_with_young_objects_lose_sites_in_a_minor_collection(void **state)
{
    struct check_world world;
    struct rhi_region *region;
    struct rh_marker *marker;
    struct node *young, *old;
    size_t page;

    (void)state;
    open_site(&world);
    region = &world.heap->region;
    marker = &world.heap->marker;
    rh_site_trace(world.heap, true);
    old = node_at(world.heap, 1);
    check_waste(world.heap, rh_heap_slots_per_page(world.heap));
    young = node_at(world.heap, 2);
    page = rh_heap_position(world.heap, young).page;
    assert_int_not_equal(page, rh_heap_position(world.heap, old).page);

    memset(region->flags, 0, region->top);
    region->flags[page] = RHI_FLAG_YOUNG;
    marker->plane = region->plane[RHI_MARK]; // where nothing is marked
    rhi_sites_forget(&world.heap->sites, marker, true);
    expect_line(world.heap, old, 1);
    expect_none(world.heap, young);
    rhi_sites_forget(&world.heap->sites, marker, false);
    expect_none(world.heap, old);
    assert_int_equal(rh_site_count(world.heap), 0);

    region->flags[page] = 0;
    check_heap(world.heap);
    check_close(&world);
}

// Moving.

// A node of a traced page and one of a page that has never been.
static void
make_two_pages(struct check_world *world, struct node **from, struct node **to)
{
    open_site(world);
    rh_site_trace(world->heap, true);
    *from = node_at(world->heap, 6);
    rh_site_trace(world->heap, false);
    check_waste(world->heap, rh_heap_slots_per_page(world->heap));
    *to = check_node(world->heap, NULL, NULL);
}

static void
a_site_follows_an_object_that_moves(void **state)
{
    struct check_world world;
    struct node *from, *to;
    size_t calls;

    (void)state;
    make_two_pages(&world, &from, &to);
    assert_true(rhi_sites_prepare(&world.heap->sites, 0));
    check_heap(world.heap);
    calls = world.faults.calls;

    rhi_sites_moved(&world.heap->sites, from, to);

    assert_int_equal(world.faults.calls, calls); // no memory in a collection
    expect_none(world.heap, from);
    expect_line(world.heap, to, 6);
    assert_int_equal(rh_site_count(world.heap), 1);
    assert_int_equal(rh_site_lost(world.heap), 0);
    check_heap(world.heap);
    rhi_sites_moved(&world.heap->sites, to, from);
    expect_line(world.heap, from, 6);
    rhi_sites_moved(&world.heap->sites, to, from); // has none: nothing
    expect_line(world.heap, from, 6);
    check_close(&world);
}

static void
an_object_that_moves_to_a_page_without_an_array_loses_its_site(void **state)
{
    struct check_world world;
    struct node *from, *to;

    (void)state;
    make_two_pages(&world, &from, &to);
    check_fail_at(&world.faults, 1);
    assert_false(rhi_sites_prepare(&world.heap->sites, 0));
    check_fail_at(&world.faults, 0);

    rhi_sites_moved(&world.heap->sites, from, to);

    expect_none(world.heap, from);
    expect_none(world.heap, to);
    assert_int_equal(rh_site_lost(world.heap), 1);
    check_heap(world.heap);
    check_close(&world);
}

static void
pages_to_come_have_no_sites_that_could_die(void **state)
{
    struct check_world world;
    struct node *from, *to;

    (void)state;
    make_two_pages(&world, &from, &to);
    check_root(world.heap, &from);
    assert_true(rhi_sites_prepare(&world.heap->sites, 5000));

    rh_heap_collect(world.heap);

    expect_line(world.heap, from, 6);
    assert_int_equal(rh_site_count(world.heap), 1);
    check_heap(world.heap);
    check_close(&world);
}

// A node of a page that has never been traced, and one of the next page, which
// moves.
static void sites_follow(enum rh_status (*move)(struct rh_heap *heap))
{
    struct check_world world;
    struct node *stays, *moves, *before;

    check_prepare(&world);
    world.config.initial_slots = 0;
    world.config.generational = true;
    check_make(&world);
    rh_heap_disable(world.heap);
    stays = check_node(world.heap, NULL, NULL);
    check_waste(world.heap, rh_heap_slots_per_page(world.heap));
    rh_site_trace(world.heap, true);
    before = moves = node_at(world.heap, 6);
    rh_site_trace(world.heap, false);
    check_root(world.heap, &stays);
    check_root(world.heap, &moves);

    assert_int_equal(move(world.heap), RH_OK);

    assert_ptr_not_equal(moves, before);
    expect_line(world.heap, moves, 6);
    expect_none(world.heap, stays);
    assert_int_equal(rh_site_lost(world.heap), 0);
    check_heap(world.heap);
    rh_heap_collect(world.heap);
    expect_line(world.heap, moves, 6);
    assert_int_equal(rh_site_count(world.heap), 1);
    check_close(&world);
}

static enum rh_status
move_together(struct rh_heap *heap)
{
    return rh_heap_compact(heap, NULL);
}

static enum rh_status
move_apart(struct rh_heap *heap)
{
    return rh_compact_verify(heap, NULL);
}

static enum rh_status
move_after_steps(struct rh_heap *heap)
{
    (void)rh_heap_stress(heap, RH_STRESS_COMPACT);
    assert_int_equal(rh_heap_start(heap), RH_OK);
    while (!rh_heap_step(heap, (struct rh_budget){ .objects = 1 }))
        check_heap(heap);
    (void)rh_heap_stress(heap, RH_STRESS_NONE);
    return RH_OK;
}

static void
sites_follow_to_pages_that_had_none(void **state)
{
    (void)state;
    sites_follow(move_together);
}

static void
sites_follow_to_new_pages(void **state)
{
    (void)state;
    sites_follow(move_apart);
}

static void
sites_follow_at_the_end_of_a_collection_in_steps(void **state)
{
    (void)state;
    sites_follow(move_after_steps);
}

static void
nothing_is_prepared_for_a_heap_without_sites(void **state)
{
    struct check_world world;
    size_t calls;

    (void)state;
    open_site(&world);
    check_waste(world.heap, 1000);
    calls = world.faults.calls;
    assert_true(rhi_sites_prepare(&world.heap->sites, 0));
    assert_int_equal(world.faults.calls, calls);
    check_close(&world);
}

// Memory.

static void
without_memory_an_object_has_no_site_and_that_is_counted(void **state)
{
    struct check_world world;
    struct rh_site site = { .file = file, .line = 1 };
    struct node *node;

    (void)state;
    open_site(&world);
    node_at(world.heap, 1);
    rh_site_trace(world.heap, true);
    for (size_t call = 1; call <= 4; call++) { // pointers, array, table, list
        check_fail_at(&world.faults, call);
        node = node_at(world.heap, 2);
        assert_true(world.faults.failed);
        check_fail_at(&world.faults, 0);
        expect_none(world.heap, node);
        assert_int_equal(rh_site_lost(world.heap), call);
        check_heap(world.heap);
        rh_site_clear(world.heap);
    }
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_site_set(world.heap, node, &site), RH_NO_MEMORY);
    check_fail_at(&world.faults, 0);
    node = node_at(world.heap, 3);
    expect_line(world.heap, node, 3);
    check_close(&world);
}

static void
a_site_that_cannot_be_set_anew_is_gone(void **state)
{
    struct check_world world;
    struct rh_site site = { .file = file };
    struct node *node;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    node = node_at(world.heap, 1);
    check_fail_at(&world.faults, 1);
    while (rh_site_set(world.heap, node, &site) == RH_OK)
        site.line++; // until the places have no room
    check_fail_at(&world.faults, 0);
    expect_none(world.heap, node);
    assert_int_equal(rh_site_count(world.heap), 0);
    check_heap(world.heap);
    check_close(&world);
}

// Checking.

static void
broken_records_are_found(void **state)
{
    struct check_world world;
    struct rhi_site_array *array;

    (void)state;
    open_site(&world);
    rh_site_trace(world.heap, true);
    node_at(world.heap, 1);
    array = world.heap->sites.arrays[0];

    array->records[0].place = 9;
    check_broken(world.heap, "D2");
    array->records[0].place = 0;
    world.heap->sites.count = 2;
    check_broken(world.heap, "D3");
    world.heap->sites.count = 1;
    check_heap(world.heap);

    rhi_mutator_flush(&world.heap->mutator);
    array->known[0] |= 2; // nothing is there
    check_broken(world.heap, "D1");
    array->known[0] &= ~UINT64_C(2);
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allocated_while_tracing_has_a_site),
        cmocka_unit_test(a_line_of_c_can_be_the_site),
        cmocka_unit_test(starts_and_stops_nest),
        cmocka_unit_test(sites_stay_after_a_stop_until_they_are_cleared),
        cmocka_unit_test(clearing_while_tracing_forgets_and_goes_on),
        cmocka_unit_test(a_heap_that_never_traced_has_taken_no_memory_for_it),
        cmocka_unit_test(
            the_inline_road_is_traced_and_is_free_again_afterwards),
        cmocka_unit_test(somebody_may_be_asked_where_the_program_is),
        cmocka_unit_test(tracing_and_listening_do_not_stop_each_other),
        cmocka_unit_test(heaps_trace_each_for_itself),
        cmocka_unit_test(any_address_may_be_asked_for),
        cmocka_unit_test(a_site_can_be_set),
        cmocka_unit_test(the_dead_take_their_sites_with_them),
        cmocka_unit_test(
            a_slot_used_again_never_shows_the_site_of_its_former_object),
        objects_test(sites_survive_stress),
        cmocka_unit_test(sites_are_those_that_a_shadow_knows),
        cmocka_unit_test(the_young_dead_take_their_sites_with_them),
        cmocka_unit_test(
            only_pages_with_young_objects_lose_sites_in_a_minor_collection),
        cmocka_unit_test(a_site_follows_an_object_that_moves),
        cmocka_unit_test(
            an_object_that_moves_to_a_page_without_an_array_loses_its_site),
        cmocka_unit_test(sites_follow_to_pages_that_had_none),
        cmocka_unit_test(sites_follow_to_new_pages),
        cmocka_unit_test(sites_follow_at_the_end_of_a_collection_in_steps),
        cmocka_unit_test(pages_to_come_have_no_sites_that_could_die),
        cmocka_unit_test(nothing_is_prepared_for_a_heap_without_sites),
        cmocka_unit_test(
            without_memory_an_object_has_no_site_and_that_is_counted),
        cmocka_unit_test(a_site_that_cannot_be_set_anew_is_gone),
        cmocka_unit_test(broken_records_are_found),
    };

    return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
