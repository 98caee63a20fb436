// SPDX-License-Identifier: MIT
// An object is written to behind its end, where the next slot is still free.
#include "canary.h"

int
main(void)
{
    struct rh_heap *heap = new_aviary();
    struct bird *bird = new_bird(heap, "a bird of 40 bytes");
    volatile char *name = bird->name;

    name[sizeof bird->name] = '!'; // the forbidden thing
    rh_heap_free(heap);
    return 0;
}
