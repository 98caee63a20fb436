/* SPDX-License-Identifier: MIT */
/* 01-hello-heap - fill a heap, throw most of it away, collect.
 *
 * 5,000 strings are made; one in 500 is kept, in an array.  A collection finds
 * the others dead.  But a page can be given up only when its last object is
 * dead, and what is kept lies on ten pages: this is slot fragmentation.
 *
 * A string of up to 23 bytes fits its slot of 40 bytes.  A longer one has a
 * block of external data besides, with a NUL at its end.
 *
 * Prints exactly:
 *
 *     strings of 23 and of 24 bytes take 40 and 65 bytes
 *                     live   eden   tomb  fragmentation
 *     filled          5003     24      0           0.49
 *     collected         11     10     14           1.00
 *     forgotten          0      0     24           0.00
 */
#include <rheap/array.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/string.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Hold a new object until the scope is restored; give up if there is none. */
static rh_value
keep(struct rh_heap *heap, rh_value value)
{
    if (value == RH_UNDEF || !rh_scope_hold(heap, rh_value_slot(value)))
        exit(1);
    return value;
}

static size_t
string_size(struct rh_heap *heap, size_t length)
{
    size_t scope = rh_scope_save(heap);
    rh_value string = keep(heap, rh_string_new(heap, 0, NULL, length));
    size_t bytes = rh_heap_memsize(heap, rh_value_slot(string));

    rh_scope_restore(heap, scope);
    return bytes;
}

static void
report(struct rh_heap *heap, const char *when)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    struct rh_shape shape = { .struct_bytes = sizeof shape };

    rh_heap_stat(heap, &stat);
    rh_heap_shape(heap, &shape);
    printf("%-12s %7" PRIu64 "%7" PRIu64 "%7" PRIu64 "%15.2f\n", when,
           stat.heap_live_slots, stat.heap_eden_pages, stat.heap_tomb_pages,
           shape.slot);
}

static void
introduce(struct rh_heap *heap)
{
    printf("strings of 23 and of 24 bytes take %zu and %zu bytes\n",
           string_size(heap, 23), string_size(heap, 24));
    printf("%-12s %7s%7s%7s%15s\n", "", "live", "eden", "tomb",
           "fragmentation");
}

static void
fill(struct rh_heap *heap)
{
    rh_value list = keep(heap, rh_array_new(heap, 0, NULL, 0));

    for (int i = 0; i < 5000; i++) {
        size_t scope = rh_scope_save(heap);
        rh_value string = keep(heap, rh_string_new(heap, 0, "hello", 5));

        if (i % 500 == 0 && rh_array_push(heap, list, string) != RH_OK)
            exit(1);
        rh_scope_restore(heap, scope); /* the string is on its own again */
    }
}

int
main(void)
{
    struct rh_heap *heap = rh_heap_new(NULL); /* NULL: the defaults */
    size_t scope;

    if (!heap)
        return 1;
    introduce(heap);
    scope = rh_scope_save(heap);
    fill(heap);
    report(heap, "filled");
    rh_heap_collect(heap);
    report(heap, "collected");
    rh_scope_restore(heap, scope); /* now the array is, too */
    rh_heap_collect(heap);
    report(heap, "forgotten");
    rh_heap_free(heap);
    return 0;
}
