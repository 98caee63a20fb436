// SPDX-License-Identifier: MIT
#include "config.h"

#include "trim_run.h"

#include "clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_MS = 2,
    MAX_TEXT = 16384
};

struct watch {
    struct trim_run *run;
    pid_t pid;
    int lines;  // that it tells
    int memory; // its statm
    char text[MAX_TEXT];
    size_t length;
    bool has_begun;
    bool has_ended;
    double began_ms;
};

// --- starting ----------------------------------------------------------------

static void
become(const struct trim_start *start, int end)
{
    int nothing = open("/dev/null", O_RDWR);

    dup2(nothing, STDIN_FILENO);
    dup2(end, STDOUT_FILENO);
    // The loader would complain of what is not installed; we do that ourselves.
    if (start->preload)
        dup2(nothing, STDERR_FILENO);
    if (start->preload)
        setenv("LD_PRELOAD", start->preload, 1);
    else
        unsetenv("LD_PRELOAD");
    if (start->arena_max)
        setenv("MALLOC_ARENA_MAX", start->arena_max, 1);
    else
        unsetenv("MALLOC_ARENA_MAX");
    execvp(start->argv[0], start->argv);
    _exit(127);
}

static bool
begin(struct watch *watch, const struct trim_start *start)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fflush(stdout);
    watch->pid = fork();
    if (watch->pid == 0)
        become(start, ends[1]);
    close(ends[1]);
    watch->lines = ends[0];
    if (watch->pid > 0)
        return true;
    close(ends[0]);
    return false;
}

// --- looking -----------------------------------------------------------------

static void
keep(struct trim_series *series, double ms, double kb)
{
    if (series->count == series->room) {
        size_t room = series->room ? 2 * series->room : 1024;
        struct trim_moment *moments =
            realloc(series->moments, room * sizeof *moments);

        if (!moments)
            return; // the chart will end here
        series->moments = moments;
        series->room = room;
    }
    series->moments[series->count++] = (struct trim_moment){ ms, kb };
}

static void
look(struct watch *watch)
{
    char text[128];
    long resident;
    ssize_t length = pread(watch->memory, text, sizeof text - 1, 0);

    if (length <= 0)
        return;
    text[length] = '\0';
    if (sscanf(text, "%*s %ld", &resident) == 1)
        keep(&watch->run->series, clock_ms() - watch->began_ms,
             (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024);
}

static void
begin_looking(struct watch *watch)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)watch->pid);
    watch->memory = open(path, O_RDONLY | O_CLOEXEC);
    watch->began_ms = clock_ms();
    watch->has_begun = true;
    look(watch);
}

// --- listening ---------------------------------------------------------------

static void
take_fact(struct watch *watch, const char *line)
{
    char name[32];
    double value;

    if (sscanf(line, "%31s %lf", name, &value) != 2)
        return;
    for (size_t n = 0; n < TRIM_FACT_COUNT; n++)
        if (strcmp(name, trim_fact_names[n]) == 0)
            watch->run->facts[n] = value;
}

static void
take_line(struct watch *watch, const char *line)
{
    if (strcmp(line, "begin") == 0) {
        begin_looking(watch);
    } else if (strcmp(line, "end") == 0) {
        look(watch);
        watch->has_ended = true;
    } else {
        take_fact(watch, line);
    }
}

static void
take_lines(struct watch *watch)
{
    char *from = watch->text;
    char *end;

    while ((end = memchr(from, '\n',
                         watch->length - (size_t)(from - watch->text)))) {
        *end = '\0';
        take_line(watch, from);
        from = end + 1;
    }
    watch->length -= (size_t)(from - watch->text);
    memmove(watch->text, from, watch->length);
}

// False: nothing more will come.
static bool
listen(struct watch *watch)
{
    struct pollfd descriptor = { .fd = watch->lines, .events = POLLIN };
    bool is_running = watch->has_begun && !watch->has_ended;
    int ready = poll(&descriptor, 1, is_running ? LOOK_MS : -1);
    ssize_t count;

    if (is_running && ready == 0)
        look(watch);
    if (ready <= 0)
        return true;
    count = read(watch->lines, watch->text + watch->length,
                 sizeof watch->text - watch->length);
    if (count <= 0)
        return false;
    watch->length += (size_t)count;
    take_lines(watch);
    return watch->length < sizeof watch->text;
}

// --- together ----------------------------------------------------------------

// Of the time between two looks, both count half.
static void
sum_up(struct trim_run *run)
{
    const struct trim_series *series = &run->series;
    double area = 0;
    double peak = -1;

    for (size_t n = 0; n < series->count; n++) {
        const struct trim_moment *at = &series->moments[n];

        if (at->kb > peak)
            peak = at->kb;
        if (n)
            area += (at->ms - at[-1].ms) * (at->kb + at[-1].kb) / 2;
    }
    run->facts[TRIM_FACT_rss_peak_kb] = peak;
    if (series->count > 1)
        run->facts[TRIM_FACT_rss_mean_kb] =
            area /
            (series->moments[series->count - 1].ms - series->moments[0].ms);
}

bool
trim_run(struct trim_run *run, const struct trim_start *start)
{
    struct watch watch = { .run = run, .memory = -1 };
    int status = 0;

    *run = (struct trim_run){ .series = { .count = 0 } };
    for (size_t n = 0; n < TRIM_FACT_COUNT; n++)
        run->facts[n] = -1;
    if (!begin(&watch, start))
        return false;
    while (listen(&watch))
        continue;
    close(watch.lines);
    if (watch.memory >= 0)
        close(watch.memory);
    while (waitpid(watch.pid, &status, 0) < 0)
        continue;
    sum_up(run);
    return watch.has_ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
trim_run_free(struct trim_run *run)
{
    free(run->series.moments);
    run->series.moments = NULL;
}
