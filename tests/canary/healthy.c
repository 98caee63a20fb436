// SPDX-License-Identifier: MIT
/*
 * Nothing forbidden: the tools must let it pass.  Buffers hang on objects, and
 * the heap is still there when the program ends; whoever looks for leaks must
 * find the pointers inside the heap.  Slots are used again and again, inline
 * and not, and pages go back to the system and return.
 */
#include "canary.h"

#include <rheap/trim.h>

static struct rh_heap *heap;
static struct bird *flock;

static void
sing(void)
{
    for (const struct bird *bird = flock; bird; bird = bird->next)
        if (strlen(bird->name) == 0 || bird->song[SONG_BYTES - 1] != 'x')
            exit(99);
}

int
main(void)
{
    heap = new_aviary();
    if (rh_root_add(heap, &flock) != RH_OK)
        return 99;
    for (int year = 0; year < 5; year++) {
        for (int i = 0; i < 50000; i++) {
            struct bird *bird =
                i % 100 ? rh_heap_alloc(heap) : new_bird(heap, "thrush");

            if (!bird)
                return 99;
            if (i % 1000 == 0) {
                bird->next = flock;
                flock = bird;
            }
        }
        rh_heap_collect(heap);
        rh_trim_now(heap, RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
        sing();
    }
    return 0;
}
