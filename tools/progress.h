// SPDX-License-Identifier: MIT
/*
 * progress - a bar on standard error for work that takes its time.
 *
 * It appears only on a terminal and only after half a second, moves ten times
 * a second at most, and is gone when the work is done.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *label;
    bool is_wanted;
    bool is_shown;
    double next_ms; // when to draw again
};

// `label` is what is being done: "reading".  Static storage.
void progress_begin(struct progress *progress, const char *label);

// `done` of `total`; a total of 0 means that it is not known.
void progress_move(struct progress *progress, uint64_t done, uint64_t total);

void progress_end(struct progress *progress);

#endif
