// SPDX-License-Identifier: MIT
// Reading what the kernel says about pages: from itself, and from files that a
// test has written.
#include "config.h"

#include "check.h"

#include "os.h"
#include "pagemap.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGES = 600, // more than are read at a time
    MAPPINGS = 8
};

// ---- pagemap ----

struct seen {
    size_t count;
    size_t present;
    size_t alone;
};

static void
see_page(size_t n, uint64_t entry, void *context)
{
    struct seen *seen = context;

    assert_int_equal(n, seen->count);
    seen->count++;
    seen->present += (entry & RHI_PAGEMAP_PRESENT) != 0;
    seen->alone += (entry & RHI_PAGEMAP_ALONE) != 0;
}

static void
pages_are_there_when_they_were_written_to(void **state)
{
    size_t page = rhi_os_page_bytes();
    char *start = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct seen seen = { .count = 0 };
    int file = rhi_pagemap_open("/proc/self");

    (void)state;
    assert_ptr_not_equal(start, MAP_FAILED);
    assert_true(file >= 0);
    (void)madvise(start, PAGES * page, MADV_NOHUGEPAGE);
    for (size_t n = 0; n < PAGES; n += 3)
        start[n * page] = 1;

    assert_true(
        rhi_pagemap_read(file, (uintptr_t)start, PAGES, see_page, &seen));

    assert_int_equal(seen.count, PAGES);
    assert_int_equal(seen.present, PAGES / 3);
    assert_int_equal(seen.alone, PAGES / 3);
    rhi_pagemap_close(file);
    munmap(start, PAGES * page);
}

// ---- files of our own ----

static char directory[] = "pagemap.XXXXXX";

static int
make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : 1;
}

static void
path_of(char path[64], const char *name)
{
    (void)snprintf(path, 64, "%s/%s", directory, name);
}

static void
put(const char *name, const char *text, size_t bytes)
{
    char path[64];
    FILE *file;

    path_of(path, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static int
remove_directory(void **state)
{
    char path[64];

    (void)state;
    path_of(path, "smaps");
    (void)unlink(path);
    path_of(path, "pagemap");
    (void)unlink(path);
    return rmdir(directory);
}

static void
a_file_that_is_too_short_is_no_answer(void **state)
{
    uint64_t entries[10] = { 0 };
    struct seen seen = { .count = 0 };
    int file;

    (void)state;
    put("pagemap", (const char *)entries, sizeof entries - 3);
    file = rhi_pagemap_open(directory);
    assert_true(file >= 0);
    assert_true(rhi_pagemap_read(file, 0, 9, see_page, &seen));
    assert_false(rhi_pagemap_read(file, 0, 10, see_page, &seen));
    assert_int_equal(seen.count, 9);
    rhi_pagemap_close(file);
}

struct mappings {
    size_t count;
    struct rhi_mapping mapping[MAPPINGS];
};

static void
see_mapping(const struct rhi_mapping *mapping, void *context)
{
    struct mappings *mappings = context;

    assert_true(mappings->count < MAPPINGS);
    mappings->mapping[mappings->count++] = *mapping;
}

static bool
read_text(const char *text, struct mappings *mappings)
{
    mappings->count = 0;
    put("smaps", text, strlen(text));
    return rhi_pagemap_mappings(directory, "smaps", see_mapping, mappings);
}

static void
sums_are_read_by_their_names(void **state)
{
    struct mappings got;
    const struct rhi_mapping *mapping = &got.mapping[0];

    (void)state;
    assert_true(read_text("1000-5000 rw-p 00000000 00:00 0    [heap]\n"
                          "Size:                 16 kB\n"
                          "Rss:                  15 kB\n"
                          "Pss:                   9 kB\n"
                          "Pss_Dirty:             8 kB\n"
                          "Shared_Clean:          1 kB\n"
                          "Shared_Dirty:          2 kB\n"
                          "Private_Clean:         4 kB\n"
                          "Private_Dirty:         8 kB\n"
                          "AnonHugePages:         3 kB\n"
                          "VmFlags: rd wr mr mw me ac sd\n",
                          &got));

    assert_int_equal(got.count, 1);
    assert_int_equal(mapping->start, 0x1000);
    assert_int_equal(mapping->end, 0x5000);
    assert_int_equal(mapping->resident, 15 * 1024);
    assert_int_equal(mapping->proportional, 9 * 1024);
    assert_int_equal(mapping->shared, 3 * 1024);
    assert_int_equal(mapping->clean_alone, 4 * 1024);
    assert_int_equal(mapping->dirty_alone, 8 * 1024);
    assert_int_equal(mapping->huge, 3 * 1024);
    assert_true(mapping->plain);
    assert_false(mapping->common);
}

static void
mappings_are_told_apart(void **state)
{
    static const bool plain[] = {
        false, false, true, true, true, false, false
    };
    struct mappings got;

    (void)state;
    assert_true(read_text(
        "1000-2000 r-xp 00000000 08:01 77   /usr/lib/libc.so (deleted)\n"
        "2000-3000 rw-p 00000000 00:00 0\n" // its data, not initialised
        "4000-5000 rw-p 00000000 00:00 0 \n"
        "5000-6000 ---p 00000000 00:00 0 \n"
        "6000-7000 rw-p 00000000 00:00 0    [anon:a name]\n"
        "7000-8000 rw-s 00000000 00:01 99   /dev/zero (deleted)\n"
        "8000-9000 rw-p 00000000 00:00 0    [stack]\n",
        &got));

    assert_int_equal(got.count, CHECK_COUNT(plain));
    for (size_t n = 0; n < CHECK_COUNT(plain); n++) {
        assert_int_equal(got.mapping[n].plain, plain[n]);
        assert_int_equal(got.mapping[n].common, n == 5);
    }
}

static void
long_names_do_not_matter(void **state)
{
    char text[8192];
    struct mappings got;
    int length = snprintf(text, sizeof text,
                          "1000-2000 r-xp 00000000 08:01 77   /%05000d\n"
                          "Rss:                  12 kB\n",
                          7);

    (void)state;
    assert_true(length > 5000 && length < (int)sizeof text);
    assert_true(read_text(text, &got));
    assert_int_equal(got.count, 1);
    assert_int_equal(got.mapping[0].resident, 12 * 1024);
}

static void
what_makes_no_sense_is_no_answer(void **state)
{
    static const char *const nonsense[] = {
        "",
        "\n",
        "Rss: 12 kB\n",
        "1000-2000\n",
        "2000-1000 rw-p 00000000 00:00 0\n",
        "abcd\n",
        "1000-2000 rw-p 00000000 00:00 0", // cut off
        "1000-2000 rw-p 00000000 00:00 0\nRss: 1 kB\nffff\n",
    };
    struct mappings got;

    (void)state;
    for (size_t n = 0; n < CHECK_COUNT(nonsense); n++)
        assert_false(read_text(nonsense[n], &got));
}

static void
what_is_not_there_is_no_answer(void **state)
{
    char long_name[400];
    struct mappings got = { .count = 0 };

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(rhi_pagemap_open("no/such/place"), -1);
    assert_int_equal(rhi_pagemap_open(long_name), -1);
    assert_false(
        rhi_pagemap_mappings("no/such/place", "smaps", see_mapping, &got));
    // It can be opened, but not read.
    assert_false(rhi_pagemap_mappings("/", "proc", see_mapping, &got));
    assert_int_equal(got.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_there_when_they_were_written_to),
        cmocka_unit_test(a_file_that_is_too_short_is_no_answer),
        cmocka_unit_test(sums_are_read_by_their_names),
        cmocka_unit_test(mappings_are_told_apart),
        cmocka_unit_test(long_names_do_not_matter),
        cmocka_unit_test(what_makes_no_sense_is_no_answer),
        cmocka_unit_test(what_is_not_there_is_no_answer),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
