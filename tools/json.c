// SPDX-License-Identifier: MIT
#include "config.h"

#include "json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <yajl/yajl_gen.h>

// `struct json' is yajl's generator under another name, so that the headers of
// the parser library stay in two files.
static yajl_gen
generator(struct json *json)
{
    return (yajl_gen)(void *)json;
}

static void
put_text(struct json *json, const char *text)
{
    yajl_gen_string(generator(json), (const unsigned char *)text, strlen(text));
}

static void
put_key(struct json *json, const char *key)
{
    if (key)
        put_text(json, key);
}

struct json *
json_begin(void)
{
    return (struct json *)(void *)yajl_gen_alloc(NULL);
}

void
json_open_object(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_map_open(generator(json));
}

void
json_close_object(struct json *json)
{
    yajl_gen_map_close(generator(json));
}

void
json_open_array(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_array_open(generator(json));
}

void
json_close_array(struct json *json)
{
    yajl_gen_array_close(generator(json));
}

static void
put_digits(struct json *json, const char *digits)
{
    yajl_gen_number(generator(json), digits, strlen(digits));
}

void
json_number(struct json *json, const char *key, uint64_t number)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    put_key(json, key);
    put_digits(json, digits);
}

void
json_integer(struct json *json, const char *key, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%lld", (long long)number);
    put_key(json, key);
    put_digits(json, digits);
}

void
json_real(struct json *json, const char *key, double number)
{
    char digits[40];

    if (!isfinite(number)) {
        json_null(json, key);
        return;
    }
    snprintf(digits, sizeof digits, "%.10g", number);
    put_key(json, key);
    put_digits(json, digits);
}

void
json_text(struct json *json, const char *key, const char *text)
{
    put_key(json, key);
    put_text(json, text);
}

void
json_truth(struct json *json, const char *key, bool truth)
{
    put_key(json, key);
    yajl_gen_bool(generator(json), truth);
}

void
json_null(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_null(generator(json));
}

void
json_flush(struct json *json)
{
    const unsigned char *text;
    size_t length;

    yajl_gen_get_buf(generator(json), &text, &length);
    fwrite(text, 1, length, stdout);
    putchar('\n');
    yajl_gen_clear(generator(json));
    yajl_gen_reset(generator(json), NULL);
}

void
json_end(struct json *json)
{
    yajl_gen_free(generator(json));
}
