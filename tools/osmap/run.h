// SPDX-License-Identifier: MIT
/*
 * run - a program with the recorder in front of its malloc.
 *
 * The program gets our standard input, output and error, and its own signals;
 * what the recorder writes goes into a directory of its own, which is gone when
 * the run is forgotten.
 */
#ifndef TOOLS_OSMAP_RUN_H
#define TOOLS_OSMAP_RUN_H

#include <stdbool.h>
#include <stddef.h>

struct run_options {
    unsigned every_ms;  // 0: no snapshots in between
    int signal;         // that asks for a snapshot; 0: none
    bool with_children; // processes that it forks are recorded, too
    bool walk;          // glibc's arenas, too
};

struct run {
    char directory[256];
    char **snapshots; // paths: of the program by number, then of its children
    size_t count;
    size_t own; // how many are of the program itself
    int status; // that it ended with; 128 and more: the signal
};

// Run `argv` to its end.  False: it could not be run, or left no snapshot; why
// has been said.
bool run_program(struct run *run, char **argv,
                 const struct run_options *options);

// Remove the snapshots.
void run_forget(struct run *run);

#endif
