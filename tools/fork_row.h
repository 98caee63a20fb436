// SPDX-License-Identifier: MIT
/*
 * fork_row - what one child has shown: a row of the result.
 *
 * A row holds no pointer but to static storage and is smaller than what a pipe
 * takes in one piece, so that the child can send it to its parent as it is.
 */
#ifndef TOOLS_FORK_ROW_H
#define TOOLS_FORK_ROW_H

#include "json.h"

#include <rheap/sharing.h>

enum {
    FORK_MAX_SAMPLES = 40
};

// Inherited memory of objects and their buffers that is still shared, after so
// many requests.
struct fork_sample {
    size_t requests;
    size_t shared_kb;
};

struct fork_row {
    char mode[24];
    char marks[8]; // "": another system's business
    char step[40];
    char error[160]; // "": there is none, and the figures are good
    unsigned worker;
    unsigned generation; // 1: of the first parent; 2: of its child

    bool is_foreign; // measured in another system
    char system[32]; // which: "ruby 3.1.2"
    bool has_frames; // frames could be compared
    size_t body_private_kb;
    size_t table_private_kb; // none in another system
    size_t external_private_kb;
    size_t other_private_kb;
    size_t own_kb;
    size_t body_shared_kb;
    size_t heap_kb;
    size_t rss_kb;
    size_t pss_kb;
    size_t huge_kb;
    size_t causes[RH_SHARING_PHASE_COUNT];
    double written_bytes; // stored by the step itself into objects
    double fork_us;

    struct fork_sample samples[FORK_MAX_SAMPLES];
    size_t sample_count;
};

// Pages of objects made private or new, for each byte that the step itself
// stored into objects; below 0: it stored none.
double fork_row_amplification(const struct fork_row *row);

// Requests until half of what was shared is shared no more; below 0: that was
// never seen.
double fork_half_life(const struct fork_sample *samples, size_t count);

// Print it as one JSON object in a line.
void fork_row_print(const struct fork_row *row, struct json *json);

#endif
