// SPDX-License-Identifier: MIT
/*
 * tune_run - a program's allocations, once more, on a real heap.
 *
 * A load is a list of spans, each of which ends with so many objects alive and
 * had made so many.  Of those made as many live on as are alive more at its
 * end, evenly spread; the others are garbage at once.  When fewer are alive at
 * its end, the newest old ones are dropped then.  Every object holds as many
 * bytes outside its slot.
 */
#ifndef TOOLS_TUNE_RUN_H
#define TOOLS_TUNE_RUN_H

#include <rheap/config.h>

struct tune_span {
    size_t made;
    size_t live;         // at its end
    size_t object_bytes; // outside the slot, of each object made
};

struct tune_load {
    struct tune_span *spans;
    size_t count;
};

struct tune_result {
    size_t heaps;       // the first one, and what the rule added
    size_t slots;       // that the rule allowed at the end
    size_t collections; // and those that the malloc limit caused
    size_t by_malloc;
    double pause_ms;     // all together
    double pause_max_ms; // the longest
    size_t peak_bytes;   // pages and what is outside, at a collection or an end
    size_t live;         // at the end
    bool failed;         // memory, or the maximum, ended it
};

// False: the heap could not be made.
bool tune_run(struct tune_result *result, const struct rh_config *config,
              const struct tune_load *load);

#endif
