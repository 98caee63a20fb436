// SPDX-License-Identifier: MIT
#include "config.h"

#include "os.h"

#include "poison.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define GIB ((size_t)1 << 30)

size_t
rhi_os_page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);

    return bytes > 0 ? (size_t)bytes : 4096;
}

static size_t
physical_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);

    return pages > 0 ? (size_t)pages * rhi_os_page_bytes() : GIB;
}

// The n-th number of /proc/self/statm (0 virtual, 1 resident), or 0.
static size_t
statm_bytes(int n)
{
    char text[128];
    char *number = text;
    ssize_t length;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return 0;
    length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    while (n-- > 0)
        (void)strtoul(number, &number, 10);
    return strtoul(number, NULL, 10) * rhi_os_page_bytes();
}

// What RLIMIT_AS leaves to this process, or SIZE_MAX.
static size_t
address_space_left(void)
{
    struct rlimit limit;
    size_t used = statm_bytes(0);

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur > used ? (size_t)limit.rlim_cur - used : 0;
}

size_t
rhi_os_default_region_bytes(void)
{
    size_t bytes = rhi_min(64 * GIB, 2 * physical_bytes());

    if (rhi_poison_is_valgrind())
        bytes = GIB;
    return rhi_min(bytes, address_space_left() / 4);
}

uint64_t
rhi_os_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uintptr_t
rhi_os_thread(void)
{
    return (uintptr_t)pthread_self();
}

bool
rhi_os_stack_bounds(uintptr_t *low, uintptr_t *end)
{
#ifdef __linux__
    pthread_attr_t attributes;
    void *address = NULL;
    size_t bytes = 0;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return false;
    if (pthread_attr_getstack(&attributes, &address, &bytes) != 0)
        bytes = 0;
    pthread_attr_destroy(&attributes);
    *low = (uintptr_t)address;
    *end = *low + bytes;
    return bytes != 0;
#else
    (void)low, (void)end;
    return false;
#endif
}

size_t
rhi_os_resident_bytes(void)
{
    return statm_bytes(1);
}

uint64_t
rhi_os_faults(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (uint64_t)usage.ru_minflt;
}

// The middle one of a few: any of them may have been interrupted.
uint64_t
rhi_os_fault_ns(void)
{
    enum {
        PAGES = 16
    };
    uint64_t took[PAGES];
    size_t unit = rhi_os_page_bytes();
    char *pages = mmap(NULL, PAGES * unit, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return 0;
    for (size_t n = 0; n < PAGES; n++) {
        uint64_t start = rhi_os_now();
        size_t at = n;

        ((volatile char *)pages)[n * unit] = 1;
        start = rhi_os_now() - start;
        for (; at > 0 && took[at - 1] > start; at--)
            took[at] = took[at - 1];
        took[at] = start;
    }
    munmap(pages, PAGES * unit);
    return took[PAGES / 2];
}

// The default struct rh_memory.

// mmap aligns to OS pages only: map more than enough, cut off both ends.
static void *
os_reserve(void *context, size_t bytes, size_t alignment)
{
    size_t total = bytes + alignment;
    uintptr_t start, aligned;
    void *address;

    (void)context;
    if (total < bytes)
        return NULL;
    address = mmap(NULL, total, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED)
        return NULL;
    start = (uintptr_t)address;
    aligned = rhi_round_up(start, alignment);
    if (aligned != start)
        munmap(address, aligned - start);
    if (aligned + bytes != start + total)
        munmap((void *)(aligned + bytes), start + total - aligned - bytes);
    return (void *)aligned;
}

static bool
os_commit(void *context, void *address, size_t bytes)
{
    (void)context;
    return mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0;
}

static bool
os_release(void *context, void *address, size_t bytes)
{
    (void)context;
    return madvise(address, bytes, MADV_DONTNEED) == 0;
}

static void
os_unreserve(void *context, void *address, size_t bytes)
{
    (void)context;
    munmap(address, bytes);
}

static void
os_huge_pages(void *context, void *address, size_t bytes, bool wanted)
{
    (void)context;
    // Refused where the kernel has no huge pages: nothing to do then.
    (void)madvise(address, bytes, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void
rh_memory_init(struct rh_memory *memory)
{
    *memory = (struct rh_memory){
        .reserve = os_reserve,
        .commit = os_commit,
        .release = os_release,
        .unreserve = os_unreserve,
        .huge_pages = os_huge_pages,
    };
}

// The default struct rh_allocator.

static void *
os_alloc(void *context, size_t bytes, bool zeroed)
{
    (void)context;
    return zeroed ? calloc(1, bytes ? bytes : 1) : malloc(bytes ? bytes : 1);
}

static void *
os_resize(void *context, void *block, size_t old_bytes, size_t new_bytes)
{
    (void)context;
    (void)old_bytes;
    return realloc(block, new_bytes ? new_bytes : 1);
}

static void
os_free(void *context, void *block, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(block);
}

static bool
os_trim(void *context)
{
    (void)context;
    return rh_malloc_trim();
}

#ifdef __GLIBC__
static size_t
os_usable(void *context, const void *block, size_t bytes)
{
    union {
        const void *constant;
        void *plain; // malloc_usable_size() only looks
    } address = { .constant = block };

    (void)context;
    (void)bytes;
    return malloc_usable_size(address.plain);
}
#endif

void
rh_allocator_init(struct rh_allocator *allocator)
{
    *allocator = (struct rh_allocator){
        .alloc = os_alloc,
        .resize = os_resize,
        .free = os_free,
        .trim = os_trim,
#ifdef __GLIBC__
        .usable = os_usable,
#endif
    };
}
