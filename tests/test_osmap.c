// SPDX-License-Identifier: MIT
// Snapshots of malloc's memory: samples, damaged files, and what a heap writes
// of itself.
#include "check.h"

#include "osmap/compare.h"
#include "osmap/snapshot.h"
#include "osmap/write.h"

#include <rheap/array.h>
#include <rheap/osmap.h>

#include <unistd.h>

enum {
    MUTATIONS = 3000
};

static char path[] = "test_osmap.XXXXXX";
static char other[64];

struct bytes {
    char *bytes;
    size_t count;
};

static struct bytes
file_bytes(const char *name)
{
    struct bytes file = { NULL, 0 };
    FILE *from = fopen(name, "rb");

    assert_non_null(from);
    fseek(from, 0, SEEK_END);
    file.count = (size_t)ftell(from);
    rewind(from);
    file.bytes = malloc(file.count + 1);
    assert_non_null(file.bytes);
    assert_int_equal(fread(file.bytes, 1, file.count, from), file.count);
    fclose(from);
    return file;
}

static void
write_bytes(const char *name, const char *bytes, size_t count)
{
    FILE *to = fopen(name, "wb");

    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, count, to), count);
    assert_int_equal(fclose(to), 0);
}

static void
read_good(struct osmap *map)
{
    struct osmap_error error;

    if (!osmap_read(path, map, &error))
        fail_msg("%s", error.text);
}

static void
read_sample(const char *name, struct osmap *map)
{
    struct osmap_error error;

    assert_true(osmap_sample(name, path, &error));
    read_good(map);
}

static void
refused(const char *text)
{
    struct osmap map;
    struct osmap_error error = { "" };

    assert_false(osmap_read(path, &map, &error));
    if (!strstr(error.text, text))
        fail_msg("'%s' does not say '%s'", error.text, text);
}

static void
check_totals(const struct osmap_totals *totals)
{
    assert_int_equal(totals->virtual_kb,
                     totals->used_kb + totals->free_resident_kb +
                         totals->released_kb + totals->cached_kb +
                         totals->not_ours_kb);
    assert_int_equal(totals->resident_kb, totals->virtual_kb -
                                              totals->released_kb -
                                              totals->swapped_kb);
}

static void
check_map(const struct osmap *map)
{
    size_t pages = 0, blocks = 0;
    uint64_t bytes = 0;

    for (size_t i = 0; i < map->area_count; i++) {
        check_totals(&map->areas[i].totals);
        pages += map->areas[i].page_count;
        blocks += map->areas[i].block_count;
        bytes += map->areas[i].end - map->areas[i].start;
    }
    check_totals(&map->totals);
    assert_int_equal(pages, map->page_count);
    assert_int_equal(blocks, map->block_count);
    assert_int_equal(bytes, map->totals.virtual_kb * 1024);
}

// --- samples -----------------------------------------------------------------

static void
the_figures_of_every_sample_add_up(void **state)
{
    (void)state;
    for (const struct osmap_sample_name *sample = osmap_samples(); sample->name;
         sample++) {
        struct osmap map;

        read_sample(sample->name, &map);
        check_map(&map);
        osmap_free(&map);
    }
}

static void
of_two_pages_none_can_be_released_when_3_kb_of_5_are_freed(void **state)
{
    struct osmap before, after;
    (void)state;

    read_sample("two-pages", &before);
    read_sample("two-pages-freed", &after);

    assert_int_equal(before.page_count, 2);
    assert_int_equal(before.totals.blocks, 2);
    assert_int_equal(after.totals.blocks, 1);
    assert_int_equal(after.totals.bytes[OSMAP_USED], 2064);
    assert_int_equal(after.totals.gray_pages, 0);
    assert_int_equal(after.pages[0].state, OSMAP_USED);
    assert_int_equal(after.pages[1].state, OSMAP_USED);
    osmap_free(&before);
    osmap_free(&after);
}

static void
no_hole_of_many_is_large_enough(void **state)
{
    struct osmap before, after;
    uint64_t largest = 0, all = 0;
    (void)state;

    read_sample("holes", &before);
    read_sample("holes-grown", &after);

    for (size_t i = 0; i + 1 < before.block_count; i++) {
        uint64_t hole = before.blocks[i + 1].start - before.blocks[i].end;

        all += hole;
        largest = hole > largest ? hole : largest;
    }
    assert_true(largest < 6000);
    assert_true(all > 3 * 6000);
    assert_true(after.page_count > before.page_count);
    osmap_free(&before);
    osmap_free(&after);
}

static void
units_are_painted_as_pages_are_counted(void **state)
{
    struct osmap map;
    struct osmap_unit units[256];
    (void)state;

    read_sample("all", &map);
    assert_int_equal(map.page_units, 256);
    for (size_t page = 0; page < map.page_count; page++) {
        uint16_t counts[OSMAP_STATES] = { 0 };

        osmap_units(&map, page, units);
        for (size_t i = 0; i < 256; i++)
            counts[units[i].state]++;
        assert_memory_equal(counts, map.pages[page].units, sizeof counts);
        assert_ptr_equal(osmap_page_area(&map, page),
                         osmap_page_area(&map, page));
    }
    osmap_free(&map);
}

static void
what_was_free_becomes_released_by_a_trim(void **state)
{
    struct osmap before, after;
    struct osmap_change change;
    uint64_t fell;
    (void)state;

    read_sample("all", &before);
    read_sample("all-trimmed", &after);
    osmap_compare(&before, &after, &change);

    fell = (before.totals.resident_kb - after.totals.resident_kb) * 1024;
    assert_int_equal(change.bytes[OSMAP_FREE_RESIDENT][OSMAP_RELEASED] +
                         change.bytes[OSMAP_USED][OSMAP_RELEASED],
                     fell);
    assert_int_equal(change.new_bytes + change.gone_bytes, 0);
    osmap_free(&before);
    osmap_free(&after);
}

// --- damaged files -----------------------------------------------------------

static void
a_file_of_another_kind_is_refused(void **state)
{
    (void)state;
    write_bytes(path, "", 0);
    refused("is no snapshot");
    write_bytes(path, "{\"type\":\"ROOT\", \"root\":\"vm\"}\n................",
                45);
    refused("is no snapshot");
}

static void
a_snapshot_is_refused_wherever_it_breaks_off(void **state)
{
    struct osmap_error error;
    struct bytes file;
    (void)state;

    assert_true(osmap_sample("two-pages", path, &error));
    file = file_bytes(path);
    for (size_t count = 40; count < file.count; count += 3) {
        write_bytes(path, file.bytes, count);
        refused("breaks off");
    }
    free(file.bytes);
}

static void
a_changed_byte_is_found(void **state)
{
    struct osmap_error error;
    struct bytes file;
    (void)state;

    assert_true(osmap_sample("two-pages", path, &error));
    file = file_bytes(path);
    for (size_t i = 0; i < file.count; i++) {
        struct osmap map;

        file.bytes[i] ^= 1;
        write_bytes(path, file.bytes, file.count);
        assert_false(osmap_read(path, &map, &error));
        file.bytes[i] ^= 1;
    }
    free(file.bytes);
}

static void
another_version_is_refused_by_its_number(void **state)
{
    struct osmap_error error;
    struct bytes file;
    (void)state;

    assert_true(osmap_sample("two-pages", path, &error));
    file = file_bytes(path);
    file.bytes[8] = 9;
    write_bytes(path, file.bytes, file.count);
    refused("version 9");
    free(file.bytes);
}

static uint64_t random_state = 42;

static uint32_t
below(uint32_t limit)
{
    random_state =
        random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % limit;
}

// The end section is the last 24 bytes.
static void
sign(struct bytes *file)
{
    size_t end = file->count - 24;
    uint64_t sum = osmap_checksum(OSMAP_CHECKSUM_START, file->bytes, end);

    memcpy(file->bytes + end + 16, &sum, sizeof sum);
}

static void
nonsense_with_a_right_checksum_is_harmless(void **state)
{
    struct osmap_error error;
    struct bytes file;
    size_t refusals = 0;
    (void)state;

    assert_true(osmap_sample("all", path, &error));
    file = file_bytes(path);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t at = 32 + below((uint32_t)file.count - 32 - 24);
        char old = file.bytes[at];
        struct osmap map;

        file.bytes[at] = (char)below(256);
        sign(&file);
        write_bytes(path, file.bytes, file.count);
        if (osmap_read(path, &map, &error)) {
            check_totals(&map.totals);
            osmap_free(&map);
        } else {
            refusals++;
        }
        file.bytes[at] = old;
    }
    assert_true(refusals > 0);
    free(file.bytes);
}

static bool
append(void *context, const void *bytes, size_t count)
{
    return fwrite(bytes, 1, count, context) == count;
}

static void
what_a_later_version_adds_is_passed_over(void **state)
{
    static struct osmap_writer writer;
    struct {
        struct rh_osmap_process process;
        uint64_t more;
    } longer = { .process = { .source = RH_OSMAP_MADE_UP, .process = 4711 } };
    uint64_t unknown[3] = { 1, 2, 3 };
    FILE *to = fopen(path, "wb");
    struct osmap map;
    (void)state;

    osmap_write_begin(&writer, append, to, 4096);
    osmap_write_section(&writer, (enum rh_osmap_kind)99, 8, 3);
    osmap_write_items(&writer, unknown, 3);
    osmap_write_section(&writer, RH_OSMAP_PROCESS, sizeof longer, 1);
    osmap_write_items(&writer, &longer, 1);
    assert_true(osmap_write_end(&writer));
    assert_int_equal(fclose(to), 0);

    read_good(&map);
    assert_int_equal(map.process.process, 4711);
    assert_int_equal(map.page_count, 0);
    osmap_free(&map);
}

// --- what a heap writes ------------------------------------------------------

static uint64_t
resident_of_kind(const struct osmap *map, enum rh_osmap_area_kind kind)
{
    uint64_t resident_kb = 0;

    for (size_t i = 0; i < map->area_count; i++)
        if (map->areas[i].kind == kind)
            resident_kb += map->areas[i].totals.resident_kb;
    return resident_kb;
}

static size_t
live_slots(const struct osmap *map)
{
    size_t live = 0;

    for (size_t i = 0; i < map->heap_page_count; i++)
        live += map->heap_pages[i].live;
    return live;
}

// glibc lends a block 8 bytes of the next one's header.
static bool
has_block(const struct osmap *map, const void *address, size_t bytes)
{
    for (size_t i = 0; i < map->block_count; i++)
        if (map->blocks[i].address == (uintptr_t)address)
            return map->blocks[i].size == bytes &&
                   map->blocks[i].start <= (uintptr_t)address &&
                   map->blocks[i].end + 8 >= (uintptr_t)address + bytes;
    return false;
}

static void
a_heap_writes_its_slots_and_its_blocks(void **state)
{
    struct rh_config config;
    struct rh_osmap *osmap;
    struct rh_heap *heap;
    struct osmap map;
    void *small, *large;
    (void)state;

    rh_config_init(&config);
    osmap = rh_osmap_new(&config);
    assert_non_null(osmap);
    heap = rh_heap_new(&config);
    assert_non_null(heap);
    for (int i = 0; i < 1000; i++)
        assert_true(rh_array_new_capacity(heap, 0, 3) != 0);
    small = rh_external_malloc(heap, 100);
    large = rh_external_malloc(heap, 1000 * 1000);

    assert_int_equal(rh_osmap_snapshot(heap, osmap, path), RH_OK);
    read_good(&map);
    check_map(&map);
    assert_int_equal(map.process.source, RH_OSMAP_CALLED);
    assert_int_equal(live_slots(&map), check_stat(heap, "heap_live_slots"));
    assert_true(resident_of_kind(&map, RH_OSMAP_BODIES) > 0);
    assert_true(resident_of_kind(&map, RH_OSMAP_TABLES) > 0);
    assert_true(has_block(&map, small, 100));
    assert_true(has_block(&map, large, 1000 * 1000));
    osmap_free(&map);

    rh_external_free(heap, small, 100);
    large = rh_external_realloc(heap, large, 1000 * 1000, 50);
    assert_int_equal(rh_osmap_snapshot(heap, osmap, path), RH_OK);
    read_good(&map);
    assert_false(has_block(&map, small, 100));
    assert_true(has_block(&map, large, 50));
    osmap_free(&map);

    rh_external_free(heap, large, 50);
    rh_heap_free(heap);
    rh_osmap_free(osmap);
    rh_osmap_free(NULL);
}

static void
thousands_of_blocks_are_noted_exactly(void **state)
{
    enum {
        COUNT = 5000
    };
    static void *blocks[COUNT];
    struct rh_config config;
    struct rh_osmap *osmap;
    struct rh_heap *heap;
    struct osmap map;
    size_t used = 0;
    (void)state;

    rh_config_init(&config);
    osmap = rh_osmap_new(&config);
    heap = rh_heap_new(&config);
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = rh_external_malloc(heap, 10 + i);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 3) {
            rh_external_free(heap, blocks[i], 10 + i);
            blocks[i] = NULL;
        }
    assert_int_equal(rh_osmap_snapshot(heap, osmap, path), RH_OK);
    read_good(&map);
    for (size_t i = 0; i < map.block_count; i++)
        used += map.blocks[i].state == RH_OSMAP_BLOCK_USED;
    for (size_t i = 0; i < COUNT; i += 3 * 97)
        assert_true(has_block(&map, blocks[i], 10 + i));
    assert_int_equal(used, map.process.allocated - map.process.freed);
    assert_true(used >= (COUNT + 2) / 3);
    osmap_free(&map);
    for (size_t i = 0; i < COUNT; i += 3)
        rh_external_free(heap, blocks[i], 10 + i);
    rh_heap_free(heap);
    rh_osmap_free(osmap);
}

static void
without_notes_a_heap_writes_its_pages(void **state)
{
    struct check_world world;
    struct osmap map;
    (void)state;

    check_open(&world);
    check_waste(world.heap, 1000);

    assert_int_equal(rh_osmap_snapshot(world.heap, NULL, path), RH_OK);
    read_good(&map);
    assert_int_equal(map.block_count, 0);
    assert_int_equal(live_slots(&map),
                     check_stat(world.heap, "heap_live_slots"));
    osmap_free(&map);
    check_close(&world);
}

static void
a_snapshot_that_fails_leaves_nothing_behind(void **state)
{
    struct check_world world;
    (void)state;

    check_open(&world);
    snprintf(other, sizeof other, "%s.dir/file", path);
    assert_int_equal(rh_osmap_snapshot(world.heap, NULL, other),
                     RH_BAD_ARGUMENT);
    check_fail_at(&world.faults, 1);
    assert_int_equal(rh_osmap_snapshot(world.heap, NULL, path), RH_NO_MEMORY);
    check_fail_at(&world.faults, 2);
    assert_int_equal(rh_osmap_snapshot(world.heap, NULL, path), RH_NO_MEMORY);
    check_fail_at(&world.faults, 0);
    assert_int_equal(rh_osmap_snapshot(world.heap, NULL, path), RH_OK);
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_figures_of_every_sample_add_up),
        cmocka_unit_test(
            of_two_pages_none_can_be_released_when_3_kb_of_5_are_freed),
        cmocka_unit_test(no_hole_of_many_is_large_enough),
        cmocka_unit_test(units_are_painted_as_pages_are_counted),
        cmocka_unit_test(what_was_free_becomes_released_by_a_trim),
        cmocka_unit_test(a_file_of_another_kind_is_refused),
        cmocka_unit_test(a_snapshot_is_refused_wherever_it_breaks_off),
        cmocka_unit_test(a_changed_byte_is_found),
        cmocka_unit_test(another_version_is_refused_by_its_number),
        cmocka_unit_test(nonsense_with_a_right_checksum_is_harmless),
        cmocka_unit_test(what_a_later_version_adds_is_passed_over),
        cmocka_unit_test(a_heap_writes_its_slots_and_its_blocks),
        cmocka_unit_test(thousands_of_blocks_are_noted_exactly),
        cmocka_unit_test(without_notes_a_heap_writes_its_pages),
        cmocka_unit_test(a_snapshot_that_fails_leaves_nothing_behind),
    };
    int file = mkstemp(path);
    int failures;

    if (file < 0)
        return 99;
    close(file);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failures;
}
