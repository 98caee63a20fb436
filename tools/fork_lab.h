// SPDX-License-Identifier: MIT
/*
 * fork_lab - forks children, has them do a step, and has them measured.
 *
 *     parent                          children, all of the same step
 *       fork, fork, ...  ---------->  do the step
 *       wait for all     <----------  done
 *       one by one: look ---------->  read the kernel's tables
 *                        <----------  a row
 *       let all go       ---------->  end
 *
 * Nobody ends before the last was measured, for the kernel tells a process only
 * whether a page is its own alone, and that of a page that others have left is
 * true of who remains.  A child that dies is a row that says so.
 */
#ifndef TOOLS_FORK_LAB_H
#define TOOLS_FORK_LAB_H

#include "fork_live.h"
#include "fork_row.h"

typedef void (*fork_row_fn)(const struct fork_row *row, void *context);

struct fork_lab {
    const struct fork_plan *plan;
    struct fork_live *live; // prepared
    fork_row_fn take;       // gets each row, in order
    void *context;
    unsigned generation; // 1
    char blind[160];     // why nothing can be measured; "": it can
};

// All steps; and, if so planned, once more in children of a child.
void fork_lab_run(struct fork_lab *lab);

#endif
