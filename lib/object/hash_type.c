// SPDX-License-Identifier: MIT
/*
 * hash_type - the two ways to compare keys that come with the library.
 *
 * By identity: the same word is the same key.  By default: strings, floats and
 * bignums are what is in them, everything else is itself.  Neither allocates
 * or calls the embedder, so searches with them take no precautions.
 *
 * What is itself is hashed by its address.  When objects have moved, tables
 * with such keys get new codes, in place; tables of the embedder's types are
 * left alone.
 *
 * Next: hash.c.
 */
#include "config.h"

#include "object/hash.h"
#include "object/string.h"

#include <string.h>

static uint64_t
mix(uint64_t word)
{
    word *= UINT64_C(0x9e3779b97f4a7c15);
    return word ^ word >> 32;
}

static uint64_t
hash_bytes(const char *bytes, size_t length)
{
    uint64_t code = mix(length);
    uint64_t word;

    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        code = mix(code ^ word);
    }
    word = 0;
    memcpy(&word, bytes, length);
    return mix(code ^ word);
}

static uint64_t
identity_hash(struct rh_heap *heap, rh_value key)
{
    (void)heap;
    return mix(key);
}

static bool
identity_equal(struct rh_heap *heap, rh_value a, rh_value b)
{
    (void)heap;
    return a == b;
}

static struct rhi_bytes
default_bytes(rh_value key)
{
    struct rhi_object *object = rh_value_slot(key);

    switch (rhi_object_type(object)) {
    case RH_TYPE_STRING:
        return rhi_string_of(object);
    case RH_TYPE_FLOAT:
        return (struct rhi_bytes){ object->as.bytes, sizeof(double) };
    case RH_TYPE_BIGNUM:
        return (struct rhi_bytes){ (const char *)rh_bignum_digits(key),
                                   rh_bignum_length(key) * sizeof(uint32_t) };
    default: // nothing but what it is
        return (struct rhi_bytes){ NULL, 0 };
    }
}

static uint64_t
default_hash(struct rh_heap *heap, rh_value key)
{
    struct rhi_bytes bytes;

    if (rh_value_is_immediate(key))
        return identity_hash(heap, key);
    bytes = default_bytes(key);
    return bytes.bytes ? hash_bytes(bytes.bytes, bytes.length)
                       : identity_hash(heap, key);
}

static bool
default_equal(struct rh_heap *heap, rh_value a, rh_value b)
{
    struct rhi_bytes left, right;

    (void)heap;
    if (rh_type_of(a) != rh_type_of(b) || rh_value_is_immediate(a) ||
        rh_value_is_immediate(b))
        return false;
    left = default_bytes(a);
    right = default_bytes(b);
    if (!left.bytes || left.length != right.length)
        return false;
    if (rh_type_of(a) == RH_TYPE_BIGNUM &&
        rh_bignum_is_negative(a) != rh_bignum_is_negative(b))
        return false;
    return memcmp(left.bytes, right.bytes, left.length) == 0;
}

static const struct rh_hash_type type_default = { default_hash, default_equal };
static const struct rh_hash_type type_identity = { identity_hash,
                                                   identity_equal };

const struct rh_hash_type *
rh_hash_type_default(void)
{
    return &type_default;
}

const struct rh_hash_type *
rh_hash_type_identity(void)
{
    return &type_identity;
}

void
rh_hash_set_type(struct rh_heap *heap, const struct rh_hash_type *type)
{
    rhi_object_state(heap)->hash_type = type ? type : &type_default;
}

bool
rhi_hash_type_is_tame(const struct rh_hash_type *type)
{
    return type == &type_default || type == &type_identity;
}

// Whether nothing but the address of a key tells what it is.
static bool
is_known_by_address(const struct rh_hash_type *type, rh_value key)
{
    return !rh_value_is_immediate(key) &&
           (type == &type_identity || !default_bytes(key).bytes);
}

void
rhi_hash_moved(struct rhi_object *object)
{
    const struct rh_hash_type *type = object->as.hash.type;
    struct rhi_table *table = object->as.hash.table;
    uint32_t *codes;
    bool changed = false;

    if (!table || !rhi_hash_type_is_tame(type))
        return;
    codes = rhi_table_codes(table);
    for (uint32_t i = 0; i < table->bound; i++) {
        rh_value key = table->pairs[i].key;
        uint32_t code;

        if (!is_known_by_address(type, key))
            continue;
        code = rhi_hash_code(mix(key));
        if (codes[i] == code)
            continue;
        codes[i] = code;
        changed = true;
    }
    if (changed)
        rhi_table_reindex(table);
}
