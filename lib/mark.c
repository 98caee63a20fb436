// SPDX-License-Identifier: MIT
#include "config.h"

#include "drain.h"

static void
marker_visit_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct rh_marker *marker = (struct rh_marker *)visitor;

    rhi_marker_push(marker, (void *)(*(uintptr_t *)edge & mask));
}

static void
marker_visit_slices(struct rh_visitor *visitor, void *object)
{
    rhi_marker_add_slices((struct rh_marker *)visitor, object);
}

_Static_assert(offsetof(struct rh_marker, visitor) == 0,
               "a visitor is cast to its marker");

void
rhi_marker_init(struct rh_marker *marker, struct rhi_region *region,
                const struct rh_model *model)
{
    *marker = (struct rh_marker){
        .visitor = { .base = region->base,
                     .encoding = model->encoding,
                     .edge = marker_visit_edge,
                     .slices = marker_visit_slices },
        .region = region,
        .model = model,
    };
    if (!model->encoding.mask)
        marker->visitor.encoding.mask = ~(uintptr_t)0;
}

// The first page that has memory speaks for all: a heap has one slot size.
static const struct rhi_shape *
find_shape(const struct rhi_region *region)
{
    for (size_t page = 0; page < region->top; page++)
        if (region->pages[page].shape)
            return region->pages[page].shape;
    return NULL;
}

void
rhi_marker_begin(struct rh_marker *marker, enum rhi_plane plane)
{
    marker->plane = marker->region->plane[plane];
    marker->shape = find_shape(marker->region);
    marker->visitor.span = marker->region->top << (RHI_PAGE_LOG - 3);
    marker->gray_peak = 0;
    marker->gray_cursor = 0;
    marker->sliced_gray = false;
}

static void
marker_note_peak(struct rh_marker *marker)
{
    size_t bytes = sizeof *marker + marker->gray_peak * sizeof(rhi_line);

    if (bytes > marker->peak_bytes)
        marker->peak_bytes = bytes;
}

static void
marker_set_gray(struct rh_marker *marker, const void *object)
{
    struct rhi_region *region = marker->region;
    uintptr_t address = (uintptr_t)object;
    size_t page = rhi_region_page(region, address);

    rhi_bit_set(region->plane[RHI_GRAY][page],
                rhi_shape_index(marker->shape, rhi_page_offset(address)));
    if (!(region->flags[page] & RHI_FLAG_GRAY)) {
        region->flags[page] |= RHI_FLAG_GRAY;
        if (++marker->gray_pages > marker->gray_peak)
            marker->gray_peak = marker->gray_pages;
    }
}

void
rhi_marker_spill(struct rh_marker *marker)
{
    marker_set_gray(marker, marker->deque[marker->bottom++ % RHI_DEQUE_LENGTH]);
}

void
rhi_marker_add_slices(struct rh_marker *marker, void *object)
{
    if (marker->slice_count < RHI_SLICES_LENGTH) {
        marker->slices[marker->slice_count++] = (struct rhi_slice){ object, 0 };
    } else {
        marker->sliced_gray = true;
        marker_set_gray(marker, object);
    }
}

static void
ignore_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    (void)visitor, (void)edge, (void)mask;
}

// Only the object itself knows whether it is a container: trace it once more,
// deaf to everything but its slices.
static void
marker_ask_for_slices(struct rh_marker *marker, void *object)
{
    marker->visitor.edge = ignore_edge;
    marker->model->trace(object, &marker->visitor);
    marker->visitor.edge = marker_visit_edge;
}

// Queue the gray objects of a page.  Following one can make others of this
// page gray again, so the bits are taken first.
static void
page_take_gray(struct rh_marker *marker, size_t page)
{
    struct rhi_region *region = marker->region;
    uint64_t *gray = region->plane[RHI_GRAY][page];
    const uint64_t *black = marker->plane[page];

    region->flags[page] &= (uint8_t)~RHI_FLAG_GRAY;
    marker->gray_pages--;
    for (uint32_t word = 0; word < RHI_LINE_WORDS; word++) {
        uint64_t bits = gray[word];

        if (bits)
            gray[word] = 0;
        if (!marker->sliced_gray)
            bits &= ~black[word]; // reached by another way since
        for (; bits; bits &= bits - 1) {
            uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);
            void *object = rhi_page_slot(region, page, index);

            if (rhi_bit_test(black, index))
                marker_ask_for_slices(marker, object);
            else
                rhi_marker_push(marker, object);
        }
    }
}

// In address order, round and round: neighbours share cache lines, and a page
// that turns gray behind the cursor collects more work until it is reached.
void
rhi_marker_scan_gray(struct rh_marker *marker)
{
    const struct rhi_region *region = marker->region;

    while (!(region->flags[marker->gray_cursor] & RHI_FLAG_GRAY))
        if (++marker->gray_cursor == region->top)
            marker->gray_cursor = 0;
    page_take_gray(marker, marker->gray_cursor);
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
    const struct rhi_page *pages = marker->region->pages;

    if (marker->region->top && pages[0].shape &&
        pages[0].shape->slot_bytes == RHI_DEFAULT_SLOT_BYTES)
        drain_default_size(marker);
    else
        drain_any_size(marker);
}

void
rhi_marker_drain(struct rh_marker *marker)
{
    if (marker->model->drain)
        marker->model->drain(marker);
    else
        rhi_marker_drain_any(marker);
    marker_note_peak(marker);
    RHI_ASSERT(marker->region->panic, marker->top == marker->bottom &&
                                          marker->slice_count == 0 &&
                                          marker->gray_pages == 0); // M1
}
