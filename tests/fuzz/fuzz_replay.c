// SPDX-License-Identifier: MIT
/*
 * fuzz_replay - any bytes as a heap dump: read, rebuild, collect, write.
 *
 * A dump that is accepted must give a heap that verifies, before and after a
 * collection.  Memory outside the slots is only accounted for, or the fuzzer
 * would find large numbers and nothing else.
 */
#include "config.h"

#include "dump_load.h"
#include "figures.h"

#include <rheap/dump.h>
#include <rheap/verify.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
take_piece(const char *text, size_t length, void *context)
{
    size_t *total = context;

    *total += length;
    return text[0] != '\0';
}

static void
must(bool is_true)
{
    if (!is_true)
        abort();
}

static void
use(struct dump_heap *dump)
{
    struct rh_dump_options options = { .flags = RH_DUMP_FULL };
    struct figures figures;
    size_t total = 0;

    must(rh_heap_verify(dump->heap, NULL) == RH_OK);
    must(figures_take(&figures, dump, FIGURES_LOADED) == RH_OK);
    rh_heap_collect(dump->heap);
    must(rh_heap_verify(dump->heap, NULL) == RH_OK);
    must(figures_take(&figures, dump, FIGURES_COLLECTED) == RH_OK);
    must(figures.objects == figures.reachable);
    must(rh_heap_dump(dump->heap, &options, take_piece, &total) == RH_OK);
}

static void
replay(const char *path, const struct dump_options *options)
{
    struct dump_heap dump;

    if (!dump_load(&dump, path, options))
        return;
    use(&dump);
    dump_unload(&dump);
}

// What is wrong with most inputs is said; nobody wants to read it.
static int
silence(void)
{
    int kept = dup(STDERR_FILENO);
    int nothing = open("/dev/null", O_WRONLY);

    dup2(nothing, STDERR_FILENO);
    close(nothing);
    return kept;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dump_options strict = { .no_external = true };
    static const struct dump_options loose = { .no_external = true,
                                               .skip_bad_lines = true,
                                               .layout = DUMP_LAYOUT_FRESH };
    char path[40];
    int file = memfd_create("dump", 0);
    int kept = silence();

    must(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    replay(path, &strict);
    replay(path, &loose);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(file);
    return 0;
}
