// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_live.h"

#include "say.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/compact.h>
#include <rheap/fork.h>
#include <rheap/object.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/string.h>
#include <rheap/walk.h>

#include <stdlib.h>
#include <string.h>

enum {
    KINDS = 3,
    LONG_STRING_EVERY = 30, // objects, so that it is a string
    LONG_STRING_BYTES = 100
};

// --- one object --------------------------------------------------------------

static rh_value
make_string(struct fork_live *live, size_t number)
{
    char text[LONG_STRING_BYTES];
    size_t length = number % LONG_STRING_EVERY ? 20 : sizeof text;

    memset(text, 'a' + (int)(number % 26), length);
    return rh_string_new(live->heap, live->class, text, length);
}

static rh_value
make_instance(struct fork_live *live, size_t number)
{
    rh_value object = rh_object_new(live->heap, live->class, 3);

    if (object != RH_UNDEF &&
        rh_ivar_set(live->heap, object, 0, rh_fixnum_from((int64_t)number)) !=
            RH_OK)
        return RH_UNDEF;
    return object;
}

static rh_value
make_array(struct fork_live *live, size_t number)
{
    rh_value values[2] = { rh_fixnum_from((int64_t)number), RH_NIL };

    return rh_array_new(live->heap, live->class, values, 2);
}

rh_value
fork_live_object(struct fork_live *live, size_t number)
{
    switch (number % KINDS) {
    case 0:
        return make_string(live, number);
    case 1:
        return make_instance(live, number);
    default:
        return make_array(live, number);
    }
}

// --- made up -----------------------------------------------------------------

static bool
fill_root(struct fork_live *live, size_t objects)
{
    for (size_t i = 0; i < objects; i++) {
        rh_value object = fork_live_object(live, i);

        if (object == RH_UNDEF ||
            rh_array_push(live->heap, live->root, object) != RH_OK)
            return false;
    }
    return true;
}

// Let go of so many, evenly over the heap, which is the worst that can be: as
// few holes as will leave no page of the system without one.
static bool
drop_objects(struct fork_live *live, size_t objects, double holes)
{
    size_t dropped = 0;

    for (size_t i = 0; i < objects; i++) {
        if ((double)dropped >= (double)(i + 1) * holes / 100)
            continue;
        if (rh_array_set(live->heap, live->root, i, RH_NIL) != RH_OK)
            return false;
        dropped++;
    }
    return true;
}

static bool
add_roots(struct fork_live *live)
{
    live->root = live->class = live->kept = RH_NIL;
    return rh_root_add(live->heap, &live->root) == RH_OK &&
           rh_root_add(live->heap, &live->class) == RH_OK &&
           rh_root_add(live->heap, &live->kept) == RH_OK;
}

static bool
fill(struct fork_live *live, const struct fork_plan *plan)
{
    live->class = rh_class_new(live->heap, 0, RH_NIL, "Loaded", 6);
    if (live->class == RH_UNDEF)
        return false;
    live->root = rh_array_new_capacity(live->heap, 0, plan->objects);
    return live->root != RH_UNDEF && fill_root(live, plan->objects) &&
           drop_objects(live, plan->objects, plan->holes);
}

// No collection comes between, so that it is --collections-before alone which
// says how old the objects are.
static bool
make_up(struct fork_live *live, const struct fork_plan *plan)
{
    struct rh_config config;

    rh_config_init(&config);
    config.generational = true;
    config.huge_pages = plan->wants_huge;
    live->heap = rh_heap_new(&config);
    if (!live->heap || !add_roots(live))
        return false;
    rh_heap_disable(live->heap);
    if (!fill(live, plan))
        return false;
    rh_heap_enable(live->heap);
    return true;
}

// --- from a dump -------------------------------------------------------------

static bool
load(struct fork_live *live, const struct fork_plan *plan)
{
    struct dump_options options = {
        .generational = true,
        .huge_pages = plan->wants_huge,
        .holes = plan->holes,
    };

    if (!dump_load(&live->dump, plan->dump_file, &options))
        return false;
    live->is_dumped = true;
    live->heap = live->dump.heap;
    if (add_roots(live))
        return true;
    say("not enough memory for the roots");
    fork_live_free(live);
    return false;
}

bool
fork_live_make(struct fork_live *live, const struct fork_plan *plan)
{
    memset(live, 0, sizeof *live);
    if (plan->dump_file)
        return load(live, plan);
    if (make_up(live, plan))
        return true;
    say("not enough memory for %zu objects", plan->objects);
    fork_live_free(live);
    return false;
}

// --- before the fork ---------------------------------------------------------

static bool
warm_up(struct fork_live *live, enum fork_warmup warmup)
{
    static const unsigned what[] = {
        [FORK_WARMUP_COLLECT] = RH_WARMUP_COLLECT,
        [FORK_WARMUP_COMPACT] = RH_WARMUP_COMPACT,
        [FORK_WARMUP_FULL] = RH_WARMUP_COMPACT | RH_WARMUP_SEAL,
    };
    enum rh_status status;

    if (warmup == FORK_WARMUP_NONE)
        return true;
    status = rh_heap_warmup(live->heap, what[warmup]);
    if (status != RH_OK)
        say("the heap cannot be warmed up: %s", rh_status_string(status));
    return status == RH_OK;
}

static bool
seal(struct fork_live *live)
{
    enum rh_status status = rh_heap_seal(live->heap);

    if (status != RH_OK)
        say("the heap cannot be sealed: %s", rh_status_string(status));
    return status == RH_OK;
}

// What is the same as before is not stored again: in a child that would make
// the list its own.
static bool
note_object(struct rh_heap *heap, void *object, void *context)
{
    struct fork_live *live = context;
    rh_value value = rh_value_of_slot(object);

    (void)heap;
    if (live->count == live->room)
        return false;
    if (live->objects[live->count] != value)
        live->objects[live->count] = value;
    live->count++;
    return true;
}

static bool
make_list(struct fork_live *live)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    if (live->objects)
        return true;
    rh_heap_stat(live->heap, &stat);
    live->room = stat.heap_live_slots;
    live->objects = calloc(live->room + 1, sizeof *live->objects);
    return live->objects != NULL;
}

static bool
find_objects(struct fork_live *live)
{
    enum rh_status status = RH_NO_MEMORY;

    live->count = 0;
    if (make_list(live))
        status = rh_walk_reachable(live->heap, NULL, note_object, live);
    if (status == RH_OK || status == RH_STOPPED)
        return true;
    say("what is alive cannot be found out: %s", rh_status_string(status));
    return false;
}

bool
fork_live_prepare(struct fork_live *live, const struct fork_plan *plan)
{
    for (size_t i = 0; i < plan->collections_before; i++)
        rh_heap_collect(live->heap);
    return warm_up(live, plan->warmup) &&
           (!plan->wants_seal || plan->warmup == FORK_WARMUP_FULL ||
            seal(live)) &&
           find_objects(live);
}

void
fork_live_free(struct fork_live *live)
{
    if (live->is_dumped)
        dump_unload(&live->dump);
    else
        rh_heap_free(live->heap);
    free(live->objects);
    live->objects = NULL;
    live->heap = NULL;
}
