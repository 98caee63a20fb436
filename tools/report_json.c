// SPDX-License-Identifier: MIT
#include "config.h"

#include "report.h"

#include "json.h"

#include <sys/resource.h>

static void
put_types(struct json *json, const struct figures *figures)
{
    json_open_object(json, "by_type");
    for (int type = DUMP_STRING; type < DUMP_TYPE_COUNT; type++)
        if (figures->count[type])
            json_number(json, dump_type_name((enum dump_type)type),
                        figures->count[type]);
    json_close_object(json);
}

static void
put_pages(struct json *json, const struct figures *figures)
{
    json_open_object(json, "pages");
    json_number(json, "eden", figures->eden_pages);
    json_number(json, "tomb", figures->tomb_pages);
    json_number(json, "span", figures->page_span);
    json_close_object(json);
    json_open_object(json, "slots");
    json_number(json, "live", figures->objects);
    json_number(json, "free", figures->free_slots);
    json_close_object(json);
}

static void
put_fragmentation(struct json *json, const struct figures *figures)
{
    json_open_object(json, "fragmentation");
    json_real(json, "slot", figures->slot_fragmentation);
    json_real(json, "internal", figures->internal_bytes);
    if (figures->external_free_bytes < 0)
        json_null(json, "external");
    else
        json_real(json, "external", figures->external_free_bytes);
    json_close_object(json);
    json_open_array(json, "histogram");
    for (size_t n = 0; n < RH_HISTOGRAM_CLASSES; n++)
        json_number(json, NULL, figures->histogram[n]);
    json_close_array(json);
}

static void
put_stat(struct json *json, const struct rh_stat *stat)
{
#define KEY(name) json_number(json, #name, stat->name);
    json_open_object(json, "stat");
    RH_STAT_CRUBY_KEYS(KEY)
    RH_STAT_OWN_KEYS(KEY)
    json_close_object(json);
#undef KEY
}

static void
put_figures(struct json *json, const struct figures *figures,
            const struct dump_facts *facts)
{
    json_number(json, "objects", figures->objects);
    put_types(json, figures);
    json_number(json, "memsize", figures->memsize);
    json_number(json, "external_bytes", figures->external_bytes);
    json_number(json, "roots", facts->root_references);
    json_number(json, "reachable", figures->reachable);
    json_number(json, "unreachable", figures->objects - figures->reachable);
    json_number(json, "unknown_class", facts->unknown_class);
    json_number(json, "dangling", facts->dangling);
    json_number(json, "overflow", figures->overflow);
    json_number(json, "bad_lines", facts->bad_lines);
    put_pages(json, figures);
    put_fragmentation(json, figures);
    put_stat(json, &figures->stat);
}

static void
put_collection(struct json *json, const struct report *report)
{
    const struct figures *a = report->loaded;
    const struct figures *b = report->collected;

    json_open_object(json, "after");
    put_figures(json, b, report->facts);
    json_close_object(json);
    json_open_object(json, "freed");
    json_number(json, "objects", a->objects - b->objects);
    json_number(json, "bytes", a->memsize - b->memsize);
    json_number(json, "pages", a->eden_pages - b->eden_pages);
    json_close_object(json);
    json_real(json, "collection_ms", report->collection_ms);
}

// The most memory that this process ever had.
static size_t
peak_kilobytes(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss : 0;
}

static void
put_report(struct json *json, const struct report *report)
{
    const struct dump_facts *facts = report->facts;

    json_open_object(json, NULL);
    json_text(json, "file", report->file);
    json_text(json, "layout", facts->is_fresh ? "fresh" : "original");
    put_figures(json, report->loaded, facts);
    json_number(json, "root_lines", facts->root_lines);
    json_number(json, "free_lines", facts->free_lines);
    json_number(json, "shape_lines", facts->shape_lines);
    json_number(json, "gaps_closed", facts->gaps_closed);
    if (report->collected)
        put_collection(json, report);
    json_real(json, "load_ms", facts->load_ms);
    json_number(json, "peak_rss_kb", peak_kilobytes());
    json_close_object(json);
}

bool
report_json(const struct report *report)
{
    struct json *json = json_begin();

    if (!json)
        return false;
    put_report(json, report);
    json_flush(json);
    json_end(json);
    return true;
}
