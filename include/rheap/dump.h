/* SPDX-License-Identifier: MIT */
/* rheap/dump.h - a heap as text, in the format of Ruby's
 * ObjectSpace.dump_all.
 *
 * One JSON object a line.  First the roots:
 *
 *     {"type":"ROOT", "root":"handles", "references":["0x7f0000000040"]}
 *
 * then every object, in address order:
 *
 *     {"address":"0x7f0000000040", "type":"STRING", "class":"0x7f0000000068",
 *      "embedded":true, "bytesize":2, "value":"hi", "memsize":40,
 *      "flags":{"old":true, "marked":true}, "x_page":0, "x_slot":0}
 *
 * (in one line).  Tools that read Ruby's dumps read these: the spelling, the
 * spaces and the order of fields are theirs.  Keys that start with x_ are
 * ours.  Heaps with another model than rh_object_model() are written with
 * what the model's describe function says. */
#ifndef RHEAP_DUMP_H
#define RHEAP_DUMP_H

#include <rheap/heap.h>

RH_BEGIN_DECLARATIONS

enum rh_dump_flags {
    /* Free slots, too, as NONE lines.  Their "class" is the slot that will be
     * handed out after them on the same page, as in Ruby's dumps. */
    RH_DUMP_FULL = 1,
    /* No contents of strings and symbols. */
    RH_DUMP_NO_VALUES = 2,
    /* Addresses as if the heap began at 0x7f0000000000, so that equal heaps
     * give equal dumps. */
    RH_DUMP_REBASE = 4
};

/* Takes a piece of the text; false stops the dump. */
typedef bool (*rh_dump_write_fn)(const char *text, size_t length,
                                 void *context);

/* Write everything.  RH_OK, or RH_STOPPED when `write` answered false.
 * Allocates nothing, changes nothing; `write` gets pieces of a few KB and
 * may not call into the heap except for queries. */
RH_API enum rh_status rh_heap_dump(struct rh_heap *heap, unsigned flags,
                                   rh_dump_write_fn write, void *context);

RH_END_DECLARATIONS

#endif
