// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_marks.h"

#include "place.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *own_marks = "table";

const char *
fork_marks(void)
{
    return own_marks;
}

void
fork_marks_are(const char *marks)
{
    own_marks = marks;
}

bool
fork_marks_known(const char *marks)
{
    return strcmp(marks, "table") == 0 || strcmp(marks, "page") == 0 ||
           strcmp(marks, "slot") == 0;
}

// `argv` with the program in front; NULL: no memory.
static char **
arguments(char *path, int argc, char **argv)
{
    char **list = calloc((size_t)argc + 2, sizeof *list);

    if (!list)
        return NULL;
    list[0] = path;
    memcpy(list + 1, argv, (size_t)argc * sizeof *list);
    return list;
}

void
fork_marks_become(const char *marks, int argc, char **argv)
{
    char name[40];
    char *path;
    char **list;

    snprintf(name, sizeof name, "rheap-marks-%s", marks);
    path = place_of_program(name);
    if (!path) {
        say("--marks=%s wants the program %s, which is not there", marks, name);
        return;
    }
    list = arguments(path, argc, argv);
    if (list) {
        fflush(NULL);
        execv(path, list);
    }
    say_about(path, 0, strerror(errno));
    free(list);
    free(path);
}
