// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_row.h"

#include "say.h"

#include <rheap/trim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- running -----------------------------------------------------------------

static void
start_ours(const struct trim_row *row, struct trim_run *run, bool *is_good)
{
    char word[200];
    char self[] = "/proc/self/exe";
    char command[] = "trim";
    char *argv[] = { self, command, word, NULL };
    struct trim_start start = {
        .argv = argv,
        .preload = row->preload,
        .arena_max = *row->arena_max ? row->arena_max : NULL,
    };

    strcpy(word, "--run=");
    trim_plan_write(&row->plan, word + strlen(word), sizeof word - 16);
    *is_good = trim_run(run, &start);
}

static void
start_ruby(const struct trim_row *row, struct trim_run *run, bool *is_good)
{
    char plan[200];
    char ruby[] = "ruby";
    char script[4096];
    char policy[24];
    char *argv[] = { ruby, script, policy, plan, NULL };
    struct trim_start start = {
        .argv = argv,
        .arena_max = *row->arena_max ? row->arena_max : NULL,
    };

    snprintf(script, sizeof script, "%s", row->script);
    snprintf(policy, sizeof policy, "%s", trim_policy_names[row->plan.policy]);
    snprintf(plan, sizeof plan, "%zu,%zu,%zu,%zu,%s,%s,%zu", row->plan.threads,
             row->plan.rounds, row->plan.strings, row->plan.churn,
             trim_size_names[row->plan.sizes],
             trim_survivor_names[row->plan.survivors], row->plan.seed);
    *is_good = trim_run(run, &start);
}

// Whether the process had the allocator that the row is about.
static bool
has_its_allocator(const struct trim_row *row, const struct trim_run *run)
{
    double kind = run->facts[TRIM_FACT_malloc];
    const char *name = kind < 0 ? "none" : rh_malloc_name((enum rh_malloc)kind);

    if (row->script || strcmp(name, row->allocator) == 0)
        return true;
    if (row->preload)
        say("%s is not installed here (%s): left out", row->allocator,
            row->preload);
    else
        say("this program has the allocator '%s', not %s", name,
            row->allocator);
    return false;
}

bool
trim_row_run(struct trim_row *row)
{
    struct trim_run run;
    double(*facts)[TRIM_FACT_COUNT];
    bool is_good;

    if (row->script)
        start_ruby(row, &run, &is_good);
    else
        start_ours(row, &run, &is_good);
    trim_row_free(row);
    if (!is_good) {
        say("the run of %s, %s, %s failed", row->policy, row->allocator,
            row->setting);
    } else if (has_its_allocator(row, &run)) {
        facts = realloc(row->facts, (row->runs + 1) * sizeof *facts);
        if (facts) {
            memcpy(facts[row->runs++], run.facts, sizeof *facts);
            row->facts = facts;
            row->series = run.series;
            return true;
        }
    }
    trim_run_free(&run);
    return false;
}

// The facts stay.
void
trim_row_free(struct trim_row *row)
{
    free(row->series.moments);
    row->series = (struct trim_series){ .count = 0 };
}

// --- what is in the middle ---------------------------------------------------

static int
by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

// The one that `part` of all are below.
static double
in_order(const struct trim_row *row, enum trim_fact fact, double part)
{
    double sorted[TRIM_MAX_RUNS];

    if (!row->runs)
        return -1;
    for (size_t n = 0; n < row->runs; n++)
        sorted[n] = row->facts[n][fact];
    qsort(sorted, row->runs, sizeof sorted[0], by_size);
    return sorted[(size_t)(part * (double)(row->runs - 1))];
}

double
trim_row_median(const struct trim_row *row, enum trim_fact fact)
{
    return in_order(row, fact, 0.5);
}

double
trim_row_least(const struct trim_row *row, enum trim_fact fact)
{
    return in_order(row, fact, 0);
}

double
trim_row_most(const struct trim_row *row, enum trim_fact fact)
{
    return in_order(row, fact, 1);
}

// --- for programs ------------------------------------------------------------

static void
put_fact(const struct trim_row *row, struct json *json, enum trim_fact fact)
{
    double value = trim_row_median(row, fact);

    if (value < 0 && fact != TRIM_FACT_gap_drop_kb)
        json_null(json, trim_fact_names[fact]);
    else if (fact == TRIM_FACT_trim_ms || fact == TRIM_FACT_wall_ms ||
             fact == TRIM_FACT_busy_ms)
        json_real(json, trim_fact_names[fact], round(value * 1000) / 1000);
    else
        json_integer(json, trim_fact_names[fact], llround(value));
}

static void
put_spread(const struct trim_row *row, struct json *json, enum trim_fact fact)
{
    char key[48];

    snprintf(key, sizeof key, "%s_spread", trim_fact_names[fact]);
    json_open_array(json, key);
    json_real(json, NULL, round(trim_row_least(row, fact) * 1000) / 1000);
    json_real(json, NULL, round(trim_row_most(row, fact) * 1000) / 1000);
    json_close_array(json);
}

void
trim_row_json(const struct trim_row *row, struct json *json)
{
    json_open_object(json, NULL);
    json_text(json, "policy", row->policy);
    json_text(json, "allocator", row->allocator);
    json_text(json, "setting", row->setting);
    json_number(json, "threads", row->plan.threads);
    json_number(json, "runs", row->runs);
    for (int fact = 0; fact <= TRIM_SHOWN; fact++)
        put_fact(row, json, (enum trim_fact)fact);
    put_spread(row, json, TRIM_FACT_rss_mean_kb);
    put_spread(row, json, TRIM_FACT_gap_drop_kb);
    put_spread(row, json, TRIM_FACT_wall_ms);
    json_close_object(json);
    json_flush(json);
}
