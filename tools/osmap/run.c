// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/run.h"
#include "osmap/suits.h"

#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STATUS_BYTES = 256,
    NOT_RUN = 127
};

static const char recorder_name[] = "rheap-osmap.so";

// --- the recorder ------------------------------------------------------------

// Beside this program, as in the build directory, or where it is installed.
static bool
find_recorder(char *path, size_t room)
{
    static const char *const places[] = { "", ".libs/" };
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    self[length < 0 ? 0 : length] = '\0';
    slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++)
        if (snprintf(path, room, "%.*s/%s%s", (int)(slash - self), self,
                     places[i], recorder_name) < (int)room &&
            access(path, R_OK) == 0)
            return true;
    return snprintf(path, room, "%s/%s", PKGLIBDIR, recorder_name) <
               (int)room &&
           access(path, R_OK) == 0;
}

// --- the directory -----------------------------------------------------------

static bool
path_in(const struct run *run, const char *name, char *path, size_t room)
{
    return snprintf(path, room, "%s/%s", run->directory, name) < (int)room;
}

// With a file in which the recorder can say what went wrong, when nothing new
// can be written any more.
static bool
make_directory(struct run *run)
{
    const char *temporary = getenv("TMPDIR");
    char path[PATH_MAX];
    char blanks[STATUS_BYTES];
    FILE *file;

    if (snprintf(run->directory, sizeof run->directory, "%s/rheap-osmap.XXXXXX",
                 temporary && *temporary == '/' ? temporary : "/tmp") >=
            (int)sizeof run->directory ||
        !mkdtemp(run->directory)) {
        say_about(run->directory, 0, strerror(errno));
        run->directory[0] = '\0';
        return false;
    }
    memset(blanks, '\n', sizeof blanks);
    path_in(run, "status", path, sizeof path);
    file = fopen(path, "we");
    if (file && fwrite(blanks, 1, sizeof blanks, file) == sizeof blanks &&
        fclose(file) == 0)
        return true;
    say_about(path, 0, strerror(errno));
    return false;
}

void
run_forget(struct run *run)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *directory;

    for (size_t i = 0; i < run->count; i++)
        free(run->snapshots[i]);
    free(run->snapshots);
    run->snapshots = NULL;
    run->count = run->own = 0;
    directory = *run->directory ? opendir(run->directory) : NULL;
    if (!directory)
        return;
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.' &&
            path_in(run, entry->d_name, path, sizeof path))
            unlink(path);
    closedir(directory);
    rmdir(run->directory);
    run->directory[0] = '\0';
}

// --- the program -------------------------------------------------------------

static pid_t running; // for pass_on()

static void
pass_on(int number)
{
    if (running > 0)
        kill(running, number);
}

static void
set_number(const char *name, long number)
{
    char text[24];

    snprintf(text, sizeof text, "%ld", number);
    setenv(name, text, 1);
}

static void
set_environment(const struct run *run, const char *recorder,
                const struct run_options *options)
{
    const char *others = getenv("LD_PRELOAD");
    char preload[PATH_MAX * 2];

    snprintf(preload, sizeof preload, "%s%s%s", recorder,
             others && *others ? ":" : "", others ? others : "");
    setenv("LD_PRELOAD", preload, 1);
    setenv("RHEAP_OSMAP", run->directory, 1);
    set_number("RHEAP_OSMAP_PROCESS", getpid());
    set_number("RHEAP_OSMAP_EVERY", (long)options->every_ms);
    set_number("RHEAP_OSMAP_SIGNAL", options->signal);
    set_number("RHEAP_OSMAP_CHILDREN", options->with_children);
    set_number("RHEAP_OSMAP_WALK", options->walk);
}

// In the child; the error goes through the pipe, which exec closes.
static _Noreturn void
become(const struct run *run, char **argv, const char *recorder,
       const struct run_options *options, int report)
{
    int error;

    set_environment(run, recorder, options);
    execvp(argv[0], argv);
    error = errno;
    (void)!write(report, &error, sizeof error);
    _exit(NOT_RUN);
}

// 0, or why the program could not be started.
static int
start(const struct run *run, char **argv, const char *recorder,
      const struct run_options *options)
{
    int report[2];
    int error = 0;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    running = fork();
    if (running == 0)
        become(run, argv, recorder, options, report[1]);
    close(report[1]);
    if (running < 0)
        error = errno;
    else if (read(report[0], &error, sizeof error) != (ssize_t)sizeof error)
        error = 0;
    close(report[0]);
    if (error && running > 0)
        waitpid(running, NULL, 0);
    return error;
}

// The keyboard's signals are the program's, as in a shell; we wait.
static int
wait_for(const struct run_options *options)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction pass = { .sa_handler = pass_on };
    struct sigaction old_int, old_quit;
    int status;

    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    if (options->signal) {
        sigaction(options->signal, &pass, NULL);
        say("'kill -%d %ld' takes a snapshot", options->signal, (long)running);
    }
    while (waitpid(running, &status, 0) < 0 && errno == EINTR)
        continue;
    if (options->signal)
        signal(options->signal, SIG_DFL);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// --- what it left ------------------------------------------------------------

struct found {
    long process;
    long number;
    char *path;
};

static bool
take_name(const char *name, struct found *found)
{
    char end[8];

    return sscanf(name, "%ld.%ld.%6s", &found->process, &found->number, end) ==
               3 &&
           strcmp(end, "osmap") == 0;
}

// The program's own come first, then those of other processes.
static int
compare_found(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    bool left_is_own = left->process == running;
    bool right_is_own = right->process == running;

    if (left_is_own != right_is_own)
        return left_is_own ? -1 : 1;
    if (left->process != right->process)
        return left->process < right->process ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static size_t
list_directory(const struct run *run, DIR *directory, struct found **list)
{
    struct dirent *entry;
    char path[PATH_MAX];
    size_t count = 0;

    *list = NULL;
    while ((entry = readdir(directory))) {
        struct found found;
        struct found *longer;

        if (!take_name(entry->d_name, &found))
            continue;
        longer = realloc(*list, (count + 1) * sizeof found);
        if (!longer || !path_in(run, entry->d_name, path, sizeof path) ||
            !(found.path = strdup(path)))
            break;
        *list = longer;
        longer[count++] = found;
    }
    return count;
}

static void
find_snapshots(struct run *run)
{
    DIR *directory = opendir(run->directory);
    struct found *list;
    size_t count;

    if (!directory)
        return;
    count = list_directory(run, directory, &list);
    closedir(directory);
    if (count)
        qsort(list, count, sizeof *list, compare_found);
    run->snapshots = calloc(count + 1, sizeof *run->snapshots);
    for (size_t i = 0; i < count; i++) {
        if (!run->snapshots) {
            free(list[i].path);
            continue;
        }
        run->snapshots[run->count++] = list[i].path;
        run->own += list[i].process == running;
    }
    free(list);
}

// What the recorder could not do.  False: it did not complain.
static bool
say_complaint(const struct run *run, const char *program)
{
    char path[PATH_MAX];
    char stage[STATUS_BYTES];
    int error;
    FILE *file;
    bool found;

    path_in(run, "status", path, sizeof path);
    file = fopen(path, "re");
    if (!file)
        return false;
    found = fscanf(file, "%d %200[^\n]", &error, stage) == 2;
    fclose(file);
    if (found)
        say("no snapshot of '%s': %s: %s", program, stage, strerror(error));
    return found;
}

static void
say_end(const struct run *run, const char *program)
{
    if (run->status > 128)
        say("'%s' was ended by signal %d (%s)%s", program, run->status - 128,
            strsignal(run->status - 128),
            run->own ? "; this is its last snapshot"
                     : " before it made a snapshot; --every makes some on the "
                       "way");
    else if (run->status)
        say("'%s' ended with status %d", program, run->status);
}

static bool
look_at_end(struct run *run, const char *program)
{
    bool complained;

    find_snapshots(run);
    say_end(run, program);
    complained = say_complaint(run, program);
    if (run->own || run->count)
        return true;
    if (!complained && run->status <= 128)
        say("'%s' left no snapshot: it did not end by exit(), or was started "
            "without the recorder",
            program);
    return false;
}

static bool
prepare(struct run *run, const char *program, char *recorder, size_t room)
{
    const char *why = suits_why_not(program);

    if (why) {
        say("'%s' %s", program, why);
        return false;
    }
    if (!find_recorder(recorder, room)) {
        say("the recorder, %s, is not there", recorder);
        return false;
    }
    return make_directory(run);
}

bool
run_program(struct run *run, char **argv, const struct run_options *options)
{
    char recorder[PATH_MAX];
    bool is_good;
    int error;

    memset(run, 0, sizeof *run);
    is_good = prepare(run, argv[0], recorder, sizeof recorder);
    if (is_good && (error = start(run, argv, recorder, options)) != 0) {
        say("'%s' cannot be run: %s", argv[0], strerror(error));
        is_good = false;
    }
    if (is_good) {
        run->status = wait_for(options);
        is_good = look_at_end(run, argv[0]);
    }
    if (!is_good)
        run_forget(run);
    return is_good;
}
