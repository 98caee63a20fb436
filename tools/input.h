// SPDX-License-Identifier: MIT
/*
 * input - the bytes of a file, gzip or plain, or of standard input ("-").
 *
 * zlib looks at the first bytes and unpacks or passes through.  A gzip file
 * that breaks off or was damaged gives what could be unpacked first, and the
 * fault then.
 */
#ifndef TOOLS_INPUT_H
#define TOOLS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

enum input_fault {
    INPUT_FINE,
    INPUT_UNREADABLE, // the system would not give the bytes
    INPUT_DAMAGED     // gzip data that breaks off, or is wrong
};

struct input {
    const char *name; // for messages
    gzFile file;
    uint64_t total_bytes; // of the file as it lies there; 0: not known
    enum input_fault fault;
    char cause[160]; // of the fault, a sentence
};

// `path` must outlive the input.  False: input->cause says why, and there is
// nothing to close.
bool input_open(struct input *input, const char *path);

// Up to `bytes` of the unpacked file; 0 at the end or at a fault.
size_t input_read(struct input *input, void *buffer, size_t bytes);

// How much of total_bytes has been used up.
uint64_t input_position(const struct input *input);

void input_close(struct input *input);

#endif
