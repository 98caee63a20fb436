// SPDX-License-Identifier: MIT
/*
 * dump_rebuild - one object or root of a dump, when every slot is known.
 *
 * Here the addresses of the file become addresses of the new heap.  Two kinds
 * of edges lead to nothing in real dumps: the class of an internal object,
 * which is dropped and counted, and references to the one object that Ruby 2.7
 * and earlier leave out of every dump, the file that they write it to.
 */
#ifndef TOOLS_DUMP_REBUILD_H
#define TOOLS_DUMP_REBUILD_H

#include "dump_load.h"

struct dump_rebuild {
    struct rh_heap *heap;
    struct dump_store *store;
    const struct dump_layout *layout;
    void *const *slots;
    struct dump_facts *facts;
    bool no_external;
    bool may_dangle;  // edges to nothing are counted, not refused
    uint64_t missing; // the one object that may be missing; 0: none is
    char cause[120];
};

// Entry `i`, whose line is that of an object; to be called for all of them, in
// order.  NULL: done; otherwise what is wrong.
const char *dump_rebuild_object(struct dump_rebuild *rebuild, size_t i);

// Turn the words of a root from addresses into slots, and drop what leads to
// nothing.  NULL: done; otherwise what is wrong.
const char *dump_rebuild_root(struct dump_rebuild *rebuild,
                              struct dump_root *root);

#endif
