// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/compare.h"
#include "osmap/print.h"

#include "json.h"

#include <inttypes.h>
#include <stdio.h>

static void
put_kb(struct json *json, const char *key, uint64_t kb)
{
    if (kb == RH_OSMAP_UNKNOWN)
        json_null(json, key);
    else
        json_number(json, key, kb);
}

static void
put_address(struct json *json, const char *key, uint64_t address)
{
    char text[24];

    snprintf(text, sizeof text, "0x%" PRIx64, address);
    json_text(json, key, text);
}

static void
put_totals(struct json *json, const struct osmap_totals *totals)
{
    json_number(json, "virtual_kb", totals->virtual_kb);
    json_number(json, "resident_kb", totals->resident_kb);
    json_number(json, "used_kb", totals->used_kb);
    json_number(json, "cached_kb", totals->cached_kb);
    json_number(json, "free_resident_kb", totals->free_resident_kb);
    json_number(json, "released_kb", totals->released_kb);
    json_number(json, "not_ours_kb", totals->not_ours_kb);
    json_number(json, "swapped_kb", totals->swapped_kb);
    json_number(json, "gray_pages", totals->gray_pages);
    json_number(json, "pages", totals->pages);
    json_number(json, "blocks", totals->blocks);
}

static void
put_area(struct json *json, const struct osmap_area *area)
{
    json_open_object(json, NULL);
    json_text(json, "name", area->name);
    json_text(json, "kind", osmap_kind_name(area->kind));
    put_address(json, "start", area->start);
    put_address(json, "end", area->end);
    if (area->arena == OSMAP_NONE)
        json_null(json, "arena");
    else
        json_integer(json, "arena", area->arena);
    put_kb(json, "smaps_resident_kb", area->smaps_kb);
    json_number(json, "reserved_kb", area->reserved_bytes / 1024);
    put_totals(json, &area->totals);
    json_close_object(json);
}

static void
put_process(struct json *json, const struct osmap *map, int status)
{
    static const char *const sources[] = { "", "recorded", "called",
                                           "made up" };
    static const char *const reasons[] = { "", "exit", "signal", "every",
                                           "call" };
    const struct rh_osmap_process *process = &map->process;

    json_text(json, "program", map->program);
    json_text(json, "allocator", map->allocator);
    json_text(json, "source", sources[process->source & 3]);
    json_text(json, "reason",
              process->reason <= RH_OSMAP_BY_CALL ? reasons[process->reason]
                                                  : "");
    json_number(json, "process", process->process);
    json_number(json, "snapshot", process->number);
    json_number(json, "age_ms", process->age_ms);
    put_kb(json, "process_virtual_kb", process->virtual_kb);
    put_kb(json, "process_resident_kb", process->resident_kb);
    json_number(json, "allocated_blocks", process->allocated);
    json_number(json, "freed_blocks", process->freed);
    json_number(json, "recorder_kb", process->recorder_bytes / 1024);
    json_truth(json, "walked", process->walked);
    json_text(json, "note", map->note);
    json_number(json, "os_page_bytes", map->page_bytes);
    if (status >= 0)
        json_integer(json, "program_status", status);
}

static void
put_change(struct json *json, const struct osmap *before,
           const struct osmap *map)
{
    struct osmap_change change;
    char key[64];

    osmap_compare(before, map, &change);
    json_open_object(json, "change");
    for (int from = 0; from < OSMAP_STATES; from++)
        for (int to = 0; to < OSMAP_STATES; to++) {
            if (from == to)
                continue;
            snprintf(key, sizeof key, "%s_to_%s_kb",
                     osmap_state_name((enum osmap_state)from),
                     osmap_state_name((enum osmap_state)to));
            json_number(json, key, (change.bytes[from][to] + 512) / 1024);
        }
    json_number(json, "new_kb", change.new_bytes / 1024);
    json_number(json, "gone_kb", change.gone_bytes / 1024);
    json_close_object(json);
}

bool
osmap_print_json(const struct osmap *map, const struct osmap *before,
                 int status)
{
    struct json *json = json_begin();

    if (!json)
        return false;
    json_open_object(json, NULL);
    put_process(json, map, status);
    json_open_object(json, "total");
    put_totals(json, &map->totals);
    json_close_object(json);
    json_open_array(json, "arenas");
    for (size_t i = 0; i < map->area_count; i++)
        put_area(json, &map->areas[i]);
    json_close_array(json);
    if (before) {
        json_open_object(json, "before");
        put_totals(json, &before->totals);
        json_close_object(json);
        put_change(json, before, map);
    }
    json_close_object(json);
    json_flush(json);
    json_end(json);
    return true;
}
