// SPDX-License-Identifier: MIT
/*
 * check - what the tests share.
 *
 * A test makes a struct check_world: a heap whose memory and whose allocator
 * count everything and can be told to fail.  check_close() frees the heap and
 * insists that every byte came back, so each test is a leak test, too.
 *
 *     struct check_world world;
 *
 *     check_open(&world);
 *     ... world.heap ...
 *     check_close(&world);
 *
 * Objects are nodes with two references, and perhaps a buffer.  check_heap()
 * verifies a heap and the identities of its statistics; a test calls it after
 * every operation.  Only public headers are used here, so that the same file
 * serves tests of the installed library and of its chapters.
 */
#ifndef CHECK_H
#define CHECK_H

// cmocka wants these, in this order.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <rheap/config.h>
#include <rheap/constants.h>
#include <rheap/event.h>
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/image.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/trim.h>
#include <rheap/verify.h>
#include <rheap/walk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_COUNT(array) (sizeof(array) / sizeof(array)[0])

// Failing on purpose: the call that makes `calls` equal to `fail_at` fails;
// 0: none.  With `for_good`, all later ones fail, too.
struct check_faults {
    size_t calls;
    size_t fail_at;
    bool for_good;
    bool failed; // it has happened
};

// An allocator that knows every block.
struct check_block;
struct check_allocator {
    struct check_faults *faults;
    struct check_block *first;
    size_t blocks; // out now
    size_t bytes;  // out now
    size_t trims;  // calls of `trim`
    bool trim_finds;
};

struct check_range {
    char *address;
    size_t bytes;
};

// Memory that knows every reservation.  A reservation above max_reserve is
// refused, and a single commit above max_commit; 0: no limit.
enum {
    CHECK_RANGES = 64
};
struct check_memory {
    struct rh_memory system;
    struct check_faults *faults;
    size_t unit; // what sizes must be multiples of
    struct check_range reserved[CHECK_RANGES];
    size_t reserved_count;
    size_t reserved_bytes;
    size_t reserve_calls, commit_calls, release_calls, unreserve_calls;
    size_t committed; // bytes ever committed
    size_t max_reserve;
    size_t max_commit;
    bool refuse_commit;
    bool refuse_release;
    struct check_range released[CHECK_RANGES]; // the first ones
};

// A heap, all that it stands on, and what its nodes did.
struct check_world {
    struct check_faults faults;
    struct check_allocator allocator;
    struct check_memory memory;
    struct rh_config config;
    struct rh_heap *heap;
    size_t released; // nodes whose release function ran
};

// Fill the config: nodes, counting memory and allocator, panics that fail the
// test unless they are expected.  Makes no heap.
void check_prepare(struct check_world *world);

// Make the heap of a prepared world; fails the test when there is none.
void check_make(struct check_world *world);

// Both.
void check_open(struct check_world *world);

// Both, for a generational heap.
void check_open_generational(struct check_world *world);

// Free the heap; everything must have come back.
void check_close(struct check_world *world);

// Give everything back behind the heap's back: after a panic.
void check_abandon(struct check_world *world);

// Make `faults` strike at the n-th call from now; 0: never again.
void check_fail_at(struct check_faults *faults, size_t n);

void check_allocator_init(struct check_allocator *allocator,
                          struct check_faults *faults,
                          struct rh_allocator *interface);
void check_memory_init(struct check_memory *memory, struct check_faults *faults,
                       struct rh_memory *interface, size_t page_bytes);

// An object of 40 bytes.  A zeroed one refers to nothing.
struct node {
    uint64_t tag;
    struct node *left;
    struct node *right;
    void *buffer; // external, freed by release; NULL: none
    size_t bytes; // of buffer
};

enum {
    NODE = 0x6e6f6465
};

// Traces left, then right; frees the buffer of a dead node.
extern const struct rh_model check_node_model;

// A node with these references; the caller holds them by roots.
struct node *check_node(struct rh_heap *heap, struct node *left,
                        struct node *right);

// A node with a buffer.
struct node *check_buffer(struct rh_heap *heap, size_t bytes);

// Store a reference, and say so.
void check_set_left(struct rh_heap *heap, struct node *node,
                    struct node *child);
void check_set_right(struct rh_heap *heap, struct node *node,
                     struct node *child);

// The first node of a new list of `count`, linked by `right`; NULL for none.
// Holds what it makes while it makes it.
struct node *check_list(struct rh_heap *heap, size_t count);

size_t check_list_length(const struct node *list);

// Garbage.
void check_waste(struct rh_heap *heap, size_t count);

// Verify the heap and its statistics, or fail with the invariant's number.
#define check_heap(heap) check_heap_at(heap, __FILE__, __LINE__)
void check_heap_at(struct rh_heap *heap, const char *file, int line);

// Expect a violation of just this invariant.
#define check_broken(heap, invariant)                                          \
    check_broken_at(heap, invariant, __FILE__, __LINE__)
void check_broken_at(struct rh_heap *heap, const char *invariant,
                     const char *file, int line);

// Whether the identities of the statistics hold.
bool check_identities(const struct rh_heap *heap);

// One number of the statistics.
uint64_t check_stat(const struct rh_heap *heap, const char *name);

// Root and unroot, or fail.
void check_root(struct rh_heap *heap, void *address);
void check_unroot(struct rh_heap *heap, void *address);

// Expect that `statement` panics with a message that contains `text`.  The
// heap is then where the panic left it: see check_abandon().
#define check_panics(text, statement)                                          \
    do {                                                                       \
        if (setjmp(*check_panic_begin()) == 0) {                               \
            statement;                                                         \
            fail_msg("no panic: %s", #statement);                              \
        }                                                                      \
        check_panic_end(text, __FILE__, __LINE__);                             \
    } while (0)
jmp_buf *check_panic_begin(void);
void check_panic_end(const char *text, const char *file, int line);

// The hook behind it; fails the test when no panic is expected.
void check_panic(struct rh_heap *heap, const char *message, void *context);

// Numbers that look random, from a state that the caller keeps.
uint64_t check_random(uint64_t *state);

// One of 0..limit-1.
size_t check_random_below(uint64_t *state, size_t limit);

// RH_SEED from the environment, or one from the clock; printed.
uint64_t check_seed(void);

#endif
