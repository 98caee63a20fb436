// SPDX-License-Identifier: MIT
/*
 * forest - a program with a large heap that changes slowly.
 *
 * Some thousand trees hang on a directory, itself a tree.  In each round one of
 * them is replaced by a new one, the ends of some others are replaced by new
 * leaves, and many small trees come and go:
 *
 *     share of what is allocated        what a collector sees
 *     1/5    one tree of 2,047 nodes    grows old, kills as many old ones
 *     1/160  leaves of old trees        stores into old objects at random
 *     4/5    trees of 31 nodes          dies young
 *
 * Rounds go on until three times as many nodes have been replaced as there are,
 * so every collector has to look at everything once or more.
 *
 *     mixed     a million nodes; time per node made, collections included
 *     pauses    26 million nodes, 1 GB; the percentiles of the pauses, and the
 *               longest.  Their kinds are told on standard error.
 */
#ifndef BENCH_FOREST_H
#define BENCH_FOREST_H

enum {
    TREE_DEPTH = 10,
    TREE_NODES = (2 << TREE_DEPTH) - 1,
    LEAVES = 64, // replaced in a round
    SMALL_DEPTH = 4,
    SMALL_NODES = (2 << SMALL_DEPTH) - 1,
    SMALL_TREES = 4 * TREE_NODES / SMALL_NODES, // in a round
    MADE_IN_A_ROUND = TREE_NODES + LEAVES + SMALL_TREES * SMALL_NODES,
    REPLACED = 3 // how many times
};

struct forest {
    struct vm *vm;
    size_t trees;   // that hang on the directory
    unsigned depth; // of the directory: room for 1 << depth trees
    uint64_t random;
};

static struct forest
forest_new(size_t trees)
{
    struct forest forest = { vm_new(VM_DEFAULT), trees, 1, 88172645463325252 };

    while ((size_t)1 << forest.depth < trees)
        forest.depth++;
    return forest;
}

static size_t
forest_nodes(const struct forest *forest)
{
    return forest->trees * TREE_NODES + ((size_t)1 << forest->depth) - 1;
}

static ref
watched_tree_new(struct vm *vm, unsigned depth)
{
    size_t scope;
    held left, right;
    ref node;

    if (depth == 0)
        return node_new_watched(vm, NONE, NONE);
    scope = scope_open(vm);
    left = hold(vm, watched_tree_new(vm, depth - 1));
    right = hold(vm, watched_tree_new(vm, depth - 1));
    node = node_new_watched(vm, held_get(left), held_get(right));
    scope_close(vm, scope);
    return node;
}

// Go down from `node` as the lowest `depth` bits of `path` say.
static ref
walk_down(ref node, unsigned depth, uint64_t path)
{
    for (; depth > 0; depth--, path >>= 1)
        node = path & 1 ? node_right(node) : node_left(node);
    return node;
}

// Hang `child` on `parent` and free, if that is done by hand, what was there.
static void
replace(struct vm *vm, ref parent, bool right, ref child)
{
    ref before = right ? node_right(parent) : node_left(parent);

    if (right)
        node_set_right(vm, parent, child);
    else
        node_set_left(vm, parent, child);
    if (!COLLECTS && before != NONE)
        tree_finish(before);
}

static NEVER_INLINE void
plant_tree(struct forest *forest, size_t number)
{
    ref tree = watched_tree_new(forest->vm, TREE_DEPTH);
    unsigned last = forest->depth - 1;

    replace(forest->vm, walk_down(root_get(forest->vm), last, number),
            number >> last, tree);
}

// A leaf of any tree.
static NEVER_INLINE void
replace_leaf(struct forest *forest)
{
    ref leaf = node_new_watched(forest->vm, NONE, NONE);
    uint64_t random = next_random(&forest->random);
    ref tree = walk_down(root_get(forest->vm), forest->depth,
                         (random >> 32) % forest->trees);

    replace(forest->vm, walk_down(tree, TREE_DEPTH - 1, random),
            random >> 31 & 1, leaf);
}

static NEVER_INLINE void
make_garbage(struct forest *forest)
{
    ref tree = watched_tree_new(forest->vm, SMALL_DEPTH);

    if (!COLLECTS)
        tree_finish(tree);
    else
        use((const void *)tree);
}

static NEVER_INLINE void
forest_plant(struct forest *forest)
{
    root_set(forest->vm, watched_tree_new(forest->vm, forest->depth - 1));
    for (size_t n = 0; n < forest->trees; n++)
        plant_tree(forest, n);
}

static size_t
forest_rounds(const struct forest *forest)
{
    return REPLACED * forest->trees;
}

static void
forest_grow(struct forest *forest)
{
    for (size_t round = forest_rounds(forest); round > 0; round--) {
        plant_tree(forest, next_random(&forest->random) % forest->trees);
        for (int n = 0; n < LEAVES; n++)
            replace_leaf(forest);
        for (int n = 0; n < SMALL_TREES; n++)
            make_garbage(forest);
    }
}

// All that was planted is there, whole.
static NEVER_INLINE void
forest_fell(struct forest *forest)
{
    expect(tree_finish(root_get(forest->vm)) == forest_nodes(forest),
           "nodes of the forest");
    root_set(forest->vm, NONE);
    vm_free(forest->vm);
}

static struct result
mixed(void)
{
    struct forest forest = forest_new(size_of(512, 128));
    double start;

    forest_plant(&forest);
    start = now_ns();
    forest_grow(&forest);
    start = now_ns() - start;
    forest_fell(&forest);
    return (struct result){ start, forest_rounds(&forest) * MADE_IN_A_ROUND };
}

#ifdef HAS_PAUSES

static void
pauses_print(const char *name, double ns, size_t count)
{
    printf("pauses-%s %.1f %zu %ld %ld\n", name, ns, count, peak_rss_kb(),
           rss_kb());
}

static void
pauses(void)
{
    struct forest forest = forest_new(size_of(12800, 1280));
    struct pauses pauses = { 0 };

    forest_plant(&forest);
    collect(forest.vm);
    pauses_watch(forest.vm, &pauses);
    forest_grow(&forest);
    pauses_watch(forest.vm, NULL);
    expect(pauses.count > 0, "no pause was seen");
    qsort(pauses.all, pauses.count, sizeof *pauses.all, pause_compare);
    pauses_explain(&pauses);
    pauses_print("p50", pauses_percentile(&pauses, 0.5), pauses.count);
    pauses_print("p99", pauses_percentile(&pauses, 0.99), pauses.count);
    pauses_print("p999", pauses_percentile(&pauses, 0.999), pauses.count);
    pauses_print("max", pauses_percentile(&pauses, 1), pauses.count);
    forest_fell(&forest);
    free(pauses.all);
}

#endif
#endif
