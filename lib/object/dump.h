// SPDX-License-Identifier: MIT
/*
 * dump - a dump that is being written.
 *
 * Next: particulars.c.
 */
#ifndef RHI_OBJECT_DUMP_H
#define RHI_OBJECT_DUMP_H

#include "object/inside.h"
#include "object/json.h"

enum {
    RHI_DUMP_MAX_SLOTS = 512 // bits in a line
};

struct rhi_dump {
    struct rh_heap *heap;
    unsigned flags;       // of enum rh_dump_flags
    uint64_t since;       // with RH_DUMP_SINCE
    bool ruby;            // the objects are ours
    bool list_open;       // references have been begun
    const void *class_of; // of the object being written; NULL: was skipped
    const char *category; // of the roots being written; NULL: none yet
    size_t run_last;      // of the run before, while runs are linked
    uint16_t after[RHI_DUMP_MAX_SLOTS]; // free slots: the next, or no slot
    struct rhi_json json;
};

// How the address of a slot is written.
uintptr_t rhi_dump_address(const struct rhi_dump *dump, const void *slot);

// The fields that only this type of object has.
void rhi_dump_particulars(struct rhi_dump *dump, struct rhi_object *object);

#endif
