// SPDX-License-Identifier: MIT
/*
 * Every call for memory fails once, in a program that uses all that can fail:
 * for n = 1, 2, 3, ... the n-th reservation, commit, release, allocation or
 * resize is refused, alone or with all that follow.  Whatever happens then,
 * the heap verifies after every operation, and in the end every byte has come
 * back.
 */
#include "check.h"

#include <rheap/finalizer.h>
#include <rheap/identity.h>
#include <rheap/weak.h>
#include <rheap/profile.h>
#include <rheap/site.h>
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/hash.h>
#include <rheap/string.h>

// The program.  It takes what it gets.

enum kind {
    PLAIN,
    GENERATIONS,
    STEPS, // by itself
    KINDS
};

struct program {
    struct check_world world;
    enum kind kind;
    struct node *roots[8];
    struct node *range[20];
};

static void
report_range(struct rh_visitor *visitor, void *context)
{
    struct program *program = context;

    for (size_t i = 0; i < CHECK_COUNT(program->range); i++)
        rh_visit(visitor, &program->range[i]);
}

static void
ignore_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)heap, (void)event, (void)context;
}

static struct node *
try_node(struct program *program, struct node *right)
{
    struct rh_heap *heap = program->world.heap;
    size_t scope = rh_scope_save(heap);
    void **held = rh_scope_hold(heap, right);
    struct node *node = held ? rh_heap_alloc(heap) : NULL;

    if (node) {
        node->tag = NODE;
        node->right = *held;
    }
    rh_scope_restore(heap, scope);
    check_heap(heap);
    return node;
}

static void
try_buffer(struct program *program, struct node **root, size_t bytes)
{
    struct rh_heap *heap = program->world.heap;
    struct node *node = try_node(program, *root);
    void *larger;

    if (!node)
        return;
    *root = node;
    node->buffer = rh_external_malloc(heap, bytes);
    check_heap(heap);
    if (!node->buffer)
        return;
    node->bytes = bytes;
    rh_external_attach(heap, node);
    larger = rh_external_realloc(heap, node->buffer, bytes, 3 * bytes);
    check_heap(heap);
    if (larger) {
        node->buffer = larger;
        node->bytes = 3 * bytes;
    }
}

static void
use_roots(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    size_t added = 0;

    while (added < 20 && rh_root_add(heap, &program->range[added]) == RH_OK)
        added++;
    check_heap(heap);
    if (rh_root_add_range(heap, NULL, program->range, 20) == RH_OK)
        assert_int_equal(rh_root_remove_range(heap, program->range), RH_OK);
    if (rh_root_add_callback(heap, NULL, report_range, program) == RH_OK)
        assert_int_equal(rh_root_remove_callback(heap, report_range, program),
                         RH_OK);
    check_heap(heap);
    while (added-- > 0)
        check_unroot(heap, &program->range[added]);
    check_heap(heap);
}

static void
use_handles(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    size_t scope = rh_scope_save(heap);

    for (size_t i = 0; i < 20000; i++)
        if (!rh_scope_hold(heap, program->roots[i % 8]))
            break;
    check_heap(heap);
    rh_scope_restore(heap, scope);
}

static void
use_listeners(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    size_t listeners = 0;

    while (listeners < 10 &&
           rh_event_listen(heap, ~0u, ignore_event, NULL) == RH_OK)
        listeners++;
    check_heap(heap);
    (void)try_node(program, NULL);
    while (listeners-- > 0)
        assert_int_equal(rh_event_ignore(heap, ignore_event, NULL), RH_OK);
    check_heap(heap);
}

static uint64_t
hash_tag(struct rh_heap *heap, void *key)
{
    check_heap(heap);
    return ((struct node *)key)->tag;
}

static bool
equal_nodes(struct rh_heap *heap, void *there, void *key)
{
    rh_heap_collect(heap);
    return there == key;
}

static void
use_map(struct program *program, struct rh_weak_map *map)
{
    struct rh_heap *heap = program->world.heap;

    for (size_t i = 0; map && i < 40; i++) {
        struct node *key = program->range[i % 20];
        enum rh_status status;

        if (!key)
            continue;
        status = rh_weak_map_set(heap, map, key, program->range[i / 2]);

        check_heap(heap);
        assert_true(status == RH_OK || status == RH_NO_MEMORY);
        status = rh_weak_map_get(heap, map, key, NULL);
        check_heap(heap);
        if (i % 7 == 6)
            (void)rh_weak_map_delete(heap, map, key, NULL);
        check_heap(heap);
    }
}

static void
say_nothing(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)context;
    assert_int_equal(((struct node *)object)->tag, NODE);
}

static void
use_finalizers(struct program *program)
{
    struct rh_heap *heap = program->world.heap;

    for (size_t i = 0; i < 40; i++) {
        struct node *node = program->range[i % 20];
        struct node *other = program->range[i / 2];

        if (!node)
            continue;
        (void)!rh_finalizer_add(heap, node, say_nothing, NULL);
        check_heap(heap);
        if (i % 3 == 0)
            (void)rh_finalizer_remove(heap, node, say_nothing, NULL);
        check_heap(heap);
        if (i % 5 == 0 && other)
            (void)!rh_finalizer_copy(heap, node, other);
        check_heap(heap);
        (void)rh_identity_of(heap, node);
        check_heap(heap);
    }
}

// Weak things, finalizers and ids.
static bool
run_beside(struct program *program)
{
    static const struct rh_weak_type type = { hash_tag, equal_nodes };
    struct rh_heap *heap = rh_heap_new(&program->world.config);
    struct rh_weak_ref *refs[20];

    program->world.heap = heap;
    if (!heap || rh_root_add_range(heap, NULL, program->range, 20) != RH_OK)
        return false;
    for (size_t i = 0; i < 20; i++) {
        program->range[i] = try_node(program, NULL);
        refs[i] = rh_weak_ref_new(heap, program->range[i]);
        check_heap(heap);
    }
    use_finalizers(program);
    use_map(program,
            rh_weak_map_new(heap, RH_WEAK_KEY, NULL, program->range[0]));
    use_map(program, rh_weak_map_new(heap, RH_WEAK_BOTH, NULL, NULL));
    use_map(program, rh_weak_map_new(heap, RH_WEAK_KEY, &type, NULL));
    for (size_t i = 0; i < 10; i++) {
        program->range[i] = NULL;
        rh_weak_ref_free(heap, refs[i]);
    }
    rh_heap_collect(heap);
    check_heap(heap);
    (void)rh_finalizer_run(heap, 0);
    check_heap(heap);
    use_finalizers(program);
    return true;
}

// Objects from many places; those without a site are counted.
static void
use_sites(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    struct rh_site site;
    struct node *nodes[200];
    size_t known = 0;
    size_t made = 0;

    rh_site_trace(heap, true);
    for (unsigned line = 1; line <= CHECK_COUNT(nodes); line++) {
        rh_site_at(heap, __FILE__, line);
        nodes[made] = try_node(program, NULL);
        made += nodes[made] != NULL;
    }
    rh_site_trace(heap, false);
    for (size_t i = 0; i < made; i++)
        known += rh_site_of(heap, nodes[i], &site) == RH_OK;
    if (check_stat(heap, "count") == 0)
        assert_int_equal(known + rh_site_lost(heap), made);
}

static void
use_profiler(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    struct rh_pause records[9];
    bool enabled = rh_profile_enable(heap, 5) == RH_OK;

    check_heap(heap);
    rh_heap_collect(heap);
    check_heap(heap);
    assert_int_equal(rh_profile_is_enabled(heap), enabled);
    assert_int_equal(rh_profile_read(heap, 0, records, 9), enabled);
    if (rh_profile_enable(heap, 9) == RH_OK)
        assert_true(rh_profile_is_enabled(heap));
    check_heap(heap);
}

static void
use_objects(struct program *program)
{
    struct rh_heap *heap = program->world.heap;
    size_t slots = rh_heap_slots_per_page(heap);

    for (size_t i = 0; i < 20; i++)
        try_buffer(program, &program->roots[i % 4], 10 + i);
    // More pages than one commit has; some, where each is checked more often.
    for (size_t i = 0; i < (program->kind == PLAIN ? 90 : 15) * slots; i++) {
        struct node *node = rh_heap_alloc(heap);

        if (!node)
            break;
        node->right = program->roots[7];
        program->roots[7] = node;
    }
    check_heap(heap);
}

// Store a new node, and perhaps a buffer, into an old one.
static void
try_child(struct program *program, size_t root)
{
    struct node *parent = program->roots[root];
    struct node *child = try_node(program, NULL);

    if (!child || !parent)
        return;
    check_set_left(program->world.heap, parent, child);
    check_heap(program->world.heap);
    child->buffer = rh_external_malloc(program->world.heap, 100);
    if (child->buffer) {
        child->bytes = 100;
        rh_external_attach(program->world.heap, child);
    }
    check_heap(program->world.heap);
}

static void
try_steps(struct program *program, size_t count)
{
    struct rh_heap *heap = program->world.heap;

    (void)rh_heap_start(heap); // one may be under way
    check_heap(heap);
    for (size_t i = 0; i < count; i++) {
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = 300 });
        check_heap(heap);
        try_child(program, i % 4);
    }
}

static void
use_generations(struct program *program)
{
    struct rh_heap *heap = program->world.heap;

    if (program->kind == PLAIN)
        return;
    rh_heap_minor(heap);
    check_heap(heap);
    for (size_t i = 0; i < 4; i++)
        try_child(program, i);
    rh_heap_minor(heap);
    check_heap(heap);
    try_steps(program, 3);
    rh_heap_minor(heap);
    check_heap(heap);
    rh_trim_now(heap, RH_TRIM_PAGES);
    check_heap(heap);
    rh_heap_finish(heap);
    check_heap(heap);
    try_steps(program, 2);
    rh_heap_cancel(heap);
    check_heap(heap);
    try_steps(program, 1);
}

static void
use_image(struct program *program)
{
    struct rh_heap *heap = program->world.heap;

    memset(program->roots, 0, sizeof program->roots);
    rh_heap_collect(heap);
    check_heap(heap);
    if (rh_image_begin(heap) != RH_OK)
        fail_msg("the heap is not empty");
    for (size_t page = 0; page < 300; page += 60)
        program->roots[page / 60] =
            rh_image_place(heap, (struct rh_position){ page, 1 }, NULL);
    rh_image_end(heap);
    check_heap(heap);
}

// Answers whether there was a heap at all.
static bool
run(struct program *program)
{
    struct rh_heap *heap = rh_heap_new(&program->world.config);

    program->world.heap = heap;
    if (!heap)
        return false;
    check_heap(heap);
    if (rh_root_add_range(heap, NULL, program->roots, 8) != RH_OK)
        return true;
    use_sites(program);
    use_objects(program);
    use_generations(program); // ends in the middle of marking
    use_roots(program);
    use_handles(program);
    use_listeners(program);
    use_profiler(program);
    rh_heap_collect(heap);
    check_heap(heap);
    program->roots[7] = NULL;
    rh_heap_collect(heap);
    check_heap(heap);
    rh_site_clear(heap);
    rh_trim_now(heap, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
    check_heap(heap);
    use_objects(program);
    use_generations(program);
    rh_heap_safepoint(heap);
    check_heap(heap);
    use_image(program);
    use_objects(program);
    return true;
}

static void
prepare(struct program *program, enum kind kind)
{
    memset(program, 0, sizeof *program);
    program->kind = kind;
    check_prepare(&program->world);
    program->world.config.generational = kind != PLAIN;
    program->world.config.incremental = kind == STEPS;
    program->world.config.step_us = 1;
    program->world.config.region_bytes = 16 << 20;
    program->world.config.handle_bytes = 1 << 20;
    program->world.config.initial_slots = 1000;
    program->world.config.malloc_limit = 500;
    program->world.config.malloc_limit_max = 1000;
}

// Answers whether the n-th call was reached.
static bool
run_failing_at(bool (*run_it)(struct program *program), enum kind kind,
               size_t n, bool for_good)
{
    static struct program program;

    prepare(&program, kind);
    program.world.faults.for_good = for_good;
    check_fail_at(&program.world.faults, n);
    (void)run_it(&program);
    check_close(&program.world);
    return program.world.faults.failed;
}

static void
the_program_runs_when_nothing_fails(void **state)
{
    static struct program program;

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prepare(&program, (enum kind)kind);

        assert_true(run(&program));

        assert_non_null(program.roots[7]);
        assert_true(program.world.faults.calls > 100);
        assert_true(program.world.memory.release_calls > 0);
        check_close(&program.world);
    }
}

static void
expect_each_may_fail(enum kind kind, bool for_good)
{
    size_t n = 1;

    while (run_failing_at(run, kind, n, for_good))
        n++;
    assert_true(n > 100);
}

static void
each_call_for_memory_may_fail_once(void **state)
{
    (void)state;
    expect_each_may_fail(PLAIN, false);
}

static void
from_each_call_on_all_may_fail(void **state)
{
    (void)state;
    expect_each_may_fail(PLAIN, true);
}

static void
each_may_fail_once_in_a_heap_with_generations(void **state)
{
    (void)state;
    expect_each_may_fail(GENERATIONS, false);
}

static void
from_each_on_all_may_fail_in_a_heap_with_generations(void **state)
{
    (void)state;
    expect_each_may_fail(GENERATIONS, true);
}

static void
each_may_fail_once_in_a_heap_that_collects_in_steps(void **state)
{
    (void)state;
    expect_each_may_fail(STEPS, false);
}

static void
from_each_on_all_may_fail_in_a_heap_that_collects_in_steps(void **state)
{
    (void)state;
    expect_each_may_fail(STEPS, true);
}

// Old containers that get young elements: what was stored stays, whatever
// could not be had for it, the table of cards included.

enum {
    OLD_ONES = 3,
    CHILDREN = 60
};

static enum rh_status
try_store(struct rh_heap *heap, const rh_value *old, size_t n, rh_value child)
{
    switch (n % OLD_ONES) {
    case 0:
        return n % 2 ? rh_array_push(heap, old[0], child)
                     : rh_array_set(heap, old[0], 10 * n, child);
    case 1:
        return rh_hash_set(heap, old[1], rh_fixnum_from((int64_t)n), child);
    default:
        return rh_ivar_set(heap, old[2], n, child);
    }
}

static size_t
store_children(struct rh_heap *heap, const rh_value *old, rh_value *children)
{
    size_t count = 0;

    for (size_t n = 0; n < CHILDREN; n++) {
        rh_value child = rh_string_new(heap, 0, "child", 5);

        if (child != RH_UNDEF && !try_store(heap, old, n, child))
            children[count++] = child;
        objects_check(heap);
    }
    return count;
}

static bool
containers_failing_at(size_t fail_at, bool steps)
{
    struct check_world world;
    rh_value old[OLD_ONES];
    rh_value children[CHILDREN];
    struct rh_heap *heap;
    size_t count;
    bool failed;

    check_prepare(&world);
    world.config.model = rh_object_model();
    world.config.generational = true;
    check_make(&world);
    heap = world.heap;
    rh_heap_disable(heap);
    old[0] = objects_keep(heap, rh_array_new(heap, 0, NULL, 500));
    old[1] = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    old[2] = objects_text(heap, "old");
    rh_heap_minor(heap);
    if (steps) {
        assert_int_equal(rh_heap_start(heap), RH_OK);
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = 2 });
    }
    check_fail_at(&world.faults, fail_at);
    count = store_children(heap, old, children);
    failed = world.faults.failed;
    check_fail_at(&world.faults, 0);

    rh_heap_minor(heap);
    rh_heap_finish(heap);
    objects_check(heap);
    assert_int_equal(count > CHILDREN / 2, 1);
    for (size_t i = 0; i < count; i++)
        objects_expect_text(children[i], "child");
    check_close(&world);
    return failed;
}

static void
what_was_stored_stays_when_memory_fails(void **state)
{
    (void)state;
    for (int steps = 0; steps < 2; steps++) {
        size_t n = 1;

        while (containers_failing_at(n, steps))
            n++;
        assert_true(n > 10);
    }
}

static void
whatever_fails_what_is_beside_the_heap_is_sound(void **state)
{
    size_t n = 1;

    (void)state;
    while (run_failing_at(run_beside, PLAIN, n, false))
        n++;
    assert_true(n > 50);
    for (n = 1; run_failing_at(run_beside, PLAIN, n, true);)
        n++;
    assert_true(n > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_runs_when_nothing_fails),
        cmocka_unit_test(each_call_for_memory_may_fail_once),
        cmocka_unit_test(from_each_call_on_all_may_fail),
        cmocka_unit_test(whatever_fails_what_is_beside_the_heap_is_sound),
        cmocka_unit_test(each_may_fail_once_in_a_heap_with_generations),
        cmocka_unit_test(from_each_on_all_may_fail_in_a_heap_with_generations),
        cmocka_unit_test(each_may_fail_once_in_a_heap_that_collects_in_steps),
        cmocka_unit_test(
            from_each_on_all_may_fail_in_a_heap_that_collects_in_steps),
        cmocka_unit_test(what_was_stored_stays_when_memory_fails),
    };

    return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
