// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_load.h"

#include "clock.h"
#include "trim_threads.h"

#include <rheap/array.h>
#include <rheap/fork.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/string.h>
#include <rheap/trim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
    MAX_STRING = 256 << 10,
    SURVIVE = 500, // one of so many
    MAX_ROUNDS = 1000,
    CLASSES = 64 * 8, // of times: eight for each power of two
    RACE_BLOCKS = 1000
};

enum phase {
    FILL,
    CHURN,
    RACE,
    TRIM
};

struct drop {
    double rss_kb;
    double known;
    double free_bytes;
    double gap_kb;
};

struct load {
    const struct trim_plan *plan;
    struct rh_heap *heap;
    enum phase phase;
    rh_value lists[TRIM_MAX_THREADS]; // the strings of each thread; roots
    uint64_t random[TRIM_MAX_THREADS];
    bool every_thread_trims; // the allocator wants it so
    bool has_trimmed;        // since they did
    bool has_failed;
    double base_kb;
    double idle_ms;
    size_t strings; // made so far
    size_t times[CLASSES];
    struct drop drops[MAX_ROUNDS];
    size_t rounds;
    struct rh_trim_adaptive_options adaptive;
    void *blocks[TRIM_MAX_THREADS][RACE_BLOCKS];
};

// Large, and known to be zero before anything is measured.
static struct load load;
static struct trim_threads threads;
static char text[MAX_STRING];

// --- chance ------------------------------------------------------------------

static uint64_t
draw(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return (x * 0x2545f4914f6cdd1d) >> 16;
}

static double
draw_part(uint64_t *state)
{
    return (double)(draw(state) & 0xffffff) / 0x1000000;
}

// Bytes of a string.
static size_t
draw_bytes(uint64_t *state)
{
    double normal;

    switch (load.plan->sizes) {
    case TRIM_LOGNORMAL:
        normal = sqrt(-2 * log(1 - draw_part(state))) *
                 cos(6.283185307179586 * draw_part(state));
        return (size_t)fmin(24 + exp(log(300) + 1.3 * normal), MAX_STRING);
    case TRIM_BIMODAL:
        return draw(state) % 10 ? 24 + draw(state) % 76
                                : 4000 + draw(state) % 8000;
    case TRIM_LARGE:
        if (draw(state) % 100 == 0)
            return (128 << 10) + draw(state) % (MAX_STRING - (128 << 10));
        return 24 + draw(state) % 4000;
    default:
        return 24 + draw(state) % 4000;
    }
}

// --- time --------------------------------------------------------------------

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
count_time(uint64_t ns)
{
    size_t log = 0;

    while (ns >> log > 15)
        log++;
    load.times[log * 8 + ((ns >> log) & 7)]++;
}

static double
time_below_which(double share)
{
    double wanted = share * (double)load.strings;
    double seen = 0;

    for (size_t n = 0; n < CLASSES; n++) {
        seen += (double)load.times[n];
        if (seen >= wanted)
            return (double)((UINT64_C(8) + n % 8) << (n / 8));
    }
    return -1;
}

static void
sleep_ms(double ms)
{
    struct timespec time = { .tv_sec = (time_t)(ms / 1000) };

    time.tv_nsec = (long)((ms - (double)time.tv_sec * 1000) * 1e6);
    if (ms > 0)
        nanosleep(&time, NULL);
}

// --- what the threads do -----------------------------------------------------

static rh_value
make_string(uint64_t *random)
{
    size_t bytes = draw_bytes(random);
    uint64_t start = now_ns();
    rh_value string = rh_string_new(load.heap, 0, text, bytes);

    count_time(now_ns() - start);
    load.strings++;
    load.has_failed |= string == RH_UNDEF;
    return string;
}

static void
fill(size_t number, size_t count)
{
    rh_value list = load.lists[number];

    while (count-- && !load.has_failed) {
        rh_value string = make_string(&load.random[number]);

        load.has_failed |= rh_array_push(load.heap, list, string) != RH_OK;
    }
}

static void
churn(size_t number, size_t count)
{
    rh_value list = load.lists[number];
    size_t length = rh_array_length(list);

    while (count-- && length && !load.has_failed) {
        rh_value string = make_string(&load.random[number]);
        size_t at = draw(&load.random[number]) % length;

        load.has_failed |= rh_array_set(load.heap, list, at, string) != RH_OK;
    }
}

static void
work(size_t number, size_t count, void *context)
{
    (void)context;
    if (load.phase == FILL)
        fill(number, count);
    else if (load.phase == CHURN)
        churn(number, count);
    else
        (void)rh_malloc_trim();
}

// Let go of the strings but the survivors, which move to the front.
static void
drop(rh_value list)
{
    size_t length = rh_array_length(list);
    size_t kept = load.plan->survivors == TRIM_NONE ? 0 : length / SURVIVE;
    size_t step = load.plan->survivors == TRIM_SCATTERED ? SURVIVE : 1;

    for (size_t n = 0; n < kept; n++)
        load.has_failed |= rh_array_set(load.heap, list, n,
                                        rh_array_get(list, n * step)) != RH_OK;
    load.has_failed |= rh_array_resize(load.heap, list, kept) != RH_OK;
}

// --- looking -----------------------------------------------------------------

static double
resident_kb(void)
{
    char line[128];
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file)
        return -1;
    if (!fgets(line, sizeof line, file) ||
        sscanf(line, "%*s %ld", &resident) != 1)
        resident = -1;
    fclose(file);
    return resident < 0
               ? -1
               : (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t
stat_of(const char *name)
{
    uint64_t value = 0;

    (void)rh_stat_get(load.heap, name, &value);
    return value;
}

static void
tell(enum trim_fact fact, double value)
{
    printf("%s %.17g\n", trim_fact_names[fact], value);
}

static double
count_arenas(void)
{
#ifdef __GLIBC__
    char *text_of = NULL;
    size_t bytes = 0;
    double count = 0;
    FILE *file;

    if (rh_malloc_which() != RH_MALLOC_GLIBC)
        return -1;
    file = open_memstream(&text_of, &bytes);
    if (!file)
        return -1;
    (void)malloc_info(0, file);
    fclose(file);
    for (const char *at = text_of; at && (at = strstr(at, "<heap nr=")); at++)
        count++;
    free(text_of);
    return count;
#else
    return -1;
#endif
}

static void
look_at_drop(void)
{
    struct drop *at = &load.drops[load.rounds++];

    at->rss_kb = resident_kb();
    at->known = (double)rh_heap_known_bytes(load.heap);
    at->free_bytes = (double)stat_of("heap_free_slots") * 40;
    at->gap_kb = at->rss_kb - at->known / 1024 - load.base_kb;
}

static int
by_gap(const void *a, const void *b)
{
    double left = ((const struct drop *)a)->gap_kb;
    double right = ((const struct drop *)b)->gap_kb;

    return (left > right) - (left < right);
}

// --- the phases --------------------------------------------------------------

static void
run_phase(enum phase phase, size_t amount)
{
    if (load.every_thread_trims && load.has_trimmed) {
        load.has_trimmed = false;
        load.phase = TRIM;
        trim_threads_run(&threads, 1);
    }
    load.phase = phase;
    trim_threads_run(&threads, amount);
}

static void
fork_and_wait(void)
{
    pid_t child;

    rh_heap_before_fork(load.heap);
    child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    rh_heap_after_fork_parent(load.heap);
}

static void
idle(double ms)
{
    double start = clock_ms();

    (void)rh_trim_idle(load.heap);
    run_phase(TRIM, 0); // by every thread, if it must be so
    if (load.plan->policy == TRIM_FORK)
        fork_and_wait();
    sleep_ms(ms - (clock_ms() - start));
    load.idle_ms += clock_ms() - start;
}

static void
run_round(double *refill_ms)
{
    size_t strings = load.plan->strings;
    double start = clock_ms();

    run_phase(FILL, strings);
    run_phase(CHURN, load.plan->churn * strings);
    for (size_t n = 0; n < load.plan->threads; n++)
        drop(load.lists[n]);
    rh_heap_collect(load.heap);
    // The refill of this round is still to come: the last one stands for it.
    idle((clock_ms() - start + *refill_ms) / 2);
    look_at_drop();
    start = clock_ms();
    run_phase(FILL, strings / 2);
    *refill_ms = clock_ms() - start;
}

static bool
trim_and_note(void *context)
{
    (void)context;
    load.has_trimmed = true;
    return rh_malloc_trim();
}

static rh_trim_fn
policy_of(enum trim_policy policy)
{
    static const rh_trim_fn policies[TRIM_POLICIES] = {
        rh_trim_never,    rh_trim_always,    rh_trim_threshold,
        rh_trim_adaptive, rh_trim_when_idle, rh_trim_before_fork,
    };

    return policies[policy];
}

static bool
open_heap(void)
{
    const struct trim_plan *plan = load.plan;
    struct rh_config config;

    rh_config_init(&config);
    config.generational = true;
    config.allocator.trim = trim_and_note;
    config.trim = policy_of(plan->policy);
    load.adaptive.max_share = (double)plan->cap / 1000;
    if (plan->policy == TRIM_ADAPTIVE)
        config.trim_context = &load.adaptive;
    load.every_thread_trims = rh_malloc_which() == RH_MALLOC_MIMALLOC;
    load.heap = rh_heap_new(&config);
    if (!load.heap)
        return false;
    for (size_t n = 0; n < plan->threads; n++) {
        load.random[n] = (plan->seed + 1) * 2654435761u + n * 7919 + 1;
        load.lists[n] = rh_array_new(load.heap, 0, NULL, 0);
        if (load.lists[n] == RH_UNDEF ||
            rh_root_add(load.heap, &load.lists[n]) != RH_OK)
            return false;
    }
    return true;
}

static void
tell_load(double wall_ms)
{
    struct rh_trim_totals totals;
    const struct drop *middle;

    qsort(load.drops, load.rounds, sizeof load.drops[0], by_gap);
    middle = &load.drops[load.rounds / 2];
    rh_trim_totals(load.heap, &totals);
    tell(TRIM_FACT_base_kb, load.base_kb);
    tell(TRIM_FACT_rss_drop_kb, middle->rss_kb);
    tell(TRIM_FACT_known_drop_bytes, middle->known);
    tell(TRIM_FACT_free_drop_bytes, middle->free_bytes);
    tell(TRIM_FACT_gap_drop_kb, middle->gap_kb);
    tell(TRIM_FACT_trims, (double)totals.trims);
    tell(TRIM_FACT_trim_ms, (double)totals.trim_ns / 1e6);
    tell(TRIM_FACT_refault_kb, (double)totals.refault_bytes / 1024);
    tell(TRIM_FACT_wall_ms, wall_ms);
    tell(TRIM_FACT_busy_ms, wall_ms - load.idle_ms);
    tell(TRIM_FACT_strings_per_s,
         (double)load.strings / (wall_ms - load.idle_ms) * 1e3);
    tell(TRIM_FACT_full_collections, (double)stat_of("major_gc_count"));
    tell(TRIM_FACT_alloc_p99_ns, time_below_which(0.99));
}

static bool
run_load(void)
{
    double refill_ms = 0;
    double start;

    load.base_kb = resident_kb();
    puts("begin");
    fflush(stdout);
    start = clock_ms();
    if (!open_heap())
        return false;
    for (size_t n = 0; n < load.plan->rounds && !load.has_failed; n++)
        run_round(&refill_ms);
    start = clock_ms() - start;
    puts("end");
    tell(TRIM_FACT_rss_end_kb, resident_kb());
    tell(TRIM_FACT_known_bytes, (double)rh_heap_known_bytes(load.heap));
    tell_load(start);
    return !load.has_failed;
}

// --- what a trim costs -------------------------------------------------------

static bool
run_cost(void)
{
    size_t wanted = load.plan->mb << 20;
    struct rh_trim_record records[2];

    puts("begin");
    if (!open_heap())
        return false;
    while (rh_heap_known_bytes(load.heap) < wanted && !load.has_failed)
        run_phase(FILL, 100);
    for (size_t n = 0; n < load.plan->threads; n++)
        drop(load.lists[n]);
    rh_heap_collect(load.heap);
    rh_trim_now(load.heap, RH_TRIM_ALLOCATOR);
    rh_trim_now(load.heap, RH_TRIM_ALLOCATOR);
    if (rh_trim_log(load.heap, records, 2) != 2)
        return false;
    puts("end");
    tell(TRIM_FACT_before_kb, (double)records[0].resident_before / 1024);
    tell(TRIM_FACT_after_kb, (double)records[0].resident_after / 1024);
    tell(TRIM_FACT_trim_ms, (double)records[0].duration_ns / 1e6);
    tell(TRIM_FACT_again_ms, (double)records[1].duration_ns / 1e6);
    return !load.has_failed;
}

// --- malloc without a lock ---------------------------------------------------

static void *
race(void *argument)
{
    void **blocks = argument;
    size_t number = (size_t)((void *(*)[RACE_BLOCKS])blocks - load.blocks);

    for (size_t n = 0; n < load.plan->strings; n++) {
        void **block = &blocks[draw(&load.random[number]) % RACE_BLOCKS];
        size_t bytes = draw_bytes(&load.random[number]);

        free(*block);
        *block = malloc(bytes);
        if (*block)
            memset(*block, 1, bytes);
    }
    for (size_t n = 0; n < RACE_BLOCKS; n++)
        free(blocks[n]);
    return NULL;
}

static bool
run_race(void)
{
    pthread_t racers[TRIM_MAX_THREADS];
    size_t count = load.plan->threads;
    double start;
    double ms;

    puts("begin");
    start = clock_ms();
    for (size_t n = 0; n < count; n++) {
        load.random[n] = n * 7919 + 1;
        if (pthread_create(&racers[n], NULL, race, load.blocks[n]) != 0)
            return false;
    }
    for (size_t n = 0; n < count; n++)
        pthread_join(racers[n], NULL);
    ms = clock_ms() - start;
    puts("end");
    tell(TRIM_FACT_pairs_per_s,
         (double)(count * load.plan->strings) / ms * 1e3);
    tell(TRIM_FACT_wall_ms, ms);
    return true;
}

// --- the run -----------------------------------------------------------------

bool
trim_load_run(const struct trim_plan *plan)
{
    bool is_good;

    load.plan = plan;
    memset(text, 'x', sizeof text);
    if (plan->job == TRIM_RACE) {
        is_good = run_race();
    } else {
        if (!trim_threads_start(&threads, plan->threads, work, NULL))
            return false;
        is_good = plan->job == TRIM_LOAD ? run_load() : run_cost();
        trim_threads_end(&threads);
    }
    tell(TRIM_FACT_arenas, count_arenas());
    tell(TRIM_FACT_malloc, (double)rh_malloc_which());
    rh_heap_free(load.heap);
    return is_good && fflush(stdout) == 0;
}
