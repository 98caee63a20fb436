// SPDX-License-Identifier: MIT
#include "config.h"

#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DEFAULT_WIDTH = 80,
    MIN_WIDTH = 20,
    MAX_WIDTH = 400
};

bool
terminal_is(FILE *file)
{
    return isatty(fileno(file));
}

bool
terminal_has_colour(FILE *file)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *kind = getenv("TERM");

    if (no_colour && *no_colour)
        return false;
    if (!kind || strcmp(kind, "dumb") == 0)
        return false;
    return terminal_is(file);
}

int
terminal_width(FILE *file)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int width = columns ? atoi(columns) : 0;

    if (width <= 0 && ioctl(fileno(file), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = DEFAULT_WIDTH;
    if (width < MIN_WIDTH)
        return MIN_WIDTH;
    return width > MAX_WIDTH ? MAX_WIDTH : width;
}
