// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_peer.h"

#include "fork_reader.h"
#include "place.h"
#include "progress.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Of the rows' `mode`, and what the script is told.
static const struct peer {
    const char *mode;
    const char *interpreter;
    const char *script;
    const char *preparation;
} peers[] = {
    { "ruby-cold", "ruby", "fork_compare.rb", "cold" },
    { "ruby-collected", "ruby", "fork_compare.rb", "collected" },
    { "ruby-compacted", "ruby", "fork_compare.rb", "compacted" },
    { "python-plain", "python3", "fork_compare.py", "plain" },
    { "python-frozen", "python3", "fork_compare.py", "frozen" },
};

struct talk {
    const struct peer *peer;
    pid_t pid;
    FILE *lines;
    int socket;
    fork_row_fn take;
    void *context;
    char system[32];
    struct fork_row row; // of the step under way
    size_t rows;         // taken
};

// --- starting ----------------------------------------------------------------

static char *
step_list(const struct fork_plan *plan)
{
    static char list[FORK_MAX_STEPS * sizeof plan->steps[0].name];

    *list = '\0';
    for (size_t i = 0; i < plan->step_count; i++) {
        if (i)
            strcat(list, ",");
        strcat(list, plan->steps[i].name);
    }
    return list;
}

// posix_spawnp() with a socket for standard input and output; 0 or the error.
static int
spawn(struct talk *talk, char **argv, int end)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error)
        return error;
    posix_spawn_file_actions_adddup2(&actions, end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, end, STDOUT_FILENO);
    error = posix_spawnp(&talk->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int
start(struct talk *talk, char **argv)
{
    int ends[2];
    int error;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return errno;
    error = spawn(talk, argv, ends[1]);
    close(ends[1]);
    talk->socket = ends[0];
    talk->lines = error ? NULL : fdopen(ends[0], "r");
    if (!talk->lines)
        close(ends[0]);
    return error ? error : talk->lines ? 0 : errno;
}

// --- lines -------------------------------------------------------------------

static bool
answer(const struct talk *talk)
{
    return send(talk->socket, "go\n", 3, MSG_NOSIGNAL) == 3;
}

static void
begin_row(struct talk *talk, const char *step)
{
    if (strcmp(talk->row.step, step) == 0)
        return;
    memset(&talk->row, 0, sizeof talk->row);
    snprintf(talk->row.mode, sizeof talk->row.mode, "%s", talk->peer->mode);
    snprintf(talk->row.step, sizeof talk->row.step, "%s", step);
    snprintf(talk->row.system, sizeof talk->row.system, "%s", talk->system);
    talk->row.generation = 1;
    talk->row.is_foreign = true;
}

static void
end_row(struct talk *talk)
{
    talk->take(&talk->row, talk->context);
    talk->rows++;
    *talk->row.step = '\0';
}

static void
take_sample(struct talk *talk, pid_t pid, size_t requests)
{
    struct fork_row *row = &talk->row;
    size_t shared_kb = fork_reader_read(row, pid, talk->pid);

    if (row->sample_count < FORK_MAX_SAMPLES && !*row->error)
        row->samples[row->sample_count++] =
            (struct fork_sample){ requests, shared_kb };
}

// False: the talk is over.
static bool
take_line(struct talk *talk, const char *line)
{
    char step[40];
    char why[128];
    long pid;
    size_t requests;
    double fork_us;
    double bytes;

    if (sscanf(line, "sample %39s %ld %zu", step, &pid, &requests) == 3) {
        begin_row(talk, step);
        take_sample(talk, (pid_t)pid, requests);
        return answer(talk);
    }
    if (sscanf(line, "step %39s %ld %lf %lf", step, &pid, &fork_us, &bytes) ==
        4) {
        begin_row(talk, step);
        talk->row.fork_us = fork_us;
        talk->row.written_bytes = bytes;
        (void)fork_reader_read(&talk->row, (pid_t)pid, talk->pid);
        end_row(talk);
        return answer(talk);
    }
    if (sscanf(line, "version %23s", why) == 1)
        snprintf(talk->system, sizeof talk->system, "%.7s %.23s",
                 talk->peer->interpreter, why);
    else if (sscanf(line, "error %39s %127[^\n]", step, why) == 2) {
        begin_row(talk, step);
        snprintf(talk->row.error, sizeof talk->row.error, "%s", why);
        end_row(talk);
    } else if (sscanf(line, "skip %39s %127[^\n]", step, why) == 2) {
        say("note: %s, %s: %s", talk->peer->mode, step, why);
    }
    return true;
}

static void
hear(struct talk *talk)
{
    char line[256];

    while (fgets(line, sizeof line, talk->lines))
        if (!take_line(talk, line))
            break;
}

// --- ending ------------------------------------------------------------------

static void
note_end(const struct talk *talk, int status)
{
    if (WIFSIGNALED(status))
        say("note: %s was killed by signal %d", talk->peer->mode,
            WTERMSIG(status));
    else if (WEXITSTATUS(status) || !talk->rows)
        say("note: %s could not be measured (%s ended with status %d)",
            talk->peer->mode, talk->peer->interpreter, WEXITSTATUS(status));
}

static void
finish(struct talk *talk)
{
    int status = 0;

    fclose(talk->lines);
    while (waitpid(talk->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    note_end(talk, status);
}

static void
run_peer(struct talk *talk, const struct fork_plan *plan, size_t objects,
         char *script)
{
    char count[32];
    char holes[32];
    char interpreter[16];
    char preparation[16];
    char *argv[] = { interpreter, script,          preparation, count,
                     holes,       step_list(plan), NULL };
    int error;

    snprintf(count, sizeof count, "%zu", objects);
    snprintf(holes, sizeof holes, "%g", plan->holes);
    snprintf(interpreter, sizeof interpreter, "%s", talk->peer->interpreter);
    snprintf(preparation, sizeof preparation, "%s", talk->peer->preparation);
    error = start(talk, argv);
    if (error) {
        say("note: %s is left out: %s: %s", talk->peer->mode,
            talk->peer->interpreter, strerror(error));
        return;
    }
    hear(talk);
    finish(talk);
}

void
fork_peers_run(const struct fork_plan *plan, size_t objects, fork_row_fn take,
               void *context)
{
    struct progress progress;

    fflush(NULL);
    progress_begin(&progress, "comparing");
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        struct talk talk = { .peer = &peers[i],
                             .take = take,
                             .context = context };
        char *script = place_of_data(peers[i].script);

        progress_move(&progress, i, sizeof peers / sizeof peers[0]);
        if (script)
            run_peer(&talk, plan, objects, script);
        else
            say("note: %s is left out: its script %s is not there",
                peers[i].mode, peers[i].script);
        free(script);
    }
    progress_end(&progress);
}
