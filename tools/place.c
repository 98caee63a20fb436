// SPDX-License-Identifier: MIT
#include "config.h"

#include "place.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The directory of this program, without an end in "/.libs", where libtool
// keeps programs that are not installed.  False: the system does not tell.
static bool
own_directory(char *path, size_t room)
{
    ssize_t length = readlink("/proc/self/exe", path, room - 1);
    char *slash;

    if (length <= 0)
        return false;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return false;
    *slash = '\0';
    slash = strrchr(path, '/');
    if (slash && strcmp(slash, "/.libs") == 0)
        *slash = '\0';
    return true;
}

// "directory/between/name", if there is such a file.
static char *
try_place(const char *directory, const char *between, const char *name)
{
    char path[PATH_MAX];
    int length =
        snprintf(path, sizeof path, "%s/%s%s", directory, between, name);

    if (length < 0 || (size_t)length >= sizeof path || access(path, R_OK) != 0)
        return NULL;
    return strdup(path);
}

static char *
find(const char *name, const char *moved, const char *installed)
{
    char directory[PATH_MAX];
    char *path = NULL;

    if (own_directory(directory, sizeof directory)) {
        path = try_place(directory, "", name);
        if (!path)
            path = try_place(directory, moved, name);
    }
    return path ? path : try_place(installed, "", name);
}

char *
place_of_data(const char *name)
{
    return find(name, "../share/rheap/", TOOLS_DATA_DIR);
}

char *
place_of_program(const char *name)
{
    return find(name, "../libexec/rheap/", TOOLS_PROGRAM_DIR);
}
