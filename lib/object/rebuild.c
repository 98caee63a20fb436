// SPDX-License-Identifier: MIT
/*
 * rebuild - an object made after a description.
 *
 *     description --plan--> draft of the slot, references taken
 *     memory for the block and the rest is had, or nothing has happened
 *     draft --> slot
 *
 * References that no word takes go to the generic table, and so does a name.
 *
 * Next: json.h.
 */
#include "config.h"

#include "object/plan.h"

#include <rheap/external.h>

#include <string.h>

void
rh_rebuild_init(struct rh_rebuild *rebuild)
{
    *rebuild = (struct rh_rebuild){
        .struct_bytes = sizeof *rebuild,
        .fd = -1,
    };
}

// The name, or text, that has no place in the layout, or NULL.
static const char *
rest_name(const struct rhi_plan *plan, size_t *length)
{
    const struct rh_rebuild *wish = plan->wish;
    bool opaque = rhi_object_is_opaque(&plan->draft);

    *length = wish->name_length;
    switch (wish->type) {
    case RH_TYPE_IMEMO:
        return rhi_object_field(&plan->draft, RHI_IMEMO_MASK,
                                RHI_IMEMO_SHIFT) == RH_IMEMO_OTHER
                   ? wish->name
                   : NULL;
    case RH_TYPE_STRING: // a literal of the interpreter: its bytes are nobody's
        *length = wish->bytesize;
        return opaque && !wish->external_bytes ? wish->bytes : NULL;
    case RH_TYPE_SYMBOL:
        *length = wish->bytesize;
        return wish->bytes;
    default:
        return wish->name;
    }
}

// References and name beyond the layout, to the generic table.
static bool
rest_keep(struct rh_heap *heap, struct rhi_object *slot,
          const struct rhi_plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    size_t behind = plan->first + plan->count;
    size_t count = wish->reference_count - plan->count;
    size_t name_length;
    const char *name = rest_name(plan, &name_length);
    struct rhi_extra *extra;

    if (count == 0 && !name)
        return true;
    extra = rhi_generic_add(heap, slot, count, name, name_length);
    if (!extra)
        return false;
    if (plan->first)
        memcpy(extra->values, wish->references, plan->first * sizeof(rh_value));
    if (wish->reference_count > behind)
        memcpy(extra->values + plan->first, wish->references + behind,
               (wish->reference_count - behind) * sizeof(rh_value));
    return true;
}

// Hang the block on the draft, filled as the type wants it.
static void
block_hang(struct rhi_plan *plan, void *block)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;

    memset(block, 0, wish->external_bytes);
    if (plan->in_block) {
        rh_value *values = block;
        size_t length = wish->type == RH_TYPE_STRUCT
                            ? draft->as.structure.length
                            : draft->as.array.length;

        rhi_values_fill(values, wish->references, plan->count, RH_NIL);
        rhi_values_fill(values + plan->count, NULL, length - plan->count,
                        RH_NIL);
    }
    if (rhi_object_is_opaque(draft)) {
        draft->as.opaque.block = block;
        return;
    }
    switch (wish->type) {
    case RH_TYPE_STRING:
        if (wish->bytesize)
            rhi_plan_text(block, wish);
        draft->as.string.bytes = block;
        break;
    case RH_TYPE_STRUCT:
        draft->as.structure.values = block;
        break;
    case RH_TYPE_BIGNUM:
        draft->as.bignum.digits = block;
        break;
    case RH_TYPE_MATCH:
        draft->as.match.regions = block;
        draft->as.match.regions->bytes = (uint32_t)wish->external_bytes;
        break;
    case RH_TYPE_REGEXP:
        draft->as.regexp.pattern = block;
        break;
    case RH_TYPE_FILE:
        draft->as.file.buffer = block;
        break;
    default:
        draft->as.array.values = block;
        break;
    }
}

static enum rh_status
plan_realise(struct rh_heap *heap, struct rhi_object *slot,
             struct rhi_plan *plan)
{
    size_t bytes = plan->wish->external_bytes;
    bool account_only = rhi_object_has(&plan->draft, RHI_ACCOUNT_ONLY);
    void *block = NULL;

    if (bytes && !account_only) {
        block = rh_external_malloc(heap, bytes);
        if (!block)
            return RH_NO_MEMORY;
        block_hang(plan, block);
    }
    if (!rest_keep(heap, slot, plan)) {
        if (block)
            rh_external_free(heap, block, bytes);
        return RH_NO_MEMORY;
    }
    plan->draft.flags |= slot->flags & RH_OBJECT_IVARS;
    *slot = plan->draft;
    rhi_object_rewritten(heap, slot); // it may have been taken long ago
    if (block)
        rh_external_attach(heap, slot);
    if (account_only)
        rh_external_adjust(heap, slot, (ptrdiff_t)bytes);
    return RH_OK;
}

static bool
wish_is_possible(const struct rh_heap *heap, const struct rh_rebuild *wish)
{
    const uint32_t no_object = 1u << RH_TYPE_NONE | 1u << 0x10 |
                               1u << RH_TYPE_NIL | 1u << RH_TYPE_TRUE |
                               1u << RH_TYPE_FALSE | 1u << RH_TYPE_FIXNUM |
                               1u << RH_TYPE_UNDEF | 7u << 0x17 | 3u << 0x1e;

    if ((unsigned)wish->type > RH_TYPE_MASK || no_object >> wish->type & 1)
        return false;
    if (wish->class_of && !rh_heap_is_live(heap, wish->class_of))
        return false;
    for (size_t i = 0; i < wish->reference_count; i++)
        if (!rh_heap_is_live(heap, wish->references[i]))
            return false;
    return wish->external_bytes <= PTRDIFF_MAX;
}

enum rh_status
rh_object_rebuild(struct rh_heap *heap, void *slot,
                  const struct rh_rebuild *rebuild)
{
    struct rh_rebuild wish;
    struct rhi_plan plan;

    // A program built against an older header has a shorter struct.
    rh_rebuild_init(&wish);
    memcpy(&wish, rebuild, rhi_min(rebuild->struct_bytes, sizeof wish));
    if (!wish_is_possible(heap, &wish))
        return RH_BAD_ARGUMENT;
    rhi_plan_make(heap, &plan, &wish);
    return plan_realise(heap, slot, &plan);
}
