/* SPDX-License-Identifier: MIT */
/* files.c - files, standard output, and programs in files.
 *
 * A file is an object that owns its descriptor, and closes it when it is
 * collected: an error that leaves through a load loses nothing.  What is
 * written goes out at once, what is read comes through a buffer of the
 * object's own. */
#include "lisp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 4096
};

struct buffer { /* of a file that is read */
    size_t from, to;
    char bytes[BUFFER_BYTES];
};

static _Noreturn void
fail_system(struct lisp *l, rh_value name, const char *what)
{
    lisp_fail(l, name, "%s: %s", what, strerror(errno));
}

static const char *
c_string(struct lisp *l, rh_value string)
{
    const char *bytes = rh_string_c_string(l->heap, string);

    if (!bytes)
        lisp_no_memory(l);
    return bytes;
}

/* Files that nobody can reach may still hold the last descriptors: then a
 * collection helps where memory would not have asked for one. */
static int
open_descriptor(struct lisp *l, lisp_ref name, int flags)
{
    int fd = open(c_string(l, at(name)), flags, 0666);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        rh_heap_collect(l->heap);
        fd = open(c_string(l, at(name)), flags, 0666);
    }
    if (fd < 0)
        fail_system(l, at(name), "cannot open");
    return fd;
}

static rh_value
open_file(struct lisp *l, lisp_ref name, int flags)
{
    bool reading = flags == O_RDONLY;
    bool standard = strcmp(c_string(l, at(name)), "-") == 0;
    int fd = standard ? dup(STDIN_FILENO)
                      : open_descriptor(l, name, flags | O_CLOEXEC);
    rh_value file =
        rh_file_new(l->heap, 0, fd, reading ? sizeof(struct buffer) : 0);

    if (file == RH_UNDEF) {
        close(fd);
        lisp_no_memory(l);
    }
    if (reading) {
        struct buffer *buffer = rh_file_buffer(file, NULL);

        buffer->from = buffer->to = 0;
    }
    return file;
}

static int
descriptor(struct lisp *l, lisp_ref file)
{
    int fd = rh_file_descriptor(at(file));

    if (fd < 0)
        lisp_fail(l, RH_UNDEF, "%s: the file is closed", l->running->name);
    return fd;
}

/* Whether there is more in the buffer; false: the file has ended. */
static bool
fill(struct lisp *l, lisp_ref file, struct buffer *buffer)
{
    ssize_t got;

    if (buffer->from < buffer->to)
        return true;
    do
        got = read(descriptor(l, file), buffer->bytes, BUFFER_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        fail_system(l, RH_UNDEF, "cannot read");
    buffer->from = 0;
    buffer->to = (size_t)got;
    return got > 0;
}

/* Move bytes from a file to the end of a string, up to and with the first
 * `stop` (-1: none); whether there were any. */
static bool
transfer(struct lisp *l, lisp_ref file, rh_value string, int stop)
{
    struct buffer *buffer = rh_file_buffer(at(file), NULL);
    bool any = false, found = false;

    if (!buffer)
        lisp_fail(l, RH_UNDEF, "the file is not open for reading");
    while (!found && fill(l, file, buffer)) {
        const char *from = buffer->bytes + buffer->from;
        size_t length = buffer->to - buffer->from;
        const char *end = stop < 0 ? NULL : memchr(from, stop, length);

        found = end != NULL;
        if (found)
            length = (size_t)(end - from) + 1;
        lisp_check(l, rh_string_append(l->heap, string, from, length));
        buffer->from += length;
        any = true;
    }
    return any;
}

LISP_BUILTIN(open_input)
{
    return open_file(l, args, O_RDONLY);
}

LISP_BUILTIN(open_output)
{
    return open_file(l, args, O_WRONLY | O_CREAT | O_TRUNC);
}

LISP_BUILTIN(close)
{
    (void)descriptor(l, args);
    if (rh_file_close(l->heap, at(args)) != RH_OK)
        fail_system(l, RH_UNDEF, "cannot close");
    return LISP_NOTHING;
}

LISP_BUILTIN(read_line)
{
    rh_value line = lisp_text(l, "");
    size_t length;

    if (!transfer(l, args, line, '\n'))
        return LISP_END_OF_FILE;
    length = rh_string_length(line);
    if (rh_string_bytes(line)[length - 1] == '\n')
        lisp_check(l, rh_string_resize(l->heap, line, length - 1));
    return line;
}

LISP_BUILTIN(file_exists)
{
    return access(c_string(l, at(args)), F_OK) == 0 ? RH_TRUE : RH_FALSE;
}

LISP_BUILTIN(delete_file)
{
    if (unlink(c_string(l, at(args))) != 0)
        fail_system(l, at(args), "cannot delete");
    return LISP_NOTHING;
}

/* ---- output ---- */

static void
write_all(struct lisp *l, int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t done = write(fd, bytes, length);

        if (done < 0 && errno != EINTR)
            fail_system(l, RH_UNDEF, "cannot write");
        if (done > 0) {
            bytes += done;
            length -= (size_t)done;
        }
    }
}

/* To a file, or to standard output when there is none. */
static rh_value
put_out(struct lisp *l, rh_value string, lisp_ref file)
{
    const char *bytes = rh_string_bytes(string);
    size_t length = rh_string_length(string);

    if (file)
        write_all(l, descriptor(l, file), bytes, length);
    else if (fwrite(bytes, 1, length, stdout) != length)
        fail_system(l, RH_UNDEF, "cannot write");
    return LISP_NOTHING;
}

/* display and write: `which` is the first letter */
LISP_BUILTIN(print)
{
    enum lisp_style style =
        l->running->which == 'w' ? LISP_WRITE : LISP_DISPLAY;

    return put_out(l, lisp_print(l, at(args), style),
                   count > 1 ? args + 1 : NULL);
}

LISP_BUILTIN(newline)
{
    return put_out(l, lisp_text(l, "\n"), count ? args : NULL);
}

/* ---- programs ---- */

/* A name in a program means a file beside the program, if there is one. */
static rh_value
beside(struct lisp *l, rh_value name)
{
    size_t height = save(l);
    lisp_ref held = hold(l, name);
    rh_value program =
        rh_array_get(l->roots.files, l->position >> LISP_LINE_BITS);
    const char *path = program == RH_NIL ? "" : c_string(l, program);
    const char *slash = strrchr(path, '/');
    rh_value result;

    if (!slash || c_string(l, at(held))[0] == '/')
        return leave(l, height, name);
    result = lisp_made(
        l, rh_string_slice(l->heap, program, 0, (size_t)(slash - path) + 1));
    lisp_check(l, rh_string_append(l->heap, result, rh_string_bytes(at(held)),
                                   rh_string_length(at(held))));
    name = access(c_string(l, result), F_OK) == 0 ? result : at(held);
    return leave(l, height, name);
}

rh_value
lisp_run_text(struct lisp *l, rh_value text, uint32_t position)
{
    size_t height = save(l);
    struct lisp_reader reader = { hold(l, text), 0, position };
    lisp_ref result = hold(l, LISP_NOTHING);
    const char *bytes = rh_string_bytes(text);
    rh_value form;

    if (rh_string_length(text) > 1 && bytes[0] == '#' && bytes[1] == '!')
        while (reader.next < rh_string_length(text) &&
               bytes[reader.next] != '\n')
            reader.next++;
    while ((form = lisp_read(l, &reader)) != LISP_END_OF_FILE)
        put(result, lisp_run(l, form));
    return leave(l, height, at(result));
}

rh_value
lisp_load(struct lisp *l, rh_value name)
{
    size_t height = save(l);
    lisp_ref held = hold(l, name);
    lisp_ref file = hold(l, open_file(l, held, O_RDONLY));
    lisp_ref text = hold(l, lisp_text(l, ""));
    uint32_t position;

    (void)transfer(l, file, at(text), -1);
    (void)rh_file_close(l->heap, at(file));
    if (strcmp(c_string(l, at(held)), "-") == 0)
        put(held, lisp_text(l, "standard input"));
    position = lisp_add_file(l, at(held));
    return leave(l, height, lisp_run_text(l, at(text), position));
}

LISP_BUILTIN(load)
{
    uint32_t position = l->position;
    rh_value result = lisp_load(l, beside(l, at(args)));

    l->position = position;
    return result;
}

const struct lisp_builtin lisp_files[] = {
    { "open-input-file", "s", builtin_open_input, 0 },
    { "open-output-file", "s", builtin_open_output, 0 },
    { "close-port", "o", builtin_close, 0 },
    { "read-line", "o", builtin_read_line, 0 },
    { "file-exists?", "s", builtin_file_exists, 0 },
    { "delete-file", "s", builtin_delete_file, 0 },
    { "display", ".|o", builtin_print, 'd' },
    { "write", ".|o", builtin_print, 'w' },
    { "newline", "|o", builtin_newline, 0 },
    { "load", "s", builtin_load, 0 },
    { NULL, NULL, NULL, 0 },
};
