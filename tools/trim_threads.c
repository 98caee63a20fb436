// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_threads.h"

enum {
    BATCH = 100
};

struct seat {
    struct trim_threads *threads;
    size_t number;
};

static struct seat seats[TRIM_MAX_THREADS];

// The next one that has something to do, or who waits for all of them.
static void
pass_turn(struct trim_threads *threads)
{
    size_t next = threads->turn;

    for (size_t n = 0; n < threads->count; n++) {
        next = (next + 1) % threads->count;
        if (threads->left[next])
            break;
    }
    threads->turn = threads->left[next] ? next : threads->count;
    pthread_cond_signal(&threads->wake[threads->turn]);
}

static void *
sit(void *argument)
{
    const struct seat *seat = argument;
    struct trim_threads *threads = seat->threads;
    size_t me = seat->number;

    pthread_mutex_lock(&threads->lock);
    for (;;) {
        size_t batch;

        while (threads->turn != me && !threads->is_over)
            pthread_cond_wait(&threads->wake[me], &threads->lock);
        if (threads->is_over)
            break;
        batch = threads->left[me] < BATCH ? threads->left[me] : BATCH;
        threads->work(me, batch, threads->context);
        threads->left[me] -= batch;
        pass_turn(threads);
    }
    pthread_mutex_unlock(&threads->lock);
    return NULL;
}

bool
trim_threads_start(struct trim_threads *threads, size_t count,
                   trim_work_fn work, void *context)
{
    threads->work = work;
    threads->context = context;
    threads->turn = TRIM_MAX_THREADS + 1; // nobody's yet
    pthread_mutex_init(&threads->lock, NULL);
    for (size_t n = 0; n <= TRIM_MAX_THREADS; n++)
        pthread_cond_init(&threads->wake[n], NULL);
    for (threads->count = 0; threads->count < count; threads->count++) {
        struct seat *seat = &seats[threads->count];

        *seat = (struct seat){ threads, threads->count };
        if (pthread_create(&threads->threads[threads->count], NULL, sit,
                           seat) != 0) {
            trim_threads_end(threads);
            return false;
        }
    }
    pthread_mutex_lock(&threads->lock);
    threads->turn = count;
    return true;
}

void
trim_threads_run(struct trim_threads *threads, size_t amount)
{
    for (size_t n = 0; n < threads->count; n++)
        threads->left[n] = amount;
    if (!amount)
        return;
    threads->turn = 0;
    pthread_cond_signal(&threads->wake[0]);
    while (threads->turn != threads->count)
        pthread_cond_wait(&threads->wake[threads->count], &threads->lock);
}

void
trim_threads_end(struct trim_threads *threads)
{
    bool is_mine = threads->turn == threads->count;

    if (!is_mine)
        pthread_mutex_lock(&threads->lock);
    threads->is_over = true;
    for (size_t n = 0; n < threads->count; n++)
        pthread_cond_signal(&threads->wake[n]);
    pthread_mutex_unlock(&threads->lock);
    for (size_t n = 0; n < threads->count; n++)
        pthread_join(threads->threads[n], NULL);
}
