// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_step.h"

#include <rheap/array.h>
#include <rheap/constants.h>
#include <rheap/heap.h>
#include <rheap/object.h>
#include <rheap/roots.h>
#include <rheap/string.h>

enum {
    WORDS = RH_SLOT_BYTES / sizeof(uintptr_t)
};

// --- reading and storing -----------------------------------------------------

// What is read is used, so that the compiler cannot leave it out.
static volatile uintptr_t sink;

static uintptr_t
read_object(rh_value object)
{
    const uintptr_t *words = rh_value_slot(object);
    uintptr_t sum = 0;

    for (size_t i = 0; i < WORDS; i++)
        sum ^= words[i];
    return sum;
}

static bool
read_all(struct fork_work *work)
{
    uintptr_t sum = 0;

    for (size_t i = 0; i < work->live->count; i++)
        sum ^= read_object(work->live->objects[i]);
    sink = sum;
    return true;
}

// A store into the slot itself, as programs do it.  False: this type is left
// alone, or the object is frozen.
static bool
store(struct rh_heap *heap, rh_value object, int64_t number)
{
    switch (rh_type_of(object)) {
    case RH_TYPE_OBJECT:
        return !rh_object_is_opaque(object) && rh_ivar_count(object) > 0 &&
               rh_ivar_set(heap, object, 0, rh_fixnum_from(number)) == RH_OK;
    case RH_TYPE_ARRAY:
        return !rh_object_is_opaque(object) && rh_array_length(object) > 0 &&
               rh_array_is_embedded(object) &&
               rh_array_set(heap, object, 0, rh_fixnum_from(number)) == RH_OK;
    case RH_TYPE_STRING:
        if (!rh_string_is_embedded(object) || rh_string_length(object) == 0 ||
            rh_object_is_frozen(object))
            return false;
        *rh_string_modify(heap, object) ^= 1;
        return true;
    default:
        return false;
    }
}

// Evenly over all of them; where an object cannot be stored into, into the
// next that can.
static bool
mutate(struct fork_work *work)
{
    struct fork_live *live = work->live;
    double wanted = work->step->percent / 100;
    size_t stored = 0;

    for (size_t i = 0; i < live->count; i++)
        if ((double)stored < (double)(i + 1) * wanted &&
            store(live->heap, live->objects[i], -1 - (int64_t)i))
            stored++;
    work->written_bytes = (double)stored * sizeof(uintptr_t);
    return true;
}

// --- allocating --------------------------------------------------------------

// A link of the chain that keeps what is made: the one before, a string, an
// object; all within their slots.
static bool
make_link(struct fork_live *live, size_t number)
{
    size_t scope = rh_scope_save(live->heap);
    rh_value values[3] = { live->kept, RH_NIL, RH_NIL };
    rh_value link = RH_UNDEF;

    values[1] = rh_string_new(live->heap, live->class, "made by a child", 15);
    if (values[1] != RH_UNDEF &&
        rh_scope_hold(live->heap, rh_value_slot(values[1])))
        values[2] = rh_object_new(live->heap, live->class, 3);
    if (values[1] != RH_UNDEF && values[2] != RH_UNDEF && values[2] != RH_NIL &&
        rh_ivar_set(live->heap, values[2], 0,
                    rh_fixnum_from((int64_t)number)) == RH_OK &&
        rh_scope_hold(live->heap, rh_value_slot(values[2])))
        link = rh_array_new(live->heap, live->class, values, 3);
    rh_scope_restore(live->heap, scope);
    if (link == RH_UNDEF)
        return false;
    live->kept = link;
    return true;
}

static bool
allocate(struct fork_work *work)
{
    struct fork_live *live = work->live;
    size_t links = (work->step->count + 2) / 3;

    for (size_t i = 0; i < links; i++)
        if (!make_link(live, i))
            return false;
    work->written_bytes = (double)links * 3 * RH_SLOT_BYTES;
    return true;
}

// --- serving -----------------------------------------------------------------

// xorshift*: small, and the same everywhere.
static uint64_t
draw(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1d;
}

// They are reachable in the child as they were in its parent, so none of them
// has died.
static uintptr_t
read_some(struct fork_live *live, uint64_t *state)
{
    uintptr_t sum = 0;

    for (size_t i = 0; live->count && i < FORK_SERVE_OBJECTS; i++)
        sum ^= read_object(live->objects[draw(state) % live->count]);
    return sum;
}

static bool
serve_request(struct fork_live *live, size_t request, uint64_t *state)
{
    size_t scope = rh_scope_save(live->heap);
    rh_value object = RH_UNDEF;
    bool is_good = true;

    sink = read_some(live, state);
    for (size_t i = 0; is_good && i < FORK_SERVE_OBJECTS; i++) {
        object = fork_live_object(live, request * FORK_SERVE_OBJECTS + i);
        is_good = object != RH_UNDEF &&
                  rh_scope_hold(live->heap, rh_value_slot(object));
    }
    if (is_good)
        is_good = rh_array_set(live->heap, live->kept,
                               request % FORK_SERVE_RECENT, object) == RH_OK;
    rh_scope_restore(live->heap, scope);
    return is_good;
}

// 1, 2, 5, 10, 20, 50, ...
static size_t
next_moment(size_t moment)
{
    size_t power = 1;

    while (moment >= power * 10)
        power *= 10;
    if (moment < 2 * power)
        return 2 * power;
    return moment < 5 * power ? 5 * power : 10 * power;
}

static bool
serve(struct fork_work *work)
{
    struct fork_live *live = work->live;
    size_t count = work->step->count;
    size_t moment = 1;
    uint64_t state = 1;

    live->kept = rh_array_new_capacity(live->heap, 0, FORK_SERVE_RECENT);
    if (live->kept == RH_UNDEF)
        return false;
    work->sample(0, work->context);
    for (size_t i = 0; i < count; i++) {
        if (!serve_request(live, i, &state))
            return false;
        if ((i + 1) * FORK_SERVE_COLLECTIONS / count >
            i * FORK_SERVE_COLLECTIONS / count)
            rh_heap_collect(live->heap);
        if (i + 1 == moment || i + 1 == count) {
            work->sample(i + 1, work->context);
            moment = next_moment(moment);
        }
    }
    work->written_bytes = (double)count * FORK_SERVE_OBJECTS * RH_SLOT_BYTES;
    return true;
}

// --- the step ----------------------------------------------------------------

bool
fork_step_run(struct fork_work *work)
{
    work->written_bytes = 0;
    switch (work->step->action) {
    case FORK_READ:
        return read_all(work);
    case FORK_MINOR:
        rh_heap_minor(work->live->heap);
        return true;
    case FORK_FULL:
        rh_heap_collect(work->live->heap);
        return true;
    case FORK_ALLOCATE:
        return allocate(work);
    case FORK_MUTATE:
        return mutate(work);
    case FORK_SERVE:
        return serve(work);
    default:
        return true;
    }
}
