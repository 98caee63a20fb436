// SPDX-License-Identifier: MIT
/*
 * costs - what the single promises and calls of an embedder cost.
 *
 * Not a comparison with other heaps, but the figures of doc/embedding.md, one
 * "name value unit" per line:
 *
 *     make tests/bench/costs && tests/bench/costs
 *
 * Each is the median of nine rounds.  Only public headers are used.
 */
#include <rheap/event.h>
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stack.h>
#include <rheap/stat.h>
#include <rheap/verify.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 9
#define OPS 1000000
#define OBJECTS 4000000
#define DEPTH 21 // of a binary tree: 2^22 - 1 nodes
#define HEAPS 50
#define WORDS (128 << 10) // 1 MB

// 40 bytes, two references, and perhaps a block.
struct node {
    struct node *left;
    struct node *right;
    void *block;
    size_t words[2];
};

static void
node_trace(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static void
node_release(struct rh_heap *heap, void *object)
{
    struct node *node = object;

    if (node->block)
        rh_external_free(heap, node->block, 64);
}

static const struct rh_model plain = { .name = "plain", .trace = node_trace };
static const struct rh_model releasing = { .name = "releasing",
                                           .trace = node_trace,
                                           .release = node_release };

static _Noreturn void
give_up(const char *what)
{
    fprintf(stderr, "costs: %s\n", what);
    exit(1);
}

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

// Empty pages keep their memory, so that a figure has one cost in it.
static void
keep_pages(const struct rh_growth_view *view, struct rh_growth_answer *answer)
{
    rh_growth_default(view, answer);
    answer->max_empty_pages = SIZE_MAX;
}

static struct rh_heap *
heap_new(const struct rh_model *model, rh_growth_fn growth)
{
    struct rh_config config;
    struct rh_heap *heap;

    rh_config_init(&config);
    config.model = model;
    config.growth = growth;
    heap = rh_heap_new(&config);
    if (!heap)
        give_up("no memory for a heap");
    return heap;
}

static struct node *
node_new(struct rh_heap *heap)
{
    struct node *node = rh_heap_alloc(heap);

    if (!node)
        give_up("no memory for an object");
    return node;
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

// One figure: `round` answers the nanoseconds of `ops` operations.
static void
figure(const char *name, double ops, double (*round)(struct rh_heap *heap),
       struct rh_heap *heap)
{
    double times[ROUNDS];

    for (int n = 0; n < ROUNDS; n++)
        times[n] = round(heap) / ops;
    qsort(times, ROUNDS, sizeof times[0], compare);
    printf("%-34s %10.2f ns\n", name, times[ROUNDS / 2]);
    fflush(stdout);
}

// Time a statement, OPS times.
#define ROUND(name, statement)                                                 \
    static double name(struct rh_heap *heap)                                   \
    {                                                                          \
        double start = now_ns();                                               \
                                                                               \
        (void)heap;                                                            \
        for (size_t i = 0; i < OPS; i++)                                       \
            statement;                                                         \
        return now_ns() - start;                                               \
    }

static void *volatile sink;
static void *word; // a root
static volatile size_t answer;

ROUND(round_alloc, sink = rh_heap_alloc(heap))
ROUND(round_safepoint, rh_heap_safepoint(heap))
ROUND(round_malloc, {
    sink = malloc(64);
    free(sink);
})
ROUND(round_external, {
    void *block = rh_external_malloc(heap, 64);

    sink = block;
    rh_external_free(heap, block, 64);
})
ROUND(round_adjust, {
    rh_external_adjust(heap, NULL, 64);
    rh_external_adjust(heap, NULL, -64);
})
ROUND(round_contains, answer = rh_heap_contains(heap, (uintptr_t)&answer + i))
ROUND(round_scope, {
    size_t scope = rh_scope_save(heap);

    sink = rh_scope_hold(heap, NULL);
    rh_scope_restore(heap, scope);
})
ROUND(round_root, {
    answer = rh_root_add(heap, &word);
    answer = rh_root_remove(heap, &word);
})
ROUND(round_stat, {
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(heap, &stat);
    answer = (size_t)stat.heap_live_slots;
})

static struct rh_thread *thread;

ROUND(round_leave, {
    rh_thread_leave(heap, thread);
    rh_thread_enter(heap, thread);
})

static double
round_fast_alloc(struct rh_heap *heap)
{
    struct rh_fast *fast = rh_heap_fast(heap);
    double start = now_ns();

    for (size_t i = 0; i < OPS; i++) {
        struct node *node = rh_fast_alloc(heap, fast, sizeof *node);

        if (!node)
            give_up("no memory for an object");
        *node = (struct node){ 0 };
    }
    return now_ns() - start;
}

static double
round_fast_hold(struct rh_heap *heap)
{
    struct rh_fast *fast = rh_heap_fast(heap);
    double start = now_ns();

    for (size_t i = 0; i < OPS; i++) {
        void **top = fast->handle_top;

        sink = rh_fast_hold(heap, fast, NULL);
        fast->handle_top = top;
    }
    return now_ns() - start;
}

static double
round_new(struct rh_heap *heap)
{
    double start = now_ns();

    (void)heap;
    for (int i = 0; i < 100; i++)
        rh_heap_free(heap_new(&plain, rh_growth_default));
    return now_ns() - start;
}

static double
round_collect(struct rh_heap *heap)
{
    double start = now_ns();

    rh_heap_collect(heap);
    return now_ns() - start;
}

static double
round_verify(struct rh_heap *heap)
{
    double start = now_ns();

    if (rh_heap_verify(heap, NULL) != RH_OK)
        give_up("the heap is broken");
    return now_ns() - start;
}

// Objects, dead when the clock starts.
static double
round_dead(struct rh_heap *heap)
{
    rh_heap_collect(heap);
    rh_heap_disable(heap);
    for (size_t i = 0; i < OBJECTS; i++)
        node_new(heap);
    rh_heap_enable(heap);
    return round_collect(heap);
}

// The same, each with a block of 64 bytes to be released.
static double
round_dead_blocks(struct rh_heap *heap)
{
    rh_heap_collect(heap);
    rh_heap_disable(heap);
    for (size_t i = 0; i < OBJECTS / 4; i++) {
        struct node *node = node_new(heap);

        node->block = rh_external_malloc(heap, 64);
        rh_external_attach(heap, node);
    }
    rh_heap_enable(heap);
    return round_collect(heap);
}

static void
ignore_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)heap, (void)event, (void)context;
}

// A binary tree of 2^(depth + 1) - 1 nodes, made from the root downwards.
static struct node *
tree_new(struct rh_heap *heap, int depth)
{
    struct node *node = node_new(heap);

    if (depth > 0) {
        node->left = tree_new(heap, depth - 1);
        node->right = tree_new(heap, depth - 1);
    }
    return node;
}

static void
time_calls(void)
{
    struct rh_heap *heap = heap_new(&plain, keep_pages);

    figure("rh_fast_alloc", OPS, round_fast_alloc, heap);
    figure("rh_heap_alloc", OPS, round_alloc, heap);
    figure("rh_heap_safepoint, nothing due", OPS, round_safepoint, heap);
    figure("rh_fast_hold and back", OPS, round_fast_hold, heap);
    figure("rh_scope_save, hold, restore", OPS, round_scope, heap);
    figure("rh_root_add, remove", OPS, round_root, heap);
    figure("malloc, free of 64 bytes", OPS, round_malloc, heap);
    figure("rh_external_malloc, free", OPS, round_external, heap);
    figure("rh_external_adjust, twice", OPS, round_adjust, heap);
    figure("rh_heap_contains", OPS, round_contains, heap);
    figure("rh_heap_stat", OPS, round_stat, heap);
    if (rh_event_listen(heap, RH_EVENT_OBJECT_NEW, ignore_event, NULL) != RH_OK)
        give_up("no memory for a listener");
    figure("rh_heap_alloc with a listener", OPS, round_alloc, heap);
    rh_heap_free(heap);
    figure("rh_heap_new, free", 100, round_new, NULL);
}

static void
time_live(void)
{
    struct rh_heap *heap = heap_new(&plain, keep_pages);
    double nodes = (double)((2 << DEPTH) - 1);
    struct node *root;

    figure("collection, empty heap", 1, round_collect, heap);
    rh_heap_disable(heap);
    root = tree_new(heap, DEPTH);
    if (rh_root_add(heap, &root) != RH_OK)
        give_up("no memory for a root");
    figure("collection, per live object", nodes, round_collect, heap);
    figure("rh_heap_verify, per object", nodes, round_verify, heap);
    rh_heap_free(heap);
}

// A megabyte that is read like a stack.
static void
time_scan(void)
{
    static uintptr_t words[WORDS];
    static struct node *some[400];
    struct rh_heap *heap = heap_new(&plain, keep_pages);

    for (size_t i = 0; i < 400; i++)
        some[i] = node_new(heap);
    if (rh_stack_scan(heap, 0) != RH_OK ||
        rh_root_add_range(heap, NULL, some, 400) != RH_OK ||
        rh_stack_add_range(heap, words, sizeof words) != RH_OK)
        give_up("no memory for a range");
    for (size_t i = 0; i < WORDS; i++)
        words[i] = i;
    figure("scan of a stack, per KB", 1024, round_collect, heap);
    for (size_t i = 0; i < WORDS; i++)
        words[i] = (uintptr_t)some[i * 7 % 400];
    figure("the same, all references", 1024, round_collect, heap);
    if (!(thread = rh_thread_new(heap)))
        give_up("no memory for a thread");
    figure("rh_thread_leave, enter", OPS, round_leave, heap);
    rh_heap_free(heap);
}

static void
time_dead(const char *name, const struct rh_model *model, rh_growth_fn growth,
          double (*round)(struct rh_heap *heap), double objects)
{
    struct rh_heap *heap = heap_new(model, growth);

    figure(name, objects, round, heap);
    rh_heap_free(heap);
}

// Rss of this process, which the kernel adds up for this file (statm lags).
static size_t
resident_kb(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    size_t kb = 0;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %zu", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb;
}

// The average of many heaps, so that what malloc does is lost in it.
static void
weigh(const char *name, size_t initial_slots)
{
    struct rh_heap *heaps[HEAPS];
    struct rh_config config;
    size_t before;

    rh_config_init(&config);
    config.model = &plain;
    config.initial_slots = initial_slots;
    before = resident_kb();
    for (int i = 0; i < HEAPS; i++)
        if (!(heaps[i] = rh_heap_new(&config)))
            give_up("no memory for many heaps");
    printf("%-34s %10.1f KB\n", name, (double)(resident_kb() - before) / HEAPS);
    for (int i = 0; i < HEAPS; i++)
        rh_heap_free(heaps[i]);
}

int
main(void)
{
    weigh("resident, new heap of no page", 0);
    weigh("resident, new heap of 24 pages", 10000);
    time_calls();
    time_live();
    time_scan();
    time_dead("collection, per dead object", &plain, keep_pages, round_dead,
              OBJECTS);
    time_dead("the same, and pages released", &plain, rh_growth_default,
              round_dead, OBJECTS);
    time_dead("the same, a block of each freed", &releasing, keep_pages,
              round_dead_blocks, OBJECTS / 4);
    return 0;
}
