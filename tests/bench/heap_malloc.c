// SPDX-License-Identifier: MIT
// No collector: malloc and free, of glibc or of what is preloaded in its place.
#include "bench.h"

#include <gnu/libc-version.h>
#include <malloc.h>

enum {
    COLLECTS = false,
    EXACT = true,
    MANY = true
};

struct vm {
    void *root;
};

#include "c_nodes.h"
#include "no_finalizers.h"
#include "plain_scopes.h"

// Each allocator's own calls; those of the others are not there.
void mi_collect(bool force) __attribute__((weak));
int mi_version(void) __attribute__((weak));
int mallctl(const char *name, void *old, size_t *old_bytes, void *new,
            size_t new_bytes) __attribute__((weak));

static const char *
heap_version(void)
{
    static char text[64];
    const char *version;
    size_t bytes = sizeof version;

    if (mi_version)
        snprintf(text, sizeof text, "mimalloc %d", mi_version());
    else if (mallctl && mallctl("version", &version, &bytes, NULL, 0) == 0)
        snprintf(text, sizeof text, "jemalloc %.20s", version);
    else
        snprintf(text, sizeof text, "glibc %s", gnu_get_libc_version());
    return text;
}

static struct vm *
vm_new(enum vm_config config)
{
    struct vm *vm = calloc(1, sizeof *vm);

    (void)config;
    expect(vm != NULL, "a new heap");
    return vm;
}

static void
vm_free(struct vm *vm)
{
    free(vm);
}

static inline struct node *
node_alloc(struct vm *vm)
{
    (void)vm;
    return malloc(sizeof(struct node));
}

static inline void
node_free(ref node)
{
    free(node);
}

static void
collect(struct vm *vm)
{
    (void)vm;
}

static void
release(struct vm *vm)
{
    (void)vm;
    if (mi_collect)
        mi_collect(true);
    else if (mallctl)
        mallctl("arena.4096.purge", NULL, NULL, NULL, 0); // all arenas
    else
        malloc_trim(0);
}

static size_t
live(struct vm *vm)
{
    (void)vm;
    return LIVE_UNKNOWN;
}

#include "workloads.h"

int
main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
