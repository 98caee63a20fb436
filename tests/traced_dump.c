// SPDX-License-Identifier: MIT
/*
 * traced_dump - the dump of a heap whose allocations were traced.
 *
 *     traced_dump          all
 *     traced_dump full     and the free slots
 *     traced_dump N        since generation N
 *
 * For dump_readers.sh, which has other people's tools read it.  There are
 * objects of every type, from nowhere, in generation 0; and strings from three
 * files, two of them with difficult names, in generations 1 to 5, one string
 * more in each than in the one before.  Addresses are the same in each run.
 */
#include "objects.h"

#include <rheap/array.h>
#include <rheap/dump.h>
#include <rheap/site.h>
#include <rheap/string.h>

static bool
put(const char *text, size_t length, void *context)
{
    return fwrite(text, 1, length, context) == length;
}

static void
make_samples(struct rh_heap *heap)
{
    rh_value a = objects_text(heap, "a \"quoted\" text");
    rh_value b = objects_text(heap, "b\\");

    for (size_t i = 0; i < objects_sample_count; i++)
        objects_keep(heap, objects_samples[i].make(heap, a, b));
}

static void
make_generation(struct rh_heap *heap, unsigned generation)
{
    static const char *const files[] = { "lib/plain.rb", "C:\\w\"i\"n.rb",
                                         "lib/\xc3\xa4\xff\n.rb" };
    struct rh_site *site = rh_site_present(heap);

    for (unsigned i = 0; i < generation; i++) {
        *site = (struct rh_site){ .file = files[i % 3], .line = 10 + i };
        if (i % 3 == 1)
            site->method = "\xc3\xa9tat?";
        if (i % 3 == 2) {
            site->class_path = "Shop::\"Cart\"";
            site->line = 0;
        }
        objects_text(heap, "generation");
    }
    *site = (struct rh_site){ .file = NULL };
}

int
main(int argc, char **argv)
{
    struct rh_dump_options options = { .since = 0 };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, NULL);
    enum rh_status status;

    options.flags = RH_DUMP_REBASE;
    if (argc > 1 && strcmp(argv[1], "full") == 0) {
        options.flags |= RH_DUMP_FULL;
    } else if (argc > 1) {
        options.flags |= RH_DUMP_SINCE;
        options.since = strtoul(argv[1], NULL, 10);
    }
    objects_text(heap, "untraced");
    rh_site_trace(heap, true);
    make_samples(heap);
    for (unsigned generation = 1; generation <= 5; generation++) {
        rh_array_new(heap, 0, NULL, 2); // garbage
        rh_heap_collect(heap);
        make_generation(heap, generation);
    }
    status = rh_heap_dump(heap, &options, put, stdout);
    return status == RH_OK && fflush(stdout) == 0 ? 0 : 1;
}
