// SPDX-License-Identifier: MIT
/*
 * tidy - compaction and pins, as programs use them.
 *
 * A compaction is a collection with a wish: it is done by the collection, when
 * the dead are buried, so that the growth policy hears of the emptied pages.
 */
#include "config.h"

#include "alloc.h"

#include <rheap/verify.h>

static enum rh_status
tidy_collect(struct rh_heap *heap, enum rhi_compact_kind kind)
{
    if (!rhi_compact_is_possible(&heap->compact))
        return RH_UNSUPPORTED;
    heap->compact.wanted = kind;
    rh_heap_collect(heap);
    return RH_OK;
}

enum rh_status
rh_compaction_last(const struct rh_heap *heap, struct rh_compaction *result)
{
    const struct rhi_compact *compact = &heap->compact;
    size_t bytes = rhi_min(result->struct_bytes, sizeof *result);

    memcpy(result, &compact->last, bytes);
    result->struct_bytes = bytes;
    return compact->count ? RH_OK : RH_NOT_FOUND;
}

enum rh_status
rh_heap_compact(struct rh_heap *heap, struct rh_compaction *result)
{
    enum rh_status status = tidy_collect(heap, RHI_COMPACT_DENSEST);

    if (status || !result)
        return status;
    return rh_compaction_last(heap, result);
}

static struct rh_violation
tidy_violation(const struct rh_heap *heap, const void *from)
{
    const struct rhi_region *region = &heap->region;
    struct rh_violation violation = {
        .invariant = "K2",
        .meaning = "references follow objects that move",
        .page = SIZE_MAX,
        .slot = SIZE_MAX,
        .object = from,
    };

    if (from) {
        violation.page = rhi_region_page(region, (uintptr_t)from);
        violation.slot = rhi_page_index(region, (uintptr_t)from);
    }
    return violation;
}

enum rh_status
rh_compact_verify(struct rh_heap *heap, struct rh_violation *violation)
{
    const struct rhi_follow *follow = &heap->compact.follow;
    enum rh_status status = tidy_collect(heap, RHI_COMPACT_SCATTER);

    if (status)
        return status;
    if (!follow->stale)
        return rh_heap_verify(heap, violation);
    if (violation)
        *violation = tidy_violation(heap, follow->from);
    return RH_BROKEN;
}

// Set or clear the pin of an object; what it was.
static bool
tidy_pin(struct rh_heap *heap, const void *object, bool pin)
{
    uintptr_t address = (uintptr_t)object;
    size_t page = rhi_region_page(&heap->region, address);
    bool before = rh_heap_is_pinned(heap, object);
    uint32_t index;

    if (before == pin)
        return before;
    index = rhi_page_index(&heap->region, address);
    if (pin)
        rhi_bit_set(heap->region.plane[RHI_PINNED][page], index);
    else
        rhi_bit_clear(heap->region.plane[RHI_PINNED][page], index);
    heap->region.flags[page] |= RHI_FLAG_PINNED;
    return before;
}

bool
rh_heap_pin(struct rh_heap *heap, void *object)
{
    return tidy_pin(heap, object, true);
}

bool
rh_heap_unpin(struct rh_heap *heap, void *object)
{
    return tidy_pin(heap, object, false);
}

bool
rh_heap_is_pinned(const struct rh_heap *heap, const void *object)
{
    const struct rhi_region *region = &heap->region;
    uintptr_t address = (uintptr_t)object;

    if (!rh_heap_is_live(heap, address))
        rhi_panic(&heap->panic, "a pin wants an object of this heap");
    return rhi_bit_test(
        region->plane[RHI_PINNED][rhi_region_page(region, address)],
        rhi_page_index(region, address));
}
