// SPDX-License-Identifier: MIT
/*
 * words - texts that occur again and again, each kept once under a number.
 *
 * A struct of zeros is empty and ready.  A word stays where it is until all are
 * freed, so that pointers to it may be kept.
 */
#ifndef TOOLS_WORDS_H
#define TOOLS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words {
    char **list;
    size_t count;
    size_t room;     // of the list
    uint32_t *table; // number + 1 by hash, 0: empty; 2 * room entries
};

// The number of a word, which is kept from now on.  False: no memory.
bool words_keep(struct words *words, const char *bytes, size_t length,
                size_t *number);

// A word that is kept, with a NUL behind it.
const char *words_text(const struct words *words, size_t number);

void words_free(struct words *words);

#endif
