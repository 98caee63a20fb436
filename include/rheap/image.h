/* SPDX-License-Identifier: MIT */
/* rheap/image.h - building a heap with every object where it is said to be.
 *
 * For loading a saved heap.  Between begin and end the heap takes objects at
 * given positions only; nothing is collected. */
#ifndef RHEAP_IMAGE_H
#define RHEAP_IMAGE_H

#include <rheap/heap.h>

RH_BEGIN_DECLARATIONS

/* Begin to place objects.  RH_BUSY unless the heap is empty (make it with
 * initial_slots 0 for a heap of exactly the placed pages), and no major
 * collection is under way. */
RH_API enum rh_status rh_image_begin(struct rh_heap *heap) RH_MUST_USE;

/* Give page number `page` memory without placing an object: a page that holds
 * only free slots.  Placing does this by itself. */
RH_API enum rh_status rh_image_page(struct rh_heap *heap,
                                    size_t page) RH_MUST_USE;

/* The slot at a position, zero-filled, now an object's.  On NULL *status
 * (which may be NULL) is RH_BAD_ARGUMENT (no such page or slot), RH_OCCUPIED
 * or RH_NO_MEMORY. */
RH_API void *rh_image_place(struct rh_heap *heap, struct rh_position position,
                            enum rh_status *status);

/* The heap is complete: put its pages on their lists and go on as usual. */
RH_API void rh_image_end(struct rh_heap *heap);

/* How many pages the region of this heap can hold. */
RH_API size_t rh_heap_max_pages(const struct rh_heap *heap);

RH_END_DECLARATIONS

#endif
