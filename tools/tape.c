// SPDX-License-Identifier: MIT
#include "config.h"

#include "tape.h"

#include <rheap/rebuild.h>

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1024 * 1024,
    NUMBER_BYTES = 10 // of the longest: 64 bits, seven to a byte
};

struct tape_block {
    struct tape_block *next;
    size_t room;
    size_t used;
    char bytes[];
};

// Which parts an object has, as bits of the number it begins with.
enum tape_part {
    PART_CLASS = 1,
    PART_SPECIAL = 2,
    PART_LENGTH = 4,
    PART_CAPACITY = 8,
    PART_NAME = 16,
    PART_VALUE = 32,
    PART_ENCODING = 64,
    PART_FD = 128,
    PART_REFERENCES = 256,
    PART_SITE = 512,
    PART_SHIFT = 10 // the flags lie above
};

// --- writing -----------------------------------------------------------------

// The caller has reserved NUMBER_BYTES.
static void
put_number(struct buffer *entry, uint64_t number)
{
    while (number > 127) {
        entry->bytes[entry->used++] = (char)(number | 128);
        number >>= 7;
    }
    entry->bytes[entry->used++] = (char)number;
}

// Distances go both ways: the sign becomes the lowest bit.
static void
put_address(struct buffer *entry, uint64_t own, uint64_t address)
{
    uint64_t distance = address - own;

    put_number(entry, distance << 1 ^ (0 - (distance >> 63)));
}

static void
put_bytes(struct buffer *entry, const struct dump_record *record,
          struct dump_text text)
{
    put_number(entry, text.length);
    if (text.length)
        memcpy(entry->bytes + entry->used, record->text + text.at, text.length);
    entry->used += text.length;
}

static uint32_t
record_flags(const struct dump_record *record)
{
    uint32_t flags = 0;

    flags |= record->frozen ? RH_REBUILD_FROZEN : 0;
    flags |= record->embedded ? RH_REBUILD_EMBEDDED : 0;
    flags |= record->shared ? RH_REBUILD_SHARED : 0;
    flags |= record->fstring ? RH_REBUILD_INTERNED : 0;
    flags |= record->broken ? RH_REBUILD_BROKEN : 0;
    flags |= record->singleton ? RH_REBUILD_SINGLETON : 0;
    flags |=
        record->flags & DUMP_FLAG_WB_PROTECTED ? RH_REBUILD_WB_PROTECTED : 0;
    return flags;
}

static uint64_t
record_length(const struct dump_record *record)
{
    return record->bytesize ? record->bytesize
           : record->length ? record->length
           : record->size   ? record->size
                            : record->ivars;
}

static struct dump_text
record_name(const struct dump_record *record)
{
    if (record->type == DUMP_IMEMO)
        return record->imemo_type;
    if (record->type == DUMP_DATA)
        return record->struct_name;
    return record->name.length ? record->name : record->real_class_name;
}

static uint64_t
record_special(const struct dump_record *record)
{
    return record->superclass ? record->superclass : record->default_address;
}

static uint64_t
record_parts(const struct dump_record *record)
{
    uint64_t parts = (uint64_t)record_flags(record) << PART_SHIFT;

    parts |= record->class_address ? PART_CLASS : 0;
    parts |= record_special(record) ? PART_SPECIAL : 0;
    parts |= record_length(record) ? PART_LENGTH : 0;
    parts |= record->capacity ? PART_CAPACITY : 0;
    parts |= record_name(record).length ? PART_NAME : 0;
    parts |= dump_has(record, DUMP_KEY_value) ? PART_VALUE : 0;
    parts |= record->encoding.length ? PART_ENCODING : 0;
    parts |= dump_has(record, DUMP_KEY_fd) ? PART_FD : 0;
    parts |= record->reference_count ? PART_REFERENCES : 0;
    parts |= dump_has(record, DUMP_KEY_generation) ? PART_SITE : 0;
    return parts;
}

// No entry needs more.
static size_t
record_room(const struct dump_record *record)
{
    return (record->reference_count + 20) * NUMBER_BYTES +
           record_name(record).length + record->value.length +
           record->encoding.length;
}

static void
put_texts(struct buffer *entry, const struct dump_record *record,
          uint64_t parts)
{
    if (parts & PART_NAME)
        put_bytes(entry, record, record_name(record));
    if (parts & PART_VALUE)
        put_bytes(entry, record, record->value);
    if (parts & PART_ENCODING)
        put_bytes(entry, record, record->encoding);
}

// What the words of a site are known by; 0: there is none.
struct site_words {
    size_t file;
    size_t class_path;
    size_t method;
};

static bool
keep_word(struct tape *tape, const struct dump_record *record,
          enum dump_key key, struct dump_text text, size_t *number)
{
    *number = 0;
    if (!dump_has(record, key))
        return true;
    if (!words_keep(&tape->words, record->text + text.at, text.length, number))
        return false;
    ++*number;
    return true;
}

static bool
keep_words(struct tape *tape, const struct dump_record *record,
           struct site_words *words)
{
    return keep_word(tape, record, DUMP_KEY_file, record->file, &words->file) &&
           keep_word(tape, record, DUMP_KEY_x_class_path, record->class_path,
                     &words->class_path) &&
           keep_word(tape, record, DUMP_KEY_method, record->method,
                     &words->method);
}

static void
put_site(struct buffer *entry, const struct dump_record *record,
         const struct site_words *words)
{
    int64_t line = record->source_line;

    put_number(entry, words->file);
    put_number(entry, words->class_path);
    put_number(entry, words->method);
    put_number(entry, line > 0 && line <= UINT32_MAX ? (uint64_t)line : 0);
    put_number(entry, record->generation);
}

static void
put_references(struct buffer *entry, const struct dump_record *record)
{
    put_number(entry, record->reference_count);
    for (size_t i = 0; i < record->reference_count; i++)
        put_address(entry, record->address, record->references[i]);
}

static void
put_record(struct buffer *entry, const struct dump_record *record,
           const struct site_words *words)
{
    uint64_t parts = record_parts(record);

    put_number(entry, parts);
    put_number(entry, record->memsize);
    if (parts & PART_CLASS)
        put_address(entry, record->address, record->class_address);
    if (parts & PART_SPECIAL)
        put_address(entry, record->address, record_special(record));
    if (parts & PART_LENGTH)
        put_number(entry, record_length(record));
    if (parts & PART_CAPACITY)
        put_number(entry, record->capacity);
    if (parts & PART_FD)
        put_number(entry, (uint64_t)record->fd);
    put_texts(entry, record, parts);
    if (parts & PART_SITE)
        put_site(entry, record, words);
    if (parts & PART_REFERENCES)
        put_references(entry, record);
}

// A last block with room for `bytes` more.
static bool
make_room(struct tape *tape, size_t bytes)
{
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct tape_block *block = tape->last;

    if (block && block->room - block->used >= bytes)
        return true;
    block = malloc(sizeof *block + size);
    if (!block)
        return false;
    block->next = NULL;
    block->room = size;
    block->used = 0;
    if (tape->last)
        tape->last->next = block;
    else
        tape->first = block;
    tape->last = block;
    return true;
}

bool
tape_write(struct tape *tape, const struct dump_record *record)
{
    struct buffer *entry = &tape->entry;
    struct site_words words;

    entry->used = 0;
    if (!buffer_reserve(entry, record_room(record)) ||
        !keep_words(tape, record, &words))
        return false;
    put_record(entry, record, &words);
    if (!make_room(tape, entry->used))
        return false;
    memcpy(tape->last->bytes + tape->last->used, entry->bytes, entry->used);
    tape->last->used += entry->used;
    return true;
}

// --- reading -----------------------------------------------------------------

static uint64_t
take_number(struct tape *tape)
{
    const char *bytes = tape->first->bytes;
    uint64_t number = 0;
    unsigned shift = 0;
    unsigned char byte;

    do {
        byte = (unsigned char)bytes[tape->read++];
        number |= (uint64_t)(byte & 127) << shift;
        shift += 7;
    } while (byte & 128);
    return number;
}

static uint64_t
take_address(struct tape *tape, uint64_t own)
{
    uint64_t number = take_number(tape);

    return own + (number >> 1 ^ (0 - (number & 1)));
}

static const char *
take_bytes(struct tape *tape, size_t *length)
{
    const char *bytes;

    *length = take_number(tape);
    bytes = tape->first->bytes + tape->read;
    tape->read += *length;
    return bytes;
}

static void
take_texts(struct tape *tape, struct taped_object *object, uint64_t parts)
{
    if (parts & PART_NAME)
        object->name = take_bytes(tape, &object->name_length);
    if (parts & PART_VALUE)
        object->value = take_bytes(tape, &object->value_length);
    if (parts & PART_ENCODING)
        object->encoding = take_bytes(tape, &object->encoding_length);
}

// A word by its number, which may say that there is none.
static const char *
take_word(struct tape *tape)
{
    uint64_t number = take_number(tape);

    return number ? words_text(&tape->words, number - 1) : NULL;
}

static void
take_site(struct tape *tape, struct taped_object *object)
{
    object->is_traced = true;
    object->site.file = take_word(tape);
    object->site.class_path = take_word(tape);
    object->site.method = take_word(tape);
    object->site.line = (unsigned)take_number(tape);
    object->site.generation = take_number(tape);
}

static bool
take_references(struct tape *tape, uint64_t own, struct taped_object *object)
{
    size_t count = take_number(tape);
    struct buffer *buffer = &tape->references;

    if (!buffer_reserve(buffer, count * sizeof(uint64_t)))
        return false;
    object->references = (uint64_t *)(void *)buffer->bytes;
    object->reference_count = count;
    for (size_t i = 0; i < count; i++)
        object->references[i] = take_address(tape, own);
    return true;
}

// A block that has been read is not needed any more.
static void
advance(struct tape *tape)
{
    while (tape->read == tape->first->used) {
        struct tape_block *block = tape->first;

        tape->first = block->next;
        tape->read = 0;
        free(block);
    }
}

bool
tape_read(struct tape *tape, uint64_t address, struct taped_object *object)
{
    uint64_t parts;

    memset(object, 0, sizeof *object);
    advance(tape);
    parts = take_number(tape);
    object->flags = (uint32_t)(parts >> PART_SHIFT);
    object->memsize = take_number(tape);
    if (parts & PART_CLASS)
        object->class_address = take_address(tape, address);
    if (parts & PART_SPECIAL)
        object->special_address = take_address(tape, address);
    if (parts & PART_LENGTH)
        object->length = take_number(tape);
    if (parts & PART_CAPACITY)
        object->capacity = take_number(tape);
    object->fd = parts & PART_FD ? (int)(int64_t)take_number(tape) : -1;
    take_texts(tape, object, parts);
    if (parts & PART_SITE)
        take_site(tape, object);
    return !(parts & PART_REFERENCES) || take_references(tape, address, object);
}

struct words
tape_take_words(struct tape *tape)
{
    struct words words = tape->words;

    tape->words = (struct words){ .list = NULL };
    return words;
}

void
tape_free(struct tape *tape)
{
    words_free(&tape->words);
    while (tape->first) {
        struct tape_block *block = tape->first;

        tape->first = block->next;
        free(block);
    }
    tape->last = NULL;
    buffer_free(&tape->entry);
    buffer_free(&tape->references);
}
