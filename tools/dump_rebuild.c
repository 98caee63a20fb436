// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_rebuild.h"

#include <rheap/constants.h>
#include <rheap/rebuild.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- edges -------------------------------------------------------------------

// The new slot of the object at an old address, or 0.
static rh_value
slot_of(const struct dump_rebuild *rebuild, uint64_t address)
{
    ptrdiff_t i = dump_store_find(rebuild->store, address);

    return i == DUMP_NOBODY ? 0 : (rh_value)rebuild->slots[i];
}

// Whether `address` can be the file that an old Ruby wrote the dump to: on the
// stack of who called dump_all, in a slot that no line speaks of.
static bool
is_output_file(const struct dump_rebuild *rebuild, uint64_t address)
{
    const struct dump_store *store = rebuild->store;

    if (!dump_layout_covers(rebuild->layout, address) ||
        dump_store_find(store, address) != DUMP_NOBODY)
        return false;
    for (size_t i = 0; i < store->root_count; i++) {
        const struct dump_root *root = &store->roots[i];

        if (strcmp(root->category, "machine_context") != 0)
            continue;
        for (size_t k = 0; k < root->count; k++)
            if (root->words[k] == address)
                return true;
    }
    return false;
}

// Count an edge that leads to nothing; false: there may be none.
static bool
tolerate(struct dump_rebuild *rebuild, uint64_t address)
{
    rebuild->facts->dangling++;
    if (rebuild->may_dangle || address == rebuild->missing)
        return true;
    if (!rebuild->missing && is_output_file(rebuild, address)) {
        rebuild->missing = address;
        return true;
    }
    snprintf(rebuild->cause, sizeof rebuild->cause,
             "refers to 0x%llx, which is no object of this dump",
             (unsigned long long)address);
    return false;
}

// Addresses become slots, in place; *count is what is left.
static const char *
resolve(struct dump_rebuild *rebuild, uint64_t *words, size_t *count)
{
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++) {
        rh_value slot = slot_of(rebuild, words[i]);

        if (slot)
            words[kept++] = slot;
        else if (!tolerate(rebuild, words[i]))
            return rebuild->cause;
    }
    *count = kept;
    return NULL;
}

// --- descriptions ------------------------------------------------------------

static enum rh_type
type_of(enum dump_type type)
{
    const char *name = dump_type_name(type);
    enum rh_type known = rh_type_named(name, strlen(name));

    return known == RH_TYPE_NONE ? RH_TYPE_IMEMO : known;
}

static size_t
external_bytes(const struct dump_rebuild *rebuild, uint64_t memsize)
{
    if (rebuild->store->has_bare_memsizes)
        return (size_t)memsize;
    return memsize > RH_SLOT_BYTES ? (size_t)memsize - RH_SLOT_BYTES : 0;
}

// The number that a FLOAT's value spells.
static double
spelled_number(const struct taped_object *taped)
{
    char digits[64];
    size_t length = taped->value_length;

    if (!taped->value || length >= sizeof digits)
        return 0;
    memcpy(digits, taped->value, length);
    digits[length] = '\0';
    return strtod(digits, NULL);
}

static void
describe_contents(struct rh_rebuild *to, const struct taped_object *from)
{
    to->bytesize = (size_t)from->length;
    to->length = (size_t)from->length;
    to->capacity = (size_t)from->capacity;
    to->fd = from->fd;
    if (from->value && from->value_length == from->length)
        to->bytes = from->value;
    if (from->encoding)
        to->encoding =
            rh_string_encoding_named(from->encoding, from->encoding_length);
    if (to->type == RH_TYPE_FLOAT)
        to->number = spelled_number(from);
}

// Kinds of slots that are Ruby's and not ours become internal objects named
// after them.
static void
describe_name(struct rh_rebuild *to, const struct taped_object *from,
              enum dump_type type)
{
    to->name = from->name;
    to->name_length = from->name_length;
    if (to->type == RH_TYPE_IMEMO && type != DUMP_IMEMO) {
        to->name = dump_type_name(type);
        to->name_length = strlen(to->name);
    }
}

// A superclass or default is one of the references, or it is not known.
static rh_value
special_among(const struct dump_rebuild *rebuild,
              const struct taped_object *taped)
{
    rh_value special =
        taped->special_address ? slot_of(rebuild, taped->special_address) : 0;

    for (size_t i = 0; special && i < taped->reference_count; i++)
        if (taped->references[i] == special)
            return special;
    return 0;
}

static rh_value
known_class(struct dump_rebuild *rebuild, const struct taped_object *taped)
{
    rh_value class_of;

    if (!taped->class_address)
        return 0;
    class_of = slot_of(rebuild, taped->class_address);
    rebuild->facts->unknown_class += class_of == 0;
    return class_of;
}

static void
describe(struct dump_rebuild *rebuild, struct rh_rebuild *to,
         const struct taped_object *from, enum dump_type type)
{
    rh_rebuild_init(to);
    to->type = type_of(type);
    to->flags = from->flags;
    if (rebuild->no_external)
        to->flags |= RH_REBUILD_ACCOUNT_ONLY;
    to->class_of = known_class(rebuild, from);
    to->special = special_among(rebuild, from);
    to->external_bytes = external_bytes(rebuild, from->memsize);
    to->references = (const rh_value *)from->references;
    to->reference_count = from->reference_count;
    describe_contents(to, from);
    describe_name(to, from, type);
}

static const char *
keep_site(const struct dump_rebuild *rebuild, size_t i,
          const struct taped_object *taped)
{
    if (!taped->is_traced ||
        rh_site_set(rebuild->heap, rebuild->slots[i], &taped->site) == RH_OK)
        return NULL;
    return "not enough memory for where it was allocated";
}

_Static_assert(sizeof(rh_value) == sizeof(uint64_t), "addresses fit in place");

const char *
dump_rebuild_object(struct dump_rebuild *rebuild, size_t i)
{
    const struct dump_entry *entry = &rebuild->store->entries[i];
    struct taped_object taped;
    struct rh_rebuild description;
    const char *wrong;
    enum rh_status status;

    if (!tape_read(&rebuild->store->tape, entry->address, &taped))
        return "not enough memory for its references";
    if (entry->is_dropped)
        return NULL;
    wrong = resolve(rebuild, taped.references, &taped.reference_count);
    if (wrong)
        return wrong;
    describe(rebuild, &description, &taped, (enum dump_type)entry->type);
    status = rh_object_rebuild(rebuild->heap, rebuild->slots[i], &description);
    if (status == RH_OK)
        return keep_site(rebuild, i, &taped);
    snprintf(rebuild->cause, sizeof rebuild->cause,
             "cannot be rebuilt with %zu bytes outside its slot: %s",
             description.external_bytes, rh_status_string(status));
    return rebuild->cause;
}

const char *
dump_rebuild_root(struct dump_rebuild *rebuild, struct dump_root *root)
{
    return resolve(rebuild, root->words, &root->count);
}
