// SPDX-License-Identifier: MIT
/*
 * fuzz_ops - bytes as operations on a heap.
 *
 * The first bytes choose how the heap is made; each further one is an
 * operation (its low five bits, so letters will do: corpus/fuzz_ops), and the
 * bytes behind it are what it works on.  Memory may be made to fail at any
 * later call.  After each operation the heap verifies and its statistics add
 * up, and in the end every byte has come back; else the program aborts.
 */
#include <rheap/barrier.h>
#include <rheap/event.h>
#include <rheap/external.h>
#include <rheap/heap.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/trim.h>
#include <rheap/verify.h>
#include <rheap/walk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ROOTS = 16,
    MOST_OPS = 2000,
    MOST_OBJECTS = 200000
};

struct node {
    struct node *left;
    struct node *right;
    void *buffer;
    size_t bytes;
};

struct fuzz {
    const uint8_t *data;
    size_t size;
    struct rh_memory system;
    size_t fail_in;  // the so many-th call from now fails; 0: none
    size_t blocks;   // of the allocator, out now
    size_t reserved; // ranges, out now
    struct rh_heap *heap;
    struct node *roots[ROOTS];
    struct node *extra; // registered as a root `extras` times
    size_t extras;
    size_t scopes[8];
    size_t scope_count;
    size_t adjusted;
    size_t heard;
    unsigned stress;
};

static void
must(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "fuzz_ops: %s\n", what);
    abort();
}

// The input.

static unsigned
take_byte(struct fuzz *fuzz)
{
    if (fuzz->size == 0)
        return 0;
    fuzz->size--;
    return *fuzz->data++;
}

static uint64_t
take_word(struct fuzz *fuzz)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++)
        word = word << 8 | take_byte(fuzz);
    return word;
}

// Memory that fails when it is told to.

static bool
fails(struct fuzz *fuzz)
{
    return fuzz->fail_in && --fuzz->fail_in == 0;
}

static void *
fuzz_alloc(void *context, size_t bytes, bool zeroed)
{
    struct fuzz *fuzz = context;
    void *block = fails(fuzz) ? NULL
                  : zeroed    ? calloc(1, bytes + 1)
                              : malloc(bytes + 1);

    fuzz->blocks += block != NULL;
    return block;
}

static void *
fuzz_resize(void *context, void *block, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    return fails(context) ? NULL : realloc(block, new_bytes + 1);
}

static void
fuzz_free(void *context, void *block, size_t bytes)
{
    (void)bytes;
    ((struct fuzz *)context)->blocks--;
    free(block);
}

static void *
fuzz_reserve(void *context, size_t bytes, size_t alignment)
{
    struct fuzz *fuzz = context;
    void *address =
        fails(fuzz) ? NULL : fuzz->system.reserve(NULL, bytes, alignment);

    fuzz->reserved += address != NULL;
    return address;
}

static bool
fuzz_commit(void *context, void *address, size_t bytes)
{
    struct fuzz *fuzz = context;

    return !fails(fuzz) && fuzz->system.commit(NULL, address, bytes);
}

static bool
fuzz_release(void *context, void *address, size_t bytes)
{
    struct fuzz *fuzz = context;

    return !fails(fuzz) && fuzz->system.release(NULL, address, bytes);
}

static void
fuzz_unreserve(void *context, void *address, size_t bytes)
{
    struct fuzz *fuzz = context;

    fuzz->reserved--;
    fuzz->system.unreserve(NULL, address, bytes);
}

// Objects.

static void
node_trace(void *object, struct rh_visitor *visitor)
{
    struct node *node = object;

    rh_visit(visitor, &node->left);
    rh_visit(visitor, &node->right);
}

static void
node_release(struct rh_heap *heap, void *object)
{
    struct node *node = object;

    rh_external_free(heap, node->buffer, node->bytes);
}

static const struct rh_model node_model = {
    .name = "nodes",
    .trace = node_trace,
    .release = node_release,
    .flags = RH_MODEL_BARRIERED,
};

static void
panic(struct rh_heap *heap, const char *message, void *context)
{
    (void)heap, (void)context;
    must(false, message);
}

static struct node **
a_root(struct fuzz *fuzz)
{
    return &fuzz->roots[take_byte(fuzz) % ROOTS];
}

// Somebody reachable, some steps from a root; or NULL.
static struct node *
somebody(struct fuzz *fuzz)
{
    struct node *node = *a_root(fuzz);

    for (unsigned path = take_byte(fuzz); node && path > 1; path >>= 1)
        node = path & 1 ? node->left : node->right;
    return node;
}

// Operations.

static void
op_new(struct fuzz *fuzz)
{
    struct node *node = rh_heap_alloc(fuzz->heap);

    if (!node)
        return;
    node->left = somebody(fuzz);
    node->right = somebody(fuzz);
    *a_root(fuzz) = node;
}

static void
op_new_inline(struct fuzz *fuzz)
{
    size_t bytes = rh_heap_slot_bytes(fuzz->heap);
    struct node *node =
        rh_fast_alloc(fuzz->heap, rh_heap_fast(fuzz->heap), bytes);

    if (!node)
        return;
    memset(node, 0, bytes);
    *a_root(fuzz) = node;
}

static void
op_garbage(struct fuzz *fuzz)
{
    unsigned pieces = fuzz->stress ? 1 : 8; // each costs a collection

    for (unsigned count = pieces * take_byte(fuzz); count > 0; count--)
        (void)rh_heap_alloc(fuzz->heap);
}

static void
op_link(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);

    if (!node)
        return;
    node->left = somebody(fuzz);
    if (rh_barrier_is_protected(fuzz->heap, node))
        rh_barrier_write(fuzz->heap, node, node->left);
}

static void
op_unlink(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);

    if (node)
        node->right = NULL;
}

static void
op_drop(struct fuzz *fuzz)
{
    *a_root(fuzz) = NULL;
}

static void
op_buffer(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);
    size_t bytes = 16 * (size_t)take_byte(fuzz);
    void *buffer;

    if (!node)
        return;
    buffer = node->buffer ? rh_external_realloc(fuzz->heap, node->buffer,
                                                node->bytes, bytes)
                          : rh_external_calloc(fuzz->heap, bytes, 1);
    if (!buffer)
        return;
    memset(buffer, 0x5a, bytes);
    node->buffer = buffer;
    node->bytes = bytes;
    rh_external_attach(fuzz->heap, node);
}

static void
op_free_buffer(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);

    if (!node)
        return;
    rh_external_free(fuzz->heap, node->buffer, node->bytes);
    node->buffer = NULL;
    node->bytes = 0;
    rh_external_detach(fuzz->heap, node);
}

static void
op_adjust(struct fuzz *fuzz)
{
    size_t bytes = 1000 * (size_t)take_byte(fuzz);

    if (take_byte(fuzz) % 2) {
        rh_external_adjust(fuzz->heap, somebody(fuzz), (ptrdiff_t)bytes);
        fuzz->adjusted += bytes;
    } else if (bytes <= fuzz->adjusted) {
        rh_external_adjust(fuzz->heap, NULL, -(ptrdiff_t)bytes);
        fuzz->adjusted -= bytes;
    }
}

static void
op_collect(struct fuzz *fuzz)
{
    rh_heap_collect(fuzz->heap);
}

static void
op_safepoint(struct fuzz *fuzz)
{
    rh_heap_safepoint(fuzz->heap);
}

static void
op_enable(struct fuzz *fuzz)
{
    if (take_byte(fuzz) % 2)
        (void)rh_heap_enable(fuzz->heap);
    else
        (void)rh_heap_disable(fuzz->heap);
}

static void
op_stress(struct fuzz *fuzz)
{
    unsigned bits = take_byte(fuzz);

    // Of a digit the low bits; a letter has steps, too.
    fuzz->stress = bits & (RH_STRESS_ALLOC | RH_STRESS_MINOR | RH_STRESS_LAZY |
                           RH_STRESS_MALLOC | RH_STRESS_STEPS);
    if (bits & 128)
        fuzz->stress |= RH_STRESS_VERIFY;
    (void)rh_heap_stress(fuzz->heap, fuzz->stress);
}

static void
op_step(struct fuzz *fuzz)
{
    struct rh_budget budget = { .objects = take_byte(fuzz) };
    bool done = rh_heap_step(fuzz->heap, budget);

    must(done == (strcmp(rh_heap_stage(fuzz->heap), "none") == 0),
         "a step says whether it was the last");
}

static void
op_unprotect(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);

    if (node)
        rh_barrier_unprotect(fuzz->heap, node);
}

// Collections by name, and what is due.
static void
op_cycle(struct fuzz *fuzz)
{
    struct rh_heap *heap = fuzz->heap;

    switch (take_byte(fuzz) % 8) {
    case 0:
        rh_heap_minor(heap);
        break;
    case 1:
        (void)rh_heap_start(heap);
        break;
    case 2:
        rh_heap_finish(heap);
        break;
    case 3:
        rh_heap_cancel(heap);
        break;
    case 4:
        op_unprotect(fuzz);
        break;
    case 5:
        (void)rh_heap_allow_major(heap, take_byte(fuzz) % 2);
        break;
    case 6:
        rh_barrier_check(heap, take_byte(fuzz) % 2, NULL, NULL);
        break;
    default:
        must(rh_heap_due(heap).work != RH_WORK_NONE || !rh_heap_is_due(heap),
             "what is due is told");
    }
}

static void
op_save(struct fuzz *fuzz)
{
    if (fuzz->scope_count < 8)
        fuzz->scopes[fuzz->scope_count++] = rh_scope_save(fuzz->heap);
}

static void
op_hold(struct fuzz *fuzz)
{
    for (unsigned count = take_byte(fuzz); count > 0; count--)
        if (!rh_scope_hold(fuzz->heap, somebody(fuzz)))
            return;
}

static void
op_restore(struct fuzz *fuzz)
{
    if (!fuzz->scope_count)
        return;
    fuzz->scope_count = take_byte(fuzz) % fuzz->scope_count;
    rh_scope_restore(fuzz->heap, fuzz->scopes[fuzz->scope_count]);
}

static void
op_root(struct fuzz *fuzz)
{
    if (take_byte(fuzz) % 2) {
        fuzz->extras += rh_root_add(fuzz->heap, &fuzz->extra) == RH_OK;
        fuzz->extra = fuzz->extras ? somebody(fuzz) : NULL;
    } else {
        bool removed = rh_root_remove(fuzz->heap, &fuzz->extra) == RH_OK;

        must(removed == (fuzz->extras > 0), "roots added and removed");
        fuzz->extras -= removed;
        fuzz->extra = NULL;
    }
}

static void
op_fail(struct fuzz *fuzz)
{
    fuzz->fail_in = take_byte(fuzz);
}

static void
op_trim(struct fuzz *fuzz)
{
    struct rh_trim_record records[RH_TRIM_LOG_LENGTH];

    rh_trim_now(fuzz->heap, take_byte(fuzz) % 4);
    must(rh_trim_log(fuzz->heap, records, RH_TRIM_LOG_LENGTH) > 0,
         "trims are logged");
}

static void
hear(struct rh_heap *heap, const struct rh_event *event, void *context)
{
    (void)heap, (void)event;
    ((struct fuzz *)context)->heard++;
}

static void
op_listen(struct fuzz *fuzz)
{
    unsigned kinds = (unsigned)take_byte(fuzz) << 1 | 1;

    if (rh_event_ignore(fuzz->heap, hear, fuzz) == RH_NOT_FOUND &&
        rh_event_listen(fuzz->heap, kinds, hear, fuzz) == RH_OK)
        fuzz->heard = 0;
}

static bool
see_object(struct rh_heap *heap, void *object, void *context)
{
    must(rh_heap_is_live(heap, (uintptr_t)object), "walked objects are live");
    ++*(size_t *)context;
    return true;
}

static void
op_walk(struct fuzz *fuzz)
{
    size_t count = 0;
    uint64_t live = 0;

    must(rh_walk_objects(fuzz->heap, see_object, &count) == RH_OK, "walk");
    must(rh_stat_get(fuzz->heap, "heap_live_slots", &live) == RH_OK, "stat");
    must(count == live || (count < live &&
                           strcmp(rh_heap_stage(fuzz->heap), "sweeping") == 0),
         "a walk sees every live object");
}

static void
op_reach(struct fuzz *fuzz)
{
    struct node *node = somebody(fuzz);
    size_t count = 0;

    must(rh_walk_reachable(fuzz->heap, node, see_object, &count) == RH_OK,
         "reachability");
    must(!node || count > 0, "an object reaches itself");
}

static void
op_page(struct fuzz *fuzz)
{
    struct rh_page_view view;
    enum rh_status status = rh_page_look(fuzz->heap, take_byte(fuzz), &view);

    must(status == RH_NOT_FOUND || view.live_slots <= view.slots,
         "a page has no more objects than slots");
}

static void
op_ask(struct fuzz *fuzz)
{
    uintptr_t word = (uintptr_t)take_word(fuzz);
    uintptr_t near = (uintptr_t)fuzz->roots[0] + word % 100000;

    must(!rh_heap_is_live(fuzz->heap, word) ||
             rh_heap_contains(fuzz->heap, word),
         "what is live is contained");
    must(!rh_heap_is_live(fuzz->heap, near) ||
             rh_heap_contains(fuzz->heap, near),
         "what is live is contained");
}

typedef void (*operation)(struct fuzz *fuzz);

// By the letters of the alphabet; 'a' is 1.
static const operation operations[32] = {
    ['a' & 31] = op_new,        ['b' & 31] = op_buffer,
    ['c' & 31] = op_collect,    ['d' & 31] = op_drop,
    ['e' & 31] = op_enable,     ['f' & 31] = op_free_buffer,
    ['g' & 31] = op_garbage,    ['h' & 31] = op_hold,
    ['j' & 31] = op_adjust,     ['k' & 31] = op_root,
    ['l' & 31] = op_link,       ['m' & 31] = op_fail,
    ['n' & 31] = op_new_inline, ['o' & 31] = op_listen,
    ['p' & 31] = op_page,       ['q' & 31] = op_ask,
    ['r' & 31] = op_restore,    ['s' & 31] = op_save,
    ['t' & 31] = op_trim,       ['u' & 31] = op_unlink,
    ['v' & 31] = op_walk,       ['w' & 31] = op_reach,
    ['x' & 31] = op_stress,     ['y' & 31] = op_safepoint,
    ['i' & 31] = op_cycle,      ['z' & 31] = op_step,
};

// The heap.

static void
choose(struct fuzz *fuzz, struct rh_config *config)
{
    static const rh_growth_fn policies[] = { rh_growth_default,
                                             rh_growth_cruby31, rh_growth_ree };
    static const size_t pages[] = { 0, 4096, 16384, 65536 };
    static const size_t slots[] = { 40, 32, 48, 64, 256, 1024 };
    unsigned kind;

    rh_config_init(config);
    rh_memory_init(&fuzz->system);
    config->model = &node_model;
    config->panic = panic;
    config->allocator = (struct rh_allocator){
        .alloc = fuzz_alloc,
        .resize = fuzz_resize,
        .free = fuzz_free,
        .context = fuzz,
    };
    config->memory = (struct rh_memory){
        .reserve = fuzz_reserve,
        .commit = fuzz_commit,
        .release = fuzz_release,
        .unreserve = fuzz_unreserve,
        .page_bytes = pages[take_byte(fuzz) % 4],
        .context = fuzz,
    };
    config->slot_bytes = slots[take_byte(fuzz) % 6];
    config->growth = policies[take_byte(fuzz) % 3];
    kind = take_byte(fuzz);
    config->trim = kind & 1 ? rh_trim_always : rh_trim_never;
    config->generational = kind & 6;
    config->incremental = kind & 4;
    config->step_us = 1;
    config->nursery_slots = kind & 8 ? 300 : 0;
    config->initial_slots = 16 * (size_t)take_byte(fuzz);
    config->malloc_limit = 1000;
    config->malloc_limit_max = 10000;
    config->region_bytes = 16 << 20;
    config->handle_bytes = 1 << 16;
}

static void
expect_sound(const struct fuzz *fuzz)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };
    struct rh_violation found;

    if (rh_heap_verify(fuzz->heap, &found) != RH_OK)
        must(false, found.invariant);
    rh_heap_stat(fuzz->heap, &stat);
    must(stat.heap_available_slots ==
             stat.heap_live_slots + stat.heap_free_slots,
         "available = live + free");
    must(stat.heap_live_slots ==
             stat.total_allocated_objects - stat.total_freed_objects,
         "live = allocated - freed");
    must(stat.total_allocated_pages == stat.heap_eden_pages +
                                           stat.heap_tomb_pages +
                                           stat.total_freed_pages,
         "pages allocated = eden + tomb + freed");
    must(stat.x_adjusted_bytes == fuzz->adjusted, "adjusted bytes");
}

static bool
has_room(const struct fuzz *fuzz)
{
    uint64_t live = 0;

    return rh_stat_get(fuzz->heap, "heap_live_slots", &live) == RH_OK &&
           live < MOST_OBJECTS;
}

static void
operate(struct fuzz *fuzz)
{
    for (int n = 0; n < MOST_OPS && fuzz->size > 0 && has_room(fuzz); n++) {
        operation op = operations[take_byte(fuzz) & 31];

        if (op) {
            op(fuzz);
            expect_sound(fuzz);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = { .data = data, .size = size };
    struct rh_config config;

    choose(&fuzz, &config);
    fuzz.fail_in = take_byte(&fuzz);
    fuzz.heap = rh_heap_new(&config);
    if (fuzz.heap) {
        expect_sound(&fuzz);
        if (rh_root_add_range(fuzz.heap, NULL, fuzz.roots, ROOTS) == RH_OK)
            operate(&fuzz);
        rh_heap_free(fuzz.heap);
    }
    must(fuzz.blocks == 0 && fuzz.reserved == 0, "every byte came back");
    return 0;
}
