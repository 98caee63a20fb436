// SPDX-License-Identifier: MIT
/*
 * Everything at once: a long random run in which all that a heap can do happens
 * in any order, against a shadow of what the program can reach.
 *
 * Each object has a serial number, which is its index among the shadows; a
 * shadow says what the object refers to.  After each operation the heap
 * verifies, and all that the roots reach is compared with the shadows: the same
 * objects, at one address each, with the same references and bytes.  Objects
 * that nobody reaches may go any time; until a full collection weak references
 * and ids may still lead to them, and bring them back.  What was out of reach
 * between two operations is `doubted': weak references to it, and its
 * finalizers, may have done their work.
 *
 * RH_SEED=number repeats a run; RH_STEPS=number makes it longer or shorter;
 * RH_TRACE=1 names the operations.
 */
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/compact.h>
#include <rheap/data.h>
#include <rheap/dump.h>
#include <rheap/finalizer.h>
#include <rheap/fork.h>
#include <rheap/hash.h>
#include <rheap/identity.h>
#include <rheap/profile.h>
#include <rheap/site.h>
#include <rheap/stack.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/weak.h>

enum {
    NOBODY = -1,
    MOST_LIVE = 400, // then roots are dropped
    REFS = 60,       // weak references at a time
    MAPS = 6,
    ENTRIES = 40,
    WORDS = 200, // finalizers, in all
    HANDLES = 30,
    SCOPES = 6,
    BOXED = 6
};

// Places: roots of five kinds.
enum {
    RANGE = 0,
    SINGLE = 8,
    CALLED = 12,
    STUCK = 16,
    STACKED = 20,
    PLACES = 24
};

enum kind {
    RAW,
    ARRAY,
    HASH,
    STRING,
    OBJECT,
    STRUCT,
    DATA,
    KINDS
};

struct thing {
    enum kind kind;
    int *edges; // NOBODY: none
    size_t count, room;
    size_t bytes; // of a string
    unsigned char fill;
    uint64_t id;
    unsigned line; // where it was made; 0: nobody traced
    void *address; // if reached
    bool reached;
    bool released;
    bool haunted; // owns a map that was given up
};

struct ref {
    struct rh_weak_ref *ref;
    int target;
    bool doubted;
};

struct entry {
    int key, value;
    bool doubted;
};

struct map {
    struct rh_weak_map *map;
    enum rh_weak_kind kind;
    int owner;
    struct entry entries[ENTRIES];
    size_t count;
};

struct word { // a finalizer
    int target;
    bool registered;
    bool doubted;
};

// A node of 56 bytes, when there are no Ruby-style objects.
struct raw {
    uint64_t serial;
    uintptr_t left, right; // tagged
    void *stuck;           // plain, cannot be rewritten
    uintptr_t *items;      // tagged
    uint32_t count, room;
    uint32_t ref; // 1 + index of a weak reference that goes with it
    uint32_t adjusted;
};

struct box {
    struct rh_heap *heap;
    int64_t serial;
    rh_value words[BOXED];
};

static struct mix {
    struct check_world world;
    struct rh_heap *heap;
    uint64_t seed;
    size_t steps, step;
    bool ruby, trace;
    uintptr_t tag;

    struct thing *things;
    int count, room;
    int reached;
    int *stack; // of those reached whose edges are to be compared
    int height;

    uintptr_t words[PLACES];
    int place[PLACES];
    void **handle[HANDLES];
    int held[HANDLES];
    size_t handles;
    size_t scope[SCOPES], scope_handles[SCOPES];
    size_t scopes;

    struct ref refs[REFS];
    struct map maps[MAPS];
    struct word last[WORDS];
    size_t last_count;

    bool moody;        // callbacks collect and allocate
    bool may_leave;    // and longjmp
    struct box *loose; // no object has it yet
    bool ending;       // finalizers do nothing more
    jmp_buf leave;
    bool scanning;
    size_t tracing;
    unsigned listening;
    unsigned walks;
    bool faulty;  // memory fails now and then
    bool refused; // it has
} mix;

static size_t
below(size_t limit)
{
    return check_random_below(&mix.seed, limit);
}

static bool
chance(size_t n)
{
    return below(n) == 0;
}

// It may fail, and then nothing has happened.
static void
done(enum rh_status status)
{
    assert_int_not_equal(status, RH_BAD_ARGUMENT);
}

// The shadows.

static int
thing_new(enum kind kind)
{
    if (mix.count == mix.room) {
        mix.room = mix.room ? mix.room * 2 : 1000;
        mix.things = realloc(mix.things, (size_t)mix.room * sizeof *mix.things);
        mix.stack = realloc(mix.stack, (size_t)mix.room * sizeof *mix.stack);
        assert_true(mix.things && mix.stack);
    }
    mix.things[mix.count] = (struct thing){ .kind = kind };
    return mix.count++;
}

static void
thing_insert(int index, size_t at, int edge)
{
    struct thing *thing = &mix.things[index];

    if (thing->count == thing->room) {
        thing->room = thing->room ? thing->room * 2 : 8;
        thing->edges =
            realloc(thing->edges, thing->room * sizeof *thing->edges);
        assert_non_null(thing->edges);
    }
    memmove(thing->edges + at + 1, thing->edges + at,
            (thing->count - at) * sizeof *thing->edges);
    thing->edges[at] = edge;
    thing->count++;
}

static void
thing_push(int index, int edge)
{
    thing_insert(index, mix.things[index].count, edge);
}

static void
thing_delete(int index, size_t at, size_t count)
{
    struct thing *thing = &mix.things[index];

    memmove(thing->edges + at, thing->edges + at + count,
            (thing->count - at - count) * sizeof *thing->edges);
    thing->count -= count;
}

static void
thing_resize(int index, size_t count)
{
    while (mix.things[index].count < count)
        thing_push(index, NOBODY);
    mix.things[index].count = count;
}

// Objects.

static void
raw_trace(void *object, struct rh_visitor *visitor)
{
    struct raw *raw = object;

    rh_visit(visitor, &raw->left);
    rh_visit(visitor, &raw->right);
    rh_visit_pinned(visitor, raw->stuck);
    if (raw->count)
        rh_visit_slices(visitor, raw);
}

static bool
raw_trace_range(void *object, size_t from, size_t to,
                struct rh_visitor *visitor)
{
    struct raw *raw = object;

    for (size_t i = from; i < to && i < raw->count; i++)
        rh_visit(visitor, &raw->items[i]);
    return to < raw->count;
}

static void
raw_release(struct rh_heap *heap, void *object)
{
    struct raw *raw = object;

    if (raw->ref) {
        struct ref *ref = &mix.refs[raw->ref - 1];

        rh_weak_ref_free(heap, ref->ref);
        *ref = (struct ref){ .target = NOBODY };
    }
    rh_external_free(heap, raw->items, raw->room * sizeof *raw->items);
    if (raw->adjusted)
        rh_external_adjust(heap, NULL, -(ptrdiff_t)raw->adjusted);
    if (!raw->serial)
        return;
    assert_false(mix.things[raw->serial - 1].released);
    mix.things[raw->serial - 1].released = true;
}

static size_t
raw_size(struct rh_heap *heap, const void *object)
{
    (void)heap;
    return ((const struct raw *)object)->room * sizeof(uintptr_t);
}

static struct rh_model raw_model = {
    .struct_bytes = sizeof(struct rh_model),
    .name = "raw",
    .trace = raw_trace,
    .trace_range = raw_trace_range,
    .release = raw_release,
    .size = raw_size,
    .flags = RH_MODEL_MOVABLE | RH_MODEL_BARRIERED | RH_MODEL_RELEASE_ALL,
};

static uintptr_t
tagged(const void *object)
{
    return object ? (uintptr_t)object | mix.tag : 0;
}

static void *
untagged(uintptr_t word)
{
    return (void *)(word & ~(uintptr_t)7);
}

static void
box_trace(void *data, struct rh_visitor *visitor)
{
    struct box *box = data;

    for (size_t i = 0; i < BOXED - 1; i++)
        rh_visit(visitor, &box->words[i]);
    rh_visit_pinned(visitor, (void *)box->words[BOXED - 1]);
}

static void
box_free(struct rh_heap *heap, void *data)
{
    rh_external_free(heap, data, sizeof(struct box));
}

static const struct rh_data_type box_types[] = {
    { .name = "box", .trace = box_trace, .free = box_free },
    { .name = "protected box",
      .trace = box_trace,
      .free = box_free,
      .flags = RH_DATA_WB_PROTECTED },
};

// The serial number of an object that has one.
static int
serial_of(const void *object)
{
    rh_value value = rh_value_of_slot(object);

    if (!mix.ruby)
        return (int)((const struct raw *)object)->serial - 1;
    switch (rh_type_of(value)) {
    case RH_TYPE_STRUCT:
        value = rh_struct_get(value, 0);
        break;
    case RH_TYPE_DATA:
        return (int)((struct box *)rh_data_pointer(value))->serial;
    default:
        value = rh_ivar_get(value, 0);
    }
    return value == RH_UNDEF ? NOBODY : (int)rh_fixnum_value(value);
}

static bool
pairs_collect(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    rh_value **next = context;

    (void)heap;
    *(*next)++ = key;
    *(*next)++ = value;
    return true;
}

// Reference number `i`, or NULL.  Hashes are read whole.
static void *
edge_of(const struct thing *thing, size_t i)
{
    rh_value value = rh_value_of_slot(thing->address);
    struct raw *raw = thing->address;

    switch (thing->kind) {
    case RAW:
        return i == 0   ? untagged(raw->left)
               : i == 1 ? untagged(raw->right)
               : i == 2 ? raw->stuck
                        : untagged(raw->items[i - 3]);
    case ARRAY:
        value = rh_array_get(value, i);
        break;
    case OBJECT:
        value = rh_ivar_get(value, i + 1);
        break;
    case STRUCT:
        value = rh_struct_get(value, i + 1);
        break;
    default:
        value = ((struct box *)rh_data_pointer(value))->words[i];
    }
    return rh_value_is_immediate(value) ? NULL : rh_value_slot(value);
}

static size_t
edges_of(const struct thing *thing)
{
    rh_value value = rh_value_of_slot(thing->address);

    switch (thing->kind) {
    case RAW:
        return 3 + ((struct raw *)thing->address)->count;
    case ARRAY:
        return rh_array_length(value);
    case HASH:
        return rh_hash_size(value) * 2;
    case STRING:
        return 0;
    case OBJECT:
        return rh_ivar_count(value) - 1;
    case STRUCT:
        return rh_struct_length(value) - 1;
    default:
        return BOXED;
    }
}

// Comparing.

static void
match(void *object, int index)
{
    struct thing *thing;

    if (index == NOBODY) {
        assert_null(object);
        return;
    }
    thing = &mix.things[index];
    assert_non_null(object);
    assert_false(thing->released);
    if (thing->reached) {
        assert_ptr_equal(object, thing->address);
        return;
    }
    assert_true(rh_heap_is_live(mix.heap, (uintptr_t)object));
    assert_int_equal(serial_of(object), index);
    thing->reached = true;
    thing->address = object;
    mix.stack[mix.height++] = index;
    mix.reached++;
}

static void
match_string(const struct thing *thing)
{
    rh_value string = rh_value_of_slot(thing->address);
    const char *bytes = rh_string_bytes(string);

    assert_int_equal(rh_string_length(string), thing->bytes);
    for (size_t i = 0; i < thing->bytes; i++)
        if ((unsigned char)bytes[i] != (unsigned char)(thing->fill + i))
            fail_msg("a string has other bytes");
}

static void
match_hash(const struct thing *thing)
{
    rh_value *pairs = malloc((thing->count + 1) * sizeof *pairs);
    rh_value *next = pairs;

    assert_non_null(pairs);
    assert_int_equal(rh_hash_each(mix.heap, rh_value_of_slot(thing->address),
                                  pairs_collect, &next),
                     RH_OK);
    for (size_t i = 0; i < thing->count; i++)
        match(rh_value_is_immediate(pairs[i]) ? NULL : rh_value_slot(pairs[i]),
              thing->edges[i]);
    free(pairs);
}

static void
match_one(const struct thing *thing)
{
    struct rh_site site;
    const char *why = NULL;

    assert_int_equal(edges_of(thing), thing->count);
    if (mix.ruby && rh_object_check(mix.heap, rh_value_of_slot(thing->address),
                                    &why) != RH_OK)
        fail_msg("%s", why);
    if (thing->id)
        assert_ptr_equal(rh_identity_object(mix.heap, thing->id),
                         thing->address);
    if (thing->line && !rh_site_lost(mix.heap)) {
        assert_int_equal(rh_site_of(mix.heap, thing->address, &site), RH_OK);
        assert_int_equal(site.line, thing->line);
    }
    if (thing->kind == STRING)
        match_string(thing);
    else if (thing->kind == HASH)
        match_hash(thing);
    else
        for (size_t i = 0; i < thing->count; i++)
            match(edge_of(thing, i), thing->edges[i]);
}

static void
match_all(void)
{
    while (mix.height > 0)
        match_one(&mix.things[mix.stack[--mix.height]]);
}

static bool
is_reached(int index)
{
    return index == NOBODY || mix.things[index].reached;
}

// Entries whose keys are reached; answers whether they led on.
static bool
match_map(struct map *map)
{
    int before = mix.reached;

    for (size_t i = 0; i < map->count; i++) {
        struct entry *entry = &map->entries[i];
        void *value = NULL;
        enum rh_status status;

        if (!is_reached(entry->key))
            continue;
        status = rh_weak_map_get(mix.heap, map->map,
                                 mix.things[entry->key].address, &value);
        if (status == RH_OK && map->kind == RH_WEAK_KEY)
            match(value, entry->value);
        else if (status == RH_OK)
            assert_int_equal(serial_of(value), entry->value);
        else
            assert_true(status == RH_NOT_FOUND &&
                        (entry->doubted || (map->kind == RH_WEAK_BOTH &&
                                            !is_reached(entry->value))));
        if (status != RH_OK)
            map->entries[i--] = map->entries[--map->count];
    }
    match_all();
    return mix.reached != before;
}

static void
match_maps(void)
{
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < MAPS; i++)
            if (mix.maps[i].map && is_reached(mix.maps[i].owner) &&
                match_map(&mix.maps[i]))
                more = true;
    }
}

static void
doubt_maps(void)
{
    for (size_t i = 0; i < MAPS; i++) {
        struct map *map = &mix.maps[i];

        if (!map->map)
            continue;
        if (!is_reached(map->owner)) {
            mix.things[map->owner].haunted = true;
            map->map = NULL;
            continue;
        }
        for (size_t j = 0; j < map->count; j++)
            if (!is_reached(map->entries[j].key) ||
                (map->kind == RH_WEAK_BOTH &&
                 !is_reached(map->entries[j].value)))
                map->entries[j].doubted = true;
    }
}

static void
match_refs(void)
{
    for (size_t i = 0; i < REFS; i++) {
        struct ref *ref = &mix.refs[i];
        void *object;

        if (!ref->ref)
            continue;
        if (!is_reached(ref->target))
            ref->doubted = true;
        object = rh_weak_ref_get(ref->ref);
        if (!object && ref->doubted)
            ref->target = NOBODY;
        else if (ref->target == NOBODY)
            assert_null(object);
        else if (is_reached(ref->target))
            assert_ptr_equal(object, mix.things[ref->target].address);
        else
            assert_int_equal(serial_of(object), ref->target);
    }
}

static void
reach(void)
{
    bool moody = mix.moody;

    mix.moody = false;
    mix.height = 0;
    mix.reached = 0;
    for (int i = 0; i < mix.count; i++)
        mix.things[i].reached = false;
    for (size_t i = 0; i < PLACES; i++)
        match(i >= STUCK ? (void *)mix.words[i] : untagged(mix.words[i]),
              mix.place[i]);
    for (size_t i = 0; i < mix.handles; i++)
        match(*mix.handle[i], mix.held[i]);
    match_all();
    match_maps();
    mix.moody = moody;
}

// Look at all that is reached, and doubt what refers to the rest.  No memory
// fails meanwhile.
static void
settle(void)
{
    size_t fail_at = mix.world.faults.fail_at;

    mix.world.faults.fail_at = 0;
    reach();
    doubt_maps();
    match_refs();
    for (size_t i = 0; i < mix.last_count; i++)
        if (!is_reached(mix.last[i].target))
            mix.last[i].doubted = true;
    mix.world.faults.fail_at = fail_at;
}

static void
compare(void)
{
    check_heap(mix.heap);
    settle();
    assert_int_equal(check_stat(mix.heap, "x_handle_count"), mix.handles);
    assert_true(mix.refused || rh_site_lost(mix.heap) == 0);
}

// Somebody who is reached, or NOBODY.
static int
somebody(void)
{
    int index = NOBODY;

    if (mix.handles && chance(4))
        index = mix.held[below(mix.handles)];
    for (int i = 0; i < 4 && index == NOBODY; i++)
        index = mix.place[below(mix.scanning ? PLACES : STACKED)];
    for (size_t steps = below(5); steps > 0 && index != NOBODY; steps--) {
        const struct thing *thing = &mix.things[index];
        int next = thing->count ? thing->edges[below(thing->count)] : NOBODY;

        if (next != NOBODY)
            index = next;
    }
    return index;
}

static int
somebody_of(enum kind kind)
{
    for (int i = 0; i < 20; i++) {
        int index = somebody();

        if (index != NOBODY && mix.things[index].kind == kind)
            return index;
    }
    return NOBODY;
}

static void *
address_of(int index)
{
    return index == NOBODY ? NULL : mix.things[index].address;
}

static rh_value
value_of(int index)
{
    return index == NOBODY ? RH_NIL : rh_value_of_slot(address_of(index));
}

static void
put(size_t place, int index, void *object)
{
    mix.place[place] = index;
    mix.words[place] = place >= STUCK ? (uintptr_t)object : tagged(object);
}

static size_t
some_place(void)
{
    return below(mix.scanning ? PLACES : STACKED);
}

// Callbacks.

static void
misbehave(void)
{
    if (!mix.moody)
        return;
    if (chance(6))
        (void)rh_heap_alloc(mix.heap);
    if (chance(10))
        rh_heap_safepoint(mix.heap);
    if (!mix.walks && chance(12))
        rh_heap_minor(mix.heap);
    if (!mix.walks && chance(15))
        rh_heap_collect(mix.heap);
    if (!mix.walks && chance(20))
        (void)rh_heap_compact(mix.heap, NULL);
    if (mix.may_leave && chance(15))
        longjmp(mix.leave, 1);
}

static uint64_t
key_hash(struct rh_heap *heap, void *key)
{
    int serial = serial_of(key);

    (void)heap;
    misbehave();
    return (uint64_t)serial % 7;
}

static bool
key_equal(struct rh_heap *heap, void *there, void *key)
{
    bool equal = serial_of(there) == serial_of(key);

    (void)heap;
    misbehave();
    return equal;
}

static const struct rh_weak_type moody_map = { key_hash, key_equal };

static uint64_t
value_hash(struct rh_heap *heap, rh_value key)
{
    return key_hash(heap, rh_value_slot(key));
}

static bool
value_equal(struct rh_heap *heap, rh_value a, rh_value b)
{
    return key_equal(heap, rh_value_slot(a), rh_value_slot(b));
}

static const struct rh_hash_type moody_hash = { value_hash, value_equal };

// Operations.

static bool
set_serial(rh_value value, int serial)
{
    return rh_ivar_set(mix.heap, value, 0, rh_fixnum_from(serial)) == RH_OK;
}

static void
free_loose(void)
{
    rh_external_free(mix.heap, mix.loose, sizeof *mix.loose);
    mix.loose = NULL;
}

static rh_value
make_box(int serial)
{
    struct box *box = rh_external_calloc(mix.heap, 1, sizeof *box);
    rh_value value;

    if (!box)
        return RH_UNDEF;
    box->heap = mix.heap;
    box->serial = serial;
    mix.loose = box;
    value = rh_typed_data_new(mix.heap, 0, &box_types[below(2)], box);
    if (value != RH_UNDEF)
        mix.loose = NULL;
    free_loose();
    return value;
}

static rh_value
make_string(int index)
{
    char bytes[200];
    size_t length = below(sizeof bytes);

    mix.things[index].bytes = length;
    mix.things[index].fill = (unsigned char)index;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(unsigned char)(index + (int)i);
    return rh_string_new(mix.heap, 0, bytes, length);
}

static rh_value
make_struct(int index)
{
    rh_value members[8];
    size_t count = 1 + below(7);

    for (size_t i = 1; i < count; i++) {
        thing_push(index, NOBODY);
        members[i] = RH_NIL;
    }
    members[0] = rh_fixnum_from(index);
    return rh_struct_new(mix.heap, 0, members, count);
}

static rh_value
make_value(int index)
{
    switch (mix.things[index].kind) {
    case ARRAY:
        thing_resize(index, chance(20) ? below(600) : below(8));
        return rh_array_new(mix.heap, 0, NULL, mix.things[index].count);
    case HASH:
        return rh_hash_new(mix.heap, 0,
                           chance(2)   ? &moody_hash
                           : chance(2) ? rh_hash_type_identity()
                                       : NULL);
    case STRING:
        return make_string(index);
    case OBJECT:
        thing_resize(index, below(7));
        return rh_object_new(mix.heap, 0, mix.things[index].count + 1);
    case STRUCT:
        return make_struct(index);
    default:
        thing_resize(index, BOXED);
        return make_box(index);
    }
}

static void *
make_ruby(int index)
{
    rh_value value = make_value(index);
    enum kind kind = mix.things[index].kind;

    if (value == RH_UNDEF)
        return NULL;
    if (kind != STRUCT && kind != DATA && !set_serial(value, index))
        return NULL;
    return rh_value_slot(value);
}

static void *
make_raw(int index)
{
    struct raw *raw = rh_heap_alloc(mix.heap);

    if (!raw)
        return NULL;
    thing_resize(index, 3);
    raw->serial = (uint64_t)index + 1;
    return raw;
}

static void
op_make(void)
{
    int index = thing_new(mix.ruby ? (enum kind)(ARRAY + below(DATA)) : RAW);
    unsigned line = (unsigned)mix.step + 1;
    void *object;

    rh_site_at(mix.heap, "mix", line);
    object = mix.ruby ? make_ruby(index) : make_raw(index);
    if (!object)
        return;
    if (mix.tracing && !rh_site_lost(mix.heap))
        mix.things[index].line = line;
    put(some_place(), index, object);
}

static void
store_raw(struct raw *raw, size_t at, void *child)
{
    struct rh_fast *fast = rh_heap_fast(mix.heap);

    if (at == 0)
        raw->left = tagged(child);
    else if (at == 1)
        raw->right = tagged(child);
    else if (at == 2)
        raw->stuck = child;
    else
        raw->items[at - 3] = tagged(child);
    if (!rh_barrier_is_protected(mix.heap, raw) && chance(2))
        return;
    if (at < 3)
        rh_fast_barrier(mix.heap, fast, raw, child);
    else
        rh_fast_barrier_at(mix.heap, fast, raw, at - 3, child);
}

static void
store_box(rh_value parent, size_t at, int child)
{
    struct box *box = rh_data_pointer(parent);

    box->words[at] = value_of(child);
    if (rh_data_type(parent)->flags & RH_DATA_WB_PROTECTED)
        rh_barrier_write(mix.heap, rh_value_slot(parent), address_of(child));
}

static enum rh_status
store(int index, size_t at, int child)
{
    rh_value parent = value_of(index);
    rh_value value = value_of(child);

    switch (mix.things[index].kind) {
    case RAW:
        store_raw(address_of(index), at, address_of(child));
        return RH_OK;
    case ARRAY:
        return rh_array_set(mix.heap, parent, at, value);
    case OBJECT:
        return rh_ivar_set(mix.heap, parent, at + 1,
                           child == NOBODY ? RH_UNDEF : value);
    case STRUCT:
        return rh_struct_set(mix.heap, parent, at + 1, value);
    case DATA:
        store_box(parent, at, child);
        return RH_OK;
    default:
        return RH_UNSUPPORTED;
    }
}

static void
op_store(void)
{
    int index = somebody();
    int child = chance(6) ? NOBODY : somebody();
    size_t at;

    if (index == NOBODY || mix.things[index].count == 0)
        return;
    at = below(mix.things[index].count);
    if (store(index, at, child) == RH_OK)
        mix.things[index].edges[at] = child;
}

static void
op_place(void)
{
    int index = chance(3) || mix.reached > MOST_LIVE ? NOBODY : somebody();

    put(some_place(), index, address_of(index));
}

static void
raw_grow(int index, struct raw *raw)
{
    size_t room = raw->room + 1 + below(chance(5) ? 300 : 8);
    uintptr_t *items = rh_external_realloc(
        mix.heap, raw->items, raw->room * sizeof *items, room * sizeof *items);

    if (!items)
        return;
    memset(items + raw->count, 0, (room - raw->count) * sizeof *items);
    raw->items = items;
    raw->room = (uint32_t)room;
    raw->count = (uint32_t)room;
    rh_external_attach(mix.heap, raw);
    rh_barrier_all(mix.heap, raw);
    thing_resize(index, 3 + room);
}

static void
op_raw(void)
{
    int index = somebody_of(RAW);
    struct raw *raw = address_of(index);

    if (!raw)
        return;
    if (chance(3) && raw->room < 400)
        raw_grow(index, raw);
    else if (raw->count && chance(2)) {
        memmove(raw->items, raw->items + 1,
                (raw->count - 1) * sizeof(uintptr_t));
        raw->count--;
        rh_barrier_all(mix.heap, raw);
        thing_delete(index, 3, 1);
    } else if (raw->adjusted < 10000) {
        rh_external_adjust(mix.heap, raw, 1000);
        raw->adjusted += 1000;
    }
}

static void
array_slice(int index)
{
    size_t count = mix.things[index].count;
    size_t from = below(count + 1);
    int slice = thing_new(ARRAY);
    rh_value value = rh_array_slice(mix.heap, value_of(index), from, count);

    if (value == RH_UNDEF || !set_serial(value, slice))
        return;
    for (size_t i = from; i < count; i++)
        thing_push(slice, mix.things[index].edges[i]);
    put(some_place(), slice, rh_value_slot(value));
}

static void
op_array(void)
{
    int index = somebody_of(ARRAY);
    int child = somebody();
    size_t count, to;

    if (index == NOBODY)
        return;
    count = mix.things[index].count;
    to = chance(10) ? below(600) : below(8);
    switch (below(6)) {
    case 0:
    case 1:
        if (rh_array_push(mix.heap, value_of(index), value_of(child)) == RH_OK)
            thing_push(index, child);
        break;
    case 2:
        if (rh_array_pop(mix.heap, value_of(index)) != RH_UNDEF)
            thing_delete(index, count - 1, 1);
        break;
    case 3:
        if (rh_array_shift(mix.heap, value_of(index)) != RH_UNDEF)
            thing_delete(index, 0, 1);
        break;
    case 4:
        if (rh_array_resize(mix.heap, value_of(index), to) == RH_OK)
            thing_resize(index, to);
        break;
    default:
        array_slice(index);
    }
}

static void
string_slice(int index)
{
    size_t length = mix.things[index].bytes;
    size_t from = below(length + 1);
    int slice = thing_new(STRING);
    rh_value value = rh_string_slice(mix.heap, value_of(index), from, length);

    if (value == RH_UNDEF || !set_serial(value, slice))
        return;
    mix.things[slice].bytes = length - from;
    mix.things[slice].fill = (unsigned char)(mix.things[index].fill + from);
    put(some_place(), slice, rh_value_slot(value));
}

static void
op_string(void)
{
    int index = somebody_of(STRING);
    struct thing *thing;
    char byte;
    size_t length;

    if (index == NOBODY)
        return;
    thing = &mix.things[index];
    byte = (char)(unsigned char)(thing->fill + thing->bytes);
    length = below(thing->bytes + 1);
    if (chance(3))
        string_slice(index);
    else if (chance(2) &&
             rh_string_append(mix.heap, value_of(index), &byte, 1) == RH_OK)
        thing->bytes++;
    else if (chance(3) &&
             rh_string_resize(mix.heap, value_of(index), length) == RH_OK)
        thing->bytes = length;
    else
        (void)rh_string_modify(mix.heap, value_of(index));
}

static size_t
hash_find(int index, int key)
{
    const struct thing *thing = &mix.things[index];
    size_t at = 0;

    while (at < thing->count && thing->edges[at] != key)
        at += 2;
    return at;
}

static void
hash_set(int index, int key, int value)
{
    size_t at = hash_find(index, key);

    if (mix.things[index].count > 80 ||
        rh_hash_set(mix.heap, value_of(index), value_of(key),
                    value_of(value)) != RH_OK)
        return;
    if (at == mix.things[index].count) {
        thing_push(index, key);
        thing_push(index, value);
    } else
        mix.things[index].edges[at + 1] = value;
}

// Strings are keys by what is in them, which changes: leave them out.
static int
some_key(void)
{
    int key = somebody();

    return key != NOBODY && mix.things[key].kind == STRING ? NOBODY : key;
}

static void
op_hash(void)
{
    int index = somebody_of(HASH);
    int key = some_key();
    rh_value value;
    size_t at;

    if (index == NOBODY || key == NOBODY)
        return;
    at = hash_find(index, key);
    mix.moody = chance(2);
    if (chance(20)) {
        if (rh_hash_clear(mix.heap, value_of(index)) == RH_OK)
            mix.things[index].count = 0;
    } else if (chance(10))
        done(rh_hash_rehash(mix.heap, value_of(index)));
    else if (chance(4)) {
        value = rh_hash_delete(mix.heap, value_of(index), value_of(key));
        if (value != RH_UNDEF)
            thing_delete(index, at, 2);
    } else
        hash_set(index, key, somebody());
}

static void
op_waste(void)
{
    for (size_t n = below(chance(10) ? 2000 : 60); n > 0; n--)
        if (!rh_heap_alloc(mix.heap))
            return;
}

static void
op_collect(void)
{
    struct rh_budget budget = { .objects = below(20) + 1 };

    switch (below(9)) {
    case 0:
        rh_heap_collect(mix.heap);
        break;
    case 1:
        rh_heap_minor(mix.heap);
        break;
    case 2:
        (void)rh_heap_start(mix.heap);
        break;
    case 3:
        rh_heap_finish(mix.heap);
        break;
    case 4:
        if (chance(4))
            rh_heap_cancel(mix.heap);
        break;
    case 5:
        (void)rh_heap_compact(mix.heap, NULL);
        break;
    case 6:
        rh_heap_safepoint(mix.heap);
        break;
    default:
        (void)rh_heap_step(mix.heap, budget);
    }
}

static void
op_step(void)
{
    struct rh_budget budget = { .objects = below(20) + 1 };

    (void)rh_heap_start(mix.heap);
    (void)rh_heap_step(mix.heap, budget);
}

static void
op_mode(void)
{
    struct rh_violation found = { .invariant = NULL };

    switch (below(8)) {
    case 0:
        (void)rh_heap_disable(mix.heap);
        break;
    case 1:
    case 2:
        (void)rh_heap_enable(mix.heap);
        break;
    case 3:
        (void)rh_heap_allow_major(mix.heap, chance(2));
        break;
    case 4:
        (void)rh_heap_stress(mix.heap, (unsigned)below(128));
        break;
    case 5:
        (void)rh_heap_stress(mix.heap, RH_STRESS_NONE);
        break;
    case 6:
        if (chance(3) && rh_compact_verify(mix.heap, &found) != RH_OK)
            fail_msg("%s: %s", found.invariant, found.meaning);
        break;
    default:
        rh_barrier_check(mix.heap, chance(2), NULL, NULL);
    }
}

// Bring back somebody who may have been out of reach.
static void
bring_back(void *object)
{
    int index = serial_of(object);
    size_t place = some_place();

    assert_true(index != NOBODY);
    put(place, index, object);
}

static struct ref *
some_ref(void)
{
    return &mix.refs[below(REFS)];
}

static void
ref_new(struct ref *ref)
{
    int target = somebody();
    struct raw *raw = mix.ruby ? NULL : address_of(somebody());

    ref->ref = rh_weak_ref_new(mix.heap, address_of(target));
    ref->target = target;
    ref->doubted = false;
    if (!ref->ref || !raw || raw->ref || !chance(3))
        return;
    raw->ref = (uint32_t)(ref - mix.refs) + 1; // the object's, from now on
    rh_external_attach(mix.heap, raw);
}

static void
op_ref(void)
{
    struct ref *ref = some_ref();
    void *object;

    if (!ref->ref)
        ref_new(ref);
    else if (chance(4) && mix.ruby) {
        rh_weak_ref_free(mix.heap, ref->ref);
        ref->ref = NULL;
    } else if (chance(4)) {
        ref->target = somebody();
        ref->doubted = false;
        rh_weak_ref_set(mix.heap, ref->ref, address_of(ref->target));
    } else if ((object = rh_weak_ref_get(ref->ref)))
        bring_back(object);
}

static void
map_new(struct map *map)
{
    *map = (struct map){
        .kind = chance(2) ? RH_WEAK_KEY : RH_WEAK_BOTH,
        .owner = chance(2) ? somebody() : NOBODY,
    };
    map->map =
        rh_weak_map_new(mix.heap, map->kind, chance(2) ? &moody_map : NULL,
                        address_of(map->owner));
}

static size_t
map_find(const struct map *map, int key)
{
    size_t at = 0;

    while (at < map->count && map->entries[at].key != key)
        at++;
    return at;
}

static void
map_set(struct map *map, int key, int value)
{
    size_t at = map_find(map, key);

    if (value == NOBODY || at == ENTRIES ||
        rh_weak_map_set(mix.heap, map->map, address_of(key),
                        address_of(value)) != RH_OK)
        return;
    map->entries[at] = (struct entry){ key, value, false };
    map->count += at == map->count;
}

static void
map_delete(struct map *map, int key)
{
    size_t at = map_find(map, key);
    enum rh_status status =
        rh_weak_map_delete(mix.heap, map->map, address_of(key), NULL);

    if (status == RH_OK) {
        assert_true(at < map->count);
        map->entries[at] = map->entries[--map->count];
    }
}

static bool
each_entry(struct rh_heap *heap, void *key, void *value, void *context)
{
    (void)context;
    assert_true(rh_heap_is_live(heap, (uintptr_t)key));
    assert_true(rh_heap_is_live(heap, (uintptr_t)value));
    misbehave();
    return !chance(20);
}

static void
op_map(void)
{
    struct map *map = &mix.maps[below(MAPS)];
    int key = somebody();

    if (!map->map) {
        map_new(map);
        return;
    }
    if (key == NOBODY)
        return;
    mix.moody = chance(2);
    if (chance(30)) {
        rh_weak_map_free(mix.heap, map->map);
        map->map = NULL;
    } else if (chance(30)) {
        rh_weak_map_clear(mix.heap, map->map);
        map->count = 0;
    } else if (chance(5))
        map_delete(map, key);
    else if (chance(5))
        (void)rh_weak_map_each(mix.heap, map->map, each_entry, NULL);
    else
        map_set(map, key, somebody());
}

static void
say_word(struct rh_heap *heap, void *object, void *context)
{
    struct word *word = context;
    size_t scope = rh_scope_save(heap);

    assert_true(word->registered);
    assert_true(serial_of(object) == word->target);
    word->registered = false;
    if (mix.ending)
        return;
    settle();
    assert_true(word->doubted);
    if (chance(3))
        bring_back(object);
    settle();
    if (chance(8) && rh_finalizer_add(heap, object, say_word, word) == RH_OK) {
        word->registered = true;
        word->doubted = false;
    }
    if (chance(8))
        (void)rh_finalizer_run(heap, below(3));
    mix.moody = true;
    misbehave();
    rh_scope_restore(heap, scope);
}

static void
word_add(int target)
{
    struct word *word = &mix.last[mix.last_count];

    if (target == NOBODY || mix.last_count == WORDS ||
        rh_finalizer_add(mix.heap, address_of(target), say_word, word) != RH_OK)
        return;
    *word = (struct word){ target, true, false };
    mix.last_count++;
}

static void
word_remove(struct word *word)
{
    if (!word->registered || !is_reached(word->target))
        return;
    assert_int_equal(
        rh_finalizer_remove(mix.heap, address_of(word->target), say_word, word),
        RH_OK);
    word->registered = false;
}

static void
words_remove(int target)
{
    size_t count = 0;

    if (target == NOBODY)
        return;
    for (size_t i = 0; i < mix.last_count; i++)
        if (mix.last[i].target == target && mix.last[i].registered) {
            mix.last[i].registered = false;
            count++;
        }
    assert_int_equal(rh_finalizer_remove_all(mix.heap, address_of(target)),
                     count);
}

static void
op_finalizer(void)
{
    if (chance(6) && mix.last_count)
        word_remove(&mix.last[below(mix.last_count)]);
    else if (chance(15))
        words_remove(somebody());
    else if (chance(3)) {
        (void)rh_finalizer_run(mix.heap, below(4));
    } else
        word_add(somebody());
}

static void
op_identity(void)
{
    int index = chance(2) ? somebody() : (int)below((size_t)mix.count + 1) - 1;
    void *object;

    if (index == NOBODY)
        return;
    if (is_reached(index)) {
        uint64_t id = rh_identity_of(mix.heap, address_of(index));

        assert_true(!mix.things[index].id || id == mix.things[index].id);
        mix.things[index].id = id;
    } else if (mix.things[index].id) {
        object = rh_identity_object(mix.heap, mix.things[index].id);
        if (object)
            bring_back(object);
    }
}

static void
op_site(void)
{
    struct rh_site site = { .file = "set", .line = 1 + (unsigned)below(99) };
    int index = somebody();

    if (chance(10)) {
        rh_site_clear(mix.heap);
        for (int i = 0; i < mix.count; i++)
            mix.things[i].line = 0;
    } else if (chance(3) && mix.tracing) {
        (void)rh_site_trace(mix.heap, false);
        mix.tracing--;
    } else if (chance(3)) {
        (void)rh_site_trace(mix.heap, true);
        mix.tracing++;
    } else if (index != NOBODY) {
        bool set = rh_site_set(mix.heap, address_of(index), &site) == RH_OK;

        mix.things[index].line = set ? site.line : 0;
    }
}

static void
op_stack(void)
{
    if (mix.scanning) {
        for (size_t i = STACKED; i < PLACES; i++)
            put(i, NOBODY, NULL);
        rh_stack_ignore(mix.heap);
        mix.scanning = false;
    } else if (chance(3))
        mix.scanning =
            rh_stack_scan(mix.heap, chance(2) ? RH_STACK_INTERIOR : 0) == RH_OK;
}

static void
op_pin(void)
{
    int index = somebody();

    if (index == NOBODY)
        return;
    if (chance(2))
        (void)rh_heap_pin(mix.heap, address_of(index));
    else if (chance(5))
        rh_barrier_unprotect(mix.heap, address_of(index));
    else
        (void)rh_heap_unpin(mix.heap, address_of(index));
}

static bool
see_object(struct rh_heap *heap, void *object, void *context)
{
    size_t *count = context;

    assert_true(rh_heap_is_live(heap, (uintptr_t)object));
    (void)rh_heap_memsize(heap, object);
    (*count)++;
    if (mix.moody && chance(20))
        misbehave();
    return true;
}

static bool
see_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    (void)from, (void)context;
    assert_true(rh_heap_is_live(heap, (uintptr_t)to));
    return true;
}

static bool
see_root(struct rh_heap *heap, const char *category, void *object,
         void *context)
{
    assert_non_null(category);
    return see_reference(heap, NULL, object, context);
}

static bool
see_page(struct rh_heap *heap, const struct rh_page_view *page, void *context)
{
    (void)heap, (void)context;
    assert_true(page->live_slots <= page->slots);
    return true;
}

static bool
see_nothing(const char *text, size_t length, void *context)
{
    size_t *bytes = context;

    (void)text;
    *bytes += length;
    return *bytes < 100000;
}

static void
op_walk(void)
{
    int index = chance(2) ? NOBODY : somebody();
    size_t count = 0;

    mix.walks = 1;
    switch (below(6)) {
    case 0:
        mix.moody = true;
        (void)rh_walk_objects(mix.heap, see_object, &count);
        break;
    case 1:
    case 2:
        mix.moody = chance(3);
        (void)rh_walk_reachable(mix.heap, address_of(index), see_object,
                                &count);
        if (index == NOBODY)
            assert_true(count >= (size_t)mix.reached);
        break;
    case 3:
        (void)rh_walk_roots(mix.heap, see_root, NULL);
        break;
    case 4:
        if (index != NOBODY)
            (void)rh_walk_references(mix.heap, address_of(index), see_reference,
                                     NULL);
        break;
    default:
        (void)rh_walk_pages(mix.heap, see_page, NULL);
    }
    mix.walks = 0;
}

static void
op_dump(void)
{
    struct rh_dump_options options = {
        .struct_bytes = sizeof options,
        .flags = (unsigned)below(16),
    };
    size_t bytes = 0;

    (void)rh_heap_dump(mix.heap, &options, see_nothing, &bytes);
}

static void
op_trim(void)
{
    mix.world.memory.refuse_release = chance(4);
    rh_trim_now(mix.heap, (unsigned)below(4));
    if (chance(2))
        rh_external_adjust(mix.heap, NULL, (ptrdiff_t)below(100000));
}

// What is made now refers to what was sealed, and the other way round.
static void
op_seal(void)
{
    switch (below(6)) {
    case 0:
        rh_heap_unseal(mix.heap);
        break;
    case 1:
        (void)rh_heap_warmup(mix.heap, (unsigned)below(4));
        break;
    case 2:
        rh_heap_before_fork(mix.heap);
        if (chance(2))
            rh_heap_after_fork_parent(mix.heap);
        break;
    default:
        (void)rh_heap_seal(mix.heap);
        break;
    }
}

static void see_event(struct rh_heap *, const struct rh_event *, void *);

static void
listen(void)
{
    if (rh_event_listen(mix.heap, (unsigned)below(1024), see_event, NULL) ==
        RH_OK)
        mix.listening++;
}

static void
ignore(void)
{
    if (mix.listening && rh_event_ignore(mix.heap, see_event, NULL) == RH_OK)
        mix.listening--;
}

static void
see_event(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)context;
    if (event->object && chance(10)) {
        struct rh_site site;

        (void)rh_heap_position(heap, event->object);
        (void)rh_site_of(heap, event->object, &site);
        (void)rh_heap_is_live(heap, (uintptr_t)event->object);
    }
    if (chance(100))
        ignore();
    else if (chance(200) && mix.listening < 5)
        listen();
}

static void
op_event(void)
{
    if (mix.listening < 3 && chance(2))
        listen();
    else
        ignore();
}

static void
op_scope(void)
{
    int index = somebody();

    if (mix.scopes && chance(4)) {
        mix.scopes -= 1;
        rh_scope_restore(mix.heap, mix.scope[mix.scopes]);
        mix.handles = mix.scope_handles[mix.scopes];
    } else if (mix.scopes < SCOPES && chance(4)) {
        mix.scope[mix.scopes] = rh_scope_save(mix.heap);
        mix.scope_handles[mix.scopes++] = mix.handles;
    } else if (mix.handles < HANDLES && index != NOBODY) {
        mix.handle[mix.handles] = rh_scope_hold(mix.heap, address_of(index));
        mix.held[mix.handles] = index;
        mix.handles += mix.handle[mix.handles] != NULL;
    }
}

static void
op_profile(void)
{
    struct rh_pause pauses[8];

    if (chance(3))
        done(rh_profile_enable(mix.heap, 1 + below(40)));
    else if (chance(3))
        rh_profile_disable(mix.heap);
    else if (chance(3))
        rh_profile_clear(mix.heap);
    else
        (void)rh_profile_read(mix.heap, below(100), pauses, 8);
}

// A heap with the same nodes at the same places, which then goes its own way.

static bool
place_object(struct rh_heap *heap, void *object, void *context)
{
    assert_non_null(
        rh_image_place(context, rh_heap_position(heap, object), NULL));
    return true;
}

static uintptr_t
place_of(struct rh_heap *heap, uintptr_t word)
{
    void *object = untagged(word);

    return object
               ? tagged(rh_heap_slot(heap, rh_heap_position(mix.heap, object)))
               : 0;
}

static bool
copy_object(struct rh_heap *heap, void *object, void *context)
{
    struct raw *from = object;
    struct raw *to = rh_heap_slot(context, rh_heap_position(heap, object));

    to->left = place_of(context, from->left);
    to->right = place_of(context, from->right);
    return true;
}

static bool
first_object(struct rh_heap *heap, void *object, void *context)
{
    uintptr_t *word = context;

    (void)heap;
    *word = tagged(object);
    return false;
}

static void
image_use(struct rh_heap *heap)
{
    uintptr_t root = 0;

    check_root(heap, &root);
    (void)rh_walk_objects(heap, first_object, &root);
    (void)rh_heap_start(heap);
    for (int i = 0; i < 4; i++) {
        (void)rh_heap_alloc(heap);
        (void)rh_heap_step(heap, (struct rh_budget){ .objects = 1 });
        if (chance(3))
            rh_heap_minor(heap);
        check_heap(heap);
    }
    (void)rh_heap_compact(heap, NULL);
    check_heap(heap);
}

static void
op_image(void)
{
    struct check_world other;

    check_prepare(&other);
    other.config.model = mix.world.config.model;
    other.config.slot_bytes = mix.world.config.slot_bytes;
    other.config.generational = chance(2);
    other.config.initial_slots = 0;
    check_make(&other);
    assert_int_equal(rh_image_begin(other.heap), RH_OK);
    (void)rh_walk_objects(mix.heap, place_object, other.heap);
    (void)rh_walk_objects(mix.heap, copy_object, other.heap);
    rh_image_end(other.heap);
    check_heap(other.heap);
    image_use(other.heap);
    check_close(&other);
}

static const struct operation {
    const char *name;
    void (*run)(void);
    unsigned char weight[2]; // without and with Ruby-style objects
} operations[] = {
    { "make", op_make, { 20, 30 } },
    { "store", op_store, { 30, 20 } },
    { "place", op_place, { 15, 15 } },
    { "raw", op_raw, { 20, 0 } },
    { "array", op_array, { 0, 20 } },
    { "string", op_string, { 0, 10 } },
    { "hash", op_hash, { 0, 25 } },
    { "waste", op_waste, { 8, 8 } },
    { "collect", op_collect, { 12, 12 } },
    { "step", op_step, { 12, 12 } },
    { "mode", op_mode, { 6, 6 } },
    { "ref", op_ref, { 14, 14 } },
    { "map", op_map, { 20, 20 } },
    { "finalizer", op_finalizer, { 8, 8 } },
    { "identity", op_identity, { 6, 6 } },
    { "site", op_site, { 4, 4 } },
    { "stack", op_stack, { 1, 1 } },
    { "pin", op_pin, { 4, 4 } },
    { "walk", op_walk, { 4, 4 } },
    { "dump", op_dump, { 1, 1 } },
    { "trim", op_trim, { 2, 2 } },
    { "seal", op_seal, { 2, 2 } },
    { "event", op_event, { 4, 4 } },
    { "scope", op_scope, { 10, 10 } },
    { "image", op_image, { 1, 0 } },
    { "profile", op_profile, { 1, 1 } },
};

static const struct operation *
some_operation(void)
{
    size_t sum = 0;
    size_t left;

    for (size_t i = 0; i < CHECK_COUNT(operations); i++)
        sum += operations[i].weight[mix.ruby];
    left = below(sum);
    for (size_t i = 0;; i++) {
        if (left < operations[i].weight[mix.ruby])
            return &operations[i];
        left -= operations[i].weight[mix.ruby];
    }
}

static bool
out_of_memory(struct rh_heap *heap, size_t bytes, void *context)
{
    (void)heap, (void)bytes, (void)context;
    if (chance(3) && mix.may_leave)
        longjmp(mix.leave, 1);
    return chance(2);
}

// One operation; memory fails during some.
static void
operate(const struct operation *operation)
{
    size_t scope = rh_scope_save(mix.heap);

    if (mix.trace)
        print_message("# %zu %s\n", mix.step, operation->name);
    mix.may_leave = chance(2);
    mix.world.faults.for_good = chance(2);
    if (mix.faulty && chance(10))
        check_fail_at(&mix.world.faults, 1 + below(4));
    if (setjmp(mix.leave) == 0)
        operation->run();
    else {
        rh_walk_abandon(mix.heap);
        mix.walks = 0;
        free_loose();
        rh_scope_restore(mix.heap, scope);
    }
    mix.refused |= mix.world.faults.failed;
    check_fail_at(&mix.world.faults, 0);
    mix.may_leave = mix.moody = false;
}

// After full collections, and the last words of all that died, nothing is left
// but what is reached.

struct finding {
    const void *object;
    bool found;
};

static bool
find_object(struct rh_heap *heap, void *object, void *context)
{
    struct finding *finding = context;

    (void)heap;
    finding->found |= object == finding->object;
    return !finding->found;
}

static bool
is_haunted(void)
{
    for (int i = 0; i < mix.count; i++)
        if (mix.things[i].reached && mix.things[i].haunted)
            return true;
    return false;
}

// The buffer that slices share holds more than is left in any of them, and maps
// that were given up hold values: their objects may go on living.
static void
expect_dead(void *object)
{
    struct finding finding = { object, false };

    if (!object)
        return;
    assert_true(mix.ruby || is_haunted());
    assert_int_not_equal(
        rh_walk_reachable(mix.heap, NULL, find_object, &finding), RH_BUSY);
    assert_true(finding.found);
}

static void
expect_exact(void)
{
    for (size_t i = 0; i < REFS; i++)
        if (mix.refs[i].ref && !is_reached(mix.refs[i].target))
            expect_dead(rh_weak_ref_get(mix.refs[i].ref));
    for (int i = 0; i < mix.count; i++)
        if (!mix.things[i].reached && mix.things[i].id)
            expect_dead(rh_identity_object(mix.heap, mix.things[i].id));
    if (!mix.ruby && !is_haunted())
        assert_int_equal(check_stat(mix.heap, "heap_live_slots"), mix.reached);
}

static void
expect_exact_maps(void)
{
    for (size_t i = 0; i < MAPS; i++) {
        struct map *map = &mix.maps[i];

        if (!map->map || mix.ruby || is_haunted())
            continue;
        for (size_t j = 0; j < map->count; j++)
            if (!is_reached(map->entries[j].key) ||
                !is_reached(map->entries[j].value))
                map->entries[j--] = map->entries[--map->count];
        assert_int_equal(rh_weak_map_size(map->map), map->count);
    }
}

static void
checkpoint(void)
{
    mix.ending = true;
    if (mix.scanning)
        op_stack();
    compare();
    (void)rh_heap_stress(mix.heap, RH_STRESS_NONE);
    rh_heap_unseal(mix.heap);
    do {
        (void)rh_finalizer_run(mix.heap, 0);
        rh_heap_collect(mix.heap);
    } while (rh_finalizer_pending(mix.heap) > 0);
    compare();
    expect_exact();
    expect_exact_maps();
    mix.ending = false;
}

// Runs.

static void
trace_called(struct rh_visitor *visitor, void *context)
{
    (void)context;
    for (size_t i = CALLED; i < STUCK; i++)
        rh_visit(visitor, &mix.words[i]);
}

static void
trace_stuck(struct rh_visitor *visitor, void *context)
{
    (void)context;
    for (size_t i = STUCK; i < STACKED; i++)
        rh_visit_pinned(visitor, (void *)mix.words[i]);
}

static void
add_roots(void)
{
    struct rh_heap *heap = mix.heap;

    assert_int_equal(rh_root_add_range(heap, NULL, mix.words, SINGLE), RH_OK);
    for (size_t i = SINGLE; i < CALLED; i++)
        check_root(heap, &mix.words[i]);
    assert_int_equal(rh_root_add_callback(heap, "called", trace_called, NULL),
                     RH_OK);
    assert_int_equal(rh_root_add_callback(heap, "stuck", trace_stuck, NULL),
                     RH_OK);
    assert_int_equal(
        rh_stack_add_range(heap, &mix.words[STACKED],
                           (PLACES - STACKED) * sizeof mix.words[0]),
        RH_OK);
}

static void
choose_raw(struct rh_config *config)
{
    config->model = &raw_model;
    config->slot_bytes = chance(2) ? 56 : 64;
    raw_model.run_offset = chance(2) ? 0 : 32;
    raw_model.encoding = (struct rh_encoding){ 0, 0, 0 };
    raw_model.flags = RH_MODEL_MOVABLE | RH_MODEL_BARRIERED;
    if (chance(2))
        raw_model.flags |= RH_MODEL_RELEASE_ALL;
    if (chance(2)) {
        mix.tag = 5;
        raw_model.encoding = (struct rh_encoding){ ~(uintptr_t)7, 7, 5 };
    }
}

static void
choose(struct rh_config *config)
{
    static const rh_growth_fn policies[] = { rh_growth_default,
                                             rh_growth_default,
                                             rh_growth_cruby31, rh_growth_ree };
    static const size_t sizes[] = { 0, 100, 1000 };

    config->generational = !chance(4);
    config->incremental = config->generational && chance(2);
    config->nursery_slots = below(3) * 50;
    config->step_us = 1 + below(20);
    config->auto_compact = chance(2) ? 0 : (double)below(30) / 100;
    config->growth = policies[below(CHECK_COUNT(policies))];
    config->initial_slots = sizes[below(CHECK_COUNT(sizes))];
    config->free_slots = 100;
    config->slots_increment = 200;
    config->malloc_limit = 20000;
    config->malloc_limit_max = 50000;
    config->oldmalloc_limit = 50000;
    config->trim = chance(2) ? rh_trim_always : rh_trim_never;
    config->out_of_memory = out_of_memory;
    if (chance(3))
        check_memory_init(&mix.world.memory, &mix.world.faults, &config->memory,
                          65536);
}

static void
begin(bool ruby, uint64_t seed)
{
    memset(&mix, 0, sizeof mix);
    mix.seed = seed;
    mix.ruby = ruby;
    mix.trace = getenv("RH_TRACE") != NULL;
    mix.faulty = chance(2);
    for (size_t i = 0; i < PLACES; i++)
        mix.place[i] = NOBODY;
    check_prepare(&mix.world);
    mix.world.config.model = rh_object_model();
    if (!ruby)
        choose_raw(&mix.world.config);
    choose(&mix.world.config);
    check_make(&mix.world);
    mix.heap = mix.world.heap;
    add_roots();
}

// At whatever stage it is.
static void
end(void)
{
    if (chance(2))
        checkpoint();
    mix.ending = true;
    check_close(&mix.world);
    for (size_t i = 0; i < mix.last_count; i++)
        assert_false(mix.last[i].registered);
    for (int i = 0; i < mix.count; i++)
        free(mix.things[i].edges);
    free(mix.things);
    free(mix.stack);
}

static void
run(bool ruby, uint64_t seed, size_t steps)
{
    begin(ruby, seed);
    for (mix.step = 0; mix.step < steps; mix.step++) {
        operate(some_operation());
        compare();
        if (chance(200))
            checkpoint();
    }
    end();
}

static void
run_all(bool ruby)
{
    const char *given = getenv("RH_STEPS");
    size_t steps = given ? strtoul(given, NULL, 0) : 8000;
    uint64_t seed = check_seed();

    for (size_t done = 0; done < steps; done += 1000) {
        size_t left = steps - done;

        if (mix.trace)
            print_message("# heap %zu\n", done / 1000);
        run(ruby, seed + done, left < 1000 ? left : 1000);
    }
}

static void
ruby_style_objects_stand_everything_at_once(void **state)
{
    (void)state;
    run_all(true);
}

static void
nodes_stand_everything_at_once(void **state)
{
    (void)state;
    run_all(false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_stand_everything_at_once),
        cmocka_unit_test(ruby_style_objects_stand_everything_at_once),
    };

    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
