// SPDX-License-Identifier: MIT
#include "check.h"

#include <rheap/barrier.h>

#include <time.h>

// Faults.

void
check_fail_at(struct check_faults *faults, size_t n)
{
    faults->calls = 0;
    faults->fail_at = n;
    faults->failed = false;
}

static bool
fault_strikes(struct check_faults *faults)
{
    faults->calls++;
    if (faults->fail_at == 0 ||
        (faults->for_good ? faults->calls < faults->fail_at
                          : faults->calls != faults->fail_at))
        return false;
    faults->failed = true;
    return true;
}

// The allocator.  Each block is behind a header that says how large it is.

struct check_block {
    struct check_block *next;
    struct check_block **self; // what points here
    size_t bytes;
    uint64_t magic;
};

static const uint64_t block_magic = UINT64_C(0x6b636f6c625f6b63);

static struct check_block *
block_of(const void *data, size_t bytes)
{
    struct check_block *block;
    uintptr_t address = (uintptr_t)data - sizeof *block;

    block = (struct check_block *)address;
    assert_true(block->magic == block_magic);
    assert_int_equal(block->bytes, bytes);
    return block;
}

static void
block_enter(struct check_allocator *allocator, struct check_block *block,
            size_t bytes)
{
    block->next = allocator->first;
    block->self = &allocator->first;
    block->bytes = bytes;
    block->magic = block_magic;
    if (block->next)
        block->next->self = &block->next;
    allocator->first = block;
    allocator->blocks++;
    allocator->bytes += bytes;
}

static void
block_leave(struct check_allocator *allocator, struct check_block *block)
{
    *block->self = block->next;
    if (block->next)
        block->next->self = block->self;
    block->magic = 0;
    allocator->blocks--;
    allocator->bytes -= block->bytes;
}

static void *
allocator_alloc(void *context, size_t bytes, bool zeroed)
{
    struct check_allocator *allocator = context;
    struct check_block *block;

    if (fault_strikes(allocator->faults))
        return NULL;
    block = malloc(sizeof *block + bytes);
    if (!block)
        return NULL;
    memset(block + 1, zeroed ? 0 : 0xaa, bytes);
    block_enter(allocator, block, bytes);
    return block + 1;
}

static void
allocator_free(void *context, void *data, size_t bytes)
{
    struct check_block *block = block_of(data, bytes);

    block_leave(context, block);
    memset(block, 0x55, sizeof *block + bytes);
    free(block);
}

static void *
allocator_resize(void *context, void *data, size_t old_bytes, size_t new_bytes)
{
    void *other;

    (void)block_of(data, old_bytes);
    other = allocator_alloc(context, new_bytes, false);
    if (!other)
        return NULL;
    memcpy(other, data, old_bytes < new_bytes ? old_bytes : new_bytes);
    allocator_free(context, data, old_bytes);
    return other;
}

static bool
allocator_trim(void *context)
{
    struct check_allocator *allocator = context;

    allocator->trims++;
    return allocator->trim_finds;
}

// No byte more than was asked for: the least that an allocator may say.
static size_t
allocator_usable(void *context, const void *data, size_t bytes)
{
    (void)context;
    return block_of(data, bytes)->bytes;
}

void
check_allocator_init(struct check_allocator *allocator,
                     struct check_faults *faults,
                     struct rh_allocator *interface)
{
    *allocator = (struct check_allocator){ .faults = faults };
    *interface = (struct rh_allocator){
        .alloc = allocator_alloc,
        .resize = allocator_resize,
        .free = allocator_free,
        .trim = allocator_trim,
        .usable = allocator_usable,
        .context = allocator,
    };
}

// Memory.

static void
expect_units(const struct check_memory *memory, const void *address,
             size_t bytes)
{
    assert_int_equal((uintptr_t)address % memory->unit, 0);
    assert_int_equal(bytes % memory->unit, 0);
    assert_int_not_equal(bytes, 0);
}

static void *
memory_reserve(void *context, size_t bytes, size_t alignment)
{
    struct check_memory *memory = context;
    struct check_range *range = &memory->reserved[memory->reserved_count];
    char *address;

    expect_units(memory, NULL, bytes);
    assert_int_equal(alignment % memory->unit, 0);
    assert_true(memory->reserved_count < CHECK_RANGES);
    memory->reserve_calls++;
    if (fault_strikes(memory->faults) ||
        (memory->max_reserve && bytes > memory->max_reserve))
        return NULL;
    address = memory->system.reserve(NULL, bytes, alignment);
    if (!address)
        return NULL;
    assert_int_equal((uintptr_t)address % alignment, 0);
    *range = (struct check_range){ address, bytes };
    memory->reserved_count++;
    memory->reserved_bytes += bytes;
    return address;
}

static bool
is_reserved(const struct check_memory *memory, const char *address,
            size_t bytes)
{
    for (size_t i = 0; i < memory->reserved_count; i++) {
        const struct check_range *range = &memory->reserved[i];

        if (address >= range->address &&
            address + bytes <= range->address + range->bytes)
            return true;
    }
    return false;
}

static bool
memory_commit(void *context, void *address, size_t bytes)
{
    struct check_memory *memory = context;

    expect_units(memory, address, bytes);
    assert_true(is_reserved(memory, address, bytes));
    memory->commit_calls++;
    if (fault_strikes(memory->faults) || memory->refuse_commit ||
        (memory->max_commit && bytes > memory->max_commit) ||
        !memory->system.commit(NULL, address, bytes))
        return false;
    memory->committed += bytes;
    return true;
}

static bool
memory_release(void *context, void *address, size_t bytes)
{
    struct check_memory *memory = context;

    expect_units(memory, address, bytes);
    assert_true(is_reserved(memory, address, bytes));
    if (fault_strikes(memory->faults) || memory->refuse_release)
        return false;
    if (memory->release_calls < CHECK_RANGES)
        memory->released[memory->release_calls] =
            (struct check_range){ address, bytes };
    memory->release_calls++;
    return memory->system.release(NULL, address, bytes);
}

static void
memory_unreserve(void *context, void *address, size_t bytes)
{
    struct check_memory *memory = context;
    size_t i = 0;

    while (i < memory->reserved_count &&
           memory->reserved[i].address != (char *)address)
        i++;
    assert_true(i < memory->reserved_count);
    assert_int_equal(memory->reserved[i].bytes, bytes);
    memory->system.unreserve(NULL, address, bytes);
    memory->reserved[i] = memory->reserved[--memory->reserved_count];
    memory->reserved_bytes -= bytes;
    memory->unreserve_calls++;
}

void
check_memory_init(struct check_memory *memory, struct check_faults *faults,
                  struct rh_memory *interface, size_t page_bytes)
{
    *memory = (struct check_memory){
        .faults = faults,
        .unit = page_bytes ? page_bytes : 4096,
    };
    rh_memory_init(&memory->system);
    *interface = (struct rh_memory){
        .reserve = memory_reserve,
        .commit = memory_commit,
        .release = memory_release,
        .unreserve = memory_unreserve,
        .page_bytes = page_bytes,
        .context = memory,
    };
}

// Nodes.

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
    struct check_world *world = rh_heap_user_data(heap);

    rh_external_free(heap, node->buffer, node->bytes);
    node->buffer = NULL;
    if (world)
        world->released++;
}

static size_t
node_size(struct rh_heap *heap, const void *object)
{
    (void)heap;
    return ((const struct node *)object)->bytes;
}

static void
node_describe(struct rh_heap *heap, const void *object,
              struct rh_description *description)
{
    (void)heap, (void)object;
    description->type = "NODE";
}

const struct rh_model check_node_model = {
    .name = "nodes",
    .trace = node_trace,
    .release = node_release,
    .size = node_size,
    .describe = node_describe,
    .flags = RH_MODEL_MOVABLE | RH_MODEL_BARRIERED,
};

struct node *
check_node(struct rh_heap *heap, struct node *left, struct node *right)
{
    struct node *node = rh_heap_alloc(heap);

    assert_non_null(node);
    node->tag = NODE;
    node->left = left;
    node->right = right;
    return node;
}

struct node *
check_buffer(struct rh_heap *heap, size_t bytes)
{
    struct node *node = check_node(heap, NULL, NULL);

    node->buffer = rh_external_malloc(heap, bytes);
    assert_non_null(node->buffer);
    node->bytes = bytes;
    rh_external_attach(heap, node);
    return node;
}

void
check_set_left(struct rh_heap *heap, struct node *node, struct node *child)
{
    node->left = child;
    rh_barrier_write(heap, node, child); // inline, it would know one page size
}

void
check_set_right(struct rh_heap *heap, struct node *node, struct node *child)
{
    node->right = child;
    rh_barrier_write(heap, node, child);
}

struct node *
check_list(struct rh_heap *heap, size_t count)
{
    size_t scope = rh_scope_save(heap);
    void **list = rh_scope_hold(heap, NULL);
    struct node *first;

    assert_non_null(list);
    while (count-- > 0) {
        struct node *node = check_node(heap, NULL, NULL);

        node->right = *list;
        *list = node;
    }
    first = *list;
    rh_scope_restore(heap, scope);
    return first;
}

size_t
check_list_length(const struct node *list)
{
    size_t length = 0;

    for (; list; list = list->right, length++)
        assert_int_equal(list->tag, NODE);
    return length;
}

void
check_waste(struct rh_heap *heap, size_t count)
{
    while (count-- > 0)
        check_node(heap, NULL, NULL);
}

// Worlds.

void
check_prepare(struct check_world *world)
{
    *world = (struct check_world){ .heap = NULL };
    rh_config_init(&world->config);
    world->config.model = &check_node_model;
    world->config.user_data = world;
    world->config.panic = check_panic;
    check_allocator_init(&world->allocator, &world->faults,
                         &world->config.allocator);
    check_memory_init(&world->memory, &world->faults, &world->config.memory, 0);
}

void
check_make(struct check_world *world)
{
    const char *why = NULL;

    if (rh_config_check(&world->config, &why) != RH_OK)
        fail_msg("%s", why);
    world->heap = rh_heap_new(&world->config);
    assert_non_null(world->heap);
    check_heap(world->heap);
}

void
check_open(struct check_world *world)
{
    check_prepare(world);
    check_make(world);
}

void
check_open_generational(struct check_world *world)
{
    check_prepare(world);
    world->config.generational = true;
    check_make(world);
}

static void
expect_all_back(const struct check_world *world)
{
    assert_int_equal(world->allocator.blocks, 0);
    assert_int_equal(world->allocator.bytes, 0);
    assert_int_equal(world->memory.reserved_bytes, 0);
    assert_int_equal(world->memory.reserved_count, 0);
}

void
check_close(struct check_world *world)
{
    rh_heap_free(world->heap);
    world->heap = NULL;
    expect_all_back(world);
}

void
check_abandon(struct check_world *world)
{
    while (world->allocator.first) {
        struct check_block *block = world->allocator.first;

        allocator_free(&world->allocator, block + 1, block->bytes);
    }
    while (world->memory.reserved_count) {
        struct check_range range = world->memory.reserved[0];

        memory_unreserve(&world->memory, range.address, range.bytes);
    }
    world->heap = NULL;
    expect_all_back(world);
}

void
check_root(struct rh_heap *heap, void *address)
{
    assert_int_equal(rh_root_add(heap, address), RH_OK);
}

void
check_unroot(struct rh_heap *heap, void *address)
{
    assert_int_equal(rh_root_remove(heap, address), RH_OK);
}

// Asking the heap.

uint64_t
check_stat(const struct rh_heap *heap, const char *name)
{
    uint64_t value = 0;

    assert_int_equal(rh_stat_get(heap, name, &value), RH_OK);
    return value;
}

// The identities at the head of rheap/stat.h.
bool
check_identities(const struct rh_heap *heap)
{
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    rh_heap_stat(heap, &stat);
    return stat.heap_available_slots == stat.heap_live_slots +
                                            stat.heap_free_slots +
                                            stat.heap_final_slots &&
           stat.heap_live_slots == stat.total_allocated_objects -
                                       stat.total_freed_objects -
                                       stat.heap_final_slots &&
           stat.heap_allocated_pages ==
               stat.heap_eden_pages + stat.heap_tomb_pages &&
           stat.total_allocated_pages ==
               stat.heap_allocated_pages + stat.total_freed_pages &&
           stat.count == stat.minor_gc_count + stat.major_gc_count;
}

void
check_heap_at(struct rh_heap *heap, const char *file, int line)
{
    struct rh_violation found = { .invariant = NULL };
    enum rh_status status = rh_heap_verify(heap, &found);

    if (status != RH_OK) {
        print_error(
            "%s: %s (%s), page %zu, slot %zu\n", rh_status_string(status),
            found.invariant ? found.invariant : "-",
            found.meaning ? found.meaning : "-", found.page, found.slot);
        _fail(file, line);
    }
    if (!check_identities(heap)) {
        print_error("an identity of the statistics is broken\n");
        _fail(file, line);
    }
}

void
check_broken_at(struct rh_heap *heap, const char *invariant, const char *file,
                int line)
{
    struct rh_violation found = { .invariant = NULL };
    enum rh_status status = rh_heap_verify(heap, &found);

    if (status != RH_BROKEN || !found.invariant ||
        strcmp(found.invariant, invariant) != 0) {
        print_error("expected %s, found %s: %s\n", invariant,
                    rh_status_string(status),
                    found.invariant ? found.invariant : "nothing");
        _fail(file, line);
    }
    _assert_true(found.meaning && *found.meaning, "meaning", file, line);
}

// Panics.

static jmp_buf panic_exit;
static bool panic_expected;
static char panic_message[512]; // the heap's own need not outlive the call

jmp_buf *
check_panic_begin(void)
{
    panic_expected = true;
    panic_message[0] = '\0';
    return &panic_exit;
}

void
check_panic_end(const char *text, const char *file, int line)
{
    panic_expected = false;
    if (!strstr(panic_message, text)) {
        print_error("expected a panic about \"%s\", got \"%s\"\n", text,
                    panic_message);
        _fail(file, line);
    }
}

void
check_panic(struct rh_heap *heap, const char *message, void *context)
{
    (void)heap, (void)context;
    (void)snprintf(panic_message, sizeof panic_message, "%s", message);
    if (!panic_expected)
        fail_msg("panic: %s", message);
    longjmp(panic_exit, 1);
}

// Chance: splitmix64.

uint64_t
check_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

size_t
check_random_below(uint64_t *state, size_t limit)
{
    return (size_t)(check_random(state) % limit);
}

uint64_t
check_seed(void)
{
    const char *given = getenv("RH_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

    print_message("# RH_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}
