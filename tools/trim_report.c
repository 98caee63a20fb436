// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_report.h"

#include "text.h"
#include "time_chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAR_COLUMNS = 40,
    CHART_POINTS = 2000
};

static double
mb(const struct trim_row *row, enum trim_fact fact)
{
    return trim_row_median(row, fact) / 1024;
}

static double
known_mb(const struct trim_row *row)
{
    return trim_row_median(row, TRIM_FACT_known_drop_bytes) / 1024 / 1024;
}

static const struct trim_row *
row_of(const struct trim_row *rows, size_t count, const char *policy,
       const char *setting)
{
    for (size_t n = 0; n < count; n++)
        if (strcmp(rows[n].policy, policy) == 0 &&
            strcmp(rows[n].setting, setting) == 0 && rows[n].runs)
            return &rows[n];
    return NULL;
}

// --- the table ---------------------------------------------------------------

static void
print_headline(const struct trim_row *row)
{
    printf(
        "%zu threads under one lock, %zu rounds of %s strings each, replaced "
        "%zu times;\nsizes %s, survivors %s; medians of %s, each a process "
        "of its own\n\n",
        row->plan.threads, row->plan.rounds, text_count(row->plan.strings).text,
        row->plan.churn, trim_size_names[row->plan.sizes],
        trim_survivor_names[row->plan.survivors],
        text_of(row->runs, "run").text);
    printf("resident %.1f MB, the heap knows %.1f MB: when the strings are "
           "gone, %s, %s\n\n",
           mb(row, TRIM_FACT_rss_drop_kb), known_mb(row), row->policy,
           row->allocator);
}

// A number, or a line where it is not known.
static void
print_number(int columns, int digits, double number)
{
    if (number < 0)
        printf(" %*s", columns, "-");
    else
        printf(" %*.*f", columns, digits, number);
}

static void
print_row(const struct trim_row *row)
{
    printf("%-12s%-9s%-20s", row->policy, row->allocator, row->setting);
    print_number(6, 0, trim_row_median(row, TRIM_FACT_arenas));
    print_number(7, 1, mb(row, TRIM_FACT_rss_peak_kb));
    print_number(7, 1, mb(row, TRIM_FACT_rss_mean_kb));
    print_number(8, 1, mb(row, TRIM_FACT_rss_drop_kb));
    print_number(7, 1, known_mb(row));
    printf(" %6.1f", mb(row, TRIM_FACT_gap_drop_kb));
    print_number(6, 0, trim_row_median(row, TRIM_FACT_trims));
    print_number(8, 1, trim_row_median(row, TRIM_FACT_trim_ms));
    print_number(8, 0, mb(row, TRIM_FACT_refault_kb));
    print_number(8, 0, trim_row_median(row, TRIM_FACT_wall_ms));
    print_number(7, 0, trim_row_median(row, TRIM_FACT_alloc_p99_ns));
    putchar('\n');
}

static void
print_table(const struct trim_row *rows, size_t count)
{
    printf("%-12s%-9s%-20s%7s%8s%8s%9s%8s%7s%7s%9s%9s%9s%8s\n", "", "", "", "",
           "peak", "mean", "dropped", "known", "gap", "", "trim", "came",
           "wall", "p99");
    printf("%-12s%-9s%-20s%7s%8s%8s%9s%8s%7s%7s%9s%9s%9s%8s\n", "policy",
           "malloc", "setting", "arenas", "MB", "MB", "MB", "MB", "MB", "trims",
           "ms", "back MB", "ms", "ns");
    for (size_t n = 0; n < count; n++)
        if (rows[n].runs)
            print_row(&rows[n]);
    printf("\ndropped, known, gap: when the strings are gone; gap = dropped - "
           "known - what was\nresident before the first allocation. came "
           "back: given back by trims and needed\nagain before the next. p99: "
           "one string of a hundred took longer.\n");
}

// --- beside the articles -----------------------------------------------------

static void
print_ratios(const struct trim_row *rows, size_t count)
{
    const struct trim_row *never = row_of(rows, count, "never", "default");
    const struct trim_row *always = row_of(rows, count, "always", "default");
    const struct trim_row *few =
        row_of(rows, count, "never", "MALLOC_ARENA_MAX=2");
    double all = never ? mb(never, TRIM_FACT_rss_mean_kb) : 0;

    if (!never || !always || !few)
        return;
    printf("\nthe article  230 MB : 60 MB : 53 MB      = 1 : 0.26 : 0.23  "
           "never : always : MALLOC_ARENA_MAX=2\n");
    printf("here, mean   %.1f MB : %.1f MB : %.1f MB = 1 : %.2f : %.2f\n", all,
           mb(always, TRIM_FACT_rss_mean_kb), mb(few, TRIM_FACT_rss_mean_kb),
           mb(always, TRIM_FACT_rss_mean_kb) / all,
           mb(few, TRIM_FACT_rss_mean_kb) / all);
    all = mb(never, TRIM_FACT_rss_drop_kb);
    printf("dropped      %.1f MB : %.1f MB : %.1f MB = 1 : %.2f : %.2f\n", all,
           mb(always, TRIM_FACT_rss_drop_kb), mb(few, TRIM_FACT_rss_drop_kb),
           mb(always, TRIM_FACT_rss_drop_kb) / all,
           mb(few, TRIM_FACT_rss_drop_kb) / all);
}

static void
print_bar(double inside, double outside, const char *whose)
{
    double all = inside + outside;
    int columns = (int)(inside / all * BAR_COLUMNS + 0.5);

    printf("  [");
    for (int n = 0; n < BAR_COLUMNS; n++)
        putchar(n < columns ? '#' : '.');
    printf("]  %2.0f : %2.0f  %s\n", 100 * inside / all, 100 * outside / all,
           whose);
}

static void
print_waste(const struct trim_row *row)
{
    double inside = trim_row_median(row, TRIM_FACT_free_drop_bytes) / 1024;
    double outside = trim_row_median(row, TRIM_FACT_gap_drop_kb);
    char whose[80];

    if (inside < 0 || outside <= 0)
        return;
    printf("\nwaste, when the strings are gone: free slots in heap pages (#), "
           "outside of them (.)\n");
    snprintf(whose, sizeof whose, "%s, %s: %.1f MB and %.1f MB", row->policy,
             row->allocator, inside / 1024, outside / 1024);
    print_bar(inside, outside, whose);
    print_bar(15, 85, "the picture in the article on fragmentation");
}

// --- the chart ---------------------------------------------------------------

static struct time_chart
chart_of(const struct trim_row *rows, size_t count)
{
    struct time_chart chart = { .title = "resident memory against time" };

    for (size_t n = 0; n < count && chart.count < TIME_CHART_CURVES; n++) {
        struct time_curve *curve = &chart.curves[chart.count];
        const struct trim_series *series = &rows[n].series;
        struct time_point *points =
            malloc((series->count + 1) * sizeof *points);

        if (!series->count || !points) {
            free(points);
            continue;
        }
        for (size_t i = 0; i < series->count; i++)
            points[i] = (struct time_point){ series->moments[i].ms,
                                             series->moments[i].kb };
        curve->points = points;
        curve->count = series->count;
        snprintf(curve->name, sizeof curve->name, "%s, %s, %s", rows[n].policy,
                 rows[n].allocator, rows[n].setting);
        chart.count++;
    }
    return chart;
}

static void
free_chart(struct time_chart *chart)
{
    for (size_t n = 0; n < chart->count; n++) {
        union {
            const struct time_point *constant;
            void *plain; // ours, whatever the chart may do with it
        } points = { .constant = chart->curves[n].points };

        free(points.plain);
    }
}

bool
trim_report_png(const struct trim_row *rows, size_t count,
                struct output *output)
{
    struct time_chart chart = chart_of(rows, count);
    bool is_good = time_chart_png(&chart, output);

    free_chart(&chart);
    return is_good;
}

void
trim_report_rows(const struct trim_row *rows, size_t count)
{
    struct time_chart chart;
    const struct trim_row *first = NULL;

    for (size_t n = count; n > 0; n--)
        if (rows[n - 1].runs)
            first = &rows[n - 1];
    if (!first)
        return;
    print_headline(first);
    print_table(rows, count);
    print_ratios(rows, count);
    print_waste(first);
    putchar('\n');
    chart = chart_of(rows, count);
    time_chart_print(&chart);
    free_chart(&chart);
}

// --- the other tables --------------------------------------------------------

void
trim_report_costs(const struct trim_row *rows, size_t count)
{
    printf("\nwhat one trim takes, all but the survivors being gone\n\n");
    printf("%10s%12s%12s%10s%14s%12s\n", "heap had", "resident", "after",
           "trim ms", "ms per 100 MB", "again ms");
    for (size_t n = 0; n < count; n++) {
        const struct trim_row *row = &rows[n];
        double before = mb(row, TRIM_FACT_before_kb);
        double ms = trim_row_median(row, TRIM_FACT_trim_ms);

        if (!row->runs)
            continue;
        printf("%7zu MB%9.1f MB%9.1f MB%10.2f%14.1f%12.2f\n", row->plan.mb,
               before, mb(row, TRIM_FACT_after_kb), ms, ms / before * 100,
               trim_row_median(row, TRIM_FACT_again_ms));
    }
}

void
trim_report_speeds(const struct trim_row *loads, const struct trim_row *races,
                   size_t count)
{
    printf("\nhow much the arenas are worth\n\n");
    printf("%-22s%28s%36s\n", "", "strings a second, one lock",
           "malloc and free a second, no lock");
    for (size_t n = 0; n < count; n++)
        if (loads[n].runs && races[n].runs)
            printf("%-22s%28s%36s\n", loads[n].setting,
                   text_count((uint64_t)trim_row_median(
                                  &loads[n], TRIM_FACT_strings_per_s))
                       .text,
                   text_count((uint64_t)trim_row_median(&races[n],
                                                        TRIM_FACT_pairs_per_s))
                       .text);
}
