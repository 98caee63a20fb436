// SPDX-License-Identifier: MIT
/*
 * workloads - the same work for every heap, and main().
 *
 * Included at the end of each heap_*.c; bench.h says what must be defined by
 * then.  Every workload checks what it has built and what is left of it.
 *
 * Fairness:
 *   - Heaps run with the defaults they ship with.  full-gc-dead is the one
 *     exception: "keeping" heaps hold on to empty pages, and giving them back
 *     is a workload of its own, full-gc-dead-released.
 *   - What is freed by hand is freed while it is visited, which costs least.
 *   - full-gc-*: one collection before the clock starts, so that nobody pays
 *     for first touching mark stacks and tables; then the median of three.
 *   - Collections that heaps run by themselves while a graph is built are not counted in
 *     full-gc-*, but are in churn and binary-trees.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

struct result {
    double ns; // for all operations
    size_t ops;
};

static bool quick;

static size_t
size_of(size_t full, size_t when_quick)
{
    return quick ? when_quick : full;
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

// --- graphs -----------------------------------------------------------------

static ref
tree_new(struct vm *vm, unsigned depth)
{
    size_t scope;
    held left, right;
    ref node;

    if (depth == 0)
        return node_new(vm, NONE, NONE);
    scope = scope_open(vm);
    left = hold(vm, tree_new(vm, depth - 1));
    right = hold(vm, tree_new(vm, depth - 1));
    node = node_new(vm, held_get(left), held_get(right));
    scope_close(vm, scope);
    return node;
}

// For collectors that scan the C stack: the caller's frame never sees the tree.
static NEVER_INLINE void
root_tree(struct vm *vm, unsigned depth)
{
    root_set(vm, tree_new(vm, depth));
}

// Count the nodes; where memory is freed by hand, free them on the way.
static size_t
tree_finish(ref node)
{
    size_t count = 1;

    if (node_left(node) != NONE)
        count += tree_finish(node_left(node));
    if (node_right(node) != NONE)
        count += tree_finish(node_right(node));
    node_free(node);
    return count;
}

static size_t
tree_count(ref node)
{
    if (node == NONE)
        return 0;
    return 1 + tree_count(node_left(node)) + tree_count(node_right(node));
}

// The list hangs on the root by `right`.
static void
list_new(struct vm *vm, size_t count)
{
    root_set(vm, NONE);
    for (size_t n = 0; n < count; n++)
        root_set(vm, node_new(vm, NONE, root_get(vm)));
}

static size_t
list_finish(ref node)
{
    size_t count = 0;

    while (node != NONE) {
        ref next = node_right(node);

        node_free(node);
        node = next;
        count++;
    }
    return count;
}

// A list in which `left` of each node leads to any other one.
static NEVER_INLINE ref *
list_new_with_random_links(struct vm *vm, size_t count)
{
    uint64_t state = 88172645463325252;
    ref *nodes = malloc(count * sizeof *nodes);
    ref node;

    expect(nodes != NULL, "no memory for a table of nodes");
    list_new(vm, count);
    node = root_get(vm);
    for (size_t n = 0; n < count; n++, node = node_right(node))
        nodes[n] = node;
    expect(node == NONE, "the list has its length");
    for (size_t n = 0; n < count; n++)
        node_set_left(vm, nodes[n], nodes[next_random(&state) % count]);
    return nodes;
}

// Turn the list into a graph where both references are random: what can be
// reached from node 0 is a giant component, four fifths of the whole.
static NEVER_INLINE void
digraph_new(struct vm *vm, size_t count)
{
    uint64_t state = 1181783497276652981;
    ref *nodes = list_new_with_random_links(vm, count);

    root_set(vm, nodes[0]);
    for (size_t n = 0; n < count; n++)
        node_set_right(vm, nodes[n], nodes[next_random(&state) % count]);
    free(nodes);
}

// --- allocating -------------------------------------------------------------

static struct result
churn(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t count = size_of(50000000, 5000000);
    double start = now_ns();

    for (size_t n = 0; n < count; n++) {
        ref node = node_new(vm, NONE, NONE);

        use((const void *)node);
        node_free(node);
    }
    start = now_ns() - start;
    vm_free(vm);
    return (struct result){ start, count };
}

static struct result
binary_trees(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    unsigned depth = (unsigned)size_of(18, 15);
    size_t nodes = ((size_t)2 << depth) - 1;
    size_t trees = size_of(20, 16);
    double start = now_ns();

    for (size_t n = 0; n < trees; n++)
        expect(tree_finish(tree_new(vm, depth)) == nodes, "nodes of a tree");
    start = now_ns() - start;
    vm_free(vm);
    return (struct result){ start, trees * nodes };
}

// --- collecting -------------------------------------------------------------

enum {
    COLLECTIONS = 3
};

static size_t
graph_size(void)
{
    return size_of(4194303, 1048575); // a whole binary tree
}

static unsigned
graph_depth(void)
{
    return (unsigned)size_of(21, 19);
}

// Old references may still lie on the C stack, where a conservative collector
// finds them.
static NEVER_INLINE void
forget_stack(void)
{
    char stack[32768];

    memset(stack, 0, sizeof stack);
    use(stack);
}

static double
time_collection(struct vm *vm)
{
    double start = now_ns();

    collect(vm);
    return now_ns() - start;
}

// Full collections of what the root reaches, which are `count` nodes.
static struct result
collect_living(struct vm *vm, size_t count)
{
    double times[COLLECTIONS];

    forget_stack();
    collect(vm);
    for (int n = 0; n < COLLECTIONS; n++)
        times[n] = time_collection(vm);
    if (live(vm) != LIVE_UNKNOWN)
        expect(EXACT ? live(vm) == count : live(vm) >= count,
               "nodes alive after a collection");
    return (struct result){ median(times, COLLECTIONS), count };
}

static struct result
full_gc_live(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    struct result result;

    root_tree(vm, graph_depth());
    result = collect_living(vm, graph_size());
    expect(tree_count(root_get(vm)) == graph_size(), "nodes of the tree");
    vm_free(vm);
    return result;
}

static struct result
full_gc_random(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    struct result result;

    free(list_new_with_random_links(vm, graph_size()));
    result = collect_living(vm, graph_size());
    expect(list_finish(root_get(vm)) == graph_size(), "nodes of the list");
    vm_free(vm);
    return result;
}

// Nobody but the collector counts the nodes here, so a heap that knows is
// asked: the number is a fact about the random graph, the same for all.
static struct result
full_gc_digraph(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t count = size_of(3339621, 835189);
    struct result result;

    digraph_new(vm, graph_size());
    result = collect_living(vm, count);
    vm_free(vm);
    return result;
}

// All nodes die at once.  By hand: a walk that frees each.
static double
time_death(struct vm *vm, size_t (*finish)(ref), size_t count)
{
    double start = now_ns();

    if (!COLLECTS)
        expect(finish(root_get(vm)) == count, "nodes freed");
    root_set(vm, NONE);
    forget_stack();
    collect(vm);
    return now_ns() - start;
}

static void
expect_death(struct vm *vm, size_t count)
{
    if (live(vm) != LIVE_UNKNOWN)
        expect(live(vm) <= (EXACT ? 0 : count / 10), "nodes are dead");
}

static struct result
kill_trees(enum vm_config config, bool releasing)
{
    struct vm *vm = vm_new(config);
    double times[COLLECTIONS];

    for (int n = 0; n < COLLECTIONS; n++) {
        root_tree(vm, graph_depth());
        collect(vm);
        times[n] = time_death(vm, tree_finish, graph_size());
        if (releasing) {
            double start = now_ns();

            release(vm);
            times[n] += now_ns() - start;
        }
        expect_death(vm, graph_size());
    }
    vm_free(vm);
    return (struct result){ median(times, COLLECTIONS), graph_size() };
}

static struct result
full_gc_dead(void)
{
    return kill_trees(VM_KEEPING, false);
}

static struct result
full_gc_dead_released(void)
{
    return kill_trees(VM_DEFAULT, true);
}

// Three million objects come and go: what does it take to find them dead, and
// how much memory is left behind (end_rss_kb)?
static long spike_rss_kb;

static struct result
spike(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t count = 3000000;
    double time;

    list_new(vm, count);
    time = time_death(vm, list_finish, count);
    spike_rss_kb = rss_kb();
    expect_death(vm, count);
    vm_free(vm);
    return (struct result){ time, count };
}

// --- finalizers -------------------------------------------------------------

static NEVER_INLINE void
root_list(struct vm *vm, size_t count)
{
    list_new(vm, count);
}

static NEVER_INLINE void
list_set_finalizers(struct vm *vm)
{
    for (ref node = root_get(vm); node != NONE; node = node_right(node))
        finalizer_set(vm, node);
}

// Each node of a list gets a finalizer, all die at once, all are run.
static struct result
finalizers(void)
{
    struct vm *vm = vm_new(VM_DEFAULT);
    size_t count = size_of(200000, 50000);
    double start;

    if (!FINALIZES)
        exit(77);
    root_list(vm, count);
    collect(vm);
    start = now_ns();
    list_set_finalizers(vm);
    root_set(vm, NONE);
    forget_stack();
    collect(vm);
    finalizers_run(vm);
    start = now_ns() - start;
    expect(EXACT ? finalized == count
                 : finalized > count / 10 * 9 && finalized <= count,
           "finalizers that have run");
    vm_free(vm);
    return (struct result){ start, count };
}

// --- many heaps -------------------------------------------------------------

enum {
    HEAPS = 300,
    NODES_OF_SMALL_HEAP = 1000
};

// An operation is: make a heap, put a list into it, free the heap.  All are
// there at the same time.
static struct result
many_heaps(void)
{
    struct vm *vms[HEAPS];
    double start = now_ns();

    if (!MANY)
        exit(77);
    for (int n = 0; n < HEAPS; n++) {
        vms[n] = vm_new(VM_DEFAULT);
        list_new(vms[n], NODES_OF_SMALL_HEAP);
    }
    for (int n = 0; n < HEAPS; n++) {
        expect(list_finish(root_get(vms[n])) == NODES_OF_SMALL_HEAP,
               "nodes of a small heap");
        vm_free(vms[n]);
    }
    return (struct result){ now_ns() - start, HEAPS };
}

// --- the program ------------------------------------------------------------

static const struct {
    const char *name;
    struct result (*run)(void);
    bool collects;
} workloads[] = {
    { "churn", churn, false },
    { "binary-trees", binary_trees, false },
    { "full-gc-live", full_gc_live, true },
    { "full-gc-random", full_gc_random, true },
    { "full-gc-digraph", full_gc_digraph, true },
    { "full-gc-dead", full_gc_dead, false },
    { "full-gc-dead-released", full_gc_dead_released, false },
    { "finalizers", finalizers, true },
    { "spike", spike, false },
    { "many-heaps", many_heaps, false },
};

static int
run(const char *name)
{
    for (size_t n = 0; n < sizeof workloads / sizeof *workloads; n++) {
        struct result result;

        if (strcmp(workloads[n].name, name) != 0)
            continue;
        if (workloads[n].collects && !COLLECTS)
            return 77;
        result = workloads[n].run();
        printf("%.3f %zu %ld %ld\n", result.ns / (double)result.ops, result.ops,
               peak_rss_kb(), spike_rss_kb ? spike_rss_kb : rss_kb());
        return 0;
    }
    fprintf(stderr, "no such workload: %s\n", name);
    return 2;
}

static int
bench_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts(heap_version());
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--quick") == 0) {
        quick = true;
        argc--;
        argv++;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: one workload, after --quick or alone\n");
        return 2;
    }
    pin_to_one_processor();
    return run(argv[1]);
}

#endif
