/* SPDX-License-Identifier: MIT */
/* rheap/node.h - objects of the interpreter, which the language never sees.
 *
 * NODE: a piece of a syntax tree.  IMEMO: everything else that an interpreter
 * wants collected.  ZOMBIE: nothing but a destructor that has still to run.
 * The rules at the head of object.h apply. */
#ifndef RHEAP_NODE_H
#define RHEAP_NODE_H

#include <rheap/data.h>
#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A node of the embedder's kind `kind` (below 256) from line `line` (below
 * 2^30), with up to three values. */
RH_API rh_value rh_node_new(struct rh_heap *heap, unsigned kind, uint32_t line,
                            rh_value a, rh_value b, rh_value c) RH_MAY_COLLECT;
RH_API unsigned rh_node_kind(rh_value node);
RH_API uint32_t rh_node_line(rh_value node);

/* One of the three values; `index` is 0, 1 or 2. */
RH_API rh_value rh_node_get(rh_value node, size_t index);
RH_API void rh_node_set(struct rh_heap *heap, rh_value node, size_t index,
                        rh_value value);

/* CRuby 3.1's kinds of internal objects. */
enum rh_imemo_kind {
    RH_IMEMO_ENV,
    RH_IMEMO_CREF,
    RH_IMEMO_SVAR,
    RH_IMEMO_THROW_DATA,
    RH_IMEMO_IFUNC,
    RH_IMEMO_MEMO,
    RH_IMEMO_MENT,
    RH_IMEMO_ISEQ,
    RH_IMEMO_TMPBUF,
    RH_IMEMO_AST,
    RH_IMEMO_PARSER_STRTERM,
    RH_IMEMO_CALLINFO,
    RH_IMEMO_CALLCACHE,
    RH_IMEMO_CONSTCACHE,
    RH_IMEMO_OTHER = 15 /* of a newer Ruby, or the embedder's own */
};

/* The name that dumps use ("ment"), or NULL; static storage. */
RH_API const char *rh_imemo_kind_name(enum rh_imemo_kind kind);

/* The kind of that name, or RH_IMEMO_OTHER. */
RH_API enum rh_imemo_kind rh_imemo_kind_named(const char *name, size_t length);

/* An internal object with up to three values. */
RH_API rh_value rh_imemo_new(struct rh_heap *heap, enum rh_imemo_kind kind,
                             rh_value a, rh_value b, rh_value c) RH_MAY_COLLECT;
RH_API enum rh_imemo_kind rh_imemo_kind(rh_value imemo);
RH_API rh_value rh_imemo_get(rh_value imemo, size_t index);
RH_API void rh_imemo_set(struct rh_heap *heap, rh_value imemo, size_t index,
                         rh_value value);

/* A slot that calls `free_data` with `data` when it is collected, and refers to
 * nothing. */
RH_API rh_value rh_zombie_new(struct rh_heap *heap, rh_data_free_fn free_data,
                              void *data) RH_MAY_COLLECT;

RH_END_DECLARATIONS

#endif
