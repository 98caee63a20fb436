// SPDX-License-Identifier: MIT
/*
 * scrap - the block of statistics that Scrap printed for every request.
 *
 * Scrap was a page inside a Rails program under Ruby Enterprise Edition; its
 * numbers came from ObjectSpace.statistics.  The rules are that function's:
 *
 *   AST nodes          internal to the interpreter: NODE, ICLASS and singleton
 *                      classes; percent of objects
 *   heaps              ours are pages
 *   leading free       free slots before the first live one of each page; a
 *                      page without live ones is all leading
 *   trailing free      free slots behind the last live one
 *   groups of 16       aligned groups of 16 slots that are all free; percent
 *                      of all slots
 *   terminal objects   FILE, REGEXP, FLOAT, BIGNUM and classes that are not
 *                      singletons; percent of all slots, not of objects
 */
#ifndef TOOLS_SCRAP_H
#define TOOLS_SCRAP_H

#include "figures.h"

struct scrap {
    size_t objects;
    size_t ast_nodes;
    size_t terminals;
    size_t cycles;
    size_t pages;
    size_t slots;
    size_t leading;
    size_t trailing;
    size_t groups;
    size_t resident_bytes; // of this process
};

void scrap_take(struct scrap *scrap, const struct dump_heap *dump);

// `what` stands where Scrap had the request: "GET /movies".
void scrap_print(const struct scrap *scrap, const char *what);

#endif
