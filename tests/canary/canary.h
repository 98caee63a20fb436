// SPDX-License-Identifier: MIT
// What the canaries share: a heap of small objects that may hold a buffer.
#ifndef CANARY_H
#define CANARY_H

#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/roots.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bird {
    struct bird *next;
    char *song; // external, 100 bytes, or NULL
    char name[24];
};

enum {
    SONG_BYTES = 100
};

static void
bird_trace(void *object, struct rh_visitor *visitor)
{
    rh_visit(visitor, &((struct bird *)object)->next);
}

static void
bird_release(struct rh_heap *heap, void *object)
{
    rh_external_free(heap, ((struct bird *)object)->song, SONG_BYTES);
}

static const struct rh_model bird_model = {
    .name = "birds",
    .trace = bird_trace,
    .release = bird_release,
    .flags = RH_MODEL_MOVABLE,
};

static struct rh_heap *
new_aviary(void)
{
    struct rh_config config;
    struct rh_heap *heap;

    rh_config_init(&config);
    config.model = &bird_model;
    heap = rh_heap_new(&config);
    if (!heap)
        exit(99);
    return heap;
}

static struct bird *
new_bird(struct rh_heap *heap, const char *name)
{
    struct bird *bird = rh_heap_alloc(heap);

    if (!bird || !(bird->song = rh_external_malloc(heap, SONG_BYTES)))
        exit(99);
    snprintf(bird->name, sizeof bird->name, "%s", name);
    memset(bird->song, 'x', SONG_BYTES);
    rh_external_attach(heap, bird);
    return bird;
}

#endif
