// SPDX-License-Identifier: MIT
#include "config.h"

#include "fork_lab.h"

#include "clock.h"
#include "fork_step.h"
#include "progress.h"

#include <rheap/fork.h>
#include <rheap/sharing.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MATURING_REQUESTS = 200 // that the first child serves before it forks
};

// A child, as its parent sees it.
struct worker {
    pid_t pid;  // 0: there is none
    int socket; // to it, or -1
    struct fork_row row;
};

// A child, as it sees itself.
struct child {
    struct fork_lab *lab;
    int socket;
    struct fork_row row;
};

// --- talking -----------------------------------------------------------------

static bool
send_all(int socket, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count) {
        ssize_t sent = send(socket, from, count, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        from += sent;
        count -= (size_t)sent;
    }
    return true;
}

static bool
receive_all(int socket, void *bytes, size_t count)
{
    char *to = bytes;

    while (count) {
        ssize_t received = recv(socket, to, count, 0);

        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return false;
        to += received;
        count -= (size_t)received;
    }
    return true;
}

// A barrier: nothing but the news that the other has come so far.
static bool
tell(int socket)
{
    return send_all(socket, "", 1);
}

static bool
await(int socket)
{
    char byte;

    return receive_all(socket, &byte, 1);
}

// --- rows --------------------------------------------------------------------

static void
begin_row(struct fork_row *row, const struct fork_lab *lab, const char *step,
          size_t worker)
{
    memset(row, 0, sizeof *row);
    snprintf(row->mode, sizeof row->mode, "%s", fork_plan_mode(lab->plan));
    snprintf(row->marks, sizeof row->marks, "%s", lab->plan->marks);
    snprintf(row->step, sizeof row->step, "%s", step);
    row->worker = (unsigned)worker;
    row->generation = lab->generation;
}

static size_t
kb(size_t bytes)
{
    return bytes / 1024;
}

static void
set_figures(struct fork_row *row, const struct rh_sharing *sharing)
{
    row->body_private_kb = kb(sharing->body.private_bytes);
    row->table_private_kb =
        kb(sharing->table.private_bytes + sharing->table.own_bytes);
    row->external_private_kb = kb(sharing->external.private_bytes);
    row->other_private_kb = kb(sharing->other.private_bytes);
    row->own_kb = kb(sharing->body.own_bytes);
    row->body_shared_kb = kb(sharing->body.shared_bytes);
    row->heap_kb = kb(sharing->heap_bytes);
    row->rss_kb = kb(sharing->resident_bytes);
    row->pss_kb = kb(sharing->proportional_bytes);
    row->huge_kb = kb(sharing->huge_bytes);
    row->has_frames = sharing->frames;
    for (int n = 0; n < RH_SHARING_PHASE_COUNT; n++)
        row->causes[n] = kb(sharing->caused_bytes[n]);
}

// --- in the child ------------------------------------------------------------

static bool
look(struct child *child, struct rh_sharing *sharing)
{
    enum rh_status status;

    sharing->struct_bytes = sizeof *sharing;
    if (*child->lab->blind) {
        snprintf(child->row.error, sizeof child->row.error, "%s",
                 child->lab->blind);
        return false;
    }
    status = rh_sharing_read(child->lab->live->heap, sharing);
    if (status != RH_OK)
        snprintf(child->row.error, sizeof child->row.error,
                 "what is shared cannot be read: %s", rh_status_string(status));
    return status == RH_OK;
}

static void
take_sample(size_t requests, void *context)
{
    struct child *child = context;
    struct fork_row *row = &child->row;
    struct rh_sharing sharing;

    if (row->sample_count == FORK_MAX_SAMPLES || !look(child, &sharing))
        return;
    row->samples[row->sample_count++] = (struct fork_sample){
        .requests = requests,
        .shared_kb =
            kb(sharing.body.shared_bytes + sharing.external.shared_bytes),
    };
}

static void
measure(struct child *child)
{
    struct rh_sharing sharing;

    if (!*child->row.error && look(child, &sharing))
        set_figures(&child->row, &sharing);
}

static void
do_step(struct child *child, const struct fork_step *step)
{
    struct fork_work work = {
        .live = child->lab->live,
        .step = step,
        .sample = take_sample,
        .context = child,
    };

    if (!fork_step_run(&work))
        snprintf(child->row.error, sizeof child->row.error,
                 "the child has not enough memory");
    child->row.written_bytes = work.written_bytes;
}

// Ends by _exit(): what exit() would run belongs to the parent.
static _Noreturn void
be_child(struct child *child, const struct fork_step *step)
{
    do_step(child, step);
    if (tell(child->socket) && await(child->socket)) {
        measure(child);
        if (send_all(child->socket, &child->row, sizeof child->row))
            (void)await(child->socket); // until all have been measured
    }
    _exit(0);
}

// --- forking -----------------------------------------------------------------

// Our ends of the sockets of children: a child must not keep its elder
// siblings' open.
static void
close_others(const struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (workers[i].socket >= 0)
            close(workers[i].socket);
}

static void
refuse(struct worker *worker, const char *what, int error)
{
    snprintf(worker->row.error, sizeof worker->row.error, "%s: %s", what,
             strerror(error));
}

// As fork(), and the heap told.  *socket is the end for who gets the answer.
static pid_t
fork_heap(struct fork_lab *lab, int *socket, double *fork_us)
{
    int ends[2];
    double start;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    rh_heap_before_fork(lab->live->heap);
    start = clock_ms();
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody would read the answer
        rh_heap_after_fork_child(lab->live->heap);
        close(ends[0]);
        *socket = ends[1];
        return 0;
    }
    *fork_us = (clock_ms() - start) * 1000;
    rh_heap_after_fork_parent(lab->live->heap);
    close(ends[1]);
    *socket = ends[0];
    if (pid < 0) {
        int error = errno;

        close(ends[0]);
        *socket = -1;
        errno = error;
    }
    return pid;
}

static void
start_worker(struct fork_lab *lab, struct worker *workers, size_t i,
             const struct fork_step *step)
{
    struct worker *worker = &workers[i];
    struct child child = { .lab = lab };

    begin_row(&worker->row, lab, step->name, i);
    worker->socket = -1;
    errno = 0;
    worker->pid = fork_heap(lab, &worker->socket, &worker->row.fork_us);
    if (worker->pid < 0) {
        refuse(worker, "fork failed", errno);
        worker->pid = 0;
    }
    if (worker->pid || *worker->row.error)
        return;
    close_others(workers, i);
    child.socket = worker->socket;
    child.row = worker->row;
    be_child(&child, step);
}

// --- gathering ---------------------------------------------------------------

static void
note_death(struct worker *worker)
{
    char *error = worker->row.error;
    size_t room = sizeof worker->row.error;
    int status = 0;

    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    worker->pid = 0;
    if (WIFSIGNALED(status))
        snprintf(error, room, "the child was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(error, room, "the child ended with status %d",
                 WEXITSTATUS(status));
}

static void
gather(struct worker *worker)
{
    struct fork_row row;

    if (!worker->pid)
        return;
    if (!tell(worker->socket) ||
        !receive_all(worker->socket, &row, sizeof row)) {
        note_death(worker);
        return;
    }
    row.fork_us = worker->row.fork_us;
    worker->row = row;
}

static void
dismiss(struct worker *worker)
{
    if (worker->socket >= 0)
        close(worker->socket);
    if (!worker->pid)
        return;
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void
run_step(struct fork_lab *lab, const struct fork_step *step)
{
    static struct worker workers[FORK_MAX_WORKERS];
    size_t count = lab->plan->workers;

    fflush(NULL);
    for (size_t i = 0; i < count; i++)
        start_worker(lab, workers, i, step);
    for (size_t i = 0; i < count; i++)
        if (workers[i].pid && !await(workers[i].socket))
            note_death(&workers[i]);
    for (size_t i = 0; i < count; i++)
        gather(&workers[i]);
    for (size_t i = 0; i < count; i++)
        dismiss(&workers[i]);
    for (size_t i = 0; i < count; i++)
        lab->take(&workers[i].row, lab->context);
}

static void
run_steps(struct fork_lab *lab)
{
    struct progress progress;

    progress_begin(&progress,
                   lab->generation == 1 ? "forking" : "forking again");
    for (size_t i = 0; i < lab->plan->step_count; i++) {
        progress_move(&progress, i, lab->plan->step_count);
        run_step(lab, &lab->plan->steps[i]);
    }
    progress_end(&progress);
}

// --- once more ---------------------------------------------------------------

static void
watch(struct fork_lab *lab)
{
    enum rh_status status =
        rh_sharing_watch(lab->live->heap, RH_SHARING_PAGES | RH_SHARING_PHASES);

    *lab->blind = '\0';
    if (status == RH_UNSUPPORTED)
        snprintf(lab->blind, sizeof lab->blind,
                 "this system does not tell which pages are shared "
                 "(/proc/self/pagemap)");
    else if (status != RH_OK)
        snprintf(lab->blind, sizeof lab->blind,
                 "what is shared cannot be watched: %s",
                 rh_status_string(status));
}

static void
send_row(const struct fork_row *row, void *context)
{
    const int *socket = context;

    (void)send_all(*socket, row, sizeof *row);
}

// The child that becomes a parent: it works for a while, is warmed up as its
// parent was, and then children of its own do the steps.
static _Noreturn void
be_mold(struct fork_lab *lab, int socket)
{
    static const struct fork_step maturing = {
        .action = FORK_SERVE,
        .count = MATURING_REQUESTS,
        .name = "refork",
    };
    struct child child = { .lab = lab, .socket = socket };

    begin_row(&child.row, lab, maturing.name, 0);
    do_step(&child, &maturing);
    child.row.sample_count = 0;
    lab->live->kept = RH_NIL;
    if (!fork_live_prepare(lab->live, lab->plan))
        snprintf(child.row.error, sizeof child.row.error,
                 "the child cannot be warmed up");
    measure(&child);
    (void)send_all(socket, &child.row, sizeof child.row);
    lab->generation++;
    lab->take = send_row;
    lab->context = &socket;
    watch(lab);
    run_steps(lab);
    _exit(0);
}

static void
run_again(struct fork_lab *lab)
{
    struct worker mold = { .socket = -1 };

    fflush(NULL);
    begin_row(&mold.row, lab, "refork", 0);
    mold.pid = fork_heap(lab, &mold.socket, &mold.row.fork_us);
    if (mold.pid == 0)
        be_mold(lab, mold.socket);
    if (mold.pid < 0) {
        refuse(&mold, "fork failed", errno);
        lab->take(&mold.row, lab->context);
        return;
    }
    for (size_t n = 0; n <= lab->plan->step_count * lab->plan->workers; n++) {
        double fork_us = mold.row.fork_us;

        if (!receive_all(mold.socket, &mold.row, sizeof mold.row)) {
            begin_row(&mold.row, lab, "refork", 0);
            note_death(&mold);
            lab->take(&mold.row, lab->context);
            break;
        }
        if (n == 0)
            mold.row.fork_us = fork_us;
        lab->take(&mold.row, lab->context);
    }
    dismiss(&mold);
}

void
fork_lab_run(struct fork_lab *lab)
{
    lab->generation = 1;
    watch(lab);
    run_steps(lab);
    if (lab->plan->wants_refork)
        run_again(lab);
}
