// SPDX-License-Identifier: MIT
#include "config.h"

#include "progress.h"

#include "clock.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_MS = 500,
    EVERY_MS = 100,
    BAR_COLUMNS = 40
};

void
progress_begin(struct progress *progress, const char *label)
{
    progress->label = label;
    progress->is_wanted = terminal_is(stderr);
    progress->is_shown = false;
    progress->next_ms = clock_ms() + FIRST_MS;
}

static void
draw(const struct progress *progress, uint64_t done, uint64_t total)
{
    char bar[BAR_COLUMNS + 1];
    int filled;

    if (!total) {
        fprintf(stderr, "\r%s: %llu MB", progress->label,
                (unsigned long long)(done >> 20));
        return;
    }
    if (done > total)
        done = total;
    filled = (int)((double)done / (double)total * BAR_COLUMNS);
    memset(bar, '.', BAR_COLUMNS);
    memset(bar, '#', (size_t)filled);
    bar[BAR_COLUMNS] = '\0';
    fprintf(stderr, "\r%s [%s] %3d%%", progress->label, bar,
            (int)((double)done * 100 / (double)total));
}

void
progress_move(struct progress *progress, uint64_t done, uint64_t total)
{
    double now;

    if (!progress->is_wanted)
        return;
    now = clock_ms();
    if (now < progress->next_ms)
        return;
    progress->next_ms = now + EVERY_MS;
    progress->is_shown = true;
    draw(progress, done, total);
    fflush(stderr);
}

void
progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fprintf(stderr, "\r%*s\r", BAR_COLUMNS + 30, "");
    progress->is_shown = false;
}
