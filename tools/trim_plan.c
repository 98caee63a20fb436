// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_plan.h"

#include <stdio.h>
#include <string.h>

const char *const trim_policy_names[] = {
    "never", "always", "threshold", "adaptive", "idle", "fork", NULL,
};

const char *const trim_size_names[] = { "ruby", "lognormal", "bimodal", "large",
                                        NULL };

const char *const trim_survivor_names[] = { "none", "scattered", "clustered",
                                            NULL };

#define TRIM_FACT(name) #name,
const char *const trim_fact_names[TRIM_FACT_COUNT] = { TRIM_FACTS(TRIM_FACT) };
#undef TRIM_FACT

bool
trim_named(const char *const *names, const char *name, size_t length,
           unsigned *number)
{
    for (unsigned n = 0; names[n]; n++) {
        if (strncmp(names[n], name, length) != 0 || names[n][length] != '\0')
            continue;
        *number = n;
        return true;
    }
    return false;
}

void
trim_plan_write(const struct trim_plan *plan, char *word, size_t room)
{
    snprintf(word, room, "%d,%d,%d,%d,%zu,%zu,%zu,%zu,%zu,%zu,%zu",
             (int)plan->job, (int)plan->policy, (int)plan->sizes,
             (int)plan->survivors, plan->threads, plan->rounds, plan->strings,
             plan->churn, plan->cap, plan->mb, plan->seed);
}

bool
trim_plan_read(struct trim_plan *plan, const char *word)
{
    unsigned job, policy, sizes, survivors;

    if (sscanf(word, "%u,%u,%u,%u,%zu,%zu,%zu,%zu,%zu,%zu,%zu", &job, &policy,
               &sizes, &survivors, &plan->threads, &plan->rounds,
               &plan->strings, &plan->churn, &plan->cap, &plan->mb,
               &plan->seed) != 11)
        return false;
    plan->job = (enum trim_job)job;
    plan->policy = (enum trim_policy)policy;
    plan->sizes = (enum trim_sizes)sizes;
    plan->survivors = (enum trim_survivors)survivors;
    return job < TRIM_JOBS && policy < TRIM_POLICIES && sizes < TRIM_SIZES &&
           survivors < TRIM_SURVIVORS && plan->threads >= 1 &&
           plan->threads <= TRIM_MAX_THREADS;
}
