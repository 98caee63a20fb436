// SPDX-License-Identifier: MIT
/*
 * layout - what the 40 bytes of a slot mean for each type of object.
 *
 * Every object begins with a word of flags and its class; three words are
 * left.  What fits into them is embedded, the rest is in one external block:
 *
 *      0        8        16       24       32       40
 *     | flags  | class  | word 0 | word 1 | word 2 |
 *     |        |        | up to 23 bytes and a NUL |  string, embedded
 *     |        |        | length | bytes  | room   |  string with a block
 *     |        |        | up to 3 elements         |  array, embedded
 *     |        |        | length | room   | values |  array with a block
 *
 * The lowest five flag bits are the type; a slot of zeros has type NONE and
 * refers to nothing.  The bits up to 31 have the meanings that CRuby 3.1 gives
 * them; those above are ours.
 *
 * An *opaque* object was rebuilt from a dump, which tells how many bytes it
 * had outside but not what was in them.  It has the type and the size of the
 * original and the `opaque` layout, whatever its type.
 *
 * INVARIANTS, which the check functions of the types cite
 *   Y1  an embedded length is at most what the slot holds
 *   Y2  length, and what was shifted away before it, fit into the room, and
 *       there is a block whenever length > 0
 *   Y3  what shares a block has a frozen root of the same type that owns it,
 *       and lies within it
 *   Y4  an opaque object has a block unless it has no bytes or is only
 *       accounted for
 *   Y5  the flag for generic instance variables is set when and only when
 *       the table has an entry
 *   Y6  the entries of a hash table are counted, and each is found from its
 *       hash
 *
 * Next: value.c, names of types.
 */
#ifndef RHI_OBJECT_LAYOUT_H
#define RHI_OBJECT_LAYOUT_H

#include "base.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/constants.h>
#include <rheap/data.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

enum {
    RHI_WORDS = 3,
    RHI_WORD_BYTES = 8,
    RHI_EMBED_BYTES = 24
};

// Bits of the flags word.  Where types use a bit differently, the name begins
// with the type's.
enum {
    RHI_SINGLETON = 1 << 12, // CLASS: of one object
    RHI_IMEMO_SHIFT = 12,    // IMEMO: 4 bits, enum rh_imemo_kind
    RHI_IMEMO_MASK = 15 << 12,
    RHI_NODE_SHIFT = 12, // NODE: 8 bits of kind
    RHI_NODE_MASK = 255 << 12,
    RHI_EMBED = 1 << 13,   // ARRAY, OBJECT: values are in the slot
    RHI_SHARED = 1 << 14,  // ARRAY, STRING with a block: the root's
    RHI_LENGTH_SHIFT = 15, // ARRAY, OBJECT: 2 bits, embedded length
    RHI_LENGTH_MASK = 3 << 15,
    RHI_STRING_NOEMBED = 1 << 13, // STRING: has a block
    RHI_STRING_LENGTH_SHIFT = 14, // STRING: 5 bits, embedded length
    RHI_STRING_LENGTH_MASK = 31 << 14,
    RHI_STRING_ENCODING_SHIFT = 22, // STRING: 7 bits
    RHI_STRING_ENCODING_MASK = 127 << 22,
    RHI_STRING_INTERNED = 1 << 29,
    RHI_STRUCT_LENGTH_SHIFT = 13, // STRUCT: 2 bits, embedded length, or 0
    RHI_STRUCT_LENGTH_MASK = 3 << 13,
    RHI_BIGNUM_POSITIVE = 1 << 13,
    RHI_BIGNUM_EMBED = 1 << 14,
    RHI_BIGNUM_LENGTH_SHIFT = 15, // BIGNUM: 3 bits, embedded digits
    RHI_BIGNUM_LENGTH_MASK = 7 << 15,
    RHI_FILE_FOREIGN = 1 << 12 // FILE: the descriptor is not ours
};

#define RHI_OPAQUE ((uint64_t)1 << 32)
#define RHI_ACCOUNT_ONLY ((uint64_t)1 << 33) // opaque: bytes, but no block
#define RHI_SHIFTED ((uint64_t)1 << 34)      // ARRAY, owner: see list.h
#define RHI_NODE_LINE_SHIFT 34               // NODE: 30 bits of line

struct rhi_string {
    size_t length;
    char *bytes;
    union {
        size_t room;   // owner: bytes the block holds, less 1 for the NUL
        rh_value root; // RHI_SHARED
    } as;
};

struct rhi_array { // OBJECT, too
    size_t length;
    union {
        size_t room; // owner: values the block holds
        rh_value root;
    } as;
    rh_value *values; // the first; RHI_SHIFTED: not where the block begins
};

struct rhi_class_name {
    size_t length;
    char bytes[]; // and a NUL
};

struct rhi_class {
    rh_value superclass;
    struct rhi_class_name *name;
    uint64_t serial;
};

struct rhi_float {
    double number;
};

struct rhi_regexp {
    void *pattern;
    rh_value source;
    size_t bytes;
};

struct rhi_match_regions {
    uint32_t count;
    uint32_t bytes; // of the block
    struct rh_match_region regions[];
};

struct rhi_match {
    rh_value string;
    struct rhi_match_regions *regions;
    rh_value regexp;
};

struct rhi_table;

struct rhi_hash {
    struct rhi_table *table; // NULL: never had an entry
    rh_value fallback;       // the default value
    const struct rh_hash_type *type;
};

struct rhi_data {
    rh_data_trace_fn trace;
    rh_data_free_fn free;
    void *pointer;
};

// Told from plain data by the 1, which is no address of a function.
struct rhi_typed_data {
    const struct rh_data_type *type;
    uintptr_t one;
    void *pointer;
};

struct rhi_struct {
    size_t length;
    rh_value *values;
};

struct rhi_bignum {
    size_t length;
    uint32_t *digits;
};

struct rhi_file {
    int fd; // -1: none
    void *buffer;
    size_t bytes;
};

struct rhi_symbol {
    uint64_t hash;
    rh_value name;
    uint64_t id;
};

struct rhi_pair { // RATIONAL, COMPLEX
    rh_value first;
    rh_value second;
};

struct rhi_zombie {
    uintptr_t next; // room for a list of zombies; 0
    rh_data_free_fn free;
    void *pointer;
};

struct rhi_opaque {
    void *block;
    size_t bytes;
    rh_value word; // a reference or a number, see rhi_opaque_refers()
};

// One member per type of the RVALUE union; NODE and IMEMO use `words`.
struct rhi_object {
    uint64_t flags;
    rh_value class_of;
    union {
        rh_value words[RHI_WORDS];
        char bytes[RHI_EMBED_BYTES];
        uint32_t digits[RHI_EMBED_BYTES / 4];
        struct rhi_class klass;
        struct rhi_float flonum;
        struct rhi_string string;
        struct rhi_array array;
        struct rhi_regexp regexp;
        struct rhi_hash hash;
        struct rhi_data data;
        struct rhi_typed_data typed;
        struct rhi_struct structure;
        struct rhi_bignum bignum;
        struct rhi_file file;
        struct rhi_match match;
        struct rhi_symbol symbol;
        struct rhi_pair pair;
        struct rhi_zombie zombie;
        struct rhi_opaque opaque;
    } as;
};

_Static_assert(sizeof(struct rhi_object) == RH_SLOT_BYTES, "an RVALUE");
_Static_assert(offsetof(struct rhi_object, as) == 16, "flags and class");
_Static_assert(sizeof(rh_value) == RHI_WORD_BYTES, "64-bit values");
_Static_assert(RH_STRING_EMBED_BYTES + 1 == RHI_EMBED_BYTES, "and a NUL");
_Static_assert(RH_ARRAY_EMBED_LENGTH == (int)RHI_WORDS, "three elements");
_Static_assert(RH_OBJECT_EMBED_IVARS == (int)RHI_WORDS, "three variables");
_Static_assert(RH_STRUCT_EMBED_LENGTH == (int)RHI_WORDS, "three members");
_Static_assert(RH_BIGNUM_EMBED_BYTES == (int)RHI_EMBED_BYTES, "six digits");
_Static_assert(sizeof(struct rhi_data) == RHI_EMBED_BYTES, "RData");
_Static_assert(sizeof(struct rhi_typed_data) == RHI_EMBED_BYTES, "RTypedData");
_Static_assert(sizeof(struct rhi_zombie) == RHI_EMBED_BYTES, "a zombie");
_Static_assert(sizeof(struct rhi_string) == RHI_EMBED_BYTES, "RString");
_Static_assert(sizeof(struct rhi_array) == RHI_EMBED_BYTES, "RArray");
_Static_assert(sizeof(struct rhi_hash) == RHI_EMBED_BYTES, "RHash");
_Static_assert(sizeof(struct rhi_pair) == 16, "RRational, RComplex");

RHI_INLINE enum rh_type
rhi_object_type(const struct rhi_object *object)
{
    return (enum rh_type)(object->flags & RH_TYPE_MASK);
}

RHI_INLINE bool
rhi_object_has(const struct rhi_object *object, uint64_t flag)
{
    return (object->flags & flag) != 0;
}

// A number that is kept in the flags.
RHI_INLINE size_t
rhi_object_field(const struct rhi_object *object, uint32_t mask, int shift)
{
    return (size_t)((object->flags & mask) >> shift);
}

RHI_INLINE void
rhi_object_set_field(struct rhi_object *object, uint32_t mask, int shift,
                     size_t number)
{
    object->flags =
        (object->flags & ~(uint64_t)mask) | ((uint64_t)number << shift);
}

// Whether the word of an opaque object is a reference; else it is the number
// that the type is known by: bytes, elements, entries, a descriptor, ...
RHI_INLINE bool
rhi_opaque_refers(enum rh_type type)
{
    const uint32_t numbers = 1u << RH_TYPE_OBJECT | 1u << RH_TYPE_ARRAY |
                             1u << RH_TYPE_STRUCT | 1u << RH_TYPE_STRING |
                             1u << RH_TYPE_HASH | 1u << RH_TYPE_BIGNUM |
                             1u << RH_TYPE_FILE | 1u << RH_TYPE_FLOAT;

    return !(numbers >> type & 1);
}

#endif
