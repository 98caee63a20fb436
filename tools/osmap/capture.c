// SPDX-License-Identifier: MIT
/*
 * capture - a snapshot of the program that we are in.
 *
 * Runs with all signals blocked, the table locked, and possibly with malloc
 * locked by the very thread that we interrupted: it calls the system and
 * nothing else.  Its own memory is mapped for the occasion, so that what the
 * snapshot shows of malloc is what the program did.
 *
 * What cannot be written is told in the file "status" beside the snapshots,
 * which whoever started the program has made, with room in it, in advance.
 */
#include "config.h"

#include "osmap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h> // rename() only
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    STATUS_BYTES = 512
};

static bool
write_all(void *context, const void *bytes, size_t count)
{
    struct capture *capture = context;
    const char *from = bytes;

    while (count) {
        ssize_t written = write(capture->descriptor, from, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return capture_fail(capture, "it could not be written");
        from += written;
        count -= (size_t)written;
    }
    return true;
}

static void
report_failure(const struct recording *recording, int error, const char *stage)
{
    char path[DIRECTORY_BYTES + 64];
    char text[STATUS_BYTES];
    char *end = text;
    int descriptor;

    capture_put(capture_put(path, recording->directory), "/status");
    end = capture_put_number(end, (uint64_t)error);
    end = capture_put(end, " ");
    end = capture_put(end, stage);
    end = capture_put(end, "\n");
    descriptor = capture_open(path, O_WRONLY | O_CREAT);
    if (descriptor < 0)
        return;
    (void)!pwrite(descriptor, text, (size_t)(end - text), 0);
    close(descriptor);
}

static void
name_files(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    char *end =
        capture_put(capture_put(capture->path, recording->directory), "/");

    end =
        capture_put(capture_put_number(end, (uint64_t)recording->process), ".");
    end = capture_put_number(end, recording->number);
    capture_put(capture_put(capture->temporary, capture->path), ".part");
    capture_put(end, ".osmap");
}

// The command line, with blanks between its words.
static uint32_t
command_line(struct capture *capture)
{
    int descriptor = capture_open("/proc/self/cmdline", O_RDONLY);
    ssize_t count = -1;

    if (descriptor >= 0) {
        count = read(descriptor, capture->command, COMMAND_BYTES - 1);
        close(descriptor);
    }
    while (count > 0 && !capture->command[count - 1])
        count--;
    for (ssize_t i = 0; i < count; i++)
        if (!capture->command[i])
            capture->command[i] = ' ';
    return capture_keep_text(capture, capture->command);
}

static uint32_t
note(struct capture *capture)
{
    struct recording *recording = capture->recording;
    char text[STATUS_BYTES];
    char *end = text;

    *end = '\0';
    if (recording->lost)
        end = capture_put(capture_put_number(end, recording->lost),
                          " blocks found no memory to be recorded in; ");
    if (recording->unknown)
        end = capture_put(capture_put_number(end, recording->unknown),
                          " blocks were freed that had not been seen; ");
    if (capture->strays)
        end = capture_put(capture_put_number(end, capture->strays),
                          " blocks lie in no mapping that is malloc's; ");
    if (capture->maps.is_cut || capture->area_count == MAX_AREAS)
        end = capture_put(end,
                          "there are more mappings than could be looked at; ");
    if (recording->walks && !(capture->arenas && capture->arenas->is_good)) {
        end = capture_put(end, "the arenas were not walked: ");
        end = capture_put(capture_put(end, capture->arenas
                                               ? capture->arenas->reason
                                               : "there is no memory for it"),
                          "; ");
    }
    if (end > text)
        end[-2] = '\0';
    return capture_keep_text(capture, text);
}

static void
write_process(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    uint64_t allocated = table_added(&recording->table);
    struct rh_osmap_process process = {
        .source = RH_OSMAP_RECORDED,
        .reason = capture->reason,
        .process = (uint64_t)recording->process,
        .number = recording->number,
        .age_ms = capture->now_ms,
        .virtual_kb = capture->maps.virtual_kb,
        .resident_kb = capture->maps.resident_kb,
        .allocated = allocated,
        .freed = allocated - table_count(&recording->table),
        .recorder_bytes = table_bytes(&recording->table) + sizeof *recording,
        .program = command_line(capture),
        .allocator = capture_keep_text(capture, recording->allocator),
        .note = note(capture),
        .walked = capture->arenas && capture->arenas->is_good,
    };

    osmap_write_section(&capture->writer, RH_OSMAP_PROCESS, sizeof process, 1);
    osmap_write_items(&capture->writer, &process, 1);
}

static bool
write_snapshot(struct capture *capture)
{
    struct osmap_writer *writer = &capture->writer;
    const struct maps *maps = &capture->maps;

    osmap_write_begin(writer, write_all, capture,
                      (uint32_t)capture->page_bytes);
    osmap_write_section(writer, RH_OSMAP_AREA, sizeof capture->areas[0],
                        capture->area_count);
    osmap_write_items(writer, capture->areas, capture->area_count);
    if (!capture_write_pages(capture))
        return false;
    capture_write_sites(capture);
    capture_write_blocks(capture);
    write_process(capture);
    osmap_write_section(writer, RH_OSMAP_TEXT, 1, maps->names_used);
    osmap_write_items(writer, maps->names, maps->names_used);
    return osmap_write_end(writer);
}

static bool
read_mappings(struct capture *capture)
{
    int descriptor = capture_open("/proc/self/smaps", O_RDONLY);
    bool is_good;

    if (descriptor < 0)
        return capture_fail(capture, "/proc/self/smaps could not be opened");
    is_good = maps_read(&capture->maps, descriptor);
    if (!is_good)
        capture_fail(capture, "/proc/self/smaps could not be read");
    close(descriptor);
    return is_good;
}

static bool
write_file(struct capture *capture)
{
    bool is_good;

    name_files(capture);
    capture->descriptor =
        capture_open(capture->temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (capture->descriptor < 0)
        return capture_fail(capture, "its file could not be made");
    is_good = write_snapshot(capture);
    if (close(capture->descriptor) != 0)
        is_good = capture_fail(capture, "it could not be written");
    if (is_good && rename(capture->temporary, capture->path) != 0)
        is_good = capture_fail(capture, "its file could not get its name");
    if (!is_good)
        unlink(capture->temporary);
    return is_good;
}

static bool
take(struct capture *capture)
{
    bool is_good;

    if (!read_mappings(capture))
        return false;
    capture_find_mapped(capture);
    capture_make_areas(capture);
    if (capture->recording->walks)
        capture->arenas = arenas_walk(capture->recording, &capture->maps);
    is_good = write_file(capture);
    arenas_free(capture->arenas);
    return is_good;
}

static void
take_in_pages(struct recording *recording, enum rh_osmap_reason reason)
{
    struct capture *capture = table_pages_new(sizeof *capture);

    recording->number++;
    if (!capture) {
        report_failure(recording, ENOMEM, "there is no memory for it");
        return;
    }
    capture->recording = recording;
    capture->reason = reason;
    capture->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    capture->now_ms = recording_now_ms(recording);
    if (!take(capture))
        report_failure(recording, capture->error, capture->stage);
    table_pages_free(capture, sizeof *capture);
}

uint32_t
recording_now_ms(const struct recording *recording)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 +
                      (uint64_t)now.tv_nsec / 1000000 - recording->start_ms);
}

// A file that grows beyond RLIMIT_FSIZE sends a signal, which must not reach
// the program.
static void
forget_file_size_signal(const sigset_t *before)
{
    struct timespec now = { 0, 0 };
    sigset_t set;

    if (sigismember(before, SIGXFSZ))
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    sigtimedwait(&set, NULL, &now);
}

void
capture(struct recording *recording, enum rh_osmap_reason reason)
{
    sigset_t all, before;
    int error = errno;

    if (recording->process != getpid() ||
        atomic_exchange(&recording->is_taken, 1))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    table_lock(&recording->table);
    take_in_pages(recording, reason);
    recording->last_ms = recording_now_ms(recording);
    table_unlock(&recording->table);
    forget_file_size_signal(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    atomic_store(&recording->is_taken, 0);
    errno = error;
}
