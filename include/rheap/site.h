/* SPDX-License-Identifier: MIT */
/* rheap/site.h - where in the program an object was allocated.
 *
 * While a heap traces, each allocation records the present site and how many
 * collections there had been: what ObjectSpace.trace_object_allocations is in
 * Ruby.  The program says where it is in one of two ways: it stores the present
 * site as it goes on (two stores for a line), or it gives a function that is
 * asked at each allocation.  While nobody traces, neither is looked at.
 *
 * Strings are not copied: they are static, or live until rh_site_clear() or the
 * end of the heap, and are compared by address. */
#ifndef RHEAP_SITE_H
#define RHEAP_SITE_H

#include <rheap/status.h>

RH_BEGIN_DECLARATIONS

struct rh_site {
    const char *file;       /* NULL: not known */
    const char *class_path; /* of the method's class; NULL: not known */
    const char *method;     /* NULL: not known */
    unsigned line;          /* 0: not known */
    uint64_t generation;    /* collections before the allocation: GC.count,
                               modulo 2^32 */
};

/* Begin to trace, or stop.  Calls nest: as many stops as starts; one more does
 * nothing.  What was recorded stays until rh_site_clear(), except that objects
 * that die take it with them.  Answers whether tracing was on before.
 * While on, every allocation takes the slow road, and each page that is
 * allocated from costs 8 bytes a slot outside the heap. */
RH_API bool rh_site_trace(struct rh_heap *heap, bool on);

/* Forget all sites. */
RH_API void rh_site_clear(struct rh_heap *heap);

/* The present site, at a fixed address while the heap lives: write into it what
 * the next allocations shall record.  Its generation is not used. */
RH_API struct rh_site *rh_site_present(struct rh_heap *heap);

/* Set file and line of the present site, and no others: two stores. */
RH_API void rh_site_at(struct rh_heap *heap, const char *file, unsigned line);

/* The present site is this line of C. */
#define RH_SITE(heap) rh_site_at((heap), __FILE__, __LINE__)

/* Says where the program is: `site` is a copy of the present site.  May not
 * call into the heap except for queries; may not leave by longjmp. */
typedef void (*rh_site_fn)(struct rh_heap *heap, struct rh_site *site,
                           void *context);

/* Ask `fn` at each traced allocation; NULL: nobody. */
RH_API void rh_site_ask(struct rh_heap *heap, rh_site_fn fn, void *context);

/* Where `object` was allocated, or RH_NOT_FOUND: nobody traced then, there was
 * no memory to record it, or this is no object of the heap (any address may be
 * asked for). */
RH_API enum rh_status rh_site_of(const struct rh_heap *heap, const void *object,
                                 struct rh_site *site);

/* Say where `object` was allocated, as somebody who restores a saved heap knows
 * it.  Whether anybody traces does not matter.  RH_NOT_FOUND: no object of the
 * heap; RH_NO_MEMORY: it has no site now. */
RH_API enum rh_status rh_site_set(struct rh_heap *heap, const void *object,
                                  const struct rh_site *site) RH_MUST_USE;

/* Objects that have a site now. */
RH_API size_t rh_site_count(const struct rh_heap *heap);

/* Objects that got none for want of memory, ever. */
RH_API uint64_t rh_site_lost(const struct rh_heap *heap);

RH_END_DECLARATIONS

#endif
