// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_value.h"

#include <string.h>

static int
hex_digit(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

bool
dump_parse_address(const unsigned char *bytes, size_t length, uint64_t *address)
{
    uint64_t value = 0;

    if (length < 3 || length > 18 || bytes[0] != '0' || bytes[1] != 'x')
        return false;
    for (size_t i = 2; i < length; i++) {
        int digit = hex_digit(bytes[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (uint64_t)digit;
    }
    *address = value;
    return true;
}

bool
dump_parse_number(const char *text, size_t length, int64_t *value)
{
    int64_t sign = *text == '-' ? -1 : 1;
    size_t i = *text == '-';

    for (*value = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9' ||
            __builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, sign * (text[i] - '0'), value))
            return false;
    return true;
}

struct dump_quoted
dump_quote(const unsigned char *bytes, size_t length)
{
    struct dump_quoted quoted;
    size_t i;

    for (i = 0; i < length && i < sizeof quoted.text - 4; i++)
        quoted.text[i] =
            bytes[i] >= ' ' && bytes[i] < 127 ? (char)bytes[i] : '?';
    memcpy(quoted.text + i, length > i ? "..." : "", length > i ? 4 : 1);
    return quoted;
}
