// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/generic.h"

#include <rheap/external.h>
#include <rheap/rebuild.h>

#include <string.h>

enum {
    GENERIC_FIRST_CAPACITY = 16
};

static const struct rh_allocator *
generic_allocator(const struct rh_heap *heap)
{
    return &rh_heap_config(heap)->allocator;
}

static void *
generic_alloc(const struct rh_heap *heap, size_t bytes, bool zeroed)
{
    const struct rh_allocator *allocator = generic_allocator(heap);

    return allocator->alloc(allocator->context, bytes, zeroed);
}

static void
generic_free(const struct rh_heap *heap, void *block, size_t bytes)
{
    const struct rh_allocator *allocator = generic_allocator(heap);

    if (block)
        allocator->free(allocator->context, block, bytes);
}

// 0 when it cannot be told in a size_t.
static size_t
extra_bytes(size_t count, size_t name_length)
{
    size_t name = name_length == RHI_NO_NAME ? 0 : name_length + 1;

    if (count > PTRDIFF_MAX / sizeof(rh_value) || name > PTRDIFF_MAX)
        return 0;
    return sizeof(struct rhi_extra) + count * sizeof(rh_value) + name;
}

static void
extra_free(const struct rh_heap *heap, struct rhi_extra *extra)
{
    generic_free(heap, extra, extra_bytes(extra->count, extra->name_length));
}

const char *
rhi_extra_name(const struct rhi_extra *extra)
{
    if (extra->name_length == RHI_NO_NAME)
        return NULL;
    return (const char *)&extra->values[extra->count];
}

const char *
rh_rebuild_name(rh_value object, size_t *length)
{
    const struct rhi_object *o = rh_value_slot(object);
    const struct rhi_extra *extra = rhi_generic_find(rh_heap_of(o), o);

    if (!extra || extra->name_length == RHI_NO_NAME)
        return NULL;
    if (length)
        *length = extra->name_length;
    return rhi_extra_name(extra);
}

static struct rhi_extra *
extra_new(const struct rh_heap *heap, size_t count, const char *name,
          size_t name_length)
{
    size_t bytes;
    struct rhi_extra *extra;

    if (!name)
        name_length = RHI_NO_NAME;
    bytes = extra_bytes(count, name_length);
    extra = bytes ? generic_alloc(heap, bytes, false) : NULL;
    if (!extra)
        return NULL;
    extra->count = count;
    extra->name_length = name_length;
    for (size_t i = 0; i < count; i++)
        extra->values[i] = RH_UNDEF;
    if (name) {
        char *copy = (char *)&extra->values[count];

        memcpy(copy, name, name_length);
        copy[name_length] = '\0';
    }
    return extra;
}

// Where an object is looked for first: slots are 40 bytes apart, so the low
// bits of an address say little.
static size_t
generic_home(const struct rhi_generic *generic, const struct rhi_object *object)
{
    uint64_t mixed = (uint64_t)(uintptr_t)object * 0x9e3779b97f4a7c15;

    return (size_t)(mixed >> 32) & (generic->capacity - 1);
}

// The entry of an object, or the free one where it would be.
static struct rhi_generic_entry *
generic_probe(const struct rhi_generic *generic,
              const struct rhi_object *object)
{
    size_t i = generic_home(generic, object);

    while (generic->entries[i].object && generic->entries[i].object != object)
        i = (i + 1) & (generic->capacity - 1);
    return &generic->entries[i];
}

struct rhi_extra *
rhi_generic_find(const struct rh_heap *heap, const struct rhi_object *object)
{
    const struct rhi_generic *generic = &rhi_object_state(heap)->generic;

    if (!rhi_object_has(object, RH_OBJECT_IVARS) || !generic->capacity)
        return NULL;
    return generic_probe(generic, object)->extra;
}

static void
generic_put(struct rhi_generic *generic, const struct rhi_object *object,
            struct rhi_extra *extra)
{
    struct rhi_generic_entry *entry = generic_probe(generic, object);

    entry->object = object;
    entry->extra = extra;
    generic->count++;
}

// Make sure that one more entry leaves a quarter free.
static bool
generic_reserve(struct rh_heap *heap, struct rhi_generic *generic)
{
    struct rhi_generic old = *generic;

    if (old.capacity && (old.count + 1) * 4 <= old.capacity * 3)
        return true;
    generic->capacity =
        old.capacity ? old.capacity * 2 : GENERIC_FIRST_CAPACITY;
    generic->count = 0;
    generic->entries =
        generic_alloc(heap, generic->capacity * sizeof *generic->entries, true);
    if (!generic->entries) {
        *generic = old;
        return false;
    }
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].object)
            generic_put(generic, old.entries[i].object, old.entries[i].extra);
    generic_free(heap, old.entries, old.capacity * sizeof *old.entries);
    return true;
}

// Take an entry out, and move those behind it that could no longer be found
// across the gap.
static void
generic_remove(struct rhi_generic *generic, struct rhi_generic_entry *entry)
{
    size_t mask = generic->capacity - 1;
    size_t gap = (size_t)(entry - generic->entries);

    for (size_t i = (gap + 1) & mask; generic->entries[i].object;
         i = (i + 1) & mask) {
        size_t home = generic_home(generic, generic->entries[i].object);

        if (((i - home) & mask) >= ((i - gap) & mask)) {
            generic->entries[gap] = generic->entries[i];
            gap = i;
        }
    }
    generic->entries[gap] = (struct rhi_generic_entry){ NULL, NULL };
    generic->count--;
}

struct rhi_extra *
rhi_generic_add(struct rh_heap *heap, struct rhi_object *object, size_t count,
                const char *name, size_t name_length)
{
    struct rhi_generic *generic = &rhi_object_state(heap)->generic;
    struct rhi_extra *extra = extra_new(heap, count, name, name_length);

    if (!extra)
        return NULL;
    if (!generic_reserve(heap, generic)) {
        extra_free(heap, extra);
        return NULL;
    }
    generic_put(generic, object, extra);
    object->flags |= RH_OBJECT_IVARS;
    rh_external_attach(heap, object);
    return extra;
}

struct rhi_extra *
rhi_generic_resize(struct rh_heap *heap, struct rhi_object *object,
                   size_t count)
{
    struct rhi_extra *old = rhi_generic_find(heap, object);
    struct rhi_extra *extra;

    if (!old)
        return count ? rhi_generic_add(heap, object, count, NULL, 0) : NULL;
    if (count == 0 && old->name_length == RHI_NO_NAME) {
        rhi_generic_drop(heap, object);
        object->flags &= ~(uint64_t)RH_OBJECT_IVARS;
        return NULL;
    }
    extra = extra_new(heap, count, rhi_extra_name(old), old->name_length);
    if (!extra)
        return NULL;
    memcpy(extra->values, old->values,
           rhi_min(count, old->count) * sizeof(rh_value));
    generic_probe(&rhi_object_state(heap)->generic, object)->extra = extra;
    extra_free(heap, old);
    return extra;
}

void
rhi_generic_drop(struct rh_heap *heap, const struct rhi_object *object)
{
    struct rhi_generic *generic = &rhi_object_state(heap)->generic;
    struct rhi_extra *extra = rhi_generic_find(heap, object);

    if (!extra)
        return;
    generic_remove(generic, generic_probe(generic, object));
    extra_free(heap, extra);
}

void
rhi_generic_move(struct rh_heap *heap, const struct rhi_object *from,
                 const struct rhi_object *to)
{
    struct rhi_generic *generic = &rhi_object_state(heap)->generic;
    struct rhi_generic_entry *entry;
    struct rhi_extra *extra;

    if (!generic->capacity)
        return;
    entry = generic_probe(generic, from);
    extra = entry->extra;
    if (!extra)
        return;
    generic_remove(generic, entry);
    generic_put(generic, to, extra);
}

void
rhi_generic_end(struct rh_heap *heap, struct rhi_generic *generic)
{
    for (size_t i = 0; i < generic->capacity; i++)
        if (generic->entries[i].object)
            extra_free(heap, generic->entries[i].extra);
    generic_free(heap, generic->entries,
                 generic->capacity * sizeof *generic->entries);
}
