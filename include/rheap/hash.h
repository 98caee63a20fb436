/* SPDX-License-Identifier: MIT */
/* rheap/hash.h - tables from keys to values that keep insertion order.
 *
 * Equality and hashing are the embedder's: functions that may allocate,
 * collect, change the table, or leave by longjmp.  A search that finds the
 * table rebuilt under it starts again.
 *
 * Iteration writes nothing to the table, so it cannot be left half done, and a
 * forked child that only reads shares every page.  What it sees is exact:
 *   - each entry that is there when the iteration begins and still there when
 *     its turn comes is seen once, in insertion order;
 *   - an entry deleted before its turn is not seen;
 *   - an entry added meanwhile is not seen (a key deleted and set again is a
 *     new entry, at the end);
 *   - a value changed before its turn is seen as changed; a key set again
 *     keeps its place.
 * All mutators may be called from the callback, rh_hash_clear() and
 * rh_hash_rehash() included.
 *
 * The rules at the head of object.h apply. */
#ifndef RHEAP_HASH_H
#define RHEAP_HASH_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* How keys are compared.  Equal keys must have equal hashes.  `hash` may not
 * depend on the address of an object, which changes when the heap is compacted;
 * the types of the library do, and their tables follow. */
struct rh_hash_type {
    uint64_t (*hash)(struct rh_heap *heap, rh_value key);
    /* Never asked about a key and itself: these are always equal. */
    bool (*equal)(struct rh_heap *heap, rh_value a, rh_value b);
};

/* The default: strings, floats and bignums by what is in them, everything
 * else by identity. */
RH_API const struct rh_hash_type *rh_hash_type_default(void);

/* Identity only: the same word (flonums and fixnums by value). */
RH_API const struct rh_hash_type *rh_hash_type_identity(void);

/* The type of hashes made from now on with type NULL.  Static storage. */
RH_API void rh_hash_set_type(struct rh_heap *heap,
                             const struct rh_hash_type *type);

/* An empty hash whose keys are compared by `type` (static storage; NULL: the
 * heap's).  Has no buffer until the first entry. */
RH_API rh_value rh_hash_new(struct rh_heap *heap, rh_value class_of,
                            const struct rh_hash_type *type) RH_MAY_COLLECT;

RH_API size_t rh_hash_size(rh_value hash);

/* The value, or RH_UNDEF when the key is not there (or not even a handle could
 * be had).  O(1) expected. */
RH_API rh_value rh_hash_get(struct rh_heap *heap, rh_value hash,
                            rh_value key) RH_MAY_COLLECT;

/* The value, or the hash's default when the key is not there. */
RH_API rh_value rh_hash_fetch(struct rh_heap *heap, rh_value hash,
                              rh_value key) RH_MAY_COLLECT;

/* Set the value of a key.  A key that is there keeps its place and the key
 * object that it was first set with.  RH_UNDEF is no key and no value:
 * RH_BAD_ARGUMENT. */
RH_API enum rh_status rh_hash_set(struct rh_heap *heap, rh_value hash,
                                  rh_value key,
                                  rh_value value) RH_MAY_COLLECT RH_MUST_USE;

/* Take an entry away and answer its value; RH_UNDEF: not there, or frozen. */
RH_API rh_value rh_hash_delete(struct rh_heap *heap, rh_value hash,
                               rh_value key) RH_MAY_COLLECT;

/* Take all entries away. */
RH_API enum rh_status rh_hash_clear(struct rh_heap *heap,
                                    rh_value hash) RH_MUST_USE;

/* Ask for every key's hash again, after keys have changed; of keys that have
 * become equal the last one's value stays, at the first one's place.
 * RH_BUSY: one of the embedder's functions changed this hash meanwhile; it is
 * as that left it, and not rehashed. */
RH_API enum rh_status rh_hash_rehash(struct rh_heap *heap,
                                     rh_value hash) RH_MAY_COLLECT RH_MUST_USE;

/* What rh_hash_fetch() answers for keys that are not there; at first nil. */
RH_API rh_value rh_hash_default(rh_value hash);
RH_API enum rh_status rh_hash_set_default(struct rh_heap *heap, rh_value hash,
                                          rh_value value) RH_MUST_USE;

/* Called for an entry; answers whether to go on.  May do anything, leave by
 * longjmp included. */
typedef bool (*rh_hash_each_fn)(struct rh_heap *heap, rh_value key,
                                rh_value value, void *context);

/* Every entry, as said above.  RH_OK; RH_STOPPED when the callback answered
 * false; RH_NO_MEMORY when no handle could be had, and nothing was called;
 * RH_BUSY when the place was lost, because the callback (or what came before
 * it) had added 2^32 entries. */
RH_API enum rh_status rh_hash_each(struct rh_heap *heap, rh_value hash,
                                   rh_hash_each_fn fn,
                                   void *context) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
