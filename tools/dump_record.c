// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_record.h"

#include <string.h>

#define FIELD(key, form, member)                                               \
    [DUMP_KEY_##key] = { #key, sizeof #key - 1, DUMP_FORM_##form,              \
                         offsetof(struct dump_record, member) },
const struct dump_field dump_fields[DUMP_KEY_COUNT] = { DUMP_FIELDS(FIELD) };
#undef FIELD

_Static_assert(DUMP_KEY_COUNT <= 64, "one bit of `present' for each");

enum dump_key
dump_key_named(const char *key, size_t length)
{
    const struct dump_field *field = dump_fields;

    for (int i = 0; i < DUMP_KEY_COUNT; i++, field++) {
        if (field->key_length > length)
            break;
        if (field->key_length == length && memcmp(field->key, key, length) == 0)
            return (enum dump_key)i;
    }
    return DUMP_KEY_COUNT;
}

static const struct {
    const char *key;
    enum dump_flag flag;
} flag_names[] = {
    { "wb_protected", DUMP_FLAG_WB_PROTECTED },
    { "old", DUMP_FLAG_OLD },
    { "uncollectible", DUMP_FLAG_UNCOLLECTIBLE },
    { "marking", DUMP_FLAG_MARKING },
    { "marked", DUMP_FLAG_MARKED },
    { "pinned", DUMP_FLAG_PINNED },
};

uint32_t
dump_flag_named(const char *key, size_t length)
{
    for (size_t i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
        if (strlen(flag_names[i].key) == length &&
            memcmp(flag_names[i].key, key, length) == 0)
            return flag_names[i].flag;
    return 0;
}

// More than any process can have, and more than any Ruby cuts its pages into.
static const uint64_t max_bytes = (uint64_t)1 << 47;
static const uint64_t max_slot_size = 16384;

static const char *
check_sizes(const struct dump_record *record)
{
    if (record->memsize > max_bytes)
        return "impossible \"memsize\": more than 128 TB";
    if (record->bytesize > max_bytes || record->capacity > max_bytes)
        return "impossible \"bytesize\" or \"capacity\": more than 128 TB";
    if (record->length > max_bytes || record->size > max_bytes ||
        record->ivars > max_bytes)
        return "impossible \"length\", \"size\" or \"ivars\": more than 2^47";
    if (record->slot_size % 8 || record->slot_size > max_slot_size ||
        (dump_has(record, DUMP_KEY_slot_size) && !record->slot_size))
        return "impossible \"slot_size\": not a multiple of 8 up to 16384";
    return NULL;
}

static const char *
check_place(const struct dump_record *record)
{
    if (!record->address)
        return "no \"address\"";
    if (record->address % 8)
        return "bad \"address\": not a multiple of 8";
    if (dump_has(record, DUMP_KEY_x_page) != dump_has(record, DUMP_KEY_x_slot))
        return "\"x_page\" and \"x_slot\" belong together";
    return NULL;
}

const char *
dump_record_check(const struct dump_record *record)
{
    const char *wrong;

    if (!dump_has(record, DUMP_KEY_type))
        return "no \"type\"";
    if (record->type == DUMP_ROOT)
        return record->root.length ? NULL : "no \"root\" category";
    if (record->type == DUMP_SHAPE)
        return NULL;
    wrong = check_place(record);
    return wrong ? wrong : check_sizes(record);
}
