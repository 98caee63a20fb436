// SPDX-License-Identifier: MIT
// For heaps without finalizers.
#ifndef BENCH_NO_FINALIZERS_H
#define BENCH_NO_FINALIZERS_H

enum {
    FINALIZES = false
};

static inline void
finalizer_set(struct vm *vm, ref node)
{
    (void)vm;
    (void)node;
}

static inline void
finalizers_run(struct vm *vm)
{
    (void)vm;
}

#endif
