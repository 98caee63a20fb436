/* SPDX-License-Identifier: MIT */
/* rheap/roots.h - how a program says what it still needs.
 *
 * Roots are precise.  Four kinds: single addresses, ranges of words,
 * callbacks, and handles in scopes.  All are read when a collection marks, so
 * the words may change freely in between; words that are no references are
 * ignored.  For references in C variables that nobody registers see
 * rheap/stack.h. */
#ifndef RHEAP_ROOTS_H
#define RHEAP_ROOTS_H

#include <rheap/fast.h>
#include <rheap/model.h>
#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* Words at addresses and in ranges are in the model's encoding; handles hold
 * plain addresses of slots. */

/* The word at `address` is a root until removed.  The same address may be
 * added again; each add wants its own remove.  O(1) amortised. */
RH_API enum rh_status rh_root_add(struct rh_heap *heap,
                                  void *address) RH_MUST_USE;

/* Take back one rh_root_add() of this address, the latest.  RH_NOT_FOUND if
 * there is none.  O(roots), fast when the latest roots go first. */
RH_API enum rh_status rh_root_remove(struct rh_heap *heap, void *address);

/* `count` words from `first` are roots.  `category` names them in walks and
 * dumps; static storage, NULL means "ranges". */
RH_API enum rh_status rh_root_add_range(struct rh_heap *heap,
                                        const char *category, void *first,
                                        size_t count) RH_MUST_USE;
RH_API enum rh_status rh_root_remove_range(struct rh_heap *heap, void *first);

/* At each collection `trace` reports further roots to the visitor with
 * rh_visit(), by the addresses of the words where they are kept: these are
 * rewritten when objects move.  What has no such word is reported with
 * rh_visit_pinned().  It may not allocate, collect, or leave by longjmp.
 * `category` as above; NULL means "callbacks". */
typedef void (*rh_root_fn)(struct rh_visitor *visitor, void *context);
RH_API enum rh_status rh_root_add_callback(struct rh_heap *heap,
                                           const char *category,
                                           rh_root_fn trace,
                                           void *context) RH_MUST_USE;
RH_API enum rh_status rh_root_remove_callback(struct rh_heap *heap,
                                              rh_root_fn trace, void *context);

/* Handles: a stack of words that are roots.  A scope is a height of it:
 *
 *     size_t scope = rh_scope_save(heap);
 *     void **list = rh_scope_hold(heap, new_list(heap));
 *     ...
 *     rh_scope_restore(heap, scope);
 *
 * Restoring an outer scope ends the inner ones, so longjmp across scopes is
 * fine.  Restoring a height above the present one panics.  Handles never move:
 * read the object through the handle (`*list`) after anything that may
 * collect. */
RH_API size_t rh_scope_save(const struct rh_heap *heap);
RH_API void rh_scope_restore(struct rh_heap *heap, size_t scope);

/* Hold `word`; the handle's address, or NULL when there is no memory.  Does not
 * collect. */
RH_API void **rh_scope_hold(struct rh_heap *heap, void *word);

RH_END_DECLARATIONS

#endif
