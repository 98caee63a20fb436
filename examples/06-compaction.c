/* SPDX-License-Identifier: MIT */
/* 06-compaction - giving back the pages of a heap that has shrunk.
 *
 * 100,000 strings, of which every 400th is kept: nearly every page has one live
 * object, and not one can be given back.  A compaction moves the objects
 * together and rewrites all references to them: those in other objects, in
 * roots, in handles.
 *
 * What cannot be rewritten must not move: a pinned object stays.  Nor must the
 * program believe an address that it has kept in a C variable over a safe
 * point; rh_compact_verify() moves everything, and finds who does.
 *
 * Prints exactly:
 *
 *     100000 strings     246 pages, slot fragmentation 0.00
 *     every 400th kept   245 pages, slot fragmentation 1.00
 *     compacted            1 pages, slot fragmentation 0.38
 *     moved 250 of 251 objects, by type:
 *         STRING  249 moved
 *         ARRAY     1 moved
 *     the last one is "string 99600", the pinned one has not moved
 *     everything moved, and every reference followed
 */
#include <rheap/array.h>
#include <rheap/compact.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/string.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
report(struct rh_heap *heap, const char *when)
{
    struct rh_shape shape = { .struct_bytes = sizeof shape };
    uint64_t pages = 0;

    rh_heap_shape(heap, &shape);
    (void)rh_stat_get(heap, "heap_eden_pages", &pages);
    printf("%-17s %4d pages, slot fragmentation %.2f\n", when, (int)pages,
           shape.slot);
}

static rh_value
text(struct rh_heap *heap, int number)
{
    char bytes[32];
    int length = snprintf(bytes, sizeof bytes, "string %d", number);
    rh_value string = rh_string_new(heap, 0, bytes, (size_t)length);

    if (string == RH_UNDEF)
        exit(1);
    return string;
}

/* All strings are reached from a list while they are made. */
static void
fill(struct rh_heap *heap, rh_value kept)
{
    size_t scope = rh_scope_save(heap);
    rh_value all = rh_array_new_capacity(heap, 0, 100000);

    if (!rh_scope_hold(heap, rh_value_slot(all)))
        exit(1);
    for (int i = 0; i < 100000; i++) {
        rh_value string = text(heap, i);

        if (rh_array_push(heap, all, string) != RH_OK ||
            (i % 400 == 0 && rh_array_push(heap, kept, string) != RH_OK))
            exit(1);
    }
    report(heap, "100000 strings");
    rh_scope_restore(heap, scope);
}

static void
print_types(const struct rh_compaction *result)
{
    printf("moved %zu of %zu objects, by type:\n", result->moved,
           result->considered);
    for (int i = 0; i < RH_COMPACTION_TYPES; i++)
        if (result->types[i].considered)
            printf("    %-7s %3zu moved\n", result->types[i].type,
                   result->types[i].moved);
}

int
main(void)
{
    struct rh_heap *heap = rh_heap_new(NULL);
    struct rh_compaction result = { .struct_bytes = sizeof result };
    rh_value kept = heap ? rh_array_new(heap, 0, NULL, 0) : RH_UNDEF;
    void *pinned;

    if (kept == RH_UNDEF || rh_root_add(heap, &kept) != RH_OK)
        return 1;
    fill(heap, kept);
    pinned = rh_value_slot(rh_array_get(kept, 249));
    rh_heap_pin(heap, pinned);
    rh_heap_collect(heap);
    report(heap, "every 400th kept");
    if (rh_heap_compact(heap, &result) != RH_OK)
        return 1;
    report(heap, "compacted");
    print_types(&result);
    printf("the last one is \"%s\", the pinned one has %smoved\n",
           rh_string_bytes(rh_array_get(kept, 249)),
           rh_value_slot(rh_array_get(kept, 249)) == pinned ? "not " : "");
    if (rh_compact_verify(heap, NULL) == RH_OK)
        printf("everything moved, and every reference followed\n");
    rh_heap_free(heap);
    return 0;
}
