// SPDX-License-Identifier: MIT
/*
 * constants - the numbers of the layout, for those who ask by name.
 *
 * First under rheap's names, then under those that Ruby's
 * GC::INTERNAL_CONSTANTS has for the same things.
 */
#include "config.h"

#include "geometry.h"

#include <rheap/constants.h>
#include <rheap/array.h>
#include <rheap/number.h>
#include <rheap/object.h>
#include <rheap/string.h>
#include <rheap/struct.h>

enum {
    INITIAL_PAGES = 10000 / RH_SLOTS_PER_PAGE, // 10,000 slots asked
    INITIAL_SLOTS = INITIAL_PAGES * RH_SLOTS_PER_PAGE
};

#ifndef RH_TINY_PAGES
_Static_assert((int)RH_PAGE_BYTES == (int)RHI_PAGE_BYTES &&
                   (int)RH_PAGE_HEADER_BYTES == (int)RHI_HEADER_BYTES &&
                   (int)RH_SLOT_BYTES == (int)RHI_DEFAULT_SLOT_BYTES,
               "the public header tells the truth");
#endif

static const struct rh_constant constants[] = {
    { "page_bytes", RH_PAGE_BYTES },
    { "page_header_bytes", RH_PAGE_HEADER_BYTES },
    { "slot_bytes", RH_SLOT_BYTES },
    { "slots_per_page", RH_SLOTS_PER_PAGE },
    { "bitmap_bytes", sizeof(rhi_line) },
    { "initial_pages", INITIAL_PAGES },
    { "initial_slots", INITIAL_SLOTS },
    { "string_embed_bytes", RH_STRING_EMBED_BYTES },
    { "array_embed_length", RH_ARRAY_EMBED_LENGTH },
    { "object_embed_ivars", RH_OBJECT_EMBED_IVARS },
    { "struct_embed_length", RH_STRUCT_EMBED_LENGTH },
    { "bignum_embed_bytes", RH_BIGNUM_EMBED_BYTES },
    { "qfalse", RH_FALSE },
    { "qnil", RH_NIL },
    { "qtrue", RH_TRUE },
    { "qundef", RH_UNDEF },
    { "fixnum_max", RH_FIXNUM_MAX },
    { "fixnum_min", RH_FIXNUM_MIN },
    { "RVALUE_SIZE", RH_SLOT_BYTES },
    { "HEAP_PAGE_OBJ_LIMIT", RH_SLOTS_PER_PAGE },
    { "HEAP_PAGE_BITMAP_SIZE", sizeof(rhi_line) },
    { "HEAP_PAGE_SIZE", RH_PAGE_BYTES },
};

const struct rh_constant *
rh_constant(size_t n)
{
    return n < sizeof constants / sizeof constants[0] ? &constants[n] : NULL;
}
