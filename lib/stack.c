// SPDX-License-Identifier: MIT
#include "config.h"

#include "stack.h"

#include "poison.h"

// How a scan appears where roots are listed; the word is Ruby's.
static const char stack_category[] = "machine_context";

void
rhi_stack_init(struct rhi_stack *stack, const struct rh_mutator *mutator,
               struct rhi_roots *roots, struct rhi_threads *threads,
               const struct rh_model *model)
{
    *stack = (struct rhi_stack){
        .mutator = mutator,
        .roots = roots,
        .threads = threads,
        .meter = threads->meter,
        .encoding = model->encoding,
    };
    if (!stack->encoding.mask)
        stack->encoding.mask = ~(uintptr_t)0;
    rhi_ring_init(&stack->ranges);
}

static struct rhi_stack_range *
range_of(struct rhi_ring *link)
{
    return (struct rhi_stack_range *)link;
}

_Static_assert(offsetof(struct rhi_stack_range, link) == 0,
               "a link is cast to its range");

static void
range_free(struct rhi_stack *stack, struct rhi_stack_range *range)
{
    rhi_ring_remove(&range->link);
    rhi_meter_free(stack->meter, range, 1, sizeof *range);
}

void
rhi_stack_fini(struct rhi_stack *stack)
{
    while (!rhi_ring_is_empty(&stack->ranges))
        range_free(stack, range_of(stack->ranges.next));
}

enum rh_status
rhi_stack_add_range(struct rhi_stack *stack, uintptr_t first, size_t bytes)
{
    uintptr_t last = rhi_round_down(UINTPTR_MAX, sizeof last);
    struct rhi_stack_range *range;

    if (first > last || bytes > last - first)
        return RH_BAD_ARGUMENT; // J2
    range = rhi_meter_new(stack->meter, 1, sizeof *range);
    if (!range)
        return RH_NO_MEMORY;
    range->first = first;
    range->end = first + bytes;
    rhi_ring_append(&stack->ranges, &range->link);
    return RH_OK;
}

enum rh_status
rhi_stack_remove_range(struct rhi_stack *stack, uintptr_t first)
{
    struct rhi_ring *link;

    for (link = stack->ranges.previous; link != &stack->ranges;
         link = link->previous)
        if (range_of(link)->first == first) {
            range_free(stack, range_of(link));
            return RH_OK;
        }
    return RH_NOT_FOUND;
}

// Judging words.

// What most words are told apart by: where the pages lie that have been used,
// and how the model spells a reference.
struct sieve {
    uintptr_t base;
    size_t bytes;
    struct rh_encoding encoding;
};

static struct sieve
stack_sieve(const struct rhi_stack *stack)
{
    const struct rhi_region *region = stack->mutator->space->region;

    return (struct sieve){ region->base, region->top << RHI_PAGE_LOG,
                           stack->encoding };
}

// The address in such a page that a word is, or means if it is spelled as a
// reference; else 0.
RHI_INLINE uintptr_t
sieve_word(const struct sieve *sieve, uintptr_t word)
{
    const struct rh_encoding *encoding = &sieve->encoding;

    if ((word & encoding->tag_mask) == encoding->tag)
        word &= encoding->mask;
    return word - sieve->base < sieve->bytes ? word : 0;
}

// The first byte of the slot around an address; 0: it is in the header of the
// page, or behind its last slot.
static uintptr_t
slot_around(const struct rhi_region *region, uintptr_t address)
{
    const struct rhi_shape *shape =
        region->pages[rhi_region_page(region, address)].shape;
    uint32_t offset = rhi_page_offset(address);
    uint32_t index;

    if (!shape || offset < RHI_HEADER_BYTES)
        return 0;
    index = rhi_shape_index(shape, offset);
    return index < shape->slots
               ? address - offset + rhi_shape_offset(shape, index)
               : 0;
}

// Whether the compaction under way has moved an object.  A word that refers to
// it is not the program's, then, or it would have been pinned.
static bool
object_is_moved(const struct rhi_region *region, uintptr_t object)
{
    return rhi_bit_test(
        region->plane[RHI_MOVED][rhi_region_page(region, object)],
        rhi_page_index(region, object));
}

// The object at (or around) an address that passed the sieve, or 0.
static uintptr_t
stack_judge(const struct rhi_stack *stack, uintptr_t address)
{
    const struct rhi_region *region = stack->mutator->space->region;

    if (stack->interior)
        address = slot_around(region, address);
    return rhi_mutator_is_object(stack->mutator, address) &&
                   !object_is_moved(region, address)
               ? address
               : 0;
}

uintptr_t
rhi_stack_object(const struct rhi_stack *stack, uintptr_t word)
{
    struct sieve sieve = stack_sieve(stack);
    uintptr_t address = sieve_word(&sieve, word);

    return address ? stack_judge(stack, address) : 0;
}

// Scanning.

struct scan {
    const struct rhi_stack *stack;
    struct rh_visitor *visitor;
    void *fake_stack; // of the thread whose words are read
    struct sieve sieve;
    bool watched; // by a tool that must not mind what we read
};

// Read one word.  The program may not have written it yet.
RHI_UNCHECKED RHI_INLINE uintptr_t
scan_read(const struct scan *scan, uintptr_t place)
{
    uintptr_t word = rhi_poison_peek(place);

    if (RHI_UNLIKELY(scan->watched))
        rhi_poison_defined(&word, sizeof word);
    return word;
}

static void
scan_found(const struct scan *scan, uintptr_t address)
{
    uintptr_t object = stack_judge(scan->stack, address);

    if (object)
        rh_visit_pinned(scan->visitor, (void *)object);
}

// All words of a fake frame.
RHI_UNCHECKED static void
scan_frame(const struct scan *scan, uintptr_t place, uintptr_t end)
{
    for (; place < end; place += sizeof(uintptr_t)) {
        uintptr_t address = sieve_word(&scan->sieve, scan_read(scan, place));

        if (address)
            scan_found(scan, address);
    }
}

// All words between two places, and the fake frames that they lead to.
RHI_UNCHECKED static void
scan_words(const struct scan *scan, uintptr_t first, uintptr_t end)
{
    const struct scan inner = *scan; // the compiler sees that nobody changes it
    uintptr_t place = rhi_round_up(first, sizeof place);
    uintptr_t low, high;

    end = rhi_round_down(end, sizeof place);
    for (; place < end; place += sizeof place) {
        uintptr_t word = scan_read(&inner, place);
        uintptr_t address = sieve_word(&inner.sieve, word);

        if (RHI_UNLIKELY(address))
            scan_found(scan, address);
        if (rhi_poison_fake_frame(inner.fake_stack, word, &low, &high))
            scan_frame(scan, low, high);
    }
}

// From this frame upwards; all registers are above it.
RHI_NOINLINE static void
scan_running(struct scan *scan)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    scan->fake_stack = rhi_poison_fake_stack();
    scan_words(scan, here, rhi_threads_base(scan->stack->threads, here));
}

static void
scan_away(struct scan *scan)
{
    struct rhi_ring *ring = &scan->stack->threads->registered;
    struct rhi_ring *link;

    for (link = ring->next; link != ring; link = link->next) {
        const struct rh_thread *thread = rhi_thread_of(link);
        uintptr_t saved = (uintptr_t)thread->saved;

        if (!thread->away)
            continue;
        scan->fake_stack = thread->fake_stack;
        scan_words(scan, saved, saved + sizeof thread->saved);
        scan_words(scan, thread->top, thread->base);
    }
}

static void
scan_ranges(struct scan *scan)
{
    const struct rhi_ring *ring = &scan->stack->ranges;
    struct rhi_ring *link;

    scan->fake_stack = NULL;
    for (link = ring->next; link != ring; link = link->next)
        scan_words(scan, range_of(link)->first, range_of(link)->end);
}

// The root callback.  Its frame holds every register that may be in use by
// those who called it; so it must not be gone while scan_running() runs.
RHI_NOINLINE static void
stack_visit(struct rh_visitor *visitor, void *context)
{
    const struct rhi_stack *stack = context;
    struct scan scan = {
        .stack = stack,
        .visitor = visitor,
        .sieve = stack_sieve(stack),
        .watched = stack->mutator->space->region->watched,
    };

    __builtin_unwind_init();
    scan_running(&scan);
    scan_away(&scan);
    scan_ranges(&scan);
}

// Switching.

enum rh_status
rhi_stack_scan(struct rhi_stack *stack, unsigned flags)
{
    struct rhi_root_callback callback = { stack_category, stack_visit, stack };
    enum rh_status status;

    if (flags & ~(unsigned)RH_STACK_INTERIOR)
        return RH_BAD_ARGUMENT;
    if (!rhi_threads_locate(stack->threads,
                            (uintptr_t)__builtin_frame_address(0)))
        return RH_UNSUPPORTED;
    if (!stack->on) {
        status = rhi_roots_add_callback(stack->roots, callback);
        if (status != RH_OK)
            return status;
    }
    stack->on = true;
    stack->interior = flags & RH_STACK_INTERIOR;
    return RH_OK;
}

void
rhi_stack_ignore(struct rhi_stack *stack)
{
    if (stack->on)
        (void)rhi_roots_remove_callback(stack->roots, stack_visit, stack);
    stack->on = false;
}

// Whether the scan is among the root callbacks.
static bool
stack_is_root(const struct rhi_stack *stack)
{
    const struct rhi_roots *roots = stack->roots;

    for (size_t i = 0; i < roots->callback_count; i++)
        if (roots->callbacks[i].trace == stack_visit)
            return true;
    return false;
}

const char *
rhi_stack_check(const struct rhi_stack *stack)
{
    struct rhi_ring *link;

    if (stack->on != stack_is_root(stack))
        return "J1";
    for (link = stack->ranges.next; link != &stack->ranges; link = link->next)
        if (range_of(link)->end < range_of(link)->first)
            return "J2";
    return NULL;
}
