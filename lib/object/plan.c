// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/plan.h"

#include <string.h>

// Unknown bytes become sequences of UTF-8 of two and three bytes, or of none.
void
rhi_plan_text(char *to, const struct rh_rebuild *wish)
{
    size_t left = wish->bytesize;

    if (wish->bytes) {
        memcpy(to, wish->bytes, left);
        return;
    }
    if (left == 1 || wish->flags & RH_REBUILD_BROKEN) {
        memset(to, 0xff, left);
        return;
    }
    if (left % 2) {
        memcpy(to, "\xe2\x80\xa6", 3);
        to += 3;
        left -= 3;
    }
    for (; left; to += 2, left -= 2)
        memcpy(to, "\xc3\xbf", 2);
}

// The next reference for a word, or `otherwise`.
static rh_value
plan_take(struct rhi_plan *plan, rh_value otherwise)
{
    if (plan->count >= plan->wish->reference_count)
        return otherwise;
    return plan->wish->references[plan->count++];
}

// The reference that the description names, if it is one.
static rh_value
plan_take_special(struct rhi_plan *plan)
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
plan_opaque(struct rhi_plan *plan)
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
plan_string(struct rhi_plan *plan)
{
    const struct rh_rebuild *wish = plan->wish;
    struct rhi_object *draft = &plan->draft;

    if (wish->flags & RH_REBUILD_SHARED)
        return false;
    if (wish->external_bytes == 0) {
        if (wish->bytesize > RH_STRING_EMBED_BYTES)
            return false;
        if (wish->bytesize)
            rhi_plan_text(draft->as.bytes, wish);
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
plan_list(struct rhi_plan *plan)
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
plan_struct(struct rhi_plan *plan)
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
plan_bignum(struct rhi_plan *plan)
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
plan_match(struct rhi_plan *plan)
{
    size_t bytes = plan->wish->external_bytes;

    plan->draft.as.match.string = plan_take(plan, RH_NIL);
    plan->draft.as.match.regexp = plan_take(plan, RH_NIL);
    return bytes == 0 ||
           (bytes >= sizeof(struct rhi_match_regions) && bytes <= UINT32_MAX);
}

static bool
plan_hash(struct rh_heap *heap, struct rhi_plan *plan)
{
    plan->draft.as.hash.fallback = plan_take_special(plan);
    plan->draft.as.hash.type = rhi_object_state(heap)->hash_type;
    return plan->wish->external_bytes == 0 && plan->wish->length == 0;
}

static bool
plan_words(struct rhi_plan *plan)
{
    for (int i = 0; i < RHI_WORDS; i++)
        plan->draft.as.words[i] = plan_take(plan, RH_FALSE);
    return plan->wish->external_bytes == 0;
}

static bool
plan_pair(struct rhi_plan *plan)
{
    plan->draft.as.pair.first = plan_take(plan, RH_NIL);
    plan->draft.as.pair.second = plan_take(plan, RH_NIL);
    return plan->wish->external_bytes == 0;
}

// Lay the object out as its type has it; false: that cannot agree with the
// description.
static bool
plan_natural(struct rh_heap *heap, struct rhi_plan *plan)
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

static enum rh_imemo_kind
plan_imemo_kind(const struct rh_rebuild *wish)
{
    return wish->name ? rh_imemo_kind_named(wish->name, wish->name_length)
                      : RH_IMEMO_OTHER;
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
        flags |= (uint64_t)plan_imemo_kind(wish) << RHI_IMEMO_SHIFT;
    return flags;
}

static void
plan_begin(struct rhi_plan *plan, const struct rh_rebuild *wish)
{
    *plan = (struct rhi_plan){ .wish = wish };
    plan->draft.flags = plan_flags(wish);
    plan->draft.class_of = wish->class_of;
}

void
rhi_plan_make(struct rh_heap *heap, struct rhi_plan *plan,
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
