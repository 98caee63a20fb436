// SPDX-License-Identifier: MIT
// A full collection in a child writes to no object; and if it did, as it does
// in libraries that keep marks in objects or in their pages, this and all tests
// that count private pages would see it.
#include "config.h"

#include "family.h"

enum {
#if defined RHI_MARKS_IN_SLOT
    LEAST = 95, // percent of the bodies that a full collection makes private
    MOST = 100
#elif defined RHI_MARKS_IN_PAGE
    LEAST = 20,
    MOST = 100
#else
    LEAST = 0,
    MOST = 0
#endif
};

static void
expect_percent(const struct rh_sharing *sharing)
{
    size_t hundredth = sharing->heap_bytes / 100;

    print_message("# %zu of %zu KB private: bodies; %zu KB: tables\n",
                  sharing->body.private_bytes / 1024,
                  sharing->heap_bytes / 1024,
                  sharing->table.private_bytes / 1024);
    assert_true(sharing->body.private_bytes >= LEAST * hundredth);
    assert_true(sharing->body.private_bytes <=
                (MOST == 100 ? sharing->heap_bytes : MOST * hundredth));
}

static void
a_full_collection_makes_private_what_has_marks(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PHASES);
    for (int user = 0; user < family_users(); user++) {
        const struct rh_sharing *sharing =
            family_after(&family, (enum family_user)user, family_collect);

        expect_percent(sharing);
        assert_int_equal(sharing->caused_bytes[RH_SHARING_MARK],
                         sharing->body.private_bytes);
    }
    family_close(&family);
}

static void
collect_in_steps(struct family *family)
{
    if (rh_heap_start(family->heap) == RH_OK)
        rh_heap_finish(family->heap);
}

static void
a_collection_in_steps_does_too(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    for (int user = 0; user < family_users(); user++)
        expect_percent(
            family_after(&family, (enum family_user)user, collect_in_steps));
    family_close(&family);
}

static void
a_minor_collection_marks_nothing_old(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    for (int user = 0; user < family_users(); user++)
        assert_int_equal(
            family_after(&family, (enum family_user)user, family_minor)
                ->body.private_bytes,
            0);
    family_close(&family);
}

static void
a_sealed_heap_has_nothing_to_mark(void **state)
{
    struct family family;

    (void)state;
    family_open(&family, RH_SHARING_PAGES);
    assert_int_equal(rh_heap_seal(family.heap), RH_OK);
    for (int user = 0; user < family_users(); user++)
        assert_int_equal(
            family_after(&family, (enum family_user)user, family_collect)
                ->body.private_bytes,
            0);
    family_close(&family);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_collection_makes_private_what_has_marks),
        cmocka_unit_test(a_collection_in_steps_does_too),
        cmocka_unit_test(a_minor_collection_marks_nothing_old),
        cmocka_unit_test(a_sealed_heap_has_nothing_to_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
