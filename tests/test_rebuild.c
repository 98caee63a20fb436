// SPDX-License-Identifier: MIT
// Objects made after a description: whatever it says, sizes and references
// are those of the description, and the object is sound.
#include "objects.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/data.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/image.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

#include <fcntl.h>
#include <unistd.h>

static const enum rh_type types[] = {
    RH_TYPE_OBJECT, RH_TYPE_CLASS,   RH_TYPE_MODULE,   RH_TYPE_FLOAT,
    RH_TYPE_STRING, RH_TYPE_REGEXP,  RH_TYPE_ARRAY,    RH_TYPE_HASH,
    RH_TYPE_STRUCT, RH_TYPE_BIGNUM,  RH_TYPE_FILE,     RH_TYPE_DATA,
    RH_TYPE_MATCH,  RH_TYPE_COMPLEX, RH_TYPE_RATIONAL, RH_TYPE_SYMBOL,
    RH_TYPE_IMEMO,  RH_TYPE_NODE,    RH_TYPE_ICLASS,   RH_TYPE_ZOMBIE,
};

static struct rh_rebuild
wish_for(enum rh_type type)
{
    struct rh_rebuild wish;

    rh_rebuild_init(&wish);
    wish.type = type;
    return wish;
}

static rh_value
rebuild(struct rh_heap *heap, const struct rh_rebuild *wish)
{
    void *slot = rh_heap_alloc(heap);

    assert_non_null(slot);
    objects_keep(heap, rh_value_of_slot(slot));
    assert_int_equal(rh_object_rebuild(heap, slot, wish), RH_OK);
    return rh_value_of_slot(slot);
}

// Walked references against those of a wish, in any order.
struct expected {
    rh_value left[512];
    size_t count;
};

static bool
cross_off(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct expected *expected = context;
    size_t i = 0;

    (void)heap, (void)from;
    while (i < expected->count && expected->left[i] != rh_value_of_slot(to))
        i++;
    if (i == expected->count)
        fail_msg("a reference too many");
    expected->left[i] = expected->left[--expected->count];
    return true;
}

static void
expect_as_wished(struct rh_heap *heap, rh_value object,
                 const struct rh_rebuild *wish)
{
    struct expected expected = { .count = wish->reference_count };
    const char *why = NULL;

    assert_int_equal(rh_type_of(object), wish->type);
    assert_int_equal(objects_memsize(heap, object), 40 + wish->external_bytes);
    if (rh_object_check(heap, object, &why) != RH_OK)
        fail_msg("%s: %s", rh_type_name(wish->type), why);
    assert_int_equal(rh_object_class(object), wish->class_of);
    assert_int_equal(rh_object_is_frozen(object),
                     (wish->flags & RH_REBUILD_FROZEN) != 0);
    for (size_t i = 0; i < wish->reference_count; i++)
        expected.left[i] = wish->references[i];
    if (wish->class_of)
        expected.left[expected.count++] = wish->class_of;
    assert_int_equal(
        rh_walk_references(heap, rh_value_slot(object), cross_off, &expected),
        RH_OK);
    assert_int_equal(expected.count, 0);
}

// Everything that can be asked, and every change that can be tried: nothing
// may crash, and nothing may be changed that is only known by its size.

static bool
do_nothing(struct rh_heap *heap, rh_value key, rh_value value, void *context)
{
    (void)heap, (void)key, (void)value, (void)context;
    return true;
}

static void
poke_string(struct rh_heap *heap, rh_value string)
{
    assert_non_null(rh_string_bytes(string));
    assert_true(strlen(rh_string_c_string(heap, string)) <=
                rh_string_length(string));
    (void)rh_string_is_ascii(string);
    (void)rh_string_is_broken(string);
    (void)rh_string_root(string);
    assert_true(rh_string_equal(string, string));
    assert_true(rh_string_slice(heap, string, 0, SIZE_MAX) != RH_UNDEF);
    if (rh_object_is_opaque(string)) {
        assert_int_equal(rh_string_length(string), 0);
        assert_int_equal(rh_string_append(heap, string, "x", 1),
                         RH_BAD_ARGUMENT);
        assert_int_equal(rh_string_resize(heap, string, 1), RH_BAD_ARGUMENT);
        assert_null(rh_string_modify(heap, string));
    }
}

static void
poke_array(struct rh_heap *heap, rh_value array)
{
    (void)rh_array_get(array, 0);
    (void)rh_array_get(array, rh_array_length(array));
    (void)rh_array_root(array);
    assert_true(rh_array_slice(heap, array, 0, SIZE_MAX) != RH_UNDEF);
    if (rh_object_is_opaque(array)) {
        assert_int_equal(rh_array_length(array), 0);
        assert_int_equal(rh_array_push(heap, array, RH_NIL), RH_BAD_ARGUMENT);
        assert_int_equal(rh_array_pop(heap, array), RH_UNDEF);
        assert_int_equal(rh_array_shift(heap, array), RH_UNDEF);
        assert_int_equal(rh_array_resize(heap, array, 1), RH_BAD_ARGUMENT);
    }
}

static void
poke_hash(struct rh_heap *heap, rh_value hash)
{
    assert_int_equal(rh_hash_size(hash), 0);
    assert_int_equal(rh_hash_get(heap, hash, RH_TRUE), RH_UNDEF);
    (void)rh_hash_fetch(heap, hash, RH_TRUE);
    assert_int_equal(rh_hash_delete(heap, hash, RH_TRUE), RH_UNDEF);
    assert_int_equal(rh_hash_each(heap, hash, do_nothing, NULL), RH_OK);
    if (rh_object_is_opaque(hash)) {
        assert_int_equal(rh_hash_set(heap, hash, RH_TRUE, RH_TRUE),
                         RH_BAD_ARGUMENT);
        assert_int_equal(rh_hash_clear(heap, hash), RH_BAD_ARGUMENT);
        assert_int_equal(rh_hash_rehash(heap, hash), RH_BAD_ARGUMENT);
        assert_int_equal(rh_hash_set_default(heap, hash, RH_TRUE),
                         RH_BAD_ARGUMENT);
        assert_int_equal(rh_hash_default(hash), RH_NIL);
    }
}

static void
poke_class(struct rh_heap *heap, rh_value class_of)
{
    (void)rh_class_superclass(class_of);
    (void)rh_class_name(class_of, NULL);
    (void)rh_class_is_singleton(class_of);
    rh_class_set_serial(class_of, 5);
    assert_int_equal(rh_class_serial(class_of),
                     rh_object_is_opaque(class_of) ? 0 : 5);
    if (rh_object_is_opaque(class_of))
        assert_int_equal(rh_class_set_name(heap, class_of, "x", 1),
                         RH_BAD_ARGUMENT);
}

static void
poke_number(rh_value number)
{
    switch (rh_type_of(number)) {
    case RH_TYPE_FLOAT:
        assert_true(rh_float_value(number) == 1.5e300);
        break;
    case RH_TYPE_BIGNUM:
        (void)rh_bignum_is_negative(number);
        if (rh_bignum_length(number))
            assert_int_equal(
                rh_bignum_digits(number)[rh_bignum_length(number) - 1], 0);
        break;
    case RH_TYPE_RATIONAL:
        (void)rh_rational_numerator(number);
        (void)rh_rational_denominator(number);
        break;
    default:
        (void)rh_complex_real(number);
        (void)rh_complex_imaginary(number);
        break;
    }
}

static void
poke_other(struct rh_heap *heap, rh_value object)
{
    size_t bytes;

    switch (rh_type_of(object)) {
    case RH_TYPE_REGEXP:
        (void)rh_regexp_source(object);
        assert_true(!rh_regexp_pattern(object, &bytes) == (bytes == 0));
        break;
    case RH_TYPE_MATCH:
        (void)rh_match_string(object);
        (void)rh_match_regexp(object);
        assert_int_equal(rh_match_length(object), 0);
        assert_int_equal(rh_match_region(object, 0).start, -1);
        break;
    case RH_TYPE_FILE:
        assert_int_equal(rh_file_descriptor(object), 0);
        assert_true(!rh_file_buffer(object, &bytes) == (bytes == 0));
        assert_int_equal(rh_file_close(heap, object), RH_NOT_FOUND);
        break;
    case RH_TYPE_DATA:
        assert_null(rh_data_pointer(object));
        assert_null(rh_data_type(object));
        rh_data_set_pointer(object, &bytes);
        break;
    case RH_TYPE_SYMBOL:
        (void)rh_symbol_name(object);
        (void)rh_symbol_id(object);
        break;
    case RH_TYPE_NODE:
        (void)rh_node_get(object, 0);
        (void)rh_node_kind(object);
        break;
    case RH_TYPE_IMEMO:
        (void)rh_imemo_get(object, 1);
        (void)rh_imemo_kind(object);
        break;
    default:
        break;
    }
}

static void
poke(struct rh_heap *heap, rh_value object)
{
    (void)rh_ivar_count(object);
    (void)rh_ivar_get(object, 0);
    (void)rh_object_flags(object);
    switch (rh_type_of(object)) {
    case RH_TYPE_STRING:
        poke_string(heap, object);
        break;
    case RH_TYPE_ARRAY:
        poke_array(heap, object);
        break;
    case RH_TYPE_HASH:
        poke_hash(heap, object);
        break;
    case RH_TYPE_CLASS:
    case RH_TYPE_MODULE:
    case RH_TYPE_ICLASS:
        poke_class(heap, object);
        break;
    case RH_TYPE_FLOAT:
    case RH_TYPE_BIGNUM:
    case RH_TYPE_RATIONAL:
    case RH_TYPE_COMPLEX:
        poke_number(object);
        break;
    default:
        poke_other(heap, object);
        break;
    }
}

enum {
    MOST_REFERENCES = 300
};

static void
rebuild_and_poke(struct rh_heap *heap, const struct rh_rebuild *wish)
{
    size_t scope = rh_scope_save(heap);
    rh_value object = rebuild(heap, wish);

    expect_as_wished(heap, object, wish);
    poke(heap, object);
    rh_scope_restore(heap, scope);
}

static void
try_references(struct rh_heap *heap, struct rh_rebuild *wish)
{
    static const size_t counts[] = { 0, 1, 2, 3, 4, 9, MOST_REFERENCES };

    for (size_t i = 0; i < CHECK_COUNT(counts); i++) {
        wish->reference_count = counts[i];
        wish->special = counts[i] > 2 ? wish->references[2] : 0;
        rebuild_and_poke(heap, wish);
    }
}

static void
try_sizes(struct rh_heap *heap, struct rh_rebuild *wish)
{
    static const size_t sizes[] = { 0,  1,  7,   8,   16,   23,
                                    24, 40, 128, 801, 4096, 20000 };
    static const size_t lengths[] = { 0, 1, 3, 4, 23, 24, 1000 };

    for (size_t i = 0; i < CHECK_COUNT(sizes); i++)
        for (size_t j = 0; j < CHECK_COUNT(lengths); j++) {
            wish->external_bytes = sizes[i];
            wish->length = wish->bytesize = lengths[j];
            try_references(heap, wish);
        }
}

static void
any_description_gives_a_sound_object(void **state)
{
    static const uint32_t flags[] = {
        0,
        RH_REBUILD_ACCOUNT_ONLY,
        RH_REBUILD_SHARED | RH_REBUILD_FROZEN,
        RH_REBUILD_EMBEDDED | RH_REBUILD_INTERNED | RH_REBUILD_SINGLETON |
            RH_REBUILD_WB_PROTECTED,
    };

    for (size_t type = 0; type < CHECK_COUNT(types); type++)
        for (size_t i = 0; i < CHECK_COUNT(flags); i++) {
            struct check_world world;
            struct rh_heap *heap = objects_open(&world, state);
            struct rh_rebuild wish = wish_for(types[type]);
            rh_value references[MOST_REFERENCES];

            wish.class_of =
                objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));
            for (size_t j = 0; j < MOST_REFERENCES; j++)
                references[j] =
                    j % 7 ? objects_text(heap, "r") : references[j / 2];
            references[0] = wish.class_of; // a reference to the class as well
            wish.references = references;
            wish.flags = flags[i];
            wish.number = 1.5e300;
            wish.fd = 0;
            wish.name = i % 2 ? "a name" : NULL;
            wish.name_length = 6;
            rh_heap_stress(heap, false); // 10,000 objects each
            try_sizes(heap, &wish);
            objects_check(heap);
            objects_close(&world);
        }
}

static void
contents_are_there_when_the_layout_has_room(void **state)
{
    static const char text[] = "a text of more than twenty-three bytes";
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value references[] = { objects_text(heap, "0"), objects_text(heap, "1"),
                              objects_text(heap, "2"),
                              objects_text(heap, "3") };
    struct rh_rebuild wish;
    rh_value object;

    wish = wish_for(RH_TYPE_STRING);
    wish.bytes = text;
    wish.bytesize = 20;
    wish.encoding = RH_STRING_UTF_8;
    wish.flags = RH_REBUILD_INTERNED;
    object = rebuild(heap, &wish);
    assert_true(rh_string_is_embedded(object));
    assert_memory_equal(rh_string_bytes(object), text, 20);
    assert_int_equal(rh_string_encoding(object), RH_STRING_UTF_8);
    assert_true(rh_string_is_interned(object));
    wish.bytesize = sizeof text - 1;
    wish.external_bytes = 101;
    object = rebuild(heap, &wish);
    assert_string_equal(rh_string_c_string(heap, object), text);
    assert_int_equal(rh_string_capacity(object), 100);
    assert_int_equal(rh_string_append(heap, object, "!", 1), RH_OK);

    wish = wish_for(RH_TYPE_ARRAY);
    wish.references = references;
    wish.reference_count = 4;
    wish.length = 10;
    wish.external_bytes = 160;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_array_length(object), 10);
    assert_int_equal(rh_array_capacity(object), 20);
    assert_int_equal(rh_array_get(object, 3), references[3]);
    assert_int_equal(rh_array_get(object, 4), RH_NIL);
    assert_int_equal(rh_array_push(heap, object, RH_TRUE), RH_OK);

    wish.type = RH_TYPE_STRUCT;
    wish.length = 0;
    wish.external_bytes = 80;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_struct_length(object), 10);
    assert_int_equal(rh_struct_get(object, 1), references[1]);
    wish.external_bytes = 0;
    wish.reference_count = 2;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_struct_length(object), 2);

    wish = wish_for(RH_TYPE_OBJECT);
    wish.references = references;
    wish.reference_count = 1;
    wish.length = 7;
    wish.external_bytes = 56;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_ivar_count(object), 7);
    assert_int_equal(rh_ivar_get(object, 0), references[0]);

    wish = wish_for(RH_TYPE_RATIONAL);
    wish.references = references;
    wish.reference_count = 2;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_rational_denominator(object), references[1]);

    objects_close(&world);
}

static void
a_descriptor_of_another_process_is_not_closed(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_rebuild wish = wish_for(RH_TYPE_FILE);
    int fd = dup(2);
    rh_value object;

    wish.fd = fd;
    wish.external_bytes = 240;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_file_descriptor(object), fd);
    rebuild(heap, &wish);
    assert_int_equal(rh_file_close(heap, object), RH_NOT_FOUND);
    objects_close(&world);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    assert_int_equal(close(fd), 0);
}

static void
a_class_knows_its_name_and_its_superclass(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value references[] = { objects_text(heap, "constant"),
                              objects_keep(
                                  heap, rh_class_new(heap, 0, RH_NIL, NULL, 0)),
                              objects_text(heap, "constant") };
    struct rh_rebuild wish = wish_for(RH_TYPE_CLASS);
    size_t length;

    wish.references = references;
    wish.reference_count = 3;
    wish.special = references[1];
    wish.name = "Foo::Bar and more";
    wish.name_length = 8;
    wish.flags = RH_REBUILD_SINGLETON;
    for (size_t bytes = 0; bytes <= 480; bytes += 480) {
        rh_value object;

        wish.external_bytes = bytes;
        object = rebuild(heap, &wish);
        expect_as_wished(heap, object, &wish);
        assert_int_equal(rh_class_superclass(object), references[1]);
        assert_string_equal(rh_class_name(object, &length), "Foo::Bar");
        assert_int_equal(length, 8);
        assert_true(rh_class_is_singleton(object));
        assert_string_equal(rh_rebuild_name(object, NULL), "Foo::Bar");
    }

    objects_close(&world);
}

static void
names_without_a_place_are_kept_beside_the_heap(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_rebuild wish = wish_for(RH_TYPE_IMEMO);
    rh_value object;

    wish.name = "fields";
    wish.name_length = 6;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_imemo_kind(object), RH_IMEMO_OTHER);
    assert_string_equal(rh_rebuild_name(object, NULL), "fields");
    wish.name = "iseq";
    wish.name_length = 4;
    object = rebuild(heap, &wish);
    assert_int_equal(rh_imemo_kind(object), RH_IMEMO_ISEQ);
    assert_null(rh_rebuild_name(object, NULL));
    wish = wish_for(RH_TYPE_SYMBOL);
    wish.bytes = "coverage";
    wish.bytesize = 8;
    object = rebuild(heap, &wish);
    assert_string_equal(rh_rebuild_name(object, NULL), "coverage");
    assert_int_equal(rh_symbol_name(object), RH_NIL);

    objects_close(&world);
}

static void
bytes_that_nobody_owns_are_kept_beside_the_heap(void **state)
{
    static const char text[] = "a literal of the interpreter's";
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_rebuild wish = wish_for(RH_TYPE_STRING);
    rh_value object;

    wish.bytes = text;
    wish.bytesize = sizeof text - 1;
    object = rebuild(heap, &wish); // too long for the slot, and no block
    assert_true(rh_object_is_opaque(object));
    assert_string_equal(rh_rebuild_name(object, NULL), text);
    expect_as_wished(heap, object, &wish);

    objects_close(&world);
}

static void
accounting_alone_takes_no_memory(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_rebuild wish = wish_for(RH_TYPE_STRING);
    size_t blocks = world.allocator.blocks;

    wish.bytesize = wish.external_bytes = 1000000;
    wish.flags = RH_REBUILD_ACCOUNT_ONLY;
    objects_keep(heap, rebuild(heap, &wish));
    assert_int_equal(world.allocator.blocks, blocks);
    assert_int_equal(check_stat(heap, "x_adjusted_bytes"), 1000000);
    assert_int_equal(check_stat(heap, "x_external_bytes"), 0);

    objects_close(&world); // insists that the account is even
}

static void
bytes_are_really_allocated(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);

    for (size_t i = 0; i < CHECK_COUNT(types); i++) {
        struct rh_rebuild wish = wish_for(types[i]);
        size_t before = check_stat(heap, "x_external_bytes");

        wish.external_bytes = 1001;
        rebuild(heap, &wish);
        assert_int_equal(check_stat(heap, "x_external_bytes"), before + 1001);
    }

    objects_close(&world);
}

static void
references_may_lead_to_objects_that_come_later(void **state)
{
    struct check_world world;
    struct rh_heap *heap;
    struct rh_rebuild wish = wish_for(RH_TYPE_ARRAY);
    rh_value first, second;

    (void)state;
    check_prepare(&world);
    world.config.model = rh_object_model();
    world.config.initial_slots = 0;
    check_make(&world);
    heap = world.heap;
    assert_int_equal(rh_image_begin(heap), RH_OK);
    first = rh_value_of_slot(
        rh_image_place(heap, (struct rh_position){ 0, 7 }, NULL));
    second = rh_value_of_slot(
        rh_image_place(heap, (struct rh_position){ 2, 9 }, NULL));
    wish.references = &second;
    wish.reference_count = wish.length = 1;
    assert_int_equal(rh_object_rebuild(heap, rh_value_slot(first), &wish),
                     RH_OK);
    wish.references = &first;
    wish.type = RH_TYPE_HASH;
    wish.external_bytes = 128;
    assert_int_equal(rh_object_rebuild(heap, rh_value_slot(second), &wish),
                     RH_OK);
    rh_image_end(heap);
    objects_check(heap);
    assert_int_equal(rh_array_get(first, 0), second);
    assert_int_equal(objects_edges(heap, second, first), 1);
    rh_heap_collect(heap);
    objects_close(&world);
}

static void
impossible_descriptions_are_refused(void **state)
{
    static const unsigned bad[] = { 0x00, 0x10, 0x11, 0x13, 0x15, 0x16,
                                    0x17, 0x19, 0x1e, 0x1f, 0x20, 1000 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    void *slot = rh_heap_alloc(heap);
    struct rh_rebuild wish = wish_for(RH_TYPE_ARRAY);
    rh_value reference = RH_TRUE;

    for (size_t i = 0; i < CHECK_COUNT(bad); i++) {
        struct rh_rebuild none = wish_for((enum rh_type)bad[i]);

        assert_int_equal(rh_object_rebuild(heap, slot, &none), RH_BAD_ARGUMENT);
    }
    wish.references = &reference;
    wish.reference_count = 1;
    assert_int_equal(rh_object_rebuild(heap, slot, &wish), RH_BAD_ARGUMENT);
    wish.reference_count = 0;
    wish.class_of = 0x1234;
    assert_int_equal(rh_object_rebuild(heap, slot, &wish), RH_BAD_ARGUMENT);
    wish.class_of = 0;
    wish.external_bytes = SIZE_MAX;
    assert_int_equal(rh_object_rebuild(heap, slot, &wish), RH_BAD_ARGUMENT);
    assert_int_equal(rh_type_of(rh_value_of_slot(slot)), RH_TYPE_NONE);

    objects_close(&world);
}

static void
a_shorter_description_of_an_older_program_is_understood(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_rebuild wish = wish_for(RH_TYPE_FILE);
    rh_value object;

    wish.external_bytes = 77; // behind the end
    wish.fd = 9;
    wish.struct_bytes = offsetof(struct rh_rebuild, fd);
    object = rebuild(heap, &wish);
    assert_int_equal(rh_file_descriptor(object), -1);
    assert_int_equal(objects_memsize(heap, object), 40);

    objects_close(&world);
}

static void
any_allocation_may_fail(void **state)
{
    for (size_t i = 0; i < CHECK_COUNT(types); i++)
        for (size_t n = 1;; n++) {
            struct check_world world;
            struct rh_heap *heap = objects_open(&world, state);
            struct rh_rebuild wish = wish_for(types[i]);
            rh_value reference = objects_text(heap, "r");
            rh_value references[] = { reference, reference, reference,
                                      reference, reference };
            void *slot = rh_heap_alloc(heap);
            enum rh_status status;

            objects_keep(heap, rh_value_of_slot(slot));
            wish.references = references;
            wish.reference_count = 5;
            wish.external_bytes = 99;
            world.faults.for_good = true;
            check_fail_at(&world.faults, n);
            status = rh_object_rebuild(heap, slot, &wish);
            world.faults.for_good = false;
            if (status) {
                assert_int_equal(status, RH_NO_MEMORY);
                assert_int_equal(rh_type_of(rh_value_of_slot(slot)),
                                 RH_TYPE_NONE);
                assert_int_equal(check_stat(heap, "x_external_bytes"), 0);
            }
            world.faults.fail_at = 0;
            objects_check(heap);
            objects_close(&world);
            if (!status)
                break;
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_description_gives_a_sound_object),
        objects_test(contents_are_there_when_the_layout_has_room),
        objects_test(a_descriptor_of_another_process_is_not_closed),
        objects_test(a_class_knows_its_name_and_its_superclass),
        objects_test(names_without_a_place_are_kept_beside_the_heap),
        objects_test(bytes_that_nobody_owns_are_kept_beside_the_heap),
        objects_test(accounting_alone_takes_no_memory),
        objects_test(bytes_are_really_allocated),
        cmocka_unit_test(references_may_lead_to_objects_that_come_later),
        objects_test(impossible_descriptions_are_refused),
        objects_test(a_shorter_description_of_an_older_program_is_understood),
        objects_test(any_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
