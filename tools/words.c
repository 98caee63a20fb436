// SPDX-License-Identifier: MIT
#include "config.h"

#include "words.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIN_ROOM = 64 // a power of two, as every room is
};

// FNV-1a.
static uint64_t
hash_of(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

// The entry of a word in the table, or the empty one where it belongs.
static uint32_t *
entry_of(const struct words *words, const char *bytes, size_t length)
{
    size_t mask = 2 * words->room - 1;
    size_t i = hash_of(bytes, length) & mask;

    for (; words->table[i]; i = (i + 1) & mask) {
        const char *known = words->list[words->table[i] - 1];

        if (strncmp(known, bytes, length) == 0 && known[length] == '\0')
            break;
    }
    return &words->table[i];
}

static bool
grow(struct words *words)
{
    size_t room = words->room ? 2 * words->room : MIN_ROOM;
    uint32_t *table = calloc(2 * room, sizeof *table);
    char **list = table ? realloc(words->list, room * sizeof *list) : NULL;

    if (!list) {
        free(table);
        return false;
    }
    free(words->table);
    words->list = list;
    words->table = table;
    words->room = room;
    for (size_t n = 0; n < words->count; n++)
        *entry_of(words, list[n], strlen(list[n])) = (uint32_t)n + 1;
    return true;
}

static bool
add(struct words *words, const char *bytes, size_t length)
{
    char *word;

    if (words->count == words->room && !grow(words))
        return false;
    word = malloc(length + 1);
    if (!word)
        return false;
    memcpy(word, bytes, length);
    word[length] = '\0';
    words->list[words->count++] = word;
    *entry_of(words, bytes, length) = (uint32_t)words->count;
    return true;
}

bool
words_keep(struct words *words, const char *bytes, size_t length,
           size_t *number)
{
    const char *end = length ? memchr(bytes, '\0', length) : NULL;
    uint32_t known;

    if (end)
        length = (size_t)(end - bytes); // what nobody will see is not kept
    known = words->room ? *entry_of(words, bytes, length) : 0;
    if (!known && !add(words, bytes, length))
        return false;
    *number = known ? known - 1 : words->count - 1;
    return true;
}

const char *
words_text(const struct words *words, size_t number)
{
    return words->list[number];
}

void
words_free(struct words *words)
{
    for (size_t n = 0; n < words->count; n++)
        free(words->list[n]);
    free(words->list);
    free(words->table);
    *words = (struct words){ .list = NULL };
}
