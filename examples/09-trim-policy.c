/* SPDX-License-Identifier: MIT */
/* 09-trim-policy - when memory goes back to the system: a policy of your own.
 *
 * What is freed goes back to malloc, which keeps it.  Giving it back costs time,
 * and more time when it is needed again.  A server knows something that no
 * library can: when it is between two requests, and how much the next one will
 * want.  This one trims between requests, and only when more was freed than the
 * largest request so far has ever used: that much will be wanted again.
 *
 * Policies only look and answer; they are asked after full collections, before
 * forks, when the program says that it is idle, and on request.  Every trim is
 * logged.
 *
 * The second half does without a heap: any program that uses malloc can have a
 * trimmer.
 *
 * Prints exactly:
 *
 *     request 1 used 2000 KB: nothing
 *     request 2 used  100 KB: trimmed, 2100 KB had been freed
 *     request 3 used  100 KB: nothing
 *     request 4 used  100 KB: nothing
 *     request 5 used  100 KB: nothing
 *     asked 5 times while idle, and after 5 collections: 1 trim
 *     without a heap: 1 trim, after 3 MB
 */
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/trim.h>

#include <stdio.h>
#include <stdlib.h>

struct server {
    size_t largest; /* bytes that a request has used */
    size_t freed;   /* what the policy saw */
    int idle;       /* how often it was asked, and why */
    int collections;
};

static unsigned
policy(const struct rh_trim_view *view, void *context)
{
    struct server *server = context;

    server->freed = view->freed_bytes;
    if (view->reason == RH_TRIM_COLLECTION) {
        server->collections++;
        return RH_TRIM_NOTHING; /* somebody waits for an answer */
    }
    server->idle++;
    return view->freed_bytes > server->largest
               ? RH_TRIM_PAGES | RH_TRIM_ALLOCATOR
               : RH_TRIM_NOTHING;
}

static void
serve(struct rh_heap *heap, struct server *server, size_t bytes)
{
    void *data = rh_external_malloc(heap, bytes);

    if (!data)
        exit(1);
    if (bytes > server->largest)
        server->largest = bytes;
    rh_external_free(heap, data, bytes);
    rh_heap_collect(heap);
}

static int
run_server(void)
{
    static const size_t kilobytes[] = { 2000, 100, 100, 100, 100 };
    struct server server = { 0, 0, 0, 0 };
    struct rh_trim_totals totals;
    struct rh_config config;
    struct rh_heap *heap;

    rh_config_init(&config);
    config.trim = policy;
    config.trim_context = &server;
    heap = rh_heap_new(&config);
    if (!heap)
        return 1;
    for (int n = 0; n < 5; n++) {
        serve(heap, &server, kilobytes[n] * 1000);
        printf("request %d used %4zu KB: ", n + 1, kilobytes[n]);
        if (rh_trim_idle(heap))
            printf("trimmed, %zu KB had been freed\n", server.freed / 1000);
        else
            printf("nothing\n");
    }
    rh_trim_totals(heap, &totals);
    printf("asked %d times while idle, and after %d collections: %zu trim\n",
           server.idle, server.collections, totals.trims);
    rh_heap_free(heap);
    return 0;
}

static int
run_without_a_heap(void)
{
    struct rh_trim_threshold_options options = { 3 << 20, 0 };
    struct rh_trimmer *trimmer = rh_trimmer_new(rh_trim_threshold, &options);
    struct rh_trim_totals totals;
    int megabytes = 0;

    if (!trimmer)
        return 1;
    do {
        char *data = malloc(1 << 20);

        free(data);
        megabytes++;
        rh_trimmer_count(trimmer, 1 << 20, 0);
    } while (!rh_trimmer_request(trimmer, RH_TRIM_REQUEST));
    rh_trimmer_totals(trimmer, &totals);
    printf("without a heap: %zu trim, after %d MB\n", totals.trims, megabytes);
    rh_trimmer_free(trimmer);
    return 0;
}

int
main(void)
{
    return run_server() || run_without_a_heap();
}
