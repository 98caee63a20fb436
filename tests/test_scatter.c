// SPDX-License-Identifier: MIT
// Moving everything, to find references that do not follow; and random graphs
// that must keep their shape, whatever moves.
#include "config.h"

#include "check.h"

#include "heap.h"

#include <rheap/compact.h>

static struct check_world world;
static struct rh_model model;

// ---- nodes ----

enum {
    MOST = 3000
};

static struct node *objects[MOST]; // a range of roots
static struct node *before[MOST];  // where they were

static void
prepare(void)
{
    check_prepare(&world);
    model = check_node_model;
    model.flags = RH_MODEL_MOVABLE;
    world.config.model = &model;
    world.config.initial_slots = 0;
    memset(objects, 0, sizeof objects);
}

static void
fill(void)
{
    check_make(&world);
    assert_int_equal(rh_root_add_range(world.heap, NULL, objects, MOST), RH_OK);
    rh_heap_disable(world.heap);
    for (size_t i = 0; i < MOST; i++) {
        objects[i] = check_node(world.heap, i ? objects[i / 2] : NULL,
                                i ? objects[i - 1] : NULL);
        objects[i]->bytes = 0;
        check_waste(world.heap, i % 3);
    }
    memcpy(before, objects, sizeof before);
}

static void
expect_shape(void)
{
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(objects[i]->tag, NODE);
        assert_ptr_equal(objects[i]->left, i ? objects[i / 2] : NULL);
        assert_ptr_equal(objects[i]->right, i ? objects[i - 1] : NULL);
    }
}

static enum rh_status
verify(struct rh_violation *violation)
{
    return rh_compact_verify(world.heap, violation);
}

static struct rh_compaction
last(void)
{
    struct rh_compaction result = { .struct_bytes = sizeof result };

    assert_int_equal(rh_compaction_last(world.heap, &result), RH_OK);
    return result;
}

static void
every_object_moves_unless_it_is_pinned(void **state)
{
    struct rh_violation violation = { .invariant = "none yet" };

    (void)state;
    prepare();
    fill();
    rh_heap_pin(world.heap, objects[100]);
    rh_heap_pin(world.heap, objects[2000]);

    assert_int_equal(verify(&violation), RH_OK);

    check_heap(world.heap);
    assert_null(violation.invariant);
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(objects[i] == before[i], i == 100 || i == 2000);
    expect_shape();
    assert_int_equal(last().considered, MOST);
    assert_int_equal(last().moved, MOST - 2);
    assert_int_equal(last().pinned, 2);
    check_close(&world);
}

static void
it_can_be_done_again_and_again(void **state)
{
    (void)state;
    prepare();
    fill();
    for (int i = 0; i < 5; i++) {
        memcpy(before, objects, sizeof before);
        assert_int_equal(verify(NULL), RH_OK);
        check_heap(world.heap);
        assert_int_equal(last().moved, MOST);
        expect_shape();
        assert_int_equal(check_stat(world.heap, "heap_eden_pages"),
                         (MOST + world.heap->space.shape.slots - 1) /
                             world.heap->space.shape.slots);
    }
    check_close(&world);
}

static void
an_empty_heap_verifies(void **state)
{
    (void)state;
    prepare();
    check_make(&world);
    assert_int_equal(verify(NULL), RH_OK);
    assert_int_equal(last().moved, 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
without_memory_as_many_move_as_there_is_room_for(void **state)
{
    struct node *list = NULL;
    struct node *node;
    size_t count = 0;
    size_t kept = 0;

    (void)state;
    prepare();
    world.config.region_bytes = 16 << 20;
    check_make(&world);
    check_root(world.heap, &list);
    rh_heap_disable(world.heap);
    while ((node = rh_heap_alloc(world.heap))) { // until the region is full
        node->tag = NODE;
        node->right = list;
        list = node;
        count++;
    }
    for (node = list; kept < count * 3 / 4; kept++)
        node = node->right;
    node->right = NULL; // the older ones die
    kept++;

    assert_int_equal(verify(NULL), RH_OK);

    check_heap(world.heap);
    assert_int_equal(last().considered, kept);
    assert_in_range(last().moved, count / 5, count / 3);
    assert_int_equal(check_list_length(list), kept);
    check_close(&world);
}

// ---- references that do not follow ----

static const void *liar; // the object whose trace reports a copy

static void
trace_copy(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;
    struct node *left = node->left;

    if (object == liar)
        rh_visit(visitor, &left);
    else
        rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static void
note_liar(struct rh_heap *heap, const void *from, void *to)
{
    (void)heap;
    if (from == liar)
        liar = to;
}

static void
open_lying(size_t who)
{
    prepare();
    model.trace = trace_copy;
    model.moved = note_liar;
    fill();
    liar = objects[who];
}

static void
a_copy_that_an_object_reports_is_found(void **state)
{
    struct rh_violation violation;

    (void)state;
    open_lying(1234);

    assert_int_equal(verify(&violation), RH_BROKEN);

    assert_string_equal(violation.invariant, "K2");
    assert_true(strlen(violation.meaning) > 0);
    assert_ptr_equal(violation.object, objects[1234]);
    assert_int_equal(violation.page,
                     rh_heap_position(world.heap, objects[1234]).page);
    assert_int_equal(violation.slot,
                     rh_heap_position(world.heap, objects[1234]).slot);
    objects[1234]->left = objects[617]; // mend it
    check_heap(world.heap);
    liar = NULL;
    assert_int_equal(verify(&violation), RH_OK);
    expect_shape();
    check_close(&world);
}

static void
report_copy(struct rh_visitor *visitor, void *context)
{
    struct node *copy = *(struct node **)context;

    rh_visit(visitor, &copy);
}

static void
a_copy_that_a_root_callback_reports_is_found(void **state)
{
    struct rh_violation violation;
    struct node *kept;

    (void)state;
    prepare();
    fill();
    kept = objects[5];
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report_copy, &kept),
                     RH_OK);

    assert_int_equal(verify(&violation), RH_BROKEN);

    assert_string_equal(violation.invariant, "K2");
    assert_null(violation.object);
    assert_int_equal(violation.page, SIZE_MAX);
    kept = objects[5];
    check_heap(world.heap);
    assert_int_equal(verify(NULL), RH_BROKEN); // no violation wanted
    kept = NULL;
    check_close(&world);
}

static void
under_stress_such_a_reference_panics(void **state)
{
    (void)state;
    open_lying(7);
    rhi_compact_stress(&world.heap->compact, true);

    check_panics("did not follow", rh_heap_collect(world.heap));

    check_abandon(&world);
}

static void
other_broken_invariants_are_found_as_well(void **state)
{
    struct rh_violation violation;

    (void)state;
    prepare();
    fill();
    assert_non_null(rh_external_malloc(world.heap, 100));
    world.heap->external.usable = 10;

    assert_int_equal(verify(&violation), RH_BROKEN);

    assert_string_equal(violation.invariant, "E2");
    check_abandon(&world);
}

// ---- stress ----

static void
a_program_runs_while_everything_moves_at_every_allocation(void **state)
{
    size_t scope;
    void **list;

    (void)state;
    prepare();
    check_make(&world);
    rh_heap_stress(world.heap, true);
    rhi_compact_stress(&world.heap->compact, true);
    scope = rh_scope_save(world.heap);
    list = rh_scope_hold(world.heap, NULL);

    for (size_t i = 0; i < 200; i++) {
        void *old = *list;
        struct node *node = check_node(world.heap, NULL, NULL);

        assert_true(!old || *list != old); // it has moved
        node->right = *list;
        *list = node;
        assert_int_equal(check_list_length(*list), i + 1);
    }

    check_heap(world.heap);
    assert_true(check_stat(world.heap, "total_moved_objects") >= 199 * 200 / 2);
    rh_scope_restore(world.heap, scope);
    check_close(&world);
}

// ---- random graphs, for several models ----

// Two references, in the model's encoding, and a container outside.
struct cell {
    uint64_t id;
    uintptr_t left;
    uintptr_t right;
    uintptr_t *items; // external
    uint64_t item_count;
};

struct kind {
    const char *name;
    size_t slot_bytes;
    uint32_t run_offset;
    struct rh_encoding encoding;
};

static const struct kind kinds[] = {
    { "plain", 40, 0, { 0, 0, 0 } },
    { "48 bytes, runs at 24", 48, 24, { 0, 0, 0 } },
    { "tag 5 below", 64, 8, { ~(uintptr_t)7, 7, 5 } },
    { "NaN-boxed",
      56,
      32,
      { ((uintptr_t)1 << 48) - 1, (uintptr_t)0xffff << 48,
        (uintptr_t)0xfffc << 48 } },
};

enum {
    CELLS = 2000,
    ROOTS = 20,
    ITEMS = 300,
    ROUNDS = 12,
    NOBODY = -1
};

// The same graph, as numbers.
struct shadow {
    int left, right;
    int items[ITEMS];
    size_t item_count;
    struct cell *address; // where it was met; NULL: not yet
};

static struct {
    uint64_t seed;
    const struct kind *kind;
    struct shadow shadows[CELLS];
    int count;
    uintptr_t root_words[ROOTS]; // what the heap sees
    int roots[ROOTS];            // the same, as numbers
    void **handle;               // one more
    int held;
    struct cell *by_callback; // and one more
    int called;
} graph;

static size_t
below(size_t limit)
{
    return check_random_below(&graph.seed, limit);
}

static uintptr_t
encode(const struct cell *cell)
{
    return cell ? (uintptr_t)cell | graph.kind->encoding.tag : 0;
}

static struct cell *
decode(uintptr_t word)
{
    uintptr_t mask = graph.kind->encoding.mask;

    return (struct cell *)(mask ? word & mask : word);
}

static void
cell_trace(void *object, struct rh_visitor *visitor)
{
    struct cell *cell = object;

    rh_visit(visitor, &cell->left);
    rh_visit(visitor, &cell->right);
    if (cell->item_count)
        rh_visit_slices(visitor, cell);
}

static bool
cell_trace_range(void *object, size_t from, size_t to,
                 struct rh_visitor *visitor)
{
    struct cell *cell = object;

    for (; from < to && from < cell->item_count; from++)
        rh_visit(visitor, &cell->items[from]);
    return from < cell->item_count;
}

static void
cell_release(struct rh_heap *heap, void *object)
{
    struct cell *cell = object;

    rh_external_free(heap, cell->items, cell->item_count * sizeof *cell->items);
}

static void
report_cell(struct rh_visitor *visitor, void *context)
{
    (void)context;
    rh_visit_pointer(visitor, &graph.by_callback);
}

static void
open_graph(const struct kind *kind, uint64_t seed)
{
    memset(&graph, 0, sizeof graph);
    graph.seed = seed;
    graph.kind = kind;
    check_prepare(&world);
    model = (struct rh_model){
        .name = kind->name,
        .trace = cell_trace,
        .trace_range = cell_trace_range,
        .release = cell_release,
        .flags = RH_MODEL_MOVABLE,
        .run_offset = kind->run_offset,
        .encoding = kind->encoding,
    };
    world.config.model = &model;
    world.config.slot_bytes = kind->slot_bytes;
    world.config.initial_slots = below(2) * 1000;
    check_make(&world);
    assert_int_equal(
        rh_root_add_range(world.heap, NULL, graph.root_words, ROOTS), RH_OK);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report_cell, NULL),
                     RH_OK);
    graph.handle = rh_scope_hold(world.heap, NULL);
    graph.held = graph.called = NOBODY;
    for (int i = 0; i < ROOTS; i++)
        graph.roots[i] = NOBODY;
}

static struct cell *
cell_of(int number)
{
    return number == NOBODY ? NULL : graph.shadows[number].address;
}

// Somebody who is still there, or nobody.
static int
anybody(void)
{
    int number = (int)below((size_t)graph.count + 1) - 1;

    return cell_of(number) ? number : NOBODY;
}

static void
fill_items(struct cell *cell, struct shadow *shadow)
{
    shadow->item_count = below(4) ? below(5) : below(ITEMS);
    if (!shadow->item_count)
        return;
    cell->items = rh_external_malloc(world.heap,
                                     shadow->item_count * sizeof *cell->items);
    cell->item_count = shadow->item_count;
    for (size_t i = 0; i < shadow->item_count; i++) {
        shadow->items[i] = anybody();
        cell->items[i] = encode(cell_of(shadow->items[i]));
    }
    rh_external_attach(world.heap, cell);
}

// New cells, with links to all that there are.  Nothing collects meanwhile.
static void
grow_graph(int count)
{
    rh_heap_disable(world.heap);
    for (; count > 0 && graph.count < CELLS; count--) {
        struct shadow *shadow = &graph.shadows[graph.count];
        struct cell *cell = rh_heap_alloc(world.heap);

        assert_non_null(cell);
        for (size_t n = below(20) ? 0 : below(500); n > 0; n--)
            assert_non_null(rh_heap_alloc(world.heap)); // garbage
        cell->id = (uint64_t)graph.count;
        shadow->address = cell;
        shadow->left = anybody();
        shadow->right = anybody();
        cell->left = encode(cell_of(shadow->left));
        cell->right = encode(cell_of(shadow->right));
        fill_items(cell, shadow);
        graph.count++;
    }
}

static void
set_roots(void)
{
    for (int i = 0; i < ROOTS; i++) {
        if (below(3))
            continue;
        graph.roots[i] = anybody();
        graph.root_words[i] = encode(cell_of(graph.roots[i]));
    }
    graph.held = anybody();
    *graph.handle = cell_of(graph.held);
    graph.called = graph.roots[0];
    graph.by_callback = cell_of(graph.called);
}

// Words in the encoding that lead into an evacuated page, but to no object.
static void
words_that_lead_to_no_object_are_left_alone(void **state)
{
    uintptr_t header, free_slot, inside, was[3];

    (void)state;
    open_graph(&kinds[2], 1);
    grow_graph(50);
    graph.roots[0] = 49;
    graph.root_words[0] = encode(cell_of(49));
    header = encode(cell_of(49)) & ~(uintptr_t)(RHI_PAGE_BYTES - 8);
    inside = encode(cell_of(49)) + 8;
    free_slot = encode(rh_heap_alloc(world.heap));
    rh_heap_collect(world.heap); // with garbage in it no more
    check_root(world.heap, &header);
    check_root(world.heap, &inside);
    check_root(world.heap, &free_slot);
    was[0] = header, was[1] = inside, was[2] = free_slot;

    assert_int_equal(verify(NULL), RH_OK);

    assert_true(last().moved > 0);
    assert_true(graph.root_words[0] != was[1] - 8);
    assert_int_equal(header, was[0]);
    assert_int_equal(inside, was[1]);
    assert_int_equal(free_slot, was[2]);
    rh_scope_restore(world.heap, 0);
    check_close(&world);
}

static int met[CELLS * 4];
static size_t met_count;

// The cell must be that of the number, and always the same.
static void
meet(struct cell *cell, int number)
{
    struct shadow *shadow;

    if (number == NOBODY) {
        assert_null(cell);
        return;
    }
    shadow = &graph.shadows[number];
    if (shadow->address) {
        assert_ptr_equal(cell, shadow->address);
        return;
    }
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)cell));
    assert_int_equal(cell->id, number);
    shadow->address = cell;
    met[met_count++] = number;
}

static void
expect_same_graph(void)
{
    for (int i = 0; i < graph.count; i++)
        graph.shadows[i].address = NULL;
    met_count = 0;
    for (int i = 0; i < ROOTS; i++)
        meet(decode(graph.root_words[i]), graph.roots[i]);
    meet(*graph.handle, graph.held);
    meet(graph.by_callback, graph.called);
    while (met_count > 0) {
        const struct shadow *shadow = &graph.shadows[met[--met_count]];
        const struct cell *cell = shadow->address;

        meet(decode(cell->left), shadow->left);
        meet(decode(cell->right), shadow->right);
        assert_int_equal(cell->item_count, shadow->item_count);
        for (size_t i = 0; i < shadow->item_count; i++)
            meet(decode(cell->items[i]), shadow->items[i]);
    }
}

static bool
pin_some(struct rh_heap *heap, void *object, void *context)
{
    (void)context;
    if (below(100) == 0)
        rh_heap_pin(heap, object);
    else
        rh_heap_unpin(heap, object);
    return true;
}

static void
move_graph(void)
{
    size_t live;

    if (below(3) == 0)
        (void)rh_walk_objects(world.heap, pin_some, NULL);
    if (below(2))
        assert_int_equal(rh_heap_compact(world.heap, NULL), RH_OK);
    else
        assert_int_equal(verify(NULL), RH_OK);
    check_heap(world.heap);
    live = last().considered;
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), live);
}

static void
run_graph(const struct kind *kind, uint64_t seed)
{
    open_graph(kind, seed);
    for (int round = 0; round < ROUNDS; round++) {
        grow_graph((int)below(CELLS / ROUNDS * 2));
        set_roots();
        move_graph();
        expect_same_graph();
        // What was not met is gone.
        for (int i = 0; i < graph.count; i++)
            if (!graph.shadows[i].address)
                graph.shadows[i].item_count = 0;
    }
    rh_scope_restore(world.heap, 0);
    check_close(&world);
}

static void
random_graphs_keep_their_shape(void **state)
{
    uint64_t seed = check_seed();

    (void)state;
    for (size_t n = 0; n < CHECK_COUNT(kinds); n++)
        for (uint64_t i = 0; i < 6; i++)
            run_graph(&kinds[n], seed + i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_moves_unless_it_is_pinned),
        cmocka_unit_test(it_can_be_done_again_and_again),
        cmocka_unit_test(an_empty_heap_verifies),
        cmocka_unit_test(without_memory_as_many_move_as_there_is_room_for),
        cmocka_unit_test(a_copy_that_an_object_reports_is_found),
        cmocka_unit_test(a_copy_that_a_root_callback_reports_is_found),
        cmocka_unit_test(under_stress_such_a_reference_panics),
        cmocka_unit_test(other_broken_invariants_are_found_as_well),
        cmocka_unit_test(
            a_program_runs_while_everything_moves_at_every_allocation),
        cmocka_unit_test(words_that_lead_to_no_object_are_left_alone),
        cmocka_unit_test(random_graphs_keep_their_shape),
    };

    return cmocka_run_group_tests_name("scatter", tests, NULL, NULL);
}
