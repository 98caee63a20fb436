/* SPDX-License-Identifier: MIT */
/* rheap/symbol.h - dynamic symbols: names that can be collected.
 *
 * A static symbol is an immediate (value.h); a dynamic one is an object that
 * refers to its name.  The table from names to symbols is the embedder's.
 * The rules at the head of object.h apply. */
#ifndef RHEAP_SYMBOL_H
#define RHEAP_SYMBOL_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A symbol with that name (a string, best frozen) and a number `id` and a
 * hash of the embedder's choice. */
RH_API rh_value rh_symbol_new(struct rh_heap *heap, rh_value class_of,
                              rh_value name, uint64_t id,
                              uint64_t hash) RH_MAY_COLLECT;

/* The string; nil for a static symbol. */
RH_API rh_value rh_symbol_name(rh_value symbol);

/* The number of a static or dynamic symbol. */
RH_API uint64_t rh_symbol_id(rh_value symbol);
RH_API uint64_t rh_symbol_hash(rh_value symbol);

RH_END_DECLARATIONS

#endif
