// SPDX-License-Identifier: MIT
// Lists that their elements are part of.
#include "check.h"

#include "ring.h"

enum {
    NODES = 5
};

struct rings {
    struct rhi_ring ring;
    struct rhi_ring node[NODES];
};

static void
rings_init(struct rings *rings)
{
    rhi_ring_init(&rings->ring);
    for (size_t i = 0; i < NODES; i++) {
        rhi_ring_init(&rings->node[i]);
        rhi_ring_append(&rings->ring, &rings->node[i]);
    }
}

// The ring holds just these nodes, forwards and backwards.
static void
expect_order(const struct rings *rings, const size_t *order, size_t count)
{
    const struct rhi_ring *link = rings->ring.next;

    for (size_t i = 0; i < count; i++, link = link->next)
        assert_ptr_equal(link, &rings->node[order[i]]);
    assert_ptr_equal(link, &rings->ring);
    link = rings->ring.previous;
    for (size_t i = count; i-- > 0; link = link->previous)
        assert_ptr_equal(link, &rings->node[order[i]]);
    assert_ptr_equal(link, &rings->ring);
}

static void
a_new_ring_is_empty(void **state)
{
    struct rhi_ring ring;

    (void)state;
    rhi_ring_init(&ring);

    assert_true(rhi_ring_is_empty(&ring));
    assert_ptr_equal(ring.next, &ring);
    assert_ptr_equal(ring.previous, &ring);
}

static void
what_is_appended_comes_last(void **state)
{
    struct rings rings;

    (void)state;
    rings_init(&rings);

    assert_false(rhi_ring_is_empty(&rings.ring));
    expect_order(&rings, (const size_t[]){ 0, 1, 2, 3, 4 }, 5);
}

static void
any_node_can_be_taken_out(void **state)
{
    struct rings rings;

    (void)state;
    rings_init(&rings);

    rhi_ring_remove(&rings.node[2]);
    expect_order(&rings, (const size_t[]){ 0, 1, 3, 4 }, 4);
    rhi_ring_remove(&rings.node[0]);
    expect_order(&rings, (const size_t[]){ 1, 3, 4 }, 3);
    rhi_ring_remove(&rings.node[4]);
    expect_order(&rings, (const size_t[]){ 1, 3 }, 2);
    rhi_ring_remove(&rings.node[1]);
    rhi_ring_remove(&rings.node[3]);
    assert_true(rhi_ring_is_empty(&rings.ring));
}

static void
a_node_on_no_list_may_be_removed_again(void **state)
{
    struct rings rings;

    (void)state;
    rings_init(&rings);
    rhi_ring_remove(&rings.node[1]);

    rhi_ring_remove(&rings.node[1]);

    assert_true(rhi_ring_is_empty(&rings.node[1]));
    expect_order(&rings, (const size_t[]){ 0, 2, 3, 4 }, 4);
}

static void
a_node_moves_to_another_ring(void **state)
{
    struct rings rings;
    struct rhi_ring other;

    (void)state;
    rings_init(&rings);
    rhi_ring_init(&other);

    rhi_ring_remove(&rings.node[3]);
    rhi_ring_append(&other, &rings.node[3]);

    expect_order(&rings, (const size_t[]){ 0, 1, 2, 4 }, 4);
    assert_ptr_equal(other.next, &rings.node[3]);
    assert_ptr_equal(other.previous, &rings.node[3]);
    assert_ptr_equal(rings.node[3].next, &other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ring_is_empty),
        cmocka_unit_test(what_is_appended_comes_last),
        cmocka_unit_test(any_node_can_be_taken_out),
        cmocka_unit_test(a_node_on_no_list_may_be_removed_again),
        cmocka_unit_test(a_node_moves_to_another_ring),
    };

    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
