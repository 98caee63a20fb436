// SPDX-License-Identifier: MIT
#include "config.h"

#include "identity.h"

void
rhi_identity_init(struct rhi_identity *identity, struct rhi_region *region,
                  struct rhi_meter *meter)
{
    *identity = (struct rhi_identity){ .last = 0 };
    rhi_roster_init(&identity->roster, region, meter,
                    sizeof(struct rhi_numbered), RHI_ROSTER_BY_ADDRESS);
}

void
rhi_identity_fini(struct rhi_identity *identity)
{
    rhi_roster_fini(&identity->roster);
}

static struct rhi_numbered *
identity_at(const struct rhi_identity *identity, uint32_t position)
{
    return (struct rhi_numbered *)rhi_roster_at(&identity->roster, position);
}

// An object without its special bit has no id, without a look.
static uint32_t
identity_find(struct rhi_identity *identity, const void *object)
{
    struct rhi_roster *roster = &identity->roster;

    if (!rhi_word_is_special(roster->region, object))
        return RHI_NOWHERE;
    return rhi_roster_find(roster, object);
}

static uint64_t
identity_give(struct rhi_identity *identity, void *object)
{
    struct rhi_roster *roster = &identity->roster;
    uint32_t position;

    if (!rhi_roster_reserve(roster, 1))
        return 0;
    position = rhi_roster_add(roster, object, 0);
    rhi_word_set_special(roster->region, object);
    return identity_at(identity, position)->number = ++identity->last;
}

uint64_t
rhi_identity_of(struct rhi_identity *identity, void *object)
{
    uint32_t position = identity_find(identity, object);

    if (position == RHI_NOWHERE)
        return identity_give(identity, object);
    return identity_at(identity, position)->number;
}

void *
rhi_identity_object(const struct rhi_identity *identity, uint64_t id)
{
    uint32_t position = rhi_roster_seek(&identity->roster, id);
    const struct rhi_numbered *entry;

    if (position == identity->roster.count)
        return NULL;
    entry = identity_at(identity, position);
    if (entry->number != id || entry->entry.link == RHI_GAP)
        return NULL;
    return entry->entry.object;
}

void
rhi_identity_forget(struct rhi_identity *identity,
                    const struct rh_marker *marker, bool minor)
{
    struct rhi_roster *roster = &identity->roster;

    for (uint32_t i = minor ? roster->old_count : 0; i < roster->count; i++) {
        const struct rhi_entry *entry = rhi_roster_at(roster, i);

        if (entry->link == RHI_GAP)
            continue;
        identity->seen++;
        if (!rhi_marker_has_reached(marker, entry->object))
            rhi_roster_drop(roster, i);
    }
    rhi_roster_grow_old(roster, minor);
}

void
rhi_identity_moved(struct rhi_identity *identity, rhi_forward_fn forward,
                   void *context)
{
    rhi_roster_moved(&identity->roster, forward, context);
}

const char *
rhi_identity_check(const struct rhi_identity *identity)
{
    const char *broken = rhi_roster_check(&identity->roster);
    uint64_t last = 0;

    for (uint32_t i = 0; !broken && i < identity->roster.count; i++) {
        uint64_t id = identity_at(identity, i)->number;

        if (id <= last || id > identity->last)
            broken = "N1";
        last = id;
    }
    return broken;
}
