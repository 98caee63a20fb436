// SPDX-License-Identifier: MIT
/*
 * aging - what it costs that objects grow old.
 *
 *     minor-old          a million old objects, nothing young: one collection
 *                        of the young
 *     card-store         one young object is stored into an old array of three
 *                        millions: the store and a collection of the young
 *     barrier-store      stores of a young object into old ones at random
 *     barrier-store-old  the same of old objects, which nobody need hear of
 *     barrier-store-young  the same into young objects
 *
 * The last three are for all heaps, those without a barrier too: what they
 * take is the price of memory.
 */
#ifndef BENCH_AGING_H
#define BENCH_AGING_H

enum {
    MINORS = 101,
    YOUNG_NODES = 4096 // few enough to be young together
};

static NEVER_INLINE void
grow_old(struct vm *vm)
{
    forget_stack();
    for (int n = 0; n < OLD_AFTER; n++)
        collect(vm);
}

#ifdef HAS_YOUNG

static struct result
minor_old(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    double times[MINORS];

    list_new(vm, 1000000);
    grow_old(vm);
    collect_young(vm);
    for (int n = 0; n < MINORS; n++) {
        double start = now_ns();

        collect_young(vm);
        times[n] = now_ns() - start;
    }
    if (live(vm) != LIVE_UNKNOWN)
        expect(live(vm) >= 1000000, "old objects are alive");
    vm_free(vm);
    return (struct result){ median(times, MINORS), 1 };
}

#ifdef HAS_ARRAYS

enum {
    ARRAY_LENGTH = 3000000,
    ARRAY_NODES = 1000 // different elements
};

// An array whose elements are old objects, in turns.
static NEVER_INLINE void
root_array(struct vm *vm)
{
    ref node;

    list_new(vm, ARRAY_NODES);
    root_set(vm, array_new(vm, ARRAY_LENGTH, root_get(vm)));
    node = array_get(vm, root_get(vm), 0);
    for (size_t n = 0; n < ARRAY_LENGTH; n++) {
        ref next = node_right(node);

        array_set(vm, root_get(vm), n, node);
        node = next == NONE ? array_get(vm, root_get(vm), 0) : next;
    }
}

static struct result
card_store(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    uint64_t state = 88172645463325252;
    double times[MINORS];

    root_array(vm);
    grow_old(vm);
    collect_young(vm);
    for (int n = 0; n < MINORS; n++) {
        size_t index = 1 + next_random(&state) % (ARRAY_LENGTH - 1);
        ref young = node_new(vm, NONE, array_get(vm, root_get(vm), 0));
        double start = now_ns();

        array_set(vm, root_get(vm), index, young);
        collect_young(vm);
        times[n] = now_ns() - start;
        expect(array_get(vm, root_get(vm), index) == young &&
                   node_right(young) == array_get(vm, root_get(vm), 0),
               "the stored object is alive");
    }
    vm_free(vm);
    return (struct result){ median(times, MINORS), 1 };
}

#endif
#endif

static size_t
barrier_nodes(void)
{
    return size_of(1 << 20, 1 << 18); // powers of two
}

// Store `child`, or nodes at random if it is none, into nodes at random.
static NEVER_INLINE double
time_stores(struct vm *vm, ref *nodes, size_t count, ref child, size_t stores)
{
    uint64_t state = 88172645463325252;
    double start = now_ns();

    for (size_t n = 0; n < stores; n++) {
        uint64_t random = next_random(&state);
        ref parent = nodes[random % count];

        if (child == NONE)
            node_set_left(vm, parent, nodes[(random >> 32) % count]);
        else
            node_set_left(vm, parent, child);
    }
    return now_ns() - start;
}

static struct result
store_into_old(bool young)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t count = barrier_nodes();
    size_t stores = size_of(10000000, 2000000);
    ref *nodes = list_new_with_random_links(vm, count);
    size_t scope = scope_open(vm);
    ref child = NONE;
    double time;

    grow_old(vm);
    if (young)
        child = held_get(hold(vm, node_new(vm, NONE, NONE)));
    time = time_stores(vm, nodes, count, child, stores);
    scope_close(vm, scope);
    if (COLLECTS)
        collect(vm);
    expect(list_finish(root_get(vm)) == count, "nodes of the list");
    node_free(child);
    free(nodes);
    vm_free(vm);
    return (struct result){ time, stores };
}

static struct result
barrier_store(void)
{
    return store_into_old(true);
}

static struct result
barrier_store_old(void)
{
    return store_into_old(false);
}

static struct result
barrier_store_young(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t stores = size_of(10000000, 2000000);
    ref *nodes;
    double time;

    if (COLLECTS)
        collect(vm); // what comes now stays young for a while
    nodes = list_new_with_random_links(vm, YOUNG_NODES);
    time = time_stores(vm, nodes, YOUNG_NODES, NONE, stores);
    expect(list_finish(root_get(vm)) == YOUNG_NODES, "nodes of the list");
    free(nodes);
    vm_free(vm);
    return (struct result){ time, stores };
}

#endif
