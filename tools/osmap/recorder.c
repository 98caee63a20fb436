// SPDX-License-Identifier: MIT
/*
 * recorder - stands between a program and malloc, and notes every block.
 *
 * This is not linked but preloaded: LD_PRELOAD puts these functions in front of
 * the allocator's, whichever that is.  Each calls the one behind it, then notes
 * address, caller, thread and time in the table.  A block leaves the table
 * before it is freed and enters it after it was made, so that what the table
 * holds never overlaps.
 *
 * The environment says what to do:
 *
 *     RHEAP_OSMAP           directory for snapshots; without it all is passed on
 *     RHEAP_OSMAP_PROCESS   only the process of this number is recorded
 *     RHEAP_OSMAP_CHILDREN  1: the children that it forks, too
 *     RHEAP_OSMAP_EVERY     milliseconds between snapshots
 *     RHEAP_OSMAP_SIGNAL    number of the signal that asks for one
 *     RHEAP_OSMAP_WALK      1: glibc's arenas are walked, too
 *
 * A thread that is inside the recorder may hold a lock of the table.  A signal
 * that asks for a snapshot then waits until the thread comes out; else the
 * snapshot is made in the handler.  The clock is looked at when the program
 * allocates, so a program that does not is not woken: its memory stays as it
 * is, but for what the kernel takes.
 */
#include "config.h"

#include "osmap/arenas.h"
#include "osmap/recording.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define HAVE_SINGLE_THREADED 1
#endif
#if __has_include(<gnu/libc-version.h>)
#include <gnu/libc-version.h>
#define HAVE_LIBC_VERSION 1
#endif
#endif

#define EXPORTED __attribute__((visibility("default")))
#define CALLER ((uintptr_t)__builtin_return_address(0))

enum {
    EARLY_BYTES = 65536, // for whoever allocates while we look for malloc
    EARLY_HEADER = 16,
    BLOCKS_A_CLOCK = 32,
    HEADER_MAPPED = 2, // bits of glibc's header
    HEADER_ARENA = 4
};

// The functions behind ours.
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    void (*exit_now)(int) __attribute__((noreturn));
} real;

static struct recording recording;
static bool is_looking; // for the functions behind ours

static __thread struct {
    uint16_t number;      // of this thread; 0: none yet
    uint16_t inside;      // the recorder, so often
    uint16_t until_clock; // blocks
    bool is_wanted;       // a snapshot, by signal
} self __attribute__((tls_model("initial-exec")));

// --- before there is anything ------------------------------------------------

// Finding the functions behind ours may itself allocate.  What comes from here
// is never given back.
static _Alignas(16) char early[EARLY_BYTES];
static size_t early_used;

static void *
early_alloc(size_t bytes)
{
    size_t need = EARLY_HEADER + ((bytes + 15) & ~(size_t)15);
    char *block = early + early_used;

    if (bytes > EARLY_BYTES || need > EARLY_BYTES - early_used) {
        errno = ENOMEM;
        return NULL;
    }
    early_used += need;
    memcpy(block, &bytes, sizeof bytes);
    return block + EARLY_HEADER;
}

static bool
is_early(const void *block)
{
    return (uintptr_t)block - (uintptr_t)early < EARLY_BYTES;
}

static void *
early_move(void *block, size_t bytes)
{
    size_t old;
    void *new = malloc(bytes);

    memcpy(&old, (char *)block - EARLY_HEADER, sizeof old);
    if (new)
        memcpy(new, block, old < bytes ? old : bytes);
    return new;
}

// Function pointers from dlsym(), which ISO C does not let us cast.
static void
look_up(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(function, &symbol, sizeof symbol);
}

static void
find_real(void)
{
    is_looking = true;
    look_up("calloc", &real.calloc);
    look_up("free", &real.free);
    look_up("realloc", &real.realloc);
    look_up("posix_memalign", &real.posix_memalign);
    look_up("aligned_alloc", &real.aligned_alloc);
    look_up("memalign", &real.memalign);
    look_up("valloc", &real.valloc);
    look_up("pvalloc", &real.pvalloc);
    look_up("malloc_usable_size", &recording.usable);
    look_up("_exit", &real.exit_now);
    look_up("malloc", &real.malloc); // last: it says that all are there
    is_looking = false;
}

static void begin(void);

// False: ask early_alloc() instead.
static inline bool
is_ready(void)
{
    if (__builtin_expect(!real.malloc, 0)) {
        if (is_looking)
            return false;
        find_real();
        begin();
    }
    return true;
}

// --- noting ------------------------------------------------------------------

static inline bool
is_shared(void)
{
#ifdef HAVE_SINGLE_THREADED
    return !__libc_single_threaded;
#else
    return true;
#endif
}

static inline void
enter(void)
{
    self.inside++;
    atomic_signal_fence(memory_order_seq_cst);
}

// What waited until nothing is locked.
static __attribute__((noinline)) void
take_wanted(void)
{
    self.is_wanted = false;
    capture(&recording, RH_OSMAP_ON_SIGNAL);
}

static inline void
leave(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    self.inside--;
    if (__builtin_expect(self.is_wanted, 0) && !self.inside)
        take_wanted();
}

static __attribute__((noinline)) void
number_thread(void)
{
    unsigned number = atomic_fetch_add(&recording.threads, 1) + 1;

    self.number = (uint16_t)(number > UINT16_MAX ? UINT16_MAX : number);
}

static inline uint16_t
thread_number(void)
{
    if (__builtin_expect(!self.number, 0))
        number_thread();
    return self.number;
}

// The number of a caller.  0: there are too many.
static inline uint16_t
site_number(uintptr_t caller)
{
    uint64_t hash = (uint64_t)caller * UINT64_C(0x9e3779b97f4a7c15);
    uint16_t number = (uint16_t)(hash >> 48);

    for (int i = 0; i < 256; i++, number++) {
        uintptr_t there = atomic_load_explicit(&recording.sites[number],
                                               memory_order_relaxed);

        if (there == caller)
            return number;
        if (there || !number)
            continue;
        if (atomic_compare_exchange_strong(&recording.sites[number], &there,
                                           caller) ||
            there == caller)
            return number;
    }
    return 0;
}

// What a block lies in, and a note about the 64 MB around it.
static inline uint8_t
kind_of(uintptr_t address)
{
    unsigned char *region =
        &recording.regions[address >> REGION_BITS & (REGION_COUNT - 1)];
    enum table_kind kind = TABLE_OTHER;

    if (recording.is_glibc) {
        uint64_t header = ((const uint64_t *)address)[-1];

        kind = header & HEADER_MAPPED  ? TABLE_MAPPED
               : header & HEADER_ARENA ? TABLE_ARENA
                                       : TABLE_MAIN;
    }
    if (!(*region & 1 << kind))
        *region = (unsigned char)(*region | 1 << kind);
    return (uint8_t)kind;
}

// Milliseconds since the start.  The clock is looked at every so many blocks of
// a thread, which makes each a little cheaper.
static inline uint32_t
time_of_block(void)
{
    if (self.until_clock-- == 0) {
        self.until_clock = BLOCKS_A_CLOCK - 1;
        recording.now_ms = recording_now_ms(&recording);
    }
    return recording.now_ms;
}

static inline void
note_block(void *block, size_t bytes, uintptr_t caller)
{
    struct table_entry entry = {
        .address = (uintptr_t)block,
        .time = time_of_block(),
        .thread = thread_number(),
        .site = site_number(caller),
        .low_size = (uint16_t)bytes,
        .kind = kind_of((uintptr_t)block),
    };

    enter();
    if (__builtin_expect(
            !table_add(&recording.table, table_cell_of(&entry), is_shared()),
            0))
        atomic_fetch_add(&recording.lost, 1);
    leave();
    if (recording.every_ms &&
        entry.time - recording.last_ms >= recording.every_ms && !self.inside)
        capture(&recording, RH_OSMAP_EVERY);
}

static inline void *
made(void *block, size_t bytes, uintptr_t caller)
{
    if (block && recording.is_on)
        note_block(block, bytes, caller);
    return block;
}

static inline void
forget_block(void *block)
{
    enter();
    if (!table_remove(&recording.table, (uintptr_t)block, is_shared()).first &&
        !recording.lost)
        atomic_fetch_add(&recording.unknown, 1);
    leave();
}

// --- the functions in front --------------------------------------------------

EXPORTED void *
malloc(size_t bytes)
{
    if (!is_ready())
        return early_alloc(bytes);
    return made(real.malloc(bytes), bytes, CALLER);
}

EXPORTED void *
calloc(size_t count, size_t bytes)
{
    if (!is_ready()) // the memory is zero, and count * bytes small
        return early_alloc(count * bytes);
    return made(real.calloc(count, bytes), count * bytes, CALLER);
}

EXPORTED void
free(void *block)
{
    if (!block || is_early(block) || !is_ready())
        return;
    if (recording.is_on)
        forget_block(block);
    real.free(block);
}

// `block` is there and ours.  It leaves the table before it may be given to
// another thread, and comes back when it turns out to have stayed.
static void *
resize(void *block, size_t bytes, uintptr_t caller)
{
    struct table_cell cell;
    void *new;

    enter();
    cell = table_remove(&recording.table, (uintptr_t)block, is_shared());
    leave();
    new = real.realloc(block, bytes);
    if (new)
        return made(new, bytes, caller);
    if (bytes && cell.first) { // failed
        enter();
        (void)table_add(&recording.table, cell, is_shared());
        leave();
    }
    return NULL;
}

static void *
any_realloc(void *block, size_t bytes, uintptr_t caller)
{
    if (!is_ready())
        return block ? early_move(block, bytes) : early_alloc(bytes);
    if (block && is_early(block))
        return early_move(block, bytes);
    if (!block || !recording.is_on)
        return made(real.realloc(block, bytes), bytes, caller);
    return resize(block, bytes, caller);
}

EXPORTED void *
realloc(void *block, size_t bytes)
{
    return any_realloc(block, bytes, CALLER);
}

EXPORTED void *
reallocarray(void *block, size_t count, size_t bytes)
{
    size_t product;

    if (__builtin_mul_overflow(count, bytes, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return any_realloc(block, product, CALLER);
}

EXPORTED int
posix_memalign(void **block, size_t alignment, size_t bytes)
{
    int error;

    if (!is_ready())
        return ENOMEM;
    error = real.posix_memalign(block, alignment, bytes);
    if (!error)
        made(*block, bytes, CALLER);
    return error;
}

EXPORTED void *
aligned_alloc(size_t alignment, size_t bytes)
{
    if (!is_ready())
        return NULL;
    return made(real.aligned_alloc(alignment, bytes), bytes, CALLER);
}

void *memalign(size_t alignment, size_t bytes);
void *pvalloc(size_t bytes);

EXPORTED void *
memalign(size_t alignment, size_t bytes)
{
    if (!is_ready())
        return NULL;
    return made(real.memalign(alignment, bytes), bytes, CALLER);
}

EXPORTED void *
valloc(size_t bytes)
{
    if (!is_ready())
        return NULL;
    return made(real.valloc(bytes), bytes, CALLER);
}

EXPORTED void *
pvalloc(size_t bytes)
{
    if (!is_ready())
        return NULL;
    return made(real.pvalloc(bytes), bytes, CALLER);
}

// --- the end -----------------------------------------------------------------

static void
capture_end(void)
{
    if (recording.is_on && recording.process == getpid() && !self.inside &&
        !atomic_exchange(&recording.is_done, true))
        capture(&recording, RH_OSMAP_AT_EXIT);
}

EXPORTED void
_exit(int status)
{
    capture_end();
    (void)is_ready();
    real.exit_now(status);
}

EXPORTED void
_Exit(int status)
{
    _exit(status);
}

static __attribute__((destructor)) void
end(void)
{
    capture_end();
}

// --- fork --------------------------------------------------------------------

static void
before_fork(void)
{
    if (!recording.is_on)
        return;
    enter();
    table_lock(&recording.table);
}

static void
after_fork_parent(void)
{
    if (!recording.is_on)
        return;
    table_unlock(&recording.table);
    leave();
}

// A child is not recorded, and costs nothing, unless that was asked for.
static void
after_fork_child(void)
{
    after_fork_parent();
    if (!recording.captures_children) {
        recording.is_on = false;
        return;
    }
    recording.process = getpid();
    recording.number = 0;
    atomic_store(&recording.is_taken, 0);
    atomic_store(&recording.is_done, false);
}

// --- the beginning -----------------------------------------------------------

static void
asked(int signal_number)
{
    (void)signal_number;
    if (!recording.is_on)
        return;
    if (self.inside)
        self.is_wanted = true;
    else
        capture(&recording, RH_OSMAP_ON_SIGNAL);
}

// A signal that the program ignores or handles, from the start, stays its own.
static void
listen_for(int number)
{
    struct sigaction old, new = { .sa_handler = asked, .sa_flags = SA_RESTART };

    if (!number || sigaction(number, NULL, &old) != 0 ||
        old.sa_handler != SIG_DFL)
        return;
    sigfillset(&new.sa_mask);
    sigaction(number, &new, NULL);
}

static unsigned long
setting(const char *name)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 10) : 0;
}

// Whose malloc is behind ours.
static void
know_allocator(void)
{
    static char text[256];
    Dl_info ours, libc;
    void *function;

    memcpy(&function, &real.malloc, sizeof function);
    recording.allocator = "";
    if (!dladdr(function, &ours))
        return;
    recording.allocator = ours.dli_fname;
#ifdef HAVE_LIBC_VERSION
    function = dlsym(RTLD_NEXT, "gnu_get_libc_version");
    if (!function || !dladdr(function, &libc) ||
        libc.dli_fbase != ours.dli_fbase)
        return;
    strcpy(text, "glibc ");
    strncat(text, gnu_get_libc_version(), sizeof text - 16);
    recording.allocator = text;
    recording.is_glibc = true;
#else
    (void)libc, (void)text;
#endif
}

static void
read_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    recording.start_ms =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Called by the first function that is, at the latest by start().
static void
begin(void)
{
    const char *directory = getenv("RHEAP_OSMAP");
    unsigned long process = setting("RHEAP_OSMAP_PROCESS");

    recording.captures_children = setting("RHEAP_OSMAP_CHILDREN") != 0;
    recording.process = getpid();
    if (!directory || strlen(directory) >= DIRECTORY_BYTES ||
        (process && process != (unsigned long)recording.process &&
         !recording.captures_children) ||
        !table_init(&recording.table))
        return;
    strcpy(recording.directory, directory);
    read_clock();
    know_allocator();
    recording.walks = setting("RHEAP_OSMAP_WALK") != 0;
    recording.walk_refused = "";
    if (recording.walks)
        arenas_prepare(&recording, real.malloc, real.free);
    recording.every_ms = (uint32_t)setting("RHEAP_OSMAP_EVERY");
    if (pthread_atfork(before_fork, after_fork_parent, after_fork_child) != 0)
        return;
    recording.is_on = true;
    listen_for((int)setting("RHEAP_OSMAP_SIGNAL"));
}

static __attribute__((constructor)) void
start(void)
{
    (void)is_ready();
}
