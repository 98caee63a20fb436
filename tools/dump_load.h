// SPDX-License-Identifier: MIT
/*
 * dump_load - from a dump to a living heap: what every command with a dump
 * uses.
 *
 * In four steps, of which only the first reads the file:
 *
 *   1. read     every line goes into the store (dump_store.h)
 *   2. place    the layout is planned and every object gets its slot
 *   3. rebuild  every slot becomes the object that its line describes, with
 *               references to the new slots, and memory outside
 *   4. roots    the words of the ROOT lines become root ranges
 *
 * What is wrong with a dump is said on standard error with file, line and
 * cause.
 */
#ifndef TOOLS_DUMP_LOAD_H
#define TOOLS_DUMP_LOAD_H

#include "dump_layout.h"
#include "words.h"

#include <rheap/heap.h>

struct dump_options {
    enum dump_layout_kind layout;
    bool skip_bad_lines; // count them and go on; edges to nothing, too
    bool no_external;    // account for memory outside, allocate nothing
    bool generational;   // of its heap: rh_config
    bool huge_pages;
    double holes; // leave out so many of a hundred objects, as if they had
                  // died; never classes
};

// What the dump said, beside the objects themselves.
struct dump_facts {
    size_t objects;
    size_t root_references; // that lead to an object
    size_t root_lines;
    size_t shape_lines;
    size_t free_lines;
    size_t bad_lines;
    size_t unknown_class; // objects whose class is no object of the dump
    size_t dangling;      // references to nothing
    size_t overflow;      // objects on overflow pages
    size_t overflow_page; // the first of these
    size_t pages;         // of the dump, overflow left out
    size_t span;          // from its lowest to its highest page
    size_t gaps_closed;
    bool is_fresh;
    double load_ms;
};

struct dump_heap {
    struct rh_heap *heap;
    struct dump_facts facts;
    struct dump_root *roots; // their words are roots of the heap
    size_t root_count;
    struct words words; // of the sites of objects
};

// Whether a page of the heap is an overflow page, which the dump knows nothing
// of.
bool dump_page_is_ours(const struct dump_facts *facts, size_t page);

// False: what is wrong has been said, and there is nothing to free.
bool dump_load(struct dump_heap *dump, const char *path,
               const struct dump_options *options);

void dump_unload(struct dump_heap *dump);

#endif
