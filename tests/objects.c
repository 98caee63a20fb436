// SPDX-License-Identifier: MIT
#include "objects.h"

#include <rheap/string.h>

int objects_relaxed, objects_stressed;

struct rh_heap *
objects_open(struct check_world *world, void **state)
{
    check_prepare(world);
    world->config.model = rh_object_model();
    check_make(world);
    rh_heap_stress(world->heap, *state == &objects_stressed);
    return world->heap;
}

void
objects_close(struct check_world *world)
{
    struct rh_heap *heap = world->heap;

    objects_check(heap);
    rh_heap_stress(heap, false);
    rh_scope_restore(heap, 0);
    rh_heap_collect(heap);
    assert_int_equal(objects_alive(heap), 0);
    assert_int_equal(check_stat(heap, "x_external_bytes"), 0);
    assert_int_equal(check_stat(heap, "x_external_blocks"), 0);
    assert_int_equal(check_stat(heap, "x_adjusted_bytes"), 0);
    check_close(world);
}

struct place {
    const char *file;
    int line;
};

static bool
check_object(struct rh_heap *heap, void *object, void *context)
{
    const struct place *place = context;
    const char *why = NULL;

    if (rh_object_check(heap, rh_value_of_slot(object), &why) != RH_OK) {
        print_error("%s\n", why ? why : "broken, but not said why");
        _fail(place->file, place->line);
    }
    return true;
}

void
objects_check_at(struct rh_heap *heap, const char *file, int line)
{
    struct place place = { file, line };

    check_heap_at(heap, file, line);
    rh_walk_objects(heap, check_object, &place);
}

rh_value
objects_keep(struct rh_heap *heap, rh_value value)
{
    assert_true(value != RH_UNDEF);
    if (rh_value_is_object(value))
        assert_non_null(rh_scope_hold(heap, rh_value_slot(value)));
    return value;
}

rh_value
objects_text(struct rh_heap *heap, const char *text)
{
    return objects_keep(heap, rh_string_new(heap, 0, text, strlen(text)));
}

void
objects_expect_text_at(rh_value string, const char *text, const char *file,
                       int line)
{
    _assert_int_equal(rh_string_length(string), strlen(text), file, line);
    _assert_memory_equal(rh_string_bytes(string), text, strlen(text), file,
                         line);
}

size_t
objects_memsize(struct rh_heap *heap, rh_value object)
{
    return rh_heap_memsize(heap, rh_value_slot(object));
}

struct edges {
    const void *to;
    size_t found;
    size_t all;
};

static bool
count_edge(struct rh_heap *heap, void *from, void *to, void *context)
{
    struct edges *edges = context;

    (void)heap, (void)from;
    edges->all++;
    if (to == edges->to)
        edges->found++;
    return true;
}

static struct edges
edges_of(struct rh_heap *heap, rh_value from, const void *to)
{
    struct edges edges = { to, 0, 0 };

    rh_walk_references(heap, rh_value_slot(from), count_edge, &edges);
    return edges;
}

size_t
objects_edges(struct rh_heap *heap, rh_value from, rh_value to)
{
    return edges_of(heap, from, rh_value_slot(to)).found;
}

size_t
objects_edge_count(struct rh_heap *heap, rh_value from)
{
    return edges_of(heap, from, NULL).all;
}

size_t
objects_alive(struct rh_heap *heap)
{
    return check_stat(heap, "heap_live_slots");
}
