// SPDX-License-Identifier: MIT
#include "config.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

bool
output_fail(struct output *output, const char *cause)
{
    if (!output->has_failed)
        snprintf(output->cause, sizeof output->cause, "%s", cause);
    output->has_failed = true;
    return false;
}

// --- opening -----------------------------------------------------------------

static bool
ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

// Whether there is something of this name that is no ordinary file.
static bool
is_special(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

// What open() would have given the file, which mkstemp() does not.
static void
set_usual_mode(int descriptor)
{
    mode_t mask = umask(0);

    umask(mask);
    (void)fchmod(descriptor, 0666 & ~mask);
}

static int
open_beside(struct output *output)
{
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(output->path);
    int descriptor;

    output->temporary = malloc(length + sizeof suffix);
    if (!output->temporary) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(output->temporary, output->path, length);
    memcpy(output->temporary + length, suffix, sizeof suffix);
    descriptor = mkstemp(output->temporary);
    if (descriptor < 0) {
        free(output->temporary);
        output->temporary = NULL;
        return -1;
    }
    set_usual_mode(descriptor);
    return descriptor;
}

static int
open_descriptor(struct output *output)
{
    if (strcmp(output->path, "-") == 0)
        return dup(STDOUT_FILENO);
    if (is_special(output->path))
        return open(output->path, O_WRONLY);
    return open_beside(output);
}

bool
output_open(struct output *output, const char *path)
{
    int descriptor;

    memset(output, 0, sizeof *output);
    output->path = path;
    descriptor = open_descriptor(output);
    if (descriptor < 0)
        return output_fail(output, strerror(errno));
    if (ends_in(path, ".gz"))
        output->gzip = gzdopen(descriptor, "wb");
    else
        output->file = fdopen(descriptor, "w");
    if (output->gzip || output->file)
        return true;
    close(descriptor);
    output_abandon(output);
    return output_fail(output, "not enough memory to write it");
}

// --- writing -----------------------------------------------------------------

bool
output_write(struct output *output, const char *bytes, size_t count)
{
    size_t written;

    if (output->has_failed)
        return false;
    written = output->gzip ? gzfwrite(bytes, 1, count, output->gzip)
                           : fwrite(bytes, 1, count, output->file);
    return written == count ? true : output_fail(output, strerror(errno));
}

bool
output_print(struct output *output, const char *format, ...)
{
    va_list arguments;
    char text[1024];
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return output_fail(output, "a line that is too long");
    return output_write(output, text, (size_t)length);
}

// --- closing -----------------------------------------------------------------

static void
close_both(struct output *output)
{
    bool is_good = true;

    if (output->gzip)
        is_good = gzclose_w(output->gzip) == Z_OK;
    if (output->file)
        is_good = fclose(output->file) == 0;
    if (!is_good)
        output_fail(output, errno ? strerror(errno) : "could not be written");
    output->gzip = NULL;
    output->file = NULL;
}

void
output_abandon(struct output *output)
{
    close_both(output);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    output->temporary = NULL;
}

bool
output_commit(struct output *output)
{
    errno = 0;
    close_both(output);
    if (!output->has_failed && output->temporary &&
        rename(output->temporary, output->path) != 0)
        output_fail(output, strerror(errno));
    if (output->has_failed) {
        output_abandon(output);
        return false;
    }
    free(output->temporary);
    output->temporary = NULL;
    return true;
}
