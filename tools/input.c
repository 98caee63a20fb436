// SPDX-License-Identifier: MIT
#include "config.h"

#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    INPUT_BUFFER_BYTES = 128 * 1024
};

static void
input_fail(struct input *input, enum input_fault fault, const char *cause)
{
    input->fault = fault;
    snprintf(input->cause, sizeof input->cause, "%s", cause);
}

static bool
input_examine(struct input *input, int descriptor)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0) {
        input_fail(input, INPUT_UNREADABLE, strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        input_fail(input, INPUT_UNREADABLE, "is a directory, not a file");
        return false;
    }
    if (S_ISREG(status.st_mode))
        input->total_bytes = (uint64_t)status.st_size;
    return true;
}

static bool
input_attach(struct input *input, int descriptor)
{
    if (!input_examine(input, descriptor))
        return false;
    input->file = gzdopen(descriptor, "rb");
    if (!input->file) {
        input_fail(input, INPUT_UNREADABLE, "not enough memory to read it");
        return false;
    }
    gzbuffer(input->file, INPUT_BUFFER_BYTES);
    return true;
}

bool
input_open(struct input *input, const char *path)
{
    bool is_standard = strcmp(path, "-") == 0;
    int descriptor;

    memset(input, 0, sizeof *input);
    input->name = is_standard ? "standard input" : path;
    // A copy, so that closing leaves standard input alone.
    descriptor = is_standard ? dup(STDIN_FILENO) : open(path, O_RDONLY);
    if (descriptor < 0) {
        input_fail(input, INPUT_UNREADABLE, strerror(errno));
        return false;
    }
    if (!input_attach(input, descriptor)) {
        close(descriptor);
        return false;
    }
    return true;
}

// The fault behind a read that came back empty, if there is one.
static void
input_diagnose(struct input *input)
{
    int code;
    const char *text = gzerror(input->file, &code);
    const char *colon = strstr(text, ": "); // behind zlib's name of the file

    switch (code) {
    case Z_OK:
    case Z_STREAM_END:
        break;
    case Z_ERRNO:
        input_fail(input, INPUT_UNREADABLE, strerror(errno));
        break;
    case Z_BUF_ERROR:
        input_fail(input, INPUT_DAMAGED, "the gzip data breaks off");
        break;
    default:
        snprintf(input->cause, sizeof input->cause,
                 "the gzip data is damaged (%s)", colon ? colon + 2 : text);
        input->fault = INPUT_DAMAGED;
    }
}

size_t
input_read(struct input *input, void *buffer, size_t bytes)
{
    int count;

    if (input->fault)
        return 0;
    count = gzread(input->file, buffer, (unsigned)bytes);
    if (count <= 0)
        input_diagnose(input);
    return count > 0 ? (size_t)count : 0;
}

uint64_t
input_position(const struct input *input)
{
    z_off_t position = gzoffset(input->file);

    return position > 0 ? (uint64_t)position : 0;
}

void
input_close(struct input *input)
{
    gzclose_r(input->file);
}
