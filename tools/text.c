// SPDX-License-Identifier: MIT
#include "config.h"

#include "text.h"

#include <stdio.h>

struct text
text_count(uint64_t count)
{
    char digits[24];
    struct text text;
    int length =
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *to = text.text;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

struct text
text_size(double bytes)
{
    static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
    struct text text;
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text.text, sizeof text.text, unit ? "%.1f %s" : "%.0f %s", bytes,
             units[unit]);
    return text;
}

struct text
text_ratio(double ratio)
{
    struct text text;

    snprintf(text.text, sizeof text.text, "%.3f", ratio);
    return text;
}

struct text
text_share(uint64_t part, uint64_t whole)
{
    struct text text;

    snprintf(text.text, sizeof text.text, "%.1f%%",
             whole ? (double)part * 100 / (double)whole : 0.0);
    return text;
}

struct text
text_of(uint64_t count, const char *word)
{
    struct text text;

    snprintf(text.text, sizeof text.text, "%.26s %.26s%s",
             text_count(count).text, word, count == 1 ? "" : "s");
    return text;
}
