// SPDX-License-Identifier: MIT
/*
 * afterlife - what marking has left undecided.
 *
 * When everything that the roots reach is marked, and before anything is swept,
 * three kinds of things beside the heap have a say.  In this order:
 *
 *     ephemerons    a value is reached if its key is
 *     weak things   what is not reached now is lost to all of them at once
 *     finalizers    what is not reached and has any is reached after all, with
 *                   all it leads to, among this owners of maps: ephemerons once
 *                   more
 *     ids           of what is not reached now are forgotten
 *     maps          whose owner is not reached now go; all others grow old
 *     sites         of what is not reached now are forgotten
 *
 * Weak things come before finalizers so that a program never gets hold of an
 * object that has been found dead, except in its finalizer.  They need no
 * second turn: what finalizers bring back can only add to what is reached, and
 * nothing weak leads to anything else by then.
 *
 * Everything here runs to its end at once, also when the collection itself goes
 * in steps.
 *
 * Next: minor.h, collecting the young.
 */
#ifndef RHI_AFTERLIFE_H
#define RHI_AFTERLIFE_H

#include "reach.h"

// `marker` has reached what it can, in its plane; what is reached here, it
// reaches, too.  With `minor` old objects count as reached, and only what is
// kept about others is looked at.
void rhi_afterlife(struct rh_heap *heap, struct rh_marker *marker, bool minor);

#endif
