// SPDX-License-Identifier: MIT
#include "config.h"

#include "finalize.h"

enum {
    QUEUED = 1,
    LAST = 2,   // queued entry of its object
    PIECE = 256 // objects reached between two drains
};

void
rhi_finalizers_init(struct rhi_finalizers *finalizers,
                    struct rhi_region *region, struct rhi_meter *meter)
{
    *finalizers = (struct rhi_finalizers){ .pending = 0 };
    rhi_roster_init(&finalizers->roster, region, meter,
                    sizeof(struct rhi_finalizer),
                    RHI_ROSTER_BY_ADDRESS | RHI_ROSTER_CHAINED);
}

void
rhi_finalizers_fini(struct rhi_finalizers *finalizers)
{
    rhi_roster_fini(&finalizers->roster);
}

static struct rhi_finalizer *
finalizer_at(const struct rhi_finalizers *finalizers, uint32_t position)
{
    return (struct rhi_finalizer *)rhi_roster_at(&finalizers->roster, position);
}

static bool
is_queued(const struct rhi_finalizers *finalizers, uint32_t position)
{
    const struct rhi_entry *entry =
        rhi_roster_at(&finalizers->roster, position);

    return entry->link != RHI_GAP && entry->code & QUEUED;
}

// Where there were `closings`, positions are different now, or the last have
// gone.
static void
queue_find_again(struct rhi_finalizers *finalizers, uint32_t closings)
{
    if (finalizers->roster.closings != closings) {
        finalizers->head = 0;
        finalizers->tail = finalizers->roster.count;
    }
    if (finalizers->tail > finalizers->roster.count)
        finalizers->tail = finalizers->roster.count;
}

// ---- registering ----

// Make room for `more` entries of one object.  Unless it is alone, it must be
// linked with the others, and so indexed.
static bool
finalizers_reserve(struct rhi_finalizers *finalizers, size_t more, bool alone)
{
    struct rhi_roster *roster = &finalizers->roster;
    uint32_t closings = roster->closings;
    bool room = rhi_roster_reserve(roster, more) &&
                (alone || rhi_roster_index(roster, more));

    queue_find_again(finalizers, closings);
    return room;
}

static struct rhi_finalizer *
finalizers_put(struct rhi_finalizers *finalizers, void *object)
{
    return finalizer_at(finalizers,
                        rhi_roster_add(&finalizers->roster, object, 0));
}

bool
rhi_finalizers_add(struct rhi_finalizers *finalizers, void *object,
                   rh_finalizer_fn fn, void *context)
{
    struct rhi_roster *roster = &finalizers->roster;
    bool alone = !rhi_word_set_special(roster->region, object);
    struct rhi_finalizer *finalizer;

    if (!finalizers_reserve(finalizers, 1, alone))
        return false;
    finalizer = finalizers_put(finalizers, object);
    finalizer->fn = fn;
    finalizer->context = context;
    return alone || rhi_roster_index(roster, 0); // there is room
}

// The latest of an object.  One without its special bit has none.
static uint32_t
finalizers_find(struct rhi_finalizers *finalizers, const void *object)
{
    if (!rhi_word_is_special(finalizers->roster.region, object))
        return RHI_NOWHERE;
    return rhi_roster_find(&finalizers->roster, object);
}

static size_t
chain_length(const struct rhi_finalizers *finalizers, uint32_t position)
{
    size_t length = 0;

    for (; position != RHI_NOWHERE;
         position = rhi_roster_before(&finalizers->roster, position))
        length++;
    return length;
}

// Fill `count` new entries, the last of which is at `to`, with those of a
// chain, of which the last is at `from`.
static void
chain_copy(struct rhi_finalizers *finalizers, uint32_t from, uint32_t to,
           size_t count)
{
    for (; count > 0; count--, to--) {
        const struct rhi_finalizer *old = finalizer_at(finalizers, from);
        struct rhi_finalizer *new = finalizer_at(finalizers, to);

        new->fn = old->fn;
        new->context = old->context;
        from = rhi_roster_before(&finalizers->roster, from);
    }
}

bool
rhi_finalizers_copy(struct rhi_finalizers *finalizers, void *from, void *to)
{
    struct rhi_roster *roster = &finalizers->roster;
    size_t count = chain_length(finalizers, finalizers_find(finalizers, from));
    bool alone = count == 1 && !rhi_word_is_special(roster->region, to);
    uint32_t last;

    if (count == 0)
        return true;
    if (!finalizers_reserve(finalizers, count, alone))
        return false;
    last = finalizers_find(finalizers, from); // positions may have changed
    for (size_t i = 0; i < count; i++)
        finalizers_put(finalizers, to);
    chain_copy(finalizers, last, roster->count - 1, count);
    rhi_word_set_special(roster->region, to);
    return alone || rhi_roster_index(roster, 0); // there is room
}

// ---- taking back ----

// A queued entry goes before its turn.
static void
queued_discard(struct rhi_finalizers *finalizers, uint32_t position)
{
    uint32_t before = rhi_roster_before(&finalizers->roster, position);

    finalizers->pending--;
    finalizers->gone++;
    if (!(finalizer_at(finalizers, position)->entry.code & LAST))
        return;
    if (before == RHI_NOWHERE)
        finalizers->finals--;
    else
        finalizer_at(finalizers, before)->entry.code |= LAST;
}

static void
finalizer_discard(struct rhi_finalizers *finalizers, uint32_t position)
{
    if (is_queued(finalizers, position))
        queued_discard(finalizers, position);
    rhi_roster_cut(&finalizers->roster, position);
}

bool
rhi_finalizers_remove(struct rhi_finalizers *finalizers, void *object,
                      rh_finalizer_fn fn, void *context)
{
    uint32_t position = finalizers_find(finalizers, object);

    for (; position != RHI_NOWHERE;
         position = rhi_roster_before(&finalizers->roster, position)) {
        const struct rhi_finalizer *finalizer =
            finalizer_at(finalizers, position);

        if (finalizer->fn != fn || finalizer->context != context)
            continue;
        finalizer_discard(finalizers, position);
        return true;
    }
    return false;
}

size_t
rhi_finalizers_remove_all(struct rhi_finalizers *finalizers, void *object)
{
    uint32_t position = finalizers_find(finalizers, object);
    size_t removed = 0;

    while (position != RHI_NOWHERE) { // the latest goes in O(1)
        uint32_t before = rhi_roster_before(&finalizers->roster, position);

        finalizer_discard(finalizers, position);
        removed++;
        position = before;
    }
    return removed;
}

// ---- queuing ----

// Entries of one object are queued in order, the earliest first.
static void
finalizer_queue(struct rhi_finalizers *finalizers, uint32_t position)
{
    uint32_t before = rhi_roster_before(&finalizers->roster, position);

    if (before == RHI_NOWHERE)
        finalizers->finals++;
    else
        finalizer_at(finalizers, before)->entry.code &= ~(uint32_t)LAST;
    finalizer_at(finalizers, position)->entry.code = QUEUED | LAST;
    if (finalizers->pending++ == 0) {
        finalizers->head = position;
        finalizers->tail = 0;
    }
    if (position < finalizers->head)
        finalizers->head = position;
    if (position >= finalizers->tail)
        finalizers->tail = position + 1;
}

// Queue those of objects that are not reached, looking from `first` on; all,
// when there is no marker.  Whether there were any.
static bool
finalizers_queue(struct rhi_finalizers *finalizers,
                 const struct rh_marker *marker, uint32_t first)
{
    struct rhi_roster *roster = &finalizers->roster;
    size_t before = finalizers->pending;

    for (uint32_t i = first; i < roster->count; i++) {
        const struct rhi_entry *entry = rhi_roster_at(roster, i);

        if (entry->link == RHI_GAP)
            continue;
        finalizers->seen++;
        if (!(entry->code & QUEUED) &&
            (!marker || !rhi_marker_has_reached(marker, entry->object)))
            finalizer_queue(finalizers, i);
    }
    return finalizers->pending > before;
}

// What is queued is reached; what was queued before, and what is queued before
// `first`, has been already.
static void
queued_reach(struct rhi_finalizers *finalizers, struct rh_marker *marker,
             uint32_t first)
{
    uint32_t i = first > finalizers->head ? first : finalizers->head;
    size_t pushed = 0;

    for (; i < finalizers->tail; i++) {
        void *object = rhi_roster_at(&finalizers->roster, i)->object;

        finalizers->seen++;
        if (!is_queued(finalizers, i) || rhi_marker_has_reached(marker, object))
            continue;
        rhi_marker_push(marker, object);
        if (++pushed % PIECE == 0)
            rhi_marker_drain(marker);
    }
    rhi_marker_drain(marker);
}

bool
rhi_finalizers_queue(struct rhi_finalizers *finalizers,
                     struct rh_marker *marker, bool minor)
{
    struct rhi_roster *roster = &finalizers->roster;
    uint32_t closings = roster->closings;
    uint32_t first = minor ? roster->old_count : 0;
    bool any = finalizers_queue(finalizers, marker, first);

    if (any)
        queued_reach(finalizers, marker, first);
    rhi_roster_grow_old(roster, minor);
    queue_find_again(finalizers, closings);
    return any;
}

void
rhi_finalizers_queue_all(struct rhi_finalizers *finalizers)
{
    finalizers->ending = true;
    finalizers_queue(finalizers, NULL, 0);
}

// ---- running ----

const struct rhi_finalizer *
rhi_finalizers_next(struct rhi_finalizers *finalizers)
{
    if (finalizers->pending == 0)
        return NULL;
    while (!is_queued(finalizers, finalizers->head))
        finalizers->head++;
    return finalizer_at(finalizers, finalizers->head);
}

void
rhi_finalizers_take(struct rhi_finalizers *finalizers)
{
    uint32_t position = finalizers->head++;

    finalizers->pending--;
    finalizers->gone++;
    if (finalizer_at(finalizers, position)->entry.code & LAST)
        finalizers->finals--;
    rhi_roster_drop(&finalizers->roster, position);
}

// By the addresses of copies: rhi_finalizers_moved() changes the entries.
void
rhi_finalizers_visit(struct rh_visitor *visitor, void *context)
{
    struct rhi_finalizers *finalizers = context;

    if (finalizers->pending == 0 || (finalizers->minor && !finalizers->ending))
        return;
    for (uint32_t i = finalizers->head; i < finalizers->tail; i++) {
        void *object = rhi_roster_at(&finalizers->roster, i)->object;

        if (is_queued(finalizers, i))
            rh_visit_pointer(visitor, &object);
    }
}

void
rhi_finalizers_moved(struct rhi_finalizers *finalizers, rhi_forward_fn forward,
                     void *context)
{
    rhi_roster_moved(&finalizers->roster, forward, context);
}

// ---- checking ----

// What queued entries there are.
struct tally {
    size_t queued;
    size_t first; // of their objects
    size_t last;
};

static const char *
queued_check(const struct rhi_finalizers *finalizers, uint32_t position,
             struct tally *tally)
{
    uint32_t before = rhi_roster_before(&finalizers->roster, position);

    if (position < finalizers->head || position >= finalizers->tail)
        return "F1";
    tally->queued++;
    tally->first += before == RHI_NOWHERE;
    tally->last += (finalizer_at(finalizers, position)->entry.code & LAST) != 0;
    if (before != RHI_NOWHERE &&
        finalizer_at(finalizers, before)->entry.code != QUEUED)
        return "F2";
    return NULL;
}

const char *
rhi_finalizers_check(const struct rhi_finalizers *finalizers)
{
    const char *broken = rhi_roster_check(&finalizers->roster);
    struct tally tally = { 0, 0, 0 };

    for (uint32_t i = 0; !broken && i < finalizers->roster.count; i++)
        if (is_queued(finalizers, i))
            broken = queued_check(finalizers, i, &tally);
    if (!broken && tally.queued != finalizers->pending)
        broken = "F1";
    if (!broken &&
        (tally.first != finalizers->finals || tally.last != finalizers->finals))
        broken = "F2";
    return broken;
}
