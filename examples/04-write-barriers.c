/* SPDX-License-Identifier: MIT */
/* 04-write-barriers - generations, and the promise that they ask for.
 *
 * A minor collection looks at the young only: objects made since the last
 * collection.  So the heap must hear when an old object comes to refer to a
 * young one.  That is the write barrier: one call after each store of a
 * reference, which nearly always finds that there is nothing to do.
 * An object whose stores cannot be caught is declared unprotected, and looked
 * at again by every collection.  rh_barrier_check() finds what was forgotten.
 *
 * Prints exactly:
 *
 *     100000 old objects, of which a minor collection looks at 0
 *     after one store it looks at 1, and the child lives
 *     an unprotected parent is looked at each time: 1 1 1
 *     a store without its barrier: object, old, to object, young
 *     a major collection in 6 steps
 */
#include <rheap/barrier.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <stdio.h>
#include <stdlib.h>

struct pair {
    struct pair *head, *tail;
    uintptr_t words[3];
};

static void
pair_trace(void *object, struct rh_visitor *visitor)
{
    rh_visit(visitor, &((struct pair *)object)->head);
    rh_visit(visitor, &((struct pair *)object)->tail);
}

static const struct rh_model pairs = {
    .name = "pairs",
    .trace = pair_trace,
    .flags = RH_MODEL_BARRIERED, /* we promise to run the barrier */
};

/* `*tail` is a root: this may collect. */
static struct pair *
pair_new(struct rh_heap *heap, struct pair **tail)
{
    struct pair *pair = rh_heap_alloc(heap);

    if (!pair)
        exit(1);
    pair->tail = *tail; /* no barrier: the pair has just been taken */
    return pair;
}

/* Collect the young; how many old objects it had to look at. */
static int
minor(struct rh_heap *heap)
{
    uint64_t visited = 0;

    rh_heap_minor(heap);
    (void)rh_stat_get(heap, "x_remembered_visited", &visited);
    return (int)visited;
}

static void
report(struct rh_heap *heap, const struct rh_missed_barrier *missed,
       void *context)
{
    (void)heap, (void)context;
    printf("a store without its barrier: %s, old, to %s, young\n",
           missed->parent_type, missed->child_type);
}

int
main(void)
{
    struct rh_config config;
    struct rh_heap *heap;
    struct pair *list = NULL, *nothing = NULL;
    uint64_t old = 0;
    int steps = 0;

    rh_config_init(&config);
    config.model = &pairs;
    config.generational = true;
    heap = rh_heap_new(&config);
    if (!heap || rh_root_add(heap, &list) != RH_OK)
        return 1;
    for (int i = 0; i < 100000; i++)
        list = pair_new(heap, &list);
    minor(heap); /* what lives is old from now on */
    (void)rh_stat_get(heap, "old_objects", &old);
    printf("%d old objects, of which a minor collection looks at %d\n",
           (int)old, minor(heap));
    list->head = pair_new(heap, &nothing);
    rh_fast_barrier(heap, rh_heap_fast(heap), list, list->head);
    printf("after one store it looks at %d, and the child ", minor(heap));
    puts(rh_heap_is_live(heap, (uintptr_t)list->head) ? "lives" : "is dead");
    rh_barrier_unprotect(heap, list->head);
    printf("an unprotected parent is looked at each time:");
    for (int i = 0; i < 3; i++) {
        list->head->head = pair_new(heap, &nothing); /* without a word */
        printf(" %d", minor(heap));
    }
    printf("\n");
    rh_barrier_check(heap, true, report, NULL);
    list->tail->head = list->head; /* old: harmless */
    list->tail->tail->head = pair_new(heap, &nothing);
    minor(heap); /* would have freed it */
    rh_barrier_check(heap, false, NULL, NULL);
    if (rh_heap_start(heap) != RH_OK)
        return 1;
    while (!rh_heap_step(heap, (struct rh_budget){ .objects = 50000 }))
        if (++steps == 2)
            minor(heap);
    printf("a major collection in %d steps\n", steps + 1);
    rh_heap_free(heap);
    return 0;
}
