// SPDX-License-Identifier: MIT
/*
 * minor - collecting the young.
 *
 * Most objects die young, so a collection that looks only at what was made
 * since the last one finds most of what there is to find, at a cost that does
 * not depend on how much has grown old.  Young is what is allocated and not
 * marked: nothing has to be said when an object is made.
 *
 *     roots ----------------------+
 *     remembered old objects -----+--> follow what is young, and set its bit
 *     cards of old containers ----+    in `mark`: it is old from now on
 *     unprotected old objects ----+
 *
 * A reference to an old object is dropped when its bit is tested.  Then the
 * pages that were allocated from are swept, and nothing is young any more: one
 * survival makes an object old (doc/design/generations.md says why not two),
 * and so the remembered set is empty after each collection.
 *
 * While a major collection pauses, its gray objects may be young; they must
 * not be left in its lists when they die.  Those that live are promoted, and
 * turn gray for it.
 *
 * Next: major.h, collecting everything.
 */
#ifndef RHI_MINOR_H
#define RHI_MINOR_H

#include "afterlife.h"

// Collect the young.  The cursor has been flushed, the collector is inside.
void rhi_minor_collect(struct rh_heap *heap);

#endif
