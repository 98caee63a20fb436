/* SPDX-License-Identifier: MIT */
/* rheap/text.h - regular expressions and what they matched.
 *
 * The engine is the embedder's; these objects keep its results.  The rules at
 * the head of object.h apply. */
#ifndef RHEAP_TEXT_H
#define RHEAP_TEXT_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A REGEXP of the source text (a string) with a copy of `bytes` bytes of
 * compiled pattern (NULL: zeros, to be filled in place). */
RH_API rh_value rh_regexp_new(struct rh_heap *heap, rh_value class_of,
                              rh_value source, const void *pattern,
                              size_t bytes) RH_MAY_COLLECT;
RH_API rh_value rh_regexp_source(rh_value regexp);

/* The compiled pattern, aligned for any type; belongs to the object.
 * `bytes` may be NULL. */
RH_API void *rh_regexp_pattern(rh_value regexp, size_t *bytes);

/* Where a group was found, in bytes; -1 for a group that took no part. */
struct rh_match_region {
    int64_t start;
    int64_t end;
};

/* A MATCH of `regexp` in `string`: `count` regions are copied, the first is
 * the whole match. */
RH_API rh_value rh_match_new(struct rh_heap *heap, rh_value class_of,
                             rh_value string, rh_value regexp,
                             const struct rh_match_region *regions,
                             size_t count) RH_MAY_COLLECT;
RH_API rh_value rh_match_string(rh_value match);
RH_API rh_value rh_match_regexp(rh_value match);
RH_API size_t rh_match_length(rh_value match);

/* The region, or {-1, -1} when `index` is too high. */
RH_API struct rh_match_region rh_match_region(rh_value match, size_t index);

RH_END_DECLARATIONS

#endif
