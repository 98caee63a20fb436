// SPDX-License-Identifier: MIT
/*
 * hash - tables whose keys the embedder compares.
 *
 * Hashing and equality may do anything: allocate, collect, change this very
 * table, leave by longjmp.  So during a search
 *   - the hash, the key and the value are held by handles, and read through
 *     them after every call of the embedder's;
 *   - nothing is half done while such a call runs;
 *   - after such a call the table's serial tells whether it was rebuilt, and
 *     the search then begins again.
 * The built-in types do none of this, so searches with them hold nothing.
 *
 * Next: each.c.
 */
#include "config.h"

#include "object/hash.h"

#include <rheap/roots.h>

static struct rhi_object *
hash_of(rh_value hash)
{
    return rhi_object_of(hash, RH_TYPE_HASH);
}

// ---- operands that stay alive ----

enum {
    HASH,
    KEY,
    VALUE,
    OPERANDS
};

struct operands {
    struct rh_heap *heap;
    size_t scope;
    void *local[OPERANDS];
    void **at[OPERANDS]; // into `local`, or handles
};

static bool
operands_hold(struct operands *operands, struct rh_heap *heap, rh_value hash,
              rh_value key, rh_value value)
{
    const struct rh_hash_type *type = hash_of(hash)->as.hash.type;

    operands->heap = heap;
    operands->scope = rh_scope_save(heap);
    operands->local[HASH] = rh_value_slot(hash);
    operands->local[KEY] = rh_value_slot(key);
    operands->local[VALUE] = rh_value_slot(value);
    for (int i = 0; i < OPERANDS; i++)
        operands->at[i] = &operands->local[i];
    if (rhi_hash_type_is_tame(type))
        return true;
    for (int i = 0; i < OPERANDS; i++) {
        operands->at[i] = rh_scope_hold(heap, operands->local[i]);
        if (!operands->at[i]) {
            rh_scope_restore(heap, operands->scope);
            return false;
        }
    }
    return true;
}

static void
operands_drop(struct operands *operands)
{
    rh_scope_restore(operands->heap, operands->scope);
}

static rh_value
operand(const struct operands *operands, int which)
{
    return rh_value_of_slot(*operands->at[which]);
}

static struct rhi_hash *
operand_hash(const struct operands *operands)
{
    return &hash_of(operand(operands, HASH))->as.hash;
}

// ---- searching ----

static uint32_t
search_code(const struct operands *operands)
{
    const struct rh_hash_type *type = operand_hash(operands)->type;

    return rhi_hash_code(type->hash(operands->heap, operand(operands, KEY)));
}

enum answer {
    DIFFERENT,
    EQUAL,
    REBUILT
};

// Compare the key with the one at a position.
static enum answer
search_compare(const struct operands *operands, struct rhi_table *table,
               uint32_t position)
{
    const struct rh_hash_type *type = operand_hash(operands)->type;
    rh_value there = table->pairs[position].key;
    uint64_t serial = table->serial;
    bool equal;

    if (there == operand(operands, KEY))
        return EQUAL;
    equal = type->equal(operands->heap, there, operand(operands, KEY));
    table = operand_hash(operands)->table;
    if (!table || table->serial != serial)
        return REBUILT;
    // The entry itself may have gone meanwhile.
    return equal && table->pairs[position].key != RH_UNDEF ? EQUAL : DIFFERENT;
}

// The position of the key, or NOWHERE.
#define NOWHERE UINT32_MAX

static uint32_t
search(const struct operands *operands, uint32_t code)
{
    struct rhi_table *table = operand_hash(operands)->table;
    struct rhi_probe probe;

    rhi_probe_begin(&probe, code);
    while (table && rhi_probe_next(&probe, table)) {
        enum answer answer = search_compare(operands, table, probe.position);

        if (answer == EQUAL)
            return probe.position;
        if (answer == REBUILT) {
            table = operand_hash(operands)->table;
            rhi_probe_begin(&probe, code);
        }
    }
    return NOWHERE;
}

// ---- changing ----

// To a table for `count` entries, without gaps.
bool
rhi_hash_rebuild(struct rh_heap *heap, struct rhi_object *object, size_t count)
{
    struct rhi_object_state *state = rhi_object_state(heap);
    uint32_t capacity = rhi_table_capacity_for(count);
    struct rhi_table *table;
    struct rhi_table *old;

    if (!capacity)
        return false;
    table = rh_external_malloc(heap, rhi_table_bytes(capacity));
    if (!table)
        return false;
    state->serial++;
    rhi_table_init(table, capacity, state->serial, state->serial);
    old = object->as.hash.table;
    if (old) {
        rhi_table_copy(table, old);
        rh_external_free(heap, old, rhi_table_bytes(old->capacity));
    }
    object->as.hash.table = table;
    rh_external_attach(heap, object);
    rhi_object_rewritten(heap, object);
    return true;
}

static bool
hash_reserve(struct rh_heap *heap, struct rhi_object *object)
{
    const struct rhi_table *table = object->as.hash.table;

    if (!table)
        return rhi_hash_rebuild(heap, object, 1);
    if (table->bound < table->capacity && table->next < UINT32_MAX - 1)
        return true;
    return rhi_hash_rebuild(heap, object, (size_t)table->size + 1);
}

// Store a key or a value: its place in the container is that in the table.
static void
hash_write(const struct operands *operands, struct rhi_object *object,
           rh_value *edge, rh_value value)
{
    struct rhi_table *table = object->as.hash.table;

    rhi_object_write_at(operands->heap, object, edge,
                        (size_t)(edge - &table->pairs[0].key),
                        (size_t)table->bound * 2, value);
}

static enum rh_status
hash_add(const struct operands *operands, uint32_t code, uint32_t number)
{
    struct rhi_object *object = hash_of(operand(operands, HASH));
    struct rhi_pair_entry *pair;
    struct rhi_table *table;

    if (!hash_reserve(operands->heap, object))
        return RH_NO_MEMORY;
    table = object->as.hash.table;
    rhi_table_add(table, code, number == RHI_NEXT_NUMBER ? table->next : number,
                  RH_NIL, RH_NIL);
    pair = &table->pairs[table->bound - 1];
    hash_write(operands, object, &pair->key, operand(operands, KEY));
    hash_write(operands, object, &pair->value, operand(operands, VALUE));
    return RH_OK;
}

static enum rh_status
hash_put(const struct operands *operands, uint32_t number)
{
    uint32_t code = search_code(operands);
    uint32_t position = search(operands, code);
    struct rhi_object *object = hash_of(operand(operands, HASH));

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (position == NOWHERE)
        return hash_add(operands, code, number);
    object->as.hash.table->changes++;
    hash_write(operands, object, &object->as.hash.table->pairs[position].value,
               operand(operands, VALUE));
    return RH_OK;
}

enum rh_status
rhi_hash_put(struct rh_heap *heap, rh_value hash, rh_value key, rh_value value,
             uint32_t number)
{
    struct operands operands;
    enum rh_status status;

    if (!operands_hold(&operands, heap, hash, key, value))
        return RH_NO_MEMORY;
    status = hash_put(&operands, number);
    operands_drop(&operands);
    return status;
}

// ---- what programs call ----

rh_value
rh_hash_new(struct rh_heap *heap, rh_value class_of,
            const struct rh_hash_type *type)
{
    struct rhi_object *object =
        rhi_object_new(heap, RH_TYPE_HASH | RH_OBJECT_WB_PROTECTED, class_of);

    if (!object)
        return RH_UNDEF;
    object->as.hash.fallback = RH_NIL;
    object->as.hash.type = type ? type : rhi_object_state(heap)->hash_type;
    return rhi_object_value(object);
}

size_t
rh_hash_size(rh_value hash)
{
    const struct rhi_object *object = hash_of(hash);

    if (rhi_object_is_opaque(object) || !object->as.hash.table)
        return 0;
    return object->as.hash.table->size;
}

rh_value
rh_hash_get(struct rh_heap *heap, rh_value hash, rh_value key)
{
    struct operands operands;
    rh_value value = RH_UNDEF;
    uint32_t position;

    if (rh_hash_size(hash) == 0 ||
        !operands_hold(&operands, heap, hash, key, RH_NIL))
        return RH_UNDEF;
    position = search(&operands, search_code(&operands));
    if (position != NOWHERE)
        value = operand_hash(&operands)->table->pairs[position].value;
    operands_drop(&operands);
    return value;
}

rh_value
rh_hash_fetch(struct rh_heap *heap, rh_value hash, rh_value key)
{
    size_t scope = rh_scope_save(heap);
    void **held = rh_scope_hold(heap, rh_value_slot(hash));
    rh_value value;

    if (!held)
        return RH_UNDEF;
    value = rh_hash_get(heap, hash, key);
    if (value == RH_UNDEF)
        value = rh_hash_default(rh_value_of_slot(*held));
    rh_scope_restore(heap, scope);
    return value;
}

enum rh_status
rh_hash_set(struct rh_heap *heap, rh_value hash, rh_value key, rh_value value)
{
    if (key == RH_UNDEF || value == RH_UNDEF ||
        rhi_object_is_fixed(hash_of(hash)))
        return RH_BAD_ARGUMENT;
    return rhi_hash_put(heap, hash, key, value, RHI_NEXT_NUMBER);
}

rh_value
rh_hash_delete(struct rh_heap *heap, rh_value hash, rh_value key)
{
    struct operands operands;
    rh_value value = RH_UNDEF;
    uint32_t position;

    if (rh_hash_size(hash) == 0 || rhi_object_is_fixed(hash_of(hash)) ||
        !operands_hold(&operands, heap, hash, key, RH_NIL))
        return RH_UNDEF;
    position = search(&operands, search_code(&operands));
    if (position != NOWHERE &&
        !rhi_object_is_fixed(hash_of(operand(&operands, HASH)))) {
        struct rhi_table *table = operand_hash(&operands)->table;

        value = table->pairs[position].value;
        rhi_table_cut(table, position);
    }
    operands_drop(&operands);
    return value;
}

enum rh_status
rh_hash_clear(struct rh_heap *heap, rh_value hash)
{
    struct rhi_object *object = hash_of(hash);
    struct rhi_table *table = object->as.hash.table;

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (!table || table->bound == 0)
        return RH_OK;
    for (uint32_t i = 0; i < table->bound; i++)
        if (table->pairs[i].key != RH_UNDEF)
            rhi_table_cut(table, i);
    if (table->capacity > RHI_TABLE_LINEAR)
        (void)rhi_hash_rebuild(heap, object, 1); // they are gone in any case
    return RH_OK;
}

rh_value
rh_hash_default(rh_value hash)
{
    const struct rhi_object *object = hash_of(hash);

    return rhi_object_is_opaque(object) ? RH_NIL : object->as.hash.fallback;
}

enum rh_status
rh_hash_set_default(struct rh_heap *heap, rh_value hash, rh_value value)
{
    struct rhi_object *object = hash_of(hash);

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    rhi_object_write(heap, object, &object->as.hash.fallback, value);
    return RH_OK;
}

rhi_finding
rhi_hash_check(const struct rhi_object *object)
{
    if (!object->as.hash.type)
        return "Y6: a hash does not know how to compare";
    return object->as.hash.table ? rhi_table_check(object->as.hash.table)
                                 : NULL;
}
