// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_type.h"

#include <string.h>

static const char *const names[DUMP_TYPE_COUNT] = {
    [DUMP_UNKNOWN_TYPE] = "",     [DUMP_ROOT] = "ROOT",
    [DUMP_SHAPE] = "SHAPE",       [DUMP_NONE] = "NONE",
    [DUMP_STRING] = "STRING",     [DUMP_IMEMO] = "IMEMO",
    [DUMP_ARRAY] = "ARRAY",       [DUMP_HASH] = "HASH",
    [DUMP_OBJECT] = "OBJECT",     [DUMP_CLASS] = "CLASS",
    [DUMP_MODULE] = "MODULE",     [DUMP_ICLASS] = "ICLASS",
    [DUMP_DATA] = "DATA",         [DUMP_STRUCT] = "STRUCT",
    [DUMP_FLOAT] = "FLOAT",       [DUMP_BIGNUM] = "BIGNUM",
    [DUMP_SYMBOL] = "SYMBOL",     [DUMP_REGEXP] = "REGEXP",
    [DUMP_MATCH] = "MATCH",       [DUMP_FILE] = "FILE",
    [DUMP_RATIONAL] = "RATIONAL", [DUMP_COMPLEX] = "COMPLEX",
    [DUMP_NODE] = "NODE",         [DUMP_ZOMBIE] = "ZOMBIE",
    [DUMP_MOVED] = "MOVED",       [DUMP_UNKNOWN] = "UNKNOWN",
};

enum dump_type
dump_type_named(const char *name, size_t length)
{
    for (int type = DUMP_ROOT; type < DUMP_TYPE_COUNT; type++)
        if (strlen(names[type]) == length &&
            memcmp(names[type], name, length) == 0)
            return (enum dump_type)type;
    return DUMP_UNKNOWN_TYPE;
}

const char *
dump_type_name(enum dump_type type)
{
    return names[type];
}
