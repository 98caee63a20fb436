// SPDX-License-Identifier: MIT
/*
 * roots - what a program holds on to.
 *
 * Four kinds, all precise, all read at the moment of marking: addresses of
 * single words, ranges of words, callbacks, and handles.  Handles are a stack
 * in a reserved range of addresses, so that it grows without moving and a
 * handle's address stays good.  A scope is nothing but a saved height:
 * restoring an outer one closes the inner ones, which is what longjmp needs.
 *
 * INVARIANTS
 *   T1  handles <= handle_top <= handle_end <= handles + max_handles
 *
 * Next: mark.h, following them.
 */
#ifndef RHI_ROOTS_H
#define RHI_ROOTS_H

#include "meter.h"

#include <rheap/fast.h>
#include <rheap/roots.h>

// Words that are roots; a single address is a range of one.
struct rhi_root_range {
    const char *category; // static storage
    void *first;
    size_t count;
};

struct rhi_root_callback {
    const char *category; // static storage
    rh_root_fn trace;
    void *context;
};

struct rhi_roots {
    struct rh_fast *fast; // has the top of the handle stack
    struct rhi_meter *meter;
    struct rh_memory memory;
    struct rhi_root_range *addresses;
    size_t address_count, address_capacity;
    struct rhi_root_range *ranges;
    size_t range_count, range_capacity;
    struct rhi_root_callback *callbacks;
    size_t callback_count, callback_capacity;
    void **handles; // the bottom of the stack
    size_t max_handles;
    size_t handle_step; // bytes of the first commit, whole OS pages
    size_t handle_peak; // highest height seen at a collection or restore
};

// False: no address space for handles.
bool rhi_roots_init(struct rhi_roots *roots, struct rh_fast *fast,
                    struct rhi_meter *meter, const struct rh_config *config);
void rhi_roots_fini(struct rhi_roots *roots);

enum rh_status rhi_roots_add(struct rhi_roots *roots, void *address);
enum rh_status rhi_roots_remove(struct rhi_roots *roots, void *address);
enum rh_status rhi_roots_add_range(struct rhi_roots *roots,
                                   struct rhi_root_range range);
enum rh_status rhi_roots_remove_range(struct rhi_roots *roots, void *first);
enum rh_status rhi_roots_add_callback(struct rhi_roots *roots,
                                      struct rhi_root_callback callback);
enum rh_status rhi_roots_remove_callback(struct rhi_roots *roots,
                                         rh_root_fn trace, void *context);

// Commit more of the handle stack; false: no memory.
bool rhi_roots_grow_handles(struct rhi_roots *roots);

// Told while roots are visited; either function may be NULL.
struct rhi_root_observer {
    // The roots that follow are of this category.
    void (*enter)(const char *category, void *context);
    // A few hundred roots were visited since the last pause, or a callback.
    void (*pause)(void *context);
    void *context; // passed to both
};

// Report every root to `visitor`.
void rhi_roots_visit(struct rhi_roots *roots, struct rh_visitor *visitor,
                     const struct rhi_root_observer *observer);

RHI_INLINE size_t
rhi_roots_handle_count(const struct rhi_roots *roots)
{
    return (size_t)(roots->fast->handle_top - roots->handles);
}

const char *rhi_roots_check(const struct rhi_roots *roots);

#endif
