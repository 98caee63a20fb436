// SPDX-License-Identifier: MIT
/*
 * verify - every invariant of every chapter, checked in reading order.
 *
 * Each part knows its own; this chapter asks them one after the other, lists
 * before what they lead to, so that nothing is followed before it was checked,
 * and stops at the first that is broken.
 *
 * INVARIANTS
 *   V1  every reference of an object that leads into the heap leads to the
 *       first byte of a live slot, unless it is tagged: see rheap/model.h
 *   V2  every root that leads into the heap does so, too
 */
#include "config.h"

#include "missed.h"

#include <rheap/verify.h>
#include <rheap/walk.h>

#include <string.h>

struct meaning {
    const char *invariant;
    const char *meaning;
};

static const struct meaning meanings[] = {
    { "R2", "used pages are committed, and inside the region" },
    { "R3", "pages are committed in whole granules" },
    { "R4", "sealed pages are used ones, in whole granules" },
    { "P1", "bits are set only for slots that the page has" },
    { "P2", "the live count is the number of allocated bits" },
    { "P3", "marked slots are allocated" },
    { "P4", "slots with something outside are allocated" },
    { "P5", "planes that collections borrow are clear outside of them" },
    { "P6", "a page header names its heap, number and slot size" },
    { "M2", "what a major collection has followed leads to nothing white" },
    { "M3", "what waits to be marked is an object" },
    { "S1", "every page is on exactly the list it names" },
    { "S2", "tomb pages have no objects, released pages no bits" },
    { "S3", "lists by fullness agree with the live counts" },
    { "S4", "pages ever allocated = pages now + pages ever freed" },
    { "S5", "the search for a released page begins below the lowest" },
    { "S6", "all pages with memory are divided in the same way" },
    { "S7", "sealed pages, and no others, are on their list" },
    { "C1", "the cursor lies inside the current page and its run" },
    { "C2", "the current page is the only one on its list, and allocated" },
    { "T1", "the handle stack lies inside its range" },
    { "K1", "nothing is evacuated but by a compaction" },
    { "K3", "what is pinned is an object, on a flagged page" },
    { "Q1", "at most one registered thread runs, the others have left" },
    { "Q2", "a thread that has left stands inside its stack" },
    { "J1", "scanning of stacks is on when it is one of the roots" },
    { "J2", "conservative ranges end where they begin or later" },
    { "E1", "blocks and bytes of external data agree" },
    { "E2", "external blocks have at least the bytes asked for" },
    { "I1", "every cell of an index is found from its code" },
    { "L1", "the counts of a roster agree" },
    { "L2", "every entry of a roster is found, with the others of its object" },
    { "L3", "the objects of a roster are alive, and marked special" },
    { "L4", "nothing waits between collections, and all may" },
    { "W1", "weak references lead to objects, and know their place" },
    { "W2", "keys and values of weak maps are alive, and in order" },
    { "W3", "old entries of weak maps have old keys and values" },
    { "W4", "weak maps that a minor collection must see are listed" },
    { "F1", "queued finalizers are counted, and between head and tail" },
    { "F2", "objects with queued finalizers are counted" },
    { "N1", "ids ascend" },
    { "O2", "records of pauses are in order, and none is of the future" },
    { "D1", "slots with a recorded site have an object" },
    { "D2", "recorded sites are known places" },
    { "D3", "objects with a site are counted" },
    { "H1", "objects made - freed = live bits - unused slots" },
    { "H2", "the markers are empty outside collections, and count gray pages" },
    { "H3", "pages wait to be swept only at the stage of sweeping" },
    { "B1", "remembered objects are old" },
    { "B2", "unprotected bits are those of objects" },
    { "B3", "an old object that refers to a young one is remembered" },
    { "B4", "the table of cards agrees with itself" },
    { "B5", "a sealed object that refers to one that is not is remembered" },
    { "Z1", "what lives on a sealed page is marked in both planes" },
    { "Z2", "sealed objects are counted" },
    { "U1", "the pages to be swept are a range of those in use" },
    { "V1", "references lead to live slots" },
    { "V2", "roots lead to live slots" },
};

static const char *
meaning_of(const char *invariant)
{
    for (size_t n = 0; n < sizeof meanings / sizeof meanings[0]; n++)
        if (strcmp(meanings[n].invariant, invariant) == 0)
            return meanings[n].meaning;
    return "";
}

static struct rh_violation
violation_of(const char *invariant, size_t page, size_t slot)
{
    return (struct rh_violation){
        .invariant = invariant,
        .meaning = invariant ? meaning_of(invariant) : NULL,
        .page = page,
        .slot = slot,
    };
}

static struct rhi_page_use
page_use(const struct rh_heap *heap, size_t page)
{
    bool marking = heap->major.stage == RHI_MARKING;

    return (struct rhi_page_use){ marking ||
                                      rhi_sweep_awaits(&heap->sweep, page) ||
                                      page < heap->region.sealed, // Z1
                                  marking };
}

static struct rh_violation
check_pages(const struct rh_heap *heap)
{
    for (size_t page = 0; page < heap->region.top; page++) {
        size_t slot;
        const char *broken;

        if (!rhi_space_has_memory(&heap->space, page))
            continue;
        broken = rhi_page_check(&heap->region, page, heap, page_use(heap, page),
                                &slot);
        if (broken)
            return violation_of(broken, page, slot);
    }
    return violation_of(NULL, SIZE_MAX, SIZE_MAX);
}

static struct rh_violation
check_compact(const struct rh_heap *heap)
{
    size_t page;
    size_t slot;
    const char *broken = rhi_compact_check(&heap->compact, &page, &slot);

    return violation_of(broken, page, slot);
}

static struct rh_violation
check_tables(const struct rh_heap *heap)
{
    size_t page = SIZE_MAX;
    const char *broken = rhi_region_check(&heap->region);

    if (!broken)
        broken = rhi_space_check(&heap->space, &page);
    if (!broken)
        broken = rhi_mutator_check(&heap->mutator);
    if (!broken)
        broken = rhi_roots_check(&heap->roots);
    if (!broken)
        broken = rhi_threads_check(&heap->threads);
    if (!broken)
        broken = rhi_stack_check(&heap->stack);
    if (!broken)
        broken = rhi_external_check(&heap->external);
    if (!broken)
        broken = rhi_sweep_check(&heap->sweep, &page);
    if (!broken)
        broken = rhi_barrier_check(&heap->barrier, &page);
    if (!broken)
        broken = rhi_seal_check(&heap->seal, &page);
    if (!broken)
        broken = rhi_profile_check(&heap->profile);
    if (!broken)
        broken = rhi_sites_check(&heap->sites);
    return violation_of(broken, page, SIZE_MAX);
}

// What is kept beside the objects.
static struct rh_violation
check_beside(const struct rh_heap *heap)
{
    const char *broken = rhi_weak_check(&heap->weak);

    if (!broken)
        broken = rhi_finalizers_check(&heap->finalizers);
    if (!broken)
        broken = rhi_identity_check(&heap->identity);
    return violation_of(broken, SIZE_MAX, SIZE_MAX);
}

static struct rh_violation
check_counts(const struct rh_heap *heap)
{
    bool marking = heap->major.stage == RHI_MARKING;
    size_t bits = 0;
    size_t gray_pages = 0;

    for (size_t page = 0; page < heap->region.top; page++) {
        bits += heap->region.live[page];
        gray_pages += (heap->region.flags[page] & RHI_FLAG_GRAY) != 0;
    }
    if (bits - rhi_mutator_unused(&heap->mutator) != rhi_heap_live(heap))
        return violation_of("H1", SIZE_MAX, SIZE_MAX);
    if (!rhi_marker_is_done(&heap->young) ||
        (!marking && !rhi_marker_is_done(&heap->marker)) ||
        gray_pages != heap->marker.gray_pages)
        return violation_of("H2", SIZE_MAX, SIZE_MAX);
    if (!rhi_marker_check(&heap->marker, rh_heap_is_live, heap))
        return violation_of("M3", SIZE_MAX, SIZE_MAX);
    if (heap->major.stage != RHI_SWEEPING && !rhi_sweep_is_done(&heap->sweep))
        return violation_of("H3", SIZE_MAX, SIZE_MAX);
    return violation_of(NULL, SIZE_MAX, SIZE_MAX);
}

// References, by a visitor that remembers the first bad one.
struct check {
    struct rh_visitor visitor;
    struct rh_heap *heap;
    struct rh_violation violation;
    const void *object; // whose references are visited; NULL for roots
};

static void
check_fails(struct check *check, const char *invariant)
{
    const struct rhi_region *region = &check->heap->region;
    uintptr_t from = (uintptr_t)check->object;

    check->violation = violation_of(invariant, SIZE_MAX, SIZE_MAX);
    check->violation.object = check->object;
    if (from) {
        check->violation.page = rhi_region_page(region, from);
        check->violation.slot = rhi_page_index(region, from);
    }
}

static void
check_edge(struct rh_visitor *visitor, void *edge, uintptr_t mask)
{
    struct check *check = (struct check *)visitor;
    uintptr_t to = rh_visitor_word(edge) & mask;

    // A tagged word that leads nowhere is a number.
    if (check->violation.invariant || mask != ~(uintptr_t)0)
        return;
    if (!rh_heap_is_live(check->heap, to))
        check_fails(check, check->object ? "V1" : "V2");
}

static void
check_pinned(struct rh_visitor *visitor, void *object)
{
    check_edge(visitor, &object, ~(uintptr_t)0);
}

static void
check_slices(struct rh_visitor *visitor, void *object)
{
    const struct rh_model *model = ((struct check *)visitor)->heap->model;

    if (model->trace_range)
        model->trace_range(object, 0, SIZE_MAX, visitor);
}

static void
check_object(struct check *check, void *object)
{
    check->object = object;
    check->heap->model->trace(object, &check->visitor);
}

static void
check_objects(struct check *check)
{
    const struct rhi_region *region = &check->heap->region;
    uint32_t slots = check->heap->space.shape.slots;

    for (size_t page = 0; page < region->top; page++) {
        rhi_line bits;

        rhi_heap_live_bits(check->heap, page, bits);
        for (uint32_t index = rhi_line_next_set(bits, 0, slots);
             index < slots && !check->violation.invariant;
             index = rhi_line_next_set(bits, index + 1, slots)) {
            char *slot = rhi_page_slot(region, page, index);

            if (!rhi_mutator_is_unused(&check->heap->mutator, (uintptr_t)slot))
                check_object(check, slot);
        }
    }
}

static struct rh_violation
check_references(struct rh_heap *heap)
{
    struct check check = {
        .heap = heap,
        .violation = violation_of(NULL, SIZE_MAX, SIZE_MAX),
    };

    rhi_visitor_init(&check.visitor, &heap->region, heap->model);
    check.visitor.edge = check_edge;
    check.visitor.slices = check_slices;
    check.visitor.pinned = check_pinned;
    rhi_roots_visit(&heap->roots, &check.visitor,
                    &(struct rhi_root_observer){ NULL, NULL, NULL });
    if (heap->model->trace)
        check_objects(&check);
    return check.violation;
}

// Only when it is known that references lead to objects.
static struct rh_violation
check_barriers(struct rh_heap *heap)
{
    const char *broken = NULL;
    struct rh_missed_barrier missed;
    struct rh_violation violation = violation_of(NULL, SIZE_MAX, SIZE_MAX);

    if (rhi_missed_first(heap, &missed))
        broken =
            rhi_region_is_sealed(&heap->region, missed.parent) ? "B5" : "B3";
    else if (rhi_missed_white(heap, &missed))
        broken = "M2";
    if (broken) {
        uintptr_t parent = (uintptr_t)missed.parent;

        violation = violation_of(broken, rhi_region_page(&heap->region, parent),
                                 rhi_page_index(&heap->region, parent));
        violation.object = missed.parent;
    }
    return violation;
}

enum rh_status
rh_heap_verify(struct rh_heap *heap, struct rh_violation *violation)
{
    struct rh_violation found;

    if (heap->inside || heap->placing || heap->reaching)
        return RH_BUSY;
    found = check_tables(heap);
    if (!found.invariant)
        found = check_pages(heap);
    if (!found.invariant)
        found = check_compact(heap);
    if (!found.invariant)
        found = check_beside(heap);
    if (!found.invariant)
        found = check_counts(heap);
    if (!found.invariant)
        found = check_references(heap);
    if (!found.invariant)
        found = check_barriers(heap);
    if (violation)
        *violation = found;
    return found.invariant ? RH_BROKEN : RH_OK;
}
