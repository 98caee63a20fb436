// SPDX-License-Identifier: MIT
#include "config.h"

#include "figures.h"

#include <rheap/node.h>
#include <rheap/rebuild.h>
#include <rheap/walk.h>

#include <string.h>

// --- objects -----------------------------------------------------------------

struct census {
    struct figures *figures;
    enum dump_type types[RH_TYPE_MASK + 1]; // by the number of rheap's type
};

static void
census_begin(struct census *census, struct figures *figures)
{
    census->figures = figures;
    for (unsigned n = 0; n <= RH_TYPE_MASK; n++) {
        const char *name = rh_type_name((enum rh_type)n);

        census->types[n] =
            name ? dump_type_named(name, strlen(name)) : DUMP_UNKNOWN_TYPE;
    }
}

// An internal object may stand for a kind of slot that only Ruby has.
static enum dump_type
type_of_internal(rh_value object)
{
    size_t length = 0;
    const char *name = rh_imemo_kind(object) == RH_IMEMO_OTHER
                           ? rh_rebuild_name(object, &length)
                           : NULL;
    enum dump_type type =
        name ? dump_type_named(name, length) : DUMP_UNKNOWN_TYPE;

    return type == DUMP_UNKNOWN_TYPE ? DUMP_IMEMO : type;
}

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    struct census *census = context;
    struct figures *figures = census->figures;
    rh_value value = rh_value_of_slot(object);
    enum dump_type type = census->types[rh_type_of(value) & RH_TYPE_MASK];
    size_t bytes = rh_heap_memsize(heap, object);

    if (type == DUMP_IMEMO)
        type = type_of_internal(value);
    figures->objects++;
    figures->count[type]++;
    figures->bytes[type] += bytes;
    figures->memsize += bytes;
    return true;
}

static bool
count_one(struct rh_heap *heap, void *object, void *context)
{
    size_t *count = context;

    (void)heap;
    (void)object;
    ++*count;
    return true;
}

// --- pages -------------------------------------------------------------------

struct page_survey {
    struct figures *figures;
    const struct dump_facts *facts;
    size_t lowest;
    size_t highest;
};

static bool
survey_page(struct rh_heap *heap, const struct rh_page_view *page,
            void *context)
{
    struct page_survey *survey = context;
    struct figures *figures = survey->figures;

    (void)heap;
    if (dump_page_is_ours(survey->facts, page->page)) {
        figures->overflow += page->live_slots;
        return true;
    }
    if (page->state == RH_PAGE_RELEASED)
        return true;
    figures->eden_pages += page->state == RH_PAGE_EDEN;
    figures->tomb_pages += page->state == RH_PAGE_TOMB;
    figures->free_slots += page->slots - page->live_slots;
    figures->histogram[rh_histogram_class(page->live_slots, page->slots)]++;
    if (page->page < survey->lowest)
        survey->lowest = page->page;
    survey->highest = page->page;
    return true;
}

static void
survey_pages(struct figures *figures, const struct dump_heap *dump)
{
    struct page_survey survey = { figures, &dump->facts, SIZE_MAX, 0 };

    (void)rh_walk_pages(dump->heap, survey_page, &survey);
    figures->slots_per_page = rh_heap_slots_per_page(dump->heap);
    if (survey.lowest <= survey.highest)
        figures->page_span = survey.highest - survey.lowest + 1;
}

// --- together ----------------------------------------------------------------

static void
take_stat(struct figures *figures, struct rh_heap *heap)
{
    struct rh_stat *stat = &figures->stat;

    stat->struct_bytes = sizeof *stat;
    rh_heap_stat(heap, stat);
    figures->external_bytes = stat->x_external_bytes;
    stat->heap_eden_pages = figures->eden_pages;
    stat->heap_tomb_pages = figures->tomb_pages;
    stat->heap_allocated_pages = figures->eden_pages + figures->tomb_pages;
    stat->total_allocated_pages =
        stat->heap_allocated_pages + stat->total_freed_pages;
    stat->heap_free_slots = figures->free_slots;
    stat->heap_available_slots =
        stat->heap_live_slots + stat->heap_free_slots + stat->heap_final_slots;
    stat->x_page_span = figures->page_span;
}

double
figures_slot_fragmentation(size_t live, size_t eden_pages,
                           size_t slots_per_page)
{
    size_t slots = eden_pages * slots_per_page;

    return live < slots ? 1 - (double)live / (double)slots : 0;
}

static void
take_shape(struct figures *figures, const struct dump_heap *dump)
{
    struct rh_shape shape = { .struct_bytes = sizeof shape };

    rh_heap_shape(dump->heap, &shape);
    figures->internal_bytes = shape.internal;
    figures->external_free_bytes = shape.external;
    figures->slot_fragmentation = figures_slot_fragmentation(
        figures->objects, figures->eden_pages, figures->slots_per_page);
}

enum rh_status
figures_take(struct figures *figures, const struct dump_heap *dump,
             enum figures_moment moment)
{
    struct census census;

    memset(figures, 0, sizeof *figures);
    census_begin(&census, figures);
    (void)rh_walk_objects(dump->heap, count_object, &census);
    survey_pages(figures, dump);
    if (moment == FIGURES_LOADED)
        figures->page_span = dump->facts.span;
    take_stat(figures, dump->heap);
    take_shape(figures, dump);
    return rh_walk_reachable(dump->heap, NULL, count_one, &figures->reachable);
}
