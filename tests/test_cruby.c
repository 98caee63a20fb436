// SPDX-License-Identifier: MIT
// What CRuby's tests ask of its heap, and no other test here does: with plain
// collections, with generations, and with major collections in steps that come
// by themselves.  doc/cruby-tests.md says which of CRuby's tests is which of
// ours.
#include "objects.h"

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/class.h>
#include <rheap/compact.h>
#include <rheap/count.h>
#include <rheap/finalizer.h>
#include <rheap/hash.h>
#include <rheap/identity.h>
#include <rheap/site.h>
#include <rheap/string.h>
#include <rheap/weak.h>

enum {
    PLACES = 1000
};

static struct check_world world;
static struct rh_heap *heap;
static rh_value v[PLACES]; // a range of roots, so they follow what moves

// The kinds of heaps: cases are given the address of one.
static int plain, generations, steps;

#define every_kind(name)                                                       \
    objects_case(name, "", plain),                                             \
        objects_case(name, "_with_generations", generations),                  \
        objects_case(name, "_in_steps", steps)

static void
prepare(void **state)
{
    check_prepare(&world);
    world.config.model = rh_object_model();
    world.config.generational = *state != &plain;
    world.config.incremental = *state == &steps;
}

static void
make(void)
{
    check_make(&world);
    heap = world.heap;
    if (world.config.generational)
        rh_barrier_check(heap, true, NULL, NULL);
    for (size_t i = 0; i < PLACES; i++)
        v[i] = RH_NIL;
    assert_int_equal(rh_root_add_range(heap, NULL, v, PLACES), RH_OK);
}

static void
open_kind(void **state)
{
    prepare(state);
    make();
}

static void
close_kind(void)
{
    objects_check(heap);
    assert_int_equal(rh_root_remove_range(heap, v), RH_OK);
    do
        rh_heap_collect(heap);
    while (rh_finalizer_run(heap, 0) > 0);
    objects_close(&world);
}

static rh_value
some(rh_value value)
{
    assert_true(value != RH_UNDEF);
    return value;
}

static rh_value
text(const char *bytes)
{
    return some(rh_string_new(heap, 0, bytes, strlen(bytes)));
}

// A text that is not in its slot.
static rh_value
long_text(size_t number)
{
    char bytes[60];

    (void)snprintf(bytes, sizeof bytes, "a text of more than 23 bytes, %06zu",
                   number);
    return text(bytes);
}

static void
waste(size_t count)
{
    while (count-- > 0)
        text("garbage");
}

static uint64_t
stat_of(const char *name)
{
    return check_stat(heap, name);
}

static struct rh_collection
latest(void)
{
    struct rh_collection collection = { .struct_bytes = sizeof collection };

    rh_heap_latest(heap, &collection);
    return collection;
}

static void
collect(void)
{
    rh_heap_collect(heap);
    objects_check(heap);
}

static void
minor(void)
{
    rh_heap_minor(heap);
    objects_check(heap);
}

// Everything moves.
static void
move(void)
{
    struct rh_violation violation = { .invariant = NULL };

    if (rh_compact_verify(heap, &violation) != RH_OK)
        fail_msg("%s: %s", violation.invariant, violation.meaning);
    objects_check(heap);
}

static void
push(rh_value array, rh_value value)
{
    assert_int_equal(rh_array_push(heap, array, value), RH_OK);
}

static size_t
live(void)
{
    return objects_alive(heap);
}

// ---- survival ----

enum {
    MANY = 100000
};

static void
a_hundred_thousand_chained_objects_survive(void **state)
{
    size_t length = 0;

    open_kind(state);
    v[0] = some(rh_class_new(heap, 0, RH_NIL, "Link", 4));
    for (size_t i = 0; i < MANY; i++) {
        rh_value link = some(rh_object_new(heap, v[0], 1));

        assert_int_equal(rh_ivar_set(heap, link, 0, v[1]), RH_OK);
        v[1] = link;
    }
    collect();

    for (rh_value link = v[1]; link != RH_NIL && length <= MANY; length++)
        link = rh_ivar_get(link, 0);
    assert_int_equal(length, MANY);
    assert_int_equal(live(), MANY + 1);
    close_kind();
}

static void
a_hundred_thousand_nested_arrays_survive(void **state)
{
    open_kind(state);
    v[0] = some(rh_array_new(heap, 0, NULL, 0));
    for (size_t i = 0; i < MANY; i++)
        push(v[0], some(rh_array_new(heap, 0, v, 1))); // [v[0]]
    collect();

    assert_int_equal(live(), MANY + 1);
    assert_int_equal(rh_array_length(v[0]), MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(rh_array_get(rh_array_get(v[0], i), 0), v[0]);
    close_kind();
}

static bool
give_singleton(struct rh_heap *of, void *object, void *context)
{
    rh_value value = rh_value_of_slot(object);
    rh_value class_of = rh_object_class(value);
    size_t *given = context;

    rh_object_set_class(
        of, value,
        some(rh_class_new_singleton(of, 0, class_of ? class_of : RH_NIL)));
    ++*given;
    return true;
}

static void
every_object_may_get_a_singleton_class_in_a_walk(void **state)
{
    size_t given = 0;

    open_kind(state);
    v[0] = some(rh_array_new(heap, 0, NULL, 0));
    v[1] = some(rh_class_new(heap, 0, RH_NIL, "Text", 4));
    for (size_t i = 0; i < 3000; i++)
        push(v[0], some(rh_string_new(heap, v[1], "x", 1)));

    assert_int_equal(rh_walk_objects(heap, give_singleton, &given), RH_OK);

    assert_true(given >= 3002);
    collect();
    for (size_t i = 0; i < 3000; i++) {
        rh_value own = rh_object_class(rh_array_get(v[0], i));

        assert_true(rh_class_is_singleton(own));
        assert_int_equal(rh_class_superclass(own), v[1]);
    }
    close_kind();
}

// ---- control ----

static void
what_kind_of_collection_was_asked_for_is_told(void **state)
{
    bool young = *state != &plain;

    open_kind(state);
    for (int i = 0; i < 3; i++)
        rh_heap_collect(heap);
    rh_heap_minor(heap);
    assert_int_equal(latest().kind,
                     young ? RH_COLLECTION_MINOR : RH_COLLECTION_MAJOR);
    assert_int_equal(latest().major_reason,
                     young ? RH_MAJOR_NONE : RH_MAJOR_FORCE);
    assert_int_equal(latest().cause, RH_CAUSE_METHOD);

    rh_heap_collect(heap);
    assert_int_equal(latest().kind, RH_COLLECTION_MAJOR);
    assert_int_equal(latest().major_reason, RH_MAJOR_FORCE);
    assert_int_equal(latest().cause, RH_CAUSE_METHOD);
    close_kind();
}

static void
how_a_collection_sweeps_is_told(void **state)
{
    open_kind(state);
    rh_heap_collect(heap);
    assert_true(latest().immediate_sweep);
    rh_heap_minor(heap);
    assert_true(latest().immediate_sweep);

    if (*state != &plain) {
        rh_heap_stress(heap, RH_STRESS_ALLOC | RH_STRESS_LAZY);
        waste(1);
        assert_false(latest().immediate_sweep);
        assert_int_equal(latest().state, RH_STATE_SWEEPING);
        rh_heap_stress(heap, RH_STRESS_NONE);
        rh_heap_collect(heap);
        assert_true(latest().immediate_sweep);
        assert_int_equal(latest().state, RH_STATE_NONE);

        assert_int_equal(rh_heap_start(heap), RH_OK);
        rh_heap_finish(heap);
        assert_false(latest().immediate_sweep);
    }
    close_kind();
}

static void
a_disabled_heap_collects_in_every_way_that_is_asked_for(void **state)
{
    uint64_t count;

    open_kind(state);
    assert_false(rh_heap_enable(heap));
    assert_false(rh_heap_disable(heap));
    assert_true(rh_heap_disable(heap));
    assert_true(rh_heap_disable(heap));
    waste(50000);
    assert_int_equal(stat_of("count"), 0);

    rh_heap_collect(heap);
    assert_int_equal(stat_of("count"), 1);
    rh_heap_minor(heap);
    assert_int_equal(stat_of("count"), 2);
    if (*state != &plain) {
        assert_int_equal(rh_heap_start(heap), RH_OK);
        rh_heap_finish(heap);
        assert_int_equal(latest().kind, RH_COLLECTION_MAJOR);
    }
    count = stat_of("count");
    waste(50000);
    assert_int_equal(stat_of("count"), count);

    assert_true(rh_heap_enable(heap));
    assert_false(rh_heap_enable(heap));
    waste(50000);
    assert_true(stat_of("count") > count);
    close_kind();
}

static void
each_collection_counts_even_if_it_cancels_another(void **state)
{
    open_kind(state);
    assert_int_equal(rh_heap_start(heap), RH_OK);
    assert_int_equal(stat_of("count"), 1);
    rh_heap_collect(heap);
    assert_int_equal(stat_of("count"), 2);
    assert_int_equal(rh_heap_start(heap), RH_OK);
    rh_heap_cancel(heap);
    assert_int_equal(stat_of("count"), 3);
    assert_int_equal(stat_of("major_gc_count"), 3);
    close_kind();
}

static void
major_collections_are_allowed_at_first(void **state)
{
    open_kind(state);
    assert_true(rh_heap_allow_major(heap, true));
    assert_true(rh_heap_allow_major(heap, false));
    assert_false(rh_heap_allow_major(heap, true));
    close_kind();
}

// ---- statistics ----

static const char *const growing[] = {
    "count",
    "time",
    "minor_gc_count",
    "major_gc_count",
    "total_allocated_pages",
    "total_freed_pages",
    "total_allocated_objects",
    "total_freed_objects",
    "compact_count",
    "total_moved_objects",
};
static uint64_t grown[CHECK_COUNT(growing)];

// The identities of the statistics, the same counted one by one, and what may
// only grow.
static void
check_statistics(void)
{
    static struct rh_object_counts counts;
    size_t objects = 0;

    assert_true(check_identities(heap));
    for (size_t i = 0; i < CHECK_COUNT(growing); i++) {
        uint64_t value = stat_of(growing[i]);

        assert_true(value >= grown[i]);
        grown[i] = value;
    }
    rh_count_objects(heap, &counts);
    for (size_t i = 0; i < RH_TYPE_CODES; i++)
        objects += counts.types[i].count;
    assert_int_equal(objects, counts.total_slots - counts.free_slots);
    assert_int_equal(counts.total_slots, stat_of("heap_available_slots"));
    assert_true(counts.free_slots >= stat_of("heap_free_slots"));
    if (strcmp(rh_heap_stage(heap), "sweeping") != 0)
        assert_int_equal(counts.free_slots, stat_of("heap_free_slots"));
}

static void
ignore(struct rh_heap *of, void *object, void *context)
{
    (void)of, (void)object, (void)context;
}

static void
make_something(rh_value *place, size_t what)
{
    switch (what) {
    case 0:
        *place = long_text(what);
        break;
    case 1:
        *place = some(rh_array_new(heap, 0, v, 20));
        break;
    case 2:
        *place = some(rh_hash_new(heap, 0, NULL));
        assert_int_equal(rh_hash_set(heap, *place, v[0], v[1]), RH_OK);
        break;
    case 3:
        *place = text("a finalizer will look at this");
        assert_int_equal(
            rh_finalizer_add(heap, rh_value_slot(*place), ignore, NULL), RH_OK);
        break;
    case 4:
        waste(100);
        break;
    default:
        *place = RH_NIL;
    }
}

static void
collect_somehow(size_t how)
{
    switch (how) {
    case 0:
        rh_heap_collect(heap);
        break;
    case 1:
        rh_heap_minor(heap);
        break;
    case 2:
        (void)rh_heap_start(heap); // busy, or without generations: not now
        break;
    case 3:
        rh_heap_cancel(heap);
        break;
    case 4:
        assert_int_equal(rh_heap_compact(heap, NULL), RH_OK);
        break;
    case 5:
        rh_finalizer_run(heap, 2);
        break;
    case 6:
        rh_heap_disable(heap);
        break;
    case 7:
        rh_heap_enable(heap);
        break;
    default:
        rh_heap_step(heap, (struct rh_budget){ .objects = 5 });
    }
}

static void
the_identities_hold_whatever_a_program_does(void **state)
{
    uint64_t seed = check_seed();

    memset(grown, 0, sizeof grown);
    prepare(state);
    world.config.initial_slots = 500;
    make();
    for (int i = 0; i < 3000; i++) {
        size_t place = check_random_below(&seed, 100);

        if (check_random_below(&seed, 4) == 0)
            collect_somehow(check_random_below(&seed, 20));
        else
            make_something(&v[place], check_random_below(&seed, 7));
        check_statistics();
        if (i % 50 == 0)
            objects_check(heap);
    }
    close_kind();
}

static void
running_out_of_slots_is_the_cause_newobj(void **state)
{
    uint64_t count;

    open_kind(state);
    for (size_t i = 0; i < PLACES; i++)
        v[i] = long_text(i);
    for (int round = 0; round < 5; round++) {
        rh_heap_collect(heap);
        assert_int_equal(latest().cause, RH_CAUSE_METHOD);
        count = stat_of("count");
        while (stat_of("count") == count)
            waste(1);
        assert_int_equal(latest().cause, RH_CAUSE_NEWOBJ);
    }
    rh_heap_stress(heap, RH_STRESS_ALLOC);
    waste(1);
    assert_int_equal(latest().cause, RH_CAUSE_STRESS);
    assert_int_equal(latest().major_reason, RH_MAJOR_FORCE);
    rh_heap_stress(heap, RH_STRESS_NONE);
    close_kind();
}

// Keep more and more, until a major collection begins by itself.
static void
a_major_collection_is_known_to_be_needed_before_it_comes(void **state)
{
    enum rh_major_reason need = RH_MAJOR_NONE;

    open_kind(state);
    v[0] = some(rh_array_new(heap, 0, NULL, 0));
    collect();
    assert_int_equal(latest().need_major_by, RH_MAJOR_NONE);
    assert_true(stat_of("old_objects") > 0);
    do {
        need = latest().need_major_by;
        push(v[0], text("kept"));
        rh_heap_safepoint(heap);
    } while (stat_of("major_gc_count") == 1);

    assert_true(need != RH_MAJOR_NONE);
    assert_int_equal(latest().kind, RH_COLLECTION_MAJOR);
    assert_int_equal(latest().major_reason, need);
    rh_heap_finish(heap);
    assert_int_equal(latest().need_major_by, RH_MAJOR_NONE);
    close_kind();
}

// ---- growth ----

// The most pages that the heap has while so much garbage is made.
static uint64_t
pages_for_waste(size_t count)
{
    uint64_t most = 0;

    for (size_t i = 0; i < count; i += 1000) {
        uint64_t pages = stat_of("heap_allocated_pages");

        most = pages > most ? pages : most;
        waste(1000);
    }
    return most;
}

static void
garbage_does_not_make_the_heap_grow_and_what_is_kept_does(void **state)
{
    uint64_t before, pages;

    open_kind(state);
    v[0] = some(rh_array_new(heap, 0, NULL, 0));
    for (size_t i = 0; i < 5000; i++)
        push(v[0], text("kept"));
    rh_heap_collect(heap);
    before = stat_of("heap_eden_pages");
    pages = pages_for_waste(200000); // to warm up

    assert_in_range(pages_for_waste(400000), 1, pages + pages / 8);
    rh_heap_collect(heap);
    assert_in_range(stat_of("heap_eden_pages"), 1, before + before / 8);

    for (size_t i = 0; i < 200000; i++)
        push(v[0], text("kept"));
    rh_heap_collect(heap);
    assert_true(stat_of("heap_eden_pages") > 20 * before);
    objects_check(heap);
    close_kind();
}

// ---- finalizers ----

static size_t finalized;

// The finalizer of garbage number `context`: collects in one of many ways.
static void
collect_and_count(struct rh_heap *of, void *object, void *context)
{
    size_t scope = rh_scope_save(of);
    void **held = rh_scope_hold(of, object);
    size_t number = (size_t)(uintptr_t)context;

    assert_non_null(held);
    assert_int_equal(number, finalized);
    collect_somehow(number % 5);
    collect_somehow(20); // a step
    waste(300);
    if (number % 5 == 0)
        move();
    objects_expect_text(rh_value_of_slot(*held), "last words");
    objects_check(of);
    finalized++;
    rh_scope_restore(of, scope);
}

static void
finalizers_may_collect_in_every_way(void **state)
{
    open_kind(state);
    finalized = 0;
    for (uintptr_t i = 0; i < 60; i++)
        assert_int_equal(rh_finalizer_add(heap,
                                          rh_value_slot(text("last words")),
                                          collect_and_count, (void *)i),
                         RH_OK);
    collect();
    assert_int_equal(finalized, 0);

    while (rh_finalizer_run(heap, 0) > 0)
        ;

    assert_int_equal(finalized, 60);
    collect();
    assert_int_equal(live(), 0);
    close_kind();
}

// ---- identity ----

static void
expect_identities(const uint64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rh_identity_of(heap, rh_value_slot(v[i])), ids[i]);
        assert_ptr_equal(rh_identity_object(heap, ids[i]), rh_value_slot(v[i]));
        for (size_t j = 0; j < i; j++)
            assert_true(ids[i] != ids[j]);
    }
}

static void
what_was_made_from_an_object_has_an_id_of_its_own(void **state)
{
    enum {
        COUNT = 6
    };
    uint64_t ids[COUNT];

    open_kind(state);
    v[0] = long_text(1);
    v[1] = some(rh_string_slice(heap, v[0], 0, 35)); // shares
    v[2] = long_text(1);                             // equals
    v[3] = some(rh_array_new(heap, 0, v, 3));
    v[4] = some(rh_array_slice(heap, v[3], 0, 3)); // a copy
    v[5] = some(rh_object_new(heap, 0, 2));
    rh_object_freeze(heap, v[2]);
    assert_int_equal(rh_ivar_set(heap, v[5], 1, v[4]), RH_OK);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = rh_identity_of(heap, rh_value_slot(v[i]));
        assert_true(ids[i] > 0);
    }
    expect_identities(ids, COUNT);

    minor();
    expect_identities(ids, COUNT);
    collect();
    expect_identities(ids, COUNT);
    move();
    expect_identities(ids, COUNT);
    waste(1000);
    move();
    expect_identities(ids, COUNT);

    v[5] = RH_NIL;
    collect();
    assert_null(rh_identity_object(heap, ids[5]));
    expect_identities(ids, COUNT - 1);
    close_kind();
}

// ---- walks ----

static bool
count_object(struct rh_heap *of, void *object, void *context)
{
    size_t *count = context;

    (void)of, (void)object;
    ++*count;
    return true;
}

static size_t
reachable(rh_value from)
{
    size_t count = 0;

    assert_int_equal(
        rh_walk_reachable(heap, rh_value_slot(from), count_object, &count),
        RH_OK);
    return count;
}

static void
what_contains_itself_is_walked_once(void **state)
{
    open_kind(state);
    v[0] = some(rh_hash_new(heap, 0, rh_hash_type_identity()));
    assert_int_equal(rh_hash_set(heap, v[0], v[0], v[0]), RH_OK);
    v[1] = some(rh_array_new(heap, 0, NULL, 0));
    push(v[1], v[1]);
    push(v[1], v[0]);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(live(), 2);
        assert_int_equal(reachable(v[0]), 1);
        assert_int_equal(reachable(v[1]), 2);
        assert_int_equal(rh_hash_get(heap, v[0], v[0]), v[0]);
        assert_int_equal(rh_array_get(v[1], 0), v[1]);
        move();
    }
    close_kind();
}

struct told {
    size_t count;
    rh_value to[8]; // the first ones
};

static bool
note_reference(struct rh_heap *of, void *from, void *to, void *context)
{
    struct told *told = context;

    (void)of, (void)from;
    if (told->count < CHECK_COUNT(told->to))
        told->to[told->count] = rh_value_of_slot(to);
    told->count++;
    return true;
}

static struct told
references(rh_value from)
{
    struct told told = { .count = 0 };

    assert_int_equal(
        rh_walk_references(heap, rh_value_slot(from), note_reference, &told),
        RH_OK);
    return told;
}

static void
references_are_told_class_first_and_as_often_as_there_are(void **state)
{
    struct told told;

    open_kind(state);
    v[0] = some(rh_class_new(heap, 0, RH_NIL, "List", 4));
    v[1] = text("one");
    v[2] = some(rh_array_new(heap, v[0], NULL, 0));
    push(v[2], v[1]);
    push(v[2], rh_fixnum_from(3));
    push(v[2], v[2]);
    push(v[2], v[1]);
    told = references(v[2]);
    assert_int_equal(told.count, 4);
    assert_int_equal(told.to[0], v[0]);
    assert_int_equal(told.to[1], v[1]);
    assert_int_equal(told.to[2], v[2]);
    assert_int_equal(told.to[3], v[1]);
    assert_int_equal(reachable(v[2]), 3);

    for (size_t i = 0; i < 5000; i++)
        push(v[2], text("more"));
    assert_int_equal(references(v[2]).count, 5004);
    assert_int_equal(reachable(v[2]), 5003);
    close_kind();
}

// ---- sizes ----

static void
an_object_weighs_more_the_more_it_holds(void **state)
{
    size_t weight[4] = { 40, 40, 40, 40 };

    open_kind(state);
    v[0] = text("");
    v[1] = some(rh_array_new(heap, 0, NULL, 0));
    v[2] = some(rh_hash_new(heap, 0, NULL));
    v[3] = some(rh_object_new(heap, 0, 0));
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(rh_string_append(heap, v[0], "12345678", 8), RH_OK);
        push(v[1], RH_TRUE);
        assert_int_equal(
            rh_hash_set(heap, v[2], rh_fixnum_from((intptr_t)i), RH_TRUE),
            RH_OK);
        assert_int_equal(rh_ivar_set(heap, v[3], i, RH_TRUE), RH_OK);
        for (size_t k = 0; k < 4; k++) {
            size_t now = objects_memsize(heap, v[k]);

            assert_true(now >= weight[k]);
            weight[k] = now;
        }
    }
    for (size_t k = 0; k < 4; k++)
        assert_in_range(weight[k], 40 + 500 * 8, 40 + 500 * 100);
    close_kind();
}

// ---- sites ----

static void
make_at_lines(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rh_site_at(heap, "here.rb", (unsigned)i + 1);
        v[i] = text("traced");
        waste(10);
    }
}

static void
expect_lines(size_t step)
{
    struct rh_site site;

    for (size_t i = 0; i < 500; i += step) {
        assert_int_equal(rh_site_of(heap, rh_value_slot(v[i]), &site), RH_OK);
        assert_string_equal(site.file, "here.rb");
        assert_int_equal(site.line, i + 1);
    }
    assert_int_equal(rh_site_count(heap), 500 / step);
}

static void
expect_no_line(rh_value value)
{
    struct rh_site site;

    assert_int_equal(rh_site_of(heap, rh_value_slot(value), &site),
                     RH_NOT_FOUND);
}

static void
a_slot_used_again_has_no_site_of_the_dead(void **state)
{
    open_kind(state);
    rh_site_trace(heap, true);
    make_at_lines(500);
    rh_site_trace(heap, false);
    rh_heap_minor(heap);
    expect_lines(1);
    for (size_t i = 0; i < 500; i++)
        if (i % 10)
            v[i] = RH_NIL;
    collect();
    expect_lines(10);

    for (size_t i = 0; i < 3000; i++)
        expect_no_line(text("untraced"));
    expect_lines(10);
    close_kind();
}

static void
sites_follow_objects_and_leave_their_pages(void **state)
{
    static const size_t left[] = { 1, 5 };

    open_kind(state);
    rh_site_trace(heap, true);
    make_at_lines(500);
    rh_site_trace(heap, false);
    for (size_t round = 0; round < CHECK_COUNT(left); round++) {
        struct rh_compaction result = { .struct_bytes = sizeof result };

        for (size_t i = 0; i < 500; i++)
            if (i % left[round])
                v[i] = RH_NIL;
        assert_int_equal(rh_heap_compact(heap, &result), RH_OK);
        assert_true(result.moved > 0 && result.emptied_pages > 0);
        expect_lines(left[round]);
        for (size_t i = 0; i < 1000; i++)
            expect_no_line(text("untraced"));
    }
    close_kind();
}

// ---- events ----

struct tally {
    uint64_t made, freed, starts, marks, sweeps;
};

static void
tally_event(struct rh_heap *of, const struct rh_event *event, void *context)
{
    struct tally *tally = context;

    (void)of;
    tally->made += event->kind == RH_EVENT_OBJECT_NEW;
    tally->freed += event->kind == RH_EVENT_OBJECT_FREE;
    tally->starts += event->kind == RH_EVENT_COLLECTION_START;
    tally->marks += event->kind == RH_EVENT_MARK_END;
    tally->sweeps += event->kind == RH_EVENT_SWEEP_END;
    assert_true(tally->starts >= tally->marks);
    assert_true(tally->marks >= tally->sweeps);
}

static void
a_million_objects_are_told_as_they_are_counted(void **state)
{
    struct tally tally = { 0 };
    uint64_t made, freed, count;

    open_kind(state);
    waste(3000); // before anybody listens
    made = stat_of("total_allocated_objects");
    freed = stat_of("total_freed_objects");
    count = stat_of("count");
    assert_int_equal(rh_event_listen(heap,
                                     RH_EVENT_OBJECT_NEW |
                                         RH_EVENT_OBJECT_FREE |
                                         RH_EVENT_COLLECTION_START |
                                         RH_EVENT_MARK_END | RH_EVENT_SWEEP_END,
                                     tally_event, &tally),
                     RH_OK);
    text("one");
    assert_int_equal(tally.made, 1);
    for (size_t i = 0; i < 1000000; i++)
        v[i % PLACES] = text("a million");

    assert_int_equal(tally.made, 1000001);
    assert_int_equal(stat_of("total_allocated_objects") - made, tally.made);
    rh_heap_finish(heap);
    assert_int_equal(stat_of("total_freed_objects") - freed, tally.freed);
    assert_true(tally.freed > 900000);
    assert_true(tally.starts > 5);
    assert_int_equal(stat_of("count") - count, tally.starts);
    assert_int_equal(tally.starts, tally.marks);
    assert_int_equal(tally.starts, tally.sweeps);
    close_kind();
}

// ---- moving ----

// Lists are equal when their elements are.
static uint64_t
hash_list(struct rh_heap *of, rh_value key)
{
    uint64_t hash = 14695981039346656037u;

    if (rh_type_of(key) != RH_TYPE_ARRAY)
        return rh_hash_type_default()->hash(of, key);
    for (size_t i = 0; i < rh_array_length(key); i++)
        hash = hash * 1099511628211u ^ hash_list(of, rh_array_get(key, i));
    return hash;
}

static bool
equal_lists(struct rh_heap *of, rh_value a, rh_value b)
{
    if (a == b)
        return true;
    if (rh_type_of(a) != RH_TYPE_ARRAY || rh_type_of(b) != RH_TYPE_ARRAY)
        return rh_hash_type_default()->equal(of, a, b);
    if (rh_array_length(a) != rh_array_length(b))
        return false;
    for (size_t i = 0; i < rh_array_length(a); i++)
        if (!equal_lists(of, rh_array_get(a, i), rh_array_get(b, i)))
            return false;
    return true;
}

static const struct rh_hash_type list_type = { hash_list, equal_lists };

// [text of number, number, [text of number]]
static void
make_list(rh_value *place, size_t number)
{
    rh_value *part = &v[PLACES - 3];

    part[0] = long_text(number);
    part[1] = rh_fixnum_from((intptr_t)number);
    part[2] = long_text(number);
    part[2] = some(rh_array_new(heap, 0, &part[2], 1));
    *place = some(rh_array_new(heap, 0, part, 3));
}

static void
keys_of_many_parts_are_found_wherever_they_went(void **state)
{
    open_kind(state);
    v[0] = some(rh_hash_new(heap, 0, &list_type));
    for (size_t i = 0; i < 200; i++) {
        make_list(&v[1], i);
        assert_int_equal(rh_hash_set(heap, v[0], v[1], v[1]), RH_OK);
        waste(5);
    }
    for (int round = 0; round < 3; round++) {
        rh_value before = v[0];

        move();
        assert_true(v[0] != before);
        for (size_t i = 0; i < 200; i++) {
            make_list(&v[2], i);
            v[1] = rh_hash_get(heap, v[0], v[2]);
            assert_true(v[1] != RH_UNDEF && v[1] != v[2]);
            assert_true(equal_lists(heap, v[1], v[2]));
        }
        assert_int_equal(rh_hash_size(v[0]), 200);
    }
    close_kind();
}

// Arrays in their slots and beside them, frozen and not, and slices of each.
static void
slices_of_arrays_of_every_kind_follow(void **state)
{
    open_kind(state);
    for (size_t i = 0; i < 20; i++)
        v[i] = long_text(i);
    for (size_t i = 0; i < 4; i++) {
        rh_value *array = &v[20 + 2 * i];
        size_t length = i % 2 ? 20 : 3;

        array[0] = some(rh_array_new(heap, 0, v, length));
        if (i >= 2)
            rh_object_freeze(heap, array[0]);
        array[1] = some(rh_array_slice(heap, array[0], 1, length - 1));
        assert_int_equal(rh_array_is_embedded(array[1]), length == 3);
        waste(1000);
    }
    for (int round = 0; round < 4; round++) {
        if (round % 2)
            move();
        else
            assert_int_equal(rh_heap_compact(heap, NULL), RH_OK);
        for (size_t i = 0; i < 4; i++) {
            size_t length = i % 2 ? 20 : 3;

            for (size_t k = 1; k < length; k++)
                assert_int_equal(rh_array_get(v[21 + 2 * i], k - 1), v[k]);
            if (round == 2)
                v[20 + 2 * i] = RH_NIL; // the slice is left
        }
        waste(100);
    }
    close_kind();
}

// ---- weak maps ----

static uint64_t
hash_text(struct rh_heap *of, void *key)
{
    return rh_hash_type_default()->hash(of, rh_value_of_slot(key));
}

static bool
equal_texts(struct rh_heap *of, void *there, void *key)
{
    (void)of;
    return rh_string_equal(rh_value_of_slot(there), rh_value_of_slot(key));
}

static const struct rh_weak_type text_type = { hash_text, equal_texts };

enum {
    MAPS = 3
};
static struct rh_weak_map *maps[MAPS]; // both, keys, keys by what is in them

static void
make_maps(rh_value owner)
{
    void *slot = rh_value_slot(owner);

    maps[0] = rh_weak_map_new(heap, RH_WEAK_BOTH, NULL, slot);
    maps[1] = rh_weak_map_new(heap, RH_WEAK_KEY, NULL, slot);
    maps[2] = rh_weak_map_new(heap, RH_WEAK_KEY, &text_type, slot);
    for (size_t i = 0; i < MAPS; i++)
        assert_non_null(maps[i]);
}

static void
put(size_t map, rh_value key, rh_value value)
{
    assert_int_equal(rh_weak_map_set(heap, maps[map], rh_value_slot(key),
                                     rh_value_slot(value)),
                     RH_OK);
}

static rh_value
get(size_t map, rh_value key)
{
    void *value = NULL;

    assert_int_equal(
        rh_weak_map_get(heap, maps[map], rh_value_slot(key), &value), RH_OK);
    return rh_value_of_slot(value);
}

static void
a_collection_of_the_young_clears_entries_of_an_old_map(void **state)
{
    open_kind(state);
    rh_heap_disable(heap);
    v[0] = text("owner");
    make_maps(v[0]);
    collect(); // now the owner is old
    for (size_t i = 1; i <= 100; i++) {
        v[PLACES - 1] = long_text(i);     // the key
        v[PLACES - 2] = long_text(i + 1); // the value
        for (size_t map = 0; map < MAPS; map++)
            put(map, v[PLACES - 1], map ? v[PLACES - 2] : text("dies"));
        if (i % 4 == 0)
            v[i] = v[PLACES - 1];
    }
    v[PLACES - 1] = v[PLACES - 2] = RH_NIL;

    minor();

    assert_int_equal(rh_weak_map_size(maps[0]), 0); // no value is held there
    assert_int_equal(rh_weak_map_size(maps[1]), 25);
    assert_int_equal(rh_weak_map_size(maps[2]), 25);
    for (size_t i = 4; i <= 100; i += 4)
        objects_expect_text(get(2, v[i]), rh_string_bytes(get(1, v[i])));
    assert_int_equal(live(), 1 + 25 + 25);
    close_kind();
}

// Keys are v[1] to v[n]; the value of each is the next key, and of frozen ones
// as of others.
static void
expect_ring(size_t n)
{
    for (size_t i = 1; i <= n; i++)
        for (size_t map = 0; map < MAPS; map++)
            assert_int_equal(get(map, v[i]), v[i % n + 1]);
    for (size_t map = 0; map < MAPS; map++) {
        assert_ptr_equal(rh_weak_map_owner(maps[map]), rh_value_slot(v[0]));
        assert_int_equal(rh_weak_map_size(maps[map]), n);
    }
}

static void
make_ring(size_t n)
{
    for (size_t i = 1; i <= n; i++) {
        v[i] = long_text(i);
        if (i % 2)
            rh_object_freeze(heap, v[i]);
        waste(20);
    }
    for (size_t i = 1; i <= n; i++)
        for (size_t map = 0; map < MAPS; map++)
            put(map, v[i], v[i % n + 1]);
}

static void
maps_follow_keys_values_and_owners(void **state)
{
    open_kind(state);
    v[0] = text("owner");
    make_maps(v[0]);
    make_ring(50);
    for (int round = 0; round < 3; round++) {
        rh_value before = v[1];

        move();
        assert_true(v[1] != before);
        expect_ring(50);
        waste(500);
    }
    close_kind();
}

static void
maps_work_while_every_allocation_compacts(void **state)
{
    open_kind(state);
    v[0] = text("owner");
    make_maps(v[0]);
    rh_heap_stress(heap, RH_STRESS_ALLOC | RH_STRESS_COMPACT);
    make_ring(20);
    expect_ring(20);
    for (size_t i = 1; i <= 20; i++) {
        for (size_t map = 0; map < MAPS; map++)
            put(map, v[i], v[20]);
        text("garbage"); // collects and compacts
        for (size_t map = 0; map < MAPS; map++)
            assert_int_equal(get(map, v[i]), v[20]);
    }
    for (size_t i = 1; i <= 20; i++) {
        for (size_t map = 0; map < MAPS; map++)
            assert_int_equal(
                rh_weak_map_delete(heap, maps[map], rh_value_slot(v[i]), NULL),
                RH_OK);
        text("garbage");
    }
    for (size_t map = 0; map < MAPS; map++)
        assert_int_equal(rh_weak_map_size(maps[map]), 0);
    rh_heap_stress(heap, RH_STRESS_NONE);
    close_kind();
}

// One round of everything that leaves nothing behind.
static void
churn_maps(void)
{
    for (size_t i = 0; i < 3000; i++) {
        struct rh_weak_ref *ref = rh_weak_ref_new(heap, rh_value_slot(v[1]));

        assert_non_null(ref);
        for (size_t map = 0; map < MAPS; map++) {
            put(map, v[1], v[2]); // again and again
            v[3] = long_text(i);
            put(map, v[3], text("not held"));
        }
        rh_weak_ref_free(heap, ref);
    }
    rh_weak_map_clear(heap, maps[0]);
    v[3] = RH_NIL;
    collect();
    assert_int_equal(rh_weak_map_size(maps[1]), 1);
    assert_int_equal(rh_weak_map_size(maps[2]), 1);
}

static void
what_comes_and_goes_in_maps_takes_no_more_memory(void **state)
{
    size_t bytes;

    open_kind(state);
    v[0] = text("owner");
    v[1] = text("key");
    v[2] = text("value");
    make_maps(v[0]);
    churn_maps();
    churn_maps();
    bytes = world.allocator.bytes;
    for (int round = 0; round < 5; round++)
        churn_maps();
    assert_in_range(world.allocator.bytes, 0, bytes + bytes / 4);
    close_kind();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        every_kind(a_hundred_thousand_chained_objects_survive),
        every_kind(a_hundred_thousand_nested_arrays_survive),
        every_kind(every_object_may_get_a_singleton_class_in_a_walk),
        every_kind(what_kind_of_collection_was_asked_for_is_told),
        every_kind(how_a_collection_sweeps_is_told),
        every_kind(a_disabled_heap_collects_in_every_way_that_is_asked_for),
        objects_case(each_collection_counts_even_if_it_cancels_another, "",
                     generations),
        objects_case(each_collection_counts_even_if_it_cancels_another,
                     "_in_steps", steps),
        every_kind(major_collections_are_allowed_at_first),
        every_kind(the_identities_hold_whatever_a_program_does),
        every_kind(running_out_of_slots_is_the_cause_newobj),
        objects_case(a_major_collection_is_known_to_be_needed_before_it_comes,
                     "", generations),
        objects_case(a_major_collection_is_known_to_be_needed_before_it_comes,
                     "_in_steps", steps),
        every_kind(garbage_does_not_make_the_heap_grow_and_what_is_kept_does),
        every_kind(finalizers_may_collect_in_every_way),
        every_kind(what_was_made_from_an_object_has_an_id_of_its_own),
        every_kind(what_contains_itself_is_walked_once),
        every_kind(references_are_told_class_first_and_as_often_as_there_are),
        every_kind(an_object_weighs_more_the_more_it_holds),
        every_kind(a_slot_used_again_has_no_site_of_the_dead),
        every_kind(sites_follow_objects_and_leave_their_pages),
        every_kind(a_million_objects_are_told_as_they_are_counted),
        every_kind(keys_of_many_parts_are_found_wherever_they_went),
        every_kind(slices_of_arrays_of_every_kind_follow),
        every_kind(a_collection_of_the_young_clears_entries_of_an_old_map),
        every_kind(maps_follow_keys_values_and_owners),
        every_kind(maps_work_while_every_allocation_compacts),
        every_kind(what_comes_and_goes_in_maps_takes_no_more_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
