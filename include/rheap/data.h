/* SPDX-License-Identifier: MIT */
/* rheap/data.h - objects that wrap something of the embedder's.
 *
 * DATA carries a pointer and its own trace and free functions; typed data
 * carries a pointer and a descriptor that all objects of the kind share, by
 * which they can be told apart.  The rules at the head of object.h apply. */
#ifndef RHEAP_DATA_H
#define RHEAP_DATA_H

#include <rheap/model.h>
#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* Report the references in `data` with rh_visit(), by the addresses of the
 * words where they are kept: these are rewritten when objects move.  Of one
 * that cannot be rewritten (the library behind `data` has a copy, or hashes by
 * it) report the object with rh_visit_pinned(): it stays where it is.  May not
 * allocate, collect or leave by longjmp. */
typedef void (*rh_data_trace_fn)(void *data, struct rh_visitor *visitor);

/* The object is dead: give back `data`.  Called once.  May call
 * rh_external_free() and rh_external_adjust() of this heap; may not allocate
 * slots, touch other objects, or leave by longjmp. */
typedef void (*rh_data_free_fn)(struct rh_heap *heap, void *data);

/* An object around `data`.  `trace` may be NULL: it refers to nothing; `free_data`
 * may be NULL: nothing to be done.  When it answers RH_UNDEF, `data` is still
 * the caller's and `free` is not called. */
RH_API rh_value rh_data_new(struct rh_heap *heap, rh_value class_of,
                            rh_data_trace_fn trace, rh_data_free_fn free_data,
                            void *data) RH_MAY_COLLECT;

enum rh_data_type_flags {
    /* Every store of a reference into the data runs the write barrier. */
    RH_DATA_WB_PROTECTED = 1
};

/* A kind of typed data (Ruby's rb_data_type_t).  Static storage. */
struct rh_data_type {
    const char *name;       /* for people and dumps */
    rh_data_trace_fn trace; /* NULL: refers to nothing */
    rh_data_free_fn free;   /* NULL: nothing to be done */

    /* Bytes held outside the heap and the slot; NULL: none. */
    size_t (*size)(const void *data);

    /* For kinds that can hold more than a hundred references: report those
     * with numbers from..to-1 that there are, and answer whether there are
     * any from `to` on.  `trace` then leaves them out.  NULL: no such part. */
    bool (*trace_range)(void *data, size_t from, size_t to,
                        struct rh_visitor *visitor);

    const struct rh_data_type *parent; /* a kind that this one is, too */
    uint32_t flags;                    /* of enum rh_data_type_flags */
};

/* An object of the kind `type` around `data`, with the same rules. */
RH_API rh_value rh_typed_data_new(struct rh_heap *heap, rh_value class_of,
                                  const struct rh_data_type *type,
                                  void *data) RH_MAY_COLLECT;

/* The pointer of either sort of object. */
RH_API void *rh_data_pointer(rh_value data);

/* Change the pointer.  What the old one led to is the caller's again. */
RH_API void rh_data_set_pointer(rh_value data, void *pointer);

/* The descriptor, or NULL for data without one. */
RH_API const struct rh_data_type *rh_data_type(rh_value data);

/* The pointer if `value` is typed data of that kind or of one derived from
 * it, else NULL.  Any value may be asked about. */
RH_API void *rh_typed_data_pointer(rh_value value,
                                   const struct rh_data_type *type);

RH_END_DECLARATIONS

#endif
