// SPDX-License-Identifier: MIT
#include "config.h"

#include "alloc.h"
#include "os.h"
#include "pagemap.h"

// ---- what is looked at ----

// The heap's own state, in which the markers are, has pages of its own; they are
// noted behind those of the region.
enum {
    BODY,
    STATE,
    FIRST_TABLE
};

struct range {
    uintptr_t start;
    size_t count;    // pages of the system
    uint64_t *notes; // of the first one
};

static size_t
note_count(const struct rh_heap *heap)
{
    size_t os_page = rhi_os_page_bytes();

    return heap->region.mapping_bytes / os_page + sizeof *heap / os_page + 2;
}

static struct range
range_in_region(const struct rh_heap *heap, const void *start, size_t bytes)
{
    const struct rhi_sharing *sharing = &heap->sharing;
    uintptr_t base = (uintptr_t)heap->region.mapping;
    size_t number = ((uintptr_t)start - base) / sharing->os_page;

    return (struct range){ (uintptr_t)start, bytes / sharing->os_page,
                           sharing->notes + number };
}

static struct range
range_of_state(const struct rh_heap *heap)
{
    const struct rhi_sharing *sharing = &heap->sharing;
    uintptr_t start = rhi_round_down((uintptr_t)heap, sharing->os_page);
    uintptr_t end =
        rhi_round_up((uintptr_t)heap + sizeof *heap, sharing->os_page);
    size_t number = heap->region.mapping_bytes / sharing->os_page;

    return (struct range){ start, (end - start) / sharing->os_page,
                           sharing->notes + number };
}

// Range number n, for as many pages of the heap; false: there is none.
static bool
range_get(const struct rh_heap *heap, int n, size_t pages, struct range *range)
{
    const struct rhi_region *region = &heap->region;
    struct rhi_range table;

    if (n == BODY) {
        *range = range_in_region(heap, region->mapping, pages << RHI_PAGE_LOG);
    } else if (n == STATE) {
        *range = range_of_state(heap);
    } else {
        if (!rhi_region_table(region, n - FIRST_TABLE, pages, &table))
            return false;
        *range = range_in_region(heap, table.start, table.bytes);
    }
    return true;
}

// ---- what is noted ----

enum {
    PHASE_SHIFT = 57,
    PHASE_BITS = 3
};

_Static_assert(RH_SHARING_PHASE_COUNT < 1 << PHASE_BITS,
               "a phase fits a note, and none");

#define NOTE_PHASE ((((uint64_t)1 << PHASE_BITS) - 1) << PHASE_SHIFT)
#define NOTE_THERE (RHI_PAGEMAP_PRESENT | RHI_PAGEMAP_SWAPPED)

static bool
note_has_phase(uint64_t note)
{
    return (note & NOTE_PHASE) != 0;
}

static enum rh_sharing_phase
note_phase(uint64_t note)
{
    return note_has_phase(note) ? (enum rh_sharing_phase)(
                                      ((note & NOTE_PHASE) >> PHASE_SHIFT) - 1)
                                : RH_SHARING_PROGRAM;
}

// What has become of a page.
enum fate {
    FATE_NONE,
    FATE_SWAPPED,
    FATE_SHARED,
    FATE_PRIVATE,
    FATE_OWN
};

static bool
is_same_frame(uint64_t note, uint64_t entry)
{
    uint64_t frame = entry & RHI_PAGEMAP_FRAME;

    return (note & RHI_PAGEMAP_PRESENT) && frame != 0 &&
           (note & RHI_PAGEMAP_FRAME) == frame;
}

static enum fate
fate_of(uint64_t note, uint64_t entry)
{
    if (!(entry & RHI_PAGEMAP_PRESENT))
        return entry & RHI_PAGEMAP_SWAPPED ? FATE_SWAPPED : FATE_NONE;
    if (!(note & NOTE_THERE))
        return FATE_OWN;
    if (!(entry & RHI_PAGEMAP_ALONE) || (entry & RHI_PAGEMAP_FILE) ||
        is_same_frame(note, entry))
        return FATE_SHARED;
    return FATE_PRIVATE;
}

// Somebody who looks at a range.
struct look {
    const struct rh_heap *heap;
    uint64_t *notes;
    size_t noted; // pages that have notes
    enum rh_sharing_phase phase;
    struct rh_sharing_part *part;
    size_t *caused;   // [phase], or NULL
    size_t present;   // bytes
    size_t alone;     // of these
    size_t swapped;   // bytes
    size_t inherited; // bytes that were noted
    size_t only_read; // bytes, made since, and not alone: see forget_zeros()
    bool frames;
};

static bool
look_at(struct look *look, int file, const struct range *range,
        rhi_pagemap_fn see)
{
    look->notes = range->notes;
    return rhi_pagemap_read(file, range->start, range->count, see, look);
}

// ---- at the fork ----

// Have memory for the notes of a range; what has some keeps it.
static bool
range_commit(const struct rh_heap *heap, const struct range *range)
{
    const struct rhi_region *region = &heap->region;
    const struct rh_memory *memory = &region->memory;
    uintptr_t start = rhi_round_down((uintptr_t)range->notes, region->os_page);
    uintptr_t end =
        rhi_round_up((uintptr_t)(range->notes + range->count), region->os_page);

    return range->count == 0 ||
           memory->commit(memory->context, (void *)start, end - start);
}

static bool
notes_commit(const struct rh_heap *heap)
{
    struct range range;

    for (int n = 0; range_get(heap, n, heap->region.committed, &range); n++)
        if (!range_commit(heap, &range))
            return false;
    return true;
}

static void
see_take(size_t n, uint64_t entry, void *context)
{
    struct look *look = context;
    uint64_t note = entry & (NOTE_THERE | RHI_PAGEMAP_FRAME);

    if (entry & NOTE_THERE)
        look->inherited += look->heap->sharing.os_page;
    else
        note = 0;
    if (note & RHI_PAGEMAP_PRESENT && note & RHI_PAGEMAP_FRAME)
        look->frames = true;
    if (look->notes[n] != note)
        look->notes[n] = note;
}

static bool
notes_take(struct rh_heap *heap, int file)
{
    struct rhi_sharing *sharing = &heap->sharing;
    struct look look = { .heap = heap };
    struct range range;

    for (int n = 0; range_get(heap, n, heap->region.committed, &range); n++) {
        if (!look_at(&look, file, &range, see_take))
            return false;
        if (n == BODY)
            sharing->heap_bytes = look.inherited;
    }
    sharing->committed = heap->region.committed;
    sharing->frames = look.frames;
    return true;
}

// ---- after a phase ----

// What was given back is no longer inherited, and has no phase.
static void
see_phase(size_t n, uint64_t entry, void *context)
{
    struct look *look = context;
    uint64_t *note = &look->notes[n];

    if (!(*note & NOTE_THERE) || note_has_phase(*note))
        return;
    switch (fate_of(*note, entry)) {
    case FATE_NONE:
        *note = 0;
        break;
    case FATE_PRIVATE:
        *note |= (uint64_t)(look->phase + 1) << PHASE_SHIFT;
        break;
    default:
        break;
    }
}

static bool
notes_blame(struct rh_heap *heap, int file, enum rh_sharing_phase phase)
{
    struct look look = { .heap = heap, .phase = phase };
    struct range range;

    (void)range_get(heap, BODY, heap->sharing.committed, &range);
    return look_at(&look, file, &range, see_phase);
}

static void
sharing_wrote(struct rh_heap *heap, enum rh_sharing_phase phase)
{
    int file = rhi_pagemap_open(heap->sharing.directory);

    if (file < 0)
        return; // it will be for a later phase
    (void)notes_blame(heap, file, phase);
    rhi_pagemap_close(file);
}

// ---- watching ----

void
rhi_sharing_fini(struct rh_heap *heap)
{
    struct rhi_sharing *sharing = &heap->sharing;
    const struct rh_memory *memory = &heap->region.memory;

    if (sharing->notes)
        memory->unreserve(memory->context, sharing->notes,
                          sharing->notes_bytes);
    heap->watch.wrote = NULL;
    *sharing = (struct rhi_sharing){ .directory = sharing->directory };
}

static bool
notes_reserve(struct rh_heap *heap)
{
    struct rhi_sharing *sharing = &heap->sharing;
    const struct rhi_region *region = &heap->region;
    const struct rh_memory *memory = &region->memory;

    if (sharing->notes)
        return true;
    sharing->os_page = rhi_os_page_bytes();
    sharing->notes_bytes = rhi_round_up(
        note_count(heap) * sizeof sharing->notes[0], region->os_page);
    sharing->notes =
        memory->reserve(memory->context, sharing->notes_bytes, region->os_page);
    if (sharing->notes && memory->huge_pages)
        memory->huge_pages(memory->context, sharing->notes,
                           sharing->notes_bytes, false);
    return sharing->notes != NULL;
}

static void
see_entry(size_t n, uint64_t entry, void *context)
{
    uint64_t *found = context;

    (void)n;
    *found = entry;
}

static void
see_mapping(const struct rhi_mapping *mapping, void *context)
{
    (void)mapping, (void)context;
}

// Whether a page that was just written to is said to be ours alone.  Old
// kernels have other words, and emulators other addresses.
static bool
sharing_is_told(const struct rh_heap *heap)
{
    const struct rhi_sharing *sharing = &heap->sharing;
    volatile uint64_t *note = range_of_state(heap).notes;
    uintptr_t page = rhi_round_down((uintptr_t)note, sharing->os_page);
    int file = rhi_pagemap_open(sharing->directory);
    uint64_t entry = 0;
    bool told;

    if (file < 0)
        return false;
    *note = 0;
    told = rhi_pagemap_read(file, page, 1, see_entry, &entry);
    rhi_pagemap_close(file);
    return told && (entry & RHI_PAGEMAP_PRESENT) &&
           (entry & RHI_PAGEMAP_ALONE) && !(entry & RHI_PAGEMAP_FILE) &&
           rhi_pagemap_mappings(sharing->directory, "smaps", see_mapping, NULL);
}

enum rh_status
rh_sharing_watch(struct rh_heap *heap, unsigned what)
{
    struct rhi_sharing *sharing = &heap->sharing;
    enum rh_status status = RH_OK;

    if (what & ~(unsigned)(RH_SHARING_PAGES | RH_SHARING_PHASES))
        return RH_BAD_ARGUMENT;
    if (!sharing->directory)
        sharing->directory = "/proc/self";
    if (what == RH_SHARING_NOTHING) {
        rhi_sharing_fini(heap);
        return RH_OK;
    }
    if (!notes_reserve(heap) || !notes_commit(heap))
        status = RH_NO_MEMORY;
    else if (!sharing_is_told(heap))
        status = RH_UNSUPPORTED;
    if (status != RH_OK)
        rhi_sharing_fini(heap);
    else
        sharing->what = what;
    return status;
}

static enum rh_status
sharing_note(struct rh_heap *heap)
{
    int file = rhi_pagemap_open(heap->sharing.directory);
    bool noted;

    if (file < 0)
        return RH_UNSUPPORTED;
    // The heap may have grown since.
    if (!notes_commit(heap)) {
        rhi_pagemap_close(file);
        return RH_NO_MEMORY;
    }
    noted = notes_take(heap, file);
    rhi_pagemap_close(file);
    return noted ? RH_OK : RH_UNSUPPORTED;
}

void
rhi_sharing_forked(struct rh_heap *heap)
{
    struct rhi_sharing *sharing = &heap->sharing;
    bool phases = sharing->what & RH_SHARING_PHASES;

    if (sharing->what == RH_SHARING_NOTHING)
        return;
    sharing->status = sharing_note(heap);
    sharing->forked = true;
    heap->watch.wrote =
        phases && sharing->status == RH_OK ? sharing_wrote : NULL;
}

// ---- the report ----

static void
see_count(size_t n, uint64_t entry, void *context)
{
    struct look *look = context;
    size_t bytes = look->heap->sharing.os_page;
    uint64_t none = 0;
    uint64_t *note = n < look->noted ? &look->notes[n] : &none;

    RHI_ASSERT(&look->heap->panic,
               !note_has_phase(*note) || (*note & NOTE_THERE)); // SH1
    switch (fate_of(*note, entry)) {
    case FATE_NONE:
        if (*note)
            *note = 0; // given back
        return;
    case FATE_SWAPPED:
        look->swapped += bytes;
        return;
    case FATE_SHARED:
        look->part->shared_bytes += bytes;
        break;
    case FATE_PRIVATE:
        look->part->private_bytes += bytes;
        if (look->caused)
            look->caused[note_phase(*note)] += bytes;
        break;
    case FATE_OWN:
        look->part->own_bytes += bytes;
        if (!(entry & RHI_PAGEMAP_ALONE))
            look->only_read += bytes;
        break;
    }
    look->present += bytes;
    if (entry & RHI_PAGEMAP_ALONE)
        look->alone += bytes;
    if (entry & RHI_PAGEMAP_FRAME)
        look->frames = true;
}

// What smaps has, by what is known from elsewhere.
struct tally {
    const struct rh_heap *heap;
    struct rh_sharing *sharing;
    struct look state; // of the heap's own state
    size_t present;    // bytes of bodies and tables, by pagemap
    size_t region;     // the same, by smaps
    size_t only_read;  // of tables, as in struct look
};

// The mapping that the heap's state is in may have been joined with others: what
// is counted page by page is taken off its sums.
static size_t
without(size_t bytes, size_t counted)
{
    return bytes - rhi_min(bytes, counted);
}

static void
tally_add(const struct tally *tally, const struct rhi_mapping *mapping)
{
    struct rh_sharing *sharing = tally->sharing;
    const struct look *state = &tally->state;
    uintptr_t heap = (uintptr_t)tally->heap;
    struct rh_sharing_part *part =
        mapping->plain ? &sharing->external : &sharing->other;
    size_t alone = mapping->dirty_alone;
    size_t shared = mapping->shared;

    // A clean page of a file is the file's; of no file, it is a copy.
    if (mapping->plain)
        alone += mapping->clean_alone;
    else
        shared += mapping->clean_alone;
    if (mapping->common) {
        shared += alone;
        alone = 0;
    }
    if (heap >= mapping->start && heap < mapping->end) {
        alone = without(alone, state->alone);
        shared = without(shared, state->present - state->alone);
    }
    part->private_bytes += alone;
    part->shared_bytes += shared;
}

static bool
is_within(uintptr_t address, const void *start, size_t bytes)
{
    return address - (uintptr_t)start < bytes;
}

static void
see_tally(const struct rhi_mapping *mapping, void *context)
{
    struct tally *tally = context;
    const struct rhi_region *region = &tally->heap->region;
    const struct rhi_sharing *notes = &tally->heap->sharing;
    struct rh_sharing *sharing = tally->sharing;

    sharing->resident_bytes += mapping->resident;
    sharing->proportional_bytes += mapping->proportional;
    sharing->huge_bytes += mapping->huge;
    if (is_within(mapping->start, region->mapping, region->mapping_bytes))
        tally->region += mapping->resident;
    else if (is_within(mapping->start, notes->notes, notes->notes_bytes))
        sharing->other.own_bytes += mapping->resident;
    else
        tally_add(tally, mapping);
}

// Sums of sums that were rounded down are less exact than one.
static void
see_rollup(const struct rhi_mapping *mapping, void *context)
{
    struct rh_sharing *sharing = context;

    sharing->proportional_bytes = mapping->proportional;
}

// A table that was read and never written is mapped to the kernel's page of
// zeros, which is no memory, and which smaps does not count.  What was read
// first by this process is easily known: it is new, and yet not ours alone.
static void
forget_zeros(const struct tally *tally)
{
    struct rh_sharing_part *table = &tally->sharing->table;
    size_t zeros = without(tally->present, tally->region);
    size_t own = rhi_min(zeros, tally->only_read);

    table->own_bytes -= own;
    table->shared_bytes = without(table->shared_bytes, zeros - own);
}

static bool
count_ranges(struct tally *tally, int file)
{
    const struct rh_heap *heap = tally->heap;
    struct rh_sharing *sharing = tally->sharing;
    struct range now;

    for (int n = 0; range_get(heap, n, heap->region.committed, &now); n++) {
        struct look look = {
            .heap = heap,
            .part = n == BODY ? &sharing->body : &sharing->table,
        };
        struct range noted;

        if (n == BODY && heap->sharing.what & RH_SHARING_PHASES)
            look.caused = sharing->caused_bytes;
        (void)range_get(heap, n, heap->sharing.committed, &noted);
        look.noted = noted.count;
        if (!look_at(&look, file, &now, see_count))
            return false;
        sharing->swapped_bytes += look.swapped;
        if (n == BODY)
            sharing->frames = look.frames && heap->sharing.frames;
        if (n == STATE)
            tally->state = look;
        else
            tally->present += look.present;
        if (n >= FIRST_TABLE)
            tally->only_read += look.only_read;
    }
    return true;
}

static bool
sharing_count(const struct rh_heap *heap, struct rh_sharing *sharing)
{
    const char *directory = heap->sharing.directory;
    struct tally tally = { .heap = heap, .sharing = sharing };
    int file = rhi_pagemap_open(directory);
    bool counted;

    if (file < 0)
        return false;
    counted = count_ranges(&tally, file);
    rhi_pagemap_close(file);
    if (!counted ||
        !rhi_pagemap_mappings(directory, "smaps", see_tally, &tally))
        return false;
    (void)rhi_pagemap_mappings(directory, "smaps_rollup", see_rollup, sharing);
    forget_zeros(&tally);
    sharing->heap_bytes = heap->sharing.heap_bytes;
    return true;
}

enum rh_status
rh_sharing_read(struct rh_heap *heap, struct rh_sharing *sharing)
{
    struct rh_sharing now = { .struct_bytes = 0 };

    if (!heap->sharing.forked)
        return RH_NOT_FOUND;
    if (heap->sharing.status != RH_OK)
        return heap->sharing.status;
    if (!sharing_count(heap, &now))
        return RH_UNSUPPORTED;
    now.struct_bytes = rhi_min(sharing->struct_bytes, sizeof now);
    memcpy(sharing, &now, now.struct_bytes);
    return RH_OK;
}

const char *
rh_sharing_phase_name(enum rh_sharing_phase phase)
{
    static const char *const names[RH_SHARING_PHASE_COUNT] = {
        "program", "minor", "mark", "sweep", "compact",
    };

    return (unsigned)phase < RH_SHARING_PHASE_COUNT ? names[phase] : "unknown";
}
