// SPDX-License-Identifier: MIT
// Scopes for heaps that need none: those that are freed by hand, and those
// that find references on the C stack by themselves.
#ifndef BENCH_PLAIN_SCOPES_H
#define BENCH_PLAIN_SCOPES_H

typedef ref held;

static inline size_t
scope_open(struct vm *vm)
{
    (void)vm;
    return 0;
}

static inline void
scope_close(struct vm *vm, size_t scope)
{
    (void)vm;
    (void)scope;
}

static inline held
hold(struct vm *vm, ref node)
{
    (void)vm;
    return node;
}

static inline ref
held_get(held node)
{
    return node;
}

#endif
