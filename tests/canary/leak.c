// SPDX-License-Identifier: MIT
// The only pointer to a buffer is overwritten: nobody can free it any more.
#include "canary.h"

int
main(void)
{
    struct rh_heap *heap = new_aviary();
    struct bird *bird = new_bird(heap, "I have lost my song");

    bird->song = NULL; // the forbidden thing
    rh_heap_free(heap);
    return 0;
}
