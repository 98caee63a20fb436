/* SPDX-License-Identifier: MIT */
/* 03-external-data - objects of your own, with memory outside the heap.
 *
 * The model knows one kind of object, a picture, which may refer to another
 * and owns pixels.  It tells the heap what to follow and what to release.
 *
 * Past the malloc limit a collection is due.  The next slot allocation or safe
 * point runs it, never a call for memory.  What it frees goes back to malloc,
 * and from there to the system if the trim policy says so.
 *
 * Prints exactly:
 *
 *     5 pictures:  1310720 bytes, 0 collections, due: yes
 *     policy: 1048576 bytes freed
 *     2 pictures:   786432 bytes, 1 collections, due: no
 *     a texture:   4786432 bytes, 1 collections, due: yes
 *     policy: 0 bytes freed
 *     policy: 4786432 bytes freed
 *     no pictures:       0 bytes, 3 collections, due: no
 *     last trim: the allocator
 */
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct picture {
    struct picture *behind;
    void *pixels;
    size_t bytes;
    ptrdiff_t texture; /* bytes in a graphics library: not our malloc's */
};

static void
picture_trace(void *object, struct rh_visitor *visitor)
{
    rh_visit(visitor, &((struct picture *)object)->behind);
}

static void
picture_release(struct rh_heap *heap, void *object)
{
    struct picture *picture = object;

    rh_external_free(heap, picture->pixels, picture->bytes);
    rh_external_adjust(heap, picture, -picture->texture);
}

static const struct rh_model pictures = { .name = "pictures",
                                          .trace = picture_trace,
                                          .release = picture_release };

static struct picture *
picture_new(struct rh_heap *heap, size_t bytes, struct picture *behind)
{
    struct picture *picture = rh_heap_alloc(heap); /* may collect */

    if (!picture || !(picture->pixels = rh_external_malloc(heap, bytes)))
        exit(1);
    picture->bytes = bytes;
    picture->behind = behind;
    rh_external_attach(heap, picture); /* call release when it is dead */
    return picture;
}

/* Trim when that may give back a megabyte. */
static unsigned
trim_megabytes(const struct rh_trim_view *view, void *context)
{
    (void)context;
    printf("policy: %zu bytes freed\n", view->freed_bytes);
    return view->freed_bytes >= 1 << 20 ? RH_TRIM_ALLOCATOR : RH_TRIM_NOTHING;
}

static void
report(struct rh_heap *heap, const char *what)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(heap, &stat);
    printf("%-12s %7" PRIu64 " bytes, %" PRIu64 " collections, due: %s\n", what,
           stat.x_external_bytes + stat.x_adjusted_bytes, stat.count,
           rh_heap_is_due(heap) ? "yes" : "no");
}

int
main(void)
{
    struct rh_config config;
    struct rh_heap *heap;
    struct rh_trim_record last;
    struct picture *front = NULL;

    rh_config_init(&config);
    config.model = &pictures;
    config.slot_bytes = sizeof(struct picture);
    config.malloc_limit = 1 << 20;
    config.trim = trim_megabytes;
    heap = rh_heap_new(&config);
    if (!heap || rh_root_add(heap, &front) != RH_OK)
        return 1;
    for (int n = 0; n < 5; n++)
        front = picture_new(heap, 256 << 10, NULL);
    report(heap, "5 pictures:");
    front = picture_new(heap, 512 << 10, front);
    report(heap, "2 pictures:");
    rh_external_adjust(heap, front, front->texture = 4000000);
    report(heap, "a texture:");
    rh_heap_safepoint(heap);
    front = NULL;
    rh_heap_collect(heap);
    report(heap, "no pictures:");
    if (rh_trim_log(heap, &last, 1) == 1 && last.actions == RH_TRIM_ALLOCATOR)
        puts("last trim: the allocator");
    rh_heap_free(heap);
    return 0;
}
