// SPDX-License-Identifier: MIT
/*
 * mark - finding everything that can be reached, in fixed memory.
 *
 * An object is white (not reached), gray (reached, its references not yet
 * followed) or black (followed).  Marking starts with the roots gray and ends
 * when nothing is gray.  The mark bit says black; gray objects are in one of
 * three places:
 *
 *     deque    512 references, last in, first out.  When it is full, its
 *              oldest entry moves to the
 *     plane    of gray bits; a flag byte says which pages have any.  They are
 *              scanned in address order when the deque is empty.
 *     slices   (object, first index): containers of which a part is still to
 *              be followed.  Each slice asks the model again for the present
 *              buffer; no pointer into one is ever kept.
 *
 * Marking is late: a reference is queued unseen, its object and its mark line
 * are prefetched, and only when it comes out is the bit tested and set.
 * Queuing twice costs less than waiting for memory.  For a tree, a list with
 * random links, and a random digraph of 4 million objects, marking costs 4, 11
 * and 31 ns an object (doc/design/marking.md has the alternatives).
 *
 * A container that finds no room among the slices becomes a bit in a plane of
 * its own, `sliced`, and is sliced from its beginning when its page is scanned.
 *
 * So marking needs no memory to finish and no recursion; in a forked child it
 * makes the 5 KB of the marker private, and the lines it writes.
 *
 * Marking can pause: it is given a budget of objects, and goes on where it was
 * when it is given another.  A heap has two markers, because the young are
 * collected while a major collection pauses; each has gray planes of its own.
 *
 *     major    sets bits of `next`, over many steps
 *     young    sets bits of `mark` itself, in one go: what it reaches is old
 *              from then on.  What it promotes turns gray for the major one,
 *              which would not find it in time.  What it only follows again,
 *              because it was remembered, does not: it may be dead.
 *
 * INVARIANTS
 *   M1  when marking ends, deque, fifo and slices are empty and no gray bit is
 *       set
 *   M2  every reference of a black object is black or gray.  While a major
 *       collection pauses, an old object with barriers keeps this for its
 *       references to old ones; all others are followed once more, at their
 *       promotion or in the last step
 *   M3  whatever waits, in deque, slices or planes, is an object
 *
 * Next: drain.h, the loop.
 */
#ifndef RHI_MARK_H
#define RHI_MARK_H

#include "contrast.h"

#include <rheap/model.h>

enum {
    RHI_DEQUE_LENGTH = 512, // a power of two
    RHI_SLICES_LENGTH = 64, // containers half followed
    RHI_SLICE_REFERENCES = 128
};

_Static_assert(RHI_SLICE_REFERENCES < RHI_DEQUE_LENGTH,
               "a slice must fit the deque");

struct rhi_slice {
    void *object;
    size_t first; // index of the next element to follow
};

// Told of an object that was reached.
typedef void (*rhi_found_fn)(struct rh_marker *marker, void *object,
                             void *context);

struct rh_marker {
    struct rh_visitor visitor; // for models that trace by visitor
    struct rhi_region *region;
    const struct rh_model *model;
    const struct rhi_shape *shape; // of all pages
    rhi_line *plane;               // the bits being set
    rhi_line *gray;                // waiting objects
    rhi_line *sliced;              // waiting containers
    uint8_t flag;                  // of pages with bits in these two
    struct rh_marker *promote;     // has to follow, too, what is found, or NULL
    unsigned top, bottom;          // of the deque: entries are bottom..top-1
    size_t slice_count;
    size_t budget;      // objects and slices that may still be followed
    size_t traced;      // objects followed since marking began
    size_t cleared;     // of these, how many were made white again
    size_t gray_pages;  // pages that are flagged
    size_t gray_peak;   // most of them since marking began
    size_t gray_cursor; // the page to look at next
    size_t peak_bytes;  // most memory beside the heap ever used
    rhi_found_fn found; // of rhi_marker_drain_watched()
    void *context;      // passed to it
    void *deque[RHI_DEQUE_LENGTH];
    struct rhi_slice slices[RHI_SLICES_LENGTH];
};

// `shape` is that of all pages.
void rhi_marker_init(struct rh_marker *marker, struct rhi_region *region,
                     const struct rh_model *model,
                     const struct rhi_shape *shape);

// A visitor of everything in the region as it is now; the caller sets its
// functions.
void rhi_visitor_init(struct rh_visitor *visitor,
                      const struct rhi_region *region,
                      const struct rh_model *model);

// Whether a word that the visitor has let pass is to be followed.  A tagged
// word can be a number that looks like a reference, so it must lead to an
// object; a plain pointer that does not is a mistake of the caller.
RHI_INLINE bool
rhi_visitor_accepts(const struct rhi_region *region, uintptr_t address,
                    uintptr_t mask)
{
    return mask == ~(uintptr_t)0 || rhi_page_is_object(region, address);
}

// Which of a heap's two markers, by the planes it keeps gray objects in.
enum rhi_marker_kind {
    RHI_MARKER_MAJOR,
    RHI_MARKER_YOUNG
};

// Begin to set bits of `plane`.
void rhi_marker_begin(struct rh_marker *marker, enum rhi_marker_kind kind,
                      enum rhi_plane plane);

// Follow everything that is gray, until nothing is.
void rhi_marker_drain(struct rh_marker *marker);

// Follow at most `budget` objects and slices; whether nothing is gray now.
bool rhi_marker_drain_some(struct rh_marker *marker, size_t budget);

// Forget all that is gray.  O(pages).
void rhi_marker_forget(struct rh_marker *marker);

// Forget those that wait in deque and slices and are young: no bit in `old`.
// They may be about to die; if they do not, they will be promoted.
void rhi_marker_drop_young(struct rh_marker *marker, const rhi_line *old);

// Forget objects of a page that have died, black and gray.
void rhi_marker_forget_dead(struct rh_marker *marker, size_t page,
                            const uint64_t *dead);

// Have an object followed (again): it is white and gray afterwards.
void rhi_marker_regray(struct rh_marker *marker, const void *object);

// Make an object gray, if it is white.
void rhi_marker_shade(struct rh_marker *marker, const void *object);

// Push the slots of a page whose bits are set in `slots`, to be followed even
// if they were before.
void rhi_marker_push_again(struct rh_marker *marker, size_t page,
                           const uint64_t *slots);

// The library's loop for any model; `drain` of the model, if it has one,
// stands in for it.
void rhi_marker_drain_any(struct rh_marker *marker);

// The same, and have `found` called for every special object that is reached on
// the way; it may push others.
void rhi_marker_drain_watched(struct rh_marker *marker, rhi_found_fn found,
                              void *context);

// Make room in a full deque: its oldest entry becomes a gray bit.
void rhi_marker_spill(struct rh_marker *marker);

// Have the slices of `object` followed, from its first element.
void rhi_marker_add_slices(struct rh_marker *marker, void *object);

// Queue the gray objects of the next flagged page; there must be one.
void rhi_marker_scan_gray(struct rh_marker *marker);

// Whether an object waits to be followed, be it black or not; whether a part of
// its container does.  O(deque).
bool rhi_marker_is_gray(const struct rh_marker *marker, const void *object);
bool rhi_marker_has_slices(const struct rh_marker *marker, const void *object);

// Whether everything that waits in deque and slices is what `is_object` says.
bool rhi_marker_check(const struct rh_marker *marker,
                      bool (*is_object)(const struct rh_heap *heap,
                                        uintptr_t word),
                      const struct rh_heap *heap);

// Objects that have got their bit since marking began.
RHI_INLINE size_t
rhi_marker_marked(const struct rh_marker *marker)
{
    return marker->traced - marker->cleared;
}

RHI_INLINE bool
rhi_marker_is_done(const struct rh_marker *marker)
{
    return marker->top == marker->bottom && marker->slice_count == 0 &&
           marker->gray_pages == 0;
}

// Whether an object has its bit.
RHI_INLINE bool
rhi_marker_has(const struct rh_marker *marker, const void *object)
{
    size_t page = rhi_region_page(marker->region, (uintptr_t)object);

    return rhi_bit_test(
        marker->plane[page],
        rhi_shape_index(marker->shape, rhi_page_offset((uintptr_t)object)));
}

// Queue a reference into the region.
RHI_INLINE void
rhi_marker_push(struct rh_marker *marker, void *object)
{
    if (RHI_UNLIKELY(marker->top - marker->bottom == RHI_DEQUE_LENGTH))
        rhi_marker_spill(marker);
    marker->deque[marker->top++ % RHI_DEQUE_LENGTH] = object;
}

// Whether a reference to this address can be followed.  What a minor collection
// follows again is white for a while, and on a page that waits to be swept no
// other bit tells it from the dead.
RHI_INLINE bool
rhi_marker_may_meet(const struct rh_marker *marker, uintptr_t address)
{
    const struct rhi_region *region = marker->region;

    return rhi_page_is_object(region, address) ||
           (marker->cleared > 0 && rhi_page_is_slot(region, address) &&
            rhi_bit_test(
                region->plane[RHI_ALLOCATED][rhi_region_page(region, address)],
                rhi_page_index(region, address)));
}

// Whether an object is black.  What lies outside the region never dies, and so
// counts as reached.
RHI_INLINE bool
rhi_marker_has_reached(const struct rh_marker *marker, const void *object)
{
    uintptr_t address = (uintptr_t)object;

    if (!rhi_region_covers(marker->region, address))
        return true;
    return rhi_bit_test(
        marker->plane[rhi_region_page(marker->region, address)],
        rhi_shape_index(marker->shape, rhi_page_offset(address)));
}

#endif
