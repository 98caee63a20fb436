// SPDX-License-Identifier: MIT
/*
 * record - how a heap went, written down for programs that tune.
 *
 * A record is a text file, one JSON object a line.  The first line says what
 * it is; each other is something that happened, in order, and says how the
 * heap was right after it:
 *
 *   {"record":"rheap", "version":1, "source":"replay heap.json",
 *    "slot_bytes":40, "slots_per_page":408}
 *   {"event":"grow", "objects":12215, "live":12215, "slots":20400,
 *    "pages":50, "external_bytes":2355767}
 *   {"event":"collection", ..., "freed_objects":2, "freed_bytes":80,
 *    "ms":0.41}
 *   {"event":"end", ...}
 *
 *   event            grow: pages were added; collection: a full one; end
 *   objects          ever made, up to now
 *   live             alive now
 *   slots, pages     that the heap has now, with memory
 *   external_bytes   held outside the slots now
 *
 * More keys and more events may come; a reader passes over what it does not
 * know.
 */
#ifndef TOOLS_RECORD_H
#define TOOLS_RECORD_H

#include "figures.h"
#include "output.h"

// The first line.
void record_begin(struct output *output, const char *source);

void record_growth(struct output *output, const struct figures *now);
void record_collection(struct output *output, const struct figures *before,
                       const struct figures *now, double ms);
void record_end(struct output *output, const struct figures *now);

#endif
