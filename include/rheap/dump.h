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
 * (in one line).  Where an object was allocated, if rheap/site.h knows it,
 * stands before the memsize:
 *
 *      "file":"app.rb", "line":12, "method":"new", "generation":3,
 *
 * and the path of the class at the end, as "x_class_path".  Tools that read
 * Ruby's dumps read these: the spelling, the spaces and the order of fields are
 * theirs.  Keys that start with x_ are ours.  Heaps with another model than
 * rh_object_model() are written with what the model's describe function says.
 */
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
    RH_DUMP_REBASE = 4,
    /* Only objects whose allocation was traced, and in generation `since` or
     * later.  No roots then, unless `since` is 0, and no free slots: as with
     * dump_all(since:). */
    RH_DUMP_SINCE = 8
};

/* What to write; NULL or all zero: everything that lives. */
struct rh_dump_options {
    size_t struct_bytes; /* sizeof(struct rh_dump_options), by which later
                            versions know what the program knows; 0 means the
                            fields of version 0.1 */
    unsigned flags;      /* of enum rh_dump_flags */
    uint64_t since;      /* with RH_DUMP_SINCE */
};

/* Takes a piece of the text; false stops the dump. */
typedef bool (*rh_dump_write_fn)(const char *text, size_t length,
                                 void *context);

/* Write everything.  RH_OK, or RH_STOPPED when `write` answered false.
 * Allocates nothing, changes nothing; `write` gets pieces of a few KB and
 * may not call into the heap except for queries. */
RH_API enum rh_status rh_heap_dump(struct rh_heap *heap,
                                   const struct rh_dump_options *options,
                                   rh_dump_write_fn write, void *context);

RH_END_DECLARATIONS

#endif
