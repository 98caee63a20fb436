// SPDX-License-Identifier: MIT
/*
 * encoding - labels of strings, and the two questions that dumps ask.
 *
 * A string carries the number of an encoding; the library changes no byte for
 * it.  Heap dumps say whether a string is "broken", so UTF-8 can be checked.
 *
 * Next: list.h.
 */
#include "config.h"

#include "object/string.h"

#include <string.h>

static const char *const encoding_names[] = {
    [RH_STRING_BINARY] = "ASCII-8BIT", [RH_STRING_UTF_8] = "UTF-8",
    [RH_STRING_US_ASCII] = "US-ASCII", [RH_STRING_UTF_16BE] = "UTF-16BE",
    [RH_STRING_UTF_16LE] = "UTF-16LE", [RH_STRING_UTF_32BE] = "UTF-32BE",
    [RH_STRING_UTF_32LE] = "UTF-32LE", [RH_STRING_UTF_16] = "UTF-16",
    [RH_STRING_UTF_32] = "UTF-32",     [RH_STRING_UTF8_MAC] = "UTF8-MAC",
    [RH_STRING_EUC_JP] = "EUC-JP",     [RH_STRING_WINDOWS_31J] = "Windows-31J",
};

enum {
    ENCODINGS = sizeof encoding_names / sizeof *encoding_names
};

const char *
rh_string_encoding_name(enum rh_string_encoding encoding)
{
    return (unsigned)encoding < ENCODINGS ? encoding_names[encoding] : NULL;
}

enum rh_string_encoding
rh_string_encoding_named(const char *name, size_t length)
{
    for (unsigned i = 0; i < ENCODINGS; i++)
        if (strlen(encoding_names[i]) == length &&
            memcmp(encoding_names[i], name, length) == 0)
            return (enum rh_string_encoding)i;
    return RH_STRING_ENCODING_OTHER;
}

enum rh_string_encoding
rh_string_encoding(rh_value string)
{
    return (enum rh_string_encoding)rhi_object_field(
        rhi_object_of(string, RH_TYPE_STRING), RHI_STRING_ENCODING_MASK,
        RHI_STRING_ENCODING_SHIFT);
}

void
rh_string_set_encoding(rh_value string, enum rh_string_encoding encoding)
{
    rhi_object_set_field(rhi_object_of(string, RH_TYPE_STRING),
                         RHI_STRING_ENCODING_MASK, RHI_STRING_ENCODING_SHIFT,
                         (unsigned)encoding & RH_STRING_ENCODING_OTHER);
}

bool
rhi_bytes_are_ascii(struct rhi_bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.bytes[i] >= 0x80)
            return false;
    return true;
}

bool
rh_string_is_ascii(rh_value string)
{
    return rhi_bytes_are_ascii(
        rhi_string_of(rhi_object_of(string, RH_TYPE_STRING)));
}

// The length of the UTF-8 sequence at `at`, of which `left` bytes are there,
// or 0 when it is none: cut short, longer than need be, a surrogate, or above
// U+10FFFF (RFC 3629, section 4).
static size_t
utf_8_sequence(const unsigned char *at, size_t left)
{
    unsigned char first = at[0];
    size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    unsigned char low = 0x80; // of the second byte
    unsigned char high = 0xbf;

    if (length == 1)
        return 1;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    if (first == 0xed)
        high = 0x9f;
    if (first == 0xf0)
        low = 0x90;
    if (first == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool
rhi_utf_8_is_broken(const char *bytes, size_t length)
{
    const unsigned char *text = (const unsigned char *)bytes;

    for (size_t i = 0; i < length;) {
        size_t step = utf_8_sequence(text + i, length - i);

        if (step == 0)
            return true;
        i += step;
    }
    return false;
}

bool
rh_string_is_broken(rh_value string)
{
    struct rhi_bytes text =
        rhi_string_of(rhi_object_of(string, RH_TYPE_STRING));

    switch (rh_string_encoding(string)) {
    case RH_STRING_UTF_8:
        return rhi_utf_8_is_broken(text.bytes, text.length);
    case RH_STRING_US_ASCII:
        return !rh_string_is_ascii(string);
    default:
        return false;
    }
}
