// SPDX-License-Identifier: MIT
/*
 * drain - the trace loop, as a template.
 *
 * The one header with loops.  A model that knows its slot size and whose trace
 * function the compiler can see gets a loop of its own: rhi_drain_loop() is
 * always inlined, so an instance is one function that calls it with constants,
 * without an indirect call or a division per object.
 *
 *     deque --prefetch--> fifo of 16 --test and set--> trace --> deque
 *
 * An object waits in the fifo while its cache lines arrive.
 *
 * Next: thread.h, whose stacks there are.
 */
#ifndef RHI_DRAIN_H
#define RHI_DRAIN_H

#include "mark.h"

enum {
    RHI_FIFO_LENGTH = 16
}; // a power of two

// How a model follows the references of an object, and of a part of its
// container: see struct rh_model.
typedef void (*rhi_trace_fn)(struct rh_marker *marker, void *object);
typedef bool (*rhi_trace_range_fn)(struct rh_marker *marker, void *object,
                                   size_t from, size_t to);

// Queue a word if it refers into the heap.
RHI_INLINE void
rhi_mark_edge(struct rh_marker *marker, uintptr_t word)
{
    if (rh_visitor_covers(&marker->visitor, word))
        rhi_marker_push(marker, (void *)word);
}

RHI_INLINE void
rhi_mark_slices(struct rh_marker *marker, void *object)
{
    rhi_marker_add_slices(marker, object);
}

// The bit of an object in the plane that is being set.
struct rhi_mark_bit {
    uint64_t *word;
    uint64_t bit;
};

RHI_INLINE struct rhi_mark_bit
rhi_drain_bit(struct rh_marker *marker, uintptr_t base, size_t slot_bytes,
              uintptr_t address)
{
    size_t page = (address - base) >> RHI_PAGE_LOG;
    uint32_t offset = rhi_page_offset(address);
    uint32_t index = slot_bytes
                         ? (offset - RHI_HEADER_BYTES) / (uint32_t)slot_bytes
                         : rhi_shape_index(marker->shape, offset);

    return (struct rhi_mark_bit){ &marker->plane[page][index >> 6],
                                  UINT64_C(1) << (index & 63) };
}

// Queue a word that has most likely been reached before, such as the class of
// an object.  Its bit is in the cache then, and looking at it costs 1 ns, where
// queuing it unseen costs 10.
RHI_INLINE void
rhi_mark_popular(struct rh_marker *marker, size_t slot_bytes, uintptr_t word)
{
    struct rhi_mark_bit mark;

    if (!rh_visitor_covers(&marker->visitor, word))
        return;
    mark = rhi_drain_bit(marker, marker->visitor.base, slot_bytes, word);
    if (!(*mark.word & mark.bit))
        rhi_marker_push(marker, (void *)word);
}

// Have the mark line of an object fetched, and its first 40 bytes: half of all
// 40-byte slots lie across two cache lines.
RHI_INLINE void
rhi_drain_prefetch(const struct rh_marker *marker, uintptr_t base,
                   const char *object)
{
    size_t page = ((uintptr_t)object - base) >> RHI_PAGE_LOG;

    __builtin_prefetch(object);
    __builtin_prefetch(object + RHI_DEFAULT_SLOT_BYTES - 1);
    __builtin_prefetch(&marker->plane[page], 1);
}

// Until the deque is empty, or the budget used up.
RHI_INLINE void
rhi_drain_deque(struct rh_marker *marker, size_t slot_bytes, rhi_trace_fn trace)
{
    uintptr_t base = marker->visitor.base;
    size_t budget = marker->budget;
    size_t left = budget;
    void *fifo[RHI_FIFO_LENGTH];
    unsigned head = 0;
    unsigned count = 0;

    for (;;) {
        struct rhi_mark_bit mark;
        void *object;

        while (count < RHI_FIFO_LENGTH && marker->top != marker->bottom) {
            object = marker->deque[--marker->top % RHI_DEQUE_LENGTH];
            rhi_drain_prefetch(marker, base, object);
            fifo[(head + count++) % RHI_FIFO_LENGTH] = object;
        }
        if (count == 0 || RHI_UNLIKELY(left == 0))
            break;
        object = fifo[head++ % RHI_FIFO_LENGTH];
        count--;
        mark = rhi_drain_bit(marker, base, slot_bytes, (uintptr_t)object);
        if (*mark.word & mark.bit)
            continue;
        *mark.word |= mark.bit;
        rhi_contrast_mark(object);
        left--;
        if (RHI_UNLIKELY(marker->promote))
            rhi_marker_regray(marker->promote, object);
        trace(marker, object); // M2: black, and its references gray
    }
    while (count-- > 0)
        rhi_marker_push(marker, fifo[head++ % RHI_FIFO_LENGTH]);
    marker->budget = left;
    marker->traced += budget - left;
}

// Follow one slice of the container found last; false: there is none.
RHI_INLINE bool
rhi_drain_slice(struct rh_marker *marker, rhi_trace_range_fn trace_range)
{
    struct rhi_slice slice;
    size_t end;

    if (marker->slice_count == 0)
        return false;
    slice = marker->slices[marker->slice_count - 1];
    end = slice.first + RHI_SLICE_REFERENCES;
    if (trace_range(marker, slice.object, slice.first, end))
        marker->slices[marker->slice_count - 1].first = end;
    else
        marker->slice_count--;
    return true;
}

// `slot_bytes` 0: as the shape says.
RHI_INLINE void
rhi_drain_loop(struct rh_marker *marker, size_t slot_bytes, rhi_trace_fn trace,
               rhi_trace_range_fn trace_range)
{
    for (;;) {
        rhi_drain_deque(marker, slot_bytes, trace);
        if (marker->budget == 0)
            return;
        if (rhi_drain_slice(marker, trace_range)) {
            marker->budget--;
            continue;
        }
        if (marker->gray_pages == 0)
            return;
        rhi_marker_scan_gray(marker);
    }
}

#endif
