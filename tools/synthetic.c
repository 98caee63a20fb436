// SPDX-License-Identifier: MIT
#include "config.h"

#include "synthetic.h"

#include <rheap/array.h>
#include <rheap/number.h>
#include <rheap/object.h>
#include <rheap/roots.h>
#include <rheap/string.h>

enum {
    PHASE_OBJECTS = 2000,
    KINDS = 8
};

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

static rh_value
make_object(struct rh_heap *heap, uint64_t number)
{
    switch (number % KINDS) {
    case 0:
    case 1:
        return rh_array_new_capacity(heap, 0, 2);
    case 2:
    case 3:
        return rh_object_new(heap, 0, 3);
    case 4:
        return rh_float_new(heap, 0, 1e300);
    default:
        return rh_string_new(heap, 0, "a string", 8);
    }
}

// How many of 256 objects of a phase survive: few of most phases, all of some.
static unsigned
draw_survival(uint64_t *state)
{
    unsigned number = (unsigned)(draw(state) >> 32) & 255;

    return number * number / 255;
}

static bool
run_phase(struct synthetic *synthetic, size_t objects, uint64_t *state)
{
    unsigned survival = draw_survival(state);

    for (size_t i = 0; i < objects; i++) {
        uint64_t number = draw(state);
        rh_value object = make_object(synthetic->heap, number >> 8);

        if (object == RH_UNDEF)
            return false;
        if ((number & 255) <= survival &&
            rh_array_push(synthetic->heap, synthetic->survivors, object) !=
                RH_OK)
            return false;
    }
    return true;
}

static bool
run_phases(struct synthetic *synthetic, size_t objects, uint64_t seed)
{
    uint64_t state = seed * 2 + 1;

    synthetic->survivors = rh_array_new_capacity(synthetic->heap, 0, 0);
    if (synthetic->survivors == RH_UNDEF ||
        rh_root_add(synthetic->heap, &synthetic->survivors) != RH_OK)
        return false;
    while (objects) {
        size_t count = objects < PHASE_OBJECTS ? objects : PHASE_OBJECTS;

        if (!run_phase(synthetic, count, &state))
            return false;
        objects -= count;
    }
    return true;
}

bool
synthetic_make(struct synthetic *synthetic, size_t objects, uint64_t seed)
{
    synthetic->heap = rh_heap_new(NULL);
    if (!synthetic->heap)
        return false;
    if (!run_phases(synthetic, objects, seed)) {
        synthetic_free(synthetic);
        return false;
    }
    rh_heap_collect(synthetic->heap);
    return true;
}

void
synthetic_free(struct synthetic *synthetic)
{
    rh_heap_free(synthetic->heap);
    synthetic->heap = NULL;
}
