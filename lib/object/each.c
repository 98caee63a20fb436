// SPDX-License-Identifier: MIT
/*
 * each - going through a hash, and hashing it again.
 *
 * A place is a number (see table.h), found again after each call of the
 * embedder's by halving: what the call did to the table does not matter.
 *
 * Hashing again asks the embedder for every key, who may leave by longjmp in
 * the middle.  So the new table is built in a second hash, which is garbage if
 * that happens, and changes places with the old one at the end.  Entries keep
 * their numbers, so that iterations under way keep their places.
 *
 * Next: data.h.
 */
#include "config.h"

#include "object/hash.h"

#include <rheap/roots.h>

void
rhi_cursor_begin(struct rhi_cursor *cursor, const struct rhi_object *hash)
{
    const struct rhi_table *table = hash->as.hash.table;

    *cursor = (struct rhi_cursor){ 0, 0, 0 };
    if (table && !rhi_object_is_opaque(hash)) {
        cursor->epoch = table->epoch;
        cursor->limit = table->next;
    }
}

enum rhi_cursor_answer
rhi_cursor_next(struct rhi_cursor *cursor, const struct rhi_object *hash,
                uint32_t *position)
{
    struct rhi_table *table = hash->as.hash.table;
    uint32_t i;

    if (cursor->number >= cursor->limit)
        return RHI_CURSOR_END;
    if (table->epoch != cursor->epoch)
        return RHI_CURSOR_LOST;
    i = rhi_table_seek(table, cursor->number);
    while (i < table->bound && table->pairs[i].key == RH_UNDEF)
        i++;
    if (i == table->bound || rhi_table_numbers(table)[i] >= cursor->limit) {
        cursor->number = cursor->limit;
        return RHI_CURSOR_END;
    }
    cursor->number = rhi_table_numbers(table)[i] + 1;
    *position = i;
    return RHI_CURSOR_ENTRY;
}

static enum rh_status
each(struct rh_heap *heap, void **hash, rh_hash_each_fn fn, void *context)
{
    struct rhi_cursor cursor;
    uint32_t position;

    rhi_cursor_begin(&cursor, *hash);
    for (;;) {
        const struct rhi_object *object = *hash;
        struct rhi_pair_entry pair;

        switch (rhi_cursor_next(&cursor, object, &position)) {
        case RHI_CURSOR_END:
            return RH_OK;
        case RHI_CURSOR_LOST:
            return RH_BUSY;
        case RHI_CURSOR_ENTRY:
            break;
        }
        pair = object->as.hash.table->pairs[position];
        if (!fn(heap, pair.key, pair.value, context))
            return RH_STOPPED;
    }
}

enum rh_status
rh_hash_each(struct rh_heap *heap, rh_value hash, rh_hash_each_fn fn,
             void *context)
{
    size_t scope = rh_scope_save(heap);
    void **held;
    enum rh_status status = RH_OK;

    if (rh_hash_size(hash) == 0)
        return RH_OK;
    held = rh_scope_hold(heap, rh_value_slot(hash));
    if (!held)
        return RH_NO_MEMORY;
    status = each(heap, held, fn, context);
    rh_scope_restore(heap, scope);
    return status;
}

// Ask for the hash of every key of `*from` and put it into `*to`.
static enum rh_status
rehash_into(struct rh_heap *heap, void **from, void **to)
{
    struct rhi_cursor cursor;
    uint32_t position;
    enum rhi_cursor_answer answer;

    rhi_cursor_begin(&cursor, *from);
    while ((answer = rhi_cursor_next(&cursor, *from, &position)) ==
           RHI_CURSOR_ENTRY) {
        struct rhi_object *object = *from;
        struct rhi_pair_entry pair = object->as.hash.table->pairs[position];
        enum rh_status status =
            rhi_hash_put(heap, rh_value_of_slot(*to), pair.key, pair.value,
                         cursor.number - 1);

        if (status)
            return status;
    }
    return answer == RHI_CURSOR_END ? RH_OK : RH_BUSY;
}

// The table of `from` in place of that of `to`, unless `to` has been touched
// since its table had `serial` and `changes`.
static enum rh_status
rehash_swap(struct rh_heap *heap, struct rhi_object *to,
            struct rhi_object *from, uint64_t serial, uint32_t changes)
{
    struct rhi_table *old = to->as.hash.table;
    struct rhi_table *fresh = from->as.hash.table;

    if (rhi_object_is_fixed(to))
        return RH_BAD_ARGUMENT;
    if (old->serial != serial || old->changes != changes)
        return RH_BUSY;
    if (fresh->next < old->next)
        fresh->next = old->next;
    fresh->changes = old->changes + 1;
    to->as.hash.table = fresh;
    from->as.hash.table = NULL;
    rhi_object_rewritten(heap, to);
    rhi_object_disown(heap, from);
    rh_external_free(heap, old, rhi_table_bytes(old->capacity));
    return RH_OK;
}

static enum rh_status
rehash(struct rh_heap *heap, void **hash, void **fresh)
{
    struct rhi_object *object = *hash;
    struct rhi_table *table = object->as.hash.table;
    uint64_t serial = table->serial;
    uint32_t changes = table->changes;
    enum rh_status status;

    if (!rhi_hash_rebuild(heap, *fresh, table->size))
        return RH_NO_MEMORY;
    ((struct rhi_object *)*fresh)->as.hash.table->epoch = table->epoch;
    status = rehash_into(heap, hash, fresh);
    return status ? status : rehash_swap(heap, *hash, *fresh, serial, changes);
}

enum rh_status
rh_hash_rehash(struct rh_heap *heap, rh_value hash)
{
    size_t scope = rh_scope_save(heap);
    struct rhi_object *object = rhi_object_of(hash, RH_TYPE_HASH);
    enum rh_status status = RH_NO_MEMORY;
    void **held;
    void **fresh;

    if (rhi_object_is_fixed(object))
        return RH_BAD_ARGUMENT;
    if (rh_hash_size(hash) == 0)
        return RH_OK;
    held = rh_scope_hold(heap, object);
    fresh = held ? rh_scope_hold(heap, NULL) : NULL;
    if (fresh) {
        rh_value made = rh_hash_new(heap, RH_FALSE, object->as.hash.type);

        if (made != RH_UNDEF) {
            *fresh = rh_value_slot(made);
            status = rehash(heap, held, fresh);
        }
    }
    rh_scope_restore(heap, scope);
    return status;
}
