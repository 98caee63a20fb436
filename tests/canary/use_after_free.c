// SPDX-License-Identifier: MIT
// An object is read after a collection has found it dead.
#include "canary.h"

int
main(void)
{
    struct rh_heap *heap = new_aviary();
    struct bird *bird = new_bird(heap, "nobody holds me");

    rh_heap_collect(heap);

    printf("%s\n", bird->name); // the forbidden thing
    rh_heap_free(heap);
    return 0;
}
