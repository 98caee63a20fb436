// SPDX-License-Identifier: MIT
/*
 * dump_type - the words that may stand behind "type" in a dump.
 *
 * All of Ruby's own, of every version that could write a dump, and the three
 * that are not objects: ROOT (a list of references from outside), SHAPE (a
 * table entry of Ruby 3.2 and later) and NONE (a free slot).
 */
#ifndef TOOLS_DUMP_TYPE_H
#define TOOLS_DUMP_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum dump_type {
    DUMP_UNKNOWN_TYPE, // no word of Ruby's
    DUMP_ROOT,
    DUMP_SHAPE,
    DUMP_NONE,
    DUMP_STRING, // from here on: objects
    DUMP_IMEMO,
    DUMP_ARRAY,
    DUMP_HASH,
    DUMP_OBJECT,
    DUMP_CLASS,
    DUMP_MODULE,
    DUMP_ICLASS,
    DUMP_DATA,
    DUMP_STRUCT,
    DUMP_FLOAT,
    DUMP_BIGNUM,
    DUMP_SYMBOL,
    DUMP_REGEXP,
    DUMP_MATCH,
    DUMP_FILE,
    DUMP_RATIONAL,
    DUMP_COMPLEX,
    DUMP_NODE,
    DUMP_ZOMBIE,
    DUMP_MOVED,
    DUMP_UNKNOWN, // Ruby's own word for what it cannot name
    DUMP_TYPE_COUNT
};

enum dump_type dump_type_named(const char *name, size_t length);

const char *dump_type_name(enum dump_type type);

// Whether a line of this type stands for an object in a slot.
static inline bool
dump_type_is_object(enum dump_type type)
{
    return type >= DUMP_STRING;
}

#endif
