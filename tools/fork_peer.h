// SPDX-License-Identifier: MIT
/*
 * fork_peer - the same live set and steps in other systems, for comparison.
 *
 * A script for the system's interpreter builds the live set and forks a child
 * for each step.  It says a line whenever there is something to measure, and
 * waits for an answer:
 *
 *     version TEXT
 *     sample STEP PID REQUESTS           while a child serves
 *     step STEP PID FORK_US BYTES        a child is done; BYTES it stored
 *     skip STEP WHY                      this system has no such step
 *     error STEP WHY
 *
 * The tool reads the child's memory from outside (fork_reader.h) and answers
 * "go".
 */
#ifndef TOOLS_FORK_PEER_H
#define TOOLS_FORK_PEER_H

#include "fork_lab.h"

// All peers that are installed; those that are not are a note.
void fork_peers_run(const struct fork_plan *plan, size_t objects,
                    fork_row_fn take, void *context);

#endif
