// SPDX-License-Identifier: MIT
// Lines of bits against loops that look at one bit at a time.
#include "check.h"

#include "bits.h"

#include <sys/mman.h>

enum {
    BITS = RHI_LINE_WORDS * 64
};

// Lines with nothing, everything, borders of words, and chance in them.
static void
line_fill(uint64_t *line, unsigned pattern, uint64_t *seed)
{
    memset(line, 0, sizeof(rhi_line));
    for (uint32_t bit = 0; bit < BITS; bit++) {
        bool set = pattern == 0   ? false
                   : pattern == 1 ? true
                   : pattern == 2 ? bit % 64 == 0
                   : pattern == 3 ? bit % 64 == 63
                   : pattern == 4 ? bit % 2 == 1
                   : pattern == 5 ? bit == BITS - 1
                   : pattern == 6 ? bit / 64 % 2 == 0
                                  : check_random_below(seed, pattern) == 0;

        if (set)
            line[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

enum {
    PATTERNS = 20
};

static bool
bit_at(const uint64_t *line, uint32_t bit)
{
    return line[bit / 64] & UINT64_C(1) << bit % 64;
}

static uint32_t
naive_next(const uint64_t *line, uint32_t from, uint32_t end, bool wanted)
{
    while (from < end && bit_at(line, from) != wanted)
        from++;
    return from < end ? from : end;
}

static void
expect_next(const uint64_t *line, uint32_t from, uint32_t end)
{
    if (rhi_line_next_set(line, from, end) != naive_next(line, from, end, true))
        fail_msg("next_set from %u to %u", from, end);
    if (rhi_line_next_clear(line, from, end) !=
        naive_next(line, from, end, false))
        fail_msg("next_clear from %u to %u", from, end);
}

static void
the_next_bit_is_found_from_every_place(void **state)
{
    static const uint32_t ends[] = { 0,   1,   24,  63,  64,  65,
                                     127, 128, 408, 510, 511, 512 };
    uint64_t seed = 1;

    (void)state;
    for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
        rhi_line line;

        line_fill(line, pattern, &seed);
        for (size_t i = 0; i < CHECK_COUNT(ends); i++)
            for (uint32_t from = 0; from <= BITS; from++)
                expect_next(line, from, ends[i]);
    }
}

static uint64_t
naive_range(uint32_t word, uint32_t first, uint32_t end)
{
    uint64_t bits = 0;

    for (uint32_t bit = 0; bit < 64; bit++)
        if (word * 64 + bit >= first && word * 64 + bit < end)
            bits |= UINT64_C(1) << bit;
    return bits;
}

static void
a_range_of_bits_is_cut_at_every_boundary(void **state)
{
    (void)state;
    for (uint32_t first = 0; first <= BITS; first++)
        for (uint32_t end = 0; end <= BITS; end += end % 64 < 62 ? 3 : 1)
            for (uint32_t word = first / 64; word < RHI_LINE_WORDS; word += 3)
                if (rhi_word_range(word, first, end) !=
                    naive_range(word, first, end))
                    fail_msg("word %u of %u..%u", word, first, end);
}

static void
the_words_of_a_range_are_disjoint_and_complete(void **state)
{
    (void)state;
    for (uint32_t first = 0; first <= BITS; first++) {
        uint32_t count = 0;

        for (uint32_t word = 0; word < RHI_LINE_WORDS; word++)
            count += (uint32_t)__builtin_popcountll(
                rhi_word_range(word, first, BITS));
        assert_int_equal(count, BITS - first);
    }
}

static void
a_bit_is_set_and_cleared_alone(void **state)
{
    rhi_line line = { 0 };

    (void)state;
    for (uint32_t bit = 0; bit < BITS; bit++) {
        rhi_bit_set(line, bit);
        assert_true(rhi_bit_test(line, bit));
        assert_true(bit_at(line, bit));
        assert_int_equal(rhi_line_count(line), 1);
        assert_false(rhi_line_is_empty(line));

        rhi_bit_clear(line, bit);
        assert_false(rhi_bit_test(line, bit));
        assert_true(rhi_line_is_empty(line));
    }
}

static void
counting_counts_every_bit(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
        rhi_line line;
        uint32_t count = 0;

        line_fill(line, pattern, &seed);
        for (uint32_t bit = 0; bit < BITS; bit++)
            count += bit_at(line, bit);
        assert_int_equal(rhi_line_count(line), count);
        assert_int_equal(rhi_line_is_empty(line), count == 0);
    }
}

static void
clearing_a_clear_line_writes_nothing(void **state)
{
    uint64_t *line =
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(line != MAP_FAILED);
    rhi_line_clear(line); // a store would be fatal
    assert_true(rhi_line_is_empty(line));
    munmap(line, 4096);
}

static void
clearing_clears_every_word(void **state)
{
    (void)state;
    for (uint32_t bit = 0; bit < BITS; bit++) {
        rhi_line line = { 0 };

        rhi_bit_set(line, bit);
        rhi_line_clear(line);
        assert_true(rhi_line_is_empty(line));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_bit_is_found_from_every_place),
        cmocka_unit_test(a_range_of_bits_is_cut_at_every_boundary),
        cmocka_unit_test(the_words_of_a_range_are_disjoint_and_complete),
        cmocka_unit_test(a_bit_is_set_and_cleared_alone),
        cmocka_unit_test(counting_counts_every_bit),
        cmocka_unit_test(clearing_a_clear_line_writes_nothing),
        cmocka_unit_test(clearing_clears_every_word),
    };

    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
