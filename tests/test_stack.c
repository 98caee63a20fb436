// SPDX-License-Identifier: MIT
// What a conservative scan finds, and what it passes by.
#include "hidden.h"

#include "heap.h"

static uint64_t
live(const struct check_world *world)
{
    return check_stat(world->heap, "heap_live_slots");
}

static void
open_scanning(struct check_world *world, unsigned flags)
{
    check_open(world);
    assert_int_equal(rh_stack_scan(world->heap, flags), RH_OK);
    check_heap(world->heap);
}

// A visitor that looks for one object.
static struct report {
    struct rh_visitor visitor;
    size_t edges;
    size_t pinned;
    uintptr_t hidden; // to be looked for
    bool found;
} report;

static void
report_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    (void)edge, (void)mask;
    (void)visitor;
    report.edges++;
}

static void
report_pinned(struct rh_visitor *visitor, void *object)
{
    (void)visitor;
    report.pinned++;
    if (~(uintptr_t)object == report.hidden)
        report.found = true;
}

static void
report_begin(const struct check_world *world, uintptr_t hidden)
{
    report = (struct report){ .hidden = hidden };
    rhi_visitor_init(&report.visitor, &world->heap->region, world->heap->model);
    report.visitor.edge = report_edge;
    report.visitor.pinned = report_pinned;
}

// The thread that collects.

static void
a_local_variable_holds_an_object_only_while_scanning_is_on(void **state)
{
    struct check_world world;
    struct node *volatile local;
    uintptr_t hidden;

    (void)state;
    check_open(&world);
    hidden = hidden_put(world.heap, &local);
    hidden_collect(world.heap);
    assert_false(hidden_is_alive(world.heap, hidden));

    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    hidden = hidden_put(world.heap, &local);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));
    assert_int_equal(local->tag, NODE);

    rh_stack_ignore(world.heap);
    hidden_collect(world.heap);
    assert_false(hidden_is_alive(world.heap, hidden));
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
what_a_local_variable_leads_to_lives(void **state)
{
    struct check_world world;
    struct node *volatile list;

    (void)state;
    open_scanning(&world, 0);
    list = check_list(world.heap, 1000);

    hidden_collect(world.heap);

    assert_true(live(&world) >= 1000);
    assert_int_equal(check_list_length(list), 1000);
    check_close(&world);
}

static void
an_object_dies_when_the_variable_is_overwritten(void **state)
{
    struct check_world world;
    struct node *volatile local = NULL;
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    hidden = hidden_put(world.heap, &local);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));

    local = NULL;

    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));
    check_close(&world);
}

static void
collect_as_thread(struct rh_heap *heap, struct rh_thread *thread)
{
    (void)thread;
    hidden_collect(heap);
}

struct life {
    struct rh_heap *heap;
    uintptr_t hidden;
    bool was_there;
};

static void
note_life(void *context)
{
    struct life *life = context;

    life->was_there = hidden_is_alive(life->heap, life->hidden);
}

static bool
register_holds(size_t n, struct rh_heap *heap, uintptr_t hidden)
{
    struct life life = { heap, hidden, false };

    hidden_holds[n](collect_as_thread, heap, NULL, note_life, &life, hidden);
    return life.was_there;
}

static void
every_register_holds_an_object(void **state)
{
    struct check_world world;
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    for (size_t n = 0; n < hidden_hold_count; n++) {
        hidden = hidden_node(world.heap);
        assert_true(register_holds(n, world.heap, hidden));
        hidden_collect(world.heap);
        assert_true(hidden_is_dead(world.heap, hidden));
    }

    rh_stack_ignore(world.heap);
    for (size_t n = 0; n < hidden_hold_count; n++) {
        hidden = hidden_node(world.heap);
        assert_false(register_holds(n, world.heap, hidden));
    }
    check_close(&world);
}

// The same without the functions between a collection and the scan, which save
// most of the registers.
static void
visit_as_thread(struct rh_heap *heap, struct rh_thread *thread)
{
    const struct rhi_root_callback *scan = &heap->roots.callbacks[0];

    (void)thread;
    scan->trace(&report.visitor, scan->context);
}

static void
ignore_context(void *context)
{
    (void)context;
}

static void
every_register_is_read_by_the_scan_itself(void **state)
{
    struct check_world world;

    (void)state;
    open_scanning(&world, 0);
    for (size_t n = 0; n < hidden_hold_count; n++) {
        report_begin(&world, hidden_node(world.heap));
        hidden_scrub();
        hidden_holds[n](visit_as_thread, world.heap, NULL, ignore_context, NULL,
                        report.hidden);
        assert_true(report.found);
    }
    check_close(&world);
}

// One object in each frame, and a collection at the bottom.
HIDDEN_NOINLINE static void
descend(struct check_world *world, size_t depth)
{
    struct node *volatile local = check_node(world->heap, NULL, NULL);

    if (depth > 1)
        descend(world, depth - 1);
    else
        hidden_collect(world->heap);
    assert_true(rh_heap_is_live(world->heap, (uintptr_t)local));
}

static void
every_frame_of_a_deep_recursion_is_read(void **state)
{
    struct check_world world;

    (void)state;
    open_scanning(&world, 0);

    descend(&world, 4000);

    assert_true(live(&world) >= 4000);
    check_close(&world);
}

// A binary tree whose nodes are held by nothing but the variables of this
// function.
static struct node *
grow_tree(struct check_world *world, int depth)
{
    struct node *left = NULL;
    struct node *right = NULL;

    if (depth > 0) {
        left = grow_tree(world, depth - 1);
        right = grow_tree(world, depth - 1);
    }
    return check_node(world->heap, left, right);
}

static size_t
tree_size(const struct node *tree)
{
    if (!tree)
        return 0;
    assert_int_equal(tree->tag, NODE);
    return 1 + tree_size(tree->left) + tree_size(tree->right);
}

static void
a_program_with_locals_only_survives_stress(void **state)
{
    struct check_world world;
    struct node *volatile tree;

    (void)state;
    open_scanning(&world, 0);
    rh_heap_stress(world.heap, true);

    tree = grow_tree(&world, 9);
    check_heap(world.heap);

    assert_int_equal(tree_size(tree), (1 << 10) - 1);
    assert_true(check_stat(world.heap, "count") >= (1 << 10) - 1);
    rh_heap_stress(world.heap, false);
    check_close(&world);
}

static void
a_heap_that_does_not_scan_has_nothing_to_do(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_int_equal(world.heap->roots.callback_count, 0);
    rh_stack_ignore(world.heap);
    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    assert_int_equal(rh_stack_scan(world.heap, RH_STACK_INTERIOR), RH_OK);
    assert_int_equal(world.heap->roots.callback_count, 1);

    rh_stack_ignore(world.heap);

    assert_int_equal(world.heap->roots.callback_count, 0);
    check_heap(world.heap);
    check_close(&world);
}

static void
unknown_flags_are_refused(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_stack_scan(world.heap, 2), RH_BAD_ARGUMENT);

    assert_int_equal(world.heap->roots.callback_count, 0);
    check_close(&world);
}

// Which words count.

static uintptr_t
object_at(const struct check_world *world, uintptr_t word)
{
    return rhi_stack_object(&world->heap->stack, word);
}

// Ask for every byte of the pages that were ever used, and some around.
static void
compare_with_oracle(const struct check_world *world, bool interior)
{
    const struct rhi_region *region = &world->heap->region;
    size_t slot_bytes = rh_heap_slot_bytes(world->heap);
    uintptr_t end = region->base + (region->top << RHI_PAGE_LOG);
    uintptr_t object = 0;
    size_t objects = 0;

    for (uintptr_t word = region->base - 100; word < end + 100; word++) {
        uintptr_t expected = 0;

        if (rh_heap_is_live(world->heap, word)) {
            object = expected = word;
            objects++;
        } else if (interior && object && word - object < slot_bytes)
            expected = object;
        if (object_at(world, word) != expected)
            fail_msg("byte %zu of page %zu", (size_t)rhi_page_offset(word),
                     (size_t)rhi_region_page(region, word));
    }
    assert_int_equal(objects, live(world));
}

// Full pages, pages with holes, tomb pages, a current page, released pages
// below it.
static void
make_all_kinds_of_pages(struct check_world *world, struct node **keep)
{
    size_t slots = rh_heap_slots_per_page(world->heap);

    check_root(world->heap, keep);
    for (size_t i = 0; i < 12 * slots; i++) {
        bool wanted = i / slots % 2 == 0 && (i < slots || i % 3 == 0);

        check_node(world->heap, NULL, NULL)->right = wanted ? *keep : NULL;
        if (wanted)
            *keep = check_node(world->heap, NULL, *keep);
    }
    rh_heap_collect(world->heap);
    check_node(world->heap, NULL, NULL);
    check_heap(world->heap);
}

static void
only_objects_count_wherever_they_are(void **state)
{
    static const size_t sizes[] = { 32, 40, 48, 56, 104, 256 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(sizes); i++) {
        struct check_world world;
        struct node *keep = NULL;

        check_prepare(&world);
        world.config.slot_bytes = sizes[i];
        world.config.initial_slots = 0;
        check_make(&world);
        if (sizes[i] < sizeof(struct node)) { // too small for nodes
            for (size_t n = 0; n < 300; n++)
                assert_non_null(rh_heap_alloc(world.heap));
        } else
            make_all_kinds_of_pages(&world, &keep);

        assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
        compare_with_oracle(&world, false);
        assert_int_equal(rh_stack_scan(world.heap, RH_STACK_INTERIOR), RH_OK);
        compare_with_oracle(&world, true);
        rh_stack_ignore(world.heap);
        rh_trim_now(world.heap, RH_TRIM_PAGES);
        compare_with_oracle(&world, true);
        check_close(&world);
    }
}

static void
words_that_lead_elsewhere_do_not_count(void **state)
{
    struct check_world world, other;
    struct node *node;
    int local = 0;

    (void)state;
    open_scanning(&world, RH_STACK_INTERIOR);
    open_scanning(&other, RH_STACK_INTERIOR);
    node = check_node(other.heap, NULL, NULL);

    assert_int_equal(object_at(&other, (uintptr_t)node), (uintptr_t)node);
    assert_int_equal(object_at(&world, (uintptr_t)node), 0);
    assert_int_equal(object_at(&world, 0), 0);
    assert_int_equal(object_at(&world, UINTPTR_MAX), 0);
    assert_int_equal(object_at(&world, (uintptr_t)&local), 0);
    check_close(&other);
    check_close(&world);
}

static void
a_slot_that_was_freed_does_not_count_until_it_is_used_again(void **state)
{
    struct check_world world;
    struct node *volatile local;
    uintptr_t freed;

    (void)state;
    check_open(&world);
    local = check_node(world.heap, NULL, NULL);
    freed = (uintptr_t)local;
    rh_heap_collect(world.heap);
    assert_int_equal(live(&world), 0);
    assert_int_equal(rh_stack_scan(world.heap, RH_STACK_INTERIOR), RH_OK);
    assert_int_equal(object_at(&world, freed), 0);
    assert_int_equal(object_at(&world, freed + 8), 0);
    hidden_collect(world.heap);
    assert_int_equal(live(&world), 0);

    while ((uintptr_t)check_node(world.heap, NULL, NULL) != freed)
        ;

    assert_int_equal(object_at(&world, freed), freed);
    check_heap(world.heap);
    check_close(&world);
}

static void
what_a_compaction_has_moved_does_not_count(void **state)
{
    struct check_world world;
    struct rhi_region *region;
    uintptr_t node;
    uint64_t *moved;

    (void)state;
    open_scanning(&world, RH_STACK_INTERIOR);
    region = &world.heap->region;
    node = (uintptr_t)check_node(world.heap, NULL, NULL);
    moved = region->plane[RHI_MOVED][rhi_region_page(region, node)];
    assert_int_equal(object_at(&world, node), node);

    rhi_bit_set(moved, rhi_page_index(region, node));

    assert_int_equal(object_at(&world, node), 0);
    assert_int_equal(object_at(&world, node + 8), 0);
    rhi_bit_clear(moved, rhi_page_index(region, node));
    check_close(&world);
}

// Put the address of a new node's field somewhere; its own, complemented.
HIDDEN_NOINLINE static uintptr_t
put_field(struct rh_heap *heap, struct node **volatile *where)
{
    struct node *node = check_node(heap, NULL, NULL);

    *where = &node->right;
    return ~(uintptr_t)node;
}

static void
an_address_inside_a_slot_counts_if_the_embedder_wants_that(void **state)
{
    struct check_world world;
    struct node **volatile field;
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    hidden = put_field(world.heap, &field);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));

    assert_int_equal(rh_stack_scan(world.heap, RH_STACK_INTERIOR), RH_OK);
    hidden = put_field(world.heap, &field);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));
    assert_null(*field);

    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));
    check_close(&world);
}

static void
references_in_the_encoding_of_the_model_count(void **state)
{
    static const struct rh_encoding encodings[] = {
        { 0, 0, 0 },
        { ~(uintptr_t)7, 7, 1 },
        { ~(uintptr_t)7, 7, 0 },
        { ~(uintptr_t)1, 0, 0 },
        { ((uintptr_t)1 << 48) - 1, (uintptr_t)0xffff << 48,
          (uintptr_t)0xfffc << 48 },
    };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(encodings); i++)
        for (unsigned flags = 0; flags < 2; flags++) {
            struct rh_encoding encoding = encodings[i];
            struct rh_model model = { .name = "tagged", .encoding = encoding };
            struct check_world world;
            uintptr_t object;

            check_prepare(&world);
            world.config.model = &model;
            check_make(&world);
            object = (uintptr_t)rh_heap_alloc(world.heap);
            assert_int_equal(rh_stack_scan(world.heap, flags), RH_OK);

            assert_int_equal(object_at(&world, object), object);
            assert_int_equal(object_at(&world, object | encoding.tag), object);
            assert_int_equal(object_at(&world, object + 8), flags ? object : 0);
            assert_int_equal(object_at(&world, (object + 8) | encoding.tag),
                             flags ? object : 0);
            assert_int_equal(object_at(&world, object + 2), flags ? object : 0);
            assert_int_equal(
                object_at(&world, object ^ (uintptr_t)0x7ff0 << 48), 0);
            check_close(&world);
        }
}

// How they are reported.

static void
what_is_found_is_pinned(void **state)
{
    struct check_world world;
    struct node *volatile local;

    (void)state;
    open_scanning(&world, 0);
    report_begin(&world, hidden_put(world.heap, &local));

    rhi_roots_visit(&world.heap->roots, &report.visitor,
                    &(struct rhi_root_observer){ NULL, NULL, NULL });

    assert_int_equal(report.edges, 0);
    assert_true(report.pinned > 0);
    assert_true(report.found);
    check_close(&world);
}

static bool
expect_machine_context(struct rh_heap *heap, const char *category, void *object,
                       void *context)
{
    (void)heap;
    assert_string_equal(category, "machine_context");
    if ((uintptr_t)object == ~*(uintptr_t *)context)
        *(uintptr_t *)context = 0;
    return true;
}

static void
walks_of_roots_name_the_machine_context(void **state)
{
    struct check_world world;
    struct node *volatile local;
    uintptr_t wanted;

    (void)state;
    open_scanning(&world, 0);
    local = check_node(world.heap, NULL, NULL);
    wanted = ~(uintptr_t)local;

    assert_int_equal(rh_walk_roots(world.heap, expect_machine_context, &wanted),
                     RH_OK);

    assert_int_equal(wanted, 0);
    check_close(&world);
}

static jmp_buf out_of_walk;

static bool
leave_walk(struct rh_heap *heap, const char *category, void *object,
           void *context)
{
    (void)heap, (void)category, (void)object, (void)context;
    longjmp(out_of_walk, 1);
}

static void
a_walk_may_be_left_by_longjmp(void **state)
{
    static struct check_world world;
    static uintptr_t hidden;
    struct node *volatile local;

    (void)state;
    open_scanning(&world, 0);
    hidden = hidden_put(world.heap, &local);
    if (setjmp(out_of_walk) == 0) {
        (void)rh_walk_roots(world.heap, leave_walk, NULL);
        fail_msg("nothing was found");
    }
    rh_walk_abandon(world.heap);

    hidden_collect(world.heap);

    assert_true(hidden_is_alive(world.heap, hidden));
    assert_int_equal(local->tag, NODE);
    check_close(&world);
}

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    ++*(size_t *)context;
    return true;
}

static void
what_stacks_hold_can_be_reached(void **state)
{
    struct check_world world;
    struct node *volatile list;
    size_t count = 0;

    (void)state;
    open_scanning(&world, 0);
    list = check_list(world.heap, 100);
    check_waste(world.heap, 100);
    hidden_scrub();

    assert_int_equal(rh_walk_reachable(world.heap, NULL, count_object, &count),
                     RH_OK);

    assert_int_equal(check_list_length(list), 100);
    assert_in_range(count, 100, 150);
    check_heap(world.heap);
    check_close(&world);
}

static void
two_heaps_scan_the_same_stack(void **state)
{
    struct check_world world, other;
    struct node *volatile local;
    struct node *volatile foreign;
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    open_scanning(&other, RH_STACK_INTERIOR);
    local = check_node(world.heap, NULL, NULL);
    hidden = hidden_put(other.heap, &foreign);

    hidden_collect(world.heap);
    hidden_collect(other.heap);
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)local));
    assert_true(hidden_is_alive(other.heap, hidden));
    assert_int_equal(local->tag, NODE);
    assert_int_equal(foreign->tag, NODE);

    rh_stack_ignore(world.heap);
    hidden_collect(world.heap);
    hidden_collect(other.heap);
    assert_int_equal(live(&world), 0);
    assert_true(hidden_is_alive(other.heap, hidden));
    check_close(&world);
    check_close(&other);
}

// Ranges.

static void
a_range_holds_what_its_words_say(void **state)
{
    struct check_world world;
    uintptr_t *words = malloc(10 * sizeof *words); // not initialised
    uintptr_t hidden;

    (void)state;
    assert_non_null(words);
    open_scanning(&world, 0);
    hidden = hidden_node(world.heap);
    hidden_reveal(&words[9], hidden);
    assert_int_equal(rh_stack_add_range(world.heap, words, 10 * sizeof *words),
                     RH_OK);
    check_heap(world.heap);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));

    assert_int_equal(rh_stack_remove_range(world.heap, words), RH_OK);
    check_heap(world.heap);

    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));
    check_close(&world);
    free(words);
}

static void
a_range_is_read_only_while_scanning_is_on(void **state)
{
    struct check_world world;
    static uintptr_t word;
    uintptr_t hidden;

    (void)state;
    check_open(&world);
    assert_int_equal(rh_stack_add_range(world.heap, &word, sizeof word), RH_OK);
    hidden = hidden_node(world.heap);
    hidden_reveal(&word, hidden);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));

    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    hidden = hidden_node(world.heap);
    hidden_reveal(&word, hidden);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));
    check_close(&world);
}

// A range of which the middle word is one that counts, unless it is cut.
static void
expect_cut(size_t first, size_t end)
{
    struct check_world world;
    static uintptr_t words[3];
    char *bytes = (char *)words;
    uintptr_t hidden;

    open_scanning(&world, 0);
    hidden = hidden_node(world.heap);
    hidden_reveal(&words[1], hidden);
    assert_int_equal(rh_stack_add_range(world.heap, bytes + first, end - first),
                     RH_OK);
    hidden_collect(world.heap);
    if (first <= 8 && end >= 16)
        assert_true(hidden_is_alive(world.heap, hidden));
    else
        assert_true(hidden_is_dead(world.heap, hidden));
    check_close(&world);
}

static void
only_whole_words_at_multiples_of_eight_are_read(void **state)
{
    (void)state;
    for (size_t first = 0; first < 16; first++)
        for (size_t end = first; end <= 24; end++)
            expect_cut(first, end);
}

static void
each_range_wants_its_own_remove(void **state)
{
    struct check_world world;
    static uintptr_t words[4];
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    hidden = hidden_node(world.heap);
    hidden_reveal(&words[3], hidden);
    assert_int_equal(rh_stack_remove_range(world.heap, words), RH_NOT_FOUND);
    assert_int_equal(rh_stack_add_range(world.heap, words, sizeof words),
                     RH_OK);
    assert_int_equal(rh_stack_add_range(world.heap, words, 8), RH_OK);
    check_heap(world.heap);

    assert_int_equal(rh_stack_remove_range(world.heap, words), RH_OK); // latest
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, hidden));
    assert_int_equal(rh_stack_remove_range(world.heap, words), RH_OK);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, hidden));
    assert_int_equal(rh_stack_remove_range(world.heap, words), RH_NOT_FOUND);
    check_close(&world);
}

static void
a_range_beyond_the_address_space_is_refused(void **state)
{
    struct check_world world;
    uintptr_t last = UINTPTR_MAX - 7;

    (void)state;
    open_scanning(&world, 0);

    assert_int_equal(rh_stack_add_range(world.heap, (void *)last, 8),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_stack_add_range(world.heap, (void *)(last + 1), 0),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_stack_add_range(world.heap, &world, SIZE_MAX),
                     RH_BAD_ARGUMENT);
    assert_int_equal(rh_stack_add_range(world.heap, NULL, 0), RH_OK);
    hidden_collect(world.heap);
    check_close(&world);
}

// Memory that cannot be had.

static void
scanning_and_ranges_may_fail_for_want_of_memory(void **state)
{
    struct check_world world;
    static uintptr_t word;

    (void)state;
    check_open(&world);
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_stack_scan(world.heap, 0), RH_NO_MEMORY);
    check_heap(world.heap);
    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    check_heap(world.heap);
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_stack_add_range(world.heap, &word, sizeof word),
                     RH_NO_MEMORY);
    check_heap(world.heap);
    assert_int_equal(rh_stack_remove_range(world.heap, &word), RH_NOT_FOUND);
    check_fail_at(&world.faults, 0);
    hidden_collect(world.heap);
    check_close(&world);
}

static void
broken_tables_are_found(void **state)
{
    struct check_world world;
    struct rhi_stack_range *range;
    static uintptr_t word;

    (void)state;
    open_scanning(&world, 0);
    world.heap->stack.on = false;
    check_broken(world.heap, "J1");
    world.heap->stack.on = true;
    assert_int_equal(rh_stack_add_range(world.heap, &word, sizeof word), RH_OK);
    range = (struct rhi_stack_range *)world.heap->stack.ranges.next;
    range->end = range->first - 1;
    check_broken(world.heap, "J2");
    range->end = range->first;
    check_heap(world.heap);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        hidden_test(a_local_variable_holds_an_object_only_while_scanning_is_on),
        hidden_test(what_a_local_variable_leads_to_lives),
        hidden_test(an_object_dies_when_the_variable_is_overwritten),
        hidden_test(every_register_holds_an_object),
        hidden_test(every_register_is_read_by_the_scan_itself),
        hidden_test(every_frame_of_a_deep_recursion_is_read),
        hidden_test(a_program_with_locals_only_survives_stress),
        hidden_test(a_heap_that_does_not_scan_has_nothing_to_do),
        hidden_test(unknown_flags_are_refused),
        hidden_test(only_objects_count_wherever_they_are),
        hidden_test(words_that_lead_elsewhere_do_not_count),
        hidden_test(
            a_slot_that_was_freed_does_not_count_until_it_is_used_again),
        hidden_test(what_a_compaction_has_moved_does_not_count),
        hidden_test(an_address_inside_a_slot_counts_if_the_embedder_wants_that),
        hidden_test(references_in_the_encoding_of_the_model_count),
        hidden_test(what_is_found_is_pinned),
        hidden_test(walks_of_roots_name_the_machine_context),
        hidden_test(a_walk_may_be_left_by_longjmp),
        hidden_test(what_stacks_hold_can_be_reached),
        hidden_test(two_heaps_scan_the_same_stack),
        hidden_test(a_range_holds_what_its_words_say),
        hidden_test(a_range_is_read_only_while_scanning_is_on),
        hidden_test(only_whole_words_at_multiples_of_eight_are_read),
        hidden_test(each_range_wants_its_own_remove),
        hidden_test(a_range_beyond_the_address_space_is_refused),
        hidden_test(scanning_and_ranges_may_fail_for_want_of_memory),
        hidden_test(broken_tables_are_found),
    };

    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
