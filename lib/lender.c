// SPDX-License-Identifier: MIT
#include "config.h"

#include "lender.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#pragma weak malloc_trim
#endif

enum {
    // The number that stands for all arenas of jemalloc, since 5.0.
    JEMALLOC_ALL_ARENAS = 4096
};

static const struct rhi_lender lenders[] = {
    { RH_MALLOC_GLIBC, "glibc", "gnu_get_libc_version" },
    { RH_MALLOC_JEMALLOC, "jemalloc", "mallctl" },
    { RH_MALLOC_MIMALLOC, "mimalloc", "mi_collect" },
    { RH_MALLOC_TCMALLOC, "tcmalloc", "MallocExtension_ReleaseFreeMemory" },
};

enum {
    LENDERS = sizeof lenders / sizeof lenders[0]
};

static const struct rhi_lender other = { RH_MALLOC_OTHER, "other", NULL };

// ---- who is it? ----

// Where the object file begins that has a function of this name, or NULL.
static const void *
home_of(const char *function)
{
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info info;

    return address && dladdr(address, &info) ? info.dli_fbase : NULL;
}

// Who lives there?  The C library is asked first: looking for what is not
// there costs more, and may allocate.
static const struct rhi_lender *
lender_at(const void *home)
{
    for (size_t n = 0; home && n < LENDERS; n++)
        if (home_of(lenders[n].mark) == home)
            return &lenders[n];
    return &other;
}

// A program without shared libraries has nobody to ask.
static const struct rhi_lender *
lender_linked(void)
{
#ifdef __GLIBC__
    if (malloc_trim && !home_of("malloc"))
        return &lenders[0];
#endif
    return &other;
}

const struct rhi_lender *
rhi_lender_find(void)
{
    static const char *const family[] = { "malloc", "calloc", "realloc",
                                          "free" };
    const struct rhi_lender *lender = &other;

    for (size_t n = 0; n < 4 && lender == &other; n++)
        lender = lender_at(home_of(family[n]));
    return lender == &other ? lender_linked() : lender;
}

enum rh_malloc
rh_malloc_which(void)
{
    return rhi_lender_find()->kind;
}

const char *
rh_malloc_name(enum rh_malloc kind)
{
    for (size_t n = 0; n < LENDERS; n++)
        if (lenders[n].kind == kind)
            return lenders[n].name;
    return other.name;
}

// ---- make it give back ----

// A function by its name; false: there is none.  ISO C knows no conversion
// between pointers to objects and to functions, POSIX does.
static bool
find(const char *name, void *function, size_t bytes)
{
    void *address = dlsym(RTLD_DEFAULT, name);

    memcpy(function, &address, bytes);
    return address != NULL;
}

static bool
trim_glibc(void)
{
#ifdef __GLIBC__
    return malloc_trim && malloc_trim(0) != 0;
#else
    return false;
#endif
}

// First what this thread has put aside, then all arenas.  Versions before 5.0
// had as many arenas as they said, and that number for all.
static bool
trim_jemalloc(void)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    unsigned arenas = JEMALLOC_ALL_ARENAS;
    size_t bytes = sizeof arenas;
    char command[40];

    if (!find("mallctl", &mallctl, sizeof mallctl))
        return false;
    (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    snprintf(command, sizeof command, "arena.%u.purge", arenas);
    if (mallctl(command, NULL, NULL, NULL, 0) == 0)
        return true;
    if (mallctl("arenas.narenas", &arenas, &bytes, NULL, 0) != 0)
        return false;
    snprintf(command, sizeof command, "arena.%u.purge", arenas);
    return mallctl(command, NULL, NULL, NULL, 0) == 0;
}

static bool
trim_mimalloc(void)
{
    void (*collect)(bool);

    if (!find("mi_collect", &collect, sizeof collect))
        return false;
    collect(true);
    return true;
}

static bool
trim_tcmalloc(void)
{
    void (*release)(void);

    if (!find("MallocExtension_ReleaseFreeMemory", &release, sizeof release))
        return false;
    release();
    return true;
}

bool
rh_malloc_trim(void)
{
    switch (rh_malloc_which()) {
    case RH_MALLOC_GLIBC:
        return trim_glibc();
    case RH_MALLOC_JEMALLOC:
        return trim_jemalloc();
    case RH_MALLOC_MIMALLOC:
        return trim_mimalloc();
    case RH_MALLOC_TCMALLOC:
        return trim_tcmalloc();
    case RH_MALLOC_OTHER:
        break;
    }
    return false;
}
