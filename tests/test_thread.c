// SPDX-License-Identifier: MIT
// Whose stacks are scanned: threads that have left, those that nobody knows,
// coroutines; and who may come and go when.
#include "hidden.h"

#include "heap.h"
#include "os.h"

#include <pthread.h>
#include <ucontext.h>

static void
open_scanning(struct check_world *world, unsigned flags)
{
    check_open(world);
    assert_int_equal(rh_stack_scan(world->heap, flags), RH_OK);
    check_heap(world->heap);
}

static void
expect_node(const struct rh_heap *heap, const struct node *node)
{
    assert_true(rh_heap_is_live(heap, (uintptr_t)node));
    assert_int_equal(node->tag, NODE);
}

// Threads.  A baton goes to and fro between the test and a worker; who does
// not have it waits, without the heap's lock.

struct worker {
    struct check_world *world;
    struct rh_thread *thread; // NULL: not registered
    uintptr_t hidden;
    pthread_t pthread;
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    bool turn; // the worker's
    void *(*body)(void *worker);
};

static void
baton_pass(struct worker *worker, bool to_worker)
{
    assert_int_equal(pthread_mutex_lock(&worker->mutex), 0);
    worker->turn = to_worker;
    assert_int_equal(pthread_cond_broadcast(&worker->turned), 0);
    while (worker->turn == to_worker)
        assert_int_equal(pthread_cond_wait(&worker->turned, &worker->mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&worker->mutex), 0);
}

static void
worker_pause(void *worker)
{
    baton_pass(worker, false);
}

// The memory of stacks is used again.
static void *
worker_run(void *argument)
{
    struct worker *worker = argument;

    hidden_scrub();
    return worker->body(worker);
}

// Start it, and wait until it pauses.
static void
worker_start(struct worker *worker, struct check_world *world,
             void *(*body)(void *worker))
{
    *worker = (struct worker){ .world = world, .body = body };
    assert_int_equal(pthread_mutex_init(&worker->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&worker->turned, NULL), 0);
    worker->turn = true;
    assert_int_equal(pthread_create(&worker->pthread, NULL, worker_run, worker),
                     0);
    assert_int_equal(pthread_mutex_lock(&worker->mutex), 0);
    while (worker->turn)
        assert_int_equal(pthread_cond_wait(&worker->turned, &worker->mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&worker->mutex), 0);
}

// Let it go on until it pauses again.
static void
worker_go_on(struct worker *worker)
{
    baton_pass(worker, true);
}

// The worker's last act.
static void *
worker_end(struct worker *worker)
{
    assert_int_equal(pthread_mutex_lock(&worker->mutex), 0);
    worker->turn = false;
    assert_int_equal(pthread_cond_broadcast(&worker->turned), 0);
    assert_int_equal(pthread_mutex_unlock(&worker->mutex), 0);
    return NULL;
}

static void
worker_join(struct worker *worker)
{
    assert_int_equal(pthread_join(worker->pthread, NULL), 0);
    assert_int_equal(pthread_cond_destroy(&worker->turned), 0);
    assert_int_equal(pthread_mutex_destroy(&worker->mutex), 0);
}

static void
worker_register(struct worker *worker)
{
    worker->thread = rh_thread_new(worker->world->heap);
    assert_non_null(worker->thread);
    check_heap(worker->world->heap);
}

static void
worker_leave_and_pause(struct worker *worker)
{
    rh_thread_leave(worker->world->heap, worker->thread);
    worker_pause(worker);
    rh_thread_enter(worker->world->heap, worker->thread);
    check_heap(worker->world->heap);
}

static void
worker_deregister(struct worker *worker)
{
    rh_thread_free(worker->world->heap, worker->thread);
    worker->thread = NULL;
    check_heap(worker->world->heap);
}

// Hold one object, then another, then none.
static void *
hold_in_variable(void *argument)
{
    struct worker *worker = argument;
    struct rh_heap *heap = worker->world->heap;
    struct node *volatile local;

    worker_register(worker);
    worker->hidden = hidden_put(heap, &local);
    worker_leave_and_pause(worker);
    assert_true(hidden_is_alive(heap, worker->hidden));
    worker->hidden = hidden_put(heap, &local);
    hidden_scrub();
    worker_leave_and_pause(worker);
    assert_true(hidden_is_alive(heap, worker->hidden));
    worker_deregister(worker);
    worker_pause(worker); // the variable is still there
    return worker_end(worker);
}

static void
a_thread_that_has_left_keeps_what_its_stack_holds(void **state)
{
    struct check_world world;
    struct worker worker;
    uintptr_t first;

    (void)state;
    open_scanning(&world, 0);
    worker_start(&worker, &world, hold_in_variable);
    first = worker.hidden;
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, worker.hidden));

    worker_go_on(&worker);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, worker.hidden));
    assert_true(hidden_is_dead(world.heap, first));

    worker_go_on(&worker); // it is not registered any more
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, worker.hidden));

    worker_go_on(&worker);
    worker_join(&worker);
    check_close(&world);
}

// Hold one object in each register, one after the other, then none.
static void *
hold_in_registers(void *argument)
{
    struct worker *worker = argument;
    struct rh_heap *heap = worker->world->heap;

    worker_register(worker);
    for (size_t n = 0; n < hidden_hold_count; n++) {
        worker->hidden = hidden_node(heap);
        hidden_scrub();
        hidden_holds[n](rh_thread_leave, heap, worker->thread, worker_pause,
                        worker, worker->hidden);
        rh_thread_enter(heap, worker->thread);
    }
    hidden_scrub();
    worker_leave_and_pause(worker);
    worker_deregister(worker);
    return worker_end(worker);
}

static void
a_thread_that_has_left_keeps_what_its_registers_hold(void **state)
{
    struct check_world world;
    struct worker worker;

    (void)state;
    open_scanning(&world, 0);
    worker_start(&worker, &world, hold_in_registers);
    for (size_t n = 0; n < hidden_hold_count; n++) {
        uintptr_t hidden = worker.hidden;

        hidden_collect(world.heap);
        assert_true(hidden_is_alive(world.heap, hidden));
        worker_go_on(&worker);
        hidden_collect(world.heap);
        assert_true(hidden_is_dead(world.heap, hidden));
    }
    worker_go_on(&worker);
    worker_join(&worker);
    check_close(&world);
}

// Leave, and never come back.
static void *
leave_for_good(void *argument)
{
    struct worker *worker = argument;
    struct node *volatile local;

    worker_register(worker);
    worker->hidden = hidden_put(worker->world->heap, &local);
    rh_thread_leave(worker->world->heap, worker->thread);
    worker_pause(worker);
    return worker_end(worker);
}

static void
a_thread_that_has_left_may_be_freed_by_another(void **state)
{
    struct check_world world;
    struct worker worker;

    (void)state;
    open_scanning(&world, 0);
    worker_start(&worker, &world, leave_for_good);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, worker.hidden));

    rh_thread_free(world.heap, worker.thread);
    check_heap(world.heap);

    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, worker.hidden));
    worker_go_on(&worker);
    worker_join(&worker);
    check_close(&world);
}

static void
a_heap_takes_its_threads_and_ranges_along(void **state)
{
    struct check_world world;
    struct worker worker;
    static uintptr_t word;

    (void)state;
    open_scanning(&world, 0);
    worker_start(&worker, &world, leave_for_good);
    assert_int_equal(rh_stack_add_range(world.heap, &word, sizeof word), RH_OK);
    assert_non_null(rh_thread_new(world.heap));
    check_heap(world.heap);

    check_close(&world); // nothing is left

    worker_go_on(&worker);
    worker_join(&worker);
}

static void
many_threads_may_have_left(void **state)
{
    enum {
        WORKERS = 10
    };
    struct check_world world;
    static struct worker workers[WORKERS];

    (void)state;
    open_scanning(&world, 0);
    for (size_t i = 0; i < WORKERS; i++)
        worker_start(&workers[i], &world, hold_in_variable);
    hidden_collect(world.heap);
    for (size_t i = 0; i < WORKERS; i++)
        assert_true(hidden_is_alive(world.heap, workers[i].hidden));

    for (size_t i = 0; i < WORKERS; i += 2) // these are at their end then
        for (size_t n = 0; n < 3; n++)
            worker_go_on(&workers[i]);
    check_heap(world.heap);
    hidden_collect(world.heap);

    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(hidden_is_alive(world.heap, workers[i].hidden), i % 2);
    for (size_t i = 1; i < WORKERS; i += 2)
        for (size_t n = 0; n < 3; n++)
            worker_go_on(&workers[i]);
    for (size_t i = 0; i < WORKERS; i++)
        worker_join(&workers[i]);
    check_close(&world);
}

static void *
collect_elsewhere(void *argument)
{
    struct worker *worker = argument;
    struct node *volatile local = check_node(worker->world->heap, NULL, NULL);

    hidden_collect(worker->world->heap);
    expect_node(worker->world->heap, local);
    return worker_end(worker);
}

static void
a_thread_that_nobody_registered_is_scanned_when_it_collects(void **state)
{
    struct check_world world;
    struct worker worker;
    struct node *volatile local;
    uintptr_t hidden;

    (void)state;
    open_scanning(&world, 0);
    for (int round = 0; round < 3; round++) {
        hidden = hidden_put(world.heap, &local);
        hidden_collect(world.heap);
        assert_true(hidden_is_alive(world.heap, hidden));

        worker_start(&worker, &world, collect_elsewhere);
        worker_join(&worker);

        // Nobody knew of this stack.
        assert_true(hidden_is_dead(world.heap, hidden));
    }
    check_close(&world);
}

static void
a_registered_thread_is_scanned_when_another_collects(void **state)
{
    struct check_world world;
    struct worker worker;
    struct node *volatile local;
    struct rh_thread *self;

    (void)state;
    open_scanning(&world, 0);
    self = rh_thread_new(world.heap);
    assert_non_null(self);
    local = check_node(world.heap, NULL, NULL);
    hidden_collect(world.heap);
    expect_node(world.heap, local);

    rh_thread_leave(world.heap, self);
    worker_start(&worker, &world, collect_elsewhere);
    worker_join(&worker);
    rh_thread_enter(world.heap, self);

    expect_node(world.heap, local);
    rh_thread_free(world.heap, self);
    rh_thread_free(world.heap, NULL);
    hidden_collect(world.heap);
    expect_node(world.heap, local);
    check_close(&world);
}

static void *
toil(void *argument)
{
    struct worker *worker = argument;
    struct rh_heap *heap = worker->world->heap;
    struct rh_thread *self;
    struct node *list = NULL;

    assert_int_equal(pthread_mutex_lock(&worker->mutex), 0);
    self = rh_thread_new(heap);
    assert_non_null(self);
    for (size_t i = 1; i <= 300; i++) {
        struct node *node = check_node(heap, NULL, NULL);

        node->right = list;
        list = node;
        if (i % 7 == 0) {
            rh_thread_leave(heap, self);
            assert_int_equal(pthread_mutex_unlock(&worker->mutex), 0);
            assert_int_equal(pthread_mutex_lock(&worker->mutex), 0);
            rh_thread_enter(heap, self);
        }
        assert_int_equal(check_list_length(list), i);
    }
    rh_thread_free(heap, self);
    assert_int_equal(pthread_mutex_unlock(&worker->mutex), 0);
    return NULL;
}

static void
threads_with_locals_only_survive_stress(void **state)
{
    enum {
        THREADS = 4
    };
    struct check_world world;
    struct worker shared = { .world = &world };
    pthread_t threads[THREADS];

    (void)state;
    open_scanning(&world, 0);
    rh_heap_stress(world.heap, true);
    assert_int_equal(pthread_mutex_init(&shared.mutex, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, toil, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    check_heap(world.heap);
    assert_true(check_stat(world.heap, "count") >= THREADS * 300);
    assert_int_equal(pthread_mutex_destroy(&shared.mutex), 0);
    check_close(&world);
}

static void
a_forked_child_forgets_the_threads_that_it_does_not_have(void **state)
{
    struct check_world world;
    struct worker worker;
    struct node *volatile local;
    struct rh_thread *self;

    (void)state;
    open_scanning(&world, 0);
    worker_start(&worker, &world, leave_for_good);
    self = rh_thread_new(world.heap);
    local = check_node(world.heap, NULL, NULL);
    rh_thread_leave(world.heap, self);
    hidden_collect(world.heap);
    assert_true(hidden_is_alive(world.heap, worker.hidden));

    rhi_threads_forked(&world.heap->threads); // as if this were the child
    check_heap(world.heap);

    assert_ptr_equal(world.heap->threads.registered.next, &self->link);
    assert_ptr_equal(self->link.next, &world.heap->threads.registered);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, worker.hidden));
    rh_thread_enter(world.heap, self);
    expect_node(world.heap, local);
    hidden_collect(world.heap);
    check_close(&world);
    worker_go_on(&worker);
    worker_join(&worker);
}

// Leaving by longjmp.

static jmp_buf out_of_memory;

static bool
jump_out(struct rh_heap *heap, size_t bytes, void *context)
{
    (void)heap, (void)bytes, (void)context;
    longjmp(out_of_memory, 1);
}

static void
an_allocation_left_by_longjmp_leaves_the_threads_as_they_were(void **state)
{
    static struct check_world world;
    static struct rh_thread *self;
    struct node *volatile list = NULL;

    (void)state;
    check_prepare(&world);
    world.config.out_of_memory = jump_out;
    check_make(&world);
    assert_int_equal(rh_stack_scan(world.heap, 0), RH_OK);
    self = rh_thread_new(world.heap);
    world.memory.refuse_commit = true;
    if (setjmp(out_of_memory) == 0)
        for (;;) {
            struct node *node = check_node(world.heap, NULL, NULL);

            node->right = list;
            list = node;
        }
    world.memory.refuse_commit = false;
    check_heap(world.heap);

    hidden_collect(world.heap);
    assert_true(check_list_length(list) > 0);
    rh_thread_leave(world.heap, self);
    check_heap(world.heap);
    rh_thread_enter(world.heap, self);
    check_heap(world.heap);
    assert_non_null(check_node(world.heap, list, NULL));
    check_close(&world);
}

static jmp_buf interrupted;

HIDDEN_NOINLINE static void
wait_and_fail(struct check_world *world, struct rh_thread *self)
{
    rh_thread_leave(world->heap, self);
    longjmp(interrupted, 1);
}

static void
a_thread_may_enter_after_a_longjmp_past_the_place(void **state)
{
    static struct check_world world;
    static struct rh_thread *self;
    struct node *volatile local;

    (void)state;
    open_scanning(&world, 0);
    self = rh_thread_new(world.heap);
    local = check_node(world.heap, NULL, NULL);
    if (setjmp(interrupted) == 0)
        wait_and_fail(&world, self);
    check_heap(world.heap);
    hidden_collect(world.heap); // not yet: harmless
    expect_node(world.heap, local);

    rh_thread_enter(world.heap, self);

    hidden_collect(world.heap);
    expect_node(world.heap, local);
    check_close(&world);
}

// Coroutines.

enum {
    COROUTINE_BYTES = 256 << 10
};

struct coroutine {
    struct check_world *world;
    ucontext_t here, there;
    uint64_t *stack;
    uintptr_t hidden;
    bool registers;
};

static struct coroutine *coroutine_starting;

static void
coroutine_yield(struct coroutine *coroutine)
{
    assert_int_equal(swapcontext(&coroutine->there, &coroutine->here), 0);
}

static void
coroutine_resume(struct coroutine *coroutine)
{
    assert_int_equal(swapcontext(&coroutine->here, &coroutine->there), 0);
}

static const void *
coroutine_base(const struct coroutine *coroutine)
{
    return (const char *)coroutine->stack + COROUTINE_BYTES;
}

static void
coroutine_body(void)
{
    struct coroutine *coroutine = coroutine_starting;
    struct rh_heap *heap = coroutine->world->heap;
    struct rh_thread *self = NULL;
    struct node *volatile local;

    rh_stack_set_base(heap, coroutine_base(coroutine), COROUTINE_BYTES);
    if (coroutine->registers)
        self = rh_thread_new(heap);
    coroutine->hidden = hidden_put(heap, &local);
    hidden_collect(heap);
    assert_true(hidden_is_alive(heap, coroutine->hidden));
    if (self)
        rh_thread_leave(heap, self);
    coroutine_yield(coroutine);
    if (self)
        rh_thread_enter(heap, self);
    else
        rh_stack_set_base(heap, coroutine_base(coroutine), COROUTINE_BYTES);
    hidden_collect(heap);
    if (self) {
        assert_true(hidden_is_alive(heap, coroutine->hidden));
        rh_thread_free(heap, self);
    }
    rh_stack_set_base(heap, NULL, 0);
    coroutine_yield(coroutine);
}

static void
coroutine_start(struct coroutine *coroutine, struct check_world *world,
                bool registers, void (*body)(void))
{
    *coroutine = (struct coroutine){
        .world = world,
        .stack = calloc(1, COROUTINE_BYTES),
        .registers = registers,
    };
    assert_non_null(coroutine->stack);
    assert_int_equal(getcontext(&coroutine->there), 0);
    coroutine->there.uc_stack.ss_sp = coroutine->stack;
    coroutine->there.uc_stack.ss_size = COROUTINE_BYTES;
    makecontext(&coroutine->there, body, 0);
    coroutine_starting = coroutine;
    coroutine_resume(coroutine);
}

static void
a_coroutine_that_has_left_keeps_what_its_stack_holds(void **state)
{
    static struct coroutine coroutines[3];
    struct check_world world;
    struct node *volatile local;

    (void)state;
    open_scanning(&world, 0);
    local = check_node(world.heap, NULL, NULL);
    for (size_t i = 0; i < 3; i++) {
        struct rh_thread *self = rh_thread_new(world.heap);

        rh_thread_leave(world.heap, self);
        coroutine_start(&coroutines[i], &world, true, coroutine_body);
        rh_thread_enter(world.heap, self);
        rh_thread_free(world.heap, self);
    }
    hidden_collect(world.heap);
    expect_node(world.heap, local);
    for (size_t i = 0; i < 3; i++)
        assert_true(hidden_is_alive(world.heap, coroutines[i].hidden));

    for (size_t i = 0; i < 3; i++)
        coroutine_resume(&coroutines[i]);
    check_heap(world.heap);
    hidden_collect(world.heap);

    for (size_t i = 0; i < 3; i++) {
        assert_true(hidden_is_dead(world.heap, coroutines[i].hidden));
        free(coroutines[i].stack);
    }
    check_close(&world);
}

static void
the_base_of_a_stack_may_be_given_without_registering(void **state)
{
    static struct coroutine coroutine;
    struct check_world world;

    (void)state;
    open_scanning(&world, 0);
    coroutine_start(&coroutine, &world, false, coroutine_body);
    assert_true(hidden_is_alive(world.heap, coroutine.hidden));

    rh_stack_set_base(world.heap, NULL, 0);
    hidden_collect(world.heap);
    assert_true(hidden_is_dead(world.heap, coroutine.hidden));
    coroutine_resume(&coroutine);

    hidden_collect(world.heap);
    free(coroutine.stack);
    check_close(&world);
}

static void
a_base_that_was_given_is_good_for_one_thread_only(void **state)
{
    struct check_world world;
    struct worker worker;
    uintptr_t above = (uintptr_t)__builtin_frame_address(0) + 64;

    (void)state;
    open_scanning(&world, 0);
    rh_stack_set_base(world.heap, (void *)above, 0); // as deep as need be
    hidden_collect(world.heap);
    assert_int_equal(world.heap->threads.stranger.base, above);

    worker_start(&worker, &world, collect_elsewhere);
    worker_join(&worker);

    hidden_collect(world.heap);
    assert_int_not_equal(world.heap->threads.stranger.base, above);
    check_close(&world);
}

// Give the base of this stack, and go away without taking it back.
static void
forget_base(void)
{
    struct coroutine *coroutine = coroutine_starting;
    struct rh_heap *heap = coroutine->world->heap;

    rh_stack_set_base(heap, coroutine_base(coroutine), COROUTINE_BYTES);
    if (coroutine->registers)
        assert_non_null(rh_thread_new(heap));
    coroutine_yield(coroutine);
}

static void
another_stack_than_the_one_that_was_given_panics(void **state)
{
    static struct coroutine coroutine;
    static struct check_world world;

    (void)state;
    open_scanning(&world, 0);
    coroutine_start(&coroutine, &world, false, forget_base);
    check_panics("the end of the running stack is not known",
                 rh_heap_collect(world.heap));
    free(coroutine.stack);
    check_abandon(&world);

    open_scanning(&world, 0);
    coroutine_start(&coroutine, &world, true, forget_base);
    check_panics("rh_thread_leave() on another stack than its own",
                 rh_thread_leave(world.heap, world.heap->threads.running));
    free(coroutine.stack);
    check_abandon(&world);
}

static void
try_unknown_stack(void)
{
    struct coroutine *coroutine = coroutine_starting;
    struct rh_heap *heap = coroutine->world->heap;

    rh_stack_ignore(heap);
    assert_int_equal(rh_stack_scan(heap, 0), RH_UNSUPPORTED);
    assert_null(rh_thread_new(heap));
    check_heap(heap);
    rh_stack_set_base(heap, coroutine_base(coroutine), COROUTINE_BYTES);
    assert_int_equal(rh_stack_scan(heap, 0), RH_OK);
    rh_stack_set_base(heap, NULL, 0);
    check_panics("the end of the running stack is not known",
                 rh_heap_collect(heap));
    coroutine_yield(coroutine);
}

static void
a_stack_that_nobody_knows_is_not_scanned_by_mistake(void **state)
{
    static struct coroutine coroutine;
    struct check_world world;

    (void)state;
    open_scanning(&world, 0);

    coroutine_start(&coroutine, &world, false, try_unknown_stack);

    free(coroutine.stack);
    check_abandon(&world);
}

// Misuse.  Each panic spoils a heap.

enum mistake {
    LEAVE_TWICE,
    ENTER_TWICE,
    ENTER_NEW,
    ENTER_WHILE_ANOTHER_RUNS,
    NEW_WHILE_ANOTHER_RUNS,
    LEAVE_ANOTHER_HEAP,
    ENTER_ANOTHER_HEAP,
    FREE_ANOTHER_HEAP,
    STACK_BELOW,
    STACK_ABOVE,
    STACK_TOO_LARGE
};

static const struct {
    enum mistake mistake;
    const char *message;
} mistakes[] = {
    { LEAVE_TWICE, "rh_thread_leave() of a thread that does not run" },
    { ENTER_TWICE, "rh_thread_enter() of a thread that has not left" },
    { ENTER_NEW, "rh_thread_enter() of a thread that has not left" },
    { ENTER_WHILE_ANOTHER_RUNS,
      "rh_thread_enter() before the running thread has left" },
    { NEW_WHILE_ANOTHER_RUNS,
      "rh_thread_new() before the running thread has left" },
    { LEAVE_ANOTHER_HEAP, "a thread registered with another heap" },
    { ENTER_ANOTHER_HEAP, "a thread registered with another heap" },
    { FREE_ANOTHER_HEAP, "a thread registered with another heap" },
    { STACK_BELOW, "on which the caller does not run" },
    { STACK_ABOVE, "on which the caller does not run" },
    { STACK_TOO_LARGE, "on which the caller does not run" },
};

static void
make_mistake(enum mistake mistake, struct check_world *world,
             struct check_world *other)
{
    struct rh_heap *heap = world->heap;
    struct rh_thread *thread = rh_thread_new(heap);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    size_t far = 64 << 10;

    switch (mistake) {
    case LEAVE_TWICE:
        rh_thread_leave(heap, thread);
        rh_thread_leave(heap, thread);
        break;
    case ENTER_TWICE:
        rh_thread_leave(heap, thread);
        rh_thread_enter(heap, thread);
        rh_thread_enter(heap, thread);
        break;
    case ENTER_NEW:
        rh_thread_enter(heap, thread);
        break;
    case ENTER_WHILE_ANOTHER_RUNS:
        rh_thread_leave(heap, thread);
        (void)rh_thread_new(heap);
        rh_thread_enter(heap, thread);
        break;
    case NEW_WHILE_ANOTHER_RUNS:
        (void)rh_thread_new(heap);
        break;
    case LEAVE_ANOTHER_HEAP:
        rh_thread_leave(other->heap, thread);
        break;
    case ENTER_ANOTHER_HEAP:
        rh_thread_leave(heap, thread);
        rh_thread_enter(other->heap, thread);
        break;
    case FREE_ANOTHER_HEAP:
        rh_thread_free(other->heap, thread);
        break;
    case STACK_BELOW:
        rh_stack_set_base(heap, (void *)(here - far), 0);
        break;
    case STACK_ABOVE:
        rh_stack_set_base(heap, (void *)(here + 2 * far), far);
        break;
    case STACK_TOO_LARGE:
        rh_stack_set_base(heap, (void *)(here + far), SIZE_MAX);
        break;
    }
}

static void
expect_mistake(enum mistake mistake, const char *message)
{
    static struct check_world world, other;

    open_scanning(&world, 0);
    open_scanning(&other, 0);
    check_panics(message, make_mistake(mistake, &world, &other));
    check_abandon(&world);
    check_abandon(&other);
}

static void
coming_and_going_in_the_wrong_order_panics(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(mistakes); i++)
        expect_mistake(mistakes[i].mistake, mistakes[i].message);
}

static const char taken[] = "a registered thread has given up the lock without";

// Bodies of workers: each makes a mistake.
static void *
collect_while_another_runs(void *argument)
{
    struct worker *worker = argument;

    check_panics(taken, rh_heap_collect(worker->world->heap));
    return worker_end(worker);
}

static void *
leave_for_another(void *argument)
{
    struct worker *worker = argument;

    check_panics(taken, rh_thread_leave(worker->world->heap,
                                        worker->world->heap->threads.running));
    return worker_end(worker);
}

static void *
free_another(void *argument)
{
    struct worker *worker = argument;

    check_panics(taken, rh_thread_free(worker->world->heap,
                                       worker->world->heap->threads.running));
    return worker_end(worker);
}

static void
taking_the_lock_from_a_thread_that_has_not_left_panics(void **state)
{
    static void *(*const bodies[])(void *) = {
        collect_while_another_runs,
        leave_for_another,
        free_another,
    };
    static struct check_world world;
    struct worker worker;

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(bodies); i++) {
        open_scanning(&world, 0);
        assert_non_null(rh_thread_new(world.heap));
        worker_start(&worker, &world, bodies[i]);
        worker_join(&worker);
        check_abandon(&world);
    }
}

// Memory that cannot be had, and what verify sees.

static void
registering_may_fail_for_want_of_memory(void **state)
{
    struct check_world world;
    struct rh_thread *self;

    (void)state;
    open_scanning(&world, 0);
    check_fail_at(&world.faults, 1);

    assert_null(rh_thread_new(world.heap));

    check_heap(world.heap);
    self = rh_thread_new(world.heap);
    assert_non_null(self);
    check_heap(world.heap);
    rh_thread_free(world.heap, self);
    hidden_collect(world.heap);
    check_close(&world);
}

static void
broken_records_are_found(void **state)
{
    struct check_world world;
    struct rh_thread *thread;

    (void)state;
    open_scanning(&world, 0);
    thread = rh_thread_new(world.heap);
    thread->away = true;
    check_broken(world.heap, "Q1");
    thread->away = false;
    world.heap->threads.running = &world.heap->threads.stranger;
    check_broken(world.heap, "Q1");
    world.heap->threads.running = thread;
    rh_thread_leave(world.heap, thread);
    thread->top = thread->base;
    check_broken(world.heap, "Q2");
    rh_thread_enter(world.heap, thread);
    check_heap(world.heap);
    check_close(&world);
}

static void
the_system_tells_where_a_stack_is(void **state)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t low = 0, end = 0;

    (void)state;
    assert_true(rhi_os_stack_bounds(&low, &end));
    assert_true(low < here && here < end);
    assert_int_not_equal(rhi_os_thread(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        hidden_test(a_thread_that_has_left_keeps_what_its_stack_holds),
        hidden_test(a_thread_that_has_left_keeps_what_its_registers_hold),
        hidden_test(a_thread_that_has_left_may_be_freed_by_another),
        hidden_test(a_heap_takes_its_threads_and_ranges_along),
        hidden_test(many_threads_may_have_left),
        hidden_test(
            a_thread_that_nobody_registered_is_scanned_when_it_collects),
        hidden_test(a_registered_thread_is_scanned_when_another_collects),
        hidden_test(threads_with_locals_only_survive_stress),
        hidden_test(a_forked_child_forgets_the_threads_that_it_does_not_have),
        hidden_test(
            an_allocation_left_by_longjmp_leaves_the_threads_as_they_were),
        hidden_test(a_thread_may_enter_after_a_longjmp_past_the_place),
        hidden_test(a_coroutine_that_has_left_keeps_what_its_stack_holds),
        hidden_test(the_base_of_a_stack_may_be_given_without_registering),
        hidden_test(a_base_that_was_given_is_good_for_one_thread_only),
        hidden_test(another_stack_than_the_one_that_was_given_panics),
        hidden_test(a_stack_that_nobody_knows_is_not_scanned_by_mistake),
        hidden_test(coming_and_going_in_the_wrong_order_panics),
        hidden_test(taking_the_lock_from_a_thread_that_has_not_left_panics),
        hidden_test(registering_may_fail_for_want_of_memory),
        hidden_test(broken_records_are_found),
        hidden_test(the_system_tells_where_a_stack_is),
    };

    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
