// SPDX-License-Identifier: MIT
/*
 * experiments - the measurements behind the notes in doc/design.
 *
 *     make tests/bench/experiments
 *     tests/bench/experiments compact   moving objects together
 *     tests/bench/experiments fork      what a collection in a child copies
 *     tests/bench/experiments release   giving pages back, one by one or in runs
 *     tests/bench/experiments supply    allocating in a heap full of small holes
 *     tests/bench/experiments promotion   what one survival makes old too early
 *
 * Public headers and Linux only.
 */
#include <rheap/compact.h>
#include <rheap/constants.h>
#include <rheap/heap.h>
#include <rheap/image.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/walk.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OBJECTS 1000000
#define PAGES 4096
#define ROUNDS 9

struct node {
    struct node *left;
    struct node *right;
    uintptr_t words[3];
};

static void
node_trace(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static const struct rh_model nodes = {
    .name = "nodes",
    .trace = node_trace,
    .flags = RH_MODEL_MOVABLE | RH_MODEL_BARRIERED,
};

static _Noreturn void
give_up(const char *what)
{
    fprintf(stderr, "experiments: %s\n", what);
    exit(1);
}

// ---- fork ----

// A list of a heap's objects, of which every second is forgotten again.
static struct node *
list_new(struct rh_heap *heap)
{
    struct node *first = NULL;

    rh_heap_disable(heap);
    for (size_t i = 0; i < OBJECTS; i++) {
        struct node *node = rh_heap_alloc(heap);

        if (!node)
            give_up("no memory");
        node->left = first;
        first = node;
    }
    for (struct node *node = first; node && node->left; node = node->left)
        node->left = node->left->left;
    rh_heap_enable(heap);
    return first;
}

// Private_Dirty of the mappings between two addresses, in KB.
static size_t
private_kb(uintptr_t from, uintptr_t to)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    uintptr_t start = 0, end = 0;
    char line[512];
    size_t kb, sum = 0;

    if (!file)
        give_up("cannot read /proc/self/smaps");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
            continue;
        if (start >= from && end <= to &&
            sscanf(line, "Private_Dirty: %zu", &kb) == 1)
            sum += kb;
    }
    fclose(file);
    return sum;
}

// In a child of its own, so that each begins with everything shared.
static void
child_does(struct rh_heap *heap, const char *what,
           void (*act)(struct rh_heap *))
{
    struct rh_page_view view;
    uintptr_t base, tables;

    if (rh_page_look(heap, 0, &view) != RH_OK)
        give_up("no page");
    // Tables begin behind the bodies and take 3.4% as much address space, of
    // which the last tenth is in use on the largest of heaps only.
    base = (uintptr_t)view.address;
    tables = base + rh_heap_max_pages(heap) * RH_PAGE_BYTES;
    fflush(stdout);
    if (fork() == 0) {
        act(heap);
        printf("%-26s %8zu %8zu\n", what, private_kb(base, tables),
               private_kb(tables, tables + (tables - base) / 1000 * 33));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void
do_nothing(struct rh_heap *heap)
{
    (void)heap;
}

static void
allocate(struct rh_heap *heap)
{
    rh_heap_collect(heap);
    for (int i = 0; i < 1000; i++)
        if (!rh_heap_alloc(heap))
            give_up("no memory");
}

static void
experiment_fork(void)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    struct rh_config config;
    struct rh_heap *heap;
    struct node *root;

    rh_config_init(&config);
    config.model = &nodes;
    heap = rh_heap_new(&config);
    if (!heap || rh_root_add(heap, &root) != RH_OK)
        give_up("no memory");
    root = list_new(heap);
    rh_heap_stat(heap, &stat);
    printf("%d objects, every second one garbage; %" PRIu64 " KB of bodies\n",
           OBJECTS, stat.x_body_bytes / 1024);
    printf("%-26s %8s %8s\n", "private KB in a child that", "bodies", "tables");
    child_does(heap, "does nothing", do_nothing);
    child_does(heap, "collects", rh_heap_collect);
    rh_heap_collect(heap);
    child_does(heap, "collects, no garbage", rh_heap_collect);
    child_does(heap, "and makes 1,000 objects", allocate);
    rh_heap_free(heap);
}

// ---- supply ----

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
keep_pages(const struct rh_growth_view *view, struct rh_growth_answer *answer)
{
    rh_growth_default(view, answer);
    answer->max_empty_pages = SIZE_MAX;
}

static void *held[4 * OBJECTS];

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

// Objects of which one in eight is forgotten, at random, and then as much
// garbage again as half of them: pages with 51 small holes, and empty ones.
static void
make_holes(struct rh_heap *heap)
{
    uint64_t random = 88172645463325252;

    for (size_t i = 0; i < 6 * OBJECTS; i++) {
        void *node = rh_heap_alloc(heap);

        if (!node)
            give_up("no memory");
        if (i < 4 * OBJECTS)
            held[i] = next_random(&random) >> 61 ? node : NULL;
    }
}

static void
experiment_supply(void)
{
    struct rh_config config;
    struct rh_heap *heap;
    double start;

    rh_config_init(&config);
    config.model = &nodes;
    config.growth = keep_pages;
    for (int n = 0; n < ROUNDS / 2; n++) {
        heap = rh_heap_new(&config);
        if (!heap ||
            rh_root_add_range(heap, "held", held, 4 * OBJECTS) != RH_OK)
            give_up("no memory");
        rh_heap_disable(heap);
        make_holes(heap);
        rh_heap_collect(heap);
        start = now_ns();
        for (size_t i = 0; i < OBJECTS / 2; i++)
            if (!rh_heap_alloc(heap))
                give_up("no memory");
        printf("%.1f ns an object\n", (now_ns() - start) / (OBJECTS / 2));
        rh_heap_free(heap);
    }
}

// ---- compact ----

// `made` objects, of which one in `every` is kept, at random: a list, and from
// each another link to an older one.
static struct node *
sparse_list(struct rh_heap *heap, size_t made, unsigned every)
{
    uint64_t random = 88172645463325252;
    struct node *list = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < made; i++) {
        struct node *node = rh_heap_alloc(heap);

        if (!node)
            give_up("no memory");
        if ((next_random(&random) >> 32) % every)
            continue;
        held[kept++] = node;
        node->left = list;
        node->right = held[(next_random(&random) >> 16) % kept];
        list = node;
    }
    return list;
}

static void
report_compaction(struct rh_heap *heap, const char *what)
{
    struct rh_compaction result = { .struct_bytes = sizeof result };
    double start = now_ns();
    double collected;

    rh_heap_collect(heap);
    collected = now_ns();
    if (rh_heap_compact(heap, &result) != RH_OK)
        give_up("no compaction");
    printf("%-8s %9zu live, %9zu moved, pages %6zu -> %5zu; collection %7.2f "
           "ms, compaction %7.2f ms: %5.1f and %5.1f ns an object\n",
           what, result.considered, result.moved, result.pages,
           result.pages - result.emptied_pages, (collected - start) / 1e6,
           (double)result.ns / 1e6,
           (collected - start) / (double)result.considered,
           (double)result.ns / (double)result.considered);
}

static void
experiment_compact(void)
{
    static const struct {
        const char *name;
        size_t made;
        unsigned every;
    } heaps[] = { { "1 in 400", 3 * OBJECTS, 400 },
                  { "1 in 4", 4 * OBJECTS, 4 },
                  { "all", OBJECTS, 1 } };
    struct rh_config config;

    rh_config_init(&config);
    config.model = &nodes;
    for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++) {
        struct rh_heap *heap = rh_heap_new(&config);
        struct node *list;

        if (!heap || rh_root_add(heap, &list) != RH_OK)
            give_up("no memory");
        rh_heap_disable(heap);
        list = sparse_list(heap, heaps[i].made, heaps[i].every);
        report_compaction(heap, heaps[i].name);
        report_compaction(heap, "again");
        rh_heap_free(heap);
    }
}

// ---- release ----

// Microseconds to give back PAGES pages, `run` pages a call; *touch: to write
// to them again.
static double
release_us(char *memory, size_t run, double *touch)
{
    size_t bytes = run * RH_PAGE_BYTES;
    double start, released;

    memset(memory, 1, (size_t)PAGES * RH_PAGE_BYTES);
    start = now_ns();
    for (size_t at = 0; at < (size_t)PAGES * RH_PAGE_BYTES; at += bytes)
        if (madvise(memory + at, bytes, MADV_DONTNEED) != 0)
            give_up("madvise");
    released = now_ns();
    memset(memory, 1, (size_t)PAGES * RH_PAGE_BYTES);
    *touch = (now_ns() - released) / 1e3;
    return (released - start) / 1e3;
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void
experiment_release(void)
{
    static const size_t runs[] = { 1, 4, 64, PAGES };
    char *memory =
        mmap(NULL, (size_t)PAGES * RH_PAGE_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        give_up("no memory");
    (void)madvise(memory, (size_t)PAGES * RH_PAGE_BYTES, MADV_NOHUGEPAGE);
    printf("%d pages of 16 KB, medians of %d\n", PAGES, ROUNDS);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        double us[ROUNDS], touch[ROUNDS];

        for (int n = 0; n < ROUNDS; n++)
            us[n] = release_us(memory, runs[i], &touch[n]);
        qsort(us, ROUNDS, sizeof us[0], compare);
        qsort(touch, ROUNDS, sizeof touch[0], compare);
        printf("%4zu pages a call: %6.0f ns a page; writing again %4.1f ns a "
               "slot\n",
               runs[i], us[ROUNDS / 2] * 1e3 / PAGES,
               touch[ROUNDS / 2] * 1e3 / PAGES / RH_SLOTS_PER_PAGE);
    }
    munmap(memory, (size_t)PAGES * RH_PAGE_BYTES);
}

// ---- promotion ----

// Of what a minor collection makes old, how much is dead after as many slots
// again?  That much a second survival would have found young.

struct program {
    struct rh_heap *heap;
    size_t depth; // of the trees it makes, one after the other
    size_t made;  // nodes
    size_t pause_at;
    void (*pause)(struct program *program);
    size_t promoted, early; // sums
    size_t latest;          // promoted by the last minor collection
};

static size_t
old_count(struct rh_heap *heap)
{
    uint64_t old = 0;

    if (rh_stat_get(heap, "old_objects", &old) != RH_OK)
        give_up("statistics");
    return old;
}

// Nodes know in which nursery they were made.
struct count {
    uintptr_t nursery;
    size_t alive;
};

static bool
count_nursery(struct rh_heap *heap, void *object, void *context)
{
    struct count *count = context;

    (void)heap;
    count->alive += ((struct node *)object)->words[0] == count->nursery;
    return true;
}

// A nursery is used up: who of the one before is left?  Then collect it.
static void
program_pause(struct program *program)
{
    struct rh_heap *heap = program->heap;
    struct count count = { program->made / program->pause_at - 2, 0 };
    size_t before;

    (void)rh_walk_reachable(heap, NULL, count_nursery, &count);
    program->early += program->latest - count.alive;
    before = old_count(heap);
    rh_heap_minor(heap);
    program->latest = old_count(heap) - before;
    program->promoted += program->latest;
    if (before > 4 * program->pause_at)
        rh_heap_collect(heap);
}

static struct node *
program_tree(struct program *program, size_t depth)
{
    struct rh_heap *heap = program->heap;
    size_t scope = rh_scope_save(heap);
    void **left = rh_scope_hold(heap, NULL);
    void **right = rh_scope_hold(heap, NULL);
    struct node *node;

    if (depth > 0) {
        *left = program_tree(program, depth - 1);
        *right = program_tree(program, depth - 1);
    }
    if (++program->made % program->pause_at == 0)
        program_pause(program);
    node = rh_heap_alloc(heap);
    if (!node)
        give_up("no memory");
    node->left = *left;
    node->right = *right;
    node->words[0] = program->made / program->pause_at;
    rh_scope_restore(heap, scope);
    return node;
}

static void
experiment_promotion(void)
{
    static const size_t depths[] = { 5, 9, 12, 15 };
    static const size_t nurseries[] = { 2500, 10000, 40000 };

    printf("nodes of a tree   nursery   promoted   of these dead a nursery "
           "later\n");
    for (size_t d = 0; d < 4; d++)
        for (size_t n = 0; n < 3; n++) {
            struct program program = { .depth = depths[d],
                                       .pause_at = nurseries[n] };
            struct rh_config config;

            rh_config_init(&config);
            config.model = &nodes;
            config.generational = true;
            program.heap = rh_heap_new(&config);
            if (!program.heap)
                give_up("no heap");
            rh_heap_disable(program.heap);
            while (program.made < 4000000)
                (void)program_tree(&program, program.depth);
            printf("%15d   %7zu   %7.2f%%   %6.1f%%, %.2f%% of all\n",
                   (1 << (depths[d] + 1)) - 1, nurseries[n],
                   100.0 * (double)program.promoted / (double)program.made,
                   program.promoted ? 100.0 * (double)program.early /
                                          (double)program.promoted
                                    : 0.0,
                   100.0 * (double)program.early / (double)program.made);
            rh_heap_free(program.heap);
        }
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "compact") == 0)
        experiment_compact();
    else if (argc == 2 && strcmp(argv[1], "fork") == 0)
        experiment_fork();
    else if (argc == 2 && strcmp(argv[1], "release") == 0)
        experiment_release();
    else if (argc == 2 && strcmp(argv[1], "supply") == 0)
        experiment_supply();
    else if (argc == 2 && strcmp(argv[1], "promotion") == 0)
        experiment_promotion();
    else
        give_up("say compact, fork, promotion, release or supply");
    return 0;
}
