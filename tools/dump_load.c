// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_load.h"

#include "clock.h"
#include "dump_reader.h"
#include "dump_rebuild.h"
#include "progress.h"
#include "say.h"

#include <rheap/constants.h>
#include <rheap/image.h>
#include <rheap/roots.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINES_PER_MOVE = 4096 // of the progress bar
};

struct loader {
    const char *name; // of the file, for messages
    const struct dump_options *options;
    struct dump_heap *dump;
    struct dump_store store;
    struct dump_layout layout;
    void **slots; // by entry number; NULL for a free slot
};

static bool
refuse(const struct loader *loader, unsigned long line, const char *cause)
{
    say_about(loader->name, line, cause);
    return false;
}

// --- 1. read -----------------------------------------------------------------

// A bad line: the end, or one more to count.
static bool
tolerate(struct loader *loader, unsigned long line, const char *cause)
{
    if (!loader->options->skip_bad_lines)
        return refuse(loader, line, cause);
    if (loader->dump->facts.bad_lines++ == 0) {
        char text[320];

        snprintf(text, sizeof text, "skipped: %s", cause);
        say_about(loader->name, line, text);
    }
    return true;
}

static bool
read_line(struct loader *loader, struct dump_reader *reader,
          enum dump_result result, const struct dump_record *record)
{
    const char *wrong = result == DUMP_LINE
                            ? dump_store_add(&loader->store, record)
                            : dump_reader_cause(reader);
    unsigned long line = dump_reader_line(reader);

    if (result == DUMP_FAILED)
        return refuse(loader, line, wrong);
    return !wrong || tolerate(loader, line, wrong);
}

static bool
read_lines(struct loader *loader, struct dump_reader *reader,
           const struct input *input)
{
    const struct dump_record *record = NULL;
    struct progress progress;
    enum dump_result result;
    bool is_good = true;

    progress_begin(&progress, "reading");
    while (is_good &&
           (result = dump_reader_next(reader, &record)) != DUMP_END) {
        is_good = read_line(loader, reader, result, record);
        if (dump_reader_line(reader) % LINES_PER_MOVE == 0)
            progress_move(&progress, input_position(input), input->total_bytes);
    }
    progress_end(&progress);
    return is_good;
}

static bool
read_input(struct loader *loader, struct input *input)
{
    struct dump_reader *reader = dump_reader_new(input);
    bool is_good;

    if (!reader)
        return refuse(loader, 0, "not enough memory to read it");
    is_good = read_lines(loader, reader, input);
    if (is_good && !loader->store.count)
        is_good = refuse(loader, 0,
                         dump_reader_line(reader) > 1
                             ? "no object in it: not a heap dump?"
                             : "is empty: not a line of a heap dump");
    dump_reader_free(reader);
    return is_good;
}

static bool
read_file(struct loader *loader, const char *path)
{
    struct input input;
    bool is_good;

    if (!input_open(&input, path))
        return refuse(loader, 0, input.cause);
    loader->name = input.name;
    is_good = read_input(loader, &input);
    input_close(&input);
    return is_good;
}

// --- 2. place ----------------------------------------------------------------

static bool
make_heap(struct loader *loader)
{
    struct rh_config config;

    rh_config_init(&config);
    config.initial_slots = 0;
    config.generational = loader->options->generational;
    config.huge_pages = loader->options->huge_pages;
    loader->dump->heap = rh_heap_new(&config);
    if (!loader->dump->heap)
        return refuse(loader, 0, "no memory or address space for its heap");
    if (rh_image_begin(loader->dump->heap) != RH_OK)
        return refuse(loader, 0, "its heap cannot be built");
    return true;
}

// An entry that can have no place is as bad as a bad line.
static bool
drop(struct loader *loader, size_t i, const char *cause)
{
    if (!tolerate(loader, loader->store.entries[i].line, cause))
        return false;
    dump_store_drop(&loader->store, i);
    return true;
}

static bool
drop_faulty(struct loader *loader)
{
    const char *cause;

    for (size_t i = 0; i < loader->store.count; i++) {
        cause = dump_layout_fault(&loader->layout, &loader->store, i);
        if (cause && !drop(loader, i, cause))
            return false;
    }
    return true;
}

static bool
may_be_hole(const struct dump_entry *entry)
{
    return dump_entry_is_object(entry) && entry->type != DUMP_CLASS &&
           entry->type != DUMP_MODULE && entry->type != DUMP_ICLASS;
}

// Evenly over the file, which is to say over the heap.
static void
drop_holes(struct loader *loader)
{
    struct dump_store *store = &loader->store;
    double share = loader->options->holes / 100;
    size_t seen = 0;
    size_t dropped = 0;

    for (size_t i = 0; i < store->count; i++) {
        if (!may_be_hole(&store->entries[i]) ||
            (double)dropped >= (double)++seen * share)
            continue;
        dump_store_drop(store, i);
        dropped++;
    }
}

static bool
plan(struct loader *loader)
{
    const char *cause = dump_layout_choose(&loader->layout, &loader->store,
                                           loader->options->layout);

    if (cause)
        return refuse(loader, 0, cause);
    if (!drop_faulty(loader))
        return false;
    drop_holes(loader);
    cause = dump_layout_plan(&loader->layout, &loader->store,
                             rh_heap_max_pages(loader->dump->heap));
    return cause ? refuse(loader, 0, cause) : true;
}

// Pages that hold free slots only are pages, too.
static bool
place_pages(struct loader *loader)
{
    for (size_t n = 0; n < loader->layout.page_count; n++) {
        size_t page = dump_layout_page(&loader->layout, n);

        if (rh_image_page(loader->dump->heap, page) != RH_OK)
            return refuse(loader, 0, "not enough memory for its pages");
    }
    return true;
}

static bool
place_object(struct loader *loader, size_t i)
{
    struct rh_position position =
        dump_layout_next(&loader->layout, &loader->store, i);
    enum rh_status status;

    loader->slots[i] = rh_image_place(loader->dump->heap, position, &status);
    if (loader->slots[i])
        return true;
    if (status == RH_OCCUPIED)
        return drop(loader, i,
                    "another object has the same \"x_page\" and "
                    "\"x_slot\"");
    return refuse(loader, loader->store.entries[i].line,
                  rh_status_string(status));
}

static bool
place(struct loader *loader)
{
    struct dump_store *store = &loader->store;

    loader->slots = calloc(store->count, sizeof *loader->slots);
    if (!loader->slots)
        return refuse(loader, 0, "not enough memory for so many objects");
    if (!place_pages(loader))
        return false;
    for (size_t i = 0; i < store->count; i++)
        if (dump_entry_is_object(&store->entries[i]) &&
            !place_object(loader, i))
            return false;
    return true;
}

// --- 3. rebuild --------------------------------------------------------------

// More memory outside the slots than the machine has would end in the hands
// of the system's out-of-memory killer.
static bool
check_external(struct loader *loader)
{
    double physical =
        (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double wanted = (double)loader->store.memsize;
    char cause[120];

    if (loader->options->no_external || wanted < physical)
        return true;
    snprintf(cause, sizeof cause,
             "its objects hold %.0f MB, more than this machine has (%.0f MB); "
             "--no-external allocates nothing outside the slots",
             wanted / 1048576, physical / 1048576);
    return refuse(loader, 0, cause);
}

static bool
rebuild(struct loader *loader)
{
    struct dump_store *store = &loader->store;
    struct dump_rebuild rebuild = {
        .heap = loader->dump->heap,
        .store = store,
        .layout = &loader->layout,
        .slots = loader->slots,
        .facts = &loader->dump->facts,
        .no_external = loader->options->no_external,
        .may_dangle = loader->options->skip_bad_lines || !store->root_count ||
                      loader->options->holes > 0,
    };
    const char *wrong;

    for (size_t i = 0; i < store->count; i++) {
        if (!dump_type_is_object((enum dump_type)store->entries[i].type))
            continue;
        wrong = dump_rebuild_object(&rebuild, i);
        if (wrong)
            return refuse(loader, store->entries[i].line, wrong);
    }
    loader->dump->words = tape_take_words(&store->tape);
    for (size_t i = 0; i < store->root_count; i++) {
        wrong = dump_rebuild_root(&rebuild, &store->roots[i]);
        if (wrong)
            return refuse(loader, store->roots[i].line, wrong);
    }
    if (rebuild.missing)
        say_about(loader->name, 0,
                  "note: one object is referred to and missing, the file that "
                  "this dump was written to (Ruby 2.7 and earlier leave it "
                  "out)");
    return true;
}

// --- 4. roots ----------------------------------------------------------------

// Without ROOT lines (since:) every object is a root.
static bool
root_all(struct loader *loader)
{
    struct dump_store *store = &loader->store;
    struct dump_root *root = calloc(1, sizeof *root);

    if (!root)
        return refuse(loader, 0, "not enough memory for the roots");
    store->roots = root;
    store->root_count = 1;
    root->category = strdup("all_objects");
    root->words = malloc(store->count * sizeof *root->words);
    if (!root->category || !root->words)
        return refuse(loader, 0, "not enough memory for the roots");
    for (size_t i = 0; i < store->count; i++)
        if (loader->slots[i])
            root->words[root->count++] = (uintptr_t)loader->slots[i];
    return true;
}

static bool
add_roots(struct loader *loader)
{
    struct dump_heap *dump = loader->dump;

    if (!loader->store.root_count && !root_all(loader))
        return false;
    dump->roots = loader->store.roots;
    dump->root_count = loader->store.root_count;
    loader->store.roots = NULL;
    loader->store.root_count = 0;
    for (size_t i = 0; i < dump->root_count; i++) {
        struct dump_root *root = &dump->roots[i];

        dump->facts.root_references += root->count;
        if (root->count && rh_root_add_range(dump->heap, root->category,
                                             root->words, root->count) != RH_OK)
            return refuse(loader, root->line,
                          "not enough memory for the roots");
    }
    return true;
}

// --- together ----------------------------------------------------------------

static void
note_facts(struct loader *loader)
{
    struct dump_facts *facts = &loader->dump->facts;
    const struct dump_layout *layout = &loader->layout;

    facts->objects = loader->store.objects;
    facts->root_lines = loader->store.root_count;
    facts->shape_lines = loader->store.shape_lines;
    facts->free_lines = loader->store.free_lines;
    facts->pages = layout->page_count;
    facts->gaps_closed = layout->gaps_closed;
    facts->is_fresh = layout->kind == DUMP_LAYOUT_FRESH;
    facts->overflow = layout->overflow;
    facts->overflow_page = layout->overflow_page;
    facts->span = dump_layout_span(layout);
}

static bool
build(struct loader *loader)
{
    if (!check_external(loader) || !make_heap(loader) || !plan(loader))
        return false;
    if (!place(loader) || !rebuild(loader))
        return false;
    note_facts(loader);
    if (!add_roots(loader))
        return false;
    rh_image_end(loader->dump->heap);
    return true;
}

static void
finish(struct loader *loader)
{
    dump_roots_free(loader->store.roots, loader->store.root_count);
    dump_store_free(&loader->store);
    dump_layout_free(&loader->layout);
    free(loader->slots);
}

bool
dump_load(struct dump_heap *dump, const char *path,
          const struct dump_options *options)
{
    struct loader loader = { .name = path, .options = options, .dump = dump };
    double start = clock_ms();
    bool is_good;

    memset(dump, 0, sizeof *dump);
    is_good = read_file(&loader, path) && build(&loader);
    finish(&loader);
    if (!is_good)
        dump_unload(dump);
    dump->facts.load_ms = clock_ms() - start;
    return is_good;
}

bool
dump_page_is_ours(const struct dump_facts *facts, size_t page)
{
    return facts->overflow && page >= facts->overflow_page;
}

void
dump_unload(struct dump_heap *dump)
{
    rh_heap_free(dump->heap);
    dump_roots_free(dump->roots, dump->root_count);
    words_free(&dump->words);
    dump->heap = NULL;
    dump->roots = NULL;
    dump->root_count = 0;
}
