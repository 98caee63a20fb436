// SPDX-License-Identifier: MIT
/*
 * buffer - external data, as programs ask for it.
 *
 * The account is kept by external.c; this chapter adds what only the whole
 * heap can do: attach the object that holds a buffer, set the trap when a
 * limit is passed, and look for memory when malloc has none.
 */
#include "config.h"

#include "alloc.h"

// What is left to try: 0 return pages and trim, 1 ask the hook.
static bool
recover(struct rh_heap *heap, int attempt, size_t bytes)
{
    const struct rh_config *config = &heap->config;

    if (attempt == 0) {
        rhi_trim_act(&heap->trim, RH_TRIM_NO_MEMORY,
                     RH_TRIM_PAGES | RH_TRIM_ALLOCATOR);
        return true;
    }
    return attempt == 1 && config->out_of_memory &&
           config->out_of_memory(heap, bytes, config->hook_context);
}

// More than this cannot be a size, but a subtraction that went wrong.
static bool
is_absurd(size_t bytes)
{
    return bytes > PTRDIFF_MAX;
}

static void
note_debt(struct rh_heap *heap)
{
    if (rhi_cycle_external_is_due(heap) || heap->stress & RH_STRESS_MALLOC)
        rhi_mutator_set_trap(&heap->mutator, RHI_TRAP_DEBT);
}

static void *
buffer_new(struct rh_heap *heap, size_t bytes, bool zeroed)
{
    void *block = NULL;

    if (is_absurd(bytes))
        return NULL;
    for (int attempt = 0;; attempt++) {
        block = rhi_external_new(&heap->external, bytes, zeroed);
        if (block || !recover(heap, attempt, bytes))
            break;
    }
    note_debt(heap);
    return block;
}

void *
rh_external_malloc(struct rh_heap *heap, size_t bytes)
{
    return buffer_new(heap, bytes, false);
}

void *
rh_external_calloc(struct rh_heap *heap, size_t count, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return buffer_new(heap, total, true);
}

void *
rh_external_realloc(struct rh_heap *heap, void *block, size_t old_bytes,
                    size_t new_bytes)
{
    void *resized = NULL;

    if (!block)
        return buffer_new(heap, new_bytes, false);
    if (is_absurd(new_bytes))
        return NULL;
    for (int attempt = 0;; attempt++) {
        resized =
            rhi_external_resize(&heap->external, block, old_bytes, new_bytes);
        if (resized || !recover(heap, attempt, new_bytes))
            break;
    }
    note_debt(heap);
    return resized;
}

void
rh_external_free(struct rh_heap *heap, void *block, size_t bytes)
{
    if (block)
        rhi_external_free(&heap->external, block, bytes);
}

static void
refuse_foreign(const struct rh_heap *heap, const void *object)
{
    if (!rh_heap_is_live(heap, (uintptr_t)object))
        rhi_panic(&heap->panic, "not an object of this heap");
}

void
rh_external_attach(struct rh_heap *heap, void *object)
{
    struct rhi_region *region = &heap->region;
    uintptr_t address = (uintptr_t)object;

    refuse_foreign(heap, object);
    rhi_bit_set(region->plane[RHI_EXTERNAL][rhi_region_page(region, address)],
                rhi_page_index(region, address));
}

void
rh_external_detach(struct rh_heap *heap, void *object)
{
    struct rhi_region *region = &heap->region;
    uintptr_t address = (uintptr_t)object;

    refuse_foreign(heap, object);
    rhi_bit_clear(region->plane[RHI_EXTERNAL][rhi_region_page(region, address)],
                  rhi_page_index(region, address));
}

void
rh_external_adjust(struct rh_heap *heap, void *object, ptrdiff_t delta)
{
    rhi_external_adjust(&heap->external, delta);
    if (delta > 0 && object)
        rh_external_attach(heap, object);
    note_debt(heap);
}
