// SPDX-License-Identifier: MIT
// What a program holds on to: addresses, ranges, callbacks, handles.
#include "check.h"

static uint64_t
live(const struct check_world *world)
{
    return check_stat(world->heap, "heap_live_slots");
}

static void
collect(struct check_world *world)
{
    rh_heap_collect(world->heap);
    check_heap(world->heap);
}

// Addresses.

static void
an_address_is_a_root_until_it_is_removed(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &node);
    check_heap(world.heap);
    collect(&world);
    assert_int_equal(live(&world), 1);

    check_unroot(world.heap, &node);
    check_heap(world.heap);

    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
a_root_is_read_when_a_collection_marks(void **state)
{
    struct check_world world;
    struct node *root = NULL;

    (void)state;
    check_open(&world);
    check_root(world.heap, &root);
    collect(&world);
    assert_int_equal(live(&world), 0);

    root = check_list(world.heap, 3);
    collect(&world);
    assert_int_equal(live(&world), 3);
    root = check_list(world.heap, 5);
    collect(&world);
    assert_int_equal(live(&world), 5);
    root = NULL;
    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
each_add_wants_its_own_remove(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &node);
    check_root(world.heap, &node);

    check_unroot(world.heap, &node);
    collect(&world);
    assert_int_equal(live(&world), 1);
    check_unroot(world.heap, &node);
    collect(&world);
    assert_int_equal(live(&world), 0);
    assert_int_equal(rh_root_remove(world.heap, &node), RH_NOT_FOUND);
    check_close(&world);
}

static void
what_was_never_added_cannot_be_removed(void **state)
{
    struct check_world world;
    struct node *node = NULL;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_root_remove(world.heap, &node), RH_NOT_FOUND);
    assert_int_equal(rh_root_remove_range(world.heap, &node), RH_NOT_FOUND);
    check_root(world.heap, &node);
    assert_int_equal(rh_root_remove_range(world.heap, &node), RH_NOT_FOUND);
    check_close(&world);
}

static void
roots_come_and_go_in_any_order(void **state)
{
    enum {
        ROOTS = 500
    };
    struct check_world world;
    static struct node *roots[ROOTS];
    size_t held[ROOTS] = { 0 };
    size_t alive = 0;
    uint64_t seed = 11;

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < ROOTS; i++) {
        size_t scope = rh_scope_save(world.heap);

        roots[i] = check_node(world.heap, NULL, NULL);
        assert_non_null(rh_scope_hold(world.heap, roots[i]));
        check_root(world.heap, &roots[i]);
        held[i] = 1;
        rh_scope_restore(world.heap, scope);
    }
    for (int step = 0; step < 2000; step++) {
        size_t i = check_random_below(&seed, ROOTS);

        if (roots[i] && held[i] && check_random_below(&seed, 2)) {
            check_unroot(world.heap, &roots[i]);
            held[i]--;
        } else if (roots[i] && held[i]) {
            check_root(world.heap, &roots[i]);
            held[i]++;
        }
        if (step % 100 == 0)
            check_heap(world.heap);
    }
    for (size_t i = 0; i < ROOTS; i++)
        alive += held[i] > 0;

    collect(&world);

    assert_int_equal(live(&world), alive);
    for (size_t i = 0; i < ROOTS; i++) {
        if (held[i])
            assert_true(rh_heap_is_live(world.heap, (uintptr_t)roots[i]));
        for (; held[i]; held[i]--)
            check_unroot(world.heap, &roots[i]);
        assert_int_equal(rh_root_remove(world.heap, &roots[i]), RH_NOT_FOUND);
    }
    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

// Ranges.

static void
every_word_of_a_range_is_a_root(void **state)
{
    enum {
        WORDS = 3000
    };
    struct check_world world;
    static struct node *words[WORDS];

    (void)state;
    check_open(&world);
    memset(words, 0, sizeof words);
    assert_int_equal(rh_root_add_range(world.heap, "mine", words, WORDS),
                     RH_OK);
    for (size_t i = 0; i < WORDS; i++)
        words[i] = check_node(world.heap, NULL, NULL);

    collect(&world);
    assert_int_equal(live(&world), WORDS);
    words[0] = words[WORDS - 1] = NULL;
    collect(&world);
    assert_int_equal(live(&world), WORDS - 2);

    assert_int_equal(rh_root_remove_range(world.heap, words), RH_OK);
    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
a_range_ends_where_it_says(void **state)
{
    struct check_world world;
    struct node *words[4];

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 4; i++)
        words[i] = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_root_add_range(world.heap, NULL, &words[1], 2), RH_OK);

    collect(&world);

    assert_int_equal(live(&world), 2);
    assert_false(rh_heap_is_live(world.heap, (uintptr_t)words[0]));
    assert_false(rh_heap_is_live(world.heap, (uintptr_t)words[3]));
    check_close(&world);
}

static void
an_empty_range_is_no_root(void **state)
{
    struct check_world world;
    struct node *word;

    (void)state;
    check_open(&world);
    word = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_root_add_range(world.heap, NULL, &word, 0), RH_OK);

    collect(&world);

    assert_int_equal(live(&world), 0);
    assert_int_equal(rh_root_remove_range(world.heap, &word), RH_OK);
    check_close(&world);
}

// Callbacks.

static void
report(struct rh_visitor *visitor, void *context)
{
    rh_visit(visitor, context);
}

static void
report_nothing(struct rh_visitor *visitor, void *context)
{
    (void)visitor, (void)context;
}

static void
a_callback_reports_roots_until_it_is_removed(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_list(world.heap, 4);
    assert_int_equal(rh_root_add_callback(world.heap, "stack", report, &node),
                     RH_OK);
    collect(&world);
    assert_int_equal(live(&world), 4);

    assert_int_equal(rh_root_remove_callback(world.heap, report, &node), RH_OK);
    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
a_callback_is_known_by_function_and_context(void **state)
{
    struct check_world world;
    struct node *a, *b;

    (void)state;
    check_open(&world);
    a = check_node(world.heap, NULL, NULL);
    b = check_node(world.heap, NULL, NULL);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report, &a), RH_OK);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report, &b), RH_OK);

    assert_int_equal(rh_root_remove_callback(world.heap, report_nothing, &a),
                     RH_NOT_FOUND);
    assert_int_equal(rh_root_remove_callback(world.heap, report, &world),
                     RH_NOT_FOUND);
    assert_int_equal(rh_root_remove_callback(world.heap, report, &a), RH_OK);
    assert_int_equal(rh_root_remove_callback(world.heap, report, &a),
                     RH_NOT_FOUND);

    collect(&world);
    assert_int_equal(live(&world), 1);
    assert_true(rh_heap_is_live(world.heap, (uintptr_t)b));
    check_close(&world);
}

enum {
    MANY = 5000
};
static struct node *many[MANY];

static void
report_many(struct rh_visitor *visitor, void *context)
{
    (void)context;
    for (size_t i = 0; i < MANY; i++)
        rh_visit(visitor, &many[i]);
}

static void
a_callback_may_report_more_than_the_work_list_holds(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    rh_heap_disable(world.heap);
    for (size_t i = 0; i < MANY; i++)
        many[i] = check_list(world.heap, i % 3 + 1);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report_many, NULL),
                     RH_OK);

    collect(&world);

    assert_int_equal(live(&world), MANY * 2 - 1);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(check_list_length(many[i]), i % 3 + 1);
    check_close(&world);
}

// Categories.

struct tally {
    const char *names[8];
    size_t counts[8];
    size_t length;
};

static bool
tally_root(struct rh_heap *heap, const char *category, void *object,
           void *context)
{
    struct tally *tally = context;
    size_t i = 0;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    while (i < tally->length && strcmp(tally->names[i], category) != 0)
        i++;
    assert_true(i < CHECK_COUNT(tally->names));
    tally->names[i] = category;
    tally->counts[i]++;
    if (i == tally->length)
        tally->length++;
    return true;
}

static size_t
tally_of(const struct tally *tally, const char *name)
{
    for (size_t i = 0; i < tally->length; i++)
        if (strcmp(tally->names[i], name) == 0)
            return tally->counts[i];
    return 0;
}

static void
each_kind_of_root_has_its_category(void **state)
{
    struct check_world world;
    struct tally tally = { .length = 0 };
    struct node *address, *range[3], *named[2], *context, *other;

    (void)state;
    check_open(&world);
    address = context = other = check_node(world.heap, NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        range[i] = check_node(world.heap, NULL, NULL);
    named[0] = named[1] = range[0];
    check_root(world.heap, &address);
    assert_int_equal(rh_root_add_range(world.heap, NULL, range, 3), RH_OK);
    assert_int_equal(rh_root_add_range(world.heap, "globals", named, 2), RH_OK);
    assert_int_equal(rh_root_add_callback(world.heap, NULL, report, &context),
                     RH_OK);
    assert_int_equal(rh_root_add_callback(world.heap, "vm", report, &other),
                     RH_OK);
    for (size_t i = 0; i < 600; i++)
        assert_non_null(rh_scope_hold(world.heap, range[i % 3]));
    assert_non_null(rh_scope_hold(world.heap, NULL)); // no reference

    assert_int_equal(rh_walk_roots(world.heap, tally_root, &tally), RH_OK);

    assert_int_equal(tally.length, 6);
    assert_int_equal(tally_of(&tally, "addresses"), 1);
    assert_int_equal(tally_of(&tally, "ranges"), 3);
    assert_int_equal(tally_of(&tally, "globals"), 2);
    assert_int_equal(tally_of(&tally, "callbacks"), 1);
    assert_int_equal(tally_of(&tally, "vm"), 1);
    assert_int_equal(tally_of(&tally, "handles"), 600);
    check_heap(world.heap);
    check_close(&world);
}

// Words that are no references.

static void
words_that_lead_nowhere_are_ignored(void **state)
{
    struct check_world world;
    uintptr_t words[64];
    uint64_t seed = 5;

    (void)state;
    check_open(&world);
    assert_int_equal(
        rh_root_add_range(world.heap, NULL, words, CHECK_COUNT(words)), RH_OK);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < CHECK_COUNT(words); i++) {
            uintptr_t object = (uintptr_t)check_node(world.heap, NULL, NULL);

            // Far away, or not a multiple of 8.
            words[i] = i % 2 ? check_random(&seed) & ~(uintptr_t)7
                             : object + 1 + check_random_below(&seed, 7);
        }
        check_heap(world.heap);
        collect(&world);
        assert_int_equal(live(&world), 0);
    }
    check_close(&world);
}

// Handles and scopes.

static void
a_handle_is_a_root_until_its_scope_is_restored(void **state)
{
    struct check_world world;
    size_t scope;

    (void)state;
    check_open(&world);
    scope = rh_scope_save(world.heap);
    assert_non_null(rh_scope_hold(world.heap, check_list(world.heap, 3)));
    check_heap(world.heap);
    collect(&world);
    assert_int_equal(live(&world), 3);
    assert_int_equal(check_stat(world.heap, "x_handle_count"), 1);

    rh_scope_restore(world.heap, scope);

    assert_int_equal(check_stat(world.heap, "x_handle_count"), 0);
    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
what_a_handle_holds_may_be_replaced(void **state)
{
    struct check_world world;
    void **handle;

    (void)state;
    check_open(&world);
    handle = rh_scope_hold(world.heap, NULL);
    *handle = check_list(world.heap, 2);
    collect(&world);
    assert_int_equal(live(&world), 2);

    *handle = check_list(world.heap, 5);

    collect(&world);
    assert_int_equal(live(&world), 5);
    assert_int_equal(check_list_length(*handle), 5);
    check_close(&world);
}

static void
restoring_an_outer_scope_ends_the_inner_ones(void **state)
{
    struct check_world world;
    size_t outer;

    (void)state;
    check_open(&world);
    outer = rh_scope_save(world.heap);
    for (size_t depth = 1; depth <= 10; depth++) {
        assert_int_equal(rh_scope_save(world.heap), depth - 1);
        assert_non_null(
            rh_scope_hold(world.heap, check_node(world.heap, NULL, NULL)));
    }
    collect(&world);
    assert_int_equal(live(&world), 10);

    rh_scope_restore(world.heap, outer);

    collect(&world);
    assert_int_equal(live(&world), 0);
    check_close(&world);
}

static void
hold_and_leave(struct check_world *world, jmp_buf *exit)
{
    for (int depth = 0; depth < 50; depth++) {
        (void)rh_scope_save(world->heap);
        assert_non_null(
            rh_scope_hold(world->heap, check_node(world->heap, NULL, NULL)));
    }
    longjmp(*exit, 1);
}

static void
longjmp_across_scopes_is_fine(void **state)
{
    static struct check_world world;
    jmp_buf exit;

    (void)state;
    check_open(&world);
    for (volatile int round = 0; round < 3; round++) {
        volatile size_t scope = rh_scope_save(world.heap);

        if (setjmp(exit) == 0)
            hold_and_leave(&world, &exit);
        assert_int_equal(check_stat(world.heap, "x_handle_count"), 50);
        rh_scope_restore(world.heap, scope);
        collect(&world);
        assert_int_equal(live(&world), 0);
    }
    check_close(&world);
}

static void
restoring_an_inner_scope_after_an_outer_one_panics(void **state)
{
    struct check_world world;
    size_t outer, inner;

    (void)state;
    check_open(&world);
    outer = rh_scope_save(world.heap);
    assert_non_null(rh_scope_hold(world.heap, NULL));
    inner = rh_scope_save(world.heap);
    rh_scope_restore(world.heap, inner);
    rh_scope_restore(world.heap, outer);

    check_panics("scope restored", rh_scope_restore(world.heap, inner));
    check_heap(world.heap);
    check_close(&world);
}

static void
handles_stay_where_they_are_as_their_stack_grows(void **state)
{
    enum {
        HANDLES = 200000
    };
    struct check_world world;
    void ***handles = calloc(HANDLES, sizeof *handles);
    struct rh_fast *fast;

    (void)state;
    assert_non_null(handles);
    check_open(&world);
    fast = rh_heap_fast(world.heap);
    for (size_t i = 0; i < HANDLES; i++) {
        struct node *node = check_node(world.heap, NULL, NULL);

        node->bytes = i;
        handles[i] = i % 2 ? rh_scope_hold(world.heap, node)
                           : rh_fast_hold(world.heap, fast, node);
        assert_non_null(handles[i]);
    }
    collect(&world);

    assert_int_equal(live(&world), HANDLES);
    for (size_t i = 0; i < HANDLES; i++)
        assert_int_equal(((struct node *)*handles[i])->bytes, i);
    rh_scope_restore(world.heap, 0);
    assert_int_equal(check_stat(world.heap, "x_handle_peak"), HANDLES);
    check_close(&world);
    free(handles);
}

static void
the_handle_stack_ends_where_the_config_says(void **state)
{
    struct check_world world;
    size_t count = 0;

    (void)state;
    check_prepare(&world);
    world.config.handle_bytes = 256 << 10;
    check_make(&world);

    while (rh_scope_hold(world.heap, NULL))
        count++;

    assert_int_equal(count, (256 << 10) / sizeof(void *));
    check_heap(world.heap);
    rh_scope_restore(world.heap, count / 2);
    assert_non_null(rh_scope_hold(world.heap, NULL));
    check_heap(world.heap);
    check_close(&world);
}

static void
in_a_narrow_address_space_the_handle_stack_is_shorter(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.region_bytes = 16 << 20;
    world.config.handle_bytes = (size_t)1 << 30;
    world.memory.max_reserve = 40 << 20;
    check_make(&world);

    // 1,024, 512, ..., 64, 32 MiB.
    // The heap's own state, the region, and this.
    assert_int_equal(world.memory.reserved_count, 3);
    assert_int_equal(world.memory.reserved[2].bytes, 32 << 20);
    assert_non_null(rh_scope_hold(world.heap, NULL));
    check_heap(world.heap);
    check_close(&world);
}

static void
a_handle_without_memory_is_refused_and_can_be_had_later(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    world.memory.refuse_commit = true;
    assert_null(rh_scope_hold(world.heap, NULL));
    check_heap(world.heap);

    world.memory.refuse_commit = false;
    assert_non_null(rh_scope_hold(world.heap, NULL));
    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "x_handle_count"), 1);
    check_close(&world);
}

static void
the_handle_stack_doubles_its_memory(void **state)
{
    struct check_world world;
    size_t words = (64 << 10) / sizeof(void *);
    size_t before;

    (void)state;
    check_open(&world);
    before = world.memory.committed;
    for (size_t commit = 0; commit < 5; commit++) {
        assert_non_null(rh_scope_hold(world.heap, NULL));
        assert_int_equal(world.memory.committed - before, (size_t)(64 << 10)
                                                              << commit);
        for (size_t i = 1; i < (commit ? words << (commit - 1) : words); i++)
            assert_non_null(rh_scope_hold(world.heap, NULL));
    }
    check_heap(world.heap);
    check_close(&world);
}

static void
the_peak_counts_the_highest_stack(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    for (size_t i = 0; i < 10; i++)
        assert_non_null(rh_scope_hold(world.heap, NULL));
    assert_int_equal(check_stat(world.heap, "x_handle_peak"), 10);
    rh_scope_restore(world.heap, 3);
    assert_int_equal(check_stat(world.heap, "x_handle_peak"), 10);
    for (size_t i = 0; i < 5; i++)
        assert_non_null(rh_scope_hold(world.heap, NULL));

    assert_int_equal(check_stat(world.heap, "x_handle_count"), 8);
    assert_int_equal(check_stat(world.heap, "x_handle_peak"), 10);
    check_close(&world);
}

// No memory for the tables.

static void
a_root_that_finds_no_room_is_refused(void **state)
{
    struct check_world world;
    struct node *words[100] = { NULL };
    size_t added = 0;

    (void)state;
    check_open(&world);
    world.faults.for_good = true;
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_root_add(world.heap, &words[0]), RH_NO_MEMORY);
    assert_int_equal(rh_root_add_range(world.heap, NULL, words, 1),
                     RH_NO_MEMORY);
    assert_int_equal(
        rh_root_add_callback(world.heap, NULL, report_nothing, NULL),
        RH_NO_MEMORY);
    check_heap(world.heap);

    check_fail_at(&world.faults, 2); // the second growth of the table
    while (rh_root_add(world.heap, &words[added]) == RH_OK)
        added++;

    assert_true(added > 0 && added < 100);
    check_heap(world.heap);
    check_fail_at(&world.faults, 0);
    check_root(world.heap, &words[added]);
    for (size_t i = 0; i <= added; i++)
        check_unroot(world.heap, &words[i]);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_a_root_until_it_is_removed),
        cmocka_unit_test(a_root_is_read_when_a_collection_marks),
        cmocka_unit_test(each_add_wants_its_own_remove),
        cmocka_unit_test(what_was_never_added_cannot_be_removed),
        cmocka_unit_test(roots_come_and_go_in_any_order),
        cmocka_unit_test(every_word_of_a_range_is_a_root),
        cmocka_unit_test(a_range_ends_where_it_says),
        cmocka_unit_test(an_empty_range_is_no_root),
        cmocka_unit_test(a_callback_reports_roots_until_it_is_removed),
        cmocka_unit_test(a_callback_is_known_by_function_and_context),
        cmocka_unit_test(a_callback_may_report_more_than_the_work_list_holds),
        cmocka_unit_test(each_kind_of_root_has_its_category),
        cmocka_unit_test(words_that_lead_nowhere_are_ignored),
        cmocka_unit_test(a_handle_is_a_root_until_its_scope_is_restored),
        cmocka_unit_test(what_a_handle_holds_may_be_replaced),
        cmocka_unit_test(restoring_an_outer_scope_ends_the_inner_ones),
        cmocka_unit_test(longjmp_across_scopes_is_fine),
        cmocka_unit_test(restoring_an_inner_scope_after_an_outer_one_panics),
        cmocka_unit_test(handles_stay_where_they_are_as_their_stack_grows),
        cmocka_unit_test(the_handle_stack_ends_where_the_config_says),
        cmocka_unit_test(in_a_narrow_address_space_the_handle_stack_is_shorter),
        cmocka_unit_test(
            a_handle_without_memory_is_refused_and_can_be_had_later),
        cmocka_unit_test(the_handle_stack_doubles_its_memory),
        cmocka_unit_test(the_peak_counts_the_highest_stack),
        cmocka_unit_test(a_root_that_finds_no_room_is_refused),
    };

    return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
