// SPDX-License-Identifier: MIT
// Moving objects together: which pages become empty, who moves and who stays,
// and that every reference follows.
#include "config.h"

#include "check.h"

#include "heap.h"
#include "poison.h"

#include <rheap/compact.h>
#include <sys/mman.h>

// A heap whose objects may move, built by placing them.  The program holds all
// of them in a range of roots; tag n is that of object n.

enum {
    MOST = 20000
};

static struct check_world world;
static struct rh_model model;
static struct node *objects[MOST];
static size_t object_count;

static void
describe_by_tag(struct rh_heap *heap, const void *object,
                struct rh_description *description)
{
    static const char *const names[] = { "NODE", "LEAF", "TWIG" };
    uint64_t tag = ((const struct node *)object)->tag;

    (void)heap;
    description->type = names[tag % 3];
    description->type_code = (uint32_t)(tag % 3) * 31; // 0, 31, 62
}

static void
prepare(void)
{
    check_prepare(&world);
    model = check_node_model;
    model.flags = RH_MODEL_MOVABLE;
    model.describe = describe_by_tag;
    world.config.model = &model;
    world.config.initial_slots = 0;
    memset(objects, 0, sizeof objects);
    object_count = 0;
}

static void
hold_objects(void)
{
    assert_int_equal(rh_root_add_range(world.heap, NULL, objects, MOST), RH_OK);
}

static void
begin(void)
{
    check_make(&world);
    hold_objects();
    assert_int_equal(rh_image_begin(world.heap), RH_OK);
}

static void
open_image(void)
{
    prepare();
    begin();
}

static size_t
page_slots(void)
{
    return rh_heap_slots_per_page(world.heap);
}

static size_t
granule(void)
{
    return world.heap->region.granule_pages;
}

static struct node *
place(size_t page, size_t slot)
{
    struct node *node =
        rh_image_place(world.heap, (struct rh_position){ page, slot }, NULL);

    assert_non_null(node);
    assert_true(object_count < MOST);
    node->tag = object_count;
    objects[object_count++] = node;
    return node;
}

// Spread `count` objects over a page.
static void
place_many(size_t page, size_t count)
{
    assert_int_equal(rh_image_page(world.heap, page), RH_OK);
    for (size_t i = 0; i < count; i++)
        place(page, i * page_slots() / count);
}

// The same on each page of a granule, so that it counts like a page.
static void
place_granule(size_t number, size_t count)
{
    for (size_t page = 0; page < granule(); page++)
        place_many(number * granule() + page, count);
}

static void
end_image(void)
{
    rh_image_end(world.heap);
    check_heap(world.heap);
}

// Every object refers to two others.
static void
link_objects(uint64_t seed)
{
    for (size_t i = 0; i < object_count; i++) {
        objects[i]->left = objects[check_random_below(&seed, object_count)];
        objects[i]->right = objects[check_random_below(&seed, object_count)];
    }
}

static void
expect_links(uint64_t seed)
{
    for (size_t i = 0; i < object_count; i++) {
        size_t left = check_random_below(&seed, object_count);
        size_t right = check_random_below(&seed, object_count);

        assert_int_equal(objects[i]->tag, i);
        assert_ptr_equal(objects[i]->left, objects[left]);
        assert_ptr_equal(objects[i]->right, objects[right]);
    }
}

static struct rh_compaction
compact(void)
{
    struct rh_compaction result = { .struct_bytes = sizeof result };

    assert_int_equal(rh_heap_compact(world.heap, &result), RH_OK);
    check_heap(world.heap);
    return result;
}

static size_t
page_of(const void *object)
{
    return rh_heap_position(world.heap, object).page;
}

static size_t
eden(void)
{
    return check_stat(world.heap, "heap_eden_pages");
}

// ---- bits ----

static bool
plane_has(enum rhi_plane plane, const void *object)
{
    return rhi_bit_test(world.heap->region.plane[plane][page_of(object)],
                        rhi_page_index(&world.heap->region, (uintptr_t)object));
}

static size_t
plane_count(enum rhi_plane plane)
{
    size_t count = 0;

    for (size_t page = 0; page < world.heap->region.top; page++)
        count += rhi_line_count(world.heap->region.plane[plane][page]);
    return count;
}

static void
set_bit(enum rhi_plane plane, const void *object)
{
    rhi_bit_set(world.heap->region.plane[plane][page_of(object)],
                rhi_page_index(&world.heap->region, (uintptr_t)object));
}

// ---- which pages, and how many ----

static void
a_sparse_heap_gives_nearly_all_of_its_pages_back(void **state)
{
    enum {
        EVERY = 400
    };
#ifdef RH_TINY_PAGES
    const size_t made = 100000, every = 24;
#else
    const size_t made = 3000000, every = EVERY;
#endif
    size_t before;
    size_t kept = 0;

    (void)state;
    prepare();
    check_make(&world);
    hold_objects();
    rh_heap_disable(world.heap);
    for (size_t i = 0; i < made; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        if (i % every == 0) {
            node->tag = kept;
            objects[kept++] = node;
        }
    }
    object_count = kept;
    link_objects(5);
    rh_heap_collect(world.heap);
    before = eden();
    assert_true(before > made / page_slots() / 2);

    compact();

    assert_int_equal(eden(), (kept + page_slots() - 1) / page_slots());
    assert_true(eden() * 20 <= before);
    // The others are in the tomb or, nine of ten, with the system.
    assert_true(check_stat(world.heap, "total_freed_pages") * 10 >= before * 9);
    expect_links(5);
    check_close(&world);
}

static void
the_fewest_objects_move_that_leave_the_fewest_pages(void **state)
{
    struct rh_compaction result;
    size_t slots;

    (void)state;
    open_image();
    slots = page_slots();
    place_granule(0, slots / 2);
    place_granule(1, slots * 3 / 4);
    place_granule(2, slots);
    place_granule(3, slots * 3 / 4);
    place_granule(4, slots / 4);
    place_granule(5, slots * 3 / 4);
    link_objects(1);
    end_image();

    result = compact();

    // In 1, 2, 3 and 5 there is room for the objects of 0 and 4.
    assert_int_equal(result.moved, granule() * (slots / 2 + slots / 4));
    assert_int_equal(result.emptied_pages, 2 * granule());
    assert_int_equal(result.pages, 6 * granule());
    assert_int_equal(result.pinned, 0);
    expect_links(1);
    for (size_t i = 0; i < object_count; i++) {
        size_t number = page_of(objects[i]) / granule();

        assert_true(number != 0 && number != 4);
    }
    check_close(&world);
}

static void
of_pages_alike_the_lowest_stay_and_order_is_kept(void **state)
{
    size_t half;

    (void)state;
    open_image();
    half = page_slots() / 2;
    for (size_t number = 0; number < 6; number++)
        place_granule(number, half);
    end_image();

    compact();

    assert_int_equal(eden(), (object_count + page_slots() - 1) / page_slots());
    for (size_t i = 0; i < object_count; i++) {
        bool stayed = i < 3 * half * granule();

        assert_true(page_of(objects[i]) < 3 * granule());
        if (i > 0 && i != 3 * half * granule()) // within those that stayed,
            assert_true(objects[i - 1] < objects[i]); // and those that moved
        if (stayed)
            assert_int_equal(page_of(objects[i]), i / half);
    }
    check_close(&world);
}

static void
objects_fill_the_free_slots_exactly(void **state)
{
    size_t slots;

    (void)state;
    open_image();
    slots = page_slots();
    place_granule(0, slots - 1);
    place_many(1 * granule(), 1); // one object for each free slot
    for (size_t page = 1; page < granule(); page++)
        place_many(1 * granule() + page, 1);
    link_objects(2);
    end_image();

    compact();

    assert_int_equal(eden(), granule());
    for (size_t page = 0; page < granule(); page++)
        assert_int_equal(world.heap->region.live[page], slots);
    expect_links(2);
    check_close(&world);
}

static void
granules_become_empty_where_an_os_page_is_larger_than_a_page(void **state)
{
    size_t slots;
    size_t large;

    (void)state;
    prepare();
    check_memory_init(&world.memory, &world.faults, &world.config.memory,
                      65536);
    begin();
    slots = page_slots();
    large = granule();
    assert_true(large > 1);
    // Each granule has one page that is half full, and one that is nearly so.
    for (size_t number = 0; number < 8; number++) {
        for (size_t page = 0; page < large; page++)
            place_many(number * large + page, page < 2 ? slots / 2 - page : 0);
        rh_heap_safepoint(world.heap);
    }
    link_objects(3);
    end_image();

    compact();

    assert_int_equal(eden(), (object_count + slots - 1) / slots);
    for (size_t i = 0; i < object_count; i++)
        assert_true(page_of(objects[i]) / large <
                    (object_count + large * slots - 1) / (large * slots));
    rh_trim_now(world.heap, RH_TRIM_PAGES);
    assert_true(check_stat(world.heap, "total_freed_pages") >= 5 * large);
    check_heap(world.heap);
    expect_links(3);
    check_close(&world);
}

static void
a_granule_that_cannot_be_released_is_filled_first(void **state)
{
    size_t large;

    (void)state;
    prepare();
    check_memory_init(&world.memory, &world.faults, &world.config.memory,
                      65536);
    begin();
    large = granule();
    assert_true(large > 2);
    for (size_t page = 0; page < large; page++) {
        place_many(page, 0);
        place_many(large + page, page < 3 ? page_slots() * 3 / 4 : 0);
    }
    place(1, 5); // on the emptier one, but it stays
    end_image();
    rh_heap_pin(world.heap, objects[object_count - 1]);

    compact();

    assert_int_equal(eden(), 3);
    for (size_t i = 0; i < object_count; i++)
        assert_true(page_of(objects[i]) < large);
    check_close(&world);
}

static void
the_dead_are_buried_first(void **state)
{
    struct rh_compaction result;

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    place_granule(1, page_slots() / 2);
    place_granule(2, page_slots());
    end_image();
    object_count = page_slots() / 2; // the first page's
    memset(objects + object_count, 0,
           sizeof objects - object_count * sizeof objects[0]);

    result = compact();

    assert_int_equal(result.considered, object_count);
    assert_int_equal(result.moved, 0);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), object_count);
    check_close(&world);
}

// ---- a heap that is dense ----

static void
protect_bodies(size_t pages, int protection)
{
    const struct rhi_region *region = &world.heap->region;
    size_t bytes = pages << RHI_PAGE_LOG;

    bytes = rhi_round_up(bytes, region->os_page);
    assert_int_equal(mprotect((void *)region->base, bytes, protection), 0);
    rhi_poison_defined((void *)region->base, bytes); // mprotect wipes marks
}

static void
a_dense_heap_is_not_written_to(void **state)
{
    struct rh_compaction result;

    (void)state;
    open_image();
    place_granule(0, page_slots());
    place_granule(1, page_slots());
    for (size_t page = 0; page < granule(); page++)
        place_many(2 * granule() + page, page ? page_slots() : 1);
    link_objects(4);
    end_image();
    rh_heap_pin(world.heap, objects[7]);

    protect_bodies(world.heap->region.top,
                   PROT_READ); // any store would be fatal
    result = compact();
    protect_bodies(world.heap->region.top, PROT_READ | PROT_WRITE);

    assert_int_equal(result.moved, 0);
    assert_int_equal(result.emptied_pages, 0);
    assert_int_equal(result.considered, object_count);
    expect_links(4);
    check_close(&world);
}

static void
a_second_compaction_moves_nothing(void **state)
{
    uint64_t seed = 77;

    (void)state;
    open_image();
    for (size_t number = 0; number < 8; number++)
        place_granule(number, 1 + check_random_below(&seed, page_slots()));
    link_objects(6);
    end_image();
    assert_true(compact().moved > 0);

    assert_int_equal(compact().moved, 0);
    expect_links(6);
    check_close(&world);
}

static void
an_empty_heap_can_be_compacted(void **state)
{
    struct rh_compaction result;

    (void)state;
    prepare();
    world.config.initial_slots = 1000;
    check_make(&world);

    result = compact();

    assert_int_equal(result.considered, 0);
    assert_int_equal(result.pages, 0);
    check_close(&world);
}

static void
what_refers_to_nothing_that_moves_is_not_written(void **state)
{
    size_t slots;

    (void)state;
    open_image();
    slots = page_slots();
    place_granule(0, slots); // refer to each other, and stay
    link_objects(8);
    place_granule(1, slots * 3 / 4);
    place_granule(2, slots / 4);
    end_image();

    protect_bodies(granule(), PROT_READ); // any store would be fatal
    assert_int_equal(compact().moved, granule() * (slots / 4));
    protect_bodies(granule(), PROT_READ | PROT_WRITE);

    for (size_t i = 0; i < object_count; i++)
        assert_int_equal(objects[i]->tag, i);
    check_close(&world);
}

// ---- pins ----

static void
a_pinned_object_stays_and_its_page_is_filled(void **state)
{
    struct rh_compaction result;
    struct node *pinned;
    size_t slots;

    (void)state;
    open_image();
    slots = page_slots();
    place_granule(0, slots / 4);
    place_granule(1, slots / 2);
    place_granule(2, slots / 8);
    link_objects(9);
    end_image();
    pinned = objects[object_count - 1]; // on the sparsest
    assert_false(rh_heap_pin(world.heap, pinned));

    result = compact();

    assert_ptr_equal(objects[object_count - 1], pinned);
    assert_int_equal(result.pinned, 1);
    assert_int_equal(eden(), (object_count + slots - 1) / slots);
    expect_links(9);
    check_heap(world.heap);
    check_close(&world);
}

static void
pages_with_pins_are_all_that_stay_if_they_have_room(void **state)
{
    (void)state;
    open_image();
    for (size_t number = 0; number < 8; number++)
        place_granule(number, page_slots() / 16);
    link_objects(10);
    end_image();
    for (size_t i = 0; i < object_count; i += page_slots() / 16 * 4)
        rh_heap_pin(world.heap, objects[i]); // one on each fourth page

    compact();

    assert_int_equal(eden(), 2 * granule());
    expect_links(10);
    check_close(&world);
}

static void
an_unpinned_object_moves(void **state)
{
    struct node *once;

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    place_granule(1, 1);
    end_image();
    once = objects[object_count - 1];
    rh_heap_pin(world.heap, once);
    rh_heap_pin(world.heap, objects[object_count - 2]);

    assert_true(rh_heap_unpin(world.heap, once));
    rh_heap_unpin(world.heap, objects[object_count - 2]);
    assert_int_equal(compact().pinned, 0);

    assert_ptr_not_equal(objects[object_count - 1], once);
    check_close(&world);
}

static void
users_of_pins_can_nest(void **state)
{
    struct node *node;
    bool outer, inner;

    (void)state;
    prepare();
    check_make(&world);
    node = check_node(world.heap, NULL, NULL);

    assert_false(rh_heap_is_pinned(world.heap, node));
    outer = rh_heap_pin(world.heap, node);
    inner = rh_heap_pin(world.heap, node);
    check_heap(world.heap);
    assert_false(outer);
    assert_true(inner);
    assert_true(rh_heap_is_pinned(world.heap, node));
    if (!inner)
        rh_heap_unpin(world.heap, node);
    assert_true(rh_heap_is_pinned(world.heap, node));
    assert_true(rh_heap_unpin(world.heap, node));
    assert_false(rh_heap_unpin(world.heap, node));
    assert_false(rh_heap_is_pinned(world.heap, node));
    check_heap(world.heap);
    check_close(&world);
}

static void
a_pin_ends_with_its_object(void **state)
{
    struct node *node;
    uintptr_t address;

    (void)state;
    prepare();
    check_make(&world);
    node = check_node(world.heap, NULL, NULL);
    address = (uintptr_t)node;
    rh_heap_pin(world.heap, node);
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_false(rh_heap_is_live(world.heap, address));

    do // until its slot is another's
        node = check_node(world.heap, NULL, NULL);
    while ((uintptr_t)node != address);

    assert_false(rh_heap_is_pinned(world.heap, node));
    check_heap(world.heap);
    check_close(&world);
}

static void
pinning_what_is_no_object_panics(void **state)
{
    (void)state;
    prepare();
    check_make(&world);
    check_panics("a pin wants an object", rh_heap_pin(world.heap, &world));
    check_panics("a pin wants an object", rh_heap_unpin(world.heap, NULL));
    check_close(&world);
}

// What somebody refers to and cannot rewrite.

static struct node *foreign; // a copy that nobody updates

static void
report_foreign(struct rh_visitor *visitor, void *context)
{
    (void)context;
    rh_visit_pinned(visitor, foreign);
}

static void
what_a_root_callback_pins_stays(void **state)
{
    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    place_granule(1, 2);
    end_image();
    foreign = objects[object_count - 1];
    objects[--object_count] = NULL;
    assert_int_equal(
        rh_root_add_callback(world.heap, NULL, report_foreign, NULL), RH_OK);

    assert_int_equal(compact().pinned, 1);

    assert_true(rh_heap_is_live(world.heap, (uintptr_t)foreign));
    assert_int_equal(foreign->tag, object_count);
    // Only while somebody says so.
    assert_false(rh_heap_is_pinned(world.heap, foreign));
    assert_int_equal(plane_count(RHI_REACHED), 0);
    assert_false(world.heap->region.flags[page_of(foreign)] & RHI_FLAG_PINNED);
    foreign = NULL;
    assert_int_equal(compact().pinned, 0);
    check_close(&world);
}

static void
trace_left_pinned(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit_pinned(visitor, node->left);
    rh_visit(visitor, &node->right);
}

static void
what_an_object_pins_stays(void **state)
{
    struct node *left;

    (void)state;
    prepare();
    model.trace = trace_left_pinned;
    begin();
    place_granule(0, page_slots() / 2);
    place_granule(1, page_slots() / 4);
    objects[1]->left = left = objects[object_count - 1];
    objects[object_count - 1]->right = objects[object_count - 2];
    objects[object_count - 2]->left = objects[0];
    end_image();

    assert_int_equal(compact().pinned, 2);

    assert_ptr_equal(objects[1]->left, left);
    assert_ptr_equal(objects[object_count - 1], left);
    assert_ptr_equal(left->right, objects[object_count - 2]);
    check_close(&world);
}

// ---- roots ----

static void
report_by_address(struct rh_visitor *visitor, void *context)
{
    rh_visit(visitor, context);
}

static void
all_roots_follow(void **state)
{
    struct node *address, *again, *by_callback, *range[3];
    void **handle, **other;
    size_t last;

    (void)state;
    open_image();
    place_granule(0, page_slots() - 8);
    place_granule(1, 8);
    end_image();
    last = object_count - 1;
    address = again = by_callback = objects[last];
    range[0] = objects[last - 1];
    range[1] = objects[0];
    range[2] = NULL;
    handle = rh_scope_hold(world.heap, objects[last - 2]);
    other = rh_scope_hold(world.heap, objects[1]);
    check_root(world.heap, &address);
    check_root(world.heap, &address); // twice
    check_root(world.heap, &again);
    assert_int_equal(rh_root_add_range(world.heap, NULL, range, 3), RH_OK);
    assert_int_equal(
        rh_root_add_callback(world.heap, NULL, report_by_address, &by_callback),
        RH_OK);

    assert_int_equal(compact().moved, 8 * granule());

    assert_int_equal(address->tag, last);
    assert_ptr_equal(address, objects[last]);
    assert_ptr_equal(again, address);
    assert_ptr_equal(by_callback, address);
    assert_ptr_equal(range[0], objects[last - 1]);
    assert_ptr_equal(range[1], objects[0]);
    assert_null(range[2]);
    assert_ptr_equal(*handle, objects[last - 2]);
    assert_ptr_equal(*other, objects[1]);
    check_close(&world);
}

// ---- what goes with an object ----

static void
buffers_follow_and_are_freed_once(void **state)
{
    size_t slots;

    (void)state;
    open_image();
    slots = page_slots();
    place_granule(0, slots * 3 / 4);
    place_granule(1, slots / 4);
    end_image();
    for (size_t i = 0; i < object_count; i += 2) {
        objects[i]->bytes = 10 + i % 50;
        objects[i]->buffer = rh_external_malloc(world.heap, objects[i]->bytes);
        memset(objects[i]->buffer, (int)i, objects[i]->bytes);
        rh_external_attach(world.heap, objects[i]);
    }
    assert_int_equal(compact().moved, granule() * (slots / 4));
    for (size_t i = 0; i < object_count; i += 2)
        assert_int_equal(*(unsigned char *)objects[i]->buffer, i & 255);

    memset(objects, 0, sizeof objects);
    world.released = 0;
    rh_heap_collect(world.heap);

    assert_int_equal(world.released, (object_count + 1) / 2);
    assert_int_equal(world.allocator.bytes, // the table of roots
                     world.heap->meter.bytes);
    assert_int_equal(check_stat(world.heap, "x_external_bytes"), 0);
    check_heap(world.heap);
    check_close(&world);
}

// The page that they move to had none.
static void
unprotected_objects_that_have_moved_are_looked_at_by_minor_collections(
    void **state)
{
    struct node *moves;
    struct node *child;

    (void)state;
    prepare();
    model.flags |= RH_MODEL_BARRIERED;
    world.config.generational = true;
    begin();
    place_granule(0, page_slots() - 1);
    moves = place(granule(), 0);
    end_image();
    rh_heap_disable(world.heap);
    check_root(world.heap, &moves);
    rh_barrier_unprotect(world.heap, moves);
    assert_int_equal(compact().moved, 1);
    assert_true(page_of(moves) < granule());
    check_heap(world.heap);

    child = check_node(world.heap, NULL, NULL);
    moves->left = child; // without a barrier
    rh_heap_minor(world.heap);

    assert_true(rh_heap_is_live(world.heap, (uintptr_t)child));
    check_close(&world);
}

// They are young then, which nobody may be while objects move.
static void
what_is_made_during_the_sweep_may_move_at_its_end(void **state)
{
    struct node *old = NULL;

    (void)state;
    prepare();
    model.flags |= RH_MODEL_BARRIERED;
    world.config.generational = true;
    check_make(&world);
    rh_heap_disable(world.heap);
    check_root(world.heap, &old);
    old = check_list(world.heap, 3 * page_slots());
    (void)rh_heap_stress(world.heap, RH_STRESS_COMPACT);
    assert_int_equal(rh_heap_start(world.heap), RH_OK);
    while (strcmp(rh_heap_stage(world.heap), "sweeping") != 0)
        (void)rh_heap_step(world.heap, (struct rh_budget){ 0, 0 });
    check_set_left(world.heap, old, check_node(world.heap, NULL, NULL));
    check_waste(world.heap, 10);

    while (!rh_heap_step(world.heap, (struct rh_budget){ .objects = 1 }))
        check_heap(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 1);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"),
                     3 * page_slots() + 1);
    assert_int_equal(old->left->tag, NODE);
    assert_int_equal(check_list_length(old), 3 * page_slots());
    check_unroot(world.heap, &old);
    check_close(&world);
}

static void
bits_follow_and_leave_none_behind(void **state)
{
    static const enum rhi_plane planes[] = { RHI_EXTERNAL, RHI_SPECIAL,
                                             RHI_UNPROTECTED };
    size_t set[3] = { 0, 0, 0 };

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    place_granule(1, page_slots() / 3);
    end_image();
    for (size_t i = 0; i < object_count; i++)
        for (size_t n = 0; n < 3; n++)
            if (i >> n & 1) {
                set_bit(planes[n], objects[i]);
                set[n]++;
            }
    for (size_t i = 0; i < object_count; i++)
        world.heap->region.flags[page_of(objects[i])] |= RHI_FLAG_UNPROTECTED;

    assert_true(compact().moved > 0);

    for (size_t i = 0; i < object_count; i++)
        for (size_t n = 0; n < 3; n++)
            assert_int_equal(plane_has(planes[n], objects[i]), i >> n & 1);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal(plane_count(planes[n]), set[n]);
    assert_int_equal(plane_count(RHI_ALLOCATED), object_count);
    assert_int_equal(plane_count(RHI_MARK), object_count);
    assert_int_equal(plane_count(RHI_MOVED), 0);
    assert_int_equal(plane_count(RHI_NEXT), 0);
    assert_int_equal(plane_count(RHI_REACHED), 0);
    assert_true(world.heap->region.flags[page_of(objects[0])] &
                RHI_FLAG_UNPROTECTED);
    check_close(&world);
}

// ---- being told ----

static struct {
    size_t moved, updated, events;
    uintptr_t changed; // the only object whose update is awaited; 0: any
} heard;

static void
note_moved(struct rh_heap *heap, const void *from, void *to)
{
    (void)heap;
    assert_ptr_not_equal(from, to);
    assert_true(((struct node *)to)->tag < object_count);
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)to));
    heard.moved++;
}

static void
note_updated(struct rh_heap *heap, void *object)
{
    struct node *node = object;

    (void)heap;
    heard.updated++;
    if (heard.changed)
        assert_ptr_equal(object, objects[heard.changed]);
    // All are where they stay, and all references lead there.
    assert_ptr_equal(node, objects[node->tag]);
    if (node->left)
        assert_ptr_equal(node->left, objects[node->left->tag]);
}

static void
note_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    const struct node *node = event->object;

    (void)heap, (void)context;
    assert_int_equal(event->kind, RH_EVENT_OBJECT_MOVED);
    assert_int_equal(event->page, SIZE_MAX);
    assert_ptr_equal(event->from, objects[node->tag]); // not rewritten yet
    heard.events++;
}

static void
the_model_and_listeners_hear_of_each_move(void **state)
{
    struct rh_compaction result;

    (void)state;
    prepare();
    model.moved = note_moved;
    model.updated = note_updated;
    begin();
    place_granule(0, page_slots() * 3 / 4);
    place_granule(1, 6);
    link_objects(11);
    end_image();
    memset(&heard, 0, sizeof heard);
    assert_int_equal(
        rh_event_listen(world.heap, RH_EVENT_OBJECT_MOVED, note_event, NULL),
        RH_OK);

    result = compact();

    assert_int_equal(result.moved, 6 * granule());
    assert_int_equal(heard.moved, result.moved);
    assert_int_equal(heard.events, result.moved);
    assert_true(heard.updated > 0 && heard.updated < object_count);
    check_close(&world);
}

static void
only_who_has_a_rewritten_edge_is_told(void **state)
{
    (void)state;
    prepare();
    model.updated = note_updated;
    begin();
    place_granule(0, page_slots() * 3 / 4);
    place_granule(1, 1);
    objects[3]->left = objects[object_count - 1];
    objects[4]->left = objects[5];
    end_image();
    memset(&heard, 0, sizeof heard);
    heard.changed = 3;

    assert_int_equal(compact().moved, granule());

    assert_int_equal(heard.updated, 1);
    check_close(&world);
}

// ---- the result ----

static void
expect_sums(const struct rh_compaction *result)
{
    size_t considered = 0, moved = 0, pinned = 0;

    for (size_t code = 0; code < RH_COMPACTION_TYPES; code++) {
        const struct rh_compaction_type *type = &result->types[code];

        assert_int_equal(type->considered > 0, type->type != NULL);
        assert_true(type->moved + type->pinned <= type->considered);
        considered += type->considered;
        moved += type->moved;
        pinned += type->pinned;
    }
    assert_int_equal(considered, result->considered);
    assert_int_equal(moved, result->moved);
    assert_int_equal(pinned, result->pinned);
}

static void
counts_by_type_add_up(void **state)
{
    struct rh_compaction result;
    struct rh_compaction last = { .struct_bytes = sizeof last };

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    place_granule(1, page_slots() / 4);
    place_granule(2, page_slots() / 4);
    end_image();
    rh_heap_pin(world.heap, objects[1]);
    assert_int_equal(rh_compaction_last(world.heap, &last), RH_NOT_FOUND);
    assert_int_equal(last.considered, 0);

    result = compact();

    expect_sums(&result);
    assert_int_equal(result.considered, object_count);
    assert_string_equal(result.types[0].type, "NODE");
    assert_string_equal(result.types[31].type, "LEAF");
    assert_string_equal(result.types[62].type, "TWIG");
    assert_int_equal(result.types[0].considered, (object_count + 2) / 3);
    assert_int_equal(result.types[31].pinned, 1);
    assert_true(result.types[62].moved > 0);
    assert_true(result.ns > 0);
    last.struct_bytes = sizeof last;
    assert_int_equal(rh_compaction_last(world.heap, &last), RH_OK);
    assert_memory_equal(&last, &result, sizeof last);
    check_close(&world);
}

static void
a_result_may_be_short_or_missing(void **state)
{
    struct rh_compaction result = { .struct_bytes =
                                        offsetof(struct rh_compaction, pages),
                                    .pages = 4711 };

    (void)state;
    open_image();
    place_granule(0, 3);
    place_granule(1, 3);
    end_image();

    assert_int_equal(rh_heap_compact(world.heap, &result), RH_OK);
    assert_int_equal(result.struct_bytes,
                     offsetof(struct rh_compaction, pages));
    assert_int_equal(result.considered, object_count);
    assert_int_equal(result.pages, 4711);
    assert_int_equal(rh_heap_compact(world.heap, NULL), RH_OK);
    check_close(&world);
}

static void
statistics_count_compactions(void **state)
{
    size_t moved;

    (void)state;
    open_image();
    place_granule(0, 3);
    place_granule(1, 3);
    end_image();
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);

    moved = compact().moved;
    assert_int_equal(check_stat(world.heap, "compact_count"), 1);
    assert_int_equal(check_stat(world.heap, "total_moved_objects"), moved);
    assert_int_equal(check_stat(world.heap, "count"), 2);
    compact();
    rh_heap_collect(world.heap); // not wished for any more
    assert_int_equal(check_stat(world.heap, "compact_count"), 2);
    assert_int_equal(check_stat(world.heap, "total_moved_objects"), moved);
    assert_int_equal(check_stat(world.heap, "total_allocated_objects"),
                     object_count);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), object_count);
    check_close(&world);
}

static void
types_that_are_not_described_are_counted_as_one(void **state)
{
    struct rh_compaction result;

    (void)state;
    prepare();
    model.describe = NULL;
    begin();
    place_granule(0, 3);
    place_granule(1, 3);
    end_image();

    result = compact();

    assert_null(result.types[0].type);
    assert_int_equal(result.types[0].considered, object_count);
    check_close(&world);
}

// ---- refusing, and no need for memory ----

static void
a_model_that_does_not_promise_it_is_not_moved(void **state)
{
    struct rh_violation violation;

    (void)state;
    prepare();
    model.flags = 0;
    begin();
    place_granule(0, 3);
    place_granule(1, 3);
    link_objects(12);
    end_image();

    assert_int_equal(rh_heap_compact(world.heap, NULL), RH_UNSUPPORTED);
    assert_int_equal(rh_compact_verify(world.heap, &violation), RH_UNSUPPORTED);
    assert_int_equal(check_stat(world.heap, "count"), 0);
    rhi_compact_stress(&world.heap->compact, true);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);
    check_close(&world);
}

static bool
compact_in_walk(struct rh_heap *heap, void *object, void *context)
{
    (void)object, (void)context;
    (void)rh_heap_compact(heap, NULL);
    return true;
}

static void
a_compaction_during_a_walk_panics(void **state)
{
    (void)state;
    prepare();
    check_make(&world);
    objects[0] = check_node(world.heap, NULL, NULL);
    check_panics("during a walk",
                 rh_walk_objects(world.heap, compact_in_walk, NULL));
    rh_walk_abandon(world.heap);
    check_close(&world);
}

static void
no_memory_is_asked_for(void **state)
{
    size_t calls;

    (void)state;
    open_image();
    for (size_t number = 0; number < 40; number++)
        place_granule(number, page_slots() / 4);
    link_objects(13);
    end_image();

    world.faults.for_good = true;
    check_fail_at(&world.faults, 1); // and releasing is refused, too
    compact();
    calls = world.faults.calls;
    check_fail_at(&world.faults, 0);

    assert_true(calls <= 10); // attempts to release
    assert_int_equal(eden(), (object_count + page_slots() - 1) / page_slots());
    expect_links(13);
    check_close(&world);
}

// ---- invariants ----

static void
expect_broken(const char *invariant, const struct node *node)
{
    struct rh_violation found;

    assert_int_equal(rh_heap_verify(world.heap, &found), RH_BROKEN);
    assert_string_equal(found.invariant, invariant);
    assert_true(strlen(found.meaning) > 0);
    assert_int_equal(found.page, page_of(node));
}

static void
what_is_left_of_a_compaction_is_found(void **state)
{
    struct rhi_region *region;
    size_t page;

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    end_image();
    region = &world.heap->region;
    page = page_of(objects[3]);

    region->flags[page] |= RHI_FLAG_EVACUATED;
    expect_broken("K1", objects[3]);
    region->flags[page] = 0;
    set_bit(RHI_MOVED, objects[3]);
    expect_broken("K1", objects[3]);
    rhi_line_clear(region->plane[RHI_MOVED][page]);
    check_heap(world.heap);
    check_close(&world);
}

static void
a_pin_without_an_object_or_a_flag_is_found(void **state)
{
    struct rhi_region *region;
    struct node *free_slot;

    (void)state;
    open_image();
    place_granule(0, page_slots() / 2);
    end_image();
    region = &world.heap->region;
    free_slot = rh_heap_slot(world.heap, (struct rh_position){ 0, 1 });

    set_bit(RHI_PINNED, objects[3]);
    expect_broken("K3", objects[3]);
    region->flags[page_of(objects[3])] |= RHI_FLAG_PINNED;
    check_heap(world.heap);
    region->flags[0] |= RHI_FLAG_PINNED;
    set_bit(RHI_PINNED, free_slot);
    expect_broken("K3", free_slot);
    check_abandon(&world);
}

// ---- automatic compaction ----

static void
open_automatic(double ratio, size_t initial_slots, size_t count)
{
    prepare();
    world.config.auto_compact = ratio;
    world.config.initial_slots = initial_slots;
    check_make(&world);
    hold_objects();
    rh_heap_disable(world.heap);
    for (size_t i = 0; i < 40 * page_slots(); i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        node->tag = object_count;
        if (i % page_slots() < count)
            objects[object_count++] = node;
    }
    link_objects(14);
}

static void
a_fragmented_heap_is_compacted_by_a_collection(void **state)
{
    (void)state;
    open_automatic(0.5, 0, 2);

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 1);
    assert_int_equal(eden(), (object_count + page_slots() - 1) / page_slots());
    expect_links(14);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 1);
    check_close(&world);
}

static void
one_that_is_not_fragmented_enough_is_not(void **state)
{
    (void)state;
    open_automatic(0.5, 0, rhi_shape_of(40).slots * 3 / 4);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);
    check_close(&world);

    open_automatic(0, 0, 2); // off
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);
    check_close(&world);
}

static void
fewer_pages_than_a_nursery_are_not_worth_it(void **state)
{
    (void)state;
    open_automatic(0.5, 50 * rhi_shape_of(40).slots, 2);
    rh_heap_collect(world.heap);
    assert_int_equal(check_stat(world.heap, "compact_count"), 0);
    check_close(&world);
}

static void
pages_that_pins_keep_do_not_make_it_due_again_and_again(void **state)
{
    (void)state;
    open_automatic(0.5, 0, 2);
    for (size_t i = 0; i < object_count; i++)
        rh_heap_pin(world.heap, objects[i]);

    for (int i = 0; i < 6; i++)
        rh_heap_collect(world.heap);
    assert_in_range(check_stat(world.heap, "compact_count"), 1, 4);

    for (size_t i = 0; i < object_count; i++)
        rh_heap_unpin(world.heap, objects[i]);
    for (int i = 0; i < 6; i++)
        rh_heap_collect(world.heap);
    assert_int_equal(eden(), (object_count + page_slots() - 1) / page_slots());
    check_heap(world.heap);
    check_close(&world);
}

static void
a_config_wants_a_share_and_a_model_that_moves(void **state)
{
    const char *why = NULL;

    (void)state;
    prepare();
    world.config.auto_compact = 1.5;
    assert_int_equal(rh_config_check(&world.config, &why), RH_BAD_ARGUMENT);
    assert_non_null(strstr(why, "auto_compact"));
    world.config.auto_compact = 0.5;
    assert_int_equal(rh_config_check(&world.config, &why), RH_OK);
    model.flags = 0;
    assert_int_equal(rh_config_check(&world.config, &why), RH_BAD_ARGUMENT);
    assert_non_null(strstr(why, "RH_MODEL_MOVABLE"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparse_heap_gives_nearly_all_of_its_pages_back),
        cmocka_unit_test(the_fewest_objects_move_that_leave_the_fewest_pages),
        cmocka_unit_test(of_pages_alike_the_lowest_stay_and_order_is_kept),
        cmocka_unit_test(objects_fill_the_free_slots_exactly),
        cmocka_unit_test(
            granules_become_empty_where_an_os_page_is_larger_than_a_page),
        cmocka_unit_test(a_granule_that_cannot_be_released_is_filled_first),
        cmocka_unit_test(the_dead_are_buried_first),
        cmocka_unit_test(a_dense_heap_is_not_written_to),
        cmocka_unit_test(a_second_compaction_moves_nothing),
        cmocka_unit_test(an_empty_heap_can_be_compacted),
        cmocka_unit_test(what_refers_to_nothing_that_moves_is_not_written),
        cmocka_unit_test(a_pinned_object_stays_and_its_page_is_filled),
        cmocka_unit_test(pages_with_pins_are_all_that_stay_if_they_have_room),
        cmocka_unit_test(an_unpinned_object_moves),
        cmocka_unit_test(users_of_pins_can_nest),
        cmocka_unit_test(a_pin_ends_with_its_object),
        cmocka_unit_test(pinning_what_is_no_object_panics),
        cmocka_unit_test(what_a_root_callback_pins_stays),
        cmocka_unit_test(what_an_object_pins_stays),
        cmocka_unit_test(all_roots_follow),
        cmocka_unit_test(buffers_follow_and_are_freed_once),
        cmocka_unit_test(
            unprotected_objects_that_have_moved_are_looked_at_by_minor_collections),
        cmocka_unit_test(what_is_made_during_the_sweep_may_move_at_its_end),
        cmocka_unit_test(bits_follow_and_leave_none_behind),
        cmocka_unit_test(the_model_and_listeners_hear_of_each_move),
        cmocka_unit_test(only_who_has_a_rewritten_edge_is_told),
        cmocka_unit_test(counts_by_type_add_up),
        cmocka_unit_test(a_result_may_be_short_or_missing),
        cmocka_unit_test(statistics_count_compactions),
        cmocka_unit_test(types_that_are_not_described_are_counted_as_one),
        cmocka_unit_test(a_model_that_does_not_promise_it_is_not_moved),
        cmocka_unit_test(a_compaction_during_a_walk_panics),
        cmocka_unit_test(no_memory_is_asked_for),
        cmocka_unit_test(what_is_left_of_a_compaction_is_found),
        cmocka_unit_test(a_pin_without_an_object_or_a_flag_is_found),
        cmocka_unit_test(a_fragmented_heap_is_compacted_by_a_collection),
        cmocka_unit_test(one_that_is_not_fragmented_enough_is_not),
        cmocka_unit_test(fewer_pages_than_a_nursery_are_not_worth_it),
        cmocka_unit_test(
            pages_that_pins_keep_do_not_make_it_due_again_and_again),
        cmocka_unit_test(a_config_wants_a_share_and_a_model_that_moves),
    };

    return cmocka_run_group_tests_name("compact", tests, NULL, NULL);
}
