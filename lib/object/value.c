// SPDX-License-Identifier: MIT
/*
 * value - the names of types, and the type of any value.
 *
 * Of an object the first word of its slot tells; of an immediate, its tag.
 *
 * Next: state.h, what a heap keeps for all its objects.
 */
#include "config.h"

#include "object/layout.h"

#include <string.h>

static const char *const type_names[RH_TYPE_MASK + 1] = {
    [RH_TYPE_NONE] = "NONE",       [RH_TYPE_OBJECT] = "OBJECT",
    [RH_TYPE_CLASS] = "CLASS",     [RH_TYPE_MODULE] = "MODULE",
    [RH_TYPE_FLOAT] = "FLOAT",     [RH_TYPE_STRING] = "STRING",
    [RH_TYPE_REGEXP] = "REGEXP",   [RH_TYPE_ARRAY] = "ARRAY",
    [RH_TYPE_HASH] = "HASH",       [RH_TYPE_STRUCT] = "STRUCT",
    [RH_TYPE_BIGNUM] = "BIGNUM",   [RH_TYPE_FILE] = "FILE",
    [RH_TYPE_DATA] = "DATA",       [RH_TYPE_MATCH] = "MATCH",
    [RH_TYPE_COMPLEX] = "COMPLEX", [RH_TYPE_RATIONAL] = "RATIONAL",
    [RH_TYPE_NIL] = "NIL",         [RH_TYPE_TRUE] = "TRUE",
    [RH_TYPE_FALSE] = "FALSE",     [RH_TYPE_SYMBOL] = "SYMBOL",
    [RH_TYPE_FIXNUM] = "FIXNUM",   [RH_TYPE_UNDEF] = "UNDEF",
    [RH_TYPE_IMEMO] = "IMEMO",     [RH_TYPE_NODE] = "NODE",
    [RH_TYPE_ICLASS] = "ICLASS",   [RH_TYPE_ZOMBIE] = "ZOMBIE",
};

const char *
rh_type_name(enum rh_type type)
{
    return (unsigned)type <= RH_TYPE_MASK ? type_names[type] : NULL;
}

enum rh_type
rh_type_named(const char *name, size_t length)
{
    for (unsigned type = 0; type <= RH_TYPE_MASK; type++)
        if (type_names[type] && strlen(type_names[type]) == length &&
            memcmp(type_names[type], name, length) == 0)
            return (enum rh_type)type;
    return RH_TYPE_NONE;
}

enum rh_type
rh_type_of(rh_value value)
{
    if (rh_value_is_object(value))
        return rhi_object_type(rh_value_slot(value));
    if (rh_value_is_fixnum(value))
        return RH_TYPE_FIXNUM;
    if (rh_value_is_flonum(value))
        return RH_TYPE_FLOAT;
    if (rh_value_is_static_symbol(value))
        return RH_TYPE_SYMBOL;
    if (value == RH_FALSE)
        return RH_TYPE_FALSE;
    if (value == RH_NIL)
        return RH_TYPE_NIL;
    return value == RH_TRUE ? RH_TYPE_TRUE : RH_TYPE_UNDEF;
}
