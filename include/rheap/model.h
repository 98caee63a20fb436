/* SPDX-License-Identifier: MIT */
/* rheap/model.h - what an object is: the contract between heap and embedder.
 *
 * The heap knows slots; it learns from a model what is inside them.  A model
 * is a constant table of functions.  Only `trace` is required, and only when
 * objects refer to each other. */
#ifndef RHEAP_MODEL_H
#define RHEAP_MODEL_H

#include <rheap/declare.h>

#include <string.h>

RH_BEGIN_DECLARATIONS

/* How a reference is encoded in a word, for languages that tag pointers.
 * A word w is a reference when (w & tag_mask) == tag; the address of the slot
 * is then w & mask.  Addresses outside the heap are ignored.  With a mask
 * other than ~0 a word may be a number that looks like a reference: then
 * everything that is not the address of an object is ignored, too.  With plain
 * pointers that would be a mistake of the caller, and is not looked for.
 *   plain pointers      { ~0, 0, 0 }            (all zero means this, too)
 *   low-tagged          { ~7, 7, the tag }
 *   NaN-boxed           { 2^48 - 1, 0xffff << 48, the tag } */
struct rh_encoding {
    uintptr_t mask;     /* the bits of the word that are the address */
    uintptr_t tag_mask; /* the bits that say what the word is */
    uintptr_t tag;      /* their value in a reference */
};

/* Passed to `trace`; report every reference with one of the inline functions
 * below.  Fields are for those functions alone. */
struct rh_visitor {
    uintptr_t base; /* first address of the heap's region */
    size_t span;    /* bytes of it in use, divided by 8 */
    struct rh_encoding encoding;
    /* Called for a word that refers into the heap; `mask` as in rh_encoding. */
    void (*edge)(struct rh_visitor *visitor, void *edge, uintptr_t mask);
    /* Called by rh_visit_slices(). */
    void (*slices)(struct rh_visitor *visitor, void *object);
    /* Called by rh_visit_pinned(). */
    void (*pinned)(struct rh_visitor *visitor, void *object);
};

/* The word at `edge`, whatever type the embedder gave it. */
static inline uintptr_t
rh_visitor_word(const void *edge)
{
    uintptr_t word;

    memcpy(&word, edge, sizeof word);
    return word;
}

/* True when `address` can be a slot of the heap: in range and a multiple of 8,
 * by one compare of the rotated distance. */
static inline bool
rh_visitor_covers(const struct rh_visitor *visitor, uintptr_t address)
{
    uintptr_t distance = address - visitor->base;

    return (distance >> 3 | distance << (sizeof distance * 8 - 3)) <
           visitor->span;
}

/* Report the word at `edge`, in the model's encoding.  The word is read now,
 * and may be rewritten (with the tag kept) when objects move. */
static inline void
rh_visit(struct rh_visitor *visitor, void *edge)
{
    uintptr_t word = rh_visitor_word(edge);

    if ((word & visitor->encoding.tag_mask) == visitor->encoding.tag &&
        rh_visitor_covers(visitor, word & visitor->encoding.mask))
        visitor->edge(visitor, edge, visitor->encoding.mask);
}

/* Report an untagged pointer at `edge`, whatever the model's encoding is. */
static inline void
rh_visit_pointer(struct rh_visitor *visitor, void *edge)
{
    if (rh_visitor_covers(visitor, rh_visitor_word(edge)))
        visitor->edge(visitor, edge, ~(uintptr_t)0);
}

/* Report a reference that the embedder cannot have rewritten: the object it
 * leads to stays where it is.  `word` is a plain address. */
static inline void
rh_visit_pinned(struct rh_visitor *visitor, void *word)
{
    if (rh_visitor_covers(visitor, (uintptr_t)word))
        visitor->pinned(visitor, word);
}

/* Say that `object` has a container part, to be traced piece by piece with
 * the model's `trace_range`.  Use it for anything that can hold more than a
 * hundred references: a slice never outgrows the fixed work list. */
static inline void
rh_visit_slices(struct rh_visitor *visitor, void *object)
{
    visitor->slices(visitor, object);
}

/* What `describe` fills in; the heap zeroes it first. */
struct rh_description {
    const char *type;     /* a name such as "STRING"; static storage */
    const char *subtype;  /* NULL, or a finer name; static storage */
    uint32_t type_code;   /* the model's own number of the type, below 64 */
    const void *class_of; /* slot address of the class, or NULL */
};

enum rh_model_flags {
    RH_MODEL_MOVABLE = 1,    /* objects may be moved, see below */
    RH_MODEL_BARRIERED = 2,  /* every store of a reference runs the barrier */
    RH_MODEL_RELEASE_ALL = 4 /* `release` wants every dead object, not only
                                those with rh_external_attach() */
};

/* What RH_MODEL_MOVABLE promises:
 *   - each reference is reported by rh_visit() or rh_visit_pointer() with the
 *     address of the word where it is kept, or else by rh_visit_pinned();
 *     rh_compact_verify() finds what is reported by a copy;
 *   - no word that is reported can be a number that looks like a reference: it
 *     would be rewritten;
 *   - `trace` and `trace_range` read nothing of other objects, which may just
 *     be moving;
 *   - nothing else depends on an object's address, unless `moved` or `updated`
 *     see to it. */

struct rh_marker;

struct rh_model {
    /* sizeof(struct rh_model), by which later versions know what the embedder
     * knows; 0 means the fields of version 0.1. */
    size_t struct_bytes;

    const char *name;

    /* Report every reference of `object` except its container part.  May not
     * allocate, collect, or leave by longjmp.  NULL: objects refer to
     * nothing. */
    void (*trace)(void *object, struct rh_visitor *visitor);

    /* Report the references of the container part with indexes from..to-1, or
     * up to the end when that comes first; answer whether any are left behind
     * `to`.  Reads the present buffer each time: nothing about it is kept. */
    bool (*trace_range)(void *object, size_t from, size_t to,
                        struct rh_visitor *visitor);

    /* `object` is dead: give back what it holds outside the heap.  May call
     * rh_external_free(), rh_external_adjust(), rh_weak_ref_free(), and
     * rh_weak_map_free() for a map without an owner; may not allocate, touch
     * other objects, or leave by longjmp. */
    void (*release)(struct rh_heap *heap, void *object);

    /* Bytes that the object holds outside its slot. */
    size_t (*size)(struct rh_heap *heap, const void *object);

    /* For people: what kind of object this is. */
    void (*describe)(struct rh_heap *heap, const void *object,
                     struct rh_description *description);

    /* State of the model in one heap: made when the heap is made (NULL means
     * no memory, and the heap is not made), given back after the last release.
     * See rh_heap_model_state(). */
    void *(*attach)(struct rh_heap *heap);
    void (*detach)(struct rh_heap *heap, void *state);

    uint32_t flags; /* of enum rh_model_flags */

    /* Offset in the slot, a multiple of 8, of the three words that a free run
     * keeps in its first slot; for embedders whose type byte must stay
     * readable in a free slot.  At most slot size - 24. */
    uint32_t run_offset;

    struct rh_encoding encoding;

    /* An object has moved, bytes and all, from `from` to `to`: whatever the
     * embedder keeps by its address has to follow.  References, its own too,
     * are not rewritten yet.  `from` is a free slot now: not to be read, and to
     * be written outside the three words of a free run only (a type byte, say).
     * May not allocate, collect, or leave by longjmp.  NULL: nothing is kept. */
    void (*moved)(struct rh_heap *heap, const void *from, void *to);

    /* References of `object` were rewritten, all objects are where they will
     * stay: what the embedder derived from addresses, such as the order of a
     * hash table, has to be derived again, in place.  May not allocate,
     * collect, or leave by longjmp.  NULL: nothing is. */
    void (*updated)(struct rh_heap *heap, void *object);

    /* The library's own models have a trace loop made for them.  Leave NULL. */
    void (*drain)(struct rh_marker *marker);
};

RH_END_DECLARATIONS

#endif
