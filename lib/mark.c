// SPDX-License-Identifier: MIT
#include "config.h"

#include "drain.h"

static void
marker_visit_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct rh_marker *marker = (struct rh_marker *)visitor;
    uintptr_t address = rh_visitor_word(edge) & mask;

    if (!rhi_visitor_accepts(marker->region, address, mask))
        return;
    RHI_CHECK(marker->region->panic, rhi_marker_may_meet(marker, address));
    rhi_marker_push(marker, (void *)address);
}

// Pinning concerns compaction alone; alive it is by any reference.
static void
marker_visit_pinned(struct rh_visitor *visitor, void *object)
{
    rhi_marker_push((struct rh_marker *)visitor, object);
}

static void
marker_visit_slices(struct rh_visitor *visitor, void *object)
{
    rhi_marker_add_slices((struct rh_marker *)visitor, object);
}

_Static_assert(offsetof(struct rh_marker, visitor) == 0,
               "a visitor is cast to its marker");

void
rhi_visitor_init(struct rh_visitor *visitor, const struct rhi_region *region,
                 const struct rh_model *model)
{
    *visitor = (struct rh_visitor){
        .base = region->base,
        .span = region->top << (RHI_PAGE_LOG - 3),
        .encoding = model->encoding,
    };
    if (!visitor->encoding.mask)
        visitor->encoding.mask = ~(uintptr_t)0;
}

void
rhi_marker_init(struct rh_marker *marker, struct rhi_region *region,
                const struct rh_model *model, const struct rhi_shape *shape)
{
    *marker = (struct rh_marker){
        .region = region,
        .model = model,
        .shape = shape,
    };
}

void
rhi_marker_begin(struct rh_marker *marker, enum rhi_marker_kind kind,
                 enum rhi_plane plane)
{
    rhi_line **planes = marker->region->plane;
    bool young = kind == RHI_MARKER_YOUNG;

    rhi_visitor_init(&marker->visitor, marker->region, marker->model);
    marker->visitor.edge = marker_visit_edge;
    marker->visitor.slices = marker_visit_slices;
    marker->visitor.pinned = marker_visit_pinned;
    marker->plane = planes[plane];
    marker->gray = planes[young ? RHI_YOUNG_GRAY : RHI_GRAY];
    marker->sliced = planes[young ? RHI_YOUNG_SLICED : RHI_SLICED];
    marker->flag = young ? RHI_FLAG_YOUNG_GRAY : RHI_FLAG_GRAY;
    marker->promote = NULL;
    marker->traced = 0;
    marker->cleared = 0;
    marker->gray_peak = 0;
    marker->gray_cursor = 0;
}

static void
marker_note_peak(struct rh_marker *marker)
{
    size_t bytes = sizeof *marker + marker->gray_peak * sizeof(rhi_line);

    if (bytes > marker->peak_bytes)
        marker->peak_bytes = bytes;
}

static uint32_t
marker_index(const struct rh_marker *marker, const void *object)
{
    return rhi_shape_index(marker->shape, rhi_page_offset((uintptr_t)object));
}

// Set a bit that says that something is to be done here later.
static void
marker_defer(struct rh_marker *marker, rhi_line *plane, const void *object)
{
    struct rhi_region *region = marker->region;
    size_t page = rhi_region_page(region, (uintptr_t)object);

    rhi_bit_set(plane[page], marker_index(marker, object));
    if (!(region->flags[page] & marker->flag)) {
        region->flags[page] |= marker->flag;
        if (++marker->gray_pages > marker->gray_peak)
            marker->gray_peak = marker->gray_pages;
    }
}

void
rhi_marker_spill(struct rh_marker *marker)
{
    marker_defer(marker, marker->gray,
                 marker->deque[marker->bottom++ % RHI_DEQUE_LENGTH]);
}

void
rhi_marker_add_slices(struct rh_marker *marker, void *object)
{
    if (marker->slice_count < RHI_SLICES_LENGTH)
        marker->slices[marker->slice_count++] = (struct rhi_slice){ object, 0 };
    else
        marker_defer(marker, marker->sliced, object);
}

void
rhi_marker_shade(struct rh_marker *marker, const void *object)
{
    if (!rhi_marker_has(marker, object))
        marker_defer(marker, marker->gray, object);
}

void
rhi_marker_regray(struct rh_marker *marker, const void *object)
{
    size_t page = rhi_region_page(marker->region, (uintptr_t)object);

    if (rhi_marker_has(marker, object)) {
        rhi_bit_clear(marker->plane[page], marker_index(marker, object));
        marker->cleared++;
    }
    marker_defer(marker, marker->gray, object);
}

void
rhi_marker_forget(struct rh_marker *marker)
{
    struct rhi_region *region = marker->region;

    marker->top = marker->bottom = 0;
    marker->slice_count = 0;
    for (size_t page = 0; marker->gray_pages > 0; page++) {
        if (!(region->flags[page] & marker->flag))
            continue;
        region->flags[page] &= (uint8_t)~marker->flag;
        rhi_line_clear(marker->gray[page]);
        rhi_line_clear(marker->sliced[page]);
        marker->gray_pages--;
    }
}

// Nobody may be left waiting: a page whose flag is set is scanned until it is
// taken off the count, even if its memory has gone back to the system.
static void
page_unflag(struct rh_marker *marker, size_t page)
{
    struct rhi_region *region = marker->region;

    if (region->flags[page] & marker->flag &&
        rhi_line_is_empty(marker->gray[page]) &&
        rhi_line_is_empty(marker->sliced[page])) {
        region->flags[page] &= (uint8_t)~marker->flag;
        marker->gray_pages--;
    }
}

void
rhi_marker_forget_dead(struct rh_marker *marker, size_t page,
                       const uint64_t *dead)
{
    const uint64_t *black = marker->plane[page];

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        marker->cleared += rhi_word_count(dead[word] & black[word]);
    rhi_line_forget(marker->plane[page], dead);
    rhi_line_forget(marker->gray[page], dead);
    rhi_line_forget(marker->sliced[page], dead);
    page_unflag(marker, page);
}

static bool
marker_has_bit(const struct rh_marker *marker, const rhi_line *plane,
               const void *object)
{
    size_t page = rhi_region_page(marker->region, (uintptr_t)object);

    return rhi_bit_test(plane[page], marker_index(marker, object));
}

void
rhi_marker_drop_young(struct rh_marker *marker, const rhi_line *old)
{
    unsigned top = marker->bottom;
    size_t slice_count = 0;

    for (unsigned i = marker->bottom; i != marker->top; i++) {
        void *object = marker->deque[i % RHI_DEQUE_LENGTH];

        if (marker_has_bit(marker, old, object))
            marker->deque[top++ % RHI_DEQUE_LENGTH] = object;
    }
    marker->top = top;
    for (size_t i = 0; i < marker->slice_count; i++)
        if (marker_has_bit(marker, old, marker->slices[i].object))
            marker->slices[slice_count++] = marker->slices[i];
    marker->slice_count = slice_count;
}

// Call `add` for each slot of a page whose bit is in `bits`.
static void
page_add(struct rh_marker *marker, size_t page, uint32_t word, uint64_t bits,
         void (*add)(struct rh_marker *marker, void *object))
{
    for (; bits; bits &= bits - 1) {
        uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);

        add(marker, rhi_page_slot(marker->region, page, index));
    }
}

// Queue what is waiting on a page.  Following it can make others of this page
// wait again, so the bits are taken first.
static void
page_take_gray(struct rh_marker *marker, size_t page)
{
    struct rhi_region *region = marker->region;
    uint64_t *gray = marker->gray[page];
    uint64_t *sliced = marker->sliced[page];
    const uint64_t *black = marker->plane[page];

    region->flags[page] &= (uint8_t)~marker->flag;
    marker->gray_pages--;
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t white = gray[word] & ~black[word]; // not reached since
        uint64_t halves = sliced[word];

        if (gray[word])
            gray[word] = 0;
        if (halves)
            sliced[word] = 0;
        page_add(marker, page, word, white, rhi_marker_push);
        page_add(marker, page, word, halves, rhi_marker_add_slices);
    }
}

void
rhi_marker_push_again(struct rh_marker *marker, size_t page,
                      const uint64_t *slots)
{
    uint64_t *black = marker->plane[page];

    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t white = black[word] & slots[word];

        if (!slots[word])
            continue;
        marker->cleared += rhi_word_count(white);
        black[word] &= ~white;
        page_add(marker, page, word, slots[word], rhi_marker_push);
    }
}

// In address order, round and round: neighbours share cache lines, and a page
// that turns gray behind the cursor collects more work until it is reached.
void
rhi_marker_scan_gray(struct rh_marker *marker)
{
    const struct rhi_region *region = marker->region;
    size_t page =
        rhi_region_next_flagged(region, marker->gray_cursor, marker->flag);

    if (page == region->top)
        page = rhi_region_next_flagged(region, 0, marker->flag);
    marker->gray_cursor = page;
    page_take_gray(marker, page);
}

static void
trace_any(struct rh_marker *marker, void *object)
{
    if (marker->model->trace)
        marker->model->trace(object, &marker->visitor);
}

static bool
trace_range_any(struct rh_marker *marker, void *object, size_t from, size_t to)
{
    const struct rh_model *model = marker->model;

    return model->trace_range &&
           model->trace_range(object, from, to, &marker->visitor);
}

static void
drain_default_size(struct rh_marker *marker)
{
    rhi_drain_loop(marker, RHI_DEFAULT_SLOT_BYTES, trace_any, trace_range_any);
}

static void
drain_any_size(struct rh_marker *marker)
{
    rhi_drain_loop(marker, 0, trace_any, trace_range_any);
}

void
rhi_marker_drain_any(struct rh_marker *marker)
{
    if (marker->shape->slot_bytes == RHI_DEFAULT_SLOT_BYTES)
        drain_default_size(marker);
    else
        drain_any_size(marker);
}

// Marking, as far as the budget allows, was done by `drain`.
static bool
marker_drained(struct rh_marker *marker)
{
    marker_note_peak(marker);
    return rhi_marker_is_done(marker);
}

static void
marker_prepare(struct rh_marker *marker, size_t budget)
{
    // Pages may have come since the last step.
    marker->visitor.span = marker->region->top << (RHI_PAGE_LOG - 3);
    marker->budget = budget;
}

bool
rhi_marker_drain_some(struct rh_marker *marker, size_t budget)
{
    marker_prepare(marker, budget);
    if (marker->model->drain)
        marker->model->drain(marker);
    else
        rhi_marker_drain_any(marker);
    return marker_drained(marker);
}

void
rhi_marker_drain(struct rh_marker *marker)
{
    bool done = rhi_marker_drain_some(marker, SIZE_MAX);

    RHI_ASSERT(marker->region->panic, done); // M1
    (void)done;
}

static void
trace_watched(struct rh_marker *marker, void *object)
{
    uintptr_t address = (uintptr_t)object;
    size_t page = rhi_region_page(marker->region, address);

    trace_any(marker, object);
    if (rhi_bit_test(marker->region->plane[RHI_SPECIAL][page],
                     rhi_shape_index(marker->shape, rhi_page_offset(address))))
        marker->found(marker, object, marker->context);
}

void
rhi_marker_drain_watched(struct rh_marker *marker, rhi_found_fn found,
                         void *context)
{
    bool done;

    marker->found = found;
    marker->context = context;
    marker_prepare(marker, SIZE_MAX);
    rhi_drain_loop(marker, 0, trace_watched, trace_range_any);
    done = marker_drained(marker);
    RHI_ASSERT(marker->region->panic, done); // M1
    (void)done;
}

bool
rhi_marker_is_gray(const struct rh_marker *marker, const void *object)
{
    bool gray = marker_has_bit(marker, marker->gray, object);

    for (unsigned i = marker->bottom; !gray && i != marker->top; i++)
        gray = marker->deque[i % RHI_DEQUE_LENGTH] == object;
    return gray;
}

bool
rhi_marker_has_slices(const struct rh_marker *marker, const void *object)
{
    bool waits = marker_has_bit(marker, marker->sliced, object);

    for (size_t i = 0; !waits && i < marker->slice_count; i++)
        waits = marker->slices[i].object == object;
    return waits;
}

bool
rhi_marker_check(const struct rh_marker *marker,
                 bool (*is_object)(const struct rh_heap *heap, uintptr_t word),
                 const struct rh_heap *heap)
{
    if (marker->top - marker->bottom > RHI_DEQUE_LENGTH ||
        marker->slice_count > RHI_SLICES_LENGTH)
        return false;
    for (unsigned i = marker->bottom; i != marker->top; i++)
        if (!is_object(heap, (uintptr_t)marker->deque[i % RHI_DEQUE_LENGTH]))
            return false;
    for (size_t i = 0; i < marker->slice_count; i++)
        if (!is_object(heap, (uintptr_t)marker->slices[i].object))
            return false;
    return true;
}
