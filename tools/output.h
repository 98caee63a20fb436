// SPDX-License-Identifier: MIT
/*
 * output - a file that appears under its name only when it is whole.
 *
 * It is written beside the final name and renamed at the end, so nobody ever
 * reads half a file, and an old one stays until the new one is ready.  A name
 * that ends in ".gz" gets gzip.  What is no ordinary file ("/dev/stdout", a
 * pipe) is written to directly; "-" is standard output.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include "attributes.h"

#include <stdbool.h>
#include <stdio.h>

struct output {
    const char *path;
    char *temporary; // NULL: written directly
    FILE *file;      // one of these two
    void *gzip;
    bool has_failed;
    char cause[160];
};

// False: output->cause says why.  `path` must outlive the output.
bool output_open(struct output *output, const char *path);

// For who finds out by himself that it cannot be written: the first cause is
// remembered.  Always false.
bool output_fail(struct output *output, const char *cause);

// Failures are remembered until the end.  False: there was one; writing more
// is useless, but allowed.
bool output_write(struct output *output, const char *bytes, size_t count);

FORMATS(2, 3)
bool output_print(struct output *output, const char *format, ...);

// Close, and give the file its name.  False: output->cause says why, and there
// is no new file.
bool output_commit(struct output *output);

// Close, and forget it.
void output_abandon(struct output *output);

#endif
