/* SPDX-License-Identifier: MIT */
/* rheap/rebuild.h - an object made after a description, in a given slot.
 *
 * For loading a saved heap: rh_image_place() gives a slot, rh_object_rebuild()
 * fills it with an object of the described type in its real layout.  All
 * slots can be placed first, so that references may lead to objects that are
 * rebuilt later.  Whatever the description says, afterwards
 *   - rh_heap_memsize(object) is RH_SLOT_BYTES + external_bytes,
 *   - a walk of its references sees class_of (unless 0), then exactly the
 *     given references, each as often as given,
 *   - rh_object_check() finds nothing, and the object can be collected.
 * References that the layout has no room for, and names that have no place in
 * it, are kept in the table of generic instance variables. */
#ifndef RHEAP_REBUILD_H
#define RHEAP_REBUILD_H

#include <rheap/object.h>
#include <rheap/string.h>

RH_BEGIN_DECLARATIONS

enum rh_rebuild_flags {
    RH_REBUILD_FROZEN = 1,
    RH_REBUILD_EMBEDDED = 2,
    RH_REBUILD_SHARED = 4,     /* STRING, ARRAY: uses its root's buffer */
    RH_REBUILD_INTERNED = 8,   /* STRING: "fstring" in dumps */
    RH_REBUILD_SINGLETON = 16, /* CLASS: of one object */
    RH_REBUILD_WB_PROTECTED = 32,
    RH_REBUILD_ACCOUNT_ONLY = 64, /* count external_bytes, allocate nothing */
    RH_REBUILD_BROKEN = 128       /* STRING: not text in its encoding */
};

/* A description.  Start with rh_rebuild_init(); what a type has no use for is
 * ignored.  Pointers need be valid during the call only. */
struct rh_rebuild {
    size_t struct_bytes; /* set by rh_rebuild_init() */
    enum rh_type type;   /* of an object: NONE and immediates are refused */
    uint32_t flags;      /* of enum rh_rebuild_flags */
    rh_value class_of;   /* a slot address, or 0 */

    const char *name; /* of a CLASS or MODULE; kind of an IMEMO ("ment"); kind
                         of DATA; NULL: none */
    size_t name_length;

    const char *bytes; /* of a STRING or SYMBOL.  NULL: unknown; a STRING gets
                          some that are not ASCII, since dumps leave out just
                          those */
    size_t bytesize;   /* how many */
    size_t capacity;   /* of a STRING; 0: as the buffer's size says */
    enum rh_string_encoding encoding;

    size_t length; /* elements of an ARRAY, members of a STRUCT (0: as the
                      buffer's size says), variables of an OBJECT, entries of
                      a HASH */
    int fd;        /* of a FILE; never closed by us; -1: none */
    double number; /* of a FLOAT */

    rh_value special; /* which of the references is the superclass of a CLASS,
                         MODULE or ICLASS, or the default of a HASH; 0: none */

    size_t external_bytes; /* outside the slot */

    const rh_value *references; /* slot addresses, without the class; other
                                   words are refused */
    size_t reference_count;
};

RH_API void rh_rebuild_init(struct rh_rebuild *rebuild);

/* Fill `slot` (zeroed, from rh_image_place() or rh_heap_alloc()).
 * RH_BAD_ARGUMENT: a type that no object has, or a word that is no slot of
 * this heap among the references; RH_NO_MEMORY.  On failure the slot is as it
 * was.  O(bytes + references). */
RH_API enum rh_status
rh_object_rebuild(struct rh_heap *heap, void *slot,
                  const struct rh_rebuild *rebuild) RH_MUST_USE;

/* The name that was given (to whatever type), or NULL; *length may be NULL.
 * Belongs to the object. */
RH_API const char *rh_rebuild_name(rh_value object, size_t *length);

RH_END_DECLARATIONS

#endif
