// SPDX-License-Identifier: MIT
#include "config.h"

#include "base.h"

void
rhi_panic(const struct rhi_panic *panic, const char *message)
{
    if (panic && panic->hook)
        panic->hook(panic->heap, message, panic->context);
    __builtin_trap();
}
