// SPDX-License-Identifier: MIT
#include "config.h"

#include "meter.h"

static bool
multiply(size_t count, size_t item_bytes, size_t *bytes)
{
    return !__builtin_mul_overflow(count, item_bytes, bytes);
}

void *
rhi_meter_new(struct rhi_meter *meter, size_t count, size_t item_bytes)
{
    struct rh_allocator *allocator = &meter->allocator;
    size_t bytes;
    void *block;

    if (!multiply(count, item_bytes, &bytes))
        return NULL;
    block = allocator->alloc(allocator->context, bytes, true);
    if (block) {
        meter->bytes += bytes;
        meter->blocks++;
    }
    return block;
}

void *
rhi_meter_grow(struct rhi_meter *meter, void *block, size_t old_count,
               size_t new_count, size_t item_bytes)
{
    struct rh_allocator *allocator = &meter->allocator;
    size_t old_bytes = old_count * item_bytes;
    size_t new_bytes;

    if (!block)
        return rhi_meter_new(meter, new_count, item_bytes);
    if (!multiply(new_count, item_bytes, &new_bytes))
        return NULL;
    block = allocator->resize(allocator->context, block, old_bytes, new_bytes);
    if (block)
        meter->bytes += new_bytes - old_bytes;
    return block;
}

void
rhi_meter_free(struct rhi_meter *meter, void *block, size_t count,
               size_t item_bytes)
{
    struct rh_allocator *allocator = &meter->allocator;
    size_t bytes = count * item_bytes;

    if (!block)
        return;
    RHI_ASSERT(meter->panic, meter->blocks > 0 && meter->bytes >= bytes); // A1
    allocator->free(allocator->context, block, bytes);
    meter->bytes -= bytes;
    meter->blocks--;
}
