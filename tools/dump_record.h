// SPDX-License-Identifier: MIT
/*
 * dump_record - one line of a dump, taken apart.
 *
 * A line is a JSON object.  The keys that rheap knows have a field here, and
 * the table of fields says how each must look; other keys are passed over,
 * as every Ruby brings new ones.  Whether a key was there at all is a bit in
 * `present`.
 *
 * Texts and references lie in buffers of the reader and are gone with the
 * next line.
 */
#ifndef TOOLS_DUMP_RECORD_H
#define TOOLS_DUMP_RECORD_H

#include "dump_type.h"

#include <stdint.h>

// Decoded bytes at record->text + at.
struct dump_text {
    size_t at;
    size_t length;
};

struct dump_record {
    unsigned long line; // its number in the file, from 1
    uint64_t present;   // bit n: the line had the key n of enum dump_key

    enum dump_type type;
    uint64_t address;
    uint64_t class_address;
    uint64_t superclass;
    uint64_t default_address;

    uint64_t slot_size; // bytes; Ruby 3.2 and later
    uint64_t memsize;   // bytes: slot and what the object holds outside
    uint64_t bytesize;  // of strings and symbols
    uint64_t capacity;  // bytes
    uint64_t length;    // entries of an array
    uint64_t size;      // pairs of a hash
    uint64_t ivars;     // of an object
    int64_t fd;         // of a file; -1 when closed
    uint64_t generation;
    int64_t source_line;
    uint64_t x_page; // rheap's own dumps: where the object was
    uint64_t x_slot;

    bool frozen;
    bool embedded;
    bool fstring;
    bool shared;
    bool broken;
    bool singleton;

    uint32_t flags; // of enum dump_flag

    struct dump_text name;
    struct dump_text real_class_name;
    struct dump_text value;
    struct dump_text encoding;
    struct dump_text struct_name;
    struct dump_text imemo_type;
    struct dump_text root;
    struct dump_text method;
    struct dump_text file;
    struct dump_text class_path;
    const char *text; // where the texts lie

    const uint64_t *references;
    size_t reference_count;
};

enum dump_flag {
    DUMP_FLAG_WB_PROTECTED = 1,
    DUMP_FLAG_OLD = 2,
    DUMP_FLAG_UNCOLLECTIBLE = 4,
    DUMP_FLAG_MARKING = 8,
    DUMP_FLAG_MARKED = 16,
    DUMP_FLAG_PINNED = 32
};

// What may stand behind a key.
enum dump_form {
    DUMP_FORM_TYPE,      // the word for enum dump_type
    DUMP_FORM_ADDRESS,   // "0x..."
    DUMP_FORM_ADDRESSES, // an array of them
    DUMP_FORM_SIZE,      // a whole number from 0
    DUMP_FORM_NUMBER,    // a whole number
    DUMP_FORM_TRUTH,     // true or false
    DUMP_FORM_TEXT,      // a string
    DUMP_FORM_FLAGS      // an object of truths
};

// X(key, form, member): in groups by the length of the key, shortest first, so
// that looking one up compares with a few only.
#define DUMP_FIELDS(X)                                                         \
    X(fd, NUMBER, fd)                                                          \
    X(type, TYPE, type)                                                        \
    X(name, TEXT, name)                                                        \
    X(file, TEXT, file)                                                        \
    X(line, NUMBER, source_line)                                               \
    X(size, SIZE, size)                                                        \
    X(root, TEXT, root)                                                        \
    X(class, ADDRESS, class_address)                                           \
    X(flags, FLAGS, flags)                                                     \
    X(value, TEXT, value)                                                      \
    X(ivars, SIZE, ivars)                                                      \
    X(frozen, TRUTH, frozen)                                                   \
    X(length, SIZE, length)                                                    \
    X(shared, TRUTH, shared)                                                   \
    X(struct, TEXT, struct_name)                                               \
    X(broken, TRUTH, broken)                                                   \
    X(method, TEXT, method)                                                    \
    X(x_page, SIZE, x_page)                                                    \
    X(x_slot, SIZE, x_slot)                                                    \
    X(address, ADDRESS, address)                                               \
    X(memsize, SIZE, memsize)                                                  \
    X(fstring, TRUTH, fstring)                                                 \
    X(default, ADDRESS, default_address)                                       \
    X(embedded, TRUTH, embedded)                                               \
    X(bytesize, SIZE, bytesize)                                                \
    X(encoding, TEXT, encoding)                                                \
    X(capacity, SIZE, capacity)                                                \
    X(slot_size, SIZE, slot_size)                                              \
    X(singleton, TRUTH, singleton)                                             \
    X(references, ADDRESSES, references)                                       \
    X(imemo_type, TEXT, imemo_type)                                            \
    X(generation, SIZE, generation)                                            \
    X(superclass, ADDRESS, superclass)                                         \
    X(x_class_path, TEXT, class_path)                                          \
    X(real_class_name, TEXT, real_class_name)

#define DUMP_KEY(key, form, member) DUMP_KEY_##key,
enum dump_key {
    DUMP_FIELDS(DUMP_KEY) DUMP_KEY_COUNT // which also means: no such key
};
#undef DUMP_KEY

struct dump_field {
    const char *key;
    uint8_t key_length;
    uint8_t form;   // enum dump_form
    uint16_t place; // offset in struct dump_record
};

// Indexed by enum dump_key.
extern const struct dump_field dump_fields[DUMP_KEY_COUNT];

enum dump_key dump_key_named(const char *key, size_t length);

// The flag of a key inside "flags", or 0.
uint32_t dump_flag_named(const char *key, size_t length);

// Whether the line had this key.
static inline bool
dump_has(const struct dump_record *record, enum dump_key key)
{
    return record->present >> key & 1;
}

// What is wrong with the record as a whole, or NULL when nothing is.  Static
// storage.
const char *dump_record_check(const struct dump_record *record);

#endif
