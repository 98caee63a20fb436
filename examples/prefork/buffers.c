/* SPDX-License-Identifier: MIT */
/* buffers.c - after the fork, buffers come from memory of their own.
 *
 * malloc does not know what is to stay shared.  It puts a new block into a hole
 * between old ones, splits a free chunk or joins two, and writes their sizes
 * beside the blocks: each time to a page that the parent has, too, which is
 * copied.  So a worker leaves malloc's memory as it found it.  New blocks come
 * from mimalloc, which begins with pages that nobody shares; what was inherited
 * is never given back, for that, too, would be written down.
 *
 * mimalloc is opened when it is asked for, so that nobody else needs it. */
#include "prefork.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool forked;
    void *(*alloc)(size_t bytes);
    void *(*alloc_zeroed)(size_t bytes);
    void *(*resize)(void *block, size_t bytes);
    void (*free)(void *block);
    bool (*owns)(const void *block);
} mimalloc;

/* POSIX wants this detour from an object to a function. */
static bool
find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);

    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static void *
buffer_alloc(void *context, size_t bytes, bool zeroed)
{
    (void)context;
    if (mimalloc.forked)
        return zeroed ? mimalloc.alloc_zeroed(bytes) : mimalloc.alloc(bytes);
    return zeroed ? calloc(1, bytes) : malloc(bytes);
}

static void
buffer_free(void *context, void *block, size_t bytes)
{
    (void)context, (void)bytes;
    if (mimalloc.owns(block))
        mimalloc.free(block);
    else if (!mimalloc.forked)
        free(block);
}

static void *
buffer_resize(void *context, void *block, size_t old_bytes, size_t new_bytes)
{
    void *resized;

    if (mimalloc.owns(block))
        return mimalloc.resize(block, new_bytes);
    if (!mimalloc.forked)
        return realloc(block, new_bytes);
    resized = buffer_alloc(context, new_bytes, false);
    if (resized)
        memcpy(resized, block, old_bytes < new_bytes ? old_bytes : new_bytes);
    return resized;
}

bool
buffers_prepare(struct rh_allocator *allocator)
{
    void *library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);

    if (!library || !find(library, "mi_malloc", &mimalloc.alloc) ||
        !find(library, "mi_zalloc", &mimalloc.alloc_zeroed) ||
        !find(library, "mi_realloc", &mimalloc.resize) ||
        !find(library, "mi_free", &mimalloc.free) ||
        !find(library, "mi_is_in_heap_region", &mimalloc.owns))
        return false;
    *allocator = (struct rh_allocator){
        .alloc = buffer_alloc,
        .resize = buffer_resize,
        .free = buffer_free,
    };
    return true;
}

void
buffers_forked(void)
{
    mimalloc.forked = true;
}
