// SPDX-License-Identifier: MIT
#include "config.h"

#include "page_picture.h"

#include "terminal.h"
#include "text.h"

#include <ctype.h>

enum {
    ROW_SLOTS = 52
};

// Colours of the 256 by kind; letters say the same.
static const int colours[PAGE_KINDS + 1] = { 124, 25, 28, 90, 94, 240, 250 };

static void
print_slot(const struct page_slot *slot, bool in_colour)
{
    char letter = page_letter(slot->type);

    if (letter != '.' && !slot->is_marked)
        letter = (char)tolower((unsigned char)letter);
    if (in_colour)
        printf("\033[38;5;%dm%c\033[0m", colours[page_kind(slot->type)],
               letter);
    else
        putchar(letter);
}

// The first slot that begins on an OS page.
static size_t
first_slot_on(size_t os_page)
{
    size_t slot = 0;

    while (page_slot_offset(slot) < os_page * OS_PAGE_BYTES)
        slot++;
    return slot;
}

static void
print_border(size_t os_page)
{
    size_t start = os_page * OS_PAGE_BYTES;
    size_t first = first_slot_on(os_page);
    size_t spill = page_slot_offset(first) - start;

    printf("-- OS page %zu, bytes %zu to %zu", os_page, start,
           start + OS_PAGE_BYTES - 1);
    if (os_page == 0)
        printf(", begins with the header of %d bytes", RH_PAGE_HEADER_BYTES);
    else if (spill)
        printf(", begins inside slot %zu", first - 1);
    putchar('\n');
}

static void
print_os_page(const struct page_picture *picture, size_t os_page,
              bool in_colour)
{
    size_t first = first_slot_on(os_page);
    size_t end =
        os_page + 1 < OS_PAGES ? first_slot_on(os_page + 1) : RH_SLOTS_PER_PAGE;

    print_border(os_page);
    for (size_t slot = first; slot < end; slot++) {
        if ((slot - first) % ROW_SLOTS == 0)
            printf("%s%5zu  ", slot == first ? "" : "\n", slot);
        print_slot(&picture->slots[slot], in_colour);
    }
    putchar('\n');
}

static void
print_runs(const struct page_picture *picture)
{
    int column = 0;

    printf("\nfree runs in the order in which they will be handed out:\n");
    if (!picture->run_count)
        printf("  none: the page is full\n");
    for (size_t i = 0; i < picture->run_count; i++) {
        const struct page_run *run = &picture->runs[i];
        char word[48];
        int length = run->count == 1
                         ? snprintf(word, sizeof word, "%zu", run->first)
                         : snprintf(word, sizeof word, "%zu-%zu", run->first,
                                    run->first + run->count - 1);

        if (column + length + 4 > 76)
            column = 0;
        column += printf("%s%s", column ? " -> " : i ? "\n  -> " : "  ", word);
    }
    if (picture->run_count)
        putchar('\n');
}

static void
print_legend(const struct page_picture *picture, bool in_colour)
{
    size_t count[PAGE_KINDS + 1] = { 0 };

    for (size_t slot = 0; slot < RH_SLOTS_PER_PAGE; slot++)
        count[page_kind(picture->slots[slot].type)]++;
    putchar('\n');
    for (unsigned kind = 0; kind <= PAGE_KINDS; kind++) {
        if (in_colour)
            printf("\033[38;5;%dm", colours[kind]);
        printf("%6zu  %s%s\n", count[kind], page_kind_name(kind),
               kind == PAGE_KINDS ? ": a dot" : "");
        if (in_colour)
            printf("\033[0m");
    }
    printf("%6zu  marked, found alive by the last collection: a capital "
           "letter\n",
           picture->marked);
}

void
page_picture_print(const struct page_picture *picture)
{
    bool in_colour = terminal_has_colour(stdout);

    printf("%s, page %zu (%s) at %p: %s, %s\n\n", picture->title, picture->page,
           picture->state, picture->address,
           text_of(picture->live, "object").text,
           text_of(RH_SLOTS_PER_PAGE - picture->live, "free slot").text);
    for (size_t os_page = 0; os_page < OS_PAGES; os_page++)
        print_os_page(picture, os_page, in_colour);
    print_runs(picture);
    print_legend(picture, in_colour);
}
