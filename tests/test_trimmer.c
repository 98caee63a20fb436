// SPDX-License-Identifier: MIT
// Policies and a log for a program that has no heap.
#include "check.h"

struct advisor {
    unsigned answer;
    size_t calls;
    struct rh_trim_view view;
};

static unsigned
advise(const struct rh_trim_view *view, void *context)
{
    struct advisor *advisor = context;

    advisor->calls++;
    advisor->view = *view;
    return advisor->answer;
}

static struct rh_trimmer *
advised(struct advisor *advisor, unsigned answer)
{
    struct rh_trimmer *trimmer = rh_trimmer_new(advise, advisor);

    *advisor = (struct advisor){ .answer = answer };
    assert_non_null(trimmer);
    return trimmer;
}

static size_t
trims(const struct rh_trimmer *trimmer)
{
    struct rh_trim_totals totals;

    rh_trimmer_totals(trimmer, &totals);
    return totals.trims;
}

static void
without_a_policy_nothing_is_trimmed(void **state)
{
    struct rh_trimmer *trimmer = rh_trimmer_new(NULL, NULL);

    (void)state;
    rh_trimmer_count(trimmer, (size_t)1 << 30, 0);
    assert_int_equal(rh_trimmer_request(trimmer, RH_TRIM_REQUEST), 0);
    assert_int_equal(rh_trimmer_request(trimmer, RH_TRIM_IDLE), 0);
    assert_int_equal(trims(trimmer), 0);
    rh_trimmer_free(trimmer);
    rh_trimmer_free(NULL);
}

static void
the_policy_sees_what_was_counted(void **state)
{
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_NOTHING);

    (void)state;
    rh_trimmer_count(trimmer, 300, 5000);
    rh_trimmer_count(trimmer, 40, 4960);

    assert_int_equal(rh_trimmer_request(trimmer, RH_TRIM_IDLE), 0);

    assert_int_equal(advisor.calls, 1);
    assert_int_equal(advisor.view.reason, RH_TRIM_IDLE);
    assert_int_equal(advisor.view.freed_bytes, 340);
    assert_int_equal(advisor.view.external_bytes, 4960);
    assert_true(advisor.view.resident_bytes > 0);
    assert_int_equal(advisor.view.tomb_pages, 0);
    assert_int_equal(advisor.view.trims, 0);
    assert_int_equal(advisor.view.last_returned_bytes, 0);
    rh_trimmer_free(trimmer);
}

static void
only_the_allocator_can_be_trimmed_without_a_heap(void **state)
{
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_PAGES);

    (void)state;
    assert_int_equal(rh_trimmer_request(trimmer, RH_TRIM_REQUEST), 0);
    assert_int_equal(trims(trimmer), 0);
    advisor.answer = RH_TRIM_PAGES | RH_TRIM_ALLOCATOR;
    assert_int_equal(rh_trimmer_request(trimmer, RH_TRIM_REQUEST),
                     RH_TRIM_ALLOCATOR);
    assert_int_equal(trims(trimmer), 1);
    rh_trimmer_free(trimmer);
}

static void
a_trim_is_logged_and_begins_the_count_anew(void **state)
{
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_ALLOCATOR);
    struct rh_trim_record records[2];
    struct rh_trim_totals totals;

    (void)state;
    rh_trimmer_count(trimmer, 100, 0);
    rh_trimmer_request(trimmer, RH_TRIM_IDLE);
    rh_trimmer_request(trimmer, RH_TRIM_FORK);

    assert_int_equal(advisor.view.freed_bytes, 0);
    assert_int_equal(advisor.view.trims, 1);
    assert_int_equal(rh_trimmer_log(trimmer, records, 2), 2);
    assert_int_equal(records[0].reason, RH_TRIM_IDLE);
    assert_int_equal(records[1].reason, RH_TRIM_FORK);
    assert_true(records[0].resident_before > 0);
    assert_true(records[1].at_ns >= records[0].at_ns + records[0].duration_ns);
    rh_trimmer_totals(trimmer, &totals);
    assert_int_equal(totals.trim_ns,
                     records[0].duration_ns + records[1].duration_ns);
    assert_true(totals.elapsed_ns >= totals.trim_ns);
    rh_trimmer_free(trimmer);
}

// Blocks that malloc does not map one by one, and does not return by itself
// because one behind them stays.
enum {
    BLOCKS = 2000,
    BLOCK_BYTES = 10000
};

static void
fill(char **blocks)
{
    for (size_t n = 0; n < BLOCKS; n++) {
        blocks[n] = malloc(BLOCK_BYTES);
        assert_non_null(blocks[n]);
        memset(blocks[n], 1, BLOCK_BYTES);
    }
}

static void
empty(char **blocks)
{
    for (size_t n = 0; n + 1 < BLOCKS; n++)
        free(blocks[n]);
}

static void
what_came_back_is_told_by_page_faults(void **state)
{
    static char *blocks[BLOCKS];
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_ALLOCATOR);
    struct rh_trim_record record;
    struct rh_trim_totals totals;
    size_t returned;

    (void)state;
    fill(blocks);
    empty(blocks);
    rh_trimmer_request(trimmer, RH_TRIM_REQUEST);
    assert_int_equal(rh_trimmer_log(trimmer, &record, 1), 1);
    returned = record.resident_before - record.resident_after;
    free(blocks[BLOCKS - 1]);

    fill(blocks);

    assert_int_equal(rh_trimmer_log(trimmer, &record, 1), 1);
    // Valgrind's malloc, and a sanitizer's, return nothing.
    if (record.allocator_freed && returned > BLOCKS * BLOCK_BYTES / 2) {
        assert_true(record.refault_bytes > BLOCKS * BLOCK_BYTES / 4);
        assert_true(record.refault_bytes <= returned);
        assert_true(record.faults * 4096 >= record.refault_bytes);
    }
    rh_trimmer_totals(trimmer, &totals);
    assert_true(totals.refault_bytes >= record.refault_bytes);
    advisor.answer = RH_TRIM_NOTHING;
    rh_trimmer_request(trimmer, RH_TRIM_REQUEST);
    assert_true(advisor.view.refault_bytes >= record.refault_bytes);
    assert_true(advisor.view.last_refault_bytes >= record.refault_bytes);
    assert_int_equal(advisor.view.last_trim_ns, record.duration_ns);
    empty(blocks);
    free(blocks[BLOCKS - 1]);
    rh_trimmer_free(trimmer);
}

static void
a_forked_child_is_silent_until_it_has_freed_a_megabyte(void **state)
{
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_NOTHING);

    (void)state;
    rh_trimmer_count(trimmer, 5 << 20, 0);
    rh_trimmer_after_fork_child(trimmer);
    rh_trimmer_count(trimmer, (1 << 20) - 1, 0);
    rh_trimmer_request(trimmer, RH_TRIM_COLLECTION);
    rh_trimmer_request(trimmer, RH_TRIM_IDLE);
    assert_int_equal(advisor.calls, 0);
    rh_trimmer_count(trimmer, 1, 0);
    rh_trimmer_request(trimmer, RH_TRIM_IDLE);
    assert_int_equal(advisor.calls, 1);
    rh_trimmer_free(trimmer);
}

static void
a_forked_child_trims_when_told_to(void **state)
{
    struct advisor advisor;
    struct rh_trimmer *trimmer = advised(&advisor, RH_TRIM_NOTHING);

    (void)state;
    rh_trimmer_after_fork_child(trimmer);
    rh_trimmer_request(trimmer, RH_TRIM_REQUEST);
    assert_int_equal(advisor.calls, 1);
    rh_trimmer_free(trimmer);
}

// Whether a sanitizer stands between the program and the C library.
static bool
has_its_own_malloc(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

static void
the_allocator_in_use_has_a_name(void **state)
{
    enum rh_malloc kind = rh_malloc_which();

    (void)state;
    assert_in_range(kind, RH_MALLOC_OTHER, RH_MALLOC_TCMALLOC);
#ifdef __GLIBC__
    if (!getenv("LD_PRELOAD") && !has_its_own_malloc())
        assert_int_equal(kind, RH_MALLOC_GLIBC);
#endif
    assert_string_equal(rh_malloc_name(RH_MALLOC_OTHER), "other");
    assert_string_equal(rh_malloc_name(RH_MALLOC_GLIBC), "glibc");
    assert_string_equal(rh_malloc_name(RH_MALLOC_JEMALLOC), "jemalloc");
    assert_string_equal(rh_malloc_name(RH_MALLOC_MIMALLOC), "mimalloc");
    assert_string_equal(rh_malloc_name(RH_MALLOC_TCMALLOC), "tcmalloc");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_nothing_is_trimmed),
        cmocka_unit_test(the_policy_sees_what_was_counted),
        cmocka_unit_test(only_the_allocator_can_be_trimmed_without_a_heap),
        cmocka_unit_test(a_trim_is_logged_and_begins_the_count_anew),
        cmocka_unit_test(what_came_back_is_told_by_page_faults),
        cmocka_unit_test(
            a_forked_child_is_silent_until_it_has_freed_a_megabyte),
        cmocka_unit_test(a_forked_child_trims_when_told_to),
        cmocka_unit_test(the_allocator_in_use_has_a_name),
    };

    return cmocka_run_group_tests_name("trimmer", tests, NULL, NULL);
}
