// SPDX-License-Identifier: MIT
#include "config.h"

#include "report.h"

#include "terminal.h"
#include "text.h"

#include <rheap/constants.h>

#include <stdio.h>
#include <string.h>

enum {
    BAR_COLUMNS = 24,
    FEW_OBJECTS_CLASSES = 4 // of the histogram: 0, 1, 2, 3 to 8
};

static void
print_heading(const char *text)
{
    const char *bold = terminal_has_colour(stdout) ? "\033[1m" : "";
    const char *plain = *bold ? "\033[0m" : "";

    printf("\n%s%s%s\n", bold, text, plain);
}

static void
print_bar(size_t part, size_t whole)
{
    size_t length = whole ? (part * BAR_COLUMNS + whole - 1) / whole : 0;

    for (size_t i = 0; i < length; i++)
        putchar('#');
}

// --- headline and types ------------------------------------------------------

static void
print_headline(const struct report *report)
{
    const struct figures *loaded = report->loaded;

    printf("%s: %s on %s, %s", report->file,
           text_of(loaded->objects, "object").text,
           text_of(loaded->eden_pages, "page").text,
           text_size((double)loaded->memsize).text);
    printf(" (%s of it outside the slots)\n",
           text_size((double)loaded->external_bytes).text);
}

static void
print_type(const struct figures *figures, enum dump_type type)
{
    printf("%-10s%12s%8s%12s  ", dump_type_name(type),
           text_count(figures->count[type]).text,
           text_share(figures->count[type], figures->objects).text,
           text_size((double)figures->bytes[type]).text);
    print_bar(figures->count[type], figures->objects);
    putchar('\n');
}

// The type with the most objects that has at most those of the one before.
static enum dump_type
next_type(const struct figures *figures, enum dump_type before)
{
    enum dump_type best = DUMP_UNKNOWN_TYPE;

    for (int n = DUMP_STRING; n < DUMP_TYPE_COUNT; n++) {
        enum dump_type type = (enum dump_type)n;
        size_t count = figures->count[type];
        bool comes_later = before == DUMP_UNKNOWN_TYPE ||
                           count < figures->count[before] ||
                           (count == figures->count[before] && type > before);

        if (count && comes_later && count > figures->count[best])
            best = type;
    }
    return best;
}

static void
print_types(const struct figures *figures)
{
    enum dump_type type = DUMP_UNKNOWN_TYPE;

    print_heading("type           objects   share     memsize");
    while ((type = next_type(figures, type)) != DUMP_UNKNOWN_TYPE)
        print_type(figures, type);
}

// --- before and after --------------------------------------------------------

static void
print_row(const struct report *report, const char *name, struct text loaded,
          struct text collected)
{
    printf("%-28s%14s", name, loaded.text);
    if (report->collected)
        printf("%14s", collected.text);
    putchar('\n');
}

// For when there was no collection: its column is not printed then.
static const struct figures *
after(const struct report *report)
{
    return report->collected ? report->collected : report->loaded;
}

static void
print_objects(const struct report *report)
{
    const struct figures *a = report->loaded;
    const struct figures *b = after(report);

    print_row(report, "objects", text_count(a->objects),
              text_count(b->objects));
    print_row(report, "reachable from the roots", text_count(a->reachable),
              text_count(b->reachable));
    print_row(report, "unreachable", text_count(a->objects - a->reachable),
              text_count(b->objects - b->reachable));
    print_row(report, "memsize", text_size((double)a->memsize),
              text_size((double)b->memsize));
    print_row(report, "outside the slots", text_size((double)a->external_bytes),
              text_size((double)b->external_bytes));
}

static void
print_slots(const struct report *report)
{
    const struct figures *a = report->loaded;
    const struct figures *b = after(report);

    print_row(report, "eden pages", text_count(a->eden_pages),
              text_count(b->eden_pages));
    print_row(report, "tomb pages", text_count(a->tomb_pages),
              text_count(b->tomb_pages));
    print_row(report, "lowest to highest page", text_count(a->page_span),
              text_count(b->page_span));
    print_row(report, "free slots", text_count(a->free_slots),
              text_count(b->free_slots));
    print_row(report, "slot fragmentation", text_ratio(a->slot_fragmentation),
              text_ratio(b->slot_fragmentation));
    print_row(report, "lost in malloc's rounding", text_size(a->internal_bytes),
              text_size(b->internal_bytes));
}

static void
print_formula(const struct report *report)
{
    const struct figures *figures = after(report);

    printf("slot fragmentation = 1 - live / (eden pages * slots per page)\n"
           "                   = 1 - %s / (%s * %s) = %s\n",
           text_count(figures->objects).text,
           text_count(figures->eden_pages).text,
           text_count(figures->slots_per_page).text,
           text_ratio(figures->slot_fragmentation).text);
}

static void
print_comparison(const struct report *report)
{
    print_heading(report->collected
                      ? "                                  loaded     collected"
                      : "                                  loaded");
    print_objects(report);
    print_slots(report);
    print_formula(report);
}

// --- histogram ---------------------------------------------------------------

static const char *const histogram_labels[RH_HISTOGRAM_CLASSES] = {
    "no live slot",
    "1",
    "2",
    "3 to 8",
    "up to a quarter",
    "up to a half",
    "up to 3 quarters",
    "more, but not all",
    "all",
};

static void
print_histogram(const struct figures *figures)
{
    print_heading("pages by live slots");
    for (size_t n = 0; n < RH_HISTOGRAM_CLASSES; n++) {
        printf("%-18s%8s  ", histogram_labels[n],
               text_count(figures->histogram[n]).text);
        print_bar(figures->histogram[n],
                  figures->eden_pages + figures->tomb_pages);
        putchar('\n');
    }
}

// --- what it means -----------------------------------------------------------

static void
print_collection(const struct report *report)
{
    const struct figures *a = report->loaded;
    const struct figures *b = report->collected;

    printf("A full collection took %.2f ms and freed %s (%s);\n",
           report->collection_ms,
           text_of(a->objects - b->objects, "object").text,
           text_size((double)(a->memsize - b->memsize)).text);
    printf("%s without objects could go back to the system.\n",
           text_of(a->eden_pages - b->eden_pages, "page").text);
}

// Pages that a handful of objects keep from going back.
static size_t
held_by_few(const struct figures *figures)
{
    size_t count = 0;

    for (size_t n = 1; n < FEW_OBJECTS_CLASSES; n++)
        count += figures->histogram[n];
    return count;
}

static void
print_meaning(const struct figures *figures)
{
    double ratio = figures->slot_fragmentation;
    size_t few = held_by_few(figures);

    if (ratio < 0.05)
        printf("The pages are nearly full: more objects mean more pages.\n");
    else
        printf("Of 100 slots on pages in use %.0f are empty: room for %s\n"
               "before the heap must grow, and until then memory that nothing "
               "uses.\n",
               ratio * 100,
               text_of(figures->eden_pages * figures->slots_per_page -
                           figures->objects,
                       "more object")
                   .text);
    if (few)
        printf("%s %s held by 8 objects or fewer: without these %s could be "
               "given back.\n",
               text_of(few, "page").text, few == 1 ? "is" : "are",
               text_size((double)few * RH_PAGE_BYTES).text);
}

static void
print_note(size_t count, const char *text)
{
    if (count)
        printf("  %s %s\n", text_count(count).text, text);
}

static void
print_notes(const struct dump_facts *facts)
{
    if (!(facts->bad_lines | facts->unknown_class | facts->dangling |
          facts->overflow | facts->gaps_closed | facts->shape_lines) &&
        !facts->is_fresh)
        return;
    print_heading("about the file");
    if (facts->is_fresh)
        printf("  slots of several sizes: every object has a new place "
               "(--layout=fresh)\n");
    print_note(facts->bad_lines, "bad lines were skipped");
    print_note(facts->unknown_class, "objects have a class that is no object "
                                     "of the dump: dropped");
    print_note(facts->dangling, "references lead to nothing: dropped");
    print_note(facts->overflow, "objects were in the 409th slot of their page "
                                "and are on a page of ours");
    print_note(facts->gaps_closed, "gaps between pages were closed");
    print_note(facts->shape_lines, "shapes were passed over");
}

void
report_print(const struct report *report)
{
    print_headline(report);
    print_types(report->loaded);
    print_comparison(report);
    print_histogram(after(report));
    print_heading("what it means");
    if (report->collected)
        print_collection(report);
    print_meaning(after(report));
    print_notes(report->facts);
}
