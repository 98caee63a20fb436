// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/arenas.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// glibc 2.36 on 64 bits; offsets in bytes.
enum {
    STATE_FASTBINS = 16,
    STATE_FASTBIN_COUNT = 10,
    STATE_TOP = 96,
    STATE_BINS = 112,
    STATE_BIN_COUNT = 127,
    STATE_NEXT = 2160,
    STATE_SYSTEM = 2184,
    STATE_BYTES = 2200,
    HEAP_PREVIOUS = 8,
    HEAP_SIZE = 16,
    HEAP_BYTES = 48,
    UNSORTED = STATE_TOP, // a bin is a chunk, of which only the links are there
    PREVIOUS_IN_USE = 1,
    MAPPED = 2,
    MIN_CHUNK = 32,
    FENCE = 16, // the size of what closes a heap that has a next one
    MAX_TCACHE_CHUNK = 1056,
    TCACHE_CHUNK = 656, // that holds a thread's tcache
    MAX_ARENAS = 4096,
    MAX_FAST = 1 << 20, // chunks in fastbins
    PATIENCE_MS = 10000
};

#define HEAP_ALIGNMENT (UINT64_C(1) << REGION_BITS)

struct walk {
    const struct recording *recording;
    struct maps *maps;
    struct arenas *arenas;
    uint64_t free_count; // of the arena at hand, as its chunks say
    uint64_t free_bytes;
    uint64_t fast_count;
    uint64_t fast[MAX_FAST]; // chunks in its fastbins, sorted
};

static bool
refuse(struct walk *walk, const char *reason)
{
    strncpy(walk->arenas->reason, reason, ARENAS_REASON_BYTES - 1);
    return false;
}

// --- reading -----------------------------------------------------------------

static bool
can_read(struct walk *walk, uint64_t address, uint64_t bytes)
{
    const struct maps_entry *mapping = maps_at(walk->maps, address);

    return (address & 7) == 0 && mapping && address + bytes <= mapping->end;
}

static uint64_t
word_at(uint64_t address)
{
    return *(const volatile uint64_t *)(uintptr_t)address;
}

static uint64_t
chunk_size(uint64_t chunk)
{
    return word_at(chunk + 8) & ~UINT64_C(7);
}

// Links of fastbins and tcaches are hidden by the place where they lie.
static uint64_t
reveal(uint64_t place)
{
    return place >> 12 ^ word_at(place);
}

// --- what was found ----------------------------------------------------------

static bool
put(struct walk *walk, uint64_t start, uint64_t bytes,
    enum rh_osmap_block_state state)
{
    struct arenas *arenas = walk->arenas;

    if (arenas->count == ARENAS_MAX_CHUNKS)
        return refuse(walk, "there are too many chunks");
    arenas->chunks[arenas->count++] = (struct arenas_chunk){
        .start = start,
        .size_and_state = ((bytes + 15) & ~UINT64_C(15)) | (uint64_t)state,
    };
    return true;
}

static bool
is_fast(const struct walk *walk, uint64_t chunk)
{
    uint64_t low = 0, high = walk->fast_count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (walk->fast[middle] < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low < walk->fast_count && walk->fast[low] == chunk;
}

// A chunk that glibc counts as used: by the program, which the recorder knows;
// kept in a cache; the cache itself; or from before there was a recorder.
static bool
put_used(struct walk *walk, uint64_t chunk, uint64_t size)
{
    bool is_cached;

    if (table_has(&walk->recording->table, (uintptr_t)chunk + 16))
        return true;
    is_cached = (size <= MAX_TCACHE_CHUNK && walk->recording->tcache_key &&
                 word_at(chunk + 24) == walk->recording->tcache_key) ||
                size == TCACHE_CHUNK || is_fast(walk, chunk);
    return put(walk, chunk, size,
               is_cached ? RH_OSMAP_BLOCK_CACHED : RH_OSMAP_BLOCK_NOT_OURS);
}

static bool
put_free(struct walk *walk, uint64_t chunk, uint64_t size)
{
    walk->free_count++;
    walk->free_bytes += size;
    return put(walk, chunk, size, RH_OSMAP_BLOCK_FREE);
}

// --- chunks ------------------------------------------------------------------

static bool
is_sound_chunk(uint64_t chunk, uint64_t size, uint64_t end)
{
    return size >= MIN_CHUNK && (size & 15) == 0 && size <= end - chunk &&
           !(word_at(chunk + 8) & MAPPED);
}

// Chunks from `chunk` up to `end`, which is where the top begins, or a fence.
static bool
walk_chunks(struct walk *walk, uint64_t chunk, uint64_t end)
{
    while (chunk < end) {
        uint64_t size = chunk_size(chunk);
        bool is_used;

        if (!is_sound_chunk(chunk, size, end))
            return refuse(walk, "a chunk does not fit into its heap");
        is_used = word_at(chunk + size + 8) & PREVIOUS_IN_USE;
        if (!(is_used ? put_used(walk, chunk, size)
                      : put_free(walk, chunk, size)))
            return false;
        chunk += size;
    }
    return chunk == end || refuse(walk, "the chunks of a heap miss its end");
}

static bool
put_top(struct walk *walk, uint64_t top, uint64_t end)
{
    uint64_t size = chunk_size(top);

    if (size < FENCE || top + size != end)
        return refuse(walk, "a top does not reach the end of its heap");
    return put(walk, top, size, RH_OSMAP_BLOCK_FREE);
}

// --- bins --------------------------------------------------------------------

static void
sift(uint64_t *list, uint64_t root, uint64_t count)
{
    uint64_t child;

    while ((child = 2 * root + 1) < count) {
        uint64_t lower = list[root];

        if (child + 1 < count && list[child + 1] > list[child])
            child++;
        if (lower >= list[child])
            return;
        list[root] = list[child];
        list[child] = lower;
        root = child;
    }
}

static void
sort(uint64_t *list, uint64_t count)
{
    for (uint64_t i = count / 2; i-- > 0;)
        sift(list, i, count);
    for (uint64_t i = count; i-- > 1;) {
        uint64_t last = list[i];

        list[i] = list[0];
        list[0] = last;
        sift(list, 0, i);
    }
}

static bool
read_fastbins(struct walk *walk, uint64_t state)
{
    walk->fast_count = 0;
    for (uint64_t i = 0; i < STATE_FASTBIN_COUNT; i++) {
        uint64_t chunk = word_at(state + STATE_FASTBINS + i * 8);

        while (chunk) {
            if (walk->fast_count == MAX_FAST || !can_read(walk, chunk, 32))
                return refuse(walk, "a fastbin does not end");
            walk->fast[walk->fast_count++] = chunk;
            chunk = reveal(chunk + 16);
        }
    }
    sort(walk->fast, walk->fast_count);
    return true;
}

// Whether the bins have what the chunks have shown to be free.
static bool
check_bins(struct walk *walk, uint64_t state)
{
    uint64_t count = 0, bytes = 0;

    for (uint64_t i = 0; i < STATE_BIN_COUNT; i++) {
        uint64_t bin = state + STATE_BINS - 16 + i * 16;

        for (uint64_t chunk = word_at(bin + 16); chunk != bin;
             chunk = word_at(chunk + 16)) {
            if (count++ > walk->free_count || !can_read(walk, chunk, 32))
                return refuse(walk, "a bin does not end");
            bytes += chunk_size(chunk);
        }
    }
    if (count == walk->free_count && bytes == walk->free_bytes)
        return true;
    return refuse(walk, "the bins have not what the chunks say is free");
}

// --- arenas ------------------------------------------------------------------

// The segment of brk(), whose start nobody tells: it is as long as the arena.
static bool
walk_main(struct walk *walk, uint64_t state)
{
    uint64_t top = word_at(state + STATE_TOP);
    uint64_t system = word_at(state + STATE_SYSTEM);
    uint64_t end, start;

    if (system == 0) // it was never used
        return true;
    if (!can_read(walk, top, 16))
        return refuse(walk, "the top of the main arena is not there");
    end = top + chunk_size(top);
    start = end - system;
    if (!can_read(walk, start, system))
        return refuse(walk, "the main arena is not in one piece");
    start = (start + 15) & ~UINT64_C(15);
    return walk_chunks(walk, start, top) && put_top(walk, top, end);
}

// One heap of an arena; `top` is the arena's.  A heap that has a next one ends
// in a fence of two or three words.
static bool
walk_heap(struct walk *walk, uint64_t heap, uint64_t state, uint64_t top)
{
    uint64_t size = word_at(heap + HEAP_SIZE);
    uint64_t start = heap + HEAP_BYTES;
    uint64_t end = heap + size;

    if (size < HEAP_BYTES || !can_read(walk, heap, size))
        return refuse(walk, "a heap is longer than its mapping");
    if (state == start)
        start = (start + STATE_BYTES + 15) & ~UINT64_C(15);
    if (!put(walk, heap, start - heap, RH_OSMAP_BLOCK_CACHED))
        return false;
    if (top >= heap && top < end)
        return walk_chunks(walk, start, top) && put_top(walk, top, end);
    while (end > start && chunk_size(end - 16) <= FENCE &&
           heap + size - end < 2 * MIN_CHUNK)
        end -= 16;
    return walk_chunks(walk, start, end) &&
           put(walk, end, heap + size - end, RH_OSMAP_BLOCK_CACHED);
}

static bool
walk_heaps(struct walk *walk, uint64_t state)
{
    uint64_t top = word_at(state + STATE_TOP);
    uint64_t heap = top & ~(HEAP_ALIGNMENT - 1);
    uint64_t bytes = 0;

    for (int i = 0; heap; i++, heap = word_at(heap + HEAP_PREVIOUS)) {
        if (i == MAX_ARENAS || !can_read(walk, heap, HEAP_BYTES) ||
            word_at(heap) != state)
            return refuse(walk, "a heap is of another arena");
        if (!walk_heap(walk, heap, state, top))
            return false;
        bytes += word_at(heap + HEAP_SIZE);
    }
    return bytes == word_at(state + STATE_SYSTEM) ||
           refuse(walk, "an arena is not as long as its heaps");
}

static bool
walk_arena(struct walk *walk, uint64_t state)
{
    walk->free_count = 0;
    walk->free_bytes = 0;
    return read_fastbins(walk, state) &&
           (state == walk->recording->main_arena ? walk_main(walk, state)
                                                 : walk_heaps(walk, state)) &&
           check_bins(walk, state);
}

static bool
walk_ring(struct walk *walk)
{
    uint64_t state = walk->recording->main_arena;

    for (int i = 0; i < MAX_ARENAS; i++) {
        if (!can_read(walk, state, STATE_BYTES))
            return refuse(walk, "an arena is not there");
        if (!walk_arena(walk, state))
            return false;
        state = word_at(state + STATE_NEXT);
        if (state == walk->recording->main_arena)
            return true;
    }
    return refuse(walk, "the arenas make no ring");
}

// --- the copy ----------------------------------------------------------------

// Nothing here may take a lock, which another thread could have held when the
// copy was made.
static _Noreturn void
run_copy(struct walk *walk)
{
    prctl(PR_SET_DUMPABLE, 0); // no core file
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    walk->arenas->is_good = walk_ring(walk);
    for (;;)
        syscall(SYS_exit_group, 0);
}

// Whether the copy came to its end, in time.  It sends no signal when it does,
// and a program that waits for any child does not get this one.
static bool
await(pid_t copy)
{
    struct timespec pause = { 0, 500 * 1000 };
    int status;

    for (int i = 0; i < PATIENCE_MS * 2; i++) {
        pid_t ended = waitpid(copy, &status, WNOHANG | (int)__WCLONE);

        if (ended == copy)
            return WIFEXITED(status);
        if (ended < 0)
            return false;
        nanosleep(&pause, NULL);
    }
    kill(copy, SIGKILL);
    waitpid(copy, &status, (int)__WCLONE);
    return false;
}

static void
walk_in_copy(struct walk *walk)
{
    struct arenas *arenas = walk->arenas;
    long copy = syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL);

    if (copy == 0)
        run_copy(walk);
    if (copy < 0)
        (void)refuse(walk, "the process could not be copied");
    else if (!await((pid_t)copy)) {
        arenas->is_good = false;
        (void)refuse(walk, "something in the arenas led nowhere");
    }
}

struct arenas *
arenas_walk(const struct recording *recording, struct maps *maps)
{
    struct arenas *arenas =
        mmap(NULL, sizeof *arenas, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct walk *walk = table_pages_new(sizeof *walk);

    if (arenas == MAP_FAILED)
        arenas = NULL;
    if (arenas && walk) {
        walk->recording = recording;
        walk->maps = maps;
        walk->arenas = arenas;
        if (*recording->walk_refused)
            (void)refuse(walk, recording->walk_refused);
        else
            walk_in_copy(walk);
    }
    table_pages_free(walk, sizeof *walk);
    return arenas;
}

void
arenas_free(struct arenas *arenas)
{
    if (arenas)
        munmap(arenas, sizeof *arenas);
}

// --- before the program ------------------------------------------------------

// A freed chunk that is large enough for no cache points to its bin, which is
// part of the main arena.  A small one holds the key of all tcaches.
void
arenas_prepare(struct recording *recording, void *(*allocate)(size_t),
               void (*give_back)(void *))
{
    volatile uint64_t *large = allocate(8192);
    volatile uint64_t *small = allocate(24);

    if (strcmp(recording->allocator, "glibc 2.36") != 0)
        recording->walk_refused =
            "only those of glibc 2.36 are known, and this is another malloc";
    if (large)
        give_back((void *)(uintptr_t)large);
    if (large && !*recording->walk_refused)
        recording->main_arena = large[0] - UNSORTED;
    if (small)
        give_back((void *)(uintptr_t)small);
    if (small && !*recording->walk_refused)
        recording->tcache_key = small[1];
}
