// SPDX-License-Identifier: MIT
// Other ideas of what an object is: sizes, encodings, and what a model leaves
// out.
#include "config.h"

#include "check.h"

#include "base.h"
#include "poison.h"

// Slots of any size: two references, and a pattern up to the end.

struct pair {
    uint64_t seed;
    struct pair *left;
    struct pair *right;
    uint64_t pattern[]; // up to the end of the slot
};

static void
pair_trace(void *object, struct rh_visitor *visitor)
{
    struct pair *pair = object;

    rh_visit(visitor, &pair->left);
    rh_visit(visitor, &pair->right);
}

static const struct rh_model pair_model = { .name = "pairs",
                                            .trace = pair_trace };

static struct pair *
pair_new(struct rh_heap *heap, uint64_t seed, struct pair *left)
{
    size_t words = rh_heap_slot_bytes(heap) / 8 - 3;
    struct pair *pair = rh_heap_alloc(heap);

    assert_non_null(pair);
    pair->seed = seed;
    pair->left = left;
    for (size_t i = 0; i < words; i++)
        pair->pattern[i] = check_random(&seed);
    return pair;
}

static void
expect_pair(struct rh_heap *heap, const struct pair *pair)
{
    size_t words = rh_heap_slot_bytes(heap) / 8 - 3;
    uint64_t seed = pair->seed;

    for (size_t i = 0; i < words; i++)
        assert_true(pair->pattern[i] == check_random(&seed));
}

// Make garbage and survivors, three times; nobody's words may change.
static void
expect_work(struct check_world *world)
{
    struct rh_heap *heap = world->heap;
    struct pair *list = NULL;
    size_t slots = rh_heap_slots_per_page(heap);
    size_t made = 0;
    size_t found = 0;

    check_root(heap, &list);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3 * slots + 1; i++) {
            struct pair *pair = pair_new(heap, made, list);

            if (i % 3 == 0) {
                list = pair;
                made++;
            }
        }
        rh_heap_collect(heap);
        check_heap(heap);
    }
    for (const struct pair *pair = list; pair; pair = pair->left, found++)
        expect_pair(heap, pair);
    assert_int_equal(found, made);
    assert_int_equal(check_stat(heap, "heap_live_slots"), made);
    check_unroot(heap, &list);
}

static void
every_slot_size_works(void **state)
{
    struct check_world world;
    size_t sizes = 0;

    (void)state;
    for (size_t bytes = 32; bytes <= 1024; bytes += 8) {
        check_prepare(&world);
        world.config.model = &pair_model;
        world.config.slot_bytes = bytes;
        world.config.region_bytes = 16 << 20;
        world.config.initial_slots = 100;
        if (rh_config_check(&world.config, NULL) != RH_OK)
            break; // pages of 1 KB have slots up to a quarter page
        check_make(&world);
        assert_int_equal(rh_heap_slot_bytes(world.heap), bytes);

        expect_work(&world);

        check_close(&world);
        sizes++;
    }
#ifdef RH_TINY_PAGES
    assert_int_equal(sizes, (256 - 32) / 8 + 1);
#else
    assert_int_equal(sizes, (1024 - 32) / 8 + 1);
#endif
}

static void
runs_may_be_kept_anywhere_in_the_slot(void **state)
{
    (void)state;
    for (size_t bytes = 32; bytes <= 96; bytes += 8)
        for (uint32_t offset = 0; offset + 24 <= bytes; offset += 8) {
            struct check_world world;
            struct rh_model model = pair_model;

            model.run_offset = offset;
            check_prepare(&world);
            world.config.model = &model;
            world.config.slot_bytes = bytes;
            world.config.region_bytes = 16 << 20;
            world.config.initial_slots = 100;
            check_make(&world);

            expect_work(&world);

            check_close(&world);
        }
}

// Objects as mruby has them: 48 bytes, a type byte that walkers read even in
// free slots, runs kept behind it.

enum {
    TYPE_FREE,
    TYPE_OBJECT = 7
};

struct typed {
    uint8_t type;
    uint8_t color;
    uint16_t unused[3];
    struct typed *next;
    uint64_t payload[4];
};

_Static_assert(sizeof(struct typed) == 48, "like mruby's");

static void
typed_trace(void *object, struct rh_visitor *visitor)
{
    struct typed *typed = object;

    rh_visit(visitor, &typed->next);
}

static void
typed_release(struct rh_heap *heap, void *object)
{
    (void)heap;
    ((struct typed *)object)->type = TYPE_FREE;
}

static const struct rh_model typed_model = {
    .name = "typed",
    .trace = typed_trace,
    .release = typed_release,
    .flags = RH_MODEL_RELEASE_ALL,
    .run_offset = 24,
};

static struct typed *
typed_new(struct rh_heap *heap, struct typed *next)
{
    struct typed *typed = rh_heap_alloc(heap);

    assert_non_null(typed);
    typed->type = TYPE_OBJECT;
    typed->next = next;
    memset(typed->payload, 0x77, sizeof typed->payload);
    return typed;
}

static void
open_typed(struct check_world *world)
{
    check_prepare(world);
    world->config.model = &typed_model;
    world->config.slot_bytes = sizeof(struct typed);
    world->config.initial_slots = 0;
    check_make(world);
}

// What a walker over raw slots sees on page 0.
static size_t
count_types(struct rh_heap *heap, uint8_t type)
{
    size_t count = 0;

    for (size_t i = 0; i < rh_heap_slots_per_page(heap); i++) {
        struct rh_position position = { 0, i };
        const struct typed *typed = rh_heap_slot(heap, position);

        rhi_poison_defined(typed, sizeof *typed);
        count += typed->type == type;
    }
    return count;
}

static void
the_type_byte_of_a_free_slot_stays_readable(void **state)
{
    struct check_world world;
    struct typed *keep = NULL;
    size_t slots, kept = 0;

    (void)state;
    open_typed(&world);
    check_root(world.heap, &keep);
    slots = rh_heap_slots_per_page(world.heap);
    for (size_t i = 0; i < slots; i++) {
        struct typed *typed = typed_new(world.heap, keep);

        if (i % 4 == 0) {
            keep = typed;
            kept++;
        }
    }
    rh_heap_collect(world.heap);
    check_heap(world.heap);
    assert_int_equal(count_types(world.heap, TYPE_OBJECT), kept);
    assert_int_equal(count_types(world.heap, TYPE_FREE), slots - kept);

    // Taking the page threads its runs through the free slots.
    typed_new(world.heap, NULL);

    assert_int_equal(count_types(world.heap, TYPE_OBJECT), kept + 1);
    assert_int_equal(count_types(world.heap, TYPE_FREE), slots - kept - 1);
    check_heap(world.heap);
    check_close(&world);
}

// What is left out.

static const struct rh_model blank_model = { .name = "blank" };

static size_t references_of(struct rh_heap *heap, void *object);

static void
objects_of_a_model_without_trace_refer_to_nothing(void **state)
{
    struct check_world world;
    void **root = NULL;

    (void)state;
    check_prepare(&world);
    world.config.model = &blank_model;
    check_make(&world);
    root = rh_heap_alloc(world.heap);
    check_root(world.heap, &root);
    root[0] = rh_heap_alloc(world.heap);
    rh_external_attach(world.heap, root[0]); // nobody to call

    assert_int_equal(references_of(world.heap, root), 0);
    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
    assert_int_equal(rh_heap_memsize(world.heap, root), 40);
    check_close(&world);
}

// A vector: nothing but a container part.

struct vector {
    uint64_t length;
    struct node **items;
};

static void
vector_trace(void *object, struct rh_visitor *visitor)
{
    rh_visit_slices(visitor, object);
}

static bool
vector_trace_range(void *object, size_t from, size_t to,
                   struct rh_visitor *visitor)
{
    struct vector *vector = object;

    for (; from < to && from < vector->length; from++)
        rh_visit(visitor, &vector->items[from]);
    return from < vector->length;
}

static void
vector_release(struct rh_heap *heap, void *object)
{
    struct vector *vector = object;

    rh_external_free(heap, vector->items,
                     vector->length * sizeof *vector->items);
}

static const struct rh_model vector_model = {
    .name = "vectors",
    .trace = vector_trace,
    .trace_range = vector_trace_range,
    .release = vector_release,
};

static const struct rh_model mute_vector_model = {
    .name = "vectors that nobody asks",
    .trace_range = vector_trace_range,
    .release = vector_release,
};

static struct vector *
vector_new(struct rh_heap *heap, size_t length)
{
    struct vector *vector = rh_heap_alloc(heap);

    assert_non_null(vector);
    vector->items = rh_external_calloc(heap, length, sizeof *vector->items);
    assert_non_null(vector->items);
    vector->length = length;
    rh_external_attach(heap, vector);
    return vector;
}

static bool
count_reference(struct rh_heap *heap, void *from, void *to, void *context)
{
    (void)heap, (void)from, (void)to;
    ++*(size_t *)context;
    return true;
}

static size_t
references_of(struct rh_heap *heap, void *object)
{
    size_t count = 0;

    assert_int_equal(rh_walk_references(heap, object, count_reference, &count),
                     RH_OK);
    return count;
}

static void
expect_vector(const struct rh_model *model, size_t length, size_t survivors)
{
    struct check_world world;
    struct vector *vector;

    check_prepare(&world);
    world.config.model = model;
    check_make(&world);
    vector = vector_new(world.heap, length);
    check_root(world.heap, &vector);
    for (size_t i = 0; i < length; i++)
        vector->items[i] = rh_heap_alloc(world.heap);
    check_heap(world.heap);

    assert_int_equal(references_of(world.heap, vector), survivors);
    rh_heap_collect(world.heap);

    if (model->trace)
        check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1 + survivors);
    check_close(&world);
}

static void
a_container_is_followed_from_its_first_item_to_its_last(void **state)
{
    static const size_t lengths[] = { 0,   1,   127,  128,  129,
                                      255, 256, 1000, 5000, 12345 };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(lengths); i++)
        expect_vector(&vector_model, lengths[i], lengths[i]);
}

static void
a_container_that_trace_does_not_mention_is_not_followed(void **state)
{
    (void)state;
    expect_vector(&mute_vector_model, 1000, 0);
}

// Release.

static void
only_attached_objects_are_released(void **state)
{
    struct check_world world;
    struct node *attached, *detached;

    (void)state;
    check_open(&world);
    check_waste(world.heap, 100);
    attached = check_node(world.heap, NULL, NULL);
    detached = check_node(world.heap, NULL, NULL);
    rh_external_attach(world.heap, attached);
    rh_external_attach(world.heap, detached);
    rh_external_detach(world.heap, detached);

    rh_heap_collect(world.heap);

    assert_int_equal(world.released, 1);
    check_heap(world.heap);
    check_close(&world);
    assert_int_equal(world.released, 1);
}

static void
an_object_is_released_once(void **state)
{
    struct check_world world;
    struct node *node;

    (void)state;
    check_open(&world);
    node = check_node(world.heap, NULL, NULL);
    check_root(world.heap, &node);
    rh_external_attach(world.heap, node);
    rh_external_attach(world.heap, node);
    rh_heap_collect(world.heap);
    assert_int_equal(world.released, 0);
    node = NULL;

    rh_heap_collect(world.heap);
    assert_int_equal(world.released, 1);
    rh_heap_collect(world.heap);
    assert_int_equal(world.released, 1);

    // The slot's next tenant has nothing to release.
    check_waste(world.heap, rh_heap_slots_per_page(world.heap));
    rh_heap_collect(world.heap);
    assert_int_equal(world.released, 1);
    check_close(&world);
}

static void
a_model_may_want_to_release_every_object(void **state)
{
    struct check_world world;
    struct rh_model model = check_node_model;
    struct node *keep;

    (void)state;
    check_prepare(&world);
    model.flags = RH_MODEL_RELEASE_ALL;
    world.config.model = &model;
    check_make(&world);
    keep = check_list(world.heap, 10);
    check_root(world.heap, &keep);
    check_waste(world.heap, 1000);

    rh_heap_collect(world.heap);
    assert_int_equal(world.released, 1000);
    check_heap(world.heap);
    check_close(&world);
    assert_int_equal(world.released, 1010);
}

static void
freeing_a_heap_releases_what_is_attached(void **state)
{
    struct check_world world;
    struct node *keep;

    (void)state;
    check_open(&world);
    keep = check_buffer(world.heap, 100);
    check_root(world.heap, &keep);
    check_buffer(world.heap, 200); // garbage, not collected any more
    check_waste(world.heap, 5);

    check_close(&world);

    assert_int_equal(world.released, 2);
}

static size_t
foreign_bytes(struct rh_heap *heap)
{
    return check_stat(heap, "x_adjusted_bytes");
}

static void
growing_release(struct rh_heap *heap, void *object)
{
    rh_external_adjust(heap, object, 10);
}

static void
a_release_that_adjusts_upwards_does_not_bring_its_object_back(void **state)
{
    struct check_world world;
    struct rh_model model = check_node_model;

    (void)state;
    check_prepare(&world);
    model.release = growing_release;
    world.config.model = &model;
    check_make(&world);
    rh_external_attach(world.heap, check_node(world.heap, NULL, NULL));

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(foreign_bytes(world.heap), 10);
    rh_heap_collect(world.heap);
    assert_int_equal(foreign_bytes(world.heap), 10);
    check_close(&world);
}

// State of the model.

static char events[16];

static void
note(char event)
{
    size_t length = strlen(events);

    assert_true(length + 1 < sizeof events);
    events[length] = event;
}

static int model_state;
static void *attach_answer;

static void *
noting_attach(struct rh_heap *heap)
{
    (void)heap;
    note('a');
    return attach_answer;
}

static void
noting_detach(struct rh_heap *heap, void *state)
{
    (void)heap;
    assert_ptr_equal(state, &model_state);
    note('d');
}

static void
noting_release(struct rh_heap *heap, void *object)
{
    (void)object;
    assert_ptr_equal(rh_heap_model_state(heap), &model_state);
    note('r');
}

static const struct rh_model noting_model = {
    .name = "noting",
    .release = noting_release,
    .attach = noting_attach,
    .detach = noting_detach,
    .flags = RH_MODEL_RELEASE_ALL,
};

static void
the_state_of_a_model_outlives_the_last_object(void **state)
{
    struct check_world world;

    (void)state;
    memset(events, 0, sizeof events);
    attach_answer = &model_state;
    check_prepare(&world);
    world.config.model = &noting_model;
    check_make(&world);
    assert_ptr_equal(rh_heap_model_state(world.heap), &model_state);
    (void)rh_heap_alloc(world.heap);
    (void)rh_heap_alloc(world.heap);

    check_close(&world);

    assert_string_equal(events, "arrd");
}

static void
a_model_that_cannot_attach_makes_no_heap(void **state)
{
    struct check_world world;

    (void)state;
    memset(events, 0, sizeof events);
    attach_answer = NULL;
    check_prepare(&world);
    world.config.model = &noting_model;

    assert_null(rh_heap_new(&world.config));

    assert_string_equal(events, "a");
    assert_int_equal(world.allocator.blocks, 0);
    assert_int_equal(world.memory.reserved_bytes, 0);
}

// Encodings.

#define TAG_MASK (UINT64_C(0xffff) << 48)
#define TAG (UINT64_C(0xfff9) << 48)

struct boxes {
    uint64_t words[5];
};

static void
boxes_trace(void *object, struct rh_visitor *visitor)
{
    struct boxes *boxes = object;

    for (size_t i = 0; i < CHECK_COUNT(boxes->words); i++)
        rh_visit(visitor, &boxes->words[i]);
}

static void
open_boxes(struct check_world *world, struct rh_model *model,
           struct rh_encoding encoding)
{
    *model = (struct rh_model){ .name = "boxes",
                                .trace = boxes_trace,
                                .encoding = encoding };
    check_prepare(world);
    world->config.model = model;
    check_make(world);
}

static const struct rh_encoding plain = { 0, 0, 0 };
static const struct rh_encoding explicit_plain = { ~(uintptr_t)0, 0, 0 };
static const struct rh_encoding low_tagged = { ~(uintptr_t)7, 7, 5 };
static const struct rh_encoding any_tag = { ~(uintptr_t)7, 0, 0 };
static const struct rh_encoding boxed = { (UINT64_C(1) << 48) - 1, TAG_MASK,
                                          TAG };

// Each word of `words`, with an object's address added, is or is not a
// reference in this encoding: as a field and as a root.
static void
expect_encoding(struct rh_encoding encoding, const uint64_t *words,
                size_t count, bool is_reference)
{
    struct check_world world;
    struct rh_model model;
    struct boxes *boxes;
    uint64_t root = 0, field;

    open_boxes(&world, &model, encoding);
    for (size_t i = 0; i < count; i++) {
        check_root(world.heap, &root);
        root = (uintptr_t)rh_heap_alloc(world.heap) + words[i];
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"),
                         is_reference);
        check_unroot(world.heap, &root);

        field = (uintptr_t)rh_heap_alloc(world.heap) + words[i];
        boxes = rh_heap_alloc(world.heap);
        boxes->words[3] = field;
        check_root(world.heap, &root);
        root = (uintptr_t)boxes + (encoding.tag_mask ? encoding.tag : 0);
        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"),
                         1 + is_reference);
        check_unroot(world.heap, &root);
        rh_heap_collect(world.heap);
    }
    check_close(&world);
}

static void
plain_words_are_references_when_they_are_addresses(void **state)
{
    static const uint64_t yes[] = { 0 };
    static const uint64_t no[] = { 1, 2, 3, 4, 5, 6, 7, TAG };

    (void)state;
    expect_encoding(plain, yes, CHECK_COUNT(yes), true);
    expect_encoding(plain, no, CHECK_COUNT(no), false);
    expect_encoding(explicit_plain, yes, CHECK_COUNT(yes), true);
    expect_encoding(explicit_plain, no, CHECK_COUNT(no), false);
}

static void
low_tags_are_taken_off(void **state)
{
    static const uint64_t yes[] = { 5 };
    static const uint64_t no[] = { 0, 1, 2, 3, 4, 6, 7, TAG, TAG + 5 };
    static const uint64_t all[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

    (void)state;
    expect_encoding(low_tagged, yes, CHECK_COUNT(yes), true);
    expect_encoding(low_tagged, no, CHECK_COUNT(no), false);
    expect_encoding(any_tag, all, CHECK_COUNT(all), true);
}

static void
boxed_words_are_references_by_their_tag_alone(void **state)
{
    static const uint64_t yes[] = { TAG };
    static const uint64_t no[] = { 0,
                                   TAG + 1,
                                   UINT64_C(0xfff8) << 48,
                                   UINT64_C(0x7ff8) << 48,
                                   UINT64_C(0xffff) << 48,
                                   UINT64_C(1) << 48 };

    (void)state;
    expect_encoding(boxed, yes, CHECK_COUNT(yes), true);
    expect_encoding(boxed, no, CHECK_COUNT(no), false);
}

static void
handles_hold_plain_addresses_in_any_encoding(void **state)
{
    static const struct rh_encoding encodings[] = {
        { 0, 0, 0 },
        { ~(uintptr_t)7, 7, 5 },
        { (UINT64_C(1) << 48) - 1, TAG_MASK, TAG },
    };

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT(encodings); i++) {
        struct check_world world;
        struct rh_model model;
        void **handle;

        open_boxes(&world, &model, encodings[i]);
        handle = rh_scope_hold(world.heap, rh_heap_alloc(world.heap));
        assert_non_null(handle);

        rh_heap_collect(world.heap);
        check_heap(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);

        *handle = (void *)((uintptr_t)*handle + encodings[i].tag);
        rh_heap_collect(world.heap);
        assert_int_equal(check_stat(world.heap, "heap_live_slots"), i == 0);
        check_heap(world.heap);
        check_close(&world);
    }
}

// Numbers that look like references: anything but the address of an object.
static void
numbers_that_look_like_references_are_ignored(void **state)
{
    struct check_world world;
    struct rh_model model;
    struct boxes *boxes;
    uint64_t root;
    uintptr_t base;

    (void)state;
    open_boxes(&world, &model, boxed);
    boxes = rh_heap_alloc(world.heap);
    base = (uintptr_t)boxes - RH_PAGE_HEADER_BYTES;
    root = (uintptr_t)boxes | TAG;
    check_root(world.heap, &root);
    rh_heap_collect(world.heap);
    for (uintptr_t offset = 0; offset < 40000; offset += 8) {
        uint64_t word = (base + offset) | TAG;

        if (word == root)
            continue;
        boxes->words[0] = boxes->words[4] = word;
        if (offset % 800 == 0) {
            check_heap(world.heap);
            rh_heap_collect(world.heap);
            check_heap(world.heap);
            assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
        }
    }
    check_close(&world);
}

static void
immediates_of_ruby_are_no_references(void **state)
{
    struct check_world world;
    static const uint64_t immediates[] = { 0x00,
                                           0x08,
                                           0x14,
                                           0x34,
                                           0x01,
                                           0x03,
                                           0x0c,
                                           0x10c,
                                           UINT64_C(0x8000000000000002),
                                           UINT64_MAX,
                                           UINT64_C(1) << 63 };
    uint64_t roots[CHECK_COUNT(immediates)];

    (void)state;
    check_open(&world);
    memcpy(roots, immediates, sizeof roots);
    assert_int_equal(
        rh_root_add_range(world.heap, NULL, roots, CHECK_COUNT(roots)), RH_OK);
    check_heap(world.heap);

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 0);
    check_close(&world);
}

static void
doubles_are_no_references_in_a_boxed_heap(void **state)
{
    static const double doubles[] = { 0.0, 1.0, -1.0, 3.14159, 1e300, -1e-300 };
    struct check_world world;
    struct rh_model model;
    struct boxes *boxes;
    uint64_t root;

    (void)state;
    open_boxes(&world, &model, boxed);
    boxes = rh_heap_alloc(world.heap);
    memcpy(boxes->words, doubles, sizeof boxes->words);
    root = (uintptr_t)boxes | TAG;
    check_root(world.heap, &root);

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 1);
    check_close(&world);
}

// A pointer without a tag, in a heap whose words have one.
static void
mixed_trace(void *object, struct rh_visitor *visitor)
{
    struct boxes *boxes = object;

    rh_visit(visitor, &boxes->words[0]);
    rh_visit_pointer(visitor, &boxes->words[1]);
}

static void
a_plain_pointer_is_followed_in_any_encoding(void **state)
{
    struct check_world world;
    struct rh_model model;
    struct boxes *boxes;
    uint64_t root;

    (void)state;
    check_prepare(&world);
    model = (struct rh_model){ .name = "mixed",
                               .trace = mixed_trace,
                               .encoding = boxed };
    world.config.model = &model;
    check_make(&world);
    boxes = rh_heap_alloc(world.heap);
    root = (uintptr_t)boxes | TAG;
    check_root(world.heap, &root);
    boxes->words[0] = (uintptr_t)rh_heap_alloc(world.heap) | TAG;
    boxes->words[1] = (uintptr_t)rh_heap_alloc(world.heap);
    boxes->words[2] = (uintptr_t)rh_heap_alloc(world.heap) | TAG;

    rh_heap_collect(world.heap);

    check_heap(world.heap);
    assert_int_equal(check_stat(world.heap, "heap_live_slots"), 3);
    assert_int_equal(references_of(world.heap, boxes), 2);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slot_size_works),
        cmocka_unit_test(runs_may_be_kept_anywhere_in_the_slot),
        cmocka_unit_test(the_type_byte_of_a_free_slot_stays_readable),
        cmocka_unit_test(objects_of_a_model_without_trace_refer_to_nothing),
        cmocka_unit_test(
            a_container_is_followed_from_its_first_item_to_its_last),
        cmocka_unit_test(
            a_container_that_trace_does_not_mention_is_not_followed),
        cmocka_unit_test(only_attached_objects_are_released),
        cmocka_unit_test(an_object_is_released_once),
        cmocka_unit_test(a_model_may_want_to_release_every_object),
        cmocka_unit_test(freeing_a_heap_releases_what_is_attached),
        cmocka_unit_test(
            a_release_that_adjusts_upwards_does_not_bring_its_object_back),
        cmocka_unit_test(the_state_of_a_model_outlives_the_last_object),
        cmocka_unit_test(a_model_that_cannot_attach_makes_no_heap),
        cmocka_unit_test(plain_words_are_references_when_they_are_addresses),
        cmocka_unit_test(low_tags_are_taken_off),
        cmocka_unit_test(boxed_words_are_references_by_their_tag_alone),
        cmocka_unit_test(handles_hold_plain_addresses_in_any_encoding),
        cmocka_unit_test(numbers_that_look_like_references_are_ignored),
        cmocka_unit_test(immediates_of_ruby_are_no_references),
        cmocka_unit_test(doubles_are_no_references_in_a_boxed_heap),
        cmocka_unit_test(a_plain_pointer_is_followed_in_any_encoding),
    };

    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
