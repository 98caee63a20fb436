// SPDX-License-Identifier: MIT
/*
 * fork_reader - the memory of another process, from outside.
 *
 * For systems that cannot report on themselves without writing memory.  Reads
 * /proc/PID/smaps for what there is, and the page maps of the process and of its
 * parent for whose each page is: one that the parent has, too, was inherited,
 * and private if only the process maps it.  Anonymous mappings are what such
 * systems keep objects in ("body"), the heap of brk() is malloc's ("external"),
 * everything else is "other".
 */
#ifndef TOOLS_FORK_READER_H
#define TOOLS_FORK_READER_H

#include "fork_row.h"

#include <sys/types.h>

// Fill in the figures of a row, or its error.  Answers how much that was
// inherited, of objects and malloc's, is still shared, in KB.
size_t fork_reader_read(struct fork_row *row, pid_t pid, pid_t parent);

// "always [madvise] never", or "" where the system does not tell.
void fork_reader_huge_policy(char *text, size_t room);

#endif
