// SPDX-License-Identifier: MIT
// What all types have in common: edges, sizes, names, failing memory, ends.
#include "objects.h"

#include "heap.h"
#include "object/inside.h"

#include <rheap/model.h>

// Every type, one after the other.

#define for_each_sample(sample)                                                \
    for (const struct objects_sample *sample = objects_samples;                \
         sample < objects_samples + objects_sample_count; sample++)

static void
every_type_has_a_sample(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= RH_TYPE_MASK; type++) {
        size_t found = 0;
        bool immediate = type >= RH_TYPE_NIL && type <= RH_TYPE_FALSE;

        immediate |= type == RH_TYPE_FIXNUM || type == RH_TYPE_UNDEF;
        for_each_sample(sample) found += sample->type == type;
        assert_int_equal(found > 0,
                         !immediate && rh_type_name((enum rh_type)type));
    }
}

static void
every_type_keeps_what_it_refers_to_alive(void **state)
{
    for_each_sample(sample)
    {
        struct check_world world;
        struct rh_heap *heap = objects_open(&world, state);
        rh_value a = objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));
        rh_value b = objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));
        rh_value object = objects_keep(heap, sample->make(heap, a, b));
        size_t edges =
            objects_edges(heap, object, a) + objects_edges(heap, object, b);

        objects_check(heap);
        assert_int_equal(edges, sample->edges);
        // Only the object itself holds them now.
        rh_scope_restore(heap, 0);
        objects_keep(heap, object);
        rh_heap_collect(heap);
        if (objects_edges(heap, object, a))
            assert_true(rh_heap_is_live(heap, a));
        if (objects_edges(heap, object, b))
            assert_true(rh_heap_is_live(heap, b));
        objects_check(heap);
        objects_close(&world);
    }
}

static void
every_type_says_what_it_is(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    const struct rh_model *model = rh_object_model();
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");

    for_each_sample(sample)
    {
        rh_value object = objects_keep(heap, sample->make(heap, a, b));
        struct rh_description about = { NULL, NULL, 0, NULL };

        model->describe(heap, rh_value_slot(object), &about);
        assert_int_equal(rh_type_of(object), sample->type);
        assert_int_equal(rh_object_flags(object) & RH_TYPE_MASK, sample->type);
        assert_string_equal(about.type, rh_type_name(sample->type));
        assert_int_equal(about.type_code, sample->type);
        assert_ptr_equal(about.class_of,
                         rh_object_class(object)
                             ? rh_value_slot(rh_object_class(object))
                             : NULL);
        if (sample->type == RH_TYPE_IMEMO)
            assert_string_equal(about.subtype, "ment");
    }

    objects_close(&world);
}

static void
every_type_knows_its_size(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");

    for_each_sample(sample)
    {
        rh_value object;
        size_t size;

        objects_keep(heap, object = sample->make(heap, a, b));
        size = objects_memsize(heap, object);
        if (sample->external != SIZE_MAX)
            assert_int_equal(size, 40 + sample->external);
        else
            assert_true(size > 40);
    }

    objects_close(&world);
}

static bool
add_size(struct rh_heap *heap, void *object, void *context)
{
    const struct rhi_object *o = object;

    if (rhi_object_type(o) != RH_TYPE_DATA)
        *(size_t *)context += rh_heap_memsize(heap, object) - RH_SLOT_BYTES;
    return true;
}

static void
sizes_add_up_to_the_external_account(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");
    size_t external = 0;

    for_each_sample(sample) objects_keep(heap, sample->make(heap, a, b));
    rh_heap_collect(heap);
    for (size_t i = 0; i < 1000; i++) // sweeps the pages
        assert_true(rh_node_new(heap, 0, 0, 0, 0, 0) != RH_UNDEF);
    rh_walk_objects(heap, add_size, &external);
    assert_int_equal(check_stat(heap, "x_external_bytes"), external);

    objects_close(&world);
}

static void
every_type_can_carry_variables_and_be_frozen(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");

    for_each_sample(sample)
    {
        rh_value object = objects_keep(heap, sample->make(heap, a, b));
        rh_value value = rh_string_new(heap, 0, "value", 5);
        size_t before = objects_edge_count(heap, object);

        if (rh_object_is_frozen(object)) {
            assert_int_equal(rh_ivar_set(heap, object, 9, value),
                             RH_BAD_ARGUMENT);
            continue;
        }
        assert_int_equal(rh_ivar_set(heap, object, 9, value), RH_OK);
        assert_int_equal(objects_edge_count(heap, object), before + 1);
        rh_heap_collect(heap);
        objects_expect_text(rh_ivar_get(object, 9), "value");
        rh_object_freeze(heap, object);
        assert_true(rh_object_is_frozen(object));
        assert_false(rh_object_is_opaque(object));
    }
    assert_true(rh_object_is_frozen(RH_NIL));
    rh_object_freeze(heap, RH_NIL); // nothing to do

    objects_close(&world);
}

static void
a_slot_of_zeros_refers_to_nothing(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    void *slot = rh_heap_alloc(heap);
    rh_value none = rh_value_of_slot(slot);
    struct rh_description about = { NULL, NULL, 0, NULL };

    objects_keep(heap, none);
    rh_heap_collect(heap);
    assert_int_equal(rh_type_of(none), RH_TYPE_NONE);
    assert_int_equal(objects_edge_count(heap, none), 0);
    assert_int_equal(objects_memsize(heap, none), 40);
    rh_object_model()->describe(heap, slot, &about);
    assert_string_equal(about.type, "NONE");

    objects_close(&world);
}

static void
objects_die_when_nobody_needs_them(void **state)
{
    for_each_sample(sample)
    {
        struct check_world world;
        struct rh_heap *heap = objects_open(&world, state);

        for (int i = 0; i < 30; i++)
            assert_true(sample->make(heap, RH_NIL, RH_NIL) != RH_UNDEF);
        objects_close(&world); // insists on an empty heap
    }
}

// Whether the sweep will visit the object when it has died.
static bool
is_attached(struct rh_heap *heap, rh_value object)
{
    struct rh_position at = rh_heap_position(heap, rh_value_slot(object));

    return rhi_bit_test(heap->region.plane[RHI_EXTERNAL][at.page],
                        (uint32_t)at.slot);
}

static void
only_objects_with_something_outside_are_visited_when_they_die(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_text(heap, "a string of thirty bytes or so");
    rh_value slice = objects_keep(heap, rh_string_slice(heap, string, 0, 29));
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 9));
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "Name", 4));

    assert_false(is_attached(heap, string));
    assert_false(is_attached(heap, slice));
    assert_true(is_attached(heap, rh_string_root(slice)));
    assert_true(is_attached(heap, array));
    assert_true(is_attached(heap, class_of));
    objects_keep(heap, rh_array_slice(heap, array, 0, 9));
    assert_false(is_attached(heap, array));
    assert_int_equal(rh_array_set(heap, array, 0, RH_TRUE), RH_OK);
    assert_true(is_attached(heap, array));
    assert_int_equal(rh_array_resize(heap, array, 1), RH_OK);
    assert_false(is_attached(heap, array));
    assert_int_equal(rh_string_resize(heap, string, 24), RH_OK);
    assert_int_equal(rh_string_append(heap, string, "x", 1), RH_OK);
    assert_true(is_attached(heap, string));
    assert_int_equal(rh_string_resize(heap, string, 1), RH_OK);
    assert_false(is_attached(heap, string));
    assert_int_equal(rh_class_set_name(heap, class_of, NULL, 0), RH_OK);
    assert_false(is_attached(heap, class_of));

    objects_close(&world);
}

static void
big_containers_are_followed_piece_by_piece(void **state)
{
    enum {
        BIG = 5000
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, BIG));
    rh_value hash = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    rh_value object = objects_keep(heap, rh_object_new(heap, 0, BIG));
    rh_value members = objects_keep(heap, rh_struct_new(heap, 0, NULL, BIG));

    rh_heap_stress(heap, false); // it would take minutes
    for (size_t i = 0; i < BIG; i++) {
        rh_value key = rh_fixnum_from((int64_t)i);
        rh_value value = rh_string_new(heap, 0, "x", 1);

        assert_int_equal(rh_array_set(heap, array, i, value), RH_OK);
        value = rh_string_new(heap, 0, "x", 1);
        assert_int_equal(rh_hash_set(heap, hash, key, value), RH_OK);
        value = rh_string_new(heap, 0, "x", 1);
        assert_int_equal(rh_ivar_set(heap, object, i, value), RH_OK);
        value = rh_string_new(heap, 0, "x", 1);
        assert_int_equal(rh_struct_set(heap, members, i, value), RH_OK);
    }
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 4 + 4 * BIG);

    objects_close(&world);
}

// A visitor of our own, that everything is inside of, to see how an object is
// traced: at once, or in slices.
struct watch {
    struct rh_visitor visitor;
    size_t edges;
    size_t slices;
};

static void
watch_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    (void)edge, (void)mask;
    ((struct watch *)visitor)->edges++;
}

static void
watch_slices(struct rh_visitor *visitor, void *object)
{
    (void)object;
    ((struct watch *)visitor)->slices++;
}

static struct watch
new_watch(void)
{
    return (struct watch){ .visitor = { .span = SIZE_MAX >> 3,
                                        .encoding = { .mask = ~(uintptr_t)7 },
                                        .edge = watch_edge,
                                        .slices = watch_slices } };
}

static void
expect_traced_at_once(rh_value object, size_t edges)
{
    struct watch watch = new_watch();

    rh_object_model()->trace(rh_value_slot(object), &watch.visitor);
    assert_int_equal(watch.edges, edges);
    assert_int_equal(watch.slices, 0);
}

// Some with the object, the others in slices of ten, each in one of them.
static void
expect_traced_in_slices(rh_value object, size_t direct, size_t edges)
{
    const struct rh_model *model = rh_object_model();
    struct watch watch = new_watch();
    size_t from = 0;
    bool more = true;

    model->trace(rh_value_slot(object), &watch.visitor);
    assert_int_equal(watch.edges, direct);
    assert_int_equal(watch.slices, 1);
    watch.edges = 0;
    for (; more; from += 10) {
        size_t before = watch.edges;

        more = model->trace_range(rh_value_slot(object), from, from + 10,
                                  &watch.visitor);
        assert_true(watch.edges - before <= 10);
    }
    assert_int_equal(watch.edges, edges);
    assert_true(from >= edges && from < edges + 10);
}

static void
set_ivars(struct rh_heap *heap, rh_value object, size_t count, rh_value value)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rh_ivar_set(heap, object, i, value), RH_OK);
}

static bool
trace_fifty(void *data, size_t from, size_t to, struct rh_visitor *visitor)
{
    for (size_t i = from; i < to && i < 50; i++)
        rh_visit(visitor, data);
    return to < 50;
}

static void
more_than_64_references_are_traced_in_slices(void **state)
{
    static const struct rh_data_type fifty = { .name = "fifty",
                                               .trace_range = trace_fifty };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value child = objects_text(heap, "child");
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 0));
    rh_value string = objects_text(heap, "string");
    rh_value data =
        objects_keep(heap, rh_typed_data_new(heap, 0, &fifty, &child));

    for (size_t i = 0; i < 64; i++)
        assert_int_equal(rh_array_push(heap, array, child), RH_OK);
    set_ivars(heap, string, 64, child);
    expect_traced_at_once(array, 64);
    expect_traced_at_once(string, 64);
    assert_int_equal(rh_array_push(heap, array, child), RH_OK);
    set_ivars(heap, string, 65, child);
    expect_traced_in_slices(array, 0, 65);
    expect_traced_in_slices(string, 0, 65);
    set_ivars(heap, array, 33, child);
    expect_traced_in_slices(array, 0, 98);
    expect_traced_in_slices(data, 0, 50);
    set_ivars(heap, data, 25, child);
    // Ranges of data are counted as their owner does.
    expect_traced_in_slices(data, 25, 50);

    objects_close(&world);
}

// Calls one way and the other: a marker and a visitor must agree.
static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)object;
    ++*(size_t *)context;
    return true;
}

static void
marking_and_walking_reach_the_same(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");
    size_t reachable = 0;

    for_each_sample(sample) objects_keep(heap, sample->make(heap, a, b));
    assert_int_equal(rh_walk_reachable(heap, NULL, count_object, &reachable),
                     RH_OK);
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), reachable);

    objects_close(&world);
}

// No memory.

static void
make_or_not(struct check_world *world, const struct objects_sample *sample,
            size_t n, bool for_good)
{
    struct rh_heap *heap = world->heap;
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");
    rh_value object;

    world->faults.for_good = for_good;
    check_fail_at(&world->faults, n);
    object = sample->make(heap, a, b);
    n = world->faults.failed;
    check_fail_at(&world->faults, 0);
    world->faults.for_good = false;
    world->faults.failed = n;
    if (!n)
        assert_true(object != RH_UNDEF);
    if (object != RH_UNDEF)
        objects_keep(heap, object);
}

static void
any_allocation_may_fail(void **state)
{
    for_each_sample(sample) for (int for_good = 0; for_good < 2;
                                 for_good++) for (size_t n = 1;; n++)
    {
        struct check_world world;
        struct rh_heap *heap = objects_open(&world, state);

        make_or_not(&world, sample, n, for_good);
        objects_check(heap);
        rh_heap_collect(heap);
        objects_check(heap);
        n = world.faults.failed ? n : 0;
        objects_close(&world);
        if (n == 0)
            break;
    }
}

static void
the_heap_itself_may_not_come_about(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct check_world world;
        struct rh_heap *heap;

        check_prepare(&world);
        world.config.model = rh_object_model();
        check_fail_at(&world.faults, n);
        heap = rh_heap_new(&world.config);
        world.heap = heap;
        if (heap) // one failure may have been made up for
            objects_check(heap);
        check_close(&world);
        if (!world.faults.failed)
            break;
    }
}

static jmp_buf out;

static bool
leave(struct rh_heap *heap, size_t bytes, void *context)
{
    (void)heap, (void)bytes, (void)context;
    longjmp(out, 1);
}

static void
be_left(const struct objects_sample *sample, bool stressed)
{
    struct check_world world;
    size_t scope;

    check_prepare(&world);
    world.config.model = rh_object_model();
    world.config.out_of_memory = leave;
    check_make(&world);
    rh_heap_stress(world.heap, stressed);
    scope = rh_scope_save(world.heap);
    world.faults.for_good = true;
    check_fail_at(&world.faults, 1);
    if (setjmp(out) == 0)
        (void)sample->make(world.heap, RH_NIL, RH_NIL);
    rh_scope_restore(world.heap, scope);
    world.faults.for_good = false;
    check_fail_at(&world.faults, 0);
    objects_close(&world);
}

static void
a_constructor_may_be_left_by_the_memory_hook(void **state)
{
    for_each_sample(sample) be_left(sample, *state == &objects_stressed);
}

static void
slots_of_another_size_are_refused(void **state)
{
    struct check_world world;

    (void)state;
    check_prepare(&world);
    world.config.model = rh_object_model();
    world.config.slot_bytes = 48;
    assert_null(rh_heap_new(&world.config));
    check_close(&world);
}

// Checking.

static void
expect_broken(struct rh_heap *heap, rh_value object, const char *text)
{
    const char *why = NULL;

    if (rh_object_check(heap, object, &why) != RH_BROKEN || !strstr(why, text))
        fail_msg("expected \"%s\", found \"%s\"", text, why ? why : "nothing");
}

static void
the_check_sees_what_is_wrong(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    const uint32_t digits[7] = { 0 };
    rh_value array = objects_keep(heap, rh_array_new(heap, 0, NULL, 10));
    rh_value slice = objects_keep(heap, rh_array_slice(heap, array, 2, 5));
    rh_value shifted = objects_keep(heap, rh_array_new(heap, 0, NULL, 10));
    rh_value hash = objects_keep(heap, rh_hash_new(heap, 0, NULL));
    rh_value string = objects_text(heap, "a string of thirty bytes or so");
    rh_value small = objects_text(heap, "a small string");
    rh_value bignum =
        objects_keep(heap, rh_bignum_new(heap, 0, false, digits, 2));
    struct rhi_object *o, *root;
    struct rhi_object saved;

#define broken(value, change, text)                                            \
    do {                                                                       \
        o = rh_value_slot(value);                                              \
        saved = *o;                                                            \
        change;                                                                \
        expect_broken(heap, value, text);                                      \
        *o = saved;                                                            \
    } while (0)

    broken(string, o->as.string.length = 31, "Y2");
    broken(string, o->as.string.length = 29, "Y2: no NUL");
    broken(string, o->as.string.bytes = NULL, "Y2");
    broken(small, o->flags |= RHI_STRING_LENGTH_MASK, "Y1");
    broken(small, o->flags |= RH_OBJECT_IVARS, "Y5");
    broken(bignum, o->flags |= RHI_BIGNUM_LENGTH_MASK, "Y1");
    assert_int_equal(rh_array_shift(heap, shifted), RH_NIL);
    broken(shifted, o->as.array.length = 10, "Y2");
    broken(shifted, o->as.array.values = NULL, "Y2");
    broken(slice, o->as.array.length = 9, "Y3");
    broken(slice, o->as.array.values -= 3, "Y3");
    broken(slice, o->as.array.as.root = small, "Y3");
    broken(slice, o->as.array.as.root = RH_NIL, "Y3");
    root = rh_value_slot(rh_array_root(slice));
    root->flags &= ~(uint64_t)RH_OBJECT_FROZEN;
    expect_broken(heap, slice, "Y3");
    root->flags |= RH_OBJECT_FROZEN;
    broken(slice, o->as.array.as.root = array, "Y3");
    broken(slice, (o->flags &= ~(uint64_t)RHI_SHARED, o->as.array.as.root = 4),
           "Y2");
    broken(small, (o->flags |= RHI_OPAQUE, o->as.opaque.block = NULL), "Y4");
    broken(small, (o->flags |= RHI_OPAQUE, o->as.opaque.bytes = 0), "Y4");
    assert_int_equal(rh_hash_set(heap, hash, RH_NIL, RH_NIL), RH_OK);
    ((struct rhi_object *)rh_value_slot(hash))->as.hash.table->size = 2;
    expect_broken(heap, hash, "Y6");
    ((struct rhi_object *)rh_value_slot(hash))->as.hash.table->size = 1;
    broken(hash, o->as.hash.type = NULL, "Y6");
#undef broken
    expect_broken(heap, RH_NIL, "not an object");
    expect_broken(heap, array + 8, "not an object");

    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_a_sample),
        objects_test(every_type_keeps_what_it_refers_to_alive),
        objects_test(every_type_says_what_it_is),
        objects_test(every_type_knows_its_size),
        objects_test(sizes_add_up_to_the_external_account),
        objects_test(every_type_can_carry_variables_and_be_frozen),
        objects_test(a_slot_of_zeros_refers_to_nothing),
        objects_test(objects_die_when_nobody_needs_them),
        objects_test(
            only_objects_with_something_outside_are_visited_when_they_die),
        objects_test(big_containers_are_followed_piece_by_piece),
        objects_test(more_than_64_references_are_traced_in_slices),
        objects_test(marking_and_walking_reach_the_same),
        objects_test(any_allocation_may_fail),
        cmocka_unit_test(the_heap_itself_may_not_come_about),
        objects_test(a_constructor_may_be_left_by_the_memory_hook),
        cmocka_unit_test(slots_of_another_size_are_refused),
        objects_test(the_check_sees_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
