// SPDX-License-Identifier: MIT
/*
 * rebuild - an object made after a description.
 *
 * A dump tells an object's type, its references, its size, and little of what
 * is in it.  For every type there is a *plan*: which layout agrees with the
 * size, and which of the references it takes.  Where the real layout can hold
 * what the dump tells (a string of that many bytes in a block of that size),
 * it is used; else the object becomes opaque: right type, right size, no
 * contents.  References that no word takes go to the generic table.
 *
 *     description --plan--> draft of the slot, references taken
 *     memory for the block and the rest is had, or nothing has happened
 *     draft --> slot
 *
 * Next: dump.c.
 */
#include "config.h"

#include "object/inside.h"

#include <rheap/external.h>
#include <rheap/rebuild.h>

#include <string.h>

struct plan {
    const struct rh_rebuild *wish;
    struct rhi_object draft;
    size_t first;  // references first..first+count-1 are in the layout
    size_t count;
    bool in_block; // ... namely in the block
};

void
rh_rebuild_init(struct rh_rebuild *rebuild)
{
    *rebuild = (struct rh_rebuild){
        .struct_bytes = sizeof *rebuild,
        .fd = -1,
    };
}

// ---- plans ----

// The next reference for a word, or `otherwise`.
static rh_value
plan_take(struct plan *plan, rh_value otherwise)
{
    if (plan->count >= plan->wish->reference_count)
        return otherwise;
    return plan->wish->references[plan->count++];
}

// The reference that the description names, if it is one.
static rh_value
plan_take_special(struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;

    for (size_t i = 0; wish->special && i < wish->reference_count; i++)
        if (wish->references[i] == wish->special) {
            plan->first = i;
            plan->count = 1;
            return wish->special;
        }
    return RH_NIL;
}

// What an opaque object of this type is known by.
static rh_value
opaque_number(const struct rh_rebuild *wish)
{
    union rh_double number = { wish->number };

    switch (wish->type) {
    case RH_TYPE_STRING:
        return wish->bytesize;
    case RH_TYPE_FILE:
        return (rh_value)wish->fd;
    case RH_TYPE_FLOAT:
        return number.bits;
    default:
        return wish->length;
    }
}

static void
plan_opaque(struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    enum rh_type type = wish->type;
    struct rhi_opaque *opaque = &plan->draft.as.opaque;

    plan->draft.flags |= RHI_OPAQUE;
    if (type == RH_TYPE_STRING)
        plan->draft.flags |= RHI_STRING_NOEMBED;
    if ((type == RH_TYPE_STRING || type == RH_TYPE_ARRAY) &&
        wish->flags & RH_REBUILD_SHARED)
        plan->draft.flags |= RHI_SHARED;
    opaque->bytes = wish->external_bytes;
    if (!rhi_opaque_refers(type))
        opaque->word = opaque_number(wish);
    else if (type == RH_TYPE_CLASS || type == RH_TYPE_MODULE ||
             type == RH_TYPE_ICLASS)
        opaque->word = plan_take_special(plan);
    else
        opaque->word = plan_take(plan, RH_NIL);
}

static bool
plan_string(struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;

    if (wish->flags & RH_REBUILD_SHARED)
        return false;
    if (wish->external_bytes == 0) {
        if (wish->bytesize > RH_STRING_EMBED_BYTES)
            return false;
        if (wish->bytes)
            memcpy(draft->as.bytes, wish->bytes, wish->bytesize);
        rhi_object_set_field(draft, RHI_STRING_LENGTH_MASK,
                             RHI_STRING_LENGTH_SHIFT, wish->bytesize);
        return true;
    }
    draft->flags |= RHI_STRING_NOEMBED;
    draft->as.string.length = wish->bytesize;
    draft->as.string.as.room = wish->external_bytes - 1;
    return wish->bytesize < wish->external_bytes;
}

static bool
plan_list(struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;
    size_t room = wish->external_bytes / sizeof(rh_value);

    if (wish->flags & RH_REBUILD_SHARED && wish->type == RH_TYPE_ARRAY)
        return false;
    if (wish->external_bytes == 0) {
        draft->flags |= RHI_EMBED;
        rhi_object_set_field(draft, RHI_LENGTH_MASK, RHI_LENGTH_SHIFT,
                             rhi_min(wish->length, RHI_WORDS));
        for (size_t i = 0; i < rhi_min(wish->length, RHI_WORDS); i++)
            draft->as.words[i] = plan_take(plan, RH_NIL);
        return wish->length <= RHI_WORDS;
    }
    draft->as.array.length = wish->length;
    draft->as.array.as.room = room;
    plan->in_block = true;
    plan->count = rhi_min(wish->length, wish->reference_count);
    return room * sizeof(rh_value) == wish->external_bytes &&
           wish->length <= room;
}

static bool
plan_struct(struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;
    size_t length = wish->external_bytes / sizeof(rh_value);

    if (wish->external_bytes == 0) {
        length = wish->length ? wish->length
                              : rhi_min(wish->reference_count, RHI_WORDS);
        rhi_object_set_field(draft, RHI_STRUCT_LENGTH_MASK,
                             RHI_STRUCT_LENGTH_SHIFT,
                             rhi_min(length, RHI_WORDS));
        for (size_t i = 0; i < rhi_min(length, RHI_WORDS); i++)
            draft->as.words[i] = plan_take(plan, RH_NIL);
        return length <= RHI_WORDS;
    }
    draft->as.structure.length = length;
    plan->in_block = true;
    plan->count = rhi_min(length, wish->reference_count);
    return length * sizeof(rh_value) == wish->external_bytes &&
           (!wish->length || wish->length == length);
}

static bool
plan_bignum(struct plan *plan)
{
    size_t bytes = plan->wish->external_bytes;
    struct rhi_object *draft = &plan->draft;

    draft->flags |= RHI_BIGNUM_POSITIVE;
    if (bytes == 0)
        draft->flags |= RHI_BIGNUM_EMBED;
    else
        draft->as.bignum.length = bytes / sizeof(uint32_t);
    return bytes % sizeof(uint32_t) == 0;
}

static bool
plan_match(struct plan *plan)
{
    size_t bytes = plan->wish->external_bytes;

    plan->draft.as.match.string = plan_take(plan, RH_NIL);
    plan->draft.as.match.regexp = plan_take(plan, RH_NIL);
    return bytes == 0 || (bytes >= sizeof(struct rhi_match_regions) &&
                          bytes <= UINT32_MAX);
}

static bool
plan_hash(struct rh_heap *heap, struct plan *plan)
{
    plan->draft.as.hash.fallback = plan_take_special(plan);
    plan->draft.as.hash.type = rhi_object_state(heap)->hash_type;
    return plan->wish->external_bytes == 0 && plan->wish->length == 0;
}

static bool
plan_words(struct plan *plan)
{
    for (int i = 0; i < RHI_WORDS; i++)
        plan->draft.as.words[i] = plan_take(plan, RH_FALSE);
    return plan->wish->external_bytes == 0;
}

static bool
plan_pair(struct plan *plan)
{
    plan->draft.as.pair.first = plan_take(plan, RH_NIL);
    plan->draft.as.pair.second = plan_take(plan, RH_NIL);
    return plan->wish->external_bytes == 0;
}

// Lay the object out as its type has it; false: that cannot agree with the
// description.
static bool
plan_natural(struct rh_heap *heap, struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;

    switch (wish->type) {
    case RH_TYPE_STRING:
        return plan_string(plan);
    case RH_TYPE_OBJECT:
    case RH_TYPE_ARRAY:
        return plan_list(plan);
    case RH_TYPE_STRUCT:
        return plan_struct(plan);
    case RH_TYPE_BIGNUM:
        return plan_bignum(plan);
    case RH_TYPE_MATCH:
        return plan_match(plan);
    case RH_TYPE_HASH:
        return plan_hash(heap, plan);
    case RH_TYPE_IMEMO:
    case RH_TYPE_NODE:
        return plan_words(plan);
    case RH_TYPE_RATIONAL:
    case RH_TYPE_COMPLEX:
        return plan_pair(plan);
    case RH_TYPE_REGEXP:
        draft->as.regexp.source = plan_take(plan, RH_NIL);
        draft->as.regexp.bytes = wish->external_bytes;
        return true;
    case RH_TYPE_FILE:
        draft->flags |= RHI_FILE_FOREIGN;
        draft->as.file.fd = wish->fd;
        draft->as.file.bytes = wish->external_bytes;
        return true;
    case RH_TYPE_FLOAT:
        draft->as.flonum.number = wish->number;
        return wish->external_bytes == 0;
    case RH_TYPE_SYMBOL:
        draft->as.symbol.name = plan_take(plan, RH_NIL);
        return wish->external_bytes == 0;
    case RH_TYPE_CLASS:
    case RH_TYPE_MODULE:
    case RH_TYPE_ICLASS:
        draft->as.klass.superclass = plan_take_special(plan);
        return wish->external_bytes == 0;
    case RH_TYPE_ZOMBIE:
        return wish->external_bytes == 0;
    default: // DATA: what it wrapped is gone
        return false;
    }
}

static uint64_t
plan_flags(const struct rh_rebuild *wish)
{
    uint64_t flags = (uint64_t)wish->type;

    if (wish->flags & RH_REBUILD_FROZEN)
        flags |= RH_OBJECT_FROZEN;
    if (wish->flags & RH_REBUILD_WB_PROTECTED)
        flags |= RH_OBJECT_WB_PROTECTED;
    if (wish->type == RH_TYPE_CLASS && wish->flags & RH_REBUILD_SINGLETON)
        flags |= RHI_SINGLETON;
    if (wish->type == RH_TYPE_STRING) {
        flags |= (uint64_t)wish->encoding << RHI_STRING_ENCODING_SHIFT &
                 RHI_STRING_ENCODING_MASK;
        if (wish->flags & RH_REBUILD_INTERNED)
            flags |= RHI_STRING_INTERNED;
    }
    if (wish->type == RH_TYPE_IMEMO)
        flags |= (uint64_t)rh_imemo_kind_named(
                     wish->name ? wish->name : "", wish->name_length)
                 << RHI_IMEMO_SHIFT;
    return flags;
}

static void
plan_begin(struct plan *plan, const struct rh_rebuild *wish)
{
    *plan = (struct plan){ .wish = wish };
    plan->draft.flags = plan_flags(wish);
    plan->draft.class_of = wish->class_of;
}

static void
plan_make(struct rh_heap *heap, struct plan *plan,
          const struct rh_rebuild *wish)
{
    bool account_only =
        wish->flags & RH_REBUILD_ACCOUNT_ONLY && wish->external_bytes;

    plan_begin(plan, wish);
    if (!account_only && plan_natural(heap, plan))
        return;
    plan_begin(plan, wish);
    plan_opaque(plan);
    if (account_only)
        plan->draft.flags |= RHI_ACCOUNT_ONLY;
}

// ---- memory ----

// The name that has no place in the layout, or NULL.
static const char *
rest_name(const struct rh_rebuild *wish, size_t *length)
{
    *length = wish->name_length;
    switch (wish->type) {
    case RH_TYPE_IMEMO:
        return rh_imemo_kind_named(wish->name ? wish->name : "",
                                   wish->name_length) == RH_IMEMO_OTHER
                   ? wish->name
                   : NULL;
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
          const struct plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    size_t behind = plan->first + plan->count;
    size_t count = wish->reference_count - plan->count;
    size_t name_length;
    const char *name = rest_name(wish, &name_length);
    struct rhi_extra *extra;

    if (count == 0 && !name)
        return true;
    extra = rhi_generic_add(heap, slot, count, name, name_length);
    if (!extra)
        return false;
    if (plan->first)
        memcpy(extra->values, wish->references,
               plan->first * sizeof(rh_value));
    if (wish->reference_count > behind)
        memcpy(extra->values + plan->first, wish->references + behind,
               (wish->reference_count - behind) * sizeof(rh_value));
    return true;
}

// Hang the block on the draft, filled as the type wants it.
static void
block_hang(struct plan *plan, void *block)
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
        if (wish->bytes)
            memcpy(block, wish->bytes, wish->bytesize);
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
plan_realise(struct rh_heap *heap, struct rhi_object *slot, struct plan *plan)
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
    if (block)
        rh_external_attach(heap, slot);
    if (account_only)
        rh_external_adjust(heap, slot, (ptrdiff_t)bytes);
    return RH_OK;
}

// ---- the door ----

static bool
wish_is_possible(const struct rh_heap *heap, const struct rh_rebuild *wish)
{
    const uint32_t no_object =
        1u << RH_TYPE_NONE | 1u << 0x10 | 1u << RH_TYPE_NIL |
        1u << RH_TYPE_TRUE | 1u << RH_TYPE_FALSE | 1u << RH_TYPE_FIXNUM |
        1u << RH_TYPE_UNDEF | 7u << 0x17 | 3u << 0x1e;

    if ((unsigned)wish->type > RH_TYPE_MASK || no_object >> wish->type & 1)
        return false;
    if (wish->class_of && !rh_heap_contains(heap, wish->class_of))
        return false;
    for (size_t i = 0; i < wish->reference_count; i++)
        if (!rh_heap_contains(heap, wish->references[i]))
            return false;
    return wish->external_bytes <= PTRDIFF_MAX;
}

enum rh_status
rh_object_rebuild(struct rh_heap *heap, void *slot,
                  const struct rh_rebuild *rebuild)
{
    struct rh_rebuild wish;
    struct plan plan;

    // A program built against an older header has a shorter struct.
    rh_rebuild_init(&wish);
    memcpy(&wish, rebuild, rhi_min(rebuild->struct_bytes, sizeof wish));
    if (!wish_is_possible(heap, &wish))
        return RH_BAD_ARGUMENT;
    plan_make(heap, &plan, &wish);
    return plan_realise(heap, slot, &plan);
}
