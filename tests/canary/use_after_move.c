// SPDX-License-Identifier: MIT
// An object is read where it was before it moved.
#include "canary.h"

#include <rheap/compact.h>

int
main(void)
{
    struct rh_heap *heap = new_aviary();
    struct bird *bird = new_bird(heap, "held by a root");
    struct bird *root = bird;

    if (rh_root_add(heap, &root) != RH_OK ||
        rh_compact_verify(heap, NULL) != RH_OK || root == bird)
        return 0;

    printf("%s\n", bird->name); // the forbidden thing
    rh_heap_free(heap);
    return 0;
}
