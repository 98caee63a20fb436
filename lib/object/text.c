// SPDX-License-Identifier: MIT
/*
 * text - REGEXP and MATCH.
 *
 * A regexp has its source and a block of compiled pattern; a match has the
 * string, the regexp, and a block that begins with the number of regions and
 * its own size.
 *
 * Next: file.h.
 */
#include "config.h"

#include "object/object.h"

#include <string.h>

rh_value
rh_regexp_new(struct rh_heap *heap, rh_value class_of, rh_value source,
              const void *pattern, size_t bytes)
{
    rh_value held[] = { class_of, source };
    struct rhi_object *object =
        rhi_object_take(heap, RH_TYPE_REGEXP | RH_OBJECT_WB_PROTECTED, held, 2);
    void *block = NULL;

    if (!object)
        return RH_UNDEF;
    object->as.regexp.source = held[1];
    if (bytes == 0)
        return rhi_object_value(object);
    block = pattern ? rh_external_malloc(heap, bytes)
                    : rh_external_calloc(heap, 1, bytes);
    if (!block)
        return RH_UNDEF;
    if (pattern)
        memcpy(block, pattern, bytes);
    object->as.regexp.pattern = block;
    object->as.regexp.bytes = bytes;
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}

rh_value
rh_regexp_source(rh_value regexp)
{
    const struct rhi_object *object = rhi_object_of(regexp, RH_TYPE_REGEXP);

    return rhi_object_is_opaque(object) ? object->as.opaque.word
                                        : object->as.regexp.source;
}

void *
rh_regexp_pattern(rh_value regexp, size_t *bytes)
{
    const struct rhi_object *object = rhi_object_of(regexp, RH_TYPE_REGEXP);
    bool opaque = rhi_object_is_opaque(object);

    if (bytes)
        *bytes = opaque ? 0 : object->as.regexp.bytes;
    return opaque ? NULL : object->as.regexp.pattern;
}

static struct rhi_match_regions *
regions_new(struct rh_heap *heap, const struct rh_match_region *regions,
            size_t count)
{
    struct rhi_match_regions *block;
    size_t bytes = count * sizeof *regions;

    if (count > UINT32_MAX / sizeof *regions - 1)
        return NULL;
    block = rh_external_malloc(heap, sizeof *block + bytes);
    if (!block)
        return NULL;
    block->count = (uint32_t)count;
    block->bytes = (uint32_t)(sizeof *block + bytes);
    if (count)
        memcpy(block->regions, regions, bytes);
    return block;
}

rh_value
rh_match_new(struct rh_heap *heap, rh_value class_of, rh_value string,
             rh_value regexp, const struct rh_match_region *regions,
             size_t count)
{
    rh_value held[] = { class_of, string, regexp };
    struct rhi_object *object =
        rhi_object_take(heap, RH_TYPE_MATCH | RH_OBJECT_WB_PROTECTED, held, 3);

    if (!object)
        return RH_UNDEF;
    object->as.match.string = held[1];
    object->as.match.regexp = held[2];
    object->as.match.regions = regions_new(heap, regions, count);
    if (!object->as.match.regions)
        return RH_UNDEF;
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}

static struct rhi_match
match_of(rh_value match)
{
    const struct rhi_object *object = rhi_object_of(match, RH_TYPE_MATCH);
    struct rhi_match opaque = { RH_NIL, NULL, RH_NIL };

    if (!rhi_object_is_opaque(object))
        return object->as.match;
    opaque.string = object->as.opaque.word;
    return opaque;
}

rh_value
rh_match_string(rh_value match)
{
    return match_of(match).string;
}

rh_value
rh_match_regexp(rh_value match)
{
    return match_of(match).regexp;
}

size_t
rh_match_length(rh_value match)
{
    const struct rhi_match_regions *regions = match_of(match).regions;

    return regions ? regions->count : 0;
}

struct rh_match_region
rh_match_region(rh_value match, size_t index)
{
    const struct rhi_match_regions *regions = match_of(match).regions;

    if (!regions || index >= regions->count)
        return (struct rh_match_region){ -1, -1 };
    return regions->regions[index];
}
