/* SPDX-License-Identifier: MIT */
/* rheap/stat.h - numbers about a heap, under CRuby's own names.
 *
 * True at every instant, read without allocating and without writing:
 *   heap_available_slots = heap_live_slots + heap_free_slots + heap_final_slots
 *   heap_live_slots = total_allocated_objects - total_freed_objects
 *                     - heap_final_slots
 *   heap_allocated_pages = heap_eden_pages + heap_tomb_pages
 *   total_allocated_pages = heap_allocated_pages + total_freed_pages
 *   count = minor_gc_count + major_gc_count
 * An object is alive here until a collection has found it dead; then it is
 * final as long as finalizers of it are queued. */
#ifndef RHEAP_STAT_H
#define RHEAP_STAT_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

/* X(name): every key of GC.stat in CRuby 3.1.  read_barrier_faults is always 0:
 * compaction here needs no read barrier. */
#define RH_STAT_CRUBY_KEYS(X)                                                  \
    X(count)                                                                   \
    X(time) /* ms in collections */                                            \
    X(heap_allocated_pages)                                                    \
    X(heap_sorted_length)                                                      \
    X(heap_allocatable_pages)                                                  \
    X(heap_available_slots)                                                    \
    X(heap_live_slots)                                                         \
    X(heap_free_slots)                                                         \
    X(heap_final_slots)                                                        \
    X(heap_marked_slots)                                                       \
    X(heap_eden_pages)                                                         \
    X(heap_tomb_pages)                                                         \
    X(total_allocated_pages)                                                   \
    X(total_freed_pages)                                                       \
    X(total_allocated_objects)                                                 \
    X(total_freed_objects)                                                     \
    X(malloc_increase_bytes)                                                   \
    X(malloc_increase_bytes_limit)                                             \
    X(minor_gc_count)                                                          \
    X(major_gc_count)                                                          \
    X(compact_count)                                                           \
    X(read_barrier_faults)                                                     \
    X(total_moved_objects)                                                     \
    X(remembered_wb_unprotected_objects)                                       \
    X(remembered_wb_unprotected_objects_limit)                                 \
    X(old_objects)                                                             \
    X(old_objects_limit)                                                       \
    X(oldmalloc_increase_bytes)                                                \
    X(oldmalloc_increase_bytes_limit)

/* X(name): what CRuby has no key for. */
#define RH_STAT_OWN_KEYS(X)                                                      \
    X(x_external_bytes)  /* live external data, asked for */                     \
    X(x_external_usable) /* the same, as the allocator set it aside */           \
    X(x_external_blocks)                                                         \
    X(x_adjusted_bytes)  /* of rh_external_adjust() */                           \
    X(x_page_span)       /* highest page in use - lowest + 1 */                  \
    X(x_body_bytes)      /* pages with memory, in bytes */                       \
    X(x_table_bytes)     /* committed for planes and page tables */              \
    X(x_mark_peak_bytes) /* most extra memory that marking ever used */          \
    X(x_collection_ns)   /* all collections so far */                            \
    X(x_emergency_count) /* collections because memory had run out */            \
    X(x_steps)           /* of major collections */                              \
    X(x_visited)         /* objects followed by the last collection or step */   \
    X(x_remembered_visited) /* old objects among them, by the last minor */      \
    X(x_cards_visited)      /* pieces of old containers, likewise */             \
    X(x_remembered_stores)  /* objects and pieces remembered by barriers */      \
    X(x_trim_count)                                                              \
    X(x_trim_ns)                                                                 \
    X(x_handle_count) /* handles held now */                                     \
    X(x_handle_peak)                                                             \
    X(x_sealed_pages)                                                            \
    X(x_sealed_slots)      /* objects that are sealed */                         \
    X(x_sealed_free_slots) /* slots between them, which nobody gets; not among \
                              the available ones */ \
    X(x_weak_refs)         /* weak references that have not been freed */        \
    X(x_finalizers)        /* registered, not queued */                          \
    X(x_finalizers_queued) /* waiting to be run */                               \
    X(x_ids)               /* objects with an id */                              \
    X(x_entries_seen)      /* of these and of weak maps, looked at by          \
                              collections so far */

#define RH_STAT_FIELD(name) uint64_t name;
struct rh_stat {
    size_t struct_bytes; /* set to sizeof(struct rh_stat) before the call */
    RH_STAT_CRUBY_KEYS(RH_STAT_FIELD)
    RH_STAT_OWN_KEYS(RH_STAT_FIELD)
};
#undef RH_STAT_FIELD

/* Fill at most stat->struct_bytes bytes, so that a program built against an
 * older header still works.  O(pages) for x_page_span, else O(1). */
RH_API void rh_heap_stat(const struct rh_heap *heap, struct rh_stat *stat);

/* One number by its name; RH_NOT_FOUND and *value untouched for others. */
RH_API enum rh_status rh_stat_get(const struct rh_heap *heap, const char *name,
                                  uint64_t *value);

/* The name of the n-th key in the order above, or NULL behind the last. */
RH_API const char *rh_stat_name(size_t n);

enum {
    RH_HISTOGRAM_CLASSES = 9
};

/* How the heap is filled.  O(pages). */
struct rh_shape {
    size_t struct_bytes; /* set to sizeof(struct rh_shape) before the call */
    double slot;         /* 1 - live slots / slots of eden pages, neither of
                              them sealed */
    double internal;     /* bytes: usable - asked for, external data */
    double external;     /* bytes resident but free in the allocator; below
                              0 when it cannot be measured */
    size_t span;         /* highest page in use - lowest + 1 */
    /* Pages by live slots: none, 1, 2, 3 to 8, then by share of the page: up
     * to 1/4, 1/2, 3/4, below all, all. */
    size_t histogram[RH_HISTOGRAM_CLASSES];
};
RH_API void rh_heap_shape(const struct rh_heap *heap, struct rh_shape *shape);

/* The class of a page with `live_slots` objects in `slots` slots. */
RH_API size_t rh_histogram_class(size_t live_slots, size_t slots);

/* The name of a histogram class, such as "3-8" or "full"; static storage. */
RH_API const char *rh_histogram_name(size_t n);

/* What the heap knows of: the slots and external data of all objects, and free
 * slots.  rh_heap_memsize() of all objects, plus the bytes of free slots.  How
 * much more the process has resident is what nobody in it knows of.  O(1). */
RH_API size_t rh_heap_known_bytes(const struct rh_heap *heap);

/* Bytes that `object` occupies: its slot and what it holds outside. */
RH_API size_t rh_heap_memsize(struct rh_heap *heap, const void *object);

RH_END_DECLARATIONS

#endif
