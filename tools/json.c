// SPDX-License-Identifier: MIT
#include "config.h"

#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

struct json {
    yajl_gen generator;
};

static void
put_text(struct json *json, const char *text)
{
    yajl_gen_string(json->generator, (const unsigned char *)text, strlen(text));
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
    struct json *json = calloc(1, sizeof *json);

    if (!json)
        return NULL;
    json->generator = yajl_gen_alloc(NULL);
    if (json->generator)
        return json;
    free(json);
    return NULL;
}

void
json_open_object(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_map_open(json->generator);
}

void
json_close_object(struct json *json)
{
    yajl_gen_map_close(json->generator);
}

void
json_open_array(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_array_open(json->generator);
}

void
json_close_array(struct json *json)
{
    yajl_gen_array_close(json->generator);
}

static void
put_digits(struct json *json, const char *digits)
{
    yajl_gen_number(json->generator, digits, strlen(digits));
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
    yajl_gen_bool(json->generator, truth);
}

void
json_null(struct json *json, const char *key)
{
    put_key(json, key);
    yajl_gen_null(json->generator);
}

void
json_flush(struct json *json)
{
    const unsigned char *text;
    size_t length;

    yajl_gen_get_buf(json->generator, &text, &length);
    fwrite(text, 1, length, stdout);
    putchar('\n');
    yajl_gen_clear(json->generator);
    yajl_gen_reset(json->generator, NULL);
}

void
json_end(struct json *json)
{
    yajl_gen_free(json->generator);
    free(json);
}
