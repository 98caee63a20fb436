/* SPDX-License-Identifier: MIT */
/* 08-prefork-server - one heap, loaded once, served by several processes.
 *
 * A parent loads many objects and forks workers, which answer requests.  All of
 * them have these objects, in the same memory, as long as nobody writes there:
 * then the kernel copies the page for who wrote.  So the question about each
 * step is which pages it writes to:
 *
 *     parent    load      rh_heap_warmup()       collect, so that nothing of the
 *                                                load is left to be done by every
 *                                                worker; seal, so that no worker
 *                                                allocates between these objects
 *               fork      rh_heap_before_fork()  leave nothing half done
 *     worker              rh_heap_after_fork_child()
 *               serve     new objects            on pages of its own
 *               collect   between two requests   reads what is new only
 *               report    rh_sharing_read()      the kernel knows what is shared
 *               end       _exit()                frees nothing
 *
 * To try it:
 *
 *     08-prefork-server                          and open the page it names
 *     08-prefork-server --no-seal                see new objects in old holes
 *     gzip -dc dump.json.gz | 08-prefork-server -
 *                                                the heap of a Ruby process
 *
 * What has nothing to do with a heap is in prefork/; begin with its header. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, sigtimedwait(), strsignal() */
#include "prefork/prefork.h"

#include <rheap/array.h>
#include <rheap/roots.h>
#include <rheap/sharing.h>
#include <rheap/stat.h>
#include <rheap/string.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    OBJECTS_A_REQUEST = 200, /* made for an answer, and dead after it */
    KEEP_EVERY = 16,         /* requests of which one leaves something */
    KEEP_MOST = 100,         /* such things, in each worker */
    NURSERY = 10000,         /* objects after which a collection comes */
    COLLECT_EVERY = 25,      /* requests, so that it comes earlier */
    REPORT_EVERY = 25,       /* requests, or */
    REPORT_MS = 1000,        /* after the first that is not yet reported */
    RESTART_MS = 1000,       /* least time between two starts of a worker */
    GOODBYE_MS = 5000        /* for a worker to end when it is told to */
};

struct server {
    struct options options;
    struct rh_heap *heap;
    rh_value loaded; /* a root: what every worker serves */
    rh_value kept;   /* a root: what this worker keeps; nil in the parent */

    int listener;    /* shared by all workers */
    int lifeline[2]; /* a pipe that nobody writes to: the workers see its end
                        when the parent closes it, or dies */
    struct board *board;
    struct rh_stat at_fork;   /* the counts that a worker begins with */
    pid_t pids[MOST_WORKERS]; /* 0: not running */
    int64_t started[MOST_WORKERS];
};

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "08-prefork-server: %s: %s\n", what, why);
    exit(1);
}

/* ---- before the first fork: load, warm up, watch ---- */

static rh_value
load(struct server *server)
{
    const char *name = server->options.dump;
    const char *wrong = "not enough memory";
    FILE *file;
    rh_value all;

    if (!name)
        all = load_made_up(server->heap, server->options.made_up);
    else {
        file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
        if (!file)
            fail(name, strerror(errno));
        all = load_dump(server->heap, file, &wrong);
        fclose(file);
    }
    if (all == RH_UNDEF)
        fail(name ? name : "objects", wrong);
    return all;
}

static void
prepare(struct server *server)
{
    unsigned warmup =
        server->options.no_seal ? RH_WARMUP_COLLECT : RH_WARMUP_SEAL;
    struct rh_config config;
    enum rh_status status;

    rh_config_init(&config);
    config.initial_slots = 0; /* no page before the first object */
    config.nursery_slots = NURSERY;
    config.generational = true; /* sealed objects are old ones, known by the
                                   write barrier when they are stored into */
    if (server->options.private_buffers && !buffers_prepare(&config.allocator))
        fail("--private-buffers", "there is no libmimalloc.so.2");
    server->heap = rh_heap_new(&config);
    if (!server->heap)
        fail("heap", "not enough memory or address space");
    server->loaded = load(server);

    /* Both roots are registered here, though `kept` is a worker's affair: the
     * table of roots is memory that the workers share, too. */
    server->kept = RH_NIL;
    if (rh_root_add(server->heap, &server->loaded) != RH_OK ||
        rh_root_add(server->heap, &server->kept) != RH_OK)
        fail("roots", "not enough memory");

    /* Once, when everything is loaded.  What was only needed for loading is
     * found dead here, not by each worker for itself. */
    status = rh_heap_warmup(server->heap, warmup);
    if (status != RH_OK)
        fail("warming up", rh_status_string(status));

    /* Here and not in the workers, for it takes memory, which is shared then. */
    if (rh_sharing_watch(server->heap, RH_SHARING_PAGES) != RH_OK)
        fputs("08-prefork-server: what is shared cannot be told\n", stderr);
    server->at_fork.struct_bytes = sizeof server->at_fork;
    rh_heap_stat(server->heap, &server->at_fork);
}

/* ---- a worker ---- */

/* rh_sharing_read() asks the kernel about every page: milliseconds for a large
 * heap, so not for each request. */
static void
report(struct server *server, struct figures *mine)
{
    struct rh_sharing now = { .struct_bytes = sizeof now };
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(server->heap, &stat);
    mine->minor = stat.minor_gc_count - server->at_fork.minor_gc_count;
    mine->major = stat.major_gc_count - server->at_fork.major_gc_count;
    mine->measured = rh_sharing_read(server->heap, &now) == RH_OK;
    mine->body_shared = now.body.shared_bytes;
    mine->body_private = now.body.private_bytes;
    mine->body_own = now.body.own_bytes;
    mine->table_shared = now.table.shared_bytes;
    mine->table_private = now.table.private_bytes;
    mine->table_own = now.table.own_bytes;
    mine->rest_shared = now.external.shared_bytes + now.other.shared_bytes;
    mine->rest_private = now.external.private_bytes + now.other.private_bytes;
    mine->resident = now.resident_bytes;
    mine->proportional = now.proportional_bytes;
}

/* A new object, held until the end of the request.  (Nothing moves in a heap that
 * is not compacted, so the value stays good.)  A worker without memory ends; the
 * parent will start another one. */
static rh_value
hold(struct server *server, rh_value object)
{
    if (object == RH_UNDEF ||
        !rh_scope_hold(server->heap, rh_value_slot(object)))
        _exit(1);
    return object;
}

/* What an application would do: look things up, make many small objects, and
 * an answer of them. */
static rh_value
work(struct server *server, struct figures *mine)
{
    size_t count = rh_array_length(server->loaded);
    rh_value lines = hold(server, rh_array_new(server->heap, 0, NULL, 0));
    rh_value answer = hold(server, rh_string_new(server->heap, 0, NULL, 0));
    enum rh_status status = RH_OK;

    for (size_t i = 0; i < OBJECTS_A_REQUEST && status == RH_OK; i++) {
        size_t n = (mine->requests * OBJECTS_A_REQUEST + i) * 7919 % count;
        rh_value found = rh_array_get(server->loaded, n); /* only read */
        char text[64];
        int length = snprintf(text, sizeof text, "object %zu: %s\n", n,
                              rh_type_name(rh_type_of(found)));
        rh_value line = rh_string_new(server->heap, 0, text, (size_t)length);

        /* `lines` holds it from here on; nothing collects in between. */
        status = line == RH_UNDEF ? RH_NO_MEMORY
                                  : rh_array_push(server->heap, lines, line);
        if (status == RH_OK && i < 10)
            status =
                rh_string_append(server->heap, answer, text, (size_t)length);
    }
    /* Now and then something stays.  What keeps it is this worker's own: a
     * store into a sealed array would copy the page that the array is on. */
    if (status == RH_OK && mine->requests % KEEP_EVERY == 0)
        status = rh_array_set(server->heap, server->kept,
                              mine->kept++ % KEEP_MOST, lines);
    if (status != RH_OK)
        _exit(1);
    return answer;
}

/* Nil: nothing is there. */
static rh_value
answer(struct server *server, struct figures *mine, const char *path,
       const char **type)
{
    if (strcmp(path, "/work") == 0)
        return work(server, mine);
    if (strcmp(path, "/sharing.json") == 0) {
        *type = "application/json";
        report(server, mine); /* one row at least is of this moment */
        return hold(server, board_json(server->heap, server->board));
    }
    if (strcmp(path, "/") == 0) {
        *type = "text/html";
        return hold(server, rh_string_new(server->heap, 0, page_html,
                                          strlen(page_html)));
    }
    return RH_NIL;
}

static void
serve(struct server *server, struct figures *mine, int client)
{
    struct request request;
    int status = http_read(client, &request);
    size_t scope = rh_scope_save(server->heap);
    const char *type = "text/plain", *body = NULL;
    rh_value text = RH_NIL;

    if (status == 200)
        text = answer(server, mine, request.path, &type);
    if (text != RH_NIL)
        body = rh_string_bytes(text);
    else if (status == 200)
        status = 404;
    http_answer(client, &request, status, type, body,
                body ? rh_string_length(text) : 0);
    rh_scope_restore(server->heap, scope); /* all of it is garbage now */
    mine->requests += status != 0;
    server->board->served += status != 0;
}

static void
be_worker(struct server *server, unsigned number)
{
    struct figures *mine = &server->board->of[number];
    uint64_t reported = 0;
    int client = -1;

    /* The first thing in a child: forget what does not exist here, and note
     * which pages are inherited. */
    rh_heap_after_fork_child(server->heap);
    if (server->options.private_buffers)
        buffers_forked();
    /* The first object of this worker: with it, it has a page of its own. */
    server->kept = rh_array_new(server->heap, 0, NULL, 0);
    if (server->kept == RH_UNDEF)
        _exit(1);
    report(server, mine);
    while (!server->options.requests ||
           server->board->served < server->options.requests) {
        client = http_accept(server->listener, server->lifeline[0],
                             reported < mine->requests ? REPORT_MS : -1);
        if (client == HTTP_END)
            break;
        if (client >= 0) {
            serve(server, mine, client);
            /* The client has its answer: now is the time to collect, before
             * the nursery is full and a collection begins by itself, while
             * somebody waits. */
            if (mine->requests % COLLECT_EVERY == 0) {
                rh_heap_minor(server->heap);
                rh_heap_safepoint(server->heap); /* a major one, if due */
            }
        }
        if (client < 0 || mine->requests - reported >= REPORT_EVERY) {
            report(server, mine);
            reported = mine->requests;
        }
    }
    report(server, mine);
    /* Not exit(), and no rh_heap_free(): to free an object is to write to the
     * page that it is on, and the kernel would copy it first. */
    _exit(0);
}

/* ---- the parent, from the first fork on: it starts, replaces, ends ---- */

static bool
start(struct server *server, unsigned number)
{
    pid_t pid;

    /* The board is cleared before there is somebody to write on it. */
    memset(&server->board->of[number], 0, sizeof server->board->of[number]);
    server->started[number] = now_ms();
    fflush(NULL);
    /* These three belong together, around every fork; for a program that does
     * not fork itself, rh_heap_atfork() has them called. */
    rh_heap_before_fork(server->heap);
    pid = fork();
    if (pid == 0) {
        sigset_t none;

        /* SIGINT stays blocked: the terminal sends it to workers, too, but it
         * is the parent who ends them. */
        sigemptyset(&none);
        sigaddset(&none, SIGTERM);
        sigaddset(&none, SIGCHLD);
        sigprocmask(SIG_UNBLOCK, &none, NULL);
        close(server->lifeline[1]);
        server->board->of[number].pid = (uint64_t)getpid();
        be_worker(server, number);
    }
    rh_heap_after_fork_parent(server->heap); /* also if there is no child */
    if (pid < 0) {
        fprintf(stderr, "worker %u: %s\n", number, strerror(errno));
        return false;
    }
    server->pids[number] = pid;
    return true;
}

static unsigned
running(const struct server *server)
{
    unsigned count = 0;

    for (unsigned i = 0; i < server->options.workers; i++)
        count += server->pids[i] != 0;
    return count;
}

/* Note who has ended.  False: one did so in peace, as all requests are done. */
static bool
reap(struct server *server)
{
    bool is_busy = true;
    int status;

    for (unsigned i = 0; i < server->options.workers; i++) {
        if (!server->pids[i] ||
            waitpid(server->pids[i], &status, WNOHANG) != server->pids[i])
            continue;
        if (WIFSIGNALED(status))
            fprintf(stderr, "worker %u (pid %d) died: %s\n", i,
                    (int)server->pids[i], strsignal(WTERMSIG(status)));
        else if (WEXITSTATUS(status))
            fprintf(stderr, "worker %u (pid %d) died: status %d\n", i,
                    (int)server->pids[i], WEXITSTATUS(status));
        else
            is_busy = false;
        server->pids[i] = 0;
    }
    return is_busy;
}

/* One that dies at once, again and again, is started once a second. */
static void
replace(struct server *server)
{
    for (unsigned i = 0; i < server->options.workers; i++)
        if (!server->pids[i] && now_ms() - server->started[i] >= RESTART_MS)
            (void)start(server, i);
}

/* The parent touches no object while there are workers: a page that it writes
 * to would be a copy of its own, and nobody would share it with the children.
 * Signals are not handled but waited for, so nothing is ever interrupted. */
static void
supervise(struct server *server, const sigset_t *signals)
{
    const struct timespec soon = { .tv_nsec = 100000000 };
    int signal;

    for (;;) {
        signal = running(server) == server->options.workers
                     ? sigwaitinfo(signals, NULL)
                     : sigtimedwait(signals, NULL, &soon);
        if (signal == SIGINT || signal == SIGTERM || !reap(server))
            return;
        replace(server);
    }
}

static void
end_workers(struct server *server, const sigset_t *signals)
{
    const struct timespec soon = { .tv_nsec = 100000000 };
    int64_t deadline = now_ms() + GOODBYE_MS;

    close(server->lifeline[1]);
    (void)reap(server);
    while (running(server)) {
        (void)sigtimedwait(signals, NULL, &soon);
        (void)reap(server);
        for (unsigned i = 0; i < server->options.workers; i++)
            if (server->pids[i] && now_ms() > deadline)
                kill(server->pids[i], SIGKILL);
    }
}

static void
run(struct server *server)
{
    uint64_t live = server->at_fork.heap_live_slots;
    sigset_t signals;

    /* From here on these signals wait until somebody asks for them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    server->board->is_sealed = !server->options.no_seal;
    server->board->workers = server->options.workers;
    server->board->objects = live;
    for (unsigned i = 0; i < server->options.workers; i++)
        if (!start(server, i))
            break; /* replace() will try again */
    printf("%" PRIu64 " objects on %" PRIu64 " pages, %ssealed; %u workers\n"
           "http://127.0.0.1:%u/\n",
           live, server->at_fork.heap_eden_pages,
           server->options.no_seal ? "not " : "", server->options.workers,
           (unsigned)server->options.port);
    fflush(stdout);
    supervise(server, &signals);
    end_workers(server, &signals);
    board_print(server->board);
}

int
main(int argc, char **argv)
{
    struct server server = { .options = { .workers = 4, .made_up = 200000 } };

    parse_options(&server.options, argc, argv);
    server.listener = http_listen(&server.options.port);
    if (server.listener < 0)
        fail("127.0.0.1", strerror(errno));
    server.board = mmap(NULL, sizeof *server.board, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server.board == MAP_FAILED || pipe(server.lifeline) != 0)
        fail("cannot begin", strerror(errno));
    prepare(&server);
    run(&server);
    rh_heap_free(server.heap); /* it is alone with it now */
    munmap(server.board, sizeof *server.board);
    return 0;
}
