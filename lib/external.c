// SPDX-License-Identifier: MIT
#include "config.h"

#include "external.h"

void
rhi_external_init(struct rhi_external *external, const struct rh_config *config,
                  const struct rhi_panic *panic)
{
    *external = (struct rhi_external){
        .allocator = config->allocator,
        .config = config,
        .panic = panic,
        .limit = config->malloc_limit,
        .old_limit = config->oldmalloc_limit,
    };
}

static size_t
add_saturated(size_t a, size_t b)
{
    return a + b < a ? SIZE_MAX : a + b;
}

static size_t
subtract_to_zero(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

static void
external_grew(struct rhi_external *external, size_t bytes)
{
    external->increase = add_saturated(external->increase, bytes);
    external->old_increase = add_saturated(external->old_increase, bytes);
}

static void
external_shrank(struct rhi_external *external, size_t bytes)
{
    external->increase = subtract_to_zero(external->increase, bytes);
    external->old_increase = subtract_to_zero(external->old_increase, bytes);
    external->freed = add_saturated(external->freed, bytes);
}

static size_t
block_usable(const struct rhi_external *external, const void *block,
             size_t bytes)
{
    const struct rh_allocator *allocator = &external->allocator;

    if (!allocator->usable)
        return bytes;
    return allocator->usable(allocator->context, block, bytes);
}

void *
rhi_external_new(struct rhi_external *external, size_t bytes, bool zeroed)
{
    struct rh_allocator *allocator = &external->allocator;
    void *block = allocator->alloc(allocator->context, bytes, zeroed);

    if (!block)
        return NULL;
    external->bytes += bytes;
    external->usable += block_usable(external, block, bytes);
    external->blocks++;
    external_grew(external, bytes);
    return block;
}

// E1: as far as it can be seen from sums.
static void
refuse_stranger(const struct rhi_external *external, size_t bytes)
{
    if (external->blocks == 0 || external->bytes < bytes)
        rhi_panic(external->panic, "external block freed twice, or with "
                                   "another size than it was made with");
}

void *
rhi_external_resize(struct rhi_external *external, void *block,
                    size_t old_bytes, size_t new_bytes)
{
    struct rh_allocator *allocator = &external->allocator;
    size_t old_usable;

    refuse_stranger(external, old_bytes);
    old_usable = block_usable(external, block, old_bytes);
    block = allocator->resize(allocator->context, block, old_bytes, new_bytes);
    if (!block)
        return NULL;
    external->bytes += new_bytes - old_bytes;
    external->usable += block_usable(external, block, new_bytes) - old_usable;
    if (new_bytes > old_bytes)
        external_grew(external, new_bytes - old_bytes);
    else
        external_shrank(external, old_bytes - new_bytes);
    return block;
}

void
rhi_external_free(struct rhi_external *external, void *block, size_t bytes)
{
    struct rh_allocator *allocator = &external->allocator;

    refuse_stranger(external, bytes);
    external->usable -= block_usable(external, block, bytes);
    allocator->free(allocator->context, block, bytes);
    external->bytes -= bytes;
    external->blocks--;
    external_shrank(external, bytes);
}

void
rhi_external_adjust(struct rhi_external *external, ptrdiff_t delta)
{
    size_t bytes = delta < 0 ? 0 - (size_t)delta : (size_t)delta;

    if (delta < 0) {
        if (external->adjusted < bytes)
            rhi_panic(external->panic, "external memory adjusted below zero");
        external->adjusted -= bytes;
        external_shrank(external, bytes);
    } else {
        if (bytes > (size_t)PTRDIFF_MAX - external->adjusted)
            rhi_panic(external->panic,
                      "external memory adjusted beyond all memory");
        external->adjusted += bytes;
        external_grew(external, bytes);
    }
}

static size_t
limit_raise(size_t limit, double factor, size_t max)
{
    double raised = (double)limit * factor;

    if (max && raised > (double)max)
        return max;
    return raised < (double)(SIZE_MAX / 2) ? (size_t)raised : SIZE_MAX / 2;
}

static size_t
limit_lower(size_t limit, double factor, size_t min)
{
    return rhi_max((size_t)((double)limit * factor), min);
}

// These two: CRuby 3.1, gc.c: gc_reset_malloc_info.
void
rhi_external_collecting_young(struct rhi_external *external)
{
    const struct rh_config *config = external->config;

    if (external->increase > external->limit)
        external->limit =
            limit_raise(external->limit, config->malloc_limit_growth_factor,
                        config->malloc_limit_max);
    else
        external->limit =
            limit_lower(external->limit, 0.98, config->malloc_limit);
    external->increase = 0;
}

void
rhi_external_collecting_old(struct rhi_external *external)
{
    const struct rh_config *config = external->config;

    if (rhi_external_is_old_due(external))
        external->old_limit = limit_raise(external->old_limit,
                                          config->oldmalloc_limit_growth_factor,
                                          config->oldmalloc_limit_max);
    else
        external->old_limit =
            limit_lower(external->old_limit, 1 / 1.02, config->oldmalloc_limit);
    external->old_increase = 0;
}

const char *
rhi_external_check(const struct rhi_external *external)
{
    if (external->blocks == 0 && (external->bytes || external->usable))
        return "E1";
    return external->usable >= external->bytes ? NULL : "E2";
}
