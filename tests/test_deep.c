// SPDX-License-Identifier: MIT
// Millions of objects: marking stays in fixed memory, and what was dropped
// goes back to the system.
#include "check.h"

enum {
    MIB = 1 << 20
};

static uint64_t
live(const struct check_world *world)
{
    return check_stat(world->heap, "heap_live_slots");
}

static void
a_list_of_ten_million_is_marked_in_less_than_a_megabyte(void **state)
{
    struct check_world world;
    struct rh_fast *fast;
    static struct node *list;
    size_t length = 10000000;

    (void)state;
    check_open(&world);
    check_root(world.heap, &list);
    fast = rh_heap_fast(world.heap);
    list = NULL;
    for (size_t i = 0; i < length; i++) {
        struct node *node = rh_fast_alloc(world.heap, fast, 40);

        assert_non_null(node);
        *node = (struct node){ .tag = NODE, .right = list };
        list = node;
    }

    rh_heap_collect(world.heap);

    assert_int_equal(live(&world), length);
    assert_int_equal(check_list_length(list), length);
    assert_true(check_stat(world.heap, "x_mark_peak_bytes") < MIB);
    check_heap(world.heap);
    check_close(&world);
}

// An array of three million elements, some of them arrays themselves.

struct array {
    uint64_t tag;
    size_t length;
    void **items;
};

static void
array_trace(void *object, struct rh_visitor *visitor)
{
    struct array *array = object;

    if (array->length)
        rh_visit_slices(visitor, object);
}

static bool
array_trace_range(void *object, size_t from, size_t to,
                  struct rh_visitor *visitor)
{
    struct array *array = object;

    for (; from < to && from < array->length; from++)
        rh_visit(visitor, &array->items[from]);
    return from < array->length;
}

static void
array_release(struct rh_heap *heap, void *object)
{
    struct array *array = object;

    rh_external_free(heap, array->items, array->length * sizeof *array->items);
}

static const struct rh_model array_model = {
    .name = "arrays",
    .trace = array_trace,
    .trace_range = array_trace_range,
    .release = array_release,
};

static struct array *
array_new(struct rh_heap *heap, size_t length)
{
    struct array *array = rh_heap_alloc(heap);

    assert_non_null(array);
    if (length) {
        array->items = rh_external_calloc(heap, length, sizeof *array->items);
        assert_non_null(array->items);
        array->length = length;
        rh_external_attach(heap, array);
    }
    return array;
}

static void
an_array_of_three_million_is_marked_in_less_than_a_megabyte(void **state)
{
    struct check_world world;
    struct array *root;
    size_t length = 3000000, objects = 1;

    (void)state;
    check_prepare(&world);
    world.config.model = &array_model;
    check_make(&world);
    root = array_new(world.heap, length);
    check_root(world.heap, &root);
    for (size_t i = 0; i < length; i++) {
        struct array *item = array_new(world.heap, i % 100 == 0 ? 10 : 0);

        root->items[i] = item;
        objects++;
        for (size_t k = 0; k < item->length; k++)
            item->items[k] = root->items[i / 2];
        if (i % 7 == 0)
            (void)array_new(world.heap, 0); // garbage
    }

    rh_heap_collect(world.heap);

    assert_int_equal(live(&world), objects);
    assert_true(check_stat(world.heap, "x_mark_peak_bytes") < MIB);
    check_heap(world.heap);
    root = NULL;
    rh_heap_collect(world.heap);
    assert_int_equal(live(&world), 0);
    assert_int_equal(check_stat(world.heap, "x_external_bytes"), 0);
    check_close(&world);
}

static void
of_three_million_dropped_objects_64_pages_stay_at_most(void **state)
{
    struct check_world world;
    static struct node *list;
    uint64_t pages;

    (void)state;
    check_open(&world);
    check_root(world.heap, &list);
    list = check_list(world.heap, 3000000);
    rh_heap_collect(world.heap);
    assert_int_equal(live(&world), 3000000);
    pages = check_stat(world.heap, "heap_allocated_pages");

    list = NULL;
    rh_heap_collect(world.heap);

    assert_int_equal(live(&world), 0);
    assert_true(check_stat(world.heap, "heap_allocated_pages") <= 64);
    assert_true(check_stat(world.heap, "total_freed_pages") >= pages - 64);
    // One run of neighbours, or a few; never page by page.
    assert_true(world.memory.release_calls <= 4);
    check_heap(world.heap);
    check_close(&world);
}

static void
four_hundred_heaps_of_default_size_live_at_once(void **state)
{
    enum {
        HEAPS = 400
    };
    static struct check_world worlds[HEAPS];

    (void)state;
    for (size_t i = 0; i < HEAPS; i++) {
        check_open(&worlds[i]);
        check_waste(worlds[i].heap, i);
    }
    for (size_t i = 0; i < HEAPS; i++) {
        assert_int_equal(live(&worlds[i]), i);
        rh_heap_collect(worlds[i].heap);
        check_heap(worlds[i].heap);
        check_close(&worlds[i]);
    }
}

static void
fifty_megabytes_of_buffers_keep_the_account_exact(void **state)
{
    struct check_world world;
    uint64_t seed = 9;
    size_t kept = 0;
    static struct node *list;

    (void)state;
    check_open(&world);
    check_root(world.heap, &list);
    for (size_t i = 0; i < 50000; i++) {
        struct node *node =
            check_buffer(world.heap, check_random_below(&seed, 2000));

        if (i % 10)
            continue;
        node->right = list;
        list = node;
        kept += node->bytes;
    }

    rh_heap_collect(world.heap);

    assert_int_equal(check_stat(world.heap, "x_external_bytes"), kept);
    assert_int_equal(world.released, 45000);
    assert_true(check_stat(world.heap, "count") > 1);
    check_heap(world.heap);
    list = NULL;
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_list_of_ten_million_is_marked_in_less_than_a_megabyte),
        cmocka_unit_test(
            an_array_of_three_million_is_marked_in_less_than_a_megabyte),
        cmocka_unit_test(
            of_three_million_dropped_objects_64_pages_stay_at_most),
        cmocka_unit_test(four_hundred_heaps_of_default_size_live_at_once),
        cmocka_unit_test(fifty_megabytes_of_buffers_keep_the_account_exact),
    };

    return cmocka_run_group_tests_name("deep", tests, NULL, NULL);
}
