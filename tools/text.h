// SPDX-License-Identifier: MIT
/*
 * text - numbers as people read them.
 *
 * Each answers a small struct by value, to be printed at once:
 *     printf("%s\n", text_size(bytes).text)
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdint.h>

struct text {
    char text[56];
};

struct text text_count(uint64_t count);                // 12,215
struct text text_size(double bytes);                   // 2.7 MB
struct text text_ratio(double ratio);                  // 0.402
struct text text_share(uint64_t part, uint64_t whole); // 42.0%

// "1 page", "2 pages": the plural is the word and an s.
struct text text_of(uint64_t count, const char *word);

#endif
