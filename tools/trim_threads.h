// SPDX-License-Identifier: MIT
/*
 * trim_threads - threads that take turns, as under Ruby's lock.
 *
 * One runs at a time, a batch of its work, then the next one in order: the same
 * order in every run.  Each thread has an arena of the C library's malloc all
 * the same, which is where the memory goes.
 */
#ifndef TOOLS_TRIM_THREADS_H
#define TOOLS_TRIM_THREADS_H

#include "trim_plan.h"

#include <pthread.h>

// Do up to `count` of what thread `number` has to do now.
typedef void (*trim_work_fn)(size_t number, size_t count, void *context);

struct trim_threads {
    trim_work_fn work;
    void *context;
    size_t count;
    size_t turn; // `count`: that of who started them
    bool is_over;
    pthread_mutex_t lock;
    size_t left[TRIM_MAX_THREADS]; // to be done
    pthread_t threads[TRIM_MAX_THREADS];
    pthread_cond_t wake[TRIM_MAX_THREADS + 1];
};

// Static storage: it stays where it is.  False: a thread could not be started;
// none are left.
bool trim_threads_start(struct trim_threads *threads, size_t count,
                        trim_work_fn work, void *context);

// Have each do `amount`, and wait until all are done.
void trim_threads_run(struct trim_threads *threads, size_t amount);

void trim_threads_end(struct trim_threads *threads);

#endif
