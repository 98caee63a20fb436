// SPDX-License-Identifier: MIT
/*
 * bits - one line of bits, as sets of slots.
 *
 * Bit n of a line stands for slot n of the page.  Everything that a collection
 * decides is arithmetic on lines: free = allocated & ~mark.
 *
 * Next: ring.h, lists of pages.
 */
#ifndef RHI_BITS_H
#define RHI_BITS_H

#include "geometry.h"

RHI_INLINE bool
rhi_bit_test(const uint64_t *line, uint32_t n)
{
    return line[n >> 6] >> (n & 63) & 1;
}

RHI_INLINE void
rhi_bit_set(uint64_t *line, uint32_t n)
{
    line[n >> 6] |= UINT64_C(1) << (n & 63);
}

RHI_INLINE void
rhi_bit_clear(uint64_t *line, uint32_t n)
{
    line[n >> 6] &= ~(UINT64_C(1) << (n & 63));
}

RHI_INLINE bool
rhi_line_is_empty(const uint64_t *line)
{
    uint64_t any = 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        any |= line[word];
    return any == 0;
}

// How many bits of a word are set.  Baseline x86-64 has no instruction for it,
// and what the compiler calls instead looks each byte up in a table.
RHI_INLINE uint32_t
rhi_word_count(uint64_t word)
{
    const uint64_t pairs = UINT64_C(0x5555555555555555);
    const uint64_t fours = UINT64_C(0x3333333333333333);
    const uint64_t bytes = UINT64_C(0x0f0f0f0f0f0f0f0f);

    word -= word >> 1 & pairs;
    word = (word & fours) + (word >> 2 & fours);
    word = (word + (word >> 4)) & bytes;
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

RHI_INLINE uint32_t
rhi_line_count(const uint64_t *line)
{
    uint32_t count = 0;

    for (int word = 0; word < RHI_LINE_WORDS; word++)
        count += rhi_word_count(line[word]);
    return count;
}

// Zero a line, unless it is: the kernel copies a shared page when it is
// written, not when it changes.
RHI_INLINE void
rhi_line_clear(uint64_t *line)
{
    if (!rhi_line_is_empty(line))
        for (int word = 0; word < RHI_LINE_WORDS; word++)
            line[word] = 0;
}

// Clear the bits of `others` in a line; stores only where one is set.
RHI_INLINE void
rhi_line_forget(uint64_t *line, const uint64_t *others)
{
    for (int word = 0; word < RHI_LINE_WORDS; word++)
        if (line[word] & others[word])
            line[word] &= ~others[word];
}

// The bits of slots first..end-1, in word `word` of a line.
RHI_INLINE uint64_t
rhi_word_range(uint32_t word, uint32_t first, uint32_t end)
{
    uint32_t low = word * 64;
    uint64_t from = first <= low        ? ~UINT64_C(0)
                    : first >= low + 64 ? 0
                                        : ~UINT64_C(0) << (first - low);
    uint64_t below = end >= low + 64 ? ~UINT64_C(0)
                     : end <= low    ? 0
                                     : (UINT64_C(1) << (end - low)) - 1;

    return from & below;
}

// The lowest set bit at or above `from`, or `end` when there is none below it.
RHI_INLINE uint32_t
rhi_line_next_set(const uint64_t *line, uint32_t from, uint32_t end)
{
    uint32_t word = from >> 6;
    uint64_t bits;

    if (from >= end)
        return end;
    bits = line[word] & ~UINT64_C(0) << (from & 63);
    while (!bits) {
        if (++word * 64 >= end)
            return end;
        bits = line[word];
    }
    from = word * 64 + (uint32_t)__builtin_ctzll(bits);
    return from < end ? from : end;
}

// The lowest clear bit at or above `from`, or `end`.
RHI_INLINE uint32_t
rhi_line_next_clear(const uint64_t *line, uint32_t from, uint32_t end)
{
    uint32_t word = from >> 6;
    uint64_t bits;

    if (from >= end)
        return end;
    bits = ~line[word] & ~UINT64_C(0) << (from & 63);
    while (!bits) {
        if (++word * 64 >= end)
            return end;
        bits = ~line[word];
    }
    from = word * 64 + (uint32_t)__builtin_ctzll(bits);
    return from < end ? from : end;
}

#endif
