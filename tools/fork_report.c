// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_report.h"

#include "fork_reader.h"
#include "terminal.h"
#include "text.h"

#include <rheap/stat.h>

#include <stdio.h>
#include <string.h>

static void
print_heading(const char *text)
{
    const char *bold = terminal_has_colour(stdout) ? "\033[1m" : "";
    const char *plain = *bold ? "\033[0m" : "";

    printf("\n%s%s%s\n", bold, text, plain);
}

// --- what was forked ---------------------------------------------------------

static const char *
marks_text(const char *marks)
{
    if (strcmp(marks, "page") == 0)
        return "mark bits at the head of each page";
    if (strcmp(marks, "slot") == 0)
        return "a mark bit in each slot";
    return "mark bits in tables beside the pages";
}

static void
print_preparation(const struct fork_plan *plan)
{
    static const char *const warmups[] = {
        [FORK_WARMUP_NONE] = "",
        [FORK_WARMUP_COLLECT] = ", warmed up",
        [FORK_WARMUP_COMPACT] = ", warmed up, compacted",
        [FORK_WARMUP_FULL] = ", warmed up, compacted",
    };

    printf("before the fork: %s",
           text_of(plan->collections_before, "full collection").text);
    if (plan->holes > 0)
        printf(", %g%% of the objects dropped", plan->holes);
    printf("%s, %s; %s\n", warmups[plan->warmup], fork_plan_mode(plan),
           marks_text(plan->marks));
}

static size_t
most_huge(const struct fork_report *report)
{
    size_t most = 0;

    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].huge_kb > most)
            most = report->rows[i].huge_kb;
    return most;
}

static void
print_huge_pages(const struct fork_report *report)
{
    char policy[80];

    fork_reader_huge_policy(policy, sizeof policy);
    printf("huge pages: the system's policy is %s; the heap %s them; %s of a "
           "child in them\n",
           *policy ? policy : "not known here",
           report->plan->wants_huge ? "asks for" : "asks for none of",
           text_size((double)most_huge(report) * 1024).text);
}

static void
print_headline(const struct fork_report *report)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(report->live->heap, &stat);
    printf("%s%s%s on %s (%s), %s outside the slots\n",
           report->plan->dump_file ? report->plan->dump_file : "",
           report->plan->dump_file ? ": " : "",
           text_of(report->live->count, "live object").text,
           text_of(stat.heap_allocated_pages, "page").text,
           text_size((double)stat.x_body_bytes).text,
           text_size((double)stat.x_external_bytes).text);
    print_preparation(report->plan);
    print_huge_pages(report);
}

// --- the table ---------------------------------------------------------------

// The idle child of the same parent; NULL: it was not measured.
static const struct fork_row *
floor_of(const struct fork_report *report, const struct fork_row *row)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct fork_row *other = &report->rows[i];

        if (!*other->error && other->worker == row->worker &&
            other->generation == row->generation &&
            strcmp(other->step, "idle") == 0 &&
            strcmp(other->mode, row->mode) == 0)
            return other;
    }
    return NULL;
}

static struct text
net(size_t kb, size_t floor_kb)
{
    struct text text;
    long difference = (long)kb - (long)floor_kb;

    if (difference < 0)
        snprintf(text.text, sizeof text.text, "-%.30s",
                 text_count((uint64_t)-difference).text);
    else
        return text_count((uint64_t)difference);
    return text;
}

static void
print_name(const struct fork_report *report, const struct fork_row *row)
{
    char name[64];
    int length = snprintf(name, sizeof name, "%s", row->step);

    if (report->plan->workers > 1 && !row->is_foreign)
        snprintf(name + length, sizeof name - (size_t)length, " #%u",
                 row->worker);
    printf("%-18s", name);
}

static void
print_figures(const struct fork_row *row, const struct fork_row *idle)
{
    static const struct fork_row nothing;
    const struct fork_row *low = idle && idle != row ? idle : &nothing;
    double amplification = fork_row_amplification(row);

    printf("%8s", net(row->body_private_kb, low->body_private_kb).text);
    printf(" %6s", text_share(row->body_private_kb, row->heap_kb).text);
    if (row->is_foreign)
        printf("%7s", "-");
    else
        printf("%7s", net(row->table_private_kb, low->table_private_kb).text);
    printf("%6s", net(row->external_private_kb, low->external_private_kb).text);
    printf("%7s", net(row->other_private_kb, low->other_private_kb).text);
    printf("%8s", net(row->own_kb, low->own_kb).text);
    if (amplification < 0)
        printf("%9s", "-");
    else
        printf("%9.1f", amplification);
    printf("%8.0f\n", row->fork_us);
}

static void
print_row(const struct fork_report *report, const struct fork_row *row)
{
    print_name(report, row);
    if (*row->error)
        printf("  %s\n", row->error);
    else
        print_figures(row, floor_of(report, row));
}

static bool
begins_group(const struct fork_report *report, size_t i)
{
    const struct fork_row *row = &report->rows[i];

    return i == 0 || strcmp(row->mode, row[-1].mode) != 0 ||
           row->generation != row[-1].generation;
}

static void
print_group(const struct fork_row *row)
{
    char text[120];

    snprintf(text, sizeof text, "%s%s%s%s%s", row->mode,
             row->is_foreign ? " (" : "", row->is_foreign ? row->system : "",
             row->is_foreign ? ")" : "",
             row->generation > 1 ? ", children of a child" : "");
    print_heading(text);
}

static void
print_table(const struct fork_report *report)
{
    print_heading("KB that a child has of its own; the idle child's are taken "
                  "off below it");
    printf("                   objects'            out-            new "
           "per byte    fork\n"
           "step                 pages  share tables  side  other   pages "
           "  stored      us\n");
    for (size_t i = 0; i < report->count; i++) {
        if (begins_group(report, i))
            print_group(&report->rows[i]);
        print_row(report, &report->rows[i]);
    }
}

// --- causes ------------------------------------------------------------------

static size_t
caused(const struct fork_row *row)
{
    size_t sum = 0;

    for (int n = 0; n < RH_SHARING_PHASE_COUNT; n++)
        sum += row->causes[n];
    return sum;
}

static void
print_cause(const struct fork_row *row)
{
    const char *separator = "";

    printf("%-19s  ", row->step);
    for (int n = 0; n < RH_SHARING_PHASE_COUNT; n++) {
        if (!row->causes[n])
            continue;
        printf("%s%s %s KB", separator,
               rh_sharing_phase_name((enum rh_sharing_phase)n),
               text_count(row->causes[n]).text);
        separator = ", ";
    }
    putchar('\n');
}

static void
print_causes(const struct fork_report *report)
{
    bool has_heading = false;

    for (size_t i = 0; i < report->count; i++) {
        const struct fork_row *row = &report->rows[i];

        if (*row->error || row->is_foreign || row->worker || !caused(row))
            continue;
        if (!has_heading)
            print_heading("what wrote to pages of inherited objects");
        has_heading = true;
        print_cause(row);
    }
}

// --- how children mature -----------------------------------------------------

static bool
has_curve(const struct fork_row *row)
{
    return !*row->error && row->sample_count > 1 && row->samples[0].shared_kb &&
           row->worker == 0;
}

static void
name_curve(struct chart_curve *curve, const struct fork_row *row)
{
    const struct fork_sample *last = &row->samples[row->sample_count - 1];
    double half = fork_half_life(row->samples, row->sample_count);
    char name[100];

    snprintf(name, sizeof name, "%s%s, %s", row->mode,
             row->generation > 1 ? " (child of a child)" : "", row->step);
    if (half < 0)
        snprintf(curve->name, sizeof curve->name,
                 "%.70s: %.10s after %.20s requests", name,
                 text_share(last->shared_kb, row->samples[0].shared_kb).text,
                 text_count(last->requests).text);
    else
        snprintf(curve->name, sizeof curve->name, "%.70s: half-life %.40s",
                 name, text_of((uint64_t)(half + 0.5), "request").text);
}

static void
add_curve(struct chart *chart, const struct fork_row *row)
{
    struct chart_curve *curve = &chart->curves[chart->curve_count++];

    name_curve(curve, row);
    curve->point_count = row->sample_count;
    for (size_t i = 0; i < row->sample_count; i++) {
        curve->points[i].count = row->samples[i].requests;
        curve->points[i].share = (double)row->samples[i].shared_kb /
                                 (double)row->samples[0].shared_kb;
        if (curve->points[i].share > 1)
            curve->points[i].share = 1;
    }
}

bool
fork_report_chart(const struct fork_report *report, struct chart *chart)
{
    memset(chart, 0, sizeof *chart);
    chart->title = "How children mature";
    chart->subtitle = "What was shared at the fork, of objects and the memory "
                      "outside them, and still is";
    chart->across = "requests served";
    for (size_t i = 0; i < report->count; i++)
        if (chart->curve_count < CHART_MAX_CURVES &&
            has_curve(&report->rows[i]))
            add_curve(chart, &report->rows[i]);
    return chart->curve_count > 0;
}

static void
print_chart(const struct fork_report *report)
{
    static struct chart chart;

    if (!fork_report_chart(report, &chart))
        return;
    putchar('\n');
    chart_print(&chart);
}

// --- what it means -----------------------------------------------------------

static const struct fork_row *
first_row(const struct fork_report *report, const char *step)
{
    for (size_t i = 0; i < report->count; i++)
        if (!report->rows[i].is_foreign && !*report->rows[i].error &&
            strcmp(report->rows[i].step, step) == 0)
            return &report->rows[i];
    return NULL;
}

static void
print_meaning(const struct fork_report *report)
{
    const struct fork_row *full = first_row(report, "full");
    const struct fork_row *idle = first_row(report, "idle");

    if (!full && (!idle || idle->has_frames))
        return;
    print_heading("what it means");
    if (full)
        printf("A full collection in a child made %s of %s of inherited "
               "pages private (%s).\n",
               text_size((double)full->body_private_kb * 1024).text,
               text_size((double)full->heap_kb * 1024).text,
               text_share(full->body_private_kb, full->heap_kb).text);
    if (idle && !idle->has_frames)
        printf("Without root page frames cannot be compared: a page counts as "
               "private when this\nprocess alone maps it.\n");
}

void
fork_report_print(const struct fork_report *report)
{
    print_headline(report);
    print_table(report);
    print_causes(report);
    print_chart(report);
    print_meaning(report);
}
