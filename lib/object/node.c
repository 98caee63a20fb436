// SPDX-License-Identifier: MIT
/*
 * node - NODE, IMEMO, ZOMBIE: what the language never sees.
 *
 * Nodes and internal objects are three values each; a node's class field is
 * unused.  A zombie refers to nothing and has a destructor to run.
 *
 * Next: inside.h, what all types have in common.
 */
#include "config.h"

#include "object/object.h"

#include <string.h>

static rh_value
words_new(struct rh_heap *heap, uint64_t flags, rh_value a, rh_value b,
          rh_value c)
{
    rh_value held[] = { RH_FALSE, a, b, c };
    struct rhi_object *object =
        rhi_object_take(heap, flags | RH_OBJECT_WB_PROTECTED, held, 4);

    if (object)
        rhi_values_fill(object->as.words, held + 1, RHI_WORDS, RH_NIL);
    return rhi_object_value(object);
}

static rh_value
words_get(const struct rhi_object *object, size_t index)
{
    if (rhi_object_is_opaque(object))
        return index == 0 ? object->as.opaque.word : RH_UNDEF;
    return index < RHI_WORDS ? object->as.words[index] : RH_UNDEF;
}

static void
words_set(struct rh_heap *heap, struct rhi_object *object, size_t index,
          rh_value value)
{
    if (index >= RHI_WORDS)
        rhi_object_panic(rh_value_of_slot(object),
                         "an object of the interpreter has three values");
    if (!rhi_object_is_opaque(object))
        rhi_object_write(heap, object, &object->as.words[index], value);
}

rh_value
rh_node_new(struct rh_heap *heap, unsigned kind, uint32_t line, rh_value a,
            rh_value b, rh_value c)
{
    return words_new(heap,
                     RH_TYPE_NODE | (uint64_t)(kind & 255) << RHI_NODE_SHIFT |
                         (uint64_t)line << RHI_NODE_LINE_SHIFT,
                     a, b, c);
}

static struct rhi_object *
node_of(rh_value node)
{
    return rhi_object_of(node, RH_TYPE_NODE);
}

unsigned
rh_node_kind(rh_value node)
{
    return (unsigned)rhi_object_field(node_of(node), RHI_NODE_MASK,
                                      RHI_NODE_SHIFT);
}

uint32_t
rh_node_line(rh_value node)
{
    return (uint32_t)(node_of(node)->flags >> RHI_NODE_LINE_SHIFT);
}

rh_value
rh_node_get(rh_value node, size_t index)
{
    return words_get(node_of(node), index);
}

void
rh_node_set(struct rh_heap *heap, rh_value node, size_t index, rh_value value)
{
    words_set(heap, node_of(node), index, value);
}

static const char *const imemo_names[RH_IMEMO_OTHER + 1] = {
    [RH_IMEMO_ENV] = "env",
    [RH_IMEMO_CREF] = "cref",
    [RH_IMEMO_SVAR] = "svar",
    [RH_IMEMO_THROW_DATA] = "throw_data",
    [RH_IMEMO_IFUNC] = "ifunc",
    [RH_IMEMO_MEMO] = "memo",
    [RH_IMEMO_MENT] = "ment",
    [RH_IMEMO_ISEQ] = "iseq",
    [RH_IMEMO_TMPBUF] = "tmpbuf",
    [RH_IMEMO_AST] = "ast",
    [RH_IMEMO_PARSER_STRTERM] = "parser_strterm",
    [RH_IMEMO_CALLINFO] = "callinfo",
    [RH_IMEMO_CALLCACHE] = "callcache",
    [RH_IMEMO_CONSTCACHE] = "constcache",
};

const char *
rh_imemo_kind_name(enum rh_imemo_kind kind)
{
    return (unsigned)kind <= RH_IMEMO_OTHER ? imemo_names[kind] : NULL;
}

enum rh_imemo_kind
rh_imemo_kind_named(const char *name, size_t length)
{
    for (unsigned i = 0; i < RH_IMEMO_OTHER; i++)
        if (imemo_names[i] && strlen(imemo_names[i]) == length &&
            memcmp(imemo_names[i], name, length) == 0)
            return (enum rh_imemo_kind)i;
    return RH_IMEMO_OTHER;
}

rh_value
rh_imemo_new(struct rh_heap *heap, enum rh_imemo_kind kind, rh_value a,
             rh_value b, rh_value c)
{
    return words_new(heap,
                     RH_TYPE_IMEMO | ((uint64_t)kind & RH_IMEMO_OTHER)
                                         << RHI_IMEMO_SHIFT,
                     a, b, c);
}

static struct rhi_object *
imemo_of(rh_value imemo)
{
    return rhi_object_of(imemo, RH_TYPE_IMEMO);
}

enum rh_imemo_kind
rh_imemo_kind(rh_value imemo)
{
    return (enum rh_imemo_kind)rhi_object_field(imemo_of(imemo), RHI_IMEMO_MASK,
                                                RHI_IMEMO_SHIFT);
}

rh_value
rh_imemo_get(rh_value imemo, size_t index)
{
    return words_get(imemo_of(imemo), index);
}

void
rh_imemo_set(struct rh_heap *heap, rh_value imemo, size_t index, rh_value value)
{
    words_set(heap, imemo_of(imemo), index, value);
}

rh_value
rh_zombie_new(struct rh_heap *heap, rh_data_free_fn free_data, void *data)
{
    struct rhi_object *object = rhi_object_new(heap, RH_TYPE_ZOMBIE, RH_FALSE);

    if (!object)
        return RH_UNDEF;
    object->as.zombie = (struct rhi_zombie){ 0, free_data, data };
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}
