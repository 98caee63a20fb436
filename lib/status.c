// SPDX-License-Identifier: MIT
#include "config.h"

#include <rheap/status.h>

const char *
rh_status_string(enum rh_status status)
{
    static const char *const strings[] = {
        [RH_OK] = "success",
        [RH_NO_MEMORY] = "no memory",
        [RH_BAD_ARGUMENT] = "bad argument",
        [RH_OCCUPIED] = "already taken",
        [RH_NOT_FOUND] = "not found",
        [RH_BUSY] = "busy: a collection or a walk is under way",
        [RH_UNSUPPORTED] = "not supported here",
        [RH_BROKEN] = "the heap is broken",
        [RH_STOPPED] = "stopped by the callback",
    };
    size_t n = (size_t)status;

    if (n >= sizeof strings / sizeof strings[0] || !strings[n])
        return "unknown status";
    return strings[n];
}
