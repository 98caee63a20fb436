// SPDX-License-Identifier: MIT
// Many heaps on many threads, each with its own: they share nothing.
#include "check.h"

#include <pthread.h>

enum {
    THREADS = 8,
    ROUNDS = 10,
    LIST = 2000,
    WASTE = 20000
};

struct worker {
    pthread_t thread;
    struct check_world world;
    uint64_t allocated;
    size_t length;
};

static void *
work(void *argument)
{
    struct worker *worker = argument;
    struct rh_heap *heap;
    struct node *list;

    check_open(&worker->world);
    heap = worker->world.heap;
    for (size_t round = 0; round < ROUNDS; round++) {
        list = check_list(heap, LIST);
        check_root(heap, &list);
        for (size_t i = 0; i < 50; i++)
            check_buffer(heap, i);
        check_waste(heap, WASTE);
        rh_heap_collect(heap);
        check_heap(heap);
        worker->length += check_list_length(list);
        check_unroot(heap, &list);
    }
    worker->allocated = check_stat(heap, "total_allocated_objects");
    check_close(&worker->world);
    return worker;
}

static void
each_thread_may_have_its_own_heap(void **state)
{
    static struct worker workers[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);

    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].length, ROUNDS * LIST);
        assert_int_equal(workers[i].allocated, ROUNDS * (LIST + 50 + WASTE));
        assert_int_equal(workers[i].world.released, ROUNDS * 50);
    }
}

struct relay {
    struct check_world world;
    struct node *list;
};

static void *
carry_on(void *argument)
{
    struct relay *relay = argument;
    struct node *node;

    check_waste(relay->world.heap, 15000);
    node = check_node(relay->world.heap, NULL, NULL);
    node->right = relay->list;
    relay->list = node;
    check_heap(relay->world.heap);
    return NULL;
}

static void
a_heap_may_pass_from_thread_to_thread(void **state)
{
    static struct relay relay;

    (void)state;
    check_open(&relay.world);
    check_root(relay.world.heap, &relay.list);
    for (size_t i = 0; i < 10; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, carry_on, &relay), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        carry_on(&relay);
    }

    assert_int_equal(check_list_length(relay.list), 20);
    assert_true(check_stat(relay.world.heap, "count") > 0);
    check_heap(relay.world.heap);
    check_close(&relay.world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_may_have_its_own_heap),
        cmocka_unit_test(a_heap_may_pass_from_thread_to_thread),
    };

    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
