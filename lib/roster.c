// SPDX-License-Identifier: MIT
#include "config.h"

#include "roster.h"

#include <string.h>

enum {
    FIRST_CAPACITY = 8
};

void
rhi_roster_init(struct rhi_roster *roster, struct rhi_region *region,
                struct rhi_meter *meter, size_t entry_bytes, unsigned kind)
{
    *roster = (struct rhi_roster){
        .region = region,
        .meter = meter,
        .entry_bytes = entry_bytes,
        .kind = kind,
    };
    rhi_index_init(&roster->index, meter);
}

void
rhi_roster_fini(struct rhi_roster *roster)
{
    rhi_index_fini(&roster->index);
    rhi_meter_free(roster->meter, roster->entries, roster->capacity,
                   roster->entry_bytes);
    rhi_roster_init(roster, roster->region, roster->meter, roster->entry_bytes,
                    roster->kind);
}

// ---- the index ----

static uint32_t
entry_code(const struct rhi_roster *roster, const struct rhi_entry *entry)
{
    return roster->kind & RHI_ROSTER_BY_ADDRESS ? rhi_roster_code(entry->object)
                                                : entry->code;
}

// The entry about an object among those that are indexed.
static uint32_t
roster_search(const struct rhi_roster *roster, const void *object,
              uint32_t code)
{
    struct rhi_search search;
    uint32_t position = rhi_search_first(&search, &roster->index, code);

    while (position != RHI_NOWHERE &&
           rhi_roster_at(roster, position)->object != object)
        position = rhi_search_next(&search, &roster->index);
    return position;
}

static void
roster_enter(struct rhi_roster *roster, uint32_t position)
{
    struct rhi_entry *entry = rhi_roster_at(roster, position);
    uint32_t code = entry_code(roster, entry);
    uint32_t before = RHI_NOWHERE;

    if (entry->link == RHI_GAP)
        return;
    if (roster->kind & RHI_ROSTER_CHAINED) {
        before = roster_search(roster, entry->object, code);
        entry->link = before == RHI_NOWHERE ? 0 : before + 1;
    }
    if (before == RHI_NOWHERE)
        rhi_index_add(&roster->index, code, position);
    else
        rhi_index_move(&roster->index, code, before, position);
}

bool
rhi_roster_index(struct rhi_roster *roster, size_t more)
{
    if (!rhi_index_reserve(&roster->index, rhi_roster_size(roster) + more))
        return false;
    while (roster->indexed < roster->count)
        roster_enter(roster, roster->indexed++);
    return true;
}

// Index the first `count` entries, and only these.
static void
roster_index_again(struct rhi_roster *roster, uint32_t count)
{
    rhi_index_clear(&roster->index);
    for (roster->indexed = 0; roster->indexed < count;)
        roster_enter(roster, roster->indexed++);
}

uint32_t
rhi_roster_find(struct rhi_roster *roster, const void *object)
{
    if (!rhi_roster_index(roster, 0))
        for (uint32_t i = roster->count; i-- > roster->indexed;) {
            const struct rhi_entry *entry = rhi_roster_at(roster, i);

            if (entry->object == object && entry->link != RHI_GAP)
                return i;
        }
    return roster_search(roster, object, rhi_roster_code(object));
}

uint32_t
rhi_roster_before(const struct rhi_roster *roster, uint32_t position)
{
    uint32_t link = rhi_roster_at(roster, position)->link;

    return link && rhi_roster_at(roster, link - 1)->link != RHI_GAP
               ? link - 1
               : RHI_NOWHERE;
}

// ---- coming ----

static bool
roster_grow(struct rhi_roster *roster, size_t need)
{
    size_t capacity = rhi_max(roster->capacity, FIRST_CAPACITY);
    char *entries;

    while (capacity < need)
        capacity *= 2;
    if (capacity > RHI_ROSTER_MAX)
        return false;
    entries = rhi_meter_grow(roster->meter, roster->entries, roster->capacity,
                             capacity, roster->entry_bytes);
    if (!entries)
        return false;
    roster->entries = entries;
    roster->capacity = (uint32_t)capacity;
    return true;
}

bool
rhi_roster_reserve(struct rhi_roster *roster, size_t more)
{
    size_t need = roster->count + more;

    if (need <= roster->capacity)
        return true;
    if (roster->gaps) {
        rhi_roster_close(roster);
        need = roster->count + more;
    }
    // A quarter is left, so that the next closing is a while away.
    if (need <= roster->capacity - roster->capacity / 4)
        return true;
    return roster_grow(roster, rhi_max(need, (size_t)roster->capacity + 1)) ||
           need <= roster->capacity;
}

uint32_t
rhi_roster_add(struct rhi_roster *roster, void *object, uint32_t code)
{
    uint32_t position = roster->count++;
    struct rhi_entry *entry = rhi_roster_at(roster, position);

    memset(entry, 0, roster->entry_bytes);
    entry->object = object;
    entry->code = code;
    return position;
}

// ---- going ----

static void
entry_to_gap(struct rhi_roster *roster, uint32_t position)
{
    rhi_roster_at(roster, position)->link = RHI_GAP;
    roster->gaps++;
}

// Take an entry out of its chain, and out of the index if it led there.
static void
chain_cut(struct rhi_roster *roster, uint32_t position)
{
    struct rhi_entry *entry = rhi_roster_at(roster, position);
    uint32_t code = entry_code(roster, entry);
    uint32_t latest = roster_search(roster, entry->object, code);
    uint32_t before = rhi_roster_before(roster, position);

    if (latest != position) {
        struct rhi_entry *after = rhi_roster_at(roster, latest);

        while (after->link != position + 1)
            after = rhi_roster_at(roster, after->link - 1);
        after->link = entry->link;
    } else if (before != RHI_NOWHERE) {
        rhi_index_move(&roster->index, code, position, before);
    } else {
        rhi_index_remove(&roster->index, code, position);
    }
}

void
rhi_roster_cut(struct rhi_roster *roster, uint32_t position)
{
    if (position < roster->indexed) {
        if (roster->kind & RHI_ROSTER_CHAINED)
            chain_cut(roster, position);
        else
            rhi_index_remove(
                &roster->index,
                entry_code(roster, rhi_roster_at(roster, position)), position);
    }
    entry_to_gap(roster, position);
}

void
rhi_roster_drop(struct rhi_roster *roster, uint32_t position)
{
    if (position < roster->indexed) {
        const struct rhi_entry *entry = rhi_roster_at(roster, position);
        uint32_t code = entry_code(roster, entry);

        if (!(roster->kind & RHI_ROSTER_CHAINED) ||
            roster_search(roster, entry->object, code) == position)
            rhi_index_remove(&roster->index, code, position);
    }
    entry_to_gap(roster, position);
}

void
rhi_roster_close(struct rhi_roster *roster)
{
    uint32_t kept = 0;
    uint32_t old_count = 0;
    uint32_t indexed = 0;

    for (uint32_t i = 0; i < roster->count; i++) {
        struct rhi_entry *entry = rhi_roster_at(roster, i);

        if (entry->link == RHI_GAP)
            continue;
        old_count += i < roster->old_count;
        indexed += i < roster->indexed;
        if (kept != i)
            memcpy(rhi_roster_at(roster, kept), entry, roster->entry_bytes);
        kept++;
    }
    roster->count = kept;
    roster->gaps = 0;
    roster->old_count = old_count;
    roster->closings++;
    roster_index_again(roster, indexed);
}

void
rhi_roster_grow_old(struct rhi_roster *roster, bool minor)
{
    while (roster->count > roster->old_count &&
           rhi_roster_at(roster, roster->count - 1)->link == RHI_GAP) {
        roster->count--;
        roster->gaps--;
    }
    if (roster->indexed > roster->count)
        roster->indexed = roster->count;
    roster->old_count = roster->count;
    if (!minor && roster->gaps > roster->count / 2)
        rhi_roster_close(roster);
}

uint32_t
rhi_roster_seek(const struct rhi_roster *roster, uint64_t number)
{
    uint32_t low = 0;
    uint32_t high = roster->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct rhi_entry *entry = rhi_roster_at(roster, middle);

        if (((const struct rhi_numbered *)entry)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
rhi_roster_moved(struct rhi_roster *roster, rhi_forward_fn forward,
                 void *context)
{
    for (uint32_t i = 0; i < roster->count; i++) {
        struct rhi_entry *entry = rhi_roster_at(roster, i);

        if (entry->link == RHI_GAP ||
            !rhi_region_covers(roster->region, (uintptr_t)entry->object))
            continue;
        entry->object = forward(context, entry->object);
    }
    if (roster->kind & RHI_ROSTER_BY_ADDRESS)
        roster_index_again(roster, roster->indexed);
}

// ---- checking ----

static bool
entry_is_found(const struct rhi_roster *roster, uint32_t position)
{
    const struct rhi_entry *entry = rhi_roster_at(roster, position);
    uint32_t code = entry_code(roster, entry);
    struct rhi_search search;
    uint32_t found = rhi_search_first(&search, &roster->index, code);

    if (roster->kind & RHI_ROSTER_CHAINED)
        found = roster_search(roster, entry->object, code);
    else
        while (found != RHI_NOWHERE && found != position)
            found = rhi_search_next(&search, &roster->index);
    return found != RHI_NOWHERE && found >= position;
}

// The link of an indexed entry of a chain.
static bool
link_is_right(const struct rhi_roster *roster, uint32_t position)
{
    const struct rhi_entry *entry = rhi_roster_at(roster, position);
    uint32_t before;

    if (entry->link > position)
        return false;
    before = rhi_roster_before(roster, position);
    return before == RHI_NOWHERE ||
           rhi_roster_at(roster, before)->object == entry->object;
}

static const char *
entry_check(const struct rhi_roster *roster, uint32_t position, size_t *cells)
{
    const struct rhi_entry *entry = rhi_roster_at(roster, position);
    bool chained = roster->kind & RHI_ROSTER_CHAINED;

    if (position < roster->indexed) {
        if (!entry_is_found(roster, position) ||
            (chained && !link_is_right(roster, position)))
            return "L2";
        *cells +=
            !chained || rhi_roster_before(roster, position) == RHI_NOWHERE;
    } else if (chained && entry->link) {
        return "L2";
    }
    return rhi_word_is_sound(roster->region, entry->object) ? NULL : "L3";
}

const char *
rhi_roster_check(const struct rhi_roster *roster)
{
    const char *broken = rhi_index_check(&roster->index);
    size_t gaps = 0;
    size_t cells = 0;

    if (!broken &&
        (roster->count > roster->capacity || roster->indexed > roster->count ||
         roster->old_count > roster->count))
        broken = "L1";
    for (uint32_t i = 0; !broken && i < roster->count; i++)
        if (rhi_roster_at(roster, i)->link == RHI_GAP)
            gaps++;
        else
            broken = entry_check(roster, i, &cells);
    if (!broken && gaps != roster->gaps)
        broken = "L1";
    if (!broken && cells != roster->index.used)
        broken = "L2";
    return broken;
}
