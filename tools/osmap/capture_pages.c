// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/capture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)

static unsigned char
residence_of(uint64_t item)
{
    return (unsigned char)((item & PAGEMAP_PRESENT ? RH_OSMAP_PRESENT : 0) |
                           (item & PAGEMAP_SWAPPED ? RH_OSMAP_SWAPPED : 0));
}

static bool
read_pagemap(struct capture *capture, int pagemap, uint64_t start, size_t count)
{
    size_t bytes = count * sizeof capture->pagemap[0];

    if (pread(pagemap, capture->pagemap, bytes,
              (off_t)(start / capture->page_bytes * 8)) != (ssize_t)bytes)
        return false;
    for (size_t i = 0; i < count; i++)
        capture->residence[i] = residence_of(capture->pagemap[i]);
    return true;
}

// Where the pagemap is withheld: pages in swap space look released.
static bool
ask_mincore(struct capture *capture, uint64_t start, size_t count)
{
    if (mincore((void *)(uintptr_t)start, count * capture->page_bytes,
                capture->residence) != 0)
        return capture_fail(capture,
                            "the kernel does not tell which pages it holds");
    for (size_t i = 0; i < count; i++)
        capture->residence[i] &= RH_OSMAP_PRESENT;
    return true;
}

static bool
write_residence(struct capture *capture, int pagemap, struct range range)
{
    while (range.start < range.end) {
        size_t count =
            (size_t)((range.end - range.start) / capture->page_bytes);

        if (count > PAGEMAP_ITEMS)
            count = PAGEMAP_ITEMS;
        if (!(pagemap >= 0 &&
              read_pagemap(capture, pagemap, range.start, count)) &&
            !ask_mincore(capture, range.start, count))
            return false;
        osmap_write_items(&capture->writer, capture->residence, count);
        range.start += count * capture->page_bytes;
    }
    return true;
}

bool
capture_write_pages(struct capture *capture)
{
    int pagemap = capture_open("/proc/self/pagemap", O_RDONLY);
    uint64_t pages = 0;
    bool is_good = true;

    for (size_t i = 0; i < capture->area_count; i++)
        pages += (capture->areas[i].end - capture->areas[i].start) /
                 capture->page_bytes;
    osmap_write_section(&capture->writer, RH_OSMAP_RESIDENCE, 1, pages);
    for (size_t i = 0; is_good && i < capture->area_count; i++)
        is_good = write_residence(
            capture, pagemap,
            (struct range){ capture->areas[i].start, capture->areas[i].end });
    if (pagemap >= 0)
        close(pagemap);
    return is_good;
}

static void
write_site(struct capture *capture, uintptr_t address)
{
    const struct maps_entry *mapping = maps_at(&capture->maps, address);
    struct rh_osmap_site site = { .address = address };

    if (mapping) {
        site.offset = address - mapping->start + mapping->file_offset;
        site.module = mapping->name;
    }
    osmap_write_items(&capture->writer, &site, 1);
}

void
capture_write_sites(struct capture *capture)
{
    const struct recording *recording = capture->recording;
    uint32_t count = 0;

    for (size_t i = 1; i < SITE_COUNT; i++)
        if (recording->sites[i])
            capture->site_numbers[i] = ++count;
    osmap_write_section(&capture->writer, RH_OSMAP_SITE,
                        sizeof(struct rh_osmap_site), count);
    for (size_t i = 1; i < SITE_COUNT; i++)
        if (capture->site_numbers[i])
            write_site(capture, recording->sites[i]);
}
