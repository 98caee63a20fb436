// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_row.h"

#include <math.h>

double
fork_row_amplification(const struct fork_row *row)
{
    if (row->written_bytes <= 0)
        return -1;
    return (double)(row->body_private_kb + row->own_kb) * 1024 /
           row->written_bytes;
}

double
fork_half_life(const struct fork_sample *samples, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        double half = (double)samples[0].shared_kb / 2;
        double from = (double)samples[i - 1].shared_kb;
        double to = (double)samples[i].shared_kb;
        double start = (double)samples[i - 1].requests;

        if (to <= half && from > to)
            return start + (from - half) / (from - to) *
                               ((double)samples[i].requests - start);
    }
    return -1;
}

// --- JSON --------------------------------------------------------------------

static void
put_ratio(struct json *json, const char *key, double ratio)
{
    if (ratio < 0)
        json_null(json, key);
    else
        json_real(json, key, ratio);
}

static void
put_private(const struct fork_row *row, struct json *json)
{
    json_number(json, "body_private_kb", row->body_private_kb);
    if (row->is_foreign)
        json_null(json, "table_private_kb");
    else
        json_number(json, "table_private_kb", row->table_private_kb);
    json_number(json, "external_private_kb", row->external_private_kb);
    json_number(json, "other_private_kb", row->other_private_kb);
    json_number(json, "own_kb", row->own_kb);
}

static void
put_sizes(const struct fork_row *row, struct json *json)
{
    json_number(json, "body_shared_kb", row->body_shared_kb);
    json_number(json, "heap_kb", row->heap_kb);
    json_number(json, "rss_kb", row->rss_kb);
    json_number(json, "pss_kb", row->pss_kb);
    json_number(json, "huge_kb", row->huge_kb);
    put_ratio(json, "amplification", fork_row_amplification(row));
}

static void
put_causes(const struct fork_row *row, struct json *json)
{
    if (row->is_foreign) {
        json_null(json, "causes");
        return;
    }
    json_open_object(json, "causes");
    for (int n = 0; n < RH_SHARING_PHASE_COUNT; n++)
        json_number(json, rh_sharing_phase_name((enum rh_sharing_phase)n),
                    row->causes[n]);
    json_close_object(json);
}

static void
put_samples(const struct fork_row *row, struct json *json)
{
    if (!row->sample_count)
        return;
    json_open_array(json, "maturing");
    for (size_t i = 0; i < row->sample_count; i++) {
        json_open_object(json, NULL);
        json_number(json, "requests", row->samples[i].requests);
        json_number(json, "shared_kb", row->samples[i].shared_kb);
        json_close_object(json);
    }
    json_close_array(json);
    put_ratio(json, "half_life",
              fork_half_life(row->samples, row->sample_count));
}

static void
put_figures(const struct fork_row *row, struct json *json)
{
    put_private(row, json);
    put_sizes(row, json);
    put_causes(row, json);
    json_truth(json, "frames", row->has_frames);
    put_samples(row, json);
}

void
fork_row_print(const struct fork_row *row, struct json *json)
{
    json_open_object(json, NULL);
    json_text(json, "mode", row->mode);
    if (*row->marks)
        json_text(json, "marks", row->marks);
    else
        json_null(json, "marks");
    if (row->is_foreign)
        json_text(json, "system", row->system);
    json_text(json, "step", row->step);
    json_number(json, "worker", row->worker);
    json_number(json, "generation", row->generation);
    if (*row->error)
        json_text(json, "error", row->error);
    else
        put_figures(row, json);
    json_real(json, "fork_us", round(row->fork_us * 10) / 10);
    json_close_object(json);
    json_flush(json);
}
