/* SPDX-License-Identifier: MIT */
/* rheap/external.h - data outside the slots: big strings, tables, buffers.
 *
 * Sizes are known on both sides, so the account is exact.  None of these
 * functions ever collects: they raise a debt, and when that exceeds the malloc
 * limit the next slot allocation or safe point collects. */
#ifndef RHEAP_EXTERNAL_H
#define RHEAP_EXTERNAL_H

#include <rheap/declare.h>

RH_BEGIN_DECLARATIONS

/* `bytes` of memory from the heap's allocator, or NULL: no memory, after a
 * trim, a release of tomb pages and the out-of-memory hook.  0 bytes gives a
 * unique block of no size. */
RH_API void *rh_external_malloc(struct rh_heap *heap, size_t bytes);

/* The same, zero-filled; NULL also when count * bytes overflows. */
RH_API void *rh_external_calloc(struct rh_heap *heap, size_t count,
                                size_t bytes);

/* Change the size of a block; `block` may be NULL when old_bytes is 0.  On
 * NULL the old block is as it was. */
RH_API void *rh_external_realloc(struct rh_heap *heap, void *block,
                                 size_t old_bytes, size_t new_bytes);

/* Give a block back; `bytes` is the size it was last asked for with.  `block`
 * may be NULL. */
RH_API void rh_external_free(struct rh_heap *heap, void *block, size_t bytes);

/* From now on the model's release function is called when `object` is found
 * dead.  (Not needed with RH_MODEL_RELEASE_ALL.)  O(1). */
RH_API void rh_external_attach(struct rh_heap *heap, void *object);

/* `object` no longer holds anything: its release is not called. */
RH_API void rh_external_detach(struct rh_heap *heap, void *object);

/* Memory that others allocate for `object` grew or shrank by `delta` bytes.
 * Growth attaches the object (which may be NULL: nobody's in particular); its
 * release function must adjust by what is left.  Shrinking by more than has
 * been adjusted panics, and so does growing to more than PTRDIFF_MAX. */
RH_API void rh_external_adjust(struct rh_heap *heap, void *object,
                               ptrdiff_t delta);

RH_END_DECLARATIONS

#endif
