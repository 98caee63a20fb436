/* SPDX-License-Identifier: MIT */
/* rheap/string.h - strings of bytes.
 *
 * Up to RH_STRING_EMBED_BYTES bytes are in the slot itself, and a NUL behind
 * them; more are in a buffer.  A long slice of a string shares its root's
 * buffer: the root is a frozen string, kept alive by reference, and whoever
 * is changed first makes its own copy.  The rules at the head of object.h
 * apply. */
#ifndef RHEAP_STRING_H
#define RHEAP_STRING_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

enum {
    RH_STRING_EMBED_BYTES = 23
};

/* Encodings are a label: no function here changes bytes for one.  The numbers
 * are CRuby's built-in indexes; up to 127 are possible. */
enum rh_string_encoding {
    RH_STRING_BINARY, /* ASCII-8BIT */
    RH_STRING_UTF_8,
    RH_STRING_US_ASCII,
    RH_STRING_UTF_16BE,
    RH_STRING_UTF_16LE,
    RH_STRING_UTF_32BE,
    RH_STRING_UTF_32LE,
    RH_STRING_UTF_16,
    RH_STRING_UTF_32,
    RH_STRING_UTF8_MAC,
    RH_STRING_EUC_JP,
    RH_STRING_WINDOWS_31J,
    RH_STRING_ENCODING_OTHER = 127
};

/* A binary string with a copy of `length` bytes at `bytes`; NULL there means
 * zeros. */
RH_API rh_value rh_string_new(struct rh_heap *heap, rh_value class_of,
                              const char *bytes, size_t length) RH_MAY_COLLECT;

/* An empty string with room for `capacity` bytes. */
RH_API rh_value rh_string_new_capacity(struct rh_heap *heap, rh_value class_of,
                                       size_t capacity) RH_MAY_COLLECT;

/* `length` bytes of `string` from `start`, in the same class and encoding;
 * nil when `start` is behind the end; a length that reaches too far is cut.
 * Short slices are copies, long ones share: O(1). */
RH_API rh_value rh_string_slice(struct rh_heap *heap, rh_value string,
                                size_t start, size_t length) RH_MAY_COLLECT;

/* The bytes.  Valid until the string changes or (embedded) moves.  There is a
 * NUL behind them except in a slice that ends before its root does. */
RH_API const char *rh_string_bytes(rh_value string);
RH_API size_t rh_string_length(rh_value string);

/* Bytes that fit without another buffer; 0 for those that share one. */
RH_API size_t rh_string_capacity(rh_value string);

/* The bytes with a NUL behind them; makes a copy of its own if it must, and
 * answers NULL when there is no memory for it. */
RH_API const char *rh_string_c_string(struct rh_heap *heap, rh_value string);

/* The bytes, to be written by the caller (up to the length): the string owns
 * them alone from now on.  NULL: frozen, or no memory. */
RH_API char *rh_string_modify(struct rh_heap *heap, rh_value string);

/* Add bytes at the end (`bytes` may be part of the string itself).  O(length)
 * amortised: capacity doubles. */
RH_API enum rh_status rh_string_append(struct rh_heap *heap, rh_value string,
                                       const char *bytes,
                                       size_t length) RH_MUST_USE;

/* Cut, or lengthen with zeros.  Gives the buffer back when what is left fits
 * into the slot. */
RH_API enum rh_status rh_string_resize(struct rh_heap *heap, rh_value string,
                                       size_t length) RH_MUST_USE;

RH_API bool rh_string_is_embedded(rh_value string);

/* The string whose buffer this one uses, or nil. */
RH_API rh_value rh_string_root(rh_value string);

/* Whether all bytes are below 0x80. */
RH_API bool rh_string_is_ascii(rh_value string);

/* Whether the bytes are impossible in the string's encoding; known for UTF-8
 * and US-ASCII only, false for others. */
RH_API bool rh_string_is_broken(rh_value string);

RH_API bool rh_string_equal(rh_value a, rh_value b);

RH_API enum rh_string_encoding rh_string_encoding(rh_value string);
RH_API void rh_string_set_encoding(rh_value string,
                                   enum rh_string_encoding encoding);

/* Ruby's name of an encoding ("UTF-8"), or NULL; static storage. */
RH_API const char *rh_string_encoding_name(enum rh_string_encoding encoding);

/* The encoding of that name, or RH_STRING_ENCODING_OTHER. */
RH_API enum rh_string_encoding rh_string_encoding_named(const char *name,
                                                        size_t length);

/* A string that stands for all equal ones (Ruby's fstring): a mark for
 * dumps, the table is the embedder's. */
RH_API bool rh_string_is_interned(rh_value string);
RH_API void rh_string_set_interned(rh_value string);

RH_END_DECLARATIONS

#endif
