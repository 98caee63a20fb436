// SPDX-License-Identifier: MIT
// How much of its memory a forked child has made its own, as the kernel says;
// and what is answered where it does not say.
#include "config.h"

#include "family.h"

#include "heap.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t
part_bytes(const struct rh_sharing_part *part)
{
    return part->shared_bytes + part->private_bytes + part->own_bytes;
}

// ---- the contract of the library, phase by phase ----

// Bodies: all inherited, all shared.  Tables: no more than `table` private.
static void
expect_shared(struct family *family, family_fn act, size_t table)
{
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(family, (enum family_user)user, act);

        assert_int_equal(sharing->body.private_bytes, 0);
        assert_int_equal(sharing->body.shared_bytes, sharing->heap_bytes);
        assert_true(sharing->heap_bytes >= FAMILY_NODES * sizeof(struct node));
        assert_true(sharing->table.private_bytes <= table);
    }
}

static void
an_idle_child_shares_everything(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    expect_shared(&family, family_idle, 8 * family_os_page());
    assert_int_equal(family.outcome.sharing.body.own_bytes, 0);
    family_close(&family);
}

static void
a_child_that_reads_shares_everything(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    expect_shared(&family, family_look, 8 * family_os_page());
    assert_int_equal(family.outcome.sharing.body.own_bytes, 0);
    family_close(&family);
}

// A few pages of tables, and those that the markers are on.
static size_t
table_limit(void)
{
    return 2 * FAMILY_NODES * sizeof(struct node) / 100 +
           sizeof(struct rh_heap);
}

static void
a_minor_collection_writes_to_no_object(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    expect_shared(&family, family_minor, table_limit());
    family_close(&family);
}

static void
a_full_collection_writes_to_no_object(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    expect_shared(&family, family_collect, table_limit());
    family_close(&family);
}

static void
further_collections_add_nothing(void **state)
{
    struct family family;
    size_t once;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    once =
        family_after(&family, FAMILY_SELF, family_collect)->table.private_bytes;
    expect_shared(&family, family_collect_thrice,
                  once + 4 * family_os_page()); // `mark` and `next` changed
    family_close(&family);
}

static void
new_objects_are_the_childs_own(void **state)
{
    struct family family;
    size_t bytes = FAMILY_NEW * sizeof(struct node);

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, family_allocate);
        size_t taken = sharing->body.own_bytes + sharing->body.private_bytes;

        assert_true(taken >= bytes);
        assert_true(taken <= bytes + bytes / 4 + 4 * family_os_page());
        assert_int_equal(sharing->body.shared_bytes +
                             sharing->body.private_bytes,
                         sharing->heap_bytes);
    }
    family_close(&family);
}

static void
a_store_makes_the_page_of_its_object_private_and_no_other(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, family_mutate);

        assert_true(family.outcome.expected > 0);
        assert_true(family.outcome.expected < sharing->heap_bytes / 4);
        assert_int_equal(sharing->body.private_bytes, family.outcome.expected);
        assert_int_equal(sharing->body.shared_bytes,
                         sharing->heap_bytes - family.outcome.expected);
    }
    family_close(&family);
}

static void
a_sealed_heap_stays_shared_while_a_child_collects_and_allocates(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    assert_int_equal(rh_heap_seal(family.heap), RH_OK);
    expect_shared(&family, family_collect, table_limit());
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, family_allocate);

        assert_int_equal(sharing->body.private_bytes, 0);
    }
    family_close(&family);
}

// ---- sums ----

// As good as equal: what is done between two measurements takes a page or two
// of the stack.
static void
expect_near(size_t a, size_t b)
{
    size_t difference = a > b ? a - b : b - a;

    if (difference > 2 * family_os_page())
        fail_msg("%zu and %zu should be equal", a, b);
}

static void
expect_sums(struct family *family, enum family_user user, family_fn act)
{
    const struct rh_sharing *sharing = family_after(family, user, act);
    const struct family_rollup *rollup = &family->outcome.rollup;
    const struct rh_sharing_part *parts[] = { &sharing->body, &sharing->table,
                                              &sharing->external,
                                              &sharing->other };
    size_t resident = 0;
    size_t alone = 0;

    for (size_t n = 0; n < CHECK_COUNT(parts); n++) {
        resident += part_bytes(parts[n]);
        alone += parts[n]->private_bytes + parts[n]->own_bytes;
    }
    assert_true(rollup->resident > 0);
    expect_near(resident, rollup->resident);
    assert_int_equal(resident, sharing->resident_bytes);
    expect_near(alone, rollup->dirty);
    assert_true(sharing->proportional_bytes < sharing->resident_bytes);
    assert_true(sharing->proportional_bytes > 0);
}

// Reads tables that nobody has written to: the kernel maps zeros there.
static void
verify(struct family *family)
{
    if (rh_heap_verify(family->heap, NULL) == RH_OK)
        family_collect(family);
}

static void
the_parts_add_up_to_what_the_kernel_says_of_the_process(void **state)
{
    static const family_fn acts[] = { family_idle,     family_look,
                                      family_minor,    family_collect,
                                      family_allocate, family_mutate,
                                      verify };
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    for (int user = 0; user < family_users(); user++)
        for (size_t n = 0; n < CHECK_COUNT(acts); n++)
            expect_sums(&family, (enum family_user)user, acts[n]);
    family_close(&family);
}

static void
measure_twice(struct family *family)
{
    struct mallinfo2 before = mallinfo2();
    struct rh_sharing first = { .struct_bytes = sizeof first };
    size_t blocks = family->world.allocator.blocks;
    struct mallinfo2 now;

    family->outcome.expected =
        rh_sharing_read(family->heap, &first) == RH_OK ? 1 : 0;
    now = mallinfo2();
    if (now.uordblks != before.uordblks || now.hblkhd != before.hblkhd ||
        family->world.allocator.blocks != blocks)
        family->outcome.expected = 2;
    family_read(family);
    if (memcmp(&first.body, &family->outcome.sharing.body, sizeof first.body) !=
            0 ||
        memcmp(&first.table, &family->outcome.sharing.table,
               sizeof first.table) != 0)
        family->outcome.expected = 3;
}

static void
measuring_allocates_nothing_and_changes_nothing(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES | RH_SHARING_PHASES);
    for (int user = 0; user < family_users(); user++) {
        (void)family_after(&family, (enum family_user)user, measure_twice);
        assert_int_equal(family.outcome.expected, 1);
    }
    family_close(&family);
}

static void
ask_a_short_struct(struct family *family)
{
    struct rh_sharing sharing;

    memset(&sharing, 0x5a, sizeof sharing);
    sharing.struct_bytes = offsetof(struct rh_sharing, table);
    if (rh_sharing_read(family->heap, &sharing) == RH_OK &&
        sharing.struct_bytes == offsetof(struct rh_sharing, table) &&
        sharing.body.shared_bytes == family->heap->sharing.heap_bytes &&
        *(unsigned char *)&sharing.table == 0x5a)
        family->outcome.expected = 1;
}

static void
a_program_of_an_earlier_version_gets_what_it_knows(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    (void)family_after(&family, FAMILY_SELF, ask_a_short_struct);
    assert_int_equal(family.outcome.expected, 1);
    family_close(&family);
}

// ---- causes ----

static size_t
sum_of_causes(const struct rh_sharing *sharing)
{
    size_t sum = 0;

    for (int n = 0; n < RH_SHARING_PHASE_COUNT; n++)
        sum += sharing->caused_bytes[n];
    return sum;
}

static void
mutate_and_collect(struct family *family)
{
    family_mutate(family);
    rh_heap_minor(family->heap);
    rh_heap_collect(family->heap);
}

static void
stores_are_blamed_on_the_program(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PHASES);
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, mutate_and_collect);

        assert_int_equal(sharing->body.private_bytes, family.outcome.expected);
        assert_int_equal(sharing->caused_bytes[RH_SHARING_PROGRAM],
                         family.outcome.expected);
        assert_int_equal(sum_of_causes(sharing), family.outcome.expected);
    }
    family_close(&family);
}

// Three of four nodes die.
static void
thin_out(struct family *family)
{
    for (size_t n = 0; n < FAMILY_NODES; n += 4)
        check_set_right(family->heap, family->nodes[n],
                        n + 4 < FAMILY_NODES ? family->nodes[n + 4] : NULL);
    rh_heap_collect(family->heap);
}

static void
moves_are_blamed_on_compaction(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PHASES);
    thin_out(&family);
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, family_compact);

        assert_true(sharing->body.private_bytes > 0);
        assert_int_equal(sharing->caused_bytes[RH_SHARING_COMPACT],
                         sharing->body.private_bytes);
    }
    family_close(&family);
}

static void
steps(struct family *family)
{
    if (rh_heap_start(family->heap) != RH_OK)
        return;
    family_mutate(family);
    while (!rh_heap_step(family->heap, (struct rh_budget){ .objects = 1000 }))
        family->outcome.rollup.clean++;
}

static void
stores_between_steps_are_blamed_on_the_program(void **state)
{
    struct family family;
    const struct rh_sharing *sharing;

    (void)state;
    family_open(&family, RH_SHARING_PHASES);
    sharing = family_after(&family, FAMILY_SELF, steps);
    assert_true(family.outcome.expected > 0);
    assert_int_equal(sharing->caused_bytes[RH_SHARING_PROGRAM],
                     family.outcome.expected);
    assert_int_equal(sum_of_causes(sharing), family.outcome.expected);
    family_close(&family);
}

static void
causes_are_not_told_unless_they_are_watched(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    assert_int_equal(
        sum_of_causes(family_after(&family, FAMILY_SELF, mutate_and_collect)),
        0);
    assert_true(family.outcome.sharing.body.private_bytes > 0);
    family_close(&family);
}

static void
every_phase_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_PROGRAM), "program");
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_MINOR), "minor");
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_MARK), "mark");
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_SWEEP), "sweep");
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_COMPACT), "compact");
    assert_string_equal(rh_sharing_phase_name(RH_SHARING_PHASE_COUNT),
                        "unknown");
}

// ---- relatives ----

// The parent writes after the fork; the child waits for that.
static void
expect_after_parent_wrote(struct family *family, enum family_user user)
{
    int leash[2];
    pid_t child;
    char word;

    assert_int_equal(pipe(leash), 0);
    child = family_fork(family, user);
    if (child == 0) {
        close(leash[1]);
        (void)!read(leash[0], &word, 1); // until the parent has written
        family_read(family);
        family_tell(family);
    }
    family_mutate(family);
    close(leash[0]);
    close(leash[1]);
    {
        size_t expected = family->outcome.expected;

        assert_true(family_hear(family, child));
        family->outcome.expected = expected;
    }
}

static void
frames_tell_what_the_parent_wrote_from_what_the_child_did(void **state)
{
    struct family family;

    (void)state;
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing = &family.outcome.sharing;

        family_open(&family, RH_SHARING_PAGES);
        expect_after_parent_wrote(&family, (enum family_user)user);
        assert_int_equal(family.outcome.status, RH_OK);
        assert_int_equal(sharing->body.private_bytes,
                         sharing->frames ? 0 : family.outcome.expected);
        family_close(&family);
    }
}

// A child of the child, which counts from its own fork on.
static void
fork_again(struct family *family)
{
    struct family grandchild = *family;
    pid_t child;

    family_mutate(family);
    child = family_fork(&grandchild, FAMILY_SELF);
    if (child == 0) {
        family_read(&grandchild);
        family_tell(&grandchild);
    }
    if (family_hear(&grandchild, child) && grandchild.outcome.status == RH_OK &&
        grandchild.outcome.sharing.body.private_bytes == 0)
        family->outcome.expected = 1;
}

static void
a_child_of_a_child_counts_from_its_own_fork(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    (void)family_after(&family, FAMILY_SELF, fork_again);
    assert_int_equal(family.outcome.expected, 1);
    assert_true(family.outcome.sharing.body.private_bytes > 0);
    family_close(&family);
}

static void
a_child_that_dies_leaves_the_others_what_they_have(void **state)
{
    struct family family;
    pid_t child;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    child = family_fork(&family, FAMILY_SELF);
    if (child == 0) {
        family_mutate(&family);
        raise(SIGKILL);
    }

    assert_false(family_hear(&family, child));

    expect_shared(&family, family_idle, 8 * family_os_page());
    family_close(&family);
}

// ---- what is not there ----

static void
nothing_is_told_without_a_fork_or_without_a_watch(void **state)
{
    struct rh_sharing sharing = { .struct_bytes = sizeof sharing };
    struct check_world world;

    (void)state;
    check_open(&world);

    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_NOT_FOUND);
    rh_heap_after_fork_child(world.heap);
    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_NOT_FOUND);
    family_insist(&world, rh_sharing_watch(world.heap, RH_SHARING_PAGES));
    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_NOT_FOUND);
    rh_heap_after_fork_child(world.heap);
    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_OK);
    assert_int_equal(rh_sharing_watch(world.heap, RH_SHARING_NOTHING), RH_OK);
    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_NOT_FOUND);
    check_close(&world);
}

static void
asking_to_watch_again_keeps_what_was_noted(void **state)
{
    struct rh_sharing before = { .struct_bytes = sizeof before };
    struct rh_sharing after = { .struct_bytes = sizeof after };
    struct check_world world;

    (void)state;
    check_open(&world);
    family_insist(&world, rh_sharing_watch(world.heap, RH_SHARING_PAGES));
    rh_heap_after_fork_child(world.heap);
    assert_int_equal(rh_sharing_read(world.heap, &before), RH_OK);

    assert_int_equal(rh_sharing_watch(world.heap, RH_SHARING_PAGES), RH_OK);
    assert_int_equal(rh_sharing_read(world.heap, &after), RH_OK);

    assert_int_equal(after.table.own_bytes, before.table.own_bytes);
    check_close(&world);
}

static void
an_unknown_wish_is_refused(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_int_equal(rh_sharing_watch(world.heap, 4), RH_BAD_ARGUMENT);
    assert_int_equal(world.heap->sharing.what, RH_SHARING_NOTHING);
    check_close(&world);
}

static void
without_memory_nothing_is_watched(void **state)
{
    struct check_world world;
    size_t n = 0;
    enum rh_status status;

    (void)state;
    check_open(&world);
    do {
        size_t reserved = world.memory.reserved_count;

        check_fail_at(&world.faults, ++n);
        status = rh_sharing_watch(world.heap, RH_SHARING_PAGES);
        if (world.faults.failed) {
            assert_int_equal(status, RH_NO_MEMORY);
            assert_int_equal(world.memory.reserved_count, reserved);
            assert_int_equal(world.heap->sharing.what, RH_SHARING_NOTHING);
        }
    } while (world.faults.failed);
    check_fail_at(&world.faults, 0);
    family_insist(&world, status);
    assert_true(n > 2);
    check_fail_at(&world.faults, 0);
    check_close(&world);
}

static void
without_memory_at_the_fork_a_child_is_told_so(void **state)
{
    struct rh_sharing sharing = { .struct_bytes = sizeof sharing };
    struct check_world world;

    (void)state;
    check_open(&world);
    family_insist(&world, rh_sharing_watch(world.heap, RH_SHARING_PHASES));
    world.memory.refuse_commit = true;
    rh_heap_after_fork_child(world.heap);
    assert_int_equal(rh_sharing_read(world.heap, &sharing), RH_NO_MEMORY);
    world.memory.refuse_commit = false;
    rh_heap_collect(world.heap);
    check_close(&world);
}

// Run in a child of its own, for what cannot be undone; whether it was true.
static bool
in_a_child(bool (*check)(struct check_world *world), struct check_world *world)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(check(world) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
is_unsupported(struct check_world *world)
{
    size_t reserved = world->memory.reserved_count;

    return rh_sharing_watch(world->heap, RH_SHARING_PAGES) == RH_UNSUPPORTED &&
           world->heap->sharing.what == RH_SHARING_NOTHING &&
           world->memory.reserved_count == reserved;
}

static bool
without_descriptors(struct check_world *world)
{
    struct rlimit none = { 0, 0 };

    return setrlimit(RLIMIT_NOFILE, &none) == 0 && is_unsupported(world);
}

static bool
without_permission(struct check_world *world)
{
    return setuid(65534) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
           is_unsupported(world);
}

static bool
without_proc(struct check_world *world)
{
    return chroot(".") == 0 && is_unsupported(world);
}

static void
a_system_that_does_not_tell_is_unsupported(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    assert_true(in_a_child(without_descriptors, &world));
    if (geteuid() == 0) {
        assert_true(in_a_child(without_permission, &world));
        assert_true(in_a_child(without_proc, &world));
    }
    check_close(&world);
}

// After all went well once, the kernel's files are in `directory`.
static bool
lost_at_the_fork(struct check_world *world)
{
    struct rh_sharing sharing = { .struct_bytes = sizeof sharing };

    world->heap->sharing.directory = "no/such/place";
    rh_heap_after_fork_child(world->heap);
    return rh_sharing_read(world->heap, &sharing) == RH_UNSUPPORTED &&
           !world->heap->watch.wrote;
}

static bool
lost_after_the_fork(struct check_world *world)
{
    struct rh_sharing sharing = { .struct_bytes = sizeof sharing };

    rh_heap_after_fork_child(world->heap);
    world->heap->sharing.directory = "no/such/place";
    rh_heap_collect(world->heap); // nobody to blame, and nobody falls over it
    return rh_sharing_read(world->heap, &sharing) == RH_UNSUPPORTED;
}

static void
a_system_that_falls_silent_is_unsupported(void **state)
{
    struct check_world world;

    (void)state;
    check_open(&world);
    family_insist(&world, rh_sharing_watch(world.heap, RH_SHARING_PHASES));
    assert_true(in_a_child(lost_at_the_fork, &world));
    assert_true(in_a_child(lost_after_the_fork, &world));
    check_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_child_shares_everything),
        cmocka_unit_test(a_child_that_reads_shares_everything),
        cmocka_unit_test(a_minor_collection_writes_to_no_object),
        cmocka_unit_test(a_full_collection_writes_to_no_object),
        cmocka_unit_test(further_collections_add_nothing),
        cmocka_unit_test(new_objects_are_the_childs_own),
        cmocka_unit_test(
            a_store_makes_the_page_of_its_object_private_and_no_other),
        cmocka_unit_test(
            a_sealed_heap_stays_shared_while_a_child_collects_and_allocates),
        cmocka_unit_test(
            the_parts_add_up_to_what_the_kernel_says_of_the_process),
        cmocka_unit_test(measuring_allocates_nothing_and_changes_nothing),
        cmocka_unit_test(a_program_of_an_earlier_version_gets_what_it_knows),
        cmocka_unit_test(stores_are_blamed_on_the_program),
        cmocka_unit_test(moves_are_blamed_on_compaction),
        cmocka_unit_test(stores_between_steps_are_blamed_on_the_program),
        cmocka_unit_test(causes_are_not_told_unless_they_are_watched),
        cmocka_unit_test(every_phase_has_a_name),
        cmocka_unit_test(
            frames_tell_what_the_parent_wrote_from_what_the_child_did),
        cmocka_unit_test(a_child_of_a_child_counts_from_its_own_fork),
        cmocka_unit_test(a_child_that_dies_leaves_the_others_what_they_have),
        cmocka_unit_test(nothing_is_told_without_a_fork_or_without_a_watch),
        cmocka_unit_test(asking_to_watch_again_keeps_what_was_noted),
        cmocka_unit_test(an_unknown_wish_is_refused),
        cmocka_unit_test(without_memory_nothing_is_watched),
        cmocka_unit_test(without_memory_at_the_fork_a_child_is_told_so),
        cmocka_unit_test(a_system_that_does_not_tell_is_unsupported),
        cmocka_unit_test(a_system_that_falls_silent_is_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
