// SPDX-License-Identifier: MIT
#include "config.h"

#include "object/json.h"
#include "object/string.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
rhi_json_begin(struct rhi_json *json, rh_dump_write_fn write, void *context)
{
    json->write = write;
    json->context = context;
    json->stopped = false;
    json->comma = false;
    json->used = 0;
}

static void
json_flush(struct rhi_json *json)
{
    if (json->used && !json->stopped &&
        !json->write(json->buffer, json->used, json->context))
        json->stopped = true;
    json->used = 0;
}

bool
rhi_json_end(struct rhi_json *json)
{
    json_flush(json);
    return !json->stopped;
}

static void
json_put(struct rhi_json *json, const char *text, size_t length)
{
    while (length) {
        size_t part = rhi_min(length, RHI_JSON_BUFFER - json->used);

        memcpy(json->buffer + json->used, text, part);
        json->used += part;
        text += part;
        length -= part;
        if (json->used == RHI_JSON_BUFFER)
            json_flush(json);
    }
}

static void
json_put_string(struct rhi_json *json, const char *text)
{
    json_put(json, text, strlen(text));
}

static void
json_separate(struct rhi_json *json)
{
    if (json->comma)
        json_put(json, ", ", 2);
    json->comma = true;
}

static void
json_key(struct rhi_json *json, const char *key)
{
    json_separate(json);
    json_put(json, "\"", 1);
    json_put_string(json, key);
    json_put(json, "\":", 2);
}

void
rhi_json_open(struct rhi_json *json)
{
    json_put(json, "{", 1);
    json->comma = false;
}

void
rhi_json_close(struct rhi_json *json)
{
    json_put(json, "}\n", 2);
}

void
rhi_json_true(struct rhi_json *json, const char *key)
{
    json_key(json, key);
    json_put(json, "true", 4);
}

void
rhi_json_number(struct rhi_json *json, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    json_key(json, key);
    json_put_string(json, text);
}

void
rhi_json_integer(struct rhi_json *json, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    json_key(json, key);
    json_put_string(json, text);
}

static void
json_put_address(struct rhi_json *json, uintptr_t address)
{
    char text[24];

    snprintf(text, sizeof text, "\"0x%" PRIxPTR "\"", address);
    json_put_string(json, text);
}

void
rhi_json_address(struct rhi_json *json, const char *key, uintptr_t address)
{
    json_key(json, key);
    json_put_address(json, address);
}

void
rhi_json_float(struct rhi_json *json, const char *key, double number)
{
    char text[40];

    if (number != number)
        strcpy(text, "\"NaN\"");
    else if (number - number != 0)
        strcpy(text, number > 0 ? "\"Inf\"" : "\"-Inf\"");
    else
        snprintf(text, sizeof text, "\"%#g\"", number);
    json_key(json, key);
    json_put_string(json, text);
}

// The letter of a short escape, or 0.
static char
json_short_escape(unsigned char byte)
{
    static const char bytes[] = "\\\"\b\t\f\n\r";
    static const char letters[] = "\\\"btfnr";
    const char *found = strchr(bytes, byte); // a NUL finds the other's end

    return found ? letters[found - bytes] : 0;
}

static void
json_put_byte(struct rhi_json *json, unsigned char byte, bool raw)
{
    char letter = json_short_escape(byte);
    char text[8] = { '\\', letter };

    if (letter)
        json_put(json, text, 2);
    else if (byte < 0x20 || byte == 0x7f || (byte > 0x7f && !raw))
        json_put(json, text,
                 (size_t)snprintf(text, sizeof text, "\\u%04x", byte));
    else
        json_put(json, (char *)&byte, 1);
}

void
rhi_json_text(struct rhi_json *json, const char *key, const char *bytes,
              size_t length)
{
    bool raw = !rhi_utf_8_is_broken(bytes, length);

    json_key(json, key);
    json_put(json, "\"", 1);
    for (size_t i = 0; i < length; i++)
        json_put_byte(json, (unsigned char)bytes[i], raw);
    json_put(json, "\"", 1);
}

void
rhi_json_list(struct rhi_json *json, const char *key)
{
    json_key(json, key);
    json_put(json, "[", 1);
    json->comma = false;
}

void
rhi_json_item(struct rhi_json *json, uintptr_t address)
{
    json_separate(json);
    json_put_address(json, address);
}

void
rhi_json_list_end(struct rhi_json *json)
{
    json_put(json, "]", 1);
    json->comma = true;
}

void
rhi_json_group(struct rhi_json *json, const char *key)
{
    json_key(json, key);
    json_put(json, "{", 1);
    json->comma = false;
}

void
rhi_json_group_end(struct rhi_json *json)
{
    json_put(json, "}", 1);
    json->comma = true;
}
