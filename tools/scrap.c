// SPDX-License-Identifier: MIT
#include "config.h"

#include "scrap.h"

#include <rheap/class.h>
#include <rheap/constants.h>
#include <rheap/walk.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    GROUP_SLOTS = 16
};

static bool
count_object(struct rh_heap *heap, void *object, void *context)
{
    struct scrap *scrap = context;
    rh_value value = rh_value_of_slot(object);

    (void)heap;
    switch (rh_type_of(value)) {
    case RH_TYPE_NODE:
    case RH_TYPE_ICLASS:
        scrap->ast_nodes++;
        break;
    case RH_TYPE_CLASS:
        if (rh_class_is_singleton(value))
            scrap->ast_nodes++;
        else
            scrap->terminals++;
        break;
    case RH_TYPE_FILE:
    case RH_TYPE_REGEXP:
    case RH_TYPE_FLOAT:
    case RH_TYPE_BIGNUM:
        scrap->terminals++;
        break;
    default:
        break;
    }
    scrap->objects++;
    return true;
}

static bool
is_live(const struct rh_page_view *page, size_t slot)
{
    return page->allocated[slot / 64] >> slot % 64 & 1;
}

static size_t
count_leading(const struct rh_page_view *page)
{
    size_t slot = 0;

    while (slot < page->slots && !is_live(page, slot))
        slot++;
    return slot;
}

static size_t
count_trailing(const struct rh_page_view *page)
{
    size_t count = 0;

    while (count < page->slots && !is_live(page, page->slots - count - 1))
        count++;
    return count;
}

static size_t
count_groups(const struct rh_page_view *page)
{
    size_t count = 0;
    size_t run = 0;

    for (size_t slot = 0; slot < page->slots; slot++) {
        run = slot % GROUP_SLOTS ? run : 0;
        run += !is_live(page, slot);
        count += run == GROUP_SLOTS;
    }
    return count;
}

struct page_context {
    struct scrap *scrap;
    const struct dump_facts *facts;
};

static bool
count_page(struct rh_heap *heap, const struct rh_page_view *page, void *context)
{
    const struct page_context *pages = context;
    struct scrap *scrap = pages->scrap;
    size_t leading;

    (void)heap;
    if (page->state == RH_PAGE_RELEASED ||
        dump_page_is_ours(pages->facts, page->page))
        return true;
    leading = count_leading(page);
    scrap->pages++;
    scrap->slots += page->slots;
    scrap->leading += leading;
    scrap->trailing += leading < page->slots ? count_trailing(page) : 0;
    scrap->groups += count_groups(page);
    return true;
}

static size_t
resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

void
scrap_take(struct scrap *scrap, const struct dump_heap *dump)
{
    struct page_context pages = { scrap, &dump->facts };
    uint64_t cycles = 0;

    memset(scrap, 0, sizeof *scrap);
    (void)rh_walk_objects(dump->heap, count_object, scrap);
    (void)rh_walk_pages(dump->heap, count_page, &pages);
    (void)rh_stat_get(dump->heap, "count", &cycles);
    scrap->cycles = (size_t)cycles;
    scrap->resident_bytes = resident_bytes();
}

// --- printing ----------------------------------------------------------------

static double
kilobytes(size_t slots)
{
    return (double)slots * RH_SLOT_BYTES / 1024;
}

static double
percent(size_t part, size_t whole)
{
    return whole ? (double)part * 100 / (double)whole : 0;
}

static void
print_slots(const struct scrap *scrap, const char *name, size_t slots)
{
    printf("%-21s: %zu (%.2f KB = %.2f%%)\n", name, slots, kilobytes(slots),
           percent(slots, scrap->slots));
}

static void
print_sizes(const struct scrap *scrap)
{
    size_t unused =
        scrap->slots > scrap->objects ? scrap->slots - scrap->objects : 0;

    printf("Total size of objects: %.2f KB\n", kilobytes(scrap->objects));
    printf("Total size of heaps  : %.2f KB (%.2f KB = %.2f%% unused)\n",
           kilobytes(scrap->slots), kilobytes(unused),
           percent(unused, scrap->slots));
}

void
scrap_print(const struct scrap *scrap, const char *what)
{
    printf("[%.2f MB] %s\n\n", (double)scrap->resident_bytes / 1048576, what);
    printf("Number of objects    : %zu (%zu AST nodes, %.2f%%)\n",
           scrap->objects, scrap->ast_nodes,
           percent(scrap->ast_nodes, scrap->objects));
    printf("Heap slot size       : %d\n", RH_SLOT_BYTES);
    printf("GC cycles so far     : %zu\n", scrap->cycles);
    printf("Number of heaps      : %zu\n", scrap->pages);
    print_sizes(scrap);
    print_slots(scrap, "Leading free slots", scrap->leading);
    print_slots(scrap, "Trailing free slots", scrap->trailing);
    printf("Number of contiguous groups of %d slots: %zu (%.2f%%)\n",
           GROUP_SLOTS, scrap->groups,
           percent(scrap->groups * GROUP_SLOTS, scrap->slots));
    printf("Number of terminal objects: %zu (%.2f%%)\n", scrap->terminals,
           percent(scrap->terminals, scrap->slots));
}
