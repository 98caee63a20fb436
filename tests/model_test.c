// SPDX-License-Identifier: MIT
/*
 * A heap against a naive model of itself, in a long random run.
 *
 * The model remembers every object that exists: what it refers to, how large
 * its buffer is, whether it is old.  Whenever the heap says that it has marked,
 * the model forgets what is dead:
 *   - after a minor collection, the young that neither roots nor old objects,
 *     dead ones included, lead to; all others are old
 *   - after a major one at once, all that roots do not lead to
 *   - after a major one in steps, all that was old and could not be reached
 *     when it began, unless something that was promoted since leads there; of
 *     the others that cannot be reached any more, those that the heap says
 * After each operation the heap verifies, has exactly the objects of the model,
 * with the same contents and ages, and the same number of bytes outside.
 *
 * RH_SEED=number repeats a run; RH_STEPS=number makes it longer or shorter.
 */
#include "check.h"

#include <rheap/barrier.h>

enum {
    ROOTS = 12,
    HANDLES = 40,
    SCOPES = 10,
    MOST = 3000,
    NOBODY = -1
};

struct shadow {
    struct node *address;
    int left, right; // indexes, or NOBODY
    size_t bytes;    // of the buffer
    unsigned char fill;
    bool reached;
    bool old;
    bool doomed;      // the major collection under way must find it dead
    bool unprotected; // stores into it run no barrier
};

struct model {
    struct check_world world;
    uint64_t seed;
    size_t steps;

    struct shadow shadows[MOST]; // those that may exist
    int count;
    uint64_t minors; // that the model knows of
    bool in_minor;   // one is under way
    bool in_steps;   // there was one since the major one began
    bool marking;    // a major one is under way

    struct node *roots[ROOTS]; // what the heap sees
    int root[ROOTS];           // the same, as indexes
    int handle[HANDLES];
    void **handle_address[HANDLES];
    size_t handles;
    size_t scope[SCOPES]; // saved heights, each with its number of handles
    size_t scopes;
    size_t adjusted;
};

static size_t
below(struct model *model, size_t limit)
{
    return check_random_below(&model->seed, limit);
}

// What the model knows.

static void
reach(struct model *model, int index, int *stack, int *height)
{
    if (index == NOBODY || model->shadows[index].reached)
        return;
    model->shadows[index].reached = true;
    stack[(*height)++] = index;
}

// What has been reached leads on.
static void
follow(struct model *model, int *stack, int height)
{
    while (height > 0) {
        const struct shadow *shadow = &model->shadows[stack[--height]];
        int left = shadow->left, right = shadow->right;

        reach(model, left, stack, &height);
        reach(model, right, stack, &height);
    }
}

// Reach all that roots lead to; old objects are roots, too, if `old_too`.
static void
mark(struct model *model, bool old_too)
{
    static int stack[MOST];
    int height = 0;

    for (int i = 0; i < model->count; i++)
        model->shadows[i].reached = false;
    for (size_t i = 0; i < ROOTS; i++)
        reach(model, model->root[i], stack, &height);
    for (size_t i = 0; i < model->handles; i++)
        reach(model, model->handle[i], stack, &height);
    for (int i = 0; i < model->count && old_too; i++)
        if (model->shadows[i].old)
            reach(model, i, stack, &height);
    follow(model, stack, height);
}

static int
moved(const int *where, int index)
{
    return index == NOBODY ? NOBODY : where[index];
}

// Close the ranks of those that were reached; they are old.
static void
forget_the_dead(struct model *model)
{
    static int where[MOST];
    int kept = 0;

    for (int i = 0; i < model->count; i++)
        where[i] = model->shadows[i].reached ? kept++ : NOBODY;
    for (int i = 0; i < model->count; i++) {
        struct shadow shadow = model->shadows[i];

        if (!shadow.reached)
            continue;
        shadow.left = moved(where, shadow.left);
        shadow.right = moved(where, shadow.right);
        shadow.old = true;
        model->shadows[where[i]] = shadow;
    }
    model->count = kept;
    for (size_t i = 0; i < ROOTS; i++)
        model->root[i] = moved(where, model->root[i]);
    for (size_t i = 0; i < model->handles; i++)
        model->handle[i] = moved(where, model->handle[i]);
}

// What is promoted now may lead to what was dead when the major one began.
static void
spare_the_promoted(struct model *model)
{
    static int stack[MOST];
    int height = 0;

    for (int i = 0; i < model->count; i++) {
        struct shadow *shadow = &model->shadows[i];

        shadow->reached = shadow->reached && !shadow->old;
        if (shadow->reached)
            stack[height++] = i;
    }
    follow(model, stack, height);
    for (int i = 0; i < model->count; i++)
        if (model->shadows[i].reached)
            model->shadows[i].doomed = false;
}

static void
minor_has_marked(struct model *model)
{
    model->in_steps = true;
    if (model->marking) {
        mark(model, true);
        spare_the_promoted(model);
    }
    mark(model, true);
    forget_the_dead(model);
}

static void
major_begins(struct model *model)
{
    model->marking = true;
    model->in_steps = false;
    mark(model, false);
    for (int i = 0; i < model->count; i++) {
        struct shadow *shadow = &model->shadows[i];

        shadow->doomed = shadow->old && !shadow->reached;
    }
}

static bool
is_live(const struct model *model, int index)
{
    return rh_heap_is_live(model->world.heap,
                           (uintptr_t)model->shadows[index].address);
}

static void
major_has_marked(struct model *model)
{
    mark(model, false);
    for (int i = 0; i < model->count; i++) {
        struct shadow *shadow = &model->shadows[i];

        if (shadow->reached || !is_live(model, i))
            continue;
        assert_true(model->in_steps); // at once, all of them die
        assert_false(shadow->doomed);
        shadow->reached = true;
    }
    forget_the_dead(model);
    model->marking = false;
}

// Minor collections begin and end with nothing in between.
static void
hear(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    struct model *model = context;
    uint64_t minors = check_stat(heap, "minor_gc_count");

    switch (event->kind) {
    case RH_EVENT_COLLECTION_START:
        model->in_minor = minors != model->minors;
        model->minors = minors;
        if (!model->in_minor)
            major_begins(model);
        break;
    case RH_EVENT_MARK_END:
        if (model->in_minor)
            minor_has_marked(model);
        else
            major_has_marked(model);
        break;
    default:
        model->in_minor = false;
    }
}

// Comparing.

static struct node *
address_of(const struct model *model, int index)
{
    return index == NOBODY ? NULL : model->shadows[index].address;
}

static void
expect_object(struct model *model, const struct shadow *shadow)
{
    struct rh_heap *heap = model->world.heap;
    const struct node *node = shadow->address;
    const unsigned char *buffer = node->buffer;

    assert_true(rh_heap_is_live(heap, (uintptr_t)node));
    if (model->world.config.generational)
        assert_int_equal(rh_fast_is_old(rh_heap_fast(heap), (uintptr_t)node),
                         shadow->old);
    assert_int_equal(!rh_barrier_is_protected(heap, node), shadow->unprotected);
    assert_int_equal(node->tag, NODE);
    assert_ptr_equal(node->left, address_of(model, shadow->left));
    assert_ptr_equal(node->right, address_of(model, shadow->right));
    assert_int_equal(node->bytes, shadow->bytes);
    if (shadow->bytes) {
        assert_int_equal(buffer[0], shadow->fill);
        assert_int_equal(buffer[shadow->bytes - 1], shadow->fill);
    }
}

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    ++*(int *)context;
    return true;
}

static void
expect_same(struct model *model)
{
    struct rh_heap *heap = model->world.heap;
    bool sweeping = strcmp(rh_heap_stage(heap), "sweeping") == 0;
    size_t bytes = 0, old = 0;
    int seen = 0;

    check_heap(heap);
    rh_walk_objects(heap, count_object, &seen);
    assert_int_equal(seen, model->count);
    for (int i = 0; i < model->count; i++) {
        expect_object(model, &model->shadows[i]);
        bytes += model->shadows[i].bytes;
        old += model->shadows[i].old;
    }
    // What is dead and not swept yet counts in both.
    assert_true(sweeping ||
                check_stat(heap, "heap_live_slots") == (size_t)model->count);
    assert_true(sweeping || check_stat(heap, "x_external_bytes") == bytes);
    assert_true(check_stat(heap, "x_external_bytes") >= bytes);
    if (model->world.config.generational)
        assert_int_equal(check_stat(heap, "old_objects"), old);
    for (size_t i = 0; i < model->handles; i++)
        assert_ptr_equal(*model->handle_address[i],
                         address_of(model, model->handle[i]));
    assert_int_equal(check_stat(heap, "x_adjusted_bytes"), model->adjusted);
    assert_int_equal(check_stat(heap, "x_handle_count"), model->handles);
}

// Operations.

// Somebody whom the program can still get at, or NOBODY.
static int
somebody(struct model *model)
{
    int index = model->handles && below(model, 3) == 0
                    ? model->handle[below(model, model->handles)]
                    : model->root[below(model, ROOTS)];

    for (size_t steps = below(model, 6); steps > 0 && index != NOBODY;
         steps--) {
        const struct shadow *shadow = &model->shadows[index];
        int next = below(model, 2) ? shadow->left : shadow->right;

        if (next != NOBODY)
            index = next;
    }
    return index;
}

static void
set_root(struct model *model, size_t root, int index)
{
    model->root[root] = index;
    model->roots[root] = address_of(model, index);
}

// Tell the heap of a store, in one way or another.
static void
tell(struct model *model, int from, int to)
{
    struct rh_heap *heap = model->world.heap;
    struct node *parent = model->shadows[from].address;

    if (model->shadows[from].unprotected)
        return;
    switch (below(model, 4)) {
    case 0:
        rh_barrier_write(heap, parent, address_of(model, to));
        break;
    case 1:
        rh_barrier_all(heap, parent);
        break;
    case 2:
        rh_barrier_write_at(heap, parent, below(model, 2),
                            address_of(model, to));
        break;
    default:
        rh_fast_barrier(heap, rh_heap_fast(heap), parent,
                        address_of(model, to));
    }
}

static void
set_left(struct model *model, int from, int to)
{
    model->shadows[from].left = to;
    model->shadows[from].address->left = address_of(model, to);
}

static void
set_right(struct model *model, int from, int to)
{
    model->shadows[from].right = to;
    model->shadows[from].address->right = address_of(model, to);
}

static int
make_object(struct model *model)
{
    struct node *node = rh_heap_alloc(model->world.heap);
    int index;

    assert_non_null(node);
    index = model->count++;
    node->tag = NODE;
    model->shadows[index] =
        (struct shadow){ .address = node, .left = NOBODY, .right = NOBODY };
    return index;
}

static void
op_make(struct model *model)
{
    size_t count = below(model, 30);

    while (count-- > 0 && model->count < MOST) {
        int index = make_object(model);

        // Who was there before may be gone: only now choose among the rest.
        set_left(model, index, somebody(model));
        set_right(model, index, somebody(model));
        if (below(model, 3))
            set_root(model, below(model, ROOTS), index);
    }
}

static void
op_waste(struct model *model)
{
    size_t count = below(model, 300);

    while (count-- > 0 && model->count < MOST)
        make_object(model);
}

static void
op_link(struct model *model)
{
    int from = somebody(model);

    if (from == NOBODY)
        return;
    set_left(model, from, somebody(model));
    tell(model, from, model->shadows[from].left);
    if (below(model, 2)) {
        set_right(model, from, below(model, 3) ? somebody(model) : NOBODY);
        tell(model, from, model->shadows[from].right);
    }
}

static void
op_unprotect(struct model *model)
{
    int index = somebody(model);

    if (index == NOBODY || below(model, 5))
        return;
    rh_barrier_unprotect(model->world.heap, model->shadows[index].address);
    model->shadows[index].unprotected = true;
}

static void
op_drop(struct model *model)
{
    set_root(model, below(model, ROOTS),
             below(model, 2) ? NOBODY : somebody(model));
}

static void
op_resize(struct model *model)
{
    struct rh_heap *heap = model->world.heap;
    int index = somebody(model);
    size_t bytes = below(model, 4) ? 1 + below(model, 3000) : 0;
    struct shadow *shadow;
    struct node *node;

    if (index == NOBODY)
        return;
    shadow = &model->shadows[index];
    node = shadow->address;
    if (!bytes) {
        rh_external_free(heap, node->buffer, node->bytes);
        rh_external_detach(heap, node);
        node->buffer = NULL;
    } else {
        node->buffer =
            rh_external_realloc(heap, node->buffer, node->bytes, bytes);
        assert_non_null(node->buffer);
        rh_external_attach(heap, node);
        shadow->fill = (unsigned char)below(model, 256);
        memset(node->buffer, shadow->fill, bytes);
    }
    node->bytes = shadow->bytes = bytes;
}

static void
op_adjust(struct model *model)
{
    size_t bytes = below(model, 100000);

    if (below(model, 2)) {
        rh_external_adjust(model->world.heap, NULL, (ptrdiff_t)bytes);
        model->adjusted += bytes;
    } else {
        bytes = model->adjusted ? below(model, model->adjusted + 1) : 0;
        rh_external_adjust(model->world.heap, NULL, -(ptrdiff_t)bytes);
        model->adjusted -= bytes;
    }
}

static void
op_hold(struct model *model)
{
    int index = somebody(model);
    void **handle;

    if (model->handles == HANDLES)
        return;
    if (model->scopes < SCOPES && below(model, 3) == 0)
        model->scope[model->scopes++] = rh_scope_save(model->world.heap);
    handle = rh_scope_hold(model->world.heap, address_of(model, index));
    assert_non_null(handle);
    model->handle_address[model->handles] = handle;
    model->handle[model->handles++] = index;
}

static void
op_restore(struct model *model)
{
    size_t scope;

    if (!model->scopes)
        return;
    model->scopes -= 1 + below(model, model->scopes);
    scope = model->scope[model->scopes];
    rh_scope_restore(model->world.heap, scope);
    model->handles = scope;
}

static void
op_collect(struct model *model)
{
    rh_heap_collect(model->world.heap);
    assert_int_equal(check_stat(model->world.heap, "heap_marked_slots"),
                     model->count);
}

static void
op_minor(struct model *model)
{
    rh_heap_minor(model->world.heap);
}

static void
op_start(struct model *model)
{
    struct rh_heap *heap = model->world.heap;
    bool idle = strcmp(rh_heap_stage(heap), "none") == 0;

    assert_int_equal(rh_heap_start(heap), !model->world.config.generational
                                              ? RH_BAD_ARGUMENT
                                          : idle ? RH_OK
                                                 : RH_BUSY);
}

static void
op_step(struct model *model)
{
    size_t count = 1 + below(model, 4);

    while (count-- > 0)
        (void)rh_heap_step(
            model->world.heap,
            (struct rh_budget){ .objects = 1 + below(model, 40),
                                .microseconds = below(model, 3) });
}

static void
op_finish(struct model *model)
{
    rh_heap_finish(model->world.heap);
    assert_string_equal(rh_heap_stage(model->world.heap), "none");
}

static void
op_cancel(struct model *model)
{
    rh_heap_cancel(model->world.heap);
    model->marking = false;
    assert_string_equal(rh_heap_stage(model->world.heap), "none");
}

static void
op_safepoint(struct model *model)
{
    struct rh_heap *heap = model->world.heap;
    bool due = rh_heap_is_due(heap);
    enum rh_work work = rh_heap_due(heap).work;
    uint64_t before = check_stat(heap, "count") + check_stat(heap, "x_steps");

    assert_true(work != RH_WORK_NONE || !due);
    rh_heap_safepoint(heap);
    assert_int_equal(
        check_stat(heap, "count") + check_stat(heap, "x_steps") > before, due);
}

static void
op_allow(struct model *model)
{
    rh_heap_allow_major(model->world.heap, below(model, 2));
}

static void
op_trim(struct model *model)
{
    rh_trim_now(model->world.heap, (unsigned)below(model, 4));
}

static unsigned
stress_bits(struct model *model)
{
    static const unsigned bits[] = { RH_STRESS_ALLOC,  RH_STRESS_ALLOC,
                                     RH_STRESS_MINOR,  RH_STRESS_MINOR,
                                     RH_STRESS_LAZY,   RH_STRESS_STEPS,
                                     RH_STRESS_MALLOC, RH_STRESS_VERIFY };
    unsigned stress = 0;

    for (int i = 0; i < 3; i++)
        stress |= bits[below(model, CHECK_COUNT(bits))];
    return stress;
}

static void
op_mood(struct model *model)
{
    switch (below(model, 4)) {
    case 0:
        rh_heap_disable(model->world.heap);
        break;
    case 1:
        rh_heap_stress(model->world.heap, stress_bits(model));
        break;
    case 2:
        rh_heap_stress(model->world.heap, RH_STRESS_NONE);
        break;
    default:
        rh_heap_enable(model->world.heap);
    }
}

static void
op_walk(struct model *model)
{
    int count = 0, expected = 0;

    assert_int_equal(rh_walk_objects(model->world.heap, count_object, &count),
                     RH_OK);
    assert_int_equal(count, model->count);
    count = 0;
    mark(model, false);
    for (int i = 0; i < model->count; i++)
        expected += model->shadows[i].reached;
    assert_int_equal(
        rh_walk_reachable(model->world.heap, NULL, count_object, &count),
        RH_OK);
    assert_int_equal(count, expected);
}

static void
op_look(struct model *model)
{
    struct rh_page_view view;
    size_t pages = check_stat(model->world.heap, "heap_sorted_length");

    if (pages)
        assert_int_equal(
            rh_page_look(model->world.heap, below(model, pages), &view), RH_OK);
}

static void
step(struct model *model)
{
    static void (*const ops[])(struct model * model) = {
        op_make,   op_make,   op_make,      op_make,      op_waste, op_link,
        op_link,   op_link,   op_drop,      op_drop,      op_drop,  op_resize,
        op_resize, op_hold,   op_restore,   op_collect,   op_trim,  op_mood,
        op_adjust, op_walk,   op_look,      op_safepoint, op_minor, op_minor,
        op_start,  op_start,  op_step,      op_step,      op_step,  op_step,
        op_finish, op_cancel, op_unprotect, op_allow,
    };

    ops[below(model, CHECK_COUNT(ops))](model);
    if (model->count == MOST) {
        rh_heap_enable(model->world.heap);
        op_collect(model);
    }
    if (model->count > MOST * 3 / 4)
        for (size_t i = 0; i < ROOTS; i++)
            set_root(model, i, NOBODY);
}

static size_t
wanted_steps(void)
{
    const char *given = getenv("RH_STEPS");

    return given ? strtoul(given, NULL, 0) : 1500;
}

static void
run(struct model *model, uint64_t seed)
{
    model->seed = seed;
    model->steps = wanted_steps();
    model->minors = 0;
    model->in_minor = model->in_steps = model->marking = false;
    model->count = 0;
    model->handles = model->scopes = model->adjusted = 0;
    check_make(&model->world);
    assert_int_equal(
        rh_root_add_range(model->world.heap, NULL, model->roots, ROOTS), RH_OK);
    assert_int_equal(rh_event_listen(model->world.heap,
                                     RH_EVENT_COLLECTION_START |
                                         RH_EVENT_MARK_END | RH_EVENT_SWEEP_END,
                                     hear, model),
                     RH_OK);
    for (size_t i = 0; i < ROOTS; i++)
        set_root(model, i, NOBODY);
    while (model->steps-- > 0) {
        step(model);
        expect_same(model);
    }
    rh_scope_restore(model->world.heap, 0);
    check_close(&model->world);
}

static struct model the_model;

static struct rh_config *
prepare(void)
{
    check_prepare(&the_model.world);
    return &the_model.world.config;
}

static void
a_heap_behaves_like_its_model(void **state)
{
    (void)state;
    prepare();
    run(&the_model, check_seed());
}

static void
a_small_heap_that_collects_often_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->initial_slots = 0;
    config->malloc_limit = 5000;
    config->malloc_limit_max = 20000;
    config->oldmalloc_limit = 50000;
    run(&the_model, check_seed() + 1);
}

static void
a_heap_under_the_rules_of_cruby_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->growth = rh_growth_cruby31;
    config->trim = rh_trim_always;
    config->initial_slots = 300;
    config->free_slots = 100;
    run(&the_model, check_seed() + 2);
}

static void
a_heap_under_the_rules_of_ree_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->growth = rh_growth_ree;
    config->initial_slots = 300;
    config->free_slots = 100;
    config->slots_increment = 200;
    run(&the_model, check_seed() + 3);
}

static void
a_heap_with_large_slots_and_granules_does(void **state)
{
    struct rh_config *config = prepare();
    static struct rh_model model;

    (void)state;
    model = check_node_model;
    model.run_offset = 40;
    config->model = &model;
    config->slot_bytes = 64;
    config->initial_slots = 300;
    check_memory_init(&the_model.world.memory, &the_model.world.faults,
                      &config->memory, 65536);
    run(&the_model, check_seed() + 4);
}

static void
a_heap_whose_system_takes_nothing_back_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->initial_slots = 300;
    the_model.world.memory.refuse_release = true;
    run(&the_model, check_seed() + 5);
}

static void
a_heap_with_generations_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->generational = true;
    run(&the_model, check_seed() + 6);
}

static void
a_small_heap_with_generations_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->generational = true;
    config->initial_slots = 0;
    config->nursery_slots = 100;
    config->malloc_limit = 5000;
    config->malloc_limit_max = 20000;
    config->oldmalloc_limit = 50000;
    run(&the_model, check_seed() + 7);
}

static void
a_heap_that_collects_in_steps_by_itself_does(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->generational = true;
    config->incremental = true;
    config->step_us = 1;
    config->initial_slots = 100;
    config->nursery_slots = 200;
    config->malloc_limit = 20000;
    config->malloc_limit_max = 40000;
    config->oldmalloc_limit = 100000;
    config->oldobject_limit_factor = 1.2;
    run(&the_model, check_seed() + 8);
}

static void
generations_under_the_rules_of_cruby_do(void **state)
{
    struct rh_config *config = prepare();

    (void)state;
    config->generational = true;
    config->incremental = true;
    config->growth = rh_growth_cruby31;
    config->trim = rh_trim_always;
    config->initial_slots = 300;
    config->free_slots = 100;
    config->oldobject_limit_factor = 0.9;
    run(&the_model, check_seed() + 9);
}

static void
generations_with_large_slots_and_granules_do(void **state)
{
    struct rh_config *config = prepare();
    static struct rh_model model;

    (void)state;
    model = check_node_model;
    model.run_offset = 40;
    config->model = &model;
    config->generational = true;
    config->slot_bytes = 64;
    config->initial_slots = 300;
    check_memory_init(&the_model.world.memory, &the_model.world.faults,
                      &config->memory, 65536);
    run(&the_model, check_seed() + 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_behaves_like_its_model),
        cmocka_unit_test(a_small_heap_that_collects_often_does),
        cmocka_unit_test(a_heap_under_the_rules_of_cruby_does),
        cmocka_unit_test(a_heap_under_the_rules_of_ree_does),
        cmocka_unit_test(a_heap_with_large_slots_and_granules_does),
        cmocka_unit_test(a_heap_whose_system_takes_nothing_back_does),
        cmocka_unit_test(a_heap_with_generations_does),
        cmocka_unit_test(a_small_heap_with_generations_does),
        cmocka_unit_test(a_heap_that_collects_in_steps_by_itself_does),
        cmocka_unit_test(generations_under_the_rules_of_cruby_do),
        cmocka_unit_test(generations_with_large_slots_and_granules_do),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
