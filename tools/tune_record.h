// SPDX-License-Identifier: MIT
/*
 * tune_record - a record (record.h says what that is), read as a load.
 *
 * Objects alive are known at collections and at the end only, so these end the
 * spans; every object gets the bytes that one had on average then.
 */
#ifndef TOOLS_TUNE_RECORD_H
#define TOOLS_TUNE_RECORD_H

#include "tune_run.h"

struct tune_record {
    struct tune_load load;
    size_t peak; // most objects at any event
    size_t grown;
    size_t collections;
    size_t slots; // at the end
    double ms;    // in collections
};

// False: what is wrong has been said.
bool tune_record_read(struct tune_record *record, const char *path);
void tune_record_free(struct tune_record *record);

// The article's way from a peak to values: a tenth more, rounded up (to a
// twentieth of its power of ten: 1,210,000 to 1,250,000); of that 1% free, a
// second heap of 8%, and all others as large, if the rule adds heaps.
void tune_advise(struct rh_config *config, size_t peak, bool adds_heaps);

#endif
