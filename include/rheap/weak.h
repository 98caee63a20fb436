/* SPDX-License-Identifier: MIT */
/* rheap/weak.h - references that keep nothing alive.
 *
 * Three things: a weak reference, which leads to an object until it dies; a
 * map from which an entry goes when its key or its value dies; and a map whose
 * keys are weak and hold their values.  A collection clears all of them at one
 * time, when it knows what is dead and before any finalizer is queued: nobody
 * ever reaches an object through them that has been found dead once.
 *
 * Objects are addresses of slots.  Any other word that is not an address in
 * the heap (an immediate value, NULL) may stand wherever an object may; it is
 * kept as it is, and never dies.
 *
 * All the memory that a collection needs is taken when something is put in. */
#ifndef RHEAP_WEAK_H
#define RHEAP_WEAK_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* ---- weak references ---- */

struct rh_weak_ref;

/* A weak reference to `object`; NULL: no memory.  The caller owns it; those
 * left are given back when the heap is freed.  Does not collect, like all
 * functions of this part.  O(1) amortised. */
RH_API struct rh_weak_ref *rh_weak_ref_new(struct rh_heap *heap, void *object);

/* The object, or NULL when it is dead.  The answer is a reference like any
 * other: hold it.  O(1). */
RH_API void *rh_weak_ref_get(const struct rh_weak_ref *ref);

/* Make it lead to another object, or with NULL to none.  Never fails.  O(1). */
RH_API void rh_weak_ref_set(struct rh_heap *heap, struct rh_weak_ref *ref,
                            void *object);

/* Give it back; `ref` may be NULL.  A model's release function may do this, so
 * a weak reference can be part of an object of the language.  O(1). */
RH_API void rh_weak_ref_free(struct rh_heap *heap, struct rh_weak_ref *ref);

/* ---- weak maps ---- */

struct rh_weak_map;

enum rh_weak_kind {
    RH_WEAK_BOTH, /* an entry goes when its key dies or its value does; CRuby's
                     ObjectSpace::WeakMap */
    RH_WEAK_KEY   /* an entry holds its value as long as its key is reached,
                     but not by the value alone: an ephemeron.  It goes when
                     the key dies.  CRuby's ObjectSpace::WeakKeyMap, Lua's
                     tables with weak keys, JavaScript's WeakMap */
};

/* How keys are compared.  Equal keys must have equal hashes, and these must
 * not be derived from addresses.  Both functions may allocate, collect, change
 * the map (but not free it), and leave by longjmp; the keys that they are
 * passed are alive until they return.  `hash` is called once for each operation
 * and never for the keys that are in the map, whose hashes are kept. */
struct rh_weak_type {
    uint64_t (*hash)(struct rh_heap *heap, void *key);
    bool (*equal)(struct rh_heap *heap, void *there, void *key);
};

/* An empty map.  `type` is static or lives as long as the map; NULL compares by
 * identity.  With an `owner` (an object) the map belongs to it: values are
 * reached through the map only while the owner is reached, and when the owner
 * dies the library frees the map, before any release function runs.  With NULL
 * it lives until rh_weak_map_free(), or until the heap ends.
 * NULL: no memory.  Does not collect. */
RH_API struct rh_weak_map *rh_weak_map_new(struct rh_heap *heap,
                                           enum rh_weak_kind kind,
                                           const struct rh_weak_type *type,
                                           void *owner);

/* Free a map; `map` may be NULL.  A release function may do this with a map
 * that has no owner.  Not for functions that the map itself is calling. */
RH_API void rh_weak_map_free(struct rh_heap *heap, struct rh_weak_map *map);

/* Entries.  Those of keys that have died but have not been found dead yet are
 * counted.  O(1). */
RH_API size_t rh_weak_map_size(const struct rh_weak_map *map);

/* The owner, or NULL. */
RH_API void *rh_weak_map_owner(const struct rh_weak_map *map);

/* The following hold the map's owner and what they are passed until they
 * return; with a `type` they can answer RH_NO_MEMORY for want of handles, and
 * may collect because they call its functions.  By identity none of them
 * collects.  O(1) amortised, if hashes are good. */

/* Set *value (it may be NULL) to the value of a key; RH_NOT_FOUND when there
 * is no such key, and *value is untouched. */
RH_API enum rh_status rh_weak_map_get(struct rh_heap *heap,
                                      struct rh_weak_map *map, void *key,
                                      void **value) RH_MAY_COLLECT;

/* Set *found to the key in the map that equals `key`.  So a map can keep one
 * representative of equal objects. */
RH_API enum rh_status rh_weak_map_key(struct rh_heap *heap,
                                      struct rh_weak_map *map, void *key,
                                      void **found) RH_MAY_COLLECT;

/* Set the value of a key.  An entry that is there keeps its key, and its place
 * in the order.  On RH_NO_MEMORY nothing has changed. */
RH_API enum rh_status rh_weak_map_set(struct rh_heap *heap,
                                      struct rh_weak_map *map, void *key,
                                      void *value) RH_MUST_USE RH_MAY_COLLECT;

/* Take out a key, and set *value (it may be NULL) to the value that it had;
 * RH_NOT_FOUND when there is no such key. */
RH_API enum rh_status rh_weak_map_delete(struct rh_heap *heap,
                                         struct rh_weak_map *map, void *key,
                                         void **value) RH_MAY_COLLECT;

/* Take out all, and give the memory back.  Calls nobody, does not collect. */
RH_API void rh_weak_map_clear(struct rh_heap *heap, struct rh_weak_map *map);

/* Call `fn` for each entry, in the order of insertion, until it answers false;
 * then RH_STOPPED is answered.  RH_NO_MEMORY: no handles could be had, and
 * nothing was called.  The key and the value are alive during the call.  It may
 * do what hash functions may: every entry that is there all the time is seen
 * once, those that come meanwhile are not. */
typedef bool (*rh_weak_each_fn)(struct rh_heap *heap, void *key, void *value,
                                void *context);
RH_API enum rh_status rh_weak_map_each(struct rh_heap *heap,
                                       struct rh_weak_map *map,
                                       rh_weak_each_fn fn,
                                       void *context) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
