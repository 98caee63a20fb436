// SPDX-License-Identifier: MIT
/*
 * Programs for tests/osmap.sh to record.
 *
 *     osmap_churn churn [N]     keep N blocks, replace one at random, often
 *     osmap_churn hold N BYTES  hold N blocks of so many bytes, and end
 *     osmap_churn threads       several threads, one frees what others made
 *     osmap_churn forks         a hundred children, some of which exec
 *     osmap_churn every         all functions that allocate
 *     osmap_churn closed        close all descriptors, then end
 *     osmap_churn crash         end by a signal
 *     osmap_churn quit          end by _exit()
 *     osmap_churn trim          fill, free, snapshot, malloc_trim, snapshot
 *     osmap_churn descriptors   print the descriptors that are open
 *
 * What it prints and its status 7 must be the same when it is recorded.
 */
#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STATUS = 7,
    SIGNAL = 60, // what rheap osmap --on-signal listens for
    CHURN_STEPS = 4 * 1000 * 1000,
    WINDOW = 20000,
    THREADS = 4,
    CHILDREN = 100
};

// So that the compiler leaves calls alone whose results nobody uses.
static void *volatile sink;

static uint64_t random_state = 88172645463325252;

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Strings as in the article's program: 24 to 4,023 bytes, written to.
static char *
make_string(void)
{
    size_t bytes = 24 + next_random() % 4000;
    char *string = malloc(bytes);

    if (!string)
        abort();
    memset(string, 'x', bytes);
    return string;
}

static int
churn(size_t count)
{
    char **kept = calloc(count, sizeof *kept);
    double start = now();

    if (!kept)
        return 1;
    for (int i = 0; i < CHURN_STEPS; i++) {
        size_t at = next_random() % count;

        free(kept[at]);
        kept[at] = make_string();
    }
    printf("%.1f\n", (now() - start) * 1e9 / CHURN_STEPS);
    return STATUS;
}

static int
hold(size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        sink = malloc(bytes);
        memset(sink, 1, bytes);
    }
    puts("held");
    return STATUS;
}

// --- threads -----------------------------------------------------------------

static struct {
    pthread_mutex_t lock;
    char *given[1024];
    size_t count;
} shelf = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
exchange(char *mine)
{
    char *taken = mine;

    pthread_mutex_lock(&shelf.lock);
    if (shelf.count < 1024) {
        shelf.given[shelf.count++] = mine;
        taken = shelf.count > 512 ? shelf.given[--shelf.count] : NULL;
    }
    pthread_mutex_unlock(&shelf.lock);
    free(taken);
}

static void *
work(void *unused)
{
    for (int i = 0; i < 50000; i++) {
        char *string = malloc(10 + (size_t)i % 1000);

        string = realloc(string, 20 + (size_t)i % 3000);
        exchange(string);
    }
    return unused;
}

static int
threads(void)
{
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (size_t i = 0; i < shelf.count; i++)
        free(shelf.given[i]);
    puts("joined");
    return STATUS;
}

// --- children ----------------------------------------------------------------

static void
be_child(int number)
{
    for (int i = 0; i < 100; i++)
        sink = malloc(100);
    if (number % 3 == 0)
        _exit(STATUS);
    if (number % 3 == 1)
        exit(STATUS);
    execlp("true", "true", (char *)NULL);
    _exit(1);
}

// While threads allocate: a lock that is held in the moment of the fork must
// not stay held in the child.
static int
forks(void)
{
    pthread_t thread[THREADS];
    int ended = 0, status;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, work, NULL);
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            be_child(i);
    while (wait(&status) > 0)
        ended += WIFEXITED(status) &&
                 (WEXITSTATUS(status) == STATUS || WEXITSTATUS(status) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    printf("%d children\n", ended);
    return STATUS;
}

// --- every function ----------------------------------------------------------

// 1,000 bytes each, by another function; none is freed but the first.
static int
every(void)
{
    void *block = NULL;
    bool failed;

    free(malloc(1000));
    sink = malloc(1000);
    sink = calloc(10, 100);
    sink = realloc(malloc(10), 1000);
    sink = realloc(NULL, 1000);
    sink = reallocarray(malloc(5000), 10, 100);
    failed = posix_memalign(&block, 256, 1000) != 0;
    sink = block;
    sink = aligned_alloc(64, 1000);
    sink = memalign(4096, 1000);
    sink = strdup(memset(calloc(1, 1000), 'x', 999));
    free(NULL);
    sink = realloc(sink, (size_t)-1 / 2); // fails: the block stays
    printf("%s\n", failed || sink ? "strange" : "ten");
    return STATUS;
}

// --- ends --------------------------------------------------------------------

static int
closed(void)
{
    sink = malloc(1000);
    puts("closed");
    fflush(stdout);
    for (int i = 0; i < 1024; i++)
        close(i);
    return STATUS;
}

// Those below 1,000, by number.
static int
descriptors(void)
{
    sink = malloc(1000);
    for (int i = 0; i < 1000; i++)
        if (fcntl(i, F_GETFD) >= 0)
            printf("%d ", i);
    printf("next %d\n", open("/dev/null", O_RDONLY));
    return STATUS;
}

static int
trim(void)
{
    static char *strings[20000];
    char *wall;

    for (int i = 0; i < 20000; i++)
        strings[i] = make_string();
    wall = make_string(); // or freeing would trim the top
    for (int i = 0; i < 20000; i++)
        if (i % 500)
            free(strings[i]);
    raise(SIGNAL);
    malloc_trim(0);
    raise(SIGNAL);
    sink = wall;
    puts("trimmed");
    return STATUS;
}

static size_t
number(int argc, char **argv, int which, size_t otherwise)
{
    return argc > which ? strtoul(argv[which], NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "churn") == 0)
        return churn(number(argc, argv, 2, WINDOW));
    if (strcmp(what, "hold") == 0)
        return hold(number(argc, argv, 2, 1000), number(argc, argv, 3, 1000));
    if (strcmp(what, "threads") == 0)
        return threads();
    if (strcmp(what, "forks") == 0)
        return forks();
    if (strcmp(what, "every") == 0)
        return every();
    if (strcmp(what, "closed") == 0)
        return closed();
    if (strcmp(what, "descriptors") == 0)
        return descriptors();
    if (strcmp(what, "trim") == 0)
        return trim();
    sink = malloc(1000);
    if (strcmp(what, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(what, "quit") == 0)
        _exit(STATUS);
    return 2;
}
